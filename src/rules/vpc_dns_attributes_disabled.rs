//! SSM005: a VPC whose DNS attributes are off although its endpoints need them.

use crate::aws::fact::{Answer, Evidence, Fact};
use crate::aws::link::VpcId;
use crate::aws::network::existence;
use crate::finding::{Severity, Term};
use crate::proof::{Reach, Service};
use crate::rules::{Defect, Findings, Rule, RuleContext, remedy};
use crate::truth::Truth;

pub(super) const RULE: Rule = Rule {
    code: "SSM005",
    name: "vpc-dns-attributes-disabled",
    severity: Severity::Error,
    category: "dns",
    page: include_str!("../../rules/SSM005.md"),
    check,
};

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let reach = context.reach;
    for id in context.model.network.vpc_ids() {
        let vpc = context.model.network.vpc(id);
        if !vpc.declaration.is_managed() {
            continue;
        }
        let there = existence(&vpc.declaration);
        let there = Answer { evidence: Vec::new(), ..there };
        let relied_on = relies_on_names(reach, id);
        let custom = context.model.network.custom_dns(id);
        let inhabited = reach.sites_in(id).any(|site| site.certain.is_yes());
        let inhabited = Answer::all([Answer::new(Truth::known(inhabited)), custom.negate()]);
        let inhabited = Answer { evidence: Vec::new(), ..inhabited };
        let uses_support = Answer::any([relied_on.clone(), inhabited]);
        let affected = || reach.sites_in(id).map(|site| reach.target(site).declaration.address.clone());

        let set = |fact: &Fact<bool>, name: &'static str| {
            remedy::set(context, &vpc.declaration, fact, name, Term::Bool(true))
        };

        let violation = Answer::all([there.clone(), off(&vpc.dns_support), uses_support]);
        findings.judge(&violation, || {
            Defect::new(&vpc.declaration, "{} has DNS support off, so no name resolves in it")
                .at_fact(&vpc.dns_support, "DNS support is off")
                .help("set `enable_dns_support = true`")
                .fix(set(&vpc.dns_support, "enable_dns_support"))
                .affects(affected())
                .cause("enable_dns_support")
        });

        let here = if vpc.dns_hostnames.is_configured() {
            "DNS hostnames are off"
        } else {
            "without `enable_dns_hostnames` DNS hostnames are off"
        };
        let violation = Answer::all([there, off(&vpc.dns_hostnames), relied_on]);
        let defect = Defect::new(
            &vpc.declaration,
            "{} has DNS hostnames off, which private DNS of its endpoints needs",
        )
        .at_fact(&vpc.dns_hostnames, here)
        .help("set `enable_dns_hostnames = true`")
        .fix(set(&vpc.dns_hostnames, "enable_dns_hostnames"))
        .affects(affected())
        .cause("enable_dns_hostnames");
        findings.judge(&violation, || match does_without(reach, id) {
            true => defect
                .severity(Severity::Warning)
                .note("private DNS of the endpoints is off too; all instances go out over the internet"),
            false => defect,
        });
    }
}

/// Whether the endpoints are not used yet: no name leads to one, and all instances have a way to the internet.
fn does_without(reach: &Reach<'_>, vpc: VpcId) -> bool {
    let network = &reach.model.network;
    let mut sites = reach.sites_in(vpc).peekable();
    let mut endpoints = network
        .endpoint_ids()
        .map(|id| network.endpoint(id))
        .filter(|endpoint| !(endpoint.vpc.link.is(vpc) & endpoint.declaration.exists).is_no());
    let mut services = Service::ALL.into_iter();
    sites.peek().is_some()
        && sites.all(|site| site.internet.truth.is_yes())
        && endpoints.all(|endpoint| endpoint.private_dns.is(&true).is_no())
        && services.all(|service| reach.zone_leads_away(vpc, service).truth.is_no())
}

fn off(attribute: &Fact<bool>) -> Answer {
    Answer { evidence: Vec::new(), ..attribute.ask("", |on| Truth::known(!on)) }
}

/// Whether an endpoint with private DNS, an endpoint for Systems Manager, or a private zone in its place is in the VPC.
fn relies_on_names(reach: &Reach<'_>, vpc: VpcId) -> Answer {
    let network = &reach.model.network;
    let mut answers = Vec::new();
    // Names lead instances alone.
    let inhabited = reach.sites.iter().any(|site| !(site.vpc.is(vpc) & site.certain).is_no());
    for id in network.endpoint_ids() {
        let endpoint = network.endpoint(id);
        let here = endpoint.vpc.link.is(vpc);
        let ours = Truth::any(Service::ALL.iter().map(|service| endpoint.service.is(service.label())));
        // Another type is written on purpose; one that is left out is a mistake about to be made good.
        let other_type =
            endpoint.is_interface().is_no() && (endpoint.endpoint_type.is_configured() || !ours.is_yes());
        if here.is_no() || other_type {
            continue;
        }
        let private = endpoint.private_dns.is(&true);
        // Private DNS that is off on purpose is for instances elsewhere, where none are here.
        let for_others = !inhabited && endpoint.private_dns.is_configured() && private.is_no();
        if for_others {
            continue;
        }
        let truth = Truth::all([here, ours | private, endpoint.declaration.exists]);
        let evidence =
            Evidence::at(endpoint.declaration.decl_range, "this endpoint relies on names in the VPC");
        let mut answer = Answer::new(truth).because(evidence);
        if truth.is_unknown() {
            answer.reasons = existence(&endpoint.declaration).reasons;
            answer.reasons.extend(endpoint.vpc.reasons());
            let on = endpoint.private_dns.ask("private_dns_enabled", |on| Truth::known(*on));
            answer.reasons.extend(on.reasons);
        }
        answers.push(answer);
    }
    // Where there are no instances, nothing is missed yet.
    for service in Service::ALL.into_iter().filter(|_| inhabited) {
        let region = network.vpc(vpc).region.value().and_then(Option::as_ref);
        for zone in network.zones_for(vpc, service.label(), region.map(|region| region.as_str())) {
            if zone.exact.is_yes() {
                answers.push(zone.associated);
            }
        }
    }
    Answer::any(answers)
}
