//! `ssmlint check`: the report of all root modules, in the formats asked for.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use miette::{IntoDiagnostic, Report as Failure, miette};

use ssmlint::fix;
use ssmlint::lint::repair::{self, Repair};
use ssmlint::lint::{self, Argument, Request, Scope};
use ssmlint::report::{self, Format, Options, Policy, Report, Severity};
use ssmlint::source::fs::Disk;
use ssmlint::source::replace::{ReplaceError, Replacement, replace};

use crate::STACK_BYTES;
use crate::cli::{CheckArgs, Destination, Environment};
use crate::commands::output::{is_terminal, print, use_color, write_file};
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
    let request = Request { paths, scope, context, settings, sources, ..Request::default() };
    let threads = rayon::ThreadPoolBuilder::new().stack_size(STACK_BYTES).build().into_diagnostic()?;
    let progress = (!arguments.quiet).then(|| progress::Line::show(&request.progress));
    let checked = threads.install(|| match arguments.fixes() {
        Some(up_to) => repair::repair(&request, &Disk, up_to),
        None => lint::check(&request, &Disk).map(|report| Repair { report, files: Vec::new() }),
    });
    drop(progress);
    let Repair { report, files } = match checked {
        Ok(checked) => checked,
        Err(lint::Error::NothingToLint(_)) if arguments.allow_empty => {
            Repair { report: Report { rules: lint::rules(), ..Report::default() }, files: Vec::new() }
        }
        Err(error) => return Err(failure(&error)),
    };
    if arguments.diff {
        return diff(&report, &files, policy);
    }
    replace(&files, &request.paths).map_err(|error| not_written(&error))?;
    let working_dir = std::env::current_dir().ok();
    let options = Options {
        policy,
        color: use_color(arguments.color),
        quiet: arguments.quiet,
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

/// Prints what fixes would change, and how many findings that would remove.
fn diff(report: &Report, files: &[Replacement], policy: Policy) -> Result<u8, Failure> {
    let mut text = String::new();
    for file in files {
        let path = report::place::path_text(&file.path);
        text.push_str(&fix::diff(&path, &file.before, &file.after));
    }
    if is_terminal() {
        // A terminal acts on what it reads; `patch` needs the bytes.
        text = text.split_inclusive('\n').map(printable).collect();
    }
    print(&text)?;
    let would = report::summary::plural(report.fixed, "finding");
    let _ = writeln!(io::stderr(), "would fix {would} in {}", report::summary::plural(files.len(), "file"));
    let code = report.exit_code(policy);
    Ok(if code == 0 && !files.is_empty() && !policy.exit_zero { 1 } else { code })
}

/// A line of a diff without what a terminal would act on.
fn printable(line: &str) -> String {
    let text = line.trim_end_matches(['\n', '\r']);
    format!("{}\n", report::safe::line(text))
}

fn not_written(error: &ReplaceError) -> Failure {
    let message = report::safe::sentence(&error.to_string());
    let help = match error.replaced.as_slice() {
        [] => "no file was changed".to_owned(),
        files => {
            let files: Vec<String> = files.iter().map(|file| report::place::path_text(file)).collect();
            format!("these files were changed before: {}", report::safe::sentence(&files.join(", ")))
        }
    };
    miette!(help = help, "{message}")
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
