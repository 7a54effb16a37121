//! Systems Manager settings and documents: Default Host Management, session preferences, activations.

use ecow::EcoString;
use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::Value as Json;

use crate::aws::fact::{Answer, Evidence, Fact, Reason, reasons};
use crate::aws::iam::{Iam, RoleId};
use crate::aws::link::Ref;
use crate::aws::policy::text::Text;
use crate::aws::read::Arg;
use crate::aws::{Build, Declaration, region, view};
use crate::eval::ResourceInstance;
use crate::eval::term::{Operand, Term, Terms};
use crate::eval::value::{Causes, Value};
use crate::truth::Truth;

/// The end of the id of the setting that switches Default Host Management on.
const HOST_MANAGEMENT: &str = "/ssm/managed-instance/default-ec2-instance-management-role";

/// The Systems Manager settings of the configuration.
#[derive(Clone, Debug, Default)]
pub struct Ssm {
    /// Default Host Management, one a region.
    pub host_management: Vec<HostManagement>,
    /// Session Manager documents.
    pub preferences: Vec<Preferences>,
    /// `aws_ssm_activation` resources, for machines that are not instances.
    pub activations: Vec<Declaration>,
}

/// Default Host Management in one region.
#[derive(Clone, Debug)]
pub struct HostManagement {
    /// The resource.
    pub declaration: Declaration,
    /// The region; `None` when the provider configuration does not say.
    pub region: Fact<Option<EcoString>>,
    /// The role that instances without a profile get.
    pub role: Option<Ref<RoleId>>,
    /// The `setting_value` argument.
    pub evidence: Evidence,
    /// Whether the setting is surely this one.
    pub certain: Truth,
}

/// A Session Manager document.
#[derive(Clone, Debug)]
pub struct Preferences {
    /// The resource.
    pub declaration: Declaration,
    /// Its name; `SSM-SessionManagerRunShell` applies to every session.
    pub name: Fact<Option<EcoString>>,
    /// The region; `None` when the provider configuration does not say.
    pub region: Fact<Option<EcoString>>,
    /// `kmsKeyId`; `No` when it is empty.
    pub kms: Answer,
    /// `cloudWatchLogGroupName`.
    pub log_group: Answer,
    /// `cloudWatchStreamingEnabled`.
    pub streaming: Answer,
    /// `s3BucketName`.
    pub bucket: Answer,
    /// `runAsEnabled`.
    pub run_as: Answer,
}

impl Ssm {
    /// Reads the Systems Manager resources.
    pub fn build(build: &Build<'_>, iam: &Iam) -> Ssm {
        let settings = build.managed("aws_ssm_service_setting");
        let documents = build.managed("aws_ssm_document");
        let activations = build.managed("aws_ssm_activation");
        Ssm {
            host_management: settings
                .into_iter()
                .filter_map(|instance| host_management(instance, build, iam))
                .collect(),
            preferences: documents.into_iter().filter_map(|instance| preferences(instance, build)).collect(),
            activations: activations.into_iter().map(Declaration::of).collect(),
        }
    }

    /// Whether Default Host Management is on in a region, as far as this configuration says.
    pub fn host_management(&self, region: &Fact<Option<EcoString>>) -> Answer {
        Answer::any(self.host_management.iter().map(|setting| {
            let same = region::same(&setting.region, region);
            let truth = setting.declaration.exists & setting.certain & same;
            let mut answer = Answer::new(truth).because(setting.evidence.clone());
            if truth.is_unknown() {
                let text = "whether Default Host Management is on in this region is not known";
                answer.reasons.push(Reason::new(text, setting.evidence.span));
            }
            answer
        }))
    }
}

impl Ssm {
    /// The role that Default Host Management certainly gives to instances in a region, where the configuration names it.
    pub fn management_role(&self, region: &Fact<Option<EcoString>>) -> Option<RoleId> {
        let here = |setting: &&HostManagement| {
            setting.region.value == region.value && (setting.declaration.exists & setting.certain).is_yes()
        };
        let mut settings = self.host_management.iter().filter(here);
        settings.next()?.role.as_ref()?.link.to().filter(|_| settings.next().is_none())
    }
}

impl Preferences {
    /// Whether they are those of sessions in a region: documents belong to the region in which they are made.
    pub fn are_of(&self, region: &Fact<Option<EcoString>>) -> Answer {
        let mut answer = Answer::new(region::same(&self.region, region));
        if answer.truth.is_unknown() {
            let text = format!("whether {} is of this region is not known", self.declaration.address);
            answer.reasons.push(Reason::new(text, self.declaration.decl_range));
        }
        answer
    }
}

