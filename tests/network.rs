//! The network model through the whole pipeline: source text to facts.

use std::path::{Path, PathBuf};

use ssmlint::aws::cidr::Coverage;
use ssmlint::aws::fact::{Answer, Evidence};
use ssmlint::aws::link::{EndpointId, GroupId, Link, LinkSet, SubnetId, VpcId};
use ssmlint::aws::nacl::Ephemeral;
use ssmlint::aws::network::{Network, Zone};
use ssmlint::aws::schema::Aws;
use ssmlint::aws::security_group::{Direction, Party};
use ssmlint::aws::{Model, ModelOptions};
use ssmlint::config::Inputs;
use ssmlint::config::load::Loader;
use ssmlint::eval::evaluate;
use ssmlint::eval::limits::Limits;
use ssmlint::eval::scenario::{Demand, Environment, Scenario};
use ssmlint::source::SourceMap;
use ssmlint::source::fs::Memory;
use ssmlint::truth::Truth::{self, No, Unknown, Yes};

struct World {
    sources: SourceMap,
    network: Network,
}

fn world_of(files: &[(&str, &str)]) -> World {
    let sources = SourceMap::new();
    let mut fs = Memory::new();
    for (path, text) in files {
        fs.add(Path::new("/project").join(path), *text);
    }
    let root = PathBuf::from("/project");
    let loader = Loader::new(&fs, &sources, std::slice::from_ref(&root), None);
    let config = loader.load(&root);
    assert!(config.diagnostics.is_empty(), "{:?}", config.diagnostics);
    let limits = Limits::default();
    let env =
        Environment { provider: &Aws, fs: &fs, sources: &sources, limits: &limits, demand: Demand::Relevant };
    let scenario = Scenario { inputs: Inputs::default(), ..Scenario::default() };
    let evaluation = evaluate(&config, &scenario, env);
    let network = Model::build(&evaluation, &ModelOptions::default()).network;
    World { sources, network }
}

fn world(text: &str) -> World {
    world_of(&[("main.tf", text)])
}

impl World {
    fn vpc(&self, address: &str) -> VpcId {
        let found = self.network.vpcs.iter().position(|vpc| vpc.declaration.address == address);
        VpcId::from(found.unwrap_or_else(|| panic!("no VPC {address}")))
    }

    fn subnet(&self, address: &str) -> SubnetId {
        let found = self.network.subnets.iter().position(|subnet| subnet.declaration.address == address);
        SubnetId::from(found.unwrap_or_else(|| panic!("no subnet {address}")))
    }

    fn group(&self, address: &str) -> GroupId {
        let found = self.network.groups.iter().position(|group| group.declaration.address == address);
        GroupId::from(found.unwrap_or_else(|| panic!("no group {address}")))
    }

    fn endpoint(&self, address: &str) -> EndpointId {
        let found =
            self.network.endpoints.iter().position(|endpoint| endpoint.declaration.address == address);
        EndpointId::from(found.unwrap_or_else(|| panic!("no endpoint {address}")))
    }

    fn only(&self, address: &str) -> LinkSet<GroupId> {
        let mut set = LinkSet::omitted(None);
        set.add(self.group(address), Yes, ssmlint::eval::origin::OriginId::NONE, None);
        set
    }

    /// Whether the group lets port 443 in from an interface in the subnet with these groups.
    fn admits(&self, group: &str, subnet: &str, groups: &LinkSet<GroupId>) -> Answer {
        let party = Party::Interface { subnet: self.subnet(subnet), by_v6: Truth::No, address: None, groups };
        self.network.admits(&self.only(group), Direction::Ingress, 443, &party).answer
    }

    /// Whether an endpoint of the service is present in the VPC.
    fn present(&self, vpc: &str, label: &str) -> Truth {
        self.network.presence(self.vpc(vpc), label).answer.truth
    }

    /// The lines of the evidence, from 1.
    fn lines(&self, evidence: &[Evidence]) -> Vec<u32> {
        let spans = evidence.iter().filter_map(|evidence| evidence.span);
        spans.map(|span| self.sources.file(span.file).position(span.start).line).collect()
    }

    fn path(&self, subnet: &str, public_ip: Truth) -> Answer {
        self.network.internet_path(self.subnet(subnet), Answer::new(public_ip))
    }
}

const NET: &str = r#"
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "private" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.1.0/24"
}
"#;

fn net(text: &str) -> World {
    world(&format!("{NET}{text}"))
}

fn none() -> LinkSet<GroupId> {
    LinkSet::omitted(None)
}

