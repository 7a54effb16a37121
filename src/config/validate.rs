//! What can be checked once modules stand together: arguments of calls, and the providers passed to them.

use rustc_hash::FxHashSet;

use crate::config::{Module, ModuleCall, ModuleNode};
use crate::diagnostic::Diagnostic;

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
    // A variable may stand in a file that could not be read.
    if module.incomplete {
        return;
    }
    for attribute in &call.arguments.attributes {
        if !module.variables.contains_key(&attribute.name) && attribute.name != "//" {
            diagnostics.push(Diagnostic::invalid(
                "Unsupported argument",
                format!("An argument named \"{}\" is not expected here.", attribute.name),
                Some(attribute.name_span),
            ));
        }
    }
}

pub(crate) fn providers(_root: &ModuleNode, _diagnostics: &mut Vec<Diagnostic>) {}
pub(crate) fn refactorings(_root: &ModuleNode, _diagnostics: &mut Vec<Diagnostic>) {}
