import { few } from "../../../../core/finding.js";
import { counted } from "../../../../core/units.js";
import { axisColumns, columnNames, filterOf, tomogramColumn } from "../../../../formats/points/csv-by-name.js";
import { csvRows } from "../../../../formats/points/csv-rows.js";
import { isNapari } from "../../../../formats/points/napari.js";
import type { PointsReading } from "../claims.js";
import { orReason } from "../recognisers/common/reading.js";
import { looseName, runFinder } from "../run-names.js";
import type { Laboratory } from "../survey/laboratory.js";
import { type PlaceOptions, withoutFile } from "./lists.js";
import { delimiterOf, unitOf } from "./point-files.js";

/** A table with names of columns whose rows are to be chosen by them. */
export interface NamedTable {
  readonly reading: PointsReading;
  /** Rows by the tomogram that they name, of those that count. */
  readonly series: ReadonlyMap<string, number> | undefined;
  /** Sentences on rows that are put aside. */
  readonly notes: readonly string[];
}

interface Head {
  readonly path: string;
  readonly laboratory: Laboratory;
  readonly signal: AbortSignal;
  readonly delimiter: string;
  readonly names: readonly string[];
  readonly axes: readonly [x: number, y: number, z: number];
}

interface Table extends Head {
  /** Values of each column; undefined for axes, and where there are more than are looked at. */
  readonly values: readonly (ReadonlySet<string> | undefined)[];
  readonly rows: number;
}

/** Columns of cryoCAT's lists. Source: `motl_columns` in cryocat/core/cryomotl.py of https://github.com/turonova/cryoCAT */
const CRYOCAT = ["subtomo_id", "tomo_id", "object_id", "shift_x", "shift_y", "shift_z"];
const isOfCryocat = (names: readonly string[]): boolean => CRYOCAT.every((name) => names.includes(name));

const OTHER_KINDS = /\.(?:star|cbox|tbl|box|json|mod|tloc)$/i;
const HEAD_BYTES = 64 * 1024;
const VALUES_MAX = 20_000;
const CLASSES_MAX = 50;

const CLASS =
  /^(?:class|label|object|type|particle|structure|protein|annotation|category|species|target|macromolecule)(?:name|label|type|id|es|s)?$|^name$/;
const KEPT = /^(?:keep|kept|use|used|select|selected|good|include|included|accept|accepted|valid|ok)$/;
const REFUSED = /^(?:exclude|excluded|discard|discarded|reject|rejected|bad|junk|delete|deleted|removed?)$/;
const JUNK =
  /^(?:junk|bad|noise|background|false[ _-]?positives?|fp|ignored?|discard(?:ed)?|reject(?:ed)?|garbage|unknown|unsure|none|no)$/i;
/** What an evaluation calls picks that it has held against others. */
const JUDGED = /^(?:tp|fp|fn|(?:true|false)[ _-]?(?:positives?|negatives?)|miss(?:ed)?|hits?|matched|unmatched|spurious)$/i;
const WRONG = /^(?:fp|fn|false\b.*|miss(?:ed)?|unmatched|spurious)$/i;
const YES = /^(?:1|1\.0|true|yes|y|x|keep|good|ok)$/i;
const NO = /^(?:0|0\.0|false|no|n|bad|discard|)$/i;
/** What people call a column by which they tell series of one name apart. */
const SAMPLE =
  /^(?:sample|specimen|strain|genotype|mutant|condition|visit|session|dataset|grid|project|person|user|folder|cellline)(?:name|id)?$/;
const SAMPLES_MAX = 50;
const FILAMENT = /^(?:rln)?(?:filament|fiber|fibre|tube|helicaltube|contour|curve)(?:id|nr|no|number|index)?$/;
/** What programs measure of a segmented object; a list of particles has one of them at most, such as the size of a cluster. */
const MEASURES: readonly RegExp[] = [
  /^(?:volume|vol(?:nm|um|px)?\d?$|n?(?:um|umberof)?voxels?(?:count)?$)/,
  /^(?:surface|area)/,
  /^(?:perimeter|eccentricity|solidity|sphericity|compactness|roundness|elongation|anisotropy|flatness|feret|(?:max|min)feret|equivalentdiameter|equivdiameter|(?:major|minor)axis|axis(?:major|minor)|eulernumber)/,
];
const TILT = /^(?:nominal)?(?:tilt|stage)(?:angle|number|index)?$/;
const TURNED = /^(?:rot|psi|phi|theta|the|tdrot|narot|euler\w*|angle(?:rot|tilt|psi)|rlnangle\w+|q[0-3wxyz])$/;

