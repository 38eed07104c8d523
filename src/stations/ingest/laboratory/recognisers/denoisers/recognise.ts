import type { Claim, Recogniser } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { isAverage } from "../common/averages.js";
import { HALF_FOLDER } from "../common/half-folder.js";
import { isonetMasks } from "../common/isonet-masks.js";
import { knownBeginning, stemOf } from "../common/names.js";
import { nearnessTo } from "../common/nearest.js";
import { baseName, folderOf, otherSessions, tailFinder } from "../common/paths.js";
import { tellingPaths } from "../common/source-folders.js";
import { isSameGrid, shapeKey, type Volume, volumesOf } from "../common/volumes.js";
import { cryocareClaims } from "./cryocare.js";
import { deepDeWedgeClaims } from "./deepdewedge.js";
import { isonetClaims } from "./isonet.js";
import { MAKERS, type Maker, OTHERS, PIECES } from "./makers.js";

/**
 * Tomograms that were denoised or filtered: a volume with the name, size and spacing of another one, and the ending, folder or label of a program that
 * makes such. Its run is that of the other.
 */
export const denoisers: Recogniser = {
  id: "denoisers",
  software: "denoisers",
  async recognise(laboratory) {
    const finder = tailFinder(laboratory.files.map(({ path }) => path));
    const claims = (
      await Promise.all([isonetClaims, deepDeWedgeClaims, cryocareClaims].map((of) => of(laboratory, finder)))
    ).flat();
    const told = new Set(claims.map(({ path }) => path));
    const volumes = volumesOf(laboratory).filter(
      (file) => !told.has(file.path) && file.volume.says !== "stack" && !isAverage(file) && !isPiece(file.path),
    );
    const tellingOf = tellingPaths(laboratory);
    const made: { file: Volume; maker: Maker }[] = [];
    const originals = new Map<string, Volume[]>();
    for (const file of volumes) {
      const maker = makerOf(file, tellingOf(file.path));
      if (maker) made.push({ file, maker });
      else if (!OTHERS.test(stemOf(file.path)) && !isAmongHalves(file.path))
        add(originals, originalKey(file, stemOf(file.path)), file);
    }
    const isOfOther = otherSessions(laboratory.folders());
    for (const one of made) {
      const claim = claimOf(one.file, one.maker, { originals, isOfOther });
      if (claim) claims.push(claim);
    }
    const isMask = isonetMasks(laboratory);
    for (const { path } of volumes)
      if (isMask(path))
        claims.push({ path, role: "left out", because: "where IsoNet looked for density: no annotation", strength: "contents" });
    claims.push(...pieces(laboratory, new Set(claims.map(({ path }) => path))));
    const named = claims.filter(({ details }) => details?.processingSoftware !== undefined);
    const software = [...new Set(named.map(({ details }) => details!.processingSoftware!))].sort().join(", ");
    // a folder `denoised` is no sign of the program that another file names
    const signs = named.length > 0 ? named : claims;
    return claims.length === 0 ? undefined : { software, by: signs.slice(0, 3).map(({ path }) => path), claims };
  },
};

const isAmongHalves = (path: string): boolean =>
  folderOf(path)
    .split("/")
    .some((part) => HALF_FOLDER.test(part));

/** @param telling the part of its path that may tell it */
function makerOf({ path, volume }: Volume, telling: string): Maker | undefined {
  const stem = stemOf(path);
  const folders = folderOf(telling).split("/").reverse();
  // `cryocare/EVN` is what was put in
  const half = folders.findIndex((part) => HALF_FOLDER.test(part));
  return (
    MAKERS.find(({ label }) => label && volume.labels.some((text) => label.test(text))) ??
    MAKERS.find(({ word }) => word.test(stem)) ??
    // the innermost folder counts: `deconv` of `isonet/deconv`
    (half < 0 ? folders : folders.slice(0, half)).flatMap((part) => MAKERS.find(({ folder }) => folder.test(part)) ?? [])[0]
  );
}

const originalKey = ({ volume }: Volume, stem: string): string => `${shapeKey(volume)}\0${stem.toLowerCase()}`;

