//! The command line: clap's definitions, and what they mean as plain requests.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use ssmlint::lint::{Argument, Assumed, Context, Service};
use ssmlint::report::prices::Prices;
use ssmlint::report::{Format, Safety, Severity};
use ssmlint::settings::layer::{self, Layer};
use ssmlint::settings::{Origin, Undecided};

const EXAMPLES: &str = "\
Examples:
  ssmlint ./infra                                 check every root module under ./infra
  ssmlint infra --var enable_nat=false            check what happens without NAT
  ssmlint . --format pretty --format sarif=ssm.sarif
  ssmlint explain SSM003                          what a rule looks for, and how to fix it
  ssmlint why infra/prod                          one verdict a target; with an address, link by link
  ssmlint matrix infra/prod                       the verdicts for each combination of switches
  ssmlint inspect infra/prod                      what Terraform makes of it, evaluated
  ssmlint eval --dir infra/prod 'module.vpc.vpc_id'
  ssmlint init                                    write .ssmlint.hcl; ssmlint config show prints what is in force

A directory that is named like a command is checked with ./ before it: ssmlint ./rules

Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 the job could not be done";

/// Proves from Terraform code whether AWS SSM Session Manager reaches every private EC2 instance, and names the line
/// that breaks it.
#[derive(Debug, Parser)]
#[command(version, about, long_about = None, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
#[command(max_term_width = 110)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) check: CheckArgs,
}

/// What to do; without one, the paths are checked.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check root modules (the default: `ssmlint PATH` does the same)
    #[command(after_help = EXAMPLES)]
    Check(CheckArgs),
    /// Print the page of a rule: what it looks for, why it matters, how to fix it
    Explain(ExplainArgs),
    /// List all rules
    Rules,
    /// Print whether a session reaches each target; with an address, the chain of links that decides it
    Why(WhyArgs),
    /// Print the verdict of each target for every combination of the boolean inputs that decide it
    Matrix(MatrixArgs),
    /// Print a root module evaluated: resource instances, outputs, and what could not be seen
    Inspect(InspectArgs),
    /// Evaluate expressions in the scope of a root module
    Eval(EvalArgs),
    /// Write a first .ssmlint.hcl, with the root modules and scenarios that are there
    Init(InitArgs),
    /// Print the settings in force, or where they are
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Keep a list of the findings that were there before, so that only new ones are reported
    #[command(subcommand)]
    Baseline(BaselineCommand),
    /// Print the script that completes commands and flags in a shell
    Completions {
        /// The shell
        #[arg(value_name = "SHELL")]
        shell: clap_complete::Shell,
    },
    /// Print the manual page of ssmlint or of one of its commands, in roff
    Man {
        /// The command
        #[arg(value_name = "COMMAND")]
        command: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Directories or files with Terraform code; the current directory when none is given
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Take the paths for changed files and check every root module that includes one, also through local modules
    #[arg(long, requires = "paths")]
    pub(crate) from_files: bool,
    #[command(flatten)]
    pub(crate) terraform: TerraformArgs,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    #[command(flatten)]
    pub(crate) rules: RuleArgs,
    /// How to print, and into which file; can be repeated. pretty and concise are for people, markdown for a pull
    /// request, github for annotations; json, jsonl, sarif, gitlab, junit, checkstyle, rdjson and rdjsonl for programs.
    /// SSMLINT_FORMAT sets the default
    #[arg(short, long = "format", value_name = "NAME[=FILE]", value_parser = parse_destination)]
    pub(crate) formats: Vec<Destination>,
    /// Apply the safe fixes, and report what remains
    #[arg(long)]
    pub(crate) fix: bool,
    /// Apply also fixes that replace a resource, cut access that exists, or guess an intent
    #[arg(long)]
    pub(crate) unsafe_fixes: bool,
    /// Print what the fixes would change as a unified diff, write nothing, and exit with 1 if there is anything
    #[arg(long)]
    pub(crate) diff: bool,
    /// Exit with 0 even if there are findings; not if the job could not be done
    #[arg(long)]
    pub(crate) exit_zero: bool,
    /// Exit with 0 if there is no Terraform code
    #[arg(long)]
    pub(crate) allow_empty: bool,
    #[command(flatten)]
    pub(crate) acceptance: AcceptanceArgs,
    /// List what is suppressed, where and why
    #[arg(long)]
    pub(crate) show_suppressed: bool,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,
    /// When to make rule codes and paths links
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) hyperlinks: Links,
    /// Print how many findings each rule has instead of the findings
    #[arg(long)]
    pub(crate) statistics: bool,
    /// In the format markdown, print the verdicts for all combinations of switches too
    #[arg(long)]
    pub(crate) matrix: bool,
    #[command(flatten)]
    pub(crate) prices: PriceArgs,
    /// Print findings only: no list of what is undecided or not seen, no closing line
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// Where the settings come from.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Settings")]
pub(crate) struct SettingsArgs {
    /// The settings file; without it, the nearest .ssmlint.hcl above the path, within the repository
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Read no settings file
    #[arg(long, conflicts_with = "config")]
    pub(crate) isolated: bool,
}

