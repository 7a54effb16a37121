//! Reads the DNS resources.

use std::collections::BTreeSet;

use ecow::EcoString;

use crate::aws::conflict::Conflict;
use crate::aws::dns::{
    DhcpAssociation, DhcpOptions, Firewall, HostedZone, Record, ResolverRule, Servers, ZoneAssociation,
};
use crate::aws::fact::{Fact, Reason, reasons};
use crate::aws::link::{Element, EndpointId, Key, Link, Ref, Registry, VpcId, ZoneId, elements, leaves};
use crate::aws::network::{Network, Origin};
use crate::aws::read::{Arg, View};
use crate::aws::text::Pattern;
use crate::aws::{Build, Declaration, region, view};
use crate::eval::ResourceInstance;
use crate::eval::origin::OriginId;
use crate::eval::value::{Cause, Value};
use crate::source::Span;
use crate::truth::Truth;

/// Reads everything about DNS into the network.
pub(crate) fn build(network: &mut Network, build: &Build<'_>) {
    dhcp(network, build);
    let profiles = profiles(network, build);
    zones(network, &profiles, build);
    resolver_rules(network, &profiles, build);
    firewalls(network, &profiles, build);
}

fn dhcp(network: &mut Network, build: &Build<'_>) {
    let mut registry: Registry<usize> = Registry::default();
    for (instance, managed) in build.both("aws_vpc_dhcp_options") {
        let view = view(instance);
        let servers = view.arg("domain_name_servers").map(|arg| {
            let mut servers = Servers { known: Vec::new(), open: Vec::new(), span: arg.span };
            for element in elements(arg.value) {
                match element {
                    Element::Value(value, Truth::Yes) if value.as_str().is_some() => {
                        servers.known.extend(value.as_str().map(EcoString::from));
                    }
                    Element::Value(value, _) | Element::Each(value, _) | Element::More(value) => {
                        servers.open.extend(reasons(&value.causes(), arg.span));
                    }
                }
            }
            servers
        });
        // An empty list sets nothing.
        let servers = servers.filter(|servers| !(servers.known.is_empty() && servers.open.is_empty()));
        let index = network.dns.dhcp_options.len();
        registry.insert(Key::Attr(instance.id, "id".into()), index);
        if managed || servers.is_some() {
            let declaration = Declaration::of(instance);
            let origin = Origin::of(&declaration);
            network.dns.dhcp_options.push(DhcpOptions { declaration, origin, servers });
        } else {
            let declaration = Declaration::of(instance);
            network.dns.dhcp_options.push(DhcpOptions {
                declaration,
                origin: Origin::LookedUp,
                servers: None,
            });
        }
    }
    // The set that AWS made, whose servers the resource does not change.
    for instance in build.managed("aws_default_vpc_dhcp_options") {
        registry.insert(Key::Attr(instance.id, "id".into()), network.dns.dhcp_options.len());
        let known = vec!["AmazonProvidedDNS".into()];
        network.dns.dhcp_options.push(DhcpOptions {
            declaration: Declaration::of(instance),
            origin: Origin::Default,
            servers: Some(Servers { known, open: Vec::new(), span: instance.decl_range }),
        });
    }
    for instance in build.managed("aws_vpc_dhcp_options_association") {
        let view = view(instance);
        let Some(vpc) = network.vpc_link(view.arg("vpc_id").as_ref(), build) else { continue };
        let options =
            view.arg("dhcp_options_id").and_then(|arg| registry.resolve(arg.value, build.terms()).to());
        let declaration = Declaration::of(instance);
        // `dhcp_options_id = "default"` turns the option set off.
        let named = view.text("dhcp_options_id");
        if named.value().is_some_and(|id| id.as_deref() == Some("default")) {
            continue;
        }
        network.dns.dhcp_associations.push(DhcpAssociation { declaration, vpc, options });
    }
}

fn zone_name(view: &View<'_>, build: &Build<'_>) -> (Pattern, Option<Span>) {
    let Some(arg) = view.arg("name") else { return (Pattern::default(), view.header) };
    (domain_pattern(arg.value, build), arg.span)
}

fn domain_pattern(value: &Value, build: &Build<'_>) -> Pattern {
    let pattern = Pattern::of(value, build.terms());
    match &pattern.exact {
        Some(exact) => Pattern::exact(EcoString::from(exact.trim_end_matches('.').to_ascii_lowercase())),
        None => pattern,
    }
}

