//! Policy documents read from every form in which Terraform code holds them: JSON text, `jsonencode` and templates
//! with unknown parts, policy document data sources, objects.

use std::collections::BTreeMap;

use ecow::{EcoString, EcoVec};

use crate::aws::policy::text::{Hole, Piece, Text};
use crate::eval::origin::OriginId;
use crate::eval::term::{Operand, Term, Terms};
use crate::eval::value::{Cause, Causes, Value, ValueKind};
use crate::source::Span;

/// One policy document.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// Its statements that are seen, in order.
    pub statements: Vec<Statement>,
    /// Why it may hold more statements than these; none when it does not.
    pub unseen: Option<Causes>,
    /// Why AWS would refuse it.
    pub problem: Option<String>,
}

/// `Allow` or `Deny`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// `Allow`.
    Allow,
    /// `Deny`.
    Deny,
}

/// One statement of a policy.
#[derive(Clone, Debug)]
pub struct Statement {
    /// How many stand before it, those that are not seen included.
    pub index: usize,
    /// `Sid`, when it is known.
    pub sid: Option<EcoString>,
    /// `Effect`; none when it is not known.
    pub effect: Option<Effect>,
    /// `Action` or `NotAction`.
    pub actions: Choice,
    /// `Resource` or `NotResource`; absent in trust policies.
    pub resources: Option<Choice>,
    /// `Principal` or `NotPrincipal`; absent in policies of a role.
    pub principals: Option<Principals>,
    /// `Condition`.
    pub conditions: Vec<Condition>,
    /// The step that made it.
    pub origin: OriginId,
    /// The header of the block that it is written in, in a data source; none for text.
    pub decl_range: Option<Span>,
}

impl Statement {
    /// Its patterns for actions and resources and the values of its conditions, and one more for itself.
    pub fn patterns(&self) -> usize {
        let choices = [Some(&self.actions), self.resources.as_ref()].into_iter().flatten();
        let patterns: usize = choices.map(|choice| choice.entries.items.len()).sum();
        let values: usize = self.conditions.iter().map(|condition| 1 + condition.values.items.len()).sum();
        1 + patterns + values
    }
}

/// A list of patterns, or everything but these.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The patterns.
    pub entries: Entries,
    /// Whether it was written with `Not`.
    pub negated: bool,
}

/// Strings, and why there may be more of them.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    /// The strings that are there for certain.
    pub items: Vec<Text>,
    /// Why there may be more; none when there are not.
    pub unseen: Option<Causes>,
}

/// Who a statement is about.
#[derive(Clone, Debug)]
pub struct Principals {
    /// Kind (`Service`, `AWS`, `Federated`, `*`) and names.
    pub by_kind: Vec<(EcoString, Entries)>,
    /// Why there may be more kinds.
    pub unseen: Option<Causes>,
    /// Whether it was written with `Not`.
    pub negated: bool,
}

/// One condition: the operator, the key and the values it compares with.
#[derive(Clone, Debug)]
pub struct Condition {
    /// `StringEquals`; empty when the condition is not known.
    pub operator: EcoString,
    /// `aws:RequestedRegion`.
    pub key: EcoString,
    /// The values.
    pub values: Entries,
}

/// JSON with unknown parts.
#[derive(Clone, Debug)]
struct Node {
    kind: Kind,
    origin: OriginId,
}

#[derive(Clone, Debug)]
enum Kind {
    Null,
    Text(Text),
    List(Vec<Node>),
    Object(BTreeMap<EcoString, Node>),
    Unknown(Hole, Causes),
}

/// Structures within structures are followed this deep; a policy document is six deep.
const DEPTH: usize = 64;
/// An unknown with more alternatives than this is simply unknown.
const ALTERNATIVES: usize = 16;
/// Alternatives of alternatives are followed this deep, so that their number stays bounded.
const ALTERNATIVES_DEPTH: usize = 2;

/// The documents that a value may be: one, or one for each value that it may have.
pub fn read(value: &Value, terms: &Terms) -> Vec<Document> {
    alternatives(value, terms, 0)
}

