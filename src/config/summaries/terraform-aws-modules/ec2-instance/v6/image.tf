variable "ami_ssm_parameter" {
  type    = string
  default = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

data "aws_ssm_parameter" "this" {
  count = var.create && var.ami == null ? 1 : 0

  region = var.region
  name   = var.ami_ssm_parameter
}

locals {
  ami = var.ami != null ? var.ami : try(data.aws_ssm_parameter.this[0].value, null)
}
