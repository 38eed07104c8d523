import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EntityName } from "../../src/catalog/entities.js";
import { openFacets } from "../../src/catalog/facets.js";
import { systemClock } from "../../src/core/clock.js";
import {
  choicesOf,
  contentValues,
  FACETS,
  type FacetChoice,
  type FacetChoices,
  type FacetRange,
  type ListedKind,
  whereOf,
} from "../../src/model/facet-choice.js";
import type { Facets } from "../../src/model/page-api.js";
import { servePortal } from "../../src/server/portal.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import { type PortalDatabase, type PortalRows, portalDatabase, randomRows, seeded, type TableRow } from "./graphql-kit.js";

const KINDS: readonly ListedKind[] = ["datasets", "runs", "annotations"];
const COUNTS: Partial<Record<EntityName, number>> = {
  Run: 60,
  Annotation: 150,
  AnnotationShape: 200,
  Tomogram: 80,
  Tiltseries: 60,
  DatasetAuthor: 40,
};

/** Entries as the importer writes them: several in one text, with commas. */
const ENTRIES = ["EMPIAR-10499", "EMPIAR-10499, EMD-11603", "EMD-1160", "EMD-11603,EMPIAR-1", " EMPIAR-1 ", ""];

let rows: PortalRows;
let portal: PortalDatabase;
let facetsOf: ReturnType<typeof openFacets>;
beforeAll(async () => {
  const random = seeded(3);
  const made = new Map(randomRows(7, (name) => COUNTS[name] ?? 25));
  made.set(
    "Dataset",
    made.get("Dataset")!.map((row) => ({ ...row, related_database_entries: ENTRIES[Math.floor(random() * ENTRIES.length)]! })),
  );
  rows = made;
  portal = await portalDatabase(rows);
  facetsOf = openFacets(portal.reader.pool, systemClock);
}, 120_000);
afterAll(() => portal?.stop());

/** The filter once more, over the rows themselves, from what pages say of it. */
const all = (name: EntityName): readonly TableRow[] => rows.get(name)!;
const list = (choice: FacetChoice | undefined) => choice as readonly string[] | undefined;
const isIn = (choice: FacetChoice | undefined, value: unknown) =>
  choice === undefined || (value !== null && list(choice)!.includes(String(value)));
const isWithin = (choice: FacetChoice | undefined, value: unknown) => {
  if (choice === undefined) return true;
  const { min, max } = choice as FacetRange;
  return typeof value === "number" && value >= (min ?? Number.NEGATIVE_INFINITY) && value <= (max ?? Number.POSITIVE_INFINITY);
};
const some = (ids: readonly string[], choices: FacetChoices, name: EntityName, test: (row: TableRow) => boolean) =>
  ids.every((id) => choices[id] === undefined) || all(name).some(test);

function meetsAuthors(choices: FacetChoices, name: EntityName, key: string, id: number): boolean {
  return some(
    ["author", "orcid"],
    choices,
    name,
    (row) => row[key] === id && isIn(choices.author, row.name) && isIn(choices.orcid, row.orcid),
  );
}

function meetsDataset(choices: FacetChoices, id: number, hasAuthors = true): boolean {
  const row = all("Dataset").find((dataset) => dataset.id === id)!;
  const entries = String(row.related_database_entries)
    .split(",")
    .map((entry) => entry.trim());
  return (
    isIn(choices.organism, row.organism_name) &&
    isIn(choices.tissue, row.tissue_name) &&
    isIn(choices.cell, row.cell_name) &&
    isIn(choices.component, row.cell_component_name) &&
    isIn(choices.sample, row.sample_type) &&
    (choices.entry === undefined || list(choices.entry)!.some((entry) => entries.includes(entry))) &&
    (!hasAuthors || (isIn(choices.deposition, row.deposition_id) && meetsAuthors(choices, "DatasetAuthor", "dataset_id", id)))
  );
}

