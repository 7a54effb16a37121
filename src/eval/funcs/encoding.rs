//! Functions that encode and decode text.

pub mod json;

use crate::eval::funcs::Function;

/// The functions of this family.
pub static FUNCTIONS: &[Function] = &[];
