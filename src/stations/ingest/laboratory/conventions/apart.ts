import { groupsOf } from "../../../../core/groups.js";
import { baseName, folderOf } from "../recognisers/common/paths.js";
import { type NamedFile, runFinder } from "../run-names.js";
import type { Laboratory } from "../survey/laboratory.js";

/** Pixels of one acquisition differ by a binning, half a one where the detector was read at twice its resolution, or by a calibration. */
const BINNING_TOLERANCE = 0.02;
const CALIBRATION_TOLERANCE = 0.1;

/**
 * Names of runs where stacks of one name lie in two folders and cannot be of one acquisition by their pixels: `TS_01` of two projects on one drive. Each is
 * called after the folder by which they differ, `Project A_TS_01`.
 */
export function toldApart(names: readonly string[], named: readonly NamedFile[], laboratory: Laboratory): string[] {
  const find = runFinder(names);
  const stacks = named.flatMap(({ path, kind }) => {
    const spacing = kind === "tilt series" ? laboratory.get(path)?.volume?.spacingsAngstrom[1] : undefined;
    const run = spacing === undefined || spacing === 1 ? undefined : find(path);
    return run === undefined ? [] : [{ path, run, spacing: spacing! }];
  });
  const own = groupsOf(stacks, ({ run }) => run);
  return names.flatMap((name) => {
    const folders = foldersApart(own.get(name) ?? []);
    return folders.length < 2 ? [name] : folders.map((folder) => `${folder}_${name}`);
  });
}

interface Stack {
  readonly path: string;
  readonly spacing: number;
}

/** Folders whose stacks are of different acquisitions; empty where they may be of one, or do not lie in folders of their own. */
function foldersApart(stacks: readonly Stack[]): string[] {
  for (const alike of groupsOf(stacks, ({ path }) => baseName(path)).values()) {
    if (!alike.some((one) => alike.some((other) => !mayBeOne(one.spacing, other.spacing)))) continue;
    const parts = alike.map(({ path }) => folderOf(path).split("/"));
    const at = parts[0]!.findIndex((part, i) => parts.some((other) => other[i] !== part));
    if (at < 0 || parts.some(({ length }) => length <= at)) continue;
    const byFolder = groupsOf(alike, ({ path }) => path.split("/")[at]!);
    // those of one folder are of one acquisition, those of different folders are not
    const firsts = [...byFolder.values()].map((some) => some[0]!.spacing);
    const isOne = [...byFolder.values()].every((some) => some.every(({ spacing }) => mayBeOne(spacing, some[0]!.spacing)));
    const isApart = firsts.every((one, i) => firsts.every((other, k) => i === k || !mayBeOne(one, other)));
    if (isOne && isApart) return [...byFolder.keys()];
  }
  return [];
}

/**
 * Whether pixels of these sizes, in Å, may be of one acquisition.
 *
 * @param tolerance part by which they may differ from a binning
 */
export function mayBeOne(a: number, b: number, tolerance = BINNING_TOLERANCE): boolean {
  const ratio = Math.max(a, b) / Math.min(a, b);
  const halves = Math.round(2 * ratio) / 2;
  return ratio - 1 < CALIBRATION_TOLERANCE || Math.abs(ratio / halves - 1) < tolerance;
}

/** Whether what has pixels of these sizes, in Å, cannot be of one acquisition. A header that nobody set, which has 0 or 1 Å, tells nothing. */
export function haveOtherPixels(some: readonly (number | undefined)[], others: readonly (number | undefined)[]): boolean {
  const [a, b] = [some, others].map((sizes) =>
    sizes.filter((size) => size !== undefined && size > 0.01 && Math.abs(size - 1) > 0.001),
  );
  return a!.length > 0 && b!.length > 0 && a!.every((one) => b!.every((other) => !mayBeOne(one!, other!)));
}
