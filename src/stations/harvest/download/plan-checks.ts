import { asEmporiumError, EmporiumError, toErrorRecord } from "../../../core/errors.js";
import { few } from "../../../core/finding.js";
import { counted } from "../../../core/units.js";
import type { Checksum } from "../transfer/checksum.js";
import { SMALL_BYTES } from "../transfer/small-messages.js";
import { type Folding, localNames } from "./local-names.js";
import type { Manifest } from "./manifest.js";
import type { ObjectSet } from "./objects.js";
import type { DownloadPlan } from "./plan.js";
import { allocatedBytes } from "./room.js";

/** The manifest's default name below the destination. */
export const MANIFEST = ".emporium-manifest.jsonl";

/** If the only typed address fails, throws its error instead of making a report. */
export function refuseEmpty(plan: DownloadPlan, typed: readonly string[]): void {
  const something = plan.sets.some(({ objects, grids, crops }) => objects.length + grids.length + crops.length > 0);
  if (something) return;
  if (plan.faults.length > 0 && typed.length === 1) throw fromFault(plan);
  if (plan.faults.length === 0) {
    throw new EmporiumError("STORE_ABSENT", "nothing to download: the globs match no listed file", {
      hint: "leave --include and --exclude out, and look with --dry-run",
    });
  }
}

/**
 * Checks `--crop` and `--scale`, which are for volumes alone. Files beside the volumes are downloaded whole, with a warning.
 *
 * @throws {EmporiumError} USAGE if there is no volume
 */
export function refuseUnused(
  { sets, faults }: DownloadPlan,
  { crop, scale, warn }: { crop: boolean; scale: number | undefined; warn(message: string): void },
): void {
  if (!crop && scale === undefined) return;
  const option = crop ? "--crop" : "--scale";
  const volumes = sets.reduce((sum, set) => sum + set.volumes, 0);
  if (volumes === 0 && faults.length === 0) {
    const named = sets.map(({ typed }) => typed);
    throw new EmporiumError("USAGE", `${option} is for volumes of chunks, and none is among ${few(named)}`, {
      hint: `leave ${option} out to download files whole, or name the volume with zarr://, n5:// or precomputed://`,
    });
  }
  const files = sets.filter((set) => crop || set.volumes === 0).reduce((sum, { objects }) => sum + objects.length, 0);
  if (files > 0) warn(`${option} is for volumes: ${counted(files, "file is", "files are")} downloaded whole`);
}

/** The first fault as an error. */
export function fromFault({ faults }: DownloadPlan): EmporiumError {
  const { code, message, hint, ...place } = faults[0]!.error;
  return new EmporiumError(code, message, { place, hint });
}

/** Gives the only object its required checksum. @throws {EmporiumError} USAGE if there are several objects */
export function withChecksum({ sets }: DownloadPlan, given: Checksum): void {
  const { objects, grids, crops } = merged(sets);
  const [only] = objects;
  if (!only || objects.length + grids.length + crops.length > 1) {
    throw new EmporiumError(
      "USAGE",
      `--checksum ${given} is for one file, but ${objects.length + grids.length + crops.length} are selected`,
      {
        hint: "name one file, or leave --checksum out: checksum files in the folder of the data are used",
      },
    );
  }
  only.checksum = { value: given, from: "given" };
}

/** Gives each object its path. Names that cannot be used become faults. */
export function nameAll(
  plan: DownloadPlan,
  { folding, manifest, dest }: { folding: Folding; manifest: string; dest: string },
): void {
  const kept = [
    ".emporium",
    MANIFEST,
    `${MANIFEST}.part`,
    ...(manifest.startsWith(`${dest}/`) ? [manifest.slice(dest.length + 1)] : []),
  ];
  const names = localNames({ folding, windows: process.platform === "win32", kept });
  const fits = <T extends { rel: string; url: string }>(object: T): boolean => {
    try {
      names.take(object.rel);
      return true;
    } catch (error) {
      plan.faults.push({ url: object.url, rel: object.rel, error: toErrorRecord(asEmporiumError(error)) });
      return false;
    }
  };
  for (const set of plan.sets) {
    set.objects = set.objects.filter(fits);
    set.crops = set.crops.filter(fits);
  }
}

export interface Totals {
  files: number;
  bytes: number;
  /** Files of unknown size, or with a rounded one in the sum. */
  unsized: number;
}

export function totals({ sets }: DownloadPlan): Totals {
  const { objects, grids } = merged(sets);
  const chunks = grids.reduce((sum, { count }) => sum + count, 0);
  const bytes = objects.reduce((sum, { size, roundedSize, body }) => sum + (body?.length ?? size ?? roundedSize ?? 0), 0);
  const unsized = objects.filter(({ size, body }) => size === undefined && !body).length;
  return { files: objects.length + chunks, bytes, unsized: unsized + chunks };
}

/** The known bytes, without those that earlier runs have written. */
export async function bytesToWrite({ sets }: DownloadPlan, manifest: Manifest, dest: string): Promise<number> {
  let bytes = 0;
  for (const { size, roundedSize, rel } of merged(sets).objects) {
    const wanted = size ?? roundedSize ?? 0;
    const entry = manifest.get(rel);
    if (entry?.status === "done" && entry.size === size) continue;
    // small ones come with one reply, and have nothing unfinished
    bytes += wanted - (wanted > SMALL_BYTES ? Math.min(wanted, await allocatedBytes(dest, rel)) : 0);
  }
  return bytes;
}

/** The objects, grids of chunks and crops of all addresses together. */
export function merged(sets: readonly ObjectSet[]): Pick<ObjectSet, "objects" | "grids" | "crops"> {
  return {
    objects: sets.flatMap(({ objects }) => objects),
    grids: sets.flatMap(({ grids }) => grids),
    crops: sets.flatMap(({ crops }) => crops),
  };
}
