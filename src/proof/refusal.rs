//! What AWS refuses to make: an endpoint that `terraform apply` cannot create leads nobody anywhere.
//!
//! The same questions are asked by the chain of a target and by the rules that name the line to change.

use ecow::EcoString;

use crate::aws::Declaration;
use crate::aws::endpoint::{Endpoint, looks_like_region};
use crate::aws::fact::{Answer, Evidence, Fact, Reason, reasons};
use crate::aws::link::{EndpointId, GroupId, Link, LinkSet, VpcId, ZoneId};
use crate::aws::network::{Origin, Subnet, existence};
use crate::aws::region;
use crate::proof::{Reach, Service, Site, is_new_region};
use crate::source::{FileId, Span};
use crate::truth::Truth;

/// Why AWS does not make an endpoint, or does not let its name lead to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rule that reports it.
    pub rule: &'static str,
    /// What is wrong: lower case, no full stop, with the endpoint's address.
    pub reason: String,
    /// The places that decide it.
    pub evidence: Vec<Evidence>,
}

/// What is wrong with the name of an endpoint's service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameProblem {
    /// It is for the FIPS name of a service, which the agent does not dial.
    Fips(Service),
    /// It is a slip of the pen away from the service.
    Misspelt {
        /// As it is written.
        written: EcoString,
        /// What was meant.
        meant: Service,
    },
    /// It is for the service, and not made as AWS makes the names of its services.
    Form(Service),
    /// It begins with what AWS uses for other services of the partition.
    Prefix(&'static str),
    /// It names another region than the one in which the endpoint is created.
    Region {
        /// In the name.
        named: EcoString,
        /// Of the endpoint.
        own: EcoString,
    },
    /// It is for a service whose endpoints in China begin with another prefix.
    China(&'static str),
    /// It is for ec2messages in a region that has only ssmmessages.
    NewRegion(EcoString),
}

impl NameProblem {
    /// Whether `terraform apply` fails because of it.
    pub fn is_refused(&self) -> bool {
        match self {
            NameProblem::Misspelt { .. } | NameProblem::Form(_) | NameProblem::Region { .. } => true,
            // Of the other partitions only CDK's table says so.
            NameProblem::Prefix(prefix) => *prefix == "cn.com.amazonaws",
            NameProblem::Fips(_) | NameProblem::NewRegion(_) | NameProblem::China(_) => false,
        }
    }

    /// What the endpoint does, to be read after its address.
    pub fn describe(&self) -> String {
        match self {
            NameProblem::Fips(service) => {
                format!("is for {}-fips, a name that the agent does not dial", service.label())
            }
            NameProblem::Misspelt { written, .. } => {
                format!("names the service {written}, which does not exist")
            }
            NameProblem::Form(_) => "has a name that no service of AWS has".to_owned(),
            NameProblem::Prefix(prefix) => {
                format!("has a name that does not exist: it begins with {prefix}")
            }
            NameProblem::Region { named, own } => {
                format!("is created in {own} and names a service of {named}")
            }
            NameProblem::China(service) => {
                format!("is for {service} in China and does not begin with cn.com.amazonaws")
            }
            NameProblem::NewRegion(region) => format!("is for ec2messages, which {region} does not have"),
        }
    }
}

/// Who claims the name of a service in a VPC, in the order in which it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// The endpoints that certainly do.
    pub endpoints: Vec<EndpointId>,
    /// The endpoints that may, each with why that is not known.
    pub possible_endpoints: Vec<(EndpointId, Answer)>,
    /// The private hosted zones of that name that are certainly associated.
    pub zones: Vec<ZoneId>,
    /// The private hosted zones of that name that may be associated, each with why that is not known.
    pub possible_zones: Vec<(ZoneId, Answer)>,
}

/// Services whose names are near ours and that exist.
const NEIGHBOURS: &[&str] =
    &["ec2", "ecs", "ebs", "efs", "sns", "sms", "sqs", "sso", "ses", "rum", "dms", "eks", "iam", "kms", "s3"];

/// Services whose endpoints in China begin with `cn.com.amazonaws`, of those that are met beside ours:
/// <https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/aws-ec2/lib/vpc-endpoint.ts>.
const OTHER_IN_CHINA: &[&str] = &["ec2", "ecr.api", "ecr.dkr", "sts", "monitoring", "lambda"];

