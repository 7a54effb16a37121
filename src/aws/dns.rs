//! What decides how names resolve in a VPC: DHCP options, private zones, resolver rules, DNS firewalls, profiles.

mod build;

use ecow::EcoString;
use ipnet::IpNet;

use crate::aws::Declaration;
use crate::aws::cidr::Cidr;
use crate::aws::conflict::Conflict;
use crate::aws::fact::{Answer, Evidence, Fact, Reason};
use crate::aws::link::{EndpointId, Link, Ref, VpcId, ZoneId};
use crate::aws::network::{Network, Origin, existence};
use crate::aws::partition::Partition;
use crate::aws::text::Pattern;
use crate::eval::origin::OriginId;
use crate::source::Span;
use crate::truth::Truth;

pub(crate) use build::build;

/// Everything that decides how names resolve.
#[derive(Clone, Debug, Default)]
pub struct Dns {
    /// DHCP option sets.
    pub dhcp_options: Vec<DhcpOptions>,
    /// Which VPC uses which set.
    pub dhcp_associations: Vec<DhcpAssociation>,
    /// Hosted zones, public ones too.
    pub zones: Vec<HostedZone>,
    /// Resolver rules.
    pub resolver_rules: Vec<ResolverRule>,
    /// DNS firewall rule groups, as far as they block.
    pub firewalls: Vec<Firewall>,
}

/// `aws_vpc_dhcp_options`.
#[derive(Clone, Debug)]
pub struct DhcpOptions {
    /// Where it comes from.
    pub declaration: Declaration,
    /// How far the configuration decides what it is.
    pub origin: Origin,
    /// The DNS servers; none when the argument is not written.
    pub servers: Option<Servers>,
}

/// `domain_name_servers`.
#[derive(Clone, Debug)]
pub struct Servers {
    /// Those that are known.
    pub known: Vec<EcoString>,
    /// Why there may be others.
    pub open: Vec<Reason>,
    /// The argument.
    pub span: Option<Span>,
}

/// `aws_vpc_dhcp_options_association`.
#[derive(Clone, Debug)]
pub struct DhcpAssociation {
    /// The resource.
    pub declaration: Declaration,
    /// The VPC.
    pub vpc: Ref<VpcId>,
    /// Index into the option sets; none for a set that is not managed here.
    pub options: Option<usize>,
}

/// A hosted zone.
#[derive(Clone, Debug)]
pub struct HostedZone {
    /// Where it comes from.
    pub declaration: Declaration,
    /// How far the configuration decides what it is.
    pub origin: Origin,
    /// Its name, without trailing dot where known.
    pub name: Pattern,
    /// The `name` argument.
    pub name_span: Option<Span>,
    /// The VPCs that it is associated with.
    pub associations: Vec<ZoneAssociation>,
    /// Why it may be associated with further VPCs.
    pub open: Vec<Reason>,
    /// Its records.
    pub records: Vec<Record>,
    /// Inline `vpc` blocks and association resources without `ignore_changes`: the first resource in conflict.
    pub conflict: Option<Conflict>,
}

/// An association of a zone with a VPC.
#[derive(Clone, Debug)]
pub struct ZoneAssociation {
    /// The block or resource.
    pub declaration: Declaration,
    /// The VPC.
    pub vpc: Ref<VpcId>,
    /// Whether it comes through a Route 53 profile.
    pub by_profile: bool,
}

/// A record of a zone.
#[derive(Clone, Debug)]
pub struct Record {
    /// Where it comes from.
    pub declaration: Declaration,
    /// Its name as written, without trailing dot.
    pub name: Pattern,
    /// `type`.
    pub kind: Fact<EcoString>,
    /// The endpoint that it leads to; none when it leads elsewhere.
    pub endpoint: Option<Link<EndpointId>>,
    /// The argument that says what it leads to.
    pub target_span: Option<Span>,
    /// The step that made its value.
    pub target_origin: OriginId,
}

impl Record {
    /// What it leads to, as evidence.
    pub fn evidence(&self, note: impl Into<String>) -> Evidence {
        let span = self.target_span.or(self.declaration.decl_range);
        Evidence { span, origin: self.target_origin, note: note.into() }
    }
}

