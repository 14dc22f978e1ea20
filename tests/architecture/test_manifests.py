"""What the manifests of deploy/ promise: they fit their schemas, each other, the settings and the code they start."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import compose, manifests
from tests.support.manifests import container, objects, pods
from tests.support.processes import ROOT
from workers.contracts import job
from workers.settings import Settings, load_settings
from workers.settings.environment import refuse_unknown_variables

QUEUES = set(job.SERVED)
VARIABLES = {
    "REDIS_PASSWORD": "pw", "FLOWER_BASIC_AUTH": "a:b", "UPSTREAM_API_KEY": "sk", "WEBHOOK_SIGNING_KEY": "key",
    "THINKLINE_API_KEYS": '[{"sha256": "' + "0" * 64 + '", "tenant": "acme"}]',
}  # fmt: skip
FILE = compose.load(VARIABLES)
SERVICES = compose.services(FILE)
WORKERS = {name: service for name, service in SERVICES.items() if service.queues}
DEPLOYED = sorted(objects("Deployment"))
IMAGE = re.compile(
    r"^(thinkline/(light|classify|model):\d+\.\d+\.\d+|valkey/valkey:\d+|prom/prometheus:v\d+\.\d+\.\d+|grafana/grafana:\d+\.\d+\.\d+)$"
)


# --- docker-compose.yml ---


def test_the_compose_file_fits_the_specification() -> None:
    """Its own schema, unknown fields refused."""
    assert manifests.wrong_in_compose(compose.COMPOSE) is None


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("stop_grace_period: 30s", "stop_grace_perriod: 30s"),
        ("read_only: true", "read_only: [1]"),
        ("  limits: {cpus", "  limit: {cpus"),
    ],
)
def test_a_wrong_field_in_the_compose_file_is_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    """The check above can fail."""
    text = compose.COMPOSE.read_text().replace("resources: {limits: {cpus", "resources:\n        {  limits: {cpus")
    assert right in text
    (tmp_path / "docker-compose.yml").write_text(text.replace(right, wrong))
    assert manifests.wrong_in_compose(tmp_path / "docker-compose.yml") is not None


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_is_confined(name: str) -> None:
    """No root, no writable image, no capabilities, no endless memory, threads or logs; and it says how it is."""
    raw = SERVICES[name].raw
    limits = raw["deploy"]["resources"]["limits"]
    assert IMAGE.match(raw["image"]), raw["image"]
    assert re.match(r"^[1-9]\d+:[1-9]\d+$", raw["user"])
    assert (raw["read_only"], raw["cap_drop"], raw["restart"]) == (True, ["ALL"], "unless-stopped")
    assert raw["security_opt"] == ["no-new-privileges:true"]
    assert raw["logging"]["options"]["max-size"]
    assert float(limits["cpus"]) > 0
    assert limits["memory"][-1] in "MG"
    assert limits["pids"] > 0
    assert set(raw["healthcheck"]) >= {"test", "interval", "timeout", "retries", "start_period"}
    assert "privileged" not in raw
    assert "container_name" not in raw
    for port in raw.get("ports", []):
        assert port.startswith("127.0.0.1:"), "by default nothing is open to the network"


def test_every_queue_has_its_service_and_can_be_scaled_by_one_command() -> None:
    """What has a port or a name of its own could not be started twice."""
    assert {queue for service in WORKERS.values() for queue in service.queues} == QUEUES
    for name, service in WORKERS.items():
        assert service.queues == (name,)
        assert "ports" not in service.raw
        assert (
            compose.load({**VARIABLES, f"{name.upper()}_REPLICAS": "7"})["services"][name]["deploy"]["replicas"] == "7"
        )


def test_a_worker_has_threads_for_its_slots_and_time_to_hand_back() -> None:
    """One thread a slot, and a few dozen of the process's own."""
    settings = settings_of("deploy/compose/thinkline.toml", SERVICES["reasoning"].env)
    for name, service in WORKERS.items():
        assert service.raw["deploy"]["resources"]["limits"]["pids"] >= slots_of(settings, name) + 100, name
        assert service.stop_grace_s >= settings.reliability.shutdown_grace_s + 10, name


