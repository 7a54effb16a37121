//! Files and paths. Nothing outside the directories of the module tree is ever read.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::eval::convert::{set, write_quoted};
use crate::eval::funcs::{Context, FuncError, Function, Param, not_null};
use crate::eval::value::{Marks, Type, Value, normalize};
use crate::source::fs::FileKind;

fn string() -> Type {
    Type::String
}

const PATH: Param = Param::new("path", string);

const TEMPLATE: Function = Function {
    name: "",
    params: &[PATH.marked().unknown()],
    variadic: None,
    ty: |_| Ok(Type::String),
    refine: not_null,
    call: |_, _, ty| Ok(Value::unknown(ty.clone())),
};

/// The functions of this family.
pub static FUNCTIONS: &[Function] = &[
    Function { name: "abspath", params: &[PATH], call: abspath, ..TEMPLATE },
    Function {
        name: "basename",
        params: &[PATH],
        call: |_, args, _| Ok(Value::string(base(args[0].as_str().unwrap_or_default()))),
        ..TEMPLATE
    },
    Function {
        name: "dirname",
        params: &[PATH],
        call: |_, args, _| Ok(Value::string(dir(args[0].as_str().unwrap_or_default()))),
        ..TEMPLATE
    },
    Function { name: "file", call: file, ..TEMPLATE },
    Function { name: "filebase64", call: filebase64, ..TEMPLATE },
    Function { name: "fileexists", ty: |_| Ok(Type::Bool), call: fileexists, ..TEMPLATE },
    Function {
        name: "fileset",
        params: &[PATH.marked().unknown(), Param::new("pattern", string).marked().unknown()],
        ty: |_| Ok(Type::set(Type::String)),
        call: fileset,
        ..TEMPLATE
    },
    Function { name: "pathexpand", params: &[PATH], call: pathexpand, ..TEMPLATE },
];

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// There is nothing at the path.
    Missing,
    /// It is not a regular file: what Go's `read` says, `read DIR: is a directory`.
    Unreadable(String),
    /// It lies outside the module tree.
    Outside(String),
    /// It is larger than a string may be: the limit.
    Limit(String),
}

/// Reads a file of the root module as Terraform's file functions find it.
pub fn read(context: &Context<'_>, path: &str) -> Result<Vec<u8>, ReadError> {
    let shown = clean(path);
    let place = resolve(context, &shown).map_err(ReadError::Outside)?;
    let Some(place) = place else { return Err(ReadError::Missing) };
    match context.fs.kind(&place) {
        Ok(FileKind::File) => {}
        Ok(FileKind::Directory) => {
            return Err(ReadError::Unreadable(format!("read {shown}: is a directory")));
        }
        Ok(FileKind::Other) => {
            return Err(ReadError::Unreadable(format!("read {shown}: not a regular file")));
        }
        Err(_) => return Err(ReadError::Missing),
    }
    let limit = context.limits.string_bytes;
    context.fs.read(&place, limit as u64).map_err(|error| {
        if error.kind() == ErrorKind::NotFound {
            ReadError::Missing
        } else if error.kind() == ErrorKind::PermissionDenied {
            ReadError::Unreadable(format!("open {shown}: permission denied"))
        } else {
            ReadError::Limit(format!("bytes of a string ({limit})"))
        }
    })
}

/// The place of a cleaned path without links; none if nothing is there. An error if it is outside the module tree.
fn resolve(context: &Context<'_>, path: &str) -> Result<Option<PathBuf>, String> {
    let outside = || format!("{path} lies outside the module tree");
    let within = |place: &Path| context.trees.iter().any(|tree| place.starts_with(tree));
    if path == "~" || path.starts_with("~/") {
        return Err(outside());
    }
    let lexical = PathBuf::from(clean(&context.root.join(path).to_string_lossy()));
    match context.fs.canonicalize(&lexical) {
        Ok(place) if within(&place) => Ok(Some(place)),
        Ok(_) => Err(outside()),
        Err(_) if within(&lexical) => Ok(None),
        Err(_) => Err(outside()),
    }
}

fn shown(text: &str, marks: Marks) -> String {
    if marks.sensitive {
        return "(sensitive value)".into();
    }
    let mut quoted = String::new();
    write_quoted(text, &mut quoted);
    quoted
}