/// A resolver rule with the VPCs that it is associated with.
#[derive(Clone, Debug)]
pub struct ResolverRule {
    /// Where it comes from.
    pub declaration: Declaration,
    /// `rule_type`.
    pub kind: Fact<EcoString>,
    /// `domain_name`.
    pub domain: Pattern,
    /// The VPCs.
    pub associations: Vec<(Ref<VpcId>, Declaration)>,
}

/// A DNS firewall rule that applies to VPCs.
#[derive(Clone, Debug)]
pub struct Firewall {
    /// The rule.
    pub declaration: Declaration,
    /// `action`.
    pub action: Fact<EcoString>,
    /// `priority`: the least one comes first in its group.
    pub priority: Fact<Option<i64>>,
    /// Which of the groups it is in; none for one that is made elsewhere.
    pub group: Option<usize>,
    /// The domains, as far as they are known.
    pub domains: Vec<Pattern>,
    /// Why it may apply to further domains.
    pub open: Vec<Reason>,
    /// The VPCs that its group is associated with.
    pub associations: Vec<(Ref<VpcId>, Declaration)>,
}

/// A private zone that answers for a service's name in a VPC.
#[derive(Clone, Debug)]
pub struct ZoneMatch {
    /// The zone.
    pub zone: ZoneId,
    /// Whether it is the zone of exactly that name, rather than of a domain around it.
    pub exact: Truth,
    /// Whether it is associated with the VPC.
    pub associated: Answer,
    /// Whether it has a record for the name.
    pub record: Answer,
    /// The endpoint that the record leads to, where it leads to one.
    pub endpoint: Option<Link<EndpointId>>,
}

/// Domains that service names end in, by partition.
const DOMAINS: &[&str] = &[
    "amazonaws.com",
    "amazonaws.com.cn",
    "c2s.ic.gov",
    "sc2s.sgov.gov",
    "csp.hci.ic.gov",
    "cloud.adc-e.uk",
    "amazonaws.eu",
];

/// How a domain relates to the name of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// It is the service's name.
    Exact,
    /// It is a domain around it.
    Parent,
    /// Neither.
    Other,
    /// It is not known.
    Unknown,
}

/// How a domain relates to `<label>.<region>.<domain>`; a region that is not known on either side is taken to agree.
pub fn relation(name: &Pattern, label: &str, region: Option<&str>) -> Relation {
    if let Some(exact) = &name.exact {
        let exact = exact.trim_end_matches('.').to_ascii_lowercase();
        if exact.is_empty() {
            return Relation::Parent;
        }
        for domain in DOMAINS {
            if domain.ends_with(exact.as_str())
                && (domain.len() == exact.len() || domain[..domain.len() - exact.len()].ends_with('.'))
            {
                return Relation::Parent;
            }
            let Some(rest) = exact.strip_suffix(domain).and_then(|rest| rest.strip_suffix('.')) else {
                continue;
            };
            let (first, of_region) = match rest.split_once('.') {
                Some((first, of_region)) => (Some(first), of_region),
                None => (None, rest),
            };
            // `ssm.cn-north-1.amazonaws.com` is no name of China.
            if region.is_some_and(|region| region != of_region)
                || Partition::of_region(of_region).dns_suffix != *domain
            {
                return Relation::Other;
            }
            return match first {
                None => Relation::Parent,
                Some(first) if first == label => Relation::Exact,
                Some(_) => Relation::Other,
            };
        }
        return Relation::Other;
    }
    let suffix = name.suffix.trim_end_matches('.');
    let known_domain = DOMAINS.iter().any(|domain| suffix.ends_with(domain));
    if !suffix.is_empty() && !known_domain && !DOMAINS.iter().any(|domain| domain.ends_with(suffix)) {
        return Relation::Other;
    }
    match name.starts_with(&format!("{label}.")) {
        Truth::Yes => Relation::Exact,
        Truth::Unknown => Relation::Unknown,
        // `${region}.amazonaws.com` begins with nothing known; `logs.${region}.…` is another service's.
        Truth::No => Relation::Other,
    }
}

impl Network {
    /// A hosted zone.
    pub fn zone(&self, id: ZoneId) -> &HostedZone {
        &self.dns.zones[usize::from(id)]
    }

