//! Every target of the lesson's projects has the verdict that its toggles give it.

use std::path::Path;

use ssmlint::aws::assumption::{Assumed, AssumedValue, Assumptions};
use ssmlint::aws::schema::Aws;
use ssmlint::aws::{Model, ModelOptions};
use ssmlint::config::load::Loader;
use ssmlint::config::tfvars::{self, VarArgument};
use ssmlint::eval;
use ssmlint::eval::limits::Limits;
use ssmlint::eval::scenario::{Demand, Environment, Scenario};
use ssmlint::proof::verdict::Proof;
use ssmlint::proof::{ProofOptions, Reach, chain};
use ssmlint::source::SourceMap;
use ssmlint::source::fs::{Disk, FileSystem, Memory};

/// The proofs of a project in `fixtures/projects`.
fn proofs(project: &str, toggles: &[(&str, bool)]) -> Vec<Proof> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects").join(project);
    prove(&Disk, &dir, toggles, &[])
}

/// The proof of the one target of a file, under assumptions.
fn proof_of(text: &str, assumed: &[(&str, AssumedValue)]) -> Proof {
    let mut fs = Memory::new();
    fs.add(Path::new("/project/main.tf"), text);
    let mut proofs = prove(&fs, Path::new("/project"), &[], assumed);
    assert_eq!(proofs.len(), 1, "{proofs:?}");
    proofs.remove(0)
}

fn prove(
    fs: &dyn FileSystem,
    dir: &Path,
    toggles: &[(&str, bool)],
    assumed: &[(&str, AssumedValue)],
) -> Vec<Proof> {
    let sources = SourceMap::new();
    let paths = [dir.to_path_buf()];
    let loader = Loader::new(fs, &sources, &paths, None);
    let config = loader.load(dir);
    let arguments: Vec<VarArgument> =
        toggles.iter().map(|(name, on)| VarArgument::Var(format!("{name}={on}"))).collect();
    let scenario = Scenario {
        name: String::new(),
        inputs: tfvars::inputs(&loader, &config, &[], &arguments),
        workspace: "default".to_owned(),
    };
    let limits = Limits::default();
    let environment =
        Environment { provider: &Aws, fs, sources: &sources, limits: &limits, demand: Demand::Relevant };
    let evaluation = eval::evaluate(&config, &scenario, environment);
    let facts = assumed.iter().map(|(key, value)| Assumed {
        key: (*key).to_owned(),
        value: value.clone(),
        span: None,
    });
    let options =
        ModelOptions { assumptions: Assumptions { facts: facts.collect() }, ..ModelOptions::default() };
    let model = Model::build(&evaluation, &options);
    let options = ProofOptions::default();
    chain::prove(&Reach::new(&model, &options))
}

/// One line a target: its address and its verdict.
fn verdicts(project: &str, toggles: &[(&str, bool)]) -> Vec<String> {
    let proofs = proofs(project, toggles);
    proofs
        .iter()
        .map(|proof| format!("{} {}, {}", proof.target, proof.headline(), proof.confidence.as_str()))
        .collect()
}

#[test]
fn the_toggles_decide_the_way() {
    for (nat, endpoints, verdict) in [
        (false, true, "REACHABLE via endpoints, proved"),
        (true, true, "REACHABLE via endpoints, proved"),
        (true, false, "REACHABLE via NAT, proved"),
        (false, false, "BROKEN at L6 path (ssm, ssmmessages), proved"),
    ] {
        let toggles = [("enable_nat", nat), ("enable_ssm_vpc_endpoints", endpoints)];
        for project in ["lesson-flat", "lesson-for-each"] {
            let expected = [format!("aws_instance.app {verdict}")];
            assert_eq!(verdicts(project, &toggles), expected, "{project} {toggles:?}");
        }
        let expected = ["a", "b"].map(|key| format!("module.compute[\"{key}\"].aws_instance.app {verdict}"));
        assert_eq!(verdicts("lesson-modules", &toggles), expected, "{toggles:?}");
    }
}

