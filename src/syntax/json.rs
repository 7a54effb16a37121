//! JSON syntax (`.tf.json`, `.tfvars.json`) to the same tree as native syntax.
//!
//! JSON has no blocks; which property is one, and what a string means, depends on where it stands. The tables
//! here say it as Terraform's own schemas do.

use std::collections::BTreeMap;

use ecow::EcoString;
use jsonc_parser::ast::{Object, ObjectProp, ObjectPropName, StringLit, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::errors::ParseErrorKind;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::ast::{Attribute, Block, Body, Comment, Expr, ExprKind, File, Label, ObjectItem, Traversal};
use super::check::{MAX_DIAGNOSTICS, too_many};
use super::place::{Escape, Place};
use super::{Parsed, literal, native};
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::number::Number;
use crate::source::{SourceFile, Span};

/// How deep values may nest: as deep as native syntax. What reads the tree recurses.
const MAX_DEPTH: usize = 64;

/// What strings mean in a property's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strings {
    /// Templates.
    Template,
    /// Themselves.
    Literal,
    /// References, types and other native expressions.
    Expression,
    /// Themselves, save in `configuration_aliases`, where they are references.
    RequiredProvider,
}

/// How the properties of an object that stands for a block's body are read.
struct Schema {
    /// The properties that are blocks: their types, the number of their labels, their bodies.
    blocks: &'static [(&'static str, usize, &'static Schema)],
    /// The properties whose strings are expressions.
    expressions: &'static [&'static str],
    /// The properties whose strings are not templates.
    literals: &'static [&'static str],
    /// What strings mean elsewhere.
    strings: Strings,
    /// Whether Terraform knows all properties, so that another one is an error.
    closed: bool,
    /// Whether the rest is a provider's, whose nested blocks look like arguments.
    nests: bool,
}

const BASE: Schema = Schema {
    blocks: &[],
    expressions: &[],
    literals: &[],
    strings: Strings::Template,
    closed: false,
    nests: false,
};

static PLAIN: Schema = BASE;

static FILE: Schema = Schema {
    blocks: &[
        ("resource", 2, &RESOURCE),
        ("data", 2, &RESOURCE),
        ("ephemeral", 2, &RESOURCE),
        ("module", 1, &MODULE),
        ("variable", 1, &VARIABLE),
        ("provider", 1, &PROVIDER),
        ("output", 1, &OUTPUT),
        ("check", 1, &CHECK),
        ("locals", 0, &PLAIN),
        ("terraform", 0, &TERRAFORM),
        ("moved", 0, &MOVED),
        ("removed", 0, &REMOVED),
        ("import", 0, &IMPORT),
    ],
    closed: true,
    ..BASE
};

static RESOURCE: Schema = Schema {
    blocks: &[
        ("lifecycle", 0, &LIFECYCLE),
        ("connection", 0, &PLAIN),
        ("provisioner", 1, &PROVISIONER),
        ("dynamic", 1, &DYNAMIC),
    ],
    expressions: &["provider", "depends_on"],
    nests: true,
    ..BASE
};

static LIFECYCLE: Schema = Schema {
    blocks: &[("precondition", 0, &PLAIN), ("postcondition", 0, &PLAIN)],
    expressions: &["ignore_changes", "replace_triggered_by"],
    ..BASE
};

static PROVISIONER: Schema =
    Schema { blocks: &[("connection", 0, &PLAIN)], expressions: &["when", "on_failure"], ..BASE };

static DYNAMIC: Schema = Schema { blocks: &[("content", 0, &NESTED)], expressions: &["iterator"], ..BASE };

static NESTED: Schema = Schema { blocks: &[("dynamic", 1, &DYNAMIC)], nests: true, ..BASE };

static MODULE: Schema =
    Schema { expressions: &["providers", "depends_on"], literals: &["source", "version"], ..BASE };