/// What is wrong with the name of an endpoint's service, as far as it is known.
pub fn name_problems(endpoint: &Endpoint) -> Vec<NameProblem> {
    let mut problems = Vec::new();
    let service = &endpoint.service;
    let prefix = service.prefix();
    let own = Service::ALL.iter().find(|wanted| service.is(wanted.label()).is_yes());
    if own.is_none()
        && prefix.is_some()
        && let Some(end) = service.known_end()
    {
        let fips = |wanted: &&Service| end.strip_suffix("-fips").is_some_and(|name| name == wanted.label());
        if let Some(wanted) = Service::ALL.iter().find(fips) {
            problems.push(NameProblem::Fips(*wanted));
        } else if let Some(meant) = misspelt(&end) {
            problems.push(NameProblem::Misspelt { written: end, meant });
        }
    }
    if own.is_none()
        && problems.is_empty()
        && let Some(Some(name)) = service.name.value()
        && let Some(meant) = ill_formed(name)
    {
        problems.push(NameProblem::Form(meant));
    }
    if let (Some(_), Some(prefix)) = (own, prefix)
        && prefix != "com.amazonaws"
    {
        problems.push(NameProblem::Prefix(prefix));
    }
    let in_china = service.region().is_some_and(|region| region.starts_with("cn-"));
    if own.is_none() && in_china && prefix == Some("com.amazonaws") {
        let other = OTHER_IN_CHINA.iter().find(|label| service.is(label).is_yes());
        problems.extend(other.map(|label| NameProblem::China(label)));
    }
    let region = endpoint.region.value().and_then(Option::as_ref);
    let service_region = endpoint.service_region.value();
    let asked = service_region.and_then(Option::as_ref).or(region);
    if let (Some(named), Some(asked), Some(_), Some(_)) = (service.region(), asked, service_region, prefix)
        && named != *asked
        && (own.is_some() || looks_like_region(&named))
    {
        problems.push(NameProblem::Region { named, own: asked.clone() });
    }
    if let (Some(Service::Ec2Messages), Some(region)) = (own, region)
        && is_new_region(region)
    {
        problems.push(NameProblem::NewRegion(region.clone()));
    }
    problems
}

