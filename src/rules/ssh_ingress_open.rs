//! SSM006: a security group that lets connections to port 22 in.

use std::collections::BTreeSet;

use ipnet::IpNet;

use crate::aws::cidr::{Cidr, Coverage};
use crate::aws::fact::{Answer, Evidence, Fact, Known, Reason};
use crate::aws::link::{GroupId, Link, VpcId};
use crate::aws::network::existence;
use crate::aws::security_group::{Peer, PeerKind, Rule as GroupRule, Spelling};
use crate::finding::Severity;
use crate::rules::{Defect, Findings, Rule, RuleContext, remedy};
use crate::truth::Truth;

pub(super) const RULE: Rule = Rule {
    code: "SSM006",
    name: "ssh-ingress-open",
    severity: Severity::Warning,
    category: "network",
    page: include_str!("../../rules/SSM006.md"),
    check,
};

const SSH: i64 = 22;

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let network = &context.model.network;
    let also = context.options.also_ports.iter().map(|port| i64::from(*port));
    let watched: Vec<i64> = std::iter::once(SSH).chain(also).collect();
    for id in network.group_ids() {
        let group = network.group(id);
        let use_of_group = use_of(context, id);
        for rule in &group.ingress.rules {
            if rule.spelling == Spelling::Implicit {
                continue;
            }
            // A port that is not known says nothing; most ports are not this one.
            let open = watched.iter().find(|port| rule.ports.holds_tcp(**port).is_yes());
            let Some(port) = open.filter(|_| !rule.has_no_peer().is_yes()) else { continue };
            let Some(source) = worst(context, rule) else { continue };
            let Some((severity, used)) = severity(&source, rule, &use_of_group) else { continue };
            let violation = Answer::all([existence(&rule.declaration), Answer::new(rule.in_effect())]);
            let reasons: Vec<Reason> = violation.reasons.into_iter().chain(rule.doubt.clone()).collect();
            let ports = rule.ports.describe();
            let width = if rule.ports.is_all().is_yes() || ports != format!("tcp {port}") {
                format!(" ({ports})")
            } else {
                String::new()
            };
            let here = format!("admits {}{width}", source.whom);
            let name = match &group.declaration.addr {
                Some(addr) => addr.without_keys(),
                None => group.declaration.address.clone(),
            };
            let mut defect =
                Defect::new(&rule.declaration, format!("{name} lets {} connect to port {port}", source.whom))
                    .at(rule.declaration.decl_range, here)
                    .decided_by(rule.ports.evidence(""))
                    .decided_by(source.evidence.clone())
                    .severity(severity)
                    .help("remove the rule; sessions come through Session Manager")
                    .fix(remedy::remove_rule(rule))
                    .affects(use_of_group.targets.iter().cloned())
                    .cause(&match *port {
                        SSH => format!("ssh from {}", source.whom),
                        port => format!("port {port} from {}", source.whom),
                    });
            if let Some(used) = used {
                defect = defect.note(used);
            }
            findings.judge(&Answer { truth: violation.truth, evidence: Vec::new(), reasons }, || defect);
        }
    }
    acl_entries(context, findings);
}

/// Entries of network ACLs that are there for SSH from anywhere: groups still decide who gets in.
fn acl_entries(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    for acl in &context.model.network.acls {
        for entry in &acl.ingress.entries {
            let is_ssh = [&entry.from, &entry.to].into_iter().all(|port| port.is(&Some(SSH)).is_yes());
            let is_tcp = entry.protocol.is(&"tcp".into()).is_yes();
            let from_anywhere = matches!(entry.cidr.value(), Some(Some(Cidr::Net(net))) if is_world(net));
            if !(is_ssh && is_tcp && from_anywhere && entry.allows.is(&true).is_yes()) {
                continue;
            }
            let defect = Defect::new(&acl.declaration, format!("{{}} lets anybody connect to port {SSH}"))
                .at(entry.declaration.decl_range, "admits anybody")
                .severity(Severity::Info)
                .note("security groups decide who gets in after all")
                .help("remove the entry; sessions come through Session Manager")
                .cause("ssh by an entry");
            findings.judge(&Answer { evidence: Vec::new(), ..existence(&entry.declaration) }, || defect);
        }
    }
}

/// What carries a group.
struct Use {
    /// The instances that carry it.
    targets: BTreeSet<String>,
    /// Whether an endpoint carries it.
    by_endpoint: bool,
    /// Whether anything else that is seen carries it.
    by_others: bool,
}

fn use_of(context: &RuleContext<'_>, id: GroupId) -> Use {
    let model = context.model;
    let mut targets = BTreeSet::new();
    for target in model.compute.target_ids().map(|id| model.compute.target(id)) {
        if !target.groups.contains(id).is_no() {
            targets.insert(target.declaration.address.clone());
        }
    }
    let network = &model.network;
    let by_endpoint =
        network.endpoint_ids().any(|endpoint| network.endpoint(endpoint).own_groups.contains(id).is_yes());
    Use { targets, by_endpoint, by_others: model.carriers.others.contains(&id) }
}

