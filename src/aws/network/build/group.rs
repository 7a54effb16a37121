//! Security groups and prefix lists, without their rules.

use crate::aws::cidr::Cidr;
use crate::aws::link::{Element, GroupId, Key, Link, PrefixListId, Ref};
use crate::aws::network::{Network, Origin, strangers};
use crate::aws::read::{Arg, View};
use crate::aws::security_group::{Direction, Group, PrefixList, PrefixListEntry, Spelling};
use crate::aws::text::Pattern;
use crate::aws::{Build, Declaration, view};
use crate::eval::ResourceInstance;
use crate::eval::value::Causes;
use crate::truth::Truth;

pub(super) fn prefix_lists(network: &mut Network, build: &Build<'_>) {
    for type_name in ["aws_ec2_managed_prefix_list", "aws_prefix_list"] {
        for (instance, managed) in build.both(type_name) {
            let view = view(instance);
            let id = PrefixListId::from(network.prefix_lists.len());
            for attribute in ["id", "arn"] {
                network.prefix_list_registry.insert(Key::Attr(instance.id, attribute.into()), id);
            }
            let declaration = Declaration::of(instance);
            let blocks = view.blocks("entry");
            let mut list = PrefixList {
                origin: Origin::of(&declaration),
                declaration,
                entries: Vec::new(),
                open: if managed { blocks.open.clone() } else { Some(Causes::new()) },
                of_service: !managed && is_of_service(type_name, &view, build),
            };
            if managed {
                for item in &blocks.items {
                    push_prefix_entry(&mut list, item.view.arg("cidr").as_ref(), item.exists, build);
                }
            }
            network.prefix_lists.push(list);
        }
    }
    for instance in build.managed("aws_ec2_managed_prefix_list_entry") {
        let view = view(instance);
        let list = network.prefix_list_registry.reference(view.arg("prefix_list_id").as_ref(), build.terms());
        for id in list.iter().flat_map(|list| list.link.candidates()) {
            let list = &mut network.prefix_lists[usize::from(*id)];
            push_prefix_entry(list, view.arg("cidr").as_ref(), instance.exists, build);
        }
    }
}

/// Whether a look-up finds a list that AWS keeps for a service: `aws_prefix_list` finds no others, and the names of the
/// others never begin like that.
fn is_of_service(type_name: &str, view: &View<'_>, build: &Build<'_>) -> bool {
    let names = view.arg("name").into_iter();
    let filters = view.blocks("filter").items.into_iter();
    let filtered = filters.filter(|filter| {
        let name = filter.view.text("name");
        name.value().is_some_and(|name| name.as_deref() == Some("prefix-list-name"))
    });
    let filtered = filtered.filter_map(|filter| filter.view.arg("values"));
    let patterns = names.chain(filtered).flat_map(|arg| arg.elements(false)).map(|element| match element {
        Element::Value(value, _) | Element::Each(value, _) | Element::More(value) => {
            Pattern::of(value, build.terms())
        }
    });
    let mut patterns = patterns.peekable();
    type_name == "aws_prefix_list"
        || patterns.peek().is_some() && patterns.all(|pattern| pattern.prefix.starts_with("com.amazonaws."))
}

pub(super) fn push_prefix_entry(
    list: &mut PrefixList,
    arg: Option<&Arg<'_>>,
    exists: Truth,
    build: &Build<'_>,
) {
    if let Some(arg) = arg {
        list.entries.push(PrefixListEntry { cidr: Cidr::of_arg(arg, None, build.terms()), exists });
    }
}

