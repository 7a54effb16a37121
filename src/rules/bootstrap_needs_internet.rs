//! SSM025: user data that downloads where there is no internet.

use crate::aws::ami::Family;
use crate::aws::compute::UserData;
use crate::aws::fact::Answer;
use crate::aws::link::{EndpointId, Link};
use crate::aws::policy::text::Piece;
use crate::finding::Severity;
use crate::proof::{Reach, Site};
use crate::rules::script::{self, Command};
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

/// Commands that download from places other than AWS, or from its repositories behind a content network: the name, and
/// the words of which one follows; none where it always does.
const FROM_ANYWHERE: &[(&str, &[&str])] = &[
    ("apt", UPDATES),
    ("apt-get", UPDATES),
    ("aptitude", UPDATES),
    ("apk", &["add", "update", "upgrade"]),
    ("zypper", &["in", "install", "ref", "refresh", "up", "update"]),
    ("snap", &["install", "refresh"]),
    ("pip", &["install", "download"]),
    ("pip3", &["install", "download"]),
    ("gem", &["install"]),
    ("npm", &["ci", "i", "install"]),
    ("yarn", &["add", "install"]),
    ("docker", &["pull", "run"]),
    ("docker-compose", &["pull"]),
    ("podman", &["pull", "run"]),
    ("choco", &["install"]),
    ("install-module", &[]),
];

/// What the package managers of Debian and Ubuntu download for.
const UPDATES: &[&str] = &["dist-upgrade", "full-upgrade", "install", "update", "upgrade"];

/// Commands that download from the repositories of the image.
const PACKAGES: &[(&str, &[&str])] = &[
    ("yum", &["groupinstall", "install", "update", "upgrade"]),
    ("dnf", &["groupinstall", "install", "update", "upgrade"]),
    ("microdnf", &["install", "update", "upgrade"]),
    ("amazon-linux-extras", &["install"]),
];

