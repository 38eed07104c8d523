import { few } from "../../../../core/finding.js";
import { groupsOf } from "../../../../core/groups.js";
import { mapLimit } from "../../../../system/parallel.js";
import type { Question, Role } from "../claims.js";
import type { Decision } from "../decide.js";
import { baseName } from "../recognisers/common/paths.js";
import { stemOf, tightName } from "../run-names.js";
import type { Laboratory } from "../survey/laboratory.js";
import { outOrAsIs } from "./claim.js";

const TEXT_BYTES_MAX = 256 * 1024;
const READS_IN_FLIGHT = 16;
const TABLE = /\.(?:csv|tsv|txt|tab|md|dat)$/i;
/** Series that a table lists, at least: a row alone may be about anything. */
const SERIES_MIN = 2;

/** A whole cell that judges a series, and what says so within a remark. */
const STATUS =
  /^(?:very )?(?:bad|unusable|useless|garbage|junk|trash|fail(?:ed)?|reject(?:ed)?|discard(?:ed)?|abandoned|given up|exclude(?:d)?)[.!]*$/i;
const REMARK =
  /\b(?:do not|don['’]?t|never|not to be|must not be) (?:use|used|process|processed|publish|published|deposit|deposited)\b/i;

/** What is recorded of a series before anything is made of it. */
const RECORDED: readonly Role[] = ["tilt series", "frame", "acquisition", "raw tilts"];

interface Rejected {
  readonly own: readonly Decision[];
  /** Where it is said, and how. */
  readonly said: string;
}

/**
 * Series that a table of the laboratory calls bad, or says not to use, and of which nothing was made: a person says whether they are published. Of what was
 * processed all the same a remark may be about a part alone.
 */
export async function rejectedQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Promise<Question[]> {
  const used = [...files.values()].filter(({ run, role }) => run !== undefined && role !== "left out");
  const runs = groupsOf(used, ({ run }) => run!);
  const isOpen = (own: readonly Decision[]) =>
    own.every(({ role, strength, question }) => RECORDED.includes(role) && strength !== "person" && question === undefined);
  const alone = [...runs].filter(([, own]) => own.some(({ role }) => role === "tilt series" || role === "frame") && isOpen(own));
  if (alone.length === 0 || alone.length === runs.size) return [];
  const said = await saidInTables(laboratory, runs);
  const rejected = alone.flatMap(([run, own]): Rejected[] => {
    const words = said.get(run);
    return words === undefined ? [] : [{ own, said: words }];
  });
  if (rejected.length === 0) return [];
  const some = rejected.flatMap(({ own }) => own);
  const first = ({ own }: Rejected) => own.find(({ role }) => role === "tilt series" || role === "frame")!.path;
  const shown = few(rejected.map((one) => `${first(one)} (${one.said})`));
  const [were, them] = rejected.length === 1 ? ["Was this series", "it"] : ["Were these series", "them"];
  return [
    {
      id: "rejected",
      text: `${were} given up, as a table says: ${shown}? Nothing was made of ${them}.`,
      files: some.map(({ path }) => path),
      options: outOrAsIs(some, {
        because: "given up, as a table says",
        ...{ as: "publish", says: "published as the others are" },
      }),
      guess: "leave-out",
    },
  ];
}

/** By run what a row that names it, and no other one, says against it. */
async function saidInTables(
  laboratory: Laboratory,
  runs: ReadonlyMap<string, readonly Decision[]>,
): Promise<ReadonlyMap<string, string>> {
  const byName = new Map<string, Set<string>>();
  const know = (name: string, run: string) => byName.set(tightName(name), (byName.get(tightName(name)) ?? new Set()).add(run));
  for (const [run, own] of runs) {
    know(run, run);
    for (const { path, role } of own) if (role === "tilt series") know(stemOf(baseName(path)), run);
  }
  const texts = laboratory.files.filter(
    ({ path, format, size }) => format === "text" && size <= TEXT_BYTES_MAX && TABLE.test(path),
  );
  const tables = await mapLimit(texts, READS_IN_FLIGHT, async ({ path }) => {
    const lines = ((await laboratory.text(path)) ?? "").split(/\r\n|\n|\r/).filter((line) => /[,;\t|]/.test(line));
    const rows = lines.map((line) => line.split(/[,;\t|]/).map((cell) => cell.trim().replace(/^["']|["']$/g, "")));
    const named = rows.flatMap((cells) => {
      const known = cells.flatMap((cell) => {
        const name = tightName(stemOf(cell));
        return /\d/.test(name) && byName.has(name) ? [byName.get(name)!] : [];
      });
      return known.length === 0 ? [] : [{ cells, runs: new Set(known.flatMap((some) => [...some])) }];
    });
    const isOfSeries = new Set(named.flatMap((row) => [...row.runs])).size >= SERIES_MIN;
    return { path, named: isOfSeries ? named : [] };
  });
  const said = new Map<string, string>();
  for (const { path, named } of tables) {
    for (const { cells, runs: own } of named) {
      const words = cells.find((cell) => STATUS.test(cell) || REMARK.test(cell));
      if (words !== undefined && own.size === 1) said.set([...own][0]!, `${path}: “${words}”`);
    }
  }
  return said;
}
