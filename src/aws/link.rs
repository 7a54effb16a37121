//! References between resources, resolved by identity: a term, a literal id, or an alternative of several.

use std::fmt::Debug;
use std::hash::Hash;

use ecow::EcoString;
use rustc_hash::FxHashMap;

use crate::aws::fact::{Basis, Evidence, Reason, reasons};
use crate::aws::read::Arg;
use crate::eval::origin::OriginId;
use crate::eval::term::{Operand, Term, TermId, Terms, spelled};
use crate::eval::value::{Cause, Causes, InstanceId, Value};
use crate::source::Span;
use crate::truth::Truth;

/// Declares handles of entities of the model: indices into its vectors.
macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(pub u32);

            impl From<usize> for $name {
                fn from(index: usize) -> $name {
                    $name(index as u32)
                }
            }

            impl From<$name> for usize {
                fn from(handle: $name) -> usize {
                    handle.0 as usize
                }
            }
        )*
    };
}
pub(crate) use handles;

handles! {
    /// A VPC.
    VpcId,
    /// A subnet.
    SubnetId,
    /// A security group.
    GroupId,
    /// A route table.
    RouteTableId,
    /// A network ACL.
    AclId,
    /// A VPC endpoint.
    EndpointId,
    /// A managed prefix list.
    PrefixListId,
    /// Something a route leads to: gateway, attachment, connection, interface.
    GatewayId,
    /// A private hosted zone.
    ZoneId,
}

/// Where one reference leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link<Id> {
    /// To this entity.
    To(Id),
    /// To one of these.
    OneOf(Vec<Id>),
    /// To something that the configuration only names: its literal id, ARN or name.
    Outside(String),
    /// It is not known where to.
    Unknown(Causes),
}

impl<Id: Copy + PartialEq> Link<Id> {
    /// The entity, when it is exactly one.
    pub fn to(&self) -> Option<Id> {
        if let Link::To(id) = self { Some(*id) } else { None }
    }

    /// The entities it may lead to that are in the model.
    pub fn candidates(&self) -> &[Id] {
        match self {
            Link::To(id) => std::slice::from_ref(id),
            Link::OneOf(ids) => ids,
            Link::Outside(_) | Link::Unknown(_) => &[],
        }
    }

    /// Whether it leads to `id`.
    pub fn is(&self, id: Id) -> Truth {
        match self {
            Link::To(to) => Truth::known(*to == id),
            Link::OneOf(ids) => {
                if ids.contains(&id) {
                    Truth::Unknown
                } else {
                    Truth::No
                }
            }
            Link::Outside(_) => Truth::No,
            Link::Unknown(_) => Truth::Unknown,
        }
    }

    /// Whether both lead to the same entity.
    pub fn same(&self, other: &Link<Id>) -> Truth {
        match (self, other) {
            (Link::To(a), other) => other.is(*a),
            (this, Link::To(b)) => this.is(*b),
            (Link::OneOf(a), Link::OneOf(b)) => {
                if a.iter().any(|id| b.contains(id)) {
                    Truth::Unknown
                } else {
                    Truth::No
                }
            }
            (Link::Outside(a), Link::Outside(b)) => Truth::known(a == b),
            (Link::Outside(_), Link::OneOf(_)) | (Link::OneOf(_), Link::Outside(_)) => Truth::No,
            (Link::Unknown(_), _) | (_, Link::Unknown(_)) => Truth::Unknown,
        }
    }
}

/// One reference with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ref<Id> {
    /// Where it leads.
    pub link: Link<Id>,
    /// Whether the configuration says so.
    pub basis: Basis,
    /// The step that made the value.
    pub origin: OriginId,
    /// The argument; for a default the header of the block that lacks it.
    pub span: Option<Span>,
}

impl<Id: Copy + PartialEq> Ref<Id> {
    /// A reference that AWS or the provider chooses.
    pub fn default(link: Link<Id>, span: Option<Span>) -> Ref<Id> {
        Ref { link, basis: Basis::ProviderDefault, origin: OriginId::NONE, span }
    }

    /// The place as evidence.
    pub fn evidence(&self, note: impl Into<String>) -> Evidence {
        Evidence { span: self.span, origin: self.origin, note: note.into() }
    }

