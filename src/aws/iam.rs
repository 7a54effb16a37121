//! Roles, instance profiles, and every policy that is or may be attached to a role.
//!
//! Roles are found by reference and by name. A role that the configuration does not make, or that a gap sees, may have
//! more policies than are seen here; nothing about it is ever proven absent.

mod attachment;
mod permission;

use ecow::EcoString;

use crate::addr::ResourceMode;
use crate::aws::fact::{Answer, Basis, Evidence, Reason, reasons};
use crate::aws::link::{Key, Link, Ref, Registry, handles};
use crate::aws::policy::text::{Piece, Text};
use crate::aws::policy::{Policy, Principal};
use crate::aws::read::Arg;
use crate::aws::{Build, Declaration, data, view};
use crate::eval::ResourceInstance;
use crate::eval::origin::{OriginId, Step};
use crate::eval::value::{InstanceId, Value};
use crate::source::Span;
use crate::truth::Truth;

pub use permission::{Permission, Verdict};

handles! {
    /// A role.
    RoleId,
    /// An instance profile.
    ProfileId,
}

/// The identities of the configuration. Ids index the vectors.
#[derive(Clone, Debug, Default)]
pub struct Iam {
    /// All roles, managed and looked up.
    pub roles: Vec<Role>,
    /// All instance profiles, managed and looked up.
    pub profiles: Vec<Profile>,
    /// Policies that some resource attaches to a role of which it is not known which one it is.
    pub stray: Vec<Attached>,
    /// `aws_iam_policy_attachment` resources, each with the policy that it attaches for the whole account.
    pub account_wide: Vec<(Declaration, Attached)>,
    role_registry: Registry<RoleId>,
    profile_registry: Registry<ProfileId>,
}

/// A role.
#[derive(Clone, Debug)]
pub struct Role {
    /// Where it comes from.
    pub declaration: Declaration,
    /// Its name, as far as it is known; none when AWS or a prefix makes it.
    pub name: Option<Text>,
    /// `assume_role_policy`; none for a role that is looked up.
    pub trust: Option<Attached>,
    /// The policies that are or may be attached to it, inline ones among them.
    pub policies: Vec<Attached>,
    /// `permissions_boundary`.
    pub boundary: Option<Attached>,
    /// Why it may have more policies than these; empty when it does not.
    pub open: Vec<Reason>,
    /// The list of its managed policies beside which no other stays: `managed_policy_arns`, or an exclusive resource.
    pub exclusive: Option<Exclusive>,
    /// The list of its inline policies beside which no other stays: `inline_policy` blocks, or an exclusive resource.
    pub exclusive_inline: Option<Exclusive>,
    /// Policies whose attachment is written and has no instance, each with what decided that.
    pub switched_off: Vec<(Attached, Evidence)>,
}

/// A list of the policies of a role, which takes away every policy that it does not hold.
#[derive(Clone, Debug)]
pub struct Exclusive {
    /// The list.
    pub evidence: Evidence,
    /// What it holds: policies as [`Attached::name`] calls them, inline ones by their names, or by the address of the
    /// resource that has the name.
    names: Vec<String>,
    /// Whether all that it holds is known.
    complete: bool,
}

impl Exclusive {
    /// Whether it takes away a policy with these names.
    fn removes(&self, policy: &PolicyNames) -> Truth {
        if policy.names.iter().any(|name| self.names.contains(name)) {
            Truth::No
        } else if self.complete && policy.complete {
            Truth::Yes
        } else {
            Truth::Unknown
        }
    }
}

/// What an exclusive list may call a policy.
#[derive(Clone, Debug)]
struct PolicyNames {
    /// The names that are known.
    names: Vec<String>,
    /// Whether it can have no other.
    complete: bool,
}

impl PolicyNames {
    /// The one name of a policy that is not inline.
    fn of_managed(attached: &Attached) -> PolicyNames {
        let names: Vec<String> = attached.identity().map(str::to_owned).into_iter().collect();
        PolicyNames { complete: !names.is_empty(), names }
    }
}

