import { inMemory } from "../../../../../core/bytes.js";
import { groupsOf } from "../../../../../core/groups.js";
import { readStar } from "../../../../../formats/star/read.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim, GoneGain } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { seriesStem } from "../common/particles.js";
import { baseName, distinctNames, folderOf, namedFrom, within } from "../common/paths.js";
import { orReason } from "../common/reading.js";
import { readSettings, type Settings } from "./settings.js";

/** One tilt series of a Warp project. */
export interface Series {
  readonly run: string;
  /** As Warp calls it: the name of its `.tomostar` and its `.xml`. */
  readonly stem: string;
  /** Folder of the project: above those of the `.tomostar` files and of the results. */
  readonly root: string;
  /** Folder below which its results lie: `root`, or that of the `.tomostar` itself, where Warp 1 keeps everything beside it. */
  readonly home: string;
  readonly tomostar?: string | undefined;
  /** Paths of the frames of its tilts, as the `.tomostar` has them, or the XML where there is none. */
  readonly movies: readonly string[];
  /** The file that names them. */
  readonly list?: string | undefined;
}

export interface Project {
  readonly settings: readonly Settings[];
  readonly series: readonly Series[];
  /** Folders of results of tilt series, and of frame series; one may be both. */
  readonly tiltFolders: ReadonlySet<string>;
  readonly frameFolders: ReadonlySet<string>;
  /** XML of tilt series in folders without results, by that which lies with the results of the same series. */
  readonly again: ReadonlyMap<string, string>;
  readonly notes: readonly string[];
  /**
   * The series of that name, for a file that lies there.
   *
   * @returns undefined where there is none, and where several have the name and lie alike.
   */
  find(stem: string, path: string): Series | undefined;
}

/** What is known while claims are made. */
export interface Found {
  readonly laboratory: Laboratory;
  readonly project: Project;
  readonly claims: Claim[];
  readonly notes: string[];
  readonly goneGains: GoneGain[];
}

const TEXT_BYTES_MAX = 4 * 1024 * 1024;
const READS_IN_FLIGHT = 16;
/** Folders in which Warp keeps results of tilt series, and of frame series. Source: `TiltSeries.cs` and `Movie.cs` in warpem/warp's WarpLib. */
const TILT_RESULTS = ["reconstruction", "tiltstack", "imod"];
const FRAME_RESULTS = ["average", "powerspectrum"];
/** `TS_1_10.00Apx.mrc`. Source: `TiltSeries.ToTomogramWithPixelSize` */
export const VOLUME = /^(.+)_(\d+\.\d{2})Apx\.mrc$/i;

/** All Warp projects of a folder: series by `.tomostar`, by the XML of tilt series, by reconstructions. Undefined where there is none. */
export async function readProject(laboratory: Laboratory): Promise<Project | undefined> {
  const { all: settings, notes } = await readSettings(laboratory);
  const folders = new Set(laboratory.folders().flatMap(withAncestors));
  const children = groupsOf(folders, folderOf);
  const hasChild = (folder: string, names: readonly string[]) =>
    (children.get(folder) ?? []).some((child) => names.includes(baseName(child)));
  const tomostars = await readTomostars(laboratory, notes);
  const frameFolders = new Set(settings.flatMap(({ isTilts, processingFolder }) => (isTilts ? [] : (processingFolder ?? []))));
  const tiltFolders = new Set(settings.flatMap(({ isTilts, processingFolder }) => (isTilts ? (processingFolder ?? []) : [])));
  for (const folder of children.keys()) {
    if (hasChild(folder, TILT_RESULTS) && (await isOfTilts(laboratory, folder, tomostars))) tiltFolders.add(folder);
    if (!frameFolders.has(folder) && hasChild(folder, FRAME_RESULTS) && (await hasMovies(laboratory, folder)))
      frameFolders.add(folder);
  }
  const again = await metadataAlone(laboratory, tiltFolders);
  if (tomostars.length === 0 && settings.length === 0 && tiltFolders.size === 0 && frameFolders.size === 0) return undefined;
  const series = await joined(laboratory, { tomostars, tiltFolders, settings });
  for (const { list, movies } of series) {
    const movie = list === undefined ? undefined : namedFrom(folderOf(list), movies[0]);
    if (movie !== undefined && hasChild(folderOf(movie), FRAME_RESULTS)) frameFolders.add(folderOf(movie));
  }
  return { settings, series, tiltFolders, frameFolders, again, notes, find: finderOf(series) };
}

