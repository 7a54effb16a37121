//! Terraform configuration: modules as they are declared, before anything is evaluated.
//!
//! Names are Terraform's (`internal/configs`). Declarations keep expressions; each directory is loaded once, however
//! many roots and calls share it.

pub mod decode;
pub mod affected;
mod discover;
pub mod load;
pub mod manifest;
mod merge;
mod refactoring;
mod schema;
pub mod summary;
pub mod tfvars;
pub(crate) mod traversal;
pub(crate) mod cycle;
mod validate;
mod version;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::addr::{self, ResourceMode};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};
use crate::syntax::ast::{Block, Body, Expr, Name, Traversal};

/// A root module with all modules that it calls.
#[derive(Clone, Debug)]
pub struct Config {
    /// The root.
    pub root: Arc<ModuleNode>,
    /// The root module's directory as given, for output.
    pub dir: PathBuf,
    /// The root module's directory without links; file functions are confined to it.
    pub canonical_dir: PathBuf,
    /// Everything wrong in any module of the tree, each once.
    pub diagnostics: Vec<Diagnostic>,
    /// Module calls whose source is not available.
    pub missing: Vec<MissingModule>,
    /// The files of all modules in the tree, sorted, each once; tfvars files too.
    pub files: Vec<FileId>,
}

/// A module in the tree of calls: the module, and what its calls lead to.
#[derive(Clone, Debug)]
pub struct ModuleNode {
    /// The module; shared between all calls of the same directory.
    pub module: Arc<Module>,
    /// By call name.
    pub children: BTreeMap<Name, Child>,
}

/// What a module call leads to.
#[derive(Clone, Debug)]
pub enum Child {
    /// A module that is here.
    Module(Arc<ModuleNode>),
    /// Not installed, unreadable, or refused.
    Missing(MissingModule),
}

/// A module call whose source is not available.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingModule {
    /// The calls that lead to it from the root, `module.a.module.b`.
    pub address: String,
    /// The source as written; empty when it is not a literal.
    pub source: String,
    /// The version constraint as written.
    pub version: Option<String>,
    /// Why it is not available.
    pub reason: MissingReason,
    /// The call's `source` argument, or its header.
    pub span: Span,
}

/// Why a module's source is not available.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MissingReason {
    /// A registry, git or other remote source that `terraform init` has not installed.
    NotInstalled,
    /// A local directory that does not exist or holds no Terraform files.
    NotFound,
    /// A local directory outside the directory tree that may be read.
    Outside,
    /// The directory already stands on the chain of calls.
    Recursive,
    /// The source is not a literal string.
    NotLiteral,
    /// The tree of calls passed a limit of depth or number.
    Limit,
}

impl MissingReason {
    /// The reason as a phrase that follows the module's name.
    pub fn phrase(self) -> &'static str {
        match self {
            MissingReason::NotInstalled => "is not installed",
            MissingReason::NotFound => "does not exist",
            MissingReason::Outside => "lies outside the directory tree that may be read",
            MissingReason::Recursive => "calls itself",
            MissingReason::NotLiteral => "has a source that is not a literal string",
            MissingReason::Limit => "lies beyond a limit on the tree of modules",
        }
    }
}

/// One directory of Terraform files, override files merged.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// The directory as it is shown.
    pub dir: PathBuf,
    /// The directory without links.
    pub canonical_dir: PathBuf,
    /// Its files in the order in which they were read.
    pub files: Vec<FileId>,
    /// `variable` blocks by name.
    pub variables: IndexMap<Name, Variable>,
    /// Attributes of `locals` blocks by name.
    pub locals: IndexMap<Name, Local>,
    /// `output` blocks by name.
    pub outputs: IndexMap<Name, Output>,
    /// `resource`, `data` and `ephemeral` blocks by address.
    pub resources: IndexMap<addr::Resource, Resource>,
    /// `module` blocks by name.
    pub module_calls: IndexMap<Name, ModuleCall>,
    /// `provider` blocks.
    pub providers: Vec<ProviderConfig>,
    /// `required_providers`: local name to source address (`hashicorp/aws`) and alias declarations.
    pub required_providers: IndexMap<Name, RequiredProvider>,
    /// `moved`, `removed`, `import` blocks, as written.
    pub refactorings: Vec<Block>,
    /// `check` blocks.
    pub checks: Vec<Check>,
    /// What is wrong in its files.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether some file of it could not be read or parsed, so that it may declare more than is seen here.
    pub incomplete: bool,
    /// For a built-in summary: what it stands for.
    pub summary: Option<Summary>,
}

