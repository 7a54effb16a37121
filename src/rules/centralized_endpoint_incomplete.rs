//! SSM015: endpoints of another VPC that a part of the way is missing to.

use std::collections::BTreeSet;

use crate::aws::Declaration;
use crate::aws::dns::{Relation, ZoneMatch, relation};
use crate::aws::fact::{Answer, Evidence};
use crate::aws::link::{EndpointId, VpcId};
use crate::finding::Severity;
use crate::proof::{Reach, Service, Site};
use crate::rules::{Defect, Findings, Rule, RuleContext};
use crate::truth::Truth;

pub(super) const RULE: Rule = Rule {
    code: "SSM015",
    name: "centralized-endpoint-incomplete",
    severity: Severity::Error,
    category: "dns",
    page: include_str!("../../rules/SSM015.md"),
    check,
};

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let reach = context.reach;
    for vpc in context.model.network.vpc_ids() {
        let sites: Vec<&Site> =
            reach.sites_in(vpc).filter(|site| site.certain.is_yes() && site.internet.truth.is_no()).collect();
        if sites.is_empty() || !reach.is_shared(vpc) {
            continue;
        }
        let affected: Vec<String> =
            sites.iter().map(|site| reach.target(site).declaration.address.clone()).collect();
        for service in Service::ALL.into_iter().filter(|service| reach.needs(vpc, *service)) {
            if let Some((violation, defect)) = broken(reach, vpc, service, &sites) {
                let defect = defect.affects(affected.iter().cloned());
                findings.judge(&Answer { evidence: Vec::new(), ..violation }, defect);
            }
        }
        gateway_endpoints(reach, findings, vpc, &affected);
    }
}

/// A gateway endpoint for S3 beside the shared endpoints, in a VPC that has nobody else to use it.
fn gateway_endpoints(reach: &Reach<'_>, findings: &mut Findings<'_>, vpc: VpcId, affected: &[String]) {
    let network = &reach.model.network;
    let own = &network.vpc(vpc).declaration;
    let shared: BTreeSet<VpcId> = Service::SESSION
        .into_iter()
        .flat_map(|service| reach.presence(vpc, service).elsewhere)
        .filter_map(|id| network.endpoint(id).vpc.link.to())
        .filter(|hub| reach.sites.iter().all(|site| site.vpc.is(*hub).is_no()))
        .collect();
    for endpoint in network.endpoint_ids().map(|id| network.endpoint(id)) {
        let Some(hub) = endpoint.vpc.link.to().filter(|hub| shared.contains(hub)) else { continue };
        let gateway = endpoint.endpoint_type.is(&"Gateway".into()) & endpoint.service.is("s3");
        let without = reach.feature_endpoint(vpc, "s3").negate();
        let violation = Answer::all([Answer::new(gateway & endpoint.declaration.exists), without]);
        let defect = Defect::new(
            &endpoint.declaration,
            format!("{{}} is out of reach of {}: gateway endpoints serve their own VPC only", own.address),
        )
        .label(own.decl_range, "peering connections and transit gateways do not lead to it")
        .severity(Severity::Warning)
        .note(format!("nothing in {} uses it", network.vpc(hub).declaration.address))
        .help("make a gateway endpoint for S3 in each VPC that uses it; it costs nothing")
        .affects(affected.iter().cloned())
        .cause("gateway endpoint");
        findings.judge(&Answer { evidence: Vec::new(), ..violation }, defect);
    }
}

