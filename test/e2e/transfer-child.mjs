/**
 * Fetches one file, as a process that can be killed. Writes a line for each step: the bytes that are here, those of earlier runs first.
 * `node transfer-child.mjs URL KEY TARGET SEED IO`; needs the build.
 */
import { writeSync } from "node:fs";
import { systemClock } from "../../dist/core/clock.js";
import { silentLog } from "../../dist/core/log.js";
import { seededRandom } from "../../dist/core/random.js";
import { makePaces } from "../../dist/net/pace.js";
import { transferObject } from "../../dist/stations/harvest/transfer/transfer.js";
import { httpStore } from "../../dist/stores/http/store.js";

const [url, key, target, seed, io] = process.argv.slice(2);
const result = await transferObject({
  store: httpStore(url),
  key,
  target,
  connections: 8,
  io,
  pace: makePaces({ clock: systemClock }),
  clock: systemClock,
  random: seededRandom(Number(seed)),
  log: silentLog,
  onProgress: ({ doneBytes }) => writeSync(1, `${doneBytes}\n`),
});
writeSync(1, `${JSON.stringify(result)}\n`);