/// A policy with the place that attaches it.
#[derive(Clone, Debug)]
pub struct Attached {
    /// What it is called: the ARN, the policy's address, or the inline policy's.
    pub name: String,
    /// The policy.
    pub policy: Policy,
    /// Whether it is part of the role, and not a policy of its own.
    pub inline: bool,
    /// The argument that attaches or holds it.
    pub evidence: Evidence,
    /// Whether it is attached.
    pub certain: Truth,
    /// Why that is not known, or why it is not attached after all.
    pub doubt: Vec<Reason>,
    /// What AWS refuses about it: no policy at that path.
    pub problem: Option<String>,
    /// The partition that its ARN names in so many words.
    pub partition: Option<EcoString>,
    /// The address of the resource that attaches it.
    pub by: String,
}

impl Attached {
    /// What it is called, where that tells it from all others. Of what is not known the name is only for messages.
    pub fn identity(&self) -> Option<&str> {
        let is_known = self.policy.managed_name().is_some()
            || self.name.starts_with("arn:") && !self.name.contains("${")
            || self.name.contains("aws_iam_policy.");
        is_known.then_some(self.name.as_str())
    }
}

/// An instance profile.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Where it comes from.
    pub declaration: Declaration,
    /// Its name, as far as it is known.
    pub name: Option<Text>,
    /// Its role; none when it is omitted.
    pub role: Option<RoleArgument>,
    /// Whether a data source looks it up, so that its role is not known.
    pub looked_up: bool,
}

/// An argument that names a role.
#[derive(Clone, Debug)]
pub struct RoleArgument {
    /// Which role.
    pub reference: Ref<RoleId>,
    /// What is wrong with the way it is named.
    pub misuse: Option<Misuse>,
}

impl RoleArgument {
    /// What is given in place of the name, where that is no name: the end of "it is given ".
    pub fn misnamed(&self) -> Option<&'static str> {
        match self.misuse.as_ref()? {
            Misuse::ArnForName => Some("an ARN, where the name of the role belongs"),
            Misuse::QuotedReference(_) => Some("a text in quotes that looks like a reference"),
            Misuse::RoleForProfile(_)
            | Misuse::NameOfRole(_)
            | Misuse::NameForArn
            | Misuse::ArnOfRole
            | Misuse::NameWithoutReference(_) => None,
        }
    }
}

/// An argument that names an instance profile.
#[derive(Clone, Debug)]
pub struct ProfileArgument {
    /// Whether there is a profile at all.
    pub present: Truth,
    /// Which one.
    pub link: Link<ProfileId>,
    /// What is wrong with the way it is named.
    pub misuse: Option<Misuse>,
    /// Whether the configuration sets it.
    pub basis: Basis,
    /// The step that made the value.
    pub origin: OriginId,
    /// The argument; the header of the block that lacks it when there is none.
    pub span: Option<Span>,
    /// Why it is not known whether there is one, or which.
    pub reasons: Vec<Reason>,
}

/// A reference of the wrong kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misuse {
    /// An ARN where a name belongs.
    ArnForName,
    /// The name of an instance profile where its ARN belongs.
    NameForArn,
    /// The ARN of a role that is written out, where an instance profile belongs.
    ArnOfRole,
    /// A role where an instance profile belongs.
    RoleForProfile(RoleId),
    /// The name of a role of this configuration, and no profile has that name.
    NameOfRole(RoleId),
    /// Text that looks like a reference, in quotes: `"aws_iam_role.r.name"`.
    QuotedReference(String),
    /// A literal equal to the name of a profile here: it works, but nothing orders the two.
    NameWithoutReference(ProfileId),
}

/// Whether an argument takes a name or an ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A name.
    Name,
    /// An ARN.
    Arn,
}

