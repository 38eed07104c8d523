import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { z } from "zod";
import { matchesGlob, parseGlob } from "../../../core/glob.js";
import { groupsOf, keyOf } from "../../../core/groups.js";
import { counted } from "../../../core/units.js";
import { parseCheckedYaml } from "../../../formats/yaml/checked-yaml.js";
import { yamlText } from "../../../formats/yaml/yaml-text.js";
import type { ComparedArchive } from "../../../model/compared-archive.js";
import { unusedGroups } from "./account.js";
import { type Claim, type Details, type PointsReading, ROLES } from "./claims.js";
import { leftByComparison } from "./compared-archive.js";
import { filledIn, globOf, hasRunName, literal, withRunName } from "./configuration/globs.js";
import type { Decision, Decisions, Given, SaidOfFile } from "./decide.js";
import { baseName } from "./recognisers/common/paths.js";
import type { Laboratory } from "./survey/laboratory.js";

const reading = z.strictObject({
  format: z.string(),
  shape: z.enum(["Point", "OrientedPoint", "InstanceSegmentation"]),
  delimiter: z.string().optional(),
  rowName: z.string().optional(),
  centredIn: z.record(z.string(), z.array(z.number())).optional(),
  unit: z.enum(["voxels", "pixels", "Å", "nm", "format"]).optional(),
  unitFrom: z.string().optional(),
  pixelAngstrom: z.number().positive().optional(),
  binning: z.number().positive().optional(),
  isReversed: z.boolean().optional(),
  of: z.string().optional(),
  inSpacingAngstrom: z.number().positive().optional(),
  rowValues: z.record(z.string(), z.string()).optional(),
  classes: z.record(z.string(), z.string()).optional(),
  className: z.string().optional(),
  kept: z.string().optional(),
  classRows: z.record(z.string(), z.array(z.string())).optional(),
} satisfies Record<keyof PointsReading, z.ZodType>);

const details = z.strictObject({
  spacingAngstrom: z.number().positive().optional(),
  calibratedAngstrom: z.number().positive().optional(),
  spacingFrom: z.string().optional(),
  tiltAxisDegrees: z.number().optional(),
  voltage: z.number().positive().optional(),
  processing: z.enum(["raw", "filtered", "denoised"]).optional(),
  processingSoftware: z.string().optional(),
  reconstructionSoftware: z.string().optional(),
  reconstructionMethod: z.string().optional(),
  ctfCorrected: z.boolean().optional(),
  fiducial: z.boolean().optional(),
  format: z.string().optional(),
  methodType: z.string().optional(),
  alignmentType: z.enum(["GLOBAL", "LOCAL"]).optional(),
  table: z.string().optional(),
  points: reading.optional(),
  object: z.string().optional(),
  label: z.number().int().optional(),
  isInstances: z.boolean().optional(),
  labels: z.record(z.string(), z.string()).optional(),
} satisfies Record<keyof Details, z.ZodType>);

const document = z.strictObject({
  matches: z.string().optional(),
  runs: z.array(z.string()).default([]),
  questions: z
    .array(
      z.strictObject({
        id: z.string(),
        question: z.string().optional(),
        because: z.string().optional(),
        answers: z.record(z.string(), z.string()).optional(),
        default: z.string().nullable().optional(),
        files: z.array(z.string()).optional(),
        /** Of a question of runs alone. */
        of_files: z.array(z.string()).optional(),
        answer: z
          .union([z.string(), z.number().transform(String)])
          .nullable()
          .default(null),
      }),
    )
    .default([]),
  files: z
    .array(
      z.strictObject({
        files: z.string(),
        is: z.enum(ROLES),
        run: z.string().optional(),
        of_runs: z.array(z.string()).optional(),
        because: z.string().default("a person decided it"),
        until: z.array(z.string()).optional(),
        details: details.optional(),
      }),
    )
    .default([]),
  /** For a person to read, and to make rows of. */
  undecided: z.array(z.strictObject({ because: z.string(), files: z.array(z.string()) })).optional(),
});

