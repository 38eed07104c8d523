import { groupsOf } from "../../../../core/groups.js";
import type { Laboratory } from "./laboratory.js";

/** A laboratory in which nobody sees other files than these. */
export function onlyWith(laboratory: Laboratory, isSeen: (path: string) => boolean): Laboratory {
  const files = laboratory.files.filter(({ path }) => isSeen(path));
  const inFolders = groupsOf(files, ({ path }) => path.slice(0, Math.max(0, path.lastIndexOf("/"))));
  return {
    ...laboratory,
    files,
    get: (path) => (isSeen(path) ? laboratory.get(path) : undefined),
    inFolder: (folder) => inFolders.get(folder) ?? [],
    folders: () => laboratory.folders().filter((folder) => inFolders.has(folder)),
  };
}
