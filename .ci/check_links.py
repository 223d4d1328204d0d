#!/usr/bin/env python3
"""Every relative link of the project's Markdown leads to a file, and every anchor to a heading."""

import pathlib
import re
import subprocess
import sys

LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)|\!\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.M)


def anchors(text):
    """The ids that mdBook and forges give to headings."""
    found, seen = set(), {}
    for title in HEADING.findall(re.sub(r"```.*?```", "", text, flags=re.S)):
        plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", title)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).strip().replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        found.add(slug if count == 0 else f"{slug}-{count}")
    return found


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    broken = 0
    for name in listed:
        page = root / name
        if not page.exists() or name.startswith("docs/spec/0"):
            continue
        text = re.sub(r"```.*?```", lambda m: "\n" * m[0].count("\n"), page.read_text("utf-8"), flags=re.S)
        for match in LINK.finditer(text):
            target = match[1] or match[2]
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            file = (page.parent / path).resolve() if path else page
            line = text.count("\n", 0, match.start()) + 1
            if not file.exists():
                print(f"{name}:{line}: no such file: {target}")
                broken += 1
            elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text("utf-8")):
                print(f"{name}:{line}: no such heading: {target}")
                broken += 1
    print(f"{len(listed)} pages, {broken} broken links")
    return 1 if broken else 0


sys.exit(main())
