# Subnets by what they are for, with their route tables and network ACLs.

resource "aws_subnet" "public" {
  count = var.create_vpc ? local.subnet_counts.public : 0

  region                  = var.region
  vpc_id                  = local.vpc_id
  availability_zone       = element(coalescelist(var.azs, [null]), count.index)
  cidr_block              = var.public_subnet_ipv6_native ? null : var.public_subnets[count.index]
  ipv6_native             = var.enable_ipv6 && var.public_subnet_ipv6_native
  map_public_ip_on_launch = var.map_public_ip_on_launch
}

resource "aws_network_acl" "public" {
  count = var.create_vpc && var.public_dedicated_network_acl && local.subnet_counts.public > 0 ? 1 : 0

  region     = var.region
  vpc_id     = local.vpc_id
  subnet_ids = aws_subnet.public[*].id
}

resource "aws_network_acl_rule" "public_inbound" {
  count = length(aws_network_acl.public) > 0 ? length(var.public_inbound_acl_rules) : 0

  region          = var.region
  network_acl_id  = aws_network_acl.public[0].id
  egress          = false
  rule_number     = var.public_inbound_acl_rules[count.index].rule_number
  rule_action     = var.public_inbound_acl_rules[count.index].rule_action
  protocol        = var.public_inbound_acl_rules[count.index].protocol
  from_port       = try(var.public_inbound_acl_rules[count.index].from_port, null)
  to_port         = try(var.public_inbound_acl_rules[count.index].to_port, null)
  cidr_block      = try(var.public_inbound_acl_rules[count.index].cidr_block, null)
  ipv6_cidr_block = try(var.public_inbound_acl_rules[count.index].ipv6_cidr_block, null)
}

resource "aws_network_acl_rule" "public_outbound" {
  count = length(aws_network_acl.public) > 0 ? length(var.public_outbound_acl_rules) : 0

  region          = var.region
  network_acl_id  = aws_network_acl.public[0].id
  egress          = true
  rule_number     = var.public_outbound_acl_rules[count.index].rule_number
  rule_action     = var.public_outbound_acl_rules[count.index].rule_action
  protocol        = var.public_outbound_acl_rules[count.index].protocol
  from_port       = try(var.public_outbound_acl_rules[count.index].from_port, null)
  to_port         = try(var.public_outbound_acl_rules[count.index].to_port, null)
  cidr_block      = try(var.public_outbound_acl_rules[count.index].cidr_block, null)
  ipv6_cidr_block = try(var.public_outbound_acl_rules[count.index].ipv6_cidr_block, null)
}

resource "aws_subnet" "private" {
  count = var.create_vpc ? local.subnet_counts.private : 0

  region            = var.region
  vpc_id            = local.vpc_id
  availability_zone = element(coalescelist(var.azs, [null]), count.index)
  cidr_block        = var.private_subnet_ipv6_native ? null : var.private_subnets[count.index]
  ipv6_native       = var.enable_ipv6 && var.private_subnet_ipv6_native
}

resource "aws_network_acl" "private" {
  count = var.create_vpc && var.private_dedicated_network_acl && local.subnet_counts.private > 0 ? 1 : 0

  region     = var.region
  vpc_id     = local.vpc_id
  subnet_ids = aws_subnet.private[*].id
}

resource "aws_network_acl_rule" "private_inbound" {
  count = length(aws_network_acl.private) > 0 ? length(var.private_inbound_acl_rules) : 0

  region          = var.region
  network_acl_id  = aws_network_acl.private[0].id
  egress          = false
  rule_number     = var.private_inbound_acl_rules[count.index].rule_number
  rule_action     = var.private_inbound_acl_rules[count.index].rule_action
  protocol        = var.private_inbound_acl_rules[count.index].protocol
  from_port       = try(var.private_inbound_acl_rules[count.index].from_port, null)
  to_port         = try(var.private_inbound_acl_rules[count.index].to_port, null)
  cidr_block      = try(var.private_inbound_acl_rules[count.index].cidr_block, null)
  ipv6_cidr_block = try(var.private_inbound_acl_rules[count.index].ipv6_cidr_block, null)
}

