import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { peekFile } from "../../src/formats/peek/peek.js";
import { openTiff } from "../../src/formats/tiff/image.js";
import { readTiffPlane } from "../../src/formats/tiff/read.js";
import { hasEnvironment, type PythonEnvironment, python } from "./environment.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-peers-tiff-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Written {
  name: string;
  writer: string;
  pages: { shape: number[]; dtype: string; sha256: string }[];
}

describe("TIFF files of random kinds by tifffile and by libtiff (Pillow)", () => {
  it.each<PythonEnvironment>(["peers", "zarr3"])("every pixel as it was written, environment %s", async (environment) => {
    if (!hasEnvironment(environment)) return;
    const seed = Number(process.env.PEER_SEED ?? 20);
    const written = JSON.parse(await python(environment, "make_tiffs.py", [folder, String(seed)])) as Written[];
    expect(written.filter(({ writer }) => writer.startsWith("Pillow")).length).toBeGreaterThan(60);
    for (const { name, writer, pages } of written) {
      const bytes = new Uint8Array(readFileSync(join(folder, name)));
      const source = inMemory(bytes, name);
      const file = await openTiff(source);
      const found = [];
      for (let index = 0; index < file.header.frames; index++) {
        const image = await file.image(index);
        const plane = await readTiffPlane(source, image);
        found.push({ shape: image.shape, dtype: image.type.dtype, sha256: createHash("sha256").update(plane).digest("hex") });
      }
      expect(found, `${name} by ${writer}, seed ${seed}`).toEqual(pages);
      const { images, requests } = await peekFile(source);
      expect([images[0]!.shape[0], images[0]!.dtype, requests <= 3], name).toEqual([pages.length, pages[0]!.dtype, true]);
    }
  });
});
