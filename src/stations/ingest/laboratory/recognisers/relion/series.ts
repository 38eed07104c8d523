import { groupsOf, keyOf } from "../../../../../core/groups.js";
import { counted } from "../../../../../core/units.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim, Question } from "../../claims.js";
import type { Surveyed } from "../../survey/laboratory.js";
import { imageOf, mdocsOf } from "../common/mdocs.js";
import { idOf, stemOf } from "../common/names.js";
import { seriesStem } from "../common/particles.js";
import { baseName, folderOf, within } from "../common/paths.js";
import { setSpacing, volumesOf } from "../common/volumes.js";
import { type Imports, otherPixel } from "./imports.js";
import { below, isBelow, placeOf } from "./places.js";
import { type Found, plainName } from "./project.js";
import { positiveIn, rowsOf, starTables } from "./stars.js";
import type { Tomogram } from "./tomogram.js";

const FRAME_FORMATS: readonly unknown[] = ["tiff", "eer", "mrc", "hdf5"];
const READS_IN_FLIGHT = 16;

/** Tilt series, frames, and what the tables of single tilt series say. */
export async function claimSeries(found: Found, tomograms: readonly Tomogram[], imports: Imports): Promise<void> {
  for (const stack of sharedStacks(tomograms))
    found.leave(stack, "the tables of RELION name it for several tomograms: a stand-in, and the tilt series of none");
  for (const tomogram of tomograms) claimNamedFiles(found, tomogram);
  const tables = await tiltTables(found, tomograms);
  for (const table of tables) claimFrames(found, table);
  await claimGains(found, tomograms);
  await claimAlignmentStacks(found, tomograms);
  claimAlignments(found, tomograms, {
    tables,
    unrelated: unrelatedStacks(found, tomograms, tables),
    imports,
    methods: await alignmentMethods(found),
  });
}

/**
 * Stacks that tables name by one path for several tomograms, and that are called after none of these: such as the dummy that Warp writes since RELION asks for
 * a stack.
 */
function sharedStacks(tomograms: readonly Tomogram[]): string[] {
  const rows = tomograms.flatMap(({ project, name, rows: own }) =>
    own.flatMap(({ row }) => {
      const named = plainName(row.get("rlnTomoTiltSeriesName") ?? "");
      return named === undefined ? [] : [{ project, name: seriesStem(name), named }];
    }),
  );
  return [...groupsOf(rows, ({ project, named }) => keyOf(project.root, named)).values()].flatMap((same) => {
    const [{ project, named }] = same as [(typeof same)[number]];
    const isCalledAfter = ({ name }: (typeof same)[number]) => named.includes(name) || name.startsWith(stemOf(named));
    if (new Set(same.map(({ name }) => name)).size < 2 || same.some(isCalledAfter)) return [];
    return project.find(named) ?? [];
  });
}

/** Files of a tilt series that the global tables name. Source: `metadata_label.h` of RELION. */
function claimNamedFiles(found: Found, tomogram: Tomogram): void {
  const { laboratory } = found;
  const { project, run, name } = tomogram;
  for (const { row, star } of tomogram.rows) {
    const file = (column: string, fits?: (path: string) => boolean) => project.find(row.get(column) ?? "", fits);
    const because = `${baseName(star)} names it for ${name}`;
    const named = below(project.root, plainName(row.get("rlnTomoTiltSeriesName") ?? "") ?? "");
    // what lies where the table says is meant; what only is called so has to look like it
    const isStack = (path: string) =>
      laboratory.get(path)!.volume !== undefined &&
      laboratory.get(path)!.volume!.says !== "volume" &&
      (path === named || otherThan(laboratory.get(path)!, tomogram, []) === undefined);
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
  readonly tilts: number;
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
    return [
      {
        star,
        job,
        tomogram,
        movies: named("rlnMicrographMovieName"),
        averages: named("rlnMicrographName"),
        columns,
        tilts: Math.max(0, ...read.map(({ rows }) => rows.length)),
      },
    ];
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
    else if (gain === undefined && plainName(named ?? "") !== undefined) found.goneGains.push({ by: path, named: named! });
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
    // an mdoc that came alone describes this stack, since no other one is there
    const other = [claimed.get(run), stacks.get(name!)].find((one) => one !== undefined && one !== path);
    if (file !== name) found.leave(path, "made by an alignment, of a stack that is there", run);
    else if (other !== undefined) found.leave(path, `the tilts of ${run}, stacked for their alignment: ${other} is there`, run);
    else {
      claimed.set(run, path);
      found.claim(stackClaim(found, path, tomogram, `RELION stacked the tilts of ${run} for their alignment`));
    }
  }
}

