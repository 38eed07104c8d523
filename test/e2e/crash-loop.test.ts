import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLog } from "../../src/core/log.js";
import { randomInt, seededRandom } from "../../src/core/random.js";
import { mrcHeaderBytes } from "../../src/formats/mrc/write.js";
import { readStructure } from "../../src/stations/ingest/config/schema.js";
import { ingestInto } from "../../src/stations/ingest/ingest.js";
import type { IngestReport } from "../../src/stations/ingest/ingest-report.js";
import { fileStore } from "../../src/stores/file/store.js";
import type { IoMode } from "../../src/stores/io-mode.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import type { Store } from "../../src/stores/store.js";
import { type FaultPlan, faultPlan, withFaults } from "../faults/store-faults.js";
import { THOROUGH } from "../thorough.js";
import { tinyMdoc } from "./ingest-plan-kit.js";

/**
 * `EMPORIUM_THOROUGH=1`: every operation, with chunks at all three moments. Otherwise one moment of each in turn; with shards, whose many more
 * operations are those of volumes, every seventh one; past the page cache, where no more than writing is another, every fourth one; in a store of
 * objects every second one.
 *
 * Die at operation n, for every n, then resume: the tree must be that of a run which never died. A tiny deposition of two runs, one with a tomogram
 * and an acquisition file that is copied, one with a tilt series; on a folder (parts and renames) and on a store without renames (spooled
 * chunks, uploads, metadata last).
 */
const CONFIG = `
version: "1.3.0"
standardization_config: {deposition_id: 10390, source_prefix: lab}
depositions:
- metadata: {deposition_identifier: 10390, deposition_title: Tiny, deposition_description: Text, deposition_types: [tomogram],
    authors: &a [{name: Author A, primary_author_status: true, corresponding_author_status: true}],
    dates: &d {deposition_date: 2026-01-10, release_date: 2026-02-01, last_modified_date: 2026-02-01}}
  sources: [{literal: {value: [10390]}}]
datasets:
- metadata: {dataset_identifier: 10700, dataset_title: Tiny, dataset_description: Text, sample_type: in_vitro, authors: *a, dates: *d}
  sources: [{literal: {value: ['10700']}}]
runs: [{sources: [{source_glob: {list_glob: "*", match_regex: '(rec|st)$', name_regex: '(.*)\\.'}}]}]
collection_metadata: [{sources: [{source_glob: {list_glob: "{run_name}.mdoc"}}]}]
tiltseries:
- metadata: {tilt_axis: 84.5, pixel_spacing: 1.96}
  sources: [{source_glob: {list_glob: "{run_name}.st"}}]
voxel_spacings: [{sources: [{literal: {value: [7.84]}, parent_filters: {exclude: {run: [B]}}}]}]
tomograms:
- metadata: {voxel_spacing: 7.84, fiducial_alignment_status: NON_FIDUCIAL, reconstruction_method: WBP, reconstruction_software: IMOD, processing: raw,
    tomogram_version: 1.0, offset: {x: 0, y: 0, z: 0}, authors: *a, dates: *d}
  sources: [{source_glob: {list_glob: "{run_name}.rec"}}]
`;
const config = readStructure(new TextEncoder().encode(CONFIG), "tiny.yaml");
const SELECTION = { items: ["runs", "collection_metadata", "tiltseries", "tomograms", "voxel_spacings"], allMetadata: true };

/** Two volumes, an alignment, a copy, metadata of two runs, a dataset and a deposition. */
const TASKS = 8;

const root = mkdtempSync(join(tmpdir(), "emporium-crash-"));
const epoch = process.env.SOURCE_DATE_EPOCH;
beforeAll(() => {
  process.env.SOURCE_DATE_EPOCH = "1790000000";
});
afterAll(() => {
  rmSync(root, { recursive: true });
  if (epoch === undefined) delete process.env.SOURCE_DATE_EPOCH;
  else process.env.SOURCE_DATE_EPOCH = epoch;
});

/** Planes of the tomogram: more than 512 are two units of shards. */
const [SHALLOW, DEEP] = [4, 520];

/** @param deep voxels along z of the tomogram. */
async function makeSource(deep: number): Promise<Store> {
  const source = memoryStore({ url: "memory:source" });
  for (const [index, name] of ["A.rec", "B.st"].entries()) {
    const head = mrcHeaderBytes({
      kind: index === 0 ? "tomogram" : "tiltseries",
      shape: index === 0 ? [deep, 5, 6] : [4, 5, 6],
      dtype: "int8",
      voxelSizeAngstrom: index === 0 ? 7.84 : 1.96,
      statistics: { min: 0, max: 0, mean: 0, rms: 0 },
      dateMs: 0,
    });
    const voxels = Int8Array.from({ length: 30 * (index === 0 ? deep : 4) }, (_, i) => ((i * 7 + index * 11) % 101) - 50);
    await source.write(`lab/${name}`, new Uint8Array(Buffer.concat([head, new Uint8Array(voxels.buffer)])));
  }
  await source.write("lab/A.mdoc", new TextEncoder().encode(tinyMdoc()));
  return source;
}

interface World {
  omeZarr: "0.4" | "0.5";
  target: Store;
  workspace: string;
  /** All that is in the target, hidden things included. */
  tree(): Promise<Record<string, string>>;
  open(): Promise<string[]>;
}

