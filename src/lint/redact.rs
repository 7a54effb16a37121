//! Sensitive values in what rules and proofs say. They quote what they read and do not know what is sensitive, so
//! their texts are gone through once, in roots that have such values.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::aws::fact::{Evidence, Reason};
use crate::eval::value::{Value, ValueKind};
use crate::eval::{BlockValue, Evaluation};
use crate::finding::Finding;
use crate::proof::chain::Link;
use crate::proof::verdict::{Proof, Verdict};

/// Shorter texts are words of every sentence: a sensitive `1` or `on` tells nothing where it stands in one.
const SHORTEST: usize = 3;
/// Words of a longer sensitive text, a script or a policy, that are looked for by themselves.
const SHORTEST_WORD: usize = 12;

/// The texts that are not shown, the longest first.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    texts: Vec<String>,
}

impl Secrets {
    /// The sensitive values that arguments of resources hold.
    pub(super) fn of(evaluation: &Evaluation) -> Secrets {
        let mut texts = BTreeSet::new();
        if !evaluation.has_secrets {
            return Secrets::default();
        }
        for instance in &evaluation.instances {
            collect_block(&instance.body, &mut texts);
        }
        for absent in &evaluation.absent {
            absent.body.iter().for_each(|body| collect_block(body, &mut texts));
        }
        let mut texts: Vec<String> = texts.into_iter().collect();
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Secrets { texts }
    }

    /// Hides them in a finding.
    pub(super) fn hide_in_finding(&self, finding: &mut Finding) {
        if self.texts.is_empty() {
            return;
        }
        self.hide(&mut finding.message);
        self.hide(&mut finding.cause);
        finding.primary.iter_mut().chain(&mut finding.labels).for_each(|label| self.hide(&mut label.message));
        finding.trace.iter_mut().for_each(|step| self.hide(&mut step.message));
        finding.notes.iter_mut().chain(&mut finding.help).for_each(|text| self.hide(text));
        finding.because.iter_mut().for_each(|because| self.hide(&mut because.reason));
        finding.fix.iter_mut().for_each(|fix| self.hide(&mut fix.title));
    }

    /// Hides them in a proof.
    pub(super) fn hide_in_proof(&self, proof: &mut Proof) {
        if self.texts.is_empty() {
            return;
        }
        let links = proof.links.iter_mut().chain(&mut proof.command).chain(&mut proof.features);
        links.for_each(|link| self.hide_in_link(link));
        proof.assumptions.iter_mut().for_each(|text| self.hide(text));
        match &mut proof.verdict {
            Verdict::Reachable(_) => {}
            Verdict::Broken(broken) => self.hide_in_link(&mut broken.link),
            Verdict::Unknown(reasons) => self.hide_in_reasons(reasons),
        }
    }

    fn hide_in_link(&self, link: &mut Link) {
        self.hide(&mut link.reason);
        self.hide_in_reasons(&mut link.because);
        let hide = |evidence: &mut Evidence| self.hide(&mut evidence.note);
        link.decided.iter_mut().chain(&mut link.trail).for_each(hide);
    }

    fn hide_in_reasons(&self, reasons: &mut [Reason]) {
        reasons.iter_mut().for_each(|reason| self.hide(&mut reason.text));
    }

    /// Puts `(sensitive value)` in the place of each that stands in a text as a word of its own.
    fn hide(&self, text: &mut String) {
        for secret in &self.texts {
            if !text.contains(secret.as_str()) {
                continue;
            }
            let mut out = String::with_capacity(text.len());
            let mut rest = text.as_str();
            while let Some(at) = rest.find(secret.as_str()) {
                let (before, after) = (&rest[..at], &rest[at + secret.len()..]);
                let is_apart =
                    |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && !"_-./".contains(c));
                out.push_str(before);
                if is_apart(before.chars().next_back().or(out.chars().next_back()))
                    && is_apart(after.chars().next())
                {
                    out.push_str("(sensitive value)");
                } else {
                    out.push_str(secret);
                }
                rest = after;
            }
            out.push_str(rest);
            *text = out;
        }
    }
}

fn collect_block(block: &BlockValue, texts: &mut BTreeSet<String>) {
    block.attributes.iter().for_each(|attribute| collect(&attribute.value, false, texts));
    block.blocks.iter().for_each(|block| collect_block(&block.body, texts));
}

fn collect(value: &Value, within: bool, texts: &mut BTreeSet<String>) {
    let is_sensitive = within || value.marks.sensitive;
    value.parts().for_each(|part| collect(part, is_sensitive, texts));
    if !is_sensitive {
        return;
    }
    if let ValueKind::Unknown(unknown) = &value.kind {
        let possible = unknown.possible.iter().flatten().chain(unknown.each.as_deref());
        possible.for_each(|value| collect(value, true, texts));
    }
    if let Some(number) = value.as_number() {
        add(&number.to_string(), texts);
    }
    if let Some(text) = value.as_str() {
        add(text, texts);
        let words = text.split(|c: char| c.is_whitespace() || "\"'`,;()[]{}".contains(c));
        words.filter(|word| word.len() >= SHORTEST_WORD && *word != text).for_each(|word| add(word, texts));
    }
}

fn add(text: &str, texts: &mut BTreeSet<String>) {
    if text.len() >= SHORTEST {
        texts.insert(text.to_owned());
    }
    // As the model writes networks.
    if let Ok(net) = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)) {
        texts.insert(net.trunc().to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_hidden_where_it_is_a_word_of_its_own() {
        let secrets = Secrets { texts: vec!["203.0.113.7/32".to_owned(), "main".to_owned()] };
        let hidden = |text: &str| {
            let mut text = text.to_owned();
            secrets.hide(&mut text);
            text
        };
        assert_eq!(
            hidden("lets HTTPS out only to 203.0.113.7/32"),
            "lets HTTPS out only to (sensitive value)"
        );
        assert_eq!(
            hidden("\"main\", main and aws_vpc.main"),
            "\"(sensitive value)\", (sensitive value) and aws_vpc.main"
        );
        assert_eq!(hidden("mainmain domain main.tf"), "mainmain domain main.tf");
    }
}
