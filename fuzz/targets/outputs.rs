//! Hostile names and texts in a project with findings come out escaped in every format.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let quoted = serde_json::to_string(text).expect("text is JSON").replace("${", "$${").replace("%{", "%%{");
    let project = format!(
        r#"
variable "cidr" {{
  default     = "10.0.0.0/16"
  description = {quoted}
}}
resource "aws_vpc" "main" {{
  cidr_block         = var.cidr
  enable_dns_support = false
  tags               = {{ Name = {quoted} }}
}}
resource "aws_subnet" "private" {{
  for_each   = toset([{quoted}])
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.1.0/24"
}}
resource "aws_security_group" "ssh" {{
  name   = {quoted}
  vpc_id = aws_vpc.main.id
  ingress {{
    description = {quoted}
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }}
}}
resource "aws_instance" "app" {{
  for_each               = aws_subnet.private
  ami                    = {quoted}
  instance_type          = "t3.micro"
  subnet_id              = each.value.id
  vpc_security_group_ids = [aws_security_group.ssh.id]
}}
module "missing" {{
  source = {quoted}
}}
"#
    );
    let path = format!("{}.tf", text.replace(['/', '\0'], "-"));
    let files = [("main.tf".to_owned(), project.clone()), (path, "locals {\n  x = = 1\n}\n".to_owned())];
    ssmlint_fuzz::on_thread(|| {
        if let Some(report) = ssmlint_fuzz::check(&files) {
            ssmlint_fuzz::render(&report);
        }
    });
});
