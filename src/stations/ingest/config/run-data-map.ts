import { EmporiumError, type Place } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { parseTable } from "../../../formats/table/delimited.js";
import { ancestorsOf, KINDS } from "../../../model/kinds.js";
import { objectName, type Store } from "../../../stores/store.js";
import type { Variables, VariableValue } from "./expand.js";
import type { IngestConfig } from "./schema.js";

/** What a run's row of the run data map, and the legacy two-column maps, give to templates. */
export interface RunData {
  /** Columns of the run data map, empty without one. */
  readonly columns: readonly string[];
  /** The run's row, or undefined. A cell that its line lacks is null. */
  row(run: string): Variables | undefined;
  /** `mapped_tomo_name`, `mapped_frame_name`, `mapped_ts_name`: null where the map has no row for the run, or is not configured. */
  mapped(run: string): Variables;
}

export const MAPPED_NAMES = {
  run_to_tomo_map_csv: "mapped_tomo_name",
  run_to_frame_map_csv: "mapped_frame_name",
  run_to_ts_map_csv: "mapped_ts_name",
} as const;

/**
 * Reads the maps that a configuration names, each below its source prefix.
 *
 * @throws {EmporiumError} CONFIG_FIELD (absent file, no `run_name` column, a column that hides a variable), CONFIG_SYNTAX, CONFIG_LIMIT
 */
export async function readRunData(config: IngestConfig, source: Store, signal?: AbortSignal): Promise<RunData> {
  const map = config.maps.run_data_map_file;
  const rows = new Map<string, Variables>();
  let columns: readonly string[] = [];
  if (map) {
    const { text, file } = await readText(source, config, map, signal);
    const [header, ...body] = parseTable(text, map.value.endsWith("tsv") ? "\t" : ",", file);
    columns = header?.cells ?? [];
    checkColumns(columns, { file, line: header?.line ?? 1 });
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
      hint: "its name is relative to source_prefix in the input",
    });
  }
  if (stat.size > LIMITS.tableBytes) {
    throw new EmporiumError("CONFIG_LIMIT", `the map ${file} has ${stat.size} bytes, ${LIMITS.tableBytes} are allowed`, {
      place: setting.place,
    });
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

/** A column may not be called like a variable of runs or of what lies below them: templates could not tell the two apart. */
function checkColumns(columns: readonly string[], place: Place): void {
  if (!columns.includes("run_name")) {
    throw new EmporiumError("CONFIG_FIELD", `no column run_name, found ${columns.join(", ") || "no header"}`, {
      place,
      hint: "the first line must name the columns, one of them run_name",
    });
  }
  const taken = new Set<string>();
  for (const { type } of KINDS) {
    if (type !== "run" && !ancestorsOf(type).includes("run")) continue;
    for (const name of [`${type}_name`, `${type}_path`, `${type}_id`, `${type}_output_path`, `int_${type}_name`]) taken.add(name);
  }
  taken.delete("run_name");
  taken.add("output_path");
  const clash = columns.find((column) => taken.has(column));
  if (clash !== undefined) {
    throw new EmporiumError("CONFIG_FIELD", `the column ${clash} hides the variable {${clash}}`, {
      place,
      hint: "give the column another name",
    });
  }
}
