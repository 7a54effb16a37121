//! `ssmlint config`: the settings in force, and where they are.

use std::io::{self, Write};

use miette::Report as Failure;

use ssmlint::settings::layer::Layer;
use ssmlint::settings::show;

use crate::cli::{ConfigCommand, DataFormat, Environment};
use crate::commands::output::print;
use crate::commands::{from_here, settings};

pub(crate) fn run(command: &ConfigCommand, environment: &Environment) -> Result<u8, Failure> {
    match command {
        ConfigCommand::Show { path, settings: arguments, rules, format } => {
            let (settings, _) = settings::load(&from_here(path), arguments, rules.layer(), environment)?;
            print(&match format {
                DataFormat::Text => show::text(&settings),
                DataFormat::Json => show::json(&settings),
            })?;
        }
        ConfigCommand::Path { path, settings: arguments } => {
            let (settings, _) = settings::load(&from_here(path), arguments, Layer::default(), environment)?;
            match &settings.file {
                Some(file) => print(&format!("{}\n", file.display()))?,
                None => {
                    let _ = writeln!(io::stderr(), "no settings file; `ssmlint init` writes one");
                }
            }
        }
    }
    Ok(0)
}
