//! Native syntax: the tree of `hcl::edit` to ours, at once. No type of that library leaves this file.
//!
//! `hcl::edit` gives the shape and the places; names, numbers and literal text are read from the source under
//! their spans, because Terraform decodes some of them differently.

use std::cell::Cell;
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
    Attribute, BinaryOp, Block, Body, Comment, Expr, ExprKind, File, ForExpr, Label, Name, ObjectItem, Step,
    StepKind, TemplatePart, Traversal, UnaryOp,
};
use super::check::{self, Note, Tokens, Whole};
use super::literal::{self, Piece, Pieces, Quoting};
use super::place::Place;
use super::repair;
use super::scan::{self, Heredoc, Kind, Scan, Start};
use super::shape::Shape;
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::number::Number;
use crate::source::{SourceFile, Span};

/// The byte order mark, which Terraform skips.
pub(super) const BOM: &str = "\u{feff}";

/// The size beyond which a file is not parsed: eight times the largest that was found in public code. It bounds
/// the time and the memory that one file can take.
pub(super) const MAX_FILE_BYTES: usize = 1 << 20;

/// The largest sum of squared key counts of the objects of a file. `hcl::edit` compares each key with all that
/// stand before it; this many comparisons take about half a second.
const MAX_KEY_PAIRS: u64 = 10_000 * 10_000;

/// Parses a file in native syntax.
pub(super) fn parse(file: &SourceFile) -> Parsed {
    let (place, text) = whole(file);
    let source = Source::new(place, text, Start::Code);
    let comments = source.comments();
    let (body, diagnostics) =
        match source.read(Whole::Body, parser::parse_body, |lower, body| lower.root(body)) {
            Ok(body) => (body, Vec::new()),
            Err(diagnostics) => (Body::default(), diagnostics),
        };
    let complete = diagnostics.is_empty();
    Parsed { file: File { id: file.id, body, comments }, diagnostics, complete }
}

/// Parses a file that is one expression.
pub(super) fn parse_expression(file: &SourceFile) -> Result<Expr, Vec<Diagnostic>> {
    let (place, text) = whole(file);
    expression(place, text)
}

/// Parses a file that is a template as a whole.
pub(super) fn parse_template(file: &SourceFile) -> Result<Expr, Vec<Diagnostic>> {
    let (place, text) = whole(file);
    template(place, text)
}

/// Parses a text that is one expression.
pub(super) fn expression(place: Place<'_>, text: &str) -> Result<Expr, Vec<Diagnostic>> {
    // Line breaks mean nothing in an expression that stands alone, as if it were in parentheses.
    let in_parens = |text: &str| parser::parse_expr(&format!("({text}\n)"));
    Source::new(place, text, Start::Code).read(Whole::Expression, in_parens, |lower, expr| {
        let inner = if let Expression::Parenthesis(parens) = expr { parens.inner() } else { expr };
        Lower { shift: 1, ..*lower }.expr(inner)
    })
}

/// Parses a text that is a template.
pub(super) fn template(place: Place<'_>, text: &str) -> Result<Expr, Vec<Diagnostic>> {
    let span = place.span(0..text.len());
    Source::new(place, text, Start::Template).read(
        Whole::Template,
        parser::parse_template,
        |lower, template| lower.template(template, Quoting::Bare, Indent::Kept, span),
    )
}

/// The text of a file without its byte order mark.
fn whole(file: &SourceFile) -> (Place<'_>, &str) {
    let text = file.text.strip_prefix(BOM).unwrap_or(&file.text);
    (Place { file, base: (file.text.len() - text.len()) as u32, escapes: &[] }, text)
}

/// A text and its tokens.
struct Source<'a> {
    place: Place<'a>,
    text: &'a str,
    /// None: the file is too large.
    scan: Option<Scan>,
}

