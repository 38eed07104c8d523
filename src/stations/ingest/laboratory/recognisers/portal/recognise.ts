import { fewFiles } from "../../../../../core/finding.js";
import type { JsonObject } from "../../../../../core/json.js";
import { jsonList, jsonObject, jsonText } from "../../../../../core/json-fields.js";
import { counted } from "../../../../../core/units.js";
import type { Claim, Question, Recogniser } from "../../claims.js";
import { stableId } from "../../questions.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { jsonOf } from "../common/json.js";
import { baseName, distinctNames, folderOf, within } from "../common/paths.js";
import {
  type Entity,
  entityOf,
  isNamedAnnotation,
  metadataOfAnnotation,
  OF_THE_PORTAL,
  POINTS_OF_THE_PORTAL,
} from "./entities.js";

/**
 * The CryoET Data Portal's own layout, as it is downloaded or as emporium writes it: its metadata say what each file is. Annotations that were downloaded one
 * by one are known by their names.
 */
export const portal: Recogniser = {
  id: "portal",
  software: "CryoET Data Portal",
  async recognise(laboratory) {
    const folders = runFolders(laboratory);
    const single = singleAnnotations(laboratory, folders);
    if (folders.size === 0 && single.length === 0) return undefined;
    const names = distinctNames([...folders].map((folder) => ({ name: baseName(folder), folder: folderOf(folder) })));
    const runs = new Map([...folders].map((folder, at) => [folder, names[at]!]));
    const datasets = new Set([...folders].map(folderOf));
    const read = new Map<string, Promise<JsonObject | undefined>>();
    const metadataOf = (path: string) => {
      const known = read.get(path) ?? jsonOf(laboratory, path);
      read.set(path, known);
      return known;
    };
    const claims: Claim[] = single.flatMap((path) => claimsOfSingle(laboratory, path));
    for (const { path } of laboratory.files) {
      const folder = runOf(path, runs);
      const claim =
        folder === undefined ? aboveRuns(path, datasets) : await claimOf(laboratory, path, folder, runs.get(folder)!, metadataOf);
      if (claim) claims.push(claim);
    }
    const points = claims.filter(({ path }) => /\.ndjson$/i.test(path)).map(({ path }) => path);
    const notes =
      points.length === 0
        ? []
        : [
            `Points as the portal writes them (${fewFiles(points)}) are not published: export them as copick's JSON, or as a table (csv) in voxels.`,
          ];
    const unread: string[] = [];
    for (const [path, document] of read) if (laboratory.get(path) && (await document) === undefined) unread.push(path);
    if (unread.length > 0)
      notes.push(`No JSON can be read in ${fewFiles(unread)}: what the portal says of these files is not known.`);
    const questions = await downloadQuestions(laboratory, { claims, runs, datasets, metadataOf });
    const asked = new Set(questions.flatMap(({ files }) => files));
    return {
      ...{ software: "CryoET Data Portal", by: [...folders, ...single].slice(0, 3) },
      ...{ claims: claims.filter(({ path }) => !asked.has(path)), questions, notes },
    };
  },
};

/** Annotations that lie elsewhere than in the folder of a run. */
const singleAnnotations = (laboratory: Laboratory, folders: ReadonlySet<string>): string[] => {
  const runs = new Map([...folders].map((folder) => [folder, folder]));
  return laboratory.files.flatMap(({ path }) => (isNamedAnnotation(path) && runOf(path, runs) === undefined ? [path] : []));
};

/** Points, and metadata beside annotations; of which run a mask is, nothing here tells. */
function claimsOfSingle(laboratory: Laboratory, path: string): Claim[] {
  const leave = (of: string, because: string): Claim => ({ path: of, role: "left out", because, strength: "bookkeeping" });
  const metadata = metadataOfAnnotation(path);
  return [
    ...(/\.ndjson$/.test(path) ? [leave(path, POINTS_OF_THE_PORTAL)] : []),
    ...(laboratory.get(metadata) ? [leave(metadata, "metadata of the portal")] : []),
  ];
}

interface Trees {
  readonly claims: readonly Claim[];
  /** By their folders. */
  readonly runs: ReadonlyMap<string, string>;
  readonly datasets: ReadonlySet<string>;
  readonly metadataOf: (path: string) => Promise<JsonObject | undefined>;
}

/**
 * Beside volumes of a laboratory's own, a dataset in the portal's layout is most likely somebody's that was downloaded, such as to train a network with it.
 * Whether it is to be published once more is asked. Where nothing else lies there it is what the person has come with.
 */
