//! SSM011: an endpoint for Systems Manager that is not of interface type.

use crate::aws::fact::Answer;
use crate::aws::network::existence;
use crate::finding::{Severity, Term};
use crate::proof::Service;
use crate::rules::{Defect, Findings, Rule, RuleContext, remedy};
use crate::truth::Truth;

pub(super) const RULE: Rule = Rule {
    code: "SSM011",
    name: "endpoint-type-not-interface",
    severity: Severity::Error,
    category: "endpoint",
    page: include_str!("../../rules/SSM011.md"),
    check,
};

/// AWS services that exist as interface endpoints only, as far as sessions use them.
const INTERFACE_ONLY: &[&str] = &["ssm", "ssmmessages", "ec2messages", "kms", "logs", "ec2"];

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let network = &context.model.network;
    for id in network.endpoint_ids() {
        let endpoint = network.endpoint(id);
        let label = INTERFACE_ONLY.iter().find(|label| endpoint.service.is(label).is_yes());
        let Some(label) = label.filter(|_| endpoint.declaration.is_managed()) else { continue };
        let kind = &endpoint.endpoint_type;
        let other = kind.ask("its type", |kind| Truth::known(kind != "Interface"));
        let violation = Answer::all([other, existence(&endpoint.declaration)]);
        if violation.truth.is_no() {
            continue;
        }
        let here = if kind.is_configured() {
            format!("{label} exists as `Interface` only")
        } else {
            format!("without `vpc_endpoint_type` it is `Gateway`, and {label} exists as `Interface` only")
        };
        // Without subnets the type alone does not make it one.
        let fix = if endpoint.subnets.is_empty().is_yes() {
            None
        } else {
            let interface = Term::Text("Interface".into());
            remedy::set(context, &endpoint.declaration, kind, "vpc_endpoint_type", interface)
        };
        let is_ours = Service::ALL.iter().any(|service| service.label() == *label);
        let affected = if is_ours { context.reach.cut_off(endpoint) } else { Vec::new() };
        findings.judge(&violation, || {
            Defect::new(&endpoint.declaration, "{} is not an interface endpoint")
                .at_fact(kind, here)
                .help("set `vpc_endpoint_type = \"Interface\"`")
                .fix(fix)
                .affects(affected)
                .cause("type")
        });
    }
}
