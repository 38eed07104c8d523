import { few } from "../../../../../core/finding.js";
import { groupsOf, keyOf } from "../../../../../core/groups.js";
import { counted } from "../../../../../core/units.js";
import type { Claim, Question, Recognised, RunOfFile } from "../../claims.js";
import { alignAlike, holdTheSame } from "../../completion/joined-runs.js";
import { isForFigures } from "../../completion/put-aside.js";
import { haveOtherPixels, mayBeOne } from "../../conventions/apart.js";
import { stableId } from "../../questions.js";
import { tightName, wordsOf } from "../../run-names.js";
import { inRuns } from "../../runs-of-files.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { holdsCopies } from "../copies/names.js";
import { isBox } from "./averages.js";
import { areBinnedOfEachOther } from "./binned.js";
import { type MdocFacts, mdocsOf, shareExposures } from "./mdocs.js";
import { ALIGNED, namedBinning } from "./names.js";
import { type Named, type Neighbours, neighboursNote, neighboursOf } from "./neighbours.js";
import { baseName, commonFolder, distinctNames, folderOf, topOf, within } from "./paths.js";
import { holdsSectionsOf, showTheSame, showTheSameInside } from "./prints.js";
import { type Site, siteName, sitesOf } from "./sites.js";

/** Roles of files by which a series is known; of each it has its own. */
const TELLING: readonly Claim["role"][] = ["tilt series", "alignment", "tomogram", "acquisition"];

/** What is claimed for one name in one place: of one series, as far as anybody knows before it is compared. */
interface Unit {
  /** As it is claimed. */
  readonly run: string;
  /** Undefined for what lies elsewhere. */
  readonly site: Site | undefined;
  readonly paths: Set<string>;
  /** Of what tells a series. */
  readonly byRole: Map<Claim["role"], Set<string>>;
  /** Tomograms that no binning makes of a stack of that name. */
  readonly isOfOtherPixels?: true | undefined;
}

/** Everything that is called alike: of one series, or of several in different places. */
interface Family {
  /** As it is written most often. */
  readonly name: string;
  readonly units: readonly Unit[];
  /** Software whose bookkeeping knows a file, by its path. */
  readonly books: Books;
  /** What a file is byte for byte, and is left out for, by its path without the extension. */
  readonly copies: ReadonlyMap<string, string>;
  /** Files that are left out unless somebody wants them, such as what an earlier ingestion wrote: they name no run that has others. */
  readonly aside: ReadonlySet<string>;
}

type Books = ReadonlyMap<string, ReadonlySet<string>>;

/** Whether two units are of one series; undefined where nothing tells it. */
type Same = boolean | undefined;
type Told = (a: Unit, b: Unit) => Same;
type Group = readonly Unit[];

/** Series of one name, and what may be of several of them. */
interface Found {
  readonly groups: readonly Group[];
  readonly loose: readonly Unit[];
}

/**
 * Tells which of the things that are called alike are of one series. Stacks tell it by their images, mdocs by their exposures, volumes by their voxels, and
 * alignments by how they shift the images; what one series tells of two folders holds for all others that lie in them. Where nothing tells it, a person is
 * asked.
 *
 * @returns what was recognised, with the runs of series in the place of those that were claimed
 */
export async function runsOfSeries(laboratory: Laboratory, recognised: readonly Recognised[]): Promise<readonly Recognised[]> {
  const families: Family[] = [];
  const all = familiesOf(laboratory, recognised);
  const parts = partsOfSites(all);
  for (const { units, ...family } of all) {
    const series = tightName(family.name);
    const split = await Promise.all(units.map((unit) => splitByStacks(laboratory, unit, { units, series })));
    const apart = split.flat().flatMap((unit) => splitByPixels(laboratory, unit, { units, series, parts, books: family.books }));
    if (apart.length > 1) families.push({ ...family, units: apart });
  }
  if (families.length === 0) return recognised;
  const mdocs = new Map((await mdocsOf(laboratory)).all.map((mdoc) => [mdoc.path, mdoc]));
  const own = new Map<Family, Told>();
  for (const family of families) own.set(family, await compared(laboratory, family, mdocs));
  const ofPlaces = toldOfPlaces(families, own);
  const neighbours = neighboursOf(all.flatMap((family) => (family.units.length === 1 ? [namedOf(family)] : [])));
  const tied: string[] = [];
  const changes: RunOfFile[] = [];
  const apart: string[] = [];
  const open: Open[] = [];
  for (const family of families) {
    const told: Told = (a, b) => own.get(family)!(a, b) ?? ofPlaces(placeOf(family, a), placeOf(family, b));
    const found = grouped(family, { own: own.get(family)!, told });
    const { groups, loose } = withNeighbours(family, found, { told, neighbours });
    if (loose.length < found.loose.length) tied.push(family.name);
    const isOpen = (a: Group, b: Group) => a !== b && !areApart(a, b, told);
    const doubtful = groups.filter((one) => groups.some((other) => isOpen(one, other)));
    const holdsSeveral = doubtful.some((one) => doubtful.some((other) => areApart(one, other, told)));
    if (doubtful.length > 0) open.push({ family, groups, doubtful, loose, holdsSeveral });
    else {
      changes.push(...runsOfGroups(family, groups, loose));
      if (groups.length > 1 && new Set(family.units.map(({ run }) => run)).size < groups.length) apart.push(family.name);
    }
  }
  const questions = [...groupsOf(open, keyOfPlaces)].map(([key, some]) => whoseQuestion(key, some));
  const notes = [...(apart.length === 0 ? [] : [apartNote(apart)]), ...(tied.length === 0 ? [] : [neighboursNote(tied)])];
  return [...inRuns(recognised, changes), { software: "", by: [], claims: [], questions, notes }];
}

