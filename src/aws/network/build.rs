//! Reads the network resources: first what exists, then what is associated with it.

use std::collections::BTreeMap;

use ecow::EcoString;

use crate::aws::cidr::{Cidr, Symbol};
use crate::aws::endpoint::{Endpoint, EndpointPolicy, Service};
use crate::aws::fact::{Basis, Fact, Known, Reason, reasons};
use crate::aws::link::{
    AclId, Element, EndpointId, GatewayId, GroupId, Key, Link, LinkSet, PrefixListId, Ref, Registry,
    RouteTableId, SubnetId, VpcId, elements,
};
use crate::aws::nacl::{Acl, Entries, Entry};
use crate::aws::network::gap::Hidden;
use crate::aws::network::route::RouteTarget;
use crate::aws::network::{
    Destination, Gateway, GatewayKind, Nat, Network, Origin, PublicAccessBlock, Route, RouteTable,
    RouteTableKind, Subnet, Vpc, Zone, strangers,
};
use crate::aws::read::{Arg, Item, View, to_text};
use crate::aws::security_group::{
    Direction, Group, Peer, PeerKind, Ports, PrefixList, PrefixListEntry, Rule, Spelling, protocol_name,
};
use crate::aws::text::Pattern;
use crate::aws::{Build, Declaration, dns, view};
use crate::eval::ResourceInstance;
use crate::eval::origin::OriginId;
use crate::eval::term::{Term, Terms};
use crate::eval::value::{Cause, Causes, InstanceId, Value};
use crate::source::Span;
use crate::truth::Truth;

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
    vpcs(&mut network, build);
    prefix_lists(&mut network, build);
    groups(&mut network, build);
    subnets(&mut network, build);
    gateways(&mut network, build);
    route_tables(&mut network, build);
    acls(&mut network, build);
    rules(&mut network, build);
    endpoints(&mut network, build);
    public_access(&mut network, build);
    dns::build(&mut network, build);
    network.hidden = Hidden::find(&network, build);
    network
}

/// The known values of an attribute that nothing configures: its identity, when something refers to it.
fn computed_cidr(instance: InstanceId, attribute: &str, build: &Build<'_>, span: Option<Span>) -> Fact<Cidr> {
    let reference = format!("{}.{attribute}", build.evaluation.instance(instance).addr);
    let causes: Causes = [Cause::Computed(reference.into())].into_iter().collect();
    match build.terms().find(&Term::Attr(instance, attribute.into())) {
        Some(term) => {
            let symbol = Symbol::new(term, causes.clone(), build.terms());
            Fact { value: Known::Value(Cidr::Symbol(symbol)), ..Fact::unknown(causes, span) }
        }
        None => Fact::unknown(causes, span),
    }
}

impl Network {
    /// Adds a VPC with its default group, ACL and route table; of one that is not managed nothing else is known.
    pub(super) fn add_vpc(&mut self, declaration: Declaration, build: &Build<'_>) -> VpcId {
        let id = VpcId::from(self.vpcs.len());
        let span = declaration.decl_range;
        let origin = Origin::of(&declaration);
        let own = |span| Ref::default(Link::To(id), span);
        let child = |what: &str| Declaration {
            instance: None,
            address: format!("{what} of {}", declaration.address),
            end: None,
            exists_because: OriginId::NONE,
            ..declaration.clone()
        };
        let made = if origin == Origin::Managed { Origin::Default } else { origin };

        let default_group = GroupId::from(self.groups.len());
        let mut group = Group {
            origin: made,
            is_default: true,
            name: Fact::default(Some("default".into()), span),
            vpc: own(span),
            ..Group::outside(child("the default security group"))
        };
        implicit_rules(&mut group, Truth::Yes);
        self.groups.push(group);

        let default_acl = AclId::from(self.acls.len());
        let mut acl = Acl {
            declaration: child("the default network ACL"),
            origin: made,
            is_default: true,
            adopted: Truth::No,
            vpc: own(span),
            ingress: Entries::default(),
            egress: Entries::default(),
        };
        implicit_entries(&mut acl, Truth::Yes);
        self.acls.push(acl);

        let default_route_table = RouteTableId::from(self.route_tables.len());
        let open = if origin.is_closed() {
            Vec::new()
        } else {
            vec![Reason::new(format!("the routes of {} are not managed here", declaration.address), span)]
        };
        self.route_tables.push(RouteTable {
            declaration: child("the main route table"),
            kind: RouteTableKind::Default,
            vpc: own(span),
            routes: Vec::new(),
            open,
            inline: None,
        });

        if let Some(instance) = declaration.instance {
            for attribute in ["id", "arn"] {
                self.vpc_registry.insert(Key::Attr(instance, attribute.into()), id);
            }
            let group = Key::Attr(instance, "default_security_group_id".into());
            self.group_registry.insert(group, default_group);
            self.acl_registry.insert(Key::Attr(instance, "default_network_acl_id".into()), default_acl);
            for attribute in ["default_route_table_id", "main_route_table_id"] {
                let key = Key::Attr(instance, attribute.into());
                self.route_table_registry.insert(key, default_route_table);
            }
        }
        let _ = build;
        self.vpcs.push(Vpc {
            origin,
            region: Fact::unknown(Causes::new(), span),
            dns_support: Fact::unknown(Causes::new(), span),
            dns_hostnames: Fact::unknown(Causes::new(), span),
            cidrs: Vec::new(),
            cidrs_open: Some(Causes::new()),
            default_group,
            default_acl,
            default_route_table,
            main_route_table: Ref::default(Link::To(default_route_table), span),
            declaration,
        });
        id
    }
}

