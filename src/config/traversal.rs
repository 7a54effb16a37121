//! Expressions that must be static: references without evaluation, constants, and what an expression refers to.

use crate::config::decode::Context;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Name, Step, StepKind, TemplatePart, Traversal};
use crate::syntax::{is_identifier, is_identifier_part};

const NOT_STATIC: &str = "A single static variable reference is required: only attribute access and indexing with constant keys. No calculations, function calls, template expressions, etc are allowed here.";

/// The place of a whole traversal.
pub(crate) fn span_of(traversal: &Traversal) -> Span {
    traversal.steps.last().map_or(traversal.root_span, |step| traversal.root_span.to(step.span))
}

/// Whether all steps are names or constant keys.
pub(crate) fn is_static(traversal: &Traversal) -> bool {
    traversal.steps.iter().all(|step| match &step.kind {
        StepKind::Attr(_) => true,
        StepKind::Index(key) => matches!(key.kind, ExprKind::String(_) | ExprKind::Number(_)),
        StepKind::AttrSplat | StepKind::FullSplat => false,
    })
}

/// The reference that an expression is, written plainly or, as before Terraform 0.12, in quotes.
pub(crate) fn reference(cx: &mut Context<'_>, expr: &Expr) -> Option<Traversal> {
    if let ExprKind::Traversal(traversal) = &expr.kind
        && is_static(traversal)
    {
        return Some(traversal.clone());
    }
    if let ExprKind::String(text) = &expr.kind
        && let Some(traversal) = parse(text, expr.span)
    {
        return Some(traversal);
    }
    cx.invalid("Invalid expression", NOT_STATIC, expr.span);
    None
}

/// Parses `root.name["key"][0]`; every part gets the place of the whole.
pub(crate) fn parse(text: &str, span: Span) -> Option<Traversal> {
    let (root, mut rest) = identifier(text.trim())?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            if let Some((name, after)) = identifier(after) {
                steps.push(Step { kind: StepKind::Attr(name.into()), span });
                rest = after;
            } else {
                let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
                steps.push(Step { kind: StepKind::Index(Box::new(index(&after[..digits], span)?)), span });
                rest = &after[digits..];
            }
        } else if let Some(after) = rest.strip_prefix('[') {
            let (key, after) = match after.strip_prefix('"') {
                Some(quoted) => {
                    let (key, after) = quoted.split_once('"')?;
                    if key.contains('\\') || key.contains("${") || key.contains("%{") {
                        return None;
                    }
                    (Expr { kind: ExprKind::String(key.into()), span }, after)
                }
                None => {
                    let (key, _) = after.split_once(']')?;
                    (index(key, span)?, &after[key.len()..])
                }
            };
            rest = after.strip_prefix(']')?;
            steps.push(Step { kind: StepKind::Index(Box::new(key)), span });
        } else {
            return None;
        }
    }
    Some(Traversal { root: root.into(), root_span: span, steps })
}

fn index(digits: &str, span: Span) -> Option<Expr> {
    let number: u64 = digits.parse().ok()?;
    Some(Expr { kind: ExprKind::Number(number.into()), span })
}

fn identifier(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !is_identifier_part(c)).unwrap_or(text.len());
    is_identifier(&text[..end]).then(|| text.split_at(end))
}

/// The elements of a list that is written out.
pub(crate) fn list<'e>(cx: &mut Context<'_>, expr: &'e Expr) -> &'e [Expr] {
    if let ExprKind::Tuple(elements) = &expr.kind {
        return elements;
    }
    cx.invalid("Invalid expression", "A static list expression is required.", expr.span);
    &[]
}

/// The bare word that an expression is.
pub(crate) fn keyword(expr: &Expr) -> Option<&str> {
    let ExprKind::Traversal(traversal) = &expr.kind else { return None };
    traversal.steps.is_empty().then_some(traversal.root.as_str())
}

/// The text of an object key that is a plain string or a bare name.
pub(crate) fn key_text(key: &Expr) -> Option<&str> {
    if let ExprKind::String(text) = &key.kind { Some(text) } else { keyword(key) }
}

