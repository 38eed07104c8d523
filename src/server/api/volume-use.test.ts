import { expect, it } from "vitest";
import { manualClock } from "../../core/clock.js";
import { EmporiumError, type ErrorCode } from "../../core/errors.js";
import { printRef } from "../../model/ref.js";
import type { OpenVolume } from "../open-volume.js";
import { volumeUse } from "./volume-use.js";

const REF = printRef({ kind: "place", place: "p", key: "a.mrc" });
function lab() {
  const clock = manualClock();
  let opened = 0;
  const volumes = { open: async () => ({ etag: `v${++opened}` }) as OpenVolume };
  const use = volumeUse({ find: async () => ({}), volumes, clock } as unknown as Parameters<typeof volumeUse>[0]);
  const end = new AbortController();
  /** Etags with which the work was done: it fails as it is told, once. */
  const used = async (fails?: ErrorCode, more: { etag?: string; looks?: boolean } = {}) => {
    const etags: string[] = [];
    const done = use(REF, { ...more, signal: end.signal }, ({ etag }) => {
      etags.push(etag);
      if (fails !== undefined && etags.length === 1) throw new EmporiumError(fails, "it failed");
      return "done";
    });
    const how = await done.catch(({ code }: EmporiumError) => code);
    return [...etags, how];
  };
  return { clock, end, used };
}

it("a volume is looked at twice a second, or where a client asks whether it has changed", async () => {
  const { clock, used } = lab();
  expect(await used()).toEqual(["v1", "done"]);
  clock.advance(499);
  expect(await used()).toEqual(["v1", "done"]);
  expect(await used(undefined, { etag: "v1" })).toEqual(["v1", "done"]);
  expect(await used(undefined, { etag: "other" })).toEqual(["v2", "done"]);
  expect(await used(undefined, { looks: true })).toEqual(["v3", "done"]);
  clock.advance(500);
  expect(await used()).toEqual(["v4", "done"]);
});

it("work that fails with a volume of a while ago is done again with that of now; what a look would not mend is told at once", async () => {
  const { end, used } = lab();
  // it has just been opened
  expect(await used("FORMAT_CORRUPT")).toEqual(["v1", "FORMAT_CORRUPT"]);
  expect(await used("STORE_CONFLICT")).toEqual(["v2", "v3", "done"]);
  expect(await used("FORMAT_CORRUPT")).toEqual(["v3", "v4", "done"]);
  for (const code of ["USAGE", "STORE_THROTTLED", "CANCELLED"] as const) expect(await used(code)).toEqual(["v4", code]);
  end.abort();
  expect(await used("FORMAT_CORRUPT")).toEqual(["v4", "FORMAT_CORRUPT"]);
});
