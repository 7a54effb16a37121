# The endpoints that the module made itself before version 3.

variable "enable_dynamodb_endpoint" {
  type    = bool
  default = false
}

variable "enable_ssm_endpoint" {
  type    = bool
  default = false
}

variable "ssm_endpoint_security_group_ids" {
  type    = list(string)
  default = []
}

variable "ssm_endpoint_subnet_ids" {
  type    = list(string)
  default = []
}

variable "ssm_endpoint_private_dns_enabled" {
  type    = bool
  default = false
}

data "aws_vpc_endpoint_service" "ssm" {
  count = var.create_vpc && var.enable_ssm_endpoint ? 1 : 0

  service = "ssm"
}

resource "aws_vpc_endpoint" "ssm" {
  count = var.create_vpc && var.enable_ssm_endpoint ? 1 : 0

  vpc_id              = local.vpc_id
  service_name        = data.aws_vpc_endpoint_service.ssm[0].service_name
  vpc_endpoint_type   = "Interface"
  security_group_ids  = var.ssm_endpoint_security_group_ids
  subnet_ids          = length(var.ssm_endpoint_subnet_ids) > 0 ? var.ssm_endpoint_subnet_ids : aws_subnet.private[*].id
  private_dns_enabled = var.ssm_endpoint_private_dns_enabled
}

output "vpc_endpoint_ssm_id" {
  value = try(aws_vpc_endpoint.ssm[0].id, null)
}

output "vpc_endpoint_ssm_dns_entry" {
  value = try(aws_vpc_endpoint.ssm[0].dns_entry, [])
}

variable "enable_ssmmessages_endpoint" {
  type    = bool
  default = false
}

variable "ssmmessages_endpoint_security_group_ids" {
  type    = list(string)
  default = []
}

variable "ssmmessages_endpoint_subnet_ids" {
  type    = list(string)
  default = []
}

variable "ssmmessages_endpoint_private_dns_enabled" {
  type    = bool
  default = false
}

data "aws_vpc_endpoint_service" "ssmmessages" {
  count = var.create_vpc && var.enable_ssmmessages_endpoint ? 1 : 0

  service = "ssmmessages"
}

resource "aws_vpc_endpoint" "ssmmessages" {
  count = var.create_vpc && var.enable_ssmmessages_endpoint ? 1 : 0

  vpc_id              = local.vpc_id
  service_name        = data.aws_vpc_endpoint_service.ssmmessages[0].service_name
  vpc_endpoint_type   = "Interface"
  security_group_ids  = var.ssmmessages_endpoint_security_group_ids
  subnet_ids          = length(var.ssmmessages_endpoint_subnet_ids) > 0 ? var.ssmmessages_endpoint_subnet_ids : aws_subnet.private[*].id
  private_dns_enabled = var.ssmmessages_endpoint_private_dns_enabled
}

output "vpc_endpoint_ssmmessages_id" {
  value = try(aws_vpc_endpoint.ssmmessages[0].id, null)
}

output "vpc_endpoint_ssmmessages_dns_entry" {
  value = try(aws_vpc_endpoint.ssmmessages[0].dns_entry, [])
}

variable "enable_ec2messages_endpoint" {
  type    = bool
  default = false
}

variable "ec2messages_endpoint_security_group_ids" {
  type    = list(string)
  default = []
}

variable "ec2messages_endpoint_subnet_ids" {
  type    = list(string)
  default = []
}

variable "ec2messages_endpoint_private_dns_enabled" {
  type    = bool
  default = false
}

data "aws_vpc_endpoint_service" "ec2messages" {
  count = var.create_vpc && var.enable_ec2messages_endpoint ? 1 : 0

  service = "ec2messages"
}

resource "aws_vpc_endpoint" "ec2messages" {
  count = var.create_vpc && var.enable_ec2messages_endpoint ? 1 : 0

  vpc_id              = local.vpc_id
  service_name        = data.aws_vpc_endpoint_service.ec2messages[0].service_name
  vpc_endpoint_type   = "Interface"
  security_group_ids  = var.ec2messages_endpoint_security_group_ids
  subnet_ids          = length(var.ec2messages_endpoint_subnet_ids) > 0 ? var.ec2messages_endpoint_subnet_ids : aws_subnet.private[*].id
  private_dns_enabled = var.ec2messages_endpoint_private_dns_enabled
}

