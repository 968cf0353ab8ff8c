"""Make docs/ANALYTICS_MCP.html from its Markdown: python -m scripts.guide

With --check only say whether it still is what would be made.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from markdown_it import MarkdownIt

DOCS = Path(__file__).resolve().parent.parent / "docs"
SOURCE, TARGET = DOCS / "ANALYTICS_MCP.md", DOCS / "ANALYTICS_MCP.html"

# Readable by itself, from a folder or in a mail: one file, no script, the drawing inside.
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.55 system-ui, sans-serif; max-width: 46rem }}
body {{ margin: 2rem auto; padding: 0 1rem }}
pre {{ overflow-x: auto; padding: .8rem; border: 1px solid #8886; border-radius: 6px }}
code {{ font-size: .92em }}
table {{ border-collapse: collapse; display: block; overflow-x: auto }}
th, td {{ border: 1px solid #8886; padding: .3rem .6rem; text-align: left; vertical-align: top }}
svg {{ max-width: 100%; height: auto }}
.run {{ font-size: .85em; margin: 0; opacity: .8 }}
</style>
</head>
<body>
{body}
</body>
</html>
"""
MARK = re.compile(r"<!-- (host|tested: (\S+)) -->\n")


def page(markdown: str) -> str:
    """Return the whole HTML page."""
    marked = MARK.sub(_note, markdown)
    body = MarkdownIt("commonmark", {"html": True}).enable("table").render(marked)
    drawing = (DOCS / "architecture.svg").read_text(encoding="utf-8")
    body = re.sub(r'<p><img src="architecture\.svg"[^>]*></p>', lambda _: drawing, body)
    title = markdown.splitlines()[0].lstrip("# ")
    return PAGE.format(title=title, body=body.rstrip())


def _note(found: re.Match[str]) -> str:
    text = "On your host:" if found[1] == "host" else f"Tested ({found[2].partition('::')[0]}):"
    return f'<p class="run">{text}</p>\n\n'


def main() -> None:
    """Write the page, or with --check exit with 1 when it is not as it would be written."""
    made = page(SOURCE.read_text(encoding="utf-8"))
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(made, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != made:
        sys.exit(f"{TARGET.name} is not what its Markdown says. Run: python -m scripts.guide")


if __name__ == "__main__":
    main()
