//! Route tables, what routes lead to, and whether a subnet has a path to the internet.

use ecow::EcoString;

use crate::aws::cidr::{Cidr, Coverage};
use crate::aws::fact::{Answer, Evidence, Fact, Known, Reason, reasons};
use crate::aws::link::{GatewayId, GroupId, Link, LinkSet, PrefixListId, Ref, RouteTableId, SubnetId, VpcId};
use crate::aws::network::{Network, Origin, existence, unknown_link};
use crate::aws::security_group::{Direction, Party};
use crate::aws::{Declaration, region};
use crate::eval::value::Causes;
use crate::source::Span;
use crate::truth::Truth;

/// A route table.
#[derive(Clone, Debug)]
pub struct RouteTable {
    /// Where it comes from.
    pub declaration: Declaration,
    /// What makes it.
    pub kind: RouteTableKind,
    /// Its VPC.
    pub vpc: Ref<VpcId>,
    /// Its routes; the local route is not listed.
    pub routes: Vec<Route>,
    /// Why it may have further routes.
    pub open: Vec<Reason>,
    /// The inline `route` argument, when it is written.
    pub inline: Option<Span>,
}

/// What makes a route table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RouteTableKind {
    /// `aws_route_table`.
    Custom,
    /// The table that AWS makes with a VPC, adopted or not.
    Default,
    /// Made elsewhere.
    Outside,
}

/// One route.
#[derive(Clone, Debug)]
pub struct Route {
    /// The `route` block or the `aws_route`.
    pub declaration: Declaration,
    /// Whether it is an `aws_route` of its own.
    pub standalone: bool,
    /// Where it applies to.
    pub destination: Destination,
    /// Where it leads.
    pub target: RouteTarget,
}

/// Why a route is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The argument leads to an instance that does not exist.
    Absent(Span),
    /// The argument is null or empty, and no other says where it leads.
    Empty(Option<Span>),
}

impl Route {
    /// Why Terraform or the provider refuses it:
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/route>.
    pub fn refused(&self) -> Option<Refused> {
        match self.target {
            RouteTarget::Nothing(span) => {
                span.filter(|span| Some(*span) != self.declaration.decl_range).map(Refused::Absent)
            }
            RouteTarget::Empty(span) => Some(Refused::Empty(span)),
            RouteTarget::Gateway(..) | RouteTarget::Local | RouteTarget::Unknown(..) => None,
        }
    }
}

/// What a route applies to.
#[derive(Clone, Debug)]
pub enum Destination {
    /// A range of addresses.
    Cidr(Fact<Cidr>),
    /// A prefix list.
    PrefixList(Ref<PrefixListId>),
    /// It is not known.
    Unknown(Causes),
}

/// Where a route leads.
#[derive(Clone, Debug)]
pub enum RouteTarget {
    /// To a gateway: the argument's name, and which.
    Gateway(&'static str, Ref<GatewayId>),
    /// Within the VPC.
    Local,
    /// Nowhere: no target is given, or Terraform would refuse it.
    Nothing(Option<Span>),
    /// Nowhere: the argument is null or empty.
    Empty(Option<Span>),
    /// It is not known.
    Unknown(Causes, Option<Span>),
}

/// Something that routes lead to.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// Where it comes from.
    pub declaration: Declaration,
    /// What it is.
    pub kind: GatewayKind,
    /// How far the configuration decides what it is.
    pub origin: Origin,
    /// The VPCs it is attached to, each with the resource that attaches it; two for a peering connection.
    pub vpcs: Vec<(Ref<VpcId>, Truth)>,
}

/// `aws_ec2_transit_gateway_vpc_attachment`.
#[derive(Clone, Debug)]
pub struct TransitAttachment {
    /// The resource.
    pub declaration: Declaration,
    /// The transit gateway.
    pub gateway: GatewayId,
    /// The VPC.
    pub vpc: Ref<VpcId>,
    /// Whether a route table of the gateway is looked up for what comes from the VPC: the default one, or by
    /// association.
    pub associated: Answer,
    /// Whether a route table of the gateway leads to the VPC: by propagation, or by a route.
    pub announced: Answer,
    /// Whether rules may name security groups of the VPCs behind the gateway, as far as gateway and attachment say.
    pub refers: Truth,
}

/// What routes can lead to.
#[derive(Clone, Debug)]
pub enum GatewayKind {
    /// An internet gateway.
    Internet,
    /// A NAT gateway; none for one of which nothing is known.
    Nat(Option<Box<Nat>>),
    /// An egress-only internet gateway: IPv6 only.
    EgressOnly,
    /// A virtual private gateway.
    Vpn,
    /// A transit gateway.
    Transit,
    /// A peering connection.
    Peering,
    /// A network interface or instance; none for one of which nothing is known.
    Interface(Option<Box<Relay>>),
    /// A gateway load balancer or firewall endpoint.
    Endpoint,
    /// A carrier gateway, local gateway or core network.
    Other,
    /// Named where several kinds are possible.
    Unknown,
}

