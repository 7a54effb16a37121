//! Override files, and which files are read at all.

use ssmlint::addr::{self, ResourceMode};
use ssmlint::config::Resource;
use ssmlint::syntax::ast::ExprKind;

use crate::support::{Loaded, load};

fn instance(loaded: &Loaded) -> &Resource {
    let addr =
        addr::Resource { mode: ResourceMode::Managed, type_name: "aws_instance".into(), name: "a".into() };
    &loaded.config.root.module.resources[&addr]
}

fn argument(loaded: &Loaded, name: &str) -> String {
    loaded.text(instance(loaded).body.attribute(name).unwrap().expr.span)
}

#[test]
fn arguments_and_all_blocks_of_a_type_are_replaced() {
    let loaded = load(&[
        (
            "main.tf",
            "resource \"aws_instance\" \"a\" {\n  ami = 1\n  tags = 2\n  disk { x = 1 }\n  disk { x = 2 }\n  dynamic \"net\" {\n    for_each = []\n    content {}\n  }\n  other {}\n}\n",
        ),
        ("x_override.tf", "resource \"aws_instance\" \"a\" {\n  ami = 10\n  disk { x = 3 }\n  net {}\n}\n"),
    ]);
    assert_eq!(loaded.problems(), [""; 0]);
    assert_eq!((argument(&loaded, "ami"), argument(&loaded, "tags")), ("10".to_owned(), "2".to_owned()));
    let blocks: Vec<String> = instance(&loaded).body.blocks.iter().map(|b| loaded.text(b.span)).collect();
    assert_eq!(blocks, ["other {}", "disk { x = 3 }", "net {}"]);
}

#[test]
fn meta_arguments_are_replaced_one_by_one() {
    let loaded = load(&[
        (
            "main.tf",
            "resource \"aws_instance\" \"a\" {\n  count = 1\n  provider = aws.x\n  lifecycle {\n    ignore_changes = [ami]\n    prevent_destroy = true\n  }\n  provisioner \"local-exec\" {\n    command = 1\n  }\n}\nprovider \"aws\" { alias = \"x\" }\nprovider \"aws\" { alias = \"y\" }\n",
        ),
        (
            "override.tf",
            "resource \"aws_instance\" \"a\" {\n  provider = aws.y\n  lifecycle {\n    ignore_changes = all\n  }\n}\n",
        ),
    ]);
    assert_eq!(loaded.problems(), [""; 0]);
    let found = instance(&loaded);
    assert!(found.count.is_some());
    assert_eq!(found.provider.as_ref().unwrap().to_string(), "aws.y");
    assert_eq!(found.ignore_changes, ssmlint::config::IgnoreChanges::All);
    assert_eq!(found.provisioners.len(), 1);
}

#[test]
fn variables_locals_outputs_and_calls_are_merged() {
    let loaded = load(&[
        (
            "main.tf",
            "variable \"v\" {\n  type = string\n  default = \"a\"\n  sensitive = true\n}\nlocals {\n  x = 1\n  y = 2\n}\noutput \"o\" {\n  value = 1\n  sensitive = true\n}\nmodule \"m\" {\n  source = \"./m\"\n  a = 1\n}\n",
        ),
        (
            "override.tf",
            "variable \"v\" {\n  default = \"b\"\n}\nlocals {\n  x = 10\n}\noutput \"o\" {\n  value = 2\n}\nmodule \"m\" {\n  a = 3\n}\n",
        ),
        ("m/main.tf", "variable \"a\" {}\n"),
    ]);
    assert_eq!(loaded.problems(), [""; 0]);
    let module = &loaded.config.root.module;
    let variable = &module.variables["v"];
    assert!(variable.sensitive && variable.type_expr.is_some());
    assert!(matches!(&variable.default.as_ref().unwrap().kind, ExprKind::String(text) if text == "b"));
    assert_eq!(loaded.text(module.locals["x"].expr.span), "10");
    assert_eq!(loaded.text(module.locals["y"].expr.span), "2");
    assert!(module.outputs["o"].sensitive);
    assert_eq!(loaded.text(module.outputs["o"].expr.as_ref().unwrap().span), "2");
    assert_eq!(loaded.text(module.module_calls["m"].arguments.attribute("a").unwrap().expr.span), "3");
}

