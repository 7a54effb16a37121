//! For people: each finding with its source lines, the trail to the line that decided, and what to do.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use codespan_reporting::diagnostic::{self as codespan, LabelStyle};
use codespan_reporting::term;
use codespan_reporting::term::termcolor::{Ansi, NoColor};

use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::finding::{Finding, Safety, Severity};
use crate::report::excerpt::{Excerpts, Mark};
use crate::report::place::Location;
use crate::report::{Gap, GapKind, Options, Report, rule_url, safe, statistics, summary, suppressed};
use crate::source::{SourceMap, Span};

/// Steps of a trail that are shown; a longer one ends with a count of the rest.
const TRAIL_LIMIT: usize = 12;
/// Addresses shown in one list.
const LIST_LIMIT: usize = 10;

/// Renders the report.
pub fn render(report: &Report, options: &Options) -> String {
    let mut out = Vec::new();
    // Counts stand in for the findings.
    let shown = if options.statistics { &[] } else { report.findings.as_slice() };
    for finding in shown {
        emit(&mut out, report, options, &finding_marks(finding), &mut of_finding(finding));
    }
    for diagnostic in &report.diagnostics {
        let mark = diagnostic.span.map(|span| (span, LabelStyle::Primary, String::new()));
        let marks: Vec<_> = mark.into_iter().collect();
        emit(&mut out, report, options, &marks, &mut of_diagnostic(diagnostic));
    }
    for failure in &report.failures {
        let message = format!("ssmlint failed on {}", safe::line(&failure.root));
        let note = format!("{}; the other roots were checked", safe::sentence(&failure.message));
        emit(
            &mut out,
            report,
            options,
            &[],
            &mut codespan::Diagnostic::bug().with_message(message).with_note(note),
        );
    }
    let mut text = String::from_utf8_lossy(&out).into_owned();
    if options.statistics {
        text.push_str(&statistics::text(report));
        if !options.quiet && !report.findings.is_empty() {
            text.push('\n');
        }
    }
    if options.show_suppressed {
        suppressed::write(&mut text, report, options);
    }
    if !options.quiet {
        write_undecided(&mut text, report, options);
        write_gaps(&mut text, report);
        text.push_str(&summary::verdicts(report));
        let _ = writeln!(text, "{}", summary::line(report));
    }
    text
}

type Marked = (Span, LabelStyle, String);

/// The labels of a finding: the primary one, further places, the trail; each place once.
fn finding_marks(finding: &Finding) -> Vec<Marked> {
    // An attribute whose own value decides is one line, not two labels over one another.
    let shown: Vec<Span> = finding.primary.iter().chain(&finding.labels).map(|label| label.span).collect();
    let is_part_of_shown = |span: Span| shown.iter().any(|outer| *outer != span && outer.contains(span));
    let mut marks: Vec<Marked> = Vec::new();
    let mut add = |span: Span, style: LabelStyle, message: &str| {
        let message = safe::line(message).into_owned();
        match marks.iter_mut().find(|(at, _, _)| *at == span) {
            Some((_, _, known)) if known.is_empty() => *known = message,
            Some((_, _, known)) if message.is_empty() || known.contains(&message) => {}
            Some((_, _, known)) => {
                known.push_str("; ");
                known.push_str(&message);
            }
            None => marks.push((span, style, message)),
        }
    };
    if let Some(primary) = &finding.primary {
        add(primary.span, LabelStyle::Primary, &primary.message);
    }
    for label in &finding.labels {
        add(label.span, LabelStyle::Secondary, &label.message);
    }
    for step in finding.trace.iter().take(TRAIL_LIMIT) {
        if let Some(span) = step.span
            && !is_part_of_shown(span)
        {
            add(span, LabelStyle::Secondary, &step.message);
        }
    }
    marks
}

