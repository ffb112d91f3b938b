"""The model card: ``README.md`` of a generator folder, filled in from what else lies in that folder.

What comes from files is escaped: a card can neither run a script nor break out of its tables and fences. Torch-free.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganzoo.files import write_text
from ganzoo.markdown import code, escaped, fence, front_matter, one_line, plain, table
from ganzoo.scores import in_words, read_scores, with_baselines
from ganzoo.untrusted import parse_toml, read_json, read_text

NAME = "README.md"
_MARK = re.compile(r"<!-- ganzoo card ([0-9a-f]{64}): .*? -->")


@dataclass(frozen=True)
class Scores:
    """The scores of one protocol, of one step.

    Attributes:
        id: the protocol's name; ``protocol``: all that it says.
        step: of the training; ``values``: name and score, the mean over the seeds.
    """

    id: str
    protocol: Mapping[str, Any]
    step: int
    values: Mapping[str, float]


@dataclass(frozen=True)
class Facts:
    """What a card tells, read from a generator folder."""

    config: Mapping[str, Any]
    recipe: Mapping[str, Any]
    recipe_text: str
    scores: list[Scores]
    picture: bool

    @classmethod
    def read(cls, folder: Path) -> Facts:
        """From the folder's files; ``recipe.toml``, ``metrics.json`` and ``samples.png`` may be missing."""
        config = read_json(folder / "config.json")
        recipe = folder / "recipe.toml"
        text = public_recipe(read_text(recipe)) if recipe.is_file() else ""
        scores = list(_scores(folder, int(config.get("step", 0))))
        return cls(config, parse_toml(text), text, scores, (folder / "samples.png").is_file())

    @property
    def directions(self) -> list[str]:
        """The directions of translation; empty for a model that makes pictures from noise."""
        return [name for name in self.config["networks"] if name != "sample"]

    @property
    def task(self) -> str:
        """The Hub's name of what the model does."""
        return "image-to-image" if self.directions else "unconditional-image-generation"

    @property
    def plugins(self) -> dict[str, str]:
        """The distributions that are needed beside ganzoo, and the versions that the model was made with."""
        named = self.config.get("plugins") or {
            network["plugin"]: network.get("version", "") for network in self.config["networks"].values()
        }
        return {name: version for name, version in named.items() if name != "ganzoo"}


def write(folder: Path, source: str = ".", license: str = "", *, anew: bool = False) -> bool:
    """Write a generator folder's card, unless a person has edited the one that is there.

    Args:
        folder: a generator folder.
        source: how the commands on the card name the model: the folder, or ``OWNER/NAME`` on the Hub.
        license: the Hub's identifier of the weights' licence, such as ``apache-2.0``; by default the card's before.
        anew: even when it was edited.

    Returns:
        Whether it was written.
    """
    path = folder / NAME
    before = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None
    if before is not None and is_edited(before) and not anew:
        return False
    write_text(path, text(Facts.read(folder), source, license or license_of(before or "")))
    return True


def text(facts: Facts, source: str, license: str = "") -> str:
    """The whole card, its metadata at the top and its mark at the end."""
    body = "\n\n".join(part for part in _sections(facts, source, license) if part)
    return sealed(f"---\n{front_matter(_metadata(facts, source, license))}---\n\n{body}\n")


def sealed(text: str) -> str:
    """The text with the mark of :func:`is_edited` at its end."""
    return f"{text}\n<!-- ganzoo card {_hash(text)}: while this fits, ganzoo push may write the card anew -->\n"


def is_edited(text: str) -> bool:
    """Whether a card is not as ganzoo wrote it: it has no mark, or one that does not fit what it says."""
    found = _MARK.search(text)
    return found is None or found[1] != _hash(_MARK.sub("", text))


def license_of(text: str) -> str:
    """The licence in a card's metadata; empty when there is none."""
    found = re.match(r"---\n.*?^license: \"?([\w.-]+)\"?$.*?^---$", text.replace("\r\n", "\n"), re.S | re.M)
    return found[1] if found else ""


def public_recipe(text: str) -> str:
    """A recipe without the folders of the machine that it was used on: of an absolute path the last name alone."""
    return re.sub(r'(?m)^(\w+ = ")(?:[/~]|[A-Za-z]:)[^"\n]*?([^/\\"\n]*")$', r"\1\2", text)


def _hash(text: str) -> str:
    """Of what a card says: line ends and the space at its end do not count, as editors change them."""
    return hashlib.sha256(text.replace("\r\n", "\n").rstrip().encode()).hexdigest()


def _metadata(facts: Facts, source: str, license: str) -> dict[str, Any]:
    """What the Hub reads: https://huggingface.co/docs/hub/model-cards."""
    model, data = str(facts.config["model"]), str(_data(facts).get("type", ""))
    metadata: dict[str, Any] = {"license": license} if license else {}
    metadata |= {
        "library_name": "ganzoo",
        "pipeline_tag": facts.task,
        "tags": list(dict.fromkeys(["ganzoo", "gan", model, facts.task])),
    }
    metrics = [
        {"type": scores.protocol.get("metric", name), "name": f"{name} ({scores.id})", "value": value}
        for scores in facts.scores
        if scores.step == facts.config.get("step")
        for name, value, _ in with_baselines(scores.values)
    ]
    if metrics:
        result = {"task": {"type": facts.task}, "dataset": {"type": data, "name": data}, "metrics": metrics}
        metadata["model-index"] = [{"name": source.rpartition("/")[2] if source != "." else model, "results": [result]}]
    return metadata


