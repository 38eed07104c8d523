"""What imodmodel reads in models, as JSON: read_models.py FILE.mod…"""
import json
import sys

import imodmodel
import numpy as np


def numbers(array):
    return [float(value) for value in np.asarray(array, dtype=np.float32).reshape(-1)]


def facts(path):
    model = imodmodel.ImodModel.from_file(path)
    head = model.header
    return {
        "name": head.name,
        "max": [head.xmax, head.ymax, head.zmax],
        "pixelSize": float(head.pixelsize),
        "units": head.units,
        "objects": [
            {
                "name": one.header.name,
                "color": numbers([one.header.red, one.header.green, one.header.blue]),
                "contours": [
                    {
                        "surface": contour.header.surf,
                        "xyz": numbers(contour.points),
                        "sizes": None if contour.point_sizes is None else numbers(contour.point_sizes),
                    }
                    for contour in one.contours
                ],
                "meshes": [
                    {"vertices": numbers(mesh.raw_vertices), "indices": [int(i) for i in mesh.raw_indices]} for mesh in one.meshes
                ],
            }
            for one in model.objects
        ],
        "slicerAngles": [
            {"time": s.time, "angles": numbers(s.angles), "center": numbers(s.center), "label": s.label} for s in model.slicer_angles
        ],
        "image": None if model.minx is None else {
            "oldTranslation": numbers(model.minx.otrans),
            "scale": numbers(model.minx.cscale),
            "translation": numbers(model.minx.ctrans),
            "rotation": numbers(model.minx.crot),
        },
    }


json.dump([facts(path) for path in sys.argv[1:]], sys.stdout)
