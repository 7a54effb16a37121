//! Every page in `rules/` is executed: under *Bad* the marked lines carry the finding and no other line any, under
//! *Good* no rule has anything to say.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

#[path = "support/expect.rs"]
mod expect;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ssmlint::rules::page::{Page, Project, Shows};
use ssmlint::rules::{ALL, HANDBOOK, Rule};
use ssmlint::source::fs::Disk;
use ssmlint::suppress;

const SECTIONS: &[&str] =
    &["What it does", "Why it matters", "When it does not apply", "Bad", "Good", "How to fix"];

fn page(rule: &'static Rule) -> Page {
    Page::parse(rule.page).unwrap_or_else(|error| panic!("{}: {error}", rule.code))
}

#[test]
fn pages_say_what_rules_are() {
    for rule in ALL {
        let page = page(rule);
        assert_eq!((page.code, page.name), (rule.code, rule.name));
        assert_eq!((page.severity, page.category), (rule.severity, rule.category), "{}", rule.code);
        let titles: Vec<&str> = page.sections.iter().map(|section| section.title).collect();
        // A fix is shown where there is one; `tests/fixes.rs` executes it.
        let titles: Vec<&str> = titles.into_iter().filter(|title| *title != "Fixed").collect();
        assert_eq!(titles, SECTIONS, "{}", rule.code);
        assert!(!page.references.is_empty(), "{} names no source", rule.code);
        for reference in &page.references {
            let official = ["https://docs.aws.amazon.com/", "https://registry.terraform.io/"];
            assert!(official.iter().any(|site| reference.starts_with(site)), "{reference}");
        }
    }
}

#[test]
fn rules_are_in_order_and_each_page_has_its_rule() {
    let codes: Vec<&str> = ALL.iter().map(|rule| rule.code).collect();
    assert!(codes.is_sorted());
    let mut pages: Vec<String> = Vec::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(code) = name.strip_suffix(".md").filter(|name| *name != "README") {
            pages.push(code.to_owned());
        }
    }
    pages.sort();
    let about_directives = suppress::RULES.iter().map(|rule| rule.code);
    let handbook = HANDBOOK.iter().map(|(name, _)| *name);
    let mut expected: Vec<&str> = codes.into_iter().chain(about_directives).chain(handbook).collect();
    expected.sort_unstable();
    assert_eq!(pages, expected);
}

#[test]
fn the_index_lists_all_rules() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/README.md");
    let text = fs::read_to_string(&path).unwrap();
    let (head, _) = text.split_once("| Code |").expect("the index has a table");
    let mut expected = format!("{head}| Code | Name | Severity | What it finds |\n|---|---|---|---|\n");
    let about_directives = suppress::RULES.iter().map(|rule| (rule.code, rule.page));
    for (code, page) in ALL.iter().map(|rule| (rule.code, rule.page)).chain(about_directives) {
        let page = Page::parse(page).unwrap_or_else(|error| panic!("{code}: {error}"));
        let severity = page.severity.as_str();
        let summary = page.summary.replace('\n', " ");
        expected += &format!("| [{code}]({code}.md) | `{}` | {severity} | {summary} |\n", page.name);
    }
    expected += "\n## Handbook\n\n";
    for (name, text) in HANDBOOK {
        let title = text.lines().next().and_then(|line| line.strip_prefix("# ")).expect("a page has a title");
        expected += &format!("- [{title}]({name}.md): `ssmlint explain {name}`\n");
    }
    if std::env::var_os("SSMLINT_UPDATE").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    assert_eq!(text, expected, "run the tests with SSMLINT_UPDATE=1 to write rules/README.md");
}

#[test]
fn examples_behave_as_the_pages_say() {
    let mut failures = String::new();
    for rule in ALL {
        let projects = page(rule).projects().unwrap_or_else(|error| panic!("{}: {error}", rule.code));
        for shows in [Shows::Bad, Shows::Good] {
            assert!(projects.iter().any(|project| project.shows == shows), "{} lacks {shows:?}", rule.code);
        }
        let executed = projects.iter().filter(|project| project.shows != Shows::Fixed);
        for (index, project) in executed.enumerate() {
            let dir =
                Path::new(env!("CARGO_TARGET_TMPDIR")).join("rules").join(rule.code).join(index.to_string());
            let wrong = run(rule, project, &dir);
            if !wrong.is_empty() {
                failures += &format!("{} {:?} \"{}\"\n{wrong}", rule.code, project.shows, project.title);
            }
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

fn run(rule: &Rule, project: &Project, dir: &Path) -> String {
    let _ = fs::remove_dir_all(dir);
    let mut promised = BTreeSet::new();
    for (path, text) in &project.files {
        let file: PathBuf = dir.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
        promised.extend(expect::marked(path, text));
    }
    match project.shows {
        Shows::Bad => {
            assert!(promised.iter().any(|(.., code)| code == rule.code), "{}: nothing marked", project.title)
        }
        Shows::Fixed => {}
        Shows::Good => assert!(promised.is_empty(), "{}: a marked line under Good", project.title),
    }
    expect::disagreement(&expect::check(&Disk, dir), dir, &promised)
}
