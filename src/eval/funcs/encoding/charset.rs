//! Character sets by their IANA names and aliases.

use encoding_rs::Encoding;

/// A character set that ssmlint computes with, and its IANA name.
#[derive(Clone, Copy)]
pub(super) struct Charset {
    name: &'static str,
    form: Form,
}

#[derive(Clone, Copy)]
enum Form {
    Ascii,
    Latin1,
    /// Latin 1 with six letters replaced.
    Latin5,
    Utf8,
    /// Big-endian, with a byte order mark.
    Utf16,
    Utf16Be,
    Utf16Le,
    Table(&'static Encoding),
}

/// What a name stands for.
pub(super) enum Found {
    /// A character set that ssmlint computes with.
    Computed(Charset),
    /// One that only Terraform knows.
    Known(&'static str),
}

/// The character set of a name, in any case and with spaces around; none if Terraform does not know it either.
pub(super) fn find(name: &str) -> Option<Found> {
    let name = name.trim_matches(' ').to_ascii_lowercase();
    let is = |known: &str, aliases: &str| {
        known.to_ascii_lowercase() == name || aliases.split(' ').any(|alias| alias == name)
    };
    if let Some((known, form, _)) = COMPUTED.iter().find(|(known, _, aliases)| is(known, aliases)) {
        return Some(Found::Computed(Charset { name: known, form: *form }));
    }
    KNOWN.iter().find(|(known, aliases)| is(known, aliases)).map(|(known, _)| Found::Known(known))
}

impl Charset {
    /// The IANA name.
    pub(super) fn name(self) -> &'static str {
        self.name
    }

    /// The bytes of a text.
    pub(super) fn encode(self, text: &str) -> Result<Vec<u8>, Unencodable> {
        let units = || text.encode_utf16();
        let bytes = match self.form {
            Form::Ascii => text.is_ascii().then(|| text.as_bytes().to_vec()),
            Form::Latin1 => text.chars().map(|c| u8::try_from(c as u32).ok()).collect(),
            Form::Utf8 => Some(text.as_bytes().to_vec()),
            Form::Utf16 => Some(std::iter::once(0xfeff).chain(units()).flat_map(u16::to_be_bytes).collect()),
            Form::Utf16Be => Some(units().flat_map(u16::to_be_bytes).collect()),
            Form::Utf16Le => Some(units().flat_map(u16::to_le_bytes).collect()),
            Form::Latin5 => text
                .chars()
                .map(|c| {
                    match LATIN5.iter().find(|(byte, letter)| c == *letter || c as u32 == u32::from(*byte)) {
                        Some((byte, letter)) => (c == *letter).then_some(*byte),
                        None => u8::try_from(c as u32).ok(),
                    }
                })
                .collect(),
            Form::Table(encoding) => {
                let (bytes, _, unmappable) = encoding.encode(text);
                if unmappable && [encoding_rs::EUC_JP, encoding_rs::BIG5].contains(&encoding) {
                    // Terraform's tables reach further here.
                    return Err(Unencodable::Unclear);
                }
                // Some characters have a stand-in that Terraform does not use.
                let stands_in = encoding == encoding_rs::SHIFT_JIS && has_controls(text);
                let reads_back = !unmappable && !stands_in && self.decode(&bytes).as_deref() == Some(text);
                reads_back.then(|| bytes.into_owned())
            }
        };
        bytes.ok_or(Unencodable::NotInSet)
    }

