import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { RootRow, Roots } from "../../catalog/seen.js";
import { manualClock } from "../../core/clock.js";
import { makeLog } from "../../core/log.js";
import type { Tokens } from "../tokens.js";
import { openAccess } from "./access.js";
import { hashOfKey } from "./rules.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-access-"));
afterAll(() => rmSync(folder, { recursive: true }));

const at = (day: string) => Date.parse(`${day}T00:00:00Z`);
const NOW = at("2026-06-01");
const KEY = "k".repeat(43);
const LINK = `{name: reviewer, datasets: [3], key: "sha256:${hashOfKey(KEY).toString("hex")}", until: 2026-06-30}`;

const row = (id: number, more: Partial<RootRow> = {}): RootRow => ({ id, releaseMs: undefined, ...more });
const rootsOf = (datasets: readonly RootRow[], depositions: readonly RootRow[] = [], version = "1"): Roots => ({
  version,
  datasets: new Map(datasets.map((one) => [one.id, one])),
  depositions: new Map(depositions.map((one) => [one.id, one])),
});

/** The holder of each token is called like it; `jobs` and `write` have that scope. */
const tokens = {
  holderOfToken: (token: string) =>
    token === KEY ? undefined : { name: token, scopes: new Set(["jobs", "write"].filter((scope) => scope === token)) },
  holderOfSession: () => undefined,
  isKnown: (name: string) => ["ada", "max", "jobs", "write"].includes(name),
} as unknown as Tokens;

let files = 0;
/** Access by these rules, to rows that may be changed, on a clock that is set by hand. */
async function accessBy(rules: string, first: Roots | undefined, isSettled?: () => boolean) {
  const file = join(folder, `${++files}.yaml`);
  writeFileSync(file, rules, { mode: 0o600 });
  const clock = manualClock(NOW);
  const said: string[] = [];
  const rows = { now: first, read: 0 };
  const access = await openAccess({
    ...{ file, tokens, clock, isSettled },
    roots:
      first &&
      (async () => {
        rows.read++;
        if (rows.now === undefined) throw new Error("the database is gone");
        return rows.now;
      }),
    log: makeLog((level, message) => void said.push(`${level}: ${message.replaceAll(file, "FILE")}`)),
  });
  const viewOf = (token?: string) =>
    access.viewOf(new Request("http://lab.test/", { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } }));
  const sees = async (token?: string) => {
    const view = await viewOf(token);
    return [...rows.now!.datasets.keys()].filter((id) => view.seesDataset(id));
  };
  return { access, clock, said, rows, file, viewOf, sees };
}

describe("what is seen", () => {
  const RULES = `groups: {lab: [max]}
datasets:
  2: embargoed
  3: {for: [ada, lab], until: 2026-07-01}
depositions:
  20: {for: [ada]}
links: [${LINK}]
`;
  const ROOTS = rootsOf(
    [row(1), row(2, { releaseMs: at("2026-06-02") }), row(3), row(4, { deposition: 20 }), row(5, { deposition: 21 })],
    [row(20), row(21)],
  );

  it("is what is public, what a name or group or link is given, and everything for whoever may write", async () => {
    const { sees } = await accessBy(RULES, ROOTS);
    // of a deposition that is hidden nothing is seen, whatever the dataset's own rule
    expect(await sees()).toEqual([1, 5]);
    expect(await sees("ada")).toEqual([1, 3, 4, 5]);
    expect(await sees("max")).toEqual([1, 3, 5]);
    expect(await sees(KEY)).toEqual([1, 3, 5]);
    expect(await sees("jobs")).toEqual([1, 5]);
    expect(await sees("write")).toEqual([1, 2, 3, 4, 5]);
  });

  it("changes with the day on which something is released, opens or a link ends, also backwards", async () => {
    const { sees, clock } = await accessBy(RULES, ROOTS);
    expect(await sees()).toEqual([1, 5]);
    clock.advance(at("2026-06-02") - NOW);
    expect(await sees()).toEqual([1, 2, 5]);
    expect(await sees(KEY)).toEqual([1, 2, 3, 5]);
    // somebody sets the clock of the machine right
    clock.advance(NOW - at("2026-06-02"));
    expect(await sees()).toEqual([1, 5]);
    clock.advance(at("2026-07-01") - NOW);
    expect(await sees()).toEqual([1, 2, 3, 5]);
  });

  it("is one view for who sees the same, and another one for others", async () => {
    const { viewOf } = await accessBy(RULES, ROOTS);
    const views = await Promise.all([undefined, "nobody", KEY, "max", "ada", "jobs", "write"].map(viewOf));
    const keys = views.map(({ key }) => key);
    expect(keys[1]).toBe(keys[0]);
    expect(keys[3]).toBe(keys[2]);
    expect(new Set(keys).size).toBe(5);
    expect(views.map(({ isWhole }) => isWhole)).toEqual([false, false, false, false, false, false, true]);
    expect(views.map(({ seesWorkspace }) => seesWorkspace)).toEqual([false, false, false, false, false, true, true]);
    expect(views.map(({ hidesDepositions }) => hidesDepositions)).toEqual([true, true, true, true, false, true, false]);
  });

  it("says of what is seen and not public until when, and for whom, and nothing of the rest", async () => {
    const { viewOf } = await accessBy(RULES, ROOTS);
    expect((await viewOf()).notes).toEqual({ datasets: {}, depositions: {} });
    const three = { for: ["ada", "lab"], until: "2026-07-01" };
    expect((await viewOf("ada")).notes).toEqual({ datasets: { 3: three }, depositions: { 20: { for: ["ada"] } } });
    expect((await viewOf("write")).notes.datasets).toEqual({ 2: { until: "2026-06-02" }, 3: three });
  });

  it("is nothing without a word in the rules where the default is embargoed, what the catalogue does not know included", async () => {
    const { viewOf } = await accessBy("default: embargoed\ndatasets: {1: public}\n", rootsOf([row(1), row(2)]));
    const view = await viewOf();
    expect([1, 2, 9].map((id) => view.seesDataset(id))).toEqual([true, false, false]);
    expect([view.seesOthers, view.hidesDepositions, view.seesDeposition(9)]).toEqual([false, true, false]);
    expect([(await viewOf("jobs")).seesOthers, (await viewOf("jobs")).seesDataset(2)]).toEqual([true, false]);
  });

  it("hides nothing where all is public: no deposition needs looking at", async () => {
    const { viewOf } = await accessBy("datasets: {1: public}\n", rootsOf([row(1)], [row(20)]));
    const view = await viewOf();
    expect([view.hidesDepositions, view.seesOthers, view.isWhole, view.seesDeposition(20)]).toEqual([false, true, false, true]);
  });
});

