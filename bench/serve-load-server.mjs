/** The server of `emporium serve` over a folder, without a catalogue, as a process of its own: prints its address, ends with its standard input. */
import { servePortal } from "../dist/server/portal.js";
import { fileStore } from "../dist/stores/file/store.js";

const api = { answer: async () => ({ isUnavailable: false, text: '{"data":null}\n', rest: undefined }) };
const portal = await servePortal({ store: fileStore(process.argv[2], { sync: false }), api, bucket: "portal" });
console.log(portal.files);
process.stdin.on("end", () => portal.close()).resume();
