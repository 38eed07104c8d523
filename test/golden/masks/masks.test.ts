import { REAL_DATA } from "../../real-data.js";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { scanMask } from "../../../src/arrays/stream/source/scan-mask.js";
import { ANY_LABEL, type MaskSelection } from "../../../src/arrays/stream/plan/selection.js";
import type { Triple } from "../../../src/core/box.js";
import { parseMrcHeader } from "../../../src/formats/mrc/header.js";
import { fileStore } from "../../../src/stores/file/store.js";
import { memoryStore } from "../../../src/stores/memory/store.js";
import type { Store } from "../../../src/stores/store.js";
import { type FaultPlan, faultPlan, withFaults } from "../../faults/store-faults.js";
import { THOROUGH } from "../../thorough.js";
import { type MaskRun, runMask } from "./run-mask.js";

interface Golden {
  name: string;
  source: string;
  files: Record<string, string>;
  results: {
    select: MaskSelection | null;
    targetShape: Triple | null;
    levels: { shape: Triple; voxels: string }[];
    statistics: { min: number; max: number; mean: number; rms: number };
    labels: number[] | null;
  }[];
}
const golden: Golden[] = JSON.parse(readFileSync(new URL("masks.golden.json", import.meta.url), "utf8"));

const root = mkdtempSync(join(tmpdir(), "emporium-mask-task-"));
afterAll(() => rmSync(root, { recursive: true }));
let counter = 0;
const place = () => join(root, String(++counter));

/** The source's name of a case, its Zarr suffix and slash kept. */
async function stored(files: Record<string, string>, source: string): Promise<Store> {
  const store = memoryStore({ url: "memory:source" });
  for (const [key, body] of Object.entries(files)) await store.write(source + key, new Uint8Array(Buffer.from(body, "base64")));
  return store;
}

const json = async (store: Store, key: string) => JSON.parse(new TextDecoder().decode(await store.read(key)));

