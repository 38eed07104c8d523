import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const SHAPE = [12, 24, 32] as const;
const volume = (seed: number) => mrcFile([...SHAPE], 10, { seed });

/** What two halves are the mean of. */
function meanOf(a: Uint8Array, b: Uint8Array): Uint8Array {
  const mean = a.slice();
  const [one, other, both] = [a, b, mean].map((bytes) => new Float32Array(bytes.buffer, 1024)) as Float32Array[];
  for (const at of both!.keys()) both![at] = (one![at]! + other![at]!) / 2;
  return mean;
}

/** The first sections. */
function cut(bytes: Uint8Array, sections: number): Uint8Array {
  const short = bytes.slice(0, 1024 + sections * SHAPE[1] * SHAPE[2] * 4);
  new DataView(short.buffer).setInt32(8, sections, true);
  new DataView(short.buffer).setInt32(36, sections, true);
  return short;
}

async function decided(files: Record<string, string | Uint8Array>) {
  const laboratory = await laboratoryWith(files);
  const { runs, notes, files: own } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  return { runs, notes, runOf: (path: string) => own.get(path)?.run };
}

const angles = "-6\n-3\n0\n3\n6\n";
const [even, odd] = [volume(1), volume(2)];
const recorded = {
  ...{ "TS_01.st": mrcFile([5, 48, 48], 2.5, { kind: "stack", seed: 1 }), "TS_01.rawtlt": angles },
  ...{ "TS_02.st": mrcFile([5, 48, 48], 2.5, { kind: "stack", seed: 2 }), "TS_02.rawtlt": angles },
  ...{ "halves/TS_01_EVN_Vol.mrc": even, "halves/TS_01_ODD_Vol.mrc": odd },
  ...{ "halves/TS_02_EVN_Vol.mrc": volume(3), "halves/TS_02_ODD_Vol.mrc": volume(4) },
};

describe("a tomogram of a run of which nothing was recorded", () => {
  it("is of the run of its halves", async () => {
    const { runs, runOf, notes } = await decided({ ...recorded, "final/lamella 7.rec": meanOf(even, odd) });
    expect([runs, runOf("final/lamella 7.rec")]).toEqual([["TS_01", "TS_02"], "TS_01"]);
    expect(notes).toContain("final/lamella 7.rec was made from the same images as halves/TS_01_EVN_Vol.mrc: they are one run.");
  });

  it("is of the run of a volume that broke off since it was copied", async () => {
    const whole = volume(5);
    const { runs, runOf } = await decided({ ...recorded, "rec/TS_02.rec": cut(whole, 6), "final/lamella 7.rec": whole });
    expect([runs, runOf("final/lamella 7.rec")]).toEqual([["TS_01", "TS_02"], "TS_02"]);
  });

  it("is of a run of its own otherwise, and where halves of several series have its noise", async () => {
    const other = await decided({ ...recorded, "final/lamella 7.rec": volume(6) });
    expect(other.runOf("final/lamella 7.rec")).toBe("lamella 7");
    const both = { ...recorded, "halves/TS_02_EVN_Vol.mrc": even, "final/lamella 7.rec": meanOf(even, odd) };
    expect((await decided(both)).runOf("final/lamella 7.rec")).toBe("lamella 7");
  });
});
