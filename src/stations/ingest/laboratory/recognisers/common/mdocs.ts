import { groupsOf } from "../../../../../core/groups.js";
import { type Mdoc, mdocAngles, parseMdoc } from "../../../../../formats/mdoc/read.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { baseName, folderOf, type TailFinder, tailFinder, topOf, within } from "./paths.js";
import { orReason } from "./reading.js";

/** What an mdoc says, as far as it tells files and runs apart. */
export interface MdocFacts {
  readonly path: string;
  /**
   * `series`: images at several tilts; `montage`: a map in pieces; `images`: at one tilt, or very few; `frame`: of one exposure, beside its file; `empty`:
   * without a section.
   */
  readonly kind: "series" | "montage" | "images" | "frame" | "empty";
  /** Name without `.mdoc`, and without the extension of the image: `TS_01` for `TS_01.mrc.mdoc`. */
  readonly stem: string;
  /** `ImageFile` of the header. */
  readonly imageFile?: string | undefined;
  readonly pixelAngstrom?: number | undefined;
  readonly sections: readonly MdocSectionFacts[];
  readonly titles: readonly string[];
  /** `Version` of the header. */
  readonly version?: string | undefined;
}

export interface MdocSectionFacts {
  readonly subFramePath?: string | undefined;
  readonly numSubFrames?: number | undefined;
  readonly dateTime?: string | undefined;
  readonly gain?: string | undefined;
  readonly defects?: string | undefined;
}

export interface Mdocs {
  readonly all: readonly MdocFacts[];
  /** Those that cannot be read, with a sentence on each. */
  readonly broken: readonly { readonly path: string; readonly note: string }[];
  readonly files: TailFinder;
}

const MDOC_BYTES_MAX = 16 * 1024 * 1024;
const READS_IN_FLIGHT = 16;
/** Fewer images are no tilt series, but one that was given up or a few views. */
export const SERIES_IMAGES_MIN = 3;
/** Degrees that a stage wanders while it stays where it is. */
const ONE_TILT_DEGREES = 2;

const known = new WeakMap<Laboratory, Promise<Mdocs>>();

/** All mdocs of a folder, read once for all recognisers; those of single frames that are TIFF or EER are known by their names. */
export function mdocsOf(laboratory: Laboratory): Promise<Mdocs> {
  const found = known.get(laboratory) ?? readMdocs(laboratory);
  known.set(laboratory, found);
  return found;
}

async function readMdocs(laboratory: Laboratory): Promise<Mdocs> {
  const broken: { path: string; note: string }[] = [];
  const texts = laboratory.files.filter(
    ({ path, format, size }) => /\.mdoc$/i.test(path) && format === "text" && size <= MDOC_BYTES_MAX,
  );
  const all = await mapLimit(texts, READS_IN_FLIGHT, async ({ path }): Promise<MdocFacts | undefined> => {
    if (/\.(?:tiff?|eer)\.mdoc$/i.test(path)) return { path, kind: "frame", stem: stemOf(path), sections: [], titles: [] };
    const read = await readMdoc(laboratory, path);
    if (typeof read !== "string") return read;
    broken.push({ path, note: `${read}. The mdoc is left alone.` });
    return undefined;
  });
  const read = withoutTimesOfTemplates(all.filter((one) => one !== undefined));
  return { all: read, broken, files: tailFinder(laboratory.files.map(({ path }) => path)) };
}

/** So many series of one folder were not recorded in the same second. */
const TEMPLATE_MIN = 3;

/**
 * Without the times that several series of one folder have: scripts fill in templates of mdocs, and the times of a template tell nothing of what was recorded
 * together. A copy of an mdoc under another name has its times, too: it names the same frames.
 */
function withoutTimesOfTemplates(all: readonly MdocFacts[]): MdocFacts[] {
  const ofTemplates = new Map<string, ReadonlySet<string>>();
  for (const [folder, own] of groupsOf(all, ({ path }) => folderOf(path))) {
    const byTime = new Map<string, Set<string>>();
    for (const { stem, sections } of own)
      for (const section of sections) {
        if (section.dateTime === undefined) continue;
        const frame = frameName(section);
        byTime.set(section.dateTime, (byTime.get(section.dateTime) ?? new Set()).add(frame === undefined ? ` ${stem}` : frame));
      }
    const times = [...byTime].flatMap(([time, recorded]) => {
      const areFrames = [...recorded].every((one) => !one.startsWith(" "));
      return recorded.size >= (areFrames ? 2 : TEMPLATE_MIN) ? [time] : [];
    });
    if (times.length > 0) ofTemplates.set(folder, new Set(times));
  }
  return all.map((mdoc) => {
    const times = ofTemplates.get(folderOf(mdoc.path));
    if (!times) return mdoc;
    const isOfTemplate = ({ dateTime }: MdocSectionFacts) => dateTime !== undefined && times.has(dateTime);
    return { ...mdoc, sections: mdoc.sections.map((one) => (isOfTemplate(one) ? { ...one, dateTime: undefined } : one)) };
  });
}

const frameName = ({ subFramePath }: MdocSectionFacts): string | undefined =>
  subFramePath && baseName(subFramePath.replaceAll("\\", "/")).toLowerCase();

