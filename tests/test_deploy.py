"""The files for containers say what the program says: ports, paths, names and limits."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import yaml

from app.settings import ROOT, Settings
from benchmarks.cold_start import free_port
from tests.app.tiny import save_models
from tests.hostile.cases import FORM, FRIEND, GOOD, morph
from tests.hostile.server import serving

VARIABLES = {field.name.upper() for field in fields(Settings)}
OTHERS = {"OPENBLAS_NUM_THREADS", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

MARKS = '{"left_eye": [45, 50], "right_eye": [75, 50], "nose": [60, 70], "mouth": [60, 85]}'
"""Drawn photos have no faces that the shipped finder would find."""


@pytest.fixture(scope="module")
def dockerfile():
    """The instructions of the last stage: (word, rest of the line)."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", "")
    lines = [line.split(None, 1) for line in text.splitlines() if line and line[0] != "#"]
    last = max(i for i, (word, _) in enumerate(lines) if word == "FROM")
    return lines[last:]


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]


@pytest.fixture(scope="module")
def kinds():
    text = (ROOT / "deploy" / "kubernetes.yaml").read_text()
    return {document["kind"]: document for document in yaml.safe_load_all(text)}


@pytest.fixture(scope="module")
def pod(kinds):
    return kinds["Deployment"]["spec"]["template"]["spec"]


@pytest.fixture(scope="module")
def container(pod):
    return pod["containers"][0]


def environment(dockerfile):
    pairs = [p for word, rest in dockerfile if word == "ENV" for p in shlex.split(rest)]
    return dict(pair.split("=", 1) for pair in pairs)


def test_the_image_is_not_roots_and_holds_what_is_copied_only(dockerfile):
    said = dict(dockerfile)
    uid = said["USER"].split(":")[0]
    assert uid.isdigit()
    assert int(uid) > 0
    assert int(said["EXPOSE"]) == Settings.port
    assert environment(dockerfile)["OPENBLAS_NUM_THREADS"] == "1"
    assert set(environment(dockerfile)) <= VARIABLES | OTHERS
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert ignored[0] == "*"
    for word, rest in dockerfile:
        if word == "COPY" and "--from" not in rest:
            assert f"!{rest.split()[0]}" in ignored


def test_what_the_image_holds_serves_without_a_place_to_write(dockerfile, tmp_path):
    """The image's folder and settings, with this environment's packages, as a user who owns
    nothing: as near as one comes without a container."""
    place = tmp_path / "image"
    place.mkdir()
    for word, rest in dockerfile:
        if word == "COPY" and "--from" not in rest:
            source, target = rest.split()
            shutil.copytree(
                ROOT / source, place / target, ignore=shutil.ignore_patterns("__pycache__")
            )
    for path in (place, *place.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    command = json.loads(dict(dockerfile)["CMD"])
    port = free_port()
    environ = environment(dockerfile) | {"PORT": str(port), "TMPDIR": "/nowhere", "PATH": ""}
    server = subprocess.Popen(
        [sys.executable, *command[1:]],
        cwd=place,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        answer = patient(f"http://127.0.0.1:{port}/readyz")
        assert json.loads(answer) == {"status": "ok"}
        body = morph(FRIEND, friend_landmarks=MARKS, dog_landmarks=MARKS)
        request = Request(f"http://127.0.0.1:{port}{GOOD.path}", body, FORM)
        with urlopen(request, timeout=60) as made:
            assert made.status == 200
    finally:
        server.terminate()
        lines = server.communicate()[0].decode().splitlines()
    assert [json.loads(line)["level"] for line in lines].count("info") == len(lines) > 5
    assert not list(place.rglob("__pycache__"))


def patient(address, seconds=180.0):
    """What an address answers, as soon as it does with 200."""
    end = time.monotonic() + seconds
    while True:
        try:
            with urlopen(address, timeout=10) as answer:
                return answer.read()
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.1)


def test_compose_gives_the_server_settings_that_it_knows(compose):
    app, proxy = compose["app"], compose["proxy"]
    assert set(app["environment"]) <= VARIABLES
    Settings.from_env(app["environment"])
    for service in (app, proxy):
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
    assert "ports" not in app  # nobody reaches it but the proxy
    listening = re.search(r"listen (\d+);", nginx_conf()).group(1)
    assert proxy["ports"] == [f"127.0.0.1:8080:{listening}"]
    assert f"server app:{Settings.port} " in nginx_conf()
    assert app["stop_grace_period"] == "20s"
    assert Settings.shutdown_seconds < 20


def test_kubernetes_asks_what_the_server_answers(container, pod, kinds):
    names = {variable["name"] for variable in container["env"]}
    assert names <= VARIABLES
    assert container["ports"][0]["containerPort"] == Settings.port
    from app.main import routes

    paths = {path for _, path in routes()}
    probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "readiness")}
    assert {probe["path"] for probe in probes.values()} == {"/readyz"}
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert {"/readyz", "/healthz"} <= paths
    annotations = kinds["Deployment"]["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/path"] in paths
    assert annotations["prometheus.io/port"] == str(Settings.port)
    shutdown = next(v["value"] for v in container["env"] if v["name"] == "SHUTDOWN_SECONDS")
    sleep = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert sleep + int(shutdown) < pod["terminationGracePeriodSeconds"]


