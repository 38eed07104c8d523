import { open } from "node:fs/promises";
import { volumeOf } from "../../../core/box.js";
import type { Store } from "../../../stores/store.js";
import { voxelOf } from "../plan/job.js";
import { laidOut, writeBox } from "./laid-out.js";
import type { OpenVolume, OpenVolumeOptions, ScanOptions, VolumeFacts, VolumeSource, VoxelRun } from "./volume.js";
import { describeZarr, type ZarrVolume, zarrBoxes, zarrVoxel } from "./zarr-volume.js";

/** Level 0 of OME-Zarr images and arrays by themselves: a key at or below a Zarr hierarchy, or of any folder. */
export const zarrSource: VolumeSource = {
  async describe(store, key, { signal }) {
    return zarrFacts(await describeZarr(store, key, signal));
  },
  open: openZarr,
  runs: zarrRuns,
};

function zarrFacts({ name, meta, shape, voxelSizeAngstrom, originAngstrom, warnings }: ZarrVolume): VolumeFacts {
  const told = warnings.map((warning) => `${name}: ${warning}`);
  return { dtype: meta.type.dtype, shape, voxelSizeAngstrom, originAngstrom, warnings: told };
}

async function openZarr(store: Store, key: string, options: OpenVolumeOptions): Promise<OpenVolume> {
  const volume = await describeZarr(store, key, options.signal);
  const { dtype, itemBytes } = zarrVoxel(volume);
  const path = await laidOut(options, "zarr", async (to) => {
    const file = await open(to, "w");
    try {
      for await (const { bytes, start, size } of zarrBoxes(store, volume, options.signal))
        writeBox(file.fd, bytes, volume.shape, start, size, itemBytes);
    } finally {
      await file.close();
    }
  });
  const { name, shape } = volume;
  return { ...zarrFacts(volume), raw: { name, shape, dtype, littleEndian: true, data: { path, offset: 0 } } };
}

async function* zarrRuns(store: Store, key: string, options: ScanOptions): AsyncGenerator<VoxelRun> {
  const volume = await describeZarr(store, key, options.signal);
  const { name, shape } = volume;
  const voxel = voxelOf({ name, shape, dtype: zarrVoxel(volume).dtype, littleEndian: true, data: { path: "", offset: 0 } });
  for await (const { bytes, start, size } of zarrBoxes(store, volume, options.signal)) {
    const placeOf = (index: number): [number, number, number] => {
      const row = Math.floor(index / size[2]);
      return [start[0] + Math.floor(row / size[1]), start[1] + (row % size[1]), start[2] + (index % size[2])];
    };
    yield { name, bytes, count: volumeOf(size), voxel, swap: false, placeOf };
  }
}
