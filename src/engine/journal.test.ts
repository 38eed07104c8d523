import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeLog, silentLog } from "../core/log.js";
import { Secret } from "../core/redact.js";
import { type Journal, journalName, openJournal } from "./journal.js";
import { encodeLine } from "./journal-lines.js";
import type { Receipt, Task, TaskPlan } from "./task.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "emporium journal 'x' "));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = () => join(folder, "j.journal");
const openIt = (log = silentLog) => openJournal(folder, "j", log);

function receipt(task: string, size = 1): Receipt {
  return {
    task,
    title: `Tomogramm ${task} ☃`,
    inputs: [],
    outputs: [{ key: `out/${task}`, size, crc32: "00000000" }],
    seconds: 1,
  };
}
function plan(createdMs: number, ...ids: string[]): TaskPlan {
  return { createdMs, locks: [], tasks: ids.map((id) => ({ id }) as Task) };
}
async function using<T>(work: (journal: Journal) => Promise<T>, log = silentLog): Promise<T> {
  const journal = await openIt(log);
  try {
    return await work(journal);
  } finally {
    await journal.close();
  }
}

describe("openJournal", () => {
  it("remembers receipts, notes and starts", async () => {
    await using(async (journal) => {
      await journal.begin(plan(5, "a", "b"));
      await journal.append({ record: "done", receipt: receipt("a") });
      await journal.jot({ record: "start", task: "b", outputs: ["out/b"] });
      await journal.append({ record: "note", task: "b", note: { part: 1 } });
      await journal.append({ record: "note", task: "b", note: { part: 2 } });
    });
    await using(async (journal) => {
      expect(journal.receipt("a")).toEqual(receipt("a"));
      expect(journal.receipt("b")).toBeUndefined();
      expect(journal.attempt("a")).toBeUndefined();
      expect(journal.attempt("b")).toEqual({ notes: [{ part: 1 }, { part: 2 }], usable: true });
      expect([...journal.unfinished]).toEqual([["b", ["out/b"]]]);
      await journal.append({ record: "done", receipt: receipt("b") });
      expect(journal.attempt("b")).toBeUndefined();
    });
  });

  it("is text that a person reads: one line a record", async () => {
    await using((journal) => journal.append({ record: "done", receipt: receipt("a") }));
    const lines = readFileSync(file(), "utf8").trimEnd().split("\n");
    // zlib.crc32 of Python for the payload {"record":"journal","format":1}
    expect(lines[0]).toBe('0000001f 3ba4a312 {"record":"journal","format":1}');
    expect(JSON.parse(lines[1]!.slice(18))).toEqual({ record: "done", receipt: receipt("a") });
  });

  it("survives a tear at every byte of the last record", async () => {
    await using(async (journal) => {
      await journal.append({ record: "done", receipt: receipt("a") });
    });
    const before = readFileSync(file()).length;
    await using((journal) => journal.append({ record: "done", receipt: receipt("b") }));
    const whole = readFileSync(file());
    for (let size = before; size <= whole.length; size++) {
      writeFileSync(file(), whole.subarray(0, size));
      await using(async (journal) => {
        expect(journal.receipt("a")).toEqual(receipt("a"));
        expect(journal.receipt("b")).toEqual(size === whole.length ? receipt("b") : undefined);
        await journal.append({ record: "done", receipt: receipt("c") });
      });
      await using(async (journal) => expect(journal.receipt("c")).toEqual(receipt("c")));
    }
  });

  it("survives a tear at every byte of the first record", async () => {
    await using(async () => {});
    const whole = readFileSync(file());
    for (let size = 0; size < whole.length; size++) {
      writeFileSync(file(), whole.subarray(0, size));
      await using((journal) => journal.append({ record: "done", receipt: receipt("a") }));
      await using(async (journal) => expect(journal.receipt("a")).toEqual(receipt("a")));
    }
  });

  it("drops a last line in which any byte is wrong, without a warning", async () => {
    await using((journal) => journal.append({ record: "done", receipt: receipt("a") }));
    const before = readFileSync(file()).length;
    await using((journal) => journal.append({ record: "done", receipt: receipt("b") }));
    const whole = readFileSync(file());
    const warnings: string[] = [];
    const log = makeLog((level, message) => level === "warn" && warnings.push(message));
    for (let at = before; at < whole.length; at++) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 0x20;
      writeFileSync(file(), damaged);
      await using(async (journal) => {
        expect(journal.receipt("a")).toEqual(receipt("a"));
        expect(journal.receipt("b")).toBeUndefined();
      }, log);
      expect(readFileSync(file()).length).toBe(before);
    }
    expect(warnings).toEqual([]);
  });

  it.each(["{}", "[]", "null", "5", '"record"', "{"])("drops a last line that is whole but no record: %s", async (payload) => {
    await using((journal) => journal.append({ record: "done", receipt: receipt("a") }));
    const before = readFileSync(file());
    appendFileSync(file(), encodeLine(payload));
    await using(async (journal) => expect(journal.receipt("a")).toEqual(receipt("a")));
    expect(readFileSync(file())).toEqual(before);
  });

  it("keeps a record of a kind that it does not know, and goes on behind it", async () => {
    await using(async () => {});
    appendFileSync(file(), encodeLine('{"record":"later version"}'));
    await using((journal) => journal.append({ record: "done", receipt: receipt("a") }));
    await using(async (journal) => expect(journal.receipt("a")).toEqual(receipt("a")));
    expect(readFileSync(file(), "utf8")).toContain("later version");
  });

  it("ignores damage in the middle with all that follows, says so and keeps it", async () => {
    const ends: number[] = [];
    for (const id of ["a", "b", "c"]) {
      await using((journal) => journal.append({ record: "done", receipt: receipt(id) }));
      ends.push(readFileSync(file()).length);
    }
    const damaged = readFileSync(file());
    damaged[ends[0]! + 30]! ^= 1;
    writeFileSync(file(), damaged);
    const warnings: string[] = [];
    await using(
      async (journal) => {
        expect(["a", "b", "c"].map((id) => journal.receipt(id)?.task)).toEqual(["a", undefined, undefined]);
        await journal.append({ record: "done", receipt: receipt("d") });
      },
      makeLog((level, message) => level === "warn" && warnings.push(message)),
    );
    expect(warnings).toEqual([expect.stringContaining(`the line at byte ${ends[0]} is damaged`)]);
    expect(readFileSync(`${file()}.damaged`)).toEqual(damaged);
    await using(async (journal) => expect(["a", "b", "d"].map((id) => journal.receipt(id)?.task)).toEqual(["a", undefined, "d"]));
  });

  it("sets a journal of another format aside", async () => {
    await using((journal) => journal.append({ record: "done", receipt: receipt("a") }));
    const text = readFileSync(file(), "latin1");
    writeFileSync(file(), `${text}`.replace(/^.*\n/, '0000001f 1089f0d1 {"record":"journal","format":2}\n'), "latin1");
    await using(async (journal) => expect(journal.receipt("a")).toBeUndefined());
    expect(readFileSync(`${file()}.other`, "latin1")).toContain('"format":2');
  });

  it("reads lines that are longer than its blocks", async () => {
    const outputs = Array.from({ length: 40_000 }, (_, i) => ({ key: `out/${i}`, size: i, crc32: "00000000" }));
    await using(async (journal) => {
      await journal.append({ record: "done", receipt: { ...receipt("big"), outputs } });
      await journal.append({ record: "done", receipt: receipt("a") });
    });
    await using(async (journal) => {
      expect(journal.receipt("big")?.outputs).toEqual(outputs);
      expect(journal.receipt("a")).toEqual(receipt("a"));
    });
  });

  it("is rewritten when most of it is stale, and says the same", async () => {
    await using(async (journal) => {
      await journal.append({ record: "done", receipt: receipt("kept") });
      await journal.begin(plan(7, "x"));
      await journal.append({ record: "start", task: "x", outputs: ["out/x"] });
      await journal.append({ record: "note", task: "x", note: { n: 1 } });
      const filler = { record: "note" as const, task: "gone", note: { text: "z".repeat(100_000) } };
      await journal.append({ record: "start", task: "gone", outputs: [] });
      await Promise.all(Array.from({ length: 60 }, () => journal.append(filler)));
      await journal.append({ record: "forget", task: "gone" });
    });
    expect(readFileSync(file()).length).toBeGreaterThan(5_000_000);
    await using(async (journal) => {
      expect(readFileSync(file()).length).toBeLessThan(2_000);
      expect(journal.receipt("kept")).toEqual(receipt("kept"));
      expect(journal.attempt("x")).toEqual({ notes: [{ n: 1 }], usable: true });
      expect(await journal.begin(plan(8, "x"))).toEqual({ createdMs: 7, resumed: true });
    });
  });

  it("is rewritten whole when what counts is longer than what it copies at once", async () => {
    const outputs = Array.from({ length: 20_000 }, (_, i) => ({ key: `out/${i}`, size: i, crc32: "00000000" }));
    const names = ["a", "b", "c", "d", "e", "f"];
    await using(async (journal) => {
      for (const name of names) await journal.append({ record: "done", receipt: { ...receipt(name), outputs } });
      const filler = { record: "note" as const, task: "gone", note: { text: "z".repeat(100_000) } };
      await journal.append({ record: "start", task: "gone", outputs: [] });
      await Promise.all(Array.from({ length: 80 }, () => journal.append(filler)));
      await journal.append({ record: "forget", task: "gone" });
    });
    const before = readFileSync(file()).length;
    await using(async (journal) => {
      const after = readFileSync(file()).length;
      expect(after).toBeGreaterThan(4 * 1024 * 1024);
      expect(after).toBeLessThan(before - 80 * 100_000);
      for (const name of names) expect(journal.receipt(name)?.outputs).toEqual(outputs);
    });
  });

  it("fails for good once a write has failed", async () => {
    const journal = await openIt();
    await journal.append({ record: "done", receipt: receipt("a") });
    await journal.close();
    await expect(journal.append({ record: "done", receipt: receipt("b") })).rejects.toMatchObject({ code: "STORE_FAILED" });
    expect(journal.broken?.code).toBe("STORE_FAILED");
    await expect(journal.jot({ record: "forget", task: "a" })).rejects.toBe(journal.broken);
  });

  it("keeps secrets out", async () => {
    const secret = new Secret("hunter2-hunter2");
    await using(async (journal) => {
      const text = `refused ${secret.reveal()}`;
      await journal.append({ record: "failed", task: "a", error: { code: "STORE_DENIED", message: text, hint: text } });
      await journal.append({ record: "done", receipt: { ...receipt("b"), warnings: [text] } });
    });
    expect(readFileSync(file(), "utf8")).not.toContain("hunter2");
  });
});

