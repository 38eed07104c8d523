import { EmporiumError, type Place } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { counted } from "../../../core/units.js";
import { parseTable } from "../../../formats/table/delimited.js";
import { ancestorsOf, KINDS, type TypeKey } from "../../../model/kinds.js";
import { objectName, type Store } from "../../../stores/store.js";
import type { Variables, VariableValue } from "./expand.js";
import { MAPPED_NAMES } from "./mapped-names.js";
import type { IngestConfig } from "./schema.js";

interface PlacedRemark {
  readonly message: string;
  readonly place: Place;
}

/** Values that templates get for a run: its row of the run data map, and of the legacy two-column maps. */
export interface RunData {
  /** Columns of the run data map, empty without one. */
  readonly columns: readonly string[];
  /** Warnings about the map, each given once. */
  readonly remarks: readonly PlacedRemark[];
  /** The run's row, or undefined. A cell that its line lacks is null. */
  row(run: string): Variables | undefined;
  /** `mapped_tomo_name`, `mapped_frame_name`, `mapped_ts_name`: null if the map is not configured or has no row for the run. */
  mapped(run: string): Variables;
}

/**
 * Reads the maps that a configuration names, each below its source prefix.
 *
 * @throws {EmporiumError} CONFIG_FIELD (absent file, no `run_name` column), CONFIG_SYNTAX, CONFIG_LIMIT
 */
export async function readRunData(config: IngestConfig, source: Store, signal?: AbortSignal): Promise<RunData> {
  const map = config.maps.run_data_map_file;
  const rows = new Map<string, Variables>();
  const remarks: PlacedRemark[] = [];
  let columns: readonly string[] = [];
  if (map) {
    const { text, file } = await readText(source, config, map, signal);
    const [header, ...body] = parseTable(text, map.value.endsWith("tsv") ? "\t" : ",", file);
    columns = header?.cells ?? [];
    const place = { file, line: header?.line ?? 1 };
    requireKey(columns, place);
    remarks.push(...columnRemarks(columns, place));
    const key = columns.indexOf("run_name");
    for (const { cells } of body) {
      const row = new Map<string, VariableValue>(columns.map((column, i) => [column, cells[i] ?? null]));
      if (cells[key] !== undefined) rows.set(cells[key], row);
    }
  }
  const pairs = new Map<string, Map<string, string>>();
  for (const [setting, name] of Object.entries(MAPPED_NAMES)) {
    const legacy = config.maps[setting as keyof typeof MAPPED_NAMES];
    if (!legacy) continue;
    const { text, file } = await readText(source, config, legacy, signal);
    const table = parseTable(text, ",", file);
    pairs.set(name, new Map(table.flatMap(({ cells }) => (cells[1] === undefined ? [] : [[cells[0]!, cells[1]] as const]))));
  }
  return {
    columns,
    remarks,
    row: (run) => rows.get(run),
    mapped: (run) => new Map(Object.values(MAPPED_NAMES).map((name) => [name, pairs.get(name)?.get(run) ?? null])),
  };
}

async function readText(
  source: Store,
  config: IngestConfig,
  setting: { value: string; place: Place },
  signal: AbortSignal | undefined,
): Promise<{ text: string; file: string }> {
  const key = [config.sourcePrefix, setting.value.replace(/^\.?\/+/, "")].filter((part) => part !== "").join("/");
  const file = objectName(source, key);
  const stat = await source.stat(key, { signal });
  if (!stat) {
    throw new EmporiumError("CONFIG_FIELD", `the map ${file} does not exist`, {
      place: setting.place,
      hint: "give a path relative to source_prefix in the input",
    });
  }
  if (stat.size > LIMITS.tableBytes) {
    throw new EmporiumError(
      "CONFIG_LIMIT",
      `the map ${file} has ${counted(stat.size, "byte")}, ${LIMITS.tableBytes} are allowed`,
      {
        place: setting.place,
      },
    );
  }
  const bytes = await source.read(key, undefined, { signal });
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), file };
  } catch (cause) {
    throw new EmporiumError("CONFIG_SYNTAX", "the map is not valid UTF-8 text", {
      place: { file },
      hint: "save it as UTF-8",
      cause,
    });
  }
}

function requireKey(columns: readonly string[], place: Place): void {
  if (columns.includes("run_name")) return;
  throw new EmporiumError("CONFIG_FIELD", `no column run_name, found ${columns.join(", ") || "no header"}`, {
    place,
    hint: "name the columns in the first line, one of them run_name",
  });
}

/** Variables that a type gives to templates by itself. */
export function builtInNames(type: TypeKey): string[] {
  return [`${type}_name`, `${type}_path`, `${type}_id`, `${type}_output_path`, `int_${type}_name`];
}

/**
 * Columns with the name of a variable. As in the reference, a dataset's or deposition's own variable takes precedence over the
 * map, and the map over variables of the run and below: public configurations (10007) set `tomogram_name` in this way. Output
 * folders are named after the found items, never after a column.
 */
function columnRemarks(columns: readonly string[], place: Place): PlacedRemark[] {
  const owners = new Map(KINDS.flatMap(({ type }) => builtInNames(type).map((name) => [name, type] as const)));
  owners.set("output_path", "run");
  return columns.flatMap((column) => {
    const type = owners.get(column);
    if (type === undefined || column === "run_name") return [];
    const isMap = type === "run" || ancestorsOf(type).includes("run");
    const message = isMap
      ? `the column ${column} of the run data map has the name of a variable: {${column}} takes the map's value`
      : `the column ${column} of the run data map is not used: {${column}} is the ${type}'s own`;
    return [{ message: `${message}; give the column another name if this is not intended`, place }];
  });
}