static VARIABLE: Schema = Schema {
    blocks: &[("validation", 0, &PLAIN)],
    expressions: &["type"],
    strings: Strings::Literal,
    ..BASE
};

static PROVIDER: Schema =
    Schema { literals: &["alias", "version"], blocks: &[("dynamic", 1, &DYNAMIC)], nests: true, ..BASE };

static OUTPUT: Schema = Schema {
    blocks: &[("precondition", 0, &PLAIN)],
    expressions: &["depends_on"],
    literals: &["description"],
    ..BASE
};

static CHECK: Schema =
    Schema { blocks: &[("data", 2, &RESOURCE), ("assert", 0, &PLAIN)], closed: true, ..BASE };

static TERRAFORM: Schema = Schema {
    blocks: &[
        ("backend", 1, &PLAIN),
        ("cloud", 0, &CLOUD),
        ("required_providers", 0, &REQUIRED_PROVIDERS),
        ("provider_meta", 1, &PLAIN),
    ],
    expressions: &["experiments", "language"],
    literals: &["required_version"],
    ..BASE
};

static CLOUD: Schema = Schema { blocks: &[("workspaces", 0, &PLAIN)], ..BASE };

static REQUIRED_PROVIDERS: Schema = Schema { strings: Strings::RequiredProvider, ..BASE };

static MOVED: Schema = Schema { expressions: &["from", "to"], ..BASE };

static REMOVED: Schema = Schema {
    blocks: &[("lifecycle", 0, &PLAIN), ("connection", 0, &PLAIN), ("provisioner", 1, &PROVISIONER)],
    expressions: &["from"],
    ..BASE
};

static IMPORT: Schema = Schema { expressions: &["to", "provider"], ..BASE };

static VALUES: Schema = Schema { strings: Strings::Literal, ..BASE };

/// Parses a configuration file.
pub(super) fn parse(file: &SourceFile) -> Parsed {
    parse_as(file, &FILE)
}

/// Parses a file of variable values: each property of the top level is an attribute, and strings are no templates.
pub(super) fn parse_values(file: &SourceFile) -> Parsed {
    parse_as(file, &VALUES)
}

fn parse_as(file: &SourceFile, schema: &Schema) -> Parsed {
    let text = file.text.strip_prefix(native::BOM).unwrap_or(&file.text);
    let base = (file.text.len() - text.len()) as u32;
    let mut lower = Lower {
        place: Place { file, base, escapes: &[] },
        text,
        comments: Vec::new(),
        diagnostics: Vec::new(),
    };
    let body = match lower.read() {
        Some(value) => {
            let objects = lower.objects(&value, None);
            lower.body(&objects, schema)
        }
        None => Body::default(),
    };
    let Lower { mut comments, mut diagnostics, .. } = lower;
    if let Some(first) = diagnostics.get(MAX_DIAGNOSTICS) {
        let too_many = too_many(first.span);
        diagnostics.truncate(MAX_DIAGNOSTICS);
        diagnostics.push(too_many);
    }
    comments.sort_by_key(|comment| comment.span);
    let complete = diagnostics.is_empty();
    Parsed { file: File { id: file.id, body, comments }, diagnostics, complete }
}

