//! SSM010: a role behind an instance profile that EC2 cannot assume.

use std::collections::BTreeMap;

use crate::aws::fact::Answer;
use crate::aws::iam::RoleId;
use crate::aws::policy::{Request, SSM_SERVICE, ec2_service};
use crate::finding::Severity;
use crate::proof::Site;
use crate::rules::{Defect, Findings, Rule, RuleContext, remedy};

pub(super) const RULE: Rule = Rule {
    code: "SSM010",
    name: "role-trust-not-ec2",
    severity: Severity::Error,
    category: "identity",
    page: include_str!("../../rules/SSM010.md"),
    check,
};

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let reach = context.reach;
    let mut users: BTreeMap<RoleId, Vec<&Site>> = BTreeMap::new();
    for site in &reach.sites {
        if let Some(role) = reach.role(site) {
            users.entry(role).or_default().push(site);
        }
    }
    for (id, sites) in users {
        let role = context.model.iam.role(id);
        let Some(trust) = &role.trust else { continue };
        let used = Answer::any(sites.iter().map(|site| reach.target(site).declaration.existence()));
        let region = sites.iter().find_map(|site| reach.region(site));
        let services = ec2_service(region);
        let trusts = context.model.iam.trusts(id, &services);
        let mut violation = Answer::all([used, trusts.negate()]);
        violation.evidence.clear();
        let affected = sites.iter().map(|site| reach.target(site).declaration.address.clone());
        // What another statement allows is denied where that is written.
        let judgement = trust.policy.judge(&Request::assume_role(&services));
        let denies = judgement.allow.truth.is_yes() && judgement.deny.truth.is_yes();
        let denied = judgement.deny.evidence.iter().filter(|_| denies).find_map(|place| place.span);
        findings.judge(&violation, || {
            Defect::new(&role.declaration, "{} cannot be assumed by EC2")
                .at(denied.or(trust.evidence.span), "does not let ec2.amazonaws.com assume the role")
                .decided_by(trust.evidence.clone())
                .help("allow the service ec2.amazonaws.com the action sts:AssumeRole")
                .fix(remedy::trust_ec2(context, role))
                .affects(affected)
                .cause("trust")
        });
    }
    host_management(context, findings);
}

/// The role of Default Host Management, which Systems Manager assumes for instances without a profile.
fn host_management(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let reach = context.reach;
    for target in context.model.compute.target_ids().map(|id| context.model.compute.target(id)) {
        let Some(id) = reach.management_role(target) else { continue };
        let role = context.model.iam.role(id);
        let Some(trust) = &role.trust else { continue };
        let trusts = context.model.iam.trusts(id, &SSM_SERVICE);
        let mut violation = Answer::all([target.declaration.existence(), trusts.negate()]);
        violation.evidence.clear();
        findings.judge(&violation, || {
            Defect::new(&role.declaration, "{} cannot be assumed by Systems Manager")
                .at(trust.evidence.span, "does not let ssm.amazonaws.com assume the role")
                .decided_by(trust.evidence.clone())
                .help("allow the service ssm.amazonaws.com the action sts:AssumeRole")
                .note("this is the role that Default Host Management gives to instances without a profile")
                .affects([target.declaration.address.clone()])
                .cause("trust of Default Host Management")
        });
    }
}
