import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { groupsOf } from "../../../core/groups.js";
import { inNumbers } from "../../../core/natural-order.js";
import { counted } from "../../../core/units.js";
import { mapLimit } from "../../../system/parallel.js";
import type { Claim, Recognised } from "./claims.js";
import { baseName, folderOf } from "./recognisers/common/paths.js";
import { isBackup, isCalledCopy, mayBeCopied } from "./recognisers/copies/names.js";
import type { Laboratory, Surveyed } from "./survey/laboratory.js";
import { onlyWith } from "./survey/only-with.js";

/** Files of a folder whose contents are compared, at most; of all the others names, sizes and what their heads say. Where there are more it is told. */
const COMPARED_MAX = 500;
const READS_IN_FLIGHT = 4;

/** A folder with all that lies below it. */
interface Folder {
  readonly path: string;
  readonly folders: Map<string, Folder>;
  readonly files: Surveyed[];
}

/**
 * Leaves out folders that somebody has copied as a whole: equal in the names and sizes of everything below them, and in contents. What knows software sees
 * one of them, and so finds each series once. Folders without a volume, a frame or the like, which many runs have alike, are none. Of folders of backups
 * single files are left out, too, that lie elsewhere under the same name.
 *
 * @returns the laboratory without copies, and what is claimed of these
 */
export async function withoutCopiedFolders(laboratory: Laboratory): Promise<{
  readonly laboratory: Laboratory;
  readonly copies?: Recognised | undefined;
  /** Each copy with its original. */
  readonly pairs: readonly (readonly [copy: string, original: string])[];
}> {
  const originals = new Map<string, string>();
  const isHidden = (path: string) => {
    for (let at = path.length; at > 0; at = path.lastIndexOf("/", at - 1)) if (originals.has(path.slice(0, at))) return true;
    return false;
  };
  const groups = equalFolders(laboratory).sort((a, b) => depth(a[0]!.path) - depth(b[0]!.path));
  for (const group of groups) {
    const open = group.filter(({ path }) => !isHidden(path)).sort(byRank);
    const [original, ...others] = open;
    for (const other of others) if (await isEqual(laboratory, original!, other)) originals.set(other.path, original!.path);
  }
  const open = { ...laboratory, files: laboratory.files.filter(({ path }) => !isHidden(path)) };
  const single = await copiesInBackups(open);
  if (originals.size === 0 && single.size === 0) return { laboratory, pairs: [] };
  const said = new Map([...originals].map(([copy, original]) => [copy, copyText(laboratory, copy, original)]));
  const claims = laboratory.files.flatMap(({ path }): Claim[] => {
    const copyOf = single.get(path);
    if (copyOf !== undefined)
      return [{ path, role: "left out", because: `a copy of ${copyOf}`, strength: "bookkeeping", copyOf }];
    const [copy, original] = [...originals].find(([folder]) => path.startsWith(`${folder}/`)) ?? [];
    if (copy === undefined || original === undefined) return [];
    return [
      {
        path,
        role: "left out",
        because: said.get(copy)!,
        strength: "bookkeeping",
      },
    ];
  });
  return {
    laboratory: onlyWith(laboratory, (path) => !isHidden(path) && !single.has(path)),
    copies: { software: "", by: [], claims },
    pairs: [...originals, ...single],
  };
}

/** Files in folders of backups that are compared with others, at most: beyond them each is looked at like any other. */
const BACKUPS_MAX = 5_000;
/** Smaller texts are lists of angles and templates, which several series have alike. */
const TEXT_BYTES_MIN = 1024;

/** Files in folders of backups with those elsewhere that have their name and their contents. */
async function copiesInBackups({ files, digest }: Laboratory): Promise<ReadonlyMap<string, string>> {
  const isTelling = (file: Surveyed) => mayBeCopied(file) && (file.format !== "text" || file.size >= TEXT_BYTES_MIN);
  const named = groupsOf(files.filter(isTelling), ({ path, size }) => `${baseName(path)} ${size}`);
  const pairs = [...named.values()].flatMap((some) => {
    const elsewhere = some.filter(({ path }) => !isBackup(folderOf(path)));
    return elsewhere.length === 0 ? [] : some.filter((one) => !elsewhere.includes(one)).map((copy) => ({ copy, elsewhere }));
  });
  const found = await mapLimit(pairs.slice(0, BACKUPS_MAX), READS_IN_FLIGHT, async ({ copy, elsewhere }) => {
    const own = await digest(copy.path);
    for (const { path } of elsewhere) if ((await digest(path)) === own) return [copy.path, path] as const;
    return undefined;
  });
  return new Map(found.filter((one) => one !== undefined));
}

