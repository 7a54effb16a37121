//! Identity and compute through the whole pipeline: Terraform text in, what the model says out.

use std::path::{Path, PathBuf};

use ssmlint::aws::iam::Verdict;
use ssmlint::aws::policy::{CORE_ACTIONS, ec2_service};
use ssmlint::aws::schema::Aws;
use ssmlint::aws::{Model, ModelOptions};
use ssmlint::config::load::Loader;
use ssmlint::eval::limits::Limits;
use ssmlint::eval::scenario::{Demand, Environment, Scenario};
use ssmlint::eval::{Evaluation, evaluate};
use ssmlint::source::SourceMap;
use ssmlint::source::fs::Memory;
use ssmlint::truth::Truth;

fn evaluation(files: &[(&str, &str)]) -> Evaluation {
    let mut fs = Memory::new();
    for (path, text) in files {
        fs.add(Path::new("/project").join(path), *text);
    }
    let sources = SourceMap::new();
    let root = PathBuf::from("/project");
    let loader = Loader::new(&fs, &sources, std::slice::from_ref(&root), None);
    let config = loader.load(&root);
    let limits = Limits::default();
    let env =
        Environment { provider: &Aws, fs: &fs, sources: &sources, limits: &limits, demand: Demand::All };
    evaluate(&config, &Scenario::default(), env)
}

fn model(text: &str) -> Model {
    Model::build(&evaluation(&[("main.tf", text)]), &ModelOptions::default())
}

fn output(text: &str, name: &str) -> String {
    let evaluation = evaluation(&[("main.tf", text)]);
    evaluation.outputs[name].as_str().expect("the output is a known string").to_owned()
}

/// What the only role of a configuration may do: one verdict when it is the same for all core actions.
fn permission(model: &Model) -> Vec<Verdict> {
    let role = model.iam.role_ids().next().expect("there is a role");
    let mut verdicts: Vec<Verdict> =
        CORE_ACTIONS.iter().map(|action| model.iam.permission(role, action, None).verdict()).collect();
    verdicts.dedup();
    verdicts
}

fn trust(model: &Model) -> Truth {
    let role = model.iam.role_ids().next().expect("there is a role");
    model.iam.trusts(role, &ec2_service(None)).truth
}

const ROLE: &str = r#"
resource "aws_iam_role" "app" {
  name               = "app"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}
"#;

fn with_role(rest: &str) -> Model {
    model(&format!("{ROLE}{rest}"))
}

#[test]
fn a_role_without_policies_may_do_nothing() {
    let model = with_role("");
    assert_eq!(permission(&model), [Verdict::NotAllowed]);
    assert_eq!(trust(&model), Truth::Yes);
    let role = model.iam.role_ids().next().expect("there is a role");
    let answer = model.iam.allows(role, CORE_ACTIONS[0], None);
    assert_eq!(answer.evidence.len(), 1);
    assert_eq!(answer.evidence[0].span, model.iam.role(role).declaration.decl_range);
}

