//! Markdown for a job's summary or a merge request: what fails, what is proven of each target, what is not known.
//!
//! No HTML: all text from the code passes through [`markup`].

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::diagnostic::DiagnosticKind;
use crate::finding::{Finding, Severity};
use crate::proof::verdict::{Proof, Verdict};
use crate::report::markup::{code, head, link, row, text};
use crate::report::place::{self, Location, rebase, uri};
use crate::report::summary::plural;
use crate::report::{GapKind, Options, Report, Verdicts, mermaid, rule_url, summary};
use crate::source::Span;

/// Rows of one table; a summary of a step may have 1 MiB.
const ROW_LIMIT: usize = 100;
/// Pictures of root modules.
const PICTURE_LIMIT: usize = 5;
/// Addresses in one cell.
const NAME_LIMIT: usize = 5;
/// Reasons and gaps in one list.
const LIST_LIMIT: usize = 20;

/// Renders the report.
pub fn render(report: &Report, options: &Options) -> String {
    let mut out = String::new();
    let places = Places { report, options };
    let _ = writeln!(out, "## Session Manager: {}", headline(report));
    places.write_trouble(&mut out);
    places.write_findings(&mut out);
    places.write_verdicts(&mut out);
    if !options.quiet {
        places.write_undecided(&mut out);
        places.write_gaps(&mut out);
    }
    for matrix in &report.matrices {
        let _ = write!(out, "\n{}", matrix.markdown());
    }
    if !options.quiet {
        let _ = writeln!(out, "\n{}", text(&summary::line(report)));
    }
    out
}

/// `2 of 3 instances reachable`, and what keeps the others.
fn headline(report: &Report) -> String {
    let proofs = || report.verdicts.iter().flat_map(|verdicts| &verdicts.proofs);
    let count = |state: &str| proofs().filter(|proof| proof.state() == state).count();
    let all = proofs().count();
    if all == 0 {
        return match report.findings.len() {
            0 => "nothing to report".to_owned(),
            findings => plural(findings, "finding"),
        };
    }
    let mut parts = vec![format!("{} of {} reachable", count("reachable"), plural(all, "target"))];
    for (state, word) in [("broken", "broken"), ("unknown", "unknown")] {
        if count(state) > 0 {
            parts.push(format!("{} {word}", count(state)));
        }
    }
    parts.join(", ")
}

/// A row of the table of verdicts, without its targets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Said {
    verdict: &'static str,
    by: String,
    why: String,
}

struct Places<'a> {
    report: &'a Report,
    options: &'a Options,
}

