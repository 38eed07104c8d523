import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();

/** Several images of one size in one file. */
function stackTiff(count: number, rows: number, columns: number): Uint8Array {
  const one = tiff(rows, columns);
  const bytes = new Uint8Array(count * one.length);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < count; at++) {
    const start = at * one.length;
    bytes.set(one, start);
    const directory = start + 8;
    const entries = view.getUint16(directory, true);
    view.setUint32(directory + 2 + 5 * 12 + 8, start + 8 + 2 + entries * 12 + 4, true);
    view.setUint32(directory + 2 + entries * 12, at + 1 < count ? start + one.length + 8 : 0, true);
  }
  return bytes;
}

/** Grey pixels of 8 bits in one strip. */
function tiff(rows: number, columns: number): Uint8Array {
  const tags = [
    [256, columns],
    [257, rows],
    [258, 8],
    [259, 1],
    [262, 1],
    [273, 8 + 2 + 9 * 12 + 4],
    [277, 1],
    [278, rows],
    [279, rows * columns],
  ] as const;
  const bytes = new Uint8Array(8 + 2 + tags.length * 12 + 4 + rows * columns);
  const view = new DataView(bytes.buffer);
  bytes.set([0x49, 0x49, 42, 0, 8, 0, 0, 0]);
  view.setUint16(8, tags.length, true);
  for (const [at, [tag, value]] of tags.entries()) {
    view.setUint16(10 + at * 12, tag, true);
    view.setUint16(12 + at * 12, 4, true);
    view.setUint32(14 + at * 12, 1, true);
    view.setUint32(18 + at * 12, value, true);
  }
  return bytes;
}

const cell = {
  "cell1/cell1.st": mrcFile([5, 48, 40], 2.5, { kind: "stack", seed: 1 }),
  "cell1/cell1.st.mdoc": `PixelSpacing = 2.5\nVoltage = 200\nImageFile = cell1.st\n\n${[-6, -3, 0, 3, 6].map((tilt, z) => `[ZValue = ${z}]\nTiltAngle = ${tilt}\n`).join("\n")}`,
  "cell1/cell1.rec": mrcFile([6, 24, 20], 5, { seed: 2 }),
};

async function fatesOf(files: Record<string, Uint8Array>) {
  const laboratory = await laboratoryWith({ ...cell, ...files });
  const decisions = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  return Object.keys(files).map((path) => {
    const { role, because } = decisions.files.get(path) ?? { role: undefined, because: decisions.undecided.get(path) };
    return `${role}: ${because}`;
  });
}

describe("TIFF files beside a tomogram", () => {
  it("of the size of its sections are no frames", async () => {
    expect(await fatesOf({ "cell1/tiff/cell1.000.tif": tiff(24, 20), "cell1/tiff/cell1.001.tif": tiff(24, 20) })).toEqual(
      Array(2).fill("left out: images of the size of the sections of cell1/cell1.rec, as which people save them, and no movie"),
    );
  });

  it("with as many images as it has sections are told, and what to do with them", async () => {
    expect(await fatesOf({ "dragonfly/cell1_MultiROI.tif": stackTiff(6, 24, 20) })).toEqual([
      "undefined: it seems to be a volume in TIFF of the size of cell1/cell1.rec: save it as MRC to publish it",
    ]);
    expect(await fatesOf({ "dragonfly/cell1_pieces.tif": stackTiff(3, 24, 20) })).toEqual([
      "left out: images of the size of the sections of cell1/cell1.rec, as which people save them, and no movie",
    ]);
  });

  it("with fewer pixels than the images of the tilt series are no movies of them", async () => {
    expect(await fatesOf({ "cell1/cell1_crop.tif": tiff(10, 12) })).toEqual([
      "left out: 12×10 pixels, fewer than the 40×48 of cell1/cell1.st: no movie of it",
    ]);
  });

  it("are frames where they are as large, or larger", async () => {
    const fates = await fatesOf({ "cell1/cell1_000.tif": tiff(48, 40), "cell1/cell1_001.tif": tiff(96, 80) });
    expect(fates.map((fate) => fate.replace(/:.*/, ""))).toEqual(["frame", "frame"]);
  });
});
