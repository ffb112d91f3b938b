"""The conditional game."""

from __future__ import annotations

from typing import ClassVar

from ganzoo.adversarial import AdversarialLoop


class CGAN(AdversarialLoop):
    """The plain game with both players told the label: equation 2 of arXiv:1411.1784.

    A fake is made for the label of each real picture, and judged as a picture of that label. Sample grids have a row
    for each label, of the same noise.
    """

    preview_count: ClassVar = 100

    def setup(self) -> None:
        for name, network in self.networks.items():
            classes = int(getattr(network, "classes", 0))
            if classes != self.spec.classes or not classes:
                raise ValueError(
                    f"in a conditional GAN both networks are told the label: {name} takes {classes} labels, the data "
                    f"has {self.spec.classes}; ganzoo's own networks take them with networks.{name}.conditional = true"
                )
