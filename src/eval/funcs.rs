//! The built-in functions: one table, one file per family.
//!
//! A function is pure: it gets converted arguments without marks and returns a value without origin. The caller
//! ([`call`]) does what is the same for all: conversion, nulls, unknowns, marks. Functions that need the evaluator
//! itself (`try`, `can`, `templatefile`, `templatestring`) live in `eval::expr`.

pub mod arg;
pub mod collection;
pub mod encoding;
pub mod file;
pub mod hash;
#[cfg(test)]
mod laws;
pub mod network;
pub mod numeric;
pub mod string;
pub mod time;
pub mod types;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ecow::EcoVec;
use rustc_hash::FxHashMap;

use crate::eval::convert::convert;
use crate::eval::convert::stand_in::pick;
use crate::eval::limits::Limits;
use crate::eval::value::{Causes, Marks, Refinement, Type, Unknown, Value, ValueKind};
use crate::number::Number;
use crate::source::fs::FileSystem;

/// What a function may look at besides its arguments.
pub struct Context<'a> {
    /// Files; only paths within `root` are ever read.
    pub fs: &'a dyn FileSystem,
    /// The root module's directory, which relative paths start from.
    pub root: &'a Path,
    /// The directories, without links, of the root module and of all modules that it calls: file functions are
    /// confined to these.
    pub trees: &'a [PathBuf],
    /// Sizes that no result may pass.
    pub limits: &'a Limits,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FuncError {
    /// An argument is wrong: its index and Terraform's message.
    Arg(usize, String),
    /// The call as a whole is wrong: Terraform's message.
    Call(String),
    /// A limit of ssmlint was reached: its name and number. The result is unknown, the code is not wrong.
    Limit(String),
    /// A path outside of the module tree, which is never read. The result is unknown, the code is not wrong.
    Outside(String),
}

/// One parameter.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Terraform's name for it, in messages.
    pub name: &'static str,
    /// The type that arguments are converted to.
    pub ty: fn() -> Type,
    /// Whether the function handles a null itself.
    pub allow_null: bool,
    /// Whether the function handles an unknown argument itself. Parts of a collection may be unknown in any case
    /// unless `deep_known` asks for more.
    pub allow_unknown: bool,
    /// Whether the function handles an argument of unknown type itself.
    pub allow_dynamic: bool,
    /// Whether marks stay on the argument; otherwise they are taken off deeply and put on the result.
    pub allow_marked: bool,
    /// Whether an unknown part of the argument makes the result unknown.
    pub deep_known: bool,
}

impl Param {
    /// A parameter that must be known and not null.
    pub const fn new(name: &'static str, ty: fn() -> Type) -> Param {
        Param {
            name,
            ty,
            allow_null: false,
            allow_unknown: false,
            allow_dynamic: false,
            allow_marked: false,
            deep_known: false,
        }
    }

    /// May be null.
    pub const fn nullable(self) -> Param {
        Param { allow_null: true, ..self }
    }

    /// May be unknown.
    pub const fn unknown(self) -> Param {
        Param { allow_unknown: true, ..self }
    }

    /// May be of unknown type.
    pub const fn dynamic(self) -> Param {
        Param { allow_dynamic: true, ..self }
    }

    /// Keeps its marks.
    pub const fn marked(self) -> Param {
        Param { allow_marked: true, ..self }
    }

    /// Must be known in all parts.
    pub const fn deep(self) -> Param {
        Param { deep_known: true, ..self }
    }
}

