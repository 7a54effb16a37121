//! Comparing values of ssmlint with recorded answers.

use serde_json::Value as Json;
use ssmlint::eval::value::{Refinement, Type, Value, ValueKind};
use ssmlint::number::Number;

/// Terraform's JSON notation of a type.
pub(crate) fn type_json(ty: &Type) -> Json {
    match ty {
        Type::Dynamic | Type::Resource(_) => "dynamic".into(),
        Type::Bool => "bool".into(),
        Type::Number => "number".into(),
        Type::String => "string".into(),
        Type::List(element) => Json::Array(vec!["list".into(), type_json(element)]),
        Type::Set(element) => Json::Array(vec!["set".into(), type_json(element)]),
        Type::Map(element) => Json::Array(vec!["map".into(), type_json(element)]),
        Type::Tuple(elements) => {
            Json::Array(vec!["tuple".into(), Json::Array(elements.iter().map(type_json).collect())])
        }
        Type::Object(attributes) => Json::Array(vec![
            "object".into(),
            Json::Object(attributes.iter().map(|(name, ty)| (name.to_string(), type_json(ty))).collect()),
        ]),
    }
}

/// The value as JSON, with null at unknown places.
pub(crate) fn value_json(value: &Value) -> Json {
    match &value.kind {
        ValueKind::Null(_) | ValueKind::Unknown(_) | ValueKind::Resource(_) => Json::Null,
        ValueKind::Bool(value) => Json::Bool(*value),
        ValueKind::Number(number) => {
            let text = number.to_string();
            serde_json::from_str(&text).unwrap_or(Json::String(text))
        }
        ValueKind::String(text) => Json::String(text.to_string()),
        ValueKind::List(_, elements) | ValueKind::Set(_, elements) | ValueKind::Tuple(elements) => {
            Json::Array(elements.iter().map(value_json).collect())
        }
        ValueKind::Map(_, entries) | ValueKind::Object(entries) => {
            Json::Object(entries.iter().map(|(name, entry)| (name.to_string(), value_json(entry))).collect())
        }
    }
}

