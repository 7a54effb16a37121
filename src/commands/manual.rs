//! `ssmlint completions` and `ssmlint man`: what packages install beside the program.

use clap::CommandFactory;
use clap_complete::Shell;
use miette::{IntoDiagnostic, Report as Failure, WrapErr, miette};

use crate::cli::Cli;
use crate::commands::output::print;

/// The script that completes commands and flags in a shell.
pub(crate) fn completions(shell: Shell) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "ssmlint", &mut script);
    print(&String::from_utf8_lossy(&script)).map(|()| 0)
}

/// The manual page of the program or of one of its commands, in roff.
pub(crate) fn man(of: Option<&str>) -> Result<u8, Failure> {
    let mut program = Cli::command();
    program.build();
    let command = match of {
        None => program,
        Some(name) => match program.find_subcommand(name) {
            Some(command) => command.clone(),
            None => {
                return Err(miette!(
                    help = "`ssmlint --help` lists all of them",
                    "there is no command {name}"
                ));
            }
        },
    };
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(command).render(&mut page);
    rendered.into_diagnostic().wrap_err("cannot render the manual page")?;
    print(&String::from_utf8_lossy(&page)).map(|()| 0)
}
