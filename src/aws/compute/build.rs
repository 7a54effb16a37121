//! Targets from resource instances.

use std::collections::BTreeMap;

use crate::aws::compute::launch::{Launch, Layer, Shape};
use crate::aws::compute::{Compute, Target, TargetKind};
use crate::aws::fact::{Answer, Evidence, Fact, Known, Reason, reasons};
use crate::aws::iam::Iam;
use crate::aws::link::{Element, GroupId, Key, Link, LinkSet, Ref, Registry, SubnetId, VpcId, handles};
use crate::aws::network::{Gateway, GatewayKind, Network, Relay};
use crate::aws::policy::text::Piece;
use crate::aws::read::{Arg, Item, View};
use crate::aws::{Build, Declaration, view};
use crate::eval::ResourceInstance;
use crate::eval::origin::OriginId;
use crate::eval::value::{Causes, InstanceId, Value};
use crate::source::Span;
use crate::truth::Truth;

handles! {
    /// A launch template or launch configuration.
    TemplateId,
    /// A network interface.
    InterfaceId,
}

struct Builder<'a, 'b> {
    build: &'b Build<'a>,
    network: &'b mut Network,
    iam: &'b Iam,
    templates: Vec<&'a ResourceInstance>,
    template_registry: Registry<TemplateId>,
    interfaces: Vec<&'a ResourceInstance>,
    interface_registry: Registry<InterfaceId>,
    /// The instance that each interface is attached to.
    holders: BTreeMap<InstanceId, InstanceId>,
    used: Vec<TemplateId>,
    default_subnets: Vec<(VpcId, SubnetId)>,
    compute: Compute,
}

/// A launch template as somebody refers to it: which one, and whether that is certain.
struct Use {
    template: Option<TemplateId>,
    certain: Truth,
    opaque: Vec<Reason>,
    causes: Causes,
}

