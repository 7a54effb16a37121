//! Compound expressions: the tree of `hcl::edit` to ours, at once. No type of that library leaves this file.
//!
//! `hcl::edit` gives the tree and the places; names, numbers and literal text are read from the source under their
//! spans, because Terraform decodes some of them differently. See [`Shape`] for what it gets to see.

use std::ops::Range;

use hcl::edit::expr::{self as edit, BinaryOperator, Expression, TraversalOperator, UnaryOperator};
use hcl::edit::{Decorated, Ident, parser};

use super::ast::{BinaryOp, Expr, ExprKind, ForExpr, Name, Step, StepKind, Traversal, UnaryOp};
use super::native::Lower;
use super::shape::Shape;
use crate::source::Span;

/// The expression that these tokens are, which is more than one leaf.
pub(super) fn expr(lower: &Lower<'_>, tokens: Range<usize>) -> Expr {
    let shape = Shape::of(lower, tokens.clone());
    match parser::parse_expr(&shape.text) {
        Ok(tree) => Tree { lower, shape: &shape }.expr(&tree),
        Err(error) => {
            let at = error.location().offset();
            let at = shape.source(at..at).map_or(lower.bytes(&tokens).end, |at| at.start);
            lower.problem(refusal(error.message()), at..at);
            Expr { kind: ExprKind::Null, span: lower.span(lower.bytes(&tokens)) }
        }
    }
}

/// Why `hcl::edit` refuses what Terraform accepts.
fn refusal(message: &str) -> &'static str {
    if message.contains("nested levels") {
        super::native::TOO_DEEP
    } else if message.contains("chained binary operators") {
        TOO_MANY_OPERATORS
    } else {
        "Terraform accepts this, but the parser of ssmlint does not. The file is not checked."
    }
}

const TOO_MANY_OPERATORS: &str =
    "An expression chains more than 128 operators, the limit of ssmlint. The file is not checked.";
const MISREAD: &str =
    "Terraform reads this text differently from the parser of ssmlint. The file is not checked.";

/// A tree and what it was made of.
#[derive(Clone, Copy)]
struct Tree<'t, 'a> {
    lower: &'t Lower<'a>,
    shape: &'t Shape,
}

impl<'a> Tree<'_, 'a> {
    /// The range of a node in the source.
    fn range(&self, node: &impl hcl::edit::Span) -> Range<usize> {
        let range = node.span().and_then(|range| self.shape.source(range));
        range.unwrap_or_else(|| {
            self.lower.problem(MISREAD, 0..0);
            0..0
        })
    }

    fn name(&self, ident: &Decorated<Ident>) -> (Name, Span) {
        let range = self.range(ident);
        (self.lower.text(range.clone()).into(), self.lower.span(range))
    }

    /// The tokens of the leaf that a node is the name of.
    fn leaf(&self, node: &impl hcl::edit::Span) -> Option<Range<usize>> {
        self.shape.leaf(node.span()?.start)
    }

    fn boxed(&self, expression: &Expression) -> Box<Expr> {
        Box::new(self.expr(expression))
    }

    fn expr(&self, expression: &Expression) -> Expr {
        let span = self.lower.span(self.range(expression));
        let kind = match expression {
            Expression::Variable(ident) => match self.leaf(ident) {
                Some(leaf) => return self.lower.leaf(leaf),
                None => self.misread(span),
            },
            Expression::Parenthesis(inner) => return Expr { span, ..self.expr(inner.inner()) },
            Expression::Conditional(conditional) => ExprKind::Conditional {
                condition: self.boxed(&conditional.cond_expr),
                if_true: self.boxed(&conditional.true_expr),
                if_false: self.boxed(&conditional.false_expr),
            },
            Expression::Traversal(traversal) => return self.traversal(traversal),
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
            // Leaves, which no shape has.
            Expression::Null(_)
            | Expression::Bool(_)
            | Expression::Number(_)
            | Expression::String(_)
            | Expression::StringTemplate(_)
            | Expression::HeredocTemplate(_)
            | Expression::Array(_)
            | Expression::Object(_)
            | Expression::FuncCall(_) => self.misread(span),
        };
        Expr { kind, span }
    }

    fn misread(&self, span: Span) -> ExprKind {
        self.lower.problem(MISREAD, span.start as usize..span.end as usize);
        ExprKind::Null
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

    fn traversal(&self, traversal: &edit::Traversal) -> Expr {
        let mut expr = self.expr(&traversal.expr);
        let mut steps: Vec<Step> = Vec::with_capacity(traversal.operators.len());
        // Where the steps after the last `.*` start, as long as they belong to it.
        let mut attr_splat = None;
        let mut indexed = false;
        let mut is_closed = false;
        for operator in &traversal.operators {
            let range = self.range(operator);
            let span = self.lower.span(range);
            let kind = match operator.value() {
                TraversalOperator::GetAttr(ident) => StepKind::Attr(self.name(ident).0),
                TraversalOperator::Index(index) => StepKind::Index(self.boxed(index)),
                TraversalOperator::LegacyIndex(index) => {
                    indexed |= attr_splat.is_some();
                    StepKind::Index(Box::new(self.lower.number(self.range(index))))
                }
                TraversalOperator::AttrSplat(_) => StepKind::AttrSplat,
                TraversalOperator::FullSplat(_) => StepKind::FullSplat,
            };
            let leaves =
                matches!(operator.value(), TraversalOperator::Index(_) | TraversalOperator::FullSplat(_));
            if leaves && indexed {
                full_splat(&mut steps, attr_splat);
                let reach = std::mem::take(&mut steps);
                expr = if is_closed { access(expr, reach) } else { with_steps(expr, reach) };
                is_closed = true;
            }
            if leaves {
                (attr_splat, indexed) = (None, false);
            }
            if matches!(operator.value(), TraversalOperator::AttrSplat(_)) {
                attr_splat = Some(steps.len());
            }
            steps.push(Step { kind, span });
        }
        if indexed {
            full_splat(&mut steps, attr_splat);
        }
        if is_closed { access(expr, steps) } else { with_steps(expr, steps) }
    }
}

/// A traversal with more steps, when `expr` is one.
fn with_steps(expr: Expr, more: Vec<Step>) -> Expr {
    match (expr.kind, more.last()) {
        // In `(a).b` the parentheses close the traversal.
        (ExprKind::Traversal(Traversal { root, root_span, mut steps }), Some(last))
            if steps.last().map_or(root_span, |last| root_span.to(last.span)) == expr.span =>
        {
            let span = expr.span.to(last.span);
            steps.extend(more);
            Expr { kind: ExprKind::Traversal(Traversal { root, root_span, steps }), span }
        }
        (kind, _) => access(Expr { kind, span: expr.span }, more),
    }
}

/// Steps after any expression.
fn access(base: Expr, steps: Vec<Step>) -> Expr {
    let Some(last) = steps.last() else { return base };
    let span = base.span.to(last.span);
    Expr { kind: ExprKind::Access { base: Box::new(base), steps }, span }
}

/// Says of a `.*` that has a `.0` among its steps that the index applies to each element as names do, which is what
/// `[*]` says for all steps up to the end of an expression.
fn full_splat(steps: &mut [Step], splat: Option<usize>) {
    if let Some(step) = splat.and_then(|at| steps.get_mut(at)) {
        step.kind = StepKind::FullSplat;
    }
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
