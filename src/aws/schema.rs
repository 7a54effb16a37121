//! What the AWS provider defaults, copies or computes, and which resource types the model reads.

use crate::eval::term::Terms;
use crate::eval::value::Value;
use crate::eval::{Provider, ResourceInstance};

/// The AWS provider.
#[derive(Clone, Copy, Debug, Default)]
pub struct Aws;

impl Provider for Aws {
    fn attribute(&self, instance: &ResourceInstance, name: &str, terms: &mut Terms) -> Option<Value> {
        crate::aws::data::attribute(instance, name, terms)
    }

    fn is_relevant(&self, type_name: &str) -> bool {
        type_name.starts_with("aws_")
    }
}
