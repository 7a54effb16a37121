//! Security groups: their effective rules from all spellings, and whom they admit.

use std::net::IpAddr;

use ecow::EcoString;
use ipnet::{IpNet, Ipv4Net};

use crate::aws::Declaration;
use crate::aws::cidr::{Cidr, Coverage, Family, cover};
use crate::aws::conflict::Conflict;
use crate::aws::fact::{Answer, Basis, Evidence, Fact, Known, Reason, reasons};
use crate::aws::link::{GroupId, Link, LinkSet, PrefixListId, Ref, SubnetId, VpcId};
use crate::aws::network::{Network, Origin};
use crate::eval::origin::OriginId;
use crate::eval::value::Causes;
use crate::source::Span;
use crate::truth::Truth;

/// A security group.
#[derive(Clone, Debug)]
pub struct Group {
    /// Where it comes from.
    pub declaration: Declaration,
    /// How far the configuration decides what it is.
    pub origin: Origin,
    /// Whether it is the default group of its VPC.
    pub is_default: bool,
    /// For a default group: whether an `aws_default_security_group` manages it.
    pub adopted: Truth,
    /// `name`.
    pub name: Fact<Option<EcoString>>,
    /// Its VPC.
    pub vpc: Ref<VpcId>,
    /// Further VPCs in which interfaces may carry it, each by an `aws_vpc_security_group_vpc_association`:
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-assoc.html>.
    pub associated: Vec<Ref<VpcId>>,
    /// What it lets in.
    pub ingress: RuleSet,
    /// What it lets out.
    pub egress: RuleSet,
}

/// The rules of one direction.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    /// All rules, certain and possible, removed ones too (`exists` is `No`).
    pub rules: Vec<Rule>,
    /// Why there may be further rules.
    pub open: Vec<Reason>,
    /// The first inline block or the attribute, when the argument is written.
    pub inline: Option<Span>,
    /// Inline rules and rule resources manage the same rules: the first rule resource in conflict.
    pub conflict: Option<Conflict>,
}

/// The direction of traffic as seen from the interface that carries the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// To the interface.
    Ingress,
    /// From the interface.
    Egress,
}

/// How a rule is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spelling {
    /// `ingress` or `egress` within the group.
    Inline,
    /// `aws_security_group_rule`.
    RuleResource,
    /// `aws_vpc_security_group_ingress_rule` or `…_egress_rule`.
    VpcRuleResource,
    /// AWS made it with the default group.
    Implicit,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The block or resource that makes it.
    pub declaration: Declaration,
    /// Whether it is there where its group is.
    pub there: Truth,
    /// How it is written.
    pub spelling: Spelling,
    /// Its direction.
    pub direction: Direction,
    /// The ports.
    pub ports: Ports,
    /// Whom it admits.
    pub peers: Vec<Peer>,
    /// Why it may admit further peers.
    pub open: Option<Causes>,
    /// Why it may not be in effect although it is declared.
    pub doubt: Option<Reason>,
    /// What removes it: an exclusive list that does not hold it.
    pub removed_by: Option<Span>,
}

/// The protocol and ports of a rule.
#[derive(Clone, Debug)]
pub struct Ports {
    /// `tcp`, `udp`, `-1`, …; numbers that stand for them are translated, letters are lower case.
    pub protocol: Fact<EcoString>,
    /// First port; `None` when not written.
    pub from: Fact<Option<i64>>,
    /// Last port; `None` when not written.
    pub to: Fact<Option<i64>>,
}

/// One peer of a rule.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Who.
    pub kind: PeerKind,
    /// Whether this peer is there.
    pub exists: Truth,
    /// The step that made the value.
    pub origin: OriginId,
    /// The argument.
    pub span: Option<Span>,
}

/// Whom a rule admits.
#[derive(Clone, Debug)]
pub enum PeerKind {
    /// A range of addresses.
    Cidr(Known<Cidr>),
    /// The members of a group.
    Group(Link<GroupId>),
    /// The members of the group itself.
    Itself,
    /// The ranges of a prefix list.
    PrefixList(Link<PrefixListId>),
}

