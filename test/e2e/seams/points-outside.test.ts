import { afterAll, describe, expect, it } from "vitest";
import { newConfigFor } from "../../../src/stations/ingest/laboratory/new-config.js";
import { memoryStore } from "../../../src/stores/memory/store.js";
import { smallConfig, storeOf, tinyMrc } from "../ingest-plan-kit.js";
import { removeTempFolders, run } from "../ingest-run-kit.js";

afterAll(removeTempFolders);

/** Voxels along x, y, z, at 10.5 Å. */
const SIZE = [20, 16, 12] as const;
/** Twelve points of the tomogram, the last voxel of each axis among them. */
const POINTS = Array.from({ length: 12 }, (_, i) => SIZE.map((voxels) => ((voxels - 1) * i) / 11));

async function imported(options: string, points: readonly (readonly number[])[], strict = false) {
  const more = `annotations: [{metadata: {annotation_object: {name: ribosome}, version: '1.0'}, sources: [{Point: {${options}}}]}]\n`;
  const files = {
    "lab/rec/TS_1.rec": tinyMrc(...SIZE, 10.5),
    "lab/p.csv": points.map((point) => point.join(",")).join("\n"),
    "lab/p.json": JSON.stringify({ points: points.map(([x, y, z]) => ({ location: { x, y, z } })) }),
  };
  const report = await run({
    config: smallConfig({ runs: "[{sources: [{literal: {value: [TS_1]}}]}]", more }),
    source: await storeOf(files),
    target: memoryStore(),
    strict,
  });
  const told = [...report.errors, ...(report.warnings as { message: string }[])].map(({ message }) => message);
  return { exitStatus: report.exitStatus, outside: told.filter((message) => message.includes("outside")), report };
}

const CSV = "file_format: csv, glob_string: p.csv";
const times = (factor: number) => POINTS.map((point) => point.map((value) => value * factor));

describe("points outside of the tomogram", () => {
  it.each<[string, string, number[][], string]>([
    ["pixels of the full size", CSV, times(4), "`binning: 4` fits all 12"],
    ["Å", CSV, times(10.5), "`binning: 10.5` fits all 12: they are in Å"],
    [
      "Å of a format that is always in Å",
      "file_format: copick, glob_string: p.json",
      times(10.5),
      "`binning: 10.5` fits all 12: they are in Å",
    ],
    ["axes in reverse", CSV, POINTS.map((point) => [...point].reverse()), "`columns: zyx` fits all 12"],
    ["both", CSV, times(4).map((point) => [...point].reverse()), "`binning: 8` fits all 12"],
    ["divided by a binning that is too small", `${CSV}, binning: 2`, times(8), "`binning: 8` fits all 12"],
  ])("seam 8: are counted, and the binning that fits is told: %s", async (_, options, points, expected) => {
    const { exitStatus, outside } = await imported(options, points);
    expect(exitStatus).toBe(0);
    expect(outside).toEqual([expect.stringContaining(expected)]);
    expect(outside[0]).toMatch(/: \d+ of 12 points lie outside of the tomogram of 20×16×12 voxels \(x, y, z\)/);
  });

  it("seam 8: are a failure with --strict, and the rest is done", async () => {
    const { exitStatus, outside, report } = await imported(CSV, times(4), true);
    expect([exitStatus, outside]).toEqual([3, [expect.stringContaining("`binning: 4` fits all 12")]]);
    expect(report.errors[0]).toMatchObject({ code: "FORMAT_FIELD", hint: expect.stringContaining("--strict") });
    expect((await imported(CSV, POINTS, true)).exitStatus).toBe(0);
  });

  it("seam 8: a stray point gives no guess", async () => {
    const { outside } = await imported(CSV, [...POINTS, [25, 3, 3]]);
    expect(outside).toEqual([expect.not.stringContaining("fits all")]);
  });
});

describe("a mask of another size", () => {
  it.each<[string, [number, number, number], string]>([
    ["twice the tomogram", [40, 32, 24], "2 times the size"],
    ["axes in reverse", [12, 16, 20], "in reverse"],
  ])("seam 8: says what it may be: %s", async (_, size, hint) => {
    const more =
      "annotations: [{metadata: {annotation_object: {name: membrane}, version: '1.0'}, sources: [{SegmentationMask: {file_format: mrc, glob_string: m.mrc}}]}]\n";
    const { errors } = await run({
      config: smallConfig({ runs: "[{sources: [{literal: {value: [TS_1]}}]}]", more }),
      source: await storeOf({ "lab/rec/TS_1.rec": tinyMrc(...SIZE, 10.5), "lab/m.mrc": tinyMrc(...size, 10.5) }),
      target: memoryStore(),
      dryRun: true,
    });
    expect(errors).toMatchObject([{ code: "FORMAT_FIELD", hint: expect.stringContaining(hint) }]);
  });
});

describe("a new configuration", () => {
  it.each<[string, number[][], answer: string | undefined, written: string | undefined]>([
    ["pixels of the full size", times(4), "pixels-4", "binning: 4.0"],
    ["Å", times(10.5), "angstrom", "binning: 10.5"],
    ["axes in reverse", POINTS.map((point) => [...point].reverse()), "voxels-zyx", "columns: zyx"],
    ["voxels", POINTS, undefined, undefined],
  ])(
    "seam 8: asks where several readings of the coordinates fit, and goes by the answer: %s",
    async (_, points, answer, written) => {
      const table = points.map((point) => point.join(",")).join("\n");
      const files: Record<string, string | Uint8Array> = {};
      for (const [n, run] of ["TS_1", "TS_2"].entries())
        Object.assign(files, { [`tomograms/${run}.rec`]: tinyMrc(...SIZE, 10.5, n), [`picks/${run}_ribo.csv`]: table });
      const options = { sourcePrefix: "lab", input: "in", signal: new AbortController().signal };
      const first = await newConfigFor(await storeOf(files), options);
      const ways = first.questions.flatMap(({ options: some }) => some.map((one) => one.answer));
      const asked = first.questions.map(({ id }) => ({ id, answer: answer ?? "voxels" }));
      const { yaml } = await newConfigFor(await storeOf(files), { ...options, given: { runs: [], files: [], questions: asked } });
      const lines = yaml.split("\n").map((line) => line.trim());
      if (answer === undefined) expect(lines.filter((line) => /^binning:|zyx #/.test(line))).toEqual([]);
      else {
        if (ways.length > 0) expect(ways).toContain(answer);
        expect(
          lines.some((line) => line.startsWith(written!)),
          yaml,
        ).toBe(true);
      }
    },
  );
});
