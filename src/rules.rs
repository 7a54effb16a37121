//! The rules: each looks at the model through the predicates of the proof and says which line breaks it.
//!
//! A rule is a file here and a page in `rules/`. [`Findings`] is the only door to a finding: it takes the truth of a
//! violation, so that what is not proven cannot be reported as if it were. Rules see no Terraform syntax.

pub mod page;
mod remedy;
mod script;
mod zone;

mod endpoint_private_dns_disabled;
mod endpoint_sg_blocks_443;
mod missing_ssm_endpoint;
mod role_lacks_ssm_permissions;
mod vpc_dns_attributes_disabled;
mod ssh_ingress_open;
mod instance_sg_blocks_egress_443;
mod no_instance_profile;
mod instance_profile_misused;
mod role_trust_not_ec2;
mod endpoint_type_not_interface;
mod endpoint_subnet_unusable;
mod endpoint_service_name_invalid;
mod private_dns_conflict;
mod centralized_endpoint_incomplete;
mod endpoint_single_az;
mod nacl_blocks_443;
mod custom_dns_bypasses_private_dns;
mod endpoint_policy_blocks_agent;
mod imds_disabled;
mod public_ip_on_private_instance;
mod internet_route_in_private_subnet;
mod no_working_path;
mod bastion_or_ssh_key_left_behind;
mod bootstrap_needs_internet;
mod ami_without_ssm_agent;
mod session_preferences_endpoint_missing;
mod conflicting_managers;

use std::collections::BTreeSet;

use crate::aws::Declaration;
use crate::aws::Model;
use crate::aws::fact::{Answer, Evidence, Fact, Reason};
use crate::aws::trail::Trails;
use crate::finding::{Because, Certainty, Change, Finding, Fix, Label, Severity, TraceStep};
use crate::proof::Reach;
use crate::source::Span;
use crate::truth::Truth;

/// A rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// `SSM001`.
    pub code: &'static str,
    /// What it finds, to be read after "allow": `endpoint-private-dns-disabled`.
    pub name: &'static str,
    /// How bad it is, unless a finding says otherwise.
    pub severity: Severity,
    /// What part of the way it is about: `endpoint`, `identity`, `network` ...
    pub category: &'static str,
    /// Its page, which tests execute.
    pub page: &'static str,
    /// Looks at the model.
    pub check: fn(&RuleContext<'_>, &mut Findings<'_>),
}

/// All rules by code.
pub static ALL: &[Rule] = &[
    endpoint_private_dns_disabled::RULE,
    endpoint_sg_blocks_443::RULE,
    missing_ssm_endpoint::RULE,
    role_lacks_ssm_permissions::RULE,
    vpc_dns_attributes_disabled::RULE,
    ssh_ingress_open::RULE,
    instance_sg_blocks_egress_443::RULE,
    no_instance_profile::RULE,
    instance_profile_misused::RULE,
    role_trust_not_ec2::RULE,
    endpoint_type_not_interface::RULE,
    endpoint_subnet_unusable::RULE,
    endpoint_service_name_invalid::RULE,
    private_dns_conflict::RULE,
    centralized_endpoint_incomplete::RULE,
    endpoint_single_az::RULE,
    nacl_blocks_443::RULE,
    custom_dns_bypasses_private_dns::RULE,
    endpoint_policy_blocks_agent::RULE,
    imds_disabled::RULE,
    public_ip_on_private_instance::RULE,
    internet_route_in_private_subnet::RULE,
    no_working_path::RULE,
    bastion_or_ssh_key_left_behind::RULE,
    bootstrap_needs_internet::RULE,
    ami_without_ssm_agent::RULE,
    session_preferences_endpoint_missing::RULE,
    conflicting_managers::RULE,
];

/// Pages that belong to no single rule: the name of each, and its text.
pub static HANDBOOK: &[(&str, &str)] = &[
    ("coexistence", include_str!("../rules/coexistence.md")),
    ("nat-or-endpoints", include_str!("../rules/nat-or-endpoints.md")),
];

/// What rules look at.
#[derive(Clone, Copy, Debug)]
pub struct RuleContext<'a> {
    /// Networking and identity in one scenario.
    pub model: &'a Model,
    /// What can be proven about them.
    pub reach: &'a Reach<'a>,
    /// How values came about.
    pub trails: &'a Trails<'a>,
    /// What the user asks for.
    pub options: &'a RuleOptions,
}

/// What the user asks of the rules.
#[derive(Clone, Debug, Default)]
pub struct RuleOptions {
    /// Rules that are not run.
    pub disabled: BTreeSet<String>,
    /// Ports besides 22 that SSM006 looks at.
    pub also_ports: Vec<u16>,
    /// Rules that also give hints that no session hangs on, by code: SSM016 on one zone for all, SSM025 on S3.
    pub hints: BTreeSet<String>,
}

