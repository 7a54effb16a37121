//! SSM004: a role that does not allow what registration and a session need.

use std::collections::BTreeMap;

use crate::aws::fact::{Answer, Evidence, Reason};
use crate::aws::iam::{Attached, Misuse, Permission, Role, RoleId, Verdict};
use crate::aws::policy::{CORE_ACTIONS, Request};
use crate::finding::Severity;
use crate::proof::{Reach, Site};
use crate::rules::{Defect, Findings, Rule, RuleContext, remedy};
use crate::source::Span;
use crate::truth::Truth;

pub(super) const RULE: Rule = Rule {
    code: "SSM004",
    name: "role-lacks-ssm-permissions",
    severity: Severity::Error,
    category: "identity",
    page: include_str!("../../rules/SSM004.md"),
    check,
};

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let reach = context.reach;
    let mut users: BTreeMap<RoleId, Vec<&Site>> = BTreeMap::new();
    for site in &reach.sites {
        if let Some(role) = reach.role(site).or_else(|| reach.management_role(reach.target(site))) {
            users.entry(role).or_default().push(site);
        }
    }
    for (id, sites) in users {
        let role = context.model.iam.role(id);
        let region = sites.iter().find_map(|site| reach.region(site));
        let permissions: Vec<Permission> =
            CORE_ACTIONS.iter().map(|action| context.model.iam.permission(id, action, region)).collect();
        let lacks = Answer::any(permissions.iter().map(|permission| permission.answer().negate()));
        // That the role is the one of Default Host Management helps nobody.
        let own = sites.iter().any(|site| reach.management_role(reach.target(site)) == Some(id));
        let managed_by_aws =
            if own { Answer::new(Truth::No) } else { host_management(reach, &sites, &permissions) };
        // A role lacks what it lacks in every subnet.
        let used = Answer::any(sites.iter().map(|site| reach.target(site).declaration.existence()));
        let violation = Answer::all([used, lacks, managed_by_aws.negate()]);
        let affected = sites.iter().map(|site| reach.target(site).declaration.address.clone());
        let lacks = |permission: &Permission| {
            matches!(permission.verdict(), Verdict::Denied | Verdict::OutsideBoundary | Verdict::Unknown)
        };
        let fix = if permissions.iter().any(lacks) {
            None
        } else {
            remedy::attach_core_policy(context, role, region)
        };
        findings.judge(&Answer { evidence: Vec::new(), ..violation }, || {
            defect(role, &permissions, violation.truth).affects(affected).fix(fix)
        });
    }
    unknown_roles(context, findings);
}

/// Profiles that are there and whose role nobody here knows: named, looked up, or made elsewhere.
fn unknown_roles(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let iam = &context.model.iam;
    for target in context.model.compute.target_ids().map(|id| context.model.compute.target(id)) {
        let argument = &target.profile;
        let profile = argument.link.to().map(|id| iam.profile(id));
        let empty = profile.is_some_and(|profile| match &profile.role {
            Some(role) => role.misuse.is_some(),
            None => !profile.looked_up,
        });
        let wrong = argument.misuse.as_ref().is_some_and(|misuse| match misuse {
            Misuse::NameWithoutReference(_) => false,
            Misuse::RoleForProfile(_)
            | Misuse::NameOfRole(_)
            | Misuse::ArnForName
            | Misuse::NameForArn
            | Misuse::ArnOfRole
            | Misuse::QuotedReference(_) => true,
        });
        let known = context.reach.role_of(target).is_some();
        if !argument.present.is_yes() || known || empty || wrong {
            continue;
        }
        let reason = Reason::new("the role of the instance profile is not known", argument.span);
        let answer = Answer::all([target.declaration.existence(), Answer::unknown([reason])]);
        findings.judge(&answer, || {
            Defect::new(&target.declaration, "{} has a role that may lack what a session needs")
                .at(argument.span, "the role of this instance profile is not known")
                .help("attach the policy AmazonSSMManagedInstanceCore to the role")
                .affects([target.declaration.address.clone()])
                .cause("role not known")
        });
    }
}

