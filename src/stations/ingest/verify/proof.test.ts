import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { LIMITS } from "../../../core/limits.js";
import { randomInt, seededRandom } from "../../../core/random.js";
import { fileStore } from "../../../stores/file/store.js";
import { memoryStore } from "../../../stores/memory/store.js";
import type { Store } from "../../../stores/store.js";
import { groupOf } from "./groups.js";
import { openProof, PROOF_NAME, type ProofLine, proofWriter } from "./proof.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-proof-"));
afterAll(() => rmSync(folder, { recursive: true }));
const { signal } = new AbortController();

const head = { folder: "10401/", madeMs: 1_790_000_000_000, program: "emporium 0.0.0" };
const line = (run: number, i: number): ProofLine => ({
  key: `10401/TS_${run}/x.zarr/0/0/${i}/a name, "quoted" and long enough to fill a line of a file`,
  size: i,
  crc32: i.toString(16).padStart(8, "0"),
});

async function write(store: Store, runs: number, each: number): Promise<void> {
  const writer = proofWriter(store, "10401/", head, signal);
  for (let run = 0; run < runs; run++) for (let i = 0; i < each; i++) await writer.add(line(run, i));
  await writer.finish("receipts");
}

describe("a proof", () => {
  it.each<[place: string, store: () => Store]>([
    ["in memory", () => memoryStore()],
    ["on a disk", () => fileStore(folder, { sync: false })],
  ])("of many parts is read back group by group, %s", async (_, open) => {
    const store = open();
    await write(store, 4, 30_000);
    expect((await store.stat(`10401/${PROOF_NAME}`))!.size).toBeGreaterThan(LIMITS.partBytesMin);
    const proof = (await openProof(store, "10401/", groupOf, signal))!;
    expect([proof.objects, proof.basis, proof.made, proof.folder]).toEqual([
      120_000,
      "receipts",
      "2026-09-21T14:13:20Z",
      "10401/",
    ]);
    expect([...proof.groups]).toEqual([0, 1, 2, 3].map((run) => `10401/TS_${run}/`));
    const lines = await proof.of("10401/TS_2/");
    expect([lines.length, lines[0], lines.at(-1)]).toEqual([30_000, line(2, 0), line(2, 29_999)]);
    expect(await proof.of("10401/TS_9/")).toEqual([]);
  });

  it("absent is undefined", async () => {
    expect(await openProof(memoryStore(), "10401/", groupOf, signal)).toBeUndefined();
  });

  it("with any byte changed, added or cut away is refused by our error, never by a crash", async () => {
    const store = memoryStore();
    await write(store, 2, 5);
    const key = `10401/${PROOF_NAME}`;
    const good = (await store.read(key))!;
    const random = seededRandom(7);
    for (let i = 0; i < 1_500; i++) {
      let bytes = good.slice();
      const at = randomInt(random, bytes.length);
      if (i % 3 === 0) bytes = bytes.slice(0, at);
      else if (i % 3 === 1) bytes[at]! ^= 1 + randomInt(random, 255);
      else bytes = Uint8Array.from([...bytes.slice(0, at), randomInt(random, 256), ...bytes.slice(at)]);
      await store.write(key, bytes);
      await expect(openProof(store, "10401/", groupOf, signal), `${i} at ${at}`).rejects.toMatchObject({
        name: "EmporiumError",
        code: expect.stringMatching(/^FORMAT_(CORRUPT|UNSUPPORTED)$/),
      });
    }
  });
});
