import { createHash } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openTokens } from "./tokens.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "emporium-tokens-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const NOW = Date.parse("2026-11-22T12:00:00Z");
const [ANNA, BEN, OLD] = ["a".repeat(43), "b".repeat(43), "o".repeat(43)] as const;
const opened = (text: string, now = NOW) => {
  const path = join(folder, "tokens");
  writeFileSync(path, text, { mode: 0o600 });
  return openTokens(path, () => now);
};
const brings = (authorization: string) => new Request("http://127.0.0.1/", { headers: { authorization } });

describe("a file of tokens", () => {
  it("is made with a token of 256 bits for who runs the server, for nobody else to read, and stays as it is", () => {
    const path = join(folder, "tokens");
    const { tokens, own } = openTokens(path, () => NOW);
    expect(own).toMatch(/^[\w-]{43}$/);
    expect([statSync(path).mode & 0o777, readFileSync(path, "utf8")]).toEqual([0o600, `${own}\n`]);
    const holder = tokens.holderOf(brings(`Bearer ${own}`));
    expect([holder?.name, [...(holder?.scopes ?? [])].sort()]).toEqual([userInfo().username, ["review", "write"]]);
    expect(openTokens(path, () => NOW).own).toBe(own);
  });

  it("names people with what each may do; a token that its holder alone has is written as its hash", () => {
    const hash = createHash("sha256").update(BEN).digest("hex");
    const { tokens, own } = opened(
      `# reviewers\n\nben review,read sha256:${hash} until=2026-11-22\r\nanna write ${ANNA}\nold write ${OLD} until=2026-11-21\n`,
    );
    const holder = (token: string) => tokens.holderOf(brings(`Bearer ${token}`));
    expect(own).toBe(ANNA);
    expect(holder(ANNA)).toMatchObject({ name: "anna", scopes: new Set(["write"]) });
    expect(holder(BEN)).toMatchObject({ name: "ben", scopes: new Set(["review", "read"]) });
    for (const wrong of [OLD, hash, `sha256:${hash}`, ANNA.slice(1), `${ANNA}a`, "", "x"]) expect(holder(wrong)).toBeUndefined();
    for (const other of [ANNA, `Basic ${ANNA}`, `Bearer ${ANNA} ${ANNA}`, `Bearer x, Bearer ${ANNA}`]) {
      expect(tokens.holderOf(brings(other)), other).toBeUndefined();
    }
    expect(tokens.holderOf(new Request("http://127.0.0.1/"))).toBeUndefined();
  });

  it("(35.2) opens its owner's page with the first token that can write and still holds", () => {
    const hash = createHash("sha256").update(BEN).digest("hex");
    const lines = [
      `old write ${OLD} until=2026-11-21`,
      `ben review ${BEN}`,
      `hashed write sha256:${hash}`,
      `anna review,write ${ANNA} until=2026-11-22`,
    ];
    expect(opened(`${lines.join("\n")}\n`).own).toBe(ANNA);
    expect(opened(`${lines.slice(0, 3).join("\n")}\n`).own).toBeUndefined();
    // at the end of its day
    expect(opened(`${lines[3]}\n`, Date.parse("2026-11-23T00:00:00Z")).own).toBeUndefined();
  });

  it("ends with the day that it names", () => {
    const text = `ben review ${BEN} until=2026-11-22\n`;
    const holder = (now: string) => opened(text, Date.parse(now)).tokens.holderOf(brings(`bearer ${BEN}`));
    expect(holder("2026-11-22T23:59:59Z")?.name).toBe("ben");
    expect(holder("2026-11-23T00:00:00Z")).toBeUndefined();
  });

  it("is refused where others can read it, and with a line that is none, which is not repeated", () => {
    const path = join(folder, "tokens");
    for (const [text, says] of [
      ["x\n", "a token of 1 character; expected at least 32"],
      [`ben admin ${BEN}\n`, "unknown scope"],
      [`ben review ${BEN} until=2026-02-31x\n`, "the end date of a token is not a day"],
      [`ben review ${BEN} until=2026-11-22 more\n`, "5 words; expected 3 or 4"],
      ["ben review\n", "2 words; expected 3 or 4"],
      ["# nobody\n", "no token found"],
    ] as const) {
      expect(() => opened(text), text).toThrow(expect.objectContaining({ code: "USAGE", message: `${path}: ${says}` }));
    }
    writeFileSync(path, `${ANNA}\n`);
    chmodSync(path, 0o640);
    const shared = `${path}: other users can read the token`;
    expect(() => openTokens(path, () => NOW)).toThrow(expect.objectContaining({ code: "USAGE", message: shared }));
    const nowhere = join(folder, "no/tokens");
    expect(() => openTokens(nowhere, () => NOW)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});