const apartNote = (names: readonly string[]): string =>
  `Files called ${few(names)} are of several series in different folders, as their images tell: each has a run with the name of its folder.`;

function familiesOf(laboratory: Laboratory, recognised: readonly Recognised[]): Family[] {
  const claims = recognised.flatMap(({ claims: own, questions = [] }) => [
    ...own,
    ...questions.flatMap(({ options }) => options.flatMap((option) => option.claims)),
  ]);
  const byRun = groupsOf(
    claims.filter(({ run }) => run !== undefined),
    ({ run }) => run!,
  );
  const names = new Map([...byRun].map(([run, own]) => [run, seriesName(run, own)]));
  const [books, aside] = [booksOf(recognised), asideOf(recognised)];
  const copies = new Map(
    claims.flatMap(({ path, copyOf }) => (copyOf === undefined ? [] : [[withoutEnd(path), copyOf] as const])),
  );
  return [...groupsOf(byRun.keys(), (run) => tightName(names.get(run)!))].map(([series, runs]): Family => {
    const own = runs.flatMap((run) => byRun.get(run)!);
    const written = groupsOf(own, ({ run }) => names.get(run!)!);
    const [name] = [...written].reduce((most, one) => (one[1].length > most[1].length ? one : most));
    const telling = tellingOf(laboratory, own);
    return { name, units: unitsOf(own, telling, sitesOf([...telling].map(folderOf), series)), books, copies, aside };
  });
}

/** What is claimed for nothing but to be left out, and what the answers leave out that are taken by default. */
function asideOf(recognised: readonly Recognised[]): Set<string> {
  const claims = recognised.flatMap(({ claims: own, questions = [] }) => [
    ...own,
    ...questions.flatMap(({ options, guess }) => options.find(({ answer }) => answer === guess)?.claims ?? []),
  ]);
  const meant = new Set(claims.flatMap(({ path, role }) => (role === "left out" ? [] : path)));
  return new Set(claims.flatMap(({ path }) => (meant.has(path) ? [] : path)));
}

/** What no program names, such as the names of copies, is nobody's bookkeeping. */
function booksOf(recognised: readonly Recognised[]): Books {
  const books = new Map<string, Set<string>>();
  for (const { software, claims } of recognised) {
    for (const { path, strength, software: own = software } of claims)
      if (strength === "bookkeeping" && own !== "") books.set(path, (books.get(path) ?? new Set()).add(own));
  }
  return books;
}

/**
 * Paths of what tells a series. Cubes beside a tomogram do not: they are references, and pieces of which a model learns; neither do volumes for figures,
 * about which a person is asked, nor those in folders of backups.
 */
function tellingOf(laboratory: Laboratory, claims: readonly Claim[]): Set<string> {
  const isCube = ({ path, role, strength }: Claim) => {
    const file = role === "tomogram" && strength !== "bookkeeping" ? laboratory.get(path) : undefined;
    return file !== undefined && isBox(file);
  };
  // a folder of backups has files of other folders, under whatever headers
  const isShown = ({ path, strength }: Claim) =>
    strength !== "bookkeeping" && (isForFigures(path) || holdsCopies(folderOf(path)));
  const all = claims.filter(({ role }) => TELLING.includes(role));
  const telling = all.every(isShown) ? all : all.filter((claim) => claim.role !== "tomogram" || !isShown(claim));
  const hasTomogram = telling.some((claim) => claim.role === "tomogram" && !isCube(claim));
  return new Set(telling.filter((claim) => !hasTomogram || !isCube(claim)).map(({ path }) => path));
}

