import { few } from "../../../../core/finding.js";
import { counted } from "../../../../core/units.js";

/** Classes have small numbers: coordinates of several points are never all so small. */
const CLASS_MOST = 20;
const MOTIVE_COLUMNS = 20;

/**
 * What a table without names of columns has in the first three of them, where these are not x, y and z: taken for such they would be places of nothing, and
 * any unit would be a wrong answer. Undefined where they may be x, y and z.
 */
export function otherColumns(rows: readonly (readonly string[])[]): string | undefined {
  const numbers = rows.filter((row) => row.length > 3 && row.every((cell) => cell.trim() !== "")).map((row) => row.map(Number));
  if (numbers.length === 0 || numbers.length < rows.length) return undefined;
  // columns 2 and 3 are x and y once more
  const isMotive = (row: readonly number[]) => row.length === MOTIVE_COLUMNS && row[1] === row[7] && row[2] === row[8];
  if (numbers.every(isMotive))
    return "a motive list of 20 columns, as TOM, AV3 and DeePiCt write them: x, y, z are columns 8 to 10, write them as CSV";
  const classes = [...new Set(numbers.map(([first = 0]) => first))].sort((a, b) => a - b);
  const isClass = classes.every((one) => Number.isInteger(one) && one >= 0 && one <= CLASS_MOST);
  if (!isClass || (classes.length === numbers.length && numbers.length > 1)) return undefined;
  const named = classes.length === 1 ? `the number ${classes[0]}` : `the numbers ${few(classes.map(String))}`;
  return `its first column has ${named} alone, as a class has: write x, y, z of each class as CSV`;
}

const AXIS =
  /^(?:pos|coord|coordinate|centre|center)?[_ ]?([xyz])(?:[_ -]?(?:px|pixels?|vox|voxels?|nm|a|å|angstroe?ms?|coord|coordinate|pos|bin_?\d+))?$/i;

/** Where the names of the first row have x, y and z elsewhere than in the first three columns: what else is there, and what to write. */
export function namedElsewhere(cells: readonly string[]): string | undefined {
  const axes = cells.map((cell) => AXIS.exec(cell.trim())?.[1]?.toLowerCase());
  const at = ["x", "y", "z"].map((axis) => axes.indexOf(axis));
  if (at.some((one) => one < 0) || new Set(axes.filter(Boolean)).size < axes.filter(Boolean).length) return undefined;
  if (at.every((one) => one < 3)) return undefined;
  const others = cells.filter((_, column) => axes[column] === undefined).map((cell) => cell.trim());
  return `its x, y, z are columns ${at.map((one) => one + 1).join(", ")}, beside ${counted(others.length, "other")} (${few(others)}): write a CSV of x, y, z alone for each tomogram and each object`;
}