fn alternatives(value: &Value, terms: &Terms, depth: usize) -> Vec<Document> {
    if let Some(possible) = value.as_unknown().and_then(|unknown| unknown.possible.as_ref())
        && !possible.is_empty()
        && possible.len() <= ALTERNATIVES
        && depth < ALTERNATIVES_DEPTH
    {
        return possible.iter().flat_map(|value| alternatives(value, terms, depth + 1)).collect();
    }
    vec![document(&document_node(value, terms))]
}

fn document_node(value: &Value, terms: &Terms) -> Node {
    let origin = value.origin;
    let node = |kind| Node { kind, origin };
    match &value.kind {
        ValueKind::String(text) => json(text, &[], origin),
        ValueKind::Unknown(unknown) => match terms.get(unknown.term) {
            Some(Term::Json(value)) => from_value(value, terms, origin, 0),
            Some(Term::Template(parts)) => template(parts, &unknown.causes, terms, origin),
            _ => node(Kind::Unknown(Hole::of(unknown.term, terms), unknown.causes.clone())),
        },
        ValueKind::Null(_)
        | ValueKind::Bool(_)
        | ValueKind::Number(_)
        | ValueKind::List(..)
        | ValueKind::Set(..)
        | ValueKind::Map(..)
        | ValueKind::Tuple(_)
        | ValueKind::Object(_)
        | ValueKind::Resource(_) => from_value(value, terms, origin, 0),
    }
}

fn from_value(value: &Value, terms: &Terms, around: OriginId, depth: usize) -> Node {
    let origin = if value.origin.is_none() { around } else { value.origin };
    let node = |kind| Node { kind, origin };
    if depth > DEPTH {
        return node(Kind::Unknown(Hole::NONE, limit("depth")));
    }
    let inner = |value: &Value| from_value(value, terms, origin, depth + 1);
    match &value.kind {
        ValueKind::Null(_) => node(Kind::Null),
        ValueKind::Bool(_) | ValueKind::Number(_) | ValueKind::String(_) => match Text::of(value, terms) {
            Some(text) => node(Kind::Text(text)),
            None => node(Kind::Null),
        },
        ValueKind::List(_, elements) | ValueKind::Set(_, elements) | ValueKind::Tuple(elements) => {
            node(Kind::List(elements.iter().map(inner).collect()))
        }
        ValueKind::Map(_, entries) | ValueKind::Object(entries) => {
            node(Kind::Object(entries.iter().map(|(name, value)| (name.clone(), inner(value))).collect()))
        }
        ValueKind::Resource(_) => node(Kind::Unknown(Hole::NONE, Causes::new())),
        ValueKind::Unknown(unknown) => {
            let partly_known = Text::of(value, terms).filter(|text| text.pieces.len() > 1);
            match partly_known {
                Some(text) => node(Kind::Text(text)),
                None => node(Kind::Unknown(Hole::of(unknown.term, terms), unknown.causes.clone())),
            }
        }
    }
}

fn limit(name: &str) -> Causes {
    EcoVec::from([Cause::Limit(name.into())])
}

/// Stands before and after the number of an unknown part while the JSON around it is parsed.
const MARK: char = '\u{f8f0}';

fn template(parts: &[Operand], causes: &Causes, terms: &Terms, origin: OriginId) -> Node {
    let mut text = String::new();
    let mut holes = Vec::new();
    let mut in_string = false;
    if !flatten(parts, terms, &mut text, &mut holes, &mut in_string, 0) {
        return Node { kind: Kind::Unknown(Hole::NONE, causes.clone()), origin };
    }
    let node = json(&text, &holes, origin);
    if matches!(node.kind, Kind::Null) {
        // An unknown part may hold any piece of JSON, so text that does not parse without it proves nothing.
        return Node { kind: Kind::Unknown(Hole::NONE, causes.clone()), origin };
    }
    node
}