/** What one mdoc says, or why it cannot be read. */
export async function readMdoc(laboratory: Laboratory, path: string): Promise<MdocFacts | string> {
  const read = await orReason(async () => factsOf(parseMdoc((await laboratory.text(path, MDOC_BYTES_MAX)) ?? "", path)));
  return "reason" in read ? read.reason : read.value;
}

function factsOf(mdoc: Mdoc): MdocFacts {
  const { name: path, header, sections, titles } = mdoc;
  const lonely = header.get("T")?.text;
  return {
    path,
    kind: kindOf(mdoc),
    stem: stemOf(path),
    imageFile: header.get("ImageFile")?.text || undefined,
    pixelAngstrom:
      numberIn(header.get("PixelSpacing")?.text) ?? sections.find((one) => one.pixelSpacingAngstrom)?.pixelSpacingAngstrom,
    sections: sections.map(({ subFramePath, numSubFrames, dateTime, fields }) => ({
      subFramePath: subFramePath || undefined,
      numSubFrames,
      dateTime,
      gain: fields.get("GainReference")?.text || undefined,
      defects: fields.get("DefectFile")?.text || undefined,
    })),
    titles: lonely === undefined ? titles : [lonely, ...titles],
    version: header.get("Version")?.text,
  };
}

function kindOf(mdoc: Mdoc): MdocFacts["kind"] {
  const { sections, header } = mdoc;
  if (sections.length === 0) return "empty";
  if (sections.every(({ kind }) => kind === "FrameSet")) return "frame";
  if (
    header.get("Montage")?.text === "1" ||
    sections.some(({ kind, fields }) => kind === "MontSection" || fields.has("PieceCoordinates"))
  )
    return "montage";
  const angles = mdocAngles(mdoc);
  const range = angles.reduce(([least, most], one) => [Math.min(least, one), Math.max(most, one)] as const, [
    Infinity,
    -Infinity,
  ] as const);
  return angles.length >= SERIES_IMAGES_MIN && range[1] - range[0] > ONE_TILT_DEGREES ? "series" : "images";
}

function numberIn(text: string | undefined): number | undefined {
  const value = Number(text);
  return text !== undefined && Number.isFinite(value) && value > 0 ? value : undefined;
}

function stemOf(path: string): string {
  return baseName(path)
    .replace(/\.mdoc$/i, "")
    .replace(/\.(?:mrcs?|st|hdf)$/i, "");
}

/**
 * The image that an mdoc describes: beside it under its name, or elsewhere the one that its header names. Tomograms are called like their series too:
 * elsewhere only a stack counts.
 */
export function imageOf(
  laboratory: Laboratory,
  { path, stem, imageFile, sections }: MdocFacts,
  { files }: Mdocs,
): string | undefined {
  const folder = folderOf(path);
  const own = baseName(path).replace(/\.mdoc$/i, "");
  const named = imageFile === undefined ? undefined : baseName(imageFile.replaceAll("\\", "/"));
  const names = [own, `${stem}.mrc`, `${stem}.st`, `${stem}.mrcs`, ...(named === undefined ? [] : [named])];
  const countsAgree = (one: string) => laboratory.get(one)?.volume?.shape[0] === sections.length;
  const isOwn = (one: string) => {
    const file = laboratory.get(one);
    return file?.format === "empty" || (file?.format === "mrc" && (file.volume?.says !== "volume" || countsAgree(one)));
  };
  const isStack = (one: string) => {
    const says = laboratory.get(one)?.volume?.says;
    return says === "stack" || (says === "unclear" && countsAgree(one));
  };
  const beside = names.map((name) => within(folder, name)).find(isOwn);
  // two projects have stacks of the same names: in another one it is that of this mdoc if it has as many images
  const isOfProject = (one: string) => topOf(one) === topOf(path) || countsAgree(one);
  return (
    beside ?? (imageFile === undefined ? undefined : files.find(imageFile, folder, (one) => isStack(one) && isOfProject(one)))
  );
}

/** A name in which the time of the exposure stands, as microscopes write it: `_Mar12_13.00.33`, `_20230613_143000`. */
const HAS_TIME = /\d{6}|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\d{1,2}(?!\d)/i;

/**
 * Whether mdocs have exposures in common, by the times of the images or by their frames; undefined where neither tells it, or where they contradict each other. Other
 * sessions have frames of the same names, too, where these have no time.
 */
export function shareExposures(some: readonly MdocFacts[], others: readonly MdocFacts[]): boolean | undefined {
  const wordsOfAll = (mdocs: readonly MdocFacts[], word: (section: MdocSectionFacts) => string | undefined) =>
    new Set(mdocs.flatMap(({ sections }) => sections.flatMap((section) => word(section)?.toLowerCase() ?? [])));
  const sharedBy = (word: (section: MdocSectionFacts) => string | undefined) => {
    const [a, b] = [wordsOfAll(some, word), wordsOfAll(others, word)];
    return a.size === 0 || b.size === 0 ? undefined : [...a].filter((one) => b.has(one));
  };
  const times = sharedBy(({ dateTime }) => dateTime);
  const frames = sharedBy(frameName);
  if (frames === undefined) return times && times.length > 0;
  if (times === undefined) return frames.length === 0 ? false : frames.some((name) => HAS_TIME.test(name)) ? true : undefined;
  return times.length > 0 === frames.length > 0 ? times.length > 0 : undefined;
}
