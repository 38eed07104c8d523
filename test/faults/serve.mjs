import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { startFaultServer } from "./server.mjs";

/**
 * The fault server as a program, for benchmarks and kill tests:
 *
 *     node test/faults/serve.mjs --port 0 [--dir FOLDER] [--bucket NAME]… [--faults JSON] [--seed N] [--fast-etag]
 *
 * Prints its URL as the first line, then runs until standard input ends or a signal comes. `--dir` keeps bodies on disk, in files that
 * the next start does not know.
 */
const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    dir: { type: "string" },
    bucket: { type: "string", multiple: true, default: ["bucket"] },
    faults: { type: "string", default: "[]" },
    seed: { type: "string", default: "1" },
    "fast-etag": { type: "boolean", default: false },
  },
});
if (values.dir !== undefined) mkdirSync(values.dir, { recursive: true });
const server = await startFaultServer({
  port: Number(values.port),
  dir: values.dir,
  buckets: values.bucket,
  faults: JSON.parse(values.faults),
  seed: Number(values.seed),
  fastEtag: values["fast-etag"],
});
console.log(server.url);
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => process.exit(0));
