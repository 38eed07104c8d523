import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { userInfo } from "node:os";
import { EmporiumError } from "../core/errors.js";
import { markSecret } from "../core/redact.js";
import { counted } from "../core/units.js";
import type { TokenScope } from "../model/page-api.js";
import { readTokenFile, TOKEN_BYTES } from "../stores/file/token-file.js";

/** Name and scopes of the holder of a token. */
export interface Holder {
  readonly name: string;
  readonly scopes: ReadonlySet<TokenScope>;
}

/** The tokens that allow changes from pages. Only their hashes are kept. */
export interface Tokens {
  /**
   * Holder of the token that a request brings in `Authorization: Bearer`; undefined without one, for a wrong one, and for one
   * that has expired.
   */
  holderOf(request: Request): Holder | undefined;
  /** As `holderOf`, of a token that a request brings elsewhere. */
  holderOfToken(token: string): Holder | undefined;
  /**
   * The value of a session for the holder of a token, which is no token: it is known for as long as the token is, and nobody can tell the token from it.
   */
  sessionOf(token: string): string | undefined;
  /** Holder of the token that a session is of. */
  holderOfSession(session: string): Holder | undefined;
  /** Whether a token is of this name, also one that has expired. */
  isKnown(name: string): boolean;
}

/** Tokens of a file, and the one that its owner opens the page with: the first that can write and is not only a hash. */
export interface TokenFile {
  readonly tokens: Tokens;
  readonly own: string | undefined;
}

interface Known extends Holder {
  readonly hash: Buffer;
  readonly untilMs: number;
}

const SCOPES: readonly TokenScope[] = ["read", "review", "write"];
const HASHED = /^sha256:([0-9a-f]{64})$/;
const DAY = /^until=(\d{4}-\d{2}-\d{2})$/;

/**
 * Reads a file of tokens: `NAME SCOPES TOKEN [until=YYYY-MM-DD]` in each line, scopes joined by commas, `sha256:` and 64
 * hexadecimal digits in place of a token that only its holder has. A line of a token alone is for everything, in the name of the
 * account that runs this program; a file that does not exist is made with one.
 *
 * @throws {EmporiumError} USAGE for a file that others can read, and for a line that is none of these; it is never repeated
 */
export function openTokens(path: string, now: () => number): TokenFile {
  const me = loginName();
  const text = readTokenFile(path);
  const all: Known[] = [];
  let own: string | undefined;
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const words = line.trim().split(/\s+/);
    const [name, scopes, token, until, ...more] = words.length === 1 ? [me, "review,write", ...words] : words;
    const fault = (says: string) =>
      new EmporiumError("USAGE", `${path}: ${says}`, {
        place: { file: path, line: at + 1 },
        hint: `write lines NAME SCOPES TOKEN, with scopes of ${SCOPES.join(", ")} joined by commas, and until=2027-01-31 for a token that expires`,
      });
    const given = scopes!.split(",") as TokenScope[];
    if (!given.every((scope) => SCOPES.includes(scope))) throw fault("unknown scope");
    if (token === undefined || more.length > 0) throw fault(`${counted(words.length, "word")}; expected 3 or 4`);
    const day = until === undefined ? undefined : DAY.exec(until)?.[1];
    const untilMs = until === undefined ? Number.POSITIVE_INFINITY : Date.parse(`${day}T24:00:00Z`);
    if (Number.isNaN(untilMs)) throw fault("the end date of a token is not a day");
    const hashed = HASHED.exec(token)?.[1];
    if (hashed === undefined && token.length < TOKEN_BYTES) {
      throw fault(`a token of ${counted(token.length, "character")}; expected at least ${TOKEN_BYTES}`);
    }
    if (hashed === undefined) {
      markSecret(token);
      if (given.includes("write") && untilMs > now()) own ??= token;
    }
    const hash = hashed === undefined ? hashOf(token) : Buffer.from(hashed, "hex");
    all.push({ name: name!, scopes: new Set(given), hash, untilMs });
  }
  if (all.length === 0)
    throw new EmporiumError("USAGE", `${path}: no token found`, { hint: "remove the file, and a new one is created" });
  const sessions = all.map((one) => ({ ...one, hash: hashOf(sessionFor(one)) }));
  const tokens: Tokens = {
    holderOf: (request) => {
      const token = bearerOf(request);
      return token === undefined ? undefined : holderAmong(all, token, now());
    },
    holderOfToken: (token) => holderAmong(all, token, now()),
    sessionOf: (token) => {
      const found = holderAmong(all, token, now());
      return found && sessionFor(found);
    },
    holderOfSession: (session) => holderAmong(sessions, session, now()),
    isKnown: (given) => all.some(({ name }) => name === given),
  };
  return { tokens, own };
}

/** The token in a request's `Authorization: Bearer`. */
export function bearerOf({ headers }: Request): string | undefined {
  return /^Bearer +(\S{1,1024})$/i.exec(headers.get("authorization") ?? "")?.[1];
}

/** Finds the holder of a token. Every token is compared, however early one fits, so that the time tells nothing. */
function holderAmong(all: readonly Known[], token: string, nowMs: number): Known | undefined {
  const hash = hashOf(token);
  let found: Known | undefined;
  for (const one of all) if (timingSafeEqual(one.hash, hash)) found ??= one;
  return found && nowMs < found.untilMs ? found : undefined;
}

/** Of the hash alone: sessions outlive this process, and end with the token. */
function sessionFor({ hash }: Known): string {
  return createHmac("sha256", hash).update("emporium session").digest("base64url");
}

function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/**
 * Whether a request does not come from a page of another origin. A browser names the origin where something is changed, or read
 * across origins; other programs name none.
 *
 * @param page origin at which people find the server, where it is not the one that the request came to
 */
export function isOfOrigin({ headers, url }: Request, page: string | undefined): boolean {
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site") ?? "same-origin";
  return /^(?:same-origin|none)$/.test(site) && (origin === null || origin === new URL(url).origin || origin === page);
}

/** The account's name as one word; an account may have no name. */
function loginName(): string {
  try {
    return userInfo().username.replace(/\s+/g, "_") || "owner";
  } catch {
    return "owner";
  }
}
