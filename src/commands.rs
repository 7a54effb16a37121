//! The commands: arguments to a request, what comes back to the output, an exit code.

pub(crate) mod baseline;
pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod eval;
pub(crate) mod explain;
pub(crate) mod init;
pub(crate) mod inspect;
pub(crate) mod manual;
pub(crate) mod matrix;
mod output;
mod progress;
mod settings;
pub(crate) mod why;

use std::path::{Path, PathBuf};

use miette::{Report as Failure, miette};

use ssmlint::lint::dump::Secrets;
use ssmlint::lint::{self, Context};
use ssmlint::report;

/// Commands that look into one world take one scenario.
fn one_scenario(context: Context) -> Result<Context, Failure> {
    if context.scenarios.len() > 1 {
        return Err(miette!(
            help = "run it once for each scenario; `ssmlint matrix` compares switches, `ssmlint check` takes several",
            "this command looks at one scenario"
        ));
    }
    Ok(context)
}

fn secrets(show: bool) -> Secrets {
    if show { Secrets::Show } else { Secrets::Hide }
}

fn failure(error: &lint::Error) -> Failure {
    let message = report::safe::sentence(&error.to_string());
    let help = report::safe::sentence(&error.help());
    miette!(help = help, "{message}")
}

/// An absolute path below the working directory as a relative one, since places are printed that way.
fn from_here(path: &Path) -> PathBuf {
    let here = std::env::current_dir().ok().filter(|_| path.is_absolute());
    match here.as_deref().and_then(|here| path.strip_prefix(here).ok()) {
        Some(below) if below.as_os_str().is_empty() => PathBuf::from("."),
        Some(below) => below.to_path_buf(),
        None => path.to_path_buf(),
    }
}