const ANGLES = ["rlnTomoYTilt", "rlnTomoZRot", "rlnTomoXShiftAngst", "rlnTomoYShiftAngst"];

/** Binnings of stacks, and headers in nm. */
const FACTORS = [1, 2, 3, 4, 5, 6, 8, 10];
const isFactor = (ratio: number): boolean =>
  FACTORS.some((factor) => Math.abs(ratio / factor - 1) < 0.03 || Math.abs(ratio * factor - 1) < 0.03);

/** Why a stack cannot be the tilt series of a tomogram, whatever it is called; undefined where it may be. */
function otherThan(
  { volume }: Pick<Surveyed, "volume">,
  { rows, pixelAngstrom }: Tomogram,
  tables: readonly TiltTable[],
): string | undefined {
  const images = volume!.shape[0];
  const told = rows.map(({ row }) => positiveIn(row, "rlnTomoFrameCount")).find((one) => one !== undefined);
  if (told !== undefined && told !== images) return `${counted(images, "image")} and not ${told}`;
  const least = Math.max(0, ...tables.flatMap(({ movies, averages }) => [...movies, ...averages].map(sectionOf)));
  const tilts = Math.max(least, ...tables.map((table) => table.tilts));
  if (tilts > images) return `${counted(images, "image")}, and not the ${tilts} tilts of the table`;
  const pixel = setSpacing(volume!);
  return pixel === undefined || pixelAngstrom === undefined || isFactor(pixel / pixelAngstrom)
    ? undefined
    : `pixels of ${Number(pixel.toPrecision(4))} Å and not of ${pixelAngstrom} Å`;
}

/** 12 of `000012@stack.mrcs` */
const sectionOf = (name: string): number => Number(/^(\d+)@/.exec(name)?.[1] ?? 0);

interface Unrelated {
  readonly path: string;
  readonly other: string;
}

/**
 * Stacks that are called after a tomogram of RELION, which no table names, and that cannot be its tilt series: of another session, for example. The tables
 * of the tomogram are not theirs.
 */
function unrelatedStacks(
  found: Found,
  tomograms: readonly Tomogram[],
  tables: readonly TiltTable[],
): ReadonlyMap<Tomogram, Unrelated> {
  const { laboratory } = found;
  const byName = groupsOf(
    volumesOf(laboratory).filter(
      ({ path, volume }) =>
        !found.isTaken(path) &&
        !placeOf(path) &&
        (volume.says === "stack" || /\.(?:st|mrcs)$/i.test(path)) &&
        volume.says !== "volume",
    ),
    ({ path }) => stemOf(path),
  );
  const unrelated = new Map<Tomogram, Unrelated>();
  const claimed = new Set(found.claims.flatMap(({ role, run }) => (role === "tilt series" ? [run] : [])));
  for (const tomogram of tomograms) {
    if (claimed.has(tomogram.run)) continue;
    const own = tables.filter((table) => table.tomogram === tomogram);
    const alike = (byName.get(seriesStem(tomogram.name)) ?? []).map((file) => ({
      path: file.path,
      other: otherThan(file, tomogram, own),
    }));
    const [first] = alike;
    if (first?.other !== undefined && alike.every(({ other }) => other !== undefined))
      unrelated.set(tomogram, { ...first, other: first.other });
  }
  return unrelated;
}

/** Whether a table of tilts is published beside a stack that is called alike and is another one. */
function tableQuestion(claim: Claim, { path, other }: Unrelated, name: string): Question {
  const because = `${path}, which is called after ${name}, has ${other}`;
  return {
    id: `relion-table-${idOf(claim.path)}`,
    text: `Should ${claim.path} be published as the ${claim.role === "ctf" ? "CTF" : "alignment"} of ${claim.run}?`,
    why: `The stack ${path} has ${other}: it seems to be another tilt series of that name.`,
    files: [claim.path],
    options: [
      {
        answer: "leave-out",
        says: "not published",
        claims: [{ path: claim.path, run: claim.run, role: "left out", because, strength: "bookkeeping" }],
      },
      { answer: "publish", says: "published: it belongs to this stack", claims: [claim] },
    ],
    guess: "leave-out",
  };
}

interface Tables {
  readonly tables: readonly TiltTable[];
  readonly unrelated: ReadonlyMap<Tomogram, Unrelated>;
  readonly imports: Imports;
  /** By the folder of the job that aligned. */
  readonly methods: ReadonlyMap<string, string>;
}

