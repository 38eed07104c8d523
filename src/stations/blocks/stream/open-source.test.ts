import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openBatchSource } from "./open-source.js";

const root = mkdtempSync(join(tmpdir(), "emporium-batch-source-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const location = join(root, "volume");
mkdirSync(location);
const head = { zarr_format: 2, shape: [16, 16, 16], chunks: [16, 16, 16], dtype: "<f4", order: "C", fill_value: 0 };
writeFileSync(join(location, ".zarray"), JSON.stringify({ ...head, compressor: null, filters: null }));
writeFileSync(join(location, "0.0.0"), new Uint8Array(16 ** 3 * 4));

describe("a batch of voxels", () => {
  const MIB = 2 ** 20;
  // three eighths of the memory are for it
  const request = { volumes: [{ name: "image", location }], batch: 1, threads: 1, memoryBytes: 8 * MIB };

  it("that just fits beside the chunks that are kept is read", async () => {
    const source = await openBatchSource({ ...request, shape: [192, 64, 64] });
    expect(source.facts.batchBytes).toBe(3 * MIB);
    await source.close();
  });

  it("that does not is refused before a client comes, with the least that would do", async () => {
    await expect(openBatchSource({ ...request, shape: [192, 64, 64], batch: 2 })).rejects.toMatchObject({
      code: "MEMORY_LIMIT",
      message: "a batch of 2 blocks of 192×64×64 voxels has 6.0 MiB; --memory leaves 3.0 MiB for it",
      facts: { hint: "give a smaller --block, fewer blocks with --batch, or --memory 16MiB" },
    });
    const source = await openBatchSource({ ...request, shape: [192, 64, 64], batch: 2, memoryBytes: 16 * MIB });
    await source.close();
  });
});

it("the chunks that are kept need twice what is claimed at once, two chunks and a MiB for a decoder, and not a byte more", async () => {
  const least = 2 * (2 * 16 ** 3 * 4 + 2 ** 20);
  // five eighths of the memory are for them
  const open = (memoryBytes: number) =>
    openBatchSource({ volumes: [{ name: "image", location }], batch: 1, threads: 1, shape: [16, 16, 16], memoryBytes });
  await (await open(Math.ceil((least * 8) / 5))).close();
  await expect(open(Math.floor((least * 8) / 5))).rejects.toMatchObject({
    code: "MEMORY_LIMIT",
    message: expect.stringContaining("2.1 MiB are needed to read its chunks"),
    facts: { hint: "allow more with --memory 4MiB" },
  });
});
