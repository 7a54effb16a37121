//! A picture of what sessions go through, in Mermaid: instance, endpoint or gateway, service, and the link that breaks.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::proof::verdict::{Path, Proof, Verdict};
use crate::report::markup::cut;

/// Groups of instances in one picture; more cannot be told apart.
const GROUP_LIMIT: usize = 20;
/// Characters of a label.
const LABEL_LIMIT: usize = 80;
/// Instances named in one node.
const NAME_LIMIT: usize = 3;

/// One arrow from an instance, as far as it goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    /// The endpoint or gateway; none where the name leads nowhere.
    by: Option<String>,
    /// The service, or what all services need.
    service: String,
    /// Whether it is passable.
    state: State,
    /// The link that breaks or is not known: `L8 endpoint-sg SSM002`.
    mark: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Open,
    Unknown,
    Broken,
}

/// The picture of some targets; none without a way to draw. The number of those that are left out comes with it.
pub(super) fn picture<'a>(proofs: impl IntoIterator<Item = &'a Proof>) -> Option<(String, usize)> {
    let mut groups: BTreeMap<Vec<Way>, Vec<&str>> = BTreeMap::new();
    for proof in proofs {
        groups.entry(ways(proof)).or_default().push(&proof.target);
    }
    let mut groups: Vec<(Vec<Way>, Vec<&str>)> =
        groups.into_iter().filter(|(ways, _)| !ways.is_empty()).collect();
    if groups.is_empty() {
        return None;
    }
    // What is broken is what one wants to see.
    groups.sort_by_key(|(ways, _)| std::cmp::Reverse(ways.iter().map(|way| way.state).max()));
    let left: usize = groups.iter().skip(GROUP_LIMIT).map(|(_, targets)| targets.len()).sum();
    groups.truncate(GROUP_LIMIT);

    let mut drawing = Drawing::default();
    for (ways, targets) in &groups {
        drawing.group(ways, targets);
    }
    Some((drawing.finish(), left))
}

/// How each service is reached, or where not.
fn ways(proof: &Proof) -> Vec<Way> {
    if let Some(link) = proof.links.iter().find(|link| link.truth.is_no() && link.service.is_none()) {
        let mark = format!("L{} {} {}", link.number, link.name, link.rule);
        return vec![Way { by: None, service: "Systems Manager".to_owned(), state: State::Broken, mark }];
    }
    let mut services: Vec<_> = proof.links.iter().filter_map(|link| link.service).collect();
    services.sort();
    services.dedup();
    let mut ways = Vec::new();
    for service in services {
        let links = || proof.links.iter().filter(move |link| link.service == Some(service));
        let mut by: Vec<Option<String>> = links().map(|link| link.endpoint.clone()).collect();
        by.retain(Option::is_some);
        let gateways = proof.paths.iter().filter(|(of, _)| *of == service);
        by.extend(gateways.filter_map(|(_, path)| gateway(path)).map(|name| Some(name.to_owned())));
        by.sort();
        by.dedup();
        if by.is_empty() {
            by.push(None);
        }
        let is_only = by.len() == 1;
        for by in by {
            // What is said of no endpoint is said of all ways to the service.
            let of_way = links().filter(|link| is_only || link.endpoint.is_none() || link.endpoint == by);
            let worst = of_way.filter(|link| !link.truth.is_yes()).min_by_key(|link| !link.truth.is_no());
            let state = match worst {
                Some(link) if link.truth.is_no() => State::Broken,
                Some(_) => State::Unknown,
                None => State::Open,
            };
            let mark = worst.map_or_else(String::new, |link| {
                let rule = if link.truth.is_no() { format!(" {}", link.rule) } else { " ?".to_owned() };
                format!("L{} {}{rule}", link.number, link.name)
            });
            ways.push(Way { by, service: service.label().to_owned(), state, mark });
        }
    }
    // What all services need and nobody knows makes every way uncertain.
    if matches!(proof.verdict, Verdict::Unknown(_)) {
        let open = proof.links.iter().find(|link| link.service.is_none() && link.truth.is_unknown());
        for way in ways.iter_mut().filter(|way| way.state == State::Open) {
            if let Some(link) = open {
                way.state = State::Unknown;
                way.mark = format!("L{} {} ?", link.number, link.name);
            }
        }
    }
    ways
}

