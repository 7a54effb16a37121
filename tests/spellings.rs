//! What the pages of the rules show holds however it is spelled: in a module, in a module that is called with
//! `for_each`, and with `count` or `for_each` on every block. The spellings are derived from the pages' own examples.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

#[path = "support/expect.rs"]
mod expect;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex::{Captures, Regex};
use ssmlint::report::Report;
use ssmlint::rules::ALL;
use ssmlint::rules::page::{Page, Project, Shows};
use ssmlint::source::fs::Disk;

/// The files of a project: path and text.
type Files = Vec<(String, String)>;

#[test]
fn examples_hold_in_a_module() {
    hold("module", |files| wrapped(files, ""));
}

#[test]
fn examples_hold_in_a_module_with_for_each() {
    hold("modules", |files| wrapped(files, "  for_each = toset([\"x\"])\n"));
}

#[test]
fn examples_hold_in_modules_within_modules() {
    hold("nested", |files| wrapped(wrapped(files, "")?, "  count = 1\n"));
}

#[test]
fn examples_hold_with_for_each_on_every_block() {
    hold("for-each", |files| repeated(files, "for_each = toset([\"x\"])", "[\"x\"]"));
}

#[test]
fn examples_hold_with_count_on_every_block() {
    hold("count", |files| repeated(files, "count = 1", "[0]"));
}

/// Checks the examples of all pages in a spelling; one that cannot be spelled so is left out.
fn hold(name: &str, spell: impl Fn(Files) -> Option<Files>) {
    let mut failures = String::new();
    let mut spelled = 0;
    for rule in ALL {
        let page = Page::parse(rule.page).unwrap_or_else(|error| panic!("{}: {error}", rule.code));
        let projects: Vec<Project> = page.projects().unwrap_or_else(|error| panic!("{error}"));
        let shown = projects.iter().filter(|project| project.shows != Shows::Fixed);
        for (index, project) in shown.enumerate() {
            let files: Files =
                project.files.iter().map(|(path, text)| (path.to_string(), text.to_string())).collect();
            // Settings are for a root module as it is.
            if files.iter().any(|(path, _)| path == ".ssmlint.hcl") {
                continue;
            }
            let Some(variant) = spell(files.clone()) else { continue };
            spelled += 1;
            let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("spellings").join(name);
            let dir = dir.join(format!("{}-{index}", rule.code));
            let (report, promised) = check(&dir.join("spelled"), &variant);
            let (plain, _) = check(&dir.join("plain"), &files);
            let mut wrong = expect::disagreement(&report, &dir.join("spelled"), &promised);
            for code in codes(&report).difference(&codes(&plain)) {
                wrong += &format!("  {code} is undecided in this spelling only\n");
                for finding in report.undecided.iter().filter(|finding| finding.code == *code) {
                    wrong += &format!("    {}\n", finding.message);
                    for because in &finding.because {
                        wrong += &format!("      because {}\n", because.reason);
                    }
                }
            }
            if !wrong.is_empty() {
                failures += &format!(
                    "{} {:?} \"{}\" ({})\n{wrong}",
                    rule.code,
                    project.shows,
                    project.title,
                    dir.display()
                );
            }
        }
    }
    assert!(spelled > 100, "{spelled} examples can be spelled so");
    assert!(failures.is_empty(), "\n{failures}");
}

fn codes(report: &Report) -> BTreeSet<&'static str> {
    report.undecided.iter().map(|finding| finding.code).collect()
}

fn check(dir: &Path, files: &Files) -> (Report, BTreeSet<expect::Place>) {
    let _ = fs::remove_dir_all(dir);
    let mut promised = BTreeSet::new();
    for (path, text) in files {
        let file = dir.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
        promised.extend(expect::marked(path, text));
    }
    (expect::check(&Disk, dir), promised)
}

