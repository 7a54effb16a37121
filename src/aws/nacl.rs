//! Network ACLs: ordered, stateless, first match wins.

use std::sync::OnceLock;

use ecow::EcoString;

use crate::aws::Declaration;
use crate::aws::cidr::{Cidr, Coverage};
use crate::aws::conflict::Conflict;
use crate::aws::fact::{Answer, Evidence, Fact, Known, Reason};
use crate::aws::link::{AclId, Link, Ref, SubnetId, VpcId};
use crate::aws::network::{GatewayKind, Network, Origin};
use crate::aws::security_group::Direction;
use crate::source::Span;
use crate::truth::Truth;

/// The ports that instances choose for their side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ephemeral {
    /// 32768-61000.
    Linux,
    /// 49152-65535.
    Windows,
    /// The operating system is not known: what holds for both is certain.
    Unknown,
}

impl Ephemeral {
    /// The first and last port.
    pub fn range(self) -> (i64, i64) {
        match self {
            Ephemeral::Linux => (32768, 60999),
            Ephemeral::Windows => (49152, 65535),
            Ephemeral::Unknown => (32768, 65535),
        }
    }
}

/// A network ACL.
#[derive(Clone, Debug)]
pub struct Acl {
    /// Where it comes from.
    pub declaration: Declaration,
    /// How far the configuration decides what it is.
    pub origin: Origin,
    /// Whether it is the default ACL of its VPC.
    pub is_default: bool,
    /// For a default ACL: whether an `aws_default_network_acl` manages it.
    pub adopted: Truth,
    /// Its VPC.
    pub vpc: Ref<VpcId>,
    /// What it lets in.
    pub ingress: Entries,
    /// What it lets out.
    pub egress: Entries,
    /// A subnet in `subnet_ids` that an `aws_network_acl_association` names too.
    pub subnet_conflict: Option<Conflict>,
}

/// The entries of one direction.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    /// All entries; those with known numbers in order of the number, then the others.
    pub entries: Vec<Entry>,
    /// Why there may be further entries.
    pub open: Vec<Reason>,
    /// The first inline block or the attribute, when the argument is written.
    pub inline: Option<Span>,
    /// Inline entries and `aws_network_acl_rule` manage the same entries: the first resource in conflict.
    pub conflict: Option<Conflict>,
}

/// One entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The block or resource that makes it.
    pub declaration: Declaration,
    /// Whether it is an `aws_network_acl_rule` of its own.
    pub standalone: bool,
    /// Its number.
    pub number: Fact<Option<i64>>,
    /// Whether it allows.
    pub allows: Fact<bool>,
    /// `tcp`, `udp`, `-1`, …
    pub protocol: Fact<EcoString>,
    /// First port.
    pub from: Fact<Option<i64>>,
    /// Last port.
    pub to: Fact<Option<i64>>,
    /// The range of the other side, of either family; `None` when it has none.
    pub cidr: Fact<Option<Cidr>>,
    /// What [`Entry::describe`] says, once it was asked: every target's look-ups come to the same few entries.
    pub text: OnceLock<String>,
}

impl Acl {
    /// The entries of a direction.
    pub fn entries(&self, direction: Direction) -> &Entries {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }

    /// The entries of a direction, to change.
    pub fn entries_mut(&mut self, direction: Direction) -> &mut Entries {
        match direction {
            Direction::Ingress => &mut self.ingress,
            Direction::Egress => &mut self.egress,
        }
    }
}

impl Entry {
    fn holds(&self, from: i64, to: i64, remote: &Remote) -> Truth {
        let protocol =
            self.protocol.satisfies(|protocol| Truth::known(protocol == "tcp" || protocol == "-1"));
        let all = self.protocol.satisfies(|protocol| Truth::known(protocol == "-1"));
        let first = self.from.satisfies(|first| Truth::known(first.is_some_and(|first| first <= from)));
        let last = self.to.satisfies(|last| Truth::known(last.is_some_and(|last| to <= last)));
        let ports = all | (first & last);
        let range = self.cidr.satisfies(|cidr| match cidr {
            None => Truth::No,
            Some(outer) => match remote {
                Remote::Internet => outer.holds_public(),
                Remote::Range(Known::Unknown(_)) => match outer {
                    Cidr::Net(net) if net.prefix_len() == 0 && !net.addr().is_ipv6() => Truth::Yes,
                    Cidr::Net(_) | Cidr::Symbol(_) => Truth::Unknown,
                },
                Remote::Range(range) => range.satisfies(|inner| match outer.covers(inner) {
                    Coverage::All => Truth::Yes,
                    Coverage::None => Truth::No,
                    Coverage::Part | Coverage::Unknown => Truth::Unknown,
                }),
            },
        });
        Truth::all([self.declaration.exists, protocol, ports, range])
    }

