variable "vpc_id" {
  type    = string
  default = null
}

variable "id" {
  type    = string
  default = ""
}

variable "security_group_enabled" {
  type    = bool
  default = true
}

variable "target_security_group_id" {
  type    = list(string)
  default = []
}

variable "rules" {
  type    = any
  default = []
}

variable "rules_map" {
  type    = any
  default = {}
}

variable "rule_matrix" {
  type    = any
  default = []
}

# A group and its rules, from a list, from lists by key, and from a matrix of subjects and rules.

locals {
  own_group = local.enabled && var.security_group_enabled && length(var.target_security_group_id) == 0 && var.id == ""
  group_id  = local.own_group ? one(aws_security_group.default[*].id) : try(var.target_security_group_id[0], var.id)
  rules     = [for rule in concat([for rule in coalesce(var.rules, []) : rule], flatten(values(var.rules_map))) : rule if local.enabled]
  matrix = flatten([for subject in var.rule_matrix : [for rule in subject.rules : {
    type             = rule.type
    from_port        = rule.from_port
    to_port          = rule.to_port
    protocol         = rule.protocol
    self             = try(rule.self, subject.self, null)
    cidr_blocks      = try(subject.cidr_blocks, null)
    ipv6_cidr_blocks = try(subject.ipv6_cidr_blocks, null)
    prefix_list_ids  = try(subject.prefix_list_ids, null)
    groups           = try(coalesce(subject.source_security_group_ids, []), [])
  } if local.enabled]])
  from_groups = flatten([for rule in local.matrix : [for group in rule.groups : merge(rule, { group = group })]])
}

resource "aws_security_group" "default" {
  count = local.own_group ? 1 : 0

  vpc_id = var.vpc_id
}

resource "aws_security_group_rule" "default" {
  for_each = { for index, rule in local.rules : tostring(index) => rule }

  security_group_id        = local.group_id
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

resource "aws_security_group_rule" "matrix" {
  for_each = { for index, rule in local.matrix : tostring(index) => rule }

  security_group_id = local.group_id
  type              = each.value.type
  from_port         = each.value.from_port
  to_port           = each.value.to_port
  protocol          = each.value.protocol
  cidr_blocks       = each.value.cidr_blocks
  ipv6_cidr_blocks  = each.value.ipv6_cidr_blocks
  prefix_list_ids   = each.value.prefix_list_ids
  self              = each.value.self
}

resource "aws_security_group_rule" "group" {
  for_each = { for index, rule in local.from_groups : tostring(index) => rule }

  security_group_id        = local.group_id
  type                     = each.value.type
  from_port                = each.value.from_port
  to_port                  = each.value.to_port
  protocol                 = each.value.protocol
  source_security_group_id = each.value.group
}

resource "aws_security_group_rule" "egress" {
  count = local.enabled && var.allow_all_egress ? 1 : 0

  security_group_id = local.group_id
  type              = "egress"
  from_port         = 0
  to_port           = 0
  protocol          = "-1"
  cidr_blocks       = ["0.0.0.0/0"]
  ipv6_cidr_blocks  = ["::/0"]
}

output "id" {
  value = local.group_id
}

output "arn" {
  value = one(aws_security_group.default[*].arn)
}

output "name" {
  value = one(aws_security_group.default[*].name)
}
