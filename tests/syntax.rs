//! The syntax tree as later stages see it, through `syntax::parse` alone.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test that meets another form fails, and prints it")]

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use ssmlint::diagnostic::DiagnosticKind;
use ssmlint::source::{FileId, SourceFile, Span};
use ssmlint::syntax::ast::{Block, Body, Expr, ExprKind, StepKind, TemplatePart};
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

fn fixture(path: &str) -> (SourceFile, Parsed) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path);
    let text = std::fs::read_to_string(&path).expect("the fixture is readable");
    let file = SourceFile::new(FileId(0), path.clone(), text.clone());
    let parsed = on_big_stack(move || syntax::parse(&SourceFile::new(FileId(0), path, text)));
    (file, parsed)
}

fn names_in(dir: &str) -> Vec<String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(dir);
    let entries = std::fs::read_dir(dir).expect("the directory is readable").filter_map(Result::ok);
    let mut names: Vec<String> =
        entries.filter_map(|entry| Some(entry.path().file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    names
}

/// What Terraform 1.11.4 says first about each file of `fixtures/invalid/syntax`, and on which line.
const REFUSED: &[(&str, u32, &str)] = &[
    ("attribute_redefined", 2, "Attribute redefined"),
    ("chained_legacy_index", 1, "Invalid legacy index syntax"),
    ("comma_after_argument", 1, "Unexpected comma after argument"),
    ("equals_in_block", 1, "Invalid block definition"),
    ("escape", 1, "Invalid escape sequence"),
    ("for_as_key", 1, "Invalid 'for' expression"),
    ("heredoc_ends_at_eof", 3, "Unterminated template string"),
    ("heredoc_marker_before_comma", 4, "Unterminated template string"),
    ("interpolation_in_label", 1, "Invalid string literal"),
    ("lone_carriage_return", 1, "Invalid character"),
    ("many_token_errors", 1, "Argument or block definition required"),
    ("missing_separator", 3, "Missing item separator"),
    ("missing_value", 2, "Missing attribute value"),
    ("multi_line_string", 1, "Invalid multi-line string"),
    ("nested_splat", 1, "Nested splat expression not allowed"),
    ("newline_after_call", 2, "Argument or block definition required"),
    ("newline_after_dot", 1, "Invalid attribute name"),
    ("number", 1, "Invalid number literal"),
    ("sign_at_end", 1, "Invalid character"),
    ("single_quotes", 1, "Invalid character"),
    ("template_keyword", 1, "Invalid template control keyword"),
    ("two_items_on_a_line", 1, "Missing attribute separator"),
    ("unbalanced_directive", 1, "Unexpected end of template"),
    ("unclosed_block", 1, "Unclosed configuration block"),
    ("unclosed_conditional", 1, "Unclosed configuration block"),
    ("unclosed_interpolation", 1, "Unclosed template interpolation sequence"),
    ("unexpected_open_directive", 1, "Unexpected endif directive"),
];

#[test]
fn what_terraform_refuses_is_refused_at_the_same_line() {
    let listed: Vec<&str> = REFUSED.iter().map(|row| row.0).collect();
    assert_eq!(names_in("invalid/syntax"), listed);
    for (name, line, summary) in REFUSED {
        let (file, parsed) = fixture(&format!("invalid/syntax/{name}.tf"));
        let first = parsed.diagnostics.first().expect("a diagnostic says why");
        let at = first.span.map(|span| file.position(span.start).line);
        assert_eq!(
            (at, first.summary.as_str(), first.kind),
            (Some(*line), *summary, DiagnosticKind::Invalid),
            "{name}"
        );
        assert!(!parsed.complete, "{name}");
        assert!(parsed.file.body.attributes.is_empty() && parsed.file.body.blocks.is_empty(), "{name}");
    }
}

#[test]
fn gaps_of_the_parser_are_closed() {
    let names = names_in("parser-gaps/accepted");
    assert_eq!(names.len(), 14);
    for name in names {
        let (file, parsed) = fixture(&format!("parser-gaps/accepted/{name}.tf"));
        assert!(parsed.complete, "{name}: {:?}", parsed.diagnostics);
        check_spans(&file, &parsed);
    }
}

fn attribute(path: &str, name: &str) -> (SourceFile, Expr) {
    let (file, parsed) = fixture(path);
    let expr = parsed.file.body.attribute(name).expect("the attribute is there").expr.clone();
    (file, expr)
}

#[test]
fn text_that_the_parser_reads_differently_is_read_from_the_source() {
    let text = |path: &str, name: &str| match attribute(path, name).1.kind {
        ExprKind::String(text) => text.to_string(),
        kind => panic!("{path}: {kind:?}"),
    };
    assert_eq!(text("parser-gaps/accepted/bom.tf", "a"), "x");
    assert_eq!(text("parser-gaps/accepted/empty_heredoc_before_another.tf", "a"), "");
    assert_eq!(text("parser-gaps/accepted/empty_heredoc_before_another.tf", "b"), "b\n");
    let line = "parser-gaps/accepted/heredoc_line_starts_with_marker.tf";
    assert_eq!(text(line, "a"), "E x\n  E, y\nEx\n");
    assert_eq!(text("parser-gaps/accepted/heredoc_marker_between_unicode_blanks.tf", "a"), "x\n");

    let (_, object) = attribute("parser-gaps/accepted/equal_object_keys.tf", "a");
    let ExprKind::Object(items) = object.kind else { panic!("an object") };
    let keys: Vec<String> = items
        .iter()
        .map(|item| match &item.key.kind {
            ExprKind::Traversal(word) => word.root.to_string(),
            ExprKind::String(text) => format!("{text:?}"),
            ExprKind::Parens(inner) => match &inner.kind {
                ExprKind::Traversal(word) => format!("({})", word.root),
                kind => panic!("{kind:?}"),
            },
            kind => panic!("{kind:?}"),
        })
        .collect();
    assert_eq!(keys, ["k", "k", "\"s\"", "\"s\"", "(e)", "(e)", "true", "true"]);

    let (_, object) = attribute("parser-gaps/accepted/computed_key_after_name.tf", "a");
    let ExprKind::Object(items) = object.kind else { panic!("an object") };
    assert_eq!(items.len(), 3);

    let number = |name: &str| match attribute("parser-gaps/accepted/numbers.tf", name).1.kind {
        ExprKind::Number(number) => number.to_string(),
        kind => panic!("{name}: {kind:?}"),
    };
    assert_eq!(number("a"), format!("1{}", "0".repeat(400)));
    assert_eq!(number("b"), "100000");
    assert_eq!(number("c"), "340282366920938463463374607431768211456");
    assert_eq!(number("d"), "0.1");
}

// FIXME: Terraform has no limit of nesting or of operators in a row; `hcl::edit` has, so that it cannot exhaust a
// stack. The file is a gap and says so.
#[test]
fn limits_are_named_and_are_no_errors_of_the_code() {
    assert_eq!(names_in("parser-gaps/not-understood"), ["nesting", "operators"]);
    for (name, limit) in [("nesting", "64 levels"), ("operators", "128 operators")] {
        let (_, parsed) = fixture(&format!("parser-gaps/not-understood/{name}.tf"));
        let [diagnostic] = parsed.diagnostics.as_slice() else { panic!("{name}: one diagnostic") };
        assert_eq!(diagnostic.kind, DiagnosticKind::NotUnderstood, "{name}");
        assert!(diagnostic.detail.contains(limit), "{name}: {}", diagnostic.detail);
        assert!(!parsed.complete, "{name}");
    }
}

#[test]
fn deep_nesting_does_not_exhaust_a_stack_of_eight_mebibytes() {
    let shapes: [(&str, &str, &str); 12] = [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{ a = ", "1", " }"),
        ("f(", "1", ")"),
        ("x[", "1", "]"),
        ("\"${", "1", "}\""),
        ("[for x in ", "y", " : x]"),
        ("!", "x", ""),
        ("x ? ", "1", " : 2"),
        ("{ for k in ", "y", " : k => k }"),
        ("\"%{ if x }${", "1", "}%{ endif }\""),
        ("x + (", "1", ")"),
    ];
    for (open, inner, close) in shapes {
        for depth in [20, 62, 63, 64, 65, 200, 1000, 20_000] {
            let text = format!("a = {}{inner}{}\n", open.repeat(depth), close.repeat(depth));
            let file = source("main.tf", &text);
            let parse = move || syntax::parse(&file).complete;
            let thread =
                std::thread::Builder::new().stack_size(8 << 20).spawn(parse).expect("a thread starts");
            let complete = thread.join().expect("the parser returns");
            assert!(complete || depth > 30, "{open} {depth}");
            assert!(!complete || depth < 200 || open == "!", "{open} {depth}");
        }
    }
    let blocks = format!("{}{}", "a {\n".repeat(5000), "}\n".repeat(5000));
    assert!(!parse(&blocks).complete);
}

#[test]
fn objects_may_have_very_many_keys_and_files_may_not_be_very_large() {
    let keys: String = (0..100_000).map(|i| format!("k{}=1\n", i % 60_000)).collect();
    let parsed = parse(&format!("a = {{\n{keys}}}\n"));
    assert!(parsed.complete, "{:?}", parsed.diagnostics);
    let ExprKind::Object(items) = &parsed.file.body.attributes[0].expr.kind else { panic!("an object") };
    assert_eq!(items.len(), 100_000);
    assert!(!parse(&"#".repeat((1 << 20) + 1)).complete);
}

#[test]
fn leaves_of_compound_expressions_keep_their_places() {
    let text = "a = f(b.c, [\"d\", { e = g.h[0], \"i\" : 1 }], \"x${-j.k}y\")[\"l\"].m - true ? n.*.o.0 : <<T\np\nT\n";
    let file = source("main.tf", text);
    let parsed = syntax::parse(&file);
    assert!(parsed.complete, "{:?}", parsed.diagnostics);
    check_spans(&file, &parsed);
    let expr = &parsed.file.body.attributes[0].expr;
    assert_eq!(file.slice(expr.span), &text[4..text.len() - 1]);
    let ExprKind::Conditional { condition, if_true, if_false } = &expr.kind else { panic!("{expr:?}") };
    let ExprKind::Binary { left, right, .. } = &condition.kind else { panic!("{condition:?}") };
    let slices: Vec<&str> = [left, right, if_true, if_false].map(|part| file.slice(part.span)).to_vec();
    let call = "f(b.c, [\"d\", { e = g.h[0], \"i\" : 1 }], \"x${-j.k}y\")[\"l\"].m";
    assert_eq!(slices, [call, "true", "n.*.o.0", "<<T\np\nT"]);
    let ExprKind::Access { base, steps } = &left.kind else { panic!("{left:?}") };
    let steps: Vec<&str> = steps.iter().map(|step| file.slice(step.span)).collect();
    assert_eq!(steps, ["[\"l\"]", ".m"]);
    let ExprKind::Call { args, .. } = &base.kind else { panic!("{base:?}") };
    let args: Vec<&str> = args.iter().map(|arg| file.slice(arg.span)).collect();
    assert_eq!(args, ["b.c", "[\"d\", { e = g.h[0], \"i\" : 1 }]", "\"x${-j.k}y\""]);
}

#[test]
fn a_plain_traversal_before_other_steps_is_one_with_them() {
    let ExprKind::Traversal(traversal) = expression("a.b[f(c)].d").kind else { panic!("a traversal") };
    assert_eq!(traversal.steps.len(), 3);
    let ExprKind::Access { base, steps } = expression("(a.b).c").kind else {
        panic!("steps after parentheses")
    };
    assert!(matches!(base.kind, ExprKind::Traversal(_)));
    assert_eq!(steps.len(), 1);
}

#[test]
fn comments_are_found_outside_of_strings_alone() {
    let text = "# a\r\nb = \"# no ${ /* c */ 1 }\" // d\ne = <<E\n# no\n${ f /* g */ }\nE\n/* h\n*/";
    let file = source("main.tf", text);
    let comments: Vec<String> =
        parse(text).file.comments.iter().map(|comment| file.slice(comment.span).to_owned()).collect();
    assert_eq!(comments, ["# a", "/* c */", "// d", "/* g */", "/* h\n*/"]);
}

#[test]
fn lone_expressions_may_break_lines() {
    let file = source("expression", "\n  x\n  .y # c\n  + 1 // d");
    let expr = expression(&file.text);
    assert_eq!(file.slice(expr.span), "x\n  .y # c\n  + 1");
    let file = source("expression", "x y");
    let diagnostics = syntax::parse_expression(&file).expect_err("two expressions");
    assert_eq!(diagnostics[0].summary, "Extra characters after expression");
}

#[test]
fn a_template_file_is_a_template_as_a_whole() {
    let file = source("t.tftpl", "a \"${x}\"\n%{ for k, v in y ~}\n  ${v}\n%{ endfor ~}\n");
    let expr = on_big_stack(move || syntax::parse_template(&file)).expect("a template");
    let ExprKind::Template(parts) = expr.kind else { panic!("a template") };
    let [
        TemplatePart::Literal(first, _),
        TemplatePart::Interpolation(_),
        TemplatePart::Literal(..),
        rest @ ..,
    ] = parts.as_slice()
    else {
        panic!("{parts:?}")
    };
    assert_eq!(first, "a \"");
    let [TemplatePart::For { key, value, body, .. }, ..] = rest else { panic!("{rest:?}") };
    assert_eq!((key.as_deref(), value.as_str()), (Some("k"), "v"));
    assert!(matches!(&body[0], TemplatePart::Literal(text, _) if text == "  "));
}

/// Every span lies in the file, between characters, and within the span of what holds it.
fn check_spans(file: &SourceFile, parsed: &Parsed) {
    let whole = file.span();
    for comment in &parsed.file.comments {
        check_span(file, whole, comment.span);
    }
    for diagnostic in &parsed.diagnostics {
        check_span(file, whole, diagnostic.span.unwrap_or(whole));
    }
    check_body(file, whole, &parsed.file.body);
}

fn check_span(file: &SourceFile, within: Span, span: Span) {
    assert!(span.start <= span.end && within.contains(span), "{span:?} in {within:?} of {:?}", file.text);
    let text = &file.text;
    assert!(
        text.is_char_boundary(span.start as usize) && text.is_char_boundary(span.end as usize),
        "{text:?}"
    );
}

fn check_body(file: &SourceFile, within: Span, body: &Body) {
    for attribute in &body.attributes {
        check_span(file, within, attribute.span);
        check_span(file, attribute.span, attribute.name_span);
        check_expr(file, attribute.span, &attribute.expr);
    }
    for Block { type_span, labels, body, header, span, .. } in &body.blocks {
        check_span(file, within, *span);
        check_span(file, whole_of(file), *type_span);
        check_span(file, *span, *header);
        labels.iter().for_each(|label| check_span(file, whole_of(file), label.span));
        check_body(file, *span, body);
    }
}

fn whole_of(file: &SourceFile) -> Span {
    file.span()
}

fn check_expr(file: &SourceFile, within: Span, expr: &Expr) {
    check_span(file, within, expr.span);
    let inner = |expr: &Expr, outer: Span| check_expr(file, outer, expr);
    let span = expr.span;
    match &expr.kind {
        ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::String(_) => {}
        ExprKind::Template(parts) => check_parts(file, span, parts),
        ExprKind::Traversal(traversal) => {
            check_span(file, span, traversal.root_span);
            assert_eq!(file.slice(traversal.root_span), traversal.root);
            for step in &traversal.steps {
                check_span(file, span, step.span);
                if let StepKind::Index(index) = &step.kind {
                    inner(index, step.span);
                }
            }
        }
        ExprKind::Access { base, steps } => {
            inner(base, span);
            assert!(!steps.is_empty());
            steps.iter().for_each(|step| check_span(file, span, step.span));
        }
        ExprKind::Call { name_span, args, .. } => {
            check_span(file, span, *name_span);
            args.iter().for_each(|arg| inner(arg, span));
        }
        ExprKind::Unary { operand, .. } => inner(operand, span),
        ExprKind::Binary { left, right, .. } => [left, right].iter().for_each(|side| inner(side, span)),
        ExprKind::Conditional { condition, if_true, if_false } => {
            [condition, if_true, if_false].iter().for_each(|part| inner(part, span));
        }
        ExprKind::Tuple(items) => items.iter().for_each(|item| inner(item, span)),
        ExprKind::Object(items) => items.iter().for_each(|item| {
            inner(&item.key, span);
            inner(&item.value, span);
        }),
        ExprKind::For(for_expr) => {
            inner(&for_expr.collection, span);
            inner(&for_expr.value, span);
            for_expr.key.iter().chain(&for_expr.condition).for_each(|part| inner(part, span));
        }
        ExprKind::Parens(expr) => inner(expr, span),
    }
}

fn check_parts(file: &SourceFile, within: Span, parts: &[TemplatePart]) {
    for part in parts {
        match part {
            TemplatePart::Literal(_, span) => check_span(file, within, *span),
            TemplatePart::Interpolation(expr) => check_expr(file, within, expr),
            TemplatePart::If { condition, if_true, if_false } => {
                check_expr(file, within, condition);
                check_parts(file, within, if_true);
                check_parts(file, within, if_false);
            }
            TemplatePart::For { collection, body, .. } => {
                check_expr(file, within, collection);
                check_parts(file, within, body);
            }
        }
    }
}

/// Pieces of text from which files are made that are nearly right.
const PIECES: &[&str] = &[
    "a = ",
    "b",
    "c.d",
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    "\"",
    "${",
    "%{",
    "~}",
    "%{ if x }",
    "%{ else }",
    "%{ endif }",
    "%{ for k, v in x }",
    "%{ endfor }",
    "\n",
    "\r\n",
    "\r",
    " ",
    "\t",
    "\u{a0}",
    "<<E\n",
    "<<-E\n",
    "\nE\n",
    "E",
    "1",
    "1e400",
    "1.2.3",
    ".0",
    ".*",
    "[*]",
    "...",
    "=>",
    ":",
    "?",
    "=",
    "==",
    "!",
    "-",
    "*",
    "&&",
    ",",
    "#",
    "//",
    "/*",
    "*/",
    "\\",
    "\\n",
    "\\u00e9",
    "é",
    "e\u{301}",
    "😀",
    "$${",
    "for k, v in ",
    "if ",
    "null",
    "true",
    "f(",
    "x::y(",
    "block \"l\" {\n",
    "\u{feff}",
    "'",
    ";",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_parser_panic_or_a_span_leave_the_file(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40),
        json in prop::bool::ANY,
    ) {
        let text = if json { format!("{{\"locals\":{{\"a\":\"{}\"}}}}", pieces.concat()) } else { pieces.concat() };
        let name = if json { "main.tf.json" } else { "main.tf" };
        let file = source(name, &text);
        let (file, parsed) = on_big_stack(move || { let parsed = syntax::parse(&file); (file, parsed) });
        prop_assert_eq!(parsed.complete, parsed.diagnostics.is_empty());
        check_spans(&file, &parsed);
    }

    #[test]
    fn changes_to_a_real_file_do_no_harm(
        cuts in prop::collection::vec((0_usize..1000, 0_usize..12, prop::sample::select(PIECES)), 0..4),
    ) {
        let mut text = REAL.to_owned();
        for (at, len, piece) in cuts {
            let start = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            let end = (start..=(start + len).min(text.len())).rev().find(|at| text.is_char_boundary(*at));
            text.replace_range(start..end.unwrap_or(start), piece);
        }
        let file = source("main.tf", &text);
        let (file, parsed) = on_big_stack(move || { let parsed = syntax::parse(&file); (file, parsed) });
        check_spans(&file, &parsed);
    }
}

const REAL: &str = r#"# A network.
locals {
  names = { for k, v in var.subnets : k => "${var.prefix}-${k}" if v.private } // by key
  all   = concat([for s in aws_subnet.this : s.id], var.more[*].id, x.*.y.0)
}

resource "aws_instance" "this" {
  for_each = local.names
  tags     = { Name = each.value, (var.key) = !var.on ? -1 : 2 * (3 + 4) % 5 }
  user_data = <<-EOT
    #!/bin/sh
    %{ for n in var.names ~}
    echo ${n} $${n}
    %{ endfor ~}
  EOT
  dynamic "ebs" {
    for_each = []
    content { size = ebs.value }
  }
  lifecycle { ignore_changes = [tags["a"]] }
}
"#;
