//! Regions: whether two things are in one.

use ecow::EcoString;

use crate::aws::fact::Fact;
use crate::truth::Truth;

/// Whether two regions are one; `None`, of which no provider configuration says anything, is that of the environment for
/// both.
pub fn same(a: &Fact<Option<EcoString>>, b: &Fact<Option<EcoString>>) -> Truth {
    if a.value == b.value {
        return Truth::Yes;
    }
    let (one, other) = (a.value.alternatives(), b.value.alternatives());
    let named = |regions: &[Option<EcoString>]| !regions.is_empty() && regions.iter().all(Option::is_some);
    if named(one) && named(other) && one.iter().all(|region| !other.contains(region)) {
        Truth::No
    } else {
        Truth::Unknown
    }
}
