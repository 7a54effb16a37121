//! Network ACLs, their entries, and which ACL applies to a subnet.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::aws::cidr::{Cidr, Family};
use crate::aws::conflict::{self, Conflict};
use crate::aws::fact::{Fact, Reason, reasons};
use crate::aws::link::{AclId, Key, Link, Ref, SubnetId, VpcId};
use crate::aws::nacl::{Acl, Entries, Entry};
use crate::aws::network::build::association::Associations;
use crate::aws::network::build::vpc::optional;
use crate::aws::network::{Network, Origin};
use crate::aws::read::{View, to_text};
use crate::aws::security_group::{Direction, protocol_name};
use crate::aws::{Build, Declaration, view};
use crate::eval::ResourceInstance;
use crate::eval::value::Causes;
use crate::source::Span;
use crate::truth::Truth;

pub(super) fn acls(network: &mut Network, build: &Build<'_>) {
    let mut associations: Associations<AclId> = Associations::new();
    let mut listed: Vec<(SubnetId, AclId, Truth, Option<Span>)> = Vec::new();
    for (type_name, is_default) in [("aws_network_acl", false), ("aws_default_network_acl", true)] {
        for instance in build.managed(type_name) {
            let view = view(instance);
            let id = if is_default {
                let acl = network
                    .acl_registry
                    .reference(view.arg("default_network_acl_id").as_ref(), build.terms());
                let Some(Link::To(id)) = acl.map(|acl| acl.link) else { continue };
                let acl = &mut network.acls[usize::from(id)];
                acl.adopted = acl.adopted | instance.exists;
                acl.declaration = Declaration { exists: Truth::Yes, ..Declaration::of(instance) };
                acl.origin = Origin::Managed;
                for direction in [Direction::Ingress, Direction::Egress] {
                    for entry in &mut acl.entries_mut(direction).entries {
                        entry.declaration.exists = entry.declaration.exists & !instance.exists;
                    }
                }
                id
            } else {
                let vpc = network
                    .vpc_link(view.arg("vpc_id").as_ref(), build)
                    .unwrap_or_else(|| Ref::default(Link::Unknown(Causes::new()), instance.decl_range));
                let id = AclId::from(network.acls.len());
                network.acls.push(Acl {
                    declaration: Declaration::of(instance),
                    origin: Origin::Managed,
                    is_default: false,
                    adopted: Truth::No,
                    vpc,
                    ingress: Entries::default(),
                    egress: Entries::default(),
                    subnet_conflict: None,
                });
                id
            };
            for attribute in ["id", "arn"] {
                network.acl_registry.insert(Key::Attr(instance.id, attribute.into()), id);
            }
            inline_entries(&mut network.acls[usize::from(id)], instance, build);
            let reference = Ref::default(Link::To(id), instance.decl_range);
            let set = network.subnet_links(view.arg("subnet_ids").as_ref(), instance.decl_range, build);
            for member in &set.members {
                associations.add(&Link::To(member.to), &reference, member.certain & instance.exists);
                if !is_default && !instance.ignore_changes.ignores("subnet_ids") {
                    listed.push((member.to, id, member.certain & instance.exists, set.span));
                }
            }
            if let Some(causes) = &set.open
                && !is_default
            {
                associations.add(&Link::Unknown(causes.clone()), &reference, instance.exists);
            }
        }
    }
    for instance in build.managed("aws_network_acl_association") {
        let view = view(instance);
        let subnet = network.subnet_link(view.arg("subnet_id").as_ref(), build);
        let acl = network.acl_registry.reference(view.arg("network_acl_id").as_ref(), build.terms());
        let (Some(subnet), Some(acl)) = (subnet, acl) else { continue };
        let acl = Ref { span: instance.decl_range.or(acl.span), ..acl };
        associations.add(&subnet.link, &acl, instance.exists);
        for (listed, id, holds, argument) in &listed {
            // A subnet that is not known is seldom one that is listed.
            if subnet.link.is(*listed).is_yes() {
                let found = Conflict::of(*holds, *argument, &Declaration::of(instance));
                let acl = &mut network.acls[usize::from(*id)];
                Conflict::keep(&mut acl.subnet_conflict, found);
            }
        }
    }
    for instance in build.managed("aws_network_acl_rule") {
        standalone_entry(network, instance, build);
    }
    for acl in &mut network.acls {
        for entries in [&mut acl.ingress, &mut acl.egress] {
            // Whichever is applied last stands: the block takes entries of their own away.
            if entries.conflict.is_some() {
                for entry in entries.entries.iter_mut().filter(|entry| entry.standalone) {
                    entry.declaration.exists = entry.declaration.exists & Truth::Unknown;
                }
            }
            entries.sort();
        }
    }
    let mut strays: BTreeMap<VpcId, Vec<Ref<AclId>>> = BTreeMap::new();
    for stray in &associations.strays {
        for id in stray.link.candidates() {
            if let Link::To(vpc) = network.acl(*id).vpc.link {
                strays.entry(vpc).or_default().push(stray.clone());
            }
        }
    }
    for index in 0..network.subnets.len() {
        let subnet = &network.subnets[index];
        let strays = match subnet.vpc.link {
            Link::To(vpc) if subnet.origin.is_closed() => {
                strays.get(&vpc).map(Vec::as_slice).unwrap_or_default()
            }
            Link::To(_) | Link::OneOf(_) | Link::Outside(_) | Link::Unknown(_) => &[],
        };
        let acl = associations.of(SubnetId::from(index), strays, &subnet.acl);
        network.subnets[index].acl = acl;
    }
}

