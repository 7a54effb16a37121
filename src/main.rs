//! The `ssmlint` program: arguments to a request, a report to the output, an exit code.

#![forbid(unsafe_code)]

mod cli;
mod commands;

/// Millions of small tree nodes are allocated on one thread and freed on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use std::io::{self, Write};
use std::process::ExitCode;

use ssmlint::lint::threads::STACK_BYTES;
use ssmlint::{bug, report};

use crate::cli::{Cli, Command, Environment};

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(report_panic));
    let run = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(run);
    let code = run.ok().and_then(|thread| thread.join().ok());
    // The hook said what happened.
    code.unwrap_or(ExitCode::from(2))
}

fn report_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let bug = report::safe::sentence(&bug::noted(panic).to_string());
    let _ = writeln!(io::stderr(), "ssmlint: {bug}\n{}.", bug::PLEASE_REPORT);
}

fn run() -> ExitCode {
    let (cli, inputs) = match Cli::read(std::env::args_os()) {
        Ok(read) => read,
        Err(error) => {
            // Help and version are errors to clap, too, with code 0.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let environment = Environment::of(std::env::vars_os());
    let result = match cli.command {
        None => commands::check::run(&cli.check, inputs, &environment),
        Some(Command::Check(arguments)) => commands::check::run(&arguments, inputs, &environment),
        Some(Command::Explain(arguments)) => commands::explain::run(&arguments),
        Some(Command::Rules) => commands::explain::list(),
        Some(Command::Why(arguments)) => commands::why::run(&arguments, inputs, &environment),
        Some(Command::Matrix(arguments)) => commands::matrix::run(&arguments, inputs, &environment),
        Some(Command::Inspect(arguments)) => commands::inspect::run(&arguments, inputs, &environment),
        Some(Command::Eval(arguments)) => commands::eval::run(&arguments, inputs, &environment),
        Some(Command::Init(arguments)) => commands::init::run(&arguments),
        Some(Command::Config { command }) => commands::config::run(&command, &environment),
        Some(Command::Baseline(command)) => commands::baseline::run(&command, inputs, &environment),
        Some(Command::Completions { shell }) => commands::manual::completions(shell),
        Some(Command::Man { command }) => commands::manual::man(command.as_deref()),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            let _ = writeln!(io::stderr(), "{failure:?}");
            ExitCode::from(2)
        }
    }
}
