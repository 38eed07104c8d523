/**
 * Every error that emporium reports, in one table. Codes never change meaning; `docs/reference/errors.md` is generated from here
 * and a test proves that both list the same codes.
 *
 * `exit` is the exit status when the error ends the command (`design`: 1 failed, 2 wrong usage or config and nothing touched,
 * 4 validation found errors, 11 another process holds the target, 12 a cluster does not answer). An item that fails while others go on gives 3 whatever its code.
 */
export const ERRORS = {
  // usage and configuration: nothing has been touched
  USAGE: { exit: 2, summary: "The command line is invalid: a command, argument or option is unknown, missing or wrong." },
  CONFIG_SYNTAX: { exit: 2, summary: "The YAML, JSON or CSV cannot be parsed." },
  CONFIG_FIELD: { exit: 2, summary: "A field of a configuration is missing, unknown or has a wrong value." },
  CONFIG_RULE: {
    exit: 2,
    summary: "Fields of a configuration contradict each other, or a field lacks another field that it requires.",
  },
  CONFIG_PLACEHOLDER: {
    exit: 2,
    summary: "A configuration still contains placeholders or guesses that no person has confirmed.",
  },
  CONFIG_REGISTRY: {
    exit: 2,
    summary: "A public registry does not know an identifier of a configuration, or knows it by another name.",
  },
  CONFIG_REGEX: { exit: 2, summary: "A regular expression of a configuration cannot be compiled, or is too long or too slow." },
  CONFIG_VARIABLE: { exit: 2, summary: "A template names a variable that does not exist here." },
  CONFIG_GLOB_COUNT: { exit: 2, summary: "A glob matched the wrong number of files." },
  CONFIG_EMPTY: { exit: 2, summary: "A source found no files, so there is nothing to import from it." },
  CONFIG_UNUSED: { exit: 2, summary: "A source found files that are not used." },
  CONFIG_SHARED: {
    exit: 2,
    summary: "A file is used for several runs or voxel spacings, and the configuration does not say that they share it.",
  },
  CONFIG_SPACING: { exit: 2, summary: "An annotation is at a voxel spacing at which its run has no tomogram." },
  CONFIG_COUNTS: { exit: 2, summary: "Files of one tilt series disagree on the number of its images." },
  CONFIG_ROLE: { exit: 2, summary: "A file is, by its header, not what the configuration uses it as." },
  CONFIG_COLLISION: { exit: 2, summary: "Two sources would be written to the same name." },
  CONFIG_LIMIT: { exit: 2, summary: "A configuration is larger, deeper or more aliased than allowed." },
  NAME_UNSAFE: {
    exit: 2,
    summary: "A name cannot be part of a key or path: it is empty, leads outside its folder or contains a forbidden character.",
  },
  LOCATION_UNKNOWN: { exit: 2, summary: "A location has a scheme that emporium does not know, or is not a location." },
  NOT_BUILT: { exit: 2, summary: "A command or feature that this version of emporium does not have yet." },
  // formats
  FORMAT_UNKNOWN: { exit: 1, summary: "The bytes are not of any known format, or not of the expected one." },
  FORMAT_TRUNCATED: { exit: 1, summary: "A file is shorter than its header announces." },
  FORMAT_FIELD: { exit: 1, summary: "A field of a file has an impossible value." },
  FORMAT_UNSUPPORTED: { exit: 1, summary: "A valid file of a kind that emporium cannot read." },
  FORMAT_CORRUPT: { exit: 1, summary: "Compressed or encoded bytes cannot be decoded, or decode to the wrong size or checksum." },
  FORMAT_LIMIT: { exit: 1, summary: "A file exceeds a limit on sizes or counts." },
  // stores
  STORE_ABSENT: { exit: 1, summary: "A required file or object does not exist." },
  STORE_DENIED: { exit: 1, summary: "The store refuses access: no permission, or wrong or missing credentials." },
  STORE_CONFLICT: { exit: 1, summary: "An object changed while it was being read or written." },
  STORE_UNAVAILABLE: { exit: 1, summary: "The store does not answer, or answers with a temporary error." },
  STORE_THROTTLED: { exit: 1, summary: "The store asks for fewer requests per second." },
  STORE_PROTOCOL: {
    exit: 1,
    summary: "The store's answer violates its protocol: wrong length, wrong range, an error page instead of data.",
  },
  STORE_UNVERSIONED: {
    exit: 1,
    summary: "The server does not identify the versions of an object, so reading it in parts could mix two versions.",
  },
  STORE_READONLY: { exit: 1, summary: "The store cannot be written." },
  STORE_FAILED: { exit: 1, summary: "An input or output operation failed." },
  DISK_FULL: { exit: 1, summary: "The target has no space left, or less than the plan needs." },
  SOURCE_INCOMPLETE: {
    exit: 1,
    summary: "Sources of a running acquisition are not complete: they still grow, are empty, or lack files that they name.",
  },
  SOURCE_CHANGED: { exit: 1, summary: "A source changed while it was being read." },
  // portals
  UNKNOWN_PORTAL: { exit: 2, summary: "The location is neither a URL nor an accession of a portal that emporium knows." },
  NOT_FOUND: { exit: 1, summary: "A portal has no such entry, or an empty one." },
  NETWORK: { exit: 1, summary: "A portal does not answer, or answers only with temporary errors, even after retries." },
  NEEDS_KEY: { exit: 1, summary: "A portal's interface requires a key that has not been given." },
  PORTAL_REPLY: { exit: 1, summary: "A portal's reply, or a link's text, does not have the expected form." },
  PORTAL_NOT_DATA: {
    exit: 1,
    summary: "A server answers with a web page (log-in, captcha, maintenance) instead of data.",
  },
  ADDRESS_REFUSED: { exit: 1, summary: "A URL from a reply or a link points to a host or port that emporium does not follow." },
  PORTAL_UNREACHABLE: { exit: 2, summary: "A portal does not answer, and no earlier answer is cached." },
  // curation
  NO_MATCH: { exit: 1, summary: "No folder of an archive matches a run of the portal." },
  AMBIGUOUS: { exit: 1, summary: "A folder matches several runs, or a run several folders: a person must decide." },
  COLLISION: { exit: 1, summary: "Files with different contents would get the same name, or the same key in a bucket." },
  ALREADY_SUBMITTED: { exit: 1, summary: "A file or a batch was submitted before." },
  NOT_IMOD: { exit: 1, summary: "A file is named like a model, but is not a complete IMOD model." },
  // publishing
  KTX_MISSING: { exit: 1, summary: "The images of a sample have no ktx folder." },
  KTX_OBSOLETE: { exit: 1, summary: "The tiles of a sample's ktx folder have names of an older scheme." },
  SERVICE_UNREACHABLE: {
    exit: 1,
    summary: "The neuron service, or the configuration server that names its URL, does not answer.",
  },
  // transfers
  CHECKSUM_MISMATCH: { exit: 1, summary: "A downloaded file does not have the expected checksum. Nothing was kept." },
  SIZE_MISMATCH: { exit: 1, summary: "A downloaded file does not have the expected size. Nothing was kept." },
  TRUNCATED: {
    exit: 1,
    summary:
      "A transfer ends before the size that was announced, however often it is tried; or a model of an archive before what it announces.",
  },
  // databases
  DATABASE_EMBEDDED: { exit: 1, summary: "The embedded PostgreSQL cannot be created, started or reached on this machine." },
  DATABASE_UNAVAILABLE: { exit: 1, summary: "A database server does not answer, or ended the connection." },
  DATABASE_ABSENT: { exit: 1, summary: "A catalogue is queried before its database exists." },
  DATABASE_DENIED: { exit: 1, summary: "A database server refuses the login, or the login lacks a permission." },
  DATABASE_VERSION: { exit: 1, summary: "A database, its schema or its data folder has a version that cannot be used." },
  DATABASE_TIMEOUT: { exit: 1, summary: "A statement exceeded its time limit, or waited too long for a lock." },
  DATABASE_CONFLICT: { exit: 1, summary: "A row contradicts another one, or a rule of its table." },
  DATABASE_FAILED: { exit: 1, summary: "A statement failed in the database." },
  // work
  TARGET_LOCKED: { exit: 11, summary: "Another process holds the target." },
  JOURNAL_DAMAGED: { exit: 1, summary: "A journal contains a damaged line before its last line." },
  TASK_FAILED: { exit: 1, summary: "A task failed for a reason without a code of its own." },
  PROGRAM_FAILED: {
    exit: 1,
    summary:
      "A program of a graph's node ends, fails, gives a wrong result or takes too long, or lacks the GPUs that it asks for.",
  },
  TASK_BLOCKED: { exit: 1, summary: "A task was not started because a task that it depends on failed." },
  CANCELLED: { exit: 130, summary: "Stopped by a signal. The same command resumes." },
  ENGINE_ABSENT: {
    exit: 2,
    summary: "The programs of a cluster's engine are not on this machine, or are not usable as they are set up.",
  },
  ENGINE_SILENT: { exit: 12, summary: "A cluster's engine does not answer, so nobody knows whether jobs of a run are alive." },
  ENGINE_REFUSED: { exit: 1, summary: "A cluster's engine refuses a job: an unknown queue or account, a quota, a limit." },
  ENGINE_VERSION: { exit: 2, summary: "A run on a cluster was begun by another version of emporium." },
  ENGINE_LOST: { exit: 1, summary: "Jobs of a run ended again and again without doing a task." },
  ENGINE_DISAGREES: { exit: 4, summary: "Two processes of a run made one object with different bytes." },
  STREAM_PROTOCOL: { exit: 1, summary: "A client of `blocks stream` sends something that its protocol does not allow." },
  STREAM_DENIED: { exit: 1, summary: "A client of `blocks stream` has no token, or a wrong one." },
  TOKEN_REFUSED: { exit: 1, summary: "A request that changes something has no token, or one that is wrong or has expired." },
  TOKEN_SCOPE: { exit: 1, summary: "A token is good, but not for what is asked." },
  CHANGED_MEANWHILE: { exit: 1, summary: "What a request wants to change is no longer as the one who asks has seen it." },
  MEMORY_LIMIT: { exit: 2, summary: "The work does not fit the memory limit." },
  INPUT_UNSOUND: { exit: 4, summary: "A check found an error in a volume that is to be computed on." },
  OBJECT_LOST: { exit: 4, summary: "An object that metadata or a record names is missing from the tree." },
  OBJECT_WRONG: {
    exit: 4,
    summary: "An object of a tree does not match its record, cannot be decoded, or contradicts the level below it.",
  },
  METADATA_VALUE: { exit: 1, summary: "A value cannot be written to metadata." },
  INTERNAL: { exit: 1, summary: "A bug in emporium." },
} as const satisfies Record<string, { exit: 1 | 2 | 4 | 11 | 12 | 130; summary: string }>;

