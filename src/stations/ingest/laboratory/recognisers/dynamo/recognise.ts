import { few, fewFiles } from "../../../../../core/finding.js";
import { groupsOf } from "../../../../../core/groups.js";
import { counted } from "../../../../../core/units.js";
import type { Claim, PointsReading, Question, Recogniser } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { baseName, folderOf, tailFinder } from "../common/paths.js";
import { type TomogramList, tomogramLists } from "./lists.js";
import { alignedWhole, nestedQuestion, nestedTables } from "./nested.js";
import { byWorth, type Table, tablesOf } from "./tables.js";

/**
 * Dynamo: tables of particles, whose column 20 is a number that a `.doc` or `.vll` gives to a tomogram. Of tables of the same particles the last refined
 * one counts; of those that are parts of each other a person says which. Data folders, alignment projects and catalogues are left out, models are told.
 *
 * Source: https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table_convention
 */
export const dynamo: Recogniser = {
  id: "dynamo",
  software: "Dynamo",
  async recognise(laboratory) {
    const finder = tailFinder(laboratory.files.map(({ path }) => path));
    const { tables, notes } = await tablesOf(laboratory);
    const lists = await tomogramLists(laboratory, finder);
    const claims: Claim[] = [];
    const models = laboratory.files.filter(({ path }) => /\.omd$/i.test(path)).map(({ path }) => path);
    if (tables.length === 0 && models.length === 0 && !lists.some(({ path }) => /\.vll$/i.test(path))) return undefined;
    const questions = claimTables(tables, lists, claims, notes);
    const unread = await claimAround(laboratory, tables, lists, claims);
    if (unread.length > 0)
      notes.push(
        `Tomograms in EM format (${fewFiles(unread)}) are not read: write them as MRC, dwrite(dread('X.em'), 'X.mrc'), and set their voxel size in the header.`,
      );
    if (models.length > 0)
      notes.push(
        `Models of Dynamo (${fewFiles(models)}) are not read: write their points as a table, dwrite(model.grepTable(), 'X.tbl'), with a .doc of the tomograms beside it.`,
      );
    return {
      software: "Dynamo",
      by: [...tables.map(({ path }) => path), ...lists.map(({ path }) => path), ...models].slice(0, 3),
      claims,
      questions,
      notes,
    };
  },
};

/** @returns questions of tables that are parts of each other */
function claimTables(tables: readonly Table[], lists: readonly TomogramList[], claims: Claim[], notes: string[]): Question[] {
  const faults: Faults = { unlisted: [], missing: [] };
  const last = new Map<string, number>();
  for (const { project, iteration = 0 } of tables)
    if (project !== undefined) last.set(project, Math.max(last.get(project) ?? 0, iteration));
  const leave = (path: string, because: string) => claims.push({ path, role: "left out", because, strength: "bookkeeping" });
  const kept: Table[] = [];
  for (const table of tables) {
    if (table.project !== undefined && table.iteration! < last.get(table.project)!) leave(table.path, "of an earlier iteration");
    else kept.push(table);
  }
  const different = [...groupsOf(kept, ({ particles }) => particles).values()].map((group) => {
    const [best, ...others] = group.sort(byWorth) as [Table, ...Table[]];
    for (const { path } of others) leave(path, `the same particles as ${best.path}`);
    return best;
  });
  const questions: Question[] = [];
  for (const family of nestedTables(different)) {
    const whole = new Map(family.map((table) => [table, alignedWhole(table, family)]));
    for (const [{ path, count }, aligned] of whole)
      if (aligned)
        leave(path, `${count} of the ${counted(aligned.count, "particle")} of ${aligned.path}, which are aligned there`);
    const others = family.filter((table) => whole.get(table) === undefined);
    const own = others.map((table) => claimOf(table, lists, faults));
    if (others.length === 1) claims.push(...own);
    else questions.push(nestedQuestion(others, own));
  }
  const { unlisted, missing } = faults;
  if (unlisted.length > 0)
    notes.push(
      `Nothing says which tomograms the numbers in column 20 of ${few(unlisted)} mean: copy the indices_column20.doc of the data folder beside it.`,
    );
  if (missing.length > 0)
    notes.push(
      `Particles of tables of Dynamo are not published where their tomogram is not in the folder, or is there twice: ${few(missing)}.`,
    );
  return questions;
}

const EM_HEADER_BYTES = 512;
/** Code of a PC in the first byte. */
const LITTLE_ENDIAN = 6;

interface Faults {
  /** Tables with their numbers. */
  readonly unlisted: string[];
  readonly missing: string[];
}

function claimOf(table: Table, lists: readonly TomogramList[], faults: Faults): Claim {
  const { because, points, sameRunAs } = placeOf(table, lists, faults);
  const tie = sameRunAs === undefined ? {} : { sameRunAs };
  return { path: table.path, role: "points", because, strength: "bookkeeping", details: { points }, ...tie };
}

interface Placed {
  readonly because: string;
  readonly points: PointsReading;
  readonly sameRunAs?: string | undefined;
}

