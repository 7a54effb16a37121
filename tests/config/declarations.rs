//! Blocks and what Terraform rejects in them.

use ssmlint::addr::{self, ResourceMode};
use ssmlint::config::{IgnoreChanges, MissingReason};

use crate::support::load;

/// What is wrong with one file.
fn problems(text: &str) -> Vec<String> {
    load(&[("main.tf", text)]).problems()
}

fn resource(type_name: &str, name: &str) -> addr::Resource {
    addr::Resource { mode: ResourceMode::Managed, type_name: type_name.into(), name: name.into() }
}

#[test]
fn meta_arguments_are_taken_out_of_a_resource() {
    let loaded = load(&[(
        "main.tf",
        r#"
resource "aws_instance" "app" {
  count      = 2
  provider   = aws.east
  depends_on = [aws_vpc.main, module.x]
  ami        = "ami-1"
  lifecycle {
    ignore_changes = [ami, tags["Name"]]
    precondition {
      condition     = var.ok
      error_message = "no"
    }
  }
  root_block_device {}
  dynamic "ebs_block_device" {
    for_each = []
    content {}
  }
  provisioner "local-exec" {
    command = "true"
  }
}
provider "aws" {
  alias = "east"
}
variable "ok" {}
"#,
    )]);
    assert_eq!(loaded.problems(), [""; 0]);
    let module = &loaded.config.root.module;
    let found = &module.resources[&resource("aws_instance", "app")];
    assert!(found.count.is_some() && found.for_each.is_none());
    assert_eq!(found.provider.as_ref().unwrap().to_string(), "aws.east");
    assert_eq!(found.depends_on.len(), 2);
    assert_eq!(found.ignore_changes, IgnoreChanges::Some(vec!["ami".into(), "tags".into()]));
    assert_eq!((found.preconditions.len(), found.provisioners.len()), (1, 1));
    let names: Vec<&str> = found.body.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
    assert_eq!(names, ["ami"]);
    let blocks: Vec<&str> = found.body.blocks.iter().map(|block| block.block_type.as_str()).collect();
    assert_eq!(blocks, ["root_block_device", "dynamic"]);
    assert_eq!(loaded.text(found.decl_range), "resource \"aws_instance\" \"app\"");
}

#[test]
fn the_forms_before_terraform_0_12_are_read_where_terraform_reads_them() {
    let loaded = load(&[(
        "main.tf",
        r#"
resource "aws_instance" "app" {
  provider   = "aws.east"
  depends_on = ["aws_vpc.main"]
  lifecycle {
    ignore_changes = ["ami"]
  }
  provisioner "local-exec" {
    when       = "destroy"
    on_failure = "continue"
    command    = "${self.id}"
  }
}
resource "aws_vpc" "main" {
  tags = { Name = "${var.name}" }
}
variable "name" { default = "x" }
provider "aws" { alias = "east" }
"#,
    )]);
    assert_eq!(loaded.problems(), [""; 0]);
    let found = &loaded.config.root.module.resources[&resource("aws_instance", "app")];
    assert_eq!(found.provider.as_ref().unwrap().to_string(), "aws.east");
    assert_eq!(found.depends_on[0].root, "aws_vpc");
    assert_eq!(found.ignore_changes, IgnoreChanges::Some(vec!["ami".into()]));
}

#[test]
fn a_quoted_type_is_refused_and_still_understood() {
    let loaded = load(&[("main.tf", "variable \"a\" {\n  type = \"list\"\n}\n")]);
    assert_eq!(loaded.problems(), ["main.tf:2: Invalid quoted type constraints"]);
    assert!(loaded.config.root.module.variables["a"].type_expr.is_some());
}