/// The rules that AWS makes with a default group: everything from its own members, and everything out.
fn implicit_rules(group: &mut Group, exists: Truth) {
    let span = group.declaration.decl_range;
    let address = format!("the rules of {}", group.declaration.address);
    let rule = |direction, peers: Vec<PeerKind>| Rule {
        declaration: Declaration { exists, ..Declaration::outside(address.clone(), span) },
        spelling: Spelling::Implicit,
        direction,
        ports: Ports::all(span),
        peers: peers
            .into_iter()
            .map(|kind| Peer { kind, exists: Truth::Yes, origin: OriginId::NONE, span })
            .collect(),
        open: None,
        doubt: None,
        removed_by: None,
    };
    group.ingress.rules.push(rule(Direction::Ingress, vec![PeerKind::Itself]));
    let anywhere = [Cidr::anywhere_v4(), Cidr::anywhere_v6()];
    let anywhere = anywhere.into_iter().map(|cidr| PeerKind::Cidr(Known::Value(cidr))).collect();
    group.egress.rules.push(rule(Direction::Egress, anywhere));
}

/// The entries that AWS makes with a default ACL: everything in and out.
fn implicit_entries(acl: &mut Acl, exists: Truth) {
    let span = acl.declaration.decl_range;
    let declaration = Declaration {
        exists,
        ..Declaration::outside(format!("the entries of {}", acl.declaration.address), span)
    };
    for direction in [Direction::Ingress, Direction::Egress] {
        acl.entries_mut(direction).entries.push(Entry {
            declaration: declaration.clone(),
            standalone: false,
            number: Fact::default(Some(100), span),
            allows: Fact::default(true, span),
            protocol: Fact::default("-1".into(), span),
            from: Fact::default(None, span),
            to: Fact::default(None, span),
            cidr: Fact::default(Some(Cidr::anywhere_v4()), span),
        });
    }
}

fn vpcs(network: &mut Network, build: &Build<'_>) {
    for (type_name, dns_hostnames) in [("aws_vpc", false), ("aws_default_vpc", true)] {
        for instance in build.managed(type_name) {
            let view = view(instance);
            let id = network.add_vpc(Declaration::of(instance), build);
            let region = build.region(instance);
            if type_name == "aws_default_vpc" {
                network.vpc_registry.insert(default_vpc_key(&region), id);
            }
            let cidr = match view.arg("cidr_block") {
                Some(arg) => Cidr::of_arg(&arg, build.terms()),
                None => computed_cidr(instance.id, "cidr_block", build, instance.decl_range),
            };
            let vpc = &mut network.vpcs[usize::from(id)];
            vpc.region = region;
            vpc.dns_support = view.flag("enable_dns_support", true);
            vpc.dns_hostnames = view.flag("enable_dns_hostnames", dns_hostnames);
            vpc.cidrs = vec![cidr];
            vpc.cidrs_open = None;
        }
    }
    for instance in build.data("aws_vpc") {
        data_vpc(network, instance, build);
    }
    for instance in build.managed("aws_vpc_ipv4_cidr_block_association") {
        let view = view(instance);
        let Some(vpc) = network.vpc_link(view.arg("vpc_id").as_ref(), build) else { continue };
        let cidr = match view.arg("cidr_block") {
            Some(arg) => Cidr::of_arg(&arg, build.terms()),
            None => computed_cidr(instance.id, "cidr_block", build, instance.decl_range),
        };
        for id in vpc.link.candidates() {
            let entry = &mut network.vpcs[usize::from(*id)];
            entry.cidrs.push(cidr.clone());
            if !instance.exists.is_yes() || vpc.link.to().is_none() {
                entry.cidrs_open = Some(Causes::new());
            }
        }
    }
}

fn data_vpc(network: &mut Network, instance: &ResourceInstance, build: &Build<'_>) {
    let view = view(instance);
    let region = build.region(instance);
    // A look-up of a VPC that is managed here is that VPC.
    let found = match view.arg("id") {
        Some(arg) => network.vpc_registry.resolve(arg.value, build.terms()).to(),
        None if view.flag("default", false).is(&true).is_yes() => Some(network.default_vpc(&region, build)),
        None => None,
    };
    let id = match found {
        Some(id) => {
            let vpc = network.vpc(id);
            let (group, acl) = (vpc.default_group, vpc.default_acl);
            let table = vpc.default_route_table;
            for attribute in ["id", "arn"] {
                network.vpc_registry.insert(Key::Attr(instance.id, attribute.into()), id);
            }
            network.group_registry.insert(Key::Attr(instance.id, "default_security_group_id".into()), group);
            network.acl_registry.insert(Key::Attr(instance.id, "default_network_acl_id".into()), acl);
            network.route_table_registry.insert(Key::Attr(instance.id, "main_route_table_id".into()), table);
            if network.vpc(id).origin.is_closed() {
                return;
            }
            id
        }
        None => {
            let id = network.add_vpc(Declaration::of(instance), build);
            if let Some(arg) = view.arg("id")
                && let Some(key) = Key::of(arg.value, build.terms())
            {
                network.vpc_registry.insert(key, id);
            }
            id
        }
    };
    let cidr = match view.arg("cidr_block") {
        Some(arg) => Cidr::of_arg(&arg, build.terms()),
        None => computed_cidr(instance.id, "cidr_block", build, instance.decl_range),
    };
    let vpc = &mut network.vpcs[usize::from(id)];
    if vpc.region.value().is_none() {
        vpc.region = region;
    }
    if !vpc.cidrs.contains(&cidr) {
        vpc.cidrs.push(cidr);
    }
    // `cidr_block` is taken for the range of the whole VPC: its secondary ranges are seldom looked up.
    vpc.cidrs_open = None;
}

