import { isJsonObject } from "../core/json-fields.js";

/**
 * Facets of the lists of datasets, runs and annotations, and the `where` of GraphQL that a choice is written as: lists and counts
 * use the same filter. Facets are combined by AND, values of one facet by OR, except contents, which are AND. Facets of one
 * relation have to be met by the same row: ribosomes as points, tilts of one tilt series.
 */
export type ListedKind = "datasets" | "runs" | "annotations";

/** Chosen values, a range with both ends included, or a part of a text. */
export type FacetChoice = readonly string[] | FacetRange | string;

export interface FacetRange {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** Choices by the ids of their facets. A facet without a choice does not filter. */
export type FacetChoices = Readonly<Record<string, FacetChoice>>;

export type Where = { readonly [name: string]: unknown };

export interface FacetDefinition {
  readonly id: string;
  readonly title: string;
  readonly group:
    | "name"
    | "sample"
    | "contents"
    | "objects"
    | "hardware"
    | "tilt"
    | "tomogram"
    | "annotation"
    | "people"
    | "identifiers";
  /**
   * `entries`: a text that lists several with commas. `contents`: all of the chosen ones must exist. `text`: a part of the name,
   * or the number.
   */
  readonly kind: "values" | "entries" | "range" | "contents" | "text";
  /**
   * Names of the relations from the listed entity on, then of the column. Empty for `contents`, where each value has a path of
   * its own.
   */
  readonly path: readonly string[];
  /** GraphQL type of `values`. Default: text. */
  readonly type?: "int" | undefined;
}

type Home = "dataset" | "run" | "annotation";

/** Relations from each listed kind to the entity that has the facet. */
const WAYS: Readonly<Record<ListedKind, Readonly<Record<Home, readonly string[]>>>> = {
  datasets: { dataset: [], run: ["runs"], annotation: ["runs", "annotations"] },
  runs: { dataset: ["dataset"], run: [], annotation: ["annotations"] },
  annotations: { dataset: ["run", "dataset"], run: ["run"], annotation: [] },
};

type Row = Pick<FacetDefinition, "id" | "title" | "group" | "type"> & { kind?: FacetDefinition["kind"]; home: Home; at: string };

const ROWS: readonly Row[] = [
  { id: "organism", title: "Organism", group: "sample", home: "dataset", at: "organismName" },
  { id: "tissue", title: "Tissue", group: "sample", home: "dataset", at: "tissueName" },
  { id: "cell", title: "Cell", group: "sample", home: "dataset", at: "cellName" },
  { id: "component", title: "Cell component", group: "sample", home: "dataset", at: "cellComponentName" },
  { id: "sample", title: "Sample type", group: "sample", home: "dataset", at: "sampleType" },
  { id: "object", title: "Object", group: "objects", home: "annotation", at: "objectName" },
  { id: "go", title: "GO or UniProt id", group: "objects", home: "annotation", at: "objectId" },
  { id: "shape", title: "Shape", group: "objects", home: "annotation", at: "annotationShapes.shapeType" },
  {
    id: "count",
    title: "Number of objects",
    group: "objects",
    kind: "range",
    type: "int",
    home: "annotation",
    at: "objectCount",
  },
  { id: "camera", title: "Camera", group: "hardware", home: "run", at: "tiltseries.cameraModel" },
  { id: "microscope", title: "Microscope", group: "hardware", home: "run", at: "tiltseries.microscopeModel" },
  { id: "tiltmin", title: "Lowest tilt (°)", group: "tilt", kind: "range", home: "run", at: "tiltseries.tiltMin" },
  { id: "tiltmax", title: "Highest tilt (°)", group: "tilt", kind: "range", home: "run", at: "tiltseries.tiltMax" },
  {
    id: "quality",
    title: "Tilt series quality",
    group: "tilt",
    kind: "range",
    type: "int",
    home: "run",
    at: "tiltseries.tiltSeriesQuality",
  },
  { id: "method", title: "Reconstruction method", group: "tomogram", home: "run", at: "tomograms.reconstructionMethod" },
  { id: "software", title: "Reconstruction software", group: "tomogram", home: "run", at: "tomograms.reconstructionSoftware" },
  { id: "processing", title: "Processing", group: "tomogram", home: "run", at: "tomograms.processing" },
  { id: "voxel", title: "Voxel size (Å)", group: "tomogram", kind: "range", home: "run", at: "tomograms.voxelSpacing" },
  { id: "fiducial", title: "Fiducial alignment", group: "tomogram", home: "run", at: "tomograms.fiducialAlignmentStatus" },
  { id: "methodtype", title: "Annotation method", group: "annotation", home: "annotation", at: "methodType" },
  { id: "annotator", title: "Annotation software", group: "annotation", home: "annotation", at: "annotationSoftware" },
];

/**
 * Facets of authors and deposition, which are those of the annotation in lists of annotations and otherwise those of the dataset,
 * and of database entries.
 */
function aboutRows(of: ListedKind): Row[] {
  const home = of === "annotations" ? "annotation" : "dataset";
  return [
    { id: "author", title: "Author", group: "people", home, at: "authors.name" },
    { id: "orcid", title: "ORCID", group: "people", home, at: "authors.orcid" },
    { id: "deposition", title: "Deposition", group: "identifiers", type: "int", home, at: "depositionId" },
    {
      id: "entry",
      title: "EMPIAR or EMDB entry",
      group: "identifiers",
      kind: "entries",
      home: "dataset",
      at: "relatedDatabaseEntries",
    },
  ];
}

/** Shape types of some values of the facet `contents`. Below are the entity and the `where` of every value. */
const SHAPES = {
  meshes: ["Mesh"],
  masks: ["SegmentationMask", "InstanceSegmentationMask"],
  points: ["Point", "OrientedPoint", "InstanceSegmentation"],
};
const CONTENTS: Readonly<Record<string, { readonly home: Home; readonly where: Where }>> = {
  frames: { home: "run", where: { frames: {} } },
  tiltseries: { home: "run", where: { tiltseries: {} } },
  tomograms: { home: "run", where: { tomograms: {} } },
  ...Object.fromEntries(
    Object.entries(SHAPES).map(([name, shapes]) => [
      name,
      { home: "annotation" as const, where: { annotationShapes: { shapeType: { _in: shapes } } } },
    ]),
  ),
  groundtruth: { home: "annotation", where: { groundTruthStatus: { _eq: true } } },
};
/** Values of `contents` for a list; annotations have only those about themselves. */
const contentsOf = (of: ListedKind): string[] =>
  Object.keys(CONTENTS).filter((name) => of !== "annotations" || CONTENTS[name]!.home === "annotation");

/** Columns in which a part of a text is looked for, beside the number: of an annotation also the name of its run. */
const NAMES: Readonly<Record<ListedKind, readonly string[]>> = {
  datasets: ["title"],
  runs: ["name"],
  annotations: ["objectName", "run.name"],
};
const NAME_TITLES: Readonly<Record<ListedKind, string>> = {
  datasets: "Name or id",
  runs: "Name or id",
  annotations: "Object, run or id",
};

/** The facets of each list in the order of the page. */
export const FACETS: Readonly<Record<ListedKind, readonly FacetDefinition[]>> = {
  datasets: definitions("datasets"),
  runs: definitions("runs"),
  annotations: definitions("annotations"),
};

function definitions(of: ListedKind): FacetDefinition[] {
  const rows = [...ROWS.slice(0, 5), ...ROWS.slice(5), ...aboutRows(of)].map(({ home, at, kind = "values", ...row }) => ({
    ...row,
    kind,
    path: [...WAYS[of][home], ...at.split(".")],
  }));
  return [
    { id: "name", title: NAME_TITLES[of], group: "name", kind: "text", path: NAMES[of].slice(0, 1) },
    ...rows.slice(0, 5),
    { id: "contents", title: "Contents", group: "contents", kind: "contents", path: [] },
    ...rows.slice(5),
  ];
}

/** Values of the facet `contents`, which is no column. */
export function contentValues(of: ListedKind): readonly string[] {
  return contentsOf(of);
}

/**
 * The `where` of the choices together with another one that must hold, too. A choice that does not fit the kind of its facet is
 * left out.
 */
export function whereOf(of: ListedKind, choices: FacetChoices, rest: Where = {}): Where {
  const where = structuredClone(rest) as Record<string, unknown>;
  const and: unknown[] = [];
  for (const { id, kind, path, type } of FACETS[of]) {
    const choice = Object.hasOwn(choices, id) ? choices[id] : undefined;
    if (kind === "contents") and.push(...listOf(choice).flatMap((value) => contentsWhere(of, value) ?? []));
    else if (kind === "text") {
      if (typeof choice === "string" && choice !== "") and.push(textWhere(of, choice));
    } else {
      const comparator = kind === "range" ? rangeComparator(choice, type) : valuesComparator(kind, listOf(choice), type);
      if (comparator) put(where, path, comparator);
    }
  }
  if (and.length === 0) return where;
  return { ...where, _and: [...((where._and as unknown[] | undefined) ?? []), ...and] };
}

/** Inverse of `whereOf`: the choices in a `where`, and the rest of it. */
export function choicesOf(of: ListedKind, where: Where): { readonly choices: FacetChoices; readonly rest: Where } {
  const rest = structuredClone(where) as Record<string, unknown>;
  const choices: Record<string, FacetChoice> = {};
  const contents = contentsOf(of);
  const others: unknown[] = [];
  for (const part of Array.isArray(rest._and) ? (rest._and as unknown[]) : []) {
    const text = JSON.stringify(part);
    const content = contents.find((name) => JSON.stringify(contentsWhere(of, name)) === text);
    const name = content === undefined && choices.name === undefined ? textOf(of, part) : undefined;
    if (content !== undefined) choices.contents = [...new Set([...listOf(choices.contents), content])];
    else if (name !== undefined) choices.name = name;
    else others.push(part);
  }
  if (others.length > 0) rest._and = others;
  else delete rest._and;
  for (const { id, kind, path } of FACETS[of]) {
    if (path.length === 0 || kind === "text") continue;
    const choice = take(rest, path, kind);
    if (choice !== undefined) choices[id] = choice;
  }
  return { choices, rest };
}

/**
 * Parses choices from parameters of an address: `organism=Homo sapiens`, repeated for several values; `voxel=5..20`,
 * `quality=3..`.
 */
export function choiceOfText(kind: FacetDefinition["kind"], texts: readonly string[]): FacetChoice | undefined {
  if (kind === "text") return texts[0] || undefined;
  if (kind !== "range") return texts.length > 0 ? [...new Set(texts)] : undefined;
  const [, min, max] = /^(-?\d+(?:\.\d+)?)?\.\.(-?\d+(?:\.\d+)?)?$/.exec(texts[0] ?? "") ?? [];
  if (min === undefined && max === undefined) return undefined;
  return { ...(min !== undefined && { min: Number(min) }), ...(max !== undefined && { max: Number(max) }) };
}

/** Inverse of `choiceOfText`. */
export function textOfChoice(choice: FacetChoice): readonly string[] {
  if (typeof choice === "string") return [choice];
  return isRange(choice) ? [`${choice.min ?? ""}..${choice.max ?? ""}`] : choice;
}

function isRange(choice: FacetChoice | undefined): choice is FacetRange {
  return typeof choice === "object" && !Array.isArray(choice);
}

function listOf(choice: FacetChoice | undefined): readonly string[] {
  return Array.isArray(choice) ? (choice as readonly string[]) : [];
}

function contentsWhere(of: ListedKind, value: string): Where | undefined {
  if (!contentsOf(of).includes(value)) return undefined;
  const { home, where } = CONTENTS[value]!;
  return WAYS[of][home].reduceRight<Where>((inner, step) => ({ [step]: inner }), where);
}

function textWhere(of: ListedKind, text: string): Where {
  const pattern = { _ilike: `%${text.replace(/[\\%_]/g, "\\$&")}%` };
  const likes = NAMES[of].map((column) => column.split(".").reduceRight<Where>((inner, step) => ({ [step]: inner }), pattern));
  const ids = /^\d{1,9}$/.test(text) ? [{ id: { _eq: Number(text) } }] : [];
  return likes.length + ids.length === 1 ? likes[0]! : { _or: [...likes, ...ids] };
}

function textOf(of: ListedKind, part: unknown): string | undefined {
  const like = isObject(part) ? (Array.isArray(part._or) ? (part._or[0] as unknown) : part) : undefined;
  const column = NAMES[of][0]!;
  const pattern = isObject(like) && isObject(like[column]) ? like[column]._ilike : undefined;
  if (typeof pattern !== "string" || !/^%.+%$/s.test(pattern)) return undefined;
  const text = pattern.slice(1, -1).replace(/\\([\\%_])/g, "$1");
  return JSON.stringify(textWhere(of, text)) === JSON.stringify(part) ? text : undefined;
}

function rangeComparator(choice: FacetChoice | undefined, type: "int" | undefined): Where | undefined {
  if (!isRange(choice)) return undefined;
  const { min, max } = choice;
  const whole = (round: (value: number) => number, value: number) =>
    type === "int" ? round(Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, value))) : value;
  const bounds = {
    ...(Number.isFinite(min) && { _gte: whole(Math.ceil, min!) }),
    ...(Number.isFinite(max) && { _lte: whole(Math.floor, max!) }),
  };
  return Object.keys(bounds).length > 0 ? bounds : undefined;
}