/// A prefix list.
#[derive(Clone, Debug)]
pub struct PrefixList {
    /// Where it comes from.
    pub declaration: Declaration,
    /// How far the configuration decides what it is.
    pub origin: Origin,
    /// Its entries.
    pub entries: Vec<PrefixListEntry>,
    /// Why it may have further entries.
    pub open: Option<Causes>,
    /// Whether AWS keeps it for a service of its own: it holds none of the addresses within a VPC.
    pub of_service: bool,
}

/// An entry of a prefix list.
#[derive(Clone, Debug)]
pub struct PrefixListEntry {
    /// The range.
    pub cidr: Fact<Cidr>,
    /// Whether it is there.
    pub exists: Truth,
}

/// The other side of a connection.
#[derive(Clone, Debug)]
pub enum Party<'a> {
    /// An interface: its subnet, its fixed address if it has one, and its groups.
    Interface {
        /// The subnet.
        subnet: SubnetId,
        /// Whether the connection is by IPv6, as one of its ends has nothing else.
        by_v6: Truth,
        /// The fixed private address.
        address: Option<IpAddr>,
        /// The groups.
        groups: &'a LinkSet<GroupId>,
    },
    /// An interface in a subnet of a VPC that is not known which.
    Somewhere {
        /// The VPC.
        vpc: VpcId,
        /// The fixed private address.
        address: Option<IpAddr>,
        /// The groups.
        groups: &'a LinkSet<GroupId>,
    },
    /// What AWS answers from on the internet: a public IPv4 address that is not known.
    Internet,
    /// Every interface of a VPC.
    Vpc(VpcId),
}

/// Whether groups admit a party.
#[derive(Clone, Debug)]
pub struct Admission {
    /// The answer; its evidence is the rule that admits, or the nearest that does not.
    pub answer: Answer,
    /// How much of the party's addresses is admitted.
    pub coverage: Coverage,
    /// The rules that admit the port, with whom each of them admits, for messages.
    pub candidates: Vec<(GroupId, usize)>,
}

impl Group {
    /// A group of which only the identity is known.
    pub fn outside(declaration: Declaration) -> Group {
        let span = declaration.decl_range;
        Group {
            origin: Origin::of(&declaration),
            is_default: false,
            adopted: Truth::No,
            name: Fact::unknown(Causes::new(), span),
            vpc: Ref::default(Link::Unknown(Causes::new()), span),
            associated: Vec::new(),
            ingress: RuleSet::default(),
            egress: RuleSet::default(),
            declaration,
        }
    }

    /// Whether interfaces in a VPC may carry it.
    pub fn serves(&self, vpc: VpcId) -> Truth {
        Truth::any(std::iter::once(&self.vpc).chain(&self.associated).map(|own| own.link.is(vpc)))
    }

    /// The rules of a direction.
    pub fn rules(&self, direction: Direction) -> &RuleSet {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }

    /// The rules of a direction, to change.
    pub fn rules_mut(&mut self, direction: Direction) -> &mut RuleSet {
        match direction {
            Direction::Ingress => &mut self.ingress,
            Direction::Egress => &mut self.egress,
        }
    }
}

impl Ports {
    /// All protocols and ports.
    pub fn all(span: Option<Span>) -> Ports {
        Ports {
            protocol: Fact::default("-1".into(), span),
            from: Fact::default(None, span),
            to: Fact::default(None, span),
        }
    }

    /// Whether every protocol and port is meant.
    pub fn is_all(&self) -> Truth {
        self.protocol.satisfies(|protocol| Truth::known(protocol == "-1"))
    }

    /// Whether the TCP port is among them.
    pub fn holds_tcp(&self, port: i64) -> Truth {
        let protocol = self.protocol.satisfies(|protocol| Truth::known(protocol == "tcp"));
        // A port that is not written is none: the provider refuses it for TCP.
        let from = self.from.satisfies(|from| Truth::known(from.is_some_and(|from| from <= port)));
        let to = self.to.satisfies(|to| Truth::known(to.is_some_and(|to| port <= to)));
        self.is_all() | Truth::all([protocol, from, to])
    }