export type ErrorCode = keyof typeof ERRORS;

/**
 * The place of the error, for the user. YAML gives line and column (both from 1) and the path of the value; binary files give a byte
 * offset.
 */
export interface Place {
  file?: string | undefined;
  line?: number | undefined;
  column?: number | undefined;
  /** Dotted path inside a configuration: `runs.0.sources.1`. */
  path?: string | undefined;
  byte?: number | undefined;
  url?: string | undefined;
}

export interface ErrorFacts {
  place?: Place | undefined;
  /** The advice to the user: one clause, without a full stop. */
  hint?: string | undefined;
  /** `later`: the same call may succeed after a pause. `now`: at once. Default `no`. */
  retry?: "no" | "later" | "now" | undefined;
  /** With `later`: the store said how long to wait. */
  retryAfterMs?: number | undefined;
  /** Further errors that are reported together with this one: all errors of a configuration are reported at once. */
  others?: readonly ErrorRecord[] | undefined;
  cause?: unknown;
}

/** The one error class. The message says what was found and what is expected. */
export class EmporiumError extends Error {
  override readonly name = "EmporiumError";
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly facts: ErrorFacts = {},
  ) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
  }
}

/** True for our error, also across copies of this module (worker threads, test runners). */
export function isEmporiumError(value: unknown): value is EmporiumError {
  return value instanceof Error && value.name === "EmporiumError" && "code" in value && "facts" in value;
}

