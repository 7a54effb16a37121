//! SSM007: instance security groups that let no HTTPS out to where the agent has to go.

use std::collections::BTreeSet;

use crate::aws::compute::Target;
use crate::aws::fact::{Answer, Reason};
use crate::aws::link::{EndpointId, SubnetId, VpcId};
use crate::aws::network::Network;
use crate::aws::security_group::{Admission, Direction, Group, Party};
use crate::finding::{Fix, Severity};
use crate::proof::{Reach, Service, Site};
use crate::rules::{Defect, Findings, Rule, RuleContext, remedy};
use crate::source::Span;
use crate::truth::Truth;

pub(super) const RULE: Rule = Rule {
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
        if let Some(group) = reach.foreign_group(&target.groups, &site.vpc) {
            let group = &network.group(group).declaration;
            let defect = Defect::new(
                &target.declaration,
                format!("{{}} is given {}, a security group of another VPC than its subnet's", group.address),
            )
            .at(target.groups.span, "AWS refuses the instance with this group")
            .label(group.decl_range, "this group is of another VPC")
            .help("take a group of the VPC in which the subnet is")
            .affects([target.declaration.address.clone()])
            .cause("group of another VPC");
            findings.judge(&Answer::new(site.certain), defect);
            continue;
        }
        let ways = ways(reach, site);
        let answers: Vec<Admission> = ways.iter().map(|way| admission(network, target, way)).collect();
        let Some(nearest) =
            answers.iter().find(|admission| admission.answer.truth.is_no()).or(answers.first())
        else {
            continue;
        };
        let blocked = if ways.iter().all(|way| matches!(way, Way::Interface(..) | Way::Vpc(_))) {
            // DNS alternates between the interfaces of an endpoint: one that is admitted is enough now and then.
            let open = Answer::any(answers.iter().map(|admission| admission.answer.clone()));
            let some = open.truth.is_yes() && answers.iter().any(|admission| admission.answer.truth.is_no());
            if some && site.certain.is_yes() {
                let defect = defect(network, target, nearest, "all of the endpoint's network interfaces")
                    .severity(Severity::Warning)
                    .note("sessions fail now and then: DNS alternates between the interfaces")
                    .affects([target.declaration.address.clone()]);
                findings.judge(&Answer::new(Truth::Yes), defect);
                continue;
            }
            open.negate()
        } else {
            // It is not known which of these ways it takes; blocked is proven where none of them is open.
            Answer::all(answers.iter().map(|admission| admission.answer.clone().negate()))
        };
        let mut violation = Answer::all([Answer::new(site.certain), blocked]);
        violation.evidence.clear();
        if violation.truth.is_unknown() && violation.reasons.is_empty() {
            let text = format!("whether {} is in this subnet is not known", target.declaration.address);
            violation.reasons.push(Reason::new(text, target.declaration.decl_range));
        }
        let whither = if ways.iter().any(|way| matches!(way, Way::Interface(..) | Way::Vpc(_))) {
            "the endpoints"
        } else {
            "the internet"
        };
        let defect = defect(network, target, nearest, whither)
            .affects([target.declaration.address.clone()])
            .fix(fix(context, site, &ways, nearest));
        findings.judge(&violation, defect);
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
        let Way::Interface(endpoint, _) = way else { return None };
        peers.extend(network.endpoint(*endpoint).groups.ids().next());
    }
    remedy::let_https(context, group, Direction::Egress, &peers, site.vpc.to())
}

/// Where the agent's connections go.
enum Way {
    /// To the interface of an endpoint in a subnet.
    Interface(EndpointId, SubnetId),
    /// To an endpoint of which it is only known what VPC it is in.
    Vpc(VpcId),
    /// To public addresses, and whether it is proven that they can be reached.
    Internet {
        /// Whether routes and gateways lead there.
        through_nat: bool,
    },
}

/// Where the connections of a site go, as far as is known; nothing where there is no way that this rule could judge.
fn ways(reach: &Reach<'_>, site: &Site) -> Vec<Way> {
    let network = &reach.model.network;
    let mut ways = Vec::new();
    let mut by_endpoint = true;
    if let Some(vpc) = site.vpc.to() {
        for service in Service::SESSION {
            let endpoints = reach.led_to(vpc, service, site);
            by_endpoint &= !endpoints.is_empty();
            for id in endpoints {
                if network.endpoint(id).assumed {
                    ways.push(Way::Vpc(vpc));
                }
                let subnets = &network.endpoint(id).subnets;
                ways.extend(subnets.ids().map(|subnet| Way::Interface(id, subnet)));
            }
        }
    } else {
        by_endpoint = false;
    }
    if !by_endpoint && ways.is_empty() {
        ways.push(Way::Internet { through_nat: site.internet.truth.is_yes() });
    }
    ways
}

fn admission(network: &Network, target: &Target, way: &Way) -> Admission {
    match way {
        Way::Interface(endpoint, subnet) => {
            let groups = &network.endpoint(*endpoint).groups;
            let party = Party::Interface { subnet: *subnet, address: None, groups };
            network.admits(&target.groups, Direction::Egress, 443, &party)
        }
        Way::Vpc(vpc) => network.admits(&target.groups, Direction::Egress, 443, &Party::Vpc(*vpc)),
        Way::Internet { through_nat } => {
            let mut admission = network.admits(&target.groups, Direction::Egress, 443, &Party::Internet);
            if admission.answer.truth.is_no() && !*through_nat && !admission.candidates.is_empty() {
                // What lets nothing out to the internet may be all that endpoints need which are not seen.
                let text = "whether these instances are to use endpoints is not known";
                admission.answer.truth = Truth::Unknown;
                admission.answer.reasons.push(Reason::new(text, target.declaration.decl_range));
            }
            admission
        }
    }
}

fn defect(network: &Network, target: &Target, admission: &Admission, whither: &str) -> Defect {
    let nearest = admission.candidates.first().copied();
    let group = nearest.map(|(group, _)| group).or_else(|| target.groups.ids().next());
    let help = "let TCP 443 out to the security group of the endpoints, or to the CIDR block of the VPC";
    let Some(group) = group.map(|id| network.group(id)) else {
        return Defect::new(
            &target.declaration,
            format!("{{}} has no security group that lets HTTPS out to {whither}"),
        )
        .help(help);
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
    let mut defect = Defect::new(&group.declaration, format!("{{}} lets no HTTPS out to {whither}"))
        .at(place.or(group.declaration.decl_range), here)
        .label(target.groups.span, "this instance carries the group")
        .help(help)
        .cause("egress");
    if group.egress.rules.is_empty() && group.declaration.is_managed() {
        defect = defect.note("Terraform removes the rule that AWS gives a new group to let everything out");
    }
    defect
}

/// The rule that is nearest to what is missing: the only one there is; else the group itself.
fn only_rule(group: &Group) -> (Option<Span>, String) {
    let mut rules = group.egress.rules.iter().filter(|rule| rule.in_effect().is_yes());
    match (rules.next(), rules.next()) {
        (Some(rule), None) => {
            (rule.declaration.decl_range, format!("lets {} out only", rule.ports.describe()))
        }
        (None, _) => (group.declaration.decl_range, "without `egress` nothing gets out".to_owned()),
        (Some(_), Some(_)) => (group.declaration.decl_range, "no rule lets TCP 443 out".to_owned()),
    }
}