fn defect(role: &Role, permissions: &[Permission], truth: Truth) -> Defect {
    let of = |verdict: Verdict| permissions.iter().filter(move |permission| permission.verdict() == verdict);
    if let Some(denied) = of(Verdict::Denied).next() {
        let place = denied.deny.evidence.first().cloned();
        let defect = Defect::new(&role.declaration, format!("a policy denies {{}} {}", denied.action))
            .help("remove the Deny, or except the actions of Session Manager from it")
            .cause("denied");
        return match place {
            Some(place) => defect.at(place.span, place.note.clone()).decided_by(place),
            None => defect,
        };
    }
    if let Some(outside) = of(Verdict::OutsideBoundary).next() {
        let place = role.boundary.as_ref().map(|boundary| boundary.evidence.clone());
        let message = format!("the permissions boundary of {{}} does not allow {}", outside.action);
        let defect = Defect::new(&role.declaration, message)
            .help("let the boundary allow the actions of AmazonSSMManagedInstanceCore")
            .cause("boundary");
        return match place {
            Some(place) => defect.at(place.span, "this boundary leaves it out").decided_by(place),
            None => defect,
        };
    }
    let mut missing: Vec<&Permission> = of(Verdict::NotAllowed).collect();
    if missing.is_empty() {
        missing.extend(of(Verdict::Unknown));
    }
    let all = missing.len() == permissions.len();
    let what = if all {
        "any of what a session needs".to_owned()
    } else {
        let actions: Vec<&str> = missing.iter().map(|permission| permission.action.as_str()).collect();
        actions.join(", ")
    };
    let empty = role.policies.is_empty();
    // What is attached beside an exclusive resource is taken away, so its list is the place to change.
    let own = |span: Option<Span>| {
        role.declaration.span.zip(span).is_some_and(|(block, span)| block.contains(span))
    };
    let list = role.exclusive.as_ref().map(|list| &list.evidence).filter(|list| empty || !own(list.span));
    let label = match (list, empty) {
        (Some(_), true) => "lists no policy",
        (Some(_), false) => "lists none that allows it",
        (None, true) => "no policy is attached to this role",
        (None, false) => "",
    };
    let mut defect = Defect::new(&role.declaration, format!("{{}} does not allow {what}"))
        .at(list.and_then(|list| list.span).or(role.declaration.decl_range), label)
        .help("attach the policy AmazonSSMManagedInstanceCore")
        .cause("permissions");
    if list.is_some() && !empty {
        defect = defect.label(role.declaration.decl_range, "the role that lacks it");
    }
    if let Some(because) = switched_off(role, &missing) {
        defect = defect
            .at(because.span, format!("{} is switched off here", because.note))
            .decided_by(because.clone())
            .label(role.declaration.decl_range, "the role that lacks it");
    }
    let taken_away = role.policies.iter().find(|attached| {
        let action = missing.first().map(|permission| permission.action.as_str()).unwrap_or_default();
        let allows = || attached.policy.judge(&Request::agent(action, None)).allow.truth.is_yes();
        attached.certain.is_no() && allows()
    });
    let list_of = |attached: &Attached| {
        let list = if attached.inline { &role.exclusive_inline } else { &role.exclusive };
        list.as_ref().map(|list| &list.evidence)
    };
    if let Some((exclusive, attached)) = taken_away.and_then(|attached| Some((list_of(attached)?, attached)))
    {
        defect = defect
            .at(exclusive.span, format!("takes {} away, which is not listed here", attached.name))
            .label(role.declaration.decl_range, "the role that lacks it");
    }
    let places = missing.first().map(|permission| permission.allow.evidence.as_slice()).unwrap_or_default();
    defect = defect.evidence(places);
    if let Some(exclusive) = role.exclusive.as_ref().filter(|_| taken_away.is_none()) {
        defect = defect.label(exclusive.evidence.span, exclusive.evidence.note.clone());
    }
    let registers = !all && missing.iter().all(|permission| permission.action.starts_with("ssmmessages:"));
    if registers && truth.is_yes() {
        defect = defect.note(
            "the instance registers but no session opens, and Default Host Management does not step in, because \
             registration is allowed",
        );
    }
    defect
}

/// What decided that an attachment that would allow what is missing has no instance.
fn switched_off<'a>(role: &'a Role, missing: &[&Permission]) -> Option<&'a Evidence> {
    let action = &missing.first()?.action;
    let allows =
        |attached: &Attached| attached.policy.judge(&Request::agent(action, None)).allow.truth.is_yes();
    role.switched_off.iter().find(|(attached, _)| allows(attached)).map(|(_, because)| because)
}

/// Whether Default Host Management gives the instance another role, which AWS only does when registration is refused.
fn host_management(reach: &Reach<'_>, sites: &[&Site], permissions: &[Permission]) -> Answer {
    let registers =
        permissions.iter().find(|permission| permission.action == "ssm:UpdateInstanceInformation");
    let refused = registers.map_or(Answer::new(Truth::No), |permission| permission.answer().negate());
    let set_up = Answer::all(sites.iter().map(|site| reach.host_management(site)));
    Answer::all([set_up, refused])
}
