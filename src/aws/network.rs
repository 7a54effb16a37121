//! VPCs, subnets and all that is in them.
//!
//! References are resolved by identity. What the configuration only names (`var.vpc_id`, `subnet-0abc`) becomes an
//! entity too, so that an endpoint and an instance in `var.vpc_id` meet in one VPC of which nothing else is known.

mod build;
mod gap;
mod route;

use std::collections::BTreeMap;

use ecow::EcoString;

use crate::addr::ResourceMode;
use crate::aws::cidr::Cidr;
use crate::aws::dns::Dns;
use crate::aws::endpoint::Endpoint;
use crate::aws::fact::{Answer, Evidence, Fact, Known, Reason, reasons};
use crate::aws::link::{
    AclId, Element, EndpointId, GatewayId, GroupId, Key, Link, LinkSet, PrefixListId, Ref, Registry,
    RouteTableId, SubnetId, Target, VpcId, leaves, name_unknown, target,
};
use crate::aws::nacl::Acl;
use crate::aws::read::Arg;
use crate::aws::security_group::{Group, PrefixList, Rule};
use crate::aws::{Build, Declaration};
use crate::eval::term::TermId;
use crate::eval::value::{Cause, Causes, Type};
use crate::source::Span;
use crate::truth::Truth;

pub use route::{
    Destination, Egress, Gateway, GatewayKind, Nat, PublicAccessBlock, PublicAccessExclusion, Refused, Relay,
    Route, RouteTable, RouteTableKind, RouteTarget, RouteUse, TransitAttachment,
};

/// The networks of the configuration. Ids index the vectors.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// All VPCs: managed, default, looked up, and those that the configuration only names.
    pub vpcs: Vec<Vpc>,
    /// All subnets.
    pub subnets: Vec<Subnet>,
    /// All security groups, the VPCs' default groups among them.
    pub groups: Vec<Group>,
    /// Rules of which it is not known what group they belong to.
    pub unplaced_rules: Vec<Rule>,
    /// All route tables, the VPCs' main tables among them.
    pub route_tables: Vec<RouteTable>,
    /// All network ACLs, the VPCs' default ACLs among them.
    pub acls: Vec<Acl>,
    /// All VPC endpoints of any type.
    pub endpoints: Vec<Endpoint>,
    /// Endpoints of which it is not known for certain what VPC they are in.
    pub unplaced_endpoints: Vec<EndpointId>,
    /// All prefix lists.
    pub prefix_lists: Vec<PrefixList>,
    /// Everything that routes lead to.
    pub gateways: Vec<Gateway>,
    /// Attachments of VPCs to transit gateways.
    pub transit_attachments: Vec<TransitAttachment>,
    /// Account-wide blocks of public access, one per resource.
    pub public_access: Vec<PublicAccessBlock>,
    /// Zones, resolver rules, DHCP options and DNS firewalls.
    pub dns: Dns,
    pub(crate) vpc_registry: Registry<VpcId>,
    pub(crate) subnet_registry: Registry<SubnetId>,
    pub(crate) group_registry: Registry<GroupId>,
    pub(crate) route_table_registry: Registry<RouteTableId>,
    pub(crate) acl_registry: Registry<AclId>,
    pub(crate) endpoint_registry: Registry<EndpointId>,
    pub(crate) prefix_list_registry: Registry<PrefixListId>,
    pub(crate) gateway_registry: Registry<GatewayId>,
    pub(crate) endpoints_by_vpc: BTreeMap<VpcId, Vec<EndpointId>>,
    pub(crate) hidden: gap::Hidden,
}

/// How far the configuration decides what a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A resource makes it.
    Managed,
    /// AWS makes it with its VPC or account; a resource may adopt it.
    Default,
    /// A data source looks it up.
    LookedUp,
    /// The configuration only names it.
    Named,
}

