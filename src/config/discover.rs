//! Given paths to root modules: directories with Terraform files that no other module in the given trees calls.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::config::Module;
use crate::config::load::{Loader, configuration_files, normalize, quoted};
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::source::fs::{Directory, Entry, FileKind, FileSystem};

/// Bytes of one `.gitignore`; the largest collections of patterns take a tenth.
const MAX_IGNORE_BYTES: u64 = 1 << 20;

/// Bytes of one pattern of a `.gitignore`; longer ones are passed over.
const MAX_PATTERN_BYTES: usize = 4_096;

/// What was found under the given paths.
#[derive(Debug, Default)]
pub struct Discovered {
    /// The directories of the root modules, as they are shown, sorted.
    pub roots: Vec<PathBuf>,
    /// Directories that could not be read.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why there is nothing to lint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiscoverError {
    /// No path was given.
    NoPath,
    /// A path does not exist or cannot be read.
    Unreadable {
        /// The path as given.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// None of the paths holds a Terraform file.
    NoConfiguration {
        /// The paths as given.
        paths: Vec<PathBuf>,
    },
}

impl fmt::Display for DiscoverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DiscoverError::NoPath => f.write_str("no path given: name a directory with Terraform files"),
            DiscoverError::Unreadable { path, reason } => {
                write!(f, "cannot read {}: {reason}; name a directory with Terraform files", quoted(path))
            }
            DiscoverError::NoConfiguration { paths } => {
                let paths: Vec<String> = paths.iter().map(|path| quoted(path)).collect();
                write!(
                    f,
                    "no Terraform files (.tf, .tf.json, .tofu, .tofu.json) in {}; hidden folders and what .gitignore excludes are skipped unless they are named",
                    paths.join(", ")
                )
            }
        }
    }
}

impl std::error::Error for DiscoverError {}

/// Finds the root modules under the given directories and files, and loads everything that they call.
pub fn discover(loader: &Loader<'_>, paths: &[PathBuf]) -> Result<Discovered, DiscoverError> {
    if paths.is_empty() {
        return Err(DiscoverError::NoPath);
    }
    let mut found = Found::default();
    for path in paths {
        look_into(loader.fs, path, &mut found)?;
    }
    if found.candidates.is_empty() {
        if found.diagnostics.is_empty() {
            return Err(DiscoverError::NoConfiguration { paths: paths.to_vec() });
        }
        return Ok(Discovered { roots: Vec::new(), diagnostics: found.diagnostics });
    }
    found.candidates.sort_by(|a, b| a.1.cmp(&b.1));
    loader.set_entries(std::mem::take(&mut found.entries));
    loader.preload(&found.candidates);
    let roots = roots(loader, &found);
    Ok(Discovered { roots, diagnostics: found.diagnostics })
}

#[derive(Default)]
pub(super) struct Found {
    /// Directories with Terraform files: without links, and as shown.
    pub(super) candidates: Vec<(PathBuf, PathBuf)>,
    known: FxHashSet<PathBuf>,
    /// Those of them that the user has named.
    pub(super) named: FxHashSet<PathBuf>,
    /// What lies in them, by their path without links.
    pub(super) entries: Vec<(PathBuf, Vec<Entry>)>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Found {
    fn add(&mut self, canonical: PathBuf, shown: PathBuf) {
        if self.known.insert(canonical.clone()) {
            self.candidates.push((canonical, shown));
        }
    }
}

fn look_into(fs: &dyn FileSystem, path: &Path, found: &mut Found) -> Result<(), DiscoverError> {
    let unreadable = |reason: String| DiscoverError::Unreadable { path: path.to_path_buf(), reason };
    if path.as_os_str().is_empty() {
        return Err(unreadable("the path is empty".to_owned()));
    }
    let kind = fs.kind(path).map_err(|error| unreadable(error.to_string()))?;
    match kind {
        FileKind::Other => Err(unreadable("it is neither a file nor a directory".to_owned())),
        FileKind::File => {
            // A file stands for the module that it is part of.
            let dir = match path.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent,
                _ => Path::new("."),
            };
            let canonical = fs.canonicalize(dir).map_err(|error| unreadable(error.to_string()))?;
            let entries = fs.entries(dir).map_err(|error| unreadable(error.to_string()))?;
            if configuration_files(&entries).next().is_some() {
                found.named.insert(canonical.clone());
                found.add(canonical, normalize(dir));
            }
            Ok(())
        }
        FileKind::Directory => {
            let canonical = fs.canonicalize(path).map_err(|error| unreadable(error.to_string()))?;
            found.named.insert(canonical.clone());
            walk(fs, path, &canonical, found);
            Ok(())
        }
    }
}

pub(super) fn walk(fs: &dyn FileSystem, given: &Path, canonical: &Path, found: &mut Found) {
    let ignored = Ignored::above(fs, canonical);
    let walk = fs.walk(given, &|path| {
        let name = path.file_name().and_then(|name| name.to_str());
        // A name that is not UTF-8 cannot be shown, nor be the source of a module.
        if name.is_none_or(|name| name.starts_with('.')) {
            return false;
        }
        let Ok(below) = path.strip_prefix(given) else { return false };
        !ignored.is_ignored(fs, &canonical.join(below), true)
    });
    for (path, error) in walk.errors {
        found.diagnostics.push(Diagnostic {
            summary: "Failed to read directory".to_owned(),
            detail: format!("The directory {} could not be read: {error}.", quoted(&path)),
            span: None,
            kind: DiagnosticKind::Unreadable,
        });
    }
    for Directory { path, entries } in walk.directories {
        let Ok(below) = path.strip_prefix(given) else { continue };
        let dir = normalize(&canonical.join(below));
        let is_named = dir == canonical;
        if entries.binary_search_by(|entry| entry.name.as_str().cmp(".gitignore")).is_err() {
            ignored.set_without(&dir);
        }
        let has_files = configuration_files(&entries)
            .any(|entry| is_named || !ignored.is_ignored(fs, &dir.join(&entry.name), false));
        if has_files {
            found.entries.push((dir.clone(), entries));
            found.add(dir, normalize(&path));
        }
    }
}

