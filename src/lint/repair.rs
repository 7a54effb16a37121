//! Fixing: applies fixes in memory, checks what came of them, and hands over the files that changed.
//!
//! A fix counts only if its finding is gone afterwards and nothing new is wrong. Nothing is written here.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::finding::{Edit, Finding, Safety, Severity};
use crate::fix;
use crate::lint::{Error, Request, Scope, check, threads};
use crate::report::Report;
use crate::source::fs::{Entry, FileKind, FileSystem, Walk};
use crate::source::replace::Replacement;
use crate::source::{FileId, SourceFile, SourceMap};

/// Checks of one run; a fix makes another one possible, but only so often.
const MAX_CHECKS: usize = 200;

/// Fixes one after the other of what an earlier one brings to light.
const FOLLOWING: usize = 4;

/// What fixing came to.
#[derive(Debug)]
pub struct Repair {
    /// What remains after the fixes, with the number of findings that are gone.
    pub report: Report,
    /// The files that change, by path.
    pub files: Vec<Replacement>,
}

/// Checks all root modules and applies the fixes up to a level, in memory, until there is nothing more to do.
pub fn repair(request: &Request, fs: &dyn FileSystem, up_to: Safety) -> Result<Repair, Error> {
    let threads = threads::missing()?;
    threads::on(threads.as_ref(), || repair_here(request, fs, up_to))
}

fn repair_here(request: &Request, fs: &dyn FileSystem, up_to: Safety) -> Result<Repair, Error> {
    let given = request.sources.len();
    let mut overlay = Overlay { base: fs, files: BTreeMap::new() };
    let mut report =
        check(&Request { progress: Arc::clone(&request.progress), ..again(request, given) }, &overlay)?;
    let first: Vec<Identity> = report.findings.iter().map(Identity::of).collect();
    let mut refused: BTreeSet<Identity> = BTreeSet::new();
    let mut checks = 1;
    while checks < MAX_CHECKS {
        let chosen =
            fix::choose(&report.findings, up_to, |finding| !refused.contains(&Identity::of(finding)))
                .map_err(|overlap| Error::Internal(overlap.to_string()))?;
        if chosen.is_empty() {
            break;
        }
        let attempts = if chosen.len() == 1 {
            vec![chosen]
        } else {
            let alone = chosen.iter().map(|index| vec![*index]).collect::<Vec<_>>();
            std::iter::once(chosen).chain(alone).collect()
        };
        for attempt in attempts {
            let mut candidate = overlay.with(&report, &attempt);
            let mut after = check(&again(request, given), &candidate)?;
            checks += 1;
            // What only now comes to light is fixed along, if it can be.
            for _ in 0..FOLLOWING {
                let known: BTreeSet<Identity> = report.findings.iter().map(Identity::of).collect();
                let following = fix::choose(&after.findings, up_to, |f| !known.contains(&Identity::of(f)))
                    .map_err(|overlap| Error::Internal(overlap.to_string()))?;
                if following.is_empty() {
                    break;
                }
                candidate = candidate.with(&after, &following);
                after = check(&again(request, given), &candidate)?;
                checks += 1;
            }
            if keeps_its_promise(&report, &after, &attempt) {
                overlay = candidate;
                report = after;
                break;
            }
            if let [only] = attempt.as_slice() {
                refused.insert(Identity::of(&report.findings[*only]));
            }
            if checks >= MAX_CHECKS {
                break;
            }
        }
    }
    for finding in &mut report.findings {
        if refused.contains(&Identity::of(finding)) {
            finding.fix = None;
        }
    }
    if request.matrix {
        report.matrices = check(&Request { matrix: true, ..again(request, given) }, &overlay)?.matrices;
    }
    let left: BTreeSet<Identity> = report.findings.iter().map(Identity::of).collect();
    report.fixed = first.iter().filter(|identity| !left.contains(identity)).count();
    Ok(Repair { report, files: overlay.files.into_values().collect() })
}

/// The request once more, with a map of its own that holds what the settings point into: the texts of each check are
/// dropped with its report.
fn again(request: &Request, given: usize) -> Request {
    let sources = SourceMap::new();
    for index in 0..given {
        let file = request.sources.file(FileId(index as u32));
        sources.add(&file.path, file.text.clone());
    }
    Request { matrix: false, sources: Arc::new(sources), progress: Arc::default(), ..request.clone() }
}

