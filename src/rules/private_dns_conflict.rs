//! SSM014: two owners of one service's name in one VPC.

use std::collections::BTreeSet;

use ecow::EcoString;

use crate::aws::fact::{Answer, Evidence};
use crate::aws::link::ZoneId;
use crate::aws::network::existence;
use crate::finding::Severity;
use crate::proof::Service;
use crate::proof::refusal::Claims;
use crate::rules::{Defect, Findings, Rule, RuleContext};

pub(super) const RULE: Rule = Rule {
    code: "SSM014",
    name: "private-dns-conflict",
    severity: Severity::Error,
    category: "dns",
    page: include_str!("../../rules/SSM014.md"),
    check,
};

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let network = &context.model.network;
    for vpc in network.vpc_ids() {
        let labels = network.endpoints_in(vpc).filter_map(|id| network.endpoint(id).service.label());
        let others: BTreeSet<EcoString> = labels.collect();
        for service in Service::ALL {
            let claims = context.reach.owners(vpc, service);
            conflicts(context, findings, service.label(), claims, true);
        }
        let ours = Service::ALL.map(Service::label);
        for label in others.iter().filter(|label| !ours.contains(&label.as_str())) {
            conflicts(context, findings, label, &context.reach.claims(vpc, label), false);
        }
    }
}

/// The owners of one name in a VPC, after the first; of which it is not known, beside one that certainly is. Sessions
/// hang on the names of our services.
fn conflicts(
    context: &RuleContext<'_>,
    findings: &mut Findings<'_>,
    label: &str,
    claims: &Claims,
    is_ours: bool,
) {
    let network = &context.model.network;
    let Claims { endpoints: owners, possible_endpoints, zones, possible_zones } = claims;
    let cut_off = |endpoint| if is_ours { context.reach.cut_off(endpoint) } else { Vec::new() };

    if let Some((first, rest)) = owners.split_first() {
        let first = &network.endpoint(*first).declaration;
        let rest = rest.iter().map(|id| (*id, existence(&network.endpoint(*id).declaration)));
        for (id, claim) in rest.chain(possible_endpoints.iter().cloned()) {
            let endpoint = network.endpoint(id);
            findings.judge(&claim, || {
                Defect::new(
                    &endpoint.declaration,
                    format!("{{}} claims the name of {label} a second time in one VPC"),
                )
                .at_fact(&endpoint.private_dns, "private DNS is on")
                .label(first.decl_range, format!("{} has the name already", first.address))
                .help("keep one endpoint of the service in the VPC, or switch private DNS off on the other")
                .affects(cut_off(endpoint))
                .cause(&format!("second {label}"))
            });
        }
    }

    let mut all: Vec<(ZoneId, Answer)> =
        zones.iter().map(|id| (*id, existence(&network.zone(*id).declaration))).collect();
    all.extend(possible_zones.iter().cloned());
    if let (Some(id), Some((zone, claim))) = (owners.first(), all.first()) {
        let endpoint = network.endpoint(*id);
        let zone = &network.zone(*zone).declaration;
        let there = Answer::all([existence(&endpoint.declaration), claim.clone()]);
        findings.judge(&Answer { evidence: Vec::new(), ..there }, || {
            Defect::new(
                &endpoint.declaration,
                format!("{{}} and a private hosted zone claim the name of {label}"),
            )
            .at_fact(&endpoint.private_dns, "private DNS is on")
            .label(zone.decl_range, format!("{} is a zone of that name in the same VPC", zone.address))
            .help("remove the zone, or switch private DNS off where other VPCs share the endpoint")
            .affects(cut_off(endpoint))
            .cause(&format!("zone of {label}"))
        });
    }
    // That two zones may be associated somewhere else says nothing.
    if let ([first, ..], [_, (second, claim), ..]) = (zones.as_slice(), all.as_slice()) {
        let (first, second) = (&network.zone(*first).declaration, &network.zone(*second).declaration);
        let place = Evidence::at(first.decl_range, format!("{} is one of that name", first.address));
        let claim = Answer { evidence: vec![place], ..claim.clone() };
        findings.judge(&claim, || {
            Defect::new(second, format!("{{}} is a second private hosted zone for {label} in one VPC"))
                .help("keep one of the zones")
                .cause(&format!("second zone of {label}"))
        });
    }
}
