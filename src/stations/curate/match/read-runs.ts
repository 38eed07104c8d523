import { EmporiumError } from "../../../core/errors.js";
import { quoted } from "../../../core/finding.js";
import type { Json, JsonObject } from "../../../core/json.js";
import { isJsonObject, jsonId } from "../../../core/json-fields.js";
import { firstLine, parseCsv, separatorOf } from "../inventory/csv.js";
import { distinctRuns, type PortalRun } from "./portal-run.js";

const FORMS = "give runs as JSON, as CSV with a column name, or one name per line";

/**
 * Reads a list of portal runs. Its form is recognised: a JSON array of `{id, name, dataset: {id, …}}` (also inside `{data:
 * {runs}}`), a JSON object dataset id → `{title, organism, runs: [name | {id, name}]}`, CSV with a column `name` or
 * `CZI_run_name`, or text with a name a line.
 *
 * @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD, CONFIG_EMPTY
 */
export function parseRuns(text: string, file: string): PortalRun[] {
  const body = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  const runs = /^\s*[[{]/.test(body) ? fromJson(body, file) : fromLines(body, file);
  if (runs.length === 0) {
    throw new EmporiumError("CONFIG_EMPTY", `${file} holds no run`, {
      place: { file },
      hint: FORMS,
    });
  }
  refuseSharedIds(runs, file);
  return distinctRuns(runs);
}

/** Refuses different runs with one id, of which all but the first would be lost: the ids may be those of the datasets. */
function refuseSharedIds(runs: readonly PortalRun[], file: string): void {
  const names = new Map<string, string>();
  for (const { id, name } of runs) {
    const known = names.get(id) ?? name;
    if (id !== "" && known !== name) {
      throw new EmporiumError("CONFIG_FIELD", `${file}: the id ${id} is that of two runs, ${known} and ${name}`, {
        place: { file },
        hint: "give the ids of the runs as id or CZI_run_id, those of the datasets as dataset_id",
      });
    }
    names.set(id, known);
  }
}

function fromJson(text: string, file: string): PortalRun[] {
  let raw: Json;
  try {
    raw = JSON.parse(text) as Json;
  } catch (error) {
    throw new EmporiumError("CONFIG_SYNTAX", `${file}: ${error instanceof Error ? error.message : "no JSON"}`, {
      place: { file },
    });
  }
  const list = runList(raw);
  if (list) return list.map((item, at) => runOf(item, `runs.${at}`, file, undefined));
  return Object.entries(raw as JsonObject).flatMap(([id, dataset]) => {
    const runs = isJsonObject(dataset) ? dataset.runs : undefined;
    if (!Array.isArray(runs)) {
      throw fault(file, id, "expected an object with runs, or a list of runs");
    }
    const shared = {
      datasetId: id,
      datasetTitle: jsonId((dataset as JsonObject).title),
      organism: jsonId((dataset as JsonObject).organism),
    };
    return (runs as readonly Json[]).map((item, at) => runOf(item, `${id}.runs.${at}`, file, shared));
  });
}

/** The array in a reply, perhaps inside `data` and `runs`. */
function runList(raw: Json): readonly Json[] | undefined {
  if (Array.isArray(raw)) return raw as readonly Json[];
  const object = raw as JsonObject;
  if (isJsonObject(object.data)) return runList(object.data);
  return Array.isArray(object.runs) ? (object.runs as readonly Json[]) : undefined;
}

function runOf(item: Json, path: string, file: string, shared: Omit<PortalRun, "name" | "id"> | undefined): PortalRun {
  if (typeof item === "string") return { name: nameOf(item, path, file), id: "", datasetId: "", ...shared };
  if (!isJsonObject(item)) throw fault(file, path, "expected a name or an object with a name");
  const dataset = isJsonObject(item.dataset) ? item.dataset : {};
  return {
    name: nameOf(jsonId(item.name) ?? jsonId(item.CZI_run_name), path, file),
    id: jsonId(item.id) ?? jsonId(item.CZI_run_id) ?? "",
    datasetId: jsonId(dataset.id) ?? jsonId(item.datasetId) ?? jsonId(item.dataset_id) ?? "",
    datasetTitle: jsonId(dataset.title),
    organism: jsonId(dataset.organismName) ?? jsonId(dataset.organism),
    ...shared,
  };
}

const NAME_COLUMNS = ["name", "CZI_run_name", "run_name"];
const ID_COLUMNS = ["id", "CZI_run_id", "run_id"];
const DATASET_COLUMNS = ["dataset_id", "datasetId", "portal_dataset_id"];

function fromLines(text: string, file: string): PortalRun[] {
  const first = firstLine(text);
  const separator = separatorOf(first);
  const names = first.split(separator).map((cell) => cell.trim().replace(/^"|"$/g, ""));
  const place = (wanted: readonly string[]) =>
    names.findIndex((name) => wanted.some((other) => other.toLowerCase() === name.toLowerCase()));
  const at = place(NAME_COLUMNS);
  if (at < 0) {
    if (names.length > 1) {
      throw new EmporiumError("CONFIG_FIELD", `${file}: expected a column name or CZI_run_name, found ${names.join(", ")}`, {
        place: { file, line: 1 },
      });
    }
    return text.split(/\r?\n|\r/).flatMap((line, at) => {
      const name = line.trim();
      if (name === "" || name.startsWith("#")) return [];
      if (NO_NAME.test(name)) throw noName(name, { file, line: at + 1 });
      return [{ name, id: "", datasetId: "" }];
    });
  }
  const [id, dataset] = [place(ID_COLUMNS), place(DATASET_COLUMNS)];
  const rows = parseCsv(text, file, separator).slice(1);
  const header = names.join(separator);
  return rows.flatMap(({ cells, line }) => {
    const name = cells[at]?.trim() ?? "";
    // the reference appends to its table and repeats the header
    if (cells.every((cell) => cell.trim() === "") || cells.join(separator) === header) return [];
    if (name === "") throw new EmporiumError("CONFIG_FIELD", `${file}: a row without a name`, { place: { file, line } });
    return [{ name, id: cells[id]?.trim() ?? "", datasetId: cells[dataset]?.trim() ?? "" }];
  });
}

/** Lines of YAML, HTML and bytes of a picture: names of runs are names of folders, and such a document is none of runs. */
const NO_NAME = /^<|:(?:\s|$)|[\u0000-\u0008\u000e-\u001f]/;

function noName(line: string, place: { file: string; line: number }): EmporiumError {
  const shown = quoted(line.length > 40 ? `${line.slice(0, 40)}…` : line);
  return new EmporiumError("CONFIG_FIELD", `${place.file}: ${shown} is no name of a run`, {
    place,
    hint: FORMS,
  });
}

function nameOf(name: string | undefined, path: string, file: string): string {
  if (name === undefined || name.trim() === "") throw fault(file, path, "expected a name");
  return name.trim();
}

function fault(file: string, path: string, wanted: string): EmporiumError {
  return new EmporiumError("CONFIG_FIELD", `${file}: ${path}: ${wanted}`, {
    place: { file, path },
    hint: 'as {"10052": {"runs": ["mka2019-11-19-65"]}} or [{"id": 7250, "name": "qya2015-11-19-14", "dataset": {"id": 10052}}]',
  });
}
