"""What a recipe can say: frozen pydantic models, from which the recipe reference in the docs is generated."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, PositiveInt, field_validator, model_validator

from ganzoo.config import Config


class Component(Config):
    """A registered name and the settings of what it stands for."""

    model_config = ConfigDict(extra="allow")

    type: str
    """A registered name; ``ganzoo list`` shows what there is. The other keys are that entry's own."""

    @property
    def options(self) -> dict[str, Any]:
        """Every key but ``type``."""
        return dict(self.model_extra or {})


class Optimizer(Config):
    """How a player's parameters are moved."""

    type: Literal["adam", "adamw", "rmsprop", "sgd"] = "adam"
    """The algorithm."""
    lr: float = Field(2e-4, gt=0.0)
    """Learning rate."""
    betas: tuple[float, float] = (0.5, 0.999)
    """Decay of Adam's and AdamW's two averages."""
    alpha: float = Field(0.99, ge=0.0, lt=1.0)
    """Decay of RMSprop's average."""
    momentum: float = Field(0.0, ge=0.0)
    """Momentum of SGD and RMSprop."""
    eps: float = Field(1e-8, gt=0.0)
    """Added to the denominator of Adam, AdamW and RMSprop."""
    weight_decay: float = Field(0.0, ge=0.0)
    """L2 penalty; decoupled for AdamW."""
    clip_norm: float = Field(0.0, ge=0.0)
    """The greatest norm of all of a player's gradients together; 0 does not clip."""

    @field_validator("betas")
    @classmethod
    def _are_fractions(cls, betas: tuple[float, float]) -> tuple[float, float]:
        if not all(0.0 <= beta < 1.0 for beta in betas):
            raise ValueError("each must be at least 0 and below 1")
        return betas


class Optimizers(Optimizer):
    """The optimizer of every player; a table by a player's name (``[optimizer.discriminator]``) overrides it."""

    model_config = ConfigDict(extra="allow")

    def overrides(self) -> dict[str, dict[str, Any]]:
        """Player -> the keys that differ for it."""
        return dict(self.model_extra or {})

    def of(self, player: str) -> Optimizer:
        """What one player uses."""
        common = self.model_dump(include=set(Optimizer.model_fields))
        return Optimizer.model_validate(common | self.overrides().get(player, {}))


class Schedule(Config):
    """How the learning rate changes: every player's ``lr`` is multiplied by one factor."""

    type: Literal["constant", "linear", "cosine"] = "constant"
    """``linear``: constant, then straight to 0; ``cosine``: constant, then half a cosine to ``final``."""
    constant_epochs: float = Field(0, ge=0)
    """Epochs before the decay begins."""
    decay_epochs: float = Field(0, ge=0)
    """Epochs of decay, by whole epochs as CycleGAN's official code does."""
    constant_steps: int = Field(0, ge=0)
    """Steps before the decay begins, where it is counted in steps."""
    decay_steps: int = Field(0, ge=0)
    """Steps of decay; when neither this nor ``decay_epochs`` is given, what is left of the training."""
    final: float = Field(0.0, ge=0.0, le=1.0)
    """The factor at the end of ``cosine``."""
    warmup_steps: int = Field(0, ge=0)
    """Steps over which the factor first rises from 0."""

    @model_validator(mode="after")
    def _has_one_unit(self) -> Self:
        if (self.constant_epochs or self.decay_epochs) and (self.constant_steps or self.decay_steps):
            raise ValueError("count the decay in epochs or in steps, not both")
        return self


class Ema(Config):
    """An exponential moving average of the published networks; sampling, evaluation and publishing use it."""

    half_life: float = Field(0.0, ge=0.0)
    """Images after which a weight's share in the average has halved; 0 keeps no average."""
    ramp: float = Field(0.05, ge=0.0)
    """Early on the half-life is at most this share of the images seen so far; 0 does not ramp."""


class Augment(Config):
    """What discriminators see in place of the pictures, real and fake alike."""

    policy: tuple[Literal["color", "translation", "cutout"], ...] = ()
    """DiffAugment's kinds of change (arXiv:2006.10738)."""
    instance_noise: float = Field(0.0, ge=0.0)
    """Standard deviation of noise added to pictures in [-1, 1] (arXiv:1610.04490)."""
    noise_steps: int = Field(0, ge=0)
    """Steps over which that noise fades to 0; 0 keeps it."""


