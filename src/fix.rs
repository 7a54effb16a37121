//! Fixes as byte edits: what rules propose is laid out at the places that the source has for it.
//!
//! Every byte outside of the edits stays. What an edit writes is formatted as `terraform fmt` would leave it: aligned
//! with the arguments around it where its name fits their column, in a paragraph of its own where it does not.

mod change;
mod layout;

use std::collections::BTreeMap;
use std::fmt;

use rayon::prelude::*;
use similar::TextDiff;

use crate::finding::{Edit, Finding, Fix, Safety};
use crate::fix::change::edits_of;
use crate::fix::layout::Document;
use crate::source::{FileId, SourceFile, SourceMap};

/// Gives each fix its edits. One that does not fit the source, or touches a file that may not be edited, is dropped.
/// Findings of one file should stand together: their documents are read once.
pub fn lay_out(
    findings: &mut [Finding],
    sources: &SourceMap,
    may_edit: &(dyn Fn(&SourceFile) -> bool + Sync),
) {
    let file = |finding: &Finding| finding.primary.as_ref().map(|label| label.span.file);
    findings.par_chunk_by_mut(|a, b| file(a) == file(b)).for_each(|findings| {
        let mut documents: BTreeMap<FileId, Option<Document>> = BTreeMap::new();
        for finding in findings {
            let Some(fix) = &mut finding.fix else { continue };
            for change in &fix.changes {
                documents.entry(change.span().file).or_insert_with_key(|id| {
                    let file = sources.file(*id);
                    may_edit(&file).then(|| Document::new(file)).flatten()
                });
            }
            match edits(fix, &documents) {
                Some(edits) => fix.edits = edits,
                None => finding.fix = None,
            }
        }
    });
}

/// The edits of a fix; none where it does not fit the documents.
fn edits(fix: &Fix, documents: &BTreeMap<FileId, Option<Document>>) -> Option<Vec<Edit>> {
    let mut edits = Vec::new();
    let mut touched = BTreeMap::new();
    for change in &fix.changes {
        let file = change.span().file;
        let document = documents.get(&file)?.as_ref()?;
        edits.extend(edits_of(change, document)?);
        touched.insert(file, document);
    }
    for document in touched.values() {
        document.align_comments(&mut edits);
    }
    edits.sort_by(|a, b| (a.span, &a.text).cmp(&(b.span, &b.text)));
    edits.dedup();
    (!fix.changes.is_empty()).then_some(edits)
}

/// A fix whose own edits overlap: a mistake of the rule that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// The rule.
    pub code: &'static str,
    /// The fix.
    pub title: String,
}

impl fmt::Display for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "internal error: the edits of the fix \"{}\" of {} overlap", self.title, self.code)
    }
}

impl std::error::Error for Overlap {}

/// The findings whose fixes can be applied together, by index: of two that overlap the first one. `wanted` says
/// which come into question.
pub fn choose(
    findings: &[Finding],
    up_to: Safety,
    wanted: impl Fn(&Finding) -> bool,
) -> Result<Vec<usize>, Overlap> {
    let mut taken: Vec<&Edit> = Vec::new();
    let mut chosen = Vec::new();
    for (index, finding) in findings.iter().enumerate() {
        let Some(fix) = finding.fix.as_ref().filter(|fix| fix.safety <= up_to) else { continue };
        let overlaps = fix.edits.windows(2).any(|pair| are_in_conflict(&pair[0], &pair[1]));
        if overlaps {
            return Err(Overlap { code: finding.code, title: fix.title.clone() });
        }
        if fix.edits.is_empty() || !wanted(finding) {
            continue;
        }
        // A second finding with the same fix is removed by the first one's edits.
        let is_free = fix.edits.iter().all(|edit| taken.iter().all(|other| !are_in_conflict(edit, other)));
        if is_free {
            taken.extend(&fix.edits);
            chosen.push(index);
        }
    }
    Ok(chosen)
}

/// Whether two edits touch the same bytes, or insert at one place.
fn are_in_conflict(one: &Edit, other: &Edit) -> bool {
    let (a, b) = (one.span, other.span);
    if a.file != b.file {
        return false;
    }
    let is_same_insertion = a.start == b.start && a.start == a.end && b.start == b.end;
    is_same_insertion || (a.start < b.end && b.start < a.end)
}