/// One function.
#[derive(Clone, Copy)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// The fixed parameters.
    pub params: &'static [Param],
    /// The parameter of all further arguments.
    pub variadic: Option<Param>,
    /// The result type for arguments, some of which may be unknown. Errors here win over unknowns.
    pub ty: fn(&[Value]) -> Result<Type, FuncError>,
    /// What is known of a result that cannot be computed; most functions promise not to return null.
    pub refine: fn(&[Value]) -> Refinement,
    /// Computes the result, which must be of the type given.
    pub call: fn(&Context<'_>, &[Value], &Type) -> Result<Value, FuncError>,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// What is wrong with the number of arguments, in Terraform's words: summary and detail.
pub fn check_arity(function: &Function, count: usize) -> Result<(), (&'static str, String)> {
    let required = function.params.len();
    let name = function.name;
    if let Some(missing) = function.params.get(count) {
        let least = if function.variadic.is_some() { " at least" } else { "" };
        return Err((
            "Not enough function arguments",
            format!(
                "Function \"{name}\" expects{least} {required} argument(s). Missing value for \"{}\".",
                missing.name
            ),
        ));
    }
    if count > required && function.variadic.is_none() {
        return Err((
            "Too many function arguments",
            format!("Function \"{name}\" expects only {required} argument(s)."),
        ));
    }
    Ok(())
}

/// Calls a function as Terraform does. The result has no origin, and an unknown in it has no term and no causes.
pub fn call(context: &Context<'_>, function: &Function, args: &[Value]) -> Result<Value, FuncError> {
    check_arity(function, args.len()).map_err(|(_, detail)| FuncError::Call(detail))?;
    let param = |i: usize| match function.params.get(i) {
        Some(param) => *param,
        None => function.variadic.expect("the number of arguments was checked"),
    };

    // All arguments are converted before the function sees any of them.
    let mut converted = Vec::with_capacity(args.len());
    for (i, arg) in args.iter().enumerate() {
        let ty = (param(i).ty)();
        converted.push(convert(arg, &ty).map_err(|error| FuncError::Arg(i, error.to_string()))?);
    }

    let mut marks = Marks::NONE;
    let mut unknown = false;
    for (i, arg) in converted.iter_mut().enumerate() {
        let param = param(i);
        if !param.allow_marked {
            marks = marks.union(arg.deep_marks());
            *arg = unmark_deep(std::mem::replace(arg, Value::null(Type::Dynamic)));
        }
        unknown |= (arg.is_unknown() && !param.allow_unknown) || (param.deep_known && !arg.is_wholly_known());
    }

    // In order: the first argument of unknown type ends the checks of those after it.
    let mut open = false;
    for (i, arg) in converted.iter().enumerate() {
        let param = param(i);
        if arg.is_null() && !param.allow_null {
            return Err(FuncError::Arg(i, "argument must not be null".into()));
        }
        if is_open(arg) && !param.allow_dynamic {
            open = true;
            break;
        }
    }
    if open {
        let mut result = Value::refined(Type::Dynamic, (function.refine)(&converted));
        if let ([collection], true) = (converted.as_slice(), SAME_ELEMENTS.contains(&function.name))
            && let (Some(of), ValueKind::Unknown(unknown)) = (collection.as_unknown(), &mut result.kind)
        {
            let unknown = Arc::make_mut(unknown);
            unknown.each = of.each.clone();
            unknown.refinement.min_length = of.refinement.min_length.min(1);
        }
        return Ok(result.with_marks(marks));
    }

    let ty = (function.ty)(&converted)?;
    let result = match unknown {
        false => (function.call)(context, &converted, &ty)?,
        true => match time::of_moments(context, function, &converted, &ty)? {
            Some(result) => result,
            None => Value::unknown(ty.clone()),
        },
    };
    Ok(refine(result, (function.refine)(&converted)).with_marks(marks))
}

/// Functions that give the elements of their argument, each of them once at least.
const SAME_ELEMENTS: [&str; 6] = ["distinct", "reverse", "sort", "tolist", "toset", "values"];

/// The error of a call without what it tells of sensitive arguments. Messages quote arguments and parts of them, so a
/// message stands only if it is the same whatever the sensitive strings and numbers are.
pub fn harmless(context: &Context<'_>, function: &Function, args: &[Value], error: FuncError) -> FuncError {
    if !args.iter().any(|arg| arg.deep_marks().sensitive) {
        return error;
    }
    let others: Vec<Value> = args.iter().map(|arg| with_other_secrets(arg, false)).collect();
    if call(context, function, &others).is_err_and(|other| other == error) {
        return error;
    }
    let hidden = || "the reason is not shown, because it may tell of a sensitive value".to_owned();
    match error {
        FuncError::Arg(index, _) => FuncError::Arg(index, hidden()),
        FuncError::Call(_) => FuncError::Call(hidden()),
        FuncError::Outside(_) => FuncError::Outside("a path that is sensitive".to_owned()),
        FuncError::Limit(_) => error,
    }
}

/// The value with other strings, numbers and keys where it is sensitive.
fn with_other_secrets(value: &Value, within: bool) -> Value {
    let hide = within || value.marks.sensitive;
    let other = |text: &str| ecow::EcoString::from(if text == "~" { "^" } else { "~" });
    let entries = |entries: &std::collections::BTreeMap<ecow::EcoString, Value>| {
        let key =
            |key: &ecow::EcoString, n: usize| if hide { ecow::eco_format!("~{n}") } else { key.clone() };
        let entries = entries.iter().enumerate();
        Arc::new(entries.map(|(n, (k, v))| (key(k, n), with_other_secrets(v, hide))).collect())
    };
    let elements = |elements: &EcoVec<Value>| elements.iter().map(|v| with_other_secrets(v, hide)).collect();
    let kind = match &value.kind {
        ValueKind::String(text) if hide => ValueKind::String(other(text)),
        ValueKind::List(ty, all) => ValueKind::List(ty.clone(), elements(all)),
        ValueKind::Set(ty, all) => ValueKind::Set(ty.clone(), elements(all)),
        ValueKind::Tuple(all) => ValueKind::Tuple(elements(all)),
        ValueKind::Map(ty, all) => ValueKind::Map(ty.clone(), entries(all)),
        ValueKind::Object(all) => ValueKind::Object(entries(all)),
        ValueKind::Number(number) if hide => {
            ValueKind::Number(number.add(&Number::from(1_i64)).unwrap_or_else(|| number.clone()))
        }
        kind @ (ValueKind::Null(_)
        | ValueKind::Bool(_)
        | ValueKind::Number(_)
        | ValueKind::String(_)
        | ValueKind::Resource(_)
        | ValueKind::Unknown(_)) => kind.clone(),
    };
    Value { kind, origin: value.origin, marks: value.marks }
}

/// Whether its type, or the attributes of its type, are not known.
fn is_open(value: &Value) -> bool {
    match &value.kind {
        ValueKind::Null(ty) => *ty == Type::Dynamic,
        ValueKind::Unknown(unknown) => matches!(unknown.ty, Type::Dynamic | Type::Resource(_)),
        ValueKind::Resource(_) => true,
        ValueKind::Bool(_)
        | ValueKind::Number(_)
        | ValueKind::String(_)
        | ValueKind::List(..)
        | ValueKind::Set(..)
        | ValueKind::Map(..)
        | ValueKind::Tuple(_)
        | ValueKind::Object(_) => false,
    }
}

/// Adds to what is known of an unknown; a value that is left with one possibility becomes that.
pub fn refine(value: Value, refinement: Refinement) -> Value {
    let Value { kind: ValueKind::Unknown(unknown), origin, marks } = value else { return value };
    let mut unknown = Unknown::clone(&unknown);
    let known = &mut unknown.refinement;
    known.not_null |= refinement.not_null;
    if refinement.prefix.len() > known.prefix.len() {
        known.prefix = refinement.prefix;
    }
    if let Some(min) = refinement.min
        && known.min.as_ref().is_none_or(|old| (&old.0, !old.1) < (&min.0, !min.1))
    {
        known.min = Some(min);
    }
    if let Some(max) = refinement.max
        && known.max.as_ref().is_none_or(|old| (&max.0, max.1) < (&old.0, old.1))
    {
        known.max = Some(max);
    }
    known.moment = known.moment.or(refinement.moment);
    known.min_length = known.min_length.max(refinement.min_length);
    known.max_length = match (known.max_length, refinement.max_length) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    Value { kind: settle(unknown), origin, marks }
}

/// An unknown, or the one value that its refinement leaves.
pub fn settle(unknown: Unknown) -> ValueKind {
    // As many elements are spelled out; beyond that the length alone is kept.
    const ELEMENTS: u64 = 1024;
    let refinement = &unknown.refinement;
    if !refinement.not_null {
        return ValueKind::Unknown(Arc::new(unknown));
    }
    if let (Some((min, true)), Some((max, true))) = (&refinement.min, &refinement.max)
        && min == max
    {
        return ValueKind::Number(min.clone());
    }
    let length = refinement.max_length.filter(|max| *max == refinement.min_length);
    match (length, &unknown.ty) {
        (Some(0), Type::List(element)) => ValueKind::List(Type::clone(element), EcoVec::new()),
        (Some(0), Type::Set(element)) => ValueKind::Set(Type::clone(element), EcoVec::new()),
        (Some(0), Type::Map(element)) => ValueKind::Map(Type::clone(element), Arc::default()),
        (Some(length), Type::List(element)) if length <= ELEMENTS => {
            let one = match &unknown.each {
                Some(each) => pick(Value::clone(each)),
                None => with_causes(Value::unknown(Type::clone(element)), &unknown.causes),
            };
            ValueKind::List(Type::clone(element), std::iter::repeat_n(one, length as usize).collect())
        }
        (Some(1), Type::Set(element)) => {
            let one = match &unknown.each {
                Some(each) => Value::clone(each),
                None => with_causes(Value::unknown(Type::clone(element)), &unknown.causes),
            };
            ValueKind::Set(Type::clone(element), std::iter::once(one).collect())
        }
        _ => ValueKind::Unknown(Arc::new(unknown)),
    }
}

fn with_causes(value: Value, causes: &Causes) -> Value {
    let Value { kind: ValueKind::Unknown(unknown), origin, marks } = value else { return value };
    let unknown = Unknown { causes: causes.clone(), ..Unknown::clone(&unknown) };
    Value { kind: ValueKind::Unknown(Arc::new(unknown)), origin, marks }
}

/// Takes all marks off, deeply.
pub fn unmark_deep(value: Value) -> Value {
    if value.deep_marks().is_empty() {
        return value;
    }
    let kind = match value.kind {
        ValueKind::List(ty, elements) => ValueKind::List(ty, elements.into_iter().map(unmark_deep).collect()),
        ValueKind::Set(ty, elements) => ValueKind::Set(ty, elements.into_iter().map(unmark_deep).collect()),
        ValueKind::Tuple(elements) => ValueKind::Tuple(elements.into_iter().map(unmark_deep).collect()),
        ValueKind::Map(ty, entries) => ValueKind::Map(
            ty,
            std::sync::Arc::new(entries.iter().map(|(k, v)| (k.clone(), unmark_deep(v.clone()))).collect()),
        ),
        ValueKind::Object(entries) => ValueKind::Object(std::sync::Arc::new(
            entries.iter().map(|(k, v)| (k.clone(), unmark_deep(v.clone()))).collect(),
        )),
        kind @ (ValueKind::Null(_)
        | ValueKind::Bool(_)
        | ValueKind::Number(_)
        | ValueKind::String(_)
        | ValueKind::Resource(_)
        | ValueKind::Unknown(_)) => kind,
    };
    Value { kind, origin: value.origin, marks: Marks::NONE }
}

/// The refinement of nearly all functions: the result is not null.
pub fn not_null(_args: &[Value]) -> Refinement {
    Refinement { not_null: true, ..Refinement::default() }
}

/// The refinement of a function that may return null.
pub fn no_refinement(_args: &[Value]) -> Refinement {
    Refinement::default()
}

/// Whether the function gives another result on every run.
pub fn is_impure(name: &str) -> bool {
    matches!(name, "bcrypt" | "plantimestamp" | "timestamp" | "uuid")
}

/// Whether a call that gave no error cannot fail either once its unknown arguments are known.
pub fn cannot_fail(function: &Function, args: &[Value]) -> bool {
    let is_typed = |arg: &Value| arg.ty() == args[0].ty() && !arg.ty().has_dynamic();
    let is_shaped = |arg: &Value| is_given(arg) && !arg.ty().has_dynamic();
    args.is_empty()
        // Conversions and look-ups ask for no value within a collection whose shape is known.
        || (matches!(function.name, "tolist" | "toset" | "tomap") && args.iter().all(is_shaped))
        || (function.name == "lookup" && is_shaped(&args[0]) && args.get(1).is_some_and(is_given))
        || time::is_of_moments(function, args)
        // Once there is a value, those after it do not matter.
        || (function.name == "coalesce" && args.iter().all(is_typed) && args.iter().any(is_given))
        || is_total(function.name, &args[0].ty())
}

/// Whether a function has a result for each value of a type, also for null.
fn is_total(name: &str, ty: &Type) -> bool {
    let is_alike = |elements: &[Type]| elements.iter().all(|ty| *ty == elements[0] && ty.is_primitive());
    match name {
        "issensitive" | "sensitive" | "nonsensitive" | "ephemeralasnull" | "jsonencode" => true,
        "tostring" => ty.is_primitive(),
        "tolist" | "toset" => match ty {
            Type::List(element) | Type::Set(element) => !element.has_dynamic(),
            Type::Tuple(elements) => is_alike(elements),
            Type::Dynamic
            | Type::Bool
            | Type::Number
            | Type::String
            | Type::Map(_)
            | Type::Object(_)
            | Type::Resource(_) => false,
        },
        "tomap" => matches!(ty, Type::Map(element) if !element.has_dynamic()),
        _ => false,
    }
}

/// Whether it is known and not null.
fn is_given(value: &Value) -> bool {
    !value.is_unknown() && !value.is_null()
}

/// Whether ssmlint knows the function's type only: its result depends on whose machine it runs.
pub fn is_unsupported(name: &str) -> bool {
    name == "pathexpand"
}

/// How much more work a call is than its arguments and its result tell, in bytes of values weighed.
pub fn work(function: &Function, args: &[Value]) -> usize {
    hash::work(function, args)
}

/// The function of a name, with or without the prefix `core::`.
pub fn find(name: &str) -> Option<&'static Function> {
    static BY_NAME: OnceLock<FxHashMap<&'static str, &'static Function>> = OnceLock::new();
    let by_name = BY_NAME.get_or_init(|| {
        FAMILIES.iter().flat_map(|family| family.iter()).map(|function| (function.name, function)).collect()
    });
    by_name.get(name.strip_prefix("core::").unwrap_or(name)).copied()
}

/// All functions of all families.
pub static FAMILIES: &[&[Function]] = &[
    collection::FUNCTIONS,
    encoding::FUNCTIONS,
    file::FUNCTIONS,
    hash::FUNCTIONS,
    network::FUNCTIONS,
    numeric::FUNCTIONS,
    string::FUNCTIONS,
    time::FUNCTIONS,
    types::FUNCTIONS,
];
