//! What `matrix` prints: for every combination of a root's switches the verdict of each target.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use serde::Serialize;

use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::report::json::{self, GapOut};
use crate::report::markup::{self, code, text};
use crate::report::place::Location;
use crate::report::prices::{Inventory, Number, Prices};
use crate::report::summary::plural;
use crate::report::why::{place, write_gaps, write_rows};
use crate::report::{Gap, rule_url, safe};
use crate::source::{SourceMap, Span};

/// The verdicts of a root module's targets for all combinations of its switches.
#[derive(Debug, Default)]
pub struct Matrix {
    /// The root module's directory.
    pub root: String,
    /// The scenario; empty for what is configured.
    pub scenario: String,
    /// The switches: boolean inputs that decide what exists.
    pub toggles: Vec<String>,
    /// What is configured for each of them; none where nothing is.
    pub defaults: Vec<Option<bool>>,
    /// The combinations, counted from all false to all true.
    pub rows: Vec<Row>,
    /// Combinations that a validation or precondition rules out.
    pub ruled_out: Vec<RuledOut>,
    /// Switches that were left out because they change no verdict by themselves.
    pub dropped: Vec<String>,
    /// Boolean inputs that decide nothing that a session hangs on, with their headers.
    pub unused: Vec<(String, Span)>,
    /// What could not be seen.
    pub gaps: Vec<Gap>,
    /// What things cost.
    pub prices: Prices,
    /// What is wrong with files and inputs.
    pub diagnostics: Vec<Diagnostic>,
    /// The text of all files.
    pub sources: Arc<SourceMap>,
}

/// One combination.
#[derive(Debug)]
pub struct Row {
    /// The value of each switch.
    pub values: Vec<bool>,
    /// Whether it is what is configured.
    pub is_configured: bool,
    /// The verdict of each target that exists, by address.
    pub cells: BTreeMap<String, Cell>,
    /// What Terraform would refuse in this combination and not in the configured one.
    pub invalid: Vec<Diagnostic>,
    /// The codes of rules that find something that keeps no session from opening; sorted.
    pub warnings: Vec<&'static str>,
    /// What is paid for by the hour.
    pub inventory: Inventory,
}

/// A combination that the author rules out.
#[derive(Debug)]
pub struct RuledOut {
    /// The value of each switch.
    pub values: Vec<bool>,
    /// The validation or precondition that fails.
    pub by: Diagnostic,
}

/// The verdict of one target in one combination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// `reachable`, `broken` or `unknown`.
    pub state: &'static str,
    /// The verdict in words.
    pub verdict: String,
    /// The rule of the first link that breaks.
    pub rule: Option<&'static str>,
    /// What breaks there, or what is not known.
    pub reason: Option<String>,
    /// Where.
    pub span: Option<Span>,
}

/// Targets that fare alike in every combination.
struct Group<'a> {
    targets: Vec<&'a str>,
    cells: Vec<Option<&'a Cell>>,
}

impl Matrix {
    /// 2 when a file could not be read; else 0, whatever the verdicts are.
    pub fn exit_code(&self) -> u8 {
        let unreadable = |diagnostic: &Diagnostic| diagnostic.kind == DiagnosticKind::Unreadable;
        if self.diagnostics.iter().any(unreadable) { 2 } else { 0 }
    }

