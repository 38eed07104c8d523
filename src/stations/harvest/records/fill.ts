import { nanometresPer } from "../../../formats/peek/facts.js";
import type { ReadRecord } from "../../../portals/web-metadata.js";
import type { PortalFacts, SpaceAxis } from "./portal/facts.js";
import { portalFacts } from "./portal/read.js";
import { readText } from "./portal/text.js";
import { agree, type Length, nanometres } from "./quantities.js";
import { type Acquisition, isQuantity, type LocatedRecord, type NormalisedRecord, type RecordSource } from "./record.js";
import { factText } from "./record-text.js";

/**
 * Adds a portal's facts to a record. Each field is the file's own if that is a finite number of a known unit, else the portal's
 * field, else a fact of its prose, else null; `sources` says which. If two of them disagree, a warning `conflict:<field>` has
 * both.
 *
 * Numbers agree within 1 %, since prose is rounded (8 nm for 7.998 nm); numbers of voxels must be equal.
 *
 * @param web the portal's record, of any `web_metadata.json`, also the reference program's
 * @param location of the image if the record has none; distinguishes the sets and volumes of one entry
 */
export function fillFromWeb<T extends NormalisedRecord>(record: T, web: ReadRecord, location?: string): T {
  const found = portalFacts(web, location ?? (record as Partial<LocatedRecord>).location ?? "");
  const facts = found.guessedOf !== undefined && !hasItsSize(record, found) ? {} : found;
  const prose = facts.text === undefined ? undefined : readText(facts.text);
  const filled: T = {
    ...record,
    unit: [...record.unit],
    voxel_size: [...record.voxel_size],
    acquisition: { ...record.acquisition },
    sources: { ...record.sources },
    warnings: [...record.warnings],
  };
  const conflicts = conflictList(filled.warnings);
  if (found.guessedOf !== undefined) tellGuess(filled, found.guessedOf, found === facts);
  const others: PortalFacts[] = [{ ...facts, text: undefined }];
  if (prose) others.push({ voxelSize: prose.voxelSize, acquisition: prose.acquisition });
  fillVoxelSize(filled, others, conflicts);
  fillAcquisition(filled, others, conflicts);
  if (!facts.onlyFills) compareLengths(filled, facts, conflicts);
  if (filled.dtype === null && facts.dtype !== undefined) {
    filled.dtype = facts.dtype;
    filled.sources.dtype = "web";
  } else if (facts.dtype !== undefined && facts.dtype !== filled.dtype) {
    conflicts.add("dtype", `the file ${filled.dtype}`, `the portal ${facts.dtype}`);
  }
  if (filled.channels === null && facts.channels !== undefined) {
    filled.channels = facts.channels;
    filled.sources.channels = "web";
  } else if (facts.channels !== undefined && facts.channels !== filled.channels) {
    conflicts.add("channels", `the file ${filled.channels}`, `the portal ${facts.channels}`);
  }
  if (filled.contrast === null && facts.contrast) {
    filled.contrast = facts.contrast;
    filled.sources.contrast = "web";
  }
  return filled;
}

/** Whether the image has the numbers of voxels that the portal has. */
function hasItsSize({ axes, shape }: NormalisedRecord, { lengths = {} }: PortalFacts): boolean {
  return (["z", "y", "x"] as const).every((axis) => lengths[axis] !== undefined && lengths[axis] === shape[axes.indexOf(axis)]);
}

function tellGuess({ warnings }: NormalisedRecord, whose: string, isTaken: boolean): void {
  const warning = isTaken
    ? `web-guess: the portal's facts are those of ${whose}, which has the same size`
    : `web-guess: the portal's facts of ${whose} are left out: nothing shows that this is the image, and its size is another`;
  if (!warnings.includes(warning)) warnings.push(warning);
}

/** The source, for messages. */
const VOICES = ["the portal", "the portal's text"] as const;

interface Conflicts {
  add(field: string, ...sides: string[]): void;
}

/** Adds warnings of one form, each once, also if a record is filled twice. */
function conflictList(warnings: string[]): Conflicts {
  return {
    add(field, ...sides) {
      const warning = `conflict:${field}: ${sides.join(", ")}`;
      if (!warnings.includes(warning)) warnings.push(warning);
    },
  };
}

function fillVoxelSize(record: NormalisedRecord, others: readonly PortalFacts[], conflicts: Conflicts): void {
  const perAxis = record.axes.map((axis, place): RecordSource | undefined => {
    const own = ownLength(record, place);
    const known: RecordSource | undefined =
      record.sources[`voxel_size.${axis}`] ?? (own ? (record.sources.voxel_size ?? "file") : undefined);
    if (!isSpace(axis)) return known;
    const claims = others.map(({ voxelSize }) => voxelSize?.[axis]);
    const first = claims.find((claim) => claim !== undefined);
    if (first && !own) [record.voxel_size[place], record.unit[place]] = [first.value, first.unit];
    const taken = own ?? first;
    claims.forEach((claim, voice) => {
      if (!claim || !taken || claim === taken || others[voice]?.onlyFills || sameLength(claim, taken)) return;
      const source = own ? (known === "web" ? VOICES[0] : "the file") : VOICES[claims.indexOf(first)];
      conflicts.add("voxel_size", `${source} ${shown(taken)} along ${axis}`, `${VOICES[voice]} ${shown(claim)}`);
    });
    return own ? known : first ? "web" : undefined;
  });
  setSources(record, "voxel_size", record.axes, perAxis);
  setSources(record, "unit", record.axes, perAxis);
}

