"""The Hugging Face Hub: publish a generator folder in one commit, and pull one back.

The only module that imports huggingface_hub, and only when it is used; its settings (``HF_TOKEN``, ``HF_HOME``,
``HF_ENDPOINT``, ``HF_HUB_OFFLINE``, ...) hold here as everywhere.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganzoo import card as cards
from ganzoo import space as spaces
from ganzoo.errors import GanzooError, HubError
from ganzoo.plugins import version
from ganzoo.publishable import FILES, content, is_published, prepared, sizes_of
from ganzoo.refusals import explained, log_in, status_of
from ganzoo.run import Run

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_NAME = re.compile(r"(?!.*\.\.)(?P<name>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@(?P<revision>[^\s@]+))?")
_LICENSE = re.compile(r"[a-z0-9][a-z0-9.-]*")


@dataclass(frozen=True)
class Published:
    """What a push did, or with ``dry_run`` would do.

    Attributes:
        folder: what was published; ``files``: the names of its files that went, with their sizes in bytes.
        url: where it is; ``commit``: its revision, empty when nothing was sent.
        card_kept: which card was edited by hand, and left as it is: ``on the Hub``, ``in the folder``, or none.
        license: what the card says; empty when none was ever given.
        space: the Space; empty when none was asked for.
    """

    folder: Path
    url: str
    files: Mapping[str, int]
    commit: str = ""
    card_kept: str = ""
    license: str = ""
    space: str = ""


@dataclass(frozen=True)
class _There:
    """What a repository on the Hub holds: its revision, the names of its files, and its card's text."""

    revision: str
    files: list[str] = field(default_factory=list)
    card: str = ""
    private: bool = False
    ours: bool = False


def push(
    source: Run | str | Path,
    repository: str,
    *,
    private: bool = False,
    revision: str | None = None,
    checkpoint: str = "latest",
    license: str = "",
    card: bool = False,
    space: bool = False,
    dry_run: bool = False,
) -> Published:
    """Publish a generator in one commit, making the repository when it is not there.

    Args:
        source: a run, its folder, or a generator folder.
        repository: ``OWNER/NAME``.
        private: make a private repository; one that is there and public is refused.
        revision: the branch to publish on, made when it is not there; by default ``main``.
        checkpoint: of a run: ``latest``, ``best`` or a step.
        license: of the weights, by the Hub's identifier (``apache-2.0``); by default the one of the card before.
        card: write the card anew, even when somebody edited it.
        space: publish the Space ``OWNER/NAME-demo``, too.
        dry_run: write the folder, and send nothing.

    Raises:
        CheckpointError: the source is no generator.
        HubError: the Hub refused, or cannot be reached; says what to do.
    """
    _check(repository, license)
    folder = prepared(source, checkpoint)
    if dry_run:
        kept = "" if cards.write(folder, repository, license, anew=card) else "in the folder"
        demo = spaces.name_of(repository) if space else ""
        return Published(folder, repository, sizes_of(folder), "", kept, _license(folder), demo)
    api = _api()
    with _told(f"publishing {repository}", api, writing=True):
        there = _made(api, repository, "model", private, revision)
        written = cards.write(folder, repository, license or cards.license_of(there.card), anew=card)
        by_hand = not card and _by_hand(there)
        kept = "on the Hub" if by_hand else "" if written else "in the folder"
        files = {name: content(folder / name) for name in sizes_of(folder) if not (by_hand and name == cards.NAME)}
        message = f"{cards.Facts.read(folder).config['model']}, published with ganzoo {version('ganzoo')}".strip()
        commit = _commit(api, repository, "model", files, there, revision, message)
    where = _push_space(api, folder, repository, private, card) if space else ""
    sizes = {name: size for name, size in sizes_of(folder).items() if name in files}
    return Published(folder, f"{api.endpoint}/{repository}", sizes, commit, kept, _license(folder), where)


