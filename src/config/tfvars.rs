//! Values for root input variables: files, arguments and environment, in Terraform's precedence.
//!
//! Nothing is evaluated here and the environment is not read: the caller hands over what it holds.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;

use crate::config::decode::{Context, just_attributes};
use crate::config::load::{
    Loader, MAX_FILE_BYTES, Unreadable, join_shown, normalize, quoted, unreadable_file,
};
use crate::config::traversal::check_constant;
use crate::config::{AssignedValue, Assignment, Config, Inputs};
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::source::fs::{Entry, FileKind};
use crate::source::{SourceFile, Span};
use crate::syntax::ast::{Attribute, Expr, Name};

const ENV_PREFIX: &str = "TF_VAR_";

/// A value given on the command line.
#[derive(Clone, Debug)]
pub enum VarArgument {
    /// `-var NAME=VALUE`, the text after the flag.
    Var(String),
    /// `-var-file PATH`.
    File(PathBuf),
    /// An input of a named scenario, a constant.
    Scenario {
        /// The scenario.
        scenario: String,
        /// The variable.
        name: Name,
        /// Where the name stands.
        name_span: Span,
        /// The value.
        value: Expr,
    },
}

/// The values for a root's variables: environment, then the files that Terraform loads by itself, then the arguments
/// in their order. `environment` may hold any variables; those named `TF_VAR_*` count.
pub fn inputs(
    loader: &Loader<'_>,
    config: &Config,
    environment: &[(String, String)],
    arguments: &[VarArgument],
) -> Inputs {
    let mut inputs = Inputs::default();
    for (variable, value) in environment {
        // Undeclared names are allowed: people set such variables for all their configurations.
        let Some(name) = variable.strip_prefix(ENV_PREFIX) else { continue };
        if config.root.module.variables.contains_key(name) {
            inputs.assignments.push(text_assignment(name, value, variable));
        }
    }
    for (path, entry) in automatic_files(loader, config) {
        let text = loader.read(&config.canonical_dir, &entry, MAX_FILE_BYTES);
        add_file(loader, config, &path, text, &mut inputs);
    }
    for argument in arguments {
        match argument {
            VarArgument::Var(text) => add_argument(config, text, &mut inputs),
            VarArgument::File(path) => add_named_file(loader, config, path, &mut inputs),
            VarArgument::Scenario { scenario, name, name_span, value } => {
                if config.root.module.variables.contains_key(name) {
                    inputs.assignments.push(Assignment {
                        name: name.clone(),
                        value: AssignedValue::Expr(value.clone()),
                        source: scenario.as_str().into(),
                        span: Some(value.span),
                    });
                } else if !config.root.module.incomplete {
                    inputs.diagnostics.push(Diagnostic::invalid(
                        "Value for undeclared variable",
                        format!("The scenario \"{scenario}\" sets a variable named \"{name}\", but no root module that it is for declares a variable of that name."),
                        Some(*name_span),
                    ));
                }
            }
        }
    }
    inputs
}

fn text_assignment(name: &str, value: &str, source: &str) -> Assignment {
    Assignment {
        name: name.into(),
        value: AssignedValue::Text(value.to_owned()),
        source: source.into(),
        span: None,
    }
}

/// `terraform.tfvars`, `terraform.tfvars.json`, then `*.auto.tfvars` and `*.auto.tfvars.json` by name.
fn automatic_files(loader: &Loader<'_>, config: &Config) -> Vec<(PathBuf, Entry)> {
    let Ok(entries) = loader.entries(&config.canonical_dir) else { return Vec::new() };
    let shown = normalize(&config.dir);
    let is_file = |entry: &&Entry| entry.kind != FileKind::Directory;
    let named = ["terraform.tfvars", "terraform.tfvars.json"]
        .into_iter()
        .filter_map(|name| entries.iter().filter(is_file).find(|entry| entry.name == name));
    let is_auto =
        |entry: &&Entry| entry.name.ends_with(".auto.tfvars") || entry.name.ends_with(".auto.tfvars.json");
    let auto = entries.iter().filter(is_file).filter(is_auto);
    named.chain(auto).map(|entry| (join_shown(&shown, &entry.name), entry.clone())).collect()
}

