//! The built-in summaries of registry modules: each can be evaluated, and what is said lands on the call.

use std::path::{Path, PathBuf};

use ssmlint::config::summary;
use ssmlint::lint::dump::Secrets;
use ssmlint::lint::{self, Context, Request, Session};
use ssmlint::report::inspect::Inspection;
use ssmlint::report::{Format, Options};
use ssmlint::source::fs::Memory;

fn project(text: &str) -> Memory {
    let mut fs = Memory::new();
    fs.add("/project/main.tf", format!("provider \"aws\" {{\n  region = \"eu-west-1\"\n}}\n{text}"));
    fs
}

fn inspect(text: &str) -> Inspection {
    let fs = project(text);
    let session = Session::open(Path::new("/project"), &Context::default(), &fs);
    session.expect("the project has a root").inspect(Secrets::Hide)
}

#[test]
fn every_summary_is_evaluated_without_complaint_when_nothing_is_passed() {
    for (index, (source, major)) in summary::known().enumerate() {
        let call =
            format!("module \"m{index}\" {{\n  source  = \"{source}\"\n  version = \"~> {major}.0\"\n}}\n");
        let inspection = inspect(&call);
        assert_eq!(inspection.errors, [], "{source} {major}");
        assert_eq!(inspection.gaps, [], "{source} {major}");
        assert_eq!(inspection.summaries.len(), 1, "{source} {major}");
        assert_eq!(inspection.summaries[0].source, source);
    }
}

#[test]
fn a_module_without_a_summary_stays_a_gap_that_names_itself() {
    let inspection = inspect("module \"bus\" {\n  source = \"terraform-aws-modules/eventbridge/aws\"\n}\n");
    assert_eq!(inspection.summaries, []);
    assert_eq!(inspection.gaps.len(), 1);
    assert!(inspection.gaps[0].message.contains("terraform-aws-modules/eventbridge/aws"));
}

#[test]
fn inputs_and_outputs_that_a_summary_leaves_out_are_unknown_and_no_error() {
    let inspection = inspect(
        "module \"vpc\" {\n  source            = \"terraform-aws-modules/vpc/aws\"\n  some_new_argument = 1\n}\n\
         output \"new\" {\n  value = module.vpc.some_new_output\n}\n",
    );
    assert_eq!(inspection.errors, []);
    assert!(inspection.text().contains("not known"));
}

#[test]
fn the_major_version_decides_the_defaults() {
    let hostnames = |version: &str| {
        let text = format!(
            "module \"vpc\" {{\n  source = \"terraform-aws-modules/vpc/aws\"\n{version}}}\n\
             output \"hostnames\" {{\n  value = module.vpc.vpc_enable_dns_hostnames\n}}\n"
        );
        inspect(&text).outputs["hostnames"].value.json()
    };
    assert_eq!(hostnames("  version = \"~> 2.77\"\n"), false);
    assert_eq!(hostnames("  version = \"3.19.0\"\n"), false);
    assert_eq!(hostnames("  version = \">= 2.0, < 5.0\"\n"), true);
    assert_eq!(hostnames(""), true);
}

#[test]
fn no_format_shows_a_place_in_a_summary() {
    let fs = project(
        r#"
module "vpc" {
  source               = "terraform-aws-modules/vpc/aws"
  version              = "~> 2.70"
  azs                  = ["eu-west-1a"]
  private_subnets      = ["10.0.1.0/24"]
  enable_ssm_endpoint  = true
}

module "group" {
  source              = "terraform-aws-modules/security-group/aws"
  vpc_id              = module.vpc.vpc_id
  ingress_cidr_blocks = ["0.0.0.0/0"]
  ingress_rules       = ["ssh-tcp"]
}

resource "aws_instance" "app" {
  subnet_id              = module.vpc.private_subnets[0]
  vpc_security_group_ids = [module.group.security_group_id]
}
"#,
    );
    let request = Request { paths: vec![PathBuf::from("/project")], ..Request::default() };
    let report = lint::check(&request, &fs).unwrap();
    assert!(!report.findings.is_empty());
    assert_eq!((report.counts.summaries, report.counts.modules, report.counts.files), (2, 0, 1));
    for format in Format::ALL {
        let text = report.render(format, &Options::default());
        assert!(!text.contains("<summary"), "{text}");
    }
}
