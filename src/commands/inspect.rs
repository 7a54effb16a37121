//! `ssmlint inspect`: a root module, evaluated.

use miette::Report as Failure;

use ssmlint::lint::{self, Argument};
use ssmlint::source::fs::Disk;

use crate::cli::{DataFormat, Environment, InspectArgs};
use crate::commands::output::print;
use crate::commands::{failure, from_here, secrets, settings};

pub(crate) fn run(
    arguments: &InspectArgs,
    inputs: Vec<Argument>,
    environment: &Environment,
) -> Result<u8, Failure> {
    let secrets = secrets(arguments.show_sensitive);
    let path = from_here(&arguments.path);
    let (terraform, settings) = (&arguments.terraform, &arguments.settings);
    let request = settings::request(&path, terraform, settings, inputs, environment)?;
    let session = lint::Session::of(&path, &request, &Disk).map_err(|error| failure(&error))?;
    let inspection = session.inspect(secrets);
    print(&match arguments.format {
        DataFormat::Text => inspection.text(),
        DataFormat::Json => inspection.json(),
    })?;
    Ok(inspection.exit_code())
}
