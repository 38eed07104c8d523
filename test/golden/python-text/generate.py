"""Writes python-text.golden.json: how Python prints and rounds floats and JSON. Needs nothing but python3 (3.11 wrote the committed file).

    python3 test/golden/python-text/generate.py

Each float travels as the 16 hexadecimal digits of its big-endian bits, so that the reader of the golden file parses no decimal text.
Everything is seeded: a second run gives the same bytes.
"""
import json
import math
import os
import random
import struct
import sys

SEED = 20260101
rng = random.Random(SEED)


def bits(value):
    return struct.pack(">d", value).hex()


def from_bits(number):
    return struct.unpack(">d", struct.pack(">Q", number))[0]


def floats():
    """Edges first, then random ones of every kind the program meets."""
    edges = [0.0, -0.0, 1.0, -1.0, 0.1, 0.5, 1.5, 2.5, 1e-4, 9.999e-5, 1e-5, 1e15, 1e16, 9007199254740991.0, 9007199254740993.0, 1e17]
    edges += [1e21, 1.2345e21, 1e22, 1e23, 1e100, 5e-324, 2.2250738585072014e-308, sys.float_info.max, -sys.float_info.max]
    edges += [123456789012345680.0, 1e300, 0.30000000000000004, 13.48, 3.3702, 4.990000000000001, math.pi, 2.675, 1.005]
    edges += [math.nextafter(v, d) for v in (1e-4, 1e16, 1.0, 1e21) for d in (0.0, math.inf)]
    yield from edges
    for _ in range(500):  # any bit pattern that is a finite number
        value = from_bits(rng.getrandbits(64))
        if math.isfinite(value):
            yield value
    for _ in range(500):  # voxel sizes, angles, doses: few decimals
        yield round(rng.uniform(-200, 200), rng.randint(0, 6))
    for _ in range(300):  # 32-bit floats, widened
        yield struct.unpack(">f", struct.pack(">f", rng.uniform(-100, 100)))[0]
    for _ in range(200):  # around the borders of exponent form
        yield rng.choice([1, -1]) * rng.uniform(0.5, 2) * 10.0 ** rng.randint(-7, 19)


def rounded():
    """(value, digits), half of them exact ties or the neighbours of one."""
    for digits in range(0, 7):
        for _ in range(70):
            k = rng.randint(0, 10 ** rng.randint(1, 6))
            # (2k+1) / 2^(digits+1) has digits+1 decimals that end in 5: a tie of `digits` decimals, exactly
            tie = (2 * k + 1) / 2 ** (digits + 1) * rng.choice([1, -1])
            yield rng.choice([tie, math.nextafter(tie, 0.0), math.nextafter(tie, math.inf), tie]), digits
            yield rng.uniform(-1, 1) * 10.0 ** rng.randint(-8, 12), digits
            yield round(rng.uniform(-200, 200), digits + 1), digits
    for value in (0.0, -0.0, -0.0001, 0.5, -0.5, 1e15 + 0.5, 2.0**53, 2.0**60, 1e21, 1e22, -1e23, 5e-324):
        for digits in (0, 2, 3):
            yield value, digits


TEXTS = ["", "plain", 'quo"te', "back\\slash", "a/b", "tab\tnew\nret\r", "\b\f\x00\x1f\x7f", "é ü Å µ", "日本語", "😀𝔸", "\ud800", "\u2028\ufeff\uffff", "Å-1"]


def document(depth):
    kind = rng.random()
    if depth == 0 or kind < 0.45:
        return rng.choice(
            [
                None,
                True,
                False,
                rng.randint(-1000, 1000),
                rng.getrandbits(70) - 2**69,
                float(rng.randint(-50, 50)),
                round(rng.uniform(-99, 99), 3),
                10.0 ** rng.randint(-9, 20),
                rng.choice(TEXTS),
                [],
                {},
            ]
        )
    if kind < 0.7:
        return [document(depth - 1) for _ in range(rng.randint(1, 4))]
    # no key that reads as an array index: JavaScript objects move those to the front
    return {rng.choice(TEXTS) + rng.choice("abcdefgh") + str(i): document(depth - 1) for i in range(rng.randint(1, 5))}


def main():
    values = list(floats())
    pairs = list(rounded())
    documents = [document(3) for _ in range(120)]
    documents.append({"\ue000": 1, "\U00010000": 2, "\ud7ff": 3, "z": 4, "Z": 5, "": 6, "aa": 7, "a": 8})
    golden = {
        "writer": f"CPython {sys.version.split()[0]}, test/golden/python-text/generate.py, seed {SEED}",
        "repr": [[bits(v), repr(v)] for v in values],
        # [value, digits, '%.nf' % value, bits of round(value, digits)]
        "round": [[bits(v), n, f"%.{n}f" % v, bits(round(v, n))] for v, n in pairs],
        # [compact form to parse, indent=4, indent=4 with sorted keys]
        "json": [
            [json.dumps(d), json.dumps(d, indent=4, ensure_ascii=True), json.dumps(d, indent=4, sort_keys=True)] for d in documents
        ],
    }
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "python-text.golden.json"), "w") as out:
        lines = [f'"writer": {json.dumps(golden["writer"])}']
        for name in ("repr", "round", "json"):
            rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in golden[name])
            lines.append(f'"{name}": [\n{rows}\n]')
        out.write("{\n" + ",\n".join(lines) + "\n}\n")


main()