class Train(Config):
    """How long, in what portions, and how often something is written."""

    epochs: Annotated[int, Field(gt=0, le=10**9)] | None = None
    """Passes over the data; give this or ``steps``."""
    steps: Annotated[int, Field(gt=0, le=10**12)] | None = None
    """Steps, each of one batch; give this or ``epochs``."""
    batch_size: int = Field(1, gt=0, le=2**20)
    """Samples in a batch, which several processes share out evenly among them."""
    accumulate: int = Field(1, gt=0, le=2**20)
    """Batches whose gradients are averaged into one step: as one batch of ``batch_size * accumulate``."""
    seed: int = Field(0, ge=0, lt=2**63)
    """Of weights, order, augmentation and noise."""
    sample_every: int = Field(500, ge=0)
    """Steps between sample grids; 0 draws one at the end alone."""
    sample_count: int = Field(0, ge=0, le=10_000)
    """Samples in a grid; 0 leaves the model's own choice."""
    checkpoint_every: int = Field(1000, ge=0)
    """Steps between checkpoints; 0 saves at the end alone."""
    log_every: PositiveInt = 50
    """Steps between lines of ``metrics.jsonl``."""
    keep_checkpoints: PositiveInt = 3
    """The newest checkpoints that are kept, beside the best."""
    trackers: tuple[str, ...] = ()
    """Registered trackers that follow the run, beside the run folder's own records."""

    @model_validator(mode="after")
    def _has_one_length(self) -> Self:
        if (self.epochs is None) == (self.steps is None):
            raise ValueError("give either 'epochs' or 'steps'")
        return self


class Evaluation(Config):
    """Scores during training."""

    every: int = Field(0, ge=0)
    """Steps between evaluations; 0 evaluates at the end alone."""
    metrics: tuple[str, ...] = ()
    """Registered metrics."""
    samples: int = Field(2048, gt=0, le=10_000_000)
    """Pictures that are drawn for the metrics that compare sets of pictures."""
    extractor: Literal["classifier", "inception"] = "classifier"
    """What such metrics judge by: a small classifier trained on the data's own labels, or torch-fidelity's."""
    weights: str = ""
    """The file of the inception's weights; by default they are fetched, once."""
    seed: int = Field(0, ge=0, lt=2**32)
    """Of the noise that pictures are drawn from for the metrics."""
    best: str = ""
    """The score (``"AtoB/psnr"``) whose best checkpoint is kept."""


class Runtime(Config):
    """Where and how it is computed."""

    device: str = "auto"
    """``auto`` takes a GPU where there is one; else ``cpu``, ``cuda``, ``cuda:1``, ``mps``."""
    precision: Literal["auto", "float32", "bf16"] = "auto"
    """``auto`` is bf16 autocast on GPUs that have it; penalties are always float32."""
    compile: bool = False
    """``torch.compile`` the networks that no penalty differentiates twice."""
    cuda_graphs: bool = False
    """Replay each turn as one CUDA graph: faster where a GPU waits for Python. Changes nothing on other devices."""
    channels_last: bool = False
    """Keep images and convolutions in NHWC order."""
    deterministic: bool = False
    """Only algorithms that give the same bits each time; slower on a GPU."""
    threads: int = Field(0, ge=0, le=1024)
    """CPU threads; 0 leaves torch's own choice."""
    batch_norm: Literal["sync", "local"] = "sync"
    """Whether batch norm takes its statistics over the batch of all processes, or each over its own share."""
    timeout: float = Field(1800.0, gt=0, le=10**6)
    """Seconds that a process waits for the others before it gives up; the first one's evaluation must take less."""


class Recipe(Config):
    """A whole recipe. Only ``model``, ``data``, ``networks`` and the length of the training have no default."""

    model: str
    """The model that is trained; ``ganzoo list models``."""
    data: Component
    """Where the batches come from."""
    networks: dict[str, Component]
    """A network for each role (``generator``), or for one network alone (``generator_AtoB``)."""
    loop: dict[str, Any] = Field(default_factory=dict)
    """The game's own settings."""
    loss: Component = Component(type="non-saturating")
    """The adversarial loss, for loops that let it be chosen."""
    penalty: Component = Component(type="none")
    """The penalty on the discriminator's gradient."""
    optimizer: Optimizers = Optimizers()
    schedule: Schedule = Schedule()
    ema: Ema = Ema()
    augment: Augment = Augment()
    train: Train
    evaluation: Evaluation = Evaluation()
    runtime: Runtime = Runtime()
