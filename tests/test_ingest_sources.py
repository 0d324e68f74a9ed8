"""Where documents come from: an object store, a data set hub, a database; and what they do wrong."""

import http.server
import io
import json
import logging
import sqlite3
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from tasks.errors import RecipeError
from tasks.ingest import store
from tasks.ingest.assemble import IngestResult
from tasks.ingest.contract import IngestSettings
from tasks.ingest.files import find_all_files, find_files
from tasks.ingest.stage import describe_files, ingest
from tasks.recipe import ReadingSettings, Source
from tasks.records import Task
from tasks.watching import index_row

LATER = "2999-01-01T00:00:00+00:00"
TEXT = "Descale the kettle once a month with citric acid, then rinse it twice with clean water. "


def take_in(source: Source, task: Task = Task.LANGUAGE_MODELING) -> IngestResult:
    files = find_all_files([source])
    return ingest(files, IngestSettings(task=task, sources=(source,)))


class _Handler(http.server.BaseHTTPRequestHandler):
    server: "Store"
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(with_body=True)

    def _answer(self, with_body: bool) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        path = self.path.partition("?")[0]
        if path in self.server.slow:
            self.server.released.wait(30)
        if with_body and self.server.failures.get(path, 0) > 0:
            self.server.failures[path] -= 1
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        status, headers, body = self.server.answer(path)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            short = self.server.cut.get(path, 0)
            self.wfile.write(body[: len(body) - short])
            if short:
                self.close_connection = True


class Store(http.server.ThreadingHTTPServer):
    """A store on loopback that can be told to fail, or to cut its answers short."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.failures: dict[str, int] = {}
        self.cut: dict[str, int] = {}
        self.slow: set[str] = set()
        self.released = threading.Event()
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        body = self.files.get(path)
        return (404, {}, b"") if body is None else (200, {"Accept-Ranges": "none"}, body)


class Hub(Store):
    """What the Hugging Face hub answers for one data set, as far as its file system asks."""

    COMMIT = "1" * 40

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        def as_json(value: Any) -> tuple[int, dict[str, str], bytes]:
            return 200, {"Content-Type": "application/json"}, json.dumps(value).encode()

        repository = "/datasets/org/faq"
        if path.startswith((f"/api{repository}/tree/", f"/api{repository}/paths-info/")):
            return as_json(
                [
                    {"type": "file", "path": name, "size": len(body), "oid": "2" * 40}
                    for name, body in self.files.items()
                ]
            )
        if path.startswith(f"/api{repository}"):
            return as_json({"id": "org/faq", "sha": self.COMMIT, "siblings": [], "private": False})
        name = path.rpartition("/")[2]
        if name in self.files:
            return 200, {"ETag": '"3"', "X-Repo-Commit": self.COMMIT}, self.files[name]
        return 404, {"X-Error-Code": "EntryNotFound"}, b""


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(store, "PAUSES", (0.01, 0.01, 0.01))
    server = Store()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def bucket() -> Iterator[dict[str, Any]]:
    """Options of an S3-compatible store on loopback with one bucket."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    options = {"endpoint_url": f"http://{host}:{port}", "key": "test", "secret": "test"}
    fs = fsspec.filesystem("s3", skip_instance_cache=True, **options)
    fs.mkdir("company")
    fs.pipe("company/kettles/guide.md", f"# Kettle\n\n{TEXT * 3}".encode())
    fs.pipe(
        "company/kettles/説明書.txt", ("やかんは月に一度、クエン酸で洗ってください。" * 8).encode("cp932")
    )
    yield options
    server.stop()


def test_documents_come_from_an_object_store(bucket: dict[str, Any]) -> None:
    source = Source(path="s3://company/kettles", options=bucket, license="CC0-1.0")
    result = take_in(source)
    assert result.documents["uri"].to_pylist() == [
        "s3://company/kettles/guide.md",
        "s3://company/kettles/説明書.txt",
    ]
    assert result.documents["language"].to_pylist() == ["en", "ja"]
    assert set(result.samples["license"].to_pylist()) == {"CC0-1.0"}


