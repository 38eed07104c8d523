import { fewFiles } from "../../../../../core/finding.js";
import type { Claim, Details, Recogniser } from "../../claims.js";
import { baseName, distinctNames, folderOf, within } from "../common/paths.js";
import { setSpacing } from "../common/volumes.js";

/**
 * A project of copick: `ExperimentRuns/RUN` with `VoxelSpacing10.000/TYPE.zarr`, `Picks/USER_SESSION_OBJECT.json` in Å and
 * `Segmentations/10.000_USER_SESSION_NAME.zarr`.
 *
 * Source: README.md and docs of https://github.com/copick/copick
 */
export const copick: Recogniser = {
  id: "copick",
  software: "copick",
  async recognise(laboratory) {
    const own = laboratory.files.flatMap(({ path }) => {
      const [, root, name, place] = /^((?:.*\/)?)ExperimentRuns\/([^/]+)\/(.+)$/.exec(path) ?? [];
      return place === undefined ? [] : [{ path, folder: `${root}ExperimentRuns/${name}`, place }];
    });
    if (!own.some(({ place }) => IN_RUN.test(place))) return undefined;
    const folders = [...new Set(own.map(({ folder }) => folder))];
    const withTomogram = new Set(own.flatMap(({ place, folder }) => (/^VoxelSpacing/.test(place) ? [folder] : [])));
    const runs = runsOf(folders, withTomogram);
    const claims = own.flatMap(({ path, folder, place }): Claim[] => {
      const volume = laboratory.get(path)!.volume;
      const found = partOf(place, volume && setSpacing(volume) !== undefined);
      const run = runs.get(folder);
      if (!found) return [];
      const { role, because = "its place in the project of copick says so", details } = found;
      return [{ path, role, run, because, strength: "bookkeeping", ...(details && { details }) }];
    });
    const roots = new Set(folders.flatMap((folder) => [folderOf(folderOf(folder)), projectOf(folder)]));
    for (const root of roots) {
      for (const { path, format } of laboratory.inFolder(root))
        if (format === "text" && /copick.*\.json$|^config\.json$/i.test(baseName(path)))
          claims.push({ path, role: "left out", because: "the configuration of copick", strength: "bookkeeping" });
      for (const folder of ["Objects", "ParticleMrcs"].map((one) => within(root, one)))
        for (const { path } of laboratory.inFolder(folder))
          claims.push({ path, role: "left out", because: "a particle that copick shows", strength: "bookkeeping" });
    }
    const many = claims.filter(({ because }) => because === MANY).map(({ path }) => path);
    const notes = many.length === 0 ? [] : [`${fewFiles(many)}: ${MANY}; save each of them as a volume of its own.`];
    return { software: "copick", by: folders.slice(0, 3), claims, notes };
  },
};

/** Roots of one project: what is fixed, and what people and programs add to it. Source: static_root and overlay_root of copick's configuration */
const LAYER = /(?:^|[_.-])(?:static|overlay)(?=[_.-]|$)/i;

function projectOf(run: string): string {
  const root = folderOf(folderOf(run));
  return LAYER.test(baseName(root)) ? folderOf(root) : root;
}

/**
 * The run of each folder. An overlay beside its static root has the runs of that, and picks without a tomogram beside them are of the only folder of their
 * name that has one; where there are several, nothing tells of which.
 */
function runsOf(folders: readonly string[], withTomogram: ReadonlySet<string>): Map<string, string | undefined> {
  const keyOfRun = (folder: string) => within(projectOf(folder), baseName(folder));
  const known = [...new Map([...withTomogram].map((folder) => [keyOfRun(folder), folder])).values()];
  const names = distinctNames(known.map((folder) => ({ name: baseName(folder), folder: projectOf(folder) })));
  const byKey = new Map(known.map((folder, at) => [keyOfRun(folder), names[at]!]));
  return new Map(
    folders.map((folder) => {
      const alike = known.flatMap((one, at) => (baseName(one) === baseName(folder) ? [names[at]!] : []));
      return [folder, byKey.get(keyOfRun(folder)) ?? (alike.length === 1 ? alike[0] : undefined)];
    }),
  );
}

const MANY = "several objects in one volume of labels";
const IN_RUN = /^(?:VoxelSpacing[\d.]+\/[^/]+\.zarr|Picks\/[^/]+\.json|Segmentations\/[^/]+\.zarr)$/;

interface Part extends Pick<Claim, "role"> {
  readonly because?: string | undefined;
  readonly details?: Details | undefined;
}

/** @param hasSpacing the volume itself says how large its voxels are */
function partOf(place: string, hasSpacing: boolean | undefined): Part | undefined {
  const [, spacing, type] = /^VoxelSpacing([\d.]+)\/([^/]+)\.zarr$/.exec(place) ?? [];
  if (type !== undefined) {
    if (/_features$/.test(type)) return { role: "left out", because: "features that a model computed" };
    return { role: "tomogram", details: { ...processingOf(type), ...(!hasSpacing && { spacingAngstrom: Number(spacing) }) } };
  }
  const object = /^Picks\/[^/_]+_[^/_]+_([^/]+)\.json$/.exec(place)?.[1];
  if (object !== undefined)
    return { role: "points", because: `copick's picks of ${object}`, details: { object: object.replaceAll("-", " ") } };
  const [, voxel, name] = /^Segmentations\/([\d.]+)_[^/_]+_[^/_]+_([^/]+)\.zarr$/.exec(place) ?? [];
  if (name !== undefined) {
    if (name.endsWith("-multilabel")) return { role: "left out", because: MANY };
    return { role: "mask", details: { object: name.replaceAll("-", " "), label: 1, spacingAngstrom: Number(voxel) } };
  }
  const mesh = /^Meshes\/[^/_]+_[^/_]+_([^/]+)\.glb$/.exec(place)?.[1];
  return mesh === undefined ? undefined : { role: "mesh", details: { object: mesh.replaceAll("-", " ") } };
}

/** As people call the types of tomograms: `wbp`, `denoised`, `isonetcorrected`, `ctfdeconvolved`. */
function processingOf(type: string): Pick<Details, "processing" | "reconstructionMethod"> {
  if (/denois|cryocare|isonet|topaz|ddw/i.test(type)) return { processing: "denoised" };
  if (/deconv|filter/i.test(type)) return { processing: "filtered" };
  return /^(?:wbp|raw|sirt|sart)$/i.test(type)
    ? { processing: "raw", ...(/wbp/i.test(type) && { reconstructionMethod: "WBP" }) }
    : {};
}
