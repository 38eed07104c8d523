import { describe, expect, it } from "vitest";
import { compilePattern } from "./pattern.js";

const place = { file: "c.yaml", line: 2, column: 7 };

describe("compilePattern", () => {
  it("searches anywhere, or matches at the very start", () => {
    const pattern = compilePattern("(TS_\\d+)\\.st");
    expect(pattern.search("/x/TS_12.st")).toBe(true);
    expect(pattern.atStart("/x/TS_12.st")).toBeUndefined();
    expect(pattern.atStart("TS_12.st.bak")?.[1]).toBe("TS_12");
  });

  it("tries every alternative at the start, not the whole text", () => {
    expect(compilePattern("b|a").atStart("ab")?.[0]).toBe("a");
    expect(compilePattern("x$|a").atStart("ax")?.[0]).toBe("a");
  });

  it("takes the escapes that real configurations hold, and Python's named groups", () => {
    expect(compilePattern("(.*)\\-(.*)\\_x").atStart("a-b_x")?.[1]).toBe("a");
    expect(compilePattern("(?P<name>.*)\\.rec").atStart("a.rec")?.[1]).toBe("a");
    expect(compilePattern("(?<!10432)/run$").search("10431/run")).toBe(true);
  });

  it("forgets nothing between two texts", () => {
    const pattern = compilePattern("a+");
    expect([pattern.search("aa"), pattern.search("aa"), pattern.atStart("aa")?.[0], pattern.atStart("aa")?.[0]]).toEqual([
      true,
      true,
      "aa",
      "aa",
    ]);
  });

  it.each(["(a", "a{2,1}", "[b-a]", "(?i)x", "*"])("%s is CONFIG_REGEX with its place", (source) => {
    expect(() => compilePattern(source, place)).toThrow(
      expect.objectContaining({ code: "CONFIG_REGEX", facts: expect.objectContaining({ place }) }),
    );
  });

  it("takes hundreds of run names, and refuses what is only long", () => {
    const names = Array.from({ length: 400 }, (_, i) => `mka2019-11-19-${i}`).join("|");
    expect(compilePattern(`(${names})$`).search("/GJensen_full/mka2019-11-19-399")).toBe(true);
    // 1,000 special characters and 65,536 in all are allowed
    expect(compilePattern(`${".".repeat(1_000)}a`).search(`${"x".repeat(1_000)}a`)).toBe(true);
    expect(() => compilePattern(".".repeat(1_001))).toThrow(/too long/);
    const names992 = Array.from({ length: 992 }, () => "x".repeat(65)).join("|");
    expect(compilePattern(names992.padEnd(65_536, "x")).search("a")).toBe(false);
    // V8 takes about half of that in one piece
    expect(() => compilePattern("a".repeat(65_536), place).search("a")).toThrow(
      expect.objectContaining({ code: "CONFIG_REGEX", facts: expect.objectContaining({ place }) }),
    );
    expect(() => compilePattern("a".repeat(65_537))).toThrow(/too long/);
    expect(() => compilePattern(".?".repeat(600))).toThrow(expect.objectContaining({ code: "CONFIG_REGEX" }));
    expect(() => compilePattern("a".repeat(70_000))).toThrow(expect.objectContaining({ code: "CONFIG_REGEX" }));
  });

  it.each([
    ["(a+)+$", `${"a".repeat(50)}!`],
    ["^(a|aa)+$", `${"a".repeat(80)}!`],
    ["(.*)(.*)(.*)(.*)(.*)(.*)(.*)[^a]$", "a".repeat(3000)],
  ])("%s is stopped", (source, text) => {
    expect(() => compilePattern(source, place).search(text)).toThrow(
      expect.objectContaining({ code: "CONFIG_REGEX", message: expect.stringContaining("too long on a text") }),
    );
  });

  it("a guarded expression that is harmless gives its match", () => {
    expect(compilePattern("((?:TS_)+)(\\d+)").atStart("TS_TS_12")?.slice(1)).toEqual(["TS_TS_", "12"]);
    expect(compilePattern("(a)(?:b)*\\1").search("xabba")).toBe(true);
  });
});
