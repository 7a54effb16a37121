//! `expressions.jsonl` and `unknowns.jsonl`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use libtest_mimic::{Failed, Trial};
use serde_json::Value as Json;
use ssmlint::config::{
    AssignedValue, Assignment, Child, Config, Inputs, Local, Module, ModuleCall, ModuleNode, Output, Variable,
};
use ssmlint::diagnostic::Diagnostic;
use ssmlint::eval::limits::Limits;
use ssmlint::eval::scenario::{Demand, Environment, Scenario};
use ssmlint::eval::term::Terms;
use ssmlint::eval::value::Value;
use ssmlint::eval::{Provider, ResourceInstance, evaluate_expressions};
use ssmlint::source::fs::Memory;
use ssmlint::source::{FileId, SourceMap, Span};
use ssmlint::syntax;
use ssmlint::syntax::ast::{Attribute, Body, Expr};

use super::compare::{agrees, missing_refinement, sensitive_mask, type_json, value_json};

pub(crate) struct NoProvider;

impl Provider for NoProvider {
    fn attribute(&self, _: &ResourceInstance, _: &str, _: &mut Terms) -> Option<Value> {
        None
    }

    fn is_relevant(&self, _: &str) -> bool {
        true
    }
}

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/conformance");

fn records(file: &str) -> BTreeMap<String, Vec<Json>> {
    let text = std::fs::read_to_string(Path::new(DATA).join(file)).unwrap();
    let mut by_category: BTreeMap<String, Vec<Json>> = BTreeMap::new();
    for line in text.lines() {
        let record: Json = serde_json::from_str(line).unwrap();
        by_category.entry(record["category"].as_str().unwrap().to_string()).or_default().push(record);
    }
    by_category
}

pub(crate) fn trials() -> Vec<Trial> {
    let expressions = records("expressions.jsonl").into_iter().map(|(category, records)| {
        Trial::test(format!("expressions::{category}"), move || run(&records, known))
    });
    let unknowns = records("unknowns.jsonl").into_iter().map(|(category, records)| {
        Trial::test(format!("unknowns::{category}"), move || run(&records, unknown))
    });
    expressions.chain(unknowns).collect()
}

/// Runs the records on a thread whose stack has room for a debug build's parser.
fn run(records: &[Json], judge: fn(&Json) -> Result<(), String>) -> Result<(), Failed> {
    let failures: Vec<String> = std::thread::scope(|scope| {
        let work = || -> Vec<String> {
            records
                .iter()
                .filter_map(|record| {
                    let error = judge(record).err()?;
                    Some(format!("{}: {}\n    {error}", record["id"].as_str()?, record["expr"].as_str()?))
                })
                .collect()
        };
        let thread = std::thread::Builder::new().stack_size(32 << 20).spawn_scoped(scope, work).unwrap();
        thread.join().unwrap_or_else(|_| vec!["panic".into()])
    });
    if failures.is_empty() {
        return Ok(());
    }
    Err(format!("{} of {} differ\n{}", failures.len(), records.len(), failures.join("\n")).into())
}

