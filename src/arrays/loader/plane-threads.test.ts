import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { inMemory } from "../../core/bytes.js";
import { openTiff } from "../../formats/tiff/image.js";
import { storedTiffRows } from "../../formats/tiff/read.js";
import { planeThreads } from "./plane-threads.js";

const folder = new URL("../../../test/golden/tiff-pixels/", import.meta.url);
const { files } = JSON.parse(readFileSync(new URL("pixels.json", folder), "utf8")) as {
  files: Record<string, { pages: { sha256: string }[] }>;
};
const threads = planeThreads(1, 64 * 2 ** 20);
afterAll(() => threads.end());

describe("(34.11) pages of remote TIFFs", () => {
  it("are decoded by other threads after those that did it have ended", async () => {
    const [name] = readdirSync(new URL("files/", folder)).filter((one) => one !== "jpeg.tif");
    const file = await openTiff(inMemory(new Uint8Array(readFileSync(new URL(`files/${name}`, folder))), name));
    const image = await file.image(0);
    const decoded = async () =>
      threads.rows({ name: name!, ...(await storedTiffRows(file.source, image, 0, image.page.height)) });
    const before = await decoded();
    await threads.rest();
    expect(await decoded()).toEqual(before);
  });

  it("are decoded by a thread from the bytes that were read for it, to the pixels that imagecodecs has", async () => {
    let pages = 0;
    for (const name of readdirSync(new URL("files/", folder)).filter((one) => one !== "jpeg.tif")) {
      const file = await openTiff(inMemory(new Uint8Array(readFileSync(new URL(`files/${name}`, folder))), name));
      for (const [index, { sha256 }] of files[name]!.pages.entries()) {
        const image = await file.image(index);
        const rows = await threads.rows({ name, ...(await storedTiffRows(file.source, image, 0, image.page.height)) });
        expect(createHash("sha256").update(rows).digest("hex"), `${name}, page ${index}`).toBe(sha256);
        pages++;
      }
    }
    expect(pages).toBeGreaterThan(100);
  });
});
