//! Everything that attaches a policy to a role.

use crate::aws::fact::{Evidence, Reason, reasons};
use crate::aws::iam::{Attached, Exclusive, Iam, PolicyNames, RoleId, hidden, read_from, read_policy};
use crate::aws::link::{Element, Link, elements};
use crate::aws::partition::Partition;
use crate::aws::policy::Policy;
use crate::aws::policy::managed::{self, ManagedArn};
use crate::aws::policy::text::Text;
use crate::aws::read::{Arg, View};
use crate::aws::{Build, Declaration, absent, view};
use crate::eval::value::{Causes, Value};
use crate::eval::{self, ResourceInstance};
use crate::truth::Truth;

pub(super) fn attach(iam: &mut Iam, build: &Build<'_>) {
    for instance in build.managed("aws_iam_role") {
        own_arguments(iam, instance, build);
    }
    for instance in build.managed("aws_iam_role_policy_attachment") {
        let view = view(instance);
        attach_by_arn(iam, instance, view.arg("role"), view.arg("policy_arn"), build);
    }
    for instance in build.managed("aws_iam_policy_attachment") {
        account_wide(iam, instance, build);
    }
    for instance in build.managed("aws_iam_role_policy") {
        inline(iam, instance, build);
    }
    for instance in build.managed("aws_iam_role_policy_attachments_exclusive") {
        exclusive(iam, instance, "policy_arns", Kind::Managed, build);
    }
    for instance in build.managed("aws_iam_role_policies_exclusive") {
        exclusive(iam, instance, "policy_names", Kind::Inline, build);
    }
    for absent in &build.evaluation.absent {
        if let Some(body) = &absent.body {
            switched_off(iam, absent, &View::block(body, Some(absent.decl_range)), build);
        }
    }
}

/// A policy that would be attached if the resource had an instance.
fn switched_off(iam: &mut Iam, absent: &eval::Absent, view: &View<'_>, build: &Build<'_>) {
    let by = By { address: &absent::address(absent), partition: None };
    let (role, attached): (_, Vec<Attached>) = match absent.resource.type_name.as_str() {
        "aws_iam_role_policy_attachment" => {
            let arn = view.arg("policy_arn");
            ("role", arn.map(|arg| by_arn(&arg, Truth::No, &by, build)).unwrap_or_default())
        }
        "aws_iam_role_policy_attachments_exclusive" => {
            let Some(list) = view.arg("policy_arns") else { return };
            let listed = elements(list.value).into_iter().filter_map(|element| match element {
                Element::Value(value, _) | Element::Each(value, _) => Some(Arg { value, span: list.span }),
                Element::More(_) => None,
            });
            ("role_name", listed.flat_map(|arg| by_arn(&arg, Truth::No, &by, build)).collect())
        }
        "aws_iam_role_policy" => {
            let document =
                view.arg("policy").map(|arg| document(by.address.to_owned(), &arg, Truth::No, &by, build));
            ("role", document.into_iter().collect())
        }
        _ => return,
    };
    let role = iam.role_link(view.arg(role).as_ref(), build);
    if let Some(id) = role.and_then(|role| role.link.to()) {
        let because = absent::because(absent, build);
        let role = &mut iam.roles[usize::from(id)];
        role.switched_off.extend(attached.into_iter().map(|attached| (attached, because.clone())));
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Managed,
    Inline,
}

/// What attaches a policy.
struct By<'a> {
    /// The address of the resource.
    address: &'a str,
    /// The partition that it works in, where its region is known.
    partition: Option<Partition>,
}

impl<'a> By<'a> {
    fn of(instance: &ResourceInstance, address: &'a str, build: &Build<'_>) -> By<'a> {
        let region = build.region(instance);
        let region = region.value().and_then(Option::as_ref);
        By { address, partition: region.map(|region| Partition::of_region(region)) }
    }
}

fn role_of(iam: &Iam, instance: &ResourceInstance) -> Option<RoleId> {
    iam.role_ids().find(|id| iam.role(*id).declaration.instance == Some(instance.id))
}

