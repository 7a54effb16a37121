//! What `why` prints: the chain of each target with the line that decides each link, or one verdict a line.

use std::fmt::Write;
use std::sync::Arc;

use serde::Serialize;

use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::proof::Service;
use crate::proof::chain::Link;
use crate::proof::verdict::{self, Proof, Verdict};
use crate::report::json::{self, BrokenOut, GapOut, Step};
use crate::report::place::Location;
use crate::report::{Gap, GapKind, safe};
use crate::source::{SourceMap, Span};

/// The proofs of a root module's targets.
#[derive(Debug, Default)]
pub struct Why {
    /// The root module's directory.
    pub root: String,
    /// The scenario; empty for what is configured.
    pub scenario: String,
    /// The targets, by address.
    pub targets: Vec<Explained>,
    /// What could not be seen.
    pub gaps: Vec<Gap>,
    /// What Terraform would refuse, and what could not be read.
    pub diagnostics: Vec<Diagnostic>,
    /// The text of all files.
    pub sources: Arc<SourceMap>,
}

/// A proof with what to do about it.
#[derive(Debug)]
pub struct Explained {
    /// The proof.
    pub proof: Proof,
    /// What to do.
    pub help: Option<String>,
    /// For inputs without value: each combination with its verdict.
    pub scenarios: Vec<(String, String)>,
}

impl Why {
    /// 2 when a file could not be read; else 0, whatever the verdicts are.
    pub fn exit_code(&self) -> u8 {
        let unreadable = |diagnostic: &Diagnostic| diagnostic.kind == DiagnosticKind::Unreadable;
        if self.diagnostics.iter().any(unreadable) { 2 } else { 0 }
    }

    /// One verdict line for each target, and the count of each verdict.
    pub fn overview(&self) -> String {
        let mut rows: Vec<[String; 4]> = Vec::new();
        for Explained { proof, .. } in &self.targets {
            let (rule, place) = match proof.broken() {
                Some(broken) => (broken.link.rule.to_owned(), place(&self.sources, broken.link.span)),
                None => (String::new(), String::new()),
            };
            rows.push([safe::line(&proof.target).into_owned(), headline(proof), rule, place]);
        }
        let mut out = String::new();
        write_rows(&mut out, "", &rows);
        match verdict::summary(self.targets.iter().map(|explained| &explained.proof)) {
            Some(summary) => {
                let _ = writeln!(out, "\n{summary}");
            }
            None => {
                let _ = writeln!(out, "no instances, groups or fleets in {}", safe::line(&self.root));
            }
        }
        write_gaps(&mut out, &self.gaps, &self.sources);
        self.write_diagnostics(&mut out);
        out
    }

    /// The chain of each target, link by link; with a service, what that service needs.
    pub fn text(&self, service: Option<Service>) -> String {
        let mut out = String::new();
        for (index, explained) in self.targets.iter().enumerate() {
            if index > 0 {
                out.push('\n');
            }
            self.write_target(&mut out, explained, service);
        }
        write_gaps(&mut out, &self.gaps, &self.sources);
        self.write_diagnostics(&mut out);
        out
    }

