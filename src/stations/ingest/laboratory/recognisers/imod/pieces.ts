import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { baseName } from "../common/paths.js";

const READS_IN_FLIGHT = 8;
const BYTES_MAX = 1024 * 1024;

/**
 * Montages, by the list of pieces beside them: three whole numbers a piece, x, y and z.
 *
 * Source: https://bio3d.colorado.edu/imod/doc/man/extractpieces.html
 *
 * @param known files of datasets: a tilt series may be a montage, too
 */
export async function montages(laboratory: Laboratory, known: ReadonlySet<string>): Promise<Claim[]> {
  const lists = laboratory.files.filter(
    ({ path, format, size }) => /\.pl$/i.test(path) && format === "text" && size <= BYTES_MAX && !known.has(path),
  );
  const claims = await mapLimit(lists, READS_IN_FLIGHT, async ({ path }): Promise<Claim[]> => {
    const rows = ((await laboratory.text(path)) ?? "").trim().split(/\r\n|\n|\r/);
    if (!rows.every((row) => /^\s*-?\d+[\s,]+-?\d+[\s,]+-?\d+\s*$/.test(row))) return [];
    const own = ["st", "mrc", "map"]
      .map((end) => path.replace(/pl$/i, end))
      .filter((stack) => laboratory.get(stack)?.volume?.shape[0] === rows.length && !known.has(stack));
    return [
      { path, role: "left out", because: "a list of the pieces of a montage", strength: "contents" },
      ...own.map((stack): Claim => {
        return { path: stack, role: "left out", because: `a montage, as ${baseName(path)} says`, strength: "bookkeeping" };
      }),
    ];
  });
  return claims.flat();
}
