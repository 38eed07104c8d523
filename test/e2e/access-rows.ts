import { ENTITIES, type EntityName } from "../../src/catalog/entities.js";
import { type PortalRows, randomRows, seeded, type TableRow } from "./graphql-kit.js";

/** Ids of hidden datasets and depositions. */
export interface HiddenIds {
  readonly datasets: readonly number[];
  readonly depositions: readonly number[];
}

type Rows = Map<EntityName, TableRow[]>;

/** Random rows in which everything that a row refers to is of the same run, as in every catalogue that was imported. */
export function consistentRows(seed: number, counts: (name: EntityName) => number): PortalRows {
  const rows = randomRows(seed, counts);
  const random = seeded(seed + 1);
  const runOf = new Map<string, unknown>();
  const made: Rows = new Map();
  for (const { name, keys } of ENTITIES) {
    const all: TableRow[] = [];
    for (const row of rows.get(name)!) {
      const own: Record<string, TableRow[string]> & { id: number } = { ...row };
      let run: unknown = name === "Run" ? own.id : undefined;
      // what says the run comes first, then what must be of it
      for (const key of [...keys].sort((a, b) => Number(b.target === "Run") - Number(a.target === "Run"))) {
        if (key.target === "Run") run = own[key.column];
        const parents = made.get(key.target)!;
        const isOfRun = parents.some(({ id }) => runOf.has(`${key.target} ${id}`));
        if (key.target === "Run" || !isOfRun || own[key.column] === null) continue;
        const near = run === undefined ? parents : parents.filter(({ id }) => runOf.get(`${key.target} ${id}`) === run);
        const parent = near[Math.floor(random() * near.length)];
        if (!parent && key.required) own[key.column] = -1;
        else own[key.column] = parent?.id ?? null;
        if (parent) run ??= runOf.get(`${key.target} ${parent.id}`);
      }
      if (keys.some(({ column }) => own[column] === -1)) continue;
      if (run !== undefined && name !== "Run") runOf.set(`${name} ${own.id}`, run);
      all.push(own as TableRow);
    }
    made.set(name, all);
  }
  return made;
}

/** Entities whose rows nobody sees where they belong to nothing. */
const OF: Readonly<Partial<Record<EntityName, string>>> = {
  DatasetAuthor: "dataset_id",
  DatasetFunding: "dataset_id",
  FrameAcquisitionFile: "run_id",
  IdentifiedObject: "run_id",
  Alignment: "run_id",
  Tomogram: "run_id",
  TomogramVoxelSpacing: "run_id",
  Annotation: "run_id",
  TomogramAuthor: "tomogram_id",
  AnnotationAuthor: "annotation_id",
  AnnotationMethodLink: "annotation_id",
  AnnotationShape: "annotation_id",
  AnnotationFile: "annotation_shape_id",
};

/**
 * A world in which what is hidden does not exist: without the hidden rows, and whatever refers to a row that is not there any more. Of voxel spacings those
 * are gone at which there is nothing left of what was there. Stored views are gone from runs in which anything is.
 */
export function withoutHidden(rows: PortalRows, { datasets, depositions }: HiddenIds): PortalRows {
  const gone = new Set<string>([...datasets.map((id) => `Dataset ${id}`), ...depositions.map((id) => `Deposition ${id}`)]);
  const left = () => new Map(ENTITIES.map(({ name }) => [name, rows.get(name)!.filter(({ id }) => !gone.has(`${name} ${id}`))]));
  for (let before = -1; before !== gone.size; ) {
    before = gone.size;
    for (const { name, keys } of ENTITIES) {
      for (const row of rows.get(name)!) {
        const isLost = keys.some(({ column, target }) => row[column] !== null && gone.has(`${target} ${row[column]}`));
        if (isLost || (OF[name] !== undefined && row[OF[name]] === null)) gone.add(`${name} ${row.id}`);
      }
    }
    const now = left();
    const isAt = (all: PortalRows, id: number) =>
      (["Tomogram", "Annotation"] as const).some((name) => all.get(name)!.some((row) => row.tomogram_voxel_spacing_id === id));
    for (const { id } of now.get("TomogramVoxelSpacing")!) {
      if (isAt(rows, id) && !isAt(now, id)) gone.add(`TomogramVoxelSpacing ${id}`);
    }
  }
  const told = left();
  const isTold = (row: TableRow) =>
    !(["Tomogram", "Annotation"] as const).some((name) =>
      rows.get(name)!.some((other) => other.run_id === row.run_id && depositions.includes(other.deposition_id as number)),
    );
  const tomograms = told.get("Tomogram")!.map((row) => (isTold(row) ? row : { ...row, neuroglancer_config: null }));
  return new Map(told).set("Tomogram", tomograms);
}
