//! Where the name of a service leads in a VPC: to an endpoint, to public addresses, or nowhere.
//!
//! Private DNS captures a name for the whole VPC, also for instances behind NAT and with public addresses; there is no
//! falling back from an endpoint that cannot be reached to public addresses.

use crate::aws::fact::{Answer, Reason};
use crate::aws::link::{EndpointId, VpcId, ZoneId};
use crate::aws::network::{Origin, existence};
use crate::proof::{Reach, Service};
use crate::truth::Truth;

/// Where a name leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// To one of these endpoints of the VPC itself, by its private DNS.
    Endpoint(Vec<EndpointId>),
    /// To this endpoint, by a private hosted zone.
    Zone(ZoneId, EndpointId),
    /// To public addresses.
    Public,
    /// Nowhere: it cannot be resolved, or to something that is no endpoint.
    Broken,
    /// It is not known.
    Unknown,
}

/// Where a name leads, and why.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// Where.
    pub place: Place,
    /// Whether it leads there, with what decides it; the reasons when it is not known.
    pub answer: Answer,
    /// The endpoints that it leads to or may lead to.
    pub endpoints: Vec<EndpointId>,
}

/// How a private zone of the name of a service fails to lead it to an endpoint of that service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misled {
    /// It has no record for the name.
    Nowhere(ZoneId),
    /// Its record leads to this endpoint, which is of another service, or of another region.
    ToAnother(ZoneId, EndpointId),
}

impl Reach<'_> {
    /// The private zone that certainly decides the name of a service in a VPC and does not lead to an endpoint of it.
    pub fn misleading_zone(&self, vpc: VpcId, service: Service) -> Option<Misled> {
        let network = &self.model.network;
        let region = network.vpc(vpc).region.value().and_then(Option::as_ref).map(|region| region.as_str());
        let zones = network.zones_for(vpc, service.label(), region);
        let zone = zones
            .into_iter()
            .find(|zone| !zone.associated.truth.is_no() && !zone.record.truth.is_unknown())?;
        if !zone.associated.truth.is_yes() || zone.exact.is_unknown() {
            return None;
        }
        let target = zone.endpoint.as_ref().and_then(|link| link.to());
        match target.filter(|_| zone.record.truth.is_yes()) {
            Some(target) if self.is_another(vpc, service, target) => {
                Some(Misled::ToAnother(zone.zone, target))
            }
            None if zone.record.truth.is_no() && zone.exact.is_yes() => Some(Misled::Nowhere(zone.zone)),
            Some(_) | None => None,
        }
    }

    /// Whether an endpoint certainly does not answer for the service's name in a VPC: it is of another service, or of
    /// another region, whose certificate does not bear that name.
    fn is_another(&self, vpc: VpcId, service: Service, endpoint: EndpointId) -> bool {
        let network = &self.model.network;
        let endpoint = network.endpoint(endpoint);
        endpoint.service.is(service.label()).is_no() || endpoint.is_for_another(network.vpc(vpc))
    }
}

