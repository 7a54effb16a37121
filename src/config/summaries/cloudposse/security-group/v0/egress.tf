variable "allow_all_egress" {
  type    = bool
  default = false
}
