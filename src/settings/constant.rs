//! Constants: the only expressions that settings hold.

use ecow::EcoString;
use serde_json::Value;

use crate::number::{Notation, Number};
use crate::settings::Problem;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, UnaryOp};

/// A value that is written out.
#[derive(Clone, Debug)]
pub(super) struct Constant {
    pub(super) kind: ConstantKind,
    pub(super) span: Span,
}

/// The forms of a constant.
#[derive(Clone, Debug)]
pub(super) enum ConstantKind {
    Null,
    Bool(bool),
    Number(Number),
    Text(EcoString),
    List(Vec<Constant>),
    /// Keys with their places.
    Object(Vec<(EcoString, Span, Constant)>),
}

impl Constant {
    /// The value as JSON has it.
    pub(super) fn json(&self) -> Value {
        match &self.kind {
            ConstantKind::Null => Value::Null,
            ConstantKind::Bool(value) => Value::Bool(*value),
            ConstantKind::Number(number) => {
                let text = number.text(Notation::General, None);
                text.parse().map_or(Value::String(text), Value::Number)
            }
            ConstantKind::Text(text) => Value::String(text.to_string()),
            ConstantKind::List(elements) => elements.iter().map(Constant::json).collect(),
            ConstantKind::Object(items) => {
                items.iter().map(|(key, _, value)| (key.to_string(), value.json())).collect()
            }
        }
    }

    /// What it is, in words.
    pub(super) fn describe(&self) -> &'static str {
        match self.kind {
            ConstantKind::Null => "null",
            ConstantKind::Bool(_) => "a boolean",
            ConstantKind::Number(_) => "a number",
            ConstantKind::Text(_) => "a string",
            ConstantKind::List(_) => "a list",
            ConstantKind::Object(_) => "an object",
        }
    }
}

/// The constant that an expression is. The parser bounds how deeply expressions are nested.
pub(super) fn constant(expr: &Expr) -> Result<Constant, Problem> {
    let kind = match &expr.kind {
        ExprKind::Null => ConstantKind::Null,
        ExprKind::Bool(value) => ConstantKind::Bool(*value),
        ExprKind::Number(number) => ConstantKind::Number(number.clone()),
        ExprKind::String(text) => ConstantKind::Text(text.clone()),
        ExprKind::Unary { op: UnaryOp::Negate, operand } => {
            let ExprKind::Number(number) = &operand.kind else {
                return Err(refused(expr, "a calculation"));
            };
            ConstantKind::Number(number.neg())
        }
        ExprKind::Parens(inner) => return constant(inner),
        ExprKind::Tuple(elements) => {
            ConstantKind::List(elements.iter().map(constant).collect::<Result<_, _>>()?)
        }
        ExprKind::Object(items) => {
            let items = items.iter().map(|item| Ok((key(&item.key)?, item.key.span, constant(&item.value)?)));
            ConstantKind::Object(items.collect::<Result<_, Problem>>()?)
        }
        ExprKind::Template(_) => return Err(refused(expr, "a template")),
        ExprKind::Traversal(traversal) if traversal.steps.is_empty() => {
            let word = &traversal.root;
            return Err(refused(expr, "a reference").help(format!("a text stands in quotes: \"{word}\"")));
        }
        ExprKind::Traversal(_) | ExprKind::Access { .. } => return Err(refused(expr, "a reference")),
        ExprKind::Call { .. } => return Err(refused(expr, "a function call")),
        ExprKind::Unary { op: UnaryOp::Not, .. } | ExprKind::Binary { .. } => {
            return Err(refused(expr, "a calculation"));
        }
        ExprKind::Conditional { .. } => return Err(refused(expr, "a condition")),
        ExprKind::For(_) => return Err(refused(expr, "a `for` expression")),
    };
    Ok(Constant { kind, span: expr.span })
}

/// The key of an object's entry: a name, or a text in quotes.
fn key(expr: &Expr) -> Result<EcoString, Problem> {
    if let ExprKind::Traversal(traversal) = &expr.kind {
        if traversal.steps.is_empty() {
            return Ok(traversal.root.clone());
        }
        return Err(refused(expr, "a reference").help("a key with dots stands in quotes"));
    }
    match constant(expr)?.kind {
        ConstantKind::Text(text) => Ok(text),
        ConstantKind::Null
        | ConstantKind::Bool(_)
        | ConstantKind::Number(_)
        | ConstantKind::List(_)
        | ConstantKind::Object(_) => Err(refused(expr, "a key that is no text")),
    }
}

fn refused(expr: &Expr, what: &str) -> Problem {
    Problem::at(expr.span, format!("{what} in the settings, which hold constants only")).label("no constant")
}