#[test]
fn the_first_broken_link_is_named() {
    for (project, broken) in [
        ("lesson-flat-private-dns-off", "L5 dns (ssmmessages)"),
        ("lesson-flat-endpoint-sg-no-443", "L8 endpoint-sg (ssm, ssmmessages)"),
        ("lesson-flat-missing-ssmmessages", "L6 path (ssmmessages)"),
        ("lesson-flat-no-core-policy", "L4 permissions"),
        ("lesson-flat-dns-hostnames-off", "L5 dns (ssm, ssmmessages)"),
        ("lesson-flat-nat-in-private-subnet", "L6 path (ssm, ssmmessages)"),
        ("defects/20-no-profile/broken", "L2 profile"),
        ("defects/27-no-way-back/broken", "L9 nacl (ssm, ssmmessages)"),
        ("defects/24-policy-of-another-service/broken", "L10 endpoint-policy (ssm, ssmmessages)"),
    ] {
        let found = verdicts(project, &[]);
        assert!(found[0].ends_with(&format!("BROKEN at {broken}, proved")), "{project}: {found:?}");
    }
}

#[test]
fn a_target_is_reachable_only_from_all_of_its_subnets() {
    let found = verdicts("lesson-modules-endpoint-sg-other-subnet", &[]);
    assert!(found[0].ends_with("REACHABLE via endpoints, proved"), "{found:?}");
    assert!(found[1].ends_with("BROKEN at L8 endpoint-sg (ssm, ssmmessages), proved"), "{found:?}");
}

const ROLE: &str = r#"
resource "aws_iam_role" "app" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
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
"#;

const SHARED: &str = r#"
data "aws_vpc" "shared" {
  tags = { Name = "shared" }
}

resource "aws_subnet" "app" {
  vpc_id     = data.aws_vpc.shared.id
  cidr_block = "10.0.1.0/24"
}

resource "aws_security_group" "app" {
  vpc_id = data.aws_vpc.shared.id

  egress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = [data.aws_vpc.shared.cidr_block]
  }
}

data "aws_ami" "app" {
  owners = ["amazon"]

  filter {
    name   = "name"
    values = ["al2023-ami-2023*-x86_64"]
  }
}

resource "aws_instance" "app" {
  ami                    = data.aws_ami.app.id
  subnet_id              = aws_subnet.app.id
  vpc_security_group_ids = [aws_security_group.app.id]
  iam_instance_profile   = aws_iam_instance_profile.app.name
}
"#;

fn services(labels: &[&str]) -> AssumedValue {
    AssumedValue::List(labels.iter().map(|label| (*label).to_owned()).collect())
}

#[test]
fn endpoints_that_another_state_holds_can_be_assumed() {
    let text = format!("{ROLE}{SHARED}");
    assert_eq!(proof_of(&text, &[]).state(), "unknown");
    let key = "data.aws_vpc.shared.ssm_endpoints";
    let proof = proof_of(&text, &[(key, services(&["ssm", "ssmmessages"]))]);
    assert_eq!(proof.headline(), "REACHABLE via endpoints", "{proof:#?}");
    assert_eq!(proof.confidence.as_str(), "assumed");
    assert_eq!(proof.assumptions, ["data.aws_vpc.shared has endpoints for ssm, ssmmessages"]);
    assert_eq!(proof.rests_on.iter().collect::<Vec<_>>(), [key]);
}

#[test]
fn the_group_of_the_instance_counts_on_the_way_to_assumed_endpoints() {
    let text = format!("{ROLE}{SHARED}").replace("from_port   = 443", "from_port   = 444");
    let proof = proof_of(&text, &[("data.aws_vpc.shared.ssm_endpoints", AssumedValue::Bool(true))]);
    assert_eq!(proof.headline(), "BROKEN at L8 instance-sg (ssm, ssmmessages)");
}

