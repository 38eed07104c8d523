import { EmporiumError } from "../../core/errors.js";

/** Columns that a table's format expects. */
export interface HeaderWanted {
  /** Place of the first of the three columns of coordinates, from 0. */
  readonly first: number;
  /** Name of the format in messages: `csv_with_header`. */
  readonly format: string;
  /** In which the three columns are read. Default xyz. */
  readonly order?: "xyz" | "zyx" | undefined;
}

/**
 * Checks the names in the first line of a table whose columns are fixed. Most names pass. Refuses x, y and z in other columns or in another order, and
 * names that clearly are not coordinates in a coordinate's column.
 *
 * @throws {EmporiumError} FORMAT_FIELD with the names found, and where x, y and z are if they are there
 */
export function checkHeader(file: string, cells: readonly string[], { first, format, order = "xyz" }: HeaderWanted): void {
  const names = cells.map((cell) => cell.trim());
  const taken = names.slice(first, first + 3);
  if (names.length < first + 3 || names.every((name) => Number.isFinite(Number(name)))) return; // a blank one is 0
  const axes = names.map(coordinateAxisOf);
  const named = orderOf(axes.slice(first, first + 3));
  // whoever writes columns: zyx has looked: the portal's own examples have it beside a header of x, y, z
  if (named === order || (named !== undefined && order === "zyx")) return;
  const hasAll = (["x", "y", "z"] as const).every((axis) => axes.includes(axis));
  if (named === undefined && !hasAll && !taken.some((name) => coordinateAxisOf(name) === undefined && isNoCoordinate(name)))
    return;
  const places = first === 0 ? "the first three columns" : `columns ${first + 1} to ${first + 3}`;
  throw new EmporiumError(
    "FORMAT_FIELD",
    `${file}: ${places} are called ${taken.map(shown).join(", ")}; expected coordinates ${[...order].join(", ")}${named === undefined ? elsewhere(names, hasAll) : ""}`,
    { place: { file, line: 1 }, hint: remedyOfOrder(named, format) ?? remedy(names, format) },
  );
}

/**
 * Names of the columns of a first line that a `#` makes a comment, as numpy writes `# x y z`: without it, and none of a remark in words. Where the rows have
 * as many cells it is the name of a column.
 *
 * @param width number of cells of a row
 */
export function withoutHash(cells: readonly string[], width: number | undefined): readonly string[] {
  const isHash = cells[0]?.replace(/^\ufeff/, "").trim() === "#";
  if (!isHash || width === undefined || cells.length === width) return cells;
  const names = cells.slice(1);
  return names.length === width || columnOrder(names) !== undefined ? names : [];
}

/** The order that the names of the first three columns tell, such as `zyx`; undefined where they do not name three axes. */
export const columnOrder = (cells: readonly string[]): string | undefined =>
  orderOf(cells.slice(0, 3).map((cell) => coordinateAxisOf(cell.trim())));

function orderOf(axes: readonly (Axis | undefined)[]): string | undefined {
  return new Set(axes.filter(Boolean)).size === 3 ? axes.join("") : undefined;
}

/** Of columns that are the right ones: what reads them in the order of their names. */
function remedyOfOrder(named: string | undefined, format: string): string | undefined {
  if (format === "tardis" || named !== "zyx") return undefined;
  return "set columns: zyx, which reads z first; where the names are wrong and the numbers right, correct the names";
}

/** `; x, y, z are columns 2, 3, 4`: columns named after axes; coordinates if all three are there, else offsets and the like. */
function elsewhere(names: readonly string[], hasAll: boolean): string {
  const axisOf = hasAll ? coordinateAxisOf : anyAxisOf;
  const found = (["x", "y", "z"] as const).flatMap((axis) => {
    const at = names.findIndex((name) => axisOf(name) === axis);
    return at < 0 ? [] : [{ name: shown(names[at]!), place: at + 1 }];
  });
  if (found.length === 0)
    return `; the columns are ${names.slice(0, SHOWN).map(shown).join(", ")}${names.length > SHOWN ? ", …" : ""}`;
  const are = found.length === 1 ? "is column" : "are columns";
  return `; ${found.map(({ name }) => name).join(", ")} ${are} ${found.map(({ place }) => place).join(", ")}`;
}

