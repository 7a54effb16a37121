//! `count` and `for_each`: how many instances there are, and with which keys.

use std::collections::BTreeMap;

use ecow::{EcoString, EcoVec};

use crate::addr::InstanceKey;
use crate::eval::convert::convert;
use crate::eval::expr::{pairs, with_term};
use crate::eval::origin::{OriginId, Step};
use crate::eval::scope::{Evaluator, Repetition, Scope, unknown_value};
use crate::eval::term::{Operand, Term, TermId, canonical};
use crate::eval::value::{Cause, InstanceId, Refinement, Type, Unknown, Value, ValueKind};
use crate::number::Number;
use crate::source::Span;
use crate::syntax::ast::Expr;
use crate::truth::Truth;

/// The instances of a resource or module, by key.
#[derive(Clone, Debug)]
pub(super) enum Expansion<T> {
    /// Neither `count` nor `for_each`.
    Single(T),
    /// `count`, known.
    Count(Vec<T>),
    /// `for_each`, known.
    Each(BTreeMap<EcoString, T>),
    /// `count`, not known: at most so many; each of them may exist.
    MaybeCount(Vec<T>, Box<Value>),
    /// `for_each`, not known, but these are all keys that there can be.
    MaybeEach(BTreeMap<EcoString, T>, Box<Value>),
    /// Nothing is known of the keys: one instance stands for all. True for `count`.
    Unknown(T, bool, Box<Value>),
    /// It depends on itself, or there are too many instances.
    Failed,
}

impl<T: Copy> Expansion<T> {
    /// The instance that a known key leads to.
    pub(super) fn get(&self, key: &Value) -> Option<T> {
        match self {
            Expansion::Count(items) | Expansion::MaybeCount(items, _) => {
                let key = convert(key, &Type::Number).ok()?;
                let n = key.as_number().and_then(Number::to_i64)?;
                items.get(usize::try_from(n).ok()?).copied()
            }
            Expansion::Each(items) | Expansion::MaybeEach(items, _) => {
                let key = convert(key, &Type::String).ok()?;
                items.get(key.as_str()?).copied()
            }
            Expansion::Single(_) | Expansion::Unknown(..) | Expansion::Failed => None,
        }
    }
}

/// One instance to be made.
pub(super) struct Item {
    pub(super) key: InstanceKey,
    pub(super) repetition: Repetition,
    pub(super) exists: Truth,
    pub(super) because: OriginId,
}

/// Which instances are to be made.
pub(super) enum Plan {
    Single,
    Count { items: Vec<Item>, decided: Option<Box<Value>>, because: OriginId },
    Each { items: Vec<(EcoString, Item)>, decided: Option<Box<Value>>, because: OriginId },
    Unknown { item: Item, count: bool, value: Box<Value> },
}

impl Plan {
    /// Whether there certainly is no instance.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Plan::Count { items, .. } => items.is_empty(),
            Plan::Each { items, .. } => items.is_empty(),
            Plan::Single | Plan::Unknown { .. } => false,
        }
    }

    /// What decided that there certainly is no instance.
    pub(super) fn emptied_by(&self) -> Option<OriginId> {
        match self {
            Plan::Count { items, because, .. } if items.is_empty() => Some(*because),
            Plan::Each { items, because, .. } if items.is_empty() => Some(*because),
            Plan::Count { .. } | Plan::Each { .. } | Plan::Single | Plan::Unknown { .. } => None,
        }
    }

    /// Makes the instances; one that cannot be made is left out.
    pub(super) fn build<T>(self, mut make: impl FnMut(Item) -> Option<T>) -> Expansion<T> {
        match self {
            Plan::Single => {
                let item = Item {
                    key: InstanceKey::None,
                    repetition: Repetition::default(),
                    exists: Truth::Yes,
                    because: OriginId::NONE,
                };
                make(item).map_or(Expansion::Failed, Expansion::Single)
            }
            Plan::Count { items, decided, because: _ } => {
                let items: Vec<T> = items.into_iter().map_while(make).collect();
                match decided {
                    None => Expansion::Count(items),
                    Some(value) => Expansion::MaybeCount(items, value),
                }
            }
            Plan::Each { items, decided, because: _ } => {
                let items: BTreeMap<EcoString, T> =
                    items.into_iter().map_while(|(key, item)| Some((key, make(item)?))).collect();
                match decided {
                    None => Expansion::Each(items),
                    Some(value) => Expansion::MaybeEach(items, value),
                }
            }
            Plan::Unknown { item, count, value } => {
                make(item).map_or(Expansion::Failed, |made| Expansion::Unknown(made, count, value))
            }
        }
    }
}

