import { fewFiles } from "../../../../../core/finding.js";
import { groupsOf } from "../../../../../core/groups.js";
import { counted } from "../../../../../core/units.js";
import type { Claim, Details, GoneGain, Question, Recogniser } from "../../claims.js";
import { publishText } from "../../questions.js";
import type { Laboratory, Surveyed } from "../../survey/laboratory.js";
import { mdocsOf } from "../common/mdocs.js";
import { knownBeginning } from "../common/names.js";
import { baseName, folderOf, type TailFinder, tailFinder } from "../common/paths.js";
import { type Aligned, alignmentsOf, plainName, programOf } from "./alignments.js";
import { claimOutputs, commandsOf } from "./commands.js";
import { lieOf } from "./geometry.js";
import { isBookkeeping, isHalfName, kindOf } from "./names.js";
import { pixelsOf, type Session, sessionOf } from "./session.js";

/**
 * AreTomo, AreTomo2 and AreTomo3: an `.aln` names its stack, and other files are called after it. The size of the stack, which the `.aln` has, tells the
 * stack from its aligned and averaged copies, and the binning and the axes of volumes whose names somebody chose.
 *
 * Source: https://github.com/czimaginginstitute/AreTomo3, https://github.com/czimaginginstitute/AreTomo2
 */
export const aretomo: Recogniser = {
  id: "aretomo",
  software: "AreTomo",
  async recognise(laboratory) {
    const commands = await commandsOf(laboratory);
    const { all, broken, notes } = await alignmentsOf(laboratory, commands);
    const finder = tailFinder(laboratory.files.map(({ path }) => path));
    const acquired = new Set((await mdocsOf(laboratory)).all.map(({ stem }) => stem));
    const aligned = new Set(all.map(({ stem }) => stem));
    const outputs = claimOutputs(laboratory, commands, { finder, aligned, runOf: (stack) => plainName(stack, acquired) });
    // its name alone would make it an alignment again
    const unread = broken.map(
      (path): Claim => ({ path, role: "left out", because: "it cannot be read", strength: "bookkeeping" }),
    );
    if (all.length === 0) {
      const by = [...broken, ...outputs.map(({ path }) => path)].slice(0, 3);
      return by.length === 0 && notes.length === 0
        ? undefined
        : { software: "AreTomo", by, claims: [...unread, ...outputs], notes };
    }
    const found: Found = {
      claims: [...unread, ...outputs],
      notes,
      goneGains: [],
      flat: [],
      others: [],
      sessions: [],
      finder,
      below: groupsOf(laboratory.folders(), folderOf),
    };
    for (const [folder, aligned] of groupsOf(all, ({ folder }) => folder)) await claimFolder(laboratory, folder, aligned, found);
    claimElsewhere(laboratory, all, found);
    return {
      software: softwareOf(all, found.sessions),
      by: all.slice(0, 3).map(({ path }) => path),
      claims: found.claims,
      questions: flatQuestion(found.flat),
      goneGains: found.goneGains,
      notes: found.others.length === 0 ? notes : [...notes, othersNote(found.others)],
    };
  },
};

interface Found {
  readonly claims: Claim[];
  readonly notes: string[];
  readonly goneGains: GoneGain[];
  /** Tomograms whose sections run along y. */
  readonly flat: Claim[];
  /** Stacks that are called like the one that was aligned, and have another size. */
  readonly others: string[];
  readonly sessions: Session[];
  readonly finder: TailFinder;
  /** Folders by the folder that they are in. */
  readonly below: ReadonlyMap<string, readonly string[]>;
}