fn host_management(instance: &ResourceInstance, build: &Build<'_>, iam: &Iam) -> Option<HostManagement> {
    let view = view(instance);
    let id = view.arg("setting_id")?;
    let text = Text::of(id.value, build.terms())?;
    let suffix = text.known_suffix();
    let certain = if suffix.ends_with(HOST_MANAGEMENT) {
        Truth::Yes
    } else if text.known().is_some() || !HOST_MANAGEMENT.ends_with(suffix) {
        return None;
    } else {
        Truth::Unknown
    };
    let value = view.arg("setting_value");
    // `$None` switches it off.
    if value.is_some_and(|arg| matches!(arg.value.as_str(), Some("" | "$None"))) {
        return None;
    }
    Some(HostManagement {
        declaration: Declaration::of(instance),
        region: build.region(instance),
        role: iam.role_link(value.as_ref(), build),
        evidence: match &value {
            Some(arg) => Evidence {
                span: arg.span,
                origin: arg.value.origin,
                note: "Default Host Management is on".into(),
            },
            None => Evidence::at(instance.decl_range, "Default Host Management is on"),
        },
        certain,
    })
}

fn preferences(instance: &ResourceInstance, build: &Build<'_>) -> Option<Preferences> {
    let view = view(instance);
    if view.text("document_type").value().is_some_and(|kind| kind.as_deref() != Some("Session")) {
        return None;
    }
    let content = view.arg("content");
    let inputs = match &content {
        Some(arg) => inputs(arg, &view.text_or("document_format", "JSON"), build.terms()),
        None => Inputs::Unknown(Causes::new()),
    };
    let ask = |name: &str| inputs.ask(name, content.as_ref());
    Some(Preferences {
        declaration: Declaration::of(instance),
        name: view.text("name"),
        region: build.region(instance),
        kms: ask("kmsKeyId"),
        log_group: ask("cloudWatchLogGroupName"),
        streaming: ask("cloudWatchStreamingEnabled"),
        bucket: ask("s3BucketName"),
        run_as: ask("runAsEnabled"),
    })
}

/// The `inputs` of a session document.
enum Inputs {
    /// With what is not known of them, if anything.
    Json(serde_json::Map<String, Json>, Causes),
    Value(Value),
    Unknown(Causes),
}

fn inputs(content: &Arg<'_>, format: &Fact<EcoString>, terms: &Terms) -> Inputs {
    let yaml = format.value().is_some_and(|format| format == "YAML");
    if let Some(text) = content.value.as_str() {
        let parsed: Option<Json> = if yaml { yaml_inputs(text) } else { serde_json::from_str(text).ok() };
        return match parsed.as_ref().and_then(Json::as_object) {
            Some(document) => {
                let inputs = document.get("inputs").and_then(Json::as_object);
                Inputs::Json(inputs.cloned().unwrap_or_default(), Causes::new())
            }
            None => Inputs::Unknown(Causes::new()),
        };
    }
    match content.value.as_unknown().and_then(|unknown| terms.get(unknown.term)) {
        Some(Term::Json(document)) => match document.as_entries() {
            Some(entries) => match entries.get("inputs") {
                Some(inputs) => Inputs::Value(inputs.clone()),
                None => Inputs::Json(serde_json::Map::new(), Causes::new()),
            },
            None => Inputs::Unknown(content.value.causes()),
        },
        Some(Term::Template(parts)) => match template(parts, yaml, terms) {
            Some(inputs) => Inputs::Json(inputs, content.value.causes()),
            None => Inputs::Unknown(content.value.causes()),
        },
        _ => Inputs::Unknown(content.value.causes()),
    }
}

/// Stands for an input of which nothing is known.
const UNKNOWN: char = '\u{f8f0}';

/// The inputs of a document with unknown parts. Attributes that AWS computes are never empty; of another part it is not
/// known whether it is.
fn template(parts: &[Operand], yaml: bool, terms: &Terms) -> Option<serde_json::Map<String, Json>> {
    let mut text = String::new();
    let mut in_string = false;
    for part in parts {
        match part {
            Operand::Text(known) => {
                let quotes = known.replace("\\\"", "").matches('"').count();
                in_string ^= quotes % 2 == 1;
                text.push_str(known);
            }
            Operand::Term(term) => {
                let is_computed = terms
                    .attribute(*term)
                    .is_some_and(|(_, name)| matches!(name, "id" | "arn" | "name" | "key_id"));
                let stands = if is_computed { char::REPLACEMENT_CHARACTER } else { UNKNOWN };
                let quote = if in_string || yaml { "" } else { "\"" };
                text.push_str(&format!("{quote}{stands}{quote}"));
            }
            Operand::Known(_) => return None,
        }
    }
    let document: Json = if yaml { yaml_inputs(&text)? } else { serde_json::from_str(&text).ok()? };
    let inputs = document.as_object()?.get("inputs").and_then(Json::as_object);
    Some(inputs.cloned().unwrap_or_default())
}