/// `managed_policy_arns`, `inline_policy` and `permissions_boundary` of the role itself.
fn own_arguments(iam: &mut Iam, instance: &ResourceInstance, build: &Build<'_>) {
    let Some(role) = role_of(iam, instance) else { return };
    let view = view(instance);
    let address = instance.addr.to_string();
    let by = By::of(instance, &address, build);
    let mut policies = Vec::new();
    let mut open = hidden(instance, build);
    let only = |argument, span, origin, names, complete| {
        let note = "removes every policy that it does not list".into();
        let evidence = Evidence { span, origin, note };
        (!instance.ignore_changes.ignores(argument)).then_some(Exclusive { evidence, names, complete })
    };
    let mut exclusive = None;
    if let Some(arg) = view.arg("managed_policy_arns") {
        let mut complete = true;
        for element in elements(arg.value) {
            match element {
                Element::Value(value, exists) | Element::Each(value, exists) => {
                    let listed = by_arn(&Arg { value, span: arg.span }, exists, &by, build);
                    complete &= exists.is_yes() && listed.iter().all(|policy| policy.identity().is_some());
                    policies.extend(listed);
                }
                Element::More(list) => {
                    complete = false;
                    open.extend(reasons(&list.causes(), arg.span));
                }
            }
        }
        let names = policies.iter().map(|policy: &Attached| policy.name.clone()).collect();
        exclusive = only("managed_policy_arns", arg.span, arg.value.origin, names, complete);
    }
    let blocks = view.blocks("inline_policy");
    if let Some(causes) = &blocks.open {
        open.extend(reasons(causes, blocks.span));
    }
    let mut inline_names = Vec::new();
    let mut complete = blocks.open.is_none();
    for block in &blocks.items {
        let name = name_in(&block.view, "name");
        complete &= block.exists.is_yes() && (name.is_some() || block.view.arg("name").is_none());
        inline_names.extend(name.clone());
        if let Some(arg) = block.view.arg("policy") {
            policies.push(document(
                name.unwrap_or_else(|| "inline_policy".into()),
                &arg,
                block.exists,
                &by,
                build,
            ));
        }
    }
    // An empty block removes all inline policies, and no block leaves them alone:
    // <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_role#inline_policy>.
    let exclusive_inline = blocks.items.first().and_then(|block| {
        only("inline_policy", block.decl_range, block.exists_because, inline_names, complete)
    });
    let boundary = view
        .arg("permissions_boundary")
        .and_then(|arg| by_arn(&arg, Truth::Yes, &by, build).into_iter().next());
    let role = &mut iam.roles[usize::from(role)];
    role.policies.extend(policies);
    role.open.extend(open);
    role.boundary = boundary;
    role.exclusive = exclusive;
    role.exclusive_inline = exclusive_inline;
}

fn attach_by_arn(
    iam: &mut Iam,
    instance: &ResourceInstance,
    role: Option<Arg<'_>>,
    policy: Option<Arg<'_>>,
    build: &Build<'_>,
) {
    let Some(policy) = policy else { return };
    let address = instance.addr.to_string();
    let exists = there(iam, role.as_ref(), instance, build);
    for attached in by_arn(&policy, exists, &By::of(instance, &address, build), build) {
        let attached = doubt_existence(attached, exists, instance);
        let names = PolicyNames::of_managed(&attached);
        attach_to(iam, role.as_ref(), attached, &names, build);
    }
}

/// Whether what attaches something is there where the role is.
fn there(iam: &Iam, role: Option<&Arg<'_>>, instance: &ResourceInstance, build: &Build<'_>) -> Truth {
    let role = iam.role_link(role, build).and_then(|reference| reference.link.to());
    role.map_or(instance.exists, |id| iam.role(id).declaration.implies(instance))
}

fn doubt_existence(mut attached: Attached, exists: Truth, instance: &ResourceInstance) -> Attached {
    if exists.is_unknown() {
        let text = format!("whether {} exists is not known", instance.addr);
        attached.doubt.push(Reason::new(text, instance.decl_range));
    }
    attached
}

/// Adds a policy to the role that an argument names; `Attached::certain` says whether the attachment exists.
fn attach_to(
    iam: &mut Iam,
    role: Option<&Arg<'_>>,
    attached: Attached,
    names: &PolicyNames,
    build: &Build<'_>,
) {
    let Some(reference) = iam.role_link(role, build) else { return };
    let mut attached = attached;
    if role.is_some_and(|role| is_arn(role.value, build)) {
        // IAM refuses the characters of an ARN in the name of a role:
        // <https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html>.
        attached.certain = Truth::No;
        attached.problem = Some("it is attached to the ARN of the role, where its name belongs".to_owned());
    }
    match &reference.link {
        Link::To(id) => add(iam, *id, attached, names),
        Link::OneOf(ids) => {
            for id in ids {
                let mut attached = attached.clone();
                attached.certain = attached.certain & Truth::Unknown;
                attached.doubt.extend(reference.reasons());
                add(iam, *id, attached, names);
            }
        }
        // A role that is not made here.
        Link::Outside(_) => {}
        Link::Unknown(_) => {
            let mut attached = attached;
            attached.certain = attached.certain & Truth::Unknown;
            attached.doubt.extend(reference.reasons());
            iam.stray.push(attached);
        }
    }
}