#[test]
fn dns_attributes_have_the_provider_s_defaults() {
    let world = world(
        r#"
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_vpc" "on" {
  cidr_block           = "10.1.0.0/16"
  enable_dns_hostnames = "true"
}

resource "aws_default_vpc" "default" {}

variable "hostnames" {}

resource "aws_vpc" "open" {
  cidr_block           = "10.2.0.0/16"
  enable_dns_hostnames = var.hostnames
}
"#,
    );
    let answer = |address| world.network.dns_attributes(world.vpc(address));
    assert_eq!(answer("aws_vpc.main").truth, No);
    assert_eq!(world.lines(&answer("aws_vpc.main").evidence), [2]);
    assert_eq!(answer("aws_vpc.on").truth, Yes);
    assert_eq!(answer("aws_default_vpc.default").truth, Yes);
    assert_eq!(answer("aws_vpc.open").truth, Unknown);
    assert_eq!(answer("aws_vpc.open").reasons[0].text, "var.hostnames has no value");
}

#[test]
fn endpoints_are_found_by_service_in_every_spelling() {
    let world = net(r#"
variable "region" {}
data "aws_region" "current" {}
data "aws_vpc_endpoint_service" "messages" { service = "ec2messages" }

resource "aws_vpc_endpoint" "ssm" {
  vpc_id            = aws_vpc.main.id
  service_name      = "com.amazonaws.${data.aws_region.current.name}.ssm"
  vpc_endpoint_type = "Interface"
  subnet_ids        = [aws_subnet.private.id]
}

resource "aws_vpc_endpoint" "named" {
  for_each          = toset(["ssmmessages"])
  vpc_id            = aws_vpc.main.id
  service_name      = format("com.amazonaws.%s.%s", var.region, each.key)
  vpc_endpoint_type = "Interface"
}

resource "aws_vpc_endpoint" "looked_up" {
  vpc_id            = aws_vpc.main.id
  service_name      = data.aws_vpc_endpoint_service.messages.service_name
  vpc_endpoint_type = "Interface"
}
"#);
    assert_eq!(world.present("aws_vpc.main", "ssm"), Yes);
    assert_eq!(world.present("aws_vpc.main", "ec2messages"), Yes);
    assert_eq!(world.present("aws_vpc.main", "kms"), No);
    let named = world.endpoint(r#"aws_vpc_endpoint.named["ssmmessages"]"#);
    assert_eq!(world.network.endpoint(named).service.is("ssm"), No);
    assert_eq!(world.network.is_usable(world.endpoint("aws_vpc_endpoint.ssm")).truth, Yes);
    assert_eq!(world.network.is_usable(named).truth, No);
}

#[test]
fn an_endpoint_without_type_is_a_gateway() {
    let world = net(r#"
resource "aws_vpc_endpoint" "ssm" {
  vpc_id       = aws_vpc.main.id
  service_name = "com.amazonaws.eu-west-1.ssm"
}
"#);
    let presence = world.network.presence(world.vpc("aws_vpc.main"), "ssm");
    assert_eq!(presence.answer.truth, No);
    assert_eq!(presence.endpoints.len(), 1);
}

#[test]
fn an_endpoint_in_an_input_s_vpc_meets_the_instance_s_subnet_there() {
    let world = world(
        r#"
variable "vpc_id" {}
variable "subnet_ids" { type = list(string) }
data "aws_vpc" "this" { id = var.vpc_id }

resource "aws_security_group" "endpoint" {
  vpc_id = var.vpc_id
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = [data.aws_vpc.this.cidr_block]
  }
}

resource "aws_subnet" "private" {
  vpc_id     = data.aws_vpc.this.id
  cidr_block = cidrsubnet(data.aws_vpc.this.cidr_block, 8, 1)
}

resource "aws_vpc_endpoint" "ssm" {
  vpc_id            = var.vpc_id
  service_name      = "com.amazonaws.eu-west-1.ssm"
  vpc_endpoint_type = "Interface"
  subnet_ids        = var.subnet_ids
}
"#,
    );
    assert_eq!(world.present("data.aws_vpc.this", "ssm"), Yes);
    assert_eq!(world.present("data.aws_vpc.this", "ssmmessages"), Unknown);
    assert_eq!(world.admits("aws_security_group.endpoint", "aws_subnet.private", &none()).truth, Yes);
    let endpoint = world.network.endpoint(world.endpoint("aws_vpc_endpoint.ssm"));
    assert_eq!(endpoint.subnets.is_empty(), Unknown);
    assert!(endpoint.falls_back.is_yes());
}

#[test]
fn ranges_cover_subnets_by_identity() {
    let world = world(
        r#"
variable "vpc_cidr" {}
variable "private_cidrs" { type = list(string) }

resource "aws_vpc" "main" { cidr_block = var.vpc_cidr }

resource "aws_subnet" "part" {
  vpc_id     = aws_vpc.main.id
  cidr_block = cidrsubnet(var.vpc_cidr, 8, 1)
}

resource "aws_subnet" "listed" {
  vpc_id     = aws_vpc.main.id
  cidr_block = var.private_cidrs[0]
}

resource "aws_security_group" "vpc" {
  vpc_id = aws_vpc.main.id
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = [aws_vpc.main.cidr_block]
  }
}

resource "aws_security_group" "listed" {
  vpc_id = aws_vpc.main.id
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = var.private_cidrs
  }
}

resource "aws_security_group" "sibling" {
  vpc_id = aws_vpc.main.id
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = [cidrsubnet(var.vpc_cidr, 8, 2)]
  }
}
"#,
    );
    let admits = |group, subnet| world.admits(group, subnet, &none()).truth;
    assert_eq!(admits("aws_security_group.vpc", "aws_subnet.part"), Yes);
    assert_eq!(admits("aws_security_group.vpc", "aws_subnet.listed"), Yes);
    assert_eq!(admits("aws_security_group.listed", "aws_subnet.listed"), Yes);
    assert_eq!(admits("aws_security_group.listed", "aws_subnet.part"), Unknown);
    assert_eq!(admits("aws_security_group.sibling", "aws_subnet.part"), No);
}