/// Which rules run, and what becomes of what they find.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Rules")]
pub(crate) struct RuleArgs {
    /// Run only these rules, by code or name
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub(crate) select: Vec<String>,
    /// Run these rules besides those selected
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub(crate) extend_select: Vec<String>,
    /// Do not run these rules
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub(crate) ignore: Vec<String>,
    /// How bad the findings of a rule are: SSM008=warning; can be repeated
    #[arg(long, value_name = "RULE=LEVEL", value_parser = parse_severity)]
    pub(crate) severity: Vec<(String, Severity)>,
    /// The least severity that fails the run; warning if nothing is said
    #[arg(long, value_name = "LEVEL")]
    pub(crate) fail_on: Option<Level>,
    /// What becomes of what could not be decided; it is listed if nothing is said
    #[arg(long, value_name = "LEVEL")]
    pub(crate) unknown: Option<UnknownLevel>,
    /// Fail also on what could not be decided: --unknown=warning
    #[arg(long, conflicts_with = "unknown")]
    pub(crate) strict: bool,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The directory that the file is for
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) path: PathBuf,
    /// Overwrite the file that is there
    #[arg(long)]
    pub(crate) force: bool,
}

/// What to print of the settings.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every setting in force and where its value comes from
    Show {
        /// The path whose settings are meant
        #[arg(value_name = "PATH", default_value = ".")]
        path: PathBuf,
        #[command(flatten)]
        settings: SettingsArgs,
        #[command(flatten)]
        rules: RuleArgs,
        /// How to print
        #[arg(short, long, value_name = "NAME", default_value = "text")]
        format: DataFormat,
    },
    /// Print the path of the settings file in force
    Path {
        /// The path whose settings are meant
        #[arg(value_name = "PATH", default_value = ".")]
        path: PathBuf,
        #[command(flatten)]
        settings: SettingsArgs,
    },
}

/// What is accepted.
#[derive(Debug, Args)]
pub(crate) struct AcceptanceArgs {
    /// Report also what is suppressed in comments and in the settings
    #[arg(long)]
    pub(crate) no_ignores: bool,
    /// Take the known findings from this file instead of .ssmlint.baseline.json
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Report also what is in the baseline
    #[arg(long, conflicts_with = "baseline")]
    pub(crate) no_baseline: bool,
}

/// What to do with the baseline.
#[derive(Debug, Subcommand)]
pub(crate) enum BaselineCommand {
    /// Write down what is found now; there must be no baseline yet
    Create(BaselineArgs),
    /// Write down what is found now, in place of what is known; other root modules are left as they are
    Update(BaselineArgs),
    /// Drop what is not found any more, and add nothing
    Prune {
        #[command(flatten)]
        arguments: BaselineArgs,
        /// Write nothing; exit with 1 if something would be dropped
        #[arg(long)]
        check: bool,
    },
    /// Print what is known, and whether it is still found
    Show(BaselineArgs),
}

#[derive(Debug, Args)]
pub(crate) struct BaselineArgs {
    /// Directories or files with Terraform code; the current directory when none is given
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// The baseline; .ssmlint.baseline.json beside the settings or at the top of the repository when none is named
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) terraform: TerraformArgs,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
}

/// What things cost, for the comparison of NAT and endpoints.
#[derive(Debug, Args)]
pub(crate) struct PriceArgs {
    /// A price in US dollars, for what combinations cost: endpoint-hour, endpoint-gb, nat-hour, nat-gb or
    /// public-ip-hour; can be repeated
    #[arg(long = "price", value_name = "NAME=USD", value_parser = parse_price)]
    prices: Vec<(String, f64)>,
}

