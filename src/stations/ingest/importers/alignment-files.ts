import { EmporiumError } from "../../../core/errors.js";
import type { JsonObject } from "../../../core/json.js";
import { Float } from "../../../core/number.js";
import { aretomoSections, parseAln } from "../../../formats/alignment/aretomo.js";
import { parseComFile, tiltCom } from "../../../formats/alignment/com-file.js";
import { imodSections, parseXf } from "../../../formats/alignment/imod.js";
import type { SectionAlignment } from "../../../formats/alignment/sections.js";
import { parseTiltAngles } from "../../../formats/tilt-angles/read.js";
import type { PlanContext, SectionItem } from "./context.js";
import { baseName, extensionOf } from "./copies.js";

/** A file of an alignment, and its key on the target. */
export interface AlignmentFile {
  readonly item: SectionItem;
  readonly key: string;
}

/**
 * Names of an alignment's files: the run's, with the last extension of each. Command files keep their own names: programs look for `tilt.com`
 * beside `newst.com`, and both cannot be called after the run. (`compat`: they are, and the last one stays.)
 *
 * @throws {EmporiumError} CONFIG_COLLISION for two files of one extension
 */
export function alignmentFiles(
  context: PlanContext,
  items: readonly SectionItem[],
  folder: string,
  runName: string,
): AlignmentFile[] {
  const files = items.map((item) => {
    const own = !context.compat && extensionOf(item.key!).toLowerCase() === ".com";
    return { item, key: `${folder}/${own ? baseName(item.key!) : `${runName}${extensionOf(item.key!)}`}` };
  });
  const taken = new Map<string, SectionItem>();
  for (const { item, key } of files) {
    const other = taken.get(key.toLowerCase());
    if (other && !context.compat) {
      const found = [other, item].map((one) => context.source.fullPath(one.key!));
      throw new EmporiumError("CONFIG_COLLISION", `${runName}: ${found.join(" and ")} would both be written as ${key}`, {
        place: item.place,
        hint: "narrow the globs to one file of each kind, or make two blocks of two alignments",
      });
    }
    taken.set(key.toLowerCase(), item);
  }
  return files;
}

export interface AlignmentContent {
  readonly sections: readonly JsonObject[];
  readonly alignmentPath: string | null;
  readonly tiltPath: string | null;
  readonly tiltxPath: string | null;
  readonly warning: string | undefined;
}

/**
 * What an alignment's metadata tell of its files: the paths of those that count, and where each section lies.
 *
 * @param format as configured; files of other formats are copied and not read.
 * @throws {EmporiumError} FORMAT_…, STORE_…
 */
export async function readAlignment(
  context: PlanContext,
  files: readonly AlignmentFile[],
  format: unknown,
  runName: string,
): Promise<AlignmentContent> {
  const nothing: AlignmentContent = { sections: [], alignmentPath: null, tiltPath: null, tiltxPath: null, warning: undefined };
  // several finds of one name: the last one is what stays
  const find = (extension: string) => files.findLast(({ key }) => key.endsWith(extension));
  const read = (file: AlignmentFile) => context.files.read("source", file.item.key!, file.item.stat);
  if (format === "ARETOMO3") {
    const aln = find(".aln");
    if (!aln)
      return { ...nothing, warning: `${runName}: the format is ARETOMO3 and no .aln is found; nothing is told of sections` };
    const file = await read(aln);
    const sections = context.files.parsed(file, "aln", ({ bytes, name }) => aretomoSections(parseAln(bytes, name)));
    return { ...nothing, sections: sections.map(sectionJson), alignmentPath: aln.key };
  }
  if (format !== "IMOD") return nothing;
  const [xf, tlt, xTilt] = [find(".xf"), find(".tlt"), find(".tltx") ?? find(".xtilt")];
  const com = context.compat ? undefined : files.find(({ key }) => /(^|[^a-z])tilt\.com$/i.test(baseName(key)));
  const paths = { alignmentPath: xf?.key ?? null, tiltPath: tlt?.key ?? null, tiltxPath: xTilt?.key ?? null };
  if (!xf || !tlt) {
    const missing = [xf ? undefined : ".xf", tlt ? undefined : ".tlt"].filter(Boolean).join(" and no ");
    return {
      ...nothing,
      ...paths,
      warning: `${runName}: the format is IMOD and no ${missing} is found; nothing is told of sections`,
    };
  }
  const [xfFile, tltFile, xTiltFile, comFile] = await Promise.all([
    read(xf),
    read(tlt),
    xTilt ? read(xTilt) : undefined,
    com ? read(com) : undefined,
  ]);
  const angles = ({ bytes, name }: { bytes: Uint8Array; name: string }) => parseTiltAngles(bytes, name);
  const sections = imodSections(
    {
      name: xfFile.name,
      transforms: parseXf(xfFile.bytes, xfFile.name),
      tilts: angles(tltFile),
      xTilts: xTiltFile && angles(xTiltFile),
      excluded: comFile && tiltCom(parseComFile(comFile.bytes, comFile.name)).excluded,
    },
    context.compat ? "reference" : undefined,
  );
  return { ...paths, sections: sections.map(sectionJson), warning: undefined };
}

function sectionJson(section: SectionAlignment): JsonObject {
  return {
    z_index: section.zIndex,
    tilt_angle: new Float(section.tiltAngleDegrees),
    volume_x_rotation: new Float(section.volumeXRotationDegrees),
    in_plane_rotation: section.inPlaneRotation.map((row) => row.map((value) => new Float(value))),
    x_offset: new Float(section.xOffset),
    y_offset: new Float(section.yOffset),
  };
}
