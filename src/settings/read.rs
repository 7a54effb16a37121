//! The file to settings: HCL's native syntax with constants, read as a whole, so that all that is wrong is said at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::GlobBuilder;

use crate::finding::Severity;
use crate::settings::constant::{Constant, ConstantKind, constant};
use crate::settings::layer::{ALL, code, level, one_of};
use crate::settings::{
    Assumed, Assumption, Ec2Messages, Ignore, Input, Origin, Override, Problem, RuleName, RuleSettings,
    ScenarioSettings, Settings, Undecided, suggestion,
};
use crate::source::fs::{FileKind, FileSystem};
use crate::source::{SourceFile, SourceMap, Span};
use crate::syntax;
use crate::syntax::ast::{Attribute, Block, Body, Expr, ExprKind};

/// Bytes of a settings file; a rule, a scenario and a reason for each of a thousand lines take a tenth.
const MAX_BYTES: u64 = 1 << 20;

/// The length beyond which a glob is none: it becomes a regular expression, and one of a hundred thousand bytes cannot be
/// made.
const MAX_GLOB_BYTES: usize = 1_000;

const ATTRIBUTES: [&str; 10] = [
    "min_version",
    "fail_on",
    "unknown",
    "roots",
    "select",
    "ignore",
    "require_ignore_reason",
    "report_unused_ignores",
    "ec2messages",
    "assume",
];
/// Blocks with the labels that they take.
const BLOCKS: [(&str, &[&str]); 5] =
    [("scenario", &["NAME"]), ("rule", &["CODE"]), ("assume", &[]), ("override", &[]), ("ignore", &[])];

/// The only rule that takes `also_ports`.
const PORTS_RULE: &str = "SSM006";
/// The rules that take `hints`.
const HINTING_RULES: &[&str] = &["SSM016", "SSM023", "SSM025"];

/// Whether something can be assumed. Errors: what is wrong, and what helps.
pub(crate) type Assumable<'a> = dyn Fn(&Assumption) -> Result<(), (String, Option<String>)> + 'a;

/// Reads a settings file; its text becomes one of the sources. Errors: everything that is wrong with it.
pub(crate) fn load(
    fs: &dyn FileSystem,
    sources: &SourceMap,
    path: &Path,
    rules: &[RuleName<'_>],
    assumable: &Assumable<'_>,
) -> Result<Settings, Vec<Problem>> {
    let unreadable = |reason: String| vec![Problem::of(format!("cannot read {}: {reason}", path.display()))];
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
        return Err(unreadable("settings are written in HCL's native syntax, not in JSON".to_owned()));
    }
    let bytes = fs.read(path, MAX_BYTES).map_err(|error| unreadable(error.to_string()))?;
    let (text, broken_at) = match String::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            (String::from_utf8_lossy(error.as_bytes()).into_owned(), Some(at))
        }
    };
    let file = sources.add(path, text);
    if let Some(at) = broken_at {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        let span = Span { file: file.id, start: at, end: at };
        return Err(vec![
            Problem::at(span, "this is no text in UTF-8").label("the first byte that does not fit"),
        ]);
    }
    let (body, problems) = parse(&file);
    let mut reader = Reader { fs, file: &file, rules, assumable, problems };
    if let Some(problem) = too_old(&body) {
        // What else a newer version understands is no error of the user.
        return Err(vec![problem]);
    }
    let settings = reader.settings(&body);
    if reader.problems.is_empty() {
        Ok(settings)
    } else {
        reader.problems.sort_by_key(|problem| problem.span.map(|span| (span.start, span.end)));
        reader.problems.dedup();
        Err(reader.problems)
    }
}