struct Lower<'a> {
    place: Place<'a>,
    text: &'a str,
    comments: Vec<Comment>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Lower<'a> {
    fn span(&self, node: &impl Ranged) -> Span {
        self.place.span(node.start()..node.end())
    }

    fn invalid(&mut self, summary: &str, detail: impl Into<String>, span: Span) {
        self.diagnostics.push(Diagnostic::invalid(summary, detail, Some(span)));
    }

    fn limit(&mut self, detail: String, span: Span) {
        self.diagnostics.push(Diagnostic {
            summary: "Syntax not understood by ssmlint".to_owned(),
            detail,
            span: Some(span),
            kind: DiagnosticKind::NotUnderstood,
        });
    }

    /// The JSON value of the whole text.
    fn read(&mut self) -> Option<Value<'a>> {
        let whole = self.place.span(0..0);
        if self.text.len() > native::MAX_FILE_BYTES {
            let (size, most) = (self.text.len(), native::MAX_FILE_BYTES);
            self.limit(
                format!("The file has {size} bytes. ssmlint parses files of up to {most} bytes."),
                whole,
            );
            return None;
        }
        if let Some(at) = too_deep(self.text) {
            let detail = format!(
                "The code is nested deeper than {MAX_DEPTH} levels, the limit of ssmlint. The file is not checked."
            );
            self.limit(detail, self.place.span(at..at));
            return None;
        }
        let options = ParseOptions {
            allow_comments: false,
            allow_loose_object_property_names: false,
            allow_trailing_commas: false,
            allow_missing_commas: false,
            allow_single_quoted_strings: false,
            allow_hexadecimal_numbers: false,
            allow_unary_plus_numbers: false,
            allow_bare_decimal_point_numbers: false,
            allow_non_finite_numbers: false,
            allow_extended_string_escapes: false,
        };
        match parse_to_ast(self.text, &CollectOptions::default(), &options) {
            Ok(parsed) if parsed.value.is_some() => parsed.value,
            Ok(_) => {
                self.invalid("Missing JSON value", JSON_VALUE, whole);
                None
            }
            Err(error) => {
                let range = error.range();
                let span = self.place.span(range.start..range.end.max(range.start).min(self.text.len()));
                self.invalid(summary(error.kind()), format!("{}.", error.kind()), span);
                None
            }
        }
    }

    /// The objects that stand for one body: one, or those in an array.
    fn objects<'v>(&mut self, value: &'v Value<'a>, label: Option<&str>) -> Vec<&'v Object<'a>> {
        let what = match label {
            Some(label) => format!("to specify {label} labels for this block"),
            None => "to define arguments and child blocks".to_owned(),
        };
        let summary = "Incorrect JSON value type";
        match value {
            Value::NullKeyword(_) => Vec::new(),
            Value::Object(object) => vec![object],
            Value::Array(array) => {
                let mut objects = Vec::with_capacity(array.elements.len());
                for element in &array.elements {
                    match element.as_object() {
                        Some(object) => objects.push(object),
                        None => {
                            let detail = format!("A JSON object is required here, {what}.");
                            self.invalid(summary, detail, self.span(element));
                        }
                    }
                }
                objects
            }
            Value::StringLit(_) | Value::NumberLit(_) | Value::BooleanLit(_) => {
                let detail =
                    format!("Either a JSON object or JSON array of objects is required here, {what}.");
                self.invalid(summary, detail, self.span(value));
                Vec::new()
            }
        }
    }

    fn body(&mut self, objects: &[&Object<'a>], schema: &Schema) -> Body {
        let mut body = Body::default();
        let mut names: BTreeMap<EcoString, Span> = BTreeMap::new();
        for property in objects.iter().flat_map(|object| &object.properties) {
            let name = property.name.as_str();
            let name_span = self.name_span(property);
            if name == "//" {
                if let Value::StringLit(text) = &property.value {
                    self.comments.push(Comment { span: self.span(text) });
                }
                continue;
            }
            if let Some((block_type, labels, schema)) = schema.blocks.iter().find(|block| block.0 == name) {
                let header = Header { block_type, type_span: name_span, labels: Vec::new() };
                self.blocks(&property.value, &header, *labels, schema, &mut body.blocks);
                continue;
            }
            if schema.closed {
                let detail = format!("No argument or block type is named {name:?}.");
                self.invalid("Extraneous JSON object property", detail, name_span);
                continue;
            }
            if schema.nests && holds_dynamic(&property.value) {
                let header = Header { block_type: name, type_span: name_span, labels: Vec::new() };
                self.blocks(&property.value, &header, 0, &NESTED, &mut body.blocks);
                continue;
            }
            if let Some(first) = names.get(name) {
                let position = self.place.file.position(first.start);
                let path = self.place.file.path.display();
                let detail = format!(
                    "The argument {name:?} was already set at {path}:{},{}.",
                    position.line, position.column
                );
                self.invalid("Duplicate argument", detail, name_span);
                continue;
            }
            names.insert(name.into(), name_span);
            let strings = if schema.expressions.contains(&name) {
                Strings::Expression
            } else if schema.literals.contains(&name) {
                Strings::Literal
            } else {
                schema.strings
            };
            let expr = self.expr(&property.value, strings);
            body.attributes.push(Attribute { name: name.into(), name_span, expr, span: self.span(property) });
        }
        body
    }

    /// The place of a property's name, without the quotes.
    fn name_span(&self, property: &ObjectProp<'a>) -> Span {
        let range = match &property.name {
            ObjectPropName::String(name) => name.start() + 1..name.end() - 1,
            ObjectPropName::Word(name) => name.start()..name.end(),
        };
        self.place.span(range)
    }

    fn blocks(
        &mut self,
        value: &Value<'a>,
        header: &Header<'_>,
        labels: usize,
        schema: &Schema,
        blocks: &mut Vec<Block>,
    ) {
        if labels > 0 {
            let label = match (header.block_type, labels) {
                ("resource" | "data" | "ephemeral" | "provisioner" | "backend", _)
                    if header.labels.is_empty() =>
                {
                    "type"
                }
                _ => "name",
            };
            let objects = self.objects(value, Some(label));
            if objects.iter().all(|object| object.properties.is_empty()) {
                let block_type = header.block_type;
                let detail = format!(
                    "At least one object property is required, whose name represents the {block_type} block's \
                     {label}."
                );
                self.invalid("Missing block label", detail, self.span(value));
            }
            for property in objects.iter().flat_map(|object| &object.properties) {
                let span = self.place.span(property.name.start()..property.name.end());
                let mut header = header.clone();
                header.labels.push(Label { text: property.name.as_str().into(), span });
                self.blocks(&property.value, &header, labels - 1, schema, blocks);
            }
            return;
        }
        match value {
            Value::NullKeyword(_) => {}
            Value::Object(_) => blocks.push(self.block(value, header, schema)),
            Value::Array(array) => {
                for element in &array.elements {
                    blocks.push(self.block(element, header, schema));
                }
            }
            Value::StringLit(_) | Value::NumberLit(_) | Value::BooleanLit(_) => {
                let detail = format!(
                    "Either a JSON object or a JSON array is required, representing the contents of one or more \
                     {:?} blocks.",
                    header.block_type
                );
                self.invalid("Incorrect JSON value type", detail, self.span(value));
            }
        }
    }

    fn block(&mut self, value: &Value<'a>, header: &Header<'_>, schema: &Schema) -> Block {
        let objects = self.objects(value, None);
        let body = self.body(&objects, schema);
        // The type may stand far above, shared by many blocks.
        let shown = header.labels.last().map_or(header.type_span, |label| label.span);
        Block {
            block_type: header.block_type.into(),
            type_span: header.type_span,
            labels: header.labels.clone(),
            body,
            header: shown,
            span: shown.to(self.span(value)),
        }
    }

    fn expr(&mut self, value: &Value<'a>, strings: Strings) -> Expr {
        let span = self.span(value);
        let kind = match value {
            Value::NullKeyword(_) => ExprKind::Null,
            Value::BooleanLit(literal) => ExprKind::Bool(literal.value),
            Value::NumberLit(literal) => match Number::parse(literal.value) {
                Some(number) => ExprKind::Number(number),
                None => {
                    self.limit(native::BAD_NUMBER.to_owned(), span);
                    ExprKind::Null
                }
            },
            Value::StringLit(literal) => return self.string(literal, strings),
            Value::Array(array) => {
                let strings = if strings == Strings::RequiredProvider { Strings::Literal } else { strings };
                ExprKind::Tuple(array.elements.iter().map(|element| self.expr(element, strings)).collect())
            }
            Value::Object(object) => self.object(object, strings),
        };
        Expr { kind, span }
    }

    fn object(&mut self, object: &Object<'a>, strings: Strings) -> ExprKind {
        let mut names: BTreeMap<&str, Span> = BTreeMap::new();
        let mut items = Vec::with_capacity(object.properties.len());
        for property in &object.properties {
            let name_span = self.name_span(property);
            let name = property.name.as_str();
            if names.insert(name, name_span).is_some() {
                let detail = format!("An attribute named {name:?} was already defined.");
                self.invalid("Duplicate object attribute", detail, name_span);
            }
            let ObjectPropName::String(literal) = &property.name else { continue };
            let (keys, values) = match strings {
                Strings::RequiredProvider if name == "configuration_aliases" => {
                    (Strings::Literal, Strings::Expression)
                }
                Strings::RequiredProvider => (Strings::Literal, Strings::Literal),
                Strings::Template | Strings::Literal | Strings::Expression => (strings, strings),
            };
            let key = self.string(literal, keys);
            items.push(ObjectItem { key, value: self.expr(&property.value, values) });
        }
        ExprKind::Object(items)
    }

    fn string(&mut self, literal: &StringLit<'a>, strings: Strings) -> Expr {
        let range = literal.start()..literal.end();
        let span = self.span(literal);
        let text = literal.value.as_ref();
        let raw = self.text.get(range.start + 1..range.end.saturating_sub(1)).unwrap_or("");
        if raw.bytes().any(|b| b < 0x20) {
            let detail = "There is a syntax error in the given JSON string.";
            self.invalid("Invalid JSON string", detail, span);
        }
        let template = strings == Strings::Template && (text.contains("${") || text.contains("%{"));
        if !template && strings != Strings::Expression {
            return Expr { kind: ExprKind::String(literal::normalise(text)), span };
        }
        let escapes = escapes(raw);
        let place = Place { base: self.place.base + range.start as u32 + 1, escapes: &escapes, ..self.place };
        let parsed = match strings {
            // Most are one word.
            Strings::Expression if is_word(text) => {
                let root_span = self.place.span(range.start + 1..range.end - 1);
                let root = EcoString::from(text);
                let kind = ExprKind::Traversal(Traversal { root, root_span, steps: Vec::new() });
                return Expr { kind, span };
            }
            Strings::Expression => native::expression(place, text),
            Strings::Template | Strings::Literal | Strings::RequiredProvider => native::template(place, text),
        };
        match parsed {
            Ok(expr) => Expr { span, ..expr },
            Err(diagnostics) => {
                self.diagnostics.extend(diagnostics);
                Expr { kind: ExprKind::Null, span }
            }
        }
    }
}

