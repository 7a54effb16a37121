//! Functions over lists, sets, maps, tuples and objects.
//!
//! Elements that are moved from one collection to another stay the values they are, with origin and identity. What
//! cannot be computed keeps what is known all the same: bounds of the length, and a value that stands for each
//! element.

use std::collections::BTreeMap;
use std::sync::Arc;

use ecow::{EcoString, EcoVec};
use rustc_hash::FxHashSet;

use crate::eval::convert::stand_in::{self, one_of, pick};
use crate::eval::convert::{convert, equal, set, unify, write_quoted};
use crate::eval::funcs::string::grapheme::graphemes;
use crate::eval::funcs::{Context, FuncError, Function, Param, no_refinement, not_null, settle};
use crate::eval::term::{TermId, canonical};
use crate::eval::value::{Causes, Marks, Refinement, Type, Unknown, Value, ValueKind, join_causes};
use crate::number::Number;
use crate::truth::Truth;

/// So many comparisons of values that are not wholly known are made before a result counts as unknown.
const COMPARISONS: usize = 1 << 18;

fn any() -> Type {
    Type::Dynamic
}

fn string() -> Type {
    Type::String
}

fn number() -> Type {
    Type::Number
}

fn list_of_any() -> Type {
    Type::list(Type::Dynamic)
}

fn list_of_bool() -> Type {
    Type::list(Type::Bool)
}

fn list_of_string() -> Type {
    Type::list(Type::String)
}

fn set_of_any() -> Type {
    Type::set(Type::Dynamic)
}

fn map_of_lists() -> Type {
    Type::map(list_of_string())
}

fn returns_bool(_: &[Value]) -> Result<Type, FuncError> {
    Ok(Type::Bool)
}

fn returns_number(_: &[Value]) -> Result<Type, FuncError> {
    Ok(Type::Number)
}

fn returns_list_of_string(_: &[Value]) -> Result<Type, FuncError> {
    Ok(list_of_string())
}

const ANYTHING: Param = Param::new("value", any).nullable().unknown().dynamic();

const TEMPLATE: Function = Function {
    name: "",
    params: &[],
    variadic: None,
    ty: returns_number,
    refine: not_null,
    call: |_, _, ty| Ok(Value::unknown(ty.clone())),
};

/// The functions of this family.
pub static FUNCTIONS: &[Function] = &[
    Function {
        name: "alltrue",
        params: &[Param::new("list", list_of_bool)],
        ty: returns_bool,
        call: alltrue,
        ..TEMPLATE
    },
    Function {
        name: "anytrue",
        params: &[Param::new("list", list_of_bool)],
        ty: returns_bool,
        call: anytrue,
        ..TEMPLATE
    },
    Function {
        name: "chunklist",
        params: &[
            Param::new("list", list_of_any).marked().unknown(),
            Param::new("size", number).marked().unknown(),
        ],
        ty: |args| Ok(Type::list(args[0].ty())),
        call: chunklist,
        ..TEMPLATE
    },
    Function {
        name: "coalesce",
        variadic: Some(Param { name: "vals", ..ANYTHING }),
        ty: coalesce_type,
        call: coalesce,
        ..TEMPLATE
    },
    Function {
        name: "coalescelist",
        variadic: Some(Param { name: "vals", ..ANYTHING }),
        ty: coalescelist_type,
        call: coalescelist,
        ..TEMPLATE
    },
    Function {
        name: "compact",
        params: &[Param::new("list", list_of_string).unknown()],
        ty: returns_list_of_string,
        call: compact,
        ..TEMPLATE
    },
    Function {
        name: "concat",
        variadic: Some(Param::new("seqs", any).marked().unknown().dynamic()),
        ty: concat_type,
        call: concat,
        ..TEMPLATE
    },
    Function {
        name: "contains",
        params: &[Param::new("list", any), Param::new("value", any).unknown()],
        ty: returns_bool,
        call: contains,
        ..TEMPLATE
    },
    Function {
        name: "distinct",
        params: &[Param::new("list", list_of_any).unknown()],
        ty: |args| Ok(args[0].ty()),
        call: distinct,
        ..TEMPLATE
    },
    Function {
        name: "element",
        params: &[Param::new("list", any).marked().unknown(), Param::new("index", number).unknown()],
        ty: element_type,
        refine: no_refinement,
        call: element,
        ..TEMPLATE
    },
    Function {
        name: "flatten",
        params: &[Param::new("list", any).marked().unknown()],
        ty: flatten_type,
        call: flatten,
        ..TEMPLATE
    },
    Function {
        name: "index",
        params: &[Param::new("list", any), Param::new("value", any).unknown()],
        ty: returns_number,
        call: index,
        ..TEMPLATE
    },
    Function {
        name: "keys",
        params: &[Param::new("inputMap", any).marked().unknown()],
        ty: keys_type,
        call: keys,
        ..TEMPLATE
    },
    Function {
        name: "length",
        params: &[Param::new("value", any).marked().unknown().dynamic()],
        ty: length_type,
        call: length,
        ..TEMPLATE
    },
    Function {
        name: "list",
        variadic: Some(Param { name: "vals", ..ANYTHING }),
        ty: |_| {
            Err(FuncError::Call(
                "the \"list\" function was deprecated in Terraform v0.12 and is no longer available; use tolist([ ... \
                 ]) syntax to write a literal list"
                    .into(),
            ))
        },
        ..TEMPLATE
    },
    Function {
        name: "lookup",
        params: &[
            Param::new("inputMap", any).marked().unknown(),
            Param::new("key", string).marked().unknown(),
        ],
        variadic: Some(Param { name: "default", ..ANYTHING }.marked()),
        ty: lookup_type,
        refine: no_refinement,
        call: lookup,
    },
    Function {
        name: "map",
        variadic: Some(Param { name: "vals", ..ANYTHING }),
        ty: |_| {
            Err(FuncError::Call(
                "the \"map\" function was deprecated in Terraform v0.12 and is no longer available; use tomap({ ... \
                 }) syntax to write a literal map"
                    .into(),
            ))
        },
        ..TEMPLATE
    },
    Function {
        name: "matchkeys",
        params: &[
            Param::new("values", list_of_any),
            Param::new("keys", list_of_any),
            Param::new("searchset", list_of_any),
        ],
        ty: matchkeys_type,
        call: matchkeys,
        ..TEMPLATE
    },
    Function {
        name: "merge",
        variadic: Some(Param { name: "maps", ..ANYTHING }.marked()),
        ty: merge_type,
        call: merge,
        ..TEMPLATE
    },
    Function {
        name: "one",
        params: &[Param::new("list", any).unknown()],
        ty: one_type,
        refine: no_refinement,
        call: one,
        ..TEMPLATE
    },
    Function {
        name: "range",
        variadic: Some(Param::new("params", number)),
        ty: |_| Ok(Type::list(Type::Number)),
        call: range,
        ..TEMPLATE
    },
    Function {
        name: "reverse",
        params: &[Param::new("list", any).marked().unknown()],
        ty: reverse_type,
        call: reverse,
        ..TEMPLATE
    },
    Function {
        name: "setintersection",
        params: &[Param::new("first_set", set_of_any).unknown().dynamic()],
        variadic: Some(Param::new("other_sets", set_of_any).unknown().dynamic()),
        ty: set_operation_type,
        call: setintersection,
        ..TEMPLATE
    },
    Function {
        name: "setproduct",
        variadic: Some(Param::new("sets", any).marked().unknown()),
        ty: setproduct_type,
        call: setproduct,
        ..TEMPLATE
    },
    Function {
        name: "setsubtract",
        params: &[
            Param::new("a", set_of_any).unknown().dynamic(),
            Param::new("b", set_of_any).unknown().dynamic(),
        ],
        ty: set_operation_type,
        call: setsubtract,
        ..TEMPLATE
    },
    Function {
        name: "setunion",
        params: &[Param::new("first_set", set_of_any).unknown().dynamic()],
        variadic: Some(Param::new("other_sets", set_of_any).unknown().dynamic()),
        ty: set_operation_type,
        call: setunion,
        ..TEMPLATE
    },
    Function {
        name: "slice",
        params: &[
            Param::new("list", any).marked().unknown(),
            Param::new("start_index", number).unknown(),
            Param::new("end_index", number).unknown(),
        ],
        ty: slice_type,
        call: slice,
        ..TEMPLATE
    },
    Function {
        name: "sort",
        params: &[Param::new("list", list_of_string).unknown()],
        ty: returns_list_of_string,
        call: sort,
        ..TEMPLATE
    },
    Function { name: "sum", params: &[Param::new("list", any)], ty: returns_number, call: sum, ..TEMPLATE },
    Function {
        name: "transpose",
        params: &[Param::new("values", map_of_lists).deep()],
        ty: |_| Ok(map_of_lists()),
        call: transpose,
        ..TEMPLATE
    },
    Function {
        name: "values",
        params: &[Param::new("mapping", any).marked().unknown()],
        ty: values_type,
        call: values,
        ..TEMPLATE
    },
    Function {
        name: "zipmap",
        params: &[
            Param::new("keys", list_of_string).marked().unknown(),
            Param::new("values", any).marked().unknown(),
        ],
        ty: zipmap_type,
        call: zipmap,
        ..TEMPLATE
    },
];

