//! Parsing: source text to our syntax tree, native and JSON syntax alike.

pub mod ast;
