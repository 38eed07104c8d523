import type { PlaceFacts } from "../../src/model/page-api.js";
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
 * Address of a key of a place, relative to the base: where it is on the server's machine is nobody's business, and this one works
 * from everywhere.
 */
export const bytesAt = ({ id }: Pick<PlaceFacts, "id">, parts: readonly string[]): string =>
  `at/${[id, ...parts].map(encodeURIComponent).join("/")}`;
