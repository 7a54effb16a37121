//! Override files: what is written in one takes the place of what the primary files say, as Terraform merges it.

use rustc_hash::FxHashSet;

use crate::config::decode::Context;
use crate::config::traversal::span_of;
use crate::config::{IgnoreChanges, ModuleCall, Resource, Variable};
use crate::source::Span;
use crate::syntax::ast::{Block, Body, Expr, ExprKind, Name, Traversal};

/// What a `variable` block sets; none of what it does not mention.
pub(crate) struct VariableParts {
    pub(crate) type_expr: Option<Expr>,
    /// `Err` for a default that may not be evaluated.
    pub(crate) default: Option<Result<Expr, Expr>>,
    pub(crate) sensitive: Option<bool>,
    pub(crate) ephemeral: Option<bool>,
    pub(crate) nullable: Option<bool>,
}

/// Applies what a block sets to a variable.
pub(crate) fn variable(cx: &mut Context<'_>, variable: &mut Variable, parts: VariableParts, header: Span) {
    let changed = parts.default.is_some() || parts.nullable.is_some();
    if parts.type_expr.is_some() {
        variable.type_expr = parts.type_expr;
    }
    if let Some(default) = parts.default {
        let (Ok(expr) | Err(expr)) = default;
        variable.default = Some(expr);
    }
    variable.sensitive = parts.sensitive.unwrap_or(variable.sensitive);
    variable.ephemeral = parts.ephemeral.unwrap_or(variable.ephemeral);
    variable.nullable = parts.nullable.unwrap_or(variable.nullable);
    let is_null =
        |default: &Option<Expr>| default.as_ref().is_some_and(|expr| matches!(expr.kind, ExprKind::Null));
    if changed && !variable.nullable && is_null(&variable.default) {
        let span = if cx.overriding { header } else { variable.default.as_ref().map_or(header, |e| e.span) };
        cx.invalid(
            "Invalid default value for variable",
            "A null default value is not valid when nullable=false.",
            span,
        );
    }
}

/// Replaces in a resource what the override block sets.
pub(crate) fn resource(cx: &mut Context<'_>, base: &mut Resource, over: Resource) {
    replace(&mut base.count, over.count);
    replace(&mut base.for_each, over.for_each);
    replace(&mut base.provider, over.provider);
    if over.ignore_changes != IgnoreChanges::None && base.ignore_changes != IgnoreChanges::All {
        base.ignore_changes = over.ignore_changes;
    }
    for block_type in ["connection", "provisioner"] {
        if over.provisioners.iter().any(|block| block.block_type == block_type) {
            base.provisioners.retain(|block| block.block_type != block_type);
        }
    }
    base.provisioners.extend(over.provisioners);
    body(&mut base.body, over.body);
    refuse_depends_on(cx, &over.depends_on);
}

/// Replaces in a module call what the override block sets.
pub(crate) fn module_call(cx: &mut Context<'_>, base: &mut ModuleCall, over: ModuleCall) {
    if over.source_span.is_some() {
        base.source = over.source;
        base.source_span = over.source_span;
    }
    replace(&mut base.version, over.version);
    replace(&mut base.count, over.count);
    replace(&mut base.for_each, over.for_each);
    if !over.providers.is_empty() {
        base.providers = over.providers;
    }
    body(&mut base.arguments, over.arguments);
    refuse_depends_on(cx, &over.depends_on);
}

fn replace<T>(base: &mut Option<T>, over: Option<T>) {
    if over.is_some() {
        *base = over;
    }
}

/// `depends_on` cannot be overridden.
pub(crate) fn refuse_depends_on(cx: &mut Context<'_>, depends_on: &[Traversal]) {
    if let Some(first) = depends_on.first() {
        cx.invalid("Unsupported override", "The depends_on argument may not be overridden.", span_of(first));
    }
}

/// Merges bodies: an argument takes the place of its namesake, and the blocks of one type, `dynamic` or not, that of
/// all blocks of that type. In JSON syntax an argument may stand for blocks, so that names count for both.
pub(crate) fn body(base: &mut Body, over: Body) {
    let arguments: FxHashSet<Name> = over.attributes.iter().map(|attribute| attribute.name.clone()).collect();
    let blocks: FxHashSet<Name> = over.blocks.iter().map(|block| produced(block).clone()).collect();
    let is_replaced = |name: &Name| arguments.contains(name) || blocks.contains(name);
    base.attributes.retain(|attribute| !is_replaced(&attribute.name));
    base.blocks.retain(|block| !is_replaced(produced(block)));
    base.attributes.extend(over.attributes);
    base.blocks.extend(over.blocks);
}

/// The type of the blocks that a block stands for.
fn produced(block: &Block) -> &Name {
    match block.labels.first() {
        Some(label) if block.block_type == "dynamic" => &label.text,
        _ => &block.block_type,
    }
}
