//! Directories to modules, once each, and modules to the trees that the roots call.
//!
//! One [`Loader`] serves all roots and threads. It never opens anything outside the trees that may be read.

use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::bug::{self, Bug};
use crate::config::decode::{self, ParsedFile, is_local_source};
use crate::config::manifest::{MAX_MANIFEST_BYTES, Manifest};
use crate::config::summary;
use crate::config::{
    Child, Config, MissingModule, MissingReason, Module, ModuleCall, ModuleNode, Summary, validate,
};
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::source::fs::{Entry, FileKind, FileSystem};
use crate::source::{FileId, SourceFile, SourceMap, Span};
use crate::syntax::ast::Name;

pub use crate::config::affected::affected;
pub use crate::config::discover::{DiscoverError, Discovered, discover};

/// Bytes of one configuration or variables file. The largest files in public repositories are generated and stay
/// below half of this; a parse tree takes some twenty times the memory of its text.
pub const MAX_FILE_BYTES: u64 = 1 << 20;

/// Calls within calls. Real trees stay below ten; each level is a stack frame and a longer address.
pub const MAX_DEPTH: usize = 64;

/// Module calls in the tree of one root. Two calls per module make a million nodes of twenty directories, while real
/// trees stay below a thousand.
pub const MAX_NODES: usize = 10_000;

/// How far above a given path without version control local modules may lie: `live/prod/eu/network` reaches
/// `modules` with three steps up.
const LEVELS_ABOVE: usize = 3;

/// Below this many bytes starting threads takes longer than parsing.
const PARALLEL_BYTES: usize = 64 << 10;

/// Reads directories of Terraform files; shared by all roots.
pub struct Loader<'a> {
    pub(crate) fs: &'a dyn FileSystem,
    pub(crate) sources: &'a SourceMap,
    data_dir: PathBuf,
    trees: Vec<PathBuf>,
    modules: Mutex<FxHashMap<PathBuf, Slot>>,
    /// Directories that were read and call nothing, by their path without links: parsed when they are asked for.
    pending: Mutex<FxHashMap<PathBuf, Listed>>,
    /// Directories that no other one calls, by their path without links.
    uncalled: Mutex<FxHashSet<PathBuf>>,
    manifests: Mutex<FxHashMap<PathBuf, Arc<Installed>>>,
    /// The directories that were found, as they are shown, with their paths without links.
    found: Mutex<FxHashMap<PathBuf, PathBuf>>,
    /// The entries of directories that were listed, by their path without links.
    entries: Mutex<FxHashMap<PathBuf, Arc<[Entry]>>>,
    /// What kept directories from being read, by their path without links.
    bugs: Mutex<FxHashMap<PathBuf, Bug>>,
}

type Slot = Arc<OnceLock<Arc<Module>>>;

/// What `terraform init` has left in a root's directory.
#[derive(Debug, Default)]
struct Installed {
    manifest: Manifest,
    /// The data directory without links; modules in it may be read.
    data_dir: Option<PathBuf>,
    diagnostic: Option<Diagnostic>,
}

