import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { inMemory } from "../../core/bytes.js";
import { readDm } from "./image.js";
import { decodeDmPixels, readDmPlanes } from "./read.js";
import { findTag, isGroup, tagText } from "./tags.js";
import { dmPlanesForMrc } from "./to-mrc.js";

const fixtures = new URL("../../../test/fixtures/dm/", import.meta.url);

interface GoldenImage {
  title: string;
  lengths: number[];
  dataType: number;
  dataOffset: number;
  axes: [scale: number, origin: number, units: string][];
  intensity: [scale: number, origin: number, units: string];
  area: number[];
  oldText: string;
  numbers: number[];
  sha256: string;
  upsideDownFloat32: string;
}
const golden = JSON.parse(readFileSync(new URL("../../../test/golden/dm/facts.json", import.meta.url), "utf8")) as {
  files: Record<string, { version: number; endian: string; images: GoldenImage[] }>;
};

const sha256 = (array: ArrayBufferView) =>
  createHash("sha256")
    .update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    .digest("hex");

describe("fixtures of both versions and byte orders", () => {
  for (const file of readdirSync(fixtures)) {
    it(`${file}: tags as RosettaSciIO reads them, pixels as numpy wrote them`, async () => {
      const source = inMemory(readFileSync(new URL(file, fixtures)), file);
      const want = golden.files[file]!;
      const dm = await readDm(source);
      expect([dm.version, dm.littleEndian ? "little" : "big", dm.images.length]).toEqual([
        want.version,
        want.endian,
        want.images.length,
      ]);
      const list = findTag(dm.root, "ImageList");
      for (const [at, image] of dm.images.entries()) {
        const { sha256: pixels, upsideDownFloat32, area, oldText, numbers, ...facts } = want.images[at]!;
        const axes = image.axes.map(({ scale, origin, units }) => [scale, origin, units]);
        const { scale, origin, units } = image.intensity;
        expect({
          title: image.title,
          lengths: image.lengths,
          dataType: image.dataType,
          dataOffset: image.dataOffset,
          axes: facts.axes.length === 0 ? [] : axes.slice(-facts.axes.length),
          intensity: [scale, origin, units],
        }).toEqual({ ...facts, axes: facts.axes.slice(-axes.length) });

        const tree = isGroup(list) ? list.entries[image.index]?.value : undefined;
        const tags = isGroup(tree) ? findTag(tree, "ImageTags") : undefined;
        if (!isGroup(tags)) throw new Error("no ImageTags");
        expect(findTag(tags, "Acquisition", "Frame", "Area")).toEqual(area);
        expect(tagText(findTag(tags, "Old text"))).toBe(oldText);
        expect(["Time", "Voltage", "Byte", "Short"].map((name) => findTag(tags, name))).toEqual(numbers);
        expect(findTag(tags, "Ceiling")).toBe(2n ** 63n + 1n);
        expect(findTag(tags, "Points")).toMatchObject({ kind: "array", count: 3, itemBytes: 8 });

        const bytes = await readDmPlanes(source, image, 0, image.shape[0]);
        expect(sha256(decodeDmPixels(bytes, image))).toBe(pixels);
        if (!image.pixel?.startsWith("complex")) {
          expect(sha256(Float32Array.from(dmPlanesForMrc(bytes, image)))).toBe(upsideDownFloat32);
        }
      }
    });
  }
});
