import { mkdtempSync, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { crcText } from "../core/crc32.js";
import { encodeLine, type LineSpan, scanLines } from "./journal-lines.js";

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

  it("finds every line wherever a block of the file ends", async () => {
    const blockBytes = 2 ** 20;
    for (let over = -1; over <= 45; over++) {
      const first = encodeLine("x".repeat(blockBytes - 19 - over)); // the next line begins `over` bytes before the block's end
      const all = [first, encodeLine("{}"), encodeLine("[]"), encodeLine("")];
      const { state, seen } = await scan(
        (file) => file.write(Buffer.concat(all)),
        () => true,
      );
      expect(state, `${over} bytes before`).toBe("clean");
      expect(seen.map(({ length }) => length)).toEqual(all.map(({ length }) => length));
    }
  });

  it("needs no read to give all that it asks for, and ends where the file was cut meanwhile", async () => {
    const all = Buffer.concat(["1", "22", "333"].map(encodeLine));
    const lengths: number[] = [];
    const short = (size: number) =>
      ({
        stat: async () => ({ size }),
        read: async (into: Buffer, at: number, length: number, position: number) => ({
          bytesRead: all.copy(into, at, position, position + Math.min(length, 7)),
        }),
      }) as unknown as FileHandle;
    const visit = (_payload: Buffer, { length }: LineSpan) => lengths.push(length) > 0;
    expect(await scanLines(short(all.length), visit)).toEqual({ end: all.length, state: "clean" });
    expect(lengths).toEqual([20, 21, 22]);
    expect(await scanLines(short(all.length + 10), visit)).toEqual({ end: all.length, state: "torn" });
  });

  it.each(["0000000q", "0000001A", " 000001a", "0x00001a", "0000001a0"])(
    "knows no other way to write a length: %s",
    async (head) => {
      const line = encodeLine("abcdefghijklmnopqrstuvwxyz").toString("latin1");
      expect(line).toMatch(/^0000001a /);
      const wrong = line.replace("0000001a", head);
      expect(
        await scan(
          (file) => file.write(wrong),
          () => true,
        ),
      ).toEqual({ end: 0, state: "torn", seen: [] });
    },
  );

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