output "vpc_endpoint_ec2messages_id" {
  value = try(aws_vpc_endpoint.ec2messages[0].id, null)
}

output "vpc_endpoint_ec2messages_dns_entry" {
  value = try(aws_vpc_endpoint.ec2messages[0].dns_entry, [])
}

variable "enable_ec2_endpoint" {
  type    = bool
  default = false
}

variable "ec2_endpoint_security_group_ids" {
  type    = list(string)
  default = []
}

variable "ec2_endpoint_subnet_ids" {
  type    = list(string)
  default = []
}

variable "ec2_endpoint_private_dns_enabled" {
  type    = bool
  default = false
}

variable "ec2_endpoint_policy" {
  type    = string
  default = null
}

data "aws_vpc_endpoint_service" "ec2" {
  count = var.create_vpc && var.enable_ec2_endpoint ? 1 : 0

  service = "ec2"
}

resource "aws_vpc_endpoint" "ec2" {
  count = var.create_vpc && var.enable_ec2_endpoint ? 1 : 0

  vpc_id              = local.vpc_id
  service_name        = data.aws_vpc_endpoint_service.ec2[0].service_name
  vpc_endpoint_type   = "Interface"
  security_group_ids  = var.ec2_endpoint_security_group_ids
  subnet_ids          = length(var.ec2_endpoint_subnet_ids) > 0 ? var.ec2_endpoint_subnet_ids : aws_subnet.private[*].id
  private_dns_enabled = var.ec2_endpoint_private_dns_enabled
  policy              = var.ec2_endpoint_policy
}

output "vpc_endpoint_ec2_id" {
  value = try(aws_vpc_endpoint.ec2[0].id, null)
}

output "vpc_endpoint_ec2_dns_entry" {
  value = try(aws_vpc_endpoint.ec2[0].dns_entry, [])
}

variable "enable_kms_endpoint" {
  type    = bool
  default = false
}

variable "kms_endpoint_security_group_ids" {
  type    = list(string)
  default = []
}

variable "kms_endpoint_subnet_ids" {
  type    = list(string)
  default = []
}

variable "kms_endpoint_private_dns_enabled" {
  type    = bool
  default = false
}

variable "kms_endpoint_policy" {
  type    = string
  default = null
}

data "aws_vpc_endpoint_service" "kms" {
  count = var.create_vpc && var.enable_kms_endpoint ? 1 : 0

  service = "kms"
}

resource "aws_vpc_endpoint" "kms" {
  count = var.create_vpc && var.enable_kms_endpoint ? 1 : 0

  vpc_id              = local.vpc_id
  service_name        = data.aws_vpc_endpoint_service.kms[0].service_name
  vpc_endpoint_type   = "Interface"
  security_group_ids  = var.kms_endpoint_security_group_ids
  subnet_ids          = length(var.kms_endpoint_subnet_ids) > 0 ? var.kms_endpoint_subnet_ids : aws_subnet.private[*].id
  private_dns_enabled = var.kms_endpoint_private_dns_enabled
  policy              = var.kms_endpoint_policy
}

output "vpc_endpoint_kms_id" {
  value = try(aws_vpc_endpoint.kms[0].id, null)
}

output "vpc_endpoint_kms_dns_entry" {
  value = try(aws_vpc_endpoint.kms[0].dns_entry, [])
}

variable "enable_logs_endpoint" {
  type    = bool
  default = false
}

variable "logs_endpoint_security_group_ids" {
  type    = list(string)
  default = []
}

variable "logs_endpoint_subnet_ids" {
  type    = list(string)
  default = []
}

variable "logs_endpoint_private_dns_enabled" {
  type    = bool
  default = false
}

data "aws_vpc_endpoint_service" "logs" {
  count = var.create_vpc && var.enable_logs_endpoint ? 1 : 0

  service = "logs"
}

resource "aws_vpc_endpoint" "logs" {
  count = var.create_vpc && var.enable_logs_endpoint ? 1 : 0

  vpc_id              = local.vpc_id
  service_name        = data.aws_vpc_endpoint_service.logs[0].service_name
  vpc_endpoint_type   = "Interface"
  security_group_ids  = var.logs_endpoint_security_group_ids
  subnet_ids          = length(var.logs_endpoint_subnet_ids) > 0 ? var.logs_endpoint_subnet_ids : aws_subnet.private[*].id
  private_dns_enabled = var.logs_endpoint_private_dns_enabled
}