describe("group commit", () => {
  it("shares syncs among records that come together, and all are there", async () => {
    const ids = Array.from({ length: 500 }, (_, i) => `t${i}`);
    await using(async (journal) => {
      const before = journal.syncs;
      await Promise.all(ids.map((id) => journal.append({ record: "done", receipt: receipt(id) })));
      expect(journal.syncs - before).toBe(1);
    });
    await using(async (journal) => expect(ids.every((id) => journal.receipt(id)?.task === id)).toBe(true));
  });

  it("lets nothing count as durable before a sync that began after its write", async () => {
    await using(async (journal) => {
      const order: string[] = [];
      const first = journal.append({ record: "done", receipt: receipt("a") }).then(() => order.push("a"));
      await journal.jot({ record: "forget", task: "x" }); // behind a: by now the sync for a is on its way
      const before = journal.syncs;
      const second = journal.append({ record: "done", receipt: receipt("b") }).then(() => order.push("b"));
      await Promise.all([first, second]);
      expect(order).toEqual(["a", "b"]);
      expect(journal.syncs - before).toBe(1);
    });
  });

  it("loses nothing however appends come", async () => {
    const ids: string[] = [];
    await using(async (journal) => {
      for (let round = 0; round < 40; round++) {
        const batch = Array.from({ length: round % 7 }, (_, i) => `r${round}-${i}`);
        ids.push(...batch);
        const all = Promise.all(batch.map((id) => journal.append({ record: "done", receipt: receipt(id) })));
        if (round % 3 === 0) await all;
        else await new Promise((resolve) => setImmediate(resolve));
      }
    });
    await using(async (journal) => expect(ids.filter((id) => journal.receipt(id) === undefined)).toEqual([]));
  });
});

