import { describe, expect, it } from "vitest";
import { isEmporiumError } from "../../src/core/errors.js";
import { type Random, randomInt, seededRandom } from "../../src/core/random.js";
import { passivePort, sizeIn, timeIn } from "../../src/stores/ftp/errors.js";
import { readListing, readMachineListing } from "../../src/stores/ftp/list.js";
import { FUZZ_CASES } from "../thorough.js";

/** What an FTP server may send: with each text, what reads it. Whatever comes, a value or STORE_PROTOCOL comes out. */
const READERS: [name: string, texts: string[], read: (bytes: Uint8Array) => unknown][] = [
  [
    "MLSD",
    [
      "type=cdir; .\r\nType=file;Size=12;Modify=20240115120000; a b\r\ntype=dir;modify=20240115120000; sub\r\ntype=OS.unix=slink:/x; l\r\n",
    ],
    readMachineListing,
  ],
  [
    "LIST",
    [
      "total 8\r\n-rw-r--r--   1 ftp ftp 12 Jan 15 12:00 a b\r\ndrwxr-xr-x. 2 ftp ftp 4096 Jan 15  2024 sub\r\nlrwxrwxrwx 1 a b 9 Jan 15 2024 l -> x\r\n",
      "01-15-24  12:00PM       <DIR>          sub\r\n01-15-2024  12:00PM                 1234 a b\r\n",
    ],
    (bytes) => readListing(bytes, "ftp://fuzz.test/"),
  ],
  [
    "replies",
    [
      "229 Entering Extended Passive Mode (|||6446|)",
      "227 Entering Passive Mode (127,0,0,1,25,46)",
      "213 20240115120000",
      "213 5030",
    ],
    (bytes) => {
      const message = new TextDecoder("latin1").decode(bytes);
      const reply = { code: Number(message.slice(0, 3)), message };
      const port = passivePort(reply);
      if (port !== undefined) expect(port > 0 && port < 65536).toBe(true);
      expect(sizeIn(reply) ?? 0).toBeGreaterThanOrEqual(0);
      timeIn(message.slice(4));
    },
  ],
];

function outcome(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array): string {
  try {
    const value = read(bytes);
    if (Array.isArray(value)) for (const { name } of value as { name: string }[]) expect(["", ".", ".."]).not.toContain(name);
    return "read";
  } catch (error) {
    if (!isEmporiumError(error) || error.code !== "STORE_PROTOCOL") throw error;
    return error.code;
  }
}

function mutated(bytes: Uint8Array, random: Random): Uint8Array {
  const at = randomInt(random, bytes.length + 1);
  const kind = randomInt(random, 4);
  if (kind === 0) return bytes.slice(0, at);
  if (kind === 1) return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + randomInt(random, 8))]);
  if (kind === 2) return Buffer.concat([bytes.subarray(0, at), Uint8Array.of(randomInt(random, 256)), bytes.subarray(at + 1)]);
  const from = randomInt(random, bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(from, from + randomInt(random, 60)), bytes.subarray(at)]);
}

describe.each(READERS)("%s: a value or our error", (_, texts, read) => {
  const corpus = texts.map((text) => new TextEncoder().encode(text));

  it("truncated at every byte", () => {
    for (const bytes of corpus) for (let length = 0; length <= bytes.length; length++) outcome(read, bytes.subarray(0, length));
    for (const bytes of corpus) expect(outcome(read, bytes)).toBe("read");
  });

  it("random changes and splices", () => {
    const seed = Number(process.env.FUZZ_SEED ?? 21);
    const random = seededRandom(seed);
    const count = FUZZ_CASES;
    for (let round = 0; round < count; round++) {
      let bytes: Uint8Array = corpus[randomInt(random, corpus.length)]!;
      for (let changes = 1 + randomInt(random, 6); changes > 0; changes--) bytes = mutated(bytes, random);
      try {
        outcome(read, bytes);
      } catch (error) {
        throw new Error(`seed ${seed}, round ${round}`, { cause: error });
      }
    }
  });

  it("a quarter of a megabyte of one piece", () => {
    for (const piece of [
      "-",
      "d",
      " ",
      "1",
      ";",
      "=",
      ",1",
      "|",
      "\n",
      "\r",
      "\0",
      "\xff",
      "x ",
      "type=",
      "-rw-r--r-- ",
      "a 1 ",
    ]) {
      outcome(
        read,
        Buffer.concat([corpus[0]!.subarray(0, 20), Buffer.from(piece.repeat(Math.floor(2 ** 18 / piece.length)), "latin1")]),
      );
    }
  });
});
