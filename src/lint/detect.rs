//! What a first settings file says: root modules, variable files that stand for scenarios, and switches.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::load::{Loader, discover};
use crate::eval::scenario::Demand;
use crate::eval::toggle;
use crate::lint::configure::{Job, Unasked};
use crate::lint::root::{Root, World};
use crate::lint::{Error, Request, guarded};
use crate::settings::template::{Detected, DetectedScenario};
use crate::source::fs::{FileKind, FileSystem};

/// Root modules that are evaluated to find their switches; `ssmlint matrix` finds those of any.
const EVALUATED: usize = 16;
/// How deep below a root module variable files are looked for: `envs/prod/main.tfvars`.
const DEPTH: usize = 2;

/// Looks at the tree of a directory. Errors: it cannot be read.
pub fn detect(dir: &Path, fs: &dyn FileSystem) -> Result<Detected, Error> {
    let request = Request { paths: vec![dir.to_path_buf()], ..Request::default() };
    let sources = Arc::clone(&request.sources);
    let job = Job::new(&request, Unasked::Configured, fs)?;
    let loader = Loader::new(fs, &sources, &request.paths, None);
    let roots = match discover(&loader, &request.paths).map_err(Error::from) {
        Ok(found) => found.roots,
        Err(Error::NothingToLint(_)) => Vec::new(),
        Err(error) => return Err(error),
    };
    let world = World { fs, sources: &sources };
    let mut detected = Detected::default();
    for root in &roots {
        let name = below(dir, root);
        for file in var_files(fs, root, &roots) {
            let file = below(dir, &file);
            let own = scenario_name(&file, &name);
            let (label, root) = match roots.len() {
                1 => (own, None),
                _ => (format!("{name} {own}"), Some(name.clone())),
            };
            if detected.scenarios.iter().all(|other| other.name != label) {
                detected.scenarios.push(DetectedScenario { name: label, var_file: file, root });
            }
        }
        detected.roots.push(name);
    }
    for root in roots.iter().take(EVALUATED) {
        // What cannot be evaluated has no switches to offer.
        let found = guarded(root, || {
            let root = Root::load(&loader, root, &job, &[]);
            toggle::toggles(&root.config, &root.evaluate(world, Demand::Relevant))
        });
        for toggle in found.into_iter().flatten() {
            let name = toggle.name.to_string();
            if detected.toggles.iter().all(|(other, _)| *other != name) {
                detected.toggles.push((name, toggle.value));
            }
        }
    }
    Ok(detected)
}

/// The files with variables in and below a root module that Terraform does not read by itself, in the order of their
/// paths.
fn var_files(fs: &dyn FileSystem, root: &Path, roots: &[PathBuf]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut pending = vec![(root.to_path_buf(), 0)];
    while let Some((dir, depth)) = pending.pop() {
        let Ok(entries) = fs.entries(&dir) else { continue };
        for entry in entries {
            let path = dir.join(&entry.name);
            match entry.kind {
                FileKind::File if is_var_file(&entry.name, depth > 0) => files.push(path),
                FileKind::Directory => {
                    let is_open = depth < DEPTH && !entry.name.starts_with('.') && !entry.is_link;
                    if is_open && !roots.contains(&path) {
                        pending.push((path, depth + 1));
                    }
                }
                FileKind::File | FileKind::Other => {}
            }
        }
    }
    files.sort();
    files
}

fn is_var_file(name: &str, is_below: bool) -> bool {
    let Some(stem) = stem(name) else { return false };
    // Only those of the root module's own directory are read by themselves.
    is_below || !(stem == "terraform" || stem.ends_with(".auto"))
}

fn stem(name: &str) -> Option<&str> {
    name.strip_suffix(".tfvars").or_else(|| name.strip_suffix(".tfvars.json"))
}

/// `envs/prod.tfvars` is `prod`, and so is `envs/prod/terraform.tfvars`.
fn scenario_name(file: &str, root: &str) -> String {
    let own = file.strip_prefix(root).unwrap_or(file).trim_start_matches('/');
    let mut parts: Vec<&str> = own.rsplit('/').collect();
    let last = parts.remove(0);
    let last = stem(last).unwrap_or(last).trim_end_matches(".auto");
    match parts.first() {
        Some(dir) if matches!(last, "terraform" | "variables" | "vars" | "main" | "default") => {
            (*dir).to_owned()
        }
        Some(_) | None => last.replace('=', "-"),
    }
}

/// A path as seen from a directory, with `/`; `.` for itself.
fn below(dir: &Path, path: &Path) -> String {
    let path = crate::config::load::normalize(path);
    let dir = crate::config::load::normalize(dir);
    let below = path.strip_prefix(&dir).unwrap_or(&path);
    let text = below.to_string_lossy().replace('\\', "/");
    if text.is_empty() { ".".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenarios_are_called_after_their_files() {
        for (file, name) in [
            ("prod.tfvars", "prod"),
            ("envs/prod.tfvars.json", "prod"),
            ("envs/prod/terraform.tfvars", "prod"),
            ("infra/envs/prod/x.tfvars", "x"),
            ("infra/main.tfvars", "main"),
        ] {
            assert_eq!(scenario_name(file, "infra"), name, "{file}");
        }
    }

    #[test]
    fn terraform_reads_some_files_by_itself() {
        for name in ["terraform.tfvars", "x.auto.tfvars", "terraform.tfvars.json", "x.tf"] {
            assert!(!is_var_file(name, false), "{name}");
        }
        assert!(is_var_file("terraform.tfvars", true) && is_var_file("prod.tfvars", false));
    }
}