fn known(record: &Json) -> Result<(), String> {
    let outcome = evaluate(record);
    let tags: Vec<&str> = record["tags"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    if tags.contains(&"terraform-panic") {
        return Ok(());
    }
    // An infinite number is a value inside an expression; only storing it fails.
    if record["ok"] == Json::Bool(false) {
        return match outcome {
            Err(_) => Ok(()),
            Ok(_) if record["infinite"] == Json::Bool(true) => Ok(()),
            Ok(value) => Err(format!("{} instead of the error {}", value_json(&value), record["error"])),
        };
    }
    let value = outcome.map_err(|error| format!("error {error} instead of {}", record["value"]))?;
    let mask = record.get("unknown").filter(|mask| **mask != Json::Bool(false));
    if value_type(&value) != record["type"] {
        return Err(format!("type {} instead of {}", value_type(&value), record["type"]));
    }
    agrees(&value, &record["value"], mask)?;
    let sensitive = record["sensitive"] == Json::Bool(true);
    if let Some(mask) = record.get("sensitive_mask") {
        let got = sensitive_mask(&value);
        let expected = if sensitive { &Json::Bool(true) } else { mask };
        if got != *expected {
            return Err(format!("sensitive {got} instead of {expected}"));
        }
    }
    Ok(())
}

fn unknown(record: &Json) -> Result<(), String> {
    let outcome = evaluate(record);
    if record["ok"] == Json::Bool(false) {
        return match outcome {
            Err(_) => Ok(()),
            Ok(value) => Err(format!("{} instead of the error {}", value_json(&value), record["error"])),
        };
    }
    let value = outcome.map_err(|error| format!("error {error}"))?;
    let mask = record.get("unknown").filter(|mask| **mask != Json::Bool(false));
    let more = agrees(&value, &record["value"], mask)?;
    if !more && value_type(&value) != record["type"] && record["type"] != "dynamic" {
        return Err(format!("type {} instead of {}", value_type(&value), record["type"]));
    }
    let refinements = record["refinements"].as_array().into_iter().flatten();
    match refinements.filter_map(|recorded| missing_refinement(&value, recorded)).next() {
        Some(missing) => Err(format!("not refined: {missing}")),
        None => Ok(()),
    }
}

fn value_type(value: &Value) -> Json {
    type_json(&value.ty())
}

/// Builds the configuration of a record and evaluates its expression.
fn evaluate(record: &Json) -> Result<Value, String> {
    let sources = SourceMap::new();
    let text = record["expr"].as_str().unwrap();
    // The expression stood in a body, so newline rules are those of an attribute.
    let file = sources.add(Path::new("expr.tf"), format!("locals {{\n  r = {text}\n}}\n"));
    let parsed = syntax::parse(&file);
    if let Some(diagnostic) = parsed.diagnostics.first() {
        return Err(text_of(diagnostic));
    }
    let expr = match parsed.file.body.blocks.first().and_then(|block| block.body.attribute("r")) {
        Some(attribute) => attribute.expr.clone(),
        None => return Err("the expression is not one attribute".into()),
    };
    let mut module = Module::default();
    let mut root = Module::default();
    let mut inputs = Inputs::default();
    let mut arguments = Body::default();
    let with_child = record["vars"]
        .as_object()
        .is_some_and(|vars| vars.values().any(|var| var["unknown"] == Json::Bool(true)));
    for (name, var) in record["vars"].as_object().into_iter().flatten() {
        let ty = expression(&sources, var["type"].as_str().unwrap())?;
        let variable = variable(name, ty.clone());
        if with_child {
            let source = var["source"].as_str().unwrap_or("value");
            let mut outer = variable.clone();
            outer.nullable = matches!(source, "output" | "dynamic" | "value");
            let mut argument = format!("var.{name}");
            if source == "length" {
                outer.type_expr = Some(expression(&sources, "list(string)")?);
                argument = format!("length(var.{name})");
            }
            root.variables.insert(name.as_str().into(), outer);
            let expr = expression(&sources, &argument)?;
            arguments.attributes.push(Attribute {
                name: name.as_str().into(),
                name_span: expr.span,
                span: expr.span,
                expr,
            });
        }
        module.variables.insert(name.as_str().into(), variable);
        if var["unknown"] != Json::Bool(true) {
            // JSON is HCL but for the template markers, which mean nothing in a value.
            let text = var["value"].to_string().replace("${", "$${").replace("%{", "%%{");
            let value = expression(&sources, &text)?;
            inputs.assignments.push(Assignment {
                name: name.as_str().into(),
                span: Some(value.span),
                value: AssignedValue::Expr(value),
                source: "terraform.tfvars.json".into(),
            });
        }
    }
    for (name, local) in record["locals"].as_object().into_iter().flatten() {
        let expr = expression(&sources, local.as_str().unwrap())?;
        let decl_range = expr.span;
        module.locals.insert(name.as_str().into(), Local { name: name.as_str().into(), expr, decl_range });
    }
    let mut fs = Memory::new();
    fs.add("/main.tf", "");
    for path in record["files"].as_array().into_iter().flatten().filter_map(Json::as_str) {
        fs.add(path, std::fs::read(Path::new(DATA).join("fixtures").join(path)).unwrap());
    }

    module.dir = PathBuf::from(".");
    module.canonical_dir = PathBuf::from("/");
    root.dir = PathBuf::from(".");
    root.canonical_dir = PathBuf::from("/");
    let asked = if with_child {
        module.outputs.insert(
            "r".into(),
            Output {
                name: "r".into(),
                decl_range: expr.span,
                expr: Some(expr),
                sensitive: false,
                ephemeral: false,
                preconditions: Vec::new(),
                depends_on: Vec::new(),
            },
        );
        root.module_calls.insert("child".into(), call(arguments));
        expression(&sources, "module.child.r")?
    } else {
        expr
    };
    let node = Arc::new(ModuleNode { module: Arc::new(module), children: BTreeMap::new() });
    let root = if with_child {
        let children = BTreeMap::from([("child".into(), Child::Module(node))]);
        Arc::new(ModuleNode { module: Arc::new(root), children })
    } else {
        node
    };
    let config = Config {
        root,
        dir: PathBuf::from("."),
        canonical_dir: PathBuf::from("/"),
        diagnostics: Vec::new(),
        missing: Vec::new(),
        files: Vec::new(),
    };
    let scenario = Scenario { inputs, ..Scenario::default() };
    let limits = Limits::default();
    let env = Environment {
        provider: &NoProvider,
        fs: &fs,
        sources: &sources,
        limits: &limits,
        demand: Demand::All,
    };
    let mut results = evaluate_expressions(&config, &scenario, env, &[asked]);
    let (value, diagnostics) = results.remove(0);
    match diagnostics.first() {
        Some(diagnostic) => Err(text_of(diagnostic)),
        None => Ok(value),
    }
}

fn variable(name: &str, ty: Expr) -> Variable {
    Variable {
        name: name.into(),
        decl_range: ty.span,
        type_expr: Some(ty),
        default: None,
        sensitive: false,
        ephemeral: false,
        nullable: true,
        validations: Vec::new(),
    }
}

fn call(arguments: Body) -> ModuleCall {
    let span = Span { file: FileId(0), start: 0, end: 0 };
    ModuleCall {
        name: "child".into(),
        source: Some("./child".into()),
        source_span: None,
        version: None,
        count: None,
        for_each: None,
        depends_on: Vec::new(),
        providers: Vec::new(),
        arguments,
        decl_range: span,
        span,
    }
}

fn expression(sources: &SourceMap, text: &str) -> Result<Expr, String> {
    let file = sources.add(Path::new("expression"), text.to_string());
    syntax::parse_expression(&file).map_err(|errors| errors.first().map(text_of).unwrap_or_default())
}

fn text_of(diagnostic: &Diagnostic) -> String {
    format!("{}: {}", diagnostic.summary, diagnostic.detail)
}