impl<'a> Source<'a> {
    fn new(place: Place<'a>, text: &'a str, start: Start) -> Source<'a> {
        let scan = (text.len() <= MAX_FILE_BYTES).then(|| scan::scan(text, start));
        Source { place, text, scan }
    }

    fn comments(&self) -> Vec<Comment> {
        let tokens = self.scan.iter().flat_map(|scan| &scan.tokens);
        let comments = tokens.filter(|token| token.kind == Kind::Comment).map(|token| {
            let range = token.start as usize..token.end as usize;
            let text = self.text.get(range.clone()).unwrap_or("").trim_end_matches(['\n', '\r']);
            Comment { span: self.span(range.start..range.start + text.len()) }
        });
        comments.collect()
    }

    fn span(&self, range: Range<usize>) -> Span {
        self.place.span(range)
    }

    /// Has `parser` read the text and `lower` make our tree of it, or says why not.
    fn read<T, U>(
        &self,
        whole: Whole,
        parser: impl Fn(&str) -> Result<T, parser::Error>,
        lower: impl FnOnce(&Lower<'_>, &T) -> U,
    ) -> Result<U, Vec<Diagnostic>> {
        let Some(scan) = &self.scan else { return Err(vec![self.too_large()]) };
        let tokens = Tokens { place: self.place, text: self.text, tokens: &scan.tokens };
        let found = check::check(tokens, whole, Note::Nothing);
        if !found.diagnostics.is_empty() {
            return Err(found.diagnostics);
        }
        if let Some(deep) = found.too_deep {
            return Err(vec![self.not_understood(TOO_DEEP, deep)]);
        }
        if found.key_pairs > MAX_KEY_PAIRS {
            return Err(vec![self.not_understood(TOO_MANY_KEYS, 0..0)]);
        }
        let patched = repair::patched(self.text, &scan.patches);
        // What is refused in this form, for equal keys of an object say, may be accepted as it stands.
        let shape = Shape::of(&patched, &scan.tokens);
        let parsed = shape.as_ref().and_then(|shape| parser(&shape.text).ok());
        let (tree, shape) = match (parsed, &shape) {
            (Some(tree), Some(shape)) => (tree, Some(shape)),
            _ => {
                let tree = parser(&patched).or_else(|error| {
                    repair::repaired(&patched, tokens, whole).map_or(Err(error), |text| parser(&text))
                });
                (tree.map_err(|error| vec![self.refused(&error)])?, None)
            }
        };
        let problem = Cell::new(None);
        let context = Lower { source: self, heredocs: &scan.heredocs, shape, shift: 0, problem: &problem };
        let lowered = lower(&context, &tree);
        match problem.take() {
            None => Ok(lowered),
            Some((problem, range)) => Err(vec![self.not_understood(problem, range)]),
        }
    }

    fn not_understood(&self, detail: &str, at: Range<usize>) -> Diagnostic {
        Diagnostic {
            summary: "Syntax not understood by ssmlint".to_owned(),
            detail: detail.to_owned(),
            span: Some(self.span(at)),
            kind: DiagnosticKind::NotUnderstood,
        }
    }

    fn too_large(&self) -> Diagnostic {
        let detail = format!(
            "The file has {} bytes. ssmlint parses files of up to {MAX_FILE_BYTES} bytes.",
            self.text.len()
        );
        Diagnostic { summary: "File too large for ssmlint".to_owned(), ..self.not_understood(&detail, 0..0) }
    }

    /// What `hcl::edit` refuses although Terraform accepts it.
    fn refused(&self, error: &parser::Error) -> Diagnostic {
        let at = error.location().offset().min(self.text.len());
        let detail = match error.message() {
            message if message.contains("nested levels") => TOO_DEEP,
            message if message.contains("chained binary operators") => TOO_MANY_OPERATORS,
            _ => "Terraform accepts this, but the parser of ssmlint does not. The file is not checked.",
        };
        self.not_understood(detail, at..at)
    }
}

const TOO_DEEP: &str =
    "The code is nested deeper than 64 levels, the limit of ssmlint. The file is not checked.";
const TOO_MANY_OPERATORS: &str =
    "An expression chains more than 128 operators, the limit of ssmlint. The file is not checked.";
const TOO_MANY_KEYS: &str = "The objects of this file have more keys than ssmlint reads: the squares of their key \
                             counts add up to more than 100,000,000. The file is not checked.";
const MISREAD: &str =
    "Terraform reads this text differently from the parser of ssmlint. The file is not checked.";
pub(super) const BAD_NUMBER: &str = "The number has more than 40,000 digits or a power of ten beyond 131,072, the limits \
                                     of ssmlint. The file is not checked.";

/// Whether a heredoc keeps its indent (`<<`) or loses it (`<<-`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Indent {
    Kept,
    Flushed,
}

