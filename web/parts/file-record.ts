import type { FileFacts, FileRecord } from "../../src/model/page-api.js";
import { ask } from "./api.js";
import { ABSENT, fixed } from "./format.js";

/** Query for the header of a file or volume of a place. */
export const fileFactsQuery = (place: string, key: string) => ({
  queryKey: ["facts", place, key],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    ask<FileFacts>(`places/${place}/facts?${new URLSearchParams({ key })}`, signal),
});

/** `256 × 192 × 64`: x first, as people say it. */
export const shapeOf = ({ shape }: FileRecord): string => [...shape].reverse().join(" × ");

/** Voxel size in Å; where axes differ each of them, x first. */
export function voxelOf(record: FileRecord): string {
  const sizes = allSizes(record);
  const texts = sizes.map((size) => (size === undefined ? "?" : fixed(size)));
  return sizes.every((size) => size === undefined) ? ABSENT : new Set(texts).size === 1 ? texts[0]! : texts.join(" × ");
}

/** Known voxel sizes in Å along x, y and z. */
export const voxelSizes = (record: FileRecord): readonly number[] => allSizes(record).filter((size) => size !== undefined);

/** Voxel sizes in Å, x first; undefined for an axis whose size is not known. */
function allSizes({ voxel_size, unit, axes }: FileRecord): readonly (number | undefined)[] {
  const sizes = axes.flatMap((axis, at) => {
    const size = voxel_size[at];
    return ["z", "y", "x"].includes(axis) ? [typeof size === "number" ? angstromOf(size, unit[at]) : undefined] : [];
  });
  return sizes.reverse();
}

function angstromOf(size: number, unit: string | null | undefined): number | undefined {
  const factors: Readonly<Record<string, number>> = {
    å: 1,
    angstrom: 1,
    nm: 10,
    nanometer: 10,
    µm: 1e4,
    um: 1e4,
    micrometer: 1e4,
  };
  const factor = factors[unit?.toLowerCase() ?? ""];
  return factor === undefined ? undefined : size * factor;
}
