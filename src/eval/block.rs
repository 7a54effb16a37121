//! Block bodies: attributes evaluated, nested blocks and `dynamic` blocks expanded.

use ecow::EcoString;

use crate::eval::expr::pairs;
use crate::eval::origin::{OriginId, Step};
use crate::eval::scope::{Bound, Evaluator, Scope};
use crate::eval::value::{InstanceId, Type, Value};
use crate::eval::{AttributeValue, BlockValue, NestedBlock};
use crate::syntax::ast::{Block, Body, Expr};
use crate::truth::Truth;

impl<'a> Evaluator<'a> {
    /// The arguments of a resource instance; each attribute is evaluated once, whoever asked first.
    pub(super) fn resource_body(&mut self, scope: &Scope<'_>, id: InstanceId, body: &'a Body) -> BlockValue {
        let mut attributes = Vec::with_capacity(body.attributes.len());
        for attribute in &body.attributes {
            let value = self.argument(id, attribute);
            attributes.push(AttributeValue {
                name: attribute.name.clone(),
                value,
                span: Some(attribute.span),
                expr_span: Some(attribute.expr.span),
            });
        }
        let blocks = self.nested_blocks(scope, body);
        BlockValue { attributes, blocks, end: body.end }
    }

    pub(super) fn block_value(&mut self, scope: &Scope<'_>, body: &Body) -> BlockValue {
        let attributes = body
            .attributes
            .iter()
            .map(|attribute| {
                self.spend(0, size_of::<AttributeValue>());
                AttributeValue {
                    name: attribute.name.clone(),
                    value: self.eval(scope, &attribute.expr),
                    span: Some(attribute.span),
                    expr_span: Some(attribute.expr.span),
                }
            })
            .collect();
        let blocks = self.nested_blocks(scope, body);
        BlockValue { attributes, blocks, end: body.end }
    }

    fn nested_blocks(&mut self, scope: &Scope<'_>, body: &Body) -> Vec<NestedBlock> {
        let mut blocks = Vec::new();
        if self.depth >= self.env.limits.depth {
            self.limit(&format!("blocks nested too deeply, depth ({})", self.env.limits.depth), body.end);
            return blocks;
        }
        self.depth += 1;
        for block in &body.blocks {
            if block.block_type == "dynamic" {
                self.dynamic(scope, block, &mut blocks);
            } else {
                blocks.push(self.nested(
                    scope,
                    &block.block_type,
                    block,
                    &block.body,
                    Truth::Yes,
                    OriginId::NONE,
                ));
            }
        }
        self.depth -= 1;
        blocks
    }

    fn nested(
        &mut self,
        scope: &Scope<'_>,
        block_type: &EcoString,
        block: &Block,
        body: &Body,
        exists: Truth,
        exists_because: OriginId,
    ) -> NestedBlock {
        self.spend(0, size_of::<NestedBlock>());
        NestedBlock {
            block_type: block_type.clone(),
            body: self.block_value(scope, body),
            exists,
            exists_because,
            decl_range: Some(block.header),
            span: Some(block.span),
        }
    }