impl Iam {
    /// Reads the IAM resources.
    pub fn build(build: &Build<'_>) -> Iam {
        let mut iam = Iam::default();
        for instance in build.managed("aws_iam_role").into_iter().chain(build.data("aws_iam_role")) {
            iam.add_role(instance, build);
        }
        for instance in build
            .managed("aws_iam_instance_profile")
            .into_iter()
            .chain(build.data("aws_iam_instance_profile"))
        {
            iam.add_profile(instance, build);
        }
        attachment::attach(&mut iam, build);
        iam
    }

    /// A role.
    pub fn role(&self, id: RoleId) -> &Role {
        &self.roles[usize::from(id)]
    }

    /// An instance profile.
    pub fn profile(&self, id: ProfileId) -> &Profile {
        &self.profiles[usize::from(id)]
    }

    /// All roles.
    pub fn role_ids(&self) -> impl Iterator<Item = RoleId> + use<> {
        (0..self.roles.len()).map(RoleId::from)
    }

    /// All instance profiles.
    pub fn profile_ids(&self) -> impl Iterator<Item = ProfileId> + use<> {
        (0..self.profiles.len()).map(ProfileId::from)
    }

    /// The profiles that hold a role for certain.
    pub fn profiles_of(&self, role: RoleId) -> impl Iterator<Item = ProfileId> + '_ {
        self.profile_ids().filter(move |id| {
            let argument = self.profile(*id).role.as_ref();
            argument.is_some_and(|argument| argument.reference.link.is(role).is_yes())
        })
    }

    /// The role that an argument leads to: a name, an ARN, or either.
    pub fn role_link(&self, arg: Option<&Arg<'_>>, build: &Build<'_>) -> Option<Ref<RoleId>> {
        let arg = arg?;
        let mut reference = self.role_registry.reference(Some(arg), build.terms())?;
        if reference.link.to().is_none() {
            self.by_text(arg.value, build, &mut reference);
        }
        Some(reference)
    }

    /// Looks for a role by what is known of its name or ARN.
    fn by_text(&self, value: &Value, build: &Build<'_>, reference: &mut Ref<RoleId>) {
        let Some(text) = Text::of(value, build.terms()) else { return };
        // `service-role/name` and `arn:…:role/path/name` end in the name.
        let name = match text.known_suffix().rsplit_once('/') {
            Some((_, name)) if !name.is_empty() => Text::literal(name),
            _ => text,
        };
        let mut perhaps = Vec::new();
        for id in self.role_ids() {
            let Some(own) = &self.role(id).name else { continue };
            match own.equal(&name) {
                Truth::Yes => {
                    reference.link = Link::To(id);
                    return;
                }
                Truth::Unknown if has_literal(own) && has_literal(&name) => perhaps.push(id),
                Truth::Unknown | Truth::No => {}
            }
        }
        if !perhaps.is_empty() && matches!(reference.link, Link::Outside(_)) {
            reference.link = Link::Unknown(value.causes());
        }
    }

    fn add_role(&mut self, instance: &ResourceInstance, build: &Build<'_>) {
        let id = RoleId::from(self.roles.len());
        let view = view(instance);
        let managed = instance.addr.resource.mode == ResourceMode::Managed;
        let declaration = Declaration::of(instance);
        register(&mut self.role_registry, id, instance, view.arg("name").as_ref(), build);
        let mut open = Vec::new();
        if !managed {
            let text = format!("{} is not managed in this configuration", instance.addr);
            open.push(Reason::new(text, instance.decl_range));
        }
        let trust = managed.then(|| {
            let arg = view.arg("assume_role_policy");
            Attached {
                partition: None,
                name: "assume_role_policy".into(),
                policy: match &arg {
                    Some(arg) => read_policy(arg.value, build),
                    None => Policy::read(&Value::string(""), build.terms()),
                },
                inline: true,
                evidence: Evidence {
                    span: arg.as_ref().map_or(instance.decl_range, |arg| arg.span),
                    origin: arg.as_ref().map_or(OriginId::NONE, |arg| arg.value.origin),
                    note: "trust policy".into(),
                },
                certain: Truth::Yes,
                doubt: Vec::new(),
                problem: None,
                by: instance.addr.to_string(),
            }
        });
        self.roles.push(Role {
            declaration,
            name: name_of(view.arg("name").as_ref(), build),
            trust,
            policies: Vec::new(),
            boundary: None,
            open,
            exclusive: None,
            exclusive_inline: None,
            switched_off: Vec::new(),
        });
    }

    fn add_profile(&mut self, instance: &ResourceInstance, build: &Build<'_>) {
        let id = ProfileId::from(self.profiles.len());
        let view = view(instance);
        register(&mut self.profile_registry, id, instance, view.arg("name").as_ref(), build);
        let role = view.arg("role").or_else(|| view.arg("roles"));
        self.profiles.push(Profile {
            declaration: Declaration::of(instance),
            name: name_of(view.arg("name").as_ref(), build),
            role: role.as_ref().and_then(|arg| self.role_argument(arg, build)),
            looked_up: instance.addr.resource.mode == ResourceMode::Data,
        });
    }

    fn role_argument(&self, arg: &Arg<'_>, build: &Build<'_>) -> Option<RoleArgument> {
        // The list `roles` of old providers holds one name.
        let single = arg.value.as_elements().and_then(|elements| elements.first());
        let arg = Arg { value: single.unwrap_or(arg.value), span: arg.span };
        if arg.value.as_str() == Some("") {
            return None;
        }
        let reference = self.role_link(Some(&arg), build)?;
        let read = read_from(arg.value, build);
        let misuse = match (arg.value.as_str(), &read) {
            (Some(text), _) if is_quoted_reference(text) => Some(Misuse::QuotedReference(text.to_owned())),
            (Some(text), _) if text.starts_with("arn:") => Some(Misuse::ArnForName),
            (_, Some((_, name))) if name == "arn" => Some(Misuse::ArnForName),
            _ => None,
        };
        Some(RoleArgument { reference, misuse })
    }

    /// The instance profile that an argument names; `header` is the place of an omitted one.
    pub fn profile_argument(
        &self,
        arg: Option<&Arg<'_>>,
        form: Form,
        header: Option<Span>,
        build: &Build<'_>,
    ) -> ProfileArgument {
        let mut result = ProfileArgument {
            present: Truth::No,
            link: Link::Unknown(Default::default()),
            misuse: None,
            basis: Basis::ProviderDefault,
            origin: OriginId::NONE,
            span: header,
            reasons: Vec::new(),
        };
        let Some(arg) = arg else { return result };
        result.basis = Basis::Configured;
        result.origin = arg.value.origin;
        result.span = arg.span;
        if arg.value.as_str() == Some("") {
            return result;
        }
        result.link = self.profile_registry.resolve(arg.value, build.terms());
        result.present = presence(arg.value, &result.link);
        let read = read_from(arg.value, build);
        if result.link.to().is_none() {
            self.profile_by_text(arg.value, form, build, &mut result);
        }
        // A text of which a part is known is neither null nor empty.
        if result.present.is_unknown()
            && Text::of(arg.value, build.terms()).is_some_and(|text| has_literal(&text))
        {
            result.present = Truth::Yes;
        }
        result.misuse = self.misuse_of_profile(arg.value, form, read, &result.link, build);
        if let Some(Misuse::RoleForProfile(_) | Misuse::NameOfRole(_) | Misuse::ArnOfRole) = result.misuse {
            result.present = Truth::Yes;
        }
        if result.present.is_unknown() || matches!(result.link, Link::Unknown(_)) {
            result.reasons = match arg.value.as_unknown() {
                Some(unknown) => reasons(&unknown.causes, arg.span),
                None => reasons(&arg.value.causes(), arg.span),
            };
        }
        result
    }

    fn profile_by_text(&self, value: &Value, form: Form, build: &Build<'_>, result: &mut ProfileArgument) {
        let Some(text) = Text::of(value, build.terms()) else { return };
        let name = match (form, text.known_suffix().rsplit_once('/')) {
            (Form::Arn, Some((_, name))) => Text::literal(name),
            _ => text,
        };
        for id in self.profile_ids() {
            if let Some(own) = &self.profile(id).name
                && own.equal(&name).is_yes()
            {
                result.link = Link::To(id);
                return;
            }
        }
    }

    fn misuse_of_profile(
        &self,
        value: &Value,
        form: Form,
        read: Option<(InstanceId, EcoString)>,
        link: &Link<ProfileId>,
        build: &Build<'_>,
    ) -> Option<Misuse> {
        if let Some((instance, attribute)) = &read {
            let type_name = &build.evaluation.instance(*instance).addr.resource.type_name;
            let role = self.role_ids().find(|id| self.role(*id).declaration.instance == Some(*instance));
            if type_name == "aws_iam_role"
                && let Some(role) = role
            {
                return Some(Misuse::RoleForProfile(role));
            }
            if type_name == "aws_iam_instance_profile" {
                match (form, attribute.as_str()) {
                    (Form::Name, "arn") => return Some(Misuse::ArnForName),
                    (Form::Arn, "name" | "id") => return Some(Misuse::NameForArn),
                    _ => {}
                }
            }
        }
        let written = Text::of(value, build.terms())?;
        let is_arn = written.known_prefix().starts_with("arn:");
        if is_arn
            && written
                .pieces
                .iter()
                .any(|piece| matches!(piece, Piece::Literal(text) if text.contains(":role/")))
        {
            return Some(Misuse::ArnOfRole);
        }
        if form == Form::Name && is_arn {
            return Some(Misuse::ArnForName);
        }
        let text = value.as_str()?;
        if is_quoted_reference(text) {
            return Some(Misuse::QuotedReference(text.to_owned()));
        }
        if form == Form::Arn && !is_arn {
            return Some(Misuse::NameForArn);
        }
        match link {
            Link::To(id) if read.is_none() => Some(Misuse::NameWithoutReference(*id)),
            Link::Outside(_) => {
                let role = self.role_ids().find(|id| {
                    let role = self.role(*id);
                    role.declaration.is_managed() && role.name.as_ref().and_then(Text::known) == Some(text)
                });
                role.map(Misuse::NameOfRole)
            }
            Link::To(_) | Link::OneOf(_) | Link::Unknown(_) => None,
        }
    }

    /// Whether the role of a profile may be taken by EC2.
    pub fn trusts(&self, role: RoleId, services: &[&str]) -> Answer {
        permission::trusts(self.role(role), services)
    }

    /// The role as one who asks, for policies that name principals.
    pub fn principal(&self, role: RoleId) -> Principal<'_> {
        let role = self.role(role);
        Principal::Role(role.declaration.instance, role.name.as_ref())
    }

    /// What a role may do with one of the agent's actions.
    pub fn permission(&self, role: RoleId, action: &str, region: Option<&str>) -> Permission {
        permission::permission(self, role, action, region)
    }

    /// Whether a role allows an action in the end.
    pub fn allows(&self, role: RoleId, action: &str, region: Option<&str>) -> Answer {
        self.permission(role, action, region).answer()
    }
}