/** What a file of decisions says, before the files of a folder are known. */
export type DecisionsDocument = z.output<typeof document>;

export const NO_DECISIONS: DecisionsDocument = { runs: [], questions: [], files: [] };

/**
 * What was decided, as a file for a person: what each file is, by globs with `{run_name}` where files of several runs are alike, with the evidence; and
 * the questions with their answers. Given again it is obeyed, and files that it does not name are decided anew.
 */
export async function writeDecisions(
  { files }: Pick<Laboratory, "files">,
  { runs, files: decided, undecided, questions, matches }: Decisions,
): Promise<string> {
  const unknown = unknownRows({ files: decided, undecided, questions });
  const rows = await rowsOf(files, decided, { runs, asked: filesOfQuestions(questions) });
  return yamlText(
    {
      ...(matches === undefined ? {} : { matches }),
      runs,
      questions: questions.map(({ id, text, why, options, answer, isAnswered, isOfRuns, files: paths }) => ({
        id,
        question: text,
        ...(why === undefined ? {} : { because: why }),
        answers: Object.fromEntries(options.map((option) => [option.answer, option.says])),
        ...(isAnswered ? {} : { default: answer ?? null }),
        answer: isAnswered ? answer : null,
        // globs of rows leave out the files of a question, but for one of runs
        [isOfRuns ? "of_files" : "files"]: paths.map(literal),
      })),
      files: rows,
      ...(unknown.length === 0 ? {} : { undecided: unknown }),
    },
    [
      "What each file is taken for, and why. Edit this file, then give it to ingest new with --decisions: what it says is obeyed, and files that it does not name are decided anew.",
      ...(questions.some(({ isAnswered }) => !isAnswered)
        ? [
            "questions: write one of the answers after answer:, without the text that follows it. null means that the default counts; where that is null, too, the files are left out.",
          ]
        : []),
      "files: a path, or a pattern with {run_name}, where * stands for any letters of a name, and ** for any folders. The first row that names a file counts. Patterns leave out the files of a question: its answer decides about them.",
      `is: one of ${ROLES.join(", ")}.`,
      ...(rows.some(({ until }) => until)
        ? [
            "until: the answer to one of these questions may change the row, which is then decided anew. To keep the row as it is, delete that line.",
          ]
        : []),
      ...(unknown.length === 0
        ? []
        : [
            "undecided: files that are not published, since nobody knows what they are. To publish one, write a row for it below files, such as - {files: scan.mrc, is: tomogram, run: TS_05}.",
          ]),
      ...(matches === undefined
        ? []
        : [
            "matches: the table of curate match. Folders of runs that the portal has are left out by it, and globs leave their files out.",
          ]),
    ],
  );
}

/** Whose fate is an answer's alone; of questions of runs what each file is stands in a row. */
const filesOfQuestions = (questions: Decisions["questions"]): Set<string> =>
  new Set(questions.flatMap(({ files, isOfRuns }) => (isOfRuns ? [] : files)));

type Row = DecisionsDocument["files"][number];
type Files = Laboratory["files"];
type Paths = readonly Pick<Files[number], "path">[];

