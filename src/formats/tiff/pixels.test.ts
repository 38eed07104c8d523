import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { inMemory } from "../../core/bytes.js";
import { openTiff } from "./image.js";
import { readTiffPlane, readTiffRows, tiffBands } from "./read.js";

const folder = new URL("../../../test/golden/tiff-pixels/", import.meta.url);
const files = readdirSync(new URL("files/", folder)).sort();
const bytesOf = (name: string) => new Uint8Array(readFileSync(new URL(`files/${name}`, folder)));
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

interface Golden {
  pages: { shape: number[]; dtype: string; sha256: string }[];
}
const golden = (JSON.parse(readFileSync(new URL("pixels.json", folder), "utf8")) as { files: Record<string, Golden> }).files;

/** Lossy codecs that are refused by name. */
const REFUSED: Record<string, string> = { "jpeg.tif": "JPEG" };

describe("pixels of files that tifffile and imagecodecs wrote", () => {
  it("the golden file and the folder name the same files", () => {
    expect(Object.keys(golden).sort()).toEqual(files);
    expect(files.length).toBeGreaterThan(100);
  });
  for (const name of files) {
    it(`${name}`, async () => {
      const file = await openTiff(inMemory(bytesOf(name), name));
      const wanted = golden[name]!.pages;
      expect(file.header.frames).toBe(wanted.length);
      if (REFUSED[name]) {
        const image = await file.image(0);
        await expect(readTiffPlane(file.source, image)).rejects.toMatchObject({
          code: "FORMAT_UNSUPPORTED",
          message: expect.stringContaining(REFUSED[name]),
        });
        return;
      }
      for (const [index, page] of wanted.entries()) {
        const image = await file.image(index);
        const bytes = await readTiffPlane(file.source, image);
        expect([image.shape, image.type.dtype, sha256(bytes)]).toEqual([page.shape, page.dtype, page.sha256]);
      }
    });
  }
  it("rows of a plane are the same rows of the whole, and bands put it together again", async () => {
    for (const name of files) {
      if (REFUSED[name]) continue;
      const file = await openTiff(inMemory(bytesOf(name), name));
      const image = await file.image(0);
      const whole = await readTiffPlane(file.source, image);
      const { height, width } = image.page;
      const planes = image.axes === "syx" ? image.page.samplesPerPixel : 1;
      const rowBytes = whole.length / planes / height;
      for (const [y0, y1] of [
        [0, 1],
        [2, Math.min(5, height)],
        [height - 1, height],
        [height, height],
      ] as const) {
        const rows = await readTiffRows(file.source, image, y0, y1);
        const cut = Array.from({ length: planes }, (_, plane) =>
          whole.subarray((plane * height + y0) * rowBytes, (plane * height + y1) * rowBytes),
        );
        expect(sha256(rows), `${name} ${y0} to ${y1}`).toBe(sha256(Buffer.concat(cut)));
      }
      if (planes > 1) continue;
      const pieces: Uint8Array[] = [];
      for await (const band of tiffBands(file, { bandBytes: 3 * width * image.type.itemBytes })) {
        if (band.index === 0) pieces.push(band.bytes);
      }
      expect(sha256(Buffer.concat(pieces)), name).toBe(sha256(whole));
    }
  });
});
