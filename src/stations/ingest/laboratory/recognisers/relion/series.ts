import { groupsOf, keyOf } from "../../../../../core/groups.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim } from "../../claims.js";
import { gainNote } from "../common/gain-note.js";
import { imageOf, mdocsOf } from "../common/mdocs.js";
import { baseName, folderOf } from "../common/paths.js";
import { setSpacing } from "../common/volumes.js";
import { placeOf } from "./places.js";
import { type Found, plainName } from "./project.js";
import { rowsOf, starTables } from "./stars.js";
import type { Tomogram } from "./tomograms.js";

const FRAME_FORMATS: readonly unknown[] = ["tiff", "eer", "mrc", "hdf5"];
const READS_IN_FLIGHT = 16;

/** Tilt series, frames, and what the tables of single tilt series say. */
export async function claimSeries(found: Found, tomograms: readonly Tomogram[]): Promise<void> {
  for (const tomogram of tomograms) claimNamedFiles(found, tomogram);
  const tables = await tiltTables(found, tomograms);
  for (const table of tables) claimFrames(found, table);
  await claimGains(found, tomograms);
  await claimAlignmentStacks(found, tomograms);
  claimAlignments(found, tomograms, tables);
}

/** Files of a tilt series that the global tables name. Source: `metadata_label.h` of RELION. */
function claimNamedFiles(found: Found, tomogram: Tomogram): void {
  const { laboratory } = found;
  const { project, run, name } = tomogram;
  for (const { row, star } of tomogram.rows) {
    const file = (column: string, fits?: (path: string) => boolean) => project.find(row.get(column) ?? "", fits);
    const because = `${baseName(star)} names it for ${name}`;
    const isStack = (path: string) =>
      laboratory.get(path)!.volume !== undefined && laboratory.get(path)!.volume!.says !== "volume";
    const stack = file("rlnTomoTiltSeriesName", isStack);
    if (stack !== undefined) found.claim(stackClaim(found, stack, tomogram, because));
    const fits: readonly (readonly [column: string, format: string])[] = [
      ["rlnTomoImportCtfPlotterFile", "IMOD"],
      ["rlnTomoImportCtfFindFile", "CTFFIND"],
    ];
    for (const [column, format] of fits) {
      const path = file(column);
      if (path !== undefined) found.claim({ path, role: "ctf", run, because, strength: "bookkeeping", details: { format } });
    }
    const order = file("rlnTomoImportOrderList");
    if (order !== undefined) found.leave(order, "the order of the tilts, for RELION's import");
    const beads = file("rlnTomoFiducialsStarFile");
    if (beads !== undefined) found.leave(beads, "positions of gold beads", run);
    for (const column of ["rlnTomogramProjection", "rlnTomogramProjectionHalf1", "rlnTomogramProjectionHalf2"]) {
      const projection = file(column);
      if (projection !== undefined) found.leave(projection, "a projection of a tomogram", run);
    }
  }
}

function stackClaim({ laboratory }: Found, path: string, { run, pixelAngstrom }: Tomogram, because: string): Claim {
  const isSet = setSpacing(laboratory.get(path)!.volume!) !== undefined;
  const details = isSet || pixelAngstrom === undefined ? {} : { details: { spacingAngstrom: pixelAngstrom } };
  return { path, role: "tilt series", run, because, strength: "bookkeeping", ...details };
}

/** The table of the tilts of one series, of one job: `tilt_series/TS_01.star` of RELION 5. */
interface TiltTable {
  readonly star: string;
  readonly job: number;
  readonly tomogram: Tomogram;
  readonly movies: readonly string[];
  readonly averages: readonly string[];
  readonly columns: ReadonlySet<string>;
}

async function tiltTables({ laboratory, notes }: Found, tomograms: readonly Tomogram[]): Promise<TiltTable[]> {
  const stars = new Map<string, { tomogram: Tomogram; job: number }>();
  for (const tomogram of tomograms)
    for (const { row, job } of tomogram.rows) {
      const star = tomogram.project.find(row.get("rlnTomoTiltSeriesStarFile") ?? "");
      if (star !== undefined && !stars.has(star)) stars.set(star, { tomogram, job: placeOf(star)?.number ?? job });
    }
  const tables = await mapLimit([...stars], READS_IN_FLIGHT, async ([star, { tomogram, job }]): Promise<TiltTable[]> => {
    const read = await starTables(laboratory, star);
    if ("reason" in read) {
      notes.push(`${read.reason}. The tilts of ${tomogram.name} are not known from it.`);
      return [];
    }
    const named = (column: string) => read.flatMap(rowsOf).flatMap((row) => row.get(column) ?? []);
    const columns = new Set(read.flatMap((table) => table.columns));
    return [{ star, job, tomogram, movies: named("rlnMicrographMovieName"), averages: named("rlnMicrographName"), columns }];
  });
  return tables.flat();
}