    /// Whether instances of the VPC ask DNS servers other than Amazon's.
    pub fn custom_dns(&self, vpc: VpcId) -> Answer {
        let mut answers = self.of_dhcp_options(vpc, |options| {
            let Some(servers) = &options.servers else {
                let text = format!("{} sets no domain_name_servers", options.declaration.address);
                return Answer::unknown([Reason::new(text, options.declaration.decl_range)]);
            };
            let evidence = Evidence::at(servers.span, "domain_name_servers");
            if servers.known.iter().any(|server| self.is_amazon_dns(vpc, server)) {
                Answer::no(evidence)
            } else if servers.open.is_empty() {
                Answer::yes(evidence)
            } else {
                Answer::unknown(servers.open.clone()).because(evidence)
            }
        });
        if !self.vpc(vpc).origin.is_closed() {
            answers.push(Answer::unknown(self.hidden_in_vpc(vpc)));
        }
        if answers.is_empty() {
            // A VPC without an option set of its own asks Amazon's servers.
            return Answer::no(self.vpc(vpc).declaration.evidence("uses the Amazon DNS server"));
        }
        Answer::any(answers)
    }

    /// Whether instances of the VPC certainly ask Amazon's DNS server and others too.
    pub fn mixed_dns(&self, vpc: VpcId) -> Answer {
        let answers = self.of_dhcp_options(vpc, |options| {
            let known = options.servers.as_ref().map(|servers| servers.known.as_slice()).unwrap_or_default();
            let amazon = known.iter().filter(|server| self.is_amazon_dns(vpc, server)).count();
            let mixed = Truth::known(amazon > 0 && amazon < known.len());
            let span = options.servers.as_ref().and_then(|servers| servers.span);
            Answer::new(mixed).because(Evidence::at(span, "domain_name_servers"))
        });
        let answer = Answer::any(answers);
        if answer.truth.is_yes() { answer } else { Answer::new(Truth::No) }
    }

    /// What holds of the option sets that the VPC has or may have.
    fn of_dhcp_options(&self, vpc: VpcId, ask: impl Fn(&DhcpOptions) -> Answer) -> Vec<Answer> {
        let mut answers = Vec::new();
        for association in &self.dns.dhcp_associations {
            let here = association.vpc.link.is(vpc);
            if here.is_no() {
                continue;
            }
            let mut applies = existence(&association.declaration);
            applies.truth = applies.truth & here;
            if applies.truth.is_unknown() && applies.reasons.is_empty() {
                applies.reasons = association.vpc.reasons();
            }
            let answer = match association.options.map(|index| &self.dns.dhcp_options[index]) {
                None => {
                    let text = "the DHCP option set is not managed here";
                    Answer::unknown([Reason::new(text, association.declaration.decl_range)])
                }
                Some(options) => ask(options),
            };
            answers.push(Answer::all([applies, answer]));
        }
        answers
    }

    /// Whether a server is Amazon's, as seen from the VPC.
    fn is_amazon_dns(&self, vpc: VpcId, server: &str) -> bool {
        let mut resolvers = self.vpc(vpc).cidrs.iter().filter_map(|fact| match fact.value() {
            // The resolver has the address after the router's, base plus two.
            Some(Cidr::Net(IpNet::V4(net))) => {
                Some(std::net::Ipv4Addr::from(u32::from(net.network()).saturating_add(2)).to_string())
            }
            Some(Cidr::Net(IpNet::V6(_)) | Cidr::Symbol(_)) | None => None,
        });
        server.eq_ignore_ascii_case("AmazonProvidedDNS")
            || server == "169.254.169.253"
            || server == "fd00:ec2::253"
            || resolvers.any(|own| own == server)
    }

    /// The private zones that answer, or may answer, for the service's name in the VPC; those of exactly that name first.
    pub fn zones_for(&self, vpc: VpcId, label: &str, region: Option<&str>) -> Vec<ZoneMatch> {
        let mut found = Vec::new();
        for (index, zone) in self.dns.zones.iter().enumerate() {
            let exact = match relation(&zone.name, label, region) {
                Relation::Exact => Truth::Yes,
                Relation::Parent => Truth::No,
                Relation::Unknown => Truth::Unknown,
                Relation::Other => continue,
            };
            let associated = self.is_associated(zone, vpc);
            if associated.truth.is_no() && associated.evidence.is_empty() {
                continue;
            }
            let (record, endpoint) = self.record_for(zone, label, region, exact);
            found.push(ZoneMatch { zone: ZoneId::from(index), exact, associated, record, endpoint });
        }
        found.sort_by_key(|zone| match zone.exact {
            Truth::Yes => 0,
            Truth::Unknown => 1,
            Truth::No => 2,
        });
        found
    }