fn call_error<T>(message: impl Into<String>) -> Result<T, FuncError> {
    Err(FuncError::Call(message.into()))
}

fn arg_error<T>(index: usize, message: impl Into<String>) -> Result<T, FuncError> {
    Err(FuncError::Arg(index, message.into()))
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    write_quoted(text, &mut out);
    out
}

/// A number as the integer that Go would make of it.
fn integer(value: &Value) -> Result<i64, String> {
    value.as_number().and_then(Number::to_i64).ok_or_else(|| {
        "value must be a whole number, between -9223372036854775808 and 9223372036854775807".to_owned()
    })
}

fn check_count(context: &Context<'_>, count: usize) -> Result<(), FuncError> {
    let limit = context.limits.elements;
    if count > limit { Err(FuncError::Limit(format!("elements ({limit})"))) } else { Ok(()) }
}

/// The bounds of a collection's length; an unknown of another type has none.
fn length_bounds(value: &Value) -> (u64, Option<u64>) {
    match &value.kind {
        ValueKind::Unknown(unknown) => match &unknown.ty {
            Type::Tuple(elements) => (elements.len() as u64, Some(elements.len() as u64)),
            Type::Object(attributes) => (attributes.len() as u64, Some(attributes.len() as u64)),
            Type::Dynamic
            | Type::Bool
            | Type::Number
            | Type::String
            | Type::List(_)
            | Type::Set(_)
            | Type::Map(_)
            | Type::Resource(_) => (unknown.refinement.min_length, unknown.refinement.max_length),
        },
        ValueKind::Set(_, elements) => (least_distinct(elements), Some(elements.len() as u64)),
        ValueKind::Null(_)
        | ValueKind::Bool(_)
        | ValueKind::Number(_)
        | ValueKind::String(_)
        | ValueKind::List(..)
        | ValueKind::Map(..)
        | ValueKind::Tuple(_)
        | ValueKind::Object(_)
        | ValueKind::Resource(_) => {
            let count = value.parts().count() as u64;
            (count, Some(count))
        }
    }
}

/// How many of the elements of a set certainly stay when the unknown ones become known.
fn least_distinct(elements: &[Value]) -> u64 {
    let settled = elements
        .iter()
        .filter(|element| element.is_wholly_known() || matches!(element.kind, ValueKind::Resource(_)))
        .count();
    if settled == elements.len() { settled as u64 } else { settled.max(1) as u64 }
}

/// Whether its elements are there, in an order that is known.
fn is_laid_out(value: &Value) -> bool {
    match &value.kind {
        ValueKind::Set(_, elements) => elements.len() <= 1 || value.is_wholly_known(),
        ValueKind::List(..) | ValueKind::Tuple(_) | ValueKind::Map(..) | ValueKind::Object(_) => true,
        ValueKind::Null(_)
        | ValueKind::Bool(_)
        | ValueKind::Number(_)
        | ValueKind::String(_)
        | ValueKind::Resource(_)
        | ValueKind::Unknown(_) => false,
    }
}

/// A value for each element of a collection; none if nothing can stand for them.
fn each_of(value: &Value) -> Option<Value> {
    match &value.kind {
        ValueKind::Unknown(unknown) => unknown.each.as_deref().cloned(),
        ValueKind::Null(_)
        | ValueKind::Bool(_)
        | ValueKind::Number(_)
        | ValueKind::String(_)
        | ValueKind::List(..)
        | ValueKind::Set(..)
        | ValueKind::Map(..)
        | ValueKind::Tuple(_)
        | ValueKind::Object(_)
        | ValueKind::Resource(_) => one_of(value.parts().cloned()),
    }
}

/// A value that stands for each of the elements of all the collections.
fn each_of_all<'a>(collections: impl IntoIterator<Item = &'a Value>) -> Option<Value> {
    let mut candidates = Vec::new();
    for collection in collections {
        if collection.is_unknown() {
            candidates.push(each_of(collection)?);
        } else {
            candidates.extend(collection.parts().take(stand_in::POSSIBILITIES + 1).cloned());
        }
    }
    one_of(candidates)
}

/// A collection of which only the bounds of the length and a value for each element are known.
fn unknown_collection(ty: &Type, length: (u64, Option<u64>), each: Option<Value>, causes: Causes) -> Value {
    let each = match (each, ty.element()) {
        (Some(each), Some(element)) => convert(&each, element).ok(),
        (each, _) => each,
    };
    let bounded = ty.is_collection();
    Value::new(settle(Unknown {
        term: TermId::NONE,
        ty: ty.clone(),
        refinement: Refinement {
            not_null: true,
            min_length: if bounded || *ty == Type::Dynamic { length.0 } else { 0 },
            max_length: length.1.filter(|_| bounded),
            ..Refinement::default()
        },
        causes,
        possible: None,
        each: each.map(Box::new),
    }))
}

fn unknown_number(bounds: (u64, Option<u64>)) -> Value {
    Value::new(settle(Unknown {
        term: TermId::NONE,
        ty: Type::Number,
        refinement: Refinement {
            not_null: true,
            min: Some((Number::from(bounds.0), true)),
            max: bounds.1.map(|max| (Number::from(max), true)),
            ..Refinement::default()
        },
        causes: Causes::new(),
        possible: None,
        each: None,
    }))
}

fn collection(ty: &Type, elements: Vec<Value>) -> Value {
    match ty {
        Type::List(element) => Value::list(Type::clone(element), elements),
        Type::Set(element) => set(Type::clone(element), elements),
        Type::Dynamic
        | Type::Bool
        | Type::Number
        | Type::String
        | Type::Map(_)
        | Type::Tuple(_)
        | Type::Object(_)
        | Type::Resource(_) => Value::tuple(elements),
    }
}

fn alltrue(_: &Context<'_>, args: &[Value], _: &Type) -> Result<Value, FuncError> {
    Ok(from_truth(Truth::all(args[0].parts().map(truth_of))))
}

fn anytrue(_: &Context<'_>, args: &[Value], _: &Type) -> Result<Value, FuncError> {
    Ok(from_truth(Truth::any(args[0].parts().map(truth_of))))
}

/// A null counts as false.
fn truth_of(value: &Value) -> Truth {
    match value.as_bool() {
        Some(bool) => Truth::known(bool),
        None if value.is_null() => Truth::No,
        None => Truth::Unknown,
    }
}

