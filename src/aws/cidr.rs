//! Address ranges: numbers, or unknowns of which it is known what they lie in.

use std::net::IpAddr;

use ecow::EcoString;
use ipnet::{IpNet, Ipv4Net};

use crate::aws::fact::Known;
use crate::aws::link::{UNNAMED, name_unknown};
use crate::aws::read::Arg;
use crate::eval::term::{Operand, Term, TermId, Terms, spelled};
use crate::eval::value::{Cause, Causes, Value};
use crate::truth::Truth;

/// An address range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cidr {
    /// A range that is known.
    Net(IpNet),
    /// A range that is not known but has an identity: `var.vpc_cidr`.
    Symbol(Symbol),
}

/// The version of the addresses of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Of the addresses in an argument of the AWS provider, whose name says it: `cidr_ipv6`, `ipv6_cidr_blocks`.
    pub fn of_argument(name: &str) -> Family {
        if name.contains("ipv6") { Family::V6 } else { Family::V4 }
    }

    fn of(net: &IpNet) -> Family {
        match net {
            IpNet::V4(_) => Family::V4,
            IpNet::V6(_) => Family::V6,
        }
    }
}

/// A range that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Its identity.
    pub term: TermId,
    /// The family of its addresses, by the argument that it stands in; none where that takes both.
    pub family: Option<Family>,
    /// What it is called, for messages.
    pub name: String,
    /// Ranges, or lists of ranges, that it certainly lies in.
    pub within: Vec<TermId>,
    /// The arguments of `cidrsubnet` that made it: base, new bits and number.
    pub part: Option<(EcoString, EcoString, EcoString)>,
    /// Why it is not known.
    pub causes: Causes,
}

/// How much of one range another one covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Coverage {
    /// All of it.
    All,
    /// Some of it.
    Part,
    /// Nothing of it.
    None,
    /// It is not known.
    Unknown,
}

impl Coverage {
    /// Whether all of it is covered; a part is neither.
    pub fn truth(self) -> Truth {
        match self {
            Coverage::All => Truth::Yes,
            Coverage::None => Truth::No,
            Coverage::Part | Coverage::Unknown => Truth::Unknown,
        }
    }
}

/// How deep terms are followed to find what a range lies in.
const DEPTH: usize = 16;

impl Cidr {
    /// Every IPv4 address.
    pub fn anywhere_v4() -> Cidr {
        Cidr::Net(IpNet::V4(ipnet::Ipv4Net::default()))
    }

    /// Every IPv6 address.
    pub fn anywhere_v6() -> Cidr {
        Cidr::Net(IpNet::V6(ipnet::Ipv6Net::default()))
    }

    /// The range that a text names; host bits are dropped, as AWS does.
    pub fn parse(text: &str) -> Option<Cidr> {
        let net: IpNet = text.trim().parse().ok()?;
        Some(Cidr::Net(net.trunc()))
    }

    /// What is known of a value that is an address range, in an argument for ranges of a family or of either.
    pub fn of(value: &Value, family: Option<Family>, terms: &Terms) -> Known<Cidr> {
        if let Some(text) = value.as_str() {
            return match Cidr::parse(text) {
                Some(cidr) => Known::Value(cidr),
                None => Known::Unknown(
                    [Cause::Error("invalid CIDR address".into())].into_iter().collect::<Causes>(),
                ),
            };
        }
        let Some(unknown) = value.as_unknown() else { return Known::Unknown(value.causes()) };
        if let Some(possible) = &unknown.possible {
            let mut alternatives = Vec::new();
            for alternative in possible.iter().filter(|value| !value.is_null()) {
                match Cidr::of(alternative, family, terms) {
                    Known::Value(cidr) => alternatives.push(cidr),
                    Known::OneOf(more) => alternatives.extend(more),
                    Known::Unknown(causes) => return Known::Unknown(causes),
                }
            }
            if !alternatives.is_empty() {
                return Known::one_of(alternatives);
            }
        }
        if unknown.term.is_none() {
            return Known::Unknown(unknown.causes.clone());
        }
        let symbol = Symbol::new(unknown.term, family, unknown.causes.clone(), terms);
        Known::Value(Cidr::Symbol(symbol))
    }

