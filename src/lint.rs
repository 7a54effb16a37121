//! The driver: roots, then for each its modules, inputs, evaluation, model, proof and rules; then one report.
//!
//! Reads no environment and prints nothing; what the user said arrives in a [`Request`].

mod configure;
mod detect;
mod inventory;
mod levels;
mod filter;
mod redact;
mod root;
mod worlds;
pub mod dump;
pub mod merge;
pub mod repair;
pub mod threads;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use jiff::civil::Date;
use rayon::ThreadPool;
use rayon::prelude::*;

use crate::baseline::Baseline;
use crate::bug;
use crate::config::load::{DiscoverError, Loader, affected, discover};
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::eval::scenario::Demand;
use crate::finding::{Certainty, Finding};
use crate::fix;
use crate::lint::configure::{Job, Unasked};
use crate::lint::dump::Secrets;
use crate::lint::root::{Checked, Misfit, Root, World};
use crate::report::eval::Outcome;
use crate::report::inspect::Inspection;
use crate::report::matrix::Matrix;
use crate::report::page::Page;
use crate::report::why::{Explained, Why};
use crate::report::{Failure, Report, RuleInfo, Verdicts};
use crate::rules::HANDBOOK;
use crate::settings::{self, Settings};
use crate::source::SourceMap;
use crate::source::fs::FileSystem;
use crate::syntax;
use crate::syntax::ast::Expr;

pub use crate::finding::Key;
pub use crate::lint::configure::{lay, load_settings};
pub use crate::lint::detect::detect;
pub use crate::proof::Service;

/// What the user asks to be checked.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Directories and files.
    pub paths: Vec<PathBuf>,
    /// What the paths are.
    pub scope: Scope,
    /// What Terraform would be told.
    pub context: Context,
    /// What the user decided for the project, flags included.
    pub settings: Settings,
    /// Whether to look at all combinations of switches, too.
    pub matrix: bool,
    /// Where the texts are that the settings point into, and where those of the run are added.
    pub sources: Arc<SourceMap>,
    /// Is told how far the run is; whoever shares it can look.
    pub progress: Arc<Progress>,
    /// The current day, which suppressions expire by; none if it is not known.
    pub today: Option<Date>,
    /// Whether suppressions hold.
    pub suppressions: Suppressions,
    /// The findings that were there before; none when nobody asks.
    pub baseline: Option<Baseline>,
}

/// How far a run is.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicUsize,
    all: AtomicUsize,
}

impl Progress {
    /// The root modules that are checked, and how many there are; 0 before they are known.
    pub fn roots(&self) -> (usize, usize) {
        (self.done.load(Ordering::Relaxed), self.all.load(Ordering::Relaxed))
    }
}

/// Whether suppressions hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Suppressions {
    /// What is accepted is not found.
    #[default]
    Obeyed,
    /// As if there were none.
    Overruled,
}

/// What the paths of a request are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Trees: every root module in them is checked.
    #[default]
    Trees,
    /// Changed files: the root modules around them that include one are checked.
    Changes,
}

/// What Terraform would be told on its command line and by the environment.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// `--var` and `--var-file` in the order given; a later one wins.
    pub arguments: Vec<Argument>,
    /// The values of `TF_VAR_*`, by the variable's name.
    pub environment: BTreeMap<String, String>,
    /// The workspace, whatever a scenario says.
    pub workspace: Option<String>,
    /// `TF_WORKSPACE`: the workspace where nothing else says which; none for `default`.
    pub selected: Option<String>,
    /// `TF_DATA_DIR`; none for `.terraform`.
    pub data_dir: Option<PathBuf>,
    /// `--scenario` in the order given; none for what is configured.
    pub scenarios: Vec<Assumed>,
}

/// Inputs that are set on top of the configured ones to see what follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assumed {
    /// What the scenario is called in outputs.
    pub name: String,
    /// Names with values, as `--var` takes them. Empty: the scenario of that name in the settings.
    pub inputs: Vec<(String, String)>,
}

/// One input given on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// `--var name=value`.
    Var(String, String),
    /// `--var-file path`.
    VarFile(PathBuf),
}

