//! SSM002: endpoint security groups that let no HTTPS in from an instance.

use std::collections::BTreeSet;

use crate::aws::cidr::Coverage;
use crate::aws::endpoint::Endpoint;
use crate::aws::fact::{Answer, Basis, Evidence};
use crate::aws::link::{EndpointId, GroupId, Link, VpcId};
use crate::aws::network::{Network, existence};
use crate::aws::security_group::{Admission, Direction, Group, Party, Peer, PeerKind, Rule};
use crate::finding::{Fix, Severity};
use crate::proof::dns::Place;
use crate::proof::{Reach, Service, Site};
use crate::rules::{self, Defect, Findings, RuleContext, remedy};
use crate::source::Span;
use crate::truth::Truth;

pub(super) const RULE: rules::Rule = rules::Rule {
    code: "SSM002",
    name: "endpoint-sg-blocks-443",
    severity: Severity::Error,
    category: "endpoint",
    page: include_str!("../../rules/SSM002.md"),
    check,
};

const HELP: &str =
    "admit TCP 443 from the security group of the instances, or from the CIDR block of the VPC";

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let network = &context.model.network;
    for id in network.endpoint_ids() {
        let endpoint = network.endpoint(id);
        let service = Service::ALL.into_iter().find(|service| endpoint.service.is(service.label()).is_yes());
        let ours = !endpoint.is_interface().is_no() && !endpoint.assumed;
        let Some(service) = service.filter(|_| ours) else { continue };
        let Some(vpc) = endpoint.vpc.link.to() else { continue };
        if !context.reach.needs(vpc, service) {
            continue;
        }
        if let Some(group) = context.reach.foreign_group(&endpoint.own_groups, &endpoint.vpc.link) {
            let group = &network.group(group).declaration;
            let own = &network.vpc(vpc).declaration;
            findings.judge(&existence(&endpoint.declaration), || {
                Defect::new(
                    &endpoint.declaration,
                    format!("{{}} is given {}, a security group of another VPC", group.address),
                )
                .at(endpoint.own_groups.span, "AWS refuses the endpoint with this group")
                .label(group.decl_range, format!("not in {}", own.address))
                .help(format!("make the group with `vpc_id` of {}", own.address))
                .cause("group of another VPC")
            });
            continue;
        }
        let mut sites = context.reach.sites_in(vpc).peekable();
        if sites.peek().is_none() {
            let everybody = network.admits(&endpoint.groups, Direction::Ingress, 443, &Party::Vpc(vpc));
            let violation = Answer::all([existence(&endpoint.declaration), admits_nobody(network, endpoint)]);
            let fix = remedy_of(context, id, vpc);
            findings.judge(&without_places(violation), || {
                defect(network, endpoint, &everybody, "anybody").fix(fix)
            });
        }
        let mut fix: Option<Option<Fix>> = None;
        // A zone leads instances of other VPCs to an endpoint.
        let others = network.vpc_ids().filter(|other| *other != vpc && !network.dns.zones.is_empty());
        let guests = others.flat_map(|other| context.reach.sites_in(other));
        let guests = guests.filter(|site| is_guest(context.reach, id, service, site));
        for site in sites.chain(guests) {
            let led = is_led(context.reach, id, service, site);
            let Some(admission) = context.reach.endpoint_admits(site, id) else { continue };
            let any_address = context.reach.target(site).has_any_address();
            let target = &context.reach.target(site).declaration;
            let there = Answer::all([existence(&endpoint.declaration), context.reach.used(site)]);
            if admission.coverage == Coverage::Part && any_address && there.truth.is_yes() && led {
                findings.judge(&Answer::new(Truth::Yes), || {
                    defect(network, endpoint, &admission, "all of an instance's subnet")
                        .severity(Severity::Warning)
                        .note(format!("{} may get an address that is not covered", target.address))
                });
                continue;
            }
            let violation = Answer::all([there, admission.answer.clone().negate()]);
            if violation.truth.is_no() {
                continue;
            }
            let mut defect =
                defect(network, endpoint, &admission, "the instances").affects([target.address.clone()]);
            if violation.truth.is_yes() {
                let fix = match site.vpc.to().filter(|guest| *guest != vpc) {
                    Some(guest) => remedy_for_guests(context, id, guest),
                    None => fix.get_or_insert_with(|| remedy_of(context, id, vpc)).clone(),
                };
                defect = defect.fix(fix);
            }
            if let Some(subnet) = site.subnet {
                let subnet = &network.subnet(subnet).declaration;
                defect = defect.label(subnet.decl_range, "an instance in this subnet is not admitted");
            }
            let named = |peer: &Peer| match &peer.kind {
                PeerKind::Group(Link::To(id)) => context.reach.target(site).groups.contains(*id).is_yes(),
                PeerKind::Group(_) | PeerKind::Cidr(_) | PeerKind::Itself | PeerKind::PrefixList(_) => false,
            };
            let mut rules = admission.candidates.iter();
            let is_guest = site.vpc.to().is_some_and(|other| other != vpc);
            if is_guest
                && rules
                    .any(|(group, index)| network.group(*group).ingress.rules[*index].peers.iter().any(named))
            {
                defect = defect.note(
                    "a transit gateway hides the groups of other VPCs unless it has \
                     `security_group_referencing_support = \"enable\"`",
                );
            }
            if led && site.internet.truth.is_yes() {
                defect =
                    defect.note("the name leads to the endpoint, past the way to the internet that there is");
            }
            if !led {
                if !violation.truth.is_yes() {
                    continue;
                }
                defect = defect.severity(Severity::Warning).note(
                    "nothing uses the endpoint while private DNS is off; with private DNS on, the instances lose access",
                );
            }
            findings.judge(&without_places(violation), || defect);
        }
    }
}

