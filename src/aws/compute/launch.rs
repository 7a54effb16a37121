//! Launch parameters: explicit arguments first, then what the launch template says.

use ecow::EcoString;

use crate::aws::ami::{self, Ami};
use crate::aws::compute::user_data::{self, Encoding, UserData};
use crate::aws::fact::{Basis, Fact, Known, Reason};
use crate::aws::iam::{Form, Iam, ProfileArgument};
use crate::aws::read::{Arg, Item, View, fact, to_bool, to_text};
use crate::aws::{Build, Declaration};
use crate::eval::term::{Operand, Term, Terms};
use crate::eval::value::{Causes, Value};
use crate::source::Span;
use crate::truth::Truth;

/// Where launch parameters stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `aws_instance`, `aws_spot_instance_request`, `aws_launch_configuration`.
    Instance,
    /// `aws_launch_template`.
    Template,
    /// `launch_specification` of a spot fleet.
    Specification,
}

/// One source of launch parameters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layer<'a> {
    pub(super) view: View<'a>,
    pub(super) shape: Shape,
}

/// The sources of a target's launch parameters, those that win first.
#[derive(Clone, Debug)]
pub(super) struct Launch<'a> {
    pub(super) layers: Vec<Layer<'a>>,
    pub(super) template: Option<Declaration>,
    /// Why there is a source that is not seen.
    pub(super) opaque: Vec<Reason>,
    pub(super) opaque_causes: Option<Causes>,
    /// Where an argument would be that nobody gives.
    pub(super) header: Option<Span>,
}

/// Whether text that is not known is not empty for certain: what a provider calls a resource, or something around a name.
fn is_something(value: &Value, terms: &Terms) -> bool {
    let Some(unknown) = value.as_unknown().filter(|unknown| unknown.refinement.not_null) else {
        return false;
    };
    match terms.get(unknown.term) {
        Some(Term::Attr(_, name)) => name == "id",
        Some(Term::Template(parts)) => {
            parts.iter().any(|part| matches!(part, Operand::Text(text) if !text.is_empty()))
        }
        _ => !unknown.refinement.prefix.is_empty(),
    }
}

