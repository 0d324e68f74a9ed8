"""`seimai chat`: champion and base answer the same line."""

from typing import Any

from rich.console import Console
from rich.text import Text

from tasks.errors import SeimaiError
from tasks.ledger import Ledger
from tasks.register import RegisteredModel, champion, list_models
from tasks.storage import Workspace


def chat_loop(workspace: Workspace, name: str | None, tokens: int) -> None:
    """Reads lines until an empty one or the end of input, and prints both answers to each.

    Raises:
        SeimaiError: there is no champion, or several models and none was named.
    """
    from tasks.base_model import load_model, load_tokenizer
    from tasks.evaluate import load_tuned

    model = _choose(workspace, name)
    base = workspace.path(model.tags["base_model_path"])
    tokenizer = load_tokenizer(base)
    models = {
        "base": load_model(base).eval(),
        f"champion (version {model.version})": load_tuned(base, workspace.path(model.path)),
    }
    system = _instruction(workspace, model)
    console = Console()
    console.print(Text(f"{model.name}: type a line; an empty line ends", style="dim"))
    while line := _read(console):
        prompt = [
            *([{"role": "system", "content": system}] if system else []),
            {"role": "user", "content": line},
        ]
        for who, answering in models.items():
            console.print(Text(f"{who}: ", style="bold"), Text(answer(answering, tokenizer, prompt, tokens)))


def answer(model: Any, tokenizer: Any, prompt: list[dict[str, str]], tokens: int) -> str:
    """The model's greedy answer, of at most `tokens` tokens."""
    import torch

    ids = tokenizer.apply_chat_template(
        prompt, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    with torch.inference_mode():
        out = model.generate(
            **ids, max_new_tokens=tokens, do_sample=False, pad_token_id=tokenizer.pad_token_id
        )
    return tokenizer.decode(out[0, ids["input_ids"].shape[1] :], skip_special_tokens=True).strip()


def _choose(workspace: Workspace, name: str | None) -> RegisteredModel:
    names = sorted({model.name for model in list_models(workspace)})
    if name is None and len(names) != 1:
        raise SeimaiError(f"name a model: {', '.join(names) or 'none is registered yet'}")
    chosen = name or names[0]
    found = champion(workspace, chosen)
    if found is None:
        raise SeimaiError(f"{chosen!r} has no champion; registered models: {', '.join(names) or 'none'}")
    return found


def _instruction(workspace: Workspace, model: RegisteredModel) -> str:
    """The system message that the model was tuned with, from a sample of its snapshot."""
    import pyarrow.parquet as pq

    snapshots = [
        s for s in Ledger(workspace.ledger_url).snapshots() if s["snapshot_id"] == model.tags["snapshot"]
    ]
    if not snapshots:
        return ""
    table = pq.read_table(workspace.path(snapshots[0]["path"], "samples.parquet"), columns=["prompt"])
    first = table.slice(0, 1).to_pylist()[0]["prompt"]
    return first[0]["content"] if first and first[0]["role"] == "system" else ""


def _read(console: Console) -> str:
    try:
        return console.input("> ").strip()
    except EOFError:
        return ""
