"""Writes traps.json: what pandas 2.3.3, as the portal's importer calls it, makes of odd tables of identified objects.

    .cache/venv-peers/bin/python test/golden/identified/generate.py      (node scripts/python-env.mjs peers)
"""
import io
import json
from pathlib import Path

import pandas

HEAD = "run_name,object_id,object_name,object_description,object_state\n"
TABLES = {
    "a byte order mark": "\ufeff" + HEAD + "a,GO:1,x,y,z\n",
    "CRLF": (HEAD + "a,GO:1,x,y,z\nb,1,2,3,4\n").replace("\n", "\r\n"),
    "CR": (HEAD + "a,GO:1,x,y,z\nb,1,2,3,4\n").replace("\n", "\r"),
    "a line end in quotes": HEAD + 'a,GO:1,"x\nline","say ""hi""",z\n',
    "a short row": HEAD + "a,GO:1\n",
    "blank lines": HEAD + "\n\na,GO:1,x,y,z\n\n",
    "blanks in the heading": "run_name, object_id\na, 5\n",
    "a column without a name": "run_name,,x\na,1,2\n",
    "an index column": ",run_name,x\n0,a,1\n1,b,2\n",
    "a comma at the end of the heading": "run_name,object_id,\na,5,\n",
    "columns of one name": "run_name,x,x,x\na,1,2,3\n",
    "columns of one name, and its successor": "run_name,x,x.1,x\na,1,2,3\n",
    "formulas": HEAD + "a,=1+1,+2,-3,@x\n",
    "letters of the world": HEAD + "a,Å,µ,é,中\n",
    "addresses": HEAD + "a,http://x/y,b,c,d\n",
    "days": "run_name,d\na,2024-01-01\n",
    "truth and words": "run_name,b\na,True\na,x\n",
    "truth and nothing": "run_name,b\na,True\na,\n",
    "the largest integers": "run_name,b\na,1\na,18446744073709551615\n",
    "the smallest integer": "run_name,b\na,-9223372036854775808\n",
    "integers past 64 bits": "run_name,b\na,18446744073709551616\n",
    "integers of two signs past 63 bits": "run_name,b\na,-5\na,9223372036854775808\n",
    "large integers and nothing": "run_name,b\na,9223372036854775807\na,\n",
    "large floats": "run_name,b\na,1e16\na,123456789012345678.5\na,1e300\na,9999999999999998.0\n",
    "numbers without an end": "run_name,b\na,inf\na,-Infinity\na,1\n",
    "numbers past the largest": "run_name,b\na,1e400\n",
    "minus nothing": "run_name,b\na,-0.0\na,-0.00000000001\n",
    "leading zeros": "run_name,x\na,007\n",
    "hexadecimal": "run_name,x\na,0x10\n",
    "thousands": 'run_name,x\na,"1,000"\n',
    "a tab": HEAD + "a,x\ty,b,c,d\n",
    "no row": HEAD,
}


def records(text):
    table = pandas.read_csv(io.StringIO(text))
    # numeric run names never match there; compared as text here, as everywhere in emporium
    own = table[table["run_name"].astype(str) == "a"].drop(columns=["run_name"])
    return {"csv": text, "run": "a", "json": own.to_json(orient="records", indent=4), "columns": list(own.columns)}


golden = {"writer": f"pandas {pandas.__version__}", "cases": {name: records(text) for name, text in TABLES.items()}}
(Path(__file__).parent / "traps.json").write_text(json.dumps(golden, indent=1) + "\n")
