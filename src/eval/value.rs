//! Values of the Terraform language: Terraform's types, unknowns with identity, and an origin for every value.

use std::collections::BTreeMap;
use std::sync::Arc;

use ecow::{EcoString, EcoVec};

use crate::eval::origin::OriginId;
use crate::eval::term::TermId;
use crate::number::Number;

/// A Terraform type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// Any type: of an untyped null, an unknown of unknown type, or `any` in a constraint.
    Dynamic,
    /// `bool`.
    Bool,
    /// `number`.
    Number,
    /// `string`.
    String,
    /// `list(T)`.
    List(Arc<Type>),
    /// `set(T)`.
    Set(Arc<Type>),
    /// `map(T)`.
    Map(Arc<Type>),
    /// `tuple([…])`.
    Tuple(Arc<[Type]>),
    /// `object({…})`, without optional attributes: those only exist in a constraint.
    Object(Arc<BTreeMap<EcoString, Type>>),
    /// The object type of all instances of one resource type whose schema ssmlint does not hold (`aws_vpc`).
    Resource(EcoString),
}

impl Type {
    /// `list(element)`.
    pub fn list(element: Type) -> Type {
        Type::List(Arc::new(element))
    }

    /// `set(element)`.
    pub fn set(element: Type) -> Type {
        Type::Set(Arc::new(element))
    }

    /// `map(element)`.
    pub fn map(element: Type) -> Type {
        Type::Map(Arc::new(element))
    }

    /// `tuple([elements])`.
    pub fn tuple(elements: impl IntoIterator<Item = Type>) -> Type {
        Type::Tuple(elements.into_iter().collect())
    }

    /// `object({attributes})`.
    pub fn object(attributes: impl IntoIterator<Item = (EcoString, Type)>) -> Type {
        Type::Object(Arc::new(attributes.into_iter().collect()))
    }

    /// Whether `bool`, `number` or `string`.
    pub fn is_primitive(&self) -> bool {
        matches!(self, Type::Bool | Type::Number | Type::String)
    }

    /// Whether `list`, `set` or `map`.
    pub fn is_collection(&self) -> bool {
        matches!(self, Type::List(_) | Type::Set(_) | Type::Map(_))
    }

    /// The element type of a list, set or map.
    pub fn element(&self) -> Option<&Type> {
        match self {
            Type::List(element) | Type::Set(element) | Type::Map(element) => Some(element),
            Type::Dynamic
            | Type::Bool
            | Type::Number
            | Type::String
            | Type::Tuple(_)
            | Type::Object(_)
            | Type::Resource(_) => None,
        }
    }

    /// Whether `Dynamic` occurs anywhere in it.
    pub fn has_dynamic(&self) -> bool {
        match self {
            Type::Dynamic => true,
            Type::Bool | Type::Number | Type::String | Type::Resource(_) => false,
            Type::List(element) | Type::Set(element) | Type::Map(element) => element.has_dynamic(),
            Type::Tuple(elements) => elements.iter().any(Type::has_dynamic),
            Type::Object(attributes) => attributes.values().any(Type::has_dynamic),
        }
    }

    /// Terraform's name for it in messages: `string`, `list of string`, `object`, `tuple`, `dynamic`.
    pub fn friendly_name(&self) -> String {
        match self {
            Type::Dynamic => "dynamic".into(),
            Type::Bool => "bool".into(),
            Type::Number => "number".into(),
            Type::String => "string".into(),
            Type::List(element) => format!("list of {}", element.friendly_name()),
            Type::Set(element) => format!("set of {}", element.friendly_name()),
            Type::Map(element) => format!("map of {}", element.friendly_name()),
            Type::Tuple(_) => "tuple".into(),
            Type::Object(_) | Type::Resource(_) => "object".into(),
        }
    }
}

/// A value with its origin.
#[derive(Clone, Debug)]
pub struct Value {
    /// What it is.
    pub kind: ValueKind,
    /// The step that made it; `OriginId::NONE` inside pure functions, which do not know where they stand.
    pub origin: OriginId,
    /// Whether it is sensitive or ephemeral as a whole; parts carry their own marks.
    pub marks: Marks,
}

