"""The review page under load: `python -m benchmarks.review`.

Twenty reviewers with accounts and sessions work one queue of 50,000 items over HTTP on the loopback interface, against
the server that `seimai review` starts. They work twice: at once as fast as they are answered (20 requests are always
under way), and with a pause before each decision, as people do, though shorter. `next` is what brings the next item
onto the screen (the queue's /next and the item's page behind it), `decide` the answer to a posted decision, which is
given once the decision is on disk. At the end the ledger must hold each decision that was acknowledged, once.
"""

import argparse
import html
import http.client
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import numpy as np
import psutil
import pyarrow as pa

from benchmarks.measure import free_port
from review.passwords import hash_password
from tasks.judge import judge
from tasks.ledger import Ledger
from tasks.ledger.desk import Desk
from tasks.ledger.people import People
from tasks.recipe import ReviewSettings
from tasks.records import FINDING, SAMPLE, Role, Task, build_table, canonical_json, sample_id
from tasks.review_queue import build_queue
from tasks.storage import Workspace

RECIPE, PASSWORD = "intents", "twenty reviewers at once"
LABELS = ("delivery", "refund", "repair", "billing", "返品", "配送", "修理", "請求")
SUBJECTS = {
    "ja": ("電気ケトル", "炊飯器", "加湿器", "掃除機", "空気清浄機", "トースター", "扇風機", "洗濯機"),
    "en": (
        "kettle",
        "rice cooker",
        "humidifier",
        "vacuum cleaner",
        "air purifier",
        "toaster",
        "fan",
        "washer",
    ),
}
EVENTS = {
    "ja": (
        "の電源が入りません",
        "から異音がします",
        "がまだ届きません",
        "を返品したいのですが",
        "の請求額が違います",
    ),
    "en": (
        "does not turn on",
        "makes a grinding noise",
        "has not arrived",
        "should be returned",
        "was billed twice",
    ),
}
CHECKS = ("label_noise", "near_duplicate", "garbled_text", "disagreeing_near_duplicate", "too_long")
IDLE_SECONDS = 3
"""Idle time after which a connection is opened anew: the server closes it after 5."""
PACE = 2.0
"""Mean seconds of a reviewer's pause, drawn from an exponential distribution."""


class Reply(NamedTuple):
    status: int
    location: str
    body: str


class Client:
    """A browser's part: one connection kept alive, and the session's cookie."""

    def __init__(self, port: int) -> None:
        self.port, self.cookie = port, ""
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.used = time.monotonic()

    def ask(self, path: str, form: dict[str, str] | None = None) -> Reply:
        headers = {"Cookie": self.cookie, "HX-Request": "true"}  # as the page's own htmx asks
        if time.monotonic() - self.used > IDLE_SECONDS:
            self.connection.close()  # the next request opens a new one, as a browser would
        if form is not None:
            origin = f"http://127.0.0.1:{self.port}"
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin}
        body = None if form is None else urlencode(form)
        self.connection.request("GET" if form is None else "POST", path, body, headers)
        answer = self.connection.getresponse()
        if given := answer.getheader("Set-Cookie"):
            self.cookie = given.partition(";")[0]
        reply = Reply(answer.status, answer.getheader("Location") or "", answer.read().decode())
        self.used = time.monotonic()
        return reply

    def show(self, path: str) -> Reply:
        """A page, redirections followed."""
        reply = self.ask(path)
        while reply.status == 303:
            reply = self.ask(reply.location)
        if reply.status != 200:
            raise RuntimeError(f"{path} answered {reply.status}: {reply.body[:200]}")
        return reply


def make_samples(count: int) -> pa.Table:
    """Tickets that no two are alike, half in each language."""
    rows = []
    for i in range(count):
        language = ("ja", "en")[i % 2]
        draw = random.Random(i)
        sentences = [
            f"{draw.choice(SUBJECTS[language])}{' ' * (language == 'en')}{draw.choice(EVENTS[language])}"
            for _ in range(draw.randint(1, 6))
        ]
        text = f"#{i}: " + ("。".join(sentences) if language == "ja" else ". ".join(sentences))
        label = draw.choice(LABELS)
        prompt, completion = [{"role": "user", "content": text}], [{"role": "assistant", "content": label}]
        rows.append(
            {
                "row": i,
                "sample_id": sample_id(Task.TEXT_CLASSIFICATION, prompt, completion, label),
                "task": Task.TEXT_CLASSIFICATION.value,
                "role": Role.TRAIN.value,
                "prompt": prompt,
                "completion": completion,
                "label": label,
                "input": text,
                "target": label,
                "language": language,
                "source": f"tickets_{i % 7}.jsonl",
                "source_id": str(i),
                "uri": f"tickets_{i % 7}.jsonl",
                "line": i + 1,
                "group_id": f"group-{i}",
            }
        )
    return build_table(rows, SAMPLE)