impl Origin {
    /// The origin of what a resource instance declares.
    pub fn of(declaration: &Declaration) -> Origin {
        match declaration.addr.as_ref().map(|addr| addr.resource.mode) {
            Some(ResourceMode::Managed) => Origin::Managed,
            Some(ResourceMode::Data | ResourceMode::Ephemeral) => Origin::LookedUp,
            None => Origin::Named,
        }
    }

    /// Whether the configuration says all there is to say about it.
    pub fn is_closed(self) -> bool {
        matches!(self, Origin::Managed | Origin::Default)
    }
}

/// A VPC.
#[derive(Clone, Debug)]
pub struct Vpc {
    /// Where it comes from.
    pub declaration: Declaration,
    /// How far the configuration decides what it is; an account's default VPC that is adopted is `Managed`.
    pub origin: Origin,
    /// Its region; `None` when the provider configuration does not say.
    pub region: Fact<Option<EcoString>>,
    /// `enable_dns_support`.
    pub dns_support: Fact<bool>,
    /// `enable_dns_hostnames`.
    pub dns_hostnames: Fact<bool>,
    /// Its IPv4 ranges, the primary one first.
    pub cidrs: Vec<Fact<Cidr>>,
    /// Why it may have further ranges.
    pub cidrs_open: Option<Causes>,
    /// The security group of interfaces that name none.
    pub default_group: GroupId,
    /// The network ACL of subnets that name none.
    pub default_acl: AclId,
    /// The route table that it was made with.
    pub default_route_table: RouteTableId,
    /// The route table of subnets without association.
    pub main_route_table: Ref<RouteTableId>,
    /// Which assumption says what endpoints it has for Systems Manager: an index.
    pub assumed_endpoints: Option<usize>,
    /// Which assumptions decide its DNS attributes: indices.
    pub assumed_dns: Vec<usize>,
}

/// A subnet.
#[derive(Clone, Debug)]
pub struct Subnet {
    /// Where it comes from.
    pub declaration: Declaration,
    /// How far the configuration decides what it is.
    pub origin: Origin,
    /// Its VPC.
    pub vpc: Ref<VpcId>,
    /// Its IPv4 range; `None` in an IPv6-only subnet.
    pub cidr: Fact<Option<Cidr>>,
    /// Its IPv6 range; `None` without one.
    pub ipv6_cidr: Fact<Option<Cidr>>,
    /// `ipv6_native`.
    pub ipv6_native: Fact<bool>,
    /// `map_public_ip_on_launch`.
    pub map_public_ip: Fact<bool>,
    /// `assign_ipv6_address_on_creation`.
    pub assign_ipv6: Fact<bool>,
    /// Its availability zone.
    pub zone: Zone,
    /// The route table that applies to it: its association, or the VPC's main table.
    pub route_table: Ref<RouteTableId>,
    /// The network ACL that applies to it: its association, or the VPC's default ACL.
    pub acl: Ref<AclId>,
}

/// An availability zone, by name, by id, or by identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Zone {
    /// `eu-west-1a`.
    Name(EcoString),
    /// `euw1-az1`.
    Id(EcoString),
    /// Not known by name, but by identity: its term, and for an element of a list of zones the list and the index.
    Symbol(TermId, Option<(TermId, EcoString)>),
    /// AWS chooses, or nothing is known.
    Unknown,
}

impl Zone {
    /// Whether both are one zone.
    pub fn same(&self, other: &Zone) -> Truth {
        match (self, other) {
            (Zone::Name(a), Zone::Name(b)) | (Zone::Id(a), Zone::Id(b)) => Truth::known(a == b),
            (Zone::Symbol(a, list), Zone::Symbol(b, other_list)) => {
                if a == b {
                    return Truth::Yes;
                }
                match (list, other_list) {
                    // The names of a region's zones are distinct.
                    (Some((list, index)), Some((other_list, other_index)))
                        if list == other_list && index != other_index =>
                    {
                        Truth::No
                    }
                    _ => Truth::Unknown,
                }
            }
            (Zone::Name(_) | Zone::Id(_) | Zone::Symbol(..) | Zone::Unknown, _) => Truth::Unknown,
        }
    }
}

