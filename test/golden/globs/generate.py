"""Writes fnmatch.json: what Python's fnmatch takes. Run: python3.11 generate.py > fnmatch.json

Rows of [pattern, [names that it takes], [names that it does not]], of pieces that other languages of globs read differently.
"""

import fnmatch
import json
import random

PIECES = ["a", "b", "c", ".", "-", "*", "*", "?", "?", "[ab]", "[!ab]", "[a-c]", "[!a-b]", "[]a]", "[!]]", "[", "[a-]", "[[]", "[.]", "[^a]", "[c-a]",
          "{a,b}", "(a|b)", "!(a)", "+(a)", "@", "|", "^", "$", "\\", "/", "**", "#", "~", "é", "😀"]
LETTERS = ["a", "b", "c", ".", "-", "[", "]", "{", "}", "(", ")", "!", "|", "^", "\\", "/", "é", "😀"]


def near(random, pattern):
    """A name that a reader of the pattern might expect it to take."""
    name = ""
    for char in pattern:
        if char == "*":
            name += random.choice(["", "a", "ab", "b.c", "a/b"])
        elif char == "?":
            name += random.choice("abé😀")
        elif char in "[]!" and random.random() < 0.7:
            continue
        else:
            name += char
    return name


def main():
    chance = random.Random(11)
    rows = []
    patterns = set()
    while len(patterns) < 400:
        patterns.add("".join(chance.choice(PIECES) for _ in range(chance.randint(1, 5))))
    for pattern in sorted(patterns):
        names = {pattern} | {near(chance, pattern) for _ in range(6)}
        names |= {"".join(chance.choice(LETTERS) for _ in range(chance.randint(1, 4))) for _ in range(4)}
        names = sorted(name for name in names if name != "")
        rows.append([pattern, [n for n in names if fnmatch.fnmatchcase(n, pattern)], [n for n in names if not fnmatch.fnmatchcase(n, pattern)]])
    print("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]")


main()
