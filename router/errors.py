"""Every error that a client or an operator can meet.

    SurveyorError                 knows its HTTP status and OpenAI's `type`, `code` and `param`
    ├── BadRequest          400   the body is not what the API takes
    ├── TooLarge            413   the body is over the limit
    ├── ModelNotFound       404   no such model is configured
    ├── RequestNotFound     404   no such request is in the ledger
    ├── PolicyRefused       403   a guard rule left nobody who may answer
    ├── NotCached           504   `only-if-cached`, and it is not
    ├── UpstreamRefused     4xx   the upstream says that the request is wrong; its own words are kept
    └── NoAnswer            502   everybody asked has failed
        UpstreamFailed            one answerer has failed; the next one is asked (never reaches a client)

Each message ends with what to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson


class SurveyorError(Exception):
    """An error with an OpenAI-shaped body."""

    status = 500
    type = "server_error"
    code: str | None = None

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code or self.code
        self.headers: dict[str, str] = {}

    def body(self) -> bytes:
        """The error as OpenAI would send it."""
        error = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        return orjson.dumps({"error": error})


class BadRequest(SurveyorError):
    """The request is malformed; `param` names the field."""

    status = 400
    type = "invalid_request_error"


class TooLarge(SurveyorError):
    """The body is larger than `server.max_body_mb`."""

    status = 413
    type = "invalid_request_error"
    code = "request_too_large"


class ModelNotFound(SurveyorError):
    """The model asked for is not configured."""

    status = 404
    type = "invalid_request_error"
    code = "model_not_found"


class RequestNotFound(SurveyorError):
    """No request with this id is in the ledger, or its decision was not kept."""

    status = 404
    type = "invalid_request_error"
    code = "request_not_found"


class PolicyRefused(SurveyorError):
    """A guard rule refused, or left nobody who may answer."""

    status = 403
    type = "invalid_request_error"
    code = "policy_refused"


class NotCached(SurveyorError):
    """The client wanted a cached answer or none (RFC 9111, 5.2.1.7)."""

    status = 504
    type = "invalid_request_error"
    code = "not_cached"


class UpstreamRefused(SurveyorError):
    """The upstream rejects the request itself: asking another model would not help.

    The upstream's own status and body reach the client unchanged.
    """

    type = "invalid_request_error"

    def __init__(self, status: int, body: bytes, target: str) -> None:
        super().__init__(f"{target} answered {status}", code="upstream_refused")
        self.status = status
        self._body = body

    def body(self) -> bytes:
        """The upstream's body if it is JSON, else ours with its text in it."""
        try:
            if isinstance(orjson.loads(self._body), dict):
                return self._body
        except orjson.JSONDecodeError:
            pass
        self.message = f"{self.message}: {self._body[:500].decode(errors='replace')}"
        return super().body()


class UpstreamFailed(Exception):
    """One hosted model could not answer: network, time-out, 401, 404, 408, 409, 429 or 5xx.

    `why` is ours, for the ledger and the log: a status and a code. `said` is the upstream's own text; it may quote
    the prompt, so it is for the client alone.
    """

    def __init__(
        self, why: str, *, said: str = "", status: int | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(why)
        self.why = why
        self.said = said
        self.status = status
        self.retry_after = (headers or {}).get("retry-after")


class NoAnswer(SurveyorError):
    """Everybody who was asked failed. 429 when the last word was a rate limit, else 502."""

    status = 502
    code = "no_answer"

    def __init__(self, failures: Sequence[tuple[str, Exception]]) -> None:
        said = "; ".join(f"{target}: {told(problem)}" for target, problem in failures) or "no step was left to try"
        super().__init__(f"No model could answer ({said}). Retry, or check the models in surveyor.yaml.")
        last = failures[-1][1] if failures else None
        if isinstance(last, UpstreamFailed):
            if last.status == 429:
                self.status, self.type, self.code = 429, "rate_limit_error", "rate_limit_exceeded"
            if last.retry_after:
                self.headers["retry-after"] = last.retry_after


def reason(problem: Exception) -> str:
    """Why an answerer failed, for the ledger: nobody's own text, which may hold a prompt."""
    return problem.why if isinstance(problem, UpstreamFailed) else f"an internal {type(problem).__name__}"


def told(problem: Exception) -> str:
    """The same for the client, whose prompt it is: in the upstream's own words, where it has said any."""
    return (isinstance(problem, UpstreamFailed) and problem.said) or reason(problem)
