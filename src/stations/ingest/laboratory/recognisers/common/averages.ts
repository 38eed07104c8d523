import type { Surveyed } from "../../survey/laboratory.js";
import { baseName } from "./paths.js";

/** Largest box of particles. */
const CUBE_MAX = 512;
const WORD =
  /(?:^|[_.\- ])(?:ref(?:erence)?s?|(?:average|avg)(?:s|vol)?|template|initial_?model|consensus|emd_\d+|class_?\d+|class|sta|run_half[12]|postprocess(?:_masked)?|relion_(?:half|merged)\w*|sphere|wedge|fsc_?mask|solvent_?mask|tight_?mask|align_?mask|alignment_?mask|ccmask)\d*(?=[_.\- ]|$)/i;
/** Names that programs give: `run_it025_class001.mrc` (RELION), `pi_AvgVol_4P120.mrc` (PEET), `average_ref_001_ite_0005.em` (Dynamo), `M_name_half1.mrc`. */
const OF_PROGRAMS =
  /^(?:run_(?:it\d+|ct\d+|half[12]|class\d+)\w*|postprocess\w*|merged|half[12])\.mrc$|_AvgVol_\d+P\d+|_Ref\d+\.(?:mrc|rec)$|_(?:half1|half2|filtsharp|filt|denoised|localres|fsc|corr)\.mrc$|^threed_\d+(?:_(?:even|odd))?\.(?:hdf|mrc)$/i;

function isCube({ volume }: Surveyed): boolean {
  if (!volume) return false;
  const [z, y, x] = volume.shape;
  return z > 1 && z === y && y === x && z <= CUBE_MAX;
}

/** A cube, or what is stored of its Fourier transform: one axis has half of the edge and one, as a CTF in three dimensions. */
export function isBox(file: Surveyed): boolean {
  if (!file.volume) return false;
  const [z, y, x] = file.volume.shape;
  return isCube(file) || (z > 1 && z === y && x === Math.floor(y / 2) + 1 && z <= CUBE_MAX);
}

/**
 * A particle that was cut out, or its CTF, by the names that RELION gives them: `TS_01_subtomo000012.mrc`, `TS_01_ctf000012.mrc`; RELION 5 writes the images
 * of each to `Subtomograms/TS_01/12_stack2d.mrcs`.
 */
export const isParticle = (file: Surveyed): boolean =>
  (isBox(file) && /_(?:subtomo|ctf)\d{6,}\.mrc$/i.test(file.path)) ||
  (isSquare(file) && /^\d+_stack2d\.mrcs$/i.test(baseName(file.path)));

function isSquare({ volume }: Surveyed): boolean {
  return volume !== undefined && volume.shape[1] === volume.shape[2] && volume.shape[2] <= CUBE_MAX;
}

/** A small cube that is called like an average of particles, a reference for them, or a mask around one. */
export function isAverage(file: Surveyed): boolean {
  const name = baseName(file.path);
  return isCube(file) && (WORD.test(name.replace(/\.[^.]+$/, "")) || OF_PROGRAMS.test(name));
}
