//! `modules/`: whole root modules, loaded, evaluated and compared with Terraform's plan.

use std::collections::BTreeMap;
use std::path::Path;

use libtest_mimic::{Failed, Trial};
use serde_json::Value as Json;
use ssmlint::addr::{InstanceKey, ResourceMode};
use ssmlint::config::load::Loader;
use ssmlint::config::tfvars::{self, VarArgument};
use ssmlint::diagnostic::Diagnostic;
use ssmlint::eval::limits::Limits;
use ssmlint::eval::scenario::{Demand, Environment, Scenario};
use ssmlint::eval::{Evaluation, evaluate};
use ssmlint::source::SourceMap;
use ssmlint::source::fs::Disk;

use super::compare::agrees;
use super::expressions::NoProvider;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/conformance/modules");

pub(crate) fn trials() -> Vec<Trial> {
    let mut names: Vec<String> = std::fs::read_dir(DATA)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
        .into_iter()
        .map(|name| Trial::test(format!("modules::{name}"), move || run(&Path::new(DATA).join(&name))))
        .collect()
}

fn run(dir: &Path) -> Result<(), Failed> {
    let dir = dir.to_path_buf();
    let thread = std::thread::Builder::new().stack_size(32 << 20).spawn(move || judge(&dir)).unwrap();
    match thread.join() {
        Ok(result) => result.map_err(Failed::from),
        Err(_) => Err("panic".into()),
    }
}

fn json(path: &Path) -> Json {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn judge(dir: &Path) -> Result<(), String> {
    let case = json(&dir.join("case.json"));
    let expected = json(&dir.join("expected.json"));
    let root = dir.join("config");
    let sources = SourceMap::new();
    let fs = Disk;
    let loader = Loader::new(&fs, &sources, std::slice::from_ref(&root), None);
    let config = loader.load(&root);

    let environment: Vec<(String, String)> = case["env"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_string()))
        .collect();
    let arguments: Vec<VarArgument> = case["args"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .filter_map(|argument| match argument.strip_prefix("-var=") {
            Some(setting) => Some(VarArgument::Var(setting.to_string())),
            None => Some(VarArgument::File(root.join(argument.strip_prefix("-var-file=")?))),
        })
        .collect();
    let inputs = tfvars::inputs(&loader, &config, &environment, &arguments);
    let input_diagnostics = inputs.diagnostics.clone();
    let workspace = case["workspace"].as_str().unwrap_or("default").to_string();
    let scenario = Scenario { name: String::new(), inputs, workspace };
    let limits = Limits::default();
    let env = Environment {
        provider: &NoProvider,
        fs: &fs,
        sources: &sources,
        limits: &limits,
        demand: Demand::All,
    };
    let evaluation = evaluate(&config, &scenario, env);
    let mut errors: Vec<&Diagnostic> = Vec::new();
    errors.extend(&config.diagnostics);
    errors.extend(&input_diagnostics);
    errors.extend(&evaluation.diagnostics);
    let summaries: Vec<&str> = errors.iter().map(|error| error.summary.as_str()).collect();

    if expected["ok"] == Json::Bool(false) {
        let wanted: Vec<&str> = expected["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|error| error["summary"].as_str())
            .collect();
        if errors.is_empty() {
            return Err(format!("accepted instead of {wanted:?}"));
        }
        return match wanted.iter().any(|wanted| summaries.contains(wanted)) {
            true => Ok(()),
            false => Err(format!("{summaries:?} instead of {wanted:?}")),
        };
    }
    if let Some(error) = errors.first() {
        return Err(format!("{}: {}", error.summary, error.detail));
    }
    outputs(&evaluation, &expected)?;
    resources(&evaluation, &expected)
}

fn outputs(evaluation: &Evaluation, expected: &Json) -> Result<(), String> {
    let expected = expected["outputs"].as_object().cloned().unwrap_or_default();
    let names: Vec<&String> = expected.keys().collect();
    let got: Vec<String> = evaluation.outputs.keys().map(ToString::to_string).collect();
    if names.iter().any(|name| !got.contains(name)) || names.len() != got.len() {
        return Err(format!("outputs {got:?} instead of {names:?}"));
    }
    for (name, recorded) in &expected {
        let value = &evaluation.outputs[name.as_str()];
        let mask = recorded.get("unknown").filter(|mask| **mask != Json::Bool(false));
        let recorded_value = recorded.get("value").unwrap_or(&Json::Null);
        agrees(value, recorded_value, mask).map_err(|error| format!("output {name}: {error}"))?;
        let ty = super::compare::type_json(&value.ty());
        if recorded.get("type").is_some_and(|recorded| *recorded != ty) {
            return Err(format!("output {name}: type {ty} instead of {}", recorded["type"]));
        }
    }
    Ok(())
}

fn resources(evaluation: &Evaluation, expected: &Json) -> Result<(), String> {
    let mut recorded = BTreeMap::new();
    collect(&expected["root_module"], &mut recorded);
    let mut got = BTreeMap::new();
    for instance in &evaluation.instances {
        if instance.addr.resource.mode != ResourceMode::Managed {
            continue;
        }
        if instance.addr.key == InstanceKey::Unknown {
            return Err(format!("{} has unknown keys", instance.addr));
        }
        got.insert(instance.addr.to_string(), instance);
    }
    let addresses: Vec<&String> = got.keys().collect();
    if addresses != recorded.keys().collect::<Vec<_>>() {
        return Err(format!("instances {addresses:?} instead of {:?}", recorded.keys()));
    }
    for (address, values) in &recorded {
        let unknown = &expected["after_unknown"][address];
        for name in ["input", "triggers_replace"] {
            let mask = unknown.get(name).filter(|mask| **mask != Json::Bool(false));
            let recorded = values.get(name).unwrap_or(&Json::Null);
            match got[address].body.attribute(name) {
                Some(attribute) => {
                    agrees(&attribute.value, recorded, mask)
                        .map_err(|error| format!("{address}.{name}: {error}"))?;
                }
                None if recorded.is_null() && mask.is_none() => {}
                None => return Err(format!("{address}.{name} is missing")),
            }
        }
    }
    Ok(())
}

fn collect(module: &Json, into: &mut BTreeMap<String, Json>) {
    for resource in module["resources"].as_array().into_iter().flatten() {
        if resource["mode"] != "data" {
            into.insert(resource["address"].as_str().unwrap().to_string(), resource["values"].clone());
        }
    }
    for child in module["child_modules"].as_array().into_iter().flatten() {
        collect(child, into);
    }
}
