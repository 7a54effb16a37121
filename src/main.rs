//! The `ssmlint` program: arguments to a request, a report to the output, an exit code.

#![forbid(unsafe_code)]

mod cli;

/// Millions of small tree nodes are allocated on one thread and freed on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use miette::{IntoDiagnostic, Report as Failure, WrapErr, miette};

use ssmlint::lint::dump::Secrets;
use ssmlint::lint::{self, Argument, Context, Request, Scope};
use ssmlint::report::{self, Format, Options, Policy, Report, page};
use ssmlint::source::fs::Disk;

use crate::cli::{
    CheckArgs, Cli, Command, DataFormat, Destination, Environment, EvalArgs, InspectArgs, MatrixArgs,
    MatrixFormat, When, WhyArgs,
};

/// Code from strangers can be nested deeply; every stage bounds its depth to what fits this.
const STACK_BYTES: usize = 16 << 20;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(report_panic));
    let run = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(run);
    let code = run.ok().and_then(|thread| thread.join().ok());
    // The hook said what happened.
    code.unwrap_or(ExitCode::from(2))
}

fn report_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map_or(String::new(), |location| format!(" at {location}"));
    let text = panic.payload().downcast_ref::<&str>().copied();
    let message = text.or_else(|| panic.payload().downcast_ref::<String>().map(String::as_str));
    let message = message.unwrap_or("no message");
    let message = report::safe::sentence(message);
    let _ = writeln!(
        io::stderr(),
        "ssmlint: internal error{place}: {message}\nThis is a bug; please report it with the code that shows it."
    );
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
        None => check(&cli.check, inputs, &environment),
        Some(Command::Check(arguments)) => check(&arguments, inputs, &environment),
        Some(Command::Explain { rule }) => explain(&rule),
        Some(Command::Rules) => print(&page::list(&lint::rules())).map(|()| 0),
        Some(Command::Why(arguments)) => why(&arguments, inputs, &environment),
        Some(Command::Matrix(arguments)) => matrix(&arguments, inputs, &environment),
        Some(Command::Inspect(arguments)) => inspect(&arguments, inputs, &environment),
        Some(Command::Eval(arguments)) => eval(&arguments, inputs, &environment),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            let _ = writeln!(io::stderr(), "{failure:?}");
            ExitCode::from(2)
        }
    }
}

fn check(arguments: &CheckArgs, inputs: Vec<Argument>, environment: &Environment) -> Result<u8, Failure> {
    let formats = destinations(&arguments.formats)?;
    let mut paths: Vec<PathBuf> = arguments.paths.iter().map(|path| from_here(path)).collect();
    if paths.is_empty() {
        paths.push(PathBuf::from("."));
    }
    let context = arguments.terraform.context(inputs, environment);
    let scope = if arguments.from_files { Scope::Changes } else { Scope::Trees };
    let request = Request { paths, scope, context, ..Request::default() };
    let threads = rayon::ThreadPoolBuilder::new().stack_size(STACK_BYTES).build().into_diagnostic()?;
    let report = match threads.install(|| lint::check(&request, &Disk)) {
        Ok(report) => report,
        Err(lint::Error::NothingToLint(_)) if arguments.allow_empty => {
            Report { rules: lint::rules(), ..Report::default() }
        }
        Err(error) => return Err(failure(&error)),
    };
    let policy = Policy {
        fail_on: arguments.fail_on.severity(),
        strict: arguments.strict,
        exit_zero: arguments.exit_zero,
    };
    let working_dir = std::env::current_dir().ok();
    let options = Options {
        policy,
        color: use_color(arguments.color),
        quiet: arguments.quiet,
        prefix: working_dir.as_deref().map(prefix).unwrap_or_default(),
        working_dir,
    };
    let (to_files, to_output): (Vec<_>, Vec<_>) = formats.iter().partition(|to| to.file.is_some());
    for destination in to_files {
        let plain = Options { color: false, ..options.clone() };
        if let Some(file) = &destination.file {
            write_file(file, &report.render(destination.format, &plain))?;
        }
    }
    for destination in &to_output {
        print(&report.render(destination.format, &options))?;
    }
    if to_output.is_empty() && !arguments.quiet {
        let _ = writeln!(io::stderr(), "{}", report::summary::line(&report));
    }
    Ok(report.exit_code(policy))
}

