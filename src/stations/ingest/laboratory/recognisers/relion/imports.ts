import { groupsOf, keyOf } from "../../../../../core/groups.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim, Question } from "../../claims.js";
import { mayBeOne } from "../../conventions/apart.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { mdocsOf } from "../common/mdocs.js";
import { idOf } from "../common/names.js";
import { baseName } from "../common/paths.js";
import { setSpacing } from "../common/volumes.js";
import { below, placeOf } from "./places.js";
import { type Found, type Project, plainName } from "./project.js";
import { rowsOf, starTables } from "./stars.js";
import type { Tomogram, TomogramRow } from "./tomogram.js";

const READS_IN_FLIGHT = 16;
/** Movies that two series share, at least: two tables may name one wrongly. */
const SHARED_MIN = 3;

/** Movies of a series by the table of its tilts, of the latest job that names them. */
export async function moviesOf(
  laboratory: Laboratory,
  tomograms: readonly { readonly project: Project; readonly rows: readonly TomogramRow[] }[],
): Promise<ReadonlySet<string>[]> {
  return mapLimit(tomograms, READS_IN_FLIGHT, async ({ project, rows }) => {
    for (const { row } of rows) {
      const star = project.find(row.get("rlnTomoTiltSeriesStarFile") ?? "");
      const tables = star === undefined ? [] : await starTables(laboratory, star);
      // sections of one stack that the table of another series names too are no movies
      const named = ("reason" in tables ? [] : tables.flatMap(rowsOf)).flatMap((one) => {
        const movie = one.get("rlnMicrographMovieName") ?? "";
        const plain = movie.includes("@") ? undefined : plainName(movie);
        return plain === undefined ? [] : (project.find(plain) ?? below(project.root, plain) ?? []);
      });
      if (named.length > 0) return new Set(named);
    }
    return new Set<string>();
  });
}

/** Whether two tables are of the same exposures, but for those that were taken out as bad: no exposure is of two series, whatever these are called. */
export function shareMovies(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const shared = [...a].filter((movie) => b.has(movie)).length;
  return shared >= SHARED_MIN && 2 * shared >= Math.min(a.size, b.size);
}

/** Pixels of a series by its imports, Å. */
interface Pixels {
  /** The one that counts. */
  readonly counts: number;
  /** The first job that has it: the import itself. */
  readonly job: string;
  /** By jobs whose tables have the series: their pixel. */
  readonly ofJobs: ReadonlyMap<string, number>;
}

/** Says of which tomograms an import was done again with another pixel. */
export type Imports = (tomogram: Pick<Tomogram, "project" | "run">) => Pixels | undefined;

/**
 * Of a series that was imported more than once, with other pixels: the pixel of the latest import counts, or that of its mdoc where no calibration makes the
 * one of the other.
 */
export async function importsOf({ laboratory }: Found, tomograms: readonly Tomogram[]): Promise<Imports> {
  const known = new Map<string, Pixels>();
  const keyOfSeries = ({ project, run }: Pick<Tomogram, "project" | "run">) => keyOf(project.root, run);
  const ofMdocs = await mdocPixels(laboratory);
  for (const [key, own] of groupsOf(tomograms, keyOfSeries)) {
    const rows = own.flatMap((one) => one.rows.flatMap((row) => (pixelOf(row) === undefined ? [] : row)));
    const latest = rows.sort((a, b) => b.job - a.job)[0];
    if (!latest || rows.every((row) => isSame(pixelOf(row)!, pixelOf(latest)!))) continue;
    const recorded = own.flatMap(({ movies = [] }) => [...movies].flatMap((movie) => ofMdocs.get(frameName(movie)) ?? []))[0];
    const isNear = (row: TomogramRow) => recorded !== undefined && isSame(pixelOf(row)!, recorded);
    const other = isNear(latest) ? undefined : rows.find(isNear);
    const counts = other && !mayBeOne(pixelOf(other)!, pixelOf(latest)!) ? other : latest;
    const ofJobs = new Map(rows.map((row) => [placeOf(row.star)?.job ?? row.star, pixelOf(row)!]));
    const first = rows.findLast((row) => isSame(pixelOf(row)!, pixelOf(counts)!))!;
    known.set(key, { counts: pixelOf(counts)!, job: placeOf(first.star)?.job ?? first.star, ofJobs });
  }
  return (tomogram) => known.get(keyOfSeries(tomogram));
}

const pixelOf = ({ row }: TomogramRow): number | undefined => {
  const pixel = Number(row.get("rlnTomoTiltSeriesPixelSize"));
  return pixel > 0 ? pixel : undefined;
};

/** Relative difference of two pixels that are one. */
const TOLERANCE = 0.005;
const isSame = (a: number, b: number): boolean => Math.abs(a / b - 1) < TOLERANCE;

