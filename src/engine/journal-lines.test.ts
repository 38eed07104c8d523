import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { crcText } from "../core/crc32.js";
import { encodeLine, scanLines } from "./journal-lines.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "emporium lines "));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function scan(write: (file: Awaited<ReturnType<typeof open>>) => Promise<unknown>, isGood: (text: string) => boolean) {
  const file = await open(join(folder, "lines"), "w+");
  try {
    await write(file);
    const seen: { bytes: number; offset: number; length: number }[] = [];
    const end = await scanLines(file, (payload, span) => {
      seen.push({ bytes: payload.length, ...span });
      return isGood(payload.toString("latin1"));
    });
    return { ...end, seen };
  } finally {
    await file.close();
  }
}

describe("scanLines", () => {
  // Eight digits, a blank, eight digits, a blank, the payload, a line feed.
  it("says where each line lies", async () => {
    const lines = [encodeLine("{}"), encodeLine('"ü"')];
    expect(
      await scan(
        (file) => file.write(Buffer.concat(lines)),
        () => true,
      ),
    ).toEqual({
      end: 21 + 23,
      state: "clean",
      seen: [
        { bytes: 2, offset: 0, length: 21 },
        { bytes: 4, offset: 21, length: 23 },
      ],
    });
    expect(
      await scan(
        async () => {},
        () => true,
      ),
    ).toEqual({ end: 0, state: "clean", seen: [] });
  });

  it("stops at a line that its reader does not want, and tells whether others follow", async () => {
    const lines = ["1", "2", "3"].map(encodeLine);
    const all = Buffer.concat(lines);
    expect(
      await scan(
        (file) => file.write(all),
        (text) => text !== "2",
      ),
    ).toMatchObject({ end: 20, state: "damaged" });
    expect(
      await scan(
        (file) => file.write(all),
        (text) => text !== "3",
      ),
    ).toMatchObject({ end: 40, state: "torn" });
  });

  it("takes a length beyond 256 MiB for damage and does not make room for such a line", async () => {
    const length = 256 * 2 ** 20 + 1;
    const zeros = Buffer.alloc(2 ** 20);
    let crc = crc32(zeros.subarray(0, 1));
    for (let at = 1; at < length; at += zeros.length) crc = crc32(zeros, crc);
    const sparse = await scan(
      async (file) => {
        await file.truncate(18 + length); // takes no room on the disk
        await file.write(`${crcText(length)} ${crcText(crc)} `, 0, "latin1");
        await file.write("\n", 18 + length, "latin1");
      },
      () => true,
    );
    expect(sparse).toEqual({ end: 0, state: "torn", seen: [] });
  });
});