impl PriceArgs {
    /// The prices, with those that are given in place of AWS's.
    pub(crate) fn prices(&self) -> Prices {
        let mut prices = Prices::default();
        for (name, dollars) in &self.prices {
            // The parser of the arguments has tried each.
            let _ = prices.set(name, *dollars);
        }
        prices
    }
}

/// What Terraform would be told, too.
#[derive(Debug, Args)]
pub(crate) struct TerraformArgs {
    /// Set an input variable of the root modules; can be repeated
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = parse_variable)]
    pub(crate) var: Vec<(String, String)>,
    /// Read input variables from a file, as Terraform does; can be repeated
    #[arg(long = "var-file", value_name = "FILE")]
    pub(crate) var_file: Vec<PathBuf>,
    /// The workspace, for terraform.workspace
    #[arg(long, value_name = "NAME")]
    pub(crate) workspace: Option<String>,
    /// A scenario of the settings by its name, or what follows from other inputs: enable_nat=false, or
    /// prod: enable_nat=true,size=3; can be repeated
    #[arg(long = "scenario", value_name = "NAME|[NAME:]INPUTS", value_parser = parse_scenario)]
    pub(crate) scenarios: Vec<Assumed>,
}

#[derive(Debug, Args)]
pub(crate) struct WhyArgs {
    /// The root module's directory; the current one when only an address is given
    #[arg(value_name = "PATH")]
    pub(crate) path: Option<String>,
    /// The address of an instance, group or fleet, as Terraform prints it
    #[arg(value_name = "ADDRESS")]
    pub(crate) address: Option<String>,
    /// Only the links of one service: ssm, ssmmessages or ec2messages
    #[arg(long, value_name = "NAME", value_parser = parse_service)]
    pub(crate) service: Option<Service>,
    #[command(flatten)]
    pub(crate) terraform: TerraformArgs,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    /// How to print
    #[arg(short, long, value_name = "NAME", default_value = "text")]
    pub(crate) format: DataFormat,
}

#[derive(Debug, Args)]
pub(crate) struct MatrixArgs {
    /// The root module's directory
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) path: PathBuf,
    #[command(flatten)]
    pub(crate) terraform: TerraformArgs,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    /// How to print
    #[arg(short, long, value_name = "NAME", default_value = "text")]
    pub(crate) format: MatrixFormat,
    #[command(flatten)]
    pub(crate) prices: PriceArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The rule's code or name, or a page of the handbook: SSM003, missing-ssm-endpoint, nat-or-endpoints
    #[arg(value_name = "CODE")]
    pub(crate) page: String,
    /// How to print; text on a terminal and markdown elsewhere when nothing is said
    #[arg(short, long, value_name = "NAME")]
    pub(crate) format: Option<PageFormat>,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,
    /// When to make addresses links
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) hyperlinks: Links,
}

/// The formats of `explain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PageFormat {
    /// For a terminal
    Text,
    /// As it is written
    Markdown,
}

/// The formats of `matrix`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MatrixFormat {
    /// For people
    Text,
    /// For programs; see the README
    Json,
    /// For a pull request
    Markdown,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The root module's directory
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) path: PathBuf,
    #[command(flatten)]
    pub(crate) terraform: TerraformArgs,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    /// How to print
    #[arg(short, long, value_name = "NAME", default_value = "text")]
    pub(crate) format: DataFormat,
    /// Print sensitive values too
    #[arg(long)]
    pub(crate) show_sensitive: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EvalArgs {
    /// The expression; without one, each line of standard input is an expression
    #[arg(value_name = "EXPR", allow_hyphen_values = true)]
    pub(crate) expression: Option<String>,
    /// The root module's directory
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) terraform: TerraformArgs,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    /// How to print; json gives one object a line
    #[arg(short, long, value_name = "NAME", default_value = "text")]
    pub(crate) format: DataFormat,
    /// Print sensitive values too
    #[arg(long)]
    pub(crate) show_sensitive: bool,
}

/// Where a format goes: standard output, or a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    pub(crate) format: Format,
    pub(crate) file: Option<PathBuf>,
}

