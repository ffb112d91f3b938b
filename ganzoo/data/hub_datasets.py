"""Finding a data set of Parquet files, on the Hugging Face Hub or in a folder, by the package ``datasets``.

Nothing of a data set is run or unpickled: ``datasets`` finds and downloads, and Parquet alone is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganzoo.data.base import Track
from ganzoo.data.tables import MappedTable, StreamedTable, open_parquet, row_groups
from ganzoo.errors import DataError, GanzooError
from ganzoo.refusals import explained, log_in

_CONVERTED = 'The Hub converts many data sets to Parquet: --set data.revision="refs/convert/parquet".'


@dataclass(frozen=True)
class Source:
    """A data set that was found.

    Attributes:
        name: what messages call it.
        files: split -> its Parquet files, by path or by an address that has the commit in it; none where the network
            is out of reach and the splits were downloaded before.
        features: column -> its type, as ``datasets`` knows it.
        builder: downloads it.
        commit: of a data set on the Hub.
    """

    name: str
    files: Mapping[str, Sequence[str]]
    features: Mapping[str, Any]
    builder: Any
    commit: str = ""

    def of(self, split: str) -> Sequence[str]:
        """The files of a split."""
        if split not in self.files:
            raise DataError(f"{self.name}: there is no split '{split}'", hint=f"Splits are {', '.join(self.files)}.")
        return self.files[split]

    def mapped(self, split: str, columns: Sequence[str]) -> MappedTable:
        """The split, downloaded where it is not here yet, as files that are mapped into memory."""
        self.of(split)
        with told(f"preparing {self.name}"), _silent():
            self.builder.download_and_prepare()
            table = MappedTable(self.builder.as_dataset(split=split), columns)
        return table

    def streamed(self, split: str, columns: Sequence[str], keep: int, track: Track[Any]) -> StreamedTable:
        """The split, read where it is; ``keep`` rows stay in memory."""

        def check(file: str, schema: Any) -> None:
            missing = [column for column in columns if column not in schema.names]
            if missing:
                raise DataError(f"{file}: there is no column '{missing[0]}'", hint=_those(schema.names))

        files = self.of(split)
        if not files:
            raise DataError(f"{self.name}: the network is out of reach", hint="Without: --set data.streaming=false")
        with told(f"reading {self.name}"):
            return StreamedTable(files, row_groups(files, track, check), columns, keep)

    def column(self, name: str) -> Any:
        """The type of a column, as ``datasets`` knows it."""
        if name not in self.features:
            raise DataError(f"{self.name}: there is no column '{name}'", hint=_those(self.features))
        return self.features[name]

    def pictures_in(self, columns: Sequence[str]) -> None:
        """Raise a DataError where a column holds no encoded pictures."""
        import pyarrow as pa

        for name in columns:
            kind = _stored(self.column(name))
            if pa.types.is_struct(kind) and kind.get_field_index("bytes") >= 0:
                kind = kind.field("bytes").type
            if not (pa.types.is_binary(kind) or pa.types.is_large_binary(kind)):
                raise DataError(
                    f"{self.name}: column '{name}' holds no pictures, but {kind}", hint=_those(self.features)
                )

    def classes_of(self, column: str, names: Sequence[str]) -> tuple[str, ...]:
        """The classes of a label column in the order of their labels: its own, or ``names`` where it has none."""
        import pyarrow as pa

        kind = self.column(column)
        if not pa.types.is_integer(_stored(kind)):
            raise DataError(f"{self.name}: column '{column}' holds no labels, but {_stored(kind)}")
        classes = tuple(names or getattr(kind, "names", None) or ())
        if not classes:
            raise DataError(
                f"{self.name}: column '{column}' has numbers without names of classes",
                hint='Name them in the order of the numbers: --set \'data.class_names=["cat", "dog"]\'',
            )
        return classes

    def fingerprint(self, split: str) -> str:
        """16 hexadecimal digits over the commit and the split, or over names and sizes of files that are here."""
        digest = hashlib.sha256(f"{self.commit}\0{self.builder.config.name}\0{split}\n".encode())
        for file in () if self.commit else map(Path, self.of(split)):
            digest.update(f"{file.name}\0{file.stat().st_size}\n".encode())
        return digest.hexdigest()[:16]


def find(name: str, root: str, subset: str, revision: str) -> Source:
    """The data set ``OWNER/NAME`` on the Hub, or the one in the folder or file ``root`` where that is given.

    Raises:
        DataError: it is not there, not for this person to see, ambiguous, or of another format than Parquet.
    """
    try:
        import datasets
    except ImportError as error:
        raise DataError(
            "data of type 'hf-datasets' needs the package datasets, which is not installed",
            hint="pip install 'ganzoo[datasets]'",
        ) from error
    called = root or name
    here = Path(root).expanduser().resolve() if root else None
    if here is not None and not here.exists():
        raise DataError(f"{root}: no such folder or file", hint="Point data.root at Parquet files, or set data.name.")
    with told(f"finding {called}"), _silent():
        if here is not None and here.is_file():
            builder = datasets.load_dataset_builder("parquet", data_files={"train": [str(here)]})
        else:
            path = str(here) if here else f"hf://datasets/{name}"
            builder = datasets.load_dataset_builder(path, subset or None, revision=(not root and revision) or None)
        files = {str(split): list(map(str, those)) for split, those in (builder.config.data_files or {}).items()}
        if not files and not root:
            return _before(name, revision, builder)
        _check(called, files, f"{here.parent if here.is_file() else here}/" if here else f"hf://datasets/{name}@")
        features = builder.info.features or _features(datasets, next(iter(files.values()))[0])
    return Source(called, files, features, builder, "" if root else str(builder.hash))


def _before(name: str, revision: str, builder: Any) -> Source:
    """What was downloaded before, without a network: ``datasets`` takes the latest, whatever revision is asked for."""
    if revision and not builder.hash.startswith(revision):
        raise DataError(
            f"{name}: the network is out of reach, and commit {builder.hash}, which is here, may not be '{revision}'",
            hint=f"To take it: --set data.revision={builder.hash}",
        )
    return Source(name, {str(split): () for split in builder.info.splits}, builder.info.features, builder, builder.hash)


def _check(name: str, files: Mapping[str, Sequence[str]], inside: str) -> None:
    """Raise a DataError unless all files are Parquet, and lie where the data set does: its card may name any others."""
    those = [file for split in files.values() for file in split]
    if not those:
        raise DataError(f"{name}: there are no data files in it")
    for file in those:
        if not file.lower().endswith(".parquet"):
            raise DataError(f"{name}: its data is no Parquet, but {file.rpartition('/')[2]}", hint=_CONVERTED)
        if not file.startswith(inside) or ".." in file.split("/"):
            raise DataError(f"{name}: it names a file that is not its own: {file}")


def _features(datasets: Any, file: str) -> Mapping[str, Any]:
    with open_parquet(file) as opened:
        features: Mapping[str, Any] = datasets.Features.from_arrow_schema(opened.schema_arrow)
        return features


def _stored(feature: Any) -> Any:
    """The Arrow type that a feature is stored as; null where it is nothing that could be a picture or a label."""
    import pyarrow as pa

    if isinstance(feature, dict) and "bytes" in feature:  # a picture, written by a program that does not say so
        feature = feature["bytes"]
    return feature() if callable(feature) else pa.null()


def _those(columns: Any) -> str:
    return f"Columns are {', '.join(columns)}."


@contextmanager
def told(doing: str, kind: Callable[..., DataError] = DataError) -> Iterator[None]:
    """Turn whatever goes wrong inside into one DataError that says what to do."""
    try:
        yield
    except GanzooError:
        raise
    except Exception as error:  # of datasets, pyarrow, fsspec, huggingface_hub and what they stand on
        raise _explained(error, doing, kind) from error


def _explained(error: Exception, doing: str, kind: Callable[..., DataError]) -> DataError:
    from datasets.config import HF_ENDPOINT

    names = {cls.__name__ for cls in type(error).__mro__}
    first = next(iter(str(error).splitlines()), "") or type(error).__name__
    if "DatasetNotFoundError" in names:
        missing = first.startswith("Revision")
        hint = (
            "A revision is a branch, a tag or a commit of it."
            if missing
            else f"Look at the name. {log_in(HF_ENDPOINT)}"
        )
        return kind(f"{doing}: {first}", hint=hint)
    if "DataFilesNotFoundError" in names or "EmptyDatasetError" in names:
        return kind(f"{doing}: {first}", hint=_CONVERTED)
    if isinstance(error, ConnectionError):
        return kind(f"{doing}: {first}", hint="Is there a network? What was downloaded before is found without.")
    if isinstance(error, ValueError) and first.startswith(("BuilderConfig", "Config name")):
        said = " ".join(str(error).splitlines()[:2])
        return kind(f"{doing}: {said}", hint="Choose one of its subsets: --set data.subset=NAME")
    other = explained(error, doing, HF_ENDPOINT, writing=False)
    return kind(other.message, hint=other.hint)


@contextmanager
def _silent() -> Iterator[None]:
    """Without the progress bars of ``datasets``, which would be drawn into ganzoo's own."""
    import datasets

    shown = datasets.is_progress_bar_enabled()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            datasets.enable_progress_bars()
