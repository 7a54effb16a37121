//! Every target of the lesson's projects has the verdict that its toggles give it.

use std::path::Path;

use ssmlint::aws::schema::Aws;
use ssmlint::aws::{Model, ModelOptions};
use ssmlint::config::load::Loader;
use ssmlint::config::tfvars::{self, VarArgument};
use ssmlint::eval;
use ssmlint::eval::limits::Limits;
use ssmlint::eval::scenario::{Demand, Environment, Scenario};
use ssmlint::proof::{ProofOptions, Reach, chain};
use ssmlint::source::SourceMap;
use ssmlint::source::fs::Disk;

/// One line a target: its address and its verdict.
fn verdicts(project: &str, toggles: &[(&str, bool)]) -> Vec<String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects").join(project);
    let sources = SourceMap::new();
    let paths = [dir.clone()];
    let loader = Loader::new(&Disk, &sources, &paths, None);
    let config = loader.load(&dir);
    let arguments: Vec<VarArgument> =
        toggles.iter().map(|(name, on)| VarArgument::Var(format!("{name}={on}"))).collect();
    let scenario = Scenario {
        name: String::new(),
        inputs: tfvars::inputs(&loader, &config, &[], &arguments),
        workspace: "default".to_owned(),
    };
    let limits = Limits::default();
    let environment = Environment {
        provider: &Aws,
        fs: &Disk,
        sources: &sources,
        limits: &limits,
        demand: Demand::Relevant,
    };
    let evaluation = eval::evaluate(&config, &scenario, environment);
    let model = Model::build(&evaluation, &ModelOptions::default());
    let options = ProofOptions::default();
    let proofs = chain::prove(&Reach::new(&model, &options));
    proofs
        .iter()
        .map(|proof| format!("{} {}, {}", proof.target, proof.headline(), proof.confidence.as_str()))
        .collect()
}

#[test]
fn the_toggles_decide_the_way() {
    for (nat, endpoints, verdict) in [
        (false, true, "REACHABLE via endpoints, proved"),
        (true, true, "REACHABLE via endpoints, proved"),
        (true, false, "REACHABLE via NAT, proved"),
        (false, false, "BROKEN at L6 path (ssm, ssmmessages), proved"),
    ] {
        let toggles = [("enable_nat", nat), ("enable_ssm_vpc_endpoints", endpoints)];
        for project in ["lesson-flat", "lesson-for-each"] {
            let expected = [format!("aws_instance.app {verdict}")];
            assert_eq!(verdicts(project, &toggles), expected, "{project} {toggles:?}");
        }
        let expected = ["a", "b"].map(|key| format!("module.compute[\"{key}\"].aws_instance.app {verdict}"));
        assert_eq!(verdicts("lesson-modules", &toggles), expected, "{toggles:?}");
    }
}

#[test]
fn the_first_broken_link_is_named() {
    for (project, broken) in [
        ("lesson-flat-private-dns-off", "L5 dns (ssmmessages)"),
        ("lesson-flat-endpoint-sg-no-443", "L8 endpoint-sg (ssm, ssmmessages)"),
        ("lesson-flat-missing-ssmmessages", "L6 path (ssmmessages)"),
        ("lesson-flat-no-core-policy", "L4 permissions"),
        ("lesson-flat-dns-hostnames-off", "L5 dns (ssm, ssmmessages)"),
        ("lesson-flat-nat-in-private-subnet", "L6 path (ssm, ssmmessages)"),
        ("defects/20-no-profile/broken", "L2 profile"),
        ("defects/27-no-way-back/broken", "L9 nacl (ssm, ssmmessages)"),
        ("defects/24-policy-of-another-service/broken", "L10 endpoint-policy (ssm, ssmmessages)"),
    ] {
        let found = verdicts(project, &[]);
        assert!(found[0].ends_with(&format!("BROKEN at {broken}, proved")), "{project}: {found:?}");
    }
}

#[test]
fn a_target_is_reachable_only_from_all_of_its_subnets() {
    let found = verdicts("lesson-modules-endpoint-sg-other-subnet", &[]);
    assert!(found[0].ends_with("REACHABLE via endpoints, proved"), "{found:?}");
    assert!(found[1].ends_with("BROKEN at L8 endpoint-sg (ssm, ssmmessages), proved"), "{found:?}");
}
