//! SSM017: network ACLs that stand between an instance and an endpoint, or the internet.

use crate::aws::fact::Answer;
use crate::aws::nacl::{AclLookup, Remote};
use crate::aws::security_group::Direction;
use crate::finding::{Fix, Severity};
use crate::proof::{Service, Site};
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
                    let (near, far_side) = network.acl_sides(subnet, far);
                    let back = ephemeral.range();
                    let lookup = |answer, subnet, direction, ports, remote: &Remote, what| AclLookup {
                        subnet,
                        direction,
                        ports,
                        remote: remote.clone(),
                        what,
                        answer,
                    };
                    let (out, into) = (Direction::Egress, Direction::Ingress);
                    for lookup in [
                        lookup(
                            lookups.instance_egress,
                            subnet,
                            out,
                            HTTPS,
                            &far_side,
                            "HTTPS out of the instance's subnet",
                        ),
                        lookup(
                            lookups.endpoint_ingress,
                            far,
                            into,
                            HTTPS,
                            &near,
                            "HTTPS into the endpoint's subnet",
                        ),
                        lookup(
                            lookups.endpoint_egress,
                            far,
                            out,
                            back,
                            &near,
                            "the answer out of the endpoint's subnet",
                        ),
                        lookup(
                            lookups.instance_ingress,
                            subnet,
                            into,
                            back,
                            &far_side,
                            "the answer into the instance's subnet",
                        ),
                    ] {
                        report(context, findings, site, &lookup);
                    }
                }
            }
        }
        if to_internet {
            for lookup in network.acl_internet_lookups(subnet, ephemeral) {
                report(context, findings, site, &lookup);
            }
        }
    }
}

/// HTTPS, and the ports that any system takes answers on.
const HTTPS: (i64, i64) = (443, 443);
const ANSWERS: (i64, i64) = (1024, 65535);

/// An entry in the ACL; that it is there for other traffic too makes it unsafe.
fn fix(context: &RuleContext<'_>, site: &Site, lookup: &AclLookup) -> Option<Fix> {
    let acl = context.model.network.subnet(lookup.subnet).acl.link.to()?;
    let vpc = if lookup.remote == Remote::Internet { None } else { Some(site.vpc.to()?) };
    let ports = if lookup.ports == HTTPS { HTTPS } else { ANSWERS };
    remedy::allow_in_acl(context, acl, lookup.direction, ports, vpc)
}

fn report(context: &RuleContext<'_>, findings: &mut Findings<'_>, site: &Site, lookup: &AclLookup) {
    let reach = context.reach;
    let network = &reach.model.network;
    let AclLookup { subnet, direction, ports, remote, what, answer: allowed } = lookup;
    if allowed.truth.is_yes() {
        return;
    }
    // Of several that may be the subnet's, the one that somebody wrote.
    let acls = network.subnet(*subnet).acl.link.candidates().iter().map(|id| network.acl(*id));
    let Some(acl) = acls.max_by_key(|acl| !acl.is_default) else { return };
    let acl = &acl.declaration;
    let target = &reach.target(site).declaration;
    let mut violation = Answer::all([reach.used(site), allowed.clone().negate()]);
    if violation.truth.is_unknown() && acl.decl_range.is_none() {
        return;
    }
    let place = allowed.evidence.first().cloned();
    violation.evidence.clear();
    let mut defect = Defect::new(acl, format!("{{}} denies {what}"))
        .help("allow TCP 443 one way and TCP 1024-65535 back")
        .fix(fix(context, site, lookup))
        .affects([target.address.clone()])
        .cause(what);
    if let Some(place) = place {
        defect = defect.at(place.span, place.note.clone());
    }
    if network.acl_allows_in_part(*subnet, *direction, *ports, remote) {
        findings.judge(&reach.used(site), || {
            defect
                .severity(Severity::Warning)
                .note("sessions fail now and then: only some of the ports that the instance may choose pass")
        });
        return;
    }
    findings.judge(&violation, || defect);
}
