//! SSM028: two mechanisms of Terraform that take each other's rules away.

use crate::aws::Declaration;
use crate::aws::conflict::{self, Conflict};
use crate::aws::fact::{Answer, Reason};
use crate::aws::iam::{Attached, Exclusive, Role};
use crate::aws::link::GroupId;
use crate::aws::network::RouteTableKind;
use crate::aws::policy::{CORE_ACTIONS, Request};
use crate::aws::security_group::{Direction, Rule as GroupRule};
use crate::finding::Severity;
use crate::proof::Service;
use crate::rules::{Defect, Findings, Rule, RuleContext};
use crate::source::Span;
use crate::truth::Truth;

pub(super) const RULE: Rule = Rule {
    code: "SSM028",
    name: "conflicting-managers",
    severity: Severity::Warning,
    category: "hygiene",
    page: include_str!("../../rules/SSM028.md"),
    check,
};

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let network = &context.model.network;
    for id in network.group_ids() {
        let group = network.group(id);
        for (direction, what) in [(Direction::Ingress, "ingress"), (Direction::Egress, "egress")] {
            let set = group.rules(direction);
            let Some(found) = &set.conflict else { continue };
            let mut defect = conflict(&group.declaration, set.inline, found.apart, what, "rules");
            if set.inline.is_none() {
                let listed = format!("takes away every rule that no `{what}` block in it lists");
                defect = defect.at(group.declaration.decl_range, listed);
            }
            if holds_access(context, id, direction) {
                defect = defect
                    .severity(Severity::Error)
                    .note("no rule in the block lets HTTPS through, so access may go with the others");
            }
            findings.judge(&both(&group.declaration, found), || defect);
        }
    }
    for zone in &network.dns.zones {
        if let Some(conflict) = &zone.conflict {
            report(findings, &zone.declaration, zone.declaration.decl_range, conflict, "vpc", "associations");
        }
    }
    account_wide(context, findings);
    for acl in &network.acls {
        for (set, what) in [(&acl.ingress, "ingress"), (&acl.egress, "egress")] {
            let Some(conflict) = &set.conflict else { continue };
            report(findings, &acl.declaration, set.inline, conflict, what, "entries");
        }
        if let Some(conflict) = &acl.subnet_conflict {
            report(findings, &acl.declaration, conflict.block, conflict, "subnet_ids", "subnets");
        }
    }
    for table in &network.route_tables {
        // The resource for a default table takes away every route that it does not list.
        let adopted = table.kind == RouteTableKind::Default && table.declaration.is_managed();
        let adopted = table.declaration.addr.as_ref().filter(|_| adopted);
        let is_default = adopted.is_some_and(|addr| addr.resource.type_name == "aws_default_route_table");
        // A table that ignores changes of its routes takes none away.
        let inline = table.inline.or(table.declaration.decl_range.filter(|_| is_default));
        let inline = inline.filter(|_| table.open.is_empty());
        let Some(place) = inline else { continue };
        let own = table.routes.iter().filter(|route| !route.standalone);
        let written = match is_default {
            true => Truth::Yes,
            false => conflict::blocks(own.map(|route| route.declaration.exists)),
        };
        let mut first = None;
        for route in table.routes.iter().filter(|route| route.standalone) {
            Conflict::keep(&mut first, Conflict::of(written, Some(place), &route.declaration));
        }
        if let Some(found) = &first {
            let mut defect = conflict(&table.declaration, table.inline, found.apart, "route", "routes");
            if table.inline.is_none() {
                let listed = "takes away every route that no `route` block in it lists";
                defect = defect.at(table.declaration.decl_range, listed);
            }
            findings.judge(&both(&table.declaration, found), || defect);
        }
    }
    for endpoint in &network.endpoints {
        for (argument, conflict) in &endpoint.conflicts {
            report(findings, &endpoint.declaration, None, conflict, argument, "values");
        }
    }
    for role in &context.model.iam.roles {
        listed(findings, role, role.exclusive.as_ref(), false);
        listed(findings, role, role.exclusive_inline.as_ref(), true);
    }
}