    /// How it is written in messages: `rule 100 allows tcp 443`.
    pub fn describe(&self) -> &str {
        self.text.get_or_init(|| self.to_text())
    }

    fn to_text(&self) -> String {
        let number = match self.number.value() {
            Some(Some(number)) => format!("rule {number}"),
            _ => "a rule".to_owned(),
        };
        let verb = match self.allows.value() {
            Some(true) => "allows",
            Some(false) => "denies",
            None => "allows or denies",
        };
        let ports = match (self.protocol.value().map(EcoString::as_str), self.from.value(), self.to.value()) {
            (Some("-1"), ..) => "all traffic".to_owned(),
            (Some(protocol), Some(Some(from)), Some(Some(to))) if from == to => format!("{protocol} {from}"),
            (Some(protocol), Some(Some(from)), Some(Some(to))) => format!("{protocol} {from}-{to}"),
            _ => "ports that are not known".to_owned(),
        };
        let range = match self.cidr.value() {
            Some(Some(cidr)) => format!(" for {}", cidr.describe()),
            _ => String::new(),
        };
        format!("{number} {verb} {ports}{range}")
    }
}

/// What an ACL does with one range of ports.
struct Verdict {
    allowed: Truth,
    by: Vec<Evidence>,
    /// Whether some of the addresses certainly pass and others certainly do not.
    in_part: bool,
}

/// How many pieces a range of addresses is cut into; what is left whole is not known where an entry holds a part of it.
const MAX_PIECES: usize = 32;

impl Remote {
    /// The addresses, cut so that each of the entries holds all or none of a piece.
    fn pieces(&self, entries: &[Entry]) -> Vec<Remote> {
        let Remote::Range(Known::Value(Cidr::Net(whole))) = self else { return vec![self.clone()] };
        let mut pieces = vec![*whole];
        for entry in entries {
            let Some(Some(Cidr::Net(net))) = entry.cidr.value() else { continue };
            while let Some(at) = pieces.iter().position(|piece| piece.contains(net) && piece != net) {
                let Ok(halves) = pieces[at].subnets(pieces[at].prefix_len() + 1) else { break };
                if pieces.len() >= MAX_PIECES {
                    break;
                }
                pieces.splice(at..=at, halves);
            }
        }
        pieces.into_iter().map(|piece| Remote::Range(Known::Value(Cidr::Net(piece)))).collect()
    }
}

impl Entries {
    /// Whether some of the ports `from..=to` certainly pass and all others certainly do not.
    pub fn allow_in_part(&self, from: i64, to: i64, remote: &Remote, acl: &Declaration) -> bool {
        let pieces = self.pieces(from, to);
        let truths: Vec<Truth> =
            pieces.iter().map(|(first, last)| self.verdict(*first, *last, remote, acl).allowed).collect();
        let some = |wanted: Truth| truths.contains(&wanted);
        some(Truth::Yes) && some(Truth::No) && !some(Truth::Unknown)
    }

    /// The ports, cut so that each entry holds all or none of a piece.
    fn pieces(&self, from: i64, to: i64) -> Vec<(i64, i64)> {
        // The ports are cut where an entry begins or ends, so that each entry holds all or none of a piece.
        let mut cuts = vec![from, to + 1];
        for entry in &self.entries {
            for known in entry.from.value.alternatives().iter().flatten() {
                cuts.push(*known);
            }
            for known in entry.to.value.alternatives().iter().flatten() {
                cuts.push(known.saturating_add(1));
            }
        }
        cuts.retain(|cut| (from..=to + 1).contains(cut));
        cuts.sort_unstable();
        cuts.dedup();
        cuts.windows(2).map(|pair| (pair[0], pair[1] - 1)).collect()
    }

