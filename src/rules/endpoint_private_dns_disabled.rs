//! SSM001: an endpoint for Systems Manager that the agent's names do not lead to.

use crate::aws::dns::{Relation, ZoneAssociation, relation};
use crate::aws::endpoint::Endpoint;
use crate::aws::fact::{Answer, Reason};
use crate::aws::link::EndpointId;
use crate::aws::network::existence;
use crate::finding::{Fix, Severity, Term};
use crate::proof::{Reach, Service, Site};
use crate::rules::zone::misleading_zone;
use crate::rules::{Defect, Findings, Rule, RuleContext, remedy};
use crate::truth::Truth;

pub(super) const RULE: Rule = Rule {
    code: "SSM001",
    name: "endpoint-private-dns-disabled",
    severity: Severity::Error,
    category: "endpoint",
    page: include_str!("../../rules/SSM001.md"),
    check,
};

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let network = &context.model.network;
    for id in network.endpoint_ids() {
        let endpoint = network.endpoint(id);
        let service = Service::ALL.into_iter().find(|service| endpoint.service.is(service.label()).is_yes());
        let Some(service) = service.filter(|_| endpoint.declaration.is_managed()) else { continue };
        // Whoever writes another type did not forget private DNS; a type that is left out is made good together with it.
        if endpoint.endpoint_type.is_configured() && endpoint.is_interface().is_no() {
            continue;
        }
        if is_for_others(context.reach, id, endpoint, service) {
            continue;
        }
        let off = endpoint.private_dns.ask("", |on| Truth::known(!on));
        let off = Answer { evidence: Vec::new(), ..off };
        let replaced = is_replaced(context.reach, id, endpoint, service);
        let set_apart = names_endpoints(context.reach, endpoint);
        let violation =
            Answer::all([existence(&endpoint.declaration), off, replaced.negate(), set_apart.negate()]);
        if violation.truth.is_no() {
            continue;
        }
        let here = if endpoint.private_dns.is_configured() {
            "private DNS is off"
        } else {
            "without `private_dns_enabled` private DNS is off"
        };
        let (internet, affected) = internet_of_vpc(context.reach, endpoint, service);
        let defect =
            Defect::new(&endpoint.declaration, "{} has private DNS off, so no instance is led to it")
                .at_fact(&endpoint.private_dns, here)
                .help("set `private_dns_enabled = true`")
                .fix(fix(context, id, service))
                .affects(affected)
                .cause("private DNS");
        let label = service.label();
        let instead = match internet {
            Truth::No => None,
            Truth::Yes => Some(format!("the agent reaches {label} over the internet instead")),
            Truth::Unknown => {
                Some(format!("whether the agent reaches {label} over the internet instead is not known"))
            }
        };
        findings.judge(&Answer { evidence: Vec::new(), ..violation }, || match instead {
            Some(note) => defect.severity(Severity::Warning).note(note),
            None => defect,
        });
    }
    for vpc in network.vpc_ids().filter(|vpc| !context.reach.is_shared(*vpc)) {
        for service in Service::ALL.into_iter().filter(|service| context.reach.needs(vpc, *service)) {
            let Some(defect) = misleading_zone(context.reach, vpc, service) else { continue };
            let sites = context.reach.sites_in(vpc).filter(|site| site.certain.is_yes());
            let affected: Vec<String> =
                sites.map(|site| context.reach.target(site).declaration.address.clone()).collect();
            if !affected.is_empty() {
                findings.judge(&Answer::new(Truth::Yes), || defect.affects(affected));
            }
        }
    }
}

/// Whether every instance beside the endpoint dials names of its own choice.
fn names_endpoints(reach: &Reach<'_>, endpoint: &Endpoint) -> Answer {
    let sites: Vec<&Site> = endpoint.vpc.link.to().into_iter().flat_map(|vpc| reach.sites_in(vpc)).collect();
    let reasons: Vec<Reason> = sites.iter().filter_map(|site| reach.target(site).names_endpoints()).collect();
    match reasons.len() {
        some if some > 0 && some == sites.len() => Answer::unknown(reasons),
        _ => Answer::new(Truth::No),
    }
}

/// Private DNS switched on, where nothing else has the name. It leads every instance of the VPC to the endpoint, so it is
/// safe only if the endpoint admits them all.
fn fix(context: &RuleContext<'_>, id: EndpointId, service: Service) -> Option<Fix> {
    let reach = context.reach;
    let network = &context.model.network;
    let endpoint = network.endpoint(id);
    let vpc = endpoint.vpc.link.to()?;
    let region = network.vpc(vpc).region.value().and_then(Option::as_ref);
    let is_taken = network.endpoint_ids().filter(|other| *other != id).any(|other| {
        let other = network.endpoint(other);
        let same = other.vpc.link.is(vpc) & other.service.is(service.label());
        !(same & other.private_dns.is(&true)).is_no()
    });
    let mut zones = network.zones_for(vpc, service.label(), region.map(|region| region.as_str())).into_iter();
    let has_zone = zones.any(|zone| !(zone.exact & zone.associated.truth).is_no());
    let is_companion = !endpoint.private_dns_resources.is_empty();
    if !endpoint.is_interface().is_yes() || is_companion || is_taken || has_zone {
        return None;
    }
    let mut is_safe = true;
    for site in reach.sites_in(vpc) {
        let admitted = reach.endpoint_admits(site, id).map_or(Truth::Unknown, |found| found.answer.truth);
        // What reaches the internet today would be cut off.
        if admitted.is_no() && !site.internet.truth.is_no() {
            return None;
        }
        is_safe &= admitted.is_yes();
    }
    let fix = remedy::set(
        context,
        &endpoint.declaration,
        &endpoint.private_dns,
        "private_dns_enabled",
        Term::Bool(true),
    );
    if is_safe { fix } else { remedy::with_a_look(fix) }
}