/// The policy that a value holds, with the places of its statements.
fn read_policy(value: &Value, build: &Build<'_>) -> Policy {
    Policy::read(value, build.terms()).placed(&data::places(value, build))
}

fn has_literal(text: &Text) -> bool {
    text.pieces.iter().any(|piece| matches!(piece, Piece::Literal(_)))
}

/// The name, as far as it is known; none when it is computed.
fn name_of(arg: Option<&Arg<'_>>, build: &Build<'_>) -> Option<Text> {
    Text::of(arg?.value, build.terms()).filter(|text| text.known() != Some(""))
}

fn register<Id: Copy + PartialEq + std::fmt::Debug>(
    registry: &mut Registry<Id>,
    id: Id,
    instance: &ResourceInstance,
    name: Option<&Arg<'_>>,
    build: &Build<'_>,
) {
    for attribute in ["id", "name", "arn", "unique_id", "role_id", "role_name"] {
        registry.insert(Key::Attr(instance.id, attribute.into()), id);
    }
    if let Some(name) = name
        && let Some(key) = Key::of(name.value, build.terms())
    {
        registry.insert(key, id);
    }
}

/// Whether an argument's value is something: an unknown that may be null is neither.
fn presence(value: &Value, link: &Link<ProfileId>) -> Truth {
    let Some(unknown) = value.as_unknown() else { return Truth::known(!value.is_null()) };
    if let Some(possible) = &unknown.possible {
        let mut truths = possible
            .iter()
            .map(|value| if value.as_str() == Some("") { Truth::No } else { presence(value, link) });
        let first = truths.next().unwrap_or(Truth::Unknown);
        return if truths.all(|truth| truth == first) { first } else { Truth::Unknown };
    }
    match link {
        Link::To(_) | Link::OneOf(_) => Truth::Yes,
        Link::Outside(_) | Link::Unknown(_) => Truth::Unknown,
    }
}