impl Reach<'_> {
    /// Whether an endpoint is made in another region than its VPC, whose id no other region knows.
    pub fn in_another_region(&self, id: EndpointId) -> Answer {
        let network = &self.model.network;
        let endpoint = network.endpoint(id);
        let vpc = endpoint.vpc.link.to().map(|vpc| network.vpc(vpc));
        // A VPC that the configuration only names is in the region of what names it.
        let Some(vpc) = vpc.filter(|vpc| vpc.origin != Origin::Named && endpoint.declaration.is_managed())
        else {
            return Answer::new(Truth::No);
        };
        let truth = !region::same(&endpoint.region, &vpc.region);
        let note = match vpc.region.value() {
            Some(Some(region)) => format!("its VPC is in {region}"),
            Some(None) | None => "its VPC".to_owned(),
        };
        let mut answer = Answer::new(truth).because(vpc.region.evidence(note));
        if truth.is_unknown() {
            let (address, own) = (&endpoint.declaration.address, &vpc.declaration.address);
            let text = format!("whether {address} is made in the region of {own} is not known");
            answer.reasons = unknown_region([&endpoint.region, &vpc.region], text, endpoint.region.span);
        }
        answer
    }

    /// Whether an endpoint of one of our services asks for that of another region, which AWS offers for other services:
    /// <https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-cross-region-privatelink-support.html>.
    pub fn asks_for_another_region(&self, id: EndpointId) -> Answer {
        let endpoint = self.model.network.endpoint(id);
        let asked = &endpoint.service_region;
        let ours = Service::ALL.iter().any(|service| endpoint.service.is(service.label()).is_yes());
        if !ours || asked.is(&None).is_yes() {
            return Answer::new(Truth::No);
        }
        let truth = !region::same(asked, &endpoint.region);
        let mut answer = Answer::new(truth).because(asked.evidence(""));
        if truth.is_unknown() {
            let text =
                format!("whether {} asks for its own region is not known", endpoint.declaration.address);
            answer.reasons = unknown_region([asked, &endpoint.region], text, asked.span);
        }
        answer
    }

    /// Whether an endpoint is in no subnet, so that it has no network interface.
    pub fn without_subnet(&self, id: EndpointId) -> Answer {
        let subnets = &self.model.network.endpoint(id).subnets;
        Answer { truth: subnets.is_empty(), evidence: Vec::new(), reasons: subnets.reasons() }
    }

    /// Whether an endpoint is given lists of subnets where subnets belong.
    pub fn nested_subnets(&self, id: EndpointId) -> Answer {
        Answer::new(Truth::known(self.model.network.endpoint(id).nests_subnets))
    }

    /// Whether a subnet of an endpoint is certainly in another VPC; that it may be says nothing.
    pub fn foreign_subnet(&self, id: EndpointId) -> Answer {
        let network = &self.model.network;
        let endpoint = network.endpoint(id);
        let found = endpoint.subnets.members.iter().find(|member| {
            let subnet = network.subnet(member.to);
            member.certain.is_yes() && subnet.vpc.link.same(&endpoint.vpc.link).is_no()
        });
        match found {
            Some(member) => {
                let subnet = network.subnet(member.to);
                let note = format!("{} is in another VPC", subnet.declaration.address);
                Answer::yes(Evidence::at(subnet.vpc.span, note))
                    .because(endpoint.vpc.evidence("the endpoint's VPC"))
            }
            None => Answer::new(Truth::No),
        }
    }

    /// Whether two subnets of an endpoint are certainly in one availability zone.
    pub fn subnets_in_one_zone(&self, id: EndpointId) -> Answer {
        let network = &self.model.network;
        let subnets = &network.endpoint(id).subnets;
        let members: Vec<_> = subnets.members.iter().filter(|member| member.certain.is_yes()).collect();
        for (index, one) in members.iter().enumerate() {
            for other in &members[index + 1..] {
                let (a, b) = (network.subnet(one.to), network.subnet(other.to));
                if a.zone.same(&b.zone).is_yes() {
                    let note = |address: &str| format!("{address} is in that zone");
                    return Answer::yes(a.declaration.evidence(note(&a.declaration.address)))
                        .because(b.declaration.evidence(note(&b.declaration.address)));
                }
            }
        }
        Answer::new(Truth::No)
    }

    /// A group in a set that certainly belongs to another VPC than what carries it, which AWS refuses.
    pub fn foreign_group(&self, groups: &LinkSet<GroupId>, vpc: &Link<VpcId>) -> Option<GroupId> {
        let vpc = vpc.to()?;
        let members = groups.members.iter().filter(|member| member.certain.is_yes());
        members.map(|member| member.to).find(|group| self.model.network.is_foreign(*group, vpc))
    }

    /// The module whose public and private subnets an endpoint is given together, where they are not known one by one:
    /// each zone has one of both as a rule.
    pub fn joins_public_and_private(&self, id: EndpointId) -> Option<&EcoString> {
        let lists = &self.model.network.endpoint(id).subnet_lists;
        let is = |name: &str, word: &str| name.split('_').any(|part| part == word);
        lists
            .iter()
            .filter(|(_, name)| is(name, "private"))
            .map(|(module, _)| module)
            .find(|module| lists.iter().any(|(other, name)| other == *module && is(name, "public")))
    }

    /// Whether a subnet of an endpoint certainly is of another address family than the endpoint.
    pub fn subnet_of_other_family(&self, id: EndpointId) -> Answer {
        let network = &self.model.network;
        let endpoint = network.endpoint(id);
        let wanted = endpoint.ip_address_type.value().and_then(Option::as_ref).map(EcoString::as_str);
        // Both families need both ranges in every subnet:
        // <https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html#aws-services-ip-address-type>.
        let is_wrong = |subnet: &Subnet| match wanted {
            Some("ipv4") => subnet.ipv6_native.is(&true),
            Some("dualstack") => subnet.ipv6_native.is(&true) | subnet.ipv6_cidr.is(&None),
            Some("ipv6") => !subnet.ipv6_native.is(&true),
            Some(_) | None => Truth::No,
        };
        let found = endpoint
            .subnets
            .members
            .iter()
            .find(|member| member.certain.is_yes() && is_wrong(network.subnet(member.to)).is_yes());
        match found {
            Some(member) => {
                let subnet = network.subnet(member.to);
                let only = if subnet.ipv6_native.is(&true).is_yes() { "IPv6" } else { "IPv4" };
                let note = format!("{} has no addresses but {only}", subnet.declaration.address);
                Answer::yes(subnet.declaration.evidence(note))
                    .because(endpoint.ip_address_type.evidence("the endpoint's address type"))
            }
            None => Answer::new(Truth::No),
        }
    }

    /// Whether a site and an endpoint have addresses of one family. Without `ip_address_type` an endpoint has IPv4.
    pub fn shares_family(&self, site: &Site, id: EndpointId) -> Answer {
        let network = &self.model.network;
        let Some(subnet) = site.subnet.map(|subnet| network.subnet(subnet)) else {
            return Answer::new(Truth::Yes);
        };
        if !subnet.ipv6_native.is(&true).is_yes() {
            return Answer::new(Truth::Yes);
        }
        let kind = &network.endpoint(id).ip_address_type;
        let has_v6 = kind.ask("the endpoint's address type", |kind| {
            Truth::known(matches!(kind.as_deref(), Some("ipv6" | "dualstack")))
        });
        if has_v6.truth.is_yes() {
            let text = format!(
                "{} has IPv6 only, which SSM Agent speaks from 3.3.3270.0 on when UseDualStackEndpoint is set",
                subnet.declaration.address
            );
            return Answer::unknown([Reason::new(text, subnet.ipv6_native.span)]);
        }
        has_v6.because(subnet.ipv6_native.evidence("the instance has no IPv4 address"))
    }

    /// Who claims the name of the AWS service of a label in a VPC, of what is known to be of it; whether two conditions
    /// exclude each other is not asked.
    pub fn claims(&self, vpc: VpcId, label: &str) -> Claims {
        let network = &self.model.network;
        let region = network.vpc(vpc).region.value().and_then(Option::as_ref).map(EcoString::as_str);
        let mut claims = Claims::default();
        for id in network.endpoints_in(vpc) {
            let endpoint = network.endpoint(id);
            if !endpoint.service.is(label).is_yes() {
                continue;
            }
            let claim = Answer::all([
                network.is_in(endpoint, vpc),
                Answer::new(Truth::known(!endpoint.is_interface().is_no())),
                self.in_another_region(id).negate(),
                endpoint.private_dns.ask("", |on| Truth::known(*on)),
                existence(&endpoint.declaration),
            ]);
            match claim.truth {
                Truth::Yes => claims.endpoints.push(id),
                Truth::Unknown => claims.possible_endpoints.push((id, claim)),
                Truth::No => {}
            }
        }
        for zone in network.zones_for(vpc, label, region) {
            match zone.exact & zone.associated.truth {
                Truth::Yes => claims.zones.push(zone.zone),
                // A name that is not known is not taken for this one.
                Truth::Unknown if zone.exact.is_yes() => {
                    claims.possible_zones.push((zone.zone, zone.associated));
                }
                Truth::Unknown | Truth::No => {}
            }
        }
        claims.endpoints.sort_by_key(|id| place(&network.endpoint(*id).declaration));
        claims.zones.sort_by_key(|id| place(&network.zone(*id).declaration));
        claims
    }

    /// Why AWS certainly does not make an endpoint that a target's connections would lead to.
    pub fn refusal(&self, id: EndpointId) -> Option<Refusal> {
        let network = &self.model.network;
        let endpoint = network.endpoint(id);
        let declaration = &endpoint.declaration;
        let address = &declaration.address;
        if !declaration.is_managed() || !existence(declaration).truth.is_yes() {
            return None;
        }
        let elsewhere = self.in_another_region(id);
        if elsewhere.truth.is_yes() {
            let reason = format!("{address} is made in another region than its VPC");
            let evidence = vec![endpoint.region.evidence("")];
            return Some(Refusal { rule: "SSM013", reason, evidence });
        }
        let asked = self.asks_for_another_region(id);
        if asked.truth.is_yes() {
            let reason = format!("{address} asks for the service of another region");
            return Some(Refusal { rule: "SSM013", reason, evidence: asked.evidence });
        }
        let at_subnets =
            Evidence { span: endpoint.subnets.span, origin: endpoint.subnets.origin, note: String::new() };
        for (answer, what) in [
            (self.without_subnet(id), "is in no subnet"),
            (self.nested_subnets(id), "is given lists of subnets, not subnets"),
            (self.foreign_subnet(id), "is given a subnet of another VPC"),
            (self.subnets_in_one_zone(id), "is given two subnets in one availability zone"),
            (self.subnet_of_other_family(id), "is given a subnet without addresses of its type"),
        ] {
            if answer.truth.is_yes() {
                let evidence = std::iter::once(at_subnets).chain(answer.evidence).collect();
                return Some(Refusal { rule: "SSM012", reason: format!("{address} {what}"), evidence });
            }
        }
        if let Some(group) = self.foreign_group(&endpoint.own_groups, &endpoint.vpc.link) {
            let group = &self.model.network.group(group).declaration.address;
            let reason = format!("{address} is given {group}, which is of another VPC");
            let evidence = Evidence {
                span: endpoint.own_groups.span,
                origin: endpoint.own_groups.origin,
                note: String::new(),
            };
            return Some(Refusal { rule: "SSM002", reason, evidence: vec![evidence] });
        }
        let problem = name_problems(endpoint).into_iter().find(NameProblem::is_refused)?;
        Some(Refusal {
            rule: "SSM013",
            reason: format!("{address} {}", problem.describe()),
            evidence: vec![endpoint.service.name.evidence("")],
        })
    }
}

