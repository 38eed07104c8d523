/**
 * Every error that emporium reports, in one table. Codes never change meaning; `docs/reference/errors.md` is generated from here
 * and a test proves that both list the same codes.
 *
 * `exit` is the exit status when the error ends the command (`design`: 1 failed, 2 wrong usage or config and nothing touched,
 * 4 validation found errors, 11 another process holds the target). An item that fails while others go on gives 3 whatever its code.
 */
export const ERRORS = {
  // usage and configuration: nothing has been touched
  USAGE: { exit: 2, summary: "The command line is not of the command's form." },
  CONFIG_SYNTAX: { exit: 2, summary: "The YAML, JSON or CSV cannot be parsed." },
  CONFIG_FIELD: { exit: 2, summary: "A field of a configuration is missing, unknown or has a wrong value." },
  CONFIG_RULE: {
    exit: 2,
    summary: "Fields of a configuration are each well-formed and contradict each other, or lack what they need beside them.",
  },
  CONFIG_PLACEHOLDER: {
    exit: 2,
    summary: "A configuration still holds placeholders or guesses that a program wrote and no person has confirmed.",
  },
  CONFIG_REGISTRY: {
    exit: 2,
    summary: "A public registry does not know an identifier of a configuration, or knows it by another name.",
  },
  CONFIG_REGEX: { exit: 2, summary: "A regular expression of a configuration cannot be compiled, or is too long or too slow." },
  CONFIG_VARIABLE: { exit: 2, summary: "A template names a variable that does not exist here." },
  CONFIG_GLOB_COUNT: { exit: 2, summary: "A glob matched another number of files than needed." },
  CONFIG_EMPTY: { exit: 2, summary: "A finder found nothing, so there is nothing to do for what it names." },
  CONFIG_UNUSED: { exit: 2, summary: "A source found files that nothing comes of." },
  CONFIG_COLLISION: { exit: 2, summary: "Two sources would be written to one name." },
  CONFIG_LIMIT: { exit: 2, summary: "A configuration is larger, deeper or more aliased than allowed." },
  NAME_UNSAFE: {
    exit: 2,
    summary: "A name cannot be part of a key or path: it is empty, leaves its folder or holds a forbidden character.",
  },
  LOCATION_UNKNOWN: { exit: 2, summary: "A location has a scheme that emporium does not know, or is not a location." },
  NOT_BUILT: { exit: 2, summary: "A part that this version of emporium does not have yet." },
  // formats
  FORMAT_UNKNOWN: { exit: 1, summary: "The bytes are not of any known format, or not of the expected one." },
  FORMAT_TRUNCATED: { exit: 1, summary: "A file ends before what its header promises." },
  FORMAT_FIELD: { exit: 1, summary: "A field of a file has an impossible value." },
  FORMAT_UNSUPPORTED: { exit: 1, summary: "A valid file of a kind that emporium does not read." },
  FORMAT_CORRUPT: { exit: 1, summary: "Compressed or encoded bytes do not decode to what was promised." },
  FORMAT_LIMIT: { exit: 1, summary: "A file asks for more than a ceiling allows." },
  // stores
  STORE_ABSENT: { exit: 1, summary: "A file or object that is needed does not exist." },
  STORE_DENIED: { exit: 1, summary: "The store refuses access: no permission, or wrong or missing credentials." },
  STORE_CONFLICT: { exit: 1, summary: "An object changed while it was being read or written." },
  STORE_UNAVAILABLE: { exit: 1, summary: "The store does not answer, or answers with a passing error." },
  STORE_THROTTLED: { exit: 1, summary: "The store asks to be called less often." },
  STORE_PROTOCOL: {
    exit: 1,
    summary: "The store's answer breaks its own protocol: wrong length, wrong range, an error page instead of data.",
  },
  STORE_UNVERSIONED: {
    exit: 1,
    summary: "The server does not tell one version of an object from the next, so reading it in parts could mix two.",
  },
  STORE_READONLY: { exit: 1, summary: "The store cannot be written." },
  STORE_FAILED: { exit: 1, summary: "An input or output operation failed." },
  DISK_FULL: { exit: 1, summary: "The target has no room left, or less than the plan needs." },
  SOURCE_CHANGED: { exit: 1, summary: "A source changed while it was being read." },
  // portals
  UNKNOWN_PORTAL: { exit: 2, summary: "What was given is no address and no accession of a portal that emporium knows." },
  NOT_FOUND: { exit: 1, summary: "A portal has no such entry, or an empty one." },
  NETWORK: { exit: 1, summary: "A portal does not answer, or only with passing errors, however often it is asked." },
  NEEDS_KEY: { exit: 1, summary: "A portal's interface wants a key that has not been given." },
  PORTAL_REPLY: { exit: 1, summary: "A portal's reply, or a link's text, is not of the form that is known." },
  PORTAL_NOT_DATA: {
    exit: 1,
    summary: "A server answers with a web page (log-in, captcha, maintenance) where data were asked for.",
  },
  ADDRESS_REFUSED: { exit: 1, summary: "An address that came out of a reply or a link leads where emporium does not go." },
  PORTAL_UNREACHABLE: { exit: 2, summary: "A portal is needed, cannot be asked, and no earlier answer of it is kept." },
  // curation
  NO_MATCH: { exit: 1, summary: "No folder of an archive is a run of the portal." },
  AMBIGUOUS: { exit: 1, summary: "A folder may be several runs, or a run several folders: a person must decide." },
  COLLISION: { exit: 1, summary: "Files of different content would have one name, or one key of a bucket." },
  ALREADY_SUBMITTED: { exit: 1, summary: "A file, or a whole batch, has been given away already." },
  NOT_IMOD: { exit: 1, summary: "A file is called a model and is no IMOD model that can be read to its end." },
  // publishing
  KTX_MISSING: { exit: 1, summary: "The images of a sample have no ktx folder." },
  KTX_OBSOLETE: { exit: 1, summary: "The tiles of a sample's ktx folder have names of an older scheme." },
  SERVICE_UNREACHABLE: { exit: 1, summary: "The service of neurons, or the one that names its address, does not answer." },
  // transfers
  CHECKSUM_MISMATCH: { exit: 1, summary: "A file that was fetched has another checksum than it should have. Nothing was kept." },
  SIZE_MISMATCH: { exit: 1, summary: "A file that was fetched has another size than it should have. Nothing was kept." },
  TRUNCATED: {
    exit: 1,
    summary:
      "A transfer ends before the size that was announced, however often it is tried; or a model of an archive before what it announces.",
  },
  // databases
  DATABASE_EMBEDDED: { exit: 1, summary: "The embedded PostgreSQL cannot be made, started or reached on this machine." },
  DATABASE_UNAVAILABLE: { exit: 1, summary: "A database server does not answer, or ended the connection." },
  DATABASE_ABSENT: { exit: 1, summary: "Something is asked of a catalogue and there is no database yet." },
  DATABASE_DENIED: { exit: 1, summary: "A database server refuses the login, or the login may not do what is needed." },
  DATABASE_VERSION: { exit: 1, summary: "A database, its schema or its data folder is of a version that cannot be used here." },
  DATABASE_TIMEOUT: { exit: 1, summary: "A statement took longer than its limit, or waited too long for a lock." },
  DATABASE_CONFLICT: { exit: 1, summary: "A row contradicts another one, or a rule of its table." },
  DATABASE_FAILED: { exit: 1, summary: "A statement failed in the database." },
  // work
  TARGET_LOCKED: { exit: 11, summary: "Another process works on the same target." },
  JOURNAL_DAMAGED: { exit: 1, summary: "A journal holds a damaged line that is not its last." },
  TASK_FAILED: { exit: 1, summary: "A task failed for a reason that has no code of its own." },
  TASK_BLOCKED: { exit: 1, summary: "A task was not started because one that it needs failed." },
  CANCELLED: { exit: 130, summary: "Stopped by a signal. The same command goes on where it was." },
  MEMORY_LIMIT: { exit: 2, summary: "The work does not fit the memory ceiling." },
  OBJECT_LOST: { exit: 4, summary: "An object of a tree that metadata or a record names is not there." },
  OBJECT_WRONG: {
    exit: 4,
    summary: "An object of a tree is not what was recorded of it, does not decode, or contradicts the level below it.",
  },
  METADATA_VALUE: { exit: 1, summary: "A value cannot be written to metadata." },
  INTERNAL: { exit: 1, summary: "A fault in emporium itself." },
} as const satisfies Record<string, { exit: 1 | 2 | 4 | 11 | 130; summary: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** Where the user can go and look. YAML gives line and column (both from 1) and the path of the value; binary files give a byte offset. */
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
  /** What to do, one clause, without a full stop. */
  hint?: string | undefined;
  /** `later`: the same call may succeed after a pause. `now`: at once. Default `no`. */
  retry?: "no" | "later" | "now" | undefined;
  /** With `later`: the store said how long to wait. */
  retryAfterMs?: number | undefined;
  /** What was found wrong beside it and is told with it: a configuration names all its faults at once. */
  others?: readonly ErrorRecord[] | undefined;
  cause?: unknown;
}

/** The one error class. The message holds what was found and what was wanted. */
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

/** Any thrown thing as one of ours. What is already ours is returned unchanged. */
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
 *     error[CODE]: what was found, what was wanted
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
