//! What the program asks of the system: nothing outside the project is read, nothing is written, no socket is opened.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::Project;

/// Asks for what is none of its business, by every way that code has.
const CURIOUS: &str = r#"
locals {
  x = [
    try(file("/etc/passwd"), 0), try(file("../../NAME.outside/secret"), 0), try(filebase64("../../NAME.outside/secret"), 0),
    try(templatefile("../../NAME.outside/secret", {}), 0), try(fileset("../../NAME.outside", "*"), 0),
    try(file("link"), 0), try(file("~/.aws/credentials"), 0), try(fileexists("../../NAME.outside/secret"), 0),
    try(file("directory/secret"), 0), try(file("http://192.0.2.1/"), 0),
  ]
}
output "x" {
  value = local.x
}
module "outside" {
  source = "../../NAME.outside"
}
module "remote" {
  source = "git::https://192.0.2.1/module.git"
}
module "registry" {
  source  = "terraform-aws-modules/vpc/aws"
  version = "5.0.0"
}
terraform {
  backend "s3" {
    bucket = "state"
    key    = "key"
    region = "eu-west-1"
  }
}
data "http" "x" {
  url = "http://192.0.2.1/"
}
data "external" "x" {
  program = ["touch", "executed"]
}
resource "terraform_data" "x" {
  provisioner "local-exec" {
    command = "touch executed"
  }
}
"#;

/// A project beside which there is something that is none of its business.
fn curious(name: &str) -> Project {
    let project = Project::new(name);
    project.hostile(CURIOUS.replace("NAME", name));
    let outside = outside(&project);
    fs::create_dir_all(&outside).unwrap();
    fs::write(outside.join("secret"), "what nobody may see").unwrap();
    fs::write(outside.join("main.tf"), "output \"seen\" {\n  value = \"what nobody may see\"\n}\n").unwrap();
    #[cfg(unix)]
    {
        let hostile = project.dir.join("hostile");
        std::os::unix::fs::symlink(outside.join("secret"), hostile.join("link")).unwrap();
        std::os::unix::fs::symlink(outside.join("secret"), hostile.join("linked.tf")).unwrap();
        std::os::unix::fs::symlink(&outside, hostile.join("directory")).unwrap();
    }
    project
}

fn outside(project: &Project) -> PathBuf {
    project.dir.with_extension("outside")
}

const COMMANDS: [&[&str]; 8] = [
    &["check", "."],
    &["check", "--format", "json", "hostile"],
    &["check", "--diff", "--unsafe-fixes", "."],
    &["inspect", "hostile"],
    &["why", "hostile"],
    &["matrix", "hostile"],
    &["eval", "--dir", "hostile", "local.x"],
    &["config", "show"],
];

/// All files and directories, with what is in them and when that was written.
fn snapshot(dir: &Path, into: &mut BTreeMap<PathBuf, (Option<std::time::SystemTime>, Vec<u8>)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        if metadata.is_dir() {
            into.insert(path.clone(), (None, Vec::new()));
            snapshot(&path, into);
        } else {
            let bytes = if metadata.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
            into.insert(path, (metadata.modified().ok(), bytes));
        }
    }
}

#[test]
fn nothing_is_written() {
    let project = curious("written");
    let take = || {
        let mut all = BTreeMap::new();
        snapshot(&project.dir, &mut all);
        all
    };
    let before = take();
    for arguments in COMMANDS {
        project.run(arguments);
        assert!(take() == before, "{arguments:?} changes files");
    }
}

/// Watches the system calls, where there is a tool for that.
#[cfg(target_os = "linux")]
#[test]
fn nothing_else_is_opened() {
    use std::process::{Command, Stdio};

    let project = curious("opened");
    let log = project.dir.parent().unwrap().join("opened.calls");
    let trace = |program: &str, arguments: &[&str]| {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-y", "-e", "trace=%network,%file", "-o"]).arg(&log);
        strace.arg(program).args(arguments).current_dir(&project.dir);
        strace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        strace.status().is_ok_and(|status| status.code().is_some_and(|code| code <= 2))
    };
    if !trace("true", &[]) {
        return;
    }
    for arguments in COMMANDS {
        assert!(trace(env!("CARGO_BIN_EXE_ssmlint"), arguments), "{arguments:?}");
        let calls = fs::read_to_string(&log).unwrap();
        let calls: Vec<&str> = calls.lines().collect();
        let is_read =
            |call: &&str| call.contains("openat") && call.contains("main.tf") && !call.contains("= -1 ");
        assert!(arguments[0] == "config" || calls.iter().any(is_read), "{arguments:?}");
        for call in calls {
            let is_open = call.contains("open(") || call.contains("openat(") || call.contains("creat(");
            let is_made = !call.contains("= -1 ");
            let says = |texts: &[&str]| texts.iter().any(|text| call.contains(text));
            assert!(!says(&["socket(", "connect(", "bind(", "sendto("]), "{arguments:?}: {call}");
            assert!(
                !says(&["mkdir", "unlink", "rename", "symlink(", "truncate", "chmod"]),
                "{arguments:?}: {call}"
            );
            assert!(!is_open || !says(&["O_WRONLY", "O_RDWR", "O_CREAT"]), "{arguments:?}: {call}");
            let is_elsewhere = says(&["/etc/passwd", "secret", ".aws/", ".outside/"]);
            // Of a link it is asked where it leads; what is there is not opened.
            assert!(!(is_open && is_made && is_elsewhere), "{arguments:?}: {call}");
        }
    }
    let _ = fs::remove_file(log);
}
