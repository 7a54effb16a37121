//! How many findings each rule has, in place of the findings.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::finding::Severity;
use crate::report::Report;

/// The findings of one rule and severity, counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The rule's code.
    pub code: &'static str,
    /// The rule's name.
    pub name: &'static str,
    /// How bad they are.
    pub severity: Severity,
    /// How many there are.
    pub findings: usize,
}

/// The counts, the largest first, then by code.
pub fn counts(report: &Report) -> Vec<Count> {
    let mut counts: BTreeMap<(&'static str, std::cmp::Reverse<Severity>), Count> = BTreeMap::new();
    for finding in &report.findings {
        let key = (finding.code, std::cmp::Reverse(finding.severity));
        let count = counts.entry(key).or_insert(Count {
            code: finding.code,
            name: finding.name,
            severity: finding.severity,
            findings: 0,
        });
        count.findings += 1;
    }
    let mut counts: Vec<Count> = counts.into_values().collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.findings));
    counts
}

/// One line for each rule: how many, how bad, which.
pub fn text(report: &Report) -> String {
    let counts = counts(report);
    let width = counts.iter().map(|count| count.findings.to_string().len()).max().unwrap_or(0);
    let mut out = String::new();
    for count in &counts {
        let severity = count.severity.as_str();
        let _ = writeln!(out, "{:width$}  {}  {severity:7}  {}", count.findings, count.code, count.name);
    }
    out
}
