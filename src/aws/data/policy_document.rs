//! `aws_iam_policy_document`: statements, sources and overrides merged, printed as the provider prints them.

use std::collections::BTreeMap;

use ecow::EcoString;

use crate::aws::data::unknown_string;
use crate::aws::iam::read_from;
use crate::aws::read::{Arg, Item, View, to_text};
use crate::aws::{Build, view};
use crate::eval::ResourceInstance;
use crate::eval::origin::OriginId;
use crate::eval::term::{Term, Terms};
use crate::eval::value::{Type, Value, ValueKind};
use crate::source::Span;
use crate::truth::Truth;

/// How the JSON is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// `json`: two spaces a level.
    Indented,
    /// `minified_json`.
    Minified,
}

/// The elements of a document, in the provider's order.
const DOCUMENT_ORDER: [&str; 3] = ["Version", "Id", "Statement"];
/// The elements of a statement, in the provider's order.
const STATEMENT_ORDER: [&str; 9] = [
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Principal",
    "NotPrincipal",
    "Condition",
];
/// The version of a document that states none.
const DEFAULT_VERSION: &str = "2012-10-17";

/// A document on its way.
#[derive(Clone, Debug, Default)]
struct Document {
    version: Option<Value>,
    id: Option<Value>,
    statements: Vec<Statement>,
}

/// A statement, with the header of the block that it is written in.
#[derive(Clone, Debug)]
struct Statement {
    value: Value,
    decl_range: Option<Span>,
}

impl Statement {
    fn unseen(decl_range: Option<Span>) -> Statement {
        Statement { value: Value::unknown(Type::Dynamic), decl_range }
    }
}

/// Documents within documents are followed this deep for the places of their statements.
const PLACES_DEPTH: usize = 8;

/// Where the statements of the policy document that a value was read from are written, in the order of the document:
/// the headers of their blocks, none for those that only stand in a text. Nothing where it is no such document.
pub(crate) fn places(value: &Value, build: &Build<'_>) -> Vec<Option<Span>> {
    places_within(value, build, PLACES_DEPTH)
}

fn places_within(value: &Value, build: &Build<'_>, depth: usize) -> Vec<Option<Span>> {
    let Some((instance, attribute)) = read_from(value, build).filter(|_| depth > 0) else {
        return Vec::new();
    };
    let instance = build.evaluation.instance(instance);
    let is_document = instance.addr.resource.type_name == "aws_iam_policy_document";
    if !is_document || !matches!(attribute.as_str(), "json" | "minified_json") {
        return Vec::new();
    }
    let document = merged(instance, build.terms(), &|source| places_within(source, build, depth - 1));
    document.statements.into_iter().map(|statement| statement.decl_range).collect()
}

pub(super) fn json(instance: &ResourceInstance, layout: Layout, terms: &mut Terms) -> Value {
    let document = object(merged(instance, terms, &|_| Vec::new()));
    let causes = document.causes();
    if causes.is_empty() && document.is_wholly_known() {
        let mut out = String::new();
        print(&document, &DOCUMENT_ORDER, layout, 0, &mut out);
        return Value { marks: document.deep_marks(), ..Value::string(out) };
    }
    let marks = document.deep_marks();
    let term = terms.intern(Term::Json(document));
    Value { marks, ..unknown_string(term, "{".into(), causes) }
}

/// The document of a data source; `places` tells where the statements of one that is given as text are written.
fn merged(
    instance: &ResourceInstance,
    terms: &Terms,
    places: &dyn Fn(&Value) -> Vec<Option<Span>>,
) -> Document {
    let view = view(instance);
    let mut document = Document::default();
    for source in sources(&view, "source_json", "source_policy_documents") {
        merge(&mut document, parse(&source, terms, &places(&source)));
    }
    merge(&mut document, configured(&view));
    for overriding in sources(&view, "override_policy_documents", "override_json") {
        let parsed = parse(&overriding, terms, &places(&overriding));
        if parsed.statements.iter().any(|statement| statement.value.is_unknown()) {
            // Which statements it replaces is not known.
            document.statements.retain(|statement| sid(statement).is_none());
        }
        merge(&mut document, parsed);
    }
    document
}