    /// Why it is not known where it leads.
    pub fn reasons(&self) -> Vec<Reason> {
        match &self.link {
            Link::Unknown(causes) => reasons(causes, self.span),
            Link::OneOf(_) => vec![Reason::new("it depends on a value that is not known", self.span)],
            Link::To(_) | Link::Outside(_) => Vec::new(),
        }
    }
}

/// One member of a set of references.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member<Id> {
    /// Which entity.
    pub to: Id,
    /// Whether it is a member: `Yes` or `Unknown`.
    pub certain: Truth,
    /// The step that made the value.
    pub origin: OriginId,
    /// The argument, or the resource that adds the member.
    pub span: Option<Span>,
}

/// A set of references: the members that are known, those that are possible, and whether there may be more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkSet<Id: Eq + Hash> {
    /// The members, certain and possible, each once.
    pub members: Vec<Member<Id>>,
    /// Where each member stands, once there are [`MANY`].
    pub(crate) index: FxHashMap<Id, usize>,
    /// Why there may be further members that are not known; none when the set is complete.
    pub open: Option<Causes>,
    /// What there may be further, in words, where no value is the cause.
    pub unseen: Option<&'static str>,
    /// Why it is not known of some members whether they are there.
    pub doubt: Causes,
    /// The members that the configuration only names.
    pub outside: Vec<String>,
    /// Whether there certainly is a member, whichever that is.
    pub has_some: bool,
    /// Whether the configuration says so; `ProviderDefault` when the argument is not written.
    pub basis: Basis,
    /// The step that made the value.
    pub origin: OriginId,
    /// The argument; for an omitted one the header of the block that lacks it.
    pub span: Option<Span>,
}

/// Members that are looked up rather than gone through.
const MANY: usize = 32;

impl<Id: Copy + Eq + Hash> LinkSet<Id> {
    /// The set of an argument that is not written.
    pub fn omitted(span: Option<Span>) -> LinkSet<Id> {
        LinkSet {
            members: Vec::new(),
            index: FxHashMap::default(),
            open: None,
            unseen: None,
            doubt: Causes::new(),
            outside: Vec::new(),
            has_some: false,
            basis: Basis::ProviderDefault,
            origin: OriginId::NONE,
            span,
        }
    }

    /// The set of exactly one reference.
    pub fn single(reference: &Ref<Id>) -> LinkSet<Id> {
        let mut set =
            LinkSet { basis: reference.basis, origin: reference.origin, ..LinkSet::omitted(reference.span) };
        set.add_link(&reference.link, Truth::Yes, reference.origin, reference.span);
        set
    }

    /// Whether `id` is a member.
    pub fn contains(&self, id: Id) -> Truth {
        match self.position(id) {
            Some(at) => self.members[at].certain,
            None if self.open.is_some() => Truth::Unknown,
            None => Truth::No,
        }
    }

    /// Whether it has no member at all.
    pub fn is_empty(&self) -> Truth {
        let some = self.has_some || !self.outside.is_empty();
        if some || self.members.iter().any(|member| member.certain.is_yes()) {
            Truth::No
        } else if self.members.is_empty() && self.open.is_none() {
            Truth::Yes
        } else {
            Truth::Unknown
        }
    }

