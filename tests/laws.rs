//! Laws of evaluation over random expressions: what must hold whatever is written.

#![allow(clippy::unwrap_used)]

#[path = "support/expressions.rs"]
mod expressions;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::{Config as Settings, RngSeed};

use ssmlint::aws::schema::Aws;
use ssmlint::config::load::Loader;
use ssmlint::diagnostic::Diagnostic;
use ssmlint::eval::convert::convert;
use ssmlint::eval::evaluate_expressions;
use ssmlint::eval::limits::Limits;
use ssmlint::eval::scenario::{Demand, Environment, Scenario};
use ssmlint::eval::term::canonical;
use ssmlint::eval::value::{Type, Unknown, Value, ValueKind};
use ssmlint::source::SourceMap;
use ssmlint::source::fs::Memory;
use ssmlint::syntax;

use expressions::{Generator, INPUTS, KINDS, Kind};

/// Cases of each law, the same in every run; `PROPTEST_CASES` asks for as many others.
const CASES: u32 = 300;

fn settings() -> Settings {
    let more = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let rng_seed = if more.is_some() { Settings::default().rng_seed } else { RngSeed::Fixed(1) };
    Settings { cases: more.unwrap_or(CASES), rng_seed, failure_persistence: None, ..Settings::default() }
}

const DEPTH: usize = 4;

/// The inputs: each with one of its values, or without (`None`).
fn declarations(values: [Option<usize>; INPUTS.len()]) -> String {
    let mut text = String::new();
    for ((name, ty, choices), value) in INPUTS.iter().zip(values) {
        let default = value.map(|value| format!("  default = {}\n", choices[value])).unwrap_or_default();
        let _ = writeln!(text, "variable \"{name}\" {{\n  type = {ty}\n{default}}}");
    }
    text
}

const FIRST: [Option<usize>; INPUTS.len()] = [Some(0); INPUTS.len()];

type Outcome = Result<Value, Vec<Diagnostic>>;

/// Evaluates expressions in a root module with this text.
fn evaluate(config: &str, expressions: &[String]) -> Vec<Outcome> {
    let mut fs = Memory::new();
    fs.add("/main.tf", config);
    let sources = SourceMap::new();
    let loader = Loader::new(&fs, &sources, &[PathBuf::from("/")], None);
    let config = loader.load(Path::new("/"));
    assert!(config.diagnostics.is_empty(), "{:?}", config.diagnostics);
    let parsed: Vec<_> = expressions
        .iter()
        .map(|text| {
            let file = sources.add(Path::new("expression"), text.clone());
            syntax::parse_expression(&file).unwrap_or_else(|errors| panic!("{text}: {errors:?}"))
        })
        .collect();
    let limits = Limits::default();
    let env =
        Environment { provider: &Aws, fs: &fs, sources: &sources, limits: &limits, demand: Demand::All };
    let values = evaluate_expressions(&config, &Scenario::default(), env, &parsed);
    let outcome =
        |(value, errors): (Value, Vec<Diagnostic>)| if errors.is_empty() { Ok(value) } else { Err(errors) };
    values.into_iter().map(outcome).collect()
}

fn evaluate_one(values: [Option<usize>; INPUTS.len()], expression: &str) -> Outcome {
    evaluate(&declarations(values), &[expression.to_string()]).remove(0)
}

/// The value with its type.
fn exact(value: &Value) -> (String, Type) {
    (canonical(value).to_string(), value.ty())
}

fn same(a: &Outcome, b: &Outcome) -> bool {
    match (a, b) {
        (Ok(a), Ok(b)) => exact(a) == exact(b),
        (Err(_), Err(_)) => true,
        _ => false,
    }
}

/// Whether a value that was told with less known of the inputs is true of the value with all known.
///
/// As in Terraform, what is told before all types are known may still be converted: `coalesce(7, var.unset)`.
fn is_true_of(told: &Value, value: &Value) -> Result<(), String> {
    let exactly = is_exactly_true_of(told, value);
    match convert(told, &value.ty()) {
        Ok(converted) if exactly.is_err() && !told.is_unknown() => is_exactly_true_of(&converted, value),
        _ => exactly,
    }
}

