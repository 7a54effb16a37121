//! What the user decided for a project: the file `.ssmlint.hcl` as plain data.
//!
//! Settings stand above the stages: `lint` hands each stage what it needs of them. Flags and the environment are laid
//! over them by [`layer`].

mod constant;
pub mod find;
pub mod layer;
mod read;
pub mod show;
pub mod template;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::finding::Severity;
use crate::source::Span;
use crate::syntax::ast::Expr;

pub(crate) use crate::settings::read::glob;
pub(crate) use crate::settings::read::load;

/// The name of the file.
pub const FILE_NAME: &str = ".ssmlint.hcl";

/// All settings; the defaults where nothing is said.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The file they come from; none when there is none.
    pub file: Option<PathBuf>,
    /// The oldest version of ssmlint that may run.
    pub min_version: Option<String>,
    /// The least severity that fails the run.
    pub fail_on: Option<Severity>,
    /// What becomes of what could not be decided.
    pub unknown: Option<Undecided>,
    /// Globs of the directories that are root modules, relative to the settings; `!` takes away, and the last one that
    /// fits decides. Empty for all found.
    pub roots: Vec<String>,
    /// Whether a suppression without a reason is a finding.
    pub require_ignore_reason: Option<bool>,
    /// How bad a suppression is that nothing needs; none for a warning.
    pub report_unused_ignores: Option<Severity>,
    /// The only rules that run, by code; none for all.
    pub select: Option<Vec<String>>,
    /// Rules that do not run, by code.
    pub ignore: Vec<String>,
    /// Whether an instance needs the endpoint of ec2messages.
    pub ec2messages: Option<Ec2Messages>,
    /// Rules that are not as they come, by code.
    pub rules: BTreeMap<String, RuleSettings>,
    /// Named inputs to look at, in the order of the file.
    pub scenarios: Vec<ScenarioSettings>,
    /// Facts that another state holds.
    pub assumptions: Vec<Assumption>,
    /// What differs for some files, in the order of the file; a later one wins.
    pub overrides: Vec<Override>,
    /// Findings that are accepted.
    pub ignores: Vec<Ignore>,
    /// Where a value comes from, by its name: `fail_on`, `rule.SSM001.severity`. What is not in it is as it comes.
    pub origins: BTreeMap<String, Origin>,
}

/// Where the value of a setting comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    #[default]
    Default,
    /// A line of the settings file.
    File {
        /// The file as it is shown.
        path: PathBuf,
        /// The line, from 1.
        line: u32,
    },
    /// A variable of the environment.
    Environment(String),
    /// A flag of the command line.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File { path, line } => write!(f, "{}:{line}", path.display()),
            Origin::Environment(name) | Origin::Flag(name) => f.write_str(name),
        }
    }
}

/// A rule that settings can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleName<'a> {
    /// `SSM003`.
    pub code: &'a str,
    /// `missing-ssm-endpoint`.
    pub name: &'a str,
}

/// Something that keeps settings from being used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// What the place contributes; may be empty.
    pub label: String,
    /// What to do.
    pub help: Option<String>,
    /// Where; none for a flag, a variable of the environment, or a file that cannot be read.
    pub span: Option<Span>,
}

impl Problem {
    /// A problem at a place.
    pub fn at(span: Span, message: impl Into<String>) -> Problem {
        Problem { message: message.into(), label: String::new(), help: None, span: Some(span) }
    }

    /// A problem that stands in no file.
    pub fn of(message: impl Into<String>) -> Problem {
        Problem { message: message.into(), label: String::new(), help: None, span: None }
    }

    /// What the place contributes.
    pub fn label(mut self, label: impl Into<String>) -> Problem {
        self.label = label.into();
        self
    }

    /// What to do.
    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }
}

impl Settings {
    /// The directory that paths and globs of the settings start from.
    pub fn dir(&self) -> &Path {
        match self.file.as_deref().and_then(Path::parent) {
            Some(dir) if !dir.as_os_str().is_empty() => dir,
            Some(_) | None => Path::new("."),
        }
    }

    /// Where the value of a setting comes from.
    pub fn origin(&self, name: &str) -> Origin {
        self.origins.get(name).cloned().unwrap_or_default()
    }

    /// Whether a rule runs where no override says otherwise.
    pub fn is_selected(&self, code: &str) -> bool {
        let among = |codes: &[String]| codes.iter().any(|other| other == code);
        self.select.as_deref().is_none_or(among) && !among(&self.ignore)
    }