    /// The entities that are or may be members.
    pub fn ids(&self) -> impl Iterator<Item = Id> + '_ {
        self.members.iter().map(|member| member.to)
    }

    /// Whether all members are known.
    pub fn is_complete(&self) -> bool {
        self.open.is_none() && self.members.iter().all(|member| member.certain.is_yes())
    }

    /// Why it is not known what all its members are.
    pub fn reasons(&self) -> Vec<Reason> {
        match &self.open {
            Some(causes) => match self.unseen.filter(|_| causes.is_empty()) {
                Some(unseen) => vec![Reason::new(format!("{unseen} is not known"), self.span)],
                None => reasons(causes, self.span),
            },
            None if self.members.iter().any(|member| member.certain.is_unknown()) => {
                if !self.doubt.is_empty() {
                    return reasons(&self.doubt, self.span);
                }
                vec![Reason::new("its members depend on a value that is not known", self.span)]
            }
            None => Vec::new(),
        }
    }

    /// Adds a member, or makes an existing one more certain.
    pub fn add(&mut self, to: Id, certain: Truth, origin: OriginId, span: Option<Span>) {
        if certain.is_no() {
            return;
        }
        match self.position(to) {
            Some(at) => self.members[at].certain = self.members[at].certain | certain,
            None => {
                self.members.push(Member { to, certain, origin, span });
                let new = if self.members.len() == MANY { 0 } else { self.members.len() - 1 };
                if self.members.len() >= MANY {
                    self.index.extend((new..self.members.len()).map(|at| (self.members[at].to, at)));
                }
            }
        }
    }

    fn position(&self, id: Id) -> Option<usize> {
        // Whoever takes members away leaves the index behind.
        match self.index.get(&id) {
            Some(at) if self.members.get(*at).is_some_and(|member| member.to == id) => Some(*at),
            None if self.members.len() == self.index.len() => None,
            Some(_) | None => self.members.iter().position(|member| member.to == id),
        }
    }

    /// Adds what a reference leads to; `exists` tells whether the reference itself is there.
    pub fn add_link(&mut self, link: &Link<Id>, exists: Truth, origin: OriginId, span: Option<Span>) {
        match link {
            Link::To(id) => self.add(*id, exists, origin, span),
            Link::OneOf(ids) => {
                for id in ids {
                    self.add(*id, Truth::Unknown & exists, origin, span);
                }
            }
            Link::Outside(text) => {
                if !self.outside.contains(text) {
                    self.outside.push(text.clone());
                }
            }
            Link::Unknown(causes) => self.widen(causes),
        }
    }

    /// Says that there may be further members.
    pub fn widen(&mut self, causes: &Causes) {
        let mut all: Vec<_> = self.open.iter().flatten().chain(causes.iter()).cloned().collect();
        all.sort();
        all.dedup();
        self.open = Some(all.into());
    }
}

/// What identifies an entity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// An attribute of a resource instance that is known after apply: `aws_vpc.main.id`.
    Attr(InstanceId, EcoString),
    /// Any other unknown: an input, an output of a module that is not installed.
    Term(TermId),
    /// A literal id, name or ARN.
    Text(EcoString),
}

impl Key {
    /// The key of a value that is one thing; none for null, collections and unknowns without identity.
    pub fn of(value: &Value, terms: &Terms) -> Option<Key> {
        if let Some(text) = value.as_str() {
            return Some(Key::Text(text.into()));
        }
        let unknown = value.as_unknown()?;
        Key::of_term(unknown.term, terms)
    }

    /// The key of an unknown with this term.
    pub fn of_term(term: TermId, terms: &Terms) -> Option<Key> {
        if term.is_none() {
            return None;
        }
        match terms.attribute(term) {
            Some((instance, name)) => Some(Key::Attr(instance, name.into())),
            None => Some(Key::Term(term)),
        }
    }
}

/// The entities of one kind by what identifies them.
#[derive(Clone, Debug)]
pub struct Registry<Id> {
    by_key: FxHashMap<Key, Id>,
}

impl<Id> Default for Registry<Id> {
    fn default() -> Registry<Id> {
        Registry { by_key: FxHashMap::default() }
    }
}

/// What a value refers to, before anybody knows entities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Nothing: null.
    Nothing,
    /// The entity of that key, and why the key itself is not known.
    Key(Key, Causes),
    /// One of these.
    OneOf(Vec<Target>),
    /// Not known.
    Unknown(Causes),
}

impl Target {
    /// All keys in it.
    pub fn keys(&self) -> Vec<(&Key, &Causes)> {
        match self {
            Target::Key(key, causes) => vec![(key, causes)],
            Target::OneOf(targets) => targets.iter().flat_map(Target::keys).collect(),
            Target::Nothing | Target::Unknown(_) => Vec::new(),
        }
    }
}

/// Whether a value is one of those that its only possibility stands for, and so not all of them.
pub(crate) fn is_one_of_several(value: &Value) -> bool {
    let possible = value.as_unknown().and_then(|unknown| unknown.possible.as_ref());
    possible.is_some_and(|possible| possible.len() == 1)
}

/// What a value refers to.
pub fn target(value: &Value, terms: &Terms) -> Target {
    if value.is_null() {
        return Target::Nothing;
    }
    if let Some(unknown) = value.as_unknown() {
        if let Some(possible) = &unknown.possible {
            return Target::OneOf(possible.iter().map(|value| target(value, terms)).collect());
        }
        return match Key::of_term(unknown.term, terms) {
            Some(key) => Target::Key(key, unknown.causes.clone()),
            None => Target::Unknown(unknown.causes.clone()),
        };
    }
    match Key::of(value, terms) {
        Some(Key::Text(text)) if text.is_empty() => Target::Nothing,
        Some(key) => Target::Key(key, Causes::new()),
        None => Target::Unknown(value.causes()),
    }
}

