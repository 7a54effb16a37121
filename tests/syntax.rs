//! The syntax tree as later stages see it, through `syntax::parse` alone.

use std::path::PathBuf;

use ssmlint::source::{FileId, SourceFile};
use ssmlint::syntax::ast::{Expr, ExprKind, StepKind, TemplatePart};
use ssmlint::syntax::{self, Parsed};

fn source(name: &str, text: &str) -> SourceFile {
    SourceFile::new(FileId(0), PathBuf::from(name), text.to_owned())
}

/// The parser recurses; a debug build needs more than a test thread's stack at its nesting limit.
fn on_big_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::Builder::new().stack_size(16 << 20).spawn(work).expect("a thread starts");
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn parse(text: &str) -> Parsed {
    let file = source("main.tf", text);
    on_big_stack(move || syntax::parse(&file))
}

fn expression(text: &str) -> Expr {
    let file = source("expression", text);
    match on_big_stack(move || syntax::parse_expression(&file)) {
        Ok(expr) => expr,
        Err(diagnostics) => panic!("{text}: {diagnostics:?}"),
    }
}

fn string(text: &str) -> String {
    match expression(text).kind {
        ExprKind::String(string) => string.to_string(),
        kind => panic!("{text}: {kind:?}"),
    }
}

#[test]
fn spans_point_at_names_and_values() {
    let text =
        "\u{feff}# é\nresource \"aws_vpc\" main {\n  cidr = \"10.0.0.0/16\" # c\n  tags { a = (1) }\n}\n";
    let file = source("main.tf", text);
    let parsed = parse(text);
    assert!(parsed.complete, "{:?}", parsed.diagnostics);
    let block = &parsed.file.body.blocks[0];
    assert_eq!(file.slice(block.type_span), "resource");
    assert_eq!(file.slice(block.header), "resource \"aws_vpc\" main");
    assert_eq!(file.slice(block.labels[0].span), "\"aws_vpc\"");
    assert_eq!(file.slice(block.labels[1].span), "main");
    assert!(file.slice(block.span).starts_with("resource") && file.slice(block.span).ends_with('}'));
    let cidr = block.body.attribute("cidr").expect("cidr is there");
    assert_eq!(file.slice(cidr.name_span), "cidr");
    assert_eq!(file.slice(cidr.span), "cidr = \"10.0.0.0/16\"");
    let tags = &block.body.blocks[0];
    assert_eq!(file.slice(tags.body.attributes[0].expr.span), "(1)");
    let end = tags.body.end.expect("native bodies have an end");
    assert_eq!(file.text.as_bytes()[end.end as usize], b'}');
}