    /// The scenario of a name.
    pub fn scenario(&self, name: &str) -> Option<&ScenarioSettings> {
        self.scenarios.iter().find(|scenario| scenario.name == name)
    }
}

/// What was meant by a word that is not among those there are, when one of them is like it.
pub fn suggestion<'a>(word: &str, there: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody mistypes a word of that length.
    if word.len() > 64 {
        return None;
    }
    let lower = word.to_lowercase();
    let distance = |other: &str| strsim::damerau_levenshtein(&lower, &other.to_lowercase());
    let near = there.into_iter().map(|other| (distance(other), other));
    let near = near.filter(|(distance, other)| *distance <= 1 + word.len().min(other.len()) / 4);
    near.min_by_key(|(distance, _)| *distance).map(|(_, other)| other)
}

impl Undecided {
    /// All of them.
    pub const ALL: [Undecided; 4] =
        [Undecided::Ignore, Undecided::Note, Undecided::Warning, Undecided::Error];

    /// The word as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Undecided::Ignore => "ignore",
            Undecided::Note => "note",
            Undecided::Warning => "warning",
            Undecided::Error => "error",
        }
    }

    /// The severity that it counts as; none where it never fails a run.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Undecided::Ignore | Undecided::Note => None,
            Undecided::Warning => Some(Severity::Warning),
            Undecided::Error => Some(Severity::Error),
        }
    }
}

impl Ec2Messages {
    /// Both of them.
    pub const ALL: [Ec2Messages; 2] = [Ec2Messages::Required, Ec2Messages::Advisory];

    /// The word as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Ec2Messages::Required => "required",
            Ec2Messages::Advisory => "advisory",
        }
    }
}

/// What becomes of what could not be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undecided {
    /// It is only counted.
    Ignore,
    /// It is listed.
    Note,
    /// It counts as a warning.
    Warning,
    /// It counts as an error.
    Error,
}

/// Whether an instance needs the endpoint of ec2messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ec2Messages {
    /// Everywhere where the service exists.
    Required,
    /// Its absence is no error.
    Advisory,
}

/// What is said of one rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleSettings {
    /// How bad its findings are.
    pub severity: Option<Severity>,
    /// Whether its findings can be suppressed; yes if nothing is said.
    pub ignorable: Option<bool>,
    /// Further ports that SSM006 looks at.
    pub also_ports: Vec<u16>,
    /// Whether it also gives hints that no session hangs on; not if nothing is said.
    pub hints: Option<bool>,
}

/// A `scenario` block.
#[derive(Clone, Debug)]
pub struct ScenarioSettings {
    /// Its label.
    pub name: String,
    /// Globs of the root modules that it is for, relative to the settings, as in [`Settings::roots`]. Empty for all.
    pub roots: Vec<String>,
    /// Variable files as they are shown, which later ones win over.
    pub var_files: Vec<PathBuf>,
    /// The workspace.
    pub workspace: Option<String>,
    /// Inputs, which win over the files.
    pub variables: Vec<Input>,
    /// Its header.
    pub span: Span,
}

/// An input of a scenario.
#[derive(Clone, Debug)]
pub struct Input {
    /// The variable.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// Its value, a constant.
    pub value: Expr,
    /// The value as JSON has it.
    pub constant: serde_json::Value,
}

/// One line of an `assume` block.
#[derive(Clone, Debug, PartialEq)]
pub struct Assumption {
    /// What is assumed of: `default_host_management`, `module.network.ssm_endpoints`.
    pub key: String,
    /// What is assumed.
    pub value: Assumed,
    /// Where it stands.
    pub span: Span,
}

/// The value of an assumption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assumed {
    /// A truth.
    Bool(bool),
    /// One word.
    Text(String),
    /// Words.
    List(Vec<String>),
}

/// An `override` block: what differs for findings in some files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// Globs of files, relative to the settings.
    pub paths: Vec<String>,
    /// The only rules that run there; none for all.
    pub select: Option<Vec<String>>,
    /// Rules that do not run there.
    pub ignore: Vec<String>,
    /// How bad findings are there, by code.
    pub severity: BTreeMap<String, Severity>,
    /// Its header.
    pub span: Span,
}

/// An `ignore` block: findings that are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignore {
    /// The rule's code.
    pub rule: String,
    /// The address of the subject or of an affected target; none for all.
    pub address: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The last day on which it holds, `2027-03-31`.
    pub until: Option<String>,
    /// Where it stands.
    pub span: Span,
}
