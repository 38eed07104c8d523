import { inMemory } from "../../../core/bytes.js";
import { EmporiumError } from "../../../core/errors.js";
import type { JsonObject } from "../../../core/json.js";
import { Float } from "../../../core/number.js";
import { aretomoSections, parseAln } from "../../../formats/alignment/aretomo.js";
import { parseComFile, type TiltComGeometry, tiltCom, tiltComGeometry } from "../../../formats/alignment/com-file.js";
import { parseEdf } from "../../../formats/alignment/edf.js";
import { imodSections, parseXf } from "../../../formats/alignment/imod.js";
import { readRelionTiltSeries, relionSections } from "../../../formats/alignment/relion.js";
import type { RelionTilt } from "../../../formats/alignment/relion-matrix.js";
import type { SectionAlignment } from "../../../formats/alignment/sections.js";
import { parseTiltAngles } from "../../../formats/tilt-angles/read.js";
import { baseName } from "../../../stores/keys.js";
import { orNothing } from "../draft.js";
import type { SourceFile } from "../source-files.js";
import type { AcquiredSections } from "./acquired-sections.js";
import { type AlignmentFile, ownFormat } from "./alignment-files.js";
import type { PlanContext } from "./context.js";
import { extensionOf } from "./copies.js";
import { matchImages } from "./image-matching.js";
import type { TiltseriesFacts } from "./tiltseries-facts.js";

/** Content of an alignment's files. */
export interface AlignmentContent {
  readonly sections: readonly SectionAlignment[];
  readonly alignmentPath: string | null;
  readonly tiltPath: string | null;
  readonly tiltxPath: string | null;
  /** Sections of the whole tilt series, those that are left out included; undefined where the files do not say it. */
  readonly sectionCount?: number | undefined;
  /** Added to all tilt angles; rotation of the volume about x. 0 counts as not given. */
  readonly tiltOffsetDegrees?: number | undefined;
  readonly xRotationOffsetDegrees?: number | undefined;
  /** The files describe a deformation of the specimen. */
  readonly isLocal?: boolean | undefined;
  readonly warnings: readonly string[];
}

export interface AlignmentSurroundings {
  readonly runName: string;
  readonly acquired: () => Promise<AcquiredSections>;
  readonly tiltseries: TiltseriesFacts;
}

const NOTHING: AlignmentContent = { sections: [], alignmentPath: null, tiltPath: null, tiltxPath: null, warnings: [] };

/**
 * Reads an alignment's files for its metadata: the paths of the files that count, and the transform of each section.
 *
 * @param format as configured; files of other formats are copied and not read.
 * @throws {EmporiumError} FORMAT_…, STORE_…, CONFIG_FIELD where nothing says the pixel size that a format needs
 */
export async function readAlignment(
  context: PlanContext,
  files: readonly AlignmentFile[],
  format: unknown,
  around: AlignmentSurroundings,
): Promise<AlignmentContent> {
  if (format === "ARETOMO3") return readAretomo(context, files, around);
  if (format === "IMOD") return readImod(context, files, around);
  if (context.compat) return NOTHING;
  const own = ownFormat(format);
  if (own === "RELION") return readRelion(context, files, around);
  return own === "WARP" ? readWarp(context, files, around) : NOTHING;
}

/** The last file with an extension: of several finds of one name it is the one that stays. */
function find(files: readonly AlignmentFile[], extension: string): AlignmentFile | undefined {
  return files.findLast(({ key }) => extensionOf(key).toLowerCase() === extension);
}

function read({ files }: PlanContext, { item }: AlignmentFile): Promise<SourceFile> {
  return files.read(item.atTarget ? "target" : "source", item.key!, item.stat);
}

function missing(runName: string, format: string, wanted: string): string {
  return `${runName}: no per-section metadata, because the format is ${format} and no ${wanted} is found`;
}

async function readAretomo(
  context: PlanContext,
  files: readonly AlignmentFile[],
  { runName }: AlignmentSurroundings,
): Promise<AlignmentContent> {
  const aln = find(files, ".aln");
  if (!aln) return { ...NOTHING, warnings: [missing(runName, "ARETOMO3", ".aln")] };
  const file = await read(context, aln);
  const alignment = context.files.parsed(file, "aln", ({ bytes, name }) => parseAln(bytes, name));
  return {
    ...NOTHING,
    sections: aretomoSections(alignment),
    alignmentPath: aln.key,
    sectionCount: alignment.rawSize?.[2] ?? alignment.sections.length + alignment.darkFrames.length,
    tiltOffsetDegrees: alignment.alphaOffsetDegrees,
    xRotationOffsetDegrees: alignment.betaOffsetDegrees,
    isLocal: (alignment.numPatches ?? 0) > 0 || alignment.patches.length > 0,
  };
}

