//! `ssmlint why`: the proofs of a root module's targets.

use std::path::Path;

use miette::Report as Failure;

use ssmlint::lint::{self, Argument};
use ssmlint::source::fs::Disk;

use crate::cli::{DataFormat, Environment, WhyArgs};
use crate::commands::output::print;
use crate::commands::{failure, from_here, settings};

pub(crate) fn run(
    arguments: &WhyArgs,
    inputs: Vec<Argument>,
    environment: &Environment,
) -> Result<u8, Failure> {
    // With one argument it is a path when there is one of that name, and an address otherwise.
    let (path, address) = match (&arguments.path, &arguments.address) {
        (Some(path), Some(address)) => (path.as_str(), Some(address.as_str())),
        (Some(only), None)
            if only.contains('.') && !Path::new(only).exists() && !only.contains(['/', '\\']) =>
        {
            (".", Some(only.as_str()))
        }
        (Some(path), None) => (path.as_str(), None),
        (None, address) => (".", address.as_deref()),
    };
    let path = from_here(Path::new(path));
    let (terraform, settings) = (&arguments.terraform, &arguments.settings);
    let request = settings::request(&path, terraform, settings, inputs, environment)?;
    let session = lint::Session::of(&path, &request, &Disk).map_err(|error| failure(&error))?;
    let why = session.why(address).map_err(|error| failure(&error))?;
    print(&match arguments.format {
        DataFormat::Text if address.is_some() || arguments.service.is_some() => why.text(arguments.service),
        DataFormat::Text => why.overview(),
        DataFormat::Json => why.json(arguments.service),
    })?;
    Ok(why.exit_code())
}
