# What differs between the majors.

variable "associate_public_ip_address" {
  type    = bool
  default = false
}