fn from_truth(truth: Truth) -> Value {
    match truth {
        Truth::Yes => Value::bool(true),
        Truth::No => Value::bool(false),
        Truth::Unknown => Value::unknown_not_null(Type::Bool),
    }
}

fn chunklist(_: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let marks = args[0].marks.union(args[1].marks);
    let inner = args[0].ty();
    // Terraform looks at the size only once it knows the list.
    let size = if args[1].is_unknown() {
        None
    } else if args[0].is_unknown() {
        integer(&args[1]).ok().and_then(|size| u64::try_from(size).ok())
    } else {
        let size = integer(&args[1]).map_err(|error| FuncError::Call(format!("invalid size: {error}")))?;
        if size < 0 {
            return call_error("the size argument must be positive");
        }
        Some(size as u64)
    };
    let (Some(size), Some(elements)) = (size, args[0].as_elements()) else {
        if size.is_none() {
            let each = unknown_collection(&inner, (0, None), each_of(&args[0]), args[0].causes());
            return Ok(unknown_collection(ty, (0, None), Some(each), args[0].causes()).with_marks(marks));
        }
        let (least, most) = length_bounds(&args[0]);
        let size = size.unwrap_or(0);
        let chunks = |count: u64| if size == 0 { count.min(1) } else { count.div_ceil(size) };
        let chunk = (u64::from(least > 0), most.map(|most| if size == 0 { most } else { most.min(size) }));
        let each = unknown_collection(&inner, chunk, each_of(&args[0]), args[0].causes());
        let each = each.is_unknown().then_some(each);
        let bounds = (chunks(least), most.map(chunks));
        return Ok(unknown_collection(ty, bounds, each, args[0].causes()).with_marks(marks));
    };
    let chunks: Vec<Value> = if elements.is_empty() {
        Vec::new()
    } else {
        let size = if size == 0 { elements.len() } else { usize::try_from(size).unwrap_or(usize::MAX) };
        elements.chunks(size).map(|chunk| collection(&inner, chunk.to_vec())).collect()
    };
    Ok(collection(ty, chunks).with_marks(marks))
}

fn coalesce_type(args: &[Value]) -> Result<Type, FuncError> {
    let types: Vec<Type> = args.iter().map(Value::ty).collect();
    match unify(&types) {
        Some(ty) => Ok(ty),
        None => call_error("all arguments must have the same type"),
    }
}

fn coalesce(_: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let mut candidates = Vec::new();
    for (i, arg) in args.iter().enumerate() {
        // As in Terraform, an argument that does not convert after all is not an error but passed over.
        let Ok(arg) = convert(arg, ty) else { continue };
        if arg.is_null() || arg.as_str() == Some("") {
            continue;
        }
        let Some(unknown) = arg.as_unknown() else {
            candidates.push(arg);
            break;
        };
        let last = i + 1 == args.len();
        let chosen = unknown.refinement.not_null
            && (unknown.ty.is_collection()
                || matches!(unknown.ty, Type::Bool | Type::Number | Type::Tuple(_) | Type::Object(_))
                || !unknown.refinement.prefix.is_empty());
        candidates.push(arg);
        if chosen || last {
            break;
        }
    }
    if candidates.is_empty() {
        return call_error("no non-null, non-empty-string arguments");
    }
    let causes = join_causes(&candidates);
    let result = one_of(candidates).unwrap_or_else(|| {
        Value::new(ValueKind::Unknown(Arc::new(Unknown {
            term: TermId::NONE,
            ty: ty.clone(),
            refinement: Refinement::default(),
            causes,
            possible: None,
            each: None,
        })))
    });
    // Where all of them are null, it fails.
    Ok(result.not_null())
}

fn coalescelist_type(args: &[Value]) -> Result<Type, FuncError> {
    let Some(first) = args.first() else { return call_error("at least one argument is required") };
    for arg in args {
        if arg.is_unknown() {
            return Ok(Type::Dynamic);
        }
        if !matches!(arg.ty(), Type::List(_) | Type::Tuple(_)) {
            return call_error("coalescelist arguments must be lists or tuples");
        }
    }
    let ty = first.ty();
    Ok(if args.iter().all(|arg| arg.ty() == ty) { ty } else { Type::Dynamic })
}

fn coalescelist(_: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let mut candidates = Vec::new();
    for arg in args {
        let (least, most) = length_bounds(arg);
        let certain = match arg.as_unknown() {
            Some(unknown) => unknown.refinement.not_null && least > 0,
            None => least > 0,
        };
        if arg.is_null() || most == Some(0) {
            continue;
        }
        candidates.push(arg.clone());
        if certain {
            break;
        }
    }
    match candidates.as_slice() {
        [] => call_error("no non-null arguments"),
        [one] if !one.is_unknown() => Ok(one.clone()),
        [one] if matches!(one.ty(), Type::List(_) | Type::Tuple(_)) && candidates.len() == args.len() => {
            // The only argument: it is the result, or the call is an error.
            Ok(one.clone())
        }
        _ => {
            let each = each_of_all(&candidates);
            let causes = join_causes(&candidates);
            Ok(unknown_collection(ty, (1, None), each, causes))
        }
    }
}

fn compact(_: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let Some(elements) = args[0].as_elements() else {
        let (_, most) = length_bounds(&args[0]);
        return Ok(unknown_collection(ty, (0, most), each_of(&args[0]), args[0].causes()));
    };
    let mut kept = Vec::with_capacity(elements.len());
    let mut least = 0;
    let mut decided = true;
    for element in elements {
        match &element.kind {
            ValueKind::Null(_) => continue,
            ValueKind::String(text) if text.is_empty() => continue,
            ValueKind::Unknown(unknown) => {
                let stays = unknown.refinement.not_null && !unknown.refinement.prefix.is_empty();
                decided &= stays;
                least += u64::from(stays);
            }
            ValueKind::Bool(_)
            | ValueKind::Number(_)
            | ValueKind::String(_)
            | ValueKind::List(..)
            | ValueKind::Set(..)
            | ValueKind::Map(..)
            | ValueKind::Tuple(_)
            | ValueKind::Object(_)
            | ValueKind::Resource(_) => least += 1,
        }
        kept.push(element.clone());
    }
    if decided {
        return Ok(collection(ty, kept));
    }
    let most = kept.len() as u64;
    let causes = join_causes(&kept);
    Ok(unknown_collection(ty, (least, Some(most)), one_of(kept), causes))
}

fn concat_type(args: &[Value]) -> Result<Type, FuncError> {
    if args.is_empty() {
        return call_error("at least one argument is required");
    }
    let types: Vec<Type> = args.iter().map(Value::ty).collect();
    if types.contains(&Type::Dynamic) {
        return Ok(Type::Dynamic);
    }
    if types.iter().all(|ty| matches!(ty, Type::List(_)))
        && let Some(ty) = unify(&types)
    {
        return Ok(ty);
    }
    let mut elements = Vec::new();
    for (i, (arg, ty)) in args.iter().zip(&types).enumerate() {
        match ty {
            Type::Tuple(types) => elements.extend(types.iter().cloned()),
            Type::List(_) if arg.is_unknown() => return Ok(Type::Dynamic),
            Type::List(element) => {
                elements.extend(std::iter::repeat_n(Type::clone(element), arg.parts().count()));
            }
            Type::Dynamic => return Ok(Type::Dynamic),
            Type::Bool
            | Type::Number
            | Type::String
            | Type::Set(_)
            | Type::Map(_)
            | Type::Object(_)
            | Type::Resource(_) => {
                return arg_error(
                    i,
                    format!("all arguments must be lists or tuples; got {}", ty.friendly_name()),
                );
            }
        }
    }
    Ok(Type::tuple(elements))
}