    /// How many entries are looked at to know what becomes of a connection.
    pub(crate) fn work(&self) -> u64 {
        let (from, to) = Ephemeral::Unknown.range();
        let pieces = 1 + self.pieces(from, to).len();
        (pieces * self.entries.len()) as u64
    }

    /// Whether TCP traffic on all ports `from..=to` with all of the remote addresses passes.
    pub fn allow(&self, from: i64, to: i64, remote: &Remote, acl: &Declaration) -> Answer {
        let mut allowed: Option<Answer> = None;
        let mut denied: Option<(Answer, (i64, i64))> = None;
        let mut unknown: Option<Answer> = None;
        for (first, last) in self.pieces(from, to) {
            let verdict = self.verdict(first, last, remote, acl);
            let mut answer = Answer::new(verdict.allowed);
            answer.evidence = verdict.by;
            match verdict.allowed {
                Truth::Yes => allowed = allowed.or(Some(answer)),
                Truth::No => denied = denied.or(Some((answer, (first, last)))),
                Truth::Unknown => {
                    answer.reasons = self.open.clone();
                    if answer.reasons.is_empty() {
                        let text = match (verdict.in_part, &self.conflict) {
                            (true, _) => "only a part of the addresses passes",
                            (false, Some(_)) => "entries in the block may remove those of their own",
                            (false, None) => "which entry applies is not known",
                        };
                        answer.reasons.push(Reason::new(text, acl.decl_range));
                    }
                    unknown = unknown.or(Some(answer));
                }
            }
        }
        match (denied, unknown, allowed) {
            (Some((mut answer, (first, last))), None, Some(_)) => {
                // Some connections get through, as the port that the instance chooses has it.
                answer.truth = Truth::Unknown;
                let text = format!("only a part of the ports passes: {first}-{last} does not");
                answer.reasons.push(Reason::new(text, answer.evidence.first().and_then(|at| at.span)));
                answer
            }
            (Some((answer, _)), None, None) => answer,
            (Some(_), Some(answer), _) | (None, Some(answer), _) => answer,
            (None, None, Some(answer)) => answer,
            (None, None, None) => Answer::new(Truth::Unknown),
        }
    }

    /// What becomes of ports of which each entry holds all or none.
    fn verdict(&self, from: i64, to: i64, remote: &Remote, acl: &Declaration) -> Verdict {
        let mut verdicts: Vec<Verdict> = Vec::new();
        for piece in remote.pieces(&self.entries) {
            verdicts.push(self.verdict_on(from, to, &piece, acl));
        }
        let of = |wanted: Truth| verdicts.iter().position(|verdict| verdict.allowed == wanted);
        let allowed = match (of(Truth::Yes), of(Truth::No), of(Truth::Unknown)) {
            (Some(_), None, None) => Truth::Yes,
            (None, Some(_), None) => Truth::No,
            (..) => Truth::Unknown,
        };
        let in_part = allowed.is_unknown() && of(Truth::Unknown).is_none();
        let place = of(Truth::Unknown).or(of(Truth::No)).unwrap_or_default();
        let by = verdicts.swap_remove(place).by;
        Verdict { allowed, by, in_part }
    }

    fn verdict_on(&self, from: i64, to: i64, remote: &Remote, acl: &Declaration) -> Verdict {
        let mut possible: Vec<(Truth, Evidence)> = Vec::new();
        let mut decided = false;
        let ordered = self.entries.iter().all(|entry| matches!(entry.number.value(), Some(Some(_))));
        for entry in &self.entries {
            let holds = entry.holds(from, to, remote);
            if holds.is_no() {
                continue;
            }
            let allows = entry.allows.satisfies(|allows| Truth::known(*allows));
            let evidence = Evidence {
                span: entry.declaration.decl_range,
                origin: entry.declaration.exists_because,
                note: entry.describe().to_owned(),
            };
            possible.push((allows, evidence));
            if holds.is_yes() {
                decided = true;
                if ordered {
                    break;
                }
            }
        }
        if !self.open.is_empty() {
            possible.push((Truth::Unknown, Evidence::at(acl.decl_range, "it may have further entries")));
        }
        if !decided {
            let note = format!("no entry of {} allows it", acl.address);
            let empty = self.inline.filter(|_| self.entries.is_empty());
            possible.push((Truth::No, Evidence::at(empty.or(acl.decl_range), note)));
        }
        let allowed = possible.first().map_or(Truth::No, |(first, _)| {
            if possible.iter().all(|(other, _)| other == first) { *first } else { Truth::Unknown }
        });
        let by = possible.into_iter().map(|(_, evidence)| evidence).collect();
        Verdict { allowed, by, in_part: false }
    }

