import type { Decision } from "../decide.js";
import { folderOf, within } from "../recognisers/common/paths.js";
import type { Laboratory } from "../survey/laboratory.js";

/**
 * Images that RAPTOR has binned to work on them lie in `temp` beside the `align` in which its log lies: they tell of which series its alignment is, and nobody
 * publishes them.
 *
 * Source: https://bio3d.colorado.edu/imod/doc/man/raptor.html
 */
export function leaveRaptorsImages(files: Map<string, Decision>, laboratory: Laboratory): void {
  const logs = laboratory.files.filter(({ path }) => /(?:^|\/)align\/[^/]+_RAPTOR\.log$/.test(path));
  const working = new Set(logs.map(({ path }) => within(folderOf(folderOf(path)), "temp")));
  if (working.size === 0) return;
  for (const [path, file] of files)
    if (file.role === "tilt series" && file.strength !== "person" && working.has(folderOf(path)))
      files.set(path, { ...file, role: "left out", because: "images that RAPTOR has worked on", details: {} });
}
