//! Type constraints of input variables: `object({ name = string, size = optional(number, 1) })`.

use std::collections::BTreeMap;

use ecow::EcoString;

use crate::eval::convert::{ConvertError, Target, convert_to};
use crate::eval::value::{Type, Value};

/// A type constraint: a type in which object attributes may be optional and parts may be left open.
#[derive(Clone, Debug)]
pub enum Constraint {
    /// `any`.
    Any,
    /// `bool`.
    Bool,
    /// `number`.
    Number,
    /// `string`.
    String,
    /// `list(T)`.
    List(Box<Constraint>),
    /// `set(T)`.
    Set(Box<Constraint>),
    /// `map(T)`.
    Map(Box<Constraint>),
    /// `tuple([…])`.
    Tuple(Vec<Constraint>),
    /// `object({…})`.
    Object(BTreeMap<EcoString, Attribute>),
}

/// An attribute of an object constraint.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its type.
    pub constraint: Constraint,
    /// Whether it may be missing.
    pub optional: bool,
    /// The value it has when it is missing or null, converted to its type.
    pub default: Option<Value>,
}

impl Constraint {
    /// The type of values that conform, as far as it is fixed.
    pub fn ty(&self) -> Type {
        match self {
            Constraint::Any => Type::Dynamic,
            Constraint::Bool => Type::Bool,
            Constraint::Number => Type::Number,
            Constraint::String => Type::String,
            Constraint::List(element) => Type::list(element.ty()),
            Constraint::Set(element) => Type::set(element.ty()),
            Constraint::Map(element) => Type::map(element.ty()),
            Constraint::Tuple(elements) => Type::tuple(elements.iter().map(Constraint::ty)),
            Constraint::Object(attributes) => Type::object(
                attributes.iter().map(|(name, attribute)| (name.clone(), attribute.constraint.ty())),
            ),
        }
    }

    /// Converts a value, without applying defaults.
    pub fn convert(&self, value: &Value) -> Result<Value, ConvertError> {
        convert_to(value, Target::Constraint(self))
    }
}