#[test]
fn the_core_policy_is_found_in_every_spelling() {
    let spellings = [
        r#"resource "aws_iam_role_policy_attachment" "x" {
             role       = aws_iam_role.app.name
             policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
           }"#,
        r#"resource "aws_iam_role_policy_attachment" "x" {
             role       = "app"
             policy_arn = "arn:aws-cn:iam::aws:policy/AmazonSSMManagedInstanceCore"
           }"#,
        r#"data "aws_partition" "current" {}
           resource "aws_iam_role_policy_attachment" "x" {
             role       = aws_iam_role.app.id
             policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"
           }"#,
        r#"data "aws_iam_policy" "core" { name = "AmazonSSMManagedInstanceCore" }
           resource "aws_iam_role_policy_attachment" "x" {
             role       = aws_iam_role.app.name
             policy_arn = data.aws_iam_policy.core.arn
           }"#,
        r#"data "aws_iam_policy" "core" { arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore" }
           resource "aws_iam_role_policy_attachment" "x" {
             role       = aws_iam_role.app.name
             policy_arn = data.aws_iam_policy.core.arn
           }"#,
        r#"resource "aws_iam_role_policy_attachment" "x" {
             for_each   = toset(["AmazonSSMManagedInstanceCore", "CloudWatchAgentServerPolicy"])
             role       = aws_iam_role.app.name
             policy_arn = "arn:aws:iam::aws:policy/${each.value}"
           }"#,
        r#"resource "aws_iam_role_policy_attachments_exclusive" "x" {
             role_name   = aws_iam_role.app.name
             policy_arns = [
               "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy",
               "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
             ]
           }"#,
        r#"resource "aws_iam_policy_attachment" "x" {
             name       = "x"
             roles      = [aws_iam_role.app.name]
             policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
           }"#,
        r#"resource "aws_iam_role_policy" "x" {
             role   = aws_iam_role.app.name
             policy = <<-EOT
               {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
                "Action": ["ssm:UpdateInstanceInformation", "ssmmessages:*"], "Resource": "*"}]}
             EOT
           }"#,
        r#"data "aws_caller_identity" "me" {}
           resource "aws_iam_role_policy" "x" {
             role   = aws_iam_role.app.name
             policy = jsonencode({ Statement = [
               { Effect = "Allow", Action = ["s3:*"], Resource = "arn:aws:s3:::${data.aws_caller_identity.me.account_id}" },
               { Effect = "Allow", Action = ["ssm:*", "ssmmessages:*"], Resource = "*" },
             ] })
           }"#,
        r#"data "aws_iam_policy_document" "x" {
             statement {
               actions   = ["ssm:UpdateInstanceInformation"]
               resources = ["*"]
             }
             dynamic "statement" {
               for_each = ["Create*", "Open*"]
               content {
                 actions   = ["ssmmessages:${statement.value}"]
                 resources = ["*"]
               }
             }
           }
           resource "aws_iam_policy" "x" {
             name   = "x"
             policy = data.aws_iam_policy_document.x.json
           }
           resource "aws_iam_role_policy_attachment" "x" {
             role       = aws_iam_role.app.name
             policy_arn = aws_iam_policy.x.arn
           }"#,
    ];
    for spelling in spellings {
        assert_eq!(permission(&with_role(spelling)), [Verdict::Allowed], "{spelling}");
    }
}

#[test]
fn what_does_not_reach_the_role_grants_nothing() {
    let spellings = [
        r#"resource "aws_iam_role_policy_attachment" "x" {
             count      = 0
             role       = aws_iam_role.app.name
             policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
           }"#,
        r#"resource "aws_iam_role_policy_attachment" "x" {
             role       = "another"
             policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
           }"#,
        r#"resource "aws_iam_role_policy_attachment" "x" {
             role       = aws_iam_role.app.name
             policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonSSMManagedInstanceCore"
           }"#,
        r#"resource "aws_iam_role_policy_attachment" "x" {
             role       = aws_iam_role.app.name
             policy_arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
           }"#,
        r#"variable "arn" { default = "" }
           resource "aws_iam_role_policy_attachment" "x" {
             role       = aws_iam_role.app.name
             policy_arn = var.arn
           }"#,
        r#"resource "aws_iam_role_policy_attachment" "x" {
             role       = aws_iam_role.app.name
             policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
           }
           resource "aws_iam_role_policy_attachments_exclusive" "x" {
             role_name   = aws_iam_role.app.name
             policy_arns = ["arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy"]
           }"#,
        r#"resource "aws_iam_role_policies_exclusive" "x" {
             role_name    = aws_iam_role.app.name
             policy_names = ["AmazonSSMManagedInstanceCore"]
           }"#,
    ];
    for spelling in spellings {
        assert_eq!(permission(&with_role(spelling)), [Verdict::NotAllowed], "{spelling}");
    }
}

#[test]
fn what_is_not_known_is_neither_found_nor_missing() {
    let spellings = [
        r#"variable "arn" {}
           resource "aws_iam_role_policy_attachment" "x" {
             role       = aws_iam_role.app.name
             policy_arn = var.arn
           }"#,
        r#"variable "role" {}
           resource "aws_iam_role_policy_attachment" "x" {
             role       = var.role
             policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
           }"#,
        r#"variable "on" { type = bool }
           resource "aws_iam_role_policy_attachment" "x" {
             count      = var.on ? 1 : 0
             role       = aws_iam_role.app.name
             policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
           }"#,
        r#"variable "arns" { type = list(string) }
           resource "aws_iam_role_policy_attachments_exclusive" "x" {
             role_name   = aws_iam_role.app.name
             policy_arns = var.arns
           }"#,
        r#"variable "role" {}
           resource "aws_iam_role_policy_attachments_exclusive" "x" {
             role_name   = var.role
             policy_arns = ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"]
           }"#,
        r#"variable "on" { type = bool }
           resource "aws_iam_role_policy_attachments_exclusive" "x" {
             count       = var.on ? 1 : 0
             role_name   = aws_iam_role.app.name
             policy_arns = ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"]
           }"#,
        r#"module "more" {
             source = "example/more/aws"
             role   = aws_iam_role.app.arn
           }"#,
    ];
    for spelling in spellings {
        assert_eq!(permission(&with_role(spelling)), [Verdict::Unknown], "{spelling}");
    }
}

