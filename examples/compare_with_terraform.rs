//! Compares random expressions with `terraform`, which must be on the PATH:
//! `cargo run --release --example compare_with_terraform -- [ROUNDS] [SEED]`, or with the name of a file that has an
//! expression on each line.
//!
//! Each round asks one `terraform plan` for the errors of several hundred expressions, and another one for the values
//! of the rest. What differs is printed, and the program ends with 1. In every other round the inputs are only known
//! after apply: then what both know must be the same, and what only one of the two knows is counted; an error that
//! Terraform does not see yet is right when it sees one for each of the values that the inputs may have. Every two rounds
//! the expressions change between those that are well typed for the most part and those of any shape.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "../tests/support/expressions.rs"]
mod expressions;
#[path = "support/wild.rs"]
mod wild;

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
use ssmlint::eval::value::Value;
use ssmlint::lint::dump::{Secrets, datum, type_json};
use ssmlint::number::Number;
use ssmlint::source::SourceMap;
use ssmlint::source::fs::Memory;
use ssmlint::syntax;

use expressions::{Generator, KINDS};
use wild::Wild;

/// Expressions of one round.
const ROUND: usize = 400;

/// Values that each input may have.
const CHOICES: usize = 3;

/// Names, types and values of inputs, and what gives expressions of them.
struct Source {
    inputs: &'static [(&'static str, &'static str, [&'static str; CHOICES])],
    expression: fn(&mut u64, usize) -> String,
}

const SOURCES: [Source; 2] = [
    Source { inputs: &expressions::INPUTS, expression: typed },
    Source { inputs: &wild::INPUTS, expression: wild },
];

/// What an expression gives: an error, or its type and value. Where it is not known, the value has `UNKNOWN`, and the
/// type does not count.
#[derive(Debug, PartialEq)]
enum Answer {
    Error(String),
    Value(Json, Json),
}

/// The complaint about a number that is infinite, which is none about the expression.
const INFINITE: &str = "infinite";

/// What functions with `provider::` need.
const PROVIDERS: &str = "terraform {\n  required_providers {\n    terraform = { source = \"terraform.io/builtin/terraform\" }\n  }\n}\n";

/// What stands for an unknown.
const UNKNOWN: &str = "(unknown)";

/// How well two values agree, part by part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Agreement {
    Same,
    /// ssmlint knows what Terraform does not.
    More,
    /// Terraform knows what ssmlint does not.
    Less,
    Different,
}

fn agreement(ours: &Json, theirs: &Json) -> Agreement {
    let of_all = |parts: &mut dyn Iterator<Item = Agreement>| parts.max().unwrap_or(Agreement::Same);
    match (ours, theirs) {
        _ if ours == theirs => Agreement::Same,
        (Json::String(text), _) if text == UNKNOWN => Agreement::Less,
        (_, Json::String(text)) if text == UNKNOWN => Agreement::More,
        (Json::Array(ours), Json::Array(theirs)) if ours.len() == theirs.len() => {
            of_all(&mut ours.iter().zip(theirs).map(|(ours, theirs)| agreement(ours, theirs)))
        }
        (Json::Object(ours), Json::Object(theirs)) if ours.keys().eq(theirs.keys()) => {
            of_all(&mut ours.values().zip(theirs.values()).map(|(ours, theirs)| agreement(ours, theirs)))
        }
        _ => Agreement::Different,
    }
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next();
    let differ = match first.as_deref().map_or(Ok(5), str::parse) {
        Ok(rounds) => {
            let seed = arguments.next().map_or(1, |seed| seed.parse::<u64>().unwrap());
            random_rounds(rounds, seed)
        }
        Err(_) => listed(&fs::read_to_string(first.unwrap()).unwrap()),
    };
    ExitCode::from(u8::from(differ > 0))
}

