//! ssmlint proves from Terraform code whether AWS SSM Session Manager reaches every EC2 instance, and names the line
//! that breaks it: a partial evaluator for Terraform with a typed model of AWS networking and IAM on top.
//!
//! # The way of the data
//!
//! One direction. Each stage hands over a finished, owned value; the next never looks behind it.
//!
//! ```text
//! FileSystem -> SourceMap -> syntax -> config -> eval -> aws -> proof -> rules -> lint -> report
//!               (text)       (tree)    (modules) (values) (model) (links)  (findings)  (one list)
//! ```
//!
//! - [`bug`]: panics of our own, caught where they cost one root only.
//! - [`source`]: texts and places in them; the only place that opens files.
//! - [`syntax`]: a file to a tree of our own, native and JSON syntax alike; `hcl::edit`'s types end there.
//! - [`config`]: directories to modules, once each, and modules to the tree of calls; modules of the registry that are
//!   not installed are stood in for by built-in summaries.
//! - [`eval`]: a root module in one scenario to resource instances. What is not known is an unknown with an identity
//!   (a term), bounds and causes; every value knows the step that made it (its origin).
//! - [`aws`]: instances to VPCs, endpoints, groups, roles and targets: three-valued facts with the line that decides.
//! - [`proof`]: for each target the chain of links that a session hangs on.
//! - [`rules`]: each a link of the proof seen from the line that breaks it.
//! - [`settings`]: what the user decided in `.ssmlint.hcl`, as plain data for the driver.
//! - [`suppress`]: what is accepted in comments and settings, and what is wrong with that itself.
//! - [`baseline`]: findings that were there before, known by root, rule, address and cause.
//! - [`lint`]: the driver: roots in parallel, worlds of each root, one list of findings.
//! - [`report`]: findings to text, JSON, SARIF and annotations.
//! - [`fix`]: what rules propose to byte edits that keep every other byte.
//!
//! # What is absent, on purpose
//!
//! No stage prints, and none reads the environment. Rules cannot see Terraform syntax. The model does not know how an
//! instance came to be. Nothing unknown becomes a `bool`: [`truth::Truth`] has no conversion. Evaluating and building
//! the model return values, not `Result`s: what is wrong is said in the value. Nothing is iterated in hash order, so
//! the output is the same twice. No network, no telemetry, no `terraform` binary. `tests/layers.rs` keeps who may use whom.
//!
//! # Decisions that are not obvious
//!
//! - A resource instance as a value evaluates its attributes when they are asked for: without the provider's schema
//!   there is no complete object, and most attributes are never read.
//! - What a provider defaults, copies or computes is asked of [`eval::Provider`], so that evaluation knows nothing of AWS.
//! - A `count` or `for_each` that is one of a few known values makes the instances of all of them, each of which may
//!   exist; one of which nothing is known makes a single instance `[*]` that stands for all.
//! - Numbers are a module of their own below the syntax, because a literal is exact to 512 bits already in the tree.
//! - Of native syntax `hcl::edit` sees only what has an inner structure of operators, conditionals and `for`. The tokens,
//!   whose grammar has to be checked in Terraform's words anyway, say where bodies, templates, tuples, objects and calls
//!   begin and end: reading these from them is faster, and right where the two disagree.
//! - What is written and switched off is kept ([`eval::Absent`]), so that a thing that is missing is told at the line that
//!   decided it. Arguments of an instance that does not exist are evaluated last, and what is wrong in them is not told.
//! - An assumption of the user takes the place of what is not known and never of what is; a proof lists those it rests on.
//! - Whether a role may use KMS, S3 or CloudWatch Logs for session preferences is not judged: the policies of keys and
//!   buckets may allow it too. A NAT instance is not known to work, since its own system decides.
//! - Relying on Default Host Management and on tokens of the first metadata version is no finding: both let sessions open.
//!   A network ACL that lets port 22 in is none either, since security groups decide who gets that far.
//! - Two conditions of `count` are not compared: an endpoint that exists twice only under both of two switches is found in
//!   the world in which both are on.
//! - Errors of the Terraform code are [`diagnostic::Diagnostic`]s in Terraform's words, apart from findings.
//! - [`proof`] uses the model's evidence instead of spans of its own, so a finding and `ssmlint why` point to one line.

#![forbid(unsafe_code)]

pub mod truth;
pub mod number;
pub mod bug;
pub mod source;
pub mod diagnostic;
pub mod addr;
pub mod finding;

pub mod syntax;
pub mod settings;
pub mod suppress;
pub mod baseline;
pub mod config;
pub mod eval;
pub mod aws;
pub mod proof;
pub mod rules;
pub mod report;
pub mod fix;
pub mod lint;