#[test]
fn a_deny_and_a_boundary_take_away() {
    let core = r#"resource "aws_iam_role_policy_attachment" "x" {
      role       = aws_iam_role.app.name
      policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    }"#;
    let deny = r#"resource "aws_iam_role_policy" "deny" {
      role   = aws_iam_role.app.id
      policy = jsonencode({ Statement = { Effect = "Deny", Action = "*", Resource = "*" } })
    }"#;
    assert_eq!(permission(&with_role(&format!("{core}\n{deny}"))), [Verdict::Denied]);
    let bounded = ROLE.replace(
        "name               = \"app\"",
        "name = \"app\"\n  permissions_boundary = \"arn:aws:iam::aws:policy/AmazonS3FullAccess\"",
    );
    assert_eq!(permission(&model(&format!("{bounded}{core}"))), [Verdict::OutsideBoundary]);
}

#[test]
fn the_trust_policy_may_be_a_data_source() {
    let role = |service: &str| {
        format!(
            r#"data "aws_iam_policy_document" "trust" {{
                 statement {{
                   actions = ["sts:AssumeRole"]
                   principals {{
                     type        = "Service"
                     identifiers = [{service}]
                   }}
                 }}
               }}
               resource "aws_iam_role" "app" {{
                 name_prefix        = "app-"
                 assume_role_policy = data.aws_iam_policy_document.trust.json
               }}"#
        )
    };
    assert_eq!(trust(&model(&role(r#""ec2.amazonaws.com""#))), Truth::Yes);
    assert_eq!(trust(&model(&role(r#""lambda.amazonaws.com""#))), Truth::No);
    assert_eq!(trust(&model(&role(r#""ec2.amazonaws.com", "ssm.amazonaws.com""#))), Truth::Yes);
    let partition = r#""ec2.${data.aws_partition.current.dns_suffix}""#;
    let text = format!("data \"aws_partition\" \"current\" {{}}\n{}", role(partition));
    assert_eq!(trust(&model(&text)), Truth::Yes);
}

#[test]
fn policy_documents_print_as_the_provider_prints_them() {
    let text = r#"
data "aws_iam_policy_document" "base" {
  statement {
    sid       = "Keep"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::b/&{aws:username}"]
  }
  statement {
    sid       = "Replace"
    actions   = ["s3:PutObject"]
    resources = ["*"]
  }
}
data "aws_iam_policy_document" "x" {
  source_policy_documents = [data.aws_iam_policy_document.base.json]
  statement {
    sid       = "Replace"
    effect    = "Deny"
    actions   = ["ssm:*", "s3:*"]
    resources = ["*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "NumericLessThan"
      variable = "s3:TlsVersion"
      values   = [1.2]
    }
  }
}
output "json" { value = data.aws_iam_policy_document.x.json }
output "minified" { value = data.aws_iam_policy_document.base.minified_json }
"#;
    let expected = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "Keep",
      "Effect": "Allow",
      "Action": "s3:GetObject",
      "Resource": "arn:aws:s3:::b/${aws:username}"
    },
    {
      "Sid": "Replace",
      "Effect": "Deny",
      "Action": [
        "ssm:*",
        "s3:*"
      ],
      "Resource": "*",
      "Principal": "*",
      "Condition": {
        "NumericLessThan": {
          "s3:TlsVersion": "1.2"
        }
      }
    }
  ]
}"#;
    assert_eq!(output(text, "json"), expected);
    assert_eq!(
        output(text, "minified"),
        r#"{"Version":"2012-10-17","Statement":[{"Sid":"Keep","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username}"},{"Sid":"Replace","Effect":"Allow","Action":"s3:PutObject","Resource":"*"}]}"#
    );
}

/// One line a target: kind, address, whether it has a profile, how many groups, public or not, metadata, agent.
fn targets(text: &str) -> Vec<String> {
    let model = model(text);
    let describe = |id| {
        let target = model.compute.target(id);
        let profile = target.profile.link.to().map(|id| model.iam.profile(id).declaration.address.clone());
        let groups: Vec<&str> =
            target.groups.ids().map(|id| model.network.group(id).declaration.address.as_str()).collect();
        let subnets: Vec<&str> =
            target.subnets.ids().map(|id| model.network.subnet(id).declaration.address.as_str()).collect();
        let public: Vec<Truth> =
            target.subnets.ids().map(|id| target.public_ip(&model.network, id).truth).collect();
        format!(
            "{:?} {} profile {:?} {} groups {} subnets {} public {:?} metadata {:?}",
            target.kind,
            target.address(),
            target.profile.present,
            profile.unwrap_or_default(),
            groups.join(","),
            subnets.join(","),
            public,
            target.has_metadata().truth,
        )
    };
    model.compute.target_ids().map(describe).collect()
}

const STACK: &str = r#"
resource "aws_vpc" "v" { cidr_block = "10.0.0.0/16" }
resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.v.id
  cidr_block = "10.0.1.0/24"
}
resource "aws_subnet" "b" {
  vpc_id                  = aws_vpc.v.id
  cidr_block              = "10.0.2.0/24"
  map_public_ip_on_launch = true
}
resource "aws_security_group" "g" { vpc_id = aws_vpc.v.id }
resource "aws_iam_role" "r" { assume_role_policy = "{}" }
resource "aws_iam_instance_profile" "p" { role = aws_iam_role.r.name }
"#;

fn targets_in_stack(rest: &str) -> Vec<String> {
    targets(&format!("{STACK}{rest}"))
}

#[test]
fn an_instance_is_a_target() {
    assert_eq!(
        targets_in_stack(
            r#"resource "aws_instance" "i" {
                 ami                    = "ami-1"
                 subnet_id              = aws_subnet.a.id
                 vpc_security_group_ids = [aws_security_group.g.id]
                 iam_instance_profile   = aws_iam_instance_profile.p.name
               }"#
        ),
        [
            "Instance aws_instance.i profile Yes aws_iam_instance_profile.p groups aws_security_group.g subnets aws_subnet.a public [No] metadata Yes"
        ]
    );
}

#[test]
fn what_an_instance_omits_is_the_default() {
    let found = targets_in_stack(
        r#"resource "aws_instance" "i" {
             ami       = "ami-1"
             subnet_id = aws_subnet.b.id
             metadata_options { http_endpoint = "disabled" }
           }"#,
    );
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("profile No"), "{found:?}");
    assert!(found[0].contains("public [Yes] metadata No"), "{found:?}");
    assert!(!found[0].contains("groups  "), "{found:?}");
}

#[test]
fn a_launch_template_is_merged_under_the_arguments() {
    let template = r#"resource "aws_launch_template" "t" {
      iam_instance_profile { arn = aws_iam_instance_profile.p.arn }
      vpc_security_group_ids = [aws_security_group.g.id]
      metadata_options { http_endpoint = "disabled" }
    }
    "#;
    let group = r#"resource "aws_autoscaling_group" "g" {
      vpc_zone_identifier = [aws_subnet.a.id, aws_subnet.b.id]
      max_size            = 1
      min_size            = 0
      launch_template { id = aws_launch_template.t.id }
    }"#;
    assert_eq!(
        targets_in_stack(&format!("{template}{group}")),
        [
            "AutoScalingGroup aws_autoscaling_group.g profile Yes aws_iam_instance_profile.p groups aws_security_group.g subnets aws_subnet.a,aws_subnet.b public [No, Yes] metadata No"
        ]
    );
    let instance = r#"resource "aws_instance" "i" {
      subnet_id = aws_subnet.a.id
      metadata_options { http_endpoint = "enabled" }
      launch_template { name = aws_launch_template.t.name }
    }"#;
    assert_eq!(
        targets_in_stack(&format!("{template}{instance}")),
        [
            "Instance aws_instance.i profile Yes aws_iam_instance_profile.p groups aws_security_group.g subnets aws_subnet.a public [No] metadata Yes"
        ]
    );
    assert_eq!(
        targets_in_stack(template),
        [
            "TemplateOnly aws_launch_template.t profile Yes aws_iam_instance_profile.p groups aws_security_group.g subnets  public [] metadata No"
        ]
    );
}

#[test]
fn a_template_of_a_node_group_is_no_target() {
    let text = r#"resource "aws_launch_template" "t" { image_id = "ami-1" }
    resource "aws_eks_node_group" "n" {
      launch_template {
        id      = aws_launch_template.t.id
        version = "1"
      }
    }"#;
    assert_eq!(targets_in_stack(text), Vec::<String>::new());
}

#[test]
fn a_mixed_group_launches_from_each_of_its_templates() {
    let found = targets_in_stack(
        r#"resource "aws_launch_template" "a" {
             iam_instance_profile { name = aws_iam_instance_profile.p.name }
           }
           resource "aws_launch_template" "b" {}
           resource "aws_autoscaling_group" "g" {
             vpc_zone_identifier = [aws_subnet.a.id]
             mixed_instances_policy {
               launch_template {
                 launch_template_specification { launch_template_id = aws_launch_template.a.id }
                 override {
                   instance_type = "m7g.large"
                   launch_template_specification { launch_template_id = aws_launch_template.b.id }
                 }
               }
             }
           }"#,
    );
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("profile Yes") && found[1].contains("profile No"), "{found:?}");
}

