"""What a stage asks of an upstream and what comes back while it streams."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from workers.contracts.job import Usage
from workers.contracts.request import Generation, Message

StructuredMeans = Literal["json_schema", "json_object", "tool", "instructions", "text"]


class ModelSpec(BaseModel):
    """One model of the catalogue."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="the catalogue's name, e.g. `deep`")
    upstream: str = Field(description="the upstream that serves it")
    model: str = Field(description="the name that the upstream knows, e.g. `o4-mini`")
    structured: StructuredMeans = Field(
        default="json_schema",
        description="the best means the model has for JSON: `json_schema`, `json_object`, `tool`, `instructions`,"
        " or `text` for a model that cannot do JSON (asked for it only when the caller gives a schema)",
    )
    input_usd_per_mtok: float = Field(default=0.0, ge=0, description="price of a million prompt tokens")
    output_usd_per_mtok: float = Field(default=0.0, ge=0, description="price of a million completion tokens")
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = Field(
        default="max_tokens", description="the field of the request that limits the answer"
    )
    max_output_tokens: int | None = Field(default=None, ge=1, description="sent when the caller gives no limit")
    system_role: Literal["system", "developer", "none"] = Field(
        default="system", description="how instructions are sent; `none` puts them before the first user message"
    )
    opens_in_thinking: bool = Field(
        default=False, description="true when replies begin inside thinking and only `</think>` is sent"
    )
    sampling: bool = Field(default=True, description="false for models that refuse temperature and top_p")
    extra_body: dict[str, Any] = Field(default_factory=dict, description="sent with every call, as it is")
    simulated: bool = Field(default=False, description="true for the scripted upstream: its answers are not a model's")

    def cost_usd(self, usage: Usage) -> float:
        """Price a usage in dollars."""
        return (
            usage.prompt_tokens * self.input_usd_per_mtok + usage.completion_tokens * self.output_usd_per_mtok
        ) / 1e6


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """How long one call may take and how much it may send."""

    first_token_s: float
    silence_s: float
    total_s: float
    reply_bytes: int = 4_000_000


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One call of one model. `body` adds what the structured means need (`response_format`, `tools`)."""

    model: ModelSpec
    messages: tuple[Message, ...]
    generation: Generation
    limits: StreamLimits
    body: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of a reply as it streams."""

    kind: Literal["thinking", "answer", "tool"]
    text: str


@dataclass(frozen=True, slots=True)
class End:
    """The end of a stream. `finish_reason` is None when the upstream gave none but closed the stream properly."""

    finish_reason: str | None
    usage: Usage
    tries: int = 1


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply: the visible text, the thinking, the arguments of a tool call if there was one."""

    text: str
    thinking: str
    tool_arguments: str | None
    finish_reason: str | None
    usage: Usage

    @property
    def truncated(self) -> bool:
        """Whether the model stopped at its token limit."""
        return self.finish_reason == "length"


@dataclass(frozen=True, slots=True)
class Ask:
    """How a structured answer is asked for: the messages to send and the body fields that go with them."""

    messages: tuple[Message, ...]
    body: dict[str, Any]
    answer_schema: dict[str, Any]
    default_schema: bool
    means: StructuredMeans


@dataclass(frozen=True, slots=True)
class StructuredAnswer:
    """JSON that fits the schema. `repaired` says that the text was not valid JSON as it came."""

    value: Any
    repaired: bool = False
