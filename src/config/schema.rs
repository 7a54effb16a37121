//! Which arguments and nested blocks a body may hold: HCL's schema-driven reading, native and JSON syntax alike.
//!
//! JSON syntax does not tell arguments from blocks, so that there the schema decides.

use crate::config::decode::Context;
use crate::source::Span;
use crate::syntax::ast::{Attribute, Block, Body, Expr, ExprKind, Label, Name};

/// The arguments and blocks that Terraform itself knows in one kind of body.
pub(crate) struct Schema {
    /// Optional arguments.
    pub(crate) attributes: &'static [&'static str],
    /// Arguments that must be there.
    pub(crate) required: &'static [&'static str],
    /// Block types with the names of their labels.
    pub(crate) blocks: &'static [(&'static str, &'static [&'static str])],
}

impl Schema {
    fn has_attribute(&self, name: &str) -> bool {
        self.attributes.contains(&name) || self.required.contains(&name)
    }

    fn labels(&self, block_type: &str) -> Option<&'static [&'static str]> {
        self.blocks.iter().find(|(name, _)| *name == block_type).map(|(_, labels)| *labels)
    }
}

/// The parts of a body that a [`Schema`] names.
#[derive(Default)]
pub(crate) struct Content {
    /// In source order.
    pub(crate) attributes: Vec<Attribute>,
    /// In source order; each has exactly the labels of the schema.
    pub(crate) blocks: Vec<Block>,
}

impl Content {
    /// Takes the argument of that name out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Attribute> {
        let index = self.attributes.iter().position(|attribute| attribute.name == name)?;
        Some(self.attributes.remove(index))
    }
}

/// Reads a body that may hold nothing but what the schema names; `header` is the place of the block that holds it.
pub(crate) fn content(cx: &mut Context<'_>, body: Body, schema: &Schema, header: Span) -> Content {
    let (content, rest) = partial(cx, body, schema, header);
    for attribute in &rest.attributes {
        if cx.json {
            cx.invalid(
                "Extraneous JSON object property",
                format!("No argument or block type is named \"{}\".", attribute.name),
                attribute.name_span,
            );
        } else {
            let hint = match schema.labels(&attribute.name) {
                Some(_) => format!(" Did you mean to define a block of type \"{}\"?", attribute.name),
                None => String::new(),
            };
            cx.invalid(
                "Unsupported argument",
                format!("An argument named \"{}\" is not expected here.{hint}", attribute.name),
                attribute.name_span,
            );
        }
    }
    for block in &rest.blocks {
        let hint = if schema.has_attribute(&block.block_type) {
            format!(
                " Did you mean to define argument \"{}\"? If so, use the equals sign to assign it a value.",
                block.block_type
            )
        } else {
            String::new()
        };
        cx.invalid(
            "Unsupported block type",
            format!("Blocks of type \"{}\" are not expected here.{hint}", block.block_type),
            block.type_span,
        );
    }
    content
}

/// Takes what the schema names out of a body; the rest belongs to somebody else.
pub(crate) fn partial(cx: &mut Context<'_>, body: Body, schema: &Schema, header: Span) -> (Content, Body) {
    let mut found = Content::default();
    let mut rest = Body { attributes: Vec::new(), blocks: Vec::new(), end: body.end };
    rest.attributes.reserve(body.attributes.len());
    for attribute in body.attributes {
        if schema.has_attribute(&attribute.name) {
            found.attributes.push(attribute);
        } else if let (true, Some(labels)) = (cx.json, schema.labels(&attribute.name)) {
            found.blocks.extend(json_blocks(cx, attribute, labels.len()));
        } else {
            rest.attributes.push(attribute);
        }
    }
    for block in body.blocks {
        match schema.labels(&block.block_type) {
            None => rest.blocks.push(block),
            Some(labels) => {
                if check_labels(cx, &block, labels) {
                    found.blocks.push(block);
                }
            }
        }
    }
    if !cx.overriding {
        for name in schema.required {
            if !found.attributes.iter().any(|attribute| attribute.name == *name) {
                cx.missing_argument(name, header);
            }
        }
    }
    (found, rest)
}