/// The documents of two arguments, in the order in which they are named here; each one text or a list of texts.
fn sources(view: &View<'_>, first: &str, second: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for name in [first, second] {
        let Some(Arg { value, .. }) = view.arg(name) else { continue };
        match value.as_elements() {
            Some(elements) => found.extend(elements.iter().filter(|element| !element.is_null()).cloned()),
            None => found.push(value.clone()),
        }
    }
    found.retain(|value| value.as_str() != Some(""));
    found
}

/// The statements of a document given as text; an unknown statement where they are not known.
fn parse(source: &Value, terms: &Terms, places: &[Option<Span>]) -> Document {
    let object = match source.as_unknown().map(|unknown| terms.get(unknown.term)) {
        Some(Some(Term::Json(value))) => value.clone(),
        Some(_) => return unseen(source),
        None => match source.as_str().and_then(|text| serde_json::from_str(text).ok()) {
            Some(json) => from_json(json, source.origin),
            // Terraform refuses what is no JSON.
            None => return unseen(source),
        },
    };
    let Some(entries) = object.as_entries() else { return unseen(source) };
    let statements = match entries.get("Statement") {
        None => Vec::new(),
        Some(statement) => match statement.as_elements() {
            Some(elements) => elements.to_vec(),
            None => vec![statement.clone()],
        },
    };
    Document {
        version: entries.get("Version").cloned(),
        id: entries.get("Id").cloned(),
        statements: statements
            .into_iter()
            .enumerate()
            .map(|(index, value)| Statement {
                value: normal(value),
                decl_range: places.get(index).copied().flatten(),
            })
            .collect(),
    }
}

fn unseen(source: &Value) -> Document {
    let mut statement = Value::unknown(Type::Dynamic);
    if let (Some(unknown), ValueKind::Unknown(inner)) = (source.as_unknown(), &mut statement.kind) {
        let inner = std::sync::Arc::make_mut(inner);
        inner.causes = unknown.causes.clone();
    }
    statement.origin = source.origin;
    let statement = Statement { value: statement, decl_range: None };
    Document { statements: vec![statement], ..Document::default() }
}

fn from_json(json: serde_json::Value, origin: OriginId) -> Value {
    let value = match json {
        serde_json::Value::Null => Value::null(Type::Dynamic),
        serde_json::Value::Bool(value) => Value::string(if value { "true" } else { "false" }),
        serde_json::Value::Number(number) => Value::string(number.to_string()),
        serde_json::Value::String(text) => Value::string(text),
        serde_json::Value::Array(elements) => {
            Value::tuple(elements.into_iter().map(|element| from_json(element, origin)))
        }
        serde_json::Value::Object(entries) => Value::object(
            entries.into_iter().map(|(name, value)| (EcoString::from(name), from_json(value, origin))),
        ),
    };
    Value { origin, ..value }
}

/// A statement as the provider prints it again: the principals of a kind in descending order.
fn normal(statement: Value) -> Value {
    let Some(entries) = statement.as_entries() else { return statement };
    let mut entries = entries.clone();
    for name in ["Principal", "NotPrincipal"] {
        if let Some(principals) = entries.get_mut(name)
            && let Some(kinds) = principals.as_entries()
        {
            let kinds = kinds.iter().map(|(kind, names)| {
                let names = match names.as_elements() {
                    Some(elements) => Value::tuple(descending(elements.to_vec())),
                    None => names.clone(),
                };
                (kind.clone(), names)
            });
            *principals = Value { origin: principals.origin, ..Value::object(kinds) };
        }
    }
    entries.retain(|_, value| !value.is_null());
    Value { origin: statement.origin, ..Value::object(entries) }
}

fn sid(statement: &Statement) -> Option<&str> {
    statement.value.as_entries()?.get("Sid")?.as_str().filter(|sid| !sid.is_empty())
}

/// A statement replaces the one with the same `Sid`; a later version wins.
fn merge(document: &mut Document, other: Document) {
    if other.id.is_some() {
        document.id = other.id;
    }
    let text = |version: &Option<Value>| {
        version.as_ref().and_then(Value::as_str).map(str::to_owned).unwrap_or_default()
    };
    if text(&other.version) > text(&document.version) || document.version.is_none() {
        document.version = other.version.or(document.version.take());
    }
    for statement in other.statements {
        let place = sid(&statement)
            .and_then(|name| document.statements.iter().position(|existing| sid(existing) == Some(name)));
        match place {
            Some(place) => document.statements[place] = statement,
            None => document.statements.push(statement),
        }
    }
}