    /// How they are written in messages: `tcp 443`, `tcp 0-65535`, `all traffic`.
    pub fn describe(&self) -> String {
        let Some(protocol) = self.protocol.value() else { return "a protocol that is not known".to_owned() };
        if protocol == "-1" {
            return "all traffic".to_owned();
        }
        match (self.from.value(), self.to.value()) {
            (Some(Some(from)), Some(Some(to))) if from == to => format!("{protocol} {from}"),
            (Some(Some(from)), Some(Some(to))) => format!("{protocol} {from}-{to}"),
            _ => format!("{protocol} on ports that are not known"),
        }
    }

    /// What is not known of them.
    pub fn reasons(&self) -> Vec<Reason> {
        let mut result = Vec::new();
        for (causes, span) in [
            (self.protocol.value.causes(), self.protocol.span),
            (self.from.value.causes(), self.from.span),
            (self.to.value.causes(), self.to.span),
        ] {
            if let Some(causes) = causes {
                result.extend(reasons(causes, span));
            }
        }
        result
    }

    /// The argument that decides the port, for evidence.
    pub fn evidence(&self, note: impl Into<String>) -> Evidence {
        let fact_span = self.from.span.filter(|_| self.from.basis == Basis::Configured);
        Evidence {
            span: fact_span.or(self.protocol.span),
            origin: if fact_span.is_some() { self.from.origin } else { self.protocol.origin },
            note: note.into(),
        }
    }
}

/// Protocol names as the provider spells them.
pub fn protocol_name(text: &str) -> EcoString {
    match text.to_ascii_lowercase().as_str() {
        "all" | "-1" => "-1".into(),
        "6" => "tcp".into(),
        "17" => "udp".into(),
        "1" => "icmp".into(),
        "58" => "icmpv6".into(),
        other => other.into(),
    }
}

impl Rule {
    /// The place of the rule as evidence.
    pub fn evidence(&self, note: impl Into<String>) -> Evidence {
        Evidence {
            span: self.declaration.decl_range,
            origin: self.declaration.exists_because,
            note: note.into(),
        }
    }

    /// Whether it is in effect where its group exists, doubts included.
    pub fn in_effect(&self) -> Truth {
        // What is removed, or of another group, is not there either.
        let exists = if self.declaration.exists.is_unknown() { self.there } else { self.declaration.exists };
        match self.doubt {
            Some(_) => exists & Truth::Unknown,
            None => exists,
        }
    }

    /// Whether it has no peer at all and so matches nothing.
    pub fn has_no_peer(&self) -> Truth {
        if self.peers.iter().any(|peer| peer.exists.is_yes()) {
            Truth::No
        } else if self.peers.is_empty() && self.open.is_none() {
            Truth::Yes
        } else {
            Truth::Unknown
        }
    }
}

/// How a rule relates to a party.
struct Match {
    truth: Truth,
    evidence: Evidence,
    reasons: Vec<Reason>,
}

impl Network {
    /// Whether interfaces in a VPC certainly may not carry a group: it belongs to another one, and nothing associates it.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-assoc.html>.
    pub fn is_foreign(&self, id: GroupId, vpc: VpcId) -> bool {
        let group = self.group(id);
        let is_made_here = |vpc: VpcId| self.vpc(vpc).declaration.is_managed();
        // A group without `vpc_id` is made in the account's default VPC, which no `aws_vpc` is.
        let known = std::iter::once(&group.vpc)
            .chain(&group.associated)
            .all(|own| own.basis == Basis::ProviderDefault || own.link.to().is_some_and(is_made_here));
        group.declaration.is_managed()
            && group.declaration.exists.is_yes()
            && is_made_here(vpc)
            && known
            && group.serves(vpc).is_no()
            && self.hidden_in_group(id).is_empty()
    }

