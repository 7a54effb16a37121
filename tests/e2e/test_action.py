"""The action's shell steps, with the runner's files and environment faked."""

import hashlib
import os
import platform
import shutil
import subprocess
import tarfile

import pytest
import yaml
from conftest import PROJECT, run

ACTION = yaml.safe_load((PROJECT / "action.yml").read_text())


def step(name):
    return next(step for step in ACTION["runs"]["steps"] if step["name"] == name)


class Runner:
    """The files and variables that a runner gives to a step."""

    def __init__(self, directory, env):
        self.directory = directory
        self.env = {**env, "GITHUB_ACTIONS": "true", "SSMLINT_ACTION": str(PROJECT)}
        for name, file in [
            ("GITHUB_PATH", "path"),
            ("GITHUB_OUTPUT", "output"),
            ("GITHUB_STEP_SUMMARY", "summary"),
        ]:
            (directory / file).touch()
            self.env[name] = str(directory / file)
        (directory / "temp").mkdir()
        self.env["RUNNER_TEMP"] = str(directory / "temp")
        self.env["RUNNER_TOOL_CACHE"] = str(directory / "tools")

    def run(self, name, cwd, **inputs):
        """Runs a step's command, with its environment from the action's defaults and what is given."""
        env = dict(self.env)
        for variable, value in step(name)["env"].items():
            if variable == "SSMLINT_ACTION" or not value.startswith("${{ inputs."):
                continue
            key = value.removeprefix("${{ inputs.").removesuffix(" }}")
            env[variable] = inputs.pop(key.replace("-", "_"), ACTION["inputs"][key]["default"])
        env.update(inputs)
        return run(["bash", "-c", step(name)["run"]], cwd, env, check=False)

    def outputs(self):
        lines = (self.directory / "output").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)


@pytest.fixture
def runner(tmp_path, environment):
    directory = tmp_path / "runner"
    directory.mkdir()
    return Runner(directory, environment)


@pytest.fixture
def broken(lesson):
    """A repository whose endpoints have no private DNS."""
    for path in (lesson / "infra").glob("*.tf"):
        text = path.read_text()
        path.write_text(text.replace("private_dns_enabled = true", "private_dns_enabled = false"))
    return lesson


def test_inputs_reach_the_shell_through_the_environment_only():
    for described in ACTION["runs"]["steps"]:
        assert "${{" not in described.get("run", "")


def test_a_clean_project_passes_and_still_closes_old_alerts(runner, lesson):
    done = runner.run("Check", lesson, path="infra")
    assert done.returncode == 0, done.stdout + done.stderr
    outputs = runner.outputs()
    assert outputs["exit-code"] == "0"
    assert outputs["findings"] == "0"
    assert outputs["upload"] == "true"
    assert '"results": []' in open(outputs["sarif-file"]).read()
    assert runner.run("Verdict", lesson, EXIT_CODE=outputs["exit-code"]).returncode == 0


def test_findings_are_annotated_counted_and_summarised_and_fail_the_job_at_its_end(runner, broken):
    done = runner.run("Check", broken, path="infra")
    assert done.returncode == 0, done.stdout + done.stderr
    assert any(line.startswith("::error file=infra/") for line in done.stdout.splitlines()), done.stdout
    outputs = runner.outputs()
    assert outputs["exit-code"] == "1"
    assert int(outputs["errors"]) > 0
    assert "SSM001" in (runner.directory / "summary").read_text()
    assert runner.run("Verdict", broken, EXIT_CODE=outputs["exit-code"]).returncode == 1
    assert runner.run("Verdict", broken, EXIT_CODE="").returncode == 2


@pytest.mark.parametrize(
    ("inputs", "annotated", "sarif", "upload"),
    [
        ({"format": "annotations"}, True, False, "false"),
        ({"format": "sarif"}, False, True, "true"),
        ({"upload_sarif": "false"}, True, True, "false"),
        ({"IS_FORK": "true"}, True, True, "false"),
    ],
)
def test_format_and_origin_decide_what_comes_out(runner, broken, inputs, annotated, sarif, upload):
    done = runner.run("Check", broken, path="infra", **inputs)
    assert ("::error " in done.stdout) == annotated, done.stdout
    outputs = runner.outputs()
    assert os.path.isfile(outputs["sarif-file"]) == sarif
    assert outputs["upload"] == upload


