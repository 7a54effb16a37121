//! Files that change while they are read: what is seen is one of the states or said to be unreadable.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::support::Project;

const SHORT: &str = "locals {\n  x = 1\n}\n";

/// Puts a file through everything that may become of it, over and over.
fn change(path: &Path, is_over: &AtomicBool) {
    let long = "resource \"aws_vpc\" \"v\" {\n  cidr_block = \"10.0.0.0/16\"\n}\n".repeat(2_000);
    let too_long = "# \n".repeat(500_000);
    let remove = || {
        let _ = fs::remove_dir_all(path);
        let _ = fs::remove_file(path);
    };
    let mut round = 0_u32;
    while !is_over.load(Ordering::Relaxed) {
        let _ = match round % 8 {
            0 => fs::write(path, SHORT),
            1 => fs::write(path, &long),
            2 => fs::OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(7)),
            3 => fs::write(path, &too_long),
            4 => fs::write(path, b"locals {\n  x = \"\xff\"\n}\n"),
            5 => {
                remove();
                fs::create_dir(path)
            }
            6 => {
                remove();
                replace_with_pipe(path)
            }
            _ => {
                remove();
                Ok(())
            }
        };
        round += 1;
    }
    remove();
}

#[cfg(unix)]
fn replace_with_pipe(path: &Path) -> std::io::Result<()> {
    std::process::Command::new("mkfifo").arg(path).status().map(|_| ())
}

#[cfg(not(unix))]
fn replace_with_pipe(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[test]
fn files_that_change_while_they_are_read() {
    let project = Project::new("changing");
    project.hostile(
        "module \"m\" {\n  source = \"../changing\"\n}\noutput \"x\" {\n  value = file(\"data\")\n}\n",
    );
    project.write("changing/keep.tf", SHORT.replace('x', "y"));
    let changing = [
        "hostile/a.tf",
        "hostile/b.tf.json",
        "hostile/terraform.tfvars",
        "hostile/data",
        "changing/c.tf",
        ".ssmlint.hcl",
    ];
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for path in changing {
            let path = project.dir.join(path);
            let is_over = &is_over;
            scope.spawn(move || change(&path, is_over));
        }
        for _ in 0..25 {
            // Settings that cannot be read end the run; what else there is does not.
            let run = project.run(&["check", "--format", "concise", "."]);
            assert!(run.says("SSM006") || run.says(".ssmlint.hcl"), "{run:?}");
            project.inspect();
        }
        is_over.store(true, Ordering::Relaxed);
    });
}
