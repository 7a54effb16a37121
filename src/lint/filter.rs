//! What of the findings is open. The settings say which rules count and how much; then suppressed ones are taken out,
//! then those that a baseline knows; what is left is merged.
//!
//! It all happens before findings of several roots and calls become one, because a suppression of one module call says
//! nothing of another, and a baseline counts roots apart.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use crate::baseline::Baseline;
use crate::finding::{Certainty, Finding, Key, Severity, Suppressed};
use crate::lint::root::World;
use crate::lint::{Request, Scope, Suppressions, levels, merge};
use crate::report::Recognised;
use crate::report::place::path_text;
use crate::rules;
use crate::settings::{Settings, Undecided};
use crate::source::FileId;
use crate::suppress::{self, DirectiveId, Directives, Places};

/// What was found in one root.
pub(super) struct Seen {
    /// The root module's directory as given.
    pub(super) dir: PathBuf,
    pub(super) findings: Vec<Finding>,
    /// Where what the findings name is declared.
    pub(super) places: Places,
}

/// What became of the findings of a run.
pub(super) struct Filtered {
    /// What is left, certain or not, sorted; findings about directives are among them.
    pub(super) open: Vec<Finding>,
    pub(super) suppressed: Vec<Suppressed>,
    /// None without a baseline.
    pub(super) recognised: Option<Recognised>,
}

/// How much a run has seen.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    /// The files of all roots that hold the word of directives.
    pub(super) speaking: &'a BTreeSet<FileId>,
    /// Whether everything could be read and checked.
    pub(super) is_complete: bool,
    /// Whether everything that the settings are for is among it.
    pub(super) holds_settings: bool,
}

/// Takes out what is suppressed and what a baseline knows, and merges each of the three.
pub(super) fn apply(request: &Request, world: World<'_>, seen: Vec<Seen>, view: View<'_>) -> Filtered {
    let mut directives = match request.suppressions {
        Suppressions::Obeyed => directives(request, world, &seen, view),
        Suppressions::Overruled => Directives::new(policy(request)),
    };
    let mut recogniser = request.baseline.as_ref().map(|baseline| Recogniser::new(baseline, request, world));
    let mut open = Vec::new();
    let mut accepted: BTreeMap<DirectiveId, Vec<Finding>> = BTreeMap::new();
    for root in seen {
        let name = recogniser.as_mut().map(|recogniser| recogniser.enter(&root.dir));
        let findings = levels::apply(root.findings, &request.settings, world.fs, world.sources);
        for finding in findings {
            let (left, parts) = directives.apply(finding, &root.places);
            for part in parts {
                accepted.entry(part.by).or_default().push(part.finding);
            }
            let Some(finding) = left else { continue };
            match (&mut recogniser, &name) {
                (Some(recogniser), Some(name)) => open.extend(recogniser.take(name, finding)),
                (None, _) | (_, None) => open.push(finding),
            }
        }
    }

    let is_whole = view.is_complete && looks_at_everything(request);
    let active = |code: &str, _: FileId| is_active(&request.settings, code);
    let mut own = directives.findings(is_whole, &active, &open);
    own.retain(|finding| is_active(&request.settings, finding.code) || suppress::is_invalid(finding));
    for finding in &mut own {
        if let Some(label) = &finding.primary {
            finding.subject = path_text(&world.sources.file(label.span.file).path);
        }
        let own = request.settings.rules.get(finding.code);
        if let Some(severity) = own.and_then(|rule| rule.severity) {
            finding.severity = severity;
        }
    }
    open.extend(own);

    let mut suppressed = Vec::new();
    for (id, findings) in accepted {
        let (by, place, reason, until) = directives.describe(id);
        suppressed.extend(merge::merge(findings, world.sources).into_iter().map(|finding| Suppressed {
            finding,
            by,
            place,
            reason: reason.clone(),
            until: until.clone(),
        }));
    }
    merge::sort_suppressed(&mut suppressed, world.sources);
    let recognised = recogniser.map(|recogniser| Recognised {
        known: merge::merge(recogniser.recognised.known, world.sources),
        ..recogniser.recognised
    });
    Filtered { open: merge::merge(open, world.sources), suppressed, recognised }
}

fn policy(request: &Request) -> suppress::Policy {
    let settings = &request.settings;
    let forbidden = settings.rules.iter().filter(|(_, rule)| rule.ignorable == Some(false));
    suppress::Policy {
        today: request.today,
        require_reason: settings.require_ignore_reason.unwrap_or(false),
        severity: settings.report_unused_ignores.unwrap_or(Severity::Warning),
        forbidden: forbidden.map(|(code, _)| code.clone()).collect(),
    }
}

