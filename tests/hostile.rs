//! Input from strangers, made to crash, to hang, to exhaust memory or to see what it must not: each in a child
//! process with ceilings on time and memory. A healthy root beside the hostile one is always linted.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "hostile/support.rs"]
mod support;
#[path = "hostile/values.rs"]
mod values;
#[path = "hostile/syntax.rs"]
mod syntax;
#[path = "hostile/models.rs"]
mod models;
#[path = "hostile/tree.rs"]
mod tree;
#[path = "hostile/changing.rs"]
mod changing;
#[path = "hostile/stack.rs"]
mod stack;
#[path = "hostile/secrets.rs"]
mod secrets;
#[path = "hostile/bugs.rs"]
mod bugs;
#[path = "hostile/system.rs"]
mod system;
