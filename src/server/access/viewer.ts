import type { TokenScope } from "../../model/page-api.js";
import { CLIENT_ADDRESS } from "../listen.js";
import type { Tokens } from "../tokens.js";
import { type AccessLink, type AccessRules, linksOf } from "./rules.js";

/** Who asks: by a token, by the header of a trusted proxy, by links, or nobody that is known. */
export interface Viewer {
  /** Names and groups, as rules of access use them. */
  readonly names: ReadonlySet<string>;
  /** Scopes of the viewer's tokens. */
  readonly scopes: ReadonlySet<TokenScope>;
  readonly links: readonly AccessLink[];
  /** What the viewer is called: name of the token or of the proxy's user, or of the link. */
  readonly shownName: string | undefined;
}

/** Name of the cookie with the keys of links and sessions, which have letters, digits, `-` and `_`; a point is between them. */
export const COOKIE = "emporium_access";
/** Number of keys in the cookie; the latest are first. */
const KEYS_MAX = 8;

/** Finds who makes a request. What a header, a cookie or an address says is taken only where it is known. */
export function viewerOf(request: Request, rules: AccessRules, tokens: Tokens | undefined, nowMs: number): Viewer {
  const keys = cookieKeys(request);
  const given = givenKeys(request);
  const holders = [
    ...given.map((token) => tokens?.holderOfToken(token)),
    ...keys.map((key) => tokens?.holderOfSession(key)),
  ].filter((holder) => holder !== undefined);
  const links = linksOf(rules, [...given, ...keys], nowMs);
  const user = userOf(request, rules);
  const names = new Set([...holders.map(({ name }) => name), ...(user ? [user.name] : [])]);
  const groups = [...names].flatMap((name) => rules.groupsOf.get(name) ?? []);
  return {
    names: new Set([...names, ...groups, ...(user?.groups ?? [])]),
    scopes: new Set(holders.flatMap(({ scopes }) => [...scopes])),
    links,
    shownName: [...names][0] ?? links[0]?.name,
  };
}

/** The user that a trusted proxy names. More than one name is none: a proxy that adds its header to the client's own would be taken in. */
function userOf({ headers }: Request, { proxy }: AccessRules): { name: string; groups: string[] } | undefined {
  if (!proxy?.isTrusted(headers.get(CLIENT_ADDRESS) ?? "")) return undefined;
  const name = headers.get(proxy.user)?.trim() ?? "";
  if (name === "" || name.includes(",")) return undefined;
  const groups = proxy.groups === undefined ? [] : (headers.get(proxy.groups) ?? "").split(",");
  return { name, groups: groups.map((group) => group.trim()).filter((group) => group !== "") };
}

/** The tokens and keys that a request brings in headers, in the ways that programs have: `Bearer`, a password, or the session token of S3. */
function givenKeys({ headers }: Request): string[] {
  const authorization = headers.get("authorization") ?? "";
  const [, bearer] = /^Bearer +(\S{1,1024})$/i.exec(authorization) ?? [];
  const [, basic] = /^Basic +([\w+/=-]{1,4096})$/i.exec(authorization) ?? [];
  const password = basic === undefined ? "" : Buffer.from(basic, "base64").toString("utf8");
  const session = headers.get("x-amz-security-token") ?? "";
  return [bearer ?? "", ...password.split(":", 2), session].filter((key) => key !== "" && key.length <= 1024);
}

/** The keys in a request's cookie. */
export function cookieKeys({ headers }: Request): string[] {
  const cookies = (headers.get("cookie") ?? "").split(";").map((one) => one.trim());
  const own = cookies.filter((one) => one.startsWith(`${COOKIE}=`)).flatMap((one) => one.slice(COOKIE.length + 1).split("."));
  return own.filter((key) => /^[\w-]{1,1024}$/.test(key)).slice(0, KEYS_MAX);
}

/** The cookie's value with one more key. */
export function withKey(keys: readonly string[], key: string): string {
  return [key, ...keys.filter((one) => one !== key)].slice(0, KEYS_MAX).join(".");
}
