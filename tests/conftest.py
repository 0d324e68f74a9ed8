"""Shared fixtures: a workspace, samples, and a real but tiny language model."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

# Prefect reads its settings on import: tests never touch the user's own home or a server of theirs.
os.environ.pop("PREFECT_API_URL", None)
os.environ.pop("SEIMAI_LEDGER_URL", None)
os.environ["PREFECT_HOME"] = tempfile.mkdtemp(prefix="seimai-tests-")
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
os.environ["PREFECT_LOGGING_LEVEL"] = "ERROR"
os.environ["DO_NOT_TRACK"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
if "PYTEST_XDIST_WORKER" in os.environ:  # each worker has a core of its own
    os.environ["OMP_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import pyarrow as pa
import pytest

from tasks.ledger.rows import LazyRows
from tasks.records import SAMPLE, Role, Task, build_table, digest_of, sample_id
from tasks.storage import Workspace

FRUIT = ["apple", "pear", "plum", "grape", "melon", "peach", "cherry", "lemon", "mango", "fig"]
TOOLS = ["hammer", "saw", "drill", "pliers", "wrench", "chisel", "file", "level", "clamp", "rasp"]


def pytest_unconfigure() -> None:
    shutil.rmtree(os.environ["PREFECT_HOME"], ignore_errors=True)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(root=str(tmp_path / "workspace"))


def make_sample(row: int, text: str, label: str, **extra: Any) -> dict[str, Any]:
    """One text-classification sample; its group is its own unless `extra` says otherwise."""
    prompt = [{"role": "user", "content": text}]
    completion = [{"role": "assistant", "content": label}]
    identity = sample_id(Task.TEXT_CLASSIFICATION, prompt, completion, label)
    return {
        "row": row,
        "sample_id": identity,
        "task": Task.TEXT_CLASSIFICATION.value,
        "role": Role.TRAIN.value,
        "prompt": prompt,
        "completion": completion,
        "label": label,
        "input": text,
        "target": label,
        "language": "en",
        "source": "test",
        "source_id": str(row),
        "uri": "test.jsonl",
        "line": row + 1,
        "group_id": f"group-{row}",
    } | extra


def rows_at_hand(rows: Sequence[dict[str, Any]]) -> LazyRows:
    """Rows for the ledger of which sample and findings are written out already."""
    texts = [{name: row[name] for name in ("sample", "findings")} for row in rows]
    short = [row | {"texts": digest_of(text)} for row, text in zip(rows, texts, strict=True)]
    return LazyRows(short, lambda places: [texts[place] for place in places])


def make_samples(rows: Sequence[tuple[str, str]], **extra: Any) -> pa.Table:
    """A SAMPLE table of (text, label) pairs."""
    return build_table([make_sample(i, text, label, **extra) for i, (text, label) in enumerate(rows)], SAMPLE)


def fruit_and_tools(copies: int = 12) -> list[tuple[str, str]]:
    """Sentences that a tiny model tells apart by one word: about a fruit, or about a tool."""
    orders = [
        "I bought a {} for {} coins",
        "she lost her {} {} days ago",
        "the {} cost {} yen",
        "{} number {} here",
    ]
    rows = []
    for index in range(copies):
        for place, (fruit, tool) in enumerate(zip(FRUIT, TOOLS, strict=True)):
            sentence = orders[(index + place) % len(orders)]
            rows.append((sentence.format(fruit, index * 17 + place), "fruit"))
            rows.append((sentence.format(tool, index * 13 + place), "tool"))
    return rows


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a two-layer Llama of random weights and a tokenizer trained on the test sentences."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny-model")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator([text for text, _ in fruit_and_tools()], trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        bos_token="<|im_start|>",
    )
    from tasks.base_model import CHATML

    fast.chat_template = CHATML
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(fast),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=512,
        initializer_range=0.08,  # at the usual 0.02 so small a model takes far longer to learn
        bos_token_id=fast.bos_token_id,
        eos_token_id=fast.eos_token_id,
        pad_token_id=fast.pad_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """A Prefect API for the session: takes about 20 s to start."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture(scope="session")
def new_postgres() -> Iterator[Callable[[], str]]:
    """Makes an empty database of a PostgreSQL server of the session's own, and gives its URL."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin")) or [Path("/usr/local/bin")]
    found = {
        name: shutil.which(name) or shutil.which(name, path=binaries[-1]) for name in ("initdb", "postgres")
    }
    if None in found.values():
        pytest.skip("no PostgreSQL server on this machine (apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="seimai-postgres-"))
    other = {"user": "nobody"} if os.geteuid() == 0 else {}  # PostgreSQL refuses to run as root
    if other:
        shutil.chown(folder, "nobody")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    data = folder / "data"
    options = ["--auth=trust", "--username=seimai", "--encoding=UTF8", "--locale=C", "--no-sync"]
    subprocess.run(
        [found["initdb"], "-D", data, *options], check=True, capture_output=True, cwd=folder, **other
    )
    listens = ["-h", "127.0.0.1", "-p", str(port), "-k", str(folder)]
    log = (folder / "log").open("wb")
    server = subprocess.Popen([found["postgres"], "-D", data, *listens], stderr=log, cwd=folder, **other)
    try:
        yield lambda: _new_database(f"postgresql+psycopg://seimai@127.0.0.1:{port}")
    finally:
        server.send_signal(signal.SIGINT)  # fast shutdown: ends open connections
        server.wait(60)
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def _new_database(server: str) -> str:
    import sqlalchemy as sa

    name = f"ledger_{uuid.uuid4().hex}"
    engine = sa.create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    deadline = time.monotonic() + 60
    while True:
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
            return f"{server}/{name}"
        except sa.exc.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.fixture
def alone(workspace: Workspace) -> Iterator[Any]:
    """The review page of one user on loopback, as a client."""
    from starlette.testclient import TestClient

    from review.app import create_app
    from review.room import Room

    Path(workspace.root).mkdir()
    with TestClient(create_app(Room(workspace, user="aki")), base_url="http://localhost") as client:
        yield client


@pytest.fixture
def people(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Signs in somebody of a role on the review page (each role is a person of that name, and `second` another
    reviewer). Hashing a password is cheap here."""
    from review_client import ORIGIN, PASSWORD, ROLES
    from starlette.testclient import TestClient

    from review import passwords, sign_in
    from review.app import create_app
    from review.room import Room

    monkeypatch.setattr(passwords, "COST", 2**10)
    monkeypatch.setattr(sign_in, "_NOBODY", passwords.hash_password(PASSWORD))
    Path(workspace.root).mkdir()
    room = Room(workspace, user=None)
    app = create_app(room)
    for name in (*ROLES, "second"):
        role = name if name in ROLES else "reviewer"
        room.people.add(name, role, passwords.hash_password(PASSWORD), "test")

    def as_(name: str) -> Any:
        client = TestClient(app, base_url="http://localhost", follow_redirects=False)
        if name:
            answer = client.post("/sign-in", data={"name": name, "password": PASSWORD}, headers=ORIGIN)
            assert answer.status_code == 303
        return client

    return as_