const SHOWN = 24;
const shown = (name: string): string => (name === "" ? '""' : name.length > 40 ? `${name.slice(0, 40)}…` : name);

function remedy(names: readonly string[], format: string): string {
  if (isMotiveList(names)) {
    return "use file_format: peet_motl: this is a motive list of PEET, whose positions are in the IMOD model of its project";
  }
  const [id, ...axes] = names.slice(0, 4);
  const isTardis = /^ids?$/i.test(id ?? "") && axes.map(coordinateAxisOf).join("") === "xyz";
  if (isTardis && format !== "tardis") {
    return "an InstanceSegmentation with file_format: tardis reads ids, x, y, z in Å; for points, leave out the column of ids";
  }
  if (names.some((name) => /^_?(rln|wrp)[A-Z]/.test(name))) {
    return "give the STAR file itself, with relion3_star, relion4_star, relion5_star or warp_star; or write x, y, z to the first three columns";
  }
  return format === "tardis"
    ? "write the columns id, x, y, z; for points without ids, use csv_with_header"
    : "write x, y, z to the first three columns; where the names are wrong and the numbers right, correct the names";
}

/** The first line of a motive list as PEET writes it: twenty columns that begin with CCC. */
function isMotiveList(names: readonly string[]): boolean {
  return names.length >= 20 && names[0]!.trim() === "CCC" && names[3]!.trim() === "pIndex";
}

type Axis = "x" | "y" | "z";

/** Axis of a column of coordinates: `x`, `Y [px]`, `pos_z`, `zcoord`, `rlnCoordinateX`, `slice`; `axis-0` of napari and `centroid-0` of scikit-image are z. */
export function coordinateAxisOf(name: string): Axis | undefined {
  const words = wordsOf(name);
  if (words.some((word) => OF_OTHERS.has(word))) return undefined;
  return axisOfWords(words);
}

/** As above, and also axes of columns that are no positions: `xOffset`, `x_shift`. Angles are left out. */
function anyAxisOf(name: string): Axis | undefined {
  const words = wordsOf(name);
  return words.some((word) => ANGLES.has(word)) ? undefined : axisOfWords(words);
}

function axisOfWords(words: readonly string[]): Axis | undefined {
  const found = words.flatMap((word) => {
    const [, letter] =
      /^(?:pos|coord|coordinate|center|centre|centroid)?([xyz])\d?(?:pos|coord|coordinate|px|nm)?$/.exec(word) ?? [];
    return letter === undefined ? [] : [letter as Axis];
  });
  if (found.length === 1) return found[0];
  if (found.length > 0) return undefined;
  if (words.length === 1) return OF_IMAGES.get(words[0]!);
  return words.length === 2 && (words[0] === "axis" || words[0] === "centroid") ? OF_ARRAYS.get(words[1]!) : undefined;
}

const OF_IMAGES = new Map<string, Axis>([
  ["slice", "z"],
  ["plane", "z"],
  ["row", "y"],
  ["col", "x"],
  ["column", "x"],
]);
const OF_ARRAYS = new Map<string, Axis>([
  ["0", "z"],
  ["1", "y"],
  ["2", "x"],
]);

/** `rlnCenteredCoordinateXAngst` is rln, centered, coordinate, x, angst. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word !== "");
}

const listOf = (words: string): readonly string[] => words.split(" ");
const ANGLES = new Set(listOf("euler angle angles rot rotation tilt slicer normal quaternion q"));
const OF_OTHERS = new Set([
  ...ANGLES,
  ...listOf("offset offsets shift shifts origin size box velocity sigma std error scale spacing"),
]);
const NO_COORDINATES = new Set([
  ...ANGLES,
  ...listOf("ccc cc reserved pindex wedge na score scores confidence probability rank phi psi theta narot tdrot offset shift"),
  ...listOf("id ids idx index label labels class classes cluster name type object particle"),
  ...listOf("tomo tomogram tomoname run micrograph file filename"),
]);

/** A title of many words is no name of a column, whatever words it has. */
function isNoCoordinate(name: string): boolean {
  const words = wordsOf(name);
  return words.length <= 3 && words.some((word) => NO_COORDINATES.has(word.replace(/\d+$/, "")));
}
