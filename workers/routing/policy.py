"""What a user sets: how much goes to reasoning, and what happens when the router is not sure.

Three ways to say it, all read from the curve that calibration stored in the artefact: by quality ("keep 98 % of
always-reasoning accuracy"), by budget ("at most 40 % to reasoning"), by threshold on p. Below the confidence floor the
policy decides instead of the router.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workers.contracts.errors import SettingsError
from workers.routing.artefact import THRESHOLD, Artefact, Calibration

Lane = Literal["reasoning", "standard"]
Setting = Literal["quality", "budget", "threshold"]
FLOOR = 0.5  # a lane that is as likely wrong as right is no decision


@dataclass(frozen=True, slots=True)
class Policy:
    """How to turn p into a lane.

    Attributes:
        setting: `quality`, `budget` or `threshold`.
        value: the part of always-reasoning accuracy to keep, the largest share to reasoning, or the lowest p that goes
            to reasoning; each from 0 to 1.
        floor: the lowest confidence with which the router decides itself.
        unsure: the lane of queries below the floor.
    """

    setting: Setting = "threshold"
    value: float = THRESHOLD
    floor: float = FLOOR
    unsure: Lane = "reasoning"

    def check(self) -> None:
        """Refuse a value outside 0 to 1.

        Raises:
            SettingsError: it is.
        """
        if not 0 <= self.value <= 1:
            raise SettingsError(f"the router's {self.setting} is {self.value:g}: allowed is 0 to 1")

    def threshold(self, artefact: Artefact) -> float:
        """Find the lowest p that goes to reasoning under this policy.

        Raises:
            SettingsError: a value outside 0 to 1, or quality is asked of an artefact whose calibration measured none.
        """
        self.check()
        if self.setting == "threshold":
            return self.value
        return price(self.setting, self.value, artefact.calibration).threshold


@dataclass(frozen=True, slots=True)
class Price:
    """What a setting costs, as calibration measured it.

    Attributes:
        threshold: the lowest p that goes to reasoning.
        share: of queries that go there.
        quality: accuracy as a part of always-reasoning accuracy; None when nothing was measured.
    """

    threshold: float
    share: float
    quality: float | None


def price(setting: Setting, value: float, calibration: Calibration) -> Price:
    """Tell what a setting means and costs on the calibration set.

    Raises:
        SettingsError: quality is asked of a calibration that measured none.
    """
    points = range(len(calibration.share))
    if setting == "quality":
        if not calibration.quality:
            raise SettingsError(
                "this artefact was calibrated without measured answers: it can be set by budget or by threshold, or run"
                " `thinkline router calibrate` on lines with standard_correct and reasoning_correct"
            )
        at = next((point for point in points if calibration.quality[point] >= value), points[-1])
    elif setting == "budget":
        at = max(point for point in points if calibration.share[point] <= value)
    else:
        at = max((point for point in points if calibration.threshold[point] >= value), default=0)
    return Price(
        threshold=value if setting == "threshold" else calibration.threshold[at],
        share=calibration.share[at],
        quality=calibration.quality[at] if calibration.quality else None,
    )
