//! Loading: files to modules, directories to roots, calls to trees, and the values of variables.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

#[path = "config/support.rs"]
mod support;

#[path = "config/conformance.rs"]
mod conformance;
#[path = "config/declarations.rs"]
mod declarations;
#[path = "config/discovery.rs"]
mod discovery;
#[path = "config/hostile.rs"]
mod hostile;
#[path = "config/modules.rs"]
mod modules;
#[path = "config/overrides.rs"]
mod overrides;
#[path = "config/values.rs"]
mod values;
