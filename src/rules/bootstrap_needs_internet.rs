//! SSM025: user data that downloads where there is no internet.

use crate::aws::ami::Family;
use crate::aws::compute::UserData;
use crate::aws::fact::Answer;
use crate::aws::link::EndpointId;
use crate::aws::policy::text::Piece;
use crate::finding::Severity;
use crate::proof::{Reach, Site};
use crate::rules::{Defect, Findings, Rule, RuleContext};

pub(super) const RULE: Rule = Rule {
    code: "SSM025",
    name: "bootstrap-needs-internet",
    severity: Severity::Warning,
    category: "network",
    page: include_str!("../../rules/SSM025.md"),
    check,
};

/// Commands that download from places other than AWS.
const FROM_ANYWHERE: &[&str] = &[
    "apt-get install",
    "apt-get update",
    "apt install",
    "apt update",
    "pip install",
    "pip3 install",
    "npm install",
    "docker pull",
    "git clone",
];

/// Commands that download from the repositories of the image.
const PACKAGES: &[&str] = &[
    "yum install",
    "yum update",
    "yum -y install",
    "yum -y update",
    "dnf install",
    "dnf update",
    "dnf -y install",
];

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let reach = context.reach;
    for site in &reach.sites {
        let target = reach.target(site);
        let mut violation = Answer::all([Answer::new(site.certain), site.internet.clone().negate()]);
        if !violation.truth.is_yes() {
            continue;
        }
        violation.evidence.clear();
        let gateway = s3_gateway(reach, site).filter(|_| reach.stays_private(site));
        let amazon = target.ami.family == Some(Family::AmazonLinux);
        let s3 = has_s3(reach, site) && gateway.is_none();
        let download = target.user_data.as_ref().and_then(|user_data| download(user_data, amazon, s3));
        let (Some(user_data), Some(download)) = (&target.user_data, download) else {
            if let Some(gateway) = gateway {
                findings.judge(&violation, shut_out(reach, site, gateway));
            }
            continue;
        };
        let subject =
            target.template.as_ref().filter(|template| template.is_managed()).unwrap_or(&target.declaration);
        let defect = Defect::new(
            subject,
            format!("user data of {{}} runs `{download}`, and nothing can be downloaded"),
        )
        .at(user_data.evidence.span, "this script downloads")
        .decided_by(user_data.evidence.clone())
        .help("build an image with what is needed, or keep NAT until the instance is set up")
        .affects([target.declaration.address.clone()])
        .cause("download");
        let defect = match gateway {
            Some(_) => defect.label(target.groups.span, NOT_TO_S3),
            None => defect,
        };
        findings.judge(&violation, defect);
    }
}

const NOT_TO_S3: &str = "its groups let HTTPS out to private addresses only, and S3 has public ones";

/// The gateway endpoint for S3 of the site's VPC, where there certainly is one.
fn s3_gateway(reach: &Reach<'_>, site: &Site) -> Option<EndpointId> {
    let network = &reach.model.network;
    let vpc = site.vpc.to()?;
    network.endpoint_ids().find(|id| {
        let endpoint = network.endpoint(*id);
        let here = endpoint.vpc.link.is(vpc) & endpoint.service.is("s3") & endpoint.declaration.exists;
        (here & endpoint.endpoint_type.is(&"Gateway".into())).is_yes()
    })
}

/// A gateway endpoint for S3 that the instance's groups keep it from.
fn shut_out(reach: &Reach<'_>, site: &Site, gateway: EndpointId) -> Defect {
    let network = &reach.model.network;
    let target = reach.target(site);
    let gateway = &network.endpoint(gateway).declaration;
    let rule = reach.site_admits_internet(site).candidates.first().and_then(|(group, index)| {
        network.group(*group).egress.rules.get(*index).and_then(|rule| rule.declaration.decl_range)
    });
    Defect::new(
        &target.declaration,
        "{} does not reach S3, so the agent and packages of Amazon Linux are not updated",
    )
    .at(rule.or(target.groups.span), NOT_TO_S3)
    .label(gateway.decl_range, "this endpoint is there for S3")
    .severity(Severity::Info)
    .help(format!("let TCP 443 out to the prefix list of S3, `{}.prefix_list_id`", gateway.address))
    .affects([target.declaration.address.clone()])
    .cause("S3")
}

/// Whether the VPC has, or may have, an endpoint for S3.
fn has_s3(reach: &Reach<'_>, site: &Site) -> bool {
    let network = &reach.model.network;
    let Some(vpc) = site.vpc.to() else { return true };
    !network.hidden_in_vpc(vpc).is_empty()
        || network.endpoint_ids().map(|id| network.endpoint(id)).any(|endpoint| {
            let here = endpoint.vpc.link.is(vpc) & endpoint.service.is("s3") & endpoint.declaration.exists;
            !here.is_no()
        })
}

/// The first command that cannot get what it wants.
fn download(user_data: &UserData, amazon_linux: bool, s3: bool) -> Option<&'static str> {
    let mut text = String::new();
    for piece in user_data.scripts.iter().flat_map(|script| &script.pieces) {
        match piece {
            Piece::Literal(literal) => text.push_str(literal),
            Piece::Hole(_) => text.push('\u{fffd}'),
        }
    }
    let lower = text.to_ascii_lowercase();
    if lower.contains("https_proxy") || lower.contains("http_proxy") {
        return None;
    }
    let lines = || lower.lines().map(str::trim_start).filter(|line| !line.starts_with('#'));
    let third_party = FROM_ANYWHERE.iter().find(|command| lines().any(|line| runs(line, command)));
    if third_party.is_some() {
        return third_party.copied();
    }
    let fetches = lines().any(|line| {
        let fetches = runs(line, "curl") || runs(line, "wget");
        fetches
            && line.contains("://")
            && !line.contains("amazonaws.com")
            && !line.contains("169.254.169.254")
    });
    if fetches {
        return Some("curl");
    }
    // The repositories of Amazon Linux are buckets; those of others are not.
    let packages = PACKAGES.iter().find(|command| lines().any(|line| runs(line, command)));
    if packages.is_some() && !(amazon_linux && s3) {
        return if s3 && !amazon_linux { None } else { packages.copied() };
    }
    (!s3 && lines().any(|line| runs(line, "aws s3"))).then_some("aws s3")
}

/// Whether a line runs the command, rather than naming it within a word.
fn runs(line: &str, command: &str) -> bool {
    line.match_indices(command).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + command.len()..].chars().next();
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.');
        !before.is_some_and(is_word) && after.is_none_or(|c| c.is_whitespace())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_a_word_of_its_own() {
        assert!(runs("sudo apt-get install -y nginx", "apt-get install"));
        assert!(runs("set -e && docker pull nginx", "docker pull"));
        assert!(!runs("echo my-docker pull", "docker pull"));
        assert!(!runs("pip installer", "pip install"));
    }
}
