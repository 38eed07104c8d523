import { encodeGreyPng, encodePng } from "../../src/arrays/picture/png.js";
import { csvCells } from "../../src/formats/table/csv-line.js";
import { TAG } from "../../src/formats/tiff/tags.js";
import { type TiffTag, writeTiff } from "../../src/formats/tiff/write.js";
import type { VolumeFacts } from "../../src/model/page-api.js";
import type { Contrast } from "./contrast.js";
import { hasScale, voxelOf } from "./geometry.js";
import type { OverlayPoint } from "./overlay.js";
import { isWhole, type Plane, type PlaneSource, sampleAt } from "./planes.js";

/** Facts that are written into a picture beside its pixels. */
export interface PictureFacts {
  readonly title: string;
  readonly url: string;
  readonly plane: string;
  /** Voxel edges along x, y and z; null where unknown. */
  readonly voxelSizeAngstrom: readonly (number | null)[];
  /** Edge of a pixel of the picture; undefined where the scale is not known. */
  readonly pixelSizeAngstrom?: number | undefined;
  readonly contrast?: Contrast | undefined;
}

/** `tEXt` has Latin-1 only. */
function textOf(facts: PictureFacts, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { contrast, pixelSizeAngstrom } = facts;
  const [z, y, x] = facts.voxelSizeAngstrom;
  const text = {
    Title: facts.title,
    Source: facts.url,
    Plane: facts.plane,
    "Voxel size": [x, y, z]
      .map((size) => size ?? "unknown")
      .join(" x ")
      .concat(" angstrom"),
    ...(pixelSizeAngstrom && { "Pixel size": `${pixelSizeAngstrom} angstrom` }),
    ...(contrast && {
      Limits: `${contrast.low} ${contrast.high}`,
      Gamma: String(contrast.gamma),
      ...(contrast.isInverted && { Inverted: "yes" }),
    }),
    Software: "emporium",
    ...more,
  };
  return Object.fromEntries(Object.entries(text).map(([name, value]) => [name, value.replaceAll(/[^\x20-\x7e\xa0-\xff]/g, "?")]));
}

/** Colours as they were seen. @param rgba four numbers a pixel; how opaque they are does not count */
export function seenPng(rgba: Uint8ClampedArray, width: number, height: number, facts: PictureFacts): Uint8Array {
  const rgb = new Uint8Array(3 * width * height);
  for (let pixel = 0; pixel < width * height; pixel++) for (let i = 0; i < 3; i++) rgb[3 * pixel + i] = rgba[4 * pixel + i]!;
  return encodePng({ width, height, rgb }, textOf(facts));
}

/** Numbers as they are where 16 bits hold them; else between the plane's least and largest. `tEXt` says how to get them back. */
export function rawPng(plane: Plane, facts: PictureFacts): Uint8Array {
  const { rows, columns, dtype } = plane;
  const { offset, scale } = rangeOf(plane);
  const data = new Uint16Array(rows * columns);
  for (let i = 0; i < data.length; i++) data[i] = Math.round((sampleAt(plane, i) - offset) / scale) || 0;
  const isExact = scale === 1;
  const text = textOf(facts, { Value: isExact ? `grey + ${offset}` : `grey * ${scale} + ${offset}`, Type: dtype });
  return encodeGreyPng({ width: columns, height: rows, data }, text);
}

function rangeOf(plane: Plane): { readonly offset: number; readonly scale: number } {
  if (plane.dtype === "uint8" || plane.dtype === "uint16") return { offset: 0, scale: 1 };
  if (plane.dtype === "int8") return { offset: -128, scale: 1 };
  if (plane.dtype === "int16") return { offset: -32768, scale: 1 };
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < plane.data.length; i++) {
    const value = sampleAt(plane, i);
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low < high && Number.isFinite(high - low)
    ? { offset: low, scale: (high - low) / 65535 }
    : { offset: low || 0, scale: 1 };
}

/** The plane as a 32-bit floating point TIFF, bit for bit. @param pixelSizeAngstrom written as pixels a centimetre, which is 10⁸ Å */
export async function floatTiff(plane: Plane, pixelSizeAngstrom: number | undefined, about: string): Promise<Uint8Array> {
  const { rows, columns } = plane;
  const data = Float32Array.from({ length: rows * columns }, (_, i) => sampleAt(plane, i));
  const perCentimetre = pixelSizeAngstrom ? [Math.round(1e8 / pixelSizeAngstrom), 1] : undefined;
  const tags: TiffTag[] = [
    { tag: TAG.ImageDescription, type: "ascii", value: about.replaceAll(/[^\x20-\x7e]/g, "?") },
    ...(perCentimetre
      ? [
          { tag: TAG.XResolution, type: "rational" as const, value: perCentimetre },
          { tag: TAG.YResolution, type: "rational" as const, value: perCentimetre },
          { tag: TAG.ResolutionUnit, type: "short" as const, value: [3] },
        ]
      : []),
  ];
  const stack = { pages: 1, height: rows, width: columns, samples: 1, dtype: "float32", tags: () => tags } as const;
  async function* pixels() {
    yield new Uint8Array(data.buffer);
  }
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of writeTiff(stack, pixels())) pieces.push(piece as Uint8Array<ArrayBuffer>);
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

/** Points as a table: names, numbers in their files, Å and voxels from 0. */
export function pointsCsv(facts: VolumeFacts, points: readonly OverlayPoint[]): Uint8Array {
  const [voxel, origin] = [voxelOf(facts), facts.originAngstrom];
  const print = (value: number) => String(Number(value.toFixed(3)));
  const unit = hasScale(facts) ? ["x_angstrom", "y_angstrom", "z_angstrom"] : [];
  const lines = points.map(({ layer, number, instance, world }) => [
    layer,
    String(number),
    String(instance ?? ""),
    ...(hasScale(facts) ? [...world].reverse().map(print) : []),
    ...world.map((value, i) => print((value - origin[i]!) / voxel[i]!)).reverse(),
  ]);
  const header = ["layer", "point", "instance", ...unit, "x_voxel", "y_voxel", "z_voxel"];
  return new TextEncoder().encode([header, ...lines].map((cells) => `${csvCells(cells)}\r\n`).join(""));
}

/** All of a plane, as the file has it. */
export async function nativePlane(
  source: PlaneSource,
  ask: Omit<Plane, "rows" | "columns" | "dtype" | "data">,
  signal: AbortSignal,
): Promise<Plane> {
  const whole = { ...ask, level: 0, as: "native" as const };
  if (!isWhole(source.facts, whole)) throw new Error("a native export is of the whole plane");
  return await source.read(whole, signal);
}
