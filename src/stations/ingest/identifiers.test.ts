import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Float } from "../../core/number.js";
import { allotIds, identitySpacing, storedKeys, tomogramIdentity } from "./identifiers.js";

const key = (name: string) => [name];

describe("allotIds", () => {
  it.each([
    ["nothing stored", [], [], ["a", "b"], [100, 101]],
    ["the same stored", [["a", 100]], [], ["a"], [100]],
    ["others stored", [["x", 100]], [], ["a"], [101]],
    ["gaps are not filled", [["x", 104]], [], ["a", "x", "b"], [105, 104, 106]],
    ["equal keys", [], [], ["a", "a", "b"], [100, 100, 101]],
    ["ids below 100 do not pull down", [["x", 5]], [], ["a"], [100]],
    [
      "an interrupted plan",
      [["b", 101]],
      [
        ["a", 100],
        ["b", 101],
        ["c", 102],
      ],
      ["a", "b", "c"],
      [100, 101, 102],
    ],
    ["a reservation that somebody else has taken", [["x", 100]], [["a", 100]], ["a"], [101]],
    ["a reservation of what is no longer asked for", [], [["z", 100]], ["a"], [100]],
  ] as [string, [string, number][], [string, number][], string[], number[]][])(
    "%s",
    (_name, stored, reserved, keys, expected) => {
      const ids = allotIds(
        "run",
        stored.map(([name, id]) => ({ key: key(name), id })),
        { reserved: reserved.map(([name, id]) => ({ container: "run", key: JSON.stringify(key(name)), id })) },
        keys.map(key),
      );
      expect(keys.map((name) => ids.of(key(name)))).toEqual(expected);
    },
  );

  it("a plan cut short anywhere and made again gives what it gave first", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { maxLength: 8 }), fc.array(fc.boolean(), { maxLength: 8 }), (names, done) => {
        const keys = names.map(key);
        const first = allotIds("run", [], { reserved: [] }, keys);
        const stored = keys.filter((_, i) => done[i]).map((parts) => ({ key: parts, id: first.of(parts) }));
        expect(allotIds("run", stored, { reserved: first.given }, keys).given).toEqual(first.given);
      }),
    );
  });
});

describe("ids that others have laid claim to", () => {
  const claim = (name: string, id: number) => ({ container: "run", key: JSON.stringify(key(name)), id });
  it.each([
    ["another's is taken", [claim("x", 100)], [], ["a"], [101]],
    ["one's own is kept", [claim("a", 103)], [], ["a", "b"], [103, 104]],
    ["before what an interrupted plan remembers of another's", [claim("x", 100)], [claim("a", 100)], ["a"], [101]],
    ["of another container mean nothing", [{ ...claim("x", 100), container: "other" }], [], ["a"], [100]],
  ])("%s", (_what, claimed, reserved, keys, expected) => {
    const ids = allotIds("run", [], { reserved, claimed }, keys.map(key));
    expect(keys.map((name) => ids.of(key(name)))).toEqual(expected);
  });
});

describe("keys of stored tilt series and alignments", () => {
  const of = (...entries: [id: number, deposition: number][]) =>
    entries.map(([id, deposition_id]) => ({ id, key: "", metadata: { deposition_id } }));
  const keys = (stored: ReturnType<typeof of>, wanted: string[][], reserved: { key: string[]; id: number }[] = []) =>
    storedKeys("c", stored, "7", wanted, {
      reserved: reserved.map(({ key: parts, id }) => ({ container: "c", key: JSON.stringify(parts), id })),
    }).map(({ id, key: parts }) => [id, parts.join(" ")]);

  it("of one deposition go in the order of their ids", () => {
    expect(keys(of([101, 7], [100, 7]), [["7"], ["7", "b"]])).toEqual([
      [100, "7"],
      [101, "7 b"],
    ]);
  });
  it("of others are theirs", () => {
    expect(keys(of([100, 9], [101, 7]), [["7"]])).toEqual([
      [100, "9 stored 100"],
      [101, "7"],
    ]);
  });
  it("an interrupted plan remembers which was which", () => {
    expect(keys(of([101, 7]), [["7"], ["7", "b"]], [{ key: ["7", "b"], id: 101 }])).toEqual([[101, "7 b"]]);
  });
  it("what is no longer wanted keeps its number", () => {
    expect(keys(of([100, 7], [101, 7]), [["7"]])).toEqual([
      [100, "7"],
      [101, "7 stored 101"],
    ]);
  });
});

describe("identity of a tomogram", () => {
  it("counts what is missing as empty, and cannot be forged by a dash", () => {
    const identity = (method: string, processing: string) =>
      tomogramIdentity({ reconstruction_method: method, processing }, "10.000", null, "7").join("|");
    expect(tomogramIdentity({}, "10.000", null, "7")).toEqual(["10.000", "", "", "", "", "7"]);
    expect(identity("a-b", "c")).not.toBe(identity("a", "b-c"));
  });

  it("prefers the deposition that the metadata name", () => {
    expect(tomogramIdentity({ deposition_id: 9 }, "1", null, "7").at(-1)).toBe("9");
  });

  it.each([
    [undefined, "10.000"],
    [null, "10.000"],
    ["float", "10.000"],
    [0, "10.000"],
    [10, "10"],
    ["10", "10"],
    [new Float(10), "10.000"],
    [new Float(3.92), "3.920"],
  ])("takes the reference's spacing of %s as %s", (value, expected) => {
    expect(identitySpacing(value, "10.000")).toBe(expected);
  });
});
