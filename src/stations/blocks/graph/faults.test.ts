import { expect, it } from "vitest";
import { EmporiumError } from "../../../core/errors.js";
import { collectFaults } from "./faults.js";

/** Paths stand for their lines and columns here. */
const placeOf = (path: readonly PropertyKey[]) => ({
  path: path.join("."),
  line: Number(String(path[0]).length),
  column: path.length,
});

it("are told in the order of the file, each once", () => {
  const faults = collectFaults(placeOf);
  faults.check();
  faults.add(["cc", "x"], "third");
  faults.add(["b"], "first");
  faults.add(["cc"], "second");
  faults.add(["b"], "first");
  faults.add(["b"], "another", { code: "CONFIG_FIELD", hint: "this" });
  expect(faults.count).toBe(5);
  expect(() => faults.check()).toThrow(
    expect.objectContaining({
      message: "first",
      code: "CONFIG_RULE",
      facts: expect.objectContaining({
        others: [
          expect.objectContaining({ message: "another", code: "CONFIG_FIELD", hint: "this" }),
          expect.objectContaining({ message: "second" }),
          expect.objectContaining({ message: "third" }),
        ],
      }),
    }),
  );
});

it("of a part have their places in the whole", () => {
  const seen: (readonly PropertyKey[])[] = [];
  const faults = collectFaults((path) => {
    seen.push(path);
    return { path: path.join(".") };
  });
  const other = { code: "CONFIG_FIELD", message: "other", path: "list.12.x" } as const;
  faults.addError(["nodes", 3], new EmporiumError("CONFIG_FIELD", "one", { place: { path: "halo" }, others: [other] }));
  faults.addError(["nodes", 4], new EmporiumError("CONFIG_FIELD", "whole", { place: { path: "" } }));
  faults.addError(["nodes", 5], new EmporiumError("CONFIG_FIELD", "no place"));
  expect(seen).toEqual([
    ["nodes", 3, "halo"],
    ["nodes", 3, "list", 12, "x"],
    ["nodes", 4],
    ["nodes", 5],
  ]);
});
