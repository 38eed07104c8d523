import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import {
  closeBoth,
  closeHandles,
  openBoth,
  openDirectHandle,
  openToRead,
  PAGE_BYTES,
  readLong,
  readPages,
  readsDirect,
  writeLong,
  writePages,
  writesDirect,
} from "./direct.js";

const root = mkdtempSync(join(tmpdir(), "emporium-direct-"));
afterAll(() => rmSync(root, { recursive: true }));

const SIZE = 2 ** 20;
const memory = new Uint8Array(new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true }).buffer);
const window = { memory, at: 2 * 2 ** 20, bytes: 2 ** 16 };
const noise = Buffer.from(Uint8Array.from({ length: SIZE }, (_, i) => (Math.imul(i + 1, 2654435761) >>> 13) & 255));
const where = fc
  .record({ at: fc.nat(2 ** 18), position: fc.nat(SIZE), length: fc.oneof(fc.nat(SIZE), fc.nat(3 * PAGE_BYTES)) })
  .map(({ at, position, length }) => ({ at, position, length: Math.min(length, SIZE - position) }));

describe("transfers past the page cache", () => {
  const path = join(root, "file");
  const isHere = (() => {
    writeFileSync(path, noise);
    const file = openBoth(path, "r+", true);
    closeBoth(file);
    if (file.direct === undefined) console.warn("skipped: no direct I/O in the temporary folder");
    return file.direct !== undefined;
  })();

  it.runIf(isHere)(
    "put the bytes of any range to its place without blocking, side by side, and nothing beside them",
    async () => {
      const length = fc.oneof(fc.nat(SIZE / 2), fc.nat(3 * PAGE_BYTES));
      await fc.assert(
        fc.asyncProperty(fc.nat(SIZE / 2), length, fc.nat(SIZE), fc.boolean(), async (position, first, second, isAlike) => {
          writeFileSync(path, Buffer.alloc(2 * SIZE));
          const end = Math.min(2 * SIZE, position + first + second);
          const handle = await open(path, "r+");
          const file = { handle, direct: await openDirectHandle(path) };
          const at = isAlike ? position : position + 8;
          try {
            memory.set(noise.subarray(0, Math.min(SIZE, end - position)), at);
            const bytes = memory.subarray(at, at + Math.min(SIZE, end - position));
            const cut = Math.min(first, bytes.length);
            await Promise.all([
              writePages(file, bytes.subarray(0, cut), position),
              writePages(file, bytes.subarray(cut), position + cut),
            ]);
            const wanted = Buffer.alloc(2 * SIZE);
            noise.copy(wanted, position, 0, bytes.length);
            expect(readFileSync(path).equals(wanted)).toBe(true);
          } finally {
            await file.direct?.close();
            await handle.close();
          }
        }),
        { numRuns: 60 },
      );
    },
  );

  it.runIf(isHere)("bring the bytes of any place to a memory without blocking, and no more than there are", async () => {
    writeFileSync(path, noise.subarray(0, SIZE - 5));
    const file = await openToRead(path, "direct");
    expect(file.direct).toBeDefined();
    try {
      const onPages = fc.nat(SIZE / PAGE_BYTES).map((page) => page * PAGE_BYTES);
      await fc.assert(
        fc.asyncProperty(
          fc.oneof(onPages, fc.nat(SIZE)),
          fc.oneof(onPages, fc.nat(SIZE)),
          fc.nat(SIZE),
          async (at, from, length) => {
            memory.fill(7, at, at + length + 1);
            const wanted = noise.subarray(0, SIZE - 5).subarray(from, from + length);
            expect(await readPages(file, memory.subarray(at, at + length), from)).toBe(wanted.length);
            expect(Buffer.from(memory.slice(at, at + wanted.length)).equals(wanted)).toBe(true);
            expect(memory[at + length]).toBe(7);
          },
        ),
      );
    } finally {
      await closeHandles(file);
    }
  });

  it.runIf(isHere)("bring the bytes of any place to any address, and no more than there are", () => {
    writeFileSync(path, noise);
    const file = openBoth(path, "r", true);
    try {
      fc.assert(
        fc.property(where, fc.nat(5000), ({ at, position, length }, beyond) => {
          memory.fill(7, at - 1, at + length + beyond + 1);
          expect(readLong(file, memory, window, { at, position, length: length + beyond })).toBe(
            Math.min(length + beyond, SIZE - position),
          );
          expect(Buffer.from(memory.slice(at, at + length)).equals(noise.subarray(position, position + length))).toBe(true);
        }),
      );
    } finally {
      closeBoth(file);
    }
  });

  it.runIf(isHere)("take bytes of any address to any place, and touch none beside them", () => {
    const before = Buffer.alloc(SIZE, 5);
    fc.assert(
      fc.property(fc.array(where, { minLength: 1, maxLength: 4 }), (all) => {
        writeFileSync(path, before);
        const wanted = Buffer.from(before);
        const file = openBoth(path, "r+", true);
        try {
          for (const { at, position, length } of all) {
            noise.copy(memory, at, position, position + length);
            writeLong(file, memory, window, { at, position, length });
            noise.copy(wanted, position, position, position + length);
          }
        } finally {
          closeBoth(file);
        }
        expect(readFileSync(path).equals(wanted)).toBe(true);
      }),
    );
  });

  it("go through it where a file system refuses them", () => {
    writeFileSync(path, noise);
    const file = { ...openBoth(path, "r", true) };
    // a folder answers EISDIR, a transfer off a page EINVAL: as those file systems do
    expect(readLong(file, memory, { ...window, at: window.at + 1 }, { at: 0, position: 10, length: 2 ** 17 })).toBe(2 ** 17);
    expect(file.direct).toBeUndefined();
    expect(Buffer.from(memory.slice(0, 2 ** 17)).equals(noise.subarray(10, 10 + 2 ** 17))).toBe(true);
    closeBoth(file);
  });

  it("are asked for by name, else for long files alone that are not in the cache", () => {
    writeFileSync(path, noise);
    truncateSync(path, 80 * 2 ** 20);
    readFileSync(path);
    expect([
      readsDirect("direct", path, { offset: 0, length: 1 }),
      readsDirect("buffered", path, { offset: 0, length: 2 ** 40 }),
      readsDirect("auto", path, { offset: 0, length: 2 ** 20 }),
      writesDirect("direct", root, 1),
      writesDirect("buffered", root, 2 ** 40),
      writesDirect("auto", root, 2 ** 20),
      writesDirect("auto", join(root, "nowhere"), 2 ** 40),
    ]).toEqual([true, false, false, true, false, false, false]);
  });
});
