//! The proof: for each target the chain of links that a Session Manager session hangs on.
//!
//! [`Reach`] answers the questions of which the chain is made; rules ask it the same questions from the side of the
//! line that breaks a link. Nothing unknown is taken for absent: what is not proven stays [`Truth::Unknown`].

pub mod dns;
pub mod chain;
pub mod refusal;
pub mod session;
pub mod verdict;
pub mod work;

use std::sync::OnceLock;

use crate::aws::Model;
use crate::aws::ami::Family;
use crate::aws::cidr::Coverage;
use crate::aws::compute::{Target, TargetId};
use crate::aws::dns::{Relation, relation};
use crate::aws::endpoint::{Endpoint, Presence};
use crate::aws::fact::{Answer, Evidence, Reason};
use crate::aws::iam::RoleId;
use crate::aws::link::{EndpointId, GatewayId, GroupId, Link, SubnetId, VpcId};
use crate::aws::nacl::Ephemeral;
use crate::aws::network::{Gateway, GatewayKind};
use crate::aws::security_group::{Admission, Direction, Party, PeerKind};
use crate::proof::dns::Resolution;
use crate::proof::refusal::Claims;
pub use crate::proof::verdict::Proof;
use crate::truth::Truth;

/// A service of AWS that the agent calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Registration and heartbeat.
    Ssm,
    /// The session itself.
    SsmMessages,
    /// Commands to agents before 3.3.40.0.
    Ec2Messages,
}

impl Service {
    /// All of them.
    pub const ALL: [Service; 3] = [Service::Ssm, Service::SsmMessages, Service::Ec2Messages];

    /// Those that a session cannot do without.
    pub const SESSION: [Service; 2] = [Service::Ssm, Service::SsmMessages];

    /// The service's part of its endpoint's name.
    pub fn label(self) -> &'static str {
        match self {
            Service::Ssm => "ssm",
            Service::SsmMessages => "ssmmessages",
            Service::Ec2Messages => "ec2messages",
        }
    }

    /// What does not work without it.
    pub fn loss(self) -> &'static str {
        match self {
            Service::Ssm => "without ssm the instance never registers",
            Service::SsmMessages => {
                "without ssmmessages the instance registers, but StartSession fails with TargetNotConnected"
            }
            Service::Ec2Messages => {
                "without ec2messages Run Command and State Manager need SSM Agent 3.3.40.0 or later; a session does not"
            }
        }
    }
}

/// Regions that opened in 2024 or later, where only ssmmessages exists:
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-setting-up-messageAPIs.html>.
const NEW_REGIONS: &[&str] =
    &["ap-southeast-5", "ap-southeast-7", "mx-central-1", "ap-east-2", "ap-southeast-6", "eusc-de-east-1"];

/// Whether a region opened in 2024 or later, so that ec2messages does not exist there.
pub fn is_new_region(region: &str) -> bool {
    NEW_REGIONS.contains(&region)
}

/// How a missing ec2messages counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ec2Messages {
    /// As a missing service.
    #[default]
    Required,
    /// As advice: a session on a recent agent does without.
    Advisory,
}

/// What the user says that the configuration does not.
#[derive(Clone, Debug, Default)]
pub struct ProofOptions {
    /// How a missing ec2messages counts.
    pub ec2messages: Ec2Messages,
}

/// A target in one of its subnets.
#[derive(Clone, Debug)]
pub struct Site {
    /// The target.
    pub target: TargetId,
    /// The subnet; none when it is not known.
    pub subnet: Option<SubnetId>,
    /// The VPC.
    pub vpc: Link<VpcId>,
    /// Whether the target exists and is in this subnet.
    pub certain: Truth,
    /// Whether it reaches public addresses.
    pub internet: Answer,
}

/// The questions that a proof asks, with the answers that are asked for often.
#[derive(Debug)]
pub struct Reach<'a> {
    /// Networking and identity.
    pub model: &'a Model,
    /// What the user says.
    pub options: &'a ProofOptions,
    /// Every target in every one of its subnets.
    pub sites: Vec<Site>,
    /// By VPC and service: every rule and every site asks for the same.
    known: Vec<[Memo; Service::ALL.len()]>,
}

/// What is known of a service in a VPC, once it was asked for.
#[derive(Debug, Default)]
struct Memo {
    presence: OnceLock<Presence>,
    resolution: OnceLock<Resolution>,
    owners: OnceLock<Claims>,
}

