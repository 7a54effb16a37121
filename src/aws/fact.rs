//! What is known of one argument of one resource: a value, some alternatives, or why it is not known.
//!
//! Nothing here becomes a `bool`; ask [`Fact::is`] and combine `Truth`s.

use crate::eval::origin::OriginId;
use crate::eval::value::{Cause, Causes};
use crate::source::Span;
use crate::truth::Truth;

/// How far a value is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known<T> {
    /// It is this.
    Value(T),
    /// It is one of these, at least two and all different.
    OneOf(Vec<T>),
    /// It is not known, and why.
    Unknown(Causes),
}

/// Who decided a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// The configuration sets it.
    Configured,
    /// It is not set; the provider or AWS gives it this value.
    ProviderDefault,
    /// It is written as null, which is as good as not set: the provider or AWS gives it this value.
    WrittenNull,
}

/// What is known of an argument, and the place that decides it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact<T> {
    /// How far it is known.
    pub value: Known<T>,
    /// Who decided it.
    pub basis: Basis,
    /// The step that made the value; `OriginId::NONE` for a default.
    pub origin: OriginId,
    /// The argument, also one that is null; for a default the header of the block that lacks it.
    pub span: Option<Span>,
    /// Whether the value must never be printed.
    pub sensitive: bool,
}

impl<T> Known<T> {
    /// The alternatives: one, several, or none when it is unknown.
    pub fn alternatives(&self) -> &[T] {
        match self {
            Known::Value(value) => std::slice::from_ref(value),
            Known::OneOf(values) => values,
            Known::Unknown(_) => &[],
        }
    }

    /// The value, when it is exactly one.
    pub fn value(&self) -> Option<&T> {
        if let Known::Value(value) = self { Some(value) } else { None }
    }

    /// Why it is unknown; none also for alternatives.
    pub fn causes(&self) -> Option<&Causes> {
        if let Known::Unknown(causes) = self { Some(causes) } else { None }
    }

    /// Whether the condition holds of it: `Yes` when of all alternatives, `No` when of none.
    pub fn satisfies(&self, mut condition: impl FnMut(&T) -> Truth) -> Truth {
        let mut alternatives = self.alternatives().iter();
        let Some(first) = alternatives.next() else { return Truth::Unknown };
        let first = condition(first);
        if alternatives.all(|alternative| condition(alternative) == first) { first } else { Truth::Unknown }
    }

    /// The same knowledge of something computed from it.
    pub fn map<U: PartialEq>(&self, mut function: impl FnMut(&T) -> U) -> Known<U> {
        self.and_then(|value| Known::Value(function(value)))
    }

    /// The same knowledge of something that may itself not be known.
    pub fn and_then<U: PartialEq>(&self, mut function: impl FnMut(&T) -> Known<U>) -> Known<U> {
        let mut results: Vec<U> = Vec::new();
        match self {
            Known::Unknown(causes) => return Known::Unknown(causes.clone()),
            Known::Value(value) => return function(value),
            Known::OneOf(values) => {
                for value in values {
                    match function(value) {
                        Known::Unknown(causes) => return Known::Unknown(causes),
                        Known::Value(result) => results.push(result),
                        Known::OneOf(more) => results.extend(more),
                    }
                }
            }
        }
        Known::one_of(results)
    }

    /// One of the values; duplicates are removed. Of no values at all: unknown.
    pub fn one_of(values: impl IntoIterator<Item = T>) -> Known<T>
    where
        T: PartialEq,
    {
        let mut different: Vec<T> = Vec::new();
        for value in values {
            if !different.contains(&value) {
                different.push(value);
            }
        }
        match different.len() {
            0 => Known::Unknown(Causes::new()),
            1 => Known::Value(different.swap_remove(0)),
            _ => Known::OneOf(different),
        }
    }
}

impl<T> Fact<T> {
    /// A value that the provider or AWS gives; `span` is the header of the block that lacks the argument.
    pub fn default(value: T, span: Option<Span>) -> Fact<T> {
        Fact {
            value: Known::Value(value),
            basis: Basis::ProviderDefault,
            origin: OriginId::NONE,
            span,
            sensitive: false,
        }
    }

    /// Something that is not known.
    pub fn unknown(causes: Causes, span: Option<Span>) -> Fact<T> {
        Fact {
            value: Known::Unknown(causes),
            basis: Basis::ProviderDefault,
            origin: OriginId::NONE,
            span,
            sensitive: false,
        }
    }

