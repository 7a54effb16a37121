//! What runs at first boot, decoded as far as it is known.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::aws::fact::Evidence;
use crate::aws::policy::text::{Piece, Text};
use crate::aws::read::Arg;
use crate::aws::{Build, view};
use crate::eval::term::{Operand, Term, TermId};
use crate::eval::value::{Causes, Value};

/// User data of a target.
#[derive(Clone, Debug)]
pub struct UserData {
    /// What runs, with unknown parts; several for a multi-part document. What begins with no header that cloud-init or
    /// EC2Launch knows is not among them.
    pub scripts: Vec<Text>,
    /// Why there may be more than these; none when all of it is read.
    pub opaque: Option<Causes>,
    /// Whether these certainly run, rather than one of them or perhaps none.
    pub certain: bool,
    /// Whether there is a text that certainly does not run, as it begins with no header.
    pub ignored: bool,
    /// The argument.
    pub evidence: Evidence,
}

impl UserData {
    /// Whether anything of it may run.
    pub fn may_run(&self) -> bool {
        !self.scripts.is_empty() || self.opaque.is_some()
    }
}

/// What cloud-init knows the kind of a text by, in any case:
/// <https://cloudinit.readthedocs.io/en/latest/explanation/format.html>.
const HEADERS: &[&str] = &[
    "#!",
    "#cloud-boothook",
    "#cloud-config",
    "#include",
    "#part-handler",
    "#upstart-job",
    "## template: jinja",
    "content-type",
];

/// What makes a text something to run wherever it stands: a document of several parts, and the tags of EC2Launch,
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html>.
const MARKS: &[&str] = &["mime-version:", "<persist>", "<powershell>", "<script>", "tasks:"];

/// How an argument holds its script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// As it is.
    Plain,
    /// In base64.
    Base64,
    /// As it is, with its kind told beside it.
    OfKind,
}

pub(super) fn read(arg: &Arg<'_>, encoding: Encoding, build: &Build<'_>) -> UserData {
    let mut data = UserData {
        scripts: Vec::new(),
        opaque: None,
        certain: true,
        ignored: false,
        evidence: Evidence { span: arg.span, origin: arg.value.origin, note: "user data".into() },
    };
    collect(arg.value, encoding, build, &mut data);
    data
}

fn collect(value: &Value, encoding: Encoding, build: &Build<'_>, data: &mut UserData) {
    if let Some(text) = value.as_str().filter(|_| encoding == Encoding::OfKind) {
        data.scripts.push(Text::literal(text));
        return;
    }
    if let Some(text) = value.as_str() {
        // `user_data` takes base64 too.
        let bytes = decode(text);
        let decoded = bytes.as_ref().and_then(|bytes| std::str::from_utf8(bytes).ok());
        let decoded = decoded.filter(|script| encoding == Encoding::Base64 || is_headed(script));
        match (decoded, bytes.is_some()) {
            (Some(script), _) => add(Text::literal(script), data),
            // Bytes that are no text may be packed; cloud-init unpacks them.
            (None, true) => data.scripts.push(Text::literal(text)),
            (None, false) if encoding == Encoding::Base64 => data.scripts.push(Text::literal(text)),
            (None, false) => add(Text::literal(text), data),
        }
        return;
    }
    let Some(unknown) = value.as_unknown() else { return };
    if let Some(possible) = &unknown.possible {
        // Each may be what runs, so nothing is certain to run.
        data.opaque = Some(unknown.causes.clone());
        data.certain = false;
        for value in possible {
            collect(value, encoding, build, data);
        }
        return;
    }
    of_term(unknown.term, &unknown.causes, build, data);
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    STANDARD.decode(compact).ok()
}

/// Adds a text, unless it certainly does not run.
fn add(text: Text, data: &mut UserData) {
    let whole = !text.pieces.iter().any(|piece| matches!(piece, Piece::Hole(_)));
    let start = match text.pieces.first() {
        Some(Piece::Literal(start)) => start.as_str(),
        Some(Piece::Hole(_)) | None => "",
    };
    let may_go_on = !whole && HEADERS.iter().any(|header| header.starts_with(&lower(start)));
    let is_marked = text.pieces.iter().any(|piece| matches!(piece, Piece::Literal(part) if is_marked(part)));
    if is_headed(start) || is_marked || may_go_on {
        data.scripts.push(text);
    } else if whole {
        data.ignored = true;
    } else {
        // What is not known of it may yet make it something to run.
        data.certain = false;
        data.scripts.push(text);
    }
}

fn lower(text: &str) -> String {
    text.trim_start().to_ascii_lowercase()
}