describe("rows that change", () => {
  it("hide what is new or another row until the rules have been asked about it", async () => {
    const before = rootsOf([row(1), row(2), row(3, { deposition: 20 }), row(5, { deposition: 22 })], [row(20)]);
    const { viewOf, rows } = await accessBy("datasets: {2: embargoed}\n", before);
    const { seen } = await viewOf();
    expect(seen.hidden(before)).toEqual({ datasets: [2], depositions: [] });
    const after = rootsOf(
      [row(1), row(2), row(3, { deposition: 21 }), row(4), row(5, { deposition: 22 })],
      [row(20), row(21), row(22)],
      "2",
    );
    // 5 is the row that it was, of a deposition that has come
    expect(seen.hidden(after)).toEqual({ datasets: [2, 3, 4, 5], depositions: [21, 22] });
    // and are read again at once, not after the second for which they are taken to be as they were
    rows.now = after;
    expect(rows.read).toBe(1);
    expect((await viewOf()).seen.hidden(after)).toEqual({ datasets: [2], depositions: [] });
    expect(rows.read).toBe(2);
  });

  it("are hidden in the order of their numbers", async () => {
    const rows = rootsOf([row(10), row(9), row(1)]);
    const { viewOf } = await accessBy("default: embargoed\n", rows);
    expect((await viewOf()).seen.hidden(rows).datasets).toEqual([1, 9, 10]);
  });

  it("are read once a second, and stay as they were where the database is gone", async () => {
    const { viewOf, rows, clock } = await accessBy("default: public\n", rootsOf([row(1)]));
    const [view] = await Promise.all([viewOf(), viewOf("ada")]);
    // who scrolls through a volume asks a hundred times a second
    expect(await viewOf()).toBe(view);
    clock.advance(999);
    await viewOf();
    expect(rows.read).toBe(1);
    clock.advance(1);
    rows.now = undefined;
    expect((await viewOf()).seesDataset(1)).toBe(true);
  });
});

describe("a file of rules that changes", () => {
  it("holds from the next second on; a wrong one is told, and the rules of before stay", async () => {
    const { viewOf, file, clock, said } = await accessBy("datasets: {1: public}\n", rootsOf([row(1)]));
    await viewOf();
    clock.advance(1000);
    await viewOf();
    expect(said).toEqual([]);
    writeFileSync(file, "datasets: {1: embargoed}\n");
    expect((await viewOf()).seesDataset(1)).toBe(true);
    clock.advance(1000);
    expect((await viewOf()).seesDataset(1)).toBe(false);
    writeFileSync(file, "datasets: {1: pubic}\n# longer than before");
    clock.advance(1000);
    expect((await viewOf()).seesDataset(1)).toBe(false);
    expect(said[0]).toBe("info: FILE has changed: its new rules hold from now on");
    expect(said[1]).toMatch(/^error: .*found "pubic"; the rules of before stay$/);
    expect(said.length).toBe(2);
  });

  it("opens nothing while somebody writes it, nor when it has become empty", async () => {
    const { viewOf, file, clock, said } = await accessBy("datasets: {1: embargoed}\n", rootsOf([row(1), row(2)]));
    const sees = async () => {
      const view = await viewOf();
      return [1, 2].filter((id) => view.seesDataset(id));
    };
    const look = async () => {
      clock.advance(1000);
      return sees();
    };
    const changedAt = (ms: number) => utimesSync(file, ms / 1000, ms / 1000);
    expect(await sees()).toEqual([2]);
    // half of a file is one that says less
    writeFileSync(file, "datasets: {}\n");
    changedAt(clock.now() + 600);
    expect(await look()).toEqual([2]);
    expect(said).toEqual([]);
    writeFileSync(file, "datasets: {1: embargoed, 2: embargoed}\n");
    changedAt(clock.now() + 100);
    expect(await look()).toEqual([]);
    writeFileSync(file, "# \n\n");
    expect(await look()).toEqual([]);
    expect(said.at(-1)).toBe("error: FILE has become empty; the rules of before stay");
    writeFileSync(file, "default: public\n");
    expect(await look()).toEqual([1, 2]);
  });
});

