//! SSM021: a target with a public address.

use crate::aws::Declaration;
use crate::aws::compute::{Target, TargetId};
use crate::aws::fact::{Answer, Evidence};
use crate::aws::network::GatewayKind;
use crate::finding::{Fix, Severity, Term};
use crate::proof::{Reach, Service, Site};
use crate::rules::{Defect, Findings, Rule, RuleContext, remedy};
use crate::truth::Truth;

pub(super) const RULE: Rule = Rule {
    code: "SSM021",
    name: "public-ip-on-private-instance",
    severity: Severity::Warning,
    category: "network",
    page: include_str!("../../rules/SSM021.md"),
    check,
};

/// Words in the name of an instance that is public on purpose.
const PUBLIC: &[&str] = &["bastion", "jump", "nat", "public", "proxy", "vpn"];

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let reach: &Reach<'_> = context.reach;
    // Of a target that gets an address in several subnets all of them are one thing to change.
    let mut told: Vec<(TargetId, Kind, Answer, Defect)> = Vec::new();
    for site in &reach.sites {
        let target = reach.target(site);
        let public = match site.subnet {
            Some(subnet) if !target.in_default_vpc => target.public_ip(&context.model.network, subnet),
            // What the subnets of the default VPC do is up to the account.
            Some(_) | None => target.public_ip_anywhere(),
        };
        // That an address is possible says nothing where nobody asks for one: in most subnets nobody gets one.
        let violation = Answer::all([target.declaration.existence(), public.clone()]);
        let asks = target.associate_public_ip.is_configured() && !violation.reasons.is_empty();
        let may = violation.truth.is_unknown() && asks;
        if !(violation.truth.is_yes() || may) {
            public_by_v6(context, findings, site);
            continue;
        }
        let kind = kind(context, site);
        let place = public.evidence.first().cloned();
        let subject = target.block_of(place.as_ref().and_then(|place| place.span));
        let fix = fix(context, site, subject);
        let own = place.as_ref().and_then(|place| place.span).is_some_and(|span| subject.holds(span));
        let here = if own { "asks for a public address" } else { "gives it a public address" };
        let same = told.iter_mut().find(|(other, of, answer, _)| {
            *other == site.target && *of == kind && answer.truth == violation.truth
        });
        if let Some((_, _, _, defect)) = same {
            *defect = defect.clone().label(place.and_then(|place| place.span), here).and_fix(fix);
            continue;
        }
        let (message, severity) = match kind {
            Kind::OnPurpose => (NOT_NEEDED, Severity::Info),
            Kind::Needless | Kind::Unclear => (NOT_NEEDED, Severity::Warning),
            Kind::OnlyWay => ("{} gets a public address, its only way to Session Manager", Severity::Info),
        };
        let mut defect = Defect::new(subject, message)
            .severity(severity)
            .help(help(target, place.as_ref(), kind))
            .fix(fix)
            .affects([target.declaration.address.clone()])
            .cause("public address");
        if let Some(place) = place {
            defect = defect.at(place.span, here).decided_by(place);
        }
        told.push((site.target, kind, Answer { evidence: Vec::new(), ..violation }, defect));
    }
    for (_, _, violation, defect) in told {
        findings.judge(&violation, || defect);
    }
}

const NOT_NEEDED: &str = "{} gets a public address, which Session Manager does not need";

/// What a public address is to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The target is meant to be public.
    OnPurpose,
    /// Sessions do without, or would.
    Needless,
    /// Whether anything else leads to the services that a session needs is not known.
    Unclear,
    /// All that leads to a service that a session needs.
    OnlyWay,
}

fn kind(context: &RuleContext<'_>, site: &Site) -> Kind {
    let beside = site.subnet.is_some_and(|subnet| context.model.carriers.public_subnets.contains(&subnet));
    let on_purpose = beside || is_public_on_purpose(context.reach.target(site));
    match is_only_way(context, site) {
        Truth::Yes => Kind::OnlyWay,
        Truth::No | Truth::Unknown if on_purpose => Kind::OnPurpose,
        Truth::No => Kind::Needless,
        Truth::Unknown => Kind::Unclear,
    }
}

