#!/usr/bin/env node
/** Runs the offline portals until it is stopped: `node examples/portals/serve.mjs [--port N] [--ftp-port N] [--per-second N]
 * [--bucket-folder DIR [--bucket-port N]]`; with a folder also an S3 server of one bucket, `portal`, whose objects are files below it. */
import { argv } from "node:process";
import { parseArgs } from "node:util";
import { startBucket } from "./bucket-folder.mjs";
import { startOfflinePortals } from "./server.mjs";

const { values } = parseArgs({
  args: argv.slice(2),
  options: {
    port: { type: "string" },
    "ftp-port": { type: "string" },
    "per-second": { type: "string" },
    "bucket-folder": { type: "string" },
    "bucket-port": { type: "string" },
  },
});
const number = (text) => (text === undefined ? undefined : Number(text));
const portals = await startOfflinePortals({
  port: number(values.port),
  ftpPort: number(values["ftp-port"]),
  perSecond: number(values["per-second"]),
});
console.log(portals.bases.map((base) => `--portal-base ${base}`).join(" \\\n"));
console.log(`${portals.ftpUrl}/ has the files of ftp.ebi.ac.uk`);
const folder = values["bucket-folder"];
const bucket = folder && (await startBucket({ folder, bucket: "portal", port: number(values["bucket-port"]) }));
if (bucket) console.log(`AWS_ENDPOINT_URL_S3=${bucket.url} has s3://portal, the files of ${folder}/portal`);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void Promise.all([portals.close(), bucket?.close?.()]));