fn is_exactly_true_of(told: &Value, value: &Value) -> Result<(), String> {
    let differ = || Err(format!("told {told:?}\nis {value:?}"));
    match &told.kind {
        ValueKind::Unknown(unknown) => describes(unknown, value),
        ValueKind::Set(_, elements) if !told.is_wholly_known() => match value.as_elements() {
            // Elements that are not known may turn out to be equal.
            Some(actual) if actual.len() <= elements.len() => Ok(()),
            _ => differ(),
        },
        ValueKind::List(..) | ValueKind::Set(..) | ValueKind::Tuple(_) => {
            match (told.as_elements(), value.as_elements()) {
                (Some(a), Some(b)) if a.len() == b.len() => {
                    a.iter().zip(b).try_for_each(|(a, b)| is_true_of(a, b))
                }
                _ => differ(),
            }
        }
        ValueKind::Map(..) | ValueKind::Object(_) => match (told.as_entries(), value.as_entries()) {
            (Some(a), Some(b)) if a.keys().eq(b.keys()) => {
                a.values().zip(b.values()).try_for_each(|(a, b)| is_true_of(a, b))
            }
            _ => differ(),
        },
        ValueKind::Null(_)
        | ValueKind::Bool(_)
        | ValueKind::Number(_)
        | ValueKind::String(_)
        | ValueKind::Resource(_) => {
            if canonical(told) == canonical(value) {
                Ok(())
            } else {
                differ()
            }
        }
    }
}

/// Whether what is known of an unknown is true of a value.
fn describes(unknown: &Unknown, value: &Value) -> Result<(), String> {
    let fail = |what: &str| Err(format!("{what} of {unknown:?}\nis not true of {value:?}"));
    let told = &unknown.refinement;
    if !fits(&unknown.ty, &value.ty()) {
        return fail("the type");
    }
    // A function of a null without type: nothing is known of it.
    if value.is_unknown() {
        return Ok(());
    }
    if value.is_null() {
        return if told.not_null { fail("not null") } else { Ok(()) };
    }
    if value.as_str().is_some_and(|text| !text.starts_with(told.prefix.as_str())) {
        return fail("the prefix");
    }
    if let Some(number) = value.as_number() {
        let above = told.min.as_ref().is_none_or(|(min, with)| min < number || (*with && min == number));
        let below = told.max.as_ref().is_none_or(|(max, with)| number < max || (*with && max == number));
        if !above || !below {
            return fail("the bound");
        }
    }
    if value.ty().is_collection() {
        let length = value.parts().count() as u64;
        if length < told.min_length || told.max_length.is_some_and(|max| max < length) {
            return fail("the length");
        }
    }
    match &unknown.possible {
        Some(possible) if !possible.iter().any(|told| is_true_of(told, value).is_ok()) => {
            fail("the alternatives")
        }
        _ => Ok(()),
    }
}

/// Whether a value of the type may turn out where the other was told.
fn fits(told: &Type, ty: &Type) -> bool {
    match (told, ty) {
        (Type::Dynamic, _) | (_, Type::Dynamic) => true,
        (Type::List(a), Type::List(b)) | (Type::Set(a), Type::Set(b)) | (Type::Map(a), Type::Map(b)) => {
            fits(a, b)
        }
        (Type::Tuple(a), Type::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| fits(a, b))
        }
        (Type::Object(a), Type::Object(b)) => {
            a.keys().eq(b.keys()) && a.values().zip(b.values()).all(|(a, b)| fits(a, b))
        }
        _ => told == ty,
    }
}

fn tape() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..80)
}

fn kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(KINDS.to_vec())
}

fn choices() -> impl Strategy<Value = [Option<usize>; INPUTS.len()]> {
    prop::array::uniform7((0..3_usize).prop_map(Some))
}

