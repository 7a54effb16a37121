//! Blocks to declarations: one directory's files become a [`Module`].
//!
//! Everything that Terraform rejects while it loads a file is a diagnostic in Terraform's words, and everything else is
//! still decoded.

use std::sync::Arc;

use ecow::EcoString;
use indexmap::map::Entry;
use rustc_hash::FxHashMap;

use crate::addr::{self, ResourceMode};
use crate::config::merge;
use crate::config::refactoring;
use crate::config::schema::{Content, Schema, content, partial};
use crate::config::traversal::{self, check_constant, key_text, keyword, list, reference, references};
use crate::config::version::{Constraints, Version};
use crate::config::{
    Check, CheckRule, IgnoreChanges, Local, Module, ModuleCall, Output, ProviderConfig, ProviderRef,
    RequiredProvider, Resource, Variable,
};
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::source::{SourceFile, SourceMap, Span};
use crate::syntax::ast::{
    self, Attribute, Block, Body, Expr, ExprKind, Label, Name, TemplatePart, Traversal,
};
use crate::syntax::is_identifier;

/// The version of Terraform whose rules are applied, and against which `required_version` is checked.
pub const TERRAFORM_VERSION: &str = "1.11.4";

/// The summary of a `required_version` that does not take this Terraform. Another one takes it, and the code may be meant
/// for that.
pub(crate) const UNSUPPORTED_VERSION: &str = "Unsupported Terraform Core version";

/// Places in the messages of one file. Columns are counted from the start of the line, so that a long line with many
/// problems would take quadratic time.
const MAX_PLACES: usize = 200;

const BAD_IDENTIFIER: &str = "A name must start with a letter or underscore and may contain only letters, digits, underscores, and dashes.";

/// A parsed file on its way into a module.
#[derive(Debug)]
pub struct ParsedFile {
    /// The text.
    pub source: Arc<SourceFile>,
    /// The tree.
    pub file: ast::File,
    /// Whether it is an override file.
    pub is_override: bool,
}

/// Decodes the files of one directory into the module, primary files first, then override files, each in the order
/// given.
pub fn decode(files: Vec<ParsedFile>, sources: &SourceMap, module: &mut Module) {
    let (overrides, primary): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.is_override);
    let mut seen = Seen::default();
    for file in primary {
        let mut cx = Context::new(sources, &file.source, false);
        append_file(&mut cx, module, &mut seen, file.file.body);
        module.diagnostics.append(&mut cx.diagnostics);
    }
    for file in overrides {
        let mut cx = Context::new(sources, &file.source, true);
        // Each override file may replace what other files have set, but not repeat itself.
        (seen.required_providers, seen.backend, seen.cloud) = (None, None, None);
        append_file(&mut cx, module, &mut seen, file.file.body);
        module.diagnostics.append(&mut cx.diagnostics);
    }
}

/// What one file is decoded with.
pub(crate) struct Context<'a> {
    sources: &'a SourceMap,
    source: &'a Arc<SourceFile>,
    /// Whether the file is in JSON syntax.
    pub(crate) json: bool,
    /// Whether it is an override file.
    pub(crate) overriding: bool,
    /// What was wrong.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// How many places were written into messages.
    places: usize,
}

impl<'a> Context<'a> {
    pub(crate) fn new(sources: &'a SourceMap, source: &'a Arc<SourceFile>, overriding: bool) -> Context<'a> {
        let json = source.path.extension().is_some_and(|extension| extension == "json");
        Context { sources, source, json, overriding, diagnostics: Vec::new(), places: 0 }
    }

    /// Reports what Terraform would refuse.
    pub(crate) fn invalid(&mut self, summary: impl Into<String>, detail: impl Into<String>, span: Span) {
        self.diagnostics.push(Diagnostic::invalid(summary, detail, Some(span)));
    }

    /// Reports an argument that must be there and is not.
    pub(crate) fn missing_argument(&mut self, name: &str, span: Span) {
        self.invalid(
            "Missing required argument",
            format!("The argument \"{name}\" is required, but no definition was found."),
            span,
        );
    }

    fn not_understood(&mut self, summary: &str, detail: String, span: Span) {
        self.diagnostics.push(Diagnostic {
            summary: summary.to_owned(),
            detail,
            span: Some(span),
            kind: DiagnosticKind::NotUnderstood,
        });
    }

    /// `main.tf:1,1-13`: a place within a message.
    pub(crate) fn place(&mut self, span: Span) -> String {
        let file = self.sources.file(span.file);
        let name = file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        self.places += 1;
        if self.places > MAX_PLACES {
            return name;
        }
        let (start, end) = (file.position(span.start), file.position(span.end));
        if start.line == end.line {
            format!("{name}:{},{}-{}", start.line, start.column, end.column)
        } else {
            format!("{name}:{},{}-{},{}", start.line, start.column, end.line, end.column)
        }
    }
}

/// The places of what was declared so far, to find what is declared twice.
#[derive(Default)]
pub(crate) struct Seen {
    required_providers: Option<Span>,
    backend: Option<Span>,
    cloud: Option<Span>,
    /// The index among the module's provider blocks.
    providers: FxHashMap<(Name, Option<Name>), usize>,
    checks: FxHashMap<Name, Span>,
    /// By the text of a static address.
    pub(crate) imports: FxHashMap<String, Span>,
}

const FILE: Schema = Schema {
    attributes: &[],
    required: &[],
    blocks: &[
        ("terraform", &[]),
        ("required_providers", &[]),
        ("provider", &["name"]),
        ("variable", &["name"]),
        ("locals", &[]),
        ("output", &["name"]),
        ("module", &["name"]),
        ("resource", &["type", "name"]),
        ("data", &["type", "name"]),
        ("ephemeral", &["type", "name"]),
        ("moved", &[]),
        ("removed", &[]),
        ("import", &[]),
        ("check", &["name"]),
    ],
};

fn append_file(cx: &mut Context<'_>, module: &mut Module, seen: &mut Seen, body: Body) {
    let at = cx.source.span().at_start();
    for block in content(cx, body, &FILE, at).blocks {
        match block.block_type.as_str() {
            "terraform" => terraform(cx, module, seen, block),
            "required_providers" => cx.invalid(
                "Invalid required_providers block",
                "A \"required_providers\" block must be nested inside a \"terraform\" block.",
                block.type_span,
            ),
            "provider" => provider(cx, module, seen, block),
            "variable" => variable(cx, module, block),
            "locals" => locals(cx, module, block),
            "output" => output(cx, module, block),
            "module" => module_call(cx, module, block),
            "resource" => resource(cx, module, block, ResourceMode::Managed),
            "data" => resource(cx, module, block, ResourceMode::Data),
            "ephemeral" => resource(cx, module, block, ResourceMode::Ephemeral),
            "check" => check(cx, module, seen, block),
            _ => refactoring::decode(cx, module, seen, block),
        }
    }
}