impl<'a> Loader<'a> {
    /// A loader for the paths that the user has given. Local modules may lie anywhere in the version-controlled tree
    /// around a path, or without version control a few levels above it, and nowhere else. `data_dir` is the value of
    /// `TF_DATA_DIR`, when it is set.
    pub fn new(
        fs: &'a dyn FileSystem,
        sources: &'a SourceMap,
        paths: &[PathBuf],
        data_dir: Option<&Path>,
    ) -> Loader<'a> {
        let data_dir = data_dir.unwrap_or(Path::new(".terraform")).to_path_buf();
        let mut trees: Vec<PathBuf> =
            paths.iter().filter_map(|path| Some(tree_around(fs, &fs.canonicalize(path).ok()?))).collect();
        if data_dir.is_absolute() {
            trees.extend(fs.canonicalize(&data_dir));
        }
        trees.sort();
        trees.dedup_by(|inner, outer| inner.starts_with(outer));
        Loader {
            fs,
            sources,
            data_dir,
            trees,
            modules: Mutex::default(),
            pending: Mutex::default(),
            uncalled: Mutex::default(),
            manifests: Mutex::default(),
            found: Mutex::default(),
            entries: Mutex::default(),
            bugs: Mutex::default(),
        }
    }

    /// Whether a path without links may be opened.
    pub(crate) fn may_read(&self, canonical: &Path) -> bool {
        self.trees.iter().any(|tree| canonical.starts_with(tree))
    }

    /// Whether a path without links may be opened by some root: it may be read, or `terraform init` has put it there.
    fn may_open(&self, canonical: &Path) -> bool {
        let is_installed = || {
            let manifests = self.manifests.lock().unwrap_or_else(PoisonError::into_inner);
            let mut data_dirs = manifests.values().filter_map(|installed| installed.data_dir.as_ref());
            data_dirs.any(|data_dir| canonical.starts_with(data_dir))
        };
        self.may_read(canonical) || is_installed()
    }

    /// The root module in a directory with everything that it calls. A directory that cannot be read gives an empty
    /// root with a diagnostic.
    pub fn load(&self, dir: &Path) -> Config {
        let shown = normalize(dir);
        let canonical = match self.canonicalize(dir) {
            Ok(canonical) => canonical,
            Err(error) => {
                let module = Module { dir: shown, incomplete: true, ..Module::default() };
                let root = Arc::new(ModuleNode { module: Arc::new(module), children: Default::default() });
                let diagnostics = vec![unreadable_dir(dir, &error)];
                return Config {
                    root,
                    dir: dir.to_path_buf(),
                    canonical_dir: dir.to_path_buf(),
                    diagnostics,
                    missing: Vec::new(),
                    files: Vec::new(),
                };
            }
        };
        let installed = self.installed(&canonical);
        let module = self.module(&canonical, &shown);
        let mut tree = Tree {
            loader: self,
            root: Arc::clone(&module),
            installed: &installed,
            nodes: 0,
            limit_reported: false,
            diagnostics: installed.diagnostic.iter().cloned().collect(),
            missing: Vec::new(),
            seen: FxHashSet::default(),
            files: Vec::new(),
        };
        let root = tree.node(module, &mut Vec::new(), &mut Vec::new());
        let mut diagnostics = tree.diagnostics;
        let (missing, mut files) = (tree.missing, tree.files);
        validate::providers(&root, &mut diagnostics);
        validate::refactorings(&root, &mut diagnostics);
        let mut reported = FxHashSet::default();
        diagnostics.retain(|diagnostic| {
            reported.insert((diagnostic.span, diagnostic.summary.clone(), diagnostic.detail.clone()))
        });
        files.sort_by_cached_key(|id| self.sources.file(*id).path.clone());
        Config { root, dir: dir.to_path_buf(), canonical_dir: canonical, diagnostics, missing, files }
    }

    /// The module in a directory, read at most once. `canonical` is without links, `shown` is for output. Where a bug
    /// of ours kept it from being read, whoever asks stops too.
    pub(crate) fn module(&self, canonical: &Path, shown: &Path) -> Arc<Module> {
        if let Some(bug) = self.bugs().get(canonical).cloned() {
            bug::again(&bug);
        }
        let slot = self.slot(canonical);
        let read = || {
            let pending = self.pending().remove(canonical);
            Arc::new(self.parse(pending.unwrap_or_else(|| self.list(canonical, shown))))
        };
        Arc::clone(slot.get_or_init(read))
    }

    /// The module in a directory; none where a bug of ours keeps it from being read.
    pub(crate) fn sound_module(&self, canonical: &Path, shown: &Path) -> Option<Arc<Module>> {
        bug::caught(|| self.module(canonical, shown)).ok()
    }

    /// Forgets the module in a directory that nothing else calls, so that its tree lives no longer than its check.
    pub(crate) fn forget(&self, dir: &Path) {
        let Ok(canonical) = self.canonicalize(dir) else { return };
        if self.uncalled.lock().unwrap_or_else(PoisonError::into_inner).contains(&canonical) {
            self.modules.lock().unwrap_or_else(PoisonError::into_inner).remove(&canonical);
            self.known_entries().remove(&canonical);
        }
    }

    /// The entries of a directory without links, sorted by name; each directory is listed once.
    pub(crate) fn entries(&self, canonical: &Path) -> std::io::Result<Arc<[Entry]>> {
        let known = self.known_entries().get(canonical).cloned();
        if let Some(entries) = known {
            return Ok(entries);
        }
        let entries: Arc<[Entry]> = self.fs.entries(canonical)?.into();
        self.known_entries().insert(canonical.to_path_buf(), Arc::clone(&entries));
        Ok(entries)
    }

    /// Takes note of the entries of directories without links.
    pub(crate) fn set_entries(&self, listed: impl IntoIterator<Item = (PathBuf, Vec<Entry>)>) {
        let listed = listed.into_iter().map(|(canonical, entries)| (canonical, entries.into()));
        self.known_entries().extend(listed);
    }

    fn known_entries(&self) -> std::sync::MutexGuard<'_, FxHashMap<PathBuf, Arc<[Entry]>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The path without links of a directory, which was not asked for twice if it was found.
    fn canonicalize(&self, dir: &Path) -> std::io::Result<PathBuf> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner).get(dir).cloned();
        found.map_or_else(|| self.fs.canonicalize(dir), Ok)
    }

    /// Whether a directory was read and calls nothing.
    pub(crate) fn calls_nothing(&self, canonical: &Path) -> bool {
        self.pending().contains_key(canonical)
    }

    /// Takes note of the directories that no other one calls.
    pub(crate) fn set_uncalled(&self, dirs: FxHashSet<PathBuf>) {
        *self.uncalled.lock().unwrap_or_else(PoisonError::into_inner) = dirs;
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, FxHashMap<PathBuf, Listed>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slot(&self, canonical: &Path) -> Slot {
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        match modules.get(canonical) {
            Some(slot) => Arc::clone(slot),
            None => Arc::clone(modules.entry(canonical.to_path_buf()).or_default()),
        }
    }

    /// Reads directories and all local and installed modules that they call, in parallel. Files get their numbers in
    /// the order of `dirs`, not of the threads.
    pub(crate) fn preload(&self, dirs: &[(PathBuf, PathBuf)]) {
        let found = dirs.iter().map(|(canonical, shown)| (shown.clone(), canonical.clone()));
        self.found.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
        let mut level: Vec<(PathBuf, PathBuf)> = dirs.to_vec();
        for (canonical, shown) in dirs {
            let installed = self.installed(canonical);
            for dir in installed.manifest.dirs() {
                let Ok(found) = self.fs.canonicalize(&canonical.join(dir)) else { continue };
                let within = installed.data_dir.as_ref().is_some_and(|data| found.starts_with(data));
                if within || self.may_read(&found) {
                    level.push((found, normalize(&shown.join(dir))));
                }
            }
        }
        let mut known = FxHashSet::default();
        while !level.is_empty() {
            level.retain(|(canonical, _)| {
                known.insert(canonical.clone()) && self.slot(canonical).get().is_none()
            });
            let mut listed: Vec<Listed> = level
                .par_iter()
                .filter_map(|(canonical, shown)| self.sound(canonical, || self.list(canonical, shown)))
                .collect();
            listed.iter_mut().for_each(|listed| self.number(listed));
            let (listed, waiting): (Vec<Listed>, Vec<Listed>) =
                listed.into_iter().partition(|listed| listed.may_call || listed.error.is_some());
            self.pending().extend(waiting.into_iter().map(|listed| (listed.canonical.clone(), listed)));
            let modules: Vec<Arc<Module>> = listed
                .into_par_iter()
                .filter_map(|listed| {
                    let canonical = listed.canonical.clone();
                    let slot = self.slot(&canonical);
                    let parse = || Arc::new(self.parse(listed));
                    self.sound(&canonical, || Arc::clone(slot.get_or_init(parse)))
                })
                .collect();
            level = modules
                .iter()
                .flat_map(|module| {
                    let calls = module.module_calls.values().filter_map(|call| call.source.as_ref());
                    let targets = calls.filter_map(|source| self.local(module, source).ok());
                    targets.filter(|(canonical, _)| self.may_open(canonical))
                })
                .collect();
        }
    }

    /// Runs a step of reading a directory, which may have a bug. It is kept for the roots that need the directory.
    fn sound<T>(&self, canonical: &Path, step: impl FnOnce() -> T) -> Option<T> {
        let keep = |bug| self.bugs().insert(canonical.to_path_buf(), bug);
        bug::caught(step).map_err(keep).ok()
    }

    fn bugs(&self) -> std::sync::MutexGuard<'_, FxHashMap<PathBuf, Bug>> {
        self.bugs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The built-in summary for a registry module that is not installed, as a module of its own for each call.
    fn summary(&self, call: &ModuleCall) -> Option<Arc<Module>> {
        let found = summary::of(call)?;
        let dir = PathBuf::from(format!("<summary of {} {}>", found.source, found.version));
        let Span { file, start, .. } = call.decl_range;
        let slot = self.slot(&dir.join(format!("{}:{start}", file.0)));
        let read = || {
            let files = found.files.iter().map(|(name, text)| (dir.join(name), Ok((*text).to_owned())));
            let listed = Listed {
                canonical: dir.clone(),
                shown: dir.clone(),
                files: files.collect(),
                numbered: Vec::new(),
                may_call: true,
                error: None,
            };
            let mut module = self.parse(listed);
            module.summary = Some(Summary {
                source: found.source.clone(),
                version: found.version.clone(),
                call: call.decl_range,
                call_block: call.span,
            });
            Arc::new(module)
        };
        Some(Arc::clone(slot.get_or_init(read)))
    }

    /// The directory that a local source leads to: without links, and as it is shown.
    pub(crate) fn local(&self, caller: &Module, source: &str) -> Result<(PathBuf, PathBuf), MissingReason> {
        if !is_local_source(source) {
            return Err(MissingReason::NotInstalled);
        }
        let source = source.replace('\\', "/");
        let target = normalize(&caller.canonical_dir.join(&source));
        let canonical = match self.fs.canonicalize(&target) {
            // What lies outside is refused whether it exists or not.
            _ if !self.may_read(&target) && !self.may_read(&caller.canonical_dir) => target.clone(),
            Ok(canonical) => canonical,
            Err(_) if self.may_read(&target) => return Err(MissingReason::NotFound),
            Err(_) => return Err(MissingReason::Outside),
        };
        let shown = normalize(&caller.dir.join(&source));
        Ok((canonical, shown))
    }

    fn installed(&self, root: &Path) -> Arc<Installed> {
        let mut manifests = self.manifests.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(installed) = manifests.get(root) {
            return Arc::clone(installed);
        }
        let installed = Arc::new(self.read_installed(root));
        manifests.insert(root.to_path_buf(), Arc::clone(&installed));
        installed
    }

    fn read_installed(&self, root: &Path) -> Installed {
        let data_dir = root.join(&self.data_dir);
        let path = data_dir.join("modules").join("modules.json");
        // Absent for every root that `terraform init` never ran in.
        if self.lacks(root, &self.data_dir) {
            return Installed::default();
        }
        let Ok(canonical) = self.fs.canonicalize(&path) else { return Installed::default() };
        let data_dir = self.fs.canonicalize(&data_dir).ok();
        let within = data_dir.as_ref().is_some_and(|data_dir| canonical.starts_with(data_dir));
        if !within && !self.may_read(&canonical) {
            return Installed::default();
        }
        let problem = |reason: String| Diagnostic {
            summary: "Module manifest is not readable".to_owned(),
            detail: format!(
                "{}: {reason}. Modules that are not local count as not installed.",
                quoted(&path)
            ),
            span: None,
            kind: DiagnosticKind::NotUnderstood,
        };
        let manifest = match self.fs.read(&canonical, MAX_MANIFEST_BYTES) {
            Ok(text) => Manifest::parse(&text).map_err(|error| problem(error.to_string())),
            Err(error) => Err(problem(error.to_string())),
        };
        match manifest {
            Ok(manifest) => Installed { manifest, data_dir, diagnostic: None },
            Err(diagnostic) => {
                Installed { manifest: Manifest::default(), data_dir, diagnostic: Some(diagnostic) }
            }
        }
    }

    /// Whether a directory that was listed certainly has nothing at a path below it.
    fn lacks(&self, canonical: &Path, below: &Path) -> bool {
        let Some(Component::Normal(first)) = below.components().next() else { return false };
        let entries = self.known_entries().get(canonical).cloned();
        entries.is_some_and(|entries| {
            first.to_str().is_some_and(|first| entries.iter().all(|entry| entry.name != first))
        })
    }

    /// Lists a directory and reads its files; opens nothing that lies outside.
    fn list(&self, canonical: &Path, shown: &Path) -> Listed {
        let mut listed = Listed {
            canonical: canonical.to_path_buf(),
            shown: shown.to_path_buf(),
            files: Vec::new(),
            numbered: Vec::new(),
            may_call: false,
            error: None,
        };
        match self.entries(canonical) {
            Ok(entries) => {
                for entry in configuration_files(&entries) {
                    let text = self.read(canonical, entry, MAX_FILE_BYTES);
                    let has_word = |text: &String| memchr::memmem::find(text.as_bytes(), b"module").is_some();
                    listed.may_call |= text.as_ref().is_ok_and(has_word);
                    listed.files.push((join_shown(shown, &entry.name), text));
                }
            }
            Err(error) => listed.error = Some(unreadable_dir(shown, &error)),
        }
        listed
    }

    /// The text of a file in a directory, or why it is not to be had.
    pub(crate) fn read(&self, dir: &Path, entry: &Entry, limit: u64) -> Result<String, Unreadable> {
        let path = dir.join(&entry.name);
        if entry.kind != FileKind::File {
            return Err(Unreadable::plain("it is not a regular file, or its name is not UTF-8"));
        }
        if entry.is_link {
            let target = self.fs.canonicalize(&path).map_err(|error| Unreadable::plain(error.to_string()))?;
            let beside = target.parent() == Some(dir);
            if !beside && !self.may_read(&target) {
                return Err(Unreadable::plain(
                    "it is a link to a file outside the directories that may be read",
                ));
            }
        }
        let bytes = self.fs.read(&path, limit).map_err(|error| Unreadable::plain(error.to_string()))?;
        Unreadable::decode(bytes)
    }

    /// Gives the files of a directory their numbers.
    fn number(&self, listed: &mut Listed) {
        for (path, text) in listed.files.drain(..) {
            let (text, problem) = match text {
                Ok(text) => (text, None),
                Err(unreadable) => (unreadable.text, Some((unreadable.reason, unreadable.at))),
            };
            let source = self.sources.add(&path, text);
            let problem = problem.map(|(reason, at)| unreadable_file(&source, &reason, at));
            listed.numbered.push((source, problem));
        }
    }

    fn parse(&self, mut listed: Listed) -> Module {
        self.number(&mut listed);
        let mut module = Module { dir: listed.shown, canonical_dir: listed.canonical, ..Module::default() };
        module.incomplete = listed.error.is_some();
        module.diagnostics.extend(listed.error);
        let bytes: usize = listed.numbered.iter().map(|(source, _)| source.text.len()).sum();
        let mut readable = Vec::new();
        for (source, problem) in listed.numbered {
            module.files.push(source.id);
            match problem {
                None => readable.push(source),
                Some(problem) => {
                    module.incomplete = true;
                    module.diagnostics.push(problem);
                }
            }
        }
        let parse = |source: Arc<SourceFile>| {
            let parsed = crate::syntax::parse(&source);
            (source, parsed)
        };
        let parsed: Vec<_> = if bytes >= PARALLEL_BYTES {
            readable.into_par_iter().map(parse).collect()
        } else {
            readable.into_iter().map(parse).collect()
        };
        let mut files = Vec::new();
        for (source, parsed) in parsed {
            module.incomplete |= !parsed.complete;
            // Whatever the reason: nothing of the file is seen.
            let kind = |kind| if parsed.complete { kind } else { DiagnosticKind::Unreadable };
            let diagnostics = parsed.diagnostics.into_iter();
            module
                .diagnostics
                .extend(diagnostics.map(|found| Diagnostic { kind: kind(found.kind), ..found }));
            let is_override = is_override(&source.path);
            files.push(ParsedFile { source, file: parsed.file, is_override });
        }
        decode::decode(files, self.sources, &mut module);
        module
    }
}