resource "aws_network_acl_rule" "private_outbound" {
  count = length(aws_network_acl.private) > 0 ? length(var.private_outbound_acl_rules) : 0

  region          = var.region
  network_acl_id  = aws_network_acl.private[0].id
  egress          = true
  rule_number     = var.private_outbound_acl_rules[count.index].rule_number
  rule_action     = var.private_outbound_acl_rules[count.index].rule_action
  protocol        = var.private_outbound_acl_rules[count.index].protocol
  from_port       = try(var.private_outbound_acl_rules[count.index].from_port, null)
  to_port         = try(var.private_outbound_acl_rules[count.index].to_port, null)
  cidr_block      = try(var.private_outbound_acl_rules[count.index].cidr_block, null)
  ipv6_cidr_block = try(var.private_outbound_acl_rules[count.index].ipv6_cidr_block, null)
}

resource "aws_subnet" "intra" {
  count = var.create_vpc ? local.subnet_counts.intra : 0

  region            = var.region
  vpc_id            = local.vpc_id
  availability_zone = element(coalescelist(var.azs, [null]), count.index)
  cidr_block        = var.intra_subnet_ipv6_native ? null : var.intra_subnets[count.index]
  ipv6_native       = var.enable_ipv6 && var.intra_subnet_ipv6_native
}

resource "aws_network_acl" "intra" {
  count = var.create_vpc && var.intra_dedicated_network_acl && local.subnet_counts.intra > 0 ? 1 : 0

  region     = var.region
  vpc_id     = local.vpc_id
  subnet_ids = aws_subnet.intra[*].id
}

resource "aws_network_acl_rule" "intra_inbound" {
  count = length(aws_network_acl.intra) > 0 ? length(var.intra_inbound_acl_rules) : 0

  region          = var.region
  network_acl_id  = aws_network_acl.intra[0].id
  egress          = false
  rule_number     = var.intra_inbound_acl_rules[count.index].rule_number
  rule_action     = var.intra_inbound_acl_rules[count.index].rule_action
  protocol        = var.intra_inbound_acl_rules[count.index].protocol
  from_port       = try(var.intra_inbound_acl_rules[count.index].from_port, null)
  to_port         = try(var.intra_inbound_acl_rules[count.index].to_port, null)
  cidr_block      = try(var.intra_inbound_acl_rules[count.index].cidr_block, null)
  ipv6_cidr_block = try(var.intra_inbound_acl_rules[count.index].ipv6_cidr_block, null)
}

resource "aws_network_acl_rule" "intra_outbound" {
  count = length(aws_network_acl.intra) > 0 ? length(var.intra_outbound_acl_rules) : 0

  region          = var.region
  network_acl_id  = aws_network_acl.intra[0].id
  egress          = true
  rule_number     = var.intra_outbound_acl_rules[count.index].rule_number
  rule_action     = var.intra_outbound_acl_rules[count.index].rule_action
  protocol        = var.intra_outbound_acl_rules[count.index].protocol
  from_port       = try(var.intra_outbound_acl_rules[count.index].from_port, null)
  to_port         = try(var.intra_outbound_acl_rules[count.index].to_port, null)
  cidr_block      = try(var.intra_outbound_acl_rules[count.index].cidr_block, null)
  ipv6_cidr_block = try(var.intra_outbound_acl_rules[count.index].ipv6_cidr_block, null)
}

resource "aws_subnet" "database" {
  count = var.create_vpc ? local.subnet_counts.database : 0

  region            = var.region
  vpc_id            = local.vpc_id
  availability_zone = element(coalescelist(var.azs, [null]), count.index)
  cidr_block        = var.database_subnet_ipv6_native ? null : var.database_subnets[count.index]
  ipv6_native       = var.enable_ipv6 && var.database_subnet_ipv6_native
}

resource "aws_network_acl" "database" {
  count = var.create_vpc && var.database_dedicated_network_acl && local.subnet_counts.database > 0 ? 1 : 0

  region     = var.region
  vpc_id     = local.vpc_id
  subnet_ids = aws_subnet.database[*].id
}

resource "aws_network_acl_rule" "database_inbound" {
  count = length(aws_network_acl.database) > 0 ? length(var.database_inbound_acl_rules) : 0

  region          = var.region
  network_acl_id  = aws_network_acl.database[0].id
  egress          = false
  rule_number     = var.database_inbound_acl_rules[count.index].rule_number
  rule_action     = var.database_inbound_acl_rules[count.index].rule_action
  protocol        = var.database_inbound_acl_rules[count.index].protocol
  from_port       = try(var.database_inbound_acl_rules[count.index].from_port, null)
  to_port         = try(var.database_inbound_acl_rules[count.index].to_port, null)
  cidr_block      = try(var.database_inbound_acl_rules[count.index].cidr_block, null)
  ipv6_cidr_block = try(var.database_inbound_acl_rules[count.index].ipv6_cidr_block, null)
}

