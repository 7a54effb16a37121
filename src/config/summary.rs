//! Built-in summaries: small modules that stand for well-known registry modules that are not installed.
//!
//! A summary has the inputs, defaults, outputs and resources that decide whether a session can be opened, per major
//! version. It is evaluated like any module. What it does not declare stays unknown.

use ecow::{EcoString, eco_format};
use rustc_hash::FxHashSet;

use crate::config::ModuleCall;
use crate::config::version::{Constraints, Version};

/// A summary that fits a call.
#[derive(Debug)]
pub(crate) struct Found {
    /// The registry address with the submodule.
    pub(crate) source: EcoString,
    /// The majors that it follows, as they are printed.
    pub(crate) version: EcoString,
    /// File names and texts.
    pub(crate) files: &'static [(&'static str, &'static str)],
}

/// A summary for some majors of a module.
struct Entry {
    source: &'static str,
    majors: (u64, u64),
    files: &'static [(&'static str, &'static str)],
}

impl Entry {
    /// The names of the module's variables.
    fn variables(&self) -> FxHashSet<&'static str> {
        let lines = self.files.iter().flat_map(|(_, text)| text.lines());
        lines.filter_map(|line| line.strip_prefix("variable \"")?.split('"').next()).collect()
    }
}

macro_rules! summary {
    ($source:literal, $from:literal to $to:literal, [$($dir:literal / $file:literal),+ $(,)?]) => {
        Entry {
            source: $source,
            majors: ($from, $to),
            files: &[$(($file, include_str!(concat!("summaries/", $dir, "/", $file)))),+],
        }
    };
    ($source:literal, nothing) => {
        Entry {
            source: $source,
            majors: (0, u64::MAX),
            files: &[("main.tf", include_str!("summaries/nothing/main.tf"))],
        }
    };
}

