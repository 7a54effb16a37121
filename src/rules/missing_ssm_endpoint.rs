//! SSM003: a VPC whose instances have no internet and that lacks an endpoint for Systems Manager.

use crate::addr::InstanceKey;
use crate::aws::fact::{Answer, Evidence};
use crate::aws::link::VpcId;
use crate::aws::network::existence;
use crate::finding::Severity;
use crate::proof::{Ec2Messages, Reach, Service, Site};
use crate::rules::{Defect, Findings, Rule, RuleContext, remedy};

pub(super) const RULE: Rule = Rule {
    code: "SSM003",
    name: "missing-ssm-endpoint",
    severity: Severity::Error,
    category: "endpoint",
    page: include_str!("../../rules/SSM003.md"),
    check,
};

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let reach = context.reach;
    for vpc in context.model.network.vpc_ids() {
        let sites: Vec<&Site> = reach.sites_in(vpc).filter(|site| !site.certain.is_no()).collect();
        if sites.is_empty() {
            continue;
        }
        let needed: Vec<Service> =
            Service::ALL.into_iter().filter(|service| reach.needs(vpc, *service)).collect();
        // What is wrong with the way to another VPC's endpoint is for another rule to say.
        let needed: Vec<Service> =
            needed.into_iter().filter(|service| !reach.is_to_share(vpc, *service)).collect();
        if needed.is_empty() {
            continue;
        }
        let answers: Vec<(Service, Answer)> =
            needed.iter().map(|service| (*service, is_served(reach, vpc, *service))).collect();
        let nothing = answers.iter().all(|(_, served)| served.truth.is_no());
        let cut_off = sites
            .iter()
            .filter(|site| !(nothing && reach.broken_nat(site).is_some() || may_go_out(reach, vpc, site)));
        let cut_off: Vec<(&Site, Answer)> = cut_off
            .map(|site| (*site, Answer::all([reach.used(site), site.internet.clone().negate()])))
            .collect();
        let somebody = Answer::any(cut_off.iter().map(|(_, answer)| answer.clone()));

        let missing: Vec<Service> =
            answers.iter().filter(|(_, served)| served.truth.is_no()).map(|(service, _)| *service).collect();
        if !missing.is_empty() && !somebody.truth.is_no() {
            let affected = cut_off.iter().filter(|(_, answer)| answer.truth == somebody.truth);
            let affected = affected.map(|(site, _)| reach.target(site).declaration.address.clone());
            findings.judge(&Answer { evidence: Vec::new(), ..somebody.clone() }, || {
                defect(context, vpc, &missing).affects(affected)
            });
        } else {
            let open = answers.iter().filter(|(_, served)| served.truth.is_unknown());
            let open: Vec<(Service, Answer)> = open.cloned().collect();
            if !open.is_empty() && !somebody.truth.is_no() {
                let services: Vec<Service> = open.iter().map(|(service, _)| *service).collect();
                let unserved = Answer::any(open.into_iter().map(|(_, served)| served.negate()));
                let violation = Answer::all([somebody, unserved]);
                findings
                    .judge(&Answer { evidence: Vec::new(), ..violation }, || defect(context, vpc, &services));
            }
        }
    }
}

/// Whether a target that this configuration puts into no subnet has one in the VPC that leads to the internet.
fn may_go_out(reach: &Reach<'_>, vpc: VpcId, site: &Site) -> bool {
    let network = &reach.model.network;
    let target = reach.target(site);
    site.subnet.is_none()
        && network.subnet_ids().any(|subnet| {
            let here = network.subnet(subnet).vpc.link.is(vpc);
            let out = || network.internet_path(subnet, target.public_ip(network, subnet)).truth;
            here.is_yes() && out().is_yes()
        })
}

/// Whether the VPC has the service: by an endpoint, by one of the wrong type that another rule reports, or by a zone.
fn is_served(reach: &Reach<'_>, vpc: VpcId, service: Service) -> Answer {
    let network = &reach.model.network;
    let presence = reach.presence(vpc, service);
    let wrong_type =
        presence.endpoints.iter().map(|id| network.endpoint(*id)).filter(|endpoint| {
            endpoint.is_interface().is_no() && endpoint.service.is(service.label()).is_yes()
        });
    let of_wrong_type = Answer::any(wrong_type.map(|endpoint| existence(&endpoint.declaration)));
    Answer::any([
        presence.answer.clone(),
        of_wrong_type,
        reach.zone_leads_away(vpc, service),
        reach.may_be_forwarded(vpc, service),
    ])
}

