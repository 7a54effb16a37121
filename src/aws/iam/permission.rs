//! Whether a role may do something: its policies, its boundary, and who may take it.

use crate::aws::fact::{Answer, Evidence, Reason, reasons};
use crate::aws::iam::{Attached, Iam, Role, RoleId};
use crate::aws::partition::Partition;
use crate::aws::policy::{Judgement, Request, UNSEEN};
use crate::eval::value::Cause;
use crate::truth::Truth;

/// What a role may do with one action.
#[derive(Clone, Debug)]
pub struct Permission {
    /// The action.
    pub action: String,
    /// Whether an attached policy allows it.
    pub allow: Answer,
    /// Whether an attached policy denies it.
    pub deny: Answer,
    /// Whether the permissions boundary allows it; `Yes` without one.
    pub boundary: Answer,
    /// Policies that are not seen and could also deny it: a proof assumes that they do not.
    pub assumed: Vec<Reason>,
}

/// What decides a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is allowed.
    Allowed,
    /// No policy allows it.
    NotAllowed,
    /// A policy denies it.
    Denied,
    /// The permissions boundary does not allow it.
    OutsideBoundary,
    /// It is not known.
    Unknown,
}

impl Permission {
    /// Whether the role may do it in the end, with the places that decide.
    pub fn answer(&self) -> Answer {
        Answer::all([self.deny.clone().negate(), self.boundary.clone(), self.allow.clone()])
    }

    /// What decides it.
    pub fn verdict(&self) -> Verdict {
        if self.deny.truth.is_yes() {
            Verdict::Denied
        } else if self.allow.truth.is_no() {
            Verdict::NotAllowed
        } else if self.boundary.truth.is_no() {
            Verdict::OutsideBoundary
        } else {
            match self.answer().truth {
                Truth::Yes => Verdict::Allowed,
                Truth::No | Truth::Unknown => Verdict::Unknown,
            }
        }
    }
}

pub(super) fn trusts(role: &Role, services: &[&str]) -> Answer {
    let Some(trust) = &role.trust else { return Answer::unknown(role.open.clone()) };
    let judgement = trust.policy.judge(&Request::assume_role(services));
    let mut answer = Answer::all([place(judgement.deny, trust).negate(), place(judgement.allow, trust)]);
    if let Some(problem) = &judgement.problem {
        answer.evidence.insert(0, Evidence { note: problem.clone(), ..trust.evidence.clone() });
    }
    if answer.evidence.is_empty() {
        answer.evidence.push(trust.evidence.clone());
    }
    answer
}

pub(super) fn permission(iam: &Iam, id: RoleId, action: &str, region: Option<&str>) -> Permission {
    let role = iam.role(id);
    let request = Request::agent(action, region);
    let mut allows = Vec::new();
    let mut denies = Vec::new();
    let mut assumed = Vec::new();
    for attached in role.policies.iter().chain(&iam.stray) {
        if attached.certain.is_no() || elsewhere(attached, region).is_some() {
            continue;
        }
        let judgement = attached.policy.judge(&request);
        if let Some(causes) = &judgement.unseen {
            assumed.extend(reasons(causes, attached.evidence.span));
        }
        let judgement = doubt(judgement, attached);
        allows.push(place(judgement.allow, attached));
        denies.push(place(judgement.deny, attached));
    }
    if !role.open.is_empty() {
        allows.push(Answer::unknown(role.open.clone()));
    }
    let mut allow = Answer::any(allows);
    if allow.truth.is_no() {
        allow.evidence = why_not(role, region);
    }
    let boundary = match &role.boundary {
        None => Answer::new(Truth::Yes),
        Some(boundary) => {
            let judgement = boundary.policy.judge(&request);
            Answer::all([place(judgement.deny, boundary).negate(), place(judgement.allow, boundary)])
        }
    };
    assumed.sort();
    assumed.dedup();
    Permission { action: action.to_owned(), allow, deny: Answer::any(denies), boundary, assumed }
}

/// The policies that were looked at in vain; the role's own header when there are none.
fn why_not(role: &Role, region: Option<&str>) -> Vec<Evidence> {
    let mut evidence: Vec<Evidence> = Vec::new();
    for attached in &role.policies {
        let note = match (&attached.problem, attached.doubt.first()) {
            (Some(problem), _) => format!("{}: {problem}", attached.name),
            (None, Some(doubt)) if attached.certain.is_no() => {
                format!("{} is removed: {}", attached.name, doubt.text)
            }
            (None, _) => match elsewhere(attached, region) {
                Some(own) => format!("{}: not in the partition {own} of the instance", attached.name),
                None => attached.name.clone(),
            },
        };
        evidence.push(Evidence { note, ..attached.evidence.clone() });
    }
    if evidence.is_empty() {
        evidence.push(role.declaration.evidence("no policy is attached to this role"));
    }
    evidence
}

/// The partition of the region, where a policy is named in another one: AWS finds nothing at that ARN.
fn elsewhere(attached: &Attached, region: Option<&str>) -> Option<&'static str> {
    let named = attached.partition.as_deref()?;
    Some(Partition::of_region(region?).name).filter(|own| *own != named)
}

/// The judgement of a policy that is perhaps not attached proves nothing any more.
fn doubt(judgement: Judgement, attached: &Attached) -> Judgement {
    if attached.certain.is_yes() {
        return judgement;
    }
    let mut judgement = judgement.perhaps(&no_causes());
    for answer in [&mut judgement.allow, &mut judgement.deny] {
        if answer.truth.is_unknown() && !attached.doubt.is_empty() {
            answer.reasons.clone_from(&attached.doubt);
        }
    }
    judgement
}

fn no_causes() -> ecow::EcoVec<Cause> {
    ecow::EcoVec::new()
}

/// The answer with the argument that attaches the policy as its place.
fn place(mut answer: Answer, attached: &Attached) -> Answer {
    for evidence in &mut answer.evidence {
        if evidence.span.is_none() {
            evidence.span = attached.evidence.span;
        }
        if evidence.note.starts_with("statement ") || evidence.note == "its statement" {
            evidence.note = format!("{} of {}", evidence.note, attached.name);
        }
    }
    for reason in &mut answer.reasons {
        if reason.span.is_none() {
            reason.span = attached.evidence.span;
        }
        if reason.text == UNSEEN && !attached.name.is_empty() {
            reason.text = format!("what {} allows is not known", attached.name);
        }
    }
    answer
}
