//! The built-in summaries of registry modules: each can be evaluated, and what is said lands on the call.

use std::path::{Path, PathBuf};

use ssmlint::config::summary;
use ssmlint::lint::dump::Secrets;
use ssmlint::lint::{self, Context, Request, Session};
use ssmlint::report::inspect::Inspection;
use ssmlint::report::{Format, Options};
use ssmlint::source::fs::Memory;

fn project(text: &str) -> Memory {
    let mut fs = Memory::new();
    fs.add("/project/main.tf", format!("provider \"aws\" {{\n  region = \"eu-west-1\"\n}}\n{text}"));
    fs
}

fn inspect(text: &str) -> Inspection {
    let fs = project(text);
    let session = Session::open(Path::new("/project"), &Context::default(), &fs);
    session.expect("the project has a root").inspect(Secrets::Hide)
}

#[test]
fn every_summary_is_evaluated_without_complaint_when_nothing_is_passed() {
    for (index, (source, major)) in summary::known().enumerate() {
        let call =
            format!("module \"m{index}\" {{\n  source  = \"{source}\"\n  version = \"~> {major}.0\"\n}}\n");
        let inspection = inspect(&call);
        assert_eq!(inspection.errors, [], "{source} {major}");
        assert_eq!(inspection.gaps, [], "{source} {major}");
        assert_eq!(inspection.summaries.len(), 1, "{source} {major}");
        assert_eq!(inspection.summaries[0].source, source);
    }
}

#[test]
fn a_module_without_a_summary_stays_a_gap_that_names_itself() {
    let inspection =
        inspect("module \"gateway\" {\n  source = \"terraform-aws-modules/transit-gateway/aws\"\n}\n");
    assert_eq!(inspection.summaries, []);
    assert_eq!(inspection.gaps.len(), 1);
    assert!(inspection.gaps[0].message.contains("terraform-aws-modules/transit-gateway/aws"));
}

#[test]
fn a_module_that_makes_nothing_of_a_session_hides_nothing() {
    let modules = [
        (
            "rds",
            "  identifier             = \"app\"\n  vpc_security_group_ids = [module.app_group.security_group_id]\n",
        ),
        ("efs", "  name           = \"app\"\n  security_group_vpc_id = module.vpc.vpc_id\n"),
        ("ecs", "  cluster_name = \"app\"\n"),
    ];
    for (name, arguments) in modules {
        let text = format!(
            "{STACK}module \"more\" {{\n  source     = \"terraform-aws-modules/{name}/aws\"\n{arguments}}}\n"
        );
        let request = Request { paths: vec![PathBuf::from("/project")], ..Request::default() };
        let report = lint::check(&request, &project(&text)).expect("the project can be checked");
        assert_eq!(report.counts.modules_missing, 0, "{name}");
        assert_eq!((report.findings.len(), report.undecided.len()), (0, 0), "{name}");
    }
}

#[test]
fn inputs_and_outputs_that_a_summary_leaves_out_are_unknown_and_no_error() {
    let inspection = inspect(
        "module \"vpc\" {\n  source            = \"terraform-aws-modules/vpc/aws\"\n  some_new_argument = 1\n}\n\
         output \"new\" {\n  value = module.vpc.some_new_output\n}\n",
    );
    assert_eq!(inspection.errors, []);
    assert!(inspection.text().contains("not known"));
}

#[test]
fn the_major_version_decides_the_defaults() {
    let hostnames = |version: &str| {
        let text = format!(
            "module \"vpc\" {{\n  source = \"terraform-aws-modules/vpc/aws\"\n{version}}}\n\
             output \"hostnames\" {{\n  value = module.vpc.vpc_enable_dns_hostnames\n}}\n"
        );
        inspect(&text).outputs["hostnames"].value.json()
    };
    assert_eq!(hostnames("  version = \"~> 2.77\"\n"), false);
    assert_eq!(hostnames("  version = \"3.19.0\"\n"), false);
    assert_eq!(hostnames("  version = \">= 2.0, < 5.0\"\n"), true);
    assert_eq!(hostnames(""), true);
}

#[test]
fn database_subnets_alone_have_route_tables_in_old_versions() {
    for (version, errors) in [("~> 3.0", 0), ("~> 5.0", 1)] {
        let inspection = inspect(&format!(
            "module \"vpc\" {{\n  source           = \"terraform-aws-modules/vpc/aws\"\n  version          = \"{version}\"\n  \
             azs              = [\"eu-west-1a\"]\n  cidr             = \"10.0.0.0/16\"\n  \
             database_subnets = [\"10.0.1.0/24\"]\n}}\n"
        ));
        assert_eq!(inspection.errors.len(), errors, "{version} {:?}", inspection.errors);
    }
}

