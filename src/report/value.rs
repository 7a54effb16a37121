//! Evaluated values as they are shown: a plain tree, as JSON with a mask of what is unknown, or as text.

use std::fmt::Write;

use serde_json::{Map, Value as Json};

use crate::report::safe;

/// A value to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Datum {
    /// `null`.
    Null,
    /// A bool.
    Bool(bool),
    /// A number in Terraform's decimal notation, every digit of it.
    Number(String),
    /// A string.
    String(String),
    /// A list, set or tuple.
    List(Vec<Datum>),
    /// A map or object, in the order to print.
    Map(Vec<(String, Datum)>),
    /// Not known: why, in phrases.
    Unknown(Vec<String>),
    /// Sensitive, so that it is not shown.
    Sensitive,
}

impl Datum {
    /// The JSON value, `null` at unknown and sensitive places.
    pub fn json(&self) -> Json {
        match self {
            Datum::Null | Datum::Unknown(_) | Datum::Sensitive => Json::Null,
            Datum::Bool(value) => Json::Bool(*value),
            Datum::Number(text) => number(text),
            Datum::String(text) => Json::String(text.clone()),
            Datum::List(items) => items.iter().map(Datum::json).collect(),
            Datum::Map(entries) => {
                let entries = entries.iter().map(|(name, value)| (name.clone(), value.json()));
                Json::Object(entries.collect::<Map<_, _>>())
            }
        }
    }

    /// Whether nothing in it is unknown.
    pub fn is_known(&self) -> bool {
        match self {
            Datum::Unknown(_) => false,
            Datum::Null | Datum::Bool(_) | Datum::Number(_) | Datum::String(_) | Datum::Sensitive => true,
            Datum::List(items) => items.iter().all(Datum::is_known),
            Datum::Map(entries) => entries.iter().all(|(_, value)| value.is_known()),
        }
    }

    /// Where it is unknown: `true`, or arrays and objects in the shape of the value; `false` for a known part.
    pub fn mask(&self) -> Json {
        match self {
            Datum::Unknown(_) => Json::Bool(true),
            _known if self.is_known() => Json::Bool(false),
            Datum::List(items) => items.iter().map(Datum::mask).collect(),
            Datum::Map(entries) => {
                let entries = entries.iter().map(|(name, value)| (name.clone(), value.mask()));
                Json::Object(entries.collect::<Map<_, _>>())
            }
            Datum::Null | Datum::Bool(_) | Datum::Number(_) | Datum::String(_) | Datum::Sensitive => {
                Json::Bool(false)
            }
        }
    }

    /// The mask, or nothing when all is known.
    pub fn unknown_mask(&self) -> Option<Json> {
        (!self.is_known()).then(|| self.mask())
    }

    /// The text, as Terraform writes values; the lines after the first are indented by `indent`.
    pub fn text(&self, indent: usize) -> String {
        let mut out = String::new();
        self.write(&mut out, indent);
        out
    }

    fn write(&self, out: &mut String, indent: usize) {
        let pad = |out: &mut String, indent: usize| out.extend(std::iter::repeat_n(' ', indent));
        match self {
            Datum::Null => out.push_str("null"),
            Datum::Bool(value) => {
                let _ = write!(out, "{value}");
            }
            Datum::Number(text) => out.push_str(text),
            Datum::String(text) => out.push_str(&quoted(text)),
            Datum::Unknown(causes) if causes.is_empty() => out.push_str("(not known)"),
            Datum::Unknown(causes) => {
                let causes: Vec<_> = causes.iter().map(|cause| safe::sentence(cause)).collect();
                let _ = write!(out, "(not known: {})", causes.join("; "));
            }
            Datum::Sensitive => out.push_str("(sensitive value)"),
            Datum::List(items) if items.is_empty() => out.push_str("[]"),
            Datum::List(items) => {
                out.push_str("[\n");
                for item in items {
                    pad(out, indent + 2);
                    item.write(out, indent + 2);
                    out.push_str(",\n");
                }
                pad(out, indent);
                out.push(']');
            }
            Datum::Map(entries) if entries.is_empty() => out.push_str("{}"),
            Datum::Map(entries) => {
                out.push_str("{\n");
                let names: Vec<String> = entries.iter().map(|(name, _)| key(name)).collect();
                let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
                for (name, (_, value)) in names.iter().zip(entries) {
                    pad(out, indent + 2);
                    let _ = write!(out, "{name:width$} = ");
                    value.write(out, indent + 2);
                    out.push('\n');
                }
                pad(out, indent);
                out.push('}');
            }
        }
    }
}

/// A JSON number of those digits; a string for what JSON cannot write, which is only infinity.
fn number(text: &str) -> Json {
    match serde_json::from_str::<serde_json::Number>(text) {
        Ok(number) => Json::Number(number),
        Err(_) => Json::String(text.to_owned()),
    }
}

/// A name as a key: bare when it is an identifier.
fn key(name: &str) -> String {
    let is_bare = name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
        && name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
    if is_bare { safe::line(name).into_owned() } else { quoted(name) }
}

fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", safe::line(&escaped))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_every_digit() {
        let digits = "123456789012345678901234567890.5";
        assert_eq!(Datum::Number(digits.into()).json().to_string(), digits);
    }

    #[test]
    fn a_mask_has_the_shape_of_the_value() {
        let part = Datum::List(vec![Datum::Unknown(vec![]), Datum::String("b".into())]);
        let whole = Datum::List(vec![part, Datum::List(vec![Datum::Null])]);
        assert_eq!(whole.json().to_string(), r#"[[null,"b"],[null]]"#);
        assert_eq!(whole.unknown_mask().unwrap().to_string(), "[[true,false],false]");
        assert_eq!(Datum::Sensitive.unknown_mask(), None);
    }

    #[test]
    fn text_reads_like_terraform() {
        let value = Datum::Map(vec![
            ("a".into(), Datum::List(vec![Datum::Number("1".into())])),
            ("long key".into(), Datum::Unknown(vec!["var.x has no value".into()])),
        ]);
        let text = "{\n  a          = [\n    1,\n  ]\n  \"long key\" = (not known: var.x has no value)\n}";
        assert_eq!(value.text(0), text);
    }
}