/// Compares random expressions; gives how many answers differ.
fn random_rounds(rounds: usize, seed: u64) -> u64 {
    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut differ = 0;
    for round in 0..rounds {
        let source = &SOURCES[round / 2 % 2];
        let texts: Vec<String> = (0..ROUND).map(|i| (source.expression)(&mut random, i)).collect();
        let choice = round / 4 % 3;
        differ += match round % 2 {
            0 => known_round(source, choice, round, &texts),
            _ => unknown_round(source, choice, round, &texts),
        };
    }
    println!("{differ} differences");
    differ
}

/// Compares the expressions of a list, each with all values of the inputs and with unknown ones.
fn listed(text: &str) -> u64 {
    let texts: Vec<String> = text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let source = &SOURCES[1];
    let known: u64 = (0..CHOICES).map(|choice| known_round(source, choice, choice, &texts)).sum();
    known + unknown_round(source, 0, CHOICES, &texts)
}

/// A round whose inputs have the values of a choice; gives how many answers differ.
fn known_round(source: &Source, choice: usize, round: usize, texts: &[String]) -> u64 {
    let inputs = declarations(source, Some(choice));
    let ours = ssmlint(&inputs, texts);
    let theirs = terraform(&inputs, texts);
    let mut differ = 0;
    for ((text, ours), theirs) in texts.iter().zip(&ours).zip(&theirs) {
        let same = match (ours, theirs) {
            (Answer::Error(_), Answer::Error(_)) => true,
            (Answer::Value(..), Answer::Error(problem)) if problem == INFINITE => true,
            // An output that is null is not in the plan, nor is its type, nor the type of one that is not all known.
            (Answer::Value(_, ours), Answer::Value(ty, theirs)) if ty == "dynamic" => {
                agreement(ours, theirs) <= Agreement::More
            }
            (ours, theirs) => ours == theirs,
        };
        if !same {
            differ += 1;
            println!(
                "{text}\n  round {round}, values {choice}\n  ssmlint   {ours:?}\n  terraform {theirs:?}"
            );
        }
    }
    let errors = theirs.iter().filter(|answer| matches!(answer, Answer::Error(_))).count();
    println!("round {round}: {} values, {errors} errors, {differ} differences", texts.len() - errors);
    differ
}

/// A round whose inputs are not known; gives how many answers differ.
fn unknown_round(source: &Source, choice: usize, round: usize, texts: &[String]) -> u64 {
    let ours = ssmlint(&declarations(source, None), texts);
    let theirs = terraform_at_plan(source, choice, texts);
    let agreements: Vec<Agreement> = ours
        .iter()
        .zip(&theirs)
        .map(|pair| match pair {
            (Answer::Error(_), Answer::Error(_)) => Agreement::Same,
            (Answer::Value(..), Answer::Error(problem)) if problem == INFINITE => Agreement::Same,
            (Answer::Value(_, ours), Answer::Value(_, theirs)) => agreement(ours, theirs),
            (Answer::Error(_), Answer::Value(..)) | (Answer::Value(..), Answer::Error(_)) => {
                Agreement::Different
            }
        })
        .collect();
    let is_early = |i: &usize| agreements[*i] == Agreement::Different && matches!(ours[*i], Answer::Error(_));
    let early: Vec<usize> = (0..texts.len()).filter(is_early).collect();
    let failing = failing_for_all_values(source, early.iter().map(|i| texts[*i].clone()).collect());
    let (mut differ, mut more, mut less, mut sooner) = (0, 0, 0, 0);
    for (i, agreement) in agreements.iter().enumerate() {
        match agreement {
            Agreement::Same => continue,
            Agreement::More => {
                more += 1;
                continue;
            }
            Agreement::Less => less += 1,
            Agreement::Different if failing.contains(&texts[i]) => {
                sooner += 1;
                continue;
            }
            Agreement::Different => differ += 1,
        }
        println!(
            "{}\n  round {round}, {agreement:?}\n  ssmlint   {:?}\n  terraform {:?}",
            texts[i], ours[i], theirs[i]
        );
    }
    println!(
        "round {round}, unknown inputs: {differ} differences, {more} known only here, {less} only there, {sooner} \
         errors seen sooner"
    );
    differ
}

