//! Gateways, their attachments, and blocks of public access.

use std::collections::BTreeMap;

use crate::aws::fact::Answer;
use crate::aws::link::{GatewayId, Key, Link, Ref, VpcId};
use crate::aws::network::{
    Gateway, GatewayKind, Nat, Network, Origin, PublicAccessBlock, PublicAccessExclusion, TransitAttachment,
};
use crate::aws::read::View;
use crate::aws::{Build, Declaration, view};
use crate::eval::ResourceInstance;
use crate::eval::value::InstanceId;
use crate::truth::Truth;

pub(super) fn gateways(network: &mut Network, build: &Build<'_>) {
    let simple: &[(&str, GatewayKind, &[&str])] = &[
        ("aws_internet_gateway", GatewayKind::Internet, &["vpc_id"]),
        ("aws_egress_only_internet_gateway", GatewayKind::EgressOnly, &["vpc_id"]),
        ("aws_vpn_gateway", GatewayKind::Vpn, &["vpc_id"]),
        ("aws_ec2_transit_gateway", GatewayKind::Transit, &[]),
        ("aws_vpc_peering_connection", GatewayKind::Peering, &["vpc_id", "peer_vpc_id"]),
        ("aws_carrier_gateway", GatewayKind::Other, &["vpc_id"]),
        ("aws_network_interface", GatewayKind::Interface(None), &[]),
    ];
    let accepted = accepted_peerings(build);
    for (type_name, kind, vpc_arguments) in simple {
        for (instance, managed) in build.both(type_name) {
            let view = view(instance);
            let mut vpcs = Vec::new();
            if managed {
                for argument in *vpc_arguments {
                    // Whoever owns the other VPC has to accept a connection, here or elsewhere.
                    let is_there = if *argument == "peer_vpc_id" {
                        let own = view.flag("auto_accept", false).is(&true);
                        own | accepted.get(&instance.id).copied().unwrap_or(Truth::No) | Truth::Unknown
                    } else {
                        Truth::Yes
                    };
                    if let Some(vpc) = network.vpc_link(view.arg(argument).as_ref(), build) {
                        vpcs.push((vpc, is_there));
                    }
                }
            }
            add_gateway(network, instance, kind.clone(), vpcs);
        }
    }
    for (instance, managed) in build.both("aws_nat_gateway") {
        let view = view(instance);
        let nat = managed.then(|| {
            Box::new(Nat {
                connectivity: view.text_or("connectivity_type", "public"),
                mode: view.text_or("availability_mode", "zonal"),
                subnet: network.subnet_link(view.arg("subnet_id").as_ref(), build),
                vpc: network.vpc_link(view.arg("vpc_id").as_ref(), build),
                address: Truth::known(view.arg("allocation_id").is_some()),
            })
        });
        add_gateway(network, instance, GatewayKind::Nat(nat), Vec::new());
    }
    let attachments: &[(&str, &str, GatewayKind)] = &[
        ("aws_internet_gateway_attachment", "internet_gateway_id", GatewayKind::Internet),
        ("aws_vpn_gateway_attachment", "vpn_gateway_id", GatewayKind::Vpn),
        ("aws_ec2_transit_gateway_vpc_attachment", "transit_gateway_id", GatewayKind::Transit),
    ];
    for (type_name, argument, kind) in attachments {
        for instance in build.managed(type_name) {
            let view = view(instance);
            let gateway = network.gateway_link(view.arg(argument).as_ref(), kind, build);
            let vpc = network.vpc_link(view.arg("vpc_id").as_ref(), build);
            let (Some(gateway), Some(vpc)) = (gateway, vpc) else { continue };
            let certain = if gateway.link.to().is_some() { Truth::Yes } else { Truth::Unknown };
            for id in gateway.link.candidates() {
                network.gateways[usize::from(*id)].vpcs.push((vpc.clone(), instance.exists & certain));
            }
        }
    }
    transit_attachments(network, build);
}

/// The peering connections that a resource accepts.
fn accepted_peerings(build: &Build<'_>) -> BTreeMap<InstanceId, Truth> {
    let mut accepted: BTreeMap<InstanceId, Truth> = BTreeMap::new();
    for instance in build.managed("aws_vpc_peering_connection_accepter") {
        let view = view(instance);
        let truth = instance.exists & view.flag("auto_accept", false).is(&true);
        let arg = view.arg("vpc_peering_connection_id");
        let unknown = arg.and_then(|arg| arg.value.as_unknown());
        if let Some((peering, _)) = unknown.and_then(|unknown| build.terms().attribute(unknown.term)) {
            let entry = accepted.entry(peering).or_insert(Truth::No);
            *entry = *entry | truth;
        }
    }
    accepted
}