/// Whether certainly only apply makes a value known. Of attributes those are certain whose schema ssmlint holds.
pub(super) fn is_known_after_apply(value: &Value) -> bool {
    let causes = value.causes();
    let is_certain = |cause: &Cause| match cause {
        Cause::Computed(address) => address.contains("terraform_data."),
        Cause::NotSet(_)
        | Cause::DataSource(_)
        | Cause::ModuleUnavailable(_)
        | Cause::UnsupportedFunction(_)
        | Cause::Impure(_)
        | Cause::Error(_)
        | Cause::KeysUnknown(_)
        | Cause::Cycle(_)
        | Cause::Limit(_)
        | Cause::Plan(_) => false,
    };
    !causes.is_empty() && causes.iter().all(is_certain)
}

/// More instances than this are not made for a `count` that is only bounded.
const MAYBE_COUNT: i64 = 16;

impl<'a> Evaluator<'a> {
    /// What `count` and `for_each` of a block make.
    pub(super) fn expansion_plan(
        &mut self,
        scope: &Scope<'_>,
        count: Option<&Expr>,
        for_each: Option<&Expr>,
        decl_range: Span,
    ) -> Plan {
        match (count, for_each) {
            (None, None) => Plan::Single,
            (Some(_), Some(each)) => {
                self.report(
                    "Invalid combination of \"count\" and \"for_each\"",
                    "The \"count\" and \"for_each\" meta-arguments are mutually-exclusive, only one should be used \
                     to be explicit about the number of resources to be created.",
                    Some(each.span),
                );
                self.refused(false, each.span, decl_range)
            }
            (Some(expr), None) => self.count_plan(scope, expr, decl_range),
            (None, Some(expr)) => self.for_each_plan(scope, expr, decl_range),
        }
    }

    fn count_plan(&mut self, scope: &Scope<'_>, expr: &Expr, decl_range: Span) -> Plan {
        let failures = self.errors.len();
        let value = self.eval(scope, expr);
        if self.errors.len() > failures {
            return self.count_unknown(value, expr, decl_range);
        }
        let invalid = |this: &mut Self, detail: &str| {
            this.report("Invalid count argument", detail, Some(expr.span));
        };
        if value.marks.ephemeral {
            invalid(self, "The given \"count\" is derived from an ephemeral value.");
        }
        if value.is_null() {
            invalid(self, "The given \"count\" argument value is null. An integer is required.");
            return self.refused(true, expr.span, decl_range);
        }
        let number = match convert(&value, &Type::Number) {
            Ok(number) => number,
            Err(error) => {
                let detail = format!("Invalid expression value: {error}.");
                self.report("Incorrect value type", detail, Some(expr.span));
                return self.refused(true, expr.span, decl_range);
            }
        };
        let because = self.origin(Some(expr.span), Step::Expansion, [value.origin]);
        let Some(n) = number.as_number() else {
            self.not_known_before_apply(&value, "count", expr.span);
            let value = self.settle(number, "tonumber", &[value]);
            return self.count_unknown(value, expr, decl_range);
        };
        let Some(n) = n.to_i64() else {
            invalid(self, "The given \"count\" argument value is unsuitable: a whole number is required.");
            return self.refused(true, expr.span, decl_range);
        };
        if n < 0 {
            invalid(
                self,
                "The given \"count\" argument value is unsuitable: must be greater than or equal to zero.",
            );
            return self.refused(true, expr.span, decl_range);
        }
        if n as usize > self.env.limits.instances {
            let limit = self.env.limits.instances;
            self.limit(&format!("count is {n}, instances ({limit})"), Some(expr.span));
            return self.unknown_plan(value, true, because, decl_range);
        }
        let items = (0..n)
            .map(|i| Item {
                key: InstanceKey::Int(i as u64),
                repetition: self.count_repetition(i, expr.span),
                exists: Truth::Yes,
                because,
            })
            .collect();
        Plan::Count { items, decided: None, because }
    }