impl Gateway {
    /// What is named in messages: of an interface its instance.
    pub fn subject(&self) -> &Declaration {
        match &self.kind {
            GatewayKind::Interface(Some(relay)) => &relay.declaration,
            GatewayKind::Interface(None)
            | GatewayKind::Nat(_)
            | GatewayKind::Internet
            | GatewayKind::EgressOnly
            | GatewayKind::Vpn
            | GatewayKind::Transit
            | GatewayKind::Peering
            | GatewayKind::Endpoint
            | GatewayKind::Other
            | GatewayKind::Unknown => &self.declaration,
        }
    }
}

impl GatewayKind {
    /// What a literal id names.
    pub fn of_id(id: &str) -> Option<GatewayKind> {
        let (prefix, _) = id.split_once('-')?;
        Some(match prefix {
            "igw" => GatewayKind::Internet,
            "nat" => GatewayKind::Nat(None),
            "eigw" => GatewayKind::EgressOnly,
            "vgw" => GatewayKind::Vpn,
            "tgw" => GatewayKind::Transit,
            "pcx" => GatewayKind::Peering,
            "eni" | "i" => GatewayKind::Interface(None),
            "vpce" => GatewayKind::Endpoint,
            _ => return None,
        })
    }

    /// What it is called in messages.
    pub fn describe(&self) -> &'static str {
        match self {
            GatewayKind::Internet => "an internet gateway",
            GatewayKind::Nat(_) => "a NAT gateway",
            GatewayKind::EgressOnly => "an egress-only internet gateway",
            GatewayKind::Vpn => "a VPN gateway",
            GatewayKind::Transit => "a transit gateway",
            GatewayKind::Peering => "a peering connection",
            GatewayKind::Interface(Some(_)) => "a NAT instance",
            GatewayKind::Interface(None) => "a network interface or an instance",
            GatewayKind::Endpoint => "a gateway endpoint or firewall",
            GatewayKind::Other | GatewayKind::Unknown => "another gateway",
        }
    }
}

/// A NAT gateway.
#[derive(Clone, Debug)]
pub struct Nat {
    /// `connectivity_type`.
    pub connectivity: Fact<EcoString>,
    /// `availability_mode`: `zonal` or `regional`.
    pub mode: Fact<EcoString>,
    /// The subnet it stands in; none for a regional one.
    pub subnet: Option<Ref<SubnetId>>,
    /// `vpc_id` of a regional one.
    pub vpc: Option<Ref<VpcId>>,
    /// Whether an address is given.
    pub address: Truth,
}

/// An interface of an instance that routes lead to, as they do to a NAT instance:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_NAT_Instance.html>.
#[derive(Clone, Debug)]
pub struct Relay {
    /// The instance.
    pub declaration: Declaration,
    /// Whether AWS hands it what is not for itself: `source_dest_check` is off.
    pub forwards: Answer,
    /// Whether it has a public address.
    pub public: Answer,
    /// The subnet it stands in.
    pub subnet: Link<SubnetId>,
    /// Its security groups.
    pub groups: LinkSet<GroupId>,
}

/// `aws_vpc_block_public_access_options` with its exclusions.
#[derive(Clone, Debug)]
pub struct PublicAccessBlock {
    /// The resource.
    pub declaration: Declaration,
    /// `internet_gateway_block_mode`.
    pub mode: Fact<EcoString>,
    /// The region it applies to.
    pub region: Fact<Option<EcoString>>,
    /// What is excluded.
    pub exclusions: Vec<PublicAccessExclusion>,
}

/// `aws_vpc_block_public_access_exclusion`: a VPC or a subnet.
#[derive(Clone, Debug)]
pub struct PublicAccessExclusion {
    /// The resource.
    pub declaration: Declaration,
    /// `vpc_id`.
    pub vpc: Option<Ref<VpcId>>,
    /// `subnet_id`.
    pub subnet: Option<Ref<SubnetId>>,
}

/// A default route of a subnet.
#[derive(Clone, Debug)]
pub struct RouteUse {
    /// Its table.
    pub table: RouteTableId,
    /// Index into the table's routes.
    pub route: usize,
    /// Whether the subnet has it, existence included.
    pub truth: Truth,
    /// Where it leads.
    pub gateway: Option<GatewayId>,
}

/// How traffic of a subnet gets to public addresses.
#[derive(Clone, Debug)]
pub struct Egress {
    /// Through a NAT gateway that itself reaches the internet.
    pub nat: Answer,
    /// Through an internet gateway; helps only with a public address.
    pub internet_gateway: Answer,
    /// Through something else that may lead there: a transit gateway, a firewall, a NAT instance.
    pub other: Answer,
    /// Whether there is an IPv6 default route to an egress-only or internet gateway.
    pub ipv6: Answer,
    /// The default routes that apply or may apply.
    pub routes: Vec<RouteUse>,
}

impl Egress {
    /// Whether an instance reaches public addresses; `public_ip` says whether it has a public address itself.
    pub fn with_public_ip(&self, public_ip: Answer) -> Answer {
        let direct = Answer::all([self.internet_gateway.clone(), public_ip]);
        Answer::any([self.nat.clone(), direct, self.other.clone()])
    }
}

