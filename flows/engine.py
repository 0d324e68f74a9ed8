"""How Prefect is set up for a workspace: its home, its server, and what it keeps quiet about.

Prefect reads its settings when it is imported, so `configure_prefect` comes before any import of a flow.
"""

import os
from enum import StrEnum
from pathlib import Path

STARTUP_SECONDS = 90
"""The embedded server takes 11-41 s to answer on two busy cores; Prefect's own limit is 20."""


class Until(StrEnum):
    """The last part of the line that a run does."""

    CURATE = "curate"
    FINETUNE = "finetune"
    PROMOTE = "promote"


def configure_prefect(workspace: Path) -> None:
    """Points Prefect at the workspace: its database, results and pages live there.

    With PREFECT_API_URL set, runs go to that server; without, each command starts an embedded one whose
    database `seimai ui` shows. What the user has set stays as it is.
    """
    home = workspace / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    settings = {
        "PREFECT_HOME": home,
        "PREFECT_LOCAL_STORAGE_PATH": home / "results",
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": home / "ui",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": STARTUP_SECONDS,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "DO_NOT_TRACK": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "OMP_WAIT_POLICY": "PASSIVE",
        "TOKENIZERS_PARALLELISM": "false",
        "TRANSFORMERS_VERBOSITY": "error",
    }
    for name, value in settings.items():
        os.environ.setdefault(name, str(value))
