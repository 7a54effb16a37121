//! `ssmlint explain` and `ssmlint rules`: the pages of the rules.

use miette::{Report as Failure, miette};

use ssmlint::lint;
use ssmlint::report::page;

use crate::commands::output::print;

pub(crate) fn run(name: &str) -> Result<u8, Failure> {
    let rules = lint::rules();
    match rules.iter().find(|rule| rule.code.eq_ignore_ascii_case(name) || rule.name == name) {
        Some(rule) => print(&page::explain(rule)).map(|()| 0),
        None => Err(miette!(help = "`ssmlint rules` lists all of them", "there is no rule {name}")),
    }
}

/// All rules, one line each.
pub(crate) fn list() -> Result<u8, Failure> {
    print(&page::list(&lint::rules())).map(|()| 0)
}