/// Where the name of a service leads in a VPC.
pub fn resolve(reach: &Reach<'_>, vpc: VpcId, service: Service) -> Resolution {
    let network = &reach.model.network;
    let label = service.label();
    let attributes = network.vpc(vpc);
    let region = attributes.region.value().and_then(Option::as_ref).map(|region| region.as_str());
    let mut doubts: Vec<Reason> = Vec::new();
    let mut endpoints = Vec::new();

    let custom = network.custom_dns(vpc);
    if attributes.dns_support.is(&true).is_no() && custom.truth.is_no() {
        let answer = attributes.dns_support.ask("DNS support is off", |on| Truth::known(!on));
        return Resolution { place: Place::Broken, answer, endpoints };
    }
    let forwarder = reach.model.assumptions.dns_forwarder().map(|(_, on)| on);
    // Whoever says which endpoints a VPC has that is not seen here says that its instances can use them.
    let told = attributes.assumed_endpoints.is_some() && custom.truth.is_unknown();
    if !custom.truth.is_no() && forwarder != Some(true) && !told {
        if custom.truth.is_yes() && forwarder == Some(false) {
            return Resolution { place: Place::Broken, answer: custom, endpoints };
        } else if custom.truth.is_yes() {
            let at = custom.evidence.first().and_then(|evidence| evidence.span);
            doubts.push(Reason::new("whether these DNS servers forward to Amazon's is not known", at));
        } else {
            doubts.extend(custom.reasons);
        }
    }
    let (exact, parent) = network.forwards(vpc, label, region);
    let blocked = network.firewall_blocks(vpc, label, region);
    match blocked.truth {
        Truth::Yes => return Resolution { place: Place::Broken, answer: blocked, endpoints },
        Truth::Unknown => doubts.extend(blocked.reasons),
        Truth::No => {}
    }

    // Whoever says which endpoints it has says that their names resolve.
    if attributes.dns_support.is(&true).is_unknown() && attributes.assumed_endpoints.is_none() {
        let support = attributes.dns_support.ask("enable_dns_support", |on| Truth::known(*on));
        doubts.extend(support.reasons);
    }

    let both = network.dns_attributes(vpc);
    let mut own = Vec::new();
    let mut captured = Vec::new();
    for id in reach.presence(vpc, service).endpoints.iter().copied() {
        let endpoint = network.endpoint(id);
        let private = endpoint.private_dns.ask("private DNS is on", |on| Truth::known(*on));
        let here = Answer {
            evidence: Vec::new(),
            reasons: endpoint.vpc.reasons(),
            truth: endpoint.vpc.link.is(vpc),
        };
        let is_it = network.is_of_service(endpoint, label);
        let both =
            if endpoint.assumed && !both.truth.is_no() { Answer::new(Truth::Yes) } else { both.clone() };
        let captures = Answer::all([private, here, is_it, existence(&endpoint.declaration), both]);
        match captures.truth {
            Truth::Yes => {
                own.push(id);
                captured.push(captures);
            }
            Truth::Unknown => {
                endpoints.push(id);
                doubts.extend(captures.reasons);
            }
            Truth::No => {}
        }
    }
    // One that AWS does not make, or gives no name, leaves the name to another.
    let has_name = |id: &EndpointId| {
        !network.endpoint(*id).is_interface().is_no() && !reach.in_another_region(*id).truth.is_yes()
    };
    if own.iter().any(has_name) {
        own.retain(has_name);
    }
    match exact.truth {
        // It goes before the endpoint's own zone.
        Truth::Yes if !own.is_empty() => return decided(Place::Broken, exact, endpoints, doubts),
        Truth::Yes => doubts.push(forwarded(&exact)),
        Truth::Unknown => doubts.extend(exact.reasons),
        Truth::No => {}
    }
    if !own.is_empty() {
        endpoints.splice(0..0, own.iter().copied());
        let answer = Answer::all(captured);
        return decided(Place::Endpoint(own), answer, endpoints, doubts);
    }

    // Where everybody has the internet, a zone of which not even the name is known is not taken for one of the names.
    let at_ease = || reach.sites_in(vpc).all(|site| site.internet.truth.is_yes());
    for zone in network.zones_for(vpc, label, region) {
        if network.zone(zone.zone).origin == Origin::Named && at_ease() {
            continue;
        }
        let answers = Answer::all([zone.associated.clone(), zone.record.clone(), both.clone()]);
        let candidates = zone.endpoint.iter().flat_map(|link| link.candidates().iter().copied());
        endpoints.extend(candidates);
        let target = zone.endpoint.as_ref().and_then(|link| link.to());
        let declaration = &network.zone(zone.zone).declaration;
        match (answers.truth, target) {
            (Truth::Yes, Some(target)) if !zone.exact.is_unknown() => {
                if reach.is_another(vpc, service, target) {
                    let record = network.record_to(zone.zone, target);
                    let answer =
                        record.map_or(zone.record.clone(), |record| Answer::yes(record.evidence("")));
                    return decided(Place::Broken, answer, endpoints, doubts);
                }
                return decided(Place::Zone(zone.zone, target), answers, endpoints, doubts);
            }
            (Truth::No, _)
                if zone.associated.truth.is_yes() && zone.record.truth.is_no() && zone.exact.is_yes() =>
            {
                // A private zone answers alone for its domain: a name without record does not exist.
                return decided(Place::Broken, zone.record.clone().negate(), endpoints, doubts);
            }
            (Truth::No, _) if zone.associated.truth.is_yes() && zone.record.truth.is_no() => {
                let text = format!(
                    "{} answers for all of its domain and has no record here for {label}",
                    declaration.address
                );
                doubts.push(Reason::new(text, declaration.decl_range));
            }
            (Truth::No, _) => {}
            (Truth::Yes, _) => {
                let text = format!("where the record in {} leads is not known", declaration.address);
                doubts.push(Reason::new(text, declaration.decl_range));
            }
            (Truth::Unknown, _) => doubts.extend(answers.reasons),
        }
    }
    match parent.truth {
        // What leads elsewhere leads past an endpoint that is there, whose private DNS would keep the name.
        Truth::Yes if reach.presence(vpc, service).answer.truth.is_yes() => {
            return decided(Place::Broken, parent, endpoints, doubts);
        }
        Truth::Yes => doubts.push(forwarded(&parent)),
        Truth::Unknown => doubts.extend(parent.reasons),
        Truth::No => {}
    }
    if attributes.assumed_endpoints.is_none() {
        doubts.extend(network.hidden_in_vpc(vpc));
    }
    let note = format!("nothing in {} takes the name of {label}", attributes.declaration.address);
    decided(Place::Public, Answer::yes(attributes.declaration.evidence(note)), endpoints, doubts)
}

/// Servers elsewhere may lead the name to an endpoint of another VPC, or to public addresses, or nowhere.
fn forwarded(by: &Answer) -> Reason {
    let at = by.evidence.iter().find_map(|evidence| evidence.span);
    Reason::new("a resolver rule forwards the name, and what its servers answer is not known", at)
}

fn decided(place: Place, answer: Answer, endpoints: Vec<EndpointId>, doubts: Vec<Reason>) -> Resolution {
    if doubts.is_empty() {
        Resolution { place, answer, endpoints }
    } else {
        let answer = Answer { truth: Truth::Unknown, evidence: answer.evidence, reasons: doubts };
        Resolution { place: Place::Unknown, answer, endpoints }
    }
}
