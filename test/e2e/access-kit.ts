import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { EntityName } from "../../src/catalog/entities.js";
import { openPortalApi } from "../../src/catalog/graphql/open.js";
import { portalOverview } from "../../src/catalog/portal-overview.js";
import { manualClock } from "../../src/core/clock.js";
import { type Log, silentLog } from "../../src/core/log.js";
import { mrcHeaderBytes } from "../../src/formats/mrc/write.js";
import type { Place } from "../../src/server/places.js";
import { type Portal, type PortalOptions, servePortal } from "../../src/server/portal.js";
import { openTokens } from "../../src/server/tokens.js";
import { treePlace } from "../peers/serve-kit.js";
import { writeFiles, zarrFiles } from "../zarr-volume.js";
import { type PortalDatabase, portalDatabase, type TableRow } from "./graphql-kit.js";

/** What somebody may or may not see: a small table, from which rows, files and what is expected are made. */
export interface Thing {
  readonly kind: "dataset" | "deposition" | "tomogram" | "annotation" | "tiltseries";
  readonly id: number;
  readonly dataset?: number;
  readonly deposition?: number;
  /** Number in the names of the tree. */
  readonly number?: number;
  /** Folder of its spacing. */
  readonly spacing?: string;
  /** A word that nothing else has. */
  readonly word: string;
}

export const DEPOSITIONS = [
  { id: 501, release: "2024-01-01" },
  { id: 502, release: "2027-06-01" },
  { id: 503, release: "2024-01-01" },
  { id: 504, release: "2024-01-01" },
  { id: 505, release: "2026-01-01" },
] as const;

export const DATASETS = [
  { id: 10001, deposition: 501, release: "2024-01-01" },
  { id: 10002, deposition: 501, release: "2027-02-01" },
  { id: 10003, deposition: 501, release: "2024-01-01" },
  { id: 10004, deposition: 504, release: "2024-01-01" },
  { id: 10005, deposition: 504, release: "2024-01-01" },
  { id: 10006, deposition: 503, release: "2024-01-01" },
  { id: 10007, deposition: 505, release: "2026-01-01" },
] as const;

/** What others than the dataset's own depositors have handed in, by dataset. */
const GUESTS = [
  { kind: "annotation", dataset: 10001, deposition: 502, spacing: "10.000" },
  { kind: "annotation", dataset: 10001, deposition: 503, spacing: "10.000" },
  { kind: "tomogram", dataset: 10001, deposition: 502, spacing: "10.000" },
  { kind: "tomogram", dataset: 10005, deposition: 503, spacing: "5.000" },
  { kind: "annotation", dataset: 10005, deposition: 503, spacing: "5.000" },
  { kind: "annotation", dataset: 10003, deposition: 502, spacing: "10.000" },
  { kind: "tiltseries", dataset: 10005, deposition: 502, spacing: "10.000" },
] as const;

export const RULES = `
proxy: {trusted: [127.0.0.1], user: x-forwarded-user, groups: x-forwarded-groups}
groups:
  membrane-lab: [ada, max]
datasets:
  10001: public
  10002: embargoed
  10003: {for: [membrane-lab, eve], until: 2027-01-31}
  10004: {for: [eve]}
  10007: embargoed
depositions:
  502: embargoed
  503: {for: [membrane-lab]}
  505: embargoed
links:
  - {name: reviewer 2, datasets: [10003, 10006], depositions: [503], key: "sha256:LINK", until: 2027-03-01}
`;

export const runOf = (dataset: number) => `${dataset}/TS_${dataset % 100}`;
const words =
  "alder birch cedar dogwood elm fir gorse hazel ivy juniper kapok larch maple nutmeg oak pine quince rowan spruce teak ulmo viburnum willow yew zelkova abaca balsa cacao durian ebony fig guava hickory iroko jujube katsura lime mango neem olive pecan".split(
    " ",
  );

