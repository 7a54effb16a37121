//! Toggles: boolean root inputs that decide what exists. They are found in the origins of what was decided.

use rustc_hash::FxHashSet;

use crate::config::{AssignedValue, Assignment, Child, Config, ModuleNode, Variable};
use crate::eval::Evaluation;
use crate::eval::origin::{OriginId, Step};
use crate::eval::scenario::Scenario;
use crate::source::Span;
use crate::syntax::ast::{ExprKind, Name};

/// A boolean root input that decides whether something exists, or which arm of a conditional is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toggle {
    /// The variable.
    pub name: Name,
    /// Its value in the evaluated scenario; none when nothing sets it.
    pub value: Option<bool>,
    /// The variable's header.
    pub decl_range: Span,
}

/// The toggles of an evaluation in the order of their declaration, whatever they decide.
///
/// Every `count`, `for_each`, `dynamic` and conditional stands in the table of origins with what decided it, whether
/// or not anything came to exist; from there the steps lead back to the inputs.
pub fn toggles(config: &Config, evaluation: &Evaluation) -> Vec<Toggle> {
    deciding(config, evaluation, None)
}

/// The toggles that decide how many there are of some resources, chosen by type, or of the `dynamic` blocks in them;
/// also where they decide the number of calls of the modules around them.
pub fn gates(config: &Config, evaluation: &Evaluation, is_gated: &dyn Fn(&str) -> bool) -> Vec<Toggle> {
    if booleans(config).next().is_none() {
        return Vec::new();
    }
    let mut places = FxHashSet::default();
    gated_places(&config.root, is_gated, &mut places);
    if places.is_empty() { Vec::new() } else { deciding(config, evaluation, Some(&places)) }
}

/// Adds the places of `count` and `for_each` that decide about the resources, and says whether there are any.
fn gated_places(node: &ModuleNode, is_gated: &dyn Fn(&str) -> bool, into: &mut FxHashSet<Span>) -> bool {
    let mut found = false;
    for resource in node.module.resources.values() {
        if !resource.is_managed() || !is_gated(&resource.addr.type_name) {
            continue;
        }
        found = true;
        into.extend(resource.count.iter().chain(&resource.for_each).map(|expr| expr.span));
        let blocks = resource.body.blocks.iter().filter(|block| block.block_type == "dynamic");
        into.extend(
            blocks.filter_map(|block| block.body.attribute("for_each")).map(|for_each| for_each.span),
        );
    }
    for (name, child) in &node.children {
        if let Child::Module(child) = child
            && gated_places(child, is_gated, into)
        {
            found = true;
            if let Some(call) = node.module.module_calls.get(name) {
                into.extend(call.count.iter().chain(&call.for_each).map(|expr| expr.span));
            }
        }
    }
    found
}

