"""Turns the shortcuts of the settings, or their absence, into upstreams, models and lanes."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from workers.settings.environment import ENV_PREFIX

LOCAL_MODEL = "smollm2-135m-instruct"


def filled_in(values: dict[str, Any]) -> dict[str, Any]:
    """Give the settings with every upstream, model and lane that they mean; what is malformed is left to its field."""
    values = dict(values)
    if not all(isinstance(values.get(name, {}), dict | BaseModel | None) for name in ("upstreams", "models", "lanes")):
        return values  # the fields say what is wrong
    upstreams, models = dict(values.get("upstreams") or {}), dict(values.get("models") or {})
    lanes = values.get("lanes")
    lanes = lanes.model_dump() if isinstance(lanes, BaseModel) else dict(lanes or {})
    defaults: dict[str, str] = {}
    if values.get("base_url"):
        for name in ("reasoning_model", "standard_model"):
            if not values.get(name):
                raise ValueError(f"{name} must be set when base_url is: the name of a model of that endpoint")
        key = {"api_key_env": f"{ENV_PREFIX}API_KEY"} if values.get("api_key") else {}
        upstreams.setdefault("main", {"base_url": values["base_url"], **key})
        means = values.get("structured", "json_object")
        for name in ("reasoning", "standard"):
            models.setdefault(name, {"upstream": "main", "model": values[f"{name}_model"], "structured": means})
        defaults = {"reasoning": "reasoning", "standard": "standard", "fallback": "standard"}
    elif values.get("reasoning_model") or values.get("standard_model"):
        raise ValueError("base_url must be set when reasoning_model or standard_model is: the endpoint that has them")
    elif not models:
        port = values.get("local_model_port", 8090)
        upstreams["local"] = {"base_url": f"http://127.0.0.1:{port}/v1", "max_retries": 4}
        models["local"] = {
            "upstream": "local", "model": LOCAL_MODEL, "structured": "text", "max_output_tokens": 256,
        }  # fmt: skip
        defaults = dict.fromkeys(("reasoning", "standard", "fallback"), "local")
    for lane, model in defaults.items():
        entry = lanes.get(lane)
        if entry is None or (isinstance(entry, dict) and not entry.get("model")):
            lanes[lane] = {**(entry or {}), "model": model}
    fallback, standard = lanes.get("fallback"), lanes.get("standard")
    if isinstance(standard, dict) and isinstance(fallback, dict | None) and not (fallback or {}).get("model"):
        lanes["fallback"] = {**(fallback or {}), "model": standard.get("model", "")}
    named = {
        name: {**model, "name": name}
        if isinstance(model, dict)
        else model.model_copy(update={"name": name})
        if isinstance(model, BaseModel)
        else model
        for name, model in models.items()
    }
    return {**values, "upstreams": upstreams, "models": named, "lanes": lanes}