/** The things with a word each. */
export function allThings(): Thing[] {
  const found: Omit<Thing, "word">[] = [];
  for (const { id } of DEPOSITIONS) found.push({ kind: "deposition", id, deposition: id });
  const numbers = new Map<string, number>();
  const add = (kind: "tomogram" | "annotation" | "tiltseries", dataset: number, deposition: number, spacing: string) => {
    const place = `${kind} ${dataset} ${spacing}`;
    const number = numbers.get(place) ?? 100;
    numbers.set(place, number + 1);
    found.push({ kind, id: 20000 + found.length, dataset, deposition, number, spacing });
  };
  for (const { id, deposition } of DATASETS) {
    found.push({ kind: "dataset", id, dataset: id, deposition });
    for (const kind of ["tiltseries", "tomogram", "annotation"] as const) add(kind, id, deposition, "10.000");
  }
  for (const { kind, dataset, deposition, spacing } of GUESTS) add(kind, dataset, deposition, spacing);
  return found.map((one, at) => ({ ...one, word: words[at]! }));
}

/** Folder of a thing within a run, or of the dataset or deposition. */
export function folderOf({ kind, id, dataset, number, spacing }: Thing): string {
  const run = runOf(dataset ?? 0);
  switch (kind) {
    case "dataset":
      return `${id}`;
    case "deposition":
      return `depositions_metadata/${id}`;
    case "tiltseries":
      return `${run}/TiltSeries/${number}`;
    case "tomogram":
      return `${run}/Reconstructions/VoxelSpacing${spacing}/Tomograms/${number}`;
    case "annotation":
      return `${run}/Reconstructions/VoxelSpacing${spacing}/Annotations/${number}`;
  }
}

/** The file of a thing that is asked for. */
export function fileOf(thing: Thing): string {
  const folder = folderOf(thing);
  const { kind, word, dataset = 0 } = thing;
  if (kind === "dataset" || kind === "deposition") return `${folder}/${kind}_metadata.json`;
  return kind === "annotation" ? `${folder}/${word}-1.0_point.ndjson` : `${folder}/TS_${dataset % 100}.mrc`;
}

const DATES = { deposition_date: "2024-01-01", release_date: "2024-01-01", last_modified_date: "2024-01-01" };
const at = (key: string) => ({ s3: `s3://portal/${key}`, https: `http://127.0.0.1:8080/files/${key}` });

export function rowsOf(things: readonly Thing[]): Map<EntityName, TableRow[]> {
  const rows = new Map<EntityName, TableRow[]>();
  const add = (name: EntityName, row: TableRow) => rows.set(name, [...(rows.get(name) ?? []), row]);
  const wordOf = (kind: string, id: number) => things.find((one) => one.kind === kind && one.id === id)!.word;
  for (const { id, release } of DEPOSITIONS) {
    add("Deposition", {
      ...DATES,
      id,
      title: `Deposition of ${wordOf("deposition", id)}`,
      description: "x",
      release_date: release,
    });
  }
  for (const { id, deposition, release } of DATASETS) {
    const [own, run] = [at(`${id}/`), at(`${runOf(id)}/`)];
    const title = `Cells with ${wordOf("dataset", id)}`;
    const organism = `Genus ${wordOf("dataset", id)}`;
    add("Dataset", {
      ...DATES,
      id,
      deposition_id: deposition,
      title,
      description: "x",
      organism_name: organism,
      release_date: release,
      s3_prefix: own.s3,
      https_prefix: own.https,
    });
    add("Run", { id: 1000 + id, dataset_id: id, name: `TS_${id % 100}`, s3_prefix: run.s3, https_prefix: run.https });
    add("Alignment", { id: 3000 + id, run_id: 1000 + id, deposition_id: deposition });
  }
  const spacings = [
    ...new Set(things.flatMap(({ dataset, spacing }) => (spacing === undefined ? [] : [`${dataset} ${spacing}`]))),
  ];
  const spacingId = (dataset: number, spacing: string) => 4000 + spacings.indexOf(`${dataset} ${spacing}`);
  for (const one of spacings) {
    const [dataset, spacing] = one.split(" ") as [string, string];
    const own = at(`${runOf(Number(dataset))}/Reconstructions/VoxelSpacing${spacing}/`);
    add("TomogramVoxelSpacing", {
      id: spacingId(Number(dataset), spacing),
      run_id: 1000 + Number(dataset),
      voxel_spacing: Number(spacing),
      s3_prefix: own.s3,
      https_prefix: own.https,
    });
  }
  for (const thing of things) {
    const { kind, id, dataset = 0, deposition = 0, spacing = "", word } = thing;
    const of = { id, run_id: 1000 + dataset, deposition_id: deposition };
    const file = at(fileOf(thing));
    if (kind === "tiltseries")
      add("Tiltseries", {
        ...of,
        ...TILTSERIES,
        s3_mrc_file: file.s3,
        https_mrc_file: file.https,
        microscope_model: `Krios ${word}`,
      });
    if (kind === "tomogram") {
      const config = thing.number === 100 ? JSON.stringify(stateOf(things, dataset, spacing)) : null;
      add("Tomogram", {
        ...of,
        ...TOMOGRAM,
        alignment_id: 3000 + dataset,
        tomogram_voxel_spacing_id: spacingId(dataset, spacing),
        name: word,
        s3_mrc_file: file.s3,
        https_mrc_file: file.https,
        neuroglancer_config: config,
      });
    }
    if (kind !== "annotation") continue;
    const metadata = at(`${folderOf(thing)}/${word}-1.0.json`);
    add("Annotation", {
      ...DATES,
      ...of,
      tomogram_voxel_spacing_id: spacingId(dataset, spacing),
      s3_metadata_path: metadata.s3,
      https_metadata_path: metadata.https,
      annotation_method: "manual",
      annotation_ingest_id: "x",
      object_id: "GO:1",
      object_name: word,
      method_type: "manual",
      object_count: 1,
    });
    add("AnnotationShape", { id, annotation_id: id, shape_type: "Point" });
    add("AnnotationFile", {
      id,
      alignment_id: 3000 + dataset,
      annotation_shape_id: id,
      tomogram_voxel_spacing_id: spacingId(dataset, spacing),
      format: "ndjson",
      s3_path: file.s3,
      https_path: file.https,
      is_visualization_default: true,
    });
  }
  return rows;
}

