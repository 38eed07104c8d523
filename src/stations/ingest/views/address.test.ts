import { expect, it } from "vitest";
import { viewAddress } from "./address.js";

it.each([
  ["s3://bucket/a/b", false, "https://bucket.s3.amazonaws.com/a/b"],
  ["s3://bucket", false, "https://bucket.s3.amazonaws.com"],
  ["https://host/tree", false, "https://host/tree"],
  ["file:///data/portal", false, "http://127.0.0.1:8080"],
  ["memory:portal", false, "http://127.0.0.1:8080"],
  ["s3://bucket/a", true, "https://files.cryoetdataportal.cziscience.com"],
])("views of a tree at %s, compat %s, name it as %s", (target, compat, wanted) => {
  expect(viewAddress(target, compat)).toBe(wanted);
});