#[test]
fn no_format_shows_a_place_in_a_summary() {
    let fs = project(
        r#"
module "vpc" {
  source               = "terraform-aws-modules/vpc/aws"
  version              = "~> 2.70"
  azs                  = ["eu-west-1a"]
  private_subnets      = ["10.0.1.0/24"]
  enable_ssm_endpoint  = true
}

module "group" {
  source              = "terraform-aws-modules/security-group/aws"
  vpc_id              = module.vpc.vpc_id
  ingress_cidr_blocks = ["0.0.0.0/0"]
  ingress_rules       = ["ssh-tcp"]
}

resource "aws_instance" "app" {
  subnet_id              = module.vpc.private_subnets[0]
  vpc_security_group_ids = [module.group.security_group_id]
}
"#,
    );
    let request = Request { paths: vec![PathBuf::from("/project")], ..Request::default() };
    let report = lint::check(&request, &fs).unwrap();
    assert!(!report.findings.is_empty());
    assert_eq!((report.counts.summaries, report.counts.modules, report.counts.files), (2, 0, 1));
    for format in Format::ALL {
        let text = report.render(format, &Options::default());
        assert!(!text.contains("<summary"), "{text}");
    }
}

/// A stack that has nothing but registry modules, in which nothing is wrong.
const STACK: &str = r#"
module "vpc" {
  source          = "terraform-aws-modules/vpc/aws"
  version         = "~> 5.0"
  cidr            = "10.0.0.0/16"
  azs             = ["eu-west-1a", "eu-west-1b"]
  private_subnets = ["10.0.1.0/24", "10.0.2.0/24"]
  public_subnets  = ["10.0.11.0/24", "10.0.12.0/24"]
}

module "endpoints" {
  source             = "terraform-aws-modules/vpc/aws//modules/vpc-endpoints"
  version            = "~> 5.0"
  vpc_id             = module.vpc.vpc_id
  subnet_ids         = module.vpc.private_subnets
  security_group_ids = [module.endpoint_group.security_group_id]

  endpoints = {
    ssm         = { service = "ssm", private_dns_enabled = true }
    ssmmessages = { service = "ssmmessages", private_dns_enabled = true }
    ec2messages = { service = "ec2messages", private_dns_enabled = true }
  }
}

module "endpoint_group" {
  source              = "terraform-aws-modules/security-group/aws"
  version             = "~> 5.0"
  vpc_id              = module.vpc.vpc_id
  ingress_cidr_blocks = [module.vpc.vpc_cidr_block]
  ingress_rules       = ["https-443-tcp"]
}

module "app_group" {
  source       = "terraform-aws-modules/security-group/aws"
  version      = "~> 5.0"
  vpc_id       = module.vpc.vpc_id
  egress_rules = ["https-443-tcp"]
}

module "role" {
  source                  = "terraform-aws-modules/iam/aws//modules/iam-assumable-role"
  version                 = "~> 5.0"
  create_role             = true
  create_instance_profile = true
  role_requires_mfa       = false
  trusted_role_services   = ["ec2.amazonaws.com"]
  custom_role_policy_arns = ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"]
}

module "app" {
  source                 = "terraform-aws-modules/ec2-instance/aws"
  version                = "~> 5.0"
  ami                    = "ami-0123456789abcdef0"
  instance_type          = "t3.micro"
  subnet_id              = module.vpc.private_subnets[0]
  vpc_security_group_ids = [module.app_group.security_group_id]
  iam_instance_profile   = module.role.iam_instance_profile_name
}
"#;

