# A group of nodes that belongs to its owner: a template, a group after it, and the profile of both.

variable "create" {
  type    = bool
  default = true
}

variable "region" {
  type    = string
  default = null
}

variable "create_autoscaling_group" {
  type    = bool
  default = true
}

variable "create_launch_template" {
  type    = bool
  default = true
}

variable "launch_template_id" {
  type    = string
  default = ""
}

variable "launch_template_version" {
  type    = string
  default = null
}

variable "name" {
  type    = string
  default = ""
}

variable "ami_id" {
  type    = string
  default = ""
}

variable "instance_type" {
  type    = string
  default = null
}

variable "key_name" {
  type    = string
  default = null
}

variable "network_interfaces" {
  type    = any
  default = []
}

variable "metadata_options" {
  type    = any
  default = {}
}

variable "subnet_ids" {
  type    = list(string)
  default = null
}

variable "min_size" {
  type    = number
  default = null
}

variable "max_size" {
  type    = number
  default = null
}

variable "desired_size" {
  type    = number
  default = null
}

variable "cluster_primary_security_group_id" {
  type    = string
  default = null
}

variable "vpc_security_group_ids" {
  type    = list(string)
  default = []
}

variable "create_iam_instance_profile" {
  type    = bool
  default = true
}

variable "iam_instance_profile_arn" {
  type    = string
  default = null
}

variable "iam_role_name" {
  type    = string
  default = null
}

variable "iam_role_permissions_boundary" {
  type    = string
  default = null
}

variable "iam_role_attach_cni_policy" {
  type    = bool
  default = true
}

variable "iam_role_additional_policies" {
  type    = any
  default = {}
}

locals {
  interfaces = try(coalesce(var.network_interfaces, []), [])
  groups     = compact(concat([var.cluster_primary_security_group_id], var.vpc_security_group_ids))
  policies   = var.iam_role_attach_cni_policy ? ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryReadOnly", "AmazonEKS_CNI_Policy"] : ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryReadOnly"]
  has_role   = var.create && var.create_iam_instance_profile
}

data "aws_partition" "current" {}

# Every image for EKS has the agent; which one it is hangs on the version of the cluster.
data "aws_ssm_parameter" "ami" {
  name = "/aws/service/eks/optimized-ami/latest/amazon-linux-2023/x86_64/standard/recommended/image_id"
}

resource "aws_launch_template" "this" {
  count = var.create && var.create_launch_template ? 1 : 0

  region                 = var.region
  image_id               = var.ami_id != "" ? var.ami_id : data.aws_ssm_parameter.ami.value
  instance_type          = var.instance_type
  key_name               = var.key_name
  vpc_security_group_ids = length(local.interfaces) > 0 ? [] : local.groups

  iam_instance_profile {
    arn = var.create_iam_instance_profile ? aws_iam_instance_profile.this[0].arn : var.iam_instance_profile_arn
  }

  dynamic "network_interfaces" {
    for_each = local.interfaces
    content {
      associate_public_ip_address = try(network_interfaces.value.associate_public_ip_address, null)
      device_index                = try(network_interfaces.value.device_index, null)
      network_interface_id        = try(network_interfaces.value.network_interface_id, null)
      security_groups             = compact(concat(try(network_interfaces.value.security_groups, []), local.groups))
      subnet_id                   = try(network_interfaces.value.subnet_id, null)
    }
  }

  metadata_options {
    http_endpoint = try(var.metadata_options.http_endpoint, null)
    http_tokens   = try(var.metadata_options.http_tokens, null)
  }
}

resource "aws_autoscaling_group" "this" {
  count = var.create && var.create_autoscaling_group ? 1 : 0

  region              = var.region
  name_prefix         = "${var.name}-"
  min_size            = var.min_size
  max_size            = var.max_size
  desired_capacity    = var.desired_size
  vpc_zone_identifier = var.subnet_ids

  launch_template {
    id      = var.create_launch_template ? aws_launch_template.this[0].id : var.launch_template_id
    version = var.launch_template_version != null ? var.launch_template_version : var.create_launch_template ? aws_launch_template.this[0].default_version : "$Default"
  }
}

resource "aws_iam_role" "this" {
  count = local.has_role ? 1 : 0

  name_prefix          = try("${coalesce(var.iam_role_name, "${var.name}-node-group")}-", null)
  permissions_boundary = var.iam_role_permissions_boundary
  assume_role_policy   = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }] })
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = { for name in local.policies : name => name if local.has_role }

  role       = aws_iam_role.this[0].name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/${each.value}"
}

resource "aws_iam_role_policy_attachment" "additional" {
  for_each = { for key, arn in var.iam_role_additional_policies : key => arn if local.has_role }

  role       = aws_iam_role.this[0].name
  policy_arn = each.value
}

resource "aws_iam_instance_profile" "this" {
  count = local.has_role ? 1 : 0

  role = aws_iam_role.this[0].name
}

output "launch_template_id" {
  value = try(aws_launch_template.this[0].id, null)
}

output "launch_template_arn" {
  value = try(aws_launch_template.this[0].arn, null)
}

output "launch_template_name" {
  value = try(aws_launch_template.this[0].name, null)
}

output "launch_template_latest_version" {
  value = try(aws_launch_template.this[0].latest_version, null)
}

output "autoscaling_group_id" {
  value = try(aws_autoscaling_group.this[0].id, null)
}

output "autoscaling_group_arn" {
  value = try(aws_autoscaling_group.this[0].arn, null)
}

output "autoscaling_group_name" {
  value = try(aws_autoscaling_group.this[0].name, null)
}

output "iam_role_name" {
  value = try(aws_iam_role.this[0].name, null)
}

output "iam_role_arn" {
  value = try(aws_iam_role.this[0].arn, null)
}

output "iam_role_unique_id" {
  value = try(aws_iam_role.this[0].unique_id, null)
}

output "iam_instance_profile_arn" {
  value = try(aws_iam_instance_profile.this[0].arn, var.iam_instance_profile_arn)
}

output "iam_instance_profile_id" {
  value = try(aws_iam_instance_profile.this[0].id, null)
}