    /// The record that leads the name of a zone to an endpoint.
    pub fn record_to(&self, zone: ZoneId, endpoint: EndpointId) -> Option<&Record> {
        let leads =
            |record: &&Record| record.endpoint.as_ref().is_some_and(|link| link.is(endpoint).is_yes());
        self.zone(zone).records.iter().find(leads)
    }

    fn is_associated(&self, zone: &HostedZone, vpc: VpcId) -> Answer {
        let mut answers = Vec::new();
        for association in &zone.associations {
            let here = association.vpc.link.is(vpc);
            if here.is_no() {
                continue;
            }
            let mut answer = existence(&association.declaration);
            answer.truth = answer.truth & here;
            if answer.truth.is_unknown() && answer.reasons.is_empty() {
                answer.reasons = association.vpc.reasons();
            }
            answers.push(answer);
        }
        if !zone.open.is_empty() {
            answers.push(Answer::unknown(zone.open.clone()));
        }
        if answers.is_empty() {
            let text = format!("{} is not associated with it", zone.declaration.address);
            return Answer::no(zone.declaration.evidence(text));
        }
        Answer::all([existence(&zone.declaration), Answer::any(answers)])
    }

    fn record_for(
        &self,
        zone: &HostedZone,
        label: &str,
        region: Option<&str>,
        exact: Truth,
    ) -> (Answer, Option<Link<EndpointId>>) {
        let mut answers = Vec::new();
        let mut endpoint = None;
        for record in &zone.records {
            let name = record_is_for(record, zone, label, region, exact);
            let kind =
                record.kind.satisfies(|kind| Truth::known(matches!(kind.as_str(), "A" | "AAAA" | "CNAME")));
            let mut answer = existence(&record.declaration);
            answer.truth = Truth::all([answer.truth, name, kind]);
            if answer.truth.is_no() {
                continue;
            }
            if answer.truth.is_unknown() && answer.reasons.is_empty() {
                let text = "what name the record is for is not known";
                answer.reasons.push(Reason::new(text, record.declaration.decl_range));
            }
            if endpoint.is_none() || answer.truth.is_yes() {
                endpoint = record.endpoint.clone().or(endpoint);
            }
            answers.push(answer);
        }
        if !zone.origin.is_closed() {
            let text = format!("the records of {} are not managed here", zone.declaration.address);
            answers.push(Answer::unknown([Reason::new(text, zone.declaration.decl_range)]));
        }
        if answers.is_empty() {
            let text = format!("{} has no record for {label}", zone.declaration.address);
            return (Answer::no(zone.declaration.evidence(text)), None);
        }
        (Answer::any(answers), endpoint)
    }

