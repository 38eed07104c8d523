import { lchownSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { namesBelow } from "./names-below.js";

const isRoot = process.geteuid?.() === 0;
/** `nobody` of every Linux. */
const NOBODY = 65_534;

/** Runs work that root alone may do more in than others: root does it as `nobody`, to whom `owned` and all below is given before, whatever the umask; anybody else as who they are. */
export async function asAnotherUser<T>(owned: readonly string[], work: () => Promise<T>): Promise<T> {
  if (!isRoot) return work();
  for (const path of owned.flatMap((one) => [one, ...namesBelow(one)])) lchownSync(path, NOBODY, NOBODY);
  process.setegid!(NOBODY);
  process.seteuid!(NOBODY);
  try {
    return await work();
  } finally {
    process.seteuid!(0);
    process.setegid!(0);
  }
}

/** Whether work may be done as somebody who may not read everything, with what this clone holds: by root only where others reach it. */
export const mayBeAnother = (folder: string): boolean => !isRoot || othersMayRun(folder);

/** Whether programs may be started as another user from here: by root alone, and not from a clone that was made with umask 077 or lies in a private folder. */
export function othersMayRun(folder: string): boolean {
  if (!isRoot) return false;
  for (let at = folder; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
