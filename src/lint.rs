//! The driver: roots, then for each its modules, inputs, evaluation, model, proof and rules; then one report.
//!
//! Reads no environment and prints nothing; what the user said arrives in a [`Request`].

pub mod dump;
pub mod merge;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// What the user asks to be checked.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Directories and files.
    pub paths: Vec<PathBuf>,
    /// What Terraform would be told.
    pub context: Context,
}

/// What Terraform would be told on its command line and by the environment.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// `--var` and `--var-file` in the order given; a later one wins.
    pub arguments: Vec<Argument>,
    /// The values of `TF_VAR_*`, by the variable's name.
    pub environment: BTreeMap<String, String>,
    /// The workspace; none for `default`.
    pub workspace: Option<String>,
    /// `TF_DATA_DIR`; none for `.terraform`.
    pub data_dir: Option<PathBuf>,
}

/// One input given on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// `--var name=value`.
    Var(String, String),
    /// `--var-file path`.
    VarFile(PathBuf),
}

/// Why there is nothing to report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// Nothing is at that path.
    Missing(PathBuf),
    /// There are no Terraform files under these paths.
    NothingToLint(Vec<PathBuf>),
    /// One root module is wanted, and there are several under that path: their directories.
    SeveralRoots(PathBuf, Vec<String>),
    /// A file named on the command line cannot be read: the path and the reason.
    Unreadable(PathBuf, String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Missing(path) => write!(f, "there is nothing at {}", path.display()),
            Error::NothingToLint(paths) => {
                let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
                write!(f, "no Terraform files in {}", paths.join(", "))
            }
            Error::SeveralRoots(path, roots) => {
                write!(f, "{} holds {} root modules", path.display(), roots.len())
            }
            Error::Unreadable(path, reason) => write!(f, "cannot read {}: {reason}", path.display()),
        }
    }
}

impl std::error::Error for Error {}

impl Error {
    /// What the user can do about it.
    pub fn help(&self) -> String {
        match self {
            Error::Missing(_) => "give a directory with .tf files, or the files themselves".to_owned(),
            Error::NothingToLint(_) => {
                "ssmlint reads .tf, .tf.json, .tofu and .tofu.json files; hidden directories and what .gitignore \
                 names are skipped. With --allow-empty this is no error"
                    .to_owned()
            }
            Error::SeveralRoots(_, roots) => format!("name one of them: {}", roots.join(", ")),
            Error::Unreadable(..) => "check the path and its permissions".to_owned(),
        }
    }
}
