//! Typed reading of evaluated arguments, in all encodings that the provider accepts.
//!
//! Null is omitted. A nested block may be written as a block, as a `dynamic` block, or as an attribute that holds a
//! list of objects.

use ecow::EcoString;

use crate::aws::fact::{Basis, Fact, Known};
use crate::aws::link::{Element, elements};
use crate::eval::origin::OriginId;
use crate::eval::value::{Cause, Causes, Value};
use crate::eval::{BlockValue, NestedBlock};
use crate::source::Span;
use crate::truth::Truth;

/// An argument that is written and not null for certain.
#[derive(Clone, Copy, Debug)]
pub struct Arg<'a> {
    /// Its value.
    pub value: &'a Value,
    /// Name to end of expression; for an element of a list of objects, the list.
    pub span: Option<Span>,
}

impl<'a> Arg<'a> {
    /// The values that it holds: the elements of a list, or itself when its name or type says that it is one value.
    pub fn elements(&self, single: bool) -> Vec<Element<'a>> {
        if single && !self.value.is_null() {
            return vec![Element::Value(self.value, Truth::Yes)];
        }
        elements(self.value)
    }
}

/// A body of arguments: a block, or an object in an attribute that stands for blocks.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    kind: ViewKind<'a>,
    /// The place of an argument that is omitted: the block's header.
    pub header: Option<Span>,
}

#[derive(Clone, Copy, Debug)]
enum ViewKind<'a> {
    Block(&'a BlockValue),
    Object(&'a Value, Option<Span>),
}

impl<'a> View<'a> {
    /// The view of a block's body.
    pub fn block(body: &'a BlockValue, header: Option<Span>) -> View<'a> {
        View { kind: ViewKind::Block(body), header }
    }

    /// The view of an object that stands for a block.
    pub fn object(value: &'a Value, span: Option<Span>) -> View<'a> {
        View { kind: ViewKind::Object(value, span), header: span }
    }

    /// The argument; none when it is omitted or null.
    pub fn arg(&self, name: &str) -> Option<Arg<'a>> {
        let arg = match self.kind {
            ViewKind::Block(body) => {
                let attribute = body.attribute(name)?;
                Arg { value: &attribute.value, span: attribute.span }
            }
            ViewKind::Object(value, span) => Arg { value: value.as_entries()?.get(name)?, span },
        };
        if arg.value.is_null() { None } else { Some(arg) }
    }

    /// An argument that is written and null for certain.
    pub fn null(&self, name: &str) -> Option<Arg<'a>> {
        let ViewKind::Block(body) = self.kind else { return None };
        let attribute = body.attribute(name).filter(|attribute| attribute.value.is_null())?;
        Some(Arg { value: &attribute.value, span: attribute.span })
    }

    /// The place of an argument that is omitted or null: itself where it is written, or the block's header.
    pub fn place(&self, name: &str) -> Option<Span> {
        self.null(name).and_then(|arg| arg.span).or(self.header)
    }

    /// What an argument that is omitted or null stands for, at its place.
    pub fn absent<T>(&self, name: &str, value: T) -> Fact<T> {
        match self.null(name) {
            Some(arg) => Fact {
                basis: Basis::WrittenNull,
                origin: arg.value.origin,
                ..Fact::default(value, arg.span.or(self.header))
            },
            None => Fact::default(value, self.header),
        }
    }

    /// A value of the argument: `absent` when it is omitted or null.
    pub fn fact<T: PartialEq + Clone>(
        &self,
        name: &str,
        convert: impl Fn(&Value) -> Option<T>,
        absent: T,
    ) -> Fact<T> {
        match (self.arg(name), self.kind) {
            (Some(arg), _) => fact(&arg, &convert, Some(&absent)),
            // Not even which arguments it has is known.
            (None, ViewKind::Object(value, span)) if value.is_unknown() => {
                Fact { basis: Basis::Configured, ..Fact::unknown(value.causes(), span) }
            }
            (None, ViewKind::Object(..) | ViewKind::Block(_)) => self.absent(name, absent),
        }
    }

    /// A bool with the value that it has when omitted.
    pub fn flag(&self, name: &str, absent: bool) -> Fact<bool> {
        self.fact(name, to_bool, absent)
    }

    /// A string; `None` when omitted or empty.
    pub fn text(&self, name: &str) -> Fact<Option<EcoString>> {
        self.fact(name, |value| to_text(value).map(|text| (!text.is_empty()).then_some(text)), None)
    }

    /// A string with the value that it has when omitted.
    pub fn text_or(&self, name: &str, absent: &str) -> Fact<EcoString> {
        self.fact(name, to_text, absent.into())
    }

    /// An integer; `None` when omitted.
    pub fn integer(&self, name: &str) -> Fact<Option<i64>> {
        self.fact(name, |value| to_integer(value).map(Some), None)
    }

    /// The nested blocks of a type, however they are written.
    pub fn blocks(&self, name: &str) -> Blocks<'a> {
        let mut blocks = Blocks { items: Vec::new(), written: false, open: None, span: self.header };
        if let ViewKind::Block(body) = self.kind {
            for block in body.blocks.iter().filter(|block| block.block_type == name) {
                if !blocks.written {
                    blocks.written = true;
                    blocks.span = block.decl_range;
                }
                blocks.items.push(Item::from_block(block));
            }
        }
        if let Some(arg) = self.arg(name) {
            blocks.written = true;
            blocks.span = arg.span;
            for element in elements(arg.value) {
                match element {
                    Element::Value(value, _) if value.is_null() => {}
                    Element::Value(value, exists) | Element::Each(value, exists) => blocks.items.push(Item {
                        view: View::object(value, arg.span),
                        exists,
                        exists_because: arg.value.origin,
                        decl_range: arg.span,
                        span: arg.span,
                    }),
                    Element::More(value) => blocks.open = Some(value.causes()),
                }
            }
        } else if let ViewKind::Object(value, span) = self.kind
            && value.is_unknown()
        {
            blocks.open = Some(value.causes());
            blocks.span = span;
        }
        blocks
    }

    /// Why not even the arguments are known, of an object that is unknown as a whole.
    pub fn unknown_causes(&self) -> Option<Causes> {
        match self.kind {
            ViewKind::Object(value, _) if value.is_unknown() => Some(value.causes()),
            ViewKind::Object(..) | ViewKind::Block(_) => None,
        }
    }

    /// The one nested block of a type, when there is one.
    pub fn single_block(&self, name: &str) -> Option<Item<'a>> {
        self.blocks(name).items.into_iter().next()
    }
}

