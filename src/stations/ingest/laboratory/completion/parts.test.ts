import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const HEADER = 1024;
const SECTION = 48 * 48 * 4;
const stack = (seed: number, images = 7) => mrcFile([images, 48, 48], 2.5, { kind: "stack", seed });
/** Some sections of a stack, as a stack of their own. */
const part = (whole: Uint8Array, from: number, to: number) => {
  const bytes = stack(99, to - from);
  bytes.set(whole.subarray(HEADER + from * SECTION, HEADER + to * SECTION), HEADER);
  return bytes;
};
const mdoc = (name: string, angles: readonly number[], minute: number) =>
  `PixelSpacing = 2.5\nVoltage = 300\nImageFile = ${name}\n\n${angles.map((angle, z) => `[ZValue = ${z}]\nTiltAngle = ${angle}\nDateTime = 12-Mar-24  10:${minute + z}:12\n`).join("\n")}`;

async function runsOf(files: Record<string, string | Uint8Array>) {
  const laboratory = await laboratoryWith(files);
  const { runs, files: all } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  return { runs, of: (path: string) => all.get(path) };
}

const whole = stack(3);
const others = { "ts_01.mrc": stack(1), "ts_01.rawtlt": "-9\n-6\n-3\n0\n3\n6\n9\n", "ts_02.mrc": stack(2) };
const joined = { ...others, "ts_03.mrc": whole, "ts_03.rawtlt": "-9\n-6\n-3\n0\n3\n6\n9\n" };

describe("parts of a series beside the joined stack", () => {
  it("are left out by their mdocs alone, whatever stands behind the name", async () => {
    for (const [a, b] of [
      ["ts_03a", "ts_03b"],
      ["ts_03_1", "ts_03_2"],
    ] as const) {
      const { runs, of } = await runsOf({
        ...joined,
        [`${a}.mrc.mdoc`]: mdoc(`${a}.mrc`, [0, 3, 6, 9], 10),
        [`${b}.mrc.mdoc`]: mdoc(`${b}.mrc`, [-3, -6, -9], 20),
      });
      expect(runs).toEqual(["ts_01", "ts_02", "ts_03"]);
      expect(of(`${a}.mrc.mdoc`)).toMatchObject({
        role: "left out",
        because: "of a part of ts_03: ts_03.mrc has the 7 images of all 2 parts",
      });
    }
  });

  it("are left out where the first has the name of the series, and the joined stack a word behind it", async () => {
    const { runs, of } = await runsOf({
      ...others,
      ...{ "ts_03_joined.mrc": whole, "ts_03_joined.rawtlt": "-9\n-6\n-3\n0\n3\n6\n9\n" },
      ...{ "parts/ts_03.mrc": part(whole, 0, 4), "parts/ts_03.mrc.mdoc": mdoc("ts_03.mrc", [0, 3, 6, 9], 10) },
      ...{ "parts/ts_03_2.mrc": part(whole, 4, 7), "parts/ts_03_2.mrc.mdoc": mdoc("ts_03_2.mrc", [-3, -6, -9], 20) },
    });
    expect(["parts/ts_03.mrc", "parts/ts_03_2.mrc"].map((path) => of(path)?.role)).toEqual(["left out", "left out"]);
    expect(of("ts_03_joined.mrc")?.role).toBe("tilt series");
    expect(runs.length).toBe(3);
  });

  it("are left out where the joined stack has the very name of the first, in another folder, and its images", async () => {
    const recorded = (first: Uint8Array) => ({
      ...others,
      ...{ "proc/ts_03/ts_03.mrc": whole, "proc/ts_03/ts_03.rawtlt": "-9\n-6\n-3\n0\n3\n6\n9\n" },
      ...{ "raw/ts_03.mrc": first, "raw/ts_03.mrc.mdoc": mdoc("ts_03.mrc", [0, 3, 6, 9], 10) },
      ...{ "raw/ts_03_2.mrc": part(whole, 4, 7), "raw/ts_03_2.mrc.mdoc": mdoc("ts_03_2.mrc", [-3, -6, -9], 20) },
    });
    const { runs, of } = await runsOf(recorded(part(whole, 0, 4)));
    expect(["raw/ts_03.mrc", "raw/ts_03_2.mrc", "proc/ts_03/ts_03.mrc"].map((path) => of(path)?.role)).toEqual([
      ...["left out", "left out", "tilt series"],
    ]);
    expect(runs).toEqual(["ts_01", "ts_02", "ts_03"]);
    const apart = await runsOf(recorded(stack(12, 4)));
    expect(apart.of("raw/ts_03_2.mrc")?.because).not.toContain("of a part of");
  });

  it("are left out with their stacks, and not where their images are others or too many", async () => {
    const recorded = (a: Uint8Array, b: Uint8Array) => ({
      ...joined,
      ...{ "ts_03a.mrc": a, "ts_03a.mrc.mdoc": mdoc("ts_03a.mrc", [0, 3, 6, 9], 10) },
      ...{ "ts_03b.mrc": b, "ts_03b.mrc.mdoc": mdoc("ts_03b.mrc", [-3, -6, -9], 20) },
    });
    const { runs, of } = await runsOf(recorded(part(whole, 0, 4), part(whole, 4, 7)));
    expect(runs).toEqual(["ts_01", "ts_02", "ts_03"]);
    expect(of("ts_03b.mrc")?.role).toBe("left out");
    expect((await runsOf(recorded(stack(7, 4), stack(8, 3)))).runs).toContain("ts_03a");
    expect((await runsOf(recorded(part(whole, 0, 4), part(whole, 3, 7)))).runs).toContain("ts_03a");
  });
});
