import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { behind, createRing, type SharedRing, sweepRings } from "./shared-ring.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-ring-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function ring(slots: number, batchBytes: number): Promise<SharedRing> {
  const made = await createRing({ folder, slots, batchBytes });
  if (typeof made === "string") throw new Error(made);
  return made;
}

describe("the shared ring", () => {
  it("has slots at pages, in a file that only its owner can read, whose name nobody can guess", async () => {
    const made = await ring(3, 4097);
    expect([made.slots, made.slotBytes]).toEqual([3, 8192]);
    const { mode, size } = statSync(made.path);
    expect([mode & 0o777, size]).toEqual([0o600, 3 * 8192]);
    expect(basename(made.path)).toMatch(/-[0-9a-f]{32}$/);
    await made.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("holds the pieces of a batch one behind the other, each slot by itself", async () => {
    const made = await ring(2, 4096);
    await made.write(0, [Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
    await made.write(1, [new Uint8Array(4096).fill(9)]);
    const bytes = readFileSync(made.path);
    expect([...bytes.subarray(0, 6)]).toEqual([1, 2, 3, 4, 0, 0]);
    expect(bytes.subarray(4096).every((byte) => byte === 9)).toBe(true);
    await expect(made.write(0, [new Uint8Array(4097)])).rejects.toThrow("a batch of 4097 bytes for a slot of 4096");
    await made.close();
  });

  it("can be written when its name is gone", async () => {
    const made = await ring(2, 4096);
    made.unlink();
    expect(readdirSync(folder)).toEqual([]);
    await made.write(1, [Uint8Array.of(1)]);
    await made.close();
  });

  it("is not made where there is no such memory, or not enough for two batches", async () => {
    expect(await createRing({ folder: join(folder, "no"), slots: 4, batchBytes: 1 })).toContain("is not there");
    expect(await createRing({ folder, slots: 4, batchBytes: 2 ** 50 })).toMatch(/has \d+ bytes free; expected \d+/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("of a process that is gone is removed; that of a live one and other files stay", async () => {
    const own = await ring(2, 1);
    const name = basename(own.path);
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    const mark = name.split("-")[2]!;
    const random = "0".repeat(32);
    const gone = `emporium-blocks-${mark}-${pid}-1-${random}`;
    const again = `emporium-blocks-${mark}-${process.pid}-1-${random}`; // our number, another start
    const elsewhere = `emporium-blocks-${mark === "00000000" ? "1" : "0".repeat(8)}-${pid}-1-${random}`;
    const stay = [elsewhere, `emporium-blocks-${pid}`, `x-${gone}`];
    for (const file of [gone, again, ...stay]) writeFileSync(join(folder, file), "");
    const isLinux = process.platform === "linux";
    expect(sweepRings(folder)).toBe(isLinux ? 2 : 1);
    expect(readdirSync(folder).sort()).toEqual([name, ...stay, ...(isLinux ? [] : [again])].sort());
    for (const file of stay) rmSync(join(folder, file));
    await own.close();
  });
});

it("what the system has not taken of some pieces is what is behind so many bytes", () => {
  const pieces = [[1, 2, 3], [], [4], [5, 6]].map((bytes) => Uint8Array.from(bytes));
  const whole = pieces.flatMap((piece) => [...piece]);
  for (let taken = 0; taken <= whole.length; taken++)
    expect(behind(pieces, taken).flatMap((piece) => [...piece])).toEqual(whole.slice(taken));
});
