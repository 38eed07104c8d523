import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ANY_LABEL, type MaskSelection } from "../../src/arrays/stream/plan/selection.js";
import { scanLabels, scanMask } from "../../src/arrays/stream/source/scan-mask.js";
import type { Triple } from "../../src/core/box.js";
import { fileStore } from "../../src/stores/file/store.js";
import { runMask } from "../golden/masks/run-mask.js";
import { REAL_DATA } from "../real-data.js";
import { hasEnvironment, type PythonEnvironment, python, type Verdict } from "./environment.js";

interface MaskCase {
  name: string;
  /** File or folder below the temporary one. */
  source: string;
  /** numpy's. */
  dtype: string;
  order?: ">";
  /** Voxels [z, y, x]. */
  shape: Triple;
  labels?: number[];
  blobs?: number;
  /** None: an instance mask. */
  select: MaskSelection | null;
  targetShape: Triple | null;
}

const SMALL: Triple = [30, 46, 50];
const CHUNKS: Triple = [70, 270, 300];
const FIVE = [1, 2, 3, 4, 5];
const MANY = Array.from({ length: 500 }, (_, i) => 1 + i * 131);

const CASES: MaskCase[] = [
  { name: "label", source: "label.mrc", dtype: "i1", shape: CHUNKS, labels: FIVE, select: { equals: 3 }, targetShape: null },
  { name: "label-gz", source: "gz.mrc.gz", dtype: "i2", shape: SMALL, labels: FIVE, select: { equals: 1 }, targetShape: null },
  {
    name: "label-larger",
    source: "larger.mrc",
    dtype: "u2",
    order: ">",
    shape: SMALL,
    labels: FIVE,
    select: { equals: 2 },
    targetShape: [45, 92, 77],
  },
  {
    name: "label-smaller",
    source: "smaller.mrc",
    dtype: "i1",
    shape: CHUNKS,
    labels: FIVE,
    select: { equals: 5 },
    targetShape: [35, 90, 101],
  },
  {
    name: "label-mixed",
    source: "mixed.zarr/",
    dtype: "i8",
    shape: SMALL,
    labels: FIVE,
    select: { equals: 4 },
    targetShape: [20, 100, 50],
  },
  { name: "threshold", source: "threshold.mrc", dtype: "f4", shape: CHUNKS, select: { atLeast: 0.6 }, targetShape: null },
  {
    name: "threshold-twice",
    source: "twice.mrc",
    dtype: "f4",
    shape: SMALL,
    select: { atLeast: 0.55 },
    targetShape: [60, 92, 100],
  },
  {
    name: "threshold-half",
    source: "half.zarr/",
    dtype: "f8",
    shape: CHUNKS,
    select: { atLeast: 0.7 },
    targetShape: [35, 135, 150],
  },
  { name: "threshold-odd", source: "odd.mrc", dtype: "f2", shape: SMALL, select: { atLeast: 0.4 }, targetShape: [31, 300, 29] },
  { name: "labels", source: "labels.mrc", dtype: "u2", shape: CHUNKS, labels: MANY, blobs: 900, select: null, targetShape: null },
  {
    name: "labels-larger",
    source: "up.mrc",
    dtype: "i2",
    order: ">",
    shape: SMALL,
    labels: FIVE,
    select: null,
    targetShape: [44, 261, 51],
  },
  {
    name: "labels-smaller",
    source: "down.zarr/",
    dtype: "u4",
    shape: CHUNKS,
    labels: MANY,
    blobs: 900,
    select: null,
    targetShape: [23, 100, 150],
  },
];

const SPACING = 7.84;
const folder = mkdtempSync(join(tmpdir(), "emporium-peers-masks-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!hasEnvironment("peers"))("masks, judged by the programs that people use", () => {
  beforeAll(async () => {
    const cases = CASES.map((one, seed) => ({ ...one, seed }));
    writeFileSync(join(folder, "cases.json"), JSON.stringify(cases));
    await python("peers", "make_masks.py", [join(folder, "cases.json"), folder]);
    mkdirSync(join(folder, "out"));
    const jobs = [];
    for (const one of cases) {
      const report = await runMask({
        source: fileStore(folder),
        key: one.source,
        target: fileStore(join(folder, "out"), { sync: false }),
        name: one.name,
        workspace: join(folder, "ws", one.name),
        segmentation: one.select ? { form: "mask", select: one.select } : { form: "labels" },
        targetShape: one.targetShape ?? undefined,
        spacingAngstrom: SPACING,
      });
      const { state, error, receipt } = report.results[0]!;
      if (state !== "done") throw new Error(`${one.name}: ${error?.message}`);
      const place = join(folder, "out", one.name);
      const labels = receipt!.facts!.labels ?? null;
      jobs.push({
        ...one,
        npy: join(folder, `${one.name}.npy`),
        mrc: `${place}.mrc`,
        zarr: `${place}.zarr`,
        labels,
        spacingAngstrom: SPACING,
      });
    }
    writeFileSync(join(folder, "jobs.json"), JSON.stringify(jobs));
  });

  suite("mrcfile, zarr-python 2, ome-zarr 0.9, tensorstore, scikit-image, scipy", "peers", 24);
  describe.skipIf(!hasEnvironment("zarr3"))("newest", () => {
    suite("zarr-python 3, ome-zarr, tensorstore", "zarr3", 9);
  });

  function suite(title: string, environment: PythonEnvironment, checksMin: number) {
    describe(title, () => {
      let verdicts: Verdict[];
      beforeAll(async () => {
        verdicts = JSON.parse(await python(environment, "check_masks.py", [join(folder, "jobs.json")]));
      });
      it.each(CASES.map(({ name }) => name))("%s", (name) => {
        const own = verdicts.filter((verdict) => verdict.case === name);
        expect(own.filter(({ passed }) => !passed)).toEqual([]);
        expect(own.length).toBeGreaterThanOrEqual(checksMin);
      });
    });
  }

  it("answers what numpy finds in the portal's sample masks", async (context) => {
    const samples = fileURLToPath(new URL("lab-mini/20002/annotations/", REAL_DATA));
    if (!existsSync(samples)) context.skip("needs real files");
    const found: Record<string, [min: number, max: number, values: number[]]> = JSON.parse(
      await python("peers", "mask_values.py", [samples]),
    );
    expect(Object.keys(found).length).toBeGreaterThanOrEqual(5);
    for (const [file, [, max, values]] of Object.entries(found)) {
      const wanted: MaskSelection[] = [1, 2, 3, 4, 5].map((equals) => ({ equals }));
      const answers = await scanMask(fileStore(samples), file, [...wanted, ANY_LABEL, { atLeast: max }], { compat: false });
      expect(answers, file).toEqual([...[1, 2, 3, 4, 5].map((label) => values.includes(label)), max >= 1, true]);
      if (values.every(Number.isInteger))
        expect(await scanLabels(fileStore(samples), file, { compat: false }), file).toEqual(values.filter((value) => value > 0));
    }
  });
});
