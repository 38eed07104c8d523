import { columnsOf, decimal, textLines } from "../text-lines.js";
import { alignmentError } from "./rows.js";

/** One option of an IMOD command file. */
export interface ComOption {
  key: string;
  value: string;
  line: number;
}

/** A command file of IMOD (`tilt.com`, `newst.com`): `$` lines are commands, `#` comments, the rest options of the command above. */
export interface ComFile {
  name: string;
  /** Name of the first command that reads options: `tilt`, `newstack`. */
  program?: string | undefined;
  options: ComOption[];
}

const SECTIONS_MAX = 100_000;

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

/** What `tilt.com` says of the reconstruction. Lengths are pixels of the unbinned tilt series, angles degrees. */
export interface TiltCom {
  inputProjections?: string | undefined;
  outputFile?: string | undefined;
  tiltFile?: string | undefined;
  xTiltFile?: string | undefined;
  imageBinned?: number | undefined;
  thicknessPixels?: number | undefined;
  fullImage?: [x: number, y: number] | undefined;
  subsetStart?: [x: number, y: number] | undefined;
  shift?: [x: number, z: number] | undefined;
  /** Added to all tilt angles. */
  offsetDegrees?: number | undefined;
  /** Rotation of the whole volume about x. */
  xAxisTiltDegrees?: number | undefined;
  /** Sections from 1, ascending, each once. */
  excluded: number[];
}

/** @throws {EmporiumError} FORMAT_FIELD with the line. */
export function tiltCom(file: ComFile): TiltCom {
  const options = optionReader(file);
  const lists = file.options.filter(({ key }) => /^exclude(list2?)?$/i.test(key));
  const excluded = lists.flatMap((option) => sectionList(option, file.name));
  return {
    inputProjections: options.text("InputProjections"),
    outputFile: options.text("OutputFile"),
    tiltFile: options.text("TILTFILE"),
    xTiltFile: options.text("XTILTFILE"),
    imageBinned: options.number("IMAGEBINNED"),
    thicknessPixels: options.number("THICKNESS"),
    fullImage: options.pair("FULLIMAGE"),
    subsetStart: options.pair("SUBSETSTART"),
    shift: options.pair("SHIFT"),
    offsetDegrees: options.numbers("OFFSET")?.[0],
    xAxisTiltDegrees: options.number("XAXISTILT"),
    excluded: [...new Set(excluded)].sort((a, b) => a - b),
  };
}

/** What `newst.com` says of the aligned stack. */
export interface NewstCom {
  inputFile?: string | undefined;
  outputFile?: string | undefined;
  transformFile?: string | undefined;
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
    imagesAreBinned: options.number("ImagesAreBinned"),
    binByFactor: options.number("BinByFactor"),
    offsetsInXandY: options.pair("OffsetsInXandY"),
  };
}

/** IMOD's programs take option names in any case, and numbers parted by blanks or commas. The first of a repeated option counts. */
function optionReader({ name, options }: ComFile) {
  const find = (key: string) => options.find((option) => option.key.toLowerCase() === key.toLowerCase());
  const numbers = (key: string): number[] | undefined => {
    const option = find(key);
    if (option === undefined || option.value === "") return undefined;
    return columnsOf(option.value.replaceAll(",", " ").trim()).map((text) => {
      const value = decimal(text);
      if (value !== undefined) return value;
      throw alignmentError(name, option.line, `${key} is ${JSON.stringify(option.value.slice(0, 40))}, numbers are wanted`);
    });
  };
  return {
    text: (key: string) => find(key)?.value || undefined,
    numbers,
    number: (key: string) => numbers(key)?.[0],
    pair: (key: string): [number, number] | undefined => {
      const values = numbers(key);
      if (values === undefined) return undefined;
      const [a, b] = values;
      if (a === undefined || b === undefined)
        throw alignmentError(name, find(key)?.line, `${key} has ${values.length} number, two are wanted`);
      return [a, b];
    },
  };
}

/** `1,2-6,9` → 1, 2, 3, 4, 5, 6, 9. */
function sectionList({ key, value, line }: ComOption, name: string): number[] {
  const sections: number[] = [];
  for (const part of value.split(/[,\s]+/).filter((text) => text !== "")) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    const [first, last] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
    if (!match || first < 1 || last < first || last > SECTIONS_MAX || sections.length > SECTIONS_MAX) {
      const found = JSON.stringify(part.slice(0, 40));
      throw alignmentError(name, line, `${key} names ${found}, sections from 1 to ${SECTIONS_MAX} as in 2-6,9 are wanted`);
    }
    for (let section = first; section <= last; section++) sections.push(section);
  }
  return sections;
}
