import { counted } from "../../../../core/units.js";
import { peetName } from "../../../../formats/points/peet-name.js";
import type { Claim, Details, Role } from "../claims.js";
import { isForFigures } from "../completion/put-aside.js";
import { withUnderscores } from "../recognisers/common/names.js";
import type { Surveyed, VolumeFacts } from "../survey/laboratory.js";

/** What a file seems to be, without its run. */
export type Seeming = Pick<Claim, "role" | "because" | "strength" | "details">;

/** What is known of the files around, by which stacks are told from volumes. */
export interface Around {
  /** Numbers of angles of the lists of tilts and the acquisition files. */
  readonly tiltCounts: ReadonlySet<number>;
  has(path: string): boolean;
}

/** Why `NAME_ali1_ctf.tlt` is left out: each of its rows has some twenty numbers. */
export const EMCLARITY_TABLE = "emClarity's table of an aligned stack, not a list of angles";

const between = (words: string): RegExp => new RegExp(`(^|[/_. -])(${words})(?=[/_. -]|\\d|$)`, "i");
const MASK = between(
  "masks?|labels?|label_?(?:maps?|fields?|volumes?)|segs?|segmentations?|segment|segmented|segmask|organelles?|membranes?|instances?|ground_?truth|gts|probabilit(y|ies)|semantic",
);
const GAIN = between("gains?|gainref|countref|gain_?reference|ref\\d*|defects?");
const FRAMES = /(^|\/)(raw_?)?(frames?|movies?|fractions|subframes)(\/|$)/i;
const SERIES = between("tilt_?series|stacks?|raw_?data");
/** `pos1_TS.mrc`, `pos1_st.mrc`; in `TS_01` it is the name of a run. */
const SERIES_END = /[_-](ts|st|stack)\.\w+$/i;
/** What programs of many kinds and people call lists of points: where their format is not known, it is told. */
const POINTS = between("peaks?|picks?|picked|particles?|coords?|coordinates?|points?|\\w*motl");
const VOLUME = between("tomograms?|tomos?|recons?|reconstructions?|vol|volumes?|sirt|wbp|bp|rec|voxelspacing|denoised|dctf");
export const UNTRIMMED = /^(.*)_full(_rec\.(?:mrc|rec)|\.rec|_rec)$/i;

const PREALIGNED = /(?:\.preali|_preali\.(?:mrc|st))$/i;
/** As IMOD's ccderaser leaves them: `BB_orig.st`, `BB_origa.st`, `BBa_orig.st`. */
const BEFORE_XRAYS = /^(.*)_orig([ab]?)(\.(?:st|mrc))$/i;

/** Extensions that say what a file is, wherever it lies. */
const BY_EXTENSION: Readonly<Record<string, readonly [role: Role, details?: Details]>> = {
  rawtlt: ["raw tilts"],
  xf: ["alignment", { format: "IMOD" }],
  xtilt: ["alignment", { format: "IMOD" }],
  tltx: ["alignment", { format: "IMOD" }],
  aln: ["alignment", { format: "ARETOMO3" }],
  gain: ["gain"],
  dm4: ["gain"],
  dm3: ["gain"],
  eer: ["frame"],
  defocus: ["ctf", { format: "IMOD" }],
  mod: ["points"],
  tbl: ["points"],
  cbox: ["points"],
  tloc: ["points"],
  box: ["points"],
  coords: ["points"],
  xyz: ["points"],
  csv: ["table"],
  tsv: ["table"],
  obj: ["mesh"],
  stl: ["mesh"],
  vtk: ["mesh"],
  glb: ["mesh"],
  hff: ["mesh"],
};

/** As emClarity calls the geometry of an aligned stack: a table of many columns, and no list of angles. Source: docs/anticipatedTiltAlignment in bHimes/emClarity */
const OF_EMCLARITY = /_ali\d+_ctf\.tlt$/i;

