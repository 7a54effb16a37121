variable "create" {
  type    = bool
  default = true
}

variable "name" {
  type    = string
  default = ""
}

variable "region" {
  type    = string
  default = null
}

variable "ami" {
  type    = string
  default = null
}

variable "associate_public_ip_address" {
  type    = bool
  default = null
}

variable "availability_zone" {
  type    = string
  default = null
}

variable "iam_instance_profile" {
  type    = string
  default = null
}

variable "instance_type" {
  type    = string
  default = "t3.micro"
}

variable "key_name" {
  type    = string
  default = null
}

variable "launch_template" {
  type    = any
  default = null
}

variable "metadata_options" {
  type    = any
  default = {}
}

variable "network_interface" {
  type    = any
  default = null
}

variable "private_ip" {
  type    = string
  default = null
}

variable "ipv6_address_count" {
  type    = number
  default = null
}

variable "ipv6_addresses" {
  type    = list(string)
  default = null
}

variable "source_dest_check" {
  type    = bool
  default = null
}

variable "subnet_id" {
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

variable "vpc_security_group_ids" {
  type    = list(string)
  default = null
}

variable "create_spot_instance" {
  type    = bool
  default = false
}

variable "create_eip" {
  type    = bool
  default = false
}
