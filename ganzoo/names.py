"""Words for people: which name they may have meant, and text from strangers made harmless."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

# C0 but tab and line feed, delete, C1, the marks that turn the direction of writing, lone surrogates
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like ``name``, or None when nothing is near."""
    matches = difflib.get_close_matches(name[:200], list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``"did you mean 'x'?"``, or a list of what there is when nothing is near."""
    known = sorted(known)
    near = nearest(name, known)
    if near is not None:
        return f"did you mean '{near}'?"
    return f"there is: {', '.join(known)}" if known else "there is none"


def clean(text: object) -> str:
    """The text with what a terminal would obey replaced."""
    return _CONTROL.sub("\ufffd", str(text))