const RUN_CONTENTS = { frames: "Frame", tiltseries: "Tiltseries", tomograms: "Tomogram" } as const;
const SHAPES = {
  meshes: ["Mesh"],
  masks: ["SegmentationMask", "InstanceSegmentationMask"],
  points: ["Point", "OrientedPoint", "InstanceSegmentation"],
};
const hasContent = (annotation: TableRow, content: string) =>
  content === "groundtruth"
    ? annotation.ground_truth_status === true
    : all("AnnotationShape").some(
        (shape) =>
          shape.annotation_id === annotation.id && SHAPES[content as keyof typeof SHAPES].includes(String(shape.shape_type)),
      );

function meetsRunItself(choices: FacetChoices, id: number): boolean {
  const tilts = ["camera", "microscope", "tiltmin", "tiltmax", "quality"];
  const tomograms = ["method", "software", "processing", "voxel", "fiducial"];
  return (
    some(
      tilts,
      choices,
      "Tiltseries",
      (row) =>
        row.run_id === id &&
        isIn(choices.camera, row.camera_model) &&
        isIn(choices.microscope, row.microscope_model) &&
        isWithin(choices.tiltmin, row.tilt_min) &&
        isWithin(choices.tiltmax, row.tilt_max) &&
        isWithin(choices.quality, row.tilt_series_quality),
    ) &&
    some(
      tomograms,
      choices,
      "Tomogram",
      (row) =>
        row.run_id === id &&
        isIn(choices.method, row.reconstruction_method) &&
        isIn(choices.software, row.reconstruction_software) &&
        isIn(choices.processing, row.processing) &&
        isWithin(choices.voxel, row.voxel_spacing) &&
        isIn(choices.fiducial, row.fiducial_alignment_status),
    )
  );
}

function meetsAnnotationItself(choices: FacetChoices, row: TableRow): boolean {
  return (
    isIn(choices.object, row.object_name) &&
    isIn(choices.go, row.object_id) &&
    isWithin(choices.count, row.object_count) &&
    isIn(choices.methodtype, row.method_type) &&
    isIn(choices.annotator, row.annotation_software) &&
    some(
      ["shape"],
      choices,
      "AnnotationShape",
      (shape) => shape.annotation_id === row.id && isIn(choices.shape, shape.shape_type),
    )
  );
}

function meetsRun(choices: FacetChoices, row: TableRow): boolean {
  const annotations = ["object", "go", "count", "methodtype", "annotator", "shape"];
  return (
    meetsRunItself(choices, row.id) &&
    some(annotations, choices, "Annotation", (one) => one.run_id === row.id && meetsAnnotationItself(choices, one))
  );
}

function runHas(id: number, content: string): boolean {
  const name = RUN_CONTENTS[content as keyof typeof RUN_CONTENTS] as EntityName | undefined;
  if (name) return all(name).some((row) => row.run_id === id);
  return all("Annotation").some((row) => row.run_id === id && hasContent(row, content));
}

const RUN_FACETS = [
  "camera",
  "microscope",
  "tiltmin",
  "tiltmax",
  "quality",
  "method",
  "software",
  "processing",
  "voxel",
  "fiducial",
];
const OF_RUNS = [...RUN_FACETS, "object", "go", "count", "methodtype", "annotator", "shape"];
const NAMES = { datasets: "title", runs: "name", annotations: "object_name" } as const;
const ENTITIES = { datasets: "Dataset", runs: "Run", annotations: "Annotation" } as const;