#[test]
fn rules_are_read_in_every_spelling() {
    for rule in [
        r#"resource "aws_security_group" "endpoint" {
  vpc_id = aws_vpc.main.id
  ingress {
    from_port   = "443"
    to_port     = "443"
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/16"]
  }
}"#,
        r#"resource "aws_security_group" "endpoint" {
  vpc_id  = aws_vpc.main.id
  ingress = [{
    description      = ""
    from_port        = 443
    to_port          = 443
    protocol         = "TCP"
    cidr_blocks      = [aws_vpc.main.cidr_block]
    ipv6_cidr_blocks = []
    prefix_list_ids  = []
    security_groups  = []
    self             = false
  }]
}"#,
        r#"resource "aws_security_group" "endpoint" {
  vpc_id = aws_vpc.main.id
  dynamic "ingress" {
    for_each = { https = 443 }
    content {
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = [aws_subnet.private.cidr_block]
    }
  }
}"#,
        r#"resource "aws_security_group" "endpoint" {
  vpc_id = aws_vpc.main.id
}
resource "aws_security_group_rule" "https" {
  type              = "ingress"
  security_group_id = aws_security_group.endpoint.id
  from_port         = 443
  to_port           = 443
  protocol          = "tcp"
  cidr_blocks       = ["0.0.0.0/0"]
}"#,
        r#"resource "aws_security_group" "endpoint" {
  vpc_id = aws_vpc.main.id
}
resource "aws_vpc_security_group_ingress_rule" "https" {
  security_group_id = aws_security_group.endpoint.id
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
  cidr_ipv4         = "10.0.1.0/25"
}
resource "aws_vpc_security_group_ingress_rule" "rest" {
  security_group_id = aws_security_group.endpoint.id
  ip_protocol       = "-1"
  cidr_ipv4         = "10.0.1.128/25"
}"#,
        r#"resource "aws_security_group" "endpoint" {
  vpc_id = aws_vpc.main.id
}
resource "aws_ec2_managed_prefix_list" "here" {
  name           = "here"
  address_family = "IPv4"
  max_entries    = 1
  entry {
    cidr = "10.0.0.0/8"
  }
}
resource "aws_vpc_security_group_ingress_rule" "https" {
  security_group_id = aws_security_group.endpoint.id
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
  prefix_list_id    = aws_ec2_managed_prefix_list.here.id
}"#,
    ] {
        let world = net(rule);
        let answer = world.admits("aws_security_group.endpoint", "aws_subnet.private", &none());
        assert_eq!(answer.truth, Yes, "{rule}\n{answer:?}");
    }
}