    /// Whether any of the groups lets TCP traffic on the port to or from the party.
    pub fn admits(
        &self,
        groups: &LinkSet<GroupId>,
        direction: Direction,
        port: i64,
        party: &Party<'_>,
    ) -> Admission {
        let mut matches: Vec<Match> = Vec::new();
        let mut candidates = Vec::new();
        let mut nets: Vec<IpNet> = Vec::new();
        let mut open: Vec<Reason> = groups.reasons();
        let mut nearest: Vec<Evidence> = Vec::new();
        for member in &groups.members {
            let group = self.group(member.to);
            let set = group.rules(direction);
            for (index, rule) in set.rules.iter().enumerate() {
                let holds = rule.ports.holds_tcp(port);
                let effect = rule.in_effect();
                if effect.is_no() || holds.is_no() {
                    continue;
                }
                candidates.push((member.to, index));
                let applies = effect & holds & member.certain;
                for peer in &rule.peers {
                    let (peer_truth, mut why) = self.peer_matches(member.to, direction, peer, party);
                    let truth = applies & peer.exists & peer_truth;
                    if applies.is_yes() && peer.exists.is_yes() {
                        self.collect_nets(peer, &mut nets);
                    }
                    if truth.is_no() {
                        continue;
                    }
                    if truth.is_unknown() {
                        why.extend(rule.ports.reasons());
                        why.extend(rule.doubt.clone());
                        if !rule.declaration.exists.is_yes() && !rule.there.is_yes() {
                            let text = format!("whether {} exists is not known", rule.declaration.address);
                            why.push(Reason::new(text, rule.declaration.decl_range));
                        }
                        if why.is_empty() {
                            why.push(Reason::new("whether this rule applies is not known", peer.span));
                        }
                    }
                    let note = format!("{} admits {}", rule.ports.describe(), self.describe_peer(peer));
                    let mut evidence = rule.evidence(note);
                    if peer.span.is_some() && rule.declaration.decl_range.is_none() {
                        evidence.span = peer.span;
                    }
                    matches.push(Match { truth, evidence, reasons: why });
                }
                if let Some(causes) = &rule.open {
                    let why = reasons(causes, rule.declaration.decl_range);
                    let evidence = rule.evidence("its peers are not known");
                    matches.push(Match { truth: Truth::Unknown & applies, evidence, reasons: why });
                }
                nearest.push(rule.evidence(format!("{} does not admit it", rule.ports.describe())));
            }
            open.extend(set.open.iter().cloned());
            open.extend(self.hidden_in_group(member.to));
        }
        for rule in self.unplaced_rules.iter().filter(|rule| rule.direction == direction) {
            if !rule.ports.holds_tcp(port).is_no() && !rule.in_effect().is_no() {
                let text = format!("the group of {} is not known", rule.declaration.address);
                open.push(Reason::new(text, rule.declaration.decl_range));
            }
        }

        if let Some(found) = matches.iter().position(|found| found.truth.is_yes()) {
            let found = matches.swap_remove(found);
            return Admission { answer: Answer::yes(found.evidence), coverage: Coverage::All, candidates };
        }
        let coverage = self.coverage(&nets, party);
        if coverage == Coverage::All {
            let answer = Answer { evidence: nearest, ..Answer::new(Truth::Yes) };
            return Admission { answer, coverage, candidates };
        }
        let mut why: Vec<Reason> = matches.iter().flat_map(|found| found.reasons.clone()).collect();
        why.extend(open);
        // What else may be admitted may be the rest.
        let coverage =
            if coverage == Coverage::Part && !why.is_empty() { Coverage::Unknown } else { coverage };
        if coverage == Coverage::Part {
            let at = nearest.first().and_then(|evidence| evidence.span);
            why.push(Reason::new("the rules cover only a part of the addresses", at));
        }
        dedup(&mut why);
        if !why.is_empty() {
            let evidence: Vec<Evidence> = matches.into_iter().map(|found| found.evidence).collect();
            let evidence = if evidence.is_empty() { nearest } else { evidence };
            let coverage = if coverage == Coverage::Part { coverage } else { Coverage::Unknown };
            return Admission {
                answer: Answer { truth: Truth::Unknown, evidence, reasons: why },
                coverage,
                candidates,
            };
        }
        if nearest.is_empty() {
            for member in &groups.members {
                let group = self.group(member.to);
                let word = match direction {
                    Direction::Ingress => "no ingress",
                    Direction::Egress => "no egress",
                };
                let note = format!("{} admits {word} on port {port}", group.declaration.address);
                nearest.push(group.declaration.evidence(note));
            }
        }
        Admission {
            answer: Answer { truth: Truth::No, evidence: nearest, reasons: Vec::new() },
            coverage: Coverage::None,
            candidates,
        }
    }

