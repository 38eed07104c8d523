import { notify } from "./page.js";
import type { Parameter } from "./parameter.js";

/** Parameters as they stand in an address: text, or several texts under one name. */
export type RawSearch = Readonly<Record<string, string | readonly string[]>>;

/** Plain text both ways, unlike the router's own JSON: a person can read an address, and write one. */
export function parseSearch(text: string): RawSearch {
  const found: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const before = Object.hasOwn(found, name) ? found[name] : undefined;
    Object.defineProperty(found, name, {
      value: before === undefined ? value : [before, value].flat(),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return found;
}

export function printSearch(search: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(search).flatMap(([name, value]) =>
    [value].flat().flatMap((one) => (one === undefined || one === null ? [] : [`${escaped(name)}=${escaped(String(one))}`])),
  );
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}

/** Signs that need no escape in a query keep their own look: `p=10,20,30`, `tilt=-60..60`. */
const escaped = (text: string): string =>
  encodeURIComponent(text.replace(/[\ud800-\udfff]/gu, "\ufffd")).replace(/%(?:2C|3A|2F|40)/g, decodeURIComponent);

type Shape = Readonly<Record<string, Parameter<unknown>>>;
type Checked<S extends Shape> = { [Name in keyof S]?: ReturnType<S[Name]> };

/**
 * Checks each parameter by itself: a wrong one, or one that the page does not know, is left out and said.
 *
 * @param rest takes those that the shape does not name, such as the facets of a list.
 */
export function searchOf<S extends Shape>(shape: S, rest?: Parameter<string | readonly string[]>) {
  return (raw: Readonly<Record<string, unknown>>): Checked<S> => {
    const checked: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(raw)) {
      // a step within the program takes a parameter away by this
      if (value === undefined) continue;
      const read = Object.hasOwn(shape, name) ? shape[name] : rest;
      const found = read?.(value);
      if (found !== undefined) Object.defineProperty(checked, name, { value: found, enumerable: true });
      // it is the router that asks, in the midst of drawing
      else
        queueMicrotask(() =>
          notify(`The address said ${name}=${String(value).slice(0, 60)}, which this page does not know.`, location.pathname),
        );
    }
    return checked as Checked<S>;
  };
}