fn configured(view: &View<'_>) -> Document {
    let mut document = Document {
        version: Some(match view.arg("version") {
            Some(arg) => arg.value.clone(),
            None => Value::string(DEFAULT_VERSION),
        }),
        id: view.arg("policy_id").map(|arg| arg.value.clone()),
        statements: Vec::new(),
    };
    let blocks = view.blocks("statement");
    for block in &blocks.items {
        if block.exists == Truth::Yes {
            let value = statement(block);
            document.statements.push(Statement { value, decl_range: block.decl_range });
        } else {
            document.statements.push(Statement::unseen(block.decl_range));
        }
    }
    if blocks.open.is_some() {
        document.statements.push(Statement::unseen(None));
    }
    document
}

fn statement(block: &Item<'_>) -> Value {
    let view = &block.view;
    let mut entries: BTreeMap<EcoString, Value> = BTreeMap::new();
    let mut origin = OriginId::NONE;
    if let Some(arg) = view.arg("sid") {
        if arg.value.as_str() != Some("") {
            entries.insert("Sid".into(), arg.value.clone());
        }
        origin = arg.value.origin;
    }
    let effect = view.arg("effect").map_or_else(|| Value::string("Allow"), |arg| arg.value.clone());
    entries.insert("Effect".into(), effect);
    for (argument, element) in [
        ("not_resources", "NotResource"),
        ("resources", "Resource"),
        ("not_actions", "NotAction"),
        ("actions", "Action"),
    ] {
        if let Some(arg) = view.arg(argument)
            && let Some(list) = list(arg.value)
        {
            // The trail of a statement leads to its actions.
            origin = arg.value.origin;
            entries.insert(element.into(), list);
        }
    }
    for (block_type, element) in [("principals", "Principal"), ("not_principals", "NotPrincipal")] {
        if let Some(principals) = principals(view, block_type) {
            entries.insert(element.into(), principals);
        }
    }
    if let Some(conditions) = conditions(view) {
        entries.insert("Condition".into(), conditions);
    }
    Value { origin, ..Value::object(entries) }
}

/// A string in which `&{aws:username}` is `${aws:username}`, a variable of IAM.
fn text(value: &Value) -> Value {
    match to_text(value) {
        Some(text) => {
            let text = if text.contains("&{") { text.replace("&{", "${") } else { text };
            Value { origin: value.origin, marks: value.marks, ..Value::string(text) }
        }
        None => value.clone(),
    }
}

/// One string for one element, else the strings without duplicates in descending order; none for no elements.
fn list(value: &Value) -> Option<Value> {
    let Some(elements) = value.as_elements() else { return Some(value.clone()) };
    let elements: Vec<Value> = elements.iter().filter(|element| !element.is_null()).map(text).collect();
    let mut elements = descending(elements);
    match elements.len() {
        0 => None,
        1 => Some(elements.swap_remove(0)),
        _ => Some(Value { origin: value.origin, ..Value::tuple(elements) }),
    }
}

fn descending(mut elements: Vec<Value>) -> Vec<Value> {
    if elements.iter().all(|element| element.as_str().is_some()) {
        elements.sort_by(|a, b| b.as_str().cmp(&a.as_str()));
        elements.dedup_by(|a, b| a.as_str() == b.as_str());
    }
    elements
}