    fn count_repetition(&mut self, i: i64, span: Span) -> Repetition {
        let origin = self.origin(Some(span), Step::Repetition, []);
        Repetition { count_index: Some(Value::number(i).with_origin(origin)), ..Repetition::default() }
    }

    /// A count that is not known: the instances that a small bound allows, or one that stands for all.
    fn count_unknown(&mut self, value: Value, expr: &Expr, decl_range: Span) -> Plan {
        let because = self.origin(Some(expr.span), Step::Expansion, [value.origin]);
        let bound = value.as_unknown().and_then(|unknown| unknown.refinement.max.as_ref());
        let max = bound.and_then(|(max, _)| max.to_i64()).filter(|max| (0..=MAYBE_COUNT).contains(max));
        let min = least(&value);
        match max {
            Some(max) => {
                let items = (0..max)
                    .map(|i| Item {
                        key: InstanceKey::Int(i as u64),
                        repetition: self.count_repetition(i, expr.span),
                        exists: if min.is_some_and(|min| i < min) { Truth::Yes } else { Truth::Unknown },
                        because,
                    })
                    .collect();
                Plan::Count { items, decided: Some(Box::new(value)), because }
            }
            None => self.unknown_plan(value, true, because, decl_range),
        }
    }

    /// What `count.index` and `each` are in an instance that does not exist.
    pub(super) fn repetition_of_none(&mut self, count: bool, span: Span) -> Repetition {
        if count {
            return self.count_repetition(0, span);
        }
        let unknown = |this: &mut Self, ty: Type, which: &str| {
            let term = this.terms.fresh(which);
            let origin = this.origin(Some(span), Step::Repetition, []);
            unknown_value(ty, Refinement::default(), term, Cause::KeysUnknown(which.into()), origin)
        };
        let key = unknown(self, Type::String, "each.key");
        Repetition { each: Some((key, unknown(self, Type::Dynamic, "each.value"))), ..Repetition::default() }
    }

    fn unknown_plan(&mut self, value: Value, count: bool, because: OriginId, decl_range: Span) -> Plan {
        let causes = value.causes();
        let cause = causes.first().cloned().unwrap_or(Cause::KeysUnknown("count".into()));
        let unknown = |this: &mut Self, ty: Type, which: &str| {
            let term = this.terms.fresh(which);
            let origin = this.origin(Some(decl_range), Step::Repetition, [value.origin]);
            let refinement = Refinement { not_null: which != "each.value", ..Refinement::default() };
            unknown_value(ty, refinement, term, cause.clone(), origin)
        };
        let over = self.source_of_keys(&value);
        let repetition = if count {
            let count_index = Some(unknown(self, Type::Number, "count.index"));
            Repetition { count_index, over, ..Repetition::default() }
        } else {
            let key = unknown(self, Type::String, "each.key");
            let each = value.as_unknown().and_then(|unknown| unknown.each.as_deref()).cloned();
            let set = matches!(value.ty(), Type::Set(_));
            let each = match each {
                Some(each) => each,
                None if set => key.clone(),
                None => {
                    let ty = value.ty().element().cloned().unwrap_or(Type::Dynamic);
                    unknown(self, ty, "each.value")
                }
            };
            let each = match each.as_unknown() {
                // One of the elements, the same throughout an instance.
                Some(unknown) if set && unknown.term.is_none() => {
                    let term = self.terms.fresh("each.key");
                    let causes = each.causes();
                    with_term(each, term, causes)
                }
                _ => each,
            };
            Repetition {
                each: Some((if set { each.clone() } else { key }, each)),
                over,
                ..Repetition::default()
            }
        };
        let exists = if least_instances(&value, count) > 0 { Truth::Yes } else { Truth::Unknown };
        let item = Item { key: InstanceKey::Unknown, repetition, exists, because };
        Plan::Unknown { item, count, value: Box::new(value) }
    }

