//! The settings in force, each with where it comes from: as a settings file, and as JSON.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use crate::finding::Severity;
use crate::settings::{Assumed, Ec2Messages, Origin, Settings, Undecided};

/// A group of values: the top level, or a block.
struct Section {
    block: &'static str,
    label: Option<String>,
    entries: Vec<Entry>,
}

struct Entry {
    name: String,
    value: Value,
    origin: Origin,
}

/// As a settings file that says the same, with the origin of each value beside it.
pub fn text(settings: &Settings) -> String {
    let mut out = match &settings.file {
        Some(file) => format!("# {} with the environment and the command line\n", comment(&path(file))),
        None => "# no settings file; the environment, the command line and the defaults\n".to_owned(),
    };
    for section in sections(settings) {
        let (indent, end) = match (section.block, &section.label) {
            ("", _) => ("", ""),
            (block, Some(label)) => {
                let _ = writeln!(out, "\n{block} {} {{", quoted(label));
                ("  ", "}\n")
            }
            ("assume", None) => {
                out.push_str("\nassume = {\n");
                ("  ", "}\n")
            }
            (block, None) => {
                let _ = writeln!(out, "\n{block} {{");
                ("  ", "}\n")
            }
        };
        // As `terraform fmt` sets them.
        let lines: Vec<(String, String, String)> = section
            .entries
            .iter()
            .map(|entry| (key(&entry.name), hcl(&entry.value), comment(&entry.origin.to_string())))
            .collect();
        let name = lines.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0);
        let value = lines.iter().map(|(_, value, _)| value.chars().count()).max().unwrap_or(0);
        for (left, right, origin) in lines {
            let _ = writeln!(out, "{indent}{left:name$} = {right:value$} # {origin}");
        }
        out.push_str(end);
    }
    out
}

/// As JSON: a list of values with their origins.
pub fn json(settings: &Settings) -> String {
    let entries = sections(settings).into_iter().flat_map(|section| {
        let (block, label) = (section.block, section.label);
        section.entries.into_iter().map(move |entry| {
            json!({
                "block": (!block.is_empty()).then_some(block),
                "label": label,
                "name": entry.name,
                "value": entry.value,
                "source": source(&entry.origin),
            })
        })
    });
    let document = json!({
        "schema": "ssmlint/1",
        "file": settings.file.as_deref().map(path),
        "settings": entries.collect::<Vec<Value>>(),
    });
    let mut text = serde_json::to_string_pretty(&document).expect("the keys are strings");
    text.push('\n');
    text
}

fn source(origin: &Origin) -> Value {
    match origin {
        Origin::Default => json!({"kind": "default"}),
        Origin::File { path: file, line } => json!({"kind": "file", "file": path(file), "line": line}),
        Origin::Environment(name) => json!({"kind": "environment", "name": name}),
        Origin::Flag(name) => json!({"kind": "flag", "name": name}),
    }
}