/// Where something is written.
fn place(declaration: &Declaration) -> Option<(FileId, u32)> {
    declaration.decl_range.map(|span| (span.file, span.start))
}

/// Why it is not known whether two regions are one: what is not known of them, or the text.
fn unknown_region(regions: [&Fact<Option<EcoString>>; 2], text: String, span: Option<Span>) -> Vec<Reason> {
    let causes: Vec<Reason> = regions
        .iter()
        .filter_map(|region| {
            region.value.causes().filter(|causes| !causes.is_empty()).map(|causes| (region, causes))
        })
        .flat_map(|(region, causes)| reasons(causes, region.span))
        .collect();
    if causes.is_empty() { vec![Reason::new(text, span)] } else { causes }
}

/// The service that a name is for that has its label and not its form: the name of its host, or one with a part too few.
fn ill_formed(name: &str) -> Option<Service> {
    let parts: Vec<&str> = name.trim().trim_end_matches('.').split('.').collect();
    let of = |part: &&str| Service::ALL.into_iter().find(|service| service.label() == *part);
    let at_end = parts.last().and_then(of);
    at_end.or_else(|| parts.first().and_then(of).filter(|_| name.contains("amazonaws.com")))
}

/// The service that a name is a slip of the pen away from.
fn misspelt(name: &str) -> Option<Service> {
    if NEIGHBOURS.contains(&name) || name.contains('.') {
        return None;
    }
    // AWS takes neither other letters nor spaces around them.
    let written = name.trim().to_ascii_lowercase();
    if let Some(service) =
        Service::ALL.into_iter().find(|service| service.label() == written && written != name)
    {
        return Some(service);
    }
    let near = |service: &Service| {
        let wanted = service.label();
        // In three letters two slips make any other name.
        let slips = if wanted.len() <= 3 { 1 } else { 2 };
        let distance = distance(name, wanted);
        distance > 0 && distance <= slips
    };
    Service::ALL.into_iter().find(near)
}