/// Runs all rules.
pub fn check<'a>(context: &RuleContext<'a>) -> Vec<Finding> {
    let mut all = Vec::new();
    for rule in ALL.iter().filter(|rule| !context.options.disabled.contains(rule.code)) {
        let mut findings = Findings { rule, trails: context.trails, drafts: Vec::new() };
        (rule.check)(context, &mut findings);
        all.extend(findings.finish());
    }
    all
}

/// The rule of a code or name, in any case.
pub fn find(code_or_name: &str) -> Option<&'static Rule> {
    ALL.iter().find(|rule| {
        rule.code.eq_ignore_ascii_case(code_or_name) || rule.name.eq_ignore_ascii_case(code_or_name)
    })
}

/// What a rule found so far.
#[derive(Debug)]
pub struct Findings<'a> {
    rule: &'static Rule,
    trails: &'a Trails<'a>,
    drafts: Vec<(Certainty, Defect)>,
}

/// What is wrong, before it is known whether it is proven.
#[derive(Clone, Debug)]
pub struct Defect {
    message: String,
    subjects: BTreeSet<String>,
    /// The address without keys, which stands for several instances of one block.
    block: String,
    severity: Option<Severity>,
    primary: Option<Label>,
    labels: Vec<Label>,
    decided: Vec<Evidence>,
    trace: Vec<TraceStep>,
    notes: Vec<String>,
    help: Option<String>,
    fix: Option<Fix>,
    because: Vec<Because>,
    affected: BTreeSet<String>,
    calls: Vec<Span>,
    cause: String,
}

impl Defect {
    /// Something wrong with `subject`. In the message `{}` stands for it: the block, where several instances of one
    /// block have the same defect.
    pub fn new(subject: &Declaration, message: impl Into<String>) -> Defect {
        let block = subject.addr.as_ref().map_or_else(|| subject.address.clone(), |addr| addr.without_keys());
        Defect {
            message: message.into(),
            subjects: BTreeSet::from([subject.address.clone()]),
            severity: None,
            primary: subject.decl_range.map(|span| Label { span, message: String::new() }),
            labels: Vec::new(),
            decided: Vec::new(),
            trace: Vec::new(),
            notes: Vec::new(),
            help: None,
            fix: None,
            because: Vec::new(),
            affected: BTreeSet::new(),
            calls: subject.calls.clone(),
            cause: block.clone(),
            block,
        }
    }

    /// The line to change, unless it is the subject's header.
    pub fn at(mut self, span: Option<Span>, message: impl Into<String>) -> Defect {
        if let Some(span) = span {
            self.primary = Some(Label { span, message: message.into() });
        } else if let Some(primary) = &mut self.primary {
            primary.message = message.into();
        }
        self
    }

    /// The line to change is the argument, or the header of the block that lacks it; how its value came about is told.
    pub fn at_fact<T>(self, fact: &Fact<T>, message: impl Into<String>) -> Defect {
        let evidence = Evidence { span: fact.span, origin: fact.origin, note: String::new() };
        self.at(fact.span, message).decided_by(evidence)
    }

    /// How this value came about is told.
    pub fn decided_by(mut self, evidence: Evidence) -> Defect {
        self.decided.push(evidence);
        self
    }

    /// One more place.
    pub fn label(mut self, span: Option<Span>, message: impl Into<String>) -> Defect {
        self.push_label(span, message.into());
        self
    }

    /// The places of some evidence.
    pub fn evidence(mut self, evidence: &[Evidence]) -> Defect {
        for place in evidence {
            self.push_label(place.span, place.note.clone());
        }
        self
    }

    fn push_label(&mut self, span: Option<Span>, message: String) {
        let Some(span) = span else { return };
        let label = Label { span, message };
        if self.primary.as_ref().is_some_and(|primary| primary.span == span) || self.labels.contains(&label) {
            return;
        }
        self.labels.push(label);
    }

    /// As bad as this, instead of as the rule says.
    pub fn severity(mut self, severity: Severity) -> Defect {
        self.severity = Some(severity);
        self
    }

    /// A short fact that belongs to it.
    pub fn note(mut self, note: impl Into<String>) -> Defect {
        self.notes.push(note.into());
        self
    }

    /// What to do.
    pub fn help(mut self, help: impl Into<String>) -> Defect {
        self.help = Some(help.into());
        self
    }

    /// What removes it, if there is anything that can be written down without asking.
    pub fn fix(mut self, fix: Option<Fix>) -> Defect {
        self.fix = fix;
        self
    }

    /// What else has to be done for it to be removed; without both there is no fix.
    pub fn and_fix(mut self, fix: Option<Fix>) -> Defect {
        self.fix = Fix::both(self.fix, fix);
        self
    }

    /// The targets that cannot be reached because of it.
    pub fn affects(mut self, addresses: impl IntoIterator<Item = String>) -> Defect {
        self.affected.extend(addresses);
        self
    }

    /// What tells it apart from another defect of the same subject, independent of lines.
    pub fn cause(mut self, cause: &str) -> Defect {
        self.cause = format!("{}: {cause}", self.block);
        self
    }

