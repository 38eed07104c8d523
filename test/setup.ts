// This file runs before each test file; what it imports once in each process.
import { forgetSecrets } from "../src/core/redact.js";
import "./equal-bytes.js";

forgetSecrets();
