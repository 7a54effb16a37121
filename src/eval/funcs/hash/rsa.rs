//! `rsadecrypt`: private keys as Go's `ssh.ParseRawPrivateKey` reads them, and PKCS#1 v1.5 decryption.
//!
//! A library's decryption would not do: against attackers who watch it, it answers a wrong padding with a made-up
//! text, where Terraform has an error.

use base64::Engine;
use dashu_base::BitTest;
use dashu_int::UBig;
use dashu_int::fast_div::ConstDivisor;
use pkcs1::RsaPrivateKeyRef;
use pkcs8::der::asn1::{AnyRef, ObjectIdentifier, UintRef};
use pkcs8::der::{Decode, ErrorKind, SliceReader, Tag, Tagged};

use crate::eval::funcs::arg::{quoted, result, text};
use crate::eval::funcs::encoding::{BASE64, without_breaks};
use crate::eval::funcs::hash::pem;
use crate::eval::funcs::{Context, FuncError};
use crate::eval::value::{Type, Value};

/// A private key whose parts agree with one another.
struct Key {
    modulus: UBig,
    public_exponent: UBig,
    private_exponent: UBig,
    /// Two, or more in a key of several primes.
    primes: Vec<UBig>,
}

/// Why there is no RSA key in a text.
enum KeyError {
    /// What is wrong, in Terraform's words.
    Invalid(String),
    /// A limit was passed: its name and number.
    Limit(String),
}

/// `rsadecrypt(ciphertext, privatekey)`.
pub(super) fn rsadecrypt(context: &Context<'_>, args: &[Value], _ty: &Type) -> Result<Value, FuncError> {
    let ciphertext = text(&args[0])?;
    let bytes = BASE64.decode(without_breaks(ciphertext)).map_err(|_| {
        let shown = quoted(ciphertext);
        FuncError::Arg(0, format!("failed to decode input {shown}: cipher text must be base64-encoded"))
    })?;
    let key = private_key(context, text(&args[1])?).map_err(|error| match error {
        KeyError::Invalid(why) => FuncError::Arg(1, why),
        KeyError::Limit(limit) => FuncError::Limit(limit),
    })?;
    let Some(plain) = decrypt(&key, &bytes) else {
        return Err(FuncError::Call("failed to decrypt: crypto/rsa: decryption error".into()));
    };
    // Terraform has strings that are not UTF-8 in this one place.
    let plain =
        String::from_utf8(plain).map_err(|_| FuncError::Limit("strings that are not UTF-8".into()))?;
    result(context, &plain)
}

/// How long a decryption takes, in bytes of values that are weighed in the same time: it grows with the cube of the
/// modulus, of which the text of a key has a fixed part.
pub(super) fn work(args: &[Value]) -> usize {
    let bytes = args.get(1).and_then(Value::as_str).map_or(0, str::len);
    bytes.saturating_pow(3) / (1 << 12)
}

fn private_key(context: &Context<'_>, text: &str) -> Result<Key, KeyError> {
    let limit = context.limits.key_bytes;
    if text.len() > limit {
        return Err(KeyError::Limit(format!("key_bytes ({limit})")));
    }
    let invalid = |why: &str| KeyError::Invalid(format!("invalid private key: {why}"));
    let block = pem::first_block(text).ok_or_else(|| invalid("ssh: no key found"))?;
    if block.is_encrypted {
        return Err(invalid(PASSPHRASE));
    }
    let key = match block.label {
        "RSA PRIVATE KEY" => pkcs1(&block.bytes).map_err(Problem::said),
        "PRIVATE KEY" => pkcs8(&block.bytes),
        "OPENSSH PRIVATE KEY" => openssh(&block.bytes),
        "EC PRIVATE KEY" => Err(match pkcs1(&block.bytes) {
            Ok(_) => Problem::Other(wrong_form("ParsePKCS1PrivateKey")).said(),
            Err(_) => OTHER_KIND.into(),
        }),
        "DSA PRIVATE KEY" => Err(OTHER_KIND.into()),
        label => Err(format!("invalid private key: ssh: unsupported key type {}", quoted(label))),
    };
    key.map_err(KeyError::Invalid)
}

const PASSPHRASE: &str = "ssh: this private key is passphrase protected";

/// Terraform prints the parts of the key here.
const OTHER_KIND: &str = "invalid private key type";

/// Why bytes are no key.
enum Problem {
    /// They are no ASN.1, with what Terraform's decoder has to say, where that is known.
    Syntax(&'static str),
    /// Something else.
    Other(String),
}

impl Problem {
    /// As Terraform tells it.
    fn said(self) -> String {
        match self {
            Problem::Syntax(what) => format!("invalid ASN1 data in the given private key{what}"),
            Problem::Other(why) => format!("invalid private key: {why}"),
        }
    }