/// The scalars directly under `inputs` of a YAML document, as JSON.
fn yaml_inputs(text: &str) -> Option<Json> {
    let mut inputs = serde_json::Map::new();
    // One entry a level: for a mapping the key that waits for its value, for a sequence none.
    let mut levels: Vec<Option<Option<String>>> = Vec::new();
    for event in Parser::new_from_str(text) {
        match event.ok()?.0 {
            Event::MappingStart(..) => levels.push(Some(None)),
            Event::SequenceStart(..) => levels.push(None),
            Event::MappingEnd | Event::SequenceEnd => {
                levels.pop();
                take_key(&mut levels);
            }
            Event::Alias(_) => {
                take_key(&mut levels);
            }
            Event::Scalar(text, style, ..) => {
                if let Some(Some(key @ None)) = levels.last_mut() {
                    *key = Some(text.into_owned());
                    continue;
                }
                let key = take_key(&mut levels);
                let in_inputs =
                    matches!(levels.as_slice(), [Some(Some(outer)), Some(_)] if outer == "inputs");
                if let (true, Some(key)) = (in_inputs, key) {
                    inputs.insert(key, scalar(&text, style));
                }
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
        }
    }
    Some(serde_json::json!({ "inputs": inputs }))
}

/// The key whose value has just been read.
fn take_key(levels: &mut [Option<Option<String>>]) -> Option<String> {
    levels.last_mut()?.as_mut()?.take()
}

fn scalar(text: &str, style: ScalarStyle) -> Json {
    match (text, style == ScalarStyle::Plain) {
        ("true" | "True" | "TRUE", true) => Json::Bool(true),
        ("false" | "False" | "FALSE", true) => Json::Bool(false),
        ("" | "~" | "null", true) => Json::Null,
        (text, _) => Json::String(text.to_owned()),
    }
}

impl Inputs {
    /// Whether an input is set: not empty, or true.
    fn ask(&self, name: &str, content: Option<&Arg<'_>>) -> Answer {
        let span = content.and_then(|arg| arg.span);
        let evidence = |origin| Evidence { span, origin, note: name.to_owned() };
        let origin = content.map_or(crate::eval::origin::OriginId::NONE, |arg| arg.value.origin);
        match self {
            Inputs::Json(inputs, causes) => {
                let is_unknown = |text: &str| text.chars().all(|c| c == UNKNOWN) && !text.is_empty();
                if inputs.get(name).and_then(Json::as_str).is_some_and(is_unknown) {
                    let unknown = Answer::unknown(reasons(causes, span));
                    return Answer { evidence: vec![evidence(origin)], ..unknown };
                }
                let on = match inputs.get(name) {
                    Some(Json::String(text)) => !text.is_empty() && text != "false",
                    Some(Json::Bool(on)) => *on,
                    Some(Json::Null | Json::Number(_) | Json::Array(_) | Json::Object(_)) | None => false,
                };
                Answer::new(Truth::known(on)).because(evidence(origin))
            }
            Inputs::Value(inputs) => match inputs.as_entries() {
                Some(entries) => match entries.get(name) {
                    None => Answer::no(evidence(origin)),
                    Some(value) => of_value(value, evidence(value.origin)),
                },
                None => Answer::unknown(reasons(&inputs.causes(), span)),
            },
            Inputs::Unknown(causes) => Answer::unknown(reasons(causes, span)),
        }
    }
}

fn of_value(value: &Value, evidence: Evidence) -> Answer {
    if value.is_null() {
        return Answer::no(evidence);
    }
    match (value.as_bool(), value.as_str()) {
        (Some(on), _) => Answer::new(Truth::known(on)).because(evidence),
        (None, Some(text)) => {
            Answer::new(Truth::known(!text.is_empty() && text != "false")).because(evidence)
        }
        (None, None) => {
            // An attribute that AWS computes is something; any other unknown may be empty.
            let computed = value.as_unknown().is_some_and(|unknown| {
                let is_computed = |cause: &crate::eval::value::Cause| {
                    matches!(cause, crate::eval::value::Cause::Computed(_))
                };
                !unknown.causes.is_empty() && unknown.causes.iter().all(is_computed)
            });
            if computed {
                Answer::yes(evidence)
            } else {
                Answer {
                    evidence: vec![evidence.clone()],
                    ..Answer::unknown(reasons(&value.causes(), evidence.span))
                }
            }
        }
    }
}
