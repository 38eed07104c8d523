import { few } from "../../../../core/finding.js";
import { groupsOf } from "../../../../core/groups.js";
import type { Question, Role } from "../claims.js";
import type { Decision } from "../decide.js";
import { stableId } from "../questions.js";
import { stemOf } from "../recognisers/common/names.js";
import { baseName, folderOf } from "../recognisers/common/paths.js";
import type { Laboratory } from "../survey/laboratory.js";
import { outOrAsIs } from "./claim.js";
import { cellsOf, folderFinder, listsIn, rowFinder } from "./row-files.js";

/** Titles of columns in which people write whether a series is any good, and of those in which they mark the bad ones: `Good?`, `use (y/n)`, `exclude`. */
const OF_GOOD = titles(
  "good|ok(?:ay)?|usable|use[d]?|keep|kept|include[d]?|accept(?:ed)?|publish(?:ed)?|deposit(?:ed)?|selected|gut|brauchbar|verwenden",
);
const OF_BAD = titles("bad|exclude[d]?|discard(?:ed)?|reject(?:ed)?|skip(?:ped)?|unusable|schlecht");
/** Of a grade only such words are a decision: a series of bad quality may be published. */
const OF_GRADES = titles("quality|status|one|rating");
const DROPPED = /^(?:deleted?|exclude[d]?|discard(?:ed)?|reject(?:ed)?|skip(?:ped)?|unusable)(?![\p{L}\d])/iu;
const OF_REMARKS = titles("comments?|remarks?|notes?|bemerkung(?:en)?|kommentare?");
const YES = /^(?:y|yes|ja|j|true|x|bad|exclude[d]?|discard(?:ed)?|reject(?:ed)?|skip(?:ped)?)(?![\p{L}\d])/iu;
const NO = /^(?:n|no|nein|false|bad|poor|unusable|exclude[d]?|discard(?:ed)?|reject(?:ed)?|skip(?:ped)?|schlecht)(?![\p{L}\d])/iu;
/** Words of a remark after which nobody would publish a series. */
const NOT_TO_BE_USED =
  /\b(?:do not|don'?t|never) (?:use|publish|deposit)\b|\bnot to be (?:used|published|deposited)\b|\bnicht verwenden\b/i;

/**
 * Lists that are called after what they are for, a series a line: `exclude.txt`, `bad_tilt_series.txt`. `bad_tilts.txt` has images of series.
 */
const CALLED_BAD =
  /^(?:(?:ts|series|tilt_?series|tomo(?:gram)?s)[_-])?(?:exclude[d]?|discard(?:ed)?|reject(?:ed)?|unselected|bad(?=[_-]))(?:[_-](?:ts|series|tilt_?series|tomo(?:gram)?s))?(?:[_-]list)?\.txt$/i;

function titles(words: string): RegExp {
  return new RegExp(`^(?:is[_ ])?(?:${words})\\s*\\??\\s*(?:\\([^)]*\\))?$`, "i");
}

/** A cell that begins with it, of a series of which nothing was made, whatever its column is called: `bad - crack`. What `failed` may have been a program. */
const STATUS =
  /^(?:very )?(?:bad|unusable|useless|garbage|junk|trash|reject(?:ed)?|discard(?:ed)?|abandoned|given up|exclude(?:d)?)(?:[.!]*$|\s*[-–—:;,(])/i;
/** What is recorded of a series before anything is made of it. */
const RECORDED: readonly Role[] = ["tilt series", "frame", "acquisition", "raw tilts"];

/** What a list says against a series, or against one file of it. */
interface Judged {
  readonly name: string;
  readonly says: string;
  /** All that stands in the row. */
  readonly cells: readonly string[];
}

const ofBadSeries = (list: string): string => `of a series that ${list} calls bad`;
/** Whether that is why a file is left out: whatever is of such a series has one fate. */
export const isOfBadSeries = (because: string): boolean => /^of a series that .* calls bad$/.test(because);

/**
 * Tilt series that a list beside the data calls bad while it calls others good: `no` below `Good?`, a remark `do not use`, or `BAD` where nothing was made of
 * the series, or that `exclude.txt` lists. In a list of tomograms, which has several of one series, a row is about its file alone. A person says whether they
 * are published, since what is bad for averaging may be good enough for others.
 *
 * @param runsCalled the runs of which files have a name
 */
export async function judgedQuestions(
  files: ReadonlyMap<string, Decision>,
  laboratory: Laboratory,
  runsCalled: (name: string) => readonly string[],
): Promise<Question[]> {
  const open = [...files.values()].filter(
    ({ run, role, strength }) => run !== undefined && role !== "left out" && strength !== "person",
  );
  const byRun = groupsOf(open, ({ run }) => run!);
  const among = rowFinder(laboratory);
  const tomograms = groupsOf(
    open.filter(({ role }) => role === "tomogram"),
    ({ path }) => baseName(path),
  );
  /** Where several series have a name, those of which a folder stands in the row, or else those that lie below the folder of the list. */
  const seriesOf = (folder: string, { name, cells }: Judged): readonly Decision[] => {
    const called = runsCalled(name).flatMap((run) => byRun.get(run) ?? []);
    const named = new Set(
      among(
        called.map(({ path }) => path),
        cells,
      ),
    );
    const meant = called.filter(({ path }) => named.has(path));
    const below = meant.filter(({ path }) => folder === "" || path.startsWith(`${folder}/`));
    return [...new Set((below.length > 0 ? below : meant).map(({ run }) => run!))].flatMap((run) => byRun.get(run)!);
  };
  /** The tomogram whose name stands in the row, with its extension. */
  const fileOf = (cells: readonly string[]): readonly Decision[] => {
    const called = cells.flatMap((cell) => tomograms.get(cell) ?? []);
    const [path, ...others] = among(
      called.map((file) => file.path),
      cells,
    );
    return others.length > 0 ? [] : called.filter((file) => file.path === path);
  };
  const isUnprocessed = (name: string) =>
    runsCalled(name).every((run) => byRun.get(run)?.every(({ role }) => RECORDED.includes(role)) === true);
  const isFolder = folderFinder(laboratory);
  const questions: Question[] = [];
  for (const { path } of listsIn(laboratory)) {
    const isName = (name: string) => runsCalled(name).length > 0;
    const { bad, good, rows } = CALLED_BAD.test(baseName(path))
      ? listedIn((await laboratory.text(path, LISTED_BYTES_MAX)) ?? "", isName)
      : judgedIn(await cellsOf(laboratory, path), { isName, isUnprocessed, isFolder });
    if (bad.length === 0) continue;
    const listed = rows.flatMap((cells) => fileOf(cells).map(({ run }) => run));
    const isOfFiles = new Set(listed).size < listed.length;
    const folder = folderOf(path);
    // where several series have a name it is not those that another row calls good
    const areGood = new Set(
      good.flatMap((one) => {
        const runs = new Set(seriesOf(folder, one).map(({ run }) => run));
        return runs.size === 1 ? [...runs] : [];
      }),
    );
    const badOnes = (one: Judged) => {
      const own = seriesOf(folder, one);
      const left = own.filter(({ run }) => !areGood.has(run));
      return left.length > 0 ? left : own;
    };
    const found = bad.map((one) => ({ ...one, files: isOfFiles ? fileOf(one.cells) : badOnes(one) }));
    const own = found.flatMap((one) => one.files);
    // a list of all that is there was written for something else
    const isAll = own.length > 0 && good.length === 0 && open.every((file) => own.includes(file));
    if (own.length === 0 || isAll) continue;
    const judged = found.flatMap(({ files: some, says }) =>
      [...new Set(some.map(({ path: of, run }) => (isOfFiles ? of : run!)))].map((name) => ({ name, says })),
    );
    const [{ name }] = judged as [(typeof judged)[number]];
    const what =
      judged.length === 1
        ? isOfFiles
          ? name
          : `series ${name}`
        : `these ${judged.length} ${isOfFiles ? "tomograms" : "series"}`;
    questions.push({
      id: stableId("judged", path),
      text: `Should ${what} be published?`,
      why: `${path} marks as bad: ${few(judged.map((one) => (one.says === "" ? one.name : `${one.name} (${one.says})`)))}.`,
      files: own.map((file) => file.path),
      options: outOrAsIs(own, {
        because: isOfFiles ? `${path} calls it bad` : ofBadSeries(path),
        ...{ as: "publish", says: "published" },
      }),
      guess: "leave-out",
    });
  }
  return questions;
}

interface Series {
  isName(cell: string): boolean;
  isUnprocessed(name: string): boolean;
  isFolder(cell: string): boolean;
}

interface JudgedRows {
  readonly bad: readonly Judged[];
  readonly good: readonly Judged[];
  readonly rows: readonly (readonly string[])[];
}

const NONE: JudgedRows = { bad: [], good: [], rows: [] };

const LISTED_BYTES_MAX = 64 * 1024;

/**
 * The series of a list that is called after what it is for, `exclude.txt`: one a line, by its name or that of a file, and behind it words. What is gone may be
 * listed, too. None, where most lines begin with something else, one is a pattern, or has numbers behind the name: those are images of the series.
 */
function listedIn(text: string, isName: (name: string) => boolean): JudgedRows {
  const lines = text.split(/\r\n|\n|\r/).map((line) => line.replace(/#.*/, "").trim());
  const rows = lines.filter((line) => line !== "").map((line) => line.split(/[\s,;:]+/));
  const nameOf = ([cell = ""]: readonly string[]) => [cell, baseName(cell), stemOf(baseName(cell))].find(isName);
  const bad = rows.flatMap((cells): Judged[] => {
    const name = nameOf(cells);
    return name === undefined ? [] : [{ name, says: cells.slice(1).join(" ") || "listed there", cells }];
  });
  const hasNumbers = rows.some((row) => row.slice(1).some((word) => /^[-+]?\d+(?:\.\d+)?$/.test(word)));
  const hasPatterns = rows.some(([cell = ""]) => /[*?[\]{}]/.test(cell));
  return hasNumbers || hasPatterns || bad.length * 2 < rows.length ? NONE : { bad, good: [], rows: [] };
}

/** The series that a table calls bad; none where it calls none good, or has no row for each series. */
function judgedIn(table: readonly (readonly string[])[], { isName: isCalled, isUnprocessed, isFolder }: Series): JudgedRows {
  const nameIn = (cell = "") => (isCalled(cell) ? cell : stemOf(cell));
  const isName = (cell = "") => isCalled(nameIn(cell));
  const { head, all, named } = withNames(table, (cell) => (isName(cell) ? nameIn(cell) : undefined));
  const most = Math.max(0, ...named.map(({ size }) => size));
  const names = named.findIndex(({ size }) => size === most);
  // a list of points has the same name in many rows; where series are numbered anew on each day, the folder of the day stands beside them
  const folders = head.findIndex((_, at) => at !== names && all.every((row) => isFolder(row[at] ?? "")));
  const series = new Set(all.flatMap((row) => (isName(row[names]) ? [`${nameIn(row[names])}/${row[folders] ?? ""}`] : [])));
  if (most < 2 || series.size < all.length / 2) return NONE;
  // a row with the names of two series tells something of both; a sample, with which names begin, stands in many rows
  const isOther = (cell: string, at: number) => at !== names && named[at]?.isRepeated === false && isName(cell);
  const rows = all.filter((row) => isName(row[names]) && !row.some(isOther));
  const judging = head.flatMap((title, at) => {
    const words = OF_BAD.test(title) ? YES : OF_GOOD.test(title) ? NO : OF_GRADES.test(title) ? DROPPED : undefined;
    if (words === undefined) return [];
    // 0 and 1 are no and yes where there is no other number
    const isBinary = words !== DROPPED && rows.every((row) => /^[01]?$/.test(row[at] ?? ""));
    const number = words === YES ? "1" : "0";
    return [{ at, isAgainst: (cell: string) => words.test(cell) || (isBinary && cell === number) }];
  });
  const isRemark = (cell: string, at: number) => at !== names && NOT_TO_BE_USED.test(cell);
  const hasStatus = (row: readonly string[]) => row.some((cell) => STATUS.test(cell)) && isUnprocessed(nameIn(row[names]));
  const isBad = (row: readonly string[]) =>
    row.some(isRemark) || hasStatus(row) || judging.some(({ at, isAgainst }) => isAgainst(row[at] ?? ""));
  const bad = rows.filter(isBad);
  const tells = (cell: string, at: number) => OF_REMARKS.test(head[at] ?? "") || isRemark(cell, at) || STATUS.test(cell);
  const saysOf = (row: readonly string[]) => {
    const against = judging.flatMap(({ at, isAgainst }) => (isAgainst(row[at] ?? "") ? [`${head[at]} ${row[at]}`] : []));
    const words = row.filter((cell, at) => cell !== "" && tells(cell, at) && !judging.some((one) => one.at === at));
    return [...against, ...words].join(", ");
  };
  if (bad.length === rows.length) return NONE;
  const judged = (row: readonly string[]): Judged => ({ name: nameIn(row[names]), says: saysOf(row), cells: row });
  return { bad: bad.map(judged), good: rows.filter((row) => !bad.includes(row)).map(judged), rows };
}

interface NamedColumn {
  /** Different names of series in it. */
  readonly size: number;
  /** One of them stands in several rows. */
  readonly isRepeated: boolean;
}

interface NamedTable {
  readonly head: readonly string[];
  readonly all: readonly (readonly string[])[];
  readonly named: readonly NamedColumn[];
}

/** A table with the names of its columns. Two beside each other may tell more series than one, a sample and a number in it: `WT;4` of `WT_04`. */
function withNames(
  [head = [], ...all]: readonly (readonly string[])[],
  nameOf: (cell: string) => string | undefined,
): NamedTable {
  const named = head.map((_, at): NamedColumn => {
    const names = all.flatMap((row) => nameOf(row[at] ?? "") ?? []);
    const { size } = new Set(names);
    return { size, isRepeated: size < names.length };
  });
  const pairs = head.slice(1).map((_, at) => {
    const isPair = (row: readonly string[]) => /\p{L}/u.test(row[at] ?? "") && /^\d+$/.test(row[at + 1] ?? "");
    const cells = all.map((row) => (isPair(row) ? `${row[at]}_${row[at + 1]}` : ""));
    return { title: `${head[at]} ${head[at + 1]}`, cells, size: new Set(cells.flatMap((cell) => nameOf(cell) ?? [])).size };
  });
  const [best] = pairs.sort((a, b) => b.size - a.size);
  if (!best || best.size <= Math.max(...named.map(({ size }) => size))) return { head, all, named };
  return {
    head: [...head, best.title],
    all: all.map((row, at) => [...head.map((_, column) => row[column] ?? ""), best.cells[at]!]),
    named: [...named, { size: best.size, isRepeated: false }],
  };
}
