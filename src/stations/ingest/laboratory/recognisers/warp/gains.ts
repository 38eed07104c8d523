import type { Claim } from "../../claims.js";
import { baseName, folderOf, namedFrom, tailFinder } from "../common/paths.js";
import type { Found } from "./project.js";

/** Settings, and the gain references and lists of defects that they name. */
export function claimGains({ laboratory, project, claims, goneGains }: Found): void {
  const finder = tailFinder(laboratory.files.map(({ path }) => path));
  const frames = claims.filter(({ role }) => role === "frame");
  const runs = [...new Set(frames.map(({ run }) => run!))];
  const all = runs.length > 0 ? runs : project.series.map(({ run }) => run);
  const gains = new Map<string, Claim>();
  for (const { path, gain, defects, dataFolder, isTilts } of project.settings) {
    claims.push({ path, role: "left out", because: "settings of Warp", strength: "bookkeeping" });
    const find = (named: string | undefined): string | undefined => {
      if (named === undefined) return undefined;
      const exact = [namedFrom(folderOf(path), named), dataFolder === undefined ? undefined : namedFrom(dataFolder, named)];
      return exact.find((one) => one !== undefined && laboratory.get(one)) ?? finder.find(named, folderOf(path));
    };
    const found = find(gain);
    if (gain !== undefined && found === undefined) goneGains.push({ by: path, named: gain });
    // settings whose folder was moved or renamed are those of what lies below them
    const data = dataFolder ?? folderOf(path);
    const own = isTilts ? runsOfLists(project, data) : runsBelow(frames, data);
    if (found !== undefined) {
      const known = gains.get(found)?.runs ?? [];
      const these = own.length > 0 ? own : known.length > 0 ? [] : all;
      gains.set(found, {
        path: found,
        role: "gain",
        runs: [...new Set([...known, ...these])],
        because: `${baseName(path)} names it`,
        strength: "bookkeeping",
      });
    }
    const list = find(defects);
    if (list !== undefined)
      claims.push({ path: list, role: "left out", because: "a list of the camera's defects", strength: "bookkeeping" });
  }
  claims.push(...gains.values());
}

/** Runs whose `.tomostar` files lie in a folder. */
function runsOfLists({ series }: Found["project"], folder: string): string[] {
  return series.flatMap(({ run, tomostar }) => (tomostar !== undefined && folderOf(tomostar) === folder ? [run] : []));
}

/** Runs with frames in a folder. */
function runsBelow(frames: readonly Claim[], folder: string): string[] {
  return [...new Set(frames.flatMap(({ path, run }) => (path.startsWith(`${folder}/`) ? run! : [])))];
}
