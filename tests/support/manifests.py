"""The files of deploy/kubernetes, and what checks them: the schemas of Kubernetes, and ours of what we use of KEDA."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

from tests.support.processes import ROOT
from tests.support.redis import missing

KUBERNETES = ROOT / "deploy" / "kubernetes"
VERSION = "1.37"
KEDA = Path(__file__).parent / "keda.schema.json"


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give each object of the folder with the file that it stands in."""
    for path in sorted(KUBERNETES.glob("*.yaml")):
        if path.name != "kustomization.yaml":
            for document in yaml.safe_load_all(path.read_text()):
                yield path.name, document


def objects(kind: str) -> dict[str, dict[str, Any]]:
    """Give the objects of a kind by their names."""
    return {document["metadata"]["name"]: document for _, document in documents() if document["kind"] == kind}


def pods() -> dict[str, dict[str, Any]]:
    """Give the template of every pod by the name of what makes it."""
    return {name: one["spec"]["template"] for name, one in {**objects("Deployment"), **objects("StatefulSet")}.items()}


def container(name: str) -> dict[str, Any]:
    """Give the only container of a pod."""
    (only,) = pods()[name]["spec"]["containers"]
    found: dict[str, Any] = only
    return found


def need(package: str) -> None:
    """Skip, or fail in CI, when a validator is not installed."""
    if importlib.util.find_spec(package) is None:
        missing(f"the package {package}")


def wrong_in_kubernetes(document: dict[str, Any]) -> str | None:
    """Say what the schemas refuse in an object, unknown fields included; None when nothing."""
    if document["apiVersion"].startswith("keda.sh/"):
        return _wrong_in_keda(document)
    need("kubernetes_validate")
    import kubernetes_validate

    try:
        kubernetes_validate.validate(document, VERSION, strict=True)
    except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
        return str(error)
    return None


def wrong_in_compose(path: Path) -> str | None:
    """Say what the schema of the Compose Specification refuses in a file; None when nothing."""
    need("check_jsonschema")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else done.stdout + done.stderr


def _wrong_in_keda(document: dict[str, Any]) -> str | None:
    error = next(iter(_keda().iter_errors(document)), None)
    if error is not None:
        return str(error)
    behavior = document["spec"].get("advanced", {}).get("horizontalPodAutoscalerConfig", {}).get("behavior")
    if behavior is None:
        return None
    # KEDA hands it on to the autoscaler that it makes, so that Kubernetes' own schema knows it.
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": document["metadata"],
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "any"},
            "maxReplicas": 1,
            "behavior": behavior,
        },
    }
    return wrong_in_kubernetes(scaler)


@cache
def _keda() -> Any:
    return jsonschema_rs.validator_for(json.loads(KEDA.read_text()))