#[test]
fn a_group_without_rules_admits_nobody() {
    let world = net(r#"
resource "aws_security_group" "endpoint" {
  vpc_id = aws_vpc.main.id
}
"#);
    let answer = world.admits("aws_security_group.endpoint", "aws_subnet.private", &none());
    assert_eq!(answer.truth, No);
    assert_eq!(world.lines(&answer.evidence), [11]);
    let egress = world.network.admits(
        &world.only("aws_security_group.endpoint"),
        Direction::Egress,
        443,
        &Party::Internet,
    );
    assert_eq!(egress.answer.truth, No);
}

#[test]
fn members_of_a_group_are_admitted_by_identity() {
    let world = net(r#"
resource "aws_security_group" "app" {
  vpc_id = aws_vpc.main.id
}
resource "aws_security_group" "other" {
  vpc_id = aws_vpc.main.id
}
resource "aws_security_group" "endpoint" {
  vpc_id = aws_vpc.main.id
  ingress {
    from_port       = 443
    to_port         = 443
    protocol        = "tcp"
    security_groups = [aws_security_group.app.id]
    self            = true
  }
}
"#);
    let with =
        |group| world.admits("aws_security_group.endpoint", "aws_subnet.private", &world.only(group)).truth;
    assert_eq!(with("aws_security_group.app"), Yes);
    assert_eq!(with("aws_security_group.endpoint"), Yes);
    assert_eq!(with("aws_security_group.other"), No);
}

#[test]
fn a_rule_for_a_part_of_the_subnet_leaves_it_open() {
    let world = net(r#"
resource "aws_security_group" "endpoint" {
  vpc_id = aws_vpc.main.id
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.1.0/25"]
  }
}
"#);
    let groups = none();
    let subnet = world.subnet("aws_subnet.private");
    let admission = |address: Option<&str>| {
        let address = address.map(|address| address.parse().unwrap());
        let party = Party::Interface { subnet, by_v6: Truth::No, address, groups: &groups };
        world.network.admits(&world.only("aws_security_group.endpoint"), Direction::Ingress, 443, &party)
    };
    assert_eq!(admission(None).answer.truth, Unknown);
    assert_eq!(admission(None).coverage, Coverage::Part);
    assert_eq!(admission(Some("10.0.1.5")).answer.truth, Yes);
    assert_eq!(admission(Some("10.0.1.200")).answer.truth, No);
}

#[test]
fn unknown_rules_leave_it_open() {
    for text in [
        r#"variable "rules" {}
resource "aws_security_group" "endpoint" {
  vpc_id = aws_vpc.main.id
  dynamic "ingress" {
    for_each = var.rules
    content {
      from_port   = ingress.value.port
      to_port     = ingress.value.port
      protocol    = "tcp"
      cidr_blocks = ingress.value.cidrs
    }
  }
}"#,
        r#"resource "aws_security_group" "endpoint" {
  vpc_id = aws_vpc.main.id
  lifecycle {
    ignore_changes = [ingress]
  }
}"#,
        r#"variable "ranges" {}
resource "aws_security_group" "endpoint" {
  vpc_id = aws_vpc.main.id
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = var.ranges
  }
}"#,
        r#"variable "on" {}
resource "aws_security_group" "endpoint" {
  vpc_id = aws_vpc.main.id
}
resource "aws_security_group_rule" "https" {
  count             = var.on ? 1 : 0
  type              = "ingress"
  security_group_id = aws_security_group.endpoint.id
  from_port         = 443
  to_port           = 443
  protocol          = "tcp"
  cidr_blocks       = ["10.0.0.0/16"]
}"#,
    ] {
        let world = net(text);
        let answer = world.admits("aws_security_group.endpoint", "aws_subnet.private", &none());
        assert_eq!(answer.truth, Unknown, "{text}\n{answer:?}");
        assert!(!answer.reasons.is_empty(), "{text}");
    }
}

