locals {
  vpc_security_group_ids = var.vpc_security_group_ids
}
