import { EmporiumError } from "../../src/core/errors.js";
import { type Json, parseJson, printJsonLine } from "../../src/core/json.js";
import { isJsonObject } from "../../src/core/json-fields.js";
import type { FrameRow } from "../../src/stations/catalog/frames/frame.js";
import { alreadyThere, ownAncestor, parentMissing } from "../../src/stations/catalog/rows/errors.js";
import type {
  CatalogRepository,
  DatasetQuery,
  DatasetSummary,
  InsertOptions,
  NewDataset,
  StoredDataset,
} from "../../src/stations/catalog/rows/repository.js";
import { isSelected } from "../../src/stations/catalog/select.js";
import { type DistinctSubject, fulfils, type WhereRow } from "../../src/stations/catalog/where.js";
import { compareKeys } from "../../src/stores/keys.js";

interface Held {
  dataset: StoredDataset;
  frames: FrameRow[];
}

/** Rows in memory: the reference implementation, for tests. Its rules are those of the database. */
export function memoryRepository(): CatalogRepository {
  const held = new Map<string, Held>();

  /** Looks and puts in one step, so nobody can come between. */
  function put(dataset: StoredDataset, frames: FrameRow[], { overwrite }: InsertOptions): void {
    if (held.has(dataset.dataset_serial) && !overwrite) throw alreadyThere(dataset.dataset_serial);
    checkParent(dataset);
    held.set(dataset.dataset_serial, { dataset, frames });
  }

  function checkParent({ dataset_serial, parent }: NewDataset): void {
    for (let at = parent; at !== null; at = held.get(at)?.dataset.parent ?? null) {
      if (held.has(at) && at !== dataset_serial) continue;
      throw at === dataset_serial ? ownAncestor(dataset_serial) : parentMissing(parent!, dataset_serial);
    }
  }

  const childrenOf = (serial: string) =>
    [...held.values()].flatMap(({ dataset }) => (dataset.parent === serial ? [dataset.dataset_serial] : [])).sort(compareKeys);

  return {
    name: "memory",
    steady: (work) => work(0),
    async findDataset(serial) {
      return held.get(serial)?.dataset;
    },
    async insertFile(dataset, file, options) {
      put({ ...dataset, frames: false, file, framesGlobal: undefined }, [], options);
    },
    async insertFrames(dataset, global, frames, options) {
      const rows: FrameRow[] = [];
      const names = new Set<string>();
      for await (const row of frames) {
        if (names.has(row.file_name)) throw new EmporiumError("DATABASE_CONFLICT", `two frames are called ${row.file_name}`);
        names.add(row.file_name);
        rows.push(row);
      }
      if (rows.length !== global.nbr_frames) {
        throw new EmporiumError("DATABASE_CONFLICT", `${rows.length} frames came, ${global.nbr_frames} were announced`);
      }
      rows.sort((a, b) => compareKeys(a.file_name, b.file_name));
      put({ ...dataset, frames: true, file: undefined, framesGlobal: global }, rows, options);
    },
    async *framesOf(serial, selection, { metadata = false } = {}) {
      for (const row of held.get(serial)?.frames ?? []) {
        if (isSelected(row, selection)) yield metadata ? row : { ...row, metadata_json: null };
      }
    },
    async removeDataset(serial) {
      const [child] = childrenOf(serial);
      if (child !== undefined) {
        throw new EmporiumError("DATABASE_CONFLICT", `Dataset ${serial} has children, ${child} first: remove them before it`);
      }
      return held.delete(serial);
    },
    async *query(query) {
      for (const serial of [...held.keys()].sort(compareKeys)) {
        const { dataset, frames } = held.get(serial)!;
        if (isWanted(dataset, frames, query)) yield summaryOf(dataset, childrenOf(serial));
      }
    },
    async distinct(subject, query, limit) {
      const found = new Map<string, { value: Json; datasets: number }>();
      for (const { dataset, frames } of held.values()) {
        if (!isWanted(dataset, frames, query)) continue;
        const texts = valuesOf(subject, dataset, frames).filter((value) => value !== undefined && value !== null);
        for (const text of new Set(texts.map((value) => printJsonLine(value!)))) {
          const { value, datasets } = found.get(text) ?? { value: parseJson(text), datasets: 0 };
          found.set(text, { value, datasets: datasets + 1 });
        }
      }
      const sorted = [...found.values()].sort((a, b) => order(a.value, b.value));
      return sorted.slice(0, limit);
    },
    async close() {},
  };
}

/** Other values before texts; here only numbers are compared. */
function order(a: Json, b: Json): number {
  const texts = Number(typeof a === "string") - Number(typeof b === "string");
  return texts || (typeof a === "string" ? compareKeys(a, String(b)) : Number(a) - Number(b));
}

function valuesOf(subject: DistinctSubject, dataset: StoredDataset, frames: readonly FrameRow[]): (Json | undefined)[] {
  const at = (document: Json | undefined, path: readonly string[]) =>
    path.reduce<Json | undefined>((value, key) => (isJsonObject(value) ? value[key] : undefined), document);
  switch (subject.of) {
    case "project":
      return [dataset.dataset_serial.split("-")[0]];
    case "channel":
      return frames.map(({ channel_name }) => channel_name);
    case "column":
      return [rowOf(dataset)[subject.column]];
    case "metadata":
      return [at((dataset.framesGlobal ?? dataset.file)!.metadata_json ?? undefined, subject.path)];
    case "frame":
      return frames.map(({ metadata_json }) => at(metadata_json ?? undefined, subject.path));
  }
}

function rowOf({ framesGlobal, file, microscope, description, parent }: StoredDataset): WhereRow {
  return { ...framesGlobal, ...file, microscope, description, parent };
}

function isWanted(dataset: StoredDataset, frames: readonly FrameRow[], query: DatasetQuery): boolean {
  const { serial, project, microscope, description, from, to, where, after } = query;
  const holds = (text: string | null, part: string | undefined) => part === undefined || (text?.includes(part) ?? false);
  return (
    (serial === undefined || dataset.dataset_serial === serial) &&
    (after === undefined || dataset.dataset_serial > after) &&
    (project === undefined || dataset.dataset_serial.startsWith(`${project}-`)) &&
    holds(dataset.microscope, microscope) &&
    holds(dataset.description, description) &&
    (from === undefined || dataset.date_time >= from) &&
    (to === undefined || dataset.date_time <= to) &&
    (where === undefined ||
      fulfils(
        where,
        rowOf(dataset),
        (dataset.framesGlobal ?? dataset.file)!.metadata_json,
        frames.map(({ metadata_json }) => metadata_json),
      ))
  );
}

function summaryOf(dataset: StoredDataset, children: readonly string[]): DatasetSummary {
  const { file, framesGlobal, ...rest } = dataset;
  const without = <T extends { metadata_json: unknown }>({ metadata_json: _, ...row }: T): Omit<T, "metadata_json"> => row;
  return {
    ...rest,
    children,
    ...(framesGlobal ? { framesGlobal: without(framesGlobal) } : {}),
    ...(file ? { file: without(file) } : {}),
  };
}
