//! What can be checked once modules stand together: arguments of calls, and the providers passed to them.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::config::refactoring::{Target, target_of};
use crate::config::traversal::span_of;
use crate::config::{Child, Module, ModuleCall, ModuleNode, ProviderConfig, ProviderRef};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{Block, Expr, ExprKind, Name};

/// Checks the arguments of a call against the variables of the module that it calls.
pub(crate) fn call(call: &ModuleCall, module: &Module, diagnostics: &mut Vec<Diagnostic>) {
    let given: FxHashSet<&str> =
        call.arguments.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
    for variable in module.variables.values() {
        if variable.default.is_none() && !given.contains(variable.name.as_str()) {
            diagnostics.push(Diagnostic::invalid(
                "Missing required argument",
                format!("The argument \"{}\" is required, but no definition was found.", variable.name),
                Some(call.decl_range),
            ));
        }
    }
    for block in &call.arguments.blocks {
        diagnostics.push(Diagnostic::invalid(
            "Unsupported block type",
            format!("Blocks of type \"{}\" are not expected here.", block.block_type),
            Some(block.type_span),
        ));
    }
    // A variable may stand in a file that could not be read, or be one that a summary leaves out.
    if module.is_open() {
        return;
    }
    for attribute in &call.arguments.attributes {
        if !module.variables.contains_key(&attribute.name) {
            diagnostics.push(Diagnostic::invalid(
                "Unsupported argument",
                format!("An argument named \"{}\" is not expected here.", attribute.name),
                Some(attribute.name_span),
            ));
        }
    }
}

/// Checks through the whole tree that the provider configurations that modules use are there and are passed rightly.
pub(crate) fn providers(root: &ModuleNode, diagnostics: &mut Vec<Diagnostic>) {
    check_providers(root, None, &mut Vec::new(), None, diagnostics);
}

/// The module that calls, and the call.
type Caller<'n> = (&'n Module, &'n ModuleCall);

fn check_providers(
    node: &ModuleNode,
    caller: Option<Caller<'_>>,
    path: &mut Vec<Name>,
    repeated: Option<Span>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let module = &node.module;
    for (name, child) in &node.children {
        let (Child::Module(child), Some(call)) = (child, module.module_calls.get(name)) else { continue };
        let repetition = call.count.as_ref().or(call.for_each.as_ref()).map(|expr| expr.span);
        let repetition = repetition.or_else(|| call.depends_on.first().map(span_of));
        path.push(name.clone());
        check_providers(child, Some((module, call)), path, repetition.or(repeated), diagnostics);
        path.pop();
    }
    check_references(module, caller, path, diagnostics);
    if let Some(caller) = caller {
        check_passed(module, caller, path, repeated, diagnostics);
    }
}

/// Resources may refer to aliases that the module configures, or that it is declared to be given.
fn check_references(
    module: &Module,
    caller: Option<Caller<'_>>,
    path: &[Name],
    diagnostics: &mut Vec<Diagnostic>,
) {
    if module.incomplete {
        return;
    }
    let configured = module.providers.iter().map(|config| (&config.name, config.alias.as_ref()));
    let declared = module.required_providers.values().flat_map(|required| required.aliases.iter().map(key));
    let passed = caller.iter().flat_map(|(_, call)| call.providers.iter().map(|(inner, _)| key(inner)));
    let known: FxHashSet<_> = configured.chain(declared).chain(passed).collect();
    for resource in module.resources.values() {
        let Some(wanted) = resource.provider.as_ref().filter(|wanted| wanted.alias.is_some()) else {
            continue;
        };
        if known.contains(&key(wanted)) {
            continue;
        }
        let address = match path {
            [] => resource.addr.to_string(),
            _ => format!("{}.{}", module_address(path), resource.addr),
        };
        let alias = wanted.alias.as_deref().unwrap_or_default();
        let provider = source_address(module, &wanted.name);
        diagnostics.push(Diagnostic::invalid(
            "Provider configuration not present",
            format!("To work with {address} its original provider configuration at provider[\"{provider}\"].{alias} is required, but it has been removed. This occurs when a provider configuration is removed while objects created by that provider still exist in the state. Re-add the provider configuration to destroy {address}, after which you can remove the provider configuration again."),
            wanted.span.or(Some(resource.decl_range)),
        ));
    }
}

fn key(provider: &ProviderRef) -> (&Name, Option<&Name>) {
    (&provider.name, provider.alias.as_ref())
}

