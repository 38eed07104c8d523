import { describe, expect, it } from "vitest";
import { EmporiumError } from "../../core/errors.js";
import { readProfile, walltimeMinutes } from "./profile.js";

const FILE = "emporium.engines.yaml";
const TEXT = `default: big
profiles:
  small: {engine: slurm, cpus: 1}
  big:
    queue: cpu
    walltime: "2-00:00:00"
    memory: 6GiB
    words: [--constraint=ib]
`;

function refused(text: string, name?: string): EmporiumError {
  try {
    readProfile(text, FILE, name);
  } catch (error) {
    if (error instanceof EmporiumError) return error;
  }
  throw new Error("it was not refused");
}

describe("profiles of engines", () => {
  it("gives the one that is named, the default, or the only one", () => {
    expect(readProfile(TEXT, FILE, "small")).toEqual({ engine: "slurm", cpus: 1 });
    expect(readProfile(TEXT, FILE, undefined)).toEqual({
      queue: "cpu",
      walltime: 2 * 24 * 60,
      memory: 6 * 2 ** 30,
      words: ["--constraint=ib"],
    });
    expect(readProfile("profiles: {one: {cpus: 2}}", FILE, undefined)).toEqual({ cpus: 2 });
    expect(readProfile("profiles: {a: {}, b: {}}", FILE, undefined)).toEqual({});
  });
  it("names the profiles that there are", () => {
    expect(refused(TEXT, "huge")).toMatchObject({ code: "USAGE", facts: { hint: "choose one of small, big" } });
    expect(refused("default: huge\nprofiles: {a: {}}")).toMatchObject({ code: "CONFIG_FIELD", facts: { place: { line: 1 } } });
  });
  it.each([
    ["profiles:\n  a:\n    cpu: 4\n", { line: 3, column: 5 }, "did you mean cpus?"],
    ["profiles:\n  a:\n    cpus: many\n", { line: 3, column: 11 }, undefined],
    ["profiles:\n  a:\n    memory: lots\n", { line: 3, column: 13 }, undefined],
    ["profiles:\n  a:\n    walltime: soon\n", { line: 3, column: 15 }, undefined],
    ["profiles:\n  a:\n    engine: condor\n", { line: 3, column: 13 }, undefined],
    ["profiles:\n  a:\n    price: cheap\n", { line: 3, column: 12 }, undefined],
    ["profiles:\n  a:\n    price: -1\n", { line: 3, column: 12 }, undefined],
  ])("points to the field: %j", (text, place, hint) => {
    const error = refused(text);
    expect(error).toMatchObject({ code: "CONFIG_FIELD", facts: { place } });
    if (hint !== undefined) expect(error.facts.hint).toBe(hint);
  });
  it.each([
    ["0.04", { perCpuHour: 0.04 }],
    ["0.04 EUR", { perCpuHour: 0.04, currency: "EUR" }],
    ["2", { perCpuHour: 2 }],
  ])("a price of %j an hour of a processor", (text, price) => {
    expect(readProfile(`profiles: {a: {price: ${text}}}`, FILE, undefined)).toEqual({ price });
  });
  // sbatch(1), --time: "minutes", "minutes:seconds", "hours:minutes:seconds", "days-hours", "days-hours:minutes" and "days-hours:minutes:seconds";
  // bsub(1), -W: [hour:]minute. Of two numbers this has LSF's meaning.
  it.each([
    ["90", 90],
    ["1:30", 90],
    ["4:00:00", 240],
    ["0:00:30", 1],
    ["2-00", 2880],
    ["1-12:30", 36 * 60 + 30],
    ["1-00:00:01", 1441],
    ["", undefined],
    ["0", undefined],
    ["1:75", undefined],
    ["a", undefined],
  ])("a time of %j is %s minutes", (text, minutes) => expect(walltimeMinutes(text)).toBe(minutes));
});
