//! Projects that say what must be found in them: a trailing comment `# SSM001` on a line promises that finding there.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use ssmlint::lint::{self, Request};
use ssmlint::report::Report;
use ssmlint::settings::Settings;
use ssmlint::source::SourceMap;
use ssmlint::source::fs::FileSystem;

/// A finding's place: file, line, code.
pub(crate) type Place = (String, u32, String);

/// The places that the marked lines of a file promise.
pub(crate) fn marked(path: &str, text: &str) -> BTreeSet<Place> {
    let mut places = BTreeSet::new();
    for (index, line) in text.lines().enumerate() {
        let Some((_, comment)) = line.rsplit_once('#') else { continue };
        let codes: Vec<&str> = comment.split([' ', ',']).filter(|word| !word.is_empty()).collect();
        if codes.iter().all(|code| is_code(code)) {
            places.extend(codes.iter().map(|code| (path.to_owned(), index as u32 + 1, (*code).to_owned())));
        }
    }
    places
}

fn is_code(word: &str) -> bool {
    word.len() == 6 && word.starts_with("SSM") && word[3..].bytes().all(|byte| byte.is_ascii_digit())
}

/// Checks a directory as the program would.
pub(crate) fn check(fs: &dyn FileSystem, dir: &Path) -> Report {
    let sources = Arc::new(SourceMap::new());
    let file = dir.join(".ssmlint.hcl");
    let settings = match file.exists() {
        true => lint::load_settings(fs, &sources, &file).unwrap_or_else(|problems| panic!("{problems:?}")),
        false => Settings::default(),
    };
    let request = Request { paths: vec![dir.to_path_buf()], settings, sources, ..Request::default() };
    lint::check(&request, fs).unwrap_or_else(|error| panic!("{}: {error}", dir.display()))
}

/// The places of the findings, counted from the directory.
pub(crate) fn found(report: &Report, dir: &Path) -> BTreeSet<Place> {
    let place = |finding: &ssmlint::finding::Finding| {
        let Some(label) = &finding.primary else { return (String::new(), 0, finding.code.to_owned()) };
        let file = report.sources.file(label.span.file);
        let path = file.path.strip_prefix(dir).unwrap_or(&file.path);
        (path.display().to_string(), file.position(label.span.start).line, finding.code.to_owned())
    };
    report.findings.iter().map(place).collect()
}

/// What is wrong with a report: what was promised and did not come, what came without promise, and what Terraform
/// would refuse. Empty when nothing is.
pub(crate) fn disagreement(report: &Report, dir: &Path, promised: &BTreeSet<Place>) -> String {
    let found = found(report, dir);
    let mut text = String::new();
    for (file, line, code) in promised.difference(&found) {
        text += &format!("  missing    {code} at {file}:{line}\n");
    }
    for (file, line, code) in found.difference(promised) {
        text += &format!("  unexpected {code} at {file}:{line}\n");
    }
    for diagnostic in &report.diagnostics {
        text += &format!("  {}: {}\n", diagnostic.summary, diagnostic.detail);
    }
    for failure in &report.failures {
        text += &format!("  {}\n", failure.message);
    }
    if !text.is_empty() {
        for finding in report.findings.iter().chain(&report.undecided) {
            text += &format!("    {:?} {} {}\n", finding.certainty, finding.code, finding.message);
            for because in &finding.because {
                text += &format!("      because {}\n", because.reason);
            }
        }
    }
    text
}
