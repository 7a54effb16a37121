//! Where the settings of a path are.

use std::path::{Component, Path, PathBuf};

use crate::settings::FILE_NAME;
use crate::source::fs::{FileKind, FileSystem};

/// What marks the top of a repository.
const REPOSITORIES: [&str; 3] = [".git", ".hg", ".jj"];

/// The nearest `.ssmlint.hcl` at or above a path, as it is shown: up to the top of the repository. Outside of any, up
/// to the working directory only, so that nobody else's file in a shared directory is taken.
pub fn find(fs: &dyn FileSystem, path: &Path) -> Option<PathBuf> {
    // A changed file may be gone.
    let there = path.ancestors().map(|path| if path.as_os_str().is_empty() { Path::new(".") } else { path });
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
    let within = start.ancestors().take_while(|dir| dir.starts_with(top));
    let file = within.map(|dir| dir.join(FILE_NAME)).find(|file| fs.kind(file).is_ok())?;
    Some(match here {
        Some(here) => shown(&file, &here),
        None => file,
    })
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
