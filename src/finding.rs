//! Findings: plain data between the rules and whoever prints, filters or fixes them.

use crate::source::Span;

/// How bad a finding is for the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Hygiene, resilience or cost.
    Info,
    /// Works now, against the stated intent, or likely broken.
    Warning,
    /// Some target provably cannot open a session, or apply provably fails.
    Error,
}

impl Severity {
    /// The word as it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// How sure ssmlint is that the violation holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// Proven in this scenario.
    Certain,
    /// Neither proven nor refuted; counted and explained, never a failure unless asked for.
    Undecided,
}

/// One thing a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's code, `SSM001`.
    pub code: &'static str,
    /// The rule's name, `endpoint-private-dns-disabled`.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub certainty: Certainty,
    /// The headline: lower case, no full stop, stands alone in a CI log.
    pub message: String,
    /// The address of what is wrong, as Terraform prints it.
    pub subject: String,
    /// The line to change; none only for what has no source (a plan).
    pub primary: Option<Label>,
    /// Further places, in the order in which they are worth reading.
    pub labels: Vec<Label>,
    /// How the deciding value came about, from the use to the line that decided.
    pub trace: Vec<TraceStep>,
    /// Short facts that belong to the finding, printed as notes.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Option<String>,
    /// For an undecided one: what would have to be known, each with the place where it ends if there is one.
    pub because: Vec<Because>,
    /// The edits that remove the finding.
    pub fix: Option<Fix>,
    /// The targets that cannot be reached because of it, as addresses; sorted.
    pub affected: Vec<String>,
    /// The scenarios in which it holds; empty when there is only one.
    pub scenarios: Vec<String>,
    /// What the finding is about, independent of lines: stable under moving code. Used for fingerprints.
    pub cause: String,
    /// The module calls around the subject, outermost first, each with its header. Rules leave it empty; `lint` fills it.
    pub calls: Vec<Span>,
    /// The root modules in which it holds, as directories; sorted. Rules leave it empty; `lint` fills it.
    pub roots: Vec<String>,
}

/// A place with what it contributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What this line contributes; lower case, no full stop; may be empty.
    pub message: String,
}

/// One step of how a value came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceStep {
    /// The place; none for a provider default.
    pub span: Option<Span>,
    /// What happened there.
    pub message: String,
}

/// Why something could not be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Because {
    /// `var.vpc_id has no value`, `module.vpc is not installed`.
    pub reason: String,
    /// Where that stands.
    pub span: Option<Span>,
}

/// Whether a fix may be applied without a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Safety {
    /// Changes nothing that works; in place.
    Safe,
    /// Replaces a resource, cuts access that exists, or guesses an intent.
    Unsafe,
}

impl Safety {
    /// The word as it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Safety::Safe => "safe",
            Safety::Unsafe => "unsafe",
        }
    }
}

/// What removes a finding: in Terraform's terms as rules say it, and as byte edits once the source was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What the fix does, as an imperative: `set private_dns_enabled to true`.
    pub title: String,
    /// Whether it may be applied without a look.
    pub safety: Safety,
    /// What is to be done.
    pub changes: Vec<Change>,
    /// The same as disjoint edits, by file and place. Rules leave it empty; `lint` fills it.
    pub edits: Vec<Edit>,
}

impl Fix {
    /// A fix of which the source has not been looked at.
    pub fn new(title: impl Into<String>, safety: Safety, changes: Vec<Change>) -> Fix {
        Fix { title: title.into(), safety, changes, edits: Vec::new() }
    }

    /// The fix of one defect that is seen twice: both must do the same, and it is as safe as the less safe of them.
    pub fn agree(one: Option<Fix>, other: Option<Fix>) -> Option<Fix> {
        let (one, other) = (one?, other?);
        (one.changes == other.changes).then(|| Fix { safety: one.safety.max(other.safety), ..one })
    }

