//! What the settings say of findings and roots: which rules run where, and how bad what they find is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use globset::GlobMatcher;

use crate::finding::{Certainty, Finding, Severity};
use crate::settings::{Origin, Settings, glob};
use crate::source::fs::FileSystem;
use crate::source::{FileId, SourceMap};

/// The directory that globs of the settings count from, without links.
#[derive(Clone, Debug)]
pub(super) struct Base {
    dir: PathBuf,
}

impl Base {
    /// The directory of the settings; none when it cannot be found any more.
    pub(super) fn of(settings: &Settings, fs: &dyn FileSystem) -> Option<Base> {
        Some(Base { dir: fs.canonicalize(settings.dir()).ok()? })
    }

    /// A path as seen from there, `.` for itself; none for what is not below.
    pub(super) fn below(&self, path: &Path, fs: &dyn FileSystem) -> Option<PathBuf> {
        let path = fs.canonicalize(path).ok()?;
        let below = path.strip_prefix(&self.dir).ok()?;
        Some(if below.as_os_str().is_empty() { PathBuf::from(".") } else { below.to_path_buf() })
    }

    /// Whether a path is this directory or above it.
    pub(super) fn is_within(&self, path: &Path, fs: &dyn FileSystem) -> bool {
        fs.canonicalize(path).is_ok_and(|path| self.dir.starts_with(path))
    }
}

/// Globs of which the last one that fits decides.
#[derive(Clone, Debug, Default)]
pub(super) struct Globs {
    globs: Vec<(bool, GlobMatcher)>,
}

impl Globs {
    /// Those of the settings; what is no glob fits nothing.
    pub(super) fn new(patterns: &[String]) -> Globs {
        let globs = patterns.iter().filter_map(|pattern| {
            let (takes, pattern) = match pattern.strip_prefix('!') {
                Some(rest) => (false, rest),
                None => (true, pattern.as_str()),
            };
            Some((takes, glob(pattern).ok()?.compile_matcher()))
        });
        Globs { globs: globs.collect() }
    }

    /// Whether a directory is among them; every one is where there are none, or only such that take away. What takes
    /// a directory away takes all that is in it.
    pub(super) fn holds_directory(&self, path: &Path) -> bool {
        let all = self.globs.iter().all(|(takes, _)| !takes);
        self.globs.iter().fold(all, |holds, (takes, glob)| {
            let fits = match takes {
                true => glob.is_match(path),
                false => path.ancestors().any(|part| glob.is_match(part)),
            };
            if fits { *takes } else { holds }
        })
    }

    /// Whether a file is among them, or in a directory that is.
    fn holds_file(&self, path: &Path) -> bool {
        self.globs.iter().any(|(_, glob)| path.ancestors().any(|part| glob.is_match(part)))
    }
}

/// The findings that the settings leave, each as bad as they say.
pub(super) fn apply(
    findings: Vec<Finding>,
    settings: &Settings,
    fs: &dyn FileSystem,
    sources: &SourceMap,
) -> Vec<Finding> {
    let base = if settings.overrides.is_empty() { None } else { Base::of(settings, fs) };
    let overrides: Vec<Globs> = settings.overrides.iter().map(|over| Globs::new(&over.paths)).collect();
    let mut fitting: BTreeMap<FileId, Vec<usize>> = BTreeMap::new();
    let mut fits = |finding: &Finding| -> Vec<usize> {
        let (Some(base), Some(primary)) = (&base, &finding.primary) else { return Vec::new() };
        let file = primary.span.file;
        let of_file = fitting.entry(file).or_insert_with(|| {
            let Some(path) = base.below(&sources.file(file).path, fs) else { return Vec::new() };
            let numbered = overrides.iter().enumerate().filter(|(_, globs)| globs.holds_file(&path));
            numbered.map(|(index, _)| index).collect()
        });
        of_file.clone()
    };
    let kept = findings.into_iter().filter_map(|mut finding| {
        let overrides = fits(&finding);
        if !is_on(finding.code, settings, &overrides) {
            return None;
        }
        if let Some(severity) = severity(finding.code, settings, &overrides) {
            finding.severity = severity;
        }
        if finding.certainty == Certainty::Undecided
            && let Some(severity) = settings.unknown.and_then(|unknown| unknown.severity())
        {
            finding.severity = severity;
        }
        Some(finding)
    });
    kept.collect()
}

/// Whether a rule runs where some overrides hold.
fn is_on(code: &str, settings: &Settings, overrides: &[usize]) -> bool {
    let among = |codes: &[String]| codes.iter().any(|other| other == code);
    overrides.iter().fold(settings.is_selected(code), |on, index| {
        let over = &settings.overrides[*index];
        over.select.as_deref().map_or(on, among) && !among(&over.ignore)
    })
}

/// How bad a rule's findings are where some overrides hold; none where the rule decides.
fn severity(code: &str, settings: &Settings, overrides: &[usize]) -> Option<Severity> {
    let of_rule = settings.rules.get(code).and_then(|rule| rule.severity);
    let is_of_file = match settings.origin(&format!("rule.{code}.severity")) {
        Origin::Default | Origin::File { .. } => true,
        Origin::Environment(_) | Origin::Flag(_) => false,
    };
    let there = overrides.iter().rev().find_map(|index| settings.overrides[*index].severity.get(code));
    there.filter(|_| is_of_file).copied().or(of_rule)
}

/// Whether a rule runs anywhere.
pub(super) fn is_used(code: &str, settings: &Settings) -> bool {
    let among = |codes: &[String]| codes.iter().any(|other| other == code);
    settings.is_selected(code)
        || settings.overrides.iter().any(|over| over.select.as_deref().is_some_and(among))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(patterns: &[&str]) -> Globs {
        Globs::new(&patterns.iter().map(|pattern| (*pattern).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn the_last_glob_that_fits_decides() {
        let roots = globs(&["infra/*", "!infra/examples", "infra/examples/kept"]);
        let holds = |path: &str| roots.holds_directory(Path::new(path));
        assert!(holds("infra/prod") && holds("infra/examples/kept"));
        assert!(!holds("infra/prod/deeper") && !holds("infra/examples") && !holds("infra/examples/a"));
        assert!(globs(&[]).holds_directory(Path::new("x")));
        assert!(
            globs(&["!y"]).holds_directory(Path::new("x")) && globs(&["."]).holds_directory(Path::new("."))
        );
    }

    #[test]
    fn a_directory_stands_for_its_files() {
        for pattern in ["legacy", "legacy/", "legacy/**", "./legacy", "**/a.tf"] {
            assert!(globs(&[pattern]).holds_file(Path::new("legacy/net/a.tf")), "{pattern}");
        }
        assert!(!globs(&["legacy/*.tf"]).holds_file(Path::new("legacy/net/a.tf")));
    }
}