fn check_name(cx: &mut Context<'_>, label: Option<&Label>, summary: &str) -> bool {
    match label {
        Some(label) if is_identifier(&label.text) => true,
        Some(label) => {
            cx.invalid(summary, BAD_IDENTIFIER, label.span);
            false
        }
        None => false,
    }
}

fn label(block: &Block, index: usize) -> Name {
    block.labels.get(index).map(|label| label.text.clone()).unwrap_or_default()
}

/// A string that is written out, or that Terraform would convert to one.
pub(crate) fn constant_string(cx: &mut Context<'_>, expr: &Expr) -> Option<EcoString> {
    if !check_constant(cx, expr) {
        return None;
    }
    let text = fold_string(expr);
    if text.is_none() {
        if is_never_string(expr) {
            cx.invalid("Unsuitable value type", "Unsuitable value: string required", expr.span);
        } else {
            cx.not_understood(
                "Expression not understood here",
                "ssmlint reads only plain strings in this place.".to_owned(),
                expr.span,
            );
        }
    }
    text
}

fn is_never_string(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Tuple(_) | ExprKind::Object(_) | ExprKind::For(_) | ExprKind::Null)
}

fn fold_string(expr: &Expr) -> Option<EcoString> {
    match &expr.kind {
        ExprKind::String(text) => Some(text.clone()),
        ExprKind::Bool(value) => Some(value.to_string().into()),
        ExprKind::Number(number) => Some(number.to_string().into()),
        ExprKind::Parens(inner) => fold_string(inner),
        ExprKind::Template(parts) => parts.iter().try_fold(EcoString::new(), |mut text, part| {
            match part {
                TemplatePart::Literal(literal, _) => text.push_str(literal),
                TemplatePart::Interpolation(inner) => text.push_str(&fold_string(inner)?),
                TemplatePart::If { .. } | TemplatePart::For { .. } => return None,
            }
            Some(text)
        }),
        ExprKind::Null
        | ExprKind::Traversal(_)
        | ExprKind::Access { .. }
        | ExprKind::Call { .. }
        | ExprKind::Unary { .. }
        | ExprKind::Binary { .. }
        | ExprKind::Conditional { .. }
        | ExprKind::Tuple(_)
        | ExprKind::Object(_)
        | ExprKind::For(_) => None,
    }
}

/// A bool that is written out, or that Terraform would convert to one.
pub(crate) fn constant_bool(cx: &mut Context<'_>, attribute: Option<Attribute>) -> Option<bool> {
    let expr = attribute?.expr;
    if !check_constant(cx, &expr) {
        return None;
    }
    let value = fold_bool(&expr);
    if value.is_none() {
        if is_never_string(&expr) || matches!(expr.kind, ExprKind::String(_) | ExprKind::Number(_)) {
            cx.invalid("Unsuitable value type", "Unsuitable value: a bool is required", expr.span);
        } else {
            cx.not_understood(
                "Expression not understood here",
                "ssmlint reads only true or false in this place.".to_owned(),
                expr.span,
            );
        }
    }
    value
}