/// Whether only instances of other VPCs use the endpoint, to which its private DNS does not extend; what keeps them from
/// it is for another rule to say.
fn is_for_others(reach: &Reach<'_>, id: EndpointId, endpoint: &Endpoint, service: Service) -> bool {
    let used_here = endpoint.vpc.link.to().is_none_or(|vpc| reach.sites_in(vpc).next().is_some());
    let mut others = reach.model.network.vpc_ids().filter(|other| reach.sites_in(*other).next().is_some());
    !used_here
        && others.any(|other| {
            reach.is_to_share(other, service) && reach.presence(other, service).elsewhere.contains(&id)
        })
}

/// Whether the service's name is taken care of: by a private hosted zone that leads it to the endpoint, or by private DNS
/// of another endpoint. An endpoint without instances beside it whose zone is shared is SSM015's.
fn is_replaced(reach: &Reach<'_>, id: EndpointId, endpoint: &Endpoint, service: Service) -> Answer {
    let network = &reach.model.network;
    let mut answers = Vec::new();
    let by_another = network.endpoint_ids().filter(|other| *other != id).any(|other| {
        let other = network.endpoint(other);
        let same = other.vpc.link.same(&endpoint.vpc.link) & other.service.is(service.label());
        Truth::all([same, other.is_interface(), other.private_dns.is(&true), other.declaration.exists])
            .is_yes()
    });
    let is_alone = !reach.sites.iter().any(|site| !site.vpc.same(&endpoint.vpc.link).is_no());
    let is_shared = network.dns.zones.iter().any(|zone| {
        let region = endpoint.region.value().and_then(Option::as_ref).map(|region| region.as_str());
        let elsewhere = |association: &ZoneAssociation| association.vpc.link.same(&endpoint.vpc.link).is_no();
        relation(&zone.name, service.label(), region) == Relation::Exact
            && zone.associations.iter().any(elsewhere)
    });
    if by_another || is_alone && is_shared {
        return Answer::new(Truth::Yes);
    }
    // Zones that are shared with other VPCs serve nobody in the endpoint's own.
    let is_used = endpoint.vpc.link.to().is_some_and(|own| reach.sites_in(own).next().is_some());
    for vpc in network.vpc_ids().filter(|vpc| !is_used || !endpoint.vpc.link.is(*vpc).is_no()) {
        let region = network.vpc(vpc).region.value().and_then(Option::as_ref);
        for zone in network.zones_for(vpc, service.label(), region.map(|region| region.as_str())) {
            let of_endpoint = match &zone.endpoint {
                Some(link) => link.is(id),
                None => Truth::No,
            };
            // In the endpoint's own VPC a zone of that name answers, whatever it leads to.
            let in_own_vpc = endpoint.vpc.link.is(vpc) & zone.exact;
            let truth = (of_endpoint | in_own_vpc) & zone.associated.truth;
            if truth.is_no() {
                continue;
            }
            let declaration = &network.zone(zone.zone).declaration;
            let text = format!("what {} does is not known", declaration.address);
            let reasons =
                if truth.is_unknown() { vec![Reason::new(text, declaration.decl_range)] } else { Vec::new() };
            answers.push(Answer { truth, evidence: Vec::new(), reasons });
        }
    }
    Answer::any(answers)
}

/// Whether all instances of the endpoint's VPC reach the internet, and those that do not, as far as is known.
fn internet_of_vpc(reach: &Reach<'_>, endpoint: &Endpoint, service: Service) -> (Truth, Vec<String>) {
    let Some(vpc) = endpoint.vpc.link.to() else { return (Truth::No, Vec::new()) };
    if !reach.needs(vpc, service) {
        return (Truth::Yes, Vec::new());
    }
    let sites: Vec<_> = reach.sites_in(vpc).filter(|site| site.certain.is_yes()).collect();
    if sites.is_empty() {
        return (Truth::No, Vec::new());
    }
    let cut_off = sites.iter().filter(|site| site.internet.truth.is_no());
    let affected = cut_off.map(|site| reach.target(site).declaration.address.clone()).collect();
    (Truth::all(sites.iter().map(|site| site.internet.truth)), affected)
}
