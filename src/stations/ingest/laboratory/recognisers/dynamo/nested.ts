import { counted } from "../../../../../core/units.js";
import type { Claim, Option, Question } from "../../claims.js";
import { idOf } from "../common/names.js";
import { folderOf } from "../common/paths.js";
import { holdsCopies } from "../copies/names.js";
import type { Table } from "./tables.js";

/** Part of the rows of a table whose places another one has, too: tables of other particles have the same numbers by chance. */
const SHARED_LEAST = 0.9;

/** Whether the particles of a table are some of those of another one: the same tags, cut out at the same places. */
function isPart(small: Table, large: Table): boolean {
  if (small.rows.size >= large.rows.size) return false;
  let shared = 0;
  for (const [row, place] of small.rows) {
    const other = large.rows.get(row);
    if (other === undefined) return false;
    if (other === place) shared++;
  }
  return shared >= SHARED_LEAST * small.rows.size;
}

/** Tables of which each is a part of another one, or has it as a part: those together, the largest first. */
export function nestedTables(tables: readonly Table[]): Table[][] {
  const families: Table[][] = [];
  for (const table of tables) {
    const own = families.filter((family) => family.some((other) => isPart(table, other) || isPart(other, table)));
    for (const family of own) families.splice(families.indexOf(family), 1);
    families.push([...own.flat(), table]);
  }
  return families.map((family) => family.sort((a, b) => b.count - a.count || (a.path < b.path ? -1 : 1)));
}

/** The aligned table of which a table that nobody has aligned is a part: its particles are there, and better placed. */
export const alignedWhole = (table: Table, family: readonly Table[]): Table | undefined =>
  table.isAligned ? undefined : family.find((other) => other.isAligned && isPart(table, other));

/**
 * What is left when duplicates and false positives are gone: the smallest table that all others contain, or are parts of, as the halves of a data set are.
 * Of tables that nobody has aligned the largest: the others are tests.
 */
function lastOf(family: readonly Table[]): Table | undefined {
  const order = family.some(({ isAligned }) => isAligned) ? family.toReversed() : family;
  // a backup is older than what has more rows elsewhere
  const later = order.filter(({ path }) => !holdsCopies(folderOf(path)));
  return (later.length > 0 ? later : order).find((table) =>
    family.every((other) => other === table || isPart(table, other) || isPart(other, table)),
  );
}

/** @param claims what is claimed of each where it is published */
export function nestedQuestion(family: readonly Table[], claims: readonly Claim[]): Question {
  const last = lastOf(family);
  const options = family.map((table, at): Option => {
    const others = claims.map((claim, n): Claim => {
      const because = isPart(table, family[n]!)
        ? `${table.path} has the ${table.count} of its ${counted(family[n]!.count, "particle")} that were kept`
        : `its particles are in ${table.path}`;
      return n === at ? claim : { path: claim.path, role: "left out", because, strength: "bookkeeping" };
    });
    return { answer: `${at + 1}`, says: `${table.path}: ${counted(table.count, "particle")}`, claims: others };
  });
  const paths = family.map(({ path }) => path);
  return {
    id: `dynamo-${idOf((last ?? family[0]!).path)}`,
    text: `Which of these ${counted(family.length, "table")} should be published?`,
    why: "They are the same particles, in some of them fewer. Tables that you do not choose are not published.",
    files: paths,
    options: [...options, { answer: "all", says: "all of them: the same particles are published several times", claims }],
    ...(last && { guess: `${family.indexOf(last) + 1}` }),
  };
}
