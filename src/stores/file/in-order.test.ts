import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { pageMemory } from "../../system/page-memory.js";
import { closeBoth, openBoth } from "./direct.js";
import { IN_ORDER_WINDOW_BYTES, openInOrder } from "./in-order.js";

const root = mkdtempSync(join(tmpdir(), "emporium-in-order-"));
afterAll(() => rmSync(root, { recursive: true }));

const path = join(root, "file");
const SIZE = 5 * IN_ORDER_WINDOW_BYTES + 4321;
const noise = Buffer.from(Uint8Array.from({ length: SIZE }, (_, i) => (Math.imul(i + 1, 2654435761) >>> 13) & 255));
writeFileSync(path, noise);
const isDirectHere = (() => {
  const file = openBoth(path, "r", true);
  closeBoth(file);
  if (file.direct === undefined) console.warn("skipped: no direct I/O in the temporary folder");
  return file.direct !== undefined;
})();
const windowsOf = (count: number) => Array.from({ length: count }, () => pageMemory(IN_ORDER_WINDOW_BYTES));

/** All that is lent from a position on, copied before the next is asked for. */
async function rest(file: ReturnType<typeof openInOrder>, from: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let at = from; ; ) {
    const bytes = await file.lend(at);
    if (bytes.length === 0) return Buffer.concat(pieces);
    pieces.push(Buffer.from(bytes));
    at += bytes.length;
  }
}

describe("a file in its order", () => {
  const mode = fc.constantFrom("buffered" as const, ...(isDirectHere ? (["direct"] as const) : []));
  const part = fc.record({ offset: fc.nat(SIZE), length: fc.nat(SIZE + 9999) });

  it("gives the bytes of any part, with any number of windows", async () => {
    await fc.assert(
      fc.asyncProperty(mode, part, fc.integer({ min: 1, max: 5 }), async (io, { offset, length }, windows) => {
        const file = openInOrder(path, io, { offset, length }, windowsOf(windows));
        try {
          expect((await rest(file, offset)).equals(noise.subarray(offset, offset + length))).toBe(true);
        } finally {
          await file.close();
        }
      }),
      { numRuns: 40 },
    );
  });

  it("gives them in another order, too", async () => {
    const places = fc.array(fc.nat(SIZE - 1), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(mode, places, fc.integer({ min: 1, max: 4 }), async (io, all, windows) => {
        const file = openInOrder(path, io, { offset: 0, length: SIZE }, windowsOf(windows));
        try {
          for (const at of all) {
            const bytes = await file.lend(at);
            expect(bytes.length).toBeGreaterThan(0);
            expect(noise.subarray(at, at + bytes.length).equals(bytes)).toBe(true);
          }
        } finally {
          await file.close();
        }
      }),
      { numRuns: 40 },
    );
  });

  it("leaves its windows alone once it is closed", async () => {
    const windows = windowsOf(4);
    const file = openInOrder(path, isDirectHere ? "direct" : "buffered", { offset: 0, length: SIZE }, windows);
    await file.lend(0);
    await file.close();
    for (const window of windows) window.fill(7);
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const window of windows) expect(window.every((byte) => byte === 7)).toBe(true);
  });

  it("ends where a file has been cut short meanwhile", async () => {
    const short = join(root, "short");
    writeFileSync(short, noise);
    const file = openInOrder(short, "buffered", { offset: 0, length: SIZE }, windowsOf(2));
    try {
      const first = Buffer.from(await file.lend(0));
      truncateSync(short, 3 * IN_ORDER_WINDOW_BYTES + 5);
      const all = Buffer.concat([first, await rest(file, first.length)]);
      expect(all.equals(noise.subarray(0, 3 * IN_ORDER_WINDOW_BYTES + 5))).toBe(true);
    } finally {
      await file.close();
    }
  });

  it.runIf(isDirectHere)("goes through the cache where a file system refuses the transfer", async () => {
    // memory off a page is refused with EINVAL, as all of it is by those file systems
    const windows = windowsOf(4).map((window) => window.subarray(1));
    const file = openInOrder(path, "direct", { offset: 10, length: SIZE }, windows);
    try {
      expect((await rest(file, 10)).equals(noise.subarray(10))).toBe(true);
    } finally {
      await file.close();
    }
  });

  it("says what the system says", async () => {
    expect(() => openInOrder(join(root, "nowhere"), "auto", { offset: 0, length: 1 }, windowsOf(1))).toThrow("ENOENT");
    const folder = openInOrder(root, "buffered", { offset: 0, length: 9 }, windowsOf(1));
    await expect(folder.lend(0)).rejects.toThrow("EISDIR");
    await folder.close();
  });
});
