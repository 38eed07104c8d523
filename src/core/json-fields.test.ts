import { expect, it } from "vitest";
import { parseJson } from "./json.js";
import { isJsonObject, jsonId, jsonList, jsonObject, jsonText, member } from "./json-fields.js";
import { Float } from "./number.js";

const values = { text: "a", empty: "", number: 7, none: null, truth: true, list: ["a", 7], object: { a: 1 } };
const taken = (read: (value: never) => unknown) =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (read(value as never) === undefined ? [] : [[name, read(value as never)]])),
  );

it("takes what is of the kind that is wanted, and nothing else", () => {
  expect(taken(jsonText)).toEqual({ text: "a", empty: "" });
  expect(taken(jsonId)).toEqual({ text: "a", empty: "", number: "7" });
  expect(taken(jsonObject)).toEqual({ object: { a: 1 } });
  expect(Object.entries(values).filter(([, value]) => jsonList(value).length > 0)).toEqual([["list", ["a", 7]]]);
  expect([undefined, null, 1, "a", [], new Float(1), {}].map(isJsonObject)).toEqual([...Array<boolean>(6).fill(false), true]);
  expect([jsonText(undefined), jsonId(undefined), jsonId(Number.NaN), jsonList(undefined)]).toEqual([
    undefined,
    undefined,
    undefined,
    [],
  ]);
});

it("takes own members only", () => {
  const object = jsonObject(parseJson('{"a": 1, "__proto__": 2}'))!;
  expect(["a", "__proto__", "constructor", "b"].map((key) => member(object, key))).toEqual([1, 2, undefined, undefined]);
});
