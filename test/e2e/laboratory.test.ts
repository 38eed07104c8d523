import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab, type Lab } from "../../examples/lab/generate.mjs";
import { voxelValue } from "../../examples/lab/volumes.mjs";
import { decodeBloscBox } from "../../src/arrays/kernels/blosc.js";
import type { Triple } from "../../src/core/box.js";
import { silentLog } from "../../src/core/log.js";
import { ingest } from "../../src/stations/ingest/ingest.js";
import type { IngestReport } from "../../src/stations/ingest/ingest-report.js";
import { removeTempFolders, tempFolder } from "./ingest-run-kit.js";

/**
 * The miniature laboratory, deposits A to D, through `ingest run --import-everything`: what is found, each voxel of each volume by the formula
 * that made it, what fails alone, and a second run that changes nothing.
 */
type Deposit = "imod" | "aretomo" | "batch" | "sim";
const root = tempFolder();
const output = join(root, "portal");
const source = () => hashOf(join(root, "lab"));
let lab: Lab<Deposit>;
let sourceBefore = "";
const reports = new Map<Deposit, IngestReport>();

beforeAll(async () => {
  lab = await generateLab({ out: join(root, "lab"), sections: "all", deposits: ["imod", "aretomo", "batch", "sim"] });
  sourceBefore = source();
  for (const { name, config } of lab.deposits) reports.set(name, await run(config));
});
afterAll(removeTempFolders);

function run(config: string): Promise<IngestReport> {
  return ingest({
    config,
    input: lab.input,
    output,
    selection: { everything: true },
    workspace: join(root, "workspace"),
    jobs: 2,
    memoryBytes: 2 ** 28,
    keepGoing: true,
    writeMrc: true,
    writeZarr: true,
    forceOverwrite: false,
    compat: false,
    anonymous: false,
    sync: false,
    verify: false,
    dryRun: false,
    log: silentLog,
    signal: new AbortController().signal,
  });
}

function hashOf(folder: string): string {
  const hash = createHash("sha256");
  for (const name of (readdirSync(folder, { recursive: true }) as string[]).sort()) {
    hash.update(`${name}\n`);
    if (statSync(join(folder, name)).isFile()) hash.update(readFileSync(join(folder, name)));
  }
  return hash.digest("hex");
}

const files = () => (readdirSync(output, { recursive: true }) as string[]).sort();
const deposit = (name: Deposit) => lab.deposits.find((one) => one.name === name)!;
const codes = (name: Deposit) =>
  reports
    .get(name)!
    .errors.map(({ code }) => code)
    .sort();

/** The float32 voxels of a written MRC. */
function mrcVoxels(path: string): { shape: Triple; voxels: Float32Array } {
  const bytes = readFileSync(path);
  const [nx, ny, nz] = [0, 4, 8].map((at) => bytes.readInt32LE(at)) as Triple;
  const start = 1024 + bytes.readInt32LE(92);
  return {
    shape: [nz, ny, nx],
    voxels: new Float32Array(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length)),
  };
}

