import { few, fewFiles } from "../../../core/finding.js";
import { groupsOf } from "../../../core/groups.js";
import { counted } from "../../../core/units.js";
import { TAKEN } from "../check/placeholders.js";
import { isOfBadSeries } from "./completion/judged-series.js";
import { countText, type Decision, type Decisions, waitingRuns } from "./decide.js";
import { stableId } from "./questions.js";
import type { Laboratory } from "./survey/laboratory.js";
import { isLeftWaiting } from "./waiting.js";

/** Runs that are all named. */
const RUNS_NAMED = 12;
/** Kinds of reasons, and names of files, that are told one by one. */
const REASONS_MAX = 20;
const NAMED_MAX = 10;
/** Files of one kind of reason of which each is told with its own. */
const EACH_MAX = 3;
/** Names of series that are left out as a whole. */
const SERIES_MAX = 100;

/**
 * Tells what became of each file, in lines for a person: the software that was recognised, what is used, what is left out by which reason, what nobody
 * knows, and what has to be decided.
 */
export function accountLines(
  laboratory: Laboratory,
  { runs, files, undecided, questions, software, notes }: Decisions,
): string[] {
  const lines: string[] = [];
  const names = runs.length > RUNS_NAMED ? `${runs.slice(0, 3).join(", ")} … ${runs.at(-1)}` : runs.join(", ");
  lines.push(`${counted(laboratory.files.length, "file")}, ${counted(runs.length, "run")}${runs.length > 0 ? `: ${names}` : ""}`);
  const waiting = waitingText({ runs, questions });
  if (waiting !== undefined) lines.push(`${waiting}, not used until it is answered`);
  if (software.length > 0)
    lines.push(
      `recognised: ${software.map(({ software: name, by }) => `${name} by ${[...new Set(by)].slice(0, 2).join(", ")}`).join("; ")}`,
    );
  const used = countText([...files.values()].filter(({ role }) => role !== "half map"));
  lines.push(used === "" ? "nothing is used" : `used: ${used}`);
  const reasonIn = (path: string) => files.get(path)?.because ?? undecided.get(path)!;
  const isVolume = (path: string) => laboratory.get(path)?.volume !== undefined;
  lines.push(...unusedLines(unusedGroups({ files, undecided, questions }), { reasonIn, isVolume }));
  lines.push(...linkLines(laboratory));
  for (const note of notes) lines.push(note);
  return lines.map(oneLine);
}

/** What a folder has beside its data: logs, scripts, pictures and documents. */
const CHORE =
  /\.(?:log|out|err|com|sh|bash|csh|zsh|py|pyc|m|slurm|sbatch|job|png|jpe?g|gif|bmp|svg|pdf|eps|docx?|pptx?|md|html?|ipynb)~?$/i;

export const isChore = (path: string): boolean => CHORE.test(path);

/** First what may be missing: of a few files each with its own reason. Logs, scripts and pictures are one line at the end. */
function unusedLines(
  all: readonly UnusedGroup[],
  { reasonIn, isVolume }: { reasonIn: (path: string) => string; isVolume: (path: string) => boolean },
): string[] {
  const chores = all.flatMap(({ paths }) => paths.filter(isChore));
  const groups = all.flatMap((group) => {
    const paths = group.paths.filter((path) => !isChore(path));
    return paths.length === 0 ? [] : [{ ...group, paths }];
  });
  // where not all can be told, volumes are missed first, and what waits for an answer
  const isMissed = ({ paths, because }: UnusedGroup) => Number(paths.some(isVolume) || isLeftWaiting(because));
  groups.sort((a, b) => isMissed(b) - isMissed(a));
  const lines: string[] = [];
  const each = (word: string, { paths, because }: Pick<UnusedGroup, "paths" | "because">, what: string) => {
    const isOne = paths.length > EACH_MAX || new Set(paths.map(reasonIn)).size === 1 || because.startsWith("half maps");
    const byReason = isOne ? [] : [...groupsOf(paths, reasonIn)];
    lines.push(...(isOne ? [`${word}: ${what}: ${because}`] : byReason.map(([why, own]) => `${word}: ${named(own)}: ${why}`)));
  };
  const unknown = groups.filter(({ fate }) => fate === "not used");
  for (const group of unknown.slice(0, REASONS_MAX)) each("not used", group, fewFiles(group.paths));
  const more = unknown.slice(REASONS_MAX).flatMap(({ paths }) => paths);
  if (more.length > 0)
    lines.push(`not used: ${counted(more.length, "more file")} of no known kind, such as ${more.slice(0, 3).join(", ")}`);
  const left = groups.filter(({ fate }) => fate === "left out");
  for (const group of left.slice(0, REASONS_MAX)) each("left out", group, named(group.paths) + ofSeries(group));
  const rest = left.slice(REASONS_MAX).flatMap(({ paths }) => paths);
  if (rest.length > 0)
    lines.push(
      `left out for ${counted(left.length - REASONS_MAX, "more reason")}, which the file of decisions has: ${named(rest)}`,
    );
  if (chores.length > 0) lines.push(`left out: logs, scripts, pictures and documents: ${named(chores)}`);
  return lines;
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

/** Files of a question that it does not name itself, as of further runs. */
function othersOf(text: string, files: readonly string[]): string[] {
  const others = files.filter((path) => !text.includes(path));
  return others.length === 0
    ? []
    : [`  ${others.length < files.length ? "also about" : "about"} ${few(others, NAMED_MAX, "file")}`];
}

/** Questions with the answers that there are, and the one that is taken. */
export function questionLines({ questions }: Pick<Decisions, "questions">): string[] {
  return questions
    .filter(({ isAnswered }) => !isAnswered)
    .flatMap(({ id, text, options, answer, files }) => [
      `question ${id}: ${text}`,
      ...othersOf(text, files),
      ...options.map((option) => `  ${option.answer}${option.answer === answer ? ` ${TAKEN}` : ""}: ${option.says}`),
      ...(answer === undefined ? ["  no default: these files are left out until you answer"] : []),
    ])
    .map(oneLine);
}

/** As `withoutCopiedFolders` says it. */
const OF_FOLDER = ", with all that is in it";

const reasonOf = ({ role, because, path }: Decision): string => {
  if (role === "half map") return "half";
  // of a folder that was copied as a whole its name is the reason, whatever lies in it
  return because.includes(OF_FOLDER) || isOfBadSeries(because) ? because : `${withoutNames(because)} ${kindOf(path)}`.trim();
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

function linkLines(laboratory: Laboratory): string[] {
  const { links, hidden, isComplete } = laboratory;
  const told = links.told("the folder");
  const parts = hidden.flatMap((path) => wholeOf(path) ?? []).filter((path) => laboratory.get(path) === undefined);
  return [
    ...(told === undefined ? [] : [`${told}`]),
    ...(parts.length > 0
      ? [`not copied whole: ${few(parts, NAMED_MAX, "file")}, of which rsync has left hidden parts; copy the folder again`]
      : []),
    ...(hidden.length > 0 ? [`not looked at, since they are hidden: ${few(hidden, NAMED_MAX, "file")}`] : []),
    ...(isComplete ? [] : ["the folder has more files than were looked at: nothing is known of the others"]),
  ];
}

/** A name with a line end in it must not become a line of its own. */
export const oneLine = (text: string): string => text.replace(/[\r\n\u0085\u2028\u2029]/g, " ");