impl Network {
    /// Reads the network resources.
    pub fn build(build: &Build<'_>) -> Network {
        build::network(build)
    }

    /// A VPC.
    pub fn vpc(&self, id: VpcId) -> &Vpc {
        &self.vpcs[usize::from(id)]
    }

    /// A subnet.
    pub fn subnet(&self, id: SubnetId) -> &Subnet {
        &self.subnets[usize::from(id)]
    }

    /// A security group.
    pub fn group(&self, id: GroupId) -> &Group {
        &self.groups[usize::from(id)]
    }

    /// A route table.
    pub fn route_table(&self, id: RouteTableId) -> &RouteTable {
        &self.route_tables[usize::from(id)]
    }

    /// A network ACL.
    pub fn acl(&self, id: AclId) -> &Acl {
        &self.acls[usize::from(id)]
    }

    /// A VPC endpoint.
    pub fn endpoint(&self, id: EndpointId) -> &Endpoint {
        &self.endpoints[usize::from(id)]
    }

    /// A prefix list.
    pub fn prefix_list(&self, id: PrefixListId) -> &PrefixList {
        &self.prefix_lists[usize::from(id)]
    }

    /// Something that routes lead to.
    pub fn gateway(&self, id: GatewayId) -> &Gateway {
        &self.gateways[usize::from(id)]
    }

    /// All VPCs with their handles.
    pub fn vpc_ids(&self) -> impl Iterator<Item = VpcId> + use<> {
        (0..self.vpcs.len()).map(VpcId::from)
    }

    /// All subnets with their handles.
    pub fn subnet_ids(&self) -> impl Iterator<Item = SubnetId> + use<> {
        (0..self.subnets.len()).map(SubnetId::from)
    }

    /// All security groups with their handles.
    pub fn group_ids(&self) -> impl Iterator<Item = GroupId> + use<> {
        (0..self.groups.len()).map(GroupId::from)
    }

    /// All endpoints with their handles.
    pub fn endpoint_ids(&self) -> impl Iterator<Item = EndpointId> + use<> {
        (0..self.endpoints.len()).map(EndpointId::from)
    }

