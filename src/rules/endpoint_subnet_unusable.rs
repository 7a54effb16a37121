//! SSM012: an interface endpoint without subnets, or with subnets that AWS refuses.

use crate::aws::endpoint::Endpoint;
use crate::aws::fact::{Answer, Basis, Evidence};
use crate::aws::network::{Network, existence};
use crate::finding::Severity;
use crate::proof::Service;
use crate::rules::{Defect, Findings, Rule, RuleContext, remedy};
use crate::truth::Truth;

pub(super) const RULE: Rule = Rule {
    code: "SSM012",
    name: "endpoint-subnet-unusable",
    severity: Severity::Error,
    category: "endpoint",
    page: include_str!("../../rules/SSM012.md"),
    check,
};

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let network = &context.model.network;
    for id in network.endpoint_ids() {
        let endpoint = network.endpoint(id);
        let wanted = Service::ALL.iter().any(|service| endpoint.service.is(service.label()).is_yes());
        if !wanted || !endpoint.declaration.is_managed() || !endpoint.is_interface().is_yes() {
            continue;
        }
        let exists = existence(&endpoint.declaration);
        let empty = Answer {
            truth: endpoint.subnets.is_empty(),
            evidence: Vec::new(),
            reasons: endpoint.subnets.reasons(),
        };
        let defect = Defect::new(&endpoint.declaration, "{} has no subnet, and so no network interface")
            .at(endpoint.subnets.span.or(endpoint.declaration.decl_range), "it is in no subnet")
            .decided_by(subnets_evidence(endpoint))
            .help("list a subnet of its VPC for each availability zone in `subnet_ids`")
            .fix(remedy::place_endpoint(
                context,
                &endpoint.declaration,
                endpoint.subnets.basis == Basis::ProviderDefault,
                endpoint.vpc.link.to(),
            ))
            .cause("no subnet");
        findings.judge(&Answer::all([exists.clone(), empty]), defect);

        let defect = Defect::new(&endpoint.declaration, "{} is given a subnet of another VPC")
            .at(endpoint.subnets.span, "one of these subnets is in another VPC")
            .decided_by(subnets_evidence(endpoint))
            .help("list subnets of the endpoint's own VPC")
            .cause("subnet of another VPC");
        findings.judge(&Answer::all([exists.clone(), foreign_subnet(network, endpoint)]), defect);

        let defect = Defect::new(&endpoint.declaration, "{} is given two subnets in one availability zone")
            .at(endpoint.subnets.span, "two of these subnets are in one availability zone")
            .decided_by(subnets_evidence(endpoint))
            .help("list one subnet for each availability zone; every subnet of the VPC reaches the endpoint")
            .cause("two subnets in one zone");
        findings.judge(&Answer::all([exists, same_zone(network, endpoint)]), defect);
    }
}

fn subnets_evidence(endpoint: &Endpoint) -> Evidence {
    let subnets = &endpoint.subnets;
    Evidence { span: subnets.span, origin: subnets.origin, note: String::new() }
}

/// Whether a subnet is certainly in another VPC; that it may be says nothing.
fn foreign_subnet(network: &Network, endpoint: &Endpoint) -> Answer {
    let found = endpoint.subnets.members.iter().find(|member| {
        let subnet = network.subnet(member.to);
        member.certain.is_yes() && subnet.vpc.link.same(&endpoint.vpc.link).is_no()
    });
    match found {
        Some(member) => {
            let subnet = network.subnet(member.to);
            let note = format!("{} is in another VPC", subnet.declaration.address);
            Answer::yes(Evidence::at(subnet.vpc.span, note))
                .because(endpoint.vpc.evidence("the endpoint's VPC"))
        }
        None => Answer::new(Truth::No),
    }
}

/// Whether two of the subnets are certainly in one zone.
fn same_zone(network: &Network, endpoint: &Endpoint) -> Answer {
    let members: Vec<_> = endpoint.subnets.members.iter().filter(|member| member.certain.is_yes()).collect();
    for (index, one) in members.iter().enumerate() {
        for other in &members[index + 1..] {
            let (a, b) = (network.subnet(one.to), network.subnet(other.to));
            if a.zone.same(&b.zone).is_yes() {
                let note = |address: &str| format!("{address} is in that zone");
                return Answer::yes(a.declaration.evidence(note(&a.declaration.address)))
                    .because(b.declaration.evidence(note(&b.declaration.address)));
            }
        }
    }
    Answer::new(Truth::No)
}
