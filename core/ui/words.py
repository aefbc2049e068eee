"""Numbers and names as a reader meets them."""

import math
import re
from collections.abc import Callable

from core.models import Metric

SPACE = "\N{NARROW NO-BREAK SPACE}"


def percent(share: float, digits: int = 0) -> str:
    """A share (0 to 1) in percent; what is neither none nor all is never rounded to it."""
    if math.isnan(share):
        return "n/a"
    smallest = 10.0**-digits
    if 0 < 100 * share < smallest / 2:
        return f"<{smallest:.{digits}f}{SPACE}%"
    if 100 - smallest / 2 < 100 * share < 100:
        return f">{100 - smallest:.{digits}f}{SPACE}%"
    return f"{100 * share:.{digits}f}{SPACE}%"


def score(value: float) -> str:
    """A metric between 0 and 1 as it is printed in papers: .934."""
    return f"{value:.3f}".removeprefix("0")


def interval(metric: Metric | None, write: Callable[[float], str] = score) -> str:
    """A metric with its 95 % interval; `write` turns a value into text.

    An interval without width is left out: resampling a few films that were all called right tells
    nothing of others.
    """
    if metric is None or math.isnan(metric.value):
        return "not measured"
    if metric.low is None or metric.high is None or metric.low == metric.high:
        return write(metric.value)
    return f"{write(metric.value)} ({write(metric.low)} to {write(metric.high)})"


def plain(text: str) -> str:
    """Text from outside, so that Markdown shows it letter by letter."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|~$:<>])", r"\\\1", text)


def duration(seconds: float) -> str:
    """A time that someone waited, in seconds or milliseconds."""
    if seconds < 1:
        return f"{1000 * seconds:.0f}{SPACE}ms"
    return f"{seconds:.1f}{SPACE}s"


def span(seconds: float) -> str:
    """A time to be waited, to two units: 45 s, 12 min, 2 h 05 min, 3 d 4 h."""
    if math.isnan(seconds) or math.isinf(seconds):
        return "unknown"
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}{SPACE}s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes}{SPACE}min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}{SPACE}h {minutes:02d}{SPACE}min"
    return f"{hours // 24}{SPACE}d {hours % 24}{SPACE}h"
