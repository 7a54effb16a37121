//! Findings of all roots as one list: each defect once, in an order that does not depend on threads.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::finding::{Certainty, Finding, Fix, Severity, Suppressed};
use crate::report::Gap;
use crate::report::place::path_text;
use crate::source::{SourceMap, Span};

/// What makes two findings the same defect: the rule, the line to change, the line that decided, and the cause.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    code: &'static str,
    undecided: bool,
    primary: Option<Span>,
    decided_at: Option<Span>,
    /// Only where there is no place.
    subject: Option<String>,
    cause: String,
}

impl Key {
    fn of(finding: &Finding) -> Key {
        let primary = finding.primary.as_ref().map(|label| label.span);
        Key {
            code: finding.code,
            undecided: finding.certainty == Certainty::Undecided,
            primary,
            decided_at: finding.trace.iter().rev().find_map(|step| step.span),
            subject: primary.is_none().then(|| finding.subject.clone()),
            // The block's address differs between the calls of a module; the place stands for it.
            cause: match (primary, finding.cause.split_once(": ")) {
                (Some(_), Some((_, cause))) => cause.to_owned(),
                _ => finding.cause.clone(),
            },
        }
    }
}

/// Joins findings that are the same defect, seen from several roots or through several calls, and sorts them.
pub fn merge(findings: impl IntoIterator<Item = Finding>, sources: &SourceMap) -> Vec<Finding> {
    let mut merged: BTreeMap<Key, Finding> = BTreeMap::new();
    for finding in findings {
        match merged.entry(Key::of(&finding)) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(finding);
            }
            std::collections::btree_map::Entry::Occupied(mut entry) => join(entry.get_mut(), finding),
        }
    }
    let mut findings: Vec<Finding> = merged.into_values().collect();
    for finding in &mut findings {
        for list in [&mut finding.affected, &mut finding.scenarios, &mut finding.roots] {
            list.sort();
            list.dedup();
        }
    }
    sort(&mut findings, sources);
    findings
}

/// Adds what a second finding knows. The one whose subject comes first speaks for both, whatever came in first.
fn join(finding: &mut Finding, other: Finding) {
    let (mut first, mut second) = (other, std::mem::replace(finding, placeholder()));
    if speaker(&second) < speaker(&first) {
        std::mem::swap(&mut first, &mut second);
    }
    first.severity = first.severity.max(second.severity);
    first.fix = Fix::agree(first.fix.take(), second.fix.take());
    if first.subject != second.subject {
        let also = format!("also {}", second.subject);
        if !first.notes.contains(&also) {
            first.notes.push(also);
        }
    }
    first.notes.extend(second.notes.into_iter().filter(|note| note.starts_with("also ")));
    for label in second.labels {
        if !first.labels.iter().any(|known| known.span == label.span) {
            first.labels.push(label);
        }
    }
    first.affected.append(&mut second.affected);
    first.scenarios.append(&mut second.scenarios);
    first.roots.append(&mut second.roots);
    for because in second.because {
        if !first.because.contains(&because) {
            first.because.push(because);
        }
    }
    *finding = first;
}

fn speaker(finding: &Finding) -> (&[String], &str, &str) {
    (&finding.roots, &finding.subject, &finding.message)
}

fn placeholder() -> Finding {
    Finding {
        code: "",
        name: "",
        severity: Severity::Info,
        certainty: Certainty::Certain,
        message: String::new(),
        subject: String::new(),
        primary: None,
        labels: Vec::new(),
        trace: Vec::new(),
        notes: Vec::new(),
        help: None,
        because: Vec::new(),
        fix: None,
        affected: Vec::new(),
        scenarios: Vec::new(),
        cause: String::new(),
        calls: Vec::new(),
        roots: Vec::new(),
    }
}

/// By path, line, column, code, subject; what has no place comes last.
fn sort(findings: &mut [Finding], sources: &SourceMap) {
    findings.sort_by_cached_key(|finding| {
        let place = finding.primary.as_ref().map(|label| place(sources, label.span));
        (place.is_none(), place, finding.code, finding.subject.clone(), finding.message.clone())
    });
}

/// In the order of findings.
pub fn sort_suppressed(suppressed: &mut [Suppressed], sources: &SourceMap) {
    suppressed.sort_by_cached_key(|suppressed| {
        let finding = &suppressed.finding;
        let at = finding.primary.as_ref().map(|label| place(sources, label.span));
        let by = place(sources, suppressed.place);
        (at.is_none(), at, finding.code, finding.subject.clone(), finding.message.clone(), by)
    });
}

/// Each gap once, by place.
pub fn sort_gaps(gaps: &mut Vec<Gap>, sources: &SourceMap) {
    gaps.sort_by_cached_key(|gap| {
        let at = gap.span.map(|span| place(sources, span));
        (at.is_none(), at, gap.kind, gap.message.clone())
    });
    gaps.dedup();
}

/// Each diagnostic once, by place.
pub fn sort_diagnostics(diagnostics: &mut Vec<Diagnostic>, sources: &SourceMap) {
    diagnostics.sort_by_cached_key(|diagnostic| {
        let at = diagnostic.span.map(|span| place(sources, span));
        (at.is_none(), at, diagnostic.kind, diagnostic.summary.clone(), diagnostic.detail.clone())
    });
    diagnostics.dedup();
}

/// A place to sort by: path and offsets, since file handles depend on which thread read first.
fn place(sources: &SourceMap, span: Span) -> (String, u32, u32) {
    (path_text(&sources.file(span.file).path), span.start, span.end)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::finding::{Label, TraceStep};

    fn finding(sources: &SourceMap, root: &str, affected: &str, decided_at: u32) -> Finding {
        let file = sources.add(Path::new("net/main.tf"), "a = 1\nb = 2\n".into());
        // Always the first file of that path.
        let _ = file;
        let span = |start| Span { file: crate::source::FileId(0), start, end: start + 1 };
        Finding {
            code: "SSM001",
            primary: Some(Label { span: span(0), message: String::new() }),
            trace: vec![TraceStep { span: Some(span(decided_at)), message: "decided here".into() }],
            subject: affected.into(),
            affected: vec![affected.into()],
            roots: vec![root.into()],
            ..placeholder()
        }
    }

    #[test]
    fn one_defect_of_a_shared_module_is_one_finding_in_any_order() {
        let sources = SourceMap::new();
        let a = finding(&sources, "envs/a", "module.net.aws_instance.x", 6);
        let b = finding(&sources, "envs/b", "module.network.aws_instance.x", 6);
        let one = merge([a.clone(), b.clone()], &sources);
        assert_eq!(one, merge([b, a], &sources));
        assert_eq!(one.len(), 1);
        assert_eq!(one[0].roots, ["envs/a", "envs/b"]);
        assert_eq!(one[0].affected, ["module.net.aws_instance.x", "module.network.aws_instance.x"]);
        assert_eq!(one[0].subject, "module.net.aws_instance.x");
    }

    #[test]
    fn defects_decided_at_different_lines_stay_apart() {
        let sources = SourceMap::new();
        let a = finding(&sources, "envs/a", "module.net.aws_instance.x", 6);
        let b = finding(&sources, "envs/b", "module.net.aws_instance.x", 10);
        assert_eq!(merge([b, a], &sources).len(), 2);
    }
}
