import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emporium } from "../e2e/cli-host.js";
import { hasEnvironment, type PythonEnvironment, python, type Verdict } from "./environment.js";

interface VolumeCase {
  name: string;
  kind: string;
  /** Voxels [z, y, x]. */
  shape: [number, number, number];
  seed: number;
  spacingAngstrom: number;
  bigEndian?: boolean;
  /** Bytes 0 to 255 in mode 0, told only by the header's maximum. */
  unsigned?: boolean;
  extendedBytes?: number;
  /** Converted as a tilt series: z is not scaled. */
  tilts?: boolean;
  compat?: "reference";
}

const KINDS = ["int8", "int16", "uint16", "float16", "float32"];
const ODD: VolumeCase["shape"] = [30, 46, 50];
/** Chunks of 256 along y and x; along z there are several in `float32-deep`. */
const TWO_CHUNKS: VolumeCase["shape"] = [18, 21, 300];
const SEVERAL_CHUNKS: VolumeCase["shape"] = [18, 260, 300];

const CASES: VolumeCase[] = [
  ...KINDS.flatMap((kind) => [
    { name: `${kind}-odd`, kind, shape: ODD },
    { name: `${kind}-chunks-big-endian`, kind, shape: TWO_CHUNKS, bigEndian: true },
  ]),
  { name: "int8-one-voxel", kind: "int8", shape: [1, 1, 1] as VolumeCase["shape"] },
  { name: "float32-one-voxel", kind: "float32", shape: [1, 1, 1] as VolumeCase["shape"] },
  { name: "uint16-chunks", kind: "uint16", shape: SEVERAL_CHUNKS },
  { name: "int8-unsigned", kind: "int8", shape: ODD, unsigned: true },
  { name: "int16-extended", kind: "int16", shape: ODD, extendedBytes: 1024 },
  { name: "float32-deep", kind: "float32", shape: [259, 20, 21] as VolumeCase["shape"] },
  { name: "float32-wide", kind: "float32", shape: [3, 5, 1031] as VolumeCase["shape"] },
  { name: "float32-compat", kind: "float32", shape: SEVERAL_CHUNKS, compat: "reference" as const },
  { name: "int16-compat-odd", kind: "int16", shape: ODD, compat: "reference" as const },
  { name: "int16-tilts", kind: "int16", shape: [7, 1100, 1050] as VolumeCase["shape"], tilts: true, spacingAngstrom: 3.3702 },
  { name: "uint16-tilts-odd", kind: "uint16", shape: [5, 47, 51] as VolumeCase["shape"], tilts: true, bigEndian: true },
].map((volume, at) => ({ spacingAngstrom: 13.48, ...volume, seed: at + 1 }));

const folder = mkdtempSync(join(tmpdir(), "emporium-peers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!hasEnvironment("peers"))("volumes that `ingest convert` wrote, judged by the programs that people use", () => {
  const jobs = CASES.map((volume) => ({
    ...volume,
    npy: join(folder, `${volume.name}.npy`),
    mrc: join(folder, "out", `${volume.name}.mrc`),
    zarr: join(folder, "out", `${volume.name}.zarr`),
    factors: volume.tilts ? [1, 2, 2] : [2, 2, 2],
    chunks: volume.tilts ? [1, 1024, 1024] : [256, 256, 256],
    // what make_inputs.py's mrcfile writes into its files' first label; the reference drops it
    sourceLabel: volume.compat === "reference" ? "" : "Created by mrcfile",
  }));

  beforeAll(async () => {
    writeFileSync(join(folder, "jobs.json"), JSON.stringify(jobs));
    await python("peers", "make_inputs.py", [join(folder, "jobs.json"), folder]);
    for (const { name, tilts, compat } of CASES) {
      const flags = [...(tilts ? ["--no-scale-z"] : []), ...(compat ? ["--compat", compat] : [])];
      const { status, err } = await emporium([
        "ingest",
        "convert",
        join(folder, `${name}.mrc`),
        join(folder, "out", name),
        ...flags,
        "--workspace",
        join(folder, "workspace"),
      ]);
      if (status !== 0) throw new Error(`ingest convert ${name}: exit ${status}\n${err}`);
    }
  });

  suite("mrcfile", "peers", "check_mrc.py", 20);
  suite("zarr-python 2, ome-zarr 0.9, tensorstore, and the text of the files", "peers", "check_zarr.py", 25);
  describe.skipIf(!hasEnvironment("zarr3"))("newest", () => {
    suite("zarr-python 3, ome-zarr, tensorstore", "zarr3", "check_zarr.py", 10);
  });

  function suite(title: string, environment: PythonEnvironment, script: string, checksMin: number) {
    describe(title, () => {
      let verdicts: Verdict[];
      beforeAll(async () => {
        // chunks of 64 MiB come and go: memory is kept for the next one
        const memory = { MALLOC_MMAP_MAX_: "0", MALLOC_TRIM_THRESHOLD_: String(2 ** 31) };
        verdicts = JSON.parse(await python(environment, script, [join(folder, "jobs.json")], memory));
      });
      it.each(CASES.map(({ name }) => name))("%s", (name) => {
        const own = verdicts.filter((verdict) => verdict.case === name);
        expect(own.filter(({ passed }) => !passed)).toEqual([]);
        expect(own.length).toBeGreaterThanOrEqual(checksMin);
      });
    });
  }
});
