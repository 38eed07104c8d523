import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bzip2Bomb, bzip2Of, gzipBomb, mrcHead } from "../../../../test/faults/bombs.mjs";
import type { RandomAccess } from "../../../core/bytes.js";
import type { Compression } from "../../../formats/compression.js";
import { bunzip2 } from "../../../formats/zarr/bzip2.js";
import { decompressed, decompressTo, headBehind } from "./compressed.js";

const MIB = 2 ** 20;

/** Python's `bz2.compress(t[:40000]) + bz2.compress(t[40000:], 1)` of `t = b"emporium reads volumes. " * 4000`. */
const PYTHON = Buffer.from(
  "QlpoOTFBWSZTWaOhXuEAGgqRgEABJibbADAAuAgAAEAAAKVUHtSHpqeECXVAluQJZQJaoEt0CWIEuYgS9UCW0CXJAl1QJaQJcoEsoEuqBLKBLdAliBLugS4gS1QJfxdyRThQkKOhXuFCWmgxMUFZJlNZKC4ZXgA/zZGAQAEmJtsAMADYBAAAIAAAUqoPakPTU8KoR1KhG6VCMlQjUqEblQjJUI0qhHmVCPyqEd0qEZKhGuSoRyVCOpUI9SoRkqEblQjFUI7lQjiqEalQj+LuSKcKEgUFwyvA",
  "base64",
);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "emporium-compressed-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Counts what is read of it. */
function sourceOf(bytes: Uint8Array): RandomAccess & { readonly asked: number } {
  let asked = 0;
  return {
    name: "a.mrc",
    size: async () => bytes.length,
    async read({ offset, length }) {
      asked += length;
      return bytes.subarray(offset, offset + length);
    },
    get asked() {
      return asked;
    },
  };
}

/** All of it, with the largest piece. */
async function all(source: RandomAccess, kind: Compression): Promise<{ bytes: Buffer; largest: number }> {
  const pieces: Uint8Array[] = [];
  for await (const piece of decompressed(source, kind)) pieces.push(piece);
  return { bytes: Buffer.concat(pieces), largest: Math.max(0, ...pieces.map(({ length }) => length)) };
}

const BOMBS = { bzip2: bzip2Bomb, gzip: gzipBomb } as const;

describe.each(["bzip2", "gzip"] as const)("(34.11) %s", (kind) => {
  const head = mrcHead([64, 64, 64]);
  const bomb = BOMBS[kind](1024 * MIB, head);

  it("the header of a bomb takes one piece of the file and little memory", async () => {
    const source = sourceOf(bomb);
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }, 1);
    expect(Buffer.from(await headBehind(source, kind, 1024))).toEqual(head);
    clearInterval(watch);
    expect(source.asked).toBeLessThanOrEqual(4 * MIB);
    expect(most).toBeLessThan(64 * MIB);
  });

  it("comes in small pieces, between which others have their turn; who stops listening or cancels ends it", async () => {
    let turns = 0;
    const watch = setInterval(() => turns++, 0);
    let pieces = 0;
    for await (const piece of decompressed(sourceOf(bomb), kind)) {
      expect(piece.length).toBeLessThanOrEqual(128 * 1024);
      if (++pieces === 400) break;
    }
    clearInterval(watch);
    expect(turns).toBeGreaterThan(10);

    const controller = new AbortController();
    let heard = 0;
    const ended = (async () => {
      for await (const piece of decompressed(sourceOf(bomb), kind, controller.signal)) {
        heard += piece.length;
        if (heard > MIB) controller.abort();
      }
    })();
    await expect(ended).rejects.toMatchObject({ name: "AbortError" });
    expect(heard).toBeLessThan(16 * MIB);
  });

  it("into a file as far as it is wanted; more than the disk has is refused before a byte is written", async () => {
    const path = join(folder, `${kind}.plain`);
    await decompressTo(sourceOf(bomb), kind, path, { bytesMax: 1024 + 64 ** 3 + 1, signal: undefined });
    expect(statSync(path).size).toBe(1024 + 64 ** 3 + 1);
    expect(readFileSync(path).subarray(0, 1024)).toEqual(head);
    const other = join(folder, `${kind}.none`);
    await expect(decompressTo(sourceOf(bomb), kind, other, { bytesMax: 2 ** 60, signal: undefined })).rejects.toMatchObject({
      code: "DISK_FULL",
      message: expect.stringContaining("1024 PiB"),
    });
    expect(() => statSync(other)).toThrow("ENOENT");
  });
});

describe("(34.11) bzip2 streams", () => {
  const text = Buffer.from("emporium reads volumes. ".repeat(4000));
  const pieces = [Buffer.from("one"), text.subarray(0, 3000), Buffer.alloc(900, 7)];

  it("give what Python has compressed, byte by byte or whole", async () => {
    const { bytes } = await all(sourceOf(PYTHON), "bzip2");
    expect(bytes).toEqual(text);
    const parts = bunzip2();
    const found: Uint8Array[] = [];
    let at = 0;
    for (let step = parts.next(); !step.done; step = parts.next(PYTHON.length > at ? PYTHON.subarray(at, ++at) : undefined)) {
      while (!step.done && step.value !== "more") {
        if (step.value !== "pause") found.push(step.value);
        step = parts.next();
      }
      if (step.done) break;
    }
    expect(Buffer.concat(found)).toEqual(text);
  });

  it("follow one another; what comes behind the last, a cut, a changed byte and an endless table are faults", async () => {
    const good = Buffer.concat(pieces.map((piece) => bzip2Of(piece)));
    expect((await all(sourceOf(good), "bzip2")).bytes).toEqual(Buffer.concat(pieces));
    const changed = Buffer.from(good);
    changed[10]! ^= 1; // of the block's checksum
    for (const [bad, says] of [
      [Buffer.concat([good, Buffer.from("tail")]), "not a bzip2 stream"],
      [good.subarray(0, good.length - 5), "cut short"],
      [changed, "checksum"],
      [Buffer.alloc(0), "cut short"],
      [Buffer.concat([good.subarray(0, 14), Buffer.alloc(12 * MIB, 0x55)]), "does not decode"],
    ] as const) {
      await expect(all(sourceOf(bad), "bzip2")).rejects.toMatchObject({
        code: "FORMAT_CORRUPT",
        message: expect.stringMatching(
          new RegExp(`^a\\.mrc: the bzip2 stream does not decode: .*${says === "does not decode" ? "" : says}`),
        ),
      });
    }
  });

  it("of a gzip file whose members follow one another, all are given", async () => {
    const good = Buffer.concat(pieces.map((piece) => gzipSync(piece)));
    expect((await all(sourceOf(good), "gzip")).bytes).toEqual(Buffer.concat(pieces));
  });
});