    fn groups(&self) -> Vec<Group<'_>> {
        let mut all: Vec<&str> =
            self.rows.iter().flat_map(|row| row.cells.keys().map(String::as_str)).collect();
        all.sort_unstable();
        all.dedup();
        let mut groups: Vec<Group<'_>> = Vec::new();
        for target in all {
            let cells: Vec<Option<&Cell>> = self.rows.iter().map(|row| row.cells.get(target)).collect();
            match groups.iter_mut().find(|group| group.cells == cells) {
                Some(group) => group.targets.push(target),
                None => groups.push(Group { targets: vec![target], cells }),
            }
        }
        groups
    }

    fn describe(&self, values: &[bool]) -> String {
        let parts: Vec<String> =
            self.toggles.iter().zip(values).map(|(name, value)| format!("{name} = {value}")).collect();
        safe::line(&parts.join(", ")).into_owned()
    }

    /// For people: a table for each group of targets that fare alike.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let combinations = self.rows.len() + self.ruled_out.len();
        let root = safe::line(&self.root);
        if self.toggles.is_empty() {
            let _ = writeln!(out, "{root}: no boolean input decides what a session hangs on");
        } else {
            let switches = if self.toggles.len() == 1 { "switch" } else { "switches" };
            let _ = writeln!(
                out,
                "{root}: {} {switches}, {}{}",
                self.toggles.len(),
                plural(combinations, "combination"),
                if self.rows.iter().any(|row| row.is_configured) { "; * is what is configured" } else { "" }
            );
        }
        let groups = self.groups();
        if groups.is_empty() {
            out.push_str("no instances, groups or fleets\n");
        }
        for group in &groups {
            out.push('\n');
            for target in &group.targets {
                let _ = writeln!(out, "{}", safe::line(target));
            }
            self.write_table(&mut out, group);
        }
        self.write_rest(&mut out);
        out
    }

    fn write_table(&self, out: &mut String, group: &Group<'_>) {
        // The number of columns is that of the switches, so rows are joined from two aligned halves.
        let widths: Vec<usize> =
            self.toggles.iter().map(|name| name.chars().count().max("false".len())).collect();
        let pad = |texts: Vec<String>| -> String {
            let cells = texts.iter().zip(&widths).map(|(text, width)| format!("{text:<width$}"));
            cells.collect::<Vec<_>>().join("  ")
        };
        let mut rows: Vec<[String; 5]> = Vec::new();
        if !self.toggles.is_empty() {
            let names = self.toggles.iter().map(|name| safe::line(name).into_owned()).collect();
            rows.push([String::new(), pad(names), String::new(), String::new(), String::new()]);
        }
        for (row, cell) in self.rows.iter().zip(&group.cells) {
            let mark = if row.is_configured && !self.toggles.is_empty() { "*" } else { "" };
            let values = pad(row.values.iter().map(bool::to_string).collect());
            let (verdict, rule, why) = match cell {
                Some(cell) => {
                    (safe::sentence(&cell.verdict), cell.rule.unwrap_or_default().to_owned(), self.why(cell))
                }
                None => ("does not exist".to_owned(), String::new(), String::new()),
            };
            rows.push([mark.to_owned(), values, verdict, rule, why]);
            for diagnostic in &row.invalid {
                let text = format!("Terraform would refuse this: {}", self.told(diagnostic));
                rows.push([String::new(), String::new(), String::new(), String::new(), text]);
            }
        }
        write_rows(out, "  ", &rows);
    }

    fn why(&self, cell: &Cell) -> String {
        let Some(reason) = &cell.reason else { return String::new() };
        let at = place(&self.sources, cell.span);
        let at = if at.is_empty() { at } else { format!("{at}  ") };
        format!("{at}{}", safe::sentence(reason))
    }

    fn told(&self, diagnostic: &Diagnostic) -> String {
        let at = place(&self.sources, diagnostic.span);
        let at = if at.is_empty() { at } else { format!(" ({at})") };
        let text = if diagnostic.detail.is_empty() { &diagnostic.summary } else { &diagnostic.detail };
        format!("{}{at}", safe::sentence(text))
    }

    fn write_rest(&self, out: &mut String) {
        if !self.ruled_out.is_empty() {
            out.push_str("\nruled out by the configuration:\n");
            for ruled_out in &self.ruled_out {
                let _ =
                    writeln!(out, "  - {}: {}", self.describe(&ruled_out.values), self.told(&ruled_out.by));
            }
        }
        if !self.dropped.is_empty() {
            let _ = writeln!(
                out,
                "\nleft as configured, since alone they change no verdict: {}",
                safe::line(&self.dropped.join(", "))
            );
        }
        if !self.unused.is_empty() {
            let names = self
                .unused
                .iter()
                .map(|(name, span)| format!("{} ({})", safe::line(name), place(&self.sources, Some(*span))));
            let names: Vec<String> = names.collect();
            let _ = writeln!(out, "\nboolean inputs that decide nothing here: {}", names.join(", "));
        }
        write_gaps(out, &self.gaps, &self.sources);
    }

    /// For a pull request: a Markdown table for each group of targets that fare alike.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        let _ = writeln!(out, "### Switches of {}", code(&self.root));
        let groups = self.groups();
        if groups.is_empty() {
            out.push_str("\nNo instances, groups or fleets.\n");
        }
        for group in groups {
            let targets: Vec<String> = group.targets.iter().map(|target| code(target)).collect();
            let _ = writeln!(out, "\n{}", targets.join(", "));
            let mut columns: Vec<String> = self.toggles.iter().map(|name| code(name)).collect();
            columns.push("verdict".to_owned());
            columns.push("why".to_owned());
            markup::head(&mut out, &columns);
            for (row, cell) in self.rows.iter().zip(&group.cells) {
                let bold = |text: String| {
                    if row.is_configured && !self.toggles.is_empty() { format!("**{text}**") } else { text }
                };
                let mut cells: Vec<String> = row.values.iter().map(|value| bold(value.to_string())).collect();
                let mut why = String::new();
                match cell {
                    Some(cell) => {
                        cells.push(bold(text(&cell.verdict)));
                        if let Some(reason) = &cell.reason {
                            let rule = cell.rule.map_or(String::new(), |rule| format!("{rule} "));
                            let at = place(&self.sources, cell.span);
                            let at = if at.is_empty() { at } else { format!(" ({})", code(&at)) };
                            why = format!("{rule}{}{at}", text(reason));
                        }
                    }
                    None => cells.push("does not exist".to_owned()),
                }
                for diagnostic in &row.invalid {
                    let _ = write!(why, " Terraform would refuse this: {}", text(&self.told(diagnostic)));
                }
                cells.push(why);
                markup::row(&mut out, &cells);
            }
        }
        if self.rows.iter().any(|row| row.is_configured) && !self.toggles.is_empty() {
            out.push_str("\nWhat is configured is **bold**.\n");
        }
        self.write_costs(&mut out);
        self.write_advice(&mut out);
        for ruled_out in &self.ruled_out {
            let _ = writeln!(
                out,
                "\nRuled out: {} ({})",
                text(&self.describe(&ruled_out.values)),
                text(&self.told(&ruled_out.by))
            );
        }
        out
    }

    /// What each combination costs, and what else is found in it.
    fn write_costs(&self, out: &mut String) {
        let has_costs = self.rows.iter().any(|row| row.inventory != Inventory::default());
        if !has_costs {
            return;
        }
        let mut columns: Vec<String> = self.toggles.iter().map(|name| code(name)).collect();
        let others = ["NAT gateways", "endpoints × zones", "USD a month", "also found"];
        columns.extend(others.map(str::to_owned));
        markup::head(out, &columns);
        for row in &self.rows {
            let mut cells: Vec<String> = row.values.iter().map(bool::to_string).collect();
            cells.push(row.inventory.nat_gateways.to_string());
            cells.push(row.inventory.endpoint_interfaces.to_string());
            cells.push(self.prices.month(&row.inventory).to_string());
            let found: Vec<String> =
                row.warnings.iter().map(|rule| markup::link(rule, &rule_url(rule))).collect();
            cells.push(found.join(", "));
            if row.is_configured && !self.toggles.is_empty() {
                for cell in cells.iter_mut().filter(|cell| !cell.is_empty()) {
                    *cell = format!("**{cell}**");
                }
            }
            markup::row(out, &cells);
        }
        let _ = writeln!(
            out,
            "\nBy {}, for 730 hours and without data, which costs {} USD a GB through endpoints and {} through NAT; see {}.",
            self.prices.source,
            self.prices.endpoint_gb,
            self.prices.nat_gb,
            markup::link("nat-or-endpoints", &rule_url("nat-or-endpoints")),
        );
    }

    /// The cheapest combination in which all is reached, and the cheapest of those without a NAT gateway.
    fn write_advice(&self, out: &mut String) {
        let works = |row: &&Row| {
            !row.cells.is_empty()
                && row.invalid.is_empty()
                && row.cells.values().all(|cell| cell.state == "reachable")
        };
        let by_cost = |a: &&Row, b: &&Row| {
            let [a_cost, b_cost] = [a, b].map(|row| self.prices.month(&row.inventory).most);
            a_cost.total_cmp(&b_cost).then(a.warnings.len().cmp(&b.warnings.len()))
        };
        if self.toggles.is_empty() || self.rows.iter().all(|row| row.cells.is_empty()) {
            return;
        }
        let Some(best) = self.rows.iter().filter(works).min_by(by_cost) else {
            out.push_str("\nIn no combination all targets are proven reachable.\n");
            return;
        };
        let _ = writeln!(
            out,
            "\n- The cheapest combination in which all targets are reachable: {}.",
            self.told_cost(best)
        );
        let has_nat = |row: &Row| row.inventory.nat_gateways.most > 0 || row.inventory.nat_gateways.is_open;
        let private = self.rows.iter().filter(works).filter(|row| !has_nat(row)).min_by(by_cost);
        match private.filter(|_| has_nat(best)) {
            Some(row) => {
                let _ =
                    writeln!(out, "- The cheapest of those without a NAT gateway: {}.", self.told_cost(row));
            }
            None if has_nat(best) => {
                out.push_str("- Without a NAT gateway there is none in which all of them are.\n");
            }
            None => {}
        }
    }

    /// A combination with what it costs and what else is found in it.
    fn told_cost(&self, row: &Row) -> String {
        let configured = if row.is_configured { ", as configured" } else { "" };
        let found = match row.warnings.as_slice() {
            [] => String::new(),
            codes => format!(", with {}", codes.join(", ")),
        };
        let cost = self.prices.month(&row.inventory);
        format!("{}{configured}: {cost} USD a month{found}", code(&self.describe(&row.values)))
    }

    /// The JSON form, `ssmlint/1`.
    pub fn json(&self) -> String {
        let at = |span: Span| Location::of(&self.sources, span);
        let values = |values: &[bool]| -> BTreeMap<String, bool> {
            self.toggles.iter().cloned().zip(values.iter().copied()).collect()
        };
        let diagnostic = |diagnostic: &Diagnostic| MessageOut {
            summary: diagnostic.summary.to_string(),
            detail: diagnostic.detail.to_string(),
            location: diagnostic.span.map(at),
        };
        let toggles = self.toggles.iter().zip(&self.defaults);
        let rows = self.rows.iter().map(|row| RowOut {
            values: values(&row.values),
            configured: row.is_configured,
            targets: row
                .cells
                .iter()
                .map(|(target, cell)| CellOut {
                    target,
                    state: cell.state,
                    verdict: &cell.verdict,
                    rule: cell.rule,
                    reason: cell.reason.as_deref(),
                    location: cell.span.map(at),
                })
                .collect(),
            invalid: row.invalid.iter().map(diagnostic).collect(),
            also_found: &row.warnings,
            cost: self.cost_out(&row.inventory),
        });
        let ruled_out = self.ruled_out.iter().map(|ruled_out| RuledOutOut {
            values: values(&ruled_out.values),
            by: diagnostic(&ruled_out.by),
        });
        let document = Document {
            schema: json::SCHEMA,
            root: &self.root,
            scenario: (!self.scenario.is_empty()).then_some(&self.scenario),
            toggles: toggles.map(|(name, configured)| ToggleOut { name, configured: *configured }).collect(),
            prices: self.prices.source,
            rows: rows.collect(),
            ruled_out: ruled_out.collect(),
            unchanged: &self.dropped,
            unused: self.unused.iter().map(|(name, span)| UnusedOut { name, location: at(*span) }).collect(),
            gaps: self.gaps.iter().map(|gap| json::gap_out(gap, &self.sources)).collect(),
        };
        json::to_text(&document)
    }

    fn cost_out(&self, inventory: &Inventory) -> CostOut {
        let number =
            |number: Number| RangeOut { least: number.least, most: (!number.is_open).then_some(number.most) };
        let cost = self.prices.month(inventory);
        // Cents, as they are printed.
        let cents = |dollars: f64| (dollars * 100.0).round() / 100.0;
        CostOut {
            nat_gateways: number(inventory.nat_gateways),
            nat_addresses: number(inventory.nat_addresses),
            endpoint_interfaces: number(inventory.endpoint_interfaces),
            usd_month: RangeOut { least: cents(cost.least), most: (!cost.is_open).then(|| cents(cost.most)) },
        }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    root: &'a str,
    scenario: Option<&'a String>,
    toggles: Vec<ToggleOut<'a>>,
    prices: &'static str,
    rows: Vec<RowOut<'a>>,
    ruled_out: Vec<RuledOutOut>,
    unchanged: &'a [String],
    unused: Vec<UnusedOut<'a>>,
    gaps: Vec<GapOut<'a>>,
}

