//! Worlds of one root: what holds whatever an input without value is, and what only for one of its values.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Diagnostic;
use crate::eval::scenario::{Demand, Scenario};
use crate::eval::toggle::{self, toggles};
use crate::eval::{self, Evaluation};
use crate::finding::{Certainty, Finding};
use crate::lint::root::{self, Judged, Root, World};
use crate::proof::verdict::Proof;
use crate::report::{Gap, GapKind};
use crate::syntax::ast::Name;

/// Worlds that are looked at in one root; more say little and cost much.
pub(super) const LIMIT: usize = 64;

/// One setting of some toggles.
pub(super) type Setting = Vec<(Name, bool)>;

/// What was found in all worlds of a scenario.
pub(super) struct Split {
    pub(super) findings: Vec<Finding>,
    /// One proof for each target: of the world where all agree, else of what is configured.
    pub(super) proofs: Vec<Proof>,
    pub(super) gaps: Vec<Gap>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Judges a scenario. Boolean inputs without a value that decide what exists are tried with both values.
pub(super) fn judge(root: &Root, world: World<'_>, scenario: &Scenario) -> Split {
    let evaluation = root.evaluate_in(world, scenario, Demand::Relevant);
    let configured = root::judge(&evaluation);
    let mut gaps = root::gaps(&evaluation);
    let diagnostics = evaluation.diagnostics.clone();
    let open = unset(root, &evaluation);
    if open.is_empty() {
        return Split { findings: configured.findings, proofs: configured.proofs, gaps, diagnostics };
    }
    drop(evaluation);
    let (worlds, left) = possible(root, world, scenario, &open);
    if left > 0 {
        let names: Vec<String> = open[open.len() - left..].iter().map(|name| format!("var.{name}")).collect();
        let message = format!(
            "{} without value decide more than the {LIMIT} combinations that are looked at",
            names.join(", ")
        );
        gaps.push(Gap { kind: GapKind::Limit, message, span: None });
    }
    if worlds.is_empty() {
        return Split { findings: configured.findings, proofs: configured.proofs, gaps, diagnostics };
    }
    let settings: Vec<Setting> = worlds.iter().map(|(setting, _)| setting.clone()).collect();
    let proofs = agreed(configured.proofs, &worlds);
    let findings = join(&settings, worlds.into_iter().map(|(_, judged)| judged.findings).collect());
    Split { findings, proofs, gaps, diagnostics }
}

/// The toggles that have no value.
fn unset(root: &Root, evaluation: &Evaluation) -> Vec<Name> {
    let toggles = toggles(&root.config, evaluation).into_iter();
    toggles.filter(|toggle| toggle.value.is_none()).map(|toggle| toggle.name).collect()
}

/// The worlds of some toggles that no validation rules out, and how many toggles were too many.
fn possible(
    root: &Root,
    world: World<'_>,
    scenario: &Scenario,
    names: &[Name],
) -> (Vec<(Setting, Judged)>, usize) {
    let (settings, left) = toggle::worlds(names, LIMIT);
    let judged = settings.into_iter().filter_map(|setting| {
        let scenario = toggle::with_toggles(scenario, &setting);
        let evaluation = root.evaluate_in(world, &scenario, Demand::Conditions);
        let ruled_out = evaluation.diagnostics.iter().any(eval::is_ruled_out);
        (!ruled_out).then(|| (setting, root::judge(&evaluation)))
    });
    (judged.collect(), left)
}

/// For each target its proof where all worlds come to the same, and the configured one where they differ.
fn agreed(configured: Vec<Proof>, worlds: &[(Setting, Judged)]) -> Vec<Proof> {
    let in_worlds = |target: &str| -> Vec<Option<&Proof>> {
        let find = |judged: &Judged| judged.proofs.iter().position(|proof| proof.target == target);
        worlds.iter().map(|(_, judged)| find(judged).map(|index| &judged.proofs[index])).collect()
    };
    let proofs = configured.into_iter().map(|proof| {
        let others = in_worlds(&proof.target);
        match others.first() {
            Some(Some(first)) if others.iter().all(|other| other.is_some_and(|other| other.kind() == first.kind())) => {
                (*first).clone()
            }
            Some(_) | None => proof,
        }
    });
    proofs.collect()
}

/// What makes two findings of different worlds the same.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    code: &'static str,
    undecided: bool,
    subject: String,
    cause: String,
}