    fn write_target(&self, out: &mut String, explained: &Explained, service: Option<Service>) {
        let proof = &explained.proof;
        let target = safe::line(&proof.target);
        let rule = proof.broken().map_or(String::new(), |broken| format!("  {}", broken.link.rule));
        let _ = writeln!(out, "{target}  {}{rule}", headline(proof));
        let wanted = |link: &&Link| service.is_none_or(|service| link.service.is_none_or(|of| of == service));
        let mut lines: Vec<Line<'_>> = Vec::new();
        let links = proof.links.iter().filter(wanted);
        let command = proof.command.iter().filter(|_| service == Some(Service::Ec2Messages));
        for link in links.chain(command) {
            match lines.iter_mut().find(|line| line.holds(link)) {
                Some(line) => line.add(link),
                None => lines.push(Line::of(link)),
            }
        }
        lines.sort_by_key(|line| (line.link.number, line.link.name == "endpoint-sg"));
        let services = distinct(proof.links.iter().filter(wanted).filter_map(|link| link.service));
        let subnets = distinct(proof.links.iter().filter_map(|link| link.subnet.as_deref()));
        let mut rows: Vec<[String; 5]> = Vec::new();
        for line in &lines {
            let link = line.link;
            let mut reason = match link.because.as_slice() {
                [_, _, ..] if link.truth.is_unknown() => "not known, because".to_owned(),
                _ => safe::sentence(&link.reason),
            };
            if !line.services.is_empty()
                && line.services.len() < services.len()
                && link.number != 5
                && link.name != "endpoint"
            {
                let of: Vec<&str> = line.services.iter().map(|service| service.label()).collect();
                let _ = write!(reason, " ({})", of.join(", "));
            }
            if !line.subnets.is_empty() && line.subnets.len() < subnets.len() {
                let _ = write!(reason, " [in {}]", safe::line(&line.subnets.join(", ")));
            }
            if let Some(template) = &link.template {
                let _ = write!(reason, " [with {}]", safe::line(template));
            }
            if link.truth.is_no() {
                let _ = write!(reason, "  {}", link.rule);
            }
            let number = format!("L{}", link.number);
            rows.push([
                number,
                link.name.to_owned(),
                state(link).to_owned(),
                place(&self.sources, link.span),
                reason,
            ]);
            if link.truth.is_yes() {
                continue;
            }
            let mut last = place(&self.sources, link.span);
            for step in &link.trail {
                let at = place(&self.sources, step.span);
                if at.is_empty() || at == last {
                    continue;
                }
                last.clone_from(&at);
                let note = format!("  {}", safe::sentence(&step.note));
                rows.push([String::new(), String::new(), String::new(), at, note]);
            }
            for reason in link.because.iter().filter(|_| link.because.len() > 1) {
                let note = format!("  {}", safe::sentence(&reason.text));
                rows.push([
                    String::new(),
                    String::new(),
                    String::new(),
                    place(&self.sources, reason.span),
                    note,
                ]);
            }
        }
        write_rows(out, "  ", &rows);
        self.write_rest(out, explained, service);
    }

    fn write_rest(&self, out: &mut String, explained: &Explained, service: Option<Service>) {
        let proof = &explained.proof;
        if matches!(&proof.verdict, Verdict::Reachable(verdict::Path::Mixed)) {
            let public = proof
                .paths
                .iter()
                .filter(|(_, path)| !matches!(path, verdict::Path::Endpoints | verdict::Path::Hub(_)));
            let public: Vec<&str> = public.map(|(service, _)| service.label()).collect();
            if !public.is_empty() {
                let _ = writeln!(
                    out,
                    "  note: without NAT {} would not be reached",
                    distinct(public.into_iter()).join(" and ")
                );
            }
        }
        let lost = proof.command.iter().find(|link| link.truth.is_no());
        if let Some(link) = lost.filter(|_| service.is_none()) {
            let _ = writeln!(
                out,
                "  note: ec2messages is not reached (L{} {}, {}): commands need SSM Agent 3.3.40.0 or later, sessions do not",
                link.number, link.name, link.rule
            );
        }
        let mut told: Vec<&str> = Vec::new();
        for link in proof.features.iter().filter(|link| link.truth.is_no() && service.is_none()) {
            if !told.contains(&link.reason.as_str()) {
                told.push(&link.reason);
                let _ = writeln!(out, "  note: {} ({})", safe::sentence(&link.reason), link.rule);
            }
        }
        if !proof.exists.is_yes() {
            let _ = writeln!(out, "  note: whether {} exists is not known", safe::line(&proof.target));
        }
        for assumption in &proof.assumptions {
            let _ = writeln!(out, "  assumed: {assumption}");
        }
        if let Some(help) = &explained.help {
            let _ = writeln!(out, "  help: {}", safe::sentence(help));
        }
        if let Some(broken) = proof.broken() {
            let _ = writeln!(out, "  run `ssmlint explain {}`", broken.link.rule);
        }
        for (index, (world, verdict)) in explained.scenarios.iter().enumerate() {
            let lead = if index == 0 { "scenarios:" } else { "          " };
            let _ = writeln!(out, "  {lead} {} -> {}", safe::line(world), safe::line(verdict));
        }
    }