#[test]
fn what_terraform_does_not_know_is_refused_where_it_stands() {
    assert_eq!(problems("foo {}\n"), ["main.tf:1: Unsupported block type"]);
    assert_eq!(problems("\nfoo = 1\n"), ["main.tf:2: Unsupported argument"]);
    assert_eq!(problems("variable \"a\" {\n  kind = 1\n}\n"), ["main.tf:2: Unsupported argument"]);
    assert_eq!(problems("variable \"a\" {\n  default {}\n}\n"), ["main.tf:2: Unsupported block type"]);
    assert_eq!(
        problems("resource \"a\" \"b\" {\n  lifecycle {\n    x = 1\n  }\n}\n"),
        ["main.tf:3: Unsupported argument"]
    );
    assert_eq!(problems("required_providers {}\n"), ["main.tf:1: Invalid required_providers block"]);
    assert_eq!(
        problems("module \"m\" {\n source = \"a/b/c\"\n lifecycle {}\n}\n"),
        ["main.tf:3: Reserved block type name in module block"]
    );
    assert_eq!(
        problems("provider \"aws\" {\n  count = 1\n}\n"),
        ["main.tf:2: Reserved argument name in provider block"]
    );
}

#[test]
fn labels_are_counted() {
    assert_eq!(problems("resource \"a\" {}\n"), ["main.tf:1: Missing name for resource"]);
    assert_eq!(problems("resource {}\n"), ["main.tf:1: Missing type for resource"]);
    assert_eq!(problems("variable \"a\" \"b\" {}\n"), ["main.tf:1: Extraneous label for variable"]);
    assert_eq!(problems("locals \"a\" {}\n"), ["main.tf:1: Extraneous label for locals"]);
}

#[test]
fn names_are_checked() {
    assert_eq!(problems("resource \"a\" \"1b\" {}\n"), ["main.tf:1: Invalid resource name"]);
    assert_eq!(problems("data \"a b\" \"c\" {}\n"), ["main.tf:1: Invalid data source name"]);
    assert_eq!(problems("variable \"a.b\" {}\n"), ["main.tf:1: Invalid variable name"]);
    assert_eq!(problems("variable \"depends_on\" {}\n"), ["main.tf:1: Invalid variable name"]);
    assert_eq!(problems("output \"a b\" {\n  value = 1\n}\n"), ["main.tf:1: Invalid output name"]);
    assert_eq!(problems("provider \"AWS\" {}\n"), ["main.tf:1: Invalid provider local name"]);
    assert_eq!(problems("provider \"a_b\" {}\n"), ["main.tf:1: Invalid provider local name"]);
}

#[test]
fn the_second_declaration_of_a_name_is_refused() {
    let twice = |block: &str| problems(&format!("{block}\n{block}\n"));
    assert_eq!(twice("resource \"a\" \"b\" {}"), ["main.tf:2: Duplicate resource \"a\" configuration"]);
    assert_eq!(twice("data \"a\" \"b\" {}"), ["main.tf:2: Duplicate data \"a\" configuration"]);
    assert_eq!(twice("ephemeral \"a\" \"b\" {}"), ["main.tf:2: Duplicate ephemeral \"a\" configuration"]);
    assert_eq!(twice("variable \"a\" {}"), ["main.tf:2: Duplicate variable declaration"]);
    assert_eq!(twice("output \"a\" { value = 1 }"), ["main.tf:2: Duplicate output definition"]);
    assert_eq!(twice("locals { a = 1 }"), ["main.tf:2: Duplicate local value definition"]);
    assert_eq!(twice("provider \"aws\" {}"), ["main.tf:2: Duplicate provider configuration"]);
    assert_eq!(twice("module \"m\" { source = \"a/b/c\" }"), ["main.tf:2: Duplicate module call"]);
    assert_eq!(
        problems("terraform {\n  required_providers {}\n  required_providers {}\n}\n"),
        ["main.tf:3: Duplicate required providers configuration"]
    );
    let import = "import {\n  id = \"x\"\n  to = a.b\n}\nresource \"a\" \"b\" {}\n";
    assert_eq!(
        problems(&format!("{import}import {{\n  id = \"y\"\n  to = a.b\n}}\n")),
        ["main.tf:8: Duplicate import configuration for \"a.b\""]
    );
}