/// A route for a range as wide as this may hold the addresses that AWS answers from; a narrower one is for others.
const WIDE: u8 = 8;

impl Network {
    /// How traffic of a subnet gets to public addresses.
    pub fn egress(&self, subnet: SubnetId) -> Egress {
        let table = &self.subnet(subnet).route_table;
        let none = || Answer::new(Truth::No);
        let mut egress =
            Egress { nat: none(), internet_gateway: none(), other: none(), ipv6: none(), routes: Vec::new() };
        let (tables, table) = self.tables_of(subnet, table);
        if tables.is_empty() {
            let mut why = table.reasons();
            if why.is_empty() || table.span == self.subnet(subnet).declaration.decl_range {
                let declaration = &self.subnet(subnet).declaration;
                let text = format!("the route table of {} is not known", declaration.address);
                why = vec![Reason::new(text, declaration.decl_range)];
            }
            let unknown = Answer::unknown(why);
            return Egress {
                nat: unknown.clone(),
                internet_gateway: unknown.clone(),
                other: unknown.clone(),
                ipv6: unknown,
                routes: Vec::new(),
            };
        }
        for (index, id) in tables.iter().enumerate() {
            let one = self.table_egress(*id, Some(subnet));
            if index == 0 {
                egress = one;
                continue;
            }
            // Which of the tables applies is not known: only what holds of all of them is certain.
            egress.nat = either(egress.nat, one.nat, &table);
            egress.internet_gateway = either(egress.internet_gateway, one.internet_gateway, &table);
            egress.other = either(egress.other, one.other, &table);
            egress.ipv6 = either(egress.ipv6, one.ipv6, &table);
            egress.routes.extend(one.routes);
        }
        if tables.len() > 1 {
            for route in &mut egress.routes {
                route.truth = route.truth & Truth::Unknown;
            }
        }
        egress
    }

    /// The route tables that may be a subnet's: of one that is only looked up, any of a VPC that is managed here.
    fn tables_of(&self, subnet: SubnetId, own: &Ref<RouteTableId>) -> (Vec<RouteTableId>, Ref<RouteTableId>) {
        let known = own.link.candidates();
        let vpc = self.closed_vpc(subnet).filter(|_| known.is_empty());
        let Some(vpc) = vpc else { return (known.to_vec(), own.clone()) };
        let mut tables: Vec<RouteTableId> = self.vpc(vpc).main_route_table.link.candidates().to_vec();
        if tables.is_empty() {
            return (tables, own.clone());
        }
        for (index, table) in self.route_tables.iter().enumerate() {
            let id = RouteTableId::from(index);
            if table.kind == RouteTableKind::Custom
                && !table.vpc.link.is(vpc).is_no()
                && !tables.contains(&id)
            {
                tables.push(id);
            }
        }
        let link = Link::OneOf(tables.clone());
        (tables, Ref { link, ..own.clone() })
    }

    /// Whether an instance in this subnet reaches public addresses; `public_ip` says whether it has one itself.
    pub fn internet_path(&self, subnet: SubnetId, public_ip: Answer) -> Answer {
        let egress = self.egress(subnet);
        let path = egress.with_public_ip(public_ip);
        let has_v6 = !self.subnet(subnet).ipv6_cidr.is(&None).is_yes();
        if !path.truth.is_no() || egress.ipv6.truth.is_no() || !has_v6 {
            return path;
        }
        // SSM Agent speaks IPv6 from 3.3.3270.0 on, where its settings say so.
        let at = egress.ipv6.evidence.first().and_then(|evidence| evidence.span);
        let text =
            "the way to the internet is for IPv6 only, which SSM Agent uses when UseDualStackEndpoint is set";
        Answer::unknown([Reason::new(text, at)])
    }

