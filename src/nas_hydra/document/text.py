"""How numbers, shares, durations and sizes are written, in the whole program."""

import math

ARROW = "\N{RIGHTWARDS ARROW}"


def number(value: float, digits: int = 4) -> str:
    """``0.9713``, ``38,310``, ``1.2e+07``: four digits, or all of them before the point."""
    if isinstance(value, int) or 1000 <= abs(value) < 1e9:
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def rounded(value: float) -> str:
    """A difference or a deviation: two digits that matter, ``0.0034``, ``990``, ``1,200``."""
    return number(float(f"{value:.2g}"))


def share(part: float) -> str:
    """``12 %``; a few that are not none are ``<1 %``."""
    return "<1 %" if 0 < part < 0.005 else f"{part:.0%}".replace("%", " %")


def percent(change: float) -> str:
    """A relative change: ``+1.2 %``, ``-22 %``."""
    digits = 1 if abs(change) < 0.0995 else 0
    return f"{change:+.{digits}%}".replace("%", " %") if change else "\N{PLUS-MINUS SIGN}0 %"


def signed(value: float) -> str:
    """A difference: ``+0.013``; none is ``±0``."""
    if abs(value) >= 1000 and math.isfinite(value):
        return f"{value:+,.0f}" if abs(value) < 1e9 else f"{value:+.3g}"
    return f"{value:+.3g}" if value else "\N{PLUS-MINUS SIGN}0"


def duration(seconds: float) -> str:
    """``0.42 s``, ``42 s``, ``7 min 05 s``, ``3 h 20 min``."""
    if seconds < 10:
        return f"{seconds:.2g} s"
    minutes, rest = divmod(math.floor(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours:,} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def byte_size(amount: float) -> str:
    """``1.5 GB``, in powers of 1000."""
    for unit, sign in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if amount >= 0.9995 * unit:  # which three digits round up to it
            return f"{amount / unit:.3g} {sign}"
    return f"{amount:.0f} B"


def amount(cost: float, unit: str) -> str:
    """``1.5 PFLOPs``, ``76 train_seconds``: a cost in its unit, operations in powers of 1000."""
    if unit != "flops":
        return f"{number(cost)} {unit}"
    for size, sign in ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M")):
        if cost >= 0.9995 * size:
            return f"{cost / size:.3g} {sign}FLOPs"
    return f"{cost:,.0f} FLOPs"


def change(before: str, after: str) -> str:
    """``16 → 32``."""
    return f"{before} {ARROW} {after}"


def counted(count: int, one: str, many: str = "") -> str:
    """``1 trial``, ``1,200 trials``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
