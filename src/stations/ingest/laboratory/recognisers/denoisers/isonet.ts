import { readStar, type StarTable } from "../../../../../formats/star/read.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { isIsonetTable } from "../common/isonet-masks.js";
import { stemOf } from "../common/names.js";
import { baseName, folderOf, type TailFinder } from "../common/paths.js";
import { orReason } from "../common/reading.js";

const FOLDERS = /^(?:deconv|mask|subtomo|results|corrected)/i;
/** Tables lie where somebody wanted them: `tomograms.star`, `isonet2_tomos_bin_4.star`. */
const NAME = /(?:isonet|tomos?|tomograms?)[^/]*\.star$/i;
const BYTES_MAX = 1024 * 1024;
const READS_IN_FLIGHT = 8;

interface Result {
  readonly column: string;
  readonly role: "tomogram" | "half map" | "left out";
  readonly processing?: "filtered" | "denoised" | undefined;
  readonly words: string;
}
const RESULTS: readonly Result[] = [
  { column: "rlnCorrectedTomoName", role: "tomogram", processing: "denoised", words: "denoised" },
  { column: "rlnDenoisedTomoName", role: "tomogram", processing: "denoised", words: "denoised" },
  { column: "rlnDeconvTomoName", role: "tomogram", processing: "filtered", words: "filtered" },
  { column: "rlnTomoReconstructedTomogramHalf1", role: "half map", words: "half 1" },
  { column: "rlnTomoReconstructedTomogramHalf2", role: "half map", words: "half 2" },
  { column: "rlnMaskName", role: "left out", words: "mask" },
];
/** What the results of a row are made of: the first that is there. */
const MADE_OF = ["rlnTomoName", "rlnMicrographName", "rlnTomoReconstructedTomogramHalf1"];

/**
 * The files that IsoNet's own tables name: corrected, denoised and deconvolved tomograms, halves, masks, pieces for the training. What was put in is claimed
 * by whoever made it. A table of IsoNet has columns that nothing else has.
 *
 * Source: bin/isonet.py and util/metadata.py in https://github.com/IsoNet-cryoET/IsoNet; prepare_star, deconv, make_mask and predict in bin/isonet.py of IsoNet2
 */
export async function isonetClaims(laboratory: Laboratory, finder: TailFinder): Promise<Claim[]> {
  const parents = new Set(laboratory.folders().flatMap((folder) => (FOLDERS.test(baseName(folder)) ? [folderOf(folder)] : [])));
  const stars = laboratory.files.filter(
    ({ path, format, size }) =>
      /\.star$/i.test(path) &&
      format === "text" &&
      size <= BYTES_MAX &&
      (NAME.test(baseName(path)) || parents.has(folderOf(path))),
  );
  const claims: Claim[] = [];
  const projects = new Set<string>();
  const read = await mapLimit(stars, READS_IN_FLIGHT, async ({ path }) => {
    const tables = await orReason(async () =>
      readStar(await laboratory.open(path), ({ columns }) => (isIsonetTable(columns) ? "read" : "skip")),
    );
    return "value" in tables ? { path, tables: tables.value } : undefined;
  });
  for (const { path, tables } of read.filter((one) => one !== undefined)) {
    const own = tables.filter(({ columns }) => isIsonetTable(columns));
    if (own.length === 0) continue;
    projects.add(folderOf(path));
    claims.push({ path, role: "left out", because: "a project file of IsoNet", strength: "bookkeeping" });
    for (const table of own) claims.push(...rowClaims(laboratory, finder, path, table));
  }
  for (const folder of projects) claims.push(...piecesOf(laboratory, folder));
  claims.push(...previewsOf(laboratory));
  return unique(claims);
}

const PREVIEW = /^corrected_epochs(\d+)_(.+)$/i;

/**
 * What IsoNet2 predicts now and then while it learns, `corrected_epochs10_METHOD_ARCH_NAME.mrc`, beside what it predicts after more epochs or in the end. Of one preview
 * alone nothing tells that it is not the end.
 *
 * Source: `output_prefix` of denoise, refine and predict in bin/isonet.py of IsoNet2
 */
function previewsOf(laboratory: Laboratory): Claim[] {
  const volumes = laboratory.files.filter(({ path, volume }) => volume && PREVIEW.test(stemOf(path)));
  const results = volumes.length === 0 ? [] : laboratory.files.filter(({ volume }) => volume);
  return volumes.flatMap(({ path, volume }): Claim[] => {
    const [, epochs, rest] = PREVIEW.exec(stemOf(path))!;
    // the folders of a training and of its predictions lie in one
    const project = folderOf(folderOf(path));
    const later = results.find((other) => {
      const stem = stemOf(other.path);
      const own = PREVIEW.exec(stem);
      const isLater = own ? own[2] === rest && Number(own[1]) > Number(epochs) : stem.endsWith(`_${rest}`);
      const isSameSize = other.volume!.shape.every((length, axis) => length === volume!.shape[axis]);
      return isLater && isSameSize && (project === "" || other.path.startsWith(`${project}/`));
    });
    if (!later) return [];
    const because = `of the training of IsoNet, after ${epochs} epochs: ${later.path} is there`;
    return [{ path, role: "left out", because, strength: "bookkeeping" }];
  });
}

function rowClaims(laboratory: Laboratory, finder: TailFinder, path: string, { columns, rows }: StarTable): Claim[] {
  const software = columns.includes("rlnTomoName") ? "IsoNet2" : "IsoNet";
  const isNamed = (name: string | undefined): name is string => name !== undefined && !/^(?:none)?$/i.test(name);
  const find = (name: string | undefined) =>
    !isNamed(name) ? undefined : finder.find(name, folderOf(path), (one) => laboratory.get(one)!.volume !== undefined);
  return rows.flatMap((row) => {
    const at = (column: string) => find(row[columns.indexOf(column)]);
    const [original] = MADE_OF.flatMap((column) => at(column) ?? []);
    const halves = RESULTS.flatMap(({ column, role }) => (role === "half map" ? (at(column) ?? []) : []));
    const isOfHalves = RESULTS.every(({ column, role }) => role !== "half map" || isNamed(row[columns.indexOf(column)]));
    // IsoNet2 averages the halves, which may be gone since: what lies in its folder is no result of its network
    const average: Claim[] =
      original === undefined || original !== at("rlnTomoName") || !isOfHalves
        ? []
        : [
            {
              ...{ path: original, role: "tomogram", ...(halves[0] && { sameRunAs: halves[0] }), strength: "contents" },
              ...{ because: `${baseName(path)} has it beside its two halves`, details: { processing: "raw" } },
            },
          ];
    const results = RESULTS.flatMap(({ column, role, processing, words }): Claim[] => {
      const file = at(column);
      if (file === undefined || (file === original && role !== "half map")) return [];
      const because =
        role === "left out" ? "where IsoNet looked for density: no annotation" : `${baseName(path)} names it as ${words}`;
      return [
        {
          path: file,
          role,
          because,
          strength: "bookkeeping",
          ...(processing && { details: { processing, processingSoftware: software } }),
          ...(role === "tomogram" && original !== undefined && { sameRunAs: original }),
        },
      ];
    });
    return [...average, ...results];
  });
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
