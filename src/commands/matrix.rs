//! `ssmlint matrix`: the verdicts for every combination of switches.

use miette::Report as Failure;

use ssmlint::lint::{self, Argument};
use ssmlint::report::matrix::Matrix;
use ssmlint::source::fs::Disk;

use crate::cli::{Environment, MatrixArgs, MatrixFormat};
use crate::commands::output::print;
use crate::commands::{failure, from_here, settings};

pub(crate) fn run(
    arguments: &MatrixArgs,
    inputs: Vec<Argument>,
    environment: &Environment,
) -> Result<u8, Failure> {
    let path = from_here(&arguments.path);
    let (terraform, settings) = (&arguments.terraform, &arguments.settings);
    let request = settings::request(&path, terraform, settings, inputs, environment)?;
    let session = lint::Session::of(&path, &request, &Disk).map_err(|error| failure(&error))?;
    let matrix = Matrix { prices: arguments.prices.prices(), ..session.matrix() };
    print(&match arguments.format {
        MatrixFormat::Text => matrix.text(),
        MatrixFormat::Json => matrix.json(),
        MatrixFormat::Markdown => matrix.markdown(),
    })?;
    Ok(matrix.exit_code())
}
