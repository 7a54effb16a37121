//! One stage after the other on one root module of each shape; see `README.md`.

#[allow(dead_code, reason = "trees on the disk are for the other benchmark")]
mod tree;

use std::path::{Path, PathBuf};

use divan::counter::BytesCount;
use divan::{Bencher, black_box};

use ssmlint::aws::schema::Aws;
use ssmlint::aws::trail::Trails;
use ssmlint::aws::{Model, ModelOptions};
use ssmlint::config::load::{Loader, discover};
use ssmlint::config::{Config, tfvars};
use ssmlint::eval::limits::Limits;
use ssmlint::eval::scenario::{Demand, Environment, Scenario};
use ssmlint::eval::{self, Evaluation};
use ssmlint::lint::{self, Request};
use ssmlint::proof::{ProofOptions, Reach, chain};
use ssmlint::report::{Format, Options, Report};
use ssmlint::rules::{self, RuleContext, RuleOptions};
use ssmlint::source::fs::Memory;
use ssmlint::source::{FileId, SourceFile, SourceMap};
use ssmlint::syntax;

use crate::tree::Shape;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Root modules of the report that is written.
const REPORTED: usize = 50;

fn main() {
    // `cargo test --all-targets` starts benchmarks without it.
    if std::env::args().any(|argument| argument == "--bench") {
        divan::main();
    }
}

/// The first root modules of a tree in memory.
fn files(shape: Shape, roots: usize) -> (Memory, Vec<PathBuf>) {
    let mut fs = Memory::new();
    for (name, text) in shape.shared() {
        fs.add(Path::new("/").join(name), text);
    }
    let mut dirs = Vec::new();
    for index in 0..roots {
        let dir = PathBuf::from(format!("/root-{index:05}"));
        for (name, text) in shape.root(index) {
            fs.add(dir.join(name), text);
        }
        dirs.push(dir);
    }
    (fs, dirs)
}

/// A root module that is read, with what its evaluation needs.
struct Root {
    fs: Memory,
    sources: SourceMap,
    config: Config,
    scenario: Scenario,
    limits: Limits,
}

impl Root {
    fn of(shape: Shape) -> Root {
        let (fs, dirs) = files(shape, 1);
        let sources = SourceMap::new();
        let (config, inputs) = {
            let loader = Loader::new(&fs, &sources, &dirs, None);
            let config = loader.load(&dirs[0]);
            let inputs = tfvars::inputs(&loader, &config, &[], &[]);
            (config, inputs)
        };
        let scenario = Scenario { name: String::new(), inputs, workspace: "default".to_owned() };
        Root { fs, sources, config, scenario, limits: Limits::default() }
    }

    fn evaluate(&self) -> Evaluation {
        let environment = Environment {
            provider: &Aws,
            fs: &self.fs,
            sources: &self.sources,
            limits: &self.limits,
            demand: Demand::Relevant,
        };
        eval::evaluate(&self.config, &self.scenario, environment)
    }
}

fn texts(shape: Shape) -> (Vec<SourceFile>, BytesCount) {
    let texts = shape.root(0).into_iter().chain(shape.shared());
    let file = |(name, text): (&str, String)| SourceFile::new(FileId(0), PathBuf::from(name), text);
    let files: Vec<SourceFile> = texts.map(file).collect();
    let bytes = BytesCount::new(files.iter().map(|file| file.text.len()).sum::<usize>());
    (files, bytes)
}

/// What parsing costs with the library alone.
#[divan::bench(args = Shape::ALL)]
fn a_hcl_edit(bencher: Bencher<'_, '_>, shape: Shape) {
    let (files, bytes) = texts(shape);
    bencher.counter(bytes).bench(|| {
        for file in &files {
            drop(black_box(hcl::edit::parser::parse_body(&file.text)));
        }
    });
}

#[divan::bench(args = Shape::ALL)]
fn b_parse_and_lower(bencher: Bencher<'_, '_>, shape: Shape) {
    let (files, bytes) = texts(shape);
    bencher.counter(bytes).bench(|| {
        for file in &files {
            drop(black_box(syntax::parse(file)));
        }
    });
}

#[divan::bench(args = Shape::ALL)]
fn c_load(bencher: Bencher<'_, '_>, shape: Shape) {
    let (fs, dirs) = files(shape, 1);
    bencher.bench(|| {
        let sources = SourceMap::new();
        let loader = Loader::new(&fs, &sources, &dirs, None);
        let found = discover(&loader, &dirs).expect("there is a root module");
        found.roots.iter().map(|root| loader.load(root)).collect::<Vec<Config>>()
    });
}

#[divan::bench(args = Shape::ALL)]
fn d_evaluate(bencher: Bencher<'_, '_>, shape: Shape) {
    let root = Root::of(shape);
    bencher.bench(|| root.evaluate());
}

#[divan::bench(args = Shape::ALL)]
fn e_model(bencher: Bencher<'_, '_>, shape: Shape) {
    let evaluation = Root::of(shape).evaluate();
    bencher.bench(|| Model::build(&evaluation, &ModelOptions::default()));
}

#[divan::bench(args = Shape::ALL)]
fn f_prove(bencher: Bencher<'_, '_>, shape: Shape) {
    let evaluation = Root::of(shape).evaluate();
    let model = Model::build(&evaluation, &ModelOptions::default());
    let options = ProofOptions::default();
    bencher.bench(|| chain::prove(&Reach::new(&model, &options)));
}

#[divan::bench(args = Shape::ALL)]
fn g_rules(bencher: Bencher<'_, '_>, shape: Shape) {
    let evaluation = Root::of(shape).evaluate();
    let model = Model::build(&evaluation, &ModelOptions::default());
    let options = ProofOptions::default();
    let rule_options = RuleOptions::default();
    bencher.bench(|| {
        // What one run has asked for, the next one would find answered.
        let reach = Reach::new(&model, &options);
        let trails = Trails::new(&evaluation);
        rules::check(&RuleContext { model: &model, reach: &reach, trails: &trails, options: &rule_options })
    });
}

/// Everything from the texts to the findings, on one thread.
#[divan::bench(args = Shape::ALL)]
fn h_check(bencher: Bencher<'_, '_>, shape: Shape) {
    let (fs, paths) = files(shape, 1);
    let request = Request { paths, ..Request::default() };
    bencher.bench(|| lint::check(&request, &fs));
}

fn report(shape: Shape) -> Report {
    let (fs, paths) = files(shape, REPORTED);
    lint::check(&Request { paths, ..Request::default() }, &fs).expect("there are root modules")
}

#[divan::bench(args = [Format::Pretty, Format::Concise, Format::Json, Format::Sarif])]
fn i_report(bencher: Bencher<'_, '_>, format: Format) {
    let report = report(Shape::Flat);
    let options = Options::default();
    bencher.bench(|| report.render(format, &options));
}
