//! Data sources of IAM whose result the configuration determines.

use crate::eval::ResourceInstance;
use crate::eval::term::Terms;
use crate::eval::value::Value;

/// The value of an attribute of an IAM resource or data source that follows from its arguments.
pub fn attribute(instance: &ResourceInstance, name: &str, terms: &mut Terms) -> Option<Value> {
    let _ = (instance, name, terms);
    None
}