const frameName = (path: string): string => baseName(path.replaceAll("\\", "/")).toLowerCase();

/** Å of the pixels that mdocs have for frames, by the names of these; nothing for a name that two mdocs have with other pixels. */
async function mdocPixels(laboratory: Laboratory): Promise<ReadonlyMap<string, number | undefined>> {
  const pixels = new Map<string, number | undefined>();
  for (const { sections, pixelAngstrom } of (await mdocsOf(laboratory)).all)
    for (const { subFramePath } of sections) {
      if (subFramePath === undefined) continue;
      const name = frameName(subFramePath);
      const isOther = pixels.has(name) && (pixels.get(name) === undefined || pixels.get(name) !== pixelAngstrom);
      pixels.set(name, isOther ? undefined : pixelAngstrom);
    }
  return pixels;
}

/** Why what was made of a row does not count; undefined where it does. */
export function otherPixel(pixel: number | undefined, series: Pixels | undefined): string | undefined {
  if (pixel === undefined || series === undefined || isSame(pixel, series.counts)) return undefined;
  return `of an import with pixels of ${pixel} Å, which was done again: ${series.job} has ${series.counts} Å`;
}

/** As above, of what a job has made of others: none of these has the pixel that counts. */
export function otherPixelOfJobs(jobs: readonly string[], series: Pixels | undefined): string | undefined {
  const pixels = jobs.flatMap((job) => series?.ofJobs.get(job) ?? []);
  const whys = pixels.map((pixel) => otherPixel(pixel, series));
  return whys.every((why) => why !== undefined) ? whys[0] : undefined;
}

/** Columns that name a volume. */
const VOLUMES = /^rlnTomo(?:Reconstructed|Denoised)Tomogram/;

/**
 * Tomograms and halves that were made after an import with another pixel than the one that counts: their voxels are not what their headers say. Where the run
 * has one of the right pixel they are left out, and else a person is asked.
 */
export function leaveOtherPixels(found: Found, tomograms: readonly Tomogram[], imports: Imports): void {
  const pixels = new Map<string, { readonly own: number | undefined; readonly series: Pixels | undefined }>();
  for (const tomogram of tomograms) {
    for (const one of tomogram.rows)
      for (const [column, name] of one.row) {
        const path = VOLUMES.test(column) ? tomogram.project.find(name) : undefined;
        if (path !== undefined && !pixels.has(path)) pixels.set(path, { own: pixelOf(one), series: imports(tomogram) });
      }
  }
  const made = found.claims.filter(({ path, role }) => (role === "tomogram" || role === "half map") && pixels.has(path));
  const keyOfKind = ({ role, run, details }: Claim) => keyOf(role, run ?? "", details?.processing ?? "");
  for (const group of groupsOf(made, keyOfKind).values()) {
    const told = group.map((claim) => ({ claim, ...pixels.get(claim.path)! }));
    const sound = told.find(({ own, series }) => otherPixel(own, series) === undefined);
    for (const { claim, own, series } of told) {
      const why = otherPixel(own, series);
      if (why === undefined) continue;
      const at = found.claims.indexOf(claim);
      const { path, run } = claim;
      if (sound || claim.role === "half map")
        found.claims[at] = { path, run, role: "left out", because: why, strength: "bookkeeping" };
      else {
        found.claims.splice(at, 1);
        found.ask(pixelQuestion(found, claim, { why, ratio: series!.counts / own! }));
      }
    }
  }
}

function pixelQuestion(
  { laboratory }: Found,
  claim: Claim,
  { why, ratio }: { readonly why: string; readonly ratio: number },
): Question {
  const { path, run, details } = claim;
  const said = details?.spacingAngstrom ?? setSpacing(laboratory.get(path)!.volume!);
  const right = said === undefined ? undefined : Number((said * ratio).toPrecision(5));
  const own = said === undefined ? [] : [{ answer: `${said}`, says: `${said} Å`, claims: [claim] }];
  const told: Claim = { ...claim, details: { ...details, spacingAngstrom: right } };
  return {
    id: `relion-import-${idOf(path)}`,
    text: `What is the voxel size of ${path}?`,
    why: `${right === undefined ? "" : `The header says ${Number(said!.toPrecision(5))} Å, but ${right} Å is possible. `}It is ${why}.`,
    files: [path],
    options: [
      ...(right === undefined ? [] : [{ answer: `${right}`, says: `${right} Å`, claims: [told] }]),
      ...own,
      {
        answer: "leave-out",
        says: "not published",
        claims: [{ path, run, role: "left out", because: "a person left it out", strength: "bookkeeping" }],
      },
    ],
  };
}