/// All summaries; those of one module stand together, the newest first.
static SUMMARIES: &[Entry] = &[
    summary!("terraform-aws-modules/vpc/aws", 4 to 6, [
        "terraform-aws-modules/vpc" / "inputs.tf", "terraform-aws-modules/vpc/v4" / "defaults.tf",
        "terraform-aws-modules/vpc" / "main.tf", "terraform-aws-modules/vpc" / "outputs.tf",
        "terraform-aws-modules/vpc" / "routes.tf", "terraform-aws-modules/vpc" / "subnets.tf",
    ]),
    summary!("terraform-aws-modules/vpc/aws", 3 to 3, [
        "terraform-aws-modules/vpc" / "inputs.tf", "terraform-aws-modules/vpc/v3" / "defaults.tf",
        "terraform-aws-modules/vpc" / "main.tf", "terraform-aws-modules/vpc" / "outputs.tf",
        "terraform-aws-modules/vpc" / "routes.tf", "terraform-aws-modules/vpc" / "subnets.tf",
    ]),
    summary!("terraform-aws-modules/vpc/aws", 1 to 2, [
        "terraform-aws-modules/vpc" / "inputs.tf", "terraform-aws-modules/vpc/v3" / "defaults.tf",
        "terraform-aws-modules/vpc/v2" / "endpoints.tf",
        "terraform-aws-modules/vpc" / "main.tf", "terraform-aws-modules/vpc" / "outputs.tf",
        "terraform-aws-modules/vpc" / "routes.tf", "terraform-aws-modules/vpc" / "subnets.tf",
    ]),
    summary!("terraform-aws-modules/vpc/aws//modules/vpc-endpoints", 3 to 6, [
        "terraform-aws-modules/vpc-endpoints" / "inputs.tf", "terraform-aws-modules/vpc-endpoints" / "main.tf",
    ]),
    summary!("terraform-aws-modules/security-group/aws", 1 to 5, [
        "terraform-aws-modules/security-group" / "inputs.tf", "terraform-aws-modules/security-group" / "main.tf",
        "terraform-aws-modules/security-group" / "outputs.tf", "terraform-aws-modules/security-group" / "ports.tf",
    ]),
    summary!("terraform-aws-modules/security-group/aws//modules/ssh", 1 to 5, [
        "terraform-aws-modules/security-group" / "inputs.tf", "terraform-aws-modules/security-group" / "main.tf",
        "terraform-aws-modules/security-group" / "outputs.tf", "terraform-aws-modules/security-group" / "ports.tf",
        "terraform-aws-modules/security-group/automatic" / "automatic.tf",
        "terraform-aws-modules/security-group/ssh" / "rules.tf",
    ]),
    summary!("terraform-aws-modules/security-group/aws//modules/http-80", 1 to 5, [
        "terraform-aws-modules/security-group" / "inputs.tf", "terraform-aws-modules/security-group" / "main.tf",
        "terraform-aws-modules/security-group" / "outputs.tf", "terraform-aws-modules/security-group" / "ports.tf",
        "terraform-aws-modules/security-group/automatic" / "automatic.tf",
        "terraform-aws-modules/security-group/http-80" / "rules.tf",
    ]),
    summary!("terraform-aws-modules/security-group/aws//modules/https-443", 1 to 5, [
        "terraform-aws-modules/security-group" / "inputs.tf", "terraform-aws-modules/security-group" / "main.tf",
        "terraform-aws-modules/security-group" / "outputs.tf", "terraform-aws-modules/security-group" / "ports.tf",
        "terraform-aws-modules/security-group/automatic" / "automatic.tf",
        "terraform-aws-modules/security-group/https-443" / "rules.tf",
    ]),
    summary!("terraform-aws-modules/security-group/aws//modules/web", 1 to 5, [
        "terraform-aws-modules/security-group" / "inputs.tf", "terraform-aws-modules/security-group" / "main.tf",
        "terraform-aws-modules/security-group" / "outputs.tf", "terraform-aws-modules/security-group" / "ports.tf",
        "terraform-aws-modules/security-group/automatic" / "automatic.tf",
        "terraform-aws-modules/security-group/web" / "rules.tf",
    ]),
    summary!("terraform-aws-modules/security-group/aws//modules/rdp", 1 to 5, [
        "terraform-aws-modules/security-group" / "inputs.tf", "terraform-aws-modules/security-group" / "main.tf",
        "terraform-aws-modules/security-group" / "outputs.tf", "terraform-aws-modules/security-group" / "ports.tf",
        "terraform-aws-modules/security-group/automatic" / "automatic.tf",
        "terraform-aws-modules/security-group/rdp" / "rules.tf",
    ]),
    summary!("terraform-aws-modules/security-group/aws//modules/https-8443", 1 to 5, [
        "terraform-aws-modules/security-group" / "inputs.tf", "terraform-aws-modules/security-group" / "main.tf",
        "terraform-aws-modules/security-group" / "outputs.tf", "terraform-aws-modules/security-group" / "ports.tf",
        "terraform-aws-modules/security-group/automatic" / "automatic.tf",
        "terraform-aws-modules/security-group/https-8443" / "rules.tf",
    ]),
    summary!("terraform-aws-modules/security-group/aws//modules/http-8080", 1 to 5, [
        "terraform-aws-modules/security-group" / "inputs.tf", "terraform-aws-modules/security-group" / "main.tf",
        "terraform-aws-modules/security-group" / "outputs.tf", "terraform-aws-modules/security-group" / "ports.tf",
        "terraform-aws-modules/security-group/automatic" / "automatic.tf",
        "terraform-aws-modules/security-group/http-8080" / "rules.tf",
    ]),
    summary!("terraform-aws-modules/security-group/aws//modules/mysql", 1 to 5, [
        "terraform-aws-modules/security-group" / "inputs.tf", "terraform-aws-modules/security-group" / "main.tf",
        "terraform-aws-modules/security-group" / "outputs.tf", "terraform-aws-modules/security-group" / "ports.tf",
        "terraform-aws-modules/security-group/automatic" / "automatic.tf",
        "terraform-aws-modules/security-group/mysql" / "rules.tf",
    ]),
    summary!("terraform-aws-modules/security-group/aws//modules/postgresql", 1 to 5, [
        "terraform-aws-modules/security-group" / "inputs.tf", "terraform-aws-modules/security-group" / "main.tf",
        "terraform-aws-modules/security-group" / "outputs.tf", "terraform-aws-modules/security-group" / "ports.tf",
        "terraform-aws-modules/security-group/automatic" / "automatic.tf",
        "terraform-aws-modules/security-group/postgresql" / "rules.tf",
    ]),
    summary!("terraform-aws-modules/security-group/aws//modules/redis", 1 to 5, [
        "terraform-aws-modules/security-group" / "inputs.tf", "terraform-aws-modules/security-group" / "main.tf",
        "terraform-aws-modules/security-group" / "outputs.tf", "terraform-aws-modules/security-group" / "ports.tf",
        "terraform-aws-modules/security-group/automatic" / "automatic.tf",
        "terraform-aws-modules/security-group/redis" / "rules.tf",
    ]),
    summary!("terraform-aws-modules/security-group/aws//modules/nfs", 1 to 5, [
        "terraform-aws-modules/security-group" / "inputs.tf", "terraform-aws-modules/security-group" / "main.tf",
        "terraform-aws-modules/security-group" / "outputs.tf", "terraform-aws-modules/security-group" / "ports.tf",
        "terraform-aws-modules/security-group/automatic" / "automatic.tf",
        "terraform-aws-modules/security-group/nfs" / "rules.tf",
    ]),
    summary!("terraform-aws-modules/security-group/aws//modules/winrm", 1 to 5, [
        "terraform-aws-modules/security-group" / "inputs.tf", "terraform-aws-modules/security-group" / "main.tf",
        "terraform-aws-modules/security-group" / "outputs.tf", "terraform-aws-modules/security-group" / "ports.tf",
        "terraform-aws-modules/security-group/automatic" / "automatic.tf",
        "terraform-aws-modules/security-group/winrm" / "rules.tf",
    ]),
    summary!("terraform-aws-modules/ec2-instance/aws", 6 to 6, [
        "terraform-aws-modules/ec2-instance" / "inputs.tf",
        "terraform-aws-modules/ec2-instance" / "main.tf",
        "terraform-aws-modules/ec2-instance" / "profile.tf",
        "terraform-aws-modules/ec2-instance/v6" / "groups.tf",
        "terraform-aws-modules/ec2-instance/v6" / "image.tf",
    ]),
    summary!("terraform-aws-modules/ec2-instance/aws", 4 to 5, [
        "terraform-aws-modules/ec2-instance" / "inputs.tf",
        "terraform-aws-modules/ec2-instance" / "main.tf",
        "terraform-aws-modules/ec2-instance" / "profile.tf",
        "terraform-aws-modules/ec2-instance/v4" / "groups.tf",
        "terraform-aws-modules/ec2-instance/v4" / "image.tf",
    ]),
    summary!("terraform-aws-modules/ec2-instance/aws", 3 to 3, [
        "terraform-aws-modules/ec2-instance" / "inputs.tf",
        "terraform-aws-modules/ec2-instance" / "main.tf",
        "terraform-aws-modules/ec2-instance" / "profile.tf",
        "terraform-aws-modules/ec2-instance/v4" / "groups.tf",
        "terraform-aws-modules/ec2-instance/v3" / "image.tf",
    ]),
    summary!("terraform-aws-modules/ec2-instance/aws", 2 to 2, [
        "terraform-aws-modules/ec2-instance-v2" / "main.tf",
        "terraform-aws-modules/ec2-instance-v2/v2" / "defaults.tf",
    ]),
    summary!("terraform-aws-modules/ec2-instance/aws", 1 to 1, [
        "terraform-aws-modules/ec2-instance-v2" / "main.tf",
        "terraform-aws-modules/ec2-instance-v2/v1" / "defaults.tf",
    ]),
    summary!("terraform-aws-modules/iam/aws//modules/iam-assumable-role", 1 to 5, [
        "terraform-aws-modules/iam-assumable-role" / "main.tf",
    ]),
    summary!("terraform-aws-modules/iam/aws//modules/iam-role", 6 to 6, [
        "terraform-aws-modules/iam-role" / "main.tf",
    ]),
    summary!("terraform-aws-modules/iam/aws//modules/iam-policy", 1 to 6, [
        "terraform-aws-modules/iam-policy" / "main.tf",
    ]),
    summary!("terraform-aws-modules/autoscaling/aws", 4 to 9, [
        "terraform-aws-modules/autoscaling" / "inputs.tf",
        "terraform-aws-modules/autoscaling" / "main.tf",
        "terraform-aws-modules/ec2-instance" / "profile.tf",
    ]),
    summary!("terraform-aws-modules/autoscaling/aws", 1 to 3, [
        "terraform-aws-modules/autoscaling/v3" / "main.tf",
    ]),
    summary!("terraform-aws-modules/eks/aws", 1 to 21, [
        "terraform-aws-modules/eks" / "main.tf",
    ]),
    summary!("terraform-aws-modules/eks/aws//modules/eks-managed-node-group", 18 to 21, [
        "terraform-aws-modules/eks" / "main.tf",
    ]),
    summary!("terraform-aws-modules/eks/aws//modules/fargate-profile", 18 to 21, [
        "terraform-aws-modules/eks" / "main.tf",
    ]),
    summary!("terraform-aws-modules/eks/aws//modules/self-managed-node-group", 18 to 21, [
        "terraform-aws-modules/eks-self-managed-node-group" / "main.tf",
    ]),
    summary!("cloudposse/label/null", 0 to 0, [
        "cloudposse/context" / "context.tf",
        "cloudposse/label" / "main.tf",
    ]),
    summary!("cloudposse/vpc/aws", 0 to 3, [
        "cloudposse/context" / "context.tf",
        "cloudposse/vpc" / "main.tf",
    ]),
    summary!("cloudposse/vpc/aws//modules/vpc-endpoints", 0 to 3, [
        "cloudposse/context" / "context.tf",
        "cloudposse/vpc-endpoints" / "main.tf",
    ]),
    summary!("cloudposse/dynamic-subnets/aws", 0 to 3, [
        "cloudposse/context" / "context.tf",
        "cloudposse/dynamic-subnets" / "main.tf",
    ]),
    summary!("cloudposse/security-group/aws", 2 to 2, [
        "cloudposse/context" / "context.tf",
        "cloudposse/security-group" / "main.tf",
        "cloudposse/security-group/v2" / "egress.tf",
    ]),
    summary!("cloudposse/security-group/aws", 0 to 1, [
        "cloudposse/context" / "context.tf",
        "cloudposse/security-group" / "main.tf",
        "cloudposse/security-group/v0" / "egress.tf",
    ]),
    summary!("cloudposse/ec2-instance/aws", 0 to 2, [
        "cloudposse/context" / "context.tf",
        "cloudposse/ec2-instance" / "main.tf",
    ]),
    summary!("terraform-aws-modules/acm/aws", nothing),
    summary!("terraform-aws-modules/alb/aws", nothing),
    summary!("terraform-aws-modules/cloudfront/aws", nothing),
    summary!("terraform-aws-modules/cloudwatch/aws//modules/composite-alarm", nothing),
    summary!("terraform-aws-modules/cloudwatch/aws//modules/log-group", nothing),
    summary!("terraform-aws-modules/cloudwatch/aws//modules/log-metric-filter", nothing),
    summary!("terraform-aws-modules/cloudwatch/aws//modules/log-stream", nothing),
    summary!("terraform-aws-modules/cloudwatch/aws//modules/log-subscription-filter", nothing),
    summary!("terraform-aws-modules/cloudwatch/aws//modules/metric-alarm", nothing),
    summary!("terraform-aws-modules/cloudwatch/aws//modules/metric-alarms-by-multiple-dimensions", nothing),
    summary!("terraform-aws-modules/cloudwatch/aws//modules/query-definition", nothing),
    summary!("terraform-aws-modules/dynamodb-table/aws", nothing),
    summary!("terraform-aws-modules/ecr/aws", nothing),
    summary!("terraform-aws-modules/ecs/aws", nothing),
    summary!("terraform-aws-modules/ecs/aws//modules/cluster", nothing),
    summary!("terraform-aws-modules/ecs/aws//modules/service", nothing),
    summary!("terraform-aws-modules/efs/aws", nothing),
    summary!("terraform-aws-modules/eks-pod-identity/aws", nothing),
    summary!("terraform-aws-modules/elasticache/aws", nothing),
    summary!("terraform-aws-modules/elb/aws", nothing),
    summary!("terraform-aws-modules/eventbridge/aws", nothing),
    summary!("terraform-aws-modules/iam/aws//modules/iam-assumable-role-with-oidc", nothing),
    summary!("terraform-aws-modules/iam/aws//modules/iam-github-oidc-provider", nothing),
    summary!("terraform-aws-modules/iam/aws//modules/iam-github-oidc-role", nothing),
    summary!("terraform-aws-modules/iam/aws//modules/iam-group", nothing),
    summary!("terraform-aws-modules/iam/aws//modules/iam-group-with-policies", nothing),
    summary!("terraform-aws-modules/iam/aws//modules/iam-oidc-provider", nothing),
    summary!("terraform-aws-modules/iam/aws//modules/iam-role-for-service-accounts", nothing),
    summary!("terraform-aws-modules/iam/aws//modules/iam-role-for-service-accounts-eks", nothing),
    summary!("terraform-aws-modules/iam/aws//modules/iam-user", nothing),
    summary!("terraform-aws-modules/key-pair/aws", nothing),
    summary!("terraform-aws-modules/kms/aws", nothing),
    summary!("terraform-aws-modules/lambda/aws", nothing),
    summary!("terraform-aws-modules/notify-slack/aws", nothing),
    summary!("terraform-aws-modules/rds-aurora/aws", nothing),
    summary!("terraform-aws-modules/rds-proxy/aws", nothing),
    summary!("terraform-aws-modules/rds/aws", nothing),
    summary!("terraform-aws-modules/s3-bucket/aws", nothing),
    summary!("terraform-aws-modules/s3-bucket/aws//modules/notification", nothing),
    summary!("terraform-aws-modules/s3-bucket/aws//modules/object", nothing),
    summary!("terraform-aws-modules/secrets-manager/aws", nothing),
    summary!("terraform-aws-modules/sns/aws", nothing),
    summary!("terraform-aws-modules/sqs/aws", nothing),
    summary!("terraform-aws-modules/ssm-parameter/aws", nothing),
    summary!("terraform-aws-modules/step-functions/aws", nothing),
    summary!("cloudposse/alb/aws", nothing),
    summary!("cloudposse/dynamodb/aws", nothing),
    summary!("cloudposse/ecr/aws", nothing),
    summary!("cloudposse/key-pair/aws", nothing),
    summary!("cloudposse/kms-key/aws", nothing),
    summary!("cloudposse/s3-bucket/aws", nothing),
    summary!("cloudposse/sns-topic/aws", nothing),
    summary!("cloudposse/ssm-parameter-store/aws", nothing),
    summary!("cloudposse/tfstate-backend/aws", nothing),
];

