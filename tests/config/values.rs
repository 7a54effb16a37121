//! Values of root variables and their precedence.

use std::path::{Path, PathBuf};

use ssmlint::config::load::Loader;
use ssmlint::config::tfvars::{VarArgument, inputs};
use ssmlint::config::{AssignedValue, Inputs};
use ssmlint::source::SourceMap;
use ssmlint::source::fs::Memory;

use crate::support::{describe, memory};

fn read(fs: &Memory, environment: &[(&str, &str)], arguments: &[VarArgument]) -> (Inputs, SourceMap) {
    let dir = Path::new("/project");
    let sources = SourceMap::new();
    let loader = Loader::new(fs, &sources, &[dir.to_path_buf()], None);
    let config = loader.load(dir);
    let environment: Vec<(String, String)> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let inputs = inputs(&loader, &config, &environment, arguments);
    (inputs, sources)
}

/// `name = value (source)`, in order of precedence.
fn assignments(inputs: &Inputs, sources: &SourceMap) -> Vec<String> {
    inputs
        .assignments
        .iter()
        .map(|assignment| {
            let value = match &assignment.value {
                AssignedValue::Text(text) => text.clone(),
                AssignedValue::Chosen(value) => value.to_string(),
                AssignedValue::Expr(expr) => sources.file(expr.span.file).slice(expr.span).to_owned(),
            };
            format!("{} = {value} ({})", assignment.name, assignment.source.rsplit('/').next().unwrap())
        })
        .collect()
}

fn var(text: &str) -> VarArgument {
    VarArgument::Var(text.to_owned())
}

fn file(path: &str) -> VarArgument {
    VarArgument::File(PathBuf::from(path))
}

#[test]
fn later_sources_come_after_earlier_ones() {
    let fs = memory(&[
        ("main.tf", "variable \"a\" {}\n"),
        ("terraform.tfvars", "a = 1\n"),
        ("terraform.tfvars.json", "{\"a\": 2}\n"),
        ("b.auto.tfvars", "a = 4\n"),
        ("a.auto.tfvars.json", "{\"a\": 3}\n"),
        ("other.tfvars", "a = 6\n"),
        ("unused.tfvars", "a = 9\n"),
    ]);
    let arguments = [var("a=5"), file("/project/other.tfvars"), var("a=7")];
    let (inputs, sources) = read(&fs, &[("TF_VAR_a", "0"), ("HOME", "/")], &arguments);
    assert_eq!(
        assignments(&inputs, &sources),
        [
            "a = 0 (TF_VAR_a)",
            "a = 1 (terraform.tfvars)",
            "a = 2 (terraform.tfvars.json)",
            "a = 3 (a.auto.tfvars.json)",
            "a = 4 (b.auto.tfvars)",
            "a = 5 (-var)",
            "a = 6 (other.tfvars)",
            "a = 7 (-var)",
        ]
    );
    assert_eq!(inputs.files.len(), 5);
    assert!(inputs.diagnostics.is_empty(), "{:?}", inputs.diagnostics);
}

#[test]
fn undeclared_names_are_errors_on_the_command_line_only() {
    let fs = memory(&[("main.tf", "variable \"a\" {}\n"), ("terraform.tfvars", "b = 1\nc = f()\n")]);
    let (inputs, sources) = read(&fs, &[("TF_VAR_b", "1")], &[var("d=1")]);
    assert_eq!(describe(&sources, &inputs.diagnostics), ["Value for undeclared variable"]);
    assert!(inputs.assignments.is_empty());
}

#[test]
fn values_in_files_are_constant() {
    let fs = memory(&[
        ("main.tf", "variable \"a\" {}\nvariable \"b\" {}\nvariable \"c\" {}\n"),
        ("terraform.tfvars", "a = var.b\nb = upper(\"x\")\nc = [for x in [1] : x + 1]\n"),
    ]);
    let (inputs, sources) = read(&fs, &[("TF_VAR_a", "old")], &[]);
    assert_eq!(
        describe(&sources, &inputs.diagnostics),
        ["terraform.tfvars:1: Variables not allowed", "terraform.tfvars:2: Function calls not allowed"]
    );
    assert_eq!(assignments(&inputs, &sources), ["c = [for x in [1] : x + 1] (terraform.tfvars)"]);
}

#[test]
fn arguments_that_are_no_assignments_are_refused() {
    let fs = memory(&[("main.tf", "variable \"a\" {}\n")]);
    let (inputs, sources) = read(&fs, &[], &[var("a"), var("a =1"), var("a=x=y"), file("/none.tfvars")]);
    assert_eq!(
        describe(&sources, &inputs.diagnostics),
        ["Invalid -var option", "Invalid -var option", "Failed to read variables file"]
    );
    assert_eq!(assignments(&inputs, &sources), ["a = x=y (-var)"]);
}

#[test]
fn declarations_in_variable_files_are_refused() {
    let fs = memory(&[
        ("main.tf", "variable \"a\" {}\n"),
        ("terraform.tfvars", "variable \"a\" {\n  default = 1\n}\n"),
        ("x.auto.tfvars", "a = 1\nlocals {}\n"),
    ]);
    let (inputs, sources) = read(&fs, &[], &[]);
    assert_eq!(
        describe(&sources, &inputs.diagnostics),
        [
            "terraform.tfvars:1: Variable declaration in .tfvars file",
            "x.auto.tfvars:2: Unexpected \"locals\" block"
        ]
    );
}

#[test]
fn a_variables_file_that_is_not_utf8_is_named() {
    let mut fs = memory(&[("main.tf", "variable \"a\" {}\n"), ("b.auto.tfvars", "a = 1\n")]);
    fs.add("/project/a.auto.tfvars", b"\na = \"\xc3\x28\"\n".to_vec());
    let (inputs, sources) = read(&fs, &[], &[]);
    assert_eq!(describe(&sources, &inputs.diagnostics), ["a.auto.tfvars:2: Failed to read file"]);
    assert_eq!(assignments(&inputs, &sources), ["a = 1 (b.auto.tfvars)"]);
}

#[test]
fn json_values_are_taken_as_they_are() {
    let fs = memory(&[
        ("main.tf", "variable \"a\" {}\n"),
        ("terraform.tfvars.json", "{\"a\": \"${var.x} %{ if }\", \"//\": \"comment\"}\n"),
        ("bad.auto.tfvars.json", "{\"a\": }"),
    ]);
    let (inputs, sources) = read(&fs, &[], &[]);
    let problems = describe(&sources, &inputs.diagnostics);
    assert!(problems.len() == 1 && problems[0].starts_with("bad.auto.tfvars.json:1: "), "{problems:?}");
    let AssignedValue::Expr(expr) = &inputs.assignments[0].value else { panic!("an expression") };
    assert!(
        matches!(&expr.kind, ssmlint::syntax::ast::ExprKind::String(text) if text == "${var.x} %{ if }"),
        "{expr:?}"
    );
}
