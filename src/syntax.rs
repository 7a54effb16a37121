//! Parsing: source text to our syntax tree, native and JSON syntax alike.

pub mod ast;
mod check;
pub mod comment;
mod compound;
mod json;
mod literal;
mod native;
mod place;
mod scan;
mod shape;

pub(crate) use self::scan::{is_identifier, is_identifier_part};

use crate::diagnostic::Diagnostic;
use crate::source::SourceFile;

/// What became of one file.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The tree; its body is empty when the file could not be parsed.
    pub file: ast::File,
    /// What Terraform would report about the syntax, and what ssmlint does not understand.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether the tree holds all that the file says.
    pub complete: bool,
}

/// Parses a configuration file or a file of variable values: JSON syntax when its name ends in `.json`, native
/// syntax otherwise.
pub fn parse(file: &SourceFile) -> Parsed {
    let name = file.path.to_string_lossy();
    if name.ends_with(".tfvars.json") {
        parse_json_values(file)
    } else if name.ends_with(".json") {
        json::parse(file)
    } else {
        native::parse(file)
    }
}

/// Parses variable values in JSON syntax: each property of the top level is an attribute, and strings are no
/// templates.
pub fn parse_json_values(file: &SourceFile) -> Parsed {
    json::parse_values(file)
}

/// Parses a text that is one native expression.
pub fn parse_expression(file: &SourceFile) -> Result<ast::Expr, Vec<Diagnostic>> {
    native::parse_expression(file)
}

/// Parses a text that is a template as a whole, as `templatefile` does.
pub fn parse_template(file: &SourceFile) -> Result<ast::Expr, Vec<Diagnostic>> {
    native::parse_template(file)
}
