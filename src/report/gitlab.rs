//! The report of GitLab's code quality: <https://docs.gitlab.com/ci/testing/code_quality/>.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::finding::Severity;
use crate::report::issue::{Issue, issues};
use crate::report::{Options, Report, fingerprint, json};

#[derive(Serialize)]
struct Violation<'a> {
    description: &'a str,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Place,
}

#[derive(Serialize)]
struct Place {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// Renders the report; an empty list when there is nothing to say.
pub fn render(report: &Report, options: &Options) -> String {
    let all = issues(report, options);
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let violations: Vec<Violation<'_>> = all
        .iter()
        .map(|issue| {
            let site = issue.site(report, options);
            // GitLab shows one of several with the same fingerprint.
            let digest = match issue.finding {
                Some(finding) => fingerprint::of(finding),
                None => fingerprint::digest([issue.code, &site.path, &issue.message]),
            };
            let count = seen.entry(digest.clone()).or_default();
            *count += 1;
            Violation {
                description: &issue.message,
                check_name: issue.code,
                fingerprint: if *count == 1 { digest } else { format!("{digest}-{count}") },
                severity: severity(issue),
                location: Place {
                    path: site.path,
                    lines: Lines { begin: site.range.map_or(1, |range| range.line) },
                },
            }
        })
        .collect();
    json::to_text(&violations)
}

fn severity(issue: &Issue<'_>) -> &'static str {
    match issue.severity {
        // SSH that is open to everybody is an attack surface, not only a way that fails.
        Severity::Error if issue.code == "SSM006" => "critical",
        Severity::Error => "major",
        Severity::Warning => "minor",
        Severity::Info => "info",
    }
}