/// Where the instances of a target are placed by whoever launches them.
enum Placement<'a> {
    /// By the launch parameters themselves.
    Launch,
    /// By a list of subnets.
    Subnets(Arg<'a>),
    /// By several single subnets.
    Each(Vec<Arg<'a>>),
    /// In the region's default VPC.
    DefaultVpc,
    /// By somebody who is not seen.
    Nobody,
}

pub(super) fn compute(build: &Build<'_>, network: &mut Network, iam: &Iam) -> Compute {
    let mut builder = Builder {
        build,
        network,
        iam,
        templates: Vec::new(),
        template_registry: Registry::default(),
        interfaces: Vec::new(),
        interface_registry: Registry::default(),
        holders: BTreeMap::new(),
        used: Vec::new(),
        default_subnets: Vec::new(),
        compute: Compute::default(),
    };
    builder.register();
    builder.instances();
    builder.auto_scaling_groups();
    builder.fleets();
    builder.spot_fleets();
    builder.unused_templates();
    builder.attach_groups();
    builder.associate_addresses();
    builder.account_metadata();
    builder.relays();
    let declarations =
        |type_name: &str| build.managed(type_name).into_iter().map(Declaration::of).collect::<Vec<_>>();
    builder.compute.key_pairs = declarations("aws_key_pair");
    builder.compute.connect_endpoints = declarations("aws_ec2_instance_connect_endpoint");
    builder.compute
}

impl<'a> Builder<'a, '_> {
    fn register(&mut self) {
        for type_name in ["aws_launch_template", "aws_launch_configuration"] {
            for instance in self.build.managed(type_name) {
                let id = TemplateId::from(self.templates.len());
                for attribute in ["id", "name", "arn"] {
                    self.template_registry.insert(Key::Attr(instance.id, attribute.into()), id);
                }
                if let Some(name) = view(instance).arg("name")
                    && let Some(key) = Key::of(name.value, self.build.terms())
                {
                    self.template_registry.insert(key, id);
                }
                self.templates.push(instance);
            }
        }
        for instance in self.build.managed("aws_network_interface") {
            let id = InterfaceId::from(self.interfaces.len());
            for attribute in ["id", "arn"] {
                self.interface_registry.insert(Key::Attr(instance.id, attribute.into()), id);
            }
            self.interfaces.push(instance);
        }
        self.hold();
    }

    /// Which instance each interface is attached to: at launch, by its own block or by an attachment.
    fn hold(&mut self) {
        let interface = |arg: Option<Arg<'_>>| {
            let id = self.interface_registry.resolve(arg?.value, self.build.terms()).to()?;
            Some(self.interfaces[usize::from(id)].id)
        };
        let mut holders = BTreeMap::new();
        for instance in self.build.managed("aws_instance") {
            for block_type in ["network_interface", "primary_network_interface"] {
                for block in view(instance).blocks(block_type).items {
                    if let Some(interface) = interface(block.view.arg("network_interface_id")) {
                        holders.entry(interface).or_insert(instance.id);
                    }
                }
            }
        }
        for instance in &self.interfaces {
            let own = view(instance).blocks("attachment").items;
            let holder = own.first().and_then(|block| block.view.arg("instance"));
            if let Some(holder) = holder.and_then(|arg| attribute_owner(&arg, self.build)) {
                holders.entry(instance.id).or_insert(holder);
            }
        }
        for attachment in self.build.managed("aws_network_interface_attachment") {
            let view = view(attachment);
            let holder = view.arg("instance_id").and_then(|arg| attribute_owner(&arg, self.build));
            if let (Some(interface), Some(holder)) = (interface(view.arg("network_interface_id")), holder) {
                holders.entry(interface).or_insert(holder);
            }
        }
        self.holders = holders;
    }

    fn instances(&mut self) {
        for (type_name, kind) in
            [("aws_instance", TargetKind::Instance), ("aws_spot_instance_request", TargetKind::SpotInstance)]
        {
            for instance in self.build.managed(type_name) {
                let own = Layer { view: view(instance), shape: Shape::Instance };
                let blocks = view(instance).blocks("launch_template");
                let uses = match blocks.items.first() {
                    Some(block) => self.template_uses(block),
                    None => vec![Use::none()],
                };
                for used in uses {
                    let launch = self.launch(vec![own], &used, instance.decl_range);
                    self.add(kind, instance, launch, used.certain, &Placement::Launch);
                }
            }
        }
    }

    fn auto_scaling_groups(&mut self) {
        for instance in self.build.managed("aws_autoscaling_group") {
            let view = view(instance);
            let mut uses = Vec::new();
            if let Some(arg) = view.arg("launch_configuration") {
                uses.extend(self.uses_of(&[Some(arg)], Truth::Yes));
            }
            for block in &view.blocks("launch_template").items {
                uses.extend(self.template_uses(block));
            }
            for policy in &view.blocks("mixed_instances_policy").items {
                for template in &policy.view.blocks("launch_template").items {
                    uses.extend(self.specified(template, policy.exists));
                    for overriding in &template.view.blocks("override").items {
                        uses.extend(self.specified(overriding, policy.exists & template.exists));
                    }
                }
            }
            self.add_uses(TargetKind::AutoScalingGroup, instance, uses, || {
                match (view.arg("vpc_zone_identifier"), view.arg("availability_zones")) {
                    (Some(subnets), _) => Placement::Subnets(subnets),
                    (None, Some(_)) => Placement::DefaultVpc,
                    (None, None) => Placement::Launch,
                }
            });
        }
    }

    /// One target for each template, or one of which nothing is known when none is named.
    fn add_uses(
        &mut self,
        kind: TargetKind,
        instance: &'a ResourceInstance,
        uses: Vec<Use>,
        placement: impl Fn() -> Placement<'a>,
    ) {
        let mut distinct: Vec<Use> = Vec::new();
        for used in uses {
            let same = |other: &&mut Use| other.template.is_some() && other.template == used.template;
            match distinct.iter_mut().find(same) {
                Some(other) => other.certain = other.certain | used.certain,
                None => distinct.push(used),
            }
        }
        let mut uses = distinct;
        if uses.is_empty() {
            let text = format!("{} names no launch template that is known", instance.addr);
            uses.push(Use { opaque: vec![Reason::new(text, instance.decl_range)], ..Use::none() });
        }
        for used in uses {
            let launch = self.launch(Vec::new(), &used, instance.decl_range);
            self.add(kind, instance, launch, used.certain, &placement());
        }
    }

    fn fleets(&mut self) {
        for instance in self.build.managed("aws_ec2_fleet") {
            let mut uses = Vec::new();
            let mut subnets = Vec::new();
            for config in &view(instance).blocks("launch_template_config").items {
                uses.extend(self.specified(config, Truth::Yes));
                for overriding in &config.view.blocks("override").items {
                    subnets.extend(overriding.view.arg("subnet_id"));
                }
            }
            self.add_uses(TargetKind::Fleet, instance, uses, || placement_of(&subnets));
        }
    }

    fn spot_fleets(&mut self) {
        for instance in self.build.managed("aws_spot_fleet_request") {
            let view = view(instance);
            let specifications = view.blocks("launch_specification");
            for block in &specifications.items {
                let layer = Layer { view: block.view, shape: Shape::Specification };
                let launch = self.launch(vec![layer], &Use::none(), block.decl_range);
                self.add(TargetKind::SpotFleet, instance, launch, block.exists, &Placement::Launch);
            }
            let mut uses = Vec::new();
            let mut subnets = Vec::new();
            for config in &view.blocks("launch_template_config").items {
                uses.extend(self.specified(config, Truth::Yes));
                for overriding in &config.view.blocks("overrides").items {
                    subnets.extend(overriding.view.arg("subnet_id"));
                }
            }
            if !uses.is_empty() || specifications.items.is_empty() {
                self.add_uses(TargetKind::SpotFleet, instance, uses, || placement_of(&subnets));
            }
        }
    }

    /// Templates that no target here launches from, and no service that sets the profile by itself.
    fn unused_templates(&mut self) {
        const SERVICES: [&str; 5] = [
            "aws_eks_node_group",
            "aws_batch_compute_environment",
            "aws_imagebuilder_distribution_configuration",
            "aws_sagemaker_notebook_instance",
            "aws_gamelift_game_server_group",
        ];
        let mut elsewhere: Vec<InstanceId> = Vec::new();
        for type_name in SERVICES {
            for instance in self.build.managed(type_name) {
                references(&instance.body, self.build, &mut elsewhere);
            }
        }
        for (index, instance) in self.templates.clone().into_iter().enumerate() {
            let id = TemplateId::from(index);
            if self.used.contains(&id) || elsewhere.contains(&instance.id) {
                continue;
            }
            let used = Use { template: Some(id), ..Use::none() };
            let launch = self.launch(Vec::new(), &used, instance.decl_range);
            self.add(TargetKind::TemplateOnly, instance, launch, Truth::Yes, &Placement::Nobody);
        }
    }

    /// The templates that the `launch_template_specification` blocks within a block may mean; `around` says whether the
    /// blocks around it are there.
    fn specified(&self, block: &Item<'a>, around: Truth) -> Vec<Use> {
        let blocks = block.view.blocks("launch_template_specification");
        let mut uses: Vec<Use> = blocks.items.iter().flat_map(|inner| self.template_uses(inner)).collect();
        for used in &mut uses {
            used.certain = used.certain & block.exists & around;
        }
        uses
    }

    /// The templates that a block with `id` or `name` may mean.
    fn template_uses(&self, block: &Item<'a>) -> Vec<Use> {
        let names = ["id", "name", "launch_template_id", "launch_template_name"];
        self.uses_of(&names.map(|name| block.view.arg(name)), block.exists)
    }

    fn uses_of(&self, args: &[Option<Arg<'a>>], exists: Truth) -> Vec<Use> {
        let Some(arg) = args.iter().flatten().next() else { return Vec::new() };
        let opaque = |text: String, causes: Causes| {
            vec![Use {
                template: None,
                certain: exists,
                opaque: if causes.is_empty() {
                    vec![Reason::new(text, arg.span)]
                } else {
                    reasons(&causes, arg.span)
                },
                causes,
            }]
        };
        let one = |id: TemplateId, certain: Truth| Use { template: Some(id), certain, ..Use::none() };
        match self.template_registry.resolve(arg.value, self.build.terms()) {
            Link::To(id) => vec![one(id, exists)],
            Link::OneOf(ids) => ids.into_iter().map(|id| one(id, exists & Truth::Unknown)).collect(),
            Link::Outside(name) => {
                opaque(format!("the launch template {name} is not in this configuration"), Causes::new())
            }
            Link::Unknown(causes) => opaque("which launch template it is, is not known".into(), causes),
        }
    }

    fn launch(&mut self, mut layers: Vec<Layer<'a>>, used: &Use, header: Option<Span>) -> Launch<'a> {
        let mut header = header;
        let mut template = None;
        if let Some(id) = used.template {
            let instance = self.templates[usize::from(id)];
            if !self.used.contains(&id) {
                self.used.push(id);
            }
            let shape = match instance.addr.resource.type_name.as_str() {
                "aws_launch_configuration" => Shape::Instance,
                _ => Shape::Template,
            };
            if layers.is_empty() {
                header = instance.decl_range;
            }
            layers.push(Layer { view: view(instance), shape });
            template = Some(Declaration::of(instance));
        }
        let opaque_causes = (!used.opaque.is_empty()).then(|| used.causes.clone());
        Launch { layers, template, opaque: used.opaque.clone(), opaque_causes, header }
    }

    fn add(
        &mut self,
        kind: TargetKind,
        instance: &'a ResourceInstance,
        launch: Launch<'a>,
        certain: Truth,
        placement: &Placement<'a>,
    ) {
        let region = self.build.region(instance);
        let interface = launch.primary_interface();
        let attached = interface.and_then(|block| self.interface_of(&block));
        let mut in_default_vpc = false;
        let mut subnets = match placement {
            Placement::Subnets(arg) => self.network.subnet_links(Some(arg), launch.header, self.build),
            Placement::Each(args) => self.subnets_of(args, launch.header),
            Placement::Launch => self.own_subnets(&launch, interface.as_ref(), attached),
            Placement::DefaultVpc => LinkSet::omitted(instance.decl_range),
            Placement::Nobody => {
                let mut subnets = self.own_subnets(&launch, interface.as_ref(), attached);
                if subnets.members.is_empty() && subnets.outside.is_empty() {
                    subnets.widen(&Causes::new());
                }
                subnets
            }
        };
        if subnets.is_empty().is_yes() {
            if launch.opaque.is_empty() {
                in_default_vpc = true;
                let vpc = self.network.default_vpc(&region, self.build);
                let subnet = self.default_subnet(vpc);
                subnets.add(subnet, Truth::Yes, OriginId::NONE, launch.header);
            } else {
                subnets.widen(&launch.opaque_causes.clone().unwrap_or_default());
            }
        }
        let mut groups = self.own_groups(&launch, interface.as_ref(), attached);
        let falls_back = groups.is_empty();
        if falls_back.is_yes() {
            if launch.opaque.is_empty() {
                self.add_default_groups(&subnets, &mut groups);
            } else {
                groups.widen(&launch.opaque_causes.clone().unwrap_or_default());
            }
        }
        let mut declaration = Declaration::of(instance);
        declaration.exists = declaration.exists & certain;
        let mut associate_public_ip = launch.associate_public_ip();
        if attached.is_some() || interface.is_some_and(|block| names_interface(&block)) {
            // An interface that exists before the instance never gets a public address by itself.
            associate_public_ip = Fact { value: Known::Value(Some(false)), ..associate_public_ip };
        }
        let endpoint = launch.metadata("http_endpoint");
        self.compute.targets.push(Target {
            kind,
            declaration,
            region,
            subnets,
            in_default_vpc,
            groups,
            falls_back: if launch.opaque.is_empty() { falls_back } else { falls_back & Truth::Unknown },
            groups_beside_interface: launch.groups_beside_interface(),
            associate_public_ip,
            elastic_ips: Vec::new(),
            private_ip: match attached {
                Some(id) => interface_address(&view(self.interfaces[usize::from(id)])),
                None => launch.private_ip(),
            },
            profile: launch.profile(self.iam, self.build),
            metadata_endpoint: endpoint.map(|text| text.as_deref() != Some("disabled")),
            metadata_tokens: launch.metadata("http_tokens"),
            ami: launch.ami(self.build),
            user_data: launch.user_data(self.build),
            has_key: launch.has_key(self.build.terms()),
            source_dest_check: match attached {
                Some(id) => view(self.interfaces[usize::from(id)]).flag("source_dest_check", true),
                None => launch.source_dest_check(),
            },
            name_tag: name_tag(instance, &launch),
            provisioners: instance.provisioners.clone(),
            template: launch.template,
            launched: certain,
            opaque: launch.opaque,
        });
    }

    fn interface_of(&self, block: &Item<'a>) -> Option<InterfaceId> {
        let arg = block.view.arg("network_interface_id")?;
        self.interface_registry.resolve(arg.value, self.build.terms()).to()
    }

    /// The subnet that a single id names.
    fn subnet_of(&mut self, arg: &Arg<'_>) -> LinkSet<SubnetId> {
        match self.network.subnet_link(Some(arg), self.build) {
            Some(reference) if arg.value.as_str() != Some("") => LinkSet::single(&reference),
            Some(_) | None => LinkSet::omitted(arg.span),
        }
    }

    fn subnets_of(&mut self, args: &[Arg<'a>], header: Option<Span>) -> LinkSet<SubnetId> {
        let mut all = LinkSet::omitted(header);
        for arg in args {
            let set = self.subnet_of(arg);
            for member in set.members {
                all.add(member.to, member.certain, member.origin, member.span);
            }
            if let Some(causes) = &set.open {
                all.widen(causes);
            }
        }
        all
    }

    fn own_subnets(
        &mut self,
        launch: &Launch<'a>,
        interface: Option<&Item<'a>>,
        attached: Option<InterfaceId>,
    ) -> LinkSet<SubnetId> {
        if let Some(id) = attached {
            let instance = self.interfaces[usize::from(id)];
            let arg = view(instance).arg("subnet_id");
            return match &arg {
                Some(arg) => self.subnet_of(arg),
                None => LinkSet::omitted(instance.decl_range),
            };
        }
        for layer in &launch.layers {
            match layer.shape {
                Shape::Instance => {
                    if let Some(arg) = layer.view.arg("subnet_id") {
                        return self.subnet_of(&arg);
                    }
                }
                // `subnet_id` of a specification may hold several, separated by commas.
                Shape::Specification => {
                    if let Some(arg) = layer.view.arg("subnet_id") {
                        let mut set = LinkSet::omitted(arg.span);
                        match arg.value.as_str() {
                            Some(text) if text.contains(',') => {
                                for name in text.split(',') {
                                    let value = Value::string(name.trim());
                                    let single = Arg { value: &value, span: arg.span };
                                    for member in self.subnet_of(&single).members {
                                        set.add(member.to, member.certain, member.origin, member.span);
                                    }
                                }
                            }
                            _ => set = self.subnet_of(&arg),
                        }
                        return set;
                    }
                }
                Shape::Template => {}
            }
        }
        if let Some(block) = interface {
            if let Some(arg) = block.view.arg("subnet_id") {
                return self.subnet_of(&arg);
            }
            if let Some(arg) = block.view.arg("network_interface_id") {
                // An interface that is not in this configuration is in a subnet that nobody knows.
                let mut set = LinkSet::omitted(arg.span);
                set.widen(&arg.value.causes());
                return set;
            }
        }
        LinkSet::omitted(launch.header)
    }

    fn own_groups(
        &mut self,
        launch: &Launch<'a>,
        interface: Option<&Item<'a>>,
        attached: Option<InterfaceId>,
    ) -> LinkSet<GroupId> {
        if let Some(id) = attached {
            let instance = self.interfaces[usize::from(id)];
            let arg = view(instance).arg("security_groups");
            return self.network.group_links(arg.as_ref(), instance.decl_range, self.build);
        }
        for layer in &launch.layers {
            // Groups of a template stand in its interface where it describes one.
            if layer.shape == Shape::Template
                && let Some(block) = interface
                && let Some(arg) = block.view.arg("security_groups")
            {
                return self.network.group_links(Some(&arg), launch.header, self.build);
            }
            let names: &[&str] = match layer.shape {
                Shape::Instance => &["vpc_security_group_ids", "security_groups"],
                Shape::Template | Shape::Specification => &["vpc_security_group_ids"],
            };
            for name in names {
                if let Some(arg) = layer.view.arg(name) {
                    let set = self.network.group_links(Some(&arg), launch.header, self.build);
                    if !set.is_empty().is_yes() {
                        return set;
                    }
                }
            }
            if layer.shape == Shape::Template
                && let Some(arg) = layer.view.arg("security_group_names")
            {
                // Names of groups of the default VPC.
                let mut set = LinkSet::omitted(arg.span);
                set.widen(&arg.value.causes());
                return set;
            }
        }
        if let Some(block) = interface
            && let Some(arg) = block.view.arg("network_interface_id")
        {
            let mut set = LinkSet::omitted(arg.span);
            set.widen(&arg.value.causes());
            return set;
        }
        LinkSet::omitted(launch.header)
    }

    fn add_default_groups(&self, subnets: &LinkSet<SubnetId>, groups: &mut LinkSet<GroupId>) {
        let mut unknown = subnets.open.clone();
        let mut found: Vec<GroupId> = Vec::new();
        for member in &subnets.members {
            match &self.network.subnet(member.to).vpc.link {
                Link::To(vpc) => found.push(self.network.vpc(*vpc).default_group),
                Link::OneOf(_) | Link::Outside(_) => unknown = Some(Causes::new()),
                Link::Unknown(causes) => unknown = Some(causes.clone()),
            }
        }
        found.sort();
        found.dedup();
        let certain = if found.len() == 1 && unknown.is_none() { Truth::Yes } else { Truth::Unknown };
        let span = groups.span;
        for group in found {
            groups.add(group, certain, OriginId::NONE, span);
        }
        if let Some(causes) = &unknown {
            groups.unseen = Some("the VPC whose default security group applies");
            groups.widen(causes);
        }
    }

    /// The subnet of a default VPC that stands for whichever AWS picks.
    fn default_subnet(&mut self, vpc: VpcId) -> SubnetId {
        if let Some((_, subnet)) = self.default_subnets.iter().find(|(of, _)| *of == vpc) {
            return *subnet;
        }
        let id = self.network.add_outside_subnet(Declaration::outside("a subnet of the default VPC", None));
        self.network.place_subnet(id, &Ref::default(Link::To(vpc), None));
        // Default subnets are made with a route to the internet and hand out public addresses.
        self.network.subnets[usize::from(id)].map_public_ip = Fact::default(true, None);
        self.default_subnets.push((vpc, id));
        id
    }

    /// `aws_network_interface_sg_attachment`.
    fn attach_groups(&mut self) {
        for instance in self.build.managed("aws_network_interface_sg_attachment") {
            let view = view(instance);
            let group = view.arg("security_group_id");
            let Some(group) = self.network.group_link(group.as_ref(), self.build) else { continue };
            let Some(interface) = view.arg("network_interface_id") else { continue };
            let owner = self.owner(&interface);
            for target in &mut self.compute.targets {
                let certain = match &owner {
                    Some(owner) if target.declaration.instance == Some(*owner) => instance.exists,
                    Some(_) => continue,
                    None if target.kind == TargetKind::Instance => Truth::Unknown,
                    None => continue,
                };
                target.groups.add_link(&group.link, certain, group.origin, instance.decl_range);
            }
        }
    }

    /// The instance whose interface an argument names: the instance itself, or the one that holds the interface.
    fn owner(&self, arg: &Arg<'_>) -> Option<InstanceId> {
        let (instance, attribute) = self.build.terms().attribute(arg.value.as_unknown()?.term)?;
        let resource = &self.build.evaluation.instance(instance).addr.resource;
        match (resource.type_name.as_str(), attribute) {
            ("aws_instance" | "aws_spot_instance_request", _) => Some(instance),
            ("aws_network_interface", "id") => self.holders.get(&instance).copied(),
            _ => None,
        }
    }

    /// `aws_eip` and `aws_eip_association`.
    fn associate_addresses(&mut self) {
        for (type_name, instance_argument, interface_argument) in [
            ("aws_eip", "instance", "network_interface"),
            ("aws_eip_association", "instance_id", "network_interface_id"),
        ] {
            for instance in self.build.managed(type_name) {
                let view = view(instance);
                let (owner, arg) = match (view.arg(instance_argument), view.arg(interface_argument)) {
                    (Some(arg), _) => (attribute_owner(&arg, self.build), arg),
                    (None, Some(arg)) => (self.owner(&arg), arg),
                    (None, None) => continue,
                };
                let evidence = Evidence {
                    span: arg.span,
                    origin: arg.value.origin,
                    note: format!("{} gives it a public address", instance.addr),
                };
                for target in &mut self.compute.targets {
                    if owner.is_some() && target.declaration.instance == owner {
                        target.elastic_ips.push((evidence.clone(), instance.exists));
                    }
                }
            }
        }
    }

    /// The instances that routes may lead to.
    fn relays(&mut self) {
        let leads_to = |gateway: &Gateway| matches!(gateway.kind, GatewayKind::Interface(_));
        if !self.network.gateways.iter().any(leads_to) {
            return;
        }
        let mut by_instance: BTreeMap<InstanceId, Vec<usize>> = BTreeMap::new();
        for (index, target) in self.compute.targets.iter().enumerate() {
            if let Some(own) = target.declaration.instance.filter(|_| target.kind == TargetKind::Instance) {
                by_instance.entry(own).or_default().push(index);
            }
        }
        let mut firsts: BTreeMap<InstanceId, (Relay, usize)> = BTreeMap::new();
        for (own, targets) in by_instance {
            let [index] = *targets.as_slice() else { continue };
            let target = &self.compute.targets[index];
            let Some(subnet) = self.only_subnet(target) else { continue };
            let mut public = target.public_ip(self.network, subnet);
            if public.truth.is_no() {
                public.evidence = vec![target.declaration.evidence("gets no public address")];
            }
            let relay = Relay {
                declaration: target.declaration.clone(),
                forwards: forwards(target, &target.source_dest_check),
                public,
                subnet: Link::To(subnet),
                groups: target.groups.clone(),
            };
            for attribute in ["id", "primary_network_interface_id"] {
                self.set_relay(&Key::Attr(own, attribute.into()), &relay);
            }
            firsts.insert(own, (relay, index));
        }
        for interface in self.interfaces.clone() {
            let key = Key::Attr(interface.id, "id".into());
            let Some((first, index)) = self
                .network
                .gateway_registry
                .get(&key)
                .and_then(|_| self.holders.get(&interface.id))
                .and_then(|holder| firsts.get(holder))
            else {
                continue;
            };
            let relay = self.relay_by(interface.id, first, *index);
            self.set_relay(&key, &relay);
        }
    }

    /// The relay of an interface that an instance holds, given that of its first interface.
    fn relay_by(&mut self, interface: InstanceId, first: &Relay, holder: usize) -> Relay {
        let blocks = ["network_interface", "primary_network_interface"];
        let instance = first.declaration.instance.map(|own| view(self.build.evaluation.instance(own)));
        let named = instance.map_or(0, |own| blocks.iter().map(|name| own.blocks(name).items.len()).sum());
        if named == 1 {
            return first.clone();
        }
        let own = view(self.build.evaluation.instance(interface));
        let header = first.declaration.decl_range;
        let subnet = self.network.subnet_link(own.arg("subnet_id").as_ref(), self.build);
        let groups = self.network.group_links(own.arg("security_groups").as_ref(), header, self.build);
        let text = format!(
            "whether a further interface of {} has a public address is not known",
            first.declaration.address
        );
        let mut relay = Relay {
            forwards: forwards(&self.compute.targets[holder], &own.flag("source_dest_check", true)),
            public: Answer::unknown([Reason::new(text, header)]),
            subnet: subnet.map_or(Link::Unknown(Causes::new()), |subnet| subnet.link),
            groups,
            ..first.clone()
        };
        if relay.groups.is_empty().is_yes() {
            relay.groups.widen(&Causes::new());
        }
        relay
    }

    fn set_relay(&mut self, key: &Key, relay: &Relay) {
        if let Some(id) = self.network.gateway_registry.get(key) {
            let kind = &mut self.network.gateways[usize::from(id)].kind;
            if matches!(kind, GatewayKind::Interface(_)) {
                *kind = GatewayKind::Interface(Some(Box::new(relay.clone())));
            }
        }
    }

    fn only_subnet(&self, target: &Target) -> Option<SubnetId> {
        let mut subnets = target.subnets.ids();
        subnets.next().filter(|_| subnets.next().is_none() && target.subnets.is_complete())
    }

    /// `aws_ec2_instance_metadata_defaults` of the same region.
    fn account_metadata(&mut self) {
        for instance in self.build.managed("aws_ec2_instance_metadata_defaults") {
            let region = self.build.region(instance);
            let endpoint = view(instance).text("http_endpoint");
            if !endpoint.is_configured() {
                continue;
            }
            for target in &mut self.compute.targets {
                // A template that is not seen may say something of its own.
                let is_said = target.metadata_endpoint.is_configured() || !target.opaque.is_empty();
                if is_said || target.region.value != region.value {
                    continue;
                }
                let mut fact = endpoint.map(|text| text.as_deref() != Some("disabled"));
                if instance.exists.is_unknown() && fact.value() == Some(&false) {
                    fact.value = Known::Unknown(Causes::new());
                }
                target.metadata_endpoint = fact;
            }
        }
    }
}

impl Use {
    fn none() -> Use {
        Use { template: None, certain: Truth::Yes, opaque: Vec::new(), causes: Causes::new() }
    }
}

fn placement_of<'a>(subnets: &[Arg<'a>]) -> Placement<'a> {
    if subnets.is_empty() { Placement::Launch } else { Placement::Each(subnets.to_vec()) }
}

