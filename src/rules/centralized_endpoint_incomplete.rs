//! SSM015: endpoints of another VPC that a part of the way is missing to.

use std::collections::BTreeSet;

use crate::aws::Declaration;
use crate::aws::dns::{Relation, ZoneMatch, relation};
use crate::aws::fact::Answer;
use crate::aws::link::{EndpointId, SubnetId, VpcId};
use crate::finding::Severity;
use crate::proof::dns::Place;
use crate::proof::{Reach, Service, Site};
use crate::rules::zone::misleading_zone;
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
    for vpc in context.model.network.vpc_ids().filter(|vpc| reach.is_shared(*vpc)) {
        let all: Vec<&Site> = reach.sites_in(vpc).filter(|site| site.certain.is_yes()).collect();
        if all.is_empty() {
            continue;
        }
        let cut_off: Vec<&Site> = all.iter().copied().filter(|site| site.internet.truth.is_no()).collect();
        for service in Service::ALL.into_iter().filter(|service| reach.needs(vpc, *service)) {
            // A zone takes the name from all instances of its VPCs; what else is missing only matters without internet.
            let misled = misleading_zone(reach, vpc, service).map(|defect| (Answer::new(Truth::Yes), defect));
            let (found, sites) = match misled {
                Some(found) => (Some(found), &all),
                None if reach.is_to_share(vpc, service) && !cut_off.is_empty() => {
                    (broken(reach, vpc, service, &cut_off), &cut_off)
                }
                None => continue,
            };
            if let Some((violation, defect)) = found {
                findings.judge(&Answer { evidence: Vec::new(), ..violation }, || {
                    defect.affects(addresses(reach, sites))
                });
            }
        }
        if !cut_off.is_empty() {
            let affected: Vec<String> = addresses(reach, &cut_off).collect();
            gateway_endpoints(reach, findings, vpc, &affected);
        }
    }
}

fn addresses(reach: &Reach<'_>, sites: &[&Site]) -> impl Iterator<Item = String> {
    sites.iter().map(|site| reach.target(site).declaration.address.clone())
}

/// A gateway endpoint for S3 beside the shared endpoints, in a VPC that has nobody else to use it.
fn gateway_endpoints(reach: &Reach<'_>, findings: &mut Findings<'_>, vpc: VpcId, affected: &[String]) {
    let network = &reach.model.network;
    let own = &network.vpc(vpc).declaration;
    let shared: BTreeSet<VpcId> = Service::SESSION
        .into_iter()
        .flat_map(|service| reach.presence(vpc, service).elsewhere.iter().copied())
        .filter_map(|id| network.endpoint(id).vpc.link.to())
        .filter(|hub| reach.sites.iter().all(|site| site.vpc.is(*hub).is_no()))
        .collect();
    for endpoint in network.endpoint_ids().map(|id| network.endpoint(id)) {
        let Some(hub) = endpoint.vpc.link.to().filter(|hub| shared.contains(hub)) else { continue };
        let gateway = endpoint.endpoint_type.is(&"Gateway".into()) & endpoint.service.is("s3");
        let without = reach.feature_endpoint(vpc, "s3").negate();
        let violation = Answer::all([Answer::new(gateway), endpoint.declaration.existence(), without]);
        findings.judge(&Answer { evidence: Vec::new(), ..violation }, || {
            Defect::new(
                &endpoint.declaration,
                format!(
                    "{{}} is out of reach of {}: gateway endpoints serve their own VPC only",
                    own.address
                ),
            )
            .label(own.decl_range, "peering connections and transit gateways do not lead to it")
            .severity(Severity::Warning)
            .note(format!("nothing in {} uses it", network.vpc(hub).declaration.address))
            .help("make a gateway endpoint for S3 in each VPC that uses it; it costs nothing")
            .affects(affected.iter().cloned())
            .cause("gateway endpoint")
        });
    }
}

