variable "vpc_id" {
  type    = string
  default = null
}

variable "igw_id" {
  type    = any
  default = []
}

variable "cidr_block" {
  type    = string
  default = null
}

variable "ipv4_cidr_block" {
  type    = list(string)
  default = []
}

variable "ipv4_cidrs" {
  type    = any
  default = []
}

variable "availability_zones" {
  type    = list(string)
  default = []
}

variable "availability_zone_ids" {
  type    = list(string)
  default = []
}

variable "max_subnet_count" {
  type    = number
  default = 0
}

variable "max_nats" {
  type    = number
  default = 999
}

variable "subnets_per_az_count" {
  type    = number
  default = 1
}

variable "public_subnets_per_az_count" {
  type    = number
  default = null
}

variable "private_subnets_per_az_count" {
  type    = number
  default = null
}

variable "private_subnets_enabled" {
  type    = bool
  default = true
}

variable "public_subnets_enabled" {
  type    = bool
  default = true
}

variable "nat_gateway_enabled" {
  type    = bool
  default = null
}

variable "nat_instance_enabled" {
  type    = bool
  default = null
}

variable "nat_elastic_ips" {
  type    = list(string)
  default = []
}

variable "map_public_ip_on_launch" {
  type    = bool
  default = true
}

variable "private_open_network_acl_enabled" {
  type    = bool
  default = true
}

variable "public_open_network_acl_enabled" {
  type    = bool
  default = true
}

variable "private_route_table_enabled" {
  type    = bool
  default = true
}

variable "public_route_table_enabled" {
  type    = bool
  default = true
}

variable "public_route_table_ids" {
  type    = list(string)
  default = []
}

# A private and a public subnet in each availability zone, and ways out of them.

data "aws_availability_zones" "default" {
}

data "aws_vpc" "default" {
  id = var.vpc_id
}

locals {
  public_enabled  = local.enabled && var.public_subnets_enabled
  private_enabled = local.enabled && var.private_subnets_enabled

  possible_zones = (
    length(var.availability_zone_ids) > 0 ? var.availability_zone_ids :
    length(var.availability_zones) > 0 ? var.availability_zones :
    data.aws_availability_zones.default.names
  )
  zones         = var.max_subnet_count == 0 ? local.possible_zones : slice(local.possible_zones, 0, min(var.max_subnet_count, length(local.possible_zones)))
  public_count  = coalesce(var.public_subnets_per_az_count, var.subnets_per_az_count)
  private_count = coalesce(var.private_subnets_per_az_count, var.subnets_per_az_count)
  public_zones  = local.public_enabled ? flatten([for zone in local.zones : [for index in range(local.public_count) : zone]]) : []
  private_zones = local.private_enabled ? flatten([for zone in local.zones : [for index in range(local.private_count) : zone]]) : []

  # Blocks are kept free for all zones of the region, the private ones first.
  reserved_zones   = var.max_subnet_count == 0 ? length(data.aws_availability_zones.default.names) : var.max_subnet_count
  reserved_private = local.private_enabled ? local.reserved_zones * local.private_count : 0
  reserved_public  = local.public_enabled ? local.reserved_zones * local.public_count : 0
  new_bits         = ceil(log(local.reserved_private + local.reserved_public, 2))
  base_cidr        = try(coalesce(var.cidr_block, try(var.ipv4_cidr_block[0], null)), data.aws_vpc.default.cidr_block)
  private_cidrs    = try(var.ipv4_cidrs[0].private, [])
  public_cidrs     = try(var.ipv4_cidrs[0].public, [])

  nat_gateway_enabled  = var.nat_instance_enabled == true ? var.nat_gateway_enabled == true : var.nat_gateway_enabled != false
  nat_instance_enabled = !local.nat_gateway_enabled && var.nat_instance_enabled == true
  nat_count            = local.public_enabled && local.private_enabled ? min(length(local.zones), var.max_nats) : 0
  igw_id               = try(var.igw_id[0], var.igw_id)
  has_igw              = try(length(var.igw_id) > 0, true)
  public_tables        = length(var.public_route_table_ids) > 0 ? var.public_route_table_ids : aws_route_table.public[*].id
}

resource "aws_subnet" "private" {
  count = length(local.private_zones)

  vpc_id            = var.vpc_id
  availability_zone = local.private_zones[count.index]
  cidr_block        = length(local.private_cidrs) > 0 ? local.private_cidrs[count.index] : cidrsubnet(local.base_cidr, local.new_bits, count.index)
}

resource "aws_subnet" "public" {
  count = length(local.public_zones)

  vpc_id                  = var.vpc_id
  availability_zone       = local.public_zones[count.index]
  cidr_block              = length(local.public_cidrs) > 0 ? local.public_cidrs[count.index] : cidrsubnet(local.base_cidr, local.new_bits, local.reserved_private + count.index)
  map_public_ip_on_launch = var.map_public_ip_on_launch
}

resource "aws_network_acl" "public" {
  count = local.public_enabled && var.public_open_network_acl_enabled ? 1 : 0

  vpc_id     = var.vpc_id
  subnet_ids = aws_subnet.public[*].id

  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "-1"
    from_port  = 0
    to_port    = 0
    cidr_block = "0.0.0.0/0"
  }

  egress {
    rule_no    = 100
    action     = "allow"
    protocol   = "-1"
    from_port  = 0
    to_port    = 0
    cidr_block = "0.0.0.0/0"
  }
}

