import { groupsOf } from "../../../../../core/groups.js";
import { mapLimit } from "../../../../../system/parallel.js";
import { isIsonetTable } from "../common/isonet-masks.js";
import { seriesStem } from "../common/particles.js";
import { distinctNames } from "../common/paths.js";
import { moviesOf, shareMovies } from "./imports.js";
import { below, placeOf } from "./places.js";
import { type Found, type Project, plainName } from "./project.js";
import { haveSameParticles } from "./same-projects.js";
import { positiveIn, type Row, rowsOf, starTables } from "./stars.js";
import type { Tomogram, TomogramRow } from "./tomogram.js";

const READS_IN_FLIGHT = 16;
/** Names of files that are no tables of tomograms, and are many. */
const OTHERS = /(?:_(?:model|optimiser|sampling|data|particles)|(?:^|\/)(?:job|job_pipeline|particles))\.star$/i;

/** Tomograms by the global tables of all projects. */
export async function readTomograms(found: Found): Promise<Tomogram[]> {
  const { laboratory, notes } = found;
  const files = laboratory.files.filter(({ path, format }) => {
    const place = placeOf(path);
    const isNear = place === undefined ? found.projectOf(path) !== undefined : !place.rest.includes("/") && !place.isDeleted;
    return /\.star$/i.test(path) && format === "text" && isNear && !OTHERS.test(path);
  });
  const read = await mapLimit(files, READS_IN_FLIGHT, async ({ path }): Promise<Named[]> => {
    const tables = await starTables(laboratory, path, ({ columns }) =>
      isGlobal(columns) ? "read" : columns.some(isCoordinate) ? "stop" : "skip",
    );
    if ("reason" in tables) {
      notes.push(`${tables.reason}. The STAR file is left alone.`);
      return [];
    }
    const project = found.projectOf(path)!;
    const job = placeOf(path)?.number ?? -1;
    return tables.flatMap(rowsOf).map((row) => ({ project, name: row.get("rlnTomoName")!, star: path, job, row }));
  });
  return joined(found, read.flat());
}

/** A table with a row a tomogram, and none a particle. IsoNet2 has taken over the names of columns, but its names are those of files. */
const isGlobal = (columns: readonly string[]): boolean =>
  columns.includes("rlnTomoName") && !columns.some(isCoordinate) && !isIsonetTable(columns);
const isCoordinate = (column: string): boolean => /^rln(?:Centered)?CoordinateX/.test(column);

interface Named extends TomogramRow {
  readonly project: Project;
  readonly name: string;
}

/**
 * Rows of one name in one project are one tomogram; of two projects, where the same files are named, or one of them is there only. Movies that were imported
 * again under another name, such as with a prefix, are one series, which has the name of the latest job.
 */
async function joined(found: Found, all: readonly Named[]): Promise<Tomogram[]> {
  const named = [...groupsOf(all, ({ project, name }) => `${project.root}\0${name}`).values()].map((group) => {
    const [{ project, name }] = group as [Named, ...Named[]];
    const rows = [...group].sort((a, b) => b.job - a.job);
    return { name, project, rows, stem: seriesStem(name), files: seriesFiles(project, rows), ...factsOf(rows) };
  });
  const movies = await moviesOf(found.laboratory, named);
  const tomograms = named.map((one, at) => ({ ...one, movies: movies[at]! }));
  const unlike = [...groupsOf(tomograms, ({ stem }) => stem).values()].flatMap((alike) =>
    alike.flatMap((one, at) =>
      alike
        .slice(at + 1)
        .flatMap((other): [Project, Project][] =>
          isSame(one.files, other.files) === undefined ? [[one.project, other.project]] : [],
        ),
    ),
  );
  const pairs = [...new Map(unlike.map((pair) => [pair.map(({ root }) => root).join("\0"), pair])).values()];
  const areOfOne = await haveSameParticles(found, pairs, tomograms);
  const things: { name: string; folder: string; members: (typeof tomograms)[number][] }[] = [];
  const areOne = (one: (typeof tomograms)[number], other: (typeof tomograms)[number]) =>
    one.stem === other.stem
      ? (isSame(one.files, other.files) ?? areOfOne(one.project, other.project))
      : one.project === other.project && shareMovies(one.movies, other.movies);
  // of a series under two names the latest comes first, and names the run
  const latest = (one: (typeof tomograms)[number]) => one.rows[0]!.job;
  for (const one of tomograms.toSorted((a, b) => latest(b) - latest(a))) {
    const same = things.find(({ members }) => members.some((other) => areOne(one, other)));
    if (same) same.members.push(one);
    else things.push({ name: one.stem, folder: one.project.root, members: [one] });
  }
  const names = distinctNames(things);
  return things.flatMap(({ members }, at) => members.map(({ files: _, stem: __, ...one }) => ({ ...one, run: names[at]! })));
}