fn add_argument(config: &Config, text: &str, inputs: &mut Inputs) {
    let mut refuse = |detail: String| {
        inputs.diagnostics.push(Diagnostic::invalid("Invalid -var option", detail, None));
    };
    let Some((name, value)) = text.split_once('=') else {
        refuse(format!(
            "The given -var option {text:?} is not correctly specified. Must be a variable name and value separated by an equals sign, like -var=\"key=value\"."
        ));
        return;
    };
    if name.ends_with(' ') {
        let (name, value) = (name.trim_end_matches(' '), value.trim_start_matches(' '));
        refuse(format!(
            "Variable name \"{name} \" is invalid due to trailing space. Did you mean -var=\"{name}={value}\"?"
        ));
        return;
    }
    if config.root.module.variables.contains_key(name) {
        inputs.assignments.push(text_assignment(name, value, "-var"));
    } else if !config.root.module.incomplete {
        inputs.diagnostics.push(Diagnostic::invalid(
            "Value for undeclared variable",
            format!("A variable named \"{name}\" was assigned on the command line, but the root module does not declare a variable of that name. To use this value, add a \"variable\" block to the configuration."),
            None,
        ));
    }
}

fn add_named_file(loader: &Loader<'_>, config: &Config, path: &Path, inputs: &mut Inputs) {
    let text = match loader.fs.read(path, MAX_FILE_BYTES) {
        Ok(bytes) => Unreadable::decode(bytes),
        Err(error) => {
            let detail = if error.kind() == std::io::ErrorKind::NotFound {
                format!("Given variables file {} does not exist.", quoted(path))
            } else {
                format!("Error while reading {}: {error}.", quoted(path))
            };
            inputs.diagnostics.push(Diagnostic {
                summary: "Failed to read variables file".to_owned(),
                detail,
                span: None,
                kind: DiagnosticKind::Unreadable,
            });
            return;
        }
    };
    add_file(loader, config, path, text, inputs);
}

fn add_file(
    loader: &Loader<'_>,
    config: &Config,
    path: &Path,
    text: Result<String, Unreadable>,
    inputs: &mut Inputs,
) {
    let (text, problem) = match text {
        Ok(text) => (text, None),
        Err(unreadable) => (unreadable.text, Some((unreadable.reason, unreadable.at))),
    };
    let source = loader.sources.add(path, text);
    inputs.files.push(source.id);
    if let Some((reason, at)) = problem {
        inputs.diagnostics.push(unreadable_file(&source, &reason, at));
        return;
    }
    let mut cx = Context::new(loader.sources, &source, false);
    let attributes = attributes(&mut cx, &source);
    let shown: Name = path.to_string_lossy().as_ref().into();
    let mut refused = FxHashSet::default();
    for attribute in attributes {
        let Attribute { name, expr, .. } = attribute;
        if !config.root.module.variables.contains_key(&name) {
            // Terraform only warns: one file often serves several configurations.
            continue;
        }
        if !cx.json && !check_constant(&mut cx, &expr) {
            refused.insert(name);
            continue;
        }
        let span = Some(expr.span);
        inputs.assignments.push(Assignment {
            name,
            value: AssignedValue::Expr(expr),
            source: shown.clone(),
            span,
        });
    }
    // The values that refused ones would replace do not come back.
    inputs.assignments.retain(|assignment| !refused.contains(&assignment.name));
    inputs.diagnostics.append(&mut cx.diagnostics);
}

fn attributes(cx: &mut Context<'_>, source: &SourceFile) -> Vec<Attribute> {
    // Strings in JSON are taken as they are, other than in configuration files.
    let parsed =
        if cx.json { crate::syntax::parse_json_values(source) } else { crate::syntax::parse(source) };
    cx.diagnostics.extend(parsed.diagnostics);
    let mut declares = false;
    for block in parsed.file.body.blocks_of("variable") {
        declares = true;
        let name = block.labels.first().map(|label| label.text.as_str()).unwrap_or_default();
        cx.invalid(
            "Variable declaration in .tfvars file",
            format!("A .tfvars file is used to assign values to variables that have already been declared in .tf files, not to declare new variables. To declare variable \"{name}\", place this block in one of your .tf files, such as variables.tf.\n\nTo set a value for this variable, use the definition syntax instead:\n    {name} = <value>"),
            block.type_span,
        );
    }
    // What else is wrong with such a file would only repeat it.
    if declares { Vec::new() } else { just_attributes(cx, parsed.file.body) }
}
