//! SSM025: user data that downloads where there is no internet.

use crate::aws::ami::Family;
use crate::aws::compute::UserData;
use crate::aws::fact::Answer;
use crate::aws::link::{EndpointId, Link};
use crate::aws::policy::text::Piece;
use crate::finding::Severity;
use crate::proof::{Reach, Site};
use crate::rules::{Defect, Findings, Rule, RuleContext};
use crate::truth::Truth;

pub(super) const RULE: Rule = Rule {
    code: "SSM025",
    name: "bootstrap-needs-internet",
    severity: Severity::Warning,
    category: "network",
    page: include_str!("../../rules/SSM025.md"),
    check,
};

/// Commands that download from places other than AWS, or from its repositories behind a content network.
const FROM_ANYWHERE: &[&str] = &[
    "apt-get install",
    "apt-get update",
    "apt-get -y install",
    "apt-get -y update",
    "apt install",
    "apt update",
    "apk add",
    "zypper install",
    "amazon-linux-extras install epel",
    "pip install",
    "pip3 install",
    "npm install",
    "npm ci",
    "docker pull",
    "docker run",
    "git clone",
    "choco install",
    "install-module",
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
    "dnf -y update",
    "amazon-linux-extras install",
];

/// Commands that fetch what a URL names.
const FETCHERS: &[&str] = &["curl", "wget", "invoke-webrequest", "iwr", "start-bitstransfer"];

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let reach = context.reach;
    for site in &reach.sites {
        let target = reach.target(site);
        let mut violation = Answer::all([Answer::new(site.certain), site.internet.clone().negate()]);
        if !violation.truth.is_yes() {
            continue;
        }
        violation.evidence.clear();
        let s3 = s3(reach, site);
        if context.options.hints.contains(RULE.code) && s3 == S3::Absent {
            no_s3(context, findings, site, &violation);
        }
        let amazon = target.ami.family == Some(Family::AmazonLinux);
        let download = target.user_data.as_ref().and_then(|user_data| download(user_data, amazon, s3));
        let (Some(user_data), Some(download)) = (&target.user_data, download) else {
            if s3 == S3::Blocked
                && let Some(gateway) = s3_gateway(reach, site)
            {
                findings.judge(&violation, || shut_out(reach, site, gateway));
            }
            continue;
        };
        let subject =
            target.template.as_ref().filter(|template| template.is_managed()).unwrap_or(&target.declaration);
        let mut defect = Defect::new(
            subject,
            format!("user data of {{}} runs `{}`, and nothing can be downloaded", download.command),
        )
        .at(user_data.evidence.span, "this script downloads")
        .decided_by(user_data.evidence.clone())
        .affects([target.declaration.address.clone()])
        .cause("download");
        defect = match (download.from, s3) {
            (Source::Buckets, S3::Blocked) => {
                let group = target.groups.ids().next().map(|id| &reach.model.network.group(id).declaration);
                defect
                    .label(group.and_then(|group| group.decl_range), "lets no HTTPS out to S3")
                    .help("let TCP 443 out to the prefix list of S3 too")
            }
            (Source::Buckets, S3::Absent | S3::Present) => {
                defect.help("give the VPC a gateway endpoint for S3, or build an image with what is needed")
            }
            (Source::GlobalBucket, _) => defect
                .note("the endpoint for S3 serves buckets by the names of its own region only")
                .help("download from the bucket of the region: https://s3.<region>.amazonaws.com/amazon-ssm-<region>"),
            (Source::Anywhere, _) => {
                defect.help("build an image with what is needed, or keep NAT until the instance is set up")
            }
        };
        findings.judge(&violation, || defect);
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

/// Without S3 neither the agent's own updates nor the repositories of Amazon Linux are reached.
fn no_s3(context: &RuleContext<'_>, findings: &mut Findings<'_>, site: &Site, violation: &Answer) {
    let Some(vpc) = site.vpc.to() else { return };
    let vpc = &context.model.network.vpc(vpc).declaration;
    findings.judge(violation, || {
        Defect::new(vpc, "{} has no endpoint for S3, and its instances have no way to the internet")
            .severity(Severity::Info)
            .note(
                "the agent cannot update itself, and the repositories of Amazon Linux are out of reach; \
                 sessions work",
            )
            .help("add a gateway endpoint for S3; it costs nothing")
            .affects([context.reach.target(site).declaration.address.clone()])
            .cause("no endpoint for S3")
    });
}

/// Whether a site reaches S3 without the internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum S3 {
    /// There certainly is no endpoint that it could use.
    Absent,
    /// There is one, and the instance's groups let nothing out to it.
    Blocked,
    /// There is one, or may be.
    Present,
}

