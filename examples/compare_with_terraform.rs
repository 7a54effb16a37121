//! Compares random expressions with `terraform`, which must be on the PATH:
//! `cargo run --release --example compare_with_terraform -- [ROUNDS] [SEED]`.
//!
//! Each round asks one `terraform plan` for the errors of several hundred expressions, and another one for the values
//! of the rest. What differs is printed, and the program ends with 1.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "../tests/support/expressions.rs"]
mod expressions;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde_json::Value as Json;

use ssmlint::aws::schema::Aws;
use ssmlint::config::load::Loader;
use ssmlint::eval::evaluate_expressions;
use ssmlint::eval::limits::Limits;
use ssmlint::eval::scenario::{Demand, Environment, Scenario};
use ssmlint::lint::dump::{Secrets, datum, type_json};
use ssmlint::number::Number;
use ssmlint::source::SourceMap;
use ssmlint::source::fs::Memory;
use ssmlint::syntax;

use expressions::{Generator, INPUTS, KINDS};

/// Expressions of one round.
const ROUND: usize = 400;

/// What an expression gives: an error, or its type and value.
#[derive(Debug, PartialEq)]
enum Answer {
    Error(String),
    Value(Json, Json),
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>().unwrap());
    let rounds = arguments.next().unwrap_or(5);
    let mut random = arguments.next().unwrap_or(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut differ = 0;
    for round in 0..rounds {
        let texts: Vec<String> = (0..ROUND).map(|i| expression(&mut random, i)).collect();
        let inputs = declarations(round as usize % 3);
        let ours = ssmlint(&inputs, &texts);
        let theirs = terraform(&inputs, &texts);
        for ((text, ours), theirs) in texts.iter().zip(&ours).zip(&theirs) {
            let same = match (ours, theirs) {
                (Answer::Error(_), Answer::Error(_)) => true,
                // An output that is null is not in the plan, nor is its type.
                (Answer::Value(_, Json::Null), Answer::Value(_, Json::Null)) => true,
                (ours, theirs) => ours == theirs,
            };
            if !same {
                differ += 1;
                println!("{text}\n  round {round}\n  ssmlint   {ours:?}\n  terraform {theirs:?}");
            }
        }
        let errors = theirs.iter().filter(|answer| matches!(answer, Answer::Error(_))).count();
        println!("round {round}: {} values, {errors} errors, {differ} differences so far", ROUND - errors);
    }
    ExitCode::from(u8::from(differ > 0))
}

/// An expression, from the bytes of a small generator of random numbers.
fn expression(random: &mut u64, i: usize) -> String {
    let mut next = || {
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        (*random >> 32) as u8
    };
    let length = 8 + usize::from(next() % 60);
    let tape: Vec<u8> = (0..length).map(|_| next()).collect();
    Generator::new(&tape).expression(KINDS[i % KINDS.len()], 4)
}

fn declarations(choice: usize) -> String {
    let mut text = String::new();
    for (name, ty, choices) in INPUTS {
        let default = choices[choice];
        let _ = writeln!(text, "variable \"{name}\" {{\n  type = {ty}\n  default = {default}\n}}");
    }
    text
}

fn ssmlint(inputs: &str, texts: &[String]) -> Vec<Answer> {
    let mut fs = Memory::new();
    fs.add("/main.tf", inputs);
    let sources = SourceMap::new();
    let config = Loader::new(&fs, &sources, &[PathBuf::from("/")], None).load(Path::new("/"));
    let limits = Limits::default();
    let env =
        Environment { provider: &Aws, fs: &fs, sources: &sources, limits: &limits, demand: Demand::All };
    let answer = |text: &String| {
        let file = sources.add(Path::new("expression"), text.clone());
        let expr = match syntax::parse_expression(&file) {
            Ok(expr) => expr,
            Err(errors) => return Answer::Error(format!("{errors:?}")),
        };
        let (value, errors) = evaluate_expressions(&config, &Scenario::default(), env, &[expr]).remove(0);
        match errors.first() {
            Some(error) => Answer::Error(format!("{}: {}", error.summary, error.detail)),
            None => Answer::Value(type_json(&value.ty()), exact(datum(&value, Secrets::Show).json())),
        }
    };
    texts.iter().map(answer).collect()
}

/// Numbers by their value, not by how they are written. A plan carries those that are 64-bit floats as such.
fn exact(json: Json) -> Json {
    match json {
        Json::Number(number) => {
            let number = Number::parse(&number.to_string()).unwrap();
            let float = number.to_f64();
            let is_float = Number::from_f64(float).is_some_and(|same| same == number);
            Json::String(if is_float { format!("#{}", float + 0.0) } else { format!("#{number}") })
        }
        Json::Array(elements) => elements.into_iter().map(exact).collect(),
        Json::Object(entries) => entries.into_iter().map(|(name, entry)| (name, exact(entry))).collect(),
        other @ (Json::Null | Json::Bool(_) | Json::String(_)) => other,
    }
}

fn terraform(inputs: &str, texts: &[String]) -> Vec<Answer> {
    let dir = std::env::temp_dir().join(format!("ssmlint-compare-{}", std::process::id()));
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("variables.tf"), inputs).unwrap();
    let mut errors: BTreeMap<usize, String> = BTreeMap::new();
    // Some errors hide others.
    for _ in 0..16 {
        for (i, text) in texts.iter().enumerate() {
            let path = dir.join(format!("o{i}.tf"));
            if errors.contains_key(&i) {
                let _ = fs::remove_file(path);
            } else {
                fs::write(path, format!("output \"o{i}\" {{\n  value = {text}\n}}\n")).unwrap();
            }
        }
        let output = run(&dir, &["plan", "-json", "-input=false", "-lock=false", "-out=plan"]);
        let found: BTreeSet<(usize, String)> = output.lines().filter_map(error_of).collect();
        if found.is_empty() {
            break;
        }
        errors.extend(found);
    }
    let plan: Json = serde_json::from_str(&run(&dir, &["show", "-json", "plan"])).unwrap();
    let outputs = &plan["planned_values"]["outputs"];
    let answers = (0..texts.len()).map(|i| match errors.remove(&i) {
        Some(error) => Answer::Error(error),
        None => {
            let output = &outputs[format!("o{i}")];
            // A null output is left out of the plan's values.
            let ty = output.get("type").cloned().unwrap_or(Json::String("dynamic".into()));
            Answer::Value(ty, exact(output.get("value").cloned().unwrap_or(Json::Null)))
        }
    });
    let answers = answers.collect();
    let _ = fs::remove_dir_all(&dir);
    answers
}

/// The expression that a line of `terraform plan -json` complains about, and the complaint.
fn error_of(line: &str) -> Option<(usize, String)> {
    let message: Json = serde_json::from_str(line).ok()?;
    let diagnostic = &message["diagnostic"];
    if diagnostic["severity"] != "error" {
        return None;
    }
    let file = diagnostic["range"]["filename"].as_str()?;
    let index = file.strip_prefix('o')?.strip_suffix(".tf")?.parse().ok()?;
    Some((index, format!("{}: {}", diagnostic["summary"], diagnostic["detail"])))
}

fn run(dir: &Path, arguments: &[&str]) -> String {
    let output = Command::new("terraform").args(arguments).current_dir(dir).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}