impl std::fmt::Debug for Loader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loader").field("data_dir", &self.data_dir).field("trees", &self.trees).finish()
    }
}

/// Why a file could not be read, and what was seen of it.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub(crate) reason: String,
    pub(crate) text: String,
    pub(crate) at: usize,
}

impl Unreadable {
    /// The bytes as text.
    pub(crate) fn decode(bytes: Vec<u8>) -> Result<String, Unreadable> {
        String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            Unreadable { reason: format!("it is not UTF-8 text, byte {} is invalid", at + 1), text, at }
        })
    }

    fn plain(reason: impl Into<String>) -> Unreadable {
        Unreadable { reason: reason.into(), text: String::new(), at: 0 }
    }
}

/// A directory on its way to a module.
struct Listed {
    canonical: PathBuf,
    shown: PathBuf,
    files: Vec<(PathBuf, Result<String, Unreadable>)>,
    numbered: Vec<(Arc<SourceFile>, Option<Diagnostic>)>,
    /// Without the word `module` there is no call, and the tree can wait.
    may_call: bool,
    error: Option<Diagnostic>,
}

/// A file that could not be read, as a diagnostic at the byte that stopped it.
pub(crate) fn unreadable_file(source: &SourceFile, reason: &str, at: usize) -> Diagnostic {
    let at = u32::try_from(at.min(source.text.len())).unwrap_or(0);
    Diagnostic {
        summary: "Failed to read file".to_owned(),
        detail: format!("The file {} could not be read: {reason}.", quoted(&source.path)),
        span: Some(Span { file: source.id, start: at, end: at }),
        kind: DiagnosticKind::Unreadable,
    }
}