/// The directives of all files that are the user's own, and those of the settings.
fn directives(request: &Request, world: World<'_>, seen: &[Seen], view: View<'_>) -> Directives {
    let mut directives = Directives::new(policy(request));
    let rules: Vec<(&'static str, &'static str)> =
        rules::ALL.iter().map(|rule| (rule.code, rule.name)).collect();
    // Threads number files in any order; paths say which comes first.
    let mut speaking: Vec<FileId> = view.speaking.iter().copied().collect();
    speaking.sort_by_cached_key(|file| world.sources.file(*file).path.clone());
    let canonical = |path: &Path| world.fs.canonicalize(path).ok();
    let trees: Vec<PathBuf> = match request.scope {
        Scope::Trees if !speaking.is_empty() => {
            request.paths.iter().filter_map(|path| canonical(path)).collect()
        }
        Scope::Trees | Scope::Changes => Vec::new(),
    };
    let roots: BTreeSet<PathBuf> = if speaking.is_empty() {
        BTreeSet::new()
    } else {
        seen.iter().filter_map(|seen| canonical(&seen.dir)).collect()
    };
    for file in speaking {
        let file = world.sources.file(file);
        if is_installed(&file.path, request.context.data_dir.as_deref()) {
            continue;
        }
        // A module may be called from roots that this run does not see, and they may need what nothing here does.
        let is_seen_whole = canonical(&file.path).is_some_and(|path| {
            trees.iter().any(|tree| path.starts_with(tree))
                || path.parent().is_some_and(|dir| roots.contains(dir))
        });
        directives.read(&file, &rules, is_seen_whole);
    }
    for ignore in &request.settings.ignores {
        directives.add(ignore, &rules, view.holds_settings);
    }
    directives
}

/// Whether a file came with `terraform init`. What others write there is not the user's word.
fn is_installed(path: &Path, data_dir: Option<&Path>) -> bool {
    path.components().any(|part| part == Component::Normal(".terraform".as_ref()))
        || data_dir.is_some_and(|data_dir| path.starts_with(data_dir))
}

/// Whether the run is no what-if: another run may need what this one does not.
fn looks_at_everything(request: &Request) -> bool {
    let context = &request.context;
    context.arguments.is_empty() && context.workspace.is_none() && context.scenarios.is_empty()
}

/// Whether a rule runs everywhere; of one that runs in some places only, nothing is said to be unused.
fn is_active(settings: &Settings, code: &str) -> bool {
    let is_code = |other: &String| other.eq_ignore_ascii_case(code);
    let selected = |select: &Option<Vec<String>>| {
        // Findings about directives are on whatever is selected.
        let about_directives = suppress::RULES.iter().any(|rule| rule.code == code);
        about_directives || select.as_ref().is_none_or(|select| select.iter().any(is_code))
    };
    selected(&settings.select)
        && !settings.ignore.iter().any(is_code)
        && settings.overrides.iter().all(|over| selected(&over.select) && !over.ignore.iter().any(is_code))
}

/// Tells findings that a baseline knows from new ones.
struct Recogniser<'a> {
    world: World<'a>,
    /// The directory of the baseline, without links.
    dir: PathBuf,
    /// How often each key is still to be found.
    left: BTreeMap<&'a Key, usize>,
    /// Whether what is undecided counts as a finding.
    holds_undecided: bool,
    recognised: Recognised,
}

impl<'a> Recogniser<'a> {
    fn new(baseline: &'a Baseline, request: &Request, world: World<'a>) -> Recogniser<'a> {
        let mut left: BTreeMap<&Key, usize> = BTreeMap::new();
        for key in &baseline.keys {
            *left.entry(key).or_default() += 1;
        }
        Recogniser {
            world,
            dir: world.fs.canonicalize(&baseline.dir).unwrap_or_else(|_| baseline.dir.clone()),
            left,
            holds_undecided: matches!(request.settings.unknown, Some(Undecided::Warning | Undecided::Error)),
            recognised: Recognised::default(),
        }
    }

    /// The name of a root in keys.
    fn enter(&mut self, root: &Path) -> String {
        let canonical = self.world.fs.canonicalize(root).unwrap_or_else(|_| root.to_path_buf());
        let name = path_text(&relative(&self.dir, &canonical));
        self.recognised.roots.insert(name.clone());
        name
    }

    /// Gives back a finding that is new.
    fn take(&mut self, root: &str, finding: Finding) -> Option<Finding> {
        let key = Key {
            root: root.to_owned(),
            rule: finding.code.to_owned(),
            address: finding.subject.clone(),
            cause: finding.cause.clone(),
        };
        let left = self.left.get_mut(&key).filter(|left| **left > 0);
        let is_known = left.map(|left| *left -= 1).is_some();
        match finding.certainty {
            Certainty::Undecided if !self.holds_undecided => self.recognised.undecided.push(key),
            Certainty::Certain | Certainty::Undecided => self.recognised.keys.push(key),
        }
        if is_known {
            self.recognised.known.push(finding);
            return None;
        }
        Some(finding)
    }
}

/// The way from one directory to another; both are absolute and without links.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(to.components().skip(shared)).collect();
    if path.as_os_str().is_empty() { PathBuf::from(".") } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_counted_from_the_baseline() {
        let way = |from: &str, to: &str| path_text(&relative(Path::new(from), Path::new(to)));
        assert_eq!(way("/p", "/p/infra/prod"), "infra/prod");
        assert_eq!(way("/p", "/p"), ".");
        assert_eq!(way("/p/ci", "/p/infra"), "../infra");
    }
}
