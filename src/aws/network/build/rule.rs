//! Security group rules in all spellings, and what removes them.

use crate::aws::cidr::{Cidr, Family};
use crate::aws::conflict::{self, Conflict};
use crate::aws::fact::{Known, Reason, reasons};
use crate::aws::link::{Element, GroupId, Key, Link, Registry};
use crate::aws::network::Network;
use crate::aws::network::build::group::intern_prefix_lists;
use crate::aws::read::{Arg, Item, View, to_text};
use crate::aws::security_group::{Direction, Peer, PeerKind, Ports, Rule, Spelling, protocol_name};
use crate::aws::{Build, Declaration, view};
use crate::eval::ResourceInstance;
use crate::eval::term::Terms;
use crate::eval::value::InstanceId;
use crate::truth::Truth;

pub(super) fn rules(network: &mut Network, build: &Build<'_>) {
    for type_name in ["aws_security_group", "aws_default_security_group"] {
        for instance in build.managed(type_name) {
            let Some(id) = network.group_registry.of_instance(instance.id, "id") else { continue };
            inline_rules(network, id, instance, build);
        }
    }
    for instance in build.managed("aws_security_group_rule") {
        let view = view(instance);
        let kind = view.text("type");
        for (direction, word) in [(Direction::Ingress, "ingress"), (Direction::Egress, "egress")] {
            let here = kind.satisfies(|kind| Truth::known(kind.as_deref() == Some(word)));
            if here.is_no() {
                continue;
            }
            let mut declaration = Declaration::of(instance);
            declaration.exists = declaration.exists & here;
            let protocol = "protocol";
            let mut rule =
                read_rule(network, declaration, Spelling::RuleResource, direction, &view, protocol, build);
            rule.there = here;
            place_rule(network, rule, &view, build);
        }
    }
    for (type_name, direction) in [
        ("aws_vpc_security_group_ingress_rule", Direction::Ingress),
        ("aws_vpc_security_group_egress_rule", Direction::Egress),
    ] {
        for instance in build.managed(type_name) {
            let view = view(instance);
            let protocol = "ip_protocol";
            let declaration = Declaration::of(instance);
            let spelling = Spelling::VpcRuleResource;
            let rule = read_rule(network, declaration, spelling, direction, &view, protocol, build);
            place_rule(network, rule, &view, build);
        }
    }
    for instance in build.managed("aws_vpc_security_group_rules_exclusive") {
        exclusive(network, instance, build);
    }
    conflicts(network);
}

pub(super) fn inline_rules(
    network: &mut Network,
    id: GroupId,
    instance: &ResourceInstance,
    build: &Build<'_>,
) {
    let view = view(instance);
    for (argument, direction) in [("ingress", Direction::Ingress), ("egress", Direction::Egress)] {
        let blocks = view.blocks(argument);
        let protocol = "protocol";
        for item in &blocks.items {
            let mut rule = inline_rule(network, instance, item, direction, protocol, build);
            // A default group is there also where the module that adopts it is not.
            if network.group(id).declaration.exists.is_yes() {
                rule.there = rule.declaration.exists;
            }
            network.groups[usize::from(id)].rules_mut(direction).rules.push(rule);
        }
        let group = &mut network.groups[usize::from(id)];
        let ignores = format!("{} ignores changes of its {argument} rules", group.declaration.address);
        let set = group.rules_mut(direction);
        if blocks.written {
            set.inline = blocks.span;
        }
        if let Some(causes) = &blocks.open {
            set.open.extend(reasons(causes, blocks.span));
        }
        if instance.ignore_changes.ignores(argument) {
            set.open.push(Reason::new(ignores, instance.decl_range));
        }
    }
}

pub(super) fn inline_rule(
    network: &mut Network,
    instance: &ResourceInstance,
    item: &Item<'_>,
    direction: Direction,
    protocol: &str,
    build: &Build<'_>,
) -> Rule {
    let declaration = Declaration::nested(instance, item);
    let mut rule = read_rule(network, declaration, Spelling::Inline, direction, &item.view, protocol, build);
    rule.there = item.exists;
    // An object of which nothing is known may be any rule.
    if let Some(causes) = item.view.unknown_causes() {
        rule.open = Some(causes);
    }
    rule
}