    /// The text of bytes; none if they are not of the set.
    pub(super) fn decode(self, bytes: &[u8]) -> Option<String> {
        match self.form {
            Form::Ascii => bytes.is_ascii().then(|| bytes.iter().map(|b| char::from(*b)).collect()),
            Form::Latin1 => Some(bytes.iter().map(|b| char::from(*b)).collect()),
            Form::Utf8 => String::from_utf8(bytes.to_vec()).ok(),
            Form::Utf16 => match bytes {
                [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
                [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
                _ => utf16(bytes, u16::from_be_bytes),
            },
            Form::Utf16Be => utf16(bytes, u16::from_be_bytes),
            Form::Utf16Le => utf16(bytes, u16::from_le_bytes),
            Form::Latin5 => Some(
                bytes
                    .iter()
                    .map(|b| {
                        LATIN5
                            .iter()
                            .find(|(byte, _)| b == byte)
                            .map_or(char::from(*b), |(_, letter)| *letter)
                    })
                    .collect(),
            ),
            Form::Table(encoding) => {
                let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
                // The standard of these sets has no control characters beyond ASCII's.
                let is_bare = encoding.name().starts_with("ISO-8859");
                (!(is_bare && has_controls(&text))).then(|| text.into_owned())
            }
        }
    }
}

/// Why a text has no bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unencodable {
    /// A character is not in the set.
    NotInSet,
    /// Whether a character is in the set is not known.
    Unclear,
}

const LATIN5: [(u8, char); 6] =
    [(0xd0, 'Ğ'), (0xdd, 'İ'), (0xde, 'Ş'), (0xf0, 'ğ'), (0xfd, 'ı'), (0xfe, 'ş')];

/// Whether there are control characters beyond ASCII's.
fn has_controls(text: &str) -> bool {
    text.contains(|c| matches!(c, '\u{80}'..='\u{9f}'))
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
    String::from_utf16(&units).ok()
}

/// IANA name, form, further names in lower case.
const COMPUTED: &[(&str, Form, &str)] = &[
    (
        "US-ASCII",
        Form::Ascii,
        "iso-ir-6 ansi_x3.4-1968 ansi_x3.4-1986 iso_646.irv:1991 iso646-us us ibm367 cp367 csascii",
    ),
    ("UTF-8", Form::Utf8, "csutf8"),
    ("UTF-16", Form::Utf16, "csutf16"),
    ("UTF-16BE", Form::Utf16Be, "csutf16be"),
    ("UTF-16LE", Form::Utf16Le, "csutf16le"),
    ("ISO_8859-1:1987", Form::Latin1, "iso-ir-100 iso_8859-1 iso-8859-1 latin1 l1 ibm819 cp819 csisolatin1"),
    (
        "ISO_8859-2:1987",
        Form::Table(encoding_rs::ISO_8859_2),
        "iso-ir-101 iso_8859-2 iso-8859-2 latin2 l2 csisolatin2",
    ),
    (
        "ISO_8859-3:1988",
        Form::Table(encoding_rs::ISO_8859_3),
        "iso-ir-109 iso_8859-3 iso-8859-3 latin3 l3 csisolatin3",
    ),
    (
        "ISO_8859-4:1988",
        Form::Table(encoding_rs::ISO_8859_4),
        "iso-ir-110 iso_8859-4 iso-8859-4 latin4 l4 csisolatin4",
    ),
    (
        "ISO_8859-5:1988",
        Form::Table(encoding_rs::ISO_8859_5),
        "iso-ir-144 iso_8859-5 iso-8859-5 cyrillic csisolatincyrillic",
    ),
    (
        "ISO_8859-6:1987",
        Form::Table(encoding_rs::ISO_8859_6),
        "iso-ir-127 iso_8859-6 iso-8859-6 ecma-114 asmo-708 arabic csisolatinarabic",
    ),
    (
        "ISO_8859-7:1987",
        Form::Table(encoding_rs::ISO_8859_7),
        "iso-ir-126 iso_8859-7 iso-8859-7 elot_928 ecma-118 greek greek8 csisolatingreek",
    ),
    (
        "ISO_8859-8:1988",
        Form::Table(encoding_rs::ISO_8859_8),
        "iso-ir-138 iso_8859-8 iso-8859-8 hebrew csisolatinhebrew",
    ),
    ("ISO_8859-9:1989", Form::Latin5, "iso-ir-148 iso_8859-9 iso-8859-9 latin5 l5 csisolatin5"),
    (
        "ISO-8859-10",
        Form::Table(encoding_rs::ISO_8859_10),
        "iso-ir-157 l6 iso_8859-10:1992 csisolatin6 latin6",
    ),
    ("ISO-8859-13", Form::Table(encoding_rs::ISO_8859_13), "csiso885913"),
    (
        "ISO-8859-14",
        Form::Table(encoding_rs::ISO_8859_14),
        "iso-ir-199 iso_8859-14:1998 iso_8859-14 latin8 iso-celtic l8 csiso885914",
    ),
    ("ISO-8859-15", Form::Table(encoding_rs::ISO_8859_15), "iso_8859-15 latin-9 csiso885915"),
    (
        "ISO-8859-16",
        Form::Table(encoding_rs::ISO_8859_16),
        "iso-ir-226 iso_8859-16:2001 iso_8859-16 latin10 l10 csiso885916",
    ),
    ("windows-874", Form::Table(encoding_rs::WINDOWS_874), "cswindows874"),
    ("windows-1250", Form::Table(encoding_rs::WINDOWS_1250), "cswindows1250"),
    ("windows-1251", Form::Table(encoding_rs::WINDOWS_1251), "cswindows1251"),
    ("windows-1252", Form::Table(encoding_rs::WINDOWS_1252), "cswindows1252"),
    ("windows-1253", Form::Table(encoding_rs::WINDOWS_1253), "cswindows1253"),
    ("windows-1254", Form::Table(encoding_rs::WINDOWS_1254), "cswindows1254"),
    ("windows-1255", Form::Table(encoding_rs::WINDOWS_1255), "cswindows1255"),
    ("windows-1256", Form::Table(encoding_rs::WINDOWS_1256), "cswindows1256"),
    ("windows-1257", Form::Table(encoding_rs::WINDOWS_1257), "cswindows1257"),
    ("windows-1258", Form::Table(encoding_rs::WINDOWS_1258), "cswindows1258"),
    ("KOI8-R", Form::Table(encoding_rs::KOI8_R), "cskoi8r"),
    ("KOI8-U", Form::Table(encoding_rs::KOI8_U), "cskoi8u"),
    ("IBM866", Form::Table(encoding_rs::IBM866), "cp866 866 csibm866"),
    ("macintosh", Form::Table(encoding_rs::MACINTOSH), "mac csmacintosh"),
    ("Shift_JIS", Form::Table(encoding_rs::SHIFT_JIS), "ms_kanji csshiftjis"),
    (
        "Extended_UNIX_Code_Packed_Format_for_Japanese",
        Form::Table(encoding_rs::EUC_JP),
        "cseucpkdfmtjapanese euc-jp",
    ),
    ("EUC-KR", Form::Table(encoding_rs::EUC_KR), "cseuckr"),
    ("GBK", Form::Table(encoding_rs::GBK), "cp936 ms936 windows-936 csgbk"),
    ("GB18030", Form::Table(encoding_rs::GB18030), "csgb18030"),
    ("Big5", Form::Table(encoding_rs::BIG5), "csbig5"),
];

/// IANA names of what Terraform knows besides, with further names in lower case.
const KNOWN: &[(&str, &str)] = &[
    ("ISO-2022-JP", "csiso2022jp"),
    ("HZ-GB-2312", ""),
    ("ISO_8859-6-E", "csiso88596e iso-8859-6-e"),
    ("ISO_8859-6-I", "csiso88596i iso-8859-6-i"),
    ("ISO_8859-8-E", "csiso88598e iso-8859-8-e"),
    ("ISO_8859-8-I", "csiso88598i iso-8859-8-i"),
    ("IBM037", "cp037 ebcdic-cp-us ebcdic-cp-ca ebcdic-cp-wt ebcdic-cp-nl csibm037"),
    ("IBM437", "cp437 437 cspc8codepage437"),
    ("IBM850", "cp850 850 cspc850multilingual"),
    ("IBM852", "cp852 852 cspcp852"),
    ("IBM855", "cp855 855 csibm855"),
    ("IBM00858", "ccsid00858 cp00858 pc-multilingual-850+euro csibm00858"),
    ("IBM860", "cp860 860 csibm860"),
    ("IBM862", "cp862 862 cspc862latinhebrew"),
    ("IBM863", "cp863 863 csibm863"),
    ("IBM865", "cp865 865 csibm865"),
    ("IBM1047", "ibm-1047 csibm1047"),
    ("IBM01140", "ccsid01140 cp01140 ebcdic-us-37+euro csibm01140"),
];

#[cfg(test)]
mod tests {
    use super::{Charset, Found, Unencodable, find};

