"""Reading a generator folder that anybody may have made. docs/format.md specifies it, docs/security.md says what holds.

Its config names registered networks, with settings inside generous bounds, and weights that lie in the folder; it
cannot name code. Everything is checked before memory is taken for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired

import torch
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, with_config
from torch import Tensor, nn
from typing_extensions import TypedDict

from ganzoo import weights
from ganzoo.errors import CheckpointError, RegistryError
from ganzoo.generators import pad_to
from ganzoo.pack import FORMAT
from ganzoo.plugins import plugins
from ganzoo.recipe.build import build_network
from ganzoo.recipe.schema import Component
from ganzoo.untrusted import bound, file_inside, read_json

MOST_CONFIG = 2**20
"""Bytes of ``config.json``."""
MOST_SETTING = 2**20
"""No number among a network's settings has a greater magnitude."""
MOST_ITEMS = 1000
"""Entries of a list or table among a network's settings."""
MOST_OUTPUT = 2**24
"""Numbers in one picture."""
MOST_SIDE = 2**14
"""Pixels a side of the pictures that a model was trained on."""
MOST_STRIDE = 2**12
"""Pixels to which a translator may have pictures extended."""

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$")]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
Text = Annotated[str, StringConstraints(max_length=200)]


class PublishedNetwork(BaseModel):
    """One network in ``config.json``."""

    model_config = ConfigDict(extra="ignore")
    network: Name
    plugin: Name
    version: Text = ""
    config: dict[str, Any]
    weights: Text

    @field_validator("config")
    @classmethod
    def _is_bounded(cls, config: dict[str, Any]) -> dict[str, Any]:
        bound(config, nesting=8, number=MOST_SETTING, items=MOST_ITEMS)
        if "type" in config:
            raise ValueError("'type' is no setting of a network")
        return config

    @field_validator("weights")
    @classmethod
    def _is_safetensors(cls, weights: str) -> str:
        if not weights.endswith(".safetensors"):
            raise ValueError(f"'{weights}' is no safetensors file")
        return weights


@with_config(ConfigDict(extra="ignore"))
class PublishedImage(TypedDict):
    """The pictures, or points, that a model was trained on."""

    channels: Annotated[int, Field(ge=1, le=MOST_SIDE)]
    size: NotRequired[Annotated[int, Field(ge=0, le=MOST_SIDE)]]
    class_names: NotRequired[Annotated[list[Text], Field(max_length=100_000)]]


class PublishedConfig(BaseModel):
    """What ``config.json`` of a generator folder says."""

    model_config = ConfigDict(extra="ignore")
    format: int
    model: Name
    step: Annotated[int, Field(ge=0, le=2**53)] = 0
    inference: Literal["eval", "train"] = "eval"
    image: PublishedImage
    networks: Annotated[dict[Key, PublishedNetwork], Field(min_length=1, max_length=64)]


def read_config(folder: Path) -> PublishedConfig:
    """What the folder's ``config.json`` says.

    Raises:
        CheckpointError: there is none, or it is not one that this ganzoo reads.
    """
    path = folder / "config.json"
    if not path.is_file():
        raise CheckpointError(
            f"{folder}: neither a run folder nor a generator folder: there is no config.json",
            hint="A run folder is what ganzoo train makes; a generator folder is the folder generator/ inside it.",
        )
    try:
        found = read_json(file_inside(folder, path.name), MOST_CONFIG)
        if isinstance(found, dict) and type(found.get("format")) is int and found["format"] != FORMAT:
            raise CheckpointError(
                f"{path}: format {found['format']}, and this ganzoo reads {FORMAT}", hint="Upgrade ganzoo."
            )
        return PublishedConfig.model_validate(found, strict=True)
    except (ValueError, OSError) as error:
        raise CheckpointError(f"{path}: is not a generator's config: {reason(error)}") from error