    fn table_egress(&self, id: RouteTableId, subnet: Option<SubnetId>) -> Egress {
        let table = self.route_table(id);
        let vpc = table.vpc.link.to();
        let mut nat = Vec::new();
        let mut internet_gateway = Vec::new();
        let mut other = Vec::new();
        let mut ipv6 = Vec::new();
        let mut routes = Vec::new();
        for (index, route) in table.routes.iter().enumerate() {
            let (v4, v6) = self.is_default(route);
            if v4.truth.is_no() && v6.truth.is_no() {
                continue;
            }
            let exists = existence(&route.declaration);
            let gateway = match &route.target {
                RouteTarget::Gateway(_, reference) => reference.link.to(),
                RouteTarget::Local
                | RouteTarget::Nothing(_)
                | RouteTarget::Empty(_)
                | RouteTarget::Unknown(..) => None,
            };
            let truth = (v4.truth | v6.truth) & exists.truth;
            routes.push(RouteUse { table: id, route: index, truth, gateway });
            let applies = Answer::all([exists, v4.clone()]);
            match &route.target {
                RouteTarget::Local | RouteTarget::Nothing(_) | RouteTarget::Empty(_) => {}
                RouteTarget::Unknown(causes, span) => {
                    other.push(Answer::all([applies, Answer::unknown(reasons(causes, *span))]));
                }
                RouteTarget::Gateway(_, reference) => {
                    let candidates = reference.link.candidates();
                    if candidates.is_empty() {
                        other.push(Answer::all([applies, unknown_link(reference)]));
                        continue;
                    }
                    let certain = candidates.len() == 1;
                    for gateway_id in candidates {
                        let gateway = self.gateway(*gateway_id);
                        let leads = reference.evidence(format!("leads to {}", gateway.declaration.address));
                        let mut leads = Answer::yes(leads);
                        if !certain {
                            leads = Answer { reasons: reference.reasons(), ..leads };
                            leads.truth = Truth::Unknown;
                        }
                        let chain = Answer::all([applies.clone(), leads]);
                        match &gateway.kind {
                            GatewayKind::Nat(_) | GatewayKind::Interface(Some(_)) => {
                                nat.push(Answer::all([chain, self.nat_works(*gateway_id)]));
                            }
                            GatewayKind::Internet => {
                                let open = self.public_access(vpc, subnet, true);
                                let attached = self.is_attached(*gateway_id, vpc);
                                let parts = [chain, existence(&gateway.declaration), attached, open];
                                internet_gateway.push(Answer::all(parts));
                                if !v6.truth.is_no() {
                                    ipv6.push(v6.clone());
                                }
                            }
                            GatewayKind::EgressOnly => ipv6.push(v6.clone()),
                            // Peering is not transitive: a peer's gateways cannot be used.
                            GatewayKind::Peering => {}
                            GatewayKind::Vpn
                            | GatewayKind::Transit
                            | GatewayKind::Interface(None)
                            | GatewayKind::Endpoint
                            | GatewayKind::Other
                            | GatewayKind::Unknown => {
                                let text = format!(
                                    "what is behind {} ({}) is not known",
                                    gateway.declaration.address,
                                    gateway.kind.describe()
                                );
                                let behind = Answer::unknown([Reason::new(text, reference.span)]);
                                other.push(Answer::all([chain, behind]));
                            }
                        }
                    }
                }
            }
        }
        let mut why = table.open.clone();
        if let Some(vpc) = vpc {
            why.extend(self.hidden_in_vpc(vpc));
        } else if table.kind == RouteTableKind::Outside && why.is_empty() {
            let text = format!("the routes of {} are not managed here", table.declaration.address);
            why.push(Reason::new(text, table.declaration.decl_range));
        }
        why.sort();
        why.dedup();
        let absent = Answer::no(table.declaration.evidence("no default route here"));
        if !why.is_empty() {
            other.push(Answer::unknown(why));
        }
        let any = |answers: Vec<Answer>| {
            if answers.is_empty() { absent.clone() } else { Answer::any(answers) }
        };
        Egress {
            nat: any(nat),
            internet_gateway: any(internet_gateway),
            other: any(other),
            ipv6: any(ipv6),
            routes,
        }
    }

    /// Whether a route is an IPv4 and whether it is an IPv6 default route.
    fn is_default(&self, route: &Route) -> (Answer, Answer) {
        match &route.destination {
            Destination::Cidr(fact) => {
                let is = |v6: bool| {
                    fact.ask("applies to all addresses", |cidr| match cidr {
                        Cidr::Net(net) if net.network().is_ipv6() != v6 => Truth::No,
                        Cidr::Net(net) if net.prefix_len() == 0 => Truth::Yes,
                        Cidr::Net(net) if net.prefix_len() <= WIDE => cidr.holds_public() & Truth::Unknown,
                        Cidr::Net(_) => Truth::No,
                        Cidr::Symbol(_) => Truth::Unknown,
                    })
                };
                let (mut v4, mut v6) = (is(false), is(true));
                for answer in [&mut v4, &mut v6] {
                    if answer.truth.is_unknown() && answer.reasons.is_empty() {
                        answer.reasons = match &fact.value {
                            Known::Value(Cidr::Net(net)) => {
                                let text = format!("whether AWS answers from {net} is not known");
                                vec![Reason::new(text, fact.span)]
                            }
                            Known::Value(cidr) => reasons(&cidr.causes(), fact.span),
                            Known::OneOf(_) | Known::Unknown(_) => reasons(&Causes::new(), fact.span),
                        };
                    }
                }
                (v4, v6)
            }
            Destination::PrefixList(reference) => {
                let mut answers = Vec::new();
                for id in reference.link.candidates() {
                    let list = self.prefix_list(*id);
                    let anywhere = list.entries.iter().map(|entry| entry.cidr.satisfies(Cidr::is_anywhere));
                    let mut truth = Truth::any(anywhere);
                    // The lists that AWS keeps hold the ranges of one service.
                    if truth.is_no() && list.open.is_some() && list.origin != Origin::LookedUp {
                        truth = Truth::Unknown;
                    }
                    answers.push(Answer::new(truth).because(reference.evidence("applies to a prefix list")));
                }
                let answer = if answers.is_empty() { unknown_link(reference) } else { Answer::any(answers) };
                (answer.clone(), answer)
            }
            Destination::Unknown(causes) => {
                let answer = Answer::unknown(reasons(causes, route.declaration.decl_range));
                (answer.clone(), answer)
            }
        }
    }