/// The formats asked for; `pretty` when none is.
fn destinations(given: &[Destination]) -> Result<Vec<Destination>, Failure> {
    if given.is_empty() {
        return Ok(vec![Destination { format: Format::Pretty, file: None }]);
    }
    let to_output: Vec<Format> = given.iter().filter(|to| to.file.is_none()).map(|to| to.format).collect();
    let is_document = |format: &Format| matches!(format, Format::Json | Format::Sarif);
    if to_output.len() > 1 && to_output.iter().any(is_document) {
        return Err(miette!(
            help = "write one into a file: --format json=report.json",
            "two formats cannot share standard output when one of them is a JSON document"
        ));
    }
    Ok(given.to_vec())
}

fn explain(name: &str) -> Result<u8, Failure> {
    let rules = lint::rules();
    match rules.iter().find(|rule| rule.code.eq_ignore_ascii_case(name) || rule.name == name) {
        Some(rule) => print(&page::explain(rule)).map(|()| 0),
        None => Err(miette!(help = "`ssmlint rules` lists all of them", "there is no rule {name}")),
    }
}

fn why(arguments: &WhyArgs, inputs: Vec<Argument>, environment: &Environment) -> Result<u8, Failure> {
    let context = one_scenario(arguments.terraform.context(inputs, environment))?;
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
    let session =
        lint::Session::open(&from_here(Path::new(path)), &context, &Disk).map_err(|error| failure(&error))?;
    let why = session.why(address).map_err(|error| failure(&error))?;
    print(&match arguments.format {
        DataFormat::Text if address.is_some() || arguments.service.is_some() => why.text(arguments.service),
        DataFormat::Text => why.overview(),
        DataFormat::Json => why.json(arguments.service),
    })?;
    Ok(why.exit_code())
}

fn matrix(arguments: &MatrixArgs, inputs: Vec<Argument>, environment: &Environment) -> Result<u8, Failure> {
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

/// Commands that look into one world take one scenario.
fn one_scenario(context: Context) -> Result<Context, Failure> {
    if context.scenarios.len() > 1 {
        return Err(miette!(
            help = "run it once for each scenario; `ssmlint matrix` compares switches, `ssmlint check` takes several",
            "this command looks at one scenario"
        ));
    }
    Ok(context)
}

fn inspect(arguments: &InspectArgs, inputs: Vec<Argument>, environment: &Environment) -> Result<u8, Failure> {
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

fn eval(arguments: &EvalArgs, inputs: Vec<Argument>, environment: &Environment) -> Result<u8, Failure> {
    let context = one_scenario(arguments.terraform.context(inputs, environment))?;
    let session =
        lint::Session::open(&from_here(&arguments.dir), &context, &Disk).map_err(|error| failure(&error))?;
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

fn secrets(show: bool) -> Secrets {
    if show { Secrets::Show } else { Secrets::Hide }
}

fn failure(error: &lint::Error) -> Failure {
    let message = report::safe::sentence(&error.to_string());
    let help = report::safe::sentence(&error.help());
    miette!(help = help, "{message}")
}

/// An absolute path below the working directory as a relative one, since places are printed that way.
fn from_here(path: &Path) -> PathBuf {
    let here = std::env::current_dir().ok().filter(|_| path.is_absolute());
    match here.as_deref().and_then(|here| path.strip_prefix(here).ok()) {
        Some(below) if below.as_os_str().is_empty() => PathBuf::from("."),
        Some(below) => below.to_path_buf(),
        None => path.to_path_buf(),
    }
}

/// Writes to standard output at once. That nobody reads on is no error: the exit code still counts.
fn print(text: &str) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).into_diagnostic().wrap_err("cannot write to standard output")
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes a file so that a reader sees the old or the new text, never a part.
fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = path.with_file_name(name);
    let written = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written.into_diagnostic().wrap_err_with(|| format!("cannot write {}", path.display()))
}

/// <https://no-color.org>, and the wish for colour where no terminal is.
fn use_color(when: When) -> bool {
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

/// The working directory as seen from the top of the repository: from `GITHUB_WORKSPACE`, or from where `.git` is.
fn prefix(working_dir: &Path) -> PathBuf {
    let workspace = std::env::var_os("GITHUB_WORKSPACE").map(PathBuf::from);
    let top = workspace
        .filter(|top| working_dir.starts_with(top))
        .or_else(|| working_dir.ancestors().find(|dir| dir.join(".git").exists()).map(Path::to_path_buf));
    top.and_then(|top| working_dir.strip_prefix(top).ok().map(Path::to_path_buf)).unwrap_or_default()
}
