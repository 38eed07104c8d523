import { quoteWords } from "../../src/core/shell.js";
import { base } from "./api.js";

/** A line for a terminal that asks `/api/v1/…` what a page has asked. */
export const askCommand = (path: string): string => quoteWords(["curl", "-s", new URL(`api/v1/${path}`, base).href]);

/** A line for a terminal that asks the catalogue what a page has asked. */
export function catalogueCommand(query: string, variables: object): string {
  const body = JSON.stringify({ query, variables });
  return quoteWords(["curl", "-s", new URL("graphql", base).href, "-H", "content-type: application/json", "-d", body]);
}
