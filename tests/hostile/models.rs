//! Little code that makes many things, which rules and proofs compare with one another.

use crate::support::Project;

/// Instances, subnets, security groups, endpoints and what stands between them; an upper-case word in it is replaced.
const MODEL: &str = r#"
provider "aws" {
  region = "eu-west-1"
}
resource "aws_vpc" "main" {
  cidr_block           = "10.0.0.0/8"
  enable_dns_hostnames = true
}
resource "aws_subnet" "private" {
  count      = SUBNETS
  vpc_id     = aws_vpc.main.id
  cidr_block = cidrsubnet("10.0.0.0/8", 16, count.index)
}
resource "aws_security_group" "https" {
  count  = GROUPS
  vpc_id = aws_vpc.main.id
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/9"]
  }
  egress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/9"]
  }
}
resource "aws_vpc_endpoint" "services" {
  for_each            = toset(["ssm", "ssmmessages", "ec2messages"])
  vpc_id              = aws_vpc.main.id
  service_name        = "com.amazonaws.eu-west-1.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = aws_subnet.private[*].id
  security_group_ids  = aws_security_group.https[*].id
  policy              = local.policy
}
resource "aws_iam_role" "app" {
  assume_role_policy = jsonencode({
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}
resource "aws_iam_role_policy_attachment" "app" {
  role       = aws_iam_role.app.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
}
resource "aws_iam_instance_profile" "app" {
  role = aws_iam_role.app.name
}
resource "aws_instance" "app" {
  count                  = INSTANCES
  ami                    = "ami-12345678"
  subnet_id              = aws_subnet.private[count.index % SUBNETS].id
  vpc_security_group_ids = aws_security_group.https[*].id
  iam_instance_profile   = aws_iam_instance_profile.app.name
}
locals {
  policy = jsonencode({
    Statement = [for i in range(STATEMENTS) : {
      Effect    = i % 2 == 0 ? "Allow" : "Deny"
      Action    = ["*s*s*s*m*:*a*b${i}*", "ssm:*"]
      Resource  = "*a*a*a*a*b${i}"
      Principal = "*"
      Condition = { StringEquals = { "aws:x${i}" = "y" } }
    }]
  })
}
"#;

/// A project of so many of each.
fn model(name: &str, [subnets, groups, instances, statements]: [usize; 4], more: &str) -> Project {
    let project = Project::new(name);
    let counts =
        [("SUBNETS", subnets), ("GROUPS", groups), ("INSTANCES", instances), ("STATEMENTS", statements)];
    let text =
        counts.iter().fold(MODEL.to_owned(), |text, (word, count)| text.replace(word, &count.to_string()));
    project.hostile(text + more);
    project
}

/// The number of comparisons is the product of all counts: it is known before the first is made.
#[test]
fn everything_with_everything() {
    let cases = [
        ("interfaces", [500, 100, 500, 1]),
        ("subnets", [5_000, 1, 100, 1]),
        ("groups", [20, 300, 900, 1]),
        ("statements", [3, 1, 900, 1_000]),
    ];
    for (name, counts) in cases {
        let project = model(&format!("model-{name}"), counts, "");
        let run = project.check();
        run.must_say("ssmlint asks no rule and proves nothing here");
        run.must_say(&format!("{} unknown", counts[2]));
        assert_eq!(run.code, 2, "{run:?}");
        project.run(&["why", "hostile"]).must_say("comparisons, the limit of ssmlint is");
        project.run(&["matrix", "hostile"]).must_say("comparisons, the limit of ssmlint is");
    }
}

#[test]
fn as_many_as_a_large_account_has() {
    let project = model("model-large", [9, 4, 900, 4], "");
    let run = project.check();
    assert!(!run.says("imit"), "{run:?}");
}

#[test]
fn an_acl_of_thousands_of_entries() {
    let mut acl = String::from(
        "resource \"aws_network_acl\" \"many\" {\n  vpc_id = aws_vpc.main.id\n  subnet_ids = aws_subnet.private[*].id\n",
    );
    for i in 0..2_000 {
        let direction = if i % 2 == 0 { "ingress" } else { "egress" };
        acl += &format!(
            "  {direction} {{\n    rule_no = {}\n    action = \"deny\"\n    protocol = \"tcp\"\n    from_port = {}\n    \
             to_port = 65535\n    cidr_block = \"10.{}.0.0/16\"\n  }}\n",
            i + 1,
            30_000 + i,
            i % 256
        );
    }
    let project = model("model-acl", [50, 1, 50, 1], &(acl + "}\n"));
    project.check().must_say("ssmlint asks no rule and proves nothing here");
}

#[test]
fn instances_by_the_ten_thousand() {
    let project = Project::new("model-instances");
    let mut text = String::from("resource \"aws_security_group\" \"many\" {\n  count = 200\n}\n");
    for i in 0..9 {
        text += &format!("resource \"aws_instance\" \"i{i}\" {{\n  count = 10000\n}}\n");
    }
    text += "resource \"aws_instance\" \"grouped\" {\n  count = 1000\n  \
             vpc_security_group_ids = aws_security_group.many[*].id\n}\n";
    project.hostile(text);
    project.check().must_say("ssmlint asks no rule and proves nothing here");
}

/// What one world takes is taken for each combination of inputs without value.
#[test]
fn switches_around_what_takes_long() {
    let project = Project::new("model-switches");
    let mut text = String::from(
        "locals {\n  r = range(500)\n  x = length([for a in local.r : [for b in local.r : \"${b}\"]])\n}\n\
         resource \"aws_instance\" \"app\" {\n  subnet_id = \"subnet-1\"\n  tags = { x = local.x }\n  \
         count = local.x > 3 ? 1 : 0\n}\n",
    );
    for i in 0..8 {
        text += &format!(
            "variable \"t{i}\" {{\n  type = bool\n}}\nresource \"aws_nat_gateway\" \"n{i}\" {{\n  \
             count = var.t{i} ? 1 : 0\n  subnet_id = \"subnet-{i}\"\n}}\n"
        );
    }
    project.hostile(text);
    project.check();
    project.run(&["matrix", "hostile"]).must_say("decide something too, beyond the");
    project.run(&["why", "hostile"]).must_say("without value decide more than the");
}

/// Every directive is compared with every finding of its rule.
#[test]
fn thousands_of_findings_with_a_directive_each() {
    let project = Project::new("model-directives");
    let mut text = String::new();
    for i in 0..3_000 {
        text += &format!(
            "resource \"aws_security_group\" \"s{i}\" {{ # ssmlint:ignore[SSM006] why\n  ingress {{\n    from_port = 22\n    \
             to_port = 22\n    protocol = \"tcp\"\n    cidr_blocks = [\"0.0.0.0/0\"]\n  }}\n}}\n"
        );
    }
    project.hostile(text);
    project.check().must_say("3000 suppressed");
}

#[test]
fn patterns_without_end() {
    for (name, pattern) in [
        ("stars", "*a".repeat(200_000)),
        ("braces", format!("{}{}", "{a,".repeat(100_000), "}".repeat(100_000))),
        ("classes", "[a-".repeat(200_000)),
        ("short-braces", format!("{}{}\n", "{a,".repeat(1_000), "}".repeat(1_000)).repeat(100)),
    ] {
        let project = Project::new(&format!("patterns-{name}"));
        project.write("hostile/.gitignore", format!("{pattern}\n"));
        project.hostile("locals {\n  x = 1\n}\n");
        project.check();
    }
}

#[test]
fn globs_without_end() {
    for (name, glob) in [("stars", "*a".repeat(200_000)), ("braces", "{a,b}".repeat(2_000))] {
        let project = Project::new(&format!("globs-{name}"));
        project.write(".ssmlint.hcl", format!("roots = [\"{glob}\"]\n"));
        let run = project.run(&["check", "."]);
        run.must_say("a glob has 1000 bytes at most");
        assert_eq!(run.code, 2);
    }
}
