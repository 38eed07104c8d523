import { groupsOf } from "../../../../../core/groups.js";
import type { Claim, Recogniser } from "../../claims.js";
import type { Surveyed } from "../../survey/laboratory.js";
import { isAverage } from "../common/averages.js";
import { HALF_FOLDER } from "../common/half-folder.js";
import { baseName, folderOf } from "../common/paths.js";

/**
 * Volumes, stacks and images of every other frame: two files whose paths differ only by words such as even and odd, and whose sections are of one size. cryoCARE
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
    const paths = new Set(laboratory.files.map(({ path }) => path.toLowerCase()));
    for (const group of groupsOf(named, ({ key, file }) => `${key}\0${file.volume!.shape.slice(1).join(" ")}`).values()) {
      const pairs = groupsOf(group, ({ file }) => `${file.volume!.shape[0]}`);
      // where the whole is beside them, one that has fewer sections was cut short
      const isCut = group.length === 2 && paths.has(wholeOf(group[0]!.key));
      for (const pair of isCut ? [group] : pairs.values()) {
        const [one, other] = pair;
        if (pair.length !== 2 || one!.side === other!.side) continue;
        claims.push(claimOf(one!.file, other!.file), claimOf(other!.file, one!.file));
      }
    }
    const told = new Set(claims.map(({ path }) => path));
    const folders = new Set(claims.map(({ path }) => folderOf(path)).filter((folder) => HALF_FOLDER.test(baseName(folder))));
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
  const isEqual = volume!.shape[0] === other.volume!.shape[0];
  const pair = `${baseName(other.path)} has the same name ${isEqual ? "and size" : "and another number of sections"} for the other half`;
  const leave = (because: string): Claim => ({ path, role: "left out", because: `${because}: ${pair}`, strength: "contents" });
  if (volume!.says === "picture") return leave("an image of every other frame");
  if (volume!.says === "stack" || /\.(?:st|ali|mrcs)$/i.test(path)) return leave("a stack of every other frame");
  return { path, role: "half map", because: pair, strength: "contents" };
}

const isDenoised = ({ volume }: Surveyed): boolean => volume!.labels.some((label) => /cryoCARE/i.test(label));

const SIDES = /(^|[/_.\- ])(?:(evn|evens?|half[_-]?(?:map)?[_-]?[1a])|(odds?|half[_-]?(?:map)?[_-]?[2b]))(?=[/_.\- ]|$)/gi;

/** The path of what two halves are of, in small letters. */
const wholeOf = (key: string): string => key.replace(/[_.\- ]\0/g, "").replace(/\0\/?/g, "");

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
