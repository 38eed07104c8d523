import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, it } from "vitest";
import { noise, writeImage } from "../../test/e2e/blocks-kit.js";
import { systemClock } from "../core/clock.js";
import { servedMemory } from "./memory-shares.js";
import { openPlaces } from "./places.js";
import { servedVolumes } from "./planes.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-planes-"));
/** Threads of this process that were begun and have not ended. */
const live = new Set<Worker>();
const begun = (worker: Worker) => {
  live.add(worker);
  worker.once("exit", () => live.delete(worker));
};
beforeEach(() => void process.on("worker", begun));
afterEach(() => {
  process.off("worker", begun);
  rmSync(folder, { recursive: true, force: true });
});

it("a full server ends threads that decode nothing just now, and starts others when it needs them (34.11)", async () => {
  const voxels = noise([8, 64, 64], "int16") as Int16Array;
  await writeImage(join(folder, "a.zarr"), [8, 64, 64], "int16", voxels);
  // no process takes so little: it is full whenever it is looked at
  const volumes = servedVolumes({ clock: systemClock, memory: { ...servedMemory(2 ** 26), bytes: 0 } });
  const [place] = await openPlaces([folder]);
  const { cut } = await volumes.open({ place: place!, key: "a.zarr" });
  const plane = (at: number) => cut({ axis: "z", at }, { as: "native" });
  await plane(3);
  const decoders = [...live];
  expect(decoders).not.toEqual([]);
  const { bytes } = await plane(3);
  await expect.poll(() => decoders.filter((one) => live.has(one))).toEqual([]);
  expect(new Int16Array(bytes.slice().buffer)).toEqual(voxels.subarray(3 * 64 * 64, 4 * 64 * 64));
  await volumes.close();
});

it("a volume that has changed is opened once for all who ask at the same time", async () => {
  const voxels = noise([2, 4, 4], "int16") as Int16Array;
  await writeImage(join(folder, "b.zarr"), [2, 4, 4], "int16", voxels);
  const volumes = servedVolumes({ clock: systemClock });
  const [place] = await openPlaces([folder]);
  const open = () => volumes.open({ place: place!, key: "b.zarr" });
  const before = await open();
  expect(await open()).toBe(before);
  await writeImage(join(folder, "b.zarr"), [2, 4, 5], "int16", noise([2, 4, 5], "int16"));
  const [one, other] = await Promise.all([open(), open()]);
  expect([one === before, one === other, one!.source.levels[0]!.shape]).toEqual([false, true, [2, 4, 5]]);
  await volumes.close();
});

it("a file whose voxels are compressed as a whole is read from its front, another one anywhere", async () => {
  mkdirSync(folder, { recursive: true });
  const voxels = Uint8Array.from({ length: 24 }, (_, at) => at);
  const head = (encoding: string) => Buffer.from(`NRRD0004\ntype: uint8\ndimension: 3\nsizes: 4 3 2\nencoding: ${encoding}\n\n`);
  writeFileSync(join(folder, "plain.nrrd"), Buffer.concat([head("raw"), voxels]));
  writeFileSync(join(folder, "packed.nrrd"), Buffer.concat([head("gzip"), gzipSync(voxels)]));
  const volumes = servedVolumes({ clock: systemClock });
  const [place] = await openPlaces([folder]);
  for (const [key, isSequential] of [["plain.nrrd", false] as const, ["packed.nrrd", true] as const]) {
    const volume = await volumes.open({ place: place!, key });
    expect([key, volume.isSequential === true, [...(await volume.cut({ axis: "z", at: 1 }, { as: "native" })).bytes]]).toEqual([
      key,
      isSequential,
      [...voxels.subarray(12)],
    ]);
  }
  await volumes.close();
});

it("a dataset of an HDF5 file is a volume, though nothing is known of its header", async () => {
  mkdirSync(folder, { recursive: true });
  copyFileSync(new URL("../../test/fixtures/hdf5/volumes.h5", import.meta.url), join(folder, "volumes.h5"));
  const volumes = servedVolumes({ clock: systemClock });
  const [place] = await openPlaces([folder]);
  const { peeked, source } = await volumes.open({ place: place!, key: "volumes.h5#/volume" });
  expect([peeked, source.dtype, source.levels[0]!.shape]).toEqual([undefined, "int16", [10, 12, 14]]);
  await volumes.close();
});