def _sections(facts: Facts, source: str, license: str) -> Iterator[str]:
    yield _opening(facts, source)
    yield "![samples](samples.png)" if facts.picture else ""
    yield f"## Use\n\n{_use(facts, source)}"
    yield f"## Training data\n\n{_training_data(facts)}"
    yield f"## Training\n\n{_training(facts)}"
    yield f"## Scores\n\n{_score_table(facts)}"
    yield f"## Limits\n\n{_limits(facts)}"
    yield f"## Citation\n\n{_citation(facts)}" if facts.config.get("paper") or facts.config.get("citation") else ""
    yield "## Licence\n\n" + (
        f"The weights: {code(license)}." if license else "No licence of the weights was stated by who published them."
    )


def _opening(facts: Facts, source: str) -> str:
    model, data = code(facts.config["model"]), code(_data(facts).get("type", "unknown data"))
    does = f"translates pictures ({', '.join(map(code, facts.directions))})" if facts.directions else _noise(facts)
    step = f"after {int(facts.config['step']):,} steps of training " if facts.config.get("step") else "trained "
    files = facts.config.get("imported")
    made = f"converted from {', '.join(map(code, files))} by" if isinstance(files, list) and files else "made with"
    title = escaped(source.rpartition("/")[2] if source != "." else facts.config["model"])
    return (
        f"# {title}\n\nA {model} that {does}, {step}on {data}, {made} "
        f"ganzoo {escaped(facts.config.get('ganzoo', ''))}. {_averaged(facts)}The weights are safetensors; nothing in "
        "this repository is code."
    )


def _averaged(facts: Facts) -> str:
    average = facts.recipe.get("ema")
    averaged = isinstance(average, Mapping) and average.get("half_life")
    return "Its weights are averaged over the steps of the training. " if averaged else ""


def _noise(facts: Facts) -> str:
    image = facts.config.get("image", {})
    if not image.get("size"):
        return "makes points from noise"
    labels = " and a label" if image.get("class_names") and _classes(facts) else ""
    return f"makes pictures of {int(image['size'])} pixels from noise{labels}"


def _classes(facts: Facts) -> int:
    config = facts.config["networks"].get("sample", {}).get("config", {})
    classes = config.get("classes", 0) if config.get("conditional", True) else 0
    return classes if isinstance(classes, int) else 0


def _use(facts: Facts, source: str) -> str:
    install = f"$ pip install {' '.join(['ganzoo', *map(plain, facts.plugins)])}"
    if facts.directions:
        way = plain(facts.directions[0])
        command = f"$ ganzoo translate {source} photo.jpg --direction {way} --out translated/"
        python = f'(picture,) = model.translate("photo.jpg", direction="{way}")   # a PIL image of the same size'
    else:
        command = f"$ ganzoo sample {source} -n 64 --seed 0 --out samples.png"
        python = "pictures = model.sample(16, seed=0)   # PIL images"
    if not facts.directions and _classes(facts):
        command += f"\n$ ganzoo sample {source} --label all --out labels.png"
        python += "\nlabelled = model.sample(16, seed=0, label=3)" if _classes(facts) > 3 else ""
    if not facts.directions and not facts.config.get("image", {}).get("size"):
        python = "points = model.noise_to_pictures().draw(1000, seed=0)   # a tensor"
    shell = f"{install}\n{command}"
    python = f'import ganzoo\n\nmodel = ganzoo.load("{source}")\n{python}'
    return f"{fence(shell, 'console')}\n\n{fence(python, 'python')}"


def _training_data(facts: Facts) -> str:
    data = _data(facts)
    rows = {"data": data.get("type"), "root": Path(str(data["root"])).name if "root" in data else None}
    rows |= {key: data.get(key) for key in ("name", "revision", "split")}
    rows |= {key: facts.config.get("data", {}).get(key) for key in ("summary", "source", "licence")}
    rows["fingerprint"] = _past(facts).get("data")
    told = table(("", ""), [(key, value) for key, value in rows.items() if value])
    if rows["licence"]:
        return told
    return f"{told}\n\nThe data's licence is not known to ganzoo; ask who published it before you use the model."


