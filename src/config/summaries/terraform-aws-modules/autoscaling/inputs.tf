variable "create" {
  type    = bool
  default = true
}

variable "create_asg" {
  type    = bool
  default = true
}

variable "name" {
  type    = string
  default = null
}

variable "region" {
  type    = string
  default = null
}

variable "create_launch_template" {
  type    = bool
  default = true
}

variable "launch_template" {
  type    = string
  default = null
}

variable "launch_template_id" {
  type    = string
  default = null
}

variable "launch_template_version" {
  type    = string
  default = null
}

variable "ignore_desired_capacity_changes" {
  type    = bool
  default = false
}

variable "use_mixed_instances_policy" {
  type    = bool
  default = false
}

variable "mixed_instances_policy" {
  type    = any
  default = null
}

variable "vpc_zone_identifier" {
  type    = list(string)
  default = null
}

variable "availability_zones" {
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

variable "image_id" {
  type    = string
  default = null
}

variable "instance_type" {
  type    = string
  default = null
}

variable "key_name" {
  type    = string
  default = null
}

variable "user_data" {
  type    = string
  default = null
}

variable "user_data_base64" {
  type    = string
  default = null
}

variable "security_groups" {
  type    = list(string)
  default = []
}

variable "network_interfaces" {
  type    = any
  default = []
}

variable "metadata_options" {
  type    = any
  default = {}
}

variable "iam_instance_profile_arn" {
  type    = string
  default = null
}

variable "iam_instance_profile_name" {
  type    = string
  default = null
}
