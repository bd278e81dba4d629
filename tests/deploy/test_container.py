"""The image and compose.yaml: read as Docker would, and the image's steps done by hand in a clean folder."""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from minechat.cli.limits import chosen
from minechat.cli.settings import parse
from minechat.server.settings import PROFILES

ROOT = Path(__file__).parents[2]
#: Instructions of https://docs.docker.com/reference/dockerfile/ that are of use here.
INSTRUCTIONS = set(
    "ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL RUN STOPSIGNAL USER VOLUME WORKDIR".split()
)
#: Attributes of a service in the Compose Specification, with their types.
SERVICE = {
    "build": dict, "image": str, "command": list, "ports": list, "volumes": list, "tmpfs": list,
    "read_only": bool, "cap_drop": list, "security_opt": list, "mem_limit": str, "pids_limit": int,
    "ulimits": dict, "healthcheck": dict, "stop_grace_period": str, "restart": str,
}  # fmt: skip
DURATION = re.compile(r"(\d+)s")


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions and what follows each, comments and line ends taken out."""
    text = (ROOT / "deploy" / "Dockerfile").read_text()
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def all_of(word: str) -> list[str]:
    return [rest for instruction, rest in instructions() if instruction == word]


def service() -> dict[str, Any]:
    document = yaml.safe_load((ROOT / "compose.yaml").read_text())
    assert set(document) == {"name", "services", "volumes"}
    (one,) = document["services"].values()
    return dict(one)


def health_command() -> list[str]:
    options, _, command = all_of("HEALTHCHECK")[0].partition("CMD ")
    assert all(re.fullmatch(r"--(interval|timeout|start-period)=\d+s", option) for option in options.split())
    return list(json.loads(command))


def test_the_dockerfile_is_made_of_instructions_that_docker_knows() -> None:
    assert {word for word, _ in instructions()} <= INSTRUCTIONS
    assert instructions()[0][0] == "FROM"
    for word in ("CMD", "ENTRYPOINT"):
        (form,) = all_of(word)
        assert all(isinstance(part, str) for part in json.loads(form))
    for image in all_of("FROM"):
        assert re.fullmatch(r"python:3\.\d+-slim( AS build)?", image)


def test_the_image_runs_as_nobody_and_installs_what_is_locked() -> None:
    words = [word for word, _ in instructions()]
    assert all_of("USER") == ["10001"]
    assert words.index("USER") < words.index("ENTRYPOINT")
    (install,) = [line for line in all_of("RUN") if line.startswith("uv ")]
    assert {"sync", "--locked", "--no-dev"} <= set(install.split())
    for line in (rest for _, rest in instructions()):
        assert not re.search(r"https?://(?!127\.0\.0\.1)|\.(io|org|com)/", line), "it names a registry"


def test_what_is_copied_is_there_and_let_through() -> None:
    sources = [one for line in all_of("COPY") if not line.startswith("--from") for one in line.split()[:-1]]
    assert sources
    for source in sources:
        assert (ROOT / source).exists()
        assert let_through(source)
    assert not let_through(".env")
    assert not let_through("minechat.db")
    assert not let_through(".git")
    assert not let_through("tests")


def let_through(name: str) -> bool:
    """Whether .dockerignore leaves a name at the top in the build; the last pattern that fits decides."""
    left = True
    for pattern in (ROOT / ".dockerignore").read_text().splitlines():
        if pattern and not pattern.startswith("#") and fnmatch(name, pattern.removeprefix("!")):
            left = pattern.startswith("!")
    return left


def test_compose_says_only_what_the_specification_knows() -> None:
    for key, value in service().items():
        assert isinstance(value, SERVICE[key]), key
    build = service()["build"]
    assert set(build) == {"context", "dockerfile"}
    assert (ROOT / build["context"] / build["dockerfile"]).is_file()
    health = service()["healthcheck"]
    assert set(health) == {"test", "interval", "timeout", "start_period"}
    assert health["test"] == ["CMD", *health_command()]
    assert all(DURATION.fullmatch(health[key]) for key in ("interval", "timeout", "start_period"))


def test_compose_lets_only_this_machine_in_and_the_server_write_only_where_it_must() -> None:
    one = service()
    options = parse("server", one["command"][1:], {}, [])
    assert one["command"][0] == "server"
    assert json.loads(all_of("CMD")[0]) == one["command"]
    ports = (options.read_port, options.write_port, options.rift_port)
    assert one["ports"] == [f"127.0.0.1:{port}:{port}" for port in ports]
    assert all_of("EXPOSE") == [" ".join(map(str, ports))]
    assert (options.host, options.allow_plain, chosen(options)) == ("0.0.0.0", True, PROFILES["classroom"])
    assert (one["read_only"], one["tmpfs"], one["cap_drop"]) == (True, ["/tmp"], ["ALL"])
    assert one["security_opt"] == ["no-new-privileges:true"]
    (volume,) = one["volumes"]
    name, folder = volume.split(":")
    assert name in yaml.safe_load((ROOT / "compose.yaml").read_text())["volumes"]
    assert all_of("VOLUME") == [folder]
    (database,) = re.findall(r"MINECHAT_DATABASE_URL=sqlite:///(\S+)", all_of("ENV")[-1])
    assert database.startswith(f"{folder}/")
    grace = DURATION.fullmatch(one["stop_grace_period"])
    assert grace is not None
    assert int(grace[1]) > 10


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the first stage after its COPY and ``uv`` lines, from the files that are let through."""
    folder = tmp_path_factory.mktemp("image")
    sources = [one for line in all_of("COPY") if not line.startswith("--from") for one in line.split()[:-1]]
    for source in sources:
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, folder / source, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, folder / source)
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("UV_PROJECT", "VIRTUAL_ENV"))
    }
    for line in (line for line in all_of("RUN") if line.startswith("uv ")):
        # The interpreter of these tests stands for that of the image.
        command = [*shlex.split(line), "--python", sys.executable, "--quiet"]
        subprocess.run(command, cwd=folder, env=environment, check=True, timeout=50)
    return folder