/// Joins the findings of worlds; one that does not hold in all of them says when it does.
fn join(settings: &[Setting], found: Vec<Vec<Finding>>) -> Vec<Finding> {
    let mut joined: BTreeMap<Key, (Finding, BTreeSet<usize>)> = BTreeMap::new();
    for (index, findings) in found.into_iter().enumerate() {
        for finding in findings {
            let key = Key {
                code: finding.code,
                undecided: finding.certainty == Certainty::Undecided,
                subject: finding.subject.clone(),
                cause: finding.cause.clone(),
            };
            match joined.get_mut(&key) {
                Some((first, worlds)) => {
                    worlds.insert(index);
                    absorb(first, finding);
                }
                None => {
                    joined.insert(key, (finding, BTreeSet::from([index])));
                }
            }
        }
    }
    let findings = joined.into_values().map(|(mut finding, worlds)| {
        if worlds.len() < settings.len() {
            finding.scenarios = conditions(settings, &worlds);
        }
        finding
    });
    findings.collect()
}

fn absorb(finding: &mut Finding, other: Finding) {
    finding.severity = finding.severity.max(other.severity);
    finding.affected.extend(other.affected);
    finding.affected.sort();
    finding.affected.dedup();
    for because in other.because {
        if !finding.because.contains(&because) {
            finding.because.push(because);
        }
    }
}

/// Joins the findings of the scenarios that were asked for; one that is not in all of them names those it is in.
pub(super) fn join_scenarios(found: Vec<(String, Vec<Finding>)>) -> Vec<Finding> {
    let mut found = found;
    if found.len() == 1 {
        return found.swap_remove(0).1;
    }
    let names: Vec<String> = found.iter().map(|(name, _)| name.clone()).collect();
    let mut joined: BTreeMap<Key, (Finding, Vec<(usize, Vec<String>)>)> = BTreeMap::new();
    for (index, (_, findings)) in found.into_iter().enumerate() {
        for mut finding in findings {
            let when = std::mem::take(&mut finding.scenarios);
            let key = Key {
                code: finding.code,
                undecided: finding.certainty == Certainty::Undecided,
                subject: finding.subject.clone(),
                cause: finding.cause.clone(),
            };
            match joined.get_mut(&key) {
                Some((first, worlds)) => {
                    worlds.push((index, when));
                    absorb(first, finding);
                }
                None => {
                    joined.insert(key, (finding, vec![(index, when)]));
                }
            }
        }
    }
    let findings = joined.into_values().map(|(mut finding, worlds)| {
        let everywhere = worlds.len() == names.len() && worlds.iter().all(|(_, when)| when.is_empty());
        if !everywhere {
            finding.scenarios = worlds
                .into_iter()
                .map(|(index, when)| match when.as_slice() {
                    [] => names[index].clone(),
                    when => format!("{}: {}", names[index], when.join(" or ")),
                })
                .collect();
        }
        finding
    });
    findings.collect()
}

/// The fewest conditions that say in which worlds something holds: `enable_nat = false`, `a = true and b = false`.
fn conditions(settings: &[Setting], holds: &BTreeSet<usize>) -> Vec<String> {
    let names: Vec<&Name> = settings.first().into_iter().flatten().map(|(name, _)| name).collect();
    // Each toggle is true, false or left out: 3^6 candidates at most.
    let mut candidates: Vec<Vec<(usize, bool)>> = vec![Vec::new()];
    for toggle in 0..names.len() {
        let with = candidates.iter().flat_map(|candidate| {
            [true, false].map(|value| {
                let mut candidate = candidate.clone();
                candidate.push((toggle, value));
                candidate
            })
        });
        let with: Vec<_> = with.collect();
        candidates.extend(with);
    }
    candidates.sort_by_key(Vec::len);
    let mut left: BTreeSet<usize> = holds.clone();
    let mut result = Vec::new();
    for candidate in candidates {
        let matches = |setting: &Setting| candidate.iter().all(|(toggle, value)| setting[*toggle].1 == *value);
        let covered: BTreeSet<usize> =
            settings.iter().enumerate().filter(|(_, setting)| matches(setting)).map(|(index, _)| index).collect();
        if covered.is_subset(holds) && covered.iter().any(|index| left.contains(index)) {
            left.retain(|index| !covered.contains(index));
            let parts: Vec<String> =
                candidate.iter().map(|(toggle, value)| format!("{} = {value}", names[*toggle])).collect();
            result.push(parts.join(" and "));
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_as_short_as_the_worlds_allow() {
        let names: [Name; 2] = ["nat".into(), "endpoints".into()];
        let (settings, _) = toggle::worlds(&names, LIMIT);
        let which = |wanted: &dyn Fn(bool, bool) -> bool| -> BTreeSet<usize> {
            let holds = settings.iter().enumerate().filter(|(_, setting)| wanted(setting[0].1, setting[1].1));
            holds.map(|(index, _)| index).collect()
        };
        assert_eq!(conditions(&settings, &which(&|nat, _| !nat)), ["nat = false"]);
        assert_eq!(
            conditions(&settings, &which(&|nat, endpoints| !nat && !endpoints)),
            ["nat = false and endpoints = false"]
        );
        assert_eq!(
            conditions(&settings, &which(&|nat, endpoints| nat || endpoints)),
            ["nat = true", "endpoints = true"]
        );
    }
}
