"""Writes recipe.schema.json, which editors check recipes against, from the settings in tasks/recipe.py.

Run as `python deployments/schema.py` after a change there.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tasks.recipe import recipe_schema  # noqa: E402

if __name__ == "__main__":
    (ROOT / "deployments" / "recipe.schema.json").write_text(recipe_schema(), encoding="utf-8")