    fn of(error: &pkcs8::der::Error) -> Problem {
        Problem::Syntax(match error.kind() {
            ErrorKind::TrailingData { .. } => ": trailing data",
            ErrorKind::Incomplete { .. } => ": data truncated",
            _ => "",
        })
    }
}

/// `RSAPrivateKey` of RFC 8017.
fn pkcs1(der: &[u8]) -> Result<Key, Problem> {
    let parsed = RsaPrivateKeyRef::from_der(der).map_err(|error| {
        if matches!(error.kind(), ErrorKind::TrailingData { .. }) {
            Problem::of(&error)
        } else if is_elliptic(der) {
            Problem::Other(wrong_form("ParseECPrivateKey"))
        } else if wrapped(der).is_ok() {
            Problem::Other(wrong_form("ParsePKCS8PrivateKey"))
        } else if fields_of(der)
            .and_then(|mut fields| u32::decode(&mut fields))
            .is_ok_and(|version| version > 1)
        {
            Problem::Other("x509: unsupported private key version".into())
        } else {
            Problem::of(&error)
        }
    })?;
    let number = |number: UintRef<'_>| UBig::from_be_bytes(number.as_bytes());
    let others = parsed.other_prime_infos.iter().flatten().map(|info| number(info.prime));
    let primes = [parsed.prime1, parsed.prime2].map(number).into_iter().chain(others).collect();
    let key = Key {
        modulus: number(parsed.modulus),
        public_exponent: number(parsed.public_exponent),
        private_exponent: number(parsed.private_exponent),
        primes,
    };
    key.check().map_err(|why| Problem::Other(format!("crypto/rsa: {why}")))?;
    Ok(key)
}

/// The fields of the sequence that stands first; what comes after it does not matter.
fn fields_of(der: &[u8]) -> Result<SliceReader<'_>, pkcs8::der::Error> {
    let mut reader = SliceReader::new(der)?;
    let sequence = AnyRef::decode(&mut reader)?;
    sequence.tag().assert_eq(Tag::Sequence)?;
    SliceReader::new(sequence.value())
}

/// The algorithm and the key of a `PrivateKeyInfo` of RFC 5958, of which Terraform looks at nothing else.
fn wrapped(der: &[u8]) -> Result<(ObjectIdentifier, &[u8]), pkcs8::der::Error> {
    let mut fields = fields_of(der)?;
    UintRef::decode(&mut fields)?;
    let algorithm = AnyRef::decode(&mut fields)?;
    algorithm.tag().assert_eq(Tag::Sequence)?;
    let algorithm = ObjectIdentifier::decode(&mut SliceReader::new(algorithm.value())?)?;
    let key = AnyRef::decode(&mut fields)?;
    key.tag().assert_eq(Tag::OctetString)?;
    Ok((algorithm, key.value()))
}

/// Whether bytes are an `ECPrivateKey` of RFC 5915.
fn is_elliptic(der: &[u8]) -> bool {
    let parse = || -> Result<bool, pkcs8::der::Error> {
        let mut fields = fields_of(der)?;
        UintRef::decode(&mut fields)?;
        Ok(AnyRef::decode(&mut fields)?.tag() == Tag::OctetString)
    };
    parse().unwrap_or(false)
}

fn pkcs8(der: &[u8]) -> Result<Key, String> {
    let (algorithm, key) = wrapped(der).map_err(|error| {
        let problem = if is_elliptic(der) {
            Problem::Other(wrong_form("ParseECPrivateKey"))
        } else if RsaPrivateKeyRef::from_der(der).is_ok() {
            Problem::Other(wrong_form("ParsePKCS1PrivateKey"))
        } else {
            Problem::of(&error)
        };
        problem.said()
    })?;
    let algorithm = algorithm.to_string();
    match algorithm.as_str() {
        "1.2.840.113549.1.1.1" => pkcs1(key).map_err(|problem| {
            let why = match problem {
                Problem::Syntax(what) => format!("asn1: syntax error{what}"),
                Problem::Other(why) => why,
            };
            format!("invalid private key: x509: failed to parse RSA private key embedded in PKCS#8: {why}")
        }),
        // Elliptic curves, X25519, Ed25519.
        "1.2.840.10045.2.1" | "1.3.101.110" | "1.3.101.112" => Err(OTHER_KIND.into()),
        _ => Err(format!(
            "invalid private key: x509: PKCS#8 wrapping contained private key with unknown algorithm: {algorithm}"
        )),
    }
}

fn wrong_form(function: &str) -> String {
    format!("x509: failed to parse private key (use {function} instead for this key format)")
}