    /// Puts the entries into the order in which AWS looks at them.
    pub fn sort(&mut self) {
        self.entries.sort_by_key(|entry| match entry.number.value() {
            Some(Some(number)) => (0, *number),
            _ => (1, 0),
        });
    }
}

/// The four look-ups of one connection between two subnets, each with the ACL that decides it.
#[derive(Clone, Debug)]
pub struct AclLookups {
    /// Out of the instance's subnet to port 443.
    pub instance_egress: Answer,
    /// Into the endpoint's subnet on port 443.
    pub endpoint_ingress: Answer,
    /// Out of the endpoint's subnet, back to the port that the instance chose.
    pub endpoint_egress: Answer,
    /// Into the instance's subnet, back to the port that the instance chose.
    pub instance_ingress: Answer,
}

/// The other side of the traffic that an ACL is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remote {
    /// These addresses, all of them.
    Range(Known<Cidr>),
    /// What AWS answers from on the internet: a public IPv4 address that is not known.
    Internet,
}

/// One look-up in the ACL of a subnet.
#[derive(Clone, Debug)]
pub struct AclLookup {
    /// The subnet.
    pub subnet: SubnetId,
    /// Into it or out of it.
    pub direction: Direction,
    /// The ports.
    pub ports: (i64, i64),
    /// The other side.
    pub remote: Remote,
    /// What is to pass, for messages: `HTTPS out of the instance's subnet`.
    pub what: &'static str,
    /// Whether it passes.
    pub answer: Answer,
}

impl AclLookups {
    /// All four together.
    pub fn all(&self) -> Answer {
        Answer::all([
            self.instance_egress.clone(),
            self.endpoint_ingress.clone(),
            self.endpoint_egress.clone(),
            self.instance_ingress.clone(),
        ])
    }
}

impl Network {
    /// Whether the ACL of a subnet lets TCP traffic pass.
    pub fn acl_allows(
        &self,
        subnet: SubnetId,
        direction: Direction,
        ports: (i64, i64),
        remote: &Remote,
    ) -> Answer {
        let reference = &self.subnet(subnet).acl;
        let candidates = self.acls_of(subnet, reference);
        let answers: Vec<Answer> = candidates
            .iter()
            .map(|id| {
                let acl = self.acl(*id);
                let entries = acl.entries(direction);
                if !acl.origin.is_closed() && entries.open.is_empty() {
                    let text = format!("the entries of {} are not managed here", acl.declaration.address);
                    return Answer::unknown([Reason::new(text, acl.declaration.decl_range)]);
                }
                entries.allow(ports.0, ports.1, remote, &acl.declaration)
            })
            .collect();
        match answers.as_slice() {
            [] => {
                let declaration = &self.subnet(subnet).declaration;
                let text = format!("the network ACL of {} is not known", declaration.address);
                Answer::unknown([Reason::new(text, declaration.decl_range)])
            }
            [first, rest @ ..] if rest.iter().all(|other| other.truth == first.truth) => first.clone(),
            _ => {
                let declaration = &self.subnet(subnet).declaration;
                let own = candidates.iter().map(|id| self.acl(*id)).find(|acl| !acl.is_default);
                Answer::unknown([match (&reference.link, own) {
                    (Link::OneOf(_), Some(own)) => {
                        let own = &own.declaration;
                        let text = format!(
                            "whether {} is that of {} is not known",
                            own.address, declaration.address
                        );
                        Reason::new(text, reference.span.or(own.decl_range))
                    }
                    _ => {
                        let text = format!("the network ACL of {} is not known", declaration.address);
                        Reason::new(text, declaration.decl_range)
                    }
                }])
            }
        }
    }

    /// The ACLs that may be a subnet's: of one that is only looked up, any of a VPC that is managed here.
    fn acls_of(&self, subnet: SubnetId, own: &Ref<AclId>) -> Vec<AclId> {
        let known = own.link.candidates();
        let Some(vpc) = self.closed_vpc(subnet).filter(|_| known.is_empty()) else { return known.to_vec() };
        let mut acls = vec![self.vpc(vpc).default_acl];
        for (index, acl) in self.acls.iter().enumerate() {
            let id = AclId::from(index);
            if !acl.is_default && !acl.vpc.link.is(vpc).is_no() {
                acls.push(id);
            }
        }
        acls
    }