fn unreadable_dir(dir: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic {
        summary: "Failed to read module directory".to_owned(),
        detail: format!("Module directory {} does not exist or cannot be read: {error}.", quoted(dir)),
        span: None,
        kind: DiagnosticKind::Unreadable,
    }
}

/// A path within a message; names with line breaks stay on one line.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    if text.contains(char::is_control) { text.escape_debug().to_string() } else { text.into_owned() }
}

/// The entries that Terraform (or OpenTofu, whose files win over their namesakes) would load, sorted by name.
pub(crate) fn configuration_files(entries: &[Entry]) -> impl Iterator<Item = &Entry> {
    let has = |name: &str| {
        entries
            .binary_search_by(|entry| entry.name.as_str().cmp(name))
            .is_ok_and(|found| entries.get(found).is_some_and(|entry| entry.kind != FileKind::Directory))
    };
    entries.iter().filter(move |entry| {
        if entry.kind == FileKind::Directory || is_ignored(&entry.name) {
            return false;
        }
        match stem(&entry.name) {
            Some((stem, ".tf")) => !has(&format!("{stem}.tofu")),
            Some((stem, ".tf.json")) => !has(&format!("{stem}.tofu.json")),
            Some(_) => true,
            None => false,
        }
    })
}

fn stem(name: &str) -> Option<(&str, &'static str)> {
    let suffixes = [".tf", ".tf.json", ".tofu", ".tofu.json"];
    suffixes.into_iter().find_map(|suffix| Some((name.strip_suffix(suffix)?, suffix)))
}

