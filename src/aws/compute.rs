//! Instances and all that makes instances.

use crate::aws::Build;
use crate::aws::iam::Iam;
use crate::aws::network::Network;

/// Everything that runs, or makes run, instances.
#[derive(Clone, Debug, Default)]
pub struct Compute {}

impl Compute {
    /// Reads the compute resources; subnets and groups that only they name are added to the network.
    pub fn build(build: &Build<'_>, network: &mut Network, iam: &Iam) -> Compute {
        let _ = (build, network, iam);
        Compute {}
    }
}
