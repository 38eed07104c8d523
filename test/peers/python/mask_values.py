"""Least, greatest and all values of the MRC files of a folder, as numpy finds them: {file: [min, max, values]}.

python mask_values.py FOLDER    (environment: peers)
"""
import json
import os
import sys

import mrcfile
import numpy as np

values = {}
for file in sorted(os.listdir(sys.argv[1])):
    if file.endswith(".mrc"):
        data = mrcfile.read(f"{sys.argv[1]}/{file}")
        values[file] = [float(data.min()), float(data.max()), [float(value) for value in np.unique(data)]]
json.dump(values, sys.stdout)
