import { expect, it } from "vitest";
import { EmporiumError } from "../../../core/errors.js";
import { collectFaults } from "./faults.js";
import { refuseOverlaps } from "./overlaps.js";

/** What is said of outputs, beside inputs. */
function said(inputs: Record<string, unknown>, ...outputs: string[]): string[] {
  const faults = collectFaults((path) => ({ path: path.join(".") }));
  const document = { inputs, outputs: Object.fromEntries(outputs.map((to, at) => [`o${at}`, { to }])) };
  refuseOverlaps(document as unknown as Parameters<typeof refuseOverlaps>[0], faults);
  try {
    faults.check();
    return [];
  } catch (error) {
    if (!(error instanceof EmporiumError)) throw error;
    const all = [error, ...((error.facts.others ?? []) as { code: string; message: string }[])];
    return all.map(({ code, message }) => `${code} ${message}`);
  }
}
const EM = "https://lab.example/a/em.zarr";

it("an output lies in no input and no other output, and around none", () => {
  const apart = "https://lab.example/b/out.zarr";
  expect(said({ em: EM, other: { from: "https://lab.example/c" } }, apart, "https://lab.example/b/out2.zarr")).toEqual([]);
  const words = (to: string, relation: string, what: string) => `CONFIG_COLLISION ${to} ${relation} ${what}`;
  expect(said({ em: EM }, EM)).toEqual([words(EM, "is the same place as", `input em (${EM})`)]);
  expect(said({ em: { from: EM } }, `${EM}/0`)).toEqual([words(`${EM}/0`, "is inside", `input em (${EM})`)]);
  expect(said({ em: EM }, "https://lab.example/a")).toEqual([words("https://lab.example/a", "contains", `input em (${EM})`)]);
  expect(said({ em: EM }, apart, apart)).toEqual([words(apart, "is the same place as", `output o0 (${apart})`)]);
});

it("what is no place is a fault of the graph where it is an output, and is left to who opens it where it is an input", () => {
  const [first, ...more] = said({ em: EM }, "gopher://x/y", "https://lab.example/b");
  expect([first, more]).toEqual([expect.stringMatching(/^LOCATION_UNKNOWN .*gopher/), []]);
  expect(said({ em: "gopher://x/y" }, "https://lab.example/b")).toEqual([]);
});