impl<Id: Copy + PartialEq + Debug> Registry<Id> {
    /// Says that `key` identifies `id`; the first one wins.
    pub fn insert(&mut self, key: Key, id: Id) {
        self.by_key.entry(key).or_insert(id);
    }

    /// The entity of a key.
    pub fn get(&self, key: &Key) -> Option<Id> {
        self.by_key.get(key).copied()
    }

    /// The entity that an attribute of an instance identifies.
    pub fn of_instance(&self, instance: InstanceId, attribute: &str) -> Option<Id> {
        self.get(&Key::Attr(instance, attribute.into()))
    }

    /// Where a value leads. A literal that no entity has is `Outside`; an unknown that no entity has is unknown.
    pub fn resolve(&self, value: &Value, terms: &Terms) -> Link<Id> {
        self.link(&target(value, terms), &value.causes())
    }

    /// Where a target leads.
    pub fn link(&self, target: &Target, causes: &Causes) -> Link<Id> {
        match target {
            Target::Nothing => Link::Unknown(causes.clone()),
            Target::Unknown(causes) => Link::Unknown(causes.clone()),
            Target::Key(key, _) => match (self.get(key), key) {
                (Some(id), _) => Link::To(id),
                (None, Key::Text(text)) => Link::Outside(text.to_string()),
                (None, Key::Attr(..) | Key::Term(_)) => Link::Unknown(causes.clone()),
            },
            Target::OneOf(targets) => {
                let mut ids: Vec<Id> = Vec::new();
                for target in targets {
                    match self.link(target, causes) {
                        Link::To(id) if ids.contains(&id) => {}
                        Link::To(id) => ids.push(id),
                        Link::OneOf(more) => {
                            for id in more {
                                if !ids.contains(&id) {
                                    ids.push(id);
                                }
                            }
                        }
                        Link::Outside(_) | Link::Unknown(_) => return Link::Unknown(causes.clone()),
                    }
                }
                match ids.len() {
                    0 => Link::Unknown(causes.clone()),
                    1 => Link::To(ids[0]),
                    _ => Link::OneOf(ids),
                }
            }
        }
    }

    /// The reference that an argument makes; none when it is omitted or null.
    pub fn reference(&self, arg: Option<&Arg<'_>>, terms: &Terms) -> Option<Ref<Id>> {
        let arg = arg?;
        Some(Ref {
            link: self.resolve(arg.value, terms),
            basis: Basis::Configured,
            origin: arg.value.origin,
            span: arg.span,
        })
    }
}

impl<Id: Copy + Eq + Hash + Debug> Registry<Id> {
    /// The set of references that an argument makes; `header` is the place of an omitted one.
    pub fn set(&self, arg: Option<&Arg<'_>>, terms: &Terms, header: Option<Span>) -> LinkSet<Id> {
        let Some(arg) = arg else { return LinkSet::omitted(header) };
        let mut set = LinkSet {
            basis: Basis::Configured,
            origin: arg.value.origin,
            doubt: arg.value.as_unknown().map(|unknown| unknown.causes.clone()).unwrap_or_default(),
            has_some: arg.value.as_unknown().is_some_and(|unknown| {
                unknown.possible.is_none() && unknown.ty.is_collection() && unknown.refinement.min_length > 0
            }),
            ..LinkSet::omitted(arg.span.or(header))
        };
        for element in elements(arg.value) {
            match element {
                Element::Value(value, _) if value.is_null() => {}
                Element::Value(value, exists) | Element::Each(value, exists) => {
                    set.add_link(&self.resolve(value, terms), exists, value.origin, arg.span);
                }
                Element::More(value) => {
                    let term = value.as_unknown().map(|unknown| unknown.term);
                    for key in term.map(|term| certain_elements(term, terms)).unwrap_or_default() {
                        if let Some(id) = self.get(&key) {
                            set.add(id, Truth::Yes, value.origin, arg.span);
                        }
                    }
                    set.widen(&value.causes());
                }
            }
        }
        set
    }
}

/// The functions that keep every element of each list that they are given.
const JOINING: &[&str] = &["compact", "concat", "distinct", "reverse", "setunion", "sort", "tolist", "toset"];

