//! What is laid over the settings: the environment first, then the flags.

use crate::finding::Severity;
use crate::settings::{Origin, Problem, RuleName, Settings, Undecided, suggestion};

/// The word that stands for every rule.
pub(super) const ALL: &str = "all";

/// Values that win over those of the file, each with where it comes from.
#[derive(Clone, Debug, Default)]
pub struct Layer {
    /// The least severity that fails the run.
    pub fail_on: Option<(Severity, Origin)>,
    /// What becomes of what could not be decided.
    pub unknown: Option<(Undecided, Origin)>,
    /// The only rules that run, by code or name. What the file ignores runs, too, when it is named here.
    pub select: Option<(Vec<String>, Origin)>,
    /// Rules that run besides those selected.
    pub extend_select: Option<(Vec<String>, Origin)>,
    /// Rules that do not run, besides those that the file ignores.
    pub ignore: Option<(Vec<String>, Origin)>,
    /// How bad the findings of a rule are.
    pub severity: Vec<(String, Severity, Origin)>,
}

impl Settings {
    /// Lays values over these. Errors: rules that do not exist, all of them.
    pub fn lay(&mut self, layer: Layer, rules: &[RuleName<'_>]) -> Result<(), Vec<Problem>> {
        let mut problems = Vec::new();
        let mut codes = |words: Vec<String>, origin: &Origin| -> Vec<String> {
            let found = words.iter().map(|word| code(word, rules).map(str::to_owned));
            let mut codes = Vec::new();
            for found in found {
                match found {
                    Ok(code) if !codes.contains(&code) => codes.push(code),
                    Ok(_) => {}
                    Err((message, help)) => {
                        problems.push(Problem::of(format!("{origin}: {message}")).help(help));
                    }
                }
            }
            codes
        };
        if let Some((select, origin)) = layer.select {
            let everything = select.iter().any(|word| word.eq_ignore_ascii_case(ALL));
            self.select = (!everything).then(|| codes(select, &origin));
            self.ignore.clear();
            self.origins.insert("select".to_owned(), origin.clone());
            self.origins.insert("ignore".to_owned(), origin);
        }
        if let Some((more, origin)) = layer.extend_select {
            let more = codes(more, &origin);
            self.ignore.retain(|code| !more.contains(code));
            if let Some(select) = &mut self.select {
                select.extend(more);
                select.sort();
                select.dedup();
                self.origins.insert("select".to_owned(), origin);
            }
        }
        if let Some((ignore, origin)) = layer.ignore {
            self.ignore.extend(codes(ignore, &origin));
            self.ignore.sort();
            self.ignore.dedup();
            self.origins.insert("ignore".to_owned(), origin);
        }
        for (rule, severity, origin) in layer.severity {
            for code in codes(vec![rule], &origin) {
                self.origins.insert(format!("rule.{code}.severity"), origin.clone());
                self.rules.entry(code).or_default().severity = Some(severity);
            }
        }
        if let Some((fail_on, origin)) = layer.fail_on {
            self.fail_on = Some(fail_on);
            self.origins.insert("fail_on".to_owned(), origin);
        }
        if let Some((unknown, origin)) = layer.unknown {
            self.unknown = Some(unknown);
            self.origins.insert("unknown".to_owned(), origin);
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

/// The code of the rule that a word names by code or name. Errors: what is wrong, and what helps.
pub(super) fn code<'a>(word: &str, rules: &[RuleName<'a>]) -> Result<&'a str, (String, String)> {
    let is_named =
        |rule: &&RuleName<'_>| rule.code.eq_ignore_ascii_case(word) || rule.name.eq_ignore_ascii_case(word);
    if let Some(rule) = rules.iter().find(is_named) {
        return Ok(rule.code);
    }
    let there = rules.iter().flat_map(|rule| [rule.code, rule.name]);
    let help = match suggestion(word, there) {
        Some(near) => format!("did you mean {near}?"),
        None => "`ssmlint rules` lists all of them".to_owned(),
    };
    let word: String = word.chars().take(64).collect();
    Err((format!("there is no rule {word}"), help))
}

/// The severity of a word. Errors: what is wrong, and what helps.
pub fn level(word: &str) -> Result<Severity, (String, String)> {
    let there = [Severity::Error, Severity::Warning, Severity::Info];
    one_of(word, &there, Severity::as_str, "level")
}

/// What becomes of what could not be decided, by its word. Errors: what is wrong, and what helps.
pub fn undecided(word: &str) -> Result<Undecided, (String, String)> {
    one_of(word, &Undecided::ALL, Undecided::as_str, "level")
}

/// The one of some words that is meant.
pub(super) fn one_of<T: Copy>(
    word: &str,
    there: &[T],
    as_str: impl Fn(T) -> &'static str,
    noun: &str,
) -> Result<T, (String, String)> {
    if let Some(found) = there.iter().find(|one| as_str(**one) == word) {
        return Ok(*found);
    }
    let words: Vec<&str> = there.iter().map(|one| as_str(*one)).collect();
    let help = match suggestion(word, words.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("there are {}", words.join(", ")),
    };
    let word: String = word.chars().take(64).collect();
    Err((format!("there is no {noun} \"{word}\""), help))
}