fn concat(context: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let marks = args.iter().fold(Marks::NONE, |marks, arg| marks.union(arg.marks));
    if args.iter().any(Value::is_unknown) {
        let mut bounds = (0_u64, Some(0_u64));
        for arg in args {
            let (least, most) = length_bounds(arg);
            bounds.0 = bounds.0.saturating_add(least);
            bounds.1 = bounds.1.zip(most).map(|(a, b)| a.saturating_add(b));
        }
        return Ok(unknown_collection(ty, bounds, each_of_all(args), join_causes(args)).with_marks(marks));
    }
    check_count(context, args.iter().map(|arg| arg.parts().count()).sum())?;
    let mut elements = Vec::new();
    for (i, arg) in args.iter().enumerate() {
        if matches!(ty, Type::List(_)) {
            let list = convert(arg, ty).map_err(|error| FuncError::Arg(i, error.to_string()))?;
            elements.extend(list.parts().cloned());
        } else {
            elements.extend(arg.parts().cloned());
        }
    }
    Ok(collection(ty, elements).with_marks(marks))
}

fn contains(_: &Context<'_>, args: &[Value], _: &Type) -> Result<Value, FuncError> {
    let Some(elements) = args[0].as_elements() else {
        return call_error("argument must be list, tuple, or set");
    };
    Ok(from_truth(Truth::any(elements.iter().map(|element| equal(&args[1], element)))))
}

fn distinct(_: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let Some(elements) = args[0].as_elements() else {
        let (least, most) = length_bounds(&args[0]);
        return Ok(unknown_collection(ty, (least.min(1), most), each_of(&args[0]), args[0].causes()));
    };
    match distinct_elements(elements) {
        Some(kept) => Ok(collection(ty, kept)),
        None => {
            let bounds = (1, Some(elements.len() as u64));
            Ok(unknown_collection(ty, bounds, each_of(&args[0]), args[0].causes()))
        }
    }
}

/// The elements without later duplicates, if it is known of each whether it is one.
fn distinct_elements(elements: &[Value]) -> Option<Vec<Value>> {
    if elements.iter().all(Value::is_wholly_known) {
        let mut seen = FxHashSet::default();
        return Some(elements.iter().filter(|element| seen.insert(canonical(element))).cloned().collect());
    }
    let mut comparisons = 0;
    let mut kept: Vec<Value> = Vec::new();
    for element in elements {
        comparisons += kept.len();
        if comparisons > COMPARISONS {
            return None;
        }
        match Truth::any(kept.iter().map(|earlier| equal(earlier, element))) {
            Truth::Yes => {}
            Truth::No => kept.push(element.clone()),
            Truth::Unknown => return None,
        }
    }
    Some(kept)
}

fn element_type(args: &[Value]) -> Result<Type, FuncError> {
    match args[0].ty() {
        Type::List(element) => Ok(Type::clone(&element)),
        Type::Tuple(types) => {
            if args[1].is_unknown() {
                return Ok(Type::Dynamic);
            }
            let index =
                integer(&args[1]).map_err(|error| FuncError::Call(format!("invalid index: {error}")))?;
            if types.is_empty() {
                return call_error("cannot use element function with an empty list");
            }
            let index = index % types.len() as i64;
            // Terraform itself fails here, although it takes a negative index of a list.
            match usize::try_from(index) {
                Ok(index) => Ok(types[index].clone()),
                Err(_) => call_error(format!("index out of range [{index}]")),
            }
        }
        other @ (Type::Dynamic
        | Type::Bool
        | Type::Number
        | Type::String
        | Type::Set(_)
        | Type::Map(_)
        | Type::Object(_)
        | Type::Resource(_)) => call_error(format!("cannot read elements from {}", other.friendly_name())),
    }
}

fn element(_: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let marks = args[0].marks;
    // Terraform does not look at the index of a list that it does not know.
    let Some(elements) = args[0].as_elements() else {
        let each = each_of(&args[0]).map_or_else(|| Value::unknown(ty.clone()), pick);
        return Ok(each.with_marks(marks));
    };
    let index = if args[1].is_unknown() {
        None
    } else {
        Some(integer(&args[1]).map_err(|error| FuncError::Call(format!("invalid index: {error}")))?)
    };
    if elements.is_empty() && index.is_some() {
        return call_error("cannot use element function with an empty list");
    }
    let Some(index) = index else {
        let one = one_of(elements.iter().cloned()).unwrap_or_else(|| Value::unknown(ty.clone()));
        return Ok(one.with_marks(marks));
    };
    let index = index.rem_euclid(elements.len() as i64) as usize;
    Ok(elements[index].clone().with_marks(marks))
}

fn flatten_type(args: &[Value]) -> Result<Type, FuncError> {
    if !args[0].is_wholly_known() && args[0].as_elements().is_none() && args[0].as_entries().is_none() {
        return Ok(Type::Dynamic);
    }
    match args[0].ty() {
        Type::List(_) | Type::Set(_) | Type::Tuple(_) => Ok(Type::Dynamic),
        _ if !args[0].is_wholly_known() => Ok(Type::Dynamic),
        Type::Dynamic
        | Type::Bool
        | Type::Number
        | Type::String
        | Type::Map(_)
        | Type::Object(_)
        | Type::Resource(_) => call_error("can only flatten lists, sets and tuples"),
    }
}

/// What `flatten` collects.
struct Flat {
    elements: Vec<Value>,
    marks: Marks,
    /// Whether the elements are all there is, in their order.
    complete: bool,
    /// Whether some may be anything at all.
    open: bool,
}

fn flatten(context: &Context<'_>, args: &[Value], _: &Type) -> Result<Value, FuncError> {
    let mut flat = Flat { elements: Vec::new(), marks: Marks::NONE, complete: true, open: false };
    flatten_into(context, &args[0], &mut flat, true)?;
    if flat.complete {
        return Ok(Value::tuple(flat.elements).with_marks(flat.marks));
    }
    let causes = args[0].causes();
    let each = if flat.open { None } else { one_of(flat.elements) };
    Ok(unknown_collection(&Type::Dynamic, (0, None), each, causes).with_marks(flat.marks))
}

fn flatten_into(
    context: &Context<'_>,
    value: &Value,
    flat: &mut Flat,
    outermost: bool,
) -> Result<(), FuncError> {
    let is_sequence = matches!(value.ty(), Type::List(_) | Type::Set(_) | Type::Tuple(_));
    match &value.kind {
        ValueKind::Unknown(unknown) if is_sequence || outermost || unknown.ty == Type::Dynamic => {
            flat.complete = false;
            flat.marks = flat.marks.union(value.marks);
            match &unknown.each {
                Some(each) => flatten_into(context, each, flat, false)?,
                None => flat.open = true,
            }
        }
        ValueKind::List(_, elements) | ValueKind::Set(_, elements) | ValueKind::Tuple(elements) => {
            flat.marks = flat.marks.union(value.marks);
            flat.complete &= is_laid_out(value);
            for element in elements {
                flatten_into(context, element, flat, false)?;
            }
        }
        ValueKind::Null(_)
        | ValueKind::Bool(_)
        | ValueKind::Number(_)
        | ValueKind::String(_)
        | ValueKind::Map(..)
        | ValueKind::Object(_)
        | ValueKind::Resource(_)
        | ValueKind::Unknown(_) => {
            if outermost && value.is_wholly_known() {
                return call_error("can only flatten lists, sets and tuples");
            }
            if outermost {
                (flat.complete, flat.open) = (false, true);
                return Ok(());
            }
            flat.elements.push(value.clone());
            check_count(context, flat.elements.len())?;
        }
    }
    Ok(())
}

