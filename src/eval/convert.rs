//! Conversion between types, unification and equality, as Terraform does them (go-cty's package `convert`).
//!
//! Conversion keeps origins, marks and, where the conversion loses nothing, the identity of unknowns.

pub mod constraint;
mod equal;
mod mismatch;
mod sets;
pub mod stand_in;
mod unify;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ecow::{EcoString, EcoVec};

pub use constraint::Constraint;
pub use equal::equal;
pub use sets::set;
pub(in crate::eval) use sets::write_quoted;
pub use unify::{unify, unify_safe};

use crate::eval::term::TermId;
use crate::eval::value::{Refinement, Type, Unknown, Value, ValueKind, join_causes};
use crate::number::Number;

/// Why a value does not convert: Terraform's message, `element 0: string required`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvertError {
    /// Terraform's message.
    pub message: String,
}

impl ConvertError {
    fn new(message: impl Into<String>) -> ConvertError {
        ConvertError { message: message.into() }
    }
}

impl fmt::Display for ConvertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConvertError {}

/// Converts a value to a type; `Dynamic` anywhere in the type accepts what is there.
pub fn convert(value: &Value, ty: &Type) -> Result<Value, ConvertError> {
    convert_to(value, Target::Type(ty))
}

/// The name of a type that is asked for: as `friendly_name`, with *any single type* for an open element type.
pub(in crate::eval) fn constraint_name(ty: &Type) -> String {
    mismatch::name_of(Target::Type(ty))
}

/// Whether some values of one type convert to another, also by conversions that can fail (`string` to `number`).
pub fn converts(from: &Type, to: &Type) -> bool {
    from == to || convertible(from, Target::Type(to), Mode::Unsafe)
}

/// Whether all values of one type convert to another.
pub fn converts_safely(from: &Type, to: &Type) -> bool {
    from == to || convertible(from, Target::Type(to), Mode::Safe)
}

/// Which conversions are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Only those that cannot fail.
    Safe,
    /// Also those that depend on the value.
    Unsafe,
}