def make_findings(samples: pa.Table, flagged: int) -> pa.Table:
    """One finding of one of `CHECKS` for each of the first `flagged` rows; half are of label noise."""
    rows = []
    named = samples.select(["sample_id", "label"]).slice(0, flagged).to_pylist()
    for i, sample in enumerate(named):
        draw = random.Random(-i)
        check = CHECKS[0] if i % 2 else draw.choice(CHECKS[1:])
        score = round(draw.random() * 0.5, 4)
        other = draw.choice([label for label in LABELS if label != sample["label"]])
        near = [
            {"text": f"ticket {draw.random()}", "label": other, "similarity": draw.random()} for _ in range(5)
        ]
        told = {
            "labels": [{"label": other, "probability": 0.8}, {"label": sample["label"], "probability": score}]
        }
        rows.append(
            {
                "row": i,
                "sample_id": sample["sample_id"],
                "stage": "benchmark",
                "check": check,
                "severity": "warning",
                "score": score,
                "threshold": 0.5,
                "reason": f"label {sample['label']!r} has probability {score}, {other!r} 0.80",
                "evidence": canonical_json(
                    told | {"neighbours": near} if check == CHECKS[0] else {"score": score}
                ),
                "suggestion": canonical_json({"action": "relabel", "label": other, "probability": 0.8})
                if check == CHECKS[0]
                else None,
            }
        )
    return build_table(rows, FINDING)