/// The source that a tree is lowered against.
#[derive(Clone, Copy)]
struct Lower<'a> {
    source: &'a Source<'a>,
    heredocs: &'a [Heredoc],
    /// What was parsed instead of the text, if not the text itself.
    shape: Option<&'a Shape>,
    /// How many bytes stand before the text in what was parsed.
    shift: usize,
    /// What forbids to use the tree, and where.
    problem: &'a Cell<Option<(&'static str, Range<usize>)>>,
}

impl<'a> Lower<'a> {
    fn problem(&self, what: &'static str, range: Range<usize>) {
        self.problem.set(Some((what, range)));
    }

    fn span(&self, range: Range<usize>) -> Span {
        self.source.span(range)
    }

    /// The range of a node in the text.
    fn range(&self, node: &impl hcl::edit::Span) -> Range<usize> {
        let range = node
            .span()
            .map(|range| range.start.saturating_sub(self.shift)..range.end.saturating_sub(self.shift));
        let range = match self.shape {
            Some(shape) => range.and_then(|range| shape.source(range)),
            None => range,
        };
        range.unwrap_or_else(|| {
            self.problem(MISREAD, 0..0);
            0..0
        })
    }

    fn slice(&self, range: Range<usize>) -> &'a str {
        self.source.text.get(range).unwrap_or("")
    }

    fn name(&self, ident: &Decorated<Ident>) -> (Name, Span) {
        let range = self.range(ident);
        (self.slice(range.clone()).into(), self.span(range))
    }

    fn root(&self, body: &structure::Body) -> Body {
        let end = self.source.text.len();
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
        let range = self.range(block);
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
                let range = self.range(string);
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
        let range = self.range(expression);
        let span = self.span(range.clone());
        let kind = match expression {
            Expression::Null(_) => ExprKind::Null,
            Expression::Bool(value) => ExprKind::Bool(*value.value()),
            Expression::Number(_) => return self.number(range),
            Expression::String(_) => match scan::heredoc_at(self.heredocs, range.start) {
                Some(heredoc) => return self.heredoc(heredoc),
                None => ExprKind::String(literal::normalise(&self.quoted(range))),
            },
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
                if !scan::is_heredoc(self.heredocs, &range) {
                    self.problem(MISREAD, range.clone());
                }
                return self.template(&heredoc.template, Quoting::Bare, self.indent(range), span);
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

    /// A heredoc without template sequences, which was parsed as a string.
    fn heredoc(&self, heredoc: &Heredoc) -> Expr {
        let range = heredoc.range();
        let mut pieces = Pieces::default();
        pieces.literal(self.slice(heredoc.body()), Quoting::Bare);
        if self.indent(range.clone()) == Indent::Flushed {
            pieces.flush();
        }
        let text: String = pieces.finish().iter().map(Piece::text).collect();
        let end = range.start + self.slice(range.clone()).trim_end_matches(literal::is_space).len();
        Expr { kind: ExprKind::String(literal::normalise(&text)), span: self.span(range.start..end) }
    }

    /// Whether the heredoc in a range keeps its indent.
    fn indent(&self, range: Range<usize>) -> Indent {
        if self.slice(range).starts_with("<<-") { Indent::Flushed } else { Indent::Kept }
    }

    /// A number literal, whose minus sign the parser may have taken in.
    fn number(&self, range: Range<usize>) -> Expr {
        let text = self.slice(range.clone());
        let digits = text.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
        let start = if text.starts_with('-') { range.end - text[digits..].len() } else { range.start };
        let number = Expr {
            kind: match Number::parse(self.slice(start..range.end)) {
                Some(number) => ExprKind::Number(number),
                None => {
                    self.problem(BAD_NUMBER, range.clone());
                    ExprKind::Null
                }
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
            ObjectKey::Ident(ident) => word(self.range(ident)),
            // As a key, a keyword is a plain name.
            ObjectKey::Expression(Expression::Null(node)) => word(self.range(node)),
            ObjectKey::Expression(Expression::Bool(node)) => word(self.range(node)),
            ObjectKey::Expression(Expression::Parenthesis(inner)) => Expr {
                kind: ExprKind::Parens(self.boxed(inner.inner())),
                span: self.span(self.range(inner.as_ref())),
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
            let span = self.span(self.range(operator));
            let kind = match operator.value() {
                TraversalOperator::GetAttr(ident) => StepKind::Attr(self.name(ident).0),
                TraversalOperator::Index(index) => StepKind::Index(self.expr(index)),
                TraversalOperator::LegacyIndex(index) => {
                    indexed |= attr_splat.is_some();
                    StepKind::Index(self.number(self.range(index)))
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
        let mut pieces = Pieces::default();
        self.pieces(template, quoting, &mut pieces);
        if indent == Indent::Flushed {
            pieces.flush();
        }
        let mut pieces = pieces.finish().into_iter();
        let mut parts = self.parts(template, &mut pieces);
        // Text that a strip marker has emptied still makes the result a string.
        if let ([TemplatePart::Interpolation(_)], true) = (&parts[..], template.len() > 1) {
            parts.push(TemplatePart::Literal(EcoString::new(), span));
        }
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

    /// The flat pieces of a template.
    fn pieces(&self, template: &Template, quoting: Quoting, pieces: &mut Pieces) {
        for element in template {
            match element {
                Element::Literal(literal) => pieces.literal(self.slice(self.range(literal)), quoting),
                Element::Interpolation(interpolation) => {
                    pieces.sequence(interpolation.strip.strip_start(), interpolation.strip.strip_end());
                }
                Element::Directive(directive) => match directive.as_ref() {
                    Directive::If(directive) => {
                        let strip = directive.if_expr.strip;
                        pieces.sequence(strip.strip_start(), strip.strip_end());
                        self.pieces(&directive.if_expr.template, quoting, pieces);
                        if let Some(otherwise) = &directive.else_expr {
                            pieces.sequence(otherwise.strip.strip_start(), otherwise.strip.strip_end());
                            self.pieces(&otherwise.template, quoting, pieces);
                        }
                        let strip = directive.endif_expr.strip;
                        pieces.sequence(strip.strip_start(), strip.strip_end());
                    }
                    Directive::For(directive) => {
                        let strip = directive.for_expr.strip;
                        pieces.sequence(strip.strip_start(), strip.strip_end());
                        self.pieces(&directive.for_expr.template, quoting, pieces);
                        let strip = directive.endfor_expr.strip;
                        pieces.sequence(strip.strip_start(), strip.strip_end());
                    }
                },
            }
        }
    }

    /// The parts of a template; takes from `pieces` what [`Lower::pieces`] made of it.
    fn parts(&self, template: &Template, pieces: &mut std::vec::IntoIter<Piece>) -> Vec<TemplatePart> {
        let mut parts = Vec::with_capacity(template.len());
        for element in template {
            match element {
                Element::Literal(literal) => {
                    let mut text = String::new();
                    while let Some(Piece::Literal(piece)) = pieces.as_slice().first() {
                        text.push_str(piece);
                        pieces.next();
                    }
                    // Trimmed to nothing, it still makes the template a string.
                    let span = self.span(self.range(literal));
                    parts.push(TemplatePart::Literal(literal::normalise(&text), span));
                }
                Element::Interpolation(interpolation) => {
                    pieces.next();
                    parts.push(TemplatePart::Interpolation(self.expr(&interpolation.expr)));
                }
                Element::Directive(directive) => match directive.as_ref() {
                    Directive::If(directive) => {
                        pieces.next();
                        let if_true = self.parts(&directive.if_expr.template, pieces);
                        let if_false = match &directive.else_expr {
                            Some(otherwise) => {
                                pieces.next();
                                self.parts(&otherwise.template, pieces)
                            }
                            None => Vec::new(),
                        };
                        pieces.next();
                        let condition = self.expr(&directive.if_expr.cond_expr);
                        parts.push(TemplatePart::If { condition, if_true, if_false });
                    }
                    Directive::For(directive) => {
                        pieces.next();
                        let body = self.parts(&directive.for_expr.template, pieces);
                        pieces.next();
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
    // In `(a).b` the parentheses close the traversal.
    let open = matches!(&expr.kind, ExprKind::Traversal(root) if root.steps.is_empty() && root.root_span == expr.span);
    if open && let ExprKind::Traversal(traversal) = expr.kind {
        return Expr { kind: ExprKind::Traversal(Traversal { steps, ..traversal }), span };
    }
    let kind = ExprKind::Access { base: Box::new(expr), steps };
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