/// What a [`Value`] is. Collections hold their element type, which an empty one still has.
#[derive(Clone, Debug)]
pub enum ValueKind {
    /// A null of a type; `Dynamic` for a bare `null`.
    Null(Type),
    /// A bool.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string, always in Unicode NFC.
    String(EcoString),
    /// A list: element type, elements (all of that type).
    List(Type, EcoVec<Value>),
    /// A set: element type, elements without duplicates in Terraform's order (see `convert::set`).
    Set(Type, EcoVec<Value>),
    /// A map: element type, elements by key.
    Map(Type, Arc<BTreeMap<EcoString, Value>>),
    /// A tuple.
    Tuple(EcoVec<Value>),
    /// An object.
    Object(Arc<BTreeMap<EcoString, Value>>),
    /// An instance of a resource, as an object whose attributes are evaluated when they are asked for.
    Resource(InstanceRef),
    /// Not known.
    Unknown(Arc<Unknown>),
}

/// A resource instance as a value: which one, and its type name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InstanceRef {
    /// Index into `Evaluation::instances`.
    pub id: InstanceId,
    /// `aws_vpc`.
    pub type_name: EcoString,
}

/// Index of a resource instance in `Evaluation::instances`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(pub u32);

/// Marks that flow through operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Marks {
    /// Never to be printed.
    pub sensitive: bool,
    /// Not to be stored.
    pub ephemeral: bool,
}

impl Marks {
    /// No marks.
    pub const NONE: Marks = Marks { sensitive: false, ephemeral: false };

    /// The marks of either.
    pub fn union(self, other: Marks) -> Marks {
        Marks { sensitive: self.sensitive | other.sensitive, ephemeral: self.ephemeral | other.ephemeral }
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self == Marks::NONE
    }
}

/// Everything that is known about a value that is not known.
#[derive(Clone, Debug)]
pub struct Unknown {
    /// Its identity. Two unknowns with the same term are equal. `TermId::NONE` until the evaluator gives one.
    pub term: TermId,
    /// Its type; `Dynamic` when not even that is known.
    pub ty: Type,
    /// What is known of it all the same.
    pub refinement: Refinement,
    /// Why it is not known; sorted, without duplicates.
    pub causes: Causes,
    /// The values that it may have, when these are all (the arms of a conditional, the elements of an index).
    pub possible: Option<EcoVec<Value>>,
    /// For a collection of unknown keys: a value that stands for each element.
    pub each: Option<Box<Value>>,
}

/// Bounds on an unknown value, as in cty's refinements.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Refinement {
    /// It will not be null.
    pub not_null: bool,
    /// A string: it starts with this.
    pub prefix: EcoString,
    /// A number: lower bound, and whether the bound itself is possible.
    pub min: Option<(Number, bool)>,
    /// A number: upper bound, and whether the bound itself is possible.
    pub max: Option<(Number, bool)>,
    /// A collection: least number of elements. A string: of characters.
    pub min_length: u64,
    /// A collection: greatest number of elements. A string: of characters.
    pub max_length: Option<u64>,
    /// A string: it is an instant within these bounds.
    pub moment: Option<Moment>,
}

/// An instant of which only bounds are known, written in RFC 3339 in UTC with whole seconds and a year of four digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Seconds since 1970 before which it does not lie.
    pub earliest: i64,
    /// Seconds since 1970 after which it does not lie.
    pub latest: i64,
}

/// Causes of one value. A thousand unknowns in one value have a thousand causes, which every operation on it copies;
/// a message names a handful.
pub const MAX_CAUSES: usize = 64;

/// Why a value is unknown; sorted, without duplicates, shared.
pub type Causes = EcoVec<Cause>;

