//! Systems Manager settings and documents.

use crate::aws::Build;
use crate::aws::iam::Iam;

/// The Systems Manager settings of the configuration.
#[derive(Clone, Debug, Default)]
pub struct Ssm {}

impl Ssm {
    /// Reads the Systems Manager resources.
    pub fn build(build: &Build<'_>, iam: &Iam) -> Ssm {
        let _ = (build, iam);
        Ssm {}
    }
}
