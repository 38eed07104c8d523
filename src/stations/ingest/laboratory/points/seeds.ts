import { few } from "../../../../core/finding.js";
import { groupsOf, keyOf } from "../../../../core/groups.js";
import { counted } from "../../../../core/units.js";
import { readStar } from "../../../../formats/star/read.js";
import type { Question } from "../claims.js";
import { outOrAsIs } from "../completion/claim.js";
import type { Decision } from "../decide.js";
import { stableId, theseFiles } from "../questions.js";
import { orReason } from "../recognisers/common/reading.js";
import { withoutNumbers } from "../run-names.js";
import type { Laboratory } from "../survey/laboratory.js";
import type { PlaceOptions } from "./lists.js";
import { placesIn } from "./same-particles.js";

type Options = Pick<PlaceOptions, "laboratory" | "volumesOf" | "signal">;

/** Points of a list below which their distances tell nothing. */
const POINTS_MIN = 50;
/** Points of a list whose neighbours are looked for. */
const POINTS_SOUGHT = 300;
/** Å between neighbours: of a table that nobody has aligned, and of any list: no particle that anybody picks is so small. */
const SEEDS_ANGSTROM = 80;
const ANY_ANGSTROM = 20;

/**
 * Lists whose points lie nearer to each other than particles do: points of a surface or of a filament, from which an alignment begins. Dynamo makes such
 * tables of its models, and STOPGAP such lists, with no shift and no score.
 *
 * Source: https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table_convention, crop on mesh
 */
export async function seedQuestions(files: ReadonlyMap<string, Decision>, options: Options): Promise<Question[]> {
  const lists = [...files.values()].filter(
    ({ role, strength, details }) =>
      role === "points" &&
      strength !== "person" &&
      details.points !== undefined &&
      details.points.shape !== "InstanceSegmentation",
  );
  const doubts: { file: Decision; count: number; distance: number }[] = [];
  for (const file of lists) {
    const run = file.run ?? file.runs?.[0];
    const places = run === undefined ? [] : await placesIn({ files: [file] }, run, options);
    const count = places.length / 3;
    if (count < POINTS_MIN) continue;
    const distance = usualDistance(places);
    const isDense = distance < ANY_ANGSTROM || (distance < SEEDS_ANGSTROM && (await isUnaligned(file, options)));
    if (isDense) doubts.push({ file, count, distance });
  }
  const groups = groupsOf(doubts, ({ file }) => keyOf(withoutNumbers(file.path), file.details.points!.format));
  return [...groups].map(([key, group]): Question => {
    const some = group.map(({ file }) => file);
    const has = group.map(
      ({ file, count, distance }) => `${file.path} (${counted(count, "point")}, ${Math.round(distance)} Å from one to the next)`,
    );
    return {
      id: stableId("seeds", key),
      text: `Are the points of ${theseFiles(some.map(({ path }) => path))} particles?`,
      why: `They may be points on a surface, from which an alignment starts: ${few(has)}.`,
      files: some.map(({ path }) => path),
      options: outOrAsIs(some, {
        because: "points of a surface, and no particles",
        ...{ out: "no, points on a surface: not published", as: "points", says: "yes: published" },
      }),
      guess: "leave-out",
    };
  });
}

/** Å from a point to the nearest other one: the median. */
function usualDistance(places: readonly number[]): number {
  const count = places.length / 3;
  const step = Math.max(1, Math.floor(count / POINTS_SOUGHT));
  const nearest: number[] = [];
  for (let a = 0; a < count; a += step) {
    let least = Number.POSITIVE_INFINITY;
    for (let b = 0; b < count; b++) {
      if (a === b) continue;
      const [x, y, z] = [0, 1, 2].map((axis) => places[3 * a + axis]! - places[3 * b + axis]!) as [number, number, number];
      least = Math.min(least, x * x + y * y + z * z);
    }
    nearest.push(Math.sqrt(least));
  }
  return nearest.sort((a, b) => a - b)[Math.floor(nearest.length / 2)]!;
}

/** Columns of a table of Dynamo, from 0: shifts, and the score of the alignment. */
const SHIFTS_AND_SCORE = [3, 4, 5, 9];

async function isUnaligned({ path, details }: Decision, { laboratory }: Options): Promise<boolean> {
  const { format } = details.points!;
  if (format === "stopgap_star") return isUnalignedStar(laboratory, path);
  if (format !== "dynamo_tbl") return false;
  const rows = ((await laboratory.text(path)) ?? "").split(/\r?\n/).filter((line) => line.trim() !== "");
  return rows.every((line) => {
    const cells = line.trim().split(/\s+/);
    return SHIFTS_AND_SCORE.every((column) => Number(cells[column]) === 0);
  });
}

/** The same of a motive list of STOPGAP. Source: `sg_get_motl_fields.m` of https://github.com/wan-lab-vanderbilt/STOPGAP */
const OF_STOPGAP = ["x_shift", "y_shift", "z_shift", "score"];

async function isUnalignedStar(laboratory: Laboratory, path: string): Promise<boolean> {
  const read = await orReason(async () =>
    readStar(await laboratory.open(path), ({ columns }) => (OF_STOPGAP.every((one) => columns.includes(one)) ? "read" : "skip")),
  );
  const [table] = "value" in read ? read.value : [];
  const at = OF_STOPGAP.map((one) => table?.columns.indexOf(one) ?? -1);
  return (
    table !== undefined && at.every((one) => one >= 0) && table.rows.every((row) => at.every((one) => Number(row[one]) === 0))
  );
}
