//! Suppressions: what the user accepts, in comments and in the settings, and what is wrong with that itself.
//!
//! A directive holds for findings of its rules that have a place of their chain where it stands; see [`Directives::apply`].

mod address;
mod directive;
mod own;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::finding::{Acceptance, Finding, Severity};
use crate::settings::Ignore;
use crate::source::{FileId, SourceFile, Span};
use crate::suppress::address::Pattern;
use crate::suppress::directive::{Problem, WORD};
use crate::syntax::comment::{self, Target};

/// A rule about directives, as the lists of rules and their pages say it.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// `IGN001`.
    pub code: &'static str,
    /// `unused-ignore`.
    pub name: &'static str,
    /// How bad it is, unless the settings say otherwise.
    pub severity: Severity,
    /// Its page.
    pub page: &'static str,
}

/// What the rules about directives are about.
pub const CATEGORY: &str = "suppression";

/// All rules about directives, by code. They cannot be suppressed.
pub static RULES: [Rule; 5] =
    [own::UNUSED, own::EXPIRED, own::WITHOUT_REASON, own::INVALID, own::NOT_ALLOWED];

/// Whether a finding says that a directive cannot be obeyed, so that the run did not do what was asked.
pub fn is_invalid(finding: &Finding) -> bool {
    finding.code == own::INVALID.code
}

/// Whether a file holds the word that every directive starts with.
pub fn speaks(file: &SourceFile) -> bool {
    file.text.contains(WORD)
}

/// What the project decided about suppressions.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The current day; none if it is not known, so that nothing expires.
    pub today: Option<Date>,
    /// Whether a directive without a reason is a finding.
    pub require_reason: bool,
    /// How bad findings about directives are.
    pub severity: Severity,
    /// Rules that cannot be suppressed, by code.
    pub forbidden: BTreeSet<String>,
}

/// Where an address is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The whole block.
    pub block: Span,
    /// The headers of the module calls that lead to it, outermost first.
    pub calls: Vec<Span>,
}

/// The places of addresses in one root.
pub type Places = BTreeMap<String, Place>;

/// What a directive is about.
#[derive(Clone, Debug)]
enum Scope {
    /// The code that it stands on.
    Code { target: Option<Target>, within: Vec<Span> },
    /// Its file.
    File(FileId),
    /// What an `ignore` block names; none for everything.
    Address(Option<Pattern>),
}

/// A rule that a directive names.
#[derive(Clone, Debug)]
struct Named {
    code: &'static str,
    /// Whether it has suppressed something.
    used: bool,
}

/// Somebody's word that findings are accepted.
#[derive(Clone, Debug)]
struct Directive {
    by: Acceptance,
    scope: Scope,
    rules: Vec<Named>,
    reason: Option<String>,
    until: Option<Date>,
    place: Span,
    /// Whether its place is where it may be used up: what lies elsewhere is used by others.
    is_judged: bool,
    problem: Option<Problem>,
}

/// All directives of a run.
#[derive(Debug)]
pub struct Directives {
    policy: Policy,
    all: Vec<Directive>,
    by_code: BTreeMap<&'static str, Vec<usize>>,
}

/// A part of a finding that is accepted, by which directive.
#[derive(Debug)]
pub struct Accepted {
    /// The finding, with the affected targets that are accepted.
    pub finding: Finding,
    /// The directive.
    pub by: DirectiveId,
}

/// A directive of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DirectiveId(usize);

/// What a directive does to a finding.
enum Effect {
    Nothing,
    All,
    /// To these of the affected targets.
    Targets(Vec<usize>),
}

impl Directives {
    /// No directives yet.
    pub fn new(policy: Policy) -> Directives {
        Directives { policy, all: Vec::new(), by_code: BTreeMap::new() }
    }

    /// Adds those in the comments of a file. `rules` are codes and names of what can be suppressed; `is_judged` says
    /// whether one that nothing needs is reported.
    pub fn read(&mut self, file: &SourceFile, rules: &[(&'static str, &'static str)], is_judged: bool) {
        for remark in comment::remarks(file, WORD) {
            for written in directive::read(&remark.text) {
                let place = match remark.text_start {
                    Some(start) => Span {
                        file: file.id,
                        start: start + written.start as u32,
                        end: start + written.end as u32,
                    },
                    None => remark.span,
                };
                let scope = if written.is_file {
                    Scope::File(file.id)
                } else {
                    Scope::Code { target: remark.target, within: remark.within.clone() }
                };
                let (known, unknown) = resolve(&written.names, rules);
                self.push(Directive {
                    by: Acceptance::Comment,
                    scope,
                    rules: known,
                    reason: written.reason,
                    until: written.until,
                    place,
                    is_judged,
                    problem: written.problem.or(unknown),
                });
            }
        }
    }