/// Checks all root modules under the paths, in parallel: on the caller's threads when they are some of [`threads`], else
/// on as many new ones as rayon would use.
pub fn check(request: &Request, fs: &dyn FileSystem) -> Result<Report, Error> {
    let threads = threads::missing()?;
    threads::on(threads.as_ref(), || check_here(request, fs))
}

fn check_here(request: &Request, fs: &dyn FileSystem) -> Result<Report, Error> {
    let start = Instant::now();
    let sources = Arc::clone(&request.sources);
    let job = Job::new(request, Unasked::All, fs)?;
    let loader = Loader::new(fs, &sources, &request.paths, request.context.data_dir.as_deref());
    let mut found = match request.scope {
        Scope::Trees => discover(&loader, &request.paths)?,
        Scope::Changes => affected(&loader, &request.paths, &changed_settings(request, fs)),
    };
    let there = found.roots.len();
    found.roots.retain(|dir| job.counts(dir, request, fs));
    if found.roots.is_empty() && there > 0 && request.scope == Scope::Trees {
        return Err(Error::NoRoots(there));
    }
    request.progress.all.store(found.roots.len(), Ordering::Relaxed);
    let world = World { fs, sources: &sources };
    let checked: Vec<Result<Checked, Failure>> = found
        .roots
        .par_iter()
        .map(|dir| {
            let checked = guarded(dir, || root::check(&loader, world, dir, &job));
            loader.forget(dir);
            request.progress.done.fetch_add(1, Ordering::Relaxed);
            checked
        })
        .collect();

    let mut report = Report { rules: rules(), diagnostics: found.diagnostics, ..Report::default() };
    let runs = |rule: &RuleInfo| {
        let is_selected = request.settings.select.as_ref().is_none_or(|codes| codes.contains(&rule.code));
        is_selected && !request.settings.ignore.contains(&rule.code)
    };
    report.not_run = report.rules.iter().filter(|rule| !runs(rule)).map(|rule| rule.code.clone()).collect();
    let mut seen = Vec::new();
    let mut files = Vec::new();
    let mut speaking = BTreeSet::new();
    let mut modules = BTreeSet::new();
    let mut missing = BTreeSet::new();
    let mut summaries = BTreeSet::new();
    let mut misfits: Vec<(Misfit, usize)> = Vec::new();
    let mut looked: BTreeMap<Option<String>, usize> = BTreeMap::new();
    for (dir, result) in found.roots.iter().zip(checked) {
        match result {
            Ok(mut checked) => {
                for finding in &mut checked.findings {
                    finding.roots = vec![root::name(dir)];
                }
                for scenario in checked.scenarios.into_iter().map(Some).chain([None]) {
                    *looked.entry(scenario).or_default() += 1;
                }
                for misfit in checked.misfits {
                    match misfits.iter_mut().find(|(known, _)| *known == misfit) {
                        Some((_, count)) => *count += 1,
                        None => misfits.push((misfit, 1)),
                    }
                }
                report.counts.targets += checked.targets;
                report.matrices.extend(checked.matrix.map(|matrix| with_sources(matrix, &sources)));
                let verdicts = checked.verdicts.into_iter();
                report.verdicts.extend(verdicts.map(|(scenario, proofs)| Verdicts {
                    root: root::name(dir),
                    scenario,
                    proofs,
                }));
                files.extend(checked.files);
                speaking.extend(checked.speaking);
                modules.extend(checked.modules);
                missing.extend(checked.missing);
                summaries.extend(checked.summaries);
                seen.push(filter::Seen {
                    dir: dir.clone(),
                    findings: checked.findings,
                    places: checked.places,
                });
                report.gaps.extend(checked.gaps);
                report.diagnostics.extend(checked.diagnostics);
            }
            Err(failure) => report.failures.push(failure),
        }
    }
    let fits_nowhere = |((of, _), count): &(Misfit, usize)| looked.get(of) == Some(count);
    report.diagnostics.extend(misfits.into_iter().filter(fits_nowhere).map(|((_, misfit), _)| misfit));
    if request.scope == Scope::Trees && job.is_whole(request, fs) {
        report.diagnostics.extend(unused_assumptions(&request.settings, &report));
    }
    report.counts.roots = found.roots.len();
    report.counts.roots_left_out = there - found.roots.len();
    files.sort_unstable();
    files.dedup();
    report.counts.files = files.len();
    report.counts.modules = modules.len();
    report.counts.modules_missing = missing.len();
    report.counts.summaries = summaries.len();
    let view = filter::View {
        speaking: &speaking,
        is_complete: !report.is_incomplete(),
        holds_settings: request.scope == Scope::Trees && job.is_whole(request, fs),
    };
    let filtered = filter::apply(request, world, seen, view);
    (report.findings, report.undecided) =
        filtered.open.into_iter().partition(|finding| finding.certainty == Certainty::Certain);
    report.suppressed = filtered.suppressed;
    report.recognised = filtered.recognised;
    fix::lay_out(&mut report.findings, &sources, &repair::editable(request, fs));
    if request.settings.unknown == Some(settings::Undecided::Ignore) {
        report.hidden = report.undecided.len();
        report.undecided.clear();
    }
    merge::sort_gaps(&mut report.gaps, &sources);
    merge::sort_diagnostics(&mut report.diagnostics, &sources);
    report.sources = sources;
    report.duration = start.elapsed();
    Ok(report)
}

