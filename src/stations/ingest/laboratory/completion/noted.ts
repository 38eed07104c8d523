import { few } from "../../../../core/finding.js";
import { groupsOf } from "../../../../core/groups.js";
import type { Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { stableId } from "../questions.js";
import { baseName, folderOf, within } from "../recognisers/common/paths.js";
import type { Laboratory, Surveyed } from "../survey/laboratory.js";
import { copiesIn, outOrAsIs } from "./claim.js";

const NOTE = /^(?:read[_ ]?me|liesmich|notes?|notiz(?:en)?)(?:[_ .-].*)?$/i;
const NOTE_BYTES_MAX = 64 * 1024;
const NOTES_MAX = 200;
const SAID_MAX = 120;

/** What says of data that nobody is to publish them. `use` alone is said of everything: it counts where the sentence ends with it, or goes on with `these`. */
const FORBIDS = new RegExp(
  [
    String.raw`\b(?:do not|don'?t|must not|should not|never|not to be)(?: be)? (?:distribut|publish|shar|deposit|upload|releas|circulat)(?:es?|ed)?\b`,
    String.raw`\b(?:do not|don'?t|not to be|never) used?\b(?=\s*(?:[.!,;)]|$)|\s+(?:this|these|them|it|any ?more|any of)\b)`,
    String.raw`\bnot (?:meant |intended )?for (?:publi(?:cation|shing)|release|sharing|(?:re)?distribution|upload(?:ing)?|deposit(?:ion|ing)?)\b`,
    String.raw`\bnicht (?:zur?|für die) (?:veröffentlichung|publikation|weitergabe)\b`,
    String.raw`\bnicht (?:weitergeben|ver(?:ö|oe)ffentlichen|verwenden|hochladen)\b`,
  ].join("|"),
  "iu",
);
/** The same of what a note names: of a whole folder nobody means by it that its data are worthless. */
const FORBIDS_NAMED =
  /\b(?:not|no longer) (?:needed|used)(?: any ?more)?\b|\b(?:can|to) be (?:deleted|thrown away)\b|\bthrow (?:it |them |this |these )?away\b/i;

/** Not the dot of `Fig. 2`. */
const SENTENCE_END = /(?<=[.!?;])(?<!\b(?:figs?|e\.g|i\.e|ca|vs|nr|z\.b|approx|resp)\.)\s+/i;

/** Files by their names, made once for all notes. */
interface Named {
  readonly laboratory: Laboratory;
  readonly names: ReadonlyMap<string, readonly Surveyed[]>;
}

/** A sentence of a note, and what it is about: files, or folders with all that lies below them. */
interface Said {
  readonly about: readonly string[];
  readonly says: string;
}

/**
 * Files of which a note beside them says that they are not to be published: `README` in their folder, `do not distribute`, or a line of one above them that
 * begins with their folder, `warp_old/  first try, not to be used`. A person says whether they are: a note may be older than what it lies beside.
 */
export async function notedQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Promise<Question[]> {
  const open = [...files.values()].filter(({ role, strength }) => role !== "left out" && strength !== "person");
  const notes = laboratory.files.filter(
    ({ path, format, size }) =>
      NOTE.test(baseName(path)) && /(?:^|\/)[^.]+$|\.(?:txt|md)$/i.test(path) && format === "text" && size <= NOTE_BYTES_MAX,
  );
  const isCopied = copiesIn(files);
  const names = notes.length === 0 ? new Map<string, Surveyed[]>() : groupsOf(laboratory.files, ({ path }) => baseName(path));
  const asked = new Set<string>();
  const questions: Question[] = [];
  const deepestFirst = notes.slice(0, NOTES_MAX).sort((a, b) => b.path.split("/").length - a.path.split("/").length);
  for (const { path } of deepestFirst) {
    const text = (await laboratory.text(path, NOTE_BYTES_MAX)) ?? "";
    for (const { about, says } of saidIn(text, folderOf(path), { laboratory, names })) {
      const isMeant = (file: Decision) => about.some((one) => file.path === one || file.path.startsWith(`${one}/`));
      const meant = open.filter((file) => isMeant(file) && !asked.has(file.path) && !isCopied(file, (one) => !isMeant(one)));
      // what is said of everything tells nothing: somebody wants it published all the same
      if (meant.length === 0 || open.every(isMeant)) continue;
      for (const file of meant) asked.add(file.path);
      questions.push({
        id: stableId("noted", `${path} ${says}`),
        text: `Are these not to be published, since ${path} says “${says}”: ${few(meant.map((file) => file.path))}?`,
        files: meant.map((file) => file.path),
        options: outOrAsIs(meant, {
          because: `${path} says “${says}”`,
          ...{ as: "publish", says: "published as the others are" },
        }),
        guess: "leave-out",
      });
    }
  }
  return questions;
}

/** Sentences of a note that forbid something. Those that stand by themselves are about the folder of the note, but for the topmost. */
function saidIn(text: string, folder: string, among: Named): Said[] {
  const find = nameFinder(folder, among);
  return partsOf(text, find).flatMap(({ about, lines }): Said[] => {
    const sentences = lines
      .map((line) => line.trim())
      .join(" ")
      .split(SENTENCE_END); // prettier-ignore
    const says = sentences.find((one) => FORBIDS.test(one) || (about.length > 0 && FORBIDS_NAMED.test(one)));
    if (says === undefined) return [];
    const short = says.length > SAID_MAX ? `${says.slice(0, SAID_MAX)}…` : says;
    if (about.length > 0) return [{ about, says: short }];
    // a sentence about a part of the folder, which it names, is not about all of it
    return folder === "" || wordsIn(says).some((word) => find(word) !== undefined) ? [] : [{ about: [folder], says: short }];
  });
}

interface Part {
  readonly about: readonly string[];
  readonly lines: string[];
}

/** Lines that begin with names of files or folders, with the lines behind them that are indented further, and what stands between them. */
function partsOf(text: string, find: (name: string) => string | undefined): Part[] {
  const parts: (Part & { readonly indent: number })[] = [];
  for (const line of text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/)) {
    const indent = /^\s*(?:[-*•]\s+)?/.exec(line)![0].length;
    const last = parts.at(-1);
    const about = line.trim() === "" ? [] : namesAt(line.slice(indent), find);
    if (about.length > 0) parts.push({ about, lines: [line], indent });
    else if (line.trim() === "") parts.push({ about: [], lines: [], indent: -1 });
    else if (last && (last.about.length === 0 || indent > last.indent || goesOn(last, indent))) last.lines.push(line);
    else parts.push({ about: [], lines: [line], indent: -1 });
  }
  return parts;
}

