//! `ssmlint init`: a first settings file.

use std::sync::Arc;

use miette::{Report as Failure, miette};

use ssmlint::lint;
use ssmlint::settings::{FILE_NAME, template};
use ssmlint::source::SourceMap;
use ssmlint::source::fs::{Disk, FileKind, FileSystem};

use crate::cli::InitArgs;
use crate::commands::output::{print, write_file};
use crate::commands::{failure, from_here, settings};

pub(crate) fn run(arguments: &InitArgs) -> Result<u8, Failure> {
    let dir = from_here(&arguments.path);
    match Disk.kind(&dir) {
        Ok(FileKind::Directory) => {}
        Ok(_) => return Err(miette!("{} is no directory", dir.display())),
        Err(error) => return Err(miette!("cannot read {}: {error}", dir.display())),
    }
    let file = dir.join(FILE_NAME);
    if Disk.kind(&file).is_ok() && !arguments.force {
        return Err(miette!(help = "--force overwrites it", "{} is there already", file.display()));
    }
    let detected = lint::detect(&dir, &Disk).map_err(|error| failure(&error))?;
    let text = template::text(&detected);
    write_file(&file, &text)?;
    let sources = Arc::new(SourceMap::new());
    lint::load_settings(&Disk, &sources, &file).map_err(|problems| settings::refused(problems, &sources))?;
    print(&format!("{text}\n# written to {}\n", file.display()))?;
    Ok(0)
}