async function readImod(
  context: PlanContext,
  files: readonly AlignmentFile[],
  { runName }: AlignmentSurroundings,
): Promise<AlignmentContent> {
  const [xf, tlt, xTilt] = [find(files, ".xf"), find(files, ".tlt"), find(files, ".tltx") ?? find(files, ".xtilt")];
  const paths = { alignmentPath: xf?.key ?? null, tiltPath: tlt?.key ?? null, tiltxPath: xTilt?.key ?? null };
  if (!xf || !tlt) {
    const wanted = [xf ? undefined : ".xf", tlt ? undefined : ".tlt"].filter(Boolean).join(" and no ");
    const sectionCount = await orNothing(() => rowsOf(context, xf ?? tlt));
    return { ...NOTHING, ...paths, sectionCount, warnings: [missing(runName, "IMOD", wanted)] };
  }
  const com = context.compat ? undefined : tiltCommand(files, xf);
  const edf = context.compat ? undefined : find(files, ".edf");
  const [xfFile, tltFile, xTiltFile, comFile, edfFile] = await Promise.all([
    read(context, xf),
    read(context, tlt),
    xTilt && read(context, xTilt),
    com && read(context, com),
    edf && read(context, edf),
  ]);
  const angles = ({ bytes, name }: SourceFile) => parseTiltAngles(bytes, name);
  const command = comFile && parseComFile(comFile.bytes, comFile.name);
  const geometry: Partial<TiltComGeometry> = command ? tiltComGeometry(command) : {};
  const transforms = parseXf(xfFile.bytes, xfFile.name);
  const sections = imodSections(
    {
      name: xfFile.name,
      transforms,
      tilts: angles(tltFile),
      xTilts: xTiltFile && angles(xTiltFile),
      excluded: geometry.excluded,
      included: geometry.included,
    },
    context.compat ? "reference" : undefined,
  );
  return {
    ...paths,
    sections,
    sectionCount: transforms.length,
    tiltOffsetDegrees: geometry.offsetDegrees,
    xRotationOffsetDegrees: geometry.xAxisTiltDegrees,
    isLocal: command !== undefined && tiltCom(command).localFile !== undefined,
    warnings: edfFile ? excludedByEtomo(edfFile, sections, xf) : [],
  };
}

/** Lines of the transforms or tilt angles that there are. */
async function rowsOf(context: PlanContext, rows: AlignmentFile | undefined): Promise<number | undefined> {
  if (!rows) return undefined;
  const { bytes, name } = await read(context, rows);
  return (extensionOf(rows.key).toLowerCase() === ".xf" ? parseXf(bytes, name) : parseTiltAngles(bytes, name)).length;
}

/** The command file of the reconstruction: of the two of a dual-axis series, that of the transforms' axis. */
function tiltCommand(files: readonly AlignmentFile[], xf: AlignmentFile): AlignmentFile | undefined {
  const commands = files.filter(({ item }) => /(?:^|[^a-z])tilt[ab]?\.com$/i.test(baseName(item.key!)));
  const axis = axisOf(xf);
  const ofAxis = (letter: string) =>
    commands.findLast(({ item }) => baseName(item.key!).toLowerCase().endsWith(`tilt${letter}.com`));
  return ofAxis("") ?? ofAxis(axis) ?? ofAxis(axis === "a" ? "b" : "a");
}

/** `stackb.xf` is of the second axis. */
function axisOf({ item }: AlignmentFile): "a" | "b" {
  return /b\.xf$/i.test(item.key!) ? "b" : "a";
}

/** Etomo's own list of excluded views, if the reconstruction's is missing. It may have changed since, so it is only reported. */
function excludedByEtomo(file: SourceFile, sections: readonly SectionAlignment[], xf: AlignmentFile): string[] {
  const { excluded } = parseEdf(file.bytes, file.name);
  const kept = new Set(sections.map(({ zIndex }) => zIndex + 1));
  const left = excluded[axisOf(xf)].filter((section) => kept.has(section));
  if (left.length === 0) return [];
  return [
    `${file.name} leaves out the sections ${left.join(", ")}, but no tilt.com among the files does; they stay in the metadata`,
  ];
}

