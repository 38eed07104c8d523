/** Fetches one file, as a process that can be killed. `node transfer-child.mjs URL KEY TARGET SEED BYTES_PER_SECOND`; needs the build. */
import { systemClock } from "../../dist/core/clock.js";
import { silentLog } from "../../dist/core/log.js";
import { seededRandom } from "../../dist/core/random.js";
import { transferPace } from "../../dist/stations/harvest/transfer/pace.js";
import { transferObject } from "../../dist/stations/harvest/transfer/transfer.js";
import { httpStore } from "../../dist/stores/http.js";

const [url, key, target, seed, bytesPerSecond] = process.argv.slice(2);
process.stdout.write("begin\n");
const result = await transferObject({
  store: httpStore(url),
  key,
  target,
  connections: 8,
  pace: transferPace({ clock: systemClock, bytesPerSecond: Number(bytesPerSecond) }),
  clock: systemClock,
  random: seededRandom(Number(seed)),
  log: silentLog,
});
process.stdout.write(`${JSON.stringify(result)}\n`);