#[test]
fn endpoints_of_a_module_that_is_not_installed_can_be_assumed() {
    let text = format!("{ROLE}{SHARED}")
        .replace("data.aws_vpc.shared.id", "module.network.vpc_id")
        .replace("data.aws_vpc.shared.cidr_block", "\"0.0.0.0/0\"")
        .replace("aws_subnet.app.id", "module.network.private_subnets[0]");
    let text =
        format!("{text}\nmodule \"network\" {{ source = \"git::https://example.com/network.git\" }}\n");
    let key = "module.network.ssm_endpoints";
    let proof = proof_of(&text, &[(key, AssumedValue::Bool(true))]);
    assert_eq!(proof.headline(), "REACHABLE via endpoints", "{proof:#?}");
    assert!(proof.rests_on.contains(key));
}

#[test]
fn an_assumption_that_decides_nothing_is_not_rested_on() {
    let text = format!("{ROLE}{SHARED}");
    let proof = proof_of(
        &text,
        &[
            ("default_host_management", AssumedValue::Bool(true)),
            ("dns_forwarder", AssumedValue::Bool(true)),
            ("data.aws_vpc.shared.ssm_endpoints", AssumedValue::Bool(true)),
            ("data.aws_vpc.other.ssm_endpoints", AssumedValue::Bool(true)),
        ],
    );
    let keys: Vec<&str> = proof.rests_on.iter().map(String::as_str).collect();
    assert_eq!(keys, ["data.aws_vpc.shared.ssm_endpoints"]);
}

#[test]
fn host_management_can_be_assumed() {
    let text = SHARED.replace("iam_instance_profile   = aws_iam_instance_profile.app.name", "");
    let endpoints = || ("data.aws_vpc.shared.ssm_endpoints", AssumedValue::Bool(true));
    assert_eq!(proof_of(&text, &[endpoints()]).headline(), "BROKEN at L2 profile");
    let proof = proof_of(&text, &[endpoints(), ("default_host_management", AssumedValue::Bool(true))]);
    assert_eq!(proof.headline(), "REACHABLE via endpoints, with the role of Default Host Management");
    assert!(proof.rests_on.contains("default_host_management"));
}

#[test]
fn the_dns_attributes_of_a_vpc_that_is_looked_up_can_be_assumed() {
    let endpoint = r#"
resource "aws_vpc_endpoint" "ssm" {
  for_each            = toset(["ssm", "ssmmessages"])
  vpc_id              = data.aws_vpc.shared.id
  service_name        = "com.amazonaws.eu-west-1.${each.key}"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = [aws_subnet.app.id]
  security_group_ids  = [aws_security_group.endpoints.id]
  private_dns_enabled = true
}

resource "aws_security_group" "endpoints" {
  vpc_id = data.aws_vpc.shared.id

  ingress {
    from_port       = 443
    to_port         = 443
    protocol        = "tcp"
    security_groups = [aws_security_group.app.id]
  }
}
"#;
    let text = format!("{ROLE}{SHARED}{endpoint}");
    let off = proof_of(&text, &[("data.aws_vpc.shared.enable_dns_hostnames", AssumedValue::Bool(false))]);
    assert!(off.rests_on.contains("data.aws_vpc.shared.enable_dns_hostnames"), "{off:#?}");
    assert_ne!(off.state(), "reachable");
}

/// A VPC with a subnet for each zone of the account, endpoints in all of them, and an instance in the first.
fn in_every_zone(zones: &str) -> String {
    format!(
        r#"{ROLE}
data "aws_availability_zones" "all" {{}}

locals {{
  zones = {zones}
}}

resource "aws_vpc" "main" {{
  cidr_block           = "10.0.0.0/16"
  enable_dns_hostnames = true
}}

resource "aws_subnet" "app" {{
  count = length(local.zones)

  vpc_id            = aws_vpc.main.id
  cidr_block        = cidrsubnet(aws_vpc.main.cidr_block, 8, count.index)
  availability_zone = local.zones[count.index]
}}

resource "aws_security_group" "all" {{
  vpc_id = aws_vpc.main.id

  ingress {{
    from_port = 443
    to_port   = 443
    protocol  = "tcp"
    self      = true
  }}

  egress {{
    from_port = 443
    to_port   = 443
    protocol  = "tcp"
    self      = true
  }}
}}

resource "aws_vpc_endpoint" "ssm" {{
  for_each = toset(["ssm", "ssmmessages", "ec2messages"])

  vpc_id              = aws_vpc.main.id
  service_name        = "com.amazonaws.eu-west-1.${{each.key}}"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = aws_subnet.app[*].id
  security_group_ids  = [aws_security_group.all.id]
  private_dns_enabled = true
}}

resource "aws_instance" "app" {{
  ami                    = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
  subnet_id              = aws_subnet.app[0].id
  vpc_security_group_ids = [aws_security_group.all.id]
  iam_instance_profile   = aws_iam_instance_profile.app.name
}}
"#
    )
}

