//! `ssmlint inspect`: a root module, evaluated.

use miette::Report as Failure;

use ssmlint::lint::{self, Argument};
use ssmlint::source::fs::Disk;

use crate::cli::{DataFormat, Environment, InspectArgs};
use crate::commands::output::print;
use crate::commands::{failure, from_here, one_scenario, secrets};

pub(crate) fn run(
    arguments: &InspectArgs,
    inputs: Vec<Argument>,
    environment: &Environment,
) -> Result<u8, Failure> {
    let context = one_scenario(arguments.terraform.context(inputs, environment))?;
    let secrets = secrets(arguments.show_sensitive);
    let session =
        lint::Session::open(&from_here(&arguments.path), &context, &Disk).map_err(|error| failure(&error))?;
    let inspection = session.inspect(secrets);
    print(&match arguments.format {
        DataFormat::Text => inspection.text(),
        DataFormat::Json => inspection.json(),
    })?;
    Ok(inspection.exit_code())
}
