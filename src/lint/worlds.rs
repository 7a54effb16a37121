//! Worlds of one root: what holds whatever an input without value is, and what only for one of its values.

use std::collections::{BTreeMap, BTreeSet};

use crate::aws::fact::Reason;
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::eval::scenario::{Demand, Scenario};
use crate::eval::toggle::{self, Toggle, toggles};
use crate::eval::{self, Evaluation};
use crate::finding::{Certainty, Finding, Fix, Label, Severity};
use crate::lint::root::{self, Judged, Root, World};
use crate::proof::verdict::{Path, Proof, Verdict};
use crate::proof::work::MAX_WORK;
use crate::report::matrix::{Cell, Matrix, Row, RuledOut};
use crate::report::{Gap, GapKind};
use crate::rules;
use crate::source::Span;
use crate::syntax::ast::Name;

/// Worlds that are looked at in one root; more say little and cost much.
pub(super) const LIMIT: usize = 64;

/// Expressions that are evaluated for all worlds of one root; four times what one root may take without toggles.
const EFFORT: u64 = 8_000_000;

/// Comparisons that are made for all worlds of one root.
const WORK: u64 = 4 * MAX_WORK;

/// How many worlds are looked at where one takes as long as this; at least one, [`LIMIT`] at most.
fn affordable(evaluation: &Evaluation, work: u64) -> usize {
    let worlds = (EFFORT / (evaluation.effort + 1)).min(WORK / (work + 1));
    worlds.clamp(1, LIMIT as u64) as usize
}

/// How many toggles have so many settings.
fn toggles_of(worlds: usize) -> usize {
    worlds.ilog2() as usize
}

/// One setting of some toggles.
pub(super) type Setting = Vec<(Name, bool)>;

/// What was found in all worlds of a scenario.
pub(super) struct Split {
    pub(super) findings: Vec<Finding>,
    /// One proof for each target: of the world where all agree, else of what is configured.
    pub(super) proofs: Vec<Proof>,
    pub(super) gaps: Vec<Gap>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Module calls for which a built-in summary was evaluated, by their headers.
    pub(super) summaries: BTreeSet<Span>,
    /// The toggles that decide whether there is a way for the targets that are reached.
    gates: Vec<Toggle>,
}

/// Judges a scenario. Boolean inputs without a value that decide what exists are tried with both values.
pub(super) fn judge(root: &Root, world: World<'_>, scenario: &Scenario) -> Split {
    split(root, world, scenario).0
}

/// As [`judge`]; says also which other settings of the toggles would cut off what is reached as it is configured.
pub(super) fn judge_around(root: &Root, world: World<'_>, scenario: &Scenario) -> Split {
    let mut split = judge(root, world, scenario);
    let gates = std::mem::take(&mut split.gates);
    let cut = cut_off(root, world, scenario, &split, &gates);
    split.findings.extend(cut);
    split
}

/// As [`judge`] for the first scenario, with the proofs of each world by what is set in it; none without such inputs.
pub(super) fn explain(root: &Root, world: World<'_>) -> (Split, Vec<(String, Vec<Proof>)>) {
    split(root, world, root.first())
}

fn split(root: &Root, world: World<'_>, scenario: &Scenario) -> (Split, Vec<(String, Vec<Proof>)>) {
    let evaluation = root.evaluate_in(world, scenario, Demand::Relevant);
    let configured = root::judge(&evaluation, &root.options);
    let mut gaps = root::gaps(&evaluation);
    let mut diagnostics: Vec<Diagnostic> =
        evaluation.diagnostics.iter().map(|found| shown(&evaluation, found)).collect();
    too_much(root, configured.limit.as_deref(), &mut gaps, &mut diagnostics);
    let summaries: BTreeSet<Span> = evaluation.summaries.values().map(|call| call.header).collect();
    let open = unset(root, &evaluation);
    let limit = affordable(&evaluation, configured.work);
    if open.is_empty() {
        let is_reached = configured.proofs.iter().any(|proof| matches!(proof.verdict, Verdict::Reachable(_)));
        let is_asked = root.options.rules.hints.contains(CUT_OFF);
        let mut gates = if is_reached && is_asked { gates(root, &evaluation) } else { Vec::new() };
        gates.truncate(toggles_of(limit));
        let Judged { findings, proofs, .. } = configured;
        return (Split { findings, proofs, gaps, diagnostics, summaries, gates }, Vec::new());
    }
    drop(evaluation);
    let (worlds, left) = possible(root, world, scenario, &open, limit);
    if left > 0 {
        let names: Vec<String> = open[open.len() - left..].iter().map(|name| format!("var.{name}")).collect();
        let message = format!(
            "{} without value decide more than the {limit} combinations that are looked at",
            names.join(", ")
        );
        gaps.push(Gap { kind: GapKind::Limit, message, span: None });
    }
    if worlds.is_empty() {
        let Judged { findings, proofs, .. } = configured;
        return (Split { findings, proofs, gaps, diagnostics, summaries, gates: Vec::new() }, Vec::new());
    }
    let settings: Vec<Setting> = worlds.iter().map(|(setting, _)| setting.clone()).collect();
    let reasons: Vec<Reason> = open
        .iter()
        .map(|name| {
            let at = root.config.root.module.variables.get(name).map(|variable| variable.decl_range);
            Reason::new(format!("var.{name} has no value"), at)
        })
        .collect();
    let proofs = agreed(configured.proofs, &worlds, &reasons);
    let mut findings = Vec::new();
    let mut by_world = Vec::new();
    for (setting, judged) in worlds {
        too_much(root, judged.limit.as_deref(), &mut gaps, &mut diagnostics);
        findings.push(judged.findings);
        by_world.push((describe(&setting), judged.proofs));
    }
    let findings = join(&settings, findings);
    (Split { findings, proofs, gaps, diagnostics, summaries, gates: Vec::new() }, by_world)
}

