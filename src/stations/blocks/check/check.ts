import { readFile } from "node:fs/promises";
import type { BlockVolume } from "../../../arrays/blocks/volume.js";
import { type ReadContext, readContext } from "../../../arrays/loader/read-context.js";
import { openBlockVolume } from "../../../arrays/loader/volume.js";
import { asEmporiumError, EmporiumError, type ErrorRecord, isEmporiumError, toErrorRecord } from "../../../core/errors.js";
import type { CheckPlace } from "../../../core/finding.js";
import { redact } from "../../../core/redact.js";
import { exitOf, type Report, withText } from "../../../core/report.js";
import { counted } from "../../../core/units.js";
import { mapLimit } from "../../../system/parallel.js";
import { ARRAY_RULES } from "./checks/arrays.js";
import { LEVEL_RULES } from "./checks/levels.js";
import { METADATA_RULES } from "./checks/metadata.js";
import { VOXEL_RULES } from "./checks/voxels.js";
import { type Expect, NOTHING_EXPECTED, parseExpect } from "./expect.js";
import { type BlockRule, type CheckedVolume, finest, type Severity } from "./rule.js";
import { type Sample, sampleVolume } from "./sample.js";

/** A volume that cannot be opened has this finding alone. */
const OPENS: Pick<BlockRule, "code" | "statement" | "hint"> = {
  code: "volume.opens",
  statement: "the volume can be opened",
  hint: "run harvest peek or verify on the file for details",
};

/** Every rule on volumes, in the order of reports. Their codes never change meaning. */
export const BLOCK_RULES: readonly BlockRule[] = [...METADATA_RULES, ...LEVEL_RULES, ...VOXEL_RULES, ...ARRAY_RULES];

/** Default of `sampleBytes`, decoded bytes per level: of a volume of few, very large chunks only some are checked. */
const SAMPLE_BYTES = 2 * 2 ** 30;

/** One thing that is not as it should be. */
export interface BlockFinding extends CheckPlace {
  readonly code: string;
  readonly severity: Severity;
  /** "found, wanted". */
  readonly message: string;
  readonly found: string;
  readonly wanted: string;
  readonly hint: string;
}

export interface VolumeCheck {
  readonly location: string;
  /** Rules that were applied, and blocks that were read. */
  readonly rules: number;
  readonly blocks: number;
  readonly findings: readonly BlockFinding[];
  /** Content that is not read, metadata that is not followed, and levels of which fewer blocks were read than of others. */
  readonly notes: readonly string[];
}

