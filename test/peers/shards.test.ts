import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ShardCodec } from "../../src/arrays/stream/plan/layout.js";
import type { MaskSelection } from "../../src/arrays/stream/plan/selection.js";
import type { Triple } from "../../src/core/box.js";
import { silentLog } from "../../src/core/log.js";
import { convertVolume } from "../../src/stations/ingest/convert.js";
import { fileStore } from "../../src/stores/file/store.js";
import { runMask } from "../golden/masks/run-mask.js";
import { withoutProgress } from "../without-progress.js";
import { emporium, hasEnvironment, python, type Verdict } from "./environment.js";

const MiB = 2 ** 20;
const GiB = 2 ** 30;
const ODD: Triple = [30, 46, 50];
/** Two inner chunks along each axis, and an edge. */
const CHUNKS: Triple = [130, 260, 300];

interface VolumeCase {
  name: string;
  kind: string;
  shape: Triple;
  tilts?: boolean;
  compat?: boolean;
  codec?: ShardCodec;
  /** Plain bytes of a shard at most. */
  shardBytes?: number;
}

const VOLUMES: VolumeCase[] = [
  { name: "one-voxel", kind: "int8", shape: [1, 1, 1] },
  { name: "odd", kind: "int16", shape: ODD },
  { name: "odd-zstd", kind: "float32", shape: ODD, codec: "zstd" },
  { name: "chunks", kind: "float32", shape: CHUNKS },
  { name: "chunks-compat", kind: "uint16", shape: CHUNKS, compat: true },
  { name: "shards-along-z", kind: "int8", shape: [390, 140, 150], shardBytes: 130 * MiB },
  { name: "shards-along-y", kind: "float16", shape: [20, 1100, 60], shardBytes: 35 * MiB },
  { name: "shards-along-all", kind: "float32", shape: CHUNKS, shardBytes: 8 * MiB },
  { name: "shards-zstd", kind: "int16", shape: CHUNKS, shardBytes: 20 * MiB, codec: "zstd" },
  { name: "deep", kind: "float32", shape: [650, 20, 21] },
  { name: "wide", kind: "float32", shape: [3, 5, 2600], shardBytes: 40 * MiB },
  { name: "tilts", kind: "int16", shape: [7, 1100, 1050], tilts: true },
  { name: "tilts-shards", kind: "int16", shape: [7, 1100, 1050], tilts: true, shardBytes: 40 * MiB },
  { name: "tilts-zstd", kind: "uint16", shape: [5, 47, 51], tilts: true, codec: "zstd" },
];

interface MaskCase {
  name: string;
  dtype: string;
  shape: Triple;
  labels: number[];
  select: MaskSelection | null;
  shardBytes: number;
}

const MANY = Array.from({ length: 500 }, (_, i) => 1 + i * 131);
const MASKS: MaskCase[] = [
  { name: "label", dtype: "i1", shape: CHUNKS, labels: [1, 2, 3], select: { equals: 3 }, shardBytes: 2 * GiB },
  { name: "label-shards", dtype: "u2", shape: CHUNKS, labels: [1, 2, 3], select: { equals: 2 }, shardBytes: 5 * MiB },
  { name: "no-label", dtype: "i1", shape: ODD, labels: [1, 2, 3], select: { equals: 9 }, shardBytes: 2 * GiB },
  { name: "labels", dtype: "u2", shape: CHUNKS, labels: MANY, select: null, shardBytes: 2 * GiB },
  { name: "labels-shards", dtype: "u2", shape: CHUNKS, labels: MANY, select: null, shardBytes: 10 * MiB },
];

