import { groupsOf } from "../../../../core/groups.js";
import type { Question } from "../claims.js";
import { withoutRun } from "../configuration/globs.js";
import type { Decision } from "../decide.js";
import { publishText, stableId } from "../questions.js";
import { baseName, folderOf, within } from "../recognisers/common/paths.js";
import type { Laboratory, Surveyed } from "../survey/laboratory.js";
import { copiesIn, outOrAsIs } from "./claim.js";

const NOTE = /^(?:read[_ ]?me|liesmich|notes?|notiz(?:en)?)(?:[_ .-].*)?$/i;
export const isCalledNote = (path: string): boolean => NOTE.test(baseName(path));
/** A note whose name alone says it of its folder: `DO_NOT_USE.txt`. */
const MARKER = /^_*(?:do[_. -]?not|don'?t|never)[_. -]?(?:use|publish|upload|deposit|share|distribute)_*(?:\.(?:txt|md))?$/i;
const NOTE_BYTES_MAX = 64 * 1024;
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
  /\b(?:not|no longer) (?:needed|used)(?: any ?more)?\b|\b(?:can|to) be (?:deleted|thrown away)\b|\bthrow (?:it |them |this |these )?away\b|\b(?:please |to )?(?:ignore|disregard)d?\b(?=\s*(?:[.!,;)]|$)|\s+(?:this|these|them|it)\b)/i;

const IS_OF_USE = /\b(?:used?|verwenden)\b/i;

/** A word without which nothing is forbidden. */
const MAY_FORBID = /\b(?:not|never|nicht|no longer|ignored?|disregard(?:ed)?|away|deleted)\b|n['’]?t\b/i;

/** Not the dot of `Fig. 2`. */
const SENTENCE_END = /(?<=[.!?;])(?<!\b(?:figs?|e\.g|i\.e|ca|vs|nr|z\.b|approx|resp)\.)\s+/i;

/** Files by their names, and all folders, made once for all notes. */
interface Named {
  readonly laboratory: Laboratory;
  readonly names: ReadonlyMap<string, readonly Surveyed[]>;
  readonly folders: ReadonlySet<string>;
}

/** A sentence of a note, and what it is about: files, or folders with all that lies below them. */
interface Said {
  readonly about: readonly string[];
  /** Names or patterns in the sentence: where files below have one of them, it is about these alone. */
  readonly only: readonly string[];
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
      (isCalledNote(path) || MARKER.test(baseName(path))) &&
      /(?:^|\/)[^.]+$|\.(?:txt|md)$/i.test(path) &&
      (format === "text" || size === 0) &&
      size <= NOTE_BYTES_MAX,
  );
  const isCopied = copiesIn(files);
  let among: Named | undefined;
  const asked = new Set<string>();
  const questions: Question[] = [];
  const deepestFirst = notes.sort((a, b) => b.path.split("/").length - a.path.split("/").length);
  for (const { path } of deepestFirst) {
    const text = (await laboratory.text(path, NOTE_BYTES_MAX)) ?? "";
    // most notes forbid nothing, and there may be one in each of thousands of folders
    if (!MARKER.test(baseName(path)) && !MAY_FORBID.test(text)) continue;
    among ??= namedIn(laboratory);
    for (const said of saidIn(path, text, among)) {
      const { says } = said;
      const isMeant = aboutOf(said, open);
      const below = open.filter((file) => isMeant(file) && !asked.has(file.path) && !isCopied(file, (one) => !isMeant(one)));
      const meant = [...below, ...elsewhereOf(said, below, open).filter(({ path: other }) => !asked.has(other))];
      // what is said of everything tells nothing: somebody wants it published all the same
      if (meant.length === 0 || open.every(isMeant)) continue;
      for (const file of meant) asked.add(file.path);
      const why = MARKER.test(baseName(path)) ? `${path} lies there` : `${path} says “${says}”`;
      questions.push({
        id: stableId("noted", `${path} ${says}`),
        text: publishText(meant.map((file) => file.path)),
        why: MARKER.test(baseName(path)) ? `${path} is in the folder.` : why.endsWith(".”") ? why : `${why}.`,
        files: meant.map((file) => file.path),
        options: outOrAsIs(meant, {
          because: why,
          ...{ as: "publish", says: "published" },
        }),
        guess: "leave-out",
      });
    }
  }
  return questions;
}

