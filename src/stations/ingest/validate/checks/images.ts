import { few, shown, unless } from "../../../../core/finding.js";
import { counted } from "../../../../core/units.js";
import { mapLimit } from "../../../../system/parallel.js";
import { BOTH, type Check, checksOf, STANDARDIZED } from "../check.js";
import type { MdocFile } from "../facts/angles.js";
import { known, orNothing, readable, Undecided } from "../facts/fact.js";
import type { ImageFacts, ImageFile } from "../facts/image-file.js";
import { voxelSize } from "../facts/mrc.js";
import type { ImagesSubject } from "../subjects.js";

const EXTENSIONS = [".mrc", ".tif", ".tiff", ".eer", ".mrc.bz2"];
/** Å. */
const PIXEL_TOLERANCE = 0.001;
const HEADERS_AT_ONCE = 8;

type Role = ImagesSubject["role"];
type Of<T extends ImageFacts["type"]> = { readonly file: ImageFile; readonly facts: Extract<ImageFacts, { type: T }> };

function extensionsOf({ role, suite }: ImagesSubject): string[] {
  if (role === "frame") return EXTENSIONS;
  return suite === "source" ? [...EXTENSIONS, ".gain", ".dm4"] : [...EXTENSIONS, ".gain"];
}

/** The files of one type, read. @throws {Undecided} where there is none */
async function filesOf<T extends ImageFacts["type"]>(files: readonly ImageFile[], type: T, what: string): Promise<Of<T>[]> {
  const all = await mapLimit(files, HEADERS_AT_ONCE, async (file) => ({ file, facts: await orNothing(file.facts) }));
  const found = all.filter((one): one is Of<T> => one.facts?.type === type);
  if (found.length === 0) throw new Undecided(`no ${what}`);
  return found;
}

/** Items whose value differs from that of the first. */
function unlike<T>(items: readonly T[], value: (item: T) => string): T[] {
  return items.filter((item) => value(item) !== value(items[0]!));
}

/** Rules of image files, the same for frames and for gain references. */
function imageChecks(role: Role, name: string): readonly Check[] {
  return [...fileChecks(role, name), ...mrcChecks(role, name)];
}

const hasFilesOf =
  (role: Role) =>
  (subject: ImagesSubject): boolean =>
    subject.role === role && subject.files.length > 0;

/** Checks of files of any format, and of TIFF. */
function fileChecks(role: Role, name: string): readonly Check[] {
  const applies = hasFilesOf(role);
  return checksOf("images", { marks: [role], suites: BOTH }, [
    {
      id: `${role}.readable`,
      statement: `${name} can be read, as far as their headers`,
      applies,
      async judge({ files }) {
        const read = async ({ facts, key }: ImageFile) => ("value" in (await facts()) ? [] : readable(facts, key, "an image"));
        return (await mapLimit(files, HEADERS_AT_ONCE, read)).flat();
      },
    },
    {
      id: `${role}.extension`,
      severity: "warn",
      statement: `the names of ${name} end as those of images do`,
      applies,
      judge: (subject) => {
        const wanted = extensionsOf(subject);
        return subject.files.flatMap(({ key, name: file }) =>
          unless(
            wanted.some((end) => file.endsWith(end)),
            { key },
            `the name ${file}`,
            `one that ends with ${wanted.join(", ")}`,
          ),
        );
      },
    },
    {
      id: `${role}.tiff-shapes`,
      statement: `all pages of the TIFF files among ${name} have one size, across files as well`,
      applies,
      async judge({ files }) {
        const tiffs = await filesOf(files, "tiff", `TIFF file among ${name}`);
        const size = ({ facts: { width, height } }: Of<"tiff">) => `${width}×${height}`;
        return [
          ...tiffs.flatMap(({ file: { key }, facts }) =>
            unless(facts.uniform, { key }, "pages of several kinds", "all like the first"),
          ),
          ...unlike(tiffs, size).flatMap((other) =>
            unless(
              false,
              { key: other.file.key },
              `${size(other)} pixels (x, y)`,
              `${size(tiffs[0]!)} as in ${tiffs[0]!.file.name}`,
            ),
          ),
        ];
      },
    },
  ]);
}

function mrcChecks(role: Role, name: string): readonly Check[] {
  const applies = hasFilesOf(role);
  return checksOf("images", { marks: [role], suites: BOTH }, [
    {
      id: `${role}.mrc-shapes`,
      statement: `the MRC files among ${name} have one size`,
      applies,
      async judge({ files }) {
        const mrcs = await filesOf(files, "mrc", `MRC file among ${name}`);
        const size = ({ facts: { fields } }: Of<"mrc">) => `${fields.shape[2]}×${fields.shape[1]}`;
        return unlike(mrcs, size).flatMap((other) =>
          unless(
            false,
            { key: other.file.key, byte: 0 },
            `${size(other)} pixels (x, y)`,
            `${size(mrcs[0]!)} as in ${mrcs[0]!.file.name}`,
          ),
        );
      },
    },
    {
      id: `${role}.mrc-pixel-sizes`,
      statement: `the MRC files among ${name} have one pixel size`,
      applies,
      async judge({ files }) {
        const mrcs = await filesOf(files, "mrc", `MRC file among ${name}`);
        const size = ({ facts: { fields } }: Of<"mrc">) => voxelSize(fields)[2];
        const wanted = size(mrcs[0]!);
        return mrcs.flatMap((other) =>
          unless(
            Math.abs(size(other) - wanted) <= PIXEL_TOLERANCE,
            { key: other.file.key, byte: 40 },
            `pixels of ${shown(size(other))} Å`,
            `${shown(wanted)} Å as in ${mrcs[0]!.file.name}`,
          ),
        );
      },
    },
    {
      id: `${role}.square-pixels`,
      statement: `the pixels of the MRC files among ${name} are square`,
      applies,
      async judge({ files }) {
        return (await filesOf(files, "mrc", `MRC file among ${name}`)).flatMap(({ file: { key }, facts }) => {
          const [, y, x] = voxelSize(facts.fields);
          return unless(
            Math.abs(x - y) <= PIXEL_TOLERANCE,
            { key, byte: 40 },
            `pixels of ${shown(x)} by ${shown(y)} Å (x, y)`,
            "square ones",
          );
        });
      },
    },
  ]);
}