/// Says once that a root is too much for rules and proofs: what was asked of the run is not done.
fn too_much(root: &Root, limit: Option<&str>, gaps: &mut Vec<Gap>, diagnostics: &mut Vec<Diagnostic>) {
    let Some(limit) = limit else { return };
    let is_said = |gap: &Gap| gap.kind == GapKind::Limit && gap.message.starts_with(TOO_MUCH);
    if gaps.iter().any(is_said) {
        return;
    }
    gaps.push(Gap { kind: GapKind::Limit, message: format!("{TOO_MUCH}: {limit}"), span: None });
    let file = root.config.root.module.files.first();
    diagnostics.push(Diagnostic {
        summary: "Limit reached".to_owned(),
        detail: format!("ssmlint asks no rule and proves nothing here: {limit}."),
        span: file.map(|file| Span { file: *file, start: 0, end: 0 }),
        kind: DiagnosticKind::Unreadable,
    });
}

const TOO_MUCH: &str = "no rule was asked and nothing proven";

/// Resource types without which there may be no way to the services; in order.
const WAYS: [&str; 13] = [
    "aws_egress_only_internet_gateway",
    "aws_eip",
    "aws_internet_gateway",
    "aws_internet_gateway_attachment",
    "aws_nat_gateway",
    "aws_route",
    "aws_route_table",
    "aws_route_table_association",
    "aws_vpc_endpoint",
    "aws_vpc_endpoint_private_dns",
    "aws_vpc_endpoint_security_group_association",
    "aws_vpc_endpoint_subnet_association",
    "aws_vpn_gateway",
];

/// The rule whose hints say which settings of toggles cut off what is reached. It works as it is configured, and that
/// a switch can be thrown is no defect, so they are given to those who ask.
const CUT_OFF: &str = "SSM023";

/// Toggles whose other settings are looked at in a check: sixteen worlds at most.
const GATES: usize = 4;

fn gates(root: &Root, evaluation: &Evaluation) -> Vec<Toggle> {
    let mut gates =
        toggle::gates(&root.config, evaluation, &|type_name| WAYS.binary_search(&type_name).is_ok());
    gates.truncate(GATES);
    gates
}

/// The link from which on a chain is about the network rather than the instance's identity.
const NETWORK: u8 = 5;

