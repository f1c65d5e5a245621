from __future__ import annotations

import math
from datetime import date

import pytest

from tradinglab.report.scales import Scale, date_ticks, fit, number_ticks


def test_even_scale_maps_its_ends_to_zero_and_one() -> None:
    scale = Scale(50.0, 150.0)
    assert (scale(50), scale(100), scale(150)) == (0.0, 0.5, 1.0)


def test_log_scale_puts_equal_ratios_at_equal_distances() -> None:
    scale = Scale(1.0, 100.0, log=True)
    assert scale(10) == pytest.approx(0.5)


def test_fit_shows_every_value_and_keeps_an_included_edge() -> None:
    scale = fit([-0.2, -0.1], include=(0.0,))
    assert scale.high == 0.0
    assert scale.low < -0.2


@pytest.mark.parametrize("values", [[], [math.nan], [5.0], [5.0, 5.0], [0.0]])
def test_fit_makes_a_scale_of_anything(values: list[float]) -> None:
    scale = fit(values)
    assert scale.high > scale.low
    assert number_ticks(scale, 5)


def test_ticks_are_round_and_inside() -> None:
    ticks = number_ticks(Scale(96_000, 131_000), 5, "money")
    assert [tick.label for tick in ticks] == ["100k", "110k", "120k", "130k"]
    assert all(0 <= tick.at <= 1 for tick in ticks)


def test_labels_of_small_steps_differ() -> None:
    labels = [tick.label for tick in number_ticks(Scale(100_000, 100_040), 4, "money")]
    assert len(set(labels)) == len(labels)


def test_percent_labels_use_a_true_minus() -> None:
    assert [tick.label for tick in number_ticks(Scale(-0.4, 0.0), 4, "percent")] == [
        "−40%",
        "−30%",
        "−20%",
        "−10%",
        "0%",
    ]


def test_log_ticks_take_one_two_five() -> None:
    ticks = number_ticks(fit([95_000, 1_100_000], log=True), 5, "money")
    assert [tick.label for tick in ticks] == ["100k", "200k", "500k", "1M"]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2013, 10, 7), date(2013, 10, 11)),
        (date(2012, 12, 20), date(2013, 2, 1)),
        (date(2012, 1, 3), date(2013, 3, 1)),
        (date(2000, 3, 1), date(2013, 3, 1)),
        (date(1980, 1, 1), date(2026, 1, 1)),
    ],
)
def test_a_time_axis_has_a_handful_of_ticks(first: date, last: date) -> None:
    ticks = date_ticks(first, last)
    assert 2 <= len(ticks) <= 12
    assert all(0 <= tick.at <= 1 for tick in ticks)
    assert [tick.at for tick in ticks] == sorted(tick.at for tick in ticks)