/** Files that the tables of a tomogram name, where they are or should be: its tilt series, or in tables without it the tomogram. */
interface SeriesFiles {
  readonly stacks: ReadonlySet<string>;
  readonly volumes: ReadonlySet<string>;
}

/** Undefined where each names something, and nothing of one kind. */
function isSame(a: SeriesFiles, b: SeriesFiles): boolean | undefined {
  const [some, others] = [a, b].map(({ stacks, volumes }) => new Set([...stacks, ...volumes])) as [Set<string>, Set<string>];
  if (some.size === 0 || others.size === 0 || [...some].some((file) => others.has(file))) return true;
  const isComparable = [a.stacks, b.stacks].every(({ size }) => size > 0) || [a.volumes, b.volumes].every(({ size }) => size > 0);
  return isComparable ? false : undefined;
}

function seriesFiles(project: Project, rows: readonly TomogramRow[]): SeriesFiles {
  const placesOf = (names: readonly (string | undefined)[]) =>
    new Set(
      names.flatMap((name) => {
        const plain = plainName(name ?? "");
        return plain === undefined ? [] : (project.find(plain) ?? below(project.root, plain) ?? []);
      }),
    );
  const named = rows.map(({ row }) => ({
    stack: row.get("rlnTomoTiltSeriesName"),
    volume: row.get("rlnTomoReconstructedTomogram"),
  }));
  return {
    stacks: placesOf(named.map(({ stack }) => stack)),
    volumes: placesOf(named.flatMap(({ stack, volume }) => (stack === undefined ? [volume] : []))),
  };
}

function factsOf(rows: readonly TomogramRow[]): Pick<Tomogram, "pixelAngstrom" | "sizePixels"> {
  const first = <T>(of: (row: Row) => T | undefined): T | undefined =>
    rows.map(({ row }) => of(row)).find((one) => one !== undefined);
  return {
    pixelAngstrom: first((row) => positiveIn(row, "rlnTomoTiltSeriesPixelSize")),
    sizePixels: first((row) => {
      const [x, y, z] = ["rlnTomoSizeX", "rlnTomoSizeY", "rlnTomoSizeZ"].map((column) => positiveIn(row, column));
      return x !== undefined && y !== undefined && z !== undefined ? [x, y, z] : undefined;
    }),
  };
}

/** Tomograms of the project that a path lies in, by `rlnTomoName` with or without what Warp adds. */
export function tomogramFinder(
  found: Found,
  tomograms: readonly Tomogram[],
): (path: string, name: string) => Tomogram | undefined {
  const byName = groupsOf(tomograms, ({ name }) => seriesStem(name));
  return (path, name) => {
    const own = byName.get(seriesStem(name)) ?? [];
    const project = found.projectOf(path);
    return own.find((one) => one.project === project) ?? (new Set(own.map(({ run }) => run)).size === 1 ? own[0] : undefined);
  };
}