/// What certainly is in a list of which not everything is known: `concat([aws_security_group.app.id], var.others)`.
fn certain_elements(term: TermId, terms: &Terms) -> Vec<Key> {
    let mut keys = Vec::new();
    collect_certain(term, terms, LEAF_DEPTH, &mut keys);
    keys
}

fn collect_certain(term: TermId, terms: &Terms, depth: usize, into: &mut Vec<Key>) {
    let Some(Term::Apply(function, args)) = terms.get(term) else { return };
    if depth == 0 || !JOINING.contains(&function.as_str()) {
        return;
    }
    for arg in args {
        match arg {
            Operand::Term(inner) => collect_certain(*inner, terms, depth - 1, into),
            // A list of plain values spells its unknown ones.
            Operand::Known(text) if text.starts_with('[') && !text[1..].contains(['[', '{']) => {
                let mut found = Vec::new();
                spelled(text, &mut |inner| {
                    found.push(inner);
                    String::new()
                });
                into.extend(found.into_iter().filter_map(|inner| Key::of_term(inner, terms)));
            }
            Operand::Known(_) | Operand::Text(_) => {}
        }
    }
}

/// What an unknown is called: `var.vpc_id`, `module.vpc.vpc_id`, `aws_vpc.main.cidr_block`.
pub fn describe_term(term: TermId, terms: &Terms) -> String {
    name_term(term, terms, NAME_DEPTH)
}

/// What an unknown is called, for one that says itself why it is unknown.
pub fn name_unknown(term: TermId, causes: &[Cause], terms: &Terms) -> String {
    let mut base = term;
    let mut steps = String::new();
    for _ in 0..NAME_DEPTH {
        let Some(Term::Step(inner, step)) = terms.get(base) else { break };
        steps.insert_str(0, &step_text(step));
        base = *inner;
    }
    let reference = causes
        .iter()
        .find_map(|cause| if let Cause::Computed(reference) = cause { Some(reference) } else { None });
    match (terms.get(base), reference) {
        (Some(Term::Attr(..)), Some(reference)) => format!("{reference}{steps}"),
        (Some(Term::Attr(_, name)), None) => match causes.first() {
            Some(Cause::DataSource(address)) => format!("{address}.{name}{steps}"),
            _ => describe_term(term, terms),
        },
        (Some(Term::Apply(_, args)), _) => {
            // Of a function of one attribute it is known whose that is.
            let mut attributes = args.iter().filter_map(|arg| match arg {
                Operand::Term(inner) => terms.attribute(*inner).map(|(_, name)| name),
                Operand::Known(_) | Operand::Text(_) => None,
            });
            let text = describe_term(term, terms);
            match (attributes.next(), attributes.next(), causes) {
                (Some(name), None, [Cause::DataSource(address)]) => {
                    text.replace(&format!("its {name}"), &format!("{address}.{name}"))
                }
                (Some(name), None, [Cause::Computed(reference)]) => {
                    text.replace(&format!("its {name}"), reference)
                }
                _ => text,
            }
        }
        _ => describe_term(term, terms),
    }
}

/// `.name` or `[0]` as it is written after what it is a part of.
fn step_text(step: &str) -> String {
    if step.starts_with(['.', '[']) {
        return step.to_owned();
    }
    format!("[{}]", step.split_once(':').map_or(step, |(_, value)| value))
}

/// What an unknown without a name is called.
pub const UNNAMED: &str = "an unknown value";

/// How deep a name spells out operands of operands.
const NAME_DEPTH: usize = 3;

fn name_term(term: TermId, terms: &Terms, depth: usize) -> String {
    let operand = |operand: &Operand| match operand {
        Operand::Term(inner) if depth > 0 => name_term(*inner, terms, depth - 1),
        Operand::Term(_) => "…".to_owned(),
        Operand::Text(text) => text.to_string(),
        Operand::Known(text) => spelled(text, &mut |inner| match depth {
            0 => "…".to_owned(),
            _ => name_term(inner, terms, depth - 1),
        }),
    };
    match terms.get(term) {
        Some(Term::Var(name)) => format!("var.{name}"),
        Some(Term::Attr(_, name)) => format!("its {name}"),
        Some(Term::Output(module, name)) => format!("{module}.{name}"),
        Some(Term::Each(address, which)) => format!("{which} of {address}"),
        Some(Term::Apply(function, args)) => {
            if let (Some(steps), [list]) = (function.strip_prefix("splat"), args.as_slice()) {
                return format!("{}[*]{steps}", operand(list));
            }
            let args: Vec<String> = args.iter().map(operand).collect();
            format!("{function}({})", args.join(", "))
        }
        Some(Term::Template(parts)) => {
            let parts: Vec<String> = parts
                .iter()
                .map(|part| match part {
                    Operand::Text(text) => text.to_string(),
                    Operand::Known(_) | Operand::Term(_) => format!("${{{}}}", operand(part)),
                })
                .collect();
            parts.concat()
        }
        Some(Term::Step(base, step)) if depth > 0 && is_named(*base, terms) => {
            format!("{}{}", name_term(*base, terms, depth - 1), step_text(step))
        }
        Some(Term::Json(_)) => "a JSON document".to_owned(),
        Some(Term::Fresh(_, what)) if is_repetition(what) => what.to_string(),
        Some(Term::Step(..) | Term::Fresh(..)) | None => UNNAMED.to_owned(),
    }
}

