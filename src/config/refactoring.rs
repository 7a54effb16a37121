//! `moved`, `removed` and `import` blocks, and provisioners: checked when they are read, kept as written.

use std::fmt;

use crate::addr::{self, ResourceMode};
use crate::config::Module;
use crate::config::decode::{Context, Seen, constant_bool, provider_ref};
use crate::config::schema::{Schema, content, partial};
use crate::config::traversal::{is_static, references, span_of};
use crate::source::Span;
use crate::syntax::ast::{Attribute, Block, Body, Expr, ExprKind, Name, Step, StepKind, Traversal};

const MOVED: Schema = Schema { attributes: &[], required: &["from", "to"], blocks: &[] };

const REMOVED: Schema = Schema {
    attributes: &[],
    required: &["from"],
    blocks: &[("lifecycle", &[]), ("connection", &[]), ("provisioner", &["type"])],
};

const REMOVED_LIFECYCLE: Schema = Schema { attributes: &["destroy"], required: &[], blocks: &[] };

const IMPORT: Schema = Schema { attributes: &["provider", "for_each"], required: &["id", "to"], blocks: &[] };

/// Decodes a `moved`, `removed` or `import` block.
pub(crate) fn decode(cx: &mut Context<'_>, module: &mut Module, seen: &mut Seen, block: Block) {
    let kind = block.block_type.clone();
    if cx.overriding && kind != "removed" {
        let (summary, detail) = if kind == "moved" {
            (
                "Cannot override 'moved' blocks",
                "Records of moved objects can appear only in normal files, not in override files.",
            )
        } else {
            (
                "Cannot override 'import' blocks",
                "Import blocks can appear only in normal files, not in override files.",
            )
        };
        cx.invalid(summary, detail, block.header);
        return;
    }
    module.refactorings.push(block.clone());
    match kind.as_str() {
        "moved" => moved(cx, block),
        "removed" => removed(cx, block),
        _ => import(cx, seen, block),
    }
}

/// What a `from` or `to` address names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The module calls that lead there.
    pub(crate) modules: Vec<Name>,
    /// None for a whole module.
    pub(crate) resource: Option<addr::Resource>,
    /// Whether some instance key is written.
    pub(crate) has_key: bool,
    /// Whether one is written after a module.
    pub(crate) module_key: bool,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let modules = self.modules.iter().map(|name| format!("module.{name}"));
        let parts: Vec<String> = modules.chain(self.resource.iter().map(addr::Resource::to_string)).collect();
        f.write_str(&parts.join("."))
    }
}

fn moved(cx: &mut Context<'_>, block: Block) {
    let header = block.header;
    let mut content = content(cx, block.body, &MOVED, header);
    let from = content.take("from").and_then(|attribute| target(cx, &attribute, false));
    let to = content.take("to").and_then(|attribute| target(cx, &attribute, false));
    if let (Some(from), Some(to)) = (from, to)
        && from.resource.is_some() != to.resource.is_some()
    {
        cx.invalid(
            "Invalid \"moved\" addresses",
            "The \"from\" and \"to\" addresses must either both refer to resources or both refer to modules.",
            header,
        );
    }
}