function namedIn(laboratory: Laboratory): Named {
  const parts = laboratory.folders().map((path) => path.split("/"));
  const folders = new Set(parts.flatMap((names) => names.map((_, at) => names.slice(0, at + 1).join("/"))));
  return { laboratory, names: groupsOf(laboratory.files, ({ path }) => baseName(path)), folders };
}

/** Sentences of a note that forbid something. Those that stand by themselves are about the folder of the note, but for the topmost. */
function saidIn(note: string, text: string, among: Named): Said[] {
  const folder = folderOf(note);
  if (MARKER.test(baseName(note))) return folder === "" ? [] : [{ about: [folder], only: [], says: baseName(note) }];
  const find = nameFinder(folder, among);
  return partsOf(text, find).flatMap(({ about, lines }): Said[] => {
    const sentences = lines
      .map((line) => line.trim())
      .join(" ")
      .split(SENTENCE_END); // prettier-ignore
    const forbidding = sentences.filter((one) => FORBIDS.test(one) || (about.length > 0 && FORBIDS_NAMED.test(one)));
    return forbidding.flatMap((says): Said[] => {
      const short = says.length > SAID_MAX ? `${says.slice(0, SAID_MAX)}…` : says;
      if (about.length > 0) return [{ about, only: subjectOf(says, sentences, about, find), says: short }];
      // a sentence about a part of the folder, which it names, is not about all of it
      return folder === "" || wordsIn(says).some((word) => find(word) !== undefined)
        ? []
        : [{ about: [folder], only: [], says: short }];
    });
  });
}

/**
 * Names that a sentence has. One that has none, and that says that something is not to be used, is said of the folder or file below that the sentence before
 * it names: `session2: warp_old has the wrong pixel size. Do not use.` Not so what is not to be distributed, which is said of a person's data as a whole.
 */
function subjectOf(says: string, sentences: readonly string[], about: readonly string[], find: Find): readonly string[] {
  const names = namesIn(says);
  if (names.length > 0 || !(IS_OF_USE.test(says) || FORBIDS_NAMED.test(says))) return names;
  const isBelow = (name: string) => {
    const path = find(name);
    return path !== undefined && about.some((one) => path.startsWith(`${one}/`));
  };
  return namesIn(sentences[sentences.indexOf(says) - 1] ?? "").filter(isBelow);
}

/**
 * What lies elsewhere of a series whose own folder a note is about: `TS_03/notes.txt` with `do not use` is said of all that was made of its images, too. A folder
 * of one kind of files, `raw`, is no series.
 */
function elsewhereOf({ about }: Said, below: readonly Decision[], open: readonly Decision[]): Decision[] {
  const [run, ...others] = new Set(below.flatMap((file) => file.run ?? []));
  const [folder, ...more] = about;
  if (run === undefined || folder === undefined || others.length + more.length > 0) return [];
  const isCalled = withoutRun(baseName(folder), run, "#").includes("#");
  const own = new Set(below);
  const rest = isCalled ? open.filter((file) => file.run === run && !own.has(file)) : [];
  const isSeries = ({ role }: Decision) => role === "tilt series";
  return below.some(isSeries) && !rest.some(isSeries) ? rest : [];
}

