import { createHash, timingSafeEqual } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { BlockList, isIPv6 } from "node:net";
import { z } from "zod";
import { EmporiumError } from "../../core/errors.js";
import { markSecret } from "../../core/redact.js";
import { parseCheckedYaml } from "../../formats/yaml/checked-yaml.js";

/** Who sees a dataset or deposition. */
export type Rule =
  | { readonly kind: "public" }
  /** Nobody until its release date. */
  | { readonly kind: "embargoed" }
  /** These names, and from `untilMs` on everybody. */
  | { readonly kind: "for"; readonly names: readonly string[]; readonly until?: string | undefined; readonly untilMs: number };

/** What a link shows, to whoever has its key. */
export interface AccessLink {
  readonly name: string;
  readonly datasets: ReadonlySet<number>;
  readonly depositions: ReadonlySet<number>;
  readonly hash: Buffer;
  /** The moment from which it shows nothing. */
  readonly untilMs: number;
  /** The key is in the file as it is, not only its hash. */
  readonly isBare: boolean;
}

/** The rules of an `access.yaml`. */
export interface AccessRules {
  readonly proxy: { readonly user: string; readonly groups: string | undefined; isTrusted(address: string): boolean } | undefined;
  /** Groups of each name. */
  readonly groupsOf: ReadonlyMap<string, readonly string[]>;
  readonly datasets: ReadonlyMap<number, Rule>;
  readonly depositions: ReadonlyMap<number, Rule>;
  readonly default: Rule;
  readonly links: readonly AccessLink[];
  /** The file says nothing: it is new, or somebody is just writing it. */
  readonly isBlank: boolean;
}

/** Least number of characters of a key that is written as it is: those of 32 bytes in hexadecimal digits, or more. */
const KEY_LENGTH_MIN = 32;
const HASHED = /^sha256:([0-9a-f]{64})$/;
const HINT = "see docs/guides/access.md for the format of access.yaml";
const FIELDS = ["proxy", "groups", "datasets", "depositions", "default", "links"];
/** Known fields below the ones of the whole file. */
const FIELDS_OF: Readonly<Record<string, readonly string[]>> = {
  proxy: ["trusted", "user", "groups"],
  datasets: ["for", "until"],
  depositions: ["for", "until"],
  links: ["name", "datasets", "depositions", "key", "until"],
};

const Name = z.string().regex(/^[^\s,][^,]*$/, "expected a name without commas");
const Header = z
  .string()
  .regex(/^[A-Za-z0-9-]+$/, "expected the name of a header, such as x-forwarded-user")
  .transform((name) => name.toLowerCase());
const Day = z.string().transform((text, { addIssue }) => {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // some days that no calendar has are taken for one of the next month
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text) {
    addIssue({ code: "custom", message: `expected a day such as 2027-01-31, found ${JSON.stringify(text)}` });
    return z.NEVER;
  }
  return { text, ms };
});
const Rules = z.union([
  z.enum(["public", "embargoed"]).transform((kind): Rule => ({ kind })),
  z.strictObject({ for: z.array(Name).min(1), until: Day.optional() }).transform(
    ({ for: names, until }): Rule => ({
      kind: "for",
      names,
      until: until?.text,
      untilMs: until?.ms ?? Number.POSITIVE_INFINITY,
    }),
  ),
]);
const Id = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);
const RulesById = z.record(z.string(), z.unknown());
const Trusted = z
  .string()
  .refine((text) => addressOf(text) !== undefined, "expected an IP address, or a network such as 10.0.0.0/8");
const Key = z.string().refine((text) => HASHED.test(text) || (text.length >= KEY_LENGTH_MIN && /^[\w-]+$/.test(text)), {
  message: `expected sha256: and 64 hexadecimal digits, or a key of at least ${KEY_LENGTH_MIN} letters, digits, - and _`,
});
const Link = z.strictObject({
  name: z.string().min(1),
  datasets: z.array(Id).default([]),
  depositions: z.array(Id).default([]),
  key: Key,
  until: Day,
});
const File = z.strictObject({
  proxy: z.strictObject({ trusted: z.array(Trusted).min(1), user: Header, groups: Header.optional() }).optional(),
  groups: z.record(Name, z.array(Name)).default({}),
  datasets: RulesById.default({}),
  depositions: RulesById.default({}),
  default: z.enum(["public", "embargoed"]).default("public"),
  links: z.array(Link).default([]),
});

/**
 * Reads a file of rules.
 *
 * @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD with line and column; USAGE for a file that cannot be read, and for one with keys that others can read
 */
export function readAccessRules(path: string): AccessRules {
  let text: string;
  let mode: number;
  try {
    [text, mode] = [readFileSync(path, "utf8"), statSync(path).mode];
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/,[^,]*$/, "") : String(cause);
    throw new EmporiumError("USAGE", `${path}: no file of access rules: ${why}`, { cause, hint: HINT });
  }
  const rules = parseAccessRules(text, path);
  const bare = rules.links.find(({ isBare }) => isBare);
  if (bare && (mode & 0o077) !== 0) {
    throw new EmporiumError("USAGE", `${path}: other users can read the key of the link ${bare.name}`, {
      place: { file: path },
      hint: `chmod 600 ${path}, or write the key's hash in its place: emporium access link makes one`,
    });
  }
  return rules;
}

