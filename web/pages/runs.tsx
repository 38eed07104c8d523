import { sameSpacing } from "../../src/model/voxel-spacing.js";
import { askCatalogue } from "../parts/api.js";
import { angstrom, count, fixed, plural } from "../parts/format.js";
import { List } from "../parts/list/list.js";
import { by, type ListSpec, selection } from "../parts/list/spec.js";
import { useCrumbs } from "../parts/page.js";
import { countRunsQuery, type RunsResult, runsQuery } from "../queries/generated.js";

export type RunRow = RunsResult["runs"][number];

const tomogramOf = ({ tomograms }: RunRow) => tomograms.edges[0]?.node;
const tiltOf = ({ tiltseries }: RunRow) => tiltseries.edges[0]?.node;
const tiltsOf = (row: RunRow) => {
  const tilt = tiltOf(row);
  return tilt && `${fixed(tilt.tiltMin, 0)} to ${fixed(tilt.tiltMax, 0)}`;
};
const annotationsOf = ({ annotationsAggregate }: RunRow) => annotationsAggregate?.aggregate?.[0]?.count ?? 0;
const tomogramsOf = ({ tomogramsAggregate }: RunRow) => tomogramsAggregate?.aggregate?.[0]?.count ?? 0;
const sizeOf = (row: RunRow) => {
  const { sizeX, sizeY, sizeZ } = tomogramOf(row) ?? {};
  return sizeX === undefined ? undefined : `${sizeX} × ${sizeY} × ${sizeZ}`;
};
/**
 * Contradictions between the catalogue's facts of a run: its voxel spacing against the folder, and against the pixels of the tilt
 * series.
 */
function faultsOf(row: RunRow): readonly string[] {
  const { voxelSpacing: voxel, tomogramVoxelSpacing } = tomogramOf(row) ?? {};
  const folder = tomogramVoxelSpacing?.voxelSpacing;
  const pixel = tiltOf(row)?.pixelSpacing;
  if (typeof voxel !== "number") return [];
  return [
    ...(typeof folder === "number" && !sameSpacing(voxel, folder) ? [`voxel ${fixed(voxel)} Å, folder ${fixed(folder)} Å`] : []),
    // reconstructions are binned, never finer than what was recorded
    ...(typeof pixel === "number" && voxel < pixel && !sameSpacing(voxel, pixel)
      ? [`voxel ${fixed(voxel)} Å, pixels of the tilt series ${fixed(pixel)} Å`]
      : []),
  ];
}
const NO_TOMOGRAM = "no tomogram of it is the one to show first";
/** Quality of the tilt series from 1 to 5, as the portal rates it. */
const starsOf = (row: RunRow) => tiltOf(row)?.tiltSeriesQuality;

export const runsSpec: ListSpec<RunRow> = {
  of: "runs",
  one: "run",
  many: "runs",
  columns: [
    { id: "name", title: "Name", width: 220, cell: ({ name }) => name, order: by("name") },
    {
      id: "tomograms",
      title: "Tomograms",
      width: 88,
      isNumber: true,
      cell: (row) => count(tomogramsOf(row)),
      value: tomogramsOf,
    },
    {
      id: "annotations",
      title: "Annotations",
      width: 96,
      isNumber: true,
      cell: (row) => count(annotationsOf(row)),
      value: annotationsOf,
    },
    {
      id: "dataset",
      title: "Dataset",
      width: 260,
      cell: ({ dataset }) => dataset && `${dataset.id} ${dataset.title}`,
      value: ({ dataset }) => dataset?.id ?? null,
      order: by("dataset", "title"),
    },
    {
      id: "voxel",
      title: "Voxel Å",
      width: 72,
      isNumber: true,
      cell: (row) => {
        const text = fixed(tomogramOf(row)?.voxelSpacing);
        const faults = faultsOf(row).join("; ");
        return faults === "" ? (
          text
        ) : (
          <span className="warn" title={faults}>
            ⚠ {text}
          </span>
        );
      },
      value: (row) => tomogramOf(row)?.voxelSpacing ?? null,
      absent: NO_TOMOGRAM,
    },
    { id: "size", title: "Size x × y × z", width: 140, cell: sizeOf, absent: NO_TOMOGRAM },
    { id: "tilt", title: "Tilt °", width: 96, cell: tiltsOf, absent: "no tilt series in the catalogue" },
    {
      id: "quality",
      title: "Quality ★",
      width: 80,
      isNumber: true,
      cell: (row) => starsOf(row),
      absent: "nobody has rated a tilt series of it",
    },
    {
      id: "faults",
      title: "⚠",
      width: 160,
      cell: (row) => {
        const text = faultsOf(row).join("; ");
        return (
          text && (
            <span className="warn" title={text}>
              ⚠ {text}
            </span>
          )
        );
      },
      value: (row) => faultsOf(row).join("; "),
      absent: "the catalogue, the folder and the tilt series agree, as far as they are known",
    },
    {
      id: "released",
      title: "Released",
      width: 96,
      cell: ({ dataset }) => dataset?.releaseDate.slice(0, 10),
      order: by("dataset", "releaseDate"),
    },
  ],
  to: ({ id }) => `/runs/${id}`,
  nameOf: ({ name }) => name,
  query: runsQuery,
  rows: async (asked, signal) => (await askCatalogue(runsQuery, asked, signal)).runs,
  total: async (where, signal) =>
    (await askCatalogue(countRunsQuery, { where }, signal)).runsAggregate.aggregate?.[0]?.count ?? 0,
  wanted: async (rows, signal) =>
    (await selection()).wantedRuns(
      rows.map(({ id }) => id),
      signal,
    ),
  asFirst: "grid",
  card: {
    photo: (row) => {
      const tomogram = tomogramOf(row);
      return tomogram && { small: tomogram.keyPhotoThumbnailUrl, large: tomogram.keyPhotoUrl };
    },
    strip: (row) => {
      const tomogram = tomogramOf(row);
      return tomogram && `tomogram:${tomogram.id}`;
    },
    facts: (row) => {
      const stars = starsOf(row);
      const parts = [
        `${faultsOf(row).length > 0 ? "⚠ " : ""}${angstrom(tomogramOf(row)?.voxelSpacing)}`,
        plural(annotationsOf(row), "annotation"),
        ...(stars ? [`★${stars}`] : []),
      ];
      return parts.join(" · ");
    },
    titleLines: [1, 2],
    linesCount: 0,
    details: (row) =>
      [row.dataset?.title, sizeOf(row), tiltsOf(row) && `${tiltsOf(row)}°`, ...faultsOf(row)].filter(Boolean).join("\n"),
  },
  empty: {
    why: "The catalogue has none: a tree is imported as it is served.",
    command: "emporium ingest run config.yaml INPUT TREE",
  },
};

/** List of all runs, to be gone through by eye. */
export function Runs() {
  useCrumbs({ label: "Runs" });
  return <List spec={runsSpec} title="Runs" />;
}