pub(super) fn read_rule(
    network: &mut Network,
    declaration: Declaration,
    spelling: Spelling,
    direction: Direction,
    view: &View<'_>,
    protocol: &str,
    build: &Build<'_>,
) -> Rule {
    let ports = Ports {
        protocol: view.fact(protocol, |value| Some(protocol_name(&to_text(value)?)), "-1".into()),
        from: view.integer("from_port"),
        to: view.integer("to_port"),
    };
    let mut rule = Rule {
        there: Truth::Yes,
        declaration,
        spelling,
        direction,
        ports,
        peers: Vec::new(),
        open: None,
        doubt: None,
        removed_by: None,
    };
    for argument in ["cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6"] {
        if let Some(arg) = view.arg(argument) {
            read_ranges(&mut rule, &arg, argument, build.terms());
        }
    }
    for argument in ["prefix_list_ids", "prefix_list_id"] {
        if let Some(arg) = view.arg(argument) {
            intern_prefix_lists(network, Some(&arg), build);
            let registry = &network.prefix_list_registry;
            let single = argument == "prefix_list_id";
            read_links(&mut rule, &arg, single, registry, build.terms(), PeerKind::PrefixList);
        }
    }
    for argument in ["security_groups", "source_security_group_id", "referenced_security_group_id"] {
        if let Some(arg) = view.arg(argument) {
            // Interned first, so that each element finds its group.
            let _ = network.group_link(Some(&arg), build);
            let single = argument != "security_groups";
            read_links(&mut rule, &arg, single, &network.group_registry, build.terms(), PeerKind::Group);
        }
    }
    let own = view.flag("self", false);
    let exists = own.is(&true);
    if !exists.is_no() {
        rule.peers.push(Peer { kind: PeerKind::Itself, exists, origin: own.origin, span: own.span });
    }
    rule
}

pub(super) fn read_ranges(rule: &mut Rule, arg: &Arg<'_>, argument: &str, terms: &Terms) {
    let family = Some(Family::of_argument(argument));
    for element in arg.elements(argument.starts_with("cidr_ipv")) {
        let (value, exists) = match element {
            // A range that is known only by identity is there for each thing that has it.
            Element::Each(value, _)
                if matches!(Cidr::of(value, family, terms), Known::Value(Cidr::Symbol(_))) =>
            {
                (value, Truth::Yes)
            }
            Element::Value(value, exists) | Element::Each(value, exists) => (value, exists),
            // A list that is not known holds what is an element of it.
            Element::More(value) => (value, Truth::Yes),
        };
        if value.is_null() || value.as_str() == Some("") {
            continue;
        }
        match Cidr::of(value, family, terms) {
            Known::Unknown(causes) if value.as_unknown().is_some_and(|unknown| unknown.term.is_none()) => {
                rule.open = Some(causes);
            }
            cidr @ (Known::Value(_) | Known::OneOf(_) | Known::Unknown(_)) => rule.peers.push(Peer {
                kind: PeerKind::Cidr(cidr),
                exists,
                origin: value.origin,
                span: arg.span,
            }),
        }
    }
}

pub(super) fn read_links<Id: Copy + PartialEq + std::fmt::Debug>(
    rule: &mut Rule,
    arg: &Arg<'_>,
    single: bool,
    registry: &Registry<Id>,
    terms: &Terms,
    kind: fn(Link<Id>) -> PeerKind,
) {
    for element in arg.elements(single) {
        let (value, exists) = match element {
            Element::Value(value, exists) | Element::Each(value, exists) => (value, exists),
            Element::More(value) => {
                rule.open = Some(value.causes());
                continue;
            }
        };
        if value.is_null() || value.as_str() == Some("") {
            continue;
        }
        let kind = kind(registry.resolve(value, terms));
        rule.peers.push(Peer { kind, exists, origin: value.origin, span: arg.span });
    }
}