const plain = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");

/**
 * A table whose first line names x, y and z and also what tells which rows count: the tomogram, the object, whether a row is kept.
 *
 * @returns a text: why nothing can be made of it. Undefined for other tables, such as one of x, y, z alone
 */
export async function namedTable(
  laboratory: Laboratory,
  path: string,
  { runs, volumesOf }: Pick<PlaceOptions, "runs" | "volumesOf">,
  signal: AbortSignal,
): Promise<NamedTable | string | undefined> {
  if (OTHER_KINDS.test(path) || laboratory.get(path)?.format !== "text") return undefined;
  const head = await headOf(laboratory, path, signal);
  if (head === undefined) return undefined;
  if (isOfCryocat(head.names))
    return "a motive list of cryoCAT, whose places are x + shift_x, y + shift_y and z + shift_z: write the sums as CSV with the names of the runs, or the list as STOPGAP's with cryoCAT";
  const read = await orReason(() => tableOf(head));
  if ("reason" in read) return `it cannot be read: ${withoutFile(read.reason, path)}`;
  const table = read.value;
  const none = noPlaces(table);
  if (none !== undefined) return none;
  const tomograms = tomogramsOf(table, runs);
  const kept = keptOf(table);
  if (typeof kept === "string") return kept;
  const numbering = await orReason(() => countersOf(table, tomograms));
  if ("reason" in numbering) return `it cannot be read: ${withoutFile(numbering.reason, path)}`;
  const classes = classesOf(table, tomograms, numbering.value);
  if (typeof classes === "string") return classes;
  const isPlain = /^(?:0,1,2|2,1,0)$/.test(table.axes.join());
  const isOne = tomograms === undefined || table.values[tomograms]?.size === 1;
  if (isPlain && isOne && kept === undefined && classes === undefined) return undefined;
  const chosen: Chosen = { tomograms, kept, classes };
  const samples = tomograms === undefined ? undefined : samplesOf(table, tomograms, { runs, volumesOf });
  const found = await orReason(
    async () => (samples && (await rowsOfSamples(table, { ...chosen, samples }))) ?? (await countedRows(table, chosen)),
  );
  return "reason" in found ? `it cannot be read: ${withoutFile(found.reason, path)}` : found.value;
}

/** A column that tells of which sample, session or person a row is, where tomograms of several have the same names. */
interface Samples {
  readonly column: number;
  /** The tomograms of the run that a sample and a name of a tomogram mean together. */
  tomogramsOf(sample: string, name: string): readonly string[];
}

/** A column whose values stand in the names or folders of some runs alone, or that is called after samples and one of whose values stands in those of all. */
function samplesOf(
  { names, values, axes }: Table,
  tomograms: number,
  { runs, volumesOf }: Pick<PlaceOptions, "runs" | "volumesOf">,
): Samples | undefined {
  const placed = runs.flatMap((run) => {
    const paths = volumesOf(run).map(({ path }) => path);
    return paths.length === 0 ? [] : [{ run: looseName(run), paths, words: [run, ...paths].map((text) => spaced(text)) }];
  });
  const have = (value: string) => placed.filter(({ words }) => words.some((text) => text.includes(spaced(value))));
  const column = names.findIndex((name, at) => {
    const own = [...(values[at] ?? [])];
    const word = plain(name);
    if (at === tomograms || axes.includes(at) || own.length === 0 || own.length > SAMPLES_MAX) return false;
    if ([CLASS, KEPT, REFUSED, TURNED, TILT].some((form) => form.test(word))) return false;
    if (!own.every((value) => /\p{L}/u.test(value))) return false;
    const counts = own.map((value) => have(value).length).filter((count) => count > 0);
    return counts.some((count) => count < placed.length) || (SAMPLE.test(word) && counts.length > 0);
  });
  if (column < 0) return undefined;
  return {
    column,
    tomogramsOf: (sample, name) => {
      const text = looseName(name);
      const own = have(sample).filter(({ run }) => /\p{L}/u.test(text) && (run === text || run.endsWith(`_${text}`)));
      return own.length === 1 ? own[0]!.paths : [];
    },
  };
}