impl<'a> Reach<'a> {
    /// Looks at all targets.
    pub fn new(model: &'a Model, options: &'a ProofOptions) -> Reach<'a> {
        let mut sites = Vec::new();
        for id in model.compute.target_ids() {
            let target = model.compute.target(id);
            let subnets = &target.subnets;
            for member in &subnets.members {
                sites.push(site(model, id, Some(member.to), member.certain));
            }
            // Without a subnet that is known it is in one that is not.
            if subnets.members.is_empty() {
                sites.push(site(model, id, None, Truth::Yes));
            } else if subnets.open.is_some() {
                sites.push(site(model, id, None, Truth::Unknown));
            }
        }
        let known = model.network.vpc_ids().map(|_| Default::default()).collect();
        Reach { model, options, sites, known }
    }

    /// The target of a site.
    pub fn target(&self, site: &Site) -> &'a Target {
        self.model.compute.target(site.target)
    }

    /// Whether a target exists and is in the subnet of a site, without evidence.
    pub(crate) fn used(&self, site: &Site) -> Answer {
        let target = &self.target(site).declaration;
        let mut answer = Answer { truth: site.certain, ..target.existence() };
        if answer.truth.is_unknown() && answer.reasons.is_empty() {
            let text = format!("whether {} is in this subnet is not known", target.address);
            answer.reasons.push(Reason::new(text, target.decl_range));
        }
        answer
    }

    /// The sites that are certainly in a VPC.
    pub fn sites_in(&self, vpc: VpcId) -> impl Iterator<Item = &Site> {
        self.sites.iter().filter(move |site| site.vpc.is(vpc).is_yes())
    }

    /// Whether the VPC has an endpoint of the service.
    pub fn presence(&self, vpc: VpcId, service: Service) -> &Presence {
        let presence = &self.memo(vpc, service).presence;
        presence.get_or_init(|| self.model.network.presence(vpc, service.label()))
    }

    fn memo(&self, vpc: VpcId, service: Service) -> &Memo {
        &self.known[usize::from(vpc)][service as usize]
    }

    /// The addresses of the targets that certainly are in an endpoint's VPC and have no way to the internet, so that they
    /// lose the service when the endpoint does not work.
    pub fn cut_off(&self, endpoint: &Endpoint) -> Vec<String> {
        let sites = endpoint.vpc.link.to().into_iter().flat_map(|vpc| self.sites_in(vpc));
        let cut_off = sites.filter(|site| site.certain.is_yes() && site.internet.truth.is_no());
        cut_off.map(|site| self.target(site).declaration.address.clone()).collect()
    }

    /// Whether sessions and commands in this VPC need the service.
    pub fn needs(&self, vpc: VpcId, service: Service) -> bool {
        let region = self.model.network.vpc(vpc).region.value().and_then(Option::as_ref);
        service != Service::Ec2Messages || !region.is_some_and(|region| is_new_region(region))
    }

    /// Where the service's name leads in the VPC.
    pub fn resolve(&self, vpc: VpcId, service: Service) -> &Resolution {
        self.memo(vpc, service).resolution.get_or_init(|| dns::resolve(self, vpc, service))
    }

    /// Who claims the service's name in the VPC.
    pub fn owners(&self, vpc: VpcId, service: Service) -> &Claims {
        self.memo(vpc, service).owners.get_or_init(|| self.claims(vpc, service.label()))
    }

    /// The region of a site, when it is known: that of its VPC, which is that of the target.
    pub fn region(&self, site: &Site) -> Option<&'a str> {
        let vpc = site.vpc.to().and_then(|vpc| self.model.network.vpc(vpc).region.value());
        let region = vpc.or_else(|| self.target(site).region.value());
        region.and_then(Option::as_ref).map(|region| region.as_str())
    }

    /// The role of a site's target, when it is one that the configuration names.
    pub fn role(&self, site: &Site) -> Option<RoleId> {
        self.role_of(self.target(site))
    }

    /// The role of a target, when it is one that the configuration names.
    pub fn role_of(&self, target: &Target) -> Option<RoleId> {
        let profile = self.model.iam.profile(target.profile.link.to()?);
        profile.role.as_ref()?.reference.link.to()
    }

    /// The ports that a site's instances choose for their side of a connection.
    pub fn ephemeral(&self, site: &Site) -> Ephemeral {
        match &self.target(site).ami.family {
            Some(Family::Windows) => Ephemeral::Windows,
            Some(
                Family::AmazonLinux
                | Family::Ubuntu
                | Family::Suse
                | Family::MacOs
                | Family::Bottlerocket
                | Family::Other,
            ) => Ephemeral::Linux,
            None => Ephemeral::Unknown,
        }
    }

    /// Whether the site's groups let HTTPS out to public addresses.
    pub fn site_admits_internet(&self, site: &Site) -> Admission {
        self.model.network.admits(&self.target(site).groups, Direction::Egress, 443, &Party::Internet)
    }

    /// Whether a site's groups let HTTPS out to private addresses only, and so not to the buckets of S3 either.
    pub fn stays_private(&self, site: &Site) -> bool {
        let network = &self.model.network;
        let admission = self.site_admits_internet(site);
        let of_service = |(group, index): &(GroupId, usize)| {
            let peers = &network.group(*group).egress.rules[*index].peers;
            peers.iter().any(|peer| matches!(peer.kind, PeerKind::PrefixList(_)))
        };
        admission.answer.truth.is_no() && !admission.candidates.iter().any(of_service)
    }

    /// The endpoints that a site's connections to the service go to, or would go to once their names lead there.
    pub fn led_to(&self, vpc: VpcId, service: Service, site: &Site) -> Vec<EndpointId> {
        let network = &self.model.network;
        let usable = |id: &EndpointId| {
            let endpoint = network.endpoint(*id);
            let is_it =
                endpoint.service.is(service.label()) & endpoint.is_interface() & endpoint.declaration.exists;
            !is_it.is_no() && (!endpoint.private_dns.is(&true).is_no() || !site.internet.truth.is_yes())
        };
        let own = self.presence(vpc, service).endpoints.iter().copied();
        let own: Vec<EndpointId> = own.filter(usable).collect();
        if own.is_empty() { self.resolve(vpc, service).endpoints.clone() } else { own }
    }

    /// Whether Default Host Management gives the target a role where its own lets it down.
    pub fn host_management(&self, site: &Site) -> Answer {
        self.host_management_of(self.target(site))
    }

    /// Whether Default Host Management gives a target a role.
    pub fn host_management_of(&self, target: &Target) -> Answer {
        Answer::all([self.host_management_is_on(target), target.has_metadata()])
    }

    /// The role that Default Host Management gives a target without profile, where it is made here.
    pub fn management_role(&self, target: &Target) -> Option<RoleId> {
        let role = self.model.ssm.management_role(&target.region)?;
        (target.profile.present.is_no() && self.model.iam.role(role).declaration.is_managed()).then_some(role)
    }

    /// Whether Default Host Management is on where a target is.
    pub fn host_management_is_on(&self, target: &Target) -> Answer {
        let set = self.model.ssm.host_management(&target.region);
        match self.model.assumptions.host_management() {
            Some((assumed, true)) if !set.truth.is_yes() => {
                Answer::yes(Evidence::at(assumed.span, "Default Host Management is assumed"))
            }
            Some(_) | None => set,
        }
    }

    /// Whether a private zone leads the service's name to an endpoint of another VPC, or to one that is not seen.
    pub fn zone_leads_away(&self, vpc: VpcId, service: Service) -> Answer {
        let network = &self.model.network;
        let region = network.vpc(vpc).region.value().and_then(Option::as_ref);
        let zones = network.zones_for(vpc, service.label(), region.map(|region| region.as_str()));
        Answer::any(
            zones
                .into_iter()
                .map(|zone| Answer::all([Answer::new(zone.exact), zone.associated, zone.record])),
        )
    }

    /// Whether servers elsewhere may lead the service's name to an endpoint that is not seen, because a resolver rule
    /// forwards it to them.
    pub fn may_be_forwarded(&self, vpc: VpcId, service: Service) -> Answer {
        let network = &self.model.network;
        let region = network.vpc(vpc).region.value().and_then(Option::as_ref);
        let (exact, parent) = network.forwards(vpc, service.label(), region.map(|region| region.as_str()));
        let mut answer = Answer::any([exact, parent]);
        if answer.truth.is_yes() {
            answer.truth = Truth::Unknown;
            let at = answer.evidence.iter().find_map(|evidence| evidence.span);
            let text = "a resolver rule forwards the name, and what its servers answer is not known";
            answer.reasons.push(Reason::new(text, at));
        }
        answer
    }

    /// Whether the VPC is meant to use endpoints of another VPC: a zone of a service's name is its own or another's,
    /// or a connection leads from it to the VPC that has the endpoints.
    pub fn is_shared(&self, vpc: VpcId) -> bool {
        let network = &self.model.network;
        let elsewhere: Vec<VpcId> = Service::SESSION
            .into_iter()
            .flat_map(|service| self.presence(vpc, service).elsewhere.iter().copied())
            .filter_map(|id| network.endpoint(id).vpc.link.to())
            .collect();
        if elsewhere.is_empty()
            || Service::ALL.into_iter().any(|service| !self.presence(vpc, service).endpoints.is_empty())
        {
            return false;
        }
        let zoned = network.dns.zones.iter().any(|zone| {
            Service::ALL
                .into_iter()
                .any(|service| relation(&zone.name, service.label(), None) == Relation::Exact)
        });
        zoned || elsewhere.iter().any(|other| self.connection(vpc, *other))
    }

    /// Whether the VPC is meant to use another VPC's endpoint of the service, and there is one or a zone for one.
    pub fn is_to_share(&self, vpc: VpcId, service: Service) -> bool {
        let network = &self.model.network;
        let region = network.vpc(vpc).region.value().and_then(Option::as_ref).map(|region| region.as_str());
        let mut zones = network.dns.zones.iter();
        let zoned = zones.any(|zone| relation(&zone.name, service.label(), region) == Relation::Exact);
        self.is_shared(vpc) && (zoned || !self.presence(vpc, service).elsewhere.is_empty())
    }

    /// Whether a peering connection or transit gateway is attached to both VPCs.
    fn connection(&self, one: VpcId, other: VpcId) -> bool {
        let attached = |gateway: &Gateway, vpc: VpcId| {
            gateway.vpcs.iter().any(|(reference, exists)| !(reference.link.is(vpc) & *exists).is_no())
        };
        self.model.network.gateways.iter().any(|gateway| {
            matches!(gateway.kind, GatewayKind::Peering | GatewayKind::Transit)
                && attached(gateway, one)
                && attached(gateway, other)
        })
    }

    /// The NAT gateway that a site's default route leads to, when the site does not reach the internet through it.
    pub fn broken_nat(&self, site: &Site) -> Option<GatewayId> {
        if !site.internet.truth.is_no() {
            return None;
        }
        let egress = self.model.network.egress(site.subnet?);
        egress.routes.iter().filter(|route| route.truth.is_yes()).find_map(|route| {
            let gateway = route.gateway?;
            let kind = &self.model.network.gateway(gateway).kind;
            matches!(kind, GatewayKind::Nat(_) | GatewayKind::Interface(Some(_))).then_some(gateway)
        })
    }

    /// Whether a site and an endpoint have no addresses in common but those of IPv6: one of them is where there are no others.
    pub fn by_v6(&self, site: &Site, endpoint: &Endpoint) -> Truth {
        let subnets = site.subnet.into_iter().chain(endpoint.subnets.ids());
        Truth::any(subnets.map(|subnet| self.model.network.subnet(subnet).ipv6_native.is(&true)))
    }

    /// Whether the site's groups let HTTPS out to all of a VPC.
    pub fn site_admits_vpc(&self, site: &Site, vpc: VpcId) -> Admission {
        self.model.network.admits(&self.target(site).groups, Direction::Egress, 443, &Party::Vpc(vpc))
    }

    /// Whether the endpoint's groups let HTTPS in from the site; none where not even the VPC of the site is known.
    pub fn endpoint_admits(&self, site: &Site, endpoint: EndpointId) -> Option<Admission> {
        let target = self.target(site);
        let endpoint = self.model.network.endpoint(endpoint);
        let (address, groups) = (target.private_ip(), &target.groups);
        let admits =
            |party: Party<'_>| self.model.network.admits(&endpoint.groups, Direction::Ingress, 443, &party);
        let by_v6 = self.by_v6(site, endpoint);
        let near = site.subnet.map(|subnet| admits(Party::Interface { subnet, by_v6, address, groups }));
        if near.as_ref().is_some_and(|near| near.coverage != Coverage::Unknown) {
            return near;
        }
        // Of a subnet that is not managed here it is its VPC that is known, by the groups of the instance.
        let somewhere = site.vpc.to().map(|vpc| admits(Party::Somewhere { vpc, address, groups }));
        match (near, somewhere) {
            (Some(near), Some(somewhere)) if somewhere.answer.truth.is_unknown() => Some(near),
            (near, somewhere) => somewhere.or(near),
        }
    }

    /// Whether the site's groups let HTTPS out to the endpoint's interface in a subnet.
    pub fn site_admits(&self, site: &Site, endpoint: EndpointId, subnet: SubnetId) -> Admission {
        let target = self.target(site);
        let endpoint = self.model.network.endpoint(endpoint);
        let (address, _) = endpoint.address_in(subnet);
        let by_v6 = self.by_v6(site, endpoint);
        let party = Party::Interface { subnet, by_v6, address, groups: &endpoint.groups };
        self.model.network.admits(&target.groups, Direction::Egress, 443, &party)
    }
}

fn site(model: &Model, id: TargetId, subnet: Option<SubnetId>, certain: Truth) -> Site {
    let target = model.compute.target(id);
    let network = &model.network;
    let (link, internet) = match subnet {
        Some(subnet) => {
            let public_ip = target.public_ip(network, subnet);
            (Link::To(subnet), network.internet_path(subnet, public_ip))
        }
        None => {
            let mut why = target.subnets.reasons();
            if why.is_empty() {
                let text = format!("the subnet of {} is not known", target.declaration.address);
                why.push(Reason::new(text, target.declaration.decl_range));
            }
            (Link::Unknown(target.subnets.open.clone().unwrap_or_default()), Answer::unknown(why))
        }
    };
    let vpc = network.vpc_of(&link, &target.groups);
    Site { target: id, subnet, vpc, certain: certain & target.declaration.exists, internet }
}