/// The project as a module that a new root calls. Provider configurations move to the root; inputs that have no default,
/// or that something is said about, are passed on.
fn wrapped(files: Files, meta: &str) -> Option<Files> {
    let mut root = String::new();
    let mut arguments = String::new();
    let mut result = Files::new();
    for (path, text) in files {
        // Only Terraform's own files can be moved without a change of what they say.
        if !path.ends_with(".tf") {
            return None;
        }
        let mut text = text;
        if !path.contains('/') {
            for (header, block) in blocks(&text) {
                let first = header.split_whitespace().next().unwrap_or_default();
                let marked = !expect::marked("", &block).is_empty();
                if first == "provider" {
                    if marked {
                        return None;
                    }
                    root += &format!("{block}\n");
                    // Empty lines in its place keep the numbers of all others.
                    text = text.replacen(&block, &"\n".repeat(block.matches('\n').count()), 1);
                }
                if first == "variable" && (marked || !block.contains("default")) {
                    let name = header.split('"').nth(1)?;
                    arguments += &format!("  {name} = var.{name}\n");
                    root += &format!("{block}\n");
                    // What is said about an input is said where it comes from.
                    let (head, rest) = block.split_once('\n')?;
                    let plain = head.split_once(" #").map_or(head, |(plain, _)| plain);
                    text = text.replacen(&block, &format!("{plain}\n{rest}"), 1);
                }
            }
        }
        result.push((format!("stack/{path}"), text));
    }
    root += &format!("module \"stack\" {{\n  source = \"./stack\"\n{meta}{arguments}}}\n");
    result.push(("root.tf".to_owned(), root));
    Some(result)
}

/// The blocks of the top level with their headers.
fn blocks(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in text.split_inclusive('\n') {
        let is_start = open.is_none() && line.contains('{') && !line.starts_with([' ', '#', '}']);
        if is_start {
            open = Some((line.trim_end().to_owned(), String::new()));
        }
        let Some((_, block)) = &mut open else { continue };
        block.push_str(line);
        let is_one_line = is_start && line.trim_end().ends_with('}');
        if (is_one_line || line.trim_end() == "}")
            && let Some(closed) = open.take()
        {
            found.push(closed);
        }
    }
    found
}

/// Every resource and data source with one more argument, and their instance in all references.
fn repeated(files: Files, argument: &str, key: &str) -> Option<Files> {
    let header = Regex::new(r#"^(resource|data) "(\w+)" "(\w+)" \{(.*)$"#).unwrap();
    let mut names: BTreeSet<(String, String)> = BTreeSet::new();
    let mut fixed: BTreeSet<(String, String)> = BTreeSet::new();
    for (path, text) in &files {
        if !path.ends_with(".tf") {
            return None;
        }
        for (first, block) in blocks(text) {
            let Some(found) = header.captures(&first) else { continue };
            let name = (found[2].to_owned(), found[3].to_owned());
            let is_repeated = block.lines().any(|line| {
                line.starts_with("  count ")
                    || line.starts_with("  for_each ")
                    || line.starts_with("  for_each=")
            });
            if is_repeated || first.ends_with('}') {
                fixed.insert(name);
            } else {
                names.insert(name);
            }
        }
    }
    // What has one name in two modules may be repeated in one of them only.
    let names: BTreeSet<(String, String)> = names.difference(&fixed).cloned().collect();
    if names.is_empty() {
        return None;
    }
    let reference = Regex::new(r"\b(aws_\w+|terraform_data)\.(\w+)(\[\*\])?").unwrap();
    let files = files.into_iter().map(|(path, text)| {
        let mut result = String::new();
        for line in text.split_inclusive('\n') {
            let found = header.captures(line.trim_end());
            if let Some(found) = found {
                result.push_str(line);
                if names.contains(&(found[2].to_owned(), found[3].to_owned())) {
                    result += &format!("  {argument}\n");
                }
                continue;
            }
            let spelled = |found: &Captures<'_>| {
                let whole = found.get(0).unwrap();
                let before = &line[..whole.start()];
                // Within quotes it is a reference only in an interpolation.
                let is_text = before.matches('"').count() % 2 == 1 && !before.contains("${");
                let is_known = names.contains(&(found[1].to_owned(), found[2].to_owned()));
                let is_indexed = found.get(3).is_none() && line[whole.end()..].starts_with('[');
                if is_text || !is_known || is_indexed {
                    return whole.as_str().to_owned();
                }
                match found.get(3) {
                    Some(_) => format!("[{}.{}{key}][*]", &found[1], &found[2]),
                    None => format!("{}.{}{key}", &found[1], &found[2]),
                }
            };
            result += &reference.replace_all(line, spelled);
        }
        (path, result)
    });
    Some(files.collect())
}