/// Hidden files and what editors leave behind.
pub(crate) fn is_ignored(name: &str) -> bool {
    name.starts_with('.') || name.ends_with('~') || (name.starts_with('#') && name.ends_with('#'))
}

fn is_override(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    stem(name).is_some_and(|(stem, _)| stem == "override" || stem.ends_with("_override"))
}

/// A path without `.` and without `x/..`; `.` when nothing is left.
pub(crate) fn normalize(path: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => match result.components().next_back() {
                Some(Component::Normal(_)) => {
                    result.pop();
                }
                Some(Component::RootDir | Component::Prefix(_)) => {}
                Some(Component::ParentDir | Component::CurDir) | None => result.push(".."),
            },
            Component::Normal(_) | Component::RootDir | Component::Prefix(_) => result.push(part),
        }
    }
    if result.as_os_str().is_empty() { PathBuf::from(".") } else { result }
}

/// A file's path as it is shown.
pub(crate) fn join_shown(dir: &Path, name: &str) -> PathBuf {
    if dir == Path::new(".") { PathBuf::from(name) } else { dir.join(name) }
}

/// The tree around a given path that may be read: the version-controlled one, or else some levels above.
pub(crate) fn tree_around(fs: &dyn FileSystem, canonical: &Path) -> PathBuf {
    if let Some(repository) = canonical.ancestors().find(|dir| fs.kind(&dir.join(".git")).is_ok()) {
        return repository.to_path_buf();
    }
    let dir = match fs.kind(canonical) {
        Ok(FileKind::File) => canonical.parent().unwrap_or(canonical),
        _ => canonical,
    };
    // `/home` and `/tmp` belong to everybody: no tree starts there or above.
    let is_private = |dir: &&Path| dir.components().filter(|c| matches!(c, Component::Normal(_))).count() > 1;
    dir.ancestors().take(LEVELS_ABOVE + 1).take_while(is_private).last().unwrap_or(dir).to_path_buf()
}