/// The text with disjoint edits applied, in whatever order they come.
pub fn apply(text: &str, edits: &[&Edit]) -> String {
    let mut edits = edits.to_vec();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        result.push_str(text.get(done..start).unwrap_or(""));
        result.push_str(&edit.text);
        done = end.max(done);
    }
    result.push_str(text.get(done..).unwrap_or(""));
    result
}

/// The change of one file as a unified diff.
pub fn diff(path: &str, before: &str, after: &str) -> String {
    TextDiff::from_lines(before, after).unified_diff().context_radius(3).header(path, path).to_string()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::finding::{Certainty, Severity};
    use crate::source::Span;

    fn edit(start: u32, end: u32, text: &str) -> Edit {
        Edit { span: Span { file: FileId(0), start, end }, text: text.into() }
    }

    fn finding(edits: Vec<Edit>) -> Finding {
        Finding {
            code: "SSM001",
            name: "a-name",
            severity: Severity::Error,
            certainty: Certainty::Certain,
            message: String::new(),
            subject: String::new(),
            primary: None,
            labels: Vec::new(),
            trace: Vec::new(),
            notes: Vec::new(),
            help: None,
            because: Vec::new(),
            fix: Some(Fix { edits, ..Fix::new("do it", Safety::Safe, Vec::new()) }),
            affected: Vec::new(),
            scenarios: Vec::new(),
            cause: String::new(),
            calls: Vec::new(),
            roots: Vec::new(),
        }
    }

    #[test]
    fn of_two_fixes_that_overlap_the_first_is_chosen() {
        let findings =
            [finding(vec![edit(0, 4, "a")]), finding(vec![edit(3, 5, "b")]), finding(vec![edit(4, 6, "c")])];
        assert_eq!(choose(&findings, Safety::Safe, |_| true), Ok(vec![0, 2]));
        let insertions = [finding(vec![edit(4, 4, "a")]), finding(vec![edit(4, 4, "b")])];
        assert_eq!(choose(&insertions, Safety::Safe, |_| true), Ok(vec![0]));
    }

    #[test]
    fn a_fix_that_overlaps_itself_is_an_error_that_names_the_rule() {
        let findings = [finding(vec![edit(0, 4, "a"), edit(2, 6, "b")])];
        let error = choose(&findings, Safety::Safe, |_| true).unwrap_err();
        assert_eq!(error.to_string(), "internal error: the edits of the fix \"do it\" of SSM001 overlap");
    }

    #[test]
    fn an_unsafe_fix_is_only_chosen_when_asked_for() {
        let mut unsafe_one = finding(vec![edit(0, 1, "a")]);
        unsafe_one.fix.as_mut().unwrap().safety = Safety::Unsafe;
        assert_eq!(choose(std::slice::from_ref(&unsafe_one), Safety::Safe, |_| true), Ok(vec![]));
        assert_eq!(choose(&[unsafe_one], Safety::Unsafe, |_| true), Ok(vec![0]));
    }

    #[test]
    fn edits_keep_every_other_byte() {
        let edits = [edit(4, 5, "2"), edit(0, 1, "b"), edit(5, 5, "3")];
        assert_eq!(apply("a = 1\r\n", &edits.iter().collect::<Vec<_>>()), "b = 23\r\n");
    }

    #[test]
    fn a_diff_names_the_file_and_the_lines() {
        let text = diff("a.tf", "a = 1\nb = 2\n", "a = 1\nb = 3\n");
        assert_eq!(text, "--- a.tf\n+++ a.tf\n@@ -1,2 +1,2 @@\n a = 1\n-b = 2\n+b = 3\n");
    }

    /// The text after the only change that a finding of a file proposes.
    fn changed(
        path: &str,
        text: &str,
        change: impl Fn(&SourceFile) -> crate::finding::Change,
    ) -> Option<String> {
        let sources = SourceMap::new();
        let file = sources.add(Path::new(path), text.to_owned());
        let mut findings = [finding(Vec::new())];
        findings[0].fix = Some(Fix::new("do it", Safety::Safe, vec![change(&file)]));
        lay_out(&mut findings, &sources, &|_| true);
        let fix = findings[0].fix.take()?;
        Some(apply(text, &fix.edits.iter().collect::<Vec<_>>()))
    }

    use crate::finding::{Change, NewBlock, Term};

    fn span_of(file: &SourceFile, part: &str) -> Span {
        let start = file.text.find(part).unwrap() as u32;
        Span { file: file.id, start, end: start + part.len() as u32 }
    }

    /// The first block of the file.
    fn block(file: &SourceFile) -> Span {
        crate::syntax::parse(file).file.body.blocks[0].span
    }

    fn set(name: &'static str, value: Term) -> impl Fn(&SourceFile) -> Change {
        move |file| Change::Set { block: block(file), name, value: value.clone() }
    }

    #[test]
    fn an_argument_joins_the_column_that_it_fits_into() {
        let text = "resource \"a\" \"b\" {\n  vpc_id       = 1\n  service_name = 2\n\n  tags = {}\n}\n";
        assert_eq!(
            changed("a.tf", text, set("type", Term::Bool(true))).unwrap(),
            "resource \"a\" \"b\" {\n  vpc_id       = 1\n  service_name = 2\n  type         = true\n\n  tags = {}\n}\n"
        );
        assert_eq!(
            changed("a.tf", text, set("private_dns_enabled", Term::Bool(true))).unwrap(),
            "resource \"a\" \"b\" {\n  vpc_id       = 1\n  service_name = 2\n\n  private_dns_enabled = true\n\n  tags = {}\n}\n"
        );
    }

    #[test]
    fn an_argument_goes_before_nested_blocks_and_into_blocks_of_one_line() {
        let text = "resource \"a\" \"b\" {\r\n  lifecycle {}\r\n}\r\n";
        assert_eq!(
            changed("a.tf", text, set("x", Term::Number(1))).unwrap(),
            "resource \"a\" \"b\" {\r\n  x = 1\r\n\r\n  lifecycle {}\r\n}\r\n"
        );
        assert_eq!(
            changed("a.tf", "resource \"a\" \"b\" {}\n", set("x", Term::Number(1))).unwrap(),
            "resource \"a\" \"b\" {\n  x = 1\n}\n"
        );
        assert_eq!(
            changed("a.tf", "resource \"a\" \"b\" { vpc = 2 }\n", set("x", Term::Number(1))).unwrap(),
            "resource \"a\" \"b\" {\n  vpc = 2\n  x   = 1\n}\n"
        );
        let null = "resource \"a\" \"b\" {\n  x = null # unset\n}\n";
        assert_eq!(
            changed("a.tf", null, set("x", Term::Bool(false))).unwrap(),
            "resource \"a\" \"b\" {\n  x = false # unset\n}\n"
        );
        assert_eq!(
            changed("a.tf", "resource \"a\" \"b\" {\n  x = var.y\n}\n", set("x", Term::Number(1))),
            None
        );
    }

    #[test]
    fn comments_behind_a_changed_value_stay_aligned() {
        let text = "resource \"a\" \"b\" {\n  x = false # one\n  y = 1     # two\n}\n";
        let replace =
            |file: &SourceFile| Change::Replace { literal: span_of(file, "false"), with: Term::Bool(true) };
        assert_eq!(
            changed("a.tf", text, replace).unwrap(),
            "resource \"a\" \"b\" {\n  x = true # one\n  y = 1    # two\n}\n"
        );
    }

    #[test]
    fn lists_grow_as_they_are_written() {
        let append = |file: &SourceFile| {
            let text = &file.text;
            let (start, end) = (text.find('[').unwrap() as u32, text.find(']').unwrap() as u32 + 1);
            let collection = Span { file: file.id, start, end };
            Change::Append { collection, elements: vec![Term::Text("c".into())], like: None }
        };
        let grown = |text: &str| changed("a.tf", text, append).unwrap();
        assert_eq!(grown("locals {\n  a = [\"b\"]\n}\n"), "locals {\n  a = [\"b\", \"c\"]\n}\n");
        assert_eq!(grown("locals {\n  a = []\n}\n"), "locals {\n  a = [\"c\"]\n}\n");
        assert_eq!(
            grown("locals {\n  a = [\n    \"b\",\n  ]\n}\n"),
            "locals {\n  a = [\n    \"b\",\n    \"c\",\n  ]\n}\n"
        );
        assert_eq!(
            grown("locals {\n  a = [\n    \"b\" # x\n  ]\n}\n"),
            "locals {\n  a = [\n    \"b\", # x\n    \"c\"\n  ]\n}\n"
        );
    }

    #[test]
    fn objects_grow_like_the_entry_they_have() {
        let append = |file: &SourceFile| {
            let text = &file.text;
            let (start, end) = (
                text.find("{ s").or(text.find("{\n    s")).unwrap() as u32,
                text.find('}').unwrap() as u32 + 1,
            );
            let collection = Span { file: file.id, start, end };
            let elements = vec![Term::Text("ssmmessages".into())];
            Change::Append { collection, elements, like: Some("ssm".into()) }
        };
        assert_eq!(
            changed("a.tf", "locals {\n  a = { ssm = \"x.ssm\" }\n}\n", append).unwrap(),
            "locals {\n  a = { ssm = \"x.ssm\", ssmmessages = \"x.ssmmessages\" }\n}\n"
        );
        assert_eq!(
            changed(
                "a.tf",
                "locals {\n  a = {\n    ssm         = true\n    ec2messages = true\n  }\n}\n",
                append
            )
            .unwrap(),
            "locals {\n  a = {\n    ssm         = true\n    ec2messages = true\n    ssmmessages = true\n  }\n}\n"
        );
    }

    #[test]
    fn a_removed_block_takes_its_comment_and_one_blank_line_along() {
        let remove = |file: &SourceFile| {
            let inner = crate::syntax::parse(file).file.body.blocks[0].body.blocks[0].span;
            Change::Remove { block: inner }
        };
        let text = "resource \"a\" \"b\" {\n  x = 1\n\n  # why\n  ingress {\n    y = 1\n  }\n\n  z = 1\n}\n";
        assert_eq!(changed("a.tf", text, remove).unwrap(), "resource \"a\" \"b\" {\n  x = 1\n\n  z = 1\n}\n");
        let last = "resource \"a\" \"b\" {\n  x = 1\n\n  ingress {\n    y = 1\n  } # end\n}\n";
        assert_eq!(changed("a.tf", last, remove).unwrap(), "resource \"a\" \"b\" {\n  x = 1\n}\n");
    }

    #[test]
    fn new_blocks_are_aligned_and_follow_their_kind() {
        let rule = NewBlock {
            header: "ingress".into(),
            arguments: vec![("from_port", Term::Number(443)), ("to_port", Term::Number(443))],
            blocks: Vec::new(),
        };
        let nest = |file: &SourceFile| Change::Nest { block: block(file), new: rule.clone() };
        let text = "resource \"a\" \"b\" {\n  x = 1\n\n  ingress {\n  }\n\n  egress {\n  }\n}\n";
        assert_eq!(
            changed("a.tf", text, nest).unwrap(),
            "resource \"a\" \"b\" {\n  x = 1\n\n  ingress {\n  }\n\n  ingress {\n    from_port = 443\n    to_port   = 443\n  }\n\n  egress {\n  }\n}\n"
        );
        let after = |file: &SourceFile| Change::After { block: block(file), new: vec![rule.clone()] };
        assert_eq!(
            changed("a.tf", "resource \"a\" \"b\" {}", after).unwrap(),
            "resource \"a\" \"b\" {}\n\ningress {\n  from_port = 443\n  to_port   = 443\n}"
        );
    }

    #[test]
    fn a_copy_has_another_name_and_another_word() {
        let copy = |file: &SourceFile| Change::Copy {
            block: block(file),
            word: "ssm".into(),
            copies: vec![("ssmmessages".into(), "ssmmessages".into())],
        };
        let text = "resource \"e\" \"ssm\" { # here\n  service_name = \"com.${x}.ssm\" # ssm\n  groups       = [g.ssm.id]\n}\n";
        assert_eq!(
            changed("a.tf", text, copy).unwrap(),
            format!(
                "{text}\nresource \"e\" \"ssmmessages\" {{\n  service_name = \"com.${{x}}.ssmmessages\"\n  groups       = [g.ssm.id]\n}}\n"
            )
        );
    }

    #[test]
    fn json_syntax_is_only_changed_in_place() {
        let text = "{\"resource\": {\"a\": {\"b\": {\"x\": false}}}}";
        let replace = |file: &SourceFile| Change::Replace {
            literal: span_of(file, "false"),
            with: Term::Text("a\"".into()),
        };
        assert_eq!(
            changed("a.tf.json", text, replace).unwrap(),
            "{\"resource\": {\"a\": {\"b\": {\"x\": \"a\\\"\"}}}}"
        );
        assert_eq!(changed("a.tf.json", text, set("y", Term::Bool(true))), None);
    }
}