fn flatten(
    parts: &[Operand],
    terms: &Terms,
    text: &mut String,
    holes: &mut Vec<Hole>,
    in_string: &mut bool,
    depth: usize,
) -> bool {
    if depth > DEPTH {
        return false;
    }
    for part in parts {
        match part {
            Operand::Text(literal) => {
                if literal.contains(MARK) {
                    return false;
                }
                let mut escaped = false;
                for c in literal.chars() {
                    match c {
                        _ if escaped => escaped = false,
                        '\\' if *in_string => escaped = true,
                        '"' => *in_string = !*in_string,
                        _ => {}
                    }
                }
                text.push_str(literal);
            }
            Operand::Term(term) => {
                if let Some(Term::Template(inner)) = terms.get(*term) {
                    if !flatten(inner, terms, text, holes, in_string, depth + 1) {
                        return false;
                    }
                } else {
                    let quote = if *in_string { "" } else { "\"" };
                    text.push_str(&format!("{quote}{MARK}{}{MARK}{quote}", holes.len()));
                    holes.push(Hole::of(*term, terms));
                }
            }
            Operand::Known(_) => return false,
        }
    }
    true
}

/// Text that is no JSON, and the JSON `null`, are `Kind::Null`.
fn json(text: &str, holes: &[Hole], origin: OriginId) -> Node {
    fn convert(value: serde_json::Value, holes: &[Hole], origin: OriginId) -> Node {
        let kind = match value {
            serde_json::Value::Null => Kind::Null,
            serde_json::Value::Bool(value) => Kind::Text(Text::literal(if value { "true" } else { "false" })),
            serde_json::Value::Number(number) => Kind::Text(Text::literal(number.to_string())),
            serde_json::Value::String(text) => string(&text, holes),
            serde_json::Value::Array(elements) => {
                Kind::List(elements.into_iter().map(|element| convert(element, holes, origin)).collect())
            }
            serde_json::Value::Object(entries) => Kind::Object(
                entries
                    .into_iter()
                    .map(|(name, value)| (EcoString::from(name), convert(value, holes, origin)))
                    .collect(),
            ),
        };
        Node { kind, origin }
    }
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(value) => convert(value, holes, origin),
        Err(_) => Node { kind: Kind::Null, origin },
    }
}

fn string(text: &str, holes: &[Hole]) -> Kind {
    if holes.is_empty() || !text.contains(MARK) {
        return Kind::Text(Text::literal(text));
    }
    let mut pieces = Vec::new();
    for (i, part) in text.split(MARK).enumerate() {
        if i % 2 == 1 {
            let hole = part.parse().ok().and_then(|n: usize| holes.get(n).cloned());
            pieces.push(Piece::Hole(hole.unwrap_or(Hole::NONE)));
        } else if !part.is_empty() {
            pieces.push(Piece::Literal(part.into()));
        }
    }
    match pieces.as_slice() {
        [Piece::Hole(hole)] => Kind::Unknown(hole.clone(), Causes::new()),
        _ => Kind::Text(Text { pieces }),
    }
}

fn document(node: &Node) -> Document {
    let refuse = |problem: &str| Document { problem: Some(problem.into()), ..Document::default() };
    match &node.kind {
        Kind::Null | Kind::List(_) => refuse("it is not a JSON object"),
        Kind::Text(text) if text.known().is_some() => refuse("it is not a JSON object"),
        Kind::Text(_) => Document { unseen: Some(Causes::new()), ..Document::default() },
        Kind::Unknown(_, causes) => Document { unseen: Some(causes.clone()), ..Document::default() },
        Kind::Object(entries) => match get(entries, "Statement") {
            None => refuse("it has no Statement"),
            Some(statement) => statements(statement),
        },
    }
}

fn statements(node: &Node) -> Document {
    let mut document = Document::default();
    let items: Vec<&Node> = match &node.kind {
        Kind::List(items) => items.iter().collect(),
        Kind::Null | Kind::Text(_) | Kind::Object(_) | Kind::Unknown(..) => vec![node],
    };
    for (index, item) in items.into_iter().enumerate() {
        match &item.kind {
            Kind::Object(entries) => match statement(index, entries, item.origin) {
                Ok(statement) => document.statements.push(statement),
                Err(problem) => document.problem = Some(problem),
            },
            Kind::Unknown(_, causes) => document.unseen = Some(causes.clone()),
            Kind::Text(text) if text.known().is_none() => document.unseen = Some(Causes::new()),
            Kind::Null | Kind::Text(_) | Kind::List(_) => {
                document.problem = Some("a statement is not an object".into());
            }
        }
    }
    document
}

