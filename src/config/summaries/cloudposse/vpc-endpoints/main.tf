variable "vpc_id" {
  type    = string
  default = null
}

variable "gateway_vpc_endpoints" {
  type    = any
  default = {}
}

variable "interface_vpc_endpoints" {
  type    = any
  default = {}
}

# Endpoints of both types, by key; each names its service.

resource "aws_vpc_endpoint" "interface_endpoint" {
  for_each = local.enabled ? var.interface_vpc_endpoints : {}

  vpc_id              = var.vpc_id
  service_name        = data.aws_vpc_endpoint_service.interface_endpoint_service[each.key].service_name
  vpc_endpoint_type   = "Interface"
  policy              = try(each.value.policy, null)
  subnet_ids          = try(each.value.subnet_ids, null)
  security_group_ids  = try(each.value.security_group_ids, null)
  private_dns_enabled = try(each.value.private_dns_enabled, null)
}

data "aws_vpc_endpoint_service" "interface_endpoint_service" {
  for_each = local.enabled ? var.interface_vpc_endpoints : {}

  service      = each.value.name
  service_type = "Interface"
}

resource "aws_vpc_endpoint" "gateway_endpoint" {
  for_each = local.enabled ? var.gateway_vpc_endpoints : {}

  vpc_id            = var.vpc_id
  service_name      = data.aws_vpc_endpoint_service.gateway_endpoint_service[each.key].service_name
  vpc_endpoint_type = "Gateway"
  policy            = try(each.value.policy, null)
  route_table_ids   = try(each.value.route_table_ids, null)
}

data "aws_vpc_endpoint_service" "gateway_endpoint_service" {
  for_each = local.enabled ? var.gateway_vpc_endpoints : {}

  service      = each.value.name
  service_type = "Gateway"
}

output "gateway_vpc_endpoints" {
  value = values(aws_vpc_endpoint.gateway_endpoint)
}

output "interface_vpc_endpoints" {
  value = values(aws_vpc_endpoint.interface_endpoint)
}

output "gateway_vpc_endpoints_map" {
  value = aws_vpc_endpoint.gateway_endpoint
}

output "interface_vpc_endpoints_map" {
  value = aws_vpc_endpoint.interface_endpoint
}
