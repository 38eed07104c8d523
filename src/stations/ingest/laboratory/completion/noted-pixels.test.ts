import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { type Given, NOTHING_GIVEN } from "../decide.js";
import { givenOf, readDecisions, writeDecisions } from "../decisions-file.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const series = (name: string, seed: number, pixel = 1.63) => ({
  [`krios/${name}.st`]: mrcFile([5, 48, 48], pixel, { kind: "stack", seed }),
  [`krios/${name}.rawtlt`]: "-6\n-3\n0\n3\n6\n",
  [`krios/${name}_rec.mrc`]: mrcFile([6, 12, 12], pixel * 4, { seed: seed + 10 }),
});
const picks = {
  "copick/ExperimentRuns/TS_01/Picks/me_1_ribosome.json": JSON.stringify({
    ...{
      pickable_object_name: "ribosome",
      user_id: "me",
      session_id: "1",
      run_name: "TS_01",
      voxel_spacing: 6.52,
      unit: "angstrom",
    },
    points: [{ location: { x: 65.2, y: 32.6, z: 13.04 }, instance_id: 0, score: 1 }],
  }),
};
const NOTE = "nominal     1.63 A/px\ncalibrated  1.585 A/px (apoferritin)\n";
const files = (note: string) => ({ ...series("TS_01", 1), ...series("TS_02", 2), ...picks, "krios/PIXEL_SIZE.txt": note });

async function decided(all: Record<string, string | Uint8Array>, answer?: string) {
  const laboratory = await laboratoryWith(all);
  const recognised = await recognisedIn(laboratory, signal);
  const first = await decisionsOf(laboratory, recognised, signal);
  const asked = first.questions.filter(({ id }) => id.startsWith("noted-pixel-"));
  const given: Given = { ...NOTHING_GIVEN, answers: new Map(asked.map(({ id }) => [id, answer!] as const)) };
  const decisions = answer === undefined ? first : await decisionsOf(laboratory, recognised, signal, given);
  const details = (path: string) => decisions.files.get(path)?.details;
  return { ...decisions, asked, details, laboratory, recognised };
}

describe("a note that tells a pixel that was calibrated later", () => {
  it("is asked about; stacks and tomograms get that size, and points in Å of the former one keep their places", async () => {
    const { asked, details } = await decided(files(NOTE));
    expect(asked).toMatchObject([
      {
        text: "Is the pixel size of 2 tilt series 1.585 Å instead of 1.63 Å?",
        why: "krios/PIXEL_SIZE.txt says “calibrated 1.585 A/px (apoferritin)”; the headers say 1.63 Å: krios/TS_01.st, krios/TS_02.st. The voxel size of 2 tomograms of these runs changes with it.",
      },
    ]);
    expect(details("krios/TS_01.st")?.spacingAngstrom).toBe(1.585);
    expect(details("krios/TS_02_rec.mrc")).toMatchObject({ spacingAngstrom: 6.34 });
    expect(details("krios/TS_02_rec.mrc")).not.toHaveProperty("calibratedAngstrom");
    const [list] = Object.keys(picks);
    expect(details(list!)?.points).toMatchObject({ binning: 6.52, inSpacingAngstrom: 6.34 });
  });

  it("is not obeyed where a person says that the headers are right", async () => {
    const { details } = await decided(files(NOTE), "as-headers");
    expect([details("krios/TS_01.st")?.spacingAngstrom, details("krios/TS_01_rec.mrc")?.spacingAngstrom]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it("given once more as a file of decisions it changes nothing", async () => {
    const { laboratory, recognised, ...first } = await decided(files(NOTE));
    const text = await writeDecisions(laboratory, first);
    const second = await decisionsOf(laboratory, recognised, signal, givenOf(readDecisions(text, "x"), laboratory));
    const sizes = (all: typeof first.files) => [...all.values()].map(({ path, details }) => [path, details]);
    expect(sizes(second.files)).toEqual(sizes(first.files));
  });

  it.each([
    ["the size of no header here", NOTE.replace("1.63", "1.35")],
    ["sizes far apart, as of two magnifications", NOTE.replace("1.585", "2.1")],
    ["no word of a calibration", NOTE.replace("calibrated", "binned")],
    ["several calibrations", `${NOTE}calibrated  1.6 A/px (gold)\n`],
  ])("asks nothing with %s", async (_, note) => {
    expect((await decided(files(note))).asked).toEqual([]);
  });
});