fn zones(network: &mut Network, profiles: &[InProfile<'_>], build: &Build<'_>) {
    let mut registry: Registry<ZoneId> = Registry::default();
    // Zones that ignore changes of their VPCs, and blocks of which some zone has an association resource.
    let mut ignoring: BTreeSet<ZoneId> = BTreeSet::new();
    let mut associated: BTreeSet<String> = BTreeSet::new();
    for (instance, managed) in build.both("aws_route53_zone") {
        let view = view(instance);
        if !managed && let Some(arg) = view.arg("zone_id") {
            // A look-up of a zone that is managed here is that zone.
            if let Link::To(id) = registry.resolve(arg.value, build.terms()) {
                for attribute in ["id", "zone_id", "arn"] {
                    registry.insert(Key::Attr(instance.id, attribute.into()), id);
                }
                continue;
            }
        }
        let id = ZoneId::from(network.dns.zones.len());
        for attribute in ["id", "zone_id", "arn"] {
            registry.insert(Key::Attr(instance.id, attribute.into()), id);
        }
        let declaration = Declaration::of(instance);
        let (name, name_span) = zone_name(&view, build);
        let mut zone = HostedZone {
            origin: Origin::of(&declaration),
            name,
            name_span,
            associations: Vec::new(),
            open: Vec::new(),
            records: Vec::new(),
            conflict: None,
            declaration,
        };
        if managed {
            let blocks = view.blocks("vpc");
            for item in &blocks.items {
                let Some(vpc) = network.vpc_link(item.view.arg("vpc_id").as_ref(), build) else { continue };
                if is_sought_elsewhere(network, &vpc, &item.view, instance, build) {
                    continue;
                }
                let declaration = Declaration::nested(instance, item);
                zone.associations.push(ZoneAssociation { declaration, vpc, by_profile: false });
            }
            if let Some(causes) = &blocks.open {
                zone.open = reasons(causes, blocks.span);
            }
            if instance.ignore_changes.ignores("vpc") {
                ignoring.insert(id);
            }
        } else {
            let text = format!("the VPCs of {} are not managed here", zone.declaration.address);
            zone.open.push(Reason::new(text, instance.decl_range));
            if let Some(vpc) = network.vpc_link(view.arg("vpc_id").as_ref(), build) {
                let declaration = Declaration::of(instance);
                zone.associations.push(ZoneAssociation { declaration, vpc, by_profile: false });
            }
        }
        network.dns.zones.push(zone);
    }
    for instance in build.managed("aws_route53_zone_association") {
        let view = view(instance);
        let Some(vpc) = network.vpc_link(view.arg("vpc_id").as_ref(), build) else { continue };
        if is_sought_elsewhere(network, &vpc, &view, instance, build) {
            continue;
        }
        let arg = view.arg("zone_id");
        let link = arg.as_ref().map(|arg| zone_link(network, &mut registry, arg, build));
        for id in link.iter().flat_map(|link| link.candidates()) {
            let zone = &mut network.dns.zones[usize::from(*id)];
            associated.extend(zone.declaration.addr.as_ref().map(|addr| addr.without_keys()));
            let mut declaration = Declaration::of(instance);
            if link.as_ref().is_some_and(|link| link.to().is_none()) {
                declaration.exists = declaration.exists & Truth::Unknown;
            }
            let inline = zone.associations.iter().filter(|association| {
                !association.by_profile && association.declaration.instance == zone.declaration.instance
            });
            let inline = Truth::any(inline.map(|association| association.declaration.exists));
            if !ignoring.contains(id) && zone.open.is_empty() {
                let found = Conflict::of(inline, zone.declaration.decl_range, &declaration);
                Conflict::keep(&mut zone.conflict, found);
            }
            zone.associations.push(ZoneAssociation { declaration, vpc: vpc.clone(), by_profile: false });
        }
    }
    // A zone ignores changes of its VPCs because association resources add some. Where none is seen, they are elsewhere.
    for id in ignoring {
        let zone = &mut network.dns.zones[usize::from(id)];
        if !zone.declaration.addr.as_ref().is_some_and(|addr| associated.contains(&addr.without_keys())) {
            let text = format!("{} ignores changes of its VPCs", zone.declaration.address);
            zone.open.push(Reason::new(text, zone.declaration.decl_range));
        }
    }
    zones_of_profiles(network, &mut registry, profiles, build);
    for instance in build.managed("aws_route53_record") {
        let view = view(instance);
        let Some(arg) = view.arg("zone_id") else { continue };
        let (endpoint, target_span, target_origin) = record_target(network, &view, build);
        // Of the records in zones that are made elsewhere only those matter that lead to endpoints here.
        let leads = endpoint.as_ref().is_some_and(|link| !link.candidates().is_empty());
        let link = if leads {
            zone_link(network, &mut registry, &arg, build)
        } else {
            registry.resolve(arg.value, build.terms())
        };
        if link.candidates().is_empty() {
            continue;
        }
        let name = match view.arg("name") {
            Some(arg) => domain_pattern(arg.value, build),
            None => Pattern::exact(""),
        };
        let record = Record {
            declaration: Declaration::of(instance),
            name,
            kind: view.text_or("type", "A"),
            endpoint,
            target_span,
            target_origin,
        };
        for id in link.candidates() {
            network.dns.zones[usize::from(*id)].records.push(record.clone());
        }
    }
}

/// Whether an association looks for its VPC in a region in which it certainly is not, and so is refused. Route 53 has no
/// regions of its own: without `vpc_region` it is that of the provider configuration.
fn is_sought_elsewhere(
    network: &Network,
    vpc: &Ref<VpcId>,
    view: &View<'_>,
    instance: &ResourceInstance,
    build: &Build<'_>,
) -> bool {
    let named = view.text("vpc_region");
    let sought = if named.is_configured() { named } else { build.region(instance) };
    let own = vpc.link.to().map(|vpc| &network.vpc(vpc).region);
    own.is_some_and(|own| region::same(own, &sought).is_no())
}

/// The zone that an argument names; one that is made elsewhere is added, with a name and VPCs that are not known.
fn zone_link(
    network: &mut Network,
    registry: &mut Registry<ZoneId>,
    arg: &Arg<'_>,
    build: &Build<'_>,
) -> Link<ZoneId> {
    let link = registry.resolve(arg.value, build.terms());
    let refused = arg.value.causes().iter().any(|cause| matches!(cause, Cause::Error(_)));
    let key = Key::of(arg.value, build.terms()).filter(|_| link.candidates().is_empty() && !refused);
    let Some(key) = key else { return link };
    let id = outside_zone(network, "a hosted zone that is made elsewhere", arg.span);
    registry.insert(key, id);
    Link::To(id)
}

/// Adds a zone of which neither the name nor the VPCs are known.
fn outside_zone(network: &mut Network, what: &str, span: Option<Span>) -> ZoneId {
    let id = ZoneId::from(network.dns.zones.len());
    network.dns.zones.push(HostedZone {
        declaration: Declaration::outside(what, span),
        origin: Origin::Named,
        name: Pattern::default(),
        name_span: None,
        associations: Vec::new(),
        open: vec![Reason::new(format!("the VPCs of {what} are not known"), span)],
        records: Vec::new(),
        conflict: None,
    });
    id
}

/// The endpoint whose `dns_entry` or addresses a record leads to.
fn record_target(
    network: &Network,
    view: &View<'_>,
    build: &Build<'_>,
) -> (Option<Link<EndpointId>>, Option<Span>, OriginId) {
    let mut values: Vec<(&Value, Option<Span>)> = Vec::new();
    for item in view.blocks("alias").items {
        values.extend(item.view.arg("name").map(|arg| (arg.value, arg.span)));
    }
    if let Some(arg) = view.arg("records") {
        for element in elements(arg.value) {
            match element {
                Element::Value(value, _) | Element::Each(value, _) | Element::More(value) => {
                    values.push((value, arg.span));
                }
            }
        }
    }
    let span = values.first().and_then(|(_, span)| *span);
    let origin = values.first().map_or(OriginId::NONE, |(value, _)| value.origin);
    let mut ids: Vec<EndpointId> = Vec::new();
    let mut unknown = None;
    for (value, _) in &values {
        let Some(what) = value.as_unknown() else { continue };
        let found = leaves(what.term, build.terms()).unwrap_or_default();
        let found: Vec<EndpointId> =
            found.iter().filter_map(|leaf| network.endpoint_registry.of_instance(*leaf, "id")).collect();
        if found.is_empty() {
            unknown = Some(what.causes.clone());
        }
        for id in found {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
    }
    let link = match (ids.as_slice(), unknown) {
        ([], Some(causes)) => Some(Link::Unknown(causes)),
        ([], None) => None,
        ([id], _) => Some(Link::To(*id)),
        (_, _) => Some(Link::OneOf(ids)),
    };
    (link, span, origin)
}

/// What VPCs get through a Route 53 profile: a zone, a resolver rule, a firewall or an endpoint.
struct InProfile<'a> {
    /// `resource_arn`; none for a whole profile that is made elsewhere.
    resource: Option<Arg<'a>>,
    /// Where that is written.
    span: Option<Span>,
    /// The VPCs.
    vpcs: Vec<(Ref<VpcId>, Declaration)>,
}

fn profiles<'a>(network: &mut Network, build: &Build<'a>) -> Vec<InProfile<'a>> {
    let mut profiles: Registry<usize> = Registry::default();
    let mut vpcs: Vec<Vec<(Ref<VpcId>, Declaration)>> = Vec::new();
    let mut found = Vec::new();
    for instance in build.managed("aws_route53profiles_profile") {
        profiles.insert(Key::Attr(instance.id, "id".into()), vpcs.len());
        vpcs.push(Vec::new());
    }
    for instance in build.managed("aws_route53profiles_association") {
        let view = view(instance);
        let Some(profile) = view.arg("profile_id") else { continue };
        let Some(vpc) = network.vpc_link(view.arg("resource_id").as_ref(), build) else { continue };
        let of_vpc = (vpc, Declaration::of(instance));
        match profiles.resolve(profile.value, build.terms()) {
            Link::To(profile) => vpcs[profile].push(of_vpc),
            Link::OneOf(_) | Link::Outside(_) | Link::Unknown(_) => {
                found.push(InProfile { resource: None, span: profile.span, vpcs: vec![of_vpc] });
            }
        }
    }
    for instance in build.managed("aws_route53profiles_resource_association") {
        let view = view(instance);
        let profile = view.arg("profile_id").and_then(|arg| profiles.resolve(arg.value, build.terms()).to());
        let (Some(profile), Some(resource)) = (profile, view.arg("resource_arn")) else { continue };
        let exists = |(vpc, of_vpc): &(Ref<VpcId>, Declaration)| {
            let mut declaration = Declaration::of(instance);
            declaration.exists = declaration.exists & of_vpc.exists;
            (vpc.clone(), declaration)
        };
        let vpcs = vpcs[profile].iter().map(exists).collect();
        found.push(InProfile { span: resource.span, resource: Some(resource), vpcs });
    }
    found
}