impl<'a> Launch<'a> {
    /// The first layer's argument of that name, each shape with its own.
    fn arg(&self, names: &[(Shape, &str)]) -> Option<Arg<'a>> {
        self.layers.iter().find_map(|layer| {
            names.iter().filter(|(shape, _)| *shape == layer.shape).find_map(|(_, name)| layer.view.arg(name))
        })
    }

    fn everywhere(&self, name: &str) -> Option<Arg<'a>> {
        self.layers.iter().find_map(|layer| layer.view.arg(name))
    }

    fn fact<T: PartialEq + Clone>(
        &self,
        arg: Option<Arg<'a>>,
        convert: impl Fn(&crate::eval::value::Value) -> Option<T>,
        absent: T,
    ) -> Fact<T> {
        match (arg, &self.opaque_causes) {
            (Some(arg), _) => fact(&arg, &convert, Some(&absent)),
            (None, Some(causes)) => Fact::unknown(causes.clone(), self.header),
            (None, None) => Fact::default(absent, self.header),
        }
    }

    fn text(&self, arg: Option<Arg<'a>>) -> Fact<Option<EcoString>> {
        self.fact(arg, |value| to_text(value).map(|text| (!text.is_empty()).then_some(text)), None)
    }

    /// Whether a key is named, whatever it is called.
    pub(super) fn has_key(&self, terms: &Terms) -> Fact<bool> {
        let arg = self.everywhere("key_name");
        let is_something = arg.is_some_and(|arg| {
            // The name of a key pair that is made here.
            let attribute = arg.value.as_unknown().and_then(|unknown| terms.attribute(unknown.term));
            attribute.is_some_and(|(_, name)| name == "key_name") || is_something(arg.value, terms)
        });
        let fact = self.fact(arg, |value| to_text(value).map(|text| !text.is_empty()), false);
        if is_something { Fact { value: Known::Value(true), ..fact } } else { fact }
    }

    pub(super) fn source_dest_check(&self) -> Fact<bool> {
        self.fact(self.everywhere("source_dest_check"), to_bool, true)
    }

    pub(super) fn private_ip(&self) -> Fact<Option<EcoString>> {
        self.text(self.arg(&[(Shape::Instance, "private_ip")]))
    }

    pub(super) fn name_tag(&self) -> Fact<Option<EcoString>> {
        for layer in &self.layers {
            // The tags of a template itself are not those of its instances.
            if layer.shape != Shape::Template
                && let Some(tags) = layer.view.arg("tags")
                && let Some(name) = tags.value.as_entries().and_then(|entries| entries.get("Name"))
            {
                return self.text(Some(Arg { value: name, span: tags.span }));
            }
            for block in &layer.view.blocks("tag_specifications").items {
                let of = block.view.text("resource_type");
                let is_of_instances = of.value().is_some_and(|of| of.as_deref() == Some("instance"));
                if let Some(tags) = block.view.arg("tags").filter(|_| is_of_instances)
                    && let Some(name) = tags.value.as_entries().and_then(|entries| entries.get("Name"))
                {
                    return self.text(Some(Arg { value: name, span: tags.span }));
                }
            }
        }
        Fact::default(None, self.header)
    }

    /// The interface that is attached first, of those that the layers describe.
    pub(super) fn primary_interface(&self) -> Option<Item<'a>> {
        for layer in &self.layers {
            let names: &[&str] = match layer.shape {
                Shape::Instance => &["primary_network_interface", "network_interface"],
                Shape::Template => &["network_interfaces"],
                Shape::Specification => &[],
            };
            for name in names {
                let blocks = layer.view.blocks(name);
                let first = blocks.items.iter().find(|block| {
                    let index = block.view.integer("device_index");
                    index.value().is_some_and(|index| index.is_none_or(|index| index == 0))
                });
                if let Some(block) = first.or(blocks.items.first()) {
                    return Some(*block);
                }
            }
        }
        None
    }

    /// The groups that a template gives beside an interface that has none. AWS refuses to launch instances of it: "When
    /// a network interface is provided, the security groups must be a part of it".
    pub(super) fn groups_beside_interface(&self) -> Option<Span> {
        if self.layers.iter().any(|layer| layer.shape != Shape::Template) {
            return None;
        }
        let interface = self.primary_interface().filter(|block| block.exists.is_yes())?;
        let is_empty = |arg: &Arg<'_>| arg.value.as_elements().is_some_and(|elements| elements.is_empty());
        let given = |view: &View<'a>, name: &str| view.arg(name).is_some_and(|arg| !is_empty(&arg));
        if given(&interface.view, "security_groups") || given(&interface.view, "network_interface_id") {
            return None;
        }
        let arg = self.arg(&[(Shape::Template, "vpc_security_group_ids")])?;
        let is_given = arg.value.as_elements().is_some_and(|elements| !elements.is_empty());
        arg.span.filter(|_| is_given)
    }

    pub(super) fn associate_public_ip(&self) -> Fact<Option<bool>> {
        let convert = |value: &crate::eval::value::Value| {
            // An empty string is omitted, as the provider's nullable bools are.
            if value.as_str() == Some("") { Some(None) } else { to_bool(value).map(Some) }
        };
        let own = self.arg(&[
            (Shape::Instance, "associate_public_ip_address"),
            (Shape::Specification, "associate_public_ip_address"),
        ]);
        if own.is_some() {
            return self.fact(own, convert, None);
        }
        match self.primary_interface() {
            Some(interface) => {
                let arg = interface.view.arg("associate_public_ip_address");
                let mut fact = self.fact(arg, convert, None);
                if interface.exists.is_unknown() {
                    fact.value = Known::Unknown(Causes::new());
                }
                fact
            }
            None => self.fact(None, convert, None),
        }
    }

    pub(super) fn metadata(&self, name: &str) -> Fact<Option<EcoString>> {
        for layer in &self.layers {
            let blocks = layer.view.blocks("metadata_options");
            if let Some(causes) = &blocks.open {
                return Fact::unknown(causes.clone(), blocks.span);
            }
            if let Some(block) = blocks.items.first() {
                let mut fact = block.view.text(name);
                if !fact.is_configured() && layer.shape == Shape::Instance && self.layers.len() > 1 {
                    continue;
                }
                if block.exists.is_unknown() && fact.is_configured() {
                    fact.value = Known::Unknown(Causes::new());
                }
                return fact;
            }
        }
        self.text(None)
    }

    pub(super) fn ami(&self, build: &Build<'_>) -> Ami {
        let arg = self.arg(&[
            (Shape::Instance, "ami"),
            (Shape::Instance, "image_id"),
            (Shape::Template, "image_id"),
            (Shape::Specification, "ami"),
        ]);
        ami::read(arg.as_ref(), self.header, build)
    }

    pub(super) fn user_data(&self, build: &Build<'_>) -> Option<UserData> {
        for layer in &self.layers {
            let names: &[(&str, Encoding)] = match layer.shape {
                Shape::Instance | Shape::Specification => {
                    &[("user_data", Encoding::Plain), ("user_data_base64", Encoding::Base64)]
                }
                Shape::Template => &[("user_data", Encoding::Base64)],
            };
            for (name, encoding) in names {
                if let Some(arg) = layer.view.arg(name)
                    && arg.value.as_str() != Some("")
                {
                    return Some(user_data::read(&arg, *encoding, build));
                }
            }
        }
        None
    }

    pub(super) fn profile(&self, iam: &Iam, build: &Build<'_>) -> ProfileArgument {
        let mut empty = None;
        for layer in &self.layers {
            match layer.shape {
                Shape::Instance | Shape::Specification => {
                    let arn = layer.view.arg("iam_instance_profile_arn");
                    if let Some(arg) = layer.view.arg("iam_instance_profile") {
                        let profile = iam.profile_argument(Some(&arg), Form::Name, self.header, build);
                        if arg.value.as_str() != Some("") {
                            return profile;
                        }
                        empty = Some(profile);
                    } else if arn.is_some() {
                        return iam.profile_argument(arn.as_ref(), Form::Arn, self.header, build);
                    } else if empty.is_none() {
                        let null = layer.view.absent("iam_instance_profile", ());
                        if null.basis == Basis::WrittenNull {
                            let none = iam.profile_argument(None, Form::Name, null.span, build);
                            empty = Some(ProfileArgument { basis: null.basis, origin: null.origin, ..none });
                        }
                    }
                }
                Shape::Template => {
                    if let Some(profile) = self.profile_of_template(&layer.view, iam, build) {
                        return profile;
                    }
                }
            }
        }
        // The template is where its other users miss it too.
        let template = self.template.as_ref().and_then(|template| template.decl_range);
        let header = template.or(self.header);
        let mut profile = empty.unwrap_or_else(|| iam.profile_argument(None, Form::Name, header, build));
        if !self.opaque.is_empty() {
            profile.present = Truth::Unknown;
            profile.reasons.clone_from(&self.opaque);
        }
        profile
    }

    fn profile_of_template(&self, view: &View<'_>, iam: &Iam, build: &Build<'_>) -> Option<ProfileArgument> {
        let blocks = view.blocks("iam_instance_profile");
        if let Some(causes) = &blocks.open {
            let mut profile = iam.profile_argument(None, Form::Name, blocks.span, build);
            profile.basis = Basis::Configured;
            profile.present = Truth::Unknown;
            profile.reasons = crate::aws::fact::reasons(causes, blocks.span);
            return Some(profile);
        }
        let block = blocks.items.first()?;
        let (arg, form) = match (block.view.arg("name"), block.view.arg("arn")) {
            (Some(name), _) => (Some(name), Form::Name),
            (None, arn) => (arn, Form::Arn),
        };
        let mut profile = iam.profile_argument(arg.as_ref(), form, block.decl_range, build);
        if block.exists.is_unknown() && !profile.present.is_no() {
            profile.present = Truth::Unknown;
            profile.origin = block.exists_because;
            let reason = Reason::new("whether the block is there is not known", block.decl_range);
            profile.reasons.push(reason);
        }
        Some(profile)
    }
}
