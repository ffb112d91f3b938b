"""From names to objects: the only place where a recipe's components are made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils.parametrizations import spectral_norm

from ganzoo.data.base import Data
from ganzoo.loop import TrainingLoop
from ganzoo.metrics.base import Metric
from ganzoo.plugins import Plugins
from ganzoo.recipe.parse import SPECTRAL_NORM, role
from ganzoo.recipe.schema import Component, Evaluation, Recipe
from ganzoo.spec import DataSpec


def build_data(recipe: Recipe, plugins: Plugins) -> Data:
    """The training split of the recipe's data, not prepared."""
    data: Data = _build("data", recipe.data, plugins)
    return data


def fill_from_data(recipe: Recipe, spec: DataSpec, plugins: Plugins) -> Recipe:
    """The recipe with every setting that only the data can tell (channels, size, classes) filled in."""
    networks = {name: _filled("network", component, spec, plugins) for name, component in recipe.networks.items()}
    return recipe.model_copy(update={"networks": networks})


def build_loop(recipe: Recipe, spec: DataSpec, plugins: Plugins) -> TrainingLoop:
    """The loop with its networks, loss and penalty, initialised with torch's random state as it is."""
    loop_class = loop_class_of(recipe.model, plugins)
    networks = {
        name: build_network(recipe.networks[role_of(name, recipe)], plugins) for name in loop_class.network_names()
    }
    loss = _build("loss", recipe.loss, plugins)
    penalty = _build("penalty", recipe.penalty, plugins)
    return loop_class(loop_class.Config(**recipe.loop), networks, spec, loss, penalty)


def build_network(component: Component, plugins: Plugins) -> nn.Module:
    """One network, spectrally normalised where its table says so."""
    options = component.options
    normalised = options.pop(SPECTRAL_NORM, False)
    network: nn.Module = _build("network", Component(type=component.type, **options), plugins)
    if normalised:
        for layer in list(network.modules()):
            if isinstance(layer, nn.Linear | _ConvNd):
                spectral_norm(layer)
    return network


def build_metric(name: str, settings: Evaluation, plugins: Plugins) -> Metric:
    """A metric, with those of the evaluation's settings that it has fields for."""
    target: type[Metric] = plugins.load("metric", name)
    known = target.Config.model_fields
    return target(target.Config(**{key: value for key, value in settings if key in known}))


def loop_class_of(model: str, plugins: Plugins) -> type[TrainingLoop]:
    """The loop that a model is played with."""
    entry = plugins.get("model", model)
    loop_class: type[TrainingLoop] = plugins.load("loop", entry.details.get("loop", model))
    return loop_class


def role_of(network: str, recipe: Recipe) -> str:
    """The name of the recipe's table that a network is built from."""
    return role(network, recipe.networks) or network


def _build(kind: str, component: Component, plugins: Plugins) -> Any:
    target = plugins.load(kind, component.type)
    return target(target.Config(**component.options))


def _filled(kind: str, component: Component, spec: DataSpec, plugins: Plugins) -> Component:
    options = component.options
    reserved = {SPECTRAL_NORM: options.pop(SPECTRAL_NORM)} if SPECTRAL_NORM in options else {}
    config = plugins.load(kind, component.type).Config(**options)
    filled: Mapping[str, Any] = config.filled(spec).model_dump()
    return Component(type=component.type, **filled, **reserved)