output "vpc_endpoint_logs_id" {
  value = try(aws_vpc_endpoint.logs[0].id, null)
}

output "vpc_endpoint_logs_dns_entry" {
  value = try(aws_vpc_endpoint.logs[0].dns_entry, [])
}

variable "enable_sts_endpoint" {
  type    = bool
  default = false
}

variable "sts_endpoint_security_group_ids" {
  type    = list(string)
  default = []
}

variable "sts_endpoint_subnet_ids" {
  type    = list(string)
  default = []
}

variable "sts_endpoint_private_dns_enabled" {
  type    = bool
  default = false
}

data "aws_vpc_endpoint_service" "sts" {
  count = var.create_vpc && var.enable_sts_endpoint ? 1 : 0

  service = "sts"
}

resource "aws_vpc_endpoint" "sts" {
  count = var.create_vpc && var.enable_sts_endpoint ? 1 : 0

  vpc_id              = local.vpc_id
  service_name        = data.aws_vpc_endpoint_service.sts[0].service_name
  vpc_endpoint_type   = "Interface"
  security_group_ids  = var.sts_endpoint_security_group_ids
  subnet_ids          = length(var.sts_endpoint_subnet_ids) > 0 ? var.sts_endpoint_subnet_ids : aws_subnet.private[*].id
  private_dns_enabled = var.sts_endpoint_private_dns_enabled
}

output "vpc_endpoint_sts_id" {
  value = try(aws_vpc_endpoint.sts[0].id, null)
}

output "vpc_endpoint_sts_dns_entry" {
  value = try(aws_vpc_endpoint.sts[0].dns_entry, [])
}

variable "enable_monitoring_endpoint" {
  type    = bool
  default = false
}

variable "monitoring_endpoint_security_group_ids" {
  type    = list(string)
  default = []
}

variable "monitoring_endpoint_subnet_ids" {
  type    = list(string)
  default = []
}

variable "monitoring_endpoint_private_dns_enabled" {
  type    = bool
  default = false
}

data "aws_vpc_endpoint_service" "monitoring" {
  count = var.create_vpc && var.enable_monitoring_endpoint ? 1 : 0

  service = "monitoring"
}

resource "aws_vpc_endpoint" "monitoring" {
  count = var.create_vpc && var.enable_monitoring_endpoint ? 1 : 0

  vpc_id              = local.vpc_id
  service_name        = data.aws_vpc_endpoint_service.monitoring[0].service_name
  vpc_endpoint_type   = "Interface"
  security_group_ids  = var.monitoring_endpoint_security_group_ids
  subnet_ids          = length(var.monitoring_endpoint_subnet_ids) > 0 ? var.monitoring_endpoint_subnet_ids : aws_subnet.private[*].id
  private_dns_enabled = var.monitoring_endpoint_private_dns_enabled
}

output "vpc_endpoint_monitoring_id" {
  value = try(aws_vpc_endpoint.monitoring[0].id, null)
}

output "vpc_endpoint_monitoring_dns_entry" {
  value = try(aws_vpc_endpoint.monitoring[0].dns_entry, [])
}

variable "enable_ecr_api_endpoint" {
  type    = bool
  default = false
}

variable "ecr_api_endpoint_security_group_ids" {
  type    = list(string)
  default = []
}

variable "ecr_api_endpoint_subnet_ids" {
  type    = list(string)
  default = []
}

variable "ecr_api_endpoint_private_dns_enabled" {
  type    = bool
  default = false
}

data "aws_vpc_endpoint_service" "ecr_api" {
  count = var.create_vpc && var.enable_ecr_api_endpoint ? 1 : 0

  service = "ecr.api"
}

resource "aws_vpc_endpoint" "ecr_api" {
  count = var.create_vpc && var.enable_ecr_api_endpoint ? 1 : 0

  vpc_id              = local.vpc_id
  service_name        = data.aws_vpc_endpoint_service.ecr_api[0].service_name
  vpc_endpoint_type   = "Interface"
  security_group_ids  = var.ecr_api_endpoint_security_group_ids
  subnet_ids          = length(var.ecr_api_endpoint_subnet_ids) > 0 ? var.ecr_api_endpoint_subnet_ids : aws_subnet.private[*].id
  private_dns_enabled = var.ecr_api_endpoint_private_dns_enabled
}

