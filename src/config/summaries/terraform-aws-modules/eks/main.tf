# A cluster, or the nodes that its service makes for it. It makes no endpoints, and the nodes get their profile from the
# service, so nothing of it decides whether a session can be opened to another instance.

variable "create" {
  type    = bool
  default = true
}

variable "vpc_id" {
  type    = string
  default = null
}

variable "subnet_ids" {
  type    = list(string)
  default = []
}
