"""The model that is tuned: resolved from a package, a folder or a hub to a folder of safetensors, once.

`package:NAME` is a Python package that carries one GGUF file; transformers reads it, and safetensors are
written to the workspace, because a GGUF file cannot be trained on nor saved again as it is.
"""

import hashlib
import importlib.util
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from tasks.errors import RecipeError
from tasks.recipe import BaseModelSettings
from tasks.records import FolderRef
from tasks.stage import stage
from tasks.storage import MANIFEST, Workspace, file_digest

logger = logging.getLogger("seimai.base_model")
WEIGHTS = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja")
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""SmolLM2's own template without the default system message that it puts before a bare user turn: 21 tokens
of every short sample would say nothing about the task."""


class BaseModelRef(BaseModel):
    """A base model in the workspace. `revision` is a hub commit, or the digest of folder or package weights."""

    model_config = ConfigDict(frozen=True)

    source: str
    revision: str
    folder: FolderRef

    @property
    def path(self) -> str:
        return self.folder.path


def find_revision(settings: BaseModelSettings) -> str:
    """The revision that `settings` point to now, without loading anything.

    Raises:
        RecipeError: the package or folder is not there, or holds no weights.
    """
    kind, _, name = settings.source.rpartition(":")
    if kind == "package":
        return file_digest(_packaged_gguf(name))
    if kind == "path":
        return _folder_digest(Path(name))
    return settings.revision or _hub_commit(settings.source)


def prepare_base_model(workspace: Workspace, settings: BaseModelSettings) -> BaseModelRef:
    """Brings the base model into the workspace as safetensors, if it is not there yet."""
    revision = find_revision(settings)
    kind, _, name = settings.source.rpartition(":")
    parts = ("base_models", f"{name.strip('/').split('/')[-1]}-{revision[:16]}")
    if not workspace.path(*parts, MANIFEST).exists():
        with workspace.new_folder(*parts) as folder:
            if kind == "package":
                _convert_gguf(_packaged_gguf(name), folder)
            else:
                _copy_weights(Path(name) if kind == "path" else _hub_snapshot(name, revision), folder)
    folder_ref = workspace.folder_ref(*parts)
    return BaseModelRef(source=settings.source, revision=revision, folder=folder_ref)


def load_model(folder: Path) -> Any:
    """The causal language model in `folder`, to be tuned or judged: fp32 on a CPU, bf16 on a GPU."""
    import torch

    return _load_as(folder, torch.bfloat16 if torch.cuda.is_available() else torch.float32)


def load_reader(folder: Path) -> Any:
    """The model in `folder`, to screen data with: bf16 also on a CPU that multiplies it by itself (AMX).

    There it reads 3.5 times as fast as fp32, and ranks texts by loss the same (rank correlation .9999); CPUs that
    only know of AVX-512 or less are slower in bf16 than in fp32.
    """
    import torch

    native = torch.cuda.is_available() or torch.cpu.get_capabilities().get("amx_bf16", False)
    return _load_as(folder, torch.bfloat16 if native else torch.float32).eval()


def _load_as(folder: Path, dtype: Any) -> Any:
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, use_safetensors=True)


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer in `folder`, with a chat template and a padding token.

    Raises:
        RecipeError: the tokenizer has no end-of-sequence token to end a completion with.
    """
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    if tokenizer.eos_token is None:
        raise RecipeError(f"base model {folder}: its tokenizer has no end-of-sequence token")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    if tokenizer.chat_template is None:
        tokenizer.chat_template = CHATML
    return tokenizer


def choose_read(keys: Sequence[str], most: int) -> np.ndarray:
    """Which of N samples the base model reads: those with the `most` smallest content hashes, and their copies.

    The same for the same data in any order, and nearly the same after a small change.

    Args:
        keys: N content hashes.

    Returns:
        (N,) bool.
    """
    chosen = set(sorted(set(keys))[:most])
    return np.fromiter((key in chosen for key in keys), dtype=bool, count=len(keys))


def _packaged_gguf(package: str) -> Path:
    spec = importlib.util.find_spec(package.replace("-", "_"))
    folders = list(spec.submodule_search_locations or []) if spec else []
    files = [file for folder in folders for file in sorted(Path(folder).glob("*.gguf"))]
    if len(files) != 1:
        raise RecipeError(
            f"base_model.source: package {package!r} must be installed and carry one .gguf file, found {len(files)}"
        )
    return files[0]


def _folder_digest(folder: Path) -> str:
    files = sorted(file for pattern in WEIGHTS for file in folder.glob(pattern))
    if not any(file.suffix == ".safetensors" for file in files):
        raise RecipeError(f"base_model.source: folder {folder} holds no .safetensors file")
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name} {file_digest(file)}\n".encode())
    return digest.hexdigest()


def _hub_commit(name: str) -> str:
    from httpx2 import HTTPError
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    try:
        return str(HfApi().model_info(name).sha)
    except (HfHubHTTPError, HFValidationError, OfflineModeIsEnabled, HTTPError) as error:
        raise RecipeError(
            f"base_model.source: cannot ask the hub for {name!r} ({error}); offline, use package: or path:"
        ) from error


def _hub_snapshot(name: str, revision: str) -> Path:
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(name, revision=revision, allow_patterns=list(WEIGHTS)))


def _copy_weights(source: Path, folder: Path) -> None:
    for pattern in WEIGHTS:
        for file in source.glob(pattern):
            shutil.copyfile(file, folder / file.name)


def _convert_gguf(file: Path, folder: Path) -> None:
    """Reads GGUF once and writes safetensors: `save_pretrained` refuses a model that was loaded from GGUF."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    loaded = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
    config = AutoConfig.from_pretrained(file.parent, gguf_file=file.name)
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    config.tie_word_embeddings = True
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.load_state_dict(loaded.state_dict(), strict=True)
    model.tie_weights()
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    tokenizer.chat_template = CHATML
    tokenizer.save_pretrained(folder)


@stage("base-model", retries=2)
def base_model_stage(workspace: Workspace, settings: BaseModelSettings, revision: str) -> BaseModelRef:
    """Thin task over `prepare_base_model`; `revision` is in the signature to be part of the cache key."""
    return prepare_base_model(
        workspace, settings.model_copy(update={"revision": revision} if ":" not in settings.source else {})
    )
