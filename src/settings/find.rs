//! Where the settings of a path are.

use std::path::{Component, Path, PathBuf};

use crate::settings::FILE_NAME;
use crate::source::fs::{FileKind, FileSystem};

/// What marks the top of a repository.
const REPOSITORIES: [&str; 3] = [".git", ".hg", ".jj"];

/// The nearest `.ssmlint.hcl` at or above a path, as it is shown: up to the top of the repository. Outside of any, up
/// to the working directory only, so that nobody else's file in a shared directory is taken.
pub fn find(fs: &dyn FileSystem, path: &Path) -> Option<PathBuf> {
    nearest(fs, path, FILE_NAME)
}

/// The nearest file of a name, as [`find`] looks for the settings.
pub fn nearest(fs: &dyn FileSystem, path: &Path, name: &str) -> Option<PathBuf> {
    let span = Ancestry::of(fs, path)?;
    let within = span.start.ancestors().take_while(|dir| dir.starts_with(&span.top));
    let file = within.map(|dir| dir.join(name)).find(|file| fs.kind(file).is_ok())?;
    Some(span.shown(&file))
}

/// The uppermost directory in which settings of a path are looked for, as it is shown.
pub fn top(fs: &dyn FileSystem, path: &Path) -> Option<PathBuf> {
    let span = Ancestry::of(fs, path)?;
    Some(span.shown(&span.top))
}

/// The directories in which files of a project are looked for.
struct Ancestry {
    start: PathBuf,
    top: PathBuf,
    here: Option<PathBuf>,
}

impl Ancestry {
    fn of(fs: &dyn FileSystem, path: &Path) -> Option<Ancestry> {
        // A changed file may be gone.
        let there =
            path.ancestors().map(|path| if path.as_os_str().is_empty() { Path::new(".") } else { path });
        let start = there.into_iter().find_map(|path| fs.canonicalize(path).ok())?;
        let start = match fs.kind(&start) {
            Ok(FileKind::File) => start.parent()?.to_path_buf(),
            Ok(FileKind::Directory) => start,
            Ok(FileKind::Other) | Err(_) => return None,
        };
        let here = fs.canonicalize(Path::new(".")).ok();
        let is_repository = |dir: &&Path| REPOSITORIES.iter().any(|name| fs.kind(&dir.join(name)).is_ok());
        let top = match start.ancestors().find(is_repository) {
            Some(top) => top,
            None => here.as_deref().filter(|here| start.starts_with(here)).unwrap_or(&start),
        };
        Some(Ancestry { top: top.to_path_buf(), start, here })
    }

    fn shown(&self, path: &Path) -> PathBuf {
        match &self.here {
            Some(here) => shown(path, here),
            None => path.to_path_buf(),
        }
    }
}

/// A path as seen from the working directory; one that shares nothing with it stays absolute.
fn shown(path: &Path, here: &Path) -> PathBuf {
    let mut up = PathBuf::new();
    for dir in here.ancestors() {
        if let Ok(below) = path.strip_prefix(dir)
            && dir.components().any(|part| matches!(part, Component::Normal(_)))
        {
            return up.join(below);
        }
        up.push("..");
    }
    path.to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_from_the_working_directory() {
        let from = |path: &str| shown(Path::new(path), Path::new("/w/infra/prod"));
        assert_eq!(from("/w/infra/prod/x/.ssmlint.hcl"), Path::new("x/.ssmlint.hcl"));
        assert_eq!(from("/w/.ssmlint.hcl"), Path::new("../../.ssmlint.hcl"));
        assert_eq!(from("/etc/.ssmlint.hcl"), Path::new("/etc/.ssmlint.hcl"));
    }
}
