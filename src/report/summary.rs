//! The closing line: what was found, and how much was looked at, so that silence is never taken for approval.

use std::collections::BTreeSet;

use crate::diagnostic::DiagnosticKind;
use crate::finding::Severity;
use crate::proof::verdict::{self, Proof};
use crate::report::{Report, safe};

/// `3 errors, 1 warning, 2 undecided · 4 instances in 2 roots (41 files, 6 modules; 1 module not installed) · 18 ms`.
pub fn line(report: &Report) -> String {
    let counts = &report.counts;
    let mut found: Vec<String> = [
        (report.count(Severity::Error), "error"),
        (report.count(Severity::Warning), "warning"),
        (report.count(Severity::Info), "info"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| plural(count, what))
    .collect();
    if found.is_empty() {
        found.push("no findings".to_owned());
    }
    let undecided = report.undecided.len() + report.hidden;
    if undecided > 0 {
        found.push(format!("{undecided} undecided"));
    }

    if !report.suppressed.is_empty() {
        found.push(format!("{} suppressed", report.suppressed.len()));
    }
    let known = report.recognised.as_ref().map_or(0, |recognised| recognised.known.len());
    if known > 0 {
        found.push(format!("{known} in the baseline"));
    }
    if report.fixed > 0 {
        found.push(format!("{} fixed", report.fixed));
    }

    let mut seen = plural(counts.files, "file");
    if counts.modules > 0 {
        seen.push_str(&format!(", {}", plural(counts.modules, "module")));
    }
    let unreadable =
        report.diagnostics.iter().filter(|diagnostic| diagnostic.kind == DiagnosticKind::Unreadable).count();
    if unreadable > 0 {
        seen.push_str(&format!("; {} not readable", plural(unreadable, "place")));
    }
    if counts.summaries > 0 {
        seen.push_str(&format!("; {} by built-in summary", plural(counts.summaries, "module")));
    }
    if counts.modules_missing > 0 {
        seen.push_str(&format!("; {} not installed", plural(counts.modules_missing, "module")));
    }

    if counts.roots_left_out > 0 {
        seen.push_str(&format!("; {} left out by the settings", plural(counts.roots_left_out, "root")));
    }

    format!(
        "{} · {} in {} ({seen}) · {}",
        found.join(", "),
        plural(counts.targets, "instance"),
        plural(counts.roots, "root"),
        duration(report.duration),
    )
}

/// So many targets are listed with why nothing is known of them.
const SHOWN: usize = 3;

/// What is proven of the targets, a line for each scenario: `3 targets: 2 via endpoints, 1 broken at L8 (SSM002)`.
pub fn verdicts(report: &Report) -> String {
    let mut scenarios: Vec<&str> = Vec::new();
    for verdicts in &report.verdicts {
        if !scenarios.contains(&verdicts.scenario.as_str()) {
            scenarios.push(&verdicts.scenario);
        }
    }
    let mut out = String::new();
    for scenario in scenarios {
        let of_scenario = report.verdicts.iter().filter(|verdicts| verdicts.scenario == scenario);
        let proofs: Vec<&Proof> = of_scenario.flat_map(|verdicts| &verdicts.proofs).collect();
        let Some(summary) = verdict::summary(proofs.iter().copied()) else { continue };
        let name = if scenario.is_empty() { String::new() } else { format!("{}: ", safe::line(scenario)) };
        out.push_str(&format!("{name}{summary}\n"));
        if report.undecided.is_empty() && report.hidden == 0 {
            // What no rule has left open is said here, or nowhere.
            let open: Vec<&&Proof> = proofs.iter().filter(|proof| proof.state() == "unknown").collect();
            for proof in open.iter().take(SHOWN) {
                let line = format!("{} is {}", proof.target, proof.headline());
                out.push_str(&format!("{name}  {}\n", safe::line(&line)));
            }
            if open.len() > SHOWN {
                out.push_str(&format!("{name}  and {} more; `ssmlint why` lists all\n", open.len() - SHOWN));
            }
        }
        let assumed: BTreeSet<&str> =
            proofs.iter().flat_map(|proof| &proof.rests_on).map(String::as_str).collect();
        if !assumed.is_empty() {
            let count = proofs.iter().filter(|proof| !proof.rests_on.is_empty()).count();
            let keys: Vec<_> = assumed.into_iter().map(safe::line).collect();
            let verb = if count == 1 { "rests" } else { "rest" };
            out.push_str(&format!("{name}{count} {verb} on what is assumed: {}\n", keys.join(", ")));
        }
    }
    out
}

/// `1 file`, `2 files`.
pub fn plural(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

fn duration(duration: std::time::Duration) -> String {
    let millis = duration.as_millis();
    if millis == 0 {
        "under 1 ms".to_owned()
    } else if millis < 10_000 {
        format!("{millis} ms")
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::report::Counts;

    #[test]
    fn coverage_is_stated_even_when_nothing_was_found() {
        let report = Report {
            counts: Counts {
                targets: 1,
                roots: 1,
                roots_left_out: 0,
                files: 3,
                modules: 0,
                modules_missing: 1,
                summaries: 0,
            },
            duration: Duration::from_millis(4),
            ..Report::default()
        };
        assert_eq!(
            line(&report),
            "no findings · 1 instance in 1 root (3 files; 1 module not installed) · 4 ms"
        );
    }
}