/// The modules that have a summary: registry address, and the newest major of each summary.
pub fn known() -> impl Iterator<Item = (&'static str, u64)> {
    SUMMARIES.iter().map(|entry| (entry.source, entry.majors.1))
}

/// The summary for a module call.
pub(crate) fn of(call: &ModuleCall) -> Option<Found> {
    let arguments: Vec<&str> =
        call.arguments.attributes.iter().map(|argument| argument.name.as_str()).collect();
    find(call.source.as_deref()?, call.version.as_deref(), &arguments)
}

/// The summary for a module that is called from the registry, or from the repository that the registry serves, in
/// the highest major that the constraint allows and that declares the arguments, as far as any major declares them.
fn find(source: &str, version: Option<&str>, arguments: &[&str]) -> Option<Found> {
    let (source, tag) = registry_address(source)?;
    let constraints = tag.as_deref().or(version).and_then(Constraints::parse);
    let entries: Vec<&Entry> = SUMMARIES.iter().filter(|entry| entry.source == source).collect();
    let newest = *entries.first()?;
    let allows = |entry: &&&Entry| match &constraints {
        Some(constraints) if entry.majors.1 < u64::MAX => {
            (entry.majors.0..=entry.majors.1).any(|major| constraints.allow_major(major))
        }
        Some(_) | None => true,
    };
    let mut allowed: Vec<&Entry> = entries.iter().filter(allows).copied().collect();
    if allowed.is_empty() {
        // A major that did not exist when the summaries were written is taken for the newest of them.
        allowed.push(newest);
    }
    let entry = match allowed.as_slice() {
        [only] => *only,
        // What no summary declares, because nothing hangs on it, says nothing about the major.
        _ => {
            let declared: Vec<_> = entries.iter().map(|entry| (entry, entry.variables())).collect();
            let told = |name: &&&str| declared.iter().any(|(_, variables)| variables.contains(**name));
            let telling: Vec<&str> = arguments.iter().filter(told).copied().collect();
            let mut fitting = declared.iter().filter(|(entry, variables)| {
                allowed.iter().any(|allowed| std::ptr::eq(*allowed, **entry))
                    && telling.iter().all(|name| variables.contains(name))
            });
            fitting.next()?.0
        }
    };
    let version = match entry.majors {
        (_, u64::MAX) => EcoString::inline("any"),
        (from, to) if from == to => eco_format!("{from}"),
        (from, to) => eco_format!("{from} to {to}"),
    };
    Some(Found { source: source.into(), version, files: entry.files })
}

