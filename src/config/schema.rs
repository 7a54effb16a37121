//! Which arguments and nested blocks a body may hold: HCL's schema-driven reading.

use crate::config::decode::Context;
use crate::source::Span;
use crate::syntax::ast::{Attribute, Block, Body};

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
