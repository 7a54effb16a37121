//! `ssmlint baseline`: the list of findings that were there before.

use std::path::{Path, PathBuf};

use miette::{IntoDiagnostic, Report as Failure, WrapErr, miette};

use ssmlint::baseline::{self, Baseline, Comparison, FILE_NAME, MAX_BYTES};
use ssmlint::lint::{self, Argument, Key, Request};
use ssmlint::report::place::path_text;
use ssmlint::report::summary::plural;
use ssmlint::report::{Recognised, safe};
use ssmlint::settings::find;
use ssmlint::settings::layer::Layer;
use ssmlint::source::fs::{Disk, FileSystem};

use crate::cli::{BaselineArgs, BaselineCommand, Environment};
use crate::commands::output::{print, write_file};
use crate::commands::{failure, from_here, settings};

pub(crate) fn run(
    command: &BaselineCommand,
    inputs: Vec<Argument>,
    environment: &Environment,
) -> Result<u8, Failure> {
    match command {
        BaselineCommand::Create(arguments) => create(arguments, inputs, environment),
        BaselineCommand::Update(arguments) => update(arguments, inputs, environment),
        BaselineCommand::Prune { arguments, check } => {
            let run = Run::of(arguments, inputs, environment)?.existing()?;
            if *check { run.check() } else { run.prune() }
        }
        BaselineCommand::Show(arguments) => Run::of(arguments, inputs, environment)?.existing()?.show(),
    }
}

/// The current day.
pub(super) fn today() -> jiff::civil::Date {
    // In UTC, so that a project has one day everywhere; the machine's zone would be read from many files.
    jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date()
}

/// The baseline that is named, or the one that lies nearby; none when there is none.
pub(super) fn known(named: Option<&Path>, paths: &[PathBuf]) -> Result<Option<Baseline>, Failure> {
    match named {
        Some(file) => read(&from_here(file)).map(Some),
        None => nearest(paths).map(|file| read(&file)).transpose(),
    }
}

fn nearest(paths: &[PathBuf]) -> Option<PathBuf> {
    find::nearest(&Disk, paths.first()?, FILE_NAME)
}

fn read(file: &Path) -> Result<Baseline, Failure> {
    let shown = safe::line(&path_text(file)).into_owned();
    let bytes = Disk
        .read(file, MAX_BYTES)
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot read the baseline {shown}"))?;
    let help = "`ssmlint baseline update` writes it anew; --no-baseline does without";
    let text = String::from_utf8(bytes)
        .map_err(|_| miette!(help = help, "the baseline {shown} is not UTF-8 text"))?;
    let keys = baseline::parse(&text).map_err(|error| {
        let message = safe::sentence(&error.message);
        miette!(help = help, "{shown}:{}:{}: not a baseline: {message}", error.line, error.column)
    })?;
    Ok(Baseline { dir: dir_of(file), keys })
}

fn dir_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir.to_path_buf(),
        Some(_) | None => PathBuf::from("."),
    }
}

fn create(arguments: &BaselineArgs, inputs: Vec<Argument>, environment: &Environment) -> Result<u8, Failure> {
    let run = Run::of(arguments, inputs, environment)?;
    if run.is_there() {
        let help = "`ssmlint baseline update` replaces it, `ssmlint baseline prune` drops what is gone";
        return Err(miette!(help = help, "{} exists already", run.shown()));
    }
    run.write_found()
}

fn update(arguments: &BaselineArgs, inputs: Vec<Argument>, environment: &Environment) -> Result<u8, Failure> {
    Run::of(arguments, inputs, environment)?.write_found()
}

/// A baseline and what is to be compared with it.
struct Run {
    file: PathBuf,
    request: Request,
}

impl Run {
    fn of(
        arguments: &BaselineArgs,
        inputs: Vec<Argument>,
        environment: &Environment,
    ) -> Result<Run, Failure> {
        let mut paths: Vec<PathBuf> = arguments.paths.iter().map(|path| from_here(path)).collect();
        if paths.is_empty() {
            paths.push(PathBuf::from("."));
        }
        let file = match &arguments.baseline {
            Some(file) => from_here(file),
            None => match nearest(&paths) {
                Some(file) => file,
                None => {
                    let own = paths.first().and_then(|path| find::find(&Disk, path));
                    let beside = own.map(|own| dir_of(&own));
                    let top = || paths.first().and_then(|path| find::top(&Disk, path));
                    beside.or_else(top).unwrap_or_default().join(FILE_NAME)
                }
            },
        };
        let context = arguments.terraform.context(inputs, environment);
        let first = paths.first().map_or(Path::new("."), PathBuf::as_path);
        let (settings, sources) = settings::load(first, &arguments.settings, Layer::default(), environment)?;
        let today = Some(today());
        let request = Request { paths, context, settings, sources, today, ..Request::default() };
        Ok(Run { file, request })
    }

