//! Functions that encode and decode text.

mod charset;
mod csv;
mod deflate;
mod gzip;
pub mod json;
mod yaml;
mod yaml_emit;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, PAD};

use crate::eval::funcs::arg::{
    any, check_elements, function, gives_string, normal, quoted, result, string, text,
};
use crate::eval::funcs::encoding::charset::Unencodable;
use crate::eval::funcs::{Context, FuncError, Function, Param, no_refinement, not_null};
use crate::eval::value::{Refinement, Type, Value, ValueKind, normalize};

/// Base64 as Go has it: padded, and careless about the bits after the last byte.
pub(super) const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, PAD.with_decode_allow_trailing_bits(true));

const STR: Param = Param::new("str", string);

/// The functions of this family.
pub static FUNCTIONS: &[Function] = &[
    function("base64decode", &[STR.unknown().marked()], gives_string, base64decode),
    function("base64encode", &[STR], gives_string, |context, args, _| {
        result(context, &BASE64.encode(text(&args[0])?))
    }),
    function("base64gzip", &[STR], gives_string, |context, args, _| {
        result(context, &BASE64.encode(gzip::compress(text(&args[0])?.as_bytes())))
    }),
    function("csvdecode", &[STR], csv_type, csvdecode),
    Function {
        refine: no_refinement,
        ..function("jsondecode", &[STR], json_type, |context, args, _| json::decode(context, text(&args[0])?))
    },
    Function {
        refine: json_prefix,
        ..function(
            "jsonencode",
            &[Param::new("val", any).nullable().unknown().dynamic()],
            gives_string,
            jsonencode,
        )
    },
    function(
        "textdecodebase64",
        &[Param::new("source", string), Param::new("encoding", string)],
        gives_string,
        textdecodebase64,
    ),
    function(
        "textencodebase64",
        &[Param::new("string", string), Param::new("encoding", string)],
        gives_string,
        textencodebase64,
    ),
    function("urlencode", &[STR], gives_string, |context, args, _| {
        result(context, &percent_encoded(text(&args[0])?))
    }),
    Function {
        refine: no_refinement,
        ..function("yamldecode", &[Param::new("src", string)], yaml_type, |context, args, _| {
            yaml::decode(context, text(&args[0])?)
        })
    },
    Function {
        refine: no_refinement,
        ..function(
            "yamlencode",
            &[Param::new("value", any).nullable().dynamic().deep()],
            gives_string,
            |context, args, _| result(context, &yaml_emit::encode(&args[0], context.limits.string_bytes)?),
        )
    },
];

/// Go ignores line breaks in base64.
pub(super) fn without_breaks(text: &str) -> String {
    text.replace(['\r', '\n'], "")
}

fn base64decode(context: &Context<'_>, args: &[Value], _ty: &Type) -> Result<Value, FuncError> {
    let marks = args[0].marks;
    if args[0].is_unknown() {
        return Ok(Value::unknown_not_null(Type::String).with_marks(marks));
    }
    let encoded = text(&args[0])?;
    let bytes = BASE64.decode(without_breaks(encoded)).map_err(|_| {
        let shown = if marks.sensitive { "(sensitive value)".into() } else { quoted(encoded) };
        FuncError::Call(format!("failed to decode base64 data {shown}"))
    })?;
    let decoded = String::from_utf8(bytes).map_err(|_| {
        FuncError::Call("the result of decoding the provided string is not valid UTF-8".into())
    })?;
    Ok(result(context, &decoded)?.with_marks(marks))
}

fn csv_header(text: &str) -> Result<Vec<String>, FuncError> {
    let header = csv::Reader::new(text).record(None)?;
    let header = header.ok_or_else(|| FuncError::Call("missing header line".into()))?;
    for (i, name) in header.iter().enumerate() {
        if header[..i].contains(name) {
            return Err(FuncError::Call(format!("duplicate column name {}", quoted(name))));
        }
    }
    Ok(header)
}

fn csv_type(args: &[Value]) -> Result<Type, FuncError> {
    let Some(text) = args[0].as_str() else { return Ok(Type::Dynamic) };
    let attributes = csv_header(text)?.into_iter().map(|name| (normalize(&name), Type::String));
    Ok(Type::list(Type::object(attributes)))
}

fn csvdecode(context: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let text = text(&args[0])?;
    let header = csv_header(text)?;
    let mut reader = csv::Reader::new(text);
    reader.record(None)?;
    let mut rows = Vec::new();
    while let Some(record) = reader.record(Some(header.len()))? {
        let columns = header.iter().zip(&record).map(|(name, field)| (normalize(name), normal(field)));
        rows.push(Value::object(columns));
        check_elements(context, rows.len().saturating_mul(header.len()))?;
    }
    Ok(Value::list(ty.element().cloned().unwrap_or(Type::Dynamic), rows))
}

