import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ITEM_BYTES } from "../../core/dtype.js";
import type { JsonObject } from "../../core/json.js";
import { n5DatasetFromJson } from "./attributes.js";
import { readN5Box, readN5Dataset } from "./read.js";

interface Golden {
  writer: string;
  attributes: JsonObject;
  blocks: Record<string, string>;
  shape: number[];
  dtype: string;
  sha256: string;
}
const { datasets } = JSON.parse(readFileSync(new URL("../../../test/golden/n5/n5.json", import.meta.url), "utf8")) as {
  datasets: Record<string, Golden>;
};
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const blocksOf =
  ({ blocks }: Golden) =>
  async (key: string) =>
    blocks[key] === undefined ? undefined : new Uint8Array(Buffer.from(blocks[key], "base64"));

describe("N5 datasets by other programs", () => {
  for (const [name, golden] of Object.entries(datasets)) {
    it(`seam 52: ${name} (${golden.writer})`, async () => {
      const dataset = n5DatasetFromJson(golden.attributes);
      expect([dataset.shape, dataset.dtype]).toEqual([golden.shape, golden.dtype]);
      expect(sha256(await readN5Dataset(blocksOf(golden), dataset))).toBe(golden.sha256);
    });
  }

  it("a box is the same box of the whole", async () => {
    const golden = datasets["tensorstore bzip2"]!;
    const dataset = n5DatasetFromJson(golden.attributes);
    const whole = await readN5Dataset(blocksOf(golden), dataset);
    const [nz, ny, nx] = golden.shape as [number, number, number];
    const item = ITEM_BYTES[dataset.dtype];
    const range = (length: number) =>
      fc
        .tuple(fc.integer({ min: 0, max: length }), fc.integer({ min: 0, max: length }))
        .map(([a, b]) => [Math.min(a, b), Math.max(a, b)]);
    await fc.assert(
      fc.asyncProperty(range(nz), range(ny), range(nx), async (z, y, x) => {
        const box = { start: [z[0]!, y[0]!, x[0]!], stop: [z[1]!, y[1]!, x[1]!] };
        const rows: Uint8Array[] = [];
        for (let k = z[0]!; k < z[1]!; k++)
          for (let j = y[0]!; j < y[1]!; j++)
            rows.push(whole.subarray(((k * ny + j) * nx + x[0]!) * item, ((k * ny + j) * nx + x[1]!) * item));
        expect(Buffer.compare(Buffer.from(await readN5Box(blocksOf(golden), dataset, box)), Buffer.concat(rows))).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});
