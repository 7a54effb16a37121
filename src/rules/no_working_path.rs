//! SSM023: a NAT gateway that leads nowhere, in a VPC that has no endpoints instead.

use std::collections::BTreeMap;

use crate::aws::fact::{Answer, Evidence};
use crate::aws::link::GatewayId;
use crate::aws::network::GatewayKind;
use crate::finding::Severity;
use crate::proof::{Service, Site};
use crate::rules::{Defect, Findings, Rule, RuleContext};

pub(super) const RULE: Rule = Rule {
    code: "SSM023",
    name: "no-working-path",
    severity: Severity::Error,
    category: "network",
    page: include_str!("../../rules/SSM023.md"),
    check,
};

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let reach = context.reach;
    let network = &context.model.network;
    let mut users: BTreeMap<GatewayId, Vec<&Site>> = BTreeMap::new();
    for site in &reach.sites {
        let Some(vpc) = site.vpc.to() else { continue };
        let unserved = |service: Service| reach.presence(vpc, service).answer.truth.is_no();
        if !Service::ALL.into_iter().all(unserved) || reach.is_shared(vpc) {
            continue;
        }
        if let Some(gateway) = reach.broken_nat(site) {
            users.entry(gateway).or_default().push(site);
        }
    }
    for (id, sites) in users {
        let gateway = network.gateway(id);
        let works = network.nat_works(id);
        let used = Answer::any(sites.iter().map(|site| reach.used(site)));
        let violation = Answer::all([used, works.clone().negate()]);
        let is_block = |place: &Evidence| {
            place.span.is_some() && network.public_access.iter().any(|block| block.mode.span == place.span)
        };
        let block = works.evidence.iter().position(is_block);
        let mut evidence = works.evidence.clone();
        if let Some(block) = block {
            evidence.swap(0, block);
        }
        let mut evidence = evidence.into_iter();
        let help = match (block, &gateway.kind) {
            (Some(_), _) => "allow what goes out with `block-ingress`, exclude the VPC, or add endpoints",
            (None, GatewayKind::Interface(_)) => {
                "give the instance a public address, `source_dest_check = false` and groups that let HTTPS in and out, \
                 in a subnet whose default route leads to an internet gateway"
            }
            (None, _) => "put the NAT gateway into a subnet whose default route leads to an internet gateway",
        };
        let mut defect = Defect::new(
            gateway.subject(),
            "{} does not lead to the internet, and there are no endpoints instead",
        )
        .help(help)
        .affects(sites.iter().map(|site| reach.target(site).declaration.address.clone()))
        .cause("NAT");
        if let Some(place) = evidence.next() {
            defect = defect.at(place.span, place.note.clone()).decided_by(place);
        }
        let rest: Vec<_> = evidence.collect();
        findings.judge(&Answer { evidence: rest, ..violation }, || defect);
    }
}
