import { basename, dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { unsafe } from "../keys.js";
import { type Backend, type Location, unknownLocation } from "../location.js";

export const fileBackend: Backend = {
  schemes: ["file"],
  form: "/absolute/path",
  parse: (text) => fileLocation(pathOfFileUrl(text)),
  open: async ({ path }, _place, { sync, io }) => (await import("./store.js")).fileStore(path!, { sync, io }),
  parent: ({ root }) => ({ url: root, path: fileURLToPath(root === "file://" ? "file:///" : root) }),
  host: () => undefined,
};

/** @param path absolute. @throws {EmporiumError} NAME_UNSAFE */
export function fileLocation(path: string): Location {
  if (path.includes("\0")) throw unsafe(path, "holds a NUL character");
  const parent = dirname(path);
  return { scheme: "file", url: urlOfPath(path), root: urlOfPath(parent), key: path === parent ? "" : basename(path), path };
}

/** Without a last slash, so that `/` itself is `file://`. */
function urlOfPath(path: string): string {
  return pathToFileURL(path).href.replace(/\/$/, "");
}

function pathOfFileUrl(text: string): string {
  try {
    if (!/^file:\/\//i.test(text)) throw new Error("the form is file:///absolute/path");
    return resolve(fileURLToPath(text));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw unknownLocation(text, `is not a usable file URL (${reason})`, "write a plain path, or file:///absolute/path");
  }
}