let counter = 0;
function folderWorld(omeZarr: World["omeZarr"], io: IoMode = "auto"): World {
  const folder = join(root, `w${++counter}`);
  const target = fileStore(join(folder, "out"), { sync: false, io });
  return {
    omeZarr,
    target,
    workspace: join(folder, "ws"),
    async tree() {
      const tree: Record<string, string> = {};
      for (const name of readdirSync(join(folder, "out"), { recursive: true }) as string[]) {
        const path = join(folder, "out", name);
        tree[name] = statSync(path).isDirectory() ? "folder" : readFileSync(path).toString("latin1");
      }
      return tree;
    },
    open: async () => [],
  };
}
function objectWorld(omeZarr: World["omeZarr"]): World {
  const target = memoryStore({ url: `memory:target-${++counter}` });
  return {
    omeZarr,
    target,
    workspace: join(root, `w${counter}-ws`),
    async tree() {
      const tree: Record<string, string> = {};
      for await (const { key } of target.list("")) tree[key] = Buffer.from((await target.read(key))!).toString("latin1");
      return tree;
    },
    async open() {
      const keys: string[] = [];
      for await (const { key } of target.openUploads("")) keys.push(key);
      return keys;
    },
  };
}

async function run(world: World, source: Store, fate: FaultPlan): Promise<IngestReport> {
  const options = {
    selection: SELECTION,
    workspace: world.workspace,
    jobs: 1,
    memoryBytes: 2 ** 28,
    keepGoing: true,
    writeMrc: true,
    writeZarr: true,
    omeZarr: world.omeZarr,
    forceOverwrite: false,
    compat: false,
    sync: false,
    verify: false,
    dryRun: false,
    log: silentLog,
    signal: new AbortController().signal,
  };
  return ingestInto({ config, name: "tiny", source: withFaults(source, fate), target: withFaults(world.target, fate) }, options);
}

/** The process is gone, its lock stays. Whoever comes next on this machine sees that and takes it; here both are one process. */
async function bury(world: World): Promise<void> {
  await world.target.remove(".emporium/");
}

async function dieAndResume(
  make: () => World,
  dieAt: number,
  when: "before" | "during" | "after",
  source: Store,
  again?: number,
) {
  const world = make();
  await run(world, source, faultPlan({ dieAt, when })).catch(() => undefined);
  await bury(world);
  if (again !== undefined) {
    await run(world, source, faultPlan({ dieAt: again, when })).catch(() => undefined);
    await bury(world);
  }
  const report = await run(world, source, faultPlan());
  return { world, report };
}

const EACH = { 1: "every", 2: "every second", 4: "every fourth", 7: "every seventh" } as const;

describe.each([
  ["chunks in a folder", SHALLOW, 1, () => folderWorld("0.4")],
  ["chunks in a folder, past the page cache", SHALLOW, 4, () => folderWorld("0.4", "direct")],
  ["chunks in an object store", SHALLOW, 2, () => objectWorld("0.4")],
  ["shards in a folder", DEEP, 7, () => folderWorld("0.5")],
  ["shards in an object store", DEEP, 7, () => objectWorld("0.5")],
] as const)("a run that writes %s and dies at any operation", (_name, deep, nth, make) => {
  const step = THOROUGH ? 1 : nth;

  it(`ends with the same tree when it is run again: ${EACH[step]} operation`, async () => {
    const source = await makeSource(deep);
    const fate = faultPlan();
    const whole = make();
    const report = await run(whole, source, fate);
    expect(report.errors).toEqual([]);
    expect(report.done).toBe(TASKS);
    const wanted = await whole.tree();
    const operations = fate.log.length;
    for (const file of ["A/Frames/A.mdoc", "B/TiltSeries/100/tiltseries_metadata.json", "B/TiltSeries/100/B.mrc"])
      expect(Object.keys(wanted)).toContain(`10700/${file}`);
    expect(Object.keys(wanted).filter((key) => key.endsWith("tomogram_metadata.json")).length).toBe(1);
    expect(operations).toBeGreaterThan(40);
    for (let n = 1; n <= operations; n += step) {
      const moments = ["before", "during", "after"] as const;
      // all that is not a volume is met in the runs that write chunks
      for (const when of deep === SHALLOW && THOROUGH ? moments : [moments[n % 3]!]) {
        const { world, report: resumed } = await dieAndResume(make, n, when, source);
        const what = `died ${when} operation ${n} of ${operations}: ${fate.log[n - 1]}`;
        expect(resumed.exitStatus, what).toBe(0);
        expect(resumed.errors, what).toEqual([]);
        expect(await world.tree(), what).toEqual(wanted);
        expect(await world.open(), what).toEqual([]);
      }
    }
  }, 240_000);

  it("survives a second death in the resumed run", async () => {
    const source = await makeSource(deep);
    const whole = make();
    const fate = faultPlan();
    await run(whole, source, fate);
    const wanted = await whole.tree();
    const random = seededRandom(20);
    for (let i = 0; i < 20; i += step) {
      const [first, second] = [1 + randomInt(random, fate.log.length), 1 + randomInt(random, fate.log.length)];
      const { world, report } = await dieAndResume(make, first, "during", source, second);
      expect(report.exitStatus, `${first}, ${second}`).toBe(0);
      expect(await world.tree(), `${first}, ${second}`).toEqual(wanted);
    }
  }, 120_000);

  it("finds nothing to do when it is run once more", async () => {
    const source = await makeSource(deep);
    const world = make();
    await run(world, source, faultPlan());
    const before = await world.tree();
    const report = await run(world, source, faultPlan());
    expect([report.done, report.already, report.exitStatus]).toEqual([0, TASKS, 0]);
    expect(await world.tree()).toEqual(before);
  });
});
