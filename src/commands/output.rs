//! Where text goes: standard output, files, and what the reader's terminal can show.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use miette::{IntoDiagnostic, Report as Failure, WrapErr};

use crate::cli::{Links, When};

/// Writes to standard output at once. That nobody reads on is no error: the exit code still counts.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).into_diagnostic().wrap_err("cannot write to standard output")
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Whether a person reads standard output.
pub(super) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Writes a file so that a reader sees the old or the new text, never a part.
pub(super) fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = path.with_file_name(name);
    let written = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written.into_diagnostic().wrap_err_with(|| format!("cannot write {}", path.display()))
}

/// Adds to a file, which is made if there is none.
pub(super) fn append(path: &Path, text: &str) -> Result<(), Failure> {
    let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.into_diagnostic().wrap_err_with(|| format!("cannot write {}", path.display()))
}

/// The columns of the terminal that standard output is; none when it is no terminal.
pub(super) fn terminal_width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(io::stdout())?;
    Some(usize::from(width.0))
}

/// On terminals that show links, unless `FORCE_HYPERLINK` says otherwise.
pub(super) fn use_hyperlinks(when: Links) -> bool {
    match when {
        Links::Always => true,
        Links::Never => false,
        Links::Auto => supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout),
    }
}

/// <https://no-color.org>, and the wish for colour where no terminal is.
pub(super) fn use_color(when: When) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let forced = |name: &str| set(name) && std::env::var_os(name).is_some_and(|value| value != "0");
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto if set("NO_COLOR") => false,
        When::Auto if forced("FORCE_COLOR") || forced("CLICOLOR_FORCE") => true,
        When::Auto => {
            io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
        }
    }
}
