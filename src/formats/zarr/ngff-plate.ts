import type { JsonObject } from "../../core/json.js";
import { below, checkRange, found, type NgffCheck, read, readObjects } from "./ngff-rules.js";

const NAME = /^[A-Za-z0-9]+$/;
const WELL_PATH = /^[A-Za-z0-9]+\/[A-Za-z0-9]+$/;

/** `plate`: rows, columns and wells. */
export function checkPlate(check: NgffCheck, metadata: JsonObject, path: string, minor: number): void {
  const at = below(path, "plate");
  const plate = read(check, metadata, "plate", path, "object");
  if (!plate) return;
  const rows = checkNames(check, plate, "rows", at);
  const columns = checkNames(check, plate, "columns", at);
  for (const [well, where] of readObjects(check, plate, "wells", at, { required: true }) ?? []) {
    // 0.1 to 0.3 had no indexes
    const row = read(check, well, "rowIndex", where, "integer", minor >= 4);
    const column = read(check, well, "columnIndex", where, "integer", minor >= 4);
    checkRange(check, row, `${where}.rowIndex`, 0);
    checkRange(check, column, `${where}.columnIndex`, 0);
    const wellPath = read(check, well, "path", where, "string", true);
    if (wellPath === undefined) continue;
    if (!WELL_PATH.test(wellPath)) check.report("path", `${where}.path`, found(wellPath, "row/column, letters and digits"));
    else if (row !== undefined && column !== undefined && rows && columns) {
      const named = `${rows[row]}/${columns[column]}`;
      if (wellPath !== named)
        check.report("plate-wells", `${where}.path`, found(wellPath, `${named} of row ${row}, column ${column}`));
    }
  }
  checkAcquisitions(check, plate, at);
  checkRange(check, read(check, plate, "field_count", at, "integer"), `${at}.field_count`, 1);
  read(check, plate, "name", at, "string");
  if (!Object.hasOwn(plate, "name")) check.report("recommended", `${at}.name`, "absent; expected a name");
}

/** The names of rows or columns, undefined where one has none. */
function checkNames(check: NgffCheck, plate: JsonObject, key: "rows" | "columns", path: string): string[] | undefined {
  const items = readObjects(check, plate, key, path, { required: true });
  const names = items?.map(([item, where]) => {
    const name = read(check, item, "name", where, "string", true);
    if (name !== undefined && !NAME.test(name)) check.report("path", `${where}.name`, found(name, "letters and digits"));
    return name;
  });
  if (!names?.every((name) => name !== undefined)) return undefined;
  if (new Set(names).size < names.length) check.report("plate-names", `${path}.${key}`, "a name appears twice");
  return names as string[];
}

function checkAcquisitions(check: NgffCheck, plate: JsonObject, path: string): void {
  const ids = new Set<number>();
  for (const [acquisition, where] of readObjects(check, plate, "acquisitions", path, { least: 0, unique: false }) ?? []) {
    const id = read(check, acquisition, "id", where, "integer", true);
    checkRange(check, id, `${where}.id`, 0);
    if (id !== undefined && ids.has(id)) check.report("plate-names", `${where}.id`, `${id} appears twice`);
    if (id !== undefined) ids.add(id);
    checkRange(check, read(check, acquisition, "maximumfieldcount", where, "integer"), `${where}.maximumfieldcount`, 1);
    for (const key of ["starttime", "endtime"]) {
      checkRange(check, read(check, acquisition, key, where, "integer"), `${where}.${key}`, 0);
    }
    for (const key of ["name", "description"]) read(check, acquisition, key, where, "string");
    for (const key of ["name", "maximumfieldcount"]) {
      if (!Object.hasOwn(acquisition, key)) check.report("recommended", `${where}.${key}`, "absent");
    }
  }
}

/** `well`: the fields of view. Since 0.6 their names may have `_`, `-` and `.` as Zarr's own names. */
export function checkWell(check: NgffCheck, metadata: JsonObject, path: string, minor: number): void {
  const at = below(path, "well");
  const well = read(check, metadata, "well", path, "object");
  if (!well) return;
  for (const [image, where] of readObjects(check, well, "images", at, { required: true }) ?? []) {
    read(check, image, "acquisition", where, "integer");
    const name = read(check, image, "path", where, "string", true);
    if (name === undefined || (minor < 6 ? NAME.test(name) : isNodeName(name))) continue;
    const wanted = minor < 6 ? "letters and digits" : "letters, digits, _, - and ., neither dots alone nor __ first";
    check.report("path", `${where}.path`, found(name, wanted));
  }
}

function isNodeName(name: string): boolean {
  return /^[A-Za-z0-9_.-]+$/.test(name) && !/^\.+$/.test(name) && !name.startsWith("__");
}
