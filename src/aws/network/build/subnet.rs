//! Subnets, managed and looked up.

use ecow::EcoString;

use crate::aws::cidr::{Cidr, Family};
use crate::aws::fact::{Fact, Known};
use crate::aws::link::{Key, Link, Ref, SubnetId};
use crate::aws::network::build::vpc::{computed_cidr, optional};
use crate::aws::network::{Network, Origin, Subnet, Zone};
use crate::aws::read::{View, to_text};
use crate::aws::{Build, Declaration, view};
use crate::eval::ResourceInstance;
use crate::eval::term::{Term, Terms};
use crate::eval::value::Causes;

pub(super) fn subnets(network: &mut Network, build: &Build<'_>) {
    for (type_name, map_public_ip) in [("aws_subnet", false), ("aws_default_subnet", true)] {
        for instance in build.managed(type_name) {
            let view = view(instance);
            let region = build.region(instance);
            let vpc = if type_name == "aws_subnet" {
                network.vpc_link_or_default(view.arg("vpc_id").as_ref(), &region, instance.decl_range, build)
            } else {
                Ref::default(Link::To(network.default_vpc(&region, build)), instance.decl_range)
            };
            let native = view.flag("ipv6_native", false);
            let cidr = match view.arg("cidr_block") {
                Some(arg) => optional(&Cidr::of_arg(&arg, Some(Family::V4), build.terms())),
                None if native.is(&true).is_yes() => Fact::default(None, instance.decl_range),
                None => optional(&computed_cidr(instance.id, "cidr_block", build, instance.decl_range)),
            };
            let ipv6_cidr = match view.arg("ipv6_cidr_block") {
                Some(arg) => optional(&Cidr::of_arg(&arg, Some(Family::V6), build.terms())),
                // A pool gives it one.
                None if view.arg("ipv6_ipam_pool_id").is_some() => {
                    optional(&computed_cidr(instance.id, "ipv6_cidr_block", build, instance.decl_range))
                }
                None => Fact::default(None, instance.decl_range),
            };
            let id = SubnetId::from(network.subnets.len());
            let declaration = Declaration::of(instance);
            let acl = match vpc.link {
                Link::To(vpc) => Link::To(network.vpc(vpc).default_acl),
                Link::OneOf(_) | Link::Outside(_) | Link::Unknown(_) => Link::Unknown(Causes::new()),
            };
            network.subnets.push(Subnet {
                origin: Origin::of(&declaration),
                cidr,
                ipv6_cidr,
                ipv6_native: native,
                map_public_ip: view.flag("map_public_ip_on_launch", map_public_ip),
                assign_ipv6: view.flag("assign_ipv6_address_on_creation", false),
                zone: zone(&view, build.terms()),
                route_table: Ref::default(Link::Unknown(Causes::new()), declaration.decl_range),
                acl: Ref::default(acl, declaration.decl_range),
                vpc,
                declaration,
            });
            for attribute in ["id", "arn"] {
                network.subnet_registry.insert(Key::Attr(instance.id, attribute.into()), id);
            }
        }
    }
    for instance in build.data("aws_subnet") {
        data_subnet(network, instance, build);
    }
}

pub(super) fn data_subnet(network: &mut Network, instance: &ResourceInstance, build: &Build<'_>) {
    let view = view(instance);
    let found = view.arg("id").and_then(|arg| network.subnet_registry.resolve(arg.value, build.terms()).to());
    let id = match found {
        Some(id) => id,
        None => {
            let id = network.add_outside_subnet(Declaration::of(instance));
            if let Some(arg) = view.arg("id")
                && let Some(key) = Key::of(arg.value, build.terms())
            {
                network.subnet_registry.insert(key, id);
            }
            id
        }
    };
    for attribute in ["id", "arn"] {
        network.subnet_registry.insert(Key::Attr(instance.id, attribute.into()), id);
    }
    let vpc = match network.vpc_link(view.arg("vpc_id").as_ref(), build) {
        Some(vpc) => vpc,
        None => {
            // What else refers to the VPC of this subnet means the same VPC.
            let key = Key::Attr(instance.id, "vpc_id".into());
            let known = network.vpc_registry.get(&key);
            let named = build.terms().find(&Term::Attr(instance.id, "vpc_id".into())).is_some();
            match (known, named, network.subnet(id).vpc.link.to()) {
                (_, _, Some(vpc)) | (Some(vpc), _, None) => {
                    network.vpc_registry.insert(key, vpc);
                    Ref::default(Link::To(vpc), instance.decl_range)
                }
                (None, true, None) => {
                    let name = format!("{}.vpc_id", instance.addr);
                    let vpc = network.add_vpc(Declaration::outside(name, instance.decl_range), build);
                    network.vpc_registry.insert(key, vpc);
                    Ref::default(Link::To(vpc), instance.decl_range)
                }
                (None, false, None) => return,
            }
        }
    };
    network.place_subnet(id, &vpc);
    let subnet = &mut network.subnets[usize::from(id)];
    if subnet.origin.is_closed() {
        return;
    }
    if matches!(subnet.cidr.value, Known::Unknown(_)) {
        subnet.cidr = match view.arg("cidr_block") {
            Some(arg) => optional(&Cidr::of_arg(&arg, Some(Family::V4), build.terms())),
            None => optional(&computed_cidr(instance.id, "cidr_block", build, instance.decl_range)),
        };
    }
    if subnet.zone == Zone::Unknown {
        subnet.zone = zone(&view, build.terms());
    }
}

pub(super) fn zone(view: &View<'_>, terms: &Terms) -> Zone {
    for (argument, known) in [
        ("availability_zone", Zone::Name as fn(EcoString) -> Zone),
        ("availability_zone_id", Zone::Id as fn(EcoString) -> Zone),
    ] {
        let Some(arg) = view.arg(argument) else { continue };
        if let Some(name) = to_text(arg.value) {
            return known(name);
        }
        let Some(unknown) = arg.value.as_unknown() else { continue };
        if unknown.term.is_none() || unknown.possible.is_some() {
            return Zone::Unknown;
        }
        let element = match terms.get(unknown.term) {
            Some(Term::Step(list, index)) if is_zone_list(*list, terms) => Some((*list, index.clone())),
            _ => None,
        };
        return Zone::Symbol(unknown.term, element);
    }
    Zone::Unknown
}

/// Whether a term is the list of a region's zones, which are distinct.
pub(super) fn is_zone_list(term: crate::eval::term::TermId, terms: &Terms) -> bool {
    match terms.get(term) {
        Some(Term::Attr(_, name)) => matches!(name.as_str(), "names" | "zone_ids"),
        Some(Term::Apply(function, args)) if matches!(function.as_str(), "slice" | "sort") => {
            matches!(args.first(), Some(crate::eval::term::Operand::Term(list)) if is_zone_list(*list, terms))
        }
        _ => false,
    }
}