/// The tree of calls of one root, while it is built.
struct Tree<'l, 'a> {
    loader: &'l Loader<'a>,
    root: Arc<Module>,
    installed: &'l Installed,
    nodes: usize,
    limit_reported: bool,
    diagnostics: Vec<Diagnostic>,
    missing: Vec<MissingModule>,
    seen: FxHashSet<PathBuf>,
    files: Vec<FileId>,
}

impl Tree<'_, '_> {
    fn node(
        &mut self,
        module: Arc<Module>,
        calls: &mut Vec<Name>,
        chain: &mut Vec<PathBuf>,
    ) -> Arc<ModuleNode> {
        self.nodes += 1;
        if module.summary.is_none() && self.seen.insert(module.canonical_dir.clone()) {
            self.diagnostics.extend(module.diagnostics.iter().cloned());
            self.files.extend(&module.files);
        }
        chain.push(module.canonical_dir.clone());
        let mut children = std::collections::BTreeMap::new();
        for (name, call) in &module.module_calls {
            calls.push(name.clone());
            let found = match self.find(&module, call, calls, chain) {
                Err(MissingReason::NotInstalled) if self.nodes < MAX_NODES => {
                    self.loader.summary(call).ok_or(MissingReason::NotInstalled)
                }
                found => found,
            };
            let child = match found {
                Ok(found) => {
                    validate::call(call, &found, &mut self.diagnostics);
                    Child::Module(self.node(found, calls, chain))
                }
                Err(reason) => Child::Missing(self.missing(call, calls, reason)),
            };
            calls.pop();
            children.insert(name.clone(), child);
        }
        chain.pop();
        Arc::new(ModuleNode { module, children })
    }

