import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import type { DownloadLevels } from "../../model/page-api.js";
import { mapLimit } from "../../system/parallel.js";
import { type ArchiveSources, chosenOf, FILES_MAX } from "./archive.js";
import { contentsOf } from "./contents.js";
import type { Selection } from "./selection.js";
import { leveledVolume } from "./zarr-level.js";

/** Volumes whose levels are measured: each is listed. */
export const VOLUMES_MAX = 200;
const AT_ONCE = 8;

/**
 * The levels that all chosen OME-Zarr volumes have, with their bytes.
 *
 * @throws {EmporiumError} USAGE for too many volumes or chunks; FORMAT_UNSUPPORTED for a volume without levels; what the catalogue or the store throws
 */
export async function levelsOf(
  { store, pool }: ArchiveSources,
  { only, ...of }: Selection,
  signal: AbortSignal,
): Promise<DownloadLevels> {
  const chosen = chosenOf((await contentsOf(pool, of)).all, only);
  const keys = chosen.filter(({ format }) => format === "OME-Zarr").flatMap(({ parts }) => parts.map(({ key }) => key));
  if (keys.length > VOLUMES_MAX)
    throw new EmporiumError("USAGE", `${counted(keys.length, "volume")}: levels are offered of up to ${VOLUMES_MAX}`, {
      hint: "choose fewer of them; emporium harvest download --scale takes any number",
    });
  const volumes = await mapLimit(keys, AT_ONCE, (key) => leveledVolume(store, key, signal));
  const common = volumes.length === 0 ? 0 : Math.min(...volumes.map(({ paths }) => paths.length));
  let left = FILES_MAX;
  const sizes = await mapLimit(volumes, AT_ONCE, async (volume) => {
    const own: (number | undefined)[] = [];
    for (let level = 0; level < common; level++) {
      let sum: number | undefined = 0;
      for await (const one of volume.files(level)) {
        if (--left < 0)
          throw new EmporiumError(
            "USAGE",
            `more than ${counted(FILES_MAX, "file")} in ${counted(keys.length, "volume")}: their levels are not measured`,
            { hint: "choose fewer of them" },
          );
        if ("body" in one) sum = sum === undefined ? sum : sum + one.body.length;
        else sum = sum === undefined || one.approximate ? undefined : sum + one.size;
      }
      own.push(sum);
    }
    return own;
  });
  const levels = Array.from({ length: common }, (_, level) => {
    const paths = new Set(volumes.map((volume) => volume.paths[level]!));
    const known = sizes.flatMap((own) => own[level] ?? []);
    return {
      path: paths.size === 1 ? [...paths][0]! : null,
      sizeBytes: known.length === volumes.length ? known.reduce((sum, one) => sum + one, 0) : null,
    };
  });
  return { volumes: volumes.length, levels, deeper: volumes.filter(({ paths }) => paths.length > common).length };
}