/// The format of OpenSSH's `PROTOCOL.key`.
fn openssh(bytes: &[u8]) -> Result<Key, String> {
    let invalid = |why: &str| format!("invalid private key: ssh: {why}");
    let fields = bytes.strip_prefix(b"openssh-key-v1\0");
    let mut fields = Fields(fields.ok_or_else(|| invalid("invalid openssh private key format"))?);
    let missing = |what: &str| invalid(&format!("unmarshal error for field {what}"));
    let short = || invalid("short read");
    let mut named = |name: &str| {
        fields.string().ok_or_else(|| missing(&format!("{name} of type openSSHEncryptedPrivateKey")))
    };
    let (cipher, derivation, options) = (named("CipherName")?, named("KdfName")?, named("KdfOpts")?);
    let count = fields.number().ok_or_else(short)?;
    let (Some(_), Some(private)) = (fields.string(), fields.string()) else { return Err(short()) };
    if !fields.0.is_empty() {
        return Err(invalid("parse error in message type 0"));
    }
    if count != 1 {
        return Err(invalid("multi-key files are not supported"));
    }
    if cipher != b"none" || derivation != b"none" {
        return Err(format!("invalid private key: {PASSPHRASE}"));
    }
    if !options.is_empty() {
        return Err(invalid("invalid openssh private key"));
    }
    let mut fields = Fields(private);
    let malformed = || invalid("malformed OpenSSH key");
    let (Some(check), Some(repeated)) = (fields.number(), fields.number()) else { return Err(malformed()) };
    let kind = fields.string().filter(|_| check == repeated).ok_or_else(malformed)?;
    match kind {
        b"ssh-rsa" => {}
        kind if kind == b"ssh-ed25519" || kind.starts_with(b"ecdsa-sha2-nistp") => {
            return Err(OTHER_KIND.into());
        }
        _ => return Err(invalid("unhandled key type")),
    }
    let mut next = || fields.unsigned().ok_or_else(short);
    let (modulus, public_exponent, private_exponent) = (next()?, next()?, next()?);
    let (_coefficient, p, q) = (next()?, next()?, next()?);
    fields.string().ok_or_else(|| missing("Comment of type openSSHRSAPrivateKey"))?;
    if !(1..).zip(fields.0).all(|(wanted, byte)| wanted == *byte) {
        return Err(invalid("padding not as expected"));
    }
    let key = Key { modulus, public_exponent, private_exponent, primes: vec![p, q] };
    key.check().map_err(|why| format!("invalid private key: crypto/rsa: {why}"))?;
    Ok(key)
}

/// What is left of a list of fields, each a number or led by its length (RFC 4251, section 5).
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn number(&mut self) -> Option<u32> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*bytes))
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        let (bytes, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(bytes)
    }

    /// An `mpint`, which must not be negative.
    fn unsigned(&mut self) -> Option<UBig> {
        let bytes = self.string()?;
        bytes.first().is_none_or(|first| first & 0x80 == 0).then(|| UBig::from_be_bytes(bytes))
    }
}

impl Key {
    /// What Go's `rsa.PrivateKey.Validate` finds wrong.
    fn check(&self) -> Result<(), &'static str> {
        if self.public_exponent <= UBig::ONE {
            return Err("public exponent too small");
        }
        if self.public_exponent > UBig::from(i32::MAX as u32) {
            return Err("public exponent too large");
        }
        if self.primes.iter().any(|prime| *prime <= UBig::ONE) {
            return Err("invalid prime value");
        }
        if self.primes.iter().product::<UBig>() != self.modulus {
            return Err("invalid modulus");
        }
        let both = &self.public_exponent * &self.private_exponent;
        let inverts = |prime: &UBig| &both % (prime - UBig::ONE) == UBig::ONE;
        if self.primes.iter().all(inverts) { Ok(()) } else { Err("invalid exponents") }
    }

    /// The number whose power with the public exponent is `number`, by the remainders for each prime.
    fn root(&self, number: &UBig) -> Option<UBig> {
        let mut root = UBig::ZERO;
        let mut modulus = UBig::ONE;
        for prime in &self.primes {
            let ring = ConstDivisor::new(prime.clone());
            let exponent = &self.private_exponent % (prime - UBig::ONE);
            let remainder = ring.reduce(number.clone()).pow(&exponent);
            // Once one prime is there twice, there is no such number.
            let inverse = ring.reduce(modulus.clone()).inv()?;
            let step = (remainder - ring.reduce(root.clone())) * inverse;
            root += &modulus * step.residue();
            modulus *= prime;
        }
        Some(root)
    }
}