function unitsOf(claims: readonly Claim[], telling: ReadonlySet<string>, siteOf: (path: string) => Site | undefined): Unit[] {
  const units = new Map<string, Unit>();
  for (const { path, run, role } of claims) {
    const site = siteOf(path);
    const key = keyOf(run!, site?.name ?? "");
    const unit = units.get(key) ?? { run: run!, site, paths: new Set(), byRole: new Map() };
    units.set(key, unit);
    unit.paths.add(path);
    if (TELLING.includes(role) && telling.has(path)) unit.byRole.set(role, (unit.byRole.get(role) ?? new Set()).add(path));
  }
  return [...units.values()];
}

/**
 * Within one place several stacks of other images lie in folders of their own, `pilot_2022` beside `project`: each has what lies nearest to it. Where all
 * these folders are called after what was done, a stack may be made of the other, which is asked elsewhere, unless no binning makes one pixel of the other.
 */
async function splitByStacks(
  laboratory: Laboratory,
  unit: Unit,
  { units: all, series }: { readonly units: readonly Unit[]; readonly series: string },
): Promise<Unit[]> {
  const beside = all.filter(({ site }) => site?.name === unit.site?.name);
  // an aligned one lies with what it was made of
  const recorded = beside.flatMap(({ byRole }) => [...(byRole.get("tilt series") ?? [])]).filter((path) => !ALIGNED.test(path));
  const stacks = [...new Set(recorded)].slice(0, STACKS_MAX);
  const clusters: string[][] = [];
  for (const path of stacks) {
    let own: string[] | undefined;
    for (const cluster of clusters) if ((await showTheSame(laboratory, cluster[0]!, path)) !== false) own ??= cluster;
    if (own) own.push(path);
    else clusters.push([path]);
  }
  if (clusters.length < 2) return [unit];
  const folders = clusters.map((cluster) => cluster.map(folderOf));
  const shared = (a: string, b: string) => {
    const [one, other] = [a.split("/"), b.split("/")];
    const at = one.findIndex((part, i) => part !== other[i]);
    return at < 0 ? one.length : at;
  };
  const every = folders.flat();
  const depth = Math.min(...every.map((folder) => shared(every[0]!, folder)));
  const parts = folders.map((own) => own[0]!.split("/")[depth] ?? "");
  const ofWork = parts.every((part) => siteName(part, series) === "");
  if (new Set(parts).size < clusters.length || (ofWork && !areOfOtherPixels(laboratory, clusters))) return [unit];
  const units = folders.map(
    (own, at): Unit => ({
      run: unit.run,
      site: siteAt(
        own[0]!
          .split("/")
          .slice(0, depth + 1)
          .join("/"),
        keyOf(unit.site?.name ?? "", parts[at]!),
      ),
      paths: new Set(),
      byRole: new Map(),
    }),
  );
  const rest: Unit = { run: unit.run, site: undefined, paths: new Set(), byRole: new Map() };
  for (const path of unit.paths) {
    const near = folders.map((own) => Math.max(...own.map((folder) => shared(folder, folderOf(path)))));
    const most = Math.max(...near);
    const nearest = units.filter((_, at) => near[at] === most);
    // what lies elsewhere in a folder of the same name is of that sample
    const called = nearest.filter((one) => folderOf(path).split("/").includes(parts[units.indexOf(one)]!));
    const own = nearest.length === 1 ? nearest[0]! : called.length === 1 ? called[0]! : rest;
    own.paths.add(path);
    for (const [role, paths] of unit.byRole)
      if (paths.has(path)) own.byRole.set(role, (own.byRole.get(role) ?? new Set()).add(path));
  }
  return [...units, rest].filter(({ paths }) => paths.size > 0);
}

interface OfFamily {
  readonly units: readonly Unit[];
  readonly series: string;
  /** Folders of each site that hold what tells any series. */
  readonly parts: ReadonlyMap<string, ReadonlySet<string>>;
  readonly books: Books;
}

/** The folder of a site that a file lies in; empty for what lies in none, or elsewhere. */
const partOfSite = ({ folder }: Site, path: string): string =>
  folder === "" || path.startsWith(`${folder}/`)
    ? folderOf(path.slice(folder === "" ? 0 : folder.length + 1)).split("/")[0]!
    : "";

function partsOfSites(families: readonly Family[]): Map<string, Set<string>> {
  const parts = new Map<string, Set<string>>();
  for (const { site, byRole } of families.flatMap(({ units }) => units))
    if (site)
      for (const path of [...byRole.values()].flatMap((paths) => [...paths]))
        parts.set(site.name, (parts.get(site.name) ?? new Set()).add(partOfSite(site, path)));
  return parts;
}

/** Part by which the voxels of a tomogram differ from binned pixels that somebody has calibrated since, at most. */
const CALIBRATED = 0.05;

/** `from_Jonas` */
const FROM = /^(?:from|von|de|shared[_ -]?by|copied[_ -]?from)[_ -]/i;