/** @param file name in messages @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD, CONFIG_LIMIT */
export function parseAccessRules(text: string, file: string): AccessRules {
  const { value, placeOf } = parseCheckedYaml(text, File, {
    file,
    hint: HINT,
    knownKeys: ([first, , ...more]) => (first === undefined ? FIELDS : more.length > 0 ? [] : (FIELDS_OF[String(first)] ?? [])),
    mayBeEmpty: true,
  });
  const rulesOf = (of: "datasets" | "depositions") =>
    new Map(Object.entries(value[of]).map(([id, rule]) => [Number(id), ruleOf(rule, [of, id], file, placeOf)]));
  const { proxy } = value;
  return {
    proxy: proxy && { user: proxy.user, groups: proxy.groups, isTrusted: isAmong(proxy.trusted) },
    groupsOf: groupsByName(value.groups),
    datasets: rulesOf("datasets"),
    depositions: rulesOf("depositions"),
    default: { kind: value.default },
    isBlank: text.split("\n").every((line) => /^\s*(?:#|$)/.test(line)),
    links: value.links.map(({ name, datasets, depositions, key, until }) => {
      const hashed = HASHED.exec(key)?.[1];
      if (hashed === undefined) markSecret(key);
      return {
        name,
        datasets: new Set(datasets),
        depositions: new Set(depositions),
        hash: hashed === undefined ? hashOfKey(key) : Buffer.from(hashed, "hex"),
        isBare: hashed === undefined,
        // through the whole day, as a token is valid
        untilMs: until.ms + DAY_MS,
      };
    }),
  };
}

const DAY_MS = 24 * 60 * 60_000;

type PlaceOf = ReturnType<typeof parseCheckedYaml>["placeOf"];

/** A rule by itself: of a union's parts none would say which field is wrong. */
function ruleOf(given: unknown, [of, id]: readonly [string, string], file: string, placeOf: PlaceOf): Rule {
  const isNumber = /^[1-9]\d{0,8}$/.test(id);
  // a key that is a number is found as one
  const path = [of, isNumber ? Number(id) : id];
  const name = path.join(".");
  const says = (message: string, at: readonly PropertyKey[] = path, hint = HINT, key = false) =>
    new EmporiumError("CONFIG_FIELD", `${file}: ${name}: ${message}`, { place: placeOf(at, key), hint });
  if (!isNumber) throw says("expected the number of a dataset or deposition", path, HINT, true);
  const parsed = Rules.safeParse(given);
  if (parsed.success) return parsed.data;
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw says(`expected public, embargoed or {for: [NAMES], until: DAY}, found ${JSON.stringify(given)}`);
  }
  const unknown = Object.keys(given).find((key) => key !== "for" && key !== "until");
  if (unknown !== undefined) throw says(`unknown field "${unknown}"; known: for, until`, [...path, unknown], HINT, true);
  const fields = given as { for?: unknown; until?: unknown };
  if (!Array.isArray(fields.for) || fields.for.length === 0) {
    throw says("for is missing (expected a list of names)", [...path, "for"], "name tokens, users of the proxy, or groups");
  }
  const wrong = fields.for.find((one) => !Name.safeParse(one).success);
  if (wrong !== undefined) throw says(`for: expected names without commas, found ${JSON.stringify(wrong)}`, [...path, "for"]);
  throw says(`until: expected a day such as 2027-01-31, found ${JSON.stringify(fields.until)}`, [...path, "until"]);
}

function groupsByName(groups: Readonly<Record<string, readonly string[]>>): Map<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const [group, names] of Object.entries(groups))
    for (const name of names) found.set(name, [...(found.get(name) ?? []), group]);
  return found;
}

interface Network {
  readonly address: string;
  readonly bits: number;
  readonly family: "ipv4" | "ipv6";
}

function addressOf(text: string): Network | undefined {
  const [address = "", bits, ...more] = text.split("/");
  const family = isIPv6(address) ? "ipv6" : "ipv4";
  const whole = family === "ipv6" ? 128 : 32;
  if (more.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits)) || Number(bits ?? 0) > whole) return undefined;
  try {
    new BlockList().addAddress(address, family);
  } catch {
    return undefined;
  }
  return { address, bits: Number(bits ?? whole), family };
}

function isAmong(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const text of networks) {
    const { address, bits, family } = addressOf(text)!;
    list.addSubnet(address, bits, family);
  }
  return (given) => {
    // a socket for both families gives addresses of the older one in the form of the newer
    const address = given.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    return addressOf(address) !== undefined && list.check(address, family);
  };
}

export function hashOfKey(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

/** The links of keys that are still valid. Every link is compared with every key, so that the time tells nothing. */
export function linksOf({ links }: AccessRules, keys: readonly string[], nowMs: number): AccessLink[] {
  const hashes = keys.map(hashOfKey);
  return links.filter((link) => {
    const isKnown = hashes.map((hash) => timingSafeEqual(hash, link.hash)).includes(true);
    return isKnown && nowMs < link.untilMs;
  });
}
