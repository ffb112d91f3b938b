"""What pictures are turned into before sets of them are compared: the features of a named extractor.

Features are computed once for each evaluation, however many metrics use them: they are remembered for as long as the
generators, or the data, are there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor, nn

from ganzoo.data.base import Data, Track, untracked
from ganzoo.errors import DataError
from ganzoo.files import cache_folder
from ganzoo.generators import Generators
from ganzoo.metrics.classifier import SIDE, Classifier, classifier_for
from ganzoo.scores import Protocol

T = TypeVar("T")
ExtractorName = Literal["classifier", "inception"]

INCEPTION_SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
_BATCH = 64


class Features(NamedTuple):
    """Of N pictures, on the CPU: ``features`` (N, D), ``logits`` (N, classes) and ``labels`` (N,) or (0,)."""

    features: Tensor
    logits: Tensor
    labels: Tensor


class Extractor:
    """A network that pictures (N, C, H, W) in [-1, 1] are judged by, as they are when saved with 8 bits.

    Attributes:
        protocol: its name, the hash of its weights, and how it resizes.
    """

    def __init__(self, network: nn.Module, protocol: Protocol, *, takes_bytes: bool) -> None:
        self.network, self.protocol, self.takes_bytes = network.eval(), protocol, takes_bytes

    @torch.no_grad()
    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Features (N, D) and logits (N, classes), on the CPU."""
        levels = quantised(images)
        if self.takes_bytes:
            levels = levels.expand(-1, 3, -1, -1) if levels.shape[1] == 1 else levels
        network = self.network.to(images.device)
        features, logits = network(levels if self.takes_bytes else levels.float() / 127.5 - 1)
        return features.float().cpu(), logits.float().cpu()


def quantised(images: Tensor) -> Tensor:
    """[-1, 1] to uint8, as a saved picture has it."""
    return images.float().nan_to_num(-1.0).add(1.0).mul(127.5).round().clamp(0, 255).byte()


def extractor_for(name: ExtractorName, test: Data, weights: str = "", track: Track[Any] = untracked) -> Extractor:
    """The extractor of that name; ``classifier`` is trained for the data when there is none yet.

    Args:
        name: registered nowhere: there are these two.
        test: the prepared test split.
        weights: the file of the inception's weights; by default it is fetched, once.
        track: shows progress.

    Raises:
        DataError: it does not go with this data, or is not installed.
    """
    if name == "inception":
        return remembered(test, (name, weights), lambda: _inception(Path(weights) if weights else None))
    return remembered(test, name, lambda: _of_classifier(classifier_of(test, track), test.spec.size))


def classifier_of(test: Data, track: Track[Any] = untracked) -> Classifier:
    """The classifier of the data that ``test`` is the prepared test split of."""
    return remembered(test, "classifier of", lambda: classifier_for(training_split(test, track), test, track))


def training_split(test: Data, track: Track[Any] = untracked) -> Data:
    """The prepared training split that belongs to a test split."""

    def prepared() -> Data:
        train = type(test)(test.config, "train")
        train.prepare(track)
        return train

    return remembered(test, "train", prepared)


def share_training_split(test: Data, train: Data) -> None:
    """Let :func:`training_split` give a prepared split that is there already."""
    remembered(test, "train", lambda: train)


