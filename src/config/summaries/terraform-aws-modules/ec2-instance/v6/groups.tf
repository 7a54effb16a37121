variable "create_security_group" {
  type    = bool
  default = true
}

variable "security_group_vpc_id" {
  type    = string
  default = null
}

variable "security_group_ingress_rules" {
  type    = any
  default = null
}

variable "security_group_egress_rules" {
  type = any
  default = {
    ipv4_default = {
      cidr_ipv4   = "0.0.0.0/0"
      ip_protocol = "-1"
    }
    ipv6_default = {
      cidr_ipv6   = "::/0"
      ip_protocol = "-1"
    }
  }
}

# A group of its own for the instance, in addition to those that are passed.

locals {
  create_group           = var.create && var.create_security_group && !local.has_interfaces
  vpc_security_group_ids = concat(coalesce(var.vpc_security_group_ids, []), aws_security_group.this[*].id)
}

data "aws_subnet" "this" {
  count = local.create_group && var.security_group_vpc_id == null ? 1 : 0

  region = var.region
  id     = var.subnet_id
}

resource "aws_security_group" "this" {
  count = local.create_group ? 1 : 0

  region = var.region
  vpc_id = var.security_group_vpc_id != null ? var.security_group_vpc_id : data.aws_subnet.this[0].vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each = { for key, rule in coalesce(var.security_group_ingress_rules, {}) : key => rule if local.create_group }

  region                       = var.region
  security_group_id            = aws_security_group.this[0].id
  ip_protocol                  = try(coalesce(each.value.ip_protocol, "tcp"), "tcp")
  from_port                    = try(each.value.from_port, null)
  to_port                      = try(coalesce(each.value.to_port, each.value.from_port), null)
  cidr_ipv4                    = try(each.value.cidr_ipv4, null)
  cidr_ipv6                    = try(each.value.cidr_ipv6, null)
  prefix_list_id               = try(each.value.prefix_list_id, null)
  referenced_security_group_id = try(each.value.referenced_security_group_id == "self" ? aws_security_group.this[0].id : each.value.referenced_security_group_id, null)
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = { for key, rule in coalesce(var.security_group_egress_rules, {}) : key => rule if local.create_group }

  region                       = var.region
  security_group_id            = aws_security_group.this[0].id
  ip_protocol                  = try(coalesce(each.value.ip_protocol, "tcp"), "tcp")
  from_port                    = try(each.value.from_port, null)
  to_port                      = try(coalesce(each.value.to_port, each.value.from_port), null)
  cidr_ipv4                    = try(each.value.cidr_ipv4, null)
  cidr_ipv6                    = try(each.value.cidr_ipv6, null)
  prefix_list_id               = try(each.value.prefix_list_id, null)
  referenced_security_group_id = try(each.value.referenced_security_group_id == "self" ? aws_security_group.this[0].id : each.value.referenced_security_group_id, null)
}

output "security_group_id" {
  value = try(aws_security_group.this[0].id, null)
}

output "security_group_arn" {
  value = try(aws_security_group.this[0].arn, null)
}