fn parse(file: &Arc<SourceFile>) -> (Body, Vec<Problem>) {
    let mut parsed = syntax::parse(file);
    if !parsed.diagnostics.is_empty()
        && let Some(text) = assume_as_object(&file.text)
    {
        let other = syntax::parse(&SourceFile::new(file.id, file.path.clone(), text));
        if other.diagnostics.is_empty() {
            parsed = other;
        }
    }
    let problems = parsed.diagnostics.into_iter().map(|diagnostic| {
        let message = match diagnostic.detail.is_empty() {
            true => diagnostic.summary,
            false => format!("{}: {}", diagnostic.summary, diagnostic.detail),
        };
        Problem { message, label: String::new(), help: None, span: diagnostic.span }
    });
    (parsed.file.body, problems.collect())
}

/// HCL takes names in quotes in objects only. An `assume` block whose names have dots is read as the object that it
/// looks like; no place moves by that.
fn assume_as_object(text: &str) -> Option<String> {
    let mut found = false;
    let lines = text.split_inclusive('\n').map(|line| match line.strip_prefix("assume {") {
        Some(rest) => {
            found = true;
            format!("assume={{{rest}")
        }
        None => line.to_owned(),
    });
    let text: String = lines.collect();
    found.then_some(text)
}

/// That a newer version is asked for.
fn too_old(body: &Body) -> Option<Problem> {
    let attribute = body.attribute("min_version")?;
    let ConstantKind::Text(wanted) = constant(&attribute.expr).ok()?.kind else { return None };
    let own = env!("CARGO_PKG_VERSION");
    (version(&wanted)? > version(own)?).then(|| {
        Problem::at(
            attribute.expr.span,
            format!("these settings need ssmlint {wanted} or later; this is {own}"),
        )
        .label("asked for here")
        .help(format!("install ssmlint {wanted}, or lower min_version"))
    })
}

/// `1.2` and `1.2.0`.
fn version(text: &str) -> Option<[u64; 3]> {
    let mut parts = [0; 3];
    let words: Vec<&str> = text.split('.').collect();
    if words.len() > parts.len() {
        return None;
    }
    for (part, word) in parts.iter_mut().zip(words) {
        let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        *part = is_number.then(|| word.parse().ok()).flatten()?;
    }
    Some(parts)
}

