//! The baseline: findings that were there before, known by root, rule, address and cause, never by line.
//!
//! A file of its own beside the code. Nothing here reads or writes it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::finding::Key;

/// The name of the file that is taken when none is named.
pub const FILE_NAME: &str = ".ssmlint.baseline.json";

/// The version of the file's shape.
pub const SCHEMA: &str = "ssmlint-baseline/1";

/// The size beyond which a baseline is refused: a hundred thousand findings are below it.
pub const MAX_BYTES: u64 = 64 << 20;

/// A baseline as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The directory of its file, from which roots are counted.
    pub dir: PathBuf,
    /// Its findings, sorted; an equal one stands there as often as it was found.
    pub keys: Vec<Key>,
}

/// Why a text is no baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The line, from 1; 0 where the text as a whole is meant.
    pub line: usize,
    /// The column, from 1; 0 likewise.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema: String,
    findings: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    root: String,
    rule: String,
    address: String,
    cause: String,
}

/// Only the version, so that a newer shape is named as such.
#[derive(Deserialize)]
struct Version {
    schema: String,
}

/// Reads the text of a baseline.
pub fn parse(text: &str) -> Result<Vec<Key>, Invalid> {
    let at = |error: &serde_json::Error| {
        // The place is in the error itself, and would be said twice.
        let message = error.to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
        Invalid { line: error.line(), column: error.column(), message: message.to_owned() }
    };
    let version: Version = serde_json::from_str(text).map_err(|error| at(&error))?;
    if version.schema != SCHEMA {
        let line = text.lines().position(|line| line.contains("\"schema\"")).unwrap_or(0);
        let column = text.lines().nth(line).and_then(|text| text.find("\"schema\"")).unwrap_or(0);
        let message = format!("its schema is {:?}, and this ssmlint reads {SCHEMA:?}", version.schema);
        return Err(Invalid { line: line + 1, column: column + 1, message });
    }
    let document: Document = serde_json::from_str(text).map_err(|error| at(&error))?;
    let mut keys: Vec<Key> = document
        .findings
        .into_iter()
        .map(|entry| Key { root: entry.root, rule: entry.rule, address: entry.address, cause: entry.cause })
        .collect();
    keys.sort();
    Ok(keys)
}

/// The text of a baseline with these findings: sorted, one finding a line, so that a diff says what changed.
pub fn render(keys: &[Key]) -> String {
    let mut sorted: Vec<&Key> = keys.iter().collect();
    sorted.sort();
    let mut out = format!("{{\n  \"schema\": \"{SCHEMA}\",\n  \"findings\": [");
    for (index, key) in sorted.into_iter().enumerate() {
        let entry = Entry {
            root: key.root.clone(),
            rule: key.rule.clone(),
            address: key.address.clone(),
            cause: key.cause.clone(),
        };
        out.push_str(if index == 0 { "\n    " } else { ",\n    " });
        out.push_str(&serde_json::to_string(&entry).expect("four strings are always JSON"));
    }
    out.push_str("\n  ]\n}\n");
    out
}

/// What a run says about a baseline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Still found.
    pub found: Vec<Key>,
    /// In a root that the run has not looked at.
    pub unseen: Vec<Key>,
    /// Not found any more.
    pub gone: Vec<Key>,
}

/// Compares a baseline with what was found, certain or not, in some roots. `is_there` says of another root whether it
/// still exists.
pub fn compare(
    known: &[Key],
    found: &[Key],
    roots: &BTreeSet<String>,
    is_there: &dyn Fn(&str) -> bool,
) -> Comparison {
    let mut counts: BTreeMap<&Key, usize> = BTreeMap::new();
    for key in found {
        *counts.entry(key).or_default() += 1;
    }
    let mut comparison = Comparison::default();
    for key in known {
        match counts.get_mut(key) {
            Some(count) if *count > 0 => {
                *count -= 1;
                comparison.found.push(key.clone());
            }
            Some(_) | None if !roots.contains(&key.root) && is_there(&key.root) => {
                comparison.unseen.push(key.clone());
            }
            Some(_) | None => comparison.gone.push(key.clone()),
        }
    }
    comparison
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(root: &str, address: &str) -> Key {
        Key { root: root.into(), rule: "SSM001".into(), address: address.into(), cause: "\"x\"\n".into() }
    }

    #[test]
    fn a_baseline_reads_back_sorted() {
        let keys = [key("b", "x"), key("a", "y"), key("a", "x"), key("a", "x")];
        let text = render(&keys);
        let mut sorted = keys.to_vec();
        sorted.sort();
        assert_eq!(parse(&text).unwrap(), sorted);
        assert_eq!(render(&parse(&text).unwrap()), text);
        assert_eq!(text.lines().count(), 4 + keys.len() + 1);
        assert_eq!(parse(&render(&[])).unwrap(), []);
    }

    #[test]
    fn what_is_no_baseline_is_refused_with_its_place() {
        let error = parse("{\n  \"schema\": \"ssmlint-baseline/9\", \"later\": 1}").unwrap_err();
        assert_eq!((error.line, error.column), (2, 3));
        assert!(error.message.contains("ssmlint-baseline/9"), "{error}");
        let error = parse("{\n  \"schema\": \"ssmlint-baseline/1\",\n  \"findings\": [{\"root\": 1}]\n}")
            .unwrap_err();
        assert_eq!(error.line, 3);
        assert!(!error.message.contains(" at line "), "{error}");
        assert!(parse("").is_err());
        assert!(parse("[]").is_err());
    }

    #[test]
    fn a_baseline_counts_and_leaves_other_roots_alone() {
        let known = [key("a", "x"), key("a", "x"), key("b", "x"), key("c", "x")];
        let comparison =
            compare(&known, &[key("a", "x")], &BTreeSet::from(["a".to_owned()]), &|root| root == "b");
        assert_eq!(comparison.found, [key("a", "x")]);
        assert_eq!(comparison.unseen, [key("b", "x")]);
        assert_eq!(comparison.gone, [key("a", "x"), key("c", "x")]);
    }
}
