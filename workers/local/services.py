"""What runs on one machine: Redis, the models, the API, a worker for each queue, and Flower, as services."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from workers.contracts.job import SERVED
from workers.local.redis_server import answers, server_command
from workers.local.service import Port, Service, free_port
from workers.settings import LOCAL_MODEL, Settings, is_loopback

DEMO_MODEL = "simulated-slow"
DEMO_UPSTREAM = "simulated"
FLOWER_CONFIG = Path(__file__).parents[2] / "deploy" / "flower" / "flowerconfig.py"
DEFAULT_REDIS_PORT = 6379
PYTHON = (sys.executable, "-m")


def redis_is_given(settings: Settings) -> bool:
    """Whether the user names a Redis, so that none is started."""
    return "redis_url" in settings.model_fields_set


def redis_service(settings: Settings) -> tuple[Service, str]:
    """Describe the embedded Redis, and say its address.

    Raises:
        StartFailed: this machine has no server to start.
    """
    port = free_port(DEFAULT_REDIS_PORT)
    url = f"redis://127.0.0.1:{port}/0"
    service = Service(
        name="redis",
        command=server_command(settings.data_dir, port),
        ready=lambda: answers(url),
        rank=0,
        note=url,
    )
    return service, url


def services(settings: Settings, env: dict[str, str], demo_port: int | None) -> list[Service]:
    """Describe everything but Redis.

    Args:
        settings: validated settings.
        env: what every process finds in its environment.
        demo_port: where the scripted upstream of the demonstration listens; None for none.
    """
    found = [_api(settings, env), *(_worker(settings, queue, env) for queue in SERVED), _flower(settings, env)]
    if settings.uses_local_model:
        found.append(_local_model(settings, env))
    if demo_port:
        found.append(_scripted_upstream(demo_port, env))
    return found


def environment(settings: Settings, redis_url: str, demo_port: int | None) -> dict[str, str]:
    """Write what the processes must know beyond the user's own settings: the Redis, and the demonstration's model.

    The catalogue is handed on whole, because one that names any model gets no default ones.
    """
    env = {"THINKLINE_REDIS_URL": redis_url, "THINKLINE_DATA_DIR": str(settings.data_dir.resolve())}
    if demo_port is None:
        return env
    upstreams = _dumped(settings.upstreams)
    upstreams[DEMO_UPSTREAM] = {"base_url": f"http://127.0.0.1:{demo_port}/v1"}
    models = _dumped(settings.models)
    models[DEMO_MODEL] = {"upstream": DEMO_UPSTREAM, "model": DEMO_MODEL, "simulated": True}
    lanes = {name: {"model": getattr(settings.lanes, name).model} for name in ("reasoning", "standard", "fallback")}
    return env | {
        "THINKLINE_UPSTREAMS": json.dumps(upstreams),
        "THINKLINE_MODELS": json.dumps(models),
        "THINKLINE_LANES": json.dumps(lanes),
    }


def wants_demo(settings: Settings) -> bool:
    """Whether the demonstration's model may be added: not when the user has something of that name."""
    return DEMO_MODEL not in settings.models and DEMO_UPSTREAM not in settings.upstreams


def api_url(settings: Settings) -> str:
    """The address at which this machine reaches the API."""
    return f"http://{_reachable(settings.api.host)}:{settings.api.port}"


def flower_url(settings: Settings) -> str:
    """The address at which this machine reaches Flower."""
    return f"http://{_reachable(settings.flower.host)}:{settings.flower.port}"


def show_everyone(settings: Settings) -> None:
    """Let Flower ask all workers once more: it asks only when it starts, and knew the first of them then."""
    http_ok(f"{flower_url(settings)}/workers?refresh=true")()


def _dumped(parts: dict[str, Any]) -> dict[str, Any]:
    return {name: part.model_dump(mode="json", exclude_unset=True) for name, part in parts.items()}


def _api(settings: Settings, env: dict[str, str]) -> Service:
    return Service(
        name="api",
        command=(*PYTHON, "api"),
        ready=http_ok(f"{api_url(settings)}/healthz"),
        env=env,
        port=Port(settings.api.host, settings.api.port, "THINKLINE_API__PORT"),
        dies_by=signal.SIGTERM,  # it may have processes of its own, which only it can end
        note=api_url(settings),
    )


def _worker(settings: Settings, queue: str, env: dict[str, str]) -> Service:
    others = {"classify": settings.classify.slots, "deliver": settings.webhooks.slots}
    slots = others.get(queue) or getattr(settings.lanes, queue).slots
    return Service(
        name=f"worker-{queue}",
        command=(*PYTHON, "workers.cli", "worker", "--queues", queue),
        ready=has_part(f"{api_url(settings)}/readyz", f"worker_{queue}"),
        env=env,
        stop_within_s=settings.reliability.shutdown_grace_s + 10,
        note=f"{slots} slots",
    )


def _flower(settings: Settings, env: dict[str, str]) -> Service:
    address, port = settings.flower.host, settings.flower.port
    return Service(
        name="flower",
        command=(
            *PYTHON, "celery", "--app", "workers.app:celery_app", "--quiet", "flower",
            f"--conf={FLOWER_CONFIG}", f"--address={address}", f"--port={port}",
        ),
        ready=http_ok(f"{flower_url(settings)}/healthcheck"),
        env=env | _broker_api(settings),
        port=Port(address, port, "THINKLINE_FLOWER__PORT"),
        note=flower_url(settings),
    )  # fmt: skip


def _broker_api(settings: Settings) -> dict[str, str]:
    """Where Flower asks a RabbitMQ how full its queues are; not on the command line, for it holds a password."""
    api = settings.flower.broker_api
    return {} if api is None else {"FLOWER_BROKER_API": api.get_secret_value()}


def _local_model(settings: Settings, env: dict[str, str]) -> Service:
    port = settings.local_model_port
    folder = settings.data_dir.resolve() / "models"
    return Service(
        name="model",
        command=(*PYTHON, "workers.local.model_server", "--port", str(port), "--folder", str(folder)),
        ready=http_ok(f"http://127.0.0.1:{port}/health"),
        rank=1,
        env=env,
        port=Port("127.0.0.1", port, "THINKLINE_LOCAL_MODEL_PORT"),
        ready_within_s=600,
        note=f"{LOCAL_MODEL} on this machine",
    )


def _scripted_upstream(port: int, env: dict[str, str]) -> Service:
    return Service(
        name="simulated",
        command=(*PYTHON, "workers.simulated", "--port", str(port)),
        ready=http_ok(f"http://127.0.0.1:{port}/v1/models"),
        rank=1,
        env=env,
        note="a scripted model that is too slow, for `make demo`",
    )


def http_ok(url: str) -> Callable[[], bool]:
    """Make a check whether an address answers with 200."""
    return lambda: _get(url).status_code == 200


def has_part(url: str, part: str) -> Callable[[], bool]:
    """Make a check whether the API's readiness names a part as there."""
    return lambda: bool(_json(_get(url)).get("parts", {}).get(part))


def _get(url: str) -> httpx.Response:
    try:
        return httpx.get(url, timeout=2, trust_env=False)
    except httpx.HTTPError:
        return httpx.Response(503)


def _json(reply: httpx.Response) -> dict[str, Any]:
    try:
        found = reply.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _reachable(host: str) -> str:
    """Turn an address to bind into one to connect to."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host and is_loopback(host) else host
