"""Scores are kept with their protocol, in training and by ``ganzoo evaluate``."""

import pytest

import ganzoo
from ganzoo.errors import DataError
from ganzoo.evaluation import evaluate
from ganzoo.scores import Scored, forget_after, read_scores, record

TINY = [
    "data.size=16",
    "data.count=64",
    "data.test_count=32",
    "networks.generator.hidden=[16]",
    "networks.discriminator.hidden=[16]",
    "train={steps=4, batch_size=8, sample_every=0, checkpoint_every=2}",
]


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANZOO_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    evaluation = 'evaluation={metrics=["frechet"], every=2, samples=32, best="frechet"}'
    return ganzoo.train("gan", overrides=[*TINY, evaluation], out=tmp_path_factory.mktemp("runs") / "run")


def test_a_training_keeps_its_scores_by_protocol(run):
    ((name, table),) = read_scores(run.folder).items()
    assert name.startswith("frechet@classifier-n32-test-")
    assert [row["step"] for row in table["scores"]] == [2, 4]
    assert table["protocol"]["averaged"] is True
    logged = {line["step"]: line["score/frechet"] for line in run.history() if "score/frechet" in line}
    assert logged == {row["step"]: row["frechet"] for row in table["scores"]}


def test_evaluating_again_gives_the_trainings_own_score_and_replaces_it(run):
    before = read_scores(run.folder)
    (scored,) = evaluate(run.folder)
    assert scored.step == 4
    (table,) = before.values()
    assert scored.values == pytest.approx({key: table["scores"][-1][key] for key in scored.values}, rel=1e-4)
    assert read_scores(run.folder).keys() == before.keys()
    assert len(read_scores(run.folder)[scored.id]["scores"]) == 2


def test_a_training_in_bf16_is_scored_as_its_generator_will_be(tmp_path):
    evaluation = 'evaluation={metrics=["frechet"], samples=32}'
    run = ganzoo.train("gan", overrides=[*TINY, evaluation, "runtime.precision=bf16"], out=tmp_path / "run")
    ((_, table),) = read_scores(run.folder).items()
    (row,) = table["scores"]
    (scored,) = evaluate(run.folder)
    assert scored.values == pytest.approx({key: row[key] for key in scored.values}, rel=1e-4)


def test_scores_of_the_training_are_published(run):
    assert read_scores(run.generator)


def test_another_protocol_has_a_table_of_its_own(run):
    evaluate(run.generator, ["frechet"])
    evaluate(run.generator, ["frechet"], overrides=["evaluation.samples=30"])
    evaluate(run.generator, ["frechet"], overrides=["evaluation.seed=1"])
    tables = read_scores(run.generator)
    assert sorted(len(table["scores"]) for table in tables.values()) == [1, 3]  # steps 2 and 4, and 4 with another seed


def test_a_metric_that_does_not_fit_the_data_is_told_before_the_training(tmp_path):
    with pytest.raises(DataError, match="true translation"):
        ganzoo.train("gan", overrides=[*TINY, 'evaluation={metrics=["psnr"]}'], out=tmp_path / "run")


def test_scores_change_nothing_of_the_training(run, tmp_path):
    from ganzoo.checkpoint import read_state

    plain = ganzoo.train("gan", overrides=TINY, out=tmp_path / "run")
    states = [read_state(one.checkpoints / "step-00000004") for one in (run, plain)]
    assert states[0]["sha256"] == states[1]["sha256"]
    assert states[0]["random"] == states[1]["random"]


def test_rows_of_steps_that_are_done_again_are_dropped(tmp_path):
    for step in (4, 2, 6):
        record(tmp_path, Scored({"metric": "m"}, step, 0, {"m": 1.0 * step}))
    record(tmp_path, Scored({"metric": "m"}, 4, 0, {"m": 9.0}))
    forget_after(tmp_path, 4)
    (table,) = read_scores(tmp_path).values()
    assert table["scores"] == [{"step": 2, "seed": 0, "m": 2.0}, {"step": 4, "seed": 0, "m": 9.0}]