#[test]
fn inline_rules_and_rule_resources_of_one_group_are_in_doubt() {
    let world = net(r#"
resource "aws_security_group" "endpoint" {
  vpc_id  = aws_vpc.main.id
  ingress = []
}
resource "aws_security_group_rule" "https" {
  type              = "ingress"
  security_group_id = aws_security_group.endpoint.id
  from_port         = 443
  to_port           = 443
  protocol          = "tcp"
  cidr_blocks       = ["10.0.0.0/16"]
}
"#);
    assert_eq!(world.admits("aws_security_group.endpoint", "aws_subnet.private", &none()).truth, Unknown);
    assert!(world.network.group(world.group("aws_security_group.endpoint")).ingress.conflict.is_some());
}

#[test]
fn an_exclusive_list_removes_what_it_does_not_hold() {
    let world = net(r#"
resource "aws_security_group" "endpoint" {
  vpc_id = aws_vpc.main.id
}
resource "aws_vpc_security_group_ingress_rule" "https" {
  security_group_id = aws_security_group.endpoint.id
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
  cidr_ipv4         = "10.0.0.0/16"
}
resource "aws_vpc_security_group_rules_exclusive" "only" {
  security_group_id = aws_security_group.endpoint.id
  ingress_rule_ids  = []
  egress_rule_ids   = []
}
"#);
    assert_eq!(world.admits("aws_security_group.endpoint", "aws_subnet.private", &none()).truth, No);
}

#[test]
fn an_endpoint_without_groups_has_the_vpc_s_default_group() {
    let endpoint = r#"
resource "aws_vpc_endpoint" "ssm" {
  vpc_id            = aws_vpc.main.id
  service_name      = "com.amazonaws.eu-west-1.ssm"
  vpc_endpoint_type = "Interface"
  subnet_ids        = [aws_subnet.private.id]
}
"#;
    let admits = |world: &World, groups: &LinkSet<GroupId>| {
        let endpoint = world.network.endpoint(world.endpoint("aws_vpc_endpoint.ssm"));
        let party = Party::Interface {
            subnet: world.subnet("aws_subnet.private"),
            by_v6: Truth::No,
            address: None,
            groups,
        };
        world.network.admits(&endpoint.groups, Direction::Ingress, 443, &party).answer
    };
    let unmanaged = net(endpoint);
    let default = unmanaged.network.vpc(unmanaged.vpc("aws_vpc.main")).default_group;
    let mut members = none();
    members.add(default, Yes, ssmlint::eval::origin::OriginId::NONE, None);
    assert_eq!(admits(&unmanaged, &members).truth, Yes);
    assert_eq!(admits(&unmanaged, &none()).truth, No);

    let stripped = net(&format!(
        "{endpoint}\nresource \"aws_default_security_group\" \"none\" {{\n  vpc_id = aws_vpc.main.id\n}}\n"
    ));
    assert_eq!(admits(&stripped, &members).truth, No);
    let group = stripped.group("aws_default_security_group.none");
    assert_eq!(stripped.network.group(group).adopted, Yes);
}

#[test]
fn associations_add_to_endpoints() {
    let world = net(r#"
resource "aws_security_group" "endpoint" {
  vpc_id = aws_vpc.main.id
}
resource "aws_vpc_endpoint" "ssm" {
  vpc_id            = aws_vpc.main.id
  service_name      = "com.amazonaws.eu-west-1.ssm"
  vpc_endpoint_type = "Interface"
}
resource "aws_vpc_endpoint_subnet_association" "ssm" {
  vpc_endpoint_id = aws_vpc_endpoint.ssm.id
  subnet_id       = aws_subnet.private.id
}
resource "aws_vpc_endpoint_security_group_association" "ssm" {
  vpc_endpoint_id             = aws_vpc_endpoint.ssm.id
  security_group_id           = aws_security_group.endpoint.id
  replace_default_association = true
}
resource "aws_vpc_endpoint_private_dns" "ssm" {
  vpc_endpoint_id     = aws_vpc_endpoint.ssm.id
  private_dns_enabled = true
}
"#);
    let endpoint = world.network.endpoint(world.endpoint("aws_vpc_endpoint.ssm"));
    assert_eq!(endpoint.private_dns.is(&true), Yes);
    assert_eq!(endpoint.subnets.contains(world.subnet("aws_subnet.private")), Yes);
    let groups: Vec<GroupId> = endpoint.groups.ids().collect();
    assert_eq!(groups, [world.group("aws_security_group.endpoint")]);
}

const EGRESS: &str = r#"
variable "enable_nat" { default = true }
resource "aws_internet_gateway" "main" { vpc_id = aws_vpc.main.id }
resource "aws_subnet" "public" {
  vpc_id                  = aws_vpc.main.id
  cidr_block              = "10.0.9.0/24"
  map_public_ip_on_launch = true
}
resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }
}
resource "aws_route_table_association" "public" {
  subnet_id      = aws_subnet.public.id
  route_table_id = aws_route_table.public.id
}
resource "aws_eip" "nat" { domain = "vpc" }
"#;

#[test]
fn a_nat_gateway_is_a_path_only_behind_an_internet_gateway() {
    let nat = |subnet: &str, kind: &str, argument: &str| {
        net(&format!(
            r#"{EGRESS}
resource "aws_nat_gateway" "main" {{
  allocation_id     = aws_eip.nat.id
  subnet_id         = {subnet}
  connectivity_type = "{kind}"
}}
resource "aws_route_table" "private" {{
  vpc_id = aws_vpc.main.id
}}
resource "aws_route" "nat" {{
  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "0.0.0.0/0"
  {argument}             = aws_nat_gateway.main.id
}}
resource "aws_route_table_association" "private" {{
  subnet_id      = aws_subnet.private.id
  route_table_id = aws_route_table.private.id
}}
"#
        ))
    };
    let path = |world: &World| world.path("aws_subnet.private", No).truth;
    assert_eq!(path(&nat("aws_subnet.public.id", "public", "nat_gateway_id")), Yes);
    // The API takes a NAT gateway's id there too.
    assert_eq!(path(&nat("aws_subnet.public.id", "public", "gateway_id")), Yes);
    assert_eq!(path(&nat("aws_subnet.public.id", "private", "nat_gateway_id")), No);
    assert_eq!(path(&nat("aws_subnet.private.id", "public", "nat_gateway_id")), No);
}

#[test]
fn a_public_subnet_helps_only_with_a_public_address() {
    let world = net(EGRESS);
    assert_eq!(world.path("aws_subnet.public", Yes).truth, Yes);
    assert_eq!(world.path("aws_subnet.public", No).truth, No);
    assert_eq!(world.path("aws_subnet.public", Unknown).truth, Unknown);
    assert_eq!(world.path("aws_subnet.private", Yes).truth, No);
}

#[test]
fn subnets_without_association_use_the_main_table() {
    let world = net(&format!(
        "{EGRESS}
resource \"aws_main_route_table_association\" \"main\" {{
  vpc_id         = aws_vpc.main.id
  route_table_id = aws_route_table.public.id
}}
"
    ));
    assert_eq!(world.path("aws_subnet.private", Yes).truth, Yes);
    let world = net(r#"
resource "aws_internet_gateway" "main" { vpc_id = aws_vpc.main.id }
resource "aws_default_route_table" "main" {
  default_route_table_id = aws_vpc.main.default_route_table_id
  route = [{
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }]
}
"#);
    assert_eq!(world.path("aws_subnet.private", Yes).truth, Yes);
}