/// Whether a text begins with what tells its kind; what begins as JSON is for something else that reads it.
fn is_headed(text: &str) -> bool {
    let text = lower(text);
    text.starts_with(['{', '[']) || HEADERS.iter().any(|header| text.starts_with(header)) || is_marked(&text)
}

fn is_marked(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    MARKS.iter().any(|mark| text.contains(mark))
}

fn of_term(term: TermId, causes: &Causes, build: &Build<'_>, data: &mut UserData) {
    match build.terms().get(term) {
        Some(Term::Template(_)) => add(Text::hole(term, build.terms()), data),
        Some(Term::Apply(function, operands)) if is_encoding(function) => match operands.first() {
            Some(Operand::Term(inner)) => of_term(*inner, causes, build, data),
            Some(Operand::Known(_) | Operand::Text(_)) | None => data.opaque = Some(causes.clone()),
        },
        Some(Term::Attr(instance, attribute)) if attribute == "rendered" => {
            rendered(build.evaluation.instance(*instance), causes, build, data);
        }
        Some(
            Term::Var(_)
            | Term::Attr(..)
            | Term::Output(..)
            | Term::Each(..)
            | Term::Apply(..)
            | Term::Json(_)
            | Term::Step(..)
            | Term::Fresh(..),
        )
        | None => data.opaque = Some(causes.clone()),
    }
}

fn is_encoding(function: &str) -> bool {
    matches!(
        function,
        "base64encode" | "base64gzip" | "textencodebase64" | "nonsensitive" | "sensitive" | "trimspace"
    )
}

/// `cloudinit_config` and `template_file` hold what they render.
fn rendered(
    instance: &crate::eval::ResourceInstance,
    causes: &Causes,
    build: &Build<'_>,
    data: &mut UserData,
) {
    let view = view(instance);
    match instance.addr.resource.type_name.as_str() {
        "cloudinit_config" | "template_cloudinit_config" => {
            let parts = view.blocks("part");
            data.opaque.clone_from(&parts.open);
            for part in &parts.items {
                if let Some(content) = part.view.arg("content") {
                    // Only of plain text the kind is told by how it begins; a script needs `#!` all the same.
                    let kind = part.view.text_or("content_type", "text/plain");
                    let judged = ["text/plain", "text/x-shellscript"];
                    let is_judged = judged.into_iter().any(|own| kind.is(&own.into()).is_yes());
                    let encoding = if is_judged { Encoding::Plain } else { Encoding::OfKind };
                    collect(content.value, encoding, build, data);
                }
                if !part.exists.is_yes() {
                    data.opaque = Some(causes.clone());
                    data.certain = false;
                }
            }
        }
        "template_file" => match view.arg("template") {
            Some(template) => collect(template.value, Encoding::Plain, build, data),
            None => data.opaque = Some(causes.clone()),
        },
        _ => data.opaque = Some(causes.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::origin::OriginId;

    fn data_of(text: Text) -> UserData {
        let evidence = Evidence { span: None, origin: OriginId::NONE, note: String::new() };
        let mut data =
            UserData { scripts: Vec::new(), opaque: None, certain: true, ignored: false, evidence };
        add(text, &mut data);
        data
    }

    #[test]
    fn what_begins_with_no_header_does_not_run() {
        for text in [
            "#!/bin/sh\ndnf install x",
            "\n #Cloud-Config\npackages: [x]",
            "## template: jinja\n#cloud-config",
            "From: x\nMIME-Version: 1.0\n",
            "a comment\n<powershell>choco install x</powershell>",
            "version: 1.0\ntasks:\n- task: executeScript",
            "{\"ignition\": {}}",
        ] {
            let data = data_of(Text::literal(text));
            assert!(data.may_run() && data.certain && !data.ignored, "{text}");
        }
        for text in ["dnf install x", "# a comment\n#!/bin/sh\ndnf install x", "ECS_CLUSTER=x"] {
            let data = data_of(Text::literal(text));
            assert!(!data.may_run() && data.ignored, "{text}");
        }
    }

    #[test]
    fn what_may_yet_have_a_header_may_run() {
        let hole = Piece::Hole(crate::aws::policy::text::Hole::NONE);
        let text = |start: &str| Text {
            pieces: Text::literal(start).pieces.into_iter().chain([hole.clone()]).collect(),
        };
        assert!(data_of(text("")).certain);
        assert!(data_of(text("#")).certain);
        assert!(data_of(text("#!/bin/sh\n")).certain);
        let data = data_of(text("dnf install "));
        assert!(data.may_run() && !data.certain && !data.ignored);
    }
}