/** Which tomograms the rows are of. Positions are voxels of the tomogram that the particles were cut out of. */
function placeOf(table: Table, lists: readonly TomogramList[], faults: Faults): Placed {
  const { path, tomograms } = table;
  const reading = { format: "dynamo_tbl", shape: "OrientedPoint" } as const;
  const numbers = [...tomograms].sort((a, b) => a - b);
  const isOne = numbers.length === 1;
  const listed = lists.flatMap(({ sources, files, path: by }) =>
    sources.flatMap(({ name, tomogram }) => {
      const file = files.get(tomogram);
      return file !== undefined && baseName(name.replaceAll("\\", "/")) === baseName(path) ? [{ by, file }] : [];
    }),
  );
  if (isOne && listed.length === 1) {
    const [{ by, file }] = listed as [{ by: string; file: string }];
    return { because: `${baseName(by)} lists it under ${file}`, points: { ...reading, unit: "voxels" }, sameRunAs: file };
  }
  const list = listOf(table, lists);
  if (!list) {
    faults.unlisted.push(`${path} (${few(numbers)})`);
    return { because: "its columns are those of Dynamo", points: { ...reading, ...(isOne ? {} : { rowName: "column 20" }) } };
  }
  const found = numbers.flatMap((number) => (list.files.has(number) ? [{ number, file: list.files.get(number)! }] : []));
  const missing = numbers.filter((number) => !list.files.has(number));
  for (const number of missing) faults.missing.push(`${list.named.get(number)!} (${number} in ${path})`);
  const because = `${baseName(list.path)} names the ${isOne ? "tomogram" : "tomograms"} of its column 20`;
  if (isOne) return { because, points: { ...reading, unit: "voxels" }, sameRunAs: found[0]?.file };
  const rowValues = Object.fromEntries(found.map(({ file, number }) => [file, `${number}`]));
  return { because, points: { ...reading, unit: "voxels", rowName: "column 20", rowValues } };
}

/** The list beside the table, or above it, or the only one that knows all of its tomograms. */
function listOf({ path, tomograms }: Table, lists: readonly TomogramList[]): TomogramList | undefined {
  const knows = lists.filter(({ named }) => [...tomograms].every((number) => named.has(number)));
  for (let folder = folderOf(path); ; folder = folderOf(folder)) {
    const beside = knows.filter((list) => list.folder === folder);
    const best = beside.find((list) => /^indices_column_?20\.doc$/i.test(baseName(list.path))) ?? beside[0];
    if (best) return best;
    if (folder === "") break;
  }
  const different = groupsOf(knows, ({ named }) =>
    [...named]
      .map(([number, name]) => `${number} ${baseName(name)}`)
      .sort()
      .join("\n"),
  );
  return different.size === 1 ? knows[0] : undefined;
}

/** @returns tomograms that are not read */
async function claimAround(
  laboratory: Laboratory,
  tables: readonly Table[],
  lists: readonly TomogramList[],
  claims: Claim[],
): Promise<string[]> {
  const unread: string[] = [];
  const told = new Set(tables.map(({ path }) => path));
  const leave = (path: string, because: string) => {
    if (told.has(path)) return;
    told.add(path);
    claims.push({ path, role: "left out", because, strength: "bookkeeping" });
  };
  for (const { path, files } of lists) {
    leave(path, "a project file of Dynamo");
    for (const file of files.values()) {
      if (!told.has(file) && laboratory.get(file)!.format === "em") {
        unread.push(file);
        leave(file, `a tomogram in EM format, as ${baseName(path)} lists it: write it as MRC`);
      }
      if (told.has(file) || !laboratory.get(file)!.volume) continue;
      told.add(file);
      claims.push({
        path: file,
        role: "tomogram",
        because: `${baseName(path)} lists it among the tomograms`,
        strength: "bookkeeping",
      });
    }
  }
  const projects = new Set(laboratory.folders().flatMap((folder) => /^(.+)\/results\/ite_\d+(?:\/|$)/i.exec(folder)?.[1] ?? []));
  for (const { path, format } of laboratory.files) {
    const name = baseName(path);
    const project = ancestorIn(path, projects);
    if (project !== undefined) leave(path, `of the alignment project ${baseName(project)} of Dynamo`);
    else if (/^particle_\d{4,}\.(?:em|mrc)$/i.test(name)) leave(path, "a cut-out particle");
    else if (/\.(?:omd|ctlg)$/i.test(name))
      leave(path, /\.omd$/i.test(name) ? "a model of Dynamo, which is not read" : "a project file of Dynamo");
    else if (format === "em" && tables.length > 0 && !told.has(path)) leave(path, await reasonOfEm(laboratory, path));
  }
  return unread;
}

/** Rows of a motive list in EM format. Source: `write_out` of EmMotl in https://github.com/turonova/cryoCAT; av3_motl of AV3, whose lists STOPGAP reads */
const MOTIVE_ROWS = 20;

/** By the three lengths in the header. Source: the EM format of TOM and Dynamo: four bytes, of which the first tells the machine, then x, y, z */
async function reasonOfEm(laboratory: Laboratory, path: string): Promise<string> {
  const average = "a volume in EM format: an average, a mask or a template of particles";
  if (laboratory.get(path)!.size < EM_HEADER_BYTES) return average;
  const head = await (await laboratory.open(path)).read({ offset: 0, length: 16 });
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const isLittle = head[0] === LITTLE_ENDIAN;
  const [x, y, z] = [4, 8, 12].map((at) => view.getInt32(at, isLittle));
  if (x === MOTIVE_ROWS && z === 1)
    return "a motive list in EM format, as AV3 and cryoCAT write them, which is not read: x, y, z are rows 8 to 10, write them as CSV or as a STAR file";
  return x === y && y === z
    ? average
    : "a volume in EM format, and no cube as averages are: where it is a tomogram, write it as MRC";
}

function ancestorIn(path: string, folders: ReadonlySet<string>): string | undefined {
  if (folders.size === 0) return undefined;
  for (let folder = folderOf(path); folder !== ""; folder = folderOf(folder)) if (folders.has(folder)) return folder;
  return undefined;
}