fn statement(
    index: usize,
    entries: &BTreeMap<EcoString, Node>,
    origin: OriginId,
) -> Result<Statement, String> {
    let effect = match get(entries, "Effect").map(|node| &node.kind) {
        Some(Kind::Text(text)) => match text.known() {
            Some("Allow") => Some(Effect::Allow),
            Some("Deny") => Some(Effect::Deny),
            Some(other) => return Err(format!("the Effect {other:?} is neither Allow nor Deny")),
            None => None,
        },
        Some(Kind::Unknown(..)) => None,
        Some(Kind::Null | Kind::List(_) | Kind::Object(_)) | None => {
            return Err("a statement has no Effect".into());
        }
    };
    let Some(actions) = choice(entries, "Action", "NotAction") else {
        return Err("a statement has neither Action nor NotAction".into());
    };
    let sid = match get(entries, "Sid").map(|node| &node.kind) {
        Some(Kind::Text(text)) => text.known().filter(|sid| !sid.is_empty()).map(EcoString::from),
        Some(Kind::Null | Kind::List(_) | Kind::Object(_) | Kind::Unknown(..)) | None => None,
    };
    Ok(Statement {
        index,
        sid,
        effect,
        actions,
        resources: choice(entries, "Resource", "NotResource"),
        principals: principals(entries),
        conditions: get(entries, "Condition").map(conditions).unwrap_or_default(),
        origin,
        decl_range: None,
    })
}

/// IAM's elements are looked up whatever their case, so that a spelling never makes a statement disappear.
fn get<'a>(entries: &'a BTreeMap<EcoString, Node>, name: &str) -> Option<&'a Node> {
    entries
        .get(name)
        .or_else(|| entries.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, node)| node))
        .filter(|node| !matches!(node.kind, Kind::Null))
}

fn choice(entries: &BTreeMap<EcoString, Node>, name: &str, not: &str) -> Option<Choice> {
    if let Some(node) = get(entries, name) {
        return Some(Choice { entries: list(node), negated: false });
    }
    get(entries, not).map(|node| Choice { entries: list(node), negated: true })
}

fn list(node: &Node) -> Entries {
    let mut entries = Entries::default();
    let items = match &node.kind {
        Kind::List(items) => items.as_slice(),
        Kind::Null | Kind::Text(_) | Kind::Object(_) | Kind::Unknown(..) => std::slice::from_ref(node),
    };
    for item in items {
        match &item.kind {
            Kind::Text(text) => entries.items.push(text.clone()),
            // A single unknown in place of a list may be a list; within a list it is one string.
            Kind::Unknown(hole, causes) => {
                let is_one =
                    matches!(hole.attribute.as_deref(), Some("id" | "arn")) && hole.instance.is_some();
                if hole.term.is_none() || !is_one && !matches!(node.kind, Kind::List(_)) {
                    entries.unseen = Some(causes.clone());
                }
                if !hole.term.is_none() {
                    entries.items.push(Text { pieces: vec![Piece::Hole(hole.clone())] });
                }
            }
            Kind::Null | Kind::List(_) | Kind::Object(_) => {}
        }
    }
    entries
}

fn principals(entries: &BTreeMap<EcoString, Node>) -> Option<Principals> {
    let (node, negated) = match get(entries, "Principal") {
        Some(node) => (node, false),
        None => (get(entries, "NotPrincipal")?, true),
    };
    let mut principals = Principals { by_kind: Vec::new(), unseen: None, negated };
    match &node.kind {
        Kind::Object(kinds) => {
            principals.by_kind = kinds.iter().map(|(kind, node)| (kind.clone(), list(node))).collect();
        }
        Kind::Text(_) | Kind::List(_) => principals.by_kind.push(("*".into(), list(node))),
        Kind::Unknown(_, causes) => principals.unseen = Some(causes.clone()),
        Kind::Null => {}
    }
    Some(principals)
}

fn conditions(node: &Node) -> Vec<Condition> {
    let unknown = || Condition { operator: "".into(), key: "".into(), values: Entries::default() };
    let Kind::Object(operators) = &node.kind else { return vec![unknown()] };
    let mut conditions = Vec::new();
    for (operator, keys) in operators {
        let Kind::Object(keys) = &keys.kind else {
            conditions.push(unknown());
            continue;
        };
        for (key, values) in keys {
            conditions.push(Condition { operator: operator.clone(), key: key.clone(), values: list(values) });
        }
    }
    conditions
}
