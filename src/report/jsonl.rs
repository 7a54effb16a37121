//! `ssmlint/1` as one object a line: what [`json`] has in one document, for tools that read line by line.

use serde::Serialize;

use crate::report::Report;
use crate::report::json::{self, Document};

#[derive(Serialize)]
struct Line<'a, T> {
    schema: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    item: &'a T,
}

/// Renders the report; the summary comes last.
pub fn render(report: &Report) -> String {
    let document = Document::of(report);
    let mut out = String::new();
    write(&mut out, "finding", &document.findings);
    write(&mut out, "undecided", &document.undecided);
    write(&mut out, "suppressed", &document.suppressed);
    write(&mut out, "verdict", &document.verdicts);
    write(&mut out, "gap", &document.gaps);
    write(&mut out, "diagnostic", &document.diagnostics);
    write(&mut out, "failure", &document.failures);
    write(&mut out, "summary", std::slice::from_ref(&document.summary));
    out
}

fn write<T: Serialize>(out: &mut String, kind: &'static str, items: &[T]) {
    for item in items {
        out.push_str(&json::to_line(&Line { schema: json::SCHEMA, kind, item }));
    }
}