/// The number of letters to add, drop or change.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_other_services_are_not() {
        assert_eq!(misspelt("ec2message"), Some(Service::Ec2Messages));
        assert_eq!(misspelt("ssm-messages"), Some(Service::SsmMessages));
        assert_eq!(misspelt("ssmm"), Some(Service::Ssm));
        assert_eq!(misspelt("SSM"), Some(Service::Ssm));
        assert_eq!(misspelt("ec2messages "), Some(Service::Ec2Messages));
        assert_eq!(misspelt("sns"), None);
        assert_eq!(misspelt("kms"), None);
        assert_eq!(misspelt("ec2"), None);
        assert_eq!(misspelt("ssm"), None);
    }

    #[test]
    fn names_of_another_form_are_for_the_service_that_they_end_or_begin_in() {
        assert_eq!(ill_formed(" com.amazonaws.eu-west-1.ssm"), Some(Service::Ssm));
        assert_eq!(ill_formed("com.amazonaws.ssmmessages"), Some(Service::SsmMessages));
        assert_eq!(ill_formed("ssm.eu-west-1.amazonaws.com"), Some(Service::Ssm));
        assert_eq!(ill_formed("com.amazonaws.vpce.eu-west-1.vpce-svc-0abc"), None);
        assert_eq!(ill_formed("com.amazonaws.eu-west-1.ssm-contacts"), None);
    }
}
