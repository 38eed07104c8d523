import type { JsonObject } from "../core/json.js";
import { notFound, replyFault } from "./faults.js";
import { textOf } from "./fields.js";
import { isListed } from "./hosts.js";
import { httpAddress, volumeLink } from "./links.js";
import { parseState, stateLinks } from "./neuroglancer-state.js";
import type { Portal, PortalNet, Target } from "./portal.js";

const SHORTENERS = ["tinyurl.com", "www.tinyurl.com", "bit.ly", "goo.gl"];
const VIEWERS = ["neuroglancer-demo.appspot.com", "*.neuroglancer-demo.appspot.com", "*-dot-neuroglancer-demo.appspot.com"];
/** Hosts of states that a link only points to. */
const STATE_HOSTS = ["storage.googleapis.com", "*.s3.amazonaws.com", "raw.githubusercontent.com", "gist.githubusercontent.com"];

const REDIRECTS_MAX = 10;
/** Hosts of the viewer; each version has one of its own: `v2-dot-neuroglancer-demo.appspot.com`. */
const VIEWER_HOST = /^(?:[a-z0-9-]+-dot-)?neuroglancer-demo\.appspot\.com$/;

/** Links of the viewer Neuroglancer, long and short: the state after `#!` names the sources of all layers. */
export const neuroglancer: Portal = {
  name: "neuroglancer",
  title: "Neuroglancer",
  hosts: [...SHORTENERS, ...VIEWERS, ...STATE_HOSTS],
  home: "neuroglancer-demo.appspot.com",
  namesByRecord: true,
  typed: stateAddresses,
  recognise({ link }) {
    if (!link || !/^https?$/.test(link.scheme)) return undefined;
    if (link.fragment.startsWith("!")) return { kind: "state", id: link.text, url: link.text };
    if (VIEWER_HOST.test(link.host)) return { kind: "state", id: link.text, url: link.text };
    if (SHORTENERS.includes(link.host) && link.path.length > 1) return { kind: "short", id: link.text, url: link.text };
    return undefined;
  },

  async *describe(target, net) {
    const { state, link } = await readState(target, net);
    yield { key: keyOf(target, state), raw: state, links: stateLinks(state), extra: { state_link: link } };
  },

  async *list(target, net) {
    const { state } = await readState(target, net);
    const names = new Set<string>();
    for (const url of stateLinks(state)) {
      let path =
        volumeLink(url)
          .location.replace(/[?#|].*$/s, "")
          .replace(/\/+$/, "")
          .split("/")
          .at(-1) || "volume";
      for (let n = 2; names.has(path); n++) path = `${path.replace(/-\d+$/, "")}-${n}`;
      names.add(path);
      yield { url, path, kind: "volume" };
    }
  },
};

async function readState({ kind, url }: Target, net: PortalNet): Promise<{ state: JsonObject; link: string }> {
  const link = kind === "short" ? await longLink(url, net) : url;
  const text = decodedFragment(link);
  if (text.startsWith("{") || text.startsWith("+{")) return { state: parseState(text, link), link };
  if (text === "") throw notFound(link, "the link contains no state of the viewer: nothing follows its #!");
  return { state: await fetchedState(text.replace(/^\+/, ""), link, net), link };
}

/** Follows a short link until a URL with a state appears. That URL is parsed, not requested. */
async function longLink(short: string, net: PortalNet): Promise<string> {
  let url = short;
  for (let hop = 0; hop < REDIRECTS_MAX; hop++) {
    const reply = await net.head(url.split("#", 1)[0]!, { redirection: true });
    if (reply.status === 404 || reply.status === 410) throw notFound(short, `the short link is not known (${reply.status})`);
    const location = reply.header("location");
    if (location === undefined || !URL.canParse(location, url))
      throw notFound(short, "the short link leads to no state of the viewer");
    // The text after `#` is kept as it came: URL parsing would percent-encode parts of it.
    const hash = location.indexOf("#");
    if (hash >= 0 && location[hash + 1] === "!") return location;
    url = new URL(location, url).href;
  }
  throw replyFault(short, `redirected more than ${REDIRECTS_MAX} times`);
}

function decodedFragment(link: string): string {
  const hash = link.indexOf("#!");
  if (hash < 0) return "";
  const fragment = link.slice(hash + 2).trim();
  try {
    return decodeURIComponent(fragment).trim();
  } catch (cause) {
    // A state that was decoded by hand may contain a bare percent sign; then nothing in it is encoded.
    if (/^\+?\{/.test(fragment)) return fragment;
    throw replyFault(link, "the fragment has a percent sign that is not followed by two hexadecimal digits", cause);
  }
}

async function fetchedState(text: string, link: string, net: PortalNet): Promise<JsonObject> {
  const address = httpAddress(volumeLink(text).location);
  if (address === undefined)
    throw replyFault(link, `"${text.slice(0, 80)}" is neither a state nor an address of one that can be asked`);
  return parseState(await net.getText(address), address);
}

/** `hemibrain` for `https://tinyurl.com/hemibrain-ng`, else the state's title. */
function keyOf({ kind, url }: Target, state: JsonObject): string {
  const last = kind === "short" ? new URL(url).pathname.replace(/\/+$/, "").split("/").at(-1)?.replace(/-ng$/, "") : undefined;
  return last || textOf(state.title) || "neuroglancer";
}

/** The address of a state that the typed link itself names: the person who typed it chose its host. */
function stateAddresses({ kind, url }: Target): string[] {
  if (kind !== "state") return [];
  const text = decodedFragment(url).replace(/^\+/, "");
  const address = text.startsWith("{") ? undefined : httpAddress(volumeLink(text).location);
  return address === undefined || !URL.canParse(address) || isListed(new URL(address).hostname, STATE_HOSTS) ? [] : [address];
}
