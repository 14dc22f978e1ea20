"""The three settings: what they mean on a calibration curve, and what they refuse."""

from __future__ import annotations

import pytest

from workers.contracts.errors import SettingsError
from workers.routing.artefact import Calibration
from workers.routing.policy import Policy, price

CURVE = Calibration(
    share=(0.0, 0.2, 0.5, 1.0), threshold=(1.01, 0.8, 0.4, 0.0), quality=(0.8, 0.95, 0.99, 1.0), measured_on="four"
)


@pytest.mark.parametrize(
    ("setting", "value", "threshold", "share"),
    [
        ("quality", 0.95, 0.8, 0.2),
        ("quality", 0.96, 0.4, 0.5),
        ("quality", 1.0, 0.0, 1.0),
        ("budget", 0.0, 1.01, 0.0),
        ("budget", 0.49, 0.8, 0.2),
        ("budget", 1.0, 0.0, 1.0),
        ("threshold", 0.8, 0.8, 0.2),
        ("threshold", 0.9, 0.9, 0.0),
        ("threshold", 0.3, 0.3, 0.5),
    ],
)
def test_each_setting_reads_the_curve(setting: str, value: float, threshold: float, share: float) -> None:
    """Quality is kept at the least cost, a budget is never exceeded, and a threshold is what it says."""
    found = price(setting, value, CURVE)
    assert (found.threshold, found.share) == (threshold, share)


def test_quality_needs_measured_answers() -> None:
    """Without them there is nothing to keep."""
    with pytest.raises(SettingsError, match="measured answers"):
        price("quality", 0.98, Calibration())


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_values_outside_0_to_1_are_refused(value: float) -> None:
    """The message names the setting and what is allowed."""
    with pytest.raises(SettingsError, match="0 to 1"):
        Policy("budget", value).check()
