# A group and its rules, by name or spelled out, from what each argument takes them.

locals {
  group_id = var.create_sg ? try(aws_security_group.this[0].id, aws_security_group.this_name_prefix[0].id, null) : var.security_group_id
}

resource "aws_security_group" "this" {
  count = var.create && var.create_sg && !var.use_name_prefix ? 1 : 0

  name   = var.name
  vpc_id = var.vpc_id
}

resource "aws_security_group" "this_name_prefix" {
  count = var.create && var.create_sg && var.use_name_prefix ? 1 : 0

  name_prefix = try("${var.name}-", null)
  vpc_id      = var.vpc_id
}

resource "aws_security_group_rule" "ingress_rules" {
  count = var.create ? length(var.ingress_rules) : 0

  security_group_id = local.group_id
  type              = "ingress"
  cidr_blocks       = var.ingress_cidr_blocks
  ipv6_cidr_blocks  = var.ingress_ipv6_cidr_blocks
  prefix_list_ids   = var.ingress_prefix_list_ids
  from_port         = local.ports[var.ingress_rules[count.index]][0]
  to_port           = local.ports[var.ingress_rules[count.index]][1]
  protocol          = local.ports[var.ingress_rules[count.index]][2]
}

resource "aws_security_group_rule" "ingress_with_cidr_blocks" {
  count = var.create ? length(var.ingress_with_cidr_blocks) : 0

  security_group_id = local.group_id
  type              = "ingress"
  cidr_blocks       = compact(split(",", try(var.ingress_with_cidr_blocks[count.index].cidr_blocks, join(",", var.ingress_cidr_blocks))))
  from_port         = try(var.ingress_with_cidr_blocks[count.index].from_port, local.ports[var.ingress_with_cidr_blocks[count.index].rule][0])
  to_port           = try(var.ingress_with_cidr_blocks[count.index].to_port, local.ports[var.ingress_with_cidr_blocks[count.index].rule][1])
  protocol          = try(var.ingress_with_cidr_blocks[count.index].protocol, local.ports[var.ingress_with_cidr_blocks[count.index].rule][2])
}

resource "aws_security_group_rule" "ingress_with_ipv6_cidr_blocks" {
  count = var.create ? length(var.ingress_with_ipv6_cidr_blocks) : 0

  security_group_id = local.group_id
  type              = "ingress"
  ipv6_cidr_blocks  = compact(split(",", try(var.ingress_with_ipv6_cidr_blocks[count.index].ipv6_cidr_blocks, join(",", var.ingress_ipv6_cidr_blocks))))
  prefix_list_ids   = var.ingress_prefix_list_ids
  from_port         = try(var.ingress_with_ipv6_cidr_blocks[count.index].from_port, local.ports[var.ingress_with_ipv6_cidr_blocks[count.index].rule][0])
  to_port           = try(var.ingress_with_ipv6_cidr_blocks[count.index].to_port, local.ports[var.ingress_with_ipv6_cidr_blocks[count.index].rule][1])
  protocol          = try(var.ingress_with_ipv6_cidr_blocks[count.index].protocol, local.ports[var.ingress_with_ipv6_cidr_blocks[count.index].rule][2])
}

resource "aws_security_group_rule" "ingress_with_source_security_group_id" {
  count = var.create ? length(var.ingress_with_source_security_group_id) : 0

  security_group_id        = local.group_id
  type                     = "ingress"
  source_security_group_id = var.ingress_with_source_security_group_id[count.index].source_security_group_id
  prefix_list_ids          = var.ingress_prefix_list_ids
  from_port                = try(var.ingress_with_source_security_group_id[count.index].from_port, local.ports[var.ingress_with_source_security_group_id[count.index].rule][0])
  to_port                  = try(var.ingress_with_source_security_group_id[count.index].to_port, local.ports[var.ingress_with_source_security_group_id[count.index].rule][1])
  protocol                 = try(var.ingress_with_source_security_group_id[count.index].protocol, local.ports[var.ingress_with_source_security_group_id[count.index].rule][2])
}

