//! For people: what is suppressed, dimmed, with who suppressed it and why.

use std::fmt::Write;

use crate::finding::{Acceptance, Suppressed};
use crate::report::place::Location;
use crate::report::{Options, Report, safe};

const DIM: &str = "\u{1b}[2m";
const RESET: &str = "\u{1b}[0m";

/// Appends the list; nothing when there is nothing.
pub(super) fn write(out: &mut String, report: &Report, options: &Options) {
    for suppressed in &report.suppressed {
        let (on, off) = if options.color { (DIM, RESET) } else { ("", "") };
        for line in lines(report, suppressed) {
            let _ = writeln!(out, "{on}{line}{off}");
        }
        out.push('\n');
    }
}

fn lines(report: &Report, suppressed: &Suppressed) -> Vec<String> {
    let finding = &suppressed.finding;
    let at = |span| Location::of(&report.sources, span).short();
    let mut lines = vec![format!("suppressed[{}]: {}", finding.code, safe::line(&finding.message))];
    if let Some(primary) = &finding.primary {
        lines.push(format!("  --> {}", safe::line(&at(primary.span))));
    }
    let by = match suppressed.by {
        Acceptance::Comment => "by the comment",
        Acceptance::Settings => "by the settings",
    };
    let mut why = format!("  = {by} at {}", safe::line(&at(suppressed.place)));
    if let Some(until) = &suppressed.until {
        let _ = write!(why, ", until {}", safe::line(until));
    }
    match &suppressed.reason {
        Some(reason) => {
            let _ = write!(why, ": {}", safe::sentence(reason));
        }
        None => why.push_str(", without a reason"),
    }
    lines.push(why);
    lines
}