/// Commands that fetch what a URL names.
const FETCHERS: &[&str] = &[
    "curl",
    "git",
    "invoke-restmethod",
    "invoke-webrequest",
    "irm",
    "iwr",
    "rpm",
    "start-bitstransfer",
    "wget",
];

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    let reach = context.reach;
    for site in &reach.sites {
        let target = reach.target(site);
        let mut violation = Answer::all([reach.used(site), site.internet.clone().negate()]);
        if !violation.truth.is_yes() {
            continue;
        }
        violation.evidence.clear();
        let s3 = s3(reach, site);
        if context.options.hints.contains(RULE.code) && s3 == S3::Absent {
            no_s3(context, findings, site, &violation);
        }
        let family = target.ami.family;
        let download = target
            .user_data
            .as_ref()
            .and_then(|user_data| download(user_data, family, s3, reach.region(site)));
        let (Some(user_data), Some(download)) = (&target.user_data, download) else {
            if s3 == S3::Blocked
                && let Some(gateway) = s3_gateway(reach, site)
            {
                findings.judge(&violation, || shut_out(reach, site, gateway));
            }
            continue;
        };
        let subject = target.block_of(user_data.evidence.span);
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
            (Source::Anywhere | Source::Repositories, _) => {
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
#[derive(Debug, PartialEq, Eq)]
struct Download {
    command: String,
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
    /// From the repositories of the image, wherever they are.
    Repositories,
}

/// The first command that cannot get what it wants.
fn download(user_data: &UserData, family: Option<Family>, s3: S3, region: Option<&str>) -> Option<Download> {
    // Of several scripts it is not known which one runs.
    if !user_data.certain {
        return None;
    }
    let mut text = String::new();
    for script in &user_data.scripts {
        for piece in &script.pieces {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Hole(_) => text.push(char::REPLACEMENT_CHARACTER),
            }
        }
        text.push('\n');
    }
    of_script(&text.to_ascii_lowercase(), family, s3, region)
}

fn of_script(script: &str, family: Option<Family>, s3: S3, region: Option<&str>) -> Option<Download> {
    // With a proxy or mirrors of one's own it is not known where a download goes.
    if ["https_proxy", "http_proxy", "codeartifact"].iter().any(|word| script.contains(word)) {
        return None;
    }
    let commands = script::commands(script);
    let mut downloads: Vec<Download> =
        commands.iter().filter_map(|command| of_command(command, region)).collect();
    // What a cloud configuration asks for comes from the repositories of the image:
    // <https://cloudinit.readthedocs.io/en/latest/reference/modules.html#package-update-upgrade-install>.
    let asks = |line: &str| matches!(line, "packages:" | "package_update: true" | "package_upgrade: true");
    if script.contains("#cloud-config")
        && let Some(line) = script.lines().map(str::trim_end).find(|line| asks(line))
    {
        let key = line.split(':').next().unwrap_or(line);
        downloads.push(Download { command: format!("cloud-init {key}"), from: Source::Repositories });
    }
    for download in downloads.iter_mut().filter(|download| download.from == Source::Repositories) {
        // The repositories of Amazon Linux are buckets; those of others are not.
        match family {
            Some(Family::AmazonLinux) => download.from = Source::Buckets,
            Some(_) => download.from = Source::Anywhere,
            None if s3 == S3::Absent => download.from = Source::Anywhere,
            None => {}
        }
    }
    let from = |source: Source| downloads.iter().position(|download| download.from == source);
    let buckets = from(Source::Buckets).filter(|_| s3 != S3::Present);
    let first = from(Source::Anywhere).or_else(|| from(Source::GlobalBucket)).or(buckets)?;
    downloads.into_iter().nth(first)
}

/// What a command downloads.
fn of_command(command: &Command, region: Option<&str>) -> Option<Download> {
    let name = match (command.name(), command.words.get(1).map(String::as_str)) {
        // `python3 -m pip install`.
        (python, Some("-m")) if python.starts_with("python") => "pip",
        (name, _) => name,
    };
    let verb = |verbs: &[&str]| command.words.iter().find(|word| verbs.contains(&word.as_str())).cloned();
    let found = |verb: Option<String>, from: Source| {
        let command = verb.map_or_else(|| name.to_owned(), |verb| format!("{name} {verb}"));
        Some(Download { command, from })
    };
    let at_url = || match command.words.iter().find_map(|word| host_of(word, region))? {
        Host::Elsewhere => Some(Source::Anywhere),
        Host::GlobalBucket => Some(Source::GlobalBucket),
        Host::Bucket => Some(Source::Buckets),
        Host::Other => None,
    };
    if FETCHERS.contains(&name) {
        let verb = verb(&["clone"]).filter(|_| name == "git");
        let fetches = match name {
            "git" => verb.is_some(),
            "rpm" => command.words.iter().any(|word| word.starts_with('-') && word.contains(['i', 'u'])),
            _ => true,
        };
        return found(verb, at_url()?).filter(|_| fetches);
    }
    if name == "aws" {
        let verb = verb(&["s3", "s3api"])?;
        return found(Some(verb), Source::Buckets);
    }
    if let Some((_, verbs)) = PACKAGES.iter().find(|(own, _)| *own == name) {
        let verb = verb(verbs)?;
        if name == "amazon-linux-extras" && command.has("epel") {
            return found(Some(verb), Source::Anywhere);
        }
        let has_url = command.words.iter().any(|word| word.contains("://"));
        if has_url {
            return found(Some(verb), at_url()?);
        }
        return found(Some(verb), Source::Repositories).filter(|_| !is_local(command, verbs));
    }
    let (_, verbs) = FROM_ANYWHERE.iter().find(|(own, _)| *own == name)?;
    let verb = verb(verbs);
    let is_asked = verbs.is_empty() || verb.is_some();
    let offline = command.has("--no-index") || command.has("--offline") || is_local(command, verbs);
    found(verb, Source::Anywhere).filter(|_| is_asked && !offline)
}

/// Whether all that is installed are files of the instance.
fn is_local(command: &Command, verbs: &[&str]) -> bool {
    let mut things = command.operands().filter(|word| !verbs.contains(word)).peekable();
    things.peek().is_some() && things.all(|word| word.starts_with(['/', '.', '~']))
}

/// Whose host a URL names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    /// A bucket by the name of its region, which an endpoint for S3 serves.
    Bucket,
    /// A bucket by a name without region, or with another one.
    GlobalBucket,
    /// Another service of AWS, or the instance itself.
    Other,
    /// Anybody's.
    Elsewhere,
}

/// Ends of names that no public host has.
const PRIVATE: &[&str] = &[".corp", ".home.arpa", ".internal", ".intranet", ".lan", ".local", ".localdomain"];