    /// The value, when it is exactly one.
    pub fn value(&self) -> Option<&T> {
        self.value.value()
    }

    /// Whether the configuration sets it.
    pub fn is_configured(&self) -> bool {
        self.basis == Basis::Configured
    }

    /// Whether it equals `other`.
    pub fn is(&self, other: &T) -> Truth
    where
        T: PartialEq,
    {
        self.value.satisfies(|value| Truth::known(value == other))
    }

    /// Whether the condition holds of it.
    pub fn satisfies(&self, condition: impl FnMut(&T) -> Truth) -> Truth {
        self.value.satisfies(condition)
    }

    /// The fact of something computed from it.
    pub fn map<U: PartialEq>(&self, function: impl FnMut(&T) -> U) -> Fact<U> {
        self.with(self.value.map(function))
    }

    /// The fact of something computed from it that may itself not be known.
    pub fn and_then<U: PartialEq>(&self, function: impl FnMut(&T) -> Known<U>) -> Fact<U> {
        self.with(self.value.and_then(function))
    }

    /// The same place and basis with another value.
    pub fn with<U>(&self, value: Known<U>) -> Fact<U> {
        Fact { value, basis: self.basis, origin: self.origin, span: self.span, sensitive: self.sensitive }
    }

    /// The place as evidence.
    pub fn evidence(&self, note: impl Into<String>) -> Evidence {
        Evidence { span: self.span, origin: self.origin, note: note.into() }
    }

    /// Whether the condition holds, with this fact as evidence or as the reason why that is not known.
    pub fn ask(&self, note: impl Into<String>, condition: impl FnMut(&T) -> Truth) -> Answer {
        let truth = self.satisfies(condition);
        let mut answer = Answer::new(truth).because(self.evidence(note));
        if truth.is_unknown() {
            answer.reasons = match &self.value {
                Known::Unknown(causes) => reasons(causes, self.span),
                Known::OneOf(_) => vec![Reason::new("it depends on a value that is not known", self.span)],
                Known::Value(_) => Vec::new(),
            };
        }
        answer
    }
}

/// A place that decides something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The place; none for what has no source.
    pub span: Option<Span>,
    /// The step that made the deciding value; `OriginId::NONE` when the place itself decides.
    pub origin: OriginId,
    /// What the place contributes; lower case, no full stop.
    pub note: String,
}

impl Evidence {
    /// Evidence whose place itself decides.
    pub fn at(span: Option<Span>, note: impl Into<String>) -> Evidence {
        Evidence { span, origin: OriginId::NONE, note: note.into() }
    }
}

/// Why something is not known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// In one phrase: `var.vpc_id has no value`.
    pub text: String,
    /// Where that stands.
    pub span: Option<Span>,
}

impl Reason {
    /// A reason at a place.
    pub fn new(text: impl Into<String>, span: Option<Span>) -> Reason {
        Reason { text: text.into(), span }
    }
}

/// The answer to a question about the model: a truth, the places that decide it, and why it is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The truth.
    pub truth: Truth,
    /// The places that decide it, the deciding one first.
    pub evidence: Vec<Evidence>,
    /// For `Unknown`: what would have to be known.
    pub reasons: Vec<Reason>,
}

impl Answer {
    /// An answer without evidence.
    pub fn new(truth: Truth) -> Answer {
        Answer { truth, evidence: Vec::new(), reasons: Vec::new() }
    }

    /// `Yes`, decided there.
    pub fn yes(evidence: Evidence) -> Answer {
        Answer::new(Truth::Yes).because(evidence)
    }

    /// `No`, decided there.
    pub fn no(evidence: Evidence) -> Answer {
        Answer::new(Truth::No).because(evidence)
    }

    /// `Unknown` for a reason.
    pub fn unknown(reasons: impl IntoIterator<Item = Reason>) -> Answer {
        Answer { truth: Truth::Unknown, evidence: Vec::new(), reasons: reasons.into_iter().collect() }
    }

    /// The same answer with one more place.
    pub fn because(mut self, evidence: Evidence) -> Answer {
        self.evidence.push(evidence);
        self
    }

    /// The opposite truth with the same places.
    pub fn negate(self) -> Answer {
        Answer { truth: !self.truth, ..self }
    }

