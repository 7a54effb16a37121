//! SSM012: an interface endpoint without subnets, or with subnets that AWS refuses.

use crate::aws::endpoint::Endpoint;
use crate::aws::fact::{Answer, Basis, Evidence};
use crate::aws::network::existence;
use crate::finding::Severity;
use crate::proof::Service;
use crate::rules::{Defect, Findings, Rule, RuleContext, remedy};

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
        let affected = context.reach.cut_off(endpoint);
        let empty = context.reach.without_subnet(id);
        findings.judge(&Answer::all([exists.clone(), empty]), || {
            Defect::new(&endpoint.declaration, "{} has no subnet, and so no network interface")
                .at(endpoint.subnets.span.or(endpoint.declaration.decl_range), "it is in no subnet")
                .decided_by(subnets_evidence(endpoint))
                .help("list a subnet of its VPC for each availability zone in `subnet_ids`")
                .fix(remedy::place_endpoint(
                    context,
                    &endpoint.declaration,
                    endpoint.subnets.basis == Basis::ProviderDefault,
                    endpoint.vpc.link.to(),
                ))
                .affects(affected.iter().cloned())
                .cause("no subnet")
        });

        let nests = context.reach.nested_subnets(id);
        findings.judge(&Answer::all([exists.clone(), nests]), || {
            Defect::new(&endpoint.declaration, "{} is given lists of subnets, not subnets")
                .at(endpoint.subnets.span, "a list within the list, which Terraform refuses")
                .decided_by(subnets_evidence(endpoint))
                .help("join the lists with `concat`; one subnet for each availability zone is enough")
                .affects(affected.iter().cloned())
                .cause("lists of subnets")
        });

        findings.judge(&Answer::all([exists.clone(), context.reach.foreign_subnet(id)]), || {
            Defect::new(&endpoint.declaration, "{} is given a subnet of another VPC")
                .at(endpoint.subnets.span, "one of these subnets is in another VPC")
                .decided_by(subnets_evidence(endpoint))
                .help("list subnets of the endpoint's own VPC")
                .affects(affected.iter().cloned())
                .cause("subnet of another VPC")
        });

        findings.judge(&Answer::all([exists.clone(), context.reach.subnets_in_one_zone(id)]), || {
            Defect::new(&endpoint.declaration, "{} is given two subnets in one availability zone")
            .at(endpoint.subnets.span, "two of these subnets are in one availability zone")
            .decided_by(subnets_evidence(endpoint))
            .help("list one subnet for each availability zone; every subnet of the VPC reaches the endpoint")
            .affects(affected.iter().cloned())
            .cause("two subnets in one zone")
        });

        if let Some(module) = context.reach.joins_public_and_private(id) {
            let whose = if module.is_empty() { "this module".to_owned() } else { module.to_string() };
            findings.judge(&exists, || {
                Defect::new(
                    &endpoint.declaration,
                    format!("{{}} is given the public and the private subnets of {whose} together"),
                )
                .at(endpoint.subnets.span, "where one zone has one of each, AWS refuses the second")
                .severity(Severity::Warning)
                .help("list one subnet for each availability zone: the private ones serve all of the VPC")
                .cause("public and private subnets")
            });
        }

        findings.judge(&Answer::all([exists.clone(), context.reach.subnet_of_other_family(id)]), || {
            Defect::new(&endpoint.declaration, "{} is given a subnet without addresses of its type")
                .at_fact(&endpoint.ip_address_type, "the type of the endpoint's addresses")
                .help("list subnets that have addresses of the endpoint's `ip_address_type`")
                .affects(affected.iter().cloned())
                .cause("subnet of another family")
        });

        for site in endpoint.vpc.link.to().into_iter().flat_map(|vpc| context.reach.sites_in(vpc)) {
            // What may work with an agent that is set up for it is nothing to report.
            let shared = context.reach.shares_family(site, id);
            if !shared.truth.is_no() {
                continue;
            }
            let defect =
                Defect::new(&endpoint.declaration, "{} has IPv4 addresses only, and an instance has none")
                    .at_fact(&endpoint.ip_address_type, "without `ip_address_type` it has IPv4 addresses")
                    .help(
                        "set `ip_address_type = \"dualstack\"`, or give the instance's subnet an IPv4 range",
                    )
                    .affects([context.reach.target(site).declaration.address.clone()])
                    .cause("IPv4 only");
            let there = Answer::all([exists.clone(), context.reach.used(site)]);
            findings.judge(&Answer::all([there, shared.negate()]), || defect);
        }
    }
}

fn subnets_evidence(endpoint: &Endpoint) -> Evidence {
    let subnets = &endpoint.subnets;
    Evidence { span: subnets.span, origin: subnets.origin, note: String::new() }
}