fn read_argument(context: &Context<'_>, arg: &Value, path: &str) -> Result<Vec<u8>, FuncError> {
    read(context, path).map_err(|error| match error {
        ReadError::Missing => FuncError::Arg(
            0,
            format!(
                "no file exists at {}; this function works only with files that are distributed as part of the \
                 configuration source code, so if this file will be created by a resource in this configuration you \
                 must instead obtain this result from an attribute of that resource",
                shown(path, arg.marks)
            ),
        ),
        ReadError::Unreadable(message) => FuncError::Arg(0, format!("failed to read file: {message}")),
        ReadError::Outside(path) => FuncError::Outside(path),
        ReadError::Limit(limit) => FuncError::Limit(limit),
    })
}

/// The text of the file at a path, as `file` reads it.
pub fn read_text(context: &Context<'_>, argument: &Value) -> Result<String, FuncError> {
    let path = argument.as_str().unwrap_or_default();
    let bytes = read_argument(context, argument, path)?;
    String::from_utf8(bytes).map_err(|_| {
        FuncError::Arg(0, format!("contents of {} are not valid UTF-8", shown(path, argument.marks)))
    })
}

fn file(context: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let Some(path) = args[0].as_str() else {
        return Ok(Value::unknown(ty.clone()).with_marks(args[0].marks));
    };
    let bytes = read_argument(context, &args[0], path)?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Value::string(normalize(&text)).with_marks(args[0].marks)),
        Err(_) => Err(FuncError::Call(format!(
            "contents of {} are not valid UTF-8; use the filebase64 function to obtain the Base64 encoded contents or \
             the other file functions (e.g. filemd5, filesha256) to obtain file hashing results instead",
            shown(path, args[0].marks)
        ))),
    }
}

fn filebase64(context: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let Some(path) = args[0].as_str() else {
        return Ok(Value::unknown(ty.clone()).with_marks(args[0].marks));
    };
    let bytes = read_argument(context, &args[0], path)?;
    Ok(Value::string(STANDARD.encode(bytes)).with_marks(args[0].marks))
}

fn fileexists(context: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let marks = args[0].marks;
    let Some(path) = args[0].as_str() else { return Ok(Value::unknown(ty.clone()).with_marks(marks)) };
    let path = clean(path);
    let kind = match resolve(context, &path).map_err(FuncError::Outside)? {
        Some(place) => context.fs.kind(&place).ok(),
        None => None,
    };
    let path = shown(&path, marks);
    match kind {
        None => Ok(Value::bool(false).with_marks(marks)),
        Some(FileKind::File) => Ok(Value::bool(true).with_marks(marks)),
        Some(FileKind::Directory) => Err(FuncError::Call(format!("{path} is a directory, not a file"))),
        Some(FileKind::Other) => Err(FuncError::Call(format!("{path} is not a regular file"))),
    }
}

fn abspath(context: &Context<'_>, args: &[Value], _: &Type) -> Result<Value, FuncError> {
    let path = args[0].as_str().unwrap_or_default();
    let path = context.root.join(path);
    Ok(Value::string(normalize(&clean(&path.to_string_lossy()))))
}

fn pathexpand(_: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let path = args[0].as_str().unwrap_or_default();
    match path.strip_prefix('~') {
        None => Ok(args[0].clone()),
        // The home directory is another one wherever Terraform runs.
        Some(rest) if rest.is_empty() || rest.starts_with('/') => Ok(Value::unknown_not_null(ty.clone())),
        Some(_) => Err(FuncError::Call("cannot expand user-specific home dir".into())),
    }
}

/// Go's `filepath.Clean`.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".into(),
        (false, false) => joined,
    }
}

/// Go's `filepath.Base`.
fn base(path: &str) -> &str {
    if path.is_empty() {
        return ".";
    }
    match path.trim_end_matches('/').rsplit('/').next() {
        Some("") | None => "/",
        Some(name) => name,
    }
}

/// Go's `filepath.Dir`.
fn dir(path: &str) -> String {
    match path.rfind('/') {
        Some(end) => clean(&path[..=end]),
        None => ".".into(),
    }
}