    fn existing(self) -> Result<Run, Failure> {
        if self.is_there() {
            return Ok(self);
        }
        let help = "`ssmlint baseline create` writes one";
        Err(miette!(help = help, "there is no baseline {}", self.shown()))
    }

    fn is_there(&self) -> bool {
        Disk.kind(&self.file).is_ok()
    }

    fn shown(&self) -> String {
        safe::line(&path_text(&self.file)).into_owned()
    }

    /// What is found, beside what was known. Nothing may be concluded from a part of the code.
    fn look(&self, keys: Vec<Key>) -> Result<Recognised, Failure> {
        let baseline = Baseline { dir: dir_of(&self.file), keys };
        let request = Request { baseline: Some(baseline), ..self.request.clone() };
        let report = lint::check(&request, &Disk).map_err(|error| failure(&error))?;
        if report.is_incomplete() {
            return Err(miette!(
                help = "`ssmlint` with the same paths says what is wrong",
                "not everything could be checked, so {} is left as it is",
                self.shown()
            ));
        }
        Ok(report.recognised.unwrap_or_default())
    }

    fn compare(&self, known: &[Key]) -> Result<(Recognised, Comparison), Failure> {
        let recognised = self.look(known.to_vec())?;
        let found: Vec<Key> = recognised.keys.iter().chain(&recognised.undecided).cloned().collect();
        let dir = dir_of(&self.file);
        let is_there = |root: &str| Disk.kind(&dir.join(root)).is_ok();
        let comparison = baseline::compare(known, &found, &recognised.roots, &is_there);
        Ok((recognised, comparison))
    }

    fn write_found(&self) -> Result<u8, Failure> {
        let known = if self.is_there() { read(&self.file)?.keys } else { Vec::new() };
        let (recognised, comparison) = self.compare(&known)?;
        let keys: Vec<Key> = recognised.keys.into_iter().chain(comparison.unseen).collect();
        write_file(&self.file, &baseline::render(&keys))?;
        print(&format!("{} in {}\n", plural(keys.len(), "finding"), self.shown()))?;
        Ok(0)
    }

    fn prune(&self) -> Result<u8, Failure> {
        let known = read(&self.file)?.keys;
        let (_, comparison) = self.compare(&known)?;
        if !comparison.gone.is_empty() {
            let keys: Vec<Key> = comparison.found.into_iter().chain(comparison.unseen).collect();
            write_file(&self.file, &baseline::render(&keys))?;
        }
        let left = known.len() - comparison.gone.len();
        let gone = comparison.gone.len();
        print(&format!("{} dropped, {left} left in {}\n", plural(gone, "finding"), self.shown()))?;
        Ok(0)
    }

    fn check(&self) -> Result<u8, Failure> {
        let known = read(&self.file)?.keys;
        let (_, comparison) = self.compare(&known)?;
        if comparison.gone.is_empty() {
            return Ok(0);
        }
        let mut text = format!(
            "{} in {} not found any more; `ssmlint baseline prune` drops what is gone\n",
            plural(comparison.gone.len(), "finding"),
            self.shown()
        );
        for key in &comparison.gone {
            text.push_str(&line(key, ""));
        }
        print(&text)?;
        Ok(1)
    }

    fn show(&self) -> Result<u8, Failure> {
        let known = read(&self.file)?.keys;
        let (_, comparison) = self.compare(&known)?;
        let states =
            [(&comparison.found, ""), (&comparison.unseen, " (not checked)"), (&comparison.gone, " (gone)")];
        let mut lines: Vec<(&Key, &str)> =
            states.iter().flat_map(|(keys, state)| keys.iter().map(|key| (key, *state))).collect();
        lines.sort();
        let mut text: String = lines.into_iter().map(|(key, state)| line(key, state)).collect();
        text.push_str(&format!("{} in {}\n", plural(known.len(), "finding"), self.shown()));
        print(&text)?;
        Ok(0)
    }
}

/// `infra/prod: SSM003 aws_vpc.main (ssmmessages)`.
fn line(key: &Key, state: &str) -> String {
    let root = safe::leading_path(&key.root);
    let cause = key.cause.split_once(": ").map_or(key.cause.as_str(), |(_, cause)| cause);
    let (rule, address, cause) = (safe::line(&key.rule), safe::line(&key.address), safe::line(cause));
    format!("{root}: {rule} {address} ({cause}){state}\n")
}
