//! What carries security groups besides instances and endpoints: databases, load balancers, functions.
//!
//! Such things are not modelled. That one of them carries a group tells that the group is not for an instance. Nor are
//! load balancers: that one sends traffic to a target tells that others than its administrators use it.

use std::collections::BTreeSet;

use crate::aws::iam::read_from;
use crate::aws::link::{GroupId, SubnetId};
use crate::aws::network::Network;
use crate::aws::{Build, Declaration, view};
use crate::eval::BlockValue;
use crate::eval::value::{InstanceId, Value};

/// The groups that something carries which is no target.
#[derive(Clone, Debug, Default)]
pub struct Carriers {
    /// Groups of things that are neither instances nor endpoints.
    pub others: BTreeSet<GroupId>,
    /// Groups of EC2 Instance Connect Endpoints.
    pub connect_endpoints: BTreeSet<GroupId>,
    /// Subnets of load balancers that the internet reaches.
    pub public_subnets: BTreeSet<SubnetId>,
    /// Instances and Auto Scaling groups that a load balancer sends traffic to, or may.
    pub balanced: BTreeSet<InstanceId>,
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

/// Resources that put targets behind a load balancer, each with the argument that names them.
const BALANCED: &[(&str, &str)] = &[
    ("aws_alb_target_group_attachment", "target_id"),
    ("aws_autoscaling_attachment", "autoscaling_group_name"),
    ("aws_autoscaling_traffic_source_attachment", "autoscaling_group_name"),
    ("aws_elb", "instances"),
    ("aws_elb_attachment", "instance"),
    ("aws_lb_target_group_attachment", "target_id"),
];

/// Whether a resource of this type puts targets behind a load balancer.
pub(crate) fn puts_behind_balancer(type_name: &str) -> bool {
    BALANCED.iter().any(|(own, _)| *own == type_name)
}

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
            let type_name = instance.addr.resource.type_name.as_str();
            let names = BALANCED.iter().filter(|(own, _)| *own == type_name).map(|(_, argument)| *argument);
            for arg in names.filter_map(|argument| view.arg(argument)) {
                let elements = arg.value.as_elements().unwrap_or(std::slice::from_ref(arg.value));
                carriers
                    .balanced
                    .extend(elements.iter().filter_map(|value| Some(read_from(value, build)?.0)));
            }
            let is_balancer = LOAD_BALANCERS.contains(&type_name);
            let public = is_balancer && view.flag("internal", false).is(&false).is_yes();
            if let Some(arg) = view.arg("subnets").filter(|_| public) {
                let subnets = network.subnet_registry.set(Some(&arg), build.terms(), arg.span);
                carriers.public_subnets.extend(subnets.ids());
            }
        }
        for instance in build.managed("aws_autoscaling_group") {
            let view = view(instance);
            let is_given = |name: &&str| {
                view.arg(name).is_some_and(|arg| arg.value.as_elements().is_none_or(|all| !all.is_empty()))
            };
            let lists = ["load_balancers", "target_group_arns"].iter().any(is_given);
            if lists || !view.blocks("traffic_source").items.is_empty() {
                carriers.balanced.insert(instance.id);
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
