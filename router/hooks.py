"""What watches: Prometheus. A hook is any callable that takes an `Event`; it must not block or raise."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from router.course import Course
from router.prices import NANO
from router.types import Event

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """The `surveyor_` metrics. Labels take values of ours only, so a client cannot grow them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "surveyor_requests", "Requests that are over.", ["target", "outcome", "cache"], registry=self.registry
        )
        self._rules = Counter("surveyor_decisions", "Requests by deciding rule.", ["rule"], registry=self.registry)
        self._tasks = Counter("surveyor_tasks", "Requests by task type.", ["task"], registry=self.registry)
        self._stages = Histogram(
            "surveyor_stage_seconds",
            "Time in each stage of the story.",
            ["stage"],
            registry=self.registry,
            buckets=_SECONDS,
        )
        self._tokens = Counter("surveyor_tokens", "Tokens billed.", ["direction"], registry=self.registry)
        self._cost = Counter("surveyor_cost_usd", "What answers cost.", ["target"], registry=self.registry)
        self._baseline = Counter(
            "surveyor_baseline_usd", "What the baseline model would have cost.", ["target"], registry=self.registry
        )
        self._failed = Counter(
            "surveyor_attempt_failures", "Answerers that failed.", ["target"], registry=self.registry
        )
        self.cache_faults = Counter("surveyor_cache_faults", "Cache calls that failed.", registry=self.registry)
        self.ledger_lost = Counter(
            "surveyor_ledger_lost", "Rows that the ledger could not keep.", registry=self.registry
        )
        self._reloads = Counter(
            "surveyor_policy_reloads", "Policies that were read: taken, or not.", ["outcome"], registry=self.registry
        )
        self._policy = Gauge(
            "surveyor_policy_info", "The policies in force.", ["model", "profile", "hash"], registry=self.registry
        )
        self._stale = Gauge(
            "surveyor_policy_stale", "1 while the newest edit could not be taken.", registry=self.registry
        )
        for outcome in ("ok", "kept"):
            self._reloads.labels(outcome)

    def __call__(self, event: Event) -> None:
        """Count a request that is over."""
        target = event.target or "none"
        self._requests.labels(target, event.outcome, event.cache).inc()
        self._rules.labels(event.decision.decider or "none").inc()
        self._tasks.labels(event.signals.task.label).inc()
        for stage, seconds in event.seconds.items():
            self._stages.labels(stage).observe(seconds)
        self._tokens.labels("in").inc(event.usage.tokens_in)
        self._tokens.labels("out").inc(event.usage.tokens_out)
        self._cost.labels(target).inc((event.usage.cost or 0) / NANO)
        self._baseline.labels(target).inc((event.usage.baseline or 0) / NANO)
        for attempt in event.attempts:
            if attempt.outcome == "failed":
                self._failed.labels(attempt.target).inc()

    def in_force(self, course: Course) -> None:
        """Show the policies in force."""
        self._policy.clear()
        for name, policy in course.policies.items():
            self._policy.labels(name, policy.profile, policy.hash).set(1)

    def reloaded(self, outcome: str) -> None:
        """Count a reload: `ok`, or `kept` where the last good policy stays."""
        self._reloads.labels(outcome).inc()
        self._stale.set(outcome == "kept")

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)