@pytest.fixture
def container(image: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """ENTRYPOINT and CMD as they stand in the image, on free ports, with nothing of this environment."""
    command = [*json.loads(all_of("ENTRYPOINT")[0]), *json.loads(all_of("CMD")[0])]
    with socket.create_server(("127.0.0.1", 0)) as free:
        metrics = free.getsockname()[1]
    ports = ["--read-port", "0", "--write-port", "0", "--rift-port", "0", "--metrics-port", str(metrics)]
    environment = {"PATH": f"{image}/.venv/bin", "MINECHAT_DATABASE_URL": f"sqlite:///{tmp_path}/chat.db"}
    with subprocess.Popen(
        [f"{image}/.venv/bin/{command[0]}", *command[1:], *ports],
        cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield process, metrics
        process.kill()


@pytest.mark.needs("uv")
def test_the_images_steps_give_a_server_that_is_well(
    container: tuple[subprocess.Popen[str], int], image: Path, tmp_path: Path
) -> None:
    process, metrics = container
    assert process.stderr is not None
    assert process.stderr.readline().startswith("listening on 0.0.0.0: port ")
    probe = [part.replace("9464", str(metrics)) for part in health_command()]
    assert str(metrics) in probe[-1]
    assert subprocess.run([f"{image}/.venv/bin/{probe[0]}", *probe[1:]], timeout=10).returncode == 0
    installed = subprocess.run(
        [f"{image}/.venv/bin/python", "-c", "import pytest"], capture_output=True, cwd=tmp_path
    )
    assert installed.returncode == 1, "the image holds what only developers need"
    started = time.monotonic()
    process.terminate()
    assert process.wait(20) == 143
    assert time.monotonic() - started < 10
    assert subprocess.run([f"{image}/.venv/bin/{probe[0]}", *probe[1:]], capture_output=True).returncode != 0