    /// Whether a NAT gateway or instance gives its users a path to the internet.
    pub fn nat_works(&self, id: GatewayId) -> Answer {
        let gateway = self.gateway(id);
        if let GatewayKind::Interface(Some(relay)) = &gateway.kind {
            return self.relay_works(relay);
        }
        let GatewayKind::Nat(Some(nat)) = &gateway.kind else {
            let text = format!("{} is not managed in this configuration", gateway.declaration.address);
            return Answer::unknown([Reason::new(text, gateway.declaration.decl_range)]);
        };
        let exists = existence(&gateway.declaration);
        let public = nat.connectivity.ask("connectivity_type", |kind| Truth::known(kind == "public"));
        let regional = nat.mode.satisfies(|mode| Truth::known(mode == "regional"));
        // AWS gives an address of its own choice to regional ones only.
        if nat.address.is_no() && regional.is_no() && public.truth.is_yes() {
            let note =
                format!("{} has no `allocation_id`, and so no public address", gateway.declaration.address);
            return Answer::no(gateway.declaration.evidence(note));
        }
        let path = if regional.is_yes() {
            match nat.vpc.as_ref().and_then(|vpc| vpc.link.to()) {
                Some(vpc) => self.vpc_has_internet_gateway(vpc),
                None => Answer::unknown([Reason::new(
                    format!("the VPC of {} is not known", gateway.declaration.address),
                    gateway.declaration.decl_range,
                )]),
            }
        } else {
            match &nat.subnet {
                // A route to a NAT gateway only helps if the gateway itself sits behind an internet gateway.
                Some(reference) if !reference.link.candidates().is_empty() => {
                    let paths: Vec<Answer> = reference
                        .link
                        .candidates()
                        .iter()
                        .map(|subnet| {
                            let egress = self.subnet_gateway_only(*subnet);
                            let at = reference.evidence(format!(
                                "{} stands in {}",
                                gateway.declaration.address,
                                self.subnet(*subnet).declaration.address
                            ));
                            Answer { evidence: [vec![at], egress.evidence].concat(), ..egress }
                        })
                        .collect();
                    agree(paths, reference)
                }
                Some(reference) => unknown_link(reference),
                None => Answer::unknown([Reason::new(
                    format!("the subnet of {} is not known", gateway.declaration.address),
                    gateway.declaration.decl_range,
                )]),
            }
        };
        Answer::all([exists, public, path])
    }

    /// Whether an instance leads what it is sent on to the internet. That it does is never proven: its system must translate
    /// addresses.
    fn relay_works(&self, relay: &Relay) -> Answer {
        let Declaration { address, decl_range, .. } = &relay.declaration;
        let path = match relay.subnet.to() {
            Some(subnet) => {
                let path = self.subnet_gateway_only(subnet);
                let at = relay
                    .declaration
                    .evidence(format!("{address} stands in {}", self.subnet(subnet).declaration.address));
                Answer { evidence: [vec![at], path.evidence].concat(), ..path }
            }
            None => {
                let text = format!("the subnet of {address} is not known");
                Answer::unknown([Reason::new(text, *decl_range)])
            }
        };
        let out = self.admits(&relay.groups, Direction::Egress, 443, &Party::Internet).answer;
        let mut groups = vec![out];
        if let Some(vpc) = relay.subnet.to().and_then(|subnet| self.subnet(subnet).vpc.link.to()) {
            let into = self.admits(&relay.groups, Direction::Ingress, 443, &Party::Vpc(vpc));
            // Whom rules for the port admit is for each of its users to ask.
            groups.extend(Some(into.answer).filter(|_| into.candidates.is_empty()));
        }
        let text = format!("whether the system of {address} forwards and translates addresses is not known");
        let system = Answer::unknown([Reason::new(text, *decl_range)]);
        let parts = [existence(&relay.declaration), relay.forwards.clone(), relay.public.clone(), path];
        Answer::all(parts.into_iter().chain(groups).chain([system]))
    }

    /// Whether a subnet's default route leads straight to an internet gateway.
    fn subnet_gateway_only(&self, subnet: SubnetId) -> Answer {
        let egress = self.egress_to_gateway(subnet);
        if egress.truth.is_no() && egress.evidence.is_empty() {
            return egress.because(self.subnet(subnet).declaration.evidence("has no route to the internet"));
        }
        egress
    }