    fn write_diagnostics(&self, out: &mut String) {
        for diagnostic in &self.diagnostics {
            let word = match diagnostic.kind {
                DiagnosticKind::Unreadable => "error",
                DiagnosticKind::Invalid => "invalid",
                DiagnosticKind::NotUnderstood | DiagnosticKind::Note => "note",
            };
            let at = diagnostic
                .span
                .map_or(String::new(), |span| format!(" ({})", place(&self.sources, Some(span))));
            let _ = writeln!(out, "{word}: {}{at}", safe::sentence(&diagnostic.summary));
        }
    }

    /// The JSON form, `ssmlint/1`.
    pub fn json(&self, service: Option<Service>) -> String {
        let wanted = |link: &&Link| service.is_none_or(|service| link.service.is_none_or(|of| of == service));
        let targets = self.targets.iter().map(|Explained { proof, help, scenarios }| TargetOut {
            target: &proof.target,
            state: proof.state(),
            verdict: proof.headline(),
            path: json::path_out(proof),
            confidence: proof.confidence.as_str(),
            location: proof.decl_range.map(|span| Location::of(&self.sources, span)),
            exists: (!proof.exists.is_unknown()).then_some(proof.exists.is_yes()),
            broken_at: json::broken_out(proof, &self.sources),
            because: json::because_out(proof, &self.sources),
            links: proof.links.iter().filter(wanted).map(|link| self.link_out(link)).collect(),
            command_channel: proof.command.iter().filter(wanted).map(|link| self.link_out(link)).collect(),
            session_features: if service.is_none() {
                proof.features.iter().map(|link| self.link_out(link)).collect()
            } else {
                Vec::new()
            },
            assumptions: &proof.assumptions,
            help: help.as_deref(),
            scenarios: scenarios.iter().map(|(when, verdict)| ScenarioOut { when, verdict }).collect(),
        });
        let document = Document {
            schema: json::SCHEMA,
            root: &self.root,
            scenario: (!self.scenario.is_empty()).then_some(&self.scenario),
            targets: targets.collect(),
            summary: verdict::summary(self.targets.iter().map(|explained| &explained.proof)),
            gaps: self.gaps.iter().map(|gap| json::gap_out(gap, &self.sources)).collect(),
        };
        json::to_text(&document)
    }

    fn step<'a>(&self, message: &'a str, span: Option<Span>) -> Step<'a> {
        Step { message, location: span.map(|span| Location::of(&self.sources, span)) }
    }

    fn link_out<'a>(&self, link: &'a Link) -> LinkOut<'a> {
        LinkOut {
            id: format!("L{}", link.number),
            name: link.name,
            service: link.service.map(Service::label),
            subnet: link.subnet.as_deref(),
            template: link.template.as_deref(),
            state: link.state(),
            reason: &link.reason,
            location: link.span.map(|span| Location::of(&self.sources, span)),
            rule: (!link.truth.is_yes()).then_some(link.rule),
            because: link.because.iter().map(|reason| self.step(&reason.text, reason.span)).collect(),
            trail: link.trail.iter().map(|step| self.step(&step.note, step.span)).collect(),
        }
    }
}

/// Links that say the same of several services or subnets.
struct Line<'a> {
    link: &'a Link,
    services: Vec<Service>,
    subnets: Vec<&'a str>,
}