describe("begin", () => {
  it("keeps the moment of a job that was not ended", async () => {
    await using(async (journal) => expect(await journal.begin(plan(100, "a"))).toEqual({ createdMs: 100, resumed: false }));
    await using(async (journal) => expect(await journal.begin(plan(200, "a"))).toEqual({ createdMs: 100, resumed: true }));
    await using(async (journal) => {
      expect(await journal.begin(plan(300, "a"))).toEqual({ createdMs: 100, resumed: true });
      await journal.append({ record: "end", complete: false });
    });
    await using(async (journal) => {
      expect(await journal.begin(plan(400, "a"))).toEqual({ createdMs: 100, resumed: true });
      await journal.append({ record: "end", complete: true });
    });
    await using(async (journal) => expect(await journal.begin(plan(500, "a"))).toEqual({ createdMs: 500, resumed: false }));
  });

  it("gives another job its own moment, and the given one its right", async () => {
    await using((journal) => journal.begin(plan(100, "a")));
    await using(async (journal) => expect(await journal.begin(plan(200, "a", "b"))).toEqual({ createdMs: 200, resumed: false }));
    await using(async (journal) => {
      expect(await journal.begin(plan(300, "a", "b"), { createdMs: 1 })).toEqual({ createdMs: 1, resumed: true });
    });
  });

  it("trusts only its own receipts in a forced run, also when that is resumed", async () => {
    await using(async (journal) => {
      await journal.begin(plan(1, "a", "b"));
      await journal.append({ record: "done", receipt: receipt("a") });
      await journal.append({ record: "start", task: "b", outputs: [] });
    });
    await using(async (journal) => {
      await journal.begin(plan(2, "a", "b"), { force: true });
      expect(journal.receipt("a")).toBeUndefined();
      expect(journal.attempt("b")?.usable).toBe(false);
      await journal.append({ record: "done", receipt: receipt("a", 9) });
    });
    await using(async (journal) => {
      expect(await journal.begin(plan(3, "a", "b"), { force: true })).toEqual({ createdMs: 2, resumed: true });
      expect(journal.receipt("a")).toEqual(receipt("a", 9));
      expect(journal.attempt("b")?.usable).toBe(false);
    });
    await using(async (journal) => {
      await journal.begin(plan(4, "a", "b"));
      expect(journal.receipt("a")).toEqual(receipt("a", 9));
    });
  });
});

it("journalName differs for each target and job, and stays a file name", () => {
  const names = [
    journalName("file:///a", "ingest 1"),
    journalName("file:///b", "ingest 1"),
    journalName("file:///a", "ingest/1"),
  ];
  expect(new Set(names).size).toBe(3);
  for (const name of names) expect(name).toMatch(/^ingest-1-[0-9a-f]{16}$/);
});