/** Its words between `_`, so that one is found as a whole. */
const spaced = (text: string): string => `_${looseName(text.replaceAll("/", "_"))}_`;

/** As {@link countedRows}, with what the column of samples has behind the name of each tomogram. Undefined where none of them is of a run. */
async function rowsOfSamples(
  table: Table,
  chosen: Chosen & { readonly samples: Samples },
): Promise<NamedTable | string | undefined> {
  const found = await countedRows(table, chosen);
  if (typeof found === "string" || found.series === undefined) return undefined;
  const rowValues: Record<string, string> = {};
  for (const row of found.series.keys()) {
    const [name, sample] = [row.slice(0, row.indexOf(" & ")), row.slice(row.lastIndexOf("=") + 1)];
    for (const path of chosen.samples.tomogramsOf(sample, name)) rowValues[path] = row;
  }
  return Object.keys(rowValues).length === 0 ? undefined : { ...found, reading: { ...found.reading, rowValues } };
}

async function headOf(laboratory: Laboratory, path: string, signal: AbortSignal): Promise<Head | undefined> {
  const start = new TextDecoder().decode(await laboratory.store.read(path, { offset: 0, length: HEAD_BYTES }, { signal }));
  const delimiter = delimiterOf(start.split(/\r\n|\n|\r/, 1)[0]!);
  const source = await laboratory.open(path);
  const read = await orReason(() => columnNames(source, delimiter, { signal }));
  if ("reason" in read) return undefined;
  const names = read.value;
  const axes = axisColumns(names);
  const cells = names.map((name) => name.toLowerCase());
  // tables of objects and of instances are something else
  const isOther = cells[0] === "ids" || (cells.includes("object_id") && !isOfCryocat(names)) || isNapari(cells);
  return names.length < 4 || axes === undefined || isOther ? undefined : { path, laboratory, signal, delimiter, names, axes };
}

/** What stands behind the coordinates may be missing. */
const layoutOf = ({ delimiter, names, axes }: Head) => ({
  delimiter,
  header: true,
  columns: Math.max(...axes) + 1,
  kept: names.length,
});

async function tableOf(head: Head): Promise<Table> {
  const { path, laboratory, signal, names, axes } = head;
  const source = await laboratory.open(path);
  const values = names.map((_, column): Set<string> | undefined => (axes.includes(column) ? undefined : new Set()));
  let count = 0;
  for await (const rows of csvRows(source, layoutOf(head), { signal })) {
    count += rows.length;
    for (const { cells } of rows)
      for (const [column, own] of values.entries()) {
        own?.add(cells[column]?.trim() ?? "");
        if (own && own.size > VALUES_MAX) values[column] = undefined;
      }
  }
  return { ...head, values, rows: count };
}

/** Why its rows are no positions of particles. */
function noPlaces({ names, values, rows }: Table): string | undefined {
  const words = names.map(plain);
  const filament = words.findIndex((word, at) => FILAMENT.test(word) && (values[at]?.size ?? 0) < rows);
  if (filament >= 0 && (values[filament]?.size ?? 0) > 0 && rows > 1)
    return `its points follow filaments, by its column ${names[filament]}: lines, and no positions of particles`;
  const tilt = words.findIndex((word) => TILT.test(word));
  if (tilt >= 0 && !words.some((word) => TURNED.test(word)))
    return `its column ${names[tilt]} tells of tilts: a table of images, and no list of positions`;
  const measured = MEASURES.flatMap((form) => names.find((_, at) => form.test(words[at]!)) ?? []);
  if (measured.length > 1)
    return `its columns ${few(measured)} were measured of segmented objects, and it is no list of positions of particles: to publish their centres, write these alone into a table`;
  const judged = values.findIndex((own) => {
    const all = [...(own ?? [])].filter((value) => value !== "");
    return all.length > 0 && all.every((value) => JUDGED.test(value)) && all.some((value) => WRONG.test(value));
  });
  if (judged >= 0)
    return `its column ${names[judged]} tells which picks are false: an evaluation, of which the true ones are to be written by themselves`;
  return undefined;
}