def _training(facts: Facts) -> str:
    parts = [table(("hyper-parameter", "value"), _hyper(facts.recipe))]
    past = _past(facts)
    rows = [(key, past[key]) for key in ("device", "torch", "python", "precision", "seed") if past.get(key) is not None]
    if past.get("seconds"):
        rows.append(("time", datetime.timedelta(seconds=round(float(past["seconds"])))))
    if past.get("images_per_second"):
        rows.append(("images per second", f"{float(past['images_per_second']):.3g}"))
    if past.get("memory_mib"):
        rows.append(("memory", f"{float(past['memory_mib']):,.0f} MiB"))
    rows += [(name, version or "unknown") for name, version in facts.plugins.items()]
    parts.append(table(("made with", ""), rows))
    if facts.recipe_text:
        again = "`ganzoo train --recipe recipe.toml` trains it again; the whole recipe:"
        parts.append(f"{again}\n\n{fence(facts.recipe_text.rstrip(), 'toml')}")
    return "\n\n".join(part for part in parts if part)


def _hyper(recipe: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """What is changed between trainings, one by one; data and networks are in the recipe below."""
    for key in ("train.steps", "train.epochs", "train.batch_size", "train.seed", "ema.half_life", "runtime.precision"):
        part, _, name = key.partition(".")
        if name in recipe.get(part, {}):
            yield key, recipe[part][name]
    yield from _flat(recipe.get("loop", {}), "loop")
    for part in ("loss", "penalty", "optimizer", "schedule", "augment"):
        yield from ((key, value) for key, value in _flat(recipe.get(part, {}), part) if value)


def _flat(value: Any, name: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(item, f"{name}.{key}")
    else:
        yield name, value


def _score_table(facts: Facts) -> str:
    if not facts.scores:
        return "None were told. `ganzoo evaluate` scores it."
    rows = [
        (name, f"{value:.4g}", in_words(baselines), f"{scores.step:,}", scores.id)
        for scores in facts.scores
        for name, value, baselines in with_baselines(scores.values)
    ]
    protocols = [
        f"- {code(scores.id)}: "
        + ", ".join(f"{escaped(key)} {escaped(value)}" for key, value in scores.protocol.items())
        for scores in facts.scores
    ]
    said = "A score can be compared with those of the same protocol alone. Real data: what real pictures get in the "
    said += "fakes' place; doing nothing: what leaving pictures as they are gets."
    return "\n\n".join(
        [table(("score", "value", "to hold it against", "at step", "protocol"), rows), said, "\n".join(protocols)]
    )


def _limits(facts: Facts) -> str:
    data, size = code(_data(facts).get("type", "its data")), facts.config.get("image", {}).get("size")
    limits = [f"It has seen {data} alone, and repeats what is frequent, rare or wrong in it."]
    if facts.directions:
        limits.append("Pictures of another kind than those it was trained on come out badly.")
        if size:
            limits.append(f"It takes pictures of any size, and was trained at {int(size)} pixels.")
    else:
        limits.append("Some of what it makes is malformed, and some kinds of picture may be missing.")
    limits.append("What it makes is no evidence of anything that was ever photographed.")
    return "\n".join(f"- {limit}" for limit in limits)


def _citation(facts: Facts) -> str:
    paper, said = plain(facts.config.get("paper", "")), escaped(facts.config.get("citation", ""))
    eprint = paper.removeprefix("arXiv:")
    if not paper.startswith("arXiv:"):
        return " ".join(part for part in (said, escaped(paper)) if part)
    authors, _, rest = one_line(facts.config.get("citation", "")).partition(": ")
    title, _, _ = rest.partition(". ")
    fields = {"author": authors.replace(", ", " and "), "title": title} if title else {}
    fields |= {"eprint": eprint, "archivePrefix": "arXiv", "url": f"https://arxiv.org/abs/{eprint}"}
    braceless = {key: re.sub(r"[{}\\]", "", value) for key, value in fields.items()}
    lines = "".join(f"  {key} = {{{value}}},\n" for key, value in braceless.items())
    bibtex = fence(f"@misc{{{plain(facts.config['model'])},\n{lines}}}", "bibtex")
    return f"{said}{' ' if said else ''}[{paper}](https://arxiv.org/abs/{eprint})\n\n{bibtex}"


def _data(facts: Facts) -> Mapping[str, Any]:
    found = facts.recipe.get("data") or facts.config.get("data") or {}
    return found if isinstance(found, Mapping) else {}


def _past(facts: Facts) -> Mapping[str, Any]:
    past = facts.config.get("training")
    return past if isinstance(past, Mapping) else {}


def _scores(folder: Path, step: int) -> Iterator[Scores]:
    """Of each protocol the scores of that step, or of the last one before it; the mean over several seeds."""
    for identity, kept in read_scores(folder).items():
        steps = [row["step"] for row in kept["scores"]]
        at = max((one for one in steps if one <= step), default=max(steps, default=None))
        rows = [row for row in kept["scores"] if row["step"] == at]
        names = [name for name in rows[0] if name not in ("step", "seed")] if rows else []
        means = {name: _mean(row.get(name) for row in rows) for name in names}
        values = {name: mean for name, mean in means.items() if mean is not None}
        if at is not None and values:
            yield Scores(identity, kept["protocol"], at, values)


def _mean(values: Iterable[Any]) -> float | None:
    """None where a seed lacks the score."""
    numbers = list(values)
    return None if None in numbers else float(sum(numbers) / len(numbers))
