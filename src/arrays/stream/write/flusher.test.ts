import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../core/clock.js";
import { Flusher } from "./flusher.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-flush-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Lets the rounds see as many bytes as make them work. */
async function flushed(paths: string[]): Promise<Flusher> {
  let asked = 0;
  const flusher = new Flusher(() => (asked++ > 0 ? 2 ** 30 : 0), systemClock);
  for (const path of paths) flusher.add(path);
  while (asked < 3) await systemClock.sleep(5);
  return flusher;
}

describe("Flusher", () => {
  it("keeps a flush that failed, whatever comes after it, and tells of it", async () => {
    const good = join(folder, "good");
    writeFileSync(good, "bytes");
    const flusher = await flushed([good, join(folder, "gone")]);
    expect(() => flusher.check()).toThrowError(expect.objectContaining({ code: "STORE_ABSENT" }));
    await expect(flusher.stop()).rejects.toMatchObject({ code: "STORE_ABSENT" });
  });

  it("ends in peace where nothing failed", async () => {
    const good = join(folder, "fine");
    writeFileSync(good, "bytes");
    await (await flushed([good])).stop();
  });
});
