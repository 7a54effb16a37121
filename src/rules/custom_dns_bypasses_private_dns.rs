//! SSM018: DNS servers or rules that keep the agent's names from leading to the endpoints.

use crate::aws::fact::Answer;
use crate::finding::Severity;
use crate::proof::{Service, Site};
use crate::rules::{Defect, Findings, Rule, RuleContext};

pub(super) const RULE: Rule = Rule {
    code: "SSM018",
    name: "custom-dns-bypasses-private-dns",
    severity: Severity::Warning,
    category: "dns",
    page: include_str!("../../rules/SSM018.md"),
    check,
};

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let reach = context.reach;
    let network = &context.model.network;
    for vpc in network.vpc_ids() {
        let sites: Vec<&Site> = reach.sites_in(vpc).filter(|site| !site.certain.is_no()).collect();
        let led = |service: &Service| sites.iter().any(|site| !reach.led_to(vpc, *service, site).is_empty());
        let services = Service::ALL.into_iter().filter(|service| reach.needs(vpc, *service));
        let services: Vec<Service> = services.filter(led).collect();
        if services.is_empty() {
            continue;
        }
        let declaration = &network.vpc(vpc).declaration;
        let region = network.vpc(vpc).region.value().and_then(Option::as_ref).map(|region| region.as_str());
        let affected = || sites.iter().map(|site| reach.target(site).declaration.address.clone());
        let report =
            |findings: &mut Findings<'_>, answer: Answer, severity: Severity, message: &str, help: &str| {
                let place = answer.evidence.last().cloned();
                let mut defect = Defect::new(declaration, message)
                    .severity(severity)
                    .help(help)
                    .affects(affected())
                    .cause(message);
                if let Some(place) = place {
                    defect = defect.at(place.span, place.note.clone()).decided_by(place);
                }
                findings.judge(&Answer { evidence: Vec::new(), ..answer }, || defect);
            };
        if declaration.is_managed() {
            report(
                findings,
                network.mixed_dns(vpc),
                Severity::Info,
                "{} hands out Amazon's DNS server beside others, which answer some of the time",
                "hand out AmazonProvidedDNS alone, or let the others forward amazonaws.com to it",
            );
        }
        let forwarder = context.model.assumptions.dns_forwarder().map(|(_, on)| on);
        if forwarder != Some(true) && declaration.is_managed() {
            report(
                findings,
                network.custom_dns(vpc),
                if forwarder == Some(false) { Severity::Error } else { Severity::Warning },
                "{} hands out DNS servers that do not know its endpoints, unless they forward to Amazon's",
                "hand out AmazonProvidedDNS, or let these servers forward amazonaws.com to the VPC's resolver",
            );
        }
        for service in services {
            let (exact, _) = network.forwards(vpc, service.label(), region);
            let message = format!("a resolver rule takes the name of {} away from {{}}", service.label());
            report(findings, exact, Severity::Error, &message, "remove the rule, or narrow its domain");
            let blocked = network.firewall_blocks(vpc, service.label(), region);
            let message = "a DNS firewall blocks the agent's names in {}";
            report(findings, blocked, Severity::Error, message, "allow the names before they are blocked");
        }
    }
}
