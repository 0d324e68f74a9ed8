"""Base models: the packaged one for real, folders, and a hub played by a small local server."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from conftest import fruit_and_tools, make_samples

from tasks.base_model import (
    choose_read,
    find_revision,
    load_model,
    load_reader,
    load_tokenizer,
    prepare_base_model,
)
from tasks.errors import RecipeError
from tasks.evaluate import base_losses_stage
from tasks.inference import completion_losses
from tasks.label_noise import describe_losses
from tasks.recipe import BaseModelSettings
from tasks.storage import Workspace
from tasks.tokens import encode

ROOT = Path(__file__).parent.parent
COMMIT = "0123456789abcdef0123456789abcdef01234567"
FETCH = """
import sys
from tasks.base_model import prepare_base_model
from tasks.recipe import BaseModelSettings
from tasks.storage import Workspace
ref = prepare_base_model(Workspace(root=sys.argv[1]), BaseModelSettings(source="acme/tiny"))
print(ref.revision, ref.path)
"""


@pytest.mark.train
def test_packaged_model_speaks(workspace: Workspace) -> None:
    import torch

    ref = prepare_base_model(workspace, BaseModelSettings())
    folder = workspace.path(ref.path)
    assert (folder / "model.safetensors").stat().st_size > 5e8
    model, tokenizer = load_model(folder).eval(), load_tokenizer(folder)
    prompt = [{"role": "user", "content": "What is the capital of Japan?"}]
    ids = tokenizer.apply_chat_template(
        prompt, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    with torch.inference_mode():
        out = model.generate(**ids, max_new_tokens=12, do_sample=False)
    assert "Tokyo" in tokenizer.decode(out[0, ids["input_ids"].shape[1] :])
    assert prepare_base_model(workspace, BaseModelSettings()) == ref


@pytest.mark.train
def test_reader_ranks_texts_as_the_model_does(workspace: Workspace) -> None:
    from scipy.stats import spearmanr

    folder = workspace.path(prepare_base_model(workspace, BaseModelSettings()).path)
    tokenizer = load_tokenizer(folder)
    answers = [
        "Tokyo.",
        "Kyoto, I think.",
        "It is 東京.",
        "A pound of nails, please.",
        "Tokyo Tokyo Tokyo",
        "qzx",
    ]
    prompt = [{"role": "user", "content": "What is the capital of Japan?"}]
    items = [encode(tokenizer, prompt, [{"role": "assistant", "content": a}], 128) for a in answers]
    exact, read = (
        completion_losses(model, tokenizer, items, "losses")
        for model in (load_model(folder).eval(), load_reader(folder))
    )
    assert np.abs(read - exact).max() < 0.15
    assert spearmanr(read, exact).statistic > 0.9


def test_folder_is_its_own_revision(tiny_model: Path, workspace: Workspace) -> None:
    settings = BaseModelSettings(source=f"path:{tiny_model}")
    ref = prepare_base_model(workspace, settings)
    assert ref.revision == find_revision(settings)
    assert workspace.holds(ref)
    assert load_model(workspace.path(ref.path)).config.num_hidden_layers == 2


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("package:no-such-package", "must be installed and carry one .gguf"),
        ("path:{}", "holds no .safetensors"),
    ],
)
def test_base_model_that_is_not_there(tmp_path: Path, source: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        find_revision(BaseModelSettings(source=source.format(tmp_path)))


def test_base_model_reads_the_rows_with_the_smallest_hashes_and_their_copies() -> None:
    keys = ["d", "a", "c", "b", "a"]
    assert choose_read(keys, 2).tolist() == [False, True, False, True, True]
    assert choose_read(keys, 9).all()
    assert not choose_read(keys, 0).any()


def test_losses_of_a_few_rows_are_those_of_all(tiny_model: Path, workspace: Workspace) -> None:
    base = prepare_base_model(workspace, BaseModelSettings(source=f"path:{tiny_model}"))
    samples = make_samples(fruit_and_tools(2)[:12])
    ref = workspace.write_table(samples, "samples")
    few, everyone, none = (
        workspace.read_table(base_losses_stage.fn(workspace, base, ref, 64, most))["loss"].to_numpy()
        for most in (5, 12, 0)
    )
    read = choose_read(samples["sample_id"].to_pylist(), 5)
    assert np.isfinite(everyone).all()
    assert np.isnan(none).all()
    np.testing.assert_array_equal(np.isfinite(few), read)
    np.testing.assert_allclose(few[read], everyone[read])


def test_the_report_says_how_many_rows_the_base_model_read() -> None:
    assert describe_losses(12, 12) == ()
    [told] = describe_losses(100_000, 2_000)
    assert told.en.startswith("The base model read 2,000 of 100,000 samples")
    assert "100,000件中2,000件" in told.ja


@pytest.fixture
def hub(tiny_model: Path) -> Iterator[str]:
    """Answers what huggingface_hub asks for one repository, on loopback and a free port."""
    files = {path.name: path.read_bytes() for path in tiny_model.iterdir() if path.is_file()}

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.split("?")[0].rsplit("/", 1)[-1]
            if "/tree/" in self.path:
                tree = [
                    {"type": "file", "path": f, "size": len(c), "oid": "0" * 40} for f, c in files.items()
                ]
                self.answer(json.dumps(tree).encode())
            elif self.path.startswith("/api/models/acme/tiny"):
                listed = [{"rfilename": file} for file in files]
                self.answer(json.dumps({"id": "acme/tiny", "sha": COMMIT, "siblings": listed}).encode())
            elif self.path.startswith(f"/acme/tiny/resolve/{COMMIT}/") and name in files:
                self.answer(files[name])
            else:
                self.send_error(404)

        do_HEAD = do_GET  # noqa: N815

        def answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def fetch(endpoint: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """In a process of its own: huggingface_hub reads its endpoint when it is imported."""
    environment = {
        **os.environ,
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(folder / "hf"),
        "PYTHONPATH": str(ROOT),
    }
    environment |= {"HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}
    command = [sys.executable, "-c", FETCH, str(folder / "workspace")]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=240, check=False)


def test_hub_model_is_fetched_at_its_commit(hub: str, tmp_path: Path) -> None:
    done = fetch(hub, tmp_path)
    assert done.returncode == 0, done.stderr
    revision, path = done.stdout.split()
    assert revision == COMMIT
    assert (tmp_path / "workspace" / path / "model.safetensors").is_file()


def test_hub_out_of_reach_is_a_clear_error(tmp_path: Path) -> None:
    done = fetch("http://127.0.0.1:9", tmp_path)
    assert done.returncode != 0
    assert "cannot ask the hub for 'acme/tiny'" in done.stderr