/// `namespace/name/provider[//modules/x]` of a registry source, or of a git source on GitHub, with the tag it names.
fn registry_address(source: &str) -> Option<(String, Option<String>)> {
    let (source, query) = source.split_once('?').unwrap_or((source, ""));
    let source = source.strip_prefix("git::").unwrap_or(source);
    let source = ["https://", "ssh://git@", "git@"]
        .into_iter()
        .find_map(|scheme| source.strip_prefix(scheme))
        .unwrap_or(source);
    let (package, submodule) = source.split_once("//").unwrap_or((source, ""));
    let submodule = submodule.trim_end_matches('/');
    let below = |address: String| match submodule {
        "" => address,
        _ => format!("{address}//{submodule}"),
    };
    let hosted = package.strip_prefix("github.com/").or_else(|| package.strip_prefix("github.com:"));
    if let Some(repository) = hosted {
        let (namespace, repository) = repository.trim_end_matches(".git").split_once('/')?;
        let (provider, name) = repository.strip_prefix("terraform-")?.split_once('-')?;
        let tag = query.split('&').find_map(|part| part.strip_prefix("ref="));
        // Tags such as `tags/v1.2.3`; a branch or commit says nothing about the version.
        let tag = tag
            .map(|tag| tag.strip_prefix("tags/").unwrap_or(tag))
            .filter(|tag| Version::parse(tag).is_some());
        return Some((below(format!("{namespace}/{name}/{provider}")), tag.map(str::to_owned)));
    }
    let package = package.strip_prefix("registry.terraform.io/").unwrap_or(package);
    let package = package.strip_prefix("registry.opentofu.org/").unwrap_or(package);
    (package.split('/').count() == 3).then(|| (below(package.to_owned()), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_found_by_address_and_version() {
        let vpc = "terraform-aws-modules/vpc/aws";
        let cases = [
            (vpc, None, Some("4 to 6")),
            (vpc, Some("~> 2.77"), Some("1 to 2")),
            (vpc, Some(">= 2.0, < 4.0"), Some("3")),
            (vpc, Some("99.0.0"), Some("4 to 6")),
            ("registry.terraform.io/terraform-aws-modules/vpc/aws", Some("3.14.0"), Some("3")),
            (
                "git::https://github.com/terraform-aws-modules/terraform-aws-vpc.git?ref=v4.0.2",
                None,
                Some("4 to 6"),
            ),
            ("github.com/terraform-aws-modules/terraform-aws-vpc", None, Some("4 to 6")),
            ("app.terraform.io/example/vpc/aws", None, None),
            ("example/vpc/aws", None, None),
            ("./vpc", None, None),
        ];
        for (source, version, expected) in cases {
            let found = find(source, version, &[]).map(|found| found.version);
            assert_eq!(found.as_deref(), expected, "{source} {version:?}");
        }
        assert!(find("terraform-aws-modules/vpc/aws//modules/vpc-endpoints", Some("~> 5.1"), &[]).is_some());
        assert!(find("terraform-aws-modules/vpc/aws//modules/flow-log", None, &[]).is_none());
    }

    #[test]
    fn arguments_choose_among_the_majors_that_are_allowed() {
        let vpc = "terraform-aws-modules/vpc/aws";
        let group = "terraform-aws-modules/autoscaling/aws";
        type Case<'a> = (&'a str, Option<&'a str>, &'a [&'a str], Option<&'a str>);
        let cases: [Case<'_>; 8] = [
            (vpc, None, &["cidr", "enable_ssm_endpoint"], Some("1 to 2")),
            (vpc, Some(">= 2.0"), &["enable_ssm_endpoint"], Some("1 to 2")),
            // Terraform refuses these.
            (vpc, Some("~> 5.0"), &["enable_ssm_endpoint"], Some("4 to 6")),
            (vpc, Some(">= 3.0"), &["enable_ssm_endpoint"], None),
            (vpc, None, &["cidr", "an_argument_that_no_summary_has"], Some("4 to 6")),
            (group, None, &["lc_name", "iam_instance_profile"], Some("1 to 3")),
            (group, None, &["iam_instance_profile_name"], Some("4 to 9")),
            (group, None, &["iam_instance_profile", "iam_instance_profile_name"], None),
        ];
        for (source, version, arguments, expected) in cases {
            let found = find(source, version, arguments).map(|found| found.version);
            assert_eq!(found.as_deref(), expected, "{source} {version:?} {arguments:?}");
        }
    }

    #[test]
    fn the_newest_summary_of_a_module_comes_first() {
        for pair in SUMMARIES.windows(2) {
            assert!(pair[0].majors.0 <= pair[0].majors.1);
            if pair[0].source == pair[1].source {
                assert_eq!(pair[0].majors.0, pair[1].majors.1 + 1, "{}", pair[0].source);
            }
        }
    }
}