    /// The known ranges of a peer.
    fn collect_nets(&self, peer: &Peer, into: &mut Vec<IpNet>) {
        match &peer.kind {
            PeerKind::Cidr(Known::Value(Cidr::Net(net))) => into.push(*net),
            PeerKind::PrefixList(Link::To(id)) => {
                for entry in &self.prefix_list(*id).entries {
                    if let (Some(Cidr::Net(net)), Truth::Yes) = (entry.cidr.value(), entry.exists) {
                        into.push(*net);
                    }
                }
            }
            PeerKind::Cidr(_) | PeerKind::PrefixList(_) | PeerKind::Group(_) | PeerKind::Itself => {}
        }
    }

    /// How much of the party's addresses known ranges cover together.
    fn coverage(&self, nets: &[IpNet], party: &Party<'_>) -> Coverage {
        if nets.is_empty() {
            return Coverage::None;
        }
        let of = |cidr: &Known<Cidr>| match cidr {
            Known::Value(Cidr::Net(inner)) => cover(nets, inner),
            Known::Value(Cidr::Symbol(_)) | Known::OneOf(_) | Known::Unknown(_) => Coverage::Unknown,
        };
        match party {
            Party::Interface { address: Some(address), .. }
            | Party::Somewhere { address: Some(address), .. } => {
                if nets.iter().any(|net| net.contains(address)) { Coverage::All } else { Coverage::None }
            }
            Party::Interface { subnet, by_v6, address: None, .. } => of(&self.addresses_of(*subnet, *by_v6)),
            Party::Internet => {
                let may_hold = |net: &&IpNet| !Cidr::Net(**net).holds_public().is_no();
                let public: Vec<IpNet> = nets.iter().filter(may_hold).copied().collect();
                match cover(&public, &IpNet::V4(Ipv4Net::default())) {
                    Coverage::All => Coverage::All,
                    _ if public.is_empty() => Coverage::None,
                    // Ranges that leave any public address out may leave out this one.
                    Coverage::Part | Coverage::None | Coverage::Unknown => Coverage::Unknown,
                }
            }
            Party::Vpc(vpc) | Party::Somewhere { vpc, address: None, .. } => {
                let one_of_many = matches!(party, Party::Somewhere { .. });
                let vpc = self.vpc(*vpc);
                let all: Vec<Coverage> = vpc.cidrs.iter().map(|fact| of(&fact.value)).collect();
                match all.as_slice() {
                    [] => Coverage::Unknown,
                    [first, rest @ ..] if rest.iter().all(|other| other == first) => match first {
                        Coverage::Part if one_of_many => Coverage::Unknown,
                        Coverage::All if one_of_many && vpc.cidrs_open.is_some() => Coverage::Unknown,
                        first @ (Coverage::All | Coverage::Part | Coverage::None | Coverage::Unknown) => {
                            *first
                        }
                    },
                    _ if one_of_many => Coverage::Unknown,
                    _ => Coverage::Part,
                }
            }
        }
    }