/// Zones that VPCs get through a profile. One that is made elsewhere may bring any zone.
fn zones_of_profiles(
    network: &mut Network,
    zones: &mut Registry<ZoneId>,
    profiles: &[InProfile<'_>],
    build: &Build<'_>,
) {
    for part in profiles {
        let zone = match &part.resource {
            None => outside_zone(network, "a Route 53 profile that is made elsewhere", part.span),
            Some(arg) => {
                let attribute =
                    arg.value.as_unknown().and_then(|unknown| build.terms().attribute(unknown.term));
                let is_no_zone = attribute.is_some_and(|(instance, _)| {
                    let resource = &build.evaluation.instance(instance).addr.resource;
                    resource.type_name.starts_with("aws_route53_resolver_")
                });
                match zone_link(network, zones, arg, build) {
                    Link::To(zone) if !is_no_zone => zone,
                    Link::To(_) | Link::OneOf(_) | Link::Outside(_) | Link::Unknown(_) => continue,
                }
            }
        };
        let associations = part.vpcs.iter().map(|(vpc, declaration)| ZoneAssociation {
            declaration: declaration.clone(),
            vpc: vpc.clone(),
            by_profile: true,
        });
        network.dns.zones[usize::from(zone)].associations.extend(associations);
    }
}

fn resolver_rules(network: &mut Network, profiles: &[InProfile<'_>], build: &Build<'_>) {
    let mut registry: Registry<usize> = Registry::default();
    for (instance, _) in build.both("aws_route53_resolver_rule") {
        let view = view(instance);
        let index = network.dns.resolver_rules.len();
        for attribute in ["id", "resolver_rule_id", "arn"] {
            registry.insert(Key::Attr(instance.id, attribute.into()), index);
        }
        let domain = view.arg("domain_name").map(|arg| domain_pattern(arg.value, build));
        network.dns.resolver_rules.push(ResolverRule {
            declaration: Declaration::of(instance),
            kind: view.fact("rule_type", crate::aws::read::to_text, "FORWARD".into()),
            domain: domain.unwrap_or_default(),
            associations: Vec::new(),
        });
    }
    for part in profiles {
        let rule = part.resource.as_ref().and_then(|arg| registry.resolve(arg.value, build.terms()).to());
        if let Some(rule) = rule {
            network.dns.resolver_rules[rule].associations.extend(part.vpcs.iter().cloned());
        }
    }
    for instance in build.managed("aws_route53_resolver_rule_association") {
        let view = view(instance);
        let Some(vpc) = network.vpc_link(view.arg("vpc_id").as_ref(), build) else { continue };
        let Some(arg) = view.arg("resolver_rule_id") else { continue };
        match registry.resolve(arg.value, build.terms()) {
            Link::To(index) => {
                network.dns.resolver_rules[index].associations.push((vpc, Declaration::of(instance)));
            }
            Link::OneOf(_) | Link::Outside(_) | Link::Unknown(_) => {
                // A rule of another account may forward any domain.
                network.dns.resolver_rules.push(ResolverRule {
                    declaration: Declaration::of(instance),
                    kind: Fact::unknown(arg.value.causes(), arg.span),
                    domain: Pattern::default(),
                    associations: vec![(vpc, Declaration::of(instance))],
                });
            }
        }
    }
}

fn firewalls(network: &mut Network, profiles: &[InProfile<'_>], build: &Build<'_>) {
    let mut lists: Registry<usize> = Registry::default();
    let mut domains: Vec<(Vec<Pattern>, Vec<Reason>)> = Vec::new();
    for instance in build.managed("aws_route53_resolver_firewall_domain_list") {
        lists.insert(Key::Attr(instance.id, "id".into()), domains.len());
        domains.push(read_domains(instance, build));
    }
    let mut groups: Registry<usize> = Registry::default();
    let mut vpcs: Vec<Vec<(Ref<VpcId>, Declaration)>> = Vec::new();
    for instance in build.managed("aws_route53_resolver_firewall_rule_group") {
        for attribute in ["id", "arn"] {
            groups.insert(Key::Attr(instance.id, attribute.into()), vpcs.len());
        }
        vpcs.push(Vec::new());
    }
    for part in profiles {
        let group = part.resource.as_ref().and_then(|arg| groups.resolve(arg.value, build.terms()).to());
        if let Some(group) = group {
            vpcs[group].extend(part.vpcs.iter().cloned());
        }
    }
    for instance in build.managed("aws_route53_resolver_firewall_rule_group_association") {
        let view = view(instance);
        let Some(vpc) = network.vpc_link(view.arg("vpc_id").as_ref(), build) else { continue };
        let Some(arg) = view.arg("firewall_rule_group_id") else { continue };
        let declaration = Declaration::of(instance);
        match groups.resolve(arg.value, build.terms()) {
            Link::To(group) => vpcs[group].push((vpc, declaration)),
            Link::OneOf(_) | Link::Outside(_) | Link::Unknown(_) => {
                // A group that is made elsewhere may block any name.
                let text = "the rules of a DNS firewall that is made elsewhere are not known";
                network.dns.firewalls.push(Firewall {
                    action: Fact::default("BLOCK".into(), arg.span),
                    priority: Fact::unknown(arg.value.causes(), arg.span),
                    group: None,
                    domains: Vec::new(),
                    open: vec![Reason::new(text, arg.span)],
                    associations: vec![(vpc, declaration.clone())],
                    declaration,
                });
            }
        }
    }
    for instance in build.managed("aws_route53_resolver_firewall_rule") {
        let view = view(instance);
        let group =
            view.arg("firewall_rule_group_id").and_then(|arg| groups.resolve(arg.value, build.terms()).to());
        let Some(group) = group else { continue };
        let list = view.arg("firewall_domain_list_id");
        let (domains, open) = match list.and_then(|arg| lists.resolve(arg.value, build.terms()).to()) {
            Some(index) => domains[index].clone(),
            None => {
                let text = "the domains of the firewall rule are not known";
                (Vec::new(), vec![Reason::new(text, instance.decl_range)])
            }
        };
        network.dns.firewalls.push(Firewall {
            declaration: Declaration::of(instance),
            action: view.text_or("action", "ALLOW"),
            priority: view.integer("priority"),
            group: Some(group),
            domains,
            open,
            associations: vpcs[group].clone(),
        });
    }
}

fn read_domains(instance: &ResourceInstance, build: &Build<'_>) -> (Vec<Pattern>, Vec<Reason>) {
    let Some(arg) = view(instance).arg("domains") else { return (Vec::new(), Vec::new()) };
    let mut patterns = Vec::new();
    let mut open = Vec::new();
    for element in elements(arg.value) {
        match element {
            Element::Value(value, Truth::Yes) => patterns.push(domain_pattern(value, build)),
            Element::Value(value, _) | Element::Each(value, _) | Element::More(value) => {
                open.extend(reasons(&value.causes(), arg.span));
            }
        }
    }
    (patterns, open)
}
