"""Figures as people read them; a dash where there is none."""

from __future__ import annotations

NONE = "\N{EN DASH}"


def as_share(value: float | None, decimals: int = 1) -> str:
    return NONE if value is None else f"{100 * value:.{decimals}f} %"


def as_figure(value: float | None) -> str:
    return NONE if value is None else f"{value:.3f}"


def as_milliseconds(seconds: float | None) -> str:
    if seconds is None:
        return NONE
    return f"{1000 * seconds:.0f} ms" if seconds >= 0.001 else "< 1 ms"


def as_minute(moment: str) -> str:
    """A moment of ISO 8601, in UTC, to the minute."""
    return f"{moment[:10]} {moment[11:16]} UTC"


def as_duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} minutes"