/// What is missing on the way to the service: the name first, then the route.
fn broken(reach: &Reach<'_>, vpc: VpcId, service: Service, sites: &[&Site]) -> Option<(Answer, Defect)> {
    let network = &reach.model.network;
    let region = network.vpc(vpc).region.value().and_then(Option::as_ref).map(|region| region.as_str());
    let own = &network.vpc(vpc).declaration;
    let elsewhere = reach.presence(vpc, service).elsewhere;
    let zones: Vec<ZoneMatch> = network
        .zones_for(vpc, service.label(), region)
        .into_iter()
        .filter(|zone| !zone.exact.is_no())
        .collect();
    let yes = Answer::new(Truth::Yes);
    if let Some(zone) = zones.iter().find(|zone| zone.associated.truth.is_yes()) {
        let declaration = &network.zone(zone.zone).declaration;
        let Some(target) = zone.endpoint.as_ref().and_then(|link| link.to()) else {
            let missing = zone.record.clone().negate();
            let defect = Defect::new(declaration, "{} has no record at its top, so the name does not exist")
                .help("add an alias record to the endpoint")
                .cause("record");
            return zone.endpoint.is_none().then_some((missing, defect));
        };
        if network.endpoint(target).service.is(service.label()).is_no() {
            let record = network
                .zone(zone.zone)
                .records
                .iter()
                .find(|record| record.endpoint.as_ref().is_some_and(|link| link.is(target).is_yes()));
            let record = record.map_or(declaration, |record| &record.declaration);
            let defect = Defect::new(record, "{} leads to the endpoint of another service")
                .help("lead each service's name to its own endpoint")
                .cause("record of another service");
            return Some((yes, defect));
        }
        return no_route(reach, vpc, target, sites).or_else(|| kept_out(reach, vpc, target, service, sites));
    }
    if let Some(zone) = zones.iter().find(|zone| zone.associated.truth.is_unknown()) {
        let defect = Defect::new(
            &network.zone(zone.zone).declaration,
            format!("{{}} is not associated with {}", own.address),
        )
        .help(format!("associate the zone with {}", own.address))
        .cause("association");
        return Some((zone.associated.clone().negate(), defect));
    }
    let unknown_to_it = network
        .dns
        .zones
        .iter()
        .find(|zone| relation(&zone.name, service.label(), region) == Relation::Exact);
    if let Some(zone) = unknown_to_it {
        let defect = Defect::new(&zone.declaration, format!("{{}} is not associated with {}", own.address))
            .label(own.decl_range, "the instances of this VPC do not see the zone")
            .help(format!("associate the zone with {}", own.address))
            .cause("association");
        return Some((yes, defect));
    }
    let endpoint = network.endpoint(*elsewhere.first()?);
    let defect = Defect::new(
        &endpoint.declaration,
        format!("{{}} is out of reach of {}: its name is not known there", own.address),
    )
    .at_fact(&endpoint.private_dns, "private DNS ends at the endpoint's own VPC")
    .label(own.decl_range, "the instances of this VPC are to use it")
    .help("switch private DNS off and make a private hosted zone for the service, associated with both VPCs")
    .cause("private DNS");
    Some((yes, defect))
}

/// A policy of the endpoint whose conditions let its own VPC in and leave the other one out.
fn kept_out(
    reach: &Reach<'_>,
    vpc: VpcId,
    target: EndpointId,
    service: Service,
    sites: &[&Site],
) -> Option<(Answer, Defect)> {
    let network = &reach.model.network;
    let endpoint = network.endpoint(target);
    sites.iter().find(|site| reach.keeps_guests_out(site, target, service))?;
    let policy = endpoint.policies.first()?;
    let own = &network.vpc(vpc).declaration;
    let defect = Defect::new(&endpoint.declaration, format!("the policy of {{}} keeps {} out", own.address))
        .at(policy.span.or(policy.declaration.decl_range), "a condition leaves its addresses out")
        .label(own.decl_range, "the instances of this VPC are to use it")
        .severity(Severity::Warning)
        .help("let the condition on `aws:VpcSourceIp` cover the range of every VPC that uses the endpoint")
        .cause("policy");
    Some((Answer::new(Truth::Yes), defect))
}

fn no_route(reach: &Reach<'_>, vpc: VpcId, target: EndpointId, sites: &[&Site]) -> Option<(Answer, Defect)> {
    let network = &reach.model.network;
    let endpoint = network.endpoint(target);
    let hub = endpoint.vpc.link.to().filter(|hub| *hub != vpc)?;
    let there = sites.iter().filter_map(|site| Some((site.subnet?, hub)));
    let back = endpoint.subnets.ids().map(|subnet| (subnet, vpc));
    for (from, to) in there.chain(back) {
        let way = network.route_between(from, to);
        if way.truth.is_no() {
            let subnet: &Declaration = &network.subnet(from).declaration;
            let to = &network.vpc(to).declaration;
            let place = way.evidence.first().cloned();
            let mut defect = Defect::new(subnet, format!("no route leads from {{}} to {}", to.address))
                .help("add a route over the peering connection or transit gateway, in both directions")
                .cause("route");
            if let Some(Evidence { span, note, .. }) = place {
                defect = defect.label(span, note);
            }
            return Some((way.negate(), defect));
        }
    }
    None
}
