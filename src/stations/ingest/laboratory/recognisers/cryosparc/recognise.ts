import type { Claim, Recogniser } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { baseName, folderOf } from "../common/paths.js";

const JOB = /^J\d+$/;
/** What lies in the folder of each job, and in no other one that is called so. */
const SIGN = /^events\.bson$|\.csg$/;
/** What lies beside the folders of jobs. */
const OF_PROJECT = /^(?:project|workspaces|job_manifest|dataset_manifest)\.json$|^cs\.lock$/;

/**
 * Names of cryoSPARC's volumes and stacks, which people copy out of its folders: `J34_005_volume_map_half_A.mrc`, `cryosparc_P12_J6_020_class_averages.mrc`,
 * `J8_class_00_final_volume.mrc`, `013361838351298364391_MOVIE_patch_aligned_doseweighted.mrc`.
 */
const NAMES: readonly RegExp[] = [
  /^(?:cryosparc_P\d+_)?J\d+_(?:\d{3,5}_|class_\d+_(?:\w+_)?)?(?:volume_(?:map|mask|series)\w*|class_averages|templates_selected)\.mrcs?$/i,
  /^(?:cryosparc_P\d+_)?J\d+_class_\d+_(?:\w+_)?volume\.mrc$/i,
  /_(?:patch|rigid)_aligned(?:_doseweighted)?\.mrc$/i,
  /^\d{18,21}_.+_(?:background|particles)(?:_fp16)?\.mrc$/i,
];

/**
 * cryoSPARC works on single particles: its micrographs, stacks of particles, class averages, maps and masks are nothing of a tomogram, and their headers are those of
 * tilt series and tomograms.
 *
 * Sources: https://guide.cryosparc.com/application-guide-v4.0+/low-level-results-interface; names as in https://github.com/I2PC/scipion-em-cryosparc2
 */
export const cryosparc: Recogniser = {
  id: "cryosparc",
  software: "cryoSPARC, single particles",
  async recognise(laboratory) {
    const jobs = jobsOf(laboratory);
    const projects = new Set([...jobs].map(folderOf));
    const claims: Claim[] = [];
    for (const { path, volume, format } of laboratory.files) {
      const isOfJob = isIn(jobs, path) || (projects.has(folderOf(path)) && OF_PROJECT.test(baseName(path)));
      const isImage = volume !== undefined || format === "tiff" || format === "eer";
      if (!isOfJob && !(isImage && NAMES.some((form) => form.test(baseName(path))))) continue;
      const because = isImage ? "a result of cryoSPARC, which works on single particles" : "a project file of cryoSPARC";
      claims.push({ path, role: "left out", because, strength: isOfJob ? "bookkeeping" : "contents" });
    }
    if (claims.length === 0) return undefined;
    const by = jobs.size > 0 ? [...jobs] : claims.map(({ path }) => path);
    return { software: "cryoSPARC, single particles", by: by.slice(0, 3), claims };
  },
};

/** Folders of jobs, by what lies in them. */
function jobsOf(laboratory: Laboratory): ReadonlySet<string> {
  const isJob = (folder: string) =>
    JOB.test(baseName(folder)) &&
    laboratory.inFolder(folder).some(({ path, format }) => format === "cryosparc" || SIGN.test(baseName(path)));
  return new Set(laboratory.folders().filter(isJob));
}

function isIn(jobs: ReadonlySet<string>, path: string): boolean {
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) if (jobs.has(path.slice(0, at))) return true;
  return false;
}