resource "aws_security_group_rule" "ingress_with_self" {
  count = var.create ? length(var.ingress_with_self) : 0

  security_group_id = local.group_id
  type              = "ingress"
  self              = try(var.ingress_with_self[count.index].self, true)
  prefix_list_ids   = var.ingress_prefix_list_ids
  from_port         = try(var.ingress_with_self[count.index].from_port, local.ports[var.ingress_with_self[count.index].rule][0])
  to_port           = try(var.ingress_with_self[count.index].to_port, local.ports[var.ingress_with_self[count.index].rule][1])
  protocol          = try(var.ingress_with_self[count.index].protocol, local.ports[var.ingress_with_self[count.index].rule][2])
}

resource "aws_security_group_rule" "ingress_with_prefix_list_ids" {
  count = var.create ? length(var.ingress_with_prefix_list_ids) : 0

  security_group_id        = local.group_id
  type                     = "ingress"
  prefix_list_ids          = compact(split(",", try(var.ingress_with_prefix_list_ids[count.index].prefix_list_ids, join(",", var.ingress_prefix_list_ids))))
  source_security_group_id = try(var.ingress_with_prefix_list_ids[count.index].source_security_group_id, null)
  from_port                = try(var.ingress_with_prefix_list_ids[count.index].from_port, local.ports[var.ingress_with_prefix_list_ids[count.index].rule][0])
  to_port                  = try(var.ingress_with_prefix_list_ids[count.index].to_port, local.ports[var.ingress_with_prefix_list_ids[count.index].rule][1])
  protocol                 = try(var.ingress_with_prefix_list_ids[count.index].protocol, local.ports[var.ingress_with_prefix_list_ids[count.index].rule][2])
}

resource "aws_security_group_rule" "computed_ingress_rules" {
  count = var.create ? var.number_of_computed_ingress_rules : 0

  security_group_id = local.group_id
  type              = "ingress"
  cidr_blocks       = var.ingress_cidr_blocks
  ipv6_cidr_blocks  = var.ingress_ipv6_cidr_blocks
  prefix_list_ids   = var.ingress_prefix_list_ids
  from_port         = local.ports[var.computed_ingress_rules[count.index]][0]
  to_port           = local.ports[var.computed_ingress_rules[count.index]][1]
  protocol          = local.ports[var.computed_ingress_rules[count.index]][2]
}

resource "aws_security_group_rule" "computed_ingress_with_cidr_blocks" {
  count = var.create ? var.number_of_computed_ingress_with_cidr_blocks : 0

  security_group_id = local.group_id
  type              = "ingress"
  cidr_blocks       = compact(split(",", try(var.computed_ingress_with_cidr_blocks[count.index].cidr_blocks, join(",", var.ingress_cidr_blocks))))
  from_port         = try(var.computed_ingress_with_cidr_blocks[count.index].from_port, local.ports[var.computed_ingress_with_cidr_blocks[count.index].rule][0])
  to_port           = try(var.computed_ingress_with_cidr_blocks[count.index].to_port, local.ports[var.computed_ingress_with_cidr_blocks[count.index].rule][1])
  protocol          = try(var.computed_ingress_with_cidr_blocks[count.index].protocol, local.ports[var.computed_ingress_with_cidr_blocks[count.index].rule][2])
}

resource "aws_security_group_rule" "computed_ingress_with_ipv6_cidr_blocks" {
  count = var.create ? var.number_of_computed_ingress_with_ipv6_cidr_blocks : 0

  security_group_id = local.group_id
  type              = "ingress"
  ipv6_cidr_blocks  = compact(split(",", try(var.computed_ingress_with_ipv6_cidr_blocks[count.index].ipv6_cidr_blocks, join(",", var.ingress_ipv6_cidr_blocks))))
  prefix_list_ids   = var.ingress_prefix_list_ids
  from_port         = try(var.computed_ingress_with_ipv6_cidr_blocks[count.index].from_port, local.ports[var.computed_ingress_with_ipv6_cidr_blocks[count.index].rule][0])
  to_port           = try(var.computed_ingress_with_ipv6_cidr_blocks[count.index].to_port, local.ports[var.computed_ingress_with_ipv6_cidr_blocks[count.index].rule][1])
  protocol          = try(var.computed_ingress_with_ipv6_cidr_blocks[count.index].protocol, local.ports[var.computed_ingress_with_ipv6_cidr_blocks[count.index].rule][2])
}

