variable "cidr_block" {
  type    = string
  default = null
}

variable "ipv4_primary_cidr_block" {
  type    = string
  default = null
}

variable "ipv4_primary_cidr_block_association" {
  type    = any
  default = null
}

variable "additional_cidr_blocks" {
  type    = list(string)
  default = []
}

variable "ipv4_additional_cidr_block_associations" {
  type    = any
  default = {}
}

variable "assign_generated_ipv6_cidr_block" {
  type    = bool
  default = null
}

variable "dns_hostnames_enabled" {
  type    = bool
  default = true
}

variable "dns_support_enabled" {
  type    = bool
  default = true
}

variable "enable_dns_hostnames" {
  type    = bool
  default = true
}

variable "enable_dns_support" {
  type    = bool
  default = true
}

variable "default_security_group_deny_all" {
  type    = bool
  default = true
}

variable "default_route_table_no_routes" {
  type    = bool
  default = false
}

variable "default_network_acl_deny_all" {
  type    = bool
  default = false
}

variable "internet_gateway_enabled" {
  type    = bool
  default = true
}

variable "enable_internet_gateway" {
  type    = bool
  default = true
}

variable "ipv6_egress_only_internet_gateway_enabled" {
  type    = bool
  default = false
}

# A virtual private cloud with its gateways; its default group admits nothing.

resource "aws_vpc" "default" {
  count = local.enabled ? 1 : 0

  cidr_block                       = var.ipv4_primary_cidr_block != null ? var.ipv4_primary_cidr_block : var.cidr_block
  ipv4_ipam_pool_id                = try(var.ipv4_primary_cidr_block_association.ipv4_ipam_pool_id, null)
  ipv4_netmask_length              = try(var.ipv4_primary_cidr_block_association.ipv4_netmask_length, null)
  assign_generated_ipv6_cidr_block = var.assign_generated_ipv6_cidr_block
  enable_dns_hostnames             = var.enable_dns_hostnames ? var.dns_hostnames_enabled : false
  enable_dns_support               = var.enable_dns_support ? var.dns_support_enabled : false
}

resource "aws_default_security_group" "default" {
  count = local.enabled && var.default_security_group_deny_all ? 1 : 0

  vpc_id = aws_vpc.default[0].id
}

resource "aws_default_route_table" "default" {
  count = local.enabled && var.default_route_table_no_routes ? 1 : 0

  default_route_table_id = aws_vpc.default[0].default_route_table_id
}

resource "aws_default_network_acl" "default" {
  count = local.enabled && var.default_network_acl_deny_all ? 1 : 0

  default_network_acl_id = aws_vpc.default[0].default_network_acl_id
}

resource "aws_internet_gateway" "default" {
  count = local.enabled && var.internet_gateway_enabled && var.enable_internet_gateway ? 1 : 0

  vpc_id = aws_vpc.default[0].id
}

resource "aws_egress_only_internet_gateway" "default" {
  count = local.enabled && var.ipv6_egress_only_internet_gateway_enabled ? 1 : 0

  vpc_id = aws_vpc.default[0].id
}

resource "aws_vpc_ipv4_cidr_block_association" "default" {
  for_each = merge(
    { for block in coalesce(var.additional_cidr_blocks, []) : block => { ipv4_cidr_block = block } if local.enabled },
    { for key, block in var.ipv4_additional_cidr_block_associations : key => block if local.enabled },
  )

  vpc_id              = aws_vpc.default[0].id
  cidr_block          = try(each.value.ipv4_cidr_block, null)
  ipv4_ipam_pool_id   = try(each.value.ipv4_ipam_pool_id, null)
  ipv4_netmask_length = try(each.value.ipv4_netmask_length, null)
}

output "vpc_id" {
  value = one(aws_vpc.default[*].id)
}

output "vpc_arn" {
  value = one(aws_vpc.default[*].arn)
}

output "vpc_cidr_block" {
  value = one(aws_vpc.default[*].cidr_block)
}

output "vpc_main_route_table_id" {
  value = one(aws_vpc.default[*].main_route_table_id)
}

output "vpc_default_network_acl_id" {
  value = one(aws_vpc.default[*].default_network_acl_id)
}

output "vpc_default_security_group_id" {
  value = one(aws_vpc.default[*].default_security_group_id)
}

output "vpc_default_route_table_id" {
  value = one(aws_vpc.default[*].default_route_table_id)
}

output "vpc_ipv6_association_id" {
  value = one(aws_vpc.default[*].ipv6_association_id)
}

output "vpc_ipv6_cidr_block" {
  value = one(aws_vpc.default[*].ipv6_cidr_block)
}

output "ipv6_cidr_block" {
  value = one(aws_vpc.default[*].ipv6_cidr_block)
}

output "igw_id" {
  value = one(aws_internet_gateway.default[*].id)
}

output "ipv6_egress_only_igw_id" {
  value = one(aws_egress_only_internet_gateway.default[*].id)
}

output "additional_cidr_blocks" {
  value = values(aws_vpc_ipv4_cidr_block_association.default)[*].cidr_block
}
