import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { printRef } from "../../src/model/ref.js";
import { openPlaces } from "../../src/server/places.js";
import { type Portal, servePortal } from "../../src/server/portal.js";
import { emporium } from "./cli-host.js";

/** Files of formats that are known and not read, by their own specifications: mark, and where it stands. */
const folder = mkdtempSync(join(tmpdir(), "emporium-unread-"));
const data = join(folder, "data");
const at = (name: string) => join(data, name);

/** Bytes with texts, numbers (big-endian int32 as `[offset, value]`) and a length. */
function file(length: number, marks: readonly (readonly [at: number, mark: string | number | readonly number[]])[]): Buffer {
  const bytes = Buffer.alloc(length);
  for (const [offset, mark] of marks) {
    if (typeof mark === "string") bytes.write(mark, offset, "latin1");
    else if (typeof mark === "number") bytes.writeInt32BE(mark, offset);
    else bytes.set(mark, offset);
  }
  return bytes;
}

const mgh = file(1500, [
  [0, 1],
  [4, 8],
  [8, 8],
  [12, 8],
  [16, 1],
]); // prettier-ignore
const npy = (descr: string) =>
  file(2200, [
    [0, "\x93NUMPY\x01\0v\0"],
    [10, `{'descr': ${descr}, 'fortran_order': False, 'shape': (8, 8, 8), }`],
  ]); // prettier-ignore

const FILES: readonly (readonly [name: string, bytes: Buffer, title: string, reader: string])[] = [
  ["a.mgz", gzipSync(mgh), "a FreeSurfer volume (MGH, MGZ)", "nibabel"],
  ["a.ser", file(1200, [[0, [0x49, 0x49, 0x97, 0x01, 0x20, 0x02]]]), "a TIA series (SER)", "RosettaSciIO"],
  ["a.cs", npy("[('uid', '<u8'), ('location/center_x_frac', '<f4')]"), "a table of cryoSPARC (.cs)", "pyem"],
  ["a.npy", npy("'<f4'"), "a NumPy array", "numpy.load"],
  [
    "a.dx",
    Buffer.from("# made by APBS\nobject 1 class gridpositions counts 8 8 8\n".padEnd(1200)),
    "an OpenDX map (.dx)",
    "ChimeraX",
  ],
  ["a.brix", Buffer.from(":-) Origin 0 0 0 Extent 8 8 8".padEnd(1200)), "a BRIX map", "ChimeraX"],
  ["a.zarr.zip", file(1200, [[0, "PK\x03\x04"]]), "a ZIP archive", "unzip"],
  ["a.czi", file(1200, [[0, "ZISRAWFILE"]]), "a Zeiss CZI image", "Bio-Formats"],
  ["a.lif", file(1200, [[0, [0x70, 0, 0, 0, 40, 0, 0, 0, 0x2a]]]), "a Leica LIF image", "Bio-Formats"],
  ["a.am", Buffer.from("# AmiraMesh BINARY-LITTLE-ENDIAN 2.1\n".padEnd(1200)), "an Amira mesh (.am)", "Avizo"],
  ["a.hdr", file(348, [[0, [0x5c, 1]]]), "an Analyze 7.5 header", "nibabel"],
  ["a.vtk", Buffer.from("# vtk DataFile Version 3.0\nvolume\nBINARY\n".padEnd(1200)), "a VTK file", "ParaView"],
  ["a.klb", file(1200, [[0, [2, 8, 0, 0, 0, 8, 0, 0, 0]]]), "a KLB image", "pyklb"],
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
  it.each(FILES)("(34.27) %s is named, and what reads it, wherever it is given", async (name, _bytes, title, reader) => {
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
  });

  it.each([
    ["a.tif", file(1200, [[0, [0x49, 0x49, 0x2a, 0, 8, 0, 0, 0]]]), "a TIFF image"],
    ["a.h5", file(1200, [[0, "\x89HDF\r\n\x1a\n"]]), "an HDF5 file"],
    ["a.ims", file(1200, [[0, "\x89HDF\r\n\x1a\n"]]), "an HDF5 file"],
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
    expect([status, err]).toEqual([1, expect.stringContaining(`${name}: ${title} is not read here (expected MRC or OME-Zarr)`)]);
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