const isGain = ({ role, files }: ImagesSubject) => role === "gain" && files.length > 0;

export const IMAGE_CHECKS: readonly Check[] = [
  ...imageChecks("frame", "the frames"),
  ...imageChecks("gain", "the gain references"),
  ...checksOf("images", { marks: ["gain"], suites: BOTH }, [
    {
      id: "gain.one-section",
      statement: "an MRC gain reference has one section",
      applies: isGain,
      async judge({ files }) {
        return (await filesOf(files, "mrc", "MRC file among the gain references")).flatMap(({ file: { key }, facts }) =>
          unless(facts.fields.shape[0] === 1, { key, byte: 8 }, `${counted(facts.fields.shape[0], "section")}`, "1"),
        );
      },
    },
  ]),
  ...checksOf("images", { marks: ["gain"], suites: STANDARDIZED }, [
    {
      id: "gain.frame-shape",
      statement: "an MRC gain reference has the size of the first MRC frame",
      applies: isGain,
      async judge({ files, acquisition }) {
        const [gains, frame] = await gainsAndFrame(files, acquisition.frames);
        const size = ({ facts: { fields } }: Of<"mrc">) => `${fields.shape[2]}×${fields.shape[1]}`;
        return gains.flatMap((gain) =>
          unless(
            size(gain) === size(frame),
            { key: gain.file.key, byte: 0 },
            `${size(gain)} pixels (x, y)`,
            `${size(frame)} as in ${frame.file.name}`,
          ),
        );
      },
    },
    {
      id: "gain.frame-pixel-size",
      statement: "an MRC gain reference has the pixel size of the first MRC frame",
      applies: isGain,
      async judge({ files, acquisition }) {
        const [gains, frame] = await gainsAndFrame(files, acquisition.frames);
        const [, wantedY, wantedX] = voxelSize(frame.facts.fields);
        return gains.flatMap(({ file: { key }, facts }) => {
          const [, y, x] = voxelSize(facts.fields);
          const isWell = Math.abs(x - wantedX) <= PIXEL_TOLERANCE && Math.abs(y - wantedY) <= PIXEL_TOLERANCE;
          return unless(isWell, { key, byte: 40 }, `pixels of ${shown(x)} Å`, `${shown(wantedX)} Å as in ${frame.file.name}`);
        });
      },
    },
  ]),
  ...checksOf("acquisition", { marks: ["mdoc"], suites: BOTH }, [
    {
      id: "mdoc.sub-frame-count",
      statement: "the mdoc counts the images of each frame file as they are",
      async judge({ mdoc, frames }) {
        const movies = await moviesOf(await known(mdoc), frames);
        return movies.flatMap(({ section, facts, key }) => {
          const images =
            facts.type === "mrc" ? facts.fields.shape[0] : facts.type === "tiff" && !facts.events ? facts.pages : undefined;
          if (images === undefined) return [];
          const found = section.numSubFrames === undefined ? "no NumSubFrames" : `NumSubFrames is ${section.numSubFrames}`;
          const wanted = `${images}, as ${section.subFrameName} has`;
          return unless(section.numSubFrames === images, { key, line: section.line }, found, wanted);
        });
      },
    },
    {
      id: "mdoc.sub-frame-type",
      severity: "warn",
      statement: "the frame files that the mdoc counts images of are MRC or TIFF",
      async judge({ mdoc, frames }) {
        const movies = await moviesOf(await known(mdoc), frames);
        const strange = movies.filter(({ facts }) => facts.type === "other" || (facts.type === "tiff" && facts.events));
        const names = strange.map(({ section }) => section.subFrameName!);
        return unless(
          strange.length === 0,
          { key: movies[0]!.key },
          `${few(names)}: a kind whose images are not counted`,
          "MRC or TIFF",
        );
      },
    },
  ]),
];

/** Sections of an mdoc with the frame files that they name. @throws {Undecided} */
async function moviesOf({ mdoc, key }: MdocFile, frames: readonly ImageFile[]) {
  if (frames.length === 0) throw new Undecided("no frame files");
  const byName = new Map(frames.map((file) => [file.name, file]));
  const movies = [];
  for (const section of mdoc.sections) {
    const file = byName.get(section.subFrameName ?? "");
    const facts = file && (await orNothing(file.facts));
    if (facts) movies.push({ section, facts, key });
  }
  if (movies.length === 0) throw new Undecided("no frame file that the mdoc names");
  return movies;
}

async function gainsAndFrame(gains: readonly ImageFile[], frames: readonly ImageFile[]): Promise<[Of<"mrc">[], Of<"mrc">]> {
  const found = await filesOf(gains, "mrc", "MRC file among the gain references");
  return [found, await firstMrcFrame(frames)];
}

/** @throws {Undecided} */
export async function firstMrcFrame(frames: readonly ImageFile[]): Promise<Of<"mrc">> {
  for (const file of frames) {
    const facts = await orNothing(file.facts);
    if (facts?.type === "mrc") return { file, facts };
  }
  throw new Undecided("no MRC file among the frames");
}
