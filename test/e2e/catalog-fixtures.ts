import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type TiffTag, tiffBytes, writeTiff } from "../../src/formats/tiff/write.js";

/** The images that the acceptance facts of the microscopy catalogue speak of, made by code: `spec/catalog.md` §9. */

export const HEIGHT = 10;
export const WIDTH = 15;

/** `[y, x]` pixels of one value, with a block of another in the rows and columns that the facts name. */
export function pixels(
  background: number,
  block?: { value: number; rows: [number, number]; columns: [number, number] },
): Uint16Array {
  const plane = new Uint16Array(HEIGHT * WIDTH).fill(background);
  if (!block) return plane;
  for (let y = block.rows[0]; y <= block.rows[1]; y++) {
    for (let x = block.columns[0]; x <= block.columns[1]; x++) plane[y * WIDTH + x] = block.value;
  }
  return plane;
}

export interface TiffOptions {
  height?: number;
  width?: number;
  samples?: 1 | 3;
  dtype?: "uint8" | "uint16" | "float32";
  tags?: (page: number) => TiffTag[];
}

export async function writeTiffFile(
  path: string,
  planes: readonly ArrayBufferView[],
  options: TiffOptions = {},
): Promise<string> {
  const { height = HEIGHT, width = WIDTH, samples = 1, dtype = "uint16", tags } = options;
  const stack = { pages: planes.length, height, width, samples, dtype, tags };
  const pieces: Uint8Array[] = [];
  async function* bytes() {
    for (const plane of planes) yield new Uint8Array(plane.buffer, plane.byteOffset, plane.byteLength);
  }
  for await (const piece of writeTiff(stack, bytes())) pieces.push(piece);
  const file = Buffer.concat(pieces);
  if (file.length !== tiffBytes(stack)) throw new Error(`${file.length} bytes written, ${tiffBytes(stack)} announced`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, file);
  return path;
}

/** Tags 50838 and 50839 as ImageJ writes them: a header `IJIJ`, one entry `info` of UTF-16 text. */
export function imageJTags(info: unknown): TiffTag[] {
  const text = Buffer.from(typeof info === "string" ? info : JSON.stringify(info), "utf16le");
  const head = Buffer.from("JIJIofni\0\0\0\0", "latin1");
  head.writeUInt32LE(1, 8);
  return [
    { tag: 50838, type: "long", value: [12, text.length] },
    { tag: 50839, type: "byte", value: new Uint8Array(Buffer.concat([head, text])) },
  ];
}

export function microManagerTag(metadata: unknown): TiffTag {
  return { tag: 51123, type: "ascii", value: JSON.stringify(metadata) };
}

const A_VALUES = [50_000, 50, 40_000, 50, 30_000, 50];
export const A_DESCRIPTION = "ImageJ=1.52e\nimages=6\nchannels=2\nslices=3\nmax=10411.0";
export const A_NAME = "A1_2_PROTEIN_test.tif";

/** The six pages of fixture A. */
export function pagesOfA(): Uint16Array[] {
  return A_VALUES.map((value) => pixels(50, { value, rows: [0, 4], columns: [3, 11] }));
}

export function writeFixtureA(folder: string, name = A_NAME): Promise<string> {
  const tags = (page: number): TiffTag[] => (page === 0 ? [{ tag: 270, type: "ascii", value: A_DESCRIPTION }] : []);
  return writeTiffFile(join(folder, name), pagesOfA(), { tags });
}

/** The one page of fixture O. */
export const pageOfO = (): Uint16Array => pixels(1, { value: 50_000, rows: [2, 4], columns: [3, 11] });

const POSITION_LIST = { InitialPositionList: [{ Label: "Pos1" }, { Label: "Pos3" }] };

/** Two files of one position each. */
export async function writeFixtureO(folder: string): Promise<string> {
  for (const position of [1, 3]) {
    const metadata = { ChannelIndex: 1, Slice: 2, FrameIndex: 3, PositionIndex: position, Channel: "TESTCHANNEL" };
    await writeTiffFile(join(folder, `test_Pos${position}.ome.tif`), [pageOfO()], {
      tags: () => [...imageJTags(POSITION_LIST), microManagerTag(metadata)],
    });
  }
  return folder;
}

export const F_CHANNELS = ["phase", "brightfield", "666"];
export const F_SUMMARY = {
  Slices: 26,
  PixelType: "GRAY16",
  Time: "2018-11-01 19:20:34 -0700",
  "z-step_um": 0.5,
  PixelSize_um: 0,
  BitDepth: 16,
  Width: 15,
  Height: 10,
};

/** A frame of fixture F. */
export const pageOfF = (z: number): Uint16Array =>
  pixels(1, { value: 10_000, rows: [2, 4], columns: [3, 11] }).map((value) => value + 5_000 * z);

export async function writeFixtureF(folder: string): Promise<string> {
  for (const channel of F_CHANNELS) {
    for (const z of [0, 1]) {
      await writeTiffFile(join(folder, `img_${channel}_t000_p050_z00${z}.tif`), [pageOfF(z)], {
        tags: () => imageJTags({ c: channel, z }),
      });
    }
  }
  await writeFile(join(folder, "metadata.txt"), JSON.stringify({ Summary: F_SUMMARY }));
  return folder;
}

/** The little-endian bytes of a plane, which are what hashes are of. */
export function bytesOf(plane: Uint16Array | Uint8Array): Uint8Array {
  return new Uint8Array(plane.buffer, plane.byteOffset, plane.byteLength);
}
