# Route tables, gateways and what leads to them.

resource "aws_route_table" "public" {
  count = length(aws_subnet.public) == 0 ? 0 : var.create_multiple_public_route_tables ? length(aws_subnet.public) : 1

  region = var.region
  vpc_id = local.vpc_id
}

resource "aws_route_table_association" "public" {
  count = length(aws_subnet.public)

  region         = var.region
  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = aws_route_table.public[var.create_multiple_public_route_tables ? count.index : 0].id
}

resource "aws_route_table" "private" {
  count = local.has_private_tables ? local.private_table_count : 0

  region = var.region
  vpc_id = local.vpc_id
}

resource "aws_route_table_association" "private" {
  count = length(aws_subnet.private)

  region         = var.region
  subnet_id      = aws_subnet.private[count.index].id
  route_table_id = element(aws_route_table.private[*].id, var.single_nat_gateway ? 0 : count.index)
}

resource "aws_route_table" "intra" {
  count = length(aws_subnet.intra) == 0 ? 0 : var.create_multiple_intra_route_tables ? length(aws_subnet.intra) : 1

  region = var.region
  vpc_id = local.vpc_id
}

resource "aws_route_table_association" "intra" {
  count = length(aws_subnet.intra)

  region         = var.region
  subnet_id      = aws_subnet.intra[count.index].id
  route_table_id = aws_route_table.intra[var.create_multiple_intra_route_tables ? count.index : 0].id
}

locals {
  single_database_table = var.single_nat_gateway || var.create_database_internet_gateway_route
  own_database_tables   = var.create_database_subnet_route_table && length(aws_subnet.database) > 0
}

resource "aws_route_table" "database" {
  count = !local.own_database_tables ? 0 : local.single_database_table ? 1 : length(aws_subnet.database)

  region = var.region
  vpc_id = local.vpc_id
}

resource "aws_route_table_association" "database" {
  count = length(aws_subnet.database)

  region         = var.region
  subnet_id      = aws_subnet.database[count.index].id
  route_table_id = element(coalescelist(aws_route_table.database[*].id, aws_route_table.private[*].id), local.own_database_tables && local.single_database_table ? 0 : count.index)
}

resource "aws_route_table" "redshift" {
  count = var.create_redshift_subnet_route_table && length(aws_subnet.redshift) > 0 ? 1 : 0

  region = var.region
  vpc_id = local.vpc_id
}

resource "aws_route_table_association" "redshift" {
  count = !var.enable_public_redshift ? length(aws_subnet.redshift) : 0

  region         = var.region
  subnet_id      = aws_subnet.redshift[count.index].id
  route_table_id = element(coalescelist(aws_route_table.redshift[*].id, aws_route_table.private[*].id), var.single_nat_gateway ? 0 : count.index)
}

resource "aws_route_table_association" "redshift_public" {
  count = var.enable_public_redshift ? length(aws_subnet.redshift) : 0

  region         = var.region
  subnet_id      = aws_subnet.redshift[count.index].id
  route_table_id = element(coalescelist(aws_route_table.redshift[*].id, aws_route_table.public[*].id), 0)
}

resource "aws_route_table" "elasticache" {
  count = var.create_elasticache_subnet_route_table && length(aws_subnet.elasticache) > 0 ? 1 : 0

  region = var.region
  vpc_id = local.vpc_id
}

resource "aws_route_table_association" "elasticache" {
  count = length(aws_subnet.elasticache)

  region         = var.region
  subnet_id      = aws_subnet.elasticache[count.index].id
  route_table_id = element(coalescelist(aws_route_table.elasticache[*].id, aws_route_table.private[*].id), var.single_nat_gateway ? 0 : count.index)
}

resource "aws_route_table_association" "outpost" {
  count = length(aws_subnet.outpost)

  region         = var.region
  subnet_id      = aws_subnet.outpost[count.index].id
  route_table_id = element(aws_route_table.private[*].id, var.single_nat_gateway ? 0 : count.index)
}

resource "aws_internet_gateway" "this" {
  count = var.create_igw && length(aws_subnet.public) > 0 ? 1 : 0

  region = var.region
  vpc_id = local.vpc_id
}

resource "aws_route" "public_internet_gateway" {
  count = var.create_igw ? length(aws_route_table.public) : 0

  region                 = var.region
  route_table_id         = aws_route_table.public[count.index].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this[0].id
}

