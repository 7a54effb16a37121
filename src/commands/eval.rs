//! `ssmlint eval`: expressions in the scope of a root module.

use std::io;

use miette::{IntoDiagnostic, Report as Failure, WrapErr};

use ssmlint::lint::{self, Argument};
use ssmlint::source::fs::Disk;

use crate::cli::{DataFormat, Environment, EvalArgs};
use crate::commands::output::print;
use crate::commands::{failure, from_here, secrets, settings};

pub(crate) fn run(
    arguments: &EvalArgs,
    inputs: Vec<Argument>,
    environment: &Environment,
) -> Result<u8, Failure> {
    let path = from_here(&arguments.dir);
    let (terraform, settings) = (&arguments.terraform, &arguments.settings);
    let request = settings::request(&path, terraform, settings, inputs, environment)?;
    let session = lint::Session::anywhere(&path, &request, &Disk).map_err(|error| failure(&error))?;
    let expressions = match &arguments.expression {
        Some(expression) => vec![expression.clone()],
        None => {
            let text =
                io::read_to_string(io::stdin()).into_diagnostic().wrap_err("cannot read standard input")?;
            // For programs every line has its answer; people leave lines empty.
            let is_wanted = |line: &&str| arguments.format == DataFormat::Json || !line.trim().is_empty();
            text.lines().filter(is_wanted).map(str::to_owned).collect()
        }
    };
    let open = arguments.format == DataFormat::Json && !session.has_secrets();
    let outcomes = session.evaluate(&expressions, secrets(arguments.show_sensitive || open));
    let mut text = String::new();
    for outcome in &outcomes {
        text.push_str(&match arguments.format {
            DataFormat::Text => outcome.text(),
            DataFormat::Json => outcome.json(),
        });
    }
    print(&text)?;
    let is_refused = outcomes.iter().any(|outcome| !outcome.is_ok());
    Ok(if session.is_unreadable() { 2 } else { u8::from(is_refused) })
}