/// Reports references and function calls in an expression that is read before anything can be evaluated.
pub(crate) fn check_constant(cx: &mut Context<'_>, expr: &Expr) -> bool {
    let problems = not_constant(expr);
    let constant = problems.is_empty();
    for (summary, detail, span) in problems {
        cx.invalid(summary, detail, span);
    }
    constant
}

/// The references and function calls in an expression: for each the summary, the detail and the place of the error that it
/// is where only constants may stand.
pub(crate) fn not_constant(expr: &Expr) -> Vec<(&'static str, &'static str, Span)> {
    let mut problems = Vec::new();
    let mut walk =
        Walk { visit: &mut |found| problems.push(found.problem()), into_calls: false, bound: Vec::new() };
    walk.expr(expr);
    problems
}

/// All references in an expression, except to the variables of its own `for` expressions.
pub(crate) fn references(expr: &Expr, visit: &mut dyn FnMut(&Traversal)) {
    let mut on_found = |found: Found<'_>| {
        if let Found::Reference(traversal) = found {
            visit(traversal);
        }
    };
    Walk { visit: &mut on_found, into_calls: true, bound: Vec::new() }.expr(expr);
}

enum Found<'e> {
    Reference(&'e Traversal),
    Call(Span),
}

impl Found<'_> {
    fn problem(self) -> (&'static str, &'static str, Span) {
        match self {
            Found::Reference(traversal) => {
                ("Variables not allowed", "Variables may not be used here.", span_of(traversal))
            }
            Found::Call(span) => ("Function calls not allowed", "Functions may not be called here.", span),
        }
    }
}

struct Walk<'v> {
    visit: &'v mut dyn FnMut(Found<'_>),
    into_calls: bool,
    bound: Vec<Name>,
}

impl Walk<'_> {
    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::String(_) => {}
            ExprKind::Template(parts) => self.parts(parts),
            ExprKind::Traversal(traversal) => {
                if !self.bound.contains(&traversal.root) {
                    (self.visit)(Found::Reference(traversal));
                }
                self.steps(&traversal.steps);
            }
            ExprKind::Access { base, steps } => {
                self.expr(base);
                self.steps(steps);
            }
            ExprKind::Call { args, .. } => {
                (self.visit)(Found::Call(expr.span));
                if self.into_calls {
                    args.iter().for_each(|arg| self.expr(arg));
                }
            }
            ExprKind::Unary { operand, .. } => self.expr(operand),
            ExprKind::Binary { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::Conditional { condition, if_true, if_false } => {
                self.expr(condition);
                self.expr(if_true);
                self.expr(if_false);
            }
            ExprKind::Tuple(elements) => elements.iter().for_each(|element| self.expr(element)),
            ExprKind::Object(items) => {
                for item in items {
                    if key_text(&item.key).is_none() {
                        self.expr(&item.key);
                    }
                    self.expr(&item.value);
                }
            }
            ExprKind::For(each) => {
                self.expr(&each.collection);
                let before = self.bound.len();
                self.bound.extend(each.key_var.clone());
                self.bound.push(each.value_var.clone());
                each.key.iter().for_each(|key| self.expr(key));
                self.expr(&each.value);
                each.condition.iter().for_each(|condition| self.expr(condition));
                self.bound.truncate(before);
            }
            ExprKind::Parens(inner) => self.expr(inner),
        }
    }

    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            if let StepKind::Index(key) = &step.kind {
                self.expr(key);
            }
        }
    }

    fn parts(&mut self, parts: &[TemplatePart]) {
        for part in parts {
            match part {
                TemplatePart::Literal(..) => {}
                TemplatePart::Interpolation(expr) => self.expr(expr),
                TemplatePart::If { condition, if_true, if_false } => {
                    self.expr(condition);
                    self.parts(if_true);
                    self.parts(if_false);
                }
                TemplatePart::For { key, value, collection, body } => {
                    self.expr(collection);
                    let before = self.bound.len();
                    self.bound.extend(key.clone());
                    self.bound.push(value.clone());
                    self.parts(body);
                    self.bound.truncate(before);
                }
            }
        }
    }
}