def test_only_who_needs_a_secret_has_it() -> None:
    """The key of the endpoint stays with who answers, the callers' hashes with the API, and the model has nothing."""
    assert {name for name, service in SERVICES.items() if "UPSTREAM_API_KEY" in service.env} == set(job.LANES)
    assert {name for name in pods() if "UPSTREAM_API_KEY" in environment_of(name)} == set(job.LANES)
    assert [name for name, service in SERVICES.items() if "THINKLINE_API_KEYS" in service.env] == ["api"]
    assert [name for name, service in SERVICES.items() if "FLOWER_BASIC_AUTH" in service.env] == ["flower"]
    signing = "THINKLINE_WEBHOOKS__SIGNING_KEY"
    assert [name for name, service in SERVICES.items() if signing in service.env] == ["api", "deliver"]
    assert [name for name in pods() if signing in environment_of(name)] == ["api", "deliver"]
    assert SERVICES["model"].env == {}


def test_the_monitoring_has_no_way_to_redis_and_no_open_door() -> None:
    """It reads the API's metrics with a key of its own; passwords come as files, never empty ones of the environment."""
    watching = {name: service for name, service in SERVICES.items() if service.profiles == ("monitoring",)}
    assert set(watching) == {"prometheus", "grafana"}
    for service in watching.values():
        assert service.raw["networks"] == ["outside"]
        assert not [
            value for name, value in service.env.items() if "PASSWORD" in name and not value.startswith("/run/secrets/")
        ]
    assert FILE["secrets"] == {
        "metrics_key": {"environment": "METRICS_KEY"}, "grafana_password": {"environment": "GRAFANA_PASSWORD"},
    }  # fmt: skip
    for config in FILE["configs"].values():
        assert (ROOT / config["file"]).is_file()


def test_redis_and_classification_reach_nothing_outside() -> None:
    """Their only network is an internal one."""
    assert FILE["networks"]["state"] == {"internal": True}
    for name in ("redis", "classify", "model"):
        assert SERVICES[name].raw["networks"] == ["state"]


def test_the_example_names_every_variable_and_no_other() -> None:
    """Whoever fills it in has all that the file asks for; what Thinkline itself would refuse in .env is not in it."""
    example = (ROOT / "deploy/compose/env.example").read_text()
    named = set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))
    assert named == compose.variables_of(compose.COMPOSE.read_text())
    ours = {name for name in named if name.startswith("THINKLINE_")}
    assert {name.removeprefix("THINKLINE_").lower() for name in ours} <= set(Settings.model_fields)


@pytest.mark.parametrize(
    "missing", ["REDIS_PASSWORD", "FLOWER_BASIC_AUTH", "THINKLINE_API_KEYS", "WEBHOOK_SIGNING_KEY"]
)
def test_nothing_starts_without_its_secret(missing: str) -> None:
    """An empty one would leave the door open."""
    with pytest.raises(KeyError, match=missing):
        compose.load({**VARIABLES, missing: ""})


@pytest.mark.parametrize(
    "config", ["deploy/compose/thinkline.toml", "deploy/compose/local-model.toml", "deploy/kubernetes/thinkline.toml"]
)
def test_the_configurations_are_valid(config: str) -> None:
    """With the environment that the API gets; an address for all needs the keys that it has."""
    settings = settings_of(config, SERVICES["api"].env)
    assert settings.api.host == "0.0.0.0"  # noqa: S104 - compared, not bound
    assert settings.redis_url.get_secret_value() == "redis://:pw@redis:6379/0"
    if "local" in config:
        upstream = settings.upstreams["local"].base_url
        assert upstream == "http://model:8090/v1"
        assert SERVICES["model"].command[-3] == "8090"


# --- deploy/kubernetes ---


@pytest.mark.parametrize(
    ("file", "document"), list(manifests.documents()), ids=lambda part: part if isinstance(part, str) else part["kind"]
)
def test_each_object_fits_its_schema(file: str, document: dict[str, Any]) -> None:
    """Unknown fields are refused."""
    assert manifests.wrong_in_kubernetes(document) is None, file


def _spoil_container(document: dict[str, Any]) -> None:
    document["spec"]["template"]["spec"]["containers"][0]["livenessProb"] = {}


