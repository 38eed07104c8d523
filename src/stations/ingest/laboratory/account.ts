import { few, fewFiles } from "../../../core/finding.js";
import { groupsOf } from "../../../core/groups.js";
import { alignedRows } from "../../../core/text-table.js";
import { counted } from "../../../core/units.js";
import { TAKEN } from "../check/placeholders.js";
import { ROLES, type Role } from "./claims.js";
import { isOfBadSeries } from "./completion/judged-series.js";
import { type Asked, type Decision, type Decisions, waitingRuns } from "./decide.js";
import { stableId, wholeText } from "./questions.js";
import type { Laboratory } from "./survey/laboratory.js";
import { isLeftWaiting } from "./waiting.js";

/** Runs with a row of their own; of more than these, runs with files of the same kinds share one. */
const RUNS_NAMED = 12;
const ROWS_MAX = 24;
/** Kinds of reasons, and names of files, that are told one by one. */
const REASONS_MAX = 20;
/** Of what a person may miss more are told. */
const MISSED_MAX = 60;
const NAMED_MAX = 10;
/** Files of a question that have a line of their own. */
const LISTED_MAX = 5;
/** Files of one kind of reason of which each is told with its own. */
const EACH_MAX = 3;
/** Names of series that are left out as a whole. */
const SERIES_MAX = 100;

/** What became of the files of a folder, in lines for a person, by how much it matters to them. */
export interface Account {
  /** How much was found, of which software, and a table of what is published of each run. */
  readonly published: readonly string[];
  /** What a person may miss: files that nobody knows, and those that are left out for want of something. */
  readonly missed: readonly string[];
  /** What was noticed beside. */
  readonly notes: readonly string[];
  /** What is left out on purpose, and why. */
  readonly leftOut: readonly string[];
}

/** Tells what became of each file. */
export function accountOf(laboratory: Laboratory, decisions: Decisions): Account {
  const { runs, files, undecided, questions, software, notes } = decisions;
  const found = `${counted(laboratory.files.length, "file")} in the folder, ${counted(runs.length, "run")} to be published${runs.length === 0 ? "" : ", with so many files of each kind"}`;
  const waiting = waitingText({ runs, questions });
  const by = software.map(({ software: name, by: paths }) => (paths.length === 0 ? name : `${name} by ${paths[0]}`));
  const reasonIn = (path: string) => files.get(path)?.because ?? undecided.get(path)!;
  const isVolume = (path: string) => laboratory.get(path)?.volume !== undefined;
  const untilOf = (path: string) => files.get(path)?.until ?? [];
  // a question tells of its files itself
  const asked = new Set(questions.flatMap((one) => (one.isAnswered || one.isOfRuns ? [] : one.files)));
  const rest = new Map([...files].filter(([path]) => !asked.has(path)));
  const told = unusedLines(unusedGroups({ files: rest, undecided, questions }), { reasonIn, isVolume, untilOf });
  const { missed, others } = linkLines(laboratory);
  return {
    published: [
      found,
      ...(by.length === 0 ? [] : [`software recognised: ${by.join("; ")}`]),
      ...tableLines(runTable(decisions), waitingKinds(questions)),
      ...(waiting === undefined ? [] : [`${waiting} (published once it is answered)`]),
    ].map(oneLine),
    missed: [...told.missed, ...missed].map(oneLine),
    notes: [...bareRuns(decisions), ...notes].map(oneLine),
    leftOut: [...told.leftOut, ...others].map(oneLine),
  };
}

/** Notes on what is not published. */
const isLoss = (note: string): boolean =>
  /\bnot (?:published|read|used|looked into|in the folder)|none of them is published/.test(note);

const REMEDY =
  "to publish one of these files, add a row below files: in the file of decisions, such as - {files: scan.mrc, is: tomogram, run: TS_05}";

