//! What the AWS provider defaults, copies or computes, and which resource types the model reads.
//!
//! Sources: the schemas of terraform-provider-aws v6 (`internal/service/ec2`), and its data sources' documentation.

use std::sync::{Arc, LazyLock};

use ecow::EcoString;
use rustc_hash::FxHashSet;

use crate::addr::ResourceMode;
use crate::aws::carriers;
use crate::aws::partition::Partition;
use crate::eval::term::{Operand, Term, Terms};
use crate::eval::value::{Cause, Causes, InstanceId, Refinement, Type, Unknown, Value, ValueKind};
use crate::eval::{NestedBlock, Provider, ResourceInstance};

/// The AWS provider.
#[derive(Clone, Copy, Debug, Default)]
pub struct Aws;

impl Provider for Aws {
    fn attribute(&self, instance: &ResourceInstance, name: &str, terms: &mut Terms) -> Option<Value> {
        let resource = &instance.addr.resource;
        let type_name = resource.type_name.as_str();
        let value = match resource.mode {
            ResourceMode::Managed => default(type_name, name),
            ResourceMode::Data => data(instance, type_name, name, terms),
            ResourceMode::Ephemeral => None,
        };
        value.or_else(|| crate::aws::data::attribute(instance, name, terms))
    }

    fn identifies(&self, type_name: &str, name: &str) -> bool {
        // Where no name is written, the provider makes one up.
        const NAMED: [&str; 5] = [
            "aws_iam_instance_profile",
            "aws_iam_policy",
            "aws_iam_role",
            "aws_launch_template",
            "aws_security_group",
        ];
        matches!(name, "id" | "arn") || name == "name" && NAMED.contains(&type_name)
    }

    fn prefix(&self, type_name: &str, name: &str) -> &'static str {
        if name == "arn" && type_name.starts_with("aws_") {
            return "arn:";
        }
        match (type_name, name) {
            (_, "id") => {
                let index = PREFIXES.binary_search_by(|entry| entry.0.cmp(type_name));
                index.map_or("", |index| PREFIXES[index].1)
            }
            ("aws_vpc" | "aws_default_vpc", "default_security_group_id") => "sg-",
            ("aws_vpc" | "aws_default_vpc", "default_network_acl_id") => "acl-",
            ("aws_vpc" | "aws_default_vpc", "default_route_table_id" | "main_route_table_id") => "rtb-",
            ("aws_vpc_endpoint_service", "service_name") => "com.amazonaws.vpce.",
            _ => "",
        }
    }

    fn is_relevant(&self, type_name: &str) -> bool {
        static TYPES: LazyLock<FxHashSet<&str>> = LazyLock::new(|| RELEVANT.iter().copied().collect());
        TYPES.contains(type_name)
    }

    fn is_bystander(&self, type_name: &str) -> bool {
        carriers::LOAD_BALANCERS.contains(&type_name) || carriers::puts_behind_balancer(type_name)
    }

    fn is_bystander_argument(&self, name: &str) -> bool {
        carriers::ARGUMENTS.contains(&name)
    }

    fn looks_up(&self, instance: &ResourceInstance, terms: &Terms) -> Option<InstanceId> {
        let id = argument(instance, "id")?.as_unknown()?;
        match terms.attribute(id.term)? {
            (found, "id") => Some(found),
            _ => None,
        }
    }
}

/// What EC2 begins the ids of its resources with, by type:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html>.
const PREFIXES: &[(&str, &str)] = &[
    ("aws_default_network_acl", "acl-"),
    ("aws_default_route_table", "rtb-"),
    ("aws_default_security_group", "sg-"),
    ("aws_default_subnet", "subnet-"),
    ("aws_default_vpc", "vpc-"),
    ("aws_egress_only_internet_gateway", "eigw-"),
    ("aws_eip", "eipalloc-"),
    ("aws_instance", "i-"),
    ("aws_internet_gateway", "igw-"),
    ("aws_launch_template", "lt-"),
    ("aws_nat_gateway", "nat-"),
    ("aws_network_acl", "acl-"),
    ("aws_network_interface", "eni-"),
    ("aws_route_table", "rtb-"),
    ("aws_security_group", "sg-"),
    ("aws_subnet", "subnet-"),
    ("aws_vpc", "vpc-"),
    ("aws_vpc_endpoint", "vpce-"),
    ("aws_vpc_peering_connection", "pcx-"),
];

