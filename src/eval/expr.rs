//! Expressions: one match over all kinds.
//!
//! Errors are reported with their place and give an unknown; evaluation goes on. What an unknown operand leaves
//! undecided stays an unknown whose term is built from the operands' terms.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ecow::{EcoString, EcoVec, eco_format};

use crate::addr::ResourceMode;
use crate::eval::builtin;
use crate::eval::convert::{convert, unify};
use crate::eval::funcs::{self, FuncError};
use crate::eval::ops;
use crate::eval::origin::{OriginId, Step as OriginStep};
use crate::eval::scope::{Bound, Evaluator, Scope, retype, unknown_value};
use crate::eval::term::{Operand, Term, Terms};
use crate::eval::value::{
    Cause, Causes, Marks, Refinement, Type, Unknown, Value, ValueKind, join_causes, normalize,
};
use crate::number::Number;
use crate::source::Span;
use crate::syntax::ast::{
    Expr, ExprKind, ForExpr, ObjectItem, Step, StepKind, TemplatePart, Traversal, UnaryOp,
};
use crate::truth::Truth;

/// What is said when evaluation stops for good.
pub(super) const EXHAUSTED: &str = "too many evaluation steps, values or errors";

/// Bytes of the values that an unknown may have, as far as they are kept: conditionals within conditionals multiply
/// them.
const ALTERNATIVES_BYTES: usize = 64 << 10;

/// Whether a reference gives a value that exists already, or a part of one.
fn is_shared(traversal: &Traversal) -> bool {
    let is_plain = |step: &Step| matches!(step.kind, StepKind::Attr(_) | StepKind::Index(_));
    traversal.root != "module" && traversal.steps.iter().all(is_plain)
}

impl<'a> Evaluator<'a> {
    /// Evaluates an expression in a scope.
    pub(super) fn eval(&mut self, scope: &Scope<'_>, expr: &Expr) -> Value {
        if !self.step() {
            return self.limit(EXHAUSTED, Some(expr.span));
        }
        if self.depth >= self.env.limits.depth {
            return self.limit("expressions or references nested too deeply", Some(expr.span));
        }
        self.depth += 1;
        let value = self.eval_kind(scope, expr);
        self.depth -= 1;
        self.weighed(value, expr)
    }

    /// Counts what an expression gave against the limits on the size of one value and of all.
    fn weighed(&mut self, value: Value, expr: &Expr) -> Value {
        let limits = self.env.limits;
        if let ValueKind::Unknown(unknown) = &value.kind {
            return match value.weight(ALTERNATIVES_BYTES, limits.value_depth) {
                Some(weight) => {
                    self.spend(weight, 0);
                    value
                }
                // What it may be is a help, not a part of it.
                None => {
                    self.spend(ALTERNATIVES_BYTES, 0);
                    let unknown = Unknown { possible: None, each: None, ..Unknown::clone(unknown) };
                    let value = Value { kind: ValueKind::Unknown(Arc::new(unknown)), ..value };
                    // Its type is a part of it, and doubles like a value.
                    match value.weight(limits.value_bytes, limits.value_depth) {
                        Some(_) => value,
                        None => self.value_limit("a type is too large or nested too deeply", expr.span),
                    }
                }
            };
        }
        let Some(weight) = value.weight(limits.value_bytes, limits.value_depth) else {
            self.spend(limits.value_bytes, 0);
            return self.value_limit("a value is too large or nested too deeply", expr.span);
        };
        let shallow = value.parts().count() * size_of::<Value>();
        let made = match &expr.kind {
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::Parens(_) => 0,
            ExprKind::Traversal(traversal) if is_shared(traversal) => 0,
            ExprKind::Traversal(_)
            | ExprKind::Access { .. }
            | ExprKind::Tuple(_)
            | ExprKind::Object(_)
            | ExprKind::For(_) => shallow,
            ExprKind::Template(_)
            | ExprKind::Call { .. }
            | ExprKind::Unary { .. }
            | ExprKind::Binary { .. }
            | ExprKind::Conditional { .. } => weight,
        };
        self.spend(weight, made);
        value
    }

