import { groupsOf } from "../../../../../core/groups.js";
import { inNumbers } from "../../../../../core/natural-order.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim, Recogniser } from "../../claims.js";
import type { Laboratory, Surveyed } from "../../survey/laboratory.js";
import { knownBeginning, SEPARATORS, stemOf } from "../common/names.js";
import { baseName, folderOf } from "../common/paths.js";
import { isBackup, mayBeCopied, withoutCopyWords } from "./names.js";

/**
 * Files that are byte for byte another one: what file managers call `X (1).mrc` or `Copy of X.mrc`, what lies in folders of backups, and what carries the
 * same name elsewhere. Only files of one size that may be copies by their names are read, in five places; texts other than
 * lists of points only where their names say it, since many runs have equal ones.
 */
export const copies: Recogniser = {
  id: "copies",
  software: "copies",
  async recognise(laboratory) {
    const { groups, isComplete } = candidatesOf(laboratory);
    const found = await mapLimit(groups, GROUPS_IN_FLIGHT, (group) => equalsOf(laboratory, group));
    const all = found.flat(2).filter((claim) => claim !== undefined);
    const claims = all.filter(isOfOther(laboratory, new Set(all.map(({ path }) => path))));
    const notes = isComplete
      ? []
      : [`There are too many files of equal names and sizes: only the first ${FILES_MAX} are looked at for being copies.`];
    return claims.length === 0 && isComplete
      ? undefined
      : { software: "", by: claims.slice(0, 2).map(({ path }) => path), claims, notes };
  },
};

const GROUPS_IN_FLIGHT = 8;
/** Files that are read, at most: two pieces of 256 KiB each. */
const FILES_MAX = 5_000;
/** Smaller ones are templates, lists of angles, headers without a picture: equal for many runs, like texts. */
const BYTES_MIN = 1024;
/** Lists of points, which no two runs have alike, however short they are. */
const POINTS = /\.(?:star|tbl|cbox|tloc|box|csv)$/i;

const isText = ({ format, path }: Surveyed): boolean => format === "text" && !POINTS.test(path);
const isCommon = (file: Surveyed): boolean => isText(file) || (file.size < BYTES_MIN && !POINTS.test(file.path));

interface Named {
  readonly file: Surveyed;
  /** Name without what a copy adds, in small letters. */
  readonly plain: string;
  readonly isCalledCopy: boolean;
}

function namedOf(file: Surveyed): Named {
  const name = baseName(file.path);
  const dot = name.lastIndexOf(".");
  const [stem, end] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  // `X.mrc.bak`, `X.mrc copy`
  const bare = `${withoutCopyWords(stem)}${/^\.(?:bak|orig|old|copy)\d*$/i.test(end) ? "" : withoutCopyWords(end)}`;
  return { file, plain: bare.toLowerCase(), isCalledCopy: bare !== name };
}

const isInBackup = ({ file }: Named): boolean => isBackup(folderOf(file.path));

/** Groups of files that may be equal: of one size, and of one name but for what copies add, or one name begins with the other. */
function candidatesOf(laboratory: Laboratory): { groups: Named[][]; isComplete: boolean } {
  const groups: Named[][] = [];
  let count = 0;
  const files = laboratory.files.filter(mayBeCopied);
  for (const sameSize of groupsOf(files, ({ size }) => `${size}`).values()) {
    if (sameSize.length < 2) continue;
    const named = sameSize.map(namedOf);
    const names = new Set(named.map(({ plain }) => plain));
    const byName = groupsOf(named, ({ file, plain }) => rootOf(plain, file.volume ? names : undefined));
    for (const group of byName.values()) {
      if (group.length < 2 || (isCommon(group[0]!.file) && !group.some((one) => one.isCalledCopy || isInBackup(one)))) continue;
      count += group.length;
      if (count > FILES_MAX) return { groups, isComplete: false };
      groups.push(group);
    }
  }
  return { groups: [...groups, ...linkedOf(files)], isComplete: true };
}

/** Files that a link, or a second name on the disk, shows elsewhere under whatever name. Texts are linked to for many runs. */
function linkedOf(files: readonly Surveyed[]): Named[][] {
  const linked = groupsOf(
    files.filter(({ etag, format }) => etag !== undefined && format !== "text" && format !== undefined),
    ({ etag, size }) => `${etag} ${size}`,
  );
  return [...linked.values()].filter((group) => group.length > 1).map((group) => group.map(namedOf));
}

/** The shortest name that this one begins with: `ts_01.mrc` for `ts_01_final.mrc`. */
function rootOf(plain: string, names: ReadonlySet<string> | undefined): string {
  const dot = plain.lastIndexOf(".");
  if (names === undefined || dot < 0) return plain;
  const end = plain.slice(dot);
  for (let at = 1; at < dot; at++) {
    if (SEPARATORS.includes(plain[at]!) && names.has(plain.slice(0, at) + end)) return plain.slice(0, at) + end;
  }
  return plain;
}

