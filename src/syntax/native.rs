//! Native syntax: the tree of `hcl::edit` to ours, at once. No type of that library leaves this file.
//!
//! `hcl::edit` gives the shape and the places; names, numbers and literal text are read from the source under
//! their spans, because Terraform decodes some of them differently.

use std::ops::Range;

use ecow::EcoString;
use hcl::edit::expr::{
    self as edit, BinaryOperator, Expression, ObjectKey, TraversalOperator, UnaryOperator,
};
use hcl::edit::structure::{self, BlockLabel, Structure};
use hcl::edit::template::{Directive, Element, Template};
use hcl::edit::{Decorated, Ident, parser};

use super::Parsed;
use super::ast::{
    Attribute, BinaryOp, Block, Body, Expr, ExprKind, File, ForExpr, Label, Name, ObjectItem, Step, StepKind,
    TemplatePart, Traversal, UnaryOp,
};
use super::literal::{self, Quoting, Token, Tokens};
use crate::diagnostic::Diagnostic;
use crate::number::Number;
use crate::source::{SourceFile, Span};

/// The byte order mark, which Terraform skips.
const BOM: &str = "\u{feff}";

/// Parses a file in native syntax.
pub(super) fn parse(file: &SourceFile) -> Parsed {
    let lower = Lower::new(file);
    match parser::parse_body(lower.text) {
        Ok(body) => Parsed {
            file: File { id: file.id, body: lower.root(&body), comments: Vec::new() },
            diagnostics: Vec::new(),
            complete: true,
        },
        Err(error) => Parsed {
            file: File { id: file.id, body: Body::default(), comments: Vec::new() },
            diagnostics: vec![lower.refused(&error)],
            complete: false,
        },
    }
}

/// Parses one expression.
pub(super) fn parse_expression(file: &SourceFile) -> Result<Expr, Vec<Diagnostic>> {
    let lower = Lower::new(file);
    let trimmed = lower.text.trim_ascii();
    let start = trimmed.as_ptr() as usize - lower.text.as_ptr() as usize;
    let lower = Lower { base: lower.base + start as u32, text: trimmed, ..lower };
    match parser::parse_expr(lower.text) {
        Ok(expr) => Ok(lower.expr(&expr)),
        Err(error) => Err(vec![lower.refused(&error)]),
    }
}

/// Parses a whole text as a template.
pub(super) fn parse_template(file: &SourceFile) -> Result<Expr, Vec<Diagnostic>> {
    let lower = Lower::new(file);
    match parser::parse_template(lower.text) {
        Ok(template) => {
            let span = Span { start: lower.base, ..file.span() };
            Ok(lower.template(&template, Quoting::Bare, Indent::Kept, span))
        }
        Err(error) => Err(vec![lower.refused(&error)]),
    }
}

/// Whether a heredoc keeps its indent (`<<`) or loses it (`<<-`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Indent {
    Kept,
    Flushed,
}

/// The source that a tree is lowered against.
#[derive(Clone, Copy)]
struct Lower<'a> {
    file: &'a SourceFile,
    /// Where `text` starts in the file.
    base: u32,
    text: &'a str,
}

impl<'a> Lower<'a> {
    fn new(file: &'a SourceFile) -> Lower<'a> {
        let text = file.text.strip_prefix(BOM).unwrap_or(&file.text);
        Lower { file, base: (file.text.len() - text.len()) as u32, text }
    }

    fn refused(&self, error: &parser::Error) -> Diagnostic {
        let at = error.location().offset();
        let end = self.text.get(at..).and_then(|rest| rest.chars().next()).map_or(at, |c| at + c.len_utf8());
        Diagnostic::invalid("Invalid expression", error.message(), Some(self.span(at..end)))
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span { file: self.file.id, start: self.base + range.start as u32, end: self.base + range.end as u32 }
    }

    /// The range of a node that the parser has just made.
    fn range(node: &impl hcl::edit::Span) -> Range<usize> {
        node.span().unwrap_or(0..0)
    }

    fn slice(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or("")
    }

    fn name(&self, ident: &Decorated<Ident>) -> (Name, Span) {
        let range = Self::range(ident);
        (self.slice(range.clone()).into(), self.span(range))
    }

    fn root(&self, body: &structure::Body) -> Body {
        let end = self.text.len();
        self.body(body, end)
    }

    fn body(&self, body: &structure::Body, end: usize) -> Body {
        let mut lowered = Body { end: Some(self.span(end..end)), ..Body::default() };
        for item in body {
            match item {
                Structure::Attribute(attribute) => lowered.attributes.push(self.attribute(attribute)),
                Structure::Block(block) => lowered.blocks.push(self.block(block)),
            }
        }
        lowered
    }

    fn attribute(&self, attribute: &structure::Attribute) -> Attribute {
        let (name, name_span) = self.name(&attribute.key);
        let expr = self.expr(&attribute.value);
        Attribute { name, name_span, span: name_span.to(expr.span), expr }
    }

    fn block(&self, block: &structure::Block) -> Block {
        let (block_type, type_span) = self.name(&block.ident);
        let labels: Vec<Label> = block.labels.iter().map(|label| self.label(label)).collect();
        let header = labels.last().map_or(type_span, |label| type_span.to(label.span));
        let range = Self::range(block);
        let body = self.body(&block.body, range.end.saturating_sub(1));
        Block { block_type, type_span, labels, body, header, span: self.span(range) }
    }

    fn label(&self, label: &BlockLabel) -> Label {
        match label {
            BlockLabel::Ident(ident) => {
                let (text, span) = self.name(ident);
                Label { text, span }
            }
            BlockLabel::String(string) => {
                let range = Self::range(string);
                Label { text: self.quoted(range.clone()).into(), span: self.span(range) }
            }
        }
    }

    /// The text of a quoted string without interpolation.
    fn quoted(&self, range: Range<usize>) -> std::borrow::Cow<'a, str> {
        literal::decode(self.slice(range.start + 1..range.end.saturating_sub(1)), Quoting::Quoted)
    }

