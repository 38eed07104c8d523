import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FILE_FORMATS, type FileFormat, type FileFormatId } from "../../src/formats/registry.js";
import { printRef } from "../../src/model/ref.js";
import { openPlaces } from "../../src/server/places.js";
import { type Portal, servePortal } from "../../src/server/portal.js";
import { FORMAT_EXAMPLES, made } from "../format-examples.js";
import { emporium } from "./cli-host.js";

/** Files of formats that are known and not read, by their own specifications: mark, and where it stands. */
const folder = mkdtempSync(join(tmpdir(), "emporium-unread-"));
const data = join(folder, "data");
const at = (name: string) => join(data, name);

const LEGACY_VTK = Buffer.from("# vtk DataFile Version 3.0\nvolume\nBINARY\n".padEnd(1200));

/** With a volume that is compressed besides: its format is known by what is inside. */
const FILES: readonly (readonly [name: string, bytes: Uint8Array, format: FileFormat])[] = [
  ...FILE_FORMATS.filter(({ peek }) => !peek).map((row) => [...FORMAT_EXAMPLES[row.id as FileFormatId], row] as const),
  ["b.vtk", LEGACY_VTK, FILE_FORMATS.find(({ id }) => id === "vtk")!],
  ["b.mgz", gzipSync(FORMAT_EXAMPLES.mgh[1]), FILE_FORMATS.find(({ id }) => id === "mgh")!],
];

let portal: Portal;
beforeAll(async () => {
  mkdirSync(data);
  for (const [name, bytes] of FILES) writeFileSync(at(name), bytes);
  portal = await servePortal({ places: await openPlaces([data]), bucket: "b", version: "0" });
});
afterAll(async () => {
  await portal?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("a format that is known and not read", () => {
  it.each(FILES)(
    "(34.27) %s is named, and what reads it, wherever it is given",
    async (name, _bytes, { called: title, says: reader }) => {
      const doors = [
        ["harvest", "peek", at(name)],
        ["harvest", "inspect", at(name)],
        ["blocks", "ls", at(name)],
        ["ingest", "convert", at(name), join(folder, "out")],
        ["curate", "header", at(name)],
      ];
      for (const words of doors) {
        const { status, err, out } = await emporium(words);
        expect([words.slice(0, 2), status, err + out]).toEqual([
          words.slice(0, 2),
          1,
          expect.stringContaining(`${name}: ${title}`),
        ]);
        expect(err + out).toContain(reader);
        expect(err + out).not.toMatch(/decompress the file first|neither TIFF|no "MAP|\d{6,}×/);
      }
      const ref = printRef({ kind: "place", place: "data", key: name });
      const reply = await fetch(`${portal.url}/api/v1/volumes/${ref}`);
      const told = (await reply.json()) as { code: string; message: string };
      expect([told.code, told.message]).toEqual(["FORMAT_UNSUPPORTED", expect.stringContaining(title)]);
    },
  );

  it.each([
    ["a.tif", made(1200, [0, [0x49, 0x49, 0x2a, 0, 8, 0, 0, 0]]), "a TIFF image"],
    ["a.h5", made(1200, [0, "\x89HDF\r\n\x1a\n"]), "an HDF5 file"],
    ["a.ims", made(1200, [0, "\x89HDF\r\n\x1a\n"]), "an HDF5 file"],
  ] as const)("(34.27) ingest convert names %s, which other commands read", async (name, bytes, title) => {
    writeFileSync(at(name), bytes);
    const { status, err } = await emporium(["ingest", "convert", at(name), join(folder, "out")]);
    expect([status, err]).toEqual([
      1,
      expect.stringContaining(`${name}: ${title} is not read here (expected MRC, DM3, DM4, NRRD, NIfTI or OME-Zarr)`),
    ]);
  });

  it.each([
    ["v.n5", "attributes.json", "an N5 folder"],
    ["layer", "info", "a precomputed volume"],
  ])("(34.27) ingest convert names the folder %s", async (name, document, title) => {
    mkdirSync(at(name));
    writeFileSync(join(at(name), document), "{}");
    const { status, err } = await emporium(["ingest", "convert", at(name), join(folder, "out")]);
    expect([status, err]).toEqual([
      1,
      expect.stringContaining(`${name}: ${title} is not read here (expected MRC, DM3, DM4, NRRD, NIfTI or OME-Zarr)`),
    ]);
  });

  it("(34.27) events of a Falcon camera are named, with their size and what reads them", async () => {
    // BigTIFF of one page: 32 × 32 pixels of 1 bit, compression 65001
    const entries = [
      [256, 32],
      [257, 32],
      [258, 1],
      [259, 65001],
      [273, 8],
      [277, 1],
      [278, 32],
      [279, 8],
    ]; // prettier-ignore
    const bytes = Buffer.alloc(16 + 8 + 20 * entries.length + 8);
    bytes.write("II");
    bytes.set([43, 0, 8, 0, 0, 0, 16], 2);
    bytes.writeUInt8(entries.length, 16);
    for (const [i, [tag, value]] of entries.entries()) {
      bytes.writeUInt16LE(tag!, 24 + 20 * i);
      bytes.writeUInt16LE(4, 26 + 20 * i);
      bytes.writeUInt8(1, 28 + 20 * i);
      bytes.writeUInt32LE(value!, 36 + 20 * i);
    }
    writeFileSync(at("a.eer"), bytes);
    const { status, out } = await emporium(["harvest", "peek", at("a.eer")]);
    expect([status, out]).toEqual([0, expect.stringMatching(/32 × 32[\s\S]*EER[\s\S]*RELION, MotionCor3 and IMOD/)]);
  });

  it("(34.27) gzip of something else is told as that, without advice that leads nowhere", async () => {
    writeFileSync(at("notes.gz"), gzipSync("some notes".repeat(300)));
    const { status, err } = await emporium(["harvest", "peek", at("notes.gz")]);
    expect([status, err]).toEqual([1, expect.stringContaining("a gzip stream")]);
    expect(err).not.toContain("decompress the file first");
  });
});