const depth = (path: string): number => path.split("/").length;

/** A job of RELION, which makes a link to it under the name that a person gives it. */
const isJob = (path: string): boolean => /(?:^|\/)job\d{3,}$/.test(path);

/** Whether all that lies in a folder is reached by links. */
const isOfLinks = ({ files, folders }: Folder): boolean =>
  files.every(({ isLinked }) => isLinked) && [...folders.values()].every(isOfLinks);

/** The original first: not called a copy, a job under its own name, no link, nearest to the top. What belongs to files lies beside the files themselves. */
function byRank(a: Folder, b: Folder): number {
  const [first, second] = [a, b].map(
    (one) => 4 * Number(isCalledCopy(one.path)) - 2 * Number(isJob(one.path)) + Number(isOfLinks(one)),
  );
  return first! - second! || depth(a.path) - depth(b.path) || inNumbers(a.path, b.path);
}

/** Folders with equal names and sizes of everything below them, of which something may be published. */
function equalFolders({ files }: Laboratory): Folder[][] {
  const top: Folder = { path: "", folders: new Map(), files: [] };
  for (const file of files) {
    const parts = file.path.split("/").slice(0, -1);
    let folder = top;
    for (const part of parts) {
      const path = folder === top ? part : `${folder.path}/${part}`;
      const inside: Folder = folder.folders.get(part) ?? { path, folders: new Map(), files: [] };
      folder.folders.set(part, inside);
      folder = inside;
    }
    folder.files.push(file);
  }
  const byContents = new Map<string, Folder[]>();
  const add = (folder: Folder): { key: string; count: number; isOfData: boolean } => {
    const hash = createHash("sha256");
    let count = folder.files.length;
    let isOfData = folder.files.some((file) => mayBeCopied(file) && file.format !== "text" && file.format !== undefined);
    for (const { path, size } of folder.files) hash.update(`${path.slice(folder.path.length)}\0${size}\0`);
    for (const [name, inside] of [...folder.folders].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const one = add(inside);
      hash.update(`${name}/\0${one.key}\0`);
      count += one.count;
      isOfData ||= one.isOfData;
    }
    const key = hash.digest("hex");
    if (folder !== top && count > 1 && isOfData) byContents.set(key, [...(byContents.get(key) ?? []), folder]);
    return { key, count, isOfData };
  };
  add(top);
  return [...byContents.values()].filter((group) => group.length > 1);
}

function copyText({ files, get }: Laboratory, copy: string, original: string): string {
  const own = files.filter(({ path }) => path.startsWith(`${copy}/`));
  const isLinked = own.every(({ path, etag }) => etag !== undefined && get(original + path.slice(copy.length))?.etag === etag);
  if (isLinked) return `${copy} and ${original} show the same files, one of them by links`;
  const compared =
    own.length > COMPARED_MAX
      ? ` (names, sizes and headers of its ${counted(own.length, "file")} are equal, and the contents of ${COMPARED_MAX})`
      : "";
  return `${copy} is a copy of ${original}, with all that is in it${compared}`;
}

async function isEqual(laboratory: Laboratory, { path: original }: Folder, copy: Folder): Promise<boolean> {
  const all = filesOf(copy);
  const originalOf = (path: string) => original + path.slice(copy.path.length);
  if (!all.every((file) => saysTheSame(file, laboratory.get(originalOf(file.path))))) return false;
  const step = Math.max(1, all.length / COMPARED_MAX);
  const some = Array.from({ length: Math.min(all.length, COMPARED_MAX) }, (_, n) => all[Math.floor(n * step)]!);
  const equal = await mapLimit(some, READS_IN_FLIGHT, async ({ path }) => {
    const digests = await Promise.all([path, originalOf(path)].map((one) => laboratory.digest(one)));
    return digests[0] === digests[1];
  });
  return equal.every((one) => one);
}

/** What the survey has read of each file. */
const saysTheSame = (one: Surveyed, other: Surveyed | undefined): boolean =>
  other?.format === one.format && isDeepStrictEqual(other?.volume, one.volume);

const filesOf = ({ files, folders }: Folder): Surveyed[] => [...files, ...[...folders.values()].flatMap(filesOf)];
