//! The steps of a traversal: attributes and indices of values that are known, and of those that are not.

use std::collections::BTreeMap;
use std::sync::Arc;

use ecow::{EcoString, EcoVec, eco_format};

use crate::eval::convert::{ConvertError, convert};
use crate::eval::origin::Step as OriginStep;
use crate::eval::scope::{Evaluator, Scope};
use crate::eval::value::{Marks, Refinement, Type, Unknown, Value, ValueKind};
use crate::source::Span;
use crate::syntax::ast::{Step, StepKind};

impl Evaluator<'_> {
    /// Applies traversal steps to a value.
    pub(in crate::eval) fn steps(&mut self, scope: &Scope<'_>, value: Value, steps: &[Step]) -> Value {
        let mut value = value;
        let mut i = 0;
        while let Some(step) = steps.get(i) {
            i += 1;
            match &step.kind {
                StepKind::Attr(name) => value = self.get_attr(&value, name, step.span),
                StepKind::Index(index) => {
                    let key = self.eval(scope, index);
                    value = match self.of_own_index(scope, &value, &key) {
                        Some(element) => element,
                        None => self.index(&value, &key, step.span),
                    };
                }
                StepKind::FullSplat => return self.splat(scope, value, &steps[i..], step.span),
                StepKind::AttrSplat => {
                    // An attribute splat reaches to the first step that is no attribute.
                    let end = steps[i..]
                        .iter()
                        .position(|step| !matches!(step.kind, StepKind::Attr(_)))
                        .map_or(steps.len(), |n| i + n);
                    value = self.splat(scope, value, &steps[i..end], step.span);
                    i = end;
                }
            }
        }
        value
    }

    /// `value.name`.
    pub(in crate::eval) fn get_attr(&mut self, value: &Value, name: &str, span: Span) -> Value {
        match &value.kind {
            ValueKind::Resource(instance) => {
                let result = self.attribute(instance.id, name, span);
                result.with_marks(value.marks)
            }
            ValueKind::Object(entries) => match entries.get(name) {
                Some(entry) => entry.clone().with_marks(value.marks),
                None => match self.block_attribute(value, name, span) {
                    Some(computed) => computed.with_marks(value.marks),
                    None => self.error(
                        "Unsupported attribute",
                        format!("This object does not have an attribute named \"{name}\"."),
                        span,
                    ),
                },
            },
            ValueKind::Map(_, entries) => match entries.get(name) {
                Some(entry) => entry.clone().with_marks(value.marks),
                None => self.error(
                    "Missing map element",
                    format!("This map does not have an element with the key \"{name}\"."),
                    span,
                ),
            },
            ValueKind::Unknown(unknown) => self.unknown_attr(value, unknown, name, span),
            ValueKind::Null(Type::Object(attributes)) if !attributes.contains_key(name) => self.error(
                "Unsupported attribute",
                format!("This object does not have an attribute named \"{name}\"."),
                span,
            ),
            ValueKind::Null(_) => self.error(
                "Attempt to get attribute from null value",
                "This value is null, so it does not have any attributes.",
                span,
            ),
            ValueKind::List(..) | ValueKind::Set(..) | ValueKind::Tuple(_) => {
                let detail = match &value.kind {
                    ValueKind::Set(..) => format!(
                        "Can't access attributes on a set. Did you mean to access attribute \"{name}\" across all \
                         elements of the set?"
                    ),
                    ValueKind::Null(_)
                    | ValueKind::Bool(_)
                    | ValueKind::Number(_)
                    | ValueKind::String(_)
                    | ValueKind::List(..)
                    | ValueKind::Map(..)
                    | ValueKind::Tuple(_)
                    | ValueKind::Object(_)
                    | ValueKind::Resource(_)
                    | ValueKind::Unknown(_) => format!(
                        "Can't access attributes on a list of objects. Did you mean to access attribute \"{name}\" \
                         for a specific element of the list, or across all elements of the list?"
                    ),
                };
                self.error("Unsupported attribute", detail, span)
            }
            ValueKind::Bool(_) | ValueKind::Number(_) | ValueKind::String(_) => self.error(
                "Unsupported attribute",
                format!(
                    "Can't access attributes on a primitive-typed value ({}).",
                    value.ty().friendly_name()
                ),
                span,
            ),
        }
    }

    fn unknown_attr(&mut self, value: &Value, unknown: &Unknown, name: &str, span: Span) -> Value {
        let ty = match &unknown.ty {
            Type::Dynamic | Type::Resource(_) => Type::Dynamic,
            Type::Map(element) => (**element).clone(),
            Type::Object(attributes) => match attributes.get(name) {
                Some(ty) => ty.clone(),
                None => {
                    let detail = format!("This object does not have an attribute named \"{name}\".");
                    return self.error("Unsupported attribute", detail, span);
                }
            },
            Type::Bool | Type::Number | Type::String => {
                let ty = unknown.ty.friendly_name();
                let detail = format!("Can't access attributes on a primitive-typed value ({ty}).");
                return self.error("Unsupported attribute", detail, span);
            }
            Type::List(_) | Type::Set(_) | Type::Tuple(_) => {
                let detail = "This value does not have any attributes.";
                return self.error("Unsupported attribute", detail, span);
            }
        };
        self.uncertain += 1;
        self.part(value, unknown, eco_format!(".{name}"), ty, span, |this, value| {
            this.get_attr(value, name, span)
        })
    }

    /// A part of an unknown value: the same part of each value that it may be, under one term.
    pub(super) fn part(
        &mut self,
        value: &Value,
        unknown: &Unknown,
        key: EcoString,
        ty: Type,
        span: Span,
        mut access: impl FnMut(&mut Self, &Value) -> Value,
    ) -> Value {
        let before = self.errors.len();
        let mut possible: Option<EcoVec<Value>> =
            unknown.possible.as_ref().map(|values| values.iter().map(|value| access(self, value)).collect());
        if self.errors.len() > before {
            self.errors.truncate(before);
            possible = None;
        }
        if (possible.is_none() && key.starts_with('[') || matches!(unknown.ty, Type::Map(_)))
            && let Some(each) = unknown.each.as_deref()
        {
            if unknown.refinement.max_length == Some(1) {
                return each.clone().with_marks(value.marks);
            }
            possible = Some(EcoVec::from([each.clone()]));
        }
        // One possibility is the value, if it is known.
        if let Some([only]) = possible.as_deref()
            && only.is_wholly_known()
        {
            return only.clone().with_marks(value.marks);
        }
        let term = if unknown.term.is_none() {
            self.terms.fresh("part")
        } else {
            self.terms.step(unknown.term, key)
        };
        let origin = self.origin(Some(span), OriginStep::Expression, [value.origin]);
        let ty = match (&ty, &possible) {
            (Type::Dynamic, Some(possible)) if !possible.is_empty() => {
                let types: Vec<Type> = possible.iter().map(Value::ty).collect();
                if types.windows(2).all(|pair| pair[0] == pair[1]) { types[0].clone() } else { ty }
            }
            _ => ty,
        };
        let not_null = possible.as_ref().is_some_and(|possible| possible.iter().all(Value::is_never_null));
        Value {
            kind: ValueKind::Unknown(Arc::new(Unknown {
                term,
                ty,
                refinement: Refinement { not_null, ..Refinement::default() },
                causes: unknown.causes.clone(),
                possible,
                each: None,
            })),
            origin,
            marks: value.marks,
        }
    }

    /// `value[key]`.
    pub(in crate::eval) fn index(&mut self, value: &Value, key: &Value, span: Span) -> Value {
        let marks = value.marks.union(key.marks);
        match &value.kind {
            ValueKind::Null(_) => self.error(
                "Attempt to index null value",
                "This value is null, so it does not have any indices.",
                span,
            ),
            ValueKind::List(_, elements) | ValueKind::Tuple(elements) => {
                let elements = elements.clone();
                self.index_sequence(value, &elements, key, marks, span)
            }
            ValueKind::Map(_, entries) | ValueKind::Object(entries) => {
                let entries = Arc::clone(entries);
                self.index_entries(value, &entries, key, marks, span)
            }
            ValueKind::Resource(_) => match convert(key, &Type::String) {
                Ok(key) => match key.as_str() {
                    Some(name) => {
                        let name = name.to_string();
                        self.get_attr(value, &name, span)
                    }
                    None => {
                        self.uncertain += 1;
                        self.finish(Value::unknown(Type::Dynamic), "index", &[value.clone(), key], span)
                    }
                },
                Err(error) => {
                    self.error("Invalid index", format!("Unsuitable value for index: {error}."), span)
                }
            },
            ValueKind::Unknown(unknown) => {
                let key_type = match &unknown.ty {
                    Type::List(_) | Type::Tuple(_) => Type::Number,
                    Type::Map(_) => Type::String,
                    Type::Dynamic
                    | Type::Bool
                    | Type::Number
                    | Type::String
                    | Type::Set(_)
                    | Type::Object(_)
                    | Type::Resource(_) => Type::Dynamic,
                };
                if key.is_null() {
                    return self.null_index(span);
                }
                let converted = match convert(key, &key_type) {
                    Ok(converted) => converted,
                    Err(error) => return self.unsuitable_index(&error, span),
                };
                let ty = match &unknown.ty {
                    Type::Dynamic | Type::Resource(_) => Type::Dynamic,
                    Type::List(element) | Type::Map(element) => (**element).clone(),
                    Type::Tuple(elements) => match converted.as_number() {
                        Some(n) => {
                            let n = n.to_i64().and_then(|n| usize::try_from(n).ok());
                            match n.and_then(|n| elements.get(n)) {
                                Some(ty) => ty.clone(),
                                None => return self.missing_index(span),
                            }
                        }
                        None => Type::Dynamic,
                    },
                    Type::Object(attributes) => match key.as_str() {
                        Some(name) => match attributes.get(name) {
                            Some(ty) => ty.clone(),
                            None => return self.missing_index(span),
                        },
                        None => Type::Dynamic,
                    },
                    Type::Set(_) => return self.index_set(span),
                    Type::Bool | Type::Number | Type::String => return self.not_indexable(span),
                };
                self.uncertain += 1;
                let step = step_key(key);
                let key = key.clone();
                self.part(value, unknown, step, ty, span, |this, value| this.index(value, &key, span))
                    .with_marks(key.marks)
            }
            ValueKind::Set(..) => self.index_set(span),
            ValueKind::Bool(_) | ValueKind::Number(_) | ValueKind::String(_) => self.not_indexable(span),
        }
    }

    fn index_set(&mut self, span: Span) -> Value {
        self.error(
            "Invalid index",
            "Elements of a set are identified only by their value and don't have any separate index or key to \
             select with, so it's only possible to perform operations across all elements of the set.",
            span,
        )
    }

    fn not_indexable(&mut self, span: Span) -> Value {
        self.error("Invalid index", "This value does not have any indices.", span)
    }

    fn null_index(&mut self, span: Span) -> Value {
        self.error("Invalid index", "Can't use a null value as an indexing key.", span)
    }

    fn unsuitable_index(&mut self, error: &ConvertError, span: Span) -> Value {
        let detail = format!("The given key does not identify an element in this collection value: {error}.");
        self.error("Invalid index", detail, span)
    }

    fn missing_index(&mut self, span: Span) -> Value {
        self.error(
            "Invalid index",
            "The given key does not identify an element in this collection value.",
            span,
        )
    }

    fn index_sequence(
        &mut self,
        value: &Value,
        elements: &[Value],
        key: &Value,
        marks: Marks,
        span: Span,
    ) -> Value {
        let key = match convert(key, &Type::Number) {
            Ok(key) if key.is_null() => return self.null_index(span),
            Ok(key) => key,
            Err(error) => return self.unsuitable_index(&error, span),
        };
        if let Some(number) = key.as_number() {
            let element = number.to_i64().and_then(|n| usize::try_from(n).ok()).and_then(|n| elements.get(n));
            let why = match element {
                Some(element) => return element.clone().with_marks(marks),
                None if elements.is_empty() => "the collection has no elements",
                None if number.is_negative() => "a negative number is not a valid index for a sequence",
                None if !number.is_integer() => {
                    "indexing a sequence requires a whole number, but the given index has a fractional part"
                }
                None => "the given index is greater than or equal to the length of the collection",
            };
            let detail =
                format!("The given key does not identify an element in this collection value: {why}.");
            return self.error("Invalid index", detail, span);
        }
        self.uncertain += 1;
        self.any_of(value, elements.iter().cloned().collect(), &key, span).with_marks(marks)
    }

    fn index_entries(
        &mut self,
        value: &Value,
        entries: &BTreeMap<EcoString, Value>,
        key: &Value,
        marks: Marks,
        span: Span,
    ) -> Value {
        let key = match convert(key, &Type::String) {
            Ok(key) if key.is_null() => return self.null_index(span),
            Ok(key) => key,
            Err(error) => return self.unsuitable_index(&error, span),
        };
        if let Some(name) = key.as_str() {
            return match entries.get(name) {
                Some(entry) => entry.clone().with_marks(marks),
                None => match self.block_attribute(value, name, span) {
                    Some(computed) => computed.with_marks(marks),
                    None => self.missing_index(span),
                },
            };
        }
        self.uncertain += 1;
        self.any_of(value, entries.values().cloned().collect(), &key, span).with_marks(marks)
    }

    /// One of the elements, but it is not known which.
    fn any_of(&mut self, value: &Value, elements: EcoVec<Value>, key: &Value, span: Span) -> Value {
        let types: Vec<Type> = elements.iter().map(Value::ty).collect();
        let ty = match &value.kind {
            ValueKind::List(ty, _) | ValueKind::Map(ty, _) => ty.clone(),
            _ if !types.is_empty() && types.windows(2).all(|pair| pair[0] == pair[1]) => types[0].clone(),
            ValueKind::Null(_)
            | ValueKind::Bool(_)
            | ValueKind::Number(_)
            | ValueKind::String(_)
            | ValueKind::Set(..)
            | ValueKind::Tuple(_)
            | ValueKind::Object(_)
            | ValueKind::Resource(_)
            | ValueKind::Unknown(_) => Type::Dynamic,
        };
        let mut result = Value::unknown(ty);
        if let ValueKind::Unknown(unknown) = &mut result.kind {
            let unknown = Arc::make_mut(unknown);
            unknown.causes = key.causes();
            unknown.possible = Some(elements);
        }
        self.finish(result, "index", &[value.clone(), key.clone()], span)
    }
}

/// The text of an index step in terms and addresses: `["a"]`, `[0]`.
pub(in crate::eval) fn step_key(key: &Value) -> EcoString {
    if let Some(text) = key.as_str() {
        eco_format!("[\"{text}\"]")
    } else if let Some(number) = key.as_number() {
        eco_format!("[{number}]")
    } else {
        eco_format!("[{}]", crate::eval::term::canonical(key))
    }
}