/// One reason why a value is unknown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A root input without a value: its name.
    NotSet(EcoString),
    /// A data source that only AWS or another state can answer: its address.
    DataSource(EcoString),
    /// A module whose source is not available: its address.
    ModuleUnavailable(EcoString),
    /// An attribute that the provider computes at apply: the reference, `aws_vpc.main.id`.
    Computed(EcoString),
    /// A function that ssmlint does not compute: its name.
    UnsupportedFunction(EcoString),
    /// A function with a different result on every run, or `path.cwd`, which depends on where it is: the name.
    Impure(EcoString),
    /// Terraform would report an error here: its summary.
    Error(EcoString),
    /// Instances whose keys are not known: the address.
    KeysUnknown(EcoString),
    /// A value that needs itself: the address.
    Cycle(EcoString),
    /// A limit of ssmlint: its name.
    Limit(EcoString),
    /// Not known in an imported plan: the address.
    Plan(EcoString),
}

impl Value {
    /// A value without origin and marks.
    pub fn new(kind: ValueKind) -> Value {
        Value { kind, origin: OriginId::NONE, marks: Marks::NONE }
    }

    /// A null of a type.
    pub fn null(ty: Type) -> Value {
        Value::new(ValueKind::Null(ty))
    }

    /// A bool.
    pub fn bool(value: bool) -> Value {
        Value::new(ValueKind::Bool(value))
    }

    /// A number.
    pub fn number(value: impl Into<Number>) -> Value {
        Value::new(ValueKind::Number(value.into()))
    }

    /// A string that is already in NFC.
    pub fn string(value: impl Into<EcoString>) -> Value {
        Value::new(ValueKind::String(value.into()))
    }

    /// A list; all elements must be of the element type.
    pub fn list(element: Type, elements: impl IntoIterator<Item = Value>) -> Value {
        Value::new(ValueKind::List(element, elements.into_iter().collect()))
    }

    /// A map; all elements must be of the element type.
    pub fn map(element: Type, elements: impl IntoIterator<Item = (EcoString, Value)>) -> Value {
        Value::new(ValueKind::Map(element, Arc::new(elements.into_iter().collect())))
    }

    /// A tuple.
    pub fn tuple(elements: impl IntoIterator<Item = Value>) -> Value {
        Value::new(ValueKind::Tuple(elements.into_iter().collect()))
    }

    /// An object.
    pub fn object(attributes: impl IntoIterator<Item = (EcoString, Value)>) -> Value {
        Value::new(ValueKind::Object(Arc::new(attributes.into_iter().collect())))
    }

    /// An unknown of a type, without term, causes and refinement: what a pure function returns.
    pub fn unknown(ty: Type) -> Value {
        Value::refined(ty, Refinement::default())
    }

    /// An unknown of a type that will not be null.
    pub fn unknown_not_null(ty: Type) -> Value {
        Value::refined(ty, Refinement { not_null: true, ..Refinement::default() })
    }

    /// Whether it is not null, whatever it turns out to be.
    pub fn is_never_null(&self) -> bool {
        match self.as_unknown() {
            Some(unknown) => unknown.refinement.not_null,
            None => !self.is_null(),
        }
    }

    /// The value as it is where it is not null. Nothing is said of an unknown of unknown type.
    pub fn not_null(mut self) -> Value {
        if let ValueKind::Unknown(unknown) = &mut self.kind
            && unknown.ty != Type::Dynamic
            && !unknown.refinement.not_null
        {
            Arc::make_mut(unknown).refinement.not_null = true;
        }
        self
    }

    /// The value as it is where it is neither null nor an empty string. Nothing is said of an unknown that may be no string.
    pub fn not_empty(mut self) -> Value {
        if let ValueKind::Unknown(unknown) = &mut self.kind
            && unknown.ty == Type::String
            && !(unknown.refinement.not_null && unknown.refinement.min_length > 0)
        {
            let refinement = &mut Arc::make_mut(unknown).refinement;
            refinement.not_null = true;
            refinement.min_length = refinement.min_length.max(1);
        }
        self
    }

