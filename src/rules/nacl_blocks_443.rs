//! SSM017: network ACLs that stand between an instance and an endpoint, or the internet.

use crate::aws::cidr::Cidr;
use crate::aws::fact::{Answer, Known};
use crate::aws::link::{SubnetId, VpcId};
use crate::aws::security_group::Direction;
use crate::finding::{Fix, Severity};
use crate::proof::{Reach, Service, Site};
use crate::rules::{Defect, Findings, Rule, RuleContext, remedy};

pub(super) const RULE: Rule = Rule {
    code: "SSM017",
    name: "nacl-blocks-443",
    severity: Severity::Error,
    category: "network",
    page: include_str!("../../rules/SSM017.md"),
    check,
};

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let reach = context.reach;
    let network = &context.model.network;
    for site in &reach.sites {
        let (Some(subnet), Some(vpc)) = (site.subnet, site.vpc.to()) else { continue };
        let ephemeral = reach.ephemeral(site);
        let mut to_internet = false;
        for service in Service::SESSION {
            let endpoints = reach.led_to(vpc, service, site);
            to_internet |= endpoints.is_empty() && site.internet.truth.is_yes();
            for id in endpoints {
                for far in network.endpoint(id).subnets.ids() {
                    let Some(lookups) = network.acl_lookups(subnet, far, ephemeral) else { continue };
                    for (answer, of, (direction, ports), what) in [
                        (lookups.instance_egress, subnet, OUT, "HTTPS out of the instance's subnet"),
                        (lookups.endpoint_ingress, far, IN, "HTTPS into the endpoint's subnet"),
                        (lookups.endpoint_egress, far, ANSWER_OUT, "the answer out of the endpoint's subnet"),
                        (
                            lookups.instance_ingress,
                            subnet,
                            ANSWER_IN,
                            "the answer into the instance's subnet",
                        ),
                    ] {
                        let fix = fix(context, of, direction, ports, Some(vpc));
                        report(reach, findings, site, of, &answer, what, fix);
                    }
                }
            }
        }
        if to_internet {
            let anywhere = Known::Value(Cidr::anywhere_v4());
            let out = network.acl_allows(subnet, Direction::Egress, (443, 443), &anywhere);
            let (direction, ports) = OUT;
            let remedy = fix(context, subnet, direction, ports, None);
            report(reach, findings, site, subnet, &out, "HTTPS out of the instance's subnet", remedy);
            let back = network.acl_allows(subnet, Direction::Ingress, ephemeral.range(), &anywhere);
            let (direction, ports) = ANSWER_IN;
            let remedy = fix(context, subnet, direction, ports, None);
            report(reach, findings, site, subnet, &back, "the answer into the instance's subnet", remedy);
        }
    }
}

/// HTTPS and its answers: direction and ports.
const OUT: (Direction, (i64, i64)) = (Direction::Egress, (443, 443));
const IN: (Direction, (i64, i64)) = (Direction::Ingress, (443, 443));
const ANSWER_OUT: (Direction, (i64, i64)) = (Direction::Egress, (1024, 65535));
const ANSWER_IN: (Direction, (i64, i64)) = (Direction::Ingress, (1024, 65535));

/// An entry in the ACL of a subnet; that it is there for other traffic too makes it unsafe.
fn fix(
    context: &RuleContext<'_>,
    of: SubnetId,
    direction: Direction,
    ports: (i64, i64),
    vpc: Option<VpcId>,
) -> Option<Fix> {
    let acl = context.model.network.subnet(of).acl.link.to()?;
    remedy::allow_in_acl(context, acl, direction, ports, vpc)
}

fn report(
    reach: &Reach<'_>,
    findings: &mut Findings<'_>,
    site: &Site,
    of: SubnetId,
    allowed: &Answer,
    what: &str,
    fix: Option<Fix>,
) {
    let network = &reach.model.network;
    let Some(acl) = network.subnet(of).acl.link.to() else { return };
    let acl = &network.acl(acl).declaration;
    let target = &reach.target(site).declaration;
    let mut violation = Answer::all([Answer::new(site.certain), allowed.clone().negate()]);
    if violation.truth.is_unknown() && acl.decl_range.is_none() {
        return;
    }
    let place = allowed.evidence.first().cloned();
    violation.evidence.clear();
    let mut defect = Defect::new(acl, format!("{{}} denies {what}"))
        .help("allow TCP 443 one way and TCP 1024-65535 back")
        .fix(fix)
        .affects([target.address.clone()])
        .cause(what);
    if let Some(place) = place {
        defect = defect.at(place.span, place.note.clone());
    }
    findings.judge(&violation, defect);
}
