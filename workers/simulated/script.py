"""What the scripted upstream plays: one frozen model a script, and the scripts that have names."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Script(BaseModel):
    """How one simulated model behaves. Times are seconds, rates are tokens a second."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: int = Field(default=200, ge=200, le=599, description="the HTTP status; from 400 on an error is sent")
    error_times: int | None = Field(
        default=None, ge=0, description="how many requests get that error before replies are good; None for all"
    )
    retry_after: str | None = Field(default=None, description="`Retry-After` of an error: seconds, or an HTTP date")
    error_message: str = Field(default="the script says so", description="the message of an error")
    refuse_stream_options: bool = Field(default=False, description="400 for requests with `stream_options`")
    first_token_s: float = Field(default=0.0, ge=0, description="wait before the first token")
    never_answers: bool = Field(default=False, description="headers come, a token never does")
    silent_before_headers: bool = Field(default=False, description="with never_answers: not even headers come")
    thinking_tokens: int = Field(default=0, ge=0, description="thinking tokens before the answer")
    thinking: str | None = Field(default=None, description="each thinking token; None for `step 0`, `step 1` and so on")
    thinking_style: Literal["reasoning_content", "reasoning", "tags"] = Field(
        default="reasoning_content", description="the field that carries thinking, or `<think>` tags in the text"
    )
    rate: float = Field(default=0.0, ge=0, description="tokens a second; 0 for all at once")
    endless: bool = Field(default=False, description="thinks without ever coming to an answer")
    answer: str | None = Field(
        default=None,
        description="the answer; None for JSON that fits the asked schema, or a sentence when none is asked",
    )
    answers: list[str] | None = Field(
        default=None,
        min_length=1,
        description="instead: the first request's answer, the second's, and so on; the last stays",
    )
    tool_call: bool = Field(
        default=False, description="the answer comes as a tool call's arguments when tools are given"
    )
    stall_after: int | None = Field(default=None, ge=0, description="falls silent for ever after so many tokens")
    cut_after: int | None = Field(default=None, ge=0, description="closes the connection after so many tokens")
    error_after: int | None = Field(
        default=None, ge=0, description="an error object in the stream after so many tokens"
    )
    error_type: str = Field(default="server_error", description="the type of that error object")
    garbage_after: int | None = Field(default=None, ge=0, description="bytes that are no JSON after so many tokens")
    comments: bool = Field(default=False, description="keeps sending SSE comments while it waits")
    drip: bool = Field(default=False, description="sends its stream byte by byte")
    finish_reason: str | None = Field(default="stop", description="None for a stream that gives no reason")
    done: bool = Field(default=True, description="whether the stream ends with [DONE]")
    usage: bool = Field(default=True, description="whether usage is reported when it is asked for")
    prompt_tokens: int = Field(default=20, ge=0, description="prompt tokens reported")
    plain_json: bool = Field(default=False, description="answers a streaming request with one JSON object")
    size_bytes: int = Field(default=0, ge=0, description="makes the answer at least so long")


NAMED: dict[str, Script] = {
    "instant": Script(),
    "thinker": Script(first_token_s=0.2, thinking_tokens=20, rate=40),
    "thinks-3s": Script(first_token_s=0.3, thinking_tokens=27, rate=10),
    "slow": Script(first_token_s=1.0, thinking_tokens=80, rate=10),
    "thinks-30s": Script(first_token_s=1.0, thinking_tokens=26, rate=1),
    "never-answers": Script(never_answers=True),
    "silent": Script(never_answers=True, silent_before_headers=True),
    "endless": Script(first_token_s=0.1, rate=20, endless=True),
    "stalls": Script(thinking_tokens=30, rate=20, stall_after=10),
    "cuts": Script(thinking_tokens=30, rate=100, cut_after=10),
    "cuts-at-once": Script(cut_after=0),
    "down": Script(status=503),
    "broken": Script(status=500),
    "limited": Script(status=429, retry_after="1"),
    "limited-once": Script(status=429, retry_after="1", error_times=1),
    "refuses": Script(status=400),
    "errors-inside": Script(thinking_tokens=5, error_after=2),
    "garbage": Script(thinking_tokens=5, garbage_after=2),
    "drips": Script(thinking_tokens=3, drip=True),
    "wrong-json": Script(answer='{"answer": 42, "extra": [1, 2'),
    "prose": Script(answer="Let me see. The short way is along the river, and it takes ten minutes."),
    "tags": Script(thinking_tokens=10, thinking_style="tags"),
    "no-finish": Script(finish_reason=None),
    "truncated": Script(answer='{"answer": "this goes on and', finish_reason="length"),
    "simulated-slow": Script(first_token_s=1.0, rate=5, endless=True),
}


class Book(BaseModel):
    """Scripts by the model's name; a model that has none plays `instant`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    models: dict[str, Script] = Field(default_factory=dict, description="scripts by the name of the model asked for")

    def find(self, model: str) -> Script:
        """Find the script of a model."""
        return self.models.get(model) or NAMED.get(model) or NAMED["instant"]


def example(schema: Any, depth: int = 0) -> Any:
    """Make a value that fits a simple schema: enough for a simulated model that was asked for JSON."""
    if not isinstance(schema, dict) or depth > 8:
        return "simulated"
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        names = schema.get("required") or list(schema.get("properties", {}))
        return {name: example(schema.get("properties", {}).get(name, {}), depth + 1) for name in names}
    if kind == "array":
        return [example(schema.get("items", {}), depth + 1) for _ in range(max(1, schema.get("minItems", 1)))]
    simple: dict[str, Any] = {
        "integer": schema.get("minimum", 1), "number": schema.get("minimum", 1.5), "boolean": True, "null": None,
    }  # fmt: skip
    return simple.get(kind, "a simulated answer".ljust(schema.get("minLength", 0), "."))