function valuesComparator(kind: "values" | "entries", values: readonly string[], type: "int" | undefined): Where | undefined {
  const known = type === "int" ? values.filter((value) => /^-?\d{1,9}$/.test(value)).map(Number) : values;
  if (known.length === 0) return undefined;
  return kind === "entries" ? { _regex: entriesRegex(values) } : { _in: [...known] };
}

/** PostgreSQL regular expression for one of the values in a comma-separated list. */
function entriesRegex(values: readonly string[]): string {
  return `(^|,)\\s*(${values.map((value) => value.replace(/[\\^$.*+?()[\]{}|-]/g, "\\$&")).join("|")})\\s*(,|$)`;
}

function entriesOf(regex: unknown): string[] | undefined {
  const inner = typeof regex === "string" ? /^\(\^\|,\)\\s\*\((.+)\)\\s\*\(,\|\$\)$/s.exec(regex)?.[1] : undefined;
  const values = inner?.match(/(?:\\.|[^|\\])+/gs)?.map((value) => value.replace(/\\(.)/gs, "$1"));
  return values && entriesRegex(values) === regex ? values : undefined;
}

function put(where: Record<string, unknown>, path: readonly string[], comparator: Where): void {
  let at = where;
  for (const step of path) {
    const inner = at[step];
    const next = isObject(inner) ? inner : {};
    at[step] = next;
    at = next;
  }
  Object.assign(at, comparator);
}

