//! Findings about directives: unused, expired, without reason, not understood, not allowed.

use crate::finding::{Acceptance, Certainty, Finding, Label, Severity};
use crate::source::FileId;
use crate::suppress::{Directive, Policy, Rule, Scope};

pub(super) const UNUSED: Rule = Rule {
    code: "IGN001",
    name: "unused-ignore",
    severity: Severity::Warning,
    page: include_str!("../../rules/IGN001.md"),
};

pub(super) const EXPIRED: Rule = Rule {
    code: "IGN002",
    name: "expired-ignore",
    severity: Severity::Warning,
    page: include_str!("../../rules/IGN002.md"),
};

pub(super) const WITHOUT_REASON: Rule = Rule {
    code: "IGN003",
    name: "ignore-without-reason",
    severity: Severity::Warning,
    page: include_str!("../../rules/IGN003.md"),
};

pub(super) const INVALID: Rule = Rule {
    code: "IGN004",
    name: "invalid-ignore",
    severity: Severity::Error,
    page: include_str!("../../rules/IGN004.md"),
};

pub(super) const NOT_ALLOWED: Rule = Rule {
    code: "IGN005",
    name: "ignore-not-allowed",
    severity: Severity::Warning,
    page: include_str!("../../rules/IGN005.md"),
};

/// What is wrong with a directive. One that cannot be obeyed is not judged further, nor is one that has expired.
pub(super) fn findings(
    directive: &Directive,
    policy: &Policy,
    is_whole: bool,
    active: &dyn Fn(&str, FileId) -> bool,
    left: &[Finding],
) -> Vec<Finding> {
    if let Some(problem) = &directive.problem {
        return vec![finding(directive, &INVALID, INVALID.severity, &problem.message, &problem.help)];
    }
    let mut found = Vec::new();
    let mut add = |rule: &Rule, message: String, help: String| {
        found.push(finding(directive, rule, policy.severity, &message, &help));
    };
    let is_forbidden = |code: &str| policy.forbidden.contains(code);
    let codes = |wanted: &dyn Fn(&super::Named) -> bool| -> Option<String> {
        let codes: Vec<&str> =
            directive.rules.iter().filter(|rule| wanted(rule)).map(|rule| rule.code).collect();
        (!codes.is_empty()).then(|| codes.join(", "))
    };
    if let Some(codes) = codes(&|rule| is_forbidden(rule.code)) {
        let help = "correct what it finds; the settings say `ignorable = false`".to_owned();
        add(&NOT_ALLOWED, format!("{codes} cannot be suppressed in this project"), help);
    }
    if let (Some(until), true) = (directive.until, directive.is_expired(policy)) {
        let message = match codes(&|rule| !is_forbidden(rule.code)) {
            Some(codes) => format!("the suppression of {codes} expired on {until}"),
            None => format!("this suppression expired on {until}"),
        };
        add(&EXPIRED, message, "correct what it suppressed, or decide again and give a later day".to_owned());
        return found;
    }
    if policy.require_reason && directive.reason.is_none() {
        let codes = codes(&|_| true).unwrap_or_default();
        let help = match directive.by {
            Acceptance::Comment => format!("say why after the list: `ssmlint:ignore[{codes}] reason`"),
            Acceptance::Settings => "say why in `reason`".to_owned(),
        };
        add(&WITHOUT_REASON, format!("the suppression of {codes} gives no reason"), help);
    }
    let file = directive.place.file;
    let is_unused = |rule: &super::Named| {
        is_whole && directive.is_judged && active(rule.code, file) && !rule.used && !is_forbidden(rule.code)
    };
    if let Some(codes) = codes(&is_unused) {
        let help = unused_help(directive, &is_unused, left);
        add(&UNUSED, format!("nothing needs the suppression of {codes}"), help);
    }
    found
}

/// What to do with one that nothing needs: it may only stand at the wrong place.
fn unused_help(directive: &Directive, is_unused: &dyn Fn(&super::Named) -> bool, left: &[Finding]) -> String {
    let codes: Vec<&str> =
        directive.rules.iter().filter(|rule| is_unused(rule)).map(|rule| rule.code).collect();
    let other = left.iter().find(|finding| {
        let here = finding.primary.as_ref().is_some_and(|label| label.span.file == directive.place.file);
        codes.contains(&finding.code) && (here || directive.by == Acceptance::Settings)
    });
    match (&directive.scope, other) {
        (Scope::Address(_), Some(finding)) => {
            format!("remove the block; {} is about {}", finding.code, finding.subject)
        }
        (Scope::Address(_), None) => "remove the block".to_owned(),
        (Scope::Code { .. }, Some(finding)) => format!(
            "remove it, or put it directly above a line that the finding of {} about {} names",
            finding.code, finding.subject
        ),
        (Scope::Code { target: None, .. }, None) => {
            "remove it; nothing stands directly below it (`ignore-file` is for the whole file)".to_owned()
        }
        (Scope::Code { .. } | Scope::File(_), _) => "remove it".to_owned(),
    }
}

fn finding(directive: &Directive, rule: &Rule, severity: Severity, message: &str, help: &str) -> Finding {
    let codes: Vec<&str> = directive.rules.iter().map(|named| named.code).collect();
    Finding {
        code: rule.code,
        name: rule.name,
        severity,
        certainty: Certainty::Certain,
        message: message.to_owned(),
        subject: String::new(),
        primary: Some(Label { span: directive.place, message: String::new() }),
        labels: Vec::new(),
        trace: Vec::new(),
        notes: Vec::new(),
        help: Some(help.to_owned()),
        because: Vec::new(),
        fix: None,
        affected: Vec::new(),
        scenarios: Vec::new(),
        cause: format!("{}: {}", codes.join(","), directive.reason.as_deref().unwrap_or_default()),
        calls: Vec::new(),
        roots: Vec::new(),
    }
}