impl<'a> Line<'a> {
    fn of(link: &'a Link) -> Line<'a> {
        let mut line = Line { link, services: Vec::new(), subnets: Vec::new() };
        line.add(link);
        line
    }

    fn holds(&self, other: &Link) -> bool {
        let link = self.link;
        link.number == other.number
            && link.name == other.name
            && link.truth == other.truth
            && link.span == other.span
            && link.template == other.template
            && link.reason == other.reason
    }

    fn add(&mut self, link: &'a Link) {
        if let Some(service) = link.service
            && !self.services.contains(&service)
        {
            self.services.push(service);
        }
        if let Some(subnet) = &link.subnet
            && !self.subnets.contains(&subnet.as_str())
        {
            self.subnets.push(subnet);
        }
    }
}

fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut result = Vec::new();
    for item in items {
        if !result.contains(&item) {
            result.push(item);
        }
    }
    result
}

fn headline(proof: &Proof) -> String {
    safe::sentence(&proof.headline())
}

/// The state in a column, where what is broken has to strike the eye.
fn state(link: &Link) -> &'static str {
    match link.state() {
        "fail" => "FAIL",
        "unknown" => "?",
        other => other,
    }
}

/// `main.tf:3`, or nothing.
pub(super) fn place(sources: &SourceMap, span: Option<Span>) -> String {
    span.map_or_else(String::new, |span| {
        let location = Location::of(sources, span);
        safe::line(&format!("{}:{}", location.file, location.line)).into_owned()
    })
}

/// Rows with aligned columns; the last one is as long as it is.
pub(super) fn write_rows<const N: usize>(out: &mut String, indent: &str, rows: &[[String; N]]) {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in rows {
        let mut line = indent.to_owned();
        for (index, (width, cell)) in widths.iter().zip(row).enumerate() {
            if *width == 0 {
                continue;
            }
            if index > 0 {
                line.push_str("  ");
            }
            let _ = write!(line, "{cell:<width$}");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

/// What could not be seen and may change a verdict.
pub(super) fn write_gaps(out: &mut String, gaps: &[Gap], sources: &SourceMap) {
    let mut gaps = gaps.iter().filter(|gap| gap.kind != GapKind::FileUnreadable).peekable();
    if gaps.peek().is_none() {
        return;
    }
    out.push_str("\nnot seen:\n");
    for gap in gaps {
        let at = gap.span.map_or(String::new(), |span| format!(" ({})", place(sources, Some(span))));
        let _ = writeln!(out, "  - {}{at}", safe::sentence(&gap.message));
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    root: &'a str,
    scenario: Option<&'a String>,
    targets: Vec<TargetOut<'a>>,
    summary: Option<String>,
    gaps: Vec<GapOut<'a>>,
}

#[derive(Serialize)]
struct TargetOut<'a> {
    target: &'a str,
    state: &'static str,
    verdict: String,
    path: Option<String>,
    confidence: &'static str,
    location: Option<Location>,
    exists: Option<bool>,
    broken_at: Option<BrokenOut<'a>>,
    because: Vec<Step<'a>>,
    links: Vec<LinkOut<'a>>,
    command_channel: Vec<LinkOut<'a>>,
    session_features: Vec<LinkOut<'a>>,
    assumptions: &'a [String],
    help: Option<&'a str>,
    scenarios: Vec<ScenarioOut<'a>>,
}

#[derive(Serialize)]
struct LinkOut<'a> {
    id: String,
    name: &'static str,
    service: Option<&'static str>,
    subnet: Option<&'a str>,
    template: Option<&'a str>,
    state: &'static str,
    reason: &'a str,
    location: Option<Location>,
    rule: Option<&'static str>,
    because: Vec<Step<'a>>,
    trail: Vec<Step<'a>>,
}

#[derive(Serialize)]
struct ScenarioOut<'a> {
    when: &'a str,
    verdict: &'a str,
}