    /// Adds an `ignore` block of the settings; `is_judged` as in [`Directives::read`].
    pub fn add(&mut self, ignore: &Ignore, rules: &[(&'static str, &'static str)], is_judged: bool) {
        let (known, unknown) = resolve(std::slice::from_ref(&ignore.rule), rules);
        let until = ignore.until.as_deref().map(directive::date).transpose();
        self.push(Directive {
            by: Acceptance::Settings,
            scope: Scope::Address(ignore.address.as_deref().map(Pattern::new)),
            rules: known,
            reason: ignore.reason.clone().filter(|reason| !reason.trim().is_empty()),
            until: until.clone().unwrap_or_default(),
            place: ignore.span,
            is_judged,
            problem: unknown.or(until.err()),
        });
    }

    fn push(&mut self, directive: Directive) {
        let obeyed = directive.problem.is_none() && !directive.is_expired(&self.policy);
        if obeyed {
            let allowed = directive.rules.iter().filter(|rule| !self.policy.forbidden.contains(rule.code));
            for rule in allowed {
                self.by_code.entry(rule.code).or_default().push(self.all.len());
            }
        }
        self.all.push(directive);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Who says so, where, why, and until when.
    pub fn describe(&self, id: DirectiveId) -> (Acceptance, Span, Option<String>, Option<String>) {
        let directive = &self.all[id.0];
        let until = directive.until.map(|until| until.to_string());
        (directive.by, directive.place, directive.reason.clone(), until)
    }

    /// What is left of a finding, and what is accepted.
    ///
    /// A directive that stands on the line to change, on what is wrong, on the module calls around it, or elsewhere in
    /// the chain accepts the finding. One that stands on an affected target accepts it for that target; when no
    /// target is left, nothing is.
    pub fn apply(&mut self, finding: Finding, places: &Places) -> (Option<Finding>, Vec<Accepted>) {
        let Some(ids) = self.by_code.get(finding.code) else { return (Some(finding), Vec::new()) };
        let mut whole: Option<usize> = None;
        let mut parts: Vec<(usize, Vec<usize>)> = Vec::new();
        let spans = spans(&finding, places);
        for id in ids.clone() {
            if !self.all[id].may_touch(&spans, &finding) {
                continue;
            }
            let effect = self.all[id].effect(&finding, places);
            match effect {
                Effect::Nothing => continue,
                Effect::All => whole = whole.or(Some(id)),
                Effect::Targets(targets) => parts.push((id, targets)),
            }
            for rule in self.all[id].rules.iter_mut().filter(|rule| rule.code == finding.code) {
                rule.used = true;
            }
        }
        if let Some(id) = whole {
            return (None, vec![Accepted { finding, by: DirectiveId(id) }]);
        }
        let mut left: BTreeSet<usize> = (0..finding.affected.len()).collect();
        let mut accepted = Vec::new();
        for (id, targets) in parts {
            let own: Vec<String> = targets
                .into_iter()
                .filter(|target| left.remove(target))
                .map(|target| finding.affected[target].clone())
                .collect();
            if !own.is_empty() {
                let finding = Finding { affected: own, ..finding.clone() };
                accepted.push(Accepted { finding, by: DirectiveId(id) });
            }
        }
        if left.is_empty() && !accepted.is_empty() {
            return (None, accepted);
        }
        let affected = left.into_iter().map(|target| finding.affected[target].clone()).collect();
        (Some(Finding { affected, ..finding }), accepted)
    }

    /// The findings about the directives themselves. `is_whole` says whether the run has seen everything that could
    /// need one; `active` whether a rule has run on a file.
    pub fn findings(
        &self,
        is_whole: bool,
        active: &dyn Fn(&str, FileId) -> bool,
        left: &[Finding],
    ) -> Vec<Finding> {
        let own = |directive| own::findings(directive, &self.policy, is_whole, active, left);
        self.all.iter().flat_map(own).collect()
    }
}

/// The rules of codes and names in any case, and what is wrong with the rest.
fn resolve(names: &[String], rules: &[(&'static str, &'static str)]) -> (Vec<Named>, Option<Problem>) {
    let mut known: Vec<Named> = Vec::new();
    let mut problem = None;
    for name in names {
        let same = |(code, long): &&(&'static str, &'static str)| {
            code.eq_ignore_ascii_case(name) || long.eq_ignore_ascii_case(name)
        };
        match rules.iter().find(same) {
            Some((code, _)) if known.iter().any(|named| named.code == *code) => {}
            Some((code, _)) => known.push(Named { code, used: false }),
            None => {
                problem.get_or_insert_with(|| unknown(name, rules));
            }
        }
    }
    (known, problem)
}

/// Characters of a name that are compared and shown; no rule is longer.
const NAME_LIMIT: usize = 60;

fn unknown(name: &str, rules: &[(&'static str, &'static str)]) -> Problem {
    let shown: String = name.chars().take(NAME_LIMIT).collect();
    if RULES.iter().any(|rule| rule.code.eq_ignore_ascii_case(name) || rule.name.eq_ignore_ascii_case(name)) {
        return Problem::new(
            format!("{shown} is about directives and cannot be suppressed"),
            "correct the directive that it is about",
        );
    }
    let lower = shown.to_ascii_lowercase();
    let likeness = |other: &str| strsim::damerau_levenshtein(&lower, &other.to_ascii_lowercase());
    let candidates = rules.iter().flat_map(|(code, long)| [*code, *long]);
    let nearest = candidates.min_by_key(|candidate| likeness(candidate));
    let near = nearest.filter(|candidate| likeness(candidate) <= candidate.len() / 3);
    let help = match near {
        Some(candidate) => format!("did you mean {candidate}?"),
        None => "`ssmlint rules` lists all of them".to_owned(),
    };
    Problem::new(format!("there is no rule {shown}"), help)
}

impl Directive {
    fn is_expired(&self, policy: &Policy) -> bool {
        matches!((self.until, policy.today), (Some(until), Some(today)) if until < today)
    }