    /// Whether a peer of a rule of `owner` is the party, and why that is not known.
    fn peer_matches(
        &self,
        owner: GroupId,
        direction: Direction,
        peer: &Peer,
        party: &Party<'_>,
    ) -> (Truth, Vec<Reason>) {
        match &peer.kind {
            PeerKind::Cidr(known) => self.range_matches(known, peer.span, party),
            PeerKind::Itself => self.member_matches(&Link::To(owner), peer.span, party),
            PeerKind::Group(link) => {
                let (truth, mut why) = self.member_matches(link, peer.span, party);
                let seen = if truth.is_no() { Truth::Yes } else { self.sees(owner, direction, party) };
                if seen.is_unknown() {
                    let text = "whether rules may name groups across the transit gateway is not known";
                    why.push(Reason::new(text, peer.span));
                }
                let truth = truth & seen;
                (truth, if truth.is_unknown() { why } else { Vec::new() })
            }
            PeerKind::PrefixList(link) => {
                if link.candidates().is_empty() {
                    let causes =
                        if let Link::Unknown(causes) = link { causes.clone() } else { Causes::new() };
                    return (Truth::Unknown, reasons(&causes, peer.span));
                }
                let mut truth = Truth::No;
                let mut why = Vec::new();
                for id in link.candidates() {
                    let list = self.prefix_list(*id);
                    // Nor has any of these lists the addresses of Systems Manager:
                    // <https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html>.
                    if list.of_service {
                        continue;
                    }
                    for entry in &list.entries {
                        let (one, more) = self.range_matches(&entry.cidr.value, entry.cidr.span, party);
                        truth = truth | (one & entry.exists);
                        why.extend(more);
                    }
                    if list.open.is_some() || !list.origin.is_closed() {
                        truth = truth | Truth::Unknown;
                        let text = format!("the entries of {} are not known", list.declaration.address);
                        why.push(Reason::new(text, peer.span));
                    }
                }
                if link.candidates().len() > 1 {
                    truth = truth & Truth::Unknown;
                }
                (truth, if truth.is_unknown() { why } else { Vec::new() })
            }
        }
    }

    /// Whether the rules of a group see the groups of the party, which may be in another VPC.
    fn sees(&self, owner: GroupId, direction: Direction, party: &Party<'_>) -> Truth {
        let vpc = match party {
            Party::Interface { subnet, .. } => self.subnet(*subnet).vpc.link.to(),
            Party::Somewhere { vpc, .. } => Some(*vpc),
            Party::Internet | Party::Vpc(_) => None,
        };
        let group = self.group(owner);
        match (group.vpc.link.to(), vpc) {
            (Some(own), Some(vpc)) if group.associated.is_empty() && own != vpc => {
                self.refers(own, vpc, direction)
            }
            _ => Truth::Yes,
        }
    }

    fn range_matches(
        &self,
        known: &Known<Cidr>,
        span: Option<Span>,
        party: &Party<'_>,
    ) -> (Truth, Vec<Reason>) {
        if let Known::Unknown(causes) = known {
            return (Truth::Unknown, reasons(causes, span));
        }
        let truth = match party {
            Party::Interface { subnet, by_v6, address, .. } => {
                if let Some(address) = address {
                    let by_address = known.satisfies(|cidr| cidr.covers_address(*address));
                    if !by_address.is_unknown() {
                        return (by_address, Vec::new());
                    }
                }
                self.range_covers_subnet(known, *subnet, *by_v6)
            }
            Party::Internet => known.satisfies(Cidr::holds_public),
            Party::Somewhere { vpc, address, .. } => {
                if let Some(address) = address {
                    let by_address = known.satisfies(|cidr| cidr.covers_address(*address));
                    if !by_address.is_unknown() {
                        return (by_address, Vec::new());
                    }
                }
                let vpc = self.vpc(*vpc);
                let covers = |outer: &Cidr, inner: &Cidr| match outer.covers(inner) {
                    Coverage::All => Truth::Yes,
                    Coverage::None => Truth::No,
                    Coverage::Part | Coverage::Unknown => Truth::Unknown,
                };
                let mut ranges = vpc
                    .cidrs
                    .iter()
                    .map(|inner| known.satisfies(|outer| inner.satisfies(|inner| covers(outer, inner))));
                let first = ranges.next().filter(|_| vpc.cidrs_open.is_none()).unwrap_or(Truth::Unknown);
                let all = if ranges.all(|other| other == first) { first } else { Truth::Unknown };
                known.satisfies(Cidr::is_anywhere) | all
            }
            Party::Vpc(vpc) => {
                let vpc = self.vpc(*vpc);
                let all = vpc.cidrs.iter().map(|inner| {
                    known.satisfies(|outer| inner.satisfies(|inner| part_is_no(outer.covers(inner))))
                });
                let all = Truth::all(all);
                if vpc.cidrs.is_empty() || (vpc.cidrs_open.is_some() && all.is_yes()) {
                    known.satisfies(Cidr::is_anywhere) | Truth::Unknown
                } else {
                    all
                }
            }
        };
        let why = if truth.is_unknown() {
            let causes = symbol_causes(known);
            if causes.is_empty() {
                vec![Reason::new("whether this range covers the addresses is not known", span)]
            } else {
                reasons(&causes, span)
            }
        } else {
            Vec::new()
        };
        (truth, why)
    }

