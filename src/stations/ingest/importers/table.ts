import { acquisition } from "./acquisition.js";
import { alignment } from "./alignment.js";
import { annotation } from "./annotation.js";
import { dataset } from "./dataset.js";
import { deposition } from "./deposition.js";
import { frame } from "./frame.js";
import { gain } from "./gain.js";
import { identifiedObject } from "./identified-object.js";
import type { Importer } from "./importer.js";
import { keyImage } from "./key-image.js";
import { datasetKeyPhoto, depositionKeyPhoto } from "./key-photos.js";
import { run } from "./run.js";
import { tiltseries } from "./tiltseries.js";
import { ctf, rawtilt } from "./tiltseries-files.js";
import { tomogram } from "./tomogram.js";
import { viewConfig } from "./view-config.js";
import { voxelSpacing } from "./voxel-spacing.js";

/**
 * Every imported kind, in the order of `model/kinds.ts`, except that a kind follows those whose plans it needs, and an entity's
 * metadata follow everything in it. Finding has no order: items are found when they are first needed.
 */
export const IMPORTERS: readonly Importer[] = [
  gain,
  acquisition,
  frame,
  tiltseries,
  rawtilt,
  ctf,
  voxelSpacing,
  alignment,
  tomogram,
  annotation,
  keyImage,
  viewConfig,
  identifiedObject,
  run,
  datasetKeyPhoto,
  dataset,
  depositionKeyPhoto,
  deposition,
];
