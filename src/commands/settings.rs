//! The settings of a command: found, read, and laid over by the environment and the flags; what is wrong with them.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, Report as Failure, SourceCode};

use ssmlint::lint::{self, Argument, Context, Request};
use ssmlint::report::safe;
use ssmlint::settings::layer::Layer;
use ssmlint::settings::{Problem, Settings, find};
use ssmlint::source::SourceMap;
use ssmlint::source::fs::Disk;

use crate::cli::{Environment, SettingsArgs, TerraformArgs};
use crate::commands::from_here;

/// Problems that are shown; the rest is counted.
const SHOWN: usize = 20;
/// Bytes of a line that is shown; settings that somebody wrote have shorter ones.
const LINE: usize = 1000;

/// The settings for a path, with the texts that they point into.
pub(crate) fn load(
    path: &Path,
    arguments: &SettingsArgs,
    flags: Layer,
    environment: &Environment,
) -> Result<(Settings, Arc<SourceMap>), Failure> {
    let sources = Arc::new(SourceMap::new());
    let file = match (&arguments.config, &environment.config) {
        (Some(file), _) => Some(from_here(file)),
        (None, _) if arguments.isolated => None,
        (None, Some(file)) => Some(from_here(file)),
        (None, None) => find::find(&Disk, path),
    };
    let mut settings = match &file {
        Some(file) => {
            lint::load_settings(&Disk, &sources, file).map_err(|problems| refused(problems, &sources))?
        }
        None => Settings::default(),
    };
    let mut problems = Vec::new();
    match environment.layer() {
        Ok(layer) => problems.extend(lint::lay(&mut settings, layer).err().into_iter().flatten()),
        Err((message, help)) => problems.push(Problem::of(message).help(help)),
    }
    problems.extend(lint::lay(&mut settings, flags).err().into_iter().flatten());
    if problems.is_empty() { Ok((settings, sources)) } else { Err(refused(problems, &sources)) }
}

/// What a command that looks into one root module asks for: its settings, and one scenario.
pub(crate) fn request(
    path: &Path,
    terraform: &TerraformArgs,
    arguments: &SettingsArgs,
    inputs: Vec<Argument>,
    environment: &Environment,
) -> Result<Request, Failure> {
    let context: Context = super::one_scenario(terraform.context(inputs, environment))?;
    let (settings, sources) = load(path, arguments, Layer::default(), environment)?;
    Ok(Request { context, settings, sources, ..Request::default() })
}

/// All problems as one failure.
pub(crate) fn refused(problems: Vec<Problem>, sources: &SourceMap) -> Failure {
    let count = problems.len();
    let mut shown: Vec<Shown> =
        problems.iter().take(SHOWN).map(|problem| Shown::new(problem, sources)).collect();
    if count == 1
        && let Some(only) = shown.pop()
    {
        return Failure::new(only);
    }
    let left = count.saturating_sub(SHOWN);
    let help = (left > 0).then(|| format!("{left} more are not shown"));
    Failure::new(Shown {
        message: format!("{count} things are wrong with the settings"),
        help,
        label: None,
        source: None,
        related: shown,
    })
}

/// A problem as miette prints it.
#[derive(Debug)]
struct Shown {
    message: String,
    help: Option<String>,
    label: Option<LabeledSpan>,
    source: Option<NamedSource<String>>,
    related: Vec<Shown>,
}

impl Shown {
    fn new(problem: &Problem, sources: &SourceMap) -> Shown {
        let mut shown = Shown {
            message: safe::sentence(&problem.message),
            help: problem.help.as_deref().map(safe::sentence),
            label: None,
            source: None,
            related: Vec::new(),
        };
        let Some(span) = problem.span else { return shown };
        let file = sources.file(span.file);
        let position = file.position(span.start);
        let path = safe::line(&file.path.to_string_lossy()).into_owned();
        let around = position.line.saturating_sub(1)..=position.line + 1;
        if around.into_iter().any(|line| file.line(line).len() > LINE) {
            shown.message.push_str(&format!(" ({path}:{}:{})", position.line, position.column));
            return shown;
        }
        let line_start = file.line_starts()[position.line as usize - 1] as usize;
        let line_end = line_start + file.line(position.line).len();
        let start = (span.start as usize).min(file.text.len());
        let end = (span.end as usize).min(line_end).max(start);
        let label = (!problem.label.is_empty()).then(|| safe::sentence(&problem.label));
        shown.label = Some(LabeledSpan::new(label, start, end - start));
        shown.source = Some(NamedSource::new(path, harmless(&file.text)));
        shown
    }
}

/// The text with the same offsets, without characters that a terminal obeys.
fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut buffer = [0; 4];
    for c in text.chars() {
        let one = c.encode_utf8(&mut buffer);
        if matches!(c, '\n' | '\t' | '\r') || safe::line(one).as_ref() == &*one {
            out.push(c);
        } else {
            out.extend(std::iter::repeat_n('?', c.len_utf8()));
        }
    }
    out
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown {}

impl Diagnostic for Shown {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.label
            .as_ref()
            .map(|label| Box::new(std::iter::once(label.clone())) as Box<dyn Iterator<Item = LabeledSpan>>)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        let related = self.related.iter().map(|shown| shown as &dyn Diagnostic);
        (!self.related.is_empty()).then(|| Box::new(related) as Box<dyn Iterator<Item = &dyn Diagnostic>>)
    }
}
