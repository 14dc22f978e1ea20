"""What every part of the settings is: frozen, checked, and without unknown names."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Seconds = Annotated[float, Field(gt=0, le=604_800)]


class Section(BaseModel):
    """A part of the settings; unknown names in it are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)