#[test]
fn interfaces_attachments_and_addresses_count() {
    let found = targets_in_stack(
        r#"resource "aws_network_interface" "n" {
             subnet_id       = aws_subnet.b.id
             security_groups = [aws_security_group.g.id]
           }
           resource "aws_security_group" "h" { vpc_id = aws_vpc.v.id }
           resource "aws_instance" "i" {
             ami = "ami-1"
             network_interface {
               network_interface_id = aws_network_interface.n.id
               device_index         = 0
             }
           }
           resource "aws_network_interface_sg_attachment" "s" {
             security_group_id    = aws_security_group.h.id
             network_interface_id = aws_instance.i.primary_network_interface_id
           }"#,
    );
    assert_eq!(
        found,
        [
            "Instance aws_instance.i profile No  groups aws_security_group.g,aws_security_group.h subnets aws_subnet.b public [No] metadata Yes"
        ]
    );
    let found = targets_in_stack(
        r#"resource "aws_instance" "i" {
             ami                         = "ami-1"
             subnet_id                   = aws_subnet.a.id
             associate_public_ip_address = false
           }
           resource "aws_eip" "e" { instance = aws_instance.i.id }"#,
    );
    assert!(found[0].contains("public [Yes]"), "{found:?}");
}

#[test]
fn profiles_are_misused_in_known_ways() {
    let misuse = |argument: &str| {
        let text = format!(
            "{STACK}\nvariable \"x\" {{}}\nresource \"aws_iam_role\" \"named\" {{\n  name = \"named\"\n  assume_role_policy = \"{{}}\"\n}}\n\
             resource \"aws_instance\" \"i\" {{\n  subnet_id = aws_subnet.a.id\n  iam_instance_profile = {argument}\n}}"
        );
        let model = model(&text);
        let target = model.compute.target(model.compute.target_ids().next().expect("there is a target"));
        (target.profile.present, target.profile.misuse.as_ref().map(|misuse| format!("{misuse:?}")))
    };
    assert_eq!(misuse("aws_iam_instance_profile.p.id"), (Truth::Yes, None));
    assert_eq!(misuse("aws_iam_instance_profile.p.arn"), (Truth::Yes, Some("ArnForName".into())));
    assert_eq!(misuse("aws_iam_role.r.name"), (Truth::Yes, Some("RoleForProfile(RoleId(1))".into())));
    assert_eq!(misuse("aws_iam_role.named.name"), (Truth::Yes, Some("RoleForProfile(RoleId(0))".into())));
    assert_eq!(misuse("\"named\""), (Truth::Yes, Some("NameOfRole(RoleId(0))".into())));
    assert_eq!(misuse("\"elsewhere\""), (Truth::Yes, None));
    assert_eq!(misuse("\"\""), (Truth::No, None));
    assert_eq!(misuse("null"), (Truth::No, None));
    assert_eq!(misuse("var.x"), (Truth::Unknown, None));
    assert_eq!(misuse("var.x == \"a\" ? aws_iam_instance_profile.p.name : null"), (Truth::Unknown, None));
}

