"""Reports as files: what a run or a shard came to, for --costs and `fleet merge`."""

from __future__ import annotations

from krm_injector.fleet import serial
from krm_injector.kube.credentials import in_value
from krm_injector.model import Refused, Result
from krm_injector.sources import files
from krm_injector.writing import one_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.fleet.model import Report


def write(path: str, report: Report) -> None:
    """Writes a report, whole or not at all. Raises Refused."""
    try:
        one_file.put(path, serial.to_json(_shown(report)).encode())
    except OSError as problem:
        raise _refused(path, f"cannot be written: {problem.strerror or problem}") from None


def _shown(report: Report) -> Report:
    """The report without credentials among the values for charts, which nothing reads back."""
    targets = tuple(
        target._replace(
            set_values=tuple(in_value(dict(target.set_values)).items()),
            options=tuple(in_value(target.options)),
        )
        for target in report.fleet.targets
    )
    return report._replace(fleet=report.fleet._replace(targets=targets))


def read(path: str) -> Report:
    """A report. Raises Refused if the file is none."""
    from krm_injector.fleet.model import Report

    try:
        text = files.read(path).decode()
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8"
        raise _refused(path, f"cannot be read: {reason}") from None

    try:
        return serial.from_json(Report, text)
    except (ValueError, KeyError, TypeError) as problem:
        message = f"is no report of krm-injector fleet --report: {problem}"
        raise _refused(path, message) from None


def _refused(path: str, problem: str) -> Refused:
    return Refused(Result("error", f"the report {path} {problem}", file=path, code="fleet-report"))
