"""Writes single.json: the limits of the same volumes by a scikit-learn that keeps single precision, which the portal's ingestion has.

    /tmp/contrast/bin/pip install scikit-learn==1.8.0 numpy==1.26.4
    /tmp/contrast/bin/python test/golden/contrast/generate_single.py
"""
import json
from pathlib import Path

import numpy as np
from generate import CASES, gmm, sample, volume


def integers(seed):
    """Small whole numbers, whose mixtures end elsewhere in single precision: as `integersOf` of the test."""
    return np.array([(i * i * 31 + i * seed) % 97 - 60 for i in range(24 * 30 * 32)], dtype=np.float32).reshape(24, 30, 32)


cases = [
    {"name": name, "limits": gmm(sample(volume(seed, shape, parts, ball, scale), 15))["limits"]}
    for seed, (name, shape, parts, ball, scale) in enumerate(CASES, start=1)
]
whole = [{"seed": seed, "limits": gmm(sample(integers(seed), 15))["limits"]} for seed in (1, 17, 40)]
Path(__file__).with_name("single.json").write_text(json.dumps({"cases": cases, "integers": whole}, indent=1) + "\n")
