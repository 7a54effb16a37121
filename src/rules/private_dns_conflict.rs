//! SSM014: two owners of one service's name in one VPC.

use crate::aws::Declaration;
use crate::aws::fact::{Answer, Evidence};
use crate::aws::network::existence;
use crate::finding::Severity;
use crate::proof::Service;
use crate::proof::refusal::Claims;
use crate::rules::{Defect, Findings, Rule, RuleContext};
use crate::source::FileId;
use crate::truth::Truth;

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
        for service in Service::ALL {
            let Claims { endpoints: mut owners, mut zones } = context.reach.claims(vpc, service);
            // The second one is the one that is written later.
            owners.sort_by_key(|id| place(&network.endpoint(*id).declaration));
            zones.sort_by_key(|id| place(&network.zone(*id).declaration));
            for id in owners.iter().skip(1) {
                let endpoint = network.endpoint(*id);
                let first = &network.endpoint(owners[0]).declaration;
                let message = format!("{{}} claims the name of {} a second time in one VPC", service.label());
                findings.judge(&existence(&endpoint.declaration), || {
                    Defect::new(&endpoint.declaration, message)
                    .at_fact(&endpoint.private_dns, "private DNS is on")
                    .label(first.decl_range, format!("{} has the name already", first.address))
                    .help(
                        "keep one endpoint of the service in the VPC, or switch private DNS off on the other",
                    )
                    .affects(context.reach.cut_off(endpoint))
                    .cause(&format!("second {}", service.label()))
                });
            }
            if let (Some(id), Some(zone)) = (owners.first(), zones.first()) {
                let endpoint = network.endpoint(*id);
                let zone = &network.zone(*zone).declaration;
                let message = format!("{{}} and a private hosted zone claim the name of {}", service.label());
                findings.judge(&existence(&endpoint.declaration), || {
                    Defect::new(&endpoint.declaration, message)
                        .at_fact(&endpoint.private_dns, "private DNS is on")
                        .label(
                            zone.decl_range,
                            format!("{} is a zone of that name in the same VPC", zone.address),
                        )
                        .help(
                            "remove the zone, or switch private DNS off where other VPCs share the endpoint",
                        )
                        .affects(context.reach.cut_off(endpoint))
                        .cause(&format!("zone of {}", service.label()))
                });
            }
            if let [first, second, ..] = zones.as_slice() {
                let (first, second) = (&network.zone(*first).declaration, &network.zone(*second).declaration);
                let place = Evidence::at(first.decl_range, format!("{} is one of that name", first.address));
                let message =
                    format!("{{}} is a second private hosted zone for {} in one VPC", service.label());
                findings.judge(&Answer::new(Truth::Yes).because(place), || {
                    Defect::new(second, message)
                        .help("keep one of the zones")
                        .cause(&format!("second zone of {}", service.label()))
                });
            }
        }
    }
}

/// Where something is written.
fn place(declaration: &Declaration) -> Option<(FileId, u32)> {
    declaration.decl_range.map(|span| (span.file, span.start))
}
