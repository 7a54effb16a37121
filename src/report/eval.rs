//! What `eval` prints for one expression.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Value as Json;

use crate::report::safe;
use crate::report::value::Datum;

/// The result of evaluating one expression.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Terraform accepts it.
    Value {
        /// The type in Terraform's JSON notation.
        ty: Json,
        /// The value.
        value: Datum,
        /// Why it, or a part of it, is not known.
        causes: Vec<String>,
        /// Whether it is sensitive as a whole.
        sensitive: bool,
    },
    /// Terraform refuses it: `summary: detail`.
    Error(String),
}

#[derive(Serialize)]
struct Record<'a> {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<bool>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    ty: Option<&'a Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<Json>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    causes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    sensitive: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

impl Outcome {
    /// One JSON object on one line.
    pub fn json(&self) -> String {
        let record = match self {
            Outcome::Value { ty, value, causes, sensitive } => Record {
                ok: true,
                known: Some(value.is_known()),
                ty: Some(ty),
                value: Some(value.json()),
                unknown: value.unknown_mask(),
                causes,
                sensitive: Some(*sensitive),
                error: None,
            },
            Outcome::Error(message) => Record {
                ok: false,
                known: None,
                ty: None,
                value: None,
                unknown: None,
                causes: &[],
                sensitive: None,
                error: Some(message),
            },
        };
        let text = serde_json::to_string(&record).expect("the output types have string keys only");
        let mut text = safe::json(&text).into_owned();
        text.push('\n');
        text
    }

    /// The form for people.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let _ = match self {
            Outcome::Value { value, .. } => writeln!(out, "{}", value.text(0)),
            Outcome::Error(message) => writeln!(out, "error: {}", safe::sentence(message)),
        };
        out
    }

    /// Whether Terraform accepts the expression.
    pub fn is_ok(&self) -> bool {
        matches!(self, Outcome::Value { .. })
    }
}
