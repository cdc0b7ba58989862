"""`surveyor explain`: the decision of a server that is not running."""

from __future__ import annotations

from typing import Any

import orjson

from policies.explain import document
from router.api import new_id
from router.app import Priced, create_observer, load_shipped
from router.settings import Settings, load_policies
from router.standin import as_model, model_file
from router.wire import parse_chat


async def explained(settings: Settings, prompt: str) -> dict[str, Any]:
    """The document that POST /v1/explain would return for this prompt."""
    models = settings.models or ((as_model("http://127.0.0.1"),) if model_file() else ())
    observer = create_observer(settings, load_shipped(settings), Priced(settings, models), models)
    body = {"model": "auto", "messages": [{"role": "user", "content": prompt}]}
    request = parse_chat(orjson.dumps(body), {}, new_id())
    try:
        observed = await observer.observe(request)
    finally:
        observer.second_look.close()
    return document(request.id, observed.signals, load_policies(settings).current.decide(observed.signals))
