//! Hashes, identifiers and decryption.

mod pem;
mod rsa;

use base64::Engine;
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use uuid::Uuid;

use crate::eval::funcs::arg::{Call, function, gives_string, number, quoted, result, string, text};
use crate::eval::funcs::encoding::BASE64;
use crate::eval::funcs::file::{self, ReadError};
use crate::eval::funcs::{Context, FuncError, Function, Param, not_null};
use crate::eval::value::{Refinement, Type, Value};

/// The functions of this family.
pub static FUNCTIONS: &[Function] = &[
    of_text("base64sha256", |context, args, _| text_hash(context, args, base64::<Sha256>)),
    of_text("base64sha512", |context, args, _| text_hash(context, args, base64::<Sha512>)),
    Function { variadic: Some(Param::new("cost", number)), ..of_text("bcrypt", not_computed) },
    of_file("filebase64sha256", |context, args, _| file_hash(context, args, base64::<Sha256>)),
    of_file("filebase64sha512", |context, args, _| file_hash(context, args, base64::<Sha512>)),
    of_file("filemd5", |context, args, _| file_hash(context, args, hex::<Md5>)),
    of_file("filesha1", |context, args, _| file_hash(context, args, hex::<Sha1>)),
    of_file("filesha256", |context, args, _| file_hash(context, args, hex::<Sha256>)),
    of_file("filesha512", |context, args, _| file_hash(context, args, hex::<Sha512>)),
    of_text("md5", |context, args, _| text_hash(context, args, hex::<Md5>)),
    function(
        "rsadecrypt",
        &[Param::new("ciphertext", string), Param::new("privatekey", string)],
        gives_string,
        rsa::rsadecrypt,
    ),
    of_text("sha1", |context, args, _| text_hash(context, args, hex::<Sha1>)),
    of_text("sha256", |context, args, _| text_hash(context, args, hex::<Sha256>)),
    of_text("sha512", |context, args, _| text_hash(context, args, hex::<Sha512>)),
    function("uuid", &[], gives_string, |_, _, _| {
        let length = Refinement { min_length: 36, max_length: Some(36), ..not_null(&[]) };
        Ok(Value::refined(Type::String, length))
    }),
    function("uuidv5", &[Param::new("namespace", string), Param::new("name", string)], gives_string, uuidv5),
];

const fn of_text(name: &'static str, call: Call) -> Function {
    const PARAMS: &[Param] = &[Param::new("str", string)];
    function(name, PARAMS, gives_string, call)
}

const fn of_file(name: &'static str, call: Call) -> Function {
    const PARAMS: &[Param] = &[Param::new("path", string)];
    function(name, PARAMS, gives_string, call)
}

/// How much more work a call is than its arguments and its result tell, in bytes of values weighed.
pub(super) fn work(function: &Function, args: &[Value]) -> usize {
    if function.name == "rsadecrypt" { rsa::work(args) } else { 0 }
}

fn not_computed(_context: &Context<'_>, _args: &[Value], _ty: &Type) -> Result<Value, FuncError> {
    Ok(Value::unknown_not_null(Type::String))
}

fn hex<D: Digest>(bytes: &[u8]) -> String {
    D::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn base64<D: Digest>(bytes: &[u8]) -> String {
    BASE64.encode(D::digest(bytes))
}

fn text_hash(context: &Context<'_>, args: &[Value], hash: fn(&[u8]) -> String) -> Result<Value, FuncError> {
    result(context, &hash(text(&args[0])?.as_bytes()))
}

fn file_hash(context: &Context<'_>, args: &[Value], hash: fn(&[u8]) -> String) -> Result<Value, FuncError> {
    let path = text(&args[0])?;
    let bytes = file::read(context, path).map_err(|error| match error {
        ReadError::Missing => FuncError::Call(format!("open {path}: no such file or directory")),
        ReadError::Unreadable(message) => FuncError::Call(message),
        ReadError::Outside(path) => FuncError::Outside(path),
        ReadError::Limit(limit) => FuncError::Limit(limit),
    })?;
    result(context, &hash(&bytes))
}

fn uuidv5(context: &Context<'_>, args: &[Value], _ty: &Type) -> Result<Value, FuncError> {
    let name = text(&args[0])?;
    let namespace = match name {
        "dns" => Uuid::NAMESPACE_DNS,
        "url" => Uuid::NAMESPACE_URL,
        "oid" => Uuid::NAMESPACE_OID,
        "x500" => Uuid::NAMESPACE_X500,
        _ => parse_uuid(name)
            .map_err(|why| FuncError::Call(format!("uuidv5() doesn't support namespace {name} ({why})")))?,
    };
    result(context, &Uuid::new_v5(&namespace, text(&args[1])?.as_bytes()).to_string())
}

/// A UUID in one of four forms, told apart by their length: plain, with `urn:uuid:`, in braces, without dashes.
fn parse_uuid(text: &str) -> Result<Uuid, String> {
    let form = || "invalid UUID format".to_owned();
    let plain = match text.len() {
        32 => {
            return text
                .bytes()
                .all(|b| b.is_ascii_hexdigit())
                .then(|| text.parse().ok())
                .flatten()
                .ok_or_else(form);
        }
        36 => text,
        38 => text.get(1..37).ok_or_else(form)?,
        45 => {
            let prefix = text.get(..9).unwrap_or_default();
            if !prefix.eq_ignore_ascii_case("urn:uuid:") {
                return Err(format!("invalid urn prefix: {}", quoted(prefix)));
            }
            &text[9..]
        }
        length => return Err(format!("invalid UUID length: {length}")),
    };
    let dashes = plain.bytes().enumerate().all(|(i, b)| (b == b'-') == matches!(i, 8 | 13 | 18 | 23));
    if dashes { plain.parse().map_err(|_| form()) } else { Err(form()) }
}

#[cfg(test)]
mod tests {
    use super::parse_uuid;

    #[test]
    fn forms_of_a_uuid() {
        let plain = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
        let parsed = parse_uuid(plain).unwrap();
        for text in [
            format!("{{{plain}}}"),
            format!("URN:uuid:{plain}"),
            plain.replace('-', ""),
            plain.to_uppercase(),
        ] {
            assert_eq!(parse_uuid(&text), Ok(parsed), "{text}");
        }
        assert_eq!(parse_uuid("nope"), Err("invalid UUID length: 4".into()));
        assert_eq!(parse_uuid(&plain.replace('6', "x")), Err("invalid UUID format".into()));
    }
}
