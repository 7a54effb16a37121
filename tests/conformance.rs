//! Agreement with Terraform: expressions, expressions with unknowns, whole root modules.
//!
//! The data in `fixtures/conformance` is what Terraform 1.11.4 answered. One test a category; each mismatch is printed
//! with what was expected and what was got.

#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it says")]

mod conformance {
    pub(crate) mod compare;
    pub(crate) mod expressions;
    pub(crate) mod modules;
}

use libtest_mimic::{Arguments, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let mut trials: Vec<Trial> = Vec::new();
    trials.extend(conformance::expressions::trials());
    trials.extend(conformance::modules::trials());
    libtest_mimic::run(&arguments, trials).exit();
}
