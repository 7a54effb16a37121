//! The chain of one target: the links in the order in which they break, and the verdict.

use crate::aws::compute::TargetId;
use crate::aws::fact::{Answer, Evidence, Reason};
use crate::aws::iam::RoleId;
use crate::aws::link::{EndpointId, SubnetId, VpcId};
use crate::aws::policy::{CORE_ACTIONS, EC2_SERVICE, Request, core_actions_of};
use crate::proof::dns::Place;
use crate::proof::{Reach, Service, Site};
use crate::truth::Truth;

/// What is proven of a target.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The target.
    pub target: TargetId,
    /// Its address.
    pub address: String,
    /// Whether a session can be opened.
    pub verdict: Verdict,
    /// All links, in order; those of services once for each subnet.
    pub links: Vec<Link>,
}

/// Whether a session can be opened, and by which way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It can. With assumptions where it says so.
    Reachable(Way, Confidence),
    /// It cannot: index of the first link that is broken.
    Broken(usize),
    /// It cannot be decided.
    Unknown(Vec<Reason>),
}

/// How the agent's connections go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// To endpoints, of the VPC itself or of another.
    Endpoints,
    /// To public addresses, through NAT or an internet gateway.
    Internet,
    /// To endpoints for one service and to public addresses for another.
    Mixed,
}

/// What a verdict rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Every link is proven.
    Proved,
    /// The image is taken to hold the agent, or an option of the user was used.
    Assumed,
}

/// One link of the chain.
#[derive(Clone, Debug)]
pub struct Link {
    /// Which one.
    pub kind: LinkKind,
    /// The service, from the name on.
    pub service: Option<Service>,
    /// The subnet, from the name on.
    pub subnet: Option<SubnetId>,
    /// Whether it holds, and what decides it.
    pub answer: Answer,
}

/// The links in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkKind {
    /// The image holds the agent.
    Agent,
    /// The metadata service tells who the instance is.
    Identity,
    /// There is an instance profile.
    Profile,
    /// EC2 may assume its role.
    Trust,
    /// The role allows what a session needs.
    Permission,
    /// The service's name leads somewhere.
    Name,
    /// There is an endpoint that can be used.
    Endpoint,
    /// There is a way to public addresses.
    Internet,
    /// Routes lead to the endpoint's VPC and back.
    Route,
    /// Security groups let HTTPS out, and into the endpoint.
    Groups,
    /// Network ACLs let it pass, both ways.
    Acl,
    /// The endpoint's policy lets the agent's calls through.
    Policy,
}

impl LinkKind {
    /// `L0` to `L10`.
    pub fn id(self) -> &'static str {
        match self {
            LinkKind::Agent => "L0",
            LinkKind::Identity => "L1",
            LinkKind::Profile => "L2",
            LinkKind::Trust => "L3",
            LinkKind::Permission => "L4",
            LinkKind::Name => "L5",
            LinkKind::Endpoint | LinkKind::Internet => "L6",
            LinkKind::Route => "L7",
            LinkKind::Groups => "L8",
            LinkKind::Acl => "L9",
            LinkKind::Policy => "L10",
        }
    }

    /// What it is called in one word.
    pub fn name(self) -> &'static str {
        match self {
            LinkKind::Agent => "agent",
            LinkKind::Identity => "imds",
            LinkKind::Profile => "profile",
            LinkKind::Trust => "trust",
            LinkKind::Permission => "permissions",
            LinkKind::Name => "dns",
            LinkKind::Endpoint => "endpoint",
            LinkKind::Internet => "internet",
            LinkKind::Route => "route",
            LinkKind::Groups => "groups",
            LinkKind::Acl => "acl",
            LinkKind::Policy => "policy",
        }
    }
}

/// Proves every target, in the order of the model.
pub fn prove(reach: &Reach<'_>) -> Vec<Proof> {
    reach.model.compute.target_ids().map(|id| of_target(reach, id)).collect()
}

fn of_target(reach: &Reach<'_>, id: TargetId) -> Proof {
    let target = reach.model.compute.target(id);
    let mut links = Vec::new();
    identity(reach, id, &mut links);
    let mut ways = Vec::new();
    for site in reach.sites.iter().filter(|site| site.target == id) {
        for service in Service::SESSION {
            ways.push(of_service(reach, site, service, &mut links));
        }
    }
    Proof { target: id, address: target.declaration.address.clone(), verdict: verdict(&links, &ways), links }
}

/// A target is reachable when all its links hold in all its subnets.
fn verdict(links: &[Link], ways: &[Option<Way>]) -> Verdict {
    if let Some(broken) = links.iter().position(|link| link.answer.truth.is_no()) {
        return Verdict::Broken(broken);
    }
    let mut reasons: Vec<Reason> = Vec::new();
    let mut confidence = Confidence::Proved;
    for link in links.iter().filter(|link| link.answer.truth.is_unknown()) {
        // Most images are someone's own, of which nothing can be known.
        if link.kind == LinkKind::Agent {
            confidence = Confidence::Assumed;
            continue;
        }
        reasons.extend(link.answer.reasons.iter().cloned());
        if link.answer.reasons.is_empty() {
            reasons.push(Reason::new(format!("{} is not known", link.kind.name()), None));
        }
    }
    let mut seen: Vec<Reason> = Vec::new();
    reasons.retain(|reason| {
        let new = !seen.contains(reason);
        if new {
            seen.push(reason.clone());
        }
        new
    });
    let known: Option<Vec<Way>> = ways.iter().copied().collect();
    match known.as_deref() {
        Some([first, rest @ ..]) if reasons.is_empty() => {
            let way = if rest.iter().all(|way| way == first) { *first } else { Way::Mixed };
            Verdict::Reachable(way, confidence)
        }
        Some(_) | None => Verdict::Unknown(reasons),
    }
}