pub(super) fn groups(network: &mut Network, build: &Build<'_>) {
    for instance in build.managed("aws_security_group") {
        let view = view(instance);
        let region = build.region(instance);
        let vpc =
            network.vpc_link_or_default(view.arg("vpc_id").as_ref(), &region, instance.decl_range, build);
        let id = GroupId::from(network.groups.len());
        let group = Group { name: view.text("name"), vpc, ..Group::outside(Declaration::of(instance)) };
        network.groups.push(group);
        // `security_groups` of an instance takes names.
        for attribute in ["id", "arn", "name"] {
            network.group_registry.insert(Key::Attr(instance.id, attribute.into()), id);
        }
        if let Some(name) = view.arg("name").and_then(|arg| Key::of(arg.value, build.terms())) {
            network.group_registry.insert(name, id);
        }
    }
    for instance in build.managed("aws_default_security_group") {
        let view = view(instance);
        let region = build.region(instance);
        let vpc =
            network.vpc_link_or_default(view.arg("vpc_id").as_ref(), &region, instance.decl_range, build);
        let Link::To(vpc_id) = vpc.link else { continue };
        let id = network.vpc(vpc_id).default_group;
        for attribute in ["id", "arn"] {
            network.group_registry.insert(Key::Attr(instance.id, attribute.into()), id);
        }
        let group = &mut network.groups[usize::from(id)];
        group.adopted = group.adopted | instance.exists;
        group.declaration = Declaration::of(instance);
        group.origin = Origin::Managed;
        for direction in [Direction::Ingress, Direction::Egress] {
            for rule in &mut group.rules_mut(direction).rules {
                if rule.spelling == Spelling::Implicit {
                    rule.declaration.exists = rule.declaration.exists & !instance.exists;
                    rule.there = rule.declaration.exists;
                    rule.removed_by = instance.decl_range;
                }
            }
        }
        // The group is there whether the configuration adopts it or not.
        group.declaration.exists = Truth::Yes;
    }
    for instance in build.data("aws_security_group") {
        data_group(network, instance, build);
    }
    for instance in build.managed("aws_vpc_security_group_vpc_association") {
        let view = view(instance);
        let group = network.group_link(view.arg("security_group_id").as_ref(), build);
        let vpc = network.vpc_link(view.arg("vpc_id").as_ref(), build);
        let (Some(group), Some(vpc)) = (group, vpc) else { continue };
        if instance.exists.is_no() {
            continue;
        }
        // One that may not be there associates the group with a VPC that is not known.
        let certain = instance.exists.is_yes() && group.link.to().is_some();
        let vpc = if certain { vpc } else { Ref::default(Link::Unknown(Causes::new()), vpc.span) };
        for id in group.link.candidates() {
            network.groups[usize::from(*id)].associated.push(vpc.clone());
        }
    }
}

pub(super) fn data_group(network: &mut Network, instance: &ResourceInstance, build: &Build<'_>) {
    let view = view(instance);
    let vpc = network.vpc_link(view.arg("vpc_id").as_ref(), build);
    let found = match view.arg("id") {
        Some(arg) => network.group_registry.resolve(arg.value, build.terms()).to(),
        // A look-up by the reserved name is the VPC's default group.
        None if view.text("name").is(&Some("default".into())).is_yes() => {
            vpc.as_ref().and_then(|vpc| vpc.link.to()).map(|vpc| network.vpc(vpc).default_group)
        }
        None => None,
    };
    let id = match found {
        Some(id) => id,
        None => {
            let id = GroupId::from(network.groups.len());
            let mut group = Group { name: view.text("name"), ..Group::outside(Declaration::of(instance)) };
            if let Some(vpc) = vpc {
                group.vpc = vpc;
            }
            network.groups.push(group);
            if let Some(arg) = view.arg("id")
                && let Some(key) = Key::of(arg.value, build.terms())
            {
                network.group_registry.insert(key, id);
            }
            id
        }
    };
    for attribute in ["id", "arn"] {
        network.group_registry.insert(Key::Attr(instance.id, attribute.into()), id);
    }
}

pub(super) fn prefix_list_link(
    network: &mut Network,
    arg: Option<&Arg<'_>>,
    build: &Build<'_>,
) -> Option<Ref<PrefixListId>> {
    intern_prefix_lists(network, arg, build);
    network.prefix_list_registry.reference(arg, build.terms())
}

pub(super) fn intern_prefix_lists(network: &mut Network, arg: Option<&Arg<'_>>, build: &Build<'_>) {
    for (key, name, span) in strangers(arg, &network.prefix_list_registry, build) {
        let id = PrefixListId::from(network.prefix_lists.len());
        // An attribute of an endpoint is the list of its service's ranges.
        let service = matches!(key, Key::Attr(..));
        network.prefix_lists.push(PrefixList {
            declaration: Declaration::outside(name, span),
            origin: if service { Origin::LookedUp } else { Origin::Named },
            entries: Vec::new(),
            open: Some(Causes::new()),
            of_service: service,
        });
        network.prefix_list_registry.insert(key, id);
    }
}
