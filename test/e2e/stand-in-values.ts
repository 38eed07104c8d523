import { type Entry, valuesOf, type Written } from "./stand-in-entries.js";
import type { StandInScope } from "./stand-in-finders.js";

/** Voxels, where nothing says how large they are. */
export const SPACING = "10.012";

const BUILT_IN =
  /^(?:output_path|(?:int_)?(?:deposition|dataset|run|voxel_spacing)_(?:name|path|id|output_path)|mapped_(?:tomo|frame|ts)_name)$/;
const MAPS: Readonly<Record<string, string>> = {
  run_to_tomo_map_csv: "mapped_tomo_name",
  run_to_frame_map_csv: "mapped_frame_name",
  run_to_ts_map_csv: "mapped_ts_name",
};

/** What templates of a configuration stand for: names, and the rows of maps, real ones or made for it. */
export class Values {
  /** Texts of the maps that there are, by their names in the configuration. */
  readonly maps = new Map<string, string>();
  readonly #written: Written;
  readonly #deposition: string;
  readonly #rows = new Map<string, Map<string, string>>();
  readonly #mapped = new Map<string, ReadonlyMap<string, string>>();
  readonly #made = new Map<string, Map<string, string>>();
  readonly #isReal: boolean;

  /** @param map text of a map that is at hand, by its name in the configuration. */
  constructor(written: Written, map: (name: string) => string | undefined) {
    this.#written = written;
    this.#deposition = written.entries.filter(({ type }) => type === "deposition").flatMap(valuesOf)[0] ?? "10000";
    for (const [setting, name] of Object.entries(written.settings)) {
      const content = typeof name === "string" && (setting === "run_data_map_file" || setting in MAPS) ? map(name) : undefined;
      if (content !== undefined) this.#read(setting, String(name), content);
    }
    this.#isReal = this.#rows.size > 0;
  }