/// The nested blocks of one type.
#[derive(Clone, Debug)]
pub struct Blocks<'a> {
    /// The blocks, in source order.
    pub items: Vec<Item<'a>>,
    /// Whether the argument is written at all: an empty list is, an omitted block is not.
    pub written: bool,
    /// Why there may be further blocks.
    pub open: Option<Causes>,
    /// The first block's header or the attribute; the outer header when there is none.
    pub span: Option<Span>,
}

/// One nested block.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// Its arguments.
    pub view: View<'a>,
    /// `Unknown` when it may be there none, one or several times.
    pub exists: Truth,
    /// What decided that.
    pub exists_because: OriginId,
    /// The header.
    pub decl_range: Option<Span>,
    /// The whole block.
    pub span: Option<Span>,
}

impl<'a> Item<'a> {
    fn from_block(block: &'a NestedBlock) -> Item<'a> {
        Item {
            view: View::block(&block.body, block.decl_range),
            exists: block.exists,
            exists_because: block.exists_because,
            decl_range: block.decl_range,
            span: block.span,
        }
    }
}

/// What is known of an argument; `absent` is the value of a null among its alternatives.
pub fn fact<T: PartialEq + Clone>(
    arg: &Arg<'_>,
    convert: &impl Fn(&Value) -> Option<T>,
    absent: Option<&T>,
) -> Fact<T> {
    Fact {
        value: known(arg.value, convert, absent),
        basis: Basis::Configured,
        origin: arg.value.origin,
        span: arg.span,
        sensitive: arg.value.deep_marks().sensitive,
    }
}

/// What is known of a value.
pub fn known<T: PartialEq + Clone>(
    value: &Value,
    convert: &impl Fn(&Value) -> Option<T>,
    absent: Option<&T>,
) -> Known<T> {
    if value.is_null() {
        return match absent {
            Some(absent) => Known::Value(absent.clone()),
            None => Known::Unknown(Causes::new()),
        };
    }
    if let Some(converted) = convert(value) {
        return Known::Value(converted);
    }
    if let Some(unknown) = value.as_unknown() {
        if let Some(possible) = &unknown.possible {
            let mut values = Vec::new();
            for alternative in possible {
                match known(alternative, convert, absent) {
                    Known::Value(value) => values.push(value),
                    Known::OneOf(more) => values.extend(more),
                    Known::Unknown(causes) if causes.is_empty() => {
                        return Known::Unknown(unknown.causes.clone());
                    }
                    Known::Unknown(causes) => return Known::Unknown(causes),
                }
            }
            if !values.is_empty() {
                return Known::one_of(values);
            }
        }
        return Known::Unknown(unknown.causes.clone());
    }
    let causes = value.causes();
    if causes.is_empty() {
        Known::Unknown([Cause::Error("inappropriate value for this argument".into())].into_iter().collect())
    } else {
        Known::Unknown(causes)
    }
}

/// A bool, or a string that Terraform converts to one.
pub fn to_bool(value: &Value) -> Option<bool> {
    match (value.as_bool(), value.as_str()) {
        (Some(value), _) => Some(value),
        (None, Some("true" | "1")) => Some(true),
        (None, Some("false" | "0")) => Some(false),
        (None, _) => None,
    }
}

/// A string, or a number or bool that Terraform converts to one.
pub fn to_text(value: &Value) -> Option<EcoString> {
    if let Some(text) = value.as_str() {
        return Some(text.into());
    }
    if let Some(value) = value.as_bool() {
        return Some(if value { "true".into() } else { "false".into() });
    }
    value.as_number().map(|number| number.to_string().into())
}

/// An integer, or a string that Terraform converts to one.
pub fn to_integer(value: &Value) -> Option<i64> {
    if let Some(text) = value.as_str() {
        return crate::number::Number::parse(text)?.to_i64();
    }
    value.as_number()?.to_i64()
}