/// The `.gitignore` files from the top of the repository down, each read when it is first needed.
struct Ignored {
    top: PathBuf,
    by_dir: Mutex<FxHashMap<PathBuf, Arc<Gitignore>>>,
    /// No patterns.
    none: Arc<Gitignore>,
}

impl Ignored {
    /// The patterns that hold within a directory without links; none when it is not under version control.
    fn above(fs: &dyn FileSystem, canonical: &Path) -> Ignored {
        let repository = canonical.ancestors().find(|dir| fs.kind(&dir.join(".git")).is_ok());
        Ignored {
            top: repository.unwrap_or(canonical).to_path_buf(),
            by_dir: Mutex::default(),
            none: Arc::new(Gitignore::empty()),
        }
    }

    /// Takes note of a directory that has no patterns.
    fn set_without(&self, dir: &Path) {
        let mut by_dir = self.by_dir.lock().unwrap_or_else(PoisonError::into_inner);
        by_dir.entry(dir.to_path_buf()).or_insert_with(|| Arc::clone(&self.none));
    }

    fn patterns(&self, fs: &dyn FileSystem, dir: &Path) -> Arc<Gitignore> {
        let mut by_dir = self.by_dir.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(patterns) = by_dir.get(dir) {
            return Arc::clone(patterns);
        }
        let patterns = Arc::new(read_patterns(fs, dir));
        by_dir.insert(dir.to_path_buf(), Arc::clone(&patterns));
        patterns
    }

    /// Whether a path is excluded; the deepest `.gitignore` that says something decides.
    fn is_ignored(&self, fs: &dyn FileSystem, path: &Path, is_dir: bool) -> bool {
        for dir in path.ancestors().skip(1) {
            if !dir.starts_with(&self.top) {
                break;
            }
            let patterns = self.patterns(fs, dir);
            match patterns.matched(path, is_dir) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
        }
        false
    }
}

fn read_patterns(fs: &dyn FileSystem, dir: &Path) -> Gitignore {
    let path = dir.join(".gitignore");
    let Ok(bytes) = fs.read(&path, MAX_IGNORE_BYTES) else { return Gitignore::empty() };
    let mut builder = GitignoreBuilder::new(dir);
    for line in String::from_utf8_lossy(&bytes).lines() {
        // No path is that long, and the pattern may nest deeper than a stack holds.
        if line.len() > MAX_PATTERN_BYTES {
            continue;
        }
        // A line that is no pattern excludes nothing, as in git.
        let _ = builder.add_line(Some(path.clone()), line);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

/// The candidates that are linted by themselves: those that nothing else calls, those that were named, and of the
/// ones that only call each other the first.
pub(super) fn roots(loader: &Loader<'_>, found: &Found) -> Vec<PathBuf> {
    // A directory that calls nothing is not parsed to find that out.
    let modules: Vec<_> = found
        .candidates
        .iter()
        .map(|(canonical, shown)| match loader.calls_nothing(canonical) {
            true => None,
            false => loader.sound_module(canonical, shown),
        })
        .collect();
    let index: FxHashMap<&Path, usize> =
        found.candidates.iter().enumerate().map(|(i, (canonical, _))| (canonical.as_path(), i)).collect();
    let calls: Vec<Vec<usize>> = modules
        .iter()
        .enumerate()
        .map(|(caller, module)| match module {
            Some(module) => called(loader, module, &index).filter(|target| *target != caller).collect(),
            None => Vec::new(),
        })
        .collect();
    let mut is_called = vec![false; modules.len()];
    for target in calls.iter().flatten() {
        is_called[*target] = true;
    }
    let uncalled = found.candidates.iter().zip(&is_called).filter(|(_, is_called)| !**is_called);
    loader.set_uncalled(uncalled.map(|((canonical, _), _)| canonical.clone()).collect());
    let mut reached = vec![false; modules.len()];
    let mut is_root = vec![false; modules.len()];
    for i in 0..modules.len() {
        is_root[i] = !is_called[i] || found.named.contains(&found.candidates[i].0);
        if is_root[i] {
            reach(i, &calls, &mut reached);
        }
    }
    for i in 0..modules.len() {
        if !reached[i] {
            is_root[i] = true;
            reach(i, &calls, &mut reached);
        }
    }
    let shown = found.candidates.iter().map(|(_, shown)| shown.clone());
    shown.zip(is_root).filter(|(_, is_root)| *is_root).map(|(shown, _)| shown).collect()
}

fn called<'m>(
    loader: &'m Loader<'_>,
    module: &'m Module,
    index: &'m FxHashMap<&Path, usize>,
) -> impl Iterator<Item = usize> + 'm {
    let sources = module.module_calls.values().filter_map(|call| call.source.as_deref());
    sources.filter_map(|source| {
        let (canonical, _) = loader.local(module, source).ok()?;
        index.get(canonical.as_path()).copied()
    })
}

fn reach(from: usize, calls: &[Vec<usize>], reached: &mut [bool]) {
    let mut pending = vec![from];
    while let Some(next) = pending.pop() {
        if !std::mem::replace(&mut reached[next], true) {
            pending.extend(&calls[next]);
        }
    }
}