function meets(of: ListedKind, choices: FacetChoices, row: TableRow): boolean {
  const text = choices.name as string | undefined;
  // (37.7) an annotation is also found by the name of its run
  const names = [row[NAMES[of]], ...(of === "annotations" ? [all("Run").find(({ id }) => id === row.run_id)?.name] : [])];
  const named =
    text === undefined ||
    names.some((name) => name !== undefined && String(name).toLowerCase().includes(text.toLowerCase())) ||
    String(row.id) === text;
  const contents = list(choices.contents) ?? [];
  if (!named) return false;
  if (of === "datasets") {
    const runs = all("Run").filter((run) => run.dataset_id === row.id);
    return (
      meetsDataset(choices, row.id) &&
      contents.every((content) => runs.some((run) => runHas(run.id, content))) &&
      (OF_RUNS.every((id) => choices[id] === undefined) || runs.some((run) => meetsRun(choices, run)))
    );
  }
  if (of === "runs") {
    return (
      meetsDataset(choices, row.dataset_id as number) &&
      contents.every((content) => runHas(row.id, content)) &&
      meetsRun(choices, row)
    );
  }
  const run = all("Run").find(({ id }) => id === row.run_id);
  const ofDataset = ["organism", "tissue", "cell", "component", "sample", "entry"];
  return (
    meetsAnnotationItself(choices, row) &&
    contents.every((content) => hasContent(row, content)) &&
    isIn(choices.deposition, row.deposition_id) &&
    meetsAuthors(choices, "AnnotationAuthor", "annotation_id", row.id) &&
    (RUN_FACETS.every((id) => choices[id] === undefined) || (run !== undefined && meetsRunItself(choices, run.id))) &&
    (ofDataset.every((id) => choices[id] === undefined) ||
      (run !== undefined && meetsDataset(choices, run.dataset_id as number, false)))
  );
}

const left = (of: ListedKind, choices: FacetChoices) => all(ENTITIES[of]).filter((row) => meets(of, choices, row));

/** Some choices of values that there are, or nearly. */
async function drawChoices(of: ListedKind, seed: number): Promise<FacetChoices> {
  const random = seeded(seed);
  const below = (end: number) => Math.floor(random() * end);
  const choices: Record<string, FacetChoice> = {};
  const whole = await facetsOf({ of });
  for (let at = 1 + below(4); at > 0; at--) {
    const definition = FACETS[of][below(FACETS[of].length)]!;
    const { values, range } = whole.facets.find(({ id }) => id === definition.id)!;
    if (definition.kind === "text") choices.name = ["r", "TS%", "1", "101", "\\", "_0"][below(6)]!;
    else if (range) {
      const { min, max } = range;
      const at = definition.type === "int" ? Math.round(min + random() * (max - min)) : min + random() * (max - min);
      choices[definition.id] = random() < 0.5 ? { min: at } : { min, max: at };
    } else if (values.length > 0) {
      const some = Array.from(
        { length: definition.kind === "contents" ? 1 + below(2) : 1 + below(3) },
        () => values[below(values.length)]!.value,
      );
      choices[definition.id] = [...new Set(some)];
    }
  }
  return choices;
}

describe.each(KINDS)("facets of %s", (of) => {
  const entity = ENTITIES[of];

  it("A13 leave as many as the list has, and count what each value would leave, for any choices", async () => {
    for (let seed = 1; seed <= 25; seed++) {
      const choices = await drawChoices(of, seed);
      const where = whereOf(of, choices);
      const told = JSON.stringify(choices);
      const { total, facets } = await facetsOf({ of, where });
      expect(total, told).toBe(left(of, choices).length);
      const answer = await portal.ask(`query ($where: ${entity}WhereClause) { ${of}(where: $where) { id } }`, {
        variables: { where },
      });
      expect(
        (answer.data as unknown as Record<string, { id: number }[]>)[of]!.map(({ id }) => id),
        told,
      ).toEqual(left(of, choices).map(({ id }) => id));
      expect(facets.map(({ id }) => id)).toEqual(FACETS[of].map(({ id }) => id));
      for (const { id, values, range } of facets) {
        const { kind } = FACETS[of].find((facet) => facet.id === id)!;
        if (kind === "text") continue;
        const withValue = (value: FacetChoice) => left(of, { ...choices, [id]: value }).length;
        if (kind === "range") {
          const known = [...new Set(rangeColumn(id))].filter((value) => withValue({ min: value, max: value }) > 0);
          expect(range, `${id} of ${told}`).toEqual(
            known.length > 0 ? { min: Math.min(...known), max: Math.max(...known) } : undefined,
          );
          continue;
        }
        const own = list(choices[id]) ?? [];
        const expected = new Map(
          [...candidates(of, id)]
            .map((value) => [value, withValue(kind === "contents" ? [...own, value] : [value])] as const)
            .filter(([value, count]) => count > 0 || own.includes(value)),
        );
        expect(new Map(values.map(({ value, count }) => [value, count])), `${id} of ${told}`).toEqual(expected);
        expect(new Set(values.filter(({ chosen }) => chosen).map(({ value }) => value)), `${id} of ${told}`).toEqual(
          new Set(own),
        );
      }
    }
  }, 240_000);

  it("choices are found again in the filter that was made of them, and what else it asks for stays", async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const choices = await drawChoices(of, seed);
      const rest = { id: { _gt: 3 }, _and: [{ id: { _neq: 4 } }] };
      expect(choicesOf(of, whereOf(of, choices))).toEqual({ choices, rest: {} });
      expect(choicesOf(of, JSON.parse(JSON.stringify(whereOf(of, choices, rest))) as typeof rest)).toEqual({ choices, rest });
    }
  });
});

