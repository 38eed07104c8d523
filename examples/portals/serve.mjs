#!/usr/bin/env node
/** Runs the offline portals until it is stopped: `node examples/portals/serve.mjs [--port N] [--ftp-port N] [--per-second N]`. */
import { argv } from "node:process";
import { parseArgs } from "node:util";
import { startOfflinePortals } from "./server.mjs";

const { values } = parseArgs({
  args: argv.slice(2),
  options: { port: { type: "string" }, "ftp-port": { type: "string" }, "per-second": { type: "string" } },
});
const number = (text) => (text === undefined ? undefined : Number(text));
const portals = await startOfflinePortals({
  port: number(values.port),
  ftpPort: number(values["ftp-port"]),
  perSecond: number(values["per-second"]),
});
console.log(portals.bases.map((base) => `--portal-base ${base}`).join(" \\\n"));
console.log(`${portals.ftpUrl}/ has the files of ftp.ebi.ac.uk`);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void portals.close());