#[test]
fn session_preferences_are_read_from_json_and_yaml() {
    let text = r#"
resource "aws_kms_key" "k" {}
resource "aws_ssm_document" "json" {
  name          = "SSM-SessionManagerRunShell"
  document_type = "Session"
  content = jsonencode({
    schemaVersion = "1.0"
    sessionType   = "Standard_Stream"
    inputs = { kmsKeyId = aws_kms_key.k.arn, s3BucketName = "", cloudWatchStreamingEnabled = true }
  })
}
resource "aws_ssm_document" "yaml" {
  name            = "other"
  document_type   = "Session"
  document_format = "YAML"
  content         = <<-EOT
    ---
    schemaVersion: '1.0'
    sessionType: Standard_Stream
    inputs:
      s3BucketName: "logs"
      cloudWatchStreamingEnabled: false
  EOT
}
resource "aws_ssm_document" "command" {
  name          = "command"
  document_type = "Command"
  content       = "{}"
}
"#;
    let model = model(text);
    let found: Vec<_> = model
        .ssm
        .preferences
        .iter()
        .map(|document| {
            [document.kms.truth, document.bucket.truth, document.streaming.truth, document.log_group.truth]
        })
        .collect();
    assert_eq!(
        found,
        [[Truth::Yes, Truth::No, Truth::Yes, Truth::No], [Truth::No, Truth::Yes, Truth::No, Truth::No],]
    );
}
