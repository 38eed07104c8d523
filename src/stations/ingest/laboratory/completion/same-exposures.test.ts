import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const stack = (seed: number) => mrcFile([5, 48, 48], 2.5, { kind: "stack", seed });
const volume = (seed: number, spacing = 10) => mrcFile([6, 12, 12], spacing, { seed });
const tiff = new Uint8Array([0x49, 0x49, 42, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const TILTS = [-6, -3, 0, 3, 6];
const mdoc = (series: string) =>
  `PixelSpacing = 2.5\nVoltage = 300\nImageFile = ${series}.mrc\n\n${TILTS.map((tilt, z) => `[ZValue = ${z}]\nTiltAngle = ${tilt}\nSubFramePath = D:\\data\\${series}_${z}.tif\nDateTime = 12-Mar-24  1${series.at(-1)}:1${z}:12\n`).join("\n")}`;
const frames = (series: string) => Object.fromEntries(TILTS.map((_, z) => [`frames/${series}_${z}.tif`, tiff]));
const particles = (...names: readonly string[]) =>
  `data_\n\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n_rlnCoordinateZ\n_rlnTomoName\n${names.map((name) => `1 2 1 ${name}\n9 3 2 ${name}\n4 10 4 ${name}\n`).join("")}`;

async function decided(files: Record<string, string | Uint8Array>) {
  const laboratory = await laboratoryWith(files);
  return decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
}

/** Two series, numbered anew for the second reconstruction: its `ts_002` is the `TS_03` of the first, and its `ts_003` the `TS_04`. */
const first = {
  ...{ ...frames("TS_03"), ...frames("TS_04"), "mdoc/TS_03.mrc.mdoc": mdoc("TS_03"), "mdoc/TS_04.mrc.mdoc": mdoc("TS_04") },
  ...{ "old/TS_03.mrc": volume(3), "old/TS_04.mrc": volume(4) },
};
const renamed = {
  ...{ "again/mdoc/ts_002.mdoc": mdoc("TS_03"), "again/mdoc/ts_003.mdoc": mdoc("TS_04") },
  ...{ "again/rec/ts_002.mrc": volume(5, 8), "again/rec/ts_003.mrc": volume(6, 8) },
};

describe("series whose bookkeeping names the same exposures", () => {
  it("are one run, whatever they are called, and nothing of them is asked for", async () => {
    const { runs, files, questions, notes } = await decided({ ...first, ...renamed });
    expect(runs).toHaveLength(2);
    const run = (path: string) => files.get(path)?.run;
    expect(run("old/TS_03.mrc")).toBe(run("again/rec/ts_002.mrc"));
    expect(run("old/TS_04.mrc")).toBe(run("again/rec/ts_003.mrc"));
    expect(files.get("frames/TS_03_0.tif")).toMatchObject({ role: "frame", run: run("old/TS_03.mrc") });
    expect(questions).toEqual([]);
    expect(notes).toContain("TS_03 and ts_002 were made from the same exposures: they are one run, ts_002.");
  });

  it("also where the frames themselves are gone", async () => {
    const gone = Object.fromEntries(Object.entries({ ...first, ...renamed }).filter(([path]) => !path.startsWith("frames/")));
    const { files, runs } = await decided(gone);
    expect(runs).toHaveLength(2);
    expect(files.get("old/TS_04.mrc")?.run).toBe(files.get("again/rec/ts_003.mrc")?.run);
  });

  it("are asked about where their stacks show other images, and one until then", async () => {
    const stacks = { "mdoc/TS_03.mrc": stack(1), "again/mdoc/ts_002.st": stack(2) };
    const { files, questions } = await decided({ ...first, ...renamed, ...stacks });
    expect(files.get("old/TS_03.mrc")?.run).toBe(files.get("again/rec/ts_002.mrc")?.run);
    const { text, why, answer, options } = questions.find(({ id }) => id.startsWith("exposures"))!;
    expect([text, answer]).toEqual(["Is this the same tilt series under two names: ts_002 and TS_03?", "one-run"]);
    expect(why).toBe("Their acquisition files name the same exposures, but their stacks show other images.");
    const apart = new Map(options[1]!.runs!.map(({ path, isOf }) => [path, isOf]));
    expect([apart.get("old/TS_03.mrc"), apart.get("again/rec/ts_002.mrc")]).toEqual(["TS_03", "ts_002"]);
  });
});

describe("a list that calls a renamed series by its former name", () => {
  it("means that series, and not another one whose name looks like it", async () => {
    const { "again/rec/ts_002.mrc": _, "again/rec/ts_003.mrc": __, ...mdocs } = renamed;
    const { runs, files } = await decided({ ...first, ...mdocs, "picks/all.star": particles("ts_002", "ts_003") });
    expect(runs).toEqual(["TS_03", "TS_04"]);
    expect(files.get("picks/all.star")).toMatchObject({
      role: "points",
      details: { points: { rowValues: { "old/TS_03.mrc": "ts_002", "old/TS_04.mrc": "ts_003" } } },
    });
  });
});
