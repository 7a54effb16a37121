//! Route tables, routes, and which table applies to a subnet.

use std::collections::BTreeMap;

use ecow::EcoString;

use crate::aws::cidr::{Cidr, Family};
use crate::aws::fact::{Reason, reasons};
use crate::aws::link::{Key, Link, Ref, RouteTableId, SubnetId, VpcId, is_one_of_several};
use crate::aws::network::build::association::{Associations, either};
use crate::aws::network::build::group::prefix_list_link;
use crate::aws::network::route::RouteTarget;
use crate::aws::network::{Destination, GatewayKind, Network, Route, RouteTable, RouteTableKind, strangers};
use crate::aws::read::{Arg, View};
use crate::aws::{Build, Declaration, view};
use crate::eval::ResourceInstance;
use crate::eval::origin::Step;
use crate::eval::value::{Cause, Causes, Value};
use crate::truth::Truth;

pub(super) fn route_tables(network: &mut Network, build: &Build<'_>) {
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
    let mut stray = None;
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
            stray = stray.or(Some(instance));
        }
    }
    // One such route is reason enough.
    if let Some(instance) = stray {
        stray_route(network, instance);
    }
    associations(network, build);
}

/// A route of which it is not known in what table it is may be in any.
pub(super) fn stray_route(network: &mut Network, instance: &ResourceInstance) {
    let text = format!("the route table of {} is not known", instance.addr);
    for table in &mut network.route_tables {
        table.open.push(Reason::new(text.clone(), instance.decl_range));
    }
}

/// The route table that an argument names; what no resource makes is added.
pub(super) fn table_link(
    network: &mut Network,
    arg: Option<&Arg<'_>>,
    build: &Build<'_>,
) -> Option<Ref<RouteTableId>> {
    for (key, name, span) in strangers(arg, &network.route_table_registry, build) {
        let id = add_outside_table(network, Declaration::outside(name, span));
        network.route_table_registry.insert(key, id);
    }
    network.route_table_registry.reference(arg, build.terms())
}

