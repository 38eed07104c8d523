import { quoteWords } from "../../src/core/shell.js";
import { base } from "./api.js";

/** A line for a terminal that asks the catalogue what a page has asked. */
export function catalogueCommand(query: string, variables: object): string {
  const body = JSON.stringify({ query, variables });
  return quoteWords(["curl", "-s", new URL("graphql", base).href, "-H", "content-type: application/json", "-d", body]);
}
