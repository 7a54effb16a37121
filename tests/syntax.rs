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
fn legacy_index_after_splat_applies_to_each_element() {
    let ExprKind::Access { base, steps } = expression("a.*.b.0.c[1]").kind else { panic!("an access") };
    assert_eq!(steps.len(), 1);
    let ExprKind::Traversal(inner) = base.kind else { panic!("a traversal") };
    assert!(matches!(inner.steps[0].kind, StepKind::FullSplat));
    assert_eq!(inner.steps.len(), 4);
}
