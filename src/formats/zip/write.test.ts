import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { pythonWith } from "../../../test/python-with-numpy.js";
import { writeZip, type ZipFile, type ZipOptions, zipBytes } from "./write.js";

/** Files with bodies that a pattern makes, in pieces of odd lengths. */
interface Made extends ZipFile {
  readonly length: number;
}

const made = (name: string, length: number, more: Partial<ZipFile> = {}): Made => ({ name, length, size: length, ...more });
const contentOf = ({ name, length }: Made): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7 + name.length) & 255);

async function* bodyOf(file: Made): AsyncGenerator<Uint8Array> {
  const content = contentOf(file);
  for (let at = 0; at < content.length; at += 1009) yield content.subarray(at, at + 1009);
}

async function zipped(files: readonly Made[], options: ZipOptions = {}): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of writeZip(files, bodyOf, options)) pieces.push(piece);
  return Buffer.concat(pieces);
}

const FILES = [
  made("10401/TS_0001/a b.mrc", 5000, { modifiedMs: Date.UTC(2024, 1, 29, 23, 59, 59) }),
  made("10401/TS_0001/ünï 日本語 🦠.json", 17, { modifiedMs: Date.UTC(2026, 10, 28, 12) }),
  made("10401/empty", 0),
  made("--exec=touch x", 1),
  made("unknown", 3000, { size: undefined }),
];

const python = pythonWith("zipfile");
const hasUnzip = spawnSync("unzip", ["-v"]).status === 0;
const READ = `
import json, sys, zipfile, zlib
with zipfile.ZipFile(sys.argv[1]) as z:
    bad = z.testzip()
    print(json.dumps([bad, [[i.filename, i.file_size, i.compress_type, list(i.date_time), i.CRC, i.external_attr >> 16] for i in z.infolist()]]))
`;

/** What Python reads. */
function read(path: string): [string | null, [string, number, number, number[], number, number][]] {
  const { stdout, stderr, status } = spawnSync(python!, ["-c", READ, path], { encoding: "utf8", maxBuffer: 2 ** 28 });
  expect([status, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
}

describe("a ZIP archive without compression", () => {
  const all = mkdtempSync(join(tmpdir(), "emporium-zip-"));
  afterAll(() => rmSync(all, { recursive: true, force: true }));
  const folder = () => mkdtempSync(join(all, "one-"));

  const ways: [string, ZipOptions][] = [
    ["numbers of 32 bits", {}],
    ["all numbers of 64 bits", { from64: 0 }],
    ["Node's sums", { crc32 }],
  ];
  describe.each(ways)("%s", (_, options) => {
    it.skipIf(!python)("is what Python's zipfile reads: names, sizes, sums, dates", async () => {
      const path = join(folder(), "files.zip");
      writeFileSync(path, await zipped(FILES, options));
      const [bad, entries] = read(path);
      expect(bad).toBe(null);
      expect(entries).toEqual(
        FILES.map((file) => [
          file.name,
          file.length,
          0,
          // MS-DOS counts two seconds
          file.modifiedMs === undefined
            ? [1980, 1, 1, 0, 0, 0]
            : file === FILES[0]
              ? [2024, 2, 29, 23, 59, 58]
              : [2026, 11, 28, 12, 0, 0],
          crc32(contentOf(file)),
          0o100644,
        ]),
      );
    });

    it.skipIf(!hasUnzip)("is one that unzip finds no fault in, and unpacks", async () => {
      const into = folder();
      const path = join(into, "files.zip");
      writeFileSync(path, await zipped(FILES, options));
      expect(spawnSync("unzip", ["-tq", path], { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
      const env = { ...process.env, LC_ALL: "C.UTF-8" };
      expect(spawnSync("unzip", ["-q", path, "-d", into], { encoding: "utf8", env })).toMatchObject({ status: 0, stderr: "" });
      for (const file of FILES) expect(readFileSync(join(into, file.name)).equals(contentOf(file)), file.name).toBe(true);
    });

    it("has the bytes that were said, the same each time", async () => {
      const known = FILES.filter(({ size }) => size !== undefined);
      const bytes = await zipped(known, options);
      expect(zipBytes(known, options)).toBe(bytes.length);
      expect(await zipped(known, options)).toEqual(bytes);
      expect(zipBytes(FILES, options)).toBe(undefined);
    });
  });

  it.skipIf(!python)("holds more files than 16 bits count", async () => {
    const files = Array.from({ length: 66_000 }, (_, i) => made(`many/${i}`, 0));
    const bytes = await zipped(files);
    expect(zipBytes(files)).toBe(bytes.length);
    const path = join(folder(), "many.zip");
    writeFileSync(path, bytes);
    const [bad, entries] = read(path);
    expect([bad, entries.length, entries.at(-1)![0]]).toEqual([null, 66_000, "many/65999"]);
  });

  it("says the bytes of files that 32 bits do not hold", () => {
    const large = zipBytes([made("a", 0), { name: "x", size: 5 * 2 ** 32 }, { name: "y", size: 1 }]);
    // each header, the descriptor, and the end, as APPNOTE.TXT lays them out; `y` lies beyond 32 bits, and `x` has both sizes in 64
    const local = 30 + 1 + 16 + (30 + 1 + 20 + 24) + (30 + 1 + 16);
    const central = 46 + 1 + (46 + 1 + 20) + (46 + 1 + 12);
    expect(large).toBe(5 * 2 ** 32 + 1 + local + central + 56 + 20 + 22);
  });

  it("is broken off where a file has another size than was said", async () => {
    for (const size of [4999, 5001])
      await expect(zipped([made("a", 5000, { size })])).rejects.toMatchObject({ code: "SOURCE_CHANGED" });
  });

  it.each(["", "/etc/passwd", "../x", "a/../b", "a//b", "a/", "a\\..\\b", "./a", "a\0b", "x".repeat(70_000)])(
    "holds no file called %j",
    async (name) => {
      await expect(zipped([made(name, 1)])).rejects.toMatchObject({ code: "METADATA_VALUE" });
    },
  );
});
