/** Files that exist only as rules: a path, a size, and what stands at each byte. Large ones cost nothing until somebody reads them. */
import { createHash } from "node:crypto";

/**
 * @typedef {{ size: number, modifiedMs: number, etag: string, contentType: string, read: (offset: number, length: number) => Uint8Array }} VirtualFile
 * @typedef {import("./tree.d.mts").Tree} Tree
 */

/** When every file of the offline portals was last changed: 2024-01-15 12:00 UTC. */
export const MODIFIED_MS = Date.UTC(2024, 0, 15, 12);

/**
 * @param {string | Uint8Array} content
 * @param {string} [contentType]
 * @returns {VirtualFile}
 */
export function fileOf(content, contentType = "application/octet-stream") {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  let etag;
  return {
    size: bytes.length,
    modifiedMs: MODIFIED_MS,
    get etag() {
      etag ??= `"${createHash("md5").update(bytes).digest("hex")}"`;
      return etag;
    },
    contentType,
    read: (offset, length) => bytes.subarray(offset, offset + length),
  };
}

/**
 * A file whose bytes are made when somebody first asks for them: most who start the portals ask for few.
 * @param {number} size
 * @param {() => Uint8Array} make
 * @returns {VirtualFile}
 */
export function madeFile(size, make) {
  let made;
  const file = () => {
    made ??= fileOf(make());
    return made;
  };
  return {
    size,
    modifiedMs: MODIFIED_MS,
    get etag() {
      return file().etag;
    },
    contentType: "application/octet-stream",
    read: (offset, length) => file().read(offset, length),
  };
}

/**
 * A file of pieces laid one behind the other; between and behind them zeros.
 * @param {number} size
 * @param {readonly { offset: number, bytes: Uint8Array }[]} pieces in ascending order
 * @param {string} name of which the tag is made
 * @returns {VirtualFile}
 */
export function sparseFile(size, pieces, name) {
  const read = (offset, length) => {
    const out = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
    // the first piece that ends behind the offset
    let low = 0;
    for (let high = pieces.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (pieces[middle].offset + pieces[middle].bytes.length <= offset) low = middle + 1;
      else high = middle;
    }
    for (let at = low; at < pieces.length && pieces[at].offset < offset + out.length; at++) {
      const piece = pieces[at];
      const from = Math.max(0, offset - piece.offset);
      const part = piece.bytes.subarray(from, from + offset + out.length - Math.max(offset, piece.offset));
      out.set(part, Math.max(0, piece.offset - offset));
    }
    return out;
  };
  // as Apache makes them, of size and time: nobody must take them for a checksum
  const etag = `"${size.toString(16)}-${createHash("md5").update(name).digest("hex").slice(0, 13)}"`;
  return { size, modifiedMs: MODIFIED_MS, etag, contentType: "application/octet-stream", read };
}

/**
 * Bytes that differ at every place, so that whatever is moved, doubled or left out shows. They are made as they are read.
 * @param {number} size
 * @param {string} name whose bytes they are
 * @param {string} [contentType]
 * @returns {VirtualFile}
 */
export function patternFile(size, name, contentType = "application/octet-stream") {
  const seed = createHash("md5").update(name).digest().readUInt32LE(0);
  const read = (offset, length) => {
    const out = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
    for (let at = 0; at < out.length; at++) {
      const place = offset + at;
      // one round of a mixing function on the place of each 4 bytes
      let word = Math.imul((place >>> 2) ^ seed, 0x9e3779b1);
      word = Math.imul(word ^ (word >>> 15), 0x85ebca6b);
      out[at] = (word ^ (word >>> 13)) >>> (8 * (place & 3));
    }
    return out;
  };
  const etag = `"${size.toString(16)}-${seed.toString(16)}"`;
  return { size, modifiedMs: MODIFIED_MS, etag, contentType, read };
}

