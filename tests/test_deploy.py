"""What is handed out to run the dashboard on a server fits the code that it runs."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from billing.settings.model import SETTINGS
from tests.support.servers.dashboard import dashboard

ROOT = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DASHBOARDS = [name for name in SERVICES if name.startswith("dashboard")]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
NAMES = {setting.name for setting in SETTINGS.values()} | {"BILLING_LOG_FORMAT"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_published_on_this_machine_alone(name: str) -> None:
    for port in SERVICES[name].get("ports", ()):
        assert port.startswith("127.0.0.1:")


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_mounts_what_there_is(name: str) -> None:
    for volume in SERVICES[name].get("volumes", ()):
        source = volume.partition(":")[0]
        assert (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_dashboard_is_given_settings_that_there_are_and_may_write_nothing_but_its_data(
    name: str,
) -> None:
    service = SERVICES[name]
    assert set(service["environment"]) <= NAMES
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert all(":/app/.data" in volume for volume in service.get("volumes", ()))


def test_nginx_asks_the_dashboards_by_the_names_that_they_have() -> None:
    configuration = (ROOT / "deploy" / "nginx" / "dashboards.conf").read_text()
    asked = re.findall(r"^\s*server ([\w-]+):8501", configuration, re.MULTILINE)
    assert asked == SERVICES["nginx"]["depends_on"]


def test_what_the_image_copies_is_enough_to_start(tmp_path: Path) -> None:
    copied = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
    for line in copied:
        *sources, target = line.split()
        for source in sources:
            where = tmp_path / "app" / (source if target in (".", "./") else target)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, where)
            else:
                where.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, where)
    launcher = tmp_path / "app" / "streamlit_app.py"
    assert launcher.exists()
    settings = {"PYTHONPATH": str(tmp_path / "app")}
    with dashboard(tmp_path / "app", settings, launcher=launcher, anew=True) as app:
        assert "Traceback" not in app.log


def test_what_the_image_copies_reaches_the_build() -> None:
    allowed = set(re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    assert {source for line in copied for source in line.split()} == allowed


def test_the_image_runs_as_a_number_and_says_whether_it_is_well() -> None:
    assert re.search(r"^USER \d+:\d+$", DOCKERFILE, re.MULTILINE)
    assert re.search(r"^ARG PYTHON_IMAGE=python:[\w.-]+@sha256:[0-9a-f]{64}$", DOCKERFILE, re.M)
    assert "/api/billing/health" in DOCKERFILE


def test_the_systemd_unit_starts_the_launcher_and_leaves_wrong_settings_alone() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(ROOT / "deploy" / "systemd" / "billing-dashboard.service")
    command = shlex.split(unit["Service"]["ExecStart"])
    assert command[1:4] == ["-m", "streamlit", "run"]
    assert (ROOT / Path(command[4]).name).exists()
    assert unit["Service"]["RestartPreventExitStatus"] == "2"