    /// The fix of several instances of one block, which share their lines: what each of them needs.
    pub fn both(one: Option<Fix>, other: Option<Fix>) -> Option<Fix> {
        let (mut one, other) = (one?, other?);
        one.safety = one.safety.max(other.safety);
        for change in other.changes {
            if one.changes.contains(&change) {
                continue;
            }
            // Two ways to change one place are no way.
            if one.changes.iter().any(|own| own.span() == change.span()) {
                return None;
            }
            one.changes.push(change);
        }
        Some(one)
    }
}

/// One replacement of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub span: Span,
    /// The new text.
    pub text: String,
}

/// Who accepted a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Acceptance {
    /// A comment beside the code.
    Comment,
    /// An `ignore` block of the settings.
    Settings,
}

/// A finding that is accepted, and where that is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// The finding; of one that affects further targets, the part that is accepted.
    pub finding: Finding,
    /// Who says so.
    pub by: Acceptance,
    /// Where: the directive, or the header of the block.
    pub place: Span,
    /// Why.
    pub reason: Option<String>,
    /// The last day on which it holds, `2027-03-31`.
    pub until: Option<String>,
}

/// What recognises a finding in a later run. No line is in it, so that moving code keeps it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The root module's directory, counted from where keys are kept, with `/`.
    pub root: String,
    /// The rule's code.
    pub rule: String,
    /// The address of what is wrong.
    pub address: String,
    /// What tells it apart from another finding about the same thing.
    pub cause: String,
}

/// A change of the configuration, without layout. Places are those that findings point to: blocks from the type to
/// the closing brace, arguments from the name to the end of the expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A literal becomes another one.
    Replace {
        /// The literal.
        literal: Span,
        /// What it becomes.
        with: Term,
    },
    /// An argument is given another expression.
    Assign {
        /// The argument.
        argument: Span,
        /// The expression.
        with: Term,
    },
    /// A block is given an argument that it lacks; one that is written as `null` is given the value.
    Set {
        /// The block.
        block: Span,
        /// The argument's name.
        name: &'static str,
        /// Its value.
        value: Term,
    },
    /// A block is given one more nested block.
    Nest {
        /// The outer block.
        block: Span,
        /// The nested block.
        new: NewBlock,
    },
    /// New blocks stand after a block.
    After {
        /// The block that they follow.
        block: Span,
        /// The new blocks.
        new: Vec<NewBlock>,
    },
    /// Copies of a block follow it: each has another name, and another word in its texts.
    Copy {
        /// The block; its last label is its name.
        block: Span,
        /// The word that is replaced in `service_name` and `tags`.
        word: String,
        /// For each copy its name and the word in place of the old one.
        copies: Vec<(String, String)>,
    },
    /// A list is given further elements, or an object further entries made like one that it has.
    Append {
        /// The list or object.
        collection: Span,
        /// The elements, or the keys of the entries.
        elements: Vec<Term>,
        /// The key of the entry that new entries are made like, where the collection is an object.
        like: Option<String>,
    },
    /// A block is removed, with the comment that is attached to it.
    Remove {
        /// The block.
        block: Span,
    },
    /// A word that stands once within a place becomes another one.
    Reword {
        /// The place.
        within: Span,
        /// The word.
        word: String,
        /// What it becomes.
        with: String,
    },
}

impl Change {
    /// The place that it is about.
    pub fn span(&self) -> Span {
        match self {
            Change::Replace { literal: span, .. }
            | Change::Assign { argument: span, .. }
            | Change::Set { block: span, .. }
            | Change::Nest { block: span, .. }
            | Change::After { block: span, .. }
            | Change::Copy { block: span, .. }
            | Change::Append { collection: span, .. }
            | Change::Remove { block: span }
            | Change::Reword { within: span, .. } => *span,
        }
    }
}

/// An expression that a fix writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Number(i64),
    /// A string without interpolation.
    Text(String),
    /// An expression in native syntax; further lines are indented relative to the line that it starts on.
    Code(String),
}

/// A block that a fix writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewBlock {
    /// `resource "aws_vpc" "main"`, `ingress`.
    pub header: String,
    /// The arguments in order.
    pub arguments: Vec<(&'static str, Term)>,
    /// The nested blocks, after the arguments.
    pub blocks: Vec<NewBlock>,
}
