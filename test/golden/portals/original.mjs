/**
 * Runs the parsers of yuriyzubov/image_harvest against the offline portals: `node original.mjs CHECKOUT PYTHON > records.json`. CHECKOUT is a clone of
 * https://github.com/yuriyzubov/image_harvest at 6a533f0; PYTHON has beautifulsoup4 4.13.4, requests 2.32.4 and xmltodict 0.14.2.
 */
import { execFile } from "node:child_process";
import { argv, stdout } from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startOfflinePortals } from "../../../examples/portals/server.mjs";

const [checkout, python] = argv.slice(2);
if (!checkout || !python) throw new Error("usage: node original.mjs CHECKOUT PYTHON");
const portals = await startOfflinePortals();
try {
  const script = fileURLToPath(new URL("original.py", import.meta.url));
  const { stdout: records } = await promisify(execFile)(python, ["-B", script, checkout, portals.url]);
  stdout.write(records);
} finally {
  await portals.close();
}