#[test]
fn override_files_apply_in_the_order_of_their_names() {
    let loaded = load(&[
        ("z.tf", "resource \"aws_instance\" \"a\" {\n  ami = 1\n}\n"),
        ("b_override.tf", "resource \"aws_instance\" \"a\" {\n  ami = 3\n}\n"),
        ("a_override.tf", "resource \"aws_instance\" \"a\" {\n  ami = 2\n}\n"),
    ]);
    assert_eq!(argument(&loaded, "ami"), "3");
}

#[test]
fn there_must_be_something_to_override() {
    let loaded = load(&[
        ("main.tf", "provider \"aws\" {}\n"),
        (
            "override.tf",
            "variable \"v\" {}\nlocals { x = 1 }\noutput \"o\" {}\nmodule \"m\" {}\nresource \"a\" \"b\" {}\ndata \"a\" \"b\" {}\nprovider \"aws\" { alias = \"x\" }\nprovider \"random\" {}\nmoved {\n  from = a.b\n  to = a.c\n}\ncheck \"c\" {}\n",
        ),
    ]);
    assert_eq!(
        loaded.problems(),
        [
            "override.tf:1: Missing base variable declaration to override",
            "override.tf:2: Missing base local value definition to override",
            "override.tf:3: Missing base output definition to override",
            "override.tf:4: Missing module call to override",
            "override.tf:5: Missing resource to override",
            "override.tf:6: Missing data resource to override",
            "override.tf:7: Missing base provider configuration for override",
            "override.tf:9: Cannot override 'moved' blocks",
            "override.tf:13: Can't override check blocks",
        ]
    );
}

#[test]
fn depends_on_and_conditions_cannot_be_overridden() {
    let loaded = load(&[
        ("main.tf", "resource \"a\" \"b\" {}\n"),
        (
            "override.tf",
            "resource \"a\" \"b\" {\n  depends_on = [a.c]\n  lifecycle {\n    precondition {}\n  }\n}\n",
        ),
    ]);
    assert_eq!(
        loaded.problems(),
        ["override.tf:4: Can't override precondition blocks", "override.tf:2: Unsupported override"]
    );
}

#[test]
fn a_tofu_file_wins_over_its_namesake() {
    let loaded = load(&[
        ("a.tf", "locals { from = \"tf\" }\n"),
        ("a.tofu", "locals { from = \"tofu\" }\n"),
        ("b.tofu", "locals { b = 1 }\n"),
        ("c.tf", "locals { c = 1 }\n"),
        ("x_override.tf", "locals { c = 2 }\n"),
        ("x_override.tofu", "locals { c = 3 }\n"),
    ]);
    assert_eq!(loaded.problems(), [""; 0]);
    let module = &loaded.config.root.module;
    assert_eq!(loaded.text(module.locals["from"].expr.span), "\"tofu\"");
    assert_eq!(loaded.text(module.locals["c"].expr.span), "3");
    assert_eq!(module.locals.len(), 3);
}

#[test]
fn files_that_terraform_ignores_are_not_read() {
    let wrong = "this is no Terraform {{{";
    let loaded = load(&[
        ("main.tf", "locals { a = 1 }\n"),
        (".hidden.tf", wrong),
        ("main.tf~", wrong),
        ("#main.tf#", wrong),
        ("x.tftest.hcl", wrong),
        ("x.tfmock.hcl", wrong),
        ("main.tf.bak", wrong),
        ("notes.json", wrong),
        ("dir.tf/x.txt", wrong),
    ]);
    assert_eq!(loaded.problems(), [""; 0]);
    assert_eq!(loaded.config.files.len(), 1);
}

#[test]
fn json_files_override_native_ones_and_the_other_way_round() {
    let loaded = load(&[
        ("main.tf", "resource \"aws_instance\" \"a\" {\n  ami = 1\n  disk { x = 1 }\n  disk { x = 2 }\n}\n"),
        (
            "override.tf.json",
            r#"{"resource": {"aws_instance": {"a": {"ami": 2, "disk": [{"x": 3}], "lifecycle": {"ignore_changes": "all"}}}}}"#,
        ),
        ("z_override.tf", "resource \"aws_instance\" \"a\" {\n  ami = 4\n}\n"),
    ]);
    assert_eq!(loaded.problems(), [""; 0]);
    assert_eq!(argument(&loaded, "ami"), "4");
    assert_eq!(argument(&loaded, "disk"), "[{\"x\": 3}]");
    assert!(instance(&loaded).body.blocks.is_empty());
    assert_eq!(instance(&loaded).ignore_changes, ssmlint::config::IgnoreChanges::All);
}
