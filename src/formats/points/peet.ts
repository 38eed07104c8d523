import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { readModParts } from "../mod/read.js";
import { type CsvRow, csvNumber, csvRows } from "./csv-rows.js";
import { reversePoints } from "./particles.js";
import { type PeetProject, parsePeetProject } from "./peet-project.js";
import { type FilesBeside, isReversed, type PointBatch, type ReadPoints } from "./points.js";
import { stopgapRotation } from "./rotation.js";

/**
 * A motive list of PEET (`…_MOTL_Tom1_Iter2.csv`, or one that a project begins with), of one tomogram: offsets in voxels and angles for
 * the points of an IMOD model, which the project (`.prm`) beside the list names (`fnModParticle`).
 *
 * position = (point of the model + xOffset, yOffset, zOffset) / binning. R = Z(psi) · X(theta) · Z(phi): it turns the reference onto the
 * particle. The point is that of `pIndex`, from 1, over all contours.
 *
 * Sources: the columns' own header; PEETMotiveList and PEETParticleCleanup of D. Vasishtan's tools for PEET (euler_matrix(psi, theta, phi,
 * 'rzxz'), offsets added to the model); two converters to Dynamo (tdrot, tilt, narot = −psi, −theta, −phi).
 */
export const readPeet: ReadPoints = async function* (source, options, read): AsyncGenerator<PointBatch> {
  const { kind, binning, beside } = options;
  if (!beside) throw noModel(source.name, "other files of its folder cannot be read here");
  const { points, name } = await modelOf(source.name, beside, read);
  let rowCount = 0;
  for await (const rows of csvRows(
    source,
    { delimiter: ",", header: true, checkHeader: headerOf(source), columns: COLUMNS },
    read,
  )) {
    const positions = new Float64Array(3 * rows.length);
    const rotations = kind === "orientedPoint" ? new Float64Array(9 * rows.length) : undefined;
    for (const [i, row] of rows.entries()) {
      const value = (column: number): number => csvNumber(source.name, row, column);
      const point = value(P_INDEX) - 1;
      if (!(Number.isInteger(point) && point >= 0 && 3 * point < points.length)) {
        throw unequal(
          source.name,
          `pIndex ${value(P_INDEX)} in line ${row.line}, ${name} has ${counted(points.length / 3, "point")}`,
          row,
        );
      }
      for (let axis = 0; axis < 3; axis++) positions[3 * i + axis] = (points[3 * point + axis]! + value(OFFSET + axis)) / binning;
      if (rotations) stopgapRotation(value(PHI), value(PSI), value(THETA), rotations, 9 * i);
    }
    if (isReversed(options)) reversePoints(positions, rotations, rows.length);
    rowCount += rows.length;
    yield { count: rows.length, positions, rotations };
  }
  if (3 * rowCount !== points.length)
    throw unequal(source.name, `${counted(rowCount, "row")}, ${name} has ${counted(points.length / 3, "point")}`);
};

const COLUMNS = 20;
const [P_INDEX, OFFSET, PHI, PSI, THETA] = [3, 10, 16, 17, 18] as const;

function headerOf({ name }: RandomAccess): (cells: readonly string[]) => void {
  return (cells) => {
    if (/^\s*CCC\s*$/i.test(cells[0] ?? "") && cells.length >= COLUMNS) return;
    throw new EmporiumError(
      "FORMAT_UNKNOWN",
      `${name}: the first line is not that of a motive list (CCC,…,pIndex,…,phi,psi,theta,…)`,
      {
        place: { file: name, line: 1 },
        hint: "give the .csv that PEET writes; lists in EM format (.em) are converted with em2csv of PEET",
      },
    );
  };
}

