import { few } from "../../../../core/finding.js";

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
  return `its first column has nothing but ${named}, as a class has: write x, y, z of each class as CSV`;
}