resource "aws_security_group_rule" "computed_ingress_with_source_security_group_id" {
  count = var.create ? var.number_of_computed_ingress_with_source_security_group_id : 0

  security_group_id        = local.group_id
  type                     = "ingress"
  source_security_group_id = var.computed_ingress_with_source_security_group_id[count.index].source_security_group_id
  prefix_list_ids          = var.ingress_prefix_list_ids
  from_port                = try(var.computed_ingress_with_source_security_group_id[count.index].from_port, local.ports[var.computed_ingress_with_source_security_group_id[count.index].rule][0])
  to_port                  = try(var.computed_ingress_with_source_security_group_id[count.index].to_port, local.ports[var.computed_ingress_with_source_security_group_id[count.index].rule][1])
  protocol                 = try(var.computed_ingress_with_source_security_group_id[count.index].protocol, local.ports[var.computed_ingress_with_source_security_group_id[count.index].rule][2])
}

resource "aws_security_group_rule" "computed_ingress_with_self" {
  count = var.create ? var.number_of_computed_ingress_with_self : 0

  security_group_id = local.group_id
  type              = "ingress"
  self              = try(var.computed_ingress_with_self[count.index].self, true)
  prefix_list_ids   = var.ingress_prefix_list_ids
  from_port         = try(var.computed_ingress_with_self[count.index].from_port, local.ports[var.computed_ingress_with_self[count.index].rule][0])
  to_port           = try(var.computed_ingress_with_self[count.index].to_port, local.ports[var.computed_ingress_with_self[count.index].rule][1])
  protocol          = try(var.computed_ingress_with_self[count.index].protocol, local.ports[var.computed_ingress_with_self[count.index].rule][2])
}

resource "aws_security_group_rule" "computed_ingress_with_prefix_list_ids" {
  count = var.create ? var.number_of_computed_ingress_with_prefix_list_ids : 0

  security_group_id        = local.group_id
  type                     = "ingress"
  prefix_list_ids          = compact(split(",", try(var.computed_ingress_with_prefix_list_ids[count.index].prefix_list_ids, join(",", var.ingress_prefix_list_ids))))
  source_security_group_id = try(var.computed_ingress_with_prefix_list_ids[count.index].source_security_group_id, null)
  from_port                = try(var.computed_ingress_with_prefix_list_ids[count.index].from_port, local.ports[var.computed_ingress_with_prefix_list_ids[count.index].rule][0])
  to_port                  = try(var.computed_ingress_with_prefix_list_ids[count.index].to_port, local.ports[var.computed_ingress_with_prefix_list_ids[count.index].rule][1])
  protocol                 = try(var.computed_ingress_with_prefix_list_ids[count.index].protocol, local.ports[var.computed_ingress_with_prefix_list_ids[count.index].rule][2])
}

resource "aws_security_group_rule" "egress_rules" {
  count = var.create ? length(var.egress_rules) : 0

  security_group_id = local.group_id
  type              = "egress"
  cidr_blocks       = var.egress_cidr_blocks
  ipv6_cidr_blocks  = var.egress_ipv6_cidr_blocks
  prefix_list_ids   = var.egress_prefix_list_ids
  from_port         = local.ports[var.egress_rules[count.index]][0]
  to_port           = local.ports[var.egress_rules[count.index]][1]
  protocol          = local.ports[var.egress_rules[count.index]][2]
}

resource "aws_security_group_rule" "egress_with_cidr_blocks" {
  count = var.create ? length(var.egress_with_cidr_blocks) : 0

  security_group_id = local.group_id
  type              = "egress"
  cidr_blocks       = compact(split(",", try(var.egress_with_cidr_blocks[count.index].cidr_blocks, join(",", var.egress_cidr_blocks))))
  from_port         = try(var.egress_with_cidr_blocks[count.index].from_port, local.ports[var.egress_with_cidr_blocks[count.index].rule][0])
  to_port           = try(var.egress_with_cidr_blocks[count.index].to_port, local.ports[var.egress_with_cidr_blocks[count.index].rule][1])
  protocol          = try(var.egress_with_cidr_blocks[count.index].protocol, local.ports[var.egress_with_cidr_blocks[count.index].rule][2])
}