/// What other settings of the toggles cut off, that the configuration allows.
fn cut_off(
    root: &Root,
    world: World<'_>,
    scenario: &Scenario,
    configured: &Split,
    gates: &[Toggle],
) -> Option<Finding> {
    if gates.is_empty() {
        return None;
    }
    let rule = rules::find(CUT_OFF)?;
    let is_reached = |target: &str| {
        let is_it = |proof: &&Proof| proof.target == target;
        configured
            .proofs
            .iter()
            .find(is_it)
            .is_some_and(|proof| matches!(proof.verdict, Verdict::Reachable(_)))
    };
    let names: Vec<Name> = gates.iter().map(|gate| gate.name.clone()).collect();
    let as_configured: Setting =
        gates.iter().filter_map(|gate| Some((gate.name.clone(), gate.value?))).collect();
    let mut allowed: Vec<Setting> = Vec::new();
    let mut broken: BTreeMap<usize, Vec<Proof>> = BTreeMap::new();
    for setting in toggle::worlds(&names, 1 << GATES).0 {
        if setting == as_configured {
            allowed.push(setting);
            continue;
        }
        let other = toggle::with_toggles(scenario, &setting);
        let evaluation = root.evaluate_in(world, &other, Demand::Conditions);
        // What Terraform refuses is no setting that anybody can apply.
        let is_refused = |found: &Diagnostic| {
            let is_new = || !configured.diagnostics.contains(&shown(&evaluation, found));
            eval::is_ruled_out(found) || found.kind == DiagnosticKind::Invalid && is_new()
        };
        if evaluation.diagnostics.iter().any(is_refused) {
            continue;
        }
        let is_cut = |proof: &Proof| {
            is_reached(&proof.target) && proof.broken().is_some_and(|broken| broken.link.number >= NETWORK)
        };
        let cut: Vec<Proof> = root::prove(&evaluation, &root.options).into_iter().filter(is_cut).collect();
        if !cut.is_empty() {
            broken.insert(allowed.len(), cut);
        }
        allowed.push(setting);
    }
    let holds: BTreeSet<usize> = broken.keys().copied().collect();
    let shortest = shortest(&allowed, &holds);
    let condition = shortest.first()?;
    let flipped = condition.iter().find(|(index, value)| gates[*index].value != Some(*value))?;
    let first = broken.values().flatten().next()?;
    let mut affected: Vec<String> = broken.values().flatten().map(|proof| proof.target.clone()).collect();
    affected.sort();
    affected.dedup();
    let who = match affected.as_slice() {
        [only] => format!("{only} has"),
        several => format!("{} targets have", several.len()),
    };
    let when: Vec<String> = shortest.iter().map(|condition| words(&names, condition)).collect();
    let note = |proof: &Proof| {
        let reason = proof.broken().map(|broken| broken.link.reason.clone()).unwrap_or_default();
        format!("then {} is {}: {reason}", proof.target, proof.headline())
    };
    let label = |(index, value): &(usize, bool)| Label {
        span: gates[*index].decl_range,
        message: match gates[*index].value {
            Some(configured) if configured == *value => format!("is {value} as it is configured"),
            Some(_) | None => format!("{value} takes the last way away"),
        },
    };
    Some(Finding {
        code: rule.code,
        name: rule.name,
        severity: Severity::Warning,
        certainty: Certainty::Certain,
        message: format!("{who} no way to Session Manager when {}", when.join(", or when ")),
        subject: first.target.clone(),
        primary: Some(label(flipped)),
        labels: condition.iter().filter(|other| *other != flipped).map(label).collect(),
        trace: Vec::new(),
        notes: vec![note(first)],
        help: Some("rule it out with a `validation` or a `precondition`, unless it is meant".to_owned()),
        because: Vec::new(),
        fix: None,
        affected,
        scenarios: Vec::new(),
        cause: format!("toggles: {}", when.join(" or ")),
        calls: Vec::new(),
        roots: Vec::new(),
    })
}

/// `enable_nat = true, enable_endpoints = false`.
fn describe(setting: &Setting) -> String {
    let parts: Vec<String> = setting.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    parts.join(", ")
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
    limit: usize,
) -> (Vec<(Setting, Judged)>, usize) {
    let (settings, left) = toggle::worlds(names, limit);
    let judged = settings.into_iter().filter_map(|setting| {
        let scenario = toggle::with_toggles(scenario, &setting);
        let evaluation = root.evaluate_in(world, &scenario, Demand::Conditions);
        let ruled_out = evaluation.diagnostics.iter().any(eval::is_ruled_out);
        (!ruled_out).then(|| (setting, root::judge(&evaluation, &root.options)))
    });
    (judged.collect(), left)
}

/// For each target its proof where all worlds come to the same; where they differ, that it depends on the inputs.
fn agreed(configured: Vec<Proof>, worlds: &[(Setting, Judged)], open: &[Reason]) -> Vec<Proof> {
    let proofs = configured.into_iter().map(|mut proof| {
        let find = |judged: &Judged| judged.proofs.iter().position(|other| other.target == proof.target);
        let others: Vec<&Proof> =
            worlds.iter().filter_map(|(_, judged)| Some(&judged.proofs[find(judged)?])).collect();
        let Some(first) = others.first() else { return proof };
        if others.len() == worlds.len() && others.iter().all(|other| other.kind() == first.kind()) {
            return (*first).clone();
        }
        if others.len() == worlds.len()
            && others.iter().all(|other| matches!(other.verdict, Verdict::Reachable(_)))
        {
            proof.settle(Verdict::Reachable(Path::Mixed));
        } else if matches!(proof.verdict, Verdict::Unknown(_)) {
            proof.settle(Verdict::Unknown(open.to_vec()));
        }
        proof
    });
    proofs.collect()
}