/**
 * On the drive of one person may lie the folder of another one, `Elements/from_Marek`: tomograms of such a folder that no binning makes of a stack of that name
 * are a unit of their own, of which what others tell of the drive says nothing; and so are those of a whole drive. What a program knows may have any voxel size.
 */
function splitByPixels(laboratory: Laboratory, unit: Unit, { units, series, parts, books }: OfFamily): Unit[] {
  const { byRole } = unit;
  const own = [...byRole].flatMap(([role, paths]) => [...paths].map((path) => ({ role, path })));
  const site = unit.site ?? siteAt(commonFolder(own), "");
  const sizeOf = (path: string) => laboratory.get(path)?.volume?.spacingsAngstrom[1];
  const stacks = units.flatMap((one) => [...(one.byRole.get("tilt series") ?? [])]);
  const telling = groupsOf(own, ({ path }) => partOfSite(site, path));
  const pixels = stacks.map(sizeOf);
  // 13.7 Å of a `bin4` are no pixels of 2.7 Å, though nearly five of them
  const isOtherSize = (path: string) =>
    [1, namedBinning(path) ?? 1].some((binning) => {
      const size = (sizeOf(path) ?? 0) / binning;
      return haveOtherPixels([size], pixels) && pixels.every((pixel) => !mayBeOne(size, pixel ?? size, CALIBRATED));
    });
  const areOther = (some: typeof own) =>
    some.every(({ role, path }) => role === "tomogram" && !books.has(path) && isOtherSize(path));
  const isOneFolder = unit.site !== undefined && (parts.get(site.name)?.size ?? 0) < 2;
  // where nothing else is called after people a folder has to say that it is from somebody
  const isOfSomebody = (folder: string) => siteName(folder, series) !== "" && (unit.site !== undefined || FROM.test(folder));
  const isOther = (folder: string, some: typeof own) => folder !== "" && isOfSomebody(folder) && areOther(some);
  const others = isOneFolder ? [] : [...telling].filter(([folder, some]) => isOther(folder, some)).map(([folder]) => folder);
  if (others.length === 0) {
    const isWhole = unit.site !== undefined && own.length > 0 && areOther(own);
    return [isWhole ? { ...unit, site: siteAt(site.folder, keyOf(site.name, "")), isOfOtherPixels: true } : unit];
  }
  const partOf = (isIn: (path: string) => boolean, at: Site | undefined): Unit => ({
    run: unit.run,
    site: at,
    paths: new Set([...unit.paths].filter(isIn)),
    byRole: new Map(
      [...byRole].map(([role, paths]) => [role, new Set([...paths].filter(isIn))] as const).filter(([, paths]) => paths.size > 0),
    ),
  });
  const below = (folder: string) => within(site.folder, folder);
  const isIn = (folder: string) => (path: string) => path.startsWith(`${below(folder)}/`);
  return [
    partOf((path) => !others.some((folder) => isIn(folder)(path)), unit.site),
    ...others.map((folder): Unit => {
      return { ...partOf(isIn(folder), siteAt(below(folder), keyOf(site.name, folder))), isOfOtherPixels: true };
    }),
  ].filter(({ paths }) => paths.size > 0);
}

/** Whether no two of these can be made of each other, by the size of their pixels. */
function areOfOtherPixels(laboratory: Laboratory, clusters: readonly (readonly string[])[]): boolean {
  const pixels = clusters.map(([first]) => laboratory.get(first!)?.volume?.spacingsAngstrom[1]);
  return pixels.every((one, at) => pixels.slice(at + 1).every((other) => haveOtherPixels([one], [other])));
}

const siteAt = (folder: string, name: string): Site => ({ name, folder, called: folder });

const STACKS_MAX = 6;

/** The name of a run without the parts of folders that `distinctNames` has put before it. */
function seriesName(run: string, claims: readonly Claim[]): string {
  // a run has many frames in one folder: what tells its name may lie in another one
  const inFolders = new Map(claims.map(({ path }) => [folderOf(path), path]));
  const paths = [...claims.slice(0, 8).map(({ path }) => path), ...inFolders.values()];
  const isOwn = (name: string) => paths.some((path) => path.split("/").some((part) => tightName(part).includes(tightName(name))));
  for (const { start } of wordsOf(run)) {
    const name = run.slice(start);
    if (!/\d/.test(name) || !isOwn(name)) continue;
    const before = run.slice(0, start).replace(/[_.\- ]+$/, "");
    return paths.some((path) => folderOf(path).replaceAll("/", "_").includes(before)) ? name : run;
  }
  return run;
}

/** Where a unit lies, or what its run has before the name of the series. */
const placeOf = ({ name }: Family, { run, site }: Unit): string =>
  site?.name ?? (run.endsWith(name) ? run.slice(0, -name.length).replace(/[_.\- ]+$/, "") : run);

