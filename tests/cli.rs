//! The program as a user calls it: exit codes, streams, and sentences that help.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value as Json;

/// A directory of one test, empty at its start.
fn directory(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    dir
}

fn write(dir: &Path, path: &str, text: &str) {
    let path = dir.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn command(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssmlint"));
    command.current_dir(dir).stdin(Stdio::null());
    for (name, _) in std::env::vars() {
        let ours = ["TF_", "GITHUB_", "CI_", "SSMLINT_"];
        if ours.iter().any(|prefix| name.starts_with(prefix)) || name.contains("COLOR") {
            command.env_remove(name);
        }
    }
    command
}

fn run(dir: &Path, arguments: &[&str]) -> Output {
    command(dir).args(arguments).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(output: &Output) -> Json {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stdout(output)))
}

/// A security group that SSM006 reports, whatever else is there.
const SSH_OPEN: &str = r#"
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_security_group" "ssh" {
  vpc_id = aws_vpc.main.id

  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
"#;

#[test]
fn clean_code_exits_with_0_and_states_coverage() {
    let dir = directory("clean");
    write(&dir, "main.tf", "resource \"aws_vpc\" \"main\" {\n  cidr_block = \"10.0.0.0/16\"\n}\n");
    let output = run(&dir, &["."]);
    assert_eq!(code(&output), 0, "{}", stdout(&output));
    assert!(
        stdout(&output).starts_with("no findings · 0 instances in 1 root (1 file) · "),
        "{}",
        stdout(&output)
    );
    assert_eq!(stderr(&output), "");
    assert_eq!(stdout(&run(&dir, &["check", "."])).split(" · ").next(), Some("no findings"));
}

#[test]
fn code_for_another_terraform_is_no_error() {
    let dir = directory("version");
    write(&dir, "main.tf", "terraform {\n  required_version = \">= 1.14\"\n}\n");
    let output = run(&dir, &["."]);
    assert!(stdout(&output).starts_with("no findings · "), "{}", stdout(&output));
    write(&dir, "main.tf", "terraform {\n  required_version = \"newest\"\n}\n");
    assert!(stdout(&run(&dir, &["."])).contains("Invalid version constraint"));
}

#[test]
fn a_target_of_which_nothing_is_known_is_never_passed_over() {
    let dir = directory("open");
    let stack = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/faults/plain/main.tf");
    let found = "subnet_id                   = data.aws_subnets.found.ids[0]";
    let text = fs::read_to_string(stack)
        .unwrap()
        .replace("subnet_id                   = aws_subnet.private.id", found);
    let looked_up = "data \"aws_subnets\" \"found\" {\n  filter {\n    name   = \"vpc-id\"\n    values = [aws_vpc.lab.id]\n  }\n}\n";
    let acl = "resource \"aws_network_acl\" \"shut\" {\n  vpc_id = aws_vpc.lab.id\n}\n";
    write(&dir, "main.tf", &format!("{text}{looked_up}{acl}"));
    let output = run(&dir, &["check", "--isolated", "."]);
    let why =
        "aws_instance.lab is UNKNOWN because the network ACL of data.aws_subnets.found.ids[0] is not known";
    assert!(stdout(&output).contains(why), "{}", stdout(&output));
}

#[test]
fn a_public_address_is_needless_only_where_another_way_leads() {
    let dir = directory("public");
    let stack = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/faults").join(name).join("main.tf");
        fs::read_to_string(path).unwrap()
    };
    let told = |text: &str| {
        write(&dir, "main.tf", text);
        stdout(&run(&dir, &["check", "--isolated", "--format", "concise", "."]))
    };
    let endpoints =
        stack("plain").replace("associate_public_ip_address = false", "associate_public_ip_address = true");
    assert!(told(&endpoints).contains("gets a public address, which Session Manager does not need"));
    let asks = "subnet_id = aws_subnet.public.id\n  associate_public_ip_address = true";
    let only_way = stack("nat").replace("subnet_id              = aws_subnet.private.id", asks);
    let named = only_way.replace(asks, &format!("{asks}\n  tags = {{ Name = \"bastion\" }}"));
    for text in [only_way, named] {
        let told = told(&text);
        assert!(told.contains("gets a public address, its only way to Session Manager"), "{told}");
    }
}

