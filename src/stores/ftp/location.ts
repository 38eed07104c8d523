import { markSecret, redact, Secret } from "../../core/redact.js";
import { unsafe } from "../keys.js";
import { type Backend, type Location, percentDecoded, unknownLocation } from "../location.js";

export const ftpBackend: Backend = {
  schemes: ["ftp"],
  form: "host/path",
  parse: ftpLocation,
  async open(at, { login }, { rebase, gate, connections }) {
    const moved = rebase?.(at.url) ?? at.url;
    if (/^https?:/i.test(moved)) return (await import("../http/store.js")).httpStore(moved);
    const { ftpStore } = await import("./store.js");
    return ftpStore(moved, { ...login, connections, gate: moved === at.url ? gate : undefined });
  },
  parent: ({ root }) => ({ url: root }),
  host: ({ url }) => new URL(url).host,
};

/** As RFC 1738 has it: the path begins where the login does, unless its first segment begins with `%2F`. There is no query. */
function ftpLocation(text: string): Location {
  const literal = text.replace(/;type=[aid]$/i, "").replace(/[?#]/g, encodeURIComponent);
  if (!URL.canParse(literal)) throw unknownLocation(redact(text), "is not a valid URL");
  const { host, pathname, username, password: word } = new URL(literal);
  const absolute = /^\/%2f/i.test(pathname);
  const segments = pathname
    .replace(/^\/(?:%2f)?/i, "")
    .replace(/\/+$/, "")
    .split("/");
  const path = (some: readonly string[]) => `ftp://${host}${absolute ? "/%2F" : "/"}${some.join("/")}`.replace(/\/$/, "");
  const url = path(segments);
  const [user, password] = [percentDecoded(username, url), percentDecoded(word, url)];
  const names = segments.map((segment) => percentDecoded(segment, url));
  const wrong = names.findIndex((name) => /[/\\\0]/.test(name));
  if (wrong >= 0) throw unsafe(names[wrong]!, "holds an encoded separator");
  if (/[\u0000-\u001f\u007f]/.test(names.join("") + user + password)) {
    throw unsafe(names.join("/"), "holds a control character, which FTP cannot name");
  }
  if (password !== "") markSecret(password);
  return {
    scheme: "ftp",
    url,
    root: path(segments.slice(0, -1)),
    key: names.at(-1)!,
    login: user === "" ? undefined : { user, password: password === "" ? undefined : new Secret(password) },
  };
}