    fn boxed(&self, expression: &Expression) -> Box<Expr> {
        Box::new(self.expr(expression))
    }

    fn expr(&self, expression: &Expression) -> Expr {
        let range = Self::range(expression);
        let span = self.span(range.clone());
        let kind = match expression {
            Expression::Null(_) => ExprKind::Null,
            Expression::Bool(value) => ExprKind::Bool(*value.value()),
            Expression::Number(_) => return self.number(range),
            Expression::String(_) => ExprKind::String(literal::normalise(&self.quoted(range))),
            Expression::Array(array) => ExprKind::Tuple(array.iter().map(|item| self.expr(item)).collect()),
            Expression::Object(object) => ExprKind::Object(
                object
                    .iter()
                    .map(|(key, value)| ObjectItem { key: self.key(key), value: self.expr(value.expr()) })
                    .collect(),
            ),
            Expression::StringTemplate(template) => {
                return self.template(template, Quoting::Quoted, Indent::Kept, span);
            }
            Expression::HeredocTemplate(heredoc) => {
                let flush = self.slice(range).starts_with("<<-");
                let indent = if flush { Indent::Flushed } else { Indent::Kept };
                return self.template(&heredoc.template, Quoting::Bare, indent, span);
            }
            Expression::Parenthesis(inner) => return Expr { span, ..self.expr(inner.inner()) },
            Expression::Variable(ident) => {
                let (root, root_span) = self.name(ident);
                ExprKind::Traversal(Traversal { root, root_span, steps: Vec::new() })
            }
            Expression::Conditional(conditional) => ExprKind::Conditional {
                condition: self.boxed(&conditional.cond_expr),
                if_true: self.boxed(&conditional.true_expr),
                if_false: self.boxed(&conditional.false_expr),
            },
            Expression::FuncCall(call) => self.call(call),
            Expression::Traversal(traversal) => return self.traversal(traversal, span),
            Expression::UnaryOp(unary) => ExprKind::Unary {
                op: match unary.operator.value() {
                    UnaryOperator::Neg => UnaryOp::Negate,
                    UnaryOperator::Not => UnaryOp::Not,
                },
                operand: self.boxed(&unary.expr),
            },
            Expression::BinaryOp(binary) => ExprKind::Binary {
                op: binary_op(*binary.operator.value()),
                left: self.boxed(&binary.lhs_expr),
                right: self.boxed(&binary.rhs_expr),
            },
            Expression::ForExpr(for_expr) => ExprKind::For(Box::new(self.for_expr(for_expr))),
        };
        Expr { kind, span }
    }

    /// A number literal, whose minus sign the parser may have taken in.
    fn number(&self, range: Range<usize>) -> Expr {
        let text = self.slice(range.clone());
        let digits = text.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
        let start = if text.starts_with('-') { range.end - text[digits..].len() } else { range.start };
        let number = Expr {
            kind: match Number::parse(self.slice(start..range.end)) {
                Some(number) => ExprKind::Number(number),
                None => ExprKind::Null,
            },
            span: self.span(start..range.end),
        };
        if start == range.start {
            return number;
        }
        let kind = ExprKind::Unary { op: UnaryOp::Negate, operand: Box::new(number) };
        Expr { kind, span: self.span(range) }
    }

