"""A small classifier, trained once on a labelled data set itself: what small pictures are judged by, offline.

It is kept in the cache folder, by the data's fingerprint. Its features stand in for those of a network that has seen
photographs alone, and its labels tell what a picture shows.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional as F

from ganzoo.data.base import Batch, Data, Track, untracked
from ganzoo.errors import DataError
from ganzoo.files import cache_folder, write_bytes

VERSION = 1
"""Of the network and its training; raised when either changes, so that no old one is taken for a new one."""

SIDE = 32  # pixels: larger pictures are averaged down to this
_FEATURES, _SAMPLES, _BATCH, _STEPS, _TEST = 128, 20_000, 128, 500, 10_000


class ClassifierNetwork(nn.Module):
    """Pictures (N, C, H, W) in [-1, 1] to features (N, 128) and logits (N, classes)."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after, stride in ((channels, 32, 2), (32, 64, 2), (64, 64, 1)):
            layers += [nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        # the last norm has no gain: every feature has the same weight in a distance
        layers += [nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(64 * 16, _FEATURES, bias=False)]
        self.features = nn.Sequential(*layers, nn.BatchNorm1d(_FEATURES, affine=False), nn.ReLU())
        self.logits = nn.Linear(_FEATURES, classes)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        if images.shape[-1] > SIDE:
            images = F.interpolate(images, (SIDE, SIDE), mode="area")
        features = self.features(images)
        return features, self.logits(features)


@dataclass(frozen=True)
class Classifier:
    """A trained classifier.

    Attributes:
        network: in eval mode, on the CPU.
        accuracy: the share of test pictures that it labels right.
        hash: the start of its file's SHA-256, by which a score says what it was judged with.
    """

    network: ClassifierNetwork
    accuracy: float
    hash: str


def classifier_for(train: Data, test: Data, track: Track[Any] = untracked) -> Classifier:
    """The classifier of a data set, trained on its training split when there is none in the cache.

    Args:
        train: the prepared training split.
        test: the prepared test split, which tells how good the classifier is.
        track: shows progress.

    Raises:
        DataError: the data has no labels.
    """
    if test.spec.classes < 2:
        raise DataError(
            f"{type(test).__name__} has no labels to train a classifier on",
            hint="Judge by another extractor: --extractor inception, or evaluation.extractor in the recipe.",
        )
    name = f"{train.fingerprint()}-{test.fingerprint()}-v{VERSION}.safetensors"
    path = cache_folder() / "classifiers" / name
    if (found := _cached(path, test)) is not None:
        return found
    network, accuracy = train_classifier(train, test, track)
    write_bytes(path, save(network.state_dict(), metadata={"accuracy": repr(accuracy)}))
    return Classifier(network, accuracy, _hash(path))


def train_classifier(train: Data, test: Data, track: Track[Any] = untracked) -> tuple[ClassifierNetwork, float]:
    """Train on up to 20,000 pictures for 500 steps of 128, always the same; the network and its test accuracy.

    Fewer steps do where there are few pictures: 20 passes, and 50 steps at least.
    """
    rng = np.random.default_rng(0)
    chosen = rng.permutation(len(train))[:_SAMPLES]
    steps = min(_STEPS, max(50, 20 * len(chosen) // _BATCH))
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(0)
        network = ClassifierNetwork(train.spec.channels, train.spec.classes)
        optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)
        for indices in track(_shuffled(chosen, rng, steps), "training the classifier", steps):
            batch = train.batch(indices, rng)
            optimizer.zero_grad()
            F.cross_entropy(network(batch["image"])[1], batch["label"]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    network.eval().requires_grad_(False)
    return network, _accuracy(network, test)


def _shuffled(chosen: np.ndarray, rng: np.random.Generator, steps: int) -> list[list[int]]:
    """Batches of the chosen samples for all steps, each pass in an order of its own."""
    passes = -(-steps * _BATCH // len(chosen))
    order = np.concatenate([rng.permutation(chosen) for _ in range(passes)])[: steps * _BATCH]
    batches: list[list[int]] = order.reshape(steps, _BATCH).tolist()
    return batches


def _accuracy(network: ClassifierNetwork, test: Data) -> float:
    rng = np.random.default_rng(0)
    chosen = rng.permutation(len(test))[:_TEST].tolist()
    right = 0
    for start in range(0, len(chosen), 500):
        batch: Batch = test.batch(chosen[start : start + 500], rng)
        right += int((network(batch["image"])[1].argmax(1) == batch["label"]).sum())
    return right / len(chosen)


def _cached(path: Path, test: Data) -> Classifier | None:
    """The classifier in the file; None where there is none, or it is damaged."""
    with torch.device("meta"):
        network = ClassifierNetwork(test.spec.channels, test.spec.classes)
    try:
        with safe_open(path, framework="pt") as file:
            accuracy = float((file.metadata() or {})["accuracy"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no dict)
        network.load_state_dict(tensors, assign=True)
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError):
        return None
    return Classifier(network.eval().requires_grad_(False), accuracy, _hash(path))


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
