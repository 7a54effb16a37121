//! SSM021: a target with a public address.

use crate::aws::Declaration;
use crate::aws::compute::Target;
use crate::aws::fact::{Answer, Evidence};
use crate::aws::network::GatewayKind;
use crate::finding::{Fix, Severity, Term};
use crate::proof::{Reach, Service, Site};
use crate::rules::{Defect, Findings, Rule, RuleContext, remedy};

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
        let beside =
            site.subnet.is_some_and(|subnet| context.model.carriers.public_subnets.contains(&subnet));
        let on_purpose = beside || is_public_on_purpose(target);
        let severity = if on_purpose { Severity::Info } else { Severity::Warning };
        let place = public.evidence.first().cloned();
        let subject =
            target.template.as_ref().filter(|template| template.is_managed()).unwrap_or(&target.declaration);
        let mut defect =
            Defect::new(subject, "{} gets a public address, which Session Manager does not need")
                .severity(severity)
                .help(help(target, place.as_ref()))
                .fix(fix(context, site, subject))
                .affects([target.declaration.address.clone()])
                .cause("public address");
        if let Some(place) = place {
            let own = place.span.is_some_and(|span| subject.span.is_some_and(|block| block.contains(span)));
            let here = if own { "asks for a public address" } else { "gives it a public address" };
            defect = defect.at(place.span, here).decided_by(place);
        }
        findings.judge(&Answer { evidence: Vec::new(), ..violation }, || defect);
    }
}

fn help(target: &Target, place: Option<&Evidence>) -> &'static str {
    let at = place.and_then(|place| place.span);
    let elastic = target.elastic_ips.iter().any(|(evidence, _)| at.is_some() && evidence.span == at);
    if elastic {
        "remove the Elastic IP address"
    } else {
        "set `associate_public_ip_address = false`, which replaces a running instance"
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
