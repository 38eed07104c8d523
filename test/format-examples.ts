import { readFileSync } from "node:fs";
import type { FileFormatId } from "../src/formats/registry.js";

const fixture = (path: string): Uint8Array => new Uint8Array(readFileSync(new URL(`fixtures/${path}`, import.meta.url)));

/** Headers of 2 × 3 × 4 voxels of int16 behind each other with their voxels. */
export function nrrd(): Uint8Array {
  const lines = [
    "NRRD0005",
    "# a comment",
    "type: short",
    "dimension: 3",
    "space: left-posterior-superior",
    "sizes: 4 3 2",
    "space directions: (0.4,0,0) (0,0.5,0) (0,0,0.6)",
    "kinds: domain domain domain",
    'space units: "nm" "nm" "nm"',
    "endian: little",
    "encoding: raw",
    "space origin: (1,2,3)",
    "key:=value",
    "",
    "",
  ];
  const head = new TextEncoder().encode(lines.join("\n"));
  const file = new Uint8Array(head.length + 48);
  file.set(head);
  return file;
}

/** The same as a NIfTI-1 or -2 file. */
export function nifti(version: 1 | 2): Uint8Array {
  const file = new Uint8Array((version === 1 ? 352 : 544) + 48);
  const view = new DataView(file.buffer);
  const text = (at: number, letters: string) => file.set(new TextEncoder().encode(letters), at);
  const lengths = [3, 4, 3, 2, 1, 1, 1, 1];
  if (version === 1) {
    view.setInt32(0, 348, true);
    for (const [i, length] of lengths.entries()) view.setInt16(40 + 2 * i, length, true);
    view.setInt16(70, 4, true);
    for (let i = 0; i < 8; i++) view.setFloat32(76 + 4 * i, 1 + i, true);
    view.setFloat32(108, 352, true);
    view.setInt16(252, 1, true);
    file[123] = 3;
    text(344, "n+1\0");
  } else {
    view.setInt32(0, 540, true);
    text(4, "n+2\0");
    view.setInt16(12, 4, true);
    for (const [i, length] of lengths.entries()) view.setBigInt64(16 + 8 * i, BigInt(length), true);
    for (let i = 0; i < 8; i++) view.setFloat64(104 + 8 * i, 1 + i, true);
    view.setBigInt64(168, 544n, true);
    view.setInt32(500, 3, true);
    text(4, "n+2\0");
  }
  return file;
}

/** Bytes with texts, numbers (big-endian int32) or bytes at their places. */
export function made(
  length: number,
  ...marks: readonly (readonly [at: number, mark: string | number | readonly number[]])[]
): Buffer {
  const bytes = Buffer.alloc(length);
  for (const [offset, mark] of marks) {
    if (typeof mark === "string") bytes.write(mark, offset, "latin1");
    else if (typeof mark === "number") bytes.writeInt32BE(mark, offset);
    else bytes.set(mark, offset);
  }
  return bytes;
}

const letters = (text: string): Buffer => Buffer.from(text.padEnd(1200), "latin1");
const npy = (descr: string): Buffer =>
  made(2200, [0, "\x93NUMPY\x01\0v\0"], [10, `{'descr': ${descr}, 'fortran_order': False, 'shape': (8, 8, 8), }`]);

/**
 * A file of each row of the table of formats, and a name that people give such files. Those that are read were written by other programs or by their
 * specifications; of the others there is the mark at its place, as their specifications have it.
 */
export const FORMAT_EXAMPLES: Readonly<Record<FileFormatId, readonly [name: string, bytes: Uint8Array]>> = {
  eer: ["a.eer", fixture("tiff/events.eer")],
  tiff: ["a.tif", fixture("tiff/movie-u16-be.tif")],
  mrc: ["a.mrc", fixture("mrc/mode1-be.mrc")],
  dm: ["a.dm4", fixture("dm/volume-i2-le.dm4")],
  nrrd: ["a.nrrd", nrrd()],
  nifti: ["a.nii", nifti(1)],
  hdf5: ["a.h5", fixture("hdf5/volumes.h5")],
  imod: ["a.mod", fixture("mod/imodmodel-0.1.0.mod")],
  ser: ["a.ser", made(1200, [0, [0x49, 0x49, 0x97, 0x01, 0x20, 0x02]])],
  czi: ["a.czi", made(1200, [0, "ZISRAWFILE"])],
  lif: ["a.lif", made(1200, [0, [0x70, 0, 0, 0, 40, 0, 0, 0, 0x2a, 16, 0, 0, 0, 0x3c, 0, 0x4c, 0]])],
  nd2: ["a.nd2", made(1200, [0, [0xda, 0xce, 0xbe, 0x0a]])],
  ole: ["a.oib", made(1200, [0, [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]])],
  amira: ["a.am", letters("# AmiraMesh BINARY-LITTLE-ENDIAN 2.1\n")],
  opendx: ["a.dx", letters("# made by APBS\nobject 1 class gridpositions counts 8 8 8\n")],
  brix: ["a.brix", letters(":-) Origin 0 0 0 Extent 8 8 8")],
  cryosparc: ["a.cs", npy("[('uid', '<u8'), ('location/center_x_frac', '<f4')]")],
  npy: ["a.npy", npy("'<f4'")],
  metaimage: ["a.mha", letters("ObjectType = Image\nNDims = 3\n")],
  dicom: ["a.dcm", made(1200, [128, "DICM"])],
  analyze: ["a.hdr", made(348, [0, [0x5c, 1]])],
  vtk: ["a.vti", letters('<?xml version="1.0"?>\n<VTKFile type="ImageData" version="1.0">\n')],
  zip: ["a.zarr.zip", made(1200, [0, "PK\x03\x04"])],
  tar: ["a.tar", made(1200, [0, "a.mrc"], [257, "ustar"])],
  xz: ["a.mrc.xz", made(1200, [0, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]])],
  zstd: ["a.mrc.zst", made(1200, [0, [0x28, 0xb5, 0x2f, 0xfd]])],
  "7z": ["a.7z", made(1200, [0, [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]])],
  mat: ["a.mat", letters("MATLAB 5.0 MAT-file")],
  png: ["a.png", made(1200, [0, "\x89PNG\r\n\x1a\n"])],
  jpeg: ["a.jpg", made(1200, [0, [0xff, 0xd8, 0xff, 0xe0]])],
  pdf: ["a.pdf", letters("%PDF-1.7\n")],
  html: ["a.html", letters("<!doctype html>\n<html>")],
  mgh: ["a.mgh", made(1500, [0, 1], [4, 8], [8, 8], [12, 8], [16, 1])],
  klb: ["a.klb", made(1200, [0, [2, 8, 0, 0, 0, 8, 0, 0, 0]])],
  em: ["a.em", made(1200, [0, [6, 0, 0, 5, 8, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0, 0]])],
  spider: ["a.spi", made(1200, [16, [0, 0, 0x40, 0x40]])],
};