def test_an_object_that_is_the_same_is_not_opened(
    bucket: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Source(path="s3://company/kettles", options=bucket)
    known = {row["uri"]: row for row in describe_files(find_files(source), LATER)}
    assert all(row["etag"] for row in known.values())
    opened: list[str] = []
    monkeypatch.setattr("tasks.ingest.files.read_digest", lambda fs, name, size: opened.append(name))
    assert [file.digest for file in find_files(source, known=known)] == [
        row["digest"] for row in known.values()
    ]
    assert opened == []


def test_a_bucket_that_is_not_there_is_the_recipe_s_mistake(bucket: dict[str, Any]) -> None:
    with pytest.raises(RecipeError, match=r"sources\.0\.path='s3://nowhere/kettles'"):
        find_files(Source(path="s3://nowhere/kettles", options=bucket))


def test_a_busy_store_is_asked_again(shop: Store, caplog: pytest.LogCaptureFixture) -> None:
    shop.files["/guide.md"] = f"# Kettle\n\n{TEXT * 3}".encode()
    shop.failures["/guide.md"] = 4
    with caplog.at_level(logging.WARNING, "seimai.ingest"):
        result = take_in(Source(path=f"{shop.url}/guide.md"))
    assert len(result.samples) == 1
    assert "trying again" in caplog.text


def test_a_store_that_stays_busy_is_told_by_name(shop: Store) -> None:
    shop.files["/guide.md"] = TEXT.encode()
    shop.failures["/guide.md"] = 99
    with pytest.raises(RecipeError, match=r"sources\.0\.path='http.*guide\.md'.*gave up after 4 tries"):
        find_files(Source(path=f"{shop.url}/guide.md"))


def test_an_answer_cut_short_is_not_taken_for_whole(shop: Store) -> None:
    shop.files["/guide.md"] = TEXT.encode() * 10
    shop.cut["/guide.md"] = 100
    with pytest.raises(RecipeError, match="gave up after 4 tries"):
        find_files(Source(path=f"{shop.url}/guide.md"))


def test_a_store_that_does_not_answer_is_given_up(shop: Store) -> None:
    shop.files["/guide.md"] = TEXT.encode()
    shop.slow.add("/guide.md")
    begin = time.monotonic()
    with pytest.raises(RecipeError, match="gave up after 4 tries"):
        find_files(Source(path=f"{shop.url}/guide.md"), reading=ReadingSettings(timeout=0.2))
    assert time.monotonic() - begin < 10


def test_an_archive_is_read_and_never_unpacked(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("../../escaped.md", TEXT)
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.writestr("inner.zip", inner.getvalue())
        archive.writestr("guide.md", TEXT)
    (tmp_path / "guide.md").write_text(TEXT * 3)
    result = take_in(Source(path=str(tmp_path)))
    assert [(f["check"], Path(f["uri"]).name, f["reason"]) for f in result.findings.to_pylist()] == [
        (
            "unsupported",
            "outer.zip",
            "inner.zip in the archive is not read: an archive within an archive",
        )
    ]
    assert result.documents["text"].to_pylist() == [(TEXT * 3).strip(), TEXT.strip()]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["guide.md", "outer.zip"]
    named = take_in(Source(path=f"zip://guide.md::{tmp_path / 'outer.zip'}"))
    assert named.documents["text"].to_pylist() == [TEXT.strip()]


def test_one_file_of_a_folder_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT * 3)
    (tmp_path / "b.txt").symlink_to(tmp_path / "nowhere.txt")
    result = take_in(Source(path=str(tmp_path)))
    assert len(result.samples) == 1
    (finding,) = result.findings.to_pylist()
    assert (finding["check"], finding["severity"], Path(finding["uri"]).name) == (
        "unreadable",
        "critical",
        "b.txt",
    )


def test_the_hub_is_read_by_its_own_file_system(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import HfFileSystem

    hub = Hub()
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    rows = [{"text": "Where is my card?", "label": "card"}, {"text": "Too hot", "label": "heat"}]
    hub.files["train.jsonl"] = "\n".join(map(json.dumps, rows)).encode()
    HfFileSystem.clear_instance_cache()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    source = Source(path="hf://datasets/org/faq/train.jsonl", options={"endpoint": hub.url})
    try:
        result = take_in(source, Task.TEXT_CLASSIFICATION)
    finally:
        hub.shutdown()
        hub.server_close()
    assert result.samples["input"].to_pylist() == ["Where is my card?", "Too hot"]
    assert any(asked.startswith("GET") for asked in hub.asked)


@pytest.fixture
def tickets(tmp_path: Path) -> str:
    file = tmp_path / "tickets.db"
    with sqlite3.connect(file) as database:
        database.execute("create table ticket (id integer, body text, topic text, opened date)")
        database.executemany(
            "insert into ticket values (?, ?, ?, ?)",
            [(1, "お湯が漏れます", "leak", "2024-05-01"), (2, "The lid is stuck", "lid", "2024-05-02")],
        )
    return f"sqlite:///{file}"


def by_query(url: str, query: str = "select * from ticket") -> Source:
    return Source(path=url, query=query, columns={"text": "body", "label": "topic", "date": "opened"})


def test_rows_come_from_a_database(tickets: str) -> None:
    result = take_in(by_query(tickets), Task.TEXT_CLASSIFICATION)
    assert sorted(result.samples["input"].to_pylist()) == ["The lid is stuck", "お湯が漏れます"]
    assert sorted(result.samples["date"].to_pylist()) == ["2024-05-01", "2024-05-02"]
    assert result.samples["source_id"].to_pylist() == ["2", "1"]


def test_the_order_of_a_database_does_not_matter(tickets: str) -> None:
    (one,) = find_files(by_query(tickets))
    (other,) = find_files(by_query(tickets, "select * from ticket order by id desc"))
    assert one.digest == other.digest
    assert one.uri != other.uri


@pytest.mark.parametrize(
    ("url", "query", "message"),
    [
        ("sqlite:///{tmp}/tickets.db", "select * from tickets", "no such table: tickets"),
        ("nosuch://host/db", "select 1", "not a database that can be opened"),
        ("sqlite:////nowhere/at/all.db", "select 1", "unable to open database file"),
    ],
)
def test_a_query_that_fails_is_named(
    tickets: str, tmp_path: Path, url: str, query: str, message: str
) -> None:
    with pytest.raises(RecipeError, match=rf"sources\.0\.path=.*{message}"):
        find_files(by_query(url.format(tmp=tmp_path), query))


def test_a_password_is_never_shown() -> None:
    url = "postgresql+nodriver://reader:s3cret@127.0.0.1:1/tickets"
    with pytest.raises(RecipeError) as error:
        find_files(by_query(url))
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(
    ("path", "query", "shown"),
    [
        ("postgresql://bob:s3cret@db:5432/t?sslmode=on", "q", "postgresql://bob:***@db:5432/t?sslmode=on"),
        ("postgresql://db/t?user=bob&password=s3cret", "q", "postgresql://db/t?password=***&user=bob"),
        ("mssql+pyodbc:///?odbc_connect=UID%3Dbob%3BPWD%3Ds3cret", "q", "mssql+pyodbc:///?odbc_connect=***"),
        ("https://bob:s3cret@host/a.csv?sig=s3cret&v=2", None, "https://bob:***@host/a.csv?sig=***&v=2"),
        ("s3://bucket/a-key/b?.csv", None, "s3://bucket/a-key/b?.csv"),
        ("data/train.jsonl", None, "data/train.jsonl"),
    ],
)
def test_what_is_written_of_a_source_holds_no_secret(path: str, query: str | None, shown: str) -> None:
    options = {"key": "s3cret", "client_secret": "s3cret", "anon": False}
    source = Source(path=path, query=query, options=options)
    assert source.shown_path == shown
    written = source.model_dump(mode="json")
    assert (written["path"], written["options"]) == (
        shown,
        {"key": "***", "client_secret": "***", "anon": False},
    )
    assert "s3cret" not in source.model_dump_json()
    assert (source.path, dict(source.options)) == (path, options)
    assert (source.model_dump()["path"], source.model_copy().path) == (path, path)


def test_rows_of_a_database_name_it_without_its_secrets(tickets: str) -> None:
    url = tickets.replace("sqlite:///", "sqlite:///file:") + "?mode=ro&uri=true&token=s3cret"
    result = take_in(by_query(url), Task.TEXT_CLASSIFICATION)
    assert len(result.samples) == 2
    for table in (result.samples, result.documents, result.findings):
        assert "s3cret" not in str(table.to_pylist())
    assert "token=***" in result.samples["source"][0].as_py()


def test_links_that_lead_back_are_entered_once(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "guide.md").write_text(TEXT * 3)
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path)
    (tmp_path / "pipe").parent.mkdir(exist_ok=True)
    import os

    os.mkfifo(tmp_path / "pipe.txt")
    assert [Path(file.uri).name for file in find_files(Source(path=str(tmp_path)))] == ["guide.md"]


@pytest.mark.parametrize("name", ["取扱説明書(改訂).md", "two\nlines.md", "a b#c%20d.md", "é.md"])
def test_any_name_will_do(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(f"# Kettle\n\n{TEXT * 3}", encoding="utf-8")
    result = take_in(Source(path=str(tmp_path)))
    assert result.documents["uri"].to_pylist() == [str(tmp_path / name)]
    assert len(result.samples) == 1


def test_an_unchanged_file_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.md").write_text(TEXT)
    (tmp_path / "b.md").write_text(TEXT)
    source = Source(path=str(tmp_path))
    known = {file.uri: index_row(file, LATER) for file in find_files(source)}
    (tmp_path / "b.md").write_text(TEXT + "More.")
    opened: list[str] = []
    real = store.read_digest

    def counting(fs: Any, name: str, size: int) -> tuple[int, str]:
        opened.append(Path(name).name)
        return real(fs, name, size)

    monkeypatch.setattr("tasks.ingest.files.read_digest", counting)
    assert len({file.digest for file in find_files(source, known=known)}) == 2
    assert opened == ["b.md"]
