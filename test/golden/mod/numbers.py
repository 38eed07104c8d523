"""Writes numbers.json: single-precision numbers in the form of C's %g, which is Python's.

python test/golden/mod/numbers.py
"""
import json
import struct
from pathlib import Path


def single(value):
    return struct.unpack(">f", struct.pack(">f", value))[0]


NUMBERS = [
    0, -0.0, 1, -1, 0.1, 1 / 3, 13.1, -30.2, 0.0001, 0.00001, 0.000123456789, 99999.95, 99999.96, 999999, 999999.5, 999998.5, 1000000, 123456.5, 123457.5,
    100000.5, 1.5e-5, 1e10, 3.0634e-41, 1.4e-45, -8.98e34, 3.4028235e38, 235.5196, 12.5, 1234567, 2 ** 24, 0.5, 682.744141, float("inf"), -float("inf"), float("nan"),
]

if __name__ == "__main__":
    pairs = [[struct.pack(">f", value).hex(), "%g" % single(value)] for value in NUMBERS]
    rows = ",\n".join(f"  {json.dumps(pair)}" for pair in pairs)
    text = f'{{ "written_by": "Python\'s %g, test/golden/mod/numbers.py", "numbers": [\n{rows}\n] }}\n'
    (Path(__file__).parent / "numbers.json").write_text(text)