fn check_passed(
    module: &Module,
    (caller, call): Caller<'_>,
    path: &[Name],
    repeated: Option<Span>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let address = module_address(path);
    let caller_address = match path {
        [] | [_] => "the root module".to_owned(),
        [callers @ .., _] => module_address(callers),
    };
    // An empty block is how old modules say that they expect a provider.
    let is_empty = |config: &ProviderConfig| {
        config.body.attributes.is_empty() && config.body.blocks.is_empty() && !config.has_version
    };
    let configured: Vec<&ProviderConfig> =
        module.providers.iter().filter(|config| !is_empty(config)).collect();
    if let (Some(span), false) = (repeated, configured.is_empty()) {
        diagnostics.push(Diagnostic::invalid(
            "Module is incompatible with count, for_each, and depends_on",
            format!("The module at {address} is a legacy module which contains its own local provider configurations, and so calls to it may not use the count, for_each, or depends_on arguments."),
            Some(span),
        ));
    }
    let configured: FxHashSet<_> =
        configured.iter().map(|config| (&config.name, config.alias.as_ref())).collect();
    let passed: FxHashSet<_> = call.providers.iter().map(|(inner, _)| key(inner)).collect();
    for required in module.required_providers.values() {
        for alias in &required.aliases {
            if !configured.contains(&key(alias)) && !passed.contains(&key(alias)) {
                let provider = source_address(module, &alias.name);
                diagnostics.push(Diagnostic::invalid(
                    "Missing required provider configuration",
                    format!("The child module requires an additional configuration for provider {}, with the local name \"{alias}\".\n\nRefer to the module's documentation to understand the intended purpose of this additional provider configuration, and then add an entry for {alias} in the \"providers\" meta-argument in the module block to choose which provider configuration the module should use for that purpose.", for_display(&provider)),
                    Some(call.decl_range),
                ));
            }
        }
    }
    for (inner, outer) in &call.providers {
        if configured.contains(&key(inner)) {
            diagnostics.push(Diagnostic::invalid(
                "Cannot override provider configuration",
                format!("The configuration of {address} has its own local configuration for {inner}, and so it cannot accept an overridden configuration provided by {caller_address}."),
                inner.span.or(Some(call.decl_range)),
            ));
        }
        let wanted = passed_address(module, &inner.name);
        let given = passed_address(caller, &outer.name);
        if wanted != given && !module.is_open() && !caller.incomplete {
            diagnostics.push(Diagnostic::invalid(
                "Provider type mismatch",
                format!("The local name \"{outer}\" in {caller_address} represents provider \"{}\", but \"{inner}\" in {address} represents \"{}\".\n\nEach provider has its own distinct configuration schema and provider types, so this module's \"{inner}\" can be assigned only a configuration for {}.", for_display(&given), for_display(&wanted), for_display(&wanted)),
                outer.span.or(Some(call.decl_range)),
            ));
        }
    }
}

fn module_address(path: &[Name]) -> String {
    let calls: Vec<String> = path.iter().map(|name| format!("module.{name}")).collect();
    calls.join(".")
}

/// The full source address of a provider's local name in a module.
fn source_address(module: &Module, name: &str) -> String {
    match module.required_providers.get(name).and_then(|required| required.source.as_deref()) {
        Some(source) => full_address(source),
        None if name == "terraform" => "terraform.io/builtin/terraform".to_owned(),
        None => full_address(name),
    }
}

/// As [`source_address`], by the rule for `providers` arguments, which does not know the built-in provider.
fn passed_address(module: &Module, name: &str) -> String {
    match module.required_providers.contains_key(name) {
        true => source_address(module, name),
        false => full_address(name),
    }
}

fn full_address(source: &str) -> String {
    let source = source.to_lowercase();
    match source.split('/').count() {
        1 => format!("registry.terraform.io/hashicorp/{source}"),
        2 => format!("registry.terraform.io/{source}"),
        _ => source,
    }
}

fn for_display(address: &str) -> &str {
    address.strip_prefix("registry.terraform.io/").unwrap_or(address)
}

/// Checks `moved`, `removed` and `import` blocks against what the tree declares.
pub(crate) fn refactorings(root: &ModuleNode, diagnostics: &mut Vec<Diagnostic>) {
    check_refactorings(root, &mut Vec::new(), diagnostics);
}