#[test]
fn zones_that_only_aws_knows_leave_no_doubt() {
    for zones in [
        "data.aws_availability_zones.all.names",
        "slice(data.aws_availability_zones.all.names, 0, 2)",
        "[for zone in slice(data.aws_availability_zones.all.names, 0, 2) : zone]",
    ] {
        let proof = proof_of(&in_every_zone(zones), &[]);
        assert_eq!(proof.headline(), "REACHABLE via endpoints", "{zones}: {proof:?}");
    }
}

/// A private and a public subnet, a NAT gateway and a route table for each of some zones, and a group in the private ones.
fn nat_in_each(zones: &str) -> String {
    format!(
        r#"{ROLE}
data "aws_availability_zones" "all" {{}}

locals {{
  zones = {zones}
}}

resource "aws_vpc" "main" {{
  cidr_block = "10.0.0.0/16"
}}

resource "aws_internet_gateway" "main" {{
  vpc_id = aws_vpc.main.id
}}

resource "aws_subnet" "public" {{
  for_each          = local.zones
  vpc_id            = aws_vpc.main.id
  availability_zone = each.key
}}

resource "aws_subnet" "app" {{
  for_each          = local.zones
  vpc_id            = aws_vpc.main.id
  availability_zone = each.key
}}

resource "aws_route_table" "public" {{
  vpc_id = aws_vpc.main.id

  route {{
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }}
}}

resource "aws_route_table_association" "public" {{
  for_each       = aws_subnet.public
  subnet_id      = each.value.id
  route_table_id = aws_route_table.public.id
}}

resource "aws_nat_gateway" "main" {{
  for_each      = aws_subnet.public
  subnet_id     = each.value.id
  allocation_id = aws_eip.nat[each.key].id
}}

resource "aws_eip" "nat" {{
  for_each = local.zones
}}

resource "aws_route_table" "app" {{
  for_each = local.zones
  vpc_id   = aws_vpc.main.id
}}

resource "aws_route" "app" {{
  for_each               = local.zones
  route_table_id         = aws_route_table.app[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.main[each.key].id
}}

resource "aws_route_table_association" "app" {{
  for_each       = local.zones
  subnet_id      = aws_subnet.app[each.key].id
  route_table_id = aws_route_table.app[each.key].id
}}

resource "aws_launch_template" "app" {{
  image_id = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"

  iam_instance_profile {{
    name = aws_iam_instance_profile.app.name
  }}
}}

resource "aws_autoscaling_group" "app" {{
  vpc_zone_identifier = [for subnet in aws_subnet.app : subnet.id]

  launch_template {{
    id = aws_launch_template.app.id
  }}
}}
"#
    )
}

#[test]
fn instances_over_the_same_unknown_keys_belong_together() {
    for zones in [
        "toset([\"eu-west-1a\", \"eu-west-1b\"])",
        "toset(data.aws_availability_zones.all.names)",
        "toset(slice(data.aws_availability_zones.all.names, 0, 2))",
        "{ for zone in data.aws_availability_zones.all.names : zone => zone }",
        "{ for i, zone in slice(data.aws_availability_zones.all.names, 0, 2) : zone => i }",
        "merge([for tier in [\"a\", \"b\"] : { for zone in data.aws_availability_zones.all.names : \"${tier}-${zone}\" => 1 }]...)",
    ] {
        let text = nat_in_each(zones);
        assert_eq!(proof_of(&text, &[]).headline(), "REACHABLE via NAT", "{zones}");
        let ids = "values({ for key, subnet in aws_subnet.app : key => subnet.id })";
        let by_values = text.replace("[for subnet in aws_subnet.app : subnet.id]", ids);
        assert_eq!(proof_of(&by_values, &[]).headline(), "REACHABLE via NAT", "{zones}");
        let crossed = text.replace(
            "subnet_id      = aws_subnet.app[each.key].id",
            "subnet_id      = aws_subnet.app[var.zone].id",
        ) + "variable \"zone\" { type = string }\n";
        assert_ne!(proof_of(&crossed, &[]).state(), "reachable", "{zones}");
    }
    let by_index: [fn(&str) -> String; 3] = [
        |name| format!("{name}[count.index].id"),
        |name| format!("element({name}[*].id, count.index)"),
        |name| format!("{name}.*.id[count.index]"),
    ];
    for spell in by_index {
        let text = nat_in_each("data.aws_availability_zones.all.names");
        let counted = text.lines().map(|line| match line.split_once("= ") {
            Some((name, over)) if name.trim() == "for_each" => format!("count = length({over})\n"),
            _ => format!("{line}\n"),
        });
        let mut text: String = counted.collect();
        for name in ["aws_eip.nat", "aws_nat_gateway.main", "aws_route_table.app", "aws_subnet.app"] {
            text = text.replace(&format!("{name}[each.key].id"), &spell(name));
        }
        text = text.replace("each.value.id", &spell("aws_subnet.public"));
        text = text.replace("each.key", "local.zones[count.index]");
        assert!(!text.contains("each."), "{text}");
        let proof = proof_of(&text, &[]);
        assert_eq!(proof.headline(), "REACHABLE via NAT", "{}: {proof:#?}", spell("x"));
    }
    // There may be none.
    let none = "{ for zone in data.aws_availability_zones.all.names : zone => zone if zone != var.left_out }";
    let text = nat_in_each(none) + "variable \"left_out\" { type = string }\n";
    assert_eq!(proof_of(&text, &[]).state(), "unknown");
}

#[test]
fn groups_decide_although_the_subnet_is_not_known() {
    let text = |source: &str| {
        in_every_zone("[\"eu-west-1a\"]")
            .replace(
                "subnet_id              = aws_subnet.app[0].id",
                "subnet_id              = var.subnet_id",
            )
            .replace("self      = true\n  }\n\n  egress", &format!("{source}\n  }}\n\n  egress"))
            + "variable \"subnet_id\" { type = string }\nresource \"aws_security_group\" \"other\" { vpc_id = aws_vpc.main.id }\n"
    };
    for (source, verdict) in [
        ("security_groups = [aws_security_group.other.id]", "BROKEN at L8 endpoint-sg (ssm, ssmmessages)"),
        ("cidr_blocks = [\"10.9.0.0/16\"]", "BROKEN at L8 endpoint-sg (ssm, ssmmessages)"),
        ("cidr_blocks = [\"10.0.0.0/24\"]", "UNKNOWN"),
        ("cidr_blocks = [aws_vpc.main.cidr_block]", "UNKNOWN"),
        ("self = true", "UNKNOWN"),
    ] {
        let proof = proof_of(&text(source), &[]);
        assert!(proof.headline().starts_with(verdict), "{source}: {}", proof.headline());
    }
}

#[test]
fn what_terraform_refuses_takes_no_policy_away() {
    let endpoints = || ("data.aws_vpc.shared.ssm_endpoints", AssumedValue::Bool(true));
    for repetition in ["for_each = [\"core\"]", "for_each = toset([{ a = 1 }])", "count = null", "count = -1"]
    {
        let attachment = "resource \"aws_iam_role_policy_attachment\" \"app\" {";
        let text = format!("{ROLE}{SHARED}").replace(attachment, &format!("{attachment}\n  {repetition}"));
        let proof = proof_of(&text, &[endpoints()]);
        assert_eq!(proof.state(), "unknown", "{repetition}: {}", proof.headline());
    }
}

#[test]
fn documents_are_read_within_the_root_alone() {
    let attachment = ROLE.find("resource \"aws_iam_role_policy_attachment\"").unwrap_or_default();
    let profile = ROLE.find("resource \"aws_iam_instance_profile\"").unwrap_or_default();
    let document = r#"{ "Statement": [{ "Effect": "Allow", "Action": "s3:*", "Resource": "*" }] }"#;
    for (path, verdict) in [
        ("policies/app.json", "BROKEN at L4 permissions"),
        ("../../policies/app.json", "UNKNOWN"),
        ("../../.git/app.json", "UNKNOWN"),
        ("../../../app.json", "UNKNOWN"),
    ] {
        let policy = format!(
            "resource \"aws_iam_role_policy\" \"app\" {{\n  role   = aws_iam_role.app.name\n  policy = file(\"{path}\")\n}}\n"
        );
        let text = format!("{}{policy}{}{SHARED}", &ROLE[..attachment], &ROLE[profile..]);
        let mut fs = Memory::new();
        fs.add(Path::new("/home/user/repository/stacks/app/main.tf"), text);
        fs.add(Path::new("/home/user/repository/.git/HEAD"), "ref: refs/heads/main");
        fs.add(Path::new("/home/user/repository/stacks/app/policies/app.json"), document);
        fs.add(Path::new("/home/user/repository/policies/app.json"), document);
        fs.add(Path::new("/home/user/repository/.git/app.json"), document);
        fs.add(Path::new("/home/user/app.json"), document);
        let proofs = prove(&fs, Path::new("/home/user/repository/stacks/app"), &[], &[]);
        assert!(proofs[0].headline().starts_with(verdict), "{path}: {}", proofs[0].headline());
    }
}

#[test]
fn a_subnet_that_is_looked_up_in_a_vpc_of_the_configuration_uses_its_tables_and_acls() {
    let found = "data \"aws_subnets\" \"app\" {\n  filter {\n    name   = \"vpc-id\"\n    values = [aws_vpc.main.id]\n  }\n}\n";
    let text = in_every_zone("[\"eu-west-1a\"]").replace(
        "subnet_id              = aws_subnet.app[0].id",
        "subnet_id              = data.aws_subnets.app.ids[0]",
    );
    let proof = proof_of(&format!("{text}{found}"), &[]);
    assert_eq!(proof.headline(), "REACHABLE via endpoints", "{proof:?}");
    let acl = "resource \"aws_network_acl\" \"app\" {\n  vpc_id = aws_vpc.main.id\n}\n";
    let proof = proof_of(&format!("{text}{found}{acl}"), &[]);
    assert!(proof.headline().contains("the network ACL of data.aws_subnets.app.ids[0]"), "{proof:?}");
}

#[test]
fn a_permission_that_no_policy_gives_is_missing_at_the_role() {
    let endpoints = || ("data.aws_vpc.shared.ssm_endpoints", AssumedValue::Bool(true));
    let text = format!("{ROLE}{SHARED}").replace("AmazonSSMManagedInstanceCore", "AmazonS3ReadOnlyAccess");
    let proof = proof_of(&text, &[endpoints()]);
    let broken = proof.broken().map(|broken| broken.link.span.map(|span| span.start as usize));
    assert_eq!(broken, Some(text.find("resource \"aws_iam_role\"")), "{proof:?}");
}

#[test]
fn what_a_module_takes_as_an_object_is_the_resource_that_is_passed() {
    let mut fs = Memory::new();
    fs.add(
        "/project/main.tf",
        r#"
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "these" {
  for_each   = { a = "10.0.1.0/24", b = "10.0.2.0/24" }
  vpc_id     = aws_vpc.main.id
  cidr_block = each.value
}

module "app" {
  source  = "./app"
  subnets = { for key, subnet in aws_subnet.these : key => subnet }
  vpc     = aws_vpc.main
}
"#,
    );
    fs.add(
        "/project/app/main.tf",
        r#"
variable "subnets" {
  type = map(object({ id = string, vpc_id = string, cidr_block = optional(string) }))
}

variable "vpc" {
  type = object({ id = string })
}

resource "aws_instance" "app" {
  subnet_id              = var.subnets["a"].id
  vpc_security_group_ids = [aws_security_group.app.id]
}

resource "aws_security_group" "app" {
  vpc_id = var.vpc.id
}
"#,
    );
    let proofs = prove(&fs, Path::new("/project"), &[], &[]);
    let links: Vec<String> =
        proofs[0].links.iter().map(|link| format!("{} {}", link.name, link.reason)).collect();
    let way = "path aws_vpc.main has no endpoint for it, and no way to the internet";
    assert!(links.iter().any(|link| link == way), "{links:#?}");
}

/// A group that launches from two templates; `second` is in the second one, `choose` names what it launches from.
fn with_templates(second: &str, choose: &str) -> Proof {
    let text = format!(
        r#"
provider "aws" {{ region = "eu-west-1" }}
variable "size" {{ type = string }}
resource "aws_iam_role" "app" {{
  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{ Effect = "Allow", Action = "sts:AssumeRole", Principal = {{ Service = "ec2.amazonaws.com" }} }}]
  }})
}}
resource "aws_iam_role_policy_attachment" "core" {{
  role       = aws_iam_role.app.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
}}
resource "aws_iam_instance_profile" "app" {{ role = aws_iam_role.app.name }}
resource "aws_launch_template" "small" {{
  image_id      = "ami-1"
  instance_type = "t3.micro"
  iam_instance_profile {{ name = aws_iam_instance_profile.app.name }}
}}
resource "aws_launch_template" "large" {{
  image_id      = "ami-1"
  instance_type = "m7i.large"
  {second}
}}
resource "aws_autoscaling_group" "app" {{
  min_size           = 1
  max_size           = 2
  availability_zones = ["eu-west-1a"]
  {choose}
}}
"#
    );
    proof_of(&text, &[])
}