    /// What is known of an argument that is an address range.
    pub fn of_arg(arg: &Arg<'_>, family: Option<Family>, terms: &Terms) -> crate::aws::fact::Fact<Cidr> {
        crate::aws::fact::Fact {
            value: Cidr::of(arg.value, family, terms),
            basis: crate::aws::fact::Basis::Configured,
            origin: arg.value.origin,
            span: arg.span,
            sensitive: arg.value.deep_marks().sensitive,
        }
    }

    /// The range, when it is known.
    pub fn net(&self) -> Option<&IpNet> {
        if let Cidr::Net(net) = self { Some(net) } else { None }
    }

    /// Why it is not known.
    pub fn causes(&self) -> Causes {
        match self {
            Cidr::Symbol(symbol) => symbol.causes.clone(),
            Cidr::Net(_) => Causes::new(),
        }
    }

    /// Whether it holds every address of its family.
    pub fn is_anywhere(&self) -> Truth {
        match self {
            Cidr::Net(net) => Truth::known(net.prefix_len() == 0),
            Cidr::Symbol(_) => Truth::Unknown,
        }
    }

    /// How it is written in messages.
    pub fn describe(&self) -> String {
        match self {
            Cidr::Net(net) => net.to_string(),
            Cidr::Symbol(symbol) if symbol.name == UNNAMED => "a range that is not known".to_owned(),
            Cidr::Symbol(symbol) => symbol.name.clone(),
        }
    }

    /// How much of `other` it covers.
    pub fn covers(&self, other: &Cidr) -> Coverage {
        match (self, other) {
            (Cidr::Net(outer), Cidr::Net(inner)) => cover_merged(std::slice::from_ref(outer), inner),
            (Cidr::Symbol(outer), Cidr::Symbol(inner)) if outer.term == inner.term => Coverage::All,
            _ if self.family().zip(other.family()).is_some_and(|(one, two)| one != two) => Coverage::None,
            (Cidr::Net(outer), Cidr::Symbol(inner)) if outer.prefix_len() == 0 && inner.family.is_some() => {
                Coverage::All
            }
            (Cidr::Symbol(outer), Cidr::Symbol(inner)) => outer.covers(inner),
            (Cidr::Net(_), Cidr::Symbol(_)) | (Cidr::Symbol(_), Cidr::Net(_)) => Coverage::Unknown,
        }
    }

    /// The family of its addresses, as far as it is known.
    pub fn family(&self) -> Option<Family> {
        match self {
            Cidr::Net(net) => Some(Family::of(net)),
            Cidr::Symbol(symbol) => symbol.family,
        }
    }

    /// Whether it holds an IPv4 address that AWS answers from on the internet, of which nobody knows which it is.
    pub fn holds_public(&self) -> Truth {
        match self {
            Cidr::Net(IpNet::V4(net)) if net.prefix_len() == 0 => Truth::Yes,
            Cidr::Net(IpNet::V4(net)) if is_not_public(*net) => Truth::No,
            Cidr::Net(IpNet::V4(_)) => Truth::Unknown,
            Cidr::Net(IpNet::V6(_)) => Truth::No,
            Cidr::Symbol(symbol) if symbol.family == Some(Family::V6) => Truth::No,
            Cidr::Symbol(_) => Truth::Unknown,
        }
    }

    /// Whether it covers one address.
    pub fn covers_address(&self, address: IpAddr) -> Truth {
        match self {
            Cidr::Net(net) => Truth::known(net.contains(&address)),
            Cidr::Symbol(_) => Truth::Unknown,
        }
    }
}

/// Whether all of a range is private, shared by carriers, link-local or the host's own: RFC 1918, 6598, 3927 and 1122.
fn is_not_public(net: Ipv4Net) -> bool {
    let ranges = [
        ([10, 0, 0, 0], 8),
        ([172, 16, 0, 0], 12),
        ([192, 168, 0, 0], 16),
        ([100, 64, 0, 0], 10),
        ([169, 254, 0, 0], 16),
        ([127, 0, 0, 0], 8),
    ];
    ranges
        .into_iter()
        .any(|(base, length)| Ipv4Net::new(base.into(), length).is_ok_and(|range| range.contains(&net)))
}