    /// What the keys or the number of instances come from, as a text that is the same for the same keys: for a resource over
    /// the instances of another one, or as many of it, what that one is over. None where that cannot be told.
    fn source_of_keys(&self, value: &Value) -> Option<EcoString> {
        let has_identity = |value: &Value| value.as_unknown().is_none_or(|unknown| !unknown.term.is_none());
        let is_told = has_identity(value) && value.parts().all(has_identity);
        let term = value.as_unknown().map(|unknown| unknown.term);
        let other = term.and_then(|term| self.instances_in(term));
        let of_other = other.and_then(|id| self.instance(id).repetition.over.clone());
        of_other.or_else(|| is_told.then(|| canonical(value)))
    }

    /// The instance that stands for all of those that an unknown holds, each once and in their order, or is the number of.
    fn instances_in(&self, term: TermId) -> Option<InstanceId> {
        let term = self.terms.get(term)?;
        if let Term::Attr(id, all) = term {
            return (all == "*").then_some(*id);
        }
        let Term::Apply(name, operands) = term else { return None };
        let keeps = name == "length" || name.starts_with("splat");
        match operands.first().filter(|_| keeps)? {
            Operand::Term(inner) => self.instances_in(*inner),
            Operand::Known(_) | Operand::Text(_) => None,
        }
    }

    /// Whether a key is that of an instance around the scope that stands for all, and whether it is one of these keys.
    fn is_own_key(&self, scope: &Scope<'_>, key: &Value, count: bool, source: Option<&EcoString>) -> bool {
        let own = scope.repetition.and_then(|repetition| match count {
            true => repetition.count_index.as_ref(),
            false => repetition.each.as_ref().map(|(key, _)| key),
        });
        let term =
            |value: &Value| value.as_unknown().map(|unknown| unknown.term).filter(|term| !term.is_none());
        let over = scope.repetition.and_then(|repetition| repetition.over.as_ref());
        let own = own.and_then(term);
        own.is_some() && own == term(key) && over.is_some() && over == source
    }

    /// The instance that stands for all, for the key of an instance around the scope that stands for all of the same keys.
    pub(super) fn of_own_key<T: Copy>(
        &self,
        scope: &Scope<'_>,
        expansion: &Expansion<T>,
        key: &Value,
    ) -> Option<T> {
        let Expansion::Unknown(id, count, decider) = expansion else { return None };
        self.is_own_key(scope, key, *count, self.source_of_keys(decider).as_ref()).then_some(*id)
    }

    /// As [`Evaluator::of_own_key`], for a list of something of each instance: `aws_subnet.app[*].id`.
    pub(super) fn of_own_index(&self, scope: &Scope<'_>, list: &Value, index: &Value) -> Option<Value> {
        let unknown = list.as_unknown()?;
        let each = unknown.each.as_deref()?;
        let source = self.instance(self.instances_in(unknown.term)?).repetition.over.as_ref();
        self.is_own_key(scope, index, true, source).then(|| each.clone())
    }

    /// Terraform refuses a count or keys that only apply makes known.
    fn not_known_before_apply(&mut self, value: &Value, what: &str, span: Span) {
        if is_known_after_apply(value) {
            let detail = format!(
                "The \"{what}\" value depends on resource attributes that cannot be determined until apply, so \
                 Terraform cannot predict how many instances will be created. To work around this, use the \
                 -target argument to first apply only the resources that the {what} depends on."
            );
            self.report(&format!("Invalid {what} argument"), detail, Some(span));
        }
    }

