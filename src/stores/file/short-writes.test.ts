import fs, { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { closeBoth, type DirectHandles, newWindow, openBoth, PAGE_BYTES, writeAll, writeLong, writePages } from "./direct.js";
import { writeFully } from "./write-fully.js";

/** What one call takes: whole pages of it are written, and `said` more are told, as a disk does that is nearly full. */
const disk = { takes: Number.POSITIVE_INFINITY, said: 0, calls: 0 };
const { writeSync } = fs;
beforeAll(() => {
  fs.writeSync = ((fd: number, bytes: Uint8Array, at: number, length: number, position: number) => {
    disk.calls++;
    if (length <= disk.takes) return writeSync(fd, bytes, at, length, position);
    return writeSync(fd, bytes, at, disk.takes, position) + disk.said;
  }) as typeof writeSync;
  syncBuiltinESMExports();
});
afterAll(() => {
  fs.writeSync = writeSync;
  syncBuiltinESMExports();
});

const root = mkdtempSync(join(tmpdir(), "emporium-short-"));
afterAll(() => rmSync(root, { recursive: true }));
const path = join(root, "file");
const SIZE = 64 * PAGE_BYTES;
const noise = Uint8Array.from({ length: SIZE }, (_, i) => (Math.imul(i + 1, 2654435761) >>> 13) & 255);
beforeEach(() => {
  Object.assign(disk, { takes: Number.POSITIVE_INFINITY, said: 0 });
  writeFileSync(path, new Uint8Array(SIZE)); // which Node does by calls of the same kind
  disk.calls = 0;
});
const written = () => Buffer.from(noise).equals(readFileSync(path));

describe("(35.2) a system that takes a part of what it is given", () => {
  it("is given the rest, by way of the cache", () => {
    const file = openBoth(path, "r+", false);
    disk.takes = 1000;
    writeAll(file.fd, noise, 0, SIZE, 0);
    closeBoth(file);
    expect([written(), disk.calls]).toEqual([true, Math.ceil(SIZE / 1000)]);
  });

  it("is given all from the last whole page on, past the cache", () => {
    const window = newWindow(2 ** 18);
    const memory = newWindow(2 ** 18).memory;
    memory.set(noise);
    const file = openBoth(path, "r+", true);
    if (file.direct === undefined) console.warn("skipped: no direct I/O in the temporary folder");
    Object.assign(disk, { takes: 3 * PAGE_BYTES, said: 100 });
    writeLong({ ...file }, memory, window, { at: 0, length: SIZE, position: 0 });
    Object.assign(disk, { takes: Number.POSITIVE_INFINITY, said: 0 });
    closeBoth(file);
    if (file.direct !== undefined) expect(written()).toBe(true);
  });

  it("is asked through the cache once it takes less than a page", () => {
    const window = newWindow(2 ** 18);
    const memory = newWindow(2 ** 18).memory;
    memory.set(noise);
    const file = openBoth(path, "r+", true);
    disk.takes = 512;
    writeLong({ ...file }, memory, window, { at: 0, length: SIZE, position: 0 });
    closeBoth(file);
    // the one that took half a kilobyte, and the rest by half kilobytes: not the same pages again and again
    expect([written(), disk.calls]).toEqual([true, file.direct === undefined ? SIZE / 512 : SIZE / 512 + 1]);
  });

  /** A file in memory whose calls take so much. */
  function slow(takes: number, said = 0) {
    const bytes = new Uint8Array(SIZE);
    let calls = 0;
    const write = async (from: Uint8Array, at: number, length: number, position: number) => {
      calls++;
      const some = Math.min(length, takes);
      bytes.set(from.subarray(at, at + some), position);
      return { bytesWritten: some + (some < length ? said : 0) };
    };
    return { handle: { write } as unknown as FileHandle, bytes, calls: () => calls };
  }

  it("is given the rest without blocking, too", async () => {
    const file = slow(1000);
    await writeFully(file.handle, noise, 0);
    expect([Buffer.from(noise).equals(file.bytes), file.calls()]).toEqual([true, Math.ceil(SIZE / 1000)]);
  });

  it("is given whole pages again past the cache, and none of less than one", async () => {
    for (const [takes, said] of [
      [5 * PAGE_BYTES, 100],
      [512, 0],
    ] as const) {
      const direct = slow(takes, said);
      const cached = slow(SIZE);
      await writePages({ handle: cached.handle, direct: direct.handle } as DirectHandles, noise, 0);
      const both = noise.map((_, i) => direct.bytes[i]! || cached.bytes[i]!);
      expect([Buffer.from(noise).equals(both), direct.calls()], `${takes}`).toEqual([true, takes === 512 ? 1 : 13]);
    }
  });
});
