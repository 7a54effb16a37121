//! The program run on the fixtures, as a user in that directory calls it.

use std::path::Path;
use std::process::{Command, Stdio};

/// What a run printed.
pub(crate) struct Run {
    /// The exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

/// Runs the program in `fixtures` without the environment's settings for Terraform and colours.
pub(crate) fn run(arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssmlint"));
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")).stdin(Stdio::null());
    for (name, _) in std::env::vars() {
        let ours = ["TF_", "GITHUB_", "CI_", "SSMLINT_"];
        if ours.iter().any(|prefix| name.starts_with(prefix)) || name.contains("COLOR") {
            command.env_remove(name);
        }
    }
    let output = command.args(arguments).output().expect("the program starts");
    Run {
        code: output.status.code().expect("no signal ends it"),
        stdout: String::from_utf8(output.stdout).expect("output is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("messages are UTF-8"),
    }
}
