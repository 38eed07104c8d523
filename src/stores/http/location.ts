import { markSecret, redact, Secret } from "../../core/redact.js";
import { unsafe } from "../keys.js";
import { type Backend, bare, type Location, percentDecoded, type Scheme, unknownLocation } from "../location.js";

export const httpBackend: Backend = {
  schemes: ["http", "https"],
  form: "host/path",
  parse: httpLocation,
  async open(at, { query, authorization }, { rebase, gate, allowPrivate }) {
    const { httpStore } = await import("./store.js");
    return httpStore(at.url, { query, authorization, rebase, gate, allowPrivate });
  },
  parent: ({ root }) => ({ url: root }),
  host: ({ url }) => new URL(url).host,
};

function httpLocation(text: string, scheme: Scheme): Location {
  if (!URL.canParse(text)) throw unknownLocation(redact(text), "is not a valid URL");
  const parsed = new URL(text);
  const url = bare(`${parsed.origin}${parsed.pathname}`);
  const slash = parsed.pathname === "/" ? -1 : url.lastIndexOf("/");
  const rawName = slash < 0 ? "" : url.slice(slash + 1);
  const key = percentDecoded(rawName, url);
  if (/[/\\\0]/.test(key)) throw unsafe(key, "holds an encoded separator");
  const { username, password } = parsed;
  const plain = username === "" ? undefined : `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  if (password !== "") markSecret(decodeURIComponent(password));
  return {
    scheme,
    url,
    root: slash < 0 ? url : url.slice(0, slash),
    key,
    query: parsed.search === "" ? undefined : new Secret(parsed.search.slice(1)),
    authorization: plain === undefined ? undefined : new Secret(`Basic ${Buffer.from(plain).toString("base64")}`),
  };
}