/** Rows that give each file back what was decided of it, and name no other. Memory is freed between groups (`keepHeapSmall`). */
async function rowsOf(
  files: Files,
  decided: Decisions["files"],
  { runs, asked }: { readonly runs: readonly string[]; readonly asked: ReadonlySet<string> },
): Promise<Row[]> {
  const own = files
    .flatMap(({ path }) => decided.get(path) ?? [])
    .filter(({ question, byComparison }) => question === undefined && byComparison === undefined);
  const isOwn = new Set(own.map(({ path }) => path));
  const isFree = (path: string) => isOwn.has(path) || asked.has(path) || decided.get(path)?.byComparison === true;
  const search = searchIn(files);
  const rows: Row[] = [];
  const found = new Map<Row, readonly Found[]>();
  for (const family of groupsOf(own, familyOf).values()) {
    // of two that one glob names the larger one needs fewer rows before it
    const groups = [
      ...groupsOf(family, (file) => keyOf(withoutNames(file.because), outcomeOf(file), ...(file.until ?? []))).values(),
    ];
    for (const group of groups.sort((a, b) => b.length - a.length)) {
      await turnOfTheLoop();
      // what was found of one file says nothing of those that other runs may have
      const row = rowOf(group[0]!, group.length === 1 ? literal(group[0]!.path) : commonGlob(group), group.length);
      const named = search(row, runs);
      if (named.every(({ path }) => isFree(path))) {
        rows.push(row);
        found.set(row, named);
      } else rows.push(...group.map((file) => rowOf(file, literal(file.path))));
    }
  }
  // the first row that names a file counts: files of which another row says something else have rows of their own before it
  const again = given({ runs: [...runs], questions: [], files: rows }, (row) => found.get(row) ?? search(row, runs));
  const others = own.filter((file) => {
    const said = again.files.get(file.path);
    if (said === undefined || outcomeOf(said) !== outcomeOf(file) || said.run !== file.run) return true;
    return keyOf(...(again.by.get(file.path)?.until ?? [])) !== keyOf(...(file.until ?? []));
  });
  const isOther = new Set(others);
  const used = new Set(own.flatMap((file) => (isOther.has(file) ? [] : again.by.get(file.path)!)));
  return [...others.map((file) => rowOf(file, literal(file.path))), ...rows.filter((row) => used.has(row))];
}

/** Files of one reason that are written one by one; of more, folder by folder. */
const UNKNOWN_MAX = 1000;

/** Every file that nobody knows, by what is said of it. */
function unknownRows(decisions: Pick<Decisions, "files" | "undecided" | "questions">) {
  const groups = unusedGroups(decisions).filter(({ fate }) => fate === "not used");
  return groups.map(({ because, paths }) => ({
    because,
    files: paths.length <= UNKNOWN_MAX ? paths.map(literal) : [...new Set(paths.map(globOfFolder))],
  }));
}

function globOfFolder(path: string): string {
  const name = baseName(path);
  const dot = name.lastIndexOf(".");
  return `${literal(path.slice(0, path.length - name.length))}*${dot > 0 ? literal(name.slice(dot)) : ""}`;
}

function rowOf({ path, role, run, runs, because, until, details: known }: Decision, glob: string, count = 1): Row {
  const why = withoutCount(because);
  return {
    files: glob,
    is: role,
    ...(run !== undefined && !hasRunName(glob) ? { run } : {}),
    ...(runs ? { of_runs: [...runs] } : {}),
    because: count === 1 ? why : `${why} (${counted(count, "file")}, such as ${path})`,
    ...(until ? { until: [...until] } : {}),
    ...(hasAny(known) ? { details: plain(known) } : {}),
  };
}

/** The evidence alone: a row tells how many files it is of. */
const withoutCount = (because: string): string => because.replace(/ \(\d+ files, such as .*\)$/, "");

/** What is decided of a file, but for its run. */
const outcomeOf = ({ role, runs, details: known }: Pick<Claim, "role" | "runs" | "details">): string =>
  keyOf(role, JSON.stringify(known ?? {}), runs?.join("\0") ?? "");

const hasAny = (known: Details): boolean => Object.values(known).some((value) => value !== undefined);
/** Details without those that are not known. */
export const plain = (known: Details): NonNullable<Row["details"]> =>
  JSON.parse(JSON.stringify(known)) as NonNullable<Row["details"]>;
const withoutNames = (text: string): string => text.replace(/\S*[\d/]\S*/g, "#");