pub(super) fn place_rule(network: &mut Network, rule: Rule, view: &View<'_>, build: &Build<'_>) {
    let Some(group) = network.group_link(view.arg("security_group_id").as_ref(), build) else {
        return;
    };
    match &group.link {
        Link::To(id) => {
            let group = &mut network.groups[usize::from(*id)];
            let instance = rule.declaration.instance.map(|id| build.evaluation.instance(id));
            let implied =
                instance.map_or(rule.declaration.exists, |instance| group.declaration.implies(instance));
            let there = rule.there & implied;
            group.rules_mut(rule.direction).rules.push(Rule { there, ..rule });
        }
        Link::OneOf(ids) => {
            for id in ids {
                let mut rule = rule.clone();
                rule.declaration.exists = rule.declaration.exists & Truth::Unknown;
                rule.there = rule.there & Truth::Unknown;
                network.groups[usize::from(*id)].rules_mut(rule.direction).rules.push(rule);
            }
        }
        Link::Outside(_) | Link::Unknown(_) => {
            let there = rule.declaration.exists;
            network.unplaced_rules.push(Rule { there, ..rule });
        }
    }
}

pub(super) fn exclusive(network: &mut Network, instance: &ResourceInstance, build: &Build<'_>) {
    let view = view(instance);
    let Some(Link::To(id)) =
        network.group_link(view.arg("security_group_id").as_ref(), build).map(|group| group.link)
    else {
        return;
    };
    for (argument, direction) in
        [("ingress_rule_ids", Direction::Ingress), ("egress_rule_ids", Direction::Egress)]
    {
        let Some(arg) = view.arg(argument) else { continue };
        let mut kept: Vec<(InstanceId, Truth)> = Vec::new();
        let mut open = false;
        for element in arg.elements(false) {
            let (value, exists) = match element {
                Element::Value(value, exists) | Element::Each(value, exists) => (value, exists),
                Element::More(_) => {
                    open = true;
                    continue;
                }
            };
            match Key::of(value, build.terms()) {
                Some(Key::Attr(rule, _)) => kept.push((rule, exists)),
                // The id of a rule that no resource here makes.
                Some(Key::Text(_)) => {}
                Some(Key::Term(_)) | None => open = true,
            }
        }
        for rule in &mut network.groups[usize::from(id)].rules_mut(direction).rules {
            let listed = kept.iter().find(|(kept, _)| Some(*kept) == rule.declaration.instance);
            let listed = match listed {
                Some((_, exists)) => *exists,
                None if open => Truth::Unknown,
                None => Truth::No,
            };
            let stays = listed | !instance.exists;
            if stays.is_no() {
                rule.removed_by = arg.span;
                rule.declaration.exists = Truth::No;
            } else if stays.is_unknown() && rule.doubt.is_none() {
                let text = format!("{} may remove it", instance.addr);
                rule.doubt = Some(Reason::new(text, arg.span));
            }
        }
    }
}

/// Inline rules and rule resources of one direction overwrite each other.
pub(super) fn conflicts(network: &mut Network) {
    for group in &mut network.groups {
        let ignores = |set: &crate::aws::security_group::RuleSet| !set.open.is_empty();
        // The resource for a default group allows nothing beside its own blocks, also where it has none.
        let adopted = group.declaration.decl_range.filter(|_| group.is_default && group.adopted.is_yes());
        for direction in [Direction::Ingress, Direction::Egress] {
            let set = group.rules_mut(direction);
            let inline = set.inline.or(adopted);
            if inline.is_none() || ignores(set) {
                continue;
            }
            let own = set.rules.iter().filter(|rule| rule.spelling == Spelling::Inline);
            let written = match adopted {
                Some(_) => Truth::Yes,
                None => conflict::blocks(own.map(|rule| rule.declaration.exists)),
            };
            for rule in &mut set.rules {
                let standalone = matches!(rule.spelling, Spelling::RuleResource | Spelling::VpcRuleResource);
                if !standalone || rule.declaration.exists.is_no() {
                    continue;
                }
                Conflict::keep(&mut set.conflict, Conflict::of(written, inline, &rule.declaration));
                let text = "inline rules of the same group may remove this one";
                rule.doubt = rule.doubt.take().or(Some(Reason::new(text, inline)));
            }
        }
    }
}
