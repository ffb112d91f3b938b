"""Telling a person which name they may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like ``name``, or None when nothing is near."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``"did you mean 'x'?"``, or a list of what there is when nothing is near."""
    known = sorted(known)
    near = nearest(name, known)
    if near is not None:
        return f"did you mean '{near}'?"
    return f"there is: {', '.join(known)}" if known else "there is none"
