"""Writes THIRD-PARTY.md: the licences of what is linked into the extension of the wheel.

    python tools/notices.py            write it
    python tools/notices.py --check    say whether it is current; exit status 1 if not

Crates come from ``cargo metadata``: what the binding depends on for any platform that wheels are
built for, without build scripts, macros and tests, which are not linked. Their texts come from the
sources of the crates. A crate that offers a choice is taken under the first of CHOICE; a licence
that is not in CHOICE, or a crate without a text, is an error that a person has to look at.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "THIRD-PARTY.md"
BINDING = "sn7fast-py"
OURS = {"sn7fast-core", BINDING}

# Those of .github/workflows/wheels.yml.
TARGETS = (
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
)

# In the order in which we take them; the words by which a text is known.
CHOICE = {
    "MIT": "permission is hereby granted, free of charge",
    "BSD-2-Clause": "redistribution and use in source and binary forms",
    "BSD-3-Clause": "redistribution and use in source and binary forms",
    "Apache-2.0": "apache license",
    "Unicode-3.0": "unicode license",
}

# Sources of others inside a crate, which are linked with it: file, what it is.
BUNDLED = {
    "libmimalloc-sys": (("c_src/mimalloc/v2/LICENSE", "c_src/mimalloc/v3/LICENSE"), "mimalloc")
}

# Linked into every Rust program; its texts are not among the crates.
STANDARD_LIBRARY = "The standard library of Rust, Copyright (c) The Rust Project Contributors"

HEAD = """# Third-party notices

sn7fast itself is under the Apache License 2.0 ([LICENSE](LICENSE)). The extension module in its
wheels has the following linked into it. This file is written by `python tools/notices.py`.
"""


def metadata(target: str) -> dict:
    """What cargo says for one target, with the lock file as it is."""
    done = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", target],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"error: cargo metadata: {done.stderr.strip()}")
    return json.loads(done.stdout)


def linked(facts: dict) -> dict[str, dict]:
    """Packages that are linked into the binding, by id, without our own."""
    packages = {package["id"]: package for package in facts["packages"]}
    nodes = {node["id"]: node for node in facts["resolve"]["nodes"]}
    (start,) = (key for key, package in packages.items() if package["name"] == BINDING)
    found, todo = {}, [start]
    while todo:
        key = todo.pop()
        package = packages[key]
        is_macro = any("proc-macro" in target["kind"] for target in package["targets"])
        if key in found or is_macro:
            continue
        found[key] = package
        todo += [
            dependency["pkg"]
            for dependency in nodes[key]["deps"]
            if any(kind["kind"] is None for kind in dependency["dep_kinds"])
        ]
    return {key: package for key, package in found.items() if package["name"] not in OURS}


def chosen(package: dict) -> tuple[str, str]:
    """The licence under which we take a package, and its text with who holds the copyright."""
    expression = package["license"].replace("/", " OR ")
    alternatives = [part.strip(" ()") for part in expression.split(" OR ")]
    offered = [name for name in CHOICE if name in alternatives]
    folder = Path(package["manifest_path"]).parent
    files = sorted(
        {
            path
            for name in ("LICEN[CS]E*", "COPYING*", "license*")
            for path in folder.glob(name)
            if path.is_file()
        }
    )
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in files]
    for licence in offered:
        for text in texts:
            if CHOICE[licence] in " ".join(text.split()).lower():
                return licence, tidy(text)
    if "Apache-2.0" in offered:
        # Some crates of a workspace leave their texts at its root. This one we have.
        authors = ", ".join(re.sub(r" *<.*?>", "", one) for one in package["authors"])
        whose = f"by {authors}" if authors else f"see {package['repository']}"
        return "Apache-2.0", f"{package['name']}, {whose}. The text of the licence is in LICENSE."
    sys.exit(
        f"error: {package['name']}: licence {package['license']!r}: "
        f"no text in {folder}, or none of {', '.join(CHOICE)}"
    )


def tidy(text: str) -> str:
    """Unix lines without trailing blanks."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def notices() -> str:
    """The whole file."""
    packages: dict[str, dict] = {}
    for target in TARGETS:
        packages |= linked(metadata(target))
    # Equal texts stand once, with all that they are for.
    users, licences = defaultdict(list), {}
    for package in sorted(packages.values(), key=lambda one: (one["name"], one["version"])):
        title = f"{package['name']} {package['version']}"
        licence, text = chosen(package)
        users[text].append(title)
        licences[text] = licence
        paths, what = BUNDLED.get(package["name"], ((), ""))
        for path in paths:
            bundled = Path(package["manifest_path"]).parent / path
            if bundled.is_file():
                text = tidy(bundled.read_text(encoding="utf-8"))
                users[text].append(f"{what}, in {title}")
                licences[text] = "MIT"
                break
        else:
            if paths:
                sys.exit(f"error: {title}: none of {', '.join(paths)}")
    body = next(text for text, licence in licences.items() if licence == "MIT")
    terms = body[body.lower().index("permission is hereby") :]
    text = f"Copyright (c) The Rust Project Contributors\n\n{terms}"
    users[text].append(STANDARD_LIBRARY)
    licences[text] = "MIT"
    parts = [HEAD]
    for text, titles in sorted(users.items(), key=lambda item: item[1]):
        fence = "```" if "```" not in text else "````"
        titles = sorted(set(titles))
        parts.append(
            f"## {', '.join(titles)}\n\n{licences[text]}\n\n{fence}text\n{text}\n{fence}\n"
        )
    return "\n".join(parts)


def main() -> int:
    """Write or check."""
    parser = argparse.ArgumentParser(description="Write THIRD-PARTY.md.")
    parser.add_argument("--check", action="store_true", help="only say whether it is current")
    is_check = parser.parse_args().check
    text = notices()
    current = OUT.read_text(encoding="utf-8") if OUT.exists() else ""
    if is_check:
        if text == current:
            return 0
        names = {re.sub(r"\s+", " ", line) for line in text.splitlines() if line.startswith("## ")}
        old = {re.sub(r"\s+", " ", line) for line in current.splitlines() if line.startswith("## ")}
        for line in sorted(names ^ old):
            print(f"{'new' if line in names else 'gone'}: {line[3:]}", file=sys.stderr)
        print("THIRD-PARTY.md is not current; run: python tools/notices.py", file=sys.stderr)
        return 1
    OUT.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
