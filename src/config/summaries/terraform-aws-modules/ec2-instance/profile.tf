variable "create_iam_instance_profile" {
  type    = bool
  default = false
}

variable "iam_role_name" {
  type    = string
  default = null
}

variable "iam_role_use_name_prefix" {
  type    = bool
  default = true
}

variable "iam_role_path" {
  type    = string
  default = null
}

variable "iam_role_permissions_boundary" {
  type    = string
  default = null
}

variable "iam_role_policies" {
  type    = map(string)
  default = {}
}

# A role of its own for the instance, if wanted.

locals {
  role_name        = try(coalesce(var.iam_role_name, var.name), "")
  role_name_prefix = var.iam_role_use_name_prefix ? try("${local.role_name}-", null) : null
}

data "aws_iam_policy_document" "assume_role_policy" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "this" {
  count = var.create && var.create_iam_instance_profile ? 1 : 0

  name                 = local.role_name_prefix == null ? local.role_name : null
  name_prefix          = local.role_name_prefix
  path                 = var.iam_role_path
  assume_role_policy   = data.aws_iam_policy_document.assume_role_policy.json
  permissions_boundary = var.iam_role_permissions_boundary
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = { for key, arn in var.iam_role_policies : key => arn if var.create && var.create_iam_instance_profile }

  role       = aws_iam_role.this[0].name
  policy_arn = each.value
}

resource "aws_iam_instance_profile" "this" {
  count = var.create && var.create_iam_instance_profile ? 1 : 0

  name        = local.role_name_prefix == null ? local.role_name : null
  name_prefix = local.role_name_prefix
  path        = var.iam_role_path
  role        = aws_iam_role.this[0].name
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
  value = try(aws_iam_instance_profile.this[0].arn, null)
}

output "iam_instance_profile_id" {
  value = try(aws_iam_instance_profile.this[0].id, null)
}

output "iam_instance_profile_unique" {
  value = try(aws_iam_instance_profile.this[0].unique_id, null)
}
