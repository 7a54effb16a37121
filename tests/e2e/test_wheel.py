"""The wheel, as `pip install` gets it."""

import os
import sys

from conftest import PROJECT, run


def test_the_wheel_brings_the_program(tmp_path):
    wheels = tmp_path / "wheels"
    build = [sys.executable, "-m", "maturin", "build", "--profile", "dev", "--locked", "--out", wheels]
    # The same build as that of the tests is packed.
    run(build, PROJECT)
    [wheel] = wheels.glob("ssmlint-*.whl")
    run([sys.executable, "-m", "venv", tmp_path / "venv"], tmp_path)
    scripts = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    run([scripts / "python", "-m", "pip", "install", "--quiet", "--no-index", wheel], tmp_path)
    version = run([scripts / "ssmlint", "--version"], tmp_path).stdout
    assert version.split()[1] == wheel.name.split("-")[1]
    project = PROJECT / "fixtures/projects/lesson-flat-private-dns-off"
    done = run([scripts / "ssmlint", project], tmp_path, check=False)
    assert done.returncode == 1
    assert "SSM001" in done.stdout
