import { groupsOf, keyOf } from "../../../../../core/groups.js";
import { counted } from "../../../../../core/units.js";
import type { Claim, MissingFrames } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { imageOf, type MdocFacts, type MdocSectionFacts, type Mdocs, SERIES_IMAGES_MIN, shareExposures } from "./mdocs.js";
import { stemOf } from "./names.js";
import { baseName, distinctNames, folderOf } from "./paths.js";
import { showTheSame } from "./prints.js";

/** One tilt series as its mdoc describes it. */
export interface AcquiredSeries {
  readonly run: string;
  readonly mdoc: MdocFacts;
  /** Other mdocs of the same exposures, each with a stack of its own if it has one: the same images summed anew. */
  readonly others: readonly Described[];
  /** The stack, if it is there. */
  readonly image?: string | undefined;
}

/**
 * Tilt series by their mdocs: several mdocs that speak of the same exposures are one series; series of one name that share no exposure get the parts of
 * their folders by which they differ.
 */
export async function seriesOf(laboratory: Laboratory, mdocs: Mdocs, mine: readonly MdocFacts[]): Promise<AcquiredSeries[]> {
  const all: Omit<AcquiredSeries, "run">[] = [];
  const each = withoutOthersStacks(mine.map((mdoc) => ({ mdoc, image: imageOf(laboratory, mdoc, mdocs) })));
  const nameOf = namesOfSeries(each);
  for (const described of groupsOf(each, nameOf).values()) {
    for (const withImages of sameExposures(described, await comparedStacks(laboratory, mdocs, described))) {
      const beside = withImages.find(isBeside);
      const main = beside ?? withImages.find(({ image }) => image !== undefined) ?? withImages[0]!;
      all.push({ ...main, others: withImages.filter(({ mdoc }) => mdoc !== main.mdoc) });
    }
  }
  const series = withoutRenamed(all);
  const names = distinctNames(series.map((one) => ({ name: nameOf(one), folder: folderOf(one.mdoc.path) })));
  return series.map((one, at) => ({ ...one, run: names[at]! }));
}

interface Described {
  readonly mdoc: MdocFacts;
  readonly image?: string | undefined;
}

/**
 * The only stack of a name may be that of another session: an mdoc elsewhere has lost its stack, where one of its name and of other exposures lies beside that
 * stack, or may as well be the one that describes it.
 */
function withoutOthersStacks(all: readonly Described[]): readonly Described[] {
  const ofImage = groupsOf(
    all.filter(({ image }) => image !== undefined),
    ({ image }) => image!,
  );
  return all.map((one) => {
    if (one.image === undefined || isBeside(one)) return one;
    // under another name it may be a copy that somebody has changed
    const isCalledSo = ({ stem, path }: MdocFacts) => stem === one.mdoc.stem && path !== one.mdoc.path;
    const isOthers = ofImage.get(one.image)!.some(({ mdoc }) => isCalledSo(mdoc) && shareExposures([mdoc], [one.mdoc]) === false);
    return isOthers ? { mdoc: one.mdoc } : one;
  });
}

/** A series is called as its mdoc; as its stack, where that lies beside it and has its name with more behind it, `TS_01.mrc_old.mdoc`: somebody has renamed it. */
function namesOfSeries(all: readonly Described[]): (one: Described) => string {
  const called = new Set(all.map(({ mdoc }) => keyOf(folderOf(mdoc.path), mdoc.stem)));
  const ofImage = groupsOf(
    all.filter((one) => isBeside(one) && !isCalledAsImage(one) && baseName(one.mdoc.path).startsWith(baseName(one.image!))),
    ({ image }) => image!,
  );
  return (one) => {
    const name = one.image === undefined ? "" : stemOf(one.image);
    const isOnly = ofImage.get(one.image ?? "")?.length === 1 && !called.has(keyOf(folderOf(one.mdoc.path), name));
    return isBeside(one) && !isCalledAsImage(one) && isOnly ? name : one.mdoc.stem;
  };
}

const exposuresKey = ({ sections }: MdocFacts): string =>
  sections.every(({ subFramePath }) => subFramePath !== undefined)
    ? sections
        .map(({ subFramePath }) => subFramePath!.toLowerCase())
        .sort()
        .join("\n")
    : "";

const isCalledAsImage = ({ mdoc, image }: Described): boolean => image !== undefined && stemOf(image) === mdoc.stem;

/**
 * Without mdocs of another name that have no stack of it, and name the frames of a series beside them: a program that sorts a stack in place keeps the mdoc
 * of before, `TS_01_unsorted.mrc.mdoc` beside `TS_01.mrc.mdoc`. Source: sortTS in PACEtomo.py of https://github.com/eisfabian/PACEtomo
 */
