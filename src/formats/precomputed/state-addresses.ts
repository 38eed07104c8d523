/** A view for Neuroglancer whose sources are named where they can be read now. */
export interface ReaddressedState {
  /** The document: byte for byte as it was but for the addresses of its sources. */
  readonly text: string;
  /** Sources that are not of a standardised tree: they stay as they are. */
  readonly elsewhere: readonly string[];
}

/** Prefixes of a source's address that name its format: `zarr://https://…`. They do not change the location of its bytes. */
const FORMATS = /^(?:zarr[23]?|n5|precomputed|nifti|deepzoom|obj|vtk|graphene|nggraph):\/\/$/i;
/** Formats, how the bytes are fetched, host or bucket, path. What stands behind `|` is cut off before. */
const ADDRESS = /^(\+?(?:[a-z][\w+.-]*:\/\/)*)([a-z][\w+.-]*:\/\/)([^/]*)\/(.*)$/is;
/** Keys of files in any address of them: two names, then a folder of the layout. */
const TOMOGRAM_KEY = /(?:^|\/)([^/]+\/[^/]+\/Reconstructions\/VoxelSpacing\d[^/]*(?:\/.*)?)$/s;
const RUN_KEY = /(?:^|\/)([^/]+\/[^/]+\/(?:(?:TiltSeries|Alignments)\/\d+|Frames|Gains|Images|IdentifiedObjects)(?:\/.*)?)$/s;
/** Texts of a JSON document, with the sign that makes one a member's name. */
const TOKENS = /"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?/gs;
/** Members that hold words of people or programs, whatever they look like. */
const WORDS = /^(?:name|title|layer|shader|description|code)$/;

/**
 * Replaces the address of every source of a view by a server's, up to where the key of the tree begins
 * (`10001/TS_01/Reconstructions/…`), in all of Neuroglancer's spellings (`zarr://https://…`, `s3://…|zarr3:`), also in meshes,
 * skeletons and nested lists. Other sources with the same beginning are moved too.
 *
 * @param files address below which keys are served, without a `/` at its end: `http://127.0.0.1:8080/files`.
 * @param folder the run of the view, `10001/TS_01`, if known: finds names with `#` or `?`.
 * Source: Neuroglancer's data source URLs.
 */
export function readdressState(text: string, files: string, folder?: string): ReaddressedState {
  const found = new Map<string, string>();
  const prefixes = new Set<string>();
  const strange = new Map<string, SourceAddress>();
  mapTexts(text, (value) => {
    const address = found.has(value) ? undefined : parseSource(value);
    if (!address) return undefined;
    const key = keyIn(address.path, folder);
    if (!key) strange.set(value, address);
    else {
      found.set(value, `${address.formats}${files}/${key.key}${address.pipes}`);
      prefixes.add(`${address.host}/${key.before}`);
    }
    return undefined;
  });
  const elsewhere: string[] = [];
  for (const [value, { formats, host, path, pipes }] of strange) {
    const before = [...prefixes].find((prefix) => `${host}/${path}`.startsWith(prefix));
    if (before !== undefined) found.set(value, `${formats}${files}/${`${host}/${path}`.slice(before.length)}${pipes}`);
    else if (formats !== "" || pipes !== "") elsewhere.push(value);
  }
  return { text: found.size === 0 ? text : mapTexts(text, (value) => found.get(value)), elsewhere };
}

interface SourceAddress {
  readonly formats: string;
  /** Scheme and host, `https://host`. */
  readonly host: string;
  readonly path: string;
  /** `|zarr3:` */
  readonly pipes: string;
}

function parseSource(value: string): SourceAddress | undefined {
  const pipe = value.indexOf("|");
  const [head, pipes] = pipe < 0 ? [value, ""] : [value.slice(0, pipe), value.slice(pipe)];
  const [, formats, scheme, host, path] = ADDRESS.exec(head) ?? [];
  if (formats === undefined || FORMATS.test(scheme!)) return undefined;
  return { formats, host: `${scheme}${host}`, path: path!, pipes };
}

/** The key that a path ends with, as it may stand in an address, and what comes before it. */
function keyIn(path: string, folder: string | undefined): { key: string; before: string } | undefined {
  if (folder !== undefined) {
    const at = `/${path}/`.indexOf(`/${folder}/`);
    // Views name folders as they are called: what ends a path there is written out.
    if (at >= 0) return { key: urlPath(folder) + path.slice(at + folder.length), before: path.slice(0, at) };
  }
  const key = (TOMOGRAM_KEY.exec(path) ?? RUN_KEY.exec(path))?.[1];
  return key === undefined ? undefined : { key, before: path.slice(0, path.length - key.length) };
}

function urlPath(folder: string): string {
  return folder.replace(/[%#?|]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The document with other texts in the places where addresses may stand. */
function mapTexts(text: string, other: (value: string) => string | undefined): string {
  let name = "";
  return text.replace(TOKENS, (whole: string, inner: string, colon: string | undefined) => {
    if (colon !== undefined) name = inner;
    else if (isAddressLike(inner) && !WORDS.test(name)) {
      const changed = other(textOf(whole));
      if (changed !== undefined) return JSON.stringify(changed);
    }
    return whole;
  });
}

function textOf(token: string): string {
  try {
    return JSON.parse(token) as string;
  } catch {
    return ""; // no JSON: the document goes out as it is
  }
}

/** Slashes may be written `\/`. */
function isAddressLike(inner: string): boolean {
  return inner.includes("://") || inner.includes(":\\/\\/");
}