/** Frames, or the stack that the tilts are sections of. What was averaged is left out. */
function claimFrames(found: Found, { star, tomogram, movies, averages }: TiltTable): void {
  const { laboratory } = found;
  const { project, run, name } = tomogram;
  const because = `${baseName(star)} names it among the tilts of ${name}`;
  for (const movie of [...movies, ...averages]) {
    if (!movie.includes("@")) continue;
    const stack = project.find(movie, (path) => laboratory.get(path)!.volume !== undefined);
    if (stack !== undefined) found.claim(stackClaim(found, stack, tomogram, because));
  }
  const isFrame = (path: string) => FRAME_FORMATS.includes(laboratory.get(path)!.format);
  for (const movie of movies) {
    const path = project.find(movie, isFrame);
    if (path !== undefined) found.claim({ path, role: "frame", run, because, strength: "bookkeeping" });
  }
  for (const average of averages) {
    const path = project.find(average, isFrame);
    if (path !== undefined) found.leave(path, "the average of the frames of one tilt", run);
  }
}

/** The gain reference that frames were corrected with. Source: `fn_gain_ref` of `RelionJob::initialiseMotioncorrJob`. */
async function claimGains(found: Found, tomograms: readonly Tomogram[]): Promise<void> {
  for (const { path, type, rest, isDeleted } of found.places) {
    if (type !== "MotionCorr" || rest !== "job.star" || isDeleted) continue;
    const project = found.projectOf(path)!;
    const tables = await starTables(found.laboratory, path);
    const rows = "reason" in tables ? [] : tables.flatMap(rowsOf);
    const named = rows.find((row) => row.get("rlnJobOptionVariable") === "fn_gain_ref")?.get("rlnJobOptionValue");
    const gain = named === undefined ? undefined : project.find(named);
    if ("reason" in tables) found.notes.push(`${tables.reason}. Which gain reference it names is not known.`);
    else if (gain === undefined && plainName(named ?? "") !== undefined) found.notes.push(gainNote(path, named!));
    const runs = [...new Set(tomograms.flatMap((one) => (one.project === project ? one.run : [])))];
    if (gain !== undefined && runs.length > 0)
      found.claim({ path: gain, role: "gain", runs, because: "RELION corrected the frames with it", strength: "bookkeeping" });
  }
}

/** Stacks that RELION 5 makes of averages for an alignment: `AlignTiltSeries/job005/external/TS_01/TS_01.mrc`. Source: `align_tiltseries_runner.cpp` */
async function claimAlignmentStacks(found: Found, tomograms: readonly Tomogram[]): Promise<void> {
  const { laboratory } = found;
  const mdocs = await mdocsOf(laboratory);
  const stacks = new Map(
    mdocs.all.flatMap((mdoc) => (mdoc.kind === "series" ? [[mdoc.stem, imageOf(laboratory, mdoc, mdocs)] as const] : [])),
  );
  const claimed = new Map(found.claims.flatMap(({ role, run, path }) => (role === "tilt series" ? [[run, path] as const] : [])));
  for (const { path, type, rest, isDeleted } of found.places) {
    const [, name, file] = /^external\/([^/]+)\/([^/]+)\.mrc$/.exec(rest) ?? [];
    const tomogram = tomograms.find((one) => one.name === name && one.project === found.projectOf(path));
    if (type !== "AlignTiltSeries" || isDeleted || !tomogram || laboratory.get(path)!.volume === undefined) continue;
    const { run } = tomogram;
    const other = claimed.get(run) ?? stacks.get(name!);
    if (file !== name) found.leave(path, "made by an alignment, of a stack that is there", run);
    else if (other !== undefined) found.leave(path, `the tilts of ${run}, stacked for their alignment: ${other} is there`, run);
    else {
      claimed.set(run, path);
      found.claim(stackClaim(found, path, tomogram, `RELION stacked the tilts of ${run} for their alignment`));
    }
  }
}

const ANGLES = ["rlnTomoYTilt", "rlnTomoZRot", "rlnTomoXShiftAngst", "rlnTomoYShiftAngst"];

/** The latest table of tilts with an alignment, unless the files of the program that aligned are there; and the latest other one with a CTF. */
function claimAlignments(found: Found, tomograms: readonly Tomogram[], tables: readonly TiltTable[]): void {
  const beside = new Set(
    found.places.flatMap(({ path, root, rest }) => (/\.(?:xf|aln)$/i.test(path) ? [keyOf(root, folderOf(rest))] : [])),
  );
  const byTomogram = groupsOf(tables, ({ tomogram }) => keyOf(tomogram.project.root, tomogram.name));
  for (const { run, name, project, rows } of tomograms) {
    const own = (byTomogram.get(keyOf(project.root, name)) ?? []).sort((a, b) => b.job - a.job);
    const claim = (role: "alignment" | "ctf", path: string, because: string, table?: string) =>
      found.claim({
        ...{ path, role, run, because, strength: "bookkeeping" },
        details: { format: "RELION", ...(table === undefined ? {} : { table }) },
      });
    const aligned = own.find(({ columns }) => ANGLES.every((column) => columns.has(column)));
    const isAligned = aligned && !beside.has(keyOf(project.root, `external/${name}`));
    // shifts are in Å, and the pixel stands in the table of all series alone
    const table = aligned && rows.find(({ row, job }) => job === aligned.job && row.has("rlnTomoTiltSeriesPixelSize"))?.star;
    if (isAligned) claim("alignment", aligned.star, `it has the alignment of ${name}`, table);
    const fitted = own.find(({ columns, star }) => columns.has("rlnDefocusU") && !(isAligned && star === aligned.star));
    if (fitted) claim("ctf", fitted.star, `it has the CTF of ${name}`);
  }
}