def pull(name: str, out: str | Path | None = None) -> Path:
    """Fetch a published generator; what is in huggingface_hub's cache already is not fetched again.

    Args:
        name: ``OWNER/NAME``, or ``OWNER/NAME@REVISION`` with a branch, a tag or a commit.
        out: a folder to copy it to, which must not exist yet, or be empty; by default it stays in the cache.

    Returns:
        The folder, which :func:`ganzoo.load` takes.

    Raises:
        HubError: no such repository or revision, no generator in it, no network, or ``out`` is in use.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise HubError(f"'{name}' is no name on the Hub", hint="It is OWNER/NAME or OWNER/NAME@REVISION.")
    if out is not None and Path(out).exists() and (not Path(out).is_dir() or any(Path(out).iterdir())):
        raise HubError(f"{out} already holds something", hint="Choose another --out")
    api = _api()
    with _told(f"pulling {name}", api, writing=False):
        folder = Path(
            api.snapshot_download(
                found["name"], revision=found["revision"], allow_patterns=list(FILES), ignore_patterns=["*/*"]
            )
        )
    if not (folder / "config.json").is_file():
        raise HubError(f"{name} holds no generator: there is no config.json", hint="ganzoo push publishes one.")
    return folder if out is None else _copied(folder, Path(out))


def locate(source: str | Path) -> Path:
    """The folder that a SOURCE names: itself, or pulled when it is no folder here and reads ``OWNER/NAME``.

    Raises:
        HubError: it cannot be pulled.
    """
    if not is_remote(source):
        return Path(source)
    try:
        return pull(str(source))
    except HubError as error:
        raise HubError(f"there is no folder {source} here; {error.message}", hint=error.hint) from error


def is_remote(source: str | Path) -> bool:
    """Whether a SOURCE is a name on the Hub: a text such as ``OWNER/NAME`` that is no file or folder here."""
    return isinstance(source, str) and bool(_NAME.fullmatch(source)) and not Path(source).exists()


def hide_bars() -> None:
    """Have huggingface_hub show no progress in this process."""
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()


def _check(repository: str, license: str) -> None:
    found = _NAME.fullmatch(repository)
    if found is None or found["revision"]:
        raise HubError(f"'{repository}' is no name on the Hub", hint="It is OWNER/NAME; a branch goes into --revision.")
    if license and not _LICENSE.fullmatch(license):
        raise HubError(
            f"license '{license}': is none of the Hub's identifiers",
            hint="Such as apache-2.0, mit, cc-by-4.0, cc-by-nc-4.0, other",
        )


def _license(folder: Path) -> str:
    return cards.license_of((folder / cards.NAME).read_text(encoding="utf-8", errors="replace"))


def _api() -> HfApi:
    from huggingface_hub import HfApi

    return HfApi(library_name="ganzoo", library_version=version("ganzoo"))


def _made(api: HfApi, repository: str, kind: str, private: bool, revision: str | None = None) -> _There:
    """Make the repository, and the branch, unless they are there; what is in it.

    Raises:
        HubError: no token, or the repository is somebody's for something else, or public.
    """
    import huggingface_hub

    if huggingface_hub.get_token() is None:
        raise HubError("you are not logged in to the Hub", hint=log_in(api.endpoint))
    sdk = "gradio" if kind == "space" else None
    api.create_repo(repository, repo_type=kind, private=private or None, exist_ok=True, space_sdk=sdk)
    if revision:
        api.create_branch(repository, branch=revision, repo_type=kind, exist_ok=True)
    there = _look(api, repository, kind, revision)
    if private and not there.private:
        raise HubError(
            f"{repository} is there already, and public", hint="Make it private in its settings on the Hub first."
        )
    others = set(there.files) - {".gitattributes", cards.NAME}
    if others and not there.ours:
        raise HubError(
            f"{repository} is there already, and holds what ganzoo did not publish: {', '.join(sorted(others)[:5])}",
            hint="Choose another name.",
        )
    return there


def _look(api: HfApi, repository: str, kind: str, revision: str | None) -> _There:
    info: Any = api.repo_info(repository, repo_type=kind, revision=revision)
    files = [sibling.rfilename for sibling in info.siblings or []]

    def read(name: str) -> str:
        if name not in files:
            return ""
        path = api.hf_hub_download(repository, name, repo_type=kind, revision=info.sha)
        return Path(path).read_text(encoding="utf-8", errors="replace")

    ours = "ganzoo" in read("app.py" if kind == "space" else "config.json")
    return _There(str(info.sha), files, read(cards.NAME), bool(info.private), ours)


def _by_hand(there: _There) -> bool:
    """Whether a person wrote on the card; what the Hub itself puts into a new repository does not count."""
    if not there.card or not cards.is_edited(there.card):
        return False
    text = re.sub(r"\A---\n(.*\n)*?---\n|^Check out the configuration reference.*$", "", there.card, flags=re.M)
    return there.ours or bool(text.strip())


def _commit(
    api: HfApi,
    repository: str,
    kind: str,
    files: Mapping[str, Path | bytes],
    there: _There,
    revision: str | None,
    message: str,
) -> str:
    """Send the files, and remove what an earlier push left and this one has not, all in one commit; its revision."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    stale = [name for name in there.files if is_published(name) and name not in files and name != cards.NAME]
    operations: list[Any] = [CommitOperationAdd(name, content) for name, content in files.items()]
    operations += [CommitOperationDelete(name) for name in stale if kind == "model"]
    done = api.create_commit(
        repository,
        operations,
        commit_message=message,
        repo_type=kind,
        revision=revision,
        parent_commit=there.revision,  # somebody else's commit in between is refused, not overwritten
    )
    return str(done.oid)


def _push_space(api: HfApi, folder: Path, repository: str, private: bool, card: bool) -> str:
    name, facts = spaces.name_of(repository), cards.Facts.read(folder)
    texts = spaces.files(facts, repository, _license(folder))
    with _told(f"{repository} is published; its Space {name} is not", api, writing=True):
        there = _made(api, name, "space", private)
        kept = not card and _by_hand(there)
        files = {file: text.encode() for file, text in texts.items() if not (kept and file == cards.NAME)}
        _commit(api, name, "space", files, there, None, f"The demo of {repository}")
    return f"{api.endpoint}/spaces/{name}"


def _copied(folder: Path, out: Path) -> Path:
    """A pulled folder's files, themselves and no links, in a folder that is there whole or not at all."""
    beside = out.with_name(f".{out.name}.tmp")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        for path in folder.iterdir():
            if path.is_file() and is_published(path.name):
                shutil.copyfile(path, beside / path.name)
        if out.exists():
            out.rmdir()
        beside.rename(out)
    except OSError as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise HubError(f"{out}: cannot be written: {error.strerror}", hint="Choose another --out") from error
    return out


@contextmanager
def _told(doing: str, api: HfApi, *, writing: bool) -> Iterator[None]:
    """Turn what goes wrong with the Hub into one message that says what to do."""
    from huggingface_hub.errors import HfHubHTTPError

    transport: type[Exception] = HfHubHTTPError.__mro__[1]  # of httpx or httpx2, by the version of huggingface_hub
    try:
        yield
    except GanzooError:
        raise
    except (transport, OSError, RuntimeError, ValueError) as error:
        who = _whose(api) if writing and status_of(error) == 403 else ""
        raise explained(error, doing, api.endpoint, writing=writing, who=who) from error


def _whose(api: HfApi) -> str:
    """Whose token it is, as far as the Hub tells."""
    try:
        return str(api.whoami()["name"])
    except Exception:  # whatever it is, the error that is being explained is the one to tell
        return ""