    fn for_each_plan(&mut self, scope: &Scope<'_>, expr: &Expr, decl_range: Span) -> Plan {
        let failures = self.errors.len();
        let value = self.eval(scope, expr);
        let because = self.origin(Some(expr.span), Step::Expansion, [value.origin]);
        if self.errors.len() > failures {
            return self.for_each_unknown(value, because, decl_range);
        }
        let invalid = |this: &mut Self, detail: &str| {
            this.report("Invalid for_each argument", detail, Some(expr.span));
        };
        if value.marks.sensitive {
            invalid(
                self,
                "Sensitive values, or values derived from sensitive values, cannot be used as for_each arguments. \
                 If used, the sensitive value could be exposed as a resource instance key.",
            );
            return self.hidden_keys(value, expr, because, decl_range);
        } else if value.marks.ephemeral {
            invalid(self, "The given \"for_each\" value is derived from an ephemeral value.");
        }
        if value.is_null() {
            invalid(
                self,
                "The given \"for_each\" argument value is unsuitable: the given \"for_each\" argument value is \
                 null. A map, or set of strings is allowed.",
            );
            return self.refused(false, expr.span, decl_range);
        }
        let unsuitable = |ty: &Type| {
            format!(
                "The given \"for_each\" argument value is unsuitable: the \"for_each\" argument must be a map, or \
                 set of strings, and you have provided a value of type {}.",
                ty.friendly_name()
            )
        };
        match &value.kind {
            ValueKind::Unknown(unknown) => {
                match &unknown.ty {
                    Type::Dynamic | Type::Map(_) | Type::Object(_) | Type::Resource(_) => {}
                    Type::Set(element) if matches!(**element, Type::String | Type::Dynamic) => {}
                    ty @ Type::Bool
                    | ty @ Type::Number
                    | ty @ Type::String
                    | ty @ Type::List(_)
                    | ty @ Type::Set(_)
                    | ty @ Type::Tuple(_) => {
                        invalid(self, &unsuitable(ty));
                        return self.refused(false, expr.span, decl_range);
                    }
                }
                self.not_known_before_apply(&value, "for_each", expr.span);
                self.for_each_unknown(value, because, decl_range)
            }
            ValueKind::Set(_, elements) => {
                for element in elements {
                    if element.is_null() {
                        let detail = "The given \"for_each\" argument value is unsuitable: \"for_each\" sets must not \
                                      contain null values.";
                        self.report("Invalid for_each set argument", detail, Some(expr.span));
                        return self.refused(false, expr.span, decl_range);
                    }
                    if element.marks.sensitive {
                        invalid(self, "Sensitive values cannot be used as for_each arguments.");
                        return self.hidden_keys(value, expr, because, decl_range);
                    }
                    if !element.is_unknown() && element.as_str().is_none() {
                        let detail = format!(
                            "The given \"for_each\" argument value is unsuitable: \"for_each\" supports maps and \
                             sets of strings, but you have provided a set containing type {}.",
                            element.ty().friendly_name()
                        );
                        self.report("Invalid for_each set argument", detail, Some(expr.span));
                        return self.refused(false, expr.span, decl_range);
                    }
                }
                if elements.iter().any(Value::is_unknown) {
                    self.not_known_before_apply(&value, "for_each", expr.span);
                    return self.for_each_unknown(value, because, decl_range);
                }
                self.each_plan(&value, Truth::Yes, because, expr.span)
            }
            ValueKind::Map(..) | ValueKind::Object(_) => {
                self.each_plan(&value, Truth::Yes, because, expr.span)
            }
            ValueKind::Resource(_) => self.for_each_unknown(value, because, decl_range),
            ValueKind::Null(_)
            | ValueKind::Bool(_)
            | ValueKind::Number(_)
            | ValueKind::String(_)
            | ValueKind::List(..)
            | ValueKind::Tuple(_) => {
                invalid(self, &unsuitable(&value.ty()));
                self.refused(false, expr.span, decl_range)
            }
        }
    }

    /// What Terraform refuses decides nothing: one instance stands for those that may be meant.
    fn refused(&mut self, count: bool, span: Span, decl_range: Span) -> Plan {
        let what = if count { "Invalid count argument" } else { "Invalid for_each argument" };
        let value = self.unknown(Type::Dynamic, Refinement::default(), Cause::Error(what.into()), span);
        let because = self.origin(Some(span), Step::Expansion, [value.origin]);
        self.unknown_plan(value, count, because, decl_range)
    }