    /// The endpoints that are or may be in this VPC.
    pub fn endpoints_in(&self, id: VpcId) -> impl Iterator<Item = EndpointId> + '_ {
        let placed = self.endpoints_by_vpc.get(&id).into_iter().flatten();
        placed.chain(&self.unplaced_endpoints).copied()
    }

    /// Why something in this VPC may exist that is not seen here: it is not managed here, or a gap sees it.
    pub fn hidden_in_vpc(&self, id: VpcId) -> Vec<Reason> {
        let vpc = self.vpc(id);
        let mut reasons = self.hidden.in_vpc(id);
        if !vpc.origin.is_closed() {
            let text = format!("{} is not managed in this configuration", vpc.declaration.address);
            reasons.push(Reason::new(text, vpc.declaration.decl_range));
        }
        reasons
    }

    /// Why rules of this group may exist that are not seen here.
    pub fn hidden_in_group(&self, id: GroupId) -> Vec<Reason> {
        let group = self.group(id);
        let mut reasons = self.hidden.in_group(id);
        if !group.origin.is_closed() {
            let text = format!("{} is not managed in this configuration", group.declaration.address);
            reasons.push(Reason::new(text, group.declaration.decl_range));
        }
        reasons
    }

    /// Both DNS attributes of a VPC together, as private DNS needs them.
    pub fn dns_attributes(&self, id: VpcId) -> Answer {
        let vpc = self.vpc(id);
        Answer::all([
            vpc.dns_support.ask("enable_dns_support", |on| Truth::known(*on)),
            vpc.dns_hostnames.ask("enable_dns_hostnames", |on| Truth::known(*on)),
        ])
    }

    /// The VPC of an interface: that of its subnet, or of a security group on it.
    pub fn vpc_of(&self, subnet: &Link<SubnetId>, groups: &LinkSet<GroupId>) -> Link<VpcId> {
        let mut found: Vec<VpcId> = Vec::new();
        for id in subnet.candidates() {
            match &self.subnet(*id).vpc.link {
                Link::To(vpc) => found.push(*vpc),
                Link::OneOf(_) | Link::Outside(_) | Link::Unknown(_) => found.clear(),
            }
        }
        found.sort();
        found.dedup();
        match found.as_slice() {
            [] => {}
            [vpc] => return Link::To(*vpc),
            _ => return Link::OneOf(found),
        }
        // An interface is in the VPC of its groups, except those that are associated with further ones.
        for member in groups.members.iter().filter(|member| member.certain.is_yes()) {
            let group = self.group(member.to);
            if let (Link::To(vpc), true) = (&group.vpc.link, group.associated.is_empty()) {
                let vpc = *vpc;
                return Link::To(vpc);
            }
        }
        match subnet {
            Link::Unknown(causes) => Link::Unknown(causes.clone()),
            Link::To(id) => self.subnet(*id).vpc.link.clone(),
            Link::OneOf(_) | Link::Outside(_) => Link::Unknown(Causes::new()),
        }
    }

    /// The VPC that an argument names.
    pub fn vpc_link(&mut self, arg: Option<&Arg<'_>>, build: &Build<'_>) -> Option<Ref<VpcId>> {
        for (key, name, span) in strangers(arg, &self.vpc_registry, build) {
            let id = self.add_vpc(Declaration::outside(name, span), build);
            self.vpc_registry.insert(key, id);
        }
        self.vpc_registry.reference(arg, build.terms())
    }

    /// The VPC that an argument names, or the region's default VPC when it is omitted.
    pub fn vpc_link_or_default(
        &mut self,
        arg: Option<&Arg<'_>>,
        region: &Fact<Option<EcoString>>,
        header: Option<Span>,
        build: &Build<'_>,
    ) -> Ref<VpcId> {
        match self.vpc_link(arg, build) {
            Some(reference) => reference,
            None => Ref::default(Link::To(self.default_vpc(region, build)), header),
        }
    }

    /// The default VPC of a region.
    pub fn default_vpc(&mut self, region: &Fact<Option<EcoString>>, build: &Build<'_>) -> VpcId {
        let key = build::default_vpc_key(region);
        if let Some(id) = self.vpc_registry.get(&key) {
            return id;
        }
        let mut declaration = Declaration::outside("the default VPC", None);
        declaration.exists = Truth::Yes;
        let id = self.add_vpc(declaration, build);
        let vpc = &mut self.vpcs[usize::from(id)];
        vpc.dns_support = Fact::default(true, None);
        vpc.dns_hostnames = Fact::default(true, None);
        vpc.region = region.clone();
        self.vpc_registry.insert(key, id);
        id
    }

    /// The subnet that an argument names; what no resource makes is added as one outside of the configuration.
    pub fn subnet_link(&mut self, arg: Option<&Arg<'_>>, build: &Build<'_>) -> Option<Ref<SubnetId>> {
        self.intern_subnets(arg, build);
        self.subnet_registry.reference(arg, build.terms())
    }

    /// The subnets that a list names.
    pub fn subnet_links(
        &mut self,
        arg: Option<&Arg<'_>>,
        header: Option<Span>,
        build: &Build<'_>,
    ) -> LinkSet<SubnetId> {
        self.intern_subnets(arg, build);
        self.subnet_registry.set(arg, build.terms(), header)
    }

    /// The security groups that a list of ids names.
    pub fn group_links(
        &mut self,
        arg: Option<&Arg<'_>>,
        header: Option<Span>,
        build: &Build<'_>,
    ) -> LinkSet<GroupId> {
        self.intern_groups(arg, build);
        self.group_registry.set(arg, build.terms(), header)
    }

    /// The security group that an argument names.
    pub fn group_link(&mut self, arg: Option<&Arg<'_>>, build: &Build<'_>) -> Option<Ref<GroupId>> {
        self.intern_groups(arg, build);
        self.group_registry.reference(arg, build.terms())
    }

    /// The gateway that an argument names; `kind` is what one outside of the configuration must be.
    pub fn gateway_link(
        &mut self,
        arg: Option<&Arg<'_>>,
        kind: &GatewayKind,
        build: &Build<'_>,
    ) -> Option<Ref<GatewayId>> {
        for (key, name, span) in strangers(arg, &self.gateway_registry, build) {
            let kind = match &key {
                Key::Text(text) => GatewayKind::of_id(text).unwrap_or_else(|| kind.clone()),
                Key::Attr(..) | Key::Term(_) => kind.clone(),
            };
            let id = GatewayId::from(self.gateways.len());
            let declaration = Declaration::outside(name, span);
            self.gateways.push(Gateway { declaration, kind, origin: Origin::Named, vpcs: Vec::new() });
            self.gateway_registry.insert(key, id);
        }
        self.gateway_registry.reference(arg, build.terms())
    }

    /// Says that a subnet of which no VPC is known is in this one.
    pub fn place_subnet(&mut self, id: SubnetId, vpc: &Ref<VpcId>) {
        let subnet = &mut self.subnets[usize::from(id)];
        if matches!(subnet.vpc.link, Link::Unknown(_)) && vpc.link.to().is_some() {
            subnet.vpc = vpc.clone();
        }
    }

    /// The VPC of a subnet that is only looked up, when that VPC is managed here: then all in it is, too.
    pub(in crate::aws) fn closed_vpc(&self, subnet: SubnetId) -> Option<VpcId> {
        let subnet = self.subnet(subnet);
        let vpc = subnet.vpc.link.to()?;
        (!subnet.origin.is_closed() && self.vpc(vpc).origin == Origin::Managed).then_some(vpc)
    }

    fn intern_subnets(&mut self, arg: Option<&Arg<'_>>, build: &Build<'_>) {
        for (key, name, span) in strangers(arg, &self.subnet_registry, build) {
            let id = self.add_outside_subnet(Declaration::outside(name, span));
            if let Key::Term(term) = &key {
                self.place_looked_up(id, *term, build);
            }
            self.subnet_registry.insert(key, id);
        }
    }

    /// Puts a subnet of a list that is looked up by its VPC into that VPC.
    fn place_looked_up(&mut self, id: SubnetId, term: TermId, build: &Build<'_>) {
        let leaves = leaves(term, build.terms()).unwrap_or_default();
        let [leaf] = leaves.as_slice() else { return };
        let list = build.evaluation.instance(*leaf);
        let resource = &list.addr.resource;
        let is_list = matches!(resource.type_name.as_str(), "aws_subnets" | "aws_subnet_ids");
        if resource.mode != ResourceMode::Data || !is_list {
            return;
        }
        let view = crate::aws::view(list);
        let filters = view.blocks("filter");
        let by_filter = filters.items.iter().find_map(|filter| {
            let named = filter.view.arg("name")?.value.as_str() == Some("vpc-id");
            let values = filter.view.arg("values").filter(|_| named)?;
            let [value] = values.value.as_elements()? else { return None };
            Some(Arg { value, span: values.span })
        });
        let vpc = self.vpc_link(view.arg("vpc_id").or(by_filter).as_ref(), build);
        if let Some(vpc) = vpc {
            self.place_subnet(id, &vpc);
        }
    }

    fn intern_groups(&mut self, arg: Option<&Arg<'_>>, build: &Build<'_>) {
        for (key, name, span) in strangers(arg, &self.group_registry, build) {
            let id = GroupId::from(self.groups.len());
            self.groups.push(Group::outside(Declaration::outside(name, span)));
            self.group_registry.insert(key, id);
        }
    }

    /// Adds a subnet of which only the identity is known.
    pub(crate) fn add_outside_subnet(&mut self, declaration: Declaration) -> SubnetId {
        let id = SubnetId::from(self.subnets.len());
        let span = declaration.decl_range;
        self.subnets.push(Subnet {
            origin: Origin::of(&declaration),
            vpc: Ref::default(Link::Unknown(Causes::new()), span),
            cidr: Fact::unknown(Causes::new(), span),
            ipv6_cidr: Fact::unknown(Causes::new(), span),
            ipv6_native: Fact::unknown(Causes::new(), span),
            map_public_ip: Fact::unknown(Causes::new(), span),
            assign_ipv6: Fact::unknown(Causes::new(), span),
            zone: Zone::Unknown,
            route_table: Ref::default(Link::Unknown(Causes::new()), span),
            acl: Ref::default(Link::Unknown(Causes::new()), span),
            declaration,
        });
        id
    }

    /// The ranges that an interface in this subnet may have its address in: for connections by IPv6, or that by IPv4.
    pub fn addresses_of(&self, id: SubnetId, by_v6: Truth) -> Known<Cidr> {
        let subnet = self.subnet(id);
        let range = if by_v6.is_yes() { &subnet.ipv6_cidr } else { &subnet.cidr };
        match &range.value {
            Known::Value(Some(cidr)) => Known::Value(cidr.clone()),
            Known::OneOf(cidrs) => {
                let cidrs: Vec<Cidr> = cidrs.iter().flatten().cloned().collect();
                Known::one_of(cidrs)
            }
            Known::Value(None) => Known::Unknown(Causes::new()),
            Known::Unknown(causes) => Known::Unknown(causes.clone()),
        }
    }
}

