//! `fixtures/eval`: the language in small. Each local that ends in `# => value` has exactly this value and type,
//! without an error; `unknown` is a value that is not known.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use ssmlint::aws::schema::Aws;
use ssmlint::config::load::Loader;
use ssmlint::eval::evaluate_expressions;
use ssmlint::eval::limits::Limits;
use ssmlint::eval::scenario::{Demand, Environment, Scenario};
use ssmlint::eval::term::canonical;
use ssmlint::source::SourceMap;
use ssmlint::source::fs::Memory;
use ssmlint::syntax;

/// The local's name and its value as an expression.
fn expectation(line: &str) -> Option<(&str, &str)> {
    let (code, value) = line.rsplit_once("# => ")?;
    Some((code.split_once('=')?.0.trim(), value.trim()))
}

fn failures(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut fs = Memory::new();
    fs.add("/main.tf", text.as_str());
    let sources = SourceMap::new();
    let config = Loader::new(&fs, &sources, &[PathBuf::from("/")], None).load(Path::new("/"));
    assert!(config.diagnostics.is_empty(), "{}: {:?}", path.display(), config.diagnostics);
    let limits = Limits::default();
    let env =
        Environment { provider: &Aws, fs: &fs, sources: &sources, limits: &limits, demand: Demand::All };
    let value = |text: &str| {
        let file = sources.add(Path::new("expression"), text.to_owned());
        let expr = syntax::parse_expression(&file).unwrap();
        evaluate_expressions(&config, &Scenario::default(), env, &[expr]).remove(0)
    };
    let expected: Vec<(&str, &str)> = text.lines().filter_map(expectation).collect();
    assert!(!expected.is_empty(), "{} expects nothing", path.display());
    let wrong = |(name, wanted): (&str, &str)| {
        let (got, errors) = value(&format!("local.{name}"));
        let same = match wanted {
            "unknown" => got.is_unknown(),
            wanted => {
                let (wanted, _) = value(wanted);
                canonical(&wanted) == canonical(&got) && wanted.ty() == got.ty()
            }
        };
        let is_right = same && errors.is_empty();
        (!is_right).then(|| format!("{}: {name} is {got:?} instead of {wanted}, {errors:?}", path.display()))
    };
    expected.into_iter().filter_map(wrong).collect()
}

#[test]
fn every_local_has_the_value_that_is_written_beside_it() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/eval");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    let failures: Vec<String> = paths.iter().flat_map(|path| failures(path)).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
