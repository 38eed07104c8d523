import { roundHalfEven } from "../../../../core/number.js";
import { type Mdoc, parseMdoc } from "../../../../formats/mdoc/read.js";
import { parseTiltAngles, type TiltAngle } from "../../../../formats/tilt-angles/read.js";
import { objectName } from "../../../../stores/store.js";
import { type Lazy, lazy, unknown } from "./fact.js";
import type { Tree } from "./tree.js";

/** Angles are compared as most programs write them. */
const DECIMALS = 2;

/** A file of angles and where it is. */
export interface AngleFile {
  readonly key: string;
  readonly angles: readonly TiltAngle[];
}

export interface MdocFile {
  readonly key: string;
  readonly mdoc: Mdoc;
}

/** The only one of some files; which of several is meant is unknown, and a check of their number reports it. */
export function angleFile(tree: Tree, keys: readonly string[], what: string): Lazy<AngleFile> {
  if (keys.length > 1) return unknown(`more than one ${what}`);
  return lazy(what, async () => {
    const [key] = keys;
    const bytes = key === undefined ? undefined : await tree.bytes(key);
    return bytes && { key: key!, angles: parseTiltAngles(bytes, objectName(tree.store, key!)) };
  });
}

export function mdocFile(tree: Tree, keys: readonly string[]): Lazy<MdocFile> {
  if (keys.length > 1) return unknown("more than one mdoc");
  return lazy("mdoc", async () => {
    const [key] = keys;
    const bytes = key === undefined ? undefined : await tree.bytes(key);
    return bytes && { key: key!, mdoc: parseMdoc(bytes, objectName(tree.store, key!)) };
  });
}

/** Tilt angles of the sections that have one, in the order of the file. */
export function mdocAngles({ mdoc }: MdocFile): number[] {
  return mdoc.sections.flatMap(({ tiltAngleDegrees }) => tiltAngleDegrees ?? []);
}

/** Angles that find no partner of their own among others, both rounded to two decimals. */
export function withoutPartner(angles: readonly number[], others: readonly number[]): number[] {
  const left = new Map<number, number>();
  const rounded = (angle: number) => roundHalfEven(angle, DECIMALS) + 0;
  for (const angle of others) left.set(rounded(angle), (left.get(rounded(angle)) ?? 0) + 1);
  return angles.filter((angle) => {
    const free = left.get(rounded(angle)) ?? 0;
    if (free > 0) left.set(rounded(angle), free - 1);
    return free === 0;
  });
}

/** Degrees between two directions, 0 to 180. */
export function circularDifference(a: number, b: number): number {
  const difference = Math.abs(a - b) % 360;
  return Math.min(difference, 360 - difference);
}