const BOTH: &str = "mixed_instances_policy {
    launch_template {
      launch_template_specification { launch_template_id = aws_launch_template.small.id }
      override {
        launch_template_specification { launch_template_id = aws_launch_template.large.id }
      }
    }
  }";

const EITHER: &str = r#"launch_template {
    id = var.size == "l" ? aws_launch_template.large.id : aws_launch_template.small.id
  }"#;

const PERHAPS_BOTH: &str = r#"mixed_instances_policy {
    launch_template {
      launch_template_specification { launch_template_id = aws_launch_template.small.id }
      dynamic "override" {
        for_each = var.size == "l" ? [1] : []
        content {
          launch_template_specification { launch_template_id = aws_launch_template.large.id }
        }
      }
    }
  }"#;

const PROFILE: &str = "iam_instance_profile { name = aws_iam_instance_profile.app.name }";

#[test]
fn a_default_vpc_keeps_the_routes_that_aws_made() {
    let text = r#"
provider "aws" { region = "eu-west-1" }
resource "aws_default_vpc" "default" {}
resource "aws_default_subnet" "a" { availability_zone = "eu-west-1a" }
resource "aws_instance" "app" {
  ami                  = "ami-1"
  instance_type        = "t3.micro"
  subnet_id            = aws_default_subnet.a.id
  iam_instance_profile = "app"
}
"#;
    let headline = proof_of(text, &[]).headline();
    assert!(headline.starts_with("UNKNOWN"), "{headline}");
    // Who adopts the table says what stands in it.
    let adopted = r#"
resource "aws_default_route_table" "main" {
  default_route_table_id = aws_default_vpc.default.default_route_table_id
}
"#;
    let headline = proof_of(&format!("{text}{adopted}"), &[]).headline();
    assert_eq!(headline, "BROKEN at L6 path (ssm, ssmmessages)");
}