def test_arguments_are_words_and_never_code(runner, broken):
    mark = runner.directory / "mark"
    arguments = f"--exit-zero --var x=$(touch {mark}) `touch {mark}` *"
    done = runner.run("Check", broken, path="infra", args=arguments)
    assert not mark.exists(), done.stdout
    # `*` and the rest are taken for paths, which do not exist.
    assert runner.outputs()["exit-code"] == "2"
    done = runner.run("Check", broken, path="infra", args="--exit-zero\n--fail-on=info")
    assert done.returncode == 0


def test_a_wrong_format_or_version_is_refused(runner, lesson):
    assert runner.run("Check", lesson, format="html").returncode == 2
    done = runner.run("Install ssmlint", lesson, version="0.1.0;id")
    assert done.returncode == 2
    assert "::error" in done.stdout


TARGETS = {
    ("Linux", "x86_64"): "x86_64-unknown-linux-musl",
    ("Linux", "aarch64"): "aarch64-unknown-linux-musl",
    ("Darwin", "x86_64"): "x86_64-apple-darwin",
    ("Darwin", "arm64"): "aarch64-apple-darwin",
}


@pytest.fixture
def release(tmp_path, program):
    """A directory with releases, packed by the release's own script."""
    target = TARGETS[(platform.system(), platform.machine())]
    version = run([program, "--version"], tmp_path).stdout.split()[1]
    built = tmp_path / "target" / target / "release"
    built.mkdir(parents=True)
    shutil.copy(program, built)
    out = tmp_path / "releases" / f"v{version}"
    env = {**os.environ, "CARGO_TARGET_DIR": str(tmp_path / "target")}
    run(["bash", PROJECT / ".github/release/pack.sh", target, out], PROJECT, env)
    return tmp_path / "releases", out / f"ssmlint-{version}-{target}.tar.gz"


def test_a_release_is_installed_once_its_checksum_was_verified(runner, lesson, release):
    releases, archive = release
    runner.env["SSMLINT_RELEASES"] = releases.as_uri()
    done = runner.run("Install ssmlint", lesson)
    assert done.returncode == 0, done.stdout + done.stderr
    added = (runner.directory / "path").read_text().strip()
    assert run([os.path.join(added, "ssmlint"), "--version"], lesson).stdout.startswith("ssmlint ")
    # The second time it is there already.
    archive.unlink()
    assert runner.run("Install ssmlint", lesson).returncode == 0


def test_a_release_with_another_checksum_is_refused(runner, lesson, release):
    releases, archive = release
    with open(archive, "ab") as file:
        file.write(b"\0")
    runner.env["SSMLINT_RELEASES"] = releases.as_uri()
    done = runner.run("Install ssmlint", lesson)
    assert done.returncode == 2
    assert "checksum" in done.stdout
    assert not (runner.directory / "path").read_text()


def test_another_version_without_release_is_refused(runner, lesson, tmp_path):
    runner.env["SSMLINT_RELEASES"] = (tmp_path / "nothing").as_uri()
    done = runner.run("Install ssmlint", lesson, version="99.0.0")
    assert done.returncode == 2
    assert "no release 99.0.0" in done.stdout


def test_an_archive_holds_program_completions_manual_and_licences(release):
    _, archive = release
    with tarfile.open(archive) as packed:
        names = {name.split("/", 1)[-1] for name in packed.getnames()}
    expected = {"ssmlint", "README.md", "LICENSE-MIT", "LICENSE-APACHE", "man/ssmlint.1", "completions/ssmlint.bash"}
    assert expected <= names
    checksum, name = archive.with_name(f"{archive.name}.sha256").read_text().split()
    assert name == archive.name
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == checksum


def test_the_scripts_are_valid_shell():
    for script in (PROJECT / ".github").glob("*/*.sh"):
        assert subprocess.run(["bash", "-n", script]).returncode == 0
