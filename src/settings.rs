//! What the user decided for a project: the file `.ssmlint.hcl` as plain data.
//!
//! Settings stand above the stages: `lint` hands each stage what it needs of them. Flags and the environment are laid
//! over them by the command line.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::finding::Severity;
use crate::source::Span;

/// All settings; the defaults where nothing is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// The file they come from; none when there is none.
    pub file: Option<PathBuf>,
    /// The least severity that fails the run.
    pub fail_on: Option<Severity>,
    /// What becomes of what could not be decided.
    pub unknown: Option<Undecided>,
    /// Globs of the directories that are root modules, relative to the settings; `!` takes away. Empty for all found.
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
}

/// A `scenario` block.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioSettings {
    /// Its label.
    pub name: String,
    /// Variable files, relative to the settings.
    pub var_files: Vec<PathBuf>,
    /// The workspace.
    pub workspace: Option<String>,
    /// Inputs, each with the text of its expression.
    pub variables: Vec<(String, String)>,
    /// Where it stands.
    pub span: Span,
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Override {
    /// Globs of files, relative to the settings.
    pub paths: Vec<String>,
    /// The only rules that run there; none for all.
    pub select: Option<Vec<String>>,
    /// Rules that do not run there.
    pub ignore: Vec<String>,
    /// How bad findings are there, by code.
    pub severity: BTreeMap<String, Severity>,
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
