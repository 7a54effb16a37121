//! An expression is evaluated in the scope of a small module, with known and unknown values around it.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use ssmlint::lint::dump::Secrets;
use ssmlint::lint::{Context, Session};
use ssmlint::source::fs::Memory;

const SCOPE: &str = r#"
variable "u" {}
variable "s" { default = "a-b-c" }
variable "l" { default = [1, "two", null] }
variable "m" { default = { a = 1, b = { c = true } } }
variable "secret" {
  default   = "x"
  sensitive = true
}
locals {
  known   = { for k, v in var.m : k => v }
  unknown = [for i in range(3) : "${var.u}-${i}"]
}
resource "terraform_data" "t" { for_each = toset(["a", "b"]) }
"#;

fuzz_target!(|text: &str| {
    let mut memory = Memory::new();
    memory.add("/project/main.tf", SCOPE);
    ssmlint_fuzz::on_thread(|| {
        let session =
            Session::open(Path::new("/project"), &Context::default(), &memory).expect("the scope is valid");
        session.evaluate(&[text.to_owned()], Secrets::Hide);
    });
});