resource "aws_route" "public_internet_gateway_ipv6" {
  count = var.create_igw && var.enable_ipv6 ? length(aws_route_table.public) : 0

  region                      = var.region
  route_table_id              = aws_route_table.public[count.index].id
  destination_ipv6_cidr_block = "::/0"
  gateway_id                  = aws_internet_gateway.this[0].id
}

resource "aws_egress_only_internet_gateway" "this" {
  count = local.has_ipv6 && var.create_egress_only_igw ? 1 : 0

  region = var.region
  vpc_id = local.vpc_id
}

resource "aws_route" "private_ipv6_egress" {
  count = local.has_ipv6 && var.create_egress_only_igw ? length(aws_route_table.private) : 0

  region                      = var.region
  route_table_id              = aws_route_table.private[count.index].id
  destination_ipv6_cidr_block = "::/0"
  egress_only_gateway_id      = aws_egress_only_internet_gateway.this[0].id
}

resource "aws_eip" "nat" {
  count = var.create_vpc && var.enable_nat_gateway && !var.reuse_nat_ips ? local.private_table_count : 0

  region = var.region
  domain = "vpc"
}

resource "aws_nat_gateway" "this" {
  count = var.create_vpc && var.enable_nat_gateway ? local.private_table_count : 0

  region        = var.region
  allocation_id = element(var.reuse_nat_ips ? var.external_nat_ip_ids : aws_eip.nat[*].id, count.index)
  subnet_id     = element(aws_subnet.public[*].id, count.index)
}

resource "aws_route" "private_nat_gateway" {
  count = var.enable_nat_gateway && var.create_private_nat_gateway_route ? length(aws_route_table.private) : 0

  region                 = var.region
  route_table_id         = aws_route_table.private[count.index].id
  destination_cidr_block = var.nat_gateway_destination_cidr_block
  nat_gateway_id         = element(aws_nat_gateway.this[*].id, count.index)
}

resource "aws_route" "database_internet_gateway" {
  count = local.own_database_tables && var.create_igw && var.create_database_internet_gateway_route && !var.create_database_nat_gateway_route ? 1 : 0

  region                 = var.region
  route_table_id         = aws_route_table.database[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this[0].id
}

resource "aws_route" "database_nat_gateway" {
  count = var.enable_nat_gateway && var.create_database_nat_gateway_route && !var.create_database_internet_gateway_route ? length(aws_route_table.database) : 0

  region                 = var.region
  route_table_id         = aws_route_table.database[count.index].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = element(aws_nat_gateway.this[*].id, count.index)
}

resource "aws_vpn_gateway" "this" {
  count = var.create_vpc && var.enable_vpn_gateway ? 1 : 0

  region = var.region
  vpc_id = local.vpc_id
}

resource "aws_vpn_gateway_attachment" "this" {
  count = var.create_vpc && var.vpn_gateway_id != "" ? 1 : 0

  region         = var.region
  vpc_id         = local.vpc_id
  vpn_gateway_id = var.vpn_gateway_id
}

locals {
  vpn_gateway_id = try(coalesce(one(aws_vpn_gateway.this[*].id), var.vpn_gateway_id), null)
  has_vpn        = var.enable_vpn_gateway || var.vpn_gateway_id != ""
}

resource "aws_vpn_gateway_route_propagation" "public" {
  count = local.has_vpn && var.propagate_public_route_tables_vgw ? length(aws_route_table.public) : 0

  region         = var.region
  route_table_id = aws_route_table.public[count.index].id
  vpn_gateway_id = local.vpn_gateway_id
}

resource "aws_vpn_gateway_route_propagation" "private" {
  count = local.has_vpn && var.propagate_private_route_tables_vgw ? length(aws_route_table.private) : 0

  region         = var.region
  route_table_id = aws_route_table.private[count.index].id
  vpn_gateway_id = local.vpn_gateway_id
}

resource "aws_vpn_gateway_route_propagation" "intra" {
  count = local.has_vpn && var.propagate_intra_route_tables_vgw ? length(aws_route_table.intra) : 0

  region         = var.region
  route_table_id = aws_route_table.intra[count.index].id
  vpn_gateway_id = local.vpn_gateway_id
}