describe("what a person may not have meant", () => {
  const ROOTS = rootsOf([row(1, { deposition: 20 }), row(3, { deposition: 21 })], [row(20), row(21)]);

  it("is told once, when all rows are there", async () => {
    let isSettled = false;
    const { viewOf, said } = await accessBy(
      "datasets: {1: embargoed, 7: embargoed}\ndepositions: {21: embargoed}\n",
      ROOTS,
      () => isSettled,
    );
    await viewOf();
    expect(said).toEqual([]);
    isSettled = true;
    await viewOf();
    await viewOf("ada");
    expect(said).toEqual([
      "warn: FILE names 1 dataset that the catalogue does not have (7): the rules hold once it does",
      "warn: dataset 1 is not public, but its deposition 20 is: everybody sees the title and authors of that",
    ]);
  });

  it("is a link that shows a dataset without its deposition", async () => {
    const { viewOf, said } = await accessBy(`depositions: {21: embargoed}\ndatasets: {3: embargoed}\nlinks: [${LINK}]\n`, ROOTS);
    await viewOf();
    expect(said).toEqual([
      "warn: FILE: the link reviewer shows dataset 3 and not its deposition 21: what is hidden of that stays hidden",
    ]);
  });

  it.each([
    ["shows the deposition too", LINK.replace("datasets: [3]", "datasets: [3], depositions: [21]"), 21],
    ["shows a dataset of no deposition", LINK, undefined],
    ["shows one of a deposition that is public", LINK, 20],
  ])("is no link that %s", async (_, link, deposition) => {
    const rows = rootsOf([row(3, { deposition })], [row(20), row(21)]);
    const rules = `depositions: {21: embargoed}\nlinks: [${link}]\n`;
    const { viewOf, said } = await accessBy(rules, rows);
    await viewOf();
    expect(said).toEqual([]);
  });

  it.each([
    ["datasets: {1: {for: [ada, eve, lab]}}\ndepositions: {20: {for: [eva]}}\ngroups: {lab: [max, mux]}\n", "eve, eva, mux"],
    ["datasets: {1: {for: [lab]}}\ndepositions: {20: {for: [ada]}}\ngroups: {lab: [max]}\n", undefined],
    ["datasets: {1: {for: [eve]}}\nproxy: {trusted: [127.0.0.1], user: x-user}\ndepositions: {20: {for: [ada]}}\n", undefined],
  ])("is a name that neither a token nor a group has: %s", async (rules, names) => {
    const { viewOf, said } = await accessBy(rules, ROOTS);
    await viewOf();
    const says = `warn: FILE names ${names}: no token and no group has such a name, and no proxy names users`;
    expect(said.filter((line) => !line.includes("deposition"))).toEqual(names === undefined ? [] : [says]);
  });

  it("is an empty file", async () => {
    const { viewOf, said } = await accessBy("# nothing yet\n", ROOTS);
    await viewOf();
    expect(said).toEqual(["warn: FILE is empty: everybody sees everything"]);
  });

  it("is nothing where there is no catalogue yet", async () => {
    const { viewOf, said } = await accessBy("datasets: {7: embargoed}\n", undefined);
    const view = await viewOf();
    expect([view.seesDataset(7), view.seesDataset(8), said]).toEqual([false, true, []]);
  });
});

it("a link shows something for as long as it is said, and a key that nobody knows nothing", async () => {
  const { access, clock } = await accessBy(`links: [${LINK}]\n`, rootsOf([row(3)]));
  expect(access.linkOf(KEY)).toEqual({ leftMs: at("2026-07-01") - NOW });
  expect(access.linkOf("x".repeat(43))).toBeUndefined();
  clock.advance(at("2026-07-01") - NOW);
  expect(access.linkOf(KEY)).toBeUndefined();
});

it("what is seen depends on a token, a cookie, and on the headers of a trusted proxy", async () => {
  const { access } = await accessBy("", rootsOf([]));
  expect(access.variesBy()).toEqual(["authorization", "cookie"]);
  const proxied = await accessBy("proxy: {trusted: [127.0.0.1], user: X-User}\n", rootsOf([]));
  expect(proxied.access.variesBy()).toEqual(["authorization", "cookie", "x-user"]);
});