/** Of what a sentence is, among some files: of those of its folders that have a name which it has, where there are such, and else of all of them. */
function aboutOf({ about, only }: Said, open: readonly Decision[]): (file: Decision) => boolean {
  const isBelow = ({ path }: Decision) => about.some((one) => path === one || path.startsWith(`${one}/`));
  const forms = only.map(formOf);
  const has = ({ path }: Decision) => {
    const names = about.reduce((rest, one) => (rest.startsWith(`${one}/`) ? rest.slice(one.length + 1) : rest), path);
    return forms.some((form) => form.test(names));
  };
  return open.some((file) => isBelow(file) && has(file)) ? (file) => isBelow(file) && has(file) : isBelow;
}

/** A whole word of a path below the folder, `Position_11` in `grid2_Position_11.rec` and not in `Position_110`; `*` stands for letters of one name. */
function formOf(name: string): RegExp {
  const text = name.replace(/[.+^${}()|[\]\\?]/g, "\\$&").replaceAll("*", "[^/]*");
  return new RegExp(`(?<![A-Za-z0-9])${text}(?![A-Za-z0-9])`, "i");
}

/** Words of a sentence that may be names: with letters, and digits or `_` or `*`. */
const namesIn = (sentence: string): string[] =>
  (unmarked(sentence).match(/[\w*~+-]+(?:[./][\w*~+-]+)*/g) ?? []).filter((word) => /\p{L}/u.test(word) && /[\d_*]/.test(word));

/** A line without what Markdown writes around names: `` `old/` ``, `**old**`. */
const unmarked = (line: string): string => line.replace(/`([^`]+)`/g, "$1").replace(/\*\*([^*]+)\*\*/g, "$1");

/** What a name in a note means. */
type Find = (name: string) => string | undefined;

interface Part {
  readonly about: readonly string[];
  readonly lines: string[];
}

/** Lines that begin with names of files or folders, with the lines behind them that are indented further, and what stands between them. */
function partsOf(text: string, find: Find): Part[] {
  const parts: (Part & { readonly indent: number })[] = [];
  for (const marked of text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/)) {
    const line = unmarked(marked);
    const indent = /^\s*(?:[-*•]\s+)?/.exec(line)![0].length;
    const last = parts.at(-1);
    const about = line.trim() === "" ? [] : namesAt(line.slice(indent), find, MARKED.test(marked));
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

/** A line, or an item of a list, that begins with a name as Markdown writes it. */
const MARKED = /^\s*(?:[-*•]\s+)?(?:`|\*\*)/;

/**
 * The files or folders that a line begins with, `old/ tests/   not needed`, `a.mrc, b.mrc: tries`, `warp_old = first try` or `raw/2019 is of others`; none in
 * a sentence.
 *
 * @param isCode the first one is written as a name
 */
function namesAt(line: string, find: Find, isCode: boolean): string[] {
  const found: string[] = [];
  // in a list with commas what stands behind its last name marks all of them
  let listed: string[] = [];
  for (let rest = line; rest !== ""; ) {
    const [all, name = "", slash = "", behind = ""] =
      /^([\w.~+-]+(?:\/[\w.~+-]+)*)(\/?)(,?\s*(?:[:=]|[-–—]\s)?\s*)/.exec(rest) ?? [];
    const path = all === undefined ? undefined : find(name);
    const isName = name.includes("/") || (isCode && found.length === 0 && listed.length === 0);
    const isMarked = isName || slash !== "" || /[:=–—-]|\s{2}|\t/.test(behind) || all === rest;
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
function nameFinder(folder: string, { laboratory, names, folders }: Named): Find {
  const isBelow = (path: string) => folder === "" || path.startsWith(`${folder}/`);
  const named = new Map<string, string | undefined>();
  for (const path of folders) if (isBelow(path)) named.set(baseName(path), named.has(baseName(path)) ? undefined : path);
  return (name) => {
    const path = within(folder, name);
    if (folders.has(path) || laboratory.get(path)) return path;
    const files = named.has(name) ? [] : (names.get(name) ?? []).filter((file) => isBelow(file.path));
    return files.length === 1 ? files[0]!.path : named.get(name);
  };
}