fn principals(view: &View<'_>, block_type: &str) -> Option<Value> {
    let blocks = view.blocks(block_type);
    if blocks.items.is_empty() && blocks.open.is_none() {
        return None;
    }
    if blocks.open.is_some() || blocks.items.iter().any(|block| !block.exists.is_yes()) {
        return Some(Value::unknown(Type::Dynamic));
    }
    let mut kinds: BTreeMap<EcoString, Vec<Value>> = BTreeMap::new();
    let mut single = true;
    for block in &blocks.items {
        let kind = match block.view.arg("type").and_then(|arg| to_text(arg.value)) {
            Some(kind) => kind,
            None => return Some(Value::unknown(Type::Dynamic)),
        };
        let identifiers = block.view.arg("identifiers");
        let Some(identifiers) = identifiers.and_then(|arg| list(arg.value)) else {
            continue;
        };
        let names = kinds.entry(kind).or_default();
        match identifiers.as_elements() {
            Some(elements) => {
                single = false;
                names.extend(elements.iter().cloned());
            }
            None => names.push(identifiers),
        }
    }
    if single
        && kinds.len() == 1
        && kinds.get("*").is_some_and(|names| names.len() == 1 && names[0].as_str() == Some("*"))
    {
        return Some(Value::string("*"));
    }
    Some(Value::object(kinds.into_iter().map(|(kind, mut names)| {
        let value = if names.len() == 1 { names.swap_remove(0) } else { Value::tuple(names) };
        (kind, value)
    })))
}

fn conditions(view: &View<'_>) -> Option<Value> {
    let blocks = view.blocks("condition");
    if blocks.items.is_empty() && blocks.open.is_none() {
        return None;
    }
    let mut tests: BTreeMap<EcoString, BTreeMap<EcoString, Vec<Value>>> = BTreeMap::new();
    for block in &blocks.items {
        let test = block.view.arg("test").and_then(|arg| to_text(arg.value));
        let variable = block.view.arg("variable").and_then(|arg| to_text(arg.value));
        let (Some(test), Some(variable), true) = (test, variable, block.exists.is_yes()) else {
            return Some(Value::unknown(Type::Dynamic));
        };
        let Some(values) = block.view.arg("values") else { continue };
        let of_variable = tests.entry(test).or_default().entry(variable).or_default();
        match values.value.as_elements() {
            Some(elements) => {
                of_variable.extend(elements.iter().map(text));
            }
            None => of_variable.push(values.value.clone()),
        }
    }
    if blocks.open.is_some() {
        return Some(Value::unknown(Type::Dynamic));
    }
    Some(Value::object(tests.into_iter().map(|(test, variables)| {
        let variables = variables.into_iter().map(|(variable, mut values)| {
            let value = if values.len() == 1 { values.swap_remove(0) } else { Value::tuple(values) };
            (variable, value)
        });
        (test, Value::object(variables))
    })))
}

fn object(document: Document) -> Value {
    let mut entries: BTreeMap<EcoString, Value> = BTreeMap::new();
    if let Some(version) = document.version {
        entries.insert("Version".into(), version);
    }
    if let Some(id) = document.id {
        entries.insert("Id".into(), id);
    }
    if !document.statements.is_empty() {
        let statements = document.statements.into_iter().map(|statement| statement.value);
        entries.insert("Statement".into(), Value::tuple(statements));
    }
    Value::object(entries)
}

fn print(value: &Value, order: &[&str], layout: Layout, depth: usize, out: &mut String) {
    let newline = |depth: usize, out: &mut String| {
        if layout == Layout::Indented {
            out.push('\n');
            out.push_str(&"  ".repeat(depth));
        }
    };
    if let Some(elements) = value.as_elements() {
        out.push('[');
        for (i, element) in elements.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            newline(depth + 1, out);
            print(element, order, layout, depth + 1, out);
        }
        if !elements.is_empty() {
            newline(depth, out);
        }
        out.push(']');
    } else if let Some(entries) = value.as_entries() {
        // What a struct of the provider does not list is a map, which Go prints in key order.
        let mut names: Vec<&EcoString> = entries.keys().collect();
        names.sort_by_key(|name| order.iter().position(|known| known == name).unwrap_or(order.len()));
        out.push('{');
        for (i, name) in names.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            newline(depth + 1, out);
            print_text(name, out);
            out.push_str(if layout == Layout::Indented { ": " } else { ":" });
            let inner: &[&str] = if name.as_str() == "Statement" { &STATEMENT_ORDER } else { &[] };
            print(&entries[*name], inner, layout, depth + 1, out);
        }
        if !entries.is_empty() {
            newline(depth, out);
        }
        out.push('}');
    } else {
        print_text(&to_text(value).unwrap_or_default(), out);
    }
}

/// Go escapes `<`, `>` and `&` in JSON.
fn print_text(text: &str, out: &mut String) {
    let quoted = serde_json::Value::String(text.to_owned()).to_string();
    for c in quoted.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
}
