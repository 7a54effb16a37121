//! VPC endpoints with the resources that add something to them.

use std::collections::BTreeMap;

use ecow::EcoString;

use crate::aws::conflict::Conflict;
use crate::aws::endpoint::{Endpoint, EndpointPolicy, Service};
use crate::aws::fact::{Basis, Fact, Known};
use crate::aws::link::{Element, EndpointId, Key, Link, LinkSet, Ref, RouteTableId, SubnetId};
use crate::aws::network::build::route_table::table_link;
use crate::aws::network::{Network, Origin};
use crate::aws::read::{Arg, View};
use crate::aws::{Build, Declaration, view};
use crate::eval::ResourceInstance;
use crate::eval::convert::equal;
use crate::eval::origin::OriginId;
use crate::eval::term::{Operand, Term, TermId};
use crate::eval::value::{Cause, Causes, Type, Value, ValueKind};
use crate::source::Span;
use crate::truth::Truth;

pub(super) fn endpoints(network: &mut Network, build: &Build<'_>) {
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
        if let Some(same) = made_here(network, &endpoint).filter(|_| !managed) {
            network.endpoint_registry.insert(Key::Attr(instance.id, "id".into()), same);
            continue;
        }
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
        match vpc.link {
            Link::To(vpc) => network.endpoints_by_vpc.entry(vpc).or_default().push(id),
            Link::OneOf(_) | Link::Outside(_) | Link::Unknown(_) => network.unplaced_endpoints.push(id),
        }
    }
}

/// The endpoint that a look-up by VPC and service finds, where it is the one of that service that is made here.
fn made_here(network: &Network, found: &Endpoint) -> Option<EndpointId> {
    let label = found.service.known_end()?;
    let mut same = network.endpoint_ids().filter(|id| {
        let endpoint = network.endpoint(*id);
        let is_it = endpoint.vpc.link.same(&found.vpc.link) & endpoint.service.is(&label);
        (is_it & endpoint.declaration.exists).is_yes()
    });
    same.next().filter(|_| same.next().is_none())
}