/// The formats of `inspect` and `eval`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DataFormat {
    /// For people
    Text,
    /// For programs; see the README
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    /// Errors only
    Error,
    /// Warnings and errors
    Warning,
    /// Any finding
    Info,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum UnknownLevel {
    /// It is only counted
    Ignore,
    /// It is listed
    Note,
    /// It counts as a warning
    #[value(alias = "warn")]
    Warning,
    /// It counts as an error
    Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless NO_COLOR is set; everywhere with FORCE_COLOR or CLICOLOR_FORCE
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Links {
    /// On terminals that show them
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Level {
    pub(crate) fn severity(self) -> Severity {
        match self {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
            Level::Info => Severity::Info,
        }
    }
}

impl CheckArgs {
    /// The fixes that are asked for; none without one of their flags.
    pub(crate) fn fixes(&self) -> Option<Safety> {
        if self.unsafe_fixes { Some(Safety::Unsafe) } else { (self.fix || self.diff).then_some(Safety::Safe) }
    }
}

impl UnknownLevel {
    fn undecided(self) -> Undecided {
        match self {
            UnknownLevel::Ignore => Undecided::Ignore,
            UnknownLevel::Note => Undecided::Note,
            UnknownLevel::Warning => Undecided::Warning,
            UnknownLevel::Error => Undecided::Error,
        }
    }
}

impl RuleArgs {
    /// What the flags lay over the settings.
    pub(crate) fn layer(&self) -> Layer {
        let flag = |name: &str| Origin::Flag(name.to_owned());
        let words = |words: &[String], name| (!words.is_empty()).then(|| (words.to_vec(), flag(name)));
        let strict = self.strict.then(|| (Undecided::Warning, flag("--strict")));
        Layer {
            fail_on: self.fail_on.map(|level| (level.severity(), flag("--fail-on"))),
            unknown: self.unknown.map(|level| (level.undecided(), flag("--unknown"))).or(strict),
            select: words(&self.select, "--select"),
            extend_select: words(&self.extend_select, "--extend-select"),
            ignore: words(&self.ignore, "--ignore"),
            severity: self
                .severity
                .iter()
                .map(|(rule, severity)| (rule.clone(), *severity, flag("--severity")))
                .collect(),
        }
    }
}

impl Cli {
    /// Reads the arguments. Help, version and errors are clap's to print.
    pub(crate) fn read(
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<(Cli, Vec<Argument>), clap::Error> {
        let matches = Cli::command().try_get_matches_from(arguments)?;
        let mut innermost = &matches;
        while let Some((_, inner)) = innermost.subcommand() {
            innermost = inner;
        }
        let inputs = input_arguments(innermost);
        Ok((Cli::from_arg_matches(&matches)?, inputs))
    }
}

impl TerraformArgs {
    /// The context, with the inputs in the order of the command line.
    pub(crate) fn context(&self, inputs: Vec<Argument>, environment: &Environment) -> Context {
        Context {
            arguments: inputs,
            environment: environment.variables.clone(),
            workspace: self.workspace.clone(),
            selected: environment.workspace.clone(),
            data_dir: environment.data_dir.clone(),
            scenarios: self.scenarios.clone(),
        }
    }
}

/// What the environment says to Terraform, and to ssmlint.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
    workspace: Option<String>,
    data_dir: Option<PathBuf>,
    /// `SSMLINT_CONFIG`.
    pub(crate) config: Option<PathBuf>,
    /// `SSMLINT_FAIL_ON` and its like, by name; empty ones say nothing.
    settings: BTreeMap<String, String>,
}

impl Environment {
    /// `TF_VAR_*`, `TF_WORKSPACE`, `TF_DATA_DIR` and `SSMLINT_*`; what is not Unicode is left out.
    pub(crate) fn of(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Environment {
        let mut environment = Environment::default();
        for (name, value) in variables {
            let Some(name) = name.to_str() else { continue };
            if name == "TF_DATA_DIR" && !value.is_empty() {
                environment.data_dir = Some(PathBuf::from(value));
            } else if name == "SSMLINT_CONFIG" && !value.is_empty() {
                environment.config = Some(PathBuf::from(value));
            } else if let Ok(value) = value.into_string() {
                if name == "TF_WORKSPACE" && !value.is_empty() {
                    environment.workspace = Some(value);
                } else if let Some(variable) = name.strip_prefix("TF_VAR_") {
                    environment.variables.insert(variable.to_owned(), value);
                } else if name.starts_with("SSMLINT_") && !value.is_empty() {
                    environment.settings.insert(name.to_owned(), value);
                }
            }
        }
        environment
    }

    /// What the environment lays over the settings. Errors: a variable with a value that it cannot have, as a sentence
    /// and what helps.
    pub(crate) fn layer(&self) -> Result<Layer, (String, String)> {
        let origin = |name: &str| Origin::Environment(name.to_owned());
        let said = |name: &str, (message, help): (String, String)| (format!("{name}: {message}"), help);
        let words = |name: &str| {
            let words = self.settings.get(name)?.split(',').map(|word| word.trim().to_owned()).collect();
            Some((words, origin(name)))
        };
        let mut layer =
            Layer { select: words("SSMLINT_SELECT"), ignore: words("SSMLINT_IGNORE"), ..Layer::default() };
        if let Some(word) = self.settings.get("SSMLINT_FAIL_ON") {
            let level = layer::level(word).map_err(|problem| said("SSMLINT_FAIL_ON", problem))?;
            layer.fail_on = Some((level, origin("SSMLINT_FAIL_ON")));
        }
        if let Some(word) = self.settings.get("SSMLINT_UNKNOWN") {
            let level = layer::undecided(word).map_err(|problem| said("SSMLINT_UNKNOWN", problem))?;
            layer.unknown = Some((level, origin("SSMLINT_UNKNOWN")));
        }
        Ok(layer)
    }
}

/// `--var` and `--var-file` in the order of the command line: in Terraform, a later one wins over an earlier one of
/// either kind.
fn input_arguments(matches: &ArgMatches) -> Vec<Argument> {
    let mut found: Vec<(usize, Argument)> = Vec::new();
    // A subcommand without these options does not know their names.
    if let (Ok(Some(values)), Some(indices)) =
        (matches.try_get_many::<(String, String)>("var"), indices(matches, "var"))
    {
        let values = values.map(|(name, value)| Argument::Var(name.clone(), value.clone()));
        found.extend(indices.zip(values));
    }
    if let (Ok(Some(values)), Some(indices)) =
        (matches.try_get_many::<PathBuf>("var_file"), indices(matches, "var_file"))
    {
        found.extend(indices.zip(values.map(|path| Argument::VarFile(path.clone()))));
    }
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, argument)| argument).collect()
}

fn indices<'a>(matches: &'a ArgMatches, id: &str) -> Option<clap::parser::Indices<'a>> {
    matches.try_contains_id(id).ok().filter(|given| *given).and_then(|_| matches.indices_of(id))
}

