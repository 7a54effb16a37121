//! Type constraints of input variables: `object({ name = string, size = optional(number, 1) })`.
//!
//! A value is made to conform in two steps, as Terraform does: defaults first, then conversion.

use std::collections::BTreeMap;

use ecow::{EcoString, EcoVec};

use crate::diagnostic::Diagnostic;
use crate::eval::convert::{ConvertError, Target, convert, convert_to, set, unify};
use crate::eval::value::{Type, Value, ValueKind};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind};

/// A type constraint: a type in which object attributes may be optional and parts may be left open.
#[derive(Clone, Debug)]
pub enum Constraint {
    /// `any`.
    Any,
    /// `bool`.
    Bool,
    /// `number`.
    Number,
    /// `string`.
    String,
    /// `list(T)`.
    List(Box<Constraint>),
    /// `set(T)`.
    Set(Box<Constraint>),
    /// `map(T)`.
    Map(Box<Constraint>),
    /// `tuple([…])`.
    Tuple(Vec<Constraint>),
    /// `object({…})`.
    Object(BTreeMap<EcoString, Attribute>),
}

/// An attribute of an object constraint.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its type.
    pub constraint: Constraint,
    /// Whether it may be missing.
    pub optional: bool,
    /// The value it has when it is missing or null, converted to its type.
    pub default: Option<Value>,
}

impl Constraint {
    /// Reads the `type` of a variable in native syntax; what cannot be read becomes `any`, with a diagnostic.
    ///
    /// In JSON syntax the type is a string that holds native syntax: parse that text first. `default` evaluates the
    /// second argument of `optional`, in which nothing may be referred to.
    pub fn of_variable(
        expr: &Expr,
        default: &mut dyn FnMut(&Expr) -> Value,
    ) -> (Constraint, Vec<Diagnostic>) {
        if let ExprKind::String(text) = &expr.kind {
            return (Constraint::Any, vec![quoted(text, expr.span)]);
        }
        // Short for a collection of one type, whichever, as before Terraform 0.12.
        match keyword(expr) {
            Some("list") => return (Constraint::List(Box::new(Constraint::Any)), Vec::new()),
            Some("map") => return (Constraint::Map(Box::new(Constraint::Any)), Vec::new()),
            _ => {}
        }
        let mut reader = Reader { default, diagnostics: Vec::new() };
        let constraint = reader.read(expr);
        if reader.diagnostics.is_empty() {
            (constraint, Vec::new())
        } else {
            (Constraint::Any, reader.diagnostics)
        }
    }

    /// The type of values that conform, as far as it is fixed.
    pub fn ty(&self) -> Type {
        match self {
            Constraint::Any => Type::Dynamic,
            Constraint::Bool => Type::Bool,
            Constraint::Number => Type::Number,
            Constraint::String => Type::String,
            Constraint::List(element) => Type::list(element.ty()),
            Constraint::Set(element) => Type::set(element.ty()),
            Constraint::Map(element) => Type::map(element.ty()),
            Constraint::Tuple(elements) => Type::tuple(elements.iter().map(Constraint::ty)),
            Constraint::Object(attributes) => Type::object(
                attributes.iter().map(|(name, attribute)| (name.clone(), attribute.constraint.ty())),
            ),
        }
    }

    /// Whether a value given as text, on the command line or in the environment, is taken literally instead of being
    /// parsed as an expression.
    pub fn is_primitive(&self) -> bool {
        matches!(self, Constraint::Bool | Constraint::Number | Constraint::String)
    }

    /// Makes a value conform: fills in defaults, then converts.
    pub fn apply(&self, value: &Value) -> Result<Value, ConvertError> {
        if value.is_null() { self.convert(value) } else { self.convert(&self.fill(value)) }
    }

    /// Converts a value without filling in defaults, as for the default of the variable itself.
    pub fn convert(&self, value: &Value) -> Result<Value, ConvertError> {
        convert_to(value, Target::Constraint(self))
    }

    fn has_defaults(&self) -> bool {
        match self {
            Constraint::Any | Constraint::Bool | Constraint::Number | Constraint::String => false,
            Constraint::List(element) | Constraint::Set(element) | Constraint::Map(element) => {
                element.has_defaults()
            }
            Constraint::Tuple(elements) => elements.iter().any(Constraint::has_defaults),
            Constraint::Object(attributes) => attributes
                .values()
                .any(|attribute| attribute.default.is_some() || attribute.constraint.has_defaults()),
        }
    }