/** The column that tells the tomogram of a row: by its name, or since all that it has are names of runs. */
function tomogramsOf({ names, values, axes }: Table, runs: readonly string[]): number | undefined {
  const find = runFinder(runs);
  const isOfRuns = (column: number) => {
    const own = [...(values[column] ?? [])].filter((value) => value !== "");
    return own.length > 0 && own.every((value) => !Number.isFinite(Number(value)) && find(value) !== undefined);
  };
  const called = tomogramColumn(names);
  const columns = names.map((_, column) => column).filter((column) => !axes.includes(column));
  return columns.find(isOfRuns) ?? (called !== undefined && !axes.includes(called) ? called : undefined);
}

interface Kept {
  readonly column: number;
  readonly value: string;
}

/** What a column of kept or refused rows has where they count. @returns a text where that cannot be known */
function keptOf({ names, values }: Table): Kept | string | undefined {
  const column = names.findIndex((name) => KEPT.test(plain(name)) || REFUSED.test(plain(name)));
  const found = [...(values[column] ?? [])];
  // a column that nobody has filled in says nothing
  if (column < 0 || found.every((value) => value === "")) return undefined;
  const [count, other] = KEPT.test(plain(names[column]!)) ? [YES, NO] : [NO, YES];
  const own = found.filter((value) => count.test(value));
  if (!found.every((value) => count.test(value) || other.test(value)) || own.length !== 1 || own[0] === "")
    return `its column ${names[column]} has ${few(found.map((value) => value || "nothing"))}, which do not tell the rows that count`;
  return found.length === 1 ? undefined : { column, value: own[0]! };
}

interface Classes {
  readonly column: number;
  readonly objects: Readonly<Record<string, string>>;
}

/** What tells kinds by its name, also where each kind is there once in each tomogram. */
const KIND = /^(?:class|type|category|species)/;

/** Columns that count the rows of each tomogram from 0 or 1: they tell which particle a row is, and not of which kind. */
async function countersOf(table: Table, tomograms: number | undefined): Promise<ReadonlySet<number>> {
  const { path, laboratory, signal, names, values, axes } = table;
  const isOpen = (name: string, column: number) =>
    column !== tomograms && !axes.includes(column) && CLASS.test(plain(name)) && !KIND.test(plain(name));
  const counters = new Set(
    names.flatMap((name, column) => (isOpen(name, column) && (values[column]?.size ?? 0) > 1 ? [column] : [])),
  );
  if (tomograms === undefined || counters.size === 0) return new Set();
  const last = new Map<string, number>();
  const source = await laboratory.open(path);
  for await (const rows of csvRows(source, layoutOf(table), { signal }))
    for (const { cells } of rows)
      for (const column of counters) {
        const at = `${column} ${cells[tomograms]?.trim() ?? ""}`;
        const [cell, before] = [cells[column]?.trim() ?? "", last.get(at)];
        const value = Number(cell);
        const isNext = before === undefined ? value === 0 || value === 1 : value === before + 1;
        if (cell === "" || !isNext) counters.delete(column);
        last.set(at, value);
      }
  return counters;
}

/** The column that tells what a point is. @returns a text where it cannot be known */
function classesOf(
  { names, values, axes, rows }: Table,
  tomograms: number | undefined,
  counters: ReadonlySet<number>,
): Classes | string | undefined {
  const columns = names.flatMap((name, column) => {
    const own = [...(values[column] ?? [])].filter((value) => value !== "");
    const isId = own.length > CLASSES_MAX || (own.length > 1 && own.length * 2 > rows) || counters.has(column);
    return column !== tomograms && !axes.includes(column) && CLASS.test(plain(name)) && own.length > 0 && !isId
      ? [{ column, own, isNumber: own.every((value) => Number.isFinite(Number(value))) }]
      : [];
  });
  const [named, ...others] = columns.filter(({ isNumber }) => !isNumber);
  if (named === undefined) {
    const numbered = columns.find(({ own }) => own.length > 1);
    if (numbered === undefined) return undefined;
    const { column, own } = numbered;
    return `its column ${names[column]} has ${counted(own.length, "number")} (${few(own)}), and nothing tells which objects they are: write their names into it`;
  }
  const several = [named, ...others].filter(({ own }) => own.length > 1);
  if (several.length > 1)
    return `its columns ${few(several.map(({ column }) => names[column]!))} may each tell which object a point is: leave one of them`;
  const { column, own } = several[0] ?? named;
  return {
    column,
    objects: Object.fromEntries(own.filter((value) => !JUNK.test(value)).map((value) => [value, value.replaceAll("_", " ")])),
  };
}