    /// An unknown with a refinement.
    pub fn refined(ty: Type, refinement: Refinement) -> Value {
        Value::new(ValueKind::Unknown(Arc::new(Unknown {
            term: TermId::NONE,
            ty,
            refinement,
            causes: Causes::new(),
            possible: None,
            each: None,
        })))
    }

    /// The same value with another origin.
    pub fn with_origin(mut self, origin: OriginId) -> Value {
        self.origin = origin;
        self
    }

    /// The same value with these marks added.
    pub fn with_marks(mut self, marks: Marks) -> Value {
        self.marks = self.marks.union(marks);
        self
    }

    /// The type.
    pub fn ty(&self) -> Type {
        match &self.kind {
            ValueKind::Null(ty) => ty.clone(),
            ValueKind::Bool(_) => Type::Bool,
            ValueKind::Number(_) => Type::Number,
            ValueKind::String(_) => Type::String,
            ValueKind::List(element, _) => Type::list(element.clone()),
            ValueKind::Set(element, _) => Type::set(element.clone()),
            ValueKind::Map(element, _) => Type::map(element.clone()),
            ValueKind::Tuple(elements) => Type::tuple(elements.iter().map(Value::ty)),
            ValueKind::Object(attributes) => {
                Type::object(attributes.iter().map(|(name, value)| (name.clone(), value.ty())))
            }
            ValueKind::Resource(instance) => Type::Resource(instance.type_name.clone()),
            ValueKind::Unknown(unknown) => unknown.ty.clone(),
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, ValueKind::Null(_))
    }

    /// What is known of it, when it is unknown as a whole.
    pub fn as_unknown(&self) -> Option<&Unknown> {
        if let ValueKind::Unknown(unknown) = &self.kind { Some(unknown) } else { None }
    }

    /// Whether it is unknown as a whole; parts may be unknown all the same.
    pub fn is_unknown(&self) -> bool {
        self.as_unknown().is_some()
    }

    /// The bool.
    pub fn as_bool(&self) -> Option<bool> {
        if let ValueKind::Bool(value) = &self.kind { Some(*value) } else { None }
    }

    /// The string.
    pub fn as_str(&self) -> Option<&str> {
        if let ValueKind::String(value) = &self.kind { Some(value) } else { None }
    }

    /// The number.
    pub fn as_number(&self) -> Option<&Number> {
        if let ValueKind::Number(value) = &self.kind { Some(value) } else { None }
    }

    /// The elements of a list, set or tuple.
    pub fn as_elements(&self) -> Option<&[Value]> {
        match &self.kind {
            ValueKind::List(_, elements) | ValueKind::Set(_, elements) | ValueKind::Tuple(elements) => {
                Some(elements)
            }
            ValueKind::Null(_)
            | ValueKind::Bool(_)
            | ValueKind::Number(_)
            | ValueKind::String(_)
            | ValueKind::Map(..)
            | ValueKind::Object(_)
            | ValueKind::Resource(_)
            | ValueKind::Unknown(_) => None,
        }
    }

    /// The entries of a map or object, in key order.
    pub fn as_entries(&self) -> Option<&BTreeMap<EcoString, Value>> {
        match &self.kind {
            ValueKind::Map(_, entries) | ValueKind::Object(entries) => Some(entries),
            ValueKind::Null(_)
            | ValueKind::Bool(_)
            | ValueKind::Number(_)
            | ValueKind::String(_)
            | ValueKind::List(..)
            | ValueKind::Set(..)
            | ValueKind::Tuple(_)
            | ValueKind::Resource(_)
            | ValueKind::Unknown(_) => None,
        }
    }