fn is_quoted_reference(text: &str) -> bool {
    let mut parts = text.split('.');
    let (Some(first), Some(second), Some(third)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let is_name = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    };
    parts.next().is_none() && first.starts_with("aws_") && is_name(first) && is_name(second) && is_name(third)
}

/// Steps followed from a value back to the attribute that it was read from.
const READ_STEPS: usize = 64;

/// The attribute of a resource instance that a value was read from, through locals, arguments and outputs.
pub(crate) fn read_from(value: &Value, build: &Build<'_>) -> Option<(InstanceId, EcoString)> {
    if let Some(unknown) = value.as_unknown()
        && let Some((instance, name)) = build.terms().attribute(unknown.term)
    {
        return Some((instance, name.into()));
    }
    let mut id = value.origin;
    for _ in 0..READ_STEPS {
        let origin = build.evaluation.origins.get(id)?;
        id = match &origin.step {
            Step::Attribute { instance, name } => return Some((*instance, name.clone())),
            Step::Branch { .. } => *origin.inputs.get(1)?,
            Step::Local(_) | Step::Argument(_) | Step::Output(_) | Step::Repetition => {
                *origin.inputs.first()?
            }
            Step::Expression if origin.inputs.len() == 1 => origin.inputs[0],
            Step::Literal
            | Step::Expression
            | Step::Call(_)
            | Step::Input { .. }
            | Step::Default(_)
            | Step::NotSet(_)
            | Step::Expansion
            | Step::ProviderDefault(_)
            | Step::Scenario(_) => return None,
        };
    }
    None
}

/// Why the gaps of the configuration may hide more about a role.
fn hidden(instance: &ResourceInstance, build: &Build<'_>) -> Vec<Reason> {
    use crate::eval::GapKind;
    let name = view(instance).text("name");
    let name = name.value().and_then(Option::as_ref);
    let terms = build.terms();
    let mut found = Vec::new();
    for gap in &build.evaluation.gaps {
        let sees = gap.sees_unknown
            || gap
                .sees
                .iter()
                .any(|term| terms.attribute(*term).is_some_and(|(seen, _)| seen == instance.id))
            || name.is_some_and(|name| gap.names.iter().any(|passed| passed == name));
        // What is missing from a module's own files may attach to whatever stands in that module.
        let same_module = gap.module == instance.addr.module
            && match gap.kind {
                GapKind::FileUnreadable | GapKind::NotUnderstood | GapKind::Limit => true,
                GapKind::ModuleUnavailable => false,
            };
        if sees || same_module {
            found.push(Reason::new(gap.message.clone(), gap.span));
        }
    }
    found
}
