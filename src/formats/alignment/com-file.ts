import { columnsOf, decimal, textLines } from "../text-lines.js";
import { alignmentError } from "./rows.js";
import { type ComOption, sectionList } from "./section-list.js";

/** A command file of IMOD (`tilt.com`, `newst.com`): `$` lines are commands, `#` comments, other lines their options. */
export interface ComFile {
  name: string;
  /** Name of the first command that reads options: `tilt`, `newstack`. */
  program?: string | undefined;
  options: ComOption[];
}

/** @throws {EmporiumError} FORMAT_LIMIT. Any text can be read; options that are not known stay in the list. */
export function parseComFile(content: Uint8Array | string, name: string): ComFile {
  const options: ComOption[] = [];
  let program: string | undefined;
  for (const { line, text } of textLines(content, name)) {
    if (text.startsWith("$")) program ??= /^\$\s*(\w+)\b.*\s-StandardInput\b/i.exec(text)?.[1];
    if (text === "" || text.startsWith("$") || text.startsWith("#")) continue;
    const [key] = text.split(/\s/, 1) as [string];
    options.push({ key, value: text.slice(key.length).trim(), line });
  }
  return { name, program, options };
}

/** Settings of the reconstruction in `tilt.com`. Lengths are pixels of the unbinned tilt series, angles degrees. */
export interface TiltCom {
  inputProjections?: string | undefined;
  outputFile?: string | undefined;
  tiltFile?: string | undefined;
  xTiltFile?: string | undefined;
  /** Local alignments and factors of z, where the alignment has them. */
  localFile?: string | undefined;
  zFactorFile?: string | undefined;
  imageBinned?: number | undefined;
  thicknessPixels?: number | undefined;
  fullImage?: [x: number, y: number] | undefined;
  subsetStart?: [x: number, y: number] | undefined;
  shift?: [x: number, z: number] | undefined;
  /** Added to all tilt angles. */
  offsetDegrees?: number | undefined;
  /** Rotation of the whole volume about x. */
  xAxisTiltDegrees?: number | undefined;
  /** Cut-off and fall-off of the radial filter, cycles per pixel. */
  radial?: [cutoff: number, falloff: number] | undefined;
  falloffIsTrueSigma?: number | undefined;
  /** Added to, then multiplied with each density. */
  scale?: [add: number, factor: number] | undefined;
  /** Slices perpendicular to the tilt axis, as always today. */
  perpendicular: boolean;
  /** Type of the output's voxels: a mode of MRC. */
  mode?: number | undefined;
  adjustOrigin: boolean;
  actionIfGpuFails?: [use: number, other: number] | undefined;
  /** Sections from 1 that are left out, ascending, each once. */
  excluded: number[];
  /** Sections from 1 that alone are used; undefined where all are. */
  included?: number[] | undefined;
}

/** Options of `tilt.com` that decide the geometry of sections. */
export type TiltComGeometry = Pick<TiltCom, "excluded" | "included" | "offsetDegrees" | "xAxisTiltDegrees">;

/**
 * The part of `tilt.com` that an alignment needs: an option that has nothing to do with it cannot make the file unreadable.
 *
 * @throws {EmporiumError} FORMAT_FIELD with the line.
 */
export function tiltComGeometry(file: ComFile): TiltComGeometry {
  const options = optionReader(file);
  const sections = (form: RegExp) => {
    const lists = file.options.filter(({ key, value }) => form.test(key) && value !== "");
    return lists.length === 0 ? undefined : ascending(lists.flatMap((option) => sectionList(option, file.name)));
  };
  return {
    excluded: sections(/^exclude(list2?)?$/i) ?? [],
    included: sections(/^include(list)?$/i),
    offsetDegrees: options.number("OFFSET"),
    xAxisTiltDegrees: options.number("XAXISTILT"),
  };
}

