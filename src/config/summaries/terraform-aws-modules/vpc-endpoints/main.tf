# Endpoints by what the caller says of each, and a group for all of them if wanted.

locals {
  endpoints          = { for key, endpoint in var.endpoints : key => endpoint if var.create && try(endpoint.create, true) }
  security_group_ids = concat(var.security_group_ids, aws_security_group.this[*].id)
}

data "aws_vpc_endpoint_service" "this" {
  for_each = { for key, endpoint in local.endpoints : key => endpoint if try(endpoint.service_endpoint, null) == null }

  region       = var.region
  service      = try(each.value.service, null)
  service_name = try(each.value.service_name, null)
}

resource "aws_vpc_endpoint" "this" {
  for_each = local.endpoints

  region              = var.region
  vpc_id              = var.vpc_id
  service_name        = try(each.value.service_endpoint, data.aws_vpc_endpoint_service.this[each.key].service_name)
  service_region      = try(each.value.service_region, null)
  vpc_endpoint_type   = try(each.value.service_type, "Interface")
  auto_accept         = try(each.value.auto_accept, null)
  security_group_ids  = try(each.value.service_type, "Interface") == "Interface" ? concat(local.security_group_ids, try(each.value.security_group_ids, [])) : null
  subnet_ids          = try(each.value.service_type, "Interface") == "Interface" ? concat(var.subnet_ids, try(each.value.subnet_ids, [])) : null
  route_table_ids     = try(each.value.service_type, "Interface") == "Gateway" ? try(each.value.route_table_ids, null) : null
  policy              = try(each.value.policy, null)
  private_dns_enabled = try(each.value.service_type, "Interface") == "Interface" ? try(each.value.private_dns_enabled, null) : null
  ip_address_type     = try(each.value.ip_address_type, null)
}

resource "aws_security_group" "this" {
  count = var.create && var.create_security_group ? 1 : 0

  region = var.region
  vpc_id = var.vpc_id
}

resource "aws_security_group_rule" "this" {
  for_each = { for key, rule in var.security_group_rules : key => rule if var.create && var.create_security_group }

  region                   = var.region
  security_group_id        = aws_security_group.this[0].id
  type                     = try(each.value.type, "ingress")
  protocol                 = try(each.value.protocol, "tcp")
  from_port                = try(each.value.from_port, 443)
  to_port                  = try(each.value.to_port, 443)
  cidr_blocks              = try(each.value.cidr_blocks, null)
  ipv6_cidr_blocks         = try(each.value.ipv6_cidr_blocks, null)
  prefix_list_ids          = try(each.value.prefix_list_ids, null)
  self                     = try(each.value.self, null)
  source_security_group_id = try(each.value.source_security_group_id, null)
}

output "endpoints" {
  value = aws_vpc_endpoint.this
}

output "security_group_arn" {
  value = try(aws_security_group.this[0].arn, null)
}

output "security_group_id" {
  value = try(aws_security_group.this[0].id, null)
}