fn index(_: &Context<'_>, args: &[Value], _: &Type) -> Result<Value, FuncError> {
    let (ValueKind::List(_, elements) | ValueKind::Tuple(elements)) = &args[0].kind else {
        // Terraform does not look before the value is known.
        if args[1].is_unknown() {
            return Ok(unknown_number((0, None)));
        }
        return call_error("argument must be a list or tuple");
    };
    if elements.is_empty() && args[1].is_unknown() {
        return Ok(unknown_number((0, None)));
    }
    if elements.is_empty() {
        return call_error("cannot search an empty list");
    }
    let mut first = None;
    for (i, element) in elements.iter().enumerate() {
        match equal(element, &args[1]) {
            Truth::Yes if first.is_none() => return Ok(Value::number(i as u64)),
            Truth::Yes => return Ok(unknown_number((first.unwrap_or(0), Some(i as u64)))),
            Truth::No => {}
            Truth::Unknown => first = first.or(Some(i as u64)),
        }
    }
    match first {
        Some(first) => Ok(unknown_number((first, Some(elements.len() as u64 - 1)))),
        None if args[1].is_unknown() => Ok(unknown_number((0, Some(elements.len() as u64 - 1)))),
        None => call_error("item not found"),
    }
}

fn keys_type(args: &[Value]) -> Result<Type, FuncError> {
    match args[0].ty() {
        Type::Map(_) => Ok(list_of_string()),
        Type::Object(attributes) => Ok(Type::tuple(attributes.keys().map(|_| Type::String))),
        Type::Dynamic
        | Type::Bool
        | Type::Number
        | Type::String
        | Type::List(_)
        | Type::Set(_)
        | Type::Tuple(_)
        | Type::Resource(_) => arg_error(0, "must have map or object type"),
    }
}

fn keys(_: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let marks = args[0].marks;
    let keys = |names: &mut dyn Iterator<Item = &EcoString>| -> Vec<Value> {
        names.map(|name| Value::string(name.clone())).collect()
    };
    let keys = match (&args[0].kind, args[0].ty()) {
        (ValueKind::Map(_, entries), _) => keys(&mut entries.keys()),
        (_, Type::Object(attributes)) => keys(&mut attributes.keys()),
        _ => {
            let unknown =
                unknown_collection(ty, length_bounds(&args[0]), None, args[0].causes()).with_marks(marks);
            return Ok(unknown);
        }
    };
    Ok(collection(ty, keys).with_marks(marks))
}

fn length_type(args: &[Value]) -> Result<Type, FuncError> {
    match args[0].ty() {
        Type::Bool | Type::Number => {
            call_error("argument must be a string, a collection type, or a structural type")
        }
        Type::Dynamic
        | Type::String
        | Type::List(_)
        | Type::Set(_)
        | Type::Map(_)
        | Type::Tuple(_)
        | Type::Object(_)
        | Type::Resource(_) => Ok(Type::Number),
    }
}

fn length(_: &Context<'_>, args: &[Value], _: &Type) -> Result<Value, FuncError> {
    let count = match (&args[0].kind, args[0].ty()) {
        (ValueKind::String(text), _) => Value::number(graphemes(text).count() as u64),
        (ValueKind::Unknown(unknown), Type::String) => {
            let Refinement { prefix, min_length, max_length, .. } = &unknown.refinement;
            match (graphemes(prefix).count() as u64).max(*min_length) {
                least if *max_length == Some(least) => Value::number(least),
                least => unknown_number((least, *max_length)),
            }
        }
        (_, Type::Tuple(types)) => Value::number(types.len() as u64),
        (_, Type::Object(types)) => Value::number(types.len() as u64),
        (_, Type::List(_) | Type::Set(_) | Type::Map(_)) => match length_bounds(&args[0]) {
            (least, Some(most)) if least == most => Value::number(least),
            // Lengths are 64-bit integers.
            (least, most) => unknown_number((least, most.or(Some(i64::MAX as u64)))),
        },
        _ => unknown_number((0, None)),
    };
    Ok(count.with_marks(args[0].marks))
}

fn lookup_type(args: &[Value]) -> Result<Type, FuncError> {
    if args.len() > 3 {
        return call_error(format!("lookup() takes two or three arguments, got {}", args.len()));
    }
    match args[0].ty() {
        Type::Object(attributes) => {
            let Some(key) = args[1].as_str() else { return Ok(Type::Dynamic) };
            match (attributes.get(key), args.get(2)) {
                (Some(ty), _) => Ok(ty.clone()),
                (None, Some(default)) => Ok(default.ty()),
                (None, None) => arg_error(0, format!("the given object has no attribute {}", quoted(key))),
            }
        }
        Type::Map(element) => {
            if let Some(default) = args.get(2)
                && convert(default, &element).is_err()
            {
                return arg_error(2, "the default value must have the same type as the map elements");
            }
            Ok(Type::clone(&element))
        }
        Type::Dynamic
        | Type::Bool
        | Type::Number
        | Type::String
        | Type::List(_)
        | Type::Set(_)
        | Type::Tuple(_)
        | Type::Resource(_) => arg_error(0, "lookup() requires a map as the first argument"),
    }
}

fn lookup(_: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let marks = args[0].marks.union(args[1].marks);
    let convert_default = |default: &Value| -> Result<Value, FuncError> {
        convert(default, ty).map_err(|error| FuncError::Call(error.to_string()))
    };
    let default = args.get(2);
    let found = match (args[0].as_entries(), args[1].as_str()) {
        (Some(entries), Some(key)) => match (entries.get(key), default) {
            (Some(entry), _) => entry.clone(),
            (None, Some(default)) => convert_default(default)?,
            (None, None) => {
                let key = if args[1].marks.sensitive { "(sensitive value)".into() } else { quoted(key) };
                return call_error(format!("lookup failed to find key {key}"));
            }
        },
        (Some(entries), None) => {
            let default = default.map(convert_default).transpose()?;
            one_of(entries.values().cloned().chain(default)).unwrap_or_else(|| Value::unknown(ty.clone()))
        }
        (None, _) => match each_of(&args[0]) {
            Some(each) => {
                let default = default.map(convert_default).transpose()?;
                one_of(std::iter::once(pick(each)).chain(default))
                    .unwrap_or_else(|| Value::unknown(ty.clone()))
            }
            None => Value::unknown(ty.clone()),
        },
    };
    Ok(found.with_marks(marks))
}

fn matchkeys_type(args: &[Value]) -> Result<Type, FuncError> {
    if unify(&[args[1].ty(), args[2].ty()]).is_none() {
        return call_error("keys and searchset must be of the same type");
    }
    Ok(args[0].ty())
}

fn matchkeys(_: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let unknown = |values: &[Value]| {
        let bounds = (0, Some(values.len() as u64));
        unknown_collection(ty, bounds, one_of(values.iter().cloned()), args[0].causes())
    };
    let common = unify(&[args[1].ty(), args[2].ty()]).unwrap_or(Type::Dynamic);
    let keys = convert(&args[1], &common).map_err(|error| FuncError::Arg(1, error.to_string()))?;
    let searched = convert(&args[2], &common).map_err(|error| FuncError::Arg(2, error.to_string()))?;
    let (Some(values), Some(keys), Some(searched)) =
        (args[0].as_elements(), keys.as_elements(), searched.as_elements())
    else {
        return Ok(Value::unknown(ty.clone()));
    };
    if values.len() != keys.len() {
        return call_error("length of keys and values should be equal");
    }
    if keys.iter().chain(searched).all(Value::is_wholly_known) {
        let wanted: FxHashSet<EcoString> = searched.iter().map(canonical).collect();
        let kept = values.iter().zip(keys).filter(|(_, key)| wanted.contains(&canonical(key)));
        return Ok(collection(ty, kept.map(|(value, _)| value.clone()).collect()));
    }
    if keys.len().saturating_mul(searched.len()) > COMPARISONS {
        return Ok(unknown(values));
    }
    let mut kept = Vec::new();
    for (value, key) in values.iter().zip(keys) {
        match Truth::any(searched.iter().map(|search| equal(key, search))) {
            Truth::Yes => kept.push(value.clone()),
            Truth::No => {}
            Truth::Unknown => return Ok(unknown(values)),
        }
    }
    Ok(collection(ty, kept))
}

