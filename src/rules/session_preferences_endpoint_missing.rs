//! SSM027: session preferences that use a service which private instances cannot reach.

use std::collections::BTreeSet;

use crate::aws::fact::Answer;
use crate::aws::link::VpcId;
use crate::finding::Severity;
use crate::proof::Site;
use crate::proof::session::{Need, needs};
use crate::rules::{Defect, Findings, Rule, RuleContext};

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
        if preferences.run_as.truth.is_yes() && !reach.sites.is_empty() {
            let place = preferences.run_as.evidence.first();
            findings.judge(&preferences.declaration.existence(), || {
                Defect::new(&preferences.declaration, "{} runs sessions as a user of the operating system")
                    .severity(Severity::Info)
                    .at(place.and_then(|place| place.span), "no session opens where the user does not exist")
                    .help("make the user in the image or in user data")
                    .cause("run as")
            });
        }
        for Need { used, service, what, blocks } in needs(preferences) {
            if used.truth.is_no() {
                continue;
            }
            let severity = if blocks { Severity::Error } else { Severity::Warning };
            for vpc in &vpcs {
                let cut_off: Vec<&Site> = reach
                    .sites_in(*vpc)
                    .filter(|site| site.certain.is_yes() && site.internet.truth.is_no())
                    .collect();
                let absent = reach.feature_endpoint(*vpc, service).negate();
                let here = preferences.are_of(&context.model.network.vpc(*vpc).region);
                if cut_off.is_empty() || absent.truth.is_no() || here.truth.is_no() {
                    continue;
                }
                let place = used.evidence.first().cloned();
                let exists = preferences.declaration.existence();
                let mut violation = Answer::all([used.clone(), absent, exists, here]);
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
                findings.judge(&violation, || defect);
            }
        }
    }
}