/// What is converted to: a plain type, or a constraint with optional attributes.
#[derive(Clone, Copy, Debug)]
enum Target<'a> {
    Type(&'a Type),
    Constraint(&'a Constraint),
}

/// The outermost layer of a target.
enum Shape<'a> {
    Any,
    Primitive(Type),
    List(Target<'a>),
    Set(Target<'a>),
    Map(Target<'a>),
    Tuple(Vec<Target<'a>>),
    /// Name, type, whether optional; in order of names.
    Object(Vec<(&'a EcoString, Target<'a>, bool)>),
    Resource(&'a EcoString),
}

impl<'a> Target<'a> {
    fn shape(self) -> Shape<'a> {
        match self {
            Target::Type(ty) => match ty {
                Type::Dynamic => Shape::Any,
                Type::Bool | Type::Number | Type::String => Shape::Primitive(ty.clone()),
                Type::List(element) => Shape::List(Target::Type(element)),
                Type::Set(element) => Shape::Set(Target::Type(element)),
                Type::Map(element) => Shape::Map(Target::Type(element)),
                Type::Tuple(elements) => Shape::Tuple(elements.iter().map(Target::Type).collect()),
                Type::Object(attributes) => Shape::Object(
                    attributes.iter().map(|(name, ty)| (name, Target::Type(ty), false)).collect(),
                ),
                Type::Resource(name) => Shape::Resource(name),
            },
            Target::Constraint(constraint) => match constraint {
                Constraint::Any => Shape::Any,
                Constraint::Bool => Shape::Primitive(Type::Bool),
                Constraint::Number => Shape::Primitive(Type::Number),
                Constraint::String => Shape::Primitive(Type::String),
                Constraint::List(element) => Shape::List(Target::Constraint(element)),
                Constraint::Set(element) => Shape::Set(Target::Constraint(element)),
                Constraint::Map(element) => Shape::Map(Target::Constraint(element)),
                Constraint::Tuple(elements) => {
                    Shape::Tuple(elements.iter().map(Target::Constraint).collect())
                }
                Constraint::Object(attributes) => Shape::Object(
                    attributes
                        .iter()
                        .map(|(name, attribute)| {
                            (name, Target::Constraint(&attribute.constraint), attribute.optional)
                        })
                        .collect(),
                ),
            },
        }
    }

    fn is_any(self) -> bool {
        matches!(self, Target::Type(Type::Dynamic) | Target::Constraint(Constraint::Any))
    }

    /// Whether it is this very type: no conversion is needed then. Never of an object with optional attributes.
    fn is_exactly(self, ty: &Type) -> bool {
        match self {
            Target::Type(target) => target == ty,
            Target::Constraint(constraint) => match (constraint, ty) {
                (Constraint::Any, Type::Dynamic)
                | (Constraint::Bool, Type::Bool)
                | (Constraint::Number, Type::Number)
                | (Constraint::String, Type::String) => true,
                (Constraint::List(element), Type::List(ty))
                | (Constraint::Set(element), Type::Set(ty))
                | (Constraint::Map(element), Type::Map(ty)) => Target::Constraint(element).is_exactly(ty),
                (Constraint::Tuple(elements), Type::Tuple(tys)) => {
                    elements.len() == tys.len()
                        && elements.iter().zip(tys.iter()).all(|(e, ty)| Target::Constraint(e).is_exactly(ty))
                }
                (Constraint::Object(attributes), Type::Object(tys)) => {
                    attributes.len() == tys.len()
                        && attributes.iter().zip(tys.iter()).all(|((name, attribute), (ty_name, ty))| {
                            name == ty_name
                                && !attribute.optional
                                && Target::Constraint(&attribute.constraint).is_exactly(ty)
                        })
                }
                (
                    Constraint::Any
                    | Constraint::Bool
                    | Constraint::Number
                    | Constraint::String
                    | Constraint::List(_)
                    | Constraint::Set(_)
                    | Constraint::Map(_)
                    | Constraint::Tuple(_)
                    | Constraint::Object(_),
                    _,
                ) => false,
            },
        }
    }

    /// The plain type, optional attributes included as ordinary ones.
    fn to_type(self) -> Type {
        match self {
            Target::Type(ty) => ty.clone(),
            Target::Constraint(constraint) => constraint.ty(),
        }
    }
}

/// Whether a conversion exists. Asked before any value is looked at: Terraform's conversions are chosen by type.
fn convertible(from: &Type, to: Target<'_>, mode: Mode) -> bool {
    if to.is_exactly(from) {
        return true;
    }
    let shape = to.shape();
    if let Shape::Any = shape {
        return true;
    }
    let from_element = from.element();
    match (from, &shape) {
        (Type::Dynamic, _) => mode == Mode::Unsafe,
        // Nothing is known of the attributes, so a conversion to another structure may well exist.
        (Type::Resource(name), Shape::Resource(other)) => name == *other,
        (Type::Resource(_), Shape::Object(_) | Shape::Map(_)) => true,
        (Type::Bool | Type::Number | Type::String, Shape::Primitive(to)) => match (from, to) {
            (Type::Number | Type::Bool, Type::String) => true,
            (Type::String, Type::Number | Type::Bool) => mode == Mode::Unsafe,
            (from, to) => from == to,
        },
        (Type::Object(attributes), Shape::Object(wanted)) => {
            wanted.iter().all(|(name, to, optional)| match attributes.get(*name) {
                Some(from) => convertible(from, *to, mode),
                None => *optional,
            })
        }
        (Type::Tuple(elements), Shape::Tuple(wanted)) => {
            elements.len() == wanted.len()
                && elements.iter().zip(wanted).all(|(from, to)| convertible(from, *to, mode))
        }
        (Type::List(_), Shape::Set(_)) if mode == Mode::Safe => false,
        (Type::List(_) | Type::Set(_), Shape::List(to) | Shape::Set(to)) | (Type::Map(_), Shape::Map(to)) => {
            from_element.is_some_and(|from| convertible(from, *to, mode))
        }
        (Type::Tuple(elements), Shape::List(to) | Shape::Set(to)) => all_convertible(elements, *to, mode),
        (Type::Object(attributes), Shape::Map(to)) => {
            let types: Vec<Type> = attributes.values().cloned().collect();
            // Unlike a tuple, an object becomes a map of unknown element type when the attributes unify to that.
            if to.is_any() {
                types.is_empty() || unify::unify_mode(&types, mode).is_some()
            } else {
                types.iter().all(|from| convertible(from, *to, mode))
            }
        }
        (Type::Map(element), Shape::Object(wanted)) => {
            mode == Mode::Unsafe
                && wanted.iter().all(|(_, to, optional)| *optional || convertible(element, *to, mode))
        }
        (
            Type::Bool
            | Type::Number
            | Type::String
            | Type::List(_)
            | Type::Set(_)
            | Type::Map(_)
            | Type::Tuple(_)
            | Type::Object(_)
            | Type::Resource(_),
            _,
        ) => false,
    }
}

fn all_convertible(elements: &[Type], to: Target<'_>, mode: Mode) -> bool {
    if elements.is_empty() || !to.is_any() {
        return elements.iter().all(|from| convertible(from, to, mode));
    }
    match unify::unify_mode(elements, mode) {
        None => false,
        Some(Type::Dynamic) => {
            elements.iter().all(|element| *element == Type::Dynamic) || elements.iter().any(is_opaque)
        }
        Some(_) => true,
    }
}

/// Whether a resource type whose schema is not known is part of it.
fn is_opaque(ty: &Type) -> bool {
    match ty {
        Type::Resource(_) => true,
        Type::Dynamic | Type::Bool | Type::Number | Type::String => false,
        Type::List(element) | Type::Set(element) | Type::Map(element) => is_opaque(element),
        Type::Tuple(elements) => elements.iter().any(is_opaque),
        Type::Object(attributes) => attributes.values().any(is_opaque),
    }
}

fn convert_to(value: &Value, to: Target<'_>) -> Result<Value, ConvertError> {
    if to.is_any() {
        return Ok(value.clone());
    }
    let from = value.ty();
    if to.is_exactly(&from) {
        return Ok(value.clone());
    }
    if !convertible(&from, to, Mode::Unsafe) {
        return Err(ConvertError::new(mismatch::message(&from, to)));
    }
    apply(value, to)
}

/// Converts by a conversion that exists.
fn apply(value: &Value, to: Target<'_>) -> Result<Value, ConvertError> {
    let shape = to.shape();
    let kind = match (&value.kind, shape) {
        (_, Shape::Any) => return Ok(value.clone()),
        (ValueKind::Unknown(unknown), _) => ValueKind::Unknown(Arc::new(convert_unknown(unknown, to))),
        (ValueKind::Null(from), _) => ValueKind::Null(replace_dynamic(from, to)),
        (ValueKind::Resource(instance), Shape::Resource(name)) if instance.type_name == *name => {
            value.kind.clone()
        }
        (ValueKind::Resource(_), _) => Value::unknown_not_null(to.to_type()).kind,
        (ValueKind::Bool(bool), Shape::Primitive(Type::String)) => {
            ValueKind::String(if *bool { "true".into() } else { "false".into() })
        }
        (ValueKind::Number(number), Shape::Primitive(Type::String)) => {
            ValueKind::String(number.to_string().into())
        }
        (ValueKind::String(text), Shape::Primitive(Type::Number)) => match Number::parse(text) {
            Some(number) => ValueKind::Number(number),
            None => return Err(ConvertError::new("a number is required")),
        },
        (ValueKind::String(text), Shape::Primitive(Type::Bool)) => ValueKind::Bool(parse_bool(text)?),
        (ValueKind::Bool(_) | ValueKind::Number(_) | ValueKind::String(_), _) => value.kind.clone(),
        (ValueKind::List(from, elements) | ValueKind::Set(from, elements), Shape::List(to)) => {
            let is_set = matches!(value.kind, ValueKind::Set(..));
            let elements = convert_elements(elements, Some(from), to)?;
            match finish_list(elements, Some(from), to)? {
                // Elements that are not known may turn out to be the same, and stand anywhere.
                ValueKind::List(element, elements)
                    if is_set && elements.len() > 1 && !elements.iter().all(Value::is_wholly_known) =>
                {
                    unordered(Type::list(element), &elements)
                }
                list @ (ValueKind::Null(_)
                | ValueKind::Bool(_)
                | ValueKind::Number(_)
                | ValueKind::String(_)
                | ValueKind::List(..)
                | ValueKind::Set(..)
                | ValueKind::Map(..)
                | ValueKind::Tuple(_)
                | ValueKind::Object(_)
                | ValueKind::Resource(_)
                | ValueKind::Unknown(_)) => list,
            }
        }
        (ValueKind::List(from, elements) | ValueKind::Set(from, elements), Shape::Set(to)) => {
            let elements = convert_elements(elements, Some(from), to)?;
            return Ok(finish_set(elements, Some(from), to)?
                .with_origin(value.origin)
                .with_marks(value.marks));
        }
        (ValueKind::Tuple(elements), Shape::List(to)) => {
            if let Some(kind) = mixed_with_opaque(elements, to, Type::list) {
                kind
            } else {
                let (elements, element) = convert_tuple_elements(elements, to)?;
                let elements = unify_elements(elements, Mode::Unsafe)?;
                finish_list(elements, None, Target::Type(&element))?
            }
        }
        (ValueKind::Tuple(elements), Shape::Set(to)) => {
            if let Some(kind) = mixed_with_opaque(elements, to, Type::set) {
                kind
            } else {
                let (elements, element) = convert_tuple_elements(elements, to)?;
                let set = finish_set(elements, None, Target::Type(&element))?;
                return Ok(set.with_origin(value.origin).with_marks(value.marks));
            }
        }
        (ValueKind::Tuple(elements), Shape::Tuple(wanted)) => ValueKind::Tuple(
            elements
                .iter()
                .zip(wanted)
                .map(|(element, to)| apply_unless_exact(element, to))
                .collect::<Result<_, _>>()?,
        ),
        (ValueKind::Map(from, entries), Shape::Map(to)) => {
            let (keys, elements): (Vec<_>, Vec<_>) =
                entries.iter().map(|(k, v)| (k.clone(), v.clone())).unzip();
            let mut elements = convert_elements(&elements, Some(from), to)?;
            if matches!(to.shape(), Shape::List(_) | Shape::Set(_) | Shape::Map(_) | Shape::Object(_)) {
                elements = unify_elements(elements, Mode::Safe)?;
            }
            finish_map(keys, elements, Some(from), to)?
        }
        (ValueKind::Object(entries), Shape::Map(to)) => {
            let (keys, elements): (Vec<_>, Vec<_>) =
                entries.iter().map(|(k, v)| (k.clone(), v.clone())).unzip();
            if let Some(kind) = mixed_with_opaque(&elements, to, Type::map) {
                kind
            } else {
                let (mut elements, element) = convert_tuple_elements(&elements, to)?;
                if element.is_collection() || matches!(element, Type::Object(_)) {
                    elements = unify_elements(elements, Mode::Unsafe)?;
                }
                finish_map(keys, elements, None, Target::Type(&element))?
            }
        }
        (ValueKind::Object(entries), Shape::Object(wanted)) => {
            let mut attributes = BTreeMap::new();
            for (name, to, _) in wanted {
                let attribute = match entries.get(name) {
                    Some(entry) => apply_unless_exact(entry, to)?,
                    None => Value::null(to.to_type()),
                };
                attributes.insert(name.clone(), attribute);
            }
            ValueKind::Object(Arc::new(attributes))
        }
        (ValueKind::Map(from, entries), Shape::Object(wanted)) => {
            let mut attributes = BTreeMap::new();
            for (name, to, optional) in wanted {
                let attribute = match entries.get(name) {
                    Some(entry) if convertible(from, to, Mode::Unsafe) => convert_to(entry, to)?,
                    Some(_) => {
                        return Err(ConvertError::new(format!(
                            "map element type is incompatible with attribute \"{name}\": {}",
                            mismatch::message(from, to)
                        )));
                    }
                    None if optional => Value::null(to.to_type()),
                    None => {
                        return Err(ConvertError::new(format!(
                            "map has no element for required attribute \"{name}\""
                        )));
                    }
                };
                attributes.insert(name.clone(), attribute);
            }
            ValueKind::Object(Arc::new(attributes))
        }
        (
            ValueKind::List(..)
            | ValueKind::Set(..)
            | ValueKind::Map(..)
            | ValueKind::Tuple(_)
            | ValueKind::Object(_),
            Shape::Primitive(_)
            | Shape::Resource(_)
            | Shape::List(_)
            | Shape::Set(_)
            | Shape::Map(_)
            | Shape::Tuple(_)
            | Shape::Object(_),
        ) => return Err(ConvertError::new(mismatch::message(&value.ty(), to))),
    };
    Ok(Value { kind, origin: value.origin, marks: value.marks })
}

fn apply_unless_exact(value: &Value, to: Target<'_>) -> Result<Value, ConvertError> {
    if to.is_exactly(&value.ty()) { Ok(value.clone()) } else { apply(value, to) }
}

fn parse_bool(text: &str) -> Result<bool, ConvertError> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(ConvertError::new(match text.to_lowercase().as_str() {
            "true" => "a bool is required; to convert from string, use lowercase \"true\"",
            "false" => "a bool is required; to convert from string, use lowercase \"false\"",
            _ => "a bool is required",
        })),
    }
}

/// Converts the elements of a collection, all of type `from`.
fn convert_elements(
    elements: &[Value],
    from: Option<&Type>,
    to: Target<'_>,
) -> Result<Vec<Value>, ConvertError> {
    if to.is_any() || from.is_some_and(|from| to.is_exactly(from)) {
        return Ok(elements.to_vec());
    }
    // Elements of a collection of unknown element type were not looked at when the conversion was chosen.
    elements.iter().map(|element| convert_to(element, to)).collect()
}

/// Converts the elements of a tuple or object to one type; with `any`, to the type that they unify to.
fn convert_tuple_elements(elements: &[Value], to: Target<'_>) -> Result<(Vec<Value>, Type), ConvertError> {
    if to.is_any() {
        let types: Vec<Type> = elements.iter().map(Value::ty).collect();
        let element = unify(&types).unwrap_or(Type::Dynamic);
        let elements = convert_elements(elements, None, Target::Type(&element))?;
        Ok((elements, element))
    } else {
        Ok((convert_elements(elements, None, to)?, to.to_type()))
    }
}

/// Elements that only fail to unify because a resource's schema is not known: the result is not known then.
fn mixed_with_opaque(elements: &[Value], to: Target<'_>, collection: fn(Type) -> Type) -> Option<ValueKind> {
    if !to.is_any() {
        return None;
    }
    let types: Vec<Type> = elements.iter().map(Value::ty).collect();
    if !types.iter().any(is_opaque) || unify(&types) != Some(Type::Dynamic) {
        return None;
    }
    Some(unordered(collection(Type::Dynamic), elements))
}

/// A collection of elements whose number or order is not known.
fn unordered(ty: Type, elements: &[Value]) -> ValueKind {
    let count = elements.len() as u64;
    let least = if matches!(ty, Type::Map(_)) { count } else { count.min(1) };
    ValueKind::Unknown(Arc::new(Unknown {
        term: TermId::NONE,
        ty,
        refinement: Refinement {
            not_null: true,
            min_length: least,
            max_length: Some(count),
            ..Refinement::default()
        },
        causes: join_causes(elements),
        possible: None,
        each: stand_in::one_of(elements.iter().cloned()).map(Box::new),
    }))
}

/// Makes the types of elements equal that differ because the target leaves parts of them open.
fn unify_elements(elements: Vec<Value>, mode: Mode) -> Result<Vec<Value>, ConvertError> {
    let types: Vec<Type> = elements.iter().map(Value::ty).collect();
    if types.windows(2).all(|pair| pair[0] == pair[1]) {
        return Ok(elements);
    }
    let Some(ty) = unify::unify_mode(&types, mode) else {
        return Err(ConvertError::new("cannot find a common base type for all elements"));
    };
    elements.iter().map(|element| convert(element, &ty)).collect()
}

/// The one type of all elements, disregarding untyped ones; none if they differ.
fn common_type(elements: &[Value]) -> Option<Type> {
    let mut common = Type::Dynamic;
    for element in elements {
        let ty = element.ty();
        if common == Type::Dynamic {
            common = ty;
        } else if ty != Type::Dynamic && ty != common {
            return None;
        }
    }
    Some(common)
}

/// Gives an untyped null or unknown the element type of the collection that it becomes part of.
fn retype(value: Value, ty: &Type) -> Value {
    if *ty == Type::Dynamic || value.ty() != Type::Dynamic {
        return value;
    }
    let kind = match value.kind {
        ValueKind::Null(_) => ValueKind::Null(ty.clone()),
        ValueKind::Unknown(unknown) => {
            ValueKind::Unknown(Arc::new(Unknown { ty: ty.clone(), ..Unknown::clone(&unknown) }))
        }
        kind @ (ValueKind::Bool(_)
        | ValueKind::Number(_)
        | ValueKind::String(_)
        | ValueKind::List(..)
        | ValueKind::Set(..)
        | ValueKind::Map(..)
        | ValueKind::Tuple(_)
        | ValueKind::Object(_)
        | ValueKind::Resource(_)) => kind,
    };
    Value { kind, ..value }
}

/// The element type of a collection of these elements, and the elements with it.
fn settle(
    elements: Vec<Value>,
    from: Option<&Type>,
    to: Target<'_>,
    what: &str,
) -> Result<(Type, Vec<Value>), ConvertError> {
    let wanted = to.to_type();
    if elements.is_empty() {
        // A concrete type is better than `any` for an empty collection.
        let element = match from {
            Some(from) if wanted == Type::Dynamic => from.clone(),
            _ => wanted,
        };
        return Ok((element, elements));
    }
    if !wanted.has_dynamic() {
        return Ok((wanted, elements));
    }
    let Some(element) = common_type(&elements) else {
        return Err(ConvertError::new(format!("element types must all match for conversion to {what}")));
    };
    let elements = elements.into_iter().map(|value| retype(value, &element)).collect();
    Ok((element, elements))
}

fn finish_list(elements: Vec<Value>, from: Option<&Type>, to: Target<'_>) -> Result<ValueKind, ConvertError> {
    let (element, elements) = settle(elements, from, to, "list")?;
    Ok(ValueKind::List(element, elements.into()))
}

fn finish_set(elements: Vec<Value>, from: Option<&Type>, to: Target<'_>) -> Result<Value, ConvertError> {
    let (element, elements) = settle(elements, from, to, "set")?;
    Ok(set(element, elements))
}

fn finish_map(
    keys: Vec<EcoString>,
    elements: Vec<Value>,
    from: Option<&Type>,
    to: Target<'_>,
) -> Result<ValueKind, ConvertError> {
    let (element, elements) = settle(elements, from, to, "map")?;
    Ok(ValueKind::Map(element, Arc::new(keys.into_iter().zip(elements).collect())))
}

fn convert_unknown(unknown: &Unknown, to: Target<'_>) -> Unknown {
    let ty = replace_dynamic(&unknown.ty, to);
    let mut refinement = Refinement { not_null: unknown.refinement.not_null, ..Refinement::default() };
    let of = &unknown.refinement;
    match (&unknown.ty, &ty) {
        (Type::Object(attributes), Type::Map(_)) => {
            refinement.min_length = attributes.len() as u64;
            refinement.max_length = Some(attributes.len() as u64);
        }
        (Type::Tuple(elements), Type::List(_)) => {
            refinement.min_length = elements.len() as u64;
            refinement.max_length = Some(elements.len() as u64);
        }
        (Type::Tuple(elements), Type::Set(_)) => {
            refinement.min_length = elements.len().min(1) as u64;
            refinement.max_length = Some(elements.len() as u64);
        }
        (from, Type::Set(_)) if from.is_collection() => {
            refinement.min_length = of.min_length.min(1);
            refinement.max_length = of.max_length;
        }
        (from, to) if from.is_collection() && to.is_collection() => {
            refinement.min_length = of.min_length;
            refinement.max_length = of.max_length;
        }
        (from, to) if from == to || *from == Type::Dynamic => refinement = of.clone(),
        _ => {}
    }
    let possible = unknown.possible.as_ref().and_then(|possible| {
        possible.iter().map(|value| convert(value, &ty)).collect::<Result<EcoVec<_>, _>>().ok()
    });
    let each = match (&unknown.each, ty.element()) {
        (Some(each), Some(element)) => convert(each, element).ok().map(Box::new),
        (each, _) => each.clone(),
    };
    Unknown {
        term: if is_injective(&unknown.ty, &ty) { unknown.term } else { TermId::NONE },
        ty,
        refinement,
        causes: unknown.causes.clone(),
        possible,
        each,
    }
}

/// Whether different values stay different, so that an unknown keeps its identity.
fn is_injective(from: &Type, to: &Type) -> bool {
    match (from, to) {
        _ if from == to => true,
        (Type::Number | Type::Bool, Type::String) => true,
        (Type::List(from) | Type::Set(from), Type::List(to))
        | (Type::Set(from), Type::Set(to))
        | (Type::Map(from), Type::Map(to)) => is_injective(from, to),
        (Type::Tuple(from), Type::List(to)) => from.iter().all(|from| is_injective(from, to)),
        (Type::Tuple(from), Type::Tuple(to)) => {
            from.len() == to.len() && from.iter().zip(to.iter()).all(|(from, to)| is_injective(from, to))
        }
        (Type::Object(from), Type::Map(to)) => from.values().all(|from| is_injective(from, to)),
        (Type::Object(from), Type::Object(to)) => {
            from.len() == to.len()
                && from.iter().all(|(name, from)| to.get(name).is_some_and(|to| is_injective(from, to)))
        }
        // What is not known to be of another type is taken for what is asked for.
        (Type::Dynamic, _) => true,
        _ => false,
    }
}

/// The target type, with what it leaves open taken from the source type.
fn replace_dynamic(from: &Type, to: Target<'_>) -> Type {
    if *from == Type::Dynamic {
        return to.to_type();
    }
    let element_of = |to: Target<'_>| -> Type {
        match from {
            Type::List(element) | Type::Set(element) | Type::Map(element) => replace_dynamic(element, to),
            Type::Tuple(elements) => {
                unify(elements).map_or_else(|| to.to_type(), |ty| replace_dynamic(&ty, to))
            }
            Type::Object(attributes) => {
                let types: Vec<Type> = attributes.values().cloned().collect();
                unify(&types).map_or_else(|| to.to_type(), |ty| replace_dynamic(&ty, to))
            }
            Type::Dynamic | Type::Bool | Type::Number | Type::String | Type::Resource(_) => to.to_type(),
        }
    };
    match to.shape() {
        Shape::Any => from.clone(),
        Shape::Primitive(ty) => ty,
        Shape::Resource(name) => Type::Resource(name.clone()),
        Shape::List(element) => Type::list(element_of(element)),
        Shape::Set(element) => Type::set(element_of(element)),
        Shape::Map(element) => Type::map(element_of(element)),
        Shape::Tuple(elements) => match from {
            Type::Tuple(from) => {
                Type::tuple(from.iter().zip(elements).map(|(from, to)| replace_dynamic(from, to)))
            }
            Type::Dynamic
            | Type::Bool
            | Type::Number
            | Type::String
            | Type::List(_)
            | Type::Set(_)
            | Type::Map(_)
            | Type::Object(_)
            | Type::Resource(_) => to.to_type(),
        },
        Shape::Object(attributes) => Type::object(attributes.into_iter().map(|(name, to, _)| {
            let ty = match from {
                Type::Object(from) => from.get(name).map(|from| replace_dynamic(from, to)),
                Type::Map(element) => Some(replace_dynamic(element, to)),
                Type::Dynamic
                | Type::Bool
                | Type::Number
                | Type::String
                | Type::List(_)
                | Type::Set(_)
                | Type::Tuple(_)
                | Type::Resource(_) => None,
            };
            (name.clone(), ty.unwrap_or_else(|| to.to_type()))
        })),
    }
}
