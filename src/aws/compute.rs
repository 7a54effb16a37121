//! Instances and all that makes instances: the targets of Session Manager.
//!
//! A target is an instance, or a group or fleet with one launch template; what a template says is merged under the
//! explicit arguments. A template that nothing here uses is a target too, in a subnet that nobody knows.

mod build;
mod launch;
mod user_data;

use std::net::IpAddr;

use ecow::EcoString;

use crate::aws::ami::Ami;
use crate::aws::fact::{Answer, Evidence, Fact, Known, Reason};
use crate::aws::iam::{Iam, ProfileArgument};
use crate::aws::link::{GroupId, LinkSet, SubnetId, handles};
use crate::aws::network::Network;
use crate::aws::policy::text::Piece;
use crate::aws::{Build, Declaration};
use crate::source::Span;
use crate::truth::Truth;

pub use user_data::UserData;

handles! {
    /// A target.
    TargetId,
}

/// Everything that runs, or makes run, instances. Ids index the vectors.
#[derive(Clone, Debug, Default)]
pub struct Compute {
    /// All targets.
    pub targets: Vec<Target>,
    /// `aws_key_pair` resources.
    pub key_pairs: Vec<Declaration>,
    /// `aws_ec2_instance_connect_endpoint` resources.
    pub connect_endpoints: Vec<Declaration>,
}

/// What makes the instances of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TargetKind {
    /// `aws_instance`.
    Instance,
    /// `aws_spot_instance_request`.
    SpotInstance,
    /// `aws_autoscaling_group`.
    AutoScalingGroup,
    /// `aws_ec2_fleet`.
    Fleet,
    /// `aws_spot_fleet_request`.
    SpotFleet,
    /// A launch template or configuration that nothing in this configuration launches from.
    TemplateOnly,
}

/// One or more instances that are launched alike.
#[derive(Clone, Debug)]
pub struct Target {
    /// What makes them.
    pub kind: TargetKind,
    /// The resource that makes them.
    pub declaration: Declaration,
    /// The launch template or configuration, if there is one.
    pub template: Option<Declaration>,
    /// Whether the resource launches instances so: there may be another template in this one's place, or a block that
    /// is perhaps not there.
    pub launched: Truth,
    /// Why launch parameters are not known: the template is not in this configuration.
    pub opaque: Vec<Reason>,
    /// The region; `None` when the provider configuration does not say.
    pub region: Fact<Option<EcoString>>,
    /// The subnets that it is launched in.
    pub subnets: LinkSet<SubnetId>,
    /// Whether it names no subnet, and so is launched in the region's default VPC.
    pub in_default_vpc: bool,
    /// The security groups in effect, attachments and the VPC's default group included.
    pub groups: LinkSet<GroupId>,
    /// Whether it names no group, so that the VPC's default group applies.
    pub falls_back: Truth,
    /// Groups that a template gives beside an interface without groups: AWS refuses to launch it.
    pub groups_beside_interface: Option<Span>,
    /// `associate_public_ip_address`; `None` where the subnet decides.
    pub associate_public_ip: Fact<Option<bool>>,
    /// Elastic addresses that are associated with it.
    pub elastic_ips: Vec<(Evidence, Truth)>,
    /// `private_ip`.
    pub private_ip: Fact<Option<EcoString>>,
    /// The instance profile.
    pub profile: ProfileArgument,
    /// Whether the metadata endpoint is on.
    pub metadata_endpoint: Fact<bool>,
    /// `http_tokens`; `None` where the AMI or account decides.
    pub metadata_tokens: Fact<Option<EcoString>>,
    /// The image.
    pub ami: Ami,
    /// The script that runs at first boot; none when there is none.
    pub user_data: Option<UserData>,
    /// Whether `key_name` names a key.
    pub has_key: Fact<bool>,
    /// `source_dest_check`.
    pub source_dest_check: Fact<bool>,
    /// The `Name` tag.
    pub name_tag: Fact<Option<EcoString>>,
    /// `provisioner` and `connection` blocks: block type, first label, header.
    pub provisioners: Vec<(EcoString, EcoString, Option<Span>)>,
}

impl Compute {
    /// Reads the compute resources; subnets and groups that only they name are added to the network.
    pub fn build(build: &Build<'_>, network: &mut Network, iam: &Iam) -> Compute {
        build::compute(build, network, iam)
    }

