//! Whether a message shows what is sensitive. Terraform's functions quote their arguments in many messages.

use rustc_hash::FxHashSet;

use crate::eval::value::Value;

/// So many characters that a message and a sensitive string have in common are no chance.
const RUN: usize = 4;

/// Whether a part of a sensitive string, or a sensitive number, stands in the message.
pub(super) fn shows_sensitive(message: &str, values: &[Value]) -> bool {
    let runs: FxHashSet<&[u8]> = message.as_bytes().windows(RUN).collect();
    values.iter().any(|value| shows(message, &runs, value, false))
}

fn shows(message: &str, runs: &FxHashSet<&[u8]>, value: &Value, within_sensitive: bool) -> bool {
    let is_sensitive = within_sensitive || value.marks.sensitive;
    let is_shown = is_sensitive
        && if let Some(text) = value.as_str() {
            has_word(message, text) || text.as_bytes().windows(RUN).any(|run| runs.contains(run))
        } else if let Some(number) = value.as_number() {
            has_word(message, &number.to_string())
        } else {
            value.as_entries().is_some_and(|entries| entries.keys().any(|key| has_word(message, key)))
        };
    is_shown || value.parts().any(|part| shows(message, runs, part, is_sensitive))
}

/// Whether the message has the text, and not as a part of a longer word.
fn has_word(message: &str, text: &str) -> bool {
    let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    !text.is_empty()
        && message.match_indices(text).any(|(at, _)| {
            is_edge(message[..at].chars().next_back()) && is_edge(message[at + text.len()..].chars().next())
        })
}

#[cfg(test)]
mod tests {
    use super::shows_sensitive;
    use crate::eval::value::{Marks, Value};

    #[test]
    fn a_part_of_a_sensitive_argument_is_noticed_in_a_message() {
        let marks = Marks { sensitive: true, ..Marks::NONE };
        let secret = |text: &str| vec![Value::string("plain"), Value::string(text).with_marks(marks)];
        let address = "invalid CIDR address: 2020-10-xx";
        assert!(shows_sensitive(address, &secret("2020-10-xx")));
        assert!(shows_sensitive("cannot use \"xx\" as day", &secret("xx")));
        assert!(shows_sensitive("cannot use \"2020-\" as year", &secret("2020-10-xx")));
        assert!(!shows_sensitive("a plain message", &secret("a")[..1]));
        assert!(!shows_sensitive("item not found", &secret("hunter2")));
        assert!(!shows_sensitive("item not found", &secret("ite")));
        let nested = Value::tuple([Value::number(17_i64)]).with_marks(marks);
        assert!(shows_sensitive("a subnet numbered 17", &[nested]));
    }
}
