"""`python -m classifiers.train DATA [--out FOLDER] [--only cues]`: rebuild every shipped artefact.

The same data, packages and machine give the same bytes: fixed seeds, one thread, sorted JSON, no dates.
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from pathlib import Path

# Read by the numeric libraries when they are first imported, so they stand before any such import.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

from .weights import require  # noqa: E402


def main() -> None:
    """Parse the command line and build."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.train", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the .jsonl.gz files that the cards name")
    parser.add_argument("--out", type=Path, default=Path("classifiers/models"), help="default: classifiers/models")
    parser.add_argument("--only", choices=["cues"], help="this alone, on the static embedder as it is")
    chosen = parser.parse_args()
    if chosen.only:
        only_cues(chosen.data, chosen.out)
        return
    require()
    build(chosen.data, chosen.out)


def build(folder: Path, out: Path) -> None:
    """Rebuild all artefacts under `out`, replacing what is there, with a card each and the manifest."""
    import torch  # noqa: PLC0415 - after `require`, which says what to install

    from classifiers.embed import Encoder, StaticEmbedder  # noqa: PLC0415

    from . import cards, cues, encoder, experts, prompts, static  # noqa: PLC0415

    torch.set_num_threads(1)
    began = time.monotonic()
    for part in ("static", "encoder", "task", "novelty", "cues", "experts"):
        shutil.rmtree(out / part, ignore_errors=True)
    facts: dict[str, object] = {"static": static.build(out / "static")}
    _say("static", began)
    facts["encoder"] = encoder.build(out / "encoder")
    _say("encoder", began)
    facts |= prompts.build(folder, out, StaticEmbedder.load(out / "static"))
    _say("task and novelty", began)
    facts["cues"] = cues.build(folder, out, StaticEmbedder.load(out / "static"))
    _say("cues", began)
    facts["experts"] = experts.build(folder, out / "experts", Encoder.load(out / "encoder").encode)
    _say("experts", began)
    cards.write(out, facts)
    _say("cards", began)


def only_cues(folder: Path, out: Path) -> None:
    """Rebuild the cue heads under `out`, with their card; they need no torch."""
    from classifiers.embed import StaticEmbedder  # noqa: PLC0415

    from . import cards, cues  # noqa: PLC0415

    began = time.monotonic()
    facts = {"cues": cues.build(folder, out, StaticEmbedder.load(out / "static"))}
    _say("cues", began)
    cards.write(out, facts)


def _say(what: str, began: float) -> None:
    print(f"{time.monotonic() - began:7.1f} s  {what}", flush=True)


if __name__ == "__main__":
    main()