    fn egress_to_gateway(&self, subnet: SubnetId) -> Answer {
        let table = &self.subnet(subnet).route_table;
        if table.link.candidates().is_empty() {
            let text = format!("the route table of {} is not known", self.subnet(subnet).declaration.address);
            return Answer::unknown([Reason::new(text, self.subnet(subnet).declaration.decl_range)]);
        }
        let answers: Vec<Answer> = table
            .link
            .candidates()
            .iter()
            .map(|id| {
                let table = self.route_table(*id);
                let vpc = table.vpc.link.to();
                let mut answers = Vec::new();
                for route in &table.routes {
                    let (v4, _) = self.is_default(route);
                    if v4.truth.is_no() {
                        continue;
                    }
                    let applies = Answer::all([existence(&route.declaration), v4]);
                    match &route.target {
                        RouteTarget::Gateway(_, reference) => {
                            let internet: Vec<Answer> = reference
                                .link
                                .candidates()
                                .iter()
                                .filter_map(|gateway_id| {
                                    let gateway = self.gateway(*gateway_id);
                                    match &gateway.kind {
                                        GatewayKind::Internet => Some(Answer::all([
                                            existence(&gateway.declaration),
                                            self.is_attached(*gateway_id, vpc),
                                        ])),
                                        GatewayKind::Unknown => Some(Answer::unknown([Reason::new(
                                            format!("what {} is is not known", gateway.declaration.address),
                                            reference.span,
                                        )])),
                                        GatewayKind::Nat(_)
                                        | GatewayKind::EgressOnly
                                        | GatewayKind::Vpn
                                        | GatewayKind::Transit
                                        | GatewayKind::Peering
                                        | GatewayKind::Interface(_)
                                        | GatewayKind::Endpoint
                                        | GatewayKind::Other => None,
                                    }
                                })
                                .collect();
                            if reference.link.candidates().is_empty() {
                                answers.push(Answer::all([applies, unknown_link(reference)]));
                            } else if !internet.is_empty() {
                                answers.push(Answer::all([applies, agree(internet, reference)]));
                            }
                        }
                        RouteTarget::Unknown(causes, span) => {
                            answers.push(Answer::all([applies, Answer::unknown(reasons(causes, *span))]));
                        }
                        RouteTarget::Local | RouteTarget::Nothing(_) | RouteTarget::Empty(_) => {}
                    }
                }
                let mut why = table.open.clone();
                if let Some(vpc) = vpc {
                    why.extend(self.hidden_in_vpc(vpc));
                } else if table.kind == RouteTableKind::Outside {
                    let text = format!("the routes of {} are not managed here", table.declaration.address);
                    why.push(Reason::new(text, table.declaration.decl_range));
                }
                if !why.is_empty() {
                    answers.push(Answer::unknown(why));
                }
                answers.push(Answer::no(table.declaration.evidence("no route to an internet gateway here")));
                Answer::all([Answer::any(answers), self.public_access(vpc, Some(subnet), false)])
            })
            .collect();
        agree(answers, table)
    }

    /// Whether an internet gateway is attached to the VPC, or for none to any.
    fn is_attached(&self, id: GatewayId, vpc: Option<VpcId>) -> Answer {
        let gateway = self.gateway(id);
        if !gateway.origin.is_closed() {
            // AWS refuses a route to a gateway that is not attached to the table's VPC.
            return Answer::yes(gateway.declaration.evidence("exists already"));
        }
        let mut answers: Vec<Answer> = Vec::new();
        for (reference, exists) in &gateway.vpcs {
            let same = match vpc {
                Some(vpc) => reference.link.is(vpc),
                None => Truth::Yes,
            };
            let mut answer = Answer::new(same & *exists).because(reference.evidence("attached here"));
            if answer.truth.is_unknown() {
                answer.reasons = reference.reasons();
                if answer.reasons.is_empty() {
                    answer.reasons.push(Reason::new("whether it is attached is not known", reference.span));
                }
            }
            answers.push(answer);
        }
        if answers.is_empty() {
            return Answer::no(gateway.declaration.evidence("is attached to no VPC"));
        }
        Answer::any(answers)
    }

    fn vpc_has_internet_gateway(&self, vpc: VpcId) -> Answer {
        let mut answers = Vec::new();
        for (index, gateway) in self.gateways.iter().enumerate() {
            if matches!(gateway.kind, GatewayKind::Internet) && gateway.origin.is_closed() {
                answers.push(Answer::all([
                    existence(&gateway.declaration),
                    self.is_attached(GatewayId::from(index), Some(vpc)),
                ]));
            }
        }
        let why = self.hidden_in_vpc(vpc);
        if !why.is_empty() {
            answers.push(Answer::unknown(why));
        }
        answers.push(Answer::no(self.vpc(vpc).declaration.evidence("has no internet gateway")));
        Answer::any(answers)
    }

    /// Whether public access of the VPC is not blocked; `inbound` for traffic that needs the way back open too.
    fn public_access(&self, vpc: Option<VpcId>, subnet: Option<SubnetId>, inbound: bool) -> Answer {
        let mut answers = Vec::new();
        for block in &self.public_access {
            // `block-ingress` lets answers to outgoing connections of NAT gateways through, and nothing else.
            let blocks = block.mode.ask("internet_gateway_block_mode", |mode| {
                Truth::known(mode == "block-bidirectional" || (inbound && mode == "block-ingress"))
            });
            let here = vpc.map_or(Truth::Unknown, |vpc| region::same(&self.vpc(vpc).region, &block.region));
            let exclusions = block.exclusions.iter().map(|exclusion| {
                let of_vpc = match (&exclusion.vpc, vpc) {
                    (Some(reference), Some(vpc)) => reference.link.is(vpc),
                    (Some(_), None) => Truth::Unknown,
                    (None, _) => Truth::No,
                };
                let of_subnet = match (&exclusion.subnet, subnet) {
                    (Some(reference), Some(subnet)) => reference.link.is(subnet),
                    (Some(_), None) => Truth::Unknown,
                    (None, _) => Truth::No,
                };
                (of_vpc | of_subnet) & exclusion.declaration.exists
            });
            let excluded = Truth::any(exclusions);
            let mut answer = Answer::all([existence(&block.declaration), blocks]);
            answer.truth = answer.truth & here & !excluded;
            if answer.truth.is_yes() {
                answer.evidence = vec![block.mode.evidence("blocks what goes through internet gateways")];
            }
            if answer.truth.is_unknown() && answer.reasons.is_empty() {
                let text = "whether public access is blocked here is not known";
                answer.reasons.push(Reason::new(text, block.declaration.decl_range));
            }
            answers.push(answer.negate());
        }
        Answer::all(answers)
    }

