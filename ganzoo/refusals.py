"""What goes wrong with the Hugging Face Hub, in words that say what to do.

Errors are known by their names, so that this needs no huggingface_hub, and holds for httpx and httpx2 alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from ganzoo.errors import HubError

_AGAIN = {
    True: "The Hub takes all files in one commit, so nothing is half-published; the same command goes on.",
    False: "Try again later; what was fetched is kept.",
}
"""Whether it was writing -> what to do when the fault is not the person's."""

_ALONE = (
    "Is there a network? What was pulled before needs none (HF_HUB_OFFLINE=1 does not even ask). A machine without one "
    "takes the folder that ganzoo pull OWNER/NAME --out FOLDER makes on another."
)


def explained(error: BaseException, doing: str, endpoint: str, *, writing: bool, who: str = "") -> HubError:
    """The error for a person.

    Args:
        error: what huggingface_hub raised.
        doing: what was tried, such as ``"publishing OWNER/NAME"``.
        endpoint: the Hub's address.
        writing: whether something was to be published.
        who: whose token it was, where that is known.
    """
    causes = list(_causes(error))
    names = {kind.__name__ for cause in causes for kind in type(cause).__mro__}
    statuses = [status for status in map(status_of, causes) if status]
    message, hint = str(error), _AGAIN[writing] if isinstance(error, OSError | RuntimeError) else ""
    if "OfflineModeIsEnabled" in names:
        message = f"offline mode is on, and {'nothing can be published' if writing else 'it is not in the cache'}"
        hint = "HF_HUB_OFFLINE=0 goes online."
    elif "RevisionNotFoundError" in names:
        message, hint = "the repository has no such revision", "A revision is a branch, a tag or a commit of it."
    elif statuses:
        message, hint = _refused(statuses[-1], message, endpoint, writing, who)
    elif any(isinstance(cause, json.JSONDecodeError) for cause in causes):
        message, hint = f"{endpoint} does not answer as the Hub does", _AGAIN[writing]
    elif "TransportError" in names:
        away = bool(names & {"ConnectError", "ConnectTimeout"})
        what = "cannot be reached" if away else "broke the connection off"
        message = f"{endpoint} {what}: {_said(causes[-1])}"
        hint = _ALONE if away and not writing else _AGAIN[writing]
    return HubError(f"{doing}: {message}", hint=hint)


def log_in(endpoint: str) -> str:
    """How a person gets a token that may do what was refused."""
    return f"hf auth login, or HF_TOKEN, with a token from {endpoint}/settings/tokens that may do this."


def status_of(error: BaseException) -> int:
    """The HTTP status that an error came with; 0 when it came with none."""
    return int(getattr(getattr(error, "response", None), "status_code", 0))


def _refused(status: int, said: str, endpoint: str, writing: bool, who: str) -> tuple[str, str]:
    """Of an answer with an error's status."""
    token = f"the token of '{who}'" if who else "this token"
    message, hint = f"the Hub refused (status {status}): {said}", ""
    if status == 401 and writing:
        message, hint = "the Hub does not know this token", log_in(endpoint)
    elif status == 403 and writing:
        message, hint = f"{token} may not write there", f"Choose a name of your own. {log_in(endpoint)}"
    elif status in (401, 403, 404):
        message = "there is no such repository, or it is not for you to see"
        hint = f"Look at the name. {log_in(endpoint)}"
    elif status in (409, 412):
        message, hint = "somebody else changed the repository at the same time", _AGAIN[writing]
    elif status == 429:
        message, hint = "the Hub takes no more requests for now", f"Wait some minutes. {_AGAIN[writing]}"
    elif status >= 500:
        message, hint = f"the Hub is out of order (status {status})", _AGAIN[writing]
    return message, hint


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__
