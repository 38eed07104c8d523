import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { isEmporiumError } from "../../core/errors.js";
import { addLink } from "./links.js";
import { linksOf, parseAccessRules, readAccessRules } from "./rules.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-rules-"));
afterAll(() => rmSync(folder, { recursive: true }));

const HASH = `sha256:${"0a".repeat(32)}`;
const LINK = `links: [{name: r, datasets: [1], key: "${HASH}", until: 2027-03-01}]`;

/** Each line wrong in one way: what is said, and where. */
const WRONG: readonly [text: string, says: RegExp, line: number, column: number][] = [
  ["dataset: {1: public}", /unknown field "dataset".*did you mean datasets\?/, 1, 1],
  ["default: privat", /default: expected one of public, embargoed, found "privat"/, 1, 10],
  [
    "datasets:\n  10004: pubic",
    /datasets.10004: expected public, embargoed or \{for: \[NAMES\], until: DAY\}, found "pubic"/,
    2,
    10,
  ],
  ["datasets:\n  first: public", /datasets.first: expected the number of a dataset or deposition/, 2, 3],
  ["datasets:\n  1: {for: ada}", /datasets.1: for is missing \(expected a list of names\)/, 2, 12],
  ["datasets:\n  1: {for: [ada], untill: 2027-01-01}", /datasets.1: unknown field "untill"; known: for, until/, 2, 19],
  [
    "depositions:\n  1: {for: [ada], until: 2027-02-30}",
    /depositions.1: until: expected a day such as 2027-01-31, found "2027-02-30"/,
    2,
    26,
  ],
  ["depositions:\n  1: {for: ['ada, max']}", /for: expected names without commas, found "ada, max"/, 2, 12],
  [
    "proxy: {trusted: [localhost], user: x-user}",
    /proxy.trusted.0: expected an IP address, or a network such as 10.0.0.0\/8/,
    1,
    19,
  ],
  ["proxy: {trusted: [10.0.0.0/33], user: x-user}", /proxy.trusted.0: expected an IP address/, 1, 19],
  ["proxy: {trusted: [127.0.0.1]}", /proxy.user is missing/, 1, 8],
  ["proxy: {trusted: [127.0.0.1], user: x-user, group: y}", /proxy: unknown field "group".*did you mean groups\?/, 1, 45],
  ["groups: {lab: ada}", /groups.lab: expected a list, found "ada"/, 1, 15],
  ["links: [{name: r, key: short, until: 2027-03-01}]", /links.0.key: expected sha256: and 64 hexadecimal digits/, 1, 24],
  [`links: [{name: r, key: "${HASH}"}]`, /links.0.until is missing/, 1, 9],
  [`links: [{name: r, key: "${HASH}", until: soon}]`, /links.0.until: expected a day such as 2027-01-31, found "soon"/, 1, 106],
  ["datasets: [1", /access.yaml/, 1, 13],
];

describe("access.yaml", () => {
  it.each(WRONG)("%s", (text, says, line, column) => {
    let thrown: unknown;
    try {
      parseAccessRules(text, "access.yaml");
    } catch (error) {
      thrown = error;
    }
    if (!isEmporiumError(thrown)) throw new Error(`accepted, or another error: ${String(thrown)}`);
    const { message, facts } = thrown;
    expect(`${message} ${facts.hint}`).toMatch(says);
    expect([facts.place?.file, facts.place?.line, facts.place?.column]).toEqual(["access.yaml", line, column]);
  });

  it("may say nothing, and then everything is public", () => {
    expect(parseAccessRules("", "x").default).toEqual({ kind: "public" });
    expect(parseAccessRules("default: embargoed\n", "x").default).toEqual({ kind: "embargoed" });
    const banner = `${"#".repeat(80)}\r\n # of the lab ${"#".repeat(40)}\n\n`;
    expect(["", "\n", banner, `${banner}default: public\n`].map((text) => parseAccessRules(text, "x").isBlank)).toEqual([
      ...[true, true, true],
      false,
    ]);
  });

  it("trusts addresses of its networks in every form that sockets give", () => {
    const { proxy } = parseAccessRules('proxy: {trusted: [127.0.0.1, 10.0.0.0/8, "fd00::/8"], user: X-User}', "x");
    const trusted = ["127.0.0.1", "::ffff:127.0.0.1", "10.255.0.1", "::ffff:10.1.2.3", "fd12::1", "fd12::1%eth0"];
    const others = ["127.0.0.2", "11.0.0.1", "fe80::1", "::1", "", "unknown", "10.0.0.1, 8.8.8.8", "::ffff:11.0.0.1"];
    expect(trusted.filter((address) => !proxy!.isTrusted(address))).toEqual([]);
    expect(others.filter((address) => proxy!.isTrusted(address))).toEqual([]);
    expect(proxy!.user).toBe("x-user");
  });

  it("with a key that others can read is refused, with its hash it is not", () => {
    const file = join(folder, "keys.yaml");
    writeFileSync(file, LINK.replace(HASH, "k".repeat(32)));
    chmodSync(file, 0o644);
    expect(() => readAccessRules(file)).toThrow(/other users can read the key of the link r/);
    chmodSync(file, 0o600);
    expect(readAccessRules(file).links).toHaveLength(1);
    writeFileSync(file, LINK);
    chmodSync(file, 0o644);
    expect(readAccessRules(file).links).toHaveLength(1);
    expect(() => readAccessRules(join(folder, "none.yaml"))).toThrow(/none.yaml: no file of access rules/);
  });
});

describe("a new link", () => {
  it("is added to a file that stays as it was otherwise, and has only its hash there", () => {
    const file = join(folder, "access.yaml");
    writeFileSync(file, "# of the lab\ndatasets:\n  10004: {for: [eve]} # until the paper\n", { mode: 0o640 });
    const key = addLink(file, { name: "reviewer 2", datasets: [10004], depositions: [], until: "2027-03-01" });
    const text = readFileSync(file, "utf8");
    expect(text).toMatch(
      /^# of the lab\ndatasets:\n {2}10004: \{ ?for: \[ ?eve ?\] ?\} # until the paper\nlinks:\n {2}- name: reviewer 2\n/,
    );
    expect(text).not.toContain(key);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    const rules = readAccessRules(file);
    const through = Date.parse("2027-03-02T00:00:00Z");
    expect(linksOf(rules, ["x", key], through - 1).map(({ name }) => name)).toEqual(["reviewer 2"]);
    expect(linksOf(rules, [key], through)).toEqual([]);
    expect(linksOf(rules, [`${key}x`, ""], 0)).toEqual([]);
    expect(() => addLink(file, { name: "reviewer 2", datasets: [1], depositions: [], until: "2027-03-01" })).toThrow(
      /already has a link/,
    );
    expect(() => addLink(file, { name: "r3", datasets: [], depositions: [], until: "2027-03-01" })).toThrow(
      /needs something to show/,
    );
    expect(() => addLink(file, { name: "r3", datasets: [1], depositions: [], until: "2027-13-01" })).toThrow(
      /until: expected a day/,
    );
    expect(readFileSync(file, "utf8")).toBe(text);
    const made = join(folder, "made.yaml");
    addLink(made, { name: "r", datasets: [1], depositions: [2], until: "2027-03-01" });
    expect(statSync(made).mode & 0o777).toBe(0o600);
  });
});