/// The first character of a JSON text may tell its type.
fn json_type(args: &[Value]) -> Result<Type, FuncError> {
    let prefix = match args[0].as_unknown() {
        Some(unknown) => unknown.refinement.prefix.trim(),
        // The type of what is decoded is that of the value.
        None => return Ok(Type::Dynamic),
    };
    Ok(match prefix.chars().next() {
        None | Some('{' | '[' | 'n') => Type::Dynamic,
        Some('"') => Type::String,
        Some('t' | 'f') => Type::Bool,
        Some('-' | '.' | '0'..='9') => Type::Number,
        Some(c) => {
            let message = format!("a JSON document cannot begin with the character '{c}'");
            return Err(FuncError::Arg(0, message));
        }
    })
}

fn jsonencode(context: &Context<'_>, args: &[Value], _ty: &Type) -> Result<Value, FuncError> {
    if !args[0].is_wholly_known() {
        return Ok(Value::refined(Type::String, json_prefix(args)));
    }
    result(context, &json::encode(&args[0], context.limits.string_bytes)?)
}

/// The type of what is encoded decides the first character, unless it may be null.
fn json_prefix(args: &[Value]) -> Refinement {
    let prefix = match &args[0].kind {
        ValueKind::Unknown(unknown) if !unknown.refinement.not_null => "",
        ValueKind::Unknown(unknown) => match &unknown.ty {
            Type::String => "\"",
            Type::Map(_) | Type::Object(_) | Type::Resource(_) => "{",
            Type::List(_) | Type::Set(_) | Type::Tuple(_) => "[",
            Type::Dynamic | Type::Bool | Type::Number => "",
        },
        ValueKind::Map(..) | ValueKind::Object(_) | ValueKind::Resource(_) => "{",
        ValueKind::List(..) | ValueKind::Set(..) | ValueKind::Tuple(_) => "[",
        ValueKind::Null(_) | ValueKind::Bool(_) | ValueKind::Number(_) | ValueKind::String(_) => "",
    };
    Refinement { prefix: prefix.into(), ..not_null(args) }
}

fn yaml_type(_args: &[Value]) -> Result<Type, FuncError> {
    // The type of what is decoded is that of the value.
    Ok(Type::Dynamic)
}

fn charset(name: &Value) -> Result<charset::Charset, FuncError> {
    let name = text(name)?;
    match charset::find(name) {
        Some(charset::Found::Computed(charset)) => Ok(charset),
        Some(charset::Found::Known(name)) => Err(FuncError::Limit(format!("character set {name}"))),
        None => Err(FuncError::Arg(
            1,
            format!(
                "{} is not a supported IANA encoding name or alias in this Terraform version",
                quoted(name)
            ),
        )),
    }
}

fn textencodebase64(context: &Context<'_>, args: &[Value], _ty: &Type) -> Result<Value, FuncError> {
    let charset = charset(&args[1])?;
    let name = charset.name();
    let bytes = charset.encode(text(&args[0])?).map_err(|error| match error {
        Unencodable::NotInSet => FuncError::Arg(
            0,
            format!("the given string contains characters that cannot be represented in {name}"),
        ),
        Unencodable::Unclear => FuncError::Limit(format!("characters of {name}")),
    })?;
    result(context, &BASE64.encode(bytes))
}

fn textdecodebase64(context: &Context<'_>, args: &[Value], _ty: &Type) -> Result<Value, FuncError> {
    let charset = charset(&args[1])?;
    let bytes = BASE64.decode(without_breaks(text(&args[0])?)).map_err(|error| {
        let offset = match error {
            base64::DecodeError::InvalidByte(offset, _)
            | base64::DecodeError::InvalidLastSymbol { offset, .. } => offset,
            base64::DecodeError::InvalidLength(_) | base64::DecodeError::InvalidPadding => 0,
        };
        FuncError::Arg(0, format!("the given value is has an invalid base64 symbol at offset {offset}"))
    })?;
    let decoded = charset.decode(&bytes).filter(|text| !text.contains(char::REPLACEMENT_CHARACTER));
    let decoded = decoded.ok_or_else(|| {
        let name = charset.name();
        FuncError::Arg(0, format!("the given string contains symbols that are not defined for {name}"))
    })?;
    result(context, &decoded)
}

/// As in a query string: a space is a plus.
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(b)),
            b' ' => out.push('+'),
            b => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}
