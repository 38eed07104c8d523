/**
 * Folders and keys of entities below an output: the portal's tree, folder by folder. Folders have no slash at their end; names
 * have passed `checkName`. Source: the layout that the public portal serves (its documentation spells some names otherwise; the
 * files do not).
 */
export function depositionFolder(deposition: string): string {
  return `depositions_metadata/${deposition}`;
}

export function depositionMetadataKey(deposition: string): string {
  return `${depositionFolder(deposition)}/deposition_metadata.json`;
}

export function datasetFolder(dataset: string): string {
  return dataset;
}

export function datasetMetadataKey(dataset: string): string {
  return `${datasetFolder(dataset)}/dataset_metadata.json`;
}

/** Key photos of a dataset or deposition. */
export function photoFolder(entityFolder: string): string {
  return `${entityFolder}/Images`;
}

export function runFolder(dataset: string, run: string): string {
  return `${datasetFolder(dataset)}/${run}`;
}

export function runMetadataKey(dataset: string, run: string): string {
  return `${runFolder(dataset, run)}/run_metadata.json`;
}

export const TILTSERIES_METADATA = "tiltseries_metadata.json";
export const ALIGNMENT_METADATA = "alignment_metadata.json";
export const TOMOGRAM_METADATA = "tomogram_metadata.json";

/** Folder of frames, the acquisition file and the metadata of both. It belongs to the run, without an id. */
export function frameFolder(run: string): string {
  return `${run}/Frames`;
}

export function mdocKey(run: string, runName: string): string {
  return `${frameFolder(run)}/${runName}.mdoc`;
}

export function framesMetadataKey(run: string): string {
  return `${frameFolder(run)}/frames_metadata.json`;
}

export function gainFolder(run: string): string {
  return `${run}/Gains`;
}

export interface TiltseriesKeys {
  mrc: string;
  /** Ends with `/`: a folder. */
  zarr: string;
  metadata: string;
  rawtilt: string;
}

export function tiltseriesKeys(folder: string, runName: string): TiltseriesKeys {
  return {
    mrc: `${folder}/${runName}.mrc`,
    zarr: `${folder}/${runName}.zarr/`,
    metadata: `${folder}/${TILTSERIES_METADATA}`,
    rawtilt: `${folder}/${runName}.rawtlt`,
  };
}

/** @param format as the configuration writes it */
export function ctfKey(tiltseriesFolder: string, runName: string, format: string): string {
  return `${tiltseriesFolder}/${runName}_${format}_ctf.txt`;
}

export interface IdentifiedObjectKeys {
  objects: string;
  metadata: string;
}

/** Keys of the one table of a run, whatever its id: the folder has no number. */
export function identifiedObjectKeys(run: string): IdentifiedObjectKeys {
  const folder = `${run}/IdentifiedObjects`;
  return { objects: `${folder}/identified_objects.json`, metadata: `${folder}/identified_objects_metadata.json` };
}

export function tiltseriesFolder(run: string, id: number | string): string {
  return `${run}/TiltSeries/${id}`;
}

export function alignmentFolder(run: string, id: number | string): string {
  return `${run}/Alignments/${id}`;
}

export function alignmentMetadataKey(run: string, id: number): string {
  return `${alignmentFolder(run, id)}/${ALIGNMENT_METADATA}`;
}

/** @param spacing voxel spacing with three decimals */
export function voxelSpacingFolder(run: string, spacing: string): string {
  return `${run}/Reconstructions/VoxelSpacing${spacing}`;
}

export function tomogramFolder(spacingFolder: string, id: number | string): string {
  return `${spacingFolder}/Tomograms/${id}`;
}

export interface TomogramKeys {
  mrc: string;
  /** Ends with `/`: a folder. */
  zarr: string;
  metadata: string;
  neuroglancer: string;
}

/** Folder of viewers' files: a folder for each file of an annotation, a document for each tomogram. */
export function precomputeFolder(spacingFolder: string): string {
  return `${spacingFolder}/NeuroglancerPrecompute`;
}

export function tomogramKeys(spacingFolder: string, id: number, runName: string): TomogramKeys {
  const folder = tomogramFolder(spacingFolder, id);
  return {
    mrc: `${folder}/${runName}.mrc`,
    zarr: `${folder}/${runName}.zarr/`,
    metadata: `${folder}/${TOMOGRAM_METADATA}`,
    neuroglancer: `${precomputeFolder(spacingFolder)}/${id}-neuroglancer_config.json`,
  };
}

export function keyImageKey(spacingFolder: string, tomogramId: number, name: string): string {
  return `${spacingFolder}/Images/${tomogramId}/key-photo-${name}.png`;
}
