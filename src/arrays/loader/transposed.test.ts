import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { Triple } from "../../core/box.js";
import { memoryStore } from "../../stores/memory/store.js";
import { readContext } from "./read-context.js";
import { openBlockVolume } from "./volume.js";

const root = mkdtempSync(join(tmpdir(), "emporium-transposed-"));
const context = readContext({ threads: 1 });
afterAll(async () => {
  await context.close();
  rmSync(root, { recursive: true });
});

const { arrays, shape }: { arrays: Record<string, Record<string, string>>; shape: Triple } = JSON.parse(
  readFileSync(new URL("../../../test/golden/zarr-orders/orders.json", import.meta.url), "utf8"),
);

/** What numpy's `arange(120).reshape(4, 6, 5)` has in a box. */
function arange(start: Triple, stop: Triple): number[] {
  const values: number[] = [];
  for (let z = start[0]; z < stop[0]; z++)
    for (let y = start[1]; y < stop[1]; y++)
      for (let x = start[2]; x < stop[2]; x++) values.push((z * shape[1] + y) * shape[2] + x);
  return values;
}

const span = (length: number) =>
  fc.uniqueArray(fc.integer({ min: 0, max: length }), { minLength: 2, maxLength: 2 }).map((ends) => ends.sort((a, b) => a - b));
const box = fc.tuple(span(shape[0]), span(shape[1]), span(shape[2])).map((axes) => ({
  start: axes.map(([from]) => from!) as Triple,
  stop: axes.map(([, to]) => to!) as Triple,
}));

describe("transposed arrays that zarr-python wrote (34.9)", () => {
  for (const [name, objects] of Object.entries(arrays)) {
    it(`${name}: whole, a chunk and boxes, from files and from a store`, async () => {
      const store = memoryStore();
      for (const [key, body] of Object.entries(objects)) {
        const bytes = Buffer.from(body, "base64");
        const path = join(root, name, key);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, bytes);
        await store.write(`a.zarr/${key}`, bytes);
      }
      const volumes = [
        await openBlockVolume(join(root, name), { context }),
        await openBlockVolume({ store, key: "a.zarr" }, { context }),
      ];
      try {
        await fc.assert(
          fc.asyncProperty(box, async ({ start, stop }) => {
            for (const volume of volumes) {
              const bytes = new Uint8Array(await volume.levels[0]!.read({ start, stop }));
              expect([...new Uint16Array(bytes.buffer)]).toEqual(arange(start, stop));
            }
          }),
          {
            numRuns: 20,
            seed: 349,
            examples: [[{ start: [0, 0, 0], stop: shape }], [{ start: [0, 0, 0], stop: [2, 3, 5] }]],
          },
        );
      } finally {
        await Promise.all(volumes.map((volume) => volume.close()));
      }
    });
  }
});