fn defect(context: &RuleContext<'_>, vpc: VpcId, missing: &[Service]) -> Defect {
    let network = &context.model.network;
    let declaration = &network.vpc(vpc).declaration;
    let labels: Vec<&str> = missing.iter().map(|service| service.label()).collect();
    let message =
        format!("no endpoint for {} in {{}}, and its instances have no way to the internet", list(&labels));
    let mut defect = Defect::new(declaration, message).cause(&labels.join(","));
    let advice =
        missing == [Service::Ec2Messages] && context.reach.options.ec2messages == Ec2Messages::Advisory;
    if advice {
        defect = defect.severity(Severity::Warning);
    }
    let off = missing.iter().find_map(|service| context.model.absent.endpoint(vpc, service.label()));
    // Where there is no endpoint at all, the one block that would make some is the one that is missed.
    let nothing =
        Service::ALL.iter().all(|service| context.reach.presence(vpc, *service).endpoints.is_empty());
    let sure = off.filter(|(endpoint, truth)| truth.is_yes() || endpoint.service.is_some() || nothing);
    defect = match (decided_by_keys(context, vpc), sure) {
        (None, Some((endpoint, truth))) => {
            let here = if truth.is_yes() {
                format!("the endpoint for {} is switched off here", missing[0].label())
            } else {
                format!("{} is switched off here", endpoint.address)
            };
            defect
                .at(endpoint.because.span, here)
                .decided_by(endpoint.because.clone())
                .label(declaration.decl_range, "the VPC that lacks it")
                .help(format!("switch the endpoint for {} on, or add a NAT gateway", list(&labels)))
        }
        (Some(Repeated { by, have, argument }), _) => {
            let here = format!("endpoints exist only for: {}", have.join(", "));
            let like = have.first().copied().unwrap_or_default();
            let fix = match argument {
                "for_each" => remedy::add_services(context, &by, missing, like),
                _ => None,
            };
            defect
                .fix(fix)
                .at(by.span, here)
                .decided_by(by)
                .help(format!("add {} to the services that `{argument}` goes through", quoted(&labels)))
        }
        (None, None) => {
            let here = format!("has no endpoint for {}", list(&labels));
            defect
                .fix(remedy::copy_endpoint(context, vpc, missing))
                .at(declaration.decl_range, here)
                .help(format!("add an interface endpoint for {}, or a NAT gateway", list(&labels)))
        }
    };
    if let Some((endpoint, _)) = off.filter(|_| sure.is_none()) {
        let note = format!("{} is switched off here", endpoint.address);
        defect = defect.label(endpoint.because.span, note);
    }
    if let Some(nat) = context.model.absent.nat(vpc) {
        defect = defect.label(nat.because.span, format!("{} is switched off here", nat.address));
    }
    for service in missing {
        for id in context.reach.presence(vpc, *service).elsewhere.iter().copied() {
            let endpoint = &network.endpoint(id).declaration;
            let note = format!("an endpoint for {} exists, but in another VPC", service.label());
            defect = defect.label(endpoint.decl_range, note);
        }
        defect = defect.note(service.loss());
    }
    defect
}

/// One block that makes the endpoints of a VPC.
struct Repeated {
    /// The argument that says how many.
    by: Evidence,
    /// The services that it makes them for.
    have: Vec<&'static str>,
    /// `for_each` or `count`.
    argument: &'static str,
}

/// The `for_each`, or the `count` over more than one service, that makes the endpoints of the VPC.
fn decided_by_keys(context: &RuleContext<'_>, vpc: VpcId) -> Option<Repeated> {
    let network = &context.model.network;
    let mut found: Option<(String, Repeated)> = None;
    for service in Service::ALL {
        for id in context.reach.presence(vpc, service).endpoints.iter().copied() {
            let declaration = &network.endpoint(id).declaration;
            let addr = declaration.addr.as_ref()?;
            let argument = match addr.key {
                InstanceKey::String(_) => "for_each",
                InstanceKey::Int(_) => "count",
                InstanceKey::None | InstanceKey::Unknown => return None,
            };
            let block = addr.without_keys();
            let span = context.trails.span(declaration.exists_because)?;
            if found.as_ref().is_some_and(|(other, _)| *other != block) {
                return None;
            }
            let by = Evidence { span: Some(span), origin: declaration.exists_because, note: String::new() };
            let (_, repeated) =
                found.get_or_insert_with(|| (block, Repeated { by, have: Vec::new(), argument }));
            repeated.have.push(service.label());
        }
    }
    // A single one with a number is one that `count` switches on, and no list of services.
    found.map(|(_, found)| found).filter(|found| found.argument == "for_each" || found.have.len() > 1)
}

fn list(labels: &[&str]) -> String {
    match labels {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn quoted(labels: &[&str]) -> String {
    let quoted: Vec<String> = labels.iter().map(|label| format!("\"{label}\"")).collect();
    quoted.join(", ")
}
