//! Checkstyle's XML, which Jenkins and many review tools read.

use std::collections::BTreeMap;

use crate::report::issue::{Issue, Site, issues};
use crate::report::xml::Xml;
use crate::report::{Options, Report};

/// The version of the shape, as tools expect it.
const VERSION: &str = "4.3";

/// Renders the report.
pub fn render(report: &Report, options: &Options) -> String {
    let all = issues(report, options);
    let mut files: BTreeMap<String, Vec<(&Issue<'_>, Site)>> = BTreeMap::new();
    for issue in &all {
        let site = issue.site(report, options);
        files.entry(site.path.clone()).or_default().push((issue, site));
    }
    let mut xml = Xml::new();
    xml.element("checkstyle", &[("version", VERSION)], |xml| {
        for (path, issues) in &files {
            xml.element("file", &[("name", path)], |xml| {
                for (issue, site) in issues {
                    let line = site.range.as_ref().map_or(1, |range| range.line).to_string();
                    let column = site.range.as_ref().map_or(1, |range| range.column).to_string();
                    xml.empty(
                        "error",
                        &[
                            ("line", &line),
                            ("column", &column),
                            ("severity", issue.severity.as_str()),
                            ("message", &issue.message),
                            ("source", &format!("ssmlint.{}", issue.code)),
                        ],
                    );
                }
            });
        }
    });
    xml.finish()
}