    /// Whether a subnet's routes lead to addresses of another VPC, or of a subnet in it where that is known, by a peering
    /// connection or a transit gateway attachment between the two.
    pub fn route_between(&self, from: SubnetId, to: VpcId, near: Option<SubnetId>) -> Answer {
        let subnet = self.subnet(from);
        let tables = subnet.route_table.link.candidates();
        if tables.is_empty() {
            let text = format!("the route table of {} is not known", subnet.declaration.address);
            return Answer::unknown([Reason::new(text, subnet.declaration.decl_range)]);
        }
        let answers = tables
            .iter()
            .map(|id| {
                let table = self.route_table(*id);
                let mut answers = Vec::new();
                for route in &table.routes {
                    let Destination::Cidr(destination) = &route.destination else {
                        if !matches!(
                            route.target,
                            RouteTarget::Local | RouteTarget::Nothing(_) | RouteTarget::Empty(_)
                        ) {
                            let text = "what this route applies to is not known";
                            answers.push(Answer::unknown([Reason::new(text, route.declaration.decl_range)]));
                        }
                        continue;
                    };
                    let covers = self.covers_vpc(destination, to, near);
                    let RouteTarget::Gateway(_, reference) = &route.target else { continue };
                    let leads: Vec<Answer> = reference
                        .link
                        .candidates()
                        .iter()
                        .map(|gateway| self.connects(*gateway, subnet.vpc.link.to(), to))
                        .collect();
                    let leads =
                        if leads.is_empty() { unknown_link(reference) } else { agree(leads, reference) };
                    answers.push(Answer::all([existence(&route.declaration), covers, leads]));
                }
                let mut why = table.open.clone();
                if let Some(vpc) = table.vpc.link.to() {
                    why.extend(self.hidden_in_vpc(vpc));
                }
                if !why.is_empty() {
                    answers.push(Answer::unknown(why));
                }
                answers.push(Answer::no(table.declaration.evidence("no route to the other VPC here")));
                Answer::any(answers)
            })
            .collect();
        agree(answers, &subnet.route_table)
    }

    /// Whether rules of groups in a VPC see the groups of interfaces in another one: across a transit gateway they do only
    /// where both it and its attachments are told to, and not in outbound rules.
    /// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html#vpc-attachment-security>
    pub fn refers(&self, from: VpcId, to: VpcId, direction: Direction) -> Truth {
        let attached = |gateway: &Gateway, vpc: VpcId| {
            Truth::any(gateway.vpcs.iter().map(|(reference, exists)| reference.link.is(vpc) & *exists))
        };
        let seen = [from, to]
            .into_iter()
            .all(|vpc| self.vpc(vpc).origin.is_closed() && self.hidden_in_vpc(vpc).is_empty());
        let mut ways = Vec::new();
        for gateway in 0..self.gateways.len() {
            let id = GatewayId::from(gateway);
            let gateway = self.gateway(id);
            let is_between = attached(gateway, from) & attached(gateway, to);
            if is_between.is_no() || gateway.declaration.exists.is_no() {
                continue;
            }
            match gateway.kind {
                GatewayKind::Transit if is_between.is_yes() && gateway.origin.is_closed() => {
                    let both = self.transit_attachments.iter().filter(|attachment| {
                        let own = attachment.vpc.link.is(from) | attachment.vpc.link.is(to);
                        attachment.gateway == id && own.is_yes()
                    });
                    let told = Truth::all(both.map(|attachment| attachment.refers));
                    ways.push(match direction {
                        Direction::Ingress => told,
                        Direction::Egress => told & Truth::Unknown,
                    });
                }
                GatewayKind::Transit => ways.push(Truth::Unknown),
                GatewayKind::Peering => ways.push(Truth::Yes),
                // These belong to one VPC.
                GatewayKind::Internet
                | GatewayKind::Nat(_)
                | GatewayKind::EgressOnly
                | GatewayKind::Vpn
                | GatewayKind::Interface(_)
                | GatewayKind::Endpoint
                | GatewayKind::Other
                | GatewayKind::Unknown => {}
            }
        }
        // Where nothing is seen between them, it is for the routes to say.
        if ways.is_empty() || !seen { Truth::Yes } else { Truth::any(ways) }
    }