struct Reader<'a> {
    fs: &'a dyn FileSystem,
    file: &'a SourceFile,
    rules: &'a [RuleName<'a>],
    assumable: &'a Assumable<'a>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn settings(&mut self, body: &Body) -> Settings {
        let mut settings = Settings { file: Some(self.file.path.clone()), ..Settings::default() };
        for attribute in &body.attributes {
            let expr = &attribute.expr;
            match attribute.name.as_str() {
                "min_version" => settings.min_version = self.version(expr),
                "fail_on" => settings.fail_on = self.level(expr),
                "unknown" => settings.unknown = self.word(expr, &Undecided::ALL, Undecided::as_str, "level"),
                "roots" => settings.roots = self.globs(expr, true),
                "select" => settings.select = self.select(expr),
                "ignore" => settings.ignore = self.codes(expr),
                "require_ignore_reason" => settings.require_ignore_reason = self.boolean(expr),
                "report_unused_ignores" => settings.report_unused_ignores = self.level(expr),
                "ec2messages" => {
                    settings.ec2messages = self.word(expr, &Ec2Messages::ALL, Ec2Messages::as_str, "value");
                }
                "assume" => self.assume_object(expr, &mut settings),
                name => {
                    if let Some((_, labels)) = BLOCKS.iter().find(|(block, _)| *block == name) {
                        let labels: String = labels.iter().map(|label| format!("\"{label}\" ")).collect();
                        let problem = Problem::at(attribute.name_span, format!("{name} is a block"));
                        self.problems.push(problem.help(format!("write {name} {labels}{{ ... }}")));
                    } else {
                        self.unknown("argument", attribute.name_span, name, &ATTRIBUTES);
                    }
                    continue;
                }
            }
            self.origin(&mut settings, attribute.name.to_string(), attribute);
        }
        for block in &body.blocks {
            let Some((_, labels)) = BLOCKS.iter().find(|(name, _)| *name == block.block_type) else {
                if ATTRIBUTES.contains(&block.block_type.as_str()) {
                    let name = &block.block_type;
                    let problem = Problem::at(block.type_span, format!("{name} is an argument, not a block"));
                    self.problems.push(problem.help(format!("write {name} = ...")));
                } else {
                    let names: Vec<&str> = BLOCKS.iter().map(|(name, _)| *name).collect();
                    self.unknown("block", block.type_span, &block.block_type, &names);
                }
                continue;
            };
            if block.labels.len() != labels.len() {
                let problem = match labels {
                    [] => Problem::at(block.header, format!("{} takes no label", block.block_type)),
                    _ => Problem::at(block.header, format!("{} takes one label", block.block_type)).help(
                        format!(
                            "write {} {}{{ ... }}",
                            block.block_type,
                            labels.iter().map(|label| format!("\"{label}\" ")).collect::<String>()
                        ),
                    ),
                };
                self.problems.push(problem);
                continue;
            }
            match block.block_type.as_str() {
                "scenario" => self.scenario(block, &mut settings),
                "rule" => self.rule(block, &mut settings),
                "assume" => self.assume_block(block, &mut settings),
                "override" => self.overriding(block, &mut settings),
                _ => self.ignoring(block, &mut settings),
            }
        }
        settings
    }

    fn origin(&self, settings: &mut Settings, name: String, attribute: &Attribute) {
        settings.origins.insert(name, self.place(attribute.name_span));
    }

    fn place(&self, span: Span) -> Origin {
        Origin::File { path: self.file.path.clone(), line: self.file.position(span.start).line }
    }

    fn line(&self, span: Span) -> u32 {
        self.file.position(span.start).line
    }

    fn unknown(&mut self, noun: &str, span: Span, name: &str, there: &[&str]) {
        let name: String = name.chars().take(64).collect();
        let help = match suggestion(&name, there.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None if there.is_empty() => format!("no {noun} can stand here"),
            None => format!("there are {}", there.join(", ")),
        };
        let problem = Problem::at(span, format!("there is no {noun} {name} here"));
        self.problems.push(problem.help(help));
    }

    /// Refuses what a block does not take.
    fn only(&mut self, body: &Body, attributes: &[&str]) {
        for attribute in &body.attributes {
            if !attributes.contains(&attribute.name.as_str()) {
                self.unknown("argument", attribute.name_span, &attribute.name, attributes);
            }
        }
        for block in &body.blocks {
            let name = block.block_type.as_str();
            if attributes.contains(&name) {
                let problem = Problem::at(block.type_span, format!("{name} is an argument, not a block"));
                self.problems.push(problem.help(format!("write {name} = ...")));
            } else {
                self.unknown("block", block.type_span, name, &[]);
            }
        }
    }

    fn scenario(&mut self, block: &Block, settings: &mut Settings) {
        self.only(&block.body, &["roots", "var_files", "workspace", "variables"]);
        let Some(label) = block.labels.first() else { return };
        let name = label.text.to_string();
        if name.trim().is_empty() {
            self.problems.push(Problem::at(label.span, "a scenario without a name"));
        } else if name.contains('=') {
            let problem = Problem::at(label.span, "the name of a scenario has no `=`");
            self.problems.push(problem.help("--scenario NAME=VALUE sets an input"));
        }
        if let Some(first) = settings.scenario(&name) {
            let line = self.line(first.span);
            let problem = Problem::at(label.span, format!("a second scenario {name}"));
            self.problems.push(problem.help(format!("the first one stands in line {line}")));
            return;
        }
        let mut scenario = ScenarioSettings {
            name,
            roots: Vec::new(),
            var_files: Vec::new(),
            workspace: None,
            variables: Vec::new(),
            span: block.header,
        };
        for attribute in &block.body.attributes {
            match attribute.name.as_str() {
                "roots" => scenario.roots = self.globs(&attribute.expr, true),
                "var_files" => scenario.var_files = self.files(&attribute.expr),
                "workspace" => scenario.workspace = self.text(&attribute.expr),
                "variables" => scenario.variables = self.inputs(&attribute.expr),
                _ => continue,
            }
            self.origin(settings, format!("scenario.{}.{}", scenario.name, attribute.name), attribute);
        }
        settings.scenarios.push(scenario);
    }

    fn rule(&mut self, block: &Block, settings: &mut Settings) {
        self.only(&block.body, &["severity", "ignorable", "also_ports", "hints"]);
        let Some(label) = block.labels.first() else { return };
        let Some(code) = self.code(&label.text, label.span) else { return };
        if settings.rules.contains_key(&code) {
            self.problems.push(Problem::at(label.span, format!("a second block for rule {code}")));
            return;
        }
        let mut rule = RuleSettings::default();
        for attribute in &block.body.attributes {
            match attribute.name.as_str() {
                "severity" => rule.severity = self.level(&attribute.expr),
                "ignorable" => rule.ignorable = self.boolean(&attribute.expr),
                "hints" if HINTING_RULES.contains(&code.as_str()) => {
                    rule.hints = self.boolean(&attribute.expr);
                }
                "hints" => {
                    let problem = Problem::at(attribute.name_span, format!("{code} has no hints to give"));
                    self.problems
                        .push(problem.help(format!("these take hints: {}", HINTING_RULES.join(", "))));
                }
                "also_ports" if code == PORTS_RULE => rule.also_ports = self.ports(&attribute.expr),
                "also_ports" => {
                    let problem = Problem::at(attribute.name_span, format!("{code} looks at no ports"));
                    self.problems.push(problem.help(format!("{PORTS_RULE} takes also_ports")));
                }
                _ => continue,
            }
            self.origin(settings, format!("rule.{code}.{}", attribute.name), attribute);
        }
        settings.rules.insert(code, rule);
    }

    fn assume_block(&mut self, block: &Block, settings: &mut Settings) {
        self.only_attributes(&block.body);
        for attribute in &block.body.attributes {
            if let Some(value) = self.constant(&attribute.expr) {
                self.assumption(&attribute.name, attribute.name_span, &value, settings);
            }
        }
    }

    fn only_attributes(&mut self, body: &Body) {
        for block in &body.blocks {
            self.unknown("block", block.type_span, &block.block_type, &[]);
        }
    }

    fn assume_object(&mut self, expr: &Expr, settings: &mut Settings) {
        let Some(value) = self.constant(expr) else { return };
        let ConstantKind::Object(items) = &value.kind else {
            self.mismatch(&value, "an object");
            return;
        };
        for (key, span, value) in items {
            self.assumption(key, *span, value, settings);
        }
    }

    fn assumption(&mut self, key: &str, span: Span, value: &Constant, settings: &mut Settings) {
        if let Some(first) = settings.assumptions.iter().find(|assumption| assumption.key == key) {
            let line = self.line(first.span);
            let problem = Problem::at(span, format!("{key} is assumed twice"));
            self.problems.push(problem.help(format!("the first one stands in line {line}")));
            return;
        }
        let assumed = match &value.kind {
            ConstantKind::Bool(value) => Assumed::Bool(*value),
            ConstantKind::Text(text) => Assumed::Text(text.to_string()),
            ConstantKind::List(elements) => {
                let texts = elements.iter().map(|element| self.text_of(element).map(|text| text.to_owned()));
                let texts: Vec<Option<String>> = texts.collect();
                match texts.into_iter().collect() {
                    Some(texts) => Assumed::List(texts),
                    None => return,
                }
            }
            ConstantKind::Null | ConstantKind::Number(_) | ConstantKind::Object(_) => {
                self.mismatch(value, "true, false, a string or a list of strings");
                return;
            }
        };
        let assumption = Assumption { key: key.to_owned(), value: assumed, span };
        if let Err((message, help)) = (self.assumable)(&assumption) {
            self.problems.push(Problem { help, ..Problem::at(span, message) });
        }
        settings.origins.insert(format!("assume.{key}"), self.place(span));
        settings.assumptions.push(assumption);
    }

    fn overriding(&mut self, block: &Block, settings: &mut Settings) {
        self.only(&block.body, &["paths", "select", "ignore", "severity"]);
        let mut found = Override {
            paths: Vec::new(),
            select: None,
            ignore: Vec::new(),
            severity: BTreeMap::new(),
            span: block.header,
        };
        for attribute in &block.body.attributes {
            match attribute.name.as_str() {
                "paths" => found.paths = self.globs(&attribute.expr, false),
                "select" => found.select = self.select(&attribute.expr),
                "ignore" => found.ignore = self.codes(&attribute.expr),
                "severity" => found.severity = self.levels(&attribute.expr),
                _ => continue,
            }
            let index = settings.overrides.len();
            self.origin(settings, format!("override.{index}.{}", attribute.name), attribute);
        }
        if block.body.attribute("paths").is_none() {
            let problem = Problem::at(block.header, "an override without paths");
            self.problems.push(problem.help("name the files: paths = [\"legacy/**\"]"));
        }
        settings.overrides.push(found);
    }

    fn ignoring(&mut self, block: &Block, settings: &mut Settings) {
        self.only(&block.body, &["rule", "address", "reason", "until"]);
        let mut ignore =
            Ignore { rule: String::new(), address: None, reason: None, until: None, span: block.header };
        for attribute in &block.body.attributes {
            let expr = &attribute.expr;
            match attribute.name.as_str() {
                "rule" => {
                    let code = self.text(expr).and_then(|word| self.code(&word, expr.span));
                    ignore.rule = code.unwrap_or_default();
                }
                "address" => ignore.address = self.text(expr),
                "reason" => ignore.reason = self.text(expr),
                "until" => ignore.until = self.date(expr),
                _ => continue,
            }
            let index = settings.ignores.len();
            self.origin(settings, format!("ignore.{index}.{}", attribute.name), attribute);
        }
        if block.body.attribute("rule").is_none() {
            let problem = Problem::at(block.header, "an ignore block without a rule");
            self.problems.push(problem.help("name it: rule = \"SSM007\""));
        }
        settings.ignores.push(ignore);
    }

    fn constant(&mut self, expr: &Expr) -> Option<Constant> {
        constant(expr).map_err(|problem| self.problems.push(problem)).ok()
    }

    fn mismatch(&mut self, value: &Constant, wanted: &str) {
        let problem = Problem::at(value.span, format!("{wanted} is expected here, not {}", value.describe()));
        self.problems.push(problem);
    }

    fn text_of<'c>(&mut self, value: &'c Constant) -> Option<&'c str> {
        match &value.kind {
            ConstantKind::Text(text) => Some(text),
            ConstantKind::Null
            | ConstantKind::Bool(_)
            | ConstantKind::Number(_)
            | ConstantKind::List(_)
            | ConstantKind::Object(_) => {
                self.mismatch(value, "a string");
                None
            }
        }
    }

    fn text(&mut self, expr: &Expr) -> Option<String> {
        let value = self.constant(expr)?;
        self.text_of(&value).map(str::to_owned)
    }

    fn boolean(&mut self, expr: &Expr) -> Option<bool> {
        let value = self.constant(expr)?;
        if let ConstantKind::Bool(value) = value.kind {
            return Some(value);
        }
        self.mismatch(&value, "true or false");
        None
    }

    /// The elements of a list.
    fn list(&mut self, expr: &Expr) -> Vec<Constant> {
        let Some(value) = self.constant(expr) else { return Vec::new() };
        if let ConstantKind::List(elements) = value.kind {
            return elements;
        }
        self.mismatch(&value, "a list");
        Vec::new()
    }

    /// The elements of a list of strings, with their places.
    fn texts(&mut self, expr: &Expr) -> Vec<(String, Span)> {
        let mut texts = Vec::new();
        for element in self.list(expr) {
            if let Some(text) = self.text_of(&element) {
                texts.push((text.to_owned(), element.span));
            }
        }
        texts
    }

    fn word<T: Copy>(
        &mut self,
        expr: &Expr,
        there: &[T],
        as_str: impl Fn(T) -> &'static str,
        noun: &str,
    ) -> Option<T> {
        let word = self.text(expr)?;
        self.found(one_of(&word, there, as_str, noun), expr.span)
    }

    fn level(&mut self, expr: &Expr) -> Option<Severity> {
        let word = self.text(expr)?;
        self.found(level(&word), expr.span)
    }

    fn levels(&mut self, expr: &Expr) -> BTreeMap<String, Severity> {
        let mut levels = BTreeMap::new();
        let Some(value) = self.constant(expr) else { return levels };
        let ConstantKind::Object(items) = &value.kind else {
            self.mismatch(&value, "an object of rules and levels");
            return levels;
        };
        for (key, span, value) in items {
            let code = self.code(key, *span);
            let severity = self.text_of(value).map(level);
            let severity = severity.and_then(|severity| self.found(severity, value.span));
            if let (Some(code), Some(severity)) = (code, severity) {
                levels.insert(code, severity);
            }
        }
        levels
    }

    fn found<T>(&mut self, found: Result<T, (String, String)>, span: Span) -> Option<T> {
        found.map_err(|(message, help)| self.problems.push(Problem::at(span, message).help(help))).ok()
    }

    fn code(&mut self, word: &str, span: Span) -> Option<String> {
        let code = code(word, self.rules).map(str::to_owned);
        self.found(code, span)
    }

    fn codes(&mut self, expr: &Expr) -> Vec<String> {
        let words = self.texts(expr);
        let codes: BTreeSet<String> =
            words.iter().filter_map(|(word, span)| self.code(word, *span)).collect();
        codes.into_iter().collect()
    }

    /// The rules of a `select`; none for all.
    fn select(&mut self, expr: &Expr) -> Option<Vec<String>> {
        let words = self.texts(expr);
        if words.is_empty() {
            let problem = Problem::at(expr.span, "no rule is selected, so that nothing would be looked at");
            self.problems.push(problem.help("leave it out for all rules, or name those to run"));
            return None;
        }
        if words.iter().any(|(word, _)| word.eq_ignore_ascii_case(ALL)) {
            return None;
        }
        Some(self.codes(expr))
    }

    fn version(&mut self, expr: &Expr) -> Option<String> {
        let text = self.text(expr)?;
        if version(&text).is_none() {
            self.problems.push(Problem::at(expr.span, "this is no version").help("as in \"1.2.0\""));
            return None;
        }
        Some(text)
    }

    fn date(&mut self, expr: &Expr) -> Option<String> {
        let text = self.text(expr)?;
        if text.len() != 10 || text.parse::<jiff::civil::Date>().is_err() {
            self.problems.push(Problem::at(expr.span, "this is no date").help("as in \"2027-03-31\""));
            return None;
        }
        Some(text)
    }

    fn ports(&mut self, expr: &Expr) -> Vec<u16> {
        let mut ports = Vec::new();
        for element in self.list(expr) {
            let port = match &element.kind {
                ConstantKind::Number(number) => number.to_i64().and_then(|port| u16::try_from(port).ok()),
                ConstantKind::Null
                | ConstantKind::Bool(_)
                | ConstantKind::Text(_)
                | ConstantKind::List(_)
                | ConstantKind::Object(_) => None,
            };
            match port {
                Some(0) | None => {
                    self.problems.push(Problem::at(element.span, "a port is a number from 1 to 65535"));
                }
                Some(port) => ports.push(port),
            }
        }
        ports.sort_unstable();
        ports.dedup();
        ports
    }

    /// Globs below the settings; some may take away.
    fn globs(&mut self, expr: &Expr, negative: bool) -> Vec<String> {
        let mut globs = Vec::new();
        for (text, span) in self.texts(expr) {
            let pattern = if negative { text.strip_prefix('!').unwrap_or(&text) } else { &text };
            let is_outside = pattern.starts_with('/') || pattern.split('/').any(|part| part == "..");
            if pattern.is_empty() || is_outside {
                let problem =
                    Problem::at(span, "globs count from the directory of the settings and stay in it");
                self.problems.push(problem.help("as in \"infra/*\""));
            } else if pattern.len() > MAX_GLOB_BYTES {
                let problem = format!("a glob has {MAX_GLOB_BYTES} bytes at most");
                self.problems.push(Problem::at(span, problem));
            } else if let Err(error) = glob(pattern) {
                self.problems.push(Problem::at(span, format!("this is no glob: {error}")));
            } else {
                globs.push(text);
            }
        }
        globs
    }

    /// Files relative to the settings, which must be there.
    fn files(&mut self, expr: &Expr) -> Vec<PathBuf> {
        let dir = self.file.path.parent().unwrap_or(Path::new("")).to_path_buf();
        let mut files = Vec::new();
        for (text, span) in self.texts(expr) {
            let path = dir.join(&text);
            match self.fs.kind(&path) {
                Ok(FileKind::File) => files.push(path),
                Ok(FileKind::Directory | FileKind::Other) => {
                    self.problems.push(Problem::at(span, format!("{} is no file", path.display())));
                }
                Err(_) => {
                    let problem = Problem::at(span, format!("there is no file {}", path.display()));
                    self.problems.push(problem.help("paths count from the directory of the settings"));
                }
            }
        }
        files
    }

    fn inputs(&mut self, expr: &Expr) -> Vec<Input> {
        let Some(value) = self.constant(expr) else { return Vec::new() };
        let (ConstantKind::Object(keys), ExprKind::Object(items)) = (&value.kind, &expr.kind) else {
            self.mismatch(&value, "an object of variables and values");
            return Vec::new();
        };
        let mut inputs: Vec<Input> = Vec::new();
        for ((name, span, constant), item) in keys.iter().zip(items) {
            if inputs.iter().any(|input| input.name == name.as_str()) {
                self.problems.push(Problem::at(*span, format!("{name} is set twice")));
                continue;
            }
            inputs.push(Input {
                name: name.to_string(),
                name_span: *span,
                value: item.value.clone(),
                constant: constant.json(),
            });
        }
        inputs
    }
}

/// A glob of the settings: `*` stays within one directory, `**` does not.
pub(crate) fn glob(pattern: &str) -> Result<globset::Glob, globset::Error> {
    let pattern = pattern.trim_end_matches('/');
    GlobBuilder::new(pattern.strip_prefix("./").unwrap_or(pattern)).literal_separator(true).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert!(version("1.10") > version("1.9.9"));
        assert_eq!(version("1.2"), version("1.2.0"));
        for text in ["", "1.", "1.2.3.4", "v1.2", "1.-2", "1.2.0-beta"] {
            assert_eq!(version(text), None, "{text}");
        }
    }

    #[test]
    fn an_assume_block_with_quoted_names_keeps_its_places() {
        let text = "fail_on = \"error\"\nassume {\n  \"a.b\" = true\n}\n";
        let other = assume_as_object(text).unwrap();
        assert_eq!(other.len(), text.len());
        assert_eq!(other.find("\"a.b\""), text.find("\"a.b\""));
        assert_eq!(assume_as_object("assume = {}\n"), None);
    }
}
