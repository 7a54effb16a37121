//! ssmlint.
#![forbid(unsafe_code)]

pub mod addr;
pub mod diagnostic;
pub mod finding;
pub mod number;
pub mod source;
pub mod truth;

pub mod aws;
pub mod config;
pub mod eval;
pub mod syntax;

pub mod proof;
pub mod rules;

pub mod report;
pub mod lint;