fn removed(cx: &mut Context<'_>, block: Block) {
    let header = block.header;
    let mut content = content(cx, block.body, &REMOVED, header);
    let from = content.take("from").and_then(|attribute| {
        let span = attribute.expr.span;
        let found = target(cx, &attribute, false)?;
        if found.has_key {
            let (summary, detail) = if found.module_key {
                (
                    "Module instance keys not allowed",
                    "Module address must be a module (e.g. \"module.foo\"), not a module instance (e.g. \"module.foo[1]\").",
                )
            } else {
                (
                    "Resource instance keys not allowed",
                    "Resource address must be a resource (e.g. \"test_instance.foo\"), not a resource instance (e.g. \"test_instance.foo[1]\").",
                )
            };
            cx.invalid(summary, detail, span);
        }
        if found.resource.as_ref().is_some_and(|resource| resource.mode == ResourceMode::Data) {
            cx.invalid(
                "Data source address not allowed",
                "Data sources are never destroyed, so they are not valid targets of removed blocks. To remove the data source from state, remove the data source block from configuration.",
                span,
            );
        }
        Some(found)
    });
    let is_managed =
        from.and_then(|from| from.resource).is_some_and(|resource| resource.mode == ResourceMode::Managed);
    let mut provisioners = Vec::new();
    for inner in content.blocks {
        match inner.block_type.as_str() {
            "lifecycle" => {
                let place = inner.header;
                let mut lifecycle = self::content(cx, inner.body, &REMOVED_LIFECYCLE, place);
                constant_bool(cx, lifecycle.take("destroy"));
            }
            other => {
                if is_managed {
                    if other == "provisioner" && !is_destroy(&inner) {
                        cx.invalid(
                            "Invalid provisioner block",
                            "Only destroy-time provisioners are valid in \"removed\" blocks. To declare a destroy-time provisioner, use:\n    when = destroy",
                            inner.header,
                        );
                    }
                    provisioners.push(inner);
                } else {
                    let detail = if other == "connection" {
                        "Provisioner connection configuration is valid only when a removed block targets a managed resource."
                    } else {
                        "Provisioners are valid only when a removed block targets a managed resource."
                    };
                    cx.invalid(format!("Invalid {other} block"), detail, inner.header);
                }
            }
        }
    }
    check_provisioners(cx, &provisioners);
}

fn import(cx: &mut Context<'_>, seen: &mut Seen, block: Block) {
    let header = block.header;
    let mut content = content(cx, block.body, &IMPORT, header);
    let mut in_module = false;
    if let Some(attribute) = content.take("to") {
        let span = attribute.expr.span;
        let to = target(cx, &attribute, true);
        if let Some(to) = &to {
            in_module = !to.modules.is_empty();
            if to.resource.as_ref().is_none_or(|resource| resource.mode != ResourceMode::Managed) {
                cx.invalid("Invalid import address", "Only managed resources can be imported.", span);
            }
        }
        if let Some(text) = static_text(&attribute.expr)
            && let Some(before) = seen.imports.insert(text.clone(), header)
        {
            let place = cx.place(before);
            cx.invalid(
                format!("Duplicate import configuration for \"{text}\""),
                format!("An import block for the resource \"{text}\" was already declared at {place}. A resource can have only one import block."),
                attribute.expr.span,
            );
        }
    }
    if let Some(attribute) = content.take("provider") {
        if in_module {
            cx.invalid(
                "Invalid import provider argument",
                "The provider argument can only be specified in import blocks that will generate configuration.\n\nUse the providers argument within the module block to configure providers for all resources within a module, including imported resources.",
                attribute.span,
            );
        }
        provider_ref(cx, &attribute.expr, "provider");
    }
}

/// A static reference as text, to tell whether two are the same.
fn static_text(expr: &Expr) -> Option<String> {
    let ExprKind::Traversal(traversal) = &expr.kind else { return None };
    let mut text = traversal.root.to_string();
    for step in &traversal.steps {
        match &step.kind {
            StepKind::Attr(name) => text.extend([".", name]),
            StepKind::Index(key) => {
                if let ExprKind::String(key) = &key.kind {
                    text.push_str(&format!("[{key:?}]"));
                } else if let ExprKind::Number(key) = &key.kind {
                    text.push_str(&format!("[{key}]"));
                } else {
                    return None;
                }
            }
            StepKind::AttrSplat | StepKind::FullSplat => return None,
        }
    }
    Some(text)
}

