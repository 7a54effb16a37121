//! SSM016: an endpoint in one availability zone, although instances are in several.

use crate::aws::fact::{Answer, Evidence};
use crate::aws::network::existence;
use crate::finding::Severity;
use crate::proof::Service;
use crate::rules::{Defect, Findings, Rule, RuleContext};

pub(super) const RULE: Rule = Rule {
    code: "SSM016",
    name: "endpoint-single-az",
    severity: Severity::Info,
    category: "endpoint",
    page: include_str!("../../rules/SSM016.md"),
    check,
};

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let network = &context.model.network;
    for id in network.endpoint_ids() {
        let endpoint = network.endpoint(id);
        let ours = Service::ALL.iter().any(|service| endpoint.service.is(service.label()).is_yes());
        let (Some(vpc), [only]) = (endpoint.vpc.link.to(), endpoint.subnets.members.as_slice()) else {
            continue;
        };
        if !ours || !endpoint.is_interface().is_yes() || !endpoint.subnets.is_complete() {
            continue;
        }
        let zone = &network.subnet(only.to).zone;
        let zones: Vec<_> = context
            .reach
            .sites_in(vpc)
            .filter(|site| site.certain.is_yes())
            .filter_map(|site| Some((site, &network.subnet(site.subnet?).zone)))
            .collect();
        let spread = zones.iter().any(|(_, one)| zones.iter().any(|(_, other)| one.same(other).is_no()));
        let elsewhere = zones.iter().filter(|(_, other)| other.same(zone).is_no());
        let affected: Vec<String> =
            elsewhere.map(|(site, _)| context.reach.target(site).declaration.address.clone()).collect();
        if !context.options.hints.contains(RULE.code) && (!spread || affected.is_empty()) {
            continue;
        }
        let subnets = &endpoint.subnets;
        let evidence = Evidence { span: subnets.span, origin: subnets.origin, note: String::new() };
        let defect = Defect::new(
            &endpoint.declaration,
            if affected.is_empty() {
                "{} is in one availability zone"
            } else {
                "{} is in one availability zone, and instances are in others"
            },
        )
        .at(subnets.span, "one subnet only")
        .decided_by(evidence)
        .note("every subnet of the VPC reaches the endpoint; when its zone fails, none does")
        .help("list one subnet for each availability zone")
        .affects(affected)
        .cause("one zone");
        let there = existence(&endpoint.declaration);
        findings.judge(&Answer { evidence: Vec::new(), ..there }, || defect);
    }
}
