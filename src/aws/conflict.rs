//! Two mechanisms that manage one thing, of which the one that is applied last takes the other's part away.

use crate::aws::Declaration;
use crate::aws::fact::{Answer, Reason};
use crate::source::Span;
use crate::truth::Truth;

/// A resource that manages what a block or an argument manages too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The block or the argument.
    pub block: Option<Span>,
    /// The header of the resource.
    pub apart: Span,
    /// Whether both are there; neither evidence nor, when it is, reasons.
    pub answer: Answer,
}

impl Conflict {
    /// A conflict of a block, which is there or not, with a resource of its own; none where one of them is not there.
    pub fn of(block: Truth, place: Option<Span>, apart: &Declaration) -> Option<Conflict> {
        let span = apart.decl_range?;
        let mut answer = Answer::new(block & apart.exists);
        if block.is_unknown() {
            answer.reasons.push(Reason::new("whether the block is there is not known", place));
        }
        if apart.exists.is_unknown() {
            let text = format!("whether {} applies here is not known", apart.address);
            answer.reasons.push(Reason::new(text, apart.decl_range));
        }
        (!answer.truth.is_no()).then_some(Conflict { block: place, apart: span, answer })
    }

    /// Keeps the first one that is certain, or the first one.
    pub fn keep(slot: &mut Option<Conflict>, found: Option<Conflict>) {
        let is_certain = |conflict: &Conflict| conflict.answer.truth.is_yes();
        if slot.is_none() || found.as_ref().is_some_and(is_certain) && !slot.as_ref().is_some_and(is_certain)
        {
            *slot = found;
        }
    }
}

/// Whether blocks are there of which each may be: an argument that is written without any counts as one.
pub(crate) fn blocks(each: impl IntoIterator<Item = Truth>) -> Truth {
    let mut each = each.into_iter().peekable();
    if each.peek().is_none() { Truth::Yes } else { Truth::any(each) }
}
