//! Terms and causes for the unknowns that pure operations make.

use std::collections::BTreeMap;
use std::sync::Arc;

use ecow::{EcoString, EcoVec};

use crate::eval::scope::Evaluator;
use crate::eval::term::{Term, TermId, Terms};
use crate::eval::value::{Causes, Value, ValueKind, join_causes};

impl Evaluator<'_> {
    /// Gives unknowns that a pure operation made their term and their causes, and the whole an origin if it has none.
    pub(in crate::eval) fn settle(&mut self, value: Value, operation: &str, args: &[Value]) -> Value {
        if value.is_wholly_known() || !needs_term(&value) {
            return value;
        }
        let causes = join_causes(args);
        let operands: EcoVec<_> = args.iter().map(Terms::operand).collect();
        let base = self.terms.intern(Term::Apply(operation.into(), operands));
        self.stamp(value, base, &causes)
    }

    fn stamp(&mut self, value: Value, term: TermId, causes: &Causes) -> Value {
        let Value { kind, origin, marks } = value;
        let kind = match kind {
            ValueKind::Unknown(unknown) if unknown.term.is_none() => {
                let mut unknown = Arc::unwrap_or_clone(unknown);
                unknown.term = term;
                if unknown.causes.is_empty() {
                    unknown.causes = causes.clone();
                }
                ValueKind::Unknown(Arc::new(unknown))
            }
            ValueKind::List(ty, elements) => ValueKind::List(ty, self.stamp_all(elements, term, causes)),
            ValueKind::Set(ty, elements) => ValueKind::Set(ty, self.stamp_all(elements, term, causes)),
            ValueKind::Tuple(elements) => ValueKind::Tuple(self.stamp_all(elements, term, causes)),
            ValueKind::Map(ty, entries) => ValueKind::Map(ty, self.stamp_entries(&entries, term, causes)),
            ValueKind::Object(entries) => ValueKind::Object(self.stamp_entries(&entries, term, causes)),
            kind @ ValueKind::Null(_)
            | kind @ ValueKind::Bool(_)
            | kind @ ValueKind::Number(_)
            | kind @ ValueKind::String(_)
            | kind @ ValueKind::Resource(_)
            | kind @ ValueKind::Unknown(_) => kind,
        };
        Value { kind, origin, marks }
    }

    fn stamp_all(&mut self, elements: EcoVec<Value>, term: TermId, causes: &Causes) -> EcoVec<Value> {
        let stamped = elements.into_iter().enumerate().map(|(i, element)| {
            if needs_term(&element) {
                let term = self.terms.step(term, ecow::eco_format!("[{i}]"));
                self.stamp(element, term, causes)
            } else {
                element
            }
        });
        stamped.collect()
    }

    fn stamp_entries(
        &mut self,
        entries: &BTreeMap<EcoString, Value>,
        term: TermId,
        causes: &Causes,
    ) -> Arc<BTreeMap<EcoString, Value>> {
        let stamped = entries.iter().map(|(name, entry)| {
            let entry = if needs_term(entry) {
                let term = self.terms.step(term, ecow::eco_format!(".{name}"));
                self.stamp(entry.clone(), term, causes)
            } else {
                entry.clone()
            };
            (name.clone(), entry)
        });
        Arc::new(stamped.collect())
    }
}

fn needs_term(value: &Value) -> bool {
    match value.as_unknown() {
        Some(unknown) => unknown.term.is_none(),
        None => value.parts().any(needs_term),
    }
}