#[test]
fn blocked_public_access_cuts_the_path() {
    let world = net(&format!(
        "{EGRESS}
resource \"aws_vpc_block_public_access_options\" \"all\" {{
  internet_gateway_block_mode = \"block-bidirectional\"
}}
"
    ));
    assert_eq!(world.path("aws_subnet.public", Yes).truth, No);
}

#[test]
fn a_toggle_without_value_leaves_the_path_open() {
    let world = net(&format!(
        r#"{EGRESS}
variable "toggle" {{ type = bool }}
resource "aws_nat_gateway" "main" {{
  count         = var.toggle ? 1 : 0
  allocation_id = aws_eip.nat.id
  subnet_id     = aws_subnet.public.id
}}
resource "aws_route_table" "private" {{
  vpc_id = aws_vpc.main.id
}}
resource "aws_route" "nat" {{
  count                  = var.toggle ? 1 : 0
  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.main[0].id
}}
resource "aws_route_table_association" "private" {{
  subnet_id      = aws_subnet.private.id
  route_table_id = aws_route_table.private.id
}}
"#
    ));
    let answer = world.path("aws_subnet.private", No);
    assert_eq!(answer.truth, Unknown, "{answer:?}");
}

#[test]
fn acls_are_found_by_association_and_looked_up_both_ways() {
    let world = net(r#"
resource "aws_subnet" "endpoints" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.2.0/24"
}
resource "aws_network_acl" "private" {
  vpc_id     = aws_vpc.main.id
  subnet_ids = [aws_subnet.private.id]
  egress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = "0.0.0.0/0"
    from_port  = 443
    to_port    = 443
  }
}
resource "aws_network_acl_rule" "back" {
  network_acl_id = aws_network_acl.private.id
  rule_number    = 100
  rule_action    = "allow"
  protocol       = "tcp"
  cidr_block     = "10.0.2.0/24"
  from_port      = 49152
  to_port        = 65535
}
"#);
    let private = world.subnet("aws_subnet.private");
    let endpoints = world.subnet("aws_subnet.endpoints");
    let linux = world.network.acl_lookups(private, endpoints, Ephemeral::Linux).unwrap();
    assert_eq!(linux.instance_egress.truth, Yes);
    assert_eq!(linux.endpoint_ingress.truth, Yes);
    assert_eq!(linux.endpoint_egress.truth, Yes);
    assert_eq!(linux.instance_ingress.truth, Unknown);
    let windows = world.network.acl_lookups(private, endpoints, Ephemeral::Windows).unwrap();
    assert_eq!(windows.all().truth, Yes);
    assert!(world.network.acl_lookups(private, private, Ephemeral::Linux).is_none());
}

#[test]
fn an_adopted_default_acl_without_entries_denies_all() {
    let world = net(r#"
resource "aws_subnet" "endpoints" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.2.0/24"
}
resource "aws_default_network_acl" "none" {
  default_network_acl_id = aws_vpc.main.default_network_acl_id
}
"#);
    let lookups = world
        .network
        .acl_lookups(
            world.subnet("aws_subnet.private"),
            world.subnet("aws_subnet.endpoints"),
            Ephemeral::Linux,
        )
        .unwrap();
    assert_eq!(lookups.all().truth, No);
}