resource "aws_security_group_rule" "egress_with_ipv6_cidr_blocks" {
  count = var.create ? length(var.egress_with_ipv6_cidr_blocks) : 0

  security_group_id = local.group_id
  type              = "egress"
  ipv6_cidr_blocks  = compact(split(",", try(var.egress_with_ipv6_cidr_blocks[count.index].ipv6_cidr_blocks, join(",", var.egress_ipv6_cidr_blocks))))
  prefix_list_ids   = var.egress_prefix_list_ids
  from_port         = try(var.egress_with_ipv6_cidr_blocks[count.index].from_port, local.ports[var.egress_with_ipv6_cidr_blocks[count.index].rule][0])
  to_port           = try(var.egress_with_ipv6_cidr_blocks[count.index].to_port, local.ports[var.egress_with_ipv6_cidr_blocks[count.index].rule][1])
  protocol          = try(var.egress_with_ipv6_cidr_blocks[count.index].protocol, local.ports[var.egress_with_ipv6_cidr_blocks[count.index].rule][2])
}

resource "aws_security_group_rule" "egress_with_source_security_group_id" {
  count = var.create ? length(var.egress_with_source_security_group_id) : 0

  security_group_id        = local.group_id
  type                     = "egress"
  source_security_group_id = var.egress_with_source_security_group_id[count.index].source_security_group_id
  prefix_list_ids          = var.egress_prefix_list_ids
  from_port                = try(var.egress_with_source_security_group_id[count.index].from_port, local.ports[var.egress_with_source_security_group_id[count.index].rule][0])
  to_port                  = try(var.egress_with_source_security_group_id[count.index].to_port, local.ports[var.egress_with_source_security_group_id[count.index].rule][1])
  protocol                 = try(var.egress_with_source_security_group_id[count.index].protocol, local.ports[var.egress_with_source_security_group_id[count.index].rule][2])
}

resource "aws_security_group_rule" "egress_with_self" {
  count = var.create ? length(var.egress_with_self) : 0

  security_group_id = local.group_id
  type              = "egress"
  self              = try(var.egress_with_self[count.index].self, true)
  prefix_list_ids   = var.egress_prefix_list_ids
  from_port         = try(var.egress_with_self[count.index].from_port, local.ports[var.egress_with_self[count.index].rule][0])
  to_port           = try(var.egress_with_self[count.index].to_port, local.ports[var.egress_with_self[count.index].rule][1])
  protocol          = try(var.egress_with_self[count.index].protocol, local.ports[var.egress_with_self[count.index].rule][2])
}

resource "aws_security_group_rule" "egress_with_prefix_list_ids" {
  count = var.create ? length(var.egress_with_prefix_list_ids) : 0

  security_group_id        = local.group_id
  type                     = "egress"
  prefix_list_ids          = compact(split(",", try(var.egress_with_prefix_list_ids[count.index].prefix_list_ids, join(",", var.egress_prefix_list_ids))))
  source_security_group_id = try(var.egress_with_prefix_list_ids[count.index].source_security_group_id, null)
  from_port                = try(var.egress_with_prefix_list_ids[count.index].from_port, local.ports[var.egress_with_prefix_list_ids[count.index].rule][0])
  to_port                  = try(var.egress_with_prefix_list_ids[count.index].to_port, local.ports[var.egress_with_prefix_list_ids[count.index].rule][1])
  protocol                 = try(var.egress_with_prefix_list_ids[count.index].protocol, local.ports[var.egress_with_prefix_list_ids[count.index].rule][2])
}

resource "aws_security_group_rule" "computed_egress_rules" {
  count = var.create ? var.number_of_computed_egress_rules : 0

  security_group_id = local.group_id
  type              = "egress"
  cidr_blocks       = var.egress_cidr_blocks
  ipv6_cidr_blocks  = var.egress_ipv6_cidr_blocks
  prefix_list_ids   = var.egress_prefix_list_ids
  from_port         = local.ports[var.computed_egress_rules[count.index]][0]
  to_port           = local.ports[var.computed_egress_rules[count.index]][1]
  protocol          = local.ports[var.computed_egress_rules[count.index]][2]
}