    /// The look-ups of a connection from an instance to an endpoint's interface; none are made within a subnet.
    pub fn acl_lookups(
        &self,
        instance: SubnetId,
        endpoint: SubnetId,
        ephemeral: Ephemeral,
    ) -> Option<AclLookups> {
        if instance == endpoint {
            return None;
        }
        let (near, far) = self.acl_sides(instance, endpoint);
        let back = ephemeral.range();
        Some(AclLookups {
            instance_egress: self.acl_allows(instance, Direction::Egress, (443, 443), &far),
            endpoint_ingress: self.acl_allows(endpoint, Direction::Ingress, (443, 443), &near),
            endpoint_egress: self.acl_allows(endpoint, Direction::Egress, back, &near),
            instance_ingress: self.acl_allows(instance, Direction::Ingress, back, &far),
        })
    }

    /// The addresses on both sides of a connection from an instance to an endpoint's interface, by their subnets.
    pub fn acl_sides(&self, instance: SubnetId, endpoint: SubnetId) -> (Remote, Remote) {
        let native = |subnet: SubnetId| self.subnet(subnet).ipv6_native.is(&true);
        let by_v6 = native(instance) | native(endpoint);
        let side = |subnet: SubnetId| Remote::Range(self.addresses_of(subnet, by_v6));
        (side(instance), side(endpoint))
    }

    /// Whether the ACL of a subnet certainly lets only some of the ports pass: connections fail now and then.
    pub fn acl_allows_in_part(
        &self,
        subnet: SubnetId,
        direction: Direction,
        ports: (i64, i64),
        remote: &Remote,
    ) -> bool {
        let acl =
            self.subnet(subnet).acl.link.to().map(|id| self.acl(id)).filter(|acl| acl.origin.is_closed());
        acl.is_some_and(|acl| {
            acl.entries(direction).allow_in_part(ports.0, ports.1, remote, &acl.declaration)
        })
    }

    /// Whether the ACLs let a connection to public addresses pass, both ways: those of the instance's subnet and of
    /// the subnet of the NAT gateway that it goes through.
    pub fn acl_internet(&self, instance: SubnetId, ephemeral: Ephemeral) -> Answer {
        Answer::all(self.acl_internet_lookups(instance, ephemeral).into_iter().map(|lookup| lookup.answer))
    }

    /// The look-ups of a connection from an instance to public addresses.
    pub fn acl_internet_lookups(&self, instance: SubnetId, ephemeral: Ephemeral) -> Vec<AclLookup> {
        let lookup = |subnet, direction, ports, remote: Remote, what| {
            let answer = self.acl_allows(subnet, direction, ports, &remote);
            AclLookup { subnet, direction, ports, remote, what, answer }
        };
        let https = (443, 443);
        let back = ephemeral.range();
        let mut lookups = vec![
            lookup(
                instance,
                Direction::Egress,
                https,
                Remote::Internet,
                "HTTPS out of the instance's subnet",
            ),
            lookup(
                instance,
                Direction::Ingress,
                back,
                Remote::Internet,
                "the answer into the instance's subnet",
            ),
        ];
        if let Some(nat) = self.nat_subnet(instance) {
            let near = || Remote::Range(self.addresses_of(instance, Truth::No));
            // A NAT gateway chooses ports of its own for its side of a connection.
            let own = (1024, 65535);
            lookups.extend([
                lookup(nat, Direction::Ingress, https, near(), "HTTPS into the NAT gateway's subnet"),
                lookup(
                    nat,
                    Direction::Egress,
                    https,
                    Remote::Internet,
                    "HTTPS out of the NAT gateway's subnet",
                ),
                lookup(
                    nat,
                    Direction::Ingress,
                    own,
                    Remote::Internet,
                    "the answer into the NAT gateway's subnet",
                ),
                lookup(nat, Direction::Egress, back, near(), "the answer out of the NAT gateway's subnet"),
            ]);
        }
        lookups
    }

