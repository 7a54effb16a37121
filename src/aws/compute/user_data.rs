//! What runs at first boot, decoded as far as it is known.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::aws::fact::Evidence;
use crate::aws::policy::text::Text;
use crate::aws::read::Arg;
use crate::aws::{Build, view};
use crate::eval::term::{Operand, Term, TermId};
use crate::eval::value::{Causes, Value};

/// User data of a target.
#[derive(Clone, Debug)]
pub struct UserData {
    /// The scripts, with unknown parts; several for a multi-part document.
    pub scripts: Vec<Text>,
    /// Why there may be more than these; none when all of it is read.
    pub opaque: Option<Causes>,
    /// Whether these certainly run, rather than one of them or perhaps none.
    pub certain: bool,
    /// The argument.
    pub evidence: Evidence,
}

/// How an argument holds its script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// As it is.
    Plain,
    /// In base64.
    Base64,
}

pub(super) fn read(arg: &Arg<'_>, encoding: Encoding, build: &Build<'_>) -> UserData {
    let mut data = UserData {
        scripts: Vec::new(),
        opaque: None,
        certain: true,
        evidence: Evidence { span: arg.span, origin: arg.value.origin, note: "user data".into() },
    };
    collect(arg.value, encoding, build, &mut data);
    data
}

fn collect(value: &Value, encoding: Encoding, build: &Build<'_>, data: &mut UserData) {
    if let Some(text) = value.as_str() {
        let decoded = match encoding {
            Encoding::Plain => None,
            Encoding::Base64 => decode(text),
        };
        // `user_data` takes base64 too.
        let text = decoded.or_else(|| decode(text).filter(|script| is_script(script)));
        let text = text.unwrap_or_else(|| value.as_str().unwrap_or_default().to_owned());
        data.scripts.push(Text::literal(text));
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

fn decode(text: &str) -> Option<String> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = STANDARD.decode(compact).ok()?;
    String::from_utf8(bytes).ok()
}

fn is_script(text: &str) -> bool {
    ["#!", "#cloud-config", "<powershell>", "<script>", "MIME-Version", "Content-Type"]
        .iter()
        .any(|start| text.trim_start().starts_with(start))
}

fn of_term(term: TermId, causes: &Causes, build: &Build<'_>, data: &mut UserData) {
    match build.terms().get(term) {
        Some(Term::Template(_)) => data.scripts.push(Text::hole(term, build.terms())),
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
                    collect(content.value, Encoding::Plain, build, data);
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