pub(super) fn add_outside_table(network: &mut Network, declaration: Declaration) -> RouteTableId {
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

pub(super) fn data_route_table(network: &mut Network, instance: &ResourceInstance, build: &Build<'_>) {
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

pub(super) fn inline_routes(
    network: &mut Network,
    id: RouteTableId,
    instance: &ResourceInstance,
    build: &Build<'_>,
) {
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

pub(super) fn read_route(
    network: &mut Network,
    declaration: Declaration,
    view: &View<'_>,
    standalone: bool,
    build: &Build<'_>,
) -> Route {
    let destination = destination(network, view, build);
    let target = route_target(network, &declaration, view, build);
    Route { declaration, standalone, destination, target }
}

pub(super) fn destination(network: &mut Network, view: &View<'_>, build: &Build<'_>) -> Destination {
    for argument in ["destination_cidr_block", "cidr_block", "destination_ipv6_cidr_block", "ipv6_cidr_block"]
    {
        let Some(arg) = view.arg(argument) else { continue };
        if arg.value.as_str() == Some("") {
            continue;
        }
        return Destination::Cidr(Cidr::of_arg(&arg, Some(Family::of_argument(argument)), build.terms()));
    }
    let arg = view.arg("destination_prefix_list_id");
    if let Some(list) = prefix_list_link(network, arg.as_ref(), build) {
        return Destination::PrefixList(list);
    }
    Destination::Unknown(Causes::new())
}

/// The input of the root module whose default an empty value is. It stands for an ID that every run gives.
fn input_without_id(value: &Value, declaration: &Declaration, build: &Build<'_>) -> Option<EcoString> {
    let mut id = value.origin;
    // Each call of a module passes it once.
    let mut calls = build.evaluation.instance(declaration.instance?).addr.module.0.len();
    loop {
        let origin = build.evaluation.origins.get(id)?;
        if let Step::Default(name) = &origin.step {
            return (calls == 0).then(|| name.clone());
        }
        if matches!(origin.step, Step::Argument(_)) {
            calls = calls.checked_sub(1)?;
        } else if !matches!(origin.step, Step::Local(_) | Step::Expression) || origin.inputs.len() != 1 {
            return None;
        }
        id = *origin.inputs.first()?;
    }
}

pub(super) fn route_target(
    network: &mut Network,
    declaration: &Declaration,
    view: &View<'_>,
    build: &Build<'_>,
) -> RouteTarget {
    let targets: [(&'static str, GatewayKind); 12] = [
        ("gateway_id", GatewayKind::Unknown),
        ("nat_gateway_id", GatewayKind::Nat(None)),
        ("egress_only_gateway_id", GatewayKind::EgressOnly),
        ("transit_gateway_id", GatewayKind::Transit),
        ("vpc_peering_connection_id", GatewayKind::Peering),
        ("network_interface_id", GatewayKind::Interface(None)),
        ("instance_id", GatewayKind::Interface(None)),
        ("vpc_endpoint_id", GatewayKind::Endpoint),
        ("local_gateway_id", GatewayKind::Other),
        ("carrier_gateway_id", GatewayKind::Other),
        ("core_network_arn", GatewayKind::Other),
        ("odb_network_arn", GatewayKind::Other),
    ];
    let mut empty = None;
    let mut open = None;
    for (argument, kind) in targets {
        let Some(arg) = view.arg(argument).or_else(|| view.null(argument)) else { continue };
        if arg.value.is_null() || arg.value.as_str() == Some("") {
            match input_without_id(arg.value, declaration, build) {
                Some(name) => open = open.or(Some((name, arg.span))),
                None => empty = empty.or(arg.span),
            }
            continue;
        }
        if arg.value.as_str() == Some("local") {
            return RouteTarget::Local;
        }
        if is_refused(arg.value, build) {
            return RouteTarget::Nothing(arg.span);
        }
        let Some(reference) = network.gateway_link(Some(&arg), &kind, build) else { continue };
        return match &reference.link {
            Link::Unknown(causes) => RouteTarget::Unknown(causes.clone(), arg.span),
            Link::To(_) | Link::OneOf(_) | Link::Outside(_) => RouteTarget::Gateway(argument, reference),
        };
    }
    match (open, empty) {
        (Some((name, span)), _) => RouteTarget::Unknown([Cause::NotSet(name)].into_iter().collect(), span),
        (None, Some(_)) => RouteTarget::Empty(empty),
        (None, None) => RouteTarget::Nothing(view.header),
    }
}

/// What routes lead to, when it has no instance.
const LED_TO: [&str; 8] = [
    "aws_nat_gateway",
    "aws_internet_gateway",
    "aws_egress_only_internet_gateway",
    "aws_ec2_transit_gateway",
    "aws_ec2_transit_gateway_vpc_attachment",
    "aws_vpc_peering_connection",
    "aws_network_interface",
    "aws_instance",
];

/// Whether Terraform would refuse the value: an index of an instance that does not exist in this scenario.
pub(super) fn is_refused(value: &Value, build: &Build<'_>) -> bool {
    let Some(unknown) = value.as_unknown() else { return false };
    // Other mistakes are no routes to something that is switched off.
    let mut absent = build.evaluation.absent.iter();
    !unknown.causes.is_empty()
        && unknown.causes.iter().all(|cause| matches!(cause, Cause::Error(_)))
        && absent.any(|absent| LED_TO.contains(&absent.resource.type_name.as_str()))
}

pub(super) fn associations(network: &mut Network, build: &Build<'_>) {
    let mut associations: Associations<RouteTableId> = Associations::new();
    for instance in build.managed("aws_route_table_association") {
        let view = view(instance);
        // An association with a gateway is none with a subnet.
        let arg = view.arg("subnet_id");
        let Some(subnet) = network.subnet_link(arg.as_ref(), build) else { continue };
        let Some(table) = table_link(network, view.arg("route_table_id").as_ref(), build) else { continue };
        let table = Ref { span: instance.decl_range.or(table.span), ..table };
        // One subnet of those that another one stands for says nothing of the others.
        let is_some = arg.is_some_and(|arg| is_one_of_several(arg.value));
        let exists = if is_some { instance.exists & Truth::Unknown } else { instance.exists };
        associations.add(&subnet.link, &table, exists);
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