fn prefix_lists(network: &mut Network, build: &Build<'_>) {
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

fn push_prefix_entry(list: &mut PrefixList, arg: Option<&Arg<'_>>, exists: Truth, build: &Build<'_>) {
    if let Some(arg) = arg {
        list.entries.push(PrefixListEntry { cidr: Cidr::of_arg(arg, build.terms()), exists });
    }
}

fn groups(network: &mut Network, build: &Build<'_>) {
    for instance in build.managed("aws_security_group") {
        let view = view(instance);
        let region = build.region(instance);
        let vpc =
            network.vpc_link_or_default(view.arg("vpc_id").as_ref(), &region, instance.decl_range, build);
        let id = GroupId::from(network.groups.len());
        let group = Group { name: view.text("name"), vpc, ..Group::outside(Declaration::of(instance)) };
        network.groups.push(group);
        for attribute in ["id", "arn"] {
            network.group_registry.insert(Key::Attr(instance.id, attribute.into()), id);
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
}

fn data_group(network: &mut Network, instance: &ResourceInstance, build: &Build<'_>) {
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

fn subnets(network: &mut Network, build: &Build<'_>) {
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
                Some(arg) => optional(&Cidr::of_arg(&arg, build.terms())),
                None if native.is(&true).is_yes() => Fact::default(None, instance.decl_range),
                None => optional(&computed_cidr(instance.id, "cidr_block", build, instance.decl_range)),
            };
            let ipv6_cidr = match view.arg("ipv6_cidr_block") {
                Some(arg) => optional(&Cidr::of_arg(&arg, build.terms())),
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

fn data_subnet(network: &mut Network, instance: &ResourceInstance, build: &Build<'_>) {
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
            Some(arg) => optional(&Cidr::of_arg(&arg, build.terms())),
            None => optional(&computed_cidr(instance.id, "cidr_block", build, instance.decl_range)),
        };
    }
    if subnet.zone == Zone::Unknown {
        subnet.zone = zone(&view, build.terms());
    }
}

fn optional(fact: &Fact<Cidr>) -> Fact<Option<Cidr>> {
    fact.map(|cidr| Some(cidr.clone()))
}

fn zone(view: &View<'_>, terms: &Terms) -> Zone {
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
fn is_zone_list(term: crate::eval::term::TermId, terms: &Terms) -> bool {
    match terms.get(term) {
        Some(Term::Attr(_, name)) => matches!(name.as_str(), "names" | "zone_ids"),
        Some(Term::Apply(function, args)) if matches!(function.as_str(), "slice" | "sort") => {
            matches!(args.first(), Some(crate::eval::term::Operand::Term(list)) if is_zone_list(*list, terms))
        }
        _ => false,
    }
}

fn gateways(network: &mut Network, build: &Build<'_>) {
    let simple: &[(&str, GatewayKind, &[&str])] = &[
        ("aws_internet_gateway", GatewayKind::Internet, &["vpc_id"]),
        ("aws_egress_only_internet_gateway", GatewayKind::EgressOnly, &["vpc_id"]),
        ("aws_vpn_gateway", GatewayKind::Vpn, &["vpc_id"]),
        ("aws_ec2_transit_gateway", GatewayKind::Transit, &[]),
        ("aws_vpc_peering_connection", GatewayKind::Peering, &["vpc_id", "peer_vpc_id"]),
        ("aws_carrier_gateway", GatewayKind::Other, &["vpc_id"]),
        ("aws_network_interface", GatewayKind::Interface, &[]),
    ];
    for (type_name, kind, vpc_arguments) in simple {
        for (instance, managed) in build.both(type_name) {
            let view = view(instance);
            let mut vpcs = Vec::new();
            if managed {
                for argument in *vpc_arguments {
                    if let Some(vpc) = network.vpc_link(view.arg(argument).as_ref(), build) {
                        vpcs.push((vpc, Truth::Yes));
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
}

fn add_gateway(
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

fn route_tables(network: &mut Network, build: &Build<'_>) {
    for instance in build.managed("aws_route_table") {
        let view = view(instance);
        let vpc = network
            .vpc_link(view.arg("vpc_id").as_ref(), build)
            .unwrap_or_else(|| Ref::default(Link::Unknown(Causes::new()), instance.decl_range));
        let id = RouteTableId::from(network.route_tables.len());
        network.route_tables.push(RouteTable {
            declaration: Declaration::of(instance),
            kind: RouteTableKind::Custom,
            vpc,
            routes: Vec::new(),
            open: Vec::new(),
            inline: None,
        });
        for attribute in ["id", "arn"] {
            network.route_table_registry.insert(Key::Attr(instance.id, attribute.into()), id);
        }
        inline_routes(network, id, instance, build);
    }
    for instance in build.managed("aws_default_route_table") {
        let view = view(instance);
        let table = network
            .route_table_registry
            .reference(view.arg("default_route_table_id").as_ref(), build.terms());
        let Some(Link::To(id)) = table.map(|table| table.link) else { continue };
        network.route_table_registry.insert(Key::Attr(instance.id, "id".into()), id);
        let mut declaration = Declaration::of(instance);
        // The table is there whether the configuration adopts it or not.
        declaration.exists = Truth::Yes;
        let table = &mut network.route_tables[usize::from(id)];
        table.declaration = declaration;
        table.open.clear();
        inline_routes(network, id, instance, build);
    }
    for instance in build.data("aws_route_table") {
        data_route_table(network, instance, build);
    }
    for instance in build.managed("aws_main_route_table_association") {
        let view = view(instance);
        let vpc = network.vpc_link(view.arg("vpc_id").as_ref(), build);
        let table = table_link(network, view.arg("route_table_id").as_ref(), build);
        let (Some(Link::To(vpc)), Some(table)) = (vpc.map(|vpc| vpc.link), table) else { continue };
        let vpc = &mut network.vpcs[usize::from(vpc)];
        vpc.main_route_table =
            if instance.exists.is_yes() { table } else { either(&[table, vpc.main_route_table.clone()]) };
    }
    for instance in build.managed("aws_route") {
        let view = view(instance);
        let Some(table) = table_link(network, view.arg("route_table_id").as_ref(), build) else { continue };
        let declaration = Declaration::of(instance);
        let mut route = read_route(network, declaration, &view, true, build);
        if table.link.to().is_none() {
            route.declaration.exists = route.declaration.exists & Truth::Unknown;
        }
        for id in table.link.candidates() {
            network.route_tables[usize::from(*id)].routes.push(route.clone());
        }
        if table.link.candidates().is_empty() {
            stray_route(network, instance);
        }
    }
    associations(network, build);
}

/// A route of which it is not known in what table it is may be in any.
fn stray_route(network: &mut Network, instance: &ResourceInstance) {
    let text = format!("the route table of {} is not known", instance.addr);
    for table in &mut network.route_tables {
        table.open.push(Reason::new(text.clone(), instance.decl_range));
    }
}

/// The route table that an argument names; what no resource makes is added.
fn table_link(network: &mut Network, arg: Option<&Arg<'_>>, build: &Build<'_>) -> Option<Ref<RouteTableId>> {
    for (key, name, span) in strangers(arg, &network.route_table_registry, build) {
        let id = add_outside_table(network, Declaration::outside(name, span));
        network.route_table_registry.insert(key, id);
    }
    network.route_table_registry.reference(arg, build.terms())
}

fn add_outside_table(network: &mut Network, declaration: Declaration) -> RouteTableId {
    let id = RouteTableId::from(network.route_tables.len());
    let text = format!("the routes of {} are not managed here", declaration.address);
    let span = declaration.decl_range;
    network.route_tables.push(RouteTable {
        declaration,
        kind: RouteTableKind::Outside,
        vpc: Ref::default(Link::Unknown(Causes::new()), span),
        routes: Vec::new(),
        open: vec![Reason::new(text, span)],
        inline: None,
    });
    id
}

fn data_route_table(network: &mut Network, instance: &ResourceInstance, build: &Build<'_>) {
    let view = view(instance);
    let found = view
        .arg("route_table_id")
        .and_then(|arg| network.route_table_registry.resolve(arg.value, build.terms()).to());
    let id = match found {
        Some(id) => id,
        None => {
            let id = add_outside_table(network, Declaration::of(instance));
            if let Some(vpc) = network.vpc_link(view.arg("vpc_id").as_ref(), build) {
                network.route_tables[usize::from(id)].vpc = vpc;
            }
            id
        }
    };
    for attribute in ["id", "route_table_id"] {
        network.route_table_registry.insert(Key::Attr(instance.id, attribute.into()), id);
    }
}

fn inline_routes(network: &mut Network, id: RouteTableId, instance: &ResourceInstance, build: &Build<'_>) {
    let blocks = view(instance).blocks("route");
    for item in &blocks.items {
        let declaration = Declaration::nested(instance, item);
        let route = read_route(network, declaration, &item.view, false, build);
        network.route_tables[usize::from(id)].routes.push(route);
    }
    let table = &mut network.route_tables[usize::from(id)];
    if blocks.written {
        table.inline = blocks.span;
    }
    if let Some(causes) = &blocks.open {
        table.open.extend(reasons(causes, blocks.span));
    }
    if instance.ignore_changes.ignores("route") {
        let text = format!("{} ignores changes of its routes", table.declaration.address);
        table.open.push(Reason::new(text, instance.decl_range));
    }
}

fn read_route(
    network: &mut Network,
    declaration: Declaration,
    view: &View<'_>,
    standalone: bool,
    build: &Build<'_>,
) -> Route {
    let destination = destination(network, view, build);
    let target = route_target(network, view, build);
    Route { declaration, standalone, destination, target }
}

fn destination(network: &mut Network, view: &View<'_>, build: &Build<'_>) -> Destination {
    for argument in ["destination_cidr_block", "cidr_block", "destination_ipv6_cidr_block", "ipv6_cidr_block"]
    {
        let Some(arg) = view.arg(argument) else { continue };
        if arg.value.as_str() == Some("") {
            continue;
        }
        return Destination::Cidr(Cidr::of_arg(&arg, build.terms()));
    }
    let arg = view.arg("destination_prefix_list_id");
    if let Some(list) = prefix_list_link(network, arg.as_ref(), build) {
        return Destination::PrefixList(list);
    }
    Destination::Unknown(Causes::new())
}

fn prefix_list_link(
    network: &mut Network,
    arg: Option<&Arg<'_>>,
    build: &Build<'_>,
) -> Option<Ref<PrefixListId>> {
    intern_prefix_lists(network, arg, build);
    network.prefix_list_registry.reference(arg, build.terms())
}

fn intern_prefix_lists(network: &mut Network, arg: Option<&Arg<'_>>, build: &Build<'_>) {
    for (key, name, span) in strangers(arg, &network.prefix_list_registry, build) {
        let id = PrefixListId::from(network.prefix_lists.len());
        // An attribute of an endpoint is the list of its service's ranges.
        let service = matches!(key, Key::Attr(..));
        network.prefix_lists.push(PrefixList {
            declaration: Declaration::outside(name, span),
            origin: if service { Origin::LookedUp } else { Origin::Named },
            entries: Vec::new(),
            open: Some(Causes::new()),
        });
        network.prefix_list_registry.insert(key, id);
    }
}

fn route_target(network: &mut Network, view: &View<'_>, build: &Build<'_>) -> RouteTarget {
    let targets: [(&'static str, GatewayKind); 12] = [
        ("gateway_id", GatewayKind::Unknown),
        ("nat_gateway_id", GatewayKind::Nat(None)),
        ("egress_only_gateway_id", GatewayKind::EgressOnly),
        ("transit_gateway_id", GatewayKind::Transit),
        ("vpc_peering_connection_id", GatewayKind::Peering),
        ("network_interface_id", GatewayKind::Interface),
        ("instance_id", GatewayKind::Interface),
        ("vpc_endpoint_id", GatewayKind::Endpoint),
        ("local_gateway_id", GatewayKind::Other),
        ("carrier_gateway_id", GatewayKind::Other),
        ("core_network_arn", GatewayKind::Other),
        ("odb_network_arn", GatewayKind::Other),
    ];
    for (argument, kind) in targets {
        let Some(arg) = view.arg(argument) else { continue };
        match arg.value.as_str() {
            Some("") => continue,
            Some("local") => return RouteTarget::Local,
            _ => {}
        }
        if is_refused(arg.value) {
            return RouteTarget::Nothing(arg.span);
        }
        let Some(reference) = network.gateway_link(Some(&arg), &kind, build) else { continue };
        return match &reference.link {
            Link::Unknown(causes) => RouteTarget::Unknown(causes.clone(), arg.span),
            Link::To(_) | Link::OneOf(_) | Link::Outside(_) => RouteTarget::Gateway(argument, reference),
        };
    }
    RouteTarget::Nothing(view.header)
}

/// Whether Terraform would refuse the value: an index of an instance that does not exist in this scenario.
fn is_refused(value: &Value) -> bool {
    let Some(unknown) = value.as_unknown() else { return false };
    !unknown.causes.is_empty() && unknown.causes.iter().all(|cause| matches!(cause, Cause::Error(_)))
}

/// One of several references.
fn either<Id: Copy + PartialEq + Ord>(references: &[Ref<Id>]) -> Ref<Id> {
    let mut ids: Vec<Id> = Vec::new();
    let mut unknown = None;
    for reference in references {
        match &reference.link {
            Link::Unknown(causes) => unknown = Some(causes.clone()),
            Link::Outside(_) => unknown = Some(Causes::new()),
            Link::To(_) | Link::OneOf(_) => {
                ids.extend(
                    reference
                        .link
                        .candidates()
                        .iter()
                        .filter(|id| !ids.contains(id))
                        .copied()
                        .collect::<Vec<_>>(),
                );
            }
        }
    }
    let link = match (ids.as_slice(), unknown) {
        (_, Some(causes)) => Link::Unknown(causes),
        ([id], None) => Link::To(*id),
        (_, None) => Link::OneOf(ids),
    };
    match references.first() {
        Some(first) => Ref { link, ..first.clone() },
        None => Ref::default(link, None),
    }
}

/// The associations of each subnet with something, and those of which the subnet is not known.
struct Associations<Id> {
    by_subnet: BTreeMap<SubnetId, Vec<(Ref<Id>, Truth)>>,
    strays: Vec<Ref<Id>>,
}

impl<Id: Copy + PartialEq + Ord> Associations<Id> {
    fn new() -> Associations<Id> {
        Associations { by_subnet: BTreeMap::new(), strays: Vec::new() }
    }

    fn add(&mut self, subnets: &Link<SubnetId>, to: &Ref<Id>, exists: Truth) {
        if exists.is_no() {
            return;
        }
        let certain = if subnets.to().is_some() { exists } else { exists & Truth::Unknown };
        for subnet in subnets.candidates() {
            self.by_subnet.entry(*subnet).or_default().push((to.clone(), certain));
        }
        if subnets.candidates().is_empty() {
            self.strays.push(to.clone());
        }
    }

    /// What applies to a subnet, given what applies without any association.
    fn of(&self, subnet: SubnetId, strays: &[Ref<Id>], otherwise: &Ref<Id>) -> Ref<Id> {
        let own = self.by_subnet.get(&subnet).map(Vec::as_slice).unwrap_or_default();
        if let Some((reference, _)) = own.iter().find(|(_, certain)| certain.is_yes()) {
            return reference.clone();
        }
        let possible: Vec<Ref<Id>> =
            own.iter().map(|(reference, _)| reference).chain(strays).cloned().collect();
        if possible.is_empty() {
            return otherwise.clone();
        }
        either(&[possible, vec![otherwise.clone()]].concat())
    }
}

fn associations(network: &mut Network, build: &Build<'_>) {
    let mut associations: Associations<RouteTableId> = Associations::new();
    for instance in build.managed("aws_route_table_association") {
        let view = view(instance);
        // An association with a gateway is none with a subnet.
        let Some(subnet) = network.subnet_link(view.arg("subnet_id").as_ref(), build) else { continue };
        let Some(table) = table_link(network, view.arg("route_table_id").as_ref(), build) else { continue };
        let table = Ref { span: instance.decl_range.or(table.span), ..table };
        associations.add(&subnet.link, &table, instance.exists);
    }
    let mut strays: BTreeMap<VpcId, Vec<Ref<RouteTableId>>> = BTreeMap::new();
    for stray in &associations.strays {
        for id in stray.link.candidates() {
            if let Link::To(vpc) = network.route_table(*id).vpc.link {
                strays.entry(vpc).or_default().push(stray.clone());
            }
        }
    }
    for index in 0..network.subnets.len() {
        let subnet = &network.subnets[index];
        let span = subnet.declaration.decl_range;
        let (otherwise, strays) = match subnet.vpc.link {
            Link::To(vpc) if subnet.origin.is_closed() => (
                network.vpc(vpc).main_route_table.clone(),
                strays.get(&vpc).map(Vec::as_slice).unwrap_or_default(),
            ),
            // The associations of a subnet that is not managed here may be made elsewhere.
            Link::To(_) | Link::OneOf(_) | Link::Outside(_) | Link::Unknown(_) => {
                (Ref::default(Link::Unknown(Causes::new()), span), &[][..])
            }
        };
        network.subnets[index].route_table = associations.of(SubnetId::from(index), strays, &otherwise);
    }
}

fn acls(network: &mut Network, build: &Build<'_>) {
    let mut associations: Associations<AclId> = Associations::new();
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
    }
    for instance in build.managed("aws_network_acl_rule") {
        standalone_entry(network, instance, build);
    }
    for acl in &mut network.acls {
        acl.ingress.sort();
        acl.egress.sort();
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

fn inline_entries(acl: &mut Acl, instance: &ResourceInstance, build: &Build<'_>) {
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

fn read_entry(
    declaration: Declaration,
    view: &View<'_>,
    number: &str,
    action: &str,
    standalone: bool,
    build: &Build<'_>,
) -> Entry {
    let cidr = match view.arg("cidr_block") {
        Some(arg) if arg.value.as_str() != Some("") => optional(&Cidr::of_arg(&arg, build.terms())),
        _ => Fact::default(None, view.header),
    };
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
    }
}

fn standalone_entry(network: &mut Network, instance: &ResourceInstance, build: &Build<'_>) {
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
        let here = egress.is(&wanted);
        if here.is_no() {
            continue;
        }
        let mut entry = entry.clone();
        entry.declaration.exists = entry.declaration.exists & here;
        for id in acl.link.candidates() {
            let entries = network.acls[usize::from(*id)].entries_mut(direction);
            if entries.inline.is_some() && entries.conflict.is_none() {
                entries.conflict = instance.decl_range;
            }
            entries.entries.push(entry.clone());
        }
    }
}

fn rules(network: &mut Network, build: &Build<'_>) {
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
            let names = Names { protocol: "protocol", ..Names::default() };
            let rule =
                read_rule(network, declaration, Spelling::RuleResource, direction, &view, &names, build);
            place_rule(network, rule, &view, build);
        }
    }
    for (type_name, direction) in [
        ("aws_vpc_security_group_ingress_rule", Direction::Ingress),
        ("aws_vpc_security_group_egress_rule", Direction::Egress),
    ] {
        for instance in build.managed(type_name) {
            let view = view(instance);
            let names = Names { protocol: "ip_protocol", ..Names::default() };
            let declaration = Declaration::of(instance);
            let spelling = Spelling::VpcRuleResource;
            let rule = read_rule(network, declaration, spelling, direction, &view, &names, build);
            place_rule(network, rule, &view, build);
        }
    }
    for instance in build.managed("aws_vpc_security_group_rules_exclusive") {
        exclusive(network, instance, build);
    }
    conflicts(network);
}

/// What the arguments of a rule are called.
#[derive(Default)]
struct Names {
    protocol: &'static str,
}

fn inline_rules(network: &mut Network, id: GroupId, instance: &ResourceInstance, build: &Build<'_>) {
    let view = view(instance);
    for (argument, direction) in [("ingress", Direction::Ingress), ("egress", Direction::Egress)] {
        let blocks = view.blocks(argument);
        let names = Names { protocol: "protocol" };
        for item in &blocks.items {
            let rule = inline_rule(network, instance, item, direction, &names, build);
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

fn inline_rule(
    network: &mut Network,
    instance: &ResourceInstance,
    item: &Item<'_>,
    direction: Direction,
    names: &Names,
    build: &Build<'_>,
) -> Rule {
    let declaration = Declaration::nested(instance, item);
    let mut rule = read_rule(network, declaration, Spelling::Inline, direction, &item.view, names, build);
    // An object of which nothing is known may be any rule.
    if let Some(causes) = item.view.unknown_causes() {
        rule.open = Some(causes);
    }
    rule
}

fn read_rule(
    network: &mut Network,
    declaration: Declaration,
    spelling: Spelling,
    direction: Direction,
    view: &View<'_>,
    names: &Names,
    build: &Build<'_>,
) -> Rule {
    let ports = Ports {
        protocol: view.fact(names.protocol, |value| Some(protocol_name(&to_text(value)?)), "-1".into()),
        from: view.integer("from_port"),
        to: view.integer("to_port"),
    };
    let mut rule = Rule {
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
            read_ranges(&mut rule, &arg, build.terms());
        }
    }
    for argument in ["prefix_list_ids", "prefix_list_id"] {
        if let Some(arg) = view.arg(argument) {
            intern_prefix_lists(network, Some(&arg), build);
            let registry = &network.prefix_list_registry;
            read_links(&mut rule, &arg, registry, build.terms(), PeerKind::PrefixList);
        }
    }
    for argument in ["security_groups", "source_security_group_id", "referenced_security_group_id"] {
        if let Some(arg) = view.arg(argument) {
            // Interned first, so that each element finds its group.
            let _ = network.group_link(Some(&arg), build);
            read_links(&mut rule, &arg, &network.group_registry, build.terms(), PeerKind::Group);
        }
    }
    let own = view.flag("self", false);
    let exists = own.is(&true);
    if !exists.is_no() {
        rule.peers.push(Peer { kind: PeerKind::Itself, exists, origin: own.origin, span: own.span });
    }
    rule
}

fn read_ranges(rule: &mut Rule, arg: &Arg<'_>, terms: &Terms) {
    for element in elements(arg.value) {
        let (value, exists) = match element {
            Element::Value(value, exists) => (value, exists),
            // A range that is known only by identity is there for each thing that has it.
            Element::Each(value) if matches!(Cidr::of(value, terms), Known::Value(Cidr::Symbol(_))) => {
                (value, Truth::Yes)
            }
            Element::Each(value) => (value, Truth::Unknown),
            // A list that is not known holds what is an element of it.
            Element::More(value) => (value, Truth::Yes),
        };
        if value.is_null() || value.as_str() == Some("") {
            continue;
        }
        match Cidr::of(value, terms) {
            Known::Unknown(causes) if value.as_unknown().is_some_and(|unknown| unknown.term.is_none()) => {
                rule.open = Some(causes);
            }
            cidr => rule.peers.push(Peer {
                kind: PeerKind::Cidr(cidr),
                exists,
                origin: value.origin,
                span: arg.span,
            }),
        }
    }
}

fn read_links<Id: Copy + PartialEq + std::fmt::Debug>(
    rule: &mut Rule,
    arg: &Arg<'_>,
    registry: &Registry<Id>,
    terms: &Terms,
    kind: fn(Link<Id>) -> PeerKind,
) {
    for element in elements(arg.value) {
        let (value, exists) = match element {
            Element::Value(value, exists) => (value, exists),
            Element::Each(value) => (value, Truth::Unknown),
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

fn place_rule(network: &mut Network, rule: Rule, view: &View<'_>, build: &Build<'_>) {
    let Some(group) = network.group_link(view.arg("security_group_id").as_ref(), build) else {
        return;
    };
    match &group.link {
        Link::To(id) => network.groups[usize::from(*id)].rules_mut(rule.direction).rules.push(rule),
        Link::OneOf(ids) => {
            for id in ids {
                let mut rule = rule.clone();
                rule.declaration.exists = rule.declaration.exists & Truth::Unknown;
                network.groups[usize::from(*id)].rules_mut(rule.direction).rules.push(rule);
            }
        }
        Link::Outside(_) | Link::Unknown(_) => network.unplaced_rules.push(rule),
    }
}

fn exclusive(network: &mut Network, instance: &ResourceInstance, build: &Build<'_>) {
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
        for element in elements(arg.value) {
            let (value, exists) = match element {
                Element::Value(value, exists) => (value, exists),
                Element::Each(value) => (value, Truth::Unknown),
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
fn conflicts(network: &mut Network) {
    for group in &mut network.groups {
        let ignores = |set: &crate::aws::security_group::RuleSet| !set.open.is_empty();
        for direction in [Direction::Ingress, Direction::Egress] {
            let set = group.rules_mut(direction);
            if set.inline.is_none() || ignores(set) {
                continue;
            }
            let inline = set.inline;
            for rule in &mut set.rules {
                let standalone = matches!(rule.spelling, Spelling::RuleResource | Spelling::VpcRuleResource);
                if !standalone || rule.declaration.exists.is_no() {
                    continue;
                }
                set.conflict = set.conflict.or(rule.declaration.decl_range);
                let text = "inline rules of the same group may remove this one";
                rule.doubt = rule.doubt.take().or(Some(Reason::new(text, inline)));
            }
        }
    }
}

fn endpoints(network: &mut Network, build: &Build<'_>) {
    for (instance, managed) in build.both("aws_vpc_endpoint") {
        let view = view(instance);
        if !managed
            && let Some(arg) = view.arg("id")
            && let Link::To(id) = network.endpoint_registry.resolve(arg.value, build.terms())
        {
            network.endpoint_registry.insert(Key::Attr(instance.id, "id".into()), id);
            continue;
        }
        let id = EndpointId::from(network.endpoints.len());
        let endpoint = read_endpoint(network, instance, managed, build);
        network.endpoints.push(endpoint);
        for attribute in ["id", "arn"] {
            network.endpoint_registry.insert(Key::Attr(instance.id, attribute.into()), id);
        }
    }
    let replaced = endpoint_associations(network, build);
    for index in 0..network.endpoints.len() {
        let id = EndpointId::from(index);
        let replaced = replaced.get(&id).copied().unwrap_or(Truth::No);
        default_group(network, id, replaced);
        let vpc = network.endpoints[index].vpc.clone();
        let subnets: Vec<SubnetId> = network.endpoints[index]
            .subnets
            .members
            .iter()
            .filter(|member| member.certain.is_yes())
            .map(|member| member.to)
            .collect();
        for subnet in subnets {
            network.place_subnet(subnet, &vpc);
        }
        if matches!(vpc.link, Link::Unknown(_)) {
            network.unplaced_endpoints.push(id);
        }
    }
}

fn read_endpoint(
    network: &mut Network,
    instance: &ResourceInstance,
    managed: bool,
    build: &Build<'_>,
) -> Endpoint {
    let view = view(instance);
    let header = instance.decl_range;
    let declaration = Declaration::of(instance);
    let vpc = network
        .vpc_link(view.arg("vpc_id").as_ref(), build)
        .unwrap_or_else(|| Ref::default(Link::Unknown(Causes::new()), header));
    let service = service(&view, build.terms());
    let own_groups = network.group_links(view.arg("security_group_ids").as_ref(), header, build);
    let mut endpoint = Endpoint {
        origin: Origin::of(&declaration),
        vpc,
        region: build.region(instance),
        service,
        service_region: view.text("service_region"),
        endpoint_type: view.text_or("vpc_endpoint_type", "Gateway"),
        private_dns: view.flag("private_dns_enabled", false),
        private_dns_resources: Vec::new(),
        subnets: network.subnet_links(view.arg("subnet_ids").as_ref(), header, build),
        groups: own_groups.clone(),
        own_groups,
        falls_back: Truth::No,
        route_tables: route_table_links(network, view.arg("route_table_ids").as_ref(), header, build),
        ip_address_type: view.text("ip_address_type"),
        policies: Vec::new(),
        conflicts: Vec::new(),
        declaration,
    };
    if let Some(arg) = view.arg("policy") {
        endpoint.policies.push(EndpointPolicy {
            document: arg.value.clone(),
            declaration: endpoint.declaration.clone(),
            origin: arg.value.origin,
            span: arg.span,
        });
    }
    if !managed {
        // A look-up finds an endpoint of which nothing but its service is known.
        let causes: Causes = [Cause::DataSource(instance.addr.to_string().into())].into_iter().collect();
        endpoint.private_dns = Fact::unknown(causes.clone(), header);
        endpoint.ip_address_type = Fact::unknown(causes.clone(), header);
        let gateway = ["s3", "dynamodb"].iter().any(|label| !endpoint.service.is(label).is_no());
        endpoint.endpoint_type = if gateway {
            Fact::unknown(causes.clone(), header)
        } else {
            Fact::default("Interface".into(), header)
        };
        for set in [&mut endpoint.groups, &mut endpoint.own_groups] {
            set.widen(&causes);
        }
        endpoint.subnets.widen(&causes);
        endpoint.route_tables.widen(&causes);
    }
    endpoint
}

fn service(view: &View<'_>, terms: &Terms) -> Service {
    let name = view.text("service_name");
    let mut names = Vec::new();
    if let Some(arg) = view.arg("service_name") {
        match arg.value.as_unknown().and_then(|unknown| unknown.possible.as_ref()) {
            Some(possible) => names.extend(possible.iter().map(|value| Pattern::of(value, terms))),
            None => names.push(Pattern::of(arg.value, terms)),
        }
    }
    Service { names, name }
}

fn route_table_links(
    network: &mut Network,
    arg: Option<&Arg<'_>>,
    header: Option<Span>,
    build: &Build<'_>,
) -> LinkSet<RouteTableId> {
    let _ = table_link(network, arg, build);
    network.route_table_registry.set(arg, build.terms(), header)
}

/// Reads the resources that add something to endpoints; says which endpoints lose their default group.
fn endpoint_associations(network: &mut Network, build: &Build<'_>) -> BTreeMap<EndpointId, Truth> {
    let mut replaced: BTreeMap<EndpointId, Truth> = BTreeMap::new();
    let endpoints_of = |network: &Network, view: &View<'_>| -> Vec<(EndpointId, Truth)> {
        let reference =
            network.endpoint_registry.reference(view.arg("vpc_endpoint_id").as_ref(), build.terms());
        let Some(reference) = reference else { return Vec::new() };
        let certain = if reference.link.to().is_some() { Truth::Yes } else { Truth::Unknown };
        reference.link.candidates().iter().map(|id| (*id, certain)).collect()
    };
    for instance in build.managed("aws_vpc_endpoint_subnet_association") {
        let view = view(instance);
        let Some(subnet) = network.subnet_link(view.arg("subnet_id").as_ref(), build) else { continue };
        for (id, certain) in endpoints_of(network, &view) {
            let endpoint = &mut network.endpoints[usize::from(id)];
            if endpoint.subnets.basis == Basis::Configured {
                endpoint.conflicts.push(("subnet_ids", instance.decl_range));
            }
            let exists = instance.exists & certain;
            endpoint.subnets.add_link(&subnet.link, exists, subnet.origin, instance.decl_range);
        }
    }
    for instance in build.managed("aws_vpc_endpoint_security_group_association") {
        let view = view(instance);
        let Some(group) = network.group_link(view.arg("security_group_id").as_ref(), build) else { continue };
        let replaces = view.flag("replace_default_association", false).is(&true);
        for (id, certain) in endpoints_of(network, &view) {
            let endpoint = &mut network.endpoints[usize::from(id)];
            if endpoint.own_groups.basis == Basis::Configured {
                endpoint.conflicts.push(("security_group_ids", instance.decl_range));
            }
            let exists = instance.exists & certain;
            endpoint.groups.add_link(&group.link, exists, group.origin, instance.decl_range);
            let entry = replaced.entry(id).or_insert(Truth::No);
            *entry = *entry | (exists & replaces);
        }
    }
    for instance in build.managed("aws_vpc_endpoint_private_dns") {
        let view = view(instance);
        let on = view.flag("private_dns_enabled", false);
        for (id, certain) in endpoints_of(network, &view) {
            let endpoint = &mut network.endpoints[usize::from(id)];
            endpoint.private_dns_resources.push(Declaration::of(instance));
            if endpoint.private_dns.is_configured() {
                endpoint.conflicts.push(("private_dns_enabled", instance.decl_range));
            }
            if (instance.exists & certain).is_yes() && !endpoint.private_dns.is_configured() {
                endpoint.private_dns = on.clone();
            } else if endpoint.private_dns.value != on.value {
                let both = [endpoint.private_dns.value.clone(), on.value.clone()];
                let mut values: Vec<bool> = Vec::new();
                values.extend(both.iter().flat_map(|known| known.alternatives().iter().copied()));
                endpoint.private_dns.value = match on.value.causes().or(endpoint.private_dns.value.causes()) {
                    Some(causes) => Known::Unknown(causes.clone()),
                    None => Known::one_of(values),
                };
            }
        }
    }
    for instance in build.managed("aws_vpc_endpoint_policy") {
        let view = view(instance);
        let Some(arg) = view.arg("policy") else { continue };
        for (id, certain) in endpoints_of(network, &view) {
            let endpoint = &mut network.endpoints[usize::from(id)];
            let mut declaration = Declaration::of(instance);
            declaration.exists = declaration.exists & certain;
            if !endpoint.policies.is_empty() {
                endpoint.conflicts.push(("policy", instance.decl_range));
            }
            endpoint.policies.push(EndpointPolicy {
                document: arg.value.clone(),
                declaration,
                origin: arg.value.origin,
                span: arg.span,
            });
        }
    }
    for instance in build.managed("aws_vpc_endpoint_route_table_association") {
        let view = view(instance);
        let Some(table) = table_link(network, view.arg("route_table_id").as_ref(), build) else { continue };
        for (id, certain) in endpoints_of(network, &view) {
            let exists = instance.exists & certain;
            let tables = &mut network.endpoints[usize::from(id)].route_tables;
            tables.add_link(&table.link, exists, table.origin, instance.decl_range);
        }
    }
    replaced
}

/// Without groups of its own an endpoint has the VPC's default group, which an association may take away.
fn default_group(network: &mut Network, id: EndpointId, replaced: Truth) {
    let endpoint = network.endpoint(id);
    if endpoint.origin == Origin::LookedUp {
        network.endpoints[usize::from(id)].falls_back = Truth::Unknown;
        return;
    }
    let falls_back = endpoint.own_groups.is_empty() & !replaced;
    let mut groups = endpoint.groups.clone();
    if !falls_back.is_no() {
        match &endpoint.vpc.link {
            Link::To(vpc) => {
                let group = network.vpc(*vpc).default_group;
                // Of a list that is not known it is only possible that it is empty.
                groups.add(group, falls_back, OriginId::NONE, endpoint.own_groups.span);
            }
            Link::OneOf(vpcs) => {
                for vpc in vpcs {
                    let group = network.vpc(*vpc).default_group;
                    groups.add(group, Truth::Unknown, OriginId::NONE, endpoint.own_groups.span);
                }
            }
            Link::Unknown(causes) => groups.widen(causes),
            Link::Outside(_) => groups.widen(&Causes::new()),
        }
    }
    let endpoint = &mut network.endpoints[usize::from(id)];
    endpoint.falls_back = falls_back;
    endpoint.groups = groups;
}

fn public_access(network: &mut Network, build: &Build<'_>) {
    let mut exclusions = Vec::new();
    for instance in build.managed("aws_vpc_block_public_access_exclusion") {
        let view = view(instance);
        exclusions.push((
            network.vpc_link(view.arg("vpc_id").as_ref(), build),
            network.subnet_link(view.arg("subnet_id").as_ref(), build),
            Declaration::of(instance),
        ));
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