    /// The subnet of the NAT gateway that a subnet's default route certainly leads to, unless it is the same.
    fn nat_subnet(&self, instance: SubnetId) -> Option<SubnetId> {
        let egress = self.egress(instance);
        let routes = egress.routes.iter().filter(|route| route.truth.is_yes());
        let subnet = routes.filter_map(|route| route.gateway).find_map(|id| match &self.gateway(id).kind {
            GatewayKind::Nat(Some(nat)) => nat.subnet.as_ref()?.link.to(),
            GatewayKind::Nat(None)
            | GatewayKind::Internet
            | GatewayKind::EgressOnly
            | GatewayKind::Vpn
            | GatewayKind::Transit
            | GatewayKind::Peering
            | GatewayKind::Interface(_)
            | GatewayKind::Endpoint
            | GatewayKind::Other
            | GatewayKind::Unknown => None,
        });
        subnet.filter(|subnet| *subnet != instance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::value::Causes;

    fn declaration() -> Declaration {
        Declaration::outside("acl", None)
    }

    fn entry(number: i64, allows: bool, ports: Option<(i64, i64)>, cidr: &str) -> Entry {
        Entry {
            declaration: declaration(),
            standalone: false,
            number: Fact::default(Some(number), None),
            allows: Fact::default(allows, None),
            protocol: Fact::default(if ports.is_some() { "tcp".into() } else { "-1".into() }, None),
            from: Fact::default(ports.map(|ports| ports.0), None),
            to: Fact::default(ports.map(|ports| ports.1), None),
            cidr: Fact::default(Cidr::parse(cidr), None),
            text: OnceLock::new(),
        }
    }

    fn allow(entries: Vec<Entry>, from: i64, to: i64, remote: &str) -> Truth {
        let mut entries = Entries { entries, ..Entries::default() };
        entries.sort();
        let remote = Remote::Range(Known::Value(Cidr::parse(remote).expect("a CIDR")));
        entries.allow(from, to, &remote, &declaration()).truth
    }

    #[test]
    fn the_lowest_number_wins() {
        let deny = entry(90, false, Some((443, 443)), "10.0.0.0/8");
        let all = entry(100, true, None, "0.0.0.0/0");
        assert_eq!(allow(vec![all.clone(), deny], 443, 443, "10.0.1.0/24"), Truth::No);
        let late = entry(110, false, Some((443, 443)), "10.0.0.0/8");
        assert_eq!(allow(vec![all, late], 443, 443, "10.0.1.0/24"), Truth::Yes);
    }

    #[test]
    fn nothing_matches_an_empty_list() {
        assert_eq!(allow(Vec::new(), 443, 443, "10.0.1.0/24"), Truth::No);
    }

    #[test]
    fn a_part_of_the_ports_is_not_all_of_them() {
        let windows = entry(100, true, Some((49152, 65535)), "0.0.0.0/0");
        assert_eq!(allow(vec![windows.clone()], 32768, 60999, "10.0.1.0/24"), Truth::Unknown);
        let rest = entry(110, true, Some((1024, 49151)), "0.0.0.0/0");
        assert_eq!(allow(vec![windows, rest], 32768, 60999, "10.0.1.0/24"), Truth::Yes);
        let https = entry(100, true, Some((443, 443)), "0.0.0.0/0");
        assert_eq!(allow(vec![https], 32768, 60999, "10.0.1.0/24"), Truth::No);
    }

    #[test]
    fn an_entry_for_other_addresses_does_not_match() {
        let other = entry(100, true, None, "10.1.0.0/16");
        assert_eq!(allow(vec![other], 443, 443, "10.0.1.0/24"), Truth::No);
        let half = entry(100, true, None, "10.0.1.0/25");
        assert_eq!(allow(vec![half], 443, 443, "10.0.1.0/24"), Truth::Unknown);
    }

    #[test]
    fn an_unknown_number_leaves_the_order_open() {
        let mut deny = entry(1, false, Some((443, 443)), "0.0.0.0/0");
        deny.number = Fact::unknown(Causes::new(), None);
        let all = entry(100, true, None, "0.0.0.0/0");
        assert_eq!(allow(vec![all.clone(), deny], 443, 443, "10.0.1.0/24"), Truth::Unknown);
        let mut same = entry(1, true, Some((443, 443)), "0.0.0.0/0");
        same.number = Fact::unknown(Causes::new(), None);
        assert_eq!(allow(vec![all, same], 443, 443, "10.0.1.0/24"), Truth::Yes);
    }
}