/// One rule: what of the stack is replaced, by what, and all that is found then.
const BROKEN: &[(&str, &str, &[&str])] = &[
    (
        r#"service = "ssm", private_dns_enabled = true"#,
        r#"service = "ssm", private_dns_enabled = false"#,
        &["SSM001"],
    ),
    (r#"ingress_rules       = ["https-443-tcp"]"#, r#"ingress_rules       = ["http-80-tcp"]"#, &["SSM002"]),
    ("    ssmmessages = { service = \"ssmmessages\", private_dns_enabled = true }\n", "", &["SSM003"]),
    ("AmazonSSMManagedInstanceCore", "AmazonSSMReadOnlyAccess", &["SSM004"]),
    (
        "  cidr            = \"10.0.0.0/16\"\n",
        "  cidr            = \"10.0.0.0/16\"\n  enable_dns_hostnames = false\n",
        &["SSM005"],
    ),
    (
        r#"egress_rules = ["https-443-tcp"]"#,
        "egress_rules = [\"https-443-tcp\"]\n  ingress_rules = [\"ssh-tcp\"]\n  ingress_cidr_blocks = [\"0.0.0.0/0\"]",
        &["SSM006"],
    ),
    (r#"egress_rules = ["https-443-tcp"]"#, r#"egress_rules = ["http-80-tcp"]"#, &["SSM007"]),
    ("  iam_instance_profile   = module.role.iam_instance_profile_name\n", "", &["SSM008"]),
    ("module.role.iam_instance_profile_name", "module.role.iam_role_name", &["SSM009"]),
    ("ec2.amazonaws.com", "lambda.amazonaws.com", &["SSM010"]),
    (r#"{ service = "ssm", "#, r#"{ service = "ssm", service_type = "Gateway", "#, &["SSM011"]),
    (
        "  subnet_ids         = module.vpc.private_subnets\n",
        "  subnet_ids         = concat(module.vpc.private_subnets, module.vpc.public_subnets)\n",
        &["SSM012"],
    ),
    (r#"service = "ssmmessages""#, r#"service = "ssmmessage""#, &["SSM003", "SSM013"]),
    (
        "    ec2messages = {",
        "    again       = { service = \"ssm\", private_dns_enabled = true }\n    ec2messages = {",
        &["SSM014"],
    ),
    (
        "  subnet_ids         = module.vpc.private_subnets\n",
        "  subnet_ids         = module.vpc.public_subnets\n",
        &[],
    ),
    (
        "  cidr            = \"10.0.0.0/16\"\n",
        "  cidr            = \"10.0.0.0/16\"\n  private_dedicated_network_acl = true\n  private_inbound_acl_rules = []\n",
        &["SSM017"],
    ),
    (
        "  cidr            = \"10.0.0.0/16\"\n",
        "  cidr            = \"10.0.0.0/16\"\n  enable_dhcp_options = true\n  \
         dhcp_options_domain_name_servers = [\"10.0.0.53\"]\n",
        &["SSM018"],
    ),
    (
        r#"{ service = "ssm", "#,
        "{ service = \"ssm\", policy = jsonencode({ Statement = [{ Effect = \"Allow\", Principal = \"*\", \
         Action = \"s3:*\", Resource = \"*\" }] }), ",
        &["SSM019"],
    ),
    (
        "  instance_type          = \"t3.micro\"\n",
        "  instance_type          = \"t3.micro\"\n  metadata_options = { http_endpoint = \"disabled\" }\n",
        &["SSM020"],
    ),
    (
        "  instance_type          = \"t3.micro\"\n",
        "  instance_type          = \"t3.micro\"\n  associate_public_ip_address = true\n",
        &["SSM021"],
    ),
    (
        "  instance_type          = \"t3.micro\"\n",
        "  instance_type          = \"t3.micro\"\n  key_name = \"ops\"\n",
        &["SSM024"],
    ),
    (
        "  instance_type          = \"t3.micro\"\n",
        "  instance_type          = \"t3.micro\"\n  user_data = \"#!/bin/sh\\napt-get update\\n\"\n",
        &["SSM025"],
    ),
];

#[test]
fn rules_find_in_summaries_what_they_find_in_code() {
    assert_eq!(findings(STACK), [] as [&str; 0]);
    for (written, instead, expected) in BROKEN {
        assert!(STACK.contains(written), "{written}");
        assert_eq!(findings(&STACK.replace(written, instead)), *expected, "{instead}");
    }
}

#[test]
fn nodes_of_one_s_own_are_targets_and_those_of_the_service_are_none() {
    let stack = |module: &str, policies: &str| {
        let group = STACK.find("module \"role\"").expect("the stack has a role");
        format!(
            "{}module \"nodes\" {{\n  source = \"terraform-aws-modules/eks/aws//modules/{module}\"\n  \
             version = \"~> 20.0\"\n  name = \"nodes\"\n  subnet_ids = module.vpc.private_subnets\n  \
             vpc_security_group_ids = [module.app_group.security_group_id]\n{policies}}}\n",
            &STACK[..group]
        )
    };
    let core = "  iam_role_additional_policies = { core = \"arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore\" }\n";
    assert_eq!(findings(&stack("eks-managed-node-group", "")), [] as [&str; 0]);
    assert_eq!(findings(&stack("self-managed-node-group", "")), ["SSM004"]);
    assert_eq!(findings(&stack("self-managed-node-group", core)), [] as [&str; 0]);
}

fn findings(text: &str) -> Vec<&'static str> {
    let request = Request { paths: vec![PathBuf::from("/project")], ..Request::default() };
    let report = lint::check(&request, &project(text)).expect("the project can be checked");
    assert_eq!(report.counts.modules_missing, 0);
    let codes: std::collections::BTreeSet<&str> =
        report.findings.iter().map(|finding| finding.code).collect();
    codes.into_iter().collect()
}
