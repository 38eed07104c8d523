import type pg from "pg";
import { describe, expect, it } from "vitest";
import { seenPool } from "./seen.js";

/** A session whose first answer comes when it is let go; it keeps what it was told to hide. */
function session(version: string) {
  let letGo = () => {};
  const begins = new Promise<void>((resolve) => (letGo = resolve));
  const told: string[] = [];
  const client = {
    async query(text: string) {
      const hidden = /'emporium\.hidden_datasets', '(\{[\d,]*\})'/.exec(text)?.[1];
      if (hidden !== undefined) told.push(hidden);
      if (text.startsWith("begin")) {
        await begins;
        return [{}, {}, { rows: [{ version }] }];
      }
      return { rows: /as version$/.test(text) ? [{ version }] : [{ of: "dataset", id: Number(version), ms: null }] };
    },
    release: () => {},
  } as unknown as pg.PoolClient;
  return { client, told, letGo };
}

describe("sessions that begin at once", () => {
  // what is hidden of rows is the number of their version
  const seen = { hidden: (roots: { version: string }) => ({ datasets: [Number(roots.version)], depositions: [] }) };

  it("are each told what is hidden of the rows that they see, whoever found it out", async () => {
    const { enter } = seenPool({} as pg.Pool, seen);
    const [first, second] = [session("1"), session("1")];
    const both = [enter(first.client), enter(second.client)];
    first.letGo();
    await both[0];
    second.letGo();
    await both[1];
    expect([first.told, second.told]).toEqual([["{1}"], ["{1}"]]);

    // rows that change while one begins: another session has read them already
    const [third, fourth] = [session("2"), session("2")];
    const then = [enter(third.client), enter(fourth.client)];
    third.letGo();
    await then[0];
    fourth.letGo();
    await then[1];
    expect([third.told.at(-1), fourth.told.at(-1)]).toEqual(["{2}", "{2}"]);
  });
});
