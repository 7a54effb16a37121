//! The syntax tree that all later stages read: ours, owned, every node with its span.
//!
//! Native syntax and JSON syntax lower to the same tree. Parentheses are gone, escapes and heredocs are decoded.

use ecow::EcoString;

use crate::number::Number;
use crate::source::{FileId, Span};

/// A name: an identifier, an attribute name, a block type.
pub type Name = EcoString;

/// One parsed file.
#[derive(Clone, Debug)]
pub struct File {
    /// Which file.
    pub id: FileId,
    /// Its top level.
    pub body: Body,
    /// All comments in source order, for suppressions.
    pub comments: Vec<Comment>,
}

/// A comment with its markers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    /// The whole comment, `#`, `//`, `/*` and `*/` included; a line comment ends before its line break.
    /// In JSON syntax: the string value of a `"//"` property, quotes included.
    pub span: Span,
}

/// Attributes and blocks, each in source order.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// The attributes; names are unique in native syntax.
    pub attributes: Vec<Attribute>,
    /// The nested blocks.
    pub blocks: Vec<Block>,
    /// Where a new argument would go: the empty span before the closing brace, or at the end of the file.
    /// None in JSON syntax.
    pub end: Option<Span>,
}

impl Body {
    /// The attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The blocks of that type, in source order.
    pub fn blocks_of<'a>(&'a self, block_type: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks.iter().filter(move |block| block.block_type == block_type)
    }
}

/// `name = expr`.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// The name.
    pub name: Name,
    /// The name's place.
    pub name_span: Span,
    /// The value.
    pub expr: Expr,
    /// Name to end of the expression.
    pub span: Span,
}

/// `type "label" … { body }`.
#[derive(Clone, Debug)]
pub struct Block {
    /// The block type.
    pub block_type: Name,
    /// The block type's place.
    pub type_span: Span,
    /// The labels, quotes removed.
    pub labels: Vec<Label>,
    /// The content.
    pub body: Body,
    /// From the type to the last label: what stands before the brace.
    pub header: Span,
    /// The whole block.
    pub span: Span,
}

/// A block label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The text without quotes.
    pub text: Name,
    /// The place, quotes included.
    pub span: Span,
}

/// An expression with its place.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it is; parentheses around it are included.
    pub span: Span,
}

/// All expression forms of HCL.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number literal, exact to 512 bits.
    Number(Number),
    /// A string or heredoc without interpolation, decoded and NFC-normalised.
    String(EcoString),
    /// A quoted template or heredoc with at least one interpolation or directive.
    /// A single interpolation alone, `"${x}"`, is `Template` with that one part and keeps the value's type.
    Template(Vec<TemplatePart>),
    /// `root.step.step`: a traversal that starts with an identifier. A bare identifier has no steps.
    Traversal(Traversal),
    /// Steps applied to any other expression: `f(x)[0].a`.
    Access {
        /// The expression that the steps start from.
        base: Box<Expr>,
        /// At least one step.
        steps: Vec<Step>,
    },
    /// `name(args)`; namespaced names are joined with `::`.
    Call {
        /// The function's name.
        name: Name,
        /// The name's place.
        name_span: Span,
        /// The arguments.
        args: Vec<Expr>,
        /// Whether the last argument ends in `...`.
        expand_final: bool,
    },
    /// `-x`, `!x`.
    Unary {
        /// Which one.
        op: UnaryOp,
        /// The operand.
        operand: Box<Expr>,
    },
    /// `a + b`.
    Binary {
        /// Which one.
        op: BinaryOp,
        /// The left operand.
        left: Box<Expr>,
        /// The right operand.
        right: Box<Expr>,
    },
    /// `c ? a : b`.
    Conditional {
        /// The condition.
        condition: Box<Expr>,
        /// The value if true.
        if_true: Box<Expr>,
        /// The value if false.
        if_false: Box<Expr>,
    },
    /// `[a, b]`.
    Tuple(Vec<Expr>),
    /// `{ a = b }`.
    Object(Vec<ObjectItem>),
    /// `[for …]` and `{for …}`.
    For(Box<ForExpr>),
    /// Parentheses matter in one place, an object key, so that is where they are kept: `(x) = y`.
    Parens(Box<Expr>),
}

/// A part of a template.
#[derive(Clone, Debug)]
pub enum TemplatePart {
    /// Literal text, decoded; strip markers are already applied to it.
    Literal(EcoString, Span),
    /// `${expr}`.
    Interpolation(Expr),
    /// `%{if}`.
    If {
        /// The condition.
        condition: Expr,
        /// The parts when true.
        if_true: Vec<TemplatePart>,
        /// The parts when false; empty without `%{else}`.
        if_false: Vec<TemplatePart>,
    },
    /// `%{for}`.
    For {
        /// The key variable, when two are named.
        key: Option<Name>,
        /// The value variable.
        value: Name,
        /// What is iterated.
        collection: Expr,
        /// The parts for each element.
        body: Vec<TemplatePart>,
    },
}

/// A traversal that starts with a name.
#[derive(Clone, Debug)]
pub struct Traversal {
    /// The first identifier.
    pub root: Name,
    /// Its place.
    pub root_span: Span,
    /// The steps after it.
    pub steps: Vec<Step>,
}

/// One step of a traversal, with its place (the dot or bracket included).
#[derive(Clone, Debug)]
pub struct Step {
    /// What it does.
    pub kind: StepKind,
    /// Where it is.
    pub span: Span,
}

/// The forms of a traversal step.
#[derive(Clone, Debug)]
pub enum StepKind {
    /// `.name`.
    Attr(Name),
    /// `[expr]`; `.0` is an index with a number literal.
    Index(Box<Expr>),
    /// `.*`: later `.name` steps apply to each element, until the first index.
    AttrSplat,
    /// `[*]`: all later steps apply to each element.
    FullSplat,
}

/// Unary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnaryOp {
    /// `-`.
    Negate,
    /// `!`.
    Not,
}

/// Binary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BinaryOp {
    /// `||`.
    Or,
    /// `&&`.
    And,
    /// `==`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
    /// `+`.
    Add,
    /// `-`.
    Subtract,
    /// `*`.
    Multiply,
    /// `/`.
    Divide,
    /// `%`.
    Modulo,
}

/// An item of an object constructor.
#[derive(Clone, Debug)]
pub struct ObjectItem {
    /// The key. A bare identifier is a `Traversal` without steps and means its own name; `(name)` is `Parens`.
    pub key: Expr,
    /// The value.
    pub value: Expr,
}

/// `[for k, v in c : value if cond]` and `{for k, v in c : key => value... if cond}`.
#[derive(Clone, Debug)]
pub struct ForExpr {
    /// The key variable, when two are named.
    pub key_var: Option<Name>,
    /// The value variable.
    pub value_var: Name,
    /// What is iterated.
    pub collection: Expr,
    /// The result key; makes it an object.
    pub key: Option<Expr>,
    /// The result value.
    pub value: Expr,
    /// Whether `...` groups values by key.
    pub group: bool,
    /// The filter.
    pub condition: Option<Expr>,
}
