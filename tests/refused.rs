//! `fixtures/invalid/plan`: configurations that Terraform reads and does not plan. Each line that ends in `# => summary` is where it
//! says so, and nothing else is said.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ssmlint::aws::schema::Aws;
use ssmlint::config::load::Loader;
use ssmlint::eval::evaluate;
use ssmlint::eval::limits::Limits;
use ssmlint::eval::scenario::{Demand, Environment, Scenario};
use ssmlint::source::SourceMap;
use ssmlint::source::fs::Disk;

/// A file relative to its project, a line and a summary.
type Complaint = (String, u32, String);

fn written(dir: &Path) -> BTreeSet<Complaint> {
    let entries = walkdir::WalkDir::new(dir).into_iter().flatten();
    let files =
        entries.map(|entry| entry.into_path()).filter(|path| path.extension().is_some_and(|e| e == "tf"));
    let complaints = files.flat_map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(dir).unwrap().display().to_string();
        let marks =
            (1..).zip(text.lines()).filter_map(|(line, text)| Some((line, text.rsplit_once("# => ")?.1)));
        marks.map(|(line, summary)| (name.clone(), line, summary.to_owned())).collect::<Vec<_>>()
    });
    complaints.collect()
}

fn said(dir: &Path) -> BTreeSet<Complaint> {
    let sources = SourceMap::new();
    let config = Loader::new(&Disk, &sources, &[dir.to_path_buf()], None).load(dir);
    let limits = Limits::default();
    let env =
        Environment { provider: &Aws, fs: &Disk, sources: &sources, limits: &limits, demand: Demand::All };
    let evaluation = evaluate(&config, &Scenario::default(), env);
    let diagnostics = config.diagnostics.iter().chain(&evaluation.diagnostics);
    let complaints = diagnostics.map(|diagnostic| {
        let span = diagnostic.span.unwrap();
        let file = sources.file(span.file);
        let name = file.path.strip_prefix(dir).unwrap().display().to_string();
        (name, file.position(span.start).line, diagnostic.summary.clone())
    });
    complaints.collect()
}

#[test]
fn what_terraform_does_not_plan_is_refused_where_it_says_so() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/invalid/plan");
    let mut projects: Vec<PathBuf> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    projects.sort();
    assert!(projects.len() > 3);
    for project in projects {
        let (said, written) = (said(&project), written(&project));
        let missing: Vec<_> = written.difference(&said).collect();
        let besides: Vec<_> = said.difference(&written).collect();
        assert!(
            missing.is_empty() && besides.is_empty(),
            "{}: missing {missing:#?}, besides {besides:#?}",
            project.display()
        );
    }
}