/// What is missing on the way to the service: the name first, then the route.
fn broken(reach: &Reach<'_>, vpc: VpcId, service: Service, sites: &[&Site]) -> Option<(Answer, Defect)> {
    let network = &reach.model.network;
    let region = network.vpc(vpc).region.value().and_then(Option::as_ref).map(|region| region.as_str());
    let own = &network.vpc(vpc).declaration;
    let elsewhere = &reach.presence(vpc, service).elsewhere;
    let zones: Vec<ZoneMatch> = network
        .zones_for(vpc, service.label(), region)
        .into_iter()
        .filter(|zone| zone.exact.is_yes())
        .collect();
    let resolution = reach.resolve(vpc, service);
    let unled = match resolution.place {
        // A zone around the name leads there as well.
        Place::Zone(_, target) => {
            return on_the_way(reach, vpc, target, service, sites);
        }
        Place::Unknown => Answer::unknown(resolution.answer.reasons.clone()),
        Place::Endpoint(_) | Place::Public | Place::Broken => Answer::new(Truth::Yes),
    };
    if let Some(zone) = zones.iter().find(|zone| zone.associated.truth.is_yes()) {
        let target = zone.endpoint.as_ref().and_then(|link| link.to())?;
        return on_the_way(reach, vpc, target, service, sites);
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
        return Some((unled, defect));
    }
    let endpoint = network.endpoint(*elsewhere.first()?);
    let (here, help) = if endpoint.private_dns.is(&false).is_yes() {
        (
            "private DNS is off, and no private hosted zone has the name",
            "make a private hosted zone of the service's name, associated with both VPCs",
        )
    } else {
        (
            "private DNS ends at the endpoint's own VPC",
            "switch private DNS off and make a private hosted zone for the service, associated with both VPCs",
        )
    };
    let defect = Defect::new(
        &endpoint.declaration,
        format!("{{}} is out of reach of {}: its name is not known there", own.address),
    )
    .at_fact(&endpoint.private_dns, here)
    .label(own.decl_range, "the instances of this VPC are to use it")
    .help(help)
    .cause("private DNS");
    Some((unled, defect))
}

/// What keeps the packets or the calls from the endpoint: what certainly does first. A policy of the endpoint may have
/// conditions that let its own VPC in and leave the other one out.
fn on_the_way(
    reach: &Reach<'_>,
    vpc: VpcId,
    target: EndpointId,
    service: Service,
    sites: &[&Site],
) -> Option<(Answer, Defect)> {
    let network = &reach.model.network;
    let endpoint = network.endpoint(target);
    let route = no_route(reach, vpc, target, sites);
    let is_certain = route.as_ref().is_some_and(|(way, _)| way.truth.is_yes());
    let kept_out = || sites.iter().any(|site| reach.keeps_guests_out(site, target, service));
    let Some(policy) = endpoint.policies.first().filter(|_| !is_certain && kept_out()) else { return route };
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
    let far: Vec<SubnetId> = endpoint.subnets.ids().collect();
    let near: BTreeSet<SubnetId> = sites.iter().filter_map(|site| site.subnet).collect();
    let pairs = || near.iter().flat_map(|near| far.iter().map(|far| (*near, *far)));
    let there = pairs().map(|(near, far)| (near, hub, far));
    let back = pairs().map(|(near, far)| (far, vpc, near));
    let ways = there.chain(back).map(|(from, to, at)| (from, to, network.route_between(from, to, Some(at))));
    let ways: Vec<(SubnetId, VpcId, Answer)> = ways.filter(|(.., way)| !way.truth.is_yes()).collect();
    // What certainly leads nowhere goes before what may.
    let broken = ways.iter().find(|(.., way)| way.truth.is_no()).or(ways.first());
    let (from, to, way) = broken?.clone();
    let subnet: &Declaration = &network.subnet(from).declaration;
    let to = &network.vpc(to).declaration;
    let place = way.evidence.iter().find(|place| place.span.is_some()).cloned();
    let mut defect = Defect::new(subnet, format!("no route leads from {{}} to {}", to.address))
        .help("add a route over the peering connection or transit gateway, in both directions")
        .cause("route");
    if let Some(place) = place {
        defect = defect.at(place.span, place.note).label(subnet.decl_range, "from this subnet");
    }
    Some((way.negate(), defect))
}
