# A group of instances after a launch template.

locals {
  launch_template_id      = var.create_launch_template ? try(aws_launch_template.this[0].id, null) : try(coalesce(var.launch_template_id, var.launch_template), null)
  launch_template_version = var.launch_template_version != null ? var.launch_template_version : var.create_launch_template ? "$Latest" : "$Default"
  profile_arn             = var.create_iam_instance_profile ? aws_iam_instance_profile.this[0].arn : var.iam_instance_profile_arn
  profile_name            = !var.create_iam_instance_profile && var.iam_instance_profile_arn == null ? var.iam_instance_profile_name : null
  interfaces              = try(coalesce(var.network_interfaces, []), [])
}

resource "aws_launch_template" "this" {
  count = var.create && var.create_launch_template ? 1 : 0

  region                 = var.region
  image_id               = var.image_id
  instance_type          = var.instance_type
  key_name               = var.key_name
  user_data              = try(coalesce(var.user_data, var.user_data_base64), null)
  vpc_security_group_ids = length(local.interfaces) > 0 ? [] : var.security_groups

  dynamic "iam_instance_profile" {
    for_each = local.profile_name != null || local.profile_arn != null ? [1] : []
    content {
      name = local.profile_name
      arn  = local.profile_arn
    }
  }

  dynamic "network_interfaces" {
    for_each = local.interfaces
    content {
      associate_public_ip_address = try(network_interfaces.value.associate_public_ip_address, null)
      device_index                = try(network_interfaces.value.device_index, null)
      network_interface_id        = try(network_interfaces.value.network_interface_id, null)
      security_groups             = try(coalescelist(network_interfaces.value.security_groups, var.security_groups), null)
      subnet_id                   = try(network_interfaces.value.subnet_id, null)
    }
  }

  metadata_options {
    http_endpoint = try(var.metadata_options.http_endpoint, null)
    http_tokens   = try(var.metadata_options.http_tokens, null)
  }
}

resource "aws_autoscaling_group" "this" {
  count = var.create && var.create_asg ? 1 : 0

  region              = var.region
  name_prefix         = try("${var.name}-", null)
  min_size            = var.min_size
  max_size            = var.max_size
  desired_capacity    = var.desired_capacity
  vpc_zone_identifier = var.vpc_zone_identifier
  availability_zones  = var.availability_zones

  dynamic "launch_template" {
    for_each = var.use_mixed_instances_policy ? [] : [1]
    content {
      id      = local.launch_template_id
      version = local.launch_template_version
    }
  }

  dynamic "mixed_instances_policy" {
    for_each = var.use_mixed_instances_policy ? [1] : []
    content {
      launch_template {
        launch_template_specification {
          launch_template_id = local.launch_template_id
          version            = local.launch_template_version
        }
      }
    }
  }
}

output "launch_template_id" {
  value = try(aws_launch_template.this[0].id, null)
}

output "launch_template_arn" {
  value = try(aws_launch_template.this[0].arn, null)
}

output "launch_template_name" {
  value = try(aws_launch_template.this[0].name, null)
}

output "launch_template_latest_version" {
  value = try(aws_launch_template.this[0].latest_version, null)
}

output "launch_template_default_version" {
  value = try(aws_launch_template.this[0].default_version, null)
}

output "autoscaling_group_id" {
  value = try(aws_autoscaling_group.this[0].id, null)
}

output "autoscaling_group_name" {
  value = try(aws_autoscaling_group.this[0].name, null)
}

output "autoscaling_group_arn" {
  value = try(aws_autoscaling_group.this[0].arn, null)
}

output "autoscaling_group_min_size" {
  value = try(aws_autoscaling_group.this[0].min_size, null)
}

output "autoscaling_group_max_size" {
  value = try(aws_autoscaling_group.this[0].max_size, null)
}

output "autoscaling_group_desired_capacity" {
  value = try(aws_autoscaling_group.this[0].desired_capacity, null)
}

output "autoscaling_group_vpc_zone_identifier" {
  value = try(aws_autoscaling_group.this[0].vpc_zone_identifier, null)
}