/// The toggles that decide what exists at some places; anywhere, and which arms are taken, when none are given.
fn deciding(config: &Config, evaluation: &Evaluation, places: Option<&FxHashSet<Span>>) -> Vec<Toggle> {
    let booleans: Vec<&Variable> = booleans(config).collect();
    if booleans.is_empty() {
        return Vec::new();
    }
    let mut found: FxHashSet<&str> = FxHashSet::default();
    let mut values: Vec<(Name, bool)> = Vec::new();
    let mut seen: FxHashSet<OriginId> = FxHashSet::default();
    let mut queue: Vec<OriginId> = Vec::new();
    for origin in evaluation.origins.asked() {
        match &origin.step {
            Step::Expansion => {
                let is_meant =
                    places.is_none_or(|places| origin.span.is_some_and(|span| places.contains(&span)));
                if is_meant {
                    queue.extend(origin.inputs.iter().copied());
                }
            }
            // The first input of a branch is its condition.
            Step::Branch { .. } if places.is_none() => queue.extend(origin.inputs.first().copied()),
            Step::Branch { .. } => {}
            Step::Literal
            | Step::Expression
            | Step::Call(_)
            | Step::Local(_)
            | Step::Input { .. }
            | Step::Default(_)
            | Step::NotSet(_)
            | Step::Argument(_)
            | Step::Output(_)
            | Step::Attribute { .. }
            | Step::Repetition
            | Step::ProviderDefault(_)
            | Step::Scenario(_) => {}
        }
    }
    while let Some(id) = queue.pop() {
        if !seen.insert(id) {
            continue;
        }
        let Some(origin) = evaluation.origins.get(id) else { continue };
        queue.extend(origin.inputs.iter().copied());
        let name = match &origin.step {
            Step::Input { name, .. } | Step::Scenario(name) => name,
            Step::Default(name) | Step::NotSet(name) => name,
            Step::Literal
            | Step::Expression
            | Step::Call(_)
            | Step::Local(_)
            | Step::Argument(_)
            | Step::Output(_)
            | Step::Attribute { .. }
            | Step::Branch { .. }
            | Step::Repetition
            | Step::Expansion
            | Step::ProviderDefault(_) => continue,
        };
        let Some(variable) = booleans.iter().find(|variable| variable.name == *name) else { continue };
        // A child module may have an input of the same name; its default stands elsewhere.
        let own = match &origin.step {
            Step::Default(_) => variable.default.as_ref().map(|default| default.span) == origin.span,
            Step::NotSet(_) => origin.span == Some(variable.decl_range),
            Step::Literal
            | Step::Expression
            | Step::Call(_)
            | Step::Branch { .. }
            | Step::Local(_)
            | Step::Input { .. }
            | Step::Argument(_)
            | Step::Output(_)
            | Step::Attribute { .. }
            | Step::Repetition
            | Step::Expansion
            | Step::ProviderDefault(_)
            | Step::Scenario(_) => true,
        };
        if own {
            found.insert(&variable.name);
        }
    }
    for (name, value) in &evaluation.booleans {
        values.push((name.clone(), *value));
    }
    booleans
        .into_iter()
        .filter(|variable| found.contains(variable.name.as_str()))
        .map(|variable| Toggle {
            name: variable.name.clone(),
            value: values.iter().find(|(name, _)| *name == variable.name).map(|(_, value)| *value),
            decl_range: variable.decl_range,
        })
        .collect()
}

/// The boolean inputs of the root module in the order of their declaration.
pub fn booleans(config: &Config) -> impl Iterator<Item = &Variable> {
    config.root.module.variables.values().filter(|variable| is_boolean(variable))
}

fn is_boolean(variable: &Variable) -> bool {
    match &variable.type_expr {
        Some(expr) => {
            matches!(&expr.kind, ExprKind::Traversal(traversal) if traversal.root == "bool" && traversal.steps.is_empty())
        }
        None => variable.default.as_ref().is_some_and(|default| matches!(default.kind, ExprKind::Bool(_))),
    }
}

/// The scenario with some toggles set; its name says how.
pub fn with_toggles(scenario: &Scenario, settings: &[(Name, bool)]) -> Scenario {
    let mut result = scenario.clone();
    let words: Vec<String> = settings.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    result.name = match (scenario.name.is_empty(), words.is_empty()) {
        (true, _) => words.join(", "),
        (false, true) => scenario.name.clone(),
        (false, false) => format!("{}: {}", scenario.name, words.join(", ")),
    };
    for (name, value) in settings {
        result.inputs.assignments.push(Assignment {
            name: name.clone(),
            value: AssignedValue::Chosen(*value),
            source: "scenario".into(),
            span: None,
        });
    }
    result
}

/// All settings of so many toggles, as far as a limit on their number allows, and how many toggles are left out.
pub fn worlds(names: &[Name], limit: usize) -> (Vec<Vec<(Name, bool)>>, usize) {
    let fit = names.iter().enumerate().take_while(|(i, _)| (2usize << i) <= limit.max(1)).count();
    let mut worlds: Vec<Vec<(Name, bool)>> = vec![Vec::new()];
    for name in &names[..fit] {
        worlds = worlds
            .into_iter()
            .flat_map(|world| {
                [true, false].map(|value| {
                    let mut world = world.clone();
                    world.push((name.clone(), value));
                    world
                })
            })
            .collect();
    }
    (worlds, names.len() - fit)
}

#[cfg(test)]
mod tests {
    use super::worlds;

    #[test]
    fn worlds_are_all_combinations_up_to_the_limit() {
        let names = ["a".into(), "b".into(), "c".into()];
        let (all, left) = worlds(&names, 64);
        assert_eq!((all.len(), left), (8, 0));
        let (some, left) = worlds(&names, 4);
        assert_eq!((some.len(), left), (4, 1));
        assert_eq!(worlds(&[], 64).0.len(), 1);
    }
}