/// What is known of a block before its body.
#[derive(Clone)]
struct Header<'a> {
    block_type: &'a str,
    type_span: Span,
    labels: Vec<Label>,
}

/// Whether an object, or one in an array, has `dynamic` blocks at any depth: then it is no argument but a block.
fn holds_dynamic(value: &Value<'_>) -> bool {
    match value {
        Value::Object(object) => object.properties.iter().any(|property| {
            let here = property.name.as_str() == "dynamic" && is_dynamic(&property.value);
            here || holds_dynamic(&property.value)
        }),
        Value::Array(array) => array.elements.iter().any(holds_dynamic),
        Value::StringLit(_) | Value::NumberLit(_) | Value::BooleanLit(_) | Value::NullKeyword(_) => false,
    }
}

/// Whether a value is what a `dynamic` property holds: block types with bodies that have `content`.
fn is_dynamic(value: &Value<'_>) -> bool {
    match value {
        Value::Object(object) => object
            .properties
            .iter()
            .any(|property| property.name.as_str() == "content" || is_dynamic(&property.value)),
        Value::Array(array) => array.elements.iter().any(is_dynamic),
        Value::StringLit(_) | Value::NumberLit(_) | Value::BooleanLit(_) | Value::NullKeyword(_) => false,
    }
}