describe("the laboratory", () => {
  it("gives the runs that its configurations mean, and nothing else", () => {
    const runs = files().filter((name) => name.endsWith("/run_metadata.json"));
    for (const { name, runs: expected } of lab.deposits) {
      const found = runs.filter((key) => expected.some((run) => key.endsWith(`/${run}/run_metadata.json`)));
      expect(found.length, name).toBe(expected.length);
    }
    expect(runs.length).toBe(2 + 3 + 10 + 1);
    expect(files().filter((name) => /TS_0003|TS_100|notes|\.cache|\._copy/.test(name))).toEqual([]);
  });

  it("fails in its traps alone, each told once", () => {
    // its missing thumbnail is made up for by a tomogram's
    expect(codes("imod")).toEqual([]);
    const told = reports.get("imod")!.warnings as { message: string }[];
    expect(
      told.filter(({ message }) => /missing\.png does not exist; the thumbnail is .*Images\/100\//.test(message)).length,
    ).toBe(1);
    expect(codes("sim")).toEqual([]);
    expect(codes("batch")).toEqual(["CONFIG_EMPTY"]);
    expect(codes("aretomo")).toContain("FORMAT_TRUNCATED");
    const failed = reports.get("aretomo")!.errors;
    expect(failed.length).toBe(2);
    expect(failed.some(({ message }) => message.includes("run_003"))).toBe(true);
    // what does not depend on them is there
    for (const run of ["run_001", "run_002", "run_003"]) {
      expect(
        files().some((name) => name.includes(`/${run}/TiltSeries/100/`) && name.endsWith("tiltseries_metadata.json")),
        run,
      ).toBe(true);
    }
    expect(files().filter((name) => name.includes("/run_003/") && name.endsWith("frames_metadata.json"))).toEqual([]);
    expect(files().filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  it("holds the formula in every voxel of every tilt series and tomogram, MRC and Zarr", () => {
    let volumes = 0;
    for (const name of ["imod", "batch", "sim"] as const) {
      for (const volume of [...deposit(name).tiltSeries, ...deposit(name).tomograms]) {
        const series = deposit(name).tiltSeries.includes(volume);
        const place = new RegExp(
          `/${volume.run}/${series ? "TiltSeries" : "Reconstructions/VoxelSpacing[0-9.]+/Tomograms"}/\\d+/${volume.run}\\.mrc$`,
        );
        const written = files().filter((file) => place.test(file));
        if (written.length === 0) continue; // missing on purpose: counted below
        expect(written.length, `${name} ${volume.run}`).toBe(1);
        const { shape, voxels } = mrcVoxels(join(output, written[0]!));
        expect(shape).toEqual(volume.shape);
        const chunk: Triple = series ? [1, 1024, 1024] : [256, 256, 256];
        const wrong = voxels.findIndex((value, i) => {
          const [z, y, x] = [Math.floor(i / (shape[1] * shape[2])), Math.floor(i / shape[2]) % shape[1], i % shape[2]];
          return value !== voxelValue(volume.kind, volume.runIndex, z!, y!, x!);
        });
        expect(wrong, `${written[0]} at voxel ${wrong}`).toBe(-1);
        for (let z = 0; z < shape[0]; z += chunk[0]) {
          const key = join(output, written[0]!.replace(/\.mrc$/, ".zarr"), "0", String(z / chunk[0]), "0", "0");
          const planes = Math.min(chunk[0], shape[0] - z);
          const box = decodeBloscBox(new Uint8Array(readFileSync(key)), chunk, 4, {
            start: [0, 0, 0],
            stop: [planes, shape[1], shape[2]],
          })!;
          const same = Buffer.from(box).equals(Buffer.from(voxels.buffer, z * shape[1] * shape[2] * 4, box.length));
          expect(same, key).toBe(true);
        }
        volumes++;
      }
    }
    // batch: one run has no tilt series; of tomograms, two runs are excluded from every spacing and one has no row in its map
    expect(volumes).toBe(4 + (9 + 7) + 2);
  });

  it("has each dose in the order of acquisition", () => {
    const frames = files().filter((name) => name.endsWith("frames_metadata.json"));
    expect(frames.length).toBeGreaterThan(4);
    for (const key of frames) {
      const list = JSON.parse(readFileSync(join(output, key), "utf8")).frames as {
        acquisition_order: number;
        accumulated_dose: number;
        exposure_dose: number;
      }[];
      for (const { acquisition_order: order, accumulated_dose: before, exposure_dose: dose } of list) {
        expect(before, `${key} ${order}`).toBeCloseTo(order * dose, 9);
      }
    }
  });

  it("is left as it was, and finds nothing to do when it is ingested again", async () => {
    expect(source()).toBe(sourceBefore);
    const before = hashOf(output);
    for (const { config } of lab.deposits) expect((await run(config)).done).toBe(0);
    expect(hashOf(output)).toBe(before);
  });
});