fn is_arn(value: &Value, build: &Build<'_>) -> bool {
    let attribute = value.as_unknown().and_then(|unknown| build.terms().attribute(unknown.term));
    value.as_str().is_some_and(|text| text.starts_with("arn:"))
        || attribute.is_some_and(|(instance, name)| {
            name == "arn" && build.evaluation.instance(instance).addr.resource.type_name == "aws_iam_role"
        })
}

/// Adds a policy to a role, unless the exclusive list of the role takes it away.
fn add(iam: &mut Iam, id: RoleId, mut attached: Attached, names: &PolicyNames) {
    let role = &mut iam.roles[usize::from(id)];
    let only = if attached.inline { &role.exclusive_inline } else { &role.exclusive };
    if let Some(only) = only {
        take_away(&mut attached, only.removes(names), only);
    }
    role.policies.push(attached);
}

fn account_wide(iam: &mut Iam, instance: &ResourceInstance, build: &Build<'_>) {
    let view = view(instance);
    let Some(policy) = view.arg("policy_arn") else { return };
    let address = instance.addr.to_string();
    let by = By::of(instance, &address, build);
    if let [attached] = by_arn(&policy, instance.exists, &by, build).as_slice() {
        iam.account_wide.push((Declaration::of(instance), attached.clone()));
    }
    let Some(roles) = view.arg("roles") else { return };
    for element in elements(roles.value) {
        match element {
            Element::Value(value, exists) | Element::Each(value, exists) => {
                let role = Arg { value, span: roles.span };
                let there = there(iam, Some(&role), instance, build);
                for attached in by_arn(&policy, exists & there, &by, build) {
                    let attached = doubt_existence(attached, there, instance);
                    let names = PolicyNames::of_managed(&attached);
                    attach_to(iam, Some(&role), attached, &names, build);
                }
            }
            Element::More(list) => {
                for mut attached in by_arn(&policy, Truth::Unknown, &by, build) {
                    attached.doubt.extend(reasons(&list.causes(), roles.span));
                    iam.stray.push(attached);
                }
            }
        }
    }
}

fn inline(iam: &mut Iam, instance: &ResourceInstance, build: &Build<'_>) {
    let view = view(instance);
    let Some(policy) = view.arg("policy") else { return };
    let name = instance.addr.to_string();
    let by = By::of(instance, &name, build);
    let role = view.arg("role");
    let exists = there(iam, role.as_ref(), instance, build);
    let attached = document(name.clone(), &policy, exists, &by, build);
    let attached = doubt_existence(attached, exists, instance);
    attach_to(iam, role.as_ref(), attached, &inline_names(instance), build);
}

fn document(name: String, arg: &Arg<'_>, exists: Truth, by: &By<'_>, build: &Build<'_>) -> Attached {
    let policy = read_policy(arg.value, build);
    let problem = policy.problem();
    Attached {
        evidence: Evidence { span: arg.span, origin: arg.value.origin, note: name.clone() },
        policy,
        inline: true,
        name,
        certain: exists,
        doubt: Vec::new(),
        problem,
        partition: None,
        by: by.address.to_owned(),
    }
}

fn name_in(view: &View<'_>, argument: &str) -> Option<String> {
    view.text(argument).value().and_then(|name| name.as_ref().map(ToString::to_string))
}

/// The policies that an ARN may be: one, one for each of its alternatives, or none for null and an empty string.
fn by_arn(arg: &Arg<'_>, exists: Truth, by: &By<'_>, build: &Build<'_>) -> Vec<Attached> {
    alternatives_by_arn(arg, exists, by, build, ALTERNATIVES_DEPTH)
}

/// Alternatives of alternatives are followed this deep, so that their number stays bounded.
const ALTERNATIVES_DEPTH: usize = 2;