/** Compares the units of a family two by two. */
async function compared(laboratory: Laboratory, family: Family, mdocs: ReadonlyMap<string, MdocFacts>): Promise<Told> {
  const { name, units, copies } = family;
  const results = new Map<Unit, Map<Unit, Same>>(units.map((unit) => [unit, new Map()]));
  for (const [at, a] of units.entries()) {
    for (const b of units.slice(at + 1)) {
      const result =
        (await comparedTwo(laboratory, [a, b], { mdocs, copies })) ?? claimedTogether(name, a, b) ?? bookedTogether(family, a, b);
      results.get(a)!.set(b, result);
      results.get(b)!.set(a, result);
    }
  }
  return (a, b) => results.get(a)!.get(b);
}

interface Around extends Pick<Family, "copies"> {
  readonly mdocs: ReadonlyMap<string, MdocFacts>;
}

async function comparedTwo(laboratory: Laboratory, [a, b]: readonly [Unit, Unit], { mdocs, copies }: Around): Promise<Same> {
  const of = (unit: Unit, role: Claim["role"]) => [...(unit.byRole.get(role) ?? [])];
  if (TELLING.some((role) => of(a, role).some((path) => b.byRole.get(role)?.has(path)))) return true;
  // that stacks differ counts before all else: times of an mdoc may be those of a template
  const byImages = await anyTwo(of(a, "tilt series"), of(b, "tilt series"), (one, other) => showTheSame(laboratory, one, other));
  if (byImages !== undefined) return byImages;
  if (isOfAlignment(a, b) || isOfAlignment(b, a)) return true;
  if (madeOnCopy(a, b, copies) || madeOnCopy(b, a, copies)) return true;
  // copies of an mdoc, which are left out, tell whose the other things in their folder are
  const facts = (unit: Unit) => [...unit.paths].flatMap((path) => mdocs.get(path) ?? []);
  const byExposures = shareExposures(facts(a), facts(b));
  const [pixelsOfA, pixelsOfB] = [a, b].map((unit) => facts(unit).map(({ pixelAngstrom }) => pixelAngstrom));
  // equal times under pixels that no binning explains are those of a template, or of two microscopes
  if (byExposures === true && haveOtherPixels(pixelsOfA!, pixelsOfB!)) return false;
  if (byExposures !== undefined) return byExposures;
  if (a.site && a.site.name === b.site?.name) return true;
  if (await anyTwo(of(a, "tomogram"), of(b, "tomogram"), (one, other) => holdTheSame(laboratory, one, other))) return true;
  if (await anyTwo(of(a, "tomogram"), of(b, "tomogram"), (one, other) => showTheSameInside(laboratory, one, other))) return true;
  if (await anyTwo(of(a, "tomogram"), of(b, "tomogram"), (one, other) => areBinnedOfEachOther(laboratory, one, other)))
    return true;
  if (await anyTwo(of(a, "tomogram"), of(b, "tomogram"), (one, other) => holdsSectionsOf(laboratory, one, other))) return true;
  const isAlike = await anyTwo(of(a, "alignment"), of(b, "alignment"), (one, other) => alignAlike(laboratory, one, other));
  return isAlike ? true : undefined;
}

/**
 * Whether an alignment of one unit lies beside a stack of the other, and is called after it: `TS_01.st.aln` and `TS_01_bin4.aln` beside `TS_01.st`; that stack may be a
 * copy.
 */
function isOfAlignment({ byRole: own }: Unit, { byRole: others }: Unit): boolean {
  const stacks = new Set([...(others.get("tilt series") ?? [])].flatMap((path) => [path, withoutEnd(path)]));
  return [...(own.get("alignment") ?? [])].some(
    (path) => stacks.has(withoutEnd(path)) || beginningsOf(path).some((stem) => stacks.has(stem)),
  );
}

/**
 * Whether what tells a unit without a stack lies beside a copy of the stack of the other one, and is called after it: the copy is left out, and what was made on it
 * is of the series of its original.
 */
function madeOnCopy({ byRole: own }: Unit, { byRole: others }: Unit, copies: Family["copies"]): boolean {
  const stacks = others.get("tilt series");
  if (stacks === undefined || own.has("tilt series")) return false;
  const made = [...own].flatMap(([role, paths]) => (role === "acquisition" ? [] : [...paths]));
  return made.some((path) => beginningsOf(path).some((stem) => stacks.has(copies.get(stem) ?? "")));
}

/** A path without words at its end: `a/TS_01_bin4` and `a/TS_01` of `a/TS_01_bin4.mrc`. */
function beginningsOf(path: string): string[] {
  const folder = path.slice(0, path.length - baseName(path).length);
  const name = baseName(path);
  return wordsOf(name).map(({ end }) => `${folder}${name.slice(0, end)}`);
}