    fn computed(name: &str) -> Charset {
        match find(name) {
            Some(Found::Computed(charset)) => charset,
            Some(Found::Known(_)) | None => panic!("{name} is not computed"),
        }
    }

    #[test]
    fn a_text_reads_back() {
        for (name, text) in [
            ("utf-8", "aé☃😀"),
            (" UTF-16 ", "aé☃😀"),
            ("UTF-16LE", "aé☃😀"),
            ("latin1", "é"),
            ("windows-1252", "€"),
            ("Shift_JIS", "日本"),
        ] {
            let charset = computed(name);
            assert_eq!(charset.decode(&charset.encode(text).unwrap()).as_deref(), Some(text), "{name}");
        }
        assert_eq!(computed("latin1").encode("☃"), Err(Unencodable::NotInSet));
        assert_eq!(computed("latin5").encode("ğð"), Err(Unencodable::NotInSet));
        assert_eq!(computed("latin5").encode("ğÿ"), Ok(vec![0xf0, 0xff]));
        assert_eq!(computed("Shift_JIS").encode("¥"), Err(Unencodable::NotInSet));
        assert_eq!(computed("UTF-16").encode("a").unwrap(), [0xfe, 0xff, 0, b'a']);
        assert!(find("utf8").is_none());
        assert!(find("UTF-7").is_none());
    }
}