/// Go's `filepath.Rel` of two cleaned paths.
fn relative(from: &str, to: &str) -> String {
    let parts = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect()
    };
    let (from, to) = (parts(from), parts(to));
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", from.len() - common);
    let down = to[common..].iter().map(String::as_str);
    let path: Vec<&str> = up.chain(down).collect();
    if path.is_empty() { ".".into() } else { path.join("/") }
}

fn fileset(context: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let marks = args[0].marks.union(args[1].marks);
    let (Some(path), Some(pattern)) = (args[0].as_str(), args[1].as_str()) else {
        return Ok(Value::unknown(ty.clone()).with_marks(marks));
    };
    let path = clean(path);
    let pattern = clean(&format!("{path}/{pattern}"));
    let mut glob = Glob { context, matches: Vec::new(), entries: 0, steps: 0 };
    let components = split_on(&pattern, '/');
    let found = match components.split_first() {
        Some((&"", rest)) => glob.find("/", rest, 0),
        _ => glob.find(".", &components, 0),
    };
    match found {
        Ok(()) => {}
        Err(GlobError::Pattern) => {
            let pattern = shown(&pattern, marks);
            return Err(FuncError::Call(format!(
                "failed to glob pattern {pattern}: syntax error in pattern"
            )));
        }
        Err(GlobError::Limit(limit)) => return Err(FuncError::Limit(limit)),
    }
    let files = glob.matches.iter().map(|found| Value::string(normalize(&relative(&path, found)))).collect();
    Ok(set(Type::String, files).with_marks(marks))
}

enum GlobError {
    /// The pattern is not one.
    Pattern,
    /// A limit was reached: which.
    Limit(String),
}

/// A search for files, as Terraform's library `doublestar` does it.
struct Glob<'a, 'b> {
    context: &'a Context<'b>,
    matches: Vec<String>,
    entries: usize,
    steps: usize,
}

