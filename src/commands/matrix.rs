//! `ssmlint matrix`: the verdicts for every combination of switches.

use miette::Report as Failure;

use ssmlint::lint::{self, Argument};
use ssmlint::source::fs::Disk;

use crate::cli::{Environment, MatrixArgs, MatrixFormat};
use crate::commands::output::print;
use crate::commands::{failure, from_here, one_scenario};

pub(crate) fn run(
    arguments: &MatrixArgs,
    inputs: Vec<Argument>,
    environment: &Environment,
) -> Result<u8, Failure> {
    let context = one_scenario(arguments.terraform.context(inputs, environment))?;
    let session =
        lint::Session::open(&from_here(&arguments.path), &context, &Disk).map_err(|error| failure(&error))?;
    let matrix = session.matrix();
    print(&match arguments.format {
        MatrixFormat::Text => matrix.text(),
        MatrixFormat::Json => matrix.json(),
        MatrixFormat::Markdown => matrix.markdown(),
    })?;
    Ok(matrix.exit_code())
}