/// A default of the provider.
enum Default {
    Bool(bool),
    Text(&'static str),
    Null,
}

/// What an argument is when it is not written, in order of type and argument.
const DEFAULTS: &[(&str, &str, Default)] = &[
    ("aws_default_subnet", "map_public_ip_on_launch", Default::Bool(true)),
    ("aws_default_vpc", "enable_dns_hostnames", Default::Bool(true)),
    ("aws_default_vpc", "enable_dns_support", Default::Bool(true)),
    ("aws_eip", "instance", Default::Null),
    ("aws_iam_role", "force_detach_policies", Default::Bool(false)),
    ("aws_iam_role", "permissions_boundary", Default::Null),
    ("aws_instance", "get_password_data", Default::Bool(false)),
    ("aws_instance", "source_dest_check", Default::Bool(true)),
    ("aws_nat_gateway", "connectivity_type", Default::Text("public")),
    ("aws_network_acl_rule", "egress", Default::Bool(false)),
    ("aws_route53_zone", "comment", Default::Text("Managed by Terraform")),
    ("aws_security_group", "description", Default::Text("Managed by Terraform")),
    ("aws_security_group_rule", "self", Default::Bool(false)),
    ("aws_subnet", "assign_ipv6_address_on_creation", Default::Bool(false)),
    ("aws_subnet", "enable_dns64", Default::Bool(false)),
    ("aws_subnet", "ipv6_native", Default::Bool(false)),
    ("aws_subnet", "map_public_ip_on_launch", Default::Bool(false)),
    ("aws_vpc", "assign_generated_ipv6_cidr_block", Default::Null),
    ("aws_vpc", "enable_dns_hostnames", Default::Bool(false)),
    ("aws_vpc", "enable_dns_support", Default::Bool(true)),
    ("aws_vpc", "instance_tenancy", Default::Text("default")),
    ("aws_vpc_endpoint", "private_dns_enabled", Default::Bool(false)),
    ("aws_vpc_endpoint", "vpc_endpoint_type", Default::Text("Gateway")),
];

fn default(type_name: &str, name: &str) -> Option<Value> {
    let index = DEFAULTS.binary_search_by(|entry| (entry.0, entry.1).cmp(&(type_name, name))).ok()?;
    Some(match &DEFAULTS[index].2 {
        Default::Bool(value) => Value::bool(*value),
        Default::Text(value) => Value::string(*value),
        Default::Null => Value::null(Type::Dynamic),
    })
}

/// What a data source gives that its arguments, its provider configuration or its region determine.
fn data(instance: &ResourceInstance, type_name: &str, name: &str, terms: &mut Terms) -> Option<Value> {
    match (type_name, name) {
        ("aws_region", "region" | "name" | "id") => Some(region(instance, terms)),
        ("aws_region", "endpoint") => {
            let region = region(instance, terms);
            Some(around("ec2.", &region, ".amazonaws.com", terms))
        }
        ("aws_partition", "partition" | "id") => Some(match partition(instance) {
            Some(partition) => Value::string(partition.name),
            None => shared("partition", instance, terms),
        }),
        ("aws_partition", "dns_suffix") => Some(match partition(instance) {
            Some(partition) => Value::string(partition.dns_suffix),
            None => shared("dns_suffix", instance, terms),
        }),
        ("aws_partition", "reverse_dns_prefix") => Some(match partition(instance) {
            Some(partition) => Value::string(reversed(partition.dns_suffix)),
            None => shared("reverse_dns_prefix", instance, terms),
        }),
        ("aws_vpc_endpoint_service", "service_name") => {
            let service = argument(instance, "service")?;
            let region = region(instance, terms);
            let name = match service.as_str() {
                Some(service) => around("com.amazonaws.", &region, &format!(".{service}"), terms),
                None => {
                    let head = around("com.amazonaws.", &region, ".", terms);
                    concat(&[head, service.clone()], terms)
                }
            };
            Some(name.with_origin(service.origin))
        }
        ("aws_availability_zones", "names" | "zone_ids") => {
            let chosen = ["exclude_names", "exclude_zone_ids", "state"];
            let is_chosen = chosen.iter().any(|name| {
                argument(instance, name).is_some_and(|value| value.as_str() != Some("available"))
            });
            let is_filtered = !instance.body.blocks_of("filter").all(keeps_standard_zones);
            let least = if is_chosen || is_filtered { 0 } else { ZONES };
            Some(unknown_list(instance, name, least, terms))
        }
        ("aws_subnets", "ids") => Some(unknown_list(instance, name, 0, terms)),
        _ => None,
    }
}

/// The fewest availability zones that an account has in a Region: a Region has three at least, of which the oldest
/// Regions show some accounts two.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html>
const ZONES: u64 = 2;

/// Whether a filter leaves all zones that need no opt-in, as the one of the documentation against Local Zones does.
fn keeps_standard_zones(filter: &NestedBlock) -> bool {
    let name = filter.body.attribute("name").and_then(|attribute| attribute.value.as_str());
    let values = filter.body.attribute("values").and_then(|attribute| attribute.value.as_elements());
    name == Some("opt-in-status")
        && values
            .is_some_and(|values| values.iter().any(|value| value.as_str() == Some("opt-in-not-required")))
}

/// A list of strings that is only known to AWS.
fn unknown_list(instance: &ResourceInstance, name: &str, least: u64, terms: &mut Terms) -> Value {
    Value::new(ValueKind::Unknown(Arc::new(Unknown {
        term: terms.intern(Term::Attr(instance.id, name.into())),
        ty: Type::list(Type::String),
        refinement: Refinement { not_null: true, min_length: least, ..Refinement::default() },
        causes: [Cause::DataSource(instance.addr.to_string().into())].into_iter().collect(),
        possible: None,
        each: None,
    })))
}

/// An argument that is written and not null.
fn argument<'a>(instance: &'a ResourceInstance, name: &str) -> Option<&'a Value> {
    instance.body.attribute(name).map(|attribute| &attribute.value).filter(|value| !value.is_null())
}