fn alternatives_by_arn(
    arg: &Arg<'_>,
    exists: Truth,
    by: &By<'_>,
    build: &Build<'_>,
    depth: usize,
) -> Vec<Attached> {
    if arg.value.is_null() {
        return Vec::new();
    }
    if let Some(possible) = arg.value.as_unknown().and_then(|unknown| unknown.possible.as_ref())
        && !possible.is_empty()
        && depth > 0
    {
        return possible
            .iter()
            .flat_map(|value| {
                let arg = Arg { value, span: arg.span };
                alternatives_by_arn(&arg, exists & Truth::Unknown, by, build, depth - 1)
            })
            .map(|mut attached| {
                attached.doubt.push(Reason::new("it depends on a value that is not known", arg.span));
                attached
            })
            .collect();
    }
    let (name, policy, problem) = policy_of(arg.value, by.partition, build);
    // Terraform's provider refuses an empty ARN, so that nothing is attached.
    if name.is_empty() {
        return Vec::new();
    }
    vec![Attached {
        evidence: Evidence { span: arg.span, origin: arg.value.origin, note: name.clone() },
        name,
        policy,
        inline: false,
        certain: exists,
        doubt: Vec::new(),
        problem,
        partition: arg
            .value
            .as_str()
            .and_then(|arn| arn.strip_prefix("arn:")?.split(':').next())
            .map(Into::into),
        by: by.address.to_owned(),
    }]
}

/// The policy of an ARN: its name, what it says, and what AWS refuses about the ARN.
fn policy_of(
    value: &Value,
    partition: Option<Partition>,
    build: &Build<'_>,
) -> (String, Policy, Option<String>) {
    let origin = value.origin;
    let unknown = |name: String| (name, Policy::unknown(value.causes(), origin), None);
    if let Some((instance, attribute)) =
        value.as_unknown().and_then(|unknown| build.terms().attribute(unknown.term))
        && matches!(attribute, "arn" | "id")
    {
        let instance = build.evaluation.instance(instance);
        if instance.addr.resource.type_name == "aws_iam_policy"
            && let Some(document) = view(instance).arg("policy")
        {
            let policy = read_policy(document.value, build);
            return (instance.addr.to_string(), policy, None);
        }
        return unknown(instance.addr.to_string());
    }
    let Some(text) = Text::of(value, build.terms()) else { return unknown("a policy".into()) };
    let named = text.known().and_then(|arn| arn.strip_prefix("arn:")?.split(':').next());
    if let (Some(named), Some(own), Some(_)) = (named, partition, managed::by_arn(&text))
        && named != own.name
    {
        let problem = format!("this is a policy of the partition {named}, and the role is in {}", own.name);
        return (text.display(), Policy::none(origin), Some(problem));
    }
    match managed::by_arn(&text) {
        Some(ManagedArn::Is(policy)) => (policy.name.to_owned(), Policy::managed(policy, origin), None),
        Some(ManagedArn::WrongPath(right)) => {
            let problem = format!("there is no policy at this path; it is at policy/{right}");
            (text.display(), Policy::none(origin), Some(problem))
        }
        Some(ManagedArn::Unlisted(_)) => unknown(text.display()),
        None => match customer_policy(&text, build) {
            Some(instance) => {
                let policy = match view(instance).arg("policy") {
                    Some(document) => read_policy(document.value, build),
                    None => Policy::unknown(Causes::new(), origin),
                };
                (instance.addr.to_string(), policy, None)
            }
            None => unknown(text.display()),
        },
    }
}

/// The policy of this configuration whose literal name an ARN ends in.
fn customer_policy<'a>(arn: &Text, build: &Build<'a>) -> Option<&'a ResourceInstance> {
    let (_, path) = arn.known_suffix().rsplit_once(":policy/")?;
    let name = path.rsplit('/').next().filter(|name| !name.is_empty())?;
    build
        .managed("aws_iam_policy")
        .into_iter()
        .find(|instance| view(instance).arg("name").is_some_and(|arg| arg.value.as_str() == Some(name)))
}