/// Whose host the first URL in a text names; none without a URL, or where the host is not known.
fn host_of(text: &str, region: Option<&str>) -> Option<Host> {
    let rest = match text.split_once("://") {
        Some((_, rest)) => rest,
        // `git@github.com:owner/name`.
        None => text.split_once('@').filter(|(_, rest)| rest.contains(':'))?.1,
    };
    let host = rest.split(['/', '"', '\'', ' ', ':', '?', '`', '>']).next()?;
    let host = host.rsplit('@').next()?;
    let is_amazon = host.ends_with("amazonaws.com") || host.ends_with("amazonaws.com.cn");
    if host.is_empty() || host.contains([char::REPLACEMENT_CHARACTER, '$', '{']) && !is_amazon {
        return None;
    }
    if host.starts_with("169.254.")
        || host == "localhost"
        || host.starts_with("127.")
        || host.starts_with('[')
    {
        return Some(Host::Other);
    }
    let address = host.parse::<std::net::Ipv4Addr>();
    if address.is_ok_and(|address| address.is_private())
        || !host.contains('.')
        || PRIVATE.iter().any(|end| host.ends_with(end))
    {
        return Some(Host::Other);
    }
    let name = host.strip_suffix(".cn").unwrap_or(host);
    let Some(name) = name.strip_suffix(".amazonaws.com") else { return Some(Host::Elsewhere) };
    // `s3.<region>`, `<bucket>.s3.<region>`, `s3-<region>`, `s3.dualstack.<region>`.
    let labels: Vec<&str> = name.split('.').collect();
    let Some(at) = labels.iter().rposition(|label| *label == "s3" || label.starts_with("s3-")) else {
        return Some(Host::Other);
    };
    let own = match labels[at].strip_prefix("s3-") {
        Some(own) => Some(own),
        None => labels[at + 1..].iter().copied().find(|label| *label != "dualstack"),
    };
    Some(match (own, region) {
        (None, _) => Host::GlobalBucket,
        (Some(own), Some(region))
            if own != region && !own.contains(char::REPLACEMENT_CHARACTER) && !own.contains('$') =>
        {
            Host::GlobalBucket
        }
        (Some(_), _) => Host::Bucket,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(script: &str, s3: S3) -> Option<(String, Source)> {
        of_script(script, Some(Family::AmazonLinux), s3, Some("eu-west-1"))
            .map(|download| (download.command, download.from))
    }

    #[test]
    fn downloads_are_known_by_their_command() {
        for (script, command) in [
            ("apt -y install x", "apt install"),
            ("sudo apt-get -qq -o Dpkg::Use-Pty=0 upgrade", "apt-get upgrade"),
            ("snap install x", "snap install"),
            ("python3 -m pip install x", "pip install"),
            ("npm i -g x", "npm i"),
            ("git clone git@github.com:a/b", "git clone"),
            ("amazon-linux-extras install -y epel", "amazon-linux-extras install"),
            ("dnf install -y https://example.com/x.rpm", "dnf install"),
            ("rpm -uvh https://example.com/x.rpm", "rpm"),
            ("invoke-webrequest -uri https://example.com/x", "invoke-webrequest"),
        ] {
            assert_eq!(of(script, S3::Present), Some((command.to_owned(), Source::Anywhere)), "{script}");
        }
        for script in [
            "echo apt-get install x",
            "apt-get install ./x.deb",
            "pip install --no-index x",
            "git clone https://git.internal/a",
            "rpm -qa",
            "aws ssm get-parameter --name x",
            "export https_proxy=http://p\ncurl https://example.com",
        ] {
            assert_eq!(of(script, S3::Absent), None, "{script}");
        }
    }

    #[test]
    fn a_cloud_configuration_asks_for_packages() {
        let script = "#cloud-config\npackages:\n  - nginx\n";
        assert_eq!(of(script, S3::Present), None);
        assert_eq!(of(script, S3::Absent), Some(("cloud-init packages".to_owned(), Source::Buckets)));
        let ubuntu = of_script(script, Some(Family::Ubuntu), S3::Present, None);
        assert_eq!(ubuntu.map(|download| download.from), Some(Source::Anywhere));
        assert_eq!(of("packages:\n", S3::Absent), None);
    }

    #[test]
    fn buckets_of_the_region_are_behind_an_endpoint() {
        for script in [
            "dnf -y -q install nginx",
            "yum upgrade -y",
            "aws --region eu-west-1 s3 cp s3://b/x .",
            "aws s3api get-object --bucket b",
            "curl -o a https://s3.eu-west-1.amazonaws.com/amazon-ssm-eu-west-1/x.rpm",
            "yum install -y https://s3.eu-west-1.amazonaws.com/amazon-ssm-eu-west-1/x.rpm",
        ] {
            assert_eq!(of(script, S3::Present), None, "{script}");
            assert_eq!(of(script, S3::Absent).map(|(_, from)| from), Some(Source::Buckets), "{script}");
        }
        let global = "yum install -y https://s3.amazonaws.com/ec2-downloads-windows/x.rpm";
        assert_eq!(of(global, S3::Present).map(|(_, from)| from), Some(Source::GlobalBucket));
    }

    #[test]
    fn hosts_are_told_apart() {
        let host_of = |text| host_of(text, Some("eu-west-1"));
        assert_eq!(host_of("https://s3.eu-west-1.amazonaws.com/x.rpm"), Some(Host::Bucket));
        assert_eq!(host_of("https://b.s3.dualstack.eu-west-1.amazonaws.com/x"), Some(Host::Bucket));
        assert_eq!(host_of("https://s3.us-east-1.amazonaws.com/b/x.rpm"), Some(Host::GlobalBucket));
        assert_eq!(host_of("https://s3.amazonaws.com/ec2-downloads-windows/x.rpm"), Some(Host::GlobalBucket));
        assert_eq!(host_of("https://tools.s3.amazonaws.com/x"), Some(Host::GlobalBucket));
        assert_eq!(host_of("https://ssm.cn-north-1.amazonaws.com.cn/x"), Some(Host::Other));
        assert_eq!(host_of("https://get.docker.com"), Some(Host::Elsewhere));
        assert_eq!(host_of("http://169.254.169.254/latest/meta-data"), Some(Host::Other));
        assert_eq!(host_of("http://10.0.0.5/x"), Some(Host::Other));
        assert_eq!(host_of("https://${mirror}/x"), None);
        assert_eq!(host_of("--version"), None);
    }
}
