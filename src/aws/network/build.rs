//! Reads the network resources: first what exists, then what is associated with it.

mod vpc;
mod subnet;
mod group;
mod rule;
mod gateway;
mod association;
mod route_table;
mod acl;
mod endpoint;

use ecow::EcoString;

use crate::aws::fact::Fact;
use crate::aws::link::Key;
use crate::aws::network::Network;
use crate::aws::network::gap::Hidden;
use crate::aws::{Build, dns};

/// The resource types whose ids are ids of networks, so that an unknown made of them may be one of them.
pub(super) const NETWORK_TYPES: &[&str] = &[
    "aws_default_network_acl",
    "aws_default_route_table",
    "aws_default_security_group",
    "aws_default_subnet",
    "aws_default_vpc",
    "aws_internet_gateway",
    "aws_nat_gateway",
    "aws_network_acl",
    "aws_route_table",
    "aws_security_group",
    "aws_subnet",
    "aws_vpc",
    "aws_vpc_endpoint",
];

/// What identifies the default VPC of a region.
pub(super) fn default_vpc_key(region: &Fact<Option<EcoString>>) -> Key {
    let region = match region.value() {
        Some(Some(region)) => region.as_str(),
        Some(None) | None => "",
    };
    Key::Text(format!("the default VPC of {region}").into())
}

/// Reads all network resources.
pub(super) fn network(build: &Build<'_>) -> Network {
    let mut network = Network::default();
    vpc::vpcs(&mut network, build);
    group::prefix_lists(&mut network, build);
    group::groups(&mut network, build);
    subnet::subnets(&mut network, build);
    gateway::gateways(&mut network, build);
    route_table::route_tables(&mut network, build);
    acl::acls(&mut network, build);
    rule::rules(&mut network, build);
    endpoint::endpoints(&mut network, build);
    gateway::public_access(&mut network, build);
    dns::build(&mut network, build);
    let hidden = Hidden::find(&network, build);
    hidden.doubt_default_groups(&mut network);
    hidden.open_acls(&mut network);
    network.hidden = hidden;
    network
}