/// The things that an argument names, that are not registered, and that are surely none of those: key, name and place.
fn strangers<Id: Copy + PartialEq + std::fmt::Debug>(
    arg: Option<&Arg<'_>>,
    registry: &Registry<Id>,
    build: &Build<'_>,
) -> Vec<(Key, String, Option<Span>)> {
    let Some(arg) = arg else { return Vec::new() };
    let terms = build.terms();
    let mut found: Vec<(Key, String, Option<Span>)> = Vec::new();
    // Of an unknown that may be one value it is the value that has an identity.
    let single = arg.value.as_unknown().is_some_and(|unknown| {
        unknown.each.is_none() && !unknown.ty.is_collection() && !matches!(unknown.ty, Type::Tuple(_))
    });
    for element in arg.elements(single) {
        let (Element::Value(value, _) | Element::Each(value, _)) = element else { continue };
        let target: Target = target(value, terms);
        for (key, causes) in target.keys() {
            if registry.get(key).is_some() || found.iter().any(|(known, ..)| known == key) {
                continue;
            }
            // What Terraform would refuse has no identity.
            if !causes.is_empty() && causes.iter().all(|cause| matches!(cause, Cause::Error(_))) {
                continue;
            }
            let name = match key {
                Key::Text(text) => text.to_string(),
                Key::Attr(instance, name) => {
                    format!("{}.{name}", build.evaluation.instance(*instance).addr)
                }
                Key::Term(term) => {
                    // An unknown that is made of the ids of networks here may be one of them.
                    let Some(leaves) = leaves(*term, terms) else { continue };
                    let ours = leaves.iter().any(|leaf| {
                        let resource = &build.evaluation.instance(*leaf).addr.resource;
                        resource.mode == ResourceMode::Managed
                            && build::NETWORK_TYPES.contains(&resource.type_name.as_str())
                    });
                    if ours {
                        continue;
                    }
                    name_unknown(*term, causes, terms)
                }
            };
            found.push((key.clone(), name, arg.span));
        }
    }
    found
}

/// Whether something exists, as an answer whose evidence is what decides that.
pub fn existence(declaration: &Declaration) -> Answer {
    let evidence = Evidence {
        span: declaration.decl_range,
        origin: declaration.exists_because,
        note: declaration.address.clone(),
    };
    declaration.existence().because(evidence)
}

/// An answer that is unknown because a reference leads nowhere in particular.
pub(crate) fn unknown_link<Id: Copy + PartialEq>(reference: &Ref<Id>) -> Answer {
    let why = reference.reasons();
    Answer::unknown(if why.is_empty() { reasons(&[], reference.span) } else { why })
}