/// A rule for all instances that the endpoint does not admit, in its only group.
fn remedy_of(context: &RuleContext<'_>, id: EndpointId, vpc: VpcId) -> Option<Fix> {
    let network = &context.model.network;
    if network.endpoint(id).falls_back.is_yes() {
        return remedy::give_group(context, id, vpc);
    }
    let group = only_group(context, id)?;
    let mut peers = BTreeSet::new();
    for site in context.reach.sites_in(vpc) {
        if context.reach.endpoint_admits(site, id).is_some_and(|found| found.answer.truth.is_yes()) {
            continue;
        }
        match context.reach.target(site).groups.ids().next() {
            Some(group) => peers.insert(group),
            // Whose group nobody knows comes from the VPC all the same.
            None => {
                return remedy::let_https(context, group, Direction::Ingress, &BTreeSet::new(), Some(vpc));
            }
        };
    }
    remedy::let_https(context, group, Direction::Ingress, &peers, Some(vpc))
}

/// A rule for the range of another VPC: groups of other VPCs are named only where AWS is told to allow it.
fn remedy_for_guests(context: &RuleContext<'_>, id: EndpointId, guests: VpcId) -> Option<Fix> {
    let group = only_group(context, id)?;
    remedy::let_https(context, group, Direction::Ingress, &BTreeSet::new(), Some(guests))
}

/// The group of an endpoint that has one and no other.
fn only_group(context: &RuleContext<'_>, id: EndpointId) -> Option<GroupId> {
    let groups = &context.model.network.endpoint(id).groups;
    let mut members = groups.ids();
    members.next().filter(|_| members.next().is_none() && groups.is_complete())
}

fn without_places(answer: Answer) -> Answer {
    Answer { evidence: Vec::new(), ..answer }
}

/// Whether a zone of the site's own VPC certainly leads it to the endpoint.
fn is_guest(reach: &Reach<'_>, id: EndpointId, service: Service, site: &Site) -> bool {
    let Some(vpc) = site.vpc.to() else { return false };
    matches!(reach.resolve(vpc, service).place, Place::Zone(_, endpoint) if endpoint == id)
}

/// Whether the site uses the endpoint, or has nothing else to use once private DNS is on.
fn is_led(reach: &Reach<'_>, id: EndpointId, service: Service, site: &Site) -> bool {
    let endpoint = reach.model.network.endpoint(id);
    if !endpoint.private_dns.is(&true).is_no() || !site.internet.truth.is_yes() {
        return true;
    }
    let Some(vpc) = site.vpc.to() else { return false };
    reach.resolve(vpc, service).endpoints.contains(&id)
}