    /// Whether a range covers all addresses of a subnet; a part of it counts as not covered by this range alone.
    fn range_covers_subnet(&self, known: &Known<Cidr>, id: SubnetId, by_v6: Truth) -> Truth {
        let subnet = self.subnet(id);
        let own = self.addresses_of(id, by_v6);
        let direct = known.satisfies(|outer| own.satisfies(|inner| part_is_no(outer.covers(inner))));
        if !direct.is_unknown() {
            return direct;
        }
        // Of the two families the addresses of a subnet are of the one that the connection has.
        let by_family = known.satisfies(|outer| {
            let whole = if outer.is_anywhere().is_yes() { Truth::Yes } else { Truth::Unknown };
            match outer.family() {
                Some(Family::V4) => whole & !by_v6,
                Some(Family::V6) => whole & by_v6,
                None => Truth::Unknown,
            }
        });
        if !by_family.is_unknown() || !by_v6.is_no() {
            return by_family;
        }
        // A subnet lies in its VPC, so a range that covers all of the VPC's covers it.
        let Link::To(vpc) = subnet.vpc.link else { return Truth::Unknown };
        let vpc = self.vpc(vpc);
        if vpc.cidrs.is_empty() || vpc.cidrs_open.is_some() {
            return Truth::Unknown;
        }
        let v4 = vpc.cidrs.iter().filter(|fact| !is_v6(&fact.value));
        let mut any = false;
        let covers_all = Truth::all(v4.map(|inner| {
            any = true;
            known.satisfies(|outer| inner.satisfies(|inner| part_is_no(outer.covers(inner))))
        }));
        if any && covers_all.is_yes() {
            return Truth::Yes;
        }
        // Nor does one that lies wholly outside of the VPC.
        let disjoint = vpc.cidrs.iter().all(|inner| {
            known.satisfies(|outer| {
                inner.satisfies(|inner| match (outer, inner) {
                    (Cidr::Net(a), Cidr::Net(b)) => Truth::known(!a.contains(b) && !b.contains(a)),
                    _ => Truth::Unknown,
                })
            }) == Truth::Yes
        });
        if any && disjoint { Truth::No } else { Truth::Unknown }
    }

    fn member_matches(
        &self,
        link: &Link<GroupId>,
        span: Option<Span>,
        party: &Party<'_>,
    ) -> (Truth, Vec<Reason>) {
        let groups = match party {
            Party::Interface { groups, .. } | Party::Somewhere { groups, .. } => groups,
            Party::Internet | Party::Vpc(_) => return (Truth::No, Vec::new()),
        };
        let candidates = link.candidates();
        if candidates.is_empty() {
            return match link {
                Link::Unknown(causes) => (Truth::Unknown, reasons(causes, span)),
                Link::Outside(_) | Link::To(_) | Link::OneOf(_) => (Truth::No, Vec::new()),
            };
        }
        let all = candidates.iter().map(|id| self.may_be_member(groups, *id));
        let mut truths = all;
        let first = truths.next().unwrap_or(Truth::Unknown);
        let truth = if truths.all(|truth| truth == first) { first } else { Truth::Unknown };
        let why = if truth.is_unknown() {
            let mut why = groups.reasons();
            if why.is_empty() {
                why.push(Reason::new("which group this is is not known", span));
            }
            why
        } else {
            Vec::new()
        };
        (truth, why)
    }