#[test]
fn a_group_with_two_templates_is_one_target() {
    let alike = with_templates(PROFILE, BOTH);
    let headline = alike.headline();
    assert!(!headline.starts_with("BROKEN") && !headline.contains("aws_launch_template"), "{headline}");

    let broken = with_templates("", BOTH);
    assert_eq!(broken.headline(), "BROKEN at L2 profile with aws_launch_template.large");
    let of = |template: Option<&str>| {
        let links = broken.links.iter().filter(|link| link.template.as_deref() == template);
        links.map(|link| (link.number, link.state())).collect::<Vec<_>>()
    };
    assert!(of(Some("aws_launch_template.large")).contains(&(2, "fail")));
    assert!(of(Some("aws_launch_template.small")).contains(&(2, "ok")));
    // What is the same for both is told once.
    assert_eq!(of(None).first(), Some(&(0, "ok")));

    let both = with_templates("metadata_options { http_endpoint = \"disabled\" }", BOTH);
    assert_eq!(both.headline(), "BROKEN at L1 imds with aws_launch_template.large");
}

#[test]
fn a_template_that_perhaps_launches_nothing_breaks_nothing_for_certain() {
    for choose in [EITHER, PERHAPS_BOTH] {
        let broken = with_templates("", choose);
        assert_eq!(
            broken.headline().split(',').next(),
            Some("UNKNOWN because whether it launches with aws_launch_template.large is not known")
        );
    }
}