const TILTSERIES = {
  acceleration_voltage: 300,
  spherical_aberration_constant: 2.7,
  microscope_manufacturer: "TFS",
  microscope_energy_filter: "x",
  camera_manufacturer: "Gatan",
  camera_model: "K3",
  tilt_min: -60,
  tilt_max: 60,
  tilt_range: 120,
  tilt_step: 3,
  tilting_scheme: "x",
  tilt_axis: 84,
  total_flux: 120,
  data_acquisition_software: "SerialEM",
  tilt_series_quality: 4,
  is_aligned: true,
  pixel_spacing: 1,
};
const TOMOGRAM = {
  size_x: 4,
  size_y: 3,
  size_z: 2,
  voxel_spacing: 10,
  fiducial_alignment_status: "FIDUCIAL",
  reconstruction_method: "WBP",
  processing: "raw",
  reconstruction_software: "IMOD",
  offset_x: 0,
  offset_y: 0,
  offset_z: 0,
  is_visualization_default: true,
};

/** Name of the folder that viewers draw an annotation from. */
export const viewFolder = ({ number, word }: Thing) => `${number}-${word}-1.0_point`;

function stateOf(things: readonly Thing[], dataset: number, spacing: string): object {
  const base = `https://elsewhere.example/files/${runOf(dataset)}/Reconstructions/VoxelSpacing${spacing}`;
  const own = things.filter((one) => one.kind === "annotation" && one.dataset === dataset && one.spacing === spacing);
  return {
    layers: [
      { name: "volume", type: "image", source: `zarr://${base}/Tomograms/100/TS_${dataset % 100}.zarr` },
      ...own.map((one) => ({
        name: one.word,
        type: "annotation",
        source: `precomputed://${base}/NeuroglancerPrecompute/${viewFolder(one)}`,
      })),
    ],
  };
}