resource "aws_security_group_rule" "computed_egress_with_cidr_blocks" {
  count = var.create ? var.number_of_computed_egress_with_cidr_blocks : 0

  security_group_id = local.group_id
  type              = "egress"
  cidr_blocks       = compact(split(",", try(var.computed_egress_with_cidr_blocks[count.index].cidr_blocks, join(",", var.egress_cidr_blocks))))
  from_port         = try(var.computed_egress_with_cidr_blocks[count.index].from_port, local.ports[var.computed_egress_with_cidr_blocks[count.index].rule][0])
  to_port           = try(var.computed_egress_with_cidr_blocks[count.index].to_port, local.ports[var.computed_egress_with_cidr_blocks[count.index].rule][1])
  protocol          = try(var.computed_egress_with_cidr_blocks[count.index].protocol, local.ports[var.computed_egress_with_cidr_blocks[count.index].rule][2])
}

resource "aws_security_group_rule" "computed_egress_with_ipv6_cidr_blocks" {
  count = var.create ? var.number_of_computed_egress_with_ipv6_cidr_blocks : 0

  security_group_id = local.group_id
  type              = "egress"
  ipv6_cidr_blocks  = compact(split(",", try(var.computed_egress_with_ipv6_cidr_blocks[count.index].ipv6_cidr_blocks, join(",", var.egress_ipv6_cidr_blocks))))
  prefix_list_ids   = var.egress_prefix_list_ids
  from_port         = try(var.computed_egress_with_ipv6_cidr_blocks[count.index].from_port, local.ports[var.computed_egress_with_ipv6_cidr_blocks[count.index].rule][0])
  to_port           = try(var.computed_egress_with_ipv6_cidr_blocks[count.index].to_port, local.ports[var.computed_egress_with_ipv6_cidr_blocks[count.index].rule][1])
  protocol          = try(var.computed_egress_with_ipv6_cidr_blocks[count.index].protocol, local.ports[var.computed_egress_with_ipv6_cidr_blocks[count.index].rule][2])
}

resource "aws_security_group_rule" "computed_egress_with_source_security_group_id" {
  count = var.create ? var.number_of_computed_egress_with_source_security_group_id : 0

  security_group_id        = local.group_id
  type                     = "egress"
  source_security_group_id = var.computed_egress_with_source_security_group_id[count.index].source_security_group_id
  prefix_list_ids          = var.egress_prefix_list_ids
  from_port                = try(var.computed_egress_with_source_security_group_id[count.index].from_port, local.ports[var.computed_egress_with_source_security_group_id[count.index].rule][0])
  to_port                  = try(var.computed_egress_with_source_security_group_id[count.index].to_port, local.ports[var.computed_egress_with_source_security_group_id[count.index].rule][1])
  protocol                 = try(var.computed_egress_with_source_security_group_id[count.index].protocol, local.ports[var.computed_egress_with_source_security_group_id[count.index].rule][2])
}

resource "aws_security_group_rule" "computed_egress_with_self" {
  count = var.create ? var.number_of_computed_egress_with_self : 0

  security_group_id = local.group_id
  type              = "egress"
  self              = try(var.computed_egress_with_self[count.index].self, true)
  prefix_list_ids   = var.egress_prefix_list_ids
  from_port         = try(var.computed_egress_with_self[count.index].from_port, local.ports[var.computed_egress_with_self[count.index].rule][0])
  to_port           = try(var.computed_egress_with_self[count.index].to_port, local.ports[var.computed_egress_with_self[count.index].rule][1])
  protocol          = try(var.computed_egress_with_self[count.index].protocol, local.ports[var.computed_egress_with_self[count.index].rule][2])
}

resource "aws_security_group_rule" "computed_egress_with_prefix_list_ids" {
  count = var.create ? var.number_of_computed_egress_with_prefix_list_ids : 0

  security_group_id        = local.group_id
  type                     = "egress"
  prefix_list_ids          = compact(split(",", try(var.computed_egress_with_prefix_list_ids[count.index].prefix_list_ids, join(",", var.egress_prefix_list_ids))))
  source_security_group_id = try(var.computed_egress_with_prefix_list_ids[count.index].source_security_group_id, null)
  from_port                = try(var.computed_egress_with_prefix_list_ids[count.index].from_port, local.ports[var.computed_egress_with_prefix_list_ids[count.index].rule][0])
  to_port                  = try(var.computed_egress_with_prefix_list_ids[count.index].to_port, local.ports[var.computed_egress_with_prefix_list_ids[count.index].rule][1])
  protocol                 = try(var.computed_egress_with_prefix_list_ids[count.index].protocol, local.ports[var.computed_egress_with_prefix_list_ids[count.index].rule][2])
}