def load_network(folder: Path, config: PublishedConfig, key: str) -> nn.Module:
    """Build one of the networks without memory, see that it fits its weights and its task, and map them into it.

    Raises:
        CheckpointError: it does not fit. RegistryError: no installed plugin supplies it; says which does.
    """
    entry = config.networks[key]
    try:
        path = file_inside(folder, entry.weights)
        header = weights.read_header(path)
    except (ValueError, OSError) as error:
        raise CheckpointError(f"{folder}: weights of '{key}': {reason(error)}") from error
    network = _built(folder, entry, header)
    try:
        weights.require_fit(header, network)
        _rehearse(network, key, config.image)
        weights.load(path, network)
    except (ValueError, OSError) as error:
        raise CheckpointError(f"{path}: cannot be loaded into '{entry.network}': {reason(error)}") from error
    return network.requires_grad_(False)


def reason(error: Exception) -> str:
    """An error's words, those of pydantic shortened to a line for each problem."""
    if isinstance(error, ValidationError):
        problems = [f"{'.'.join(map(str, item['loc']))[:100]}: {item['msg'][:300]}" for item in error.errors()[:5]]
        return "\n".join(problems)
    return str(error)[:1000] or type(error).__name__


def _built(folder: Path, entry: PublishedNetwork, header: weights.Header) -> nn.Module:
    try:
        plugins().get("network", entry.network)
    except RegistryError as error:
        raise RegistryError(
            error.message,
            hint=f"The folder says that '{entry.plugin}' supplies it: pip install {entry.plugin}\n"
            "A plugin is code: install it only if you trust those who publish it.",
        ) from error
    try:
        with weights.within(header):
            return build_network(Component.model_validate({"type": entry.network, **entry.config}), plugins())
    except Exception as error:  # a plugin's class, told a stranger's settings, can raise anything
        raise CheckpointError(f"{folder}/config.json: network '{entry.network}': {reason(error)}") from error


def _rehearse(network: Any, key: str, image: PublishedImage) -> None:
    """Have the network work once on the meta device; raise a ValueError unless it does what its key says."""
    network.eval()
    try:
        with torch.no_grad(), torch.device("meta"):
            made = _sampled(network) if key == "sample" else _translated(network, image)
    except Exception as error:  # as above
        task = "make pictures from noise" if key == "sample" else "translate pictures"
        raise ValueError(f"the network does not {task}: {reason(error)}") from error
    is_point = key == "sample" and made.dim() == 2
    if not is_point and (made.dim() != 4 or made.shape[1] not in (1, 3)):
        raise ValueError(f"the network makes {'x'.join(map(str, made.shape[1:]))}, and not pictures")
    if made[0].numel() > MOST_OUTPUT:
        raise ValueError(f"the network makes pictures of {made[0].numel():,} numbers (at most {MOST_OUTPUT:,})")


def _sampled(network: Any) -> Tensor:
    bound(network.latent_shape, number=MOST_SETTING, items=8)
    z = torch.zeros(2, *network.latent_shape)
    if z.numel() > MOST_OUTPUT:
        raise ValueError("its latents are out of all bounds")
    labels = torch.zeros(2, dtype=torch.int64)
    made: Tensor = network(z, labels) if getattr(network, "classes", 0) else network(z)
    return made


def _translated(network: Any, image: PublishedImage) -> Tensor:
    stride, least = int(getattr(network, "stride", 1)), int(getattr(network, "least", 1))
    if not 1 <= max(stride, least) <= MOST_STRIDE:
        raise ValueError(f"it takes pictures in steps of {max(stride, least):,} pixels (at most {MOST_STRIDE:,})")
    pictures = torch.zeros(1, image["channels"], *[min(image.get("size") or 64, 1024)] * 2)
    extended = pad_to(pictures, stride, least)
    made: Tensor = network(extended)
    if made.shape[2:] != extended.shape[2:]:
        raise ValueError("its pictures are of another size than those it is given")
    return made