#[test]
fn literals_are_decoded_as_terraform_decodes_them() {
    assert_eq!(string(r#""a\n\"b\" $${c} %%{d} \u00e9""#), "a\n\"b\" ${c} %{d} é");
    assert_eq!(string("<<-E\n    a\n\n      b\n  E\n"), "a\n\n  b\n");
    assert_eq!(string("<<E\n a \\n\nE\n"), " a \\n\n");
}

#[test]
fn strip_markers_reach_to_the_end_of_their_line() {
    let ExprKind::Template(parts) = expression("<<E\na ${~ x ~}  \n  b\nE\n").kind else {
        panic!("a template")
    };
    let literals: Vec<&str> = parts
        .iter()
        .filter_map(|part| if let TemplatePart::Literal(text, _) = part { Some(text.as_str()) } else { None })
        .collect();
    assert_eq!(literals, ["a", "  b\n"]);
}

#[test]
fn a_trimmed_literal_still_makes_a_string() {
    let ExprKind::Template(parts) = expression(r#""\n${~ 1 ~}""#).kind else { panic!("a template") };
    assert_eq!(parts.len(), 2);
}

#[test]
fn legacy_index_after_splat_applies_to_each_element() {
    let ExprKind::Access { base, steps } = expression("a.*.b.0.c[1]").kind else { panic!("an access") };
    assert_eq!(steps.len(), 1);
    let ExprKind::Traversal(inner) = base.kind else { panic!("a traversal") };
    assert!(matches!(inner.steps[0].kind, StepKind::FullSplat));
    assert_eq!(inner.steps.len(), 4);
}

fn json(name: &str, text: &str) -> (SourceFile, Parsed) {
    let file = source(name, text);
    let parsed = syntax::parse(&file);
    (file, parsed)
}

const JSON: &str = r#"{
  "//": "about",
  "resource": {
    "aws_instance": [
      {"a": {"ami": "\u00e9\t${var.x}", "tags": {"k": "$${v}"}, "depends_on": ["aws_vpc.main[0]"],
             "lifecycle": {"ignore_changes": ["tags[\"Name\"]"], "precondition": [{"condition": true}, {"condition": "${false}"}]},
             "dynamic": {"ebs": {"for_each": [1], "content": {"size": "${ebs.value}"}}}}},
      {"b": [{"count": 2}]}
    ]
  },
  "variable": {"v": {"type": "list(string)", "default": "${raw}", "validation": {"condition": "${true}"}}},
  "locals": [{"x": -1.5e3}, {"y": null}]
}"#;

#[test]
fn json_lowers_to_the_tree_of_native_syntax() {
    let (file, parsed) = json("main.tf.json", JSON);
    assert!(parsed.complete, "{:?}", parsed.diagnostics);
    let body = &parsed.file.body;
    let labels: Vec<Vec<&str>> = body
        .blocks
        .iter()
        .map(|block| {
            let labels = block.labels.iter().map(|label| label.text.as_str());
            std::iter::once(block.block_type.as_str()).chain(labels).collect()
        })
        .collect();
    let expected: [&[&str]; 5] = [
        &["resource", "aws_instance", "a"],
        &["resource", "aws_instance", "b"],
        &["variable", "v"],
        &["locals"],
        &["locals"],
    ];
    assert_eq!(labels, expected);
    assert_eq!(file.slice(parsed.file.comments[0].span), "\"about\"");

    let a = &body.blocks[0].body;
    let names: Vec<&str> = a.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
    assert_eq!(names, ["ami", "tags", "depends_on"]);
    let ExprKind::Template(parts) = &a.attributes[0].expr.kind else { panic!("a template") };
    let TemplatePart::Literal(text, _) = &parts[0] else { panic!("a literal") };
    assert_eq!(text, "é\t");
    let TemplatePart::Interpolation(x) = &parts[1] else { panic!("an interpolation") };
    assert_eq!(file.slice(x.span), "var.x");
    let ExprKind::Object(tags) = &a.attributes[1].expr.kind else { panic!("an object") };
    assert!(matches!(&tags[0].value.kind, ExprKind::String(text) if text == "${v}"));
    let ExprKind::Tuple(references) = &a.attributes[2].expr.kind else { panic!("a list") };
    assert!(
        matches!(&references[0].kind, ExprKind::Traversal(t) if t.root == "aws_vpc" && t.steps.len() == 2)
    );
    let blocks: Vec<&str> = a.blocks.iter().map(|block| block.block_type.as_str()).collect();
    assert_eq!(blocks, ["lifecycle", "dynamic"]);
    assert_eq!(a.blocks[0].body.blocks.len(), 2);
    assert_eq!(a.blocks[1].body.blocks[0].block_type, "content");

    let v = &body.blocks[2].body;
    assert!(matches!(v.attribute("type").map(|a| &a.expr.kind), Some(ExprKind::Call { .. })));
    assert!(
        matches!(v.attribute("default").map(|a| &a.expr.kind), Some(ExprKind::String(s)) if s == "${raw}")
    );
}

#[test]
fn json_values_are_no_templates() {
    let (_, parsed) = json("x.tfvars.json", r#"{"a": "${b}", "c": {"d": ["%{e}"]}}"#);
    assert!(parsed.complete, "{:?}", parsed.diagnostics);
    assert!(matches!(&parsed.file.body.attributes[0].expr.kind, ExprKind::String(text) if text == "${b}"));
}

#[test]
fn invalid_json_is_refused() {
    let cases = [
        ("", "Missing JSON value"),
        ("{\"locals\": {\"a\": \"x\ny\"}}", "Invalid JSON string"),
        ("{\"locals\": {\"a\": 1,}}", "Trailing comma in object"),
        ("{\"locals\": 1}", "Incorrect JSON value type"),
        ("{\"localz\": {}}", "Extraneous JSON object property"),
        ("{\"locals\": {\"a\": 1, \"a\": 2}}", "Duplicate argument"),
        ("{\"resource\": {\"a\": {}}}", "Missing block label"),
        ("{} {}", "Extraneous data after value"),
    ];
    for (text, summary) in cases {
        let (_, parsed) = json("main.tf.json", text);
        assert!(!parsed.complete, "{text}");
        assert_eq!(parsed.diagnostics.first().map(|d| d.summary.as_str()), Some(summary), "{text}");
    }
    let deep = format!("{{\"locals\": {{\"a\": {}1{}}}}}", "[".repeat(5000), "]".repeat(5000));
    let (_, parsed) = json("main.tf.json", &deep);
    assert!(!parsed.complete);
}
