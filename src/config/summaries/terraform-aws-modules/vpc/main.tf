# A virtual private cloud with its own resolver, gateways and defaults.

locals {
  vpc_id   = try(aws_vpc.this[0].id, null)
  has_ipv6 = var.create_vpc && var.enable_ipv6

  subnet_counts = {
    public      = max(length(var.public_subnets), length(var.public_subnet_ipv6_prefixes))
    private     = max(length(var.private_subnets), length(var.private_subnet_ipv6_prefixes))
    intra       = max(length(var.intra_subnets), length(var.intra_subnet_ipv6_prefixes))
    database    = max(length(var.database_subnets), length(var.database_subnet_ipv6_prefixes))
    redshift    = max(length(var.redshift_subnets), length(var.redshift_subnet_ipv6_prefixes))
    elasticache = max(length(var.elasticache_subnets), length(var.elasticache_subnet_ipv6_prefixes))
    outpost     = max(length(var.outpost_subnets), length(var.outpost_subnet_ipv6_prefixes))
  }

  # Some subnets take their way out by the private route tables, of which there are as many as NAT gateways.
  private_table_count = (
    var.single_nat_gateway ? 1 :
    var.one_nat_gateway_per_az ? length(var.azs) :
    max([for tier in ["private", "public", "elasticache", "database", "redshift"] : local.subnet_counts[tier]]...)
  )
}

resource "aws_vpc" "this" {
  count = var.create_vpc ? 1 : 0

  region                           = var.region
  cidr_block                       = var.use_ipam_pool ? null : var.cidr
  ipv4_ipam_pool_id                = var.ipv4_ipam_pool_id
  ipv4_netmask_length              = var.ipv4_netmask_length
  assign_generated_ipv6_cidr_block = var.enable_ipv6 && !var.use_ipam_pool ? true : null
  ipv6_cidr_block                  = var.ipv6_cidr
  ipv6_ipam_pool_id                = var.ipv6_ipam_pool_id
  ipv6_netmask_length              = var.ipv6_netmask_length
  enable_dns_support               = var.enable_dns_support
  enable_dns_hostnames             = var.enable_dns_hostnames
}

resource "aws_vpc_ipv4_cidr_block_association" "this" {
  count = var.create_vpc ? length(var.secondary_cidr_blocks) : 0

  region     = var.region
  vpc_id     = local.vpc_id
  cidr_block = var.secondary_cidr_blocks[count.index]
}

resource "aws_vpc_block_public_access_options" "this" {
  count = var.create_vpc && length(var.vpc_block_public_access_options) > 0 ? 1 : 0

  region                      = var.region
  internet_gateway_block_mode = var.vpc_block_public_access_options["internet_gateway_block_mode"]
}

resource "aws_vpc_dhcp_options" "this" {
  count = var.create_vpc && var.enable_dhcp_options ? 1 : 0

  region              = var.region
  domain_name         = var.dhcp_options_domain_name
  domain_name_servers = var.dhcp_options_domain_name_servers
}

resource "aws_vpc_dhcp_options_association" "this" {
  count = var.create_vpc && var.enable_dhcp_options ? 1 : 0

  region          = var.region
  vpc_id          = local.vpc_id
  dhcp_options_id = aws_vpc_dhcp_options.this[0].id
}

resource "aws_default_vpc" "this" {
  count = var.manage_default_vpc ? 1 : 0

  region               = var.region
  enable_dns_support   = var.default_vpc_enable_dns_support
  enable_dns_hostnames = var.default_vpc_enable_dns_hostnames
}

resource "aws_default_security_group" "this" {
  count = var.create_vpc && var.manage_default_security_group ? 1 : 0

  region = var.region
  vpc_id = local.vpc_id

  dynamic "ingress" {
    for_each = coalesce(var.default_security_group_ingress, [])
    content {
      self             = try(ingress.value.self, null)
      cidr_blocks      = compact(split(",", try(ingress.value.cidr_blocks, "")))
      ipv6_cidr_blocks = compact(split(",", try(ingress.value.ipv6_cidr_blocks, "")))
      prefix_list_ids  = compact(split(",", try(ingress.value.prefix_list_ids, "")))
      security_groups  = compact(split(",", try(ingress.value.security_groups, "")))
      from_port        = try(ingress.value.from_port, 0)
      to_port          = try(ingress.value.to_port, 0)
      protocol         = try(ingress.value.protocol, "-1")
    }
  }

  dynamic "egress" {
    for_each = coalesce(var.default_security_group_egress, [])
    content {
      self             = try(egress.value.self, null)
      cidr_blocks      = compact(split(",", try(egress.value.cidr_blocks, "")))
      ipv6_cidr_blocks = compact(split(",", try(egress.value.ipv6_cidr_blocks, "")))
      prefix_list_ids  = compact(split(",", try(egress.value.prefix_list_ids, "")))
      security_groups  = compact(split(",", try(egress.value.security_groups, "")))
      from_port        = try(egress.value.from_port, 0)
      to_port          = try(egress.value.to_port, 0)
      protocol         = try(egress.value.protocol, "-1")
    }
  }
}

resource "aws_default_network_acl" "this" {
  count = var.create_vpc && var.manage_default_network_acl ? 1 : 0

  region                 = var.region
  default_network_acl_id = aws_vpc.this[0].default_network_acl_id

  dynamic "ingress" {
    for_each = var.default_network_acl_ingress
    content {
      rule_no         = ingress.value.rule_no
      action          = ingress.value.action
      protocol        = ingress.value.protocol
      from_port       = ingress.value.from_port
      to_port         = ingress.value.to_port
      cidr_block      = try(ingress.value.cidr_block, null)
      ipv6_cidr_block = try(ingress.value.ipv6_cidr_block, null)
    }
  }

  dynamic "egress" {
    for_each = var.default_network_acl_egress
    content {
      rule_no         = egress.value.rule_no
      action          = egress.value.action
      protocol        = egress.value.protocol
      from_port       = egress.value.from_port
      to_port         = egress.value.to_port
      cidr_block      = try(egress.value.cidr_block, null)
      ipv6_cidr_block = try(egress.value.ipv6_cidr_block, null)
    }
  }

  lifecycle {
    ignore_changes = [subnet_ids]
  }
}

resource "aws_default_route_table" "default" {
  count = var.create_vpc && var.manage_default_route_table ? 1 : 0

  region                 = var.region
  default_route_table_id = aws_vpc.this[0].default_route_table_id

  dynamic "route" {
    for_each = var.default_route_table_routes
    content {
      cidr_block                = try(route.value.cidr_block, null)
      ipv6_cidr_block           = try(route.value.ipv6_cidr_block, null)
      egress_only_gateway_id    = try(route.value.egress_only_gateway_id, null)
      gateway_id                = try(route.value.gateway_id, null)
      nat_gateway_id            = try(route.value.nat_gateway_id, null)
      network_interface_id      = try(route.value.network_interface_id, null)
      transit_gateway_id        = try(route.value.transit_gateway_id, null)
      vpc_endpoint_id           = try(route.value.vpc_endpoint_id, null)
      vpc_peering_connection_id = try(route.value.vpc_peering_connection_id, null)
    }
  }
}
