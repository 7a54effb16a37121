//! Trees of root modules, of the shapes that decide where the time goes.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A file of the lesson's stack.
macro_rules! flat {
    ($file:literal) => {
        include_str!(concat!("../fixtures/projects/lesson-flat/", $file))
    };
}
/// What a tree is full of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Six files a root, everything in the root module: a network with a target, and six services.
    Flat,
    /// Roots of module calls; the directories that they call are shared by all.
    Modules,
    /// Everything made by `for_each` over maps with dozens of keys.
    ForEach,
    /// One network, and forty services that have nothing to do with it.
    Noise,
}

impl Shape {
    pub(crate) const ALL: [Shape; 4] = [Shape::Flat, Shape::Modules, Shape::ForEach, Shape::Noise];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Shape::Flat => "flat",
            Shape::Modules => "modules",
            Shape::ForEach => "for_each",
            Shape::Noise => "noise",
        }
    }

    /// The shape of that name.
    pub(crate) fn from_name(name: &str) -> Option<Shape> {
        Shape::ALL.into_iter().find(|shape| shape.name() == name)
    }

    /// The files of one root module by name.
    pub(crate) fn root(self, index: usize) -> Vec<(&'static str, String)> {
        match self {
            Shape::Flat => lesson(index, services(&NAMES, index)),
            Shape::Noise => {
                let names: Vec<String> =
                    (0..40).map(|number| format!("{}{number}", NAMES[number % NAMES.len()])).collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                lesson(index, services(&names, index))
            }
            Shape::Modules => module_calls(index),
            Shape::ForEach => repetitions(index),
        }
    }

    /// The files that all roots share, by path in the tree.
    pub(crate) fn shared(self) -> Vec<(&'static str, String)> {
        match self {
            Shape::Modules => vec![
                ("modules/network/main.tf", flat!("network.tf").to_owned()),
                ("modules/network/endpoints.tf", flat!("endpoints.tf").to_owned()),
                ("modules/network/variables.tf", flat!("variables.tf").to_owned()),
                ("modules/network/outputs.tf", NETWORK_OUTPUTS.to_owned()),
                ("modules/service/main.tf", ["variable \"project_name\" {}\nvariable \"aws_region\" {}\nlocals {\n  tags = {}\n}\n", &service("this", 0)].concat()),
            ],
            Shape::Flat | Shape::ForEach | Shape::Noise => Vec::new(),
        }
    }
}

/// A tree on the disk.
pub(crate) struct Tree {
    /// Its directory.
    pub(crate) dir: PathBuf,
    pub(crate) files: usize,
    pub(crate) bytes: u64,
}

impl Tree {
    /// The root module of that number.
    pub(crate) fn root(&self, index: usize) -> PathBuf {
        self.dir.join(root_name(index))
    }

    /// Writes a tree anew.
    pub(crate) fn write(dir: &Path, shape: Shape, roots: usize) -> io::Result<Tree> {
        if dir.exists() {
            fs::remove_dir_all(dir)?;
        }
        let mut tree = Tree { dir: dir.to_path_buf(), files: 0, bytes: 0 };
        for (name, text) in shape.shared() {
            tree.add(Path::new(name), &text)?;
        }
        for index in 0..roots {
            let root = PathBuf::from(root_name(index));
            for (name, text) in shape.root(index) {
                tree.add(&root.join(name), &text)?;
            }
        }
        Ok(tree)
    }

    fn add(&mut self, name: &Path, text: &str) -> io::Result<()> {
        let path = self.dir.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        self.files += 1;
        self.bytes += text.len() as u64;
        fs::write(path, text)
    }
}

fn root_name(index: usize) -> String {
    format!("root-{index:05}")
}

const NAMES: [&str; 6] = ["orders", "billing", "search", "media", "mail", "invoices"];

/// The lesson's stack, every tenth with private DNS off, and around it what most code is about: other services.
fn lesson(index: usize, services: String) -> Vec<(&'static str, String)> {
    let private_dns =
        if index % 10 == 9 { "private_dns_enabled = false" } else { "private_dns_enabled = true" };
    vec![
        ("variables.tf", [flat!("providers.tf"), flat!("variables.tf")].concat()),
        ("network.tf", flat!("network.tf").to_owned()),
        ("endpoints.tf", flat!("endpoints.tf").replace("private_dns_enabled = true", private_dns)),
        ("compute.tf", flat!("compute.tf").to_owned()),
        ("iam.tf", [flat!("iam.tf"), flat!("outputs.tf")].concat()),
        ("services.tf", services),
    ]
}

fn services(names: &[&str], index: usize) -> String {
    names.iter().map(|name| service(name, index)).collect()
}

fn service(name: &str, index: usize) -> String {
    SERVICE.replace("SERVICE", name).replace("INDEX", &index.to_string())
}

fn module_calls(index: usize) -> Vec<(&'static str, String)> {
    let mut calls = String::from(NETWORK_CALL);
    for name in NAMES {
        let _ = write!(
            calls,
            "\nmodule \"{name}\" {{\n  source = \"../modules/service\"\n\n  project_name = \"${{var.project_name}}-{name}-{index}\"\n  aws_region   = var.aws_region\n}}\n"
        );
    }
    vec![
        ("variables.tf", [flat!("providers.tf"), flat!("variables.tf")].concat()),
        ("main.tf", calls),
        ("compute.tf", COMPUTE_OF_MODULE.to_owned()),
        ("iam.tf", flat!("iam.tf").to_owned()),
    ]
}