/// Which VPCs the route tables of transit gateways know.
fn transit_attachments(network: &mut Network, build: &Build<'_>) {
    let mut found: Vec<(Key, TransitAttachment)> = Vec::new();
    for instance in build.managed("aws_ec2_transit_gateway_vpc_attachment") {
        let view = view(instance);
        let gateway =
            network.gateway_registry.reference(view.arg("transit_gateway_id").as_ref(), build.terms());
        let vpc = network.vpc_registry.reference(view.arg("vpc_id").as_ref(), build.terms());
        let (Some(Link::To(gateway)), Some(vpc)) = (gateway.map(|gateway| gateway.link), vpc) else {
            continue;
        };
        let own = network.gateway(gateway).declaration.instance.map(|id| build.evaluation.instance(id));
        let by_default = |argument: &str, of_gateway: &str| {
            let note =
                format!("so no route table of {} leads here", network.gateway(gateway).declaration.address);
            let own = own.map_or(Answer::new(Truth::Unknown), |own| {
                let setting = crate::aws::view(own).text_or(of_gateway, "enable");
                setting.ask(note.clone(), |setting| Truth::known(setting == "enable"))
            });
            Answer::all([view.flag(argument, true).ask(note, |on| Truth::known(*on)), own])
        };
        let is_told = |view: &View<'_>, absent: &str| {
            view.text_or("security_group_referencing_support", absent).is(&"enable".into())
        };
        // The attachment is ready for it, and the gateway is not, unless they say otherwise.
        let by_gateway = own
            .filter(|_| network.gateway(gateway).declaration.is_managed())
            .map_or(Truth::Unknown, |own| is_told(&crate::aws::view(own), "disable"));
        let refers = is_told(&view, "enable") & by_gateway;
        let attachment = TransitAttachment {
            declaration: Declaration::of(instance),
            gateway,
            vpc,
            refers,
            associated: by_default(
                "transit_gateway_default_route_table_association",
                "default_route_table_association",
            ),
            announced: by_default(
                "transit_gateway_default_route_table_propagation",
                "default_route_table_propagation",
            ),
        };
        found.push((Key::Attr(instance.id, "id".into()), attachment));
    }
    for (type_name, announces) in [
        ("aws_ec2_transit_gateway_route_table_association", false),
        ("aws_ec2_transit_gateway_route_table_propagation", true),
        ("aws_ec2_transit_gateway_route", true),
    ] {
        for instance in build.managed(type_name) {
            let view = view(instance);
            let leads = instance.exists & !view.flag("blackhole", false).is(&true);
            let key = view.arg("transit_gateway_attachment_id").map(|arg| Key::of(arg.value, build.terms()));
            for (own, attachment) in &mut found {
                let same = match &key {
                    Some(Some(key)) => Truth::known(key == own),
                    Some(None) => Truth::Unknown,
                    None => Truth::No,
                };
                let known = if announces { &mut attachment.announced } else { &mut attachment.associated };
                known.truth = known.truth | (leads & same);
            }
        }
    }
    network.transit_attachments = found.into_iter().map(|(_, attachment)| attachment).collect();
}

pub(super) fn add_gateway(
    network: &mut Network,
    instance: &ResourceInstance,
    kind: GatewayKind,
    vpcs: Vec<(Ref<VpcId>, Truth)>,
) {
    let id = GatewayId::from(network.gateways.len());
    let declaration = Declaration::of(instance);
    let origin = Origin::of(&declaration);
    network.gateways.push(Gateway { declaration, kind, origin, vpcs });
    for attribute in ["id", "arn"] {
        network.gateway_registry.insert(Key::Attr(instance.id, attribute.into()), id);
    }
}

pub(super) fn public_access(network: &mut Network, build: &Build<'_>) {
    let mut exclusions = Vec::new();
    for instance in build.managed("aws_vpc_block_public_access_exclusion") {
        let view = view(instance);
        exclusions.push(PublicAccessExclusion {
            declaration: Declaration::of(instance),
            vpc: network.vpc_link(view.arg("vpc_id").as_ref(), build),
            subnet: network.subnet_link(view.arg("subnet_id").as_ref(), build),
        });
    }
    for instance in build.managed("aws_vpc_block_public_access_options") {
        network.public_access.push(PublicAccessBlock {
            declaration: Declaration::of(instance),
            mode: view(instance).text_or("internet_gateway_block_mode", "off"),
            region: build.region(instance),
            exclusions: exclusions.clone(),
        });
    }
}
