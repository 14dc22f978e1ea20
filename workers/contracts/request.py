"""What a caller submits, validated field by field; the limits are the outermost ones, settings may be stricter."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator

from workers.contracts.webhooks import Events, Url

MAX_INPUT_CHARS = 400_000
MAX_MESSAGES = 200
MAX_METADATA = 16
MAX_SCHEMA_DEPTH = 12
MAX_SCHEMA_BYTES = 32_768

MetadataKey = Annotated[str, StringConstraints(min_length=1, max_length=64)]
MetadataValue = Annotated[str, StringConstraints(max_length=512)]


class Message(BaseModel):
    """One chat message."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Literal["system", "user", "assistant"]
    content: Annotated[str, StringConstraints(max_length=MAX_INPUT_CHARS)]


def _whole(value: Any) -> Any:
    """Take `5.0` for 5: to JSON Schema both are integers."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Tokens = Annotated[int, Field(ge=1, le=1_000_000), BeforeValidator(_whole)]
Seed = Annotated[int, Field(ge=-(2**63), le=2**63 - 1), BeforeValidator(_whole)]


class Generation(BaseModel):
    """Parameters of the model's sampling; what is not given is left to the model's default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_output_tokens: Tokens | None = None
    seed: Seed | None = None
    stop: list[Annotated[str, StringConstraints(min_length=1, max_length=64)]] | None = Field(
        default=None, min_length=1, max_length=4
    )
    reasoning_effort: Literal["minimal", "low", "medium", "high"] | None = None


class JobRequest(Generation):
    """The body of `POST /v1/jobs`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    input: (
        Annotated[str, StringConstraints(min_length=1, max_length=MAX_INPUT_CHARS)]
        | Annotated[list[Message], Field(min_length=1, max_length=MAX_MESSAGES)]
    ) = Field(description="the query: a string, or chat messages of which the last is the user's")
    instructions: Annotated[str, StringConstraints(max_length=32_768)] | None = Field(
        default=None, description="how to answer; sent as the system message"
    )
    route: Literal["auto", "reasoning", "standard"] = Field(
        default="auto", description="`auto` lets the classifier decide"
    )
    model: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = Field(
        default=None, description="a model of the catalogue instead of the lane's own; not with `route: auto`"
    )
    answer_schema: dict[str, Any] | None = Field(
        default=None, alias="schema", description="JSON Schema of the wanted answer; by default an object with `answer`"
    )
    deadline_s: float | None = Field(
        default=None, ge=1, le=86_400, description="what the caller allows in all, in seconds from submission"
    )
    cache: Literal["use", "refresh", "off"] = "use"
    metadata: dict[MetadataKey, MetadataValue] = Field(default_factory=dict, max_length=MAX_METADATA)
    webhook_url: Url | None = Field(default=None, description="where to post how this job ends, signed")
    webhook_events: Events | None = Field(
        default=None, description="what to post there; by default how the job ends; only with `webhook_url`"
    )

    @field_validator("input")
    @classmethod
    def _ends_with_the_user(cls, value: str | list[Message]) -> str | list[Message]:
        if isinstance(value, str):
            if not value.strip():
                raise ValueError("must not be blank")
            return value
        if value[-1].role != "user" or not value[-1].content.strip():
            raise ValueError("the last message must be the user's and must not be blank")
        if sum(len(message.content) for message in value) > MAX_INPUT_CHARS:
            raise ValueError(f"all messages together may have at most {MAX_INPUT_CHARS} characters")
        return value

    @field_validator("webhook_events")
    @classmethod
    def _goes_somewhere(cls, value: Events | None, info: ValidationInfo) -> Events | None:
        if value is not None and info.data.get("webhook_url") is None:
            raise ValueError("needs a valid `webhook_url`")
        return value

    @property
    def messages(self) -> tuple[Message, ...]:
        """The conversation as chat messages, instructions first."""
        turns = (Message(role="user", content=self.input),) if isinstance(self.input, str) else tuple(self.input)
        if self.instructions:
            return (Message(role="system", content=self.instructions), *turns)
        return turns

    @property
    def query(self) -> str:
        """The text to classify: the last message of the user."""
        return self.input if isinstance(self.input, str) else self.input[-1].content

    @property
    def generation(self) -> Generation:
        """The sampling parameters alone."""
        return Generation(**{name: getattr(self, name) for name in Generation.model_fields})
