//! Explicit conversions, and functions over marks.

use std::sync::Arc;

use crate::eval::convert::{constraint_name, convert, converts, write_quoted};
use crate::eval::funcs::{Context, FuncError, Function, Param, no_refinement};
use crate::eval::value::{Type, Value, ValueKind};

fn any() -> Type {
    Type::Dynamic
}

const ANYTHING: Param = Param::new("value", any).nullable().unknown().dynamic().marked();

const V: Param = Param { name: "v", ..ANYTHING };

const TEMPLATE: Function = Function {
    name: "",
    params: &[ANYTHING],
    variadic: None,
    ty: |args| Ok(args[0].ty()),
    refine: no_refinement,
    call: |_, args, _| Ok(args[0].clone()),
};

/// The functions of this family.
pub static FUNCTIONS: &[Function] = &[
    Function { name: "ephemeralasnull", call: |_, args, _| Ok(ephemeral_as_null(&args[0])), ..TEMPLATE },
    Function { name: "issensitive", ty: |_| Ok(Type::Bool), call: is_sensitive, ..TEMPLATE },
    Function {
        name: "nonsensitive",
        call: |_, args, _| {
            let mut value = args[0].clone();
            value.marks.sensitive = false;
            Ok(value)
        },
        ..TEMPLATE
    },
    Function {
        name: "sensitive",
        call: |_, args, _| {
            let mut value = args[0].clone();
            value.marks.sensitive = true;
            Ok(value)
        },
        ..TEMPLATE
    },
    Function {
        name: "tobool",
        params: &[V],
        ty: |args| conversion_type(args, Type::Bool),
        call: to,
        ..TEMPLATE
    },
    Function {
        name: "tolist",
        params: &[V],
        ty: |args| conversion_type(args, Type::list(Type::Dynamic)),
        call: to,
        ..TEMPLATE
    },
    Function {
        name: "tomap",
        params: &[V],
        ty: |args| conversion_type(args, Type::map(Type::Dynamic)),
        call: to,
        ..TEMPLATE
    },
    Function {
        name: "tonumber",
        params: &[V],
        ty: |args| conversion_type(args, Type::Number),
        call: to,
        ..TEMPLATE
    },
    Function {
        name: "toset",
        params: &[V],
        ty: |args| conversion_type(args, Type::set(Type::Dynamic)),
        call: to,
        ..TEMPLATE
    },
    Function {
        name: "tostring",
        params: &[V],
        ty: |args| conversion_type(args, Type::String),
        call: to,
        ..TEMPLATE
    },
];

fn cannot_convert(from: &str, to: &Type) -> FuncError {
    FuncError::Arg(0, format!("cannot convert {from} to {}", constraint_name(to)))
}

fn conversion_type(args: &[Value], wanted: Type) -> Result<Type, FuncError> {
    let given = args[0].ty();
    if converts(&given, &wanted) { Ok(wanted) } else { Err(cannot_convert(&given.friendly_name(), &wanted)) }
}

fn to(_: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let value = &args[0];
    convert(value, ty).map_err(|_| {
        let given = value.ty();
        if value.deep_marks().sensitive {
            return cannot_convert(&format!("this sensitive {}", given.friendly_name()), ty);
        }
        let Some(text) = value.as_str() else { return cannot_convert(&given.friendly_name(), ty) };
        let mut quoted = String::new();
        write_quoted(text, &mut quoted);
        let hint = match ty {
            Type::Bool => "only the strings \"true\" or \"false\" are allowed",
            Type::Dynamic
            | Type::Number
            | Type::String
            | Type::List(_)
            | Type::Set(_)
            | Type::Map(_)
            | Type::Tuple(_)
            | Type::Object(_)
            | Type::Resource(_) => "given string must be a decimal representation of a number",
        };
        FuncError::Arg(0, format!("cannot convert {quoted} to {}; {hint}", ty.friendly_name()))
    })
}

fn is_sensitive(_: &Context<'_>, args: &[Value], _: &Type) -> Result<Value, FuncError> {
    Ok(if args[0].marks.sensitive {
        Value::bool(true)
    } else if args[0].is_unknown() {
        Value::unknown(Type::Bool)
    } else {
        Value::bool(false)
    })
}

/// The same value with a null in place of everything that is ephemeral.
fn ephemeral_as_null(value: &Value) -> Value {
    if value.marks.ephemeral {
        let mut null = Value::null(value.ty()).with_origin(value.origin);
        null.marks.sensitive = value.marks.sensitive;
        return null;
    }
    if !value.deep_marks().ephemeral {
        return value.clone();
    }
    let kind = match &value.kind {
        ValueKind::List(ty, elements) => {
            ValueKind::List(ty.clone(), elements.iter().map(ephemeral_as_null).collect())
        }
        ValueKind::Tuple(elements) => ValueKind::Tuple(elements.iter().map(ephemeral_as_null).collect()),
        ValueKind::Map(ty, entries) => ValueKind::Map(
            ty.clone(),
            Arc::new(entries.iter().map(|(key, entry)| (key.clone(), ephemeral_as_null(entry))).collect()),
        ),
        ValueKind::Object(entries) => ValueKind::Object(Arc::new(
            entries.iter().map(|(key, entry)| (key.clone(), ephemeral_as_null(entry))).collect(),
        )),
        // The marks of a set's elements are marks of the set.
        kind @ (ValueKind::Set(..)
        | ValueKind::Null(_)
        | ValueKind::Bool(_)
        | ValueKind::Number(_)
        | ValueKind::String(_)
        | ValueKind::Resource(_)
        | ValueKind::Unknown(_)) => kind.clone(),
    };
    Value { kind, origin: value.origin, marks: value.marks }
}