    /// A target.
    pub fn target(&self, id: TargetId) -> &Target {
        &self.targets[usize::from(id)]
    }

    /// All targets.
    pub fn target_ids(&self) -> impl Iterator<Item = TargetId> + use<> {
        (0..self.targets.len()).map(TargetId::from)
    }
}

impl Target {
    /// The address of the resource that makes it.
    pub fn address(&self) -> &str {
        &self.declaration.address
    }

    /// The block that an argument at a place belongs to: the one that holds it. What stands in neither belongs into the
    /// instance itself, and of a group or fleet into the template.
    pub fn block_of(&self, place: Option<Span>) -> &Declaration {
        let own = &self.declaration;
        let Some(template) = self.template.as_ref().filter(|template| template.is_managed()) else {
            return own;
        };
        let holds = |block: &Declaration| place.is_some_and(|place| block.holds(place));
        let is_instance = matches!(self.kind, TargetKind::Instance | TargetKind::SpotInstance);
        if holds(template) || !is_instance && !holds(own) { template } else { own }
    }

    /// The fixed private address, when it has one that is known.
    pub fn private_ip(&self) -> Option<IpAddr> {
        self.private_ip.value()?.as_ref()?.parse().ok()
    }

    /// Whether AWS certainly chooses its private address.
    pub fn has_any_address(&self) -> bool {
        self.private_ip.is(&None).is_yes()
    }

    /// Why it is not known which names its agent dials: user data writes them into the agent's settings.
    /// <https://github.com/aws/amazon-ssm-agent/blob/mainline/README.md#config-property-definitions>.
    pub fn names_endpoints(&self) -> Option<Reason> {
        let data = self.user_data.as_ref()?;
        let mut pieces =
            data.scripts.iter().flat_map(|script| &script.pieces).filter_map(|piece| match piece {
                Piece::Literal(text) => Some(text.as_str()),
                Piece::Hole(_) => None,
            });
        let writes = pieces.clone().any(|text| text.contains("amazon-ssm-agent.json"));
        let names = ["\"Endpoint", "'Endpoint", "ServiceDomain"];
        let sets = pieces.any(|text| names.iter().any(|name| text.contains(name)));
        let text = "user data writes endpoints into the settings of the SSM Agent";
        (writes && sets).then(|| Reason::new(text, data.evidence.span))
    }

    /// Whether its instances get a public address in a subnet.
    pub fn public_ip(&self, network: &Network, subnet: SubnetId) -> Answer {
        let map = &network.subnet(subnet).map_public_ip;
        let mut by_subnet = map.ask("map_public_ip_on_launch of the subnet", |on| Truth::known(*on));
        if map.value.causes().is_some_and(|causes| causes.is_empty()) {
            let declaration = &network.subnet(subnet).declaration;
            let text = format!("whether {} gives public addresses is not known", declaration.address);
            by_subnet.reasons = vec![Reason::new(text, map.span)];
        }
        self.public_ip_where(by_subnet)
    }

    /// Whether its instances get a public address, whatever the subnet; `Unknown` where the subnet decides.
    pub fn public_ip_anywhere(&self) -> Answer {
        let reason = Reason::new("the subnet decides", self.declaration.decl_range);
        self.public_ip_where(Answer::unknown([reason]))
    }

    fn public_ip_where(&self, by_subnet: Answer) -> Answer {
        let elastic = self.elastic_ips.iter().map(|(evidence, certain)| {
            let mut answer = Answer::new(*certain).because(evidence.clone());
            if certain.is_unknown() {
                answer
                    .reasons
                    .push(Reason::new("whether the address is associated is not known", evidence.span));
            }
            answer
        });
        let associate = &self.associate_public_ip;
        let own = match &associate.value {
            Known::Value(Some(on)) => {
                Answer::new(Truth::known(*on)).because(associate.evidence("associate_public_ip_address"))
            }
            Known::Value(None) => by_subnet,
            Known::OneOf(_) | Known::Unknown(_) => {
                associate.ask("associate_public_ip_address", |on| on.map_or(by_subnet.truth, Truth::known))
            }
        };
        Answer::any(std::iter::once(own).chain(elastic))
    }

    /// Whether the metadata endpoint is on, without which the agent has no identity.
    pub fn has_metadata(&self) -> Answer {
        self.metadata_endpoint.ask("metadata_options.http_endpoint", |on| Truth::known(*on))
    }
}
