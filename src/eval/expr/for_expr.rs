//! `for` expressions, and what a `for` over a collection that is not known tells of each element.

use std::collections::BTreeMap;
use std::sync::Arc;

use ecow::{EcoString, EcoVec};

use crate::eval::convert::convert;
use crate::eval::origin::{OriginId, Step as OriginStep};
use crate::eval::scope::{Bound, Evaluator, Scope, unknown_value};
use crate::eval::value::{Cause, Marks, Refinement, Type, Unknown, Value, ValueKind};
use crate::source::Span;
use crate::syntax::ast::{Expr, ForExpr};
use crate::truth::Truth;

/// The longest list of elements that are not known which is gone through one by one.
const FEW: u64 = 64;

impl Evaluator<'_> {
    pub(super) fn for_expr(&mut self, scope: &Scope<'_>, for_expr: &ForExpr, span: Span) -> Value {
        let collection = self.eval(scope, &for_expr.collection);
        let marks = collection.marks;
        if collection.is_null() {
            return self.error(
                "Iteration over null value",
                "A null value cannot be used as the collection in a 'for' expression.",
                for_expr.collection.span,
            );
        }
        let listed = self.elements_by_index(&collection, for_expr.collection.span);
        if listed.is_none() && (collection.is_unknown() || matches!(collection.kind, ValueKind::Resource(_)))
        {
            return self.for_unknown(scope, for_expr, collection, span);
        }
        let Some(pairs) = listed.or_else(|| pairs(&collection)) else {
            let detail = format!(
                "A value of type {} cannot be used as the collection in a 'for' expression.",
                collection.ty().friendly_name()
            );
            return self.error("Iteration over non-iterable value", detail, for_expr.collection.span);
        };
        let mut builder = ForBuilder { marks, ..ForBuilder::default() };
        if let (true, Some(condition)) = (pairs.is_empty(), &for_expr.condition) {
            // Terraform tries the condition before it looks at elements, of which there may be none.
            let (before, uncertain) = (self.errors.len(), self.uncertain);
            self.try_condition(scope, for_expr, condition, &mut builder);
            if self.errors.len() > before {
                let result = Value::unknown(Type::Dynamic).with_marks(builder.marks);
                return self.finish_fresh(result, "for", &[collection], span);
            }
            // What was not known of no element does not matter.
            self.uncertain = uncertain;
            builder = ForBuilder { marks, ..ForBuilder::default() };
        }
        for (key, value) in pairs {
            if builder.len >= self.env.limits.elements {
                let what = format!(
                    "a for expression makes too many elements, elements ({})",
                    self.env.limits.elements
                );
                return self.value_limit(&what, span);
            }
            if self.is_exhausted() {
                return self.exhausted(Some(span));
            }
            self.for_element(scope, for_expr, key, value, &mut builder);
        }
        // That nothing is left is decided by the condition.
        let emptied_by = builder.left_out.filter(|_| builder.len == 0);
        let inputs = emptied_by.into_iter().chain([collection.origin]);
        let origin = self.origin(Some(span), OriginStep::Expression, inputs);
        if let Some(args) = builder.undecided {
            let mut args = args;
            args.push(collection);
            // Keys that are not known may turn out to be the same.
            let least = u64::from(builder.len > 0);
            let refinement = Refinement { not_null: true, min_length: least, ..Refinement::default() };
            let result = Value::refined(Type::Dynamic, refinement).with_marks(builder.marks);
            return self.finish_fresh(result, "for", &args, span);
        }
        let result = if for_expr.key.is_some() {
            if for_expr.group {
                Value::object(builder.groups.into_iter().map(|(key, values)| (key, Value::tuple(values))))
            } else {
                Value::object(builder.entries)
            }
        } else {
            Value::tuple(builder.elements)
        };
        result.with_origin(origin).with_marks(builder.marks)
    }

    /// The pairs of a list of which nothing is known but how many elements it has, and that they are few.
    fn elements_by_index(&mut self, collection: &Value, span: Span) -> Option<Vec<(Value, Value)>> {
        let unknown = collection.as_unknown()?;
        let length = unknown.refinement.min_length;
        let is_list = matches!(unknown.ty, Type::List(_)) && unknown.each.is_none();
        if !is_list || length > FEW || unknown.refinement.max_length != Some(length) {
            return None;
        }
        let pair = |i| {
            let index = Value::number(i as i64).with_origin(collection.origin);
            (index.clone(), self.index(collection, &index, span))
        };
        Some((0..length).map(pair).collect())
    }

    /// Evaluates the condition of a `for` for elements of which nothing is known.
    fn try_condition(
        &mut self,
        scope: &Scope<'_>,
        for_expr: &ForExpr,
        condition: &Expr,
        builder: &mut ForBuilder,
    ) {
        let cause = || Cause::Error("no element".into());
        let value = self.unknown(Type::Dynamic, Refinement::default(), cause(), for_expr.collection.span);
        let key = self.unknown(Type::Dynamic, Refinement::default(), cause(), for_expr.collection.span);
        let bound = Bound { name: &for_expr.value_var, value, next: scope.bound };
        let name = for_expr.key_var.as_deref();
        let bound_key = name.map(|name| Bound { name, value: key, next: Some(&bound) });
        let inner = Scope { bound: Some(bound_key.as_ref().unwrap_or(&bound)), ..*scope };
        self.for_condition(&inner, condition, builder);
    }

    fn for_element(
        &mut self,
        scope: &Scope<'_>,
        for_expr: &ForExpr,
        key: Value,
        value: Value,
        builder: &mut ForBuilder,
    ) {
        let bound_value = Bound { name: &for_expr.value_var, value, next: scope.bound };
        let bound_key;
        let inner = match &for_expr.key_var {
            Some(name) => {
                bound_key = Bound { name, value: key, next: Some(&bound_value) };
                Scope { bound: Some(&bound_key), ..*scope }
            }
            None => Scope { bound: Some(&bound_value), ..*scope },
        };
        if let Some(condition) = &for_expr.condition {
            match self.for_condition(&inner, condition, builder) {
                Truth::Yes => {}
                Truth::No => return,
                Truth::Unknown => {
                    let before = self.errors.len();
                    let mut seen: Vec<Value> =
                        for_expr.key.iter().map(|key| self.eval(&inner, key)).collect();
                    seen.push(self.eval(&inner, &for_expr.value));
                    // What fails for an element need not be evaluated for it.
                    self.errors.truncate(before);
                    builder.undecided.get_or_insert_with(Vec::new).extend(seen);
                    return;
                }
            }
        }
        let Some(key_expr) = &for_expr.key else {
            let element = self.eval(&inner, &for_expr.value);
            builder.elements.push(element);
            builder.len += 1;
            return;
        };
        let key = self.eval(&inner, key_expr);
        let before = self.errors.len();
        let value = self.eval(&inner, &for_expr.value);
        // Once a key is unknown, Terraform no longer looks at what is wrong with other keys, nor at the values of keys
        // that it cannot use.
        let problem = match convert(&key, &Type::String) {
            // Terraform looks at the type of a key only once it is known.
            _ if key.is_unknown() => None,
            Ok(key) if key.is_null() => {
                Some("Key expression in 'for' expression must not produce a null value.".into())
            }
            Ok(_) => None,
            Err(error) => Some(format!("The key expression produced an invalid result: {error}.")),
        };
        if let Some(detail) = problem {
            self.errors.truncate(before);
            if builder.undecided.is_none() {
                self.error("Invalid object key", detail, key_expr.span);
            }
            builder.undecided.get_or_insert_with(Vec::new).push(value);
            return;
        }
        let key = convert(&key, &Type::String).unwrap_or(key);
        builder.marks = builder.marks.union(key.marks);
        let Some(name) = key.as_str() else {
            self.errors.truncate(before);
            builder.undecided.get_or_insert_with(Vec::new).extend([key, value]);
            builder.len += 1;
            return;
        };
        builder.len += 1;
        if for_expr.group {
            builder.groups.entry(name.into()).or_default().push(value);
        } else if builder.entries.contains_key(name) {
            let shown = if key.marks.sensitive { "(sensitive value)" } else { name };
            let detail = format!(
                "Two different items produced the key \"{shown}\" in this 'for' expression. If duplicates are \
                 expected, use the ellipsis (...) after the value expression to enable grouping by key."
            );
            // The first one stays, so that the type is known where the error does not matter.
            self.error("Duplicate object key", detail, key_expr.span);
        } else {
            builder.entries.insert(name.into(), value);
        }
    }

    fn for_condition(&mut self, scope: &Scope<'_>, condition: &Expr, builder: &mut ForBuilder) -> Truth {
        let value = self.eval(scope, condition);
        if value.is_null() {
            if builder.undecided.is_none() {
                self.error(
                    "Condition is null",
                    "The value of the 'if' clause must not be null.",
                    condition.span,
                );
            }
            return Truth::Unknown;
        }
        match convert(&value, &Type::Bool) {
            Ok(value) => {
                builder.marks = builder.marks.union(value.marks);
                if value.is_unknown() {
                    builder.undecided.get_or_insert_with(Vec::new).push(value.clone());
                }
                if value.as_bool() == Some(false) {
                    builder.left_out = Some(value.origin);
                }
                value.as_bool().map_or(Truth::Unknown, Truth::known)
            }
            Err(error) => {
                if builder.undecided.is_none() {
                    let detail = format!("The 'if' clause value is invalid: {error}.");
                    self.error("Invalid 'for' condition", detail, condition.span);
                }
                Truth::Unknown
            }
        }
    }

    /// A `for` over a collection that is not known: what each element would be is still worked out, once.
    fn for_unknown(&mut self, scope: &Scope<'_>, for_expr: &ForExpr, collection: Value, span: Span) -> Value {
        self.uncertain += 1;
        let ty = collection.ty();
        if ty.is_primitive() {
            let detail = format!(
                "A value of type {} cannot be used as the collection in a 'for' expression.",
                ty.friendly_name()
            );
            return self.error("Iteration over non-iterable value", detail, for_expr.collection.span);
        }
        if let (Some(condition), true) = (&for_expr.condition, ty != Type::Dynamic) {
            // As for an empty one, Terraform tries the condition before it looks at elements.
            let (before, uncertain) = (self.errors.len(), self.uncertain);
            self.try_condition(scope, for_expr, condition, &mut ForBuilder::default());
            if self.errors.len() > before {
                let result = Value::unknown(Type::Dynamic).with_marks(collection.marks);
                return self.finish_fresh(result, "for", &[collection], span);
            }
            self.uncertain = uncertain;
        }
        let unknown = collection.as_unknown();
        let is_some = unknown.is_some_and(|unknown| unknown.refinement.min_length > 0);
        let min_length = u64::from(is_some && for_expr.condition.is_none());
        let refinement = Refinement { not_null: true, min_length, ..Refinement::default() };
        let mut result = Value::refined(Type::Dynamic, refinement).with_marks(collection.marks);
        if let Some(each) = unknown.and_then(|unknown| unknown.each.as_deref()).cloned() {
            let causes = collection.causes();
            let key_type = match ty {
                Type::List(_) => Type::Number,
                Type::Set(_) => each.ty(),
                Type::Dynamic
                | Type::Bool
                | Type::Number
                | Type::String
                | Type::Map(_)
                | Type::Tuple(_)
                | Type::Object(_)
                | Type::Resource(_) => Type::String,
            };
            let key = if matches!(ty, Type::Set(_)) {
                each.clone()
            } else {
                let term = self.terms.fresh("key");
                let cause = causes.first().cloned().unwrap_or(Cause::Error("unknown key".into()));
                let refinement = Refinement { not_null: true, ..Refinement::default() };
                unknown_value(key_type, refinement, term, cause, collection.origin)
            };
            let (key, each) = match self.is_bound_alike(scope, &each) {
                false => (key, each),
                true => {
                    let another = self.another(each);
                    let key = if matches!(ty, Type::Set(_)) { another.clone() } else { key };
                    (key, another)
                }
            };
            let mut builder = ForBuilder::default();
            let before = self.errors.len();
            self.for_element(scope, for_expr, key, each, &mut builder);
            // What fails for a stand-in need not fail for the elements.
            self.errors.truncate(before);
            let sample = match builder.undecided {
                None => {
                    builder.elements.pop().or_else(|| builder.entries.pop_first().map(|(_, value)| value))
                }
                Some(mut seen) if for_expr.key.is_some() => seen.pop(),
                Some(mut seen) => (!seen.is_empty()).then(|| seen.swap_remove(seen.len() - 1)),
            };
            if let (Some(sample), ValueKind::Unknown(unknown)) = (sample, &mut result.kind) {
                Arc::make_mut(unknown).each = Some(Box::new(sample));
            }
        }
        self.finish_fresh(result, "for", &[collection], span)
    }

    /// Whether a name around a `for` may stand for elements of the same collection: that one and this one are two
    /// elements, which need not be the same.
    fn is_bound_alike(&self, scope: &Scope<'_>, each: &Value) -> bool {
        let mut bound = scope.bound;
        let names = std::iter::from_fn(|| {
            let entry = bound?;
            bound = entry.next;
            Some(&entry.value)
        });
        let repetition = scope.repetition.and_then(|repetition| repetition.each.as_ref());
        let around: Vec<&Value> = names.chain(repetition.into_iter().flat_map(|(k, v)| [k, v])).collect();
        !around.is_empty() && self.terms.may_share_sources(each, &around)
    }

    /// A value for one element of those that another value stands for each of.
    fn another(&mut self, each: Value) -> Value {
        let unknown = Unknown {
            term: self.terms.fresh("element"),
            ty: each.ty(),
            refinement: match each.as_unknown() {
                Some(unknown) => unknown.refinement.clone(),
                None => Refinement { not_null: !each.is_null(), ..Refinement::default() },
            },
            causes: each.causes(),
            each: each.as_unknown().and_then(|unknown| unknown.each.clone()),
            possible: Some(EcoVec::from([each.clone()])),
        };
        Value { kind: ValueKind::Unknown(Arc::new(unknown)), ..each }
    }
}