const withoutEnd = (path: string): string => path.replace(/\.\w+$/, "");

/** What somebody has told apart already: the frames of `L03_TS_01`, wherever they lie, are those that its mdoc names. */
const claimedTogether = (name: string, a: Unit, b: Unit): Same =>
  a.run === b.run && a.run !== name && (a.site === undefined || b.site === undefined) ? true : undefined;

/**
 * A tomogram or an alignment is of the stack that the bookkeeping of the same program knows, wherever it lies, if it knows one alone: not of another one
 * of that name, of which the program knows nothing.
 */
function bookedTogether({ units, books }: Family, a: Unit, b: Unit): Same {
  if (a.run !== b.run) return undefined;
  const knownOf = (unit: Unit, roles: readonly Claim["role"][]) =>
    new Set(roles.flatMap((role) => [...(unit.byRole.get(role) ?? [])].flatMap((path) => [...(books.get(path) ?? [])])));
  const stacks = units.map((unit) => ({ unit, by: knownOf(unit, ["tilt series"]) }));
  const isOf = (one: Unit, other: Unit) =>
    [...knownOf(one, ["tomogram", "alignment"])].some((software) => {
      const own = stacks.filter(({ by }) => by.has(software));
      return own.length === 1 && own[0]!.unit === other;
    });
  return isOf(a, b) || isOf(b, a) ? true : undefined;
}

/** Files of each side that are compared, at most: of one series they tell the same. */
const COMPARED_MAX = 3;

async function anyTwo(
  some: readonly string[],
  others: readonly string[],
  compare: (one: string, other: string) => Promise<Same>,
): Promise<Same> {
  let result: Same;
  for (const one of some.slice(0, COMPARED_MAX)) {
    for (const other of others.slice(0, COMPARED_MAX)) {
      const own = await compare(one, other);
      if (own) return true;
      result = own ?? result;
    }
  }
  return result;
}

/** What the series that are known tell of two places: all that lie in them are of the same specimens, or none. */
function toldOfPlaces(families: readonly Family[], own: ReadonlyMap<Family, Told>): (a: string, b: string) => Same {
  const results = new Map<string, Set<boolean>>();
  const key = (a: string, b: string) => keyOf(...[a, b].sort());
  for (const family of families) {
    for (const [at, a] of family.units.entries()) {
      for (const b of family.units.slice(at + 1)) {
        const result = own.get(family)!(a, b);
        const pair = key(placeOf(family, a), placeOf(family, b));
        if (result !== undefined) results.set(pair, (results.get(pair) ?? new Set()).add(result));
      }
    }
  }
  return (a, b) => {
    const told = results.get(key(a, b));
    return a !== b && told?.size === 1 ? [...told][0] : undefined;
  };
}

const areApart = (a: Group, b: Group, told: Told): boolean => a.some((one) => b.some((other) => told(one, other) === false));

/**
 * Puts together what is of one series. `loose`: what may be of several, such as the only mdoc of a name that two stacks have.
 *
 * @param own what the series itself tells: that counts before what others tell of its places
 */
function grouped({ units }: Family, { own, told }: { readonly own: Told; readonly told: Told }): Found {
  let groups: Unit[][] = units.map((unit) => [unit]);
  const join = (a: Unit[], b: Unit[]) => {
    groups = groups.filter((group) => group !== b);
    a.push(...b);
  };
  const pairs = units.flatMap((a, at) => units.slice(at + 1).map((b) => [a, b] as const));
  for (const tell of [own, told]) {
    for (const [a, b] of pairs) {
      const [one, other] = [a, b].map((unit) => groups.find((group) => group.includes(unit))!);
      if (one !== other && tell(a, b) === true && !areApart(one!, other!, told)) join(one!, other!);
    }
  }
  const loose: Unit[] = [];
  const count = (group: Group) => group.reduce((sum, { byRole }) => sum + byRole.size, 0);
  for (const group of [...groups].sort((a, b) => count(a) - count(b))) {
    const mayBeJoined = (other: Group) => !isOfOtherPixels(other) && !areApart(group, other, told) && !haveSameRole(group, other);
    const possible = isOfOtherPixels(group) ? [] : groups.filter((other) => other !== group && mayBeJoined(other));
    // two sessions may have an mdoc of the name of the only stack: it is no more of the one than of the other
    const isWanted = (by: Group, one: Group) =>
      by !== one && areApart(by, group, told) && !areApart(by, one, told) && !haveSameRole(by, one);
    const isRivalled = possible.length === 1 && groups.some((other) => isWanted(other, possible[0]!));
    if (isRivalled) continue;
    if (possible.length === 1) join(possible[0]!, group);
    else if (possible.length > 1) {
      loose.push(...group);
      groups = groups.filter((other) => other !== group);
    }
  }
  return groups.length === 0 ? { groups: [loose], loose: [] } : { groups, loose };
}

