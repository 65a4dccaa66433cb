"""The check of defaultInboundHttpRetryPolicy, a setting of 1.32.

Source: validateMeshConfigDefaultInboundHTTPRetryPolicy and ValidateHTTPRetry
(pkg/config/validation/agent/validation.go, 1.32-dev of 2026-08-22). Imported only where a mesh has
the setting.
"""

from __future__ import annotations

import re

from krm_injector.istio_api.message import duration_nanos, duration_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

# field path, its value, what is wrong (a clause that follows the path)
Problem: TypeAlias = "tuple[str, Any, str]"

MILLISECOND = 10**6

# What retryOn may name beside status codes: the policies that Envoy's router has.
_POLICIES = frozenset((
    "5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "retriable-4xx",
    "refused-stream", "retriable-status-codes", "retriable-headers", "envoy-ratelimited",
    "http3-post-connect-failure", "cancelled", "deadline-exceeded", "internal",
    "resource-exhausted", "unavailable",
))  # fmt: skip
# The status codes that net/http has a text for.
_STATUS_CODES = frozenset((
    *range(100, 104), *range(200, 209), 226, *range(300, 306), 307, 308, *range(400, 419),
    *range(421, 427), 428, 429, 431, 451, *range(500, 509), 510, 511,
))  # fmt: skip


def inbound_retry_problems(fields: dict[str, Any]) -> list[Problem]:
    path = "defaultInboundHttpRetryPolicy"
    attempts = fields.get("attempts", 0)
    problems: list[Problem] = []
    if attempts < 0:
        problems.append((f"{path}.attempts", attempts, "must not be negative"))

    for name in ("perTryTimeout", "retryOn", "retryRemoteLocalities", "backoff"):
        if attempts == 0 and fields.get(name):
            problems.append((f"{path}.{name}", None, "cannot be given where attempts is 0"))

    for name in ("perTryTimeout", "backoff"):
        if fields.get(name) is not None:
            problems += _duration_problems(f"{path}.{name}", duration_nanos(fields[name]))

    for policy in (fields.get("retryOn") or "5xx").split(","):
        if policy not in _POLICIES and _status_code(policy) not in _STATUS_CODES:
            problems.append((f"{path}.retryOn", policy, "must name conditions that Envoy knows"))

    return problems


def _duration_problems(path: str, nanos: int) -> list[Problem]:
    if nanos < MILLISECOND:
        return [(path, duration_text(nanos), "must be at least 1ms")]
    if nanos % MILLISECOND:
        return [(path, duration_text(nanos), "must be in whole milliseconds")]
    return []


def _status_code(text: str) -> int:
    """As strconv.Atoi reads it; 0 for what is no number."""
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else 0