/// The expressions that are errors for Terraform whatever values the inputs have.
fn failing_for_all_values(source: &Source, mut texts: Vec<String>) -> BTreeSet<String> {
    for choice in 0..CHOICES {
        if texts.is_empty() {
            break;
        }
        let answers = terraform(&declarations(source, Some(choice)), &texts);
        let failing = texts.into_iter().zip(answers).filter(|(_, answer)| matches!(answer, Answer::Error(_)));
        texts = failing.map(|(text, _)| text).collect();
    }
    texts.into_iter().collect()
}

fn next(random: &mut u64) -> u8 {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    (*random >> 32) as u8
}

/// An expression that is well typed for the most part.
fn typed(random: &mut u64, i: usize) -> String {
    let length = 8 + usize::from(next(random) % 60);
    let tape: Vec<u8> = (0..length).map(|_| next(random)).collect();
    Generator::new(&tape).expression(KINDS[i % KINDS.len()], 4)
}

/// An expression of any shape.
fn wild(random: &mut u64, i: usize) -> String {
    Wild::new(&mut || next(random)).any(1 + i % 4)
}

/// The variables, with the values of a choice as their defaults.
fn declarations(source: &Source, choice: Option<usize>) -> String {
    let mut text = String::from(PROVIDERS);
    for (name, ty, values) in source.inputs {
        let default = choice.map_or(String::new(), |choice| format!("  default = {}\n", values[choice]));
        let _ = writeln!(
            text,
            "variable \"{name}\" {{\n  type = {ty}\n{default}  sensitive = {}\n}}",
            *name == "hidden"
        );
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
            None => Answer::Value(type_json(&value.ty()), exact(masked(&value))),
        }
    };
    texts.iter().map(answer).collect()
}

/// The value as JSON, with `UNKNOWN` at unknown places.
fn masked(value: &Value) -> Json {
    if value.is_unknown() {
        return UNKNOWN.into();
    }
    if let Some(elements) = value.as_elements() {
        return elements.iter().map(masked).collect();
    }
    match value.as_entries() {
        Some(entries) => {
            Json::Object(entries.iter().map(|(name, part)| (name.to_string(), masked(part))).collect())
        }
        None => datum(value, Secrets::Show).json(),
    }
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
    let mut said = String::new();
    // Some errors hide others.
    for _ in 0..16 {
        for (i, text) in texts.iter().enumerate() {
            let path = dir.join(format!("o{i}.tf"));
            if errors.contains_key(&i) {
                let _ = fs::remove_file(path);
            } else {
                fs::write(path, output(i, text)).unwrap();
            }
        }
        said = run(&dir, &["plan", "-json", "-input=false", "-lock=false", "-out=plan"]);
        let found: BTreeSet<(usize, String)> = said.lines().filter_map(error_of).collect();
        if found.is_empty() {
            break;
        }
        errors.extend(found);
    }
    let shown = run(&dir, &["show", "-json", "plan"]);
    let plan: Json = serde_json::from_str(&shown).unwrap_or_else(|_| panic!("no plan: {said}"));
    let outputs = &plan["planned_values"]["outputs"];
    let answers = (0..texts.len()).map(|i| match errors.remove(&i) {
        Some(error) => Answer::Error(error),
        None => {
            let name = format!("o{i}");
            let (output, change) = (&outputs[&name], &plan["output_changes"][&name]);
            // A null output is left out of the plan's values.
            let ty = output.get("type").cloned().unwrap_or(Json::String("dynamic".into()));
            let value = exact(change["after"].clone());
            Answer::Value(ty, with_mask(value, &change["after_unknown"]))
        }
    });
    let answers = answers.collect();
    let _ = fs::remove_dir_all(&dir);
    answers
}

/// An output that may be sensitive.
fn output(i: usize, text: &str) -> String {
    format!("output \"o{i}\" {{\n  value = {text}\n  sensitive = true\n}}\n")
}