/** The size along an axis, if it is a number of a known unit. */
function ownLength({ voxel_size, unit }: NormalisedRecord, place: number): Length | undefined {
  const [value, name] = [voxel_size[place], unit[place]];
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0 || typeof name !== "string") return undefined;
  return nanometresPer(name) === undefined ? undefined : { value, unit: name };
}

function sameLength(a: Length, b: Length): boolean {
  const [first, second] = [nanometres(a), nanometres(b)];
  return first !== undefined && second !== undefined && agree(first, second);
}

/** Sets the field's source, and those of members with another source. */
function setSources(
  record: NormalisedRecord,
  field: string,
  members: readonly string[],
  found: readonly (RecordSource | undefined)[],
): void {
  const known = found.filter((source) => source !== undefined);
  const main = known.find((source) => source !== "web") ?? known[0];
  for (const member of members) delete record.sources[`${field}.${member}`];
  if (main === undefined) return;
  record.sources[field] = main;
  found.forEach((source, place) => {
    if (source !== undefined && source !== main) record.sources[`${field}.${members[place]}`] = source;
  });
}

function fillAcquisition(record: NormalisedRecord, others: readonly PortalFacts[], conflicts: Conflicts): void {
  const { acquisition, sources } = record;
  const origin = new Map<string, RecordSource>();
  for (const key of Object.keys(acquisition)) origin.set(key, sources[`acquisition.${key}`] ?? sources.acquisition ?? "file");
  const by = new Map<string, string>();
  others.forEach((one, voice) => {
    for (const [key, claim] of Object.entries(one.acquisition ?? {})) {
      const own = acquisition[key];
      if (own === undefined) {
        acquisition[key] = claim;
        origin.set(key, "web");
        by.set(key, VOICES[voice]!);
      } else if (own !== claim && !sameFact(own, claim)) {
        const side = by.get(key) ?? (origin.get(key) === "web" ? VOICES[0] : "the file");
        conflicts.add(key, `${side} ${shown(own)}`, `${VOICES[voice]} ${shown(claim)}`);
      }
    }
  });
  setSources(record, "acquisition", [...origin.keys()], [...origin.values()]);
  const { scan_rate: rate, dwell_time: dwell } = acquisition;
  if (isQuantity(rate) && isQuantity(dwell) && dwell.si > 0 && !agree(rate.si, 1 / dwell.si)) {
    conflicts.add("scan_rate", `${shown(rate)} and a dwell time of ${shown(dwell)} are not each other's reciprocal`);
  }
}

function sameFact(a: Acquisition[string], b: Acquisition[string]): boolean {
  if (isQuantity(a) && isQuantity(b)) return agree(a.si, b.si);
  if (typeof a !== "string" || typeof b !== "string") return true;
  // `Magellan 400` is `FEI Magellan400`
  const [first, second] = [a, b].map((text) => text.toLowerCase().replace(/[^a-z0-9]/g, "")) as [string, string];
  return first.includes(second) || second.includes(first);
}

function compareLengths(record: NormalisedRecord, facts: PortalFacts, conflicts: Conflicts): void {
  const { lengths = {}, lengthsWithin = 0, slices } = facts;
  const wrong: { axis: string; own: number; claim: number }[] = [];
  record.axes.forEach((axis, place) => {
    const own = record.shape[place]!;
    const claim = isSpace(axis) ? (lengths[axis] ?? (axis === "z" && isStack(record) ? slices : undefined)) : undefined;
    if (claim !== undefined && Math.abs(claim - own) > lengthsWithin) wrong.push({ axis, own, claim });
  });
  if (wrong.length === 0) return;
  const side = (key: "own" | "claim") =>
    wrong
      .map((one) => `${one.axis} ${one[key]}`)
      .reverse()
      .join(" × ");
  conflicts.add("shape", `the file ${side("own")}`, `the portal ${side("claim")}`);
}

/** Whether the record is of a volume in several files. */
function isStack({ raw_metadata: raw }: NormalisedRecord): boolean {
  return Array.isArray(raw.files);
}

function isSpace(axis: string): axis is SpaceAxis {
  return axis === "x" || axis === "y" || axis === "z";
}

function shown(fact: Acquisition[string] | Length): string {
  if (typeof fact === "string") return fact;
  if ("value" in fact && typeof fact.value === "number") return `${fact.value} ${String(fact.unit)}`.trim();
  return factText(fact as Acquisition[string]);
}