def fill(workspace: Workspace, items: int, reviewers: int) -> int:
    """Fills the queue and adds the accounts; returns how many items there are."""
    wanted = ReviewSettings()
    flagged = int(items * (1 - wanted.random_share))
    samples = make_samples(items + items // 5)
    findings = make_findings(samples, flagged)
    queue = build_queue(samples, judge(samples, findings, {}, {}).dispositions, findings, wanted, 0)
    ledger = Ledger(workspace.ledger_url)
    Desk(ledger).fill(RECIPE, "benchmark", queue.items, queue.facts)
    hashed = hash_password(PASSWORD)
    for n in range(reviewers):
        People(ledger).add(f"reviewer{n}", "adjudicator", hashed, "benchmark")
    ledger.engine.dispose()
    return len(queue.items)


def start_server(workspace: Workspace, port: int) -> subprocess.Popen[bytes]:
    """Raises RuntimeError where it does not answer within 90 s."""
    command = [sys.executable, "-c", "from flows.cli import main; main()", "review"]
    root = str(Path(__file__).parents[1])
    process = subprocess.Popen(
        [*command, "-w", workspace.root, "--port", str(port)],
        env=os.environ | {"PYTHONPATH": root},
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2):
                return process
        except OSError:
            time.sleep(0.2)
    process.kill()
    raise RuntimeError("the review page did not answer within 90 s")


class Times(NamedTuple):
    next: list[float]
    """Seconds, one an item."""
    decide: list[float]
    acknowledged: Counter[str]
    """sample_id -> decisions and opinions that the page took."""


def work(client: Client, seed: int, items: int, pace: float, times: Times, failed: list[str]) -> None:
    """One reviewer: takes an item, decides, and so on; most are kept, every fifth dropped, every seventh relabelled."""
    draw = random.Random(seed)
    try:
        path = f"/queues/{RECIPE}/all/next"
        for _ in range(items):
            begin = time.perf_counter()
            page = client.show(path).body
            times.next.append(time.perf_counter() - begin)
            name = re.search(r'action="/items/([0-9a-f]{64})/decide"', page)
            fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
            if name is None:
                raise RuntimeError("the page holds no item to decide")
            if pace:
                time.sleep(draw.expovariate(1 / pace))
            label = draw.choice([text for text in LABELS if f'value="{text}" selected' not in page])
            action = draw.choices(("keep", "drop", "relabel"), (23, 7, 5))[0]
            begin = time.perf_counter()
            reply = client.ask(
                f"/items/{name[1]}/decide", fields | {"action": action, "label": label, "note": "読みました"}
            )
            times.decide.append(time.perf_counter() - begin)
            if reply.status != 303:
                raise RuntimeError(f"decide answered {reply.status}: {reply.body[:200]}")
            times.acknowledged[name[1]] += 1
            path = reply.location
    except (
        RuntimeError,
        OSError,
        http.client.HTTPException,
    ) as error:  # a thread's failure is raised by `run_round`
        failed.append(f"reviewer {seed}: {error!r}")


def run_round(clients: list[Client], items: int, pace: float, seed: int) -> tuple[Times, float]:
    """All reviewers at once, `items` each; returns their times and how long it took, in seconds.

    Raises:
        RuntimeError: one of them failed.
    """
    times = Times([], [], Counter())
    failed: list[str] = []
    begin = time.perf_counter()
    threads = [
        threading.Thread(target=work, args=(client, seed + n, items, pace, times, failed))
        for n, client in enumerate(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise RuntimeError("; ".join(failed[:3]))
    return times, time.perf_counter() - begin


def measure_bulk(client: Client) -> str:
    """One decision about as many items as the page takes at once, and its undo; returns what they took.

    Raises:
        RuntimeError: the page refused one of them.
    """
    queue = f"/queues/{RECIPE}/{CHECKS[0]}"
    page = client.show(queue).body
    token = re.search(r'name="csrf" value="([^"]*)"', page)
    form = {"csrf": token[1] if token else "", "action": "drop"}
    preview = client.ask(f"{queue}/preview", form)
    seen = html.unescape(re.findall(r'name="seen" value="([^"]*)"', preview.body)[0])
    told = []
    path, given = f"{queue}/bulk", form | {"seen": seen}
    for name in ("decided", "taken back"):
        begin = time.perf_counter()
        reply = client.ask(path, given)
        told.append(f"{name} in {time.perf_counter() - begin:.2f} s")
        if reply.status != 303:
            raise RuntimeError(f"{path} answered {reply.status}: {reply.body[:200]}")
        path = f"/batches/{reply.location.partition('batch=')[2]}/undo"
        given = form | {"recipe": RECIPE, "queue": CHECKS[0]}
    return f"{seen.count(':'):,} items in bulk: " + ", ".join(told)


def tell(name: str, seconds: list[float]) -> str:
    p50, p95, p99 = np.percentile(seconds, [50, 95, 99]) * 1000
    return f"{name:<22}{len(seconds):>7}{p50:>9.0f}{p95:>8.0f}{p99:>8.0f}"


def load() -> str:
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


def check_ledger(workspace: Workspace, acknowledged: Counter[str]) -> int:
    """Rows about the queue in the ledger, each decision that was acknowledged being there once.

    Raises:
        RuntimeError: one is missing, or there twice.
    """
    ledger = Ledger(workspace.ledger_url)
    stored = Counter(row["sample_id"] for row in ledger.all_decisions() if row["origin"] != "overlap")
    stored.update(row["sample_id"] for row in Desk(ledger).votes())
    if stored != acknowledged:
        raise RuntimeError(f"acknowledged and stored differ: {stored - acknowledged} {acknowledged - stored}")
    return stored.total()


def measure(workspace: Workspace, options: argparse.Namespace) -> None:
    begin = time.perf_counter()
    items = fill(workspace, options.items, options.reviewers)
    print(f"{items:,} items filled in {time.perf_counter() - begin:.1f} s; load average {load()}", flush=True)
    port = free_port()
    server = start_server(workspace, port)
    try:
        memory = [("start", psutil.Process(server.pid).memory_info().rss)]
        clients = [Client(port) for _ in range(options.reviewers)]
        for n, client in enumerate(clients):
            if client.ask("/sign-in", {"name": f"reviewer{n}", "password": PASSWORD}).status != 303:
                raise RuntimeError(f"reviewer{n} cannot sign in")
        memory.append(("signed in", psutil.Process(server.pid).memory_info().rss))
        acknowledged: Counter[str] = Counter()
        print(f"{'ms':<22}{'count':>7}{'p50':>9}{'p95':>8}{'p99':>8}")
        for n, (name, pace) in enumerate([("no pause", 0.0), (f"pause {options.pace:g} s", options.pace)]):
            cpu = sum(psutil.Process(server.pid).cpu_times()[:2])
            times, wall = run_round(clients, options.rounds, pace, 1_000 * n)
            cpu = sum(psutil.Process(server.pid).cpu_times()[:2]) - cpu
            acknowledged += times.acknowledged
            print(tell(f"{name}: next", times.next))
            print(tell(f"{name}: decide", times.decide))
            done = len(times.decide)
            told = f"{done / wall:.1f} items/s, server {1000 * cpu / done:.1f} CPU ms an item"
            requests = (len(times.next) + done) / wall
            print(f"  {told}, {requests:.0f} requests/s; load average {load()}", flush=True)
            memory.append((name, psutil.Process(server.pid).memory_info().rss))
        for _ in range(2):  # the first look may fill caches
            begin = time.perf_counter()
            clients[0].show("/")
            print(f"queues page {1000 * (time.perf_counter() - begin):.0f} ms", end="; ")
        print(f"{check_ledger(workspace, acknowledged):,} decisions and opinions, each acknowledged one once")
        print("server's memory: " + ", ".join(f"{name} {rss / 1e6:.0f} MB" for name, rss in memory))
        print(measure_bulk(clients[0]))
        size = sum(file.stat().st_size for file in Path(workspace.root).glob("ledger.db*"))
        print(f"database {size / 1e6:.0f} MB")
    finally:
        server.kill()
        server.wait()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=50_000, help="items in the queue")
    parser.add_argument("--reviewers", type=int, default=20)
    parser.add_argument(
        "--rounds", type=int, default=50, help="items a reviewer decides in each of the two rounds"
    )
    parser.add_argument(
        "--pace", type=float, default=PACE, help="mean seconds of a pause in the second round"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Workspace(root=folder), options)


if __name__ == "__main__":
    main()