/// Toggles that a matrix frees without asking what they decide; more are thinned out.
const FEW: usize = 6;
/// Toggles that a matrix looks at, one after the other, to find those that decide something.
const MANY: usize = 24;

/// The proofs of all combinations of the root's toggles.
pub(super) fn matrix(root: &Root, world: World<'_>) -> Matrix {
    let base = root.first();
    let configured = root.evaluate_in(world, base, Demand::Relevant);
    let first = root::judge(&configured, &root.options);
    let limit = affordable(&configured, first.work);
    let proofs = first.proofs;
    let mut found = toggles(&root.config, &configured);
    let refused: Vec<Diagnostic> = configured.diagnostics.clone();
    let mut gaps = root::gaps(&configured);
    let mut diagnostics = root.input_diagnostics();
    too_much(root, first.limit.as_deref(), &mut gaps, &mut diagnostics);
    drop(configured);

    // What stands behind one toggle is only seen where that one lets it exist.
    let mut differs: Vec<bool> = Vec::new();
    let mut next = 0;
    while next < found.len().min(MANY).min(limit) {
        let toggle = found[next].clone();
        next += 1;
        let values: &[bool] = match toggle.value {
            Some(true) => &[false],
            Some(false) => &[true],
            None => &[true, false],
        };
        let mut is_different = toggle.value.is_none();
        for value in values {
            let scenario = toggle::with_toggles(base, &[(toggle.name.clone(), *value)]);
            let evaluation = root.evaluate_in(world, &scenario, Demand::Relevant);
            for other in toggles(&root.config, &evaluation) {
                if found.iter().all(|known| known.name != other.name) {
                    found.push(other);
                }
            }
            let others = root::prove(&evaluation, &root.options);
            is_different |= cells(&others) != cells(&proofs);
        }
        differs.push(is_different);
    }
    differs.resize(found.len(), false);
    let mut dropped: Vec<Name> = Vec::new();
    let few = FEW.min(toggles_of(limit));
    if found.len() > few {
        // Those that decide something come first; among equals the order of declaration stays.
        let mut order: Vec<usize> = (0..found.len()).collect();
        order.sort_by_key(|index| !differs[*index]);
        let kept: BTreeSet<usize> = order.into_iter().filter(|index| differs[*index]).take(few).collect();
        dropped = (0..found.len())
            .filter(|index| !kept.contains(index))
            .map(|index| found[index].name.clone())
            .collect();
        let left = (0..found.len()).filter(|index| differs[*index] && !kept.contains(index));
        let left: Vec<String> = left.map(|index| format!("var.{}", found[index].name)).collect();
        if !left.is_empty() {
            let message = format!(
                "{} decide something too, beyond the {limit} combinations that are looked at",
                left.join(", ")
            );
            gaps.push(Gap { kind: GapKind::Limit, message, span: None });
        }
        found = kept.into_iter().map(|index| found[index].clone()).collect();
    }
    let variables: Vec<&Name> = root.config.root.module.variables.keys().collect();
    found.sort_by_key(|toggle| variables.iter().position(|name| **name == toggle.name));
    let names: Vec<Name> = found.iter().map(|toggle| toggle.name.clone()).collect();
    let unused: Vec<(Name, Span)> = toggle::booleans(&root.config)
        .filter(|variable| !names.contains(&variable.name) && !dropped.contains(&variable.name))
        .map(|variable| (variable.name.clone(), variable.decl_range))
        .collect();

    let (settings, _) = toggle::worlds(&names, limit);
    let mut rows = Vec::new();
    let mut ruled_out = Vec::new();
    for setting in settings {
        let is_configured =
            found.iter().zip(&setting).all(|(toggle, (_, value))| toggle.value == Some(*value));
        let values: Vec<bool> = setting.iter().map(|(_, value)| *value).collect();
        let scenario = toggle::with_toggles(base, &setting);
        let evaluation = root.evaluate_in(world, &scenario, Demand::Conditions);
        if let Some(condition) =
            evaluation.diagnostics.iter().find(|diagnostic| eval::is_ruled_out(diagnostic))
        {
            ruled_out.push(RuledOut { values, by: shown(&evaluation, condition) });
            continue;
        }
        let invalid = evaluation
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.kind == DiagnosticKind::Invalid && !refused.contains(diagnostic));
        let invalid = invalid.map(|diagnostic| shown(&evaluation, diagnostic)).collect();
        let judged = root::judge(&evaluation, &root.options);
        too_much(root, judged.limit.as_deref(), &mut gaps, &mut diagnostics);
        rows.push(Row {
            values,
            is_configured,
            cells: cells(&judged.proofs),
            invalid,
            warnings: warnings(&judged),
            inventory: judged.inventory,
        });
    }
    // Toggle by toggle from false to true, so that the table reads as one counts.
    rows.sort_by(|a, b| a.values.cmp(&b.values));
    Matrix {
        root: root::name(&root.config.dir),
        scenario: base.name.clone(),
        toggles: names.iter().map(Name::to_string).collect(),
        defaults: found.iter().map(|toggle| toggle.value).collect(),
        rows,
        ruled_out,
        dropped: dropped.iter().map(Name::to_string).collect(),
        unused: unused.into_iter().map(|(name, span)| (name.to_string(), span)).collect(),
        gaps,
        diagnostics,
        ..Matrix::default()
    }
}

