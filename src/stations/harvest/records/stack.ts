import type { JsonObject } from "../../../core/json.js";
import { counted } from "../../../core/units.js";
import { baseName } from "../../../stores/keys.js";
import type { LocatedRecord } from "./record.js";

/** Files of one folder whose names differ only by a number before the extension. */
export interface NumberedFiles {
  /** The path before the number: `data/slice_`. */
  stem: string;
  /** The extension: `.dm3`, `.ome.tif`. */
  end: string;
  /** Sorted by number. */
  members: { path: string; number: number }[];
}

const NUMBERED = /^(.*?)(\d{1,15})((?:\.ome)?\.[a-z][a-z0-9]*(?:\.gz)?)$/is;

/** Groups paths by folder, stem and extension. Single files and files without a number are in no group. */
export function numberedFiles(paths: Iterable<string>): NumberedFiles[] {
  const groups = new Map<string, NumberedFiles>();
  for (const path of paths) {
    const [, stem, digits, end] = NUMBERED.exec(path) ?? [];
    if (stem === undefined || digits === undefined || end === undefined) continue;
    const key = `${stem}\0${end.toLowerCase()}`;
    const group = groups.get(key) ?? { stem, end, members: [] };
    group.members.push({ path, number: Number(digits) });
    groups.set(key, group);
  }
  const result = [...groups.values()].filter(({ members }) => members.length > 1);
  for (const { members } of result) members.sort((a, b) => a.number - b.number || (a.path < b.path ? -1 : 1));
  return result;
}

/** One file of a stack, with its record if its header was read. */
export interface StackFile {
  path: string;
  number: number;
  record?: LocatedRecord | undefined;
}

/** Whether a record is that of one slice. */
export function isSlice({ shape, axes }: LocatedRecord): boolean {
  const place = axes.indexOf("z");
  const rest = shape.filter((length, axis) => axes[axis] !== "y" && axes[axis] !== "x" && axis !== place && length !== 1);
  return axes.includes("y") && axes.includes("x") && rest.length === 0 && (place < 0 || shape[place] === 1);
}

/** Width, height and type of a slice, which all slices of one volume share, as a text. */
export function sliceForm({ shape, axes, dtype }: LocatedRecord): string {
  const [y, x] = [shape[axes.indexOf("y")], shape[axes.indexOf("x")]];
  return `${x} × ${y} ${dtype ?? "of an unknown type"}`;
}

/** The most files that a warning names. */
const NAMED_MAX = 3;

/**
 * The volume of slices in the order of their numbers: shape `[slices, y, x]`, everything else from the first file. Missing and
 * repeated numbers are warnings.
 *
 * @param files by their numbers, of one form. The first one with a record gives the facts.
 * @param odd files of the group that do not belong to the volume
 */
export function stackRecord(files: readonly StackFile[], odd: readonly { path: string; found: string }[]): LocatedRecord {
  const looked = files.flatMap(({ record }) => (record ? [record] : []));
  const first = looked[0]!;
  const place = (axis: string) => first.axes.indexOf(axis);
  const along = <T>(list: readonly T[], depth: T): T[] => [
    place("z") < 0 ? depth : list[place("z")]!,
    list[place("y")]!,
    list[place("x")]!,
  ];
  const offset = along<number | null>(first.offset, null);
  const sources: LocatedRecord["sources"] = { ...first.sources, shape: "derived" };
  // a stack begins at its own first slice
  if (offset[0] === null && offset[1] !== null && offset[2] !== null) {
    offset[0] = 0;
    sources["offset.z"] = "derived";
  }
  return {
    ...first,
    shape: [files.length, first.shape[place("y")]!, first.shape[place("x")]!],
    axes: ["z", "y", "x"],
    unit: along(first.unit, null),
    voxel_size: along(first.voxel_size, null),
    offset,
    sources,
    warnings: [
      ...new Set(looked.flatMap(({ warnings }) => warnings)),
      ...stackWarnings(files, looked.length, odd),
      ...voxelWarnings(files),
    ],
    raw_metadata: { ...first.raw_metadata, files: files.map(({ path }) => baseName(path)) } satisfies JsonObject,
  };
}

function stackWarnings(files: readonly StackFile[], looked: number, odd: readonly { path: string; found: string }[]): string[] {
  const warnings: string[] = [];
  const twice = files.filter(({ number }, at) => at > 0 && files[at - 1]!.number === number);
  if (twice.length > 0)
    warnings.push(`stack-twice: ${some(twice.map(({ number }) => String(number)))}: a number that two files have`);
  const gaps: string[] = [];
  for (let at = 1; at < files.length; at++) {
    const [before, here] = [files[at - 1]!.number, files[at]!.number];
    if (here > before + 2) gaps.push(`${before + 1} to ${here - 1}`);
    else if (here === before + 2) gaps.push(String(before + 1));
  }
  if (gaps.length > 0) warnings.push(`stack-gap: no file has the number ${some(gaps)}: its neighbours stand next to each other`);
  if (odd.length > 0) {
    warnings.push(
      `stack-shape: ${some(odd.map(({ path, found }) => `${baseName(path)} (${found})`))}: not as the others, left out of the volume`,
    );
  }
  if (looked < files.length)
    warnings.push(
      `stack-sampled: ${looked} of ${counted(files.length, "file was", "files were")} looked at, the others taken to be like them`,
    );
  return warnings;
}

/** The warning if voxels of some files have other sizes than in the first file, whose sizes are taken for all. */
function voxelWarnings(files: readonly StackFile[]): string[] {
  const known = files.flatMap(({ path, record }) => (record ? [{ path, size: planeSize(record) }] : []));
  const others = known.filter(({ size }) => size !== known[0]!.size);
  if (others.length === 0) return [];
  const named = some(others.map(({ path, size }) => `${baseName(path)} (${size})`));
  return [
    `stack-voxel: ${named}: voxels of other sizes than in ${baseName(known[0]!.path)} (${known[0]!.size}), whose are taken`,
  ];
}

/** Size of a slice's voxels across its plane, such as `8 nm × 8 nm`. */
function planeSize({ axes, voxel_size, unit }: LocatedRecord): string {
  return ["x", "y"]
    .map((axis) => {
      const place = axes.indexOf(axis);
      return typeof voxel_size[place] === "number" ? `${voxel_size[place]} ${unit[place] ?? ""}`.trim() : "unknown";
    })
    .join(" × ");
}

function some(list: readonly string[]): string {
  return list.length <= NAMED_MAX
    ? list.join(", ")
    : `${list.slice(0, NAMED_MAX).join(", ")} and ${list.length - NAMED_MAX} more`;
}
