import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const IMAGES = 5;
const angles = "-6\n-3\n0\n3\n6\n";

/** A stack of Tomo4: 1 Å in the header, and behind it a block of 128 bytes for each image, with its pixel in metres. */
function ofTomo4(metres: number): Uint8Array {
  const plain = mrcFile([IMAGES, 48, 48], 1, { kind: "stack", seed: 1 });
  const extended = new DataView(new ArrayBuffer(1024 * 128));
  for (let z = 0; z < IMAGES; z++) extended.setFloat32(128 * z + 44, metres, true);
  const header = plain.slice(0, 1024);
  const view = new DataView(header.buffer);
  view.setInt32(92, extended.byteLength, true);
  view.setInt32(104, 0, true);
  view.setInt32(128, 32 << 16, true);
  return new Uint8Array(Buffer.concat([header, new Uint8Array(extended.buffer), plain.subarray(1024)]));
}

async function pixelOf(series: Uint8Array) {
  const other = { "TS_02.st": mrcFile([IMAGES, 64, 64], 2.6, { kind: "stack", seed: 2 }), "TS_02.rawtlt": angles };
  const laboratory = await laboratoryWith({ "raw/TS_01.mrc": series, "raw/TS_01.rawtlt": angles, ...other });
  const { files } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  return files.get("raw/TS_01.mrc")?.details;
}

it("the pixel of a tilt series is read behind the header, where that has none", async () => {
  expect(await pixelOf(ofTomo4(2.17e-10))).toMatchObject({
    spacingAngstrom: 2.17,
    spacingFrom: expect.stringContaining("extended header"),
  });
  expect(await pixelOf(ofTomo4(0))).toBeUndefined();
});