async function claimFolder(laboratory: Laboratory, folder: string, aligned: readonly Aligned[], found: Found): Promise<void> {
  const session = await sessionOf(laboratory, folder);
  const pixels = await pixelsOf(laboratory, folder);
  const byStem = new Map(aligned.map((one) => [one.stem, one]));
  const leave = (path: string, because: string, run?: string) =>
    found.claims.push({ path, role: "left out", run, because, strength: "bookkeeping" });
  if (session) {
    found.sessions.push(session);
    const gain = session.gain === undefined ? undefined : found.finder.find(session.gain, folder);
    if (gain === undefined && session.gain !== undefined) found.goneGains.push({ by: session.path, named: session.gain });
    if (gain !== undefined)
      found.claims.push({ path: gain, role: "gain", because: `${baseName(session.path)} names it`, strength: "bookkeeping" });
  }
  for (const one of aligned) claimStack(laboratory, one, pixels, found);
  for (const file of laboratory.inFolder(folder)) {
    const name = baseName(file.path);
    if (isBookkeeping(name)) leave(file.path, "a project file of AreTomo3");
    const owner = knownBeginning(name, (begin) => byStem.has(begin));
    if (owner) claimOwn(laboratory, { file, one: byStem.get(owner.begin)!, rest: owner.rest, session, pixels }, found);
  }
  for (const below of found.below.get(folder) ?? []) claimBelow(laboratory, below, byStem, found);
}

/** The folders that AreTomo makes for other programs and for its logs. */
function claimBelow(laboratory: Laboratory, folder: string, byStem: ReadonlyMap<string, Aligned>, { claims }: Found): void {
  const kind = /_(Imod|Log)$/i.exec(folder)?.[1]?.toLowerCase();
  if (kind === undefined) return;
  const owner = knownBeginning(baseName(folder), (begin) => byStem.has(begin));
  if (
    !owner &&
    (kind === "log" || !laboratory.inFolder(folder).some(({ path }) => /_st\.(?:xf|tlt)$|_order_list\.csv$/i.test(path)))
  )
    return;
  const one = owner && byStem.get(owner.begin)!;
  const because =
    kind === "log"
      ? "a log of AreTomo3"
      : `${one ? `the alignment of ${baseName(one.path)}` : "an alignment that AreTomo wrote"}, for IMOD, RELION or Warp`;
  for (const { path } of laboratory.inFolder(folder)) {
    // a table of RELION may name it as what its CTFs are from
    if (one && kind === "imod" && /_ctf\.txt$/i.test(path)) {
      const again = `the CTF estimate of ${baseName(one.path)}, for IMOD`;
      claims.push({ path, role: "left out", run: one.run, because: again, strength: "name" });
    } else claims.push({ path, role: "left out", run: one?.run, because, strength: "bookkeeping" });
  }
}

/** What AreTomo2 wrote into another folder than that of the stack, which has the `.aln`. */
function claimElsewhere(laboratory: Laboratory, all: readonly Aligned[], found: Found): void {
  const groups = groupsOf(all, ({ stem }) => stem);
  const byStem = new Map([...groups].flatMap(([stem, own]) => (own.length === 1 ? [[stem, own[0]!] as const] : [])));
  const own = new Set(all.map(({ folder }) => folder));
  const sessions = new Set(laboratory.files.flatMap(({ path }) => (isBookkeeping(baseName(path)) ? [folderOf(path)] : [])));
  for (const folder of laboratory.folders()) {
    // what another run of AreTomo3 made of the same stacks tells its own pixels
    if (own.has(folder) || sessions.has(folder)) continue;
    if (!own.has(folderOf(folder))) claimBelow(laboratory, folder, byStem, found);
    if (/_(?:Imod|Log)$/i.test(folder)) continue;
    for (const file of laboratory.inFolder(folder)) {
      const owner = knownBeginning(baseName(file.path), (begin) => byStem.has(begin));
      const kind = owner && kindOf(owner.rest);
      if (!owner || kind === undefined || kind === "stack") continue;
      const one = byStem.get(owner.begin)!;
      claimOwn(laboratory, { file, one, rest: owner.rest, session: undefined, pixels: NO_PIXELS, isElsewhere: true }, found);
    }
  }
}

const NO_PIXELS: ReadonlyMap<string, number> = new Map();

interface Own {
  /** In a folder without an `.aln`: only its name tells what it is. */
  readonly isElsewhere?: boolean | undefined;
  readonly file: Surveyed;
  readonly one: Aligned;
  readonly rest: string;
  readonly session: Session | undefined;
  readonly pixels: ReadonlyMap<string, number>;
}