#[test]
fn modules_are_seen_through() {
    let world = world_of(&[
        (
            "main.tf",
            r#"
module "network" {
  source = "./network"
  cidrs  = ["10.0.1.0/24", "10.0.2.0/24"]
}
module "endpoints" {
  source     = "./endpoints"
  vpc_id     = module.network.vpc_id
  subnet_ids = module.network.subnet_ids
  services   = ["ssm", "ssmmessages"]
}
"#,
        ),
        (
            "network/main.tf",
            r#"
variable "cidrs" { type = list(string) }
resource "aws_vpc" "this" { cidr_block = "10.0.0.0/16" }
resource "aws_subnet" "private" {
  count      = length(var.cidrs)
  vpc_id     = aws_vpc.this.id
  cidr_block = var.cidrs[count.index]
}
output "vpc_id" { value = one(aws_vpc.this[*].id) }
output "subnet_ids" { value = [for subnet in aws_subnet.private : subnet.id] }
"#,
        ),
        (
            "endpoints/main.tf",
            r#"
variable "vpc_id" { type = string }
variable "subnet_ids" { type = list(string) }
variable "services" { type = set(string) }
data "aws_region" "current" {}
data "aws_vpc" "this" { id = var.vpc_id }
resource "aws_security_group" "endpoints" {
  vpc_id = data.aws_vpc.this.id
}
resource "aws_vpc_endpoint" "this" {
  for_each            = var.services
  vpc_id              = var.vpc_id
  service_name        = "com.amazonaws.${data.aws_region.current.region}.${each.value}"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = var.subnet_ids
  security_group_ids  = [aws_security_group.endpoints.id]
  private_dns_enabled = true
}
"#,
        ),
    ]);
    let vpc = "module.network.aws_vpc.this";
    assert_eq!(world.present(vpc, "ssm"), Yes);
    assert_eq!(world.present(vpc, "ssmmessages"), Yes);
    assert_eq!(world.present(vpc, "ec2messages"), No);
    let endpoint = world.network.endpoint(world.endpoint(r#"module.endpoints.aws_vpc_endpoint.this["ssm"]"#));
    assert_eq!(endpoint.subnets.contains(world.subnet("module.network.aws_subnet.private[1]")), Yes);
    let group = world.network.group(world.group("module.endpoints.aws_security_group.endpoints"));
    assert_eq!(group.vpc.link, Link::To(world.vpc(vpc)));
}

#[test]
fn a_module_that_is_not_installed_may_hide_what_it_is_told_about() {
    let world = world_of(&[(
        "main.tf",
        &format!(
            r#"{NET}
resource "aws_vpc" "apart" {{ cidr_block = "10.1.0.0/16" }}
resource "aws_security_group" "told" {{ vpc_id = aws_vpc.apart.id }}
resource "aws_security_group" "alone" {{ vpc_id = aws_vpc.apart.id }}
module "endpoints" {{
  source = "example.com/some/module/aws"
  vpc_id = aws_vpc.main.id
  groups = [aws_security_group.told.id]
}}
"#
        ),
    )]);
    assert_eq!(world.present("aws_vpc.main", "ssm"), Unknown);
    assert_eq!(world.present("aws_vpc.apart", "ssm"), No);
    assert!(!world.network.hidden_in_group(world.group("aws_security_group.told")).is_empty());
    assert!(world.network.hidden_in_group(world.group("aws_security_group.alone")).is_empty());
}

#[test]
fn private_zones_stand_in_for_private_dns() {
    let world = net(r#"
variable "region" {}
resource "aws_vpc" "spoke" { cidr_block = "10.1.0.0/16" }
resource "aws_vpc_endpoint" "ssm" {
  vpc_id            = aws_vpc.main.id
  service_name      = "com.amazonaws.${var.region}.ssm"
  vpc_endpoint_type = "Interface"
  subnet_ids        = [aws_subnet.private.id]
}
resource "aws_route53_zone" "ssm" {
  name = "ssm.${var.region}.amazonaws.com"
  vpc {
    vpc_id = aws_vpc.main.id
  }
  lifecycle {
    ignore_changes = [vpc]
  }
}
resource "aws_route53_zone_association" "spoke" {
  zone_id = aws_route53_zone.ssm.zone_id
  vpc_id  = aws_vpc.spoke.id
}
resource "aws_route53_record" "ssm" {
  zone_id = aws_route53_zone.ssm.zone_id
  name    = ""
  type    = "A"
  alias {
    name                   = aws_vpc_endpoint.ssm.dns_entry[0].dns_name
    zone_id                = aws_vpc_endpoint.ssm.dns_entry[0].hosted_zone_id
    evaluate_target_health = true
  }
}
"#);
    let zones = world.network.zones_for(world.vpc("aws_vpc.spoke"), "ssm", None);
    assert_eq!(zones.len(), 1);
    assert_eq!((zones[0].exact, zones[0].associated.truth, zones[0].record.truth), (Yes, Yes, Yes));
    assert_eq!(zones[0].endpoint, Some(Link::To(world.endpoint("aws_vpc_endpoint.ssm"))));
    assert!(world.network.zones_for(world.vpc("aws_vpc.spoke"), "ssmmessages", None).is_empty());
}

#[test]
fn dhcp_options_decide_the_resolver() {
    let servers = |servers: &str| {
        let world = net(&format!(
            r#"
resource "aws_vpc_dhcp_options" "main" {{ {servers} }}
resource "aws_vpc_dhcp_options_association" "main" {{
  vpc_id          = aws_vpc.main.id
  dhcp_options_id = aws_vpc_dhcp_options.main.id
}}
"#
        ));
        world.network.custom_dns(world.vpc("aws_vpc.main")).truth
    };
    assert_eq!(servers(r#"domain_name_servers = ["AmazonProvidedDNS"]"#), No);
    assert_eq!(servers(r#"domain_name_servers = ["10.0.0.2"]"#), No);
    assert_eq!(servers(r#"domain_name_servers = ["10.9.9.9"]"#), Yes);
    assert_eq!(servers(r#"domain_name = "corp.example""#), Unknown);
    let world = net("");
    assert_eq!(world.network.custom_dns(world.vpc("aws_vpc.main")).truth, No);
}

#[test]
fn zones_of_a_list_are_distinct() {
    let world = net(r#"
data "aws_availability_zones" "all" {}
locals { zones = slice(data.aws_availability_zones.all.names, 0, 2) }
resource "aws_subnet" "few" {
  count             = length(local.zones)
  vpc_id            = aws_vpc.main.id
  cidr_block        = cidrsubnet("10.0.0.0/16", 8, count.index + 20)
  availability_zone = local.zones[count.index]
}
resource "aws_subnet" "many" {
  count             = 2
  vpc_id            = aws_vpc.main.id
  cidr_block        = cidrsubnet("10.0.0.0/16", 8, count.index + 10)
  availability_zone = data.aws_availability_zones.all.names[count.index]
}
"#);
    let zone = |address: &str| world.network.subnet(world.subnet(address)).zone.clone();
    let (first, second) = (zone("aws_subnet.many[0]"), zone("aws_subnet.many[1]"));
    assert_eq!(first.same(&second), No);
    assert_eq!(first.same(&first), Yes);
    assert_eq!(first.same(&Zone::Name("eu-west-1a".into())), Unknown);
    assert_eq!(zone("aws_subnet.few[0]").same(&zone("aws_subnet.few[1]")), No);
}

#[test]
fn a_route_to_an_instance_that_is_switched_off_dangles() {
    let world = world(
        r#"
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
resource "aws_subnet" "public" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.0.0/24"
}
resource "aws_nat_gateway" "main" {
  count     = 0
  subnet_id = aws_subnet.public.id
}
resource "aws_route_table" "private" { vpc_id = aws_vpc.main.id }
resource "aws_route" "nat" {
  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.main[0].id
}
resource "aws_route" "nowhere" {
  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "10.1.0.0/16"
}
"#,
    );
    let routes = world.network.route_tables.iter().flat_map(|table| &table.routes);
    let dangling: Vec<&str> = routes
        .filter(|route| route.refused().is_some())
        .map(|route| route.declaration.address.as_str())
        .collect();
    assert_eq!(dangling, ["aws_route.nat"]);
}

#[test]
fn a_route_with_another_mistake_does_not_dangle() {
    let world = world(
        r#"
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
resource "aws_route_table" "private" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block         = "0.0.0.0/0"
    transit_gateway_id = split("_", terraform.workspace)[1]
  }
}
"#,
    );
    let mut routes = world.network.route_tables.iter().flat_map(|table| &table.routes);
    assert!(routes.all(|route| route.refused().is_none()));
}

#[test]
fn a_group_that_is_associated_with_another_vpc_serves_both() {
    let world = world(
        r#"
resource "aws_vpc" "home" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_vpc" "other" {
  cidr_block = "10.1.0.0/16"
}

resource "aws_vpc" "third" {
  cidr_block = "10.2.0.0/16"
}

resource "aws_security_group" "shared" {
  vpc_id = aws_vpc.home.id
}

resource "aws_vpc_security_group_vpc_association" "other" {
  security_group_id = aws_security_group.shared.id
  vpc_id            = aws_vpc.other.id
}
"#,
    );
    let groups = &world.network.groups;
    let shared =
        groups.iter().find(|group| group.declaration.address == "aws_security_group.shared").unwrap();
    let serves = |address| shared.serves(world.vpc(address));
    assert_eq!([serves("aws_vpc.home"), serves("aws_vpc.other"), serves("aws_vpc.third")], [Yes, Yes, No]);
}