    /// The parts of a collection or structure: elements, or the values of the entries.
    pub fn parts(&self) -> Box<dyn Iterator<Item = &Value> + '_> {
        if let Some(elements) = self.as_elements() {
            Box::new(elements.iter())
        } else if let Some(entries) = self.as_entries() {
            Box::new(entries.values())
        } else {
            Box::new(std::iter::empty())
        }
    }

    /// Whether neither it nor any part of it is unknown.
    pub fn is_wholly_known(&self) -> bool {
        !self.is_unknown()
            && !matches!(self.kind, ValueKind::Resource(_))
            && self.parts().all(Value::is_wholly_known)
    }

    /// The marks of it and of all its parts.
    pub fn deep_marks(&self) -> Marks {
        self.parts().fold(self.marks, |marks, part| marks.union(part.deep_marks()))
    }

    /// The bytes of it and of all its parts, what an unknown may be included and what is shared counted each time.
    /// None: more than `bytes`, or more than `depth` levels.
    pub fn weight(&self, bytes: usize, depth: usize) -> Option<usize> {
        fn weigh_type(ty: &Type, rest: &mut usize, depth: usize) -> Option<()> {
            *rest = rest.checked_sub(size_of::<Type>())?;
            let depth = depth.checked_sub(1)?;
            match ty {
                Type::Dynamic | Type::Bool | Type::Number | Type::String | Type::Resource(_) => Some(()),
                Type::List(element) | Type::Set(element) | Type::Map(element) => {
                    weigh_type(element, rest, depth)
                }
                Type::Tuple(elements) => elements.iter().try_for_each(|ty| weigh_type(ty, rest, depth)),
                Type::Object(attributes) => {
                    attributes.values().try_for_each(|ty| weigh_type(ty, rest, depth))
                }
            }
        }
        fn weigh(value: &Value, rest: &mut usize, depth: usize) -> Option<()> {
            let text = value.as_str().map_or(0, str::len);
            *rest = rest.checked_sub(size_of::<Value>() + text)?;
            match &value.kind {
                ValueKind::Null(ty) => weigh_type(ty, rest, depth),
                ValueKind::Bool(_) | ValueKind::Number(_) | ValueKind::String(_) | ValueKind::Resource(_) => {
                    Some(())
                }
                ValueKind::List(_, elements) | ValueKind::Set(_, elements) | ValueKind::Tuple(elements) => {
                    elements.iter().try_for_each(|part| weigh(part, rest, depth.checked_sub(1)?))
                }
                ValueKind::Map(_, entries) | ValueKind::Object(entries) => {
                    entries.iter().try_for_each(|(name, entry)| {
                        *rest = rest.checked_sub(size_of::<EcoString>() + name.len())?;
                        weigh(entry, rest, depth.checked_sub(1)?)
                    })
                }
                ValueKind::Unknown(unknown) => {
                    weigh_type(&unknown.ty, rest, depth)?;
                    let mut parts = unknown.possible.iter().flatten().chain(unknown.each.as_deref());
                    parts.try_for_each(|part| weigh(part, rest, depth.checked_sub(1)?))
                }
            }
        }
        let mut rest = bytes;
        weigh(self, &mut rest, depth)?;
        Some(bytes - rest)
    }

    /// Why it, or any part of it, is unknown; sorted, without duplicates, at most [`MAX_CAUSES`].
    pub fn causes(&self) -> Causes {
        fn collect(value: &Value, into: &mut Vec<Cause>) {
            if let Some(unknown) = value.as_unknown() {
                into.extend(unknown.causes.iter().cloned());
            }
            for part in value.parts() {
                collect(part, into);
            }
        }
        let mut causes = Vec::new();
        collect(self, &mut causes);
        sorted_causes(causes)
    }
}

/// A text in Unicode NFC, as every Terraform string is.
pub fn normalize(text: &str) -> EcoString {
    use unicode_normalization::{UnicodeNormalization, is_nfc};
    if text.is_ascii() || is_nfc(text) { text.into() } else { text.nfc().collect::<String>().into() }
}

/// The causes of several values together.
pub fn join_causes<'a>(values: impl IntoIterator<Item = &'a Value>) -> Causes {
    sorted_causes(values.into_iter().flat_map(|value| value.causes()).collect())
}

/// Causes without duplicates, sorted, and not more than are kept.
pub fn sorted_causes(mut causes: Vec<Cause>) -> Causes {
    causes.sort();
    causes.dedup();
    causes.truncate(MAX_CAUSES);
    causes.into()
}