fn sections(settings: &Settings) -> Vec<Section> {
    let entry =
        |name: &str, value: Value| Entry { name: name.to_owned(), value, origin: settings.origin(name) };
    let mut top = Vec::new();
    if let Some(version) = &settings.min_version {
        top.push(entry("min_version", json!(version)));
    }
    top.push(entry("fail_on", json!(settings.fail_on.unwrap_or(Severity::Warning).as_str())));
    top.push(entry("unknown", json!(settings.unknown.unwrap_or(Undecided::Note).as_str())));
    let everything = || vec!["**".to_owned()];
    top.push(entry("roots", json!(some(&settings.roots).unwrap_or_else(everything))));
    let all = || vec!["all".to_owned()];
    top.push(entry("select", json!(settings.select.clone().unwrap_or_else(all))));
    top.push(entry("ignore", json!(settings.ignore)));
    top.push(entry("require_ignore_reason", json!(settings.require_ignore_reason.unwrap_or(false))));
    let unused = settings.report_unused_ignores.unwrap_or(Severity::Warning);
    top.push(entry("report_unused_ignores", json!(unused.as_str())));
    let ec2messages = settings.ec2messages.unwrap_or(Ec2Messages::Required);
    top.push(entry("ec2messages", json!(ec2messages.as_str())));
    let mut sections = vec![Section { block: "", label: None, entries: top }];

    let section = |block: &'static str, label: Option<String>, prefix: &str, values: Vec<(&str, Value)>| {
        let entries = values.into_iter().map(|(name, value)| Entry {
            name: name.to_owned(),
            value,
            origin: settings.origin(&format!("{prefix}.{name}")),
        });
        Section { block, label, entries: entries.collect() }
    };
    for scenario in &settings.scenarios {
        let mut values = Vec::new();
        if !scenario.roots.is_empty() {
            values.push(("roots", json!(scenario.roots)));
        }
        if !scenario.var_files.is_empty() {
            let below = |file: &std::path::PathBuf| path(file.strip_prefix(settings.dir()).unwrap_or(file));
            values.push(("var_files", json!(scenario.var_files.iter().map(below).collect::<Vec<_>>())));
        }
        if let Some(workspace) = &scenario.workspace {
            values.push(("workspace", json!(workspace)));
        }
        if !scenario.variables.is_empty() {
            let pairs = scenario.variables.iter().map(|input| (input.name.clone(), input.constant.clone()));
            values.push(("variables", Value::Object(pairs.collect())));
        }
        let prefix = format!("scenario.{}", scenario.name);
        sections.push(section("scenario", Some(scenario.name.clone()), &prefix, values));
    }
    for (code, rule) in &settings.rules {
        let mut values = Vec::new();
        if let Some(severity) = rule.severity {
            values.push(("severity", json!(severity.as_str())));
        }
        if let Some(ignorable) = rule.ignorable {
            values.push(("ignorable", json!(ignorable)));
        }
        if let Some(hints) = rule.hints {
            values.push(("hints", json!(hints)));
        }
        if !rule.also_ports.is_empty() {
            values.push(("also_ports", json!(rule.also_ports)));
        }
        sections.push(section("rule", Some(code.clone()), &format!("rule.{code}"), values));
    }
    if !settings.assumptions.is_empty() {
        let entries = settings.assumptions.iter().map(|assumption| Entry {
            name: assumption.key.clone(),
            value: match &assumption.value {
                Assumed::Bool(value) => json!(value),
                Assumed::Text(text) => json!(text),
                Assumed::List(texts) => json!(texts),
            },
            origin: settings.origin(&format!("assume.{}", assumption.key)),
        });
        sections.push(Section { block: "assume", label: None, entries: entries.collect() });
    }
    for (index, over) in settings.overrides.iter().enumerate() {
        let mut values = vec![("paths", json!(over.paths))];
        if let Some(select) = &over.select {
            values.push(("select", json!(select)));
        }
        if !over.ignore.is_empty() {
            values.push(("ignore", json!(over.ignore)));
        }
        if !over.severity.is_empty() {
            let pairs = over.severity.iter().map(|(code, severity)| (code.clone(), json!(severity.as_str())));
            values.push(("severity", Value::Object(pairs.collect())));
        }
        sections.push(section("override", None, &format!("override.{index}"), values));
    }
    for (index, ignore) in settings.ignores.iter().enumerate() {
        let mut values = vec![("rule", json!(ignore.rule))];
        let more = [("address", &ignore.address), ("reason", &ignore.reason), ("until", &ignore.until)];
        values.extend(more.into_iter().filter_map(|(name, value)| Some((name, json!(value.as_ref()?)))));
        sections.push(section("ignore", None, &format!("ignore.{index}"), values));
    }
    sections
}

fn some(list: &[String]) -> Option<Vec<String>> {
    (!list.is_empty()).then(|| list.to_vec())
}

fn path(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// A text that ends its line nowhere.
fn comment(text: &str) -> String {
    text.chars().map(|c| if is_plain(c) { c } else { '?' }).collect()
}

/// A value in HCL on one line.
fn hcl(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(elements) => {
            format!("[{}]", elements.iter().map(hcl).collect::<Vec<_>>().join(", "))
        }
        Value::Object(entries) => {
            let entries = entries.iter().map(|(name, value)| format!("{} = {}", key(name), hcl(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// The key of an object's entry.
fn key(name: &str) -> String {
    let is_start = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_identifier = name.starts_with(is_start) && name.chars().all(|c| is_start(c) || c.is_ascii_digit());
    if is_identifier { name.to_owned() } else { quoted(name) }
}

/// A string literal of HCL; what a terminal would not show as it is stands there as an escape.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if rest.peek() == Some(&'{') => out.extend([c, c]),
            c if is_plain(c) => out.push(c),
            c => {
                let _ = write!(out, "\\U{:08x}", c as u32);
            }
        }
    }
    out.push('"');
    out
}

fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~') || (!c.is_ascii() && c.is_alphanumeric())
}
