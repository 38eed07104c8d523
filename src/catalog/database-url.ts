import { readFile } from "node:fs/promises";
import { EmporiumError } from "../core/errors.js";
import { LIMITS } from "../core/limits.js";
import { markSecret, Secret } from "../core/redact.js";
import { counted } from "../core/units.js";

/** Selects the database. Default: the embedded one of the workspace. */
export interface DatabaseChoice {
  /** `--database`. */
  url?: string | undefined;
  /** `--login`: a JSON file of the older catalogue. */
  login?: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
}

/** @returns the address of a server, kept from every output; undefined for the embedded database. */
export async function chooseDatabase({ url, login, env }: DatabaseChoice): Promise<Secret | undefined> {
  if (url !== undefined && login !== undefined) {
    throw new EmporiumError("USAGE", "--database and --login are both given: give one of them", {
      hint: "leave one of them out",
    });
  }
  if (url !== undefined) return checkUrl(url, "--database");
  if (login !== undefined) return await readLogin(login);
  return env[DATABASE_VARIABLE] ? checkUrl(env[DATABASE_VARIABLE], `$${DATABASE_VARIABLE}`) : undefined;
}

export const DATABASE_VARIABLE = "EMPORIUM_DATABASE_URL";

/** `postgres`, and what other programs append to it: `postgresql+psycopg2`. */
const DRIVER = /^postgres(?:ql)?(?:\+\w+)?$/;

function checkUrl(text: string, from: string): Secret {
  const scheme = /^([a-z0-9+.-]+):\/\//i.exec(text)?.[1]?.toLowerCase();
  // a URL whose user part is not percent-encoded has no unambiguous host: so it is refused here instead of being sent to an unknown server
  if (scheme === undefined || !DRIVER.test(scheme) || !URL.canParse(plainScheme(text))) {
    if (text.includes("@")) markSecret(/:\/\/[^:@]*:(.*)@/.exec(text)?.[1] ?? text);
    throw new EmporiumError("USAGE", `${from}: not the address of a PostgreSQL server`, {
      hint: "postgres://USER@HOST:5432/DATABASE, with the password percent-encoded or in ~/.pgpass",
    });
  }
  const url = plainScheme(text);
  const { password, searchParams } = new URL(url);
  markSecret(decodeOr(password));
  markSecret(searchParams.get("password") ?? undefined);
  return new Secret(url, { isSecret: false }); // its password is, and has been marked
}

function plainScheme(text: string): string {
  return text.replace(/^[^:]*/, "postgresql");
}

/** True if the URL contains a password, which other users of the machine can see in the list of processes. */
export function holdsPassword(url: Secret): boolean {
  const { password, searchParams } = new URL(url.reveal());
  return password !== "" || searchParams.has("password");
}

/** Host, or folder of a socket, and port. */
export function whereIs(url: Secret): { host: string; port: number } {
  const { hostname, port, searchParams } = new URL(url.reveal());
  return { host: searchParams.get("host") || hostname || "localhost", port: Number(port || 5432) };
}

/** An address for people: no password, no options. */
export function describeUrl(url: Secret): string {
  const { username, hostname, port, pathname, searchParams } = new URL(url.reveal());
  const host = hostname || searchParams.get("host") || "localhost";
  return `postgresql://${username ? `${username}@` : ""}${host}${port ? `:${port}` : ""}${pathname}`;
}

const LOGIN_TEXTS = ["drivername", "username", "password", "host", "dbname"] as const;

/**
 * The login file of imagingDB: `{drivername, username, password, host, port, dbname}`, all needed, `port` an integer.
 *
 * @throws {EmporiumError} USAGE if it is not there, CONFIG_SYNTAX or CONFIG_FIELD naming the key. The values are in no message.
 */
export async function readLogin(file: string): Promise<Secret> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    const message = cause instanceof Error && "code" in cause ? String(cause.code) : "unreadable";
    throw new EmporiumError("USAGE", `--login: the file cannot be read (${message})`, { place: { file }, cause });
  });
  if (text.length > LIMITS.configBytes) {
    throw new EmporiumError(
      "CONFIG_LIMIT",
      `a login file of ${counted(text.length, "character")} is too long; expected a few lines`,
      {
        place: { file },
      },
    );
  }
  const login = parseLogin(text, file);
  const { drivername, username, password, host, port, dbname } = login;
  if (!DRIVER.test(drivername)) {
    throw new EmporiumError("CONFIG_FIELD", `drivername: expected postgresql, found "${drivername}"`, {
      place: { file, path: "drivername" },
    });
  }
  const [user, secret, name] = [username, password, dbname].map(encodeURIComponent);
  // a folder of a socket is a host as well
  const [where, query] = host.startsWith("/") ? ["localhost", `?host=${encodeURIComponent(host)}`] : [bracketed(host), ""];
  return checkUrl(`postgresql://${user}:${secret}@${where}:${port}/${name}${query}`, "--login");
}

interface Login extends Record<(typeof LOGIN_TEXTS)[number], string> {
  port: number;
}

function parseLogin(text: string, file: string): Login {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    // the parser's message quotes the text, which holds a password
    throw new EmporiumError("CONFIG_SYNTAX", "the login is not JSON", { place: { file } });
  }
  const fields: Record<string, unknown> = typeof value === "object" && value !== null ? { ...value } : {};
  if (typeof fields.password === "string") markSecret(fields.password);
  for (const key of LOGIN_TEXTS) {
    if (typeof fields[key] !== "string") throw wrongField(file, key, fields[key], "a text");
  }
  const { port } = fields;
  if (!Number.isInteger(port) || Number(port) < 1 || Number(port) > 65_535) throw wrongField(file, "port", port, "a port number");
  return fields as unknown as Login;
}

function wrongField(file: string, path: string, found: unknown, wanted: string): EmporiumError {
  const what = found === undefined ? "nothing" : found === null ? "null" : `a ${typeof found}`;
  const hint = "give drivername, username, password, host, port and dbname";
  return new EmporiumError("CONFIG_FIELD", `${path}: expected ${wanted}, found ${what}`, { place: { file, path }, hint });
}

function bracketed(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

function decodeOr(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