#[test]
fn count_and_for_each_exclude_each_other() {
    let expected = ["main.tf:3: Invalid combination of \"count\" and \"for_each\""];
    assert_eq!(problems("resource \"a\" \"b\" {\n  count = 1\n  for_each = {}\n}\n"), expected);
    assert_eq!(problems("data \"a\" \"b\" {\n  count = 1\n  for_each = {}\n}\n"), expected);
}

#[test]
fn what_is_read_before_evaluation_is_constant() {
    assert_eq!(problems("variable \"a\" {\n  default = var.b\n}\n"), ["main.tf:2: Variables not allowed"]);
    assert_eq!(
        problems("variable \"a\" {\n  default = max(1, var.b)\n}\n"),
        ["main.tf:2: Function calls not allowed"]
    );
    assert_eq!(problems("variable \"a\" {\n  default = [for x in [1] : x]\n}\n"), [""; 0]);
    assert_eq!(
        problems("variable \"a\" {\n  sensitive = local.x\n}\n"),
        ["main.tf:2: Variables not allowed"]
    );
    assert_eq!(
        problems("resource \"a\" \"b\" {\n  lifecycle {\n    prevent_destroy = var.x\n  }\n}\n"),
        ["main.tf:3: Variables not allowed"]
    );
    let loaded = load(&[("main.tf", "module \"m\" {\n  source = \"./${var.x}\"\n}\nvariable \"x\" {}\n")]);
    assert_eq!(loaded.problems(), ["main.tf:2: Variables not allowed"]);
    assert_eq!(loaded.config.missing[0].reason, MissingReason::NotLiteral);
}

#[test]
fn required_arguments_are_required() {
    assert_eq!(problems("output \"a\" {}\n"), ["main.tf:1: Missing required argument"]);
    assert_eq!(problems("module \"a\" {}\n")[0], "main.tf:1: Missing required argument");
    assert_eq!(problems("moved {\n  from = a.b\n}\n"), ["main.tf:1: Missing required argument"]);
    assert_eq!(problems("import {\n  id = \"a\"\n}\n"), ["main.tf:1: Missing required argument"]);
    assert_eq!(problems("check \"a\" {}\n"), ["main.tf:1: Zero assert blocks"]);
}

#[test]
fn conditions_refer_to_what_they_check() {
    let validation = |condition: &str| {
        problems(&format!(
            "variable \"a\" {{\n  validation {{\n    condition     = {condition}\n    error_message = \"no\"\n  }}\n}}\nvariable \"b\" {{}}\n"
        ))
    };
    assert_eq!(validation("var.a > 1"), [""; 0]);
    assert_eq!(validation("alltrue([for x in var.a : x > var.b])"), [""; 0]);
    assert_eq!(validation("var.b > 1"), ["main.tf:3: Invalid variable validation condition"]);
    assert_eq!(
        validation("true"),
        ["main.tf:3: Invalid validation expression", "main.tf:3: Invalid variable validation condition"]
    );
    let own = "resource \"a\" \"b\" {\n  lifecycle {\n    postcondition {\n      condition     = a.b.c == 1\n      error_message = \"no\"\n    }\n  }\n}\n";
    assert_eq!(problems(own), ["main.tf:4: Invalid reference in postcondition"]);
}

#[test]
fn a_null_default_needs_a_nullable_variable() {
    assert_eq!(
        problems("variable \"a\" {\n  default  = null\n  nullable = false\n}\n"),
        ["main.tf:2: Invalid default value for variable"]
    );
    assert_eq!(problems("variable \"a\" {\n  default = null\n}\n"), [""; 0]);
}