async function downloadQuestions(laboratory: Laboratory, { claims, runs, datasets, metadataOf }: Trees): Promise<Question[]> {
  const isInside = (path: string, folder: string) => folder === "" || path.startsWith(`${folder}/`);
  const hasOthers = laboratory.files.some(
    ({ path, volume }) => volume && ![...datasets].some((folder) => isInside(path, folder)),
  );
  if (!hasOthers) return [];
  const questions: Question[] = [];
  for (const folder of datasets) {
    const own = claims.filter(({ path, role }) => role !== "left out" && datasetOf(path, runs) === folder);
    if (own.length === 0) continue;
    const document = await metadataOf(within(folder, "dataset_metadata.json"));
    const [first, ...more] = jsonList(document?.authors).flatMap((author) => jsonText(jsonObject(author)?.name) ?? []);
    const title = jsonText(document?.dataset_title);
    const what = [title, first && `${first}${more.length > 0 ? " and others" : ""}`].filter(Boolean).join(", by ");
    const count = new Set(own.map(({ run }) => run)).size;
    questions.push({
      id: stableId("portal", folder),
      text: `Should ${folder} be published?`,
      why: `It is a dataset in the layout of the CryoET Data Portal${what === "" ? "" : ` (${what})`}, with ${counted(count, "run")}, downloaded or written by an earlier ingest, and there are other data next to it.`,
      files: own.map(({ path }) => path),
      options: [
        {
          answer: "leave-out",
          says: "no: it is on the portal already, or was made from the other data",
          claims: own.map(({ path, run }) => ({
            ...{ path, role: "left out", run, because: OF_THE_PORTAL, strength: "bookkeeping" },
          })),
        },
        { answer: "publish", says: "yes: published", claims: own },
      ],
      guess: "leave-out",
    });
  }
  return questions;
}

function datasetOf(path: string, runs: ReadonlyMap<string, string>): string | undefined {
  const run = runOf(path, runs);
  return run === undefined ? undefined : folderOf(run);
}

const OF_RUN =
  /^(?:(.*)\/)?(?:run_metadata\.json|Frames\/frames_metadata\.json|(?:TiltSeries|Alignments)\/(?:[^/]+\/)?(?:tiltseries|alignment)_metadata\.json|Reconstructions\/VoxelSpacing[\d.]+\/(?:Tomograms|CanonicalTomogram)\/(?:[^/]+\/)?tomogram_metadata\.json)$/;

/** The layout itself, where somebody has not fetched the metadata: numbers of entities below folders that only the portal calls so. */
const BY_LAYOUT =
  /^(.*)\/Reconstructions\/VoxelSpacing\d+\.\d{3}\/(?:(?:Tomograms|Annotations)\/\d+|CanonicalTomogram|Tomograms)\/[^/]+\.(?:mrc|zarr|ndjson|glb)$/;

function runFolders(laboratory: Laboratory): Set<string> {
  return new Set(laboratory.files.flatMap(({ path }) => OF_RUN.exec(path)?.[1] ?? BY_LAYOUT.exec(path)?.[1] ?? []));
}

function runOf(path: string, runs: ReadonlyMap<string, string>): string | undefined {
  for (let folder = folderOf(path); folder !== ""; folder = folderOf(folder)) if (runs.has(folder)) return folder;
  return undefined;
}

/** Metadata and pictures of datasets and depositions. */
function aboveRuns(path: string, datasets: ReadonlySet<string>): Claim | undefined {
  const isMetadata = /(?:^|\/)(?:dataset|deposition)_metadata\.json$/.test(path);
  const folder = folderOf(path);
  const isPicture = baseName(folder) === "Images" && datasets.has(folderOf(folder));
  if (!isMetadata && !isPicture) return undefined;
  const because = isMetadata ? "metadata of the portal" : "made for viewers of the portal";
  return { path, role: "left out", because, strength: "bookkeeping" };
}

async function claimOf(
  laboratory: Laboratory,
  path: string,
  folder: string,
  run: string,
  metadataOf: (path: string) => Promise<JsonObject | undefined>,
): Promise<Claim | undefined> {
  const entity = entityOf(path.slice(folder.length + 1));
  if (!entity) return undefined;
  const leave = (because: string): Claim => ({ path, role: "left out", run, because, strength: "bookkeeping" });
  if (entity.reason !== undefined) return leave(entity.reason);
  const twin = path.replace(/\.zarr$/, ".mrc");
  if (twin !== path && laboratory.get(twin)) return leave(`the same as ${baseName(twin)}`);
  const details = await detailsOf(entity, folder, metadataOf);
  const because = "its place in the portal's layout says so";
  return { path, role: entity.role, run, because, strength: "bookkeeping", ...(details && { details }) };
}

async function detailsOf(
  { metadata, details }: Entity,
  folder: string,
  metadataOf: (path: string) => Promise<JsonObject | undefined>,
): Promise<Claim["details"]> {
  if (!details) return undefined;
  const document = metadata === undefined ? undefined : await metadataOf(within(folder, metadata));
  const all = Object.entries(details(document)).filter(([, value]) => value !== undefined);
  return all.length === 0 ? undefined : Object.fromEntries(all);
}
