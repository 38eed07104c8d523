"""Opens a copick project of the portal type against an address of one's own, as its start-up module would. Prints what it lists as JSON."""
import json
import sys

import cryoet_data_portal._client as portal_client

import one_schema  # noqa: F401

url, config = sys.argv[1:]
# copick calls Client() without an address; the default is read when it is called
portal_client.DEFAULT_URL = url

import copick  # noqa: E402
import zarr  # noqa: E402

root = copick.from_file(config)
runs = list(root.runs)
by_name = {run.meta.portal_run_name if hasattr(run.meta, "portal_run_name") else run.name: run for run in runs}
tomograms = {name: [tomogram.tomo_type for spacing in run.voxel_spacings for tomogram in spacing.tomograms] for name, run in by_name.items()}
first = by_name["TS_0001"].voxel_spacings[0].tomograms[0]
array = zarr.open(first.zarr(), "r")["0"]
picks = [pick for run in runs for pick in run.picks]
print(
    json.dumps(
        {
            "runs": sorted(by_name),
            "spacings": {name: sorted(spacing.voxel_size for spacing in run.voxel_spacings) for name, run in by_name.items()},
            "tomograms": tomograms,
            "shape": list(array.shape),
            "stored": list(array[:].shape),
            "picks": sum(len(pick.points) for pick in picks if pick.points),
        }
    )
)