fn fold_bool(expr: &Expr) -> Option<bool> {
    if let ExprKind::Bool(value) = &expr.kind {
        return Some(*value);
    }
    if let ExprKind::Unary { op: ast::UnaryOp::Not, operand } = &expr.kind {
        return fold_bool(operand).map(|value| !value);
    }
    match fold_string(expr)?.as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

fn constraints(cx: &mut Context<'_>, expr: &Expr) -> Option<(EcoString, Constraints)> {
    if matches!(expr.kind, ExprKind::Null) {
        return None;
    }
    let text = constant_string(cx, expr)?;
    let parsed = Constraints::parse(&text);
    if parsed.is_none() {
        cx.invalid(
            "Invalid version constraint",
            "This string does not use correct version constraint syntax.",
            expr.span,
        );
    }
    parsed.map(|parsed| (text, parsed))
}

const TERRAFORM: Schema = Schema {
    attributes: &["required_version", "experiments", "language"],
    required: &[],
    blocks: &[
        ("backend", &["type"]),
        ("cloud", &[]),
        ("required_providers", &[]),
        ("provider_meta", &["provider"]),
    ],
};

fn terraform(cx: &mut Context<'_>, module: &mut Module, seen: &mut Seen, block: Block) {
    let mut content = content(cx, block.body, &TERRAFORM, block.header);
    if let Some(attribute) = content.take("required_version")
        && let Some((_, constraints)) = constraints(cx, &attribute.expr)
    {
        check_required_version(cx, &constraints, attribute.span);
    }
    for inner in content.blocks {
        let header = inner.header;
        match inner.block_type.as_str() {
            "backend" => {
                if let Some(first) = seen.backend.replace(header) {
                    let place = cx.place(first);
                    cx.invalid(
                        "Duplicate backend configuration",
                        format!("A module may have only one backend configuration. The backend was previously configured at {place}."),
                        header,
                    );
                }
            }
            "cloud" => {
                if let Some(first) = seen.cloud.replace(header) {
                    let place = cx.place(first);
                    cx.invalid(
                        "Duplicate HCP Terraform configurations",
                        format!("A module may have only one 'cloud' block configuring HCP Terraform or Terraform Enterprise. The 'cloud' block was previously configured at {place}."),
                        header,
                    );
                }
            }
            "required_providers" => required_providers(cx, module, seen, inner),
            _ => {}
        }
        if let (Some(backend), Some(cloud)) = (seen.backend, seen.cloud)
            && [backend, cloud].contains(&header)
        {
            let (cloud, place) = (cx.place(cloud), cx.place(backend));
            cx.invalid(
                "Both a backend and cloud configuration are present",
                format!("A module may declare either one 'cloud' block OR one 'backend' block configuring a state backend. The 'cloud' block is configured at {cloud}; a backend is configured at {place}. Remove the backend block to configure HCP Terraform or Terraform Enteprise."),
                backend,
            );
        }
    }
}

fn check_required_version(cx: &mut Context<'_>, constraints: &Constraints, span: Span) {
    if constraints.name_prerelease() {
        cx.invalid(
            "Invalid required_version constraint",
            "Prerelease version constraints are not supported. Remove the prerelease information from the constraint. Prerelease versions of terraform will match constraints using their version core only.",
            span,
        );
    } else if Version::parse(TERRAFORM_VERSION).is_some_and(|version| !constraints.allow(&version)) {
        cx.invalid(
            UNSUPPORTED_VERSION,
            format!("This configuration does not support Terraform version {TERRAFORM_VERSION}. To proceed, either choose another supported Terraform version or update this version constraint. Version constraints are normally set for good reason, so updating the constraint may lead to other errors or unexpected behavior."),
            span,
        );
    }
}

fn required_providers(cx: &mut Context<'_>, module: &mut Module, seen: &mut Seen, block: Block) {
    if let Some(first) = seen.required_providers {
        let place = cx.place(first);
        cx.invalid(
            "Duplicate required providers configuration",
            format!("A module may have only one required providers configuration. The required providers were previously configured at {place}."),
            block.header,
        );
        return;
    }
    seen.required_providers = Some(block.header);
    for attribute in just_attributes(cx, block.body) {
        if let Some(entry) = required_provider(cx, &attribute) {
            module.required_providers.insert(attribute.name, entry);
        }
    }
}

/// The arguments of a body that may hold no blocks.
pub(crate) fn just_attributes(cx: &mut Context<'_>, body: Body) -> Vec<Attribute> {
    for block in &body.blocks {
        cx.invalid(
            format!("Unexpected \"{}\" block", block.block_type),
            "Blocks are not allowed here.",
            block.type_span,
        );
    }
    body.attributes
}

fn required_provider(cx: &mut Context<'_>, attribute: &Attribute) -> Option<RequiredProvider> {
    let span = attribute.expr.span;
    let mut entry = RequiredProvider { source: None, version: None, aliases: Vec::new(), span };
    if fold_string(&attribute.expr).is_some() {
        entry.version = constraints(cx, &attribute.expr).map(|(text, _)| text);
        return Some(entry);
    }
    if !check_provider_name(cx, &attribute.name, span) {
        return None;
    }
    let ExprKind::Object(items) = &attribute.expr.kind else {
        cx.invalid(
            "Invalid required_providers object",
            "required_providers entries must be strings or objects.",
            span,
        );
        return None;
    };
    for item in items {
        match key_text(&item.key) {
            Some("version") => {
                entry.version = constraints(cx, &item.value).map(|(text, _)| text);
            }
            Some("source") => match fold_string(&item.value) {
                Some(source) => {
                    if check_provider_source(cx, &source, item.value.span) {
                        entry.source = Some(source);
                    }
                }
                None => {
                    cx.invalid("Invalid source", "Source must be specified as a string.", item.value.span)
                }
            },
            Some("configuration_aliases") => {
                for element in list(cx, &item.value) {
                    let Some(found) = reference(cx, element) else { continue };
                    let alias = provider_ref_of(&found).filter(|alias| alias.alias.is_some());
                    match alias {
                        Some(alias) if alias.name == attribute.name => entry.aliases.push(alias),
                        Some(alias) => cx.invalid(
                            "Invalid configuration_aliases value",
                            format!(
                                "Configuration aliases must be prefixed with the provider name. Expected \"{}\", but found \"{}\".",
                                attribute.name, alias.name
                            ),
                            item.value.span,
                        ),
                        None => cx.invalid(
                            "Invalid configuration_aliases value",
                            "Configuration aliases can only contain references to local provider configuration names in the format of provider.alias",
                            item.value.span,
                        ),
                    }
                }
            }
            _ => {
                cx.invalid(
                    "Invalid required_providers object",
                    "required_providers objects can only contain \"version\", \"source\" and \"configuration_aliases\" attributes. To configure a provider, use a \"provider\" block.",
                    item.key.span,
                );
                break;
            }
        }
    }
    Some(entry)
}

fn check_provider_source(cx: &mut Context<'_>, source: &str, span: Span) -> bool {
    let parts: Vec<&str> = source.split('/').collect();
    if parts.len() > 3 || parts.iter().any(|part| part.is_empty()) {
        cx.invalid(
            "Invalid provider source string",
            "The \"source\" attribute must be in the format \"[hostname/][namespace/]name\"",
            span,
        );
        return false;
    }
    true
}

/// A provider's local name must be written as Terraform normalises it: lower case, digits and dashes.
fn check_provider_name(cx: &mut Context<'_>, name: &str, span: Span) -> bool {
    let lower = name.to_lowercase();
    let well_formed = !lower.is_empty()
        && lower.chars().all(|c| c.is_alphanumeric() || c == '-')
        && !lower.starts_with('-')
        && !lower.ends_with('-')
        && !lower.contains("--");
    if !well_formed {
        cx.invalid(
            "Invalid provider local name",
            format!("{name} is an invalid provider local name: must contain only letters, digits, and dashes, and may not use leading or trailing dashes"),
            span,
        );
        return false;
    }
    if lower != name {
        cx.invalid(
            "Invalid provider local name",
            format!(
                "Provider names must be normalized. Replace \"{name}\" with \"{lower}\" to fix this error."
            ),
            span,
        );
        return false;
    }
    true
}

fn provider_ref_of(found: &Traversal) -> Option<ProviderRef> {
    let span = Some(traversal::span_of(found));
    match found.steps.as_slice() {
        [] => Some(ProviderRef { name: found.root.clone(), alias: None, span }),
        [ast::Step { kind: ast::StepKind::Attr(alias), .. }] => {
            Some(ProviderRef { name: found.root.clone(), alias: Some(alias.clone()), span })
        }
        _ => None,
    }
}

/// `aws.east`, plainly or in quotes.
pub(crate) fn provider_ref(cx: &mut Context<'_>, expr: &Expr, argument: &str) -> Option<ProviderRef> {
    let found = if let ExprKind::Traversal(found) = &expr.kind {
        Some(found.clone())
    } else if let ExprKind::String(text) = &expr.kind {
        traversal::parse(text, expr.span)
    } else {
        None
    };
    let Some(result) = found.as_ref().and_then(provider_ref_of) else {
        cx.invalid(
            "Invalid provider configuration reference",
            format!("The {argument} argument requires a provider type name, optionally followed by a period and then a configuration alias."),
            expr.span,
        );
        return None;
    };
    check_provider_name(cx, &result.name, expr.span).then_some(result)
}

const PROVIDER: Schema = Schema {
    attributes: &["alias", "version", "count", "depends_on", "for_each", "source"],
    required: &[],
    blocks: &[("_", &[]), ("lifecycle", &[]), ("locals", &[])],
};

fn provider(cx: &mut Context<'_>, module: &mut Module, seen: &mut Seen, block: Block) {
    let name = label(&block, 0);
    let (header, span) = (block.header, block.span);
    let (mut content, mut body) = partial(cx, block.body, &PROVIDER, header);
    if !check_provider_name(cx, &name, header) {
        return;
    }
    let alias = content.take("alias").and_then(|attribute| {
        let alias = constant_string(cx, &attribute.expr)?;
        if !is_identifier(&alias) {
            cx.invalid(
                "Invalid provider configuration alias",
                format!("An alias must be a valid name. {BAD_IDENTIFIER}"),
                attribute.expr.span,
            );
        }
        Some(alias).filter(|alias| !alias.is_empty())
    });
    let version = content.take("version");
    if let Some(version) = &version {
        constraints(cx, &version.expr);
    }
    for attribute in &content.attributes {
        cx.invalid(
            "Reserved argument name in provider block",
            format!(
                "The provider argument name \"{}\" is reserved for use by Terraform in a future version.",
                attribute.name
            ),
            attribute.name_span,
        );
    }
    escape_and_reserved(cx, content.blocks, &mut body, "provider");
    let config =
        ProviderConfig { name, alias, body, has_version: version.is_some(), decl_range: header, span };
    let key = (config.name.clone(), config.alias.clone());
    let existing = seen.providers.get(&key).and_then(|index| module.providers.get_mut(*index));
    match (existing, cx.overriding) {
        (Some(existing), true) => {
            existing.has_version |= config.has_version;
            merge::body(&mut existing.body, config.body);
        }
        (None, true) if config.alias.is_some() => cx.invalid(
            "Missing base provider configuration for override",
            format!(
                "There is no {} provider configuration with the alias \"{}\". An override file can only override an aliased provider configuration that was already defined in a primary configuration file.",
                config.name,
                config.alias.as_deref().unwrap_or_default()
            ),
            header,
        ),
        (None, _) => {
            seen.providers.insert(key, module.providers.len());
            module.providers.push(config);
        }
        (Some(existing), false) => {
            let place = cx.place(existing.decl_range);
            let detail = match &existing.alias {
                None => format!(
                    "A default (non-aliased) provider configuration for \"{}\" was already given at {place}. If multiple configurations are required, set the \"alias\" argument for alternative configurations.",
                    existing.name
                ),
                Some(alias) => format!(
                    "A provider configuration for \"{}\" with alias \"{alias}\" was already given at {place}. Each configuration for the same provider must have a distinct alias.",
                    existing.name
                ),
            };
            cx.invalid("Duplicate provider configuration", detail, header);
        }
    }
}

/// Merges a `_` block's content into the arguments, and reports blocks whose types are reserved.
fn escape_and_reserved(cx: &mut Context<'_>, blocks: Vec<Block>, body: &mut Body, kind: &str) {
    let mut seen: Option<Span> = None;
    for block in blocks {
        if block.block_type != "_" {
            cx.invalid(
                format!("Reserved block type name in {kind} block"),
                format!(
                    "The block type name \"{}\" is reserved for use by Terraform in a future version.",
                    block.block_type
                ),
                block.type_span,
            );
        } else if let Some(first) = seen {
            let place = cx.place(first);
            cx.invalid(
                "Duplicate escaping block",
                format!("The special block type \"_\" can be used to force particular arguments to be interpreted as specific to the type rather than as meta-arguments, but each block can have only one such block. The first escaping block was at {place}."),
                block.header,
            );
        } else {
            seen = Some(block.header);
            body.attributes.extend(block.body.attributes);
            body.blocks.extend(block.body.blocks);
        }
    }
}

const VARIABLE: Schema = Schema {
    attributes: &["description", "default", "type", "sensitive", "ephemeral", "nullable"],
    required: &[],
    blocks: &[("validation", &[])],
};

/// Names that mean something inside `module` blocks.
const RESERVED_VARIABLES: [&str; 10] = [
    "source",
    "version",
    "count",
    "for_each",
    "depends_on",
    "providers",
    "_",
    "lifecycle",
    "locals",
    "provider",
];

fn variable(cx: &mut Context<'_>, module: &mut Module, block: Block) {
    let name = label(&block, 0);
    let header = block.header;
    check_name(cx, block.labels.first(), "Invalid variable name");
    if RESERVED_VARIABLES.contains(&name.as_str()) {
        let span = block.labels.first().map_or(header, |label| label.span);
        cx.invalid(
            "Invalid variable name",
            format!(
                "The variable name \"{name}\" is reserved due to its special meaning inside module blocks."
            ),
            span,
        );
    }
    let mut content = content(cx, block.body, &VARIABLE, header);
    if let Some(description) = content.take("description") {
        check_constant(cx, &description.expr);
    }
    let type_expr = content.take("type").and_then(|attribute| type_constraint(cx, attribute.expr));
    let default = content.take("default").map(|attribute| attribute.expr);
    // A default that cannot be evaluated is a default all the same: the variable is not required.
    let default = default.map(|expr| if check_constant(cx, &expr) { Ok(expr) } else { Err(expr) });
    let sensitive = constant_bool(cx, content.take("sensitive"));
    let ephemeral = constant_bool(cx, content.take("ephemeral"));
    let nullable = constant_bool(cx, content.take("nullable"));
    let mut validations = Vec::new();
    for inner in content.blocks {
        let Some(rule) = check_rule(cx, inner) else { continue };
        let mut refers = false;
        references(&rule.condition, &mut |found| {
            refers |= found.root == "var"
                && found.steps.first().is_some_and(
                    |step| matches!(&step.kind, ast::StepKind::Attr(attribute) if *attribute == name),
                );
        });
        if !refers {
            cx.invalid(
                "Invalid variable validation condition",
                format!("The condition for variable \"{name}\" must refer to var.{name} in order to test incoming values."),
                rule.condition.span,
            );
        }
        validations.push(rule);
    }
    let found = merge::VariableParts { type_expr, default, sensitive, ephemeral, nullable };
    if cx.overriding {
        match module.variables.get_mut(&name) {
            Some(existing) => merge::variable(cx, existing, found, header),
            None => cx.invalid(
                "Missing base variable declaration to override",
                format!("There is no variable named \"{name}\". An override file can only override a variable that was already declared in a primary configuration file."),
                header,
            ),
        }
        return;
    }
    let mut declared = Variable {
        name: name.clone(),
        type_expr: None,
        default: None,
        sensitive: false,
        ephemeral: false,
        nullable: true,
        validations,
        decl_range: header,
    };
    merge::variable(cx, &mut declared, found, header);
    if let Some(existing) = module.variables.get(&name) {
        let place = cx.place(existing.decl_range);
        cx.invalid(
            "Duplicate variable declaration",
            format!("A variable named \"{name}\" was already declared at {place}. Variable names must be unique within a module."),
            header,
        );
    }
    module.variables.insert(name, declared);
}

fn type_constraint(cx: &mut Context<'_>, expr: Expr) -> Option<Expr> {
    let ExprKind::String(text) = &expr.kind else { return Some(expr) };
    let span = expr.span;
    let advice = match text.as_str() {
        "string" => "Remove the quotes around \"string\".",
        "list" => {
            "Remove the quotes around \"list\" and write list(string) instead to explicitly indicate that the list elements are strings."
        }
        "map" => {
            "Remove the quotes around \"map\" and write map(string) instead to explicitly indicate that the map elements are strings."
        }
        _ => {
            cx.invalid(
                "Invalid legacy variable type hint",
                "To provide a full type expression, remove the surrounding quotes and give the type expression directly.",
                span,
            );
            return None;
        }
    };
    cx.invalid(
        "Invalid quoted type constraints",
        format!("Terraform 0.11 and earlier required type constraints to be given in quotes, but that form is now deprecated and will be removed in a future version of Terraform. {advice}"),
        span,
    );
    let traversal = Traversal { root: text.clone(), root_span: span, steps: Vec::new() };
    Some(Expr { kind: ExprKind::Traversal(traversal), span })
}

fn locals(cx: &mut Context<'_>, module: &mut Module, block: Block) {
    for attribute in just_attributes(cx, block.body) {
        let Attribute { name, name_span, expr, .. } = attribute;
        if !is_identifier(&name) {
            cx.invalid("Invalid local value name", BAD_IDENTIFIER, name_span);
        }
        let local = Local { name: name.clone(), expr, decl_range: name_span };
        match module.locals.entry(name.clone()) {
            Entry::Occupied(mut existing) => {
                if !cx.overriding {
                    let place = cx.place(existing.get().decl_range);
                    cx.invalid(
                        "Duplicate local value definition",
                        format!("A local value named \"{name}\" was already defined at {place}. Local value names must be unique within a module."),
                        name_span,
                    );
                }
                existing.insert(local);
            }
            Entry::Vacant(vacant) => {
                if cx.overriding {
                    cx.invalid(
                        "Missing base local value definition to override",
                        format!("There is no local value named \"{name}\". An override file can only override a local value that was already defined in a primary configuration file."),
                        name_span,
                    );
                } else {
                    vacant.insert(local);
                }
            }
        }
    }
}

const OUTPUT: Schema = Schema {
    attributes: &["description", "depends_on", "sensitive", "ephemeral"],
    required: &["value"],
    blocks: &[("precondition", &[]), ("postcondition", &[])],
};

fn output(cx: &mut Context<'_>, module: &mut Module, block: Block) {
    let name = label(&block, 0);
    let header = block.header;
    let mut content = content(cx, block.body, &OUTPUT, header);
    check_name(cx, block.labels.first(), "Invalid output name");
    if let Some(description) = content.take("description") {
        check_constant(cx, &description.expr);
    }
    let expr = content.take("value").map(|attribute| attribute.expr);
    let sensitive = constant_bool(cx, content.take("sensitive"));
    let ephemeral = constant_bool(cx, content.take("ephemeral"));
    let depends_on = depends_on(cx, content.take("depends_on"));
    let mut preconditions = Vec::new();
    for inner in content.blocks {
        if inner.block_type == "postcondition" {
            cx.invalid(
                "Postconditions are not allowed",
                "Output values can only have preconditions, not postconditions.",
                inner.type_span,
            );
        } else {
            preconditions.extend(check_rule(cx, inner));
        }
    }
    if cx.overriding {
        let Some(existing) = module.outputs.get_mut(&name) else {
            cx.invalid(
                "Missing base output definition to override",
                format!("There is no output named \"{name}\". An override file can only override an output that was already defined in a primary configuration file."),
                header,
            );
            return;
        };
        if expr.is_some() {
            existing.expr = expr;
        }
        existing.sensitive = sensitive.unwrap_or(existing.sensitive);
        existing.ephemeral = ephemeral.unwrap_or(existing.ephemeral);
        merge::refuse_depends_on(cx, &depends_on);
        return;
    }
    if let Some(existing) = module.outputs.get(&name) {
        let place = cx.place(existing.decl_range);
        cx.invalid(
            "Duplicate output definition",
            format!("An output named \"{name}\" was already defined at {place}. Output names must be unique within a module."),
            header,
        );
    }
    let output = Output {
        name: name.clone(),
        expr,
        sensitive: sensitive.unwrap_or(false),
        ephemeral: ephemeral.unwrap_or(false),
        depends_on,
        preconditions,
        decl_range: header,
    };
    module.outputs.insert(name, output);
}

fn depends_on(cx: &mut Context<'_>, attribute: Option<Attribute>) -> Vec<Traversal> {
    let Some(attribute) = attribute else { return Vec::new() };
    list(cx, &attribute.expr).iter().filter_map(|element| reference(cx, element)).collect()
}

const CHECK_RULE: Schema = Schema { attributes: &[], required: &["condition", "error_message"], blocks: &[] };

fn check_rule(cx: &mut Context<'_>, block: Block) -> Option<CheckRule> {
    let header = block.header;
    if cx.overriding {
        cx.invalid(
            format!("Can't override {} blocks", block.block_type),
            format!("Override files cannot override \"{}\" blocks.", block.block_type),
            header,
        );
        return None;
    }
    let mut content = content(cx, block.body, &CHECK_RULE, header);
    let condition = content.take("condition")?.expr;
    let mut refers = false;
    references(&condition, &mut |_| refers = true);
    if !refers {
        cx.invalid(
            format!("Invalid {} expression", block.block_type),
            "The condition expression must refer to at least one object from elsewhere in the configuration, or else its result would not be checking anything.",
            condition.span,
        );
    }
    let error_message = content.take("error_message").map(|attribute| attribute.expr);
    Some(CheckRule { condition, error_message, decl_range: header })
}

const MODULE: Schema = Schema {
    attributes: &["version", "count", "for_each", "depends_on", "providers"],
    required: &["source"],
    blocks: &[("_", &[]), ("lifecycle", &[]), ("locals", &[]), ("provider", &["type"])],
};

fn module_call(cx: &mut Context<'_>, module: &mut Module, block: Block) {
    let name = label(&block, 0);
    let (header, span) = (block.header, block.span);
    let (mut content, mut arguments) = partial(cx, block.body, &MODULE, header);
    check_name(cx, block.labels.first(), "Invalid module instance name");
    let (count, for_each) = repetition(cx, &mut content);
    let version_argument = content.take("version");
    let version = version_argument
        .as_ref()
        .and_then(|attribute| constraints(cx, &attribute.expr))
        .map(|(text, _)| text);
    let source_argument = content.take("source");
    let source = source_argument.as_ref().and_then(|attribute| {
        let source = constant_string(cx, &attribute.expr)?;
        check_source(cx, &source, version_argument.is_some(), attribute.expr.span);
        Some(source)
    });
    let depends_on = depends_on(cx, content.take("depends_on"));
    let providers = content.take("providers").map(|attribute| passed_providers(cx, &attribute.expr));
    escape_and_reserved(cx, content.blocks, &mut arguments, "module");
    let call = ModuleCall {
        name: name.clone(),
        source,
        source_span: source_argument.map(|attribute| attribute.expr.span),
        version,
        count,
        for_each,
        depends_on,
        providers: providers.unwrap_or_default(),
        arguments,
        decl_range: header,
        span,
    };
    if cx.overriding {
        match module.module_calls.get_mut(&name) {
            Some(existing) => merge::module_call(cx, existing, call),
            None => cx.invalid(
                "Missing module call to override",
                format!("There is no module call named \"{name}\". An override file can only override a module call that was defined in a primary configuration file."),
                header,
            ),
        }
        return;
    }
    if let Some(existing) = module.module_calls.get(&name) {
        let place = cx.place(existing.decl_range);
        cx.invalid(
            "Duplicate module call",
            format!("A module call named \"{name}\" was already defined at {place}. Module calls must have unique names within a module."),
            header,
        );
    }
    module.module_calls.insert(name, call);
}

fn repetition(cx: &mut Context<'_>, content: &mut Content) -> (Option<Expr>, Option<Expr>) {
    let count = content.take("count");
    let for_each = content.take("for_each");
    if let (Some(_), Some(for_each)) = (&count, &for_each) {
        cx.invalid(
            "Invalid combination of \"count\" and \"for_each\"",
            "The \"count\" and \"for_each\" meta-arguments are mutually-exclusive, only one should be used to be explicit about the number of resources to be created.",
            for_each.name_span,
        );
    }
    (count.map(|attribute| attribute.expr), for_each.map(|attribute| attribute.expr))
}

/// Whether a module source is a path relative to the calling module.
pub(crate) fn is_local_source(source: &str) -> bool {
    ["./", "../", ".\\", "..\\"].iter().any(|prefix| source.starts_with(prefix))
        || matches!(source, "." | "..")
}

/// Whether a module source has the form of a registry address: `[host/]namespace/name/provider`.
pub(crate) fn is_registry_source(source: &str) -> bool {
    let (address, _) = source.split_once("//").unwrap_or((source, ""));
    let parts: Vec<&str> = address.split('/').collect();
    let is_part = |part: &&str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    match parts.as_slice() {
        [namespace, name, provider] => [namespace, name, provider].into_iter().all(is_part),
        // GitHub and Bitbucket are hosts of repositories, never of registries.
        [host, rest @ ..] if rest.len() == 3 => {
            host.contains(['.', ':'])
                && !matches!(*host, "github.com" | "bitbucket.org" | "gitlab.com")
                && rest.iter().all(is_part)
        }
        _ => false,
    }
}

fn check_source(cx: &mut Context<'_>, source: &str, has_version: bool, span: Span) {
    if has_version && !is_registry_source(source) {
        cx.invalid(
            "Invalid registry module source address",
            "Failed to parse module registry address.\n\nTerraform assumed that you intended a module registry source address because you also set the argument \"version\", which applies only to registry modules.",
            span,
        );
        return;
    }
    let hosts = ["github.com/", "bitbucket.org/", "gitlab.com/", "www.googleapis.com/"];
    let is_remote = source.contains("::")
        || source.contains("://")
        || source.contains('@')
        || source.contains(".amazonaws.com/")
        || source.starts_with('/')
        || hosts.iter().any(|host| source.starts_with(host))
        || (source.len() > 2 && source.as_bytes()[1] == b':');
    if !is_local_source(source) && !is_registry_source(source) && !is_remote {
        let detail = if source.is_empty() {
            "Failed to parse module source address: the address is empty.".to_owned()
        } else {
            format!(
                "Terraform failed to determine your intended installation method for remote module package \"{source}\".\n\nIf you intended this as a path relative to the current module, use \"./{source}\" instead. The \"./\" prefix indicates that the address is a relative filesystem path."
            )
        };
        cx.invalid("Invalid module source address", detail, span);
    }
}

fn passed_providers(cx: &mut Context<'_>, expr: &Expr) -> Vec<(ProviderRef, ProviderRef)> {
    let mut passed = Vec::new();
    let mut seen: FxHashMap<(Name, Option<Name>), Span> = FxHashMap::default();
    let ExprKind::Object(items) = &expr.kind else {
        cx.invalid("Invalid expression", "A static map expression is required.", expr.span);
        return passed;
    };
    for item in items {
        let inner = provider_ref(cx, &item.key, "providers");
        let outer = provider_ref(cx, &item.value, "providers");
        let (Some(inner), Some(outer)) = (inner, outer) else { continue };
        if let Some(before) = seen.insert((inner.name.clone(), inner.alias.clone()), item.key.span) {
            let place = cx.place(before);
            cx.invalid(
                "Duplicate provider address",
                format!("A provider configuration was already passed to {inner} at {place}. Each child provider configuration can be assigned only once."),
                item.value.span,
            );
            continue;
        }
        passed.push((inner, outer));
    }
    passed
}

const MANAGED: Schema = Schema {
    attributes: &["count", "for_each", "provider", "depends_on"],
    required: &[],
    blocks: &[
        ("locals", &[]),
        ("lifecycle", &[]),
        ("connection", &[]),
        ("provisioner", &["type"]),
        ("_", &[]),
    ],
};

const READ: Schema = Schema {
    attributes: &["count", "for_each", "provider", "depends_on"],
    required: &[],
    blocks: &[("lifecycle", &[]), ("locals", &[]), ("_", &[])],
};

fn resource(cx: &mut Context<'_>, module: &mut Module, block: Block, mode: ResourceMode) {
    let Some(found) = decode_resource(cx, block, mode, None) else { return };
    add_resource(cx, module, found, "");
}

fn add_resource(cx: &mut Context<'_>, module: &mut Module, found: Resource, within: &str) {
    let (kind, noun) = match found.addr.mode {
        ResourceMode::Managed => ("resource", "resource"),
        ResourceMode::Data => ("data", "data resource"),
        ResourceMode::Ephemeral => ("ephemeral", "ephemeral resource"),
    };
    let (type_name, name) = (found.addr.type_name.clone(), found.addr.name.clone());
    match module.resources.entry(found.addr.clone()) {
        Entry::Occupied(mut existing) if cx.overriding => merge::resource(cx, existing.get_mut(), found),
        Entry::Occupied(existing) => {
            let place = cx.place(existing.get().decl_range);
            cx.invalid(
                format!("Duplicate {kind} \"{type_name}\" configuration"),
                format!("A {type_name} {noun} named \"{name}\" was already declared at {place}. Resource names must be unique per type in each module{within}."),
                found.decl_range,
            );
        }
        Entry::Vacant(_) if cx.overriding => {
            let block = if kind == "resource" { "resource block" } else { "data block" };
            cx.invalid(
                format!("Missing {noun} to override"),
                format!("There is no {type_name} {noun} named \"{name}\". An override file can only override a {block} defined in a primary configuration file."),
                found.decl_range,
            );
        }
        Entry::Vacant(vacant) => {
            vacant.insert(found);
        }
    }
}

/// Decodes a `resource`, `data` or `ephemeral` block; `within` is the header of the `check` block that holds it.
fn decode_resource(
    cx: &mut Context<'_>,
    block: Block,
    mode: ResourceMode,
    within: Option<Span>,
) -> Option<Resource> {
    let (header, span) = (block.header, block.span);
    let (bad_type, bad_name, kind) = match mode {
        ResourceMode::Managed => ("Invalid resource type name", "Invalid resource name", "resource"),
        ResourceMode::Data => ("Invalid data source name", "Invalid data resource name", "data"),
        ResourceMode::Ephemeral => {
            ("Invalid ephemeral resource type", "Invalid ephemeral resource name", "ephemeral")
        }
    };
    let named =
        check_name(cx, block.labels.first(), bad_type) & check_name(cx, block.labels.get(1), bad_name);
    let addr = addr::Resource { mode, type_name: label(&block, 0), name: label(&block, 1) };
    let schema = if mode == ResourceMode::Managed { &MANAGED } else { &READ };
    let (mut content, mut body) = partial(cx, block.body, schema, header);
    if within.is_some() {
        for name in ["count", "for_each"] {
            if let Some(attribute) = content.take(name) {
                cx.invalid(
                    format!("Invalid \"{name}\" attribute"),
                    "The \"count\" and \"for_each\" meta-arguments are not supported within nested data blocks.",
                    attribute.name_span,
                );
            }
        }
    }
    let (count, for_each) = repetition(cx, &mut content);
    let provider =
        content.take("provider").and_then(|attribute| provider_ref(cx, &attribute.expr, "provider"));
    let depends_on = depends_on(cx, content.take("depends_on"));

    let mut lifecycle = Lifecycle::default();
    let mut seen_lifecycle: Option<Span> = None;
    let mut provisioners = Vec::new();
    let mut others = Vec::new();
    for inner in content.blocks {
        match inner.block_type.as_str() {
            "lifecycle" => {
                if within.is_some() {
                    cx.invalid(
                        "Invalid lifecycle block",
                        "Nested data blocks do not support \"lifecycle\" blocks as the lifecycle is managed by the containing block.",
                        inner.header,
                    );
                }
                if let Some(first) = seen_lifecycle {
                    let place = cx.place(first);
                    cx.invalid(
                        "Duplicate lifecycle block",
                        format!("This resource already has a lifecycle block at {place}."),
                        inner.header,
                    );
                    continue;
                }
                seen_lifecycle = Some(inner.header);
                lifecycle = decode_lifecycle(cx, inner, &addr);
            }
            "connection" | "provisioner" => provisioners.push(inner),
            _ => others.push(inner),
        }
    }
    refactoring::check_provisioners(cx, &provisioners);
    escape_and_reserved(cx, others, &mut body, kind);
    named.then_some(Resource {
        addr,
        count,
        for_each,
        provider,
        depends_on,
        ignore_changes: lifecycle.ignore_changes,
        replace_triggered_by: lifecycle.replace_triggered_by,
        preconditions: lifecycle.preconditions,
        postconditions: lifecycle.postconditions,
        provisioners,
        body,
        decl_range: header,
        span,
    })
}

#[derive(Default)]
struct Lifecycle {
    ignore_changes: IgnoreChanges,
    replace_triggered_by: Vec<Expr>,
    preconditions: Vec<CheckRule>,
    postconditions: Vec<CheckRule>,
}

const LIFECYCLE: Schema = Schema {
    attributes: &["create_before_destroy", "prevent_destroy", "ignore_changes", "replace_triggered_by"],
    required: &[],
    blocks: &[("precondition", &[]), ("postcondition", &[])],
};

fn decode_lifecycle(cx: &mut Context<'_>, block: Block, addr: &addr::Resource) -> Lifecycle {
    let header = block.header;
    let mut content = content(cx, block.body, &LIFECYCLE, header);
    let mut lifecycle = Lifecycle::default();
    let noun = match addr.mode {
        ResourceMode::Managed => None,
        ResourceMode::Data => Some("data"),
        ResourceMode::Ephemeral => Some("ephemeral"),
    };
    if let Some(noun) = noun {
        for attribute in &content.attributes {
            cx.invalid(
                format!("Invalid {noun} resource lifecycle argument"),
                format!("The lifecycle argument \"{}\" is defined only for managed resources (\"resource\" blocks), and is not valid for {noun} resources.", attribute.name),
                attribute.name_span,
            );
        }
    } else {
        constant_bool(cx, content.take("create_before_destroy"));
        constant_bool(cx, content.take("prevent_destroy"));
        if let Some(attribute) = content.take("replace_triggered_by") {
            lifecycle.replace_triggered_by = replace_triggered_by(cx, attribute.expr);
        }
        if let Some(attribute) = content.take("ignore_changes") {
            lifecycle.ignore_changes = ignore_changes(cx, &attribute.expr);
        }
    }
    for inner in content.blocks {
        let is_precondition = inner.block_type == "precondition";
        let block_type = inner.block_type.clone();
        let Some(rule) = check_rule(cx, inner) else { continue };
        for expr in std::iter::once(&rule.condition).chain(&rule.error_message) {
            let mut refers = false;
            references(expr, &mut |found| {
                refers |= refactoring::resource_reference(found).is_some_and(|found| found == *addr);
            });
            if refers {
                cx.invalid(
                    format!("Invalid reference in {block_type}"),
                    format!("Configuration for {addr} may not refer to itself."),
                    expr.span,
                );
            }
        }
        if is_precondition {
            lifecycle.preconditions.push(rule);
        } else {
            lifecycle.postconditions.push(rule);
        }
    }
    lifecycle
}

fn ignore_changes(cx: &mut Context<'_>, expr: &Expr) -> IgnoreChanges {
    if keyword(expr) == Some("all") {
        return IgnoreChanges::All;
    }
    let mut names = Vec::new();
    let mut star = None;
    for element in list(cx, expr) {
        if matches!(&element.kind, ExprKind::String(text) if text == "*") {
            cx.invalid(
                "Invalid ignore_changes wildcard",
                "The [\"*\"] form of ignore_changes wildcard is was deprecated and is now invalid. Use \"ignore_changes = all\" to ignore changes to all attributes.",
                expr.span,
            );
            star = Some(element.span);
        } else if let Some(found) = reference(cx, element) {
            names.push(found.root);
        }
    }
    match star {
        Some(span) => {
            if !names.is_empty() {
                cx.invalid(
                    "Invalid ignore_changes ruleset",
                    "Cannot mix wildcard string \"*\" with non-wildcard references.",
                    span,
                );
            }
            IgnoreChanges::All
        }
        None if names.is_empty() => IgnoreChanges::None,
        None => IgnoreChanges::Some(names),
    }
}

fn replace_triggered_by(cx: &mut Context<'_>, expr: Expr) -> Vec<Expr> {
    let span = expr.span;
    let ExprKind::Tuple(elements) = expr.kind else {
        cx.invalid("Invalid expression", "A static list expression is required.", span);
        return Vec::new();
    };
    for element in &elements {
        let span = element.span;
        let mut resources = 0;
        let mut problem: Option<(&str, &str)> = None;
        references(element, &mut |found| {
            let attribute = found.steps.first().and_then(|step| match &step.kind {
                ast::StepKind::Attr(name) => Some(name.as_str()),
                ast::StepKind::Index(_) | ast::StepKind::AttrSplat | ast::StepKind::FullSplat => None,
            });
            match (found.root.as_str(), attribute) {
                ("each", Some("key")) | ("count", Some("index")) => {}
                ("each", _) => {
                    problem = Some((
                        "Invalid each reference in replace_triggered_by expression",
                        "Only each.key may be used in replace_triggered_by.",
                    ));
                }
                ("count", _) => {
                    problem = Some((
                        "Invalid count reference in replace_triggered_by expression",
                        "Only count.index may be used in replace_triggered_by.",
                    ));
                }
                _ => match refactoring::resource_reference(found) {
                    Some(found) if found.mode != ResourceMode::Ephemeral => resources += 1,
                    _ => {
                        problem = Some((
                            "Invalid reference in replace_triggered_by expression",
                            "Only resources, count.index, and each.key may be used in replace_triggered_by.",
                        ));
                    }
                },
            }
        });
        let problem = problem.or(match resources {
            0 => Some((
                "Invalid replace_triggered_by expression",
                "Missing resource reference in replace_triggered_by expression.",
            )),
            1 => None,
            _ => Some((
                "Invalid replace_triggered_by expression",
                "Multiple resource references in replace_triggered_by expression.",
            )),
        });
        if let Some((summary, detail)) = problem {
            cx.invalid(summary, detail, span);
        }
    }
    elements
}

const CHECK: Schema =
    Schema { attributes: &[], required: &[], blocks: &[("data", &["type", "name"]), ("assert", &[])] };

fn check(cx: &mut Context<'_>, module: &mut Module, seen: &mut Seen, block: Block) {
    let name = label(&block, 0);
    let header = block.header;
    if cx.overriding {
        cx.invalid("Can't override check blocks", "Override files cannot override check blocks.", header);
        return;
    }
    check_name(cx, block.labels.first(), "Invalid check block name");
    let mut data: Option<Resource> = None;
    let mut asserts = Vec::new();
    let mut has_assert = false;
    for inner in content(cx, block.body, &CHECK, header).blocks {
        if inner.block_type == "assert" {
            has_assert = true;
            asserts.extend(check_rule(cx, inner));
        } else if let Some(first) = &data {
            let place = cx.place(first.decl_range);
            cx.invalid(
                "Multiple data resource blocks",
                format!("This check block already has a data resource defined at {place}."),
                inner.header,
            );
        } else {
            data = decode_resource(cx, inner, ResourceMode::Data, Some(header));
        }
    }
    if !has_assert {
        cx.invalid("Zero assert blocks", "Check blocks must have at least one assert block.", header);
    }
    let data_addr = data.as_ref().map(|data| data.addr.clone());
    if let Some(data) = data {
        add_resource(cx, module, data, ", including within check blocks");
    }
    if let Some(first) = seen.checks.get(&name) {
        let place = cx.place(*first);
        cx.invalid(
            format!("Duplicate check \"{name}\" configuration"),
            format!("A check block named \"{name}\" was already declared at {place}. Check blocks must be unique within each module."),
            header,
        );
        return;
    }
    seen.checks.insert(name.clone(), header);
    module.checks.push(Check { name, data: data_addr, asserts, decl_range: header });
}