#[test]
fn lifecycle_arguments_are_for_managed_resources() {
    assert_eq!(
        problems("data \"a\" \"b\" {\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n"),
        ["main.tf:3: Invalid data resource lifecycle argument"]
    );
    assert_eq!(
        problems("resource \"a\" \"b\" {\n  lifecycle {}\n  lifecycle {}\n}\n"),
        ["main.tf:3: Duplicate lifecycle block"]
    );
    let replace = |list: &str| {
        problems(&format!(
            "resource \"a\" \"b\" {{\n  lifecycle {{\n    replace_triggered_by = {list}\n  }}\n}}\n"
        ))
    };
    assert_eq!(replace("[a.c, a.d[count.index].id]"), [""; 0]);
    assert_eq!(replace("[var.x]"), ["main.tf:3: Invalid reference in replace_triggered_by expression"]);
    assert_eq!(replace("[\"a\"]"), ["main.tf:3: Invalid replace_triggered_by expression"]);
}

#[test]
fn provisioners_at_destroy_time_refer_to_their_own_resource() {
    let provisioner = |command: &str| {
        problems(&format!(
            "resource \"a\" \"b\" {{\n  provisioner \"local-exec\" {{\n    when    = destroy\n    command = {command}\n  }}\n}}\n"
        ))
    };
    assert_eq!(provisioner("self.id"), [""; 0]);
    assert_eq!(provisioner("each.key"), [""; 0]);
    assert_eq!(provisioner("each.value"), ["main.tf:4: Invalid reference from destroy provisioner"]);
    assert_eq!(provisioner("a.c.id"), ["main.tf:4: Invalid reference from destroy provisioner"]);
}

#[test]
fn required_version_is_checked_against_the_version_that_is_modelled() {
    let version =
        |constraint: &str| problems(&format!("terraform {{\n  required_version = \"{constraint}\"\n}}\n"));
    assert_eq!(version(">= 1.3, < 2.0"), [""; 0]);
    assert_eq!(version("~> 0.12"), ["main.tf:2: Unsupported Terraform Core version"]);
    assert_eq!(version("newest"), ["main.tf:2: Invalid version constraint"]);
}

#[test]
fn required_providers_are_read_in_both_forms() {
    let loaded = load(&[(
        "main.tf",
        "terraform {\n  required_providers {\n    aws = {\n      source  = \"hashicorp/aws\"\n      version = \"~> 5.0\"\n      configuration_aliases = [aws.east]\n    }\n    random = \"~> 3.0\"\n  }\n}\n",
    )]);
    assert_eq!(loaded.problems(), [""; 0]);
    let required = &loaded.config.root.module.required_providers;
    assert_eq!(required["aws"].source.as_deref(), Some("hashicorp/aws"));
    assert_eq!(required["aws"].aliases[0].to_string(), "aws.east");
    assert_eq!(required["random"].version.as_deref(), Some("~> 3.0"));
    assert_eq!(
        problems("terraform {\n  required_providers {\n    aws = {\n      sources = \"x\"\n    }\n  }\n}\n"),
        ["main.tf:4: Invalid required_providers object"]
    );
}

#[test]
fn module_sources_that_look_like_paths_need_their_dot() {
    let source = |source: &str| problems(&format!("module \"m\" {{\n  source = \"{source}\"\n}}\n"));
    assert_eq!(source("modules/vpc"), ["main.tf:2: Invalid module source address"]);
    assert_eq!(source("terraform-aws-modules/vpc/aws"), [""; 0]);
    assert_eq!(source("github.com/org/repo//sub"), [""; 0]);
    assert_eq!(source("git@github.com:org/repo.git"), [""; 0]);
    assert_eq!(problems("module \"m\" {\n  source  = \"./m\"\n  version = \"1.0\"\n}\n")[0], {
        "main.tf:2: Invalid registry module source address"
    });
}

