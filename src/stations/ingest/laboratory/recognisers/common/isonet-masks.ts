import type { Laboratory } from "../../survey/laboratory.js";
import { baseName, folderOf } from "./paths.js";

/**
 * A test for the masks of IsoNet, which say where it looked for density and are no annotations: `mask/X_mask.mrc` beside a folder that IsoNet makes, or in one
 * that is called after it, whatever somebody has added to the name.
 *
 * Source: make_mask in bin/isonet.py of https://github.com/IsoNet-cryoET/IsoNet
 */
export function isonetMasks(laboratory: Laboratory): (path: string) => boolean {
  const projects = new Set(
    laboratory
      .folders()
      .flatMap((folder) => (/^(?:corrected_tomos\w*|subtomo|deconv)$/i.test(baseName(folder)) ? [folderOf(folder)] : [])),
  );
  return (path) => {
    const folder = folderOf(path);
    return (
      /[_ ]mask(?:[ _.-][^/]*)?\.mrc$/i.test(path) &&
      /(?:^|[_ .-])masks?(?=[_ .-]|$)/i.test(baseName(folder)) &&
      (projects.has(folderOf(folder)) || /^isonet\d?$/i.test(baseName(folderOf(folder))))
    );
  };
}

/** Columns that tables of IsoNet and IsoNet2 have, and no other. */
export const isIsonetTable = (columns: readonly string[]): boolean =>
  ["rlnSnrFalloff", "rlnMaskBoundary", "rlnCubeSize"].some((one) => columns.includes(one)) ||
  (columns.includes("rlnNumberSubtomo") && columns.includes("rlnCorrectedTomoName"));