fn repetitions(index: usize) -> Vec<(&'static str, String)> {
    let mut locals = String::from("locals {\n  tags = { Project = var.project_name }\n  nodes = {\n");
    for node in 0..48 {
        let _ = writeln!(
            locals,
            "    \"node-{index}-{node:02}\" = {{ az = \"eu-west-1{}\", net = {node}, type = \"t3.micro\", ports = [443, {}] }}",
            ["a", "b", "c"][node % 3],
            8000 + node
        );
    }
    locals.push_str("  }\n}\n");
    vec![
        ("variables.tf", [flat!("providers.tf"), flat!("variables.tf")].concat()),
        ("locals.tf", locals),
        ("main.tf", FOR_EACH.to_owned()),
        ("iam.tf", flat!("iam.tf").to_owned()),
    ]
}

const SERVICE: &str = r#"
# Queue, table and bucket of the SERVICE service.
locals {
  SERVICE_name  = "${var.project_name}-SERVICE-INDEX"
  SERVICE_tiers = { for tier in ["hot", "cold"] : tier => upper(substr(tier, 0, 1)) }
}

resource "aws_sqs_queue" "SERVICE" {
  for_each = local.SERVICE_tiers

  name                       = format("%s-%s", local.SERVICE_name, each.key)
  visibility_timeout_seconds = each.key == "hot" ? 30 : 300
  message_retention_seconds  = 4 * 24 * 60 * 60

  tags = merge(local.tags, { Tier = each.value })
}

resource "aws_dynamodb_table" "SERVICE" {
  name         = local.SERVICE_name
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"

  attribute {
    name = "pk"
    type = "S"
  }

  server_side_encryption {
    enabled = true
  }

  tags = local.tags
}

resource "aws_s3_bucket" "SERVICE" {
  bucket = lower("${local.SERVICE_name}-${var.aws_region}")
}

resource "aws_s3_bucket_policy" "SERVICE" {
  bucket = aws_s3_bucket.SERVICE.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.SERVICE.arn, "${aws_s3_bucket.SERVICE.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}
"#;

const NETWORK_OUTPUTS: &str = r#"
output "vpc_id" {
  value = aws_vpc.main.id
}

output "private_subnet_ids" {
  value = { for key, subnet in aws_subnet.private_subnet : key => subnet.id }
}
"#;

const NETWORK_CALL: &str = r#"
locals {
  tags = { Project = var.project_name }
}

module "network" {
  source = "../modules/network"

  project_name             = var.project_name
  aws_region               = var.aws_region
  vpc_cidr                 = var.vpc_cidr
  private_subnets          = var.private_subnets
  public_subnet            = var.public_subnet
  enable_nat               = var.enable_nat
  enable_ssm_vpc_endpoints = var.enable_ssm_vpc_endpoints
}
"#;

const COMPUTE_OF_MODULE: &str = r#"
resource "aws_security_group" "app" {
  name   = "${var.project_name}-app"
  vpc_id = module.network.vpc_id

  egress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_instance" "app" {
  for_each = module.network.private_subnet_ids

  ami                    = "ami-0123456789abcdef0"
  instance_type          = "t3.micro"
  subnet_id              = each.value
  vpc_security_group_ids = [aws_security_group.app.id]
  iam_instance_profile   = aws_iam_instance_profile.app.name
}
"#;

const FOR_EACH: &str = r#"
resource "aws_vpc" "main" {
  cidr_block           = var.vpc_cidr
  enable_dns_support   = true
  enable_dns_hostnames = true
}

resource "aws_subnet" "node" {
  for_each = local.nodes

  vpc_id            = aws_vpc.main.id
  cidr_block        = cidrsubnet(var.vpc_cidr, 8, each.value.net)
  availability_zone = each.value.az
  tags              = merge(local.tags, { Name = each.key })
}

resource "aws_security_group" "node" {
  for_each = local.nodes

  name   = "${var.project_name}-${each.key}"
  vpc_id = aws_vpc.main.id

  dynamic "egress" {
    for_each = toset(each.value.ports)

    content {
      from_port   = egress.value
      to_port     = egress.value
      protocol    = "tcp"
      cidr_blocks = ["0.0.0.0/0"]
    }
  }
}

resource "aws_security_group" "endpoint" {
  name   = "endpoint"
  vpc_id = aws_vpc.main.id

  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = [for subnet in aws_subnet.node : subnet.cidr_block]
  }
}

resource "aws_vpc_endpoint" "ssm" {
  for_each = toset(["ssm", "ssmmessages", "ec2messages"])

  vpc_id              = aws_vpc.main.id
  service_name        = "com.amazonaws.${var.aws_region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = [for key in sort(keys(local.nodes)) : aws_subnet.node[key].id if local.nodes[key].net < 3]
  security_group_ids  = [aws_security_group.endpoint.id]
  private_dns_enabled = true
}

resource "aws_instance" "node" {
  for_each = local.nodes

  ami                    = "ami-0123456789abcdef0"
  instance_type          = each.value.type
  subnet_id              = aws_subnet.node[each.key].id
  vpc_security_group_ids = [aws_security_group.node[each.key].id]
  iam_instance_profile   = aws_iam_instance_profile.app.name
}
"#;