/** What name and header of a file suggest; undefined where neither says anything. */
export function seeming(file: Surveyed, around: Around): Seeming | undefined {
  const { path, format, unreadable } = file;
  if (unreadable !== undefined || format === "empty") return undefined;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const extension = /\.([A-Za-z0-9]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  if (file.volume || format === "mrc") return ofVolume(file, withUnderscores(name), extension, around);
  const called = { because: `its name ends with .${extension}`, strength: "name" } as const;
  // what only is called a volume, and holds none
  if (/^(mrc|mrcs|rec|st|ali|map)$/.test(extension)) return undefined;
  // nor is a text or a picture that is called a movie one
  if (/^(tiff?|eer)$/.test(extension) && format !== "tiff" && format !== "eer") return undefined;
  switch (extension) {
    case "mdoc":
      // one for each frame belongs to the frames
      return /\.(tiff?|eer|mrc\d*)\.mdoc$/i.test(name) && FRAMES.test(path)
        ? { role: "left out", because: "it describes a single frame", strength: "name" }
        : { role: "acquisition", ...called };
    case "tif":
    case "tiff":
      // Dragonfly, Amira and others export labels so, a file for each section too
      if (MASK.test(path) && !FRAMES.test(path.slice(0, path.lastIndexOf("/") + 1)))
        return {
          role: "left out",
          because: "it seems to be a mask in TIFF: save it as MRC with the size of its tomogram",
          strength: "name",
        };
      return { role: GAIN.test(name) ? "gain" : "frame", because: `its name is ${name}`, strength: "name" };
    case "bz2":
    case "gz":
    case "xz":
    case "zst": {
      if (
        !/\.(?:mrcs?|rec|st|ali|map|tiff?|eer|nii|nrrd|h5|hdf5?|em|npy|star|tbl|csv|tsv|txt|json|ndjson|mdoc|rawtlt|tlt|xf|aln|mod)\.\w+$/i.test(
          name,
        )
      )
        return undefined;
      const isMovie = FRAMES.test(path.slice(0, path.lastIndexOf("/") + 1)) || /frames?|fractions|movie/i.test(name);
      // of these movies are read as they are, and nothing else is
      if (/\.mrc\.bz2$/i.test(name) && isMovie) return { role: "frame", because: "it is a compressed movie", strength: "name" };
      return { role: "left out", because: `compressed (.${extension}), which is not read: unpack it first`, strength: "name" };
    }
    case "star":
      return /(?:^|[_.-])gctf[_.-]/i.test(name)
        ? { role: "ctf", because: "Gctf calls its estimates so", strength: "name", details: { format: "RELION" } }
        : { role: "points", ...called };
    case "tlt":
      return OF_EMCLARITY.test(name)
        ? { role: "left out", because: EMCLARITY_TABLE, strength: "name" }
        : { role: "alignment", ...called, details: { format: "IMOD" } };
    case "txt":
      return /ctf/i.test(name)
        ? { role: "ctf", ...called, details: { format: /gctf/i.test(path) ? "Gctf" : "CTFFIND" } }
        : calledPoints(name);
    case "json":
      if (/(^|\/)picks\/|_info\.json$/i.test(path)) return { role: "points", ...called };
      return calledPoints(name);
    case "dat":
    case "npy":
    case "mat":
    case "xml":
      return calledPoints(name);
    case "em":
      return /motl/i.test(name) ? calledPoints(name) : undefined;
    default: {
      const known = BY_EXTENSION[extension];
      return known && { role: known[0], ...called, details: known[1] };
    }
  }
}

/** Whether a folder is called as lists of points are: `picks_bin8`. */
export const isOfPoints = (folder: string): boolean => POINTS.test(folder);

function calledPoints(name: string): Seeming | undefined {
  return POINTS.test(name) ? { role: "points", because: `its name is ${name}`, strength: "name" } : undefined;
}

/** Of scores those voxels would be published that happen to be the label. */
const FRACTIONS = "named like a mask, but its values are not whole numbers, as those of labels are";

/** Whether the statistics of the header are those of no labels: its least or greatest voxel is no whole number. */
const hasFractions = ({ least, most }: VolumeFacts): boolean =>
  least !== undefined && most !== undefined && !(Number.isInteger(least) && Number.isInteger(most));

/** Whether a stack of several images is that of a tilt series, though it lies below frames: Warp 1 keeps its folder `imod` there. */
function isStackOfSeries(path: string, extension: string, images: number, around: Around): boolean {
  const stem = path.slice(0, path.length - extension.length - 1);
  return images > 1 && (extension === "st" || [".rawtlt", ".tlt", ".xf"].some((end) => around.has(`${stem}${end}`)));
}

function ofVolume({ path, volume, format }: Surveyed, name: string, extension: string, around: Around): Seeming | undefined {
  if (format !== "mrc" && format !== "zarr") return undefined;
  const called = (role: Role, because: string, details?: Details): Seeming => ({ role, because, strength: "name", details });
  const shown = (role: Role, because: string): Seeming => ({ role, because, strength: "contents" });
  const peet = peetName(name)?.kind;
  if (peet === "average" || peet === "reference") return called("left out", "an average of particles, by PEET's name for it");
  if (!volume) return format === "zarr" ? called(MASK.test(path) ? "mask" : "tomogram", "it is an image in OME-Zarr") : undefined;
  const { says, shape } = volume;
  if (says === "volumes") return shown("left out", "many volumes in one file");
  const isFrame = FRAMES.test(path.slice(0, path.lastIndexOf("/") + 1)) && !isStackOfSeries(path, extension, shape[0], around);
  if (says === "picture") {
    if (GAIN.test(name)) return called("gain", "it is a single section, and its name is that of a gain reference");
    return isFrame
      ? called("frame", "it lies among the frames")
      : { role: "left out", because: "a single section", strength: "contents" };
  }
  if (GAIN.test(name)) return undefined;
  if (isFrame) return says === "volume" ? undefined : called("frame", "it lies among the frames");
  if (MASK.test(path) && says !== "stack" && hasFractions(volume)) return called("left out", FRACTIONS);
  if (MASK.test(path)) return says === "stack" ? undefined : called("mask", "its name says so");
  if (PREALIGNED.test(name)) return called("left out", "the coarsely aligned stack");
  const raw = BEFORE_XRAYS.exec(name);
  if (raw) {
    const folder = path.slice(0, path.length - name.length);
    const fixed = `${folder}${raw[1]!}${raw[2]!}${raw[3]!}`;
    if (around.has(fixed))
      return called("left out", `as it was recorded: ${fixed} was made of it, without X-rays or without some views`);
  }
  if (extension === "ali") return called("tilt series", "its name is that of an aligned stack");
  if (says === "stack") return shown("tilt series", "its header says that its sections are images");
  const untrimmed = UNTRIMMED.exec(name);
  if (untrimmed) {
    const folder = path.slice(0, path.length - name.length);
    const trimmed = [".rec", "_rec.mrc", "_rec.rec"]
      .map((end) => `${folder}${untrimmed[1]!}${end}`)
      .find((one) => around.has(one));
    // where nothing else was made of it, it is the tomogram
    if (trimmed !== undefined) return called("left out", `untrimmed: ${trimmed} was made of it`);
  }
  if ((extension === "st" || extension === "mrcs") && around.tiltCounts.has(shape[0]))
    return shown(
      "tilt series",
      `its name ends with .${extension}, and it has ${counted(shape[0], "section")}, as a list of tilts has angles`,
    );
  if (extension === "st") return called("tilt series", "its name ends with .st");
  if (says === "volume") return { role: "tomogram", because: "its header says that it is a volume", strength: "contents" };
  if (around.has(`${path}.mdoc`)) return shown("tilt series", "an acquisition file of its name lies beside it");
  if (/^[A-Z ]*(SERI|FEI1|FEI2)/.test(volume.extended ?? ""))
    return shown("tilt series", "its header has a stage angle for each section");
  if (extension === "rec") return called("tomogram", "its name ends with .rec");
  if (extension === "st" || extension === "mrcs") return called("tilt series", `its name ends with .${extension}`);
  const isVolume = VOLUME.test(name) || VOLUME.test(path);
  if (SERIES_END.test(name) || SERIES.test(path))
    return called(VOLUME.test(name) ? "tomogram" : "tilt series", "its name says so");
  if (around.tiltCounts.has(shape[0]) && !isVolume && !isForFigures(path))
    return shown("tilt series", `it has ${counted(shape[0], "section")}, as a list of tilts has angles`);
  return isVolume ? called("tomogram", "its name says so") : undefined;
}