/** @throws {EmporiumError} FORMAT_FIELD with the line. */
export function tiltCom(file: ComFile): TiltCom {
  const options = optionReader(file);
  return {
    inputProjections: options.text("InputProjections"),
    outputFile: options.text("OutputFile"),
    tiltFile: options.text("TILTFILE"),
    xTiltFile: options.text("XTILTFILE"),
    localFile: options.text("LOCALFILE"),
    zFactorFile: options.text("ZFACTORFILE"),
    imageBinned: options.number("IMAGEBINNED"),
    thicknessPixels: options.number("THICKNESS"),
    fullImage: options.pair("FULLIMAGE"),
    subsetStart: options.pair("SUBSETSTART"),
    shift: options.pair("SHIFT"),
    radial: options.pair("RADIAL"),
    falloffIsTrueSigma: options.number("FalloffIsTrueSigma"),
    scale: options.pair("SCALE"),
    perpendicular: options.flag("PERPENDICULAR"),
    mode: options.number("MODE"),
    adjustOrigin: options.flag("AdjustOrigin"),
    actionIfGpuFails: options.pair("ActionIfGPUFails"),
    ...tiltComGeometry(file),
  };
}

function ascending(sections: readonly number[]): number[] {
  return [...new Set(sections)].sort((a, b) => a - b);
}

/** Settings of the aligned stack in `newst.com`. */
export interface NewstCom {
  inputFile?: string | undefined;
  outputFile?: string | undefined;
  transformFile?: string | undefined;
  distortionField?: string | undefined;
  gradientFile?: string | undefined;
  antialiasFilter?: number | undefined;
  taperAtFill?: [pixels: number, inside: number] | undefined;
  adjustOrigin: boolean;
  imagesAreBinned?: number | undefined;
  binByFactor?: number | undefined;
  offsetsInXandY?: [x: number, y: number] | undefined;
}

/** @throws {EmporiumError} FORMAT_FIELD with the line. */
export function newstCom(file: ComFile): NewstCom {
  const options = optionReader(file);
  return {
    inputFile: options.text("InputFile"),
    outputFile: options.text("OutputFile"),
    transformFile: options.text("TransformFile"),
    distortionField: options.text("DistortionField"),
    gradientFile: options.text("GradientFile"),
    antialiasFilter: options.number("AntialiasFilter"),
    taperAtFill: options.pair("TaperAtFill"),
    adjustOrigin: options.flag("AdjustOrigin"),
    imagesAreBinned: options.number("ImagesAreBinned"),
    binByFactor: options.number("BinByFactor"),
    offsetsInXandY: options.pair("OffsetsInXandY"),
  };
}

/** IMOD accepts option names in any case, and numbers separated by blanks or commas. The first of a repeated option counts. */
function optionReader({ name, options }: ComFile) {
  const find = (key: string) => options.find((option) => option.key.toLowerCase() === key.toLowerCase());
  const numbers = (key: string): number[] | undefined => {
    const option = find(key);
    if (option === undefined || option.value === "") return undefined;
    return columnsOf(option.value.replaceAll(",", " ").trim()).map((text) => {
      const value = decimal(text);
      if (value !== undefined) return value;
      throw alignmentError(name, option.line, `${key} is ${JSON.stringify(option.value.slice(0, 40))}; expected numbers`);
    });
  };
  return {
    text: (key: string) => find(key)?.value || undefined,
    numbers,
    /** An option without a value is set; `0` behind it unsets it. */
    flag: (key: string) => {
      const option = find(key);
      return option !== undefined && option.value !== "0";
    },
    number: (key: string) => numbers(key)?.[0],
    pair: (key: string): [number, number] | undefined => {
      const values = numbers(key);
      if (values === undefined) return undefined;
      const [a, b] = values;
      if (a === undefined || b === undefined)
        throw alignmentError(name, find(key)?.line, `${key} has ${values.length} number; expected two`);
      return [a, b];
    },
  };
}
