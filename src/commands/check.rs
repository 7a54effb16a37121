//! `ssmlint check`: the report of all root modules, in the formats asked for.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use miette::{IntoDiagnostic, Report as Failure, miette};

use ssmlint::lint::{self, Argument, Request, Scope, Suppressions};
use ssmlint::report::{self, Format, Options, Policy, Report, Severity};
use ssmlint::source::fs::Disk;

use crate::STACK_BYTES;
use crate::cli::{CheckArgs, Destination, Environment};
use crate::commands::baseline;
use crate::commands::output::{print, use_color, write_file};
use crate::commands::{failure, from_here, progress, settings};

pub(crate) fn run(
    arguments: &CheckArgs,
    inputs: Vec<Argument>,
    environment: &Environment,
) -> Result<u8, Failure> {
    let formats = destinations(&arguments.formats)?;
    let mut paths: Vec<PathBuf> = arguments.paths.iter().map(|path| from_here(path)).collect();
    if paths.is_empty() {
        paths.push(PathBuf::from("."));
    }
    let context = arguments.terraform.context(inputs, environment);
    let scope = if arguments.from_files { Scope::Changes } else { Scope::Trees };
    let first = paths.first().map_or(Path::new("."), PathBuf::as_path);
    let layer = arguments.rules.layer();
    let (settings, sources) = settings::load(first, &arguments.settings, layer, environment)?;
    let policy = Policy {
        fail_on: settings.fail_on.unwrap_or(Severity::Warning),
        strict: settings.unknown.is_some_and(|unknown| unknown.severity().is_some()),
        exit_zero: arguments.exit_zero,
    };
    let acceptance = &arguments.acceptance;
    let baseline =
        if acceptance.no_baseline { None } else { baseline::known(acceptance.baseline.as_deref(), &paths)? };
    let suppressions = if acceptance.no_ignores { Suppressions::Overruled } else { Suppressions::Obeyed };
    let today = Some(baseline::today());
    let request = Request {
        paths,
        scope,
        context,
        settings,
        sources,
        today,
        suppressions,
        baseline,
        ..Request::default()
    };
    let threads = rayon::ThreadPoolBuilder::new().stack_size(STACK_BYTES).build().into_diagnostic()?;
    let progress = (!arguments.quiet).then(|| progress::Line::show(&request.progress));
    let report = threads.install(|| lint::check(&request, &Disk));
    drop(progress);
    let report = match report {
        Ok(report) => report,
        Err(lint::Error::NothingToLint(_)) if arguments.allow_empty => {
            Report { rules: lint::rules(), ..Report::default() }
        }
        Err(error) => return Err(failure(&error)),
    };
    let working_dir = std::env::current_dir().ok();
    let options = Options {
        policy,
        color: use_color(arguments.color),
        quiet: arguments.quiet,
        show_suppressed: arguments.show_suppressed,
        prefix: working_dir.as_deref().map(prefix).unwrap_or_default(),
        working_dir,
    };
    let (to_files, to_output): (Vec<_>, Vec<_>) = formats.iter().partition(|to| to.file.is_some());
    for destination in to_files {
        let plain = Options { color: false, ..options.clone() };
        if let Some(file) = &destination.file {
            write_file(file, &report.render(destination.format, &plain))?;
        }
    }
    for destination in &to_output {
        print(&report.render(destination.format, &options))?;
    }
    if to_output.is_empty() && !arguments.quiet {
        let _ = writeln!(io::stderr(), "{}", report::summary::line(&report));
    }
    Ok(report.exit_code(policy))
}

/// The formats asked for; `pretty` when none is.
fn destinations(given: &[Destination]) -> Result<Vec<Destination>, Failure> {
    if given.is_empty() {
        return Ok(vec![Destination { format: Format::Pretty, file: None }]);
    }
    let to_output: Vec<Format> = given.iter().filter(|to| to.file.is_none()).map(|to| to.format).collect();
    let is_document = |format: &Format| matches!(format, Format::Json | Format::Sarif);
    if to_output.len() > 1 && to_output.iter().any(is_document) {
        return Err(miette!(
            help = "write one into a file: --format json=report.json",
            "two formats cannot share standard output when one of them is a JSON document"
        ));
    }
    Ok(given.to_vec())
}

/// The working directory as seen from the top of the repository: from `GITHUB_WORKSPACE`, or from where `.git` is.
fn prefix(working_dir: &Path) -> PathBuf {
    let workspace = std::env::var_os("GITHUB_WORKSPACE").map(PathBuf::from);
    let top = workspace
        .filter(|top| working_dir.starts_with(top))
        .or_else(|| working_dir.ancestors().find(|dir| dir.join(".git").exists()).map(Path::to_path_buf));
    top.and_then(|top| working_dir.strip_prefix(top).ok().map(Path::to_path_buf)).unwrap_or_default()
}