/** The points of the model that the one project beside the list names for its tomogram. */
async function modelOf(
  list: string,
  beside: FilesBeside,
  read: ReadOptions | undefined,
): Promise<{ points: Float64Array; name: string }> {
  const base = baseOf(list);
  const named = new Set<string>();
  const projects: string[] = [];
  for (const file of await beside.names()) {
    if (!/\.prm$/i.test(file)) continue;
    projects.push(file);
    const project = parsePeetProject(await textOf(beside, file, read));
    for (const tomogram of tomogramsOf(project, base)) named.add(project.models[tomogram] ?? "");
  }
  if (projects.length === 0) throw noModel(list, "there is no project of PEET (.prm) in its folder");
  const [model] = named;
  if (named.size === 0 || model === "") throw noModel(list, `no fnModParticle of ${projects.slice(0, 3).join(", ")} is for it`);
  if (named.size > 1) throw noModel(list, `the projects of its folder name several: ${[...named].slice(0, 3).join(", ")}`);
  const file = (await openModel(beside, model!)) ?? undefined;
  if (!file) throw noModel(list, `fnModParticle says ${model}, which exists neither there nor in the folder of the list`);
  return { points: await pointsOf(file, read), name: file.name };
}

/**
 * Which tomograms of a project, from 0, a list of this name is of: by the name of an iteration, as one that the project begins with, or as
 * the list that PEET's tools make of a model (`MODEL_initMOTL.csv`).
 */
function tomogramsOf({ output, models, motiveLists }: PeetProject, base: string): number[] {
  const [, object, tomogram] = /^(.+)_MOTL_Tom(\d+)_Iter\d+\.csv$/i.exec(base) ?? [];
  if (object !== undefined && object === baseOf(output ?? "")) return [Number(tomogram) - 1];
  const begun = motiveLists.flatMap((path, i) => (baseOf(path) === base ? [i] : []));
  if (begun.length > 0) return begun;
  const [, stem] = /^(.+?)[-_]?initMOTL\.csv$/i.exec(base) ?? [];
  return models.flatMap((path, i) => (stem !== undefined && baseOf(path).replace(/\.mod$/i, "") === stem ? [i] : []));
}

/** As the project says, else by its name in the folder of the list and in the one above. */
async function openModel(beside: FilesBeside, path: string): Promise<RandomAccess | undefined> {
  const relative = /^(?:[/\\]|[A-Za-z]:)/.test(path) ? [] : [path.replaceAll("\\", "/")];
  for (const place of [...relative, baseOf(path), `../${baseOf(path)}`]) {
    const file = await beside.open(place);
    if (file) return file;
  }
  return undefined;
}

async function pointsOf(file: RandomAccess, read: ReadOptions | undefined): Promise<Float64Array> {
  const values: number[] = [];
  for await (const part of readModParts(file, { signal: read?.signal })) {
    if (part.kind === "points") for (const value of part.xyz) values.push(value);
  }
  return Float64Array.from(values);
}

async function textOf(beside: FilesBeside, path: string, read: ReadOptions | undefined): Promise<string> {
  const file = await beside.open(path);
  if (!file) return "";
  const length = await file.size();
  if (length > LIMITS.recordLength) {
    throw new EmporiumError(
      "FORMAT_LIMIT",
      `${file.name}: a project of ${length} bytes; ${LIMITS.recordLength} at most are read`,
      {
        place: { file: file.name },
        hint: "check that this is a project of PEET",
      },
    );
  }
  return new TextDecoder().decode(await file.read({ offset: 0, length }, read));
}

const baseOf = (path: string): string => path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);

function noModel(list: string, why: string): EmporiumError {
  return new EmporiumError(
    "FORMAT_UNSUPPORTED",
    `${list}: a motive list has no positions, and its IMOD model is not known: ${why}`,
    {
      place: { file: list },
      hint: "put the project (.prm) and the model of its fnModParticle into the folder of the list, or use the model with file_format: mod",
    },
  );
}

function unequal(list: string, found: string, row?: CsvRow): EmporiumError {
  return new EmporiumError("FORMAT_FIELD", `${list}: ${found}`, {
    place: { file: list, ...(row && { line: row.line }) },
    hint: "give the model that the list was made for: PEET has one row for each of its points",
  });
}