/**
 * Folders that have the XML of tilt series and no results: they are added to the others. Where those have an XML of the same name, which is the one that
 * their results belong to, it is an older or a copied one.
 *
 * @returns such XML, with the one that counts
 */
async function metadataAlone(laboratory: Laboratory, tiltFolders: Set<string>): Promise<Project["again"]> {
  const byName = new Map<string, string>();
  for (const folder of tiltFolders)
    for (const { path } of laboratory.inFolder(folder)) if (/\.xml$/i.test(path)) byName.set(baseName(path), path);
  const again = new Map<string, string>();
  for (const folder of laboratory.folders()) {
    if (tiltFolders.has(folder) || !(await hasRoot(laboratory, folder, "TiltSeries"))) continue;
    const own = laboratory.inFolder(folder).filter(({ path }) => /\.xml$/i.test(path));
    const known = own.filter(({ path }) => byName.has(baseName(path)));
    for (const { path } of known) again.set(path, byName.get(baseName(path))!);
    if (known.length === 0) tiltFolders.add(folder);
  }
  return again;
}

interface Tomostar {
  readonly path: string;
  readonly stem: string;
  readonly movies: readonly string[];
}

async function readTomostars(laboratory: Laboratory, notes: string[]): Promise<Tomostar[]> {
  const files = laboratory.files.filter(({ path }) => /\.tomostar$/i.test(path));
  return mapLimit(files, READS_IN_FLIGHT, async ({ path }): Promise<Tomostar> => {
    const stem = seriesStem(path);
    const read = await orReason(async () => {
      const bytes = new TextEncoder().encode((await laboratory.text(path, TEXT_BYTES_MAX)) ?? "");
      return readStar(inMemory(bytes, path));
    });
    if ("reason" in read) {
      notes.push(`${read.reason}. Its frames are not known.`);
      return { path, stem, movies: [] };
    }
    const movies = read.value.flatMap(({ columns, rows }) => {
      const at = columns.indexOf("wrpMovieName");
      return at < 0 ? [] : rows.map((row) => row[at]!);
    });
    return { path, stem, movies };
  });
}

/** A folder below which there are reconstructions by name, stacks called as `.tomostar` files are, or the XML of a tilt series beside. */
async function isOfTilts(laboratory: Laboratory, folder: string, tomostars: readonly Tomostar[]): Promise<boolean> {
  const inside = (name: string) => laboratory.inFolder(within(folder, name));
  if (inside("reconstruction").some(({ path }) => VOLUME.test(baseName(path)))) return true;
  const hasStack = ({ stem }: Tomostar) =>
    ["tiltstack", "imod"].some((name) => laboratory.inFolder(within(folder, `${name}/${stem}`)).length > 0);
  if (tomostars.some(hasStack)) return true;
  return hasRoot(laboratory, folder, "TiltSeries");
}

const hasMovies = (laboratory: Laboratory, folder: string): Promise<boolean> => hasRoot(laboratory, folder, "Movie");

const HEADS_MAX = 3;

/** Whether one of the first XML files of a folder is of that kind: all of a folder are alike. */
async function hasRoot(laboratory: Laboratory, folder: string, root: string): Promise<boolean> {
  const xmls = laboratory.inFolder(folder).filter(({ path }) => /\.xml$/i.test(path));
  for (const { path } of xmls.slice(0, HEADS_MAX)) if ((await rootOf(laboratory, path)) === root) return true;
  return false;
}

const XML_BYTES_MAX = 16 * 1024 * 1024;

/** `TiltSeries` or `Movie`. */
export async function rootOf(laboratory: Laboratory, path: string): Promise<string | undefined> {
  const text = await laboratory.text(path, XML_BYTES_MAX);
  return /<(TiltSeries|Movie)[\s/>]/.exec(text?.slice(0, 2048) ?? "")?.[1];
}

