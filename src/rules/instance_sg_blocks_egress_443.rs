//! SSM007: instance security groups that let no HTTPS out to where the agent has to go.

use std::collections::BTreeSet;

use crate::aws::cidr::Coverage;
use crate::aws::compute::Target;
use crate::aws::fact::{Answer, Reason};
use crate::aws::link::{EndpointId, SubnetId, VpcId};
use crate::aws::network::Network;
use crate::aws::security_group::{Admission, Direction, Group, Party, Rule};
use crate::finding::{Fix, Severity};
use crate::proof::{Reach, Service, Site};
use crate::rules::{self, Defect, Findings, RuleContext, remedy};
use crate::source::Span;
use crate::truth::Truth;

pub(super) const RULE: rules::Rule = rules::Rule {
    code: "SSM007",
    name: "instance-sg-blocks-egress-443",
    severity: Severity::Error,
    category: "network",
    page: include_str!("../../rules/SSM007.md"),
    check,
};

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let reach = context.reach;
    let network = &context.model.network;
    for site in &reach.sites {
        let target = reach.target(site);
        if let Some(span) = target.groups_beside_interface {
            let subject = target.template.as_ref().unwrap_or(&target.declaration);
            let defect =
                Defect::new(subject, "{} gives its security groups beside a network interface that has none")
                    .at(Some(span), "AWS refuses to launch instances with this")
                    .help("move the groups into `security_groups` of the `network_interfaces` block")
                    .affects([target.declaration.address.clone()])
                    .cause("groups beside the interface");
            findings.judge(&reach.used(site), || defect);
            continue;
        }
        if let Some(group) = reach.foreign_group(&target.groups, &site.vpc) {
            let group = &network.group(group).declaration;
            findings.judge(&reach.used(site), || {
                Defect::new(
                    &target.declaration,
                    format!(
                        "{{}} is given {}, a security group of another VPC than its subnet's",
                        group.address
                    ),
                )
                .at(target.groups.span, "AWS refuses the instance with this group")
                .label(group.decl_range, "this group is of another VPC")
                .help("take a group of the VPC in which the subnet is")
                .affects([target.declaration.address.clone()])
                .cause("group of another VPC")
            });
            continue;
        }
        let ways = ways(reach, site);
        let answers: Vec<Admission> = ways.iter().map(|way| admission(reach, site, way)).collect();
        let Some(nearest) =
            answers.iter().find(|admission| admission.answer.truth.is_no()).or(answers.first())
        else {
            continue;
        };
        let by_endpoint = |way: &Way| matches!(way.to, Whither::Interface(..) | Whither::Vpc(_));
        let blocked = if ways.iter().all(by_endpoint) {
            // DNS alternates between the interfaces of an endpoint: one that is admitted is enough now and then. But a
            // session needs every service.
            let open = Answer::all(Service::SESSION.into_iter().filter_map(|service| {
                let mut of_service =
                    ways.iter().zip(&answers).filter(|(way, _)| way.service == service).peekable();
                of_service.peek()?;
                Some(Answer::any(of_service.map(|(_, admission)| admission.answer.clone())))
            }));
            let some = open.truth.is_yes() && answers.iter().any(|admission| admission.answer.truth.is_no());
            if some && site.certain.is_yes() {
                findings.judge(&Answer::new(Truth::Yes), || {
                    defect(
                        network,
                        target,
                        nearest,
                        "does not let HTTPS out to all of the endpoint's network interfaces",
                    )
                    .severity(Severity::Warning)
                    .note("sessions fail now and then: DNS alternates between the interfaces")
                    .affects([target.declaration.address.clone()])
                });
                continue;
            }
            let part = ways.iter().zip(&answers).find(|(way, admission)| {
                let any_address =
                    |endpoint: EndpointId, subnet| !network.endpoint(endpoint).address_in(subnet).1;
                admission.coverage == Coverage::Part
                    && matches!(way.to, Whither::Interface(endpoint, subnet) if any_address(endpoint, subnet))
            });
            if let Some((_, part)) = part.filter(|_| !open.truth.is_no() && site.certain.is_yes()) {
                findings.judge(&Answer::new(Truth::Yes), || {
                    defect(network, target, part, "does not let HTTPS out to all of an endpoint's subnet")
                        .severity(Severity::Warning)
                        .note("the endpoint may get an address that is not covered")
                        .affects([target.declaration.address.clone()])
                });
                continue;
            }
            open.negate()
        } else {
            // It is not known which of these ways it takes; blocked is proven where none of them is open.
            Answer::all(answers.iter().map(|admission| admission.answer.clone().negate()))
        };
        // Where nothing leads to public addresses, what may get out to them makes no difference.
        let only_internet = ways.iter().all(|way| matches!(way.to, Whither::Internet { .. }));
        let lets_some_out = !nearest.candidates.is_empty() || blocked.truth.is_unknown();
        if only_internet && lets_some_out && site.internet.truth.is_no() {
            continue;
        }
        let mut violation = Answer::all([reach.used(site), blocked]);
        violation.evidence.clear();
        let lets = match ways.iter().any(by_endpoint) {
            true => "lets no HTTPS out to the endpoints",
            false => "lets no HTTPS out to the internet",
        };
        findings.judge(&violation, || {
            defect(network, target, nearest, lets)
                .affects([target.declaration.address.clone()])
                .fix(fix(context, site, &ways, nearest))
        });
    }
}

/// A rule in the group that the finding is about, to the groups of the endpoints.
fn fix(context: &RuleContext<'_>, site: &Site, ways: &[Way], nearest: &Admission) -> Option<Fix> {
    let network = &context.model.network;
    let target = context.reach.target(site);
    let nearest = nearest.candidates.first().map(|(group, _)| *group);
    let group = nearest.or_else(|| target.groups.ids().next())?;
    let mut peers = BTreeSet::new();
    for way in ways {
        let Whither::Interface(endpoint, _) = way.to else { return None };
        peers.extend(network.endpoint(endpoint).groups.ids().next());
    }
    remedy::let_https(context, group, Direction::Egress, &peers, site.vpc.to())
}

