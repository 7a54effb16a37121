//! VPCs, subnets and all that routes between them.

use ecow::EcoString;

use crate::aws::fact::Fact;
use crate::aws::link::{GroupId, LinkSet, Ref, Registry, SubnetId, VpcId};
use crate::aws::read::Arg;
use crate::aws::{Build, Declaration};
use crate::eval::term::Terms;
use crate::source::Span;

/// The networks of the configuration. Ids index the vectors.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// All VPCs: managed, default, looked up, and those that the configuration only names.
    pub vpcs: Vec<Vpc>,
    /// All subnets.
    pub subnets: Vec<Subnet>,
    /// All security groups, the VPCs' default groups among them.
    pub groups: Vec<Group>,
    pub(crate) vpc_registry: Registry<VpcId>,
    pub(crate) subnet_registry: Registry<SubnetId>,
    pub(crate) group_registry: Registry<GroupId>,
}

/// A VPC.
#[derive(Clone, Debug)]
pub struct Vpc {
    /// Where it comes from.
    pub declaration: Declaration,
    /// `enable_dns_support`.
    pub dns_support: Fact<bool>,
    /// `enable_dns_hostnames`.
    pub dns_hostnames: Fact<bool>,
}

/// A subnet.
#[derive(Clone, Debug)]
pub struct Subnet {
    /// Where it comes from.
    pub declaration: Declaration,
    /// Its VPC.
    pub vpc: Ref<VpcId>,
    /// `map_public_ip_on_launch`.
    pub map_public_ip: Fact<bool>,
    /// `availability_zone`.
    pub availability_zone: Fact<Option<EcoString>>,
}

/// A security group.
#[derive(Clone, Debug)]
pub struct Group {
    /// Where it comes from.
    pub declaration: Declaration,
    /// Its VPC.
    pub vpc: Ref<VpcId>,
}

impl Network {
    /// Reads the network resources.
    pub fn build(build: &Build<'_>) -> Network {
        let _ = build;
        Network::default()
    }

    /// The subnet that an argument names; what no resource makes is added as one outside of the configuration.
    pub fn subnet_link(&mut self, arg: Option<&Arg<'_>>, terms: &Terms) -> Option<Ref<SubnetId>> {
        self.subnet_registry.reference(arg, terms)
    }

    /// The subnets that a list names.
    pub fn subnet_links(
        &mut self,
        arg: Option<&Arg<'_>>,
        terms: &Terms,
        header: Option<Span>,
    ) -> LinkSet<SubnetId> {
        self.subnet_registry.set(arg, terms, header)
    }

    /// The security groups that a list of ids names.
    pub fn group_links(
        &mut self,
        arg: Option<&Arg<'_>>,
        terms: &Terms,
        header: Option<Span>,
    ) -> LinkSet<GroupId> {
        self.group_registry.set(arg, terms, header)
    }
}