/// Whether recorded JSON and a value's JSON are the same; numbers by exact value.
pub(crate) fn same(expected: &Json, got: &Json) -> bool {
    match (expected, got) {
        (Json::Number(a), Json::Number(b)) => {
            match (Number::parse(&a.to_string()), Number::parse(&b.to_string())) {
                (Some(a), Some(b)) => a == b,
                _ => false,
            }
        }
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

/// Whether a value is the recorded one, sets taken as multisets, where the record says that it is known.
///
/// `Ok(known more)`: the value agrees; true when it is known where Terraform says unknown.
pub(crate) fn agrees(value: &Value, expected: &Json, unknown: Option<&Json>) -> Result<bool, String> {
    if unknown == Some(&Json::Bool(true)) {
        return Ok(!value.is_unknown());
    }
    if let Some(unknown) = value.as_unknown() {
        return Err(format!("unknown because of {:?}", unknown.causes));
    }
    let mut more = false;
    match &value.kind {
        ValueKind::Set(_, elements) => {
            let Json::Array(expected) = expected else { return Err("not a set".into()) };
            if expected.len() != elements.len() {
                return Err(format!("{} elements instead of {}", elements.len(), expected.len()));
            }
            if unknown.is_some() {
                return Ok(false);
            }
            let mut left: Vec<Json> = elements.iter().map(value_json).collect();
            for element in expected {
                match left.iter().position(|got| same(element, got)) {
                    Some(i) => {
                        left.swap_remove(i);
                    }
                    None => return Err(format!("no element {element}")),
                }
            }
        }
        ValueKind::List(_, elements) | ValueKind::Tuple(elements) => {
            let Json::Array(expected) = expected else { return Err("not a sequence".into()) };
            if expected.len() != elements.len() {
                return Err(format!("{} elements instead of {}", elements.len(), expected.len()));
            }
            for (i, (element, expected)) in elements.iter().zip(expected).enumerate() {
                let unknown = unknown.and_then(|unknown| unknown.get(i));
                more |= agrees(element, expected, unknown.filter(|u| **u != Json::Bool(false)))
                    .map_err(|error| format!("[{i}]: {error}"))?;
            }
        }
        ValueKind::Map(_, entries) | ValueKind::Object(entries) => {
            let Json::Object(expected) = expected else { return Err("not a map".into()) };
            for (name, entry) in entries.iter() {
                let unknown = unknown.and_then(|unknown| unknown.get(name.as_str()));
                let unknown = unknown.filter(|u| **u != Json::Bool(false));
                let expected = match expected.get(name.as_str()) {
                    Some(expected) => expected,
                    // Outputs of plans leave unknown attributes out.
                    None if unknown.is_some() => &Json::Null,
                    None => return Err(format!("unexpected key {name}")),
                };
                more |= agrees(entry, expected, unknown).map_err(|error| format!(".{name}: {error}"))?;
            }
            if let Some(name) = expected.keys().find(|name| !entries.contains_key(name.as_str())) {
                return Err(format!("missing key {name}"));
            }
        }
        ValueKind::Null(_) | ValueKind::Bool(_) | ValueKind::Number(_) | ValueKind::String(_) => {
            let got = value_json(value);
            if !same(expected, &got) {
                return Err(format!("{got} instead of {expected}"));
            }
        }
        ValueKind::Resource(_) | ValueKind::Unknown(_) => return Err("not a plain value".into()),
    }
    Ok(more)
}

/// The mask of sensitive parts in the recorded notation; `Null` where nothing is sensitive.
pub(crate) fn sensitive_mask(value: &Value) -> Json {
    if value.marks.sensitive {
        return Json::Bool(true);
    }
    if value.deep_marks().sensitive {
        if let Some(elements) = value.as_elements() {
            return Json::Array(elements.iter().map(|part| or_false(sensitive_mask(part))).collect());
        }
        if let Some(entries) = value.as_entries() {
            let masks = entries.iter().map(|(name, part)| (name.to_string(), sensitive_mask(part)));
            return Json::Object(masks.filter(|(_, mask)| !mask.is_null()).collect());
        }
    }
    Json::Null
}

fn or_false(mask: Json) -> Json {
    if mask.is_null() { Json::Bool(false) } else { mask }
}

/// What Terraform knows of an unknown and ssmlint does not, as recorded in `refinements`.
pub(crate) fn missing_refinement(value: &Value, recorded: &Json) -> Option<String> {
    let mut part = value.clone();
    for step in recorded["path"].as_array().into_iter().flatten() {
        part = match step {
            Json::String(name) => part.as_entries()?.get(name.as_str())?.clone(),
            step @ Json::Null
            | step @ Json::Bool(_)
            | step @ Json::Number(_)
            | step @ Json::Array(_)
            | step @ Json::Object(_) => part.as_elements()?.get(step.as_u64()? as usize)?.clone(),
        };
    }
    let unknown = part.as_unknown()?;
    let Refinement { not_null, prefix, min, max, min_length, max_length, moment: _ } = &unknown.refinement;
    if recorded["not_null"] == Json::Bool(true) && !not_null {
        return Some("not null".into());
    }
    if let Some(text) = recorded["prefix"].as_str()
        && !prefix.starts_with(text)
    {
        return Some(format!("prefix {text:?}, got {prefix:?}"));
    }
    let number = |name: &str| Number::parse(&recorded.get(name)?.to_string());
    if let Some(bound) = number("min")
        && min.as_ref().is_none_or(|(min, _)| *min < bound)
    {
        return Some(format!("min {bound}"));
    }
    if let Some(bound) = number("max")
        && max.as_ref().is_none_or(|(max, _)| *max > bound)
    {
        return Some(format!("max {bound}"));
    }
    if let Some(bound) = recorded["min_length"].as_u64()
        && *min_length < bound
    {
        return Some(format!("min length {bound}"));
    }
    if let Some(bound) = recorded["max_length"].as_u64()
        && max_length.is_none_or(|max| max > bound)
    {
        return Some(format!("max length {bound}"));
    }
    None
}