#[test]
fn a_map_of_elements_that_are_not_known_may_become_an_object() {
    let text = "merge(tomap(zipmap([var.s], [var.s])), tomap({}))";
    let value = evaluate_one([Some(0); INPUTS.len()], text).expect("all inputs have values");
    let told = evaluate_one([None; INPUTS.len()], text).expect("Terraform accepts it");
    assert_eq!(is_true_of(&told, &value), Ok(()));
}

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn known_inputs_give_known_values(tape in tape(), kind in kind(), values in choices()) {
        let text = Generator::new(&tape).expression(kind, DEPTH);
        // Terraform does not know the result of a function of a null without type: `format("%d", null)`.
        let has_null = ["null", "one(", "jsondecode("].iter().any(|name| text.contains(name));
        if let (false, Ok(value)) = (has_null, evaluate_one(values, &text)) {
            prop_assert!(value.is_wholly_known(), "{}: {:?}", text, value);
        }
    }

    /// An input without a value never gives a value that one with a value contradicts, nor an error where there is none.
    #[test]
    fn unknown_inputs_are_sound(tape in tape(), kind in kind(), values in choices(), hidden in 1_u8..128) {
        let text = Generator::new(&tape).expression(kind, DEPTH);
        let mut known = values;
        // Hiding a null from what is then not null is no question of evaluation.
        known[6] = known[6].map(|value| value.min(1));
        let mut less = known;
        for (i, value) in less.iter_mut().enumerate() {
            if hidden & (1 << i) != 0 {
                *value = None;
            }
        }
        if let Ok(value) = evaluate_one(known, &text) {
            match evaluate_one(less, &text) {
                Ok(told) => {
                    let result = is_true_of(&told, &value);
                    prop_assert!(result.is_ok(), "{} {:?}: {}", text, less, result.unwrap_err());
                }
                Err(errors) => prop_assert!(false, "{} {:?}: {:?}", text, less, errors),
            }
        }
    }

    #[test]
    fn conversion_is_idempotent(tape in tape(), kind in kind(), to in 0..6_usize) {
        let to = ["tostring", "tonumber", "tobool", "tolist", "toset", "tomap"][to];
        let text = Generator::new(&tape).expression(kind, DEPTH);
        let once = evaluate_one(FIRST, &format!("{to}({text})"));
        if once.is_ok() {
            let twice = evaluate_one(FIRST, &format!("{to}({to}({text}))"));
            prop_assert!(same(&once, &twice), "{}({}): {:?} {:?}", to, text, once, twice);
        }
    }

    #[test]
    fn json_keeps_values(tape in tape(), kind in kind()) {
        let text = Generator::new(&tape).expression(kind, DEPTH);
        let Ok(value) = evaluate_one(FIRST, &text) else { return Ok(()) };
        if !value.is_wholly_known() {
            return Ok(());
        }
        if let Ok(decoded) = evaluate_one(FIRST, &format!("jsondecode(jsonencode({text}))")) {
            prop_assert_eq!(canonical(&value), canonical(&decoded), "{}", text);
        }
    }

    #[test]
    fn the_core_namespace_is_the_same(tape in tape(), kind in kind()) {
        let plain = Generator::new(&tape).expression(kind, DEPTH);
        let mut generator = Generator::new(&tape);
        generator.prefix = "core::";
        let prefixed = generator.expression(kind, DEPTH);
        let (a, b) = (evaluate_one(FIRST, &plain), evaluate_one(FIRST, &prefixed));
        prop_assert!(same(&a, &b), "{}: {:?} {:?}", plain, a, b);
    }

    #[test]
    fn the_order_of_evaluation_does_not_matter(tapes in prop::collection::vec((tape(), kind()), 2..6), turn in any::<u8>()) {
        let mut names: Vec<(String, Kind)> = Vec::new();
        let mut locals = Vec::new();
        for (tape, kind) in &tapes {
            let mut generator = Generator::new(tape);
            generator.names.clone_from(&names);
            let name = format!("l{}", names.len());
            locals.push(format!("locals {{\n  {name} = {}\n}}\n", generator.expression(*kind, 3)));
            names.push((format!("local.{name}"), *kind));
        }
        let asked: Vec<String> = names.into_iter().map(|(name, _)| name).collect();
        let forward = evaluate(&format!("{}{}", declarations(FIRST), locals.concat()), &asked);
        let turn = usize::from(turn) % locals.len();
        locals.rotate_left(turn);
        locals.reverse();
        let backward: Vec<String> = asked.iter().rev().cloned().collect();
        let mut values = evaluate(&format!("{}{}", locals.concat(), declarations(FIRST)), &backward);
        values.reverse();
        for ((name, a), b) in asked.iter().zip(&forward).zip(&values) {
            // An error is reported with the value that is asked for first, and what needs that value is unknown.
            let (Ok(a), Ok(b)) = (a, b) else { continue };
            if a.is_wholly_known() || b.is_wholly_known() {
                prop_assert!(exact(a) == exact(b), "{} in {:?}: {:?} {:?}", name, locals, a, b);
            }
        }
    }
}