pub(super) fn read_endpoint(
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
    let service = Service::read(&view, build.terms());
    let own_groups =
        network.group_links(view.arg("security_group_ids").as_ref(), view.place("security_group_ids"), build);
    let mut endpoint = Endpoint {
        origin: Origin::of(&declaration),
        assumed: false,
        vpc,
        region: build.region(instance),
        service,
        service_region: view.text("service_region"),
        endpoint_type: view.text_or("vpc_endpoint_type", "Gateway"),
        private_dns: view.flag("private_dns_enabled", false),
        private_dns_resources: Vec::new(),
        subnets: network.subnet_links(view.arg("subnet_ids").as_ref(), view.place("subnet_ids"), build),
        addresses: addresses(network, &view, build),
        subnet_lists: subnet_lists(view.arg("subnet_ids").as_ref(), build),
        nests_subnets: view.arg("subnet_ids").is_some_and(|arg| nests(arg.value)),
        groups: own_groups.clone(),
        own_groups,
        falls_back: Truth::No,
        route_tables: route_table_links(network, view.arg("route_table_ids").as_ref(), header, build),
        ip_address_type: view.text("ip_address_type"),
        policies: Vec::new(),
        conflicts: Vec::new(),
        declaration,
    };
    // `subnet_configuration` gives addresses in subnets that `subnet_ids` lists too; what AWS makes of others is not known.
    for item in view.blocks("subnet_configuration").items {
        if let Some(subnet) = network.subnet_link(item.view.arg("subnet_id").as_ref(), build) {
            endpoint.subnets.add_link(&subnet.link, Truth::Unknown, subnet.origin, item.decl_range);
        }
    }
    // An empty text is taken for none.
    if let Some(arg) = view.arg("policy").filter(|arg| arg.value.as_str() != Some("")) {
        endpoint.policies.push(EndpointPolicy {
            document: arg.value.clone(),
            policy: crate::aws::policy::Policy::read(arg.value, build.terms()),
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

/// The addresses of `subnet_configuration`.
fn addresses(
    network: &mut Network,
    view: &View<'_>,
    build: &Build<'_>,
) -> Vec<(Link<SubnetId>, Fact<Option<EcoString>>)> {
    let blocks = view.blocks("subnet_configuration");
    let mut found = Vec::new();
    for item in blocks.items.iter().filter(|item| !item.exists.is_no()) {
        let subnet = network.subnet_link(item.view.arg("subnet_id").as_ref(), build);
        let subnet = subnet.map_or(Link::Unknown(Causes::new()), |subnet| subnet.link);
        found.push((subnet, item.view.text("ipv4")));
    }
    if let Some(causes) = blocks.open {
        found.push((Link::Unknown(causes.clone()), Fact::unknown(causes, blocks.span)));
    }
    found
}

/// The lists that `subnet_ids` joins, of those whose subnets are not known one by one.
fn subnet_lists(arg: Option<&Arg<'_>>, build: &Build<'_>) -> Vec<(EcoString, EcoString)> {
    let mut found = Vec::new();
    for element in arg.iter().flat_map(|arg| arg.elements(false)) {
        let (Element::Each(value, _) | Element::More(value)) = element else { continue };
        let Some(unknown) = value.as_unknown() else { continue };
        // What stands for each of several lists' elements is one of either's.
        let either = unknown.possible.iter().flatten().filter_map(Value::as_unknown);
        for unknown in std::iter::once(unknown).chain(either) {
            lists_in(unknown.term, build, LISTS_DEPTH, &mut found);
        }
    }
    found
}

/// Lists of lists are followed this deep.
const LISTS_DEPTH: usize = 8;
/// The functions that give all the elements that they are given.
const JOINING: &[&str] = &["compact", "concat", "distinct", "flatten", "setunion", "sort", "tolist", "toset"];

fn lists_in(term: TermId, build: &Build<'_>, depth: usize, into: &mut Vec<(EcoString, EcoString)>) {
    let list = match build.terms().get(term) {
        Some(Term::Output(module, name)) => (module.clone(), name.clone()),
        // A subnet that stands for each of any number.
        Some(Term::Attr(instance, name)) if name == "id" => {
            let addr = &build.evaluation.instance(*instance).addr;
            (ecow::eco_format!("{}", addr.module), addr.resource.name.clone())
        }
        Some(Term::Apply(function, operands)) if depth > 0 && JOINING.contains(&function.as_str()) => {
            for operand in operands {
                if let Operand::Term(inner) = operand {
                    lists_in(*inner, build, depth - 1, into);
                }
            }
            return;
        }
        _ => return,
    };
    if !into.contains(&list) {
        into.push(list);
    }
}

/// Whether an element of a list is a collection itself.
fn nests(value: &Value) -> bool {
    let is_collection = |element: &Value| match &element.kind {
        ValueKind::List(..)
        | ValueKind::Set(..)
        | ValueKind::Map(..)
        | ValueKind::Tuple(_)
        | ValueKind::Object(_) => true,
        ValueKind::Unknown(unknown) => {
            matches!(
                unknown.ty,
                Type::List(_) | Type::Set(_) | Type::Map(_) | Type::Tuple(_) | Type::Object(_)
            )
        }
        ValueKind::Null(_)
        | ValueKind::Bool(_)
        | ValueKind::Number(_)
        | ValueKind::String(_)
        | ValueKind::Resource(_) => false,
    };
    value.as_elements().is_some_and(|elements| elements.iter().any(is_collection))
}

pub(super) fn route_table_links(
    network: &mut Network,
    arg: Option<&Arg<'_>>,
    header: Option<Span>,
    build: &Build<'_>,
) -> LinkSet<RouteTableId> {
    let _ = table_link(network, arg, build);
    network.route_table_registry.set(arg, build.terms(), header)
}

/// Notes that a resource gives an endpoint what an argument of it gives too.
fn conflicting(endpoint: &mut Endpoint, argument: &'static str, instance: &ResourceInstance, certain: Truth) {
    let mut apart = Declaration::of(instance);
    apart.exists = apart.exists & certain;
    let found = Conflict::of(Truth::Yes, None, &apart);
    endpoint.conflicts.extend(found.map(|conflict| (argument, conflict)));
}

/// Reads the resources that add something to endpoints; says which endpoints lose their default group.
pub(super) fn endpoint_associations(network: &mut Network, build: &Build<'_>) -> BTreeMap<EndpointId, Truth> {
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
                conflicting(endpoint, "subnet_ids", instance, certain);
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
                conflicting(endpoint, "security_group_ids", instance, certain);
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
            if endpoint.private_dns.is_configured() && endpoint.private_dns.value != on.value {
                conflicting(endpoint, "private_dns_enabled", instance, certain);
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
            // Of two that are the same it makes no difference which is written last.
            if endpoint.policies.iter().any(|other| !equal(&other.document, arg.value).is_yes()) {
                conflicting(endpoint, "policy", instance, certain);
            }
            endpoint.policies.push(EndpointPolicy {
                document: arg.value.clone(),
                policy: crate::aws::policy::Policy::read(arg.value, build.terms()),
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
pub(super) fn default_group(network: &mut Network, id: EndpointId, replaced: Truth) {
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