fn parse_variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("give a name and a value, as in enable_nat=false".to_owned()),
    }
}

fn parse_price(text: &str) -> Result<(String, f64), String> {
    let (name, value) = parse_variable(text)?;
    let dollars: f64 = value.trim().parse().map_err(|_| format!("{value} is no number"))?;
    Prices::default().set(&name, dollars)?;
    Ok((name, dollars))
}

fn parse_service(text: &str) -> Result<Service, String> {
    Service::ALL
        .into_iter()
        .find(|service| service.label() == text)
        .ok_or_else(|| "there are ssm, ssmmessages and ec2messages".to_owned())
}

fn parse_severity(text: &str) -> Result<(String, Severity), String> {
    let Some((rule, word)) = text.split_once('=') else {
        return Err("give a rule and a level, as in SSM008=warning".to_owned());
    };
    let level = layer::level(word).map_err(|(message, help)| format!("{message}; {help}"))?;
    Ok((rule.to_owned(), level))
}

/// `prod`, `name: a=1,b=[1,2]` or `a=1,b=2`: a comma within brackets or quotes belongs to the value.
fn parse_scenario(text: &str) -> Result<Assumed, String> {
    if !text.contains('=') && !text.trim().is_empty() {
        return Ok(Assumed { name: text.trim().to_owned(), inputs: Vec::new() });
    }
    let (name, rest) = match text.split_once(':') {
        Some((name, rest)) if !name.contains('=') => (name.trim().to_owned(), rest),
        Some(_) | None => (text.trim().to_owned(), text),
    };
    let mut parts: Vec<String> = vec![String::new()];
    let (mut depth, mut quoted) = (0usize, false);
    for c in rest.chars() {
        match c {
            '"' => quoted = !quoted,
            '[' | '{' | '(' if !quoted => depth += 1,
            ']' | '}' | ')' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        match parts.last_mut() {
            Some(part) if c != ',' || quoted || depth > 0 => part.push(c),
            Some(_) | None => parts.push(String::new()),
        }
    }
    let inputs = parts.iter().map(|part| {
        let (name, value) = parse_variable(part.trim())?;
        Ok((name, value.trim().to_owned()))
    });
    let inputs: Result<Vec<(String, String)>, String> = inputs.collect();
    Ok(Assumed { name, inputs: inputs? })
}

/// The formats that `SSMLINT_FORMAT` names, as `--format` takes them, with commas between them.
pub(crate) fn parse_destinations(text: &str) -> Result<Vec<Destination>, String> {
    text.split(',').map(|part| parse_destination(part.trim())).collect()
}

fn parse_destination(text: &str) -> Result<Destination, String> {
    let (name, file) = match text.split_once('=') {
        Some((_, "")) => return Err("no file name after `=`".to_owned()),
        Some((name, file)) => (name, Some(PathBuf::from(file))),
        None => (text, None),
    };
    let Some(format) = Format::from_name(name) else {
        let names: Vec<&str> = Format::ALL.iter().map(|format| format.as_str()).collect();
        return Err(format!("there is no format `{name}`; there are {}", names.join(", ")));
    };
    Ok(Destination { format, file })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> (Cli, Vec<Argument>) {
        let program = std::iter::once("ssmlint").chain(arguments.iter().copied());
        Cli::read(program.map(OsString::from)).unwrap()
    }

    #[test]
    fn the_definitions_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn bare_paths_mean_check() {
        let (cli, _) = read(&["infra", "modules"]);
        assert!(cli.command.is_none());
        assert_eq!(cli.check.paths, [PathBuf::from("infra"), PathBuf::from("modules")]);
    }

    #[test]
    fn inputs_keep_the_order_of_the_command_line() {
        let (_, inputs) = read(&["check", "--var", "a=1", "--var-file", "x.tfvars", "--var", "b=x=y", "."]);
        assert_eq!(
            inputs,
            [
                Argument::Var("a".into(), "1".into()),
                Argument::VarFile("x.tfvars".into()),
                Argument::Var("b".into(), "x=y".into()),
            ]
        );
        assert_eq!(read(&["--var", "a=1"]).1.len(), 1);
        assert!(read(&["rules"]).1.is_empty());
    }

    #[test]
    fn formats_can_go_to_files() {
        let (cli, _) = read(&["--format", "pretty", "-f", "sarif=out=1.sarif"]);
        let formats: Vec<_> = cli.check.formats.iter().map(|to| (to.format, to.file.clone())).collect();
        assert_eq!(formats, [(Format::Pretty, None), (Format::Sarif, Some("out=1.sarif".into()))]);
        assert!(parse_destination("yaml").is_err());
        assert!(parse_destination("json=").is_err());
    }

    #[test]
    fn scenarios_have_a_name_and_inputs() {
        let inputs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let one = parse_scenario("enable_nat=false").unwrap();
        assert_eq!((one.name.as_str(), one.inputs), ("enable_nat=false", inputs(&[("enable_nat", "false")])));
        let two = parse_scenario("prod: a=true, zones=[\"x\",\"y\"]").unwrap();
        assert_eq!(two.name, "prod");
        assert_eq!(two.inputs, inputs(&[("a", "true"), ("zones", "[\"x\",\"y\"]")]));
        assert_eq!(parse_scenario("prod").unwrap(), Assumed { name: "prod".to_owned(), inputs: Vec::new() });
        assert!(parse_scenario("").is_err() && parse_scenario("prod: a=1,b").is_err());
    }

    #[test]
    fn the_environment_of_terraform_is_read() {
        let variables = [("TF_VAR_a", "1"), ("TF_DATA_DIR", "d"), ("TF_WORKSPACE", "w"), ("HOME", "/")];
        let environment = Environment::of(variables.map(|(name, value)| (name.into(), value.into())));
        let (cli, inputs) = read(&["x"]);
        let context = cli.check.terraform.context(inputs, &environment);
        assert_eq!(context.environment, BTreeMap::from([("a".to_owned(), "1".to_owned())]));
        assert_eq!((context.workspace, context.selected.as_deref()), (None, Some("w")));
        assert_eq!(context.data_dir, Some("d".into()));
    }
}
