//! Evaluated values and instances as plain data to show.

use serde_json::{Value as Json, json};

use crate::addr::{InstanceKey, ResourceMode};
use crate::aws::fact::describe;
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::eval::value::{Type, Value, ValueKind};
use crate::eval::{BlockValue, Evaluation, ResourceInstance};
use crate::report::eval::Outcome;
use crate::report::inspect::{Inspection, Instance, Output};
use crate::report::value::Datum;
use crate::truth::Truth;

/// What becomes of sensitive values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// They are not shown.
    Hide,
    /// They are shown: the user asked for it.
    Show,
}

/// How deep a value may be nested to be shown; deeper parts are unknown. Keeps the stack bounded.
const DEPTH: usize = 200;

/// A value as it is shown.
pub fn datum(value: &Value, secrets: Secrets) -> Datum {
    datum_at(value, secrets, 0)
}

fn datum_at(value: &Value, secrets: Secrets, depth: usize) -> Datum {
    if value.marks.sensitive && secrets == Secrets::Hide {
        return Datum::Sensitive;
    }
    if depth > DEPTH {
        return Datum::Unknown(vec!["it is nested too deeply to be shown".to_owned()]);
    }
    match &value.kind {
        ValueKind::Null(_) => Datum::Null,
        ValueKind::Bool(value) => Datum::Bool(*value),
        ValueKind::Number(number) => Datum::Number(number.to_string()),
        ValueKind::String(text) => Datum::String(text.to_string()),
        ValueKind::List(_, items) | ValueKind::Set(_, items) | ValueKind::Tuple(items) => {
            Datum::List(items.iter().map(|item| datum_at(item, secrets, depth + 1)).collect())
        }
        ValueKind::Map(_, entries) | ValueKind::Object(entries) => Datum::Map(
            entries
                .iter()
                .map(|(name, entry)| (name.to_string(), datum_at(entry, secrets, depth + 1)))
                .collect(),
        ),
        ValueKind::Resource(instance) => {
            Datum::Unknown(vec![format!("attributes of {} are read one by one", instance.type_name)])
        }
        ValueKind::Unknown(unknown) => Datum::Unknown(unknown.causes.iter().map(describe).collect()),
    }
}

/// The result of an expression.
pub fn outcome(value: &Value, diagnostics: &[Diagnostic], secrets: Secrets) -> Outcome {
    let refusals: Vec<Diagnostic> =
        diagnostics.iter().filter(|found| found.kind == DiagnosticKind::Invalid).cloned().collect();
    if !refusals.is_empty() {
        return refused(&refusals);
    }
    Outcome::Value {
        ty: shown_type(value, secrets),
        value: datum(value, secrets),
        causes: value.causes().iter().map(describe).collect(),
        sensitive: value.marks.sensitive,
    }
}

/// The result of an expression that Terraform refuses: its first error, `summary: detail`.
pub fn refused(diagnostics: &[Diagnostic]) -> Outcome {
    let message = diagnostics.first().map_or_else(
        || "Invalid expression".to_owned(),
        |first| match first.detail.as_str() {
            "" => first.summary.clone(),
            detail => format!("{}: {detail}", first.summary),
        },
    );
    Outcome::Error(message)
}

/// The type of a value; `"dynamic"` where it would tell the keys of a sensitive one.
fn shown_type(value: &Value, secrets: Secrets) -> Json {
    fn tells_keys(ty: &Type) -> bool {
        match ty {
            Type::Object(attributes) => !attributes.is_empty(),
            Type::List(element) | Type::Set(element) | Type::Map(element) => tells_keys(element),
            Type::Tuple(elements) => elements.iter().any(tells_keys),
            Type::Dynamic | Type::Bool | Type::Number | Type::String | Type::Resource(_) => false,
        }
    }
    if secrets == Secrets::Show || !value.deep_marks().sensitive {
        return type_json(&value.ty());
    }
    let element = |ty: &Type| if tells_keys(ty) { json!("dynamic") } else { type_json(ty) };
    match &value.kind {
        _ if value.marks.sensitive => element(&value.ty()),
        ValueKind::Object(entries) => {
            let attributes = entries.iter().map(|(name, part)| (name.to_string(), shown_type(part, secrets)));
            json!(["object", attributes.collect::<serde_json::Map<_, _>>()])
        }
        ValueKind::Tuple(elements) => {
            json!(["tuple", elements.iter().map(|part| shown_type(part, secrets)).collect::<Vec<_>>()])
        }
        ValueKind::List(ty, _) => json!(["list", element(ty)]),
        ValueKind::Set(ty, _) => json!(["set", element(ty)]),
        ValueKind::Map(ty, _) => json!(["map", element(ty)]),
        ValueKind::Null(_)
        | ValueKind::Bool(_)
        | ValueKind::Number(_)
        | ValueKind::String(_)
        | ValueKind::Resource(_)
        | ValueKind::Unknown(_) => type_json(&value.ty()),
    }
}

