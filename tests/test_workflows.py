"""The GitHub workflows: linted, least privilege, pinned actions, and inputs that stay data."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in FILES}
STEPS = [
    (name, step) for name, flow in WORKFLOWS.items() for job in flow["jobs"].values() for step in job.get("steps", [])
]
INJECTION = "\"; touch owned; $(touch owned) `touch owned` ${{ secrets.HF_TOKEN }} ' --here"


def tool(name: str) -> str:
    """The path of a program of this environment."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert found, f"{name} is missing: pip install --group test"
    return found


def test_the_workflows_exist():
    assert {"test", "retrain", "space"} <= set(WORKFLOWS)


def test_zizmor_finds_nothing():
    checked = subprocess.run([tool("zizmor"), "--offline", "--no-progress", *FILES], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_actionlint_finds_nothing():
    checked = subprocess.run([tool("actionlint"), "-no-color", *FILES], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_linters_find_an_injection_and_an_unknown_runner(tmp_path):
    broken = (ROOT / ".github" / "workflows" / "retrain.yml").read_text()
    broken = broken.replace('"$FLAVOR"', '"${{ inputs.flavor }}"').replace("runs-on: ubuntu-latest", "runs-on: abacus")
    (tmp_path / "broken.yml").write_text(broken)
    for command in (["zizmor", "--offline"], ["actionlint"]):
        checked = subprocess.run([tool(command[0]), *command[1:], tmp_path / "broken.yml"], capture_output=True)
        assert checked.returncode != 0


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_job_has_least_privilege_and_a_timeout(name):
    flow = WORKFLOWS[name]
    assert set((flow["permissions"] or {}).values()) <= {"read"}
    for job in flow["jobs"].values():
        allowed = dict(job.get("permissions") or {})
        assert allowed.pop("contents", "read") == "read"
        assert set(allowed) <= ({"id-token"} if name == "space" else set())
        assert "uses" in job or job["timeout-minutes"] <= 60


def test_every_action_is_pinned_to_a_commit():
    used = [step["uses"] for _, step in STEPS if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action) for action in used)


def test_no_script_contains_an_expression():
    assert not [step["run"] for _, step in STEPS if "${{" in step.get("run", "")]


def test_the_workflows_install_versions_of_the_requirements_only():
    required = {line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and line[0] != "#"}
    for name, step in STEPS:
        if name != "test" and step.get("run", "").startswith("pip install"):
            assert set(re.findall(r'"([^"]+)"', step["run"])) <= required


def test_the_jobs_command_needs_no_package_that_its_workflow_does_not_install():
    names = ("torch", "datasets", "gradio", "numpy", "PIL")
    code = f"import sys, train.jobs.__main__; print([name for name in {names} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def run_script(tmp_path, step, **variables):
    """Run a step with a fake python and hf; return their arguments and their token variables."""
    fake = tmp_path / "fake"
    fake.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        "tokens = {name: os.environ.get(name) for name in ('HF_TOKEN', 'HF_OIDC_RESOURCE')}\n"
        "json.dump([sys.argv[1:], tokens], open('called.json', 'w'))\nprint('started')\n"
    )
    fake.chmod(0o755)
    for name in ("python", "hf"):
        shutil.copy(fake, tmp_path / name)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    done = subprocess.run(["bash", "-eo", "pipefail", "-c", step["run"]], cwd=tmp_path, env=environment | variables)
    assert done.returncode == 0
    return json.loads((tmp_path / "called.json").read_text())


def test_inputs_reach_the_command_unchanged_and_execute_nothing(tmp_path):
    step = next(step for name, step in STEPS if name == "retrain" and step.get("name") == "Submit")
    names = {"DATASET", "REPOSITORY", "PRESET", "IMAGES", "FLAVOR", "TIMEOUT"}
    assert names <= set(step["env"])
    arguments, _ = run_script(tmp_path, step, **dict.fromkeys(names, INJECTION))
    options = ["--flavor", INJECTION, "--timeout", INJECTION]
    settings = ["--data.dataset", INJECTION, "--push-to-hub", INJECTION, "--images", INJECTION, "--epochs", "None"]
    assert arguments == ["-m", "train.jobs", "submit", *options, INJECTION, *settings]
    assert not (tmp_path / "owned").exists()
    assert (tmp_path / "summary.md").read_text() == "started\n"


def test_empty_inputs_leave_the_settings_of_the_preset(tmp_path):
    step = next(step for name, step in STEPS if name == "retrain" and step.get("name") == "Submit")
    given = {"DATASET": "me/photos", "REPOSITORY": "me/w", "PRESET": "tiny", "FLAVOR": "t4-small"}
    arguments, _ = run_script(tmp_path, step, **given, IMAGES="", TIMEOUT="")
    assert arguments == ["-m", "train.jobs", "submit", "--flavor", "t4-small", "tiny", "--data.dataset", "me/photos",
                         "--push-to-hub", "me/w"]  # fmt: skip
    from train.jobs.__main__ import main

    assert main([*arguments[2:3], "--here", "--dry-run", *arguments[5:]]) == 0


@pytest.mark.parametrize(("secret", "resource"), [("", "spaces/me/inpaint"), ("hf_secret", None)])
def test_the_space_is_uploaded_without_a_secret_as_a_trusted_publisher(tmp_path, secret, resource):
    step = next(step for name, step in STEPS if name == "space" and step.get("name") == "Upload")
    shutil.copy(ROOT / "README.md", tmp_path)
    arguments, tokens = run_script(tmp_path, step, SPACE_ID="me/inpaint", HF_TOKEN=secret, COMMIT="abc")
    assert arguments[:5] == ["upload", "me/inpaint", ".", "--repo-type", "space"]
    assert tokens == {"HF_TOKEN": secret or None, "HF_OIDC_RESOURCE": resource}
    assert "hf_secret" not in " ".join(arguments)
    front = (tmp_path / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    assert "OWNER/NAME" not in front
    assert "thumbnail: https://huggingface.co/spaces/me/inpaint/resolve/main/docs/thumbnail.jpg\n" in front