interface Chosen {
  readonly tomograms: number | undefined;
  readonly kept: Kept | undefined;
  readonly classes: Classes | undefined;
  readonly samples?: Samples | undefined;
}

/** Counts the rows of each tomogram and class, and tells those that are put aside. */
async function countedRows(table: Table, { tomograms, kept, classes, samples }: Chosen): Promise<NamedTable | string> {
  const { path, laboratory, signal, names } = table;
  const series = new Map<string, number>();
  const classRows = new Map<string, Set<string>>();
  const aside = new Map<string, number>();
  const putAside = (what: string) => aside.set(what, (aside.get(what) ?? 0) + 1);
  const source = await laboratory.open(path);
  for await (const rows of csvRows(source, layoutOf(table), { signal }))
    for (const { cells } of rows) {
      const cellOf = (column: number | undefined) => (column === undefined ? "" : (cells[column]?.trim() ?? ""));
      const sample = samples && filterOf([[names[samples.column]!, cellOf(samples.column)]]);
      const [name, one] = [cellOf(tomograms), cellOf(classes?.column)];
      const row = name === "" || sample === undefined ? name : `${name} & ${sample}`;
      if (kept && cellOf(kept.column) !== kept.value) putAside(`${names[kept.column]} is not ${kept.value}`);
      else if (tomograms !== undefined && row === "") putAside(`${names[tomograms]} is empty`);
      else if (classes && !Object.hasOwn(classes.objects, one))
        putAside(`${names[classes.column]} is ${one === "" ? "empty" : one}`);
      else {
        series.set(row, (series.get(row) ?? 0) + 1);
        classRows.set(one, (classRows.get(one) ?? new Set()).add(row));
      }
    }
  const objects = Object.entries(classes?.objects ?? {}).filter(([one]) => classRows.has(one));
  const said = [...aside].map(([what, count]) => `${path}: ${counted(count, "row")} put aside, where ${what}.`);
  if (series.size === 0) return `none of its rows counts${aside.size === 0 ? "" : `: ${[...aside.keys()].join("; ")}`}`;
  if (tomograms !== undefined && series.size > 1 && [...series.values()].every((count) => count === 1))
    return `it has one row for each ${names[tomograms]}: a table of tomograms, and no list of positions`;
  const sayable = [
    ...(tomograms === undefined
      ? []
      : [...series.keys()].map((value) => [names[tomograms]!, value.split(" & ", 1)[0]!] as const)),
    ...objects.map(([one]) => [names[classes!.column]!, one] as const),
    ...(kept ? [[names[kept.column]!, kept.value] as const] : []),
  ];
  const unsayable = sayable.find((one) => filterOf([one]) === undefined || one.some((text) => /[{}]/.test(text)));
  if (unsayable) return `its column ${unsayable[0]} has ${unsayable[1]}, which filter_value cannot say`;
  const turned = names.filter((name) => TURNED.test(plain(name)) || TILT.test(plain(name)));
  return {
    reading: readingOfTable(table, { tomograms, kept, classes }, objects, classRows),
    series: tomograms === undefined ? undefined : series,
    notes: [
      ...said,
      ...(turned.length === 0
        ? []
        : [`${path}: its angles (${few(turned, 6)}) are not read; its points are published without orientation.`]),
    ],
  };
}

function readingOfTable(
  { names, axes, delimiter }: Table,
  { tomograms, kept, classes }: Chosen,
  objects: readonly (readonly [one: string, object: string])[],
  classRows: ReadonlyMap<string, ReadonlySet<string>>,
): PointsReading {
  const rowsOf = ([one]: readonly [string, string]) => [one, [...classRows.get(one)!]] as const;
  return {
    shape: "Point",
    format: "csv_by_name",
    ...(delimiter !== "," && { delimiter }),
    ...unitOf(axes.map((column) => names[column]!)),
    ...(tomograms !== undefined && { rowName: names[tomograms]! }),
    ...(kept && { kept: filterOf([[names[kept.column]!, kept.value]]) }),
    ...(classes && objects.length > 0 && { className: names[classes.column]!, classes: Object.fromEntries(objects) }),
    ...(tomograms !== undefined && objects.length > 0 && { classRows: Object.fromEntries(objects.map(rowsOf)) }),
  };
}
