import type { Surveyed } from "../../survey/laboratory.js";
import { baseName, withoutProduct } from "../common/paths.js";

/** Words that file managers and people add to the name of a copy. */
const ADDED = /(?: ?\(\d+\)|[ _-]+(?:copy|kopie|copie|copia|kopia|dup(?:licate)?|bak|backup)(?:[ _-]?\(?\d+\)?)?)$/i;
const BEFORE = /^(?:copy|kopie|copie|copia)(?: ?\(\d+\))? (?:of|von|de|di) /i;
const FOLDER =
  /(?:^|[_.\- ])(?:backups?|bak|old|copy|copies|kopie|duplicates?|archiv(?:e|ed)?|trash|safe|sicherung)(?=[_.\- \d]|$)/i;
const OF_COPIES = /(?:^|[_.\- ])(?:backups?|bak|copies|kopien?|duplicates?|sicherung)(?=[_.\- \d]|$)/i;

/** A name without what a copy adds to it. */
export const withoutCopyWords = (name: string): string => name.replace(BEFORE, "").replace(ADDED, "");

/** Whether one of these folders is one of backups. */
export const isBackup = (folder: string): boolean =>
  withoutProduct(folder)
    .split("/")
    .some((part) => FOLDER.test(part));

/** Whether one of these folders has nothing but copies, as its name says: in one that is called old there is work of its own. */
export const holdsCopies = (folder: string): boolean =>
  withoutProduct(folder)
    .split("/")
    .some((part) => OF_COPIES.test(part));

/** Whether a folder is called a copy, or lies among backups. */
export const isCalledCopy = (folder: string): boolean =>
  isBackup(folder) || withoutCopyWords(baseName(folder)) !== baseName(folder);

/** Whether copies of a file tell anything: gain references are the same for many runs. */
export function mayBeCopied({ format, unreadable, path }: Surveyed): boolean {
  return format !== "zarr" && format !== "empty" && unreadable === undefined && !/gain|dark|defect|ref/i.test(baseName(path));
}
