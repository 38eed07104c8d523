/** What the benchmark asks of a catalogue: queries of the portal's pages, and filters of `catalog query`. `catalog.py` has each under the same name. */
import { OBJECTS, ORGANISMS } from "./catalog-tree.mjs";

const AUTHORS =
  "authors(orderBy: [{authorListOrder: asc}]) { edges { node { name primaryAuthorStatus correspondingAuthorStatus } } }";
const COUNT = "{ aggregate { count } }";

/**
 * `kind`: which limit holds. `args`: what is asked in turn, so that no answer is that of the question before.
 *
 * @type {readonly { name: string, kind: "list" | "facet", query: string, args: (facts: { datasets: number[] }, at: number) => object }[]}
 */
export const PORTAL_QUERIES = [
  {
    name: "datasets_page",
    kind: "list",
    query: `query ($offset: Int) {
      datasets(limitOffset: {limit: 25, offset: $offset}, orderBy: [{releaseDate: desc}]) {
        id title organismName releaseDate relatedDatabaseEntries ${AUTHORS} runsAggregate ${COUNT} } }`,
    args: ({ datasets }, at) => ({ offset: (25 * at) % Math.max(25, datasets.length - 25) }),
  },
  {
    name: "runs_page",
    kind: "list",
    query: `query ($dataset: Int, $offset: Int) {
      runs(where: {dataset: {id: {_eq: $dataset}}}, orderBy: [{name: asc}], limitOffset: {limit: 25, offset: $offset}) {
        id name dataset { title } tiltseries(first: 1) { edges { node { tiltSeriesQuality cameraModel } } }
        tomograms { edges { node { id processing voxelSpacing } } } annotationsAggregate ${COUNT} } }`,
    args: ({ datasets }, at) => ({ dataset: datasets[(at * 5 + 4) % datasets.length], offset: 25 * (at % 4) }),
  },
  {
    name: "runs_by_name",
    kind: "list",
    query: `query ($offset: Int) {
      runs(orderBy: [{name: desc}], limitOffset: {limit: 25, offset: $offset}) { id name s3Prefix dataset { id title deposition { title } } } }`,
    args: (_, at) => ({ offset: 25 * (at % 40) }),
  },
  {
    name: "annotations_page",
    kind: "list",
    query: `query ($offset: Int) {
      annotations(orderBy: [{releaseDate: desc}], limitOffset: {limit: 25, offset: $offset}) {
        id objectName objectId methodType releaseDate run { name dataset { id title } } ${AUTHORS}
        annotationShapes { edges { node { shapeType annotationFiles { edges { node { format httpsPath } } } } } } } }`,
    args: (_, at) => ({ offset: 25 * (at % 40) }),
  },
  {
    name: "annotations_of_a_run",
    kind: "list",
    query: `query ($dataset: Int, $name: String) {
      annotations(where: {run: {dataset: {id: {_eq: $dataset}}, name: {_eq: $name}}}, orderBy: [{objectName: asc}], limitOffset: {limit: 25}) {
        id objectName annotationShapes { edges { node { shapeType } } } } }`,
    args: ({ datasets, firstRuns }, at) => {
      const place = (at * 3) % datasets.length;
      return { dataset: datasets[place], name: `TS_${String(firstRuns[place]).padStart(6, "0")}` };
    },
  },
  {
    name: "annotations_by_object",
    kind: "list",
    query: `query ($object: String) {
      annotations(where: {objectName: {_eq: $object}}, orderBy: [{depositionDate: desc}], limitOffset: {limit: 25}) {
        id objectName depositionDate run { id name } } }`,
    args: (_, at) => ({ object: OBJECTS[at % OBJECTS.length][0] }),
  },
  {
    name: "browse_facets",
    kind: "facet",
    query: `{
      organisms: datasetsAggregate { aggregate { count groupBy { organismName } } }
      cameras: tiltseriesAggregate { aggregate { count groupBy { cameraManufacturer } } }
      methods: tomogramsAggregate { aggregate { count groupBy { reconstructionMethod } } }
      objects: annotationsAggregate { aggregate { count groupBy { objectName } } }
      software: annotationsAggregate { aggregate { count groupBy { annotationSoftware } } }
      shapes: annotationShapesAggregate { aggregate { count groupBy { shapeType } } }
      annotations: annotationsAggregate ${COUNT} }`,
    args: () => ({}),
  },
  {
    name: "objects_of_a_dataset",
    kind: "facet",
    query: `query ($dataset: Int) {
      annotationsAggregate(where: {run: {datasetId: {_eq: $dataset}}}) { aggregate { count groupBy { objectName } } } }`,
    args: ({ datasets }, at) => ({ dataset: datasets[(at * 7 + 4) % datasets.length] }),
  },
  {
    name: "runs_with_object",
    kind: "facet",
    query: `query ($object: String) {
      runs(where: {annotations: {objectName: {_eq: $object}}}, orderBy: [{id: asc}], limitOffset: {limit: 25}) { id name dataset { title } }
      runsAggregate(where: {annotations: {objectName: {_eq: $object}}}) ${COUNT} }`,
    args: (_, at) => ({ object: OBJECTS[at % OBJECTS.length][0] }),
  },
  {
    name: "datasets_with_objects",
    kind: "facet",
    query: `query ($objects: [String!]) {
      datasets(where: {runs: {annotations: {objectName: {_in: $objects}}}}, orderBy: [{releaseDate: desc}], limitOffset: {limit: 25}) { id title }
      datasetsAggregate(where: {runs: {annotations: {objectName: {_in: $objects}}}}) ${COUNT} }`,
    args: (_, at) => ({ objects: [OBJECTS[(at + 8) % OBJECTS.length][0], OBJECTS[(at + 13) % OBJECTS.length][0]] }),
  },
  {
    name: "datasets_with_shape",
    kind: "facet",
    query: `query ($shape: annotation_file_shape_type_enum, $object: String) {
      datasets(where: {runs: {annotations: {objectName: {_eq: $object}, annotationShapes: {shapeType: {_eq: $shape}}}}}, limitOffset: {limit: 25}) { id title }
      datasetsAggregate(where: {runs: {annotations: {objectName: {_eq: $object}}}}) ${COUNT} }`,
    args: (_, at) => ({
      shape: ["Point", "OrientedPoint", "SegmentationMask"][at % 3],
      object: OBJECTS[at % OBJECTS.length][0],
    }),
  },
  {
    name: "objects_by_organism",
    kind: "facet",
    query: `query ($organism: String) {
      annotationsAggregate(where: {run: {dataset: {organismName: {_eq: $organism}}}}) { aggregate { count groupBy { objectName } } } }`,
    args: (_, at) => ({ organism: ORGANISMS[at % ORGANISMS.length][0] }),
  },
  {
    name: "objects_by_text",
    kind: "facet",
    query: `query ($text: String) {
      annotations(where: {objectName: {_ilike: $text}}, limitOffset: {limit: 25}) { id objectName }
      annotationsAggregate(where: {objectName: {_ilike: $text}}) { aggregate { count groupBy { objectName } } } }`,
    args: (_, at) => ({ text: ["%ribo%", "%capsid%", "%filament%", "%ATP%", "%nothing%"][at % 5] }),
  },
  {
    name: "facets_of_datasets",
    kind: "facet",
    query: `query ($offset: Int) {
      datasets(limitOffset: {limit: 10, offset: $offset}, orderBy: [{releaseDate: desc}]) { id
        distinctObjectNames: runsAggregate { aggregate { count groupBy { annotations { objectName } } } } } }`,
    args: ({ datasets }, at) => ({ offset: (10 * at) % Math.max(10, datasets.length - 10) }),
  },
];