#[test]
fn installed_modules_are_found_below_the_directory_that_is_walked() {
    let dir = directory("installed");
    let manifest =
        r#"{ "Modules": [{ "Key": "", "Dir": "." }, { "Key": "x", "Dir": ".terraform/modules/x" }] }"#;
    for root in ["one", "deeper/two"] {
        write(&dir, &format!("{root}/main.tf"), "module \"x\" {\n  source = \"acme/x/aws\"\n}\n");
        write(&dir, &format!("{root}/.terraform/modules/modules.json"), manifest);
        write(&dir, &format!("{root}/.terraform/modules/x/main.tf"), SSH_OPEN);
    }
    for path in [".", "one", "deeper", "deeper/two/main.tf"] {
        let output = run(&dir, &[path, "--format", "json"]);
        let report = json(&output);
        assert_eq!(report["summary"]["modules_missing"], 0, "{path}: {report}");
        assert_eq!(report["findings"][0]["code"], "SSM006", "{path}: {report}");
    }
}

#[test]
fn a_missing_path_exits_with_2_and_says_so() {
    let dir = directory("missing");
    let output = run(&dir, &["nowhere"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("nowhere"), "{}", stderr(&output));
    assert!(stderr(&output).contains("help:"), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
}

#[test]
fn an_empty_directory_exits_with_2_unless_allowed() {
    let dir = directory("empty");
    write(&dir, "README.md", "nothing here\n");
    let output = run(&dir, &[]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("no Terraform files"), "{}", stderr(&output));
    let output = run(&dir, &["--allow-empty"]);
    assert_eq!(code(&output), 0);
    assert!(stdout(&output).contains("0 roots"), "{}", stdout(&output));
    let sarif = json(&run(&dir, &["--allow-empty", "--format", "sarif"]));
    assert_eq!(sarif["runs"][0]["results"], serde_json::json!([]));
}

#[test]
fn a_file_that_does_not_parse_is_named_and_the_rest_is_checked() {
    let dir = directory("unparsable");
    write(&dir, "broken/main.tf", "resource \"aws_vpc\" \"x\" {\n  cidr_block = = 1\n}\n");
    write(&dir, "other/main.tf", SSH_OPEN);
    let output = run(&dir, &["."]);
    assert_eq!(code(&output), 2, "{}", stdout(&output));
    assert!(stdout(&output).contains("broken/main.tf:2:"), "{}", stdout(&output));
    assert!(stdout(&output).contains("SSM006"), "{}", stdout(&output));
    assert_eq!(code(&run(&dir, &[".", "--exit-zero"])), 2, "not done outranks --exit-zero");

    let report = json(&run(&dir, &[".", "--format", "json"]));
    assert_eq!(report["diagnostics"][0]["kind"], "unreadable");
    assert_eq!(report["diagnostics"][0]["location"]["file"], "broken/main.tf");
    assert_eq!(report["diagnostics"][0]["location"]["line"], 2);
    let codes: Vec<&Json> = report["findings"].as_array().unwrap().iter().map(|f| &f["code"]).collect();
    assert_eq!(codes, ["SSM006"]);
}

#[test]
fn findings_exit_with_1_as_far_as_fail_on_reaches() {
    let dir = directory("findings");
    write(&dir, "infra/main.tf", SSH_OPEN);
    for format in ["pretty", "concise", "json", "sarif", "github"] {
        let output = run(&dir, &["infra", "--format", format]);
        assert_eq!(code(&output), 1, "{format}: {}", stdout(&output));
    }
    assert_eq!(code(&run(&dir, &["infra", "--exit-zero"])), 0);
    let report = json(&run(&dir, &["infra", "--format", "json"]));
    let finding = &report["findings"][0];
    assert_eq!(finding["code"], "SSM006");
    assert_eq!(finding["location"]["file"], "infra/main.tf");
    assert_eq!(finding["root"], "infra");
    let absolute = dir.join("infra");
    let report = json(&run(&dir, &[absolute.to_str().unwrap(), "--format", "json"]));
    assert_eq!(report["findings"][0]["location"]["file"], "infra/main.tf");
    if finding["severity"] == "warning" {
        assert_eq!(code(&run(&dir, &["infra", "--fail-on", "error"])), 0);
    }
}

#[test]
fn an_argument_has_to_fit_one_of_the_roots() {
    let dir = directory("misfits");
    write(&dir, "a/main.tf", "variable \"n\" {}\n");
    write(&dir, "b/main.tf", "locals {}\n");
    let diagnostics = |name: &str| {
        let report = json(&run(&dir, &[".", "--var", name, "--format", "json"]));
        report["diagnostics"].as_array().unwrap().len()
    };
    assert_eq!(diagnostics("n=1"), 0);
    assert_eq!(diagnostics("nn=1"), 1);
}

#[test]
fn several_formats_go_to_files_and_to_the_output() {
    let dir = directory("formats");
    write(&dir, "main.tf", SSH_OPEN);
    write(&dir, "out/report.json", "the old text, which is longer than nothing\n");
    let output = run(
        &dir,
        &[".", "--format", "concise", "--format", "json=out/report.json", "--format", "sarif=a=b.sarif"],
    );
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    assert!(stdout(&output).starts_with("main.tf:"), "{}", stdout(&output));
    let report: Json =
        serde_json::from_str(&fs::read_to_string(dir.join("out/report.json")).unwrap()).unwrap();
    assert_eq!(report["schema"], "ssmlint/1");
    assert!(dir.join("a=b.sarif").is_file());
    let names: Vec<_> =
        fs::read_dir(dir.join("out")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["report.json"], "nothing temporary is left");

    let output = run(&dir, &[".", "--format", "json=no/such/dir.json"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("dir.json"), "{}", stderr(&output));
    assert_eq!(code(&run(&dir, &[".", "--format", "json", "--format", "pretty"])), 2);
    assert_eq!(code(&run(&dir, &[".", "--format", "yaml"])), 2);
}

#[test]
fn the_output_is_the_same_twice() {
    let dir = directory("twice");
    for root in ["c", "a", "b/d"] {
        write(&dir, &format!("{root}/main.tf"), SSH_OPEN);
    }
    let without_time = || {
        let mut report = json(&run(&dir, &[".", "--format", "json"]));
        report["summary"]["duration_ms"] = Json::Null;
        report
    };
    let first = without_time();
    let files: Vec<&str> = first["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["location"]["file"].as_str().unwrap())
        .collect();
    assert_eq!(files, ["a/main.tf", "b/d/main.tf", "c/main.tf"]);
    for _ in 0..5 {
        assert_eq!(first, without_time());
    }
}

#[test]
fn nobody_reading_on_is_no_error() {
    let dir = directory("pipe");
    // More than a pipe holds.
    for root in 0..200 {
        write(&dir, &format!("root{root}/main.tf"), SSH_OPEN);
    }
    let mut child = command(&dir)
        .args([".", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut start = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut start).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let dir = directory("color");
    write(&dir, "main.tf", SSH_OPEN);
    let has_color = |command: &mut Command| stdout(&command.arg(".").output().unwrap()).contains("\u{1b}[");
    assert!(!has_color(&mut command(&dir)));
    assert!(has_color(command(&dir).env("FORCE_COLOR", "1")));
    assert!(has_color(command(&dir).env("CLICOLOR_FORCE", "1")));
    assert!(!has_color(command(&dir).env("FORCE_COLOR", "1").env("NO_COLOR", "1")));
    assert!(has_color(command(&dir).args(["--color", "always"]).env("NO_COLOR", "1")));
    assert!(!has_color(command(&dir).args(["--color", "never"]).env("FORCE_COLOR", "1")));
}

#[test]
fn bad_arguments_exit_with_2() {
    let dir = directory("arguments");
    assert_eq!(code(&run(&dir, &["--no-such-flag"])), 2);
    assert_eq!(code(&run(&dir, &[".", "--var", "novalue"])), 2);
    let output = run(&dir, &["explain", "SSM999"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("ssmlint rules"), "{}", stderr(&output));
    let output = run(&dir, &["--help"]);
    assert_eq!(code(&output), 0);
    assert!(stdout(&output).contains("Examples:"));
    assert!(stdout(&run(&dir, &["--version"])).starts_with("ssmlint "));
}

#[test]
fn rules_are_listed_and_explained() {
    let dir = directory("rules");
    let list = stdout(&run(&dir, &["rules"]));
    assert!(list.lines().count() >= 6, "{list}");
    let first = list.lines().next().unwrap();
    assert!(first.starts_with("SSM001  error    endpoint-private-dns-disabled"), "{first}");
    for name in ["SSM001", "ssm001", "endpoint-private-dns-disabled"] {
        let output = run(&dir, &["explain", name]);
        assert_eq!(code(&output), 0);
        assert!(stdout(&output).contains("## What it does"), "{}", stdout(&output));
    }
}

#[test]
fn inspect_shows_instances_outputs_and_gaps() {
    let dir = directory("inspect");
    write(
        &dir,
        "main.tf",
        r#"
variable "secret" {
  default   = "hunter2"
  sensitive = true
}
variable "names" {
  default = ["a"]
}
resource "aws_subnet" "s" {
  for_each   = toset(var.names)
  cidr_block = "10.0.0.0/24"
  tags       = { Name = each.key, Secret = var.secret }
}
module "gone" {
  source  = "example/vpc/aws"
  version = "5.0.0"
}
module "role" {
  source  = "terraform-aws-modules/iam/aws//modules/iam-role"
  version = "6.0.0"
  create  = false
}
output "count" {
  value = length(var.names)
}
output "id" {
  value = [aws_subnet.s["a"].id, "known"]
}
output "secret" {
  value     = var.secret
  sensitive = true
}
"#,
    );
    let output = run(&dir, &["inspect", ".", "--format", "json"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let found = json(&output);
    assert_eq!(
        found["outputs"]["count"],
        serde_json::json!({"type": "number", "value": 1, "sensitive": false})
    );
    assert_eq!(found["outputs"]["id"]["value"], serde_json::json!([null, "known"]));
    assert_eq!(found["outputs"]["id"]["unknown"], serde_json::json!([true, false]));
    assert_eq!(found["outputs"]["secret"]["sensitive"], true);
    let subnet = &found["instances"][0];
    assert_eq!(subnet["address"], "aws_subnet.s[\"a\"]");
    assert_eq!(subnet["index"], "a");
    assert_eq!(subnet["exists"], true);
    assert_eq!(subnet["values"]["tags"]["Name"], "a");
    assert_eq!(subnet["location"]["line"], 9);
    assert_eq!(found["gaps"][0]["kind"], "module_unavailable");
    assert_eq!(found["modules_summarized"][0]["address"], "module.role");
    assert_eq!(found["modules_summarized"][0]["version"], "6");
    for format in ["json", "text"] {
        let output = run(&dir, &["inspect", ".", "--format", format]);
        assert!(!stdout(&output).contains("hunter2"), "{}", stdout(&output));
    }
    let shown = json(&run(&dir, &["inspect", ".", "--format", "json", "--show-sensitive"]));
    assert_eq!(shown["outputs"]["secret"]["value"], "hunter2");
}

#[test]
fn inspect_wants_one_root() {
    let dir = directory("inspect-several");
    write(&dir, "a/main.tf", SSH_OPEN);
    write(&dir, "b/main.tf", SSH_OPEN);
    let output = run(&dir, &["inspect", "."]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("a, b"), "{}", stderr(&output));
    assert_eq!(code(&run(&dir, &["inspect", "b"])), 0);
}

#[test]
fn eval_answers_every_line() {
    let dir = directory("eval");
    write(&dir, "main.tf", "variable \"n\" {\n  type = number\n}\n");
    let mut child = command(&dir)
        .args(["eval", "--format", "json", "--var", "n=2"])
        .env("TF_VAR_n", "7")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = "var.n * 12345678901234567890\n1 +\n\n[var.n, timestamp()]\nsensitive(\"x\")\n";
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 1);
    let text = stdout(&output);
    let records: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(records.len(), 5);
    assert_eq!(records[0]["value"].to_string(), "24691357802469135780");
    assert_eq!(records[0]["type"], "number");
    assert_eq!(records[1]["ok"], false);
    assert!(records[1]["error"].as_str().unwrap().contains(": "), "{}", records[1]);
    assert_eq!(records[2]["ok"], false);
    assert_eq!(records[3]["known"], false);
    assert_eq!(records[3]["unknown"], serde_json::json!([false, true]));
    assert!(records[3]["causes"][0].as_str().unwrap().contains("timestamp"));
    assert_eq!(records[4]["sensitive"], true);
    // Nothing in the module is secret: the expression says so of its own text.
    assert_eq!(records[4]["value"], "x");

    let here = dir.to_str().unwrap();
    let output = run(&dir, &["eval", "--dir", here, "var.n + 1", "--var", "n=2"]);
    assert_eq!((code(&output), stdout(&output)), (0, "3\n".to_owned()));
    let output = run(&dir, &["eval", "sensitive(1)"]);
    assert_eq!(stdout(&output), "(sensitive value)\n");
    write(&dir, "secret.tf", "variable \"s\" {\n  default   = \"hidden\"\n  sensitive = true\n}\n");
    let output = run(&dir, &["eval", "--format", "json", "upper(var.s)"]);
    assert_eq!(json(&output)["value"], Json::Null);
    assert!(!stdout(&output).to_lowercase().contains("hidden"));
    let output = run(&dir, &["eval", "cidrhost(var.s, 1)"]);
    assert_eq!(code(&output), 1);
    assert!(!(stdout(&output) + &stderr(&output)).contains("hidden"), "{output:?}");
}

#[test]
fn an_expression_needs_no_terraform_files() {
    let dir = directory("eval-nowhere");
    let output = run(&dir, &["eval", "\"${upper(\"a\")} ${terraform.workspace} ${path.module}\""]);
    assert_eq!((code(&output), stdout(&output)), (0, "\"A default .\"\n".to_owned()));
    let output = run(&dir, &["eval", "var.a"]);
    assert_eq!(code(&output), 1);
    assert!(stdout(&output).contains("Reference to undeclared input variable"), "{output:?}");
    assert_eq!(code(&run(&dir, &["inspect", "."])), 2);
}

#[test]
fn the_example_in_the_readme_is_what_the_program_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap().replace('\r', "");
    let (_, rest) = readme.split_once("```text\n$ ssmlint ").unwrap();
    let (arguments, rest) = rest.split_once('\n').unwrap();
    let (example, _) = rest.split_once("\n```").unwrap();
    let output = run(root, &arguments.split(' ').collect::<Vec<_>>());
    let without_time = |text: &str| text.trim_end().rsplit_once(" · ").unwrap().0.to_owned();
    assert_eq!(without_time(&stdout(&output)), without_time(example));
}

#[test]
fn completions_and_manual_pages_name_commands_and_flags() {
    let dir = directory("manual");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = run(&dir, &["completions", shell]);
        assert_eq!(code(&output), 0);
        assert!(stdout(&output).contains("from-files"), "{shell}");
    }
    let page = stdout(&run(&dir, &["man"]));
    assert!(page.contains(".TH ssmlint 1"), "{page}");
    assert!(page.contains("ssmlint\\-matrix(1)"), "{page}");
    let page = stdout(&run(&dir, &["man", "why"]));
    assert!(page.contains(".TH ssmlint-why 1"), "{page}");
    assert!(page.contains("\\-\\-service"), "{page}");
    let output = run(&dir, &["man", "nothing"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("there is no command nothing"), "{}", stderr(&output));
}