#[derive(Default)]
struct ForBuilder {
    elements: Vec<Value>,
    entries: BTreeMap<EcoString, Value>,
    groups: BTreeMap<EcoString, Vec<Value>>,
    marks: Marks,
    len: usize,
    /// Set when the result cannot be known: the values that it depends on, an element's own last.
    undecided: Option<Vec<Value>>,
    /// What decided that the last element that was left out was.
    left_out: Option<OriginId>,
}

/// The pairs that iteration gives: index and element, key and value, or element twice for a set.
pub(in crate::eval) fn pairs(collection: &Value) -> Option<Vec<(Value, Value)>> {
    match &collection.kind {
        ValueKind::List(_, elements) | ValueKind::Tuple(elements) => Some(
            elements
                .iter()
                .enumerate()
                .map(|(i, element)| (Value::number(i as i64).with_origin(collection.origin), element.clone()))
                .collect(),
        ),
        ValueKind::Set(_, elements) => {
            Some(elements.iter().map(|element| (element.clone(), element.clone())).collect())
        }
        ValueKind::Map(_, entries) | ValueKind::Object(entries) => Some(
            entries
                .iter()
                .map(|(key, value)| (Value::string(key.clone()).with_origin(value.origin), value.clone()))
                .collect(),
        ),
        ValueKind::Null(_)
        | ValueKind::Bool(_)
        | ValueKind::Number(_)
        | ValueKind::String(_)
        | ValueKind::Resource(_)
        | ValueKind::Unknown(_) => None,
    }
}