fn s3(reach: &Reach<'_>, site: &Site) -> S3 {
    let network = &reach.model.network;
    let Some(vpc) = site.vpc.to() else { return S3::Present };
    if !network.hidden_in_vpc(vpc).is_empty() {
        return S3::Present;
    }
    let table = site.subnet.map(|subnet| &network.subnet(subnet).route_table.link);
    let mut gateway = Truth::No;
    for endpoint in network.endpoint_ids().map(|id| network.endpoint(id)) {
        let here = endpoint.vpc.link.is(vpc) & endpoint.service.is("s3") & endpoint.declaration.exists;
        if here.is_no() {
            continue;
        }
        // An interface endpoint for S3 is used by whoever is told its name.
        if !endpoint.endpoint_type.is(&"Gateway".into()).is_yes() || !here.is_yes() {
            return S3::Present;
        }
        let routed = match table {
            Some(Link::To(table)) => endpoint.route_tables.contains(*table),
            Some(Link::OneOf(_) | Link::Outside(_) | Link::Unknown(_)) | None => Truth::Unknown,
        };
        gateway = gateway | routed;
    }
    match gateway {
        Truth::No => S3::Absent,
        Truth::Yes if reach.stays_private(site) => S3::Blocked,
        Truth::Yes | Truth::Unknown => S3::Present,
    }
}

/// What a script downloads.
struct Download {
    command: &'static str,
    from: Source,
}

/// Where it downloads from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// From places that no endpoint leads to.
    Anywhere,
    /// From buckets of the region.
    Buckets,
    /// From a bucket by a name that is not of the region.
    GlobalBucket,
}

/// The first command that cannot get what it wants.
fn download(user_data: &UserData, amazon_linux: bool, s3: S3) -> Option<Download> {
    let mut text = String::new();
    for piece in user_data.scripts.iter().flat_map(|script| &script.pieces) {
        match piece {
            Piece::Literal(literal) => text.push_str(literal),
            Piece::Hole(_) => text.push('\u{fffd}'),
        }
    }
    let lower = text.to_ascii_lowercase();
    // With a proxy or mirrors of one's own it is not known where a download goes.
    if ["https_proxy", "http_proxy", "codeartifact"].iter().any(|word| lower.contains(word)) {
        return None;
    }
    let lines = unconditional(&lower);
    let found = |command: &'static str, from: Source| Some(Download { command, from });
    if let Some(command) = FROM_ANYWHERE.iter().find(|command| lines.iter().any(|line| runs(line, command))) {
        return found(command, Source::Anywhere);
    }
    let mut from_bucket = None;
    for line in &lines {
        let Some(fetcher) = FETCHERS.iter().copied().find(|fetcher| runs(line, fetcher)) else { continue };
        match host_of(line) {
            Some(Host::Elsewhere) => return found(fetcher, Source::Anywhere),
            Some(Host::GlobalBucket) => return found(fetcher, Source::GlobalBucket),
            Some(Host::Bucket) => from_bucket = from_bucket.or(Some(fetcher)),
            Some(Host::Other) | None => {}
        }
    }
    if s3 == S3::Present {
        return None;
    }
    if let Some(fetcher) = from_bucket {
        return found(fetcher, Source::Buckets);
    }
    // The repositories of Amazon Linux are buckets; those of others are not.
    if let Some(packages) = PACKAGES.iter().find(|command| lines.iter().any(|line| runs(line, command)))
        && (amazon_linux || s3 == S3::Absent)
    {
        return found(packages, if amazon_linux { Source::Buckets } else { Source::Anywhere });
    }
    lines
        .iter()
        .any(|line| runs(line, "aws s3"))
        .then_some(Download { command: "aws s3", from: Source::Buckets })
}