/// Whether no rule at all lets HTTPS in, from wherever.
fn admits_nobody(network: &Network, endpoint: &Endpoint) -> Answer {
    let groups = &endpoint.groups;
    let closed = groups.is_complete() && groups.outside.is_empty() && !groups.members.is_empty();
    let nobody = groups.ids().all(|id| {
        let set = &network.group(id).ingress;
        let hidden = !set.open.is_empty() || !network.hidden_in_group(id).is_empty();
        let any = set.rules.iter().any(|rule| !(rule.in_effect() & rule.ports.holds_tcp(443)).is_no());
        !hidden && !any && !network.group(id).is_default
    });
    Answer::new(Truth::known(closed && nobody && network.unplaced_rules.is_empty()))
}

fn defect(network: &Network, endpoint: &Endpoint, admission: &Admission, whom: &str) -> Defect {
    let groups = &endpoint.groups;
    if endpoint.falls_back.is_yes() {
        let mut defect = Defect::new(
            &endpoint.declaration,
            format!("{{}} falls back to the default security group, which does not admit HTTPS from {whom}"),
        )
        .at(
            endpoint.own_groups.span.or(endpoint.declaration.decl_range),
            if endpoint.own_groups.basis == Basis::Configured {
                "an empty list leaves it the default group of the VPC"
            } else {
                "without `security_group_ids` it has the default group of the VPC"
            },
        );
        for group in groups.ids().map(|id| network.group(id)) {
            defect = defect.label(group.declaration.decl_range, "the default group");
        }
        return defect
            .help("give the endpoint a security group that admits TCP 443 from the VPC")
            .cause("default group");
    }
    let nearest = admission.candidates.first().copied();
    let group = nearest.map(|(group, _)| group).or_else(|| groups.ids().next());
    let Some(group) = group.map(|id| network.group(id)) else {
        return Defect::new(&endpoint.declaration, format!("{{}} does not admit HTTPS from {whom}"))
            .help(HELP);
    };
    let (place, here) = match nearest.and_then(|(_, index)| group.ingress.rules.get(index)) {
        Some(rule) => {
            let peers: Vec<String> = rule.peers.iter().map(|peer| network.describe_peer(peer)).collect();
            let here = match peers.as_slice() {
                [] => "names nobody to admit".to_owned(),
                peers => format!("admits only {}", peers.join(", ")),
            };
            (rule.declaration.decl_range, here)
        }
        None => only_rule(group),
    };
    let defect =
        Defect::new(&group.declaration, format!("{{}} does not admit HTTPS from {whom} to the endpoint"));
    let peer = nearest.and_then(|(_, index)| group.ingress.rules.get(index)?.peers.first());
    let defect = match peer {
        Some(peer) => {
            defect.decided_by(Evidence { span: peer.span, origin: peer.origin, note: String::new() })
        }
        None => defect,
    };
    defect
        .at(place.or(group.declaration.decl_range), here)
        .label(endpoint.groups.span, "this endpoint carries the group")
        .help(HELP)
        .cause("ingress")
}

/// The place that is nearest to what is missing: the only block with rules; else the group itself.
fn only_rule(group: &Group) -> (Option<Span>, String) {
    let rules: Vec<&Rule> = group.ingress.rules.iter().filter(|rule| rule.in_effect().is_yes()).collect();
    let block = |rule: &Rule| rule.declaration.decl_range;
    match rules.as_slice() {
        [rule] => (block(rule), format!("admits {} only", rule.ports.describe())),
        [] => (group.ingress.inline.or(group.declaration.decl_range), "no rule lets anything in".to_owned()),
        [first, rest @ ..] => {
            let same = rest.iter().all(|rule| block(rule) == block(first));
            let place = if same { block(first) } else { group.declaration.decl_range };
            (place, "no rule admits TCP 443".to_owned())
        }
    }
}
