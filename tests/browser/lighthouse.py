"""``python -m tests.browser.lighthouse REPORT OUT``: Lighthouse's scores, as a page of the docs."""

import json
import sys
from pathlib import Path

from benchmarks.report import machine, table

BAR = 95
BARRED = ("performance", "accessibility", "best-practices")


def page_of(report: dict) -> str:
    """The scores of a report, against the bar, and what it measured."""
    scores = {key: round(100 * c["score"]) for key, c in report["categories"].items()}
    rows = [
        (report["categories"][key]["title"], score, at_least(key)) for key, score in scores.items()
    ]
    audits = report["audits"]
    timed = ("first-contentful-paint", "largest-contentful-paint", "total-blocking-time")
    measured = [*timed, "cumulative-layout-shift", "speed-index", "total-byte-weight"]
    values = [(a.replace("-", " "), audits[a]["displayValue"]) for a in measured]
    return "\n\n".join(
        [
            "# What Lighthouse says",
            "`make lighthouse` measures `/` as a phone on a slow line and writes this page.",
            f"Lighthouse {report['lighthouseVersion']}, {report['environment']['hostUserAgent']}.",
            machine(),
            table(["category", "score", "bar"], rows),
            table(["measured", ""], values),
        ]
    )


def at_least(category: str) -> str:
    return f"{BAR}" if category in BARRED else ""


def complaints(report: dict) -> list[str]:
    """What keeps a category from 100, to be read on the terminal."""
    audits = report["audits"]
    lines = []
    for category in report["categories"].values():
        for ref in category["auditRefs"]:
            audit = audits[ref["id"]]
            if (
                ref["weight"]
                and (audit["score"] or 0) < 1
                and audit["scoreDisplayMode"] != "manual"
            ):
                value = audit.get("displayValue", "")
                lines.append(f"{category['title']}: {audit['title']} {value}")
    return lines


def main() -> int:
    source, out = map(Path, sys.argv[1:])
    report = json.loads(source.read_text(encoding="utf-8"))
    page = page_of(report)
    out.write_text(page + "\n", encoding="utf-8")
    print(page, *complaints(report), sep="\n")
    scores = [report["categories"][key]["score"] for key in BARRED]
    return 0 if min(scores) >= BAR / 100 else 1


if __name__ == "__main__":
    sys.exit(main())