def _spoil_scale_down(document: dict[str, Any]) -> None:
    document["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]["window"] = 5


def _spoil_trigger(document: dict[str, Any]) -> None:
    document["spec"]["triggers"][0]["metadata"]["listLenght"] = "5"


def _spoil_length(document: dict[str, Any]) -> None:
    document["spec"]["triggers"][0]["metadata"]["listLength"] = 5


def _spoil_budget(document: dict[str, Any]) -> None:
    document["spec"]["maxUnavailable"] = [1]


def _spoil_policy(document: dict[str, Any]) -> None:
    document["spec"]["egres"] = []


@pytest.mark.parametrize(
    ("kind", "name", "spoil"),
    [
        ("Deployment", "reasoning", _spoil_container),
        ("ScaledObject", "reasoning", _spoil_scale_down),
        ("ScaledObject", "reasoning", _spoil_trigger),
        ("ScaledObject", "reasoning", _spoil_length),
        ("PodDisruptionBudget", "api", _spoil_budget),
        ("NetworkPolicy", "to-redis", _spoil_policy),
    ],
)
def test_a_wrong_field_in_an_object_is_noticed(kind: str, name: str, spoil: Callable[[dict[str, Any]], None]) -> None:
    """The check above can fail."""
    document = copy.deepcopy(objects(kind)[name])
    spoil(document)
    assert manifests.wrong_in_kubernetes(document) is not None


def test_kustomize_takes_every_file() -> None:
    """None is left out, none is named that is not there, and the generated names are those that pods ask for."""
    told = yaml.safe_load((manifests.KUBERNETES / "kustomization.yaml").read_text())
    assert set(told["resources"]) == {path.name for path in manifests.KUBERNETES.glob("*.yaml")} - {
        "kustomization.yaml"
    }
    (config,), (secret,) = told["configMapGenerator"], told["secretGenerator"]
    assert config == {"name": "thinkline-config", "files": ["thinkline.toml"]}
    assert (manifests.KUBERNETES / "thinkline.toml").is_file()
    assert secret["name"] == "thinkline-secrets"
    assert (manifests.KUBERNETES / f"{secret['envs'][0]}.example").is_file()
    assert secret["envs"][0] in (manifests.KUBERNETES / ".gitignore").read_text().split()
    assert {image["name"] for image in told["images"]} == {
        pod["spec"]["containers"][0]["image"].split(":")[0] for name, pod in pods().items() if name != "redis"
    }


def test_each_pod_runs_what_the_compose_file_runs() -> None:
    """Its commands are run for real by tests/acceptance/test_compose.py, and so are these."""
    assert set(pods()) == {name for name, service in SERVICES.items() if not service.profiles}
    for name in pods():
        assert tuple(container(name)["command"]) == SERVICES[name].command, name
        assert container(name)["image"] == SERVICES[name].raw["image"], name


def test_each_probe_asks_what_the_compose_files_health_check_asks() -> None:
    """A worker's liveness asks for less than its readiness: Redis that is away must not restart it."""
    for name in pods():
        check, probes = SERVICES[name].check, {kind: container(name).get(kind) for kind in PROBES}
        assert probes["livenessProbe"], name
        assert probes["startupProbe"], name
        if name in WORKERS:
            assert probes["startupProbe"]["exec"]["command"] == list(check)
            assert probes["livenessProbe"]["exec"]["command"] == [part for part in check if part != "--ready"]
        elif name == "redis":
            assert (
                probes["readinessProbe"]["exec"]["command"] == list(check) == probes["startupProbe"]["exec"]["command"]
            )
        else:
            (port,) = container(name)["ports"]
            for probe in filter(None, probes.values()):
                assert probe["httpGet"]["port"] == port["name"]
                assert f"127.0.0.1:{port['containerPort']}{probe['httpGet']['path']}'" in " ".join(check)


PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def test_each_pod_is_confined() -> None:
    """What the namespace enforces as `restricted`, and a root file system that nobody writes to."""
    assert objects("Namespace")["thinkline"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    for name, pod in pods().items():
        spec, box = pod["spec"], container(name)["securityContext"]
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] > 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert (spec["automountServiceAccountToken"], spec["enableServiceLinks"]) == (False, False) or name == "redis"
        assert box == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
        }, name  # fmt: skip
        assert set(container(name)["resources"]) == {"requests", "limits"}
        assert set(container(name)["resources"]["limits"]) == {"cpu", "memory"}


def test_every_secret_is_in_the_example_and_comes_from_nowhere_else() -> None:
    """A value that stands in a manifest is no secret."""
    asked = {entry["key"] for entry in objects("TriggerAuthentication")["thinkline-redis"]["spec"]["secretTargetRef"]}
    for name in pods():
        for variable in container(name)["env"]:
            source = variable.get("valueFrom", {}).get("secretKeyRef")
            if source:
                assert source["name"] == "thinkline-secrets"
                asked.add(source["key"])
            else:
                assert not re.search("KEY|PASSWORD|URL|AUTH", variable["name"]), variable
    example = (manifests.KUBERNETES / "secret.env.example").read_text()
    assert set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE)) == asked


