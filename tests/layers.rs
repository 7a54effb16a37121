//! The stages import downwards only, and only some files touch the world or a certain library.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What each module may use of the others. `number`, `diagnostic` and `source` are open to all.
const MAY_USE: &[(&str, &[&str])] = &[
    ("truth", &[]),
    ("number", &[]),
    ("source", &[]),
    ("addr", &[]),
    ("diagnostic", &[]),
    ("bug", &[]),
    ("finding", &["addr"]),
    ("syntax", &["addr"]),
    ("config", &["syntax", "addr", "bug"]),
    ("eval", &["config", "syntax", "addr", "truth"]),
    ("plan", &["eval", "config", "addr"]),
    ("aws", &["eval", "truth", "addr"]),
    ("proof", &["aws", "truth", "addr"]),
    ("rules", &["proof", "aws", "finding", "truth", "addr"]),
    ("report", &["finding", "proof"]),
    // Rules propose in Terraform's terms; where the bytes go, the syntax says.
    ("fix", &["finding", "syntax"]),
    ("suppress", &["finding", "syntax", "settings"]),
    ("baseline", &["finding"]),
    ("settings", &["finding", "syntax"]),
    (
        "lint",
        &[
            "truth", "addr", "finding", "syntax", "config", "eval", "plan", "aws", "proof", "rules",
            "report", "fix", "suppress", "baseline", "settings", "bug",
        ],
    ),
    ("lsp", &["lint", "report", "settings"]),
];

const OPEN_TO_ALL: &[&str] = &["number", "diagnostic", "source"];

/// Libraries and parts of the standard library, and the only places that may name them.
const CONFINED: &[(&str, &[&str])] = &[
    ("hcl::", &["syntax"]),
    ("jsonc_parser", &["syntax", "config/tfvars.rs"]),
    ("clap::", &["cli.rs", "commands/manual.rs"]),
    ("miette::", &["commands"]),
    ("codespan_reporting", &["report"]),
    ("pulldown_cmark", &["report"]),
    ("supports_hyperlinks", &["commands/output.rs"]),
    ("terminal_size", &["commands/output.rs"]),
    ("pkcs1::", &["eval/funcs/hash/rsa.rs"]),
    ("pkcs8::", &["eval/funcs/hash/rsa.rs"]),
    ("std::fs::", &["source/fs.rs", "source/replace.rs", "commands/output.rs"]),
    ("std::env::var", &["main.rs", "commands"]),
    ("std::env::current_dir", &["commands", "source/fs.rs"]),
    ("std::process::Command", &[]),
    ("std::net::Tcp", &[]),
    ("std::net::Udp", &[]),
    ("io::stdout", &["commands/output.rs"]),
    ("io::stderr", &["main.rs", "commands"]),
];

struct Source {
    /// Relative to `src`.
    path: String,
    /// The lines without comments, up to the tests.
    code: Vec<String>,
}

fn sources() -> Vec<Source> {
    fn visit(dir: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    visit(&root, &mut files);
    files.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.lines().take_while(|line| !line.contains("#[cfg(test)]"));
        let code = code.filter(|line| !line.trim_start().starts_with("//")).map(str::to_owned);
        let relative = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        Source { path: relative, code: code.collect() }
    };
    files.into_iter().map(read).collect()
}

/// `eval/expr.rs` belongs to `eval`.
fn module_of(path: &str) -> &str {
    path.split('/').next().unwrap_or(path).trim_end_matches(".rs")
}

fn names_after<'a>(line: &'a str, prefix: &str) -> Vec<&'a str> {
    let after = line.match_indices(prefix).map(|(at, _)| &line[at + prefix.len()..]);
    after
        .map(|rest| rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or(rest))
        .collect()
}

#[test]
fn stages_import_downwards_only() {
    let table: BTreeMap<&str, BTreeSet<&str>> = MAY_USE
        .iter()
        .map(|(module, may_use)| (*module, may_use.iter().chain(OPEN_TO_ALL).copied().collect()))
        .collect();
    let modules: BTreeSet<&str> = table.keys().copied().collect();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for source in sources() {
        let module = module_of(&source.path);
        if matches!(module, "lib" | "main" | "cli" | "commands") {
            continue;
        }
        let Some(may_use) = table.get(module) else {
            wrong.push(format!("{}: the module `{module}` is not in the table", source.path));
            continue;
        };
        for line in &source.code {
            for name in names_after(line, "crate::") {
                seen += 1;
                if name != module && modules.contains(name) && !may_use.contains(name) {
                    wrong.push(format!("{}: `{module}` must not use `{name}`: {}", source.path, line.trim()));
                }
            }
        }
    }
    assert!(seen > 20, "the sources were not found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_program_uses_the_driver_and_no_stage() {
    // Of `source` only the file system, which the driver is given; a baseline is a file that commands write.
    let may_use = ["lint", "report", "settings", "baseline", "lsp", "source", "fix"];
    let mut wrong = Vec::new();
    for source in
        sources().iter().filter(|source| matches!(module_of(&source.path), "main" | "cli" | "commands"))
    {
        for line in &source.code {
            let used = names_after(line, "ssmlint::").into_iter().filter(|name| !name.is_empty());
            wrong.extend(
                used.filter(|name| !may_use.contains(name)).map(|name| format!("{}: {name}", source.path)),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn libraries_and_the_world_are_touched_in_few_places() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (what, places) in CONFINED {
            let allowed =
                places.iter().any(|place| *place == source.path || *place == module_of(&source.path));
            let uses = source.code.iter().filter(|line| line.contains(what));
            wrong.extend(uses.filter(|_| !allowed).map(|line| format!("{}: {}", source.path, line.trim())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