fn merge_type(args: &[Value]) -> Result<Type, FuncError> {
    let types: Vec<Type> = args.iter().map(Value::ty).collect();
    let Some(first) = types.first() else { return Ok(Type::object([])) };
    let mut attributes = BTreeMap::new();
    let mut complete = true;
    for (ty, arg) in types.iter().zip(args) {
        match (ty, &arg.kind) {
            (Type::Dynamic | Type::Resource(_), _) => return Ok(Type::Dynamic),
            (Type::Object(_) | Type::Map(_), ValueKind::Null(_)) => {}
            (Type::Object(types), _) => {
                attributes.extend(types.iter().map(|(name, ty)| (name.clone(), ty.clone())));
            }
            (Type::Map(element), ValueKind::Map(_, entries)) => {
                attributes.extend(entries.keys().map(|key| (key.clone(), Type::clone(element))));
            }
            (Type::Map(_), _) => complete = false,
            (other, _) => {
                return call_error(format!(
                    "arguments must be maps or objects, got {}",
                    quoted(&other.friendly_name())
                ));
            }
        }
    }
    // Objects of one type that are not null have merged to that type already.
    let is_merged = matches!(first, Type::Object(_)) && !args.iter().any(Value::is_null);
    // An element type that is not known yet may turn out to differ from the others.
    let is_settled = !first.has_dynamic() || args.iter().all(|arg| !arg.is_unknown());
    if !is_merged && types.iter().all(|ty| ty == first) {
        Ok(if is_settled { first.clone() } else { Type::Dynamic })
    } else if complete {
        Ok(Type::object(attributes))
    } else {
        Ok(Type::Dynamic)
    }
}