describe("a mask task", () => {
  it.each(golden)("$name: header, documents and receipt of each result", async ({ source, files, results }) => {
    const from = await stored(files, source);
    for (const { select, targetShape, levels, statistics, labels } of results) {
      const target = fileStore(place(), { sync: false });
      const segmentation = select ? ({ form: "mask", select } as const) : ({ form: "labels" } as const);
      const spacingAngstrom = 13.48;
      const report = await runMask({
        source: from,
        key: source,
        target,
        name: "ANN/mask",
        workspace: place(),
        segmentation,
        targetShape: targetShape ?? undefined,
      });
      expect(report.results.map(({ state, error }) => error ?? state)).toEqual(["done"]);
      const { receipt } = report.results[0]!;
      expect(receipt!.outputs.map(({ key }) => key)).toEqual(["ANN/mask.mrc", "ANN/mask.zarr/"]);
      expect(receipt!.facts).toMatchObject({ shape: levels[0]!.shape, min: statistics.min, max: statistics.max });
      expect(receipt!.facts!.labels).toBe(labels?.length);
      expect(receipt!.facts).not.toHaveProperty("contrast");

      const mrc = (await target.read("ANN/mask.mrc"))!;
      const header = parseMrcHeader(mrc.subarray(0, 1024), { name: "mask.mrc" });
      expect(header).toMatchObject({ shape: levels[0]!.shape, mode: select ? 0 : 6, ispg: 1, nsymbt: 0, exttyp: "MRCO", nversion: 20141 });
      expect(header.dmin).toBe(statistics.min);
      expect(header.dmax).toBe(statistics.max);
      expect(header.dmean).toBe(Math.fround(statistics.mean));
      expect(Math.abs(header.rms - statistics.rms)).toBeLessThanOrEqual(statistics.rms * 2 ** -23);
      expect(new DataView(mrc.buffer, mrc.byteOffset).getFloat32(40, true)).toBe(
        Math.fround(Math.fround(spacingAngstrom) * levels[0]!.shape[2]),
      );
      expect(Buffer.from(mrc.subarray(1024)).toString("base64")).toBe(levels[0]!.voxels);

      for (const [l, { shape }] of levels.entries()) {
        expect(await json(target, `ANN/mask.zarr/${l}/.zarray`)).toEqual({
          chunks: [256, 256, 256],
          compressor: { blocksize: 0, clevel: 5, cname: "lz4", id: "blosc", shuffle: 1 },
          dimension_separator: "/",
          dtype: select ? "|i1" : "<u2",
          fill_value: 0,
          filters: null,
          order: "C",
          shape,
          zarr_format: 2,
        });
      }
      const [image] = (await json(target, "ANN/mask.zarr/.zattrs")).multiscales;
      const colors = labels?.map((label) => ({ "label-value": label }));
      expect(image.metadata).toEqual(colors ? { "image-label": { version: "0.4", colors } } : {});
      expect(image.datasets.map((one: { coordinateTransformations: unknown }) => one.coordinateTransformations)).toEqual(
        [1, 2, 4].map((scale) => [{ type: "scale", scale: new Array(3).fill(spacingAngstrom * scale) }]),
      );
    }
  });

  it("writes what is asked for alone, and nothing where the source is refused", async () => {
    const { source, files } = golden.find(({ name }) => name === "uint16")!;
    const from = await stored(files, source);
    const wish = { source: from, key: source, name: "m", segmentation: { form: "labels" as const } };
    const keys = async (target: Store) => {
      const found: string[] = [];
      for await (const { key } of target.list("")) if (!key.startsWith(".emporium/")) found.push(key);
      return found;
    };
    const mrc = fileStore(place(), { sync: false });
    await runMask({ ...wish, target: mrc, workspace: place(), writeZarr: false });
    expect(await keys(mrc)).toEqual(["m.mrc"]);
    const zarr = fileStore(place(), { sync: false });
    await runMask({ ...wish, target: zarr, workspace: place(), writeMrc: false });
    expect((await keys(zarr)).filter((key) => key.endsWith(".mrc"))).toEqual([]);
    const negative = golden.find(({ name }) => name === "int16")!;
    const refused = fileStore(place(), { sync: false });
    const report = await runMask({
      ...wish,
      source: await stored(negative.files, negative.source),
      key: negative.source,
      target: refused,
      workspace: place(),
    });
    expect(report.results[0]!.error).toMatchObject({
      code: "FORMAT_FIELD",
      message: expect.stringMatching(/voxel \d,\d,\d \(x,y,z\) is -\d+, labels are whole numbers from 0 to 65535/),
    });
    expect(await keys(refused)).toEqual([]);
  });

  it("gives the same bytes under the reference's rules: zeros beyond an edge hit nothing", async () => {
    const { source, files } = golden.find(({ name }) => name === "int8")!;
    const from = await stored(files, source);
    const trees: unknown[] = [];
    for (const compat of [false, true]) {
      const target = fileStore(place(), { sync: false });
      await runMask({ source: from, key: source, target, name: "m", workspace: place(), segmentation: { form: "mask", select: { equals: 1 } }, compat });
      const tree: Record<string, string> = {};
      for await (const { key } of target.list("m")) tree[key] = Buffer.from((await target.read(key))!).toString("base64");
      trees.push(tree);
    }
    expect(trees[1]).toEqual(trees[0]);
  });
});

interface World {
  target: Store;
  workspace: string;
  tree(): Promise<Record<string, string>>;
  open(): Promise<string[]>;
}

function folderWorld(): World {
  const folder = place();
  const out = join(folder, "out");
  return {
    target: fileStore(out, { sync: false }),
    workspace: join(folder, "ws"),
    async tree() {
      const tree: Record<string, string> = {};
      for (const name of existsSync(out) ? (readdirSync(out, { recursive: true }) as string[]) : [])
        tree[name] = statSync(join(out, name)).isDirectory() ? "folder" : readFileSync(join(out, name)).toString("latin1");
      return tree;
    },
    open: async () => [],
  };
}