impl Symbol {
    /// The range that a term stands for.
    pub fn new(term: TermId, family: Option<Family>, causes: Causes, terms: &Terms) -> Symbol {
        let term = same_ranges(term, terms);
        let mut within = Vec::new();
        let mut part = None;
        enclose(term, terms, DEPTH, &mut within);
        if let Some(Term::Apply(function, args)) = terms.get(term)
            && function == "cidrsubnet"
            && let [base, bits, number] = args.as_slice()
        {
            part = Some((operand_text(base), operand_text(bits), operand_text(number)));
        }
        let name = name_unknown(term, &causes, terms);
        Symbol { term, family, name, within, part, causes }
    }

    fn covers(&self, inner: &Symbol) -> Coverage {
        if inner.within.contains(&self.term) {
            return Coverage::All;
        }
        match (&self.part, &inner.part) {
            // Two numbers of one division never overlap.
            (Some((base, bits, number)), Some((other_base, other_bits, other_number)))
                if base == other_base
                    && bits == other_bits
                    && number != other_number
                    && !number.starts_with('#')
                    && !other_number.starts_with('#')
                    && !bits.starts_with('#') =>
            {
                Coverage::None
            }
            _ => Coverage::Unknown,
        }
    }
}

fn operand_text(operand: &Operand) -> EcoString {
    match operand {
        Operand::Term(term) => format!("#{term:?}").into(),
        Operand::Known(text) | Operand::Text(text) => text.clone(),
    }
}

/// The functions that give the ranges of a list as another list.
const SAME: &[&str] = &["compact", "distinct", "reverse", "sort", "tolist", "toset"];

/// The term that stands for the same ranges: of `compact(split(",", x))` that of `x`. Where the text of `x` is the range of
/// a VPC or subnet too, it is one range; a list of several is refused there.
fn same_ranges(mut term: TermId, terms: &Terms) -> TermId {
    let is_comma = |operand: &Operand| match operand {
        Operand::Known(text) => spelled(text, &mut |_| String::new()) == ",",
        Operand::Text(_) | Operand::Term(_) => false,
    };
    for _ in 0..DEPTH {
        let Some(Term::Apply(function, args)) = terms.get(term) else { break };
        term = match args.as_slice() {
            [Operand::Term(list)] if SAME.contains(&function.as_str()) => *list,
            [separator, Operand::Term(text)] if function == "split" && is_comma(separator) => *text,
            _ => break,
        };
    }
    term
}

/// Collects the terms of ranges and of lists of ranges that the range of `term` lies in.
fn enclose(term: TermId, terms: &Terms, depth: usize, into: &mut Vec<TermId>) {
    if depth == 0 {
        return;
    }
    let base = match terms.get(term) {
        Some(Term::Apply(function, args)) => match (function.as_str(), args.first()) {
            ("cidrsubnet" | "element", Some(Operand::Term(base))) => Some(*base),
            // `cidrsubnets(base, …)` gives a list of parts of the base.
            ("cidrsubnets", Some(Operand::Term(base))) => Some(*base),
            _ => None,
        },
        Some(Term::Step(base, _)) => Some(*base),
        _ => None,
    };
    if let Some(base) = base.map(|base| same_ranges(base, terms))
        && !into.contains(&base)
    {
        into.push(base);
        enclose(base, terms, depth - 1, into);
    }
}

/// How much of `inner` the ranges cover together.
pub fn cover(ranges: &[IpNet], inner: &IpNet) -> Coverage {
    cover_merged(&IpNet::aggregate(&ranges.to_vec()), inner)
}