resource "aws_network_acl_rule" "database_outbound" {
  count = length(aws_network_acl.database) > 0 ? length(var.database_outbound_acl_rules) : 0

  region          = var.region
  network_acl_id  = aws_network_acl.database[0].id
  egress          = true
  rule_number     = var.database_outbound_acl_rules[count.index].rule_number
  rule_action     = var.database_outbound_acl_rules[count.index].rule_action
  protocol        = var.database_outbound_acl_rules[count.index].protocol
  from_port       = try(var.database_outbound_acl_rules[count.index].from_port, null)
  to_port         = try(var.database_outbound_acl_rules[count.index].to_port, null)
  cidr_block      = try(var.database_outbound_acl_rules[count.index].cidr_block, null)
  ipv6_cidr_block = try(var.database_outbound_acl_rules[count.index].ipv6_cidr_block, null)
}

resource "aws_subnet" "redshift" {
  count = var.create_vpc ? local.subnet_counts.redshift : 0

  region            = var.region
  vpc_id            = local.vpc_id
  availability_zone = element(coalescelist(var.azs, [null]), count.index)
  cidr_block        = var.redshift_subnet_ipv6_native ? null : var.redshift_subnets[count.index]
  ipv6_native       = var.enable_ipv6 && var.redshift_subnet_ipv6_native
}

resource "aws_network_acl" "redshift" {
  count = var.create_vpc && var.redshift_dedicated_network_acl && local.subnet_counts.redshift > 0 ? 1 : 0

  region     = var.region
  vpc_id     = local.vpc_id
  subnet_ids = aws_subnet.redshift[*].id
}

resource "aws_network_acl_rule" "redshift_inbound" {
  count = length(aws_network_acl.redshift) > 0 ? length(var.redshift_inbound_acl_rules) : 0

  region          = var.region
  network_acl_id  = aws_network_acl.redshift[0].id
  egress          = false
  rule_number     = var.redshift_inbound_acl_rules[count.index].rule_number
  rule_action     = var.redshift_inbound_acl_rules[count.index].rule_action
  protocol        = var.redshift_inbound_acl_rules[count.index].protocol
  from_port       = try(var.redshift_inbound_acl_rules[count.index].from_port, null)
  to_port         = try(var.redshift_inbound_acl_rules[count.index].to_port, null)
  cidr_block      = try(var.redshift_inbound_acl_rules[count.index].cidr_block, null)
  ipv6_cidr_block = try(var.redshift_inbound_acl_rules[count.index].ipv6_cidr_block, null)
}

resource "aws_network_acl_rule" "redshift_outbound" {
  count = length(aws_network_acl.redshift) > 0 ? length(var.redshift_outbound_acl_rules) : 0

  region          = var.region
  network_acl_id  = aws_network_acl.redshift[0].id
  egress          = true
  rule_number     = var.redshift_outbound_acl_rules[count.index].rule_number
  rule_action     = var.redshift_outbound_acl_rules[count.index].rule_action
  protocol        = var.redshift_outbound_acl_rules[count.index].protocol
  from_port       = try(var.redshift_outbound_acl_rules[count.index].from_port, null)
  to_port         = try(var.redshift_outbound_acl_rules[count.index].to_port, null)
  cidr_block      = try(var.redshift_outbound_acl_rules[count.index].cidr_block, null)
  ipv6_cidr_block = try(var.redshift_outbound_acl_rules[count.index].ipv6_cidr_block, null)
}

resource "aws_subnet" "elasticache" {
  count = var.create_vpc ? local.subnet_counts.elasticache : 0

  region            = var.region
  vpc_id            = local.vpc_id
  availability_zone = element(coalescelist(var.azs, [null]), count.index)
  cidr_block        = var.elasticache_subnet_ipv6_native ? null : var.elasticache_subnets[count.index]
  ipv6_native       = var.enable_ipv6 && var.elasticache_subnet_ipv6_native
}

resource "aws_network_acl" "elasticache" {
  count = var.create_vpc && var.elasticache_dedicated_network_acl && local.subnet_counts.elasticache > 0 ? 1 : 0

  region     = var.region
  vpc_id     = local.vpc_id
  subnet_ids = aws_subnet.elasticache[*].id
}