def fake_features(
    generators: Generators, output: str, test: Data, extractor: Extractor, n: int, seed: int, track: Track[Any]
) -> Features:
    """Of ``n`` pictures from noise (``output`` is "sample"), or of the translations of up to ``n`` test pictures."""

    def work() -> Features:
        batches = (
            generators.drawn(n, seed, batch=_BATCH) if output == "sample" else _translated(generators, output, test, n)
        )
        total = -(-n // _BATCH)
        return _gathered(extractor, track(batches, f"drawing pictures ({output})", total))

    return remembered(generators, (output, n, seed, str(extractor.protocol)), work)


def real_features(
    data: Data, key: str, extractor: Extractor, n: int, device: torch.device, track: Track[Any]
) -> Features:
    """Of up to ``n`` pictures of the prepared ``data``, under the ``key`` of its batches; always the same ones."""

    def work() -> Features:
        batches = ((batch[key].to(device), batch.get("label")) for batch in _batches(data, n))
        return _gathered(extractor, track(batches, f"reading pictures ({data.split})", -(-min(n, len(data)) // _BATCH)))

    return remembered(data, (key, n, str(extractor.protocol)), work)


_memory: WeakKeyDictionary[Any, dict[Any, Any]] = WeakKeyDictionary()


def remembered(owner: object, key: object, make: Callable[[], T]) -> T:
    """What ``make`` gave for this owner and key; forgotten with the owner."""
    known = _memory.setdefault(owner, {})
    if key not in known:
        known[key] = make()
    found: T = known[key]
    return found


def _gathered(extractor: Extractor, batches: Iterable[tuple[Tensor, Tensor | None]]) -> Features:
    parts = []
    for images, labels in batches:
        parts.append((*extractor(images), torch.empty(0, dtype=torch.int64) if labels is None else labels.cpu()))
    return Features(*(torch.cat(column) for column in zip(*parts, strict=True)))


def _translated(generators: Generators, direction: str, test: Data, n: int) -> Iterator[tuple[Tensor, None]]:
    source = direction.split("to", maxsplit=1)[0]
    for batch in _batches(test, n):
        yield generators.translate(batch[source], direction), None


def _batches(data: Data, n: int) -> Iterator[dict[str, Tensor]]:
    """Up to ``n`` samples, drawn without replacement: a test split may be sorted by class."""
    rng = np.random.default_rng(0)
    chosen = rng.permutation(len(data))[:n].tolist()
    for start in range(0, len(chosen), _BATCH):
        yield data.batch(chosen[start : start + _BATCH], rng)


def _of_classifier(classifier: Classifier, size: int) -> Extractor:
    protocol: Protocol = {
        "extractor": "classifier",
        "extractor_hash": classifier.hash,
        "extractor_accuracy": round(classifier.accuracy, 4),
        "resizer": f"area-{SIDE}" if size > SIDE else "none",
    }
    return Extractor(deepcopy(classifier.network), protocol, takes_bytes=False)


def _inception(weights: Path | None) -> Extractor:
    """The network of arXiv:1512.00567 as TensorFlow's FID had it, by torch-fidelity: features 2048, logits unbiased."""
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3, FeatureExtractorInceptionV3
    except ImportError as error:
        raise DataError(
            "the extractor 'inception' needs torch-fidelity, which is not installed",
            hint="pip install 'ganzoo[metrics]'",
        ) from error
    file = _checked(weights) if weights else _fetched(URL_INCEPTION_V3)
    with torch.random.fork_rng(devices=[]):  # it draws weights before it reads them
        network = FeatureExtractorInceptionV3(
            "inception-v3-compat", ["2048", "logits_unbiased"], feature_extractor_weights_path=str(file)
        )
    protocol: Protocol = {
        "extractor": "inception",
        "extractor_hash": INCEPTION_SHA256[:12],
        "resizer": "tensorflow-1-bilinear-299",
    }
    return Extractor(network, protocol, takes_bytes=True)


def _fetched(url: str) -> Path:
    """The published weights, from the cache folder or else from where torch-fidelity has them."""
    path = cache_folder() / url.rpartition("/")[2]
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(url, str(path), hash_prefix=INCEPTION_SHA256)
        except (OSError, RuntimeError) as error:
            raise DataError(
                f"the inception's weights cannot be fetched: {error}",
                hint=f"Fetch {url} elsewhere, and name the file: --weights FILE",
            ) from error
    return _checked(path)


def _checked(path: Path) -> Path:
    """The file, when it is the published one: torch-fidelity would run what another one says."""
    try:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    if found != INCEPTION_SHA256:
        raise DataError(
            f"{path}: not the published weights of the inception (its SHA-256 is {found[:12]}..., not "
            f"{INCEPTION_SHA256[:12]}...)",
            hint="They are torch-fidelity's weights-inception-2015-12-05-6726825d.pth",
        )
    return path