impl Module {
    /// Whether it may have inputs and outputs that are not seen here: a file is missing, or it is a summary, which
    /// leaves out what does not matter.
    pub fn is_open(&self) -> bool {
        self.incomplete || self.summary.is_some()
    }
}

/// A built-in summary that stands for a registry module that is not installed. Each call has its own copy of the
/// files, so that a place in them leads back to the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The registry address, with the submodule: `terraform-aws-modules/vpc/aws//modules/vpc-endpoints`.
    pub source: Name,
    /// The major version that it follows: `5`, or several: `1 to 2`.
    pub version: Name,
    /// The call's header.
    pub call: Span,
    /// The whole call.
    pub call_block: Span,
}

/// A `variable` block.
#[derive(Clone, Debug)]
pub struct Variable {
    /// The name.
    pub name: Name,
    /// The type constraint, unparsed.
    pub type_expr: Option<Expr>,
    /// The default.
    pub default: Option<Expr>,
    /// `sensitive`.
    pub sensitive: bool,
    /// `ephemeral`.
    pub ephemeral: bool,
    /// `nullable`, true when not written.
    pub nullable: bool,
    /// `validation` blocks.
    pub validations: Vec<CheckRule>,
    /// The block's header.
    pub decl_range: Span,
}

/// A condition with its message: `validation`, `precondition`, `postcondition`, `assert`.
#[derive(Clone, Debug)]
pub struct CheckRule {
    /// The condition.
    pub condition: Expr,
    /// The message.
    pub error_message: Option<Expr>,
    /// The block's header.
    pub decl_range: Span,
}

/// A `check` block.
#[derive(Clone, Debug)]
pub struct Check {
    /// The name.
    pub name: Name,
    /// The data source declared within it, which stands among the module's resources.
    pub data: Option<addr::Resource>,
    /// `assert` blocks.
    pub asserts: Vec<CheckRule>,
    /// The block's header.
    pub decl_range: Span,
}

/// A local value.
#[derive(Clone, Debug)]
pub struct Local {
    /// The name.
    pub name: Name,
    /// The value.
    pub expr: Expr,
    /// The name's place.
    pub decl_range: Span,
}

/// An `output` block.
#[derive(Clone, Debug)]
pub struct Output {
    /// The name.
    pub name: Name,
    /// The value; none is an error that was reported.
    pub expr: Option<Expr>,
    /// `sensitive`.
    pub sensitive: bool,
    /// `ephemeral`.
    pub ephemeral: bool,
    /// `depends_on`.
    pub depends_on: Vec<Traversal>,
    /// `precondition` blocks.
    pub preconditions: Vec<CheckRule>,
    /// The block's header.
    pub decl_range: Span,
}

/// A `resource`, `data` or `ephemeral` block.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its address within the module.
    pub addr: addr::Resource,
    /// `count`.
    pub count: Option<Expr>,
    /// `for_each`.
    pub for_each: Option<Expr>,
    /// `provider = aws.east`: local name and alias.
    pub provider: Option<ProviderRef>,
    /// `depends_on`.
    pub depends_on: Vec<Traversal>,
    /// `lifecycle { ignore_changes }`.
    pub ignore_changes: IgnoreChanges,
    /// `lifecycle { replace_triggered_by }`.
    pub replace_triggered_by: Vec<Expr>,
    /// `lifecycle { precondition }`.
    pub preconditions: Vec<CheckRule>,
    /// `lifecycle { postcondition }`.
    pub postconditions: Vec<CheckRule>,
    /// `connection` and `provisioner` blocks, as written.
    pub provisioners: Vec<Block>,
    /// The arguments, without meta-arguments; `dynamic` blocks as written.
    pub body: Body,
    /// The block's header.
    pub decl_range: Span,
    /// The whole block.
    pub span: Span,
}

