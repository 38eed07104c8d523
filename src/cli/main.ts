#!/usr/bin/env node
import { register } from "node:module";
import { fewFiles } from "../system/open-files.js";

/**
 * The entry of the program. Node opens all modules that a module imports at the same time, and libraries have hundreds: under `ulimit -n 64` the
 * program would end before its first line. So this file imports next to nothing, and where files are few, modules are read one after the other.
 */
if (fewFiles) register("./module-loader.js", import.meta.url);
await import("./start.js");