/** Programs that RELION calls for an alignment, as the portal calls what they do. Source: `initialiseTomoAlignTiltSeriesJob` in `pipeline_jobs.cpp` */
const METHODS: readonly (readonly [option: RegExp, method: string])[] = [
  [/^do_imod_fiducials$/, "fiducial_based"],
  [/^do_imod_patchtrack$/, "patch_tracking"],
  [/^do_aretomo\d?$/, "projection_matching"],
];

async function alignmentMethods({ laboratory, places }: Found): Promise<Map<string, string>> {
  const methods = new Map<string, string>();
  for (const { path, root, job, type, rest, isDeleted } of places) {
    if (type !== "AlignTiltSeries" || rest !== "job.star" || isDeleted) continue;
    const tables = await starTables(laboratory, path);
    const chosen = ("reason" in tables ? [] : tables.flatMap(rowsOf)).filter((row) =>
      /^yes$/i.test(row.get("rlnJobOptionValue") ?? ""),
    );
    const found = METHODS.filter(([option]) => chosen.some((row) => option.test(row.get("rlnJobOptionVariable") ?? "")));
    if (found.length === 1) methods.set(within(root, job), found[0]![1]);
  }
  return methods;
}

/** How the series of a table was aligned: by the job itself, by the last one before it, or by the only one that there is. */
function methodOf(
  star: string,
  { pipeline, root }: Tomogram["project"],
  methods: ReadonlyMap<string, string>,
): string | undefined {
  const own = [...methods].filter(([job]) => isBelow(root, job));
  const place = placeOf(star);
  const before = place ? [...pipeline.before(place.job)].sort((a, b) => jobNumber(b) - jobNumber(a)) : [];
  const chain = place ? [place.job, ...before] : [];
  const found = chain.flatMap((job) => methods.get(within(root, job)) ?? [])[0];
  return found ?? (own.length === 1 ? own[0]![1] : undefined);
}

const jobNumber = (job: string): number => Number(/job(\d+)/.exec(job)?.[1] ?? -1);

/** The latest table of tilts with an alignment, unless the files of the program that aligned are there; and the latest other one with a CTF. */
function claimAlignments(found: Found, tomograms: readonly Tomogram[], { tables, unrelated, imports, methods }: Tables): void {
  const beside = new Set(
    found.places.flatMap(({ path, root, rest }) => (/\.(?:xf|aln)$/i.test(path) ? [keyOf(root, folderOf(rest))] : [])),
  );
  const byTomogram = groupsOf(tables, ({ tomogram }) => keyOf(tomogram.project.root, tomogram.name));
  for (const tomogram of tomograms) {
    const { run, name, project, rows } = tomogram;
    const other = unrelated.get(tomogram);
    const all = (byTomogram.get(keyOf(project.root, name)) ?? []).sort((a, b) => b.job - a.job);
    const own = all.filter(({ star, columns }) => {
      const pixel = rows.find(({ row }) => project.find(row.get("rlnTomoTiltSeriesStarFile") ?? "") === star);
      const why = pixel && otherPixel(positiveIn(pixel.row, "rlnTomoTiltSeriesPixelSize"), imports(tomogram));
      if (why !== undefined && (columns.has("rlnTomoYTilt") || columns.has("rlnDefocusU"))) found.leave(star, why, run);
      return why === undefined;
    });
    const claim = (role: "alignment" | "ctf", path: string, because: string, table?: string) => {
      const methodType = role === "alignment" ? methodOf(path, project, methods) : undefined;
      const details = {
        ...{ format: "RELION", ...(methodType !== undefined && { methodType }) },
        ...(table !== undefined && { table }),
      };
      const one: Claim = { path, role, run, because, strength: "bookkeeping", details };
      if (other === undefined || found.isTaken(path)) found.claim(one);
      else found.ask(tableQuestion(one, other, name));
    };
    const aligned = own.find(({ columns }) => ANGLES.every((column) => columns.has(column)));
    const isAligned = aligned && !beside.has(keyOf(project.root, `external/${name}`));
    // shifts are in Å, and the pixel stands in the table of all series alone
    const table = aligned && rows.find(({ row, job }) => job === aligned.job && row.has("rlnTomoTiltSeriesPixelSize"))?.star;
    if (isAligned) claim("alignment", aligned.star, `it has the alignment of ${name}`, table);
    const fitted = own.find(({ columns, star }) => columns.has("rlnDefocusU") && !(isAligned && star === aligned.star));
    if (fitted) claim("ctf", fitted.star, `it has the CTF of ${name}`);
  }
}