/// RSAES-PKCS1-v1_5 of RFC 8017: `00 02`, eight or more bytes that are not zero, a zero, and the text.
fn decrypt(key: &Key, ciphertext: &[u8]) -> Option<Vec<u8>> {
    // Terraform's numbers are made of whole words.
    if ciphertext.len() > key.modulus.bit_len().div_ceil(64) * 8 {
        return None;
    }
    let number = UBig::from_be_bytes(ciphertext);
    if number >= key.modulus {
        return None;
    }
    let padded = key.root(&number)?.to_be_bytes();
    // The zero in front is no part of the number.
    let length = key.modulus.to_be_bytes().len();
    let padding = padded.strip_prefix(&[2]).filter(|_| padded.len() + 1 == length)?;
    let end = padding.iter().position(|byte| *byte == 0).filter(|end| *end >= 8)?;
    Some(padding[end + 1..].to_vec())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{KeyError, private_key, work};
    use crate::eval::funcs::Context;
    use crate::eval::limits::Limits;
    use crate::eval::value::Value;
    use crate::source::fs::Memory;

    fn complaint(text: &str) -> String {
        let limits = Limits::default();
        let context = Context { fs: &Memory::new(), root: Path::new("/"), trees: &[], limits: &limits };
        match private_key(&context, text) {
            Ok(_) => "none".into(),
            Err(KeyError::Invalid(why)) => why,
            Err(KeyError::Limit(limit)) => format!("limit {limit}"),
        }
    }

    #[test]
    fn what_is_no_key_is_said_in_terraforms_words() {
        let block = |label: &str, content: &str| {
            format!("-----BEGIN {label}-----\n{content}\n-----END {label}-----\n")
        };
        for (text, wanted) in [
            ("not a key".into(), "invalid private key: ssh: no key found"),
            (block("RSA PRIVATE KEY", "A"), "invalid private key: ssh: no key found"),
            (block("RSA PRIVATE KEY", "AAAA"), "invalid ASN1 data in the given private key"),
            (block("PRIVATE KEY", "AAAA"), "invalid ASN1 data in the given private key"),
            (
                block("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA"),
                "invalid private key: ssh: this private key is passphrase protected",
            ),
            (
                block("ENCRYPTED PRIVATE KEY", "AAAA"),
                "invalid private key: ssh: unsupported key type \"ENCRYPTED PRIVATE KEY\"",
            ),
            (
                block("OPENSSH PRIVATE KEY", "AAAA"),
                "invalid private key: ssh: invalid openssh private key format",
            ),
            ("-".repeat(20_000), "limit key_bytes (10240)"),
            // Version 0, and eight numbers of which the first is the modulus 15.
            (block("RSA PRIVATE KEY", "MBsCAQACAQ8CAQMCAQMCAQMCAQUCAQECAQMCAQI="), "none"),
            (
                block("RSA PRIVATE KEY", "MBsCAQACAQ4CAQMCAQMCAQMCAQUCAQECAQMCAQI="),
                "invalid private key: crypto/rsa: invalid modulus",
            ),
            // What comes after a wrapped key does not matter.
            (
                block(
                    "PRIVATE KEY",
                    "MDECAQAwDQYJKoZIhvcNAQEBBQAEHTAbAgEAAgEPAgEDAgEDAgEDAgEFAgEBAgEDAgECAA==",
                ),
                "none",
            ),
            (
                block("PRIVATE KEY", "MDECAQAwDQYJKoZIhvcNAQEBBQAEHTAbAgEAAgEOAgEDAgEDAgEDAgEFAgEBAgEDAgEC"),
                "invalid private key: x509: failed to parse RSA private key embedded in PKCS#8: crypto/rsa: invalid \
                 modulus",
            ),
            (
                block("RSA PRIVATE KEY", "MBsCAQACAQ8CAQMCAQMCAQMCAQUCAQECAQMCAQIA"),
                "invalid ASN1 data in the given private key: trailing data",
            ),
            (
                block("EC PRIVATE KEY", "MBsCAQACAQ8CAQMCAQMCAQMCAQUCAQECAQMCAQI="),
                "invalid private key: x509: failed to parse private key (use ParsePKCS1PrivateKey instead for this key \
                 format)",
            ),
            (
                block("RSA PRIVATE KEY", "MBsCAQACAQ8CAQMCAQICAQMCAQUCAQECAQMCAQI="),
                "invalid private key: crypto/rsa: invalid exponents",
            ),
        ] {
            assert_eq!(complaint(&text), wanted, "{text}");
        }
    }

    #[test]
    fn the_work_of_a_root_is_bounded() {
        let longest = Value::string("k".repeat(Limits::default().key_bytes));
        let calls = Limits::default().weighed_bytes / work(&[Value::string(""), longest]) as u64;
        assert!((1..10).contains(&calls), "{calls}");
    }
}