/// The region that an instance lives in; one that nobody names is the same wherever nobody names it.
fn region(instance: &ResourceInstance, terms: &mut Terms) -> Value {
    for name in ["region", "name"] {
        if name == "name" && instance.addr.resource.type_name != "aws_region" {
            continue;
        }
        if let Some(value) = argument(instance, name) {
            return value.clone();
        }
    }
    match &instance.provider_region {
        Some(value) if !value.is_null() => value.clone(),
        Some(_) | None => shared("region", instance, terms),
    }
}

/// Something that all provider configurations without a region of their own share.
fn shared(what: &str, instance: &ResourceInstance, terms: &mut Terms) -> Value {
    let term = terms.intern(Term::Apply(what.into(), [].into_iter().collect()));
    let causes = [Cause::DataSource(instance.addr.to_string().into())].into_iter().collect();
    unknown_string(term, EcoString::new(), causes)
}

/// A string that is not known, by its identity and what it begins with.
fn unknown_string(term: crate::eval::term::TermId, prefix: EcoString, causes: Causes) -> Value {
    Value::new(ValueKind::Unknown(Arc::new(Unknown {
        term,
        ty: Type::String,
        refinement: Refinement { not_null: true, prefix, ..Refinement::default() },
        causes,
        possible: None,
        each: None,
    })))
}

fn around(before: &str, value: &Value, after: &str, terms: &mut Terms) -> Value {
    concat(&[Value::string(before), value.clone(), Value::string(after)], terms)
}

/// The parts as one string, as a template of them would give it.
fn concat(parts: &[Value], terms: &mut Terms) -> Value {
    let mut operands: Vec<Operand> = Vec::new();
    let mut text = EcoString::new();
    let mut prefix: Option<EcoString> = None;
    let mut origin = crate::eval::origin::OriginId::NONE;
    for part in parts {
        match part.as_str() {
            Some(known) => text.push_str(known),
            None => {
                prefix = prefix.or(Some(text.clone()));
                if !text.is_empty() {
                    operands.push(Operand::Text(std::mem::take(&mut text)));
                }
                // A template within a template is one template.
                match part.as_unknown().and_then(|unknown| terms.get(unknown.term)) {
                    Some(Term::Template(inner)) => operands.extend(inner.iter().cloned()),
                    _ => operands.push(Terms::operand(part)),
                }
            }
        }
        if origin.is_none() {
            origin = part.origin;
        }
    }
    let Some(prefix) = prefix else { return Value::string(text).with_origin(origin) };
    if !text.is_empty() {
        operands.push(Operand::Text(text));
    }
    let causes = crate::eval::value::join_causes(parts);
    let term = terms.intern(Term::Template(operands.into_iter().collect()));
    unknown_string(term, prefix, causes).with_origin(origin)
}

/// The partition of an instance whose region is known.
fn partition(instance: &ResourceInstance) -> Option<Partition> {
    let region = argument(instance, "region").or(instance.provider_region.as_ref())?;
    region.as_str().map(Partition::of_region)
}

fn reversed(domain: &str) -> String {
    domain.split('.').rev().collect::<Vec<_>>().join(".")
}