function withoutRenamed(all: readonly Omit<AcquiredSeries, "run">[]): Omit<AcquiredSeries, "run">[] {
  const keyed = all.map((one) => ({ one, key: keyOf(folderOf(one.mdoc.path), exposuresKey(one.mdoc)) }));
  const own = groupsOf(
    keyed.filter(({ one }) => isCalledAsImage(one) && exposuresKey(one.mdoc) !== ""),
    ({ key }) => key,
  );
  const isRenamed = ({ one, key }: (typeof keyed)[number]) => !isCalledAsImage(one) && own.get(key)?.length === 1;
  const renamed = groupsOf(keyed.filter(isRenamed), ({ key }) => key);
  return keyed.flatMap((each) => {
    if (isRenamed(each)) return [];
    const { one, key } = each;
    const more = own.get(key)?.length === 1 ? (renamed.get(key) ?? []) : [];
    return [{ ...one, others: [...one.others, ...more.flatMap(({ one: { mdoc, others } }) => [{ mdoc }, ...others])] }];
  });
}

const isBeside = ({ mdoc, image }: Described): boolean => image !== undefined && folderOf(image) === folderOf(mdoc.path);

/**
 * What the stacks nearest to mdocs of one name show, the same images or others; undefined where nothing tells it. Those with other images are of two series,
 * though a template may have given them the same times.
 */
async function comparedStacks(
  laboratory: Laboratory,
  mdocs: Mdocs,
  group: readonly Described[],
): Promise<(a: Described, b: Described) => boolean | undefined> {
  const told = new Map<string, boolean | undefined>();
  const stacks = group.map(({ mdoc, image }) => image ?? nearestStack(laboratory, mdocs, mdoc));
  for (const [at, one] of stacks.entries()) {
    for (const [n, other] of stacks.slice(at + 1).entries()) {
      if (one === undefined || other === undefined || one === other) continue;
      told.set(`${at} ${at + 1 + n}`, await showTheSame(laboratory, one, other));
    }
  }
  return (a, b) => {
    const [least, most] = [group.indexOf(a), group.indexOf(b)].sort((one, other) => one - other);
    return told.get(`${least} ${most}`);
  };
}

/** The stack of the name of an mdoc with which it has most of its folders in common. */
function nearestStack(laboratory: Laboratory, { files }: Mdocs, { path, stem, sections }: MdocFacts): string | undefined {
  const near = (one: string): number => {
    const [a, b] = [folderOf(one).split("/"), folderOf(path).split("/")];
    const at = a.findIndex((part, i) => part !== b[i]);
    return at < 0 ? a.length : at;
  };
  const stacks = ["mrc", "st", "mrcs"]
    .flatMap((end) => files.named(`${stem}.${end}`))
    .filter((one) => laboratory.get(one)?.volume?.shape[0] === sections.length);
  const most = Math.max(...stacks.map(near));
  const nearest = stacks.filter((one) => near(one) === most);
  return nearest.length === 1 ? nearest[0] : undefined;
}

/** Mdocs of one name by the exposures that they share. Two that have stacks of their own beside them are two series, unless these show the same images. */
function sameExposures(
  group: readonly Described[],
  showSame: (a: Described, b: Described) => boolean | undefined,
): Described[][] {
  const clusters: { members: Described[]; exposures: Set<string> }[] = [];
  for (const one of group) {
    const { sections } = one.mdoc;
    const paths = sections.flatMap(({ subFramePath }) => subFramePath?.toLowerCase() ?? []);
    const exposures = paths.length > 0 ? paths : sections.flatMap(({ dateTime }) => dateTime ?? []);
    const found = clusters.find(
      (cluster) =>
        exposures.some((exposure) => cluster.exposures.has(exposure)) &&
        !cluster.members.some((other) => showSame(one, other) === false) &&
        !(
          isBeside(one) && cluster.members.some((other) => isBeside(other) && other.image !== one.image && !showSame(one, other))
        ),
    );
    if (found) {
      found.members.push(one);
      for (const exposure of exposures) found.exposures.add(exposure);
    } else clusters.push({ members: [one], exposures: new Set(exposures) });
  }
  return clusters.map(({ members }) => members);
}

export interface SeriesClaims {
  readonly claims: Claim[];
  /** Series whose frames are not there, and those of which some are missing. */
  readonly missing: MissingFrames[];
  /** Frames that were found, with their run. */
  readonly frames: ReadonlyMap<string, string>;
}