impl Places<'_> {
    /// `main.tf:3` as code, and as a link where it is known where the repository can be read.
    fn at(&self, span: Span) -> String {
        let location = Location::of(&self.report.sources, span);
        let path = rebase(&self.options.prefix, location.file.as_ref());
        let shown = format!("{path}:{}", location.line);
        match &self.options.source_url {
            Some(base) if !path.starts_with("..") && !path.starts_with('/') => {
                link(&shown, &format!("{base}{}#L{}", uri(path.as_ref()), location.line))
            }
            Some(_) | None => code(&shown),
        }
    }

    fn rule(&self, rule: &str) -> String {
        link(rule, &rule_url(rule))
    }

    /// What kept ssmlint from doing its job.
    fn write_trouble(&self, out: &mut String) {
        let report = self.report;
        let unreadable =
            report.diagnostics.iter().filter(|diagnostic| diagnostic.kind == DiagnosticKind::Unreadable);
        let mut lines: Vec<String> = report
            .failures
            .iter()
            .map(|failure| format!("ssmlint failed on {}: {}", code(&failure.root), text(&failure.message)))
            .collect();
        lines.extend(unreadable.map(|diagnostic| {
            let at = diagnostic.span.map_or(String::new(), |span| format!(" ({})", self.at(span)));
            format!("not readable: {}{at}", text(&diagnostic.summary))
        }));
        if !lines.is_empty() {
            out.push_str("\n**The check is not complete:**\n\n");
            list(out, &lines);
        }
    }

    fn write_findings(&self, out: &mut String) {
        let findings = &self.report.findings;
        if findings.is_empty() {
            return;
        }
        out.push_str("\n### Findings\n");
        head(out, &["", "rule", "what", "where", "affects", "help"]);
        let mut ranked: Vec<&Finding> = findings.iter().collect();
        // Where the table is cut, the gravest ones stay.
        ranked.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        for finding in ranked.iter().take(ROW_LIMIT) {
            let span = place::in_repository(&self.report.sources, finding);
            let mut what = text(&finding.message);
            if !finding.scenarios.is_empty() {
                let _ = write!(what, " when {}", names(&finding.scenarios));
            }
            let subject_is_all = finding.affected.len() == 1 && finding.affected[0] == finding.subject;
            let affects = if subject_is_all { String::new() } else { names(&finding.affected) };
            row(
                out,
                &[
                    severity(finding.severity).to_owned(),
                    self.rule(finding.code),
                    what,
                    span.map_or(String::new(), |span| self.at(span)),
                    affects,
                    finding.help.as_deref().map(text).unwrap_or_default(),
                ],
            );
        }
        if findings.len() > ROW_LIMIT {
            let _ = writeln!(out, "\n{} more findings are left out here.", findings.len() - ROW_LIMIT);
        }
    }

    fn write_verdicts(&self, out: &mut String) {
        let told: Vec<&Verdicts> =
            self.report.verdicts.iter().filter(|verdicts| !verdicts.proofs.is_empty()).collect();
        if told.is_empty() {
            return;
        }
        out.push_str("\n### Verdicts\n");
        let is_one = told.len() == 1;
        let mut rows = 0;
        let mut pictures = 0;
        for verdicts in &told {
            if rows >= ROW_LIMIT {
                break;
            }
            if !is_one {
                let when = match verdicts.scenario.as_str() {
                    "" => String::new(),
                    scenario => format!(", {}", text(scenario)),
                };
                let _ = writeln!(out, "\n**{}**{when}", code(&verdicts.root));
            }
            head(out, &["target", "verdict", "by", "why"]);
            for (Said { verdict, by, why }, targets) in self.alike(&verdicts.proofs) {
                row(out, &[names(&targets), verdict.to_owned(), by, why]);
                rows += 1;
                if rows >= ROW_LIMIT {
                    break;
                }
            }
            if pictures < PICTURE_LIMIT
                && let Some((picture, left)) = mermaid::picture(&verdicts.proofs)
            {
                pictures += 1;
                let _ = write!(out, "\n```mermaid\n{picture}```\n");
                if left > 0 {
                    let _ = writeln!(out, "\n{} left out of the picture.", plural(left, "target"));
                }
            }
        }
        if rows >= ROW_LIMIT {
            out.push_str("\nFurther verdicts are left out here; the JSON format has all of them.\n");
        }
    }

    /// What is said of targets, with those of which it is said.
    fn alike(&self, proofs: &[Proof]) -> Vec<(Said, Vec<String>)> {
        let mut groups: Vec<(Said, Vec<String>)> = Vec::new();
        let mut known: BTreeMap<Said, usize> = BTreeMap::new();
        for proof in proofs {
            let said = self.verdict(proof);
            let index = *known.entry(said.clone()).or_insert(groups.len());
            match groups.get_mut(index) {
                Some((_, targets)) => targets.push(proof.target.clone()),
                None => groups.push((said, vec![proof.target.clone()])),
            }
        }
        groups
    }

    /// The verdict, the way or the link, and the reason with its place.
    fn verdict(&self, proof: &Proof) -> Said {
        match &proof.verdict {
            Verdict::Reachable(path) => {
                let mut by = text(&path.describe());
                if proof.by_host_management {
                    by.push_str(", with the role of Default Host Management");
                }
                let assumed: Vec<String> =
                    proof.assumptions.iter().map(|assumption| text(assumption)).collect();
                let why = if assumed.is_empty() {
                    String::new()
                } else {
                    format!("assumed: {}", assumed.join("; "))
                };
                Said { verdict: "✅ reachable", by, why }
            }
            Verdict::Broken(broken) => {
                let at = broken.link.span.map_or(String::new(), |span| format!(" ({})", self.at(span)));
                let why = format!("{} {}{at}", self.rule(broken.link.rule), text(&broken.link.reason));
                Said { verdict: "❌ broken", by: text(&broken.describe()), why }
            }
            Verdict::Unknown(reasons) => {
                let shown: Vec<String> = reasons
                    .iter()
                    .take(NAME_LIMIT)
                    .map(|reason| {
                        let at = reason.span.map_or(String::new(), |span| format!(" ({})", self.at(span)));
                        format!("{}{at}", text(&reason.text))
                    })
                    .collect();
                let more = match reasons.len().saturating_sub(NAME_LIMIT) {
                    0 => String::new(),
                    more => format!("; and {more} more"),
                };
                Said { verdict: "❔ unknown", by: String::new(), why: format!("{}{more}", shown.join("; ")) }
            }
        }
    }

    fn write_undecided(&self, out: &mut String) {
        let undecided = &self.report.undecided;
        if undecided.is_empty() {
            return;
        }
        let _ = writeln!(out, "\n### Undecided: {}\n", undecided.len());
        let mut lines: Vec<String> = Vec::new();
        for finding in undecided {
            let because: Vec<String> =
                finding.because.iter().take(NAME_LIMIT).map(|because| text(&because.reason)).collect();
            let because =
                if because.is_empty() { String::new() } else { format!(", because {}", because.join("; ")) };
            lines.push(format!("{} {}{because}", self.rule(finding.code), code(&finding.subject)));
        }
        list(out, &lines);
    }

    fn write_gaps(&self, out: &mut String) {
        // Files that could not be read stand at the top.
        let gaps = self.report.gaps.iter().filter(|gap| gap.kind != GapKind::FileUnreadable);
        let lines: Vec<String> = gaps
            .map(|gap| {
                let at = gap.span.map_or(String::new(), |span| format!(" ({})", self.at(span)));
                format!("{}{at}", text(&gap.message))
            })
            .collect();
        if !lines.is_empty() {
            out.push_str("\n### Not seen\n\n");
            list(out, &lines);
        }
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "❌ error",
        Severity::Warning => "⚠️ warning",
        Severity::Info => "ℹ️ info",
    }
}

fn names(names: &[String]) -> String {
    let mut shown: Vec<String> = names.iter().take(NAME_LIMIT).map(|name| code(name)).collect();
    if names.len() > NAME_LIMIT {
        shown.push(format!("and {} more", names.len() - NAME_LIMIT));
    }
    shown.join(", ")
}

fn list(out: &mut String, lines: &[String]) {
    for line in lines.iter().take(LIST_LIMIT) {
        let _ = writeln!(out, "- {line}");
    }
    if lines.len() > LIST_LIMIT {
        let _ = writeln!(out, "- and {} more", lines.len() - LIST_LIMIT);
    }
}