function claimOwn(laboratory: Laboratory, own: Own, { claims, flat }: Found): void {
  const { file, one, rest, pixels } = own;
  const { run, alignment, isHalf } = one;
  const aln = baseName(one.path);
  const kind = kindOf(rest);
  const claim = (role: Claim["role"], because: string, details?: Details, strength: Claim["strength"] = "bookkeeping") =>
    ({ path: file.path, role, run, because, strength, ...(details && { details }) }) satisfies Claim;
  if (kind === "stack" && one.stack === one.stem) return;
  if (isHalf) {
    if (kind === "volume" || kind === undefined) claimVolume();
    else claims.push(claim("left out", "of half of the frames"));
    return;
  }
  if (kind === "alignment" && one.fault !== undefined) claims.push(claim("left out", one.fault));
  else if (kind === "alignment") {
    const isLocal = (alignment.numPatches ?? 0) > 0 || alignment.patches.length > 0;
    const details: Details = {
      format: "ARETOMO3",
      methodType: "projection_matching",
      alignmentType: isLocal ? "LOCAL" : "GLOBAL",
    };
    claims.push(
      claim("alignment", rest === ".aln" ? `${programOf(alignment)} wrote it` : `the angles and the dose of ${aln}`, details),
    );
  } else if (kind === "ctf") claims.push(claim("ctf", `the CTF estimate of the stack of ${aln}`, { format: "CTFFIND" }));
  else if (typeof kind === "object") claims.push(claim("left out", kind.leftOut));
  else if (/^\.(?:xf|tlt|xtilt)$/i.test(rest))
    claims.push(claim("left out", `the alignment of ${aln}, for IMOD`, undefined, "name"));
  else claimVolume();

  function claimVolume(): void {
    const { volume } = file;
    if (!volume || file.format !== "mrc" || volume.says === "picture") return;
    // its size is a tomogram's, and its name is that of a segmentation
    if (/mask|segment|label/i.test(file.path.slice(file.path.lastIndexOf("/") + 1))) return;
    const lie = lieOf(volume.shape, alignment);
    const isNamed = kind === "volume" || kind === "half map";
    if (!isNamed && !lie) return;
    const strength = own.isElsewhere ? "name" : isNamed ? "bookkeeping" : "contents";
    const isStack = volume.shape[0] === alignment.sections.length && !isNamed && !hasProjection(laboratory, file.path);
    if (isStack && volume.says !== "volume") {
      claims.push(claim("left out", "the aligned stack", undefined, strength));
      return;
    }
    const isOfHalf = isHalf || kind === "half map" || (!isNamed && isHalfName(rest));
    if (isOfHalf) {
      claims.push(claim("half map", `made of half of the frames, as ${aln} and its name say`, undefined, strength));
      return;
    }
    const because = isNamed
      ? `the volume of ${aln}`
      : `its size is that of the stack of ${aln}, binned by ${Number(lie!.binning.toFixed(2))}`;
    const tomogram = claim("tomogram", because, volumeDetails(own, lie?.binning, pixels.get(one.stem)), strength);
    const projected = hasProjection(laboratory, file.path)?.volume?.shape[1];
    const isFlat =
      projected === undefined ? lie?.sections === "flat" : projected === volume.shape[0] && projected !== volume.shape[1];
    (isFlat ? flat : claims).push(tomogram);
  }
}

/** AreTomo2 saves two projections beside each volume, as it would lie if it were turned. */
function hasProjection(laboratory: Laboratory, path: string): Surveyed | undefined {
  return laboratory.get(path.replace(/\.mrc$/i, "_projXY.mrc"));
}

