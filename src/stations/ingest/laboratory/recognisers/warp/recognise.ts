import { few } from "../../../../../core/finding.js";
import { parseWarpXml } from "../../../../../formats/alignment/warp.js";
import type { Claim, Details, MissingFrames, Recogniser } from "../../claims.js";
import type { Surveyed } from "../../survey/laboratory.js";
import { baseName, folderOf, tailFinder, within } from "../common/paths.js";
import { orReason } from "../common/reading.js";
import { setSpacing } from "../common/volumes.js";
import { claimGains } from "./gains.js";
import { metadataClaim } from "./metadata.js";
import { claimPoints } from "./points.js";
import { type Found, readProject, type Series, VOLUME } from "./project.js";
import { type Kind, kindOf } from "./results.js";

/**
 * Warp, WarpTools and M: a `.tomostar` names a tilt series and the frames of its tilts; results lie in folders of fixed names below that of the processing,
 * and are called after the series and their voxel size: `warp_tiltseries/reconstruction/TS_1_10.00Apx.mrc`.
 *
 * Source: https://warpem.github.io/warp/user_guide/warptools/quick_start_warptools_tilt_series/, its reference pages on data flow, denoising and particle
 * files, and the names in `TiltSeries.cs`, `Movie.cs` and `Species.cs` of https://github.com/warpem/warp
 */
export const warp: Recogniser = {
  id: "warp",
  software: "Warp, WarpTools, M",
  async recognise(laboratory) {
    const project = await readProject(laboratory);
    if (!project) return undefined;
    const found: Found = { laboratory, project, claims: [], notes: [...project.notes], goneGains: [] };
    for (const [path, of] of project.again)
      found.claims.push({
        path,
        role: "left out",
        because: `metadata of Warp, whose results are with ${of}`,
        strength: "bookkeeping",
      });
    const missingFrames = claimFrames(found);
    const stacks = await claimResults(found);
    claimGains(found);
    const { questions } = await claimPoints(found);
    if (stacks.strange.length > 0)
      found.notes.push(`${few(stacks.strange)} ${stacks.strange.length === 1 ? "is" : "are"} of no tilt series that Warp knows.`);
    return {
      software: softwareOf(project),
      by: [
        ...project.settings.map(({ path }) => path),
        ...project.series.flatMap(({ tomostar }) => tomostar ?? []),
        ...project.tiltFolders,
        ...project.frameFolders,
      ].slice(0, 3),
      claims: found.claims,
      questions,
      missingFrames,
      notes: found.notes,
      goneGains: found.goneGains,
    };
  },
};

/** Warp 1 calls its lists after the stack, and both have the same XML. */
const softwareOf = ({ series }: Found["project"]): "WarpTools" | "Warp" =>
  series.some(({ tomostar }) => tomostar !== undefined && !/\.mrc\.tomostar$/i.test(tomostar)) ? "WarpTools" : "Warp";

const FRAME_FORMATS: readonly unknown[] = ["tiff", "eer", "mrc"];

/** Frames by the names in `.tomostar` files, which point to the folder of results: Warp looks for them in the data folder of the settings. */
function claimFrames({ laboratory, project, claims }: Found): MissingFrames[] {
  const { frameFolders, tiltFolders } = project;
  const candidates = laboratory.files.filter(
    ({ path, format }) =>
      FRAME_FORMATS.includes(format) && resultOf(path, frameFolders) === undefined && resultOf(path, tiltFolders) === undefined,
  );
  const finder = tailFinder(candidates.map(({ path }) => path));
  const near = project.settings.find(({ isTilts, dataFolder }) => !isTilts && dataFolder !== undefined)?.dataFolder;
  const missing: MissingFrames[] = [];
  for (const { run, tomostar, list, movies } of project.series) {
    if (list === undefined) continue;
    if (tomostar !== undefined)
      claims.push({
        path: tomostar,
        role: "left out",
        run,
        because: "Warp's list of the tilts of a series",
        strength: "bookkeeping",
      });
    let count = 0;
    for (const movie of movies) {
      const path = finder.find(movie, near);
      if (path === undefined) continue;
      count++;
      claims.push({ path, role: "frame", run, because: `${baseName(list)} names it`, strength: "bookkeeping" });
    }
    if (count < movies.length) missing.push({ run, by: list, found: count, of: movies.length });
  }
  return missing;
}

/** The folder of results that a file lies below, but not in. */
function resultOf(path: string, folders: ReadonlySet<string>): { folder: string; rest: string } | undefined {
  for (let at = folderOf(path); ; at = folderOf(at)) {
    if (folders.has(at)) {
      const rest = folderOf(path).slice(at === "" ? 0 : at.length + 1);
      return rest === "" ? undefined : { folder: at, rest };
    }
    if (at === "") return undefined;
  }
}

async function claimResults(found: Found): Promise<{ strange: string[] }> {
  const { laboratory, project, claims } = found;
  const { frameFolders, tiltFolders } = project;
  const strange: string[] = [];
  for (const folder of laboratory.folders()) {
    const own = nearest(folder, frameFolders, tiltFolders);
    if (own === undefined) continue;
    const rest = folder.slice(own === "" ? 0 : own.length + 1);
    const kind = kindOf(folder === own ? "" : rest, { isTilts: tiltFolders.has(own), isFrames: frameFolders.has(own) });
    if (kind === undefined) continue;
    for (const file of laboratory.inFolder(folder)) {
      const claim = await claimOf(found, file, { kind, rest });
      if (claim === "strange") strange.push(file.path);
      else if (claim) claims.push(claim);
    }
  }
  return { strange };
}

