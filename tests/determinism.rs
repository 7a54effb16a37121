//! The same bytes out, whatever the number of threads and the order in which they finish.

#![allow(clippy::unwrap_used)]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Roots that share modules, with findings, gaps, unknowns and errors of all kinds.
fn tree() -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("determinism");
    let _ = fs::remove_dir_all(&dir);
    let write = |path: &str, text: &str| {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(".git/HEAD", "");
    write(
        "modules/network/main.tf",
        "variable \"cidr\" {}\nvariable \"ports\" {\n  type = set(number)\n}\nresource \"aws_vpc\" \"this\" {\n  \
         cidr_block = var.cidr\n}\nresource \"aws_security_group\" \"open\" {\n  for_each = toset([for p in \
         var.ports : tostring(p)])\n  vpc_id = aws_vpc.this.id\n  ingress {\n    from_port = each.value\n    to_port = \
         each.value\n    protocol = \"tcp\"\n    cidr_blocks = [\"0.0.0.0/0\"]\n  }\n}\noutput \"vpc_id\" {\n  value \
         = aws_vpc.this.id\n}\n",
    );
    for i in 0..40 {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "module \"network\" {{\n  source = \"../../modules/network\"\n  cidr = var.cidr\n  ports = [22, 443, {i}]\n}}"
        );
        let _ = writeln!(text, "variable \"cidr\" {{}}\nvariable \"ssh\" {{\n  type = bool\n}}");
        let _ = writeln!(
            text,
            "module \"gone\" {{\n  source = \"example/gone{i}/aws\"\n  vpc_id = module.network.vpc_id\n}}"
        );
        let _ = writeln!(
            text,
            "resource \"aws_security_group\" \"maybe\" {{\n  count = var.ssh ? 1 : 0\n  vpc_id = module.network.vpc_id\n  \
             ingress {{\n    from_port = 0\n    to_port = 0\n    protocol = \"-1\"\n    cidr_blocks = [var.cidr, \"0.0.0.0/0\"]\n  }}\n}}"
        );
        let _ = writeln!(
            text,
            "resource \"aws_instance\" \"app\" {{\n  subnet_id = aws_subnet.a.id\n  ami = local.missing\n}}"
        );
        let _ = writeln!(
            text,
            "resource \"aws_subnet\" \"a\" {{\n  vpc_id = module.network.vpc_id\n  cidr_block = cidrsubnet(1, 2)\n}}"
        );
        if i % 7 == 0 {
            let _ = writeln!(text, "locals {{\n  x = [\n}}");
        }
        write(&format!("roots/r{i:02}/main.tf"), &text);
    }
    dir
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let dir = tree();
    for format in ["pretty", "concise", "json", "sarif", "github"] {
        let mut first: Option<(String, Option<i32>)> = None;
        for run in 0..20 {
            let output = Command::new(env!("CARGO_BIN_EXE_ssmlint"))
                .args(["check", "--format", format, "."])
                .current_dir(&dir)
                .env("RAYON_NUM_THREADS", ["1", "2", "3", "8"][run % 4])
                .output()
                .unwrap();
            let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
            let text: String = text.lines().map(|line| format!("{}\n", timeless(line))).collect();
            let this = (text, output.status.code());
            match &first {
                None => {
                    assert_eq!(this.1, Some(2), "{}", this.0);
                    assert!(this.0.contains("SSM006"), "{}", this.0);
                    first = Some(this);
                }
                Some(first) => assert!(*first == this, "{format}: run {run} differs"),
            }
        }
    }
}

/// Systems list a directory in the order in which its files were made, in the opposite one, or in neither.
#[test]
fn any_order_of_directories_gives_the_same_bytes() {
    let files: Vec<(String, String)> = (0..40)
        .map(|i| {
            let text = format!(
                "resource \"aws_security_group\" \"s{i}\" {{\n  ingress {{\n    from_port = 22\n    to_port = 22\n    \
                 protocol = \"tcp\"\n    cidr_blocks = [\"0.0.0.0/0\"]\n  }}\n}}\nvariable \"same\" {{}}\n"
            );
            (format!("{}/{}.tf", ["one", "two", "two/three"][i % 3], (i * 7) % 40), text)
        })
        .collect();
    let memory = Path::new("/dev/shm");
    let mut seen = std::collections::BTreeSet::new();
    for base in [Path::new(env!("CARGO_TARGET_TMPDIR")), memory].into_iter().filter(|base| base.is_dir()) {
        for backwards in [false, true] {
            let dir = base.join(format!("ssmlint-order-{}", std::process::id()));
            let _ = fs::remove_dir_all(&dir);
            fs::create_dir_all(dir.join(".git")).unwrap();
            let mut order: Vec<&(String, String)> = files.iter().collect();
            if backwards {
                order.reverse();
            }
            for (path, text) in order {
                let path = dir.join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            for format in ["concise", "json"] {
                let output = Command::new(env!("CARGO_BIN_EXE_ssmlint"))
                    .args(["check", "--format", format, "."])
                    .current_dir(&dir)
                    .output()
                    .unwrap();
                let text = String::from_utf8(output.stdout).unwrap();
                let text: String = text.lines().map(|line| format!("{}\n", timeless(line))).collect();
                assert!(text.contains("SSM006"), "{text}");
                seen.insert(text.replace(&*dir.to_string_lossy(), ""));
            }
            fs::remove_dir_all(dir).unwrap();
        }
    }
    // One text for each format.
    assert_eq!(seen.len(), 2, "{seen:?}");
}

/// The line without how long it took.
fn timeless(line: &str) -> &str {
    let is_time = |rest: &str| rest.ends_with(" ms") || rest.ends_with(" s");
    match line.rsplit_once(" · ") {
        Some((before, rest)) if is_time(rest) => before,
        _ if line.trim_start().starts_with("\"duration") => "",
        _ => line,
    }
}