#[derive(Serialize)]
struct ToggleOut<'a> {
    name: &'a str,
    configured: Option<bool>,
}

#[derive(Serialize)]
struct RowOut<'a> {
    values: BTreeMap<String, bool>,
    configured: bool,
    targets: Vec<CellOut<'a>>,
    invalid: Vec<MessageOut>,
    also_found: &'a [&'static str],
    cost: CostOut,
}

#[derive(Serialize)]
struct CostOut {
    nat_gateways: RangeOut<usize>,
    nat_addresses: RangeOut<usize>,
    endpoint_interfaces: RangeOut<usize>,
    usd_month: RangeOut<f64>,
}

/// What is certain, and what is possible; no upper end where it is not known.
#[derive(Serialize)]
struct RangeOut<T> {
    least: T,
    most: Option<T>,
}

#[derive(Serialize)]
struct CellOut<'a> {
    target: &'a str,
    state: &'static str,
    verdict: &'a str,
    rule: Option<&'static str>,
    reason: Option<&'a str>,
    location: Option<Location>,
}

#[derive(Serialize)]
struct RuledOutOut {
    values: BTreeMap<String, bool>,
    by: MessageOut,
}

#[derive(Serialize)]
struct MessageOut {
    summary: String,
    detail: String,
    location: Option<Location>,
}

#[derive(Serialize)]
struct UnusedOut<'a> {
    name: &'a str,
    location: Location,
}
