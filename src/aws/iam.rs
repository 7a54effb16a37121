//! Roles, instance profiles and policies.

use crate::aws::Build;

/// The identities of the configuration.
#[derive(Clone, Debug, Default)]
pub struct Iam {}

impl Iam {
    /// Reads the IAM resources.
    pub fn build(build: &Build<'_>) -> Iam {
        let _ = build;
        Iam {}
    }
}