    /// Whether a forwarding rule takes the service's name away from Amazon's resolver: one for exactly that name,
    /// and one for a domain around it.
    pub fn forwards(&self, vpc: VpcId, label: &str, region: Option<&str>) -> (Answer, Answer) {
        let mut exact = Vec::new();
        let mut parent = Vec::new();
        let mut kept: Truth = Truth::No;
        for rule in &self.dns.resolver_rules {
            let associated = Answer::any(rule.associations.iter().filter_map(|(reference, declaration)| {
                let here = reference.link.is(vpc);
                if here.is_no() {
                    return None;
                }
                let mut answer = existence(declaration);
                answer.truth = answer.truth & here;
                if answer.truth.is_unknown() && answer.reasons.is_empty() {
                    answer.reasons = reference.reasons();
                }
                Some(answer)
            }));
            if associated.truth.is_no() {
                continue;
            }
            let related = relation(&rule.domain, label, region);
            let forward = rule.kind.ask("rule_type", |kind| Truth::known(kind == "FORWARD"));
            let own = rule.declaration.evidence("the resolver rule");
            let mut answer =
                Answer::all([Answer::yes(own), existence(&rule.declaration), associated, forward]);
            match related {
                Relation::Exact => exact.push(answer),
                Relation::Parent => {
                    if rule.kind.is(&"SYSTEM".into()).is_yes() {
                        kept = kept | Truth::Unknown;
                    }
                    parent.push(answer);
                }
                Relation::Unknown => {
                    answer.truth = answer.truth & Truth::Unknown;
                    answer
                        .reasons
                        .push(Reason::new("the rule's domain is not known", rule.declaration.decl_range));
                    parent.push(answer);
                }
                Relation::Other => {}
            }
        }
        let exact = Answer::any(exact);
        let mut parent = Answer::any(parent);
        // A rule that keeps a domain with Amazon's resolver may be the more specific one.
        if parent.truth.is_yes() && kept.is_unknown() {
            parent.truth = Truth::Unknown;
            parent.reasons.push(Reason::new("a SYSTEM rule for a domain around the name exists too", None));
        }
        (exact, parent)
    }

    /// Whether a DNS firewall blocks the service's name in the VPC.
    pub fn firewall_blocks(&self, vpc: VpcId, label: &str, region: Option<&str>) -> Answer {
        let mut answers = Vec::new();
        let mut allows = Truth::No;
        let mut deciding: Vec<(&Firewall, Truth)> = Vec::new();
        for rule in &self.dns.firewalls {
            let associated = Answer::any(rule.associations.iter().filter_map(|(reference, declaration)| {
                let here = reference.link.is(vpc);
                if here.is_no() {
                    return None;
                }
                let mut answer = existence(declaration);
                answer.truth = answer.truth & here;
                if answer.truth.is_unknown() && answer.reasons.is_empty() {
                    answer.reasons = reference.reasons();
                }
                Some(answer)
            }));
            if associated.truth.is_no() {
                continue;
            }
            let mut matches =
                Truth::any(rule.domains.iter().map(|domain| domain_matches(domain, label, region)));
            if !rule.open.is_empty() {
                matches = matches | Truth::Unknown;
            }
            if matches.is_no() {
                continue;
            }
            if rule.action.is(&"ALERT".into()).is_no() {
                let there = matches & associated.truth & rule.declaration.exists;
                deciding.push((rule, there));
            }
            let blocks = rule.action.ask("action", |action| Truth::known(action == "BLOCK"));
            if blocks.truth.is_no() {
                allows = allows | (rule.action.is(&"ALLOW".into()) & matches);
                continue;
            }
            let own = rule.declaration.evidence("the firewall rule");
            let mut answer =
                Answer::all([Answer::yes(own), existence(&rule.declaration), associated, blocks]);
            answer.truth = answer.truth & matches;
            if answer.truth.is_unknown() && answer.reasons.is_empty() {
                answer.reasons = rule.open.clone();
            }
            answers.push(answer);
        }
        let mut answer = Answer::any(answers);
        // The order of the rules decides between an ALLOW and a BLOCK.
        if answer.truth.is_yes() && !allows.is_no() {
            match first_of(&deciding) {
                Some(rule) if rule.action.is(&"ALLOW".into()).is_yes() => {
                    return Answer::no(rule.declaration.evidence("the firewall rule"));
                }
                Some(rule) if rule.action.is(&"BLOCK".into()).is_yes() => {}
                Some(_) | None => {
                    answer.truth = Truth::Unknown;
                    answer.reasons.push(Reason::new("another firewall rule allows the name", None));
                }
            }
        }
        answer
    }
}

/// The firewall rule that is asked first, of some that are about one name: where they are in one group, and all that is
/// before it is known.
fn first_of<'a>(rules: &[(&'a Firewall, Truth)]) -> Option<&'a Firewall> {
    let group = rules.first()?.0.group?;
    let mut ordered = Vec::new();
    for (rule, there) in rules {
        ordered.push((rule.priority.value().copied().flatten()?, *rule, *there));
        if rule.group != Some(group) {
            return None;
        }
    }
    let (_, first, there) = ordered.into_iter().min_by_key(|(priority, ..)| *priority)?;
    there.is_yes().then_some(first)
}