/// As [`cover`], of ranges none of which makes a larger one with another.
fn cover_merged(merged: &[IpNet], inner: &IpNet) -> Coverage {
    if merged.iter().any(|net| net.contains(inner)) {
        Coverage::All
    } else if merged.iter().any(|net| inner.contains(net)) {
        Coverage::Part
    } else {
        Coverage::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> IpNet {
        text.parse().expect("a CIDR")
    }

    fn symbol(term: TermId, terms: &Terms) -> Cidr {
        Cidr::Symbol(Symbol::new(term, Some(Family::V4), Causes::new(), terms))
    }

    #[test]
    fn halves_cover_the_whole_together() {
        let halves = [net("10.0.0.0/25"), net("10.0.0.128/25")];
        assert_eq!(cover(&halves, &net("10.0.0.0/24")), Coverage::All);
        assert_eq!(cover(&halves[..1], &net("10.0.0.0/24")), Coverage::Part);
        assert_eq!(cover(&halves, &net("10.0.1.0/24")), Coverage::None);
        assert_eq!(cover(&[net("::/0")], &net("10.0.1.0/24")), Coverage::None);
    }

    #[test]
    fn a_part_of_an_unknown_range_lies_in_it() {
        let mut terms = Terms::new();
        let base = terms.intern(Term::Var("vpc_cidr".into()));
        let mut part = |number: &str| {
            let args = [Operand::Term(base), Operand::Known("d1:8".into()), Operand::Known(number.into())];
            terms.intern(Term::Apply("cidrsubnet".into(), args.into_iter().collect()))
        };
        let (first, second) = (part("d1:1"), part("d1:2"));
        let (base, first, second) = (symbol(base, &terms), symbol(first, &terms), symbol(second, &terms));
        assert_eq!(base.covers(&first), Coverage::All);
        assert_eq!(first.covers(&base), Coverage::Unknown);
        assert_eq!(first.covers(&second), Coverage::None);
        assert_eq!(Cidr::anywhere_v4().covers(&first), Coverage::All);
    }

    #[test]
    fn ranges_of_two_families_have_nothing_in_common() {
        let mut terms = Terms::new();
        let of = |name: &str, family, terms: &mut Terms| {
            let term = terms.intern(Term::Var(name.into()));
            Cidr::Symbol(Symbol::new(term, family, Causes::new(), terms))
        };
        let v4 = of("v4", Some(Family::V4), &mut terms);
        let v6 = of("v6", Some(Family::V6), &mut terms);
        let either = of("either", None, &mut terms);
        assert_eq!(v6.covers(&v4), Coverage::None);
        assert_eq!(Cidr::anywhere_v6().covers(&v4), Coverage::None);
        assert_eq!(Cidr::anywhere_v6().covers(&v6), Coverage::All);
        assert_eq!(Cidr::anywhere_v4().covers(&v6), Coverage::None);
        assert_eq!(Cidr::anywhere_v4().covers(&either), Coverage::Unknown);
        assert_eq!(either.covers(&v4), Coverage::Unknown);
    }

    #[test]
    fn private_ranges_hold_no_address_of_the_internet() {
        let holds = |text: &str| Cidr::parse(text).expect("a CIDR").holds_public();
        assert_eq!(holds("0.0.0.0/0"), Truth::Yes);
        assert_eq!(holds("10.1.0.0/16"), Truth::No);
        assert_eq!(holds("100.64.0.0/10"), Truth::No);
        assert_eq!(holds("52.0.0.0/8"), Truth::Unknown);
        assert_eq!(holds("8.0.0.0/5"), Truth::Unknown);
        assert_eq!(holds("::/0"), Truth::No);
    }

    #[test]
    fn an_unknown_list_covers_its_elements() {
        let mut terms = Terms::new();
        let list = terms.intern(Term::Var("private_cidrs".into()));
        let element = terms.intern(Term::Step(list, "d1:0".into()));
        assert_eq!(symbol(list, &terms).covers(&symbol(element, &terms)), Coverage::All);
    }

    #[test]
    fn host_bits_are_dropped() {
        assert_eq!(Cidr::parse("10.0.1.7/24"), Cidr::parse("10.0.1.0/24"));
        assert_eq!(Cidr::parse("10.0.1.7"), None);
    }
}
