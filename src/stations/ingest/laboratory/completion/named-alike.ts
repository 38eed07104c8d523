import { few } from "../../../../core/finding.js";
import { groupsOf } from "../../../../core/groups.js";
import { mapLimit } from "../../../../system/parallel.js";
import type { Claim, Question, Recognised, RunOfFile } from "../claims.js";
import { isCounted } from "../conventions/specimens.js";
import { stableId } from "../questions.js";
import { isBox } from "../recognisers/common/averages.js";
import { stemOf } from "../recognisers/common/names.js";
import { showTheSame } from "../recognisers/common/prints.js";
import { APART, tightName, wordsOf } from "../run-names.js";
import type { Laboratory } from "../survey/laboratory.js";
import { contradictedExposures } from "./same-exposures.js";

const TEXT_BYTES_MAX = 256 * 1024;
const READS_IN_FLIGHT = 16;
/** Rows that pair names, at least: two names in one line may be there for any reason. */
const ROWS_MIN = 2;
const TABLE = /\.(?:csv|tsv|txt|tab|md|dat)$/i;
const RECORDED: readonly Claim["role"][] = ["tilt series", "acquisition", "frame", "raw tilts"];
/** What has the name that the microscope gave. */
const ACQUIRED: readonly Claim["role"][] = ["acquisition", "frame"];
const MADE: readonly Claim["role"][] = ["tomogram", "alignment"];

/** A run by what is claimed for it. */
type Runs = ReadonlyMap<string, readonly Claim[]>;
type Pair = readonly [a: string, b: string];

/**
 * Asks whether runs are one of which somebody has written both names into a table, as people do who rename series; and where a single series without a
 * tomogram and a single tomogram without a series remain. Runs whose stacks show other images are not asked about; where they show the same ones, the table
 * is believed until somebody answers.
 */
export async function namedAlike(laboratory: Laboratory, recognised: readonly Recognised[]): Promise<readonly Recognised[]> {
  const asked = new Set(
    recognised.flatMap(({ questions = [] }) => questions.filter(({ isOfRuns }) => isOfRuns)).flatMap(({ files }) => files),
  );
  const claims = recognised.flatMap(({ claims: own }) => own.filter(({ run, path }) => run !== undefined && !asked.has(path)));
  const runs = groupsOf(claims, ({ run }) => run!);
  if (runs.size < 2) return recognised;
  const questions: Question[] = [];
  const taken = new Set<string>();
  for (const { path, pairs, isShown } of await tablesOf(laboratory, runs)) {
    const free = pairs.filter((pair) => !pair.some((run) => taken.has(run)));
    const compared = await comparedPairs(laboratory, runs, free);
    const open = compared.flatMap(({ pair, areAlike }) => (areAlike === false ? [] : [pair]));
    if (open.length === 0) continue;
    for (const run of open.flat()) taken.add(run);
    // a row whose images are the same tells that the table says what it seems to say, unless those of another row are not
    const isSeen = open.length === free.length && compared.some(({ areAlike }) => areAlike === true);
    const why = `${path} has both names in one row${isSeen ? ", and their stacks show the same images" : ""}`;
    const question = questionOf(runs, open, { id: stableId("names", path), why });
    questions.push(isShown || isSeen ? { ...question, guess: "one-run" } : question);
  }
  const contradicted = (await contradictedExposures(laboratory, runs)).filter((pair) => !pair.some((run) => taken.has(run)));
  if (contradicted.length > 0) {
    for (const run of contradicted.flat()) taken.add(run);
    const why = "Their acquisition files name the same exposures, but their stacks show other images";
    questions.push({
      ...questionOf(runs, contradicted, { id: stableId("exposures", contradicted.join()), why }),
      guess: "one-run",
    });
  }
  for (const pair of await notApart(
    laboratory,
    runs,
    calledAfter(runs).filter((two) => !two.some((run) => taken.has(run))),
  )) {
    for (const run of pair) taken.add(run);
    const why = `Nothing was recorded as ${pair[1]}, and that is ${pair[0]} with a word added`;
    questions.push({ ...questionOf(runs, [pair], { id: stableId("called-after", pair.join()), why }), guess: "one-run" });
  }
  const [only] = await notApart(
    laboratory,
    runs,
    onlyTwo(laboratory, runs).filter((pair) => !pair.some((run) => taken.has(run))),
  );
  if (only) questions.push(onlyTwoQuestion(runs, only));
  return questions.length === 0 ? recognised : [...recognised, { software: "", by: [], claims: [], questions }];
}

interface NameTable {
  readonly path: string;
  readonly pairs: readonly Pair[];
  /** Another row, in the same columns, has two names of what is known to be one: the table says what it seems to say. */
  readonly isShown: boolean;
}

