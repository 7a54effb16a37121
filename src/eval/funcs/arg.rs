//! Arguments taken out of values, and results put into them within the limits.

use crate::eval::funcs::{Context, FuncError, Function, Param, not_null};
use crate::eval::value::{Type, Value, normalize};
use crate::number::Number;

/// The parameter type `string`.
pub fn string() -> Type {
    Type::String
}

/// The parameter type `number`.
pub fn number() -> Type {
    Type::Number
}

/// The parameter type `any`.
pub fn any() -> Type {
    Type::Dynamic
}

/// The string of a converted, known argument.
pub fn text(value: &Value) -> Result<&str, FuncError> {
    value.as_str().ok_or_else(|| FuncError::Call("string required".into()))
}

/// The number of a converted, known argument.
pub fn as_number(value: &Value) -> Result<&Number, FuncError> {
    value.as_number().ok_or_else(|| FuncError::Call("number required".into()))
}

/// A number that must be a whole one of 64 bits; the error is Terraform's message.
pub fn whole(value: &Value) -> Result<i64, String> {
    value
        .as_number()
        .and_then(Number::to_i64)
        .ok_or_else(|| format!("value must be a whole number, between {} and {}", i64::MIN, i64::MAX))
}

/// A number as a 64-bit float; the error is Terraform's message.
pub fn float(value: &Value) -> Result<f64, FuncError> {
    let number = as_number(value)?;
    let float = number.to_f64();
    if float.is_infinite() && !number.is_infinite() {
        let message = format!("value must be between {:.6} and {:.6} inclusive", f64::MIN, f64::MAX);
        return Err(FuncError::Call(message));
    }
    Ok(float)
}

/// A string result: normalised, and within the limit.
pub fn result(context: &Context<'_>, text: &str) -> Result<Value, FuncError> {
    check_bytes(context, text.len())?;
    Ok(normal(text))
}

/// A string value in Unicode NFC.
pub fn normal(text: &str) -> Value {
    Value::string(normalize(text))
}

/// An error if a string would be longer than the limit.
pub fn check_bytes(context: &Context<'_>, bytes: usize) -> Result<(), FuncError> {
    let limit = context.limits.string_bytes;
    if bytes > limit { Err(FuncError::Limit(format!("string_bytes ({limit})"))) } else { Ok(()) }
}

/// An error if a collection would have more elements than the limit.
pub fn check_elements(context: &Context<'_>, elements: usize) -> Result<(), FuncError> {
    let limit = context.limits.elements;
    if elements > limit { Err(FuncError::Limit(format!("elements ({limit})"))) } else { Ok(()) }
}

/// A text in double quotes with escapes, as Go's `%q` writes it in messages.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            c if (c as u32) < 0x20 || c == '\u{7f}' => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A function of fixed parameters whose result has a fixed type and is not null.
pub const fn function(name: &'static str, params: &'static [Param], ty: TypeOf, call: Call) -> Function {
    Function { name, params, variadic: None, ty, refine: not_null, call }
}

/// Decides a function's result type.
pub type TypeOf = fn(&[Value]) -> Result<Type, FuncError>;

/// Computes a function's result.
pub type Call = fn(&Context<'_>, &[Value], &Type) -> Result<Value, FuncError>;

/// The result is a string.
pub fn gives_string(_args: &[Value]) -> Result<Type, FuncError> {
    Ok(Type::String)
}

/// The result is a number.
pub fn gives_number(_args: &[Value]) -> Result<Type, FuncError> {
    Ok(Type::Number)
}

/// The result is a bool.
pub fn gives_bool(_args: &[Value]) -> Result<Type, FuncError> {
    Ok(Type::Bool)
}