    fn covers_vpc(&self, destination: &Fact<Cidr>, vpc: VpcId, near: Option<SubnetId>) -> Answer {
        let within = |outer: &Cidr, inner: &Cidr| match outer.covers(inner) {
            Coverage::All => Truth::Yes,
            Coverage::None => Truth::No,
            Coverage::Part | Coverage::Unknown => Truth::Unknown,
        };
        if let Some(near) = near {
            let range = self.addresses_of(near, Truth::No);
            let answer = destination
                .ask("applies to this range", |outer| range.satisfies(|inner| within(outer, inner)));
            if !answer.truth.is_unknown() {
                return answer;
            }
        }
        let vpc = self.vpc(vpc);
        let Some(primary) = vpc.cidrs.first() else {
            let text = format!("the range of {} is not known", vpc.declaration.address);
            return Answer::unknown([Reason::new(text, vpc.declaration.decl_range)]);
        };
        let mut answer =
            destination.ask("applies to this range", |outer| primary.satisfies(|inner| within(outer, inner)));
        if answer.truth.is_unknown() && answer.reasons.is_empty() {
            let text = format!("whether it covers the range of {} is not known", vpc.declaration.address);
            answer.reasons.push(Reason::new(text, destination.span));
        }
        answer
    }

    /// Whether a gateway carries traffic between two VPCs.
    fn connects(&self, id: GatewayId, from: Option<VpcId>, to: VpcId) -> Answer {
        let gateway = self.gateway(id);
        let evidence = gateway.declaration.evidence(gateway.declaration.address.clone());
        match &gateway.kind {
            GatewayKind::Peering | GatewayKind::Transit if gateway.origin.is_closed() => {
                let attached = |vpc: VpcId| {
                    Truth::any(
                        gateway.vpcs.iter().map(|(reference, exists)| reference.link.is(vpc) & *exists),
                    )
                };
                let is_transit = matches!(gateway.kind, GatewayKind::Transit);
                let known = |attachment: &&TransitAttachment| {
                    is_transit && attachment.gateway == id && attachment.declaration.exists.is_yes()
                };
                let cut = self.transit_attachments.iter().filter(known).find_map(|attachment| {
                    let comes = from.is_some_and(|from| attachment.vpc.link.is(from).is_yes());
                    let goes = attachment.vpc.link.is(to).is_yes();
                    let associated = Some(&attachment.associated).filter(|_| comes);
                    let announced = Some(&attachment.announced).filter(|_| goes);
                    associated.into_iter().chain(announced).find(|leads| leads.truth.is_no())
                });
                if let Some(cut) = cut {
                    return cut.clone();
                }
                let (from_vpc, to_vpc) = (from, to);
                let from = from.map_or(Truth::Unknown, attached);
                let to = attached(to);
                let mut truth = from & to & gateway.declaration.exists;
                // Attachments of a VPC that is managed elsewhere may be made there too.
                let seen =
                    |vpc: VpcId| self.vpc(vpc).origin.is_closed() && self.hidden_in_vpc(vpc).is_empty();
                let all_seen = seen(to_vpc) && from_vpc.is_none_or(seen);
                if truth.is_no() && is_transit && !all_seen {
                    truth = Truth::Unknown;
                }
                let mut answer = Answer::new(truth).because(evidence);
                if truth.is_unknown() {
                    let address = &gateway.declaration.address;
                    let text = if is_transit {
                        format!("whether {address} connects both VPCs is not known")
                    } else {
                        format!("whether {address} is accepted, and connects both VPCs, is not known")
                    };
                    answer.reasons.push(Reason::new(text, gateway.declaration.decl_range));
                }
                answer
            }
            GatewayKind::Internet | GatewayKind::Nat(_) | GatewayKind::EgressOnly => Answer::no(evidence),
            GatewayKind::Peering
            | GatewayKind::Transit
            | GatewayKind::Vpn
            | GatewayKind::Interface(_)
            | GatewayKind::Endpoint
            | GatewayKind::Other
            | GatewayKind::Unknown => {
                let text = format!("what is behind {} is not known", gateway.declaration.address);
                Answer::unknown([Reason::new(text, gateway.declaration.decl_range)])
            }
        }
    }
}

/// The answer of several alternatives of which one applies: certain only when they agree.
fn agree<Id: Copy + PartialEq>(answers: Vec<Answer>, reference: &Ref<Id>) -> Answer {
    let mut answers = answers.into_iter();
    let Some(first) = answers.next() else { return unknown_link(reference) };
    answers.fold(first, |one, other| either(one, other, reference))
}

fn either<Id: Copy + PartialEq>(one: Answer, other: Answer, reference: &Ref<Id>) -> Answer {
    if one.truth == other.truth {
        return one;
    }
    let mut reasons = one.reasons;
    reasons.extend(other.reasons);
    if reasons.is_empty() {
        reasons = match &reference.link {
            Link::OneOf(_) | Link::Unknown(_) => reference.reasons(),
            Link::To(_) | Link::Outside(_) => Vec::new(),
        };
    }
    let evidence: Vec<Evidence> = one.evidence.into_iter().chain(other.evidence).collect();
    Answer { truth: Truth::Unknown, evidence, reasons }
}