interface Others {
  readonly originals: ReadonlyMap<string, readonly Volume[]>;
  /** Whether a file lies for another session than an original. */
  isOfOther(path: string, original: string): boolean;
}

function claimOf(file: Volume, maker: Maker, others: Others): Claim | undefined {
  const { path, volume } = file;
  const { processing, software, label } = maker;
  const details = { processing, ...(software !== undefined && { processingSoftware: software }) };
  const isLabelled = label !== undefined && volume.labels.some((text) => label.test(text));
  const found = originalOf(file, maker, others);
  if (found && !OTHERS.test(found.rest)) {
    const because = `it has the size of ${found.original.path} and its name, and ${software ?? processing} in its own`;
    const tied = found.isOnly ? { sameRunAs: found.original.path } : {};
    return { path, role: "tomogram", because, strength: "contents", details, ...tied };
  }
  if (isLabelled)
    return { path, role: "tomogram", because: `its header says that ${software} made it`, strength: "contents", details };
  if (found || OTHERS.test(plainStem(path))) return undefined;
  return { path, role: "tomogram", because: `its name or folder says that it is ${processing}`, strength: "name", details };
}

const HALF = /[_.\- ](?:evn|even|odd|half[_-]?[12ab])(?=[_.\- ]|$)/i;

/** IsoNet2 puts its words before the name: `corrected_isonet2-n2n_unet-medium_TS_01.mrc`. Source: `predict` in its bin/isonet.py */
const ISONET2 = /^corrected[^_]*_(?:isonet2(?:-n2n)?|n2n|regular)_[a-z]+(?:-[a-z]+)?_/i;

const plainStem = (path: string): string => stemOf(path).replace(HALF, "").replace(ISONET2, "");

/**
 * The tomogram of which this one was made, and what its name has more. Of several that are called so and have its size, the one beside it, or one with most
 * folders of the same names around it; `isOnly`: there is no other such.
 */
function originalOf(
  file: Volume,
  { word }: Maker,
  { originals, isOfOther }: Others,
): { original: Volume; rest: string; isOnly: boolean } | undefined {
  const stem = stemOf(file.path);
  const near = nearnessTo(file.path);
  const plain = plainStem(file.path);
  const bare = stem.replace(new RegExp(`^${word.source}`, "i"), "").replace(/^[_.\- ]+/, "");
  for (const name of new Set([plain, stem, bare, stem.replace(HALF, ""), bare.replace(HALF, "")])) {
    const fits = (begin: string) =>
      (originals.get(originalKey(file, begin)) ?? []).filter(
        (one) => one.path !== file.path && isSameGrid(one.volume, file.volume),
      );
    const known = knownBeginning(name, (begin) => fits(begin).length > 0);
    if (!known) continue;
    const [original, next] = fits(known.begin).sort((a, b) => near(b) - near(a));
    const isNearest = next === undefined || near(next) < near(original!);
    return { original: original!, rest: known.rest, isOnly: isNearest && !isOfOther(file.path, original!.path) };
  }
  return undefined;
}

const isAmongPieces = (folder: string): boolean => folder.split("/").some((part) => PIECES.test(part));
const isPiece = (path: string): boolean => isAmongPieces(folderOf(path));

/** Folders of small cubes for the training. */
function pieces(laboratory: Laboratory, told: ReadonlySet<string>): Claim[] {
  return laboratory.folders().flatMap((folder) => {
    if (!isAmongPieces(folder)) return [];
    return laboratory.inFolder(folder).flatMap(({ path }): Claim[] => {
      const isOwn = /\.(?:mrc|h5|npy|npz|pt|json|txt|star)$/i.test(baseName(path)) && !told.has(path);
      return isOwn
        ? [{ path, role: "left out", because: "a piece of a tomogram, for a training or of one particle", strength: "name" }]
        : [];
    });
  });
}

function add(map: Map<string, Volume[]>, key: string, file: Volume): void {
  const known = map.get(key);
  if (known) known.push(file);
  else map.set(key, [file]);
}
