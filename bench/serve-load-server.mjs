/** The server of `emporium serve` over a folder, without a catalogue, as a process of its own: prints its address, ends with its standard input. */
import { servePortal } from "../dist/server/portal.js";
import { fileStore } from "../dist/stores/file/store.js";
import { parseLocation } from "../dist/stores/url.js";

const [, , folder] = process.argv;
const store = fileStore(folder, { sync: false });
const place = { id: "tree", name: "tree", kind: "tree", location: parseLocation(folder), store };
const portal = await servePortal({ places: [place], bucket: "portal", version: "bench" });
console.log(portal.files);
process.stdin.on("end", () => portal.close()).resume();
