import { AccessTag } from "../parts/access.js";
import { askCatalogue } from "../parts/api.js";
import { bytes, count, day, fixed, plural } from "../parts/format.js";
import { List } from "../parts/list/list.js";
import { by, type ListSpec, selection } from "../parts/list/spec.js";
import { useCrumbs } from "../parts/page.js";
import { countDatasetsQuery, type DatasetsResult, datasetContentsQuery, datasetsQuery } from "../queries/generated.js";

interface DatasetRow extends Readonly<DatasetsResult["datasets"][number]> {
  /** Voxel sizes of its tomograms in Å, small ones first. */
  readonly voxels: readonly number[];
  /** Names of what is annotated, the most frequent first. */
  readonly objects: readonly string[];
}

const runsOf = ({ runsAggregate }: DatasetRow) => runsAggregate?.aggregate?.[0]?.count ?? 0;

const OBJECTS_SHOWN = 2;

const datasetsSpec: ListSpec<DatasetRow> = {
  of: "datasets",
  one: "dataset",
  many: "datasets",
  columns: [
    { id: "title", title: "Title", width: 320, cell: ({ title }) => title, order: by("title") },
    {
      id: "organism",
      title: "Organism",
      width: 180,
      cell: ({ organismName }) => organismName,
      order: by("organismName"),
      absent: "none is named",
    },
    { id: "runs", title: "Runs", width: 64, isNumber: true, cell: (row) => count(runsOf(row)), value: runsOf },
    { id: "objects", title: "Objects", width: 200, cell: ({ objects }) => objects.join(", "), absent: "nothing is annotated" },
    {
      id: "voxel",
      title: "Voxel Å",
      width: 96,
      isNumber: true,
      cell: ({ voxels }) => voxels.map((size) => fixed(size)).join(" · "),
      absent: "no tomograms",
    },
    {
      id: "authors",
      title: "Authors",
      width: 220,
      cell: ({ authors }) => authors.edges.map(({ node }) => node.name).join(", "),
      absent: "nobody is named",
    },
    {
      id: "size",
      title: "Size",
      width: 80,
      isNumber: true,
      cell: ({ fileSize }) => bytes(fileSize),
      value: ({ fileSize }) => fileSize,
      absent: "its metadata do not say",
      order: by("fileSize"),
    },
    {
      id: "released",
      title: "Released",
      width: 104,
      cell: ({ id, releaseDate }) => (
        <>
          {day(releaseDate)} <AccessTag of="datasets" id={id} bare />
        </>
      ),
      value: ({ releaseDate }) => day(releaseDate),
      order: by("releaseDate"),
    },
    { id: "number", title: "Number", width: 72, isNumber: true, cell: ({ id }) => id, order: by("id") },
  ],
  to: ({ id }) => `/datasets/${id}`,
  nameOf: ({ title }) => title,
  query: datasetsQuery,
  rows: async (asked, signal) => {
    const { datasets } = await askCatalogue(datasetsQuery, asked, signal);
    if (datasets.length === 0) return [];
    const ids = datasets.map(({ id }) => id);
    const { tomogramsAggregate, annotationsAggregate } = await askCatalogue(datasetContentsQuery, { ids }, signal);
    const ofDataset = <T extends { groupBy: { run: { dataset: { id: number | null } | null } | null } | null }>(
      groups: readonly T[] | null | undefined,
      id: number,
    ) => groups?.filter(({ groupBy }) => groupBy?.run?.dataset?.id === id) ?? [];
    return datasets.map((row) => ({
      ...row,
      voxels: ofDataset(tomogramsAggregate.aggregate, row.id)
        .flatMap(({ groupBy }) => groupBy?.voxelSpacing ?? [])
        .sort((a, b) => a - b),
      objects: ofDataset(annotationsAggregate.aggregate, row.id)
        .sort((a, b) => (b.count ?? 0) - (a.count ?? 0))
        .flatMap(({ groupBy }) => groupBy?.objectName || []),
    }));
  },
  total: async (where, signal) =>
    (await askCatalogue(countDatasetsQuery, { where }, signal)).datasetsAggregate.aggregate?.[0]?.count ?? 0,
  wanted: async (rows) => (await selection()).wantedDatasets(rows),
  asFirst: "grid",
  card: {
    photo: ({ keyPhotoThumbnailUrl, keyPhotoUrl }) => ({ small: keyPhotoThumbnailUrl, large: keyPhotoUrl }),
    facts: (row) => (
      <>
        <span>
          <AccessTag of="datasets" id={row.id} bare />{" "}
          {[plural(runsOf(row), "run"), ...(row.fileSize ? [bytes(row.fileSize)] : [])].join(" · ")}
        </span>
        <span>{day(row.releaseDate)}</span>
      </>
    ),
    titleLines: [2, 3],
    sharesStart: true,
    lines: ({ organismName, objects }) => [
      organismName ?? "organism not reported",
      objects.slice(0, OBJECTS_SHOWN).join(", ") + (objects.length > OBJECTS_SHOWN ? ` +${objects.length - OBJECTS_SHOWN}` : ""),
    ],
    linesCount: 2,
    details: ({ title, objects, voxels, fileSize }) =>
      [
        title,
        objects.join(", "),
        voxels.length > 0 && `voxels of ${voxels.map((size) => fixed(size)).join(", ")} Å`,
        fileSize && bytes(fileSize),
      ]
        .filter(Boolean)
        .join("\n"),
  },
  empty: {
    why: "The catalogue has none: a tree is imported as it is served.",
    command: "emporium ingest run config.yaml INPUT TREE",
  },
};

export function Datasets() {
  useCrumbs({ label: "Datasets" });
  return <List spec={datasetsSpec} title="Datasets" />;
}
