//! A typed model of AWS networking and identity, built from evaluated resource instances.
//!
//! The model knows nothing of Terraform's syntax. What is not known stays so: facts are three-valued, references are
//! resolved by identity, and whoever claims that something is absent asks whether a gap could hide it.

pub mod conflict;
pub mod fact;
pub mod link;
pub mod read;
pub mod text;
pub mod trail;

pub mod cidr;
pub mod dns;
pub mod endpoint;
pub mod nacl;
pub mod network;
pub mod partition;
pub mod region;
pub mod schema;
pub mod security_group;

pub mod absent;
pub mod ami;
pub mod assumption;
pub mod carriers;
pub mod compute;
pub mod data;
pub mod iam;
pub mod policy;
pub mod ssm;

use std::collections::BTreeMap;

use ecow::EcoString;

use crate::addr::{self, ResourceMode};
use crate::aws::assumption::Assumptions;
use crate::aws::fact::{Answer, Basis, Evidence, Fact, Reason};
use crate::aws::read::{Arg, Item, View};
use crate::eval::origin::OriginId;
use crate::eval::term::Terms;
use crate::eval::value::InstanceId;
use crate::eval::{Evaluation, Gap, Provider, ResourceInstance};
use crate::source::Span;
use crate::truth::Truth;

/// What the user says about the world outside of the configuration.
#[derive(Clone, Debug, Default)]
pub struct ModelOptions {
    /// The region of provider configurations that do not set one.
    pub region: Option<EcoString>,
    /// What is taken for granted where the configuration does not say.
    pub assumptions: Assumptions,
}

/// Networking and identity as the configuration makes them in one scenario.
#[derive(Clone, Debug)]
pub struct Model {
    /// The scenario's name.
    pub scenario: String,
    /// VPCs and all that is in them.
    pub network: network::Network,
    /// Roles, profiles and policies.
    pub iam: iam::Iam,
    /// Instances and all that makes instances.
    pub compute: compute::Compute,
    /// Systems Manager settings.
    pub ssm: ssm::Ssm,
    /// What carries security groups besides instances and endpoints.
    pub carriers: carriers::Carriers,
    /// What is written and switched off.
    pub absent: absent::Absent,
    /// What ssmlint cannot see.
    pub gaps: Vec<Gap>,
    /// What is taken for granted where the configuration does not say.
    pub assumptions: Assumptions,
}

impl Model {
    /// Builds the model of an evaluation.
    pub fn build(evaluation: &Evaluation, options: &ModelOptions) -> Model {
        let build = Build::new(evaluation, options);
        let mut network = network::Network::build(&build);
        let iam = iam::Iam::build(&build);
        let compute = compute::Compute::build(&build, &mut network, &iam);
        network.assume(options, &build);
        let ssm = ssm::Ssm::build(&build, &iam);
        let carriers = carriers::Carriers::build(&build, &network);
        let absent = absent::Absent::build(&build, &network);
        Model {
            scenario: evaluation.scenario.clone(),
            network,
            iam,
            compute,
            ssm,
            carriers,
            absent,
            gaps: evaluation.gaps.clone(),
            assumptions: options.assumptions.clone(),
        }
    }
}

/// What all parts of the model are built from: the instances by type.
#[derive(Debug)]
pub struct Build<'a> {
    /// The evaluation.
    pub evaluation: &'a Evaluation,
    /// What the user says.
    pub options: &'a ModelOptions,
    by_type: BTreeMap<(ResourceMode, &'a str), Vec<InstanceId>>,
}

impl<'a> Build<'a> {
    /// Sorts the instances by type.
    pub fn new(evaluation: &'a Evaluation, options: &'a ModelOptions) -> Build<'a> {
        let mut by_type: BTreeMap<(ResourceMode, &str), Vec<InstanceId>> = BTreeMap::new();
        for instance in &evaluation.instances {
            let resource = &instance.addr.resource;
            by_type.entry((resource.mode, resource.type_name.as_str())).or_default().push(instance.id);
        }
        // Evaluation happens on demand, so its order says nothing.
        for ids in by_type.values_mut() {
            ids.sort_by(|a, b| evaluation.instance(*a).addr.cmp(&evaluation.instance(*b).addr));
        }
        Build { evaluation, options, by_type }
    }

    /// The identities of unknowns.
    pub fn terms(&self) -> &'a Terms {
        &self.evaluation.terms
    }

    /// The managed instances of a resource type, by address.
    pub fn managed(&self, type_name: &str) -> Vec<&'a ResourceInstance> {
        self.of_mode(ResourceMode::Managed, type_name)
    }

    /// The managed instances of the types that the model does not read, by type.
    pub fn unmodelled(&self) -> impl Iterator<Item = &'a ResourceInstance> {
        let types = self.by_type.iter().filter(|((mode, type_name), _)| {
            *mode == ResourceMode::Managed && !schema::Aws.is_relevant(type_name)
        });
        types.flat_map(|(_, ids)| ids.iter().map(|id| self.evaluation.instance(*id)))
    }

    /// The instances of a data source type, by address.
    pub fn data(&self, type_name: &str) -> Vec<&'a ResourceInstance> {
        self.of_mode(ResourceMode::Data, type_name)
    }

    /// The instances of a type that is both a resource and a data source, managed ones first, each with whether it is.
    pub fn both(&self, type_name: &str) -> impl Iterator<Item = (&'a ResourceInstance, bool)> + use<'a> {
        let managed = self.managed(type_name).into_iter().map(|instance| (instance, true));
        managed.chain(self.data(type_name).into_iter().map(|instance| (instance, false)))
    }

    /// The region of an instance: its argument, its provider configuration's, or the one that the user names:
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/guides/enhanced-region-support>.
    pub fn region(&self, instance: &ResourceInstance) -> Fact<Option<EcoString>> {
        let own = view(instance).text("region");
        if own.is_configured() {
            return own;
        }
        if let Some(value) = &instance.provider_region {
            let arg = Arg { value, span: instance.decl_range };
            let region = read::fact(&arg, &|value| read::to_text(value).map(Some), Some(&None));
            return Fact { basis: Basis::ProviderDefault, ..region };
        }
        Fact::default(self.options.region.clone(), None)
    }

    fn of_mode(&self, mode: ResourceMode, type_name: &str) -> Vec<&'a ResourceInstance> {
        let ids = self.by_type.get(&(mode, type_name));
        ids.into_iter().flatten().map(|id| self.evaluation.instance(*id)).collect()
    }
}