#[test]
fn what_stands_in_one_module_exists_together() {
    let stack = include_str!("../fixtures/faults/plain/main.tf");
    let stack = stack.split_once("data \"aws_ami\"").expect("the stack has an image").1;
    let shared = "resource \"aws_iam_role\" \"ec2\" {";
    let (network, identity) = stack.split_once(shared).expect("the stack has a role");
    let rule = "resource \"aws_vpc_security_group_egress_rule\" \"https\" {
      security_group_id = aws_security_group.own.id
      ip_protocol       = \"tcp\"
      from_port         = 443
      to_port           = 443
      cidr_ipv4         = \"10.20.0.0/16\"
    }
    resource \"aws_security_group\" \"own\" {
      vpc_id = var.vpc
    }
    variable \"vpc\" {}
    variable \"subnet\" {}
    variable \"image\" {}
    ";
    let module = format!("{rule}{shared}{identity}")
        .replace("aws_subnet.private.id", "var.subnet")
        .replace("[aws_security_group.ec2.id]", "[aws_security_group.own.id]")
        .replace("data.aws_ami.al2023.id", "var.image");
    let root = format!(
        "provider \"aws\" {{ region = \"us-east-1\" }}
         variable \"names\" {{ type = list(string) }}
         module \"app\" {{
           source = \"./app\"
           count  = length(var.names)
           vpc    = aws_vpc.lab.id
           subnet = aws_subnet.private.id
           image  = data.aws_ami.al2023.id
         }}
         data \"aws_ami\"{}",
        network.replace("security_groups = [aws_security_group.ec2.id]", "cidr_blocks = [\"10.20.0.0/16\"]")
    );
    let states = |module: &str| {
        let mut fs = Memory::new();
        fs.add(Path::new("/project/main.tf"), root.as_str());
        fs.add(Path::new("/project/app/main.tf"), module);
        let proofs = prove(&fs, Path::new("/project"), &[], &[]);
        proofs.iter().map(Proof::headline).collect::<Vec<_>>()
    };
    assert_eq!(states(&module), ["REACHABLE via endpoints"]);
    // What has a count of its own may be missing where the instance is.
    for header in [
        "resource \"aws_vpc_security_group_egress_rule\" \"https\" {",
        "resource \"aws_iam_role_policy_attachment\" \"core\" {",
    ] {
        let own = format!("{header}\n  count = length(var.more)\n");
        let module = format!("variable \"more\" {{ type = list(string) }}\n{}", module.replace(header, &own));
        let found = states(&module);
        assert!(found.len() == 1 && found[0].starts_with("UNKNOWN"), "{header} {found:?}");
    }
}
