variable "vpc_id" {
  type    = string
  default = null
}

variable "subnet" {
  type    = string
  default = null
}

variable "ami" {
  type    = string
  default = ""
}

variable "ami_owner" {
  type    = string
  default = ""
}

variable "instance_type" {
  type    = string
  default = "t2.micro"
}

variable "associate_public_ip_address" {
  type    = bool
  default = false
}

variable "assign_eip_address" {
  type    = bool
  default = true
}

variable "availability_zone" {
  type    = string
  default = ""
}

variable "instance_profile" {
  type    = string
  default = ""
}

variable "instance_profile_enabled" {
  type    = bool
  default = true
}

variable "permissions_boundary_arn" {
  type    = string
  default = ""
}

variable "ssh_key_pair" {
  type    = string
  default = null
}

variable "private_ip" {
  type    = string
  default = null
}

variable "source_dest_check" {
  type    = bool
  default = true
}

variable "user_data" {
  type    = string
  default = null
}

variable "user_data_base64" {
  type    = string
  default = null
}

variable "metadata_http_tokens_required" {
  type    = bool
  default = true
}

variable "metadata_http_endpoint_enabled" {
  type    = bool
  default = true
}

variable "security_group_enabled" {
  type    = bool
  default = true
}

variable "security_groups" {
  type    = list(string)
  default = []
}

variable "security_group_rules" {
  type = any
  default = [
    {
      type        = "egress"
      from_port   = 0
      to_port     = 65535
      protocol    = "-1"
      cidr_blocks = ["0.0.0.0/0"]
    },
  ]
}

variable "external_network_interface_enabled" {
  type    = bool
  default = false
}

variable "external_network_interfaces" {
  type    = any
  default = null
}

variable "ssm_patch_manager_enabled" {
  type    = bool
  default = false
}

variable "ssm_patch_manager_iam_policy_arn" {
  type    = string
  default = null
}

# An instance with a group and a role of its own; the role is empty unless patching is wanted.

locals {
  own_profile = local.enabled && var.instance_profile_enabled && var.instance_profile == ""
  own_group   = local.enabled && var.security_group_enabled
}

data "aws_partition" "default" {
}

data "aws_ami" "default" {
  count = var.ami == "" ? 1 : 0

  most_recent = true
  owners      = ["099720109477"]

  filter {
    name   = "name"
    values = ["ubuntu/images/hvm-ssd/ubuntu-*-amd64-server-*"]
  }
}

data "aws_iam_policy_document" "default" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "default" {
  count = local.own_profile ? 1 : 0

  name                 = local.id
  assume_role_policy   = data.aws_iam_policy_document.default.json
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy_attachment" "ssm_core" {
  count = local.own_profile && var.ssm_patch_manager_enabled ? 1 : 0

  role       = aws_iam_role.default[0].name
  policy_arn = var.ssm_patch_manager_iam_policy_arn != null ? var.ssm_patch_manager_iam_policy_arn : "arn:${data.aws_partition.default.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "default" {
  count = local.own_profile ? 1 : 0

  name = local.id
  role = aws_iam_role.default[0].name
}

resource "aws_security_group" "default" {
  count = local.own_group ? 1 : 0

  vpc_id = var.vpc_id
}

resource "aws_security_group_rule" "default" {
  for_each = { for index, rule in coalesce(var.security_group_rules, []) : tostring(index) => rule if local.own_group }

  security_group_id        = aws_security_group.default[0].id
  type                     = each.value.type
  from_port                = each.value.from_port
  to_port                  = each.value.to_port
  protocol                 = each.value.protocol
  cidr_blocks              = try(each.value.cidr_blocks, null)
  ipv6_cidr_blocks         = try(each.value.ipv6_cidr_blocks, null)
  prefix_list_ids          = try(each.value.prefix_list_ids, null)
  self                     = try(each.value.self, null)
  source_security_group_id = try(each.value.source_security_group_id, null)
}

resource "aws_instance" "default" {
  count = local.enabled ? 1 : 0

  ami                         = var.ami != "" ? var.ami : data.aws_ami.default[0].image_id
  instance_type               = var.instance_type
  availability_zone           = var.availability_zone != "" ? var.availability_zone : null
  associate_public_ip_address = var.external_network_interface_enabled ? null : var.associate_public_ip_address
  iam_instance_profile        = !var.instance_profile_enabled ? null : local.own_profile ? aws_iam_instance_profile.default[0].name : var.instance_profile
  key_name                    = var.ssh_key_pair
  private_ip                  = var.private_ip
  source_dest_check           = var.external_network_interface_enabled ? null : var.source_dest_check
  subnet_id                   = var.external_network_interface_enabled ? null : var.subnet
  user_data                   = var.user_data
  user_data_base64            = var.user_data_base64
  vpc_security_group_ids      = var.external_network_interface_enabled ? null : concat(aws_security_group.default[*].id, var.security_groups)

  metadata_options {
    http_endpoint = var.metadata_http_endpoint_enabled ? "enabled" : "disabled"
    http_tokens   = var.metadata_http_tokens_required ? "required" : "optional"
  }

  dynamic "network_interface" {
    for_each = var.external_network_interface_enabled ? var.external_network_interfaces : []
    content {
      device_index         = network_interface.value.device_index
      network_interface_id = network_interface.value.network_interface_id
    }
  }
}

resource "aws_eip" "default" {
  count = local.enabled && var.associate_public_ip_address && var.assign_eip_address ? 1 : 0

  instance = aws_instance.default[0].id
}

output "id" {
  value = one(aws_instance.default[*].id)
}

output "arn" {
  value = one(aws_instance.default[*].arn)
}

output "private_ip" {
  value = one(aws_instance.default[*].private_ip)
}

output "private_dns" {
  value = one(aws_instance.default[*].private_dns)
}

output "public_dns" {
  value = one(aws_instance.default[*].public_dns)
}

output "primary_network_interface_id" {
  value = one(aws_instance.default[*].primary_network_interface_id)
}

output "public_ip" {
  value = try(aws_eip.default[0].public_ip, aws_instance.default[0].public_ip, "")
}

output "name" {
  value = local.id
}

output "role" {
  value = one(aws_iam_role.default[*].name)
}

output "role_arn" {
  value = one(aws_iam_role.default[*].arn)
}

output "instance_profile" {
  value = var.instance_profile_enabled ? try(aws_iam_instance_profile.default[0].name, var.instance_profile) : null
}

output "security_group_id" {
  value = one(aws_security_group.default[*].id)
}

output "security_group_arn" {
  value = one(aws_security_group.default[*].arn)
}

output "security_group_ids" {
  value = concat(aws_security_group.default[*].id, var.security_groups)
}