/// Whether nothing but its public address leads a site to the services that a session needs.
fn is_only_way(context: &RuleContext<'_>, site: &Site) -> Truth {
    let reach = context.reach;
    let (Some(subnet), Some(vpc)) = (site.subnet, site.vpc.to()) else { return Truth::Unknown };
    let egress = context.model.network.egress(subnet);
    let served = Truth::all(Service::SESSION.map(|service| {
        let endpoint = reach.presence(vpc, service).answer.truth;
        endpoint | reach.zone_leads_away(vpc, service).truth | reach.may_be_forwarded(vpc, service).truth
    }));
    // With another way it is not needed, and where it leads nowhere it is of no use.
    site.internet.truth & !(egress.nat.truth | egress.other.truth | served)
}

fn help(target: &Target, place: Option<&Evidence>, kind: Kind) -> &'static str {
    let at = place.and_then(|place| place.span);
    let elastic = target.elastic_ips.iter().any(|(evidence, _)| at.is_some() && evidence.span == at);
    match (kind, elastic) {
        (Kind::OnlyWay, true) => {
            "give it interface endpoints or a NAT gateway, and then remove the Elastic IP address"
        }
        (Kind::OnlyWay, false) => {
            "give it interface endpoints or a NAT gateway, and then set `associate_public_ip_address = false`"
        }
        (Kind::Unclear, true) => {
            "where endpoints or NAT lead to Systems Manager, remove the Elastic IP address"
        }
        (Kind::Unclear, false) => {
            "where endpoints or NAT lead to Systems Manager, set `associate_public_ip_address = false`"
        }
        (Kind::OnPurpose | Kind::Needless, true) => "remove the Elastic IP address",
        (Kind::OnPurpose | Kind::Needless, false) => {
            "set `associate_public_ip_address = false`, which replaces a running instance"
        }
    }
}

/// No public address, where the argument is all that gives one and no way is lost with it. It replaces the instance.
fn fix(context: &RuleContext<'_>, site: &Site, subject: &Declaration) -> Option<Fix> {
    let target = context.reach.target(site);
    let vpc = site.vpc.to()?;
    if site.internet.truth.is_yes() {
        return None;
    }
    let mut needed = Service::ALL.into_iter().filter(|service| context.reach.needs(vpc, *service));
    if site.internet.truth.is_unknown()
        && !needed.all(|service| context.reach.presence(vpc, service).answer.truth.is_yes())
    {
        return None;
    }
    let fact = &target.associate_public_ip;
    let is_instance = subject.addr.as_ref().is_some_and(|addr| addr.resource.type_name == "aws_instance");
    if !target.elastic_ips.is_empty() || !(fact.is_configured() || is_instance) {
        return None;
    }
    let fix = remedy::set(context, subject, fact, "associate_public_ip_address", Term::Bool(false));
    remedy::with_a_look(fix)
}

/// An IPv6 address is public where a route leads it to an internet gateway.
fn public_by_v6(context: &RuleContext<'_>, findings: &mut Findings<'_>, site: &Site) {
    let network = &context.model.network;
    let target = context.reach.target(site);
    let Some(subnet) = site.subnet.filter(|_| site.certain.is_yes()) else { return };
    let assigned = &network.subnet(subnet).assign_ipv6;
    let egress = network.egress(subnet);
    let to_gateway = egress.routes.iter().any(|route| {
        let kind = route.gateway.map(|gateway| &network.gateway(gateway).kind);
        route.truth.is_yes() && matches!(kind, Some(GatewayKind::Internet))
    });
    if !assigned.is(&true).is_yes()
        || !egress.ipv6.truth.is_yes()
        || !to_gateway
        || is_public_on_purpose(target)
    {
        return;
    }
    findings.judge(&target.declaration.existence(), || {
        Defect::new(&target.declaration, "{} gets a public IPv6 address")
            .severity(Severity::Info)
            .label(assigned.span, "the subnet assigns IPv6 addresses")
            .help("lead `::/0` to an egress-only internet gateway, which lets nothing in")
            .affects([target.declaration.address.clone()])
            .cause("public IPv6 address")
    });
}

fn is_public_on_purpose(target: &Target) -> bool {
    let forwards = target.source_dest_check.is(&false).is_yes();
    let name = target.name_tag.value().and_then(Option::as_ref).map(|name| name.to_ascii_lowercase());
    let address = target.declaration.address.to_ascii_lowercase();
    let named =
        |text: &str| text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| PUBLIC.contains(&word));
    forwards || named(&address) || name.is_some_and(|name| named(&name))
}