/** The tree's files: volumes, points and documents. */
function writeTree(tree: string, things: readonly Thing[]): void {
  const put = (key: string, body: string | Uint8Array) => {
    mkdirSync(dirname(join(tree, key)), { recursive: true });
    writeFileSync(join(tree, key), body);
  };
  const head = mrcHeaderBytes({
    kind: "tomogram",
    shape: [2, 3, 4],
    dtype: "int16",
    voxelSizeAngstrom: [10, 10, 10],
    statistics: { min: 0, max: 0, mean: 0, rms: 0 },
    dateMs: 0,
  });
  const mrc = new Uint8Array(Buffer.concat([head, Buffer.alloc(48, 7)]));
  for (const thing of things) {
    const { kind, word, dataset = 0, number, spacing } = thing;
    if (kind === "dataset" || kind === "deposition") put(fileOf(thing), JSON.stringify({ title: word }));
    else if (kind === "annotation") {
      put(fileOf(thing), `${JSON.stringify({ type: "point", location: { x: 1, y: 1, z: 1 } })}\n`);
      put(`${folderOf(thing)}/${word}-1.0.json`, JSON.stringify({ annotation_object: { name: word } }));
      put(
        `${runOf(dataset)}/Reconstructions/VoxelSpacing${spacing}/NeuroglancerPrecompute/${viewFolder(thing)}/info`,
        JSON.stringify({ word }),
      );
    } else put(fileOf(thing), mrc);
    if (kind !== "tomogram") continue;
    writeFiles(
      join(tree, folderOf(thing), `TS_${dataset % 100}.zarr`),
      zarrFiles({ shape: [2, 3, 4], dtype: "int16", chunk: [2, 3, 4] }),
    );
    put(`${runOf(dataset)}/Reconstructions/VoxelSpacing${spacing}/Images/${number}/key-photo-snapshot.png`, word);
    put(
      `${runOf(dataset)}/Reconstructions/VoxelSpacing${spacing}/NeuroglancerPrecompute/${number}-neuroglancer_config.json`,
      JSON.stringify(stateOf(things, dataset, spacing!)),
    );
  }
  for (const { id } of DATASETS) put(`${runOf(id)}/run_metadata.json`, "{}");
}

export interface AccessLab {
  readonly folder: string;
  readonly tree: string;
  readonly file: string;
  readonly things: readonly Thing[];
  readonly database: PortalDatabase;
  readonly clock: ReturnType<typeof manualClock>;
  readonly tokens: Readonly<Record<string, string>>;
  /** Another server of the same catalogue and tree. */
  serve(options?: Partial<PortalOptions> & { rules?: string | null; others?: readonly Place[] }): Promise<Portal>;
  stop(): Promise<void>;
}

export const LINK = "link-key-of-reviewer-2-000000000000000000";

/** A tree, its catalogue, tokens and rules; a clock that begins on a day of 2026. */
export async function accessLab(hashOf: (text: string) => string, startMs: number): Promise<AccessLab> {
  const folder = mkdtempSync(join(tmpdir(), "emporium-access-"));
  const tree = join(folder, "tree");
  const things = allThings();
  writeTree(tree, things);
  const database = await portalDatabase(rowsOf(things));
  const clock = manualClock(startMs);
  const tokens = Object.fromEntries(["ada", "eve", "lars", "root"].map((name) => [name, `token-of-${name}-${"0".repeat(32)}`]));
  const tokenFile = join(folder, "tokens");
  writeFileSync(
    tokenFile,
    Object.entries(tokens)
      .map(([name, token]) => `${name} ${name === "root" ? "write" : "read"} ${token}\n`)
      .join(""),
    { mode: 0o600 },
  );
  const file = join(folder, "access.yaml");
  const portals: Portal[] = [];
  return {
    ...{ folder, tree, file, things, database, clock, tokens },
    async serve({ rules = RULES, others = [], ...options } = {}) {
      if (rules !== null) writeFileSync(file, rules.replace("LINK", hashOf(LINK)));
      chmodSync(folder, 0o755);
      const place = treePlace(tree);
      const { pool } = database.reader;
      const log: Log = options.log ?? silentLog;
      const overview = await portalOverview(pool);
      const portal = await servePortal({
        places: [place, ...others],
        catalogue: {
          place,
          pool,
          api: openPortalApi({ pool, log }),
          state: () => ({ place: place.id, state: "ready", ...overview }),
        },
        bucket: "portal",
        version: "0",
        clock,
        ...(rules !== null && { access: { file, tokens: openTokens(tokenFile, () => clock.now()).tokens } }),
        ...options,
      });
      portals.push(portal);
      return portal;
    },
    async stop() {
      for (const portal of portals) await portal.close();
      await database.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