/** Removes and returns the part of a `where` that belongs to a facet, with the levels that are empty without it. */
function take(where: Record<string, unknown>, path: readonly string[], kind: FacetDefinition["kind"]): FacetChoice | undefined {
  const above: Record<string, unknown>[] = [];
  let at = where;
  for (const step of path) {
    const inner = Object.hasOwn(at, step) ? at[step] : undefined;
    if (!isObject(inner)) return undefined;
    above.push(at);
    at = inner;
  }
  const choice = taken(at, kind);
  if (choice === undefined) return undefined;
  for (let depth = path.length - 1; depth >= 0 && Object.keys(at).length === 0; depth--) {
    at = above[depth]!;
    delete at[path[depth]!];
  }
  return choice;
}

function taken(comparator: Record<string, unknown>, kind: FacetDefinition["kind"]): FacetChoice | undefined {
  if (kind === "range") {
    const { _gte: min, _lte: max } = comparator;
    const choice = { ...(typeof min === "number" && { min }), ...(typeof max === "number" && { max }) };
    if ("min" in choice) delete comparator._gte;
    if ("max" in choice) delete comparator._lte;
    return Object.keys(choice).length > 0 ? choice : undefined;
  }
  if (kind === "entries") {
    const values = entriesOf(comparator._regex);
    if (values) delete comparator._regex;
    return values;
  }
  if (!Array.isArray(comparator._in) || comparator._in.length === 0) return undefined;
  const values = comparator._in.map(String);
  delete comparator._in;
  return values;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return isJsonObject(value);
}