/** Parts of a name as a glob, each number apart: every second one is a number, which counts or is a part of a word. */
const numbersApart = (name: string): string[] => {
  const parts = [""];
  for (const [part] of name.matchAll(/\[[^\]]*\]|\{run_name\}|\.[A-Za-z]\w*$|-?\d+(?:\.\d+)?|./gs))
    if (/^-?\d/.test(part)) parts.push(part, "");
    else parts[parts.length - 1] += part;
  return parts;
};

/** The folder as a glob, and the name in parts. */
function openParts({ path, run }: Decision): readonly [folder: string, name: readonly string[]] {
  if (run === undefined) return ["", [literal(path)]];
  const glob = globOf(path, run);
  if (!hasRunName(glob)) return ["", [glob]];
  const slash = glob.lastIndexOf("/") + 1;
  return [glob.slice(0, slash), numbersApart(glob.slice(slash))];
}

/** Files of all runs that are called alike, but for numbers. */
function familyOf(file: Decision): string {
  const [folder, name] = openParts(file);
  return folder + name.map((part, at) => (at % 2 === 1 ? "*" : part)).join("");
}

/** A glob of files of one family: numbers that all of them have stand as they are, others are left open. */
function commonGlob(group: readonly Decision[]): string {
  const all = group.map((file) => openParts(file)[1]);
  const [folder, first] = openParts(group[0]!);
  return folder + first.map((part, at) => (at % 2 === 0 || all.every((name) => name[at] === part) ? part : "*")).join("");
}

/** Reads a file of decisions. @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD, CONFIG_LIMIT, with line and column */
export function readDecisions(text: string, file: string): DecisionsDocument {
  const hint = "ingest new writes such a file beside each configuration: change only what follows is, run, answer and details";
  const knownKeys = (path: readonly PropertyKey[]) => (path.length === 0 ? Object.keys(document.shape) : []);
  return parseCheckedYaml(text, document, { file, hint, kind: "decisions", mayBeEmpty: true, knownKeys }).value;
}

/**
 * What a file of decisions says of the files of a folder. The first row that names a file counts; globs name neither files of a question, nor files that a
 * comparison with a portal leaves out.
 */
export function givenOf(said: DecisionsDocument, { files }: { readonly files: Paths }, archive?: ComparedArchive): Given {
  const left = archive ? leftByComparison({ files }, archive) : new Map<string, string>();
  const { files: decided, ...rest } = given(said, searchIn(files), left);
  const outright = new Map<string, SaidOfFile>(decided);
  for (const [path, because] of left)
    if (!outright.has(path)) outright.set(path, { role: "left out", because, byComparison: true });
  return { ...rest, files: outright, archive };
}

/** @returns also the row that decides each file */
function given(
  { runs, questions, files }: Omit<DecisionsDocument, "matches">,
  search: Search,
  left: ReadonlyMap<string, string> = new Map(),
): Given & { readonly by: ReadonlyMap<string, Row> } {
  const by = new Map<string, Row>();
  const decided = new Map<string, SaidOfFile>();
  const asked = new Set(questions.flatMap(({ files: globs = [] }) => globs.map(unescaped)));
  const without: string[] = [];
  const answers = new Map(questions.flatMap(({ id, answer }) => (answer === null ? [] : [[id, answer] as const])));
  for (const row of files) {
    if (row.until?.some((id) => answers.has(id))) continue;
    const { files: glob, is, of_runs, because, details: known } = row;
    const claim = {
      role: is,
      because: withoutCount(because),
      ...(of_runs ? { runs: of_runs } : {}),
      ...(known ? { details: known } : {}),
    };
    const isPath = pathOf(glob) !== undefined;
    const found = search(row, runs);
    if (found.length === 0) without.push(glob);
    for (const { path, run } of found)
      if (!decided.has(path) && (isPath || !(asked.has(path) || left.has(path)))) {
        decided.set(path, { ...claim, run });
        by.set(path, row);
      }
  }
  return { files: decided, answers, without, by };
}

interface Found {
  readonly path: string;
  readonly run: string | undefined;
}