/** Frames by the XML of a tilt series, which has them as the `.tomostar` had: where that is gone, they are known all the same. */
async function moviesOf(laboratory: Laboratory, path: string): Promise<Pick<Series, "movies" | "list">> {
  const text = await laboratory.text(path, XML_BYTES_MAX);
  const movies = /<MoviePath>([^<]*)<\/MoviePath>/
    .exec(text ?? "")?.[1]
    ?.split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return movies === undefined ? { movies: [] } : { movies, list: path };
}

interface Parts {
  readonly tomostars: readonly Tomostar[];
  readonly tiltFolders: ReadonlySet<string>;
  readonly settings: readonly Settings[];
}

/** Results go with the `.tomostar` of their name: of the folders that the settings name together, or of the same project. */
async function joined(laboratory: Laboratory, { tomostars, tiltFolders, settings }: Parts): Promise<Series[]> {
  const found: (Omit<Series, "run"> & { readonly stars: string | undefined })[] = tomostars.map(({ path, stem, movies }) => ({
    stem,
    movies,
    tomostar: path,
    list: path,
    stars: folderOf(path),
    root: folderOf(folderOf(path)),
    home: tiltFolders.has(folderOf(path)) ? folderOf(path) : folderOf(folderOf(path)),
  }));
  const byStem = groupsOf(found, ({ stem }) => stem);
  const starFolders = new Set(tomostars.map(({ path }) => folderOf(path)));
  const isOnly = starFolders.size === 1 && tiltFolders.size === 1;
  for (const folder of tiltFolders) {
    const named = new Set(
      settings.flatMap((one) => (one.isTilts && one.processingFolder === folder ? (one.dataFolder ?? []) : [])),
    );
    const root = folderOf(folder);
    for (const stem of await stemsIn(laboratory, folder, (one) => byStem.has(one))) {
      const known = byStem.get(stem) ?? [];
      const isOwn = ({ stars, root: other }: (typeof found)[number]) =>
        isOnly || (stars !== undefined && named.has(stars)) || other === root || isAbove(other, root) || isAbove(root, other);
      if (known.some(isOwn)) continue;
      const series = { stem, ...(await moviesOf(laboratory, within(folder, `${stem}.xml`))), root, home: root, stars: undefined };
      found.push(series);
      byStem.set(stem, [...known, series]);
    }
  }
  const names = distinctNames(found.map(({ stem, root }) => ({ name: withoutImage(stem), folder: root })));
  return found.map(({ stars, ...one }, at) => ({ ...one, run: names[at]! }));
}

/** Warp 1 keeps the extension of the stack that SerialEM's mdoc is called after: `TS_01.mrc.tomostar`. */
const withoutImage = (stem: string): string => stem.replace(/\.(?:mrc|st)$/i, "") || stem;

/** Names of series that have results in a folder. */
async function stemsIn(laboratory: Laboratory, folder: string, isKnown: (stem: string) => boolean): Promise<Set<string>> {
  const stems = new Set<string>();
  for (const { path } of laboratory.inFolder(folder)) {
    const stem = /^(.+)\.xml$/i.exec(baseName(path))?.[1];
    if (stem === undefined) continue;
    if (isKnown(stem) || (await rootOf(laboratory, path)) === "TiltSeries") stems.add(stem);
  }
  for (const below of ["reconstruction", "reconstruction/deconv", "reconstruction/even", "denoised"]) {
    for (const { path } of laboratory.inFolder(within(folder, below))) {
      const stem = VOLUME.exec(baseName(path))?.[1];
      if (stem !== undefined) stems.add(stem);
    }
  }
  return stems;
}

const isAbove = (above: string, folder: string): boolean => above === "" || folder.startsWith(`${above}/`);

function finderOf(series: readonly Series[]): Project["find"] {
  const byStem = groupsOf(series, ({ stem }) => stem);
  return (stem, path) => {
    const known = byStem.get(stem) ?? [];
    if (known.length < 2) return known[0];
    const lengths = known.map(({ home }) => (isAbove(home, path) ? home.length : -1));
    const most = Math.max(...lengths);
    const nearest = known.filter((_, at) => lengths[at] === most);
    return most >= 0 && nearest.length === 1 ? nearest[0] : undefined;
  };
}

/** `a/b/c`, `a/b`, `a` */
function withAncestors(folder: string): string[] {
  const all: string[] = [];
  for (let at = folder; at !== ""; at = folderOf(at)) all.push(at);
  return all;
}
