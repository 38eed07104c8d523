import { quoteWords } from "../../src/core/shell.js";
import type { PlaceFacts } from "../../src/model/page-api.js";
import { base } from "./api.js";
import { addressOfKey } from "./app-link.js";
import type { Crumb } from "./page.js";

/** Crumbs from all files to a key of a place; the last one is the page itself. */
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

/**
 * Command that inspects a key of a place by its address here: where it is on the server's machine is nobody's business, and the
 * line works in every folder.
 */
export function inspectCommand({ id }: Pick<PlaceFacts, "id">, parts: readonly string[]): string {
  const { href } = new URL(`at/${[id, ...parts].map(encodeURIComponent).join("/")}`, base);
  return quoteWords(["emporium", "harvest", "inspect", href]);
}