@pytest.mark.parametrize("name", [name for name in DEPLOYED if name != "flower"])
def test_each_deployment_has_a_disruption_budget_that_lets_a_node_be_drained(name: str) -> None:
    """A budget that selects nobody, or that forbids every eviction, is worse than none."""
    budget = objects("PodDisruptionBudget")[name]["spec"]
    assert budget["maxUnavailable"] >= 1
    assert budget["selector"]["matchLabels"].items() <= pods()[name]["metadata"]["labels"].items()
    assert objects("Deployment")[name]["spec"]["selector"] == budget["selector"]


@pytest.mark.parametrize("name", sorted(WORKERS))
def test_a_stopping_pod_has_longer_than_its_lanes_deadline(name: str) -> None:
    """Its jobs end instead of being paid for twice, and what is handed back all the same is handed back in time."""
    settings = settings_of("deploy/kubernetes/thinkline.toml", environment_of(name))
    grace_s = settings.reliability.shutdown_grace_s
    lane = getattr(settings.lanes, name, None)
    if lane:
        assert grace_s >= lane.deadline_s
    assert pods()[name]["spec"]["terminationGracePeriodSeconds"] >= grace_s + 5 + 10


@pytest.mark.parametrize("name", sorted(WORKERS))
def test_each_lane_grows_with_what_waits_in_its_queue(name: str) -> None:
    """KEDA counts the key that the store keeps, and asks for a pod for each quarter of a pod's slots that waits."""
    settings = settings_of("deploy/kubernetes/thinkline.toml", environment_of(name))
    scaled = objects("ScaledObject")[name]["spec"]
    (trigger,) = scaled["triggers"]
    prefix = settings.redis.key_prefix
    assert scaled["scaleTargetRef"]["name"] == name
    assert "replicas" not in objects("Deployment")[name]["spec"], "two masters"
    assert trigger["metadata"]["listName"] == (f"{prefix}deliver" if name == "deliver" else f"{prefix}waiting:{name}")
    assert trigger["authenticationRef"]["name"] in objects("TriggerAuthentication")
    assert 1 <= scaled["minReplicaCount"] <= scaled["fallback"]["replicas"] <= scaled["maxReplicaCount"]
    assert int(trigger["metadata"]["listLength"]) == slots_of(settings, name) // 4


def test_the_network_lets_through_what_each_pod_needs_and_no_more() -> None:
    """Redis for those that know its address, endpoints for the lanes, the world for webhooks."""
    policies = objects("NetworkPolicy")
    assert policies["deny-all"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}

    def labelled(label: str) -> set[str]:
        return {name for name, pod in pods().items() if pod["metadata"]["labels"].get(label) == "yes"}

    assert labelled("thinkline/redis") == {name for name in pods() if "THINKLINE_REDIS_URL" in environment_of(name)}
    assert labelled("thinkline/upstream") == set(job.LANES)
    assert labelled("thinkline/webhooks") == {"deliver"}
    for policy, label in (("to-redis", "redis"), ("to-upstream", "upstream"), ("to-webhooks", "webhooks")):
        assert policies[policy]["spec"]["podSelector"]["matchLabels"] == {f"thinkline/{label}": "yes"}
    closed = policies["to-webhooks"]["spec"]["egress"][0]["to"][0]["ipBlock"]["except"]
    assert {"10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"} <= set(closed)


def slots_of(settings: Settings, queue: str) -> int:
    """How many messages a worker of a queue holds."""
    others = {"classify": settings.classify.slots, "deliver": settings.webhooks.slots}
    return others[queue] if queue in others else getattr(settings.lanes, queue).slots


def environment_of(name: str) -> dict[str, str]:
    """What a container finds in its environment, secrets replaced."""
    secrets = {"THINKLINE_API_KEYS": VARIABLES["THINKLINE_API_KEYS"], "THINKLINE_REDIS_URL": "redis://:pw@redis:6379/0"}
    return {entry["name"]: entry.get("value", secrets.get(entry["name"], "secret")) for entry in container(name)["env"]}


def settings_of(config: str, env: dict[str, str] | Any) -> Settings:
    """Read the settings as a process would that has this file and this environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in env.items():
            patch.setenv(name, value)
        patch.setenv("THINKLINE_CONFIG", str(ROOT / config))
        refuse_unknown_variables(Settings.model_fields)
        return load_settings()
