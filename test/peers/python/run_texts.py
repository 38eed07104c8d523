"""Runs texts as scripts of their own, in one interpreter: reads {"name": "text"} from stdin, prints {"name": "what it printed"}."""

import contextlib
import functools
import io
import json
import sys

try:
    import cryoet_data_portal

    # each text makes a client, and each client parses the schema for a second
    cryoet_data_portal.Client = functools.cache(cryoet_data_portal.Client)
except ImportError:
    pass

printed = {}
for name, text in json.load(sys.stdin).items():
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(text, name, "exec"), {"__name__": "__main__"})
    printed[name] = out.getvalue()
print(json.dumps(printed))