/** Stack, mdoc and frames of each series. */
export function claimSeries(laboratory: Laboratory, mdocs: Mdocs, series: readonly AcquiredSeries[]): SeriesClaims {
  const claims: Claim[] = [];
  const missing: SeriesClaims["missing"] = [];
  const frames = new Map<string, string>();
  for (const { run, mdoc, others, image } of series) {
    const name = baseName(mdoc.path);
    claims.push({
      path: mdoc.path,
      role: "acquisition",
      run,
      because: `it describes the tilts of ${run}`,
      strength: "bookkeeping",
    });
    for (const other of others) {
      claims.push({
        path: other.mdoc.path,
        role: "left out",
        run,
        because: `another mdoc of the images of ${mdoc.path}`,
        strength: "bookkeeping",
      });
      const own = isBeside(other) && other.image !== image ? other.image : undefined;
      if (own !== undefined) claims.push(stackClaim(laboratory, own, run, other.mdoc));
    }
    if (image !== undefined) claims.push(stackClaim(laboratory, image, run, mdoc));
    const wanted = mdoc.sections.filter(({ subFramePath }) => subFramePath !== undefined);
    let found = 0;
    for (const section of wanted) {
      const path = frameOf(laboratory, mdocs, section, folderOf(mdoc.path));
      if (path === undefined || path === image) continue;
      found++;
      frames.set(path, run);
      claims.push({ path, role: "frame", run, because: `${name} names it`, strength: "bookkeeping" });
    }
    if (found < wanted.length) missing.push({ run, by: mdoc.path, found, of: wanted.length });
  }
  return { claims, missing, frames };
}

function stackClaim(laboratory: Laboratory, path: string, run: string, { path: mdoc, pixelAngstrom }: MdocFacts): Claim {
  const spacing = laboratory.get(path)?.volume?.spacingsAngstrom[1];
  const isUnset = spacing === undefined || Math.abs(spacing - 1) < 1e-4;
  return {
    path,
    role: "tilt series",
    run,
    because: `${baseName(mdoc)} describes its images`,
    strength: "bookkeeping",
    ...(isUnset && pixelAngstrom !== undefined && { details: { spacingAngstrom: pixelAngstrom } }),
  };
}

const FRAME_FORMATS: readonly unknown[] = ["tiff", "eer", "mrc", "hdf5"];
const FRAME_EXTENSIONS = ["tif", "tiff", "eer", "mrc", "mrcs"];

/** The file of a section's frames: by the end of its path, or the same name with the extension of another format that frames were saved in since. */
function frameOf(
  laboratory: Laboratory,
  { files }: Mdocs,
  { subFramePath, numSubFrames }: MdocSectionFacts,
  near: string,
): string | undefined {
  const isFrame = (path: string) => {
    const { format, volume } = laboratory.get(path)!;
    // averages of frames are called like them, in a folder of their own
    return FRAME_FORMATS.includes(format) && !(volume?.says === "picture" && (numSubFrames ?? 1) > 1);
  };
  const exact = files.find(subFramePath!, near, isFrame);
  if (exact !== undefined || files.named(baseName(subFramePath!.replaceAll("\\", "/"))).some(isFrame)) return exact;
  const stem = subFramePath!.replace(/\.(?:tiff?|eer|mrcs?)$/i, "");
  if (stem === subFramePath) return undefined;
  const others = FRAME_EXTENSIONS.flatMap((end) => files.find(`${stem}.${end}`, near, isFrame) ?? []);
  return others.length === 1 ? others[0] : undefined;
}

/** Mdocs of single frames, and of images that are no tilt series, with their images. */
export function claimOthers(
  laboratory: Laboratory,
  mdocs: Mdocs,
  mine: readonly MdocFacts[],
  taken: ReadonlySet<string>,
): Claim[] {
  const claims: Claim[] = [];
  const leave = (path: string, because: string) => claims.push({ path, role: "left out", because, strength: "bookkeeping" });
  for (const mdoc of mine) {
    const { path, kind, sections } = mdoc;
    if (kind === "frame") leave(path, "of a single exposure; the mdoc of its tilt series has the same");
    else if (kind === "empty") leave(path, "an mdoc without a section");
    if (kind !== "montage" && kind !== "images") continue;
    const what =
      kind === "montage"
        ? "a montage, not a tilt series"
        : `${counted(sections.length, "image")}${sections.length < SERIES_IMAGES_MIN ? "" : " of nearly one tilt"}, not a tilt series`;
    leave(path, what);
    const image = imageOf(laboratory, mdoc, mdocs);
    if (image !== undefined && !taken.has(image)) leave(image, `${what}, as ${baseName(path)} says`);
    for (const section of sections) {
      const frame = section.subFramePath === undefined ? undefined : frameOf(laboratory, mdocs, section, folderOf(path));
      if (frame !== undefined && frame !== image && !taken.has(frame)) leave(frame, `${what}, as ${baseName(path)} says`);
    }
  }
  return claims;
}