/// The directories in which every root module may be affected by a change, since settings or what they name changed.
fn changed_settings(request: &Request, fs: &dyn FileSystem) -> Vec<PathBuf> {
    let here = |dir: &Path| if dir.as_os_str().is_empty() { PathBuf::from(".") } else { dir.to_path_buf() };
    let is_settings = |path: &&PathBuf| path.file_name().is_some_and(|name| name == settings::FILE_NAME);
    let mut dirs: Vec<PathBuf> =
        request.paths.iter().filter(is_settings).filter_map(|path| path.parent().map(here)).collect();
    let named = request.settings.scenarios.iter().flat_map(|scenario| &scenario.var_files);
    let named: BTreeSet<PathBuf> = named.filter_map(|file| fs.canonicalize(file).ok()).collect();
    let changes = |path: &PathBuf| fs.canonicalize(path).is_ok_and(|path| named.contains(&path));
    if request.paths.iter().any(changes) {
        dirs.push(here(request.settings.dir()));
    }
    dirs
}

/// The assumptions on which no proof rests.
fn unused_assumptions(settings: &Settings, report: &Report) -> Vec<Diagnostic> {
    let proofs = || report.verdicts.iter().flat_map(|verdicts| &verdicts.proofs);
    let unused = settings
        .assumptions
        .iter()
        .filter(|assumption| !proofs().any(|proof| proof.rests_on.contains(&assumption.key)));
    unused
        .map(|assumption| Diagnostic {
            summary: "Unused assumption".to_owned(),
            detail: format!("No verdict rests on what is assumed of {}.", assumption.key),
            span: Some(assumption.span),
            kind: DiagnosticKind::Note,
        })
        .collect()
}

fn with_sources(matrix: Matrix, sources: &Arc<SourceMap>) -> Matrix {
    Matrix { sources: Arc::clone(sources), ..matrix }
}

/// Runs the check of one root so that a bug of ours costs that root only.
fn guarded<T>(dir: &Path, check: impl FnOnce() -> T) -> Result<T, Failure> {
    // What the closure shares with other roots is only ever added to.
    bug::caught(check)
        .map_err(|bug| Failure { root: root::name(dir), message: format!("{bug}. {}", bug::PLEASE_REPORT) })
}

/// All rules, by code; those about directives come last.
pub fn rules() -> Vec<RuleInfo> {
    root::rules()
}

/// The page of a rule, by its code or name, or of the handbook, by its name.
pub fn page(name: &str) -> Option<Page> {
    let rules = rules();
    let rule = rules.iter().find(|rule| rule.code.eq_ignore_ascii_case(name) || rule.name == name);
    let handbook = || {
        let (file, text) = HANDBOOK.iter().find(|(file, _)| *file == name)?;
        Some(Page { about: None, file: (*file).to_owned(), text: (*text).to_owned() })
    };
    rule.map(Page::of).or_else(handbook)
}