/// Where the agent's connections to a service go.
struct Way {
    service: Service,
    to: Whither,
}

enum Whither {
    /// To the interface of an endpoint in a subnet.
    Interface(EndpointId, SubnetId),
    /// To an endpoint of which it is only known what VPC it is in.
    Vpc(VpcId),
    /// To public addresses, and whether it is proven that they can be reached.
    Internet {
        /// Whether routes and gateways lead there.
        proven: bool,
    },
}

/// Where the connections of a site go, as far as is known; nothing where there is no way that this rule could judge.
fn ways(reach: &Reach<'_>, site: &Site) -> Vec<Way> {
    let network = &reach.model.network;
    let mut ways = Vec::new();
    let mut by_endpoint = true;
    for service in Service::SESSION {
        let endpoints = site.vpc.to().map(|vpc| (vpc, reach.led_to(vpc, service, site)));
        let Some((vpc, endpoints)) = endpoints.filter(|(_, endpoints)| !endpoints.is_empty()) else {
            by_endpoint = false;
            continue;
        };
        for id in endpoints {
            let endpoint = network.endpoint(id);
            if endpoint.assumed {
                ways.push(Way { service, to: Whither::Vpc(vpc) });
            }
            // An endpoint whose addresses the instance has no use for is not for this rule to judge.
            if reach.shares_family(site, id).truth.is_no() {
                continue;
            }
            // Nor is an interface that AWS does not make.
            let made = |subnet: &SubnetId| !network.subnet(*subnet).vpc.link.same(&endpoint.vpc.link).is_no();
            let mut interfaces = endpoint.subnets.ids().filter(made).peekable();
            if interfaces.peek().is_none() && endpoint.subnets.open.is_some() {
                // Where its interfaces are is not known; that nothing gets out on that port holds wherever they are.
                let way = Way { service, to: Whither::Vpc(vpc) };
                if admission(reach, site, &way).candidates.is_empty() {
                    ways.push(way);
                }
            }
            ways.extend(interfaces.map(|subnet| Way { service, to: Whither::Interface(id, subnet) }));
        }
    }
    if !by_endpoint && ways.is_empty() {
        let proven = site.internet.truth.is_yes();
        ways.extend(Service::SESSION.map(|service| Way { service, to: Whither::Internet { proven } }));
    }
    ways
}

fn admission(reach: &Reach<'_>, site: &Site, way: &Way) -> Admission {
    let (network, target) = (&reach.model.network, reach.target(site));
    match way.to {
        Whither::Interface(endpoint, subnet) => reach.site_admits(site, endpoint, subnet),
        Whither::Vpc(vpc) => network.admits(&target.groups, Direction::Egress, 443, &Party::Vpc(vpc)),
        Whither::Internet { proven } => {
            let mut admission = network.admits(&target.groups, Direction::Egress, 443, &Party::Internet);
            if admission.answer.truth.is_no() && !proven && !admission.candidates.is_empty() {
                // What lets nothing out to the internet may be all that endpoints need which are not seen.
                let text = "whether these instances are to use endpoints is not known";
                admission.answer.truth = Truth::Unknown;
                admission.answer.reasons.push(Reason::new(text, target.declaration.decl_range));
            }
            admission
        }
    }
}

fn defect(network: &Network, target: &Target, admission: &Admission, lets: &str) -> Defect {
    let nearest = admission.candidates.first().copied();
    let group = nearest.map(|(group, _)| group).or_else(|| target.groups.ids().next());
    let help = "let TCP 443 out to the security group of the endpoints, or to the CIDR block of the VPC";
    let Some(group) = group.map(|id| network.group(id)) else {
        return Defect::new(&target.declaration, format!("{{}} {lets}")).help(help);
    };
    let rule = nearest.and_then(|(_, index)| group.egress.rules.get(index));
    let (place, here) = match rule {
        Some(rule) => {
            let peers: Vec<String> = rule.peers.iter().map(|peer| network.describe_peer(peer)).collect();
            let whither =
                if peers.is_empty() { "nowhere".to_owned() } else { format!("only to {}", peers.join(", ")) };
            (rule.declaration.decl_range, format!("lets HTTPS out {whither}"))
        }
        None => only_rule(group),
    };
    let mut defect = Defect::new(&group.declaration, format!("{{}} {lets}"))
        .at(place.or(group.declaration.decl_range), here)
        .label(target.groups.span, "this instance carries the group")
        .help(help)
        .cause("egress");
    if group.egress.rules.is_empty() && group.declaration.is_managed() {
        defect = defect.note("Terraform removes the rule that AWS gives a new group to let everything out");
    }
    defect
}

/// The place that is nearest to what is missing: the only block with rules; else the group itself.
fn only_rule(group: &Group) -> (Option<Span>, String) {
    let rules: Vec<&Rule> = group.egress.rules.iter().filter(|rule| rule.in_effect().is_yes()).collect();
    let block = |rule: &Rule| rule.declaration.decl_range;
    match rules.as_slice() {
        [rule] => (block(rule), format!("lets {} out only", rule.ports.describe())),
        [] => (
            group.egress.inline.or(group.declaration.decl_range),
            "without `egress` nothing gets out".to_owned(),
        ),
        [first, rest @ ..] => {
            let same = rest.iter().all(|rule| block(rule) == block(first));
            let place = if same { block(first) } else { group.declaration.decl_range };
            (place, "no rule lets TCP 443 out".to_owned())
        }
    }
}