/// Where an entity of the model comes from.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// The resource instance; none for what exists without one (a VPC's default group, `var.vpc_id`).
    pub instance: Option<InstanceId>,
    /// The address as Terraform prints it, or what the configuration calls it: `var.vpc_id`, `sg-0abc`.
    pub address: String,
    /// The address; none for what has no resource instance.
    pub addr: Option<addr::ResourceInstance>,
    /// The block's header.
    pub decl_range: Option<Span>,
    /// The whole block.
    pub span: Option<Span>,
    /// Where a new argument would go.
    pub end: Option<Span>,
    /// Whether it exists in this scenario.
    pub exists: Truth,
    /// What decided that.
    pub exists_because: OriginId,
    /// The module calls around it, outermost first.
    pub calls: Vec<Span>,
}

impl Declaration {
    /// The declaration of a resource instance.
    pub fn of(instance: &ResourceInstance) -> Declaration {
        Declaration {
            instance: Some(instance.id),
            address: instance.addr.to_string(),
            addr: Some(instance.addr.clone()),
            decl_range: instance.decl_range,
            span: instance.span,
            end: instance.body.end,
            exists: instance.exists,
            exists_because: instance.exists_because,
            calls: instance.calls.clone(),
        }
    }

    /// Whether a place is within the block.
    pub fn holds(&self, place: Span) -> bool {
        self.span.is_some_and(|block| block.contains(place))
    }

    /// The declaration of a nested block of a resource instance.
    pub fn nested(instance: &ResourceInstance, item: &Item<'_>) -> Declaration {
        let mut declaration = Declaration::of(instance);
        declaration.decl_range = item.decl_range.or(instance.decl_range);
        declaration.span = item.span.or(item.decl_range);
        declaration.end = None;
        if !item.exists.is_yes() || declaration.exists.is_yes() {
            declaration.exists_because = item.exists_because;
        }
        declaration.exists = declaration.exists & item.exists;
        declaration
    }

    /// Something that exists without a resource instance.
    pub fn outside(address: impl Into<String>, span: Option<Span>) -> Declaration {
        Declaration {
            instance: None,
            address: address.into(),
            addr: None,
            decl_range: span,
            span,
            end: None,
            exists: Truth::Yes,
            exists_because: OriginId::NONE,
            calls: Vec::new(),
        }
    }

    /// Whether a managed resource makes it, so that the configuration says all there is to say about it.
    pub fn is_managed(&self) -> bool {
        self.addr.as_ref().is_some_and(|addr| addr.resource.mode == ResourceMode::Managed)
    }

    /// Whether a resource instance exists where this does: what stands in the same module instance hangs on the same
    /// `count` of the module call.
    pub fn implies(&self, instance: &ResourceInstance) -> Truth {
        match &self.addr {
            // What exists for certain although its module may not, as a default group does, implies nothing.
            Some(addr) if !self.exists.is_yes() && addr.module == instance.addr.module => {
                instance.exists_in_module
            }
            Some(_) | None => instance.exists,
        }
    }

    /// Whether it exists, with the reason why that is not known and without evidence.
    pub fn existence(&self) -> Answer {
        let mut answer = Answer::new(self.exists);
        if self.exists.is_unknown() {
            let text = format!("whether {} exists is not known", self.address);
            answer.reasons.push(Reason::new(text, self.decl_range));
        }
        answer
    }

    /// The header as evidence.
    pub fn evidence(&self, note: impl Into<String>) -> Evidence {
        Evidence::at(self.decl_range, note)
    }
}

/// The arguments of a resource instance.
pub fn view(instance: &ResourceInstance) -> View<'_> {
    View::block(&instance.body, instance.decl_range)
}