/// The types of resources and data sources that the model reads, sorted.
const RELEVANT: &[&str] = &[
    "aws_ami",
    "aws_ami_ids",
    "aws_autoscaling_group",
    "aws_availability_zones",
    "aws_batch_compute_environment",
    "aws_caller_identity",
    "aws_carrier_gateway",
    "aws_cloudformation_stack",
    "aws_default_network_acl",
    "aws_default_route_table",
    "aws_default_security_group",
    "aws_default_subnet",
    "aws_default_vpc",
    "aws_default_vpc_dhcp_options",
    "aws_ec2_fleet",
    "aws_ec2_instance_connect_endpoint",
    "aws_ec2_instance_metadata_defaults",
    "aws_ec2_managed_prefix_list",
    "aws_ec2_managed_prefix_list_entry",
    "aws_ec2_transit_gateway",
    "aws_ec2_transit_gateway_route",
    "aws_ec2_transit_gateway_route_table_association",
    "aws_ec2_transit_gateway_route_table_propagation",
    "aws_ec2_transit_gateway_vpc_attachment",
    "aws_egress_only_internet_gateway",
    "aws_eip",
    "aws_eip_association",
    "aws_eks_node_group",
    "aws_gamelift_game_server_group",
    "aws_iam_instance_profile",
    "aws_iam_policy",
    "aws_iam_policy_attachment",
    "aws_iam_policy_document",
    "aws_iam_role",
    "aws_iam_role_policies_exclusive",
    "aws_iam_role_policy",
    "aws_iam_role_policy_attachment",
    "aws_iam_role_policy_attachments_exclusive",
    "aws_imagebuilder_distribution_configuration",
    "aws_instance",
    "aws_internet_gateway",
    "aws_internet_gateway_attachment",
    "aws_key_pair",
    "aws_launch_configuration",
    "aws_launch_template",
    "aws_main_route_table_association",
    "aws_nat_gateway",
    "aws_network_acl",
    "aws_network_acl_association",
    "aws_network_acl_rule",
    "aws_network_interface",
    "aws_network_interface_attachment",
    "aws_network_interface_sg_attachment",
    "aws_partition",
    "aws_prefix_list",
    "aws_region",
    "aws_route",
    "aws_route53_record",
    "aws_route53_resolver_firewall_domain_list",
    "aws_route53_resolver_firewall_rule",
    "aws_route53_resolver_firewall_rule_group",
    "aws_route53_resolver_firewall_rule_group_association",
    "aws_route53_resolver_rule",
    "aws_route53_resolver_rule_association",
    "aws_route53_zone",
    "aws_route53_zone_association",
    "aws_route53profiles_association",
    "aws_route53profiles_profile",
    "aws_route53profiles_resource_association",
    "aws_route_table",
    "aws_route_table_association",
    "aws_sagemaker_notebook_instance",
    "aws_security_group",
    "aws_security_group_rule",
    "aws_spot_fleet_request",
    "aws_spot_instance_request",
    "aws_ssm_activation",
    "aws_ssm_document",
    "aws_ssm_parameter",
    "aws_ssm_service_setting",
    "aws_subnet",
    "aws_subnets",
    "aws_vpc",
    "aws_vpc_block_public_access_exclusion",
    "aws_vpc_block_public_access_options",
    "aws_vpc_dhcp_options",
    "aws_vpc_dhcp_options_association",
    "aws_vpc_endpoint",
    "aws_vpc_endpoint_policy",
    "aws_vpc_endpoint_private_dns",
    "aws_vpc_endpoint_route_table_association",
    "aws_vpc_endpoint_security_group_association",
    "aws_vpc_endpoint_service",
    "aws_vpc_endpoint_subnet_association",
    "aws_vpc_ipv4_cidr_block_association",
    "aws_vpc_peering_connection",
    "aws_vpc_peering_connection_accepter",
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_ingress_rule",
    "aws_vpc_security_group_rules_exclusive",
    "aws_vpc_security_group_vpc_association",
    "aws_vpn_gateway",
    "aws_vpn_gateway_attachment",
    "awscc_ec2_vpc_endpoint",
    "cloudinit_config",
    "template_cloudinit_config",
    "template_file",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(PREFIXES.is_sorted());
        assert!(RELEVANT.is_sorted());
        assert!(DEFAULTS.is_sorted_by_key(|entry| (entry.0, entry.1)));
    }

    #[test]
    fn omitted_arguments_have_the_provider_s_value() {
        let on = |type_name, name| default(type_name, name).and_then(|value| value.as_bool());
        assert_eq!(on("aws_vpc", "enable_dns_support"), Some(true));
        assert_eq!(on("aws_vpc", "enable_dns_hostnames"), Some(false));
        assert_eq!(on("aws_default_vpc", "enable_dns_hostnames"), Some(true));
        assert!(default("aws_vpc", "id").is_none());
    }
}