/// The diagnostic at a place that the user has.
fn shown(evaluation: &Evaluation, found: &Diagnostic) -> Diagnostic {
    Diagnostic { span: found.span.map(|span| evaluation.shown(span)), ..found.clone() }
}

/// The rules that find something in this world that breaks no chain: user data that needs the internet, and the like.
fn warnings(judged: &Judged) -> Vec<&'static str> {
    let breaks: BTreeSet<&'static str> =
        judged.proofs.iter().filter_map(|proof| proof.broken()).map(|broken| broken.link.rule).collect();
    let found = judged.findings.iter().filter(|finding| {
        finding.certainty == Certainty::Certain
            && finding.severity >= Severity::Warning
            && !breaks.contains(finding.code)
    });
    let codes: BTreeSet<&'static str> = found.map(|finding| finding.code).collect();
    codes.into_iter().collect()
}

fn cells(proofs: &[Proof]) -> BTreeMap<String, Cell> {
    let cell = |proof: &Proof| {
        let broken = proof.broken();
        let reason = match &proof.verdict {
            Verdict::Reachable(_) => None,
            Verdict::Broken(broken) => Some((broken.link.reason.clone(), broken.link.span)),
            Verdict::Unknown(reasons) => reasons.first().map(|reason| (reason.text.clone(), reason.span)),
        };
        let (reason, span) = reason.map_or((None, None), |(reason, span)| (Some(reason), span));
        let word = match &proof.verdict {
            Verdict::Unknown(_) => "UNKNOWN".to_owned(),
            Verdict::Reachable(_) | Verdict::Broken(_) => proof.headline(),
        };
        let rule = broken.map(|broken| broken.link.rule);
        (proof.target.clone(), Cell { state: proof.state(), verdict: word, rule, reason, span })
    };
    proofs.iter().map(cell).collect()
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
    finding.fix = Fix::agree(finding.fix.take(), other.fix);
    finding.affected.extend(other.affected);
    finding.affected.sort();
    finding.affected.dedup();
    for because in other.because {
        if !finding.because.contains(&because) {
            finding.because.push(because);
        }
    }
}

/// The scenario that a finding holds in, and when in it.
type Held = (usize, Vec<String>);

/// Joins the findings of the scenarios that were asked for; one that is not in all of them names those it is in.
pub(super) fn join_scenarios(found: Vec<(String, Vec<Finding>)>) -> Vec<Finding> {
    let mut found = found;
    if found.len() == 1 {
        return found.swap_remove(0).1;
    }
    let names: Vec<String> = found.iter().map(|(name, _)| name.clone()).collect();
    let mut joined: BTreeMap<Key, (Finding, Vec<Held>)> = BTreeMap::new();
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
    let names: Vec<Name> = settings.first().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    shortest(settings, holds).iter().map(|condition| words(&names, condition)).collect()
}

/// `a = true and b = false`.
fn words(names: &[Name], condition: &[(usize, bool)]) -> String {
    let parts: Vec<String> =
        condition.iter().map(|(toggle, value)| format!("{} = {value}", names[*toggle])).collect();
    parts.join(" and ")
}

/// The shortest conditions on toggles, by their index, that hold in these worlds and in no other.
fn shortest(settings: &[Setting], holds: &BTreeSet<usize>) -> Vec<Vec<(usize, bool)>> {
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
        let matches =
            |setting: &Setting| candidate.iter().all(|(toggle, value)| setting[*toggle].1 == *value);
        let covered: BTreeSet<usize> = settings
            .iter()
            .enumerate()
            .filter(|(_, setting)| matches(setting))
            .map(|(index, _)| index)
            .collect();
        if covered.is_subset(holds) && covered.iter().any(|index| left.contains(index)) {
            left.retain(|index| !covered.contains(index));
            result.push(candidate);
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
