//! What `inspect` prints: the root module's outputs and all resource instances, evaluated.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value as Json;

use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::report::json::{self, GapOut};
use crate::report::place::Location;
use crate::report::value::Datum;
use crate::report::{Gap, safe};
use crate::source::{SourceMap, Span};

/// An evaluated root module.
#[derive(Debug, Default)]
pub struct Inspection {
    /// The root module's directory.
    pub root: String,
    /// Outputs by name.
    pub outputs: BTreeMap<String, Output>,
    /// Resource instances in the order of their addresses.
    pub instances: Vec<Instance>,
    /// Module calls for which a built-in summary was evaluated.
    pub summaries: Vec<Summarized>,
    /// What could not be seen.
    pub gaps: Vec<Gap>,
    /// What Terraform would refuse, and what could not be read.
    pub errors: Vec<Diagnostic>,
    /// The text of all files.
    pub sources: Arc<SourceMap>,
}

/// A module call for which a built-in summary was evaluated instead of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summarized {
    /// The call's address: `module.network.module.vpc`.
    pub address: String,
    /// The registry address.
    pub source: String,
    /// The major versions that the summary follows.
    pub version: String,
    /// The call's header.
    pub span: Span,
}

/// An output of the root module.
#[derive(Debug)]
pub struct Output {
    /// The type in Terraform's JSON notation.
    pub ty: Json,
    /// The value.
    pub value: Datum,
    /// Whether it is declared sensitive or made from what is.
    pub sensitive: bool,
}

/// A resource instance.
#[derive(Debug)]
pub struct Instance {
    /// The address as Terraform prints it; `[*]` stands for keys that are not known.
    pub address: String,
    /// `managed`, `data` or `ephemeral`.
    pub mode: &'static str,
    /// The resource type.
    pub type_name: String,
    /// The name.
    pub name: String,
    /// The instance key: a number, a string, or null.
    pub index: Json,
    /// Its arguments; nested blocks as lists under their type.
    pub values: Datum,
    /// Whether it certainly exists; false when that is not known.
    pub exists: bool,
    /// The block's header.
    pub span: Option<Span>,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    root: &'a str,
    outputs: BTreeMap<&'a str, OutputOut<'a>>,
    instances: Vec<InstanceOut<'a>>,
    modules_summarized: Vec<SummarizedOut<'a>>,
    gaps: Vec<GapOut<'a>>,
    errors: Vec<ErrorOut<'a>>,
}

#[derive(Serialize)]
struct OutputOut<'a> {
    #[serde(rename = "type")]
    ty: &'a Json,
    value: Json,
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<Json>,
    sensitive: bool,
}

#[derive(Serialize)]
struct InstanceOut<'a> {
    address: &'a str,
    mode: &'static str,
    #[serde(rename = "type")]
    type_name: &'a str,
    name: &'a str,
    index: &'a Json,
    values: Json,
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<Json>,
    /// `null` when it is not known, as at every other unknown place.
    exists: Option<bool>,
    location: Option<Location>,
}

#[derive(Serialize)]
struct SummarizedOut<'a> {
    address: &'a str,
    source: &'a str,
    version: &'a str,
    location: Location,
}

#[derive(Serialize)]
struct ErrorOut<'a> {
    summary: &'a str,
    detail: &'a str,
    location: Option<Location>,
}

impl Inspection {
    /// The JSON form, `ssmlint/1`.
    pub fn json(&self) -> String {
        let at = |span: Span| Location::of(&self.sources, span);
        let document = Document {
            schema: json::SCHEMA,
            root: &self.root,
            outputs: self.outputs.iter().map(|(name, output)| (name.as_str(), output_out(output))).collect(),
            instances: self
                .instances
                .iter()
                .map(|instance| InstanceOut {
                    address: &instance.address,
                    mode: instance.mode,
                    type_name: &instance.type_name,
                    name: &instance.name,
                    index: &instance.index,
                    values: instance.values.json(),
                    unknown: instance.values.unknown_mask(),
                    exists: instance.exists.then_some(true),
                    location: instance.span.map(at),
                })
                .collect(),
            modules_summarized: self
                .summaries
                .iter()
                .map(|summary| SummarizedOut {
                    address: &summary.address,
                    source: &summary.source,
                    version: &summary.version,
                    location: at(summary.span),
                })
                .collect(),
            gaps: self.gaps.iter().map(|gap| json::gap_out(gap, &self.sources)).collect(),
            errors: self
                .errors
                .iter()
                .map(|error| ErrorOut {
                    summary: &error.summary,
                    detail: &error.detail,
                    location: error.span.map(at),
                })
                .collect(),
        };
        json::to_text(&document)
    }

    /// 0: all is well. 1: Terraform would refuse something. 2: something could not be read.
    pub fn exit_code(&self) -> u8 {
        let has = |kind| self.errors.iter().any(|error| error.kind == kind);
        if has(DiagnosticKind::Unreadable) { 2 } else { u8::from(has(DiagnosticKind::Invalid)) }
    }

    /// The form for people.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for instance in &self.instances {
            let place = instance.span.map_or(String::new(), |span| {
                let location = Location::of(&self.sources, span);
                format!("  {}:{}", safe::line(&location.file), location.line)
            });
            let exists = if instance.exists { "" } else { "  (may not exist)" };
            let _ = writeln!(out, "{}{place}{exists}", safe::line(&instance.address));
            write_entries(&mut out, &instance.values);
            out.push('\n');
        }
        if !self.outputs.is_empty() {
            let _ = writeln!(out, "outputs");
            let entries = self.outputs.iter().map(|(name, output)| (name.clone(), output.value.clone()));
            write_entries(&mut out, &Datum::Map(entries.collect()));
            out.push('\n');
        }
        if !self.summaries.is_empty() {
            let _ = writeln!(out, "not installed, evaluated by a built-in summary");
            for summary in &self.summaries {
                let text = format!("{}: {}, version {}", summary.address, summary.source, summary.version);
                let _ = writeln!(out, "  {}{}", safe::line(&text), self.place(Some(summary.span)));
            }
            out.push('\n');
        }
        if !self.gaps.is_empty() {
            let _ = writeln!(out, "not seen");
            for gap in &self.gaps {
                let _ = writeln!(out, "  {}{}", safe::sentence(&gap.message), self.place(gap.span));
            }
            out.push('\n');
        }
        if !self.errors.is_empty() {
            let _ = writeln!(out, "errors");
            for error in &self.errors {
                let detail = if error.detail.is_empty() { "" } else { ": " };
                let text = safe::sentence(&format!("{}{detail}{}", error.summary, error.detail));
                let _ = writeln!(out, "  {text}{}", self.place(error.span));
            }
            out.push('\n');
        }
        if out.is_empty() {
            let _ = writeln!(out, "{}: no resources and no outputs", safe::line(&self.root));
        } else {
            // One blank line between parts, none after the last.
            out.pop();
        }
        out
    }

    fn place(&self, span: Option<Span>) -> String {
        span.map_or(String::new(), |span| {
            format!(" ({})", safe::line(&Location::of(&self.sources, span).short()))
        })
    }
}

fn output_out(output: &Output) -> OutputOut<'_> {
    OutputOut {
        ty: &output.ty,
        value: output.value.json(),
        unknown: output.value.unknown_mask(),
        sensitive: output.sensitive,
    }
}

/// The entries of an object, aligned, indented by two, without its braces.
fn write_entries(out: &mut String, value: &Datum) {
    let text = value.text(0);
    for line in text.lines().filter(|line| !matches!(*line, "{" | "}" | "{}")) {
        let _ = writeln!(out, "{line}");
    }
}
