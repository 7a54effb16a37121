variable "create" {
  type    = bool
  default = true
}

variable "name" {
  type    = string
  default = null
}

variable "use_name_prefix" {
  type    = bool
  default = true
}

variable "path" {
  type    = string
  default = null
}

variable "permissions_boundary" {
  type    = string
  default = null
}

variable "trust_policy_permissions" {
  type    = any
  default = null
}

variable "policies" {
  type    = map(string)
  default = {}
}

variable "create_inline_policy" {
  type    = bool
  default = false
}

variable "source_inline_policy_documents" {
  type    = list(string)
  default = []
}

variable "override_inline_policy_documents" {
  type    = list(string)
  default = []
}

variable "inline_policy_permissions" {
  type    = any
  default = null
}

variable "create_instance_profile" {
  type    = bool
  default = false
}

variable "enable_oidc" {
  type    = bool
  default = false
}

variable "enable_github_oidc" {
  type    = bool
  default = false
}

variable "enable_bitbucket_oidc" {
  type    = bool
  default = false
}

variable "enable_saml" {
  type    = bool
  default = false
}

# A role with the statements that it is given, and an instance profile for it.

locals {
  # Whom a role for an identity provider trusts does not matter for instances.
  is_federated = var.enable_oidc || var.enable_github_oidc || var.enable_bitbucket_oidc || var.enable_saml
}

data "aws_iam_policy_document" "this" {
  dynamic "statement" {
    for_each = local.is_federated ? ["sts:AssumeRoleWithWebIdentity"] : []
    content {
      actions = [statement.value]

      principals {
        type        = "Federated"
        identifiers = ["*"]
      }
    }
  }

  dynamic "statement" {
    for_each = try(coalesce(var.trust_policy_permissions, {}), {})
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
        for_each = try(coalesce(statement.value.condition, []), [])
        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }
    }
  }
}

resource "aws_iam_role" "this" {
  count = var.create ? 1 : 0

  name                 = var.use_name_prefix ? null : var.name
  name_prefix          = var.use_name_prefix ? try("${var.name}-", null) : null
  path                 = var.path
  assume_role_policy   = data.aws_iam_policy_document.this.json
  permissions_boundary = var.permissions_boundary
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = { for key, arn in var.policies : key => arn if var.create }

  role       = aws_iam_role.this[0].name
  policy_arn = each.value
}

data "aws_iam_policy_document" "inline" {
  source_policy_documents   = var.source_inline_policy_documents
  override_policy_documents = var.override_inline_policy_documents

  dynamic "statement" {
    for_each = try(coalesce(var.inline_policy_permissions, {}), {})
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
        for_each = try(coalesce(statement.value.condition, []), [])
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
  count = var.create && var.create_inline_policy ? 1 : 0

  role   = aws_iam_role.this[0].name
  policy = data.aws_iam_policy_document.inline.json
}

resource "aws_iam_instance_profile" "this" {
  count = var.create && var.create_instance_profile ? 1 : 0

  name        = var.use_name_prefix ? null : var.name
  name_prefix = var.use_name_prefix ? try("${var.name}-", null) : null
  path        = var.path
  role        = aws_iam_role.this[0].name
}

output "name" {
  value = try(aws_iam_role.this[0].name, null)
}

output "arn" {
  value = try(aws_iam_role.this[0].arn, null)
}

output "unique_id" {
  value = try(aws_iam_role.this[0].unique_id, null)
}

output "instance_profile_arn" {
  value = try(aws_iam_instance_profile.this[0].arn, null)
}

output "instance_profile_id" {
  value = try(aws_iam_instance_profile.this[0].id, null)
}

output "instance_profile_name" {
  value = try(aws_iam_instance_profile.this[0].name, null)
}

output "instance_profile_unique_id" {
  value = try(aws_iam_instance_profile.this[0].unique_id, null)
}