fn check_labels(cx: &mut Context<'_>, block: &Block, names: &[&str]) -> bool {
    let block_type = &block.block_type;
    if let Some(extra) = block.labels.get(names.len()) {
        let detail = if names.is_empty() {
            format!("No labels are expected for {block_type} blocks.")
        } else {
            format!(
                "Only {} labels ({}) are expected for {block_type} blocks.",
                names.len(),
                names.join(", ")
            )
        };
        cx.invalid(format!("Extraneous label for {block_type}"), detail, extra.span);
        return false;
    }
    if let Some(missing) = names.get(block.labels.len()) {
        cx.invalid(
            format!("Missing {missing} for {block_type}"),
            format!("All {block_type} blocks must have {} labels ({}).", names.len(), names.join(", ")),
            block.header,
        );
        return false;
    }
    true
}

/// A JSON property as the blocks it stands for: one object level per label, arrays for several blocks.
pub(crate) fn json_blocks(cx: &mut Context<'_>, attribute: Attribute, labels: usize) -> Vec<Block> {
    let mut blocks = Vec::new();
    let start = Header { block_type: attribute.name, type_span: attribute.name_span, span: attribute.span };
    descend(cx, &start, Vec::new(), attribute.expr, labels, &mut blocks);
    blocks
}

struct Header {
    block_type: Name,
    type_span: Span,
    span: Span,
}

fn descend(
    cx: &mut Context<'_>,
    header: &Header,
    labels: Vec<Label>,
    expr: Expr,
    missing: usize,
    blocks: &mut Vec<Block>,
) {
    let span = expr.span;
    match expr.kind {
        ExprKind::Null => {}
        ExprKind::Tuple(elements) => {
            for element in elements {
                descend(cx, header, labels.clone(), element, missing, blocks);
            }
        }
        ExprKind::Object(items) if missing > 0 => {
            for item in items {
                let Some(text) = key_text(&item.key) else { continue };
                if text == "//" {
                    continue;
                }
                let mut labels = labels.clone();
                labels.push(Label { text, span: item.key.span });
                descend(cx, header, labels, item.value, missing - 1, blocks);
            }
        }
        ExprKind::Object(items) => {
            let place = labels.last().map_or(header.type_span, |label| label.span);
            let attributes = items.into_iter().filter_map(|item| {
                let name = key_text(&item.key).filter(|name| name != "//")?;
                let span = item.key.span.to(item.value.span);
                Some(Attribute { name, name_span: item.key.span, expr: item.value, span })
            });
            let body = Body { attributes: attributes.collect(), blocks: Vec::new(), end: None };
            blocks.push(Block {
                block_type: header.block_type.clone(),
                type_span: header.type_span,
                labels,
                body,
                header: place,
                span: place.to(span).to(header.span.at_start().to(place)),
            });
        }
        ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Template(_)
        | ExprKind::Traversal(_)
        | ExprKind::Access { .. }
        | ExprKind::Call { .. }
        | ExprKind::Unary { .. }
        | ExprKind::Binary { .. }
        | ExprKind::Conditional { .. }
        | ExprKind::For(_)
        | ExprKind::Parens(_) => {
            cx.invalid(
                "Incorrect JSON value type",
                format!(
                    "Either a JSON object or a JSON array is required, representing the contents of one or more \"{}\" blocks.",
                    header.block_type
                ),
                span,
            );
        }
    }
}

/// The text of an object key that is a plain string or a bare name.
pub(crate) fn key_text(key: &Expr) -> Option<Name> {
    if let ExprKind::String(text) = &key.kind {
        return Some(text.clone());
    }
    if let ExprKind::Traversal(traversal) = &key.kind
        && traversal.steps.is_empty()
    {
        return Some(traversal.root.clone());
    }
    None
}
