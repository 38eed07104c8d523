"""Writes the golden files beside it with PyYAML's safe loader.

    python generate.py [folder of configurations]

`words.golden.json`: how single plain words and small documents are read.
`configs.golden.json`: SHA-256 of every public configuration's values in a canonical form that keeps the kind of each value, not the content.
Canonical form: ["m", [[key, value], ...]], ["l", [...]], ["s", text], ["i", digits], ["f", repr], ["b", bool], ["n"]; dates are their ISO text.
"""

import datetime
import glob
import hashlib
import json
import os
import sys

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))

WORDS = """
yes Yes YES no No NO true True TRUE false False FALSE on On ON off Off OFF y Y n N yEs tRue
~ null Null NULL nUll NONE None nil
0 1 -1 +1 007 012 -012 +012 08 09 018 0o17 0b101 -0b11 0b102 0x1F 0xfg -0x1f 1_000 1__0 _1 1_ 0_ 0_7 00 -0 +0
1:30 1:60 12:30:45 -1:30 01:30 0:30 190:20:30 1:2:3:4 1:30.5 -1:30.25 190:20:30.15 0:0.5 01:30.5 1:5. 1_0:30
1.0 1. .5 -.5 +.5 0.1 1.5e3 1.5e+3 1.5E-3 1e3 1e+3 1E5 1.e+3 .5e-2 -1.0 +1.0 1_000.5 1.0_0 1.2.3 13.48 1.10 100.00 1e-05 0.00001
123456789012345678901234567890 9007199254740993 -9007199254740993 9007199254740991 12345678901234567.0 1.7976931348623157e+308 5.0e-324 0.30000000000000004
.inf -.inf +.inf .Inf .INF .nan .NaN .NAN -.nan inf nan
2026-01-10 2026-1-10 2026-01-1 1999-12-31 2024-02-29 26-01-10 2026-01-10T10:20:30 2026-01-10t10:20:30Z 2026-01-10T10:20:30.5Z 2026-1-1T1:20:30+05:30
2026-01-10T10:20:30-08 2026-01-10T10:20:30.123456789 2001-12-14T21:59:43.10-05:00 2026-01-10T10:20 2026-01 20260110
10.1101/2022.04.12.488077 GO:0005835 EMD-14412 0000-0002-9903-3667 1.3.0 v1 1,000 1e 0x 0xg .5. - -- 1-2 a=b <x> 5% \\d
""".split()

DOCUMENTS = [
    "a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3, r: 4}\n",
    "a: &x {p: 1}\nc: &y {p: 2, s: 5}\nb:\n  z: 0\n  <<: [*x, *y]\n",
    "a: &x {p: 1, q: 2}\nb:\n  q: 9\n  <<: *x\n",
    "- &a [1, 2.0]\n- *a\n- [*a, *a]\n",
    "a:\nb: ''\nc: \"\"\nd: ~\n",
    "a: 'it''s'\nb: \"x\\ty\\u00e9\\n\"\nc: |\n  one\n  two\nd: >\n  one\n  two\n\n  three\ne: >-\n  x\n   y\n  z\nf: |+\n  x\n\n",
    "a: one\n  two\n  three\nb: 'one\n  two\n\n  three'\n",
    "3: a\n1.5: b\ntrue: c\n'2': d\n",
    "a: !!str 012\nb: !!int '7'\nc: !!float 3\nd: !!str yes\n",
    "a: {b: GO:0005835, c: [x, 1:30, 'y']}\n",
    "- {id: EFO:0002909, name: microscopy assay}\n- [a, b, ]\n",
    "a: 2026-01-10\nb: '2026-01-10'\nc: [2026-01-10 10:20:30 +2, 2026-01-10 10:20:30.25]\n",
    "\ufeffa: 1\n",
    "--- \na: 1\n...\n",
    "# comment\na: 1 # one\nb: 'x # y'\nc: x#y\n",
    "a: [1,\n  2,\n  # three\n  3]\n",
    "? a\n: 1\n? b\n: - 2\n",
    "a: é\nb: \u65e5\u672c\nc: \U0001f600\n",
]


def canonical(value):
    if value is None:
        return ["n"]
    if isinstance(value, bool):
        return ["b", value]
    if isinstance(value, int):
        return ["i", str(value)]
    if isinstance(value, float):
        return ["f", repr(value)]
    if isinstance(value, str):
        return ["s", value]
    if isinstance(value, (datetime.date, datetime.datetime)):
        return ["s", value.isoformat()]
    if isinstance(value, list):
        return ["l", [canonical(item) for item in value]]
    if isinstance(value, dict):
        return ["m", [[key_text(key), canonical(item)] for key, item in value.items()]]
    raise TypeError(type(value))


def key_text(key):
    return key if isinstance(key, str) else json.dumps(key)


def digest(value):
    text = json.dumps(canonical(value), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def write(name, content):
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=True, indent=1)
        file.write("\n")


def main():
    tool = f"PyYAML {yaml.__version__}"
    words = [[word, canonical(yaml.safe_load("- " + word)[0])] for word in WORDS]
    documents = [[text, canonical(yaml.safe_load(text))] for text in DOCUMENTS]
    write("words.golden.json", {"tool": tool, "words": words, "documents": documents})
    if len(sys.argv) > 1:
        root = sys.argv[1]
        files = sorted(glob.glob("**/*.yaml", root_dir=root, recursive=True))
        hashes = {}
        for name in files:
            if os.path.basename(name) == "template.yaml":  # not a configuration: it does not parse
                continue
            with open(os.path.join(root, name), "rb") as file:
                hashes[name] = digest(yaml.safe_load(file))
        write("configs.golden.json", {"tool": tool, "sha256": hashes})


if __name__ == "__main__":
    main()
