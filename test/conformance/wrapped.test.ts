import { manualClock } from "../../src/core/clock.js";
import { hostPace } from "../../src/net/pace.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import { withRetry } from "../../src/stores/wrap/retry.js";
import { withPace } from "../../src/stores/wrap/with-pace.js";
import { withFaults } from "../faults/store-faults.js";
import { readSuite, writeSuite } from "./store-suite.js";

/** Wrappers change when and how often a store is asked, never what it answers. */
const open = async () => {
  const clock = manualClock();
  const inner = withPace(withFaults(memoryStore(), {}), hostPace(clock, { perSecond: Number.POSITIVE_INFINITY }));
  const store = withRetry(inner, { clock, random: () => 0.5 });
  return { store, put: async (key: string, body: Uint8Array) => void (await store.write(key, body)) };
};

readSuite("every wrapper", open);
writeSuite("every wrapper", open);