    fn find(
        &self,
        caller: &Module,
        call: &ModuleCall,
        calls: &[Name],
        chain: &[PathBuf],
    ) -> Result<Arc<Module>, MissingReason> {
        let source = call.source.as_deref().ok_or(MissingReason::NotLiteral)?;
        let (canonical, shown) = if is_local_source(source) {
            self.loader.local(caller, source)?
        } else {
            let key = calls.join(".");
            let record = self.installed.manifest.find(&key, source, call.version.as_deref());
            let record = record.ok_or(MissingReason::NotInstalled)?;
            let dir = self.root.canonical_dir.join(&record.dir);
            let canonical = self.loader.fs.canonicalize(&dir).map_err(|_| MissingReason::NotInstalled)?;
            (canonical, normalize(&self.root.dir.join(&record.dir)))
        };
        let in_data_dir = |data_dir: &PathBuf| canonical.starts_with(data_dir);
        if !self.loader.may_read(&canonical) && !self.installed.data_dir.as_ref().is_some_and(in_data_dir) {
            return Err(MissingReason::Outside);
        }
        if chain.contains(&canonical) {
            return Err(MissingReason::Recursive);
        }
        if calls.len() > MAX_DEPTH || self.nodes >= MAX_NODES {
            return Err(MissingReason::Limit);
        }
        if self.loader.fs.kind(&canonical).ok() != Some(FileKind::Directory) {
            return Err(MissingReason::NotFound);
        }
        let module = self.loader.module(&canonical, &shown);
        if module.files.is_empty() { Err(MissingReason::NotFound) } else { Ok(module) }
    }