    /// The instances of keys that Terraform refuses because they are sensitive: addresses would tell them.
    fn hidden_keys(&mut self, value: Value, expr: &Expr, because: OriginId, decl_range: Span) -> Plan {
        let cause = Cause::Error("Invalid for_each argument".into());
        let unknown = self.unknown(value.ty(), Refinement::default(), cause, expr.span);
        self.for_each_unknown(unknown.with_marks(value.marks), because, decl_range)
    }

    fn each_plan(&mut self, value: &Value, exists: Truth, because: OriginId, span: Span) -> Plan {
        let pairs = pairs(value).unwrap_or_default();
        if pairs.len() > self.env.limits.instances {
            let limit = self.env.limits.instances;
            self.limit(&format!("for_each has {} keys, instances ({limit})", pairs.len()), Some(span));
            return self.unknown_plan(value.clone(), false, because, span);
        }
        let mut items = Vec::with_capacity(pairs.len());
        for (key, element) in pairs {
            let Some(name) = key.as_str().map(EcoString::from) else { continue };
            let step = self.origin(Some(span), Step::Repetition, [key.origin]);
            let item = Item {
                key: InstanceKey::String(name.clone()),
                repetition: Repetition {
                    each: Some((key.clone().with_origin(step), element)),
                    ..Repetition::default()
                },
                exists,
                because,
            };
            items.push((name, item));
        }
        Plan::Each { items, decided: None, because }
    }

    /// A `for_each` that is not known: the keys of all values that it may have, or one instance for all.
    fn for_each_unknown(&mut self, value: Value, because: OriginId, decl_range: Span) -> Plan {
        let mut choices = Vec::new();
        if !collect_choices(&value, &mut choices, 0) || choices.is_empty() {
            return self.unknown_plan(value, false, because, decl_range);
        }
        let mut items: BTreeMap<EcoString, (Item, usize)> = BTreeMap::new();
        for choice in &choices {
            let Plan::Each { items: each, .. } = self.each_plan(choice, Truth::Unknown, because, decl_range)
            else {
                return self.unknown_plan(value, false, because, decl_range);
            };
            for (key, item) in each {
                items.entry(key).and_modify(|entry| entry.1 += 1).or_insert((item, 1));
            }
        }
        let items = items
            .into_iter()
            .map(|(key, (mut item, times))| {
                if times == choices.len() {
                    item.exists = Truth::Yes;
                }
                (key, item)
            })
            .collect();
        Plan::Each { items, decided: Some(Box::new(value)), because }
    }

    /// All instances as one value: a tuple, an object, or an unknown collection.
    pub(super) fn expansion_value<T: Copy>(
        &mut self,
        expansion: &Expansion<T>,
        origin: OriginId,
        mut value_of: impl FnMut(&mut Self, T) -> Value,
    ) -> Value {
        let value = match expansion {
            Expansion::Single(id) => return value_of(self, *id),
            Expansion::Count(ids) => {
                Value::tuple(ids.iter().map(|id| value_of(self, *id)).collect::<Vec<_>>())
            }
            Expansion::Each(ids) => Value::object(
                ids.iter().map(|(key, id)| (key.clone(), value_of(self, *id))).collect::<Vec<_>>(),
            ),
            Expansion::MaybeCount(ids, decider) => {
                let all: Vec<Value> = ids.iter().map(|id| value_of(self, *id)).collect();
                let sizes: Vec<Value> =
                    (0..=all.len()).map(|n| Value::tuple(all[..n].iter().cloned())).collect();
                self.unknown_instances(decider, true, &all, Some(sizes))
            }
            Expansion::MaybeEach(ids, decider) => {
                let all: Vec<(EcoString, Value)> =
                    ids.iter().map(|(key, id)| (key.clone(), value_of(self, *id))).collect();
                let mut choices = Vec::new();
                collect_choices(decider, &mut choices, 0);
                let choices = choices
                    .iter()
                    .map(|choice| {
                        let keys: Vec<EcoString> = pairs(choice)
                            .unwrap_or_default()
                            .into_iter()
                            .filter_map(|(key, _)| key.as_str().map(EcoString::from))
                            .collect();
                        Value::object(all.iter().filter(|(key, _)| keys.contains(key)).cloned())
                    })
                    .collect();
                let values: Vec<Value> = all.iter().map(|(_, value)| value.clone()).collect();
                self.unknown_instances(decider, false, &values, Some(choices))
            }
            Expansion::Unknown(id, count, decider) => {
                let each = value_of(self, *id);
                self.unknown_instances(decider, *count, &[each], None)
            }
            Expansion::Failed => {
                let term = self.terms.fresh("failed expansion");
                let cause = Cause::Error("Invalid count or for_each argument".into());
                return unknown_value(Type::Dynamic, Refinement::default(), term, cause, origin);
            }
        };
        value.with_origin(origin)
    }