/** Tables with the names of two runs in several rows. */
async function tablesOf(laboratory: Laboratory, runs: Runs): Promise<NameTable[]> {
  const byName = groupsOf(runs.keys(), tightName);
  const called = new Map<string, ReadonlySet<string>>();
  const calledOf = (run: string) => {
    const known = called.get(run) ?? new Set(runs.get(run)!.flatMap(({ path }) => namesIn(path)));
    called.set(run, known);
    return known;
  };
  const runOf = (cell: string) => {
    const text = cell.trim().replace(/^["']|["']$/g, "");
    if (runs.has(text)) return text;
    // of series of one name people write the folder before it
    const found = [text, stemOf(text), text.replace(/[/\\]+/g, "_")].map((name) => byName.get(tightName(name)) ?? []);
    const [own = []] = found.filter(({ length }) => length > 0);
    return own.length === 1 ? own[0] : undefined;
  };
  /** Whether a run lies under another name, too: what was known before says what the columns mean. */
  const isCalled = (run: string | undefined, other: string) =>
    run !== undefined && runOf(other) === undefined && /\d/.test(other) && calledOf(run).has(tightName(stemOf(other.trim())));
  const runsUnder = runsByName(runs, calledOf);
  /** Whether a run that is called otherwise, such as after the folder of its series, has files under both names. */
  const areOfOne = (one: string, other: string) => {
    const names = [one, other].map((cell) => stemOf(cell.trim()));
    const [a, b] = names.map(tightName) as [string, string];
    if (a === b || !names.every((name) => /\d/.test(name)) || runOf(one) !== undefined || runOf(other) !== undefined)
      return false;
    return [...(runsUnder().get(a) ?? [])].some((run) => calledOf(run).has(b));
  };
  const texts = laboratory.files.filter(
    ({ path, format, size }) => format === "text" && size <= TEXT_BYTES_MAX && TABLE.test(path),
  );
  const tables = await mapLimit(texts, READS_IN_FLIGHT, async ({ path }) => {
    const lines = ((await laboratory.text(path)) ?? "")
      .split(/\r\n|\n|\r/)
      .map((line) => (/[,;\t|]/.test(line) ? line.split(/[,;\t|]/) : line.split(/\s*(?:->|=>|=|→|:)\s*|\s+/)));
    const { pairs, columns } = pairsOf(lines.map((line) => line.map(runOf)));
    if (pairs.length === 0) return { path, pairs, isShown: false, rows: 0 };
    const [a, b] = columns.map((column) => (line: readonly string[]) => line[column] ?? "") as [Cell, Cell];
    const areKnown = (line: readonly string[]) => areOfOne(a(line), b(line));
    const isKnown = (line: readonly string[]) =>
      line.some((cell) => line.some((other) => isCalled(runOf(cell), other))) || areKnown(line);
    const isShown = lines.some(
      (line) => isCalled(runOf(a(line)), b(line)) || isCalled(runOf(b(line)), a(line)) || areKnown(line),
    );
    return { path, pairs, isShown, rows: pairs.length + lines.filter(isKnown).length };
  });
  return tables.filter(({ rows }) => rows >= ROWS_MIN);
}

/** The runs that have files under a name, made when it is first asked for: most folders have no such table. */
function runsByName(runs: Runs, calledOf: (run: string) => ReadonlySet<string>): () => ReadonlyMap<string, readonly string[]> {
  let made: Map<string, string[]> | undefined;
  return () => {
    if (made) return made;
    made = new Map();
    for (const run of runs.keys()) for (const name of calledOf(run)) made.set(name, [...(made.get(name) ?? []), run]);
    return made;
  };
}

type Cell = (line: readonly string[]) => string;

/** Names under which a file lies: those of its folders, and each beginning of its own that ends where a word does. */
function namesIn(path: string): string[] {
  const parts = path.split("/").map(stemOf);
  const name = parts.at(-1)!;
  const ends = wordsOf(name).map(({ end }) => tightName(name.slice(0, end)));
  return [...parts.map(tightName), ...ends];
}

/** The pairs of the two columns that have most of them. Each name is in one row, or it is no list of names. */
function pairsOf(rows: readonly (readonly (string | undefined)[])[]): {
  readonly pairs: readonly Pair[];
  readonly columns: readonly [number, number];
} {
  const width = Math.min(12, Math.max(0, ...rows.map(({ length }) => length)));
  const inRows = Array.from({ length: width }, (_, column) => groupsOf(rows, (row) => row[column] ?? ""));
  let best: readonly Pair[] = [];
  let columns: readonly [number, number] = [0, 1];
  for (let a = 0; a < width; a++) {
    for (let b = a + 1; b < width; b++) {
      const pairs = rows.flatMap((row): Pair[] => {
        const [one, other] = [row[a], row[b]];
        return one === undefined || other === undefined || one === other ? [] : [[one, other]];
      });
      // a name that microscopes give in each session is in several rows, of which one alone may be of a run that is known
      const isOnce =
        new Set(pairs.flat()).size === 2 * pairs.length &&
        pairs.every(([one, other]) => inRows[a]!.get(one)!.length === 1 && inRows[b]!.get(other)!.length === 1);
      if (isOnce && pairs.length > best.length) [best, columns] = [pairs, [a, b]];
    }
  }
  return { pairs: best, columns };
}

interface Compared {
  readonly pair: Pair;
  /** Undefined where no stacks tell it. */
  readonly areAlike: boolean | undefined;
}

async function comparedPairs(laboratory: Laboratory, runs: Runs, pairs: readonly Pair[]): Promise<Compared[]> {
  const compared: Compared[] = [];
  for (const pair of pairs) {
    const [a, b] = pair.map((run) => runs.get(run)!.find(({ role }) => role === "tilt series")?.path);
    const areAlike = a === undefined || b === undefined ? undefined : await showTheSame(laboratory, a, b);
    compared.push({ pair, areAlike });
  }
  return compared;
}

/** Those whose stacks do not show other images. */
async function notApart(laboratory: Laboratory, runs: Runs, pairs: readonly Pair[]): Promise<Pair[]> {
  const compared = await comparedPairs(laboratory, runs, pairs);
  return compared.flatMap(({ pair, areAlike }) => (areAlike === false ? [] : [pair]));
}

const has = (claims: readonly Claim[], roles: readonly Claim["role"][]): boolean =>
  claims.some(({ role }) => roles.includes(role));

/** Of all runs one has no tomogram, and one no tilt series. A cube is a template or a reference, as a rule, and is asked about as such. */
function onlyTwo(laboratory: Laboratory, runs: Runs): Pair[] {
  const used = [...runs].filter(([, claims]) => has(claims, [...RECORDED, ...MADE]));
  const recorded = used.filter(([, claims]) => !has(claims, MADE));
  const made = used.filter(([, claims]) => !has(claims, RECORDED));
  const isSeries = recorded.length === 1 && has(recorded[0]![1], ["tilt series", "acquisition"]);
  const isWhole = ({ role, path }: Claim) => role === "tomogram" && !isBox(laboratory.get(path)!);
  return isSeries && made.length === 1 && made[0]![1].some(isWhole) ? [[recorded[0]![0], made[0]![0]]] : [];
}

/**
 * A run of which nothing was recorded, with the name of another one and a word before or behind it that no third run has: somebody has renamed a file. Where several
 * have the word it is that of a specimen.
 */
function calledAfter(runs: Runs): Pair[] {
  const wordOf = (run: string, other: string): string | undefined => {
    const rest = run.split(other);
    const isApart = rest.length === 2 && rest.every((part) => APART.test(part)) && !/\d/.test(rest.join(""));
    return isApart ? rest.join("|") : undefined;
  };
  const made = [...runs].flatMap(([run, claims]) => (has(claims, MADE) && !has(claims, RECORDED) ? [run] : []));
  const found = made.flatMap((run) => {
    const [other] = [...runs.keys()]
      .filter((one) => one !== run && isCounted(one) && wordOf(run, one) !== undefined)
      .sort((a, b) => b.length - a.length);
    return other === undefined ? [] : [{ pair: [other, run] as const, word: wordOf(run, other)! }];
  });
  return [...groupsOf(found, ({ word }) => word).values()].flatMap((group) => (group.length === 1 ? [group[0]!.pair] : []));
}

function onlyTwoQuestion(runs: Runs, pair: Pair): Question {
  const why = `${pair[0]} is the only run without a tomogram, and ${pair[1]} the only one without a tilt series`;
  return { ...questionOf(runs, [pair], { id: stableId("only-two", pair.join()), why }), guess: "separate-runs" };
}

const PAIRS_NAMED = 12;

function questionOf(runs: Runs, pairs: readonly Pair[], { id, why }: { readonly id: string; readonly why: string }): Question {
  const files = pairs.flatMap((pair) => pair.flatMap((run) => runs.get(run)!.map(({ path }) => path)));
  // what both have of their own is of one run only if somebody knows it
  const isWhole = pairs.every(
    ([a, b]) => ![RECORDED, MADE].some((roles) => has(runs.get(a)!, roles) && has(runs.get(b)!, roles)),
  );
  const weigh = (run: string) => [ACQUIRED, RECORDED].filter((roles) => has(runs.get(run)!, roles)).length;
  const kept = ([a, b]: Pair) => (weigh(b) > weigh(a) ? b : a);
  const told = pairs.flatMap((pair) =>
    pair.flatMap((run) => runs.get(run)!.map(({ path }): RunOfFile => ({ path, run, isOf: kept(pair) }))),
  );
  const names = few(
    pairs.map((pair) => pair.join(" and ")),
    PAIRS_NAMED,
    "pair",
  );
  return {
    id,
    text: `${pairs.length === 1 ? "Is this the same tilt series under two names" : "Is each of these pairs one tilt series under two names"}: ${names}?`,
    why: `${why}.`,
    files: [...new Set(files)],
    isOfRuns: true,
    options: [
      {
        answer: "one-run",
        says: `yes: published as ${pairs.length === 1 ? "run" : "runs"} ${few(pairs.map(kept))}`,
        claims: [],
        runs: told,
      },
      {
        answer: "separate-runs",
        says: "no: a run for each name",
        claims: [],
        runs: told.map(({ path, run }) => ({ path, run, isOf: run })),
      },
    ],
    guess: isWhole ? "one-run" : "separate-runs",
  };
}