/** Converts anything thrown to an `EmporiumError`. An `EmporiumError` is returned unchanged. */
export function asEmporiumError(thrown: unknown, code: ErrorCode = "INTERNAL", facts: ErrorFacts = {}): EmporiumError {
  if (isEmporiumError(thrown)) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new EmporiumError(code, message, { ...facts, cause: thrown });
}

/** The JSON form of an error: the fields that apply, flat. It survives `postMessage`, journals and `--json`. */
export interface ErrorRecord extends Place {
  code: ErrorCode;
  message: string;
  hint?: string | undefined;
}

export function toErrorRecord(error: EmporiumError): ErrorRecord {
  const { place = {}, hint } = error.facts;
  const record: ErrorRecord = { code: error.code, message: error.message };
  for (const key of ["file", "line", "column", "path", "byte", "url"] as const) {
    if (place[key] !== undefined) Object.assign(record, { [key]: place[key] });
  }
  if (hint !== undefined) record.hint = hint;
  return record;
}

export function fromErrorRecord(record: ErrorRecord): EmporiumError {
  const { code, message, hint, ...place } = record;
  return new EmporiumError(code, message, { place, hint });
}

/**
 * The three lines a person reads:
 *
 *     error[CODE]: what was found, what is expected
 *       at config.yaml:12:5 (runs.0.sources.1)     or: at tomo.rec byte 1024     or: at URL
 *       hint: what to do
 */
export function formatError(error: ErrorRecord): string {
  const lines = [`error[${error.code}]: ${error.message}`];
  const where = formatPlace(error);
  if (where) lines.push(`  at ${where}`);
  if (error.hint) lines.push(`  hint: ${error.hint}`);
  return lines.join("\n");
}

export function formatPlace(place: Place): string {
  if (place.file !== undefined) {
    const position = place.line === undefined ? "" : `:${place.line}${place.column === undefined ? "" : `:${place.column}`}`;
    const byte = place.byte === undefined ? "" : ` byte ${place.byte}`;
    const path = place.path === undefined ? "" : ` (${place.path})`;
    return `${place.file}${position}${byte}${path}`;
  }
  if (place.url !== undefined) return place.byte === undefined ? place.url : `${place.url} byte ${place.byte}`;
  return place.path ?? "";
}