resource "aws_network_acl_rule" "elasticache_inbound" {
  count = length(aws_network_acl.elasticache) > 0 ? length(var.elasticache_inbound_acl_rules) : 0

  region          = var.region
  network_acl_id  = aws_network_acl.elasticache[0].id
  egress          = false
  rule_number     = var.elasticache_inbound_acl_rules[count.index].rule_number
  rule_action     = var.elasticache_inbound_acl_rules[count.index].rule_action
  protocol        = var.elasticache_inbound_acl_rules[count.index].protocol
  from_port       = try(var.elasticache_inbound_acl_rules[count.index].from_port, null)
  to_port         = try(var.elasticache_inbound_acl_rules[count.index].to_port, null)
  cidr_block      = try(var.elasticache_inbound_acl_rules[count.index].cidr_block, null)
  ipv6_cidr_block = try(var.elasticache_inbound_acl_rules[count.index].ipv6_cidr_block, null)
}

resource "aws_network_acl_rule" "elasticache_outbound" {
  count = length(aws_network_acl.elasticache) > 0 ? length(var.elasticache_outbound_acl_rules) : 0

  region          = var.region
  network_acl_id  = aws_network_acl.elasticache[0].id
  egress          = true
  rule_number     = var.elasticache_outbound_acl_rules[count.index].rule_number
  rule_action     = var.elasticache_outbound_acl_rules[count.index].rule_action
  protocol        = var.elasticache_outbound_acl_rules[count.index].protocol
  from_port       = try(var.elasticache_outbound_acl_rules[count.index].from_port, null)
  to_port         = try(var.elasticache_outbound_acl_rules[count.index].to_port, null)
  cidr_block      = try(var.elasticache_outbound_acl_rules[count.index].cidr_block, null)
  ipv6_cidr_block = try(var.elasticache_outbound_acl_rules[count.index].ipv6_cidr_block, null)
}

resource "aws_subnet" "outpost" {
  count = var.create_vpc ? local.subnet_counts.outpost : 0

  region            = var.region
  vpc_id            = local.vpc_id
  availability_zone = var.outpost_az
  outpost_arn       = var.outpost_arn
  cidr_block        = var.outpost_subnet_ipv6_native ? null : var.outpost_subnets[count.index]
  ipv6_native       = var.enable_ipv6 && var.outpost_subnet_ipv6_native
}

resource "aws_network_acl" "outpost" {
  count = var.create_vpc && var.outpost_dedicated_network_acl && local.subnet_counts.outpost > 0 ? 1 : 0

  region     = var.region
  vpc_id     = local.vpc_id
  subnet_ids = aws_subnet.outpost[*].id
}

resource "aws_network_acl_rule" "outpost_inbound" {
  count = length(aws_network_acl.outpost) > 0 ? length(var.outpost_inbound_acl_rules) : 0

  region          = var.region
  network_acl_id  = aws_network_acl.outpost[0].id
  egress          = false
  rule_number     = var.outpost_inbound_acl_rules[count.index].rule_number
  rule_action     = var.outpost_inbound_acl_rules[count.index].rule_action
  protocol        = var.outpost_inbound_acl_rules[count.index].protocol
  from_port       = try(var.outpost_inbound_acl_rules[count.index].from_port, null)
  to_port         = try(var.outpost_inbound_acl_rules[count.index].to_port, null)
  cidr_block      = try(var.outpost_inbound_acl_rules[count.index].cidr_block, null)
  ipv6_cidr_block = try(var.outpost_inbound_acl_rules[count.index].ipv6_cidr_block, null)
}

resource "aws_network_acl_rule" "outpost_outbound" {
  count = length(aws_network_acl.outpost) > 0 ? length(var.outpost_outbound_acl_rules) : 0

  region          = var.region
  network_acl_id  = aws_network_acl.outpost[0].id
  egress          = true
  rule_number     = var.outpost_outbound_acl_rules[count.index].rule_number
  rule_action     = var.outpost_outbound_acl_rules[count.index].rule_action
  protocol        = var.outpost_outbound_acl_rules[count.index].protocol
  from_port       = try(var.outpost_outbound_acl_rules[count.index].from_port, null)
  to_port         = try(var.outpost_outbound_acl_rules[count.index].to_port, null)
  cidr_block      = try(var.outpost_outbound_acl_rules[count.index].cidr_block, null)
  ipv6_cidr_block = try(var.outpost_outbound_acl_rules[count.index].ipv6_cidr_block, null)
}
