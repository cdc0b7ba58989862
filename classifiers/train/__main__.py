"""`python -m classifiers.train DATA [--out FOLDER] [--only PART]`: rebuild every shipped artefact.

The same data, packages and machine give the same bytes: fixed seeds, one thread, sorted JSON, no dates. Fine-tuning
alone (`trunk`, an hour of two cores) takes all cores.
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

# Read by the numeric libraries when they are first imported, so they stand before any such import.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

from .weights import require  # noqa: E402

# In this order, as later ones stand on earlier ones: on `static` stand all but `encoder`, `trunk` and `experts`, on
# `trunk`, the fine-tuned upper layers of the encoder with their heads, `second` and `experts`.
PARTS = ("static", "encoder", "task", "trunk", "second", "novelty", "cues", "difficulty", "experts")
WITH_TORCH = frozenset({"static", "encoder", "trunk"})
CHECKPOINT = Path(".trunk.pt")  # of the fine-tuning: one that was cut off goes on from here; `barred` starts from it
KEPT = frozenset({"encoder"})  # the folder of the trunk, too


def main() -> None:
    """Parse the command line and build."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.train", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the .jsonl.gz files that the cards name")
    parser.add_argument("--out", type=Path, default=Path("classifiers/models"), help="default: classifiers/models")
    parser.add_argument("--only", choices=PARTS, action="append", help="this alone (repeatable), on what is there")
    chosen = parser.parse_args()
    build(chosen.data, chosen.out, [part for part in PARTS if part in (chosen.only or PARTS)])


def build(folder: Path, out: Path, parts: Sequence[str] = PARTS) -> None:
    """Rebuild these artefacts under `out`, replacing what is there, with a card each and the manifest."""
    if WITH_TORCH.intersection(parts):
        require()
        import torch  # noqa: PLC0415 - after `require`, which says what to install

        torch.set_num_threads(1)
    from . import cards  # noqa: PLC0415

    began = time.monotonic()
    for part in parts:
        if part not in KEPT:
            shutil.rmtree(out / part, ignore_errors=True)
        told = build_part(part, folder, out)
        cards.keep(out, {part: told})  # so that nothing is lost when a later part fails
        print(f"{time.monotonic() - began:7.1f} s  {part}", flush=True)
    cards.write(out, parts)


def build_part(part: str, folder: Path, out: Path) -> object:
    """Rebuild one artefact; return what its card tells."""
    if part in WITH_TORCH:
        return build_with_torch(part, folder, out)
    from classifiers.embed import Encoder, StaticEmbedder  # noqa: PLC0415
    from classifiers.task import TaskHead  # noqa: PLC0415

    from . import blend, corpus, cues, difficulty, experts, novelty, task  # noqa: PLC0415

    embedder = StaticEmbedder.load(out / "static")
    if part == "task":
        return task.build(corpus.read(folder), out, embedder)
    if part == "second":
        return blend.build(
            corpus.read(folder), out, embedder, Encoder.load(out / "encoder"), TaskHead.load(out / "task")
        )
    if part == "novelty":
        return novelty.build(corpus.read(folder), folder, out, embedder, TaskHead.load(out / "task"))
    if part == "experts":
        return experts.build(folder, out)
    return (cues if part == "cues" else difficulty).build(folder, out, embedder)


def build_with_torch(part: str, folder: Path, out: Path) -> object:
    """Rebuild what only the `train` extra can."""
    from . import corpus, encoder, lessons, static, trunk  # noqa: PLC0415

    if part == "static":
        return static.build(out / "static")
    if part == "encoder":
        return encoder.build(out / "encoder")
    import torch  # noqa: PLC0415

    torch.set_num_threads(os.cpu_count() or 1)
    told = trunk.build(lessons.lessons(folder), corpus.read(folder).train, out / "encoder", CHECKPOINT)
    torch.set_num_threads(1)
    return told


if __name__ == "__main__":
    main()
