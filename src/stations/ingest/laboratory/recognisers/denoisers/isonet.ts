import { readStar } from "../../../../../formats/star/read.js";
import type { Claim } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { baseName, folderOf, type TailFinder } from "../common/paths.js";
import { orReason } from "../common/reading.js";

const FOLDERS = /^(?:deconv|mask|subtomo|results|corrected)/i;
const BYTES_MAX = 1024 * 1024;
const RESULTS: readonly (readonly [column: string, role: "tomogram" | "left out", processing?: "filtered" | "denoised"])[] = [
  ["rlnCorrectedTomoName", "tomogram", "denoised"],
  ["rlnDeconvTomoName", "tomogram", "filtered"],
  ["rlnMaskName", "left out"],
];

/**
 * The files that IsoNet's own tables name: corrected and deconvolved tomograms, masks, pieces for the training. A table of IsoNet has columns that
 * nothing else has.
 *
 * Source: bin/isonet.py and util/metadata.py in https://github.com/IsoNet-cryoET/IsoNet
 */
export async function isonetClaims(laboratory: Laboratory, finder: TailFinder): Promise<Claim[]> {
  const parents = new Set(laboratory.folders().flatMap((folder) => (FOLDERS.test(baseName(folder)) ? [folderOf(folder)] : [])));
  const claims: Claim[] = [];
  for (const folder of parents) {
    let isProject = false;
    for (const { path, format, size } of laboratory.inFolder(folder)) {
      if (!/\.star$/i.test(path) || format !== "text" || size > BYTES_MAX) continue;
      const read = await orReason(async () => readStar(await laboratory.open(path)));
      const tables = "value" in read ? read.value : [];
      const own = tables.filter(({ columns }) =>
        ["rlnSnrFalloff", "rlnMaskBoundary", "rlnCubeSize"].some((one) => columns.includes(one)),
      );
      if (own.length === 0) continue;
      isProject = true;
      claims.push({ path, role: "left out", because: "bookkeeping of IsoNet", strength: "bookkeeping" });
      for (const { columns, rows } of own) {
        for (const [column, role, processing] of RESULTS) {
          const at = columns.indexOf(column);
          for (const row of at < 0 ? [] : rows) {
            const found = finder.find(row[at]!, folder, (one) => laboratory.get(one)!.volume !== undefined);
            if (found === undefined) continue;
            const because =
              role === "left out"
                ? "where IsoNet looked for density: no annotation"
                : `${baseName(path)} names it as ${processing}`;
            const details = processing && { processing, processingSoftware: "IsoNet" };
            claims.push({ path: found, role, because, strength: "bookkeeping", ...(details && { details }) });
          }
        }
      }
    }
    if (isProject) claims.push(...piecesOf(laboratory, folder));
  }
  return unique(claims);
}

function piecesOf(laboratory: Laboratory, root: string): Claim[] {
  const below = root === "" ? "" : `${root}/`;
  return laboratory.folders().flatMap((folder) => {
    const [first = ""] = folder.startsWith(below) ? folder.slice(below.length).split("/") : [];
    if (!/^(?:subtomo|results)/i.test(first)) return [];
    return laboratory
      .inFolder(folder)
      .map(({ path }): Claim => ({ path, role: "left out", because: "of the training of IsoNet", strength: "bookkeeping" }));
  });
}

function unique(claims: readonly Claim[]): Claim[] {
  return [...new Map(claims.map((claim) => [`${claim.path}\0${claim.role}\0${claim.details?.processing}`, claim])).values()];
}
