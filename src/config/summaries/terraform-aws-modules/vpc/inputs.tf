variable "create_vpc" {
  type    = bool
  default = true
}

variable "name" {
  type    = string
  default = ""
}

variable "azs" {
  type    = list(string)
  default = []
}

variable "region" {
  type    = string
  default = null
}

variable "secondary_cidr_blocks" {
  type    = list(string)
  default = []
}

variable "use_ipam_pool" {
  type    = bool
  default = false
}

variable "ipv4_ipam_pool_id" {
  type    = string
  default = null
}

variable "ipv4_netmask_length" {
  type    = number
  default = null
}

variable "enable_dns_support" {
  type    = bool
  default = true
}

variable "enable_ipv6" {
  type    = bool
  default = false
}

variable "ipv6_cidr" {
  type    = string
  default = null
}

variable "ipv6_ipam_pool_id" {
  type    = string
  default = null
}

variable "ipv6_netmask_length" {
  type    = number
  default = null
}

variable "vpc_block_public_access_options" {
  type    = map(string)
  default = {}
}

variable "enable_dhcp_options" {
  type    = bool
  default = false
}

variable "dhcp_options_domain_name" {
  type    = string
  default = ""
}

variable "dhcp_options_domain_name_servers" {
  type    = list(string)
  default = ["AmazonProvidedDNS"]
}

variable "create_igw" {
  type    = bool
  default = true
}

variable "create_egress_only_igw" {
  type    = bool
  default = true
}

variable "enable_nat_gateway" {
  type    = bool
  default = false
}

variable "nat_gateway_destination_cidr_block" {
  type    = string
  default = "0.0.0.0/0"
}

variable "single_nat_gateway" {
  type    = bool
  default = false
}

variable "one_nat_gateway_per_az" {
  type    = bool
  default = false
}

variable "reuse_nat_ips" {
  type    = bool
  default = false
}

variable "external_nat_ip_ids" {
  type    = list(string)
  default = []
}

variable "external_nat_ips" {
  type    = list(string)
  default = []
}

variable "create_private_nat_gateway_route" {
  type    = bool
  default = true
}

variable "create_multiple_public_route_tables" {
  type    = bool
  default = false
}

variable "create_multiple_intra_route_tables" {
  type    = bool
  default = false
}

variable "create_database_subnet_route_table" {
  type    = bool
  default = false
}

variable "create_database_internet_gateway_route" {
  type    = bool
  default = false
}

variable "create_database_nat_gateway_route" {
  type    = bool
  default = false
}

variable "create_redshift_subnet_route_table" {
  type    = bool
  default = false
}

variable "enable_public_redshift" {
  type    = bool
  default = false
}

variable "create_elasticache_subnet_route_table" {
  type    = bool
  default = false
}

variable "enable_vpn_gateway" {
  type    = bool
  default = false
}

variable "vpn_gateway_id" {
  type    = string
  default = ""
}

variable "propagate_public_route_tables_vgw" {
  type    = bool
  default = false
}

variable "propagate_private_route_tables_vgw" {
  type    = bool
  default = false
}

variable "propagate_intra_route_tables_vgw" {
  type    = bool
  default = false
}

variable "manage_default_vpc" {
  type    = bool
  default = false
}

variable "default_vpc_enable_dns_support" {
  type    = bool
  default = true
}

variable "default_security_group_ingress" {
  type    = list(map(string))
  default = []
}

variable "default_security_group_egress" {
  type    = list(map(string))
  default = []
}

variable "default_route_table_routes" {
  type    = list(map(string))
  default = []
}

variable "outpost_az" {
  type    = string
  default = null
}

variable "outpost_arn" {
  type    = string
  default = null
}

variable "database_subnet_group_name" {
  type    = string
  default = null
}

variable "public_subnets" {
  type    = list(string)
  default = []
}

variable "public_subnet_ipv6_prefixes" {
  type    = list(string)
  default = []
}

variable "public_subnet_ipv6_native" {
  type    = bool
  default = false
}

variable "public_dedicated_network_acl" {
  type    = bool
  default = false
}

variable "public_inbound_acl_rules" {
  type = list(map(string))
  default = [
    {
      rule_number = 100
      rule_action = "allow"
      from_port   = 0
      to_port     = 0
      protocol    = "-1"
      cidr_block  = "0.0.0.0/0"
    },
  ]
}

variable "public_outbound_acl_rules" {
  type = list(map(string))
  default = [
    {
      rule_number = 100
      rule_action = "allow"
      from_port   = 0
      to_port     = 0
      protocol    = "-1"
      cidr_block  = "0.0.0.0/0"
    },
  ]
}

variable "private_subnets" {
  type    = list(string)
  default = []
}

variable "private_subnet_ipv6_prefixes" {
  type    = list(string)
  default = []
}

variable "private_subnet_ipv6_native" {
  type    = bool
  default = false
}

variable "private_dedicated_network_acl" {
  type    = bool
  default = false
}

variable "private_inbound_acl_rules" {
  type = list(map(string))
  default = [
    {
      rule_number = 100
      rule_action = "allow"
      from_port   = 0
      to_port     = 0
      protocol    = "-1"
      cidr_block  = "0.0.0.0/0"
    },
  ]
}

variable "private_outbound_acl_rules" {
  type = list(map(string))
  default = [
    {
      rule_number = 100
      rule_action = "allow"
      from_port   = 0
      to_port     = 0
      protocol    = "-1"
      cidr_block  = "0.0.0.0/0"
    },
  ]
}

