"""Orders of blocks, written a second time from their description: emporium's must be the same on every machine.

    blocks_orders.py CASES.json

Cases are {"count": blocks, "keys": [seed, epoch]}; the answer has a list for each: the blocks at the first 50 and the last 50 places.

The permutation: a balanced Feistel network on the fewest bits that can number the blocks, the lower half rounded up, 12 rounds that change the
upper and the lower half in turn; what is not below the count goes through again. A round's function is MurmurHash3's 32-bit finalizer.
"""

import json
import pathlib
import sys

MASK = 0xFFFFFFFF
GOLDEN = 0x9E3779B9


def mix(bits):
    bits &= MASK
    bits = ((bits ^ (bits >> 16)) * 0x85EBCA6B) & MASK
    bits = ((bits ^ (bits >> 13)) * 0xC2B2AE35) & MASK
    return bits ^ (bits >> 16)


def round_keys(keys):
    state = GOLDEN
    for key in keys:
        for half in (key, key >> 32):
            state = mix(state ^ (half & MASK)) + 0x6D2B79F5
    return [mix(state + (number + 1) * GOLDEN) for number in range(12)]


def permutation(count, keys):
    bits = (count - 1).bit_length()
    low_bits = (bits + 1) // 2
    high_mask, low_mask = (1 << (bits - low_bits)) - 1, (1 << low_bits) - 1
    rounds = round_keys(keys)

    def at(place):
        while True:
            high, low = place >> low_bits, place & low_mask
            for number in range(0, 12, 2):
                high ^= mix(low ^ rounds[number]) & high_mask
                low ^= mix(high ^ rounds[number + 1]) & low_mask
            place = (high << low_bits) | low
            if place < count:
                return place

    return at


def ends(count):
    return [*range(min(50, count)), *range(max(0, count - 50), count)]


answers = []
for case in json.loads(pathlib.Path(sys.argv[1]).read_text()):
    at = permutation(case["count"], case["keys"])
    answers.append([at(place) for place in ends(case["count"])])
json.dump(answers, sys.stdout)