fn names_interface(block: &Item<'_>) -> bool {
    block.view.arg("network_interface_id").is_some()
}

/// The instance whose `id` an argument is.
fn attribute_owner(arg: &Arg<'_>, build: &Build<'_>) -> Option<InstanceId> {
    let (instance, attribute) = build.terms().attribute(arg.value.as_unknown()?.term)?;
    matches!(attribute, "id" | "spot_instance_id").then_some(instance)
}

/// Whether an instance gets what is not for itself; its own script, or whoever provisions it, may see to that too.
fn forwards(target: &Target, check: &Fact<bool>) -> Answer {
    let off = check.ask("drops what is not for itself, as `source_dest_check` is on", |on| Truth::known(!on));
    let changes = |text: &str| text.contains("source-dest-check") || text.contains("SourceDestCheck");
    let by_script = target.user_data.as_ref().is_some_and(|data| {
        let mut pieces = data.scripts.iter().flat_map(|script| &script.pieces);
        data.opaque.is_some()
            || pieces.any(|piece| match piece {
                Piece::Literal(text) => changes(text),
                Piece::Hole(_) => true,
            })
    });
    if off.truth.is_no() && (by_script || !target.provisioners.is_empty()) {
        let text =
            format!("whether {} turns off its source/destination check is not known", target.address());
        return Answer::unknown([Reason::new(text, target.declaration.decl_range)]);
    }
    off
}

