//! SSM020: a target whose metadata service is off, so that the agent has no identity.

use crate::aws::fact::Answer;
use crate::finding::{Severity, Term};
use crate::rules::{Defect, Findings, Rule, RuleContext, remedy};
use crate::truth::Truth;

pub(super) const RULE: Rule = Rule {
    code: "SSM020",
    name: "imds-disabled",
    severity: Severity::Error,
    category: "identity",
    page: include_str!("../../rules/SSM020.md"),
    check,
};

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    for id in context.model.compute.target_ids() {
        let target = context.model.compute.target(id);
        let off = target.metadata_endpoint.ask("", |on| Truth::known(!on));
        let mut violation = Answer::all([target.declaration.existence(), off]);
        violation.evidence.clear();
        let subject = target.block_of(target.metadata_endpoint.span);
        findings.judge(&violation, || {
            Defect::new(subject, "{} has the metadata service off, so the agent has no identity")
                .at_fact(&target.metadata_endpoint, "the metadata service is off")
                .help("set `http_endpoint = \"enabled\"`, with `http_tokens = \"required\"`")
                .fix(remedy::set(
                    context,
                    subject,
                    &target.metadata_endpoint,
                    "http_endpoint",
                    Term::Text("enabled".into()),
                ))
                .affects([target.declaration.address.clone()])
                .cause("metadata")
        });
    }
}