    fn key(&self, key: &ObjectKey) -> Expr {
        let word = |range: Range<usize>| {
            let span = self.span(range.clone());
            let root = self.slice(range).into();
            Expr { kind: ExprKind::Traversal(Traversal { root, root_span: span, steps: Vec::new() }), span }
        };
        match key {
            ObjectKey::Ident(ident) => word(Self::range(ident)),
            // As a key, a keyword is a plain name.
            ObjectKey::Expression(Expression::Null(node)) => word(Self::range(node)),
            ObjectKey::Expression(Expression::Bool(node)) => word(Self::range(node)),
            ObjectKey::Expression(Expression::Parenthesis(inner)) => Expr {
                kind: ExprKind::Parens(self.boxed(inner.inner())),
                span: self.span(Self::range(inner.as_ref())),
            },
            ObjectKey::Expression(expression) => self.expr(expression),
        }
    }

    fn call(&self, call: &edit::FuncCall) -> ExprKind {
        let (last, last_span) = self.name(&call.name.name);
        let mut name = EcoString::new();
        let mut name_span = last_span;
        for namespace in &call.name.namespace {
            let (part, span) = self.name(namespace);
            name_span = name_span.to(span);
            name.push_str(&part);
            name.push_str("::");
        }
        name.push_str(&last);
        let args = call.args.iter().map(|arg| self.expr(arg)).collect();
        ExprKind::Call { name, name_span, args, expand_final: call.args.expand_final() }
    }

    fn for_expr(&self, for_expr: &edit::ForExpr) -> ForExpr {
        ForExpr {
            key_var: for_expr.intro.key_var.as_ref().map(|ident| self.name(ident).0),
            value_var: self.name(&for_expr.intro.value_var).0,
            collection: self.expr(&for_expr.intro.collection_expr),
            key: for_expr.key_expr.as_ref().map(|key| self.expr(key)),
            value: self.expr(&for_expr.value_expr),
            group: for_expr.grouping,
            condition: for_expr.cond.as_ref().map(|cond| self.expr(&cond.expr)),
        }
    }

    fn traversal(&self, traversal: &edit::Traversal, span: Span) -> Expr {
        let mut expr = self.expr(&traversal.expr);
        let mut steps: Vec<Step> = Vec::with_capacity(traversal.operators.len());
        // Where the steps after the last `.*` start, as long as they belong to it.
        let mut attr_splat = None;
        let mut indexed = false;
        for operator in &traversal.operators {
            let span = self.span(Self::range(operator));
            let kind = match operator.value() {
                TraversalOperator::GetAttr(ident) => StepKind::Attr(self.name(ident).0),
                TraversalOperator::Index(index) => StepKind::Index(self.expr(index)),
                TraversalOperator::LegacyIndex(index) => {
                    indexed |= attr_splat.is_some();
                    StepKind::Index(self.number(Self::range(index)))
                }
                TraversalOperator::AttrSplat(_) => StepKind::AttrSplat,
                TraversalOperator::FullSplat(_) => StepKind::FullSplat,
            };
            let leaves =
                matches!(operator.value(), TraversalOperator::Index(_) | TraversalOperator::FullSplat(_));
            if leaves && indexed {
                expr = close_splat(expr, std::mem::take(&mut steps), attr_splat);
            }
            if leaves {
                (attr_splat, indexed) = (None, false);
            }
            if matches!(operator.value(), TraversalOperator::AttrSplat(_)) {
                attr_splat = Some(steps.len());
            }
            steps.push(Step { kind, span });
        }
        if indexed { close_splat(expr, steps, attr_splat) } else { Expr { span, ..with_steps(expr, steps) } }
    }

    fn template(&self, template: &Template, quoting: Quoting, indent: Indent, span: Span) -> Expr {
        let mut tokens = Tokens::default();
        self.tokens(template, quoting, &mut tokens);
        if indent == Indent::Flushed {
            tokens.flush();
        }
        let mut tokens = tokens.finish().into_iter();
        let mut parts = self.parts(template, &mut tokens);
        let kind = match parts.pop() {
            None => ExprKind::String(EcoString::new()),
            Some(TemplatePart::Literal(text, _)) if parts.is_empty() => ExprKind::String(text),
            Some(last) => {
                parts.push(last);
                ExprKind::Template(parts)
            }
        };
        Expr { kind, span }
    }

