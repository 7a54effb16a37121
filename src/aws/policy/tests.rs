use super::*;
use crate::eval::term::{Operand, Term};
use crate::eval::value::{Refinement, Type, Unknown, ValueKind};
use std::sync::Arc;

fn unknown(term: crate::eval::term::TermId) -> Value {
    Value::new(ValueKind::Unknown(Arc::new(Unknown {
        term,
        ty: Type::String,
        refinement: Refinement::default(),
        causes: Causes::new(),
        possible: None,
        each: None,
    })))
}

fn truth_of(value: &Value, terms: &Terms, request: &Request<'_>) -> Truth {
    Policy::read(value, terms).judge(request).truth()
}

fn agent(text: &str, action: &str) -> Truth {
    truth_of(&Value::string(text), &Terms::new(), &Request::agent(action, Some("eu-west-1")))
}

fn trusts_ec2(text: &str) -> Truth {
    truth_of(&Value::string(text), &Terms::new(), &Request::assume_role(&ec2_service(None)))
}

const UPDATE: &str = "ssm:UpdateInstanceInformation";
const OPEN: &str = "ssmmessages:OpenDataChannel";

fn allow(action: &str, resource: &str) -> String {
    format!(r#"{{"Statement": {{"Effect": "Allow", "Action": {action}, "Resource": {resource}}}}}"#)
}

#[test]
fn actions_are_a_string_or_a_list_with_wildcards() {
    assert_eq!(agent(&allow(r#""ssm:*""#, r#""*""#), UPDATE), Truth::Yes);
    assert_eq!(agent(&allow(r#"["s3:Get*", "SSMMessages:*"]"#, r#"["*"]"#), OPEN), Truth::Yes);
    assert_eq!(agent(&allow(r#"["ssm:GetParameter*"]"#, r#""*""#), UPDATE), Truth::No);
    assert_eq!(agent(&allow("[]", r#""*""#), UPDATE), Truth::No);
}

#[test]
fn not_action_allows_everything_else() {
    let policy = r#"{"Statement": [{"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}]}"#;
    assert_eq!(agent(policy, UPDATE), Truth::Yes);
    let policy = r#"{"Statement": [{"Effect": "Allow", "NotAction": "ssm:*", "Resource": "*"}]}"#;
    assert_eq!(agent(policy, UPDATE), Truth::No);
    assert_eq!(agent(policy, OPEN), Truth::Yes);
}

#[test]
fn a_deny_wins_and_a_conditional_one_leaves_it_open() {
    let with = |deny: &str| {
        format!(r#"{{"Statement": [{{"Effect": "Allow", "Action": "*", "Resource": "*"}}, {deny}]}}"#)
    };
    assert_eq!(agent(&with(r#"{"Effect": "Deny", "Action": "ssm:*", "Resource": "*"}"#), UPDATE), Truth::No);
    assert_eq!(agent(&with(r#"{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}"#), UPDATE), Truth::Yes);
    let conditional = r#"{"Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:PrincipalTag/team": "a"}}}"#;
    assert_eq!(agent(&with(conditional), UPDATE), Truth::Unknown);
    let insecure = r#"{"Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}}}"#;
    assert_eq!(agent(&with(insecure), UPDATE), Truth::Yes);
}

#[test]
fn a_condition_on_the_region_is_decided() {
    let policy = |region: &str| {
        format!(
            r#"{{"Statement": {{"Effect": "Allow", "Action": "ssm:*", "Resource": "*",
                "Condition": {{"StringEquals": {{"aws:RequestedRegion": ["{region}"]}}}}}}}}"#
        )
    };
    assert_eq!(agent(&policy("eu-west-1"), UPDATE), Truth::Yes);
    assert_eq!(agent(&policy("us-east-1"), UPDATE), Truth::No);
}

#[test]
fn a_request_through_an_endpoint_has_no_public_address() {
    let judge = |operator: &str, privately: bool| {
        let policy = format!(
            r#"{{"Statement": {{"Effect": "Allow", "Action": "ssm:*", "Resource": "*",
                "Condition": {{"{operator}": {{"aws:SourceIp": "10.0.0.0/8"}}}}}}}}"#
        );
        let through = Through { privately, ..Through::default() };
        let request = Request { through, ..Request::agent(UPDATE, None) };
        Policy::read(&Value::string(policy), &Terms::new()).judge(&request).truth()
    };
    assert_eq!(judge("IpAddress", true), Truth::No);
    assert_eq!(judge("IpAddressIfExists", true), Truth::Yes);
    assert_eq!(judge("NotIpAddress", true), Truth::Yes);
    assert_eq!(judge("IpAddress", false), Truth::Unknown);
}

#[test]
fn only_resources_that_cover_the_instance_count() {
    let update = |resource: &str| agent(&allow(r#""ssm:*""#, resource), UPDATE);
    assert_eq!(update(r#""arn:aws:ec2:*:*:instance/*""#), Truth::Yes);
    assert_eq!(update(r#""arn:aws:ec2:eu-west-1:*:instance/*""#), Truth::Yes);
    assert_eq!(update(r#""arn:aws:ec2:us-east-1:*:instance/*""#), Truth::No);
    assert_eq!(update(r#""arn:aws:ec2:*:*:instance/i-0abc""#), Truth::Unknown);
    assert_eq!(update(r#""arn:aws:s3:::bucket/*""#), Truth::No);
    assert_eq!(update(r#""arn:aws:ec2:*:*:volume/*""#), Truth::No);
    assert_eq!(update(r#""arn:aws:ssm:*:*:document/*""#), Truth::No);
    assert_eq!(update(r#""arn:aws:ssm:*:*:managed-instance/*""#), Truth::Unknown);
    assert_eq!(update(r#""arn:aws:ssm:*:*:*""#), Truth::Unknown);
    assert_eq!(update(r#""arn:aws:*""#), Truth::Unknown);
    let open = |resource: &str| agent(&allow(r#""ssmmessages:*""#, resource), OPEN);
    assert_eq!(open(r#""*""#), Truth::Yes);
    assert_eq!(open(r#""arn:aws:s3:::bucket""#), Truth::No);
    assert_eq!(open(r#""arn:aws:ssmmessages:*:*:*""#), Truth::Unknown);
}

#[test]
fn what_is_no_policy_grants_nothing_and_says_why() {
    for text in ["", "{", "[]", r#"{"Version": "2012-10-17"}"#, r#"{"Statement": [{"Effect": "allow"}]}"#] {
        let judgement =
            Policy::read(&Value::string(text), &Terms::new()).judge(&Request::agent(UPDATE, None));
        assert!(judgement.problem.is_some(), "{text}");
        assert_eq!(judgement.truth(), Truth::No);
    }
}

#[test]
fn a_trust_policy_names_the_service() {
    let trust = |principal: &str, action: &str| {
        format!(r#"{{"Statement": [{{"Effect": "Allow", "Principal": {principal}, "Action": "{action}"}}]}}"#)
    };
    assert_eq!(trusts_ec2(&trust(r#"{"Service": "ec2.amazonaws.com"}"#, "sts:AssumeRole")), Truth::Yes);
    assert_eq!(
        trusts_ec2(&trust(r#"{"Service": ["ssm.amazonaws.com", "ec2.amazonaws.com.cn"]}"#, "sts:AssumeRole")),
        Truth::Yes
    );
    assert_eq!(trusts_ec2(&trust(r#""*""#, "sts:*")), Truth::Yes);
    assert_eq!(trusts_ec2(&trust(r#"{"Service": "ec2.aws.com"}"#, "sts:AssumeRole")), Truth::No);
    assert_eq!(
        trusts_ec2(&trust(r#"{"AWS": "arn:aws:iam::123456789012:root"}"#, "sts:AssumeRole")),
        Truth::No
    );
    assert_eq!(
        trusts_ec2(&trust(r#"{"Service": "ec2.amazonaws.com"}"#, "sts:AssumeRoleWithWebIdentity")),
        Truth::No
    );
}

#[test]
fn jsonencode_with_unknown_parts_is_still_read() {
    let mut terms = Terms::new();
    let hole = terms.intern(Term::Var("bucket".into()));
    let statement = |action: Value, resource: Value| {
        Value::object([
            ("Effect".into(), Value::string("Allow")),
            ("Action".into(), action),
            ("Resource".into(), resource),
        ])
    };
    let document = Value::object([(
        "Statement".into(),
        Value::tuple([
            statement(Value::string("s3:*"), unknown(hole)),
            statement(Value::tuple([Value::string("ssm:*")]), Value::string("*")),
        ]),
    )]);
    let json = terms.intern(Term::Json(document));
    let value = unknown(json);
    assert_eq!(truth_of(&value, &terms, &Request::agent(UPDATE, None)), Truth::Yes);
    assert_eq!(truth_of(&value, &terms, &Request::agent(OPEN, None)), Truth::No);
}

#[test]
fn a_template_with_unknown_parts_is_still_read() {
    let mut terms = Terms::new();
    let hole = terms.intern(Term::Var("x".into()));
    let mut template = |before: &str, after: &str| {
        let parts = [Operand::Text(before.into()), Operand::Term(hole), Operand::Text(after.into())];
        unknown(terms.intern(Term::Template(parts.into_iter().collect())))
    };
    let in_string = template(
        r#"{"Statement": [{"Effect": "Allow", "Action": "ssm:*", "Resource": "arn:"#,
        r#":ec2:*:*:instance/*"}]}"#,
    );
    let as_value = template(
        r#"{"Statement": [{"Effect": "Allow", "Action": ["ssm:*"], "Resource": "#,
        r#"}, {"Effect": "Allow", "Action": "ssmmessages:*", "Resource": "*"}]}"#,
    );
    let as_member =
        template(r#"{"Statement": [{"Effect": "Allow", "Action": ["ssm:*"], "Resource": "*"} "#, r#"]}"#);
    let update = Request::agent(UPDATE, None);
    assert_eq!(truth_of(&in_string, &terms, &update), Truth::Yes);
    assert_eq!(truth_of(&as_value, &terms, &update), Truth::Unknown);
    assert_eq!(truth_of(&as_value, &terms, &Request::agent(OPEN, None)), Truth::Yes);
    assert_eq!(truth_of(&as_member, &terms, &update), Truth::Unknown);
}

#[test]
fn an_unknown_policy_may_allow_and_its_alternatives_decide_together() {
    let terms = Terms::new();
    let request = Request::agent(UPDATE, None);
    let open = unknown(crate::eval::term::TermId::NONE);
    assert_eq!(truth_of(&open, &terms, &request), Truth::Unknown);
    let choice = |a: &str, b: &str| {
        let possible = [Value::string(a), Value::string(b)];
        Value::new(ValueKind::Unknown(Arc::new(Unknown {
            term: crate::eval::term::TermId::NONE,
            ty: Type::String,
            refinement: Refinement::default(),
            causes: Causes::new(),
            possible: Some(possible.into_iter().collect()),
            each: None,
        })))
    };
    let all = allow(r#""*""#, r#""*""#);
    let ssm = allow(r#""ssm:*""#, r#""*""#);
    let s3 = allow(r#""s3:*""#, r#""*""#);
    assert_eq!(truth_of(&choice(&all, &ssm), &terms, &request), Truth::Yes);
    assert_eq!(truth_of(&choice(&ssm, &s3), &terms, &request), Truth::Unknown);
    assert_eq!(truth_of(&choice(&s3, &s3), &terms, &request), Truth::No);
}

#[test]
fn an_endpoint_policy_matches_the_role_or_its_account() {
    let mut terms = Terms::new();
    let arn = terms.intern(Term::Attr(crate::eval::value::InstanceId(1), "arn".into()));
    let other = terms.intern(Term::Attr(crate::eval::value::InstanceId(2), "arn".into()));
    let policy = |principal: Value| {
        Value::object([(
            "Statement".into(),
            Value::object([
                ("Effect".into(), Value::string("Allow")),
                ("Action".into(), Value::string("*")),
                ("Resource".into(), Value::string("*")),
                ("Principal".into(), Value::object([("AWS".into(), principal)])),
            ]),
        )])
    };
    let name = Text::literal("app");
    let principal = Principal::Role(Some(crate::eval::value::InstanceId(1)), Some(&name));
    let request = Request { principal, ..Request::agent(UPDATE, None) };
    assert_eq!(truth_of(&policy(unknown(arn)), &terms, &request), Truth::Yes);
    assert_eq!(truth_of(&policy(Value::string("*")), &terms, &request), Truth::Yes);
    assert_eq!(truth_of(&policy(Value::tuple([unknown(other)])), &terms, &request), Truth::No);
    let named = |name: &str| policy(Value::string(format!("arn:aws:iam::123456789012:role/x/{name}")));
    assert_eq!(truth_of(&named("app"), &terms, &request), Truth::Yes);
    assert_eq!(truth_of(&named("web"), &terms, &request), Truth::No);
    let user = policy(Value::string("arn:aws:iam::123456789012:user/ada"));
    assert_eq!(truth_of(&user, &terms, &request), Truth::No);
}

#[test]
fn ec2_has_a_name_of_its_own_in_other_partitions() {
    assert_eq!(ec2_service(Some("eu-west-1")), ["ec2.amazonaws.com"]);
    assert_eq!(ec2_service(Some("us-gov-west-1")), ["ec2.amazonaws.com"]);
    assert_eq!(ec2_service(Some("cn-north-1")), ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"]);
    assert_eq!(ec2_service(Some("us-iso-east-1")), ["ec2.amazonaws.com", "ec2.c2s.ic.gov"]);
    assert_eq!(ec2_service(None).len(), EC2_SERVICE.len());
}