    fn eval_kind(&mut self, scope: &Scope<'_>, expr: &Expr) -> Value {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Null => self.literal(Value::null(Type::Dynamic), span),
            ExprKind::Bool(value) => self.literal(Value::bool(*value), span),
            ExprKind::Number(number) => self.literal(Value::number(number.clone()), span),
            ExprKind::String(text) => self.literal(Value::string(text.clone()), span),
            ExprKind::Parens(inner) => self.eval(scope, inner),
            ExprKind::Template(parts) => self.template(scope, parts, span),
            ExprKind::Traversal(traversal) => self.traversal(scope, traversal, span),
            ExprKind::Access { base, steps } => {
                let value = self.eval(scope, base);
                self.steps(scope, value, steps)
            }
            ExprKind::Call { name, name_span, args, expand_final } => {
                self.call(scope, name, *name_span, args, *expand_final, span)
            }
            ExprKind::Unary { op, operand } => {
                let value = self.eval(scope, operand);
                match ops::unary(*op, &value) {
                    Ok(result) => self.finish(result, unary_name(*op), &[value], span),
                    Err(error) => self.error(error.summary, error.detail, operand.span),
                }
            }
            ExprKind::Binary { op, left, right } => {
                let (a, b) = (self.eval(scope, left), self.eval(scope, right));
                match ops::binary(*op, &a, &b) {
                    Ok(result) => self.finish(result, binary_name(*op), &[a, b], span),
                    Err(error) => {
                        let span = match error.operand {
                            Some(0) => left.span,
                            Some(_) => right.span,
                            None => span,
                        };
                        self.error(error.summary, error.detail, span)
                    }
                }
            }
            ExprKind::Conditional { condition, if_true, if_false } => {
                self.conditional(scope, condition, if_true, if_false, span)
            }
            ExprKind::Tuple(elements) => {
                let elements: EcoVec<Value> =
                    elements.iter().map(|element| self.eval(scope, element)).collect();
                let origin = self.origin(Some(span), OriginStep::Literal, []);
                Value::new(ValueKind::Tuple(elements)).with_origin(origin)
            }
            ExprKind::Object(items) => self.object(scope, items, span),
            ExprKind::For(for_expr) => self.for_expr(scope, for_expr, span),
        }
    }

    fn literal(&mut self, value: Value, span: Span) -> Value {
        let origin = self.origin(Some(span), OriginStep::Literal, []);
        value.with_origin(origin)
    }

    /// Completes the result of an operation: terms and causes of its unknowns, and its origin.
    fn finish(&mut self, result: Value, name: &str, args: &[Value], span: Span) -> Value {
        if !result.is_wholly_known() {
            self.uncertain += 1;
        }
        let result = self.settle(result, name, args);
        let origin = self.origin(Some(span), OriginStep::Expression, args.iter().map(|arg| arg.origin));
        result.with_origin(origin)
    }

    /// As `finish`, for an operation that also depends on names around it: equal arguments do not make it equal.
    fn finish_fresh(&mut self, result: Value, what: &str, args: &[Value], span: Span) -> Value {
        self.uncertain += 1;
        let term = self.terms.fresh(what);
        let result = with_term(result, term, join_causes(args));
        let origin = self.origin(Some(span), OriginStep::Expression, args.iter().map(|arg| arg.origin));
        result.with_origin(origin)
    }

    // ---- traversals ----

    fn traversal(&mut self, scope: &Scope<'_>, traversal: &Traversal, span: Span) -> Value {
        if let Some(value) = scope.lookup(&traversal.root) {
            let value = value.clone();
            return self.steps(scope, value, &traversal.steps);
        }
        if scope.only_bound {
            let (summary, detail) = match scope.bound {
                None => ("Variables not allowed", "Variables may not be used here.".to_string()),
                Some(_) => (
                    "Invalid function argument",
                    format!("vars map does not contain key \"{}\"", traversal.root),
                ),
            };
            return self.error(summary, detail, traversal.root_span);
        }
        let first = |kind: &str| match traversal.steps.first() {
            Some(Step { kind: StepKind::Attr(name), span }) => Ok((name.clone(), *span)),
            _ => Err(format!(
                "The \"{kind}\" object cannot be accessed directly. Instead, access one of its attributes."
            )),
        };
        let (value, used) = match traversal.root.as_str() {
            "var" | "local" => match first(&traversal.root) {
                Ok((name, _)) if traversal.root == "var" => (self.variable(scope.module, &name, span), 1),
                Ok((name, _)) => (self.local(scope.module, &name, span), 1),
                Err(detail) => return self.error("Invalid reference", detail, span),
            },
            "module" => self.module_reference(scope, traversal),
            "data" => self.resource_reference(scope, ResourceMode::Data, traversal),
            "ephemeral" => self.resource_reference(scope, ResourceMode::Ephemeral, traversal),
            "resource" => {
                // `resource.TYPE.NAME` is the long form of `TYPE.NAME`.
                match traversal.steps.split_first() {
                    Some((Step { kind: StepKind::Attr(type_name), span }, rest)) => {
                        let inner =
                            Traversal { root: type_name.clone(), root_span: *span, steps: rest.to_vec() };
                        let (value, used) = self.resource_reference(scope, ResourceMode::Managed, &inner);
                        (value, used + 1)
                    }
                    _ => return self.error("Invalid reference", "A resource type is required.", span),
                }
            }
            "each" | "count" | "self" | "path" | "terraform" => {
                return self.special(scope, traversal, span);
            }
            _ => self.resource_reference(scope, ResourceMode::Managed, traversal),
        };
        let rest = traversal.steps.get(used.min(traversal.steps.len())..).unwrap_or_default();
        self.steps(scope, value, rest)
    }

    fn special(&mut self, scope: &Scope<'_>, traversal: &Traversal, span: Span) -> Value {
        let name = match traversal.steps.first() {
            Some(Step { kind: StepKind::Attr(name), .. }) => name.clone(),
            _ if traversal.root == "self" => EcoString::new(),
            _ => {
                let detail = format!(
                    "The \"{}\" object cannot be accessed directly. Instead, access one of its attributes.",
                    traversal.root
                );
                return self.error("Invalid reference", detail, span);
            }
        };
        let value = match (traversal.root.as_str(), name.as_str()) {
            ("each", "key" | "value") => {
                match scope.repetition.and_then(|repetition| repetition.each.clone()) {
                    Some((key, value)) => {
                        if name == "key" {
                            key
                        } else {
                            value
                        }
                    }
                    None => {
                        return self.error(
                            "Reference to \"each\" in context without for_each",
                            "The \"each\" object can be used only in \"module\" or \"resource\" blocks, and only \
                             when the \"for_each\" argument is set.",
                            span,
                        );
                    }
                }
            }
            ("count", "index") => {
                match scope.repetition.and_then(|repetition| repetition.count_index.clone()) {
                    Some(index) => index,
                    None => {
                        return self.error(
                            "Reference to \"count\" in non-counted context",
                            "The \"count\" object can only be used in \"module\", \"resource\", and \"data\" \
                             blocks, and only when the \"count\" argument is set.",
                            span,
                        );
                    }
                }
            }
            ("self", _) => match scope.this {
                Some(id) => {
                    let value = self.resource_value(id);
                    return self.steps(scope, value, &traversal.steps);
                }
                None => {
                    return self.error(
                        "Invalid \"self\" reference",
                        "The \"self\" object is not available in this context. This object can be used only in \
                         resource provisioner, connection, and postcondition blocks.",
                        span,
                    );
                }
            },
            ("path", "module") => self.literal(Value::string(self.module_path(scope.module)), span),
            ("path", "root") => self.literal(Value::string("."), span),
            ("path", "cwd") => {
                let term = self.terms.intern(Term::Var("path.cwd".into()));
                let origin = self.origin(Some(span), OriginStep::Expression, []);
                let refinement = Refinement { not_null: true, ..Refinement::default() };
                unknown_value(Type::String, refinement, term, Cause::Impure("path.cwd".into()), origin)
            }
            ("terraform", "workspace") => self.literal(Value::string(self.scenario.workspace.as_str()), span),
            ("terraform", "applying") => {
                self.literal(Value::bool(false).with_marks(Marks { ephemeral: true, sensitive: false }), span)
            }
            (root, attribute) => {
                let summary = format!("Invalid \"{root}\" attribute");
                let detail =
                    format!("The \"{root}\" object does not have an attribute named \"{attribute}\".");
                return self.error(&summary, detail, span);
            }
        };
        self.steps(scope, value, traversal.steps.get(1..).unwrap_or_default())
    }

    fn module_path(&self, module: crate::eval::scope::ModuleId) -> EcoString {
        let root = &self.config.canonical_dir;
        let dir = &self.module(module).node.module.canonical_dir;
        if dir == root {
            return ".".into();
        }
        normalize(&relative(root, dir))
    }

    /// Applies traversal steps to a value.
    pub(super) fn steps(&mut self, scope: &Scope<'_>, value: Value, steps: &[Step]) -> Value {
        let mut value = value;
        let mut i = 0;
        while let Some(step) = steps.get(i) {
            i += 1;
            match &step.kind {
                StepKind::Attr(name) => value = self.get_attr(&value, name, step.span),
                StepKind::Index(index) => {
                    let key = self.eval(scope, index);
                    value = self.index(&value, &key, step.span);
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

    fn splat(&mut self, scope: &Scope<'_>, value: Value, steps: &[Step], span: Span) -> Value {
        let marks = value.marks;
        let origin = value.origin;
        if value.is_null() {
            let origin = self.origin(Some(span), OriginStep::Expression, [origin]);
            return if matches!(value.ty(), Type::List(_) | Type::Set(_)) || value.ty().is_collection() {
                self.error(
                    "Splat of null value",
                    "Splat expressions (with the * symbol) cannot be applied to null sequences.",
                    span,
                )
            } else {
                Value::tuple([]).with_origin(origin).with_marks(marks)
            };
        }
        if let Some(unknown) = value.as_unknown() {
            return self.splat_unknown(scope, &value, unknown, steps, span);
        }
        let (elements, list) = match &value.kind {
            ValueKind::List(_, elements) | ValueKind::Set(_, elements) => (elements.clone(), true),
            ValueKind::Tuple(elements) => (elements.clone(), false),
            ValueKind::Null(_)
            | ValueKind::Bool(_)
            | ValueKind::Number(_)
            | ValueKind::String(_)
            | ValueKind::Map(..)
            | ValueKind::Object(_)
            | ValueKind::Resource(_)
            | ValueKind::Unknown(_) => {
                let element = value.clone();
                let result = self.steps(scope, element, steps);
                let origin = self.origin(Some(span), OriginStep::Expression, [origin]);
                return Value::tuple([result]).with_origin(origin);
            }
        };
        let results: Vec<Value> =
            elements.iter().map(|element| self.steps(scope, element.clone(), steps)).collect();
        let origin = self.origin(Some(span), OriginStep::Expression, [origin]);
        let result = if list {
            if results.is_empty() {
                let element = value.ty().element().cloned().unwrap_or(Type::Dynamic);
                let ty = splat_type(&element, steps);
                Value::list(ty, [])
            } else {
                same_type_list(results)
            }
        } else {
            Value::tuple(results)
        };
        result.with_origin(origin).with_marks(marks)
    }

    fn splat_unknown(
        &mut self,
        scope: &Scope<'_>,
        value: &Value,
        unknown: &Unknown,
        steps: &[Step],
        span: Span,
    ) -> Value {
        self.uncertain += 1;
        let each = unknown.each.as_deref().map(|each| self.steps(scope, each.clone(), steps));
        let element = match &unknown.ty {
            Type::List(element) | Type::Set(element) => Some(splat_type(element, steps)),
            Type::Dynamic => None,
            // A single value that is not known yet is one element all the same.
            _ if unknown.refinement.not_null => {
                let result = self.steps(scope, value.clone(), steps);
                return Value::tuple([result]).with_origin(value.origin);
            }
            Type::Bool
            | Type::Number
            | Type::String
            | Type::Map(_)
            | Type::Tuple(_)
            | Type::Object(_)
            | Type::Resource(_) => None,
        };
        let ty = match (&each, element) {
            (Some(each), _) if each.ty() != Type::Dynamic => Type::list(each.ty()),
            (_, Some(element)) => Type::list(element),
            (_, None) => Type::Dynamic,
        };
        let refinement = Refinement {
            not_null: true,
            min_length: unknown.refinement.min_length,
            max_length: unknown.refinement.max_length,
            ..Refinement::default()
        };
        let mut result = Value::refined(ty, refinement);
        if let ValueKind::Unknown(new) = &mut result.kind {
            Arc::make_mut(new).each = each.map(Box::new);
        }
        let name = match steps_text(steps) {
            Some(text) => format!("splat{text}"),
            None => return self.finish_fresh(result, "splat", std::slice::from_ref(value), span),
        };
        let origin = value.origin;
        let result = self.settle(result.with_marks(value.marks), &name, std::slice::from_ref(value));
        let origin = self.origin(Some(span), OriginStep::Expression, [origin]);
        result.with_origin(origin)
    }

    /// `value.name`.
    pub(super) fn get_attr(&mut self, value: &Value, name: &str, span: Span) -> Value {
        match &value.kind {
            ValueKind::Resource(instance) => {
                let result = self.attribute(instance.id, name, span);
                result.with_marks(value.marks)
            }
            ValueKind::Object(entries) => match entries.get(name) {
                Some(entry) => entry.clone().with_marks(value.marks),
                None => self.error(
                    "Unsupported attribute",
                    format!("This object does not have an attribute named \"{name}\"."),
                    span,
                ),
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
            Type::Bool | Type::Number | Type::String | Type::List(_) | Type::Set(_) | Type::Tuple(_) => {
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
    fn part(
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
        let term = if unknown.term.is_none() {
            self.terms.fresh("part")
        } else {
            self.terms.intern(Term::Step(unknown.term, key))
        };
        let origin = self.origin(Some(span), OriginStep::Expression, [value.origin]);
        let ty = match (&ty, &possible) {
            (Type::Dynamic, Some(possible)) if !possible.is_empty() => {
                let types: Vec<Type> = possible.iter().map(Value::ty).collect();
                if types.windows(2).all(|pair| pair[0] == pair[1]) { types[0].clone() } else { ty }
            }
            _ => ty,
        };
        let not_null = possible.as_ref().is_some_and(|possible| possible.iter().all(definitely_not_null));
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
    pub(super) fn index(&mut self, value: &Value, key: &Value, span: Span) -> Value {
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
                let ty = match &unknown.ty {
                    Type::Dynamic | Type::Resource(_) => Type::Dynamic,
                    Type::List(element) | Type::Map(element) => (**element).clone(),
                    Type::Tuple(elements) => {
                        match key.as_number().and_then(Number::to_i64).map(|n| elements.get(n as usize)) {
                            Some(Some(ty)) => ty.clone(),
                            Some(None) => return self.missing_index(span),
                            None => Type::Dynamic,
                        }
                    }
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
            Ok(key) if key.is_null() => {
                return self.error("Invalid index", "Can't use a null value as an indexing key.", span);
            }
            Ok(key) => key,
            Err(error) => {
                return self.error(
                    "Invalid index",
                    format!("The given key does not identify an element in this collection value: {error}."),
                    span,
                );
            }
        };
        if let Some(number) = key.as_number() {
            let element = number.to_i64().and_then(|n| usize::try_from(n).ok()).and_then(|n| elements.get(n));
            return match element {
                Some(element) => element.clone().with_marks(marks),
                None => self.missing_index(span),
            };
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
            Ok(key) if key.is_null() => {
                return self.error("Invalid index", "Can't use a null value as an indexing key.", span);
            }
            Ok(key) => key,
            Err(error) => {
                return self.error(
                    "Invalid index",
                    format!("The given key does not identify an element in this collection value: {error}."),
                    span,
                );
            }
        };
        if let Some(name) = key.as_str() {
            return match entries.get(name) {
                Some(entry) => entry.clone().with_marks(marks),
                None => self.missing_index(span),
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

    // ---- constructors ----

    fn object(&mut self, scope: &Scope<'_>, items: &[ObjectItem], span: Span) -> Value {
        let mut entries = BTreeMap::new();
        let mut unknown_key = None;
        let mut marks = Marks::NONE;
        let mut parts = Vec::new();
        for item in items {
            let key = match &item.key.kind {
                ExprKind::Traversal(key) if key.steps.is_empty() => Value::string(key.root.clone()),
                ExprKind::Traversal(_) => self.error(
                    "Ambiguous attribute key",
                    "If this expression is intended to be a reference, wrap it in parentheses. If it's instead \
                     intended as a literal name containing periods, wrap it in quotes to create a string literal.",
                    item.key.span,
                ),
                ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Template(_) | ExprKind::Access { .. } | ExprKind::Call { .. } | ExprKind::Unary { .. } | ExprKind::Binary { .. } | ExprKind::Conditional { .. } | ExprKind::Tuple(_) | ExprKind::Object(_) | ExprKind::For(_) | ExprKind::Parens(_) => self.eval(scope, &item.key),
            };
            let value = self.eval(scope, &item.value);
            if key.is_null() {
                self.error("Null value as key", "Can't use a null value as a key.", item.key.span);
                unknown_key = Some(key);
                continue;
            }
            let key = match convert(&key, &Type::String) {
                Ok(key) => key,
                Err(error) => {
                    let detail = format!("Can't use this value as a key: {error}.");
                    let key = self.error("Incorrect key type", detail, item.key.span);
                    unknown_key = Some(key);
                    continue;
                }
            };
            marks = marks.union(key.marks);
            match key.as_str() {
                Some(name) => {
                    entries.insert(EcoString::from(name), value);
                }
                None => {
                    parts.push(value);
                    unknown_key = Some(key);
                }
            }
        }
        if let Some(key) = unknown_key {
            let mut args = vec![key, Value::object(entries)];
            args.extend(parts);
            let result = Value::unknown_not_null(Type::Dynamic).with_marks(marks);
            return self.finish(result, "object", &args, span);
        }
        let origin = self.origin(Some(span), OriginStep::Literal, []);
        Value::new(ValueKind::Object(Arc::new(entries))).with_origin(origin).with_marks(marks)
    }

    // ---- conditionals ----

    fn conditional(
        &mut self,
        scope: &Scope<'_>,
        condition: &Expr,
        if_true: &Expr,
        if_false: &Expr,
        span: Span,
    ) -> Value {
        let before = self.errors.len();
        let uncertain = self.uncertain;
        let true_value = self.eval(scope, if_true);
        let true_errors = self.errors.split_off(before);
        let true_uncertain = std::mem::replace(&mut self.uncertain, uncertain);
        let false_value = self.eval(scope, if_false);
        let false_errors = self.errors.split_off(before);
        let false_uncertain = std::mem::replace(&mut self.uncertain, uncertain);

        let untyped_null = |value: &Value| matches!(value.kind, ValueKind::Null(Type::Dynamic));
        let (true_type, false_type) = (true_value.ty(), false_value.ty());
        let ty = if untyped_null(&true_value) {
            Some(false_type)
        } else if untyped_null(&false_value) {
            Some(true_type)
        } else if true_type == Type::Dynamic || false_type == Type::Dynamic {
            Some(Type::Dynamic)
        } else {
            unify(&[true_type, false_type])
        };
        let Some(ty) = ty else {
            let detail = format!(
                "The true and false result expressions must have consistent types. The 'true' value is {}, but the \
                 'false' value is {}.",
                true_value.ty().friendly_name(),
                false_value.ty().friendly_name()
            );
            return self.error("Inconsistent conditional result types", detail, span);
        };

        let decider = self.eval(scope, condition);
        if decider.is_null() {
            let detail = "The condition value is null. Conditions must either be true or false.".to_string();
            let value = self.error("Null condition", detail, condition.span);
            return retype(value, ty);
        }
        let decided = match convert(&decider, &Type::Bool) {
            Ok(value) => value,
            Err(error) => {
                let detail = format!("The condition expression must be of type bool: {error}.");
                return self.error("Incorrect condition type", detail, condition.span);
            }
        };
        let taken = decided.as_bool();
        let step = OriginStep::Branch { taken };
        let marks = decided.marks.union(true_value.marks).union(false_value.marks);
        let Some(taken) = taken else {
            self.uncertain += 1;
            let arms = [true_value, false_value].map(|arm| {
                let arm_ty = if ty == Type::Dynamic { arm.ty() } else { ty.clone() };
                let converted = convert(&arm, &arm_ty).unwrap_or_else(|_| Value::unknown(arm_ty));
                self.settle(converted, "convert", &[arm])
            });
            let origin = self.origin(Some(span), step, [decider.origin, arms[0].origin, arms[1].origin]);
            return self.undecided(&decided, arms, ty, marks).with_origin(origin);
        };
        let (arm, errors, uncertain) = if taken {
            (true_value, true_errors, true_uncertain)
        } else {
            (false_value, false_errors, false_uncertain)
        };
        self.uncertain = uncertain;
        self.errors.extend(errors);
        let origin = self.origin(Some(span), step, [decider.origin, arm.origin]);
        let result = match convert(&arm, &ty) {
            Ok(value) => self.settle(value, "convert", &[arm]),
            Err(error) => {
                let which = if taken { "true" } else { "false" };
                let detail = format!("The {which} result value has the wrong type: {error}.");
                let value = self.error("Inconsistent conditional result types", detail, span);
                retype(value, ty)
            }
        };
        // Which arm was taken says something of the other one, so the marks of both stay.
        result.with_origin(origin).with_marks(marks)
    }

    /// A conditional whose condition is not known: one of the two arms.
    fn undecided(&mut self, condition: &Value, arms: [Value; 2], ty: Type, marks: Marks) -> Value {
        let [a, b] = arms;
        if a.is_null() && b.is_null() {
            return Value::null(ty).with_marks(marks);
        }
        if ops::equals(&a, &b).is_yes() && a.ty() == b.ty() {
            return a.with_marks(marks);
        }
        let refinement = ops::either(&ty, &a, &b);
        // cond ? true : false is the condition itself, so that its identity survives.
        if let (Some(true), Some(false)) = (a.as_bool(), b.as_bool()) {
            return condition.clone().with_marks(marks);
        }
        let causes = join_causes([condition, &a, &b]);
        let operands = [condition, &a, &b].map(Terms::operand);
        let term = self.terms.intern(Term::Apply("?:".into(), operands.into_iter().collect()));
        let mut possible = EcoVec::new();
        for arm in [a, b] {
            match arm.as_unknown().and_then(|unknown| unknown.possible.as_ref()) {
                Some(values) if values.len() <= 16 => possible.extend(values.iter().cloned()),
                _ => possible.push(arm),
            }
        }
        let unknown = Unknown { term, ty, refinement, causes, possible: Some(possible), each: None };
        Value::new(ValueKind::Unknown(Arc::new(unknown))).with_marks(marks)
    }

    // ---- for ----

    fn for_expr(&mut self, scope: &Scope<'_>, for_expr: &ForExpr, span: Span) -> Value {
        let collection = self.eval(scope, &for_expr.collection);
        let marks = collection.marks;
        if collection.is_null() {
            return self.error(
                "Iteration over null value",
                "A null value cannot be used as the collection in a 'for' expression.",
                for_expr.collection.span,
            );
        }
        if collection.is_unknown() || matches!(collection.kind, ValueKind::Resource(_)) {
            return self.for_unknown(scope, for_expr, collection, span);
        }
        let Some(pairs) = pairs(&collection) else {
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
                return self.value_limit("a for expression makes too many elements", span);
            }
            if self.is_exhausted() {
                return self.limit(EXHAUSTED, Some(span));
            }
            self.for_element(scope, for_expr, key, value, &mut builder);
        }
        let inputs = [collection.origin];
        let origin = self.origin(Some(span), OriginStep::Expression, inputs);
        if let Some(args) = builder.undecided {
            let mut args = args;
            args.push(collection);
            let result = Value::unknown_not_null(Type::Dynamic).with_marks(builder.marks);
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
                    let mut seen = vec![self.eval(&inner, &for_expr.value)];
                    seen.extend(for_expr.key.as_ref().map(|key| self.eval(&inner, key)));
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
        let value = self.eval(&inner, &for_expr.value);
        if key.is_null() {
            self.error(
                "Invalid object key",
                "Key expression in 'for' expression must not produce a null value.",
                key_expr.span,
            );
            builder.undecided.get_or_insert_with(Vec::new).push(value);
            return;
        }
        let key = match convert(&key, &Type::String) {
            Ok(key) => key,
            Err(error) => {
                let detail = format!("The key expression produced an invalid result: {error}.");
                self.error("Invalid object key", detail, key_expr.span);
                builder.undecided.get_or_insert_with(Vec::new).push(value);
                return;
            }
        };
        builder.marks = builder.marks.union(key.marks);
        let Some(name) = key.as_str() else {
            builder.undecided.get_or_insert_with(Vec::new).extend([key, value]);
            return;
        };
        builder.len += 1;
        if for_expr.group {
            builder.groups.entry(name.into()).or_default().push(value);
        } else if builder.entries.contains_key(name) {
            let detail = format!(
                "Two different items produced the key \"{name}\" in this 'for' expression. If duplicates are \
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
            self.error("Condition is null", "The value of the 'if' clause must not be null.", condition.span);
            return Truth::Unknown;
        }
        match convert(&value, &Type::Bool) {
            Ok(value) => {
                builder.marks = builder.marks.union(value.marks);
                if value.is_unknown() {
                    builder.undecided.get_or_insert_with(Vec::new).push(value.clone());
                }
                value.as_bool().map_or(Truth::Unknown, Truth::known)
            }
            Err(error) => {
                let detail = format!("The 'if' clause value is invalid: {error}.");
                self.error("Invalid 'for' condition", detail, condition.span);
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
        let unknown = collection.as_unknown();
        let mut result = Value::unknown_not_null(Type::Dynamic).with_marks(collection.marks);
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

    // ---- templates ----

    pub(super) fn template(&mut self, scope: &Scope<'_>, parts: &[TemplatePart], span: Span) -> Value {
        if let [TemplatePart::Interpolation(only)] = parts {
            return self.eval(scope, only);
        }
        let mut builder = TemplateBuilder::default();
        self.template_parts(scope, parts, &mut builder);
        if builder.text.len() > self.env.limits.string_bytes {
            return self.value_limit("a template makes too long a string", span);
        }
        let marks = builder.marks;
        if builder.failed {
            let value = self.unknown(
                Type::String,
                Refinement { not_null: true, ..Refinement::default() },
                Cause::Error("Invalid template interpolation value".into()),
                span,
            );
            return value.with_marks(marks);
        }
        let origin = self.origin(Some(span), OriginStep::Expression, builder.origins.iter().copied());
        if builder.operands.is_empty() {
            return Value::string(normalize(&builder.text)).with_origin(origin).with_marks(marks);
        }
        builder.flush();
        self.uncertain += 1;
        let prefix = builder.prefix.unwrap_or_default();
        let term = self.terms.intern(Term::Template(builder.operands));
        let mut causes: Vec<Cause> = builder.causes;
        causes.sort();
        causes.dedup();
        let unknown = Unknown {
            term,
            ty: Type::String,
            refinement: Refinement { not_null: true, prefix, ..Refinement::default() },
            causes: causes.into(),
            possible: None,
            each: None,
        };
        Value::new(ValueKind::Unknown(Arc::new(unknown))).with_origin(origin).with_marks(marks)
    }

    fn template_parts(&mut self, scope: &Scope<'_>, parts: &[TemplatePart], builder: &mut TemplateBuilder) {
        for part in parts {
            if builder.text.len() > self.env.limits.string_bytes || !self.step() {
                builder.failed |= builder.text.len() <= self.env.limits.string_bytes;
                return;
            }
            match part {
                TemplatePart::Literal(text, _) => builder.text.push_str(text),
                TemplatePart::Interpolation(expr) => {
                    let value = self.eval(scope, expr);
                    self.template_value(&value, expr.span, builder);
                }
                TemplatePart::If { condition, if_true, if_false } => {
                    self.template_if(scope, condition, if_true, if_false, builder);
                }
                TemplatePart::For { key, value, collection, body } => {
                    self.template_for(scope, key.as_deref(), value, collection, body, builder);
                }
            }
        }
    }

    fn template_value(&mut self, value: &Value, span: Span, builder: &mut TemplateBuilder) {
        builder.marks = builder.marks.union(value.deep_marks());
        if value.is_null() {
            self.error(
                "Invalid template interpolation value",
                "The expression result is null. Cannot include a null value in a string template.",
                span,
            );
            builder.failed = true;
            return;
        }
        builder.origins.push(value.origin);
        if value.is_unknown() {
            // Terraform looks at the type of a value only once it is known.
            let text = convert(value, &Type::String).unwrap_or_else(|_| Value::unknown(Type::String));
            let text = self.settle(text, "tostring", std::slice::from_ref(value));
            builder.unknown(&text);
            return;
        }
        match convert(value, &Type::String) {
            Ok(text) => match text.as_str() {
                Some(text) => builder.text.push_str(text),
                None => {
                    let text = self.settle(text, "tostring", std::slice::from_ref(value));
                    builder.unknown(&text);
                }
            },
            Err(error) => {
                let detail = format!("Cannot include the given value in a string template: {error}.");
                self.error("Invalid template interpolation value", detail, span);
                builder.failed = true;
            }
        }
    }

    fn template_if(
        &mut self,
        scope: &Scope<'_>,
        condition: &Expr,
        if_true: &[TemplatePart],
        if_false: &[TemplatePart],
        builder: &mut TemplateBuilder,
    ) {
        let value = self.eval(scope, condition);
        if value.is_null() {
            let detail = "The condition value is null. Conditions must either be true or false.";
            self.error("Null condition", detail, condition.span);
            builder.failed = true;
            return;
        }
        let decided = match convert(&value, &Type::Bool) {
            Ok(decided) => decided,
            Err(error) => {
                let detail = format!("The condition expression must be of type bool: {error}.");
                self.error("Incorrect condition type", detail, condition.span);
                builder.failed = true;
                return;
            }
        };
        builder.marks = builder.marks.union(decided.marks);
        builder.origins.push(value.origin);
        match decided.as_bool() {
            Some(true) => self.template_parts(scope, if_true, builder),
            Some(false) => self.template_parts(scope, if_false, builder),
            None => {
                let before = self.errors.len();
                let arms = [if_true, if_false].map(|parts| self.part_value(scope, parts, condition.span));
                if self.errors.len() > before {
                    // The arm that fails need not be the one that is taken.
                    self.errors.truncate(before);
                    self.uncertain += 1;
                }
                let marks = decided.marks.union(arms[0].marks).union(arms[1].marks);
                let result = self.undecided(&decided, arms, Type::String, marks);
                match result.as_str() {
                    Some(text) => builder.text.push_str(text),
                    None => builder.unknown(&result),
                }
            }
        }
    }

    fn part_value(&mut self, scope: &Scope<'_>, parts: &[TemplatePart], span: Span) -> Value {
        if parts.is_empty() {
            return Value::string("");
        }
        let value = self.template(scope, parts, span);
        let converted = convert(&value, &Type::String).unwrap_or_else(|_| Value::unknown(Type::String));
        self.settle(converted, "tostring", &[value])
    }

    fn template_for(
        &mut self,
        scope: &Scope<'_>,
        key: Option<&str>,
        value: &str,
        collection: &Expr,
        body: &[TemplatePart],
        builder: &mut TemplateBuilder,
    ) {
        let source = self.eval(scope, collection);
        builder.marks = builder.marks.union(source.marks);
        builder.origins.push(source.origin);
        if source.is_null() {
            let detail = "A null value cannot be used as the collection in a 'for' expression.";
            self.error("Iteration over null value", detail, collection.span);
            builder.failed = true;
            return;
        }
        if source.is_unknown() || matches!(source.kind, ValueKind::Resource(_)) {
            let result = Value::unknown_not_null(Type::String);
            let text = self.finish_fresh(result, "for", &[source], collection.span);
            builder.unknown(&text);
            return;
        }
        let Some(pairs) = pairs(&source) else {
            let detail = format!(
                "A value of type {} cannot be used as the collection in a 'for' expression.",
                source.ty().friendly_name()
            );
            self.error("Iteration over non-iterable value", detail, collection.span);
            builder.failed = true;
            return;
        };
        for (element_key, element) in pairs {
            let bound_value = Bound { name: value, value: element, next: scope.bound };
            let bound_key;
            let inner = match key {
                Some(name) => {
                    bound_key = Bound { name, value: element_key, next: Some(&bound_value) };
                    Scope { bound: Some(&bound_key), ..*scope }
                }
                None => Scope { bound: Some(&bound_value), ..*scope },
            };
            self.template_parts(&inner, body, builder);
        }
    }

    // ---- calls ----

    fn call(
        &mut self,
        scope: &Scope<'_>,
        name: &EcoString,
        name_span: Span,
        args: &[Expr],
        expand_final: bool,
        span: Span,
    ) -> Value {
        let plain = name.strip_prefix("core::").unwrap_or(name);
        match plain {
            "try" if !expand_final => return self.call_try(scope, args, span),
            "can" => return self.call_can(scope, args, span),
            "templatefile" | "templatestring" if scope.only_bound && scope.bound.is_some() => {
                let detail = format!(
                    "Call to function \"{plain}\" failed: cannot recursively call {plain} from inside templatefile \
                     or templatestring."
                );
                return self.error("Error in function call", detail, span);
            }
            _ => {}
        }
        let mut values: Vec<Value> = Vec::with_capacity(args.len());
        let errors = self.errors.len();
        for (i, arg) in args.iter().enumerate() {
            let value = self.eval(scope, arg);
            if !(expand_final && i + 1 == args.len()) {
                values.push(value);
                continue;
            }
            if value.is_null() {
                return self.error(
                    "Invalid expanding argument value",
                    "The expanding argument (indicated by ...) must not be null.",
                    arg.span,
                );
            }
            if value.is_unknown() {
                self.uncertain += 1;
                values.push(value);
                let result = Value::unknown(Type::Dynamic);
                return self.finish(result, &format!("{plain}..."), &values, span);
            }
            match value.as_elements() {
                Some(elements) => {
                    let marks = value.marks;
                    values.extend(elements.iter().map(|element| element.clone().with_marks(marks)));
                }
                None => {
                    return self.error(
                        "Invalid expanding argument value",
                        "The expanding argument (indicated by ...) must be of a tuple, list, or set type.",
                        arg.span,
                    );
                }
            }
        }
        if self.errors.len() > errors {
            let term = self.terms.fresh("failed call");
            let origin = self.origin(Some(span), OriginStep::Call(plain.into()), []);
            let causes = join_causes(&values);
            let cause = causes.first().cloned().unwrap_or(Cause::Error("Invalid function argument".into()));
            return unknown_value(Type::Dynamic, Refinement::default(), term, cause, origin);
        }
        let result = match plain {
            "templatefile" => self.call_templatefile(plain, &values, args, span),
            "templatestring" => self.call_templatestring(scope, &values, args, span),
            // The arguments were expanded from a list that evaluated, so the first one wins.
            "try" => match values.first() {
                Some(first) => first.clone(),
                None => self.call_try(scope, &[], span),
            },
            _ => match funcs::find(plain) {
                Some(function) => self.call_function(function, &values, args, span),
                None => match builtin::provider_function(plain) {
                    Some(function) if self.has_provider(scope, "terraform") => {
                        self.call_provider_function(function, &values, args, span)
                    }
                    Some(_) | None => return self.no_function(scope, name, name_span, span),
                },
            },
        };
        let origin =
            self.origin(Some(span), OriginStep::Call(plain.into()), values.iter().map(|value| value.origin));
        // What a function merely passed on keeps where it came from.
        if result.origin.is_none() { result.with_origin(origin) } else { result }
    }

    fn has_provider(&self, scope: &Scope<'_>, local_name: &str) -> bool {
        self.module(scope.module).node.module.required_providers.contains_key(local_name)
    }

    fn no_function(&mut self, scope: &Scope<'_>, name: &EcoString, name_span: Span, span: Span) -> Value {
        if let Some(rest) = name.strip_prefix("provider::") {
            let provider = rest.split("::").next().unwrap_or_default();
            if !self.has_provider(scope, provider) {
                let detail = format!(
                    "There is no function named \"{name}\". Ensure that provider name \"{provider}\" is declared in \
                     this module's required_providers block, and that this provider offers a function named \"{}\".",
                    rest.rsplit("::").next().unwrap_or_default()
                );
                return self.error("Unknown provider function", detail, name_span);
            }
            let term = self.terms.fresh("provider function");
            let origin = self.origin(Some(span), OriginStep::Call(name.clone()), []);
            let cause = Cause::UnsupportedFunction(rest.into());
            self.uncertain += 1;
            return unknown_value(Type::Dynamic, Refinement::default(), term, cause, origin);
        }
        let detail = format!("There is no function named \"{name}\".");
        self.error("Call to unknown function", detail, name_span)
    }

    fn call_function(
        &mut self,
        function: &'static funcs::Function,
        values: &[Value],
        args: &[Expr],
        span: Span,
    ) -> Value {
        let result = {
            let context = self.function_context();
            funcs::call(&context, function, values)
        };
        match result {
            Ok(result) => self.settle_call(function, result, values),
            Err(error) => self.function_error(function, error, args, span),
        }
    }

    fn settle_call(&mut self, function: &funcs::Function, result: Value, values: &[Value]) -> Value {
        if result.is_wholly_known() {
            return result;
        }
        self.uncertain += 1;
        if function.name == "jsonencode"
            && result.is_unknown()
            && let [value] = values
        {
            let term = self.terms.intern(Term::Json(value.clone()));
            return with_term(result, term, value.causes());
        }
        if funcs::is_impure(function.name) {
            let term = self.terms.fresh(function.name);
            return with_term(result, term, Causes::from([Cause::Impure(function.name.into())]));
        }
        if funcs::is_unsupported(function.name) && values.iter().all(Value::is_wholly_known) {
            let operands = values.iter().map(Terms::operand).collect();
            let term = self.terms.intern(Term::Apply(function.name.into(), operands));
            return with_term(result, term, Causes::from([Cause::UnsupportedFunction(function.name.into())]));
        }
        let result = self.alternatives(function, result, values);
        self.settle(result, function.name, values)
    }

    /// Applies the function to each value that an undecided argument may have.
    fn alternatives(&mut self, function: &funcs::Function, result: Value, values: &[Value]) -> Value {
        let Some(unknown) = result.as_unknown() else { return result };
        if unknown.possible.is_some() {
            return result;
        }
        let mut choices = values.iter().enumerate().filter_map(|(i, value)| {
            let possible = value.as_unknown()?.possible.as_ref()?;
            (possible.len() <= 8).then_some((i, possible))
        });
        let (Some((index, possible)), None) = (choices.next(), choices.next()) else { return result };
        let context = self.function_context();
        let mut results = EcoVec::new();
        for choice in possible {
            let mut args = values.to_vec();
            args[index] = choice.clone();
            match funcs::call(&context, function, &args) {
                Ok(value) => results.push((args, value)),
                Err(_) => return result,
            }
        }
        let results = results
            .into_iter()
            .map(|(args, value)| {
                let origin = if value.origin.is_none() { args[index].origin } else { value.origin };
                self.settle(value, function.name, &args).with_origin(origin)
            })
            .collect();
        let Value { kind, origin, marks } = result;
        let ValueKind::Unknown(unknown) = kind else { return Value { kind, origin, marks } };
        let mut unknown = Arc::unwrap_or_clone(unknown);
        unknown.possible = Some(results);
        Value { kind: ValueKind::Unknown(Arc::new(unknown)), origin, marks }
    }

    fn function_error(
        &mut self,
        function: &funcs::Function,
        error: FuncError,
        args: &[Expr],
        span: Span,
    ) -> Value {
        match error {
            FuncError::Arg(index, message) => {
                let param = function.params.get(index).map(|param| param.name);
                let param = param.or(function.variadic.map(|param| param.name)).unwrap_or("value");
                let place = args.get(index.min(args.len().saturating_sub(1))).map_or(span, |arg| arg.span);
                let detail = format!("Invalid value for \"{param}\" parameter: {message}.");
                self.error("Invalid function argument", detail, place)
            }
            FuncError::Call(message) if message.starts_with("Function \"") => {
                let summary = if message.contains("expects only") {
                    "Too many function arguments"
                } else {
                    "Not enough function arguments"
                };
                self.error(summary, message, span)
            }
            FuncError::Call(message) => {
                let detail = format!("Call to function \"{}\" failed: {message}.", function.name);
                self.error("Error in function call", detail, span)
            }
            FuncError::Limit(what) => self.value_limit(&what, span),
            FuncError::Outside(what) => self.outside(&what, span),
        }
    }

    fn function_context(&self) -> funcs::Context<'_> {
        funcs::Context {
            fs: self.env.fs,
            root: &self.config.canonical_dir,
            trees: &self.trees,
            limits: self.env.limits,
        }
    }

    /// The content of a file that is not read because of where it lies.
    fn outside(&mut self, what: &str, span: Span) -> Value {
        self.uncertain += 1;
        self.unknown(Type::Dynamic, Refinement::default(), Cause::Limit(what.into()), span)
    }

    /// Evaluates apart from the errors so far; gives the value, whether it failed, and whether that is certain.
    fn attempt(&mut self, scope: &Scope<'_>, expr: &Expr) -> (Value, bool, bool) {
        let errors = self.errors.len();
        let uncertain = self.uncertain;
        let value = self.eval(scope, expr);
        // Only what came before the first error could have failed earlier.
        let (failed, reached) = match self.errors.get(errors) {
            Some(failure) => (true, failure.uncertain),
            None => (false, self.uncertain),
        };
        self.errors.truncate(errors);
        (value, failed, reached == uncertain)
    }

    fn call_try(&mut self, scope: &Scope<'_>, args: &[Expr], span: Span) -> Value {
        if args.is_empty() {
            return self.error(
                "Error in function call",
                "Call to function \"try\" failed: at least one argument is required.",
                span,
            );
        }
        let outer = self.uncertain;
        let mut seen: Vec<Value> = Vec::new();
        for arg in args {
            let (value, failed, certain) = self.attempt(scope, arg);
            if failed && certain {
                continue;
            }
            if !failed && (certain || seen.is_empty() && self.cannot_fail(scope, arg)) {
                self.uncertain = outer;
                let origin = self.origin(Some(span), OriginStep::Call("try".into()), [value.origin]);
                return if seen.is_empty() {
                    value.with_origin(origin)
                } else {
                    seen.push(value);
                    self.try_undecided(seen, span)
                };
            }
            seen.push(value);
        }
        self.uncertain = outer;
        if seen.is_empty() {
            return self.error(
                "Error in function call",
                "Call to function \"try\" failed: no expression succeeded.",
                span,
            );
        }
        self.uncertain += 1;
        self.try_undecided(seen, span)
    }

    /// A reference whose steps reach only what certainly exists: its value may be unknown, but it cannot fail.
    fn cannot_fail(&mut self, scope: &Scope<'_>, expr: &Expr) -> bool {
        let ExprKind::Traversal(traversal) = &expr.kind else { return false };
        let _ = scope;
        // An output of a module that is not available, or a step into something unknown, may not exist.
        let plain = traversal.steps.iter().all(|step| match &step.kind {
            StepKind::Attr(_) => true,
            StepKind::Index(index) => matches!(index.kind, ExprKind::Number(_) | ExprKind::String(_)),
            StepKind::AttrSplat | StepKind::FullSplat => false,
        });
        plain && matches!(traversal.root.as_str(), "module")
    }

    fn try_undecided(&mut self, seen: Vec<Value>, span: Span) -> Value {
        let mut result = Value::unknown(Type::Dynamic);
        if let ValueKind::Unknown(unknown) = &mut result.kind {
            Arc::make_mut(unknown).possible = Some(seen.iter().cloned().collect());
        }
        let marks = seen.iter().fold(Marks::NONE, |marks, value| marks.union(value.marks));
        self.finish(result.with_marks(marks), "try", &seen, span)
    }

    fn call_can(&mut self, scope: &Scope<'_>, args: &[Expr], span: Span) -> Value {
        let [arg] = args else {
            let summary =
                if args.is_empty() { "Not enough function arguments" } else { "Too many function arguments" };
            return self.error(summary, "Function \"can\" expects exactly 1 argument(s).", span);
        };
        let outer = self.uncertain;
        let (value, failed, certain) = self.attempt(scope, arg);
        self.uncertain = outer;
        if certain {
            let origin = self.origin(Some(span), OriginStep::Call("can".into()), [value.origin]);
            return Value::bool(!failed).with_origin(origin);
        }
        self.finish(Value::unknown_not_null(Type::Bool), "can", &[value], span)
    }

    fn call_templatefile(&mut self, name: &str, values: &[Value], args: &[Expr], span: Span) -> Value {
        let [path, vars] = values else {
            let summary = if values.len() < 2 {
                "Not enough function arguments"
            } else {
                "Too many function arguments"
            };
            return self.error(summary, format!("Function \"{name}\" expects 2 argument(s)."), span);
        };
        let place = |i: usize| args.get(i).map_or(span, |arg| arg.span);
        let path = match convert(path, &Type::String) {
            Ok(path) if path.is_null() => {
                let detail = "Invalid value for \"path\" parameter: argument must not be null.";
                return self.error("Invalid function argument", detail, place(0));
            }
            Ok(path) => path,
            Err(error) => {
                let detail = format!("Invalid value for \"path\" parameter: {error}.");
                return self.error("Invalid function argument", detail, place(0));
            }
        };
        let Some(text_path) = path.as_str() else {
            return self.finish(Value::unknown(Type::Dynamic), name, values, span);
        };
        let context = self.function_context();
        let text = match funcs::file::read_text(&context, text_path) {
            Ok(text) => text,
            Err(FuncError::Limit(what)) => return self.value_limit(&what, span),
            Err(FuncError::Outside(what)) => return self.outside(&what, span),
            Err(FuncError::Arg(_, message) | FuncError::Call(message)) => {
                let detail = format!("Invalid value for \"path\" parameter: {message}.");
                return self.error("Invalid function argument", detail, place(0));
            }
        };
        let shown = PathBuf::from(text_path);
        let file = self.env.sources.add(&shown, text);
        let template = match crate::syntax::parse_template(&file) {
            Ok(template) => template,
            Err(diagnostics) => {
                let message = diagnostics.first().map(|d| format!("{}; {}", d.summary, d.detail));
                let detail = format!(
                    "Invalid value for \"path\" parameter: {}.",
                    message.unwrap_or_default().trim_end_matches('.')
                );
                return self.error("Invalid function argument", detail, place(0));
            }
        };
        self.render(name, &template, vars, place(1), span, path.marks)
    }

    fn call_templatestring(
        &mut self,
        scope: &Scope<'_>,
        values: &[Value],
        args: &[Expr],
        span: Span,
    ) -> Value {
        let _ = scope;
        let ([template, vars], [template_expr, vars_expr]) = (values, args) else {
            let summary = if values.len() < 2 {
                "Not enough function arguments"
            } else {
                "Too many function arguments"
            };
            return self.error(summary, "Function \"templatestring\" expects 2 argument(s).", span);
        };
        if !matches!(template_expr.kind, ExprKind::Traversal(_) | ExprKind::Access { .. }) {
            let detail = "Invalid value for \"template\" parameter: invalid template expression: must be a direct \
                          reference to a single string from elsewhere, containing valid Terraform template syntax.";
            return self.error("Invalid function argument", detail, template_expr.span);
        }
        let text = match convert(template, &Type::String) {
            Ok(text) if text.is_null() => {
                let detail = "Invalid value for \"template\" parameter: argument must not be null.";
                return self.error("Invalid function argument", detail, template_expr.span);
            }
            Ok(text) => text,
            Err(error) => {
                let detail = format!("Invalid value for \"template\" parameter: {error}.");
                return self.error("Invalid function argument", detail, template_expr.span);
            }
        };
        let Some(source) = text.as_str() else {
            return self.finish(Value::unknown_not_null(Type::String), "templatestring", values, span);
        };
        let file =
            self.env.sources.add(std::path::Path::new("<templatestring argument>"), source.to_string());
        match crate::syntax::parse_template(&file) {
            Ok(template) => {
                let result = self.render("templatestring", &template, vars, vars_expr.span, span, text.marks);
                match convert(&result, &Type::String) {
                    Ok(text) => self.settle(text, "tostring", &[result]),
                    Err(error) => {
                        let detail = format!(
                            "Call to function \"templatestring\" failed: invalid template result: {error}."
                        );
                        self.error("Error in function call", detail, span)
                    }
                }
            }
            Err(diagnostics) => {
                let message = diagnostics.first().map(|d| d.summary.clone()).unwrap_or_default();
                let detail =
                    format!("Invalid value for \"template\" parameter: invalid template: {message}.");
                self.error("Invalid function argument", detail, template_expr.span)
            }
        }
    }

    /// Evaluates a template file's or template string's text with its variables.
    fn render(
        &mut self,
        name: &str,
        template: &Expr,
        vars: &Value,
        vars_span: Span,
        span: Span,
        marks: Marks,
    ) -> Value {
        let marks = marks.union(vars.marks);
        if vars.is_null() {
            let detail = "Invalid value for \"vars\" parameter: argument must not be null.";
            return self.error("Invalid function argument", detail, vars_span);
        }
        if vars.is_unknown() {
            return self.finish_fresh(Value::unknown(Type::Dynamic), name, std::slice::from_ref(vars), span);
        }
        let Some(entries) = vars.as_entries().cloned() else {
            let detail = "Invalid value for \"vars\" parameter: invalid vars value: must be a map.";
            return self.error("Invalid function argument", detail, vars_span);
        };
        for key in entries.keys() {
            if !is_identifier(key) {
                let detail = format!(
                    "Invalid value for \"vars\" parameter: invalid template variable name \"{key}\": must start \
                     with a letter, followed by zero or more letters, digits, and underscores."
                );
                return self.error("Invalid function argument", detail, vars_span);
            }
        }
        let bounds: Vec<(&EcoString, &Value)> = entries.iter().collect();
        self.render_bound(name, template, &bounds, None, span).with_marks(marks)
    }

    fn render_bound(
        &mut self,
        name: &str,
        template: &Expr,
        rest: &[(&EcoString, &Value)],
        bound: Option<&Bound<'_>>,
        span: Span,
    ) -> Value {
        // The chain of bound names lives on the stack, so it is built by one frame a name.
        if let Some(((key, value), rest)) = rest.split_first() {
            let next = Bound { name: key, value: (*value).clone(), next: bound };
            if self.depth >= self.env.limits.depth {
                return self.limit("templates nested too deeply", Some(span));
            }
            self.depth += 1;
            let value = self.render_bound(name, template, rest, Some(&next), span);
            self.depth -= 1;
            return value;
        }
        let empty = Bound { name: "", value: Value::null(Type::Dynamic), next: bound };
        let scope = Scope { only_bound: true, bound: Some(&empty), ..Scope::module(Self::ROOT) };
        let errors = self.errors.len();
        let value = self.eval(&scope, template);
        if self.errors.len() > errors {
            // Terraform reports an error inside a template at the call.
            let inner = self.errors.split_off(errors);
            let first = inner.into_iter().next();
            if let Some(failure) = &first {
                self.uncertain = failure.uncertain;
            }
            let first = first.map(|failure| failure.diagnostic);
            let detail = first.as_ref().map(|d| d.detail.clone()).unwrap_or_default();
            if first.is_some_and(|d| d.summary == "Invalid function argument") {
                let detail =
                    format!("Invalid value for \"vars\" parameter: {}.", detail.trim_end_matches('.'));
                return self.error("Invalid function argument", detail, span);
            }
            let detail = format!("Call to function \"{name}\" failed: {}.", detail.trim_end_matches('.'));
            return self.error("Error in function call", detail, span);
        }
        value
    }
}

/// The path from one directory to another, both without links: `modules/net`, `../../modules/net`.
fn relative(from: &Path, to: &Path) -> String {
    let common = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let ups = from.components().skip(common).map(|_| "..".to_string());
    let downs = to.components().skip(common).map(|part| part.as_os_str().to_string_lossy().into_owned());
    ups.chain(downs).collect::<Vec<String>>().join("/")
}

fn with_term(value: Value, term: crate::eval::term::TermId, causes: Causes) -> Value {
    let Value { kind, origin, marks } = value;
    let kind = match kind {
        ValueKind::Unknown(unknown) => {
            let mut unknown = Arc::unwrap_or_clone(unknown);
            unknown.term = term;
            unknown.causes = causes;
            ValueKind::Unknown(Arc::new(unknown))
        }
        kind @ ValueKind::Null(_)
        | kind @ ValueKind::Bool(_)
        | kind @ ValueKind::Number(_)
        | kind @ ValueKind::String(_)
        | kind @ ValueKind::List(..)
        | kind @ ValueKind::Set(..)
        | kind @ ValueKind::Map(..)
        | kind @ ValueKind::Tuple(_)
        | kind @ ValueKind::Object(_)
        | kind @ ValueKind::Resource(_) => kind,
    };
    Value { kind, origin, marks }
}

fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

fn definitely_not_null(value: &Value) -> bool {
    match value.as_unknown() {
        Some(unknown) => unknown.refinement.not_null,
        None => !value.is_null(),
    }
}

#[derive(Default)]
struct ForBuilder {
    elements: Vec<Value>,
    entries: BTreeMap<EcoString, Value>,
    groups: BTreeMap<EcoString, Vec<Value>>,
    marks: Marks,
    len: usize,
    /// Set when the result cannot be known: the values that it depends on.
    undecided: Option<Vec<Value>>,
}

#[derive(Default)]
struct TemplateBuilder {
    text: String,
    operands: EcoVec<Operand>,
    prefix: Option<EcoString>,
    causes: Vec<Cause>,
    origins: Vec<OriginId>,
    marks: Marks,
    failed: bool,
}

impl TemplateBuilder {
    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.operands.push(Operand::Text(normalize(&std::mem::take(&mut self.text))));
        }
    }

    fn unknown(&mut self, value: &Value) {
        let prefix = value.as_unknown().map(|unknown| unknown.refinement.prefix.as_str()).unwrap_or_default();
        if self.prefix.is_none() {
            self.prefix = Some(eco_format!("{}{prefix}", self.text));
        }
        self.flush();
        self.causes.extend(value.causes());
        self.operands.push(Terms::operand(value));
    }
}

/// The pairs that iteration gives: index and element, key and value, or element twice for a set.
pub(super) fn pairs(collection: &Value) -> Option<Vec<(Value, Value)>> {
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

/// The text of an index step in terms and addresses: `["a"]`, `[0]`.
pub(super) fn step_key(key: &Value) -> EcoString {
    if let Some(text) = key.as_str() {
        eco_format!("[\"{text}\"]")
    } else if let Some(number) = key.as_number() {
        eco_format!("[{number}]")
    } else {
        eco_format!("[{}]", crate::eval::term::canonical(key))
    }
}

/// The steps as text, when they depend on nothing else.
fn steps_text(steps: &[Step]) -> Option<String> {
    let mut text = String::new();
    for step in steps {
        match &step.kind {
            StepKind::Attr(name) => {
                text.push('.');
                text.push_str(name);
            }
            StepKind::Index(Expr { kind: ExprKind::Number(n), .. }) => text.push_str(&format!("[{n}]")),
            StepKind::Index(_) => return None,
            StepKind::AttrSplat => text.push_str(".*"),
            StepKind::FullSplat => text.push_str("[*]"),
        }
    }
    Some(text)
}

/// The type of the steps' result for an element type, as far as it can be told without a value.
fn splat_type(element: &Type, steps: &[Step]) -> Type {
    let mut ty = element.clone();
    for step in steps {
        ty = match (&step.kind, &ty) {
            (StepKind::Attr(name), Type::Object(attributes)) => {
                attributes.get(name).cloned().unwrap_or(Type::Dynamic)
            }
            (StepKind::Attr(_), Type::Map(element)) => (**element).clone(),
            (StepKind::Index(_), Type::List(element) | Type::Map(element)) => (**element).clone(),
            _ => Type::Dynamic,
        };
    }
    ty
}

/// A list of values that should be of one type; a tuple when they are not.
fn same_type_list(values: Vec<Value>) -> Value {
    let types: Vec<Type> = values.iter().map(Value::ty).collect();
    if types.windows(2).all(|pair| pair[0] == pair[1]) {
        let element = types.into_iter().next().unwrap_or(Type::Dynamic);
        return Value::list(element, values);
    }
    Value::tuple(values)
}

fn unary_name(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Negate => "-",
        UnaryOp::Not => "!",
    }
}

fn binary_name(op: crate::syntax::ast::BinaryOp) -> &'static str {
    use crate::syntax::ast::BinaryOp;
    match op {
        BinaryOp::Or => "||",
        BinaryOp::And => "&&",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessOrEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterOrEqual => ">=",
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Modulo => "%",
    }
}
