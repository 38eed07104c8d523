import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BlockTableBuilder, blocksOf, emptyTable } from "./block-table.js";
import type { FileRow, FolderRecord } from "./folder-facts.js";
import { decodeFolder, decodeHead, encodeFolder } from "./folder-record.js";

const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 });
const row: fc.Arbitrary<FileRow> = fc.tuple(name, fc.nat(), fc.maxSafeInteger()).map(([a, b, c]) => [a, b, c]);
const folder: fc.Arbitrary<FolderRecord> = fc.record({
  path: fc.oneof(name, fc.constant('a","e":[1]}'), fc.constant("")),
  mtimeUs: fc.maxSafeInteger(),
  ctimeUs: fc.maxSafeInteger(),
  settled: fc.boolean(),
  folders: fc.array(fc.oneof(name, fc.constant(',"e":['))),
  files: fc.array(row, { maxLength: 30 }),
});

describe("a folder's block", () => {
  it("comes back as it was written", () => {
    fc.assert(
      fc.property(folder, (record) => {
        const block = encodeFolder(record);
        expect(decodeFolder(block)).toEqual({ ...record, failure: undefined });
        const { path, folders, totals } = decodeHead(Buffer.from(block))!;
        expect([path, folders, totals.files]).toEqual([record.path, record.folders, record.files.length]);
      }),
      { numRuns: 500 },
    );
  });

  it("goes over several lines where there are very many files", () => {
    const files = Array.from({ length: 25_001 }, (_, at): FileRow => [`f${at}`, at, at]);
    const record = { path: "p", mtimeUs: 1, ctimeUs: 2, settled: true, folders: ["d"], files, failure: undefined };
    const block = encodeFolder(record);
    expect(block.split("\n").length).toBe(4);
    expect(decodeFolder(block)).toEqual(record);
    expect(decodeHead(Buffer.from(block))!.totals).toEqual({ files: 25_001, bytes: (25_000 * 25_001) / 2, links: 0 });
  });

  it("that lacks a part is none", () => {
    const files = Array.from({ length: 10_001 }, (_, at): FileRow => [`f${at}`, 0, 0]);
    const block = encodeFolder({ path: "p", mtimeUs: 1, ctimeUs: 1, settled: true, folders: [], files });
    expect(decodeFolder(block.slice(0, -3))).toBeUndefined();
    expect(decodeFolder(block.slice(block.indexOf("\n") + 1))).toBeUndefined();
  });
});

describe("the table of blocks", () => {
  it("finds what was added, the latest first", () => {
    const builder = new BlockTableBuilder();
    const paths = Array.from({ length: 3000 }, (_, at) => `species/run-${at}`);
    const ref = { file: 1, length: 5, mtimeUs: 1.5e15, ctimeUs: 1.6e15, settled: true };
    for (const [offset, path] of paths.entries()) builder.add(path, { ...ref, offset });
    builder.add(paths[7]!, { ...ref, file: 2, offset: 0, settled: false });
    const table = builder.build();
    for (const [offset, path] of paths.entries()) expect([...blocksOf(table, path)].at(-1)).toEqual({ ...ref, offset });
    expect([...blocksOf(table, paths[7]!)].map(({ file, settled }) => [file, settled])).toEqual([
      [2, false],
      [1, true],
    ]);
    expect([...blocksOf(table, "nowhere")]).toEqual([]);
    expect([...blocksOf(emptyTable(), paths[0]!)]).toEqual([]);
  });

  it("takes another table in, under another number", () => {
    const first = new BlockTableBuilder();
    first.add("a", { file: 0, offset: 1, length: 2, mtimeUs: 3, ctimeUs: 4, settled: true });
    const second = new BlockTableBuilder();
    second.addTable(first.build(), 9);
    second.add("a", { file: 3, offset: 1, length: 2, mtimeUs: 3, ctimeUs: 4, settled: true });
    expect([...blocksOf(second.build(), "a")].map(({ file }) => file)).toEqual([3, 9]);
  });
});