/** What may be of several sessions is of the one that the series beside it are of. */
function withNeighbours(
  { name }: Family,
  { groups, loose }: Found,
  { told, neighbours }: { readonly told: Told; readonly neighbours: Neighbours },
): Found {
  const isBeside = (some: Group, unit: Unit) =>
    some.some(({ byRole }) =>
      [...(byRole.get("acquisition") ?? [])].some((mdoc) => othersOf(unit).some((other) => neighbours(mdoc, other, name))),
    );
  const placed = loose.map((unit) => {
    const own = groups.filter((group) => !areApart(group, [unit], told) && isBeside(group, unit));
    return { unit, group: own.length === 1 ? own[0] : undefined };
  });
  return {
    groups: groups.map((group) => [...group, ...placed.flatMap((one) => (one.group === group ? [one.unit] : []))]),
    loose: placed.flatMap(({ unit, group }) => (group === undefined ? [unit] : [])),
  };
}

const othersOf = ({ byRole }: Unit): string[] =>
  [...byRole].flatMap(([role, paths]) => (role === "acquisition" ? [] : [...paths]));

const namedOf = ({ name, units }: Family): Named => ({
  name,
  mdocs: units.flatMap(({ byRole }) => [...(byRole.get("acquisition") ?? [])]),
  others: units.flatMap(othersOf),
});

const haveSameRole = (a: Group, b: Group): boolean =>
  TELLING.some((role) => [a, b].every((group) => group.some(({ byRole }) => byRole.has(role))));

/** The runs of files, by what is of one series. A single series has its own name; of several each has that of its folder before it. */
function runsOfGroups(family: Family, groups: readonly Group[], loose: readonly Unit[]): RunOfFile[] {
  const names = namesOf(family, groups);
  const changes = groups.flatMap((group, at) =>
    group.flatMap(({ run, paths }) => (run === names[at] ? [] : [...paths].map((path) => ({ path, run, isOf: names[at]! })))),
  );
  const open = groups.length === 1 ? names[0] : undefined;
  return [...changes, ...loose.flatMap(({ run, paths }) => [...paths].map((path) => ({ path, run, isOf: open })))];
}

function namesOf({ name, units, aside }: Family, groups: readonly Group[]): string[] {
  const plain = new Set(units.map(({ run }) => run)).size === 1 ? units[0]!.run : name;
  if (groups.length === 1) return [plain];
  const claimed = groups.map((group) => new Set(group.map(({ run }) => run)));
  const own = claimed.map((runs) => [...runs][0]!);
  const isTold = (names: readonly string[]) => new Set(names).size === groups.length;
  if (claimed.every(({ size }) => size === 1) && isTold(own)) return own;
  const [main, ...others] = groups.filter((group) => !isOfOtherPixels(group));
  const names = distinctNames(groups.map((group) => ({ name, folder: folderOfGroup(group, aside) }))).map((one, at) =>
    // what may be a stranger's takes nobody's name away
    groups[at] === main && others.length === 0 ? plain : one,
  );
  // a bare number would be another name of a microscope: Tomography 5 calls the second series at Position_1 Position_1_2
  const before = (at: number) => names.slice(0, at).filter((one) => one === names[at]).length;
  return names.map((one, at) => (before(at) === 0 ? one : `${one}_series${before(at) + 1}`));
}

/** The folder of the site that most of it lies in, else the folder that all of it lies in, or that of its first file. */
function folderOfGroup(whole: Group, aside: ReadonlySet<string>): string {
  const meant = whole.map((unit) => withoutAside(unit, aside)).filter(({ paths }) => paths.size > 0);
  const group = meant.length > 0 ? meant : whole;
  const has = (role: Claim["role"]) => (unit: Unit) => unit.byRole.has(role);
  const inSites = group.filter(({ site }) => site !== undefined);
  // the project of whoever has picked in it does not tell whose the series is that lies elsewhere
  const isElsewhere =
    group.some(has("tilt series")) && !inSites.some((unit) => has("tilt series")(unit) || has("acquisition")(unit));
  const placed = isElsewhere ? [] : inSites;
  const filesOf = (units: readonly Unit[]) => units.reduce((sum, { paths }) => sum + paths.size, 0);
  const sites = [...groupsOf(placed, ({ site }) => site!.name).values()].sort((a, b) => filesOf(b) - filesOf(a));
  // a copy for somebody, in a folder of its own, does not tell where the series is
  const most = sites.find((units) => sites.length === 1 || filesOf(units) > filesOf(placed) / 2);
  if (most) return most[0]!.site!.called;
  const folders = group.flatMap(({ byRole }) => [...byRole.values()].flatMap((paths) => [...paths].map(folderOf)));
  const all = folders.length > 0 ? folders : group.flatMap(({ paths }) => [...paths].map(folderOf));
  // where it lies in several folders of the laboratory, that one counts which has most of it
  const tops = groupsOf(all, topOf);
  const [[first = "", ...others] = []] = [...tops.values()].sort((a, b) => b.length - a.length);
  const parts = first.split("/");
  let count = 0;
  while (count < parts.length && others.every((folder) => folder.split("/")[count] === parts[count])) count++;
  return count === 0 ? first : parts.slice(0, count).join("/");
}