/// The lines that run whatever is the case: comments and what stands in an `if` are left out.
fn unconditional(script: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let mut lines = Vec::new();
    for line in script.lines().map(str::trim) {
        if line.starts_with('#') {
            continue;
        }
        if line == "if" || line.starts_with("if ") {
            depth += 1;
            // `if …; then …; fi` on one line.
            if line.ends_with("fi") || line.ends_with("fi;") {
                depth -= 1;
            }
            continue;
        }
        if line == "fi" || line.starts_with("fi ") || line.starts_with("fi;") {
            depth = depth.saturating_sub(1);
            continue;
        }
        if depth == 0 && !line.starts_with('}') {
            lines.push(line);
        }
    }
    lines
}

/// Whose host a URL names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    /// A bucket by the name of its region, which an endpoint for S3 serves.
    Bucket,
    /// A bucket by a name without region.
    GlobalBucket,
    /// Another service of AWS, or the instance itself.
    Other,
    /// Anybody's.
    Elsewhere,
}

/// Whose host the first URL in a line names; none without a URL, or where the host is not known.
fn host_of(line: &str) -> Option<Host> {
    let (_, rest) = line.split_once("://")?;
    let host: &str = rest.split(['/', '"', '\'', ' ', ':']).next()?;
    if host.is_empty() || host.contains(['\u{fffd}', '$', '{']) && !host.ends_with("amazonaws.com") {
        return None;
    }
    if host.starts_with("169.254.") || host == "localhost" || host.starts_with("127.") {
        return Some(Host::Other);
    }
    let address = host.parse::<std::net::Ipv4Addr>();
    if address.is_ok_and(|address| address.is_private()) || !host.contains('.') || host.ends_with(".internal")
    {
        return Some(Host::Other);
    }
    let Some(name) = host.strip_suffix(".amazonaws.com") else { return Some(Host::Elsewhere) };
    Some(match name {
        "s3" => Host::GlobalBucket,
        name if name.ends_with(".s3") => Host::GlobalBucket,
        name if name.starts_with("s3.") || name.starts_with("s3-") => Host::Bucket,
        name if name.contains(".s3.") || name.contains(".s3-") => Host::Bucket,
        _ => Host::Other,
    })
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

    #[test]
    fn hosts_are_told_apart() {
        assert_eq!(
            host_of("curl -o a https://s3.eu-west-1.amazonaws.com/amazon-ssm-eu-west-1/x.rpm"),
            Some(Host::Bucket)
        );
        assert_eq!(
            host_of("curl https://s3.amazonaws.com/ec2-downloads-windows/x.rpm"),
            Some(Host::GlobalBucket)
        );
        assert_eq!(host_of("curl https://tools.s3.amazonaws.com/x"), Some(Host::GlobalBucket));
        assert_eq!(host_of("curl -fsSL https://get.docker.com | sh"), Some(Host::Elsewhere));
        assert_eq!(host_of("curl http://169.254.169.254/latest/meta-data"), Some(Host::Other));
        assert_eq!(host_of("curl http://10.0.0.5/x"), Some(Host::Other));
        assert_eq!(host_of("curl https://${mirror}/x"), None);
        assert_eq!(host_of("curl --version"), None);
    }

    #[test]
    fn what_stands_in_an_if_does_not_count() {
        let script =
            "set -e\nif ! command -v jq; then\n  apt-get install jq\nfi\ndocker pull nginx\n# curl x";
        assert_eq!(unconditional(script), ["set -e", "docker pull nginx"]);
        assert_eq!(unconditional("if true; then x; fi\ny"), ["y"]);
    }
}