    fn dynamic(&mut self, scope: &Scope<'_>, block: &Block, blocks: &mut Vec<NestedBlock>) {
        let Some(label) = block.labels.first() else { return };
        let Some(for_each) = block.body.attribute("for_each") else {
            let detail = "A dynamic block must have a \"for_each\" argument.";
            self.error("Missing required argument", detail, block.header);
            return;
        };
        let Some(content) = block.body.blocks_of("content").next() else {
            let detail = "A dynamic block must have a nested block of type \"content\" to describe the body of \
                          each generated block.";
            self.error("Missing content block", detail, block.header);
            return;
        };
        let iterator = match block.body.attribute("iterator").map(|attribute| &attribute.expr) {
            Some(expr) => iterator_name(expr).unwrap_or_else(|| label.text.clone()),
            None => label.text.clone(),
        };
        let collection = self.eval(scope, &for_each.expr);
        let because = self.origin(Some(for_each.span), Step::Expansion, [collection.origin]);
        if collection.is_null() {
            let detail = "Cannot use a null value in for_each.";
            self.error("Invalid dynamic for_each value", detail, for_each.expr.span);
            return;
        }
        let mut choices = Vec::new();
        let known = match collection.as_unknown() {
            None => {
                choices.push((collection.clone(), Truth::Yes));
                pairs(&collection).is_some()
            }
            Some(unknown) => match &unknown.possible {
                // A conditional between collections: every block of either may exist.
                Some(possible) if possible.iter().all(|value| pairs(value).is_some()) => {
                    choices.extend(possible.iter().map(|value| (value.clone(), Truth::Unknown)));
                    true
                }
                _ => false,
            },
        };
        if !known {
            if !collection.is_unknown() {
                let detail = format!(
                    "Cannot use a {} value in for_each. An iterable collection is required.",
                    collection.ty().friendly_name()
                );
                self.error("Invalid dynamic for_each value", detail, for_each.expr.span);
                return;
            }
            let each = collection.as_unknown().and_then(|unknown| unknown.each.as_deref()).cloned();
            let key = self.unknown_element(&collection, "key", Type::Dynamic);
            let value = match each {
                Some(each) => each,
                None => {
                    let ty = collection.ty().element().cloned().unwrap_or(Type::Dynamic);
                    self.unknown_element(&collection, "value", ty)
                }
            };
            self.dynamic_block(
                scope,
                label.text.clone(),
                (block, content),
                &iterator,
                (key, value),
                (Truth::Unknown, because),
                blocks,
            );
            return;
        }
        for (choice, exists) in choices {
            let (errors, made) = (self.errors.len(), blocks.len());
            for pair in pairs(&choice).unwrap_or_default() {
                if blocks.len() >= self.env.limits.elements || !self.step() {
                    if self.is_exhausted() {
                        self.exhausted(Some(block.header));
                    } else {
                        let limit = self.env.limits.elements;
                        let what = format!("a dynamic block makes too many blocks, elements ({limit})");
                        self.limit(&what, Some(block.header));
                    }
                    return;
                }
                self.dynamic_block(
                    scope,
                    label.text.clone(),
                    (block, content),
                    &iterator,
                    pair,
                    (exists, because),
                    blocks,
                );
            }
            // What Terraform would refuse is not the one of several collections that it is.
            if exists.is_unknown() && self.errors.len() > errors {
                self.errors.truncate(errors);
                blocks.truncate(made);
            }
        }
    }

    fn unknown_element(&mut self, collection: &Value, which: &str, ty: Type) -> Value {
        let value = Value::unknown(ty);
        let value = self.settle(value, which, std::slice::from_ref(collection));
        value.with_origin(collection.origin)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one call for each way in which a dynamic block is expanded"
    )]
    fn dynamic_block(
        &mut self,
        scope: &Scope<'_>,
        block_type: EcoString,
        (block, content): (&Block, &Block),
        iterator: &str,
        (key, value): (Value, Value),
        (exists, because): (Truth, OriginId),
        blocks: &mut Vec<NestedBlock>,
    ) {
        let object = Value::object([("key".into(), key), ("value".into(), value)]);
        let bound = Bound { name: iterator, value: object, next: scope.bound };
        let inner = Scope { bound: Some(&bound), ..*scope };
        blocks.push(self.nested(&inner, &block_type, block, &content.body, exists, because));
    }
}

fn iterator_name(expr: &Expr) -> Option<EcoString> {
    crate::eval::scope::bare_name(expr).cloned()
}

/// The nested blocks of a type as a value: a tuple of objects, all with the origin by which they are known to be blocks.
pub(super) fn blocks_value(body: &BlockValue, block_type: &str, origin: OriginId) -> Value {
    Value::tuple(body.blocks_of(block_type).map(|block| body_value(&block.body, origin)))
}

fn body_value(body: &BlockValue, origin: OriginId) -> Value {
    let mut entries: Vec<(EcoString, Value)> =
        body.attributes.iter().map(|attribute| (attribute.name.clone(), attribute.value.clone())).collect();
    let mut types: Vec<&EcoString> = body.blocks.iter().map(|block| &block.block_type).collect();
    types.sort();
    types.dedup();
    entries.extend(types.into_iter().map(|name| (name.clone(), blocks_value(body, name, origin))));
    Value::object(entries).with_origin(origin)
}