/**
 * @param {Iterable<readonly [path: string, file: VirtualFile]>} entries paths without a leading `/`
 * @returns {Tree}
 */
export function makeTree(entries) {
  const files = new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    files,
    file: (path) => files.get(path),
    /** Names directly below a folder (`""` or ending with `/`), folders with a `/`; undefined where there is no such folder. */
    children(folder) {
      const names = new Set();
      for (const path of files.keys()) {
        if (!path.startsWith(folder)) continue;
        const rest = path.slice(folder.length);
        const slash = rest.indexOf("/");
        names.add(slash < 0 ? rest : rest.slice(0, slash + 1));
      }
      return names.size > 0 || folder === "" ? [...names] : undefined;
    },
  };
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (number) => String(number).padStart(2, "0");

/**
 * A folder's page as Apache (`<pre>`, rounded sizes, orders in the head) or nginx (exact sizes) writes it.
 * @param {Tree} tree
 * @param {string} folder
 * @param {"apache" | "nginx"} manner
 */
export function folderPage(tree, folder, manner) {
  const names = tree.children(folder);
  if (!names) return undefined;
  const href = (name) => name.split("/").map(encodeURIComponent).join("/");
  const lines = names.map((name) => {
    const file = tree.file(folder + name);
    const date = new Date(file?.modifiedMs ?? MODIFIED_MS);
    const clock = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
    const [y, m, d] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
    return manner === "apache"
      ? `<img src="/icons/unknown.gif" alt="[   ]"> <a href="${href(name)}">${escapeHtml(name)}</a>   ${y}-${two(m + 1)}-${two(d)} ${clock}  ${file ? rounded(file.size) : "  - "}  `
      : `<a href="${href(name)}">${escapeHtml(name)}</a>   ${two(d)}-${MONTHS[m]}-${y} ${clock}   ${file ? file.size : "-"}`;
  });
  const title = `Index of /${escapeHtml(folder)}`;
  const head =
    manner === "apache"
      ? '<a href="?C=N;O=D">Name</a>  <a href="?C=M;O=A">Last modified</a>  <a href="?C=S;O=A">Size</a><hr><a href="../">Parent Directory</a>                             -   '
      : '<a href="../">../</a>';
  return `<!DOCTYPE HTML>\n<html>\n<head><title>${title}</title></head>\n<body>\n<h1>${title}</h1>\n<pre>${head}\n${lines.join("\n")}\n</pre>\n</body></html>\n`;
}

function rounded(size) {
  const units = ["", "K", "M", "G", "T"];
  let value = size;
  let unit = 0;
  for (; value >= 1000 && unit < 4; unit++) value /= 1024;
  return `${unit > 0 && value < 10 ? value.toFixed(1) : Math.round(value)}${units[unit]}`;
}

export function escapeHtml(text) {
  return text.replace(/[&<>"]/g, (char) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[char]);
}

/**
 * What a web server with a tree answers: a file, a folder's page, a redirection to the folder's own address, or 404.
 * @param {Tree} tree
 * @param {string} path percent-decoded, without the leading `/`
 * @param {"apache" | "nginx"} [manner]
 * @returns {import("./server.d.mts").SiteReply}
 */
export function treeReply(tree, path, manner = "apache") {
  const file = tree.file(path);
  if (file) return { status: 200, file };
  if (path === "" || path.endsWith("/")) {
    const page = folderPage(tree, path, manner);
    return page === undefined
      ? NOT_THERE
      : { status: 200, headers: { "content-type": "text/html;charset=ISO-8859-1" }, body: page };
  }
  if (tree.children(`${path}/`)) {
    const location = `/${path.split("/").map(encodeURIComponent).join("/")}/`;
    return { status: 301, headers: { location, "content-type": "text/html" }, body: "<html>moved</html>" };
  }
  return NOT_THERE;
}

const NOT_THERE = { status: 404, headers: { "content-type": "text/html" }, body: "<html><title>404 Not Found</title></html>" };