/// A type in Terraform's JSON notation: `"string"`, `["list","string"]`, `["object",{"a":"string"}]`.
pub fn type_json(ty: &Type) -> Json {
    match ty {
        // The attributes of a resource are not typed here.
        Type::Dynamic | Type::Resource(_) => json!("dynamic"),
        Type::Bool => json!("bool"),
        Type::Number => json!("number"),
        Type::String => json!("string"),
        Type::List(element) => json!(["list", type_json(element)]),
        Type::Set(element) => json!(["set", type_json(element)]),
        Type::Map(element) => json!(["map", type_json(element)]),
        Type::Tuple(elements) => {
            json!(["tuple", elements.iter().map(type_json).collect::<Vec<_>>()])
        }
        Type::Object(attributes) => {
            let attributes = attributes.iter().map(|(name, ty)| (name.to_string(), type_json(ty)));
            json!(["object", attributes.collect::<serde_json::Map<_, _>>()])
        }
    }
}

/// An evaluation as it is shown; gaps, errors and sources are the caller's.
pub fn inspection(evaluation: &Evaluation, secrets: Secrets) -> Inspection {
    let output = |value: &Value| Output {
        ty: shown_type(value, secrets),
        value: datum(value, secrets),
        sensitive: value.marks.sensitive,
    };
    let mut instances: Vec<&ResourceInstance> = evaluation.instances.iter().collect();
    instances.sort_by(|a, b| a.addr.cmp(&b.addr));
    Inspection {
        outputs: evaluation.outputs.iter().map(|(name, value)| (name.to_string(), output(value))).collect(),
        instances: instances.into_iter().map(|found| instance(evaluation, found, secrets)).collect(),
        ..Inspection::default()
    }
}

fn instance(evaluation: &Evaluation, instance: &ResourceInstance, secrets: Secrets) -> Instance {
    Instance {
        address: instance.addr.to_string(),
        mode: match instance.addr.resource.mode {
            ResourceMode::Managed => "managed",
            ResourceMode::Data => "data",
            ResourceMode::Ephemeral => "ephemeral",
        },
        type_name: instance.addr.resource.type_name.to_string(),
        name: instance.addr.resource.name.to_string(),
        index: match &instance.addr.key {
            InstanceKey::None | InstanceKey::Unknown => Json::Null,
            InstanceKey::Int(index) => json!(index),
            InstanceKey::String(key) => json!(key.as_str()),
        },
        values: body(&instance.body, secrets, 0),
        exists: instance.exists == Truth::Yes,
        span: instance.decl_range.map(|span| evaluation.shown(span)),
    }
}

/// A block's arguments, then its nested blocks as lists by type, in source order.
fn body(block: &BlockValue, secrets: Secrets, depth: usize) -> Datum {
    if depth > DEPTH {
        return Datum::Unknown(vec!["it is nested too deeply to be shown".to_owned()]);
    }
    let mut entries: Vec<(String, Datum)> = block
        .attributes
        .iter()
        .map(|attribute| (attribute.name.to_string(), datum(&attribute.value, secrets)))
        .collect();
    for nested in &block.blocks {
        let name = nested.block_type.as_str();
        if entries.iter().any(|(known, _)| known == name) {
            continue;
        }
        let same: Vec<_> = block.blocks_of(name).collect();
        let value = if same.iter().all(|nested| nested.exists == Truth::Yes) {
            Datum::List(same.iter().map(|nested| body(&nested.body, secrets, depth + 1)).collect())
        } else {
            Datum::Unknown(vec!["the for_each of a dynamic block is not known".to_owned()])
        };
        entries.push((name.to_owned(), value));
    }
    Datum::Map(entries)
}
