import type { Claim } from "../../claims.js";
import { baseName, folderOf, namedFrom, tailFinder } from "../common/paths.js";
import type { Found } from "./project.js";

const IMAGE_FORMATS: readonly unknown[] = ["tiff", "mrc", "dm", "eer"];

/**
 * Settings, and the gain references and lists of defects that they name. Where they name none, an image that is called a gain and has the size of the
 * frames is one.
 */
export async function claimGains({ laboratory, project, claims, goneGains }: Found): Promise<void> {
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
    const own = isTilts ? runsOfLists(project, dataFolder) : runsBelow(frames, dataFolder);
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
  if (gains.size === 0 && goneGains.length === 0 && frames.length > 0) {
    const path = await gainByName();
    if (path !== undefined)
      gains.set(path, {
        path,
        role: "gain",
        runs: all,
        because: "it is called a gain, and has the size of the frames",
        strength: "contents",
      });
  }
  claims.push(...gains.values());

  async function gainByName(): Promise<string | undefined> {
    const taken = new Set(claims.map(({ path }) => path));
    const named = laboratory.files.filter(
      ({ path, format }) => /(?:^|[_.\- ])gain/i.test(baseName(path)) && IMAGE_FORMATS.includes(format) && !taken.has(path),
    );
    if (named.length !== 1) return undefined;
    const [one, frame] = await Promise.all([laboratory.peek(named[0]!.path), laboratory.peek(frames[0]!.path)]);
    const [image, of] = [one?.images[0]?.shape, frame?.images[0]?.shape];
    if (!image || !of || image.slice(0, -2).some((count) => count > 1)) return undefined;
    return image.at(-1) === of.at(-1) && image.at(-2) === of.at(-2) ? named[0]!.path : undefined;
  }
}

/** Runs whose `.tomostar` files lie in a folder. */
function runsOfLists({ series }: Found["project"], folder: string | undefined): string[] {
  return series.flatMap(({ run, tomostar }) => (tomostar !== undefined && folderOf(tomostar) === folder ? [run] : []));
}

/** Runs with frames in a folder. */
function runsBelow(frames: readonly Claim[], folder: string | undefined): string[] {
  if (folder === undefined) return [];
  return [...new Set(frames.flatMap(({ path, run }) => (path.startsWith(`${folder}/`) ? run! : [])))];
}
