//! SSM024: SSH keys and provisioners on targets that nobody logs in to by SSH.

use crate::aws::ami::Family;
use crate::aws::fact::Answer;
use crate::finding::Severity;
use crate::rules::{Defect, Findings, Rule, RuleContext};

pub(super) const RULE: Rule = Rule {
    code: "SSM024",
    name: "bastion-or-ssh-key-left-behind",
    severity: Severity::Info,
    category: "hygiene",
    page: include_str!("../../rules/SSM024.md"),
    check,
};

/// Provisioners that connect to the instance.
const OVER_SSH: &[&str] = &["remote-exec", "file"];

fn check(context: &RuleContext<'_>, findings: &mut Findings<'_>) {
    for id in context.model.compute.target_ids() {
        let target = context.model.compute.target(id);
        let subject =
            target.template.as_ref().filter(|template| template.is_managed()).unwrap_or(&target.declaration);
        let exists = Answer::new(target.declaration.exists);
        let key = target.has_key.is(&true).is_yes();
        // Windows encrypts the administrator's password with it.
        if key && target.ami.family != Some(Family::Windows) && target.declaration.exists.is_yes() {
            let defect = Defect::new(subject, "{} still has an SSH key")
                .at_fact(&target.has_key, "nobody logs in with this key")
                .help("remove `key_name` with the next change that replaces the instance")
                .cause("key");
            findings.judge(&exists, defect);
        }
        for (block, label, span) in &target.provisioners {
            if block != "provisioner"
                || !OVER_SSH.contains(&label.as_str())
                || !target.declaration.exists.is_yes()
            {
                continue;
            }
            let private = context.reach.sites.iter().filter(|site| site.target == id).all(|site| {
                site.subnet
                    .is_some_and(|subnet| target.public_ip(&context.model.network, subnet).truth.is_no())
            });
            let severity = if private { Severity::Warning } else { Severity::Info };
            let defect = Defect::new(&target.declaration, format!("{{}} is provisioned over SSH by {label}"))
                .at(*span, "goes over SSH")
                .severity(severity)
                .help("do it in user data or in an image, or by a State Manager association")
                .cause(label);
            findings.judge(&exists, defect);
        }
    }
}
