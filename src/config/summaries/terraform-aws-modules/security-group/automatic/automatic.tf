# The rules that a submodule adds by itself.

resource "aws_security_group_rule" "auto_ingress" {
  count = var.create ? length(var.auto_ingress_rules) : 0

  security_group_id = local.group_id
  type              = "ingress"
  cidr_blocks       = var.ingress_cidr_blocks
  ipv6_cidr_blocks  = var.ingress_ipv6_cidr_blocks
  prefix_list_ids   = var.ingress_prefix_list_ids
  from_port         = local.ports[var.auto_ingress_rules[count.index]][0]
  to_port           = local.ports[var.auto_ingress_rules[count.index]][1]
  protocol          = local.ports[var.auto_ingress_rules[count.index]][2]
}

resource "aws_security_group_rule" "auto_ingress_with_self" {
  count = var.create ? length(var.auto_ingress_with_self) : 0

  security_group_id = local.group_id
  type              = "ingress"
  self              = true
  from_port         = local.ports[var.auto_ingress_with_self[count.index].rule][0]
  to_port           = local.ports[var.auto_ingress_with_self[count.index].rule][1]
  protocol          = local.ports[var.auto_ingress_with_self[count.index].rule][2]
}

resource "aws_security_group_rule" "auto_egress" {
  count = var.create ? length(var.auto_egress_rules) : 0

  security_group_id = local.group_id
  type              = "egress"
  cidr_blocks       = var.egress_cidr_blocks
  ipv6_cidr_blocks  = var.egress_ipv6_cidr_blocks
  prefix_list_ids   = var.egress_prefix_list_ids
  from_port         = local.ports[var.auto_egress_rules[count.index]][0]
  to_port           = local.ports[var.auto_egress_rules[count.index]][1]
  protocol          = local.ports[var.auto_egress_rules[count.index]][2]
}

variable "auto_ingress_with_self" {
  type    = list(map(string))
  default = [{ rule = "all-all" }]
}

variable "auto_egress_rules" {
  type    = list(string)
  default = ["all-all"]
}
