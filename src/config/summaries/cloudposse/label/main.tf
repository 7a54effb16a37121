# Names for everything, and a context to hand on.

output "id" {
  value = local.enabled ? local.id : ""
}

output "id_full" {
  value = local.enabled ? local.id : ""
}

output "enabled" {
  value = local.enabled
}

output "delimiter" {
  value = local.delimiter
}

output "attributes" {
  value = local.attributes
}

output "tags" {
  value = local.tags
}

output "label_order" {
  value = local.label_order
}

output "namespace" {
  value = local.namespace != null ? lower(local.namespace) : ""
}

output "tenant" {
  value = local.tenant != null ? lower(local.tenant) : ""
}

output "environment" {
  value = local.environment != null ? lower(local.environment) : ""
}

output "stage" {
  value = local.stage != null ? lower(local.stage) : ""
}

output "name" {
  value = local.name != null ? lower(local.name) : ""
}

output "context" {
  value = {
    enabled             = local.enabled
    namespace           = local.namespace
    tenant              = local.tenant
    environment         = local.environment
    stage               = local.stage
    name                = local.name
    delimiter           = var.delimiter != null ? var.delimiter : try(var.context.delimiter, null)
    attributes          = local.attributes
    label_order         = var.label_order != null ? var.label_order : try(var.context.label_order, [])
    tags                = local.tags
    label_value_case    = var.label_value_case != null ? var.label_value_case : try(var.context.label_value_case, null)
    additional_tag_map  = try(var.context.additional_tag_map, {})
    regex_replace_chars = try(var.context.regex_replace_chars, null)
    id_length_limit     = try(var.context.id_length_limit, null)
    label_key_case      = try(var.context.label_key_case, null)
    descriptor_formats  = try(var.context.descriptor_formats, {})
    labels_as_tags      = try(var.context.labels_as_tags, ["unset"])
  }
}
