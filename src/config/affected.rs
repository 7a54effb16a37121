//! Changed files to root modules: every root of the tree around them that includes one, also through local modules.
//!
//! Most of the tree is only searched for strings that could be the source of a local module; what could lead to a
//! change is then parsed, and the exact calls decide.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use rayon::prelude::*;

use crate::bug;
use crate::config::discover::{Discovered, Found, roots, walk};
use crate::config::load::{Loader, MAX_FILE_BYTES, configuration_files, normalize, tree_around};
use crate::source::fs::FileSystem;

/// The root modules that include one of the files: as part of the module, as its variables or templates, or through
/// calls of local modules; and every root in or below one of `trees`. A file that no longer exists counts for the
/// directory that it was in.
pub fn affected(loader: &Loader<'_>, files: &[PathBuf], trees: &[PathBuf]) -> Discovered {
    let here = loader.fs.canonicalize(Path::new(".")).unwrap_or_default();
    let changes: Vec<PathBuf> = files.iter().map(|file| without_links(loader.fs, file)).collect();
    let trees: Vec<PathBuf> = trees.iter().map(|dir| without_links(loader.fs, dir)).collect();
    let mut tops: Vec<PathBuf> =
        changes.iter().chain(&trees).map(|path| tree_around(loader.fs, path)).collect();
    tops.sort();
    tops.dedup_by(|inner, outer| inner.starts_with(outer));
    let mut found = Found::default();
    for top in &tops {
        walk(loader.fs, &relative(top, &here), top, &mut found);
    }
    loader.set_entries(std::mem::take(&mut found.entries));
    // The user has named files, not directories: nothing is a root that another module calls.
    found.named.clear();
    let known: BTreeSet<&Path> = found.candidates.iter().map(|(canonical, _)| canonical.as_path()).collect();
    let is_within = |dir: &&&Path| trees.iter().any(|tree| dir.starts_with(tree));
    let mut wanted: BTreeSet<PathBuf> = known.iter().filter(is_within).map(|dir| dir.to_path_buf()).collect();
    for file in &changes {
        let dir = file.parent().unwrap_or(file);
        // Variables and templates lie beside the module that reads them, or below it.
        let module = dir.ancestors().find(|dir| known.contains(dir));
        wanted.extend([dir, module.unwrap_or(dir)].map(Path::to_path_buf));
    }
    let may_include = callers(loader, &found, &wanted);
    found.candidates.retain(|(canonical, _)| may_include.contains(canonical));
    found.candidates.sort_by(|a, b| a.1.cmp(&b.1));
    loader.preload(&found.candidates);
    let roots = roots(loader, &found).into_iter().filter(|root| includes(loader, root, &wanted)).collect();
    Discovered { roots, diagnostics: found.diagnostics }
}

/// The directories from which strings that look like sources lead to one of `wanted`, and those themselves.
fn callers(loader: &Loader<'_>, found: &Found, wanted: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let sources: Vec<Option<Vec<PathBuf>>> =
        found.candidates.par_iter().map(|(canonical, _)| sound_sources(loader, canonical)).collect();
    let mut callers: BTreeMap<PathBuf, Vec<&Path>> = BTreeMap::new();
    let mut pending: Vec<PathBuf> = wanted.iter().cloned().collect();
    for ((caller, _), sources) in found.candidates.iter().zip(sources) {
        match sources {
            Some(sources) => {
                for source in sources {
                    callers.entry(source).or_default().push(caller);
                }
            }
            // It could call anything.
            None => pending.push(caller.clone()),
        }
    }
    let mut reached = BTreeSet::new();
    while let Some(dir) = pending.pop() {
        if reached.insert(dir.clone()) {
            pending.extend(callers.get(&dir).into_iter().flatten().map(|caller| caller.to_path_buf()));
        }
    }
    reached
}

/// As [`local_sources`]; none also where a bug of ours keeps a file from being read.
fn sound_sources(loader: &Loader<'_>, dir: &Path) -> Option<Vec<PathBuf>> {
    bug::caught(|| local_sources(loader, dir)).ok().flatten()
}

/// The directories without links that quoted relative paths in a directory's files lead to; none when a path is
/// written with escapes or a file cannot be read.
fn local_sources(loader: &Loader<'_>, dir: &Path) -> Option<Vec<PathBuf>> {
    let entries = loader.entries(dir).ok()?;
    let mut sources = BTreeSet::new();
    for entry in configuration_files(&entries) {
        let text = loader.read(dir, entry, MAX_FILE_BYTES).ok()?;
        if !text.contains("module") {
            continue;
        }
        for (at, _) in text.match_indices("\".") {
            let path = text[at + 1..].split(['"', '\n']).next().unwrap_or_default();
            if path.contains('\\') {
                return None;
            }
            sources.insert(path.to_owned());
        }
    }
    let target = |source: &String| {
        let target = normalize(&dir.join(source));
        loader.fs.canonicalize(&target).unwrap_or(target)
    };
    Some(sources.iter().map(target).collect())
}

/// Whether a root is one of `wanted` or calls one, at any depth.
fn includes(loader: &Loader<'_>, root: &Path, wanted: &BTreeSet<PathBuf>) -> bool {
    let Ok(canonical) = loader.fs.canonicalize(root) else { return false };
    let mut seen = BTreeSet::new();
    let mut pending = vec![(canonical, root.to_path_buf())];
    while let Some((canonical, shown)) = pending.pop() {
        if wanted.contains(&canonical) {
            return true;
        }
        if loader.calls_nothing(&canonical) || !seen.insert(canonical.clone()) {
            continue;
        }
        // What cannot be read could call anything.
        let Some(module) = loader.sound_module(&canonical, &shown) else { return true };
        let sources = module.module_calls.values().filter_map(|call| call.source.as_deref());
        pending.extend(sources.filter_map(|source| loader.local(&module, source).ok()));
    }
    false
}

/// A path without links, as far as it exists.
fn without_links(fs: &dyn FileSystem, path: &Path) -> PathBuf {
    let path = match fs.canonicalize(path) {
        Ok(canonical) => return canonical,
        Err(_) if path.is_absolute() => normalize(path),
        Err(_) => normalize(&fs.canonicalize(Path::new(".")).unwrap_or_default().join(path)),
    };
    for above in path.ancestors().skip(1) {
        if let (Ok(canonical), Ok(rest)) = (fs.canonicalize(above), path.strip_prefix(above)) {
            return canonical.join(rest);
        }
    }
    path
}

/// A path as it is written from the working directory; both without links.
fn relative(path: &Path, here: &Path) -> PathBuf {
    let shared = path.components().zip(here.components()).take_while(|(a, b)| a == b).count();
    // Nothing but the file system's root in common: the absolute path says it best.
    if shared <= 1 {
        return path.to_path_buf();
    }
    let up = here.components().skip(shared).map(|_| Component::ParentDir);
    normalize(&up.chain(path.components().skip(shared)).collect::<PathBuf>())
}
