//! Terraform's words for why one type does not convert to another.

use crate::eval::convert::{Mode, Shape, Target, convertible};
use crate::eval::value::Type;

/// Why values of a type do not conform to a target, as go-cty's `MismatchMessage` says it.
pub(super) fn message(got: &Type, want: Target<'_>) -> String {
    let required = || format!("{} required", name_of(want));
    match (got, want.shape()) {
        (Type::Object(_), Shape::Object(_)) => objects(got, want),
        (Type::Tuple(_), Shape::List(element)) if element.is_any() => {
            "all list elements must have the same type".into()
        }
        (Type::Tuple(_), Shape::Set(element)) if element.is_any() => {
            "all set elements must have the same type".into()
        }
        (Type::Object(_), Shape::Map(element)) if element.is_any() => {
            "all map elements must have the same type".into()
        }
        (Type::Tuple(elements), Shape::List(want) | Shape::Set(want)) => {
            match elements.iter().enumerate().find(|(_, got)| !convertible(got, want, Mode::Unsafe)) {
                Some((i, got)) => format!("element {i}: {}", message(got, want)),
                None => format!("all elements must be {}", name_of(want)),
            }
        }
        (Type::Object(attributes), Shape::Map(want)) => {
            match attributes.iter().find(|(_, got)| !convertible(got, want, Mode::Unsafe)) {
                Some((name, got)) => format!("element {name:?}: {}", message(got, want)),
                None => format!("all elements must be {}", name_of(want)),
            }
        }
        (Type::List(got) | Type::Set(got), Shape::List(want)) => {
            format!("incorrect list element type: {}", message(got, want))
        }
        (Type::List(got) | Type::Set(got), Shape::Set(want)) => {
            format!("incorrect set element type: {}", message(got, want))
        }
        (Type::Map(got), Shape::Map(want)) => format!("incorrect map element type: {}", message(got, want)),
        _ => required(),
    }
}

fn objects(got: &Type, want: Target<'_>) -> String {
    let (Type::Object(got), Shape::Object(want)) = (got, want.shape()) else {
        return "incorrect object attributes".into();
    };
    let missing: Vec<&str> = want
        .iter()
        .filter(|(name, _, optional)| !optional && !got.contains_key(*name))
        .map(|(name, ..)| name.as_str())
        .collect();
    match missing.as_slice() {
        [] => {}
        [one] => return format!("attribute {one:?} is required"),
        [one, other] => return format!("attributes {one:?} and {other:?} are required"),
        [most @ .., last] => {
            let most: String = most.iter().map(|name| format!("{name:?}, ")).collect();
            return format!("attributes {most}and {last:?} are required");
        }
    }
    for mode in [Mode::Unsafe, Mode::Safe] {
        for (name, want, _) in &want {
            if let Some(got) = got.get(*name)
                && !convertible(got, *want, mode)
            {
                return format!("attribute {name:?}: {}", message(got, *want));
            }
        }
    }
    "incorrect object attributes".into()
}

/// The name of a target in messages; an open element type is *any single type*.
pub(super) fn name_of(target: Target<'_>) -> String {
    let element = |element: Target<'_>| {
        if element.is_any() { "any single type".into() } else { name_of(element) }
    };
    match target.shape() {
        Shape::Any => "any type".into(),
        Shape::Primitive(ty) => ty.friendly_name(),
        Shape::List(of) => format!("list of {}", element(of)),
        Shape::Set(of) => format!("set of {}", element(of)),
        Shape::Map(of) => format!("map of {}", element(of)),
        Shape::Tuple(_) => "tuple".into(),
        Shape::Object(_) | Shape::Resource(_) => "object".into(),
    }
}