function nearest(folder: string, ...sets: readonly ReadonlySet<string>[]): string | undefined {
  for (let at = folder; ; at = folderOf(at)) {
    if (sets.some((set) => set.has(at))) return at;
    if (at === "") return undefined;
  }
}

interface Place {
  readonly kind: Kind;
  /** Folder below that of the results. */
  readonly rest: string;
}

async function claimOf(found: Found, file: Surveyed, { kind, rest }: Place): Promise<Claim | "strange" | undefined> {
  const { laboratory, project } = found;
  const { path } = file;
  const name = baseName(path);
  const leave = (because: string, run?: string): Claim => ({ path, role: "left out", run, because, strength: "bookkeeping" });
  if (typeof kind === "object") return leave(kind.leftOut);
  if (kind === "metadata") return metadataClaim(laboratory, project, file);
  if (kind === "stack") return stackClaim(found, file, baseName(folderOf(path)));
  if (kind === "matching") {
    // lists of points are claimed elsewhere
    if (/_(?:corr|angleid)\.(?:mrc|tiff?)$/i.test(name)) return leave("scores or angles of the matching, for each voxel");
    return /\.(?:png|json)$/i.test(name) ? leave("a project file of Warp") : undefined;
  }
  if (/\.png$/i.test(name)) return leave("a picture for display");
  const [, stem, pixel] = VOLUME.exec(name) ?? [];
  if (stem === undefined) return undefined;
  const series = project.find(stem, path);
  if (!series) return "strange";
  const folder = baseName(rest).toLowerCase();
  return volumeClaim(file, series, { folder, pixelAngstrom: Number(pixel), software: softwareOf(project) });
}

function volumeClaim(
  { path, volume }: Surveyed,
  { run, tomostar }: Series,
  { folder, pixelAngstrom, software }: { readonly folder: string; readonly pixelAngstrom: number; readonly software: string },
): Claim {
  const strength = tomostar === undefined ? "contents" : "bookkeeping";
  const spacing = volume && setSpacing(volume);
  const isTold = spacing === undefined || Math.abs(spacing / pixelAngstrom - 1) > 0.01;
  const details: Details = {
    ...(isTold && { spacingAngstrom: pixelAngstrom }),
    reconstructionSoftware: software,
    reconstructionMethod: "Fourier Space",
    ctfCorrected: true,
  };
  const claim = (role: Claim["role"], because: string, more: Details): Claim => ({
    path,
    role,
    run,
    because,
    strength,
    details: { ...details, ...more },
  });
  if (folder === "even" || folder === "odd")
    return claim("half map", `Warp reconstructed it from half of the data of ${run}: the ${folder} half`, {});
  if (folder === "deconv")
    return claim("tomogram", `Warp deconvolved its tomogram of ${run}`, {
      processing: "filtered",
      processingSoftware: software,
    });
  if (folder === "denoised")
    return claim("tomogram", `Warp denoised its tomogram of ${run}`, { processing: "denoised", processingSoftware: "Noise2Map" });
  return claim("tomogram", `Warp calls its tomograms of ${run} so`, { processing: "raw" });
}

/** Files of `tiltstack/X`: the stack that Warp made for the alignment, and what the alignment gave. Folders of etomo and AreTomo are theirs. */
async function stackClaim({ laboratory, project }: Found, file: Surveyed, stem: string): Promise<Claim | undefined> {
  const { path } = file;
  const series = project.find(stem, path);
  const name = baseName(path);
  const rest = name.startsWith(stem) ? name.slice(stem.length).toLowerCase() : undefined;
  if (!series || rest === undefined) return undefined;
  const { run } = series;
  const claim = (role: Claim["role"], because: string, details?: Details): Claim => ({
    path,
    role,
    run,
    because,
    strength: "bookkeeping",
    ...(details && { details }),
  });
  if (rest === ".st")
    return claim(
      "tilt series",
      `Warp stacked the tilts of ${run} for their alignment`,
      await imagingOf(laboratory, within(folderOf(folderOf(folderOf(path))), `${stem}.xml`)),
    );
  if (rest === ".rawtlt") return claim("raw tilts", `Warp wrote it beside the stack of ${run}`);
  const isOfOthers = [".edf", ".aln", ".st.aln"].some((end) => laboratory.get(within(folderOf(path), `${stem}${end}`)));
  if (isOfOthers || !/^(?:_st)?\.(?:xf|tlt)$/.test(rest)) return undefined;
  return claim("alignment", `Warp reads the alignment of ${run} from it`, { format: "IMOD" });
}

/** Tilt axis and voltage of a series, as Warp worked with them. */
async function imagingOf(laboratory: Found["laboratory"], path: string): Promise<Details | undefined> {
  const text = await laboratory.text(path);
  const read = text === undefined ? undefined : await orReason(() => parseWarpXml(text, path));
  if (!read || "reason" in read) return undefined;
  const { tilts, ctf } = read.value;
  const kilovolts = ctf.get("Voltage") ?? 0;
  return {
    tiltAxisDegrees: Number(tilts[Math.floor(tilts.length / 2)]!.axisAngleDegrees.toFixed(2)),
    ...(kilovolts > 0 && { voltage: kilovolts * 1000 }),
  };
}
