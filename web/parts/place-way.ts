import { quoteWords } from "../../src/core/shell.js";
import type { PlaceFacts } from "../../src/model/page-api.js";
import { addressOfKey } from "./app-link.js";
import type { Crumb } from "./page.js";

/** From all files to a key of a place; the last one is here. */
export function crumbsOf(place: Pick<PlaceFacts, "id" | "name">, parts: readonly string[]): Crumb[] {
  return [
    { label: "Files", to: "/browse" },
    { label: place.name, ...(parts.length > 0 && { to: `/browse/${place.id}` }) },
    ...parts.map((label, at) => ({
      label,
      ...(at < parts.length - 1 && { to: addressOfKey("/browse", place.id, parts.slice(0, at + 1).join("/")) }),
    })),
  ];
}

/** The place is told by its name: where it is on this machine is nobody's business. */
export function inspectCommand(place: Pick<PlaceFacts, "name">, parts: readonly string[]): string {
  return quoteWords(["emporium", "harvest", "inspect", [place.name, ...parts].join("/")]);
}