/** Filters of `catalog query --where`, for rows as `catalog-frames.mjs` makes them. */
export const WHERE_QUERIES = [
  { name: "metadata_equal", where: (at) => `metadata.Summary.Prefix = plate_${at % 400}` },
  { name: "metadata_range", where: (at) => `metadata.Summary.PixelSize_um < ${0.07 + (at % 5) / 100} and nbr_slices >= 10` },
  {
    name: "frame_and_metadata",
    where: (at) => `frame.MicroManagerMetadata.Channel = ch_${at % 8} and metadata.Summary.Prefix = plate_${at % 400}`,
  },
  { name: "frame_rare", where: (at) => `frame.MicroManagerMetadata.Note = "out of focus ${at % 40}"` },
  {
    name: "frame_two",
    where: (at) => `frame.MicroManagerMetadata.Channel = ch_${at % 8} and frame.MicroManagerMetadata.Gain = ${at % 50}`,
  },
  { name: "frame_range", where: (at) => `frame.MicroManagerMetadata.Exposure-ms >= ${990 + (at % 10)}` },
  { name: "frame_contains", where: (at) => `frame.MicroManagerMetadata.Note contains "focus ${at % 40}"` },
  {
    name: "frame_common",
    where: (at) => `frame.MicroManagerMetadata.Channel = ch_${at % 8} and metadata.Summary.PixelSize_um < 0.07`,
  },
];