/// A list of a role's policies beside which another resource attaches one: managed ones, or inline ones.
fn listed(findings: &mut Findings<'_>, role: &Role, list: Option<&Exclusive>, inline: bool) {
    let Some(list) = list.map(|list| &list.evidence) else { return };
    let own = role.declaration.span.zip(list.span).is_some_and(|(block, span)| block.contains(span));
    let allows = |attached: &Attached| {
        let allowed = |action| attached.policy.judge(&Request::agent(action, None)).allow.truth;
        CORE_ACTIONS.into_iter().any(|action| allowed(action).is_yes())
    };
    // That a list of its own leaves out what a session needs is said of the permissions.
    let apart = role.policies.iter().find(|attached| {
        let is_other = attached.inline == inline && attached.by != role.declaration.address;
        let taken_away = attached.doubt.iter().any(|doubt| doubt.text == list.note);
        is_other && taken_away && (own || !allows(attached))
    });
    let Some(apart) = apart else { return };
    let conflict = Answer {
        truth: role.declaration.exists & !apart.certain,
        evidence: Vec::new(),
        reasons: vec![Reason::new("whether the list holds the policy is not known", list.span)],
    };
    findings.judge(&conflict, || {
        Defect::new(
            &role.declaration,
            "{} lists its policies, and another resource attaches one that is not listed",
        )
        .at(list.span, "takes away every policy that is not listed here")
        .label(apart.evidence.span, format!("attaches {}", apart.name))
        .help("attach all policies with resources of their own, and list none")
        .cause("policies")
    });
}

/// Attachments of one policy for the whole account take each other's roles away:
/// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_policy_attachment>.
fn account_wide(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let mut all: Vec<&(Declaration, Attached)> = context.model.iam.account_wide.iter().collect();
    // The second one is the one that is written later.
    all.sort_by_key(|(declaration, _)| declaration.decl_range.map(|span| (span.file, span.start)));
    for (index, (declaration, attached)) in all.iter().copied().enumerate() {
        let other = all[..index].iter().find(|(other, earlier)| {
            let identity = attached.identity();
            identity.is_some() && earlier.identity() == identity && other.exists.is_yes()
        });
        let Some((other, _)) = other else { continue };
        findings.judge(&declaration.existence(), || {
            Defect::new(declaration, "{} and another resource attach one policy for the whole account")
                .at(
                    attached.evidence.span,
                    format!("attaches {} and detaches it from all others", attached.name),
                )
                .label(other.decl_range, format!("{} does the same", other.address))
                .note("whichever is applied last takes the other's roles away")
                .help("attach the policy with aws_iam_role_policy_attachment, once for each role")
                .cause("account-wide attachment")
        });
    }
}

/// Whether only rules that may be taken away let HTTPS through a group that an endpoint or an instance carries.
fn holds_access(context: &RuleContext<'_>, id: GroupId, direction: Direction) -> bool {
    let network = &context.model.network;
    let rules = &network.group(id).rules(direction).rules;
    let lets_through =
        |rule: &&GroupRule| rule.ports.holds_tcp(443).is_yes() && !rule.declaration.exists.is_no();
    let mut rules = rules.iter().filter(lets_through).peekable();
    if rules.peek().is_none() || rules.any(|rule| rule.doubt.is_none()) {
        return false;
    }
    match direction {
        Direction::Ingress => network.endpoints.iter().any(|endpoint| {
            let ours = Service::ALL.iter().any(|service| endpoint.service.is(service.label()).is_yes());
            ours && endpoint.groups.contains(id).is_yes()
        }),
        Direction::Egress => {
            let compute = &context.model.compute;
            compute.target_ids().any(|target| compute.target(target).groups.contains(id).is_yes())
        }
    }
}

fn report(
    findings: &mut Findings<'_>,
    subject: &Declaration,
    inline: Option<Span>,
    found: &Conflict,
    argument: &str,
    things: &str,
) {
    findings.judge(&both(subject, found), || conflict(subject, inline, found.apart, argument, things));
}

/// Whether what is managed twice is there, and both that manage it.
fn both(subject: &Declaration, found: &Conflict) -> Answer {
    Answer::all([subject.existence(), found.answer.clone()])
}

fn conflict(
    subject: &Declaration,
    inline: Option<Span>,
    apart: Span,
    argument: &str,
    things: &str,
) -> Defect {
    Defect::new(subject, format!("two mechanisms manage the {argument} of {{}}"))
        .at(subject.decl_range, format!("`{argument}` is set in the block and by a resource of its own"))
        .label(inline, "in the block")
        .label(Some(apart), "by a resource of its own")
        .note(format!("whichever is applied last takes the other's {things} away"))
        .help("choose one of the two")
        .cause(argument)
}