/// Whom a rule admits, as far as it matters here.
struct Source {
    whom: String,
    evidence: Evidence,
    kind: SourceKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SourceKind {
    ConnectEndpoint,
    Members,
    /// Addresses or a group that may be of the VPC.
    Private,
    /// Addresses of which some are certainly of no VPC that is made here.
    Elsewhere,
    World,
}

/// The widest source of a rule.
fn worst(context: &RuleContext<'_>, rule: &GroupRule) -> Option<Source> {
    let network = &context.model.network;
    let mut sources: Vec<Source> = rule
        .peers
        .iter()
        .filter(|peer| !peer.exists.is_no() && !is_nobody(&peer.kind))
        .map(|peer| Source {
            whom: whom(network.describe_peer(peer), peer),
            evidence: Evidence { span: peer.span, origin: peer.origin, note: String::new() },
            kind: kind(context, peer),
        })
        .collect();
    if sources.is_empty() && rule.open.is_some() {
        sources.push(Source {
            whom: "addresses that are not known".to_owned(),
            evidence: Evidence::at(rule.declaration.decl_range, ""),
            kind: SourceKind::Private,
        });
    }
    sources.into_iter().max_by_key(|source| source.kind)
}

fn whom(described: String, peer: &Peer) -> String {
    match &peer.kind {
        PeerKind::Cidr(known) if known.satisfies(Cidr::is_anywhere).is_yes() => "anybody".to_owned(),
        PeerKind::Cidr(_) | PeerKind::Group(_) | PeerKind::Itself | PeerKind::PrefixList(_) => described,
    }
}

fn kind(context: &RuleContext<'_>, peer: &Peer) -> SourceKind {
    match &peer.kind {
        PeerKind::Cidr(Known::Value(Cidr::Net(net))) if is_world(net) => SourceKind::World,
        PeerKind::Group(Link::To(id)) if context.model.carriers.connect_endpoints.contains(id) => {
            SourceKind::ConnectEndpoint
        }
        PeerKind::Cidr(Known::Value(cidr)) if is_elsewhere(context, cidr) => SourceKind::Elsewhere,
        PeerKind::Itself => SourceKind::Members,
        PeerKind::Cidr(_) | PeerKind::Group(_) | PeerKind::PrefixList(_) => SourceKind::Private,
    }
}

/// Whether it is the one address that no host has, as in `0.0.0.0/32`: what a placeholder holds.
fn is_nobody(kind: &PeerKind) -> bool {
    match kind {
        PeerKind::Cidr(Known::Value(Cidr::Net(net))) => {
            net.addr().is_unspecified() && net.prefix_len() == net.max_prefix_len()
        }
        PeerKind::Cidr(_) | PeerKind::Group(_) | PeerKind::Itself | PeerKind::PrefixList(_) => false,
    }
}

/// Everybody, or a public block so wide that it is nearly everybody.
fn is_world(net: &IpNet) -> bool {
    match net {
        IpNet::V4(net) => net.prefix_len() == 0 || (net.prefix_len() <= 8 && !net.addr().is_private()),
        // Private and link-local addresses and groups have the last block of eight bits and those before it.
        IpNet::V6(net) => net.prefix_len() <= 8 && net.network().segments()[0] < 0xfc00,
    }
}

/// Whether a known range certainly reaches beyond every VPC that is made here.
fn is_elsewhere(context: &RuleContext<'_>, cidr: &Cidr) -> bool {
    let network = &context.model.network;
    let beyond = |vpc: VpcId| {
        let vpc = network.vpc(vpc);
        let beyond = |own: &Fact<Cidr>| own.satisfies(|own| Truth::known(!may_hold(own, cidr))).is_yes();
        vpc.cidrs_open.is_none() && vpc.cidrs.iter().all(beyond)
    };
    let private = matches!(cidr, Cidr::Net(_)) && cidr.holds_public().is_no();
    let mut vpcs = network.vpc_ids().peekable();
    // Without a VPC in sight, private addresses may be those of the one that this is for.
    matches!(cidr, Cidr::Net(_)) && (!private || vpcs.peek().is_some()) && vpcs.all(beyond)
}

fn may_hold(outer: &Cidr, inner: &Cidr) -> bool {
    matches!(outer.covers(inner), Coverage::All | Coverage::Unknown)
}

/// How bad it is, with a word on what carries the group; none where it concerns no instance.
fn severity(source: &Source, rule: &GroupRule, used: &Use) -> Option<(Severity, Option<String>)> {
    let all_traffic = rule.ports.is_all().is_yes() || rule.ports.describe() == "tcp 0-65535";
    let severity = match source.kind {
        SourceKind::World => Severity::Error,
        SourceKind::ConnectEndpoint => Severity::Info,
        SourceKind::Members | SourceKind::Private if all_traffic => Severity::Info,
        SourceKind::Members | SourceKind::Private | SourceKind::Elsewhere => Severity::Warning,
    };
    if !used.targets.is_empty() {
        return Some((severity, None));
    }
    if used.by_endpoint {
        // Nothing listens there; but such a group is easily given to an instance too.
        let wide = source.kind == SourceKind::World;
        return wide.then(|| (Severity::Info, Some("only endpoints carry this group".to_owned())));
    }
    if used.by_others {
        return None;
    }
    Some((severity, Some("nothing in this configuration carries this group yet".to_owned())))
}
