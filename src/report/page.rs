//! The rules: one page, or the list of all.

use std::fmt::Write;

use crate::report::RuleInfo;

/// The page of a rule, as it is written.
pub fn explain(rule: &RuleInfo) -> String {
    let mut page = rule.page.trim().to_owned();
    page.push('\n');
    page
}

/// One line a rule: code, severity, name, what it says.
pub fn list(rules: &[RuleInfo]) -> String {
    let width = rules.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for rule in rules {
        let severity = rule.severity.as_str();
        let _ = writeln!(out, "{}  {severity:7}  {:width$}  {}", rule.code, rule.name, rule.summary);
    }
    out
}
