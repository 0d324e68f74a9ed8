"""Tokens, audit, training, resuming and scoring, with a real two-layer model."""

import multiprocessing
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from conftest import fruit_and_tools, make_sample

from tasks.base_model import load_model, load_tokenizer
from tasks.errors import DataGateError
from tasks.evaluate import gate_items, load_tuned, score_forgetting, score_gate
from tasks.general_text import split_general_texts
from tasks.inference import completion_losses, predict_labels
from tasks.recipe import TrainSettings
from tasks.records import SNAPSHOT_SAMPLE, build_table
from tasks.tokens import encode, prompt_ids
from tasks.train import audit_training, fit

pytestmark = pytest.mark.train
PROMPT = [{"role": "user", "content": "I bought a apple for 3 coins"}]
ANSWER = [{"role": "assistant", "content": "fruit"}]
SETTINGS = TrainSettings(
    method="full", learning_rate=3e-3, epochs=12, batch_size=16, evaluations=4, patience=4
)
LORA = TrainSettings(rank=8, alpha=16, layers=1, learning_rate=0.01, epochs=1, batch_size=16, evaluations=1)
LIMITS = {"max_tokens": 256, "batch_size": 32}


def snapshot(rows: list[tuple[str, str]]) -> pa.Table:
    """A fifth judges and a fifth validates, shifted with each copy so that each word is in every split."""
    splits = ["gate", "validation", "train", "train", "train"]
    return build_table(
        [
            make_sample(i, t, label) | {"split": splits[(i // 2 + i // 20) % 5]}
            for i, (t, label) in enumerate(rows)
        ],
        SNAPSHOT_SAMPLE,
    )


@pytest.fixture(scope="session")
def tuned(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("tuned")
    result = fit(tiny_model, snapshot(fruit_and_tools()), SETTINGS, 0, folder / "work", folder / "out")
    return folder / "out", result


def test_only_the_completion_is_trained_on(tiny_model: Path) -> None:
    tokenizer = load_tokenizer(tiny_model)
    item = encode(tokenizer, PROMPT, ANSWER, 256)
    assert item.ids[: item.prompt_length] == prompt_ids(tokenizer, PROMPT)
    assert tokenizer.decode(item.ids[item.prompt_length :]) == "fruit<|im_end|>\n"
    assert item.truncated == 0


def test_long_prompt_loses_its_beginning_not_the_answer(tiny_model: Path) -> None:
    tokenizer = load_tokenizer(tiny_model)
    whole = encode(tokenizer, PROMPT, ANSWER, 256)
    item = encode(tokenizer, PROMPT, ANSWER, 16)
    assert len(item.ids) == 16
    assert item.truncated == len(whole.ids) - 16
    assert item.ids[item.prompt_length :] == whole.ids[whole.prompt_length :]


def test_passage_without_prompt_is_plain_text(tiny_model: Path) -> None:
    tokenizer = load_tokenizer(tiny_model)
    item = encode(tokenizer, [], [{"role": "assistant", "content": "a pear"}], 256)
    assert item.prompt_length == 0
    assert tokenizer.decode(item.ids) == "a pear<|im_end|>"


def test_template_that_does_not_fit_is_refused(tiny_model: Path) -> None:
    tokenizer = load_tokenizer(tiny_model)
    tokenizer.chat_template = "{{ messages | length }}{% for m in messages %}{{ m['content'] }}{% endfor %}"
    with pytest.raises(DataGateError, match="template does not fit"):
        encode(tokenizer, PROMPT, ANSWER, 256)


def test_audit_counts_and_refuses_training_on_nothing(tiny_model: Path) -> None:
    tokenizer = load_tokenizer(tiny_model)
    items = [encode(tokenizer, PROMPT, ANSWER, 256), encode(tokenizer, PROMPT, ANSWER, 24)]
    audit = audit_training(items, tokenizer, SETTINGS)
    assert audit.rows == 2
    assert audit.truncated_rows == 1
    assert audit.trained_tokens == sum(len(i.ids) - i.prompt_length for i in items)
    assert "⟦fruit<|im_end|>" in audit.example
    bare = [
        encode(tokenizer, PROMPT, [{"role": "assistant", "content": ""}], 256)._replace(
            ids=[1, 2], prompt_length=2
        )
    ]
    with pytest.raises(DataGateError, match="0 of 1 rows have a token to train on"):
        audit_training(bare, tokenizer, SETTINGS)
    with pytest.raises(DataGateError, match="training split is empty"):
        audit_training([], tokenizer, SETTINGS)


def test_losses_are_those_of_the_library(tiny_model: Path) -> None:
    import torch

    model, tokenizer = load_model(tiny_model).eval(), load_tokenizer(tiny_model)
    texts = [
        "I bought a apple for 3 coins",
        "saw",
        "she lost her drill 4 days ago and more words follow here",
    ]
    items = [encode(tokenizer, [{"role": "user", "content": t}], ANSWER, 256) for t in texts]
    ours = completion_losses(model, tokenizer, items, "test")
    for item, loss in zip(items, ours, strict=True):
        ids = torch.tensor([item.ids])
        labels = ids.clone()
        labels[0, : item.prompt_length] = -100
        with torch.inference_mode():
            assert loss == pytest.approx(float(model(input_ids=ids, labels=labels).loss), abs=1e-5)


def test_training_learns_and_the_gate_split_shows_it(tiny_model: Path, tuned: tuple[Path, Any]) -> None:
    folder, result = tuned
    table, tokenizer = snapshot(fruit_and_tools()), load_tokenizer(tiny_model)
    gate = gate_items(table, None)
    assert set(gate["split"].to_pylist()) == {"gate"}
    base = score_gate(load_model(tiny_model).eval(), tokenizer, "base", gate, ["fruit", "tool"], LIMITS)
    candidate = score_gate(
        load_tuned(tiny_model, folder), tokenizer, "candidate", gate, ["fruit", "tool"], LIMITS
    )
    accuracy = [float(np.mean(scores["value"].to_numpy())) for scores in (base, candidate)]
    assert accuracy[1] > 0.9 > accuracy[0] + 0.2
    assert result.curve[-1].step == result.audit.steps
    assert (folder / "model.safetensors").exists()


def test_rehearsal_keeps_the_loss_on_general_text_down(tiny_model: Path, tmp_path: Path) -> None:
    tokenizer, general = load_tokenizer(tiny_model), split_general_texts(None, 12)[0].to_pylist()
    losses = []
    for name, texts in (
        ("without", []),
        ("with", [t["text"] for t in split_general_texts(None, 12)[1].to_pylist()]),
    ):
        folder = tmp_path / name
        fit(tiny_model, snapshot(fruit_and_tools(4)), SETTINGS, 0, folder / "work", folder / "out", texts)
        model = load_tuned(tiny_model, folder / "out")
        losses.append(np.mean(score_forgetting(model, tokenizer, name, general, 128)["value"].to_numpy()))
    assert losses[1] < 0.8 * losses[0]


def test_same_seed_gives_the_same_weights(tiny_model: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    rows = snapshot(fruit_and_tools(2))
    weights = []
    for name in ("a", "b"):
        fit(tiny_model, rows, LORA, 3, tmp_path / name / "work", tmp_path / name / "out")
        weights.append(load_file(tmp_path / name / "out" / "adapter_model.safetensors"))
    assert all((weights[0][key] == weights[1][key]).all() for key in weights[0])


def test_adapters_sit_in_the_last_layers_only(tiny_model: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    result = fit(tiny_model, snapshot(fruit_and_tools(2)), LORA, 0, tmp_path / "work", tmp_path / "out")
    names = load_file(tmp_path / "out" / "adapter_model.safetensors")
    assert names
    assert all(".layers.1." in name for name in names)
    assert result.trainable_parameters == sum(array.size for array in names.values())
    assert load_tuned(tiny_model, tmp_path / "out").peft_config["default"].r == 8


def test_labels_are_only_ever_declared_ones(tiny_model: Path) -> None:
    model, tokenizer = load_model(tiny_model).eval(), load_tokenizer(tiny_model)
    prompts = [[{"role": "user", "content": text}] for text, _ in fruit_and_tools(1)]
    labels = ["fruit", "fruits", "tool", "other thing"]
    assert set(predict_labels(model, tokenizer, prompts, labels, 8, "test")) <= set(labels)


def test_forgetting_is_scored_on_shipped_text(tiny_model: Path) -> None:
    scored, others = split_general_texts(None, 6)
    texts = scored.to_pylist()
    assert not {t["id"] for t in texts} & set(others["id"].to_pylist())
    assert len(others) >= 36
    assert {t["language"] for t in texts} == {"en", "ja"}
    scores = score_forgetting(load_model(tiny_model).eval(), load_tokenizer(tiny_model), "base", texts, 64)
    assert scores.num_rows == 6
    assert all(value > 0 for value in scores["value"].to_pylist())


def _train(model: str, work: str, output: str) -> None:
    longer = SETTINGS.model_copy(update={"epochs": 40, "evaluations": 40, "patience": 40})
    fit(Path(model), snapshot(fruit_and_tools()), longer, 0, Path(work), Path(output))


def test_killed_training_resumes(tiny_model: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    arguments = (str(tiny_model), str(work), str(tmp_path / "out"))
    process = multiprocessing.get_context("spawn").Process(target=_train, args=arguments)
    process.start()
    deadline = time.monotonic() + 240
    while not list(work.glob("checkpoint-*/trainer_state.json")):
        assert time.monotonic() < deadline, "no checkpoint appeared"
        assert process.is_alive(), "training ended before it could be killed"
        time.sleep(0.05)
    process.kill()
    process.join()
    kept = max(int(f.parent.name.split("-")[1]) for f in work.glob("checkpoint-*/trainer_state.json"))
    broken = work / f"checkpoint-{kept + 1000}"
    broken.mkdir()
    (broken / "adapter_model.safetensors").write_bytes(b"half")
    short = SETTINGS.model_copy(update={"epochs": 40, "evaluations": 40, "patience": 1})
    result = fit(tiny_model, snapshot(fruit_and_tools()), short, 0, work, tmp_path / "out")
    assert not broken.exists()
    assert min(point.step for point in result.curve) < kept < max(point.step for point in result.curve)


def test_kept_prefix_trains_the_same_weights(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.numpy import load_file

    import tasks.train

    settings = LORA.model_copy(update={"epochs": 2})
    weights = []
    for name in ("kept", "anew"):
        if name == "anew":
            monkeypatch.setattr(tasks.train, "_frozen_prefix", lambda *_: None)
        fit(
            tiny_model,
            snapshot(fruit_and_tools(2)),
            settings,
            3,
            tmp_path / name / "work",
            tmp_path / name / "out",
        )
        weights.append(load_file(tmp_path / name / "out" / "adapter_model.safetensors"))
    for key, array in weights[0].items():
        np.testing.assert_allclose(array, weights[1][key], atol=2e-5)


def test_prefix_is_computed_once_for_each_sequence(tiny_model: Path) -> None:
    import torch

    from tasks.frozen_prefix import FrozenPrefix

    model = load_model(tiny_model).eval()
    decoder = model.get_decoder()
    prefix, ids = FrozenPrefix(decoder, 1), torch.tensor([[5, 6, 7, 0], [8, 9, 10, 11]])
    mask = torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]])
    whole = decoder(input_ids=ids, attention_mask=mask).last_hidden_state
    passes: list[int] = []
    decoder.layers[0].register_forward_hook(lambda *_: passes.append(1))
    for _ in range(3):
        torch.testing.assert_close(prefix.last_hidden_state(ids, mask)[1], whole[1])
        torch.testing.assert_close(prefix.last_hidden_state(ids, mask)[0, :3], whole[0, :3])
    assert len(passes) == 1
    assert len(decoder.layers) == 2