fn of_finding(finding: &Finding) -> codespan::Diagnostic<usize> {
    let severity = match finding.severity {
        Severity::Error => codespan::Severity::Error,
        Severity::Warning => codespan::Severity::Warning,
        Severity::Info => codespan::Severity::Note,
    };
    let mut notes = Vec::new();
    for step in finding.trace.iter().take(TRAIL_LIMIT).filter(|step| step.span.is_none()) {
        notes.push(safe::sentence(&step.message));
    }
    if finding.trace.len() > TRAIL_LIMIT {
        notes.push(format!("the trail goes on for {} more steps", finding.trace.len() - TRAIL_LIMIT));
    }
    notes.extend(finding.notes.iter().map(|note| note_text(note)));
    let subject_is_all = finding.affected.len() == 1 && finding.affected[0] == finding.subject;
    if !finding.affected.is_empty() && !subject_is_all {
        notes.push(format!("affects {}", list(&finding.affected)));
    }
    if !finding.scenarios.is_empty() {
        notes.push(format!("when {}", list(&finding.scenarios)));
    }
    if finding.roots.len() > 1 {
        notes.push(format!("in {}", list(&finding.roots)));
    }
    if let Some(help) = &finding.help {
        let fix = match finding.fix.as_ref().map(|fix| fix.safety) {
            Some(Safety::Safe) => " [--fix can apply this]",
            Some(Safety::Unsafe) => " [--unsafe-fixes can apply this]",
            None => "",
        };
        notes.push(note_text(&format!("help: {help}{fix}")));
    }
    notes.push(format!("run `ssmlint explain {}`", finding.code));
    codespan::Diagnostic::new(severity)
        .with_code(finding.code)
        .with_message(safe::line(&finding.message))
        .with_notes(notes)
}

fn of_diagnostic(diagnostic: &Diagnostic) -> codespan::Diagnostic<usize> {
    let (severity, note) = match diagnostic.kind {
        DiagnosticKind::Unreadable => (codespan::Severity::Error, "everything else was checked without it"),
        DiagnosticKind::Invalid => {
            (codespan::Severity::Warning, "Terraform would refuse this; what depends on it is not known")
        }
        DiagnosticKind::NotUnderstood => (codespan::Severity::Note, "what depends on it is not known"),
        DiagnosticKind::Note => (codespan::Severity::Note, ""),
    };
    let mut notes = Vec::new();
    if !diagnostic.detail.is_empty() {
        notes.push(safe::sentence(&diagnostic.detail));
    }
    if !note.is_empty() {
        notes.push(note.to_owned());
    }
    codespan::Diagnostic::new(severity).with_message(safe::sentence(&diagnostic.summary)).with_notes(notes)
}

/// A note of one or several lines.
fn note_text(text: &str) -> String {
    safe::lines(text).join("\n")
}

fn list(items: &[String]) -> String {
    let mut shown: Vec<String> =
        items.iter().take(LIST_LIMIT).map(|item| safe::line(item).into_owned()).collect();
    if items.len() > LIST_LIMIT {
        shown.push(format!("and {} more", items.len() - LIST_LIMIT));
    }
    shown.join(", ")
}

fn emit(
    out: &mut Vec<u8>,
    report: &Report,
    options: &Options,
    marks: &[Marked],
    diagnostic: &mut codespan::Diagnostic<usize>,
) {
    let mark =
        |(span, style, message): &Marked| Mark { span: *span, style: *style, message: message.clone() };
    let base = options.working_dir.as_deref().filter(|_| options.hyperlinks);
    let (excerpts, labels) = Excerpts::new(&report.sources, base, marks.iter().map(mark).collect());
    diagnostic.labels = labels;
    let config = term::Config::default();
    let mut text = Vec::new();
    let written = if options.color {
        term::emit_to_write_style(&mut Ansi::new(&mut text), &config, &excerpts, diagnostic)
    } else {
        term::emit_to_write_style(&mut NoColor::new(&mut text), &config, &excerpts, diagnostic)
    };
    if written.is_ok() {
        // The renderer pads empty snippet lines with blanks.
        let mut text = String::from_utf8_lossy(&text).into_owned();
        if let Some(code) = diagnostic.code.as_ref().filter(|_| options.hyperlinks) {
            // The headline starts with it, so the first one is it.
            let linked = format!("[{}]", hyperlink(&rule_url(code), code));
            text = text.replacen(&format!("[{code}]"), &linked, 1);
        }
        let trimmed: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
        out.extend_from_slice(trimmed.join("\n").as_bytes());
        out.extend_from_slice(b"\n\n");
    } else {
        // A place that does not fit its file must not hide the message.
        let _ = writeln!(out, "{}\n", diagnostic.message);
    }
}

