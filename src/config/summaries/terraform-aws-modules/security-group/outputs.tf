output "security_group_id" {
  value = local.group_id
}

output "this_security_group_id" {
  value = local.group_id
}

output "security_group_vpc_id" {
  value = try(aws_security_group.this[0].vpc_id, aws_security_group.this_name_prefix[0].vpc_id, null)
}

output "this_security_group_vpc_id" {
  value = try(aws_security_group.this[0].vpc_id, aws_security_group.this_name_prefix[0].vpc_id, null)
}

output "security_group_name" {
  value = try(aws_security_group.this[0].name, aws_security_group.this_name_prefix[0].name, null)
}

output "this_security_group_name" {
  value = try(aws_security_group.this[0].name, aws_security_group.this_name_prefix[0].name, null)
}

output "security_group_arn" {
  value = try(aws_security_group.this[0].arn, aws_security_group.this_name_prefix[0].arn, null)
}

output "this_security_group_arn" {
  value = try(aws_security_group.this[0].arn, aws_security_group.this_name_prefix[0].arn, null)
}

output "security_group_owner_id" {
  value = try(aws_security_group.this[0].owner_id, aws_security_group.this_name_prefix[0].owner_id, null)
}

output "this_security_group_owner_id" {
  value = try(aws_security_group.this[0].owner_id, aws_security_group.this_name_prefix[0].owner_id, null)
}
