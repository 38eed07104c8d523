// This file runs before each test file; what it imports once in each process.
import { expect } from "vitest";
import { forgetSecrets } from "../src/core/redact.js";
import "./equal-bytes.js";

forgetSecrets();

/** Suites of what goes past the page cache, and of what a disk does: not in memory. */
const OF_DISKS =
  /\/(?:src\/stores\/file\/|src\/system\/|test\/(?:conformance|faults)\/|.*\/(?:write-shards|write-volume|crash-loop|publish-kill|publish-tree|transfer-crash|verify)\.test\.ts$)/;
const { EMPORIUM_TEST_DISK: disk, EMPORIUM_TEST_MEMORY: memory } = process.env;
if (disk && memory) process.env["TMPDIR"] = OF_DISKS.test(expect.getState().testPath ?? "") ? disk : memory;