fn check_refactorings(node: &ModuleNode, path: &mut Vec<Name>, diagnostics: &mut Vec<Diagnostic>) {
    let mut moves: FxHashMap<String, String> = FxHashMap::default();
    let mut has_import = false;
    for block in &node.module.refactorings {
        let target = |name: &str| {
            block
                .body
                .attribute(name)
                .and_then(|argument| Some((target(&argument.expr)?, argument.expr.span)))
        };
        match block.block_type.as_str() {
            "removed" => {
                let Some((from, _)) = target("from").filter(|(from, _)| !from.has_key) else { continue };
                if let Some((noun, address, span)) = declared(node, path, &from) {
                    diagnostics.push(Diagnostic::invalid(
                        format!("Removed {noun} still exists"),
                        format!("This statement declares that {address} was removed, but it is still declared in configuration."),
                        Some(span),
                    ));
                }
            }
            "moved" => {
                let (Some((from, _)), Some((to, _))) = (target("from"), target("to")) else { continue };
                check_move(node, path, block, (&from, &to), &mut moves, diagnostics);
            }
            // Import blocks are only for roots; the first one says so for all.
            _ if !path.is_empty() => {
                if !std::mem::replace(&mut has_import, true) {
                    diagnostics.push(Diagnostic::invalid(
                        "Invalid import configuration",
                        format!("An import block was detected in \"{}\". Import blocks are only allowed in the root module.", module_address(path)),
                        Some(block.header),
                    ));
                }
            }
            _ => {
                let Some((to, span)) = target("to") else { continue };
                if to.resource.is_some() && is_certainly_absent(node, &to) {
                    diagnostics.push(Diagnostic::invalid(
                        "Configuration for import target does not exist",
                        format!("The configuration for the given import target {to} does not exist. All target instances must have an associated configuration to be imported."),
                        Some(span),
                    ));
                }
            }
        }
    }
    if let Some((from, block)) = node.module.refactorings.iter().find_map(|block| {
        let from = target(&block.body.attribute("from")?.expr)?.to_string();
        (block.block_type == "moved" && moves_in_circle(&moves, &from)).then_some((from, block))
    }) {
        diagnostics.push(Diagnostic::invalid(
            "Cyclic dependency in move statements",
            format!("The chained move statements from {from} form a cycle, and so there is no final location to move objects to. A chain of move statements must end with an address that doesn't appear in any other statements, and which typically also refers to an object still declared in the configuration."),
            Some(block.header),
        ));
    }
    for (name, child) in &node.children {
        if let Child::Module(child) = child {
            path.push(name.clone());
            check_refactorings(child, path, diagnostics);
            path.pop();
        }
    }
}

/// Whether the moves from an address lead back to it.
fn moves_in_circle(moves: &FxHashMap<String, String>, from: &str) -> bool {
    let mut at = from;
    for _ in 0..moves.len() {
        let Some(next) = moves.get(at) else { return false };
        if next == from {
            return true;
        }
        at = next;
    }
    false
}

fn target(expr: &Expr) -> Option<Target> {
    let ExprKind::Traversal(traversal) = &expr.kind else { return None };
    target_of(traversal)
}

/// The declaration of what an address names: its noun, its address from the root, and its place.
fn declared(node: &ModuleNode, path: &[Name], target: &Target) -> Option<(&'static str, String, Span)> {
    let relative = target.to_string();
    let address = match path {
        [] => relative,
        _ => format!("{}.{relative}", module_address(path)),
    };
    match &target.resource {
        Some(resource) => {
            let found = descendant(node, &target.modules)?.module.resources.get(resource)?;
            Some(("resource", address, found.decl_range))
        }
        None => {
            let (last, modules) = target.modules.split_last()?;
            let call = descendant(node, modules)?.module.module_calls.get(last)?;
            Some(("module", address, call.decl_range))
        }
    }
}

fn descendant<'n>(node: &'n ModuleNode, modules: &[Name]) -> Option<&'n ModuleNode> {
    modules.iter().try_fold(node, |node, name| match node.children.get(name)? {
        Child::Module(child) => Some(&**child),
        Child::Missing(_) => None,
    })
}

/// Whether the target is not declared and no missing module or unreadable file could declare it.
fn is_certainly_absent(node: &ModuleNode, target: &Target) -> bool {
    let mut node = node;
    for name in &target.modules {
        match node.children.get(name) {
            Some(Child::Module(child)) => node = child,
            Some(Child::Missing(_)) => return false,
            None => return !node.module.incomplete,
        }
    }
    let declares = |resource| node.module.resources.contains_key(resource);
    !node.module.incomplete && target.resource.as_ref().is_some_and(|resource| !declares(resource))
}

fn check_move(
    node: &ModuleNode,
    path: &[Name],
    block: &Block,
    (from, to): (&Target, &Target),
    moves: &mut FxHashMap<String, String>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    // With an instance key on either side only the expansion tells what exists.
    if from.has_key || to.has_key || from.resource.is_some() != to.resource.is_some() {
        return;
    }
    if from == to {
        diagnostics.push(Diagnostic::invalid(
            "Redundant move statement",
            format!("This statement declares a move from {from} to the same address, which is the same as not declaring this move at all."),
            Some(block.header),
        ));
        return;
    }
    if let Some((noun, address, _)) = declared(node, path, from) {
        diagnostics.push(Diagnostic::invalid(
            "Moved object still exists",
            format!("This statement declares a move from {address}, but that {noun} is still declared.\n\nChange your configuration so that this {noun} will be declared as {to} instead."),
            Some(block.header),
        ));
    }
    let (from, to) = (from.to_string(), to.to_string());
    if let Some(before) = moves.insert(from.clone(), to.clone())
        && before != to
    {
        diagnostics.push(Diagnostic::invalid(
            "Ambiguous move statements",
            format!("Another statement declared that {from} moved to {before}, but this statement instead declares that it moved to {to}."),
            Some(block.header),
        ));
    }
}