async function readRelion(
  context: PlanContext,
  files: readonly AlignmentFile[],
  { runName, acquired, tiltseries }: AlignmentSurroundings,
): Promise<AlignmentContent> {
  const stars = files.filter(({ key }) => extensionOf(key).toLowerCase() === ".star");
  if (stars.length === 0) return { ...NOTHING, warnings: [missing(runName, "RELION", ".star")] };
  const sources = await Promise.all(stars.map((star) => read(context, star)));
  const own = await tiltseries.pixelAngstrom();
  const series = await readRelionTiltSeries(
    sources.map(({ bytes, name }) => inMemory(bytes, name)),
    {
      tomoName: runName,
      imagePixels: await tiltseries.imagePixels(),
      pixelSizeAngstrom: own,
      signal: context.signal,
    },
  );
  const pixel = own ?? series.pixelSizeAngstrom;
  if (pixel === undefined) throw noPixelSize(series.name);
  const places = await placesOf(series.tilts, acquired);
  const warnings = places
    ? []
    : [
        `${series.name}: its rows are assigned to the sections of the tilt series in order, because the mdoc and the raw tilt angles do not identify its images`,
      ];
  const said = series.pixelSizeAngstrom;
  if (own !== undefined && said !== undefined && Math.abs(said / own - 1) > 0.01) {
    warnings.push(
      `${series.name}: its pixel size is ${said} Å, that of the tilt series ${own} Å; shifts are written in pixels of the tilt series`,
    );
  }
  const key = stars[sources.findIndex(({ name }) => name === series.name)]?.key ?? stars[0]!.key;
  return {
    ...NOTHING,
    sections: relionSections(series.tilts, pixel, places),
    alignmentPath: key,
    // images that are left out are not in the table: where each is known for itself, fewer are well
    sectionCount: places ? undefined : series.tilts.length,
    warnings,
  };
}

/** The sections that the images are; undefined where nothing tells them. */
async function placesOf(
  tilts: readonly RelionTilt[],
  acquired: AlignmentSurroundings["acquired"],
): Promise<number[] | undefined> {
  const { sections } = await acquired();
  const images = tilts.map(({ imageNames, nominalTiltDegrees }) => ({ imageNames, tiltAngleDegrees: nominalTiltDegrees }));
  return sections && matchImages(images, sections);
}

async function readWarp(
  context: PlanContext,
  files: readonly AlignmentFile[],
  { runName, acquired, tiltseries }: AlignmentSurroundings,
): Promise<AlignmentContent> {
  const xml = find(files, ".xml");
  if (!xml) return { ...NOTHING, warnings: [missing(runName, "WARP", ".xml")] };
  // with it comes a reader of XML, which no other kind needs
  const { isWarpLocal, parseWarpXml, warpSections } = await import("../../../formats/alignment/warp.js");
  const file = await read(context, xml);
  const series = context.files.parsed(file, "warp", ({ bytes, name }) => parseWarpXml(bytes, name));
  const pixel = (await tiltseries.pixelAngstrom()) ?? series.pixelSizeAngstrom;
  if (pixel === undefined) throw noPixelSize(file.name);
  const { sections: images } = await acquired();
  const names = series.tilts.map(({ moviePath }) => ({ imageNames: moviePath === undefined ? [] : [moviePath] }));
  const places = images && matchImages(names, images);
  const sections = warpSections(series, pixel);
  return {
    ...NOTHING,
    sections: places
      ? sections.map((section) => ({ ...section, zIndex: places[section.zIndex]! })).sort((a, b) => a.zIndex - b.zIndex)
      : sections,
    alignmentPath: xml.key,
    sectionCount: places ? undefined : series.tilts.length,
    tiltOffsetDegrees: series.levelAngleYDegrees,
    xRotationOffsetDegrees: series.levelAngleXDegrees,
    isLocal: isWarpLocal(series),
  };
}

function noPixelSize(file: string): EmporiumError {
  return new EmporiumError(
    "CONFIG_FIELD",
    `${file}: shifts in Å, and neither this file nor the tilt series gives the pixel size`,
    {
      place: { file },
      hint: "add pixel_spacing to the metadata of the tilt series",
    },
  );
}

/** A section in the words of the portal. */
export function sectionJson(section: SectionAlignment): JsonObject {
  return {
    z_index: section.zIndex,
    tilt_angle: new Float(section.tiltAngleDegrees),
    volume_x_rotation: new Float(section.volumeXRotationDegrees),
    in_plane_rotation: section.inPlaneRotation.map((row) => row.map((value) => new Float(value))),
    x_offset: new Float(section.xOffset),
    y_offset: new Float(section.yOffset),
  };
}