fn is_word(text: &str) -> bool {
    let mut bytes = text.bytes();
    let starts = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    starts
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        && !matches!(text, "true" | "false" | "null")
}

/// The escapes of a JSON string, for the places of what it decodes to.
fn escapes(raw: &str) -> Vec<Escape> {
    let mut escapes = Vec::new();
    let (mut at, mut decoded, mut excess) = (0, 0, 0);
    while let Some(found) = raw[at..].find('\\') {
        decoded += found;
        at += found;
        let (taken, made) = escape(&raw[at..]);
        at += taken;
        decoded += made;
        excess += taken - made;
        escapes.push(Escape { after: decoded as u32, excess: excess as u32 });
    }
    escapes
}

/// How many bytes the escape at the start of `raw` has, and how many it stands for.
fn escape(raw: &str) -> (usize, usize) {
    let unit = |at: usize| {
        let digits = raw.get(at..at + 6).and_then(|escape| escape.strip_prefix("\\u"));
        digits.and_then(|digits| u32::from_str_radix(digits, 16).ok())
    };
    match unit(0) {
        Some(high @ 0xd800..0xdc00) => match unit(6) {
            Some(low @ 0xdc00..0xe000) => {
                let c = char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
                (12, c.map_or(3, char::len_utf8))
            }
            _ => (6, 3),
        },
        Some(code) => (6, char::from_u32(code).map_or(3, char::len_utf8)),
        None => {
            let selector = raw.chars().nth(1).map_or(0, char::len_utf8);
            (1 + selector, selector)
        }
    }
}