/// The code or name that is most like a wrong one, when one is like it.
pub fn page_like(name: &str) -> Option<String> {
    let rules = rules();
    let names = rules.iter().flat_map(|rule| [rule.code.as_str(), rule.name.as_str()]);
    let names = names.chain(HANDBOOK.iter().map(|(file, _)| *file));
    let likeness = |other: &str| strsim::jaro_winkler(&name.to_lowercase(), &other.to_lowercase());
    let likely = names.map(|other| (likeness(other), other)).filter(|(likeness, _)| *likeness > 0.8);
    likely.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, other)| other.to_owned())
}

/// One root module, to look into.
pub struct Session<'a> {
    root: Root,
    sources: Arc<SourceMap>,
    fs: &'a dyn FileSystem,
    threads: Option<ThreadPool>,
}

impl<'a> Session<'a> {
    /// Loads the root module in a directory, or the only one below it.
    pub fn open(path: &Path, context: &Context, fs: &'a dyn FileSystem) -> Result<Session<'a>, Error> {
        let context = context.clone();
        Session::of(path, &Request { context, ..Request::default() }, fs)
    }

    /// As [`Session::open`] with the settings of a request, whose paths do not matter. Of the scenarios only those that
    /// are asked for are looked at.
    pub fn of(path: &Path, request: &Request, fs: &'a dyn FileSystem) -> Result<Session<'a>, Error> {
        Session::on_threads_of(path, request, fs, |loader| {
            let dir = Session::only_root(path, loader, fs)?;
            Session::load(loader, &dir, request, fs)
        })
    }

    /// As [`Session::of`]; a directory without Terraform files, also below it, is an empty root module, as it is for
    /// `terraform console`.
    pub fn anywhere(path: &Path, request: &Request, fs: &'a dyn FileSystem) -> Result<Session<'a>, Error> {
        Session::on_threads_of(path, request, fs, |loader| {
            let dir = match Session::only_root(path, loader, fs) {
                Err(Error::NothingToLint(_)) => path.to_path_buf(),
                found => found?,
            };
            Session::load(loader, &dir, request, fs)
        })
    }

    fn on_threads_of(
        path: &Path,
        request: &Request,
        fs: &'a dyn FileSystem,
        load: impl FnOnce(&Loader<'_>) -> Result<Root, Error> + Send,
    ) -> Result<Session<'a>, Error> {
        let threads = threads::missing()?;
        let root = threads::on(threads.as_ref(), || {
            let paths = [path.to_path_buf()];
            load(&Loader::new(fs, &request.sources, &paths, request.context.data_dir.as_deref()))
        })?;
        Ok(Session { root, sources: Arc::clone(&request.sources), fs, threads })
    }

    fn load(loader: &Loader<'_>, dir: &Path, request: &Request, fs: &dyn FileSystem) -> Result<Root, Error> {
        let job = Job::new(request, Unasked::Configured, fs)?;
        Ok(Root::load(loader, dir, &job, &job.scenarios(dir, fs)))
    }

    fn only_root(path: &Path, loader: &Loader<'_>, fs: &dyn FileSystem) -> Result<PathBuf, Error> {
        let paths = [path.to_path_buf()];
        let roots = discover(loader, &paths)?.roots;
        // The directory itself is meant when it is one; what lies below it are other projects.
        let own = fs.canonicalize(path).ok();
        let is_own = |root: &&PathBuf| own.is_some() && fs.canonicalize(root).ok() == own;
        match (roots.iter().find(is_own), roots.as_slice()) {
            (Some(dir), _) | (None, [dir]) => Ok(dir.clone()),
            (None, []) => Err(Error::NothingToLint(paths.to_vec())),
            (None, roots) => {
                let roots = roots.iter().map(|root| root::name(root)).collect();
                Err(Error::SeveralRoots(path.to_path_buf(), roots))
            }
        }
    }

    /// Everything in it, evaluated.
    pub fn inspect(&self, secrets: Secrets) -> Inspection {
        self.on_threads(|| self.inspect_here(secrets))
    }

    fn inspect_here(&self, secrets: Secrets) -> Inspection {
        let evaluation = self.root.evaluate(self.world(), Demand::All);
        let mut inspection = dump::inspection(&evaluation, secrets);
        inspection.root = root::name(&self.root.config.dir);
        inspection.gaps = root::gaps(&evaluation);
        inspection.summaries = root::summarized(&self.root.config.root);
        inspection.errors = self.root.diagnostics(&evaluation);
        merge::sort_gaps(&mut inspection.gaps, &self.sources);
        merge::sort_diagnostics(&mut inspection.errors, &self.sources);
        inspection.sources = Arc::clone(&self.sources);
        inspection
    }

    /// Evaluates expressions in its scope, each for itself.
    pub fn evaluate(&self, expressions: &[String], secrets: Secrets) -> Vec<Outcome> {
        self.on_threads(|| self.evaluate_here(expressions, secrets))
    }

    fn evaluate_here(&self, expressions: &[String], secrets: Secrets) -> Vec<Outcome> {
        let parsed: Vec<Result<Expr, Vec<Diagnostic>>> = expressions
            .iter()
            .map(|text| {
                let file = self.sources.add(Path::new("<expression>"), text.clone());
                syntax::parse_expression(&file)
            })
            .collect();
        let valid: Vec<Expr> = parsed.iter().flatten().cloned().collect();
        let mut values = self.root.evaluate_expressions(self.world(), &valid).into_iter();
        parsed
            .into_iter()
            .map(|parsed| match parsed {
                Err(diagnostics) => dump::refused(&diagnostics),
                Ok(_) => values.next().map_or_else(
                    || dump::refused(&[]),
                    |(value, diagnostics)| dump::outcome(&value, &diagnostics, secrets),
                ),
            })
            .collect()
    }

    /// The proofs of its targets, or of the one of that address.
    pub fn why(&self, address: Option<&str>) -> Result<Why, Error> {
        let (split, worlds) = self.on_threads(|| worlds::explain(&self.root, self.world()));
        let mut addresses: Vec<String> = split.proofs.iter().map(|proof| proof.target.clone()).collect();
        addresses.sort();
        let mut proofs = split.proofs;
        if let Some(address) = address {
            proofs.retain(|proof| proof.target == address);
            if proofs.is_empty() {
                return Err(Error::NoTarget(address.to_owned(), addresses));
            }
        }
        proofs.sort_by(|a, b| a.target.cmp(&b.target));
        let helps = split.findings.iter().filter(|finding| finding.certainty == Certainty::Certain);
        let helps: Vec<&Finding> = helps.collect();
        let explained = proofs.into_iter().map(|proof| {
            let help = proof.broken().and_then(|broken| {
                let rule = broken.link.rule;
                let of_rule = helps.iter().filter(|finding| finding.code == rule);
                let own = of_rule.clone().find(|finding| finding.affected.contains(&proof.target));
                own.or_else(|| helps.iter().find(|finding| finding.code == rule))?.help.clone()
            });
            let scenarios = worlds.iter().filter_map(|(name, proofs)| {
                let other = proofs.iter().find(|other| other.target == proof.target)?;
                Some((name.clone(), other.headline()))
            });
            let scenarios = scenarios.collect();
            Explained { proof, help, scenarios }
        });
        let mut diagnostics = split.diagnostics;
        diagnostics.extend(self.root.input_diagnostics());
        let mut why = Why {
            root: root::name(&self.root.config.dir),
            scenario: self.root.first().name.clone(),
            targets: explained.collect(),
            gaps: split.gaps,
            diagnostics,
            sources: Arc::clone(&self.sources),
        };
        merge::sort_gaps(&mut why.gaps, &self.sources);
        merge::sort_diagnostics(&mut why.diagnostics, &self.sources);
        Ok(why)
    }

    /// What is proven of each target for every combination of the switches that decide it.
    pub fn matrix(&self) -> Matrix {
        with_sources(self.on_threads(|| worlds::matrix(&self.root, self.world())), &self.sources)
    }

    /// Whether an input, output, value or state in it may be sensitive. Where none is, only an expression itself can
    /// have marked its result, and whoever asks has written that.
    pub fn has_secrets(&self) -> bool {
        self.root.has_secrets(&self.sources)
    }

    /// Whether a file of it could not be read or parsed.
    pub fn is_unreadable(&self) -> bool {
        self.root.is_unreadable()
    }

    fn on_threads<T: Send>(&self, run: impl FnOnce() -> T + Send) -> T {
        threads::on(self.threads.as_ref(), run)
    }

    fn world(&self) -> World<'_> {
        World { fs: self.fs, sources: &self.sources }
    }
}

/// Why there is nothing to report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// There are no Terraform files under these paths.
    NothingToLint(Vec<PathBuf>),
    /// One root module is wanted, and there are several under that path: their directories.
    SeveralRoots(PathBuf, Vec<String>),
    /// The settings count none of so many directories as a root module.
    NoRoots(usize),
    /// There is no scenario of this name in the settings: the name, and those that there are.
    NoScenario(String, Vec<String>),
    /// There is no target of this address: the address, and those that there are.
    NoTarget(String, Vec<String>),
    /// A path named on the command line cannot be read: the path and the reason.
    Unreadable(PathBuf, String),
    /// The system gives no threads: its reason.
    NoThreads(String),
    /// A mistake of ssmlint's own that stops the run: what it is.
    Internal(String),
}

impl From<DiscoverError> for Error {
    fn from(error: DiscoverError) -> Error {
        match error {
            DiscoverError::NoPath => Error::NothingToLint(Vec::new()),
            DiscoverError::Unreadable { path, reason } => Error::Unreadable(path, reason),
            DiscoverError::NoConfiguration { paths } => Error::NothingToLint(paths),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NothingToLint(paths) => {
                let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
                write!(f, "no Terraform files in {}", paths.join(", "))
            }
            Error::SeveralRoots(path, roots) => {
                write!(f, "{} holds {} root modules", path.display(), roots.len())
            }
            Error::NoRoots(1) => f.write_str("the settings leave out the only root module"),
            Error::NoRoots(count) => write!(f, "the settings leave out all {count} root modules"),
            Error::NoScenario(name, _) => write!(f, "there is no scenario {name} in the settings"),
            Error::NoTarget(address, _) => write!(f, "there is no target {address}"),
            Error::Unreadable(path, reason) => write!(f, "cannot read {}: {reason}", path.display()),
            Error::NoThreads(reason) => write!(f, "cannot start threads: {reason}"),
            Error::Internal(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Error {}

impl Error {
    /// What the user can do about it.
    pub fn help(&self) -> String {
        match self {
            Error::NothingToLint(_) => {
                "ssmlint reads .tf, .tf.json, .tofu and .tofu.json files; hidden directories and what .gitignore \
                 names are skipped. With --allow-empty this is no error"
                    .to_owned()
            }
            Error::SeveralRoots(_, roots) => format!("name one of them: {}", roots.join(", ")),
            Error::NoRoots(_) => {
                "`roots` says which directories count; `ssmlint config show` prints it".to_owned()
            }
            Error::NoScenario(name, there) => {
                match settings::suggestion(name, there.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean {near}?"),
                    None if there.is_empty() => {
                        "give inputs, as in enable_nat=false, or write a scenario block into .ssmlint.hcl".to_owned()
                    }
                    None => format!("there are {}", there.join(", ")),
                }
            }
            Error::NoTarget(address, there) => near(address, there),
            Error::Unreadable(..) => "name a directory with .tf files, or the files themselves".to_owned(),
            Error::NoThreads(_) => "RAYON_NUM_THREADS=1 asks for one thread only".to_owned(),
            Error::Internal(_) => "this is a bug in ssmlint; please report it. No file was changed".to_owned(),
        }
    }
}

/// Addresses named in a help; more are counted.
const NEAR: usize = 8;

/// The addresses that are most like a wrong one.
fn near(address: &str, there: &[String]) -> String {
    if there.is_empty() {
        return "there is no instance, group or fleet in this root module".to_owned();
    }
    let parts: Vec<&str> =
        address.split(['.', '[', ']', '"', '\'']).filter(|part| !part.is_empty()).collect();
    let likeness = |other: &String| {
        let shared = parts.iter().filter(|part| other.contains(*part)).count();
        std::cmp::Reverse((other.contains(address) || address.contains(other.as_str()), shared))
    };
    let mut sorted: Vec<&String> = there.iter().collect();
    sorted.sort_by_key(|other| likeness(other));
    let mut shown: Vec<String> = sorted.iter().take(NEAR).map(|other| format!("'{other}'")).collect();
    if sorted.len() > NEAR {
        shown.push(format!("{} more", sorted.len() - NEAR));
    }
    format!("addresses are as Terraform prints them, in quotes for the shell: {}", shown.join(", "))
}
