import { isWarpLocal, parseWarpXml } from "../../../../../formats/alignment/warp.js";
import { parseWarpCtf } from "../../../../../formats/ctf/warp.js";
import type { Claim } from "../../claims.js";
import type { Laboratory, Surveyed } from "../../survey/laboratory.js";
import { baseName, folderOf, within } from "../common/paths.js";
import { orReason } from "../common/reading.js";
import { type Project, rootOf } from "./project.js";

const XML_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Files in a folder of results itself. The XML of a tilt series has its alignment and its CTF, and a file is one thing: it is the alignment, unless one
 * lies beside the stack that Warp has read it from.
 */
export async function metadataClaim(laboratory: Laboratory, project: Project, { path }: Surveyed): Promise<Claim | undefined> {
  const name = baseName(path);
  const folder = folderOf(path);
  const leave = (because: string, run?: string): Claim => ({ path, role: "left out", run, because, strength: "bookkeeping" });
  if (/^(?:processed_items|.*_items|interactive_.*|previous)\.(?:json|settings)$/i.test(name))
    return leave("a project file of Warp");
  const stem = /^(.+)\.xml$/i.exec(name)?.[1];
  if (stem === undefined) return undefined;
  const ofTilt = "what Warp knows of the frames of one tilt";
  const series = project.tiltFolders.has(folder) ? project.find(stem, path) : undefined;
  if (!series) return project.frameFolders.has(folder) ? leave(ofTilt) : undefined;
  if ((await rootOf(laboratory, path)) === "Movie") return leave(ofTilt);
  const text = (await laboratory.text(path, XML_BYTES_MAX)) ?? "";
  const read = await orReason(() => parseWarpXml(text, path));
  const { run } = series;
  if ("reason" in read) return leave(`what Warp knows of ${run}, without an alignment that can be read`, run);
  const claim = (role: Claim["role"], because: string, details: Claim["details"]): Claim => ({
    path,
    role,
    run,
    because,
    strength: "bookkeeping",
    details,
  });
  if (hasAlignmentBeside(laboratory, folder, stem)) {
    const ctf = await orReason(() => parseWarpCtf(text, path));
    if ("value" in ctf) return claim("ctf", `Warp fitted the CTF of ${run}`, { format: "WARP" });
    return leave(`the alignment of ${run}, which is also beside its stack`, run);
  }
  return claim("alignment", `Warp aligned ${run}`, {
    format: "WARP",
    alignmentType: isWarpLocal(read.value) ? "LOCAL" : "GLOBAL",
  });
}

/** Whether an alignment of the series lies beside its stack. */
function hasAlignmentBeside(laboratory: Laboratory, folder: string, stem: string): boolean {
  const folders = ["tiltstack", "imod"].map((name) => within(folder, `${name}/${stem}`));
  const has = (...ends: readonly string[]) =>
    folders.some((beside) => ends.some((end) => laboratory.get(within(beside, `${stem}${end}`))));
  return (has(".xf", "_st.xf") && has(".tlt", "_st.tlt", ".edf")) || has(".aln", ".st.aln");
}