def test_kubernetes_gives_the_server_no_rights(container, pod, dockerfile):
    context = container["securityContext"]
    assert context["readOnlyRootFilesystem"]
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert pod["securityContext"]["runAsNonRoot"]
    assert str(pod["securityContext"]["runAsUser"]) == dict(dockerfile)["USER"].split(":")[0]
    assert pod["automountServiceAccountToken"] is False


def test_kubernetes_objects_fit_together(kinds):
    labels = kinds["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert kinds["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert kinds["Service"]["spec"]["selector"] == labels
    for kind, key in (("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")):
        assert kinds[kind]["spec"][key]["matchLabels"] == labels
    scaled = kinds["HorizontalPodAutoscaler"]["spec"]
    assert scaled["scaleTargetRef"]["name"] == kinds["Deployment"]["metadata"]["name"]
    assert scaled["minReplicas"] < scaled["maxReplicas"]
    path = kinds["Ingress"]["spec"]["rules"][0]["http"]["paths"][-1]
    assert path["backend"]["service"]["name"] == kinds["Service"]["metadata"]["name"]


def nginx_conf():
    return (ROOT / "deploy" / "nginx.conf").read_text()


def test_the_proxy_takes_as_many_bytes_as_the_server():
    sizes = set(re.findall(r"client_(?:max_body|body_buffer)_size (\d+)m;", nginx_conf()))
    assert sizes == {str(Settings.max_body_bytes // 1_000_000)}
    seconds = re.search(r"client_body_timeout (\d+)s;", nginx_conf()).group(1)
    assert float(seconds) == Settings.body_seconds


@contextmanager
def proxied(folder, port):
    """nginx with the configuration as it is, but for the ports and places of this machine."""
    listening = free_port()
    text = nginx_conf().replace("app:8000", f"127.0.0.1:{port}").replace("/tmp/", f"{folder}/")
    text = text.replace("listen 8080;", f"listen 127.0.0.1:{listening};")
    path = Path(folder) / "nginx.conf"
    path.write_text(text)
    command = [NGINX, "-e", "stderr", "-c", str(path), "-p", str(folder)]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    proxy = subprocess.Popen([*command, "-g", "daemon off;"], stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{listening}"
    finally:
        proxy.terminate()
        proxy.wait()


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_a_morph_passes_through_the_proxy_and_metrics_do_not(tmp_path):
    models = tmp_path / "models"
    models.mkdir()
    tmp_path.chmod(0o755)
    environ = {"THREADS": "1", "TRUSTED_PROXIES": "127.0.0.1", "REQUESTS_PER_MINUTE": "300"}
    with (
        serving(environ, save_models(models)) as server,
        proxied(tmp_path, server.port) as address,
    ):
        assert json.loads(patient(f"{address}/readyz")) == {"status": "ok"}
        with urlopen(Request(address + GOOD.path, GOOD.body, GOOD.headers), timeout=60) as answer:
            assert answer.status == 200
            assert answer.read(4) == b"\x89PNG"
        assert refusal(f"{address}/metrics")[0] == 404
        status, problem = refusal(Request(address + GOOD.path, bytes(25 * 2**20 + 1)))
        assert status == problem["status"] == 413
        number = "0123456789abcdef"
        form = Request(f"{address}/?progress={number}&files=later", GOOD.body, GOOD.headers)
        with urlopen(form, timeout=60) as answer:
            assert answer.status == 200
        with urlopen(f"{address}/progress/{number}", timeout=60) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert answer.read().startswith(b"data: ")


def refusal(request):
    """The status and problem that a request is refused with."""
    with pytest.raises(HTTPError) as refused, urlopen(request, timeout=60):
        pass
    with refused.value as answer:
        body = answer.read()
    problem = answer.headers["content-type"] == "application/problem+json"
    return answer.status, json.loads(body) if problem else None
