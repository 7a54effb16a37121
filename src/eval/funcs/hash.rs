//! To come.

use crate::eval::funcs::Function;

/// The functions of this family.
pub static FUNCTIONS: &[Function] = &[];