/// Whether what a part is taken of has a name.
fn is_named(mut base: TermId, terms: &Terms) -> bool {
    while let Some(Term::Step(inner, _)) = terms.get(base) {
        base = *inner;
    }
    match terms.get(base) {
        Some(Term::Fresh(_, what)) => is_repetition(what),
        Some(_) => true,
        None => false,
    }
}

/// Whether an unknown without identity is written so: `each.value`.
fn is_repetition(what: &str) -> bool {
    what.starts_with("each.") || what.starts_with("count.")
}

/// The resource instances whose attributes an unknown is made of; none when that is not known.
pub fn leaves(term: TermId, terms: &Terms) -> Option<Vec<InstanceId>> {
    let mut instances = Vec::new();
    collect_leaves(term, terms, LEAF_DEPTH, &mut instances).then_some(instances)
}

/// How deep the operands of an unknown are searched.
const LEAF_DEPTH: usize = 32;

fn collect_leaves(term: TermId, terms: &Terms, depth: usize, into: &mut Vec<InstanceId>) -> bool {
    if depth == 0 {
        return false;
    }
    let mut operands = |operands: &[Operand]| {
        operands.iter().all(|operand| match operand {
            Operand::Term(inner) => collect_leaves(*inner, terms, depth - 1, into),
            // A collection with unknown parts spells them as `#n`.
            Operand::Known(text) => !text.contains('#'),
            Operand::Text(_) => true,
        })
    };
    match terms.get(term) {
        Some(Term::Var(_) | Term::Output(..) | Term::Fresh(..)) => true,
        Some(Term::Attr(instance, _)) => {
            if !into.contains(instance) {
                into.push(*instance);
            }
            true
        }
        Some(Term::Apply(_, args)) => operands(args),
        Some(Term::Template(parts)) => operands(parts),
        Some(Term::Step(base, _)) => collect_leaves(*base, terms, depth - 1, into),
        Some(Term::Each(..) | Term::Json(_)) | None => false,
    }
}

/// An element of a list or set that may not be wholly known.
#[derive(Clone, Debug)]
pub enum Element<'a> {
    /// An element, and whether it is there.
    Value(&'a Value, Truth),
    /// Stands for each of any number of elements, and whether there is one at all.
    Each(&'a Value, Truth),
    /// There may be further elements; the whole list.
    More(&'a Value),
}

/// The elements of a list, set or tuple, of alternatives of these, or of a single value in their place.
pub fn elements(value: &Value) -> Vec<Element<'_>> {
    let mut result = Vec::new();
    collect_elements(value, Truth::Yes, &mut result);
    result
}

fn collect_elements<'a>(value: &'a Value, exists: Truth, into: &mut Vec<Element<'a>>) {
    if value.is_null() {
        return;
    }
    if let Some(elements) = value.as_elements() {
        into.extend(elements.iter().map(|element| Element::Value(element, exists)));
    } else if let Some(unknown) = value.as_unknown() {
        if let Some(possible) = &unknown.possible {
            for alternative in possible {
                collect_elements(alternative, Truth::Unknown, into);
            }
        } else if let Some(each) = &unknown.each {
            let one = if unknown.refinement.min_length > 0 { exists } else { Truth::Unknown };
            into.push(Element::Each(each, one));
        } else if unknown.ty.is_primitive() {
            into.push(Element::Value(value, exists));
        } else {
            into.push(Element::More(value));
        }
    } else {
        into.push(Element::Value(value, exists));
    }
}