/** In a column that begins further right a sentence goes on below the name, too. */
const goesOn = ({ lines, indent: own }: Part & { readonly indent: number }, indent: number): boolean =>
  own > 0 && indent === own && !/[.!?;:]\s*$/.test(lines.at(-1) ?? "");

/** The files or folders that a line begins with, `old/ tests/   not needed`, `a.mrc, b.mrc: tries` or `warp_old = first try`; none in a sentence. */
function namesAt(line: string, find: (name: string) => string | undefined): string[] {
  const found: string[] = [];
  // in a list with commas what stands behind its last name marks all of them
  let listed: string[] = [];
  for (let rest = line; rest !== ""; ) {
    const [all, name = "", slash = "", behind = ""] =
      /^([\w.~+-]+(?:\/[\w.~+-]+)*)(\/?)(,?\s*(?:[:=]|[-–—]\s)?\s*)/.exec(rest) ?? [];
    const path = all === undefined ? undefined : find(name);
    const isMarked = slash !== "" || /[:=–—-]|\s{2}|\t/.test(behind) || all === rest;
    if (path === undefined || !(isMarked || behind.startsWith(","))) break;
    listed.push(path);
    if (isMarked) {
      found.push(...listed);
      listed = [];
    }
    rest = rest.slice(all!.length);
  }
  return found;
}

const wordsIn = (sentence: string): string[] =>
  sentence.match(/[\w~+-]+(?:[./][\w~+-]+)*/g)?.filter((word) => /[\d_./]/.test(word)) ?? [];

/** What a name in a note means: a file or folder below that of the note, by its path, or by its name where one alone has it. */
function nameFinder(folder: string, { laboratory, names }: Named): (name: string) => string | undefined {
  const isBelow = (path: string) => folder === "" || path.startsWith(`${folder}/`);
  const folders = new Set(
    laboratory.folders().flatMap((path) => path.split("/").map((_, at, all) => all.slice(0, at + 1).join("/"))),
  );
  const named = new Map<string, string | undefined>();
  for (const path of folders) if (isBelow(path)) named.set(baseName(path), named.has(baseName(path)) ? undefined : path);
  return (name) => {
    const path = within(folder, name);
    if (folders.has(path) || laboratory.get(path)) return path;
    const files = named.has(name) ? [] : (names.get(name) ?? []).filter((file) => isBelow(file.path));
    return files.length === 1 ? files[0]!.path : named.get(name);
  };
}