/// Reads the address in a `from` or `to` argument; `dynamic` allows keys that are expressions.
fn target(cx: &mut Context<'_>, attribute: &Attribute, dynamic: bool) -> Option<Target> {
    let expr = &attribute.expr;
    let ExprKind::Traversal(traversal) = &expr.kind else {
        cx.invalid(
            "Invalid expression",
            "A single static variable reference is required: only attribute access and indexing with constant keys. No calculations, function calls, template expressions, etc are allowed here.",
            expr.span,
        );
        return None;
    };
    if !dynamic && !is_static(traversal) {
        cx.invalid(
            "Invalid expression",
            "A single static variable reference is required: only attribute access and indexing with constant keys. No calculations, function calls, template expressions, etc are allowed here.",
            expr.span,
        );
        return None;
    }
    let found = target_of(traversal);
    if found.is_none() {
        cx.invalid(
            "Invalid address",
            "Resource specification must include a resource type and name.",
            span_of(traversal),
        );
    }
    found
}

/// The module or resource that a traversal names.
pub(crate) fn target_of(traversal: &Traversal) -> Option<Target> {
    let mut names = Names { root: Some(&traversal.root), steps: &traversal.steps, has_key: false };
    let mut modules = Vec::new();
    let mut next = names.name();
    while next.is_some_and(|name| name == "module") {
        modules.push(names.name()?.clone());
        names.skip_key();
        if names.is_empty() {
            let has_key = names.has_key;
            return Some(Target { modules, resource: None, has_key, module_key: has_key });
        }
        next = names.name();
    }
    let module_key = names.has_key;
    let mode = match next?.as_str() {
        "data" => Some(ResourceMode::Data),
        "ephemeral" => Some(ResourceMode::Ephemeral),
        "resource" => Some(ResourceMode::Managed),
        _ => None,
    };
    let type_name = if mode.is_some() { names.name()? } else { next? };
    let name = names.name()?;
    names.skip_key();
    let resource = addr::Resource {
        mode: mode.unwrap_or(ResourceMode::Managed),
        type_name: type_name.clone(),
        name: name.clone(),
    };
    let has_key = names.has_key;
    names.is_empty().then_some(Target { modules, resource: Some(resource), has_key, module_key })
}

struct Names<'t> {
    root: Option<&'t Name>,
    steps: &'t [Step],
    has_key: bool,
}

impl<'t> Names<'t> {
    fn name(&mut self) -> Option<&'t Name> {
        if let Some(root) = self.root.take() {
            return Some(root);
        }
        let (first, rest) = self.steps.split_first()?;
        let StepKind::Attr(name) = &first.kind else { return None };
        self.steps = rest;
        Some(name)
    }

    fn skip_key(&mut self) {
        if let Some((first, rest)) = self.steps.split_first()
            && matches!(first.kind, StepKind::Index(_))
        {
            self.steps = rest;
            self.has_key = true;
        }
    }

    fn is_empty(&self) -> bool {
        self.root.is_none() && self.steps.is_empty()
    }
}

/// The resource of its own module that a reference is to.
pub(crate) fn resource_reference(traversal: &Traversal) -> Option<addr::Resource> {
    let mut names = Names { root: Some(&traversal.root), steps: &traversal.steps, has_key: false };
    let first = names.name()?;
    let mode = match first.as_str() {
        "data" => Some(ResourceMode::Data),
        "ephemeral" => Some(ResourceMode::Ephemeral),
        "resource" => Some(ResourceMode::Managed),
        "count" | "each" | "local" | "module" | "path" | "self" | "terraform" | "var" | "template"
        | "lazy" | "arg" => return None,
        _ => None,
    };
    let type_name = if mode.is_some() { names.name()? } else { first };
    let name = names.name()?;
    Some(addr::Resource {
        mode: mode.unwrap_or(ResourceMode::Managed),
        type_name: type_name.clone(),
        name: name.clone(),
    })
}

const PROVISIONER: Schema = Schema {
    attributes: &["when", "on_failure"],
    required: &[],
    blocks: &[("_", &[]), ("connection", &[]), ("lifecycle", &[])],
};