/// What could not be decided, grouped by what would settle it.
fn write_undecided(out: &mut String, report: &Report, options: &Options) {
    if report.undecided.is_empty() {
        return;
    }
    // Reason with its place, then rule, then the subjects.
    let mut groups: BTreeMap<String, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for finding in &report.undecided {
        let reasons: Vec<String> = if finding.because.is_empty() {
            vec!["for another reason".to_owned()]
        } else {
            let place = |span: Option<Span>| span.map_or(String::new(), |span| at(&report.sources, span));
            finding
                .because
                .iter()
                .map(|because| format!("{}{}", safe::sentence(&because.reason), place(because.span)))
                .collect()
        };
        for reason in reasons {
            groups.entry(reason).or_default().entry(finding.code).or_default().push(&finding.subject);
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    // What settles most comes first.
    let weight = |rules: &BTreeMap<&str, Vec<&str>>| rules.values().map(Vec::len).sum::<usize>();
    groups.sort_by_key(|(_, rules)| std::cmp::Reverse(weight(rules)));

    let worst = report.undecided.iter().map(|finding| finding.severity).max();
    let counts = match worst.filter(|_| options.policy.strict) {
        Some(severity) => format!(" ({})", severity.as_str()),
        None => String::new(),
    };
    let _ = writeln!(out, "{} undecided{counts}, because", report.undecided.len());
    for (reason, rules) in groups.iter().take(LIST_LIMIT) {
        let _ = writeln!(out, "  - {reason}");
        for (code, subjects) in rules {
            let mut subjects: Vec<String> = subjects.iter().map(|subject| (*subject).to_owned()).collect();
            subjects.sort();
            subjects.dedup();
            let _ = writeln!(out, "      {code} {}", list(&subjects));
        }
    }
    if groups.len() > LIST_LIMIT {
        let _ =
            writeln!(out, "  - and {} more reasons; `--format json` lists all", groups.len() - LIST_LIMIT);
    }
    out.push('\n');
}

fn write_gaps(out: &mut String, report: &Report) {
    // Files that could not be read stand among the errors already.
    let gaps: Vec<&Gap> = report.gaps.iter().filter(|gap| gap.kind != GapKind::FileUnreadable).collect();
    if gaps.is_empty() {
        return;
    }
    let _ = writeln!(out, "not seen:");
    for gap in gaps.iter().take(LIST_LIMIT) {
        let place = gap.span.map_or(String::new(), |span| at(&report.sources, span));
        let _ = writeln!(out, "  - {}{place}", safe::sentence(&gap.message));
    }
    if gaps.len() > LIST_LIMIT {
        let _ = writeln!(out, "  - and {} more; `--format json` lists all", gaps.len() - LIST_LIMIT);
    }
    if gaps.iter().any(|gap| gap.kind == GapKind::ModuleUnavailable) {
        let _ = writeln!(
            out,
            "  `terraform init -backend=false` installs modules; ssmlint reads `.terraform/modules`"
        );
    }
    out.push('\n');
}

/// OSC 8: the text as a link, on terminals that know it. The text and the address hold no control characters.
pub(super) fn hyperlink(url: &str, text: &str) -> String {
    format!("\u{1b}]8;;{url}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\")
}

fn at(sources: &SourceMap, span: Span) -> String {
    format!(" ({})", safe::line(&Location::of(sources, span).short()))
}