fn merge(context: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let marks = args.iter().fold(Marks::NONE, |marks, arg| marks.union(arg.marks));
    let opaque = |arg: &Value| arg.is_unknown() || matches!(arg.kind, ValueKind::Resource(_));
    if args.iter().any(opaque) {
        let bounds = args.iter().map(length_bounds).fold((0_u64, Some(0_u64)), |bounds, (least, most)| {
            (bounds.0.max(least), bounds.1.zip(most).map(|(a, b)| a.saturating_add(b)))
        });
        let resources = args.iter().any(|arg| matches!(arg.kind, ValueKind::Resource(_)));
        let each = if resources { None } else { each_of_all(args) };
        return Ok(unknown_collection(ty, bounds, each, join_causes(args)).with_marks(marks));
    }
    let mut entries: BTreeMap<EcoString, Value> = BTreeMap::new();
    for arg in args.iter().filter_map(Value::as_entries) {
        entries.extend(arg.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    check_count(context, entries.len())?;
    let merged = match ty {
        Type::Map(element) => Value::map(Type::clone(element), entries),
        Type::Dynamic
        | Type::Bool
        | Type::Number
        | Type::String
        | Type::List(_)
        | Type::Set(_)
        | Type::Tuple(_)
        | Type::Object(_)
        | Type::Resource(_) => Value::object(entries),
    };
    Ok(merged.with_marks(marks))
}

const ONE: &str = "must be a list, set, or tuple value with either zero or one elements";

fn one_type(args: &[Value]) -> Result<Type, FuncError> {
    match args[0].ty() {
        Type::List(element) | Type::Set(element) => Ok(Type::clone(&element)),
        Type::Tuple(types) => match &*types {
            [] => Ok(Type::Dynamic),
            [one] => Ok(one.clone()),
            _ => arg_error(0, ONE),
        },
        Type::Dynamic
        | Type::Bool
        | Type::Number
        | Type::String
        | Type::Map(_)
        | Type::Object(_)
        | Type::Resource(_) => arg_error(0, ONE),
    }
}

fn one(_: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let (least, most) = length_bounds(&args[0]);
    if least > 1 {
        return arg_error(0, ONE);
    }
    if args[0].is_null() {
        return Ok(Value::null(ty.clone()));
    }
    let Some(elements) = args[0].as_elements() else {
        let each = each_of(&args[0]);
        return Ok(match each {
            Some(each) if least == 1 || matches!(args[0].ty(), Type::Tuple(_)) => each,
            Some(each) if most != Some(0) => {
                one_of([each, Value::null(ty.clone())]).unwrap_or_else(|| Value::unknown(ty.clone()))
            }
            _ => Value::unknown(ty.clone()),
        });
    };
    match elements {
        [] => Ok(Value::null(ty.clone())),
        [one] => Ok(one.clone()),
        // A set whose elements must turn out to be the same, or the call is an error.
        several => Ok(several.iter().find(|element| element.is_wholly_known()).map_or_else(
            || one_of(several.iter().cloned()).unwrap_or_else(|| Value::unknown(ty.clone())),
            |_| Value::unknown(ty.clone()),
        )),
    }
}

fn range(context: &Context<'_>, args: &[Value], _: &Type) -> Result<Value, FuncError> {
    // Terraform's own limit.
    const MOST: usize = 1024;
    let numbers: Vec<&Number> = args.iter().filter_map(Value::as_number).collect();
    let zero = Number::from(0_i64);
    let step_towards = |down: bool| Number::from(if down { -1_i64 } else { 1 });
    let (start, end, step) = match numbers.as_slice() {
        [end] => (zero.clone(), (*end).clone(), step_towards(**end < zero)),
        [start, end] => ((*start).clone(), (*end).clone(), step_towards(end < start)),
        [start, end, step] => ((*start).clone(), (*end).clone(), (*step).clone()),
        _ => return call_error("must have one, two, or three arguments"),
    };
    let down = step < zero;
    if down && end > start {
        return arg_error(1, "end must be less than start when step is negative");
    }
    if !down && end < start {
        return arg_error(1, "end must be greater than start when step is positive");
    }
    let mut elements = Vec::new();
    let mut number = start;
    while if down { number > end } else { number < end } {
        if elements.len() >= MOST {
            return call_error(
                "more than 1024 values were generated; either decrease the difference between start and end or use a \
                 smaller step",
            );
        }
        elements.push(Value::number(number.clone()));
        check_count(context, elements.len())?;
        let Some(next) = number.add(&step) else {
            return call_error("can't compute sum of opposing infinities");
        };
        number = next;
    }
    Ok(Value::list(Type::Number, elements))
}

fn reverse_type(args: &[Value]) -> Result<Type, FuncError> {
    match args[0].ty() {
        Type::Tuple(types) => Ok(Type::tuple(types.iter().rev().cloned())),
        Type::List(element) | Type::Set(element) => Ok(Type::list(Type::clone(&element))),
        other @ (Type::Dynamic
        | Type::Bool
        | Type::Number
        | Type::String
        | Type::Map(_)
        | Type::Object(_)
        | Type::Resource(_)) => {
            arg_error(0, format!("can only reverse list or tuple values, not {}", other.friendly_name()))
        }
    }
}

fn reverse(_: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let reversed = match args[0].as_elements() {
        Some(elements) if is_laid_out(&args[0]) => collection(ty, elements.iter().rev().cloned().collect()),
        _ => unknown_collection(ty, length_bounds(&args[0]), each_of(&args[0]), args[0].causes()),
    };
    Ok(reversed.with_marks(args[0].marks))
}

fn set_operation_type(args: &[Value]) -> Result<Type, FuncError> {
    let mut types = Vec::new();
    for arg in args {
        let ty = arg.ty();
        let element = ty.element().cloned().unwrap_or(Type::Dynamic);
        // An empty set of no type fits any other.
        if element == Type::Dynamic && arg.as_elements().is_some_and(<[Value]>::is_empty) {
            continue;
        }
        types.push(element);
    }
    if types.is_empty() {
        return Ok(set_of_any());
    }
    match unify(&types) {
        Some(element) => Ok(Type::set(element)),
        None => call_error("given sets must all have compatible element types"),
    }
}

fn converted_sets(args: &[Value], ty: &Type) -> Result<Vec<Value>, FuncError> {
    let mut sets = Vec::with_capacity(args.len());
    for (i, arg) in args.iter().enumerate() {
        sets.push(convert(arg, ty).map_err(|error| FuncError::Arg(i, error.to_string()))?);
    }
    // With an untyped null among the elements the sets may keep different types, and Terraform fails.
    if ty.has_dynamic() && sets.iter().all(Value::is_wholly_known) {
        let mut types = sets.iter().map(Value::ty);
        let first = types.next();
        if types.any(|ty| Some(ty) != first) {
            return call_error("given sets must all have compatible element types");
        }
    }
    Ok(sets)
}

fn setunion(context: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let sets = converted_sets(args, ty)?;
    if sets.iter().any(Value::is_unknown) {
        let bounds = sets.iter().map(length_bounds).fold((0_u64, Some(0_u64)), |bounds, (least, most)| {
            (bounds.0.max(least), bounds.1.zip(most).map(|(a, b)| a.saturating_add(b)))
        });
        return Ok(unknown_collection(ty, bounds, each_of_all(&sets), join_causes(&sets)));
    }
    let elements: Vec<Value> = sets.iter().flat_map(Value::parts).cloned().collect();
    check_count(context, elements.len())?;
    Ok(collection(ty, elements))
}

fn setintersection(_: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let sets = converted_sets(args, ty)?;
    Ok(select(&sets, ty, Truth::Yes))
}

fn setsubtract(_: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let sets = converted_sets(args, ty)?;
    Ok(select(&sets, ty, Truth::No))
}

/// The elements of the first set that are in each of the others (`Yes`), or in none (`No`).
fn select(sets: &[Value], ty: &Type, wanted: Truth) -> Value {
    let Some((first, others)) = sets.split_first() else { return Value::unknown(ty.clone()) };
    let most = match wanted {
        Truth::Yes => sets.iter().filter_map(|set| length_bounds(set).1).min(),
        Truth::No | Truth::Unknown => length_bounds(first).1,
    };
    // Which type the result has may depend on whether an untyped set turns out to be empty.
    if ty.has_dynamic() && !sets.iter().all(Value::is_wholly_known) {
        return Value::unknown_not_null(ty.clone());
    }
    if most == Some(0) || others.iter().any(|set| wanted.is_yes() && length_bounds(set).1 == Some(0)) {
        return collection(ty, Vec::new());
    }
    let unknown = || unknown_collection(ty, (0, most), each_of(first), join_causes(sets));
    let Some(elements) = first.as_elements() else { return unknown() };
    let mut kept = elements.to_vec();
    for other in others {
        let Some(members) = other.as_elements() else { return unknown() };
        if kept.iter().chain(members).all(Value::is_wholly_known) {
            let members: FxHashSet<EcoString> = members.iter().map(canonical).collect();
            kept.retain(|element| members.contains(&canonical(element)) == wanted.is_yes());
            continue;
        }
        if kept.len().saturating_mul(members.len()) > COMPARISONS {
            return unknown();
        }
        let mut next = Vec::new();
        for element in kept {
            let member = Truth::any(members.iter().map(|member| equal(&element, member)));
            if member.is_unknown() {
                return unknown();
            }
            if member == wanted {
                next.push(element);
            }
        }
        kept = next;
    }
    collection(ty, kept)
}

fn setproduct_type(args: &[Value]) -> Result<Type, FuncError> {
    if args.len() < 2 {
        return call_error("at least two arguments are required");
    }
    let mut elements = Vec::with_capacity(args.len());
    let mut ordered = true;
    for (i, arg) in args.iter().enumerate() {
        match arg.ty() {
            Type::Set(element) => {
                elements.push(Type::clone(&element));
                ordered = false;
            }
            Type::List(element) => elements.push(Type::clone(&element)),
            Type::Tuple(types) if types.is_empty() => elements.push(Type::Dynamic),
            Type::Tuple(types) => match unify(&types) {
                Some(element) => elements.push(element),
                None => return arg_error(i, "all elements must be of the same type"),
            },
            Type::Dynamic
            | Type::Bool
            | Type::Number
            | Type::String
            | Type::Map(_)
            | Type::Object(_)
            | Type::Resource(_) => return arg_error(i, "a set or a list is required"),
        }
    }
    let element = Type::tuple(elements);
    Ok(if ordered { Type::list(element) } else { Type::set(element) })
}

fn setproduct(context: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let marks = args.iter().fold(Marks::NONE, |marks, arg| marks.union(arg.marks));
    let bounds: Vec<_> = args.iter().map(length_bounds).collect();
    let ordered = matches!(ty, Type::List(_));
    if args.iter().zip(&bounds).any(|(arg, (least, most))| arg.is_unknown() || Some(*least) != *most) {
        let least = bounds.iter().fold(1_u64, |product, (least, _)| product.saturating_mul(*least));
        let most =
            bounds.iter().try_fold(1_u64, |product, (_, most)| most.map(|most| product.saturating_mul(most)));
        let each: Option<Vec<Value>> = args.iter().map(each_of).collect();
        let least = if ordered { least } else { least.min(1) };
        let unknown = unknown_collection(ty, (least, most), each.map(Value::tuple), join_causes(args));
        return Ok(unknown.with_marks(marks));
    }
    let total = bounds.iter().fold(1_usize, |product, (least, _)| product.saturating_mul(*least as usize));
    check_count(context, total)?;
    let types = match ty.element() {
        Some(Type::Tuple(types)) => types,
        _ => return call_error("internally selected incorrect result type"),
    };
    let mut columns: Vec<Vec<Value>> = Vec::with_capacity(args.len());
    for (i, (arg, ty)) in args.iter().zip(types.iter()).enumerate() {
        let column: Result<Vec<Value>, FuncError> = arg
            .parts()
            .map(|element| convert(element, ty).map_err(|error| FuncError::Arg(i, error.to_string())))
            .collect();
        let column = column?;
        // As with sets: an untyped null next to a structure leaves a column of several types, and Terraform fails.
        if column.iter().all(Value::is_wholly_known)
            && column.windows(2).any(|pair| pair[0].ty() != pair[1].ty())
        {
            return arg_error(i, "all elements must be of the same type");
        }
        columns.push(column);
    }
    // Most of the work of a product of very many factors with one element each is in the factors.
    check_count(context, columns.len())?;
    let mut rows: Vec<EcoVec<Value>> = if total == 0 { Vec::new() } else { vec![EcoVec::new()] };
    for column in columns.iter().filter(|_| total > 0) {
        let mut longer = Vec::with_capacity(rows.len() * column.len());
        for row in &rows {
            for value in column {
                let mut row = row.clone();
                row.push(value.clone());
                longer.push(row);
            }
        }
        rows = longer;
    }
    let rows = rows.into_iter().map(|row| Value::new(ValueKind::Tuple(row))).collect();
    Ok(collection(ty, rows).with_marks(marks))
}

/// The start and end of a slice, as far as they are known.
fn slice_bounds(args: &[Value]) -> Result<(Option<u64>, Option<u64>), FuncError> {
    let length = match length_bounds(&args[0]) {
        (least, Some(most)) if least == most => Some(least),
        _ => None,
    };
    let read = |i: usize, name: &str| -> Result<Option<u64>, FuncError> {
        if args[i].is_unknown() {
            return Ok(None);
        }
        let index =
            integer(&args[i]).map_err(|error| FuncError::Arg(i, format!("invalid {name} index: {error}")))?;
        let Ok(index) = u64::try_from(index) else {
            return arg_error(i, format!("{name} index must not be less than zero"));
        };
        if length.is_some_and(|length| index > length) {
            return arg_error(i, format!("{name} index must not be greater than the length of the list"));
        }
        Ok(Some(index))
    };
    let (start, end) = (read(1, "start")?, read(2, "end")?);
    if let (Some(start), Some(end)) = (start, end)
        && start > end
    {
        return arg_error(1, "start index must not be greater than end index");
    }
    Ok((start, end))
}

fn slice_type(args: &[Value]) -> Result<Type, FuncError> {
    match args[0].ty() {
        Type::Set(_) => arg_error(
            0,
            "cannot slice a set, because its elements do not have indices; explicitly convert to a list if the \
             ordering of the result is not important",
        ),
        ty @ Type::List(_) => {
            slice_bounds(args)?;
            Ok(ty)
        }
        Type::Tuple(types) => match slice_bounds(args)? {
            (Some(start), Some(end)) => {
                let (start, end) = (start as usize, end as usize);
                Ok(Type::tuple(types.get(start..end).unwrap_or_default().iter().cloned()))
            }
            _ => Ok(Type::Dynamic),
        },
        Type::Dynamic
        | Type::Bool
        | Type::Number
        | Type::String
        | Type::Map(_)
        | Type::Object(_)
        | Type::Resource(_) => arg_error(0, "must be a list or tuple value"),
    }
}

fn slice(_: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let marks = args[0].marks;
    let (start, end) = slice_bounds(args)?;
    let slice = match (args[0].as_elements(), start, end) {
        (Some(elements), Some(start), Some(end)) => {
            let slice = elements.get(start as usize..end as usize).unwrap_or_default();
            collection(ty, slice.to_vec())
        }
        (_, Some(start), Some(end)) => {
            let length = end - start;
            unknown_collection(ty, (length, Some(length)), each_of(&args[0]), args[0].causes())
        }
        _ => {
            let most = [length_bounds(&args[0]).1, end].into_iter().flatten().min();
            let most = most.map(|most| most.saturating_sub(start.unwrap_or(0)));
            unknown_collection(ty, (0, most), each_of(&args[0]), args[0].causes())
        }
    };
    Ok(slice.with_marks(marks))
}

fn sort(_: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let elements = match args[0].as_elements() {
        Some(elements) if elements.iter().all(Value::is_wholly_known) || elements.len() == 1 => elements,
        _ => {
            let bounds = length_bounds(&args[0]);
            return Ok(unknown_collection(ty, bounds, each_of(&args[0]), args[0].causes()));
        }
    };
    if let Some(null) = elements.iter().position(Value::is_null) {
        return call_error(format!("given list element {null} is null; a null string cannot be sorted"));
    }
    let mut sorted = elements.to_vec();
    sorted.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    Ok(collection(ty, sorted))
}

fn sum(_: &Context<'_>, args: &[Value], _: &Type) -> Result<Value, FuncError> {
    const NUMBERS: &str = "argument must be list, set, or tuple of number values";
    if args[0].as_elements().is_none() && args[0].as_entries().is_none() {
        return arg_error(0, "cannot sum noniterable");
    }
    if args[0].parts().next().is_none() {
        return arg_error(0, "cannot sum an empty list");
    }
    let Some(elements) = args[0].as_elements() else {
        let name = args[0].ty().friendly_name();
        return arg_error(0, format!("argument must be list, set, or tuple. Received {name}"));
    };
    if !args[0].is_wholly_known() {
        return Ok(Value::unknown_not_null(Type::Number));
    }
    let mut total: Option<Number> = None;
    for element in elements {
        let number = convert(element, &Type::Number).ok().and_then(|value| value.as_number().cloned());
        let Some(number) = number else { return arg_error(0, NUMBERS) };
        total = match total {
            None => Some(number),
            Some(total) => match total.add(&number) {
                Some(total) => Some(total),
                None => return call_error("can't compute sum of opposing infinities"),
            },
        };
    }
    Ok(total.map_or_else(|| Value::unknown_not_null(Type::Number), Value::number))
}

fn transpose(context: &Context<'_>, args: &[Value], _: &Type) -> Result<Value, FuncError> {
    let mut transposed: BTreeMap<EcoString, Vec<Value>> = BTreeMap::new();
    for (key, list) in args[0].as_entries().into_iter().flatten() {
        let Some(elements) = list.as_elements() else {
            return call_error("input must not contain null list");
        };
        for element in elements {
            let ValueKind::String(element) = &element.kind else {
                return call_error("input list must not contain null string");
            };
            transposed.entry(element.clone()).or_default().push(Value::string(key.clone()));
        }
    }
    check_count(context, transposed.len())?;
    let lists = transposed.into_iter().map(|(key, keys)| (key, Value::list(Type::String, keys)));
    Ok(Value::map(list_of_string(), lists))
}

fn values_type(args: &[Value]) -> Result<Type, FuncError> {
    match args[0].ty() {
        Type::Map(element) => Ok(Type::list(Type::clone(&element))),
        Type::Object(attributes) => Ok(Type::tuple(attributes.values().cloned())),
        Type::Dynamic
        | Type::Bool
        | Type::Number
        | Type::String
        | Type::List(_)
        | Type::Set(_)
        | Type::Tuple(_)
        | Type::Resource(_) => call_error("values() requires a map as the first argument"),
    }
}

fn values(_: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let values = match args[0].as_entries() {
        Some(entries) => collection(ty, entries.values().cloned().collect()),
        None => unknown_collection(ty, length_bounds(&args[0]), each_of(&args[0]), args[0].causes()),
    };
    Ok(values.with_marks(args[0].marks))
}

fn zipmap_type(args: &[Value]) -> Result<Type, FuncError> {
    match args[1].ty() {
        Type::List(element) => Ok(Type::map(Type::clone(&element))),
        Type::Tuple(types) => {
            let Some(keys) = args[0].as_elements().filter(|_| args[0].is_wholly_known()) else {
                return Ok(Type::Dynamic);
            };
            check_zip(keys.len(), types.len())?;
            let mut attributes = Vec::with_capacity(keys.len());
            for (i, (key, ty)) in keys.iter().zip(types.iter()).enumerate() {
                let ValueKind::String(key) = &key.kind else {
                    return call_error(format!("keys list has null value at index {i}"));
                };
                attributes.push((key.clone(), ty.clone()));
            }
            Ok(Type::object(attributes))
        }
        Type::Dynamic
        | Type::Bool
        | Type::Number
        | Type::String
        | Type::Set(_)
        | Type::Map(_)
        | Type::Object(_)
        | Type::Resource(_) => call_error("values argument must be a list or tuple value"),
    }
}

fn check_zip(keys: usize, values: usize) -> Result<(), FuncError> {
    if keys == values {
        Ok(())
    } else {
        call_error(format!("number of keys ({keys}) does not match number of values ({values})"))
    }
}

fn zipmap(_: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let marks = args[0].marks.union(args[1].marks);
    let unknown = || {
        let (_, most) = length_bounds(&args[0]);
        let least = length_bounds(&args[0]).0.min(1);
        let bounds = (least, most);
        unknown_collection(ty, bounds, each_of(&args[1]), join_causes(args)).with_marks(marks)
    };
    let Some(keys) = args[0].as_elements() else { return Ok(unknown()) };
    let Some(values) = args[1].as_elements() else { return Ok(unknown()) };
    if !args[0].is_wholly_known() {
        return Ok(unknown());
    }
    check_zip(keys.len(), values.len())?;
    let marks = keys.iter().fold(marks, |marks, key| marks.union(key.deep_marks()));
    let mut entries = BTreeMap::new();
    for (i, (key, value)) in keys.iter().zip(values).enumerate() {
        let ValueKind::String(key) = &key.kind else {
            return call_error(format!("keys list has null value at index {i}"));
        };
        entries.insert(key.clone(), value.clone());
    }
    let zipped = match ty {
        Type::Map(element) => Value::map(Type::clone(element), entries),
        Type::Dynamic
        | Type::Bool
        | Type::Number
        | Type::String
        | Type::List(_)
        | Type::Set(_)
        | Type::Tuple(_)
        | Type::Object(_)
        | Type::Resource(_) => Value::object(entries),
    };
    Ok(zipped.with_marks(marks))
}