/// Checks `provisioner` and `connection` blocks, which are kept as written.
pub(crate) fn check_provisioners(cx: &mut Context<'_>, blocks: &[Block]) {
    let mut connection: Option<&Block> = None;
    for block in blocks {
        if block.block_type == "provisioner" {
            check_provisioner(cx, block);
        } else if let Some(first) = connection {
            let place = cx.place(first.header);
            cx.invalid(
                "Duplicate connection block",
                format!("This resource already has a connection block at {place}."),
                block.header,
            );
        } else {
            connection = Some(block);
        }
    }
    if let Some(connection) = connection
        && blocks.iter().any(|block| block.block_type == "provisioner" && is_destroy(block))
    {
        only_self(cx, &connection.body);
    }
}

fn check_provisioner(cx: &mut Context<'_>, block: &Block) {
    if let Some(label) = block.labels.first()
        && matches!(label.text.as_str(), "chef" | "habitat" | "puppet" | "salt-masterless")
    {
        cx.invalid(
            format!("The \"{}\" provisioner has been removed", label.text),
            format!(
                "The \"{}\" provisioner was deprecated in Terraform 0.13.4 has been removed from Terraform.",
                label.text
            ),
            label.span,
        );
        return;
    }
    let (mut content, rest) = partial(cx, block.body.clone(), &PROVISIONER, block.header);
    if let Some(when) = content.take("when")
        && !matches!(word(&when.expr), Some("create" | "destroy"))
    {
        cx.invalid(
            "Invalid \"when\" keyword",
            "The \"when\" argument requires one of the following keywords: create or destroy.",
            when.expr.span,
        );
    }
    if let Some(on_failure) = content.take("on_failure")
        && !matches!(word(&on_failure.expr), Some("continue" | "fail"))
    {
        cx.invalid(
            "Invalid \"on_failure\" keyword",
            "The \"on_failure\" argument requires one of the following keywords: continue or fail.",
            on_failure.expr.span,
        );
    }
    let destroy = is_destroy(block);
    if destroy {
        only_self(cx, &rest);
    }
    let mut connection: Option<Span> = None;
    for inner in content.blocks {
        match (inner.block_type.as_str(), connection) {
            ("_", _) => {}
            ("connection", None) => {
                connection = Some(inner.header);
                if destroy {
                    only_self(cx, &inner.body);
                }
            }
            ("connection", Some(first)) => {
                let place = cx.place(first);
                cx.invalid(
                    "Duplicate connection block",
                    format!("This provisioner already has a connection block at {place}."),
                    inner.header,
                );
            }
            (other, _) => cx.invalid(
                "Reserved block type name in provisioner block",
                format!(
                    "The block type name \"{other}\" is reserved for use by Terraform in a future version."
                ),
                inner.type_span,
            ),
        }
    }
}

/// A keyword, plainly or in quotes.
fn word(expr: &Expr) -> Option<&str> {
    if let ExprKind::String(text) = &expr.kind {
        return Some(text);
    }
    let ExprKind::Traversal(traversal) = &expr.kind else { return None };
    traversal.steps.is_empty().then_some(traversal.root.as_str())
}

fn is_destroy(block: &Block) -> bool {
    block.body.attribute("when").is_some_and(|when| word(&when.expr) == Some("destroy"))
}

/// What runs at destroy time may refer to nothing but the resource itself.
fn only_self(cx: &mut Context<'_>, body: &Body) {
    for attribute in &body.attributes {
        let mut valid = true;
        references(&attribute.expr, &mut |found| {
            let only = match found.steps.as_slice() {
                [Step { kind: StepKind::Attr(name), .. }] => name.as_str(),
                _ => "",
            };
            valid &= match found.root.as_str() {
                "self" | "path" | "terraform" => true,
                "count" => only == "index",
                "each" => only == "key",
                _ => false,
            };
        });
        if !valid {
            cx.invalid(
                "Invalid reference from destroy provisioner",
                "Destroy-time provisioners and their connection configurations may only reference attributes of the related resource, via 'self', 'count.index', or 'each.key'.\n\nReferences to other resources during the destroy phase can cause dependency cycles and interact poorly with create_before_destroy.",
                attribute.expr.span,
            );
        }
    }
}