    /// Why it is not known.
    fn reasons(mut self, reasons: &[Reason]) -> Defect {
        for reason in reasons {
            let because = Because { reason: reason.text.clone(), span: reason.span };
            if !self.because.contains(&because) {
                self.because.push(because);
            }
        }
        self
    }

    /// Moves what lies in a built-in summary to the module call that it stands for.
    fn leave_summaries(&mut self, trails: &Trails<'_>) {
        if let Some(primary) = &mut self.primary {
            primary.span = trails.shown(primary.span, self.decided.last());
        }
        for label in std::mem::take(&mut self.labels) {
            self.push_label(Some(trails.shown(label.span, None)), label.message);
        }
        for because in &mut self.because {
            because.span = because.span.map(|span| trails.shown(span, None));
        }
        let is_built_in = |change: &Change| trails.summarized(change.span()).is_some();
        self.fix.take_if(|fix| fix.changes.iter().any(is_built_in));
    }

    /// Whether both are the same lines of the same module instance with the same words about them.
    fn is_same(&self, other: &Defect) -> bool {
        self.primary.as_ref().map(|label| label.span) == other.primary.as_ref().map(|label| label.span)
            && self.primary.is_some()
            && self.calls == other.calls
            && self.block == other.block
            && self.message == other.message
            && self.severity == other.severity
    }

    fn absorb(&mut self, other: Defect) {
        self.subjects.extend(other.subjects);
        for label in other.labels {
            self.push_label(Some(label.span), label.message);
        }
        for because in other.because {
            if !self.because.contains(&because) {
                self.because.push(because);
            }
        }
        for note in other.notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        self.affected.extend(other.affected);
        self.fix = Fix::both(self.fix.take(), other.fix);
    }
}

impl Findings<'_> {
    /// A finding when the violation is proven, an undecided one when it is neither proven nor refuted, none when it
    /// is refuted: `defect` is not asked then. The answer's places become labels, its reasons the causes of not knowing.
    pub fn judge(&mut self, violation: &Answer, defect: impl FnOnce() -> Defect) {
        let certainty = match violation.truth {
            Truth::Yes => Certainty::Certain,
            Truth::Unknown => Certainty::Undecided,
            Truth::No => return,
        };
        let shown: Vec<Evidence> = violation.evidence.iter().map(|place| self.shown(place)).collect();
        let mut defect = defect().evidence(&shown);
        if certainty == Certainty::Undecided {
            defect = defect.reasons(&violation.reasons);
            defect.fix = None;
        }
        defect.leave_summaries(self.trails);
        for decided in std::mem::take(&mut defect.decided) {
            for step in self.trails.steps(decided.origin) {
                let step = TraceStep { span: step.span, message: step.note };
                if !defect.trace.contains(&step) {
                    defect.trace.push(step);
                }
            }
        }
        let same =
            self.drafts.iter_mut().find(|(other, draft)| *other == certainty && draft.is_same(&defect));
        match same {
            Some((_, draft)) => draft.absorb(defect),
            None => self.drafts.push((certainty, defect)),
        }
    }

    fn shown(&self, place: &Evidence) -> Evidence {
        let span = place.span.map(|span| self.trails.shown(span, Some(place)));
        Evidence { span, ..place.clone() }
    }

    /// The findings; what is proven at a place is not repeated there as undecided.
    fn finish(self) -> Vec<Finding> {
        let proven: Vec<(Option<Span>, Vec<Span>)> = self
            .drafts
            .iter()
            .filter(|(certainty, _)| *certainty == Certainty::Certain)
            .map(|(_, draft)| (draft.primary.as_ref().map(|label| label.span), draft.calls.clone()))
            .collect();
        let rule = self.rule;
        self.drafts
            .into_iter()
            .filter(|(certainty, draft)| {
                let place = (draft.primary.as_ref().map(|label| label.span), draft.calls.clone());
                *certainty == Certainty::Certain || !proven.contains(&place)
            })
            .map(|(certainty, draft)| draft.into_finding(rule, certainty))
            .collect()
    }
}

impl Defect {
    fn into_finding(mut self, rule: &'static Rule, certainty: Certainty) -> Finding {
        let subjects: Vec<String> = std::mem::take(&mut self.subjects).into_iter().collect();
        let subject = match subjects.as_slice() {
            [only] => only.clone(),
            _ => {
                self.notes.push(format!("holds for {}", subjects.join(", ")));
                self.block.clone()
            }
        };
        Finding {
            code: rule.code,
            name: rule.name,
            severity: self.severity.unwrap_or(rule.severity),
            certainty,
            message: self.message.replace("{}", &subject),
            subject,
            primary: self.primary,
            labels: self.labels,
            trace: self.trace,
            notes: self.notes,
            help: self.help,
            because: self.because,
            fix: self.fix,
            affected: self.affected.into_iter().collect(),
            scenarios: Vec::new(),
            cause: self.cause,
            calls: self.calls,
            roots: Vec::new(),
        }
    }
}