resource "aws_network_acl" "private" {
  count = local.private_enabled && var.private_open_network_acl_enabled ? 1 : 0

  vpc_id     = var.vpc_id
  subnet_ids = aws_subnet.private[*].id

  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "-1"
    from_port  = 0
    to_port    = 0
    cidr_block = "0.0.0.0/0"
  }

  egress {
    rule_no    = 100
    action     = "allow"
    protocol   = "-1"
    from_port  = 0
    to_port    = 0
    cidr_block = "0.0.0.0/0"
  }
}

resource "aws_route_table" "public" {
  count = local.public_enabled && var.public_route_table_enabled && length(var.public_route_table_ids) == 0 ? 1 : 0

  vpc_id = var.vpc_id
}

resource "aws_route" "public" {
  count = local.has_igw ? length(aws_route_table.public) : 0

  route_table_id         = aws_route_table.public[count.index].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = local.igw_id
}

resource "aws_route_table_association" "public" {
  count = var.public_route_table_enabled ? length(aws_subnet.public) : 0

  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = element(local.public_tables, count.index)
}

resource "aws_route_table" "private" {
  count = var.private_route_table_enabled ? length(local.private_zones) : 0

  vpc_id = var.vpc_id
}

resource "aws_route_table_association" "private" {
  count = var.private_route_table_enabled ? length(local.private_zones) : 0

  subnet_id      = aws_subnet.private[count.index].id
  route_table_id = aws_route_table.private[count.index].id
}

resource "aws_eip" "default" {
  count = length(var.nat_elastic_ips) == 0 && (local.nat_gateway_enabled || local.nat_instance_enabled) ? local.nat_count : 0

  domain = "vpc"
}

data "aws_eip" "nat" {
  count = length(var.nat_elastic_ips)

  public_ip = var.nat_elastic_ips[count.index]
}

resource "aws_nat_gateway" "default" {
  count = local.nat_gateway_enabled ? local.nat_count : 0

  allocation_id = element(length(var.nat_elastic_ips) == 0 ? aws_eip.default[*].id : data.aws_eip.nat[*].id, count.index)
  subnet_id     = aws_subnet.public[count.index * local.public_count].id
}

resource "aws_route" "nat4" {
  count = local.nat_gateway_enabled && local.nat_count > 0 ? length(aws_route_table.private) : 0

  route_table_id         = aws_route_table.private[count.index].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = element(aws_nat_gateway.default[*].id, floor(count.index / local.private_count))
}

resource "aws_security_group" "nat_instance" {
  count = local.nat_instance_enabled && local.nat_count > 0 ? 1 : 0

  vpc_id = var.vpc_id

  ingress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = aws_subnet.private[*].cidr_block
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_instance" "nat_instance" {
  count = local.nat_instance_enabled ? local.nat_count : 0

  subnet_id                   = aws_subnet.public[count.index * local.public_count].id
  vpc_security_group_ids      = [aws_security_group.nat_instance[0].id]
  associate_public_ip_address = true
  source_dest_check           = false
}

resource "aws_route" "nat_instance" {
  count = local.nat_instance_enabled && local.nat_count > 0 ? length(aws_route_table.private) : 0

  route_table_id         = aws_route_table.private[count.index].id
  destination_cidr_block = "0.0.0.0/0"
  network_interface_id   = element(aws_instance.nat_instance[*].primary_network_interface_id, floor(count.index / local.private_count))
}

output "availability_zones" {
  value = local.zones
}

output "public_subnet_ids" {
  value = aws_subnet.public[*].id
}

output "public_subnet_arns" {
  value = aws_subnet.public[*].arn
}

output "private_subnet_ids" {
  value = aws_subnet.private[*].id
}

output "private_subnet_arns" {
  value = aws_subnet.private[*].arn
}

output "public_subnet_cidrs" {
  value = aws_subnet.public[*].cidr_block
}

output "private_subnet_cidrs" {
  value = aws_subnet.private[*].cidr_block
}

output "public_route_table_ids" {
  value = local.public_tables
}

output "private_route_table_ids" {
  value = aws_route_table.private[*].id
}

output "public_network_acl_id" {
  value = one(aws_network_acl.public[*].id)
}

output "private_network_acl_id" {
  value = one(aws_network_acl.private[*].id)
}

output "nat_gateway_ids" {
  value = aws_nat_gateway.default[*].id
}

output "nat_instance_ids" {
  value = aws_instance.nat_instance[*].id
}

output "nat_ips" {
  value = aws_eip.default[*].public_ip
}

output "nat_gateway_public_ips" {
  value = aws_eip.default[*].public_ip
}

output "az_private_subnets_map" {
  value = { for zone in local.zones : zone => [for subnet in aws_subnet.private : subnet.id if subnet.availability_zone == zone] }
}

output "az_public_subnets_map" {
  value = { for zone in local.zones : zone => [for subnet in aws_subnet.public : subnet.id if subnet.availability_zone == zone] }
}