    /// Fills in the defaults of missing and null attributes, at any depth. What does not fit is left for the
    /// conversion to complain about.
    fn fill(&self, value: &Value) -> Value {
        if !self.has_defaults() {
            return value.clone();
        }
        let filled = match &value.kind {
            ValueKind::Set(_, elements) => {
                let filled = self.fill_elements(elements);
                if filled.is_empty() {
                    return value.clone();
                }
                match unify_values(&filled) {
                    Some((element, filled)) => set(element, filled),
                    None => Value::tuple(filled),
                }
            }
            ValueKind::List(_, elements) => {
                let filled = self.fill_elements(elements);
                if filled.is_empty() {
                    return value.clone();
                }
                match unify_values(&filled) {
                    Some((element, filled)) => Value::list(element, filled),
                    None => Value::tuple(filled),
                }
            }
            ValueKind::Tuple(elements) => Value::tuple(self.fill_elements(elements)),
            ValueKind::Map(_, entries) => {
                let filled = self.fill_entries(entries);
                if filled.is_empty() {
                    return value.clone();
                }
                let (keys, values): (Vec<_>, Vec<_>) = filled.into_iter().unzip();
                match unify_values(&values) {
                    Some((element, values)) => Value::map(element, keys.into_iter().zip(values)),
                    None => Value::object(keys.into_iter().zip(values)),
                }
            }
            ValueKind::Object(entries) => Value::object(self.fill_entries(entries)),
            ValueKind::Null(_)
            | ValueKind::Bool(_)
            | ValueKind::Number(_)
            | ValueKind::String(_)
            | ValueKind::Resource(_)
            | ValueKind::Unknown(_) => return value.clone(),
        };
        filled.with_origin(value.origin).with_marks(value.marks)
    }

    fn fill_elements(&self, elements: &EcoVec<Value>) -> Vec<Value> {
        elements
            .iter()
            .enumerate()
            .map(|(i, element)| {
                let child = match self {
                    Constraint::Tuple(children) => children.get(i),
                    Constraint::List(child) | Constraint::Set(child) | Constraint::Map(child) => {
                        Some(&**child)
                    }
                    Constraint::Any
                    | Constraint::Bool
                    | Constraint::Number
                    | Constraint::String
                    | Constraint::Object(_) => None,
                };
                child.map_or_else(|| element.clone(), |child| child.fill(element))
            })
            .collect()
    }

    fn fill_entries(&self, entries: &BTreeMap<EcoString, Value>) -> BTreeMap<EcoString, Value> {
        let mut filled: BTreeMap<EcoString, Value> = entries
            .iter()
            .map(|(key, entry)| {
                let child = match self {
                    Constraint::Object(attributes) => {
                        attributes.get(key).map(|attribute| &attribute.constraint)
                    }
                    Constraint::List(child) | Constraint::Set(child) | Constraint::Map(child) => {
                        Some(&**child)
                    }
                    Constraint::Any
                    | Constraint::Bool
                    | Constraint::Number
                    | Constraint::String
                    | Constraint::Tuple(_) => None,
                };
                (key.clone(), child.map_or_else(|| entry.clone(), |child| child.fill(entry)))
            })
            .collect();
        let Constraint::Object(attributes) = self else { return filled };
        for (name, attribute) in attributes {
            let Some(default) = &attribute.default else { continue };
            let value = match filled.get(name) {
                Some(value) if !value.is_null() => {
                    if default.is_never_null() {
                        value.clone().not_null()
                    } else {
                        continue;
                    }
                }
                Some(_) | None => attribute.constraint.fill(default),
            };
            filled.insert(name.clone(), value);
        }
        filled
    }
}

fn unify_values(values: &[Value]) -> Option<(Type, Vec<Value>)> {
    let types: Vec<Type> = values.iter().map(Value::ty).collect();
    let ty = unify(&types)?;
    let converted: Option<Vec<Value>> = values.iter().map(|value| convert(value, &ty).ok()).collect();
    let converted = converted?;
    // With open types among them, what they unify to is not known, and they stay as they are.
    let settled = converted.iter().all(|value| value.ty() == ty);
    settled.then_some((ty, converted))
}

