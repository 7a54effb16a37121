//! SSM027: session preferences that use a service which private instances cannot reach.

use std::collections::BTreeSet;

use crate::aws::fact::Answer;
use crate::aws::link::VpcId;
use crate::aws::ssm::Preferences;
use crate::finding::Severity;
use crate::proof::{Reach, Site};
use crate::rules::{Defect, Findings, Rule, RuleContext};
use crate::truth::Truth;

pub(super) const RULE: Rule = Rule {
    code: "SSM027",
    name: "session-preferences-endpoint-missing",
    severity: Severity::Error,
    category: "endpoint",
    page: include_str!("../../rules/SSM027.md"),
    check,
};

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let reach = context.reach;
    let vpcs: BTreeSet<VpcId> = reach.sites.iter().filter_map(|site| site.vpc.to()).collect();
    for preferences in &context.model.ssm.preferences {
        for (used, service, severity, what) in uses(preferences) {
            if used.truth.is_no() {
                continue;
            }
            for vpc in &vpcs {
                let cut_off: Vec<&Site> = reach
                    .sites_in(*vpc)
                    .filter(|site| site.certain.is_yes() && site.internet.truth.is_no())
                    .collect();
                let absent = is_absent(reach, *vpc, service);
                if cut_off.is_empty() || absent.truth.is_no() {
                    continue;
                }
                let place = used.evidence.first().cloned();
                let mut violation =
                    Answer::all([used.clone(), absent, Answer::new(preferences.declaration.exists)]);
                violation.evidence.clear();
                let network = &context.model.network;
                let vpc = &network.vpc(*vpc).declaration;
                let message = format!("{{}} {what}, and {} has no endpoint for {service}", vpc.address);
                let mut defect = Defect::new(&preferences.declaration, message)
                    .severity(severity)
                    .label(vpc.decl_range, format!("has no endpoint for {service}"))
                    .help(format!(
                        "add an endpoint for {service} to the VPC, or leave it out of the preferences"
                    ))
                    .affects(cut_off.iter().map(|site| reach.target(site).declaration.address.clone()))
                    .cause(service);
                if let Some(place) = place {
                    defect = defect.at(place.span, what).decided_by(place);
                }
                findings.judge(&violation, defect);
            }
        }
    }
}

fn uses(preferences: &Preferences) -> [(Answer, &'static str, Severity, &'static str); 4] {
    let at_end = Answer::all([preferences.log_group.clone(), preferences.streaming.clone().negate()]);
    [
        (preferences.kms.clone(), "kms", Severity::Error, "encrypts sessions with KMS"),
        (preferences.streaming.clone(), "logs", Severity::Error, "streams sessions to CloudWatch Logs"),
        (at_end, "logs", Severity::Warning, "logs sessions to CloudWatch Logs"),
        (preferences.bucket.clone(), "s3", Severity::Warning, "logs sessions to S3"),
    ]
}

fn is_absent(reach: &Reach<'_>, vpc: VpcId, service: &str) -> Answer {
    let network = &reach.model.network;
    if service != "s3" {
        return network.presence(vpc, service).answer.negate();
    }
    // For S3 a gateway endpoint does as well.
    let hidden = network.hidden_in_vpc(vpc);
    let present = Truth::any(network.endpoint_ids().map(|id| network.endpoint(id)).map(|endpoint| {
        Truth::all([endpoint.vpc.link.is(vpc), endpoint.service.is("s3"), endpoint.declaration.exists])
    }));
    match present {
        Truth::No if hidden.is_empty() => Answer::new(Truth::Yes),
        Truth::Yes => Answer::new(Truth::No),
        Truth::No | Truth::Unknown => Answer::unknown(hidden),
    }
}
