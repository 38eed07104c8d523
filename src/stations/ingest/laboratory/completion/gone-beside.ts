import { groupsOf } from "../../../../core/groups.js";
import type { Decision } from "../decide.js";
import { stemOf } from "../recognisers/common/names.js";
import { sharedDepth } from "../recognisers/common/paths.js";
import { looseName } from "../run-names.js";
import type { Laboratory } from "../survey/laboratory.js";

const VOLUME = /\.(?:mrc|rec|map|st)$/i;
const OF_TOMOGRAMS: readonly Decision["role"][] = ["points", "table", "mask", "mesh"];

/**
 * Lists, masks and meshes that are of a run by its name alone, and lie nearer to an empty volume of that name than to any tomogram or series of the run: of two
 * specimens with series of one name they are of the one whose tomogram was lost.
 */
export function leaveThoseOfGone(files: Map<string, Decision>, laboratory: Laboratory): void {
  const empty = laboratory.files.filter(({ path, size }) => size === 0 && VOLUME.test(path));
  if (empty.length === 0) return;
  const byName = groupsOf(empty, ({ path }) => looseName(stemOf(path)));
  const ofRun = groupsOf(
    [...files.values()].filter(({ role, run }) => run !== undefined && (role === "tomogram" || role === "tilt series")),
    ({ run }) => run!,
  );
  for (const file of [...files.values()]) {
    const { path, role, run, strength } = file;
    if (!OF_TOMOGRAMS.includes(role) || run === undefined || strength === "person" || strength === "bookkeeping") continue;
    const own = Math.max(-1, ...(ofRun.get(run) ?? []).map((one) => sharedDepth(path, one.path)));
    const gone = (byName.get(looseName(run)) ?? []).find((one) => sharedDepth(path, one.path) > own);
    if (own < 0 || gone === undefined) continue;
    const because = `${gone.path}, the nearest volume that is called so, is an empty file`;
    files.set(path, { ...file, role: "left out", because, details: {} });
  }
}