/** The same one below the other, with headings. */
export function accountLines({ published, missed, notes, leftOut }: Account): string[] {
  const part = (heading: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ["", heading, ...lines.map((line) => `  ${line}`)];
  return [
    ...published,
    ...part("NOT PUBLISHED, please check:", [...missed, ...notes.filter(isLoss), ...(missed.length === 0 ? [] : [REMEDY])]),
    ...part(
      "please note:",
      notes.filter((note) => !isLoss(note)),
    ),
    ...part("left out on purpose:", leftOut),
  ];
}

/** How many files of each kind are published of each run, and of all runs together. */
export interface RunTable {
  readonly kinds: readonly Role[];
  readonly runs: readonly { readonly run: string; readonly counts: readonly number[] }[];
  readonly ofAllRuns: readonly number[];
}

/** Roles of files that are published, or tell of what is. */
const USED: readonly Role[] = ROLES.filter((role) => role !== "left out" && role !== "half map");

export function runTable({ runs, files }: Pick<Decisions, "runs" | "files">): RunTable {
  const used = [...files.values()].filter(({ role }) => USED.includes(role));
  const kinds = USED.filter((role) => used.some((file) => file.role === role));
  const at = new Map(kinds.map((kind, i) => [kind, i] as const));
  const rows = new Map(runs.map((run) => [run, kinds.map(() => 0)]));
  const ofAllRuns = kinds.map(() => 0);
  for (const { run, role } of used) {
    const counts = (run === undefined ? undefined : rows.get(run)) ?? ofAllRuns;
    counts[at.get(role)!]!++;
  }
  return { kinds, runs: [...rows].map(([run, counts]) => ({ run, counts })), ofAllRuns };
}

const HEADINGS: Partial<Record<Role, string>> = {
  ...{ tomogram: "tomograms", frame: "frames", gain: "gain refs", acquisition: "mdocs", alignment: "alignment", ctf: "CTF" },
  ...{ points: "point lists", mask: "masks", mesh: "meshes", table: "tables" },
};

/** By run, what it may have by the answer to a question without a default. */
function waitingKinds(questions: readonly Asked[]): ReadonlyMap<string, ReadonlySet<Role>> {
  const kinds = new Map<string, Set<Role>>();
  for (const { answer, options } of questions)
    if (answer === undefined)
      for (const { role, run } of options.flatMap(({ claims }) => claims))
        if (run !== undefined) kinds.set(run, (kinds.get(run) ?? new Set()).add(role));
  return kinds;
}

const SHOWING: readonly Role[] = ["tomogram", "tilt series", "frame"];

/** Runs that show nothing of a specimen, and wait for nothing. */
function bareRuns({ runs, files, questions }: Decisions): string[] {
  const shown = new Set(
    [...files.values()].flatMap(({ role, run }) => (SHOWING.includes(role) && run !== undefined ? [run] : [])),
  );
  const waiting = waitingKinds(questions);
  const bare = runs.filter((run) => !shown.has(run) && !SHOWING.some((role) => waiting.get(run)?.has(role)));
  return bare.length === 0
    ? []
    : [`${counted(bare.length, "run has", "runs have")} neither images nor a tomogram: ${few(bare, SERIES_MAX)}`];
}

/** The table for a terminal: a row for each run, or for all runs with as many files of each kind. */
function tableLines({ kinds, runs, ofAllRuns }: RunTable, waiting: ReadonlyMap<string, ReadonlySet<Role>>): string[] {
  if (runs.length === 0) return [];
  const cellsOf = ({ run, counts }: RunTable["runs"][number]) =>
    counts.map((count, at) => {
      const open = waiting.get(run)?.has(kinds[at]!) ? "?" : "";
      return count > 0 ? `${count}${open}` : open || "–";
    });
  const all = runs.map((one) => ({ run: one.run, cells: cellsOf(one) }));
  const groups = runs.length > RUNS_NAMED ? [...groupsOf(all, ({ cells }) => cells.join(" ")).values()] : all.map((one) => [one]);
  const nameOf = (group: typeof all) => {
    const names = group.map(({ run }) => run);
    return names.length <= EACH_MAX ? names.join(", ") : `${names[0]} … ${names.at(-1)} (${counted(names.length, "run")}, each)`;
  };
  const more = groups.slice(ROWS_MAX).flat().length;
  const shared = ofAllRuns.map((count) => (count > 0 ? `${count}` : "–"));
  const rows = [
    ["run", ...kinds.map((kind) => HEADINGS[kind] ?? kind)],
    ...groups.slice(0, ROWS_MAX).map((group) => [nameOf(group), ...group[0]!.cells]),
    ...(shared.some((cell) => cell !== "–") ? [["(for several runs)", ...shared]] : []),
  ];
  return [
    ...alignedRows(rows).map((line) => `  ${line}`),
    ...(more === 0 ? [] : [`  … and ${counted(more, "more run")}`]),
    ...(rows.slice(1).some((row) => row.slice(1).some((cell) => cell.endsWith("?")))
      ? ["  ? waits for your answer to a question without a default"]
      : []),
  ];
}

/** What a folder has beside its data: logs, scripts, pictures and documents. */
const CHORE =
  /\.(?:log|out|err|com|sh|bash|csh|zsh|py|pyc|m|slurm|sbatch|job|png|jpe?g|gif|bmp|svg|pdf|eps|docx?|pptx?|md|html?|ipynb)~?$/i;

export const isChore = (path: string): boolean => CHORE.test(path);

/** Reasons that name what a person can do about it, or that something is not known. */
const MISSED =
  /\b(?:nothing (?:tells|shows)|(?:is|are) not read|cannot be read|do not tell|does not tell|names none of|more images than that|is not known|in every unit|there is no(?:ne)?\b|there are no frames|nothing confirms|no tomogram of|lie outside|no known format|not of the size|write (?:x|them|one|it|their|a)\b|save (?:it|what|those)|convert|unpack|decimal commas)/;

interface Told {
  readonly reasonIn: (path: string) => string;
  readonly isVolume: (path: string) => boolean;
  /** Questions whose answers may change what becomes of a file. */
  readonly untilOf: (path: string) => readonly string[];
}

/** Of a few files each with its own reason. Logs, scripts and pictures are one line at the end. */
function unusedLines(all: readonly UnusedGroup[], { reasonIn, isVolume, untilOf }: Told): Pick<Account, "missed" | "leftOut"> {
  const chores = all.flatMap(({ paths }) => paths.filter(isChore));
  const groups = all.flatMap((group) => {
    const paths = group.paths.filter((path) => !isChore(path));
    return paths.length === 0 ? [] : [{ ...group, paths }];
  });
  // where not all can be told, volumes are missed first, and what waits for an answer
  const isFirst = ({ paths, because }: UnusedGroup) => Number(paths.some(isVolume) || isLeftWaiting(because));
  groups.sort((a, b) => isFirst(b) - isFirst(a));
  const isMissed = ({ fate, because }: UnusedGroup) => fate === "not used" || MISSED.test(because) || isLeftWaiting(because);
  const each = (group: UnusedGroup, what: string): string[] => {
    const { paths, because } = group;
    const isOne = paths.length > EACH_MAX || new Set(paths.map(reasonIn)).size === 1 || because.startsWith("half maps");
    const until = (own: readonly string[]) => (isMissed(group) ? untilText(own, untilOf) : "");
    if (isOne) return [`${what}: ${because}${until(paths)}`];
    return [...groupsOf(paths, reasonIn)].map(([why, own]) => `${named(own)}: ${why}${until(own)}`);
  };
  const linesOf = (some: readonly UnusedGroup[], most: number): string[] => {
    const lines = some
      .slice(0, most)
      .flatMap((group) => each(group, group.fate === "not used" ? fewFiles(group.paths) : named(group.paths) + ofSeries(group)));
    const rest = some.slice(most).flatMap(({ paths }) => paths);
    const more = `${named(rest)}: for ${counted(some.length - most, "more reason")}, which the file of decisions has`;
    return rest.length === 0 ? lines : [...lines, more];
  };
  const leftOut = linesOf(
    groups.filter((group) => !isMissed(group)),
    REASONS_MAX,
  );
  if (chores.length > 0) leftOut.push(`${named(chores)}: logs, scripts, pictures and documents`);
  return { missed: linesOf(groups.filter(isMissed), MISSED_MAX), leftOut };
}

/** What else could become of files, where that hangs on questions. */
function untilText(paths: readonly string[], untilOf: (path: string) => readonly string[]): string {
  const ids = [...new Set(paths.flatMap((path) => untilOf(path)))];
  return ids.length === 0 || !paths.every((path) => untilOf(path).length > 0)
    ? ""
    : ` (this may change with your answer to ${ids.length > EACH_MAX ? "the questions below" : few(ids, EACH_MAX)})`;
}

/** Of series that are left out as a whole all are named: whoever has three hundred asks which of them are not there. */
const ofSeries = ({ runs = [], paths }: UnusedGroup): string =>
  runs.length === 0 || paths.length <= EACH_MAX ? "" : ` (${counted(runs.length, "series", "series")}: ${few(runs, SERIES_MAX)})`;

/** `2 more runs with an open question: TS_3, TS_4`; undefined where there is none. */
export function waitingText(decisions: Pick<Decisions, "runs" | "questions">): string | undefined {
  const waiting = waitingRuns(decisions);
  return waiting.length === 0
    ? undefined
    : `${counted(waiting.length, "more run")} with an open question: ${few(waiting, 3, "run")}`;
}

/** Files that are not used, for one reason: left out for it, or not known to be anything. */
export interface UnusedGroup {
  /** Stable while the reason is the same. */
  readonly id: string;
  readonly fate: "left out" | "not used";
  /** As of its first file. */
  readonly because: string;
  readonly paths: readonly string[];
  /** Where whole series are left out: which. */
  readonly runs?: readonly string[] | undefined;
}

/** What is not used, by reason, the most files first. Files of open questions are in their questions. */
export function unusedGroups({
  files,
  undecided,
  questions,
}: Pick<Decisions, "files" | "undecided" | "questions">): UnusedGroup[] {
  const out = [...files.values()].filter(({ role }) => role === "left out" || role === "half map");
  const left = [...groupsOf(out, reasonOf)].map(([key, group]): UnusedGroup => {
    const runs = [...new Set(group.flatMap(({ run, because }) => (run !== undefined && isOfBadSeries(because) ? [run] : [])))];
    const paths = group.map(({ path }) => path);
    return { id: stableId("left", key), fate: "left out", because: shownReason(group), paths, ...(runs.length > 0 && { runs }) };
  });
  // an answer that cannot be followed is told with the others
  const waiting = questions.filter(({ isOfRuns, answer }) => !isOfRuns && answer === undefined);
  const asked = new Set(waiting.flatMap(({ files: own }) => own));
  const unknown = groupsOf(
    [...undecided].filter(([path]) => !asked.has(path)),
    ([path, why]) => withoutNames(why) + kindOf(path),
  );
  const open = [...unknown].map(([key, group]): UnusedGroup => {
    return { id: stableId("open", key), fate: "not used", because: group[0]![1], paths: group.map(([path]) => path) };
  });
  const bySize = (a: UnusedGroup, b: UnusedGroup) => b.paths.length - a.paths.length;
  return [...left.sort(bySize), ...open.sort(bySize)];
}

/** Questions with why they are asked, the files that they do not name, the answers that there are, and the one that is taken. */
export function questionLines({ questions }: Pick<Decisions, "questions">): string[] {
  return questions
    .filter(({ isAnswered }) => !isAnswered)
    .flatMap((question) => [
      "",
      `question ${question.id}: ${question.text}`,
      ...(question.why === undefined ? [] : [`  ${question.why}`]),
      ...listed(question),
      ...question.options.map(({ answer, says }) => `  ${answer}${answer === question.answer ? ` ${TAKEN}` : ""}: ${says}`),
      ...(question.answer === undefined ? ["  no default: until you answer, none of this is published"] : []),
    ])
    .map(oneLine);
}

function listed(question: Asked): string[] {
  const others = unnamedFiles(question);
  // one of runs names an example of each
  const most = question.isOfRuns ? 0 : LISTED_MAX;
  // `picks/TS_*.star (3 files)` has them all
  if (question.options.some(({ says }) => /\(\d+ files\b/.test(says))) return [];
  const more = others.length - most;
  // answers that name a file name one of the first run
  const isForOthers =
    others.length > 0 && question.options.some(({ says }) => question.files.some((path) => says.includes(path)));
  const rest = most === 0 ? `about ${counted(more, "file")}` : `and ${counted(more, "more file")}`;
  return [
    ...(isForOthers ? ["  the answer is also for:"] : []),
    ...others.slice(0, most).map((path) => `    ${path}`),
    ...(more > 0 ? [`    ${rest}`] : []),
  ];
}

/** The files of a question that neither it nor its answers name. */
export function unnamedFiles(question: Asked): string[] {
  const words = wholeText(question);
  // `TS_01.mrc` is not named by `old/TS_01.mrc`
  const isNamed = (path: string) => [...indicesOf(words, path)].some((at) => !/[\w./-]/.test(words[at - 1] ?? " "));
  return question.files.filter((path) => !isNamed(path));
}

function* indicesOf(text: string, part: string): Generator<number> {
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) yield at;
}

/** As `withoutCopiedFolders` says it. */
const OF_FOLDER = ", with all that is in it";

const reasonOf = ({ role, because, path }: Decision): string => {
  if (role === "half map") return "half";
  // of a folder that was copied as a whole its name is the reason, whatever lies in it
  return because.includes(OF_FOLDER) || isOfBadSeries(because) || because.startsWith("named after ")
    ? because
    : `${withoutNames(because)} ${kindOf(path)}`.trim();
};
const kindOf = (path: string): string => /\.[A-Za-z]\w{0,7}$/.exec(path)?.[0].toLowerCase() ?? "";
const withoutNames = (text: string): string => text.replace(/\S*[\d/]\S*/g, "#");

function named(paths: readonly string[]): string {
  return paths.length <= 3 ? paths.join(", ") : `${counted(paths.length, "file")}, such as ${paths[0]!}`;
}

const shownReason = (group: readonly Decision[]): string =>
  group[0]!.role === "half map"
    ? `half maps, for which the portal's layout has no place: "is: tomogram" in the file of decisions would publish them as tomograms (${group[0]!.because})`
    : group[0]!.because;

/**
 * The file of which rsync has left a part: `a/.TS_01.mrc.Xa1b2c` of `a/TS_01.mrc`, `a/.rsync-partial/TS_01.st` of `a/TS_01.st`.
 *
 * Source: --partial-dir and --temp-dir in https://download.samba.org/pub/rsync/rsync.1
 */
function wholeOf(path: string): string | undefined {
  const [, folder = "", partial] = /^(.*\/)?\.(?:rsync-partial|~tmp~)\/([^/]+)$/.exec(path) ?? [];
  if (partial !== undefined) return `${folder}${partial}`;
  const [, beside = "", name] = /^(.*\/)?\.([^/]+\.\w+)\.[A-Za-z0-9]{6}$/.exec(path) ?? [];
  return name === undefined ? undefined : `${beside}${name}`;
}

function linkLines(laboratory: Laboratory): { readonly missed: string[]; readonly others: string[] } {
  const { links, hidden, isComplete } = laboratory;
  const told = links.told("the folder");
  const parts = hidden.flatMap((path) => wholeOf(path) ?? []).filter((path) => laboratory.get(path) === undefined);
  return {
    missed: [
      ...(told === undefined ? [] : [told]),
      ...(parts.length > 0
        ? [`not copied whole: ${few(parts, NAMED_MAX, "file")}, of which rsync has left hidden parts; copy the folder again`]
        : []),
      ...(isComplete ? [] : ["the folder has more files than were looked at: nothing is known of the others"]),
    ],
    others: hidden.length > 0 ? [`${few(hidden, NAMED_MAX, "file")}: hidden, and not looked at`] : [],
  };
}

/** A name with a line end in it must not become a line of its own. */
export const oneLine = (text: string): string => text.replace(/[\r\n\u0085\u2028\u2029]/g, " ");