const SPACING = 13.48;
const folder = mkdtempSync(join(tmpdir(), "emporium-peers-shards-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!(hasEnvironment("peers") && hasEnvironment("zarr3")))("shards, judged by the programs that people use", () => {
  let verdicts: Verdict[];

  beforeAll(async () => {
    const volumes = VOLUMES.map((volume, seed) => ({ spacingAngstrom: SPACING, ...volume, seed }));
    writeFileSync(join(folder, "volumes.json"), JSON.stringify(volumes));
    await python("peers", "make_inputs.py", [join(folder, "volumes.json"), folder]);
    const masks = MASKS.map((mask, seed) => ({ ...mask, seed, source: `mask-${mask.name}.mrc`, targetShape: null }));
    writeFileSync(join(folder, "masks.json"), JSON.stringify(masks));
    await python("peers", "make_masks.py", [join(folder, "masks.json"), folder]);
    mkdirSync(join(folder, "out"));
    const jobs: object[] = [];
    for (const { name, shape, tilts = false, compat = false, codec = "blosc-lz4", shardBytes = 2 * GiB, kind } of volumes) {
      const report = await convertVolume({
        input: join(folder, `${name}.mrc`),
        output: join(folder, "out", name),
        ...{ mrc: true, zarr: true, scaleZ: !tilts, omeZarr: "0.5", codec, shardBytes, compat, sync: false, anonymous: false },
        ...{ jobs: 2, memoryBytes: 2 ** 29, workspace: join(folder, "ws"), log: silentLog, signal: new AbortController().signal },
      });
      if (report.status !== "done") throw new Error(`${name}: ${report.errors[0]?.message}`);
      jobs.push({ name, form: tilts ? "series" : "volume", kind, shape, compat, codec, shardBytes, labels: null, select: null });
    }
    for (const { name, shape, select, shardBytes, source } of masks) {
      const report = await runMask({
        source: fileStore(folder),
        key: source,
        target: fileStore(join(folder, "out"), { sync: false }),
        ...{ name, workspace: join(folder, "ws", name), spacingAngstrom: SPACING, shardBytes },
        segmentation: select ? { form: "mask", select } : { form: "labels" },
      });
      const { state, error, receipt } = report.results[0]!;
      if (state !== "done") throw new Error(`${name}: ${error?.message}`);
      const labels = receipt!.facts!.labels ?? null;
      jobs.push({ name, form: select ? "mask" : "labels", shape, compat: false, codec: "blosc-lz4", shardBytes, labels, select });
    }
    const places = (job: { name?: string }) => ({
      ...{ ...job, npy: join(folder, `${job.name}.npy`), mrc: join(folder, "out", `${job.name}.mrc`) },
      ...{ zarr: join(folder, "out", `${job.name}.zarr`), spacingAngstrom: SPACING },
    });
    writeFileSync(join(folder, "jobs.json"), JSON.stringify(jobs.map(places)));
    verdicts = JSON.parse(await python("zarr3", "check_shards.py", [join(folder, "jobs.json")]));
  });

  it.each([...VOLUMES, ...MASKS].map(({ name }) => name))(
    "%s: zarr-python 3, tensorstore, ome-zarr-py, ome-zarr-models, numpy",
    (name) => {
      const own = verdicts.filter((verdict) => verdict.case === name);
      expect(own.filter(({ passed }) => !passed)).toEqual([]);
      expect(own.length).toBeGreaterThanOrEqual(30);
    },
  );

  it("are a source like any other: read back they give the same voxels", async () => {
    const { status, stdout, stderr } = await emporium([
      ...["ingest", "convert", join(folder, "out", "shards-along-all.zarr"), join(folder, "out", "again"), "--json"],
      ...["--ome-zarr", "0.5", "--codec", "zstd", "--workspace", join(folder, "ws")],
    ]);
    expect([status, withoutProgress(stderr)]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toMatchObject({ status: "done", facts: { shape: CHUNKS, dtype: "float32" } });
    const again = {
      name: "again",
      form: "volume",
      kind: "float32",
      shape: CHUNKS,
      compat: false,
      codec: "zstd",
      shardBytes: 2 * GiB,
    };
    const job = { ...again, labels: null, select: null, npy: join(folder, "shards-along-all.npy"), spacingAngstrom: SPACING };
    const files = { mrc: join(folder, "out", "again.mrc"), zarr: join(folder, "out", "again.zarr") };
    writeFileSync(join(folder, "again.json"), JSON.stringify([{ ...job, ...files }]));
    const own: Verdict[] = JSON.parse(await python("zarr3", "check_shards.py", [join(folder, "again.json")]));
    expect(own.filter(({ passed }) => !passed)).toEqual([]);
  });
});
