"""The files to run under: what they name exists, what they start is a command, and what they demand is written down."""

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path

import pytest
import readme
from command_tree import check
from packaging.specifiers import SpecifierSet
from ruamel.yaml import YAML

from campaigns.settings import Settings, read_settings
from campaigns.worker import POSTS_END

DEPLOY = readme.ROOT / "campaigns" / "data" / "deploy"
PORT = Settings().listen_port
GONE_WITHIN = 35
"""Seconds after which a worker has stopped, as the README promises."""


def unit():
    """Key → its values, of the systemd unit."""
    lines = re.findall(r"^(\w+)=(.*)$", (DEPLOY / "campaigns.service").read_text(), re.MULTILINE)
    return {key: [value for name, value in lines if name == key] for key, _ in lines}


def composed():
    return YAML(typ="safe").load(DEPLOY / "compose.yaml")


def told(name):
    """`NAME value` lines of the Containerfile."""
    text = re.sub(r"\\\n\s*", "", (DEPLOY / "Containerfile").read_text())
    return re.findall(rf"^{name} (.+)$", text, re.MULTILINE)


def test_the_unit_starts_a_worker_where_the_readme_puts_it():
    (start,) = unit()["ExecStart"]
    program, words = start.split(" ", 1)
    check(f"campaigns {words}")
    lines = "\n".join(readme.shell_lines())
    for path in (str(Path(program).parents[1]), "/etc/campaigns/campaigns.toml", "/etc/campaigns/secrets.env"):
        assert path in lines
        assert path in (DEPLOY / "campaigns.service").read_text()
    (folder,), (user,) = unit()["StateDirectory"], unit()["User"]
    assert f"useradd --system --home-dir /var/lib/{folder} --shell /usr/sbin/nologin {user}" in lines


def test_whoever_stops_a_worker_gives_it_the_time_that_it_needs():
    assert POSTS_END < GONE_WITHIN
    assert int(unit()["TimeoutStopSec"][0]) > GONE_WITHIN
    assert int(composed()["services"]["worker"]["stop_grace_period"].removesuffix("s")) > GONE_WITHIN
    assert unit()["KillSignal"] == told("STOPSIGNAL") == ["SIGTERM"]


def test_what_a_person_must_mend_is_not_tried_again_for_ever():
    assert unit()["RestartPreventExitStatus"] == ["2 4"]
    assert "Exit codes: 0 done; 1 done, but something waits for a person; 2 wrong usage or file" in readme.TEXT


@pytest.mark.system
def test_systemd_understands_the_unit_and_finds_little_that_it_could_do(tmp_path):
    program = tmp_path / "campaigns"
    program.symlink_to(sys.executable)
    text = (DEPLOY / "campaigns.service").read_text().replace("/opt/campaigns/bin/campaigns", str(program))
    (tmp_path / "campaigns.service").write_text(text)
    command = ["systemd-analyze", "verify", tmp_path / "campaigns.service"]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (0, "")
    command = ["systemd-analyze", "security", "--offline=yes", "--threshold=20", "--no-pager"]
    said = subprocess.run([*command, tmp_path / "campaigns.service"], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout[-300:]


def test_the_container_is_built_of_what_the_package_needs_and_starts_what_there_is():
    copied = {word for line in told("COPY") if "--from" not in line for word in line.split()[:-1]}
    assert {"pyproject.toml", "campaigns"} <= copied
    assert [name for name in copied if not (readme.ROOT / name).exists()] == []
    named = re.findall(r'^(?:readme|license) = "([^"]+)"', (readme.ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert {name for name in named if (readme.ROOT / name).exists()} <= copied
    (program,), (words,) = told("ENTRYPOINT"), told("CMD")
    check(" ".join(re.findall(r'"([^"]+)"', program + words)))
    versions = {line.partition("python:")[2].partition("-")[0] for line in told("FROM")}
    assert all(SpecifierSet(metadata("campaigns")["Requires-Python"]).contains(version) for version in versions)
    assert told("EXPOSE") == [str(PORT)]
    assert (told("USER"), told("WORKDIR")[-1], told("VOLUME")) == (["10001"], "/data", ["/data"])


def test_the_containers_own_question_after_its_health_is_one_that_a_worker_answers(tmp_path):
    (question,) = [line.partition(" CMD ")[2] for line in told("HEALTHCHECK")]
    code = re.findall(r'"([^"]+)"', question)[2]
    assert f"http://127.0.0.1:{PORT}/readyz" in code
    environ = {**os.environ, "CAMPAIGNS_LISTEN": "127.0.0.1:0", "CAMPAIGNS_DATABASE": f"sqlite:///{tmp_path}/c.db"}
    words = [sys.executable, "-c", "from campaigns.cli.main import main; main(['worker'])"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=environ, cwd=tmp_path) as worker:
        address = next(found[1] for line in worker.stderr if (found := re.search(r"listening on (\S+)", line)))
        asked = code.replace(f"http://127.0.0.1:{PORT}", address)
        assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0
        worker.terminate()
        worker.stderr.read()
    assert subprocess.run([sys.executable, "-c", asked], check=False, capture_output=True).returncode != 0


def test_compose_is_given_every_secret_that_it_demands(tmp_path):
    """The README's lines in a copy of the folder write what the file asks for, and what settings read."""
    shutil.copytree(DEPLOY, tmp_path / "deploy")
    lines = [line for line in readme.shell_lines() if line.startswith("echo ")]
    subprocess.run(["sh", "-ec", "\n".join(lines)], check=True, cwd=tmp_path / "deploy")
    given = dict(line.split("=", 1) for line in (tmp_path / "deploy" / ".env").read_text().splitlines())
    demanded = set(re.findall(r"\$\{(\w+):\?", (DEPLOY / "compose.yaml").read_text()))
    assert demanded == set(given)
    environ = {
        name: re.sub(r"\$\{(\w+)[^}]*\}", lambda found: given.get(found[1], ""), value)
        for name, value in composed()["services"]["worker"]["environment"].items()
    }
    settings = read_settings(None, environ=environ)
    assert settings.public_url == "https://calls.example.org"
    assert settings.hash_key is not None


def test_compose_mounts_and_builds_what_there_is():
    services = composed()["services"]
    build = services["worker"]["build"]
    assert (DEPLOY / build["context"]).resolve() == readme.ROOT
    assert (readme.ROOT / build["dockerfile"]).is_file()
    mounts = [volume.split(":")[0] for one in services.values() for volume in one.get("volumes", ())]
    files = [name for name in mounts if name.startswith("./") and name != "./campaigns"]
    assert [name for name in files if not (DEPLOY / name).is_file()] == []
    assert {name for name in mounts if not name.startswith("./")} == set(composed()["volumes"])
    assert services["proxy"]["environment"]["CAMPAIGNS_WORKER"] == f"worker:{PORT}"


@pytest.mark.parametrize("name", ["Caddyfile", "nginx.conf"])
def test_a_proxy_lets_reports_in_and_keeps_figures_in_house(name):
    text = re.sub(r"#.*", "", (DEPLOY / name).read_text())
    assert text.count("{") == text.count("}")
    assert f"127.0.0.1:{PORT}" in text
    parts = re.findall(r"(?:handle|location)(?: =)? (/\S+) \{(.*?)\n\t?(?: {4})?\}", text, re.DOTALL)
    by_path = {path.strip("/*"): body for path, body in parts}
    assert set(by_path) == {"webhooks", "metrics"}
    assert "404" in by_path["metrics"]
    assert "1m" in by_path["webhooks"].lower()
