//! SSM022: a default route to the internet in a subnet whose VPC has endpoints for Systems Manager.

use crate::aws::Declaration;
use crate::aws::fact::{Answer, Evidence, Reason, reasons};
use crate::aws::link::{GatewayId, VpcId};
use crate::aws::network::{GatewayKind, Refused, RouteTarget, existence};
use crate::finding::Severity;
use crate::proof::{Reach, Service};
use crate::rules::{Defect, Findings, Rule, RuleContext};
use crate::truth::Truth;

pub(super) const RULE: Rule = Rule {
    code: "SSM022",
    name: "internet-route-in-private-subnet",
    severity: Severity::Warning,
    category: "network",
    page: include_str!("../../rules/SSM022.md"),
    check,
};

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let reach = context.reach;
    let network = &context.model.network;
    for table in &network.route_tables {
        for route in &table.routes {
            let (what, place, why) = match route.refused() {
                Some(Refused::Absent(span)) => (
                    "{} has a route to something that does not exist",
                    Some(span),
                    "there is no such instance in this scenario, so Terraform refuses the plan",
                ),
                Some(Refused::Empty(span)) => (
                    "{} has a route that leads nowhere",
                    span,
                    "nothing says where it leads, so the provider refuses it",
                ),
                None => continue,
            };
            let defect = Defect::new(&table.declaration, what)
                .at(place, why)
                .decided_by(Evidence {
                    span: route.declaration.decl_range,
                    origin: route.declaration.exists_because,
                    note: String::new(),
                })
                .severity(Severity::Error)
                .help("make the route under the same condition as what it leads to")
                .cause("dangling route");
            let there = existence(&route.declaration);
            findings.judge(&Answer { evidence: Vec::new(), ..there }, || defect);
        }
    }
    for site in &reach.sites {
        let (Some(subnet), Some(vpc)) = (site.subnet, site.vpc.to()) else { continue };
        let target = reach.target(site);
        let private = target.public_ip(network, subnet).truth.is_no();
        if !private || !site.certain.is_yes() || !does_without(reach, vpc) {
            continue;
        }
        for used in network.egress(subnet).routes {
            let way = &network.route_table(used.table).routes[used.route];
            let route = &way.declaration;
            let subject = &network.route_table(used.table).declaration;
            if let (RouteTarget::Unknown(causes, span), Truth::Yes) = (&way.target, used.truth) {
                let leads = Answer::unknown(reasons(causes, *span));
                findings.judge(&leads, || {
                    Defect::new(subject, "{} leads private instances to the internet")
                        .at(route.decl_range, "a default route")
                        .affects([target.declaration.address.clone()])
                        .cause("default route")
                });
                continue;
            }
            let Some(gateway) = used.gateway.filter(|_| used.truth.is_yes()) else { continue };
            let kind = &network.gateway(gateway).kind;
            let behind = || {
                let address = &network.gateway(gateway).subject().address;
                let text = format!("what is behind {address} ({}) is not known", kind.describe());
                Answer::unknown([Reason::new(text, route.decl_range)])
            };
            let leads_out = match kind {
                GatewayKind::Internet | GatewayKind::Nat(_) | GatewayKind::EgressOnly => existence(route),
                GatewayKind::Interface(Some(_)) if network.nat_works(gateway).truth.is_no() => continue,
                // It is made to lead out; whether its system does so makes no difference.
                GatewayKind::Interface(Some(relay)) => {
                    Answer::all([relay.forwards.clone(), relay.public.clone()])
                }
                // Peering is not transitive: a peer's gateways cannot be used.
                GatewayKind::Peering => continue,
                GatewayKind::Interface(None)
                | GatewayKind::Vpn
                | GatewayKind::Transit
                | GatewayKind::Endpoint
                | GatewayKind::Other
                | GatewayKind::Unknown => behind(),
            };
            if is_switched_on(context, gateway, route) {
                continue;
            }
            let address = &network.subnet(subnet).declaration.address;
            let defect = Defect::new(subject, format!("{{}} leads private instances to {}", kind.describe()))
                .at(route.decl_range, format!("a default route to {}", kind.describe()))
                .decided_by(Evidence {
                    span: route.decl_range,
                    origin: route.exists_because,
                    note: String::new(),
                })
                .label(
                    network.subnet(subnet).declaration.decl_range,
                    format!("{address} uses this route table"),
                )
                .help("remove the route, or associate the subnet with a route table without one")
                .affects([target.declaration.address.clone()])
                .cause("default route");
            findings.judge(&Answer { evidence: Vec::new(), ..leads_out }, || defect);
        }
    }
}

/// Whether the VPC has endpoints for a session, so that its instances are meant to do without the internet.
fn does_without(reach: &Reach<'_>, vpc: VpcId) -> bool {
    let sessions = Service::SESSION.into_iter().map(|service| reach.presence(vpc, service).answer.truth);
    Truth::all(sessions).is_yes()
}

/// Whether an input decides that NAT exists: then both ways are open on purpose.
fn is_switched_on(context: &RuleContext<'_>, gateway: GatewayId, route: &Declaration) -> bool {
    let gateway = context.model.network.gateway(gateway);
    matches!(gateway.kind, GatewayKind::Nat(_) | GatewayKind::Interface(Some(_)))
        && (context.trails.hangs_on_input(route.exists_because)
            || context.trails.hangs_on_input(gateway.subject().exists_because))
}