    /// Whether all hold. Keeps the places of the first that does not; else of those that are unknown; else of all.
    pub fn all(answers: impl IntoIterator<Item = Answer>) -> Answer {
        Answer::combine(answers, Truth::Yes, Truth::No)
    }

    /// Whether any holds. Keeps the places of the first that does; else of those that are unknown; else of all.
    pub fn any(answers: impl IntoIterator<Item = Answer>) -> Answer {
        Answer::combine(answers, Truth::No, Truth::Yes)
    }

    fn combine(answers: impl IntoIterator<Item = Answer>, neutral: Truth, deciding: Truth) -> Answer {
        let mut result = Answer::new(neutral);
        for answer in answers {
            if answer.truth == deciding {
                return answer;
            }
            if answer.truth.is_unknown() && !result.truth.is_unknown() {
                result = answer;
            } else if answer.truth == result.truth {
                add(&mut result.evidence, answer.evidence);
                add(&mut result.reasons, answer.reasons);
            }
        }
        result
    }
}

/// Adds places or reasons, each once.
fn add<T: PartialEq>(all: &mut Vec<T>, more: Vec<T>) {
    if all.is_empty() && more.len() <= 1 {
        *all = more;
        return;
    }
    for one in more {
        if all.len() < MAX_PLACES && !all.contains(&one) {
            all.push(one);
        }
    }
}

/// Places, and reasons, that one answer is given; nobody reads more, and each is compared with all others.
const MAX_PLACES: usize = 200;

/// The causes as reasons at a place.
pub fn reasons(causes: &[Cause], span: Option<Span>) -> Vec<Reason> {
    if causes.is_empty() {
        return vec![Reason::new("its value is not known", span)];
    }
    causes.iter().map(|cause| Reason::new(describe(cause), span)).collect()
}

/// A cause in one phrase.
pub fn describe(cause: &Cause) -> String {
    match cause {
        Cause::NotSet(name) => format!("var.{name} has no value"),
        Cause::DataSource(address) => format!("{address} is only known to AWS or another state"),
        Cause::ModuleUnavailable(address) => format!("the source of {address} is not installed"),
        Cause::Computed(reference) => format!("{reference} is only known after apply"),
        Cause::UnsupportedFunction(name) => format!("the function {name} is not computed by ssmlint"),
        Cause::Impure(name) if name == "path.cwd" => format!("{name} depends on where Terraform is run"),
        Cause::Impure(name) => format!("{name} gives another result on every run"),
        Cause::Error(summary) => format!("terraform would report an error: {summary}"),
        Cause::KeysUnknown(address) => format!("the instances of {address} are not known"),
        Cause::Cycle(address) => format!("{address} depends on itself"),
        Cause::Limit(name) => format!("the limit \"{name}\" of ssmlint was reached"),
        Cause::Plan(address) => format!("{address} is not known in the plan"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_decide_only_when_they_agree() {
        let ports = Known::OneOf(vec![22, 443]);
        assert_eq!(ports.satisfies(|port| Truth::known(*port < 1024)), Truth::Yes);
        assert_eq!(ports.satisfies(|port| Truth::known(*port == 80)), Truth::No);
        assert_eq!(ports.satisfies(|port| Truth::known(*port == 22)), Truth::Unknown);
        assert_eq!(Known::<u16>::Unknown(Causes::new()).satisfies(|_| Truth::Yes), Truth::Unknown);
    }

    #[test]
    fn alternatives_that_map_to_one_value_are_that_value() {
        assert_eq!(Known::OneOf(vec![1, 2]).map(|number| *number > 0), Known::Value(true));
        assert_eq!(Known::OneOf(vec![1, 2]).map(|number| *number > 1), Known::OneOf(vec![false, true]));
    }

    #[test]
    fn an_answer_keeps_the_place_that_decides() {
        let yes = Answer::yes(Evidence::at(None, "yes"));
        let no = Answer::no(Evidence::at(None, "no"));
        let unknown = Answer::unknown([Reason::new("who knows", None)]);
        assert_eq!(Answer::all([yes.clone(), unknown.clone(), no.clone()]).evidence[0].note, "no");
        assert_eq!(Answer::any([no.clone(), unknown.clone(), yes.clone()]).evidence[0].note, "yes");
        assert_eq!(Answer::any([no, unknown.clone()]), unknown);
        assert_eq!(Answer::all([yes, unknown.clone()]), unknown);
    }
}