/// What stands between an instance and the internet.
fn gateway(path: &Path) -> Option<&'static str> {
    match path {
        Path::Endpoints | Path::Hub(_) | Path::Mixed => None,
        Path::Nat => Some("NAT gateway"),
        Path::InternetGateway => Some("internet gateway"),
        Path::Other => Some("the internet"),
    }
}

#[derive(Default)]
struct Drawing {
    nodes: String,
    arrows: String,
    count: usize,
    broken: Vec<String>,
    middle: BTreeMap<String, usize>,
    services: BTreeMap<String, usize>,
    joined: Vec<(usize, usize)>,
    groups: usize,
}

impl Drawing {
    fn group(&mut self, ways: &[Way], targets: &[&str]) {
        let from = format!("t{}", self.groups);
        self.groups += 1;
        let mut names: Vec<String> = targets.iter().take(NAME_LIMIT).map(|name| (*name).to_owned()).collect();
        if targets.len() > NAME_LIMIT {
            names.push(format!("and {} more", targets.len() - NAME_LIMIT));
        }
        let label = names.iter().map(|name| label(name)).collect::<Vec<_>>().join(", ");
        let _ = writeln!(self.nodes, "  {from}[\"{label}\"]");
        for way in ways {
            let service = self.service(&way.service);
            match &way.by {
                Some(by) => {
                    let middle = self.middle(by);
                    self.arrow(&from, &format!("e{middle}"), way);
                    if !self.joined.contains(&(middle, service)) {
                        self.joined.push((middle, service));
                        let _ = writeln!(self.arrows, "  e{middle} --> s{service}");
                        self.count += 1;
                    }
                }
                None => self.arrow(&from, &format!("s{service}"), way),
            }
        }
    }

    fn arrow(&mut self, from: &str, to: &str, way: &Way) {
        let (line, mark) = match way.state {
            State::Open => ("-->", String::new()),
            State::Unknown => ("-.->", format!("|\"{}\"|", label(&way.mark))),
            State::Broken => ("--x", format!("|\"{}\"|", label(&way.mark))),
        };
        let _ = writeln!(self.arrows, "  {from} {line}{mark} {to}");
        if way.state == State::Broken {
            self.broken.push(self.count.to_string());
        }
        self.count += 1;
    }

    fn middle(&mut self, name: &str) -> usize {
        let next = self.middle.len();
        let nodes = &mut self.nodes;
        *self.middle.entry(name.to_owned()).or_insert_with(|| {
            let _ = writeln!(nodes, "  e{next}([\"{}\"])", label(name));
            next
        })
    }

    fn service(&mut self, name: &str) -> usize {
        let next = self.services.len();
        let nodes = &mut self.nodes;
        *self.services.entry(name.to_owned()).or_insert_with(|| {
            let _ = writeln!(nodes, "  s{next}{{{{\"{}\"}}}}", label(name));
            next
        })
    }

    fn finish(self) -> String {
        let mut out = format!("flowchart LR\n{}{}", self.nodes, self.arrows);
        if !self.broken.is_empty() {
            let _ = writeln!(out, "  linkStyle {} stroke:#d1242f,stroke-width:2px", self.broken.join(","));
        }
        out
    }
}

/// A label in quotes: whatever Mermaid or a browser could act on stands as the number of its character.
fn label(text: &str) -> String {
    let mut out = String::new();
    for c in cut(text, LABEL_LIMIT).chars() {
        if c.is_alphanumeric() || " ._-/,:[]()?*=…".contains(c) {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn labels_hold_nothing_that_ends_them() {
        assert_eq!(
            label("aws_instance.app[\"a\"] <b>`;#"),
            "aws_instance.app[#34;a#34;] #60;b#62;#96;#59;#35;"
        );
    }
}