async function equalsOf(laboratory: Laboratory, group: readonly Named[]): Promise<(Claim | undefined)[][]> {
  const digests = await mapLimit(group, 2, ({ file }) => laboratory.digest(file.path));
  const equal = [...groupsOf(group.entries(), ([at]) => digests[at]!).values()].filter((some) => some.length > 1);
  return Promise.all(
    equal.map(async (some) => {
      const ranked = originalFirst(
        laboratory,
        some.map(([, one]) => one),
      );
      const [original, ...all] = ranked as [Named, ...Named[]];
      // two runs may have the same angles: of texts only what is called a copy is one
      const others = isText(original.file) ? all.filter((one) => one.isCalledCopy || isInBackup(one)) : all;
      return Promise.all(
        others.map(async (other) => ((await isEqualInside(laboratory, original, other)) ? claimOf(other, original) : undefined)),
      );
    }),
  );
}

/** Within one folder, or by its name, a copy is one whatever others make of it; elsewhere bookkeeping may name the copy. */
function claimOf(copy: Named, { file: original }: Named): Claim {
  const { path } = copy.file;
  const isPlain = copy.isCalledCopy || folderOf(path) === folderOf(original.path);
  const strength = isPlain ? "bookkeeping" : "contents";
  return { path, role: "left out", because: `a copy of ${original.path}`, strength, copyOf: original.path };
}

/** What is written beside a volume while it is made. */
const MADE_WITH = /\.(?:xf|tlt|rawtlt|aln|edf|mdoc|st|ali|preali)$/i;

/** Whether nothing of its making is in the folder of a volume, as in that of somebody who was given it. */
function liesAlone(laboratory: Laboratory, { path, volume }: Surveyed): boolean {
  if (!volume) return false;
  const made = laboratory.inFolder(folderOf(path)).filter((other) => other.path !== path && MADE_WITH.test(other.path));
  const stems = new Set(made.map((other) => stemOf(other.path.replace(/\.mdoc$/i, ""))));
  return knownBeginning(stemOf(path), (name) => stems.has(name)) === undefined;
}

/** `3.rec`: a number that a program counts by, which tells nobody what it is a link to. */
const isNumber = ({ file }: Named): boolean => /^\d+\.\w+$/.test(baseName(file.path));

/** Volumes beside a file: who copies one for somebody takes it from among others. */
const besideIt = (laboratory: Laboratory, { file }: Named): number =>
  laboratory.inFolder(folderOf(file.path)).filter(({ volume }) => volume !== undefined).length;

/**
 * The original first: not called a copy, not in a folder of backups, beside what it was made of, with a name of words, with the shortest name, no link, of
 * files of one name that which most volumes lie beside, with the shortest path.
 */
function originalFirst(laboratory: Laboratory, equal: readonly Named[]): Named[] {
  const isOneName = new Set(equal.map(({ file }) => baseName(file.path))).size === 1;
  const rankOf = (one: Named): number[] => [
    isInBackup(one) ? 1 : 0,
    one.isCalledCopy ? 1 : 0,
    liesAlone(laboratory, one.file) ? 1 : 0,
    isNumber(one) ? 1 : 0,
    baseName(one.file.path).length,
    one.file.isLinked ? 1 : 0,
    isOneName ? -besideIt(laboratory, one) : 0,
    one.file.path.split("/").length,
  ];
  const ranks = new Map(equal.map((one) => [one, rankOf(one)]));
  return [...equal].sort((a, b) => {
    const [first, second] = [ranks.get(a)!, ranks.get(b)!];
    const at = first.findIndex((value, i) => value !== second[i]);
    return at < 0 ? inNumbers(a.file.path, b.file.path) : first[at]! - second[at]!;
  });
}

/**
 * Angles of two series are equal, and a folder called old may have a series of its own: a short text in it is a copy where every volume beside it is one,
 * too, or where its name says it.
 */
function isOfOther(laboratory: Laboratory, copied: ReadonlySet<string>): (claim: Claim) => boolean {
  const isOwn = ({ path, volume }: Surveyed) => volume !== undefined && !copied.has(path);
  return ({ path }) => {
    const file = laboratory.get(path)!;
    return !isText(file) || namedOf(file).isCalledCopy || !laboratory.inFolder(folderOf(path)).some(isOwn);
  };
}

const PIECE_BYTES = 64 * 1024;
const WHOLE_BYTES = 4 * 1024 * 1024;

/** Masks have equal beginnings and ends: three places between are compared, too, and all where these hold one value alone. */
async function isEqualInside(laboratory: Laboratory, { file: a }: Named, { file: b }: Named): Promise<boolean> {
  if (a.size < 4 * PIECE_BYTES) return true;
  const [one, other] = await Promise.all([laboratory.open(a.path), laboratory.open(b.path)]);
  const pieceOf = async (offset: number, length: number) => {
    const range = { offset, length: Math.min(length, a.size - offset) };
    const [first, second] = await Promise.all([one.read(range), other.read(range)]);
    const isEqual = first.length === second.length && first.every((byte, i) => byte === second[i]);
    return { isEqual, isFlat: first.every((byte) => byte === first[0]) };
  };
  const pieces = await Promise.all([0.25, 0.5, 0.75].map((part) => pieceOf(Math.floor(a.size * part), PIECE_BYTES)));
  if (pieces.some(({ isEqual }) => !isEqual)) return false;
  if (pieces.some(({ isFlat }) => !isFlat)) return true;
  // masks of little show nothing there: they are read as a whole
  for (let offset = 0; offset < a.size; offset += WHOLE_BYTES) if (!(await pieceOf(offset, WHOLE_BYTES)).isEqual) return false;
  return true;
}
