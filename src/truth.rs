//! Three-valued logic: what is proven, what is refuted, and what cannot be decided.
//!
//! `Truth` never converts to `bool`; whoever needs a decision must say what becomes of `Unknown`.

use std::ops::{BitAnd, BitOr, Not};

/// The result of a question about a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// Proven to hold.
    Yes,
    /// Proven not to hold.
    No,
    /// Neither proven nor refuted.
    Unknown,
}

impl Truth {
    /// The truth of something that was decided.
    pub fn known(decided: bool) -> Truth {
        if decided { Truth::Yes } else { Truth::No }
    }

    /// True only when proven.
    pub fn is_yes(self) -> bool {
        self == Truth::Yes
    }

    /// True only when refuted.
    pub fn is_no(self) -> bool {
        self == Truth::No
    }

    /// True when neither proven nor refuted.
    pub fn is_unknown(self) -> bool {
        self == Truth::Unknown
    }

    /// Kleene conjunction: `No` if any is `No`, else `Unknown` if any is, else `Yes` (also of nothing).
    pub fn all(items: impl IntoIterator<Item = Truth>) -> Truth {
        let mut result = Truth::Yes;
        for item in items {
            result = result & item;
            if result.is_no() {
                break;
            }
        }
        result
    }

    /// Kleene disjunction: `Yes` if any is `Yes`, else `Unknown` if any is, else `No` (also of nothing).
    pub fn any(items: impl IntoIterator<Item = Truth>) -> Truth {
        let mut result = Truth::No;
        for item in items {
            result = result | item;
            if result.is_yes() {
                break;
            }
        }
        result
    }
}

impl BitAnd for Truth {
    type Output = Truth;

    fn bitand(self, other: Truth) -> Truth {
        match (self, other) {
            (Truth::No, _) | (_, Truth::No) => Truth::No,
            (Truth::Yes, Truth::Yes) => Truth::Yes,
            (Truth::Unknown, _) | (_, Truth::Unknown) => Truth::Unknown,
        }
    }
}

impl BitOr for Truth {
    type Output = Truth;

    fn bitor(self, other: Truth) -> Truth {
        match (self, other) {
            (Truth::Yes, _) | (_, Truth::Yes) => Truth::Yes,
            (Truth::No, Truth::No) => Truth::No,
            (Truth::Unknown, _) | (_, Truth::Unknown) => Truth::Unknown,
        }
    }
}

impl Not for Truth {
    type Output = Truth;

    fn not(self) -> Truth {
        match self {
            Truth::Yes => Truth::No,
            Truth::No => Truth::Yes,
            Truth::Unknown => Truth::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Truth::{self, No, Unknown, Yes};

    const ALL: [Truth; 3] = [Yes, No, Unknown];

    #[test]
    fn de_morgan_holds() {
        for a in ALL {
            for b in ALL {
                assert_eq!(!(a & b), !a | !b);
                assert_eq!(!(a | b), !a & !b);
            }
        }
    }

    #[test]
    fn unknown_yields_only_to_a_deciding_operand() {
        assert_eq!(Unknown & No, No);
        assert_eq!(Unknown & Yes, Unknown);
        assert_eq!(Unknown | Yes, Yes);
        assert_eq!(Unknown | No, Unknown);
        assert_eq!(!Unknown, Unknown);
    }

    #[test]
    fn all_and_any_of_nothing() {
        assert_eq!(Truth::all([]), Yes);
        assert_eq!(Truth::any([]), No);
    }
}
