variable "cidr" {
  type    = string
  default = "0.0.0.0/0"
}

variable "enable_dns_hostnames" {
  type    = bool
  default = false
}

variable "map_public_ip_on_launch" {
  type    = bool
  default = true
}

variable "manage_default_security_group" {
  type    = bool
  default = false
}

variable "manage_default_network_acl" {
  type    = bool
  default = false
}

variable "manage_default_route_table" {
  type    = bool
  default = false
}

variable "default_vpc_enable_dns_hostnames" {
  type    = bool
  default = false
}

locals {
  # Other tiers than the private one use these tables too.
  has_private_tables = max([for tier in ["private", "elasticache", "database", "redshift"] : local.subnet_counts[tier]]...) > 0
}
