//! Every target of the lesson's projects has the verdict that its toggles give it.

use std::path::Path;

use ssmlint::aws::schema::Aws;
use ssmlint::aws::{Model, ModelOptions};
use ssmlint::config::load::Loader;
use ssmlint::config::tfvars::{self, VarArgument};
use ssmlint::eval;
use ssmlint::eval::limits::Limits;
use ssmlint::eval::scenario::{Demand, Environment, Scenario};
use ssmlint::proof::chain::{Confidence, Verdict, Way};
use ssmlint::proof::{ProofOptions, prove};
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
    let proofs = prove(&model, &ProofOptions::default());
    proofs
        .iter()
        .map(|proof| {
            let verdict = match &proof.verdict {
                Verdict::Reachable(way, confidence) => {
                    let way = match way {
                        Way::Endpoints => "endpoints",
                        Way::Internet => "the internet",
                        Way::Mixed => "both",
                    };
                    let rests = if *confidence == Confidence::Proved { "proved" } else { "assumed" };
                    format!("reachable via {way}, {rests}")
                }
                Verdict::Broken(index) => {
                    let link = &proof.links[*index];
                    let service = link.service.map_or("", |service| service.label());
                    format!("broken at {} {} {service}", link.kind.id(), link.kind.name())
                }
                Verdict::Unknown(reasons) => format!("unknown: {reasons:?}"),
            };
            format!("{} {}", proof.address, verdict.trim_end())
        })
        .collect()
}

#[test]
fn the_toggles_decide_the_way() {
    for (nat, endpoints, verdict) in [
        (false, true, "reachable via endpoints, proved"),
        (true, true, "reachable via endpoints, proved"),
        (true, false, "reachable via the internet, proved"),
        (false, false, "broken at L6 internet ssm"),
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
        ("lesson-flat-private-dns-off", "L6 internet ssmmessages"),
        ("lesson-flat-endpoint-sg-no-443", "L8 groups ssm"),
        ("lesson-flat-missing-ssmmessages", "L6 internet ssmmessages"),
        ("lesson-flat-no-core-policy", "L4 permissions"),
        ("lesson-flat-dns-hostnames-off", "L6 internet ssm"),
        ("lesson-flat-nat-in-private-subnet", "L6 internet ssm"),
        ("defects/20-no-profile/broken", "L2 profile"),
        ("defects/27-no-way-back/broken", "L9 acl ssm"),
        ("defects/24-policy-of-another-service/broken", "L10 policy ssm"),
    ] {
        let found = verdicts(project, &[]);
        assert!(found[0].ends_with(&format!("broken at {broken}")), "{project}: {found:?}");
    }
}

#[test]
fn a_target_is_reachable_only_from_all_of_its_subnets() {
    let found = verdicts("lesson-modules-endpoint-sg-other-subnet", &[]);
    assert!(found[0].ends_with("reachable via endpoints, proved"), "{found:?}");
    assert!(found[1].ends_with("broken at L8 groups ssm"), "{found:?}");
}
