"""python cluster_dask.py SLICES SECONDS SLOTS MEBIBYTES: sleeps SLICES times on SLOTS workers of dask-jobqueue's SLURMCluster. For bench/cluster.mjs."""

import sys
import time

from dask.distributed import Client
from dask_jobqueue import SLURMCluster

slices, seconds, slots, mebibytes = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])


def work(index):
    time.sleep(seconds)
    return index


if __name__ == "__main__":
    memory = f"{mebibytes}MiB"
    with SLURMCluster(cores=1, processes=1, memory=memory, job_mem=f"{mebibytes}M", walltime="01:00:00", log_directory="logs") as cluster:
        cluster.scale(jobs=slots)
        with Client(cluster) as client:
            done = client.gather(client.map(work, range(slices)))
    assert sorted(done) == list(range(slices))