fn record_is_for(
    record: &Record,
    zone: &HostedZone,
    label: &str,
    region: Option<&str>,
    exact: Truth,
) -> Truth {
    let apex = match (&record.name.exact, &zone.name.exact) {
        (Some(name), _) if name.is_empty() => Truth::Yes,
        (Some(name), Some(zone)) => Truth::known(name == zone),
        // `aws_route53_zone.x.name` is the same template as the zone's own name.
        (None, None) if record.name == zone.name && !record.name.prefix.is_empty() => Truth::Yes,
        _ => Truth::Unknown,
    };
    let within = match &record.name.exact {
        Some(name) => {
            let first = name.split('.').next().unwrap_or_default();
            Truth::known(first == label || name == "*" || name.starts_with("*."))
        }
        None => record.name.starts_with(&format!("{label}.")),
    };
    match exact {
        Truth::Yes => apex | (within & Truth::known(record.name.exact.as_deref() != Some(label))),
        Truth::No => is_within(record, zone, label, region),
        Truth::Unknown => (apex | within) & Truth::Unknown,
    }
}

/// Whether a record of a zone around the name of a service is for that name. Its own name is relative to the zone, unless
/// it ends in the zone's name.
fn is_within(record: &Record, zone: &HostedZone, label: &str, region: Option<&str>) -> Truth {
    let (Some(own), Some(domain)) = (&record.name.exact, &zone.name.exact) else {
        return record.name.starts_with(&format!("{label}.")) & Truth::Unknown;
    };
    let full = match own.strip_suffix(domain.as_str()) {
        Some("") => own.clone(),
        Some(rest) if rest.ends_with('.') => own.clone(),
        _ => ecow::eco_format!("{own}.{domain}"),
    };
    match full.strip_prefix("*.") {
        Some(around) => Truth::known(relation(&Pattern::exact(around), label, region) == Relation::Parent),
        None => Truth::known(relation(&Pattern::exact(full), label, region) == Relation::Exact),
    }
}

fn domain_matches(domain: &Pattern, label: &str, region: Option<&str>) -> Truth {
    if let Some(exact) = domain.exact.as_deref()
        && let Some(rest) = exact.strip_prefix('*')
    {
        let rest = Pattern::exact(rest.trim_start_matches('.'));
        return match relation(&rest, label, region) {
            Relation::Parent => Truth::Yes,
            Relation::Exact | Relation::Other => Truth::No,
            Relation::Unknown => Truth::Unknown,
        };
    }
    match relation(domain, label, region) {
        Relation::Exact => Truth::Yes,
        Relation::Parent | Relation::Other => Truth::No,
        Relation::Unknown => Truth::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_of_a_service_or_around_it() {
        let of = |name: &str| relation(&Pattern::exact(name), "ssm", Some("eu-west-1"));
        assert_eq!(of("ssm.eu-west-1.amazonaws.com"), Relation::Exact);
        assert_eq!(of("ssm.eu-west-1.amazonaws.com."), Relation::Exact);
        assert_eq!(of("ssmmessages.eu-west-1.amazonaws.com"), Relation::Other);
        assert_eq!(of("ssm.us-east-1.amazonaws.com"), Relation::Other);
        assert_eq!(of("eu-west-1.amazonaws.com"), Relation::Parent);
        assert_eq!(of("amazonaws.com"), Relation::Parent);
        assert_eq!(of("com"), Relation::Parent);
        assert_eq!(of("."), Relation::Parent);
        assert_eq!(of("example.com"), Relation::Other);
        assert_eq!(of("myamazonaws.com"), Relation::Other);
    }

    #[test]
    fn a_zone_name_with_an_unknown_region_is_still_of_its_service() {
        let name = Pattern { exact: None, prefix: "ssm.".into(), suffix: ".amazonaws.com".into() };
        assert_eq!(relation(&name, "ssm", None), Relation::Exact);
        assert_eq!(relation(&name, "ssmmessages", None), Relation::Other);
        let name = Pattern { exact: None, prefix: "".into(), suffix: ".example.com".into() };
        assert_eq!(relation(&name, "ssm", None), Relation::Other);
        assert_eq!(relation(&Pattern::default(), "ssm", None), Relation::Unknown);
    }
}