    fn unknown_instances(
        &mut self,
        decider: &Value,
        count: bool,
        instances: &[Value],
        choices: Option<Vec<Value>>,
    ) -> Value {
        let element = instances.first().map_or(Type::Dynamic, Value::ty);
        let term = match instances.first().map(|value| &value.kind) {
            Some(ValueKind::Resource(instance)) => self.terms.intern(Term::Attr(instance.id, "*".into())),
            _ => self.terms.fresh("instances"),
        };
        let max_length = choices.is_some().then_some(instances.len() as u64);
        let least = least_instances(decider, count);
        let min_length = max_length.map_or(least, |most| least.min(most));
        let each = match instances {
            [] => None,
            [one] => Some(one.clone()),
            several => {
                let mut any = Value::unknown(element.clone());
                if let ValueKind::Unknown(unknown) = &mut any.kind {
                    let unknown = std::sync::Arc::make_mut(unknown);
                    unknown.possible = Some(several.iter().cloned().collect());
                    unknown.causes = decider.causes();
                    unknown.term = self.terms.fresh("instance");
                }
                Some(any)
            }
        };
        Value::new(ValueKind::Unknown(std::sync::Arc::new(Unknown {
            term,
            ty: if count { Type::list(element) } else { Type::map(element) },
            refinement: Refinement { not_null: true, min_length, max_length, ..Refinement::default() },
            causes: decider.causes(),
            possible: choices.map(|choices| choices.into_iter().collect::<EcoVec<Value>>()),
            each: each.map(Box::new),
        })))
    }
}

/// The least that a number which is not known can be.
fn least(value: &Value) -> Option<i64> {
    value.as_unknown()?.refinement.min.as_ref()?.0.to_i64()
}

/// How many instances a `count` or `for_each` that is not known makes at least.
fn least_instances(value: &Value, count: bool) -> u64 {
    match (count, value.as_unknown()) {
        (true, _) => least(value).map_or(0, |least| u64::try_from(least).unwrap_or(0)),
        (false, Some(unknown)) => unknown.refinement.min_length,
        // Elements of a set that are not known may turn out to be the same.
        (false, None) => u64::from(value.parts().next().is_some()),
    }
}

/// All known collections that a value may be; false when there may be others.
fn collect_choices(value: &Value, into: &mut Vec<Value>, depth: usize) -> bool {
    if depth > 4 || into.len() > 16 {
        return false;
    }
    match &value.kind {
        ValueKind::Unknown(unknown) => match &unknown.possible {
            Some(possible) => possible.iter().all(|value| collect_choices(value, into, depth + 1)),
            None => false,
        },
        ValueKind::Map(..) | ValueKind::Object(_) => {
            into.push(value.clone());
            true
        }
        ValueKind::Set(_, elements) => {
            into.push(value.clone());
            elements.iter().all(|element| element.as_str().is_some())
        }
        ValueKind::Null(_)
        | ValueKind::Bool(_)
        | ValueKind::Number(_)
        | ValueKind::String(_)
        | ValueKind::List(..)
        | ValueKind::Tuple(_)
        | ValueKind::Resource(_) => false,
    }
}