function withoutAside(unit: Unit, aside: ReadonlySet<string>): Unit {
  const meant = (paths: ReadonlySet<string>) => new Set([...paths].filter((path) => !aside.has(path)));
  const byRole = [...unit.byRole].map(([role, paths]) => [role, meant(paths)] as const);
  return { ...unit, paths: meant(unit.paths), byRole: new Map(byRole.filter(([, paths]) => paths.size > 0)) };
}

/** A family of which nothing tells whether some of its groups are of one series. */
interface Open {
  readonly family: Family;
  readonly groups: readonly Group[];
  readonly doubtful: readonly Group[];
  readonly loose: readonly Unit[];
  /** Some of the doubtful groups are known to be of several series: they are not all of one. */
  readonly holdsSeveral: boolean;
}

const keyOfPlaces = ({ family, doubtful }: Open): string =>
  keyOf(...doubtful.map((group) => [...new Set(group.map((unit) => placeOf(family, unit)))].sort().join("+")).sort());

/** Why a person is asked: images would have told it. */
function whyAsked(some: readonly Open[]): string {
  const groups = some.flatMap(({ doubtful }) => doubtful);
  const withImages = groups.filter((group) => group.some(({ byRole }) => byRole.has("tilt series"))).length;
  const other = groups.flat().find((unit) => unit.isOfOtherPixels);
  if (other) return `The voxel size of ${exampleOf([other])} is no binning of the pixels of a stack of that name.`;
  if (withImages === 0) return "None of them has images to compare.";
  return withImages === groups.length ? "Their images do not tell." : "Not all of them have images to compare.";
}

/**
 * Asks of whom the things of one name are: of one specimen, or of several. Folders of people and sessions are held to be of several, and so are things of
 * which two are known to be.
 */
function whoseQuestion(key: string, some: readonly Open[]): Question {
  const [{ family, doubtful }] = some as [Open, ...Open[]];
  const examples = doubtful.map((group) => exampleOf(group));
  const names = some.slice(1).map((one) => one.family.name);
  const more = names.length === 0 ? "" : ` The answer is for ${few(names)}, too.`;
  const isOfSites = some.every((one) => one.doubtful.every((group) => group.every(({ site }) => site !== undefined)));
  const together = some.flatMap(asOne);
  const apart = some.flatMap((one) => runsOfGroups(one.family, one.groups, one.loose));
  return {
    id: stableId("whose", key),
    text: `Are the files called ${family.name} in these ${counted(examples.length, "place")} of the same tilt series?${more}`,
    why: `Such as ${few(examples)}. ${whyAsked(some)}${isOfSites ? " Their folders may be of different people or sessions." : ""}`,
    files: [...new Set([...together, ...apart].map(({ path }) => path))],
    isOfRuns: true,
    options: [
      {
        answer: "one-run",
        says: `the same: published as run ${family.name}`,
        claims: [],
        runs: together,
      },
      {
        answer: "separate-runs",
        says: `different ones: published as ${few(namesOf(family, doubtful))}`,
        claims: [],
        runs: apart,
      },
    ],
    guess: isOfSites || some.some(isOfSeveral) ? "separate-runs" : "one-run",
  };
}

/** Whether all that tells a group are such tomograms: what they hold may have told them to be of others. */
function isOfOtherPixels(group: Group): boolean {
  const telling = group.filter(({ byRole }) => byRole.size > 0);
  return telling.length > 0 && telling.every((unit) => unit.isOfOtherPixels);
}
const isOfSeveral = ({ holdsSeveral, doubtful }: Open): boolean => holdsSeveral || doubtful.some(isOfOtherPixels);

function asOne({ family, groups, doubtful, loose }: Open): RunOfFile[] {
  const others = groups.filter((group) => !doubtful.includes(group));
  return runsOfGroups(family, [doubtful.flat(), ...others], loose);
}

function exampleOf(group: Group): string {
  const [first] = group.flatMap(({ byRole }) => [...byRole.values()].flatMap((paths) => [...paths]));
  return first ?? [...group[0]!.paths][0]!;
}
