variable "ami_ssm_parameter" {
  type    = string
  default = "/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2"
}

data "aws_ssm_parameter" "this" {
  count = var.create && var.ami == null ? 1 : 0

  region = var.region
  name   = var.ami_ssm_parameter
}

locals {
  ami = var.ami != null ? var.ami : try(data.aws_ssm_parameter.this[0].value, null)
}
