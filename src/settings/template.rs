//! The first settings file of a project, with comments, from what was found in it.

use std::fmt::Write;

use crate::settings::show::quoted;

/// What was found in a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detected {
    /// Directories of root modules, relative to the settings, with `/`; `.` for their own.
    pub roots: Vec<String>,
    /// Variable files that Terraform does not load by itself.
    pub scenarios: Vec<DetectedScenario>,
    /// Boolean inputs that decide what exists, with what they are configured to.
    pub toggles: Vec<(String, Option<bool>)>,
}

/// A scenario that a variable file stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetectedScenario {
    /// Its name.
    pub name: String,
    /// The file, relative to the settings.
    pub var_file: String,
    /// The root module; none when there is only one.
    pub root: Option<String>,
}

/// Toggles that are offered; more are left for `ssmlint matrix`.
const OFFERED: usize = 6;

/// The text of the file.
pub fn text(detected: &Detected) -> String {
    let mut out = String::from(HEAD);
    match detected.roots.as_slice() {
        [] => out.push_str("# roots = [\"infra/*\", \"!infra/examples\"]\n"),
        [only] if only == "." => out.push_str("# roots = [\"infra/*\", \"!infra/examples\"]\n"),
        roots => {
            out.push_str("roots = [\n");
            for root in roots {
                let _ = writeln!(out, "  {},", quoted(root));
            }
            out.push_str("]\n");
        }
    }
    out.push_str(SCENARIOS);
    for scenario in &detected.scenarios {
        let _ = write!(out, "\nscenario {} {{\n", quoted(&scenario.name));
        if let Some(root) = &scenario.root {
            let _ = writeln!(out, "  roots     = [{}]", quoted(root));
        }
        let _ = writeln!(out, "  var_files = [{}]", quoted(&scenario.var_file));
        out.push_str("}\n");
    }
    if detected.scenarios.is_empty() {
        out.push_str("#\n# scenario \"prod\" {\n#   var_files = [\"envs/prod.tfvars\"]\n# }\n");
    }
    if !detected.toggles.is_empty() {
        out.push_str("\n# These inputs decide what exists; `ssmlint matrix` tries their combinations.\n");
    }
    for (name, configured) in detected.toggles.iter().take(OFFERED) {
        let other = !configured.unwrap_or(true);
        let word = if other { "with" } else { "without" };
        let what = name.strip_prefix("enable_").or_else(|| name.strip_prefix("create_")).unwrap_or(name);
        let _ = write!(
            out,
            "#\n# scenario {} {{\n#   variables = {{ {name} = {other} }}\n# }}\n",
            quoted(&format!("{word} {what}")),
        );
    }
    out.push_str(REST);
    out
}

const HEAD: &str = r#"# Settings of ssmlint, for everything at or below this directory. `ssmlint config show` prints what is in force and
# where each value comes from. Flags and the environment win over what stands here.

# The least severity that fails the run: "error", "warning" or "info".
fail_on = "warning"

# What could not be decided is listed ("note"), only counted ("ignore"), or counts as a "warning" or an "error".
unknown = "note"

# The directories that are root modules; all that are found if this is left out. `!` takes away.
"#;

const SCENARIOS: &str = r#"
# What `ssmlint check` looks at: each scenario is what `terraform plan` would be told. Without any, the configuration as
# it stands. `--scenario NAME` looks at one.
"#;

const REST: &str = r#"
# A rule can be more or less severe, and one that must not be ignored says so.
#
# rule "SSM001" {
#   severity  = "error"
#   ignorable = false
# }

# Hints that no session hangs on: SSM016 on endpoints in one zone, SSM025 on packages and updates without S3.
#
# rule "SSM025" {
#   hints = true
# }

# What differs for some files.
#
# override {
#   paths  = ["legacy/**"]
#   ignore = ["SSM008"]
# }

# A finding that is accepted, with the reason and the last day on which that holds.
#
# ignore {
#   rule    = "SSM007"
#   address = "module.bastion.aws_instance.this"
#   reason  = "goes away in Q3"
#   until   = "2027-03-31"
# }

# Facts that another state holds.
#
# assume = {
#   default_host_management = true
# }
"#;