function volumeDetails({ file, one, rest, session }: Own, binning: number | undefined, pixel: number | undefined): Details {
  const { version, method, isCtfCorrected } = session ?? {};
  const spacing = file.volume?.spacingsAngstrom[1];
  const isKnown = isUnset(spacing) && pixel !== undefined && binning !== undefined;
  return {
    // `X_dctf_Vol.mrc`: a word between that AreTomo does not write is what others made of it
    ...(kindOf(rest) === "volume" && { processing: "raw" as const }),
    reconstructionSoftware: session ? `AreTomo3${version === undefined ? "" : ` ${version}`}` : programOf(one.alignment),
    fiducial: false,
    ...(method && { reconstructionMethod: method }),
    ...(isCtfCorrected !== undefined && { ctfCorrected: isCtfCorrected }),
    ...(isKnown && { spacingAngstrom: Number((pixel * binning).toPrecision(6)) }),
  };
}

/** Headers of 1 Å are those that nobody set. */
const isUnset = (spacing: number | undefined): boolean => spacing === undefined || Math.abs(spacing - 1) < 1e-4;

/** The stack by its name and its size: beside the alignment, or the only one elsewhere. */
function claimStack(
  laboratory: Laboratory,
  { path, folder, stem, stack: name, run, alignment, isHalf }: Aligned,
  pixels: ReadonlyMap<string, number>,
  { claims, others, finder }: Found,
): void {
  const named = ["mrc", "st", "mrcs"].flatMap((end) => finder.named(`${name}.${end}`));
  const { rawSize, sections, darkFrames } = alignment;
  const count = rawSize?.[2] ?? sections.length + darkFrames.length;
  const fits = (one: string): boolean => {
    const { volume } = laboratory.get(one)!;
    if (!volume || volume.shape[0] !== count) return false;
    return rawSize ? volume.shape[2] === rawSize[0] && volume.shape[1] === rawSize[1] : volume.says !== "volume";
  };
  const candidates = named.filter(fits);
  const beside = candidates.filter((one) => folderOf(one) === folder);
  const stack = beside.length > 0 ? beside[0] : candidates.length === 1 ? candidates[0] : undefined;
  if (stack === undefined) {
    const other = named.find((one) => folderOf(one) === folder && laboratory.get(one)!.volume);
    if (other !== undefined && rawSize && candidates.length === 0)
      others.push(`${other} (${rawSize[0]}×${rawSize[1]}, ${counted(rawSize[2]!, "section")} in ${baseName(path)})`);
    return;
  }
  if (isHalf) {
    claims.push({ path: stack, role: "left out", run, because: "a stack of every other frame", strength: "bookkeeping" });
    return;
  }
  const pixel = pixels.get(stem);
  const isTold = pixel !== undefined && isUnset(laboratory.get(stack)!.volume!.spacingsAngstrom[1]);
  claims.push({
    path: stack,
    role: "tilt series",
    run,
    because: `${baseName(path)} was made of a stack of its name and size`,
    strength: "bookkeeping",
    ...(isTold && { details: { spacingAngstrom: pixel } }),
  });
}

function softwareOf(all: readonly Aligned[], sessions: readonly Session[]): string {
  const version = sessions.find((session) => session.version !== undefined)?.version;
  if (sessions.length > 0) return `AreTomo3${version === undefined ? "" : ` ${version}`}`;
  return [...new Set(all.map(({ alignment }) => programOf(alignment)))].sort().join(", ");
}

function othersNote(others: readonly string[]): string {
  return `The alignments of AreTomo are not used for these stacks, whose size is not the one in the .aln file: ${fewFiles(others)}.`;
}

function flatQuestion(flat: readonly Claim[]): Question[] {
  if (flat.length === 0) return [];
  const files = flat.map(({ path }) => path);
  const one = files.length === 1;
  return [
    {
      id: "aretomo-axes",
      text: publishText(files),
      why: "AreTomo ran without -FlipVol 1, so y and z are exchanged: the sections run along y.",
      files,
      options: [
        {
          answer: "leave-out",
          says: "not published: rotate first (IMOD: trimvol -rx), or run AreTomo with -FlipVol 1",
          claims: flat.map(({ path, run }) => ({
            path,
            run,
            role: "left out",
            because: "its sections run along y",
            strength: "contents",
          })),
        },
        { answer: "tomogram", says: `published as ${one ? "it is" : "they are"}`, claims: flat },
      ],
      guess: "leave-out",
    },
  ];
}