impl Glob<'_, '_> {
    /// Finds the files below a directory that match the components of a pattern.
    fn find(&mut self, base: &str, components: &[&str], depth: usize) -> Result<(), GlobError> {
        // Links can lead back to where they are.
        const DEPTH: usize = 64;
        if depth > DEPTH {
            return Err(GlobError::Limit(format!("depth of directories ({DEPTH})")));
        }
        let plain =
            components.iter().take_while(|component| !component.contains(['*', '?', '[', '{', '\\'])).count();
        let base = clean(&format!("{base}/{}", components[..plain].join("/")));
        let place = resolve(self.context, &base).map_err(GlobError::Limit)?;
        let Some(place) = place else { return Ok(()) };
        let Some((pattern, rest)) = components[plain..].split_first() else {
            self.add(&place, base);
            return Ok(());
        };
        if !matches!(self.context.fs.kind(&place), Ok(FileKind::Directory)) {
            return Ok(());
        }
        let entries = self.context.fs.read_dir(&place).unwrap_or_default();
        self.entries += entries.len();
        let limit = self.context.limits.elements;
        if self.entries > limit {
            return Err(GlobError::Limit(format!("files looked at by fileset ({limit})")));
        }
        let (mut pattern, mut rest) = (*pattern, rest);
        if pattern == "**" {
            for (name, kind) in &entries {
                let path = clean(&format!("{base}/{name}"));
                match kind {
                    FileKind::Directory => self.find(&path, &components[plain..], depth + 1)?,
                    FileKind::File if rest.is_empty() => self.matches.push(path),
                    FileKind::File | FileKind::Other => {}
                }
            }
            match rest.split_first() {
                Some((next, others)) => (pattern, rest) = (next, others),
                None => return Ok(()),
            }
        }
        for (name, kind) in &entries {
            if self.matches_component(pattern, name)? {
                let path = clean(&format!("{base}/{name}"));
                if !rest.is_empty() {
                    self.find(&path, rest, depth + 1)?;
                } else if *kind == FileKind::File {
                    self.matches.push(path);
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, place: &Path, path: String) {
        if matches!(self.context.fs.kind(place), Ok(FileKind::File)) {
            self.matches.push(path);
        }
    }

    /// Whether a name matches one component of a pattern.
    fn matches_component(&mut self, pattern: &str, name: &str) -> Result<bool, GlobError> {
        // Stars are tried at every place, so that a few of them in a row take long.
        const STEPS: usize = 2_000_000;
        self.steps += 1;
        if self.steps > STEPS {
            return Err(GlobError::Limit(format!("steps of a file pattern ({STEPS})")));
        }
        if pattern.is_empty() {
            return Ok(name.is_empty());
        }
        if name.is_empty() && pattern != "*" {
            return Ok(false);
        }
        let (mut pattern, mut name) = (pattern, name);
        while let (Some(wanted), Some(given)) = (pattern.chars().next(), name.chars().next()) {
            let after = &pattern[wanted.len_utf8()..];
            match wanted {
                '\\' => {
                    let Some(escaped) = after.chars().next() else { return Err(GlobError::Pattern) };
                    if escaped != given {
                        return Ok(false);
                    }
                    pattern = &after[escaped.len_utf8()..];
                    name = &name[given.len_utf8()..];
                }
                '*' => {
                    if after.is_empty() {
                        return Ok(true);
                    }
                    for (start, _) in name.char_indices() {
                        match self.matches_component(after, &name[start..]) {
                            Ok(true) => return Ok(true),
                            // A bad pattern behind a star matches nothing.
                            Ok(false) | Err(GlobError::Pattern) => {}
                            Err(limit) => return Err(limit),
                        }
                    }
                    return Ok(false);
                }
                '[' => {
                    let end = find_unescaped(after, ']').ok_or(GlobError::Pattern)?;
                    if !in_class(&after[..end], given)? {
                        return Ok(false);
                    }
                    pattern = &after[end + 1..];
                    name = &name[given.len_utf8()..];
                }
                '{' => {
                    let end = find_unescaped(after, '}').ok_or(GlobError::Pattern)?;
                    for option in split_on(&after[..end], ',') {
                        if self.matches_component(&format!("{option}{}", &after[end + 1..]), name)? {
                            return Ok(true);
                        }
                    }
                    return Ok(false);
                }
                wanted if wanted == '?' || wanted == given => {
                    pattern = after;
                    name = &name[given.len_utf8()..];
                }
                _ => return Ok(false),
            }
        }
        Ok(name.is_empty() && matches!(pattern, "" | "*" | "**") || pattern == "**")
    }
}

/// Whether a character is in a class: what stands between the brackets.
fn in_class(class: &str, given: char) -> Result<bool, GlobError> {
    let (negated, class) = match class.strip_prefix('^') {
        Some(class) => (true, class),
        None => (false, class),
    };
    if class.is_empty() && !negated {
        return Err(GlobError::Pattern);
    }
    let mut chars = class.chars().peekable();
    let mut found = false;
    let one = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| match chars.next() {
        None | Some('-') => Err(GlobError::Pattern),
        Some('\\') => chars.next().ok_or(GlobError::Pattern),
        Some(char) => Ok(char),
    };
    while chars.peek().is_some() {
        let low = one(&mut chars)?;
        let high = if chars.next_if_eq(&'-').is_some() { one(&mut chars)? } else { low };
        found |= (low..=high).contains(&given);
    }
    Ok(found != negated)
}

/// The place of a character that has no backslash before it.
fn find_unescaped(text: &str, wanted: char) -> Option<usize> {
    let mut start = 0;
    loop {
        let found = start + text[start..].find(wanted)?;
        if found > start && text[..found].ends_with('\\') {
            start = found + wanted.len_utf8();
        } else {
            return Some(found);
        }
    }
}

fn split_on(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(end) = find_unescaped(rest, separator) {
        parts.push(&rest[..end]);
        rest = &rest[end + separator.len_utf8()..];
    }
    parts.push(rest);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_as_in_go() {
        for (path, cleaned) in
            [("", "."), ("a//b/", "a/b"), ("/../a", "/a"), ("../a/..", ".."), ("./x", "x"), ("a/../..", "..")]
        {
            assert_eq!(clean(path), cleaned, "{path:?}");
        }
        assert_eq!((base(""), base("/"), base("a/b/")), (".", "/", "b"));
        assert_eq!((dir("a//b//c").as_str(), dir("x").as_str(), dir("/x").as_str()), ("a/b", ".", "/"));
        assert_eq!(relative("fx/tree", "fx/bom.txt"), "../bom.txt");
    }
}
