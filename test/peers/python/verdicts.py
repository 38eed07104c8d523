"""Verdicts of one script: named checks of named cases, printed as one JSON document for the test that started it."""
import json
import sys
import traceback


class Verdicts:
    def __init__(self):
        self.records = []

    def check(self, case, name, passed, detail=""):
        self.records.append({"case": case, "check": name, "passed": bool(passed), "detail": "" if passed else str(detail)})

    def guard(self, case, name, function, *args):
        """Runs a group of checks; what it throws is a failed check with the trace as its detail."""
        try:
            function(*args)
        except Exception:
            self.check(case, name, False, traceback.format_exc(limit=4))

    def print(self):
        json.dump(self.records, sys.stdout)
