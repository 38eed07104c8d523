import type { Laboratory } from "../../survey/laboratory.js";
import { commonFolder } from "./paths.js";

/** What comes before a tomogram: acquisition files, movies, angles as recorded, what etomo and Warp write of a series. */
const SOURCE = /\.(?:mdoc|eer|rawtlt|edf|tomostar)$/i;

/**
 * The part of a path that may tell how its file was made: below the innermost folder that holds sources as well, and below the one that has all files.
 * `2021_cryocare/session/TS_1.mdoc` shows that cryoCARE did not make all that lies in 2021_cryocare.
 */
export function tellingPaths({ files }: Pick<Laboratory, "files">): (path: string) => string {
  const holding = new Set([commonFolder(files)]);
  for (const { path } of files) {
    if (!SOURCE.test(path)) continue;
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      if (holding.has(path.slice(0, at))) break;
      holding.add(path.slice(0, at));
    }
  }
  return (path) => {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1))
      if (holding.has(path.slice(0, at))) return path.slice(at + 1);
    return path;
  };
}
