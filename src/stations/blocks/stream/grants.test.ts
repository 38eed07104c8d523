import { describe, expect, it } from "vitest";
import { CREDITS_MAX, openGrants } from "./grants.js";

/** What a promise has come to by now. */
async function state(promise: Promise<number>): Promise<number | "waits"> {
  return Promise.race([promise, new Promise<"waits">((resolve) => setImmediate(() => resolve("waits")))]);
}

describe("grants of a client", () => {
  it("let nothing go without a credit, and nothing without a slot", async () => {
    const grants = openGrants(2);
    const first = grants.take();
    expect(await state(first)).toBe("waits");
    grants.addCredits(3);
    expect([await first, await grants.take()]).toEqual([0, 1]);
    const third = grants.take();
    expect(await state(third)).toBe("waits"); // a credit is left, but no slot
    grants.giveBack(1);
    expect(await third).toBe(1);
    const fourth = grants.take();
    grants.giveBack(0);
    expect(await state(fourth)).toBe("waits"); // a slot is free, but no credit
    grants.addCredits(1);
    expect(await fourth).toBe(0);
  });

  it("are credits alone without shared memory", async () => {
    const grants = openGrants(undefined);
    grants.addCredits(1);
    expect(await grants.take()).toBe(-1);
    expect(await state(grants.take())).toBe("waits");
  });

  it("refuse slots that the client does not have, twice the same among them", async () => {
    const grants = openGrants(2);
    grants.addCredits(2);
    expect(await grants.take()).toBe(0);
    for (const slot of [1, 2, -1, 0.5]) expect(() => grants.giveBack(slot)).toThrow("which the client does not have");
    grants.giveBack(0);
    expect(() => grants.giveBack(0)).toThrow("which the client does not have");
  });

  it("refuse more credits than can be meant", () => {
    const grants = openGrants(2);
    grants.addCredits(CREDITS_MAX);
    expect(() => grants.addCredits(1)).toThrow(`found ${CREDITS_MAX + 1} credits`);
  });

  it("that are stopped reject who waits and who comes later", async () => {
    const grants = openGrants(2);
    const waiting = grants.take();
    grants.stop(new Error("over"));
    await expect(waiting).rejects.toThrow("over");
    await expect(grants.take()).rejects.toThrow("over");
  });
});