    fn missing(&mut self, call: &ModuleCall, calls: &[Name], reason: MissingReason) -> MissingModule {
        let address: Vec<String> = calls.iter().map(|name| format!("module.{name}")).collect();
        let span = call.source_span.unwrap_or(call.decl_range);
        let source = call.source.as_deref().unwrap_or_default();
        let missing = MissingModule {
            address: address.join("."),
            source: source.to_owned(),
            version: call.version.as_ref().map(Name::to_string),
            reason,
            span,
        };
        let name = &missing.address;
        let problem = match reason {
            MissingReason::NotInstalled | MissingReason::NotLiteral => None,
            MissingReason::NotFound => Some((
                "Unreadable module directory",
                format!("The directory {source:?} of {name} does not exist or holds no Terraform files."),
                DiagnosticKind::Invalid,
            )),
            MissingReason::Outside => Some((
                "Module directory outside the project",
                format!(
                    "The directory {source:?} of {name} lies outside the directories that ssmlint may read."
                ),
                DiagnosticKind::NotUnderstood,
            )),
            MissingReason::Recursive => Some((
                "Module calls itself",
                format!("The directory {source:?} of {name} is one of the modules that call it."),
                DiagnosticKind::Invalid,
            )),
            MissingReason::Limit if self.limit_reported => None,
            MissingReason::Limit => {
                self.limit_reported = true;
                Some((
                    "Too many module calls",
                    format!(
                        "ssmlint reads at most {MAX_NODES} module calls below one root and at most {MAX_DEPTH} within one another; it stopped at {name}."
                    ),
                    DiagnosticKind::NotUnderstood,
                ))
            }
        };
        if let Some((summary, detail, kind)) = problem {
            self.diagnostics.push(Diagnostic { summary: summary.to_owned(), detail, span: Some(span), kind });
        }
        self.missing.push(missing.clone());
        missing
    }
}