/// Whether the findings are gone, and nothing is wrong that was not before; infos do not count as wrong.
fn keeps_its_promise(before: &Report, after: &Report, applied: &[usize]) -> bool {
    let known: BTreeSet<Identity> = before.findings.iter().map(Identity::of).collect();
    let promised: BTreeSet<Identity> =
        applied.iter().map(|index| Identity::of(&before.findings[*index])).collect();
    let remains = after.findings.iter().chain(&after.undecided).any(|f| promised.contains(&Identity::of(f)));
    // Advice that only makes sense for what works comes with it.
    let is_bad = |finding: &&Finding| finding.severity > Severity::Info;
    let is_new = after.findings.iter().filter(is_bad).any(|finding| !known.contains(&Identity::of(finding)));
    let text = |found: &Diagnostic| (found.kind, found.summary.clone(), found.detail.clone());
    let told: BTreeSet<_> = before.diagnostics.iter().map(text).collect();
    let is_refused = after.diagnostics.iter().any(|found| !told.contains(&text(found)));
    !remains && !is_new && !is_refused && after.failures.len() <= before.failures.len()
}

/// What a finding is about, wherever its lines are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Identity {
    code: &'static str,
    cause: String,
    subject: String,
    roots: Vec<String>,
}

impl Identity {
    fn of(finding: &Finding) -> Identity {
        Identity {
            code: finding.code,
            cause: finding.cause.clone(),
            subject: finding.subject.clone(),
            roots: finding.roots.clone(),
        }
    }
}

/// Which files fixes may touch: those in the trees that the user has given, without what `terraform init` installs.
pub(super) fn editable<'a>(
    request: &'a Request,
    fs: &'a dyn FileSystem,
) -> impl Fn(&SourceFile) -> bool + Sync + 'a {
    let trees = trees(request, fs);
    let data_dir = request.context.data_dir.as_ref().and_then(|dir| fs.canonicalize(dir).ok());
    move |file: &SourceFile| {
        let is_file = fs.kind(&file.path).is_ok_and(|kind| kind == FileKind::File);
        let parent = fs.canonicalize(directory(&file.path)).ok().filter(|_| is_file);
        parent.is_some_and(|parent| {
            let is_installed = parent.components().any(|part| part.as_os_str() == ".terraform")
                || data_dir.as_ref().is_some_and(|dir| parent.starts_with(dir));
            !is_installed && trees.iter().any(|tree| parent.starts_with(tree))
        })
    }
}

/// The directories that the user has given, and those around the files.
fn trees(request: &Request, fs: &dyn FileSystem) -> Vec<PathBuf> {
    let tree = |path: &PathBuf| {
        let is_dir =
            request.scope == Scope::Trees && fs.kind(path).is_ok_and(|kind| kind == FileKind::Directory);
        fs.canonicalize(if is_dir { path } else { directory(path) }).ok()
    };
    request.paths.iter().filter_map(tree).collect()
}

fn directory(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

/// The user's files with some of them changed in memory.
struct Overlay<'a> {
    base: &'a dyn FileSystem,
    /// By path without links.
    files: BTreeMap<PathBuf, Replacement>,
}

impl<'a> Overlay<'a> {
    /// The same with the fixes of some findings applied.
    fn with(&self, report: &Report, findings: &[usize]) -> Overlay<'a> {
        let mut by_file: BTreeMap<PathBuf, Vec<&Edit>> = BTreeMap::new();
        let mut files = self.files.clone();
        for index in findings {
            for edit in report.findings[*index].fix.iter().flat_map(|fix| &fix.edits) {
                let path = report.sources.file(edit.span.file).path.clone();
                by_file.entry(path).or_default().push(edit);
            }
        }
        for (path, edits) in by_file {
            let Some(edit) = edits.first() else { continue };
            let file = report.sources.file(edit.span.file);
            let after = fix::apply(&file.text, &edits);
            let key = self.base.canonicalize(&path).unwrap_or_else(|_| path.clone());
            let before = || file.text.clone();
            let entry = files.entry(key).or_insert_with(|| Replacement {
                path: path.clone(),
                before: before(),
                after: String::new(),
            });
            entry.after = after;
        }
        Overlay { base: self.base, files }
    }
}

impl FileSystem for Overlay<'_> {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        if !self.files.is_empty()
            && let Some(file) = self.base.canonicalize(path).ok().and_then(|path| self.files.get(&path))
        {
            return Ok(file.after.clone().into_bytes());
        }
        self.base.read(path, limit)
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<(String, FileKind)>> {
        self.base.read_dir(path)
    }

    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        self.base.kind(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.base.canonicalize(path)
    }

    fn entries(&self, path: &Path) -> io::Result<Vec<Entry>> {
        self.base.entries(path)
    }

    fn walk(&self, root: &Path, enter: &(dyn Fn(&Path) -> bool + Sync)) -> Walk {
        self.base.walk(root, enter)
    }
}
