"""Writes `python.golden.json` beside it: what Python's str.format, fnmatch, csv, int and float make of the same text.

    python generate.py
"""

import csv
import fnmatch
import io
import json
import os
import platform

TEMPLATES = [
    ["{a}", {"a": "x"}], ["{a}{a}-{b}", {"a": "x", "b": 3}], ["{{a}} {a}", {"a": 1}], ["{a-b}/{c}", {"a-b": "7", "c": "d"}], ["no fields", {}],
    ["{n:03d}", {"n": 7}], ["{n:03d}", {"n": -7}], ["{n:3d}|", {"n": 7}], ["{n:d}", {"n": 12}], ["{n:05}", {"n": 12}], ["{n:<5}|", {"n": 12}], ["{n:^5}|", {"n": 12}],
    ["{f:.2f}", {"f": 0.125}], ["{f:.2f}", {"f": 2.675}], ["{f:08.3f}", {"f": -1.5}], ["{f:f}", {"f": 1.5}], ["{n:.1f}", {"n": 3}],
    ["{s:>5}|", {"s": "ab"}], ["{s:5}|", {"s": "ab"}], ["{s:*^7}|", {"s": "ab"}], ["{s:s}", {"s": "ab"}], ["{s:<4}|", {"s": "abcdef"}], ["{s:x>4}", {"s": "é"}],
]
PATTERNS = ["*", "*.rec", "TS_*.rec", "TS_?.rec", "TS_[0-9].rec", "TS_[!0-9]*", "[!._]*", "a[[]1].x", "a[]]b", "a[!]]b", "[", "[]", "a[b", "*[*]*", "x?y", "*.*.*", "[a-cx]*", "é*", "?", "TS_1.rec", "a.b", "[!", "a{b}", "(a)+", "^a$", "a\\b"]
NAMES = ["TS_1.rec", "TS_10.rec", "TS_a.rec", "ts_1.rec", "TS_1Xrec", "a[1].x", "a]b", "acb", "[", "[]", "a[b", "x*y", "x.y", "xyy", "a.b.c", "a.b", "axb", "c1", "d1", "é", "\U0001f600", "a{b}", "(a)+", "aa", "^a$", "a\\b", "[!", "a_x", "_x"]
TABLES = [
    ["a,b\n1,2\n", ","], ["a,b\r\n1,2\r\n", ","], ["a,b\r1,2", ","], ["a\tb\n1 \t 2\n", "\t"], ['a,"b,c",d\n', ","], ['"a ""b""",c\n', ","], ['"x\ny",z\n', ","],
    ["a,,c\n,,\n", ","], ["a\n\n\nb\n", ","], ["a,b\n1\n1,2,3\n", ","], ['a,b"c,d\n', ","], ['a,"b"c,d\n', ","], ["", ","], ["\n", ","], [" a, b \n", ","], ['""\n', ","],
]
NUMBERS = ["4", " 4 ", "-4", "+4", "4.0", "", "x", "1_000", "1__0", "_1", "0x10", "1e3", "1.5", ".5", "5.", "-.5e-3", "1e400", "nan", "inf", "infinity", "00012", "9007199254740993", "17.976", "1,5", "1 2"]


def attempt(function, text):
    try:
        return repr(function(text))
    except ValueError:
        return None


def finite(text):
    value = float(text)
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError(text)  # no JSON holds it
    return value


golden = {
    "tool": f"Python {platform.python_version()}",
    "templates": [[template, values, template.format(**values)] for template, values in TEMPLATES],
    "fnmatch": [[pattern, [name for name in NAMES if fnmatch.fnmatchcase(name, pattern)]] for pattern in PATTERNS],
    "names": NAMES,
    "tables": [[text, separator, [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row]] for text, separator in TABLES],
    "numbers": [[text, attempt(int, text), attempt(finite, text)] for text in NUMBERS],
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "python.golden.json"), "w", encoding="utf-8") as file:
    json.dump(golden, file, ensure_ascii=True, indent=1)
    file.write("\n")
