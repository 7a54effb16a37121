//! SSM009: something other than the name of an instance profile that holds a role.

use std::collections::BTreeMap;

use crate::aws::compute::Target;
use crate::aws::fact::{Answer, Evidence};
use crate::aws::iam::{Iam, Misuse, ProfileId};
use crate::finding::Severity;
use crate::rules::{Defect, Findings, Rule, RuleContext, remedy};
use crate::truth::Truth;

pub(super) const RULE: Rule = Rule {
    code: "SSM009",
    name: "instance-profile-misused",
    severity: Severity::Error,
    category: "identity",
    page: include_str!("../../rules/SSM009.md"),
    check,
};

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let iam = &context.model.iam;
    let mut used: BTreeMap<ProfileId, Vec<String>> = BTreeMap::new();
    for id in context.model.compute.target_ids() {
        let target = context.model.compute.target(id);
        if let Some(profile) = target.profile.link.to().filter(|_| target.declaration.exists.is_yes()) {
            used.entry(profile).or_default().push(target.declaration.address.clone());
        }
        let Some(problem) = of_target(iam, target) else { continue };
        let argument = &target.profile;
        let subject = target.block_of(argument.span);
        let fix = match &argument.misuse {
            Some(Misuse::ArnForName) => argument
                .link
                .to()
                .and_then(|id| remedy::name_for_arn(argument.span, &iam.profile(id).declaration)),
            Some(Misuse::RoleForProfile(role)) => {
                remedy::profile_for_role(context, subject, argument.span, *role)
            }
            Some(
                Misuse::NameOfRole(_)
                | Misuse::NameForArn
                | Misuse::ArnOfRole
                | Misuse::QuotedReference(_)
                | Misuse::NameWithoutReference(_),
            )
            | None => None,
        };
        let evidence = Evidence { span: argument.span, origin: argument.origin, note: String::new() };
        findings.judge(&target.declaration.existence(), || {
            Defect::new(subject, format!("{{}} {}", problem.what))
                .at(argument.span, problem.here)
                .decided_by(evidence)
                .severity(problem.severity)
                .help(problem.help)
                .fix(fix)
                .affects([target.declaration.address.clone()])
                .cause("profile argument")
        });
    }
    for id in iam.profile_ids() {
        let profile = iam.profile(id);
        if !profile.declaration.is_managed() {
            continue;
        }
        let subject = &profile.declaration;
        let affected = used.get(&id).cloned().unwrap_or_default();
        match &profile.role {
            None if used.contains_key(&id) => {
                findings.judge(&subject.existence(), || {
                    Defect::new(subject, "{} holds no role, so it gives no credentials")
                        .at(subject.decl_range, "no `role`")
                        .help("set `role` to the name of a role with AmazonSSMManagedInstanceCore")
                        .affects(affected)
                        .cause("no role")
                });
            }
            Some(role) => {
                let Some(here) = role.misnamed() else { continue };
                let fix = role
                    .reference
                    .link
                    .to()
                    .and_then(|id| remedy::name_for_arn(role.reference.span, &iam.role(id).declaration));
                findings.judge(&Answer::new(subject.exists & Truth::Yes), || {
                    Defect::new(subject, "{} does not name its role")
                        .at(role.reference.span, here)
                        .decided_by(role.reference.evidence(""))
                        .help("set `role = aws_iam_role.<name>.name`")
                        .fix(fix)
                        .affects(affected)
                        .cause("role argument")
                });
            }
            None => {}
        }
    }
}

struct Problem {
    what: String,
    here: String,
    help: &'static str,
    severity: Severity,
}

fn of_target(iam: &Iam, target: &Target) -> Option<Problem> {
    let help = "set `iam_instance_profile = aws_iam_instance_profile.<name>.name`";
    let problem = |what: &str, here: &str| Problem {
        what: what.to_owned(),
        here: here.to_owned(),
        help,
        severity: Severity::Error,
    };
    Some(match target.profile.misuse.as_ref()? {
        Misuse::ArnForName => problem(
            "is given the ARN of its instance profile instead of the name",
            "an ARN; the name belongs here",
        ),
        Misuse::NameForArn => Problem {
            help: "give the name as `name`, or `aws_iam_instance_profile.<name>.arn` as the ARN",
            ..problem(
                "is given the name of its instance profile instead of the ARN",
                "a name; the ARN belongs here",
            )
        },
        Misuse::ArnOfRole => problem(
            "is given the ARN of a role instead of an instance profile",
            "the ARN of a role, and a role is no instance profile",
        ),
        Misuse::RoleForProfile(role) | Misuse::NameOfRole(role) => {
            let role = iam.role(*role);
            let namesake = target.profile.link.to().map(|id| iam.profile(id));
            let here = format!("this is {}, and a role is no instance profile", role.declaration.address);
            match namesake {
                Some(profile) => Problem {
                    severity: Severity::Warning,
                    ..problem(
                        "is given a role whose name happens to be that of an instance profile",
                        &format!("{here}; {} has the same name", profile.declaration.address),
                    )
                },
                None => problem("is given a role instead of an instance profile", &here),
            }
        }
        Misuse::QuotedReference(text) => problem(
            "is given a text that looks like a reference",
            &format!("in quotes, {text} is a text and not a reference"),
        ),
        Misuse::NameWithoutReference(_) => return None,
    })
}
