import { sep } from "node:path";
import { EmporiumError } from "../../core/errors.js";

/**
 * The one rule for symbolic links, of stores and of walks: a link may lead to any place inside the folder that was opened, and to
 * no other. Who writes into the folder could else choose what is read with the rights of whoever opened it.
 *
 * @param root real path of the folder that was opened
 * @param real real path of what is reached
 */
export function isInside(root: string, real: string): boolean {
  return real === root || real.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** @param path what leaves, as it was reached  @param folder what was opened  @param real where the path leads */
export function leavesFolder(path: string, folder: string, real: string): EmporiumError {
  return new EmporiumError(
    "STORE_DENIED",
    `${path} is reached by a link that leaves ${folder.replace(/(?<=.)\/+$/, "")}: it leads to ${real}`,
    {
      place: { file: path },
      hint: "open the folder that the link leads to, or copy the file here",
    },
  );
}
