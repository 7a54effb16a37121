variable "trusted_role_actions" {
  type    = list(string)
  default = ["sts:AssumeRole"]
}

variable "trusted_role_arns" {
  type    = list(string)
  default = []
}

variable "trusted_role_services" {
  type    = list(string)
  default = []
}

variable "trust_policy_conditions" {
  type    = any
  default = []
}

variable "create_role" {
  type    = bool
  default = false
}

variable "create_instance_profile" {
  type    = bool
  default = false
}

variable "role_name" {
  type    = string
  default = null
}

variable "role_name_prefix" {
  type    = string
  default = null
}

variable "role_path" {
  type    = string
  default = "/"
}

variable "role_requires_mfa" {
  type    = bool
  default = true
}

variable "role_permissions_boundary_arn" {
  type    = string
  default = ""
}

variable "custom_role_policy_arns" {
  type    = list(string)
  default = []
}

variable "number_of_custom_role_policy_arns" {
  type    = number
  default = null
}

variable "custom_role_trust_policy" {
  type    = string
  default = ""
}

variable "create_custom_role_trust_policy" {
  type    = bool
  default = false
}

variable "inline_policy_statements" {
  type    = any
  default = []
}

variable "admin_role_policy_arn" {
  type    = string
  default = "arn:aws:iam::aws:policy/AdministratorAccess"
}

variable "poweruser_role_policy_arn" {
  type    = string
  default = "arn:aws:iam::aws:policy/PowerUserAccess"
}

variable "readonly_role_policy_arn" {
  type    = string
  default = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}

variable "attach_admin_policy" {
  type    = bool
  default = false
}

variable "attach_poweruser_policy" {
  type    = bool
  default = false
}

variable "attach_readonly_policy" {
  type    = bool
  default = false
}

variable "role_sts_externalid" {
  type    = any
  default = null
}

# A role that others may take, an instance profile for it, and its policies.

data "aws_iam_policy_document" "assume_role" {
  statement {
    actions = distinct(concat(["sts:AssumeRole"], var.trusted_role_actions))

    principals {
      type        = "AWS"
      identifiers = var.trusted_role_arns
    }

    principals {
      type        = "Service"
      identifiers = var.trusted_role_services
    }

    dynamic "condition" {
      for_each = var.role_requires_mfa ? ["true"] : []
      content {
        test     = "Bool"
        variable = "aws:MultiFactorAuthPresent"
        values   = [condition.value]
      }
    }

    dynamic "condition" {
      for_each = var.trust_policy_conditions
      content {
        test     = condition.value.test
        variable = condition.value.variable
        values   = condition.value.values
      }
    }
  }
}

resource "aws_iam_role" "this" {
  count = var.create_role ? 1 : 0

  name                 = var.role_name
  name_prefix          = var.role_name_prefix
  path                 = var.role_path
  permissions_boundary = var.role_permissions_boundary_arn
  assume_role_policy   = try(coalesce(var.custom_role_trust_policy), data.aws_iam_policy_document.assume_role.json)
}

resource "aws_iam_role_policy_attachment" "custom" {
  count = var.create_role ? coalesce(var.number_of_custom_role_policy_arns, length(var.custom_role_policy_arns)) : 0

  role       = aws_iam_role.this[0].name
  policy_arn = element(var.custom_role_policy_arns, count.index)
}

resource "aws_iam_role_policy_attachment" "admin" {
  count = var.create_role && var.attach_admin_policy ? 1 : 0

  role       = aws_iam_role.this[0].name
  policy_arn = var.admin_role_policy_arn
}

resource "aws_iam_role_policy_attachment" "poweruser" {
  count = var.create_role && var.attach_poweruser_policy ? 1 : 0

  role       = aws_iam_role.this[0].name
  policy_arn = var.poweruser_role_policy_arn
}

resource "aws_iam_role_policy_attachment" "readonly" {
  count = var.create_role && var.attach_readonly_policy ? 1 : 0

  role       = aws_iam_role.this[0].name
  policy_arn = var.readonly_role_policy_arn
}

data "aws_iam_policy_document" "inline" {
  dynamic "statement" {
    for_each = var.inline_policy_statements
    content {
      sid           = try(statement.value.sid, null)
      effect        = try(coalesce(statement.value.effect, "Allow"), "Allow")
      actions       = try(statement.value.actions, null)
      not_actions   = try(statement.value.not_actions, null)
      resources     = try(statement.value.resources, null)
      not_resources = try(statement.value.not_resources, null)

      dynamic "principals" {
        for_each = try(coalesce(statement.value.principals, []), [])
        content {
          type        = principals.value.type
          identifiers = principals.value.identifiers
        }
      }

      dynamic "condition" {
        for_each = try(coalesce(statement.value.conditions, []), [])
        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }
    }
  }
}

resource "aws_iam_role_policy" "inline" {
  count = var.create_role && length(var.inline_policy_statements) > 0 ? 1 : 0

  role   = aws_iam_role.this[0].name
  policy = data.aws_iam_policy_document.inline.json
}

resource "aws_iam_instance_profile" "this" {
  count = var.create_role && var.create_instance_profile ? 1 : 0

  name = var.role_name
  path = var.role_path
  role = aws_iam_role.this[0].name
}

output "iam_role_arn" {
  value = try(aws_iam_role.this[0].arn, "")
}

output "iam_role_name" {
  value = try(aws_iam_role.this[0].name, "")
}

output "iam_role_path" {
  value = try(aws_iam_role.this[0].path, "")
}

output "iam_role_unique_id" {
  value = try(aws_iam_role.this[0].unique_id, "")
}

output "iam_instance_profile_arn" {
  value = try(aws_iam_instance_profile.this[0].arn, "")
}

output "iam_instance_profile_name" {
  value = try(aws_iam_instance_profile.this[0].name, "")
}

output "iam_instance_profile_id" {
  value = try(aws_iam_instance_profile.this[0].id, "")
}

output "iam_instance_profile_path" {
  value = try(aws_iam_instance_profile.this[0].path, "")
}

output "this_iam_role_arn" {
  value = try(aws_iam_role.this[0].arn, "")
}

output "this_iam_role_name" {
  value = try(aws_iam_role.this[0].name, "")
}

output "this_iam_role_path" {
  value = try(aws_iam_role.this[0].path, "")
}

output "this_iam_role_unique_id" {
  value = try(aws_iam_role.this[0].unique_id, "")
}

output "this_iam_instance_profile_arn" {
  value = try(aws_iam_instance_profile.this[0].arn, "")
}

output "this_iam_instance_profile_name" {
  value = try(aws_iam_instance_profile.this[0].name, "")
}

output "this_iam_instance_profile_id" {
  value = try(aws_iam_instance_profile.this[0].id, "")
}

output "this_iam_instance_profile_path" {
  value = try(aws_iam_instance_profile.this[0].path, "")
}
