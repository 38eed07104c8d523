import { groupsOf } from "../../../../../core/groups.js";
import type { Claim, Recogniser } from "../../claims.js";
import type { Surveyed } from "../../survey/laboratory.js";
import { isAverage } from "../common/averages.js";
import { baseName, folderOf } from "../common/paths.js";

/**
 * Volumes, stacks and images of every other frame: two files whose paths differ only by words such as even and odd, and whose sizes are equal. cryoCARE
 * calls what it denoises after the even half, and says so in the header: that is no half.
 *
 * Source: names as MotionCor2 (`-SplitSum`), AreTomo, Warp (`even`, `odd`), RELION (`half1`) write them.
 */
export const halves: Recogniser = {
  id: "halves",
  software: "half maps",
  async recognise(laboratory) {
    const named = laboratory.files.flatMap((file) => {
      const half = file.volume && file.unreadable === undefined ? halfOf(file.path) : undefined;
      return half && !isAverage(file) && !isDenoised(file) ? [{ file, ...half }] : [];
    });
    const claims: Claim[] = [];
    for (const group of groupsOf(named, ({ key, file }) => `${key}\0${file.volume!.shape.join(" ")}`).values()) {
      const [one, other] = group;
      if (group.length !== 2 || one!.side === other!.side) continue;
      claims.push(claimOf(one!.file, other!.file), claimOf(other!.file, one!.file));
    }
    const told = new Set(claims.map(({ path }) => path));
    const folders = new Set(claims.map(({ path }) => folderOf(path)).filter((folder) => SIDE.test(baseName(folder))));
    for (const { file } of named) {
      const folder = folderOf(file.path);
      if (told.has(file.path) || !folders.has(folder)) continue;
      claims.push({
        path: file.path,
        role: "half map",
        because: `it lies among halves, in ${folder}, though under a name of its own`,
        strength: "contents",
      });
    }
    return claims.length === 0 ? undefined : { software: "", by: claims.slice(0, 2).map(({ path }) => path), claims };
  },
};

function claimOf(file: Surveyed, other: Surveyed): Claim {
  const { path, volume } = file;
  const pair = `${baseName(other.path)} has the same name and size for the other half`;
  const leave = (because: string): Claim => ({ path, role: "left out", because: `${because}: ${pair}`, strength: "contents" });
  if (volume!.says === "picture") return leave("an image of every other frame");
  if (volume!.says === "stack" || /\.(?:st|ali|mrcs)$/i.test(path)) return leave("a stack of every other frame");
  return { path, role: "half map", because: pair, strength: "contents" };
}

const isDenoised = ({ volume }: Surveyed): boolean => volume!.labels.some((label) => /cryoCARE/i.test(label));

const SIDES = /(^|[/_.\- ])(?:(evn|evens?|half[_-]?(?:map)?[_-]?[1a])|(odds?|half[_-]?(?:map)?[_-]?[2b]))(?=[/_.\- ]|$)/gi;

/** Names of folders of halves alone. */
const SIDE = /^(?:evn|evens?|odds?|half[_-]?(?:map)?[_-]?[12ab])$/i;

/** Which half a path speaks of, and the path without it. */
function halfOf(path: string): { key: string; side: "first" | "second" } | undefined {
  const sides = new Set<"first" | "second">();
  const key = path.replace(SIDES, (_, before: string, first: string | undefined) => {
    sides.add(first === undefined ? "second" : "first");
    return `${before}\0`;
  });
  const [side] = sides;
  return sides.size === 1 ? { key: key.toLowerCase(), side: side! } : undefined;
}