#[test]
fn moved_and_removed_name_what_is_gone() {
    assert_eq!(
        problems("moved {\n  from = a.b\n  to   = a.c\n}\nresource \"a\" \"b\" {}\n"),
        ["main.tf:1: Moved object still exists"]
    );
    assert_eq!(problems("moved {\n  from = a.b\n  to   = a.b[0]\n}\nresource \"a\" \"b\" {}\n"), [""; 0]);
    assert_eq!(
        problems("moved {\n  from = a.b\n  to   = module.c\n}\n"),
        ["main.tf:1: Invalid \"moved\" addresses"]
    );
    assert_eq!(
        problems("removed {\n  from = a.b\n}\nresource \"a\" \"b\" {}\n"),
        ["main.tf:4: Removed resource still exists"]
    );
    assert_eq!(
        problems("removed {\n  from = a.b[0]\n}\n"),
        ["main.tf:2: Resource instance keys not allowed"]
    );
    assert_eq!(
        problems("import {\n  id = \"x\"\n  to = a.b\n}\n"),
        ["main.tf:3: Configuration for import target does not exist"]
    );
    assert_eq!(
        problems(
            "import {\n  for_each = {}\n  id = each.key\n  to = a.b[each.key]\n}\nresource \"a\" \"b\" {}\n"
        ),
        [""; 0]
    );
}

#[test]
fn everything_else_is_decoded_beside_what_is_wrong() {
    let loaded = load(&[
        ("a.tf", "resource \"a\" {}\nresource \"a\" \"b\" {}\nlocals { x = 1 }\n"),
        ("b.tf", "variable \"v\" {\n  nope = 1\n  default = 2\n}\n"),
    ]);
    assert_eq!(loaded.problems().len(), 2);
    let module = &loaded.config.root.module;
    assert!(module.resources.contains_key(&resource("a", "b")));
    assert!(module.locals.contains_key("x") && module.variables["v"].default.is_some());
    assert!(!module.incomplete);
}

#[test]
fn json_syntax_declares_the_same_as_native_syntax() {
    let loaded = load(&[
        (
            "main.tf.json",
            r#"{
  "//": "a comment",
  "terraform": {"required_version": ">= 1.0", "required_providers": {
    "aws": {"source": "hashicorp/aws", "configuration_aliases": ["aws.east"]}}},
  "variable": {"v": {"type": "list(string)", "default": ["${not_a_template}"], "sensitive": true}},
  "locals": [{"a": 1}, {"b": "${local.a}"}],
  "resource": {"aws_instance": {"app": {
    "count": 2,
    "provider": "aws.east",
    "depends_on": ["aws_vpc.main"],
    "ami": "ami-1",
    "lifecycle": {"ignore_changes": ["ami"], "precondition": {"condition": "${local.a == 1}", "error_message": "no"}}
  }}},
  "module": {"m": {"source": "./m", "providers": {"aws.east": "aws.east"}, "x": 1}},
  "moved": {"from": "aws_vpc.old", "to": "aws_vpc.main"},
  "output": {"o": {"value": "${local.b}"}, "p": {}}
}"#,
        ),
        (
            "m/main.tf",
            "variable \"x\" {}\nterraform {\n  required_providers {\n    aws = {\n      source = \"hashicorp/aws\"\n      configuration_aliases = [aws.east]\n    }\n  }\n}\n",
        ),
    ]);
    assert_eq!(loaded.problems(), ["main.tf.json:16: Missing required argument"]);
    let module = &loaded.config.root.module;
    let found = &module.resources[&resource("aws_instance", "app")];
    assert_eq!(found.provider.as_ref().unwrap().to_string(), "aws.east");
    assert_eq!((found.depends_on.len(), found.preconditions.len()), (1, 1));
    assert_eq!(found.ignore_changes, IgnoreChanges::Some(vec!["ami".into()]));
    assert_eq!(found.body.attributes.len(), 1);
    assert_eq!(module.required_providers["aws"].aliases[0].to_string(), "aws.east");
    assert_eq!(module.module_calls["m"].providers.len(), 1);
    assert!(module.variables["v"].sensitive && module.locals.len() == 2);
    assert_eq!(module.refactorings.len(), 1);
}