output "vpc_endpoint_ecr_api_id" {
  value = try(aws_vpc_endpoint.ecr_api[0].id, null)
}

output "vpc_endpoint_ecr_api_dns_entry" {
  value = try(aws_vpc_endpoint.ecr_api[0].dns_entry, [])
}

variable "enable_ecr_dkr_endpoint" {
  type    = bool
  default = false
}

variable "ecr_dkr_endpoint_security_group_ids" {
  type    = list(string)
  default = []
}

variable "ecr_dkr_endpoint_subnet_ids" {
  type    = list(string)
  default = []
}

variable "ecr_dkr_endpoint_private_dns_enabled" {
  type    = bool
  default = false
}

data "aws_vpc_endpoint_service" "ecr_dkr" {
  count = var.create_vpc && var.enable_ecr_dkr_endpoint ? 1 : 0

  service = "ecr.dkr"
}

resource "aws_vpc_endpoint" "ecr_dkr" {
  count = var.create_vpc && var.enable_ecr_dkr_endpoint ? 1 : 0

  vpc_id              = local.vpc_id
  service_name        = data.aws_vpc_endpoint_service.ecr_dkr[0].service_name
  vpc_endpoint_type   = "Interface"
  security_group_ids  = var.ecr_dkr_endpoint_security_group_ids
  subnet_ids          = length(var.ecr_dkr_endpoint_subnet_ids) > 0 ? var.ecr_dkr_endpoint_subnet_ids : aws_subnet.private[*].id
  private_dns_enabled = var.ecr_dkr_endpoint_private_dns_enabled
}

output "vpc_endpoint_ecr_dkr_id" {
  value = try(aws_vpc_endpoint.ecr_dkr[0].id, null)
}

output "vpc_endpoint_ecr_dkr_dns_entry" {
  value = try(aws_vpc_endpoint.ecr_dkr[0].dns_entry, [])
}

variable "enable_secretsmanager_endpoint" {
  type    = bool
  default = false
}

variable "secretsmanager_endpoint_security_group_ids" {
  type    = list(string)
  default = []
}

variable "secretsmanager_endpoint_subnet_ids" {
  type    = list(string)
  default = []
}

variable "secretsmanager_endpoint_private_dns_enabled" {
  type    = bool
  default = false
}

data "aws_vpc_endpoint_service" "secretsmanager" {
  count = var.create_vpc && var.enable_secretsmanager_endpoint ? 1 : 0

  service = "secretsmanager"
}

resource "aws_vpc_endpoint" "secretsmanager" {
  count = var.create_vpc && var.enable_secretsmanager_endpoint ? 1 : 0

  vpc_id              = local.vpc_id
  service_name        = data.aws_vpc_endpoint_service.secretsmanager[0].service_name
  vpc_endpoint_type   = "Interface"
  security_group_ids  = var.secretsmanager_endpoint_security_group_ids
  subnet_ids          = length(var.secretsmanager_endpoint_subnet_ids) > 0 ? var.secretsmanager_endpoint_subnet_ids : aws_subnet.private[*].id
  private_dns_enabled = var.secretsmanager_endpoint_private_dns_enabled
}

output "vpc_endpoint_secretsmanager_id" {
  value = try(aws_vpc_endpoint.secretsmanager[0].id, null)
}

output "vpc_endpoint_secretsmanager_dns_entry" {
  value = try(aws_vpc_endpoint.secretsmanager[0].dns_entry, [])
}

variable "enable_s3_endpoint" {
  type    = bool
  default = false
}

variable "enable_public_s3_endpoint" {
  type    = bool
  default = true
}

data "aws_vpc_endpoint_service" "s3" {
  count = var.create_vpc && var.enable_s3_endpoint ? 1 : 0

  service = "s3"
}

resource "aws_vpc_endpoint" "s3" {
  count = var.create_vpc && var.enable_s3_endpoint ? 1 : 0

  vpc_id       = local.vpc_id
  service_name = data.aws_vpc_endpoint_service.s3[0].service_name
  route_table_ids = concat(
    aws_route_table.private[*].id,
    aws_route_table.intra[*].id,
    var.enable_public_s3_endpoint ? aws_route_table.public[*].id : [],
  )
}

output "vpc_endpoint_s3_id" {
  value = try(aws_vpc_endpoint.s3[0].id, null)
}