export interface CheckVolumeOptions {
  readonly expect?: Expect | undefined;
  /** Volumes that will be read in the same grid. */
  readonly others?: readonly BlockVolume[] | undefined;
  /** The most that may be decoded of each level; one block is read in any case. Default 2 GiB. */
  readonly sampleBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Applies every rule to a volume that is open. Reads at most 48 blocks of 64³ voxels of the finest level and 6 of each other.
 *
 * @throws what stores throw, but for objects that are not there
 */
export async function checkVolume(volume: BlockVolume, options: CheckVolumeOptions = {}): Promise<VolumeCheck> {
  const { expect = NOTHING_EXPECTED, others = [], sampleBytes = SAMPLE_BYTES, signal } = options;
  const isSound = volume.levels.every(({ shape }) => shape.every((length) => length > 0));
  const sample = isSound
    ? await sampleVolume(volume, { sampleBytes, signal })
    : { blocks: [], values: new Float64Array(0), lost: [], notes: [] };
  const subject: CheckedVolume = { volume, expect, sample, others, kind: expect.kind ?? kindOf(volume, sample) };
  const findings = BLOCK_RULES.flatMap(({ code, hint, severity = "warning", judge }) =>
    judge(subject).map(
      ({ found, wanted, place }): BlockFinding => ({
        code,
        severity,
        message: `${found}; expected ${wanted}`,
        found,
        wanted,
        hint,
        ...place,
      }),
    ),
  );
  const notes = [...(volume.notes ?? []), ...sample.notes];
  return { location: volume.name, rules: BLOCK_RULES.length, blocks: sample.blocks.length, findings, notes };
}

/** Labels are whole numbers of 32 bits and more, or nothing but 0 and 1. */
function kindOf(volume: BlockVolume, { blocks }: Sample): "image" | "labels" {
  const { dtype } = finest({ volume });
  const isMask =
    !dtype.startsWith("float") && blocks.some(({ max }) => max === 1) && !blocks.some(({ min, max }) => min < 0 || max > 1);
  return isMask || /^(bool|u?int(32|64))$/.test(dtype) ? "labels" : "image";
}

export interface CheckBlocksOptions {
  /** A file of expectations, which hold for the first location. */
  readonly expect?: string | undefined;
  readonly memoryBytes?: number | undefined;
  readonly anonymous?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface BlockCheckReport extends Report {
  /** `errors`: nothing was found in what was checked, and something could not be. */
  readonly status: "ok" | "findings" | "errors";
  readonly volumes: readonly VolumeCheck[];
}

/**
 * Checks volumes before they are read block by block. Those behind the first are taken to be read in its grid.
 *
 * @returns findings; a volume that is damaged is one. Locations that cannot be checked for another reason are in `errors`, and the others are checked
 * @throws {EmporiumError} CONFIG_FIELD, CONFIG_SYNTAX (`expect`), CANCELLED; for a single location LOCATION_UNKNOWN, MEMORY_LIMIT and what stores throw
 */
export async function checkBlocks(locations: readonly string[], options: CheckBlocksOptions = {}): Promise<BlockCheckReport> {
  const { signal } = options;
  const expect = options.expect === undefined ? undefined : parseExpect(await textOf(options.expect), options.expect);
  const context = readContext(options);
  /** Errors by the index of their location. */
  const errors: ErrorRecord[] = [];
  /**
   * Handles the failure of one location: it is thrown where there is no other; of several, the others are checked all the same.
   */
  const failed = (at: number) => (error: unknown) => {
    signal?.throwIfAborted();
    const named = withLocation(asEmporiumError(error), locations[at]!);
    if (locations.length === 1) throw named;
    errors[at] = toErrorRecord(named);
    return undefined;
  };
  try {
    const opened = await mapLimit(locations, 4, (location, at) => open(location, context, options).catch(failed(at)));
    const [, ...others] = opened.flatMap((one) => (one && "volume" in one ? one.volume : []));
    const volumes: VolumeCheck[] = [];
    for (const [at, one] of opened.entries()) {
      const location = locations[at]!;
      if (!one) continue;
      if ("finding" in one) volumes.push({ location, rules: 0, blocks: 0, findings: [one.finding], notes: [] });
      else {
        const more = at === 0 ? { expect, others } : {};
        const check = await checkVolume(one.volume, { ...more, signal }).catch(failed(at));
        if (check) volumes.push(check);
      }
    }
    return reportOf(volumes, errors.flat());
  } finally {
    await context.close();
  }
}

/** Puts the location before a MEMORY_LIMIT error, whose message does not name it; other errors stay as they are. */
function withLocation(error: EmporiumError, location: string): EmporiumError {
  if (error.code !== "MEMORY_LIMIT") return error;
  return new EmporiumError(error.code, `${redact(location)}: ${error.message}`, { ...error.facts, cause: error });
}

async function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    throw new EmporiumError("USAGE", `${path} cannot be read`, { place: { file: path }, cause: asEmporiumError(error) });
  });
}

async function open(
  location: string,
  context: ReadContext,
  { anonymous, signal }: CheckBlocksOptions,
): Promise<{ volume: BlockVolume } | { finding: BlockFinding }> {
  try {
    return { volume: await openBlockVolume(location, { context, store: { anonymous }, signal }) };
  } catch (error) {
    if (!isEmporiumError(error) || !/^(FORMAT_|STORE_ABSENT)/.test(error.code)) throw error;
    const { code, hint } = OPENS;
    const { place } = error.facts;
    const found = `${error.code}: ${error.message}`;
    return {
      finding: {
        code,
        severity: "error",
        message: found,
        found,
        wanted: "a volume",
        hint: error.facts.hint ?? hint,
        key: place?.file ?? location,
        path: place?.path,
        byte: place?.byte,
      },
    };
  }
}

function reportOf(volumes: readonly VolumeCheck[], errors: readonly ErrorRecord[]): BlockCheckReport {
  const hasFindings = volumes.some(({ findings }) => findings.length > 0);
  const status: BlockCheckReport["status"] = hasFindings ? "findings" : errors.length > 0 ? "errors" : "ok";
  const exitStatus = hasFindings ? 4 : exitOf(errors.length, volumes.length);
  const document = { status, exitStatus, volumes, errors };
  return withText(document, ({ volumes: all }) => all.flatMap(linesOf));
}

function linesOf({ location, rules, blocks, findings, notes }: VolumeCheck): string[] {
  const statements = new Map([OPENS, ...BLOCK_RULES].map(({ code, statement }) => [code, statement]));
  const of = `${counted(rules, "rule")}, ${counted(blocks, "block read", "blocks read")}`;
  return [
    ...findings.flatMap(({ code, found, wanted, key, path, hint }) => [
      `error[${code}]: ${statements.get(code)}`,
      `  found ${found}; expected ${wanted}`,
      `  at ${path === undefined ? key : `${key} ${path}`}`,
      `  hint: ${hint}`,
    ]),
    ...notes.map((note) => `note: ${location}: ${note}`),
    findings.length === 0 ? `${location}: OK (${of})` : `${location}: ${counted(findings.length, "problem")} (${of})`,
  ];
}
