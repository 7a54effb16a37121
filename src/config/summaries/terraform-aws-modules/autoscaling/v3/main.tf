variable "name" {
  type    = string
  default = null
}

variable "lc_name" {
  type    = string
  default = ""
}

variable "asg_name" {
  type    = string
  default = ""
}

variable "create_lc" {
  type    = bool
  default = true
}

variable "create_asg" {
  type    = bool
  default = true
}

variable "create_asg_with_initial_lifecycle_hook" {
  type    = bool
  default = false
}

variable "launch_configuration" {
  type    = string
  default = ""
}

variable "image_id" {
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

variable "security_groups" {
  type    = list(string)
  default = []
}

variable "associate_public_ip_address" {
  type    = bool
  default = false
}

variable "user_data" {
  type    = string
  default = null
}

variable "user_data_base64" {
  type    = string
  default = null
}

variable "vpc_zone_identifier" {
  type    = list(string)
  default = null
}

variable "min_size" {
  type    = number
  default = null
}

variable "max_size" {
  type    = number
  default = null
}

variable "desired_capacity" {
  type    = number
  default = null
}

# A group of instances after a launch configuration.

resource "aws_launch_configuration" "this" {
  count = var.create_lc ? 1 : 0

  image_id                    = var.image_id
  instance_type               = var.instance_type
  iam_instance_profile        = var.iam_instance_profile
  key_name                    = var.key_name
  security_groups             = var.security_groups
  associate_public_ip_address = var.associate_public_ip_address
  user_data                   = var.user_data
  user_data_base64            = var.user_data_base64
}

resource "aws_autoscaling_group" "this" {
  count = var.create_asg || var.create_asg_with_initial_lifecycle_hook ? 1 : 0

  launch_configuration = var.create_lc ? aws_launch_configuration.this[0].name : var.launch_configuration
  vpc_zone_identifier  = var.vpc_zone_identifier
  min_size             = var.min_size
  max_size             = var.max_size
  desired_capacity     = var.desired_capacity
}

output "this_launch_configuration_id" {
  value = try(aws_launch_configuration.this[0].id, var.launch_configuration)
}

output "this_launch_configuration_name" {
  value = try(aws_launch_configuration.this[0].name, var.launch_configuration)
}

output "this_autoscaling_group_id" {
  value = try(aws_autoscaling_group.this[0].id, null)
}

output "this_autoscaling_group_name" {
  value = try(aws_autoscaling_group.this[0].name, null)
}

output "this_autoscaling_group_arn" {
  value = try(aws_autoscaling_group.this[0].arn, null)
}
