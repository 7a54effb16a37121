//! SSM026: an image that AWS lists without SSM Agent.

use crate::aws::compute::Target;
use crate::aws::policy::text::Piece;
use crate::finding::Severity;
use crate::rules::{Defect, Findings, Rule, RuleContext};

pub(super) const RULE: Rule = Rule {
    code: "SSM026",
    name: "ami-without-ssm-agent",
    severity: Severity::Warning,
    category: "agent",
    page: include_str!("../../rules/SSM026.md"),
    check,
};

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    for id in context.model.compute.target_ids() {
        let target = context.model.compute.target(id);
        // An image of which nothing is known is nothing to report; most of them are someone's own.
        if !target.ami.ships_agent.truth.is_no()
            || installs_agent(target)
            || !target.declaration.exists.is_yes()
        {
            continue;
        }
        let subject =
            target.template.as_ref().filter(|template| template.is_managed()).unwrap_or(&target.declaration);
        let place = target.ami.ships_agent.evidence.first().cloned();
        let mut defect = Defect::new(subject, "{} starts from an image without SSM Agent")
            .help("take an image with the agent, or build one")
            .affects([target.declaration.address.clone()])
            .cause("image");
        if let Some(place) = place {
            let chosen = target.ami.chosen_by.as_deref().unwrap_or("this image");
            defect = defect.at(place.span, format!("{chosen} comes without the agent")).decided_by(place);
        }
        if let Some(data) = target.user_data.as_ref().filter(|data| data.ignored) {
            let text = "this does not begin with `#!` and is not run";
            defect = defect.label(data.evidence.span, text);
        }
        findings.judge(&target.declaration.existence(), || defect);
    }
}

/// Whether user data installs the agent, or may.
fn installs_agent(target: &Target) -> bool {
    let Some(user_data) = &target.user_data else { return false };
    user_data.opaque.is_some()
        || user_data.scripts.iter().flat_map(|script| &script.pieces).any(|piece| match piece {
            Piece::Literal(text) => text.contains("amazon-ssm-agent") || text.contains("AmazonSSMAgent"),
            Piece::Hole(_) => true,
        })
}