  #read(setting: string, name: string, content: string): void {
    this.maps.set(name, content);
    const [header, ...body] = content
      .split(/\r?\n/)
      .filter((line) => line !== "")
      .map((line) => line.split(separatorOf(name)));
    const column = MAPS[setting];
    if (column !== undefined) this.#mapped.set(column, new Map([header!, ...body].map(([run, value]) => [run!, value ?? ""])));
    else {
      for (const cells of body) {
        const row = new Map(header!.map((title, at) => [title, cells[at] ?? ""]));
        this.#rows.set(row.get("run_name")!, row);
      }
    }
  }

  /** Runs that all real maps have; undefined without one. */
  knownRuns(): string[] | undefined {
    const maps = [
      ...(this.#isReal ? [this.#rows] : []),
      ...[...this.#mapped].flatMap(([column, map]) => (this.#made.has(column) ? [] : [map])),
    ];
    const [first] = maps;
    return first && [...first.keys()].filter((run) => maps.every((map) => map.has(run)));
  }

  /**
   * Makes a row of the run data map, where the real one is not at hand: numbers where they are asked for, else texts of the run's own.
   *
   * @param spacing what columns of voxel spacings are.
   * @returns columns of texts
   */
  makeRow(run: string, spacing: string): string[] {
    if (this.#rows.has(run) || this.#written.settings.run_data_map_file === undefined) return [];
    const row = new Map([["run_name", run]]);
    this.#rows.set(run, row);
    const all = this.#written.texts.join("\n");
    const spacings = this.#written.entries.filter(({ type }) => type === "voxel_spacing").flatMap(valuesOf);
    const made: string[] = [];
    for (const name of new Set([...all.matchAll(/\{([A-Za-z_][\w-]*)\}/g)].map((match) => match[1]!))) {
      if (BUILT_IN.test(name)) continue;
      if (spacings.some((value) => value.includes(`{${name}}`))) row.set(name, spacing);
      else if (new RegExp(`(?:float|int) *\\{${name}\\}`).test(all)) row.set(name, "1");
      else if (/fiducial/.test(name)) row.set(name, "FIDUCIAL");
      else {
        row.set(name, `${name}-of-${run}`);
        made.push(name);
      }
    }
    return made;
  }

  /** Makes rows of the two-column maps that are not at hand: a text of the run's own in each. */
  makeMapped(run: string): void {
    for (const [setting, column] of Object.entries(MAPS)) {
      const name = this.#written.settings[setting];
      if (typeof name !== "string" || this.maps.has(name)) continue;
      const made = this.#made.get(column) ?? new Map<string, string>();
      this.#made.set(column, made.set(run, `${column.replace("_name", "")}-of-${run}`));
      this.#mapped.set(column, made);
    }
  }

  setColumn(run: string, column: string, value: string): void {
    this.#rows.get(run)!.set(column, value);
  }

  /** Adds the run data map that has been made, row by row, to the maps. */
  finish(): void {
    for (const [column, rows] of this.#made) {
      const [setting] = Object.entries(MAPS).find(([, own]) => own === column)!;
      const file = String(this.#written.settings[setting]);
      this.maps.set(file, [...rows].map((cells) => `${cells.join(",")}\n`).join(""));
    }
    const name = this.#written.settings.run_data_map_file;
    if (typeof name !== "string" || this.#isReal) return;
    const rows = [...this.#rows.values()];
    const columns = [...(rows[0]?.keys() ?? ["run_name"])];
    const lines = [columns, ...rows.map((row) => columns.map((column) => row.get(column)!))];
    this.maps.set(name, lines.map((cells) => `${cells.join(separatorOf(name))}\n`).join(""));
  }

  /** The voxel spacing that a literal means. */
  spacing(value: string, scope: StandInScope): number {
    return Number(this.cell(value, scope) ?? value);
  }

  /** Value of `{column}`, `float {column}`, `int {column}`; undefined for other texts. */
  cell(text: string, scope: StandInScope): string | undefined {
    const column = /^(?:float|int)? *\{([\w-]+)\}$/.exec(text.trim())?.[1];
    return column === undefined ? undefined : this.#variables(scope).get(column);
  }

  /** Fills in a glob, or another text that names of entities and columns stand in. */
  format(template: string, scope: StandInScope): string {
    const variables = this.#variables(scope);
    const filled = template.replace(/\{\{|\}\}|\{([^{}]*)\}/g, (found, name: string | undefined) => {
      if (name === undefined) return found[0]!;
      const value = variables.get(name);
      if (value === undefined) throw new Error(`{${name}} is not known to stand-ins: ${template}`);
      return value;
    });
    return filled.replace(/^\/+/, "");
  }

  #variables({ dataset, run, spacing }: StandInScope): ReadonlyMap<string, string> {
    const variables = new Map<string, string>([["output_path", ""]]);
    const add = (type: string, name: string | undefined, folder: string) => {
      if (name === undefined) return;
      variables.set(`${type}_name`, name);
      variables.set(`int_${type}_name`, String(Number.parseInt(name, 10)));
      variables.set(`${type}_output_path`, folder);
    };
    add("voxel_spacing", spacing, `${dataset}/${run}/Reconstructions/VoxelSpacing${spacing}`);
    add("run", run, `${dataset}/${run}`);
    if (run !== undefined) {
      for (const [column, value] of this.#rows.get(run) ?? []) variables.set(column, value);
      for (const [column, map] of this.#mapped) variables.set(column, map.get(run)!);
    }
    add("dataset", dataset, String(dataset));
    add("deposition", this.#deposition, `depositions_metadata/${this.#deposition}`);
    return variables;
  }
}

function separatorOf(name: string): string {
  return name.endsWith("tsv") ? "\t" : ",";
}

/** Entries whose globs a column takes part in. */
export function usersOf(column: string, entries: readonly Entry[], globsOf: (entry: Entry) => readonly string[]): Entry[] {
  return entries.filter((entry) => globsOf(entry).some((glob) => glob.includes(`{${column}}`)));
}
