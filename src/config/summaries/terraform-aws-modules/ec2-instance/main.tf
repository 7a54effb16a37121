# One instance or spot request.

locals {
  interfaces     = try(coalesce(var.network_interface, {}), {})
  templates      = try(length(var.launch_template), 0) > 0 ? [var.launch_template] : []
  has_interfaces = length(local.interfaces) > 0
}

resource "aws_instance" "this" {
  count = var.create && !var.create_spot_instance ? 1 : 0

  region                      = var.region
  ami                         = local.ami
  instance_type               = var.instance_type
  associate_public_ip_address = var.associate_public_ip_address
  availability_zone           = var.availability_zone
  iam_instance_profile        = var.create_iam_instance_profile ? aws_iam_instance_profile.this[0].name : var.iam_instance_profile
  ipv6_address_count          = var.ipv6_address_count
  ipv6_addresses              = var.ipv6_addresses
  key_name                    = var.key_name
  private_ip                  = var.private_ip
  source_dest_check           = local.has_interfaces ? null : var.source_dest_check
  subnet_id                   = var.subnet_id
  user_data                   = var.user_data
  user_data_base64            = var.user_data_base64
  vpc_security_group_ids      = local.has_interfaces ? null : local.vpc_security_group_ids

  metadata_options {
    http_endpoint               = try(var.metadata_options.http_endpoint, null)
    http_tokens                 = try(var.metadata_options.http_tokens, null)
    http_put_response_hop_limit = try(var.metadata_options.http_put_response_hop_limit, null)
  }

  dynamic "network_interface" {
    for_each = local.interfaces
    content {
      device_index         = try(coalesce(network_interface.value.device_index, network_interface.key), network_interface.key)
      network_interface_id = try(network_interface.value.network_interface_id, null)
    }
  }

  dynamic "launch_template" {
    for_each = local.templates
    content {
      id      = try(launch_template.value.id, null)
      name    = try(launch_template.value.name, null)
      version = try(launch_template.value.version, null)
    }
  }
}

resource "aws_spot_instance_request" "this" {
  count = var.create && var.create_spot_instance ? 1 : 0

  region                      = var.region
  ami                         = local.ami
  instance_type               = var.instance_type
  associate_public_ip_address = var.associate_public_ip_address
  availability_zone           = var.availability_zone
  iam_instance_profile        = var.create_iam_instance_profile ? aws_iam_instance_profile.this[0].name : var.iam_instance_profile
  ipv6_address_count          = var.ipv6_address_count
  ipv6_addresses              = var.ipv6_addresses
  key_name                    = var.key_name
  private_ip                  = var.private_ip
  source_dest_check           = local.has_interfaces ? null : var.source_dest_check
  subnet_id                   = var.subnet_id
  user_data                   = var.user_data
  user_data_base64            = var.user_data_base64
  vpc_security_group_ids      = local.has_interfaces ? null : local.vpc_security_group_ids

  metadata_options {
    http_endpoint               = try(var.metadata_options.http_endpoint, null)
    http_tokens                 = try(var.metadata_options.http_tokens, null)
    http_put_response_hop_limit = try(var.metadata_options.http_put_response_hop_limit, null)
  }

  dynamic "network_interface" {
    for_each = local.interfaces
    content {
      device_index         = try(coalesce(network_interface.value.device_index, network_interface.key), network_interface.key)
      network_interface_id = try(network_interface.value.network_interface_id, null)
    }
  }

  dynamic "launch_template" {
    for_each = local.templates
    content {
      id      = try(launch_template.value.id, null)
      name    = try(launch_template.value.name, null)
      version = try(launch_template.value.version, null)
    }
  }
}

resource "aws_eip" "this" {
  count = var.create && var.create_eip && !var.create_spot_instance ? 1 : 0

  region   = var.region
  instance = aws_instance.this[0].id
  domain   = "vpc"
}

output "id" {
  value = try(aws_instance.this[0].id, aws_spot_instance_request.this[0].spot_instance_id, null)
}

output "arn" {
  value = try(aws_instance.this[0].arn, aws_spot_instance_request.this[0].arn, null)
}

output "availability_zone" {
  value = try(aws_instance.this[0].availability_zone, aws_spot_instance_request.this[0].availability_zone, null)
}

output "ami" {
  value = try(aws_instance.this[0].ami, aws_spot_instance_request.this[0].ami, null)
}

output "instance_state" {
  value = try(aws_instance.this[0].instance_state, aws_spot_instance_request.this[0].instance_state, null)
}

output "primary_network_interface_id" {
  value = try(aws_instance.this[0].primary_network_interface_id, aws_spot_instance_request.this[0].primary_network_interface_id, null)
}

output "private_dns" {
  value = try(aws_instance.this[0].private_dns, aws_spot_instance_request.this[0].private_dns, null)
}

output "private_ip" {
  value = try(aws_instance.this[0].private_ip, aws_spot_instance_request.this[0].private_ip, null)
}

output "public_dns" {
  value = try(aws_instance.this[0].public_dns, aws_spot_instance_request.this[0].public_dns, null)
}

output "ipv6_addresses" {
  value = try(aws_instance.this[0].ipv6_addresses, aws_spot_instance_request.this[0].ipv6_addresses, null)
}

output "public_ip" {
  value = try(aws_eip.this[0].public_ip, aws_instance.this[0].public_ip, aws_spot_instance_request.this[0].public_ip, null)
}

output "spot_instance_id" {
  value = try(aws_spot_instance_request.this[0].spot_instance_id, null)
}
