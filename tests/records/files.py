"""Files of records, as tests write them."""

import json
from pathlib import Path
from typing import Any

OWN = {"query": "2 + 2?", "dataset": "maths", "scores": {"a": 1, "b": 0.5}}


def write(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    return path


def lines(*items: Any) -> str:
    return "\n".join(json.dumps(item, ensure_ascii=False) for item in items) + "\n"
