"""`surveyor explain`: the decision of a server that is not running, about a prompt or about a past request."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import orjson

from router.api import new_id
from router.app import create_observer, load_shipped
from router.commands.options import fail
from router.errors import ModelNotFound, RequestNotFound
from router.fleet import Priced
from router.gateway import Gateway
from router.record import dollars
from router.settings import Settings, load_variants
from router.shaping import Shaper
from router.standin import as_model, model_file
from router.steering import create_course
from router.stored import explained as stored
from router.stored import open_ledger, reading
from router.wire import parse_chat


async def explained(settings: Settings, prompt: str, model: str) -> dict[str, Any]:
    """The document that POST /v1/explain would return for this prompt, asked of this model.

    Ends the command where no such model is configured.

    Raises:
        ConfigError: a rule file or the index is wrong.
    """
    models = settings.models or ((as_model("http://127.0.0.1"),) if model_file() else ())
    priced = Priced(settings, models)
    body = {"model": model, "messages": [{"role": "user", "content": prompt}]}
    request = parse_chat(orjson.dumps(body), {}, new_id())
    course = create_course(settings, priced, models, load_variants(settings))
    observer = create_observer(settings, load_shipped(settings), priced)
    gateway = Gateway(course.choose, observer.observe, {}, lambda _record: None, Shaper(settings.examples))
    try:
        return await gateway.explain(request)
    except ModelNotFound as problem:
        fail(problem.message)
    finally:
        observer.second_look.close()


def past(settings: Settings, request_id: str) -> tuple[dict[str, Any], str]:
    """The document that GET /v1/explain/{id} would return, and a line on what became of the request.

    Ends the command where the ledger does not know it, or its row is damaged.

    Raises:
        ConfigError: there is no ledger, or it cannot be read.
    """
    try:
        engine = open_ledger(settings.ledger.url)
        with reading(engine):
            found = stored(engine, request_id)
    except RequestNotFound as problem:
        fail(problem.message)
    except (ValueError, KeyError, TypeError, AttributeError):
        fail(f"The row of '{request_id}' in the ledger is damaged; it cannot be explained any more.")
    return found.document, _became(found.row)


def _became(row: Mapping[str, Any]) -> str:
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(row["at_ms"] / 1000))
    if row["outcome"] is None:
        return f"Came in at {at}; it is still open, or was cut off.\n"
    by = f"answered by {row['target']}" if row["target"] else "nobody answered"
    cost = dollars(row["cost_nano"])
    paid = "cost unknown" if cost == "unknown" else f"cost ${float(cost):.6f}"
    return f"Came in at {at}, {by}: {row['outcome']}, {row['total_us'] / 1000:.0f} ms, {paid}.\n"