struct Reader<'a> {
    default: &'a mut dyn FnMut(&Expr) -> Value,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn invalid(&mut self, detail: impl Into<String>, span: Span) -> Constraint {
        self.diagnostics.push(Diagnostic::invalid("Invalid type specification", detail, Some(span)));
        Constraint::Any
    }

    fn read(&mut self, expr: &Expr) -> Constraint {
        match keyword(expr) {
            Some("bool") => return Constraint::Bool,
            Some("string") => return Constraint::String,
            Some("number") => return Constraint::Number,
            Some("any") => return Constraint::Any,
            Some(name @ ("list" | "map" | "set" | "object" | "tuple")) => {
                return self.invalid(one_argument(name), expr.span);
            }
            Some(name) => {
                return self.invalid(
                    format!("The keyword \"{name}\" is not a valid type specification."),
                    expr.span,
                );
            }
            None => {}
        }
        let ExprKind::Call { name, name_span, args, .. } = &expr.kind else {
            return self.invalid(
                "A type specification is either a primitive type keyword (bool, number, string) or a complex type \
                 constructor call, like list(string).",
                expr.span,
            );
        };
        match (name.as_str(), args.as_slice()) {
            ("bool" | "string" | "number", _) => self
                .invalid(format!("Primitive type keyword \"{name}\" does not expect arguments."), expr.span),
            ("any", _) => {
                self.invalid("Type constraint keyword \"any\" does not expect arguments.", expr.span)
            }
            ("list", [element]) => Constraint::List(Box::new(self.read(element))),
            ("set", [element]) => Constraint::Set(Box::new(self.read(element))),
            ("map", [element]) => Constraint::Map(Box::new(self.read(element))),
            ("tuple", [elements]) => {
                if let ExprKind::Tuple(elements) = &elements.kind {
                    Constraint::Tuple(elements.iter().map(|element| self.read(element)).collect())
                } else {
                    self.invalid("Tuple type constructor requires a list of element types.", elements.span)
                }
            }
            ("object", [attributes]) => self.read_object(attributes),
            ("list" | "set" | "map" | "object" | "tuple", _) => self.invalid(one_argument(name), expr.span),
            ("optional", _) => self.invalid(
                "Keyword \"optional\" is valid only as a modifier for object type attributes.",
                *name_span,
            ),
            _ => self.invalid(format!("Keyword \"{name}\" is not a valid type constructor."), expr.span),
        }
    }

    fn read_object(&mut self, expr: &Expr) -> Constraint {
        let ExprKind::Object(items) = &expr.kind else {
            return self.invalid(
                "Object type constructor requires a map whose keys are attribute names and whose values are the \
                 corresponding attribute types.",
                expr.span,
            );
        };
        let mut attributes = BTreeMap::new();
        for item in items {
            let Some(name) = keyword(&item.key) else {
                self.invalid("Object constructor map keys must be attribute names.", item.key.span);
                continue;
            };
            if attributes.contains_key(name) {
                self.invalid("Object constructor map keys must be unique.", item.key.span);
                continue;
            }
            if let Some(attribute) = self.read_attribute(&item.value) {
                attributes.insert(EcoString::from(name), attribute);
            }
        }
        Constraint::Object(attributes)
    }

    fn read_attribute(&mut self, expr: &Expr) -> Option<Attribute> {
        let args = if let ExprKind::Call { name, args, .. } = &expr.kind
            && name == "optional"
        {
            args
        } else {
            return Some(Attribute { constraint: self.read(expr), optional: false, default: None });
        };
        let Some(ty) = args.first() else {
            self.invalid(
                "Optional attribute modifier requires the attribute type as its argument.",
                expr.span,
            );
            return None;
        };
        if args.len() > 2 {
            self.invalid(
                "Optional attribute modifier expects at most two arguments: the attribute type, and a default value.",
                expr.span,
            );
        }
        let constraint = self.read(ty);
        let default = match args.get(1) {
            Some(default) => {
                let value = (self.default)(default);
                match constraint.convert(&value) {
                    Ok(value) => Some(value),
                    Err(error) => {
                        self.diagnostics.push(Diagnostic::invalid(
                            "Invalid default value for optional attribute",
                            format!(
                                "This default value is not compatible with the attribute's type constraint: {error}."
                            ),
                            Some(default.span),
                        ));
                        None
                    }
                }
            }
            None => None,
        };
        Some(Attribute { constraint, optional: true, default })
    }
}

fn one_argument(name: &str) -> String {
    match name {
        "object" => {
            "The object type constructor requires one argument specifying the attribute types and values as \
                     a map."
                .into()
        }
        "tuple" => {
            "The tuple type constructor requires one argument specifying the element types as a list.".into()
        }
        _ => format!("The {name} type constructor requires one argument specifying the element type."),
    }
}

/// The name, if the expression is only a name; `true`, `false` and `null` are names here, too.
fn keyword(expr: &Expr) -> Option<&str> {
    if let ExprKind::Traversal(traversal) = &expr.kind {
        return traversal.steps.is_empty().then_some(&traversal.root);
    }
    if let ExprKind::Bool(value) = &expr.kind {
        return Some(if *value { "true" } else { "false" });
    }
    matches!(expr.kind, ExprKind::Null).then_some("null")
}

/// The error for a type in quotes, which Terraform 0.11 had.
fn quoted(text: &str, span: Span) -> Diagnostic {
    let instead = match text {
        "string" => "",
        "list" => " and write list(string) instead to explicitly indicate that the list elements are strings",
        "map" => " and write map(string) instead to explicitly indicate that the map elements are strings",
        _ => {
            return Diagnostic::invalid(
                "Invalid legacy variable type hint",
                "To provide a full type expression, remove the surrounding quotes and give the type expression \
                 directly.",
                Some(span),
            );
        }
    };
    Diagnostic::invalid(
        "Invalid quoted type constraints",
        format!(
            "Terraform 0.11 and earlier required type constraints to be given in quotes, but that form is now \
             deprecated and will be removed in a future version of Terraform. Remove the quotes around \
             \"{text}\"{instead}."
        ),
        Some(span),
    )
}