it("facets that were counted before anybody asked are answered without the tables they were counted from", async () => {
  const { pool } = portal.reader;
  const place = {
    id: "tree",
    name: "tree",
    kind: "tree",
    location: { scheme: "file", root: "/", key: "", path: "/", url: "/" },
    store: memoryStore(),
  } as const;
  const state = () => ({ place: "tree", state: "ready" }) as const;
  const server = await servePortal({
    places: [place],
    catalogue: { place, pool, api: portal.api(), state },
    bucket: "b",
    port: 0,
    version: "1",
  });
  const owner = await portal.open({ role: "owner" });
  const session = await owner.pool.connect();
  try {
    await server.warm();
    await session.query(
      "begin; lock table emporium_portal.annotation, emporium_portal.run, emporium_portal.dataset in access exclusive mode",
    );
    for (const of of KINDS) {
      const reply = await fetch(`${server.url}/api/v1/facets?of=${of}`);
      expect(((await reply.json()) as Facets).total).toBe(all(ENTITIES[of]).length);
    }
  } finally {
    await session.query("rollback");
    session.release();
    await owner.close();
    await server.close();
  }
}, 60_000);

const COLUMNS: Readonly<Record<string, readonly [EntityName, string]>> = {
  organism: ["Dataset", "organism_name"],
  tissue: ["Dataset", "tissue_name"],
  cell: ["Dataset", "cell_name"],
  component: ["Dataset", "cell_component_name"],
  sample: ["Dataset", "sample_type"],
  object: ["Annotation", "object_name"],
  go: ["Annotation", "object_id"],
  shape: ["AnnotationShape", "shape_type"],
  count: ["Annotation", "object_count"],
  camera: ["Tiltseries", "camera_model"],
  microscope: ["Tiltseries", "microscope_model"],
  tiltmin: ["Tiltseries", "tilt_min"],
  tiltmax: ["Tiltseries", "tilt_max"],
  quality: ["Tiltseries", "tilt_series_quality"],
  method: ["Tomogram", "reconstruction_method"],
  software: ["Tomogram", "reconstruction_software"],
  processing: ["Tomogram", "processing"],
  voxel: ["Tomogram", "voxel_spacing"],
  fiducial: ["Tomogram", "fiducial_alignment_status"],
  methodtype: ["Annotation", "method_type"],
  annotator: ["Annotation", "annotation_software"],
};
const rangeColumn = (id: string) => valuesOf(id).filter((value): value is number => typeof value === "number");
const valuesOf = (id: string) => all(COLUMNS[id]![0]).map((row) => row[COLUMNS[id]![1]]);

function candidates(of: ListedKind, id: string): Set<string> {
  const authors = of === "annotations" ? "AnnotationAuthor" : "DatasetAuthor";
  if (id === "contents") return new Set(contentValues(of));
  if (id === "author") return texts(all(authors).map(({ name }) => name));
  if (id === "orcid") return texts(all(authors).map(({ orcid }) => orcid));
  if (id === "deposition") return texts(all(ENTITIES[of === "runs" ? "datasets" : of]).map((row) => row.deposition_id));
  if (id === "entry") return new Set(["EMPIAR-10499", "EMD-11603", "EMD-1160", "EMPIAR-1"]);
  return texts(valuesOf(id));
}
const texts = (values: readonly unknown[]) => new Set(values.filter((value) => value !== null).map(String));
