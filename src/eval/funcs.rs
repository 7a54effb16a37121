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
pub mod network;
pub mod numeric;
pub mod string;
pub mod time;
pub mod types;

use std::path::Path;

use crate::eval::convert::convert;
use crate::eval::limits::Limits;
use crate::eval::value::{Marks, Refinement, Type, Value, ValueKind};
use crate::source::fs::FileSystem;

/// What a function may look at besides its arguments.
pub struct Context<'a> {
    /// Files; only paths within `root` are ever read.
    pub fs: &'a dyn FileSystem,
    /// The root module's directory, which relative paths start from and file functions are confined to.
    pub root: &'a Path,
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

/// Calls a function as Terraform does. The result has no origin, and an unknown in it has no term and no causes.
pub fn call(context: &Context<'_>, function: &Function, args: &[Value]) -> Result<Value, FuncError> {
    let count = function.params.len();
    if args.len() < count {
        let missing = function.params[args.len()].name;
        return Err(FuncError::Call(format!(
            "Function \"{}\" expects {}{count} argument(s). Missing value for \"{missing}\".",
            function.name,
            if function.variadic.is_some() { "at least " } else { "" },
        )));
    }
    if args.len() > count && function.variadic.is_none() {
        return Err(FuncError::Call(format!(
            "Function \"{}\" expects only {count} argument(s).",
            function.name
        )));
    }

    let mut marks = Marks::NONE;
    let mut unknown = false;
    let mut dynamic = false;
    let mut converted = Vec::with_capacity(args.len());
    for (i, arg) in args.iter().enumerate() {
        let param = match function.params.get(i) {
            Some(param) => *param,
            None => function.variadic.expect("the number of arguments was checked"),
        };
        let arg = convert(arg, &(param.ty)()).map_err(|error| FuncError::Arg(i, error.to_string()))?;
        if arg.is_null() && !param.allow_null {
            return Err(FuncError::Arg(i, "argument must not be null".into()));
        }
        let arg = if param.allow_marked {
            arg
        } else {
            marks = marks.union(arg.deep_marks());
            unmark_deep(arg)
        };
        if let Some(what) = arg.as_unknown() {
            if what.ty == Type::Dynamic && !param.allow_dynamic {
                dynamic = true;
            }
            if !param.allow_unknown {
                unknown = true;
            }
        } else if matches!(arg.kind, ValueKind::Resource(_)) && !param.allow_unknown {
            unknown = true;
        } else if param.deep_known && !arg.is_wholly_known() {
            unknown = true;
        }
        converted.push(arg);
    }
    if dynamic {
        return Ok(Value::refined(Type::Dynamic, (function.refine)(&converted)).with_marks(marks));
    }
    let ty = (function.ty)(&converted)?;
    if unknown {
        return Ok(Value::refined(ty, (function.refine)(&converted)).with_marks(marks));
    }
    let result = (function.call)(context, &converted, &ty)?;
    Ok(result.with_marks(marks))
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

/// Whether ssmlint knows the function's type only: its result depends on bytes that differ between implementations
/// (`base64gzip`) or on secrets (`rsadecrypt`).
pub fn is_unsupported(name: &str) -> bool {
    matches!(name, "base64gzip" | "rsadecrypt")
}

/// The function of a name, with or without the prefix `core::`.
pub fn find(name: &str) -> Option<&'static Function> {
    let name = name.strip_prefix("core::").unwrap_or(name);
    FAMILIES.iter().flat_map(|family| family.iter()).find(|function| function.name == name)
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