variable "intra_subnets" {
  type    = list(string)
  default = []
}

variable "intra_subnet_ipv6_prefixes" {
  type    = list(string)
  default = []
}

variable "intra_subnet_ipv6_native" {
  type    = bool
  default = false
}

variable "intra_dedicated_network_acl" {
  type    = bool
  default = false
}

variable "intra_inbound_acl_rules" {
  type = list(map(string))
  default = [
    {
      rule_number = 100
      rule_action = "allow"
      from_port   = 0
      to_port     = 0
      protocol    = "-1"
      cidr_block  = "0.0.0.0/0"
    },
  ]
}

variable "intra_outbound_acl_rules" {
  type = list(map(string))
  default = [
    {
      rule_number = 100
      rule_action = "allow"
      from_port   = 0
      to_port     = 0
      protocol    = "-1"
      cidr_block  = "0.0.0.0/0"
    },
  ]
}

variable "database_subnets" {
  type    = list(string)
  default = []
}

variable "database_subnet_ipv6_prefixes" {
  type    = list(string)
  default = []
}

variable "database_subnet_ipv6_native" {
  type    = bool
  default = false
}

variable "database_dedicated_network_acl" {
  type    = bool
  default = false
}

variable "database_inbound_acl_rules" {
  type = list(map(string))
  default = [
    {
      rule_number = 100
      rule_action = "allow"
      from_port   = 0
      to_port     = 0
      protocol    = "-1"
      cidr_block  = "0.0.0.0/0"
    },
  ]
}

variable "database_outbound_acl_rules" {
  type = list(map(string))
  default = [
    {
      rule_number = 100
      rule_action = "allow"
      from_port   = 0
      to_port     = 0
      protocol    = "-1"
      cidr_block  = "0.0.0.0/0"
    },
  ]
}

variable "redshift_subnets" {
  type    = list(string)
  default = []
}

variable "redshift_subnet_ipv6_prefixes" {
  type    = list(string)
  default = []
}

variable "redshift_subnet_ipv6_native" {
  type    = bool
  default = false
}

variable "redshift_dedicated_network_acl" {
  type    = bool
  default = false
}

variable "redshift_inbound_acl_rules" {
  type = list(map(string))
  default = [
    {
      rule_number = 100
      rule_action = "allow"
      from_port   = 0
      to_port     = 0
      protocol    = "-1"
      cidr_block  = "0.0.0.0/0"
    },
  ]
}

variable "redshift_outbound_acl_rules" {
  type = list(map(string))
  default = [
    {
      rule_number = 100
      rule_action = "allow"
      from_port   = 0
      to_port     = 0
      protocol    = "-1"
      cidr_block  = "0.0.0.0/0"
    },
  ]
}

variable "elasticache_subnets" {
  type    = list(string)
  default = []
}

variable "elasticache_subnet_ipv6_prefixes" {
  type    = list(string)
  default = []
}

variable "elasticache_subnet_ipv6_native" {
  type    = bool
  default = false
}

variable "elasticache_dedicated_network_acl" {
  type    = bool
  default = false
}

variable "elasticache_inbound_acl_rules" {
  type = list(map(string))
  default = [
    {
      rule_number = 100
      rule_action = "allow"
      from_port   = 0
      to_port     = 0
      protocol    = "-1"
      cidr_block  = "0.0.0.0/0"
    },
  ]
}

variable "elasticache_outbound_acl_rules" {
  type = list(map(string))
  default = [
    {
      rule_number = 100
      rule_action = "allow"
      from_port   = 0
      to_port     = 0
      protocol    = "-1"
      cidr_block  = "0.0.0.0/0"
    },
  ]
}

variable "outpost_subnets" {
  type    = list(string)
  default = []
}

variable "outpost_subnet_ipv6_prefixes" {
  type    = list(string)
  default = []
}

variable "outpost_subnet_ipv6_native" {
  type    = bool
  default = false
}

variable "outpost_dedicated_network_acl" {
  type    = bool
  default = false
}

variable "outpost_inbound_acl_rules" {
  type = list(map(string))
  default = [
    {
      rule_number = 100
      rule_action = "allow"
      from_port   = 0
      to_port     = 0
      protocol    = "-1"
      cidr_block  = "0.0.0.0/0"
    },
  ]
}

variable "outpost_outbound_acl_rules" {
  type = list(map(string))
  default = [
    {
      rule_number = 100
      rule_action = "allow"
      from_port   = 0
      to_port     = 0
      protocol    = "-1"
      cidr_block  = "0.0.0.0/0"
    },
  ]
}

variable "default_network_acl_ingress" {
  type = list(map(string))
  default = [
    {
      rule_no    = 100
      action     = "allow"
      from_port  = 0
      to_port    = 0
      protocol   = "-1"
      cidr_block = "0.0.0.0/0"
    },
    {
      rule_no         = 101
      action          = "allow"
      from_port       = 0
      to_port         = 0
      protocol        = "-1"
      ipv6_cidr_block = "::/0"
    },
  ]
}

variable "default_network_acl_egress" {
  type = list(map(string))
  default = [
    {
      rule_no    = 100
      action     = "allow"
      from_port  = 0
      to_port    = 0
      protocol   = "-1"
      cidr_block = "0.0.0.0/0"
    },
    {
      rule_no         = 101
      action          = "allow"
      from_port       = 0
      to_port         = 0
      protocol        = "-1"
      ipv6_cidr_block = "::/0"
    },
  ]
}
