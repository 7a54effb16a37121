//! Replacing files: all of them or none, and only those that are still what was read.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A file that is to have another text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The path, as it is shown.
    pub path: PathBuf,
    /// What was read.
    pub before: String,
    /// What is to stand there.
    pub after: String,
}

/// Why a file was not replaced.
#[derive(Debug)]
pub struct ReplaceError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
    /// The files that were replaced before; empty unless the file system failed half way.
    pub replaced: Vec<PathBuf>,
}

impl fmt::Display for ReplaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot fix {}: {}", self.path.display(), self.reason)
    }
}

impl std::error::Error for ReplaceError {}

/// A new text beside the file that it is for.
struct Prepared {
    beside: PathBuf,
    target: PathBuf,
}

/// Replaces files on disk. Everything that can be refused is refused before the first file changes: a link that leads
/// out of the given paths, a file or directory that is read-only, a file that is not what was read any more.
pub fn replace(files: &[Replacement], given: &[PathBuf]) -> Result<(), ReplaceError> {
    let trees: Vec<PathBuf> = given.iter().filter_map(|path| tree(path)).collect();
    let refuse = |file: &Replacement, reason: String| ReplaceError {
        path: file.path.clone(),
        reason,
        replaced: Vec::new(),
    };
    let mut targets = Vec::new();
    for file in files {
        targets.push(admit(file, &trees).map_err(|reason| refuse(file, reason))?);
    }
    let mut prepared: Vec<Prepared> = Vec::new();
    let mut failed = None;
    for (file, target) in files.iter().zip(targets) {
        match prepare(file, &target) {
            Ok(beside) => prepared.push(Prepared { beside, target }),
            Err(error) => {
                failed = Some(refuse(file, error.to_string()));
                break;
            }
        }
    }
    // Once more, since writing took its time.
    let changed = files.iter().zip(&prepared).find(|(file, new)| !is_still(file, &new.target));
    let failed = failed.or_else(|| changed.map(|(file, _)| refuse(file, CHANGED.to_owned())));
    if let Some(error) = failed {
        for new in &prepared {
            let _ = std::fs::remove_file(&new.beside);
        }
        return Err(error);
    }
    let mut replaced = Vec::new();
    for (index, (file, new)) in files.iter().zip(&prepared).enumerate() {
        if let Err(error) = std::fs::rename(&new.beside, &new.target) {
            for rest in &prepared[index..] {
                let _ = std::fs::remove_file(&rest.beside);
            }
            return Err(ReplaceError { path: file.path.clone(), reason: error.to_string(), replaced });
        }
        replaced.push(file.path.clone());
    }
    Ok(())
}

const CHANGED: &str = "it changed while ssmlint was at work";

/// The directory of a given path, or around a given file, without links.
fn tree(path: &Path) -> Option<PathBuf> {
    let path = std::fs::canonicalize(path).ok()?;
    if path.is_dir() { Some(path) } else { path.parent().map(Path::to_path_buf) }
}

/// The path of a file without links, when it may be replaced.
fn admit(file: &Replacement, trees: &[PathBuf]) -> Result<PathBuf, String> {
    let target = std::fs::canonicalize(&file.path).map_err(|error| error.to_string())?;
    if !trees.iter().any(|tree| target.starts_with(tree)) {
        return Err(format!("it leads to {}, outside of the given paths", target.display()));
    }
    let metadata = std::fs::metadata(&target).map_err(|error| error.to_string())?;
    if metadata.permissions().readonly() {
        return Err("it is read-only".to_owned());
    }
    // Elsewhere the bit means something else for directories.
    if cfg!(unix)
        && let Some(dir) = target.parent()
        && std::fs::metadata(dir).is_ok_and(|metadata| metadata.permissions().readonly())
    {
        return Err("its directory is read-only".to_owned());
    }
    if is_still(file, &target) { Ok(target) } else { Err(CHANGED.to_owned()) }
}

fn is_still(file: &Replacement, target: &Path) -> bool {
    std::fs::read(target).is_ok_and(|bytes| bytes == file.before.as_bytes())
}

/// Writes the new text beside the file, with the file's permissions.
fn prepare(file: &Replacement, target: &Path) -> io::Result<PathBuf> {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.ssmlint", std::process::id()));
    let beside = target.with_file_name(name);
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&beside)
        .and_then(|mut new| {
            io::Write::write_all(&mut new, file.after.as_bytes())?;
            new.sync_all()
        })
        .and_then(|()| std::fs::set_permissions(&beside, std::fs::metadata(target)?.permissions()));
    if let Err(error) = written {
        if error.kind() != io::ErrorKind::AlreadyExists {
            let _ = std::fs::remove_file(&beside);
        }
        return Err(error);
    }
    Ok(beside)
}