function objectWorld(): World {
  const target = memoryStore({ url: `memory:target-${++counter}` });
  return {
    target,
    workspace: place(),
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

describe.each([
  ["a folder", folderWorld],
  ["an object store", objectWorld],
] as const)("a mask task onto %s that dies at any operation", (_, make) => {
  it.each([
    ["labels of another shape, of a source that must be laid out", { form: "labels" }, [6, 5, 12]],
    ["a label", { form: "mask", select: { equals: 1 } }, undefined],
  ] as [string, MaskRun["segmentation"], Triple | undefined][])(
    "%s: ends with the same tree when it is run again",
    async (_name, segmentation, targetShape) => {
      const { source: key, files } = golden.find(({ name }) => name === "zarr-i8")!;
      const plain = await stored(files, key);
      const run = ({ target, workspace }: World, fate: FaultPlan) =>
        runMask({ source: withFaults(plain, fate), key, target: withFaults(target, fate), name: "ANN/m", workspace, segmentation, targetShape });
      const whole = make();
      const fate = faultPlan();
      expect((await run(whole, fate)).results.map(({ state }) => state)).toEqual(["done"]);
      const wanted = await whole.tree();
      expect(Object.keys(wanted)).toEqual(expect.arrayContaining(["ANN/m.mrc", "ANN/m.zarr/.zattrs", "ANN/m.zarr/2/0/0/0"]));
      const operations = fate.log.length;
      expect(operations).toBeGreaterThan(15);
      for (let n = 1; n <= operations; n++) {
        const moments = ["before", "during", "after"] as const;
        for (const when of THOROUGH ? moments : [moments[n % 3]!]) {
          const world = make();
          await run(world, faultPlan({ dieAt: n, when })).catch(() => undefined);
          await world.target.remove(".emporium/"); // the process is gone, its lock stays
          const what = `died ${when} operation ${n} of ${operations}: ${fate.log[n - 1]}`;
          expect((await run(world, faultPlan())).results.map(({ error, state }) => error ?? state).join(), what).toMatch(/^(done|already)$/);
          expect(await world.tree(), what).toEqual(wanted);
          expect(await world.open(), what).toEqual([]);
        }
      }
      const again = await run(whole, faultPlan());
      expect(again.results.map(({ state }) => state)).toEqual(["already"]);
    },
    240_000,
  );
});

const shared = fileURLToPath(REAL_DATA);

describe.skipIf(!existsSync(shared))("the portal's own sample masks", () => {
  const folder = "lab-mini/20002/annotations/";
  // mrcfile 1.5.4 and numpy 1.26.4: the voxels of each, in C order
  const probability = [0.8, 0.8, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1];
  const run = async (file: string, segmentation: MaskRun["segmentation"], targetShape?: Triple) => {
    const target = fileStore(place(), { sync: false });
    const source = fileStore(dirname(join(shared, folder, file)));
    const report = await runMask({ source, key: file, target, name: "m", workspace: place(), segmentation, targetShape });
    expect(report.results[0]!.error).toBeUndefined();
    return [...new Int8Array((await target.read("m.mrc"))!.slice(1024))];
  };
  const answers = (file: string, wanted: MaskSelection[]) =>
    scanMask(fileStore(join(shared, folder)), file, wanted, { compat: false });

  it("takes labels and thresholds, and says which there are", async () => {
    expect(await run("small_semantic_mask.mrc", { form: "mask", select: { equals: 2 } })).toEqual([1, 1, 0, 0, 0, 0, 0, 0]);
    expect(await run("small_probability_map.mrc", { form: "mask", select: { atLeast: 0.8 } })).toEqual(
      probability.map((p) => Number(p >= 0.8)),
    );
    expect(await answers("semantic_mask.mrc", [1, 2, 3, 4].map((equals) => ({ equals })))).toEqual([true, true, true, false]);
    expect(await answers("segmask.mrc", [{ equals: 1 }, { equals: 5 }, ANY_LABEL, { atLeast: 4.5 }])).toEqual([true, false, true, false]);
    expect(await answers("large_probability_map.mrc", [{ atLeast: 0.8 }, { atLeast: 0.81 }])).toEqual([true, false]);
  });

  it("enlarges the small ones to the large ones' shape", async () => {
    const double = (rows: number[]) => {
      // 2³ to 4³: each voxel becomes 2³ of the same value
      const all: number[] = [];
      for (let z = 0; z < 4; z++)
        for (let y = 0; y < 4; y++) for (let x = 0; x < 4; x++) all.push(rows[(z >> 1) * 4 + (y >> 1) * 2 + (x >> 1)]!);
      return all;
    };
    expect(await run("small_semantic_mask.mrc", { form: "mask", select: { equals: 2 } }, [4, 4, 4])).toEqual(
      double([1, 1, 0, 0, 0, 0, 0, 0]),
    );
    expect(await run("small_probability_map.mrc", { form: "mask", select: { atLeast: 0.5 } }, [4, 4, 4])).toEqual(
      double(probability.map((p) => Number(p >= 0.5))),
    );
  });
});