    /// Whether a group is in the set; one that is only named may be any that is only looked up.
    fn may_be_member(&self, groups: &LinkSet<GroupId>, id: GroupId) -> Truth {
        let direct = groups.contains(id);
        if !direct.is_no() || self.group(id).origin.is_closed() {
            return direct;
        }
        let stranger = groups.ids().any(|other| !self.group(other).origin.is_closed());
        if stranger { Truth::Unknown } else { Truth::No }
    }

    /// A peer in messages.
    pub fn describe_peer(&self, peer: &Peer) -> String {
        let group = |id: &GroupId| self.group(*id).declaration.address.clone();
        match &peer.kind {
            PeerKind::Cidr(Known::Value(cidr)) => cidr.describe(),
            PeerKind::Cidr(_) => "a range that is not known".to_owned(),
            PeerKind::Itself => "members of the group itself".to_owned(),
            PeerKind::Group(Link::To(id)) => group(id),
            PeerKind::Group(Link::Outside(text)) => text.clone(),
            PeerKind::Group(_) => "a group that is not known".to_owned(),
            PeerKind::PrefixList(Link::To(id)) => self.prefix_list(*id).declaration.address.clone(),
            PeerKind::PrefixList(Link::Outside(text)) => text.clone(),
            PeerKind::PrefixList(_) => "a prefix list that is not known".to_owned(),
        }
    }
}

/// A range that covers a part does not cover the whole; unions are judged apart.
fn part_is_no(coverage: Coverage) -> Truth {
    match coverage {
        Coverage::All => Truth::Yes,
        Coverage::None | Coverage::Part => Truth::No,
        Coverage::Unknown => Truth::Unknown,
    }
}

fn is_v6(known: &Known<Cidr>) -> bool {
    matches!(known, Known::Value(Cidr::Net(IpNet::V6(_))))
}

fn symbol_causes(known: &Known<Cidr>) -> Causes {
    let mut causes: Vec<_> = known.alternatives().iter().flat_map(|cidr| cidr.causes().to_vec()).collect();
    causes.sort();
    causes.dedup();
    causes.into()
}

fn dedup(reasons: &mut Vec<Reason>) {
    let mut seen: Vec<Reason> = Vec::new();
    reasons.retain(|reason| {
        if seen.contains(reason) {
            return false;
        }
        seen.push(reason.clone());
        true
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(protocol: &str, from: Option<i64>, to: Option<i64>) -> Ports {
        Ports {
            protocol: Fact::default(protocol_name(protocol), None),
            from: Fact::default(from, None),
            to: Fact::default(to, None),
        }
    }

    #[test]
    fn ports_hold_what_lies_between() {
        assert_eq!(ports("tcp", Some(443), Some(443)).holds_tcp(443), Truth::Yes);
        assert_eq!(ports("TCP", Some(0), Some(65535)).holds_tcp(443), Truth::Yes);
        assert_eq!(ports("6", Some(80), Some(80)).holds_tcp(443), Truth::No);
        assert_eq!(ports("udp", Some(443), Some(443)).holds_tcp(443), Truth::No);
        assert_eq!(ports("-1", None, None).holds_tcp(443), Truth::Yes);
        assert_eq!(ports("all", Some(0), Some(0)).holds_tcp(443), Truth::Yes);
    }

    #[test]
    fn tcp_zero_to_zero_is_port_zero_only() {
        assert_eq!(ports("tcp", Some(0), Some(0)).holds_tcp(443), Truth::No);
        assert_eq!(ports("tcp", Some(443), Some(0)).holds_tcp(443), Truth::No);
    }

    #[test]
    fn an_unknown_port_leaves_it_open() {
        let mut rule = ports("tcp", Some(443), Some(443));
        rule.to = Fact::unknown(Causes::new(), None);
        assert_eq!(rule.holds_tcp(443), Truth::Unknown);
        assert_eq!(rule.holds_tcp(80), Truth::No);
    }
}
