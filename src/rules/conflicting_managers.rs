//! SSM028: two mechanisms of Terraform that take each other's rules away.

use crate::aws::Declaration;
use crate::aws::fact::Answer;
use crate::finding::Severity;
use crate::rules::{Defect, Findings, Rule, RuleContext};
use crate::source::Span;
use crate::truth::Truth;

pub(super) const RULE: Rule = Rule {
    code: "SSM028",
    name: "conflicting-managers",
    severity: Severity::Warning,
    category: "hygiene",
    page: include_str!("../../rules/SSM028.md"),
    check,
};

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let network = &context.model.network;
    for group in &network.groups {
        for (set, what) in [(&group.ingress, "ingress"), (&group.egress, "egress")] {
            let Some(conflict) = set.conflict else { continue };
            report(findings, &group.declaration, set.inline, conflict, what, "rules");
        }
    }
    for acl in &network.acls {
        for (set, what) in [(&acl.ingress, "ingress"), (&acl.egress, "egress")] {
            let Some(conflict) = set.conflict else { continue };
            report(findings, &acl.declaration, set.inline, conflict, what, "entries");
        }
    }
    for table in &network.route_tables {
        let apart = table.routes.iter().find(|route| route.standalone && route.declaration.exists.is_yes());
        if let (Some(inline), Some(apart)) =
            (table.inline, apart.and_then(|route| route.declaration.decl_range))
        {
            report(findings, &table.declaration, Some(inline), apart, "route", "routes");
        }
    }
    for endpoint in &network.endpoints {
        for (argument, span) in &endpoint.conflicts {
            let Some(span) = *span else { continue };
            report(findings, &endpoint.declaration, None, span, argument, "values");
        }
    }
    for role in &context.model.iam.roles {
        let Some(exclusive) = &role.exclusive else { continue };
        let own = role.declaration.span.zip(exclusive.span).is_some_and(|(block, span)| block.contains(span));
        let apart = role
            .policies
            .iter()
            .find(|attached| attached.by != role.declaration.address && !attached.certain.is_yes());
        if let (true, Some(apart)) = (own, apart) {
            let defect = Defect::new(
                &role.declaration,
                "{} lists its policies, and another resource attaches one that is not listed",
            )
            .at(exclusive.span, "takes away every policy that is not listed here")
            .label(apart.evidence.span, format!("attaches {}", apart.name))
            .help("attach all policies with aws_iam_role_policy_attachment, and none here")
            .cause("policies");
            findings.judge(&Answer::new(role.declaration.exists), defect);
        }
    }
}

fn report(
    findings: &mut Findings<'_>,
    subject: &Declaration,
    inline: Option<Span>,
    apart: Span,
    argument: &str,
    things: &str,
) {
    let defect = Defect::new(subject, format!("two mechanisms manage the {argument} of {{}}"))
        .at(subject.decl_range, format!("`{argument}` is set in the block and by a resource of its own"))
        .label(inline, "in the block")
        .label(Some(apart), "by a resource of its own")
        .note(format!("whichever is applied last takes the other's {things} away"))
        .help("choose one of the two")
        .cause(argument);
    findings.judge(&Answer::new(subject.exists & Truth::Yes), defect);
}
