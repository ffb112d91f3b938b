"""The base of every typed ``Config``: what a registered class can be told in a recipe.

>>> class Config(ganzoo.Config):
...     filters: int = 64
...     channels: Annotated[int, FromData()] = 0     # 0: as the data has

Torch-free, so that recipes are read without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from ganzoo.spec import DataSpec

Width = Annotated[int, Field(gt=0, le=2**16)]
"""Channels of a layer, numbers in a vector: far more than any network has, and too few to be a danger."""

Count = Annotated[int, Field(ge=0, le=2**16)]
"""As :data:`Width`, or 0 for none, or for what the data has."""

Depth = Annotated[int, Field(ge=0, le=2**10)]
"""Layers or blocks in a row."""


@dataclass(frozen=True)
class FromData:
    """Marks a Config field that is filled in from the data when the recipe leaves it at its default.

    The field is named like the :class:`~ganzoo.spec.DataSpec` property it takes: ``channels``, ``size`` or ``classes``.
    ``field`` names another property.
    """

    field: str = ""


class Config(BaseModel):
    """Frozen, typed, unknown keys forbidden."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, validate_default=True)

    def filled(self, spec: DataSpec) -> Self:
        """A copy in which every :class:`FromData` field that was left at its default says what the data has."""
        blanks = {}
        for name, field in type(self).model_fields.items():
            marks = [mark for mark in field.metadata if isinstance(mark, FromData)]
            if marks and getattr(self, name) == field.default:
                blanks[name] = getattr(spec, marks[0].field or name)
        return self.model_copy(update=blanks) if blanks else self