/// An exclusive list: whatever is attached and not listed is removed. The provider also attaches the managed policies that
/// are listed and not attached yet (`syncAttachments` in its `role_policy_attachments_exclusive.go`); inline policies have
/// no document in their list, so they must be there.
fn exclusive(iam: &mut Iam, instance: &ResourceInstance, list: &str, kind: Kind, build: &Build<'_>) {
    let view = view(instance);
    let Some(arg) = view.arg(list) else { return };
    let role_arg = view.arg("role_name");
    let role = iam.role_link(role_arg.as_ref(), build).and_then(|reference| reference.link.to());
    if kind == Kind::Managed {
        attach_listed(iam, instance, (role_arg.as_ref(), role), &arg, build);
    }
    let Some(role) = role else { return };
    let address = instance.addr.to_string();
    let by = By::of(instance, &address, build);
    let mut names = Vec::new();
    let mut complete = iam.role(role).declaration.implies(instance).is_yes();
    for element in elements(arg.value) {
        let Element::Value(value, Truth::Yes) = element else {
            complete = false;
            continue;
        };
        match kind {
            Kind::Managed => {
                let listed = by_arn(&Arg { value, span: arg.span }, Truth::Yes, &by, build);
                complete &= listed.iter().all(|policy| policy.identity().is_some());
                names.extend(listed.into_iter().map(|policy| policy.name));
            }
            Kind::Inline => match (value.as_str(), read_from(value, build)) {
                (Some(name), _) => names.push(name.to_owned()),
                (None, Some((of, _))) => names.push(build.evaluation.instance(of).addr.to_string()),
                (None, None) => complete = false,
            },
        }
    }
    let note = format!("{} removes every policy that it does not list", instance.addr);
    let evidence = Evidence { span: arg.span, origin: arg.value.origin, note };
    let only = Exclusive { evidence, names, complete };
    let inline = build.managed("aws_iam_role_policy").into_iter();
    let named: Vec<(String, PolicyNames)> =
        inline.map(|policy| (policy.addr.to_string(), inline_names(policy))).collect();
    let role = &mut iam.roles[usize::from(role)];
    for policy in &mut role.policies {
        let removed = match kind {
            Kind::Managed if policy.inline || policy.by == address => continue,
            Kind::Managed => only.removes(&PolicyNames::of_managed(policy)),
            Kind::Inline => match named.iter().find(|(by, _)| *by == policy.by) {
                Some((_, names)) => only.removes(names),
                None => continue,
            },
        };
        take_away(policy, removed, &only);
    }
    match kind {
        Kind::Managed => role.exclusive = Some(only),
        Kind::Inline => role.exclusive_inline = Some(only),
    }
}

/// Attaches what an exclusive list of managed policies holds, where another list of the same role does not take it away.
fn attach_listed(
    iam: &mut Iam,
    instance: &ResourceInstance,
    (role_arg, role): (Option<&Arg<'_>>, Option<RoleId>),
    list: &Arg<'_>,
    build: &Build<'_>,
) {
    let address = instance.addr.to_string();
    let by = By::of(instance, &address, build);
    let there = role.map_or(instance.exists, |id| iam.role(id).declaration.implies(instance));
    for element in elements(list.value) {
        match element {
            Element::Value(value, exists) | Element::Each(value, exists) => {
                let arg = Arg { value, span: list.span };
                for mut attached in by_arn(&arg, exists & there, &by, build) {
                    if exists.is_unknown() {
                        let text = "whether the list holds the policy is not known";
                        attached.doubt.push(Reason::new(text, list.span));
                    }
                    let attached = doubt_existence(attached, there, instance);
                    let names = PolicyNames::of_managed(&attached);
                    attach_to(iam, role_arg, attached, &names, build);
                }
            }
            Element::More(more) => {
                if let Some(role) = role {
                    iam.roles[usize::from(role)].open.extend(reasons(&more.causes(), list.span));
                }
            }
        }
    }
}

/// What a list may call the policy of an `aws_iam_role_policy`: its address, and its name. A name that the provider makes
/// up is in no list.
fn inline_names(instance: &ResourceInstance) -> PolicyNames {
    let mut names = vec![instance.addr.to_string()];
    let name = view(instance).arg("name");
    let known = name.as_ref().and_then(|arg| arg.value.as_str()).map(str::to_owned);
    let complete = name.is_none() || known.is_some();
    names.extend(known);
    PolicyNames { names, complete }
}

/// A policy that is attached although an exclusive list lacks it is removed again.
fn take_away(attached: &mut Attached, removed: Truth, only: &Exclusive) {
    if !removed.is_no() {
        attached.certain = attached.certain & !removed;
        attached.doubt.push(Reason::new(only.evidence.note.clone(), only.evidence.span));
    }
}
