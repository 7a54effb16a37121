//! What carries security groups besides instances and endpoints: databases, load balancers, functions.
//!
//! Such things are not modelled. That one of them carries a group tells that the group is not for an instance.

use std::collections::BTreeSet;

use crate::aws::link::{GroupId, SubnetId};
use crate::aws::network::Network;
use crate::aws::{Build, Declaration, view};
use crate::eval::BlockValue;
use crate::eval::value::Value;

/// The groups that something carries which is no target.
#[derive(Clone, Debug, Default)]
pub struct Carriers {
    /// Groups of things that are neither instances nor endpoints.
    pub others: BTreeSet<GroupId>,
    /// Groups of EC2 Instance Connect Endpoints.
    pub connect_endpoints: BTreeSet<GroupId>,
    /// Subnets of load balancers that the internet reaches.
    pub public_subnets: BTreeSet<SubnetId>,
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

/// Load balancers that the internet reaches unless `internal` says otherwise.
pub(crate) const LOAD_BALANCERS: &[&str] = &["aws_alb", "aws_elb", "aws_lb"];

/// Blocks within blocks that are looked into.
const MAX_DEPTH: usize = 3;

impl Carriers {
    /// Looks at what carries groups and is not modelled.
    pub fn build(build: &Build<'_>, network: &Network) -> Carriers {
        let mut carriers = Carriers::default();
        for instance in build.managed("aws_ec2_instance_connect_endpoint") {
            if !instance.exists.is_no() {
                carriers.instance_connect.push(Declaration::of(instance));
                collect(&instance.body, build, network, MAX_DEPTH, &mut carriers.connect_endpoints);
            }
        }
        for instance in build.unmodelled().filter(|instance| !instance.exists.is_no()) {
            collect(&instance.body, build, network, MAX_DEPTH, &mut carriers.others);
            let view = view(instance);
            let is_balancer = LOAD_BALANCERS.contains(&instance.addr.resource.type_name.as_str());
            let public = is_balancer && view.flag("internal", false).is(&false).is_yes();
            if let Some(arg) = view.arg("subnets").filter(|_| public) {
                let subnets = network.subnet_registry.set(Some(&arg), build.terms(), arg.span);
                carriers.public_subnets.extend(subnets.ids());
            }
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
