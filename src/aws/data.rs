//! Attributes of IAM resources and data sources that follow from their arguments: names, ARNs of AWS's own policies,
//! and policy documents as the provider prints them.

mod policy_document;

use std::sync::Arc;

use ecow::{EcoString, EcoVec};

use crate::addr::ResourceMode;
use crate::aws::policy::managed::{self, ManagedArn};
use crate::aws::policy::text::Text;
use crate::eval::ResourceInstance;
use crate::eval::term::{Operand, Term, TermId, Terms};
use crate::eval::value::{Cause, Causes, Refinement, Type, Unknown, Value, ValueKind};

pub(crate) use policy_document::places;

/// The value of an attribute of an IAM resource or data source that follows from its arguments.
pub fn attribute(instance: &ResourceInstance, name: &str, terms: &mut Terms) -> Option<Value> {
    let resource = &instance.addr.resource;
    match (resource.mode, resource.type_name.as_str(), name) {
        (ResourceMode::Data, "aws_iam_policy_document", "json") => {
            Some(policy_document::json(instance, policy_document::Layout::Indented, terms))
        }
        (ResourceMode::Data, "aws_iam_policy_document", "minified_json") => {
            Some(policy_document::json(instance, policy_document::Layout::Minified, terms))
        }
        (ResourceMode::Data, "aws_iam_policy", "arn" | "id") => managed_arn(instance, terms),
        (ResourceMode::Data, "aws_iam_policy", "policy") => managed_document(instance, terms),
        (ResourceMode::Data, "aws_iam_policy", "name") => {
            let arn = argument(instance, "arn")?.as_str()?;
            Some(Value::string(arn.rsplit('/').next()?))
        }
        // The id of these is their name.
        (
            ResourceMode::Managed | ResourceMode::Data,
            "aws_iam_role"
            | "aws_iam_instance_profile"
            | "aws_launch_configuration"
            | "aws_autoscaling_group",
            "id",
        ) => argument(instance, "name").filter(|name| name.as_str() != Some("")).cloned(),
        (ResourceMode::Managed, "aws_iam_role" | "aws_iam_instance_profile" | "aws_iam_policy", "path") => {
            Some(Value::string("/"))
        }
        _ => None,
    }
}

/// An argument that is written and not null.
fn argument<'a>(instance: &'a ResourceInstance, name: &str) -> Option<&'a Value> {
    instance.body.attribute(name).map(|attribute| &attribute.value).filter(|value| !value.is_null())
}

/// The ARN of an AWS managed policy that is looked up by its ARN or name.
fn managed_arn(instance: &ResourceInstance, terms: &mut Terms) -> Option<Value> {
    if let Some(arn) = argument(instance, "arn") {
        return Some(arn.clone());
    }
    let policy = managed::by_name(argument(instance, "name")?.as_str()?)?;
    let partition = terms.intern(Term::Apply("partition".into(), EcoVec::new()));
    let parts = [
        Operand::Text("arn:".into()),
        Operand::Term(partition),
        Operand::Text(format!(":iam::aws:policy/{}", policy.name).into()),
    ];
    let term = terms.intern(Term::Template(parts.into_iter().collect()));
    let causes = [Cause::DataSource(instance.addr.to_string().into())].into_iter().collect();
    Some(unknown_string(term, "arn:".into(), causes))
}

/// The document of an AWS managed policy, cut down to the actions that ssmlint asks for: a string that is not known, and
/// can still be read.
fn managed_document(instance: &ResourceInstance, terms: &mut Terms) -> Option<Value> {
    let policy = match argument(instance, "arn") {
        Some(arn) => match managed::by_arn(&Text::of(arn, terms)?)? {
            ManagedArn::Is(policy) => policy,
            ManagedArn::WrongPath(_) | ManagedArn::Unlisted(_) => return None,
        },
        None => managed::by_name(argument(instance, "name")?.as_str()?)?,
    };
    let actions = policy.allowed()?.map(Value::string);
    let statement = Value::object([
        ("Effect".into(), Value::string("Allow")),
        ("Action".into(), Value::tuple(actions)),
        ("Resource".into(), Value::string("*")),
    ]);
    let document = Value::object([
        ("Version".into(), Value::string("2012-10-17")),
        ("Statement".into(), Value::tuple([statement])),
    ]);
    let term = terms.intern(Term::Json(document));
    let causes = [Cause::DataSource(instance.addr.to_string().into())].into_iter().collect();
    Some(unknown_string(term, EcoString::new(), causes))
}

/// A string that is not known, by its identity and what is known of it.
fn unknown_string(term: TermId, prefix: EcoString, causes: Causes) -> Value {
    Value::new(ValueKind::Unknown(Arc::new(Unknown {
        term,
        ty: Type::String,
        refinement: Refinement { not_null: true, prefix, ..Refinement::default() },
        causes,
        possible: None,
        each: None,
    })))
}