/// As `terraform`, in a module whose inputs are attributes that are only known after apply.
fn terraform_at_plan(source: &Source, choice: usize, texts: &[String]) -> Vec<Answer> {
    let dir = std::env::temp_dir().join(format!("ssmlint-compare-unknown-{}", std::process::id()));
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(dir.join("child")).unwrap();
    fs::write(dir.join("child/variables.tf"), declarations(source, None)).unwrap();
    let mut root = declarations(source, Some(choice));
    let mut call = String::from("module \"child\" {\n  source = \"./child\"\n");
    for (name, _, _) in source.inputs {
        // As text, since Terraform knows the type of an output and whether it is null.
        let _ =
            writeln!(root, "resource \"terraform_data\" \"{name}\" {{\n  input = jsonencode(var.{name})\n}}");
        let _ = writeln!(call, "  {name} = jsondecode(terraform_data.{name}.output)");
    }
    fs::write(dir.join("main.tf"), format!("{root}{call}}}\n")).unwrap();
    run(&dir, &["init", "-input=false"]);
    let mut errors: BTreeMap<usize, String> = BTreeMap::new();
    let mut said = String::new();
    // Some errors hide others.
    for _ in 0..16 {
        let mut outputs = String::new();
        for (i, text) in texts.iter().enumerate() {
            let path = dir.join(format!("child/o{i}.tf"));
            if errors.contains_key(&i) {
                let _ = fs::remove_file(path);
            } else {
                fs::write(path, output(i, text)).unwrap();
                outputs.push_str(&output(i, &format!("module.child.o{i}")));
            }
        }
        fs::write(dir.join("outputs.tf"), outputs).unwrap();
        said = run(&dir, &["plan", "-json", "-input=false", "-lock=false", "-out=plan"]);
        let found: BTreeSet<(usize, String)> = said.lines().filter_map(error_of).collect();
        if found.is_empty() {
            break;
        }
        errors.extend(found);
    }
    let shown = run(&dir, &["show", "-json", "plan"]);
    let plan: Json = serde_json::from_str(&shown).unwrap_or_else(|_| panic!("no plan: {said}"));
    let answers = (0..texts.len()).map(|i| match errors.remove(&i) {
        Some(error) => Answer::Error(error),
        None => {
            let change = &plan["output_changes"][format!("o{i}")];
            Answer::Value(Json::Null, with_mask(exact(change["after"].clone()), &change["after_unknown"]))
        }
    });
    let answers = answers.collect();
    let _ = fs::remove_dir_all(&dir);
    answers
}

/// A value of a plan, with `UNKNOWN` where the mask says so.
fn with_mask(value: Json, mask: &Json) -> Json {
    match (value, mask) {
        (_, Json::Bool(true)) => UNKNOWN.into(),
        (Json::Array(values), Json::Array(mask)) => {
            values.into_iter().zip(mask).map(|(value, mask)| with_mask(value, mask)).collect()
        }
        (Json::Object(mut values), Json::Object(mask)) => {
            for (name, mask) in mask {
                // What is unknown is left out of an object.
                let value = values.remove(name).unwrap_or(Json::Null);
                values.insert(name.clone(), with_mask(value, mask));
            }
            Json::Object(values)
        }
        (value, _) => value,
    }
}

/// The expression that a line of `terraform plan -json` complains about, and the complaint.
fn error_of(line: &str) -> Option<(usize, String)> {
    let message: Json = serde_json::from_str(line).ok()?;
    let diagnostic = &message["diagnostic"];
    if diagnostic["severity"] != "error" {
        return None;
    }
    let Some(file) = diagnostic["range"]["filename"].as_str() else {
        // Infinity is a number like others, until it is written to a file.
        let (_, rest) = diagnostic["detail"].as_str()?.split_once("serializing output value \"o")?;
        let (index, problem) = rest.split_once("\": ")?;
        return problem.contains("infinity").then_some((index.parse().ok()?, INFINITE.to_string()));
    };
    let index =
        file.strip_prefix("child/").unwrap_or(file).strip_prefix('o')?.strip_suffix(".tf")?.parse().ok()?;
    Some((index, format!("{}: {}", diagnostic["summary"], diagnostic["detail"])))
}

fn run(dir: &Path, arguments: &[&str]) -> String {
    let output = Command::new("terraform").args(arguments).current_dir(dir).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}