type Search = (row: Row, runs: readonly string[]) => readonly Found[];

/** Finds the files that a row names, each with its run. */
function searchIn(all: Paths): Search {
  const paths = new Set(all.map(({ path }) => path));
  const folders = [...groupsOf(paths, (path) => path.slice(0, path.lastIndexOf("/") + 1))].map(
    ([folder, own]) => [folder.split("/").slice(0, -1), own] as const,
  );
  return ({ files: glob, run }, runs) => {
    const plainPath = pathOf(glob);
    if (plainPath !== undefined) return paths.has(plainPath) ? [{ path: plainPath, run }] : [];
    const isNamed = hasRunName(glob);
    const { ofFolder, ofName } = globParts(withoutBraces(isNamed ? withRunName(glob, "*") : glob));
    const near = folders
      .filter(([segments]) => ofFolder(segments))
      .flatMap(([, own]) => own.filter((path) => ofName(baseName(path))));
    if (!isNamed) return near.map((path) => ({ path, run }));
    const ofRun = new Map<string, GlobParts>();
    const isOf = (one: string, path: string) => {
      const parts = ofRun.get(one) ?? globParts(filledIn(glob, one));
      ofRun.set(one, parts);
      return parts.ofFolder(path.split("/").slice(0, -1)) && parts.ofName(baseName(path));
    };
    const named = namesIn(runs);
    return near.flatMap((path) => {
      const one = named(path).find((name) => isOf(name, path));
      return one === undefined ? [] : [{ path, run: one }];
    });
  };
}

interface GlobParts {
  ofFolder(segments: readonly string[]): boolean;
  ofName(name: string): boolean;
}

function globParts(glob: string): GlobParts {
  const parts = glob.split("/").map((segment): FolderPart => (segment === "**" ? ANY_FOLDERS : parseGlob(segment)));
  const name = parts.pop()!;
  // `rec/**` are all files below it
  const last = name === ANY_FOLDERS ? parseGlob("*") : name;
  const folders = name === ANY_FOLDERS ? [...parts, name] : parts;
  return { ofFolder: (segments) => areFolders(folders, segments), ofName: (text) => matchesGlob(last, text) };
}

const ANY_FOLDERS = "**";
type FolderPart = typeof ANY_FOLDERS | ReturnType<typeof parseGlob>;

function areFolders([part, ...parts]: readonly FolderPart[], segments: readonly string[]): boolean {
  if (part === undefined) return segments.length === 0;
  const [first, ...rest] = segments;
  if (part === ANY_FOLDERS) return areFolders(parts, segments) || (first !== undefined && areFolders([part, ...parts], rest));
  return first !== undefined && matchesGlob(part, first) && areFolders(parts, rest);
}

/** The names that a text holds. Of two the longer one comes first: TS_1 is the beginning of TS_1_2. */
function namesIn(names: readonly string[]): (text: string) => string[] {
  const numbers = new Map(names.map((name, number) => [name, number]));
  const lengths = [...new Set(names.map(({ length }) => length))].sort((a, b) => b - a);
  return (text) =>
    lengths.flatMap((length) => {
      const found = new Set<string>();
      for (let at = 0; at + length <= text.length; at++) {
        const part = text.slice(at, at + length);
        if (numbers.has(part)) found.add(part);
      }
      return [...found].sort((a, b) => numbers.get(a)! - numbers.get(b)!);
    });
}

const withoutBraces = (glob: string): string => glob.replace(/\{\{|\}\}/g, (two) => two[0]!);

/** The text of a glob that stands for itself, as `literal` writes it. */
const unescaped = (glob: string): string => withoutBraces(glob).replace(/\[([*?[])\]/g, "$1");

/** The path that a glob without a sign stands for: there may be one for each of many files, and it needs no search. */
function pathOf(glob: string): string | undefined {
  const text = unescaped(glob);
  return literal(text) === glob ? text : undefined;
}
