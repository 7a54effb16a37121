variable "name" {
  type    = string
  default = ""
}

variable "instance_count" {
  type    = number
  default = 1
}

variable "ami" {
  type    = string
  default = ""
}

variable "instance_type" {
  type    = string
  default = ""
}

variable "iam_instance_profile" {
  type    = string
  default = ""
}

variable "key_name" {
  type    = string
  default = ""
}

variable "metadata_options" {
  type    = map(string)
  default = {}
}

variable "network_interface" {
  type    = list(map(string))
  default = []
}

variable "source_dest_check" {
  type    = bool
  default = true
}

variable "subnet_id" {
  type    = string
  default = ""
}

variable "subnet_ids" {
  type    = list(string)
  default = []
}

variable "user_data" {
  type    = string
  default = null
}

variable "user_data_base64" {
  type    = string
  default = null
}

variable "vpc_security_group_ids" {
  type    = list(string)
  default = null
}

# As many instances as wanted, spread over the subnets.

resource "aws_instance" "this" {
  count = var.instance_count

  ami                         = var.ami
  instance_type               = var.instance_type
  associate_public_ip_address = var.associate_public_ip_address
  iam_instance_profile        = var.iam_instance_profile
  key_name                    = var.key_name
  source_dest_check           = length(var.network_interface) > 0 ? null : var.source_dest_check
  subnet_id                   = length(var.network_interface) > 0 ? null : element(length(var.subnet_ids) > 0 ? var.subnet_ids : [var.subnet_id], count.index)
  user_data                   = var.user_data
  user_data_base64            = var.user_data_base64
  vpc_security_group_ids      = var.vpc_security_group_ids

  dynamic "metadata_options" {
    for_each = length(var.metadata_options) > 0 ? [var.metadata_options] : []
    content {
      http_endpoint = try(metadata_options.value.http_endpoint, "enabled")
      http_tokens   = try(metadata_options.value.http_tokens, "optional")
    }
  }

  dynamic "network_interface" {
    for_each = var.network_interface
    content {
      device_index         = network_interface.value.device_index
      network_interface_id = try(network_interface.value.network_interface_id, null)
    }
  }
}

output "id" {
  value = aws_instance.this[*].id
}

output "arn" {
  value = aws_instance.this[*].arn
}

output "availability_zone" {
  value = aws_instance.this[*].availability_zone
}

output "key_name" {
  value = aws_instance.this[*].key_name
}

output "public_dns" {
  value = aws_instance.this[*].public_dns
}

output "public_ip" {
  value = aws_instance.this[*].public_ip
}

output "primary_network_interface_id" {
  value = aws_instance.this[*].primary_network_interface_id
}

output "private_dns" {
  value = aws_instance.this[*].private_dns
}

output "private_ip" {
  value = aws_instance.this[*].private_ip
}

output "security_groups" {
  value = aws_instance.this[*].security_groups
}

output "vpc_security_group_ids" {
  value = aws_instance.this[*].vpc_security_group_ids
}

output "subnet_id" {
  value = aws_instance.this[*].subnet_id
}
