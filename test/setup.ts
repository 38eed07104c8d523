// This file runs before each test file; what it imports once in each process.
import "./equal-bytes.js";
