import { useSearch } from "@tanstack/react-router";
import { askCatalogue } from "../parts/api.js";
import { ABSENT, count, fixed } from "../parts/format.js";
import { List } from "../parts/list/list.js";
import { by, type ListSpec, selection } from "../parts/list/spec.js";
import { useCrumbs } from "../parts/page.js";
import { allShapeWords, objectsOf } from "../parts/value-words.js";
import { type AnnotationsResult, annotationsQuery, countAnnotationsQuery } from "../queries/generated.js";

type Row = AnnotationsResult["annotations"][number];

const shapesOf = ({ annotationShapes }: Row) => annotationShapes.edges.map(({ node }) => node.shapeType);
const objects = (row: Row) => objectsOf(row.objectCount, shapesOf(row));

const alignmentsOf = ({ annotationShapes }: Row): readonly number[] => [
  ...new Set(
    annotationShapes.edges.flatMap(({ node }) => node.annotationFiles.edges.flatMap((file) => file.node.alignmentId ?? [])),
  ),
];

const NOT_COMPARED = "it was not compared with a ground truth";

const spec: ListSpec<Row> = {
  of: "annotations",
  one: "annotation",
  many: "annotations",
  columns: [
    { id: "object", title: "Object", width: 240, cell: ({ objectName }) => objectName, order: by("objectName") },
    { id: "shape", title: "Shape", width: 140, cell: (row) => allShapeWords(shapesOf(row)), absent: "it has no files" },
    {
      id: "n",
      title: "n",
      width: 64,
      isNumber: true,
      cell: (row) => count(objects(row)),
      value: objects,
      order: by("objectCount"),
      absent: "nobody has counted",
    },
    { id: "go", title: "Id", width: 120, cell: ({ objectId }) => objectId, order: by("objectId") },
    { id: "run", title: "Run", width: 160, cell: ({ run }) => run?.name, order: by("run", "name"), absent: "of no run" },
    { id: "method", title: "Method", width: 96, cell: ({ methodType }) => methodType, order: by("methodType") },
    {
      id: "software",
      title: "Software",
      width: 160,
      cell: ({ annotationSoftware }) => annotationSoftware,
      order: by("annotationSoftware"),
      absent: "none is named",
    },
    {
      id: "precision",
      title: "Precision %",
      width: 88,
      isNumber: true,
      cell: ({ confidencePrecision }) => fixed(confidencePrecision, 1),
      value: ({ confidencePrecision }) => confidencePrecision,
      order: by("confidencePrecision"),
      absent: NOT_COMPARED,
    },
    {
      id: "recall",
      title: "Recall %",
      width: 80,
      isNumber: true,
      cell: ({ confidenceRecall }) => fixed(confidenceRecall, 1),
      value: ({ confidenceRecall }) => confidenceRecall,
      order: by("confidenceRecall"),
      absent: NOT_COMPARED,
    },
    {
      id: "truth",
      title: "Ground truth",
      width: 96,
      cell: ({ groundTruthStatus }) => (groundTruthStatus ? "✓ yes" : ABSENT),
      value: ({ groundTruthStatus }) => groundTruthStatus,
      order: by("groundTruthStatus"),
      absent: "it is no ground truth",
    },
    {
      id: "alignment",
      title: "Alignment",
      width: 88,
      isNumber: true,
      cell: (row) => alignmentsOf(row).join(", "),
      value: (row) => alignmentsOf(row).join(", "),
      absent: "its files name no alignment",
    },
    {
      id: "deposition",
      title: "Deposition",
      width: 88,
      isNumber: true,
      cell: ({ depositionId }) => depositionId,
      order: by("depositionId"),
      absent: "of no deposition",
    },
  ],
  to: ({ id }) => `/annotations/${id}`,
  nameOf: ({ objectName, run }) => (run ? `${objectName} of ${run.name}` : objectName),
  query: annotationsQuery,
  rows: async (asked, signal) => (await askCatalogue(annotationsQuery, asked, signal)).annotations,
  total: async (where, signal) =>
    (await askCatalogue(countAnnotationsQuery, { where }, signal)).annotationsAggregate.aggregate?.[0]?.count ?? 0,
  wanted: async (rows, signal) =>
    (await selection()).wantedAnnotations(
      rows.map(({ id }) => id),
      signal,
    ),
  asFirst: "table",
  empty: {
    why: "No run of the catalogue has one.",
    command: "emporium ingest run config.yaml INPUT TREE --import-annotations",
  },
};

/** Annotations of all runs, or of those of one dataset. */
export function Annotations() {
  const { dataset } = useSearch({ strict: false }) as { dataset?: number };
  useCrumbs({ label: "Annotations" });
  const fixed = dataset !== undefined && {
    where: { run: { datasetId: { _eq: dataset } } },
    given: { id: "dataset", label: `Dataset: ${dataset}` },
  };
  return <List key={dataset} spec={spec} {...(fixed && { fixed })} title="Annotations" />;
}