/// Agent, metadata, profile, trust and permissions. Default Host Management stands in for the last three.
fn identity(reach: &Reach<'_>, id: TargetId, links: &mut Vec<Link>) {
    let target = reach.model.compute.target(id);
    let mut push = |kind, answer| links.push(Link { kind, service: None, subnet: None, answer });
    push(LinkKind::Agent, target.ami.ships_agent.clone());
    push(LinkKind::Identity, target.has_metadata());
    let managed = reach.host_management_of(target);
    let profile = &target.profile;
    let place =
        Evidence { span: profile.span, origin: profile.origin, note: "the instance profile".to_owned() };
    let present = Answer { truth: profile.present, evidence: vec![place], reasons: profile.reasons.clone() };
    let role = reach.role_of(target);
    let permission =
        role.map(|role| permission(reach, role, target.region.value().and_then(Option::as_deref)));
    if managed.truth.is_yes()
        && (profile.present.is_no() || permission.as_ref().is_some_and(|p| p.truth.is_no()))
    {
        push(LinkKind::Profile, managed);
        return;
    }
    push(LinkKind::Profile, present.clone());
    if present.truth.is_no() {
        return;
    }
    let Some(role) = role else {
        let text = format!("the role of {} is not known", target.declaration.address);
        push(LinkKind::Trust, Answer::unknown([Reason::new(text, profile.span)]));
        return;
    };
    push(LinkKind::Trust, reach.model.iam.trusts(role, &EC2_SERVICE));
    push(LinkKind::Permission, permission.unwrap_or_else(|| Answer::new(Truth::Unknown)));
}

fn permission(reach: &Reach<'_>, role: RoleId, region: Option<&str>) -> Answer {
    Answer::all(CORE_ACTIONS.iter().map(|action| reach.model.iam.allows(role, action, region)))
}

/// The links of one service from one subnet, and the way that its connections go.
fn of_service(reach: &Reach<'_>, site: &Site, service: Service, links: &mut Vec<Link>) -> Option<Way> {
    let mut push = |kind, answer: Answer| {
        links.push(Link { kind, service: Some(service), subnet: site.subnet, answer });
    };
    let Some(vpc) = site.vpc.to() else {
        let address = &reach.target(site).declaration.address;
        let reason = Reason::new(format!("the VPC of {address} is not known"), None);
        push(LinkKind::Name, Answer::unknown([reason]));
        return None;
    };
    let resolution = reach.resolve(vpc, service);
    let endpoints = match &resolution.place {
        Place::Endpoint(endpoints) => endpoints.clone(),
        Place::Zone(_, endpoint) => vec![*endpoint],
        Place::Public => {
            push(LinkKind::Name, resolution.answer);
            push(LinkKind::Internet, site.internet.clone());
            if let Some(subnet) = site.subnet {
                push(LinkKind::Groups, reach.site_admits_internet(site).answer);
                push(LinkKind::Acl, reach.model.network.acl_internet(subnet, reach.ephemeral(site)));
            }
            return Some(Way::Internet);
        }
        Place::Broken => {
            push(LinkKind::Name, resolution.answer.negate());
            return None;
        }
        Place::Unknown => {
            push(LinkKind::Name, resolution.answer);
            return None;
        }
    };
    push(LinkKind::Name, resolution.answer);
    for endpoint in endpoints {
        for (kind, answer) in of_endpoint(reach, site, vpc, service, endpoint) {
            push(kind, answer);
        }
    }
    Some(Way::Endpoints)
}

fn of_endpoint(
    reach: &Reach<'_>,
    site: &Site,
    vpc: VpcId,
    service: Service,
    id: EndpointId,
) -> Vec<(LinkKind, Answer)> {
    let network = &reach.model.network;
    let endpoint = network.endpoint(id);
    let mut links = vec![(LinkKind::Endpoint, network.is_usable(id))];
    let Some(subnet) = site.subnet else {
        let text = format!("the subnet of {} is not known", reach.target(site).declaration.address);
        links.push((LinkKind::Groups, Answer::unknown([Reason::new(text, None)])));
        return links;
    };
    if let Some(hub) = endpoint.vpc.link.to().filter(|hub| *hub != vpc) {
        let back = endpoint.subnets.ids().map(|far| network.route_between(far, vpc));
        let both = std::iter::once(network.route_between(subnet, hub)).chain(back);
        links.push((LinkKind::Route, Answer::all(both)));
    }
    if let Some(admission) = reach.endpoint_admits(site, id) {
        // DNS alternates between the interfaces, so all of them have to be open.
        let out = endpoint.subnets.ids().map(|far| reach.site_admits(site, id, far).answer);
        links.push((LinkKind::Groups, Answer::all(out.chain([admission.answer]))));
    }
    let lookups = endpoint.subnets.ids().filter_map(|far| {
        network.acl_lookups(subnet, far, reach.ephemeral(site)).map(|lookups| lookups.all())
    });
    links.push((LinkKind::Acl, Answer::all(lookups)));
    let policies = endpoint.policies.iter().flat_map(|policy| {
        core_actions_of(service.label()).map(|action| {
            let principal = reach.role(site).map(|role| reach.model.iam.principal(role));
            let request = Request::agent(action, reach.region(site));
            let request = Request { principal: principal.unwrap_or(request.principal), ..request };
            let judgement = policy.policy.judge(&request);
            Answer::all([judgement.allow, judgement.deny.negate()])
        })
    });
    links.push((LinkKind::Policy, Answer::all(policies)));
    links
}