pub(super) fn inline_entries(acl: &mut Acl, instance: &ResourceInstance, build: &Build<'_>) {
    let view = view(instance);
    for (argument, direction) in [("ingress", Direction::Ingress), ("egress", Direction::Egress)] {
        let blocks = view.blocks(argument);
        let ignored = instance.ignore_changes.ignores(argument);
        let text = format!("{} ignores changes of its entries", acl.declaration.address);
        let entries = acl.entries_mut(direction);
        for item in &blocks.items {
            let declaration = Declaration::nested(instance, item);
            entries.entries.push(read_entry(declaration, &item.view, "rule_no", "action", false, build));
        }
        if blocks.written {
            entries.inline = blocks.span;
        }
        if let Some(causes) = &blocks.open {
            entries.open.extend(reasons(causes, blocks.span));
        }
        if ignored {
            entries.open.push(Reason::new(text, instance.decl_range));
        }
    }
}

pub(super) fn read_entry(
    declaration: Declaration,
    view: &View<'_>,
    number: &str,
    action: &str,
    standalone: bool,
    build: &Build<'_>,
) -> Entry {
    let range = ["cidr_block", "ipv6_cidr_block"].into_iter().find_map(|argument| {
        let arg = view.arg(argument).filter(|arg| arg.value.as_str() != Some(""))?;
        Some(optional(&Cidr::of_arg(&arg, Some(Family::of_argument(argument)), build.terms())))
    });
    let cidr = range.unwrap_or_else(|| Fact::default(None, view.header));
    Entry {
        declaration,
        standalone,
        number: view.integer(number),
        allows: view.fact(
            action,
            |value| match value.as_str()?.to_ascii_lowercase().as_str() {
                "allow" => Some(true),
                "deny" => Some(false),
                _ => None,
            },
            false,
        ),
        protocol: view.fact("protocol", |value| Some(protocol_name(&to_text(value)?)), "-1".into()),
        from: view.integer("from_port"),
        to: view.integer("to_port"),
        cidr,
        text: OnceLock::new(),
    }
}

pub(super) fn standalone_entry(network: &mut Network, instance: &ResourceInstance, build: &Build<'_>) {
    let view = view(instance);
    let Some(acl) = network.acl_registry.reference(view.arg("network_acl_id").as_ref(), build.terms()) else {
        return;
    };
    let mut entry = read_entry(Declaration::of(instance), &view, "rule_number", "rule_action", true, build);
    if acl.link.to().is_none() {
        entry.declaration.exists = entry.declaration.exists & Truth::Unknown;
    }
    let egress = view.flag("egress", false);
    for (direction, wanted) in [(Direction::Ingress, false), (Direction::Egress, true)] {
        let here = egress.is(&wanted) & instance.exists;
        if here.is_no() {
            continue;
        }
        if let Link::Unknown(_) = acl.link {
            // It may be an entry of any of them.
            let text = format!("the network ACL of {} is not known", entry.declaration.address);
            let reason = Reason::new(text, instance.decl_range);
            for acl in network.acls.iter_mut().filter(|acl| acl.declaration.is_managed()) {
                acl.entries_mut(direction).open.push(reason.clone());
            }
        }
        let mut entry = entry.clone();
        entry.declaration.exists = entry.declaration.exists & here;
        for id in acl.link.candidates() {
            let acl = &mut network.acls[usize::from(*id)];
            let adopted = acl.is_default && acl.adopted.is_yes();
            let entries = acl.entries_mut(direction);
            let lists_all = (entries.inline.is_some() || adopted) && entries.open.is_empty();
            if lists_all {
                let own = entries.entries.iter().filter(|entry| !entry.standalone);
                let written = match adopted {
                    true => Truth::Yes,
                    false => conflict::blocks(own.map(|entry| entry.declaration.exists)),
                };
                let found = Conflict::of(written, entries.inline, &entry.declaration);
                Conflict::keep(&mut entries.conflict, found);
            }
            entries.entries.push(entry.clone());
        }
    }
}