/// The first byte that is nested too deep, found without recursion.
fn too_deep(text: &str) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Some(at);
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

const JSON_VALUE: &str = "A JSON value must start with a brace, a bracket, a number, a string, or a keyword.";

/// Terraform's words for what is wrong with the JSON.
#[expect(clippy::wildcard_enum_match_arm, reason = "the library may tell more kinds apart than Terraform")]
fn summary(kind: &ParseErrorKind) -> &'static str {
    match kind {
        ParseErrorKind::ExpectedColonAfterObjectKey => "Missing property value colon",
        ParseErrorKind::ExpectedStringObjectProperty | ParseErrorKind::UnexpectedTokenInObject => {
            "Invalid object property name"
        }
        ParseErrorKind::ExpectedObjectValue => "Missing JSON value",
        ParseErrorKind::ExpectedComma => "Missing attribute seperator comma",
        ParseErrorKind::MultipleRootJsonValues => "Extraneous data after value",
        ParseErrorKind::String(_) | ParseErrorKind::SingleQuotedStringsNotAllowed => "Invalid JSON string",
        ParseErrorKind::TrailingCommasNotAllowed => "Trailing comma in object",
        ParseErrorKind::UnterminatedObject | ParseErrorKind::UnterminatedArray => "Unclosed object",
        ParseErrorKind::UnexpectedWord => "Invalid JSON keyword",
        ParseErrorKind::UnexpectedColon => "Invalid array value",
        ParseErrorKind::UnexpectedCloseBrace => "Mismatched braces",
        ParseErrorKind::UnexpectedCloseBracket => "Mismatched brackets",
        ParseErrorKind::BareDecimalPointNumbersNotAllowed
        | ParseErrorKind::ExpectedDigit
        | ParseErrorKind::ExpectedDigitFollowingNegativeSign
        | ParseErrorKind::ExpectedPlusMinusOrDigitInNumberLiteral
        | ParseErrorKind::HexadecimalNumbersNotAllowed
        | ParseErrorKind::NonFiniteNumbersNotAllowed
        | ParseErrorKind::UnaryPlusNumbersNotAllowed => "Invalid JSON number",
        _ => "Invalid start of value",
    }
}
