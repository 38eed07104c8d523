import { EmporiumError } from "../../../core/errors.js";
import { nearest } from "../../../core/nearest.js";
import { PRODUCTS, type Product } from "./plan.js";

export interface SampleName {
  /** In sources and scripts: `2014-06-24-b`. */
  readonly sample: string;
  /** In the bucket: `2014-06-24`. */
  readonly date: string;
  /** In names of jobs: `0624`. */
  readonly mmdd: string;
}

/** A date and the laboratory's suffix. @throws {EmporiumError} USAGE */
export function parseSample(text: string): SampleName {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})[A-Za-z0-9_-]*$/.exec(text) ?? [];
  if (day === undefined) {
    throw new EmporiumError(
      "USAGE",
      `--sample: expected a date such as 2023-05-10 or 2014-06-24-b, found ${JSON.stringify(text)}`,
      {
        hint: "after the date only letters, digits, _ and - are allowed",
      },
    );
  }
  const date = `${year}-${month}-${day}`;
  const moment = new Date(`${date}T00:00:00Z`);
  // JavaScript turns a date that does not exist into another one, or into none
  if (Number.isNaN(moment.getTime()) || moment.toISOString().slice(0, 10) !== date) {
    throw new EmporiumError("USAGE", `--sample: ${text} found, and the calendar has no ${date}`, { hint: "check month and day" });
  }
  return { sample: text, date, mmdd: `${month}${day}` };
}

/** `images,tracings` in the order of scripts, each once. @throws {EmporiumError} USAGE */
export function parseProducts(words: readonly string[]): Product[] {
  const asked = words.flatMap((word) => word.split(",")).flatMap((word) => word.trim() || []);
  for (const word of asked) {
    if ((PRODUCTS as readonly string[]).includes(word)) continue;
    const meant = nearest(word, PRODUCTS);
    throw new EmporiumError("USAGE", `--products: expected some of ${PRODUCTS.join(", ")}, found ${JSON.stringify(word)}`, {
      hint: meant === undefined ? "separate them by commas" : `did you mean ${meant}?`,
    });
  }
  return PRODUCTS.filter((product) => asked.includes(product));
}

/** A folder below the sample's reconstructions; without its last `/`. @throws {EmporiumError} NAME_UNSAFE */
export function parseSuffix(text: string): string {
  const suffix = text.replace(/\/+$/, "");
  const fault =
    suffix === ""
      ? "is empty"
      : suffix.startsWith("/")
        ? "begins with /"
        : suffix.includes("\0")
          ? "holds a NUL character"
          : suffix.split("/").some((part) => part === "" || part === "." || part === "..")
            ? "has a part that is empty, . or .."
            : undefined;
  if (fault === undefined) return suffix;
  throw new EmporiumError(
    "NAME_UNSAFE",
    `--segmentation-suffix: ${JSON.stringify(text)} ${fault}; expected a folder below the sample's`,
    {
      hint: "give the folder's own name: stitching-output",
    },
  );
}