/// The private address of an `aws_network_interface`; of one with several it is not known which is the first.
fn interface_address(view: &View<'_>) -> Fact<Option<ecow::EcoString>> {
    let lists = ["private_ips", "private_ip_list"];
    let Some(arg) = lists.into_iter().find_map(|name| view.arg(name)) else { return view.text("private_ip") };
    let address = match arg.elements(false).as_slice() {
        [Element::Value(value, Truth::Yes)] => value.as_str().map(ecow::EcoString::from),
        _ => None,
    };
    match address {
        Some(address) => {
            Fact { value: Known::Value(Some(address)), ..Fact::unknown(Causes::new(), arg.span) }
        }
        None => Fact::unknown(arg.value.causes(), arg.span),
    }
}

fn name_tag(instance: &ResourceInstance, launch: &Launch<'_>) -> Fact<Option<ecow::EcoString>> {
    // Tags of a group are blocks.
    for block in &view(instance).blocks("tag").items {
        if block.view.text("key").value().is_some_and(|key| key.as_deref() == Some("Name")) {
            return block.view.text("value");
        }
    }
    launch.name_tag()
}

/// The resource instances that the arguments of a body refer to.
fn references(body: &crate::eval::BlockValue, build: &Build<'_>, into: &mut Vec<InstanceId>) {
    for attribute in &body.attributes {
        collect_references(&attribute.value, build, into);
    }
    for block in &body.blocks {
        references(&block.body, build, into);
    }
}

fn collect_references(value: &Value, build: &Build<'_>, into: &mut Vec<InstanceId>) {
    if let Some((instance, _)) = value.as_unknown().and_then(|unknown| build.terms().attribute(unknown.term))
    {
        into.push(instance);
    } else if let Some((instance, _)) = crate::aws::iam::read_from(value, build) {
        into.push(instance);
    }
    for part in value.parts() {
        collect_references(part, build, into);
    }
}