    /// The flat tokens of a template.
    fn tokens(&self, template: &Template, quoting: Quoting, tokens: &mut Tokens) {
        for element in template {
            match element {
                Element::Literal(literal) => tokens.literal(self.slice(Self::range(literal)), quoting),
                Element::Interpolation(interpolation) => {
                    tokens.sequence(interpolation.strip.strip_start(), interpolation.strip.strip_end());
                }
                Element::Directive(directive) => match directive.as_ref() {
                    Directive::If(directive) => {
                        let strip = directive.if_expr.strip;
                        tokens.sequence(strip.strip_start(), strip.strip_end());
                        self.tokens(&directive.if_expr.template, quoting, tokens);
                        if let Some(otherwise) = &directive.else_expr {
                            tokens.sequence(otherwise.strip.strip_start(), otherwise.strip.strip_end());
                            self.tokens(&otherwise.template, quoting, tokens);
                        }
                        let strip = directive.endif_expr.strip;
                        tokens.sequence(strip.strip_start(), strip.strip_end());
                    }
                    Directive::For(directive) => {
                        let strip = directive.for_expr.strip;
                        tokens.sequence(strip.strip_start(), strip.strip_end());
                        self.tokens(&directive.for_expr.template, quoting, tokens);
                        let strip = directive.endfor_expr.strip;
                        tokens.sequence(strip.strip_start(), strip.strip_end());
                    }
                },
            }
        }
    }

    /// The parts of a template; takes from `tokens` what [`Lower::tokens`] made of it.
    fn parts(&self, template: &Template, tokens: &mut std::vec::IntoIter<Token>) -> Vec<TemplatePart> {
        let mut parts = Vec::with_capacity(template.len());
        for element in template {
            match element {
                Element::Literal(literal) => {
                    let mut text = String::new();
                    while let Some(Token::Literal(piece)) = tokens.as_slice().first() {
                        text.push_str(piece);
                        tokens.next();
                    }
                    if !text.is_empty() {
                        let span = self.span(Self::range(literal));
                        parts.push(TemplatePart::Literal(literal::normalise(&text), span));
                    }
                }
                Element::Interpolation(interpolation) => {
                    tokens.next();
                    parts.push(TemplatePart::Interpolation(self.expr(&interpolation.expr)));
                }
                Element::Directive(directive) => match directive.as_ref() {
                    Directive::If(directive) => {
                        tokens.next();
                        let if_true = self.parts(&directive.if_expr.template, tokens);
                        let if_false = match &directive.else_expr {
                            Some(otherwise) => {
                                tokens.next();
                                self.parts(&otherwise.template, tokens)
                            }
                            None => Vec::new(),
                        };
                        tokens.next();
                        let condition = self.expr(&directive.if_expr.cond_expr);
                        parts.push(TemplatePart::If { condition, if_true, if_false });
                    }
                    Directive::For(directive) => {
                        tokens.next();
                        let body = self.parts(&directive.for_expr.template, tokens);
                        tokens.next();
                        parts.push(TemplatePart::For {
                            key: directive.for_expr.key_var.as_ref().map(|ident| self.name(ident).0),
                            value: self.name(&directive.for_expr.value_var).0,
                            collection: self.expr(&directive.for_expr.collection_expr),
                            body,
                        });
                    }
                },
            }
        }
        parts
    }
}

/// `expr` with steps after it.
fn with_steps(expr: Expr, steps: Vec<Step>) -> Expr {
    let Some(last) = steps.last() else { return expr };
    let span = expr.span.to(last.span);
    let kind = match expr.kind {
        // In `(a).b` the parentheses close the traversal.
        ExprKind::Traversal(traversal) if traversal.steps.is_empty() && traversal.root_span == expr.span => {
            ExprKind::Traversal(Traversal { steps, ..traversal })
        }
        kind => ExprKind::Access { base: Box::new(Expr { kind, span: expr.span }), steps },
    };
    Expr { kind, span }
}

/// Ends the reach of a `.*` that has a `.0` among its steps: the index applies to each element as names do,
/// which is what `[*]` says for all steps up to the end of an expression.
fn close_splat(expr: Expr, mut steps: Vec<Step>, splat: Option<usize>) -> Expr {
    if let Some(step) = splat.and_then(|at| steps.get_mut(at)) {
        step.kind = StepKind::FullSplat;
    }
    with_steps(expr, steps)
}

fn binary_op(operator: BinaryOperator) -> BinaryOp {
    match operator {
        BinaryOperator::Or => BinaryOp::Or,
        BinaryOperator::And => BinaryOp::And,
        BinaryOperator::Eq => BinaryOp::Equal,
        BinaryOperator::NotEq => BinaryOp::NotEqual,
        BinaryOperator::Less => BinaryOp::Less,
        BinaryOperator::LessEq => BinaryOp::LessOrEqual,
        BinaryOperator::Greater => BinaryOp::Greater,
        BinaryOperator::GreaterEq => BinaryOp::GreaterOrEqual,
        BinaryOperator::Plus => BinaryOp::Add,
        BinaryOperator::Minus => BinaryOp::Subtract,
        BinaryOperator::Mul => BinaryOp::Multiply,
        BinaryOperator::Div => BinaryOp::Divide,
        BinaryOperator::Mod => BinaryOp::Modulo,
    }
}
