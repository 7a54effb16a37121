//! `ssmlint check`: the report of all root modules, in the formats asked for.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use miette::{Report as Failure, miette};

use ssmlint::fix;
use ssmlint::lint::repair::{self, Repair};
use ssmlint::lint::{self, Argument, Request, Scope, Suppressions};
use ssmlint::report::{self, Format, Options, Policy, Report, Severity};
use ssmlint::source::fs::Disk;
use ssmlint::source::replace::{ReplaceError, Replacement, replace};

use crate::cli::{CheckArgs, Destination, Environment, parse_destinations};
use crate::commands::baseline;
use crate::commands::output::{append, is_terminal, print, use_color, use_hyperlinks, write_file};
use crate::commands::{failure, from_here, progress, settings};

pub(crate) fn run(
    arguments: &CheckArgs,
    inputs: Vec<Argument>,
    environment: &Environment,
) -> Result<u8, Failure> {
    let (formats, is_annotated) = destinations(&arguments.formats)?;
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
    let matrix = arguments.matrix;
    let request = Request {
        paths,
        scope,
        context,
        settings,
        sources,
        today,
        suppressions,
        baseline,
        matrix,
        ..Request::default()
    };
    let progress = (!arguments.quiet).then(|| progress::Line::show(&request.progress));
    let checked = match arguments.fixes() {
        Some(up_to) => repair::repair(&request, &Disk, up_to),
        None => lint::check(&request, &Disk).map(|report| Repair { report, files: Vec::new() }),
    };
    drop(progress);
    let Repair { mut report, files } = match checked {
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
    for matrix in &mut report.matrices {
        matrix.prices = arguments.prices.prices();
    }
    let working_dir = std::env::current_dir().ok();
    let options = Options {
        policy,
        color: use_color(arguments.color),
        hyperlinks: use_hyperlinks(arguments.hyperlinks),
        quiet: arguments.quiet,
        show_suppressed: arguments.show_suppressed,
        statistics: arguments.statistics,
        source_url: source_url(),
        prefix: working_dir.as_deref().map(prefix).unwrap_or_default(),
        working_dir,
    };
    let plain = Options { color: false, hyperlinks: false, ..options.clone() };
    for destination in &formats {
        match &destination.file {
            Some(file) => {
                let text = report.render(destination.format, &plain);
                if is_step_summary(file) { append(file, &text)? } else { write_file(file, &text)? }
            }
            None => print(&report.render(destination.format, &options))?,
        }
    }
    if is_annotated {
        // The closing line stands in the log already.
        print(&report.render(Format::Github, &Options { quiet: true, ..plain }))?;
    }
    let is_silent = formats.iter().all(|to| to.file.is_some());
    if is_silent && !arguments.quiet {
        let _ = writeln!(io::stderr(), "{}", report::summary::line(&report));
    }
    let code = report.exit_code(policy);
    // The process ends here; to give its memory back piece by piece would only take time.
    std::mem::forget(report);
    Ok(code)
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

/// The formats asked for: by arguments, else by `SSMLINT_FORMAT`, else `pretty`. And whether annotations are added,
/// which is so in GitHub Actions when nothing is asked for.
fn destinations(given: &[Destination]) -> Result<(Vec<Destination>, bool), Failure> {
    let mut asked = given.to_vec();
    let default = std::env::var("SSMLINT_FORMAT").unwrap_or_default();
    if asked.is_empty() && !default.trim().is_empty() {
        asked = parse_destinations(&default).map_err(|error| {
            miette!(
                help = "it takes what --format takes, with commas: pretty,sarif=out.sarif",
                "SSMLINT_FORMAT: {error}"
            )
        })?;
    }
    if asked.is_empty() {
        let is_annotated = std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
        if is_annotated {
            let _ = writeln!(
                io::stderr(),
                "ssmlint: annotations are added, because this is GitHub Actions; --format or SSMLINT_FORMAT choose"
            );
        }
        return Ok((vec![Destination { format: Format::Pretty, file: None }], is_annotated));
    }
    let to_output: Vec<Format> = asked.iter().filter(|to| to.file.is_none()).map(|to| to.format).collect();
    if to_output.len() > 1 && to_output.iter().any(|format| format.is_document()) {
        return Err(miette!(
            help = "write one into a file: --format json=report.json",
            "two formats cannot share standard output when one of them is a document"
        ));
    }
    Ok((asked, false))
}

/// Where the repository can be read at the revision of this run, on the forges that tell.
fn source_url() -> Option<String> {
    let get = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let github = || {
        let (server, repository) = (get("GITHUB_SERVER_URL")?, get("GITHUB_REPOSITORY")?);
        Some(format!("{server}/{repository}/blob/{}/", get("GITHUB_SHA")?))
    };
    let gitlab = || Some(format!("{}/-/blob/{}/", get("CI_PROJECT_URL")?, get("CI_COMMIT_SHA")?));
    let is_plain = |url: &String| url.bytes().all(|b| b.is_ascii_alphanumeric() || b":/.-_~%".contains(&b));
    github().or_else(gitlab).filter(is_plain)
}

/// Whether it is the file that the steps of a job in GitHub Actions add to.
fn is_step_summary(file: &Path) -> bool {
    std::env::var_os("GITHUB_STEP_SUMMARY").is_some_and(|summary| Path::new(&summary) == file)
}

/// The working directory as seen from the top of the repository: from what the CI system names, or from where `.git`
/// is.
fn prefix(working_dir: &Path) -> PathBuf {
    let named = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"].into_iter().filter_map(std::env::var_os);
    let top = named
        .map(PathBuf::from)
        .find(|top| working_dir.starts_with(top))
        .or_else(|| working_dir.ancestors().find(|dir| dir.join(".git").exists()).map(Path::to_path_buf));
    top.and_then(|top| working_dir.strip_prefix(top).ok().map(Path::to_path_buf)).unwrap_or_default()
}