impl Resource {
    /// Whether it is a managed resource.
    pub fn is_managed(&self) -> bool {
        self.addr.mode == ResourceMode::Managed
    }
}

/// `lifecycle { ignore_changes = … }`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum IgnoreChanges {
    /// Not written.
    #[default]
    None,
    /// These top-level arguments.
    Some(Vec<Name>),
    /// `all`.
    All,
}

impl IgnoreChanges {
    /// Whether changes of this top-level argument are ignored.
    pub fn ignores(&self, argument: &str) -> bool {
        match self {
            IgnoreChanges::None => false,
            IgnoreChanges::Some(names) => names.iter().any(|name| name == argument),
            IgnoreChanges::All => true,
        }
    }
}

/// A `module` block.
#[derive(Clone, Debug)]
pub struct ModuleCall {
    /// The name.
    pub name: Name,
    /// `source`, when it is a literal string.
    pub source: Option<Name>,
    /// The place of the `source` argument's value.
    pub source_span: Option<Span>,
    /// `version`, when it is a literal string.
    pub version: Option<Name>,
    /// `count`.
    pub count: Option<Expr>,
    /// `for_each`.
    pub for_each: Option<Expr>,
    /// `depends_on`.
    pub depends_on: Vec<Traversal>,
    /// `providers = { aws = aws.east }`: inner to outer.
    pub providers: Vec<(ProviderRef, ProviderRef)>,
    /// All other arguments: the module's inputs.
    pub arguments: Body,
    /// The block's header.
    pub decl_range: Span,
    /// The whole block.
    pub span: Span,
}

/// A provider configuration's local name: `aws`, `aws.east`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderRef {
    /// The provider's local name.
    pub name: Name,
    /// The alias.
    pub alias: Option<Name>,
    /// The place.
    pub span: Option<Span>,
}

impl fmt::Display for ProviderRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.alias.iter().try_for_each(|alias| write!(f, ".{alias}"))
    }
}

/// A `provider` block.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// The local name.
    pub name: Name,
    /// `alias`.
    pub alias: Option<Name>,
    /// Its arguments.
    pub body: Body,
    /// Whether it has a `version` argument.
    pub has_version: bool,
    /// The block's header.
    pub decl_range: Span,
    /// The whole block.
    pub span: Span,
}

/// An entry of `required_providers`.
#[derive(Clone, Debug)]
pub struct RequiredProvider {
    /// `source`.
    pub source: Option<Name>,
    /// `version`.
    pub version: Option<Name>,
    /// `configuration_aliases`.
    pub aliases: Vec<ProviderRef>,
    /// The place.
    pub span: Span,
}

/// Values for root input variables, in the order in which they apply: a later one wins.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// One entry per assignment.
    pub assignments: Vec<Assignment>,
    /// What was wrong in the files and arguments.
    pub diagnostics: Vec<Diagnostic>,
    /// The files read.
    pub files: Vec<FileId>,
}

/// One value for one input variable.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// The variable.
    pub name: Name,
    /// The value.
    pub value: AssignedValue,
    /// By what it was set, as it is printed: `terraform.tfvars`, `-var`, `TF_VAR_region`.
    pub source: Name,
    /// Where; none for arguments and the environment.
    pub span: Option<Span>,
}

/// The value of an assignment.
#[derive(Clone, Debug)]
pub enum AssignedValue {
    /// An expression, as in a tfvars file.
    Expr(Expr),
    /// A value that a scenario chooses for a toggle.
    Chosen(bool),
    /// A text from `-var` or `TF_VAR_*`: a string, or an expression when the variable's type is not primitive.
    Text(String),
}
