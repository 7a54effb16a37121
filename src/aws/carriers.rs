//! What carries security groups besides instances and endpoints: databases, load balancers, functions.
//!
//! Such things are not modelled. That one of them carries a group tells that the group is not for an instance.

use std::collections::BTreeSet;

use crate::addr::ResourceMode;
use crate::aws::link::GroupId;
use crate::aws::network::Network;
use crate::aws::{Build, Declaration};
use crate::eval::BlockValue;
use crate::eval::value::Value;

/// The groups that something carries which is no target.
#[derive(Clone, Debug, Default)]
pub struct Carriers {
    /// Groups of things that are neither instances nor endpoints.
    pub others: BTreeSet<GroupId>,
    /// Groups of EC2 Instance Connect Endpoints.
    pub connect_endpoints: BTreeSet<GroupId>,
    /// EC2 Instance Connect Endpoints.
    pub instance_connect: Vec<Declaration>,
}

/// Arguments that hold the groups of the thing itself.
pub(crate) const ARGUMENTS: &[&str] = &[
    "security_groups",
    "security_group_ids",
    "vpc_security_group_ids",
    "security_group",
    "cluster_security_group_ids",
];

/// Types whose groups the model knows already, or that are rules about groups.
const MODELLED: &[&str] = &[
    "aws_instance",
    "aws_spot_",
    "aws_launch_",
    "aws_ec2_fleet",
    "aws_network_interface",
    "aws_vpc_endpoint",
    "aws_security_group",
    "aws_default_security_group",
    "aws_vpc_security_group_",
];

/// Blocks within blocks that are looked into.
const MAX_DEPTH: usize = 3;

impl Carriers {
    /// Looks at everything that is not modelled.
    pub fn build(build: &Build<'_>, network: &Network) -> Carriers {
        let mut carriers = Carriers::default();
        for instance in &build.evaluation.instances {
            let resource = &instance.addr.resource;
            let modelled = MODELLED.iter().any(|prefix| resource.type_name.starts_with(prefix));
            if resource.mode != ResourceMode::Managed || modelled || instance.exists.is_no() {
                continue;
            }
            if resource.type_name == "aws_ec2_instance_connect_endpoint" {
                carriers.instance_connect.push(Declaration::of(instance));
            }
            let into = if resource.type_name == "aws_ec2_instance_connect_endpoint" {
                &mut carriers.connect_endpoints
            } else {
                &mut carriers.others
            };
            collect(&instance.body, build, network, MAX_DEPTH, into);
        }
        carriers
    }
}

fn collect(
    body: &BlockValue,
    build: &Build<'_>,
    network: &Network,
    depth: usize,
    into: &mut BTreeSet<GroupId>,
) {
    for attribute in body.attributes.iter().filter(|attribute| ARGUMENTS.contains(&attribute.name.as_str())) {
        let value: &Value = &attribute.value;
        let elements = value.as_elements().unwrap_or(std::slice::from_ref(value));
        for element in elements {
            into.extend(network.group_registry.resolve(element, build.terms()).to());
        }
    }
    if depth > 0 {
        for block in &body.blocks {
            collect(&block.body, build, network, depth - 1, into);
        }
    }
}
