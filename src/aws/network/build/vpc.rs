//! VPCs with what AWS makes with them: default group, ACL and route table.

use std::sync::OnceLock;

use crate::aws::cidr::{Cidr, Family, Symbol};
use crate::aws::fact::{Fact, Known, Reason};
use crate::aws::link::{AclId, GroupId, Key, Link, Ref, RouteTableId, VpcId};
use crate::aws::nacl::{Acl, Entries, Entry};
use crate::aws::network::build::default_vpc_key;
use crate::aws::network::{Network, Origin, RouteTable, RouteTableKind, Vpc};
use crate::aws::security_group::{Direction, Group, Peer, PeerKind, Ports, Rule, Spelling};
use crate::aws::{Build, Declaration, view};
use crate::eval::ResourceInstance;
use crate::eval::origin::OriginId;
use crate::eval::term::Term;
use crate::eval::value::{Cause, Causes, InstanceId};
use crate::source::Span;
use crate::truth::Truth;

/// The known values of an attribute that nothing configures: its identity, when something refers to it.
pub(super) fn computed_cidr(
    instance: InstanceId,
    attribute: &str,
    build: &Build<'_>,
    span: Option<Span>,
) -> Fact<Cidr> {
    let reference = format!("{}.{attribute}", build.evaluation.instance(instance).addr);
    let causes: Causes = [Cause::Computed(reference.into())].into_iter().collect();
    match build.terms().find(&Term::Attr(instance, attribute.into())) {
        Some(term) => {
            let family = Some(Family::of_argument(attribute));
            let symbol = Symbol::new(term, family, causes.clone(), build.terms());
            Fact { value: Known::Value(Cidr::Symbol(symbol)), ..Fact::unknown(causes, span) }
        }
        None => Fact::unknown(causes, span),
    }
}

impl Network {
    /// Adds a VPC with its default group, ACL and route table; of one that is not managed nothing else is known.
    pub(in crate::aws) fn add_vpc(&mut self, declaration: Declaration, build: &Build<'_>) -> VpcId {
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
            subnet_conflict: None,
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
            assumed_endpoints: None,
            assumed_dns: Vec::new(),
            declaration,
        });
        id
    }
}

/// The rules that AWS makes with a default group: everything from its own members, and everything out.
pub(super) fn implicit_rules(group: &mut Group, exists: Truth) {
    let span = group.declaration.decl_range;
    let address = format!("the rules of {}", group.declaration.address);
    let rule = |direction, peers: Vec<PeerKind>| Rule {
        declaration: Declaration { exists, ..Declaration::outside(address.clone(), span) },
        there: exists,
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
pub(super) fn implicit_entries(acl: &mut Acl, exists: Truth) {
    let span = acl.declaration.decl_range;
    let declaration = Declaration {
        exists,
        ..Declaration::outside(format!("the entries of {}", acl.declaration.address), span)
    };
    for direction in [Direction::Ingress, Direction::Egress] {
        for (number, anywhere) in [(100, Cidr::anywhere_v4()), (101, Cidr::anywhere_v6())] {
            acl.entries_mut(direction).entries.push(Entry {
                declaration: declaration.clone(),
                standalone: false,
                number: Fact::default(Some(number), span),
                allows: Fact::default(true, span),
                protocol: Fact::default("-1".into(), span),
                from: Fact::default(None, span),
                to: Fact::default(None, span),
                cidr: Fact::default(Some(anywhere), span),
                text: OnceLock::new(),
            });
        }
    }
}

pub(super) fn vpcs(network: &mut Network, build: &Build<'_>) {
    for (type_name, dns_hostnames) in [("aws_vpc", false), ("aws_default_vpc", true)] {
        for instance in build.managed(type_name) {
            let view = view(instance);
            let id = network.add_vpc(Declaration::of(instance), build);
            let region = build.region(instance);
            if type_name == "aws_default_vpc" {
                network.vpc_registry.insert(default_vpc_key(&region), id);
            }
            let cidr = match view.arg("cidr_block") {
                Some(arg) => Cidr::of_arg(&arg, Some(Family::V4), build.terms()),
                None => computed_cidr(instance.id, "cidr_block", build, instance.decl_range),
            };
            if type_name == "aws_default_vpc" {
                // AWS makes it with a route to an internet gateway, which nobody here may have changed:
                // <https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc-components.html>.
                let table = network.vpcs[usize::from(id)].default_route_table;
                let text = format!("the routes that AWS made for {} are not managed here", instance.addr);
                let open = &mut network.route_tables[usize::from(table)].open;
                open.push(Reason::new(text, instance.decl_range));
            }
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
            Some(arg) => Cidr::of_arg(&arg, Some(Family::V4), build.terms()),
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

pub(super) fn data_vpc(network: &mut Network, instance: &ResourceInstance, build: &Build<'_>) {
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
        Some(arg) => Cidr::of_arg(&arg, Some(Family::V4), build.terms()),
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

pub(super) fn optional(fact: &Fact<Cidr>) -> Fact<Option<Cidr>> {
    fact.map(|cidr| Some(cidr.clone()))
}
