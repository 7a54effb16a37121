variable "context" {
  type    = any
  default = {}
}

variable "enabled" {
  type    = bool
  default = null
}

variable "namespace" {
  type    = string
  default = null
}

variable "tenant" {
  type    = string
  default = null
}

variable "environment" {
  type    = string
  default = null
}

variable "stage" {
  type    = string
  default = null
}

variable "name" {
  type    = string
  default = null
}

variable "delimiter" {
  type    = string
  default = null
}

variable "attributes" {
  type    = list(string)
  default = []
}

variable "label_order" {
  type    = list(string)
  default = null
}

variable "tags" {
  type    = map(string)
  default = {}
}

variable "label_value_case" {
  type    = string
  default = null
}

# What the modules of this namespace agree on: whether they do anything, and how they name it.

locals {
  enabled     = var.enabled != null ? var.enabled : try(coalesce(var.context.enabled, true), true)
  namespace   = var.namespace != null ? var.namespace : try(var.context.namespace, null)
  tenant      = var.tenant != null ? var.tenant : try(var.context.tenant, null)
  environment = var.environment != null ? var.environment : try(var.context.environment, null)
  stage       = var.stage != null ? var.stage : try(var.context.stage, null)
  name        = var.name != null ? var.name : try(var.context.name, null)
  delimiter   = var.delimiter != null ? var.delimiter : try(coalesce(var.context.delimiter, "-"), "-")
  attributes  = distinct(concat(try(coalesce(var.context.attributes, []), []), coalesce(var.attributes, [])))
  label_order = try(coalescelist(var.label_order, []), coalescelist(var.context.label_order, []), ["namespace", "tenant", "environment", "stage", "name", "attributes"])
  labels = {
    namespace   = local.namespace
    tenant      = local.tenant
    environment = local.environment
    stage       = local.stage
    name        = local.name
    attributes  = join(local.delimiter, local.attributes)
  }
  joined = join(local.delimiter, [for label in local.label_order : local.labels[label] if local.labels[label] != null && local.labels[label] != ""])
  id     = coalesce(var.label_value_case, try(var.context.label_value_case, null), "lower") == "none" ? local.joined : lower(local.joined)
  tags   = merge(try(var.context.tags, {}), var.tags)
}
