//! SSM008: a target without an instance profile, so that the agent has no credentials.

use crate::aws::fact::{Answer, Basis, Evidence};
use crate::aws::iam::Misuse;
use crate::finding::Severity;
use crate::rules::{Defect, Findings, Rule, RuleContext, remedy};

pub(super) const RULE: Rule = Rule {
    code: "SSM008",
    name: "no-instance-profile",
    severity: Severity::Error,
    category: "identity",
    page: include_str!("../../rules/SSM008.md"),
    check,
};

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    for id in context.model.compute.target_ids() {
        let target = context.model.compute.target(id);
        let profile = &target.profile;
        // What stands there is wrong rather than missing; another rule says so.
        if matches!(
            profile.misuse,
            Some(
                Misuse::RoleForProfile(_)
                    | Misuse::NameOfRole(_)
                    | Misuse::ArnOfRole
                    | Misuse::QuotedReference(_)
            )
        ) {
            continue;
        }
        let absent =
            Answer { truth: !profile.present, evidence: Vec::new(), reasons: profile.reasons.clone() };
        // Without the metadata service Default Host Management is no help either; another rule says so.
        let managed = context.reach.host_management_is_on(target);
        let exists = target.declaration.existence();
        let mut violation = Answer::all([exists, absent, managed.negate()]);
        violation.evidence.clear();
        let subject = target.block_of(profile.span);
        let evidence = Evidence { span: profile.span, origin: profile.origin, note: String::new() };
        findings.judge(&violation, || {
            Defect::new(subject, "{} has no instance profile, so the agent has no credentials")
                .at(profile.span.or(subject.decl_range), "no instance profile")
                .decided_by(evidence)
                .help("set `iam_instance_profile` to a profile whose role has AmazonSSMManagedInstanceCore")
                .fix(if profile.basis == Basis::ProviderDefault {
                    remedy::give_profile(context, subject)
                } else {
                    None
                })
                .note("Default Host Management, set up outside of this configuration, would do instead")
                .affects([target.declaration.address.clone()])
                .cause("no profile")
        });
    }
}