    /// Whether it stands on one of the places of a finding; most of the directives on code stand elsewhere.
    fn may_touch(&self, spans: &[Span], finding: &Finding) -> bool {
        match &self.scope {
            Scope::Code { target: Some(target), within } => {
                spans.iter().any(|span| target.covers(*span)) || is_about(within, finding)
            }
            Scope::Code { target: None, .. } | Scope::Address(_) | Scope::File(_) => true,
        }
    }

    fn effect(&self, finding: &Finding, places: &Places) -> Effect {
        match &self.scope {
            Scope::Address(None) => Effect::All,
            Scope::Address(Some(pattern)) if pattern.admits(&finding.subject) => Effect::All,
            Scope::Address(Some(pattern)) => targets(finding, |address| pattern.admits(address)),
            Scope::File(file) => in_file(*file, finding, places),
            Scope::Code { target: None, within } => {
                if is_about(within, finding) {
                    Effect::All
                } else {
                    Effect::Nothing
                }
            }
            Scope::Code { target: Some(target), within } => on_code(*target, within, finding, places),
        }
    }
}

/// A finding of the file: the line to change, or what is wrong, stands in it.
fn in_file(file: FileId, finding: &Finding, places: &Places) -> Effect {
    let subject = places.get(&finding.subject).map(|place| place.block.file);
    let primary = finding.primary.as_ref().map(|label| label.span.file);
    if primary == Some(file) || subject == Some(file) {
        return Effect::All;
    }
    targets(finding, |address| places.get(address).is_some_and(|place| place.block.file == file))
}

/// All places at which a directive on code touches a finding.
fn spans(finding: &Finding, places: &Places) -> Vec<Span> {
    let mut spans: Vec<Span> = finding.primary.iter().map(|label| label.span).collect();
    spans.extend(&finding.calls);
    spans.extend(places.get(&finding.subject).map(|place| place.block.at_start()));
    for place in finding.affected.iter().filter_map(|address| places.get(address)) {
        spans.push(place.block.at_start());
        spans.extend(&place.calls);
    }
    spans.extend(finding.labels.iter().map(|label| label.span));
    spans.extend(finding.trace.iter().filter_map(|step| step.span));
    spans.extend(finding.because.iter().filter_map(|because| because.span));
    spans
}

fn on_code(target: Target, within: &[Span], finding: &Finding, places: &Places) -> Effect {
    let subject = places.get(&finding.subject).map(|place| place.block);
    let primary = finding.primary.as_ref().map(|label| label.span);
    let own = primary.into_iter().chain(subject.map(Span::at_start)).chain(finding.calls.iter().copied());
    if own.clone().any(|span| target.covers(span)) || is_about(within, finding) {
        return Effect::All;
    }
    let by_place = targets(finding, |address| {
        let Some(place) = places.get(address) else { return false };
        target.covers(place.block.at_start()) || place.calls.iter().any(|call| target.covers(*call))
    });
    if !matches!(by_place, Effect::Nothing) {
        return by_place;
    }
    let labels = finding.labels.iter().map(|label| label.span);
    let steps = finding.trace.iter().filter_map(|step| step.span);
    let reasons = finding.because.iter().filter_map(|because| because.span);
    let mut of_targets = BTreeSet::new();
    for span in labels.chain(steps).chain(reasons).filter(|span| target.covers(*span)) {
        // What a target contributes is the target's own.
        let owners: Vec<usize> = (0..finding.affected.len())
            .filter(|index| {
                let place = places.get(&finding.affected[*index]);
                place.is_some_and(|place| Some(place.block) != subject && place.block.contains(span))
            })
            .collect();
        if owners.is_empty() {
            return Effect::All;
        }
        of_targets.extend(owners);
    }
    if of_targets.is_empty() { Effect::Nothing } else { Effect::Targets(of_targets.into_iter().collect()) }
}

/// Whether a finding points to the header of a block that the directive stands in: it is about the block as a whole.
fn is_about(within: &[Span], finding: &Finding) -> bool {
    let primary = finding.primary.as_ref().map(|label| label.span);
    primary.is_some_and(|primary| within.iter().any(|header| header.contains(primary)))
}

fn targets(finding: &Finding, is_meant: impl Fn(&str) -> bool) -> Effect {
    let meant: Vec<usize> =
        (0..finding.affected.len()).filter(|index| is_meant(&finding.affected[*index])).collect();
    if meant.is_empty() { Effect::Nothing } else { Effect::Targets(meant) }
}
